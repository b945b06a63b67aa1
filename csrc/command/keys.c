/* keys.c: commands on keys whatever their type: DEL, EXISTS, TOUCH, TYPE, RENAME, COPY, MOVE.
 *
 * The effect of all of these is the command as it was given.
 */
#include "command/keys.h"

#include "command/access.h"
#include "command/notify.h"

/* DEL and UNLINK: the keyspace frees large values in slices either way. */
void run_del(struct exec *x)
{
    int64_t deleted = 0;
    for (int i = 1; i < x->argc; i++) {
        if (!exec_find(x, x->db, x->argv[i], EXEC_FOR_WRITE | EXEC_NO_STATS | EXEC_NO_TOUCH)) continue;
        if (!keyspace_delete(x->keyspace, x->db, x->argv[i])) continue;
        exec_notify(x, NOTIFY_GENERIC, "del", x->argv[i]);
        deleted++;
    }
    x->changes += deleted;
    reply_integer(x->reply, deleted);
}

static void count_keys(struct exec *x, unsigned flags)
{
    int64_t count = 0;
    for (int i = 1; i < x->argc; i++)
        if (exec_find(x, x->db, x->argv[i], flags)) count++;
    reply_integer(x->reply, count);
}

void run_exists(struct exec *x) { count_keys(x, EXEC_NO_TOUCH); }

void run_touch(struct exec *x) { count_keys(x, 0); }

void run_type(struct exec *x)
{
    struct entry *e = exec_find(x, x->db, x->argv[1], EXEC_NO_TOUCH);
    reply_status(x->reply, e ? entry_type_name(entry_type(e)) : "none");
}

/* ---- RENAME ---- */

static void rename_key(struct exec *x, bool only_new)
{
    struct slice from = x->argv[1], to = x->argv[2];
    if (!exec_write(x, from)) {
        reply_error(x->reply, "ERR no such key");
        return;
    }
    bool taken = slice_equal(from, to) || exec_write(x, to);
    if (taken && (only_new || slice_equal(from, to))) {
        if (only_new)
            reply_integer(x->reply, 0);
        else
            reply_ok(x->reply);
        return;
    }
    if (!keyspace_rename(x->keyspace, x->db, from, x->db, to)) {
        exec_no_memory(x);
        return;
    }
    x->changes++;
    exec_notify(x, NOTIFY_NEW, "new", to);
    exec_notify(x, NOTIFY_GENERIC, "rename_from", from);
    exec_notify(x, NOTIFY_GENERIC, "rename_to", to);
    if (only_new)
        reply_integer(x->reply, 1);
    else
        reply_ok(x->reply);
}

void run_rename(struct exec *x) { rename_key(x, false); }

void run_renamenx(struct exec *x) { rename_key(x, true); }

/* ---- COPY and MOVE ---- */

static bool read_copy_options(struct exec *x, int *to_db, bool *replace)
{
    *to_db = x->db;
    *replace = false;
    for (int i = 3; i < x->argc; i++) {
        if (exec_is(x, i, "REPLACE")) {
            *replace = true;
        } else if (exec_is(x, i, "DB") && i + 1 < x->argc) {
            if (!exec_db(x, ++i, to_db, NULL)) return false;
        } else {
            exec_syntax_error(x);
            return false;
        }
    }
    return true;
}

static void same_object_error(struct exec *x)
{
    reply_error(x->reply, "ERR source and destination objects are the same");
}

void run_copy(struct exec *x)
{
    int to_db;
    bool replace;
    struct slice from = x->argv[1], to = x->argv[2];
    if (!read_copy_options(x, &to_db, &replace)) return;
    if (to_db == x->db && slice_equal(from, to)) {
        same_object_error(x);
        return;
    }
    if (!exec_read(x, from) ||
        (exec_find(x, to_db, to, EXEC_FOR_WRITE | EXEC_NO_STATS | EXEC_NO_TOUCH) && !replace)) {
        reply_integer(x->reply, 0);
        return;
    }
    if (!keyspace_copy(x->keyspace, x->db, from, to_db, to)) {
        exec_no_memory(x);
        return;
    }
    access_created(x, keyspace_find(x->keyspace, to_db, to));
    x->changes++;
    exec_notify_in(x, NOTIFY_NEW, "new", to_db, to);
    exec_notify_in(x, NOTIFY_GENERIC, "copy_to", to_db, to);
    reply_integer(x->reply, 1);
}

void run_move(struct exec *x)
{
    int to_db;
    struct slice key = x->argv[1];
    if (!exec_db(x, 2, &to_db, NULL)) return;
    if (to_db == x->db) {
        same_object_error(x);
        return;
    }
    if (!exec_write(x, key) || exec_find(x, to_db, key, EXEC_FOR_WRITE | EXEC_NO_STATS | EXEC_NO_TOUCH)) {
        reply_integer(x->reply, 0);
        return;
    }
    if (!keyspace_rename(x->keyspace, x->db, key, to_db, key)) {
        exec_no_memory(x);
        return;
    }
    x->changes++;
    exec_notify_in(x, NOTIFY_NEW, "new", to_db, key);
    exec_notify(x, NOTIFY_GENERIC, "move_from", key);
    exec_notify_in(x, NOTIFY_GENERIC, "move_to", to_db, key);
    reply_integer(x->reply, 1);
}
