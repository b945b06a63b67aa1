/* debug.c: DEBUG: what tests and checkers want to do to a server. */
#include <stdio.h>

#include "base/number.h"
#include "node/commands.h"
#include "node/internal.h"
#include "persist/rdb_codec.h"

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

static void reply_digest(struct reply *r, struct digest d)
{
    char text[41];
    snprintf(text, sizeof text, "%016llx%016llx00000000", (unsigned long long)d.high,
             (unsigned long long)d.low);
    reply_status(r, text);
}

static void debug_digest_values(struct exec *x)
{
    reply_array(x->reply, x->argc - 2);
    for (int i = 2; i < x->argc; i++)
        reply_digest(x->reply, keyspace_key_digest(x->keyspace, x->db, x->argv[i]));
}

/* As much of the value as an RDB file has of it. */
static size_t serialized_length(struct exec *x, const struct entry *e)
{
    struct node *n = call_of(x)->node;
    struct entry_text text;
    if (entry_type(e) != VALUE_STRING) return entry_memory(e);
    bytes_clear(&n->scratch);
    rdb_append_string(&n->scratch, entry_string(e, &text));
    return n->scratch.size;
}

/* No addresses: the same run shows the same. */
static void debug_object(struct exec *x)
{
    struct entry *e = keyspace_find(x->keyspace, x->db, x->argv[2]);
    char text[256];
    if (!e) {
        reply_error(x->reply, "ERR no such key");
        return;
    }
    snprintf(text, sizeof text,
             "Value at:0x0 refcount:1 encoding:%s serializedlength:%zu lru:%lu lru_seconds_idle:%lld",
             entry_encoding(e), serialized_length(x, e), (unsigned long)entry_access(e),
             x->access->lfu ? 0LL : (long long)access_idle(x, e));
    reply_status(x->reply, text);
}

static void debug_help(struct exec *x)
{
    static const char *const lines[] = {
        "DIGEST",
        "    Output a hex signature representing the current DB content.",
        "DIGEST-VALUE <key> [<key> ...]",
        "    Output a hex signature of the values of all the specified keys.",
        "LOADAOF",
        "    Flush the AOF buffers on disk and reload the AOF in memory.",
        "OBJECT <key>",
        "    Show low level info about `key` and associated value.",
        "RELOAD",
        "    Save the RDB on disk and reload it back to memory.",
        "SET-ACTIVE-EXPIRE <0|1>",
        "    Setting it to 0 disables expiring keys in background when they are not",
        "    accessed (otherwise the Redis behavior). Setting it to 1 reenables back the",
        "    default.",
        "SLEEP <seconds>",
        "    Stop the server for <seconds>. Decimals allowed.",
        NULL,
    };
    exec_help(x, "DEBUG", lines);
}

void run_debug(struct exec *x)
{
    struct node *n = call_of(x)->node;
    if (exec_is(x, 1, "help") && x->argc == 2) {
        debug_help(x);
    } else if (exec_is(x, 1, "sleep") && x->argc == 3) {
        debug_sleep(x);
    } else if (exec_is(x, 1, "set-active-expire") && x->argc == 3) {
        int64_t on = 0;
        n->config.activeexpire = number_parse_int(x->argv[2], &on) && on != 0;
        reply_ok(x->reply);
    } else if (exec_is(x, 1, "reload") && x->argc == 2) {
        const char *error = persistence_save_for(call_of(x)->session, THEN_RELOAD, false);
        if (error) reply_error(x->reply, error);
    } else if (exec_is(x, 1, "loadaof") && x->argc == 2 && n->persistence.journal) {
        const char *error = persistence_flush_for(call_of(x)->session, THEN_RELOAD_JOURNAL, false);
        if (error) reply_error(x->reply, error);
    } else if (exec_is(x, 1, "digest") && x->argc == 2) {
        reply_digest(x->reply, keyspace_digest(n->keyspace));
    } else if (exec_is(x, 1, "digest-value") && x->argc >= 2) {
        debug_digest_values(x);
    } else if (exec_is(x, 1, "object") && x->argc >= 3) {
        debug_object(x);
    } else {
        reply_error_format(x->reply,
                           "ERR unknown subcommand or wrong number of arguments for '%.*s'. Try DEBUG HELP.",
                           (int)(x->argv[1].size < 128 ? x->argv[1].size : 128), x->argv[1].data);
    }
}
