/* test_persist_rdb_read.c: what the RDB reader takes and refuses, and that it never trusts a length.
 *
 * SPDX-License-Identifier: MIT */
#include <stdarg.h>

#include "rdb_fixture.h"
#include "test.h"

enum { DUMP_MAX = 4096 };

/* Files in these specs are written down without checksum: version 10 takes 0 for "none". */
#define MAGIC "REDIS0010"
#define END "\xff\0\0\0\0\0\0\0\0"
#define FILE_OF(items) slice_of(MAGIC items END, sizeof(MAGIC items END) - 1)

struct dump {
    char text[DUMP_MAX];
    size_t size;
    int db;
};

__attribute__((format(printf, 2, 3))) static void say(struct dump *d, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    d->size += (size_t)vsnprintf(d->text + d->size, DUMP_MAX - d->size, format, arguments);
    va_end(arguments);
}

static void say_text(struct dump *d, struct slice text)
{
    if (text.size < 100)
        say(d, "%.*s", (int)text.size, text.data);
    else
        say(d, "<%zu>", text.size);
}

/* {field=value field=value} or (member member), in the order of the value. */
static void dump_collection(struct dump *d, const struct entry *e)
{
    struct hash_walk hw = {.begun = false};
    struct set_walk sw = {.index = 0};
    struct hash_pair pair;
    struct set_member member;
    bool hash = entry_type(e) == VALUE_HASH;
    say(d, "%s%c", entry_encoding(e), hash ? '{' : '(');
    while (hash && hash_walk_next(e, &hw, &pair)) {
        say_text(d, pair.field);
        say(d, "=");
        say_text(d, pair.value);
        say(d, ",");
    }
    while (!hash && set_walk_next(e, &sw, &member)) {
        say_text(d, set_member_text(&member));
        say(d, ",");
    }
    say(d, "%c", hash ? '}' : ')');
}

static void dump_entry(void *context, struct entry *e)
{
    struct dump *d = context;
    struct entry_text digits;
    say(d, "%d ", d->db);
    say_text(d, entry_key(e));
    say(d, "=");
    if (entry_type(e) == VALUE_STRING)
        say_text(d, entry_string(e, &digits));
    else
        dump_collection(d, e);
    if (entry_expire(e) >= 0) say(d, "@%lld", (long long)entry_expire(e));
    say(d, " ");
}

/* Reads a file in two pieces, the first of `cut` bytes, or (`step`) in many. The dataset as text, or the error. */
static void read_file(struct slice file, size_t cut, size_t step, struct dump *d)
{
    struct memory m;
    memory_init(&m);
    struct keyspace *ks = rdb_fixture_keyspace(&m);
    struct rdb_reader *r = rdb_fixture_reader(&m, ks);
    size_t at = 0;
    int result = 1;
    if (cut > 0) result = rdb_fixture_feed(r, slice_of(file.data, cut), &at, cut);
    if (result == 1) result = rdb_fixture_feed(r, file, &at, step);
    d->size = 0;
    d->text[0] = '\0';
    for (d->db = 0; d->db < RDB_FIXTURE_DATABASES; d->db++) {
        uint64_t cursor = 0;
        while (result == 0 && (cursor = keyspace_scan(ks, d->db, cursor, dump_entry, d)) != 0) continue;
    }
    if (result < 0) snprintf(d->text, DUMP_MAX, "%s", rdb_reader_error(r));
    if (result > 0) snprintf(d->text, DUMP_MAX, "...");
    rdb_reader_free(r);
    keyspace_free(ks);
    if (m.used != 0) snprintf(d->text, DUMP_MAX, "%zu bytes leaked", m.used);
}

static bool reads_as(struct slice file, const char *want)
{
    struct dump d;
    for (size_t cut = 0; cut <= file.size; cut++) {
        read_file(file, cut, file.size, &d);
        if (strcmp(d.text, want) == 0) continue;
        printf("# cut at %zu: got %s\n# want %s\n", cut, d.text, want);
        return false;
    }
    read_file(file, 0, 1, &d);
    return strcmp(d.text, want) == 0;
}

