/* Simulated files: what a process sees of them, and, over many seeds, what is left of them when the power goes. */
#include "test.h"
#include "world/sim_files.h"

enum { SEEDS = 2000 };

struct fixture {
    struct memory memory;
    struct sim_files files;
    struct disk disk;
    struct random random;
    enum disk_state state; /* of the last operation */
    char error[96];
    struct bytes read;
};

static void open_fixture(struct fixture *x, uint64_t seed)
{
    memory_init(&x->memory);
    sim_files_init(&x->files, &x->memory);
    disk_init(&x->disk, &x->memory);
    random_init(&x->random, seed, "test");
    bytes_init(&x->read, &x->memory);
}

static bool close_fixture(struct fixture *x)
{
    sim_files_finish(&x->files);
    disk_free(&x->disk);
    bytes_free(&x->read);
    return x->memory.used == 0;
}

/* Carries out what is in the queue: one operation. */
static enum disk_state perform(struct fixture *x)
{
    struct disk_op *op = disk_next(&x->disk);
    sim_files_carry_out(&x->files, op);
    x->state = op->state;
    text_copy(x->error, sizeof x->error, op->error);
    bytes_clear(&x->read);
    bytes_append_slice(&x->read, bytes_slice(&op->data));
    disk_done(&x->disk, op);
    return x->state;
}

static enum disk_state write_bytes(struct fixture *x, const char *name, int64_t offset, struct slice content)
{
    struct bytes data;
    bytes_init(&data, &x->memory);
    bytes_append_slice(&data, content);
    disk_write(&x->disk, DISK_LANE_JOURNAL, NULL, name, offset, &data);
    return perform(x);
}

static enum disk_state write_text(struct fixture *x, const char *name, int64_t offset, const char *text)
{
    return write_bytes(x, name, offset, slice_text(text));
}

static enum disk_state sync_file(struct fixture *x, const char *name)
{
    disk_sync(&x->disk, DISK_LANE_JOURNAL, NULL, name);
    return perform(x);
}

static enum disk_state settle_file(struct fixture *x, const char *name)
{
    disk_settle(&x->disk, DISK_LANE_READ, NULL, name);
    return perform(x);
}

static enum disk_state truncate_file(struct fixture *x, const char *name, int64_t size)
{
    disk_truncate(&x->disk, DISK_LANE_JOURNAL, NULL, name, size);
    return perform(x);
}

static enum disk_state rename_file(struct fixture *x, const char *name, const char *to)
{
    disk_rename(&x->disk, DISK_LANE_JOURNAL, NULL, name, to);
    return perform(x);
}

static enum disk_state remove_file(struct fixture *x, const char *name)
{
    disk_remove(&x->disk, DISK_LANE_JOURNAL, NULL, name);
    return perform(x);
}

/* Into x->read. */
static enum disk_state read_file(struct fixture *x, const char *name, int64_t offset, size_t size)
{
    disk_read(&x->disk, DISK_LANE_READ, NULL, name, offset, size);
    return perform(x);
}

static const char *list_files(struct fixture *x, const char *directory)
{
    disk_list(&x->disk, DISK_LANE_READ, NULL, directory);
    perform(x);
    bytes_append_char(&x->read, '\0');
    return x->read.data;
}

static void fail_sync(struct fixture *x, const char *name)
{
    disk_sync(&x->disk, DISK_LANE_JOURNAL, NULL, name);
    struct disk_op *op = disk_next(&x->disk);
    sim_files_fail_sync(&x->files, op, &x->random);
    x->state = op->state;
    disk_done(&x->disk, op);
}

static void lose_power(struct fixture *x) { sim_files_lose_power(&x->files, &x->random, 0.4, 0.6); }

/* `size` bytes that say where they are and which time it was they were written. */
static void pattern(char *out, size_t size, int64_t offset, int round)
{
    for (size_t i = 0; i < size; i++)
        out[i] =
            (char)(1 + (uint64_t)(offset + (int64_t)i + 31 * (offset + (int64_t)i) / 512 + round * 97) % 255);
}

