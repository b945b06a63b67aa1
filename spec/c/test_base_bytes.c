/* Slices, and buffers under success and failure. */
#include "base/bytes.h"
#include "base/random.h"
#include "test.h"

TEST(slices_compare)
{
    CHECK(slice_equal(slice_text("abc"), slice_of("abcd", 3)));
    CHECK(!slice_equal(slice_text("abc"), slice_text("abd")));
    CHECK(!slice_equal(slice_text("abc"), slice_text("ab")));
    CHECK(slice_equal(slice_of(NULL, 0), slice_text("")));
    CHECK(slice_compare(slice_text("a"), slice_text("b")) < 0);
    CHECK(slice_compare(slice_text("ab"), slice_text("a")) > 0);
    CHECK(slice_compare(slice_text("\x80"), slice_text("a")) > 0);
    CHECK_EQ_INT(slice_compare(slice_text("ab"), slice_text("ab")), 0);
    CHECK(slice_compare(slice_of(NULL, 0), slice_text("a")) < 0);
    CHECK_EQ_INT(slice_compare(slice_of(NULL, 0), slice_of(NULL, 0)), 0);
}

TEST(words_ignore_case)
{
    CHECK(slice_is_word(slice_text("GeT"), "get"));
    CHECK(slice_is_word(slice_text("set-1"), "SET-1"));
    CHECK(slice_is_word(slice_of(NULL, 0), ""));
    CHECK(!slice_is_word(slice_text("get"), "gets"));
    CHECK(!slice_is_word(slice_text("gets"), "get"));
    CHECK(!slice_is_word(slice_of("get\0", 4), "get"));
    CHECK(!slice_is_word(slice_text("@"), "`"));
}

TEST(texts_are_cut_to_their_field)
{
    char field[6] = "######";
    text_copy(field, 5, "abc");
    CHECK_EQ_STR(field, "abc");
    text_copy(field, 5, "abcdefg");
    CHECK_EQ_STR(field, "abcd");
    CHECK_EQ_INT(field[5], '#');
    text_copy(field, 5, "");
    CHECK_EQ_STR(field, "");
}

TEST(appends)
{
    struct memory m;
    struct bytes b;
    memory_init(&m);
    bytes_init(&b, &m);
    CHECK(bytes_append(&b, NULL, 0));
    CHECK(b.data == NULL);
    CHECK(bytes_append_text(&b, "n="));
    CHECK(bytes_append_int(&b, INT64_MIN));
    CHECK(bytes_append_char(&b, ' '));
    CHECK(bytes_append_slice(&b, slice_text("slice ")));
    CHECK(bytes_append_format(&b, "%s-%d", "f", 12));
    CHECK(bytes_append_format(&b, "%s", ""));
    CHECK_EQ_MEM(b.data, b.size, "n=-9223372036854775808 slice f-12", 33);
    CHECK(slice_equal(bytes_slice(&b), slice_of(b.data, b.size)));
    bytes_drop(&b, 2);
    bytes_drop(&b, 0);
    CHECK_EQ_MEM(b.data, b.size, "-9223372036854775808 slice f-12", 31);
    bytes_drop(&b, 31);
    CHECK_EQ_INT(b.size, 0);
    bytes_free(&b);
    CHECK_EQ_INT(m.used, 0);
    CHECK(bytes_append_text(&b, "again"));
    bytes_free(&b);
}

TEST(grows_by_doubling)
{
    struct memory m;
    struct bytes b;
    memory_init(&m);
    bytes_init(&b, &m);
    size_t changes = 0, capacity = 0;
    for (int i = 0; i < 100000; i++) {
        REQUIRE(bytes_append_char(&b, (char)i));
        changes += b.capacity != capacity;
        capacity = b.capacity;
    }
    CHECK(changes < 16);
    CHECK_EQ_INT(m.used, b.capacity);
    for (int i = 0; i < 100000; i++) REQUIRE(b.data[i] == (char)i);
    bytes_free(&b);
}

TEST(reserve_then_commit)
{
    struct memory m;
    struct bytes b;
    memory_init(&m);
    bytes_init(&b, &m);
    char *out = bytes_reserve(&b, 1000);
    REQUIRE(out);
    memset(out, 'x', 1000);
    bytes_commit(&b, 10);
    CHECK_EQ_INT(b.size, 10);
    CHECK(bytes_reserve(&b, 0) != NULL);
    bytes_free(&b);
}

TEST(trims_only_when_empty_and_large)
{
    struct memory m;
    struct bytes b;
    memory_init(&m);
    bytes_init(&b, &m);
    bytes_reserve(&b, 5000);
    bytes_append_text(&b, "x");
    bytes_trim(&b, 100);
    CHECK(b.capacity >= 5000);
    bytes_clear(&b);
    bytes_trim(&b, 5000);
    CHECK(b.capacity >= 5000);
    bytes_trim(&b, 100);
    CHECK_EQ_INT(m.used, 0);
    bytes_trim(&b, 0);
    bytes_free(&b);
}

TEST(a_failure_sticks_until_cleared)
{
    struct memory m;
    struct bytes b;
    memory_init(&m);
    bytes_init(&b, &m);
    REQUIRE(bytes_append_text(&b, "kept"));
    m.fail_after = 0;
    CHECK(!bytes_append(&b, (char[100]){0}, 100));
    CHECK(b.failed);
    CHECK(!bytes_append_char(&b, 'x'));
    CHECK(!bytes_append_int(&b, 1));
    CHECK(!bytes_append_format(&b, "%d", 1));
    CHECK(!bytes_append(&b, "", 0));
    CHECK_EQ_MEM(b.data, b.size, "kept", 4);
    bytes_clear(&b);
    CHECK(bytes_append_text(&b, "new"));
    CHECK_EQ_MEM(b.data, b.size, "new", 3);
    CHECK(bytes_reserve(&b, SIZE_MAX - 1) == NULL);
    CHECK(b.failed);
    bytes_free(&b);
    CHECK_EQ_INT(m.used, 0);
}

TEST_MAIN()
