/* The table: against a plain array of flags, through growth and shrinkage, under failing allocations; and the
 * promises of SCAN. */
#include "base/dict.h"
#include "test.h"

#include <stdlib.h>

struct entry {
    size_t number;
    char text[16];
    uint8_t size;
    bool inside;
    bool before;   /* inside when the scan began, and ever since */
    unsigned seen; /* how often the scan has visited it */
};

static struct slice entry_key(const void *entry)
{
    const struct entry *e = entry;
    return slice_of(e->text, e->size);
}

static const struct dict_type type = {entry_key};

struct table {
    struct memory memory;
    struct random random;
    struct dict dict;
    size_t count;
    struct entry *entries;
};

static void table_open(struct table *t, size_t count, uint64_t seed)
{
    memory_init(&t->memory);
    random_init(&t->random, seed, "dict");
    uint64_t key[2] = {random_next(&t->random), random_next(&t->random)};
    dict_init(&t->dict, &t->memory, &type, key);
    t->count = count;
    t->entries = calloc(count, sizeof *t->entries);
    for (size_t i = 0; i < count; i++) {
        t->entries[i].number = i;
        t->entries[i].size = (uint8_t)snprintf(t->entries[i].text, sizeof t->entries[i].text, "key:%zu", i);
    }
}

static void table_close(struct table *t)
{
    dict_free(&t->dict);
    free(t->entries);
}

static struct entry *table_any(struct table *t) { return &t->entries[random_below(&t->random, t->count)]; }

static bool table_insert(struct table *t, struct entry *e)
{
    if (!dict_insert(&t->dict, e)) return false;
    e->inside = true;
    return true;
}

static bool table_remove(struct table *t, struct entry *e)
{
    if (dict_remove(&t->dict, entry_key(e)) != e) return false;
    e->inside = e->before = false;
    return true;
}

static void count_visit(void *context, void *entry)
{
    (void)context;
    ((struct entry *)entry)->seen++;
}

/* Everything is found that is inside, nothing else is, and a scan visits each exactly once. */
static bool table_valid(struct table *t)
{
    size_t inside = 0;
    for (size_t i = 0; i < t->count; i++) t->entries[i].seen = 0;
    uint64_t cursor = 0;
    do cursor = dict_scan(&t->dict, cursor, count_visit, NULL);
    while (cursor != 0);
    for (size_t i = 0; i < t->count; i++) {
        struct entry *e = &t->entries[i];
        inside += e->inside;
        if (dict_find(&t->dict, entry_key(e)) != (e->inside ? e : NULL)) return false;
        if (e->seen != e->inside) return false;
    }
    return t->dict.size == inside && t->memory.used == dict_overhead(&t->dict);
}

TEST(empty)
{
    struct table t;
    table_open(&t, 1, 1);
    CHECK(dict_find(&t.dict, slice_text("x")) == NULL);
    CHECK(dict_find_hashed(&t.dict, slice_text("x"), 1) == NULL);
    CHECK(dict_remove(&t.dict, slice_text("x")) == NULL);
    CHECK(dict_random(&t.dict, &t.random) == NULL);
    CHECK_EQ_INT(dict_scan(&t.dict, 0, count_visit, NULL), 0);
    CHECK_EQ_INT(dict_scan(&t.dict, 77, count_visit, NULL), 0);
    CHECK_EQ_INT(dict_overhead(&t.dict), 0);
    dict_prefetch(&t.dict, 1, true);
    CHECK_EQ_INT(t.memory.used, 0);
    table_close(&t);
}

TEST(small_tables_are_small)
{
    struct table t;
    table_open(&t, 4, 1);
    for (size_t i = 0; i < 4; i++) REQUIRE(table_insert(&t, &t.entries[i]));
    CHECK(t.memory.used <= 192);
    CHECK(table_valid(&t));
    table_close(&t);
    CHECK_EQ_INT(t.memory.used, 0);
}

TEST(the_empty_key)
{
    struct table t;
    table_open(&t, 2, 1);
    t.entries[0].size = 0;
    REQUIRE(table_insert(&t, &t.entries[0]));
    CHECK(dict_find(&t.dict, slice_of(NULL, 0)) == &t.entries[0]);
    CHECK(dict_remove(&t.dict, slice_of(NULL, 0)) == &t.entries[0]);
    table_close(&t);
}