static enum disk_state write_pattern(struct fixture *x, const char *name, int64_t offset, size_t size,
                                     int round)
{
    static const size_t max = 8192;
    char text[8192];
    if (size > max) return DISK_FAILED;
    pattern(text, size, offset, round);
    return write_bytes(x, name, offset, slice_of(text, size));
}

/* Whether bytes [from, to) of what was read last are the pattern's. */
static bool is_pattern(const struct fixture *x, size_t from, size_t to, int round)
{
    char want[16384];
    if (to > x->read.size || to > sizeof want) return false;
    pattern(want + from, to - from, (int64_t)from, round);
    return memcmp(x->read.data + from, want + from, to - from) == 0;
}

static bool is_zeros(const struct fixture *x, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (x->read.data[i] != 0) return false;
    return true;
}

/* ---- as a process sees them ---- */

TEST(a_process_reads_what_it_wrote)
{
    struct fixture x;
    open_fixture(&x, 1);
    CHECK_EQ_INT(write_text(&x, "a", -1, "hello"), DISK_OK);
    CHECK_EQ_INT(write_text(&x, "a", -1, " world"), DISK_OK);
    CHECK_EQ_INT(write_text(&x, "a", 0, "H"), DISK_OK);
    CHECK_EQ_INT(read_file(&x, "a", 0, 100), DISK_OK);
    CHECK_EQ_MEM(x.read.data, x.read.size, "Hello world", 11);
    CHECK_EQ_INT(read_file(&x, "a", 6, 3), DISK_OK);
    CHECK_EQ_MEM(x.read.data, x.read.size, "wor", 3);
    CHECK_EQ_INT(read_file(&x, "a", 50, 3), DISK_OK);
    CHECK_EQ_INT(x.read.size, 0);
    CHECK_EQ_INT(truncate_file(&x, "a", 4), DISK_OK);
    CHECK_EQ_INT(write_text(&x, "a", 6, "x"), DISK_OK);
    CHECK_EQ_INT(read_file(&x, "a", 0, 100), DISK_OK);
    CHECK_EQ_MEM(x.read.data, x.read.size, "Hell\0\0x", 7);
    CHECK_EQ_INT(x.files.used, 7);
    CHECK_EQ_INT(read_file(&x, "b", 0, 100), DISK_MISSING);
    CHECK_EQ_INT(sync_file(&x, "b"), DISK_FAILED);
    CHECK_EQ_INT(rename_file(&x, "b", "c"), DISK_MISSING);
    CHECK_EQ_INT(remove_file(&x, "b"), DISK_OK);
    CHECK_EQ_INT(write_text(&x, "../b", 0, "x"), DISK_FAILED);
    CHECK_EQ_INT(remove_file(&x, "a"), DISK_OK);
    CHECK_EQ_INT(read_file(&x, "a", 0, 100), DISK_MISSING);
    CHECK_EQ_INT(x.files.used, 0);
    CHECK(close_fixture(&x));
}

TEST(names_are_listed_in_order)
{
    struct fixture x;
    open_fixture(&x, 1);
    static const char *names[] = {"m", "dir/b", "a", "z", "dir/a", "dir2/a"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) write_text(&x, names[i], -1, "x");
    CHECK_EQ_STR(list_files(&x, ""), "a\nm\nz\n");
    CHECK_EQ_STR(list_files(&x, "dir"), "a\nb\n");
    CHECK_EQ_STR(list_files(&x, "nowhere"), "");
    CHECK_EQ_INT(rename_file(&x, "a", "y"), DISK_OK);
    CHECK_EQ_INT(rename_file(&x, "m", "z"), DISK_OK);
    CHECK_EQ_INT(rename_file(&x, "y", "y"), DISK_OK);
    CHECK_EQ_STR(list_files(&x, ""), "y\nz\n");
    CHECK_EQ_INT(x.files.used, 5);
    CHECK(close_fixture(&x));
}

