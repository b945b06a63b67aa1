/* list_pops.c: commands that take elements out of lists, at once or when there are some.
 *
 * Effects name what was done, not what was asked for: LMPOP and BLMPOP are logged as LPOP or RPOP with a count, BLPOP as
 * LPOP, BLMOVE as LMOVE.
 *
 * What is answered lies in the list: it is made sure first that taking it out cannot fail.
 */
#include "base/number.h"
#include "command/access.h"
#include "command/block.h"
#include "command/lists.h"
#include "command/notify.h"

static const char *pop_event(bool left) { return left ? "lpop" : "rpop"; }

/* ---- parts ---- */

/* LEFT or RIGHT. False: a syntax error, which was replied. */
static bool read_side(struct exec *x, int index, bool *left)
{
    *left = exec_is(x, index, "LEFT");
    if (*left || exec_is(x, index, "RIGHT")) return true;
    exec_syntax_error(x);
    return false;
}

/* Replies `count` elements from an end, that one first. */
static void reply_elements(struct exec *x, const struct entry *e, size_t count, bool left)
{
    struct quicklist_walk w;
    struct packed_digits digits;
    list_value_walk_begin(&w, e, left ? 0 : list_value_count(e) - 1, !left);
    for (; count > 0; count--, quicklist_walk_next(&w)) reply_bulk(x->reply, list_value_text(&w, &digits));
}

/* Answers with `count` elements from an end (there are so many), and takes them out. `before` is replied ahead of them. */
static bool pop(struct exec *x, struct slice key, struct entry *e, size_t count, bool left,
                void (*before)(struct exec *x, struct slice key, size_t count))
{
    struct edit edit;
    size_t index = left ? 0 : list_value_count(e) - count;
    list_edit(x, &edit, key, e);
    if (!list_value_prepare(&edit, index, count)) {
        list_edit_failed(x, &edit, key);
        return false;
    }
    if (before) before(x, key, count);
    reply_elements(x, edit.entry, count, left);
    list_value_remove(&edit, index, count);
    list_edited(x, &edit, key, (int64_t)count, pop_event(left));
    return true;
}

static void effect_pop(struct exec *x, struct slice key, bool left, size_t count)
{
    char digits[NUMBER_INT_MAX];
    struct slice words[3] = {slice_text(left ? "LPOP" : "RPOP"), key, {NULL, 0}};
    if (count > 0) words[2] = slice_of(digits, number_format_int(digits, (int64_t)count));
    exec_effect(x, count > 0 ? 3 : 2, words);
}

/* ---- LPOP, RPOP ---- */

static void before_many(struct exec *x, struct slice key, size_t count)
{
    (void)key;
    reply_array(x->reply, (int64_t)count);
}

static void pop_one_key(struct exec *x, bool left)
{
    bool ok, many = x->argc == 3;
    int64_t count = 1;
    if (x->argc > 3) {
        exec_arity_error(x);
        return;
    }
    if (many && !exec_int_within(x, 2, 0, INT64_MAX, &count, "ERR value is out of range, must be positive"))
        return;
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_LIST, &ok);
    if (!e && ok) {
        if (many)
            reply_null_array(x->reply);
        else
            reply_null(x->reply);
    }
    if (!e) return;
    if (count == 0) {
        reply_array(x->reply, 0);
        return;
    }
    size_t size = list_value_count(e), wanted = (uint64_t)count < size ? (size_t)count : size;
    pop(x, x->argv[1], e, wanted, left, many ? before_many : NULL);
}

void run_lpop(struct exec *x) { pop_one_key(x, true); }

void run_rpop(struct exec *x) { pop_one_key(x, false); }

/* ---- from the first of several keys that has something ---- */

