/* list_value.c: see list_value.h. */
#include "store/list_value.h"

#include "store/digest.h"
#include "store/limits.h"

/* ---- reading ---- */

static const struct quicklist *large_of(const struct entry *e) { return value_large(e); }

size_t list_value_count(const struct entry *e)
{
    const struct quicklist *q = large_of(e);
    return q ? q->size : packed_count(value_compact(e).data);
}

void list_value_walk_begin(struct quicklist_walk *w, const struct entry *e, size_t index, bool backward)
{
    const struct quicklist *q = large_of(e);
    if (q) {
        quicklist_walk_begin(w, q, index, backward);
        return;
    }
    w->list = NULL;
    w->backward = backward;
    w->sequence = value_compact(e).data;
    w->at = packed_at(w->sequence, index < INT64_MAX ? (int64_t)index : INT64_MAX);
    if (!w->at) w->sequence = NULL;
}

/* ---- the class ---- */

static const char *list_encoding(const struct entry *e)
{
    (void)e;
    return "quicklist";
}

/* Elements are numbered: the digest of a list depends on their order. */
static struct digest list_digest(const struct entry *e)
{
    struct digest sum = {0, 0};
    struct quicklist_walk w;
    struct packed_digits digits;
    uint64_t number = 0;
    for (list_value_walk_begin(&w, e, 0, false); w.sequence; quicklist_walk_next(&w))
        digest_add(&sum, digest_with(digest_bytes(list_value_text(&w, &digits)), number++));
    return sum;
}

static const char *list_check(const struct entry *e)
{
    const char *what = NULL;
    struct slice compact = value_compact(e);
    if (compact.data) return packed_valid(compact.data, compact.size) ? NULL : "a short list is damaged";
    return quicklist_check(large_of(e), &what) ? NULL : what;
}

static bool list_free_some(struct memory *m, void *value, size_t budget)
{
    enum { NODE_WORTH = 8 }; /* freeing a node costs as much as so many elements of other types */
    return quicklist_free_some(m, value, budget / NODE_WORTH + 1);
}

static void *list_copy(struct memory *m, const void *value) { return quicklist_copy(m, value); }

static size_t list_memory(const void *value) { return quicklist_memory(value); }

const struct value_class list_class = {"list",           list_encoding,  list_digest, list_check,
                                       list_value_count, list_free_some, list_copy,   list_memory};

/* ---- the form ---- */

static struct quicklist *large_in(const struct edit *x) { return x->entry ? value_large(x->entry) : NULL; }

static struct quicklist_limit limit_of(const struct edit *x)
{
    return quicklist_limit_of(x->limits->list_listpack_size);
}

/* The list as a long one, whatever it was. NULL when memory is out. */
static struct quicklist *enlarge(struct edit *x)
{
    struct quicklist *q = large_in(x);
    if (q) return q;
    q = x->entry ? quicklist_of(x->memory, value_compact(x->entry).data) : quicklist_new(x->memory);
    if (!q || edit_enlarge(x, q)) return q;
    quicklist_free(x->memory, q);
    return NULL;
}

/* The sequence of a short list, or of one still to be made, with room for `extra` bytes more. NULL when memory is out. */
static char *make_room(struct edit *x, size_t extra)
{
    if (x->entry) return edit_resize(x, value_compact(x->entry).size + extra);
    char *p = edit_resize(x, PACKED_EMPTY + extra);
    if (p) packed_init(p);
    return p;
}

/* The bytes of a short list, to be changed. */
static char *bytes_of(struct edit *x) { return edit_resize(x, value_compact(x->entry).size); }

static bool stays_compact(const struct edit *x, size_t extra)
{
    size_t size = x->entry ? value_compact(x->entry).size : PACKED_EMPTY;
    return !large_in(x) && size + extra <= LIST_COMPACT_MAX;
}

static void shorten(struct edit *x, const char *sequence) { edit_resize(x, packed_bytes(sequence)); }

/* ---- changing ---- */

/* `*q` is the list when it is a long one, and when it has become one by this. */
static bool push_one(struct edit *x, struct quicklist **q, struct slice value, bool left)
{
    struct packed_item item = packed_item_of(value);
    if (!*q && stays_compact(x, item.size)) {
        char *p = make_room(x, item.size);
        if (p) packed_insert(p, left ? PACKED_EMPTY - 1 : packed_end(p), &item);
        return p != NULL;
    }
    struct quicklist_limit limit = limit_of(x);
    if (!*q) *q = enlarge(x);
    return *q && quicklist_push(*q, x->memory, &limit, &item, left);
}

