/* Views and what is put off: views that are given up, flushes under a view, freeing in slices, scans. */
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "store/view.h"
#include "test.h"

struct fixture {
    struct view_sink sink; /* counts how often it gets each key, named by its number */
    struct memory memory;
    struct keyspace *keyspace;
    int *got, keys, in_all, db;
};

static bool take(struct view_sink *sink, int db, const struct entry *e, bool whole)
{
    struct fixture *f = (struct fixture *)sink;
    f->got[strtol(entry_key(e).data + 1, NULL, 10)]++;
    f->in_all++;
    f->db = db;
    (void)whole;
    return true;
}

static struct slice name(char text[16], int number)
{
    return slice_of(text, (size_t)snprintf(text, 16, "k%d;", number));
}

static void fill(struct fixture *f, int db, int from, int to)
{
    char text[16];
    for (int i = from; i < to; i++)
        keyspace_set_integer(f->keyspace, db, name(text, i), i, i % 3 ? KEYSPACE_NO_TTL : 10000 + i);
}

static void begin(struct fixture *f, int keys)
{
    memory_init(&f->memory);
    f->sink.entry = take;
    f->keys = keys;
    f->in_all = 0;
    f->got = calloc((size_t)keys, sizeof *f->got);
    f->keyspace =
        keyspace_new(&(struct keyspace_options){.memory = &f->memory, .databases = 16, .digest = true});
}

static void end(struct test *t_, struct fixture *f)
{
    const char *what;
    CHECK(keyspace_check(f->keyspace, &what));
    while (keyspace_tidy(f->keyspace, 7)) {}
    keyspace_free(f->keyspace);
    CHECK_EQ_INT(f->memory.used, 0);
    free(f->got);
}

static void forget(struct fixture *f)
{
    memset(f->got, 0, (size_t)f->keys * sizeof *f->got);
    f->in_all = 0;
}

static bool got_each(const struct fixture *f, int from, int to)
{
    for (int i = from; i < to; i++)
        if (f->got[i] != 1) return false;
    return f->in_all == to - from;
}

TEST(an_empty_keyspace_has_an_empty_view)
{
    struct fixture f;
    begin(&f, 10);
    struct view *v = view_open(f.keyspace, &f.sink);
    REQUIRE(v);
    fill(&f, 0, 0, 5);
    CHECK(!view_step(v, 100));
    CHECK_EQ_INT(f.in_all, 0);
    view_close(v);
    v = view_open(f.keyspace, &f.sink);
    while (view_step(v, 1)) {}
    CHECK(got_each(&f, 0, 5));
    view_close(v);
    end(t_, &f);
}

/* More views given up than there are epochs, at different points and with writes in between, with and
 * without time to tidy up; after each of them the next one is still exact. */
TEST(views_given_up)
{
    enum { KEYS = 1000 };
    char text[16];
    for (int tidy = 0; tidy < 3; tidy++) {
        struct fixture f;
        struct random r;
        begin(&f, KEYS);
        random_init(&r, 11, "views");
        fill(&f, 2, 0, KEYS);
        for (int round = 0; round < 60; round++) {
            struct view *v = view_open(f.keyspace, &f.sink);
            REQUIRE(v);
            forget(&f);
            CHECK_EQ_INT(view_size(v, 2), KEYS);
            CHECK_EQ_INT(view_volatile(v, 2), (KEYS + 2) / 3);
            bool whole = random_below(&r, 4) == 0;
            for (int i = 0; whole || i < 20; i++) {
                int number = (int)random_below(&r, KEYS);
                keyspace_set_integer(f.keyspace, 2, name(text, number), i, KEYSPACE_KEEP_TTL);
                if (!view_step(v, 1 + (size_t)random_below(&r, 20))) break;
            }
            if (whole) CHECK(got_each(&f, 0, KEYS));
            view_close(v);
            for (int i = 0; i < tidy * 20; i++) keyspace_tidy(f.keyspace, 30);
        }
        end(t_, &f);
    }
}

TEST(a_flushed_database_is_still_in_the_view)
{
    struct fixture f;
    begin(&f, 3000);
    fill(&f, 0, 0, 1000);
    fill(&f, 1, 1000, 2000);
    struct view *v = view_open(f.keyspace, &f.sink);
    view_step(v, 100);
    CHECK_EQ_INT(keyspace_flush(f.keyspace, -1), 2000);
    fill(&f, 0, 2000, 3000);
    size_t used = f.memory.used;
    while (keyspace_tidy(f.keyspace, 100)) {}
    CHECK_EQ_INT(f.memory.used, used);
    while (view_step(v, 100)) {
        keyspace_tidy(f.keyspace, 100);
        keyspace_flush(f.keyspace, 0);
        fill(&f, 0, 0, 50);
    }
    CHECK(got_each(&f, 0, 2000));
    view_close(v);
    while (keyspace_tidy(f.keyspace, 100)) {}
    CHECK(f.memory.used < used / 8);
    CHECK_EQ_INT(keyspace_size(f.keyspace, 0), 50);
    end(t_, &f);
}

