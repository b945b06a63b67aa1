/* test_base_lzf.c: packing and unpacking, and input that was never packed.
 *
 * SPDX-License-Identifier: MIT */
#include "base/lzf.h"

#include <stdlib.h>

#include "base/random.h"
#include "test.h"

enum { SIZE_MAX_TRIED = 100000 };

/* Packs into, and unpacks from, blocks of exactly the size allowed. True also when it does not get smaller. */
static bool comes_back(const char *in, size_t size)
{
    char *packed = malloc(size), *back = malloc(size);
    if (!packed || !back) abort();
    size_t packed_size = lzf_pack(in, size, packed, size);
    bool same = packed_size <= size;
    if (packed_size > 0) {
        char *exact = malloc(packed_size);
        if (!exact) abort();
        same = same && lzf_pack(in, size, exact, packed_size) == packed_size; /* it fits into what it takes */
        same = same && memcmp(exact, packed, packed_size) == 0;
        same = same && lzf_unpack(exact, packed_size, back, size) && memcmp(in, back, size) == 0;
        same = same && !lzf_unpack(exact, packed_size, back, size - 1);
        same = same && !lzf_unpack(exact, packed_size - 1, back, size);
        same = same && lzf_pack(in, size, exact, packed_size - 1) == 0;
        same = same && size <= packed_size * LZF_RATIO_MAX;
        free(exact);
    }
    free(packed);
    free(back);
    return same;
}

TEST(round_trip)
{
    static char in[SIZE_MAX_TRIED];
    struct random r;
    random_init(&r, 1, "lzf");
    for (int i = 0; i < 3000; i++) {
        size_t size = 5 + random_below(&r, i % 100 ? 300 : SIZE_MAX_TRIED - 5);
        uint64_t alphabet = random_below(&r, 4) ? 1 + random_below(&r, 5) : 256;
        uint64_t far = 1 + random_below(&r, random_below(&r, 2) ? 20 : 9000);
        for (size_t n = 0; n < size; n++) {
            size_t back = 1 + random_below(&r, far);
            bool repeat = n >= back && random_below(&r, 8) > 0;
            in[n] = repeat ? in[n - back] : (char)random_below(&r, alphabet);
        }
        REQUIRE(comes_back(in, size));
    }
}

TEST(runs_and_distances)
{
    static char in[20000];
    struct random r;
    random_init(&r, 2, "lzf");
    for (size_t size = 5; size < 700; size++) { /* one byte: the longest references */
        memset(in, 'x', size);
        REQUIRE(comes_back(in, size));
    }
    for (size_t distance = 8185; distance < 8200; distance++) { /* around the farthest reference */
        for (size_t i = 0; i < sizeof in; i++)
            in[i] = i < distance ? (char)random_next(&r) : in[i - distance];
        REQUIRE(comes_back(in, sizeof in));
    }
}

TEST(known_text)
{
    char packed[64], back[64];
    CHECK_EQ_INT(lzf_pack("aaaaaaaaaaaaaaaaaaaaaaaa", 24, packed, 20), 5);
    CHECK_EQ_MEM(packed, 5,
                 "\x00"
                 "a\xe0\x0e\x00",
                 5);
    CHECK_EQ_INT(lzf_pack("abcdefghijklmnopqrstuvwxyz", 26, packed, 22), 0);
    CHECK(lzf_unpack("\x02"
                     "abc\x80\x02",
                     6, back, 9));
    CHECK_EQ_MEM(back, 9, "abcabcabc", 9);
    CHECK(lzf_unpack("", 0, back, 0));
    CHECK(!lzf_unpack("", 0, back, 1));
}

TEST(never_packed)
{
    char in[64], out[300];
    struct random r;
    random_init(&r, 3, "lzf");
    for (int i = 0; i < 200000; i++) {
        size_t size = 1 + random_below(&r, sizeof in);
        for (size_t n = 0; n < size; n++) in[n] = (char)random_next(&r);
        char *exact = malloc(size);
        if (!exact) abort();
        memcpy(exact, in, size);
        lzf_unpack(exact, size, out, random_below(&r, sizeof out));
        free(exact);
    }
}

TEST_MAIN()
