/* Entries: what is stored how, in how many bytes, and when a change stays in place. */
#include "store/keyspace.h"
#include "test.h"

enum { KIB = 1024 };

struct fixture {
    struct memory memory;
    struct keyspace *keyspace;
    char bytes[100 * KIB];
};

static void begin_with(struct fixture *f, bool digest)
{
    memory_init(&f->memory);
    f->keyspace =
        keyspace_new(&(struct keyspace_options){.memory = &f->memory, .databases = 16, .digest = digest});
    memset(f->bytes, 'a', sizeof f->bytes);
}

static void begin(struct fixture *f) { begin_with(f, true); }

static void end(struct test *t_, struct fixture *f)
{
    const char *what;
    CHECK(keyspace_check(f->keyspace, &what));
    keyspace_free(f->keyspace);
    CHECK_EQ_INT(f->memory.used, 0);
}

static struct entry *set(struct fixture *f, const char *key, const char *value)
{
    return keyspace_set_string(f->keyspace, 0, slice_text(key), slice_text(value), KEYSPACE_NO_TTL);
}

static struct entry *set_size(struct fixture *f, const char *key, size_t size)
{
    return keyspace_set_string(f->keyspace, 0, slice_text(key), slice_of(f->bytes, size), KEYSPACE_NO_TTL);
}

static struct entry *append(struct fixture *f, const char *key, const char *text)
{
    char *data;
    const struct entry *e = keyspace_find(f->keyspace, 0, slice_text(key));
    size_t size = e ? entry_string_size(e) : 0;
    struct entry *edited = keyspace_string_edit(f->keyspace, 0, slice_text(key), size + strlen(text), &data);
    memcpy(data + size, text, strlen(text));
    keyspace_string_done(f->keyspace, 0, edited);
    return edited;
}

TEST(idle_databases_cost_nothing)
{
    struct fixture f;
    begin(&f);
    CHECK(f.memory.used < 1024);
    CHECK(!keyspace_find(f.keyspace, 3, slice_text("k")));
    CHECK(!keyspace_delete(f.keyspace, 3, slice_text("k")));
    CHECK_EQ_INT(keyspace_flush(f.keyspace, -1), 0);
    CHECK(keyspace_expire_deadline(f.keyspace) == INT64_MAX);
    CHECK(f.memory.used < 1024);
    end(t_, &f);
}

TEST(ten_byte_key_and_32_byte_value_take_48_bytes)
{
    struct fixture f;
    begin(&f);
    CHECK_EQ_INT(entry_memory(set_size(&f, "0123456789", 32)), 48);
    CHECK_EQ_INT(entry_memory(set(&f, "counter", "1")), 24);
    struct entry *e = keyspace_set_expire(f.keyspace, 0, set_size(&f, "0123456789", 32), 5000);
    CHECK_EQ_INT(entry_memory(e), 64);
    end(t_, &f);
}

TEST(encodings)
{
    struct fixture f;
    begin(&f);
    CHECK_EQ_STR(entry_encoding(set(&f, "k", "9223372036854775807")), "int");
    CHECK_EQ_STR(entry_encoding(set(&f, "k", "-9223372036854775808")), "int");
    CHECK_EQ_STR(entry_encoding(set(&f, "k", "9223372036854775808")), "embstr");
    CHECK_EQ_STR(entry_encoding(set(&f, "k", "007")), "embstr");
    CHECK_EQ_STR(entry_encoding(set(&f, "k", "-0")), "embstr");
    CHECK_EQ_STR(entry_encoding(set(&f, "k", "")), "embstr");
    CHECK_EQ_STR(entry_encoding(set_size(&f, "k", 44)), "embstr");
    CHECK_EQ_STR(entry_encoding(set_size(&f, "k", 45)), "raw");
    CHECK_EQ_STR(entry_encoding(set_size(&f, "k", 90 * KIB)), "raw");
    CHECK_EQ_STR(entry_encoding(set(&f, "k", "12")), "int");
    CHECK_EQ_STR(entry_encoding(append(&f, "k", "3")), "raw");
    CHECK_EQ_STR(entry_encoding(set(&f, "k", "abc")), "embstr");
    CHECK_EQ_STR(entry_encoding(append(&f, "k", "")), "raw");
    CHECK(keyspace_rename(f.keyspace, 0, slice_text("k"), 0, slice_text("l")));
    CHECK_EQ_STR(entry_encoding(keyspace_find(f.keyspace, 0, slice_text("l"))), "raw");
    CHECK_EQ_STR(entry_type_name(entry_type(keyspace_find(f.keyspace, 0, slice_text("l")))), "string");
    end(t_, &f);
}

TEST(integers_read_as_text)
{
    struct fixture f;
    struct entry_text text;
    int64_t integer = 0;
    begin(&f);
    struct entry *e = set(&f, "k", "-1234567");
    CHECK(entry_integer(e, &integer));
    CHECK_EQ_INT(integer, -1234567);
    CHECK(slice_equal(entry_string(e, &text), slice_text("-1234567")));
    CHECK_EQ_INT(entry_string_size(e), 8);
    e = append(&f, "k", "8");
    CHECK(!entry_integer(e, &integer));
    CHECK(slice_equal(entry_string(e, &text), slice_text("-12345678")));
    end(t_, &f);
}

