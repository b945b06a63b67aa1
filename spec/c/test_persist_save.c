/* test_persist_save.c: snapshots on their way into a file: what is in it, what a failing disk or want of memory leaves
 * behind, and that what is held in memory stays bounded.
 *
 * SPDX-License-Identifier: MIT */
#include "fake_disk.h"
#include "persist/save.h"
#include "rdb_fixture.h"
#include "test.h"

struct desk {
    struct memory memory;
    struct disk disk;
    struct fake_disk files;
    struct keyspace *keyspace;
    struct save_options options;
};

static void desk_open(struct desk *d, int keys)
{
    struct random r;
    memory_init(&d->memory);
    disk_init(&d->disk, &d->memory);
    fake_disk_init(&d->files);
    random_init(&r, 7, "desk");
    d->keyspace = rdb_fixture_keyspace(&d->memory);
    rdb_fixture_fill(d->keyspace, &r, keys);
    d->options = (struct save_options){.memory = &d->memory,
                                       .keyspace = d->keyspace,
                                       .disk = &d->disk,
                                       .temporary = "temp-1.rdb",
                                       .name = "dump.rdb"};
}

/* True when all memory has been given back. */
static bool desk_close(struct desk *d)
{
    disk_free(&d->disk);
    fake_disk_free(&d->files);
    keyspace_free(d->keyspace);
    return d->memory.used == 0 && d->files.memory.used == 0;
}

static enum save_state drive(struct desk *d, struct save *s, size_t budget)
{
    enum save_state state;
    for (int i = 0; i < 1000000; i++) {
        state = save_step(s, budget);
        if (state == SAVE_DONE || state == SAVE_FAILED) break;
        fake_disk_run(&d->files, &d->disk, 1);
    }
    return state;
}

/* Whether the file, as it would be after a loss of power, holds the dataset with this digest. */
static bool holds(struct desk *d, const char *name, struct digest want)
{
    struct fake_file *file = fake_disk_file(&d->files, name);
    if (!file || !file->is_durable) return false;
    struct memory m;
    memory_init(&m);
    struct keyspace *ks = rdb_fixture_keyspace(&m);
    struct rdb_reader *r = rdb_fixture_reader(&m, ks);
    size_t at = 0;
    int result = rdb_fixture_feed(r, bytes_slice(&file->durable), &at, 1 << 16);
    bool same = result == 0 && at == file->durable.size && digest_same(keyspace_digest(ks), want);
    rdb_reader_free(r);
    keyspace_free(ks);
    return same;
}

TEST(a_file_appears_when_it_is_durable)
{
    struct desk d;
    desk_open(&d, 2000);
    struct digest want = keyspace_digest(d.keyspace);
    fake_disk_put(&d.files, "temp-1.rdb", slice_text("left behind by one who was interrupted"));
    struct save *s = save_open(&d.options, rdb_fixture_info());
    REQUIRE(s != NULL);
    while (!fake_disk_file(&d.files, "dump.rdb")) {
        CHECK(save_step(s, 10000) != SAVE_DONE);
        fake_disk_run(&d.files, &d.disk, 1);
    }
    CHECK(holds(&d, "dump.rdb", want));
    CHECK_EQ_INT(save_step(s, 10000), SAVE_DONE);
    CHECK(!fake_disk_file(&d.files, "temp-1.rdb"));
    size_t done, total;
    int64_t bytes;
    save_progress(s, &done, &total, &bytes);
    CHECK_EQ_INT(done, total);
    CHECK_EQ_INT(bytes, fake_disk_file(&d.files, "dump.rdb")->now.size);
    save_close(s);
    CHECK(desk_close(&d));
}

TEST(it_is_the_dataset_of_its_beginning)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct desk d;
        struct random r;
        desk_open(&d, 1000);
        random_init(&r, seed, "changes");
        struct digest want = keyspace_digest(d.keyspace);
        struct save *s = save_open(&d.options, rdb_fixture_info());
        REQUIRE(s != NULL);
        enum save_state state = SAVE_WALKING;
        while (state != SAVE_DONE && state != SAVE_FAILED) {
            state = save_step(s, 1 + random_below(&r, 3000));
            rdb_fixture_fill(d.keyspace, &r, 5);
            if (random_below(&r, 30) == 0) keyspace_flush(d.keyspace, (int)random_below(&r, 16));
            keyspace_tidy(d.keyspace, 10);
            fake_disk_run(&d.files, &d.disk, (int)random_below(&r, 3));
        }
        CHECK_EQ_INT(state, SAVE_DONE);
        CHECK(holds(&d, "dump.rdb", want));
        save_close(s);
        CHECK(desk_close(&d));
    }
}

