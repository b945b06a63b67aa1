/* debug.c: DEBUG: what tests and checkers want to do to a server. What it shows of values: debug_values.c.
 *
 * Some subcommands are switches of things that do not exist here (a cron, reply buffers that shrink, a limit on list
 * nodes): they are taken, because tests begin with them, and have no effect.
 */
#include <limits.h>
#include <stdio.h>

#include "base/number.h"
#include "node/commands.h"
#include "node/internal.h"

/* ---- the server ---- */

/* Everybody's requests wait until it is over, this node does nothing at all meanwhile. */
static void debug_sleep(struct exec *x)
{
    struct node *n = call_of(x)->node;
    double seconds = 0;
    number_parse_double(x->argv[2], &seconds);
    if (seconds > 0) call_of(x)->slept_us = (int64_t)((seconds < 1e9 ? seconds : 1e9) * 1e6);
    if (seconds > 0) n->sleep_until_us = n->now.mono_us + call_of(x)->slept_us;
    reply_ok(x->reply);
}

static void debug_set_active_expire(struct exec *x)
{
    int64_t on = 0;
    call_of(x)->node->config.activeexpire = number_parse_int(x->argv[2], &on) && on != 0;
    reply_ok(x->reply);
}

static void debug_skip_checksum(struct exec *x)
{
    int64_t on = 0;
    call_of(x)->node->skip_checksum = number_parse_int(x->argv[2], &on) && on != 0;
    reply_ok(x->reply);
}

static void debug_log(struct exec *x)
{
    diary_say(call_of(x)->node, DIARY_WARNING, "DEBUG LOG: %.*s", (int)x->argv[2].size, x->argv[2].data);
    reply_ok(x->reply);
}

/* [NOSAVE]: what is loaded then is another's data: the history ends. */
static void debug_reload(struct exec *x)
{
    bool nosave = false;
    for (int i = 2; i < x->argc; i++) {
        if (exec_is(x, i, "nosave")) {
            nosave = true;
            continue;
        }
        reply_error(x->reply, "ERR DEBUG RELOAD only supports the NOSAVE option.");
        return;
    }
    struct session *s = call_of(x)->session;
    const char *error =
        nosave ? persistence_flush_for(s, THEN_RELOAD, false) : persistence_save_for(s, THEN_RELOAD, false);
    if (error)
        reply_error(x->reply, error);
    else if (nosave)
        dispatch_lose_history(s->node);
}

static void debug_loadaof(struct exec *x)
{
    const char *error = persistence_flush_for(call_of(x)->session, THEN_RELOAD_JOURNAL, false);
    if (error) reply_error(x->reply, error);
}

/* Replicas resynchronise. */
static void debug_change_repl_id(struct exec *x)
{
    dispatch_lose_history(call_of(x)->node);
    reply_ok(x->reply);
}

/* ---- keys that are made at once ---- */

/* <prefix>:<i> with "value:<i>", cut or filled up with zero bytes to `size` (-1: as it is). False: memory is out. */
static bool populate_one(struct exec *x, struct slice prefix, int64_t i, int64_t size, struct bytes *scratch)
{
    bytes_clear(scratch);
    bytes_append_slice(scratch, prefix);
    bytes_append_format(scratch, ":%lld", (long long)i);
    size_t name = scratch->size;
    bytes_append_format(scratch, "value:%lld", (long long)i);
    size_t own = scratch->size - name, whole = size < 0 ? own : (size_t)size;
    char *room = whole > own ? bytes_reserve(scratch, whole - own) : NULL;
    if (scratch->failed || (whole > own && !room)) return false;
    if (room) memset(room, 0, whole - own);
    struct slice key = slice_of(scratch->data, name), value = slice_of(scratch->data + name, whole);
    if (keyspace_find(x->keyspace, x->db, key)) return true;
    struct entry *e = keyspace_set_string(x->keyspace, x->db, key, value, KEYSPACE_NO_TTL);
    if (e) access_created(x, e);
    return e != NULL;
}

/* POPULATE count [prefix] [size]: replicas and journal do not hear of it, as in Redis. */
static void debug_populate(struct exec *x)
{
    static const char error[] = "ERR value is out of range, must be positive";
    struct slice prefix = x->argc > 3 ? x->argv[3] : slice_text("key");
    int64_t count, size = -1;
    if (!exec_int_within(x, 2, 0, INT64_MAX, &count, error)) return;
    if (x->argc > 4 && !exec_int_within(x, 4, 0, x->bulk_max, &size, error)) return;
    if (size == 0) size = -1;
    for (int64_t i = 0; i < count; i++) {
        if (populate_one(x, prefix, i, size, &call_of(x)->node->scratch)) continue;
        exec_no_memory(x);
        return;
    }
    reply_ok(x->reply);
}

