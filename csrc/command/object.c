/* object.c: looking at how a value is kept: OBJECT and MEMORY USAGE. */
#include "command/access.h"
#include "command/keys.h"

/* Small integers count as shared, as Redis shows them. */
enum { SHARED_INTEGERS = 10000 };

/* The entry of argv[2]; answers null when there is none. */
static struct entry *look(struct exec *x)
{
    struct entry *e = exec_find(x, x->db, x->argv[2], EXEC_NO_TOUCH | EXEC_NO_NOTIFY);
    if (!e) reply_null(x->reply);
    return e;
}

void run_object_encoding(struct exec *x)
{
    struct entry *e = look(x);
    if (e) reply_bulk_text(x->reply, entry_encoding(e));
}

void run_object_refcount(struct exec *x)
{
    int64_t value;
    struct entry *e = look(x);
    if (!e) return;
    bool shared =
        entry_type(e) == VALUE_STRING && entry_integer(e, &value) && value >= 0 && value < SHARED_INTEGERS;
    if (x->access && x->access->evicts_by_it) shared = false;
    reply_integer(x->reply, shared ? INT32_MAX : 1);
}

void run_object_idletime(struct exec *x)
{
    struct entry *e = look(x);
    if (!e) return;
    if (x->access && x->access->lfu)
        reply_error(
            x->reply,
            "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching "
            "between policies at runtime LRU and LFU data will take some time to adjust.");
    else
        reply_integer(x->reply, access_idle(x, e));
}

void run_object_freq(struct exec *x)
{
    struct entry *e = look(x);
    if (!e) return;
    if (x->access && x->access->lfu)
        reply_integer(x->reply, access_frequency(x, e));
    else
        reply_error(
            x->reply,
            "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that "
            "when switching between policies at runtime LRU and LFU data will take some time to adjust.");
}

void run_object_help(struct exec *x)
{
    static const char *const lines[] = {
        "ENCODING <key>",
        "    Return the kind of internal representation used in order to store the value",
        "    associated with a <key>.",
        "FREQ <key>",
        "    Return the access frequency index of the <key>. The returned integer is",
        "    proportional to the logarithm of the recent access frequency of the key.",
        "IDLETIME <key>",
        "    Return the idle time of the <key>, that is the approximated number of",
        "    seconds elapsed since the last access to the key.",
        "REFCOUNT <key>",
        "    Return the number of references of the value associated with the specified",
        "    <key>.",
        NULL,
    };
    exec_help(x, "OBJECT", lines);
}

/* ---- MEMORY ---- */

/* SAMPLES is checked and has no effect: the size of a value is known, not estimated. */
void run_memory_usage(struct exec *x)
{
    int64_t samples;
    for (int i = 3; i < x->argc; i += 2) {
        if (!exec_is(x, i, "SAMPLES") || i + 1 == x->argc) {
            exec_syntax_error(x);
            return;
        }
        if (!exec_int(x, i + 1, &samples)) return;
        if (samples < 0) {
            exec_syntax_error(x);
            return;
        }
    }
    struct entry *e = keyspace_find(x->keyspace, x->db, x->argv[2]);
    if (e)
        reply_integer(x->reply, (int64_t)entry_memory(e));
    else
        reply_null(x->reply);
}

void run_memory_help(struct exec *x)
{
    static const char *const lines[] = {
        "USAGE <key> [SAMPLES <count>]",
        "    Return memory in bytes used by <key> and its value. Nested values are",
        "    sampled up to <count> times (default: 5, 0 means sample all).",
        NULL,
    };
    exec_help(x, "MEMORY", lines);
}