/* The first of the keys that has elements. NULL when none has, or (*ok false) something else is there, which was replied. */
static struct entry *find_list(struct exec *x, int first, int64_t keys, struct slice *key, bool *ok)
{
    *ok = true;
    for (int64_t i = first; i < first + keys; i++) {
        if (!block_looks_at(x, x->argv[i])) continue;
        *key = x->argv[i];
        struct entry *e = exec_write_type(x, *key, VALUE_LIST, ok);
        if (e || !*ok) return e;
    }
    return NULL;
}

static void before_with_key(struct exec *x, struct slice key, size_t count)
{
    (void)count;
    reply_array(x->reply, 2);
    reply_bulk(x->reply, key);
}

static void before_many_with_key(struct exec *x, struct slice key, size_t count)
{
    before_with_key(x, key, count);
    reply_array(x->reply, (int64_t)count);
}

static void pop_or_wait(struct exec *x, bool left)
{
    bool ok;
    int keys = x->argc - 2;
    struct slice key;
    struct block_request wait = {.type = VALUE_LIST, .first = 1, .keys = keys};
    if (!block_read_timeout(x, x->argc - 1, &wait.timeout_ms)) return;
    struct entry *e = find_list(x, 1, keys, &key, &ok);
    if (e) {
        if (pop(x, key, e, 1, left, before_with_key)) effect_pop(x, key, left, 0);
    } else if (ok && !block_on(x, &wait)) {
        reply_null_array(x->reply);
    }
}

void run_blpop(struct exec *x) { pop_or_wait(x, true); }

void run_brpop(struct exec *x) { pop_or_wait(x, false); }

/* LMPOP and BLMPOP, whose number of keys is argument `at`. */
static void pop_many(struct exec *x, int at, struct block_request *wait)
{
    bool ok, left;
    int64_t keys, count = -1;
    struct slice key;
    if (!exec_int_within(x, at, 1, INT64_MAX, &keys, "ERR numkeys should be greater than 0")) return;
    if (keys >= x->argc - at - 1) {
        exec_syntax_error(x);
        return;
    }
    int side = at + 1 + (int)keys;
    if (!read_side(x, side, &left)) return;
    for (int i = side + 1; i < x->argc; i += 2) {
        if (count != -1 || !exec_is(x, i, "COUNT") || i + 1 == x->argc) {
            exec_syntax_error(x);
            return;
        }
        if (!exec_int_within(x, i + 1, 1, INT64_MAX, &count, "ERR count should be greater than 0")) return;
    }
    if (count == -1) count = 1;
    if (wait && !block_read_timeout(x, 1, &wait->timeout_ms)) return;
    struct entry *e = find_list(x, at + 1, keys, &key, &ok);
    if (e) {
        size_t size = list_value_count(e), wanted = (uint64_t)count < size ? (size_t)count : size;
        if (pop(x, key, e, wanted, left, before_many_with_key)) effect_pop(x, key, left, wanted);
        return;
    }
    if (!ok) return;
    if (wait) wait->keys = (int)keys;
    if (!wait || !block_on(x, wait)) reply_null_array(x->reply);
}

void run_lmpop(struct exec *x) { pop_many(x, 1, NULL); }

void run_blmpop(struct exec *x)
{
    struct block_request wait = {.type = VALUE_LIST, .first = 3};
    pop_many(x, 2, &wait);
}

/* ---- from one list to another ---- */

struct move {
    bool from_left, to_left;
    struct entry *from, *to; /* `to` NULL: to be made */
};