#define READS_AS(items, want) CHECK(reads_as(FILE_OF(items), want))

TEST(forms_of_lengths)
{
    READS_AS("", "");
    READS_AS("\x00\x01k\x03val", "0 k=val ");
    READS_AS("\x00\x40\x01k\x40\x03val", "0 k=val ");
    READS_AS("\x00\x80\x00\x00\x00\x01k\x80\x00\x00\x00\x03val", "0 k=val ");
    READS_AS("\x00\x81\x00\x00\x00\x00\x00\x00\x00\x01k\x03val", "0 k=val ");
    READS_AS("\x00\x00\x00", "0 = ");
    READS_AS("\x00\x82k", "RDB at offset 10: unknown form of length");
    READS_AS("\x00\xc4k", "RDB at offset 10: unknown encoding of a string");
    READS_AS("\xfe\xc0\x01", "RDB at offset 10: an encoded string where a length should be");
}

TEST(integers)
{
    READS_AS("\x00\x01k\xc0\xff", "0 k=-1 ");
    READS_AS("\x00\x01k\xc0\x7f", "0 k=127 ");
    READS_AS("\x00\xc0\x07\xc1\x00\x80", "0 7=-32768 ");
    READS_AS("\x00\x01k\xc1\xff\x7f", "0 k=32767 ");
    READS_AS("\x00\x01k\xc2\x00\x00\x00\x80", "0 k=-2147483648 ");
    READS_AS("\x00\xc2\xff\xff\xff\x7f\x01v", "0 2147483647=v ");
}

TEST(packed_strings)
{
    READS_AS("\x00\x01k\xc3\x05\x04\x03"
             "abcd",
             "0 k=abcd ");
    READS_AS("\x00\x01k\xc3\x07\x0a\x00"
             "a\xe0\x00\x00\x00"
             "b",
             "RDB at offset 12: packed string is damaged");
    READS_AS("\x00\x01k\xc3\x07\x0b\x00"
             "a\xe0\x00\x00\x00"
             "b",
             "0 k=aaaaaaaaaab ");
    READS_AS("\x00\x01k\xc3\x05\x40\x64\x00"
             "a\xe0\x5a\x00",
             "0 k=<100> ");
    READS_AS("\x00\x01k\xc3\x03\x04\x20\x00\x00", "RDB at offset 12: packed string is damaged");
    READS_AS("\x00\x01k\xc3\x05\x05\x03"
             "abcd",
             "RDB at offset 12: packed string is damaged");
    READS_AS("\x00\x01k\xc3\x02\x80\x1f\xff\xff\xff\x00"
             "a",
             "RDB at offset 12: packed string claims an impossible size");
    READS_AS("\x00\x01k\xc3\x02\x80\x7f\xff\xff\xff\x00"
             "a",
             "RDB at offset 12: packed string claims an impossible size");
    READS_AS("\x00\x01k\xc3\x80\x7f\xff\xff\xff\x02\x00"
             "a",
             "RDB at offset 12: string is too long");
    READS_AS("\x00\x01k\xc3\xc3", "RDB at offset 12: an encoded string where a length should be");
}

TEST(databases_and_times)
{
    READS_AS("\xfe\x03\xfb\x01\x00\x00\x01k\x01v\xfe\x01\x00\x01k\x01w\xfe\x04\x00\x01m\x01v\xfe\x03",
             "1 k=w 3 k=v 4 m=v ");
    READS_AS("\xfe\x10", "RDB at offset 10: database 16, but there are only 16");
    READS_AS("\xfc\x88\x13\0\0\0\0\0\0\x00\x01k\x01v\xfe\x01\x00\x01l\x01v", "0 k=v@5000 1 l=v ");
    READS_AS("\xfd\x05\0\0\0\x00\x01k\x01v", "0 k=v@5000 ");
    READS_AS("\xfd\x05\0\0\0\xf8\x40\xff\x00\x01k\x01v", "0 k=v@5000 ");
    READS_AS("\xf9\x07\xfc\x88\x13\0\0\0\0\0\0\x00\x01k\x01v", "0 k=v@5000 ");
    READS_AS("\xfc\xff\xff\xff\xff\xff\xff\xff\xff\x00\x01k\x01v", "0 k=v ");
    READS_AS("\xfc\xfe\xff\xff\xff\xff\xff\xff\xff\x00\x01k\x01v", "0 k=v@0 ");
}