TEST(a_full_disk_takes_what_fits)
{
    struct fixture x;
    open_fixture(&x, 1);
    x.files.capacity = 10;
    CHECK_EQ_INT(write_text(&x, "a", -1, "12345678"), DISK_OK);
    CHECK_EQ_INT(write_text(&x, "a", -1, "9abc"), DISK_FULL);
    CHECK_EQ_STR(x.error, "No space left on device");
    CHECK_EQ_INT(write_text(&x, "a", 0, "ABC"), DISK_OK); /* takes no more room */
    CHECK_EQ_INT(write_text(&x, "b", 0, "1"), DISK_FULL);
    CHECK_EQ_INT(read_file(&x, "a", 0, 100), DISK_OK);
    CHECK_EQ_MEM(x.read.data, x.read.size, "ABC456789a", 10);
    CHECK_EQ_INT(truncate_file(&x, "a", 2), DISK_OK);
    CHECK_EQ_INT(write_text(&x, "b", 0, "12345678"), DISK_OK);
    CHECK(close_fixture(&x));
}

/* ---- when the power goes ---- */

TEST(what_was_synced_is_there_and_what_was_not_may_be)
{
    int lost = 0, whole = 0, torn = 0, holes = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct fixture x;
        open_fixture(&x, seed);
        size_t synced = 0, size = 0;
        int rounds = 1 + (int)random_below(&x.random, 5);
        for (int i = 0; i < rounds; i++) {
            size_t more = (size_t)random_below(&x.random, 1500);
            write_pattern(&x, "a", (int64_t)size, more, 0);
            size += more;
            if (random_below(&x.random, 3) > 0) continue;
            sync_file(&x, "a");
            synced = size;
        }
        lose_power(&x);
        if (read_file(&x, "a", 0, 16384) == DISK_OK) {
            size_t there = x.read.size;
            REQUIRE(there >= synced && there <= size);

            REQUIRE(is_pattern(&x, 0, synced, 0));
            bool hole = false;
            for (size_t from = synced; from < there;) {
                size_t to = (from / SIM_SECTOR + 1) * SIM_SECTOR;
                if (to > there) to = there;
                bool good = is_pattern(&x, from, to, 0);
                REQUIRE(good || is_zeros(&x, from, to));
                hole |= !good;
                from = to;
            }
            if (there == size && !hole && synced < size) whole++;
            if (there == synced && synced < size) lost++;
            if (there > synced && there < size && !hole) torn++;
            holes += hole;
        } else {
            REQUIRE(synced == 0);
            lost++;
        }
        CHECK(close_fixture(&x));
    }
    CHECK(lost > SEEDS / 10);
    CHECK(whole > SEEDS / 10);
    CHECK(torn > SEEDS / 50);
    CHECK(holes > SEEDS / 50);
}

/* Overwriting, truncating and appending in turn: every sector is as it was at the last sync or as it was written since. */
TEST(a_sector_is_the_old_or_the_new_one)
{
    int changed = 0, kept = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct fixture x;
        open_fixture(&x, seed);
        write_pattern(&x, "a", 0, 6000, 0);
        sync_file(&x, "a");
        size_t from = (size_t)random_below(&x.random, 5000), size = 1 + (size_t)random_below(&x.random, 900);
        write_pattern(&x, "a", (int64_t)from, size, 1);
        lose_power(&x);
        REQUIRE(read_file(&x, "a", 0, 16384) == DISK_OK);
        REQUIRE(x.read.size == 6000);
        for (size_t begin = 0; begin < 6000; begin += SIM_SECTOR) {
            size_t end = begin + SIM_SECTOR < 6000 ? begin + SIM_SECTOR : 6000;
            size_t low = from > begin ? from : begin, high = from + size < end ? from + size : end;
            bool old = is_pattern(&x, begin, end, 0);
            if (low >= high) {
                REQUIRE(old);
                continue;
            }
            REQUIRE(old || (is_pattern(&x, begin, low, 0) && is_pattern(&x, low, high, 1) &&
                            is_pattern(&x, high, end, 0)));
            *(old ? &kept : &changed) += 1;
        }
        CHECK(close_fixture(&x));
    }
    CHECK(changed > SEEDS / 4);
    CHECK(kept > SEEDS / 4);
}