/* ---- replies of any type ---- */

static void three(struct reply *r, bool pairs)
{
    for (int i = 0; i < 3; i++) {
        reply_integer(r, i);
        if (pairs) reply_boolean(r, i == 1);
    }
}

static void debug_push(struct exec *x)
{
    if (x->reply->protocol < 3) {
        reply_error(x->reply, "ERR RESP2 is not supported by this command");
        return;
    }
    reply_push(x->reply, 2);
    reply_bulk_text(x->reply, "server-cpu-usage");
    reply_integer(x->reply, 42);
    reply_bulk_text(x->reply, "Some real reply following the push reply");
}

/* Attributes are nothing that replies have elsewhere: on the wire they stand in front of one. */
static void debug_attribute(struct exec *x)
{
    struct session *s = call_of(x)->session;
    if (x->reply == &s->writer.reply && x->reply->protocol == 3)
        bytes_append_text(s->writer.out, "|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n");
    reply_bulk_text(x->reply, "Some real reply following the attribute");
}

static void debug_protocol(struct exec *x)
{
    struct reply *r = x->reply;
    if (exec_is(x, 2, "string")) {
        reply_bulk_text(r, "Hello World");
    } else if (exec_is(x, 2, "integer")) {
        reply_integer(r, 12345);
    } else if (exec_is(x, 2, "double")) {
        reply_real(r, 3.141);
    } else if (exec_is(x, 2, "bignum")) {
        r->ops->big_number(r, slice_text("1234567999999999999999999999999999999"));
    } else if (exec_is(x, 2, "null")) {
        reply_null(r);
    } else if (exec_is(x, 2, "array") || exec_is(x, 2, "set")) {
        exec_is(x, 2, "set") ? reply_set(r, 3) : reply_array(r, 3);
        three(r, false);
    } else if (exec_is(x, 2, "map")) {
        reply_map(r, 3);
        three(r, true);
    } else if (exec_is(x, 2, "attrib")) {
        debug_attribute(x);
    } else if (exec_is(x, 2, "push")) {
        debug_push(x);
    } else if (exec_is(x, 2, "verbatim")) {
        reply_verbatim(r, "txt", slice_text("This is a verbatim\nstring"));
    } else if (exec_is(x, 2, "true") || exec_is(x, 2, "false")) {
        reply_boolean(r, exec_is(x, 2, "true"));
    } else {
        reply_error(r, "ERR Wrong protocol type name. Please use one of the following: string|integer|double|"
                       "bignum|null|array|set|map|attrib|push|verbatim|true|false");
    }
}

static void debug_error(struct exec *x)
{
    reply_error_format(x->reply, "%.*s", (int)(x->argv[2].size < 512 ? x->argv[2].size : 512),
                       x->argv[2].data);
}

/* ---- switches of what does not exist here ---- */

static void debug_accept(struct exec *x) { reply_ok(x->reply); }

static void debug_packed_threshold(struct exec *x)
{
    int64_t size;
    if (!number_parse_size(x->argv[2], &size) || size < 0 || size > (int64_t)UINT32_MAX)
        reply_error(x->reply, "ERR argument must be a memory value bigger than 1 and smaller than 4gb");
    else
        reply_ok(x->reply);
}

static void debug_reply_buffer(struct exec *x)
{
    int64_t number;
    bool peak = exec_is(x, 2, "peak-reset-time");
    if (!peak && !exec_is(x, 2, "resizing"))
        exec_usage_error(x, "DEBUG");
    else if ((peak && (exec_is(x, 3, "never") || exec_is(x, 3, "reset"))) || exec_int(x, 3, &number))
        reply_ok(x->reply);
}

static void debug_client_eviction(struct exec *x)
{
    const struct node *n = call_of(x)->node;
    if (n->clients_allowed == 0) {
        reply_error(x->reply, "ERR maxmemory-clients is disabled.");
        return;
    }
    char text[64];
    snprintf(text, sizeof text, "%zu of %zu bytes", n->clients_weight, n->clients_allowed);
    reply_bulk_text(x->reply, text);
}