TEST(passed_over)
{
    READS_AS("\xfa\x03new\x05thing\xfb\x05\x05\x00\x01k\x01v", "0 k=v ");
    READS_AS("\xf5\x06"
             "#!lua \x00\x01k\x01v",
             "0 k=v ");
    READS_AS("\xf5\xc3\x03\x80\x10\x00\x00\x00"
             "abc\x00\x01k\x01v",
             "RDB at offset 10: packed string claims an impossible size");
    READS_AS("\xf5\xc3\x03\x40\x80"
             "abc\x00\x01k\x01v",
             "0 k=v ");
    READS_AS("\xf5\xc1"
             "ab\x00\x01k\x01v",
             "0 k=v ");
}

TEST(refused)
{
    READS_AS("\x00\x01k\x01v\x07\x01h", "RDB at offset 14: type 7 (module (version 2)) is not supported");
    READS_AS("\x06\x01l", "RDB at offset 9: type 6 (module) is not supported");
    READS_AS("\x08", "RDB at offset 9: type 8 (unknown) is not supported");
    READS_AS("\xf4", "RDB at offset 9: type 244 (unknown) is not supported");
    READS_AS("\xf6", "RDB at offset 9: functions in the format of a Redis 7.0 pre-release are not supported");
    READS_AS("\xf7\x81\x01", "RDB at offset 9: data of modules is not supported");
    READS_AS("\x00\x01k\x01v\x00\x01k\x01w", "RDB at offset 17: the key of this value has been there before");
    READS_AS("\x00\x01k\x81\x00\x00\x00\x00\x20\x00\x00\x01", "RDB at offset 12: string is too long");
    READS_AS("\x00\x81\xff\xff\xff\xff\xff\xff\xff\xff", "RDB at offset 10: string is too long");
}

TEST(hashes)
{
    READS_AS("\x04\x01h\x02\x01"
             "a\x01"
             "1\x02"
             "bb\xc0\x02",
             "0 h=listpack{a=1,bb=2,} ");
    READS_AS("\x04\x01h\x00", "");
    READS_AS("\x04\x01h\x02\x01"
             "a\x01"
             "1\x01"
             "a\x01"
             "2",
             "RDB at offset 19: a field of a hash is there twice");
    /* a listpack, also with an odd number of elements, a field twice, and damaged */
    READS_AS("\x10\x01h\x0f\x0f\x00\x00\x00\x02\x00\x82"
             "ab\x03\x83xyz\x04\xff",
             "RDB at offset 12: listpack integrity check failed");
    READS_AS("\x10\x01h\x10\x10\x00\x00\x00\x02\x00\x82"
             "ab\x03\x83xyz\x04\xff",
             "0 h=listpack{ab=xyz,} ");
    READS_AS("\x10\x01h\x0b\x0b\x00\x00\x00\x01\x00\x82"
             "ab\x03\xff",
             "RDB at offset 12: a field of a hash has no value");
    READS_AS("\x10\x01h\x0f\x0f\x00\x00\x00\x04\x00\x01\x01\x02\x01\x01\x01\x03\x01\xff",
             "RDB at offset 12: a field of a hash is there twice");
    READS_AS("\x10\x01h\x07\x07\x00\x00\x00\x00\x00\xff", "");
}

