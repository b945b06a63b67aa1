/* Small blocks: distinct, whole, aligned; pages that come back; and memory over them, where blocks change their size. */
#include "base/slab.h"
#include "test.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/random.h"

enum { BLOCKS = 30000 };

struct block {
    unsigned char *p;
    size_t size;
};

static void fill(struct block *b, size_t number) { memset(b->p, (int)(number % 251), b->size); }

static bool is_whole(const struct block *b, size_t number)
{
    for (size_t i = 0; i < b->size; i++)
        if (b->p[i] != number % 251) return false;
    return true;
}

static size_t alignment_of(size_t size)
{
    if (size > SLAB_LINES_MAX) return 8;
    return size % 64 == 0 ? 64 : size % 32 == 0 ? 32 : size % 16 == 0 ? 16 : 8;
}

TEST(blocks_at_random)
{
    struct slabs *slabs = NULL;
    struct random r;
    struct block *blocks = calloc(BLOCKS, sizeof *blocks);
    random_init(&r, 1, "slab");
    for (int step = 0; step < 400000; step++) {
        size_t n = random_below(&r, BLOCKS);
        struct block *b = &blocks[n];
        if (b->p) {
            REQUIRE(is_whole(b, n));
            slab_free(&slabs, b->p, b->size);
            b->p = NULL;
        } else if (random_below(&r, 100) < (step / 100000 % 2 ? 30u : 90u)) {
            b->size = 1 + (random_below(&r, 3) ? random_below(&r, 64) : random_below(&r, SLAB_MAX));
            b->p = slab_alloc(&slabs, b->size);
            REQUIRE(b->p && (size_t)b->p % alignment_of(b->size) == 0);
            fill(b, n);
        }
    }
    for (size_t n = 0; n < BLOCKS; n++) {
        if (!blocks[n].p) continue;
        REQUIRE(is_whole(&blocks[n], n));
        slab_free(&slabs, blocks[n].p, blocks[n].size);
    }
    CHECK(slabs == NULL);
    free(blocks);
}

TEST(little_is_lost)
{
    struct slabs *slabs = NULL;
    unsigned char **blocks = calloc(1000000, sizeof *blocks);
    for (size_t i = 0; i < 1000000; i++) blocks[i] = slab_alloc(&slabs, 48);
    CHECK(slab_footprint(slabs) < 1000000 * 49);
    /* all but one of each hundred: chunks are not empty, and stay; all but the first thousand: they go */
    for (size_t i = 1000; i < 1000000; i++) slab_free(&slabs, blocks[i], 48);
    size_t stale = slab_stale(slabs), slices = 0;
    CHECK(stale > 700);
    for (; slab_tidy(slabs, 10); slices++) {
        CHECK_EQ_INT(slab_stale(slabs), stale - 10);
        stale -= 10;
    }
    CHECK(slices >= 70);
    CHECK_EQ_INT(slab_stale(slabs), 0);
    CHECK(slab_footprint(slabs) <= 2 << 20);
    for (size_t i = 0; i < 1000; i++) slab_free(&slabs, blocks[i], 48);
    CHECK(slabs == NULL);
    CHECK_EQ_INT(slab_footprint(slabs), 0);
    free(blocks);
}

/* What is taken again is not given back before. */
TEST(stale_chunks_are_used_first)
{
    enum { COUNT = 10000 };
    struct slabs *slabs = NULL;
    void *blocks[COUNT], *kept = slab_alloc(&slabs, 8);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++) blocks[i] = slab_alloc(&slabs, 1000);
        CHECK(slab_stale(slabs) < 16);
        size_t footprint = slab_footprint(slabs);
        CHECK(footprint < COUNT * 1000 * 10 / 9);
        for (int i = 0; i < COUNT; i++) slab_free(&slabs, blocks[i], 1000);
        CHECK(slab_stale(slabs) > 100);
        CHECK_EQ_INT(slab_footprint(slabs), footprint);
    }
    slab_free(&slabs, kept, 8);
    CHECK(slabs == NULL);
}

/* No block above a small one has more than an eighth to spare, and about a sixteenth on the average. */
TEST(sizes_are_near_enough)
{
    for (size_t size = SLAB_LINES_MAX + 1; size + size / 7 + 32 <= SLAB_MAX; size += 8)
        CHECK(!slab_same_class(size, size + size / 7 + 32));
    CHECK(slab_same_class(SLAB_MAX, SLAB_MAX - 100));
}

TEST(memory_over_slabs)
{
    struct memory m;
    struct random r;
    struct block blocks[500] = {{NULL, 0}};
    memory_init(&m);
    memory_use_slabs(&m);
    random_init(&r, 2, "memory");
    for (int step = 0; step < 100000; step++) {
        size_t n = random_below(&r, 500), size = 1 + random_below(&r, random_below(&r, 2) ? 100 : 1500);
        struct block *b = &blocks[n];
        bool grows = b->p && random_below(&r, 2);
        if (grows) {
            size_t kept = size < b->size ? size : b->size;
            unsigned char *p = memory_resize(&m, b->p, b->size, size);
            REQUIRE(p);
            *b = (struct block){p, kept};
            REQUIRE(is_whole(b, n));
            b->size = size;
        } else {
            if (b->p) REQUIRE(is_whole(b, n));
            memory_free(&m, b->p, b->size);
            *b = (struct block){memory_alloc_zero(&m, size), size};
            REQUIRE(b->p && is_whole(b, 0));
        }
        fill(b, n);
    }
    for (size_t n = 0; n < 500; n++) memory_free(&m, blocks[n].p, blocks[n].size);
    CHECK_EQ_INT(m.used, 0);
    CHECK(m.slabs == NULL);
}

TEST_MAIN()
