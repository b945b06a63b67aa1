/* The queue between a node and its driver: order within a lane, lanes that do not wait for each other, owners that go. */
#include "persist/disk.h"
#include "test.h"

struct fixture {
    struct memory memory;
    struct disk disk;
};

static void open_fixture(struct fixture *x)
{
    memory_init(&x->memory);
    disk_init(&x->disk, &x->memory);
}

static bool close_fixture(struct fixture *x)
{
    disk_free(&x->disk);
    return x->memory.used == 0;
}

static struct disk_op *write_text(struct fixture *x, enum disk_lane lane, const void *owner, const char *text)
{
    struct bytes data;
    bytes_init(&data, &x->memory);
    bytes_append_text(&data, text);
    struct disk_op *op = disk_write(&x->disk, lane, owner, "file", -1, &data);
    bytes_free(&data);
    return op;
}

/* Ends an operation well. */
static void succeed(struct fixture *x, struct disk_op *op)
{
    op->state = DISK_OK;
    disk_done(&x->disk, op);
}

TEST(a_lane_keeps_its_order)
{
    struct fixture x;
    int me;
    open_fixture(&x);
    CHECK(!disk_ready(&x.disk));
    CHECK(!disk_next(&x.disk));
    struct disk_op *first = write_text(&x, DISK_LANE_JOURNAL, &me, "hello");
    struct disk_op *second = disk_sync(&x.disk, DISK_LANE_JOURNAL, &me, "file");
    REQUIRE(first && second);
    CHECK_EQ_INT(first->id, 1);
    CHECK_EQ_INT(second->id, 2);
    CHECK_EQ_INT(x.disk.queued_bytes[DISK_LANE_JOURNAL], 5);
    CHECK(disk_ready(&x.disk));
    CHECK(disk_next(&x.disk) == first);
    CHECK_EQ_INT(first->state, DISK_RUNNING);
    CHECK(!disk_ready(&x.disk));
    CHECK(!disk_next(&x.disk)); /* the second waits for the first */
    CHECK(!disk_take(&x.disk, &me));
    succeed(&x, first);
    CHECK_EQ_INT(x.disk.queued_bytes[DISK_LANE_JOURNAL], 0);
    CHECK(disk_next(&x.disk) == second);
    CHECK(disk_take(&x.disk, &me) == first);
    CHECK_EQ_MEM(first->data.data, first->data.size, "hello", 5);
    CHECK(!disk_take(&x.disk, &me));
    succeed(&x, second);
    CHECK(disk_take(&x.disk, &me) == second);
    CHECK_EQ_INT(x.disk.writes, 1);
    CHECK_EQ_INT(x.disk.written_bytes, 5);
    CHECK_EQ_INT(x.disk.syncs, 1);
    disk_op_free(&x.disk, first);
    disk_op_free(&x.disk, second);
    CHECK(close_fixture(&x));
}

TEST(lanes_do_not_wait_for_each_other)
{
    struct fixture x;
    int journal, save;
    open_fixture(&x);
    struct disk_op *slow = write_text(&x, DISK_LANE_SNAPSHOT, &save, "snapshot");
    struct disk_op *quick = disk_sync(&x.disk, DISK_LANE_JOURNAL, &journal, "file");
    CHECK(disk_next(&x.disk) == quick);
    CHECK(disk_next(&x.disk) == slow);
    succeed(&x, quick);
    CHECK(!disk_take(&x.disk, &save));
    CHECK(disk_take(&x.disk, &journal) == quick);
    disk_op_free(&x.disk, quick);
    CHECK(close_fixture(&x)); /* with one still running and one never taken */
}

TEST(a_driver_may_take_a_whole_lane)
{
    struct fixture x;
    int me;
    open_fixture(&x);
    struct disk_op *first = write_text(&x, DISK_LANE_JOURNAL, &me, "a");
    struct disk_op *second = disk_sync(&x.disk, DISK_LANE_JOURNAL, &me, "file");
    CHECK(disk_next(&x.disk) == first);
    CHECK(disk_behind(&x.disk, first) == second);
    CHECK(!disk_behind(&x.disk, second));
    struct disk_op *third = write_text(&x, DISK_LANE_JOURNAL, &me, "b");
    CHECK(!disk_next(&x.disk)); /* what is asked for meanwhile waits */
    succeed(&x, first);
    CHECK(!disk_next(&x.disk));
    succeed(&x, second);
    CHECK(disk_next(&x.disk) == third);
    CHECK(close_fixture(&x));
}

TEST(failures_do_not_hold_up_what_is_behind_them)
{
    struct fixture x;
    int me;
    open_fixture(&x);
    struct disk_op *first = write_text(&x, DISK_LANE_JOURNAL, &me, "a");
    struct disk_op *second = disk_sync(&x.disk, DISK_LANE_JOURNAL, &me, "file");
    CHECK(disk_next(&x.disk) == first);
    disk_fail(first, DISK_FULL, "no room for %d bytes", 1);
    disk_done(&x.disk, first);
    CHECK(disk_next(&x.disk) == second);
    CHECK(disk_take(&x.disk, &me) == first);
    CHECK_EQ_INT(first->state, DISK_FULL);
    CHECK_EQ_STR(first->error, "no room for 1 bytes");
    CHECK_EQ_INT(x.disk.failures, 1);
    CHECK_EQ_INT(x.disk.writes, 0);
    CHECK_EQ_INT(x.disk.queued_bytes[DISK_LANE_JOURNAL], 0);
    disk_op_free(&x.disk, first);
    CHECK(close_fixture(&x));
}