TEST(hashes_of_older_versions)
{
    READS_AS("\x0d\x01h\x18\x18\x00\x00\x00\x13\x00\x00\x00\x04\x00\x00\x01"
             "a\x03\xf2\x02\x02"
             "bc\x04\xc0\x00\x04\xff",
             "0 h=listpack{a=1,bc=1024,} ");
    READS_AS("\x0d\x01h\x10\x10\x00\x00\x00\x0d\x00\x00\x00\x02\x00\x00\x01"
             "a\x02\xf2\x02\xff",
             "RDB at offset 12: ziplist integrity check failed");
    READS_AS("\x09\x01h\x0f\x02\x01"
             "a\x01\x00"
             "1\x02"
             "bc\x01\x02"
             "2..\xff",
             "0 h=listpack{a=1,bc=2,} ");
    READS_AS("\x09\x01h\x0b\x02\x01"
             "a\x01\x00"
             "1\x02"
             "bc\x01\xff",
             "RDB at offset 12: Zipmap integrity check failed");
}

#define BYTES_16 "................"
#define BYTES_64 BYTES_16 BYTES_16 BYTES_16 BYTES_16

TEST(a_zipmap_with_a_long_element_becomes_a_large_hash)
{
    READS_AS("\x09\x01h\x40\x46\x01\x01"
             "a\x40\x00" BYTES_64 "\xff",
             "0 h=listpack{a=" BYTES_64 ",} ");
    READS_AS("\x09\x01h\x40\x47\x01\x01"
             "a\x41\x00" BYTES_64 ".\xff",
             "0 h=hashtable{a=" BYTES_64 ".,} ");
    READS_AS("\x09\x01h\x40\x47\x01\x41" BYTES_64 ".\x01\x00"
             "a\xff",
             "0 h=hashtable{" BYTES_64 ".=a,} ");
}

TEST(a_list_has_no_empty_node)
{
    READS_AS("\x12\x01l\x01\x01\x00", "RDB at offset 14: a list's node is empty");
    READS_AS("\x12\x01l\x01\x03\x00", "RDB at offset 13: a list's node is of no known kind");
}

TEST(sets)
{
    READS_AS("\x02\x01s\x02\x01"
             "a\xc0\x05",
             "0 s=hashtable(a,5,) ");
    READS_AS("\x02\x01s\x02\x01"
             "7\xc0\x05",
             "0 s=intset(5,7,) ");
    READS_AS("\x02\x01s\x02\xc0\x05\x01"
             "5",
             "RDB at offset 15: a member of a set is there twice");
    READS_AS("\x02\x01s\x00", "");
    READS_AS("\x0b\x01s\x0c\x02\x00\x00\x00\x02\x00\x00\x00\xff\xff\x05\x00", "0 s=intset(-1,5,) ");
    READS_AS("\x0b\x01s\x0c\x02\x00\x00\x00\x02\x00\x00\x00\x06\x00\x05\x00",
             "RDB at offset 12: intset integrity check failed");
    READS_AS("\x0b\x01s\x0c\x03\x00\x00\x00\x02\x00\x00\x00\x04\x00\x05\x00",
             "RDB at offset 12: intset integrity check failed");
    READS_AS("\x14\x01s\x0d\x0d\x00\x00\x00\x02\x00\x82"
             "ab\x03\x05\x01\xff",
             "0 s=hashtable(ab,5,) ");
}

#define WHOLE(text) slice_of(text, sizeof(text) - 1)

TEST(versions_and_checksums)
{
    CHECK(reads_as(WHOLE("REDIS0001\x00\x01k\x01v\xff"), "0 k=v "));
    CHECK(reads_as(WHOLE("REDIS0004\x00\x01k\x01v\xff"), "0 k=v "));
    CHECK(reads_as(WHOLE("REDIS0005\x00\x01k\x01v\xff"), "..."));
    CHECK(reads_as(WHOLE("REDIS0011\x00\x01k\x01v" END), "0 k=v "));
    CHECK(reads_as(WHOLE("REDIS0000\xff"), "RDB at offset 0: version 0 is not supported (1 to 11 are)"));
    CHECK(reads_as(WHOLE("REDIS0012\xff"), "RDB at offset 0: version 12 is not supported (1 to 11 are)"));
    CHECK(reads_as(WHOLE("REDIS00x1\xff"), "RDB at offset 0: this is not an RDB file"));
    CHECK(reads_as(WHOLE("VALKEY080"), "RDB at offset 0: this is not an RDB file"));
    CHECK(reads_as(
        WHOLE("REDIS0010\xff\x01\0\0\0\0\0\0\0"),
        "RDB at offset 10: RDB CRC error: the checksum is 0000000000000001 but should be eb7ea789fe37fda9"));
}

