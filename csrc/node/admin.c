/* admin.c: commands about the server as a whole: CONFIG, INFO, TIME, SHUTDOWN, DEBUG. */
#include <stdio.h>

#include "base/glob.h"
#include "base/number.h"
#include "command/introspect.h"
#include "node/commands.h"
#include "node/internal.h"

/* ---- CONFIG ---- */

/* What follows from a changed parameter. */
static void config_changed(struct node *n)
{
    const struct config *c = &n->config;
    n->log.backlog_size = c->repl_backlog_size;
    topology_configured(n);
    if (c->node_name[0]) text_copy(n->name, sizeof n->name, c->node_name);
}

/* "replicaof host port" on a command line or in a file: the order to follow, not a parameter that is kept. */
static bool configure_replicaof(struct node *n, struct slice value, struct bytes *error)
{
    const char *space = memchr(value.data, ' ', value.size);
    size_t host = space ? (size_t)(space - value.data) : value.size;
    struct slice port = space ? slice_of(space + 1, value.size - host - 1) : slice_of("", 0);
    const char *why = topology_replicaof(n, slice_of(value.data, host), port);
    if (why) bytes_append_text(error, why + strcspn(why, " ") + 1);
    return why == NULL;
}

bool node_configure(struct node *n, struct slice name, struct slice value, struct bytes *error)
{
    if (slice_is_word(name, "replicaof") || slice_is_word(name, "slaveof"))
        return configure_replicaof(n, value, error);
    if (!config_set(&n->config, name, value, !n->started_up, error)) return false;
    config_changed(n);
    return n->config.databases == keyspace_databases(n->keyspace) || node_renew_keyspace(n);
}

bool node_configuration(struct node *n, struct slice name, struct bytes *value)
{
    return config_get(&n->config, name, value);
}

static bool config_wanted(const struct exec *x, const char *name)
{
    for (int i = 2; i < x->argc; i++) {
        if (glob_match(x->argv[i], slice_text(name), true)) return true;
    }
    return false;
}

void run_config_get(struct exec *x)
{
    struct node *n = call_of(x)->node;
    int64_t count = 0;
    for (int i = 0; config_name(i); i++) count += config_wanted(x, config_name(i));
    reply_map(x->reply, count);
    for (int i = 0; config_name(i); i++) {
        if (!config_wanted(x, config_name(i))) continue;
        bytes_clear(&n->scratch);
        config_get(&n->config, slice_text(config_name(i)), &n->scratch);
        reply_bulk_text(x->reply, config_name(i));
        reply_bulk(x->reply, bytes_slice(&n->scratch));
    }
}

/* All or nothing, as in Redis. */
void run_config_set(struct exec *x)
{
    struct node *n = call_of(x)->node;
    if (x->argc % 2 != 0) {
        reply_error(x->reply, "ERR wrong number of arguments for 'config|set' command");
        return;
    }
    struct config old = n->config;
    bytes_clear(&n->scratch);
    for (int i = 2; i < x->argc; i += 2) {
        if (config_set(&n->config, x->argv[i], x->argv[i + 1], false, &n->scratch)) continue;
        n->config = old;
        reply_error_format(x->reply, "ERR %.*s", (int)n->scratch.size, n->scratch.data);
        return;
    }
    config_changed(n);
    reply_ok(x->reply);
}

void run_config_resetstat(struct exec *x)
{
    struct node *n = call_of(x)->node;
    n->counters = (struct node_counters){.discarded_bytes = n->counters.discarded_bytes};
    *keyspace_stats(n->keyspace) = (struct keyspace_stats){0};
    n->feeds.full_syncs = n->feeds.partial_syncs = n->feeds.partial_refused = 0;
    reply_ok(x->reply);
}

/* ---- the rest ---- */

void run_info(struct exec *x)
{
    struct node *n = call_of(x)->node;
    bytes_clear(&n->scratch);
    info_write(n, x->argc - 1, x->argv + 1, &n->scratch);
    reply_verbatim(x->reply, "txt", bytes_slice(&n->scratch));
}

void run_time(struct exec *x)
{
    int64_t now_us = call_of(x)->node->now.wall_us;
    char text[NUMBER_INT_MAX];
    reply_array(x->reply, 2);
    reply_bulk(x->reply, slice_of(text, number_format_int(text, now_us / 1000000)));
    reply_bulk(x->reply, slice_of(text, number_format_int(text, now_us % 1000000)));
}

/* SHUTDOWN [NOSAVE|SAVE] [NOW] [FORCE]: no reply; the driver flushes what it can and lets the node go. */
void run_shutdown(struct exec *x)
{
    struct node *n = call_of(x)->node;
    n->shutdown = true;
    session_wake(call_of(x)->session);
}

static void debug_sleep(struct exec *x)
{
    struct node *n = call_of(x)->node;
    double seconds;
    if (!exec_real(x, 2, &seconds)) return;
    if (seconds > 0) n->sleep_until_us = n->now.mono_us + (int64_t)(seconds * 1e6);
    reply_ok(x->reply);
}

void run_debug(struct exec *x)
{
    struct node *n = call_of(x)->node;
    if (exec_is(x, 1, "sleep") && x->argc == 3) {
        debug_sleep(x);
    } else if (exec_is(x, 1, "set-active-expire") && x->argc == 3) {
        n->config.activeexpire = !exec_is(x, 2, "0");
        reply_ok(x->reply);
    } else if (exec_is(x, 1, "digest") && x->argc == 2) {
        struct digest d = keyspace_digest(n->keyspace);
        char text[41];
        snprintf(text, sizeof text, "%016llx%016llx00000000", (unsigned long long)d.high,
                 (unsigned long long)d.low);
        reply_status(x->reply, text);
    } else {
        reply_error_format(x->reply,
                           "ERR Unknown subcommand or wrong number of arguments for '%.*s'. Try DEBUG HELP.",
                           (int)(x->argv[1].size < 128 ? x->argv[1].size : 128), x->argv[1].data);
    }
}
