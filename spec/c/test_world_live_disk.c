/* Disks of live nodes: real files in a directory of the spec's own. The operations are the spec's, put into the node's
 * queue. */
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <uv.h>

#include "live_fixture.h"
#include "persist/disk.h"

struct bench {
    struct fixture f;
    struct world_node *node;
    int owner;
    char directory[64];
    char read[65536]; /* by the last DISK_READ or DISK_LIST that was taken, or content() */
    char error[96];
};

/* In a new directory, which is where the process works too. */
static bool open_bench(struct bench *x)
{
    memset(x, 0, sizeof *x);
    snprintf(x->directory, sizeof x->directory, "/tmp/tidelock-disk-XXXXXX");
    if (!mkdtemp(x->directory) || chdir(x->directory) != 0) return false;
    fixture_begin(&x->f);
    x->node = node_at(&x->f, "a", NULL, 0);
    return x->node != NULL;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void close_bench(struct bench *x)
{
    fixture_end(&x->f);
    if (chdir("/tmp") == 0) nftw(x->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static struct disk *queue_of(struct world_node *wn) { return node_disk(world_node_get(wn)); }

static struct disk *queue(struct bench *x) { return queue_of(x->node); }

static struct disk_op *ask_write_at(struct world_node *wn, const void *owner, enum disk_lane lane,
                                    const char *name, int64_t offset, const char *text)
{
    struct bytes data;
    bytes_init(&data, queue_of(wn)->memory);
    bytes_append_text(&data, text);
    return disk_write(queue_of(wn), lane, owner, name, offset, &data);
}

static struct disk_op *ask_write(struct bench *x, enum disk_lane lane, const char *name, const char *text)
{
    return ask_write_at(x->node, &x->owner, lane, name, -1, text);
}

/* Begins what has been asked for, and waits for the next completion; its state. */
static int await_at(struct bench *x, struct world_node *wn)
{
    struct disk_op *op;
    int64_t until = now(&x->f) + PATIENCE_US;
    call(&x->f, wn, "PING");
    while ((op = disk_take(queue_of(wn), &x->owner)) == NULL) {
        if (now(&x->f) >= until) return -1;
        world_step(x->f.world, now(&x->f) + 1000);
    }
    int state = (int)op->state;
    size_t size = op->data.size < sizeof x->read - 1 ? op->data.size : sizeof x->read - 1;
    if (size > 0) memcpy(x->read, op->data.data, size);
    x->read[size] = '\0';
    text_copy(x->error, sizeof x->error, op->error);
    disk_op_free(queue_of(wn), op);
    return state;
}

static int await_one(struct bench *x) { return await_at(x, x->node); }

/* What a file has, by another way than the one that is being looked at. */
static const char *content(struct bench *x, const char *name)
{
    int fd = open(name, O_RDONLY);
    if (fd < 0) return "(none)";
    ssize_t size = read(fd, x->read, sizeof x->read - 1);
    close(fd);
    x->read[size > 0 ? size : 0] = '\0';
    return x->read;
}

TEST(files_are_written_and_read)
{
    struct bench x;
    REQUIRE(open_bench(&x));
    ask_write(&x, DISK_LANE_JOURNAL, "j", "hello");
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_STR(content(&x, "j"), "hello");
    ask_write(&x, DISK_LANE_JOURNAL, "j", " world");
    disk_sync(queue(&x), DISK_LANE_JOURNAL, &x.owner, "j");
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_STR(content(&x, "j"), "hello world");
    ask_write_at(x.node, &x.owner, DISK_LANE_JOURNAL, "j", 0, "H");
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    disk_read(queue(&x), DISK_LANE_READ, &x.owner, "j", 0, 100);
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_STR(x.read, "Hello world");
    disk_read(queue(&x), DISK_LANE_READ, &x.owner, "j", 6, 3);
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_STR(x.read, "wor");
    disk_read(queue(&x), DISK_LANE_READ, &x.owner, "j", 60, 3);
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_STR(x.read, "");
    disk_truncate(queue(&x), DISK_LANE_JOURNAL, &x.owner, "j", 4);
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_STR(content(&x, "j"), "Hell");
    ask_write(&x, DISK_LANE_JOURNAL, "j", "o");
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_STR(content(&x, "j"), "Hello");
    CHECK_EQ_INT(queue(&x)->writes, 4);
    CHECK_EQ_INT(queue(&x)->syncs, 1);
    close_bench(&x);
}

TEST(names_change)
{
    struct bench x;
    REQUIRE(open_bench(&x));
    ask_write(&x, DISK_LANE_SNAPSHOT, "temp", "one");
    disk_sync(queue(&x), DISK_LANE_SNAPSHOT, &x.owner, "temp");
    disk_rename(queue(&x), DISK_LANE_SNAPSHOT, &x.owner, "temp", "dump");
    for (int i = 0; i < 3; i++) CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_STR(content(&x, "temp"), "(none)");
    CHECK_EQ_STR(content(&x, "dump"), "one");
    disk_read(queue(&x), DISK_LANE_READ, &x.owner, "dump", 0, 10);
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    ask_write(&x, DISK_LANE_SNAPSHOT, "temp", "two");
    disk_rename(queue(&x), DISK_LANE_SNAPSHOT, &x.owner, "temp", "dump");
    for (int i = 0; i < 2; i++) CHECK_EQ_INT(await_one(&x), DISK_OK);
    disk_read(queue(&x), DISK_LANE_READ, &x.owner, "dump", 0, 10); /* not the one that was open */
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_STR(x.read, "two");
    disk_remove(queue(&x), DISK_LANE_SNAPSHOT, &x.owner, "dump");
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_STR(content(&x, "dump"), "(none)");
    disk_remove(queue(&x), DISK_LANE_SNAPSHOT, &x.owner, "dump");
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    disk_read(queue(&x), DISK_LANE_READ, &x.owner, "dump", 0, 10);
    CHECK_EQ_INT(await_one(&x), DISK_MISSING);
    CHECK_EQ_STR(x.error, "no such file or directory");
    disk_rename(queue(&x), DISK_LANE_SNAPSHOT, &x.owner, "temp", "dump");
    CHECK_EQ_INT(await_one(&x), DISK_MISSING);
    disk_sync(queue(&x), DISK_LANE_SNAPSHOT, &x.owner, "dump");
    CHECK_EQ_INT(await_one(&x), DISK_FAILED);
    ask_write(&x, DISK_LANE_SNAPSHOT, "dump", "three"); /* not into the one that was removed */
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_STR(content(&x, "dump"), "three");
    close_bench(&x);
}

TEST(directories_are_made_and_listed)
{
    struct bench x;
    REQUIRE(open_bench(&x));
    disk_list(queue(&x), DISK_LANE_READ, &x.owner, "dir");
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_STR(x.read, "");
    static const char *names[] = {"dir/b", "dir/a", "z", "dir/B"};
    for (int i = 0; i < 4; i++) {
        ask_write(&x, DISK_LANE_JOURNAL, names[i], "x");
        disk_sync(queue(&x), DISK_LANE_JOURNAL, &x.owner, names[i]);
        CHECK_EQ_INT(await_one(&x), DISK_OK);
        CHECK_EQ_INT(await_one(&x), DISK_OK);
    }
    disk_list(queue(&x), DISK_LANE_READ, &x.owner, "dir");
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_STR(x.read, "B\na\nb\n");
    disk_list(queue(&x), DISK_LANE_READ, &x.owner, "");
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_STR(x.read, "z\n");
    CHECK_EQ_STR(content(&x, "dir/b"), "x");
    close_bench(&x);
}

TEST(names_stay_in_the_directory)
{
    struct bench x;
    REQUIRE(open_bench(&x));
    static const char *bad[] = {"../escaped", "/tmp/escaped", ".hidden", "a/../../escaped", "a/b/c", ""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ask_write(&x, DISK_LANE_JOURNAL, bad[i], "x");
        CHECK_EQ_INT(await_one(&x), DISK_FAILED);
    }
    ask_write(&x, DISK_LANE_JOURNAL, "good", "x");
    disk_rename(queue(&x), DISK_LANE_JOURNAL, &x.owner, "good", "../bad");
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_INT(await_one(&x), DISK_FAILED);
    CHECK_EQ_STR(content(&x, "good"), "x");
    CHECK(access("/tmp/escaped", F_OK) != 0);
    CHECK(access("/tmp/bad", F_OK) != 0);
    close_bench(&x);
}

/* More than one piece of work holds, more files than stay open. */
TEST(a_lane_keeps_its_order)
{
    enum { WRITES = 200, FILES = 12 };
    struct bench x;
    char name[16], text[16], want[WRITES * 4 + 1];
    REQUIRE(open_bench(&x));
    for (int i = 0; i < WRITES; i++) {
        snprintf(name, sizeof name, "file%d", i % FILES);
        snprintf(text, sizeof text, "%03d,", i);
        ask_write(&x, (enum disk_lane)(i % FILES % DISK_LANES), name, text);
    }
    for (int i = 0; i < WRITES; i++) REQUIRE(await_one(&x) == DISK_OK);
    for (int j = 0; j < FILES; j++) {
        want[0] = '\0';
        for (int i = j; i < WRITES; i += FILES) {
            snprintf(text, sizeof text, "%03d,", i);
            strcat(want, text);
        }
        snprintf(name, sizeof name, "file%d", j);
        CHECK_EQ_STR(content(&x, name), want);
    }
    close_bench(&x);
}

TEST(a_file_is_written_by_one_node_alone)
{
    struct bench x;
    REQUIRE(open_bench(&x));
    struct world_node *b = node_at(&x.f, "b", NULL, 0);
    REQUIRE(b);
    ask_write(&x, DISK_LANE_JOURNAL, "j", "mine");
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    ask_write_at(b, &x.owner, DISK_LANE_JOURNAL, "j", -1, "not mine");
    CHECK_EQ_INT(await_at(&x, b), DISK_FAILED);
    CHECK_EQ_STR(x.error, "somebody else writes to this file");
    disk_read(queue_of(b), DISK_LANE_READ, &x.owner, "j", 0, 100);
    CHECK_EQ_INT(await_at(&x, b), DISK_OK);
    CHECK_EQ_STR(x.read, "mine");
    world_node_crash(x.node, WORLD_CRASH);
    ask_write_at(b, &x.owner, DISK_LANE_JOURNAL, "j", -1, ", then yours");
    CHECK_EQ_INT(await_at(&x, b), DISK_OK);
    CHECK_EQ_STR(content(&x, "j"), "mine, then yours");
    close_bench(&x);
}

TEST(a_journals_directory_is_one_nodes_alone)
{
    struct bench x;
    REQUIRE(open_bench(&x));
    struct world_node *b = node_at(&x.f, "b", NULL, 0);
    REQUIRE(b);
    ask_write(&x, DISK_LANE_JOURNAL, "dir/1", "mine");
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    ask_write_at(b, &x.owner, DISK_LANE_JOURNAL, "dir/2", -1, "not mine");
    CHECK_EQ_INT(await_at(&x, b), DISK_FAILED);
    CHECK_EQ_STR(x.error, "somebody else writes to this file");
    disk_rename(queue_of(b), DISK_LANE_JOURNAL, &x.owner, "dir/1", "dir/2");
    CHECK_EQ_INT(await_at(&x, b), DISK_FAILED);
    disk_remove(queue_of(b), DISK_LANE_JOURNAL, &x.owner, "dir/1");
    CHECK_EQ_INT(await_at(&x, b), DISK_FAILED);
    ask_write_at(b, &x.owner, DISK_LANE_JOURNAL, "dump", -1, "another file");
    CHECK_EQ_INT(await_at(&x, b), DISK_OK);
    world_node_crash(x.node, WORLD_CRASH);
    CHECK_EQ_STR(content(&x, "dir/1"), "mine");
    ask_write_at(b, &x.owner, DISK_LANE_JOURNAL, "dir/2", -1, "now mine");
    CHECK_EQ_INT(await_at(&x, b), DISK_OK);
    close_bench(&x);
}

TEST(lanes_of_a_node_share_its_files)
{
    struct bench x;
    REQUIRE(open_bench(&x));
    ask_write(&x, DISK_LANE_SNAPSHOT, "j", "hello world");
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    disk_truncate(queue(&x), DISK_LANE_READ, &x.owner, "j", 5);
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    ask_write(&x, DISK_LANE_JOURNAL, "j", "!");
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_STR(content(&x, "j"), "hello!");
    /* several at a time may open it first */
    for (int i = 0; i < 50; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        for (int lane = 0; lane < DISK_LANES; lane++)
            ask_write_at(x.node, &x.owner, (enum disk_lane)lane, name, lane, "abc");
        for (int lane = 0; lane < DISK_LANES; lane++) REQUIRE(await_one(&x) == DISK_OK);
        CHECK_EQ_INT(strlen(content(&x, name)), DISK_LANES - 1 + 3);
    }
    close_bench(&x);
}

TEST(a_directory_that_is_not_there_is_an_error)
{
    struct bench x;
    REQUIRE(open_bench(&x));
    REQUIRE(rmdir(x.directory) == 0);
    ask_write(&x, DISK_LANE_JOURNAL, "j", "x");
    CHECK_EQ_INT(await_one(&x), DISK_FAILED);
    CHECK(x.error[0] != '\0');
    disk_remove(queue(&x), DISK_LANE_JOURNAL, &x.owner, "j");
    CHECK(await_one(&x) >= 0);
    close_bench(&x);
}

/* Keeps all of libuv's threads busy, so that what is begun stays where it is. */
struct blockade {
    uv_loop_t loop;
    uv_sem_t gate;
    uv_work_t work[4];
};

static void stand(uv_work_t *work) { uv_sem_wait(work->data); }

static void stood(uv_work_t *work, int status)
{
    (void)work;
    (void)status;
}

static void blockade_begin(struct blockade *b)
{
    uv_loop_init(&b->loop);
    uv_sem_init(&b->gate, 0);
    for (int i = 0; i < 4; i++) {
        b->work[i].data = &b->gate;
        uv_queue_work(&b->loop, &b->work[i], stand, stood);
    }
}

static void blockade_end(struct blockade *b)
{
    for (int i = 0; i < 4; i++) uv_sem_post(&b->gate);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    uv_sem_destroy(&b->gate);
    uv_loop_close(&b->loop);
}

/* No thread is free, so what is done is done by the loop. */
TEST(the_journal_is_written_at_once_unless_it_is_synced)
{
    struct bench x;
    struct blockade b;
    REQUIRE(open_bench(&x));
    blockade_begin(&b);
    ask_write(&x, DISK_LANE_JOURNAL, "j", "one");
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_STR(content(&x, "j"), "one");
    ask_write(&x, DISK_LANE_JOURNAL, "j", " two"); /* …and the sync right behind it */
    disk_sync(queue(&x), DISK_LANE_JOURNAL, &x.owner, "j");
    call(&x.f, x.node, "PING");
    world_step(x.f.world, 0);
    CHECK_EQ_STR(content(&x, "j"), "one");
    blockade_end(&b);
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    blockade_begin(&b);
    disk_sync(queue(&x), DISK_LANE_SYNC, &x.owner, "j");
    call(&x.f, x.node, "PING");
    world_step(x.f.world, 0);
    ask_write(&x, DISK_LANE_JOURNAL, "j", " three");
    call(&x.f, x.node, "PING");
    world_step(x.f.world, 0);
    CHECK_EQ_STR(content(&x, "j"), "one two");
    blockade_end(&b);
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_STR(content(&x, "j"), "one two three");
    close_bench(&x);
}

TEST(a_paused_node_hears_of_it_later)
{
    struct bench x;
    struct blockade b;
    REQUIRE(open_bench(&x));
    blockade_begin(&b);
    ask_write(&x, DISK_LANE_SNAPSHOT, "j", "hello");
    call(&x.f, x.node, "PING");
    world_step(x.f.world, 0); /* begins it */
    CHECK_EQ_INT(world_node_pause(x.node, true), WORLD_OK);
    CHECK_EQ_STR(content(&x, "j"), "(none)");
    blockade_end(&b);
    int64_t until = now(&x.f) + PATIENCE_US;
    while (strcmp(content(&x, "j"), "hello") != 0 && now(&x.f) < until)
        world_step(x.f.world, now(&x.f) + 1000);
    CHECK_EQ_STR(content(&x, "j"), "hello");
    world_step(x.f.world, now(&x.f) + 1000);
    CHECK(!disk_take(queue(&x), &x.owner));
    CHECK_EQ_INT(world_node_pause(x.node, false), WORLD_OK);
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    close_bench(&x);
}

/* ---- the end of a node ---- */

TEST(an_end_in_order_writes_what_the_journal_was_to_have)
{
    enum { WRITES = 100 };
    for (int round = 0; round < 3; round++) {
        struct bench x;
        struct blockade b;
        REQUIRE(open_bench(&x));
        if (round == 2) blockade_begin(&b);
        for (int i = 0; i < WRITES; i++) {
            ask_write(&x, DISK_LANE_JOURNAL, "dir/j", "0123456789");
            ask_write(&x, DISK_LANE_SNAPSHOT, "s", "0123456789");
        }
        call(&x.f, x.node, "PING");
        if (round > 0) world_step(x.f.world, 0); /* some of it has been begun */
        world_free(x.f.world);
        CHECK_EQ_INT(strlen(content(&x, "dir/j")), WRITES * 10);
        if (round == 2) CHECK_EQ_STR(content(&x, "s"), "(none)");
        if (round == 2) blockade_end(&b);
        x.f.world = world_live_new(x.f.commands);
        close_bench(&x);
    }
}

TEST(what_no_thread_has_begun_dies_with_its_node)
{
    struct bench x;
    struct blockade b;
    REQUIRE(open_bench(&x));
    blockade_begin(&b);
    ask_write(&x, DISK_LANE_SNAPSHOT, "j", "hello");
    call(&x.f, x.node, "PING");
    world_step(x.f.world, 0);
    CHECK_EQ_INT(world_node_crash(x.node, WORLD_CRASH), WORLD_OK);
    CHECK_EQ_INT(world_node_restart(x.node), WORLD_OK);
    blockade_end(&b);
    ask_write(&x, DISK_LANE_JOURNAL, "k", "hello");
    CHECK_EQ_INT(await_one(&x), DISK_OK);
    CHECK_EQ_STR(content(&x, "j"), "(none)");
    close_bench(&x);
}

TEST(a_crash_leaves_the_beginning_of_what_was_to_be_written)
{
    struct bench x;
    REQUIRE(open_bench(&x));
    size_t size = 0;
    for (int round = 0; round < 30; round++) {
        for (int i = 0; i < 100; i++) ask_write(&x, DISK_LANE_JOURNAL, "j", "0123456789");
        disk_read(queue(&x), DISK_LANE_READ, &x.owner, "j", 0, 65536);
        disk_list(queue(&x), DISK_LANE_SNAPSHOT, &x.owner, "");
        call(&x.f, x.node, "PING");
        if (round % 2 > 0) world_step(x.f.world, 0);
        if (round % 3 > 0) CHECK(await_one(&x) >= 0);
        CHECK_EQ_INT(world_node_crash(x.node, WORLD_CRASH), WORLD_OK);
        const char *left = content(&x, "j");
        size_t there = strcmp(left, "(none)") == 0 ? 0 : strlen(left);
        CHECK(there >= size && there % 10 == 0);
        size = there;
        CHECK_EQ_INT(world_node_restart(x.node), WORLD_OK);
        if (round % 10 == 0) world_step(x.f.world, now(&x.f) + 1000);
    }
    CHECK(size > 0);
    close_bench(&x);
}

/* ---- kill -9 ---- */

/* In a process of its own: appends numbers and syncs, and says after each how many are durable, until it is killed. */
static void write_until_killed(struct bench *x, int to)
{
    char text[16];
    for (int i = 0;; i++) {
        snprintf(text, sizeof text, "%06d\n", i);
        ask_write(x, DISK_LANE_JOURNAL, "j", text);
        disk_sync(queue(x), DISK_LANE_JOURNAL, &x->owner, "j");
        if (await_one(x) != DISK_OK || await_one(x) != DISK_OK) return;
        if (write(to, &i, sizeof i) != sizeof i) return;
    }
}

TEST(what_was_synced_outlives_kill_9)
{
    for (int round = 0; round < 5; round++) {
        struct bench x;
        int pipes[2], said = -1, number;
        REQUIRE(open_bench(&x));
        REQUIRE(pipe(pipes) == 0);
        pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            struct bench y = x;
            fixture_begin(&y.f); /* a loop does not outlive a fork */
            y.node = node_at(&y.f, "b", NULL, 0);
            write_until_killed(&y, pipes[1]);
            _exit(1);
        }
        close(pipes[1]);
        while (said < 20 * round && read(pipes[0], &number, sizeof number) == sizeof number) said = number;
        kill(child, SIGKILL);
        while (read(pipes[0], &number, sizeof number) == sizeof number) said = number;
        close(pipes[0]);
        int status;
        REQUIRE(waitpid(child, &status, 0) == child);
        CHECK(WIFSIGNALED(status));
        const char *line = content(&x, "j");
        int lines = 0;
        for (; strlen(line) >= 7; line += 7, lines++) REQUIRE(atoi(line) == lines);
        CHECK_EQ_STR(line, "");
        CHECK(lines >= said + 1);
        CHECK(said >= 20 * round);
        close_bench(&x);
    }
}

TEST_MAIN()