bool list_value_push(struct edit *x, const struct slice *values, size_t count, bool left)
{
    struct quicklist *q = large_in(x);
    size_t nodes = q ? q->count : 0, pushed = 0;
    while (pushed < count && push_one(x, &q, values[pushed], left)) pushed++;
    if (pushed < count) {
        if (pushed > 0) list_value_remove(x, left ? 0 : list_value_count(x->entry) - pushed, pushed);
        return false;
    }
    if (q) quicklist_settle(q, x->memory, left, q->count - nodes);
    return true;
}

bool list_value_prepare(struct edit *x, size_t index, size_t count)
{
    struct quicklist *q = large_in(x);
    return !q || count == 0 || quicklist_prepare(q, x->memory, index, count);
}

bool list_value_remove(struct edit *x, size_t index, size_t count)
{
    struct quicklist *q = large_in(x);
    if (count == 0) return true;
    if (q) return quicklist_remove(q, x->memory, index, count);
    char *p = bytes_of(x);
    packed_remove(p, packed_at(p, (int64_t)index), count);
    shorten(x, p);
    return true;
}

bool list_value_keep(struct edit *x, size_t index, size_t count)
{
    struct quicklist *q = large_in(x);
    if (q) return quicklist_keep(q, x->memory, index, count);
    size_t after = index + count;
    return list_value_remove(x, after, list_value_count(x->entry) - after) && list_value_remove(x, 0, index);
}

bool list_value_replace(struct edit *x, size_t index, struct slice value)
{
    struct packed_item item = packed_item_of(value);
    if (stays_compact(x, item.size)) {
        char *p = make_room(x, item.size); /* more than enough: the old one goes */
        if (!p) return false;
        packed_replace(p, packed_at(p, (int64_t)index), &item);
        shorten(x, p);
        return true;
    }
    struct quicklist_limit limit = limit_of(x);
    struct quicklist *q = enlarge(x);
    return q && quicklist_replace(q, x->memory, &limit, index, &item);
}

bool list_value_insert(struct edit *x, size_t index, struct slice value)
{
    struct packed_item item = packed_item_of(value);
    if (index >= list_value_count(x->entry)) return list_value_push(x, &value, 1, false);
    if (stays_compact(x, item.size)) {
        char *p = make_room(x, item.size);
        if (p) packed_insert(p, packed_at(p, (int64_t)index), &item);
        return p != NULL;
    }
    struct quicklist_limit limit = limit_of(x);
    struct quicklist *q = enlarge(x);
    return q && quicklist_insert(q, x->memory, &limit, index, &item);
}

static size_t remove_equal_compact(char *p, const struct packed_item *item, size_t count, bool backward)
{
    size_t removed = 0, at = backward ? packed_last(p) : packed_first(p);
    while (at && removed < count) {
        size_t before = packed_prev(p, at);
        bool equal = packed_is(p, at, item);
        if (equal) {
            packed_remove(p, at, 1);
            removed++;
        }
        if (backward)
            at = before;
        else if (!equal)
            at = packed_next(p, at);
        else if (at == packed_end(p))
            at = 0;
    }
    return removed;
}

bool list_value_remove_equal(struct edit *x, struct slice value, size_t count, bool backward, size_t *removed)
{
    struct packed_item item = packed_item_of(value);
    struct quicklist *q = large_in(x);
    if (q) return quicklist_remove_equal(q, x->memory, &item, count, backward, removed);
    char *p = bytes_of(x);
    *removed = remove_equal_compact(p, &item, count, backward);
    shorten(x, p);
    return true;
}

bool list_value_append_sequence(struct edit *x, const char *sequence)
{
    size_t size = packed_bytes(sequence) - PACKED_EMPTY;
    if (size == 0) return true;
    if (stays_compact(x, size)) {
        char *p = make_room(x, size);
        if (p) packed_append_span(p, sequence, packed_first(sequence), size);
        return p != NULL;
    }
    struct quicklist *q = enlarge(x);
    return q && quicklist_append_sequence(q, x->memory, sequence);
}
