/* Disks of simulated nodes: how long things take, how they fail, what crashes leave. The operations are the spec's own,
 * put into the node's queue. */
#include "lab.h"
#include "persist/disk.h"
#include "test.h"

struct fixture {
    struct lab lab;
    struct world_node *node;
    struct world_disk disk;
    int owner;
};

static bool open_fixture(struct fixture *x, uint64_t seed)
{
    memset(x, 0, sizeof *x);
    if (!lab_open_seed(&x->lab, seed)) return false;
    x->node = lab_node(&x->lab, "a");
    return x->node && world_disk_get(x->lab.world, NULL, &x->disk) == WORLD_OK;
}

/* Sets what is in x->disk, for this node. */
static enum world_result set_disk(struct fixture *x)
{
    return world_disk_set(x->lab.world, x->node, &x->disk);
}

static struct disk *queue(struct fixture *x) { return node_disk(world_node_get(x->node)); }

/* The driver sees what is in the queue at the end of the node's turn. */
static void turn(struct fixture *x) { lab_call(&x->lab, x->node, "PING"); }

static struct disk_op *ask_write(struct fixture *x, enum disk_lane lane, const char *name, const char *text)
{
    struct bytes data;
    bytes_init(&data, queue(x)->memory);
    bytes_append_text(&data, text);
    return disk_write(queue(x), lane, &x->owner, name, -1, &data);
}

static struct disk_op *ask_sync(struct fixture *x, enum disk_lane lane, const char *name)
{
    return disk_sync(queue(x), lane, &x->owner, name);
}

/* Runs until nothing happens any more or so many milliseconds have passed. */
static void run(struct fixture *x, int64_t ms) { lab_run(&x->lab, ms); }

/* Takes the next completed operation; its state, -1: there is none. */
static int take(struct fixture *x)
{
    struct disk_op *op = disk_take(queue(x), &x->owner);
    if (!op) return -1;
    int state = (int)op->state;
    disk_op_free(queue(x), op);
    return state;
}

static const char *content(struct fixture *x, const char *name)
{
    static char text[256];
    struct world_file f;
    for (int64_t i = 0; world_node_file(x->node, i, &f); i++) {
        if (strcmp(f.name, name) != 0) continue;
        snprintf(text, sizeof text, "%.*s", (int)f.content.size, f.content.data);
        return text;
    }
    return "(none)";
}

TEST(operations_take_their_time)
{
    struct fixture x;
    REQUIRE(open_fixture(&x, 1));
    x.disk.latency = 100;
    x.disk.sync_latency = 2000;
    x.disk.jitter = 0;
    CHECK_EQ_INT(set_disk(&x), WORLD_OK);
    ask_write(&x, DISK_LANE_JOURNAL, "j", "hello");
    ask_sync(&x, DISK_LANE_JOURNAL, "j");
    turn(&x);
    CHECK_EQ_STR(content(&x, "j"), "(none)");
    world_step(x.lab.world, 100);
    CHECK_EQ_STR(content(&x, "j"), "hello");
    CHECK_EQ_INT(take(&x), DISK_OK);
    CHECK_EQ_INT(take(&x), -1);
    world_step(x.lab.world, 2099);
    CHECK_EQ_INT(take(&x), -1);
    world_step(x.lab.world, 2100);
    CHECK_EQ_INT(take(&x), DISK_OK);
    lab_close(&x.lab);
}

/* What the device does it does one after another, what the page cache does it does at once. */
TEST(syncs_wait_for_each_other_and_writes_do_not)
{
    struct fixture x;
    REQUIRE(open_fixture(&x, 1));
    x.disk.latency = 10;
    x.disk.sync_latency = 1000;
    x.disk.jitter = 0;
    x.disk.bandwidth = 1e6; /* 1 us a byte */
    x.disk.slow = 2;
    CHECK_EQ_INT(set_disk(&x), WORLD_OK);
    ask_write(&x, DISK_LANE_JOURNAL, "j", "0123456789");
    ask_write(&x, DISK_LANE_SNAPSHOT, "s", "0123456789");
    ask_sync(&x, DISK_LANE_JOURNAL, "j");
    ask_sync(&x, DISK_LANE_SNAPSHOT, "s");
    turn(&x);
    world_step(x.lab.world, 20);
    CHECK_EQ_INT(take(&x), DISK_OK);
    CHECK_EQ_INT(take(&x), DISK_OK);
    world_step(x.lab.world, 20 + 2 * 1010);
    CHECK_EQ_INT(take(&x), DISK_OK);
    CHECK_EQ_INT(take(&x), -1);
    ask_write(&x, DISK_LANE_READ, "r", "x");
    turn(&x);
    world_step(x.lab.world, 20 + 2 * 1010 + 20);
    CHECK_EQ_INT(take(&x), DISK_OK);
    world_step(x.lab.world, 20 + 4 * 1010);
    CHECK_EQ_INT(take(&x), DISK_OK);
    lab_close(&x.lab);
}

