/* test_persist_backup.c: backups written and read: any byte that changed is found, and what is undamaged is what it was
 * made of.
 *
 * SPDX-License-Identifier: MIT */
#include "backup_fixture.h"
#include "rdb_fixture.h"
#include "test.h"

enum { PROBLEM = 160 };

/* RDB data of a random dataset. */
static void make_rdb(struct memory *m, uint64_t seed, int keys, struct bytes *rdb, struct digest *digest)
{
    struct random r;
    random_init(&r, seed, "backup");
    struct keyspace *ks = rdb_fixture_keyspace(m);
    bytes_init(rdb, m);
    if (!rdb_fixture_fill(ks, &r, keys) || !rdb_fixture_write(m, ks, 1000, rdb)) abort();
    *digest = keyspace_digest(ks);
    keyspace_free(ks);
}

static bool reads_as(struct memory *m, struct slice file, struct digest want)
{
    struct keyspace *ks = rdb_fixture_keyspace(m);
    struct rdb_reader *r = rdb_fixture_reader(m, ks);
    size_t at = 0;
    bool same = rdb_fixture_feed(r, file, &at, 4096) == 0 && digest_same(keyspace_digest(ks), want);
    rdb_reader_free(r);
    keyspace_free(ks);
    return same;
}

TEST(round_trip)
{
    for (uint64_t seed = 0; seed < 30; seed++) {
        struct memory m;
        struct bytes rdb, file, back;
        struct digest digest;
        struct backup_info info, want = backup_fixture_info();
        char problem[PROBLEM];
        memory_init(&m);
        make_rdb(&m, seed, (int)(seed * seed), &rdb, &digest);
        bytes_init(&file, &m);
        bytes_init(&back, &m);
        REQUIRE(!backup_fixture_make(&m, false, bytes_slice(&rdb), 1 + seed * 977, &file));
        CHECK(backup_fixture_read(&m, bytes_slice(&file), &info, problem) == BACKUP_GOOD);
        CHECK_EQ_STR(info.replid, want.replid);
        CHECK_EQ_INT(info.offset, want.offset);
        CHECK_EQ_INT(info.created_ms, want.created_ms);
        CHECK_EQ_INT(info.body, rdb.size + BACKUP_HEAD_SIZE - 9);
        CHECK(reads_as(&m, bytes_slice(&file), digest));
        /* and what it was made of comes out again, byte by byte */
        struct slice body = slice_of(file.data, (size_t)info.body);
        REQUIRE(!backup_fixture_make(&m, true, body, 1 + seed * 31, &back));
        CHECK_EQ_MEM(back.data, back.size, rdb.data, rdb.size);
        /* a backup of a backup's data is marked once */
        bytes_clear(&back);
        REQUIRE(!backup_fixture_make(&m, false, body, 100000, &back));
        CHECK_EQ_MEM(back.data, back.size, file.data, file.size);
        bytes_free(&rdb);
        bytes_free(&file);
        bytes_free(&back);
        CHECK_EQ_INT(m.used, 0);
    }
}

/* Whether a file is what it was, as far as the reader can tell. */
static bool is_good(struct memory *m, struct slice file)
{
    struct backup_info info;
    char problem[PROBLEM];
    enum backup_verdict verdict = backup_fixture_read(m, file, &info, problem);
    return verdict != BACKUP_DAMAGED || problem[0] == '\0';
}

TEST(any_changed_byte_is_found)
{
    struct memory m;
    struct bytes rdb, file;
    struct digest digest;
    memory_init(&m);
    make_rdb(&m, 7, 40, &rdb, &digest);
    bytes_init(&file, &m);
    REQUIRE(!backup_fixture_make(&m, false, bytes_slice(&rdb), 333, &file));
    int missed = 0;
    for (size_t at = 0; at < file.size; at++) {
        char was = file.data[at];
        for (int bit = 0; bit < 8; bit++) {
            file.data[at] = (char)(was ^ 1 << bit);
            missed += is_good(&m, bytes_slice(&file));
        }
        file.data[at] = (char)(was ^ 0xff);
        missed += is_good(&m, bytes_slice(&file));
        file.data[at] = 0;
        missed += was != 0 && is_good(&m, bytes_slice(&file));
        file.data[at] = was;
    }
    CHECK_EQ_INT(missed, 0);
    bytes_free(&rdb);
    bytes_free(&file);
}

TEST(cut_and_longer_files_are_found)
{
    struct memory m;
    struct bytes rdb, file;
    struct digest digest;
    memory_init(&m);
    make_rdb(&m, 8, 60, &rdb, &digest);
    bytes_init(&file, &m);
    REQUIRE(!backup_fixture_make(&m, false, bytes_slice(&rdb), 333, &file));
    int missed = 0;
    for (size_t size = BACKUP_HEAD_SIZE; size < file.size; size++)
        missed += is_good(&m, slice_of(file.data, size));
    CHECK_EQ_INT(missed, 0);
    for (int extra = 1; extra < 300; extra++) {
        bytes_append_char(&file, (char)extra);
        CHECK(!is_good(&m, bytes_slice(&file)));
    }
    bytes_free(&rdb);
    bytes_free(&file);
}

