/* Tapes: a random test against a plain buffer with several readers, cursors across trims, failing
 * allocations. */
#include "base/random.h"
#include "base/tape.h"
#include "test.h"

static char sign_at(int64_t position) { return (char)(position * 7 + position / 251); }

static bool append_signs(struct tape *t, size_t size)
{
    static char data[300000];
    for (size_t i = 0; i < size; i++) data[i] = sign_at(t->end + (int64_t)i);
    return tape_append(t, data, size);
}

/* Reads up to `most` bytes at the cursor and moves it; false when they are not what was written there. */
static bool read_signs(const struct tape *t, struct tape_cursor *c, size_t most, int slices_max)
{
    struct slice slices[4];
    int count = tape_peek(t, c, slices, slices_max);
    if ((count == 0) != (c->position == t->end)) return false;
    for (int i = 0; i < count && most > 0; i++) {
        size_t part = slices[i].size < most ? slices[i].size : most;
        for (size_t j = 0; j < part; j++)
            if (slices[i].data[j] != sign_at(c->position + (int64_t)j)) return false;
        tape_advance(t, c, part);
        most -= part;
    }
    return true;
}

TEST(begins_with_nothing)
{
    struct memory m;
    struct tape t;
    struct slice s;
    memory_init(&m);
    tape_init(&t, &m, 1000);
    CHECK_EQ_INT(m.used, 0);
    struct tape_cursor c = tape_seek(&t, 1000);
    CHECK_EQ_INT(tape_peek(&t, &c, &s, 1), 0);
    CHECK(tape_append(&t, NULL, 0));
    tape_trim(&t, 5000);
    CHECK_EQ_INT(t.start, 1000);
    CHECK(tape_append(&t, "abc", 3));
    CHECK_EQ_INT(t.end, 1003);
    CHECK_EQ_INT(m.used, TAPE_BLOCK_MIN);
    CHECK_EQ_INT(tape_peek(&t, &c, &s, 1), 1); /* a cursor from before the first block */
    CHECK_EQ_MEM(s.data, s.size, "abc", 3);
    tape_free(&t);
    CHECK_EQ_INT(m.used, 0);
}

TEST(blocks_grow_up_to_the_maximum)
{
    struct memory m;
    struct tape t;
    memory_init(&m);
    tape_init(&t, &m, 0);
    while (t.end < 1000000) REQUIRE(append_signs(&t, 100));
    size_t blocks = 0;
    for (struct tape_block *b = t.head; b; b = b->next) {
        blocks++;
        CHECK(sizeof *b + b->capacity <= TAPE_BLOCK_MAX);
        if (b->next) CHECK_EQ_INT(b->next->start, b->start + b->size);
    }
    CHECK(blocks < 26);
    CHECK(m.used < 1000000 + 2 * TAPE_BLOCK_MAX);
    tape_free(&t);
}

TEST(a_large_append_skips_small_blocks)
{
    struct memory m;
    struct tape t;
    memory_init(&m);
    tape_init(&t, &m, 0);
    REQUIRE(append_signs(&t, 40000));
    CHECK(t.head == t.tail);
    CHECK(m.used <= 65536);
    tape_free(&t);
}

TEST(trimming_to_the_end_keeps_a_small_block_only)
{
    struct memory m;
    struct tape t;
    memory_init(&m);
    tape_init(&t, &m, 0);
    REQUIRE(append_signs(&t, 100));
    struct tape_cursor c = tape_seek(&t, 100);
    tape_trim(&t, 100);
    CHECK_EQ_INT(t.start, 100);
    CHECK_EQ_INT(m.used, TAPE_BLOCK_MIN);
    REQUIRE(append_signs(&t, 100000));
    CHECK(read_signs(&t, &c, 100000, 4));
    c = tape_seek(&t, t.end);
    tape_trim(&t, t.end);
    CHECK_EQ_INT(t.start, t.end);
    CHECK_EQ_INT(m.used, 0);
    REQUIRE(append_signs(&t, 10)); /* the cursor's block is gone; its position is not */
    CHECK(read_signs(&t, &c, 10, 1));
    CHECK_EQ_INT(c.position, t.end);
    tape_reset(&t, 7);
    CHECK_EQ_INT(t.start, 7);
    CHECK_EQ_INT(t.end, 7);
    tape_free(&t);
}