TEST(a_disk_that_stalls_answers_later)
{
    struct fixture x;
    REQUIRE(open_fixture(&x, 1));
    ask_write(&x, DISK_LANE_JOURNAL, "j", "hello");
    turn(&x);
    CHECK_EQ_INT(world_disk_stall(x.node, 50000), WORLD_OK);
    ask_write(&x, DISK_LANE_SNAPSHOT, "s", "hello");
    turn(&x);
    world_step(x.lab.world, 49999);
    CHECK_EQ_INT(take(&x), -1);
    world_step(x.lab.world, 50000);
    CHECK_EQ_INT(take(&x), DISK_OK);
    CHECK_EQ_INT(take(&x), DISK_OK);
    lab_close(&x.lab);
}

TEST(a_disk_fails_as_it_is_told)
{
    struct fixture x;
    REQUIRE(open_fixture(&x, 1));
    x.disk.fail_sync = 1;
    CHECK_EQ_INT(set_disk(&x), WORLD_OK);
    ask_write(&x, DISK_LANE_JOURNAL, "j", "hello");
    ask_sync(&x, DISK_LANE_JOURNAL, "j");
    disk_rename(queue(&x), DISK_LANE_JOURNAL, &x.owner, "j", "k");
    turn(&x);
    run(&x, 100);
    CHECK_EQ_INT(take(&x), DISK_OK);
    CHECK_EQ_INT(take(&x), DISK_FAILED);
    CHECK_EQ_INT(take(&x), DISK_FAILED);
    CHECK_EQ_STR(content(&x, "j"), "hello");
    x.disk.fail = 1;
    CHECK_EQ_INT(set_disk(&x), WORLD_OK);
    ask_write(&x, DISK_LANE_JOURNAL, "j", "hello");
    turn(&x);
    run(&x, 100);
    CHECK_EQ_INT(take(&x), DISK_FAILED);
    x.disk.fail = x.disk.fail_sync = 0;
    x.disk.full = true;
    CHECK_EQ_INT(set_disk(&x), WORLD_OK);
    ask_write(&x, DISK_LANE_JOURNAL, "k", "hello");
    turn(&x);
    run(&x, 100);
    CHECK_EQ_INT(take(&x), DISK_FULL);
    CHECK_EQ_STR(content(&x, "k"), "");
    x.disk.full = false;
    x.disk.capacity = (int64_t)strlen(content(&x, "j")) + 3;
    CHECK_EQ_INT(set_disk(&x), WORLD_OK);
    ask_write(&x, DISK_LANE_JOURNAL, "k", "hello");
    turn(&x);
    run(&x, 100);
    CHECK_EQ_INT(take(&x), DISK_FULL);
    CHECK_EQ_STR(content(&x, "k"), "hel");
    lab_close(&x.lab);
}

TEST(what_makes_no_sense_is_refused)
{
    struct fixture x;
    REQUIRE(open_fixture(&x, 1));
    struct world_disk good = x.disk;
    x.disk.fail = 1.5;
    CHECK_EQ_INT(set_disk(&x), WORLD_BAD);
    x.disk = good;
    x.disk.sync_latency = -1;
    CHECK_EQ_INT(set_disk(&x), WORLD_BAD);
    x.disk = good;
    x.disk.slow = -1;
    CHECK_EQ_INT(set_disk(&x), WORLD_BAD);
    lab_close(&x.lab);
}