TEST(an_owner_that_goes_leaves_nothing_behind)
{
    struct fixture x;
    int gone, stays;
    open_fixture(&x);
    struct disk_op *done = disk_sync(&x.disk, DISK_LANE_JOURNAL, &gone, "file");
    struct disk_op *running = disk_sync(&x.disk, DISK_LANE_READ, &gone, "file");
    struct disk_op *queued = disk_sync(&x.disk, DISK_LANE_READ, &gone, "file");
    struct disk_op *other = disk_sync(&x.disk, DISK_LANE_READ, &stays, "file");
    CHECK(disk_next(&x.disk) == done);
    CHECK(disk_next(&x.disk) == running);
    succeed(&x, done);
    disk_forget(&x.disk, &gone);
    size_t before = x.memory.used;
    succeed(&x, running);
    CHECK(x.memory.used < before);
    CHECK(disk_next(&x.disk) == queued); /* what was asked for is done all the same */
    succeed(&x, queued);
    CHECK(!disk_take(&x.disk, &gone));
    CHECK(disk_next(&x.disk) == other);
    succeed(&x, other);
    CHECK(disk_take(&x.disk, &stays) == other);
    disk_op_free(&x.disk, other);
    CHECK_EQ_INT(x.memory.used, 0);
    CHECK(close_fixture(&x));
}

TEST(nobody_need_wait)
{
    struct fixture x;
    open_fixture(&x);
    struct disk_op *op = disk_remove(&x.disk, DISK_LANE_SNAPSHOT, NULL, "old");
    CHECK(disk_next(&x.disk) == op);
    succeed(&x, op);
    CHECK_EQ_INT(x.memory.used, 0);
    CHECK(close_fixture(&x));
}

TEST(every_kind_carries_what_it_needs)
{
    struct fixture x;
    int me;
    open_fixture(&x);
    struct disk_op *op = disk_read(&x.disk, DISK_LANE_READ, &me, "dir/file", 7, 100);
    CHECK_EQ_INT(op->kind, DISK_READ);
    CHECK_EQ_INT(op->offset, 7);
    CHECK_EQ_INT(op->size, 100);
    CHECK_EQ_STR(op->name, "dir/file");
    op = disk_truncate(&x.disk, DISK_LANE_READ, &me, "file", 12);
    CHECK_EQ_INT(op->kind, DISK_TRUNCATE);
    CHECK_EQ_INT(op->offset, 12);
    op = disk_rename(&x.disk, DISK_LANE_READ, &me, "from", "into");
    CHECK_EQ_INT(op->kind, DISK_RENAME);
    CHECK_EQ_STR(op->name, "from");
    CHECK_EQ_STR(op->to, "into");
    op = disk_list(&x.disk, DISK_LANE_READ, &me, "");
    CHECK_EQ_INT(op->kind, DISK_LIST);
    CHECK(disk_names_good(op));
    CHECK(close_fixture(&x));
}

static bool good(struct fixture *x, const char *name, const char *to)
{
    return disk_names_good(disk_rename(&x->disk, DISK_LANE_READ, NULL, name, to));
}

TEST(names_stay_in_their_directory)
{
    struct fixture x;
    char name[DISK_NAME_MAX + 2];
    open_fixture(&x);
    memset(name, 'x', sizeof name);
    name[DISK_NAME_MAX + 1] = '\0';
    CHECK(!good(&x, name, "a"));
    CHECK(!good(&x, "a", name));
    name[DISK_NAME_MAX] = '\0';
    CHECK(good(&x, name, "a"));
    CHECK(good(&x, "a.b", "dir/a..b"));
    static const char *bad[] = {"",   "/",      "/a",  "a/",   ".",    "..",    ".a",
                                "a/", "a/../b", "./a", "a/.b", "a//b", "a/b/c", "a\nb"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(!good(&x, bad[i], "a"));
        CHECK(!good(&x, "a", bad[i]));
    }
    CHECK(close_fixture(&x));
}

TEST(memory_that_is_out_costs_the_operation_alone)
{
    struct fixture x;
    int me;
    open_fixture(&x);
    struct bytes data;
    bytes_init(&data, &x.memory);
    bytes_append_text(&data, "hello");
    x.memory.fail_after = 0;
    CHECK(!disk_write(&x.disk, DISK_LANE_JOURNAL, &me, "file", -1, &data));
    CHECK_EQ_INT(data.size, 0);
    CHECK_EQ_INT(x.memory.used, 0);
    CHECK_EQ_INT(x.disk.queued_bytes[DISK_LANE_JOURNAL], 0);
    x.memory.fail_after = 0;
    CHECK(!disk_sync(&x.disk, DISK_LANE_JOURNAL, &me, "file"));
    CHECK(!disk_ready(&x.disk));
    CHECK(close_fixture(&x));
}

TEST_MAIN()