TEST(a_truncation_may_be_undone)
{
    int undone = 0, done = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct fixture x;
        open_fixture(&x, seed);
        write_pattern(&x, "a", 0, 3000, 0);
        sync_file(&x, "a");
        truncate_file(&x, "a", 700);
        bool synced = random_below(&x.random, 2) == 0;
        if (synced) sync_file(&x, "a");
        lose_power(&x);
        REQUIRE(read_file(&x, "a", 0, 16384) == DISK_OK);
        REQUIRE(is_pattern(&x, 0, x.read.size, 0));
        REQUIRE(x.read.size == 700 || (x.read.size == 3000 && !synced));
        if (!synced) *(x.read.size == 700 ? &done : &undone) += 1;
        CHECK(close_fixture(&x));
    }
    CHECK(undone > SEEDS / 10);
    CHECK(done > SEEDS / 10);
}

TEST(what_is_written_over_a_truncated_end_is_durable_when_synced)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct fixture x;
        open_fixture(&x, seed);
        write_pattern(&x, "a", 0, 3000, 0);
        sync_file(&x, "a");
        truncate_file(&x, "a", 700);
        write_pattern(&x, "a", 700, 900, 1);
        sync_file(&x, "a");
        write_pattern(&x, "a", 1600, 900, 1);
        lose_power(&x);
        REQUIRE(read_file(&x, "a", 0, 16384) == DISK_OK);
        REQUIRE(x.read.size >= 1600);
        REQUIRE(is_pattern(&x, 0, 700, 0) && is_pattern(&x, 700, 1600, 1));
        CHECK(close_fixture(&x));
    }
}

TEST(a_rename_is_durable_at_once_and_content_is_not)
{
    int empty = 0, full = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct fixture x;
        open_fixture(&x, seed);
        write_text(&x, "old", -1, "old content");
        sync_file(&x, "old");
        bool synced = random_below(&x.random, 2) == 0;
        write_text(&x, "new", -1, "new content");
        if (synced) sync_file(&x, "new");
        rename_file(&x, "new", "old");
        lose_power(&x);
        CHECK_EQ_STR(list_files(&x, ""), "old\n");
        REQUIRE(read_file(&x, "old", 0, 100) == DISK_OK);
        bool there = slice_equal(bytes_slice(&x.read), slice_text("new content"));
        REQUIRE(there || !synced);
        if (!synced) *(there ? &full : &empty) += 1;
        CHECK(close_fixture(&x));
    }
    CHECK(empty > SEEDS / 10);
    CHECK(full > SEEDS / 10);
}

TEST(names_that_were_not_synced_come_and_go)
{
    int made = 0, unmade = 0, gone = 0, back = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct fixture x;
        open_fixture(&x, seed);
        write_text(&x, "stays", -1, "x");
        write_text(&x, "goes", -1, "x");
        sync_file(&x, "goes");
        sync_file(&x, "stays");
        remove_file(&x, "goes");
        write_text(&x, "comes", -1, "x");
        bool synced = random_below(&x.random, 2) == 0;
        if (synced) sync_file(&x, "comes");
        lose_power(&x);
        REQUIRE(read_file(&x, "stays", 0, 10) == DISK_OK && x.read.size == 1);
        bool comes = read_file(&x, "comes", 0, 10) == DISK_OK,
             goes = read_file(&x, "goes", 0, 10) == DISK_MISSING;
        REQUIRE(!synced || (comes && goes));
        if (!synced) {
            *(comes ? &made : &unmade) += 1;
            *(goes ? &gone : &back) += 1;
        }
        lose_power(&x); /* and what is so now stays so */
        REQUIRE((read_file(&x, "comes", 0, 10) == DISK_OK) == comes);
        REQUIRE((read_file(&x, "goes", 0, 10) == DISK_MISSING) == goes);
        CHECK(close_fixture(&x));
    }
    CHECK(made > SEEDS / 10);
    CHECK(unmade > SEEDS / 10);
    CHECK(gone > SEEDS / 10);
    CHECK(back > SEEDS / 10);
}

