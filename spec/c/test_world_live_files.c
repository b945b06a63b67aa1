/* Operations on real files, without a node: in whatever thread they are carried out. */
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "test.h"
#include "world/live_files.h"

struct bench {
    char directory[64];
    struct live_files files;
    struct memory memory;
    struct disk disk;
    char read[64]; /* by the last DISK_READ */
};

/* In a new directory, which is where the process works too. */
static bool open_bench(struct bench *x)
{
    memset(x, 0, sizeof *x);
    snprintf(x->directory, sizeof x->directory, "/tmp/tidelock-files-XXXXXX");
    memory_init(&x->memory);
    disk_init(&x->disk, &x->memory);
    return mkdtemp(x->directory) && chdir(x->directory) == 0 && live_files_open(&x->files, x->directory);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

/* Whether all memory has come back. */
static bool close_bench(struct bench *x)
{
    live_files_close(&x->files);
    disk_free(&x->disk);
    if (chdir("/tmp") == 0) nftw(x->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    return x->memory.used == 0;
}

/* Carries out what was asked for last. */
static enum disk_state carry_out(struct bench *x)
{
    struct live_outcome outcome;
    struct disk_op *op = disk_next(&x->disk);
    live_outcome_init(&outcome);
    if (op->kind == DISK_READ) bytes_reserve(&op->data, op->size);
    live_files_carry_out(&x->files, op, &outcome);
    enum disk_state state = outcome.state;
    live_outcome_apply(&outcome, op);
    if (op->kind == DISK_READ)
        snprintf(x->read, sizeof x->read, "%.*s", (int)op->data.size, op->data.size > 0 ? op->data.data : "");
    disk_done(&x->disk, op);
    return state;
}

static enum disk_state write_at(struct bench *x, const char *name, int64_t offset)
{
    struct bytes data;
    bytes_init(&data, &x->memory);
    bytes_append_text(&data, "hello");
    disk_write(&x->disk, DISK_LANE_JOURNAL, NULL, name, offset, &data);
    return carry_out(x);
}

static enum disk_state sync_file(struct bench *x, const char *name)
{
    disk_sync(&x->disk, DISK_LANE_JOURNAL, NULL, name);
    return carry_out(x);
}

static enum disk_state settle_file(struct bench *x, const char *name)
{
    disk_settle(&x->disk, DISK_LANE_READ, NULL, name);
    return carry_out(x);
}

enum { OPENERS = 3, OPENED = 4000 };

struct opener {
    uv_thread_t thread;
    uv_barrier_t *together;
    struct live_files *files;
    int failed;
};

static void open_files(void *argument)
{
    struct opener *o = argument;
    struct memory m;
    struct disk d;
    memory_init(&m);
    disk_init(&d, &m);
    for (int i = 0; i < OPENED; i++) {
        struct live_outcome outcome;
        char name[16];
        snprintf(name, sizeof name, "o%d", i);
        struct disk_op *op = disk_truncate(&d, DISK_LANE_JOURNAL, NULL, name, 0);
        live_outcome_init(&outcome);
        uv_barrier_wait(o->together);
        live_files_carry_out(o->files, op, &outcome);
        o->failed += outcome.state != DISK_OK;
        live_outcome_apply(&outcome, op);
        disk_next(&d);
        disk_done(&d, op);
    }
    disk_free(&d);
}

TEST(lanes_that_open_a_file_at_the_same_time_do_not_find_it_locked)
{
    struct bench x;
    struct opener openers[OPENERS];
    uv_barrier_t together;
    REQUIRE(open_bench(&x));
    for (int i = 0; i < OPENED; i++) {
        char name[16];
        snprintf(name, sizeof name, "o%d", i);
        int fd = open(name, O_CREAT | O_WRONLY, 0600);
        REQUIRE(fd >= 0);
        close(fd);
    }
    REQUIRE(uv_barrier_init(&together, OPENERS) == 0);
    for (int i = 0; i < OPENERS; i++) {
        openers[i] = (struct opener){.together = &together, .files = &x.files};
        REQUIRE(uv_thread_create(&openers[i].thread, open_files, &openers[i]) == 0);
    }
    for (int i = 0; i < OPENERS; i++) {
        uv_thread_join(&openers[i].thread);
        CHECK_EQ_INT(openers[i].failed, 0);
    }
    uv_barrier_destroy(&together);
    CHECK(close_bench(&x));
}

/* ---- syncs that fail ---- */

/* The system tells of a failure once. A pipe in the file's place cannot be synced. */
TEST(a_file_whose_sync_has_failed_is_lost_and_its_name_is_not)
{
    struct bench x;
    int pipes[2];
    REQUIRE(open_bench(&x));
    REQUIRE(pipe(pipes) == 0);
    CHECK_EQ_INT(write_at(&x, "j", -1), DISK_OK);
    CHECK_EQ_INT(sync_file(&x, "j"), DISK_OK);
    int handle = x.files.handles[0].fd, file = dup(handle);
    REQUIRE(file >= 0 && dup2(pipes[1], handle) == handle);
    CHECK_EQ_INT(sync_file(&x, "j"), DISK_FAILED);
    REQUIRE(dup2(file, handle) == handle);
    for (int i = 0; i < 2 * LIVE_HANDLES; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        CHECK_EQ_INT(write_at(&x, name, -1), DISK_OK);
        CHECK_EQ_INT(sync_file(&x, name), DISK_OK);
    }
    CHECK_EQ_INT(sync_file(&x, "j"), DISK_FAILED);
    disk_remove(&x.disk, DISK_LANE_JOURNAL, NULL, "j");
    CHECK_EQ_INT(carry_out(&x), DISK_OK);
    CHECK_EQ_INT(write_at(&x, "j", -1), DISK_OK);
    CHECK_EQ_INT(sync_file(&x, "j"), DISK_OK);
    close(file);
    close(pipes[0]);
    close(pipes[1]);
    CHECK(close_bench(&x));
}

/* ---- files of an earlier process ---- */

/* Pages of the file that the system has in its cache; -1: it does not say. */
static int cached_pages(const char *name)
{
    unsigned char pages[16] = {0};
    struct stat status;
    int count = 0, fd = open(name, O_RDONLY);
    if (fd < 0) return -1;
    size_t size = fstat(fd, &status) == 0 ? (size_t)status.st_size : 0;
    void *at = size > 0 ? mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (at == MAP_FAILED || mincore(at, size, pages) != 0) count = -1;
    for (size_t i = 0; count >= 0 && i < sizeof pages; i++) count += pages[i] & 1;
    if (at != MAP_FAILED) munmap(at, size);
    close(fd);
    return count;
}

/* In memory there is nothing behind the cache: tmpfs, ramfs. */
static bool is_on_a_disk(const char *path)
{
    struct statfs about;
    return statfs(path, &about) == 0 && about.f_type != 0x01021994 && about.f_type != 0x858458f6;
}

TEST(a_settled_file_is_read_from_the_disk)
{
    struct bench x;
    REQUIRE(open_bench(&x));
    CHECK_EQ_INT(settle_file(&x, "d/j"), DISK_MISSING);
    CHECK_EQ_INT(write_at(&x, "d/j", 40000), DISK_OK);
    if (is_on_a_disk(".")) CHECK(cached_pages("d/j") != 0);
    CHECK_EQ_INT(settle_file(&x, "d/j"), DISK_OK);
    if (is_on_a_disk(".")) CHECK(cached_pages("d/j") <= 0);
    disk_read(&x.disk, DISK_LANE_READ, NULL, "d/j", 40000, 10);
    CHECK_EQ_INT(carry_out(&x), DISK_OK);
    CHECK_EQ_STR(x.read, "hello");
    CHECK(close_bench(&x));
}

TEST_MAIN()
