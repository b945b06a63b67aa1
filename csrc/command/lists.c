/* lists.c: commands on one list that put elements in, look at them or change them.
 *
 * The effect of all of these is the command as it was given.
 */
#include "command/lists.h"

#include "command/access.h"
#include "command/notify.h"

/* ---- edits ---- */

void list_edit(struct exec *x, struct edit *edit, struct slice key, struct entry *e)
{
    edit_begin(edit, x->keyspace, x->db, key, e, VALUE_LIST);
}

void list_edited(struct exec *x, struct edit *edit, struct slice key, int64_t changes, const char *event)
{
    if (changes == 0) {
        edit_cancel(edit);
        return;
    }
    edit_end(edit);
    x->changes += changes;
    if (event) exec_notify(x, NOTIFY_LIST, event, key);
    if (list_value_count(edit->entry) > 0) return;
    keyspace_delete(x->keyspace, x->db, key);
    exec_notify(x, NOTIFY_GENERIC, "del", key);
}

void list_edit_failed(struct exec *x, struct edit *edit, struct slice key)
{
    edit_cancel(edit);
    if (edit->entry && list_value_count(edit->entry) == 0) keyspace_delete(x->keyspace, x->db, key);
    exec_no_memory(x);
}

/* ---- pushing ---- */

static void push(struct exec *x, bool left, bool must_exist)
{
    bool ok;
    struct edit edit;
    struct slice key = x->argv[1];
    struct entry *e = exec_write_type(x, key, VALUE_LIST, &ok);
    if (!ok) return;
    if (!e && must_exist) {
        reply_integer(x->reply, 0);
        return;
    }
    list_edit(x, &edit, key, e);
    if (!list_value_push(&edit, x->argv + 2, (size_t)x->argc - 2, left)) {
        list_edit_failed(x, &edit, key);
        return;
    }
    if (!e) {
        access_created(x, edit.entry);
        exec_notify(x, NOTIFY_NEW, "new", key);
    }
    list_edited(x, &edit, key, x->argc - 2, left ? "lpush" : "rpush");
    reply_integer(x->reply, (int64_t)list_value_count(edit.entry));
}

void run_lpush(struct exec *x) { push(x, true, false); }

void run_rpush(struct exec *x) { push(x, false, false); }

void run_lpushx(struct exec *x) { push(x, true, true); }

void run_rpushx(struct exec *x) { push(x, false, true); }

/* ---- looking ---- */

void run_llen(struct exec *x)
{
    bool ok;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_LIST, &ok);
    if (ok) reply_integer(x->reply, e ? (int64_t)list_value_count(e) : 0);
}

/* An index from the end when negative, into one from the beginning. False: there is no such element. */
static bool find_index(int64_t index, size_t count, size_t *found)
{
    if (index < 0) index += (int64_t)count;
    *found = (size_t)index;
    return index >= 0 && (size_t)index < count;
}

void run_lindex(struct exec *x)
{
    bool ok;
    int64_t index;
    size_t at;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_LIST, &ok);
    if (!e) {
        if (ok) reply_null(x->reply);
        return;
    }
    if (!exec_int(x, 2, &index)) return;
    if (!find_index(index, list_value_count(e), &at)) {
        reply_null(x->reply);
        return;
    }
    struct quicklist_walk w;
    struct packed_digits digits;
    list_value_walk_begin(&w, e, at, false);
    reply_bulk(x->reply, list_value_text(&w, &digits));
}

/* A range of indexes, both ends in it, cut to what there is. */
struct span {
    size_t first, count;
};

static struct span span_of(int64_t start, int64_t stop, size_t count)
{
    int64_t n = (int64_t)count;
    if (start < 0) start += n;
    if (stop < 0) stop += n;
    if (start < 0) start = 0;
    if (stop >= n) stop = n - 1;
    if (start > stop || start >= n) return (struct span){0, 0};
    return (struct span){(size_t)start, (size_t)(stop - start) + 1};
}

