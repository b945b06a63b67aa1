/* subscribe.c: the commands of pub/sub: SUBSCRIBE and its kin, PUBLISH, SPUBLISH, PUBSUB.
 *
 * A subscription is confirmed by a push of its own, one per channel. What counts there are channels and patterns together,
 * and shard channels apart. Shards are only a second set of channels: there is no cluster here.
 *
 * Source: https://redis.io/docs/latest/develop/interact/pubsub/
 */
#include "base/glob.h"
#include "node/commands.h"
#include "node/internal.h"

/* ---- SUBSCRIBE, UNSUBSCRIBE ---- */

static const struct kind_words {
    const char *subscribe, *unsubscribe;
} words[PUBSUB_KINDS] = {
    [PUBSUB_CHANNEL] = {"subscribe", "unsubscribe"},
    [PUBSUB_PATTERN] = {"psubscribe", "punsubscribe"},
    [PUBSUB_SHARD] = {"ssubscribe", "sunsubscribe"},
};

static int64_t counted_with(const struct subscriber *s, enum pubsub_kind kind)
{
    if (kind == PUBSUB_SHARD) return s->count[PUBSUB_SHARD];
    return s->count[PUBSUB_CHANNEL] + s->count[PUBSUB_PATTERN];
}

/* Said to the session beside the reply, as nothing that CLIENT REPLY OFF withholds; within EXEC it is the reply. `less`:
 * subscriptions that are about to end. */
static void confirm(struct exec *x, const char *what, enum pubsub_kind kind, struct slice name, int less)
{
    struct call *c = call_of(x);
    struct resp_writer beside;
    struct reply *r = x->reply;
    resp_writer_init(&beside, &c->node->pubsub.own, r->protocol);
    if (!c->node->in_exec) r = &beside.reply;
    reply_push(r, 3);
    reply_bulk_text(r, what);
    if (name.data)
        reply_bulk(r, name);
    else
        reply_null(r);
    reply_integer(r, counted_with(&c->session->subscriber, kind) - less);
}

/* Only a connection can be told something later: not a caller at the node itself, and not, for shard channels, one who
 * expects a single reply (EXEC). */
static bool may_subscribe(struct exec *x, enum pubsub_kind kind)
{
    static const char *const names[] = {"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"};
    const struct call *c = call_of(x);
    if (c->session->kind == SESSION_CLIENT && !(kind == PUBSUB_SHARD && c->node->in_exec)) return true;
    reply_error_format(x->reply, "ERR %s isn't allowed for a DENY BLOCKING client", names[kind]);
    return false;
}

static void subscribe(struct exec *x, enum pubsub_kind kind)
{
    if (!may_subscribe(x, kind)) return;
    for (int i = 1; i < x->argc; i++) {
        if (!pubsub_subscribe(call_of(x)->session, kind, x->argv[i])) {
            exec_no_memory(x);
            return;
        }
        confirm(x, words[kind].subscribe, kind, x->argv[i], 0);
    }
}

/* Without names: from everything, the oldest first. */
static void unsubscribe_all(struct exec *x, enum pubsub_kind kind)
{
    struct session *s = call_of(x)->session;
    struct slice oldest = pubsub_oldest(s, kind);
    if (!oldest.data) confirm(x, words[kind].unsubscribe, kind, oldest, 0);
    for (; oldest.data; oldest = pubsub_oldest(s, kind)) {
        confirm(x, words[kind].unsubscribe, kind, oldest, 1);
        pubsub_unsubscribe(s, kind, oldest);
    }
}

static void unsubscribe(struct exec *x, enum pubsub_kind kind)
{
    if (x->argc == 1) unsubscribe_all(x, kind);
    for (int i = 1; i < x->argc; i++) {
        pubsub_unsubscribe(call_of(x)->session, kind, x->argv[i]);
        confirm(x, words[kind].unsubscribe, kind, x->argv[i], 0);
    }
}

void run_subscribe(struct exec *x) { subscribe(x, PUBSUB_CHANNEL); }
void run_psubscribe(struct exec *x) { subscribe(x, PUBSUB_PATTERN); }
void run_ssubscribe(struct exec *x) { subscribe(x, PUBSUB_SHARD); }
void run_unsubscribe(struct exec *x) { unsubscribe(x, PUBSUB_CHANNEL); }
void run_punsubscribe(struct exec *x) { unsubscribe(x, PUBSUB_PATTERN); }
void run_sunsubscribe(struct exec *x) { unsubscribe(x, PUBSUB_SHARD); }

