/* zset_algebra.c: unions, intersections and differences of sorted sets and sets: ZUNION, ZINTER, ZDIFF, ZINTERCARD and the
 * forms that store.
 *
 * The result grows in a draft (store/edit.h), a large set whatever it becomes (a small one knows no -0), which is then
 * answered and thrown away, or made small if it may be, and published. Sources are taken
 * from the smallest to the largest, as in Redis: sums of scores depend on their order.
 */
#include <math.h>

#include "base/number.h"
#include "command/zsets.h"
#include "store/limits.h"
#include "store/set.h"

enum operation { OPERATION_UNION, OPERATION_INTER, OPERATION_DIFF };
enum aggregate { AGGREGATE_SUM, AGGREGATE_MIN, AGGREGATE_MAX };

struct source {
    struct entry *e; /* NULL: the key is absent */
    size_t size;
    double weight;
};

struct algebra {
    enum operation operation;
    enum aggregate aggregate;
    bool store, count_only, scores;
    struct source *sources;
    int count;     /* of sources */
    int64_t limit; /* ZINTERCARD: 0: none */
    struct edit draft;
};

/* ---- reading the call ---- */

static bool read_weights(struct exec *x, struct algebra *a, int first)
{
    for (int i = 0; i < a->count; i++) {
        if (number_parse_double(x->argv[first + i], &a->sources[i].weight)) continue;
        reply_error(x->reply, "ERR weight value is not a float");
        return false;
    }
    return true;
}

static bool read_aggregate(struct exec *x, struct algebra *a, int index)
{
    static const char *const words[] = {"SUM", "MIN", "MAX"};
    for (int i = 0; i < 3; i++) {
        if (!exec_is(x, index, words[i])) continue;
        a->aggregate = (enum aggregate)i;
        return true;
    }
    exec_syntax_error(x);
    return false;
}

/* Reads what follows the keys. False: an error, which was replied. */
static bool read_options(struct exec *x, struct algebra *a, int first)
{
    bool weighs = a->operation != OPERATION_DIFF && !a->count_only;
    for (int i = first; i < x->argc;) {
        int left = x->argc - i;
        if (weighs && left > a->count && exec_is(x, i, "WEIGHTS")) {
            if (!read_weights(x, a, i + 1)) return false;
            i += a->count + 1;
        } else if (weighs && left >= 2 && exec_is(x, i, "AGGREGATE")) {
            if (!read_aggregate(x, a, i + 1)) return false;
            i += 2;
        } else if (!a->store && !a->count_only && exec_is(x, i, "WITHSCORES")) {
            a->scores = true;
            i++;
        } else if (a->count_only && left >= 2 && exec_is(x, i, "LIMIT")) {
            if (!exec_int_within(x, i + 1, 0, INT64_MAX, &a->limit, "ERR LIMIT can't be negative"))
                return false;
            i += 2;
        } else {
            exec_syntax_error(x);
            return false;
        }
    }
    return true;
}

static size_t source_size(const struct entry *e)
{
    return entry_type(e) == VALUE_SET ? set_size(e) : zset_count(e);
}

/* Looks the keys up. False: one holds something else, which was replied. */
static bool read_sources(struct exec *x, struct algebra *a, int first)
{
    for (int i = 0; i < a->count; i++) {
        struct entry *e = exec_read(x, x->argv[first + i]);
        if (e && entry_type(e) != VALUE_ZSET && entry_type(e) != VALUE_SET) {
            exec_wrong_type(x);
            return false;
        }
        a->sources[i] = (struct source){e, e ? source_size(e) : 0, 1};
    }
    return true;
}

/* Sources of the same size stay in their order. */
static void sort_sources(struct algebra *a)
{
    for (int i = 1; i < a->count; i++) {
        struct source s = a->sources[i];
        int j = i;
        for (; j > 0 && a->sources[j - 1].size > s.size; j--) a->sources[j] = a->sources[j - 1];
        a->sources[j] = s;
    }
}

/* ---- walking over a source, whatever it is ---- */

