/* A large sorted set beside a plain sorted array: whatever is done to both, they agree. */
#include "store/zset.h"

#include <stdlib.h>

#include "base/random.h"
#include "test.h"

/* ---- the model ---- */

struct pair {
    int member;
    double score;
};

struct model {
    struct pair *pairs; /* in order */
    size_t count;
};

static struct slice name(char *text, int member)
{
    int size = snprintf(text, 300, "m%d", member);
    if (member % 97 == 0) { /* some are long */
        memset(text + size, 'x', (size_t)(290 - size));
        size = 290;
    }
    return slice_of(text, (size_t)size);
}

static int compare(struct pair a, struct pair b)
{
    char one[300], other[300];
    if (a.score != b.score) return a.score < b.score ? -1 : 1;
    return slice_compare(name(one, a.member), name(other, b.member));
}

static size_t model_rank(const struct model *m, struct pair p)
{
    size_t low = 0, high = m->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare(m->pairs[middle], p) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void model_add(struct model *m, struct pair p)
{
    size_t at = model_rank(m, p);
    memmove(m->pairs + at + 1, m->pairs + at, (m->count - at) * sizeof p);
    m->pairs[at] = p;
    m->count++;
}

static void model_remove(struct model *m, size_t at)
{
    m->count--;
    memmove(m->pairs + at, m->pairs + at + 1, (m->count - at) * sizeof *m->pairs);
}

/* ---- both ---- */

enum { MEMBERS = 20000 };

struct both {
    struct memory memory;
    struct zset *zset;
    struct model model;
    double scores[MEMBERS]; /* NAN-free; present or not is the set's to say */
    struct random random;
};

static const uint64_t hash_key[2] = {1, 2};

static void both_begin(struct both *b, const char *seed)
{
    memory_init(&b->memory);
    b->zset = zset_new(&b->memory, hash_key);
    b->model = (struct model){.pairs = malloc(MEMBERS * sizeof *b->model.pairs)};
    random_init(&b->random, 1, seed);
}

static void both_end(struct test *t_, struct both *b)
{
    zset_free(&b->memory, b->zset);
    free(b->model.pairs);
    CHECK_EQ_INT(b->memory.used, 0);
    free(b);
}

static void both_set(struct both *b, int member, double score)
{
    char text[300];
    struct slice s = name(text, member);
    struct order_item *item = zset_find(b->zset, s);
    if (item) {
        model_remove(&b->model, model_rank(&b->model, (struct pair){member, item->score}));
        zset_set_score(b->zset, item, score);
    } else {
        zset_add(b->zset, s, score);
    }
    model_add(&b->model, (struct pair){member, score});
}

static void both_remove(struct both *b, int member)
{
    char text[300];
    struct order_item *item = zset_find(b->zset, name(text, member));
    if (!item) return;
    model_remove(&b->model, model_rank(&b->model, (struct pair){member, item->score}));
    zset_remove(b->zset, item);
}

static bool same_item(const struct both *b, struct order_at at, size_t rank)
{
    char text[300];
    if (rank >= b->model.count) return at.leaf == NULL;
    struct pair p = b->model.pairs[rank];
    return at.leaf && order_get(at)->score == p.score &&
           slice_equal(order_member(order_get(at)), name(text, p.member));
}

static bool both_agree(struct test *t_, struct both *b)
{
    const char *what = NULL;
    if (!zset_check(b->zset, &what)) printf("#        %s\n", what);
    CHECK(!what);
    CHECK_EQ_INT(zset_size(b->zset), b->model.count);
    const struct order *o = &b->zset->order;
    struct order_at at = order_at_rank(o, 0);
    for (size_t i = 0; i < b->model.count; i++, at = order_next(at))
        if (!same_item(b, at, i)) break;
    CHECK(!at.leaf);
    size_t left = b->model.count;
    for (at = order_at_rank(o, left - 1); at.leaf && same_item(b, at, left - 1); at = order_previous(at))
        left--;
    CHECK_EQ_INT(left, 0);
    return !t_->failed;
}

/* Looks for bounds of every kind. */
static void both_seek(struct test *t_, struct both *b, double score)
{
    struct order_at at;
    size_t below = 0, up_to = 0;
    while (below < b->model.count && b->model.pairs[below].score < score) below++;
    for (up_to = below; up_to < b->model.count && b->model.pairs[up_to].score <= score;) up_to++;
    struct order_bound bound = {.score = score, .edge = -1};
    CHECK_EQ_INT(order_seek(&b->zset->order, &bound, &at), below);
    CHECK(same_item(b, at, below));
    bound.edge = 1;
    CHECK_EQ_INT(order_seek(&b->zset->order, &bound, &at), up_to);
    CHECK(same_item(b, at, up_to));
    if (b->model.count == 0) return;
    size_t rank = (size_t)random_below(&b->random, b->model.count);
    at = order_at_rank(&b->zset->order, rank);
    CHECK(same_item(b, at, rank));
    CHECK_EQ_INT(order_rank(&b->zset->order, order_get(at)), rank);
}

/* Grows, then shrinks to nothing; scores from a range of this size, so that there are many equal ones or few. */
static void wander(struct test *t_, uint64_t range, const char *seed)
{
    struct both *b = calloc(1, sizeof *b);
    both_begin(b, seed);
    for (int phase = 0; phase < 4 && !t_->failed; phase++) {
        bool grows = phase % 2 == 0;
        for (int i = 0; i < 12000; i++) {
            int member = (int)random_below(&b->random, MEMBERS);
            double score = (double)random_below(&b->random, range);
            if (random_below(&b->random, 4) == (grows ? 0 : 1))
                both_remove(b, member);
            else if (grows || random_below(&b->random, 3) == 0)
                both_set(b, member, score);
            else
                both_remove(b, member);
            if (i % 500 == 0) both_seek(t_, b, score);
            if (i % 3000 == 0) both_agree(t_, b);
        }
    }
    both_agree(t_, b);
    for (int member = 0; member < MEMBERS; member++) {
        both_remove(b, member);
        if (member % 3000 == 0) both_agree(t_, b);
    }
    CHECK_EQ_INT(zset_size(b->zset), 0);
    both_agree(t_, b);
    both_end(t_, b);
}

TEST(scores_that_are_mostly_different) { wander(t_, 1u << 30, "different"); }

TEST(scores_that_are_mostly_equal) { wander(t_, 4, "equal"); }

TEST(scores_all_equal) { wander(t_, 1, "one"); }

/* Ascending and descending insertion, small and large steps of scores, and removal from either end. */
TEST(in_order)
{
    struct both *b = calloc(1, sizeof *b);
    both_begin(b, "in order");
    for (int i = 0; i < 6000; i++) both_set(b, i, i);
    both_agree(t_, b);
    CHECK(b->zset->order.nodes_memory < 6000 * 17 + 4000); /* appending leaves full nodes */
    for (int i = 6000; i < 9000; i++) both_set(b, i, -i);
    both_agree(t_, b);
    for (int i = 0; i < 9000; i += 3) both_set(b, i, 9000.5 + i); /* to the end */
    for (int i = 1; i < 9000; i += 3) both_set(b, i, i + 1.25);   /* a little */
    both_agree(t_, b);
    for (size_t left = 9000; left > 0; left--) {
        struct order_at at = order_at_rank(&b->zset->order, left % 2 ? 0 : left - 1);
        model_remove(&b->model, left % 2 ? 0 : left - 1);
        zset_remove(b->zset, order_get(at));
        if (left % 1000 == 0) both_agree(t_, b);
    }
    both_end(t_, b);
}

TEST(random_insertion_fills_nodes)
{
    struct both *b = calloc(1, sizeof *b);
    both_begin(b, "filling");
    for (int i = 0; i < MEMBERS; i++) both_set(b, i, random_unit(&b->random));
    both_agree(t_, b);
    CHECK(b->zset->order.nodes_memory < (size_t)MEMBERS * 23);
    struct zset *copy = zset_copy(&b->memory, b->zset);
    REQUIRE(copy);
    const char *what = NULL;
    CHECK(zset_check(copy, &what));
    CHECK_EQ_INT(zset_size(copy), MEMBERS);
    CHECK(zset_memory(copy) <= zset_memory(b->zset));
    size_t before = b->memory.used;
    CHECK(zset_free_some(&b->memory, copy, 100)); /* in slices */
    while (zset_free_some(&b->memory, copy, 100)) {
        CHECK(before - b->memory.used < 100 * 400 + 100000);
        before = b->memory.used;
    }
    both_end(t_, b);
}

TEST(by_member_alone)
{
    struct both *b = calloc(1, sizeof *b);
    both_begin(b, "lexical");
    for (int i = 0; i < 5000; i++) both_set(b, i, 7);
    for (int i = 0; i < 500; i++) {
        char text[300];
        struct order_at at;
        int member = (int)random_below(&b->random, 6000);
        struct order_bound bound = {.lexical = true, .member = name(text, member)};
        size_t rank = model_rank(&b->model, (struct pair){member, 7});
        CHECK_EQ_INT(order_seek(&b->zset->order, &bound, &at), rank);
        CHECK(same_item(b, at, rank));
        bound.edge = 1;
        rank += member < 5000;
        CHECK_EQ_INT(order_seek(&b->zset->order, &bound, &at), rank);
        CHECK(same_item(b, at, rank));
    }
    both_end(t_, b);
}

/* Every allocation fails in turn, while it grows and while scores change: nothing has changed then. */
TEST(each_allocation_fails_in_turn)
{
    struct both *b = calloc(1, sizeof *b);
    int failures = 0;
    both_begin(b, "failures");
    for (int i = 0; i < 6000; i++) {
        char text[300];
        double score = (double)random_below(&b->random, 100000);
        struct slice s = name(text, i % 4000);
        for (int64_t fail_after = 0;; fail_after++) {
            struct order_item *item = zset_find(b->zset, s);
            size_t size = zset_size(b->zset);
            double old = item ? item->score : 0;
            b->memory.fail_after = fail_after;
            bool done = item ? zset_set_score(b->zset, item, score) : zset_add(b->zset, s, score) != NULL;
            bool failed = b->memory.fail_after < 0;
            b->memory.fail_after = -1;
            if (done) break;
            failures++;
            REQUIRE(failed);
            REQUIRE(zset_size(b->zset) == size);
            item = zset_find(b->zset, s);
            REQUIRE(item ? item->score == old : size == zset_size(b->zset));
        }
        const char *what = NULL;
        if (i % 500 == 0 && !zset_check(b->zset, &what)) printf("#        %s\n", what);
        REQUIRE(!what);
    }
    CHECK(failures > 4000);
    for (int fail_after = 0; fail_after < 300; fail_after += 7) {
        size_t used = b->memory.used;
        b->memory.fail_after = fail_after;
        struct zset *copy = zset_copy(&b->memory, b->zset); /* or not: a table may put growing off */
        b->memory.fail_after = -1;
        if (copy) zset_free(&b->memory, copy);
        CHECK_EQ_INT(b->memory.used, used);
    }
    both_end(t_, b);
}

TEST_MAIN()