TEST(grows_and_shrinks_with_its_entries)
{
    struct table t;
    table_open(&t, 100000, 1);
    size_t sizes[3] = {0};
    for (size_t i = 0; i < t.count; i++) {
        REQUIRE(table_insert(&t, &t.entries[i]));
        if (i % 9973 == 0 || i < 100) REQUIRE(table_valid(&t));
    }
    CHECK(dict_overhead(&t.dict) < t.count * 18);
    sizes[0] = dict_overhead(&t.dict);
    for (size_t i = 0; i < t.count; i++) {
        REQUIRE(table_remove(&t, &t.entries[i]));
        if (i % 9973 == 0 || i > t.count - 100) REQUIRE(table_valid(&t));
        if (i == t.count * 3 / 4) sizes[1] = dict_overhead(&t.dict);
    }
    sizes[2] = dict_overhead(&t.dict);
    CHECK(sizes[1] < sizes[0] * 6 / 10);
    CHECK(sizes[2] < 2048);
    table_close(&t);
    CHECK_EQ_INT(t.memory.used, 0);
}

TEST(random_operations)
{
    struct table t;
    table_open(&t, 20000, 2);
    for (int step = 0; step < 200000; step++) {
        struct entry *e = table_any(&t);
        bool growing = step / 40000 % 2 == 0;
        switch (random_below(&t.random, 4)) {
        case 0: REQUIRE(dict_find(&t.dict, entry_key(e)) == (e->inside ? e : NULL)); break;
        case 1:
            if (e->inside)
                REQUIRE(table_remove(&t, e));
            else
                REQUIRE(dict_remove(&t.dict, entry_key(e)) == NULL);
            break;
        default:
            if (growing && !e->inside) REQUIRE(table_insert(&t, e));
            if (!growing && e->inside) REQUIRE(table_remove(&t, e));
        }
        if (step % 10007 == 0) REQUIRE(table_valid(&t));
    }
    REQUIRE(table_valid(&t));
    table_close(&t);
    CHECK_EQ_INT(t.memory.used, 0);
}

/* Keys whose hashes agree in more bits than tables have: long chains. */
TEST(colliding_hashes)
{
    struct table t;
    table_open(&t, 200, 3);
    for (size_t i = 0; i < t.count; i++) {
        REQUIRE(dict_insert_hashed(&t.dict, &t.entries[i],
                                   0)); /* before any split, so that no hash is asked for */
        t.dict.scanning = 1;
    }
    for (size_t i = 0; i < t.count; i++) {
        struct slice key = entry_key(&t.entries[(i * 77) % t.count]);
        REQUIRE(dict_find_hashed(&t.dict, key, 0) == &t.entries[(i * 77) % t.count]);
        REQUIRE(dict_remove_hashed(&t.dict, key, 0) == &t.entries[(i * 77) % t.count]);
        REQUIRE(dict_find_hashed(&t.dict, key, 0) == NULL);
        for (size_t j = i + 1; j < t.count && i % 20 == 0; j++) {
            struct entry *other = &t.entries[(j * 77) % t.count];
            REQUIRE(dict_find_hashed(&t.dict, entry_key(other), 0) == other);
        }
    }
    CHECK_EQ_INT(t.dict.overflows, 0);
    t.dict.scanning = 0;
    table_close(&t);
    CHECK_EQ_INT(t.memory.used, 0);
}

TEST(replace)
{
    struct table t;
    table_open(&t, 5000, 4);
    struct entry *copies = malloc(t.count * sizeof *copies);
    for (size_t i = 0; i < t.count; i++) REQUIRE(table_insert(&t, &t.entries[i]));
    for (size_t i = 0; i < t.count; i++) {
        copies[i] = t.entries[i];
        struct slice key = entry_key(&t.entries[i]);
        dict_replace(&t.dict, key, dict_hash(&t.dict, key), &t.entries[i], &copies[i]);
    }
    struct entry *originals = t.entries;
    t.entries = copies;
    CHECK(table_valid(&t));
    free(originals);
    table_close(&t);
}

TEST(random_entries_are_about_fair)
{
    struct table t;
    table_open(&t, 1000, 5);
    for (size_t i = 0; i < t.count; i++) REQUIRE(table_insert(&t, &t.entries[i]));
    for (int i = 0; i < 400000; i++) {
        struct entry *e = dict_random(&t.dict, &t.random);
        REQUIRE(e && e->inside);
        e->seen++;
    }
    for (size_t i = 0; i < t.count; i++) CHECK(t.entries[i].seen > 150 && t.entries[i].seen < 600);
    for (size_t i = 1; i < t.count; i++) REQUIRE(table_remove(&t, &t.entries[i]));
    for (int i = 0; i < 100; i++) CHECK(dict_random(&t.dict, &t.random) == &t.entries[0]);
    table_close(&t);
}

TEST(random_in_a_table_that_could_not_shrink)
{
    struct table t;
    table_open(&t, 5000, 5);
    for (size_t i = 0; i < t.count; i++) REQUIRE(table_insert(&t, &t.entries[i]));
    t.dict.scanning = 1;
    for (size_t i = 1; i < t.count; i++) REQUIRE(table_remove(&t, &t.entries[i]));
    t.dict.scanning = 0;
    for (int i = 0; i < 20; i++) CHECK(dict_random(&t.dict, &t.random) == &t.entries[0]);
    table_close(&t);
}