void run_lrange(struct exec *x)
{
    bool ok;
    int64_t start, stop;
    if (!exec_int(x, 2, &start) || !exec_int(x, 3, &stop)) return;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_LIST, &ok);
    if (!ok) return;
    struct span span = e ? span_of(start, stop, list_value_count(e)) : (struct span){0, 0};
    reply_array(x->reply, (int64_t)span.count);
    if (span.count == 0) return;
    struct quicklist_walk w;
    struct packed_digits digits;
    list_value_walk_begin(&w, e, span.first, false);
    for (; span.count > 0; span.count--, quicklist_walk_next(&w))
        reply_bulk(x->reply, list_value_text(&w, &digits));
}

/* ---- LPOS ---- */

struct search {
    int64_t rank, count, most; /* count -1: not given; most 0: all of it */
};

static bool read_search(struct exec *x, struct search *s)
{
    *s = (struct search){.rank = 1, .count = -1};
    for (int i = 3; i < x->argc; i += 2) {
        bool more = i + 1 < x->argc;
        if (exec_is(x, i, "RANK") && more) {
            if (!exec_int(x, i + 1, &s->rank)) return false;
            if (s->rank == 0) {
                reply_error(x->reply,
                            "ERR RANK can't be zero: use 1 to start from the first match, 2 from the "
                            "second ... or use negative to start from the end of the list");
                return false;
            }
        } else if (exec_is(x, i, "COUNT") && more) {
            if (!exec_int_within(x, i + 1, 0, INT64_MAX, &s->count, "ERR COUNT can't be negative"))
                return false;
        } else if (exec_is(x, i, "MAXLEN") && more) {
            if (!exec_int_within(x, i + 1, 0, INT64_MAX, &s->most, "ERR MAXLEN can't be negative"))
                return false;
        } else {
            exec_syntax_error(x);
            return false;
        }
    }
    return true;
}

/* The next place of the value, counted from where the search began. False: there is none. */
static bool search_next(struct quicklist_walk *w, const struct packed_item *item, const struct search *s,
                        int64_t *at)
{
    for (; w->sequence && (s->most == 0 || *at < s->most); quicklist_walk_next(w), ++*at)
        if (packed_is(w->sequence, w->at, item)) return true;
    return false;
}

/* Twice over the list: first to count, since an answer begins with its length. */
static void reply_places(struct exec *x, const struct entry *e, const struct search *s)
{
    struct packed_item item = packed_item_of(x->argv[2]);
    bool backward = s->rank < 0;
    int64_t size = (int64_t)list_value_count(e), skip = (backward ? -(s->rank + 1) : s->rank - 1), found = 0;
    int64_t wanted = s->count > 0 ? s->count : s->count == 0 ? INT64_MAX : 1;
    if (s->rank == INT64_MIN) skip = 0; /* as in Redis, where its negation overflows */
    for (bool counting = s->count >= 0;; counting = false) {
        struct quicklist_walk w;
        int64_t at = 0, matches = 0;
        list_value_walk_begin(&w, e, backward ? (size_t)size - 1 : 0, backward);
        for (; matches - skip < wanted && search_next(&w, &item, s, &at); quicklist_walk_next(&w), at++)
            if (++matches > skip && !counting) reply_integer(x->reply, backward ? size - 1 - at : at);
        found = matches > skip ? matches - skip : 0;
        if (!counting) break;
        reply_array(x->reply, found);
    }
    if (s->count < 0 && found == 0) reply_null(x->reply);
}

void run_lpos(struct exec *x)
{
    bool ok;
    struct search s;
    if (!read_search(x, &s)) return;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_LIST, &ok);
    if (!ok) return;
    if (e)
        reply_places(x, e, &s);
    else if (s.count < 0)
        reply_null(x->reply);
    else
        reply_array(x->reply, 0);
}