struct source_walk {
    const struct entry *e;
    bool is_set, over;
    struct slice member;
    double score;
    struct zset_walk zset;
    struct set_walk set;
    struct set_member set_member;
};

static void source_show(struct source_walk *w)
{
    if (w->is_set) {
        w->over = !set_walk_next(w->e, &w->set, &w->set_member);
        if (!w->over) w->member = set_member_text(&w->set_member);
        w->score = 1;
        return;
    }
    w->over = w->zset.over;
    w->member = w->zset.member;
    w->score = w->zset.score;
}

static void source_begin(struct source_walk *w, const struct source *s)
{
    w->e = s->e;
    w->over = s->e == NULL;
    if (w->over) return;
    w->is_set = entry_type(w->e) == VALUE_SET;
    memset(&w->set, 0, sizeof w->set);
    if (!w->is_set) zset_walk_begin(&w->zset, w->e, 0, false);
    source_show(w);
}

static void source_next(struct source_walk *w)
{
    if (!w->is_set) zset_walk_next(&w->zset);
    source_show(w);
}

static bool source_find(const struct source *s, struct slice member, double *score)
{
    if (!s->e) return false;
    if (entry_type(s->e) == VALUE_SET) {
        *score = 1;
        return set_has(s->e, member);
    }
    struct zset_place place = zset_look_up(s->e, member);
    *score = place.score;
    return place.found;
}

/* ---- the operations: false when memory is out ---- */

static double weighed(const struct source *s, double score)
{
    double product = s->weight * score;
    return isnan(product) ? 0 : product;
}

static double aggregated(enum aggregate how, double a, double b)
{
    if (how == AGGREGATE_MIN) return b < a ? b : a;
    if (how == AGGREGATE_MAX) return b > a ? b : a;
    return isnan(a + b) ? 0 : a + b; /* inf - inf */
}

static bool unite(struct algebra *a)
{
    struct source_walk w;
    for (int i = 0; i < a->count; i++) {
        for (source_begin(&w, &a->sources[i]); !w.over; source_next(&w)) {
            double score = weighed(&a->sources[i], w.score);
            struct zset_place place = zset_look_up(a->draft.entry, w.member);
            if (place.found) score = aggregated(a->aggregate, place.score, score);
            if (!zset_put(&a->draft, &place, w.member, score)) return false;
        }
    }
    return true;
}

/* Whether all sources have an element of the first one, and its score in the intersection. */
static bool in_all(const struct algebra *a, struct slice member, double *score)
{
    double other;
    *score = weighed(&a->sources[0], *score);
    for (int i = 1; i < a->count; i++) {
        if (!source_find(&a->sources[i], member, &other)) return false;
        *score = aggregated(a->aggregate, *score, a->sources[i].weight * other);
    }
    return true;
}

/* *common counts the elements; ZINTERCARD keeps none of them. */
static bool intersect(struct algebra *a, int64_t *common)
{
    struct source_walk w;
    for (source_begin(&w, &a->sources[0]); !w.over; source_next(&w)) {
        double score = w.score;
        if (!in_all(a, w.member, &score)) continue;
        ++*common;
        if (a->count_only && a->limit > 0 && *common >= a->limit) break;
        struct zset_place none = zset_look_up(a->draft.entry, w.member);
        if (!a->count_only && !zset_put(&a->draft, &none, w.member, score)) return false;
    }
    return true;
}

static bool subtract(struct algebra *a)
{
    struct source_walk w;
    for (source_begin(&w, &a->sources[0]); !w.over; source_next(&w)) {
        double score;
        bool found = false;
        for (int i = 1; i < a->count && !found; i++) found = source_find(&a->sources[i], w.member, &score);
        if (found) continue;
        struct zset_place none = zset_look_up(a->draft.entry, w.member);
        if (!zset_put(&a->draft, &none, w.member, w.score)) return false;
    }
    return true;
}

/* ---- the commands ---- */

static void begin_draft(struct exec *x, struct edit *draft)
{
    edit_draft(draft, x->keyspace, x->argv[1], VALUE_ZSET, KEYSPACE_NO_TTL);
}

