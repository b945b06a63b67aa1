/* zset_value.c: see zset_value.h.
 *
 * In a small set a score is kept as an integer if it is one (up to 2^62, as in Redis), else as its shortest text. Searching it is a walk over all
 * of it.
 */
#include "store/zset_value.h"

#include "base/number.h"
#include "store/digest.h"
#include "store/limits.h"

static const struct zset *const_large(const struct entry *e) { return value_large(e); }

static const char *packed_of(const struct entry *e) { return value_compact(e).data; }

/* ---- elements of a small set; `at` is the member's offset ---- */

static double score_at(const char *p, size_t at)
{
    double score = 0;
    struct packed_value v = packed_get(p, packed_next(p, at));
    if (!v.text.data) return (double)v.integer;
    number_parse_double(v.text, &score);
    return score;
}

static size_t pair_next(const char *p, size_t at)
{
    at = packed_next(p, at);
    return at ? packed_next(p, at) : 0;
}

static size_t pair_previous(const char *p, size_t at)
{
    at = packed_prev(p, at);
    return at ? packed_prev(p, at) : 0;
}

static int compare_member(const char *p, size_t at, struct slice member)
{
    struct packed_digits digits;
    return slice_compare(packed_text(p, at, &digits), member);
}

/* A score on its way into a small set; the text lives in `text`. */
static struct packed_item score_item(double score, char text[NUMBER_DOUBLE_MAX])
{
    if (score >= -0x1p62 && score <= 0x1p62 && score == (double)(int64_t)score)
        return packed_item_of_integer((int64_t)score);
    return packed_item_of(slice_of(text, number_format_double(text, score)));
}

/* ---- reading ---- */

size_t zset_count(const struct entry *e)
{
    const struct zset *z = const_large(e);
    return z ? zset_size(z) : packed_count(packed_of(e)) / 2;
}

struct zset_place zset_look_up(const struct entry *e, struct slice member)
{
    struct zset_place place = {0};
    if (!e) return place;
    const struct zset *z = const_large(e);
    if (z) {
        place.item = zset_find_hashed(z, member, &place.hash);
        place.found = place.item != NULL;
        if (place.found) place.score = place.item->score;
        return place;
    }
    const char *p = packed_of(e);
    struct packed_item item = packed_item_of(member);
    place.at = packed_find(p, packed_first(p), &item, 2);
    place.found = place.at != 0;
    if (place.found) place.score = score_at(p, place.at);
    return place;
}

size_t zset_rank(const struct entry *e, const struct zset_place *place)
{
    const struct zset *z = const_large(e);
    if (z) return order_rank(&z->order, place->item);
    const char *p = packed_of(e);
    size_t rank = 0;
    for (size_t at = packed_first(p); at < place->at; at = pair_next(p, at)) rank++;
    return rank;
}

/* ---- walking ---- */

static void show(struct zset_walk *w)
{
    w->over = w->packed ? w->at == 0 : w->place.leaf == NULL;
    if (w->over) return;
    if (w->packed) {
        w->member = packed_text(w->packed, w->at, &w->digits);
        w->score = score_at(w->packed, w->at);
    } else {
        const struct order_item *item = order_get(w->place);
        w->member = order_member(item);
        w->score = item->score;
    }
}

void zset_walk_begin(struct zset_walk *w, const struct entry *e, size_t rank, bool backward)
{
    const struct zset *z = const_large(e);
    w->backward = backward;
    w->packed = z ? NULL : packed_of(e);
    w->place = z ? order_at_rank(&z->order, rank) : (struct order_at){NULL, 0};
    if (w->packed) w->at = rank < PACKED_BYTES_MAX ? packed_at(w->packed, 2 * (int64_t)rank) : 0;
    show(w);
}

void zset_walk_next(struct zset_walk *w)
{
    if (w->packed)
        w->at = w->backward ? pair_previous(w->packed, w->at) : pair_next(w->packed, w->at);
    else
        w->place = w->backward ? order_previous(w->place) : order_next(w->place);
    show(w);
}

/* ---- ranges ---- */

/* Whether an element of a small set is before the range begins, or has not passed its end. */
static bool before_min(const struct zset_range *r, const char *p, size_t at)
{
    if (!r->lexical) {
        double score = score_at(p, at);
        return r->min.exclusive ? score <= r->min.score : score < r->min.score;
    }
    if (r->min.infinite) return r->min.infinite > 0;
    int order = compare_member(p, at, r->min.member);
    return r->min.exclusive ? order <= 0 : order < 0;
}

