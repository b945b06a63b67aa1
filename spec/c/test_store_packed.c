/* Packed sequences: what the bytes are, and that every edit does what it does to an array of texts.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/random.h"
#include "store/packed.h"
#include "test.h"

enum { MODEL_MAX = 64, TEXT_MAX = 5000, ROOM = 512 * 1024 };

/* ---- bytes ---- */

static size_t build(char *p, const char *const *texts)
{
    packed_init(p);
    for (; *texts; texts++) {
        struct packed_item item = packed_item_of(slice_text(*texts));
        packed_append(p, &item);
    }
    return packed_bytes(p);
}

TEST(bytes_are_those_of_the_format)
{
    char p[200];
    size_t size = build(p, (const char *const[]){"a", "127", "128", "-4096", NULL});
    static const char want[] = "\x12\0\0\0\4\0"
                               "\x81"
                               "a\2"
                               "\x7f\1"
                               "\xc0\x80\2"
                               "\xd0\0\2"
                               "\xff";
    CHECK_EQ_MEM(p, size, want, 0x12);
    size = build(p, (const char *const[]){"32767", "-32769", "8388608", "-2147483649", NULL});
    static const char large[] = "\x20\0\0\0\4\0"
                                "\xf1\xff\x7f\3"
                                "\xf2\xff\x7f\xff\4"
                                "\xf3\0\0\x80\0\5"
                                "\xf4\xff\xff\xff\x7f\xff\xff\xff\xff\x09"
                                "\xff";
    CHECK_EQ_MEM(p, size, large, 0x20);
}

TEST(an_empty_sequence)
{
    char p[PACKED_EMPTY];
    packed_init(p);
    CHECK_EQ_INT(packed_bytes(p), PACKED_EMPTY);
    CHECK_EQ_INT(packed_count(p), 0);
    CHECK_EQ_INT(packed_first(p), 0);
    CHECK_EQ_INT(packed_last(p), 0);
    CHECK_EQ_INT(packed_at(p, 0), 0);
    CHECK_EQ_INT(packed_at(p, -1), 0);
    CHECK(packed_valid(p, sizeof p));
}

TEST(lengths_at_their_bounds_read_the_same_from_both_ends)
{
    static const size_t lengths[] = {0,    1,     63,    64,    125,   126,    127,     128,     4095,
                                     4096, 16377, 16378, 16379, 16384, 200000, 2097145, 2097146, 2097150};
    char *p = malloc(3 * 2097200), *text = malloc(2097200);
    REQUIRE(p && text);
    memset(text, 'x', 2097200);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct packed_item item = packed_item_of(slice_of(text, lengths[i]));
        packed_init(p);
        packed_append(p, &item);
        packed_append(p, &item);
        CHECK_EQ_INT(packed_bytes(p), PACKED_EMPTY + 2 * item.size);
        CHECK(packed_valid(p, packed_bytes(p)));
        size_t last = packed_last(p);
        CHECK_EQ_INT(last, packed_first(p) + item.size);
        CHECK_EQ_INT(packed_prev(p, last), packed_first(p));
        CHECK_EQ_INT(packed_get(p, last).text.size, lengths[i]);
    }
    free(p);
    free(text);
}

TEST(integers_of_every_width)
{
    char p[64];
    for (int bits = 0; bits < 64; bits++) {
        for (int64_t add = -2; add <= 2; add++) {
            int64_t values[2] = {(int64_t)((UINT64_C(1) << bits) + (uint64_t)add),
                                 (int64_t)(0 - (UINT64_C(1) << bits) + (uint64_t)add)};
            for (int i = 0; i < 2; i++) {
                struct packed_item item = packed_item_of_integer(values[i]);
                packed_init(p);
                packed_append(p, &item);
                CHECK(packed_valid(p, packed_bytes(p)));
                CHECK(packed_get(p, packed_first(p)).integer == values[i]);
                CHECK_EQ_INT(packed_bytes(p), PACKED_EMPTY + item.size);
            }
        }
    }
}

TEST(finding_goes_by_steps)
{
    char p[200];
    build(p, (const char *const[]){"a", "b", "b", "12", "12", "c", NULL});
    struct packed_item b = packed_item_of(slice_text("b")), twelve = packed_item_of_integer(12),
                       none = packed_item_of(slice_text("012"));
    CHECK_EQ_INT(packed_find(p, packed_first(p), &b, 1), packed_at(p, 1));
    CHECK_EQ_INT(packed_find(p, packed_first(p), &b, 2), packed_at(p, 2));
    CHECK_EQ_INT(packed_find(p, packed_first(p), &twelve, 2), packed_at(p, 4));
    CHECK_EQ_INT(packed_find(p, packed_first(p), &none, 1), 0);
    CHECK_EQ_INT(packed_find(p, 0, &b, 1), 0);
}