TEST(a_file_that_was_removed_and_made_anew_is_the_new_one_or_the_old_or_none)
{
    int seen[4] = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct fixture x;
        open_fixture(&x, seed);
        write_text(&x, "a", -1, "old");
        sync_file(&x, "a");
        remove_file(&x, "a");
        write_text(&x, "a", -1, "new");
        lose_power(&x);
        if (read_file(&x, "a", 0, 10) == DISK_MISSING)
            seen[0]++;
        else if (slice_equal(bytes_slice(&x.read), slice_text("old")))
            seen[1]++;
        else if (slice_equal(bytes_slice(&x.read), slice_text("new")))
            seen[2]++;
        else if (x.read.size == 0 || is_zeros(&x, 0, x.read.size))
            seen[3]++;
        else
            CHECK(!"something else");
        CHECK(close_fixture(&x));
    }
    for (int i = 0; i < 4; i++) CHECK(seen[i] > 0);
}

/* ---- syncs that fail ---- */

TEST(a_sync_that_failed_leaves_what_no_later_sync_writes)
{
    int lost = 0, kept = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct fixture x;
        open_fixture(&x, seed);
        write_pattern(&x, "a", 0, 600, 0);
        sync_file(&x, "a");
        write_pattern(&x, "a", 600, 1000, 0);
        fail_sync(&x, "a");
        REQUIRE(x.state == DISK_FAILED);
        read_file(&x, "a", 0, 16384);
        REQUIRE(x.read.size == 1600 && is_pattern(&x, 0, 1600, 0)); /* nobody can see it */
        REQUIRE(sync_file(&x, "a") == DISK_OK);
        lose_power(&x);
        REQUIRE(read_file(&x, "a", 0, 16384) == DISK_OK);
        REQUIRE(x.read.size == 1600 && is_pattern(&x, 0, 600, 0));
        *(is_pattern(&x, 600, 1600, 0) ? &kept : &lost) += 1;
        CHECK(close_fixture(&x));
    }
    CHECK(lost > SEEDS / 4);
    CHECK(kept > SEEDS / 50);
}

TEST(writing_it_again_helps)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct fixture x;
        open_fixture(&x, seed);
        write_pattern(&x, "a", 0, 600, 0);
        sync_file(&x, "a");
        write_pattern(&x, "a", 600, 1000, 0);
        fail_sync(&x, "a");
        if (random_below(&x.random, 2) == 0) truncate_file(&x, "a", 600);
        write_pattern(&x, "a", 600, 1000, 1);
        REQUIRE(sync_file(&x, "a") == DISK_OK);
        lose_power(&x);
        REQUIRE(read_file(&x, "a", 0, 16384) == DISK_OK);
        REQUIRE(x.read.size == 1600 && is_pattern(&x, 0, 600, 0) && is_pattern(&x, 600, 1600, 1));
        CHECK(close_fixture(&x));
    }
}