static void debug_help(struct exec *x)
{
    static const char *const lines[] = {
        "CHANGE-REPL-ID",
        "    Change the replication IDs of the instance.",
        "    Dangerous: should be used only for testing the replication subsystem.",
        "DIGEST",
        "    Output a hex signature representing the current DB content.",
        "DIGEST-VALUE <key> [<key> ...]",
        "    Output a hex signature of the values of all the specified keys.",
        "ERROR <string>",
        "    Return a Redis protocol error with <string> as message. Useful for clients",
        "    unit tests to simulate Redis errors.",
        "HTSTATS <dbid>",
        "    Return hash table statistics of the specified Redis database.",
        "HTSTATS-KEY <key>",
        "    Like HTSTATS but for the hash table stored at <key>'s value.",
        "LISTPACK <key>",
        "    Tell whether <key> has the listpack encoding.",
        "LOADAOF",
        "    Flush the AOF buffers on disk and reload the AOF in memory.",
        "OBJECT <key>",
        "    Show low level info about `key` and associated value.",
        "POPULATE <count> [<prefix>] [<size>]",
        "    Create <count> string keys named key:<num>. If <prefix> is specified then",
        "    it is used instead of the 'key' prefix. These are not propagated to",
        "    replicas.",
        "PROTOCOL <type>",
        "    Reply with a test value of the specified type. <type> can be: string,",
        "    integer, double, bignum, null, array, set, map, attrib, push, verbatim,",
        "    true, false.",
        "QUICKLIST <key> [<0|1>]",
        "    Tell whether <key> has the quicklist encoding.",
        "RELOAD [NOSAVE]",
        "    Save the RDB on disk (unless NOSAVE) and reload it back to memory.",
        "SDSLEN <key>",
        "    Show the lengths of `key` and of its value, which is a string.",
        "SET-ACTIVE-EXPIRE <0|1>",
        "    Setting it to 0 disables expiring keys in background when they are not",
        "    accessed (otherwise the Redis behavior). Setting it to 1 reenables back the",
        "    default.",
        "SET-SKIP-CHECKSUM-VALIDATION <0|1>",
        "    Enables or disables checksum checks for RESTORE's payload.",
        "SLEEP <seconds>",
        "    Stop the server for <seconds>. Decimals allowed.",
        NULL,
    };
    exec_help(x, "DEBUG", lines);
}

static void debug_digest(struct exec *x) { debug_reply_digest(x->reply, keyspace_digest(x->keyspace)); }

static const struct debug_row {
    const char *name;
    int least, most; /* arguments, with the two words */
    void (*run)(struct exec *x);
} rows[] = {
    {"aof-flush-sleep", 3, 3, debug_accept},
    {"change-repl-id", 2, 2, debug_change_repl_id},
    {"client-eviction", 2, 2, debug_client_eviction},
    {"config-rewrite-force-all", 2, 2, run_config_rewrite},
    {"digest", 2, 2, debug_digest},
    {"digest-value", 2, INT_MAX, debug_digest_values},
    {"error", 3, 3, debug_error},
    {"help", 2, 2, debug_help},
    {"htstats", 3, 4, debug_htstats},
    {"htstats-key", 3, 4, debug_htstats_key},
    {"listpack", 3, 3, debug_listpack},
    {"loadaof", 2, 2, debug_loadaof},
    {"log", 3, 3, debug_log},
    {"object", 3, INT_MAX, debug_object},
    {"pause-cron", 3, 3, debug_accept},
    {"populate", 3, 5, debug_populate},
    {"protocol", 3, 3, debug_protocol},
    {"quicklist", 3, 4, debug_quicklist},
    {"quicklist-packed-threshold", 3, 3, debug_packed_threshold},
    {"reload", 2, INT_MAX, debug_reload},
    {"replybuffer", 4, 4, debug_reply_buffer},
    {"sdslen", 3, 3, debug_sdslen},
    {"set-active-expire", 3, 3, debug_set_active_expire},
    {"set-disable-deny-scripts", 3, 3, debug_accept},
    {"set-skip-checksum-validation", 3, 3, debug_skip_checksum},
    {"sleep", 3, 3, debug_sleep},
};

void run_debug(struct exec *x)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct debug_row *row = &rows[i];
        if (!exec_is(x, 1, row->name) || x->argc < row->least || x->argc > row->most) continue;
        row->run(x);
        return;
    }
    exec_usage_error(x, "DEBUG");
}