TEST(a_view_names_databases_as_they_were_numbered)
{
    struct fixture f;
    begin(&f, 200);
    fill(&f, 3, 0, 100);
    struct view *v = view_open(f.keyspace, &f.sink);
    keyspace_swap(f.keyspace, 3, 7);
    fill(&f, 3, 100, 200);
    keyspace_delete(f.keyspace, 7, slice_text("k5;"));
    CHECK_EQ_INT(f.in_all, 1);
    CHECK_EQ_INT(f.db, 3);
    while (view_step(v, 9)) CHECK_EQ_INT(f.db, 3);
    CHECK(got_each(&f, 0, 100));
    view_close(v);
    end(t_, &f);
}

TEST(slices_are_bounded)
{
    enum { KEYS = 20000, BUDGET = 100 };
    struct fixture f;
    begin(&f, KEYS);
    fill(&f, 0, 0, KEYS);
    struct view *v = view_open(f.keyspace, &f.sink);
    int most = 0;
    for (int before = 0; view_step(v, BUDGET); before = f.in_all)
        if (f.in_all - before > most) most = f.in_all - before;
    view_close(v);
    CHECK(most < 2 * BUDGET);
    CHECK(got_each(&f, 0, KEYS));
    int64_t left = (int64_t)f.memory.used;
    CHECK_EQ_INT(keyspace_flush(f.keyspace, 0), KEYS);
    CHECK(f.memory.used >= (size_t)left - 1024);
    int slices = 0;
    while (keyspace_tidy(f.keyspace, BUDGET)) slices++;
    CHECK(slices > KEYS / BUDGET / 2);
    CHECK(f.memory.used < 2048);
    end(t_, &f);
}

static void scanned(void *context, struct entry *e)
{
    int *got = context;
    got[strtol(entry_key(e).data + 1, NULL, 10)]++;
}

TEST(scan_finds_what_is_there_all_the_time)
{
    enum { KEYS = 8000, STAY = 300 };
    struct fixture f;
    begin(&f, KEYS);
    for (int shrinking = 0; shrinking < 2; shrinking++) {
        uint64_t cursor = 0;
        int next = STAY;
        forget(&f);
        if (!shrinking) keyspace_flush(f.keyspace, 0);
        fill(&f, 0, 0, shrinking ? KEYS : STAY);
        do {
            char text[16];
            cursor = keyspace_scan(f.keyspace, 0, cursor, scanned, f.got);
            for (int i = 0; i < 17 && next < KEYS; i++, next++) {
                if (shrinking)
                    keyspace_delete(f.keyspace, 0, name(text, next));
                else
                    fill(&f, 0, next, next + 1);
            }
        } while (cursor != 0);
        for (int i = 0; i < STAY; i++) CHECK(f.got[i] >= 1);
    }
    end(t_, &f);
}

TEST(expiry_in_order_of_time_across_databases)
{
    enum { KEYS = 3000 };
    struct fixture f;
    struct random r;
    char text[16];
    int db = 0, expired = 0;
    begin(&f, KEYS);
    random_init(&r, 5, "expiry");
    for (int i = 0; i < KEYS; i++)
        keyspace_set_integer(f.keyspace, i % 7, name(text, i), i, 1000 + (int64_t)random_below(&r, 2000));
    CHECK(keyspace_average_ttl(f.keyspace, 1) > 1500 && keyspace_average_ttl(f.keyspace, 1) < 2500);
    for (int64_t now = 1000; now <= 3000; now++) {
        bool due = keyspace_expire_deadline(f.keyspace) <= now;
        keyspace_set_time(f.keyspace, now);
        const struct entry *e = keyspace_next_expired(f.keyspace, &db);
        CHECK(due == (e != NULL));
        for (; e; e = keyspace_next_expired(f.keyspace, &db), expired++) {
            CHECK_EQ_INT(entry_expire(e), now - 1);
            REQUIRE(keyspace_delete(f.keyspace, db, entry_key(e)));
        }
    }
    CHECK_EQ_INT(expired, KEYS);
    CHECK(keyspace_expire_deadline(f.keyspace) == INT64_MAX);
    end(t_, &f);
}

TEST_MAIN()