static bool before_end(const struct zset_range *r, const char *p, size_t at)
{
    if (!r->lexical) {
        double score = score_at(p, at);
        return r->max.exclusive ? score < r->max.score : score <= r->max.score;
    }
    if (r->max.infinite) return r->max.infinite > 0;
    int order = compare_member(p, at, r->max.member);
    return r->max.exclusive ? order < 0 : order <= 0;
}

static struct zset_ranks find_in_packed(const char *p, const struct zset_range *r)
{
    struct zset_ranks ranks = {0, 0};
    size_t at = packed_first(p), last = packed_last(p);
    /* where scores differ, members are in no order: as Redis, only a set that reaches into the range is looked at */
    if (r->lexical && last && (before_min(r, p, packed_prev(p, last)) || !before_end(r, p, at))) return ranks;
    for (; at && before_min(r, p, at); at = pair_next(p, at)) ranks.first++;
    for (; at && before_end(r, p, at); at = pair_next(p, at)) ranks.count++;
    return ranks;
}

/* How many elements are before a bound; `after`: before or at it. */
static size_t seek(const struct order *o, const struct zset_bound *b, bool lexical, bool after)
{
    struct order_bound bound = {.score = b->score, .member = b->member, .lexical = lexical};
    if (lexical && b->infinite) return b->infinite < 0 ? 0 : o->size;
    bound.edge = lexical ? (after ? 1 : 0) : (after ? 1 : -1);
    return order_seek(o, &bound, NULL);
}

struct zset_ranks zset_find_range(const struct entry *e, const struct zset_range *r)
{
    const struct zset *z = const_large(e);
    if (!z) return find_in_packed(packed_of(e), r);
    size_t first = seek(&z->order, &r->min, r->lexical, r->min.exclusive);
    size_t end = seek(&z->order, &r->max, r->lexical, !r->max.exclusive);
    return (struct zset_ranks){first, end > first ? end - first : 0};
}

/* ---- scanning ---- */

struct scan {
    void (*visit)(void *context, struct slice member, struct slice score);
    void *context;
};

static void scan_visit(void *context, void *item)
{
    const struct scan *s = context;
    char text[NUMBER_DOUBLE_MAX];
    size_t size = number_format_score(text, ((struct order_item *)item)->score);
    s->visit(s->context, order_member(item), slice_of(text, size));
}

uint64_t zset_scan(const struct entry *e, uint64_t cursor,
                   void (*visit)(void *context, struct slice member, struct slice score), void *context)
{
    const struct zset *z = const_large(e);
    if (z) {
        struct scan s = {visit, context};
        return dict_scan((struct dict *)&z->members, cursor, scan_visit, &s);
    }
    const char *p = packed_of(e);
    for (size_t at = packed_first(p); at; at = pair_next(p, at)) {
        char text[NUMBER_DOUBLE_MAX];
        struct packed_digits member, digits;
        struct packed_value v = packed_get(p, packed_next(p, at));
        struct slice score = packed_text(p, packed_next(p, at), &digits);
        if (v.text.data) score = slice_of(text, number_format_score(text, score_at(p, at)));
        visit(context, packed_text(p, at, &member), score);
    }
    return 0;
}

/* ---- the class ---- */

static const char *zset_encoding(const struct entry *e) { return const_large(e) ? "skiplist" : "listpack"; }

static struct digest zset_digest(const struct entry *e)
{
    struct digest sum = {0, 0};
    struct zset_walk w;
    for (zset_walk_begin(&w, e, 0, false); !w.over; zset_walk_next(&w)) {
        double score = w.score == 0 ? 0 : w.score; /* a small set has no -0 */
        uint64_t bits;
        memcpy(&bits, &score, sizeof bits);
        digest_add(&sum, digest_with(digest_bytes(w.member), bits));
    }
    return sum;
}

static const char *check_packed(const char *p)
{
    struct packed_digits digits;
    double before = 0;
    for (size_t at = packed_first(p), previous = 0; at; previous = at, at = pair_next(p, at)) {
        double score = score_at(p, at);
        if (previous && (score < before ||
                         (score == before && compare_member(p, previous, packed_text(p, at, &digits)) >= 0)))
            return "a small sorted set is out of order";
        before = score;
    }
    return NULL;
}