bool subscribe_allows(const struct session *s, const struct command *c)
{
    static void (*const allowed[])(struct exec *) = {
        run_subscribe,    run_psubscribe, run_ssubscribe, run_unsubscribe, run_punsubscribe,
        run_sunsubscribe, run_ping,       run_quit,       run_reset,
    };
    if (subscriber_total(&s->subscriber) == 0 || s->reply->protocol != 2) return true;
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        if (c->run == allowed[i]) return true;
    return false;
}

void subscribe_refuse(struct session *s, const struct command *c)
{
    char name[COMMAND_NAME_MAX];
    stats_command_name(s->node, c, name);
    reply_error_format(s->reply,
                       "ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
                       "are allowed in this context",
                       name);
}

/* ---- PUBLISH ---- */

/* Goes to the replicas, whose subscribers hear it too, although it changes nothing. */
static void publish(struct exec *x, bool shard)
{
    int64_t receivers = pubsub_publish(call_of(x)->node, shard, x->argv[1], x->argv[2]);
    exec_effect(x, x->argc, x->argv);
    reply_integer(x->reply, receivers);
}

void run_publish(struct exec *x) { publish(x, false); }

void run_spublish(struct exec *x) { publish(x, true); }

/* ---- PUBSUB ---- */

struct listing {
    struct pubsub_visitor visitor;
    struct slice pattern; /* data NULL: all */
    int64_t count;
    struct reply *reply; /* NULL: only counts */
};

static void list_topic(struct pubsub_visitor *v, struct slice name)
{
    struct listing *l = (struct listing *)v;
    if (l->pattern.data && !glob_match(l->pattern, name, false)) return;
    l->count++;
    if (l->reply) reply_bulk(l->reply, name);
}

static void list_topics(struct exec *x, enum pubsub_kind kind)
{
    struct listing l = {.visitor = {list_topic}};
    if (x->argc > 3) {
        exec_usage_error(x, "PUBSUB");
        return;
    }
    if (x->argc == 3) l.pattern = x->argv[2];
    pubsub_each_topic(call_of(x)->node, kind, &l.visitor);
    reply_array(x->reply, l.count);
    l.reply = x->reply;
    pubsub_each_topic(call_of(x)->node, kind, &l.visitor);
}

static void count_subscribers(struct exec *x, enum pubsub_kind kind)
{
    reply_array(x->reply, (x->argc - 2) * 2);
    for (int i = 2; i < x->argc; i++) {
        reply_bulk(x->reply, x->argv[i]);
        reply_integer(x->reply, pubsub_subscribers(call_of(x)->node, kind, x->argv[i]));
    }
}

void run_pubsub_channels(struct exec *x) { list_topics(x, PUBSUB_CHANNEL); }
void run_pubsub_shardchannels(struct exec *x) { list_topics(x, PUBSUB_SHARD); }
void run_pubsub_numsub(struct exec *x) { count_subscribers(x, PUBSUB_CHANNEL); }
void run_pubsub_shardnumsub(struct exec *x) { count_subscribers(x, PUBSUB_SHARD); }

void run_pubsub_numpat(struct exec *x)
{
    reply_integer(x->reply, (int64_t)pubsub_topics(call_of(x)->node, PUBSUB_PATTERN));
}

void run_pubsub_help(struct exec *x)
{
    static const char *const lines[] = {
        "CHANNELS [<pattern>]",
        "    Return the currently active channels matching a <pattern> (default: '*').",
        "NUMPAT",
        "    Return number of subscriptions to patterns.",
        "NUMSUB [<channel> ...]",
        "    Return the number of subscribers for the specified channels, excluding",
        "    pattern subscriptions(default: no channels).",
        "SHARDCHANNELS [<pattern>]",
        "    Return the currently active shard level channels matching a <pattern> (default: '*').",
        "SHARDNUMSUB [<shardchannel> ...]",
        "    Return the number of subscribers for the specified shard level channel(s)",
        NULL,
    };
    exec_help(x, "PUBSUB", lines);
}