TEST(integers_that_others_wrote_as_strings_are_found)
{
    char p[] = "\x0b\0\0\0\1\0\x82"
               "12\3\xff";
    int64_t integer = 0;
    REQUIRE(packed_valid(p, 11));
    struct packed_item text = packed_item_of(slice_text("12")), number = packed_item_of_integer(12);
    CHECK(packed_find(p, packed_first(p), &text, 1));
    CHECK(packed_find(p, packed_first(p), &number, 1));
    CHECK(packed_integer(p, packed_first(p), &integer) && integer == 12);
}

TEST(counts_that_the_header_cannot_hold)
{
    enum { MANY = 70000 };
    char *p = malloc(PACKED_EMPTY + 2 * MANY);
    REQUIRE(p);
    struct packed_item item = packed_item_of_integer(7);
    packed_init(p);
    for (int i = 0; i < MANY; i++) packed_append(p, &item);
    CHECK_EQ_INT(packed_count(p), MANY);
    CHECK(packed_valid(p, packed_bytes(p)));
    CHECK_EQ_INT(packed_at(p, MANY - 1), packed_last(p));
    CHECK_EQ_INT(packed_at(p, -MANY), packed_first(p));
    CHECK_EQ_INT(packed_at(p, MANY), 0);
    free(p);
}

TEST(damaged_bytes_are_refused)
{
    char p[200], q[200];
    size_t size = build(p, (const char *const[]){"hello", "1234", "x", NULL});
    REQUIRE(packed_valid(p, size));
    CHECK(!packed_valid(p, size - 1));
    for (size_t i = 0; i < size; i++) {
        if (i >= 7 && i < 12) continue; /* the text itself may be any */
        for (int bit = 0; bit < 8; bit++) {
            memcpy(q, p, size);
            q[i] = (char)(q[i] ^ 1 << bit);
            /* another number is as good, another letter is, and "x" may become a number of as many bytes */
            bool good = (i == 13 && bit < 5) || i == 14 || i == 17 || (i == 16 && bit == 6);
            CHECK_EQ_INT(packed_valid(q, size), good);
        }
    }
}

/* ---- against a model ---- */

struct text {
    size_t size;
    char data[TEXT_MAX];
};

struct model {
    struct text texts[MODEL_MAX];
    size_t count;
};

static struct text draw(struct random *r)
{
    static const size_t bounds[] = {3, 10, 70, 140, 5000};
    struct text t;
    if (random_below(r, 2)) {
        int64_t integer = (int64_t)random_next(r) >> random_below(r, 64);
        t.size = (size_t)snprintf(t.data, sizeof t.data, "%lld", (long long)integer);
        return t;
    }
    t.size = (size_t)random_below(r, bounds[random_below(r, 5)]);
    for (size_t i = 0; i < t.size; i++) t.data[i] = (char)('0' + random_below(r, 20));
    return t;
}

static bool agrees(const struct model *m, const char *p)
{
    struct packed_digits digits;
    if (!packed_valid(p, packed_bytes(p)) || packed_count(p) != m->count) return false;
    size_t at = packed_first(p);
    for (size_t i = 0; i < m->count; i++, at = packed_next(p, at)) {
        if (!slice_equal(packed_text(p, at, &digits), slice_of(m->texts[i].data, m->texts[i].size)))
            return false;
        if (at != packed_at(p, (int64_t)i) || at != packed_at(p, (int64_t)i - (int64_t)m->count))
            return false;
    }
    if (at != 0) return false;
    at = packed_last(p);
    for (size_t i = m->count; i-- > 0; at = packed_prev(p, at))
        if (at != packed_at(p, (int64_t)i)) return false;
    return at == 0;
}

static void step(struct model *m, char *p, struct random *r)
{
    struct text t = draw(r);
    struct packed_item item = packed_item_of(slice_of(t.data, t.size));
    size_t i = (size_t)random_below(r, m->count + 1), n = (size_t)random_below(r, 4);
    size_t at = i < m->count ? packed_at(p, (int64_t)i) : packed_end(p);
    switch (random_below(r, 4)) {
    case 0:
    case 1:
        if (m->count == MODEL_MAX) return;
        memmove(&m->texts[i + 1], &m->texts[i], (m->count - i) * sizeof t);
        m->texts[i] = t;
        m->count++;
        packed_insert(p, at, &item);
        break;
    case 2:
        if (i == m->count) return;
        m->texts[i] = t;
        packed_replace(p, at, &item);
        break;
    default:
        if (n > m->count - i) n = m->count - i;
        memmove(&m->texts[i], &m->texts[i + n], (m->count - i - n) * sizeof t);
        m->count -= n;
        if (n > 0) packed_remove(p, at, n);
    }
}

TEST(edits_do_what_they_do_to_an_array)
{
    struct model *m = calloc(1, sizeof *m);
    char *p = malloc(ROOM);
    struct random r;
    REQUIRE(m && p);
    random_init(&r, 1, "packed");
    packed_init(p);
    for (int i = 0; i < 20000; i++) {
        step(m, p, &r);
        if (i % 16 == 0) REQUIRE(agrees(m, p));
    }
    free(m);
    free(p);
}

TEST_MAIN()
