/* test_persist_rdb_write.c: RDB files written, and what is read back from them: the same dataset, whatever the pace of
 * writing, the pieces of reading, and the changes made meanwhile.
 *
 * SPDX-License-Identifier: MIT */
#include "rdb_fixture.h"
#include "test.h"

TEST(golden_file)
{
    static const char want[] = "REDIS0010"
                               "\xfa\x09redis-ver\x06"
                               "7.0.15"
                               "\xfa\x0aredis-bits\xc0\x40"
                               "\xfa\x05"
                               "ctime\xc2\x00\xf1\x53\x65"
                               "\xfa\x08used-mem\xc2\x40\x42\x0f\x00"
                               "\xfa\x0erepl-stream-db\xc0\x03"
                               "\xfa\x07repl-id\x28"
                               "8371445ee67c5dba92ef9e1cf3b0d247b9a01c6f"
                               "\xfa\x0brepl-offset\x0a"
                               "5000000000"
                               "\xfa\x08"
                               "aof-base\xc0\x00"
                               "\xfe\x00\xfb\x01\x00"
                               "\x00\x03key\x05value"
                               "\xfe\x02\xfb\x01\x01"
                               "\xfc\x00\x68\xe5\xcf\x8b\x01\x00\x00\x00\xc1\xe8\x03\xc0\xff"
                               "\xff";
    struct memory m;
    struct bytes file;
    memory_init(&m);
    bytes_init(&file, &m);
    struct keyspace *ks = rdb_fixture_keyspace(&m);
    keyspace_set_string(ks, 0, slice_text("key"), slice_text("value"), KEYSPACE_NO_TTL);
    keyspace_set_string(ks, 2, slice_text("1000"), slice_text("-1"), (int64_t)RDB_FIXTURE_NOW * 1000);
    REQUIRE(rdb_fixture_write(&m, ks, 1 << 20, &file));
    CHECK_EQ_MEM(file.data, file.size - 8, want, sizeof want - 1);
    uint64_t crc = crc64(0, want, sizeof want - 1);
    CHECK_EQ_MEM(file.data + file.size - 8, 8, &crc, 8);
    keyspace_free(ks);
    bytes_free(&file);
}

TEST(round_trip)
{
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct memory m;
        struct bytes file;
        struct random r;
        memory_init(&m);
        bytes_init(&file, &m);
        random_init(&r, seed, "round trip");
        struct keyspace *ks = rdb_fixture_keyspace(&m);
        REQUIRE(rdb_fixture_fill(ks, &r, (int)random_below(&r, 400)));
        struct digest before = keyspace_digest(ks);
        REQUIRE(rdb_fixture_write(&m, ks, 1 + random_below(&r, 5000), &file));
        CHECK(digest_same(keyspace_digest(ks), before));
        CHECK(rdb_fixture_reads_back(&m, bytes_slice(&file), 1 + random_below(&r, 3000), before));
        CHECK(rdb_fixture_reads_back(&m, bytes_slice(&file), file.size, before));
        keyspace_free(ks);
        bytes_free(&file);
        CHECK_EQ_INT(m.used, 0);
    }
}

TEST(strings_of_every_size)
{
    static const size_t sizes[] = {
        0,      1, 2, 19, 20, 21, 22, 63, 64, 65, 16383, 16384, 16385, (1 << 18) - 1, 1 << 18, (1 << 18) + 1,
        3 << 20};
    static char value[3 << 20];
    for (int compressible = 0; compressible < 2; compressible++) {
        struct memory m;
        struct bytes file;
        struct random r;
        memory_init(&m);
        bytes_init(&file, &m);
        random_init(&r, 1, "sizes");
        for (size_t i = 0; i < sizeof value; i++) value[i] = compressible ? 'x' : (char)random_next(&r);
        struct keyspace *ks = rdb_fixture_keyspace(&m);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            char key[24];
            snprintf(key, sizeof key, "size:%zu", sizes[i]);
            REQUIRE(keyspace_set_string(ks, 0, slice_text(key), slice_of(value, sizes[i]), KEYSPACE_NO_TTL));
        }
        REQUIRE(rdb_fixture_write(&m, ks, 1000, &file));
        CHECK(rdb_fixture_reads_back(&m, bytes_slice(&file), 4096, keyspace_digest(ks)));
        CHECK(!compressible || file.size < (4 << 20));
        keyspace_free(ks);
        bytes_free(&file);
    }
}

static void change_collection(struct keyspace *ks, int db, struct slice key, struct entry *e)
{
    struct edit x;
    edit_begin(&x, ks, db, key, e, entry_type(e));
    if (entry_type(e) == VALUE_HASH)
        hash_set(&x, slice_text("another field"), slice_text("value"));
    else
        set_add(&x, slice_text("another member"));
    edit_end(&x);
}

