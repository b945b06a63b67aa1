/* pubsub.c: see pubsub.h. The commands: subscribe.c.
 *
 * A message is put into the outputs of its receivers at once. One whose command is being executed is told at its end
 * (pubsub_tell_own). Telling somebody can close the connection, when its output limit is reached, and never does more to
 * its session than that; so the lists that are walked stay as they are.
 */
#include "node/pubsub.h"

#include "base/glob.h"
#include "command/notify.h"
#include "node/internal.h"

enum { MESSAGE_KEEP = 4096 };

struct topic {
    struct list link; /* pubsub.patterns, for a pattern */
    struct list subscriptions;
    int64_t id, count;
    size_t size;
    char name[];
};

struct subscription_key {
    int64_t session, topic;
};

struct subscription {
    struct list in_topic, in_session;
    struct subscription_key key;
    struct topic *topic;
    struct session *session;
};

static struct slice topic_name(const void *entry)
{
    const struct topic *t = entry;
    return slice_of(t->name, t->size);
}

static struct slice subscription_key(const void *entry)
{
    const struct subscription *s = entry;
    return slice_of((const char *)&s->key, sizeof s->key);
}

static const struct dict_type topic_dict = {topic_name};
static const struct dict_type subscription_dict = {subscription_key};

void pubsub_init(struct node *n)
{
    struct pubsub *p = &n->pubsub;
    uint64_t hash_key[2] = {random_next(&n->random), random_next(&n->random)};
    for (int kind = 0; kind < PUBSUB_KINDS; kind++)
        dict_init(&p->topics[kind], &n->memory, &topic_dict, hash_key);
    dict_init(&p->subscriptions, &n->memory, &subscription_dict, hash_key);
    list_init(&p->patterns);
    bytes_init(&p->message, &n->memory);
    bytes_init(&p->own, &n->memory);
}

void pubsub_free(struct node *n)
{
    struct pubsub *p = &n->pubsub;
    for (int kind = 0; kind < PUBSUB_KINDS; kind++) dict_free(&p->topics[kind]);
    dict_free(&p->subscriptions);
    bytes_free(&p->message);
    bytes_free(&p->own);
}

void subscriber_init(struct subscriber *s)
{
    for (int kind = 0; kind < PUBSUB_KINDS; kind++) {
        list_init(&s->of[kind]);
        s->count[kind] = 0;
    }
}

/* ---- topics ---- */

static struct topic *topic_find(const struct node *n, enum pubsub_kind kind, struct slice name)
{
    return dict_find(&n->pubsub.topics[kind], name);
}

/* The topic of this name, made when there is none; NULL when memory is out. */
static struct topic *topic_make(struct node *n, enum pubsub_kind kind, struct slice name)
{
    struct topic *t = topic_find(n, kind, name);
    if (t) return t;
    t = memory_alloc(&n->memory, sizeof *t + name.size);
    if (!t) return NULL;
    *t = (struct topic){.id = ++n->pubsub.next_topic, .size = name.size};
    list_init(&t->link);
    list_init(&t->subscriptions);
    if (name.size > 0) memcpy(t->name, name.data, name.size);
    if (!dict_insert(&n->pubsub.topics[kind], t)) {
        memory_free(&n->memory, t, sizeof *t + name.size);
        return NULL;
    }
    if (kind == PUBSUB_PATTERN) list_push(&n->pubsub.patterns, &t->link);
    return t;
}

/* Nobody is subscribed to it (any more). */
static void topic_drop(struct node *n, enum pubsub_kind kind, struct topic *t)
{
    list_remove(&t->link);
    dict_remove(&n->pubsub.topics[kind], topic_name(t));
    memory_free(&n->memory, t, sizeof *t + t->size);
}

/* ---- subscriptions ---- */

static struct subscription *subscription_find(const struct session *s, const struct topic *t)
{
    struct subscription_key key = {s->id, t->id};
    return dict_find(&s->node->pubsub.subscriptions, slice_of((const char *)&key, sizeof key));
}

