/* admin.c: commands about the server as a whole: CONFIG, INFO, TIME, SHUTDOWN; and what follows from a parameter. */
#include "base/glob.h"
#include "base/number.h"
#include "node/commands.h"
#include "node/internal.h"

/* ---- CONFIG ---- */

static void sessions_configured(struct node *n)
{
    const struct config *c = &n->config;
    list_each(link, &n->sessions)
    {
        struct session *s = list_item(link, struct session, link);
        s->reader.limits.bulk_max = config_bulk_max(c);
        s->authenticated |= c->requirepass.size == 0; /* a password that is set later is not asked for */
        s->reader.limits.unauthenticated = !s->authenticated;
    }
}

void config_changed(struct node *n)
{
    struct config *c = &n->config;
    c->hz = c->hz < 1 ? 1 : c->hz > 500 ? 500 : c->hz;
    n->log.backlog_size = c->repl_backlog_size;
    n->feeds.key_us = c->rdb_key_save_delay_us;
    enum evict_policy policy = (enum evict_policy)c->maxmemory_policy;
    n->access[0] = (struct access_policy){.lfu = evict_is_lfu(policy),
                                          .log_factor = (int)c->lfu_log_factor,
                                          .decay_minutes = (int)c->lfu_decay_minutes,
                                          .evicts_by_it = c->maxmemory > 0 &&
                                                          (evict_is_lfu(policy) || evict_is_lru(policy))};
    n->access[1] = n->access[0];
    n->fresh_access = access_fresh(&n->access[0], n->now.wall_us / 1000);
    n->evicting = c->maxmemory > 0;
    n->access[1].traceless = true;
    sessions_configured(n);
    clients_configured(n);
    topology_configured(n);
    journaling_configured(n);
    gates_configured(n);
    timing_configured(n);
    slowlog_trim(n);
    if (c->node_name[0]) text_copy(n->name, sizeof n->name, c->node_name);
}

bool node_configuration(struct node *n, struct slice name, struct bytes *value)
{
    return config_get(&n->config, name, value);
}

/* A name without wildcards matches itself, in the spelling it was asked for. */
static bool is_plain(struct slice pattern)
{
    for (size_t i = 0; i < pattern.size; i++)
        if (strchr("*?[", pattern.data[i])) return false;
    return true;
}

/* As what a parameter was asked for, data NULL: it was not. */
static struct slice config_wanted(const struct exec *x, const char *name, bool hidden)
{
    for (int i = 2; i < x->argc; i++) {
        if (hidden && !is_plain(x->argv[i])) continue;
        if (is_plain(x->argv[i]) ? slice_is_word(x->argv[i], name)
                                 : glob_match(x->argv[i], slice_text(name), true))
            return is_plain(x->argv[i]) ? x->argv[i] : slice_text(name);
    }
    return slice_of(NULL, 0);
}

/* Not parameters, but shown as such. */
static const char *const primary_names[] = {"replicaof", "slaveof"};
enum { PRIMARY_NAMES = sizeof primary_names / sizeof primary_names[0] };

static void reply_primary(struct exec *x, struct slice name)
{
    struct node *n = call_of(x)->node;
    bytes_clear(&n->scratch);
    if (n->follow) bytes_append_format(&n->scratch, "%s %d", n->follow->host, n->follow->port);
    reply_bulk(x->reply, name);
    reply_bulk(x->reply, bytes_slice(&n->scratch));
}

void run_config_get(struct exec *x)
{
    struct node *n = call_of(x)->node;
    int64_t count = 0;
    for (int i = 0; config_name(i); i++)
        count += config_wanted(x, config_name(i), config_hidden(i)).data != NULL;
    for (int i = 0; i < PRIMARY_NAMES; i++) count += config_wanted(x, primary_names[i], false).data != NULL;
    reply_map(x->reply, count);
    for (int i = 0; i < PRIMARY_NAMES; i++) {
        struct slice name = config_wanted(x, primary_names[i], false);
        if (name.data) reply_primary(x, name);
    }
    for (int i = 0; config_name(i); i++) {
        struct slice name = config_wanted(x, config_name(i), config_hidden(i));
        if (!name.data) continue;
        bytes_clear(&n->scratch);
        config_get(&n->config, slice_text(config_name(i)), &n->scratch);
        reply_bulk(x->reply, name);
        reply_bulk(x->reply, bytes_slice(&n->scratch));
    }
}

void run_config_resetstat(struct exec *x)
{
    struct node *n = call_of(x)->node;
    n->counters = (struct node_counters){.discarded_bytes = n->counters.discarded_bytes,
                                         .changes = n->counters.changes};
    stats_reset(n);
    *keyspace_stats(n->keyspace) = (struct keyspace_stats){0};
    n->feeds.full_syncs = n->feeds.partial_syncs = n->feeds.partial_refused = 0;
    reply_ok(x->reply);
}

void run_config_help(struct exec *x)
{
    static const char *const lines[] = {
        "GET <pattern>",
        "    Return parameters matching the glob-like <pattern> and their values.",
        "SET <directive> <value>",
        "    Set the configuration <directive> to <value>.",
        "RESETSTAT",
        "    Reset statistics reported by the INFO command.",
        "REWRITE",
        "    Rewrite the configuration file.",
        NULL,
    };
    exec_help(x, "CONFIG", lines);
}

/* ---- the rest ---- */

void run_info(struct exec *x)
{
    struct node *n = call_of(x)->node;
    bytes_clear(&n->scratch);
    info_write(n, x->argc - 1, x->argv + 1, &n->scratch);
    reply_verbatim(x->reply, "txt", bytes_slice(&n->scratch));
}

/* LOLWUT [VERSION n] [arguments]: no art here, but the line that tools look for. */
void run_lolwut(struct exec *x)
{
    enum { FIVE = 5, SIX = 6, OPTIONS_OF_FIVE = 3, OPTIONS_OF_SIX = 2 };
    static const char text[] = "Redis ver. " REDIS_VERSION "\n";
    int64_t version = 0, option;
    if (x->argc > 2 && exec_is(x, 1, "VERSION") && !exec_int(x, 2, &version)) return;
    int options = version == FIVE ? OPTIONS_OF_FIVE : version == SIX ? OPTIONS_OF_SIX : 0;
    for (int i = 3; i < x->argc && i < 3 + options; i++)
        if (!exec_int(x, i, &option)) return;
    reply_verbatim(x->reply, "txt", slice_text(text));
}

/* ASKING, READONLY, READWRITE: words for a cluster. */
void run_time(struct exec *x)
{
    int64_t now_us = call_of(x)->node->now.wall_us;
    char text[NUMBER_INT_MAX];
    reply_array(x->reply, 2);
    reply_bulk(x->reply, slice_of(text, number_format_int(text, now_us / 1000000)));
    reply_bulk(x->reply, slice_of(text, number_format_int(text, now_us % 1000000)));
}
