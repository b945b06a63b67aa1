/* Runs of bits: counting, finding, fields and combining, beside a model that looks at one bit at a time.
 *
 * SPDX-License-Identifier: MIT */
#include "base/bits.h"
#include "base/random.h"
#include "test.h"

enum { SIZE_MAX_BYTES = 300 };

static int bit_of(const char *bytes, int64_t at)
{
    return (unsigned char)bytes[at >> 3] >> (7 - (at & 7)) & 1;
}

/* Bytes with long runs of equal bits in them, so that whole words are skipped. */
static size_t fill(struct random *r, char *bytes)
{
    size_t size = 1 + random_below(r, SIZE_MAX_BYTES);
    int kind = (int)random_below(r, 4);
    for (size_t i = 0; i < size; i++) {
        bool odd = kind == 3 || random_below(r, 40) == 0;
        bytes[i] = (char)(odd ? random_below(r, 256) : kind == 1 ? 0xff : 0);
    }
    return size;
}

struct run {
    char bytes[SIZE_MAX_BYTES];
    size_t size;
    int64_t first, last;
};

static void choose(struct random *r, struct run *run)
{
    run->size = fill(r, run->bytes);
    int64_t a = (int64_t)random_below(r, run->size * 8), b = (int64_t)random_below(r, run->size * 8);
    run->first = a < b ? a : b;
    run->last = a < b ? b : a;
}

TEST(counting_and_finding)
{
    struct random r;
    struct run run;
    random_init(&r, 1, "bits");
    for (int round = 0; round < 5000; round++) {
        choose(&r, &run);
        int64_t count = 0, found[2] = {-1, -1};
        for (int64_t at = run.last; at >= run.first; at--) {
            count += bit_of(run.bytes, at);
            found[bit_of(run.bytes, at)] = at;
        }
        struct slice bytes = slice_of(run.bytes, run.size);
        REQUIRE(bits_count(bytes, run.first, run.last) == count);
        REQUIRE(bits_find(bytes, run.first, run.last, false) == found[0]);
        REQUIRE(bits_find(bytes, run.first, run.last, true) == found[1]);
    }
    CHECK_EQ_INT(bits_count(slice_of("\xff", 1), 5, 4), 0);
    CHECK_EQ_INT(bits_find(slice_of("\xff", 1), 5, 4, true), -1);
    CHECK_EQ_INT(bits_count(slice_of("", 0), 0, -1), 0);
}

TEST(fields)
{
    struct random r;
    struct run run;
    char before[SIZE_MAX_BYTES];
    random_init(&r, 2, "bits");
    for (int round = 0; round < 5000; round++) {
        choose(&r, &run);
        int width = 1 + (int)random_below(&r, 64);
        if (run.first + width > (int64_t)run.size * 8) continue;
        uint64_t value = random_next(&r), want = 0;
        memcpy(before, run.bytes, run.size);
        bits_set(run.bytes, run.first, width, value);
        for (int64_t at = 0; at < (int64_t)run.size * 8; at++) {
            bool inside = at >= run.first && at < run.first + width;
            if (inside) want = want << 1 | (uint64_t)bit_of(run.bytes, at);
            REQUIRE(inside || bit_of(run.bytes, at) == bit_of(before, at));
        }
        REQUIRE(want == (value & UINT64_MAX >> (64 - width)));
        REQUIRE(bits_get(slice_of(run.bytes, run.size), run.first, width) == want);
    }
    CHECK_EQ_INT(bits_get(slice_of("\xff", 1), 4, 8), 0xf0); /* zeros follow the end */
    CHECK_EQ_INT(bits_get(slice_of("\xff", 1), INT64_C(1) << 40, 64), 0);
}

static int combined(enum bits_operation operation, int a, int b)
{
    return operation == BITS_AND ? a & b : operation == BITS_OR ? a | b : a ^ b;
}

/* Bit `at` of an operand that zeros follow. */
static int padded(struct slice s, int64_t at) { return (size_t)at >> 3 < s.size ? bit_of(s.data, at) : 0; }

TEST(combining)
{
    enum { OPERANDS = 3 };
    struct random r;
    char storage[OPERANDS][SIZE_MAX_BYTES], result[SIZE_MAX_BYTES];
    random_init(&r, 3, "bits");
    for (int round = 0; round < 2000; round++) {
        struct slice operands[OPERANDS];
        size_t longest = 0;
        int count = 1 + (int)random_below(&r, OPERANDS);
        enum bits_operation operation = count == 1 ? BITS_NOT : (enum bits_operation)random_below(&r, 3);
        for (int i = 0; i < count; i++) {
            operands[i] = slice_of(storage[i], random_below(&r, 5) ? fill(&r, storage[i]) : 0);
            if (operands[i].size > longest) longest = operands[i].size;
        }
        bits_combine(operation, result, longest, operands, count);
        for (int64_t at = 0; at < (int64_t)longest * 8; at++) {
            int want = padded(operands[0], at);
            for (int i = 1; i < count; i++) want = combined(operation, want, padded(operands[i], at));
            if (operation == BITS_NOT) want = !want;
            REQUIRE(bit_of(result, at) == want);
        }
    }
}

TEST_MAIN()