/* ---- scans ---- */

/* Inserts and removes at random, more of the one or the other. */
static bool churn(struct table *t, int steps, bool growing)
{
    for (int i = 0; i < steps; i++) {
        struct entry *e = table_any(t);
        bool insert = random_below(&t->random, 10) < (growing ? 9 : 1);
        if (insert && !e->inside && !table_insert(t, e)) return false;
        if (!insert && e->inside && !table_remove(t, e)) return false;
    }
    return true;
}

struct scan {
    struct table *table;
    uint64_t cursor;
    bool wrong;
};

static void scan_visit(void *context, void *entry)
{
    struct scan *s = context;
    struct entry *e = entry;
    if (!e->inside || e->number >= s->table->count) s->wrong = true;
    e->seen++;
}

/* An entry that was there all the time has been visited exactly when the cursor has passed it. */
static bool passed_agrees(struct table *t, uint64_t cursor)
{
    for (size_t i = 0; i < t->count; i++) {
        struct entry *e = &t->entries[i];
        uint64_t hash = dict_hash(&t->dict, entry_key(e));
        if (e->before && (e->seen > 0) != dict_scan_passed(&t->dict, cursor, hash)) return false;
    }
    return true;
}

TEST(a_scan_visits_all_that_stays)
{
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct table t;
        table_open(&t, 3000, seed);
        struct scan s = {&t, 0, false};
        REQUIRE(churn(&t, (int)random_below(&t.random, 6000), seed % 3 != 0));
        for (size_t i = 0; i < t.count; i++) t.entries[i].before = t.entries[i].inside;
        int steps = (int)random_below(&t.random, 40);
        bool growing = seed % 2 == 0;
        do {
            s.cursor = dict_scan(&t.dict, s.cursor, scan_visit, &s);
            if (s.cursor == 0) break;
            REQUIRE(!s.wrong);
            if (random_below(&t.random, 20) == 0) REQUIRE(passed_agrees(&t, s.cursor));
            if (random_below(&t.random, 100) == 0) growing = !growing;
            REQUIRE(churn(&t, steps, growing));
        } while (s.cursor != 0);
        for (size_t i = 0; i < t.count; i++) CHECK(!t.entries[i].before || t.entries[i].seen > 0);
        table_close(&t);
    }
}

TEST(cursors_are_small_and_end)
{
    struct table t;
    table_open(&t, 10000, 1);
    for (size_t i = 0; i < t.count; i++) REQUIRE(table_insert(&t, &t.entries[i]));
    uint64_t cursor = 0;
    size_t steps = 0;
    do {
        cursor = dict_scan(&t.dict, cursor, count_visit, NULL);
        CHECK(cursor < 2 * t.dict.linear.level);
        steps++;
    } while (cursor != 0);
    CHECK_EQ_INT(steps, t.dict.linear.level + t.dict.linear.split);
    dict_scan(&t.dict, UINT64_MAX, count_visit, NULL); /* any number is a cursor */
    CHECK(!dict_scan_passed(&t.dict, 0, 0));
    CHECK(!dict_scan_passed(&t.dict, 0, UINT64_MAX));
    table_close(&t);
}

static void remove_visit(void *context, void *entry)
{
    struct scan *s = context;
    struct entry *e = entry;
    e->seen++;
    if (e->number % 8 == 0) return;
    if (!table_remove(s->table, e)) s->wrong = true;
    memset(e->text, '?', sizeof e->text); /* gone for good: nobody may look at its key again */
}

TEST(visits_may_remove)
{
    struct table t;
    table_open(&t, 30000, 6);
    for (size_t i = 0; i < t.count; i++) REQUIRE(table_insert(&t, &t.entries[i]));
    struct scan s = {&t, 0, false};
    size_t overhead = dict_overhead(&t.dict);
    do s.cursor = dict_scan(&t.dict, s.cursor, remove_visit, &s);
    while (s.cursor != 0);
    CHECK(!s.wrong);
    for (size_t i = 0; i < t.count; i++) {
        CHECK(t.entries[i].seen >= 1);
        CHECK(t.entries[i].inside == (i % 8 == 0));
    }
    CHECK_EQ_INT(t.dict.size, t.count / 8);
    CHECK(dict_overhead(&t.dict) < overhead / 2);
    table_close(&t);
    CHECK_EQ_INT(t.memory.used, 0);
}

static void replace_visit(void *context, void *entry)
{
    struct table *t = context;
    struct entry *e = entry, *copy = malloc(sizeof *copy);
    *copy = *e;
    struct slice key = entry_key(copy);
    dict_replace(&t->dict, key, dict_hash(&t->dict, key), e, copy);
}

