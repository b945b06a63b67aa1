/* The compact hash table: beside an array, under failing memory, scanned while it grows and shrinks.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "store/field_table.h"
#include "test.h"

enum { KEYS = 3000, VALUE_MAX = 700 };

struct model {
    struct memory memory;
    struct field_table table;
    struct random random;
    size_t count;
    bool present[KEYS];
    uint8_t values[KEYS]; /* what the value is made of: a length and a letter */
};

static const uint64_t hash_key[2] = {3, 4};

static size_t below(struct model *m, size_t bound) { return (size_t)random_below(&m->random, bound); }

/* Every seventh key is too long for a bucket. */
static struct slice key_name(int number, char out[400])
{
    memset(out, 'k', 400);
    snprintf(out, 20, "%d", number);
    size_t size = strlen(out);
    out[size] = 'x';
    return slice_of(out, number % 7 == 0 ? 255 + (size_t)number % 100 : size);
}

static int key_number(struct slice key)
{
    int number = 0;
    for (size_t i = 0; i < key.size && key.data[i] <= '9'; i++) number = 10 * number + key.data[i] - '0';
    return number;
}

static struct slice value_of(uint8_t seed, char out[VALUE_MAX])
{
    memset(out, 'a' + seed % 26, VALUE_MAX);
    return slice_of(out, seed < 200 ? seed / 2 : seed == 200 ? 254 : seed == 201 ? 255 : (size_t)seed * 2);
}

static struct model *begin(bool valued, uint64_t seed)
{
    struct model *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    memory_init(&m->memory);
    random_init(&m->random, seed, "field table");
    field_table_init(&m->table, valued, hash_key);
    return m;
}

static void end(struct test *t_, struct model *m)
{
    while (field_table_drain(&m->memory, &m->table, 10)) {}
    CHECK_EQ_INT(m->memory.used, 0);
    free(m);
}

static bool do_set(struct model *m, int number)
{
    char key[400], text[VALUE_MAX];
    uint8_t seed = (uint8_t)below(m, below(m, 4) == 0 ? 256 : 30);
    int result = field_table_set(&m->memory, &m->table, key_name(number, key), value_of(seed, text));
    if (result < 0) return m->memory.fail_after < 0;
    if (result != !m->present[number]) return false;
    m->count += (size_t)result;
    m->present[number] = true;
    m->values[number] = seed;
    return true;
}

static bool do_remove(struct model *m, int number)
{
    char key[400];
    bool removed = field_table_remove(&m->memory, &m->table, key_name(number, key));
    if (removed != m->present[number]) return false;
    m->count -= removed;
    m->present[number] = false;
    return true;
}

static bool right(struct model *m, int number)
{
    char key[400], text[VALUE_MAX];
    struct slice value = {NULL, 0};
    bool found = field_table_find(&m->table, key_name(number, key), &value);
    if (found != m->present[number]) return false;
    return !found || !m->table.valued || slice_equal(value, value_of(m->values[number], text));
}

static bool agrees(struct model *m, const struct field_table *t)
{
    struct field_walk w = {0};
    struct slice field, value;
    char key[400], text[VALUE_MAX];
    size_t seen = 0;
    while (field_walk_next(t, &w, &field, &value)) {
        int number = key_number(field);
        if (!m->present[number] || !slice_equal(field, key_name(number, key))) return false;
        if (t->valued && !slice_equal(value, value_of(m->values[number], text))) return false;
        seen++;
    }
    return seen == m->count && t->size == m->count && !field_table_check(t);
}

/* Grows and shrinks by turns; `failures`: memory runs out now and then. */
static void run(struct test *t_, bool valued, bool failures, uint64_t seed)
{
    struct model *m = begin(valued, seed);
    REQUIRE(m);
    for (int i = 0; i < 60000; i++) {
        int number = (int)below(m, KEYS), bias = i / 10000 % 2 ? 1 : 3;
        if (failures && below(m, 3) == 0) m->memory.fail_after = (int64_t)below(m, 4);
        REQUIRE((int)below(m, 4) < bias ? do_set(m, number) : do_remove(m, number));
        m->memory.fail_after = -1;
        REQUIRE(right(m, (int)below(m, KEYS)));
        if (i % 1000 == 0) REQUIRE(agrees(m, &m->table));
    }
    REQUIRE(agrees(m, &m->table));
    for (int number = 0; number < KEYS; number++) REQUIRE(do_remove(m, number));
    REQUIRE(agrees(m, &m->table));
    end(t_, m);
}

TEST(does_what_an_array_does) { run(t_, true, false, 1); }

TEST(does_so_without_values) { run(t_, false, false, 2); }

TEST(survives_failing_memory)
{
    run(t_, true, true, 3);
    run(t_, false, true, 4);
}