/* Each operation fails in turn: the former file stands, the temporary one is gone, and a second attempt works. */
TEST(a_failing_disk_leaves_the_former_file)
{
    for (int64_t fail_at = 1;; fail_at++) {
        struct desk d;
        desk_open(&d, 300);
        struct digest before = keyspace_digest(d.keyspace);
        struct save *s = save_open(&d.options, rdb_fixture_info());
        REQUIRE(s != NULL);
        REQUIRE(drive(&d, s, 5000) == SAVE_DONE);
        save_close(s);
        keyspace_set_string(d.keyspace, 0, slice_text("later"), slice_text("1"), KEYSPACE_NO_TTL);
        struct digest after = keyspace_digest(d.keyspace);

        d.files.operations = 0;
        d.files.fail_at = fail_at;
        d.files.fail_with = fail_at % 2 ? DISK_FULL : DISK_FAILED;
        s = save_open(&d.options, rdb_fixture_info());
        REQUIRE(s != NULL);
        bool done = drive(&d, s, 5000) == SAVE_DONE;
        CHECK(done || strstr(save_error(s), fail_at % 2 ? "No space left" : "I/O error"));
        save_close(s);
        while (fake_disk_run(&d.files, &d.disk, 10) > 0) continue;
        CHECK(done || holds(&d, "dump.rdb", before));
        CHECK(!fake_disk_file(&d.files, "temp-1.rdb"));
        d.files.fail_at = 0;
        s = save_open(&d.options, rdb_fixture_info());
        REQUIRE(s != NULL);
        CHECK_EQ_INT(drive(&d, s, 5000), SAVE_DONE);
        CHECK(holds(&d, "dump.rdb", after));
        save_close(s);
        CHECK(desk_close(&d));
        if (done) {
            CHECK(fail_at > 4);
            return;
        }
    }
}

TEST(want_of_memory_fails_the_save_and_nothing_else)
{
    for (int64_t fail_after = 0;; fail_after++) {
        struct desk d;
        desk_open(&d, 100);
        struct digest before = keyspace_digest(d.keyspace);
        d.memory.fail_after = fail_after;
        struct save *s = save_open(&d.options, rdb_fixture_info());
        bool done = s && drive(&d, s, 3000) == SAVE_DONE;
        bool all = d.memory.fail_after >= 0;
        d.memory.fail_after = -1;
        CHECK(done || !s || strstr(save_error(s), "memory"));
        CHECK(done == (fake_disk_file(&d.files, "dump.rdb") != NULL));
        CHECK(digest_same(keyspace_digest(d.keyspace), before));
        save_close(s);
        CHECK(desk_close(&d));
        if (all) {
            CHECK(done);
            return;
        }
    }
}

/* The disk stands still: the walk stops after a bounded distance; what changes is still copied, up to the limit. */
TEST(what_is_held_is_bounded)
{
    static char value[100000];
    struct desk d;
    struct random r;
    char key[32];
    random_init(&r, 1, "held");
    desk_open(&d, 0);
    for (int i = 0; i < 200; i++) {
        snprintf(key, sizeof key, "k%d", i);
        for (size_t k = 0; k < sizeof value; k++) value[k] = (char)random_next(&r);
        REQUIRE(keyspace_set_string(d.keyspace, 0, slice_text(key), slice_of(value, sizeof value),
                                    KEYSPACE_NO_TTL));
    }
    d.options.held_max = 8 << 20;
    struct save *s = save_open(&d.options, rdb_fixture_info());
    REQUIRE(s != NULL);
    for (int i = 0; i < 1000; i++) REQUIRE(save_step(s, 100000) == SAVE_WALKING);
    CHECK(!save_walks(s));
    CHECK(save_held(s) > (1 << 20) && save_held(s) < (5 << 20));
    enum save_state state = SAVE_WALKING;
    for (int i = 0; i < 200 && state == SAVE_WALKING; i++) {
        snprintf(key, sizeof key, "k%d", i);
        keyspace_delete(d.keyspace, 0, slice_text(key));
        state = save_step(s, 100000);
    }
    CHECK_EQ_INT(state, SAVE_FAILED);
    CHECK(strstr(save_error(s), "too slow") != NULL);
    CHECK(save_held_peak(s) < (9 << 20));
    save_close(s);
    CHECK(desk_close(&d));
}

TEST_MAIN()