/* Between two lists: pushed first, so that there is nothing to undo when memory is out. */
static bool move_between(struct exec *x, const struct move *m)
{
    struct edit from, to;
    struct slice source = x->argv[1], target = x->argv[2];
    struct quicklist_walk w;
    struct packed_digits digits;
    size_t index = m->from_left ? 0 : list_value_count(m->from) - 1;
    list_edit(x, &from, source, m->from);
    if (!list_value_prepare(&from, index, 1)) {
        list_edit_failed(x, &from, source);
        return false;
    }
    list_value_walk_begin(&w, from.entry, index, false);
    struct slice value = list_value_text(&w, &digits);
    list_edit(x, &to, target, m->to);
    if (!list_value_push(&to, &value, 1, m->to_left)) {
        edit_cancel(&from);
        list_edit_failed(x, &to, target);
        return false;
    }
    reply_bulk(x->reply, value);
    if (!m->to) {
        access_created(x, to.entry);
        exec_notify(x, NOTIFY_NEW, "new", target);
    }
    list_edited(x, &to, target, 1, m->to_left ? "lpush" : "rpush");
    list_value_remove(&from, index, 1);
    list_edited(x, &from, source, 1, pop_event(m->from_left));
    x->changes--; /* it is one change */
    return true;
}

/* Within one list: the value would move while it is being pushed, so it is copied. */
static bool rotate(struct exec *x, const struct move *m)
{
    struct edit edit;
    struct bytes copy;
    struct quicklist_walk w;
    struct packed_digits digits;
    struct slice key = x->argv[1];
    size_t count = list_value_count(m->from), index = m->from_left ? 0 : count - 1;
    list_edit(x, &edit, key, m->from);
    bytes_init(&copy, x->memory);
    bool ok = list_value_prepare(&edit, index, 1);
    if (ok) {
        list_value_walk_begin(&w, edit.entry, index, false);
        ok = bytes_append_slice(&copy, list_value_text(&w, &digits));
    }
    struct slice value = bytes_slice(&copy);
    if (ok) ok = list_value_push(&edit, &value, 1, m->to_left);
    if (ok) {
        list_value_remove(&edit, index + m->to_left, 1);
        reply_bulk(x->reply, value);
        exec_notify(x, NOTIFY_LIST, m->to_left ? "lpush" : "rpush", key);
        list_edited(x, &edit, key, 1, pop_event(m->from_left));
    } else {
        list_edit_failed(x, &edit, key);
    }
    bytes_free(&copy);
    return ok;
}

/* Whether an element was moved. When there is none it waits or answers. */
static bool move_or_wait(struct exec *x, struct move *m, const struct block_request *wait)
{
    bool ok;
    m->from = exec_write_type(x, x->argv[1], VALUE_LIST, &ok);
    if (!ok) return false;
    if (!m->from) {
        if (!wait || !block_on(x, wait)) reply_null(x->reply);
        return false;
    }
    m->to = exec_write_type(x, x->argv[2], VALUE_LIST, &ok);
    if (!ok) return false;
    /* looking for the target may have deleted it, but not the source */
    return slice_equal(x->argv[1], x->argv[2]) ? rotate(x, m) : move_between(x, m);
}

void run_lmove(struct exec *x)
{
    struct move m;
    if (read_side(x, 3, &m.from_left) && read_side(x, 4, &m.to_left)) move_or_wait(x, &m, NULL);
}

void run_rpoplpush(struct exec *x)
{
    struct move m = {.from_left = false, .to_left = true};
    move_or_wait(x, &m, NULL);
}

void run_blmove(struct exec *x)
{
    struct move m;
    struct block_request wait = {.type = VALUE_LIST, .first = 1, .keys = 1};
    if (!read_side(x, 3, &m.from_left) || !read_side(x, 4, &m.to_left) ||
        !block_read_timeout(x, 5, &wait.timeout_ms))
        return;
    if (move_or_wait(x, &m, &wait))
        exec_effect_words(x, 5, slice_text("LMOVE"), x->argv[1], x->argv[2], x->argv[3], x->argv[4]);
}

void run_brpoplpush(struct exec *x)
{
    struct move m = {.from_left = false, .to_left = true};
    struct block_request wait = {.type = VALUE_LIST, .first = 1, .keys = 1};
    if (!block_read_timeout(x, 3, &wait.timeout_ms)) return;
    if (move_or_wait(x, &m, &wait)) exec_effect_words(x, 3, slice_text("RPOPLPUSH"), x->argv[1], x->argv[2]);
}