TEST(damage_is_told_where_it_is)
{
    struct memory m;
    struct bytes rdb, file;
    struct digest digest;
    struct backup_info info;
    char problem[PROBLEM];
    memory_init(&m);
    make_rdb(&m, 9, 3000, &rdb, &digest);
    bytes_init(&file, &m);
    REQUIRE(!backup_fixture_make(&m, false, bytes_slice(&rdb), 100000, &file));
    REQUIRE(file.size > 5 * BACKUP_BLOCK);
    file.data[3 * BACKUP_BLOCK + 17] ^= 1;
    file.data[4 * BACKUP_BLOCK] ^= 1;
    CHECK(backup_fixture_read(&m, bytes_slice(&file), &info, problem) == BACKUP_DAMAGED);
    CHECK(strstr(problem, "2 of ") == problem);
    CHECK(strstr(problem, "bytes 196608 to 262144") != NULL);
    bytes_free(&rdb);
    bytes_free(&file);
}

TEST(what_is_no_backup)
{
    struct memory m;
    struct bytes rdb, out;
    struct digest digest;
    struct backup_info info;
    char problem[PROBLEM];
    memory_init(&m);
    make_rdb(&m, 10, 20, &rdb, &digest);
    bytes_init(&out, &m);
    CHECK(backup_fixture_read(&m, bytes_slice(&rdb), &info, problem) == BACKUP_NONE);
    CHECK(backup_fixture_read(&m, slice_of("", 0), &info, problem) == BACKUP_NONE);
    /* nor is one made of what is not whole, or has changed on the way */
    struct slice cut = slice_of(rdb.data, rdb.size - 1);
    CHECK(backup_fixture_make(&m, false, cut, 100, &out) != NULL);
    rdb.data[rdb.size / 2] ^= 4;
    CHECK_EQ_STR(backup_fixture_make(&m, false, bytes_slice(&rdb), 100, &out),
                 "the data's checksum is not theirs");
    CHECK_EQ_STR(backup_fixture_make(&m, false, slice_text("-ERR no"), 100, &out),
                 "the data end before their end mark");
    CHECK_EQ_STR(
        backup_fixture_make(&m, false, slice_text("0123456789012345678901234567890123456789"), 100, &out),
        "this is not RDB data");
    bytes_free(&rdb);
    bytes_free(&out);
}

/* Data without a checksum (rdbchecksum no) get one. */
TEST(checksum_is_made)
{
    struct memory m;
    struct bytes rdb, out, want;
    struct digest digest;
    memory_init(&m);
    make_rdb(&m, 11, 20, &rdb, &digest);
    bytes_init(&out, &m);
    bytes_init(&want, &m);
    REQUIRE(!backup_fixture_make(&m, true, bytes_slice(&rdb), 100, &want));
    memset(rdb.data + rdb.size - 8, 0, 8);
    REQUIRE(!backup_fixture_make(&m, true, bytes_slice(&rdb), 100, &out));
    CHECK_EQ_MEM(out.data, out.size, want.data, want.size);
    /* the least there can be: a file of nothing */
    bytes_clear(&out);
    struct slice least = slice_of("REDIS0010\xff\0\0\0\0\0\0\0\0", 18);
    REQUIRE(!backup_fixture_make(&m, true, least, 5, &out));
    CHECK_EQ_INT(out.size, least.size);
    CHECK_EQ_MEM(out.data, 10, least.data, 10);
    bytes_free(&rdb);
    bytes_free(&out);
    bytes_free(&want);
}

TEST(out_of_memory)
{
    struct memory plenty;
    struct bytes rdb;
    struct digest digest;
    struct backup_info info;
    char problem[PROBLEM];
    memory_init(&plenty);
    make_rdb(&plenty, 12, 100, &rdb, &digest);
    bool done = false;
    for (size_t limit = 1; !done; limit += 200) {
        struct memory m;
        struct bytes out;
        memory_init(&m);
        m.limit = limit;
        bytes_init(&out, &m);
        done = backup_fixture_make(&m, false, bytes_slice(&rdb), 1000, &out) == NULL;
        if (done) {
            struct memory none;
            memory_init(&none);
            none.limit = 1;
            CHECK(backup_fixture_read(&none, bytes_slice(&out), &info, problem) == BACKUP_NO_MEMORY);
            CHECK_EQ_INT(none.used, 0);
        }
        bytes_free(&out);
        CHECK_EQ_INT(m.used, 0);
    }
    bytes_free(&rdb);
}

TEST_MAIN()
