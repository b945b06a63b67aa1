/* What memory.h promises: an exact count, the limit, failures on order. */
#include "base/memory.h"

#include <string.h>

#include "test.h"

TEST(counts_what_is_handed_out)
{
    struct memory m;
    memory_init(&m);
    char *p = memory_alloc(&m, 100);
    char *q = memory_alloc_zero(&m, 50);
    REQUIRE(p && q);
    CHECK_EQ_INT(m.used, 150);
    for (int i = 0; i < 50; i++) CHECK_EQ_INT(q[i], 0);
    p = memory_resize(&m, p, 100, 300);
    REQUIRE(p);
    CHECK_EQ_INT(m.used, 350);
    p = memory_resize(&m, p, 300, 10);
    REQUIRE(p);
    CHECK_EQ_INT(m.used, 60);
    memory_free(&m, p, 10);
    memory_free(&m, q, 50);
    memory_free(&m, NULL, 0);
    CHECK_EQ_INT(m.used, 0);
    CHECK_EQ_INT(m.peak, 350);
}

TEST(resizing_nothing_allocates)
{
    struct memory m;
    memory_init(&m);
    void *p = memory_resize(&m, NULL, 0, 10);
    REQUIRE(p);
    CHECK_EQ_INT(m.used, 10);
    memory_free(&m, p, 10);
}

TEST(nothing_of_size_zero)
{
    struct memory m;
    memory_init(&m);
    CHECK(memory_alloc(&m, 0) == NULL);
    CHECK(memory_alloc_zero(&m, 0) == NULL);
    CHECK_EQ_INT(m.used, 0);
}

TEST(keeps_the_limit)
{
    struct memory m;
    memory_init(&m);
    m.limit = 100;
    char *p = memory_alloc(&m, 100);
    REQUIRE(p);
    CHECK(memory_alloc(&m, 1) == NULL);
    CHECK(memory_alloc_zero(&m, SIZE_MAX) == NULL);
    p[99] = 'x';
    CHECK(memory_resize(&m, p, 100, 101) == NULL);
    CHECK_EQ_INT(p[99], 'x');
    m.limit = 50; /* lowered under what is in use: nothing more, but giving back works */
    CHECK(memory_alloc(&m, 1) == NULL);
    p = memory_resize(&m, p, 100, 40);
    REQUIRE(p);
    void *q = memory_alloc(&m, 10);
    CHECK(q != NULL);
    CHECK_EQ_INT(m.used, 50);
    memory_free(&m, q, 10);
    memory_free(&m, p, 40);
}

TEST(fails_once_when_told_to)
{
    struct memory m;
    memory_init(&m);
    m.fail_after = 2;
    void *p = memory_alloc(&m, 8);
    p = memory_resize(&m, p, 8, 16);
    REQUIRE(p);
    CHECK(memory_alloc(&m, 8) == NULL);
    CHECK_EQ_INT(m.fail_after, -1);
    void *q = memory_alloc_zero(&m, 8);
    REQUIRE(q);
    m.fail_after = 0;
    CHECK(memory_resize(&m, q, 8, 4) == NULL);
    CHECK_EQ_INT(m.used, 24);
    memory_free(&m, p, 16);
    memory_free(&m, q, 8);
}

/* Of malloc, of slabs and of pages. */
TEST(whole_cache_lines)
{
    static const size_t sizes[] = {64, 128, 512, 576, 4096, 64 * 1024, 256 * 1024};
    enum { SIZES = sizeof sizes / sizeof sizes[0] };
    for (int slabs = 0; slabs < 2; slabs++) {
        struct memory m;
        memory_init(&m);
        if (slabs) memory_use_slabs(&m);
        unsigned char *blocks[SIZES];
        size_t used = 0;
        for (int i = 0; i < SIZES; i++) {
            blocks[i] = memory_alloc_lines(&m, sizes[i]);
            REQUIRE(blocks[i]);
            CHECK_EQ_INT((uintptr_t)blocks[i] % 64, 0);
            memset(blocks[i], i, sizes[i]);
            CHECK_EQ_INT(m.used, used += sizes[i]);
        }
        for (int i = 0; i < SIZES; i++) {
            CHECK_EQ_INT(blocks[i][0], i);
            CHECK_EQ_INT(blocks[i][sizes[i] - 1], i);
            memory_free_lines(&m, blocks[i], sizes[i]);
        }
        CHECK_EQ_INT(m.used, 0);
        CHECK(memory_alloc_lines(&m, 0) == NULL);
        m.limit = 100;
        CHECK(memory_alloc_lines(&m, 128 * 1024) == NULL);
    }
}

TEST_MAIN()