TEST(trim_frees_whole_blocks)
{
    struct memory m;
    struct tape t;
    memory_init(&m);
    tape_init(&t, &m, 0);
    while (t.end < 500000) REQUIRE(append_signs(&t, 1000));
    for (int64_t position = 0; position <= t.end; position += 777) {
        tape_trim(&t, position);
        CHECK(t.start <= position);
        CHECK(t.start + TAPE_BLOCK_MAX > position);
        struct tape_cursor c = tape_seek(&t, position);
        CHECK(read_signs(&t, &c, 10, 2));
    }
    tape_free(&t);
    CHECK_EQ_INT(m.used, 0);
}

TEST(random_appends_readers_and_trims)
{
    enum { READERS = 5 };
    struct memory m;
    struct tape t;
    struct random r;
    struct tape_cursor readers[READERS];
    memory_init(&m);
    random_init(&r, 3, "tape");
    tape_init(&t, &m, 12345);
    for (int i = 0; i < READERS; i++) readers[i] = tape_seek(&t, t.start);
    for (int step = 0; step < 50000; step++) {
        size_t size = (size_t)random_below(&r, random_below(&r, 50) == 0 ? 200000 : 300);
        if (t.end - t.start < 1000000) REQUIRE(append_signs(&t, size));
        for (int i = 0; i < READERS; i++) {
            if (random_below(&r, 3) != 0) continue;
            REQUIRE(
                read_signs(&t, &readers[i], (size_t)random_below(&r, 100000), 1 + (int)random_below(&r, 4)));
        }
        if (random_below(&r, 10) == 0) {
            int64_t least = t.end;
            for (int i = 0; i < READERS; i++)
                if (readers[i].position < least) least = readers[i].position;
            tape_trim(&t, least);
            REQUIRE(t.start <= least);
        }
        if (random_below(&r, 20) == 0) {
            int64_t held = t.end - t.start;
            readers[0] = tape_seek(&t, t.start + (int64_t)random_below(&r, (uint64_t)held + 1));
        }
    }
    tape_free(&t);
    CHECK_EQ_INT(m.used, 0);
}

TEST(what_is_skipped_counts_and_takes_nothing)
{
    struct memory m;
    struct tape t;
    memory_init(&m);
    tape_init(&t, &m, 0);
    for (int round = 0; round < 4; round++) {
        size_t held = round % 2 ? 100 : 100000; /* one block, which stays, or several */
        REQUIRE(append_signs(&t, held));
        int64_t end = t.end;
        tape_skip(&t, 5000);
        tape_skip(&t, 7);
        CHECK_EQ_INT(t.end, end + 5007);
        CHECK_EQ_INT(t.start, t.end);
        CHECK(m.used <= TAPE_BLOCK_MIN);
        struct tape_cursor c = tape_seek(&t, t.end);
        REQUIRE(append_signs(&t, 300));
        REQUIRE(read_signs(&t, &c, 300, 4));
        CHECK_EQ_INT(c.position, t.end);
    }
    tape_free(&t);
    CHECK_EQ_INT(m.used, 0);
}

TEST(append_is_all_or_nothing)
{
    struct memory m;
    struct tape t;
    memory_init(&m);
    tape_init(&t, &m, 0);
    REQUIRE(append_signs(&t, 100));
    for (int fail = 0; fail < 4; fail++) {
        size_t used = m.used;
        m.fail_after = fail;
        CHECK(!append_signs(&t, 250000));
        CHECK_EQ_INT(t.end, 100);
        CHECK_EQ_INT(m.used, used);
    }
    m.fail_after = -1;
    REQUIRE(append_signs(&t, 250000));
    struct tape_cursor c = tape_seek(&t, 0);
    while (c.position < t.end) REQUIRE(read_signs(&t, &c, 1 << 20, 4));
    tape_free(&t);
    CHECK_EQ_INT(m.used, 0);
}

TEST_MAIN()