/* Puts a small set in the place of the draft, if the result may be one. False: memory is out. */
static bool make_small(struct exec *x, struct algebra *a)
{
    struct edit small;
    struct zset_walk w;
    size_t longest = 0;
    if (!a->draft.entry) return true;
    begin_draft(x, &small);
    const struct value_limits *limits = small.limits;
    if ((int64_t)zset_count(a->draft.entry) > limits->zset_listpack_entries) return true;
    for (zset_walk_begin(&w, a->draft.entry, 0, false); !w.over; zset_walk_next(&w))
        if (w.member.size > longest) longest = w.member.size;
    if ((int64_t)longest > limits->zset_listpack_value) return true;
    for (zset_walk_begin(&w, a->draft.entry, 0, false); !w.over; zset_walk_next(&w)) {
        struct zset_place none = {.found = false};
        if (zset_put(&small, &none, w.member, w.score)) continue;
        edit_discard(&small);
        return false;
    }
    edit_discard(&a->draft);
    a->draft = small;
    return true;
}

static void reply_draft(struct exec *x, const struct algebra *a)
{
    struct zset_walk w;
    const struct entry *e = a->draft.entry;
    zset_reply_header(x, e ? zset_count(e) : 0, a->scores);
    if (!e) return;
    for (zset_walk_begin(&w, e, 0, false); !w.over; zset_walk_next(&w)) zset_reply_element(x, &w, a->scores);
}

static void compute(struct exec *x, struct algebra *a)
{
    static const char *const events[] = {"zunionstore", "zinterstore", "zdiffstore"};
    static const struct value_limits all_large = {.zset_listpack_entries = 0};
    int64_t common = 0;
    bool done;
    if (a->operation != OPERATION_DIFF) sort_sources(a);
    begin_draft(x, &a->draft);
    a->draft.limits = &all_large;
    if (a->operation == OPERATION_UNION)
        done = unite(a);
    else
        done = a->operation == OPERATION_INTER ? intersect(a, &common) : subtract(a);
    if (done && a->store) done = make_small(x, a);
    if (done && a->store) {
        zset_publish(x, &a->draft, x->argv[1], events[a->operation]);
        return;
    }
    if (!done)
        exec_no_memory(x);
    else if (a->count_only)
        reply_integer(x->reply, common);
    else
        reply_draft(x, a);
    edit_discard(&a->draft);
}

static void algebra(struct exec *x, struct algebra *a)
{
    int64_t keys;
    int at = a->store ? 2 : 1;
    if (!exec_int(x, at, &keys)) return;
    if (keys < 1) {
        reply_error_format(x->reply, "ERR at least 1 input key is needed for '%s' command", x->command->name);
        return;
    }
    if (keys > x->argc - at - 1) {
        exec_syntax_error(x);
        return;
    }
    size_t size = (size_t)keys * sizeof *a->sources;
    a->count = (int)keys;
    a->sources = memory_alloc(x->memory, size);
    if (!a->sources)
        exec_no_memory(x);
    else if (read_sources(x, a, at + 1) && read_options(x, a, at + 1 + a->count))
        compute(x, a);
    memory_free(x->memory, a->sources, size);
}

void run_zunion(struct exec *x) { algebra(x, &(struct algebra){.operation = OPERATION_UNION}); }

void run_zinter(struct exec *x) { algebra(x, &(struct algebra){.operation = OPERATION_INTER}); }

void run_zdiff(struct exec *x) { algebra(x, &(struct algebra){.operation = OPERATION_DIFF}); }

void run_zintercard(struct exec *x)
{
    algebra(x, &(struct algebra){.operation = OPERATION_INTER, .count_only = true});
}

void run_zunionstore(struct exec *x)
{
    algebra(x, &(struct algebra){.operation = OPERATION_UNION, .store = true});
}

void run_zinterstore(struct exec *x)
{
    algebra(x, &(struct algebra){.operation = OPERATION_INTER, .store = true});
}

void run_zdiffstore(struct exec *x)
{
    algebra(x, &(struct algebra){.operation = OPERATION_DIFF, .store = true});
}