TEST(the_default_is_everybodys_who_has_none)
{
    struct fixture x;
    struct world_disk seen;
    REQUIRE(open_fixture(&x, 1));
    struct world_node *b = lab_node(&x.lab, "b");
    x.disk.latency = 5;
    CHECK_EQ_INT(set_disk(&x), WORLD_OK);
    x.disk.latency = 7;
    CHECK_EQ_INT(world_disk_set(x.lab.world, NULL, &x.disk), WORLD_OK);
    CHECK_EQ_INT(world_disk_get(x.lab.world, x.node, &seen), WORLD_OK);
    CHECK_EQ_INT(seen.latency, 5);
    CHECK_EQ_INT(world_disk_get(x.lab.world, b, &seen), WORLD_OK);
    CHECK_EQ_INT(seen.latency, 7);
    lab_close(&x.lab);
}

/* One file synced, another not; then the node goes. */
static void crash(struct fixture *x, enum world_crash what)
{
    ask_write(x, DISK_LANE_JOURNAL, "synced", "hello");
    ask_sync(x, DISK_LANE_JOURNAL, "synced");
    ask_write(x, DISK_LANE_SNAPSHOT, "unsynced", "hello");
    turn(x);
    run(x, 100);
    world_node_crash(x->node, what);
}

TEST(a_disk_outlives_its_node)
{
    struct fixture x;
    REQUIRE(open_fixture(&x, 1));
    x.disk.lose = 1;
    CHECK_EQ_INT(set_disk(&x), WORLD_OK);
    crash(&x, WORLD_CRASH_PROCESS);
    CHECK_EQ_STR(content(&x, "synced"), "hello");
    CHECK_EQ_STR(content(&x, "unsynced"), "hello");
    CHECK_EQ_INT(world_node_restart(x.node), WORLD_OK);
    ask_write(&x, DISK_LANE_JOURNAL, "synced", " again");
    turn(&x);
    run(&x, 100);
    CHECK_EQ_STR(content(&x, "synced"), "hello again");
    world_node_crash(x.node, WORLD_CRASH);
    CHECK_EQ_STR(content(&x, "synced"), "hello");
    CHECK_EQ_STR(content(&x, "unsynced"), "(none)");
    CHECK_EQ_INT(world_node_restart(x.node), WORLD_OK);
    ask_write(&x, DISK_LANE_JOURNAL, "synced", " again");
    turn(&x);
    run(&x, 100);
    world_node_crash(x.node, WORLD_CRASH_POWER);
    CHECK_EQ_STR(content(&x, "synced"), "hello");
    lab_close(&x.lab);
}

TEST(the_kernel_writes_by_itself_after_a_while)
{
    struct fixture x;
    REQUIRE(open_fixture(&x, 1));
    x.disk.lose = 1;
    CHECK_EQ_INT(set_disk(&x), WORLD_OK);
    ask_write(&x, DISK_LANE_JOURNAL, "j", "hello");
    turn(&x);
    run(&x, 31000);
    world_node_crash(x.node, WORLD_CRASH);
    CHECK_EQ_STR(content(&x, "j"), "hello");
    lab_close(&x.lab);
}

/* A sync promises what was there when it began. */
TEST(a_sync_does_not_speak_of_what_is_written_meanwhile)
{
    int lost = 0, kept = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct fixture x;
        REQUIRE(open_fixture(&x, seed));
        ask_write(&x, DISK_LANE_JOURNAL, "j", "hello");
        turn(&x);
        run(&x, 1);
        ask_sync(&x, DISK_LANE_SNAPSHOT, "j");
        ask_write(&x, DISK_LANE_JOURNAL, "j", " world");
        turn(&x);
        run(&x, 100);
        for (int i = 0; i < 3; i++) CHECK_EQ_INT(take(&x), DISK_OK);
        CHECK_EQ_STR(content(&x, "j"), "hello world");
        world_node_crash(x.node, WORLD_CRASH);
        CHECK(strncmp(content(&x, "j"), "hello", 5) == 0);
        *(strcmp(content(&x, "j"), "hello world") == 0 ? &kept : &lost) += 1;
        lab_close(&x.lab);
    }
    CHECK(lost > 10);
    CHECK(kept > 10);
}