/* One random change, of a kind that commands make. */
static void change(struct keyspace *ks, struct random *r)
{
    char text[64];
    int db = (int)random_below(r, 3);
    struct entry *e = keyspace_random(ks, db, r);
    struct slice key = e ? entry_key(e) : slice_text("new");
    char copy[512];
    memcpy(copy, key.data, key.size);
    key.data = copy;
    struct slice value = rdb_fixture_string(r, text, 40);
    char *data;
    switch (random_below(r, 12)) {
    case 0: keyspace_delete(ks, db, key); break;
    case 1: keyspace_set_expire(ks, db, e ? e : keyspace_set_integer(ks, db, key, 1, -1), 12345); break;
    case 2: keyspace_rename(ks, db, key, db, slice_text("renamed")); break;
    case 3: keyspace_copy(ks, db, key, (db + 1) % 3, slice_text("copied")); break;
    case 4:
        if (e && entry_type(e) != VALUE_STRING) {
            change_collection(ks, db, key, e);
            break;
        }
        e = keyspace_string_edit(ks, db, key, 30, &data);
        data[7] = 'X';
        keyspace_string_done(ks, db, e);
        break;
    case 5:
        if (random_below(r, 20) == 0) keyspace_flush(ks, random_below(r, 2) ? -1 : db);
        break;
    case 6: keyspace_swap(ks, db, (db + 1) % 3); break;
    case 7: keyspace_tidy(ks, 10); break;
    case 8: keyspace_set_integer(ks, db, value, (int64_t)random_next(r), KEYSPACE_NO_TTL); break;
    default: keyspace_set_string(ks, db, random_below(r, 2) ? key : value, value, KEYSPACE_KEEP_TTL);
    }
}

/* The file is the dataset of the moment of opening, whatever happens while it is written. */
TEST(changes_while_writing)
{
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct memory m;
        struct bytes file;
        struct random r;
        struct tape t;
        memory_init(&m);
        bytes_init(&file, &m);
        tape_init(&t, &m, 0);
        random_init(&r, seed, "changes");
        struct keyspace *ks = rdb_fixture_keyspace(&m);
        REQUIRE(rdb_fixture_fill(ks, &r, 1 + (int)random_below(&r, 500)));
        struct digest before = keyspace_digest(ks);
        struct rdb_writer *w = rdb_writer_open(&m, ks, &t, rdb_fixture_info());
        REQUIRE(w);
        int result;
        do {
            for (uint64_t n = random_below(&r, 10); n > 0; n--) change(ks, &r);
            result = rdb_writer_step(w, 1 + random_below(&r, 2000));
        } while (result == 1);
        CHECK_EQ_INT(result, 0);
        size_t done, total;
        rdb_writer_progress(w, &done, &total);
        CHECK_EQ_INT(done, total);
        CHECK_EQ_INT(rdb_writer_step(w, 100), 0);
        rdb_writer_close(w);
        rdb_fixture_drain(&t, &file);
        CHECK(rdb_fixture_reads_back(&m, bytes_slice(&file), 500, before));
        const char *wrong = "";
        CHECK(keyspace_check(ks, &wrong));
        tape_free(&t);
        bytes_free(&file);
        keyspace_free(ks);
        CHECK_EQ_INT(m.used, 0);
    }
}

TEST(closed_before_the_end)
{
    struct memory m;
    struct tape t;
    struct random r;
    memory_init(&m);
    tape_init(&t, &m, 0);
    random_init(&r, 1, "closed");
    struct keyspace *ks = rdb_fixture_keyspace(&m);
    REQUIRE(rdb_fixture_fill(ks, &r, 300));
    for (int steps = 0; steps < 5; steps++) {
        struct rdb_writer *w = rdb_writer_open(&m, ks, &t, rdb_fixture_info());
        REQUIRE(w);
        CHECK(!rdb_writer_open(&m, ks, &t, rdb_fixture_info())); /* one at a time */
        for (int i = 0; i < steps; i++) CHECK_EQ_INT(rdb_writer_step(w, 10), 1);
        rdb_writer_close(w);
    }
    keyspace_free(ks);
    tape_free(&t);
    CHECK_EQ_INT(m.used, 0);
}

TEST(steps_are_about_the_budget)
{
    struct memory m;
    struct tape t;
    memory_init(&m);
    tape_init(&t, &m, 0);
    struct keyspace *ks = rdb_fixture_keyspace(&m);
    for (int i = 0; i < 5000; i++) {
        char key[24];
        snprintf(key, sizeof key, "k:%d", i);
        REQUIRE(keyspace_set_string(ks, 0, slice_text(key), slice_text("the value"), KEYSPACE_NO_TTL));
    }
    struct rdb_writer *w = rdb_writer_open(&m, ks, &t, rdb_fixture_info());
    REQUIRE(w);
    int64_t before = 0, largest = 0;
    while (rdb_writer_step(w, 2000) == 1) {
        if (t.end - before > largest) largest = t.end - before;
        before = t.end;
    }
    CHECK(largest >= 2000);
    CHECK(largest < 3000);
    rdb_writer_close(w);
    keyspace_free(ks);
    tape_free(&t);
}

/* Whichever allocation fails: an error or a whole file, the dataset intact, nothing lost. */
TEST(out_of_memory)
{
    struct memory m;
    struct random r;
    memory_init(&m);
    random_init(&r, 3, "memory");
    struct keyspace *ks = rdb_fixture_keyspace(&m);
    REQUIRE(rdb_fixture_fill(ks, &r, 300));
    struct digest before = keyspace_digest(ks);
    size_t used = m.used;
    int failures = 0;
    for (int64_t n = 0;; n++) {
        struct memory m2;
        struct bytes file;
        memory_init(&m2);
        bytes_init(&file, &m2);
        m2.fail_after = m.fail_after = n;
        bool whole = rdb_fixture_write(&m2, ks, 500, &file);
        bool injected = m2.fail_after < 0;
        m.fail_after = m2.fail_after = -1;
        if (whole) CHECK(rdb_fixture_reads_back(&m2, bytes_slice(&file), 4096, before));
        bytes_free(&file);
        CHECK_EQ_INT(m2.used, 0);
        CHECK_EQ_INT(m.used, used);
        CHECK(digest_same(keyspace_digest(ks), before));
        if (whole && !injected) break;
        failures += !whole;
    }
    CHECK(failures > 5);
    keyspace_free(ks);
}

TEST_MAIN()