static void free_visit(void *context, void *entry)
{
    struct table *t = context;
    struct entry *copy = entry;
    if (dict_remove(&t->dict, entry_key(copy)) == copy) free(copy);
}

TEST(visits_may_replace_and_free)
{
    struct table t;
    table_open(&t, 5000, 6);
    for (size_t i = 0; i < t.count; i++) REQUIRE(table_insert(&t, &t.entries[i]));
    uint64_t cursor = 0;
    do cursor = dict_scan(&t.dict, cursor, replace_visit, &t);
    while (cursor != 0);
    for (size_t i = 0; i < t.count; i++)
        REQUIRE(dict_find(&t.dict, entry_key(&t.entries[i])) != &t.entries[i]);
    do cursor = dict_scan(&t.dict, cursor, free_visit, &t);
    while (cursor != 0);
    CHECK_EQ_INT(t.dict.size, 0);
    table_close(&t);
}

/* ---- memory runs out ---- */

static void drained_visit(void *context, void *entry)
{
    struct entry *e = entry;
    ++*(size_t *)context;
    e->inside = e->before = false;
}

TEST(draining_in_slices)
{
    enum { COUNT = 20000, BUDGET = 100 };
    struct table t;
    table_open(&t, COUNT, 21);
    for (size_t i = 0; i < COUNT; i++) table_insert(&t, &t.entries[i]);
    size_t drained = 0, slices = 0, before = 0;
    for (bool more = true; more; slices++, before = drained) {
        more = dict_drain(&t.dict, BUDGET, drained_visit, &drained);
        CHECK_EQ_INT(t.dict.size, COUNT - drained);
        CHECK(drained - before < BUDGET + 40);
        if (slices % 40 == 0) CHECK(table_valid(&t));
        if (slices == 100) /* still an ordinary table */
            for (size_t i = 0; i < 10; i++)
                if (!t.entries[i].inside && table_insert(&t, &t.entries[i])) drained--;
    }
    CHECK_EQ_INT(drained, COUNT);
    CHECK(slices > COUNT / BUDGET / 2);
    CHECK(t.memory.used < 1024);
    CHECK(table_valid(&t));
    CHECK(table_insert(&t, &t.entries[3]));
    CHECK(table_valid(&t));
    table_close(&t);
    CHECK_EQ_INT(t.memory.used, 0);
}

TEST(a_failed_insert_changes_nothing)
{
    struct table t;
    table_open(&t, 20000, 7);
    size_t failed = 0;
    for (size_t i = 0; i < t.count; i++) {
        for (int64_t fail = 0; !t.entries[i].inside; fail++) {
            t.memory.fail_after = fail;
            size_t size = t.dict.size;
            if (table_insert(&t, &t.entries[i])) break;
            failed++;
            REQUIRE(t.dict.size == size);
            REQUIRE(dict_find(&t.dict, entry_key(&t.entries[i])) == NULL);
        }
        t.memory.fail_after = -1;
        if (i % 1999 == 0) REQUIRE(table_valid(&t));
    }
    CHECK(failed > 100);
    REQUIRE(table_valid(&t));
    table_close(&t);
    CHECK_EQ_INT(t.memory.used, 0);
}

TEST(without_memory_it_gets_slower_but_stays_whole)
{
    struct table t;
    table_open(&t, 20000, 8);
    for (size_t i = 0; i < 10000; i++) REQUIRE(table_insert(&t, &t.entries[i]));
    t.memory.limit = t.memory.used;
    size_t refused = 0;
    for (size_t i = 10000; i < t.count; i++) refused += !table_insert(&t, &t.entries[i]);
    CHECK(refused > 0);
    REQUIRE(table_valid(&t));
    for (size_t i = 0; i < t.count; i += 2)
        if (t.entries[i].inside) REQUIRE(table_remove(&t, &t.entries[i]));
    REQUIRE(table_valid(&t));
    t.memory.limit = 0;
    for (size_t i = 0; i < t.count; i++)
        if (!t.entries[i].inside) REQUIRE(table_insert(&t, &t.entries[i]));
    REQUIRE(table_valid(&t));
    table_close(&t);
    CHECK_EQ_INT(t.memory.used, 0);
}

TEST(removing_never_fails)
{
    struct table t;
    table_open(&t, 20000, 9);
    for (size_t i = 0; i < t.count; i++) REQUIRE(table_insert(&t, &t.entries[i]));
    for (size_t i = 0; i < t.count; i++) {
        t.memory.fail_after = (int64_t)random_below(&t.random, 3);
        REQUIRE(table_remove(&t, &t.entries[i]));
        t.memory.fail_after = -1;
        if (i % 1999 == 0) REQUIRE(table_valid(&t));
    }
    CHECK_EQ_INT(t.dict.size, 0);
    table_close(&t);
    CHECK_EQ_INT(t.memory.used, 0);
}

TEST_MAIN()