/* The file of a small dataset with all kinds of strings. */
static bool sample(struct memory *m, struct bytes *file, struct digest *digest)
{
    struct random r;
    bytes_init(file, m);
    random_init(&r, 12, "sample");
    struct keyspace *ks = rdb_fixture_keyspace(m);
    bool whole = ks && rdb_fixture_fill(ks, &r, 9) && rdb_fixture_write(m, ks, 1000, file);
    if (whole) *digest = keyspace_digest(ks);
    keyspace_free(ks);
    return whole;
}

TEST(every_cut)
{
    struct memory m;
    struct bytes file;
    struct digest want;
    memory_init(&m);
    REQUIRE(sample(&m, &file, &want));
    for (size_t cut = 0; cut <= file.size; cut++) {
        struct keyspace *ks = rdb_fixture_keyspace(&m);
        struct rdb_reader *r = rdb_fixture_reader(&m, ks);
        size_t at = 0;
        int first = rdb_fixture_feed(r, slice_of(file.data, cut), &at, cut);
        CHECK_EQ_INT(first, cut < file.size); /* a part is never taken for the whole */
        CHECK_EQ_INT(rdb_reader_offset(r), cut);
        if (first == 1) CHECK_EQ_INT(rdb_fixture_feed(r, bytes_slice(&file), &at, file.size), 0);
        CHECK(digest_same(keyspace_digest(ks), want));
        rdb_reader_free(r);
        keyspace_free(ks);
    }
    bytes_free(&file);
}

TEST(every_flipped_bit)
{
    struct memory m;
    struct bytes file;
    struct digest want;
    memory_init(&m);
    REQUIRE(sample(&m, &file, &want));
    for (size_t bit = 0; bit < 8 * file.size; bit++) {
        struct keyspace *ks = rdb_fixture_keyspace(&m);
        struct rdb_reader *r = rdb_fixture_reader(&m, ks);
        size_t used;
        file.data[bit / 8] = (char)(file.data[bit / 8] ^ 1 << bit % 8);
        int result = rdb_reader_feed(r, file.data, file.size, &used);
        CHECK(result != 0);
        if (result < 0) {
            CHECK(strncmp(rdb_reader_error(r), "RDB at offset ", 14) == 0);
            CHECK_EQ_INT(rdb_reader_feed(r, file.data, file.size, &used), -1);
            CHECK_EQ_INT(used, 0);
        }
        file.data[bit / 8] = (char)(file.data[bit / 8] ^ 1 << bit % 8);
        rdb_reader_free(r);
        keyspace_free(ks);
    }
    bytes_free(&file);
    CHECK_EQ_INT(m.used, 0);
}

TEST(what_follows_is_left)
{
    struct memory m;
    memory_init(&m);
    static const char input[] = MAGIC "\x00\x01k\x01v" END "*1\r\n$4\r\nPING\r\n";
    struct keyspace *ks = rdb_fixture_keyspace(&m);
    struct rdb_reader *r = rdb_fixture_reader(&m, ks);
    size_t used;
    CHECK_EQ_INT(rdb_reader_feed(r, input, sizeof input - 1, &used), 0);
    CHECK_EQ_STR(input + used, "*1\r\n$4\r\nPING\r\n");
    CHECK_EQ_INT(rdb_reader_offset(r), used);
    CHECK_EQ_INT(rdb_reader_feed(r, input + used, 5, &used), 0);
    CHECK_EQ_INT(used, 0);
    rdb_reader_free(r);
    keyspace_free(ks);
}