/* Who settles a file reads what is left of it when the power goes, whatever that was. */
TEST(settling_a_file_shows_what_the_disk_has_of_it)
{
    int lost = 0, kept = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct fixture x;
        char seen[1600];
        open_fixture(&x, seed);
        write_pattern(&x, "a", 0, 600, 0);
        sync_file(&x, "a");
        write_pattern(&x, "a", 600, 700, 0);
        fail_sync(&x, "a");
        write_pattern(&x, "a", 1300, 300,
                      0); /* shares a sector with what was to be written: it is written again */
        REQUIRE(settle_file(&x, "a") == DISK_OK);
        read_file(&x, "a", 0, 16384);
        REQUIRE(x.read.size == 1600 && is_pattern(&x, 0, 600, 0) && is_pattern(&x, 1300, 1600, 0));
        *(is_pattern(&x, 600, 1300, 0) ? &kept : &lost) += 1;
        memcpy(seen, x.read.data, sizeof seen);
        lose_power(&x);
        read_file(&x, "a", 0, 16384);
        REQUIRE(x.read.size == sizeof seen && memcmp(x.read.data, seen, sizeof seen) == 0);
        REQUIRE(settle_file(&x, "b") == DISK_MISSING);
        CHECK(close_fixture(&x));
    }
    CHECK(lost > SEEDS / 4);
    CHECK(kept > SEEDS / 50);
}

/* ---- the rest ---- */

TEST(many_sizes_are_remembered_within_bounds)
{
    struct fixture x;
    open_fixture(&x, 1);
    write_text(&x, "a", -1, "x");
    sync_file(&x, "a");
    for (int i = 0; i < 5000; i++) write_text(&x, "a", -1, "x");
    struct sim_file *f = sim_files_find(&x.files, "a");
    CHECK(f->size_count <= 256);
    CHECK_EQ_INT(f->sizes[0], 1);
    CHECK_EQ_INT(f->sizes[f->size_count - 1], 5001);
    CHECK_EQ_INT(f->dirty, 5000);
    CHECK(close_fixture(&x));
}

TEST(what_is_put_there_was_always_there)
{
    struct fixture x;
    open_fixture(&x, 1);
    CHECK(sim_files_put(&x.files, "a", slice_text("one")));
    CHECK(sim_files_put(&x.files, "a", slice_text("two")));
    CHECK(sim_files_put(&x.files, "b", slice_text("")));
    sim_files_lose_power(&x.files, &x.random, 1, 1);
    CHECK_EQ_STR(list_files(&x, ""), "a\nb\n");
    read_file(&x, "a", 0, 10);
    CHECK_EQ_MEM(x.read.data, x.read.size, "two", 3);
    sim_files_drop(&x.files, sim_files_find(&x.files, "a"));
    CHECK_EQ_INT(x.files.used, 0);
    CHECK(close_fixture(&x));
}

/* The same with every allocation failing in turn: an error, and nothing that was durable is lost. */
static bool one_life(struct fixture *x)
{
    bool done = sim_files_put(&x->files, "a", slice_text("durable"));
    struct bytes data;
    bytes_init(&data, &x->memory);
    bytes_append_text(&data, "more");
    struct disk_op *op = disk_write(&x->disk, DISK_LANE_JOURNAL, NULL, "a", 2, &data);
    if (!op) return false;
    op = disk_next(&x->disk);
    sim_files_carry_out(&x->files, op);
    done = done && op->state == DISK_OK;
    disk_done(&x->disk, op);
    op = disk_sync(&x->disk, DISK_LANE_JOURNAL, NULL, "a");
    if (!op) return false;
    op = disk_next(&x->disk);
    sim_files_fail_sync(&x->files, op, &x->random);
    disk_done(&x->disk, op);
    return sim_files_lose_power(&x->files, &x->random, 0.5, 0.5) && done;
}

TEST(every_allocation_may_fail)
{
    bool done = false;
    for (int64_t after = 0; !done; after++) {
        struct fixture x;
        REQUIRE(after < 100);
        open_fixture(&x, 1);
        x.memory.fail_after = after;
        done = one_life(&x) && x.memory.fail_after != -1;
        x.memory.fail_after = -1;
        CHECK(close_fixture(&x));
    }
}

TEST_MAIN()