TEST(copies_are_deep_and_whole_or_none)
{
    struct model *m = begin(true, 5);
    REQUIRE(m);
    for (int i = 0; i < 400; i++) do_set(m, (int)below(m, KEYS));
    struct field_table copy;
    size_t used = m->memory.used;
    bool done = false;
    for (int fail_after = 0; !done; fail_after++) {
        m->memory.fail_after = fail_after;
        done = field_table_copy(&m->memory, &copy, &m->table);
        m->memory.fail_after = -1;
        if (!done) REQUIRE(m->memory.used == used);
    }
    CHECK(agrees(m, &copy));
    while (field_table_drain(&m->memory, &copy, 3)) {}
    CHECK_EQ_INT(m->memory.used, used);
    CHECK(agrees(m, &m->table));
    end(t_, m);
}

TEST(memory_is_counted)
{
    struct model *m = begin(true, 6);
    REQUIRE(m);
    for (int i = 0; i < 2000; i++) {
        do_set(m, (int)below(m, KEYS));
        REQUIRE(field_table_memory(&m->table) == m->memory.used);
    }
    end(t_, m);
}

/* ---- scanning ---- */

static void mark(void *context, struct slice field, struct slice value)
{
    (void)value;
    ((bool *)context)[key_number(field)] = true;
}

TEST(a_scan_meets_what_is_there_all_the_time)
{
    enum { STAY = 500 };
    for (uint64_t seed = 10; seed < 30; seed++) {
        struct model *m = begin(false, seed);
        REQUIRE(m);
        bool seen[KEYS] = {false};
        uint64_t cursor = 0;
        bool growing = seed % 2;
        for (int i = 0; i < (growing ? STAY : KEYS); i++) REQUIRE(do_set(m, i));
        int steps = 0;
        do {
            cursor = field_table_scan(&m->table, cursor, mark, seen);
            for (int i = 0; i < 40; i++) {
                int number = STAY + (int)below(m, KEYS - STAY);
                REQUIRE(growing ? do_set(m, number) : do_remove(m, number));
            }
            REQUIRE(++steps < KEYS);
        } while (cursor != 0);
        for (int i = 0; i < STAY; i++) CHECK(seen[i]);
        end(t_, m);
    }
}

TEST(random_elements_are_equally_likely)
{
    enum { ELEMENTS = 300, DRAWS = 300 * 400 };
    struct model *m = begin(false, 7);
    REQUIRE(m);
    int drawn[ELEMENTS] = {0};
    for (int i = 0; i < ELEMENTS; i++) REQUIRE(do_set(m, i));
    for (int i = 0; i < DRAWS; i++) drawn[key_number(field_table_random(&m->table, &m->random, NULL))]++;
    double chi = 0, want = DRAWS / (double)ELEMENTS;
    for (int i = 0; i < ELEMENTS; i++) chi += (drawn[i] - want) * (drawn[i] - want) / want;
    CHECK(chi < 400); /* 299 degrees of freedom: 99.99 % are below 396 */
    end(t_, m);
}

/* A hint changes nothing, whatever it names; that it reads nothing but the table is the sanitizer's to see. */
TEST(fields_can_be_fetched_ahead)
{
    enum { MANY = 6000, AHEAD = 70 };
    for (int valued = 0; valued < 2; valued++) {
        struct model *m = begin(valued, 8);
        char names[AHEAD][16];
        struct slice ahead[AHEAD];
        for (int i = 0; i < MANY; i++) {
            char name[16];
            int size = snprintf(name, sizeof name, "m%d", i);
            REQUIRE(field_table_set(&m->memory, &m->table, slice_of(name, (size_t)size), slice_text("v")) ==
                    1);
            if (i % 100 != 0) continue;
            for (int k = 0; k < AHEAD; k++) {
                size = snprintf(names[k], sizeof names[k], "m%d", (i + k * 97) % (2 * MANY));
                ahead[k] = k % 5 == 0 ? slice_of(NULL, 0) : slice_of(names[k], (size_t)size);
            }
            field_table_prefetch(&m->table, ahead, AHEAD);
            CHECK(field_table_check(&m->table) == NULL);
        }
        CHECK_EQ_INT((int64_t)m->table.size, MANY);
        end(t_, m);
    }
}

TEST(a_million_short_members_take_half_of_what_a_pointer_each_would)
{
    enum { MANY = 100000 };
    struct model *m = begin(false, 8);
    REQUIRE(m);
    char text[32];
    for (int i = 0; i < MANY; i++) {
        int size = snprintf(text, sizeof text, "element:%012d", i);
        field_table_set(&m->memory, &m->table, slice_of(text, (size_t)size), slice_of(NULL, 0));
    }
    CHECK(m->memory.used < (size_t)27 * MANY);
    end(t_, m);
}

TEST_MAIN()