bool pubsub_subscribe(struct session *s, enum pubsub_kind kind, struct slice name)
{
    struct node *n = s->node;
    struct topic *t = topic_make(n, kind, name);
    if (!t) return false;
    if (subscription_find(s, t)) return true;
    struct subscription *sub = memory_alloc(&n->memory, sizeof *sub);
    if (sub) *sub = (struct subscription){.key = {s->id, t->id}, .topic = t, .session = s};
    if (!sub || !dict_insert(&n->pubsub.subscriptions, sub)) {
        memory_free(&n->memory, sub, sizeof *sub);
        if (t->count == 0) topic_drop(n, kind, t);
        return false;
    }
    list_push(&t->subscriptions, &sub->in_topic);
    list_push(&s->subscriber.of[kind], &sub->in_session);
    t->count++;
    s->subscriber.count[kind]++;
    return true;
}

static void subscription_end(enum pubsub_kind kind, struct subscription *sub)
{
    struct session *s = sub->session;
    struct node *n = s->node;
    list_remove(&sub->in_topic);
    list_remove(&sub->in_session);
    s->subscriber.count[kind]--;
    if (--sub->topic->count == 0) topic_drop(n, kind, sub->topic);
    dict_remove(&n->pubsub.subscriptions, subscription_key(sub));
    memory_free(&n->memory, sub, sizeof *sub);
}

void pubsub_unsubscribe(struct session *s, enum pubsub_kind kind, struct slice name)
{
    const struct topic *t = topic_find(s->node, kind, name);
    struct subscription *sub = t ? subscription_find(s, t) : NULL;
    if (sub) subscription_end(kind, sub);
}

static struct subscription *oldest(const struct session *s, enum pubsub_kind kind)
{
    const struct list *of = &s->subscriber.of[kind];
    return list_empty(of) ? NULL : list_item(of->next, struct subscription, in_session);
}

struct slice pubsub_oldest(const struct session *s, enum pubsub_kind kind)
{
    const struct subscription *sub = oldest(s, kind);
    return sub ? topic_name(sub->topic) : slice_of(NULL, 0);
}

void pubsub_leave(struct session *s)
{
    struct subscription *sub;
    for (enum pubsub_kind kind = PUBSUB_CHANNEL; kind < PUBSUB_KINDS; kind++)
        while ((sub = oldest(s, kind)) != NULL) subscription_end(kind, sub);
}

/* ---- telling ---- */

/* A push is an array in RESP2: the same bytes but for the first. */
static void append_push(struct bytes *out, struct slice push, int protocol)
{
    size_t at = out->size;
    if (bytes_append_slice(out, push) && protocol == 2) out->data[at] = '*';
}

static void tell(struct session *s, struct slice push)
{
    int protocol = s->writer.reply.protocol;
    if (s->executing) {
        append_push(&s->node->pubsub.own, push, protocol);
        return;
    }
    if (s->wants_close) return;
    append_push(s->writer.out, push, protocol);
    session_check_limits(s);
    if (!s->output_told) session_wake(s);
}

/* Says the parts to everybody subscribed to a topic; how many those are. */
static int64_t tell_topic(struct node *n, const struct topic *t, int count, const struct slice *parts)
{
    struct resp_writer w;
    struct bytes *message = &n->pubsub.message;
    bytes_clear(message);
    resp_writer_init(&w, message, 3);
    reply_push(&w.reply, count);
    for (int i = 0; i < count; i++) reply_bulk(&w.reply, parts[i]);
    if (message->failed) return 0; /* told at most once: this time not at all */
    list_each(link, &t->subscriptions)
        tell(list_item(link, struct subscription, in_topic)->session, bytes_slice(message));
    bytes_clear(message);
    bytes_trim(message, MESSAGE_KEEP);
    return t->count;
}

