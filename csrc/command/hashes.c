/* hashes.c: fields of hashes, one by one: HSET, HGET, HDEL and their kin. */
#include "command/hashes.h"

#include "command/access.h"
#include "command/notify.h"
#include "store/hash.h"

/* ---- setting ---- */

/* After an edit of key argv[1], of whose fields `changed` were set. */
static void edited(struct exec *x, struct edit *edit, bool created, int64_t changed, const char *event)
{
    if (changed == 0) {
        edit_cancel(edit);
        return;
    }
    edit_end(edit);
    if (created) {
        access_created(x, edit->entry);
        exec_notify(x, NOTIFY_NEW, "new", x->argv[1]);
    }
    exec_notify(x, NOTIFY_HASH, event, x->argv[1]);
    x->changes += changed;
}

int hash_put(struct exec *x, struct entry *e, struct slice field, struct slice value, const char *event)
{
    struct edit edit;
    edit_begin(&edit, x->keyspace, x->db, x->argv[1], e, VALUE_HASH);
    int result = hash_set(&edit, field, value);
    edited(x, &edit, !e, result >= 0, event);
    if (result < 0) exec_no_memory(x);
    return result;
}

/* HSET that ran out of memory half-way: the pairs up to argument `end` were set, and exactly those are logged. */
static void effect_part(struct exec *x, int end)
{
    exec_effect_begin(x, end);
    exec_effect_word(x, slice_text("HSET"));
    for (int i = 1; i < end; i++) exec_effect_word(x, x->argv[i]);
}

/* Sets all pairs. How many fields are new; -1: an error, which was replied. */
static int64_t set_pairs(struct exec *x)
{
    bool ok;
    int64_t created = 0;
    int i, result = 0;
    struct edit edit;
    if (x->argc % 2 != 0) {
        exec_arity_error(x);
        return -1;
    }
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_HASH, &ok);
    if (!ok) return -1;
    edit_begin(&edit, x->keyspace, x->db, x->argv[1], e, VALUE_HASH);
    for (i = 2; i < x->argc; i += 2) {
        result = hash_set(&edit, x->argv[i], x->argv[i + 1]);
        if (result < 0) break;
        created += result;
    }
    edited(x, &edit, !e, i / 2 - 1, "hset");
    if (result >= 0) return created;
    if (i > 2) effect_part(x, i);
    exec_no_memory(x);
    return -1;
}

void run_hset(struct exec *x)
{
    int64_t created = set_pairs(x);
    if (created >= 0) reply_integer(x->reply, created);
}

void run_hmset(struct exec *x)
{
    if (set_pairs(x) >= 0) reply_ok(x->reply);
}

void run_hsetnx(struct exec *x)
{
    bool ok;
    struct slice value;
    struct packed_digits digits;
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_HASH, &ok);
    if (!ok) return;
    if (e && hash_get(e, x->argv[2], &value, &digits))
        reply_integer(x->reply, 0);
    else if (hash_put(x, e, x->argv[2], x->argv[3], "hset") >= 0)
        reply_integer(x->reply, 1);
}

/* ---- getting ---- */

/* The value of a field; false: there is none, or an error was replied (*ok). */
static bool get(struct exec *x, struct slice *value, struct packed_digits *digits, bool *ok)
{
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_HASH, ok);
    return e && hash_get(e, x->argv[2], value, digits);
}

void run_hget(struct exec *x)
{
    bool ok;
    struct slice value;
    struct packed_digits digits;
    if (get(x, &value, &digits, &ok))
        reply_bulk(x->reply, value);
    else if (ok)
        reply_null(x->reply);
}

void run_hmget(struct exec *x)
{
    bool ok;
    struct slice value;
    struct packed_digits digits;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_HASH, &ok);
    if (!ok) return;
    reply_array(x->reply, x->argc - 2);
    for (int i = 2; i < x->argc; i++) {
        if (e && hash_get(e, x->argv[i], &value, &digits))
            reply_bulk(x->reply, value);
        else
            reply_null(x->reply);
    }
}

void run_hexists(struct exec *x)
{
    bool ok;
    struct slice value;
    struct packed_digits digits;
    bool found = get(x, &value, &digits, &ok);
    if (ok) reply_integer(x->reply, found);
}

void run_hstrlen(struct exec *x)
{
    bool ok;
    struct slice value;
    struct packed_digits digits;
    bool found = get(x, &value, &digits, &ok);
    if (ok) reply_integer(x->reply, found ? (int64_t)value.size : 0);
}

void run_hlen(struct exec *x)
{
    bool ok;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_HASH, &ok);
    if (ok) reply_integer(x->reply, e ? (int64_t)hash_size(e) : 0);
}

/* ---- deleting ---- */

void run_hdel(struct exec *x)
{
    bool ok;
    int64_t deleted = 0;
    struct edit edit;
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_HASH, &ok);
    if (!e) {
        if (ok) reply_integer(x->reply, 0);
        return;
    }
    edit_begin(&edit, x->keyspace, x->db, x->argv[1], e, VALUE_HASH);
    for (int i = 2; i < x->argc && hash_size(edit.entry) > 0; i++) deleted += hash_remove(&edit, x->argv[i]);
    edited(x, &edit, false, deleted, "hdel");
    if (hash_size(edit.entry) == 0) {
        keyspace_delete(x->keyspace, x->db, x->argv[1]);
        exec_notify(x, NOTIFY_GENERIC, "del", x->argv[1]);
    }
    reply_integer(x->reply, deleted);
}
