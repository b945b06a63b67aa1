/* sets.c: members of sets, one by one. */
#include "command/sets.h"

#include "command/access.h"
#include "command/notify.h"
#include "command/scan.h"
#include "store/set.h"

/* ---- adding ---- */

/* After an edit of a key to which members have been added. */
static void added(struct exec *x, struct edit *edit, struct slice key, bool created)
{
    edit_end(edit);
    if (created) {
        access_created(x, edit->entry);
        exec_notify(x, NOTIFY_NEW, "new", key);
    }
    exec_notify(x, NOTIFY_SET, "sadd", key);
}

/* SADD that ran out of memory half-way: what comes before argument `end` was added, and exactly that is logged. */
static void effect_part(struct exec *x, int end)
{
    exec_effect_begin(x, end);
    exec_effect_word(x, slice_text("SADD"));
    for (int i = 1; i < end; i++) exec_effect_word(x, x->argv[i]);
}

void run_sadd(struct exec *x)
{
    bool ok;
    int64_t count = 0;
    int i, result = 0;
    struct edit edit;
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_SET, &ok);
    if (!ok) return;
    edit_begin(&edit, x->keyspace, x->db, x->argv[1], e, VALUE_SET);
    for (i = 2; i < x->argc; i++) {
        result = set_add(&edit, x->argv[i]);
        if (result < 0) break;
        count += result;
    }
    if (count > 0)
        added(x, &edit, x->argv[1], !e);
    else
        edit_cancel(&edit);
    x->changes += count;
    if (result >= 0) {
        reply_integer(x->reply, count);
    } else {
        if (count > 0) effect_part(x, i);
        exec_no_memory(x);
    }
}

/* ---- removing ---- */

void set_delete_empty(struct exec *x, const struct entry *e, struct slice key)
{
    if (set_size(e) > 0) return;
    keyspace_delete(x->keyspace, x->db, key);
    exec_notify(x, NOTIFY_GENERIC, "del", key);
}

void run_srem(struct exec *x)
{
    bool ok;
    int64_t count = 0;
    struct edit edit;
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_SET, &ok);
    if (!e) {
        if (ok) reply_integer(x->reply, 0);
        return;
    }
    edit_begin(&edit, x->keyspace, x->db, x->argv[1], e, VALUE_SET);
    for (int i = 2; i < x->argc && set_size(edit.entry) > 0; i++) count += set_remove(&edit, x->argv[i]);
    if (count > 0) {
        edit_end(&edit);
        exec_notify(x, NOTIFY_SET, "srem", x->argv[1]);
        set_delete_empty(x, edit.entry, x->argv[1]);
    } else {
        edit_cancel(&edit);
    }
    x->changes += count;
    reply_integer(x->reply, count);
}

/* The member is added first, for that can fail. */
static void move(struct exec *x, struct entry *from, struct entry *to)
{
    struct edit source, target;
    struct slice member = x->argv[3];
    edit_begin(&target, x->keyspace, x->db, x->argv[2], to, VALUE_SET);
    int result = set_add(&target, member);
    if (result < 0) {
        edit_cancel(&target);
        exec_no_memory(x);
        return;
    }
    edit_begin(&source, x->keyspace, x->db, x->argv[1], from, VALUE_SET);
    set_remove(&source, member);
    edit_end(&source);
    exec_notify(x, NOTIFY_SET, "srem", x->argv[1]);
    set_delete_empty(x, source.entry, x->argv[1]);
    if (result > 0)
        added(x, &target, x->argv[2], !to);
    else
        edit_cancel(&target);
    x->changes += 1 + result;
    reply_integer(x->reply, 1);
}

void run_smove(struct exec *x)
{
    bool ok = true;
    struct entry *from = exec_write(x, x->argv[1]), *to = exec_write(x, x->argv[2]);
    if (!from) {
        reply_integer(x->reply, 0);
        return;
    }
    ok = entry_type(from) == VALUE_SET && (!to || entry_type(to) == VALUE_SET);
    if (!ok)
        exec_wrong_type(x);
    else if (from == to || !set_has(from, x->argv[3]))
        reply_integer(x->reply, set_has(from, x->argv[3]));
    else
        move(x, from, to);
}

/* ---- asking ---- */

void run_scard(struct exec *x)
{
    bool ok;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_SET, &ok);
    if (ok) reply_integer(x->reply, e ? (int64_t)set_size(e) : 0);
}

void run_sismember(struct exec *x)
{
    bool ok;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_SET, &ok);
    if (ok) reply_integer(x->reply, e && set_has(e, x->argv[2]));
}

void run_smismember(struct exec *x)
{
    bool ok;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_SET, &ok);
    if (!ok) return;
    reply_array(x->reply, x->argc - 2);
    for (int i = 2; i < x->argc; i++) reply_integer(x->reply, e && set_has(e, x->argv[i]));
}

void set_reply_all(struct exec *x, const struct entry *e)
{
    struct set_walk w = {.index = 0};
    struct set_member member;
    reply_set(x->reply, e ? (int64_t)set_size(e) : 0);
    while (e && set_walk_next(e, &w, &member)) reply_bulk(x->reply, set_member_text(&member));
}

void run_smembers(struct exec *x)
{
    bool ok;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_SET, &ok);
    if (ok) set_reply_all(x, e);
}

void run_sscan(struct exec *x) { scan_collection(x, VALUE_SET, set_scan, false); }