static int64_t tell_patterns(struct node *n, struct slice channel, struct slice message)
{
    int64_t receivers = 0;
    list_each(link, &n->pubsub.patterns)
    {
        const struct topic *t = list_item(link, struct topic, link);
        if (!glob_match(topic_name(t), channel, false)) continue;
        struct slice parts[] = {slice_text("pmessage"), topic_name(t), channel, message};
        receivers += tell_topic(n, t, 4, parts);
    }
    return receivers;
}

int64_t pubsub_publish(struct node *n, bool shard, struct slice channel, struct slice message)
{
    struct slice parts[] = {slice_text(shard ? "smessage" : "message"), channel, message};
    const struct topic *t = topic_find(n, shard ? PUBSUB_SHARD : PUBSUB_CHANNEL, channel);
    int64_t receivers = t ? tell_topic(n, t, 3, parts) : 0;
    return receivers + (shard ? 0 : tell_patterns(n, channel, message));
}

size_t pubsub_tell_own(struct session *s, size_t before, bool after)
{
    struct bytes *own = &s->node->pubsub.own, *out = s->writer.out;
    size_t ahead = 0;
    if (own->size == 0 && !own->failed) return 0;
    if (own->failed) out->failed = true; /* it would miss something that others have heard */
    size_t reply = out->size - before;
    if (!own->failed && bytes_append_slice(out, bytes_slice(own)) && !after) {
        memmove(out->data + before + own->size, out->data + before, reply);
        memcpy(out->data + before, own->data, own->size);
        ahead = own->size;
    }
    bytes_clear(own);
    bytes_trim(own, MESSAGE_KEEP);
    return ahead;
}

/* ---- keyspace notifications ---- */

unsigned pubsub_wants(const struct node *n)
{
    unsigned classes = n->config.notify;
    if (n->pubsub.subscriptions.size == 0 || !(classes & (NOTIFY_KEYSPACE | NOTIFY_KEYEVENT))) return 0;
    return classes;
}

static void publish_event(struct node *n, const char *kind, int db, struct slice what, struct slice message)
{
    struct bytes *channel = &n->scratch;
    bytes_clear(channel);
    bytes_append_format(channel, "__%s@%d__:", kind, db);
    bytes_append_slice(channel, what);
    if (!channel->failed) pubsub_publish(n, false, bytes_slice(channel), message);
}

static void publish_notice(struct node *n, const struct notice *notice)
{
    if (n->config.notify & NOTIFY_KEYSPACE)
        publish_event(n, "keyspace", notice->db, notice->key, notice->event);
    if (n->config.notify & NOTIFY_KEYEVENT)
        publish_event(n, "keyevent", notice->db, notice->event, notice->key);
}

void pubsub_event(struct node *n, unsigned class, const char *event, int db, struct slice key)
{
    struct notice notice = {db, slice_text(event), key};
    if (pubsub_wants(n) & class) publish_notice(n, &notice);
}

void pubsub_notify(struct node *n)
{
    struct notice notice;
    struct slice records = bytes_slice(&n->notices);
    while (notify_next(&records, &notice)) publish_notice(n, &notice);
    bytes_clear(&n->notices);
    bytes_trim(&n->notices, MESSAGE_KEEP);
}

/* ---- looking ---- */

size_t pubsub_topics(const struct node *n, enum pubsub_kind kind) { return n->pubsub.topics[kind].size; }

int64_t pubsub_subscribers(const struct node *n, enum pubsub_kind kind, struct slice name)
{
    const struct topic *t = topic_find(n, kind, name);
    return t ? t->count : 0;
}

static void visit_topic(void *context, void *entry)
{
    struct pubsub_visitor *v = context;
    v->visit(v, topic_name(entry));
}

void pubsub_each_topic(struct node *n, enum pubsub_kind kind, struct pubsub_visitor *v)
{
    uint64_t cursor = 0;
    do cursor = dict_scan(&n->pubsub.topics[kind], cursor, visit_topic, v);
    while (cursor != 0);
}
