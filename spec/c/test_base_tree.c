/* The ordered map: against a plain array of flags, with keys that come in order, against it and at random, and
 * under failing allocations. */
#include "base/tree.h"
#include "test.h"

#include "base/random.h"

enum { KEYS = 4000 };

struct model {
    struct memory memory;
    struct random random;
    struct tree tree;
    bool inside[KEYS];
    char items[KEYS];
    size_t count;
};

static void model_open(struct model *o, uint64_t seed)
{
    memset(o, 0, sizeof *o);
    memory_init(&o->memory);
    random_init(&o->random, seed, "tree");
}

/* Order must not depend on one of the halves alone. */
static struct tree_key key_of(size_t n) { return (struct tree_key){n / 7, n % 7 * (UINT64_MAX / 7)}; }

static bool model_insert(struct model *o, size_t n)
{
    if (!tree_insert(&o->tree, &o->memory, key_of(n), &o->items[n])) return false;
    o->inside[n] = true;
    o->count++;
    return true;
}

static bool model_remove(struct model *o, size_t n)
{
    void *item = tree_remove(&o->tree, &o->memory, key_of(n));
    bool was = o->inside[n];
    o->inside[n] = false;
    o->count -= was;
    return item == (was ? &o->items[n] : NULL);
}

static size_t cursor_number(const struct model *o, struct tree_cursor c)
{
    return tree_is_somewhere(c) ? (size_t)((char *)tree_cursor_item(c) - o->items) : KEYS;
}

/* The walk in both directions meets exactly what is inside, in order. */
static bool model_walks(const struct model *o)
{
    struct tree_cursor c = tree_first(&o->tree);
    for (size_t n = 0; n < KEYS; n++) {
        if (!o->inside[n]) continue;
        if (cursor_number(o, c) != n || tree_key_compare(tree_cursor_key(c), key_of(n)) != 0) return false;
        c = tree_next(c);
    }
    if (tree_is_somewhere(c)) return false;
    c = tree_last(&o->tree);
    for (size_t n = KEYS; n-- > 0;) {
        if (!o->inside[n]) continue;
        if (cursor_number(o, c) != n) return false;
        c = tree_prev(c);
    }
    return !tree_is_somewhere(c);
}

/* What is looked up around a key is what the flags say. */
static bool model_seeks(const struct model *o, size_t n)
{
    size_t above = n, below = n;
    while (above < KEYS && !o->inside[above]) above++;
    while (below > 0 && !o->inside[below]) below--;
    if (!o->inside[below]) below = KEYS;
    const void *found = tree_find(&o->tree, key_of(n));
    return cursor_number(o, tree_at_least(&o->tree, key_of(n))) == above &&
           cursor_number(o, tree_at_most(&o->tree, key_of(n))) == below &&
           found == (o->inside[n] ? &o->items[n] : NULL);
}

static bool model_valid(const struct model *o)
{
    return tree_check(&o->tree) && o->tree.size == o->count && o->tree.bytes == o->memory.used &&
           model_walks(o);
}

static void model_close(struct test *t_, struct model *o)
{
    tree_free(&o->tree, &o->memory);
    CHECK_EQ_INT(o->memory.used, 0);
    CHECK(tree_check(&o->tree));
}

TEST(empty)
{
    struct model o;
    model_open(&o, 1);
    CHECK(model_valid(&o));
    CHECK(model_seeks(&o, 5));
    CHECK(model_remove(&o, 5));
    CHECK_EQ_INT(o.memory.used, 0);
    model_close(t_, &o);
}

TEST(small_trees_are_small)
{
    struct model o;
    model_open(&o, 1);
    REQUIRE(model_insert(&o, 9) && model_insert(&o, 3));
    CHECK(o.memory.used <= 80);
    CHECK(model_valid(&o));
    CHECK(model_remove(&o, 3) && model_remove(&o, 9));
    CHECK_EQ_INT(o.memory.used, 0);
    model_close(t_, &o);
}

TEST(ascending_keys_leave_full_nodes)
{
    struct model o;
    model_open(&o, 1);
    for (size_t n = 0; n < KEYS; n++) REQUIRE(model_insert(&o, n));
    CHECK(model_valid(&o));
    CHECK(o.memory.used < KEYS * 28);
    for (size_t n = 0; n < KEYS; n++) REQUIRE(model_remove(&o, n));
    CHECK_EQ_INT(o.memory.used, 0);
    model_close(t_, &o);
}

TEST(descending_keys)
{
    struct model o;
    model_open(&o, 1);
    for (size_t n = KEYS; n-- > 0;) REQUIRE(model_insert(&o, n));
    CHECK(model_valid(&o));
    for (size_t n = 0; n < KEYS; n += 3) REQUIRE(model_seeks(&o, n));
    for (size_t n = KEYS; n-- > 0;) REQUIRE(model_remove(&o, n));
    CHECK_EQ_INT(o.memory.used, 0);
    model_close(t_, &o);
}

TEST(a_sparse_tree_gives_memory_back)
{
    struct model o;
    model_open(&o, 1);
    for (size_t n = 0; n < KEYS; n++) REQUIRE(model_insert(&o, n));
    for (size_t n = 0; n < KEYS; n++)
        if (n % 32 != 0) REQUIRE(model_remove(&o, n));
    CHECK(model_valid(&o));
    CHECK(o.memory.used < o.count * 120);
    model_close(t_, &o);
}

TEST(at_random)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct model o;
        model_open(&o, seed);
        size_t domain = seed % 4 == 0 ? 60 : KEYS;
        for (int step = 0; step < 6000; step++) {
            size_t n = random_below(&o.random, domain);
            bool fill = random_below(&o.random, 100) < (step / 1000 % 2 ? 25u : 75u);
            if (fill && !o.inside[n]) REQUIRE(model_insert(&o, n));
            if (!fill) REQUIRE(model_remove(&o, n));
            if (step % 50 == 0) REQUIRE(model_seeks(&o, random_below(&o.random, domain)));
            if (step % 400 == 0) REQUIRE(model_valid(&o));
        }
        CHECK(model_valid(&o));
        model_close(t_, &o);
    }
}

TEST(each_allocation_fails_in_turn)
{
    struct model o;
    model_open(&o, 3);
    for (int step = 0; step < 3000; step++) {
        size_t n = random_below(&o.random, KEYS);
        if (o.inside[n]) continue;
        bool done = false;
        for (int fail_after = 0; !done; fail_after++) {
            o.memory.fail_after = fail_after;
            done = model_insert(&o, n);
            o.memory.fail_after = -1;
            if (!done) REQUIRE(!tree_find(&o.tree, key_of(n)));
            if (!done) REQUIRE(tree_check(&o.tree) && o.tree.bytes == o.memory.used);
            REQUIRE(fail_after < 8);
        }
    }
    CHECK(model_valid(&o));
    for (size_t n = 0; n < KEYS; n++) {
        o.memory.fail_after = 0;
        REQUIRE(model_remove(&o, n));
    }
    CHECK(model_valid(&o));
    o.memory.fail_after = -1;
    model_close(t_, &o);
}

TEST_MAIN()