TEST(overwriting_in_kind_allocates_nothing)
{
    static const size_t sizes[] = {1, 32, 44, 255, 256, 1000, 16 * KIB};
    struct fixture f;
    begin(&f);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct entry *e = set_size(&f, "key", sizes[i]);
        entry_set_access(e, 0xabcdef);
        f.memory.fail_after = 0;
        CHECK(set_size(&f, "key", sizes[i]) == e);
        CHECK_EQ_INT(f.memory.fail_after, 0);
        f.memory.fail_after = -1;
        CHECK_EQ_INT(entry_access(e), 0xabcdef);
    }
    /* a long string may shrink by half before its block does */
    struct entry *e = set_size(&f, "long", 10000);
    REQUIRE(set_size(&f, "long", 6000) == e);
    CHECK_EQ_INT(entry_string_size(e), 6000);
    CHECK(entry_memory(set_size(&f, "long", 3000)) < 3100);
    /* and a time to live is moved where it is */
    e = keyspace_set_string(f.keyspace, 0, slice_text("t"), slice_text("v"), 100);
    f.memory.fail_after = 0;
    CHECK(keyspace_set_string(f.keyspace, 0, slice_text("t"), slice_text("w"), 50) == e);
    CHECK(keyspace_set_expire(f.keyspace, 0, e, 70) == e);
    CHECK_EQ_INT(keyspace_expire_deadline(f.keyspace), 71);
    f.memory.fail_after = -1;
    end(t_, &f);
}

TEST(appending_is_amortised)
{
    struct fixture f;
    begin_with(&f, false); /* a digest costs time by the string's length */
    set(&f, "log", "");
    int moves = 0;
    const struct entry *last = NULL;
    for (int i = 0; i < 20000; i++) {
        size_t used = f.memory.used;
        const struct entry *e = append(&f, "log", "0123456789");
        moves += e != last || f.memory.used != used;
        last = e;
    }
    CHECK(moves < 60);
    CHECK_EQ_INT(entry_string_size(last), 200000);
    end(t_, &f);
}

TEST(edited_strings_are_filled_with_zeros)
{
    struct fixture f;
    char *data;
    static const size_t sizes[] = {3, 10, 300, 16 * KIB, 17 * KIB, 80 * KIB};
    size_t before = 0;
    begin(&f);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct entry *e = keyspace_string_edit(f.keyspace, 0, slice_text("k"), sizes[i], &data);
        bool zero = true;
        for (size_t j = before; j < sizes[i]; j++) zero = zero && data[j] == 0;
        CHECK(zero);
        CHECK(before == 0 || data[before - 1] == 'z');
        memset(data, 'z', sizes[i]);
        keyspace_string_done(f.keyspace, 0, e);
        CHECK_EQ_INT(entry_string_size(e), sizes[i]);
        before = sizes[i];
    }
    end(t_, &f);
}

TEST(arguments_may_point_into_entries)
{
    struct fixture f;
    struct entry_text text;
    begin(&f);
    struct entry *e = set_size(&f, "0123456789", 200);
    e = keyspace_set_string(f.keyspace, 0, entry_key(e), slice_of(entry_string(e, &text).data + 7, 180), 9);
    CHECK_EQ_INT(entry_string_size(e), 180);
    e = keyspace_set_string(f.keyspace, 0, entry_key(e), slice_of(entry_string(e, &text).data + 1, 179), 9);
    CHECK_EQ_INT(entry_string_size(e), 179);
    e = keyspace_set_string(f.keyspace, 0, entry_key(e), entry_key(e), 9);
    CHECK(slice_equal(entry_string(e, &text), slice_text("0123456789")));
    char *data;
    e = keyspace_string_edit(f.keyspace, 0, entry_key(e), 500, &data);
    keyspace_string_done(f.keyspace, 0, e);
    CHECK(keyspace_rename(f.keyspace, 0, entry_key(e), 1, entry_key(e)));
    e = keyspace_find(f.keyspace, 1, slice_text("0123456789"));
    CHECK_EQ_INT(entry_string_size(e), 500);
    CHECK(keyspace_copy(f.keyspace, 1, entry_key(e), 2, entry_key(e)));
    CHECK(keyspace_delete(f.keyspace, 1, entry_key(e)));
    CHECK_EQ_INT(keyspace_size(f.keyspace, 1), 0);
    CHECK_EQ_INT(keyspace_size(f.keyspace, 2), 1);
    end(t_, &f);
}

TEST(key_lengths)
{
    struct fixture f;
    static const size_t sizes[] = {0, 1, 253, 254, 255, 256, 65535, 65536, 100 * KIB};
    begin(&f);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct slice key = slice_of(f.bytes, sizes[i]);
        struct entry *e =
            keyspace_set_string(f.keyspace, 5, key, slice_text("v"), i % 2 ? 1000 : KEYSPACE_NO_TTL);
        REQUIRE(e);
        CHECK(slice_equal(entry_key(e), key));
        CHECK(keyspace_find(f.keyspace, 5, key) == e);
    }
    CHECK_EQ_INT(keyspace_size(f.keyspace, 5), sizeof sizes / sizeof *sizes);
    end(t_, &f);
}

TEST(access_bits_stay_with_the_key)
{
    struct fixture f;
    begin(&f);
    struct entry *e = set(&f, "k", "v");
    CHECK_EQ_INT(entry_access(e), 0);
    entry_set_access(e, 0xfedcba);
    e = set_size(&f, "k", 300);
    CHECK_EQ_INT(entry_access(e), 0xfedcba);
    e = keyspace_set_expire(f.keyspace, 0, e, 10);
    CHECK_EQ_INT(entry_access(e), 0xfedcba);
    e = append(&f, "k", "tail");
    CHECK_EQ_INT(entry_access(e), 0xfedcba);
    end(t_, &f);
}

TEST_MAIN()
