/* test_persist_rdb_parts.c: large values are written in parts. No step writes much more than it may, and the file is the
 * dataset of the moment at which it was begun, whatever changes between the parts: other keys, other databases, or the
 * value itself.
 *
 * SPDX-License-Identifier: MIT */
#include "command_fixture.h"
#include "rdb_fixture.h"
#include "test.h"

enum {
    BATCHES = 100, /* of a hundred elements each */
    SMALL = 50,    /* other keys */
    BUDGET = 2000,
    SLACK = 20 * 1024 /* a piece of a string, or a node of a list, with what is around it */
};

/* A batch of elements is made by a command whose words are these, the number of an element in each; %d is the first. */
static const struct kind {
    const char *begin, *element, *end;
    const char *change; /* while it is being written */
} kinds[] = {
    {"HSET big", " field:%d value:%d", NULL, "HSET big field:7 changed another 1"},
    {"SADD big", " member:%d", NULL, "SREM big member:9 member:5000"},
    {"ZADD big", " %d member:%d", NULL, "ZADD big 3 member:9 17 new"},
    {"RPUSH big", " element:%d", NULL, "LPUSH big new"},
    {"XADD big *", " field:%d value:%d", "XREADGROUP GROUP g c STREAMS big >", "XACK big g 1700000000000-0"},
    {"APPEND big", NULL, NULL, "SETRANGE big 5000 changed"},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void run(struct test *t_, struct fixture *f, const char *line)
{
    const char *reply = fixture_run(f, line);
    if (reply[0] == '-') test_fail(t_, __FILE__, __LINE__, reply);
}

static void add_batch(struct test *t_, struct fixture *f, const struct kind *k, int batch, struct random *r)
{
    char line[8192];
    int used = snprintf(line, sizeof line, "%s", k->begin), from = batch * 100;
    if (!k->element) { /* bytes that do not pack */
        line[used++] = ' ';
        for (int i = 0; i < 4000; i++) line[used++] = (char)('0' + random_below(r, 74));
        line[used] = '\0';
        for (char *p = line + 11; *p; p++)
            if (*p == '\\') *p = '.';
    }
    for (int i = from; k->element && i < from + 100; i++)
        used += snprintf(line + used, sizeof line - (size_t)used, k->element, i, i);
    run(t_, f, line);
    if (k->end) run(t_, f, k->end);
}

static struct fixture *begin(struct test *t_, const struct kind *k, struct random *r)
{
    struct fixture *f = fixture_new();
    char line[100];
    f->follow = false;
    if (k->end) run(t_, f, "XGROUP CREATE big g $ MKSTREAM");
    if (!k->element) run(t_, f, "SETRANGE big 1200000 x"); /* shorter ones are packed, in one piece */
    for (int i = 0; i < BATCHES; i++) add_batch(t_, f, k, i, r);
    for (int i = 0; i < SMALL; i++) {
        snprintf(line, sizeof line, "SET small:%d value PX %d", i, 100000 + i);
        run(t_, f, line);
    }
    return f;
}

TEST(steps_are_about_the_budget)
{
    struct random r;
    random_init(&r, 1, "steps");
    for (int kind = 0; kind < KINDS; kind++) {
        struct fixture *f = begin(t_, &kinds[kind], &r);
        struct tape t;
        tape_init(&t, &f->memory, 0);
        struct rdb_writer *w = rdb_writer_open(&f->memory, f->keyspace, &t, rdb_fixture_info());
        REQUIRE(w);
        int64_t before = 0, largest = 0, steps = 0;
        for (int more = 1; more == 1; before = t.end, steps++) {
            more = rdb_writer_step(w, BUDGET);
            if (t.end - before > largest) largest = t.end - before;
        }
        CHECK(largest <= BUDGET + SLACK);
        CHECK(steps >= 10);
        rdb_writer_close(w);
        tape_free(&t);
        fixture_free(f);
    }
}

/* Something happens to other keys, or now and then to the large one. */
static void disturb(struct test *t_, struct fixture *f, const struct kind *k, struct random *r)
{
    static const char *const fates[] = {"DEL big",       "PEXPIRE big 1000000", "RENAME big moved",
                                        "FLUSHALL",      "SWAPDB 0 1",          "COPY big twin",
                                        "SET big small", "MOVE big 2",          "PERSIST big"};
    char line[100];
    f->db = (int)random_below(r, 3);
    if (random_below(r, 40) == 0) {
        fixture_run(f,
                    random_below(r, 2) ? k->change : fates[random_below(r, sizeof fates / sizeof fates[0])]);
        return;
    }
    snprintf(line, sizeof line, random_below(r, 3) ? "APPEND small:%d x" : "DEL small:%d",
             (int)random_below(r, SMALL));
    run(t_, f, line);
}

TEST(changes_between_the_parts)
{
    struct random r;
    size_t held = 0;
    random_init(&r, 2, "changes");
    for (int round = 0; round < 5 * KINDS; round++) {
        const struct kind *k = &kinds[round % KINDS];
        struct fixture *f = begin(t_, k, &r);
        struct bytes file;
        struct tape t;
        bytes_init(&file, &f->other);
        tape_init(&t, &f->memory, 0);
        struct digest before = keyspace_digest(f->keyspace);
        struct rdb_writer *w = rdb_writer_open(&f->memory, f->keyspace, &t, rdb_fixture_info());
        REQUIRE(w);
        size_t done, total;
        int more = 1;
        while (more == 1) {
            more = rdb_writer_step(w, 1 + random_below(&r, 2 * BUDGET));
            for (uint64_t n = random_below(&r, 4); n > 0; n--) disturb(t_, f, k, &r);
            if (rdb_writer_held(w) > held) held = rdb_writer_held(w);
        }
        CHECK_EQ_INT(more, 0);
        CHECK_EQ_INT(rdb_writer_held(w), 0);
        rdb_writer_progress(w, &done, &total);
        CHECK_EQ_INT(done, total);
        rdb_writer_close(w);
        rdb_fixture_drain(&t, &file);
        CHECK(rdb_fixture_reads_back(&f->other, bytes_slice(&file), 5000, before));
        const char *wrong = "";
        CHECK(keyspace_check(f->keyspace, &wrong));
        tape_free(&t);
        bytes_free(&file);
        fixture_free(f);
    }
    CHECK(held > 0);
}

/* Given up in the middle of a value: the next one has all of it. */
TEST(closed_within_a_value)
{
    struct random r;
    random_init(&r, 3, "closed");
    for (int kind = 0; kind < KINDS; kind++) {
        struct fixture *f = begin(t_, &kinds[kind], &r);
        struct bytes file;
        bytes_init(&file, &f->other);
        for (int steps = 1; steps < 20; steps += 6) {
            struct tape t;
            tape_init(&t, &f->memory, 0);
            struct rdb_writer *w = rdb_writer_open(&f->memory, f->keyspace, &t, rdb_fixture_info());
            REQUIRE(w);
            for (int i = 0; i < steps; i++) rdb_writer_step(w, BUDGET);
            rdb_writer_close(w);
            tape_free(&t);
        }
        REQUIRE(rdb_fixture_write(&f->memory, f->keyspace, BUDGET, &file));
        CHECK(rdb_fixture_reads_back(&f->other, bytes_slice(&file), 5000, keyspace_digest(f->keyspace)));
        bytes_free(&file);
        fixture_free(f);
    }
}

/* Whichever allocation fails while a value is written in parts: an error, or a whole file. */
TEST(out_of_memory)
{
    struct random r;
    random_init(&r, 4, "memory");
    struct fixture *f = begin(t_, &kinds[0], &r);
    struct digest before = keyspace_digest(f->keyspace);
    size_t used = f->memory.used;
    bool whole = false;
    int failed = 0;
    for (int64_t fail = 0; !whole && fail < 1000; fail++) {
        struct tape t;
        tape_init(&t, &f->memory, 0);
        f->memory.fail_after = fail;
        struct rdb_writer *w = rdb_writer_open(&f->memory, f->keyspace, &t, rdb_fixture_info());
        int more = w ? 1 : -1;
        for (int step = 0; more == 1; step++) {
            more = rdb_writer_step(w, BUDGET);
            struct entry *e = keyspace_find(f->keyspace, 0, slice_text("small:1"));
            if (step == 3 && e) keyspace_set_expire(f->keyspace, 0, e, 1800000000000);
        }
        whole = f->memory.fail_after >= 0;
        CHECK(more == 0 || !whole);
        failed += more < 0;
        f->memory.fail_after = -1;
        rdb_writer_close(w);
        tape_free(&t);
        keyspace_set_expire(f->keyspace, 0, keyspace_find(f->keyspace, 0, slice_text("small:1")),
                            (int64_t)FIXTURE_NOW * 1000 + 100001);
    }
    CHECK(whole && failed > 10);
    CHECK(digest_same(keyspace_digest(f->keyspace), before));
    CHECK_EQ_INT(f->memory.used, used);
    fixture_free(f);
}

TEST_MAIN()