TEST(info)
{
    struct memory m;
    struct bytes file;
    memory_init(&m);
    bytes_init(&file, &m);
    struct keyspace *ks = rdb_fixture_keyspace(&m);
    keyspace_set_string(ks, 0, slice_text("old"), slice_text("v"), 999);
    keyspace_set_string(ks, 0, slice_text("new"), slice_text("v"), 1000);
    REQUIRE(rdb_fixture_write(&m, ks, 1000, &file));
    keyspace_free(ks);
    for (int late = 0; late < 2; late++) {
        ks = rdb_fixture_keyspace(&m);
        keyspace_set_time(ks, late ? 1000 : 0);
        struct rdb_read_options options = {.memory = &m, .keyspace = ks, .bulk_max = 100};
        struct rdb_reader *r = rdb_reader_new(&options);
        const struct rdb_read_info *info = rdb_reader_info(r);
        CHECK_EQ_STR(info->replid, "");
        CHECK_EQ_INT(info->offset, -1);
        CHECK_EQ_INT(info->stream_db, -1);
        size_t used;
        CHECK_EQ_INT(rdb_reader_feed(r, file.data, file.size, &used), 0);
        CHECK_EQ_STR(info->replid, rdb_fixture_info()->replid);
        CHECK_EQ_INT(info->offset, 5000000000);
        CHECK_EQ_INT(info->stream_db, 3);
        CHECK_EQ_INT(info->keys, 2);
        CHECK_EQ_INT(info->expired, late);
        CHECK_EQ_INT(keyspace_size(ks, 0), 2);
        rdb_reader_free(r);
        keyspace_free(ks);
    }
    bytes_free(&file);
}

/* Whatever a length claims, memory follows the bytes that have arrived. */
TEST(memory_follows_what_has_arrived)
{
    const struct slice files[] = {
        WHOLE(MAGIC "\x00\x80\x1f\xff\xff\xff"
                    "abc"),
        WHOLE(MAGIC "\x00\x01k\x80\x1f\xff\xff\xff"
                    "abc"),
        WHOLE(MAGIC "\x00\x01k\xc3\x80\x1f\xff\xff\xff\x80\x1f\xff\xff\xff"
                    "abc"),
        WHOLE(MAGIC "\xf5\x80\x1f\xff\xff\xff"
                    "abc"),
        WHOLE(MAGIC "\xfb\x81\x7f\xff\xff\xff\xff\xff\xff\xff\x81\x7f\xff\xff\xff\xff\xff\xff\xff"),
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct memory m;
        memory_init(&m);
        struct keyspace *ks = rdb_fixture_keyspace(&m);
        struct rdb_reader *r = rdb_fixture_reader(&m, ks);
        size_t before = m.used, used;
        CHECK_EQ_INT(rdb_reader_feed(r, files[i].data, files[i].size, &used), 1);
        CHECK(m.used < before + 256);
        rdb_reader_free(r);
        keyspace_free(ks);
    }
}

TEST(out_of_memory)
{
    struct memory m;
    struct bytes file;
    struct digest want;
    memory_init(&m);
    REQUIRE(sample(&m, &file, &want));
    int failures = 0;
    for (int64_t n = 0;; n++) {
        struct memory m2;
        memory_init(&m2);
        struct keyspace *ks = rdb_fixture_keyspace(&m2);
        m2.fail_after = n;
        struct rdb_reader *r = rdb_fixture_reader(&m2, ks);
        size_t at = 0;
        int result = r ? rdb_fixture_feed(r, bytes_slice(&file), &at, 7) : -1;
        bool injected = m2.fail_after < 0;
        if (r && result < 0) CHECK(strstr(rdb_reader_error(r), "out of memory") != NULL);
        if (result == 0) CHECK(digest_same(keyspace_digest(ks), want));
        rdb_reader_free(r);
        keyspace_free(ks);
        CHECK_EQ_INT(m2.used, 0);
        failures += result < 0;
        if (!injected) break;
    }
    CHECK(failures > 10);
    bytes_free(&file);
}

TEST_MAIN()