/* What was under way when the node went has been done, or not, or in part. */
TEST(what_was_under_way_may_have_been_done)
{
    int none = 0, part = 0, all = 0;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct fixture x;
        REQUIRE(open_fixture(&x, seed));
        ask_write(&x, DISK_LANE_JOURNAL, "j", "hello");
        turn(&x);
        world_node_crash(x.node, WORLD_CRASH_PROCESS);
        const char *left = content(&x, "j");
        if (strcmp(left, "hello") == 0)
            all++;
        else if (strcmp(left, "(none)") == 0 || left[0] == '\0')
            none++;
        else
            part++;
        CHECK_EQ_INT(world_node_restart(x.node), WORLD_OK);
        run(&x, 10);
        lab_close(&x.lab);
    }
    CHECK(none > 0);
    CHECK(part > 0);
    CHECK(all > 50);
}

TEST(a_paused_node_hears_of_it_later)
{
    struct fixture x;
    REQUIRE(open_fixture(&x, 1));
    ask_write(&x, DISK_LANE_JOURNAL, "j", "hello");
    ask_sync(&x, DISK_LANE_JOURNAL, "j");
    turn(&x);
    CHECK_EQ_INT(world_node_pause(x.node, true), WORLD_OK);
    run(&x, 100);
    CHECK_EQ_STR(content(&x, "j"), "hello"); /* the kernel goes on */
    CHECK_EQ_INT(take(&x), -1);
    CHECK_EQ_INT(world_node_pause(x.node, false), WORLD_OK);
    CHECK_EQ_INT(take(&x), DISK_OK);
    CHECK_EQ_INT(take(&x), -1);
    run(&x, 100);
    CHECK_EQ_INT(take(&x), DISK_OK);
    lab_close(&x.lab);
}

TEST(files_can_be_put_there)
{
    struct fixture x;
    REQUIRE(open_fixture(&x, 1));
    struct slice text = slice_text("from elsewhere");
    CHECK_EQ_INT(world_node_put_file(x.node, "f", &text), WORLD_OK);
    CHECK_EQ_STR(content(&x, "f"), "from elsewhere");
    world_node_crash(x.node, WORLD_CRASH);
    CHECK_EQ_STR(content(&x, "f"), "from elsewhere");
    CHECK_EQ_INT(world_node_put_file(x.node, "f", NULL), WORLD_OK);
    CHECK_EQ_STR(content(&x, "f"), "(none)");
    lab_close(&x.lab);
}

/* ---- the same seed, the same disks ---- */

static uint64_t storm(uint64_t seed)
{
    struct fixture x;
    if (!open_fixture(&x, seed)) return 0;
    x.disk.fail = 0.1;
    x.disk.fail_sync = 0.1;
    world_disk_set(x.lab.world, NULL, &x.disk);
    struct random r;
    random_init(&r, seed, "spec");
    for (int i = 0; i < 200; i++) {
        static const char *names[] = {"a", "b", "c/d"};
        const char *name = names[random_below(&r, 3)];
        enum disk_lane lane = (enum disk_lane)random_below(&r, DISK_LANES);
        if (!world_node_get(x.node)) world_node_restart(x.node);
        if (random_below(&r, 3) > 0)
            ask_write(&x, lane, name, "some bytes, and then some more");
        else if (random_below(&r, 2) == 0)
            ask_sync(&x, lane, name);
        else
            disk_rename(queue(&x), lane, NULL, name, "b");
        turn(&x);
        run(&x, (int64_t)random_below(&r, 3));
        if (random_below(&r, 20) == 0) world_node_crash(x.node, (enum world_crash)random_below(&r, 3));
    }
    struct world_file f;
    uint64_t sum = world_sim_hash(x.lab.world);
    for (int64_t i = 0; world_node_file(x.node, i, &f); i++)
        for (size_t j = 0; j < f.content.size; j++) sum = sum * 31 + (uint8_t)f.content.data[j];
    lab_close(&x.lab);
    return sum;
}

TEST(the_same_seed_is_the_same_run)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint64_t one = storm(seed);
        CHECK(one != 0);
        CHECK_EQ_INT(one, storm(seed));
        CHECK(one != storm(seed + 1000));
    }
}

TEST_MAIN()