/* ---- changing ---- */

void run_lset(struct exec *x)
{
    bool ok;
    int64_t index;
    size_t at;
    struct edit edit;
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_LIST, &ok);
    if (!e) {
        if (ok) reply_error(x->reply, "ERR no such key");
        return;
    }
    if (!exec_int(x, 2, &index)) return;
    if (!find_index(index, list_value_count(e), &at)) {
        reply_error(x->reply, "ERR index out of range");
        return;
    }
    list_edit(x, &edit, x->argv[1], e);
    if (!list_value_replace(&edit, at, x->argv[3])) {
        list_edit_failed(x, &edit, x->argv[1]);
        return;
    }
    list_edited(x, &edit, x->argv[1], 1, "lset");
    reply_ok(x->reply);
}

/* The index of the first element equal to a value. */
static bool find_value(const struct entry *e, struct slice value, size_t *index)
{
    struct quicklist_walk w;
    struct packed_item item = packed_item_of(value);
    *index = 0;
    for (list_value_walk_begin(&w, e, 0, false); w.sequence; quicklist_walk_next(&w), ++*index)
        if (packed_is(w.sequence, w.at, &item)) return true;
    return false;
}

void run_linsert(struct exec *x)
{
    bool ok, after = exec_is(x, 2, "AFTER");
    size_t index;
    struct edit edit;
    struct slice key = x->argv[1];
    if (!after && !exec_is(x, 2, "BEFORE")) {
        exec_syntax_error(x);
        return;
    }
    struct entry *e = exec_write_type(x, key, VALUE_LIST, &ok);
    if (!ok) return;
    if (!e || !find_value(e, x->argv[3], &index)) {
        reply_integer(x->reply, e ? -1 : 0);
        return;
    }
    list_edit(x, &edit, key, e);
    if (!list_value_insert(&edit, index + after, x->argv[4])) {
        list_edit_failed(x, &edit, key);
        return;
    }
    list_edited(x, &edit, key, 1, "linsert");
    reply_integer(x->reply, (int64_t)list_value_count(edit.entry));
}

void run_lrem(struct exec *x)
{
    bool ok;
    int64_t count;
    size_t removed;
    struct edit edit;
    struct slice key = x->argv[1];
    if (!exec_int(x, 2, &count)) return;
    struct entry *e = exec_write_type(x, key, VALUE_LIST, &ok);
    if (!e) {
        if (ok) reply_integer(x->reply, 0);
        return;
    }
    size_t most = count == 0 || count == INT64_MIN ? SIZE_MAX : (size_t)(count < 0 ? -count : count);
    list_edit(x, &edit, key, e);
    if (!list_value_remove_equal(&edit, x->argv[3], most, count < 0, &removed)) {
        list_edit_failed(x, &edit, key);
        return;
    }
    list_edited(x, &edit, key, (int64_t)removed, "lrem");
    reply_integer(x->reply, (int64_t)removed);
}

void run_ltrim(struct exec *x)
{
    bool ok;
    int64_t start, stop;
    struct edit edit;
    struct slice key = x->argv[1];
    if (!exec_int(x, 2, &start) || !exec_int(x, 3, &stop)) return;
    struct entry *e = exec_write_type(x, key, VALUE_LIST, &ok);
    if (!ok) return;
    if (e) {
        size_t count = list_value_count(e);
        struct span span = span_of(start, stop, count);
        list_edit(x, &edit, key, e);
        if (!list_value_keep(&edit, span.first, span.count)) {
            list_edit_failed(x, &edit, key);
            return;
        }
        if (span.count == count) exec_notify(x, NOTIFY_LIST, "ltrim", key); /* said even so */
        list_edited(x, &edit, key, (int64_t)(count - span.count), "ltrim");
        if (span.count == count) keyspace_touch(x->keyspace, x->db, key);
    }
    reply_ok(x->reply);
}