static const char *zset_class_check(const struct entry *e)
{
    const char *what = NULL;
    const struct zset *z = const_large(e);
    if (z) return zset_check(z, &what) ? NULL : what;
    struct slice compact = value_compact(e);
    if (!packed_valid(compact.data, compact.size) || packed_count(compact.data) % 2 != 0)
        return "a small sorted set is damaged";
    return check_packed(compact.data);
}

static bool zset_class_free_some(struct memory *m, void *value, size_t budget)
{
    return zset_free_some(m, value, budget);
}

static void *zset_class_copy(struct memory *m, const void *value) { return zset_copy(m, value); }

static size_t zset_class_memory(const void *value) { return zset_memory(value); }

const struct value_class zset_class = {"zset",     zset_encoding,        zset_digest,     zset_class_check,
                                       zset_count, zset_class_free_some, zset_class_copy, zset_class_memory};

/* ---- the form ---- */

static struct zset *large_in(const struct edit *x) { return x->entry ? value_large(x->entry) : NULL; }

/* A large set with the elements of a small one. NULL when memory is out. */
static struct zset *large_from(struct edit *x)
{
    struct zset *z = zset_new(x->memory, edit_hash_key(x));
    if (!z || !x->entry) return z;
    struct zset_walk w;
    for (zset_walk_begin(&w, x->entry, 0, false); !w.over; zset_walk_next(&w)) {
        if (zset_add(z, w.member, w.score)) continue;
        zset_free(x->memory, z);
        return NULL;
    }
    return z;
}

static struct zset *enlarge(struct edit *x)
{
    struct zset *z = large_in(x);
    if (z) return z;
    z = large_from(x);
    if (!z || edit_enlarge(x, z)) return z;
    zset_free(x->memory, z);
    return NULL;
}

static bool stays_small(const struct edit *x, size_t members, size_t longest)
{
    return (int64_t)members <= x->limits->zset_listpack_entries &&
           (int64_t)longest <= x->limits->zset_listpack_value;
}

/* ---- changing a small set ---- */

/* Where (score, member) belongs: the offset of the first element that is not before it, or the end. */
static size_t packed_place(const char *p, double score, struct slice member)
{
    size_t at = packed_first(p);
    for (; at; at = pair_next(p, at)) {
        double other = score_at(p, at);
        if (other > score || (other == score && compare_member(p, at, member) > 0)) return at;
    }
    return packed_end(p);
}

static bool put_small(struct edit *x, const struct zset_place *place, struct slice member, double score)
{
    char text[NUMBER_DOUBLE_MAX];
    struct packed_item items[2] = {packed_item_of(member), score_item(score, text)};
    size_t added = items[0].size + items[1].size;
    size_t size = x->entry ? value_compact(x->entry).size : PACKED_EMPTY;
    char *p = edit_resize(x, size + added); /* an old element goes afterwards: more than enough */
    if (!p) return false;
    if (size == PACKED_EMPTY) packed_init(p);
    if (place->found) packed_remove(p, place->at, 2);
    packed_splice(p, packed_place(p, score, member), 0, items, 2);
    edit_resize(x, packed_bytes(p));
    return true;
}

static void take_small(struct edit *x, size_t at, size_t count)
{
    char *p = edit_resize(x, value_compact(x->entry).size);
    packed_remove(p, at, 2 * count);
    edit_resize(x, packed_bytes(p));
}

/* ---- changing ---- */

bool zset_put(struct edit *x, const struct zset_place *place, struct slice member, double score)
{
    struct zset *z = large_in(x);
    bool was_small = !z;
    if (was_small) {
        size_t count = x->entry ? zset_count(x->entry) : 0;
        if (place->found || stays_small(x, count + 1, member.size)) return put_small(x, place, member, score);
        z = enlarge(x);
        if (!z) return false;
    }
    if (place->found) return zset_set_score(z, place->item, score);
    return was_small ? zset_add(z, member, score) != NULL
                     : zset_add_hashed(z, member, place->hash, score) != NULL;
}

void zset_take(struct edit *x, const struct zset_place *place)
{
    struct zset *z = large_in(x);
    if (z)
        zset_remove(z, place->item);
    else
        take_small(x, place->at, 1);
}

void zset_take_ranks(struct edit *x, struct zset_ranks ranks)
{
    struct zset *z = large_in(x);
    if (ranks.count == 0) return;
    if (!z) {
        const char *p = packed_of(x->entry);
        take_small(x, packed_at(p, 2 * (int64_t)ranks.first), ranks.count);
        return;
    }
    for (; ranks.count > 0; ranks.count--) zset_remove(z, order_get(order_at_rank(&z->order, ranks.first)));
}
