/* test_node_journal.c: a node's journal: what survives a crash at any moment, whatever the disk does.
 *
 * SPDX-License-Identifier: MIT */
#include "base/random.h"
#include "journal_fixture.h"
#include "test.h"

static struct fake_file *last_increment(struct room *r, int node)
{
    struct fake_file *last = NULL;
    for (int i = 0; i < FAKE_FILES; i++) {
        struct fake_file *f = &r->disks[node].files[i];
        if (strstr(f->name, ".incr.aof") && (!last || strcmp(f->name, last->name) > 0)) last = f;
    }
    return last;
}

TEST(what_was_written_is_there_after_a_crash)
{
    struct room r;
    room_open(&r, 0);
    struct wire *c = start(&r, 0, 1, "always");
    CHECK_EQ_STR(say(c, "SET a 1"), "+OK\r\n");
    CHECK_EQ_STR(room_send(c, "MULTI\r\nSET b 2\r\nSELECT 3\r\nINCR c\r\nEXEC\r\n"),
                 "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n+OK\r\n:1\r\n");
    CHECK_EQ_STR(info(c, "persistence", "aof_enabled"), "1");
    CHECK_EQ_STR(info(c, "persistence", "aof_last_write_status"), "ok");
    fake_disk_cut_power(&r.disks[0]);
    c = start(&r, 0, 2, "always");
    CHECK_EQ_STR(say(c, "MGET a b"), "*2\r\n$1\r\n1\r\n$1\r\n2\r\n");
    say(c, "SELECT 3");
    CHECK_EQ_STR(say(c, "GET c"), "$1\r\n1\r\n");
    CHECK_EQ_STR(say(c, "INCR c"), ":2\r\n");
    c = start(&r, 0, 3, "always");
    say(c, "SELECT 3");
    CHECK_EQ_STR(say(c, "GET c"), "$1\r\n2\r\n");
    room_close(&r);
}

TEST(what_wrote_nothing_before_the_first_write_waits_for_nothing)
{
    struct room r;
    room_open(&r, 0);
    struct wire *c = start(&r, 0, 1, "always");
    CHECK_EQ_STR(room_send(c, "MULTI\r\nDEL none\r\nEXEC\r\nMULTI\r\nDEL none\r\nEXEC\r\n"),
                 "+OK\r\n+QUEUED\r\n*1\r\n:0\r\n+OK\r\n+QUEUED\r\n*1\r\n:0\r\n");
    CHECK_EQ_STR(say(c, "SET a 1"), "+OK\r\n");
    room_close(&r);
}

TEST(everysec_syncs_once_a_second)
{
    struct room r;
    room_open(&r, 0);
    struct wire *c = start(&r, 0, 1, "everysec");
    room_pass(&r, 3000);
    int64_t syncs = node_disk(r.nodes[0])->syncs;
    for (int i = 0; i < 100; i++) {
        say(c, "INCR n");
        room_pass(&r, 50);
    }
    syncs = node_disk(r.nodes[0])->syncs - syncs;
    CHECK(syncs >= 5 && syncs <= 6);
    room_pass(&r, 1000);
    fake_disk_cut_power(&r.disks[0]);
    c = start(&r, 0, 2, "everysec");
    CHECK_EQ_STR(say(c, "GET n"), "$3\r\n100\r\n");
    room_close(&r);
}

TEST(a_rewrite_leaves_one_base_and_one_increment)
{
    struct room r;
    room_open(&r, 0);
    struct wire *c = start(&r, 0, 1, "always");
    for (int i = 0; i < 300; i++) say(c, "INCR n");
    CHECK_EQ_STR(say(c, "BGREWRITEAOF"), "+Background append only file rewriting started\r\n");
    room_pass(&r, 10);
    CHECK_EQ_STR(info(c, "persistence", "aof_rewrites"), "2");
    CHECK(atoi(info(c, "persistence", "aof_current_size")) < 600);
    int files = 0;
    for (int i = 0; i < FAKE_FILES; i++) files += r.disks[0].files[i].name[0] != '\0';
    CHECK_EQ_INT(files, 3);
    struct fake_file *manifest = fake_disk_file(&r.disks[0], "appendonlydir/appendonly.aof.manifest");
    REQUIRE(manifest != NULL);
    static const char want[] = "file appendonly.aof.2.base.rdb seq 2 type b\n"
                               "file appendonly.aof.2.incr.aof seq 2 type i\n";
    size_t seal = strlen("#TL:M 0000000088 0000000000000000\n");
    REQUIRE(manifest->durable.size > seal && memcmp(manifest->durable.data, "#TL:M 0000000088 ", 17) == 0);
    CHECK_EQ_MEM(manifest->durable.data + seal, manifest->durable.size - seal, want, sizeof want - 1);
    say(c, "INCR n");
    fake_disk_cut_power(&r.disks[0]);
    c = start(&r, 0, 2, "always");
    CHECK_EQ_STR(say(c, "GET n"), "$3\r\n301\r\n");
    room_close(&r);
}

TEST(a_journal_can_be_switched_on_and_off)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "SET a 1");
    const char *begun = say(c, "CONFIG SET appendonly yes\r\nINFO persistence");
    CHECK(strstr(begun, "aof_enabled:1\r\naof_rewrite_in_progress:1\r\n") != NULL);
    room_pass(&r, 10);
    say(c, "SET b 1");
    CHECK_EQ_STR(say(c, "CONFIG SET appendonly no"), "+OK\r\n");
    say(c, "SET c 1");
    CHECK_EQ_STR(info(c, "persistence", "aof_enabled"), "0");
    CHECK_EQ_STR(say(c, "CONFIG SET appendonly yes"), "+OK\r\n");
    room_pass(&r, 2000);
    say(c, "SET d 1");
    room_pass(&r, 2000);
    c = start(&r, 0, 2, "always");
    CHECK_EQ_STR(say(c, "DBSIZE"), ":4\r\n");
    room_close(&r);
}

TEST(a_replica_with_a_journal_goes_on_where_it_was)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0);
    say(a, "SET k 1");
    begin(&r, 1, 5, "always", "host 1");
    room_pass(&r, 1000);
    say(a, "SELECT 7");
    say(a, "SET k 2");
    room_pass(&r, 1000);
    say(a, "SET k 3");
    fake_disk_cut_power(&r.disks[1]);
    begin(&r, 1, 6, "always", "host 1");
    room_pass(&r, 1000);
    struct wire *b = room_dial(&r, 1);
    say(b, "SELECT 7");
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\n3\r\n");
    CHECK_EQ_STR(info(a, "stats", "sync_full"), "1");
    CHECK_EQ_STR(info(a, "stats", "sync_partial_ok"), "1");
    say(a, "SET k 4");
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\n4\r\n");
    room_close(&r);
}

TEST(a_torn_tail_is_cut_and_damage_is_not)
{
    struct room r;
    room_open(&r, 0);
    struct wire *c = start(&r, 0, 1, "always");
    for (int i = 0; i < 20; i++) say(c, "INCR n");
    struct fake_file *f = last_increment(&r, 0);
    REQUIRE(f != NULL);
    f->now.size -= 5;
    room_crash(&r, 0);
    room_start(&r, 0, 2);
    set(r.nodes[0], "appendonly", "yes");
    set(r.nodes[0], "aof-load-truncated", "no");
    node_recover(r.nodes[0]);
    room_settle(&r);
    CHECK(r.shut_down[0]);
    CHECK(
        strstr(node_failure(r.nodes[0]), "cannot load appendonlydir/appendonly.aof.1.incr.aof: at offset "));
    CHECK(strstr(node_failure(r.nodes[0]), "it ends in the middle of"));
    CHECK(room_noted(&r, 0, "Unexpected end of file reading the append only file."));
    c = start(&r, 0, 3, "always");
    CHECK_EQ_STR(say(c, "GET n"), "$2\r\n19\r\n");
    CHECK(strstr(info(c, "persistence", "aof_torn"), "incr.aof: at offset") != NULL);
    CHECK_EQ_STR(say(c, "INCR n"), ":20\r\n");
    c = start(&r, 0, 4, "always");
    CHECK_EQ_STR(say(c, "GET n"), "$2\r\n20\r\n");
    CHECK_EQ_STR(info(c, "persistence", "aof_torn"), "(none)");
    f = last_increment(&r, 0);
    f->now.data[f->now.size / 2] ^= 4;
    c = start(&r, 0, 5, "always");
    CHECK(r.shut_down[0]);
    CHECK(strstr(node_failure(r.nodes[0]), "appendonly.aof.1.incr.aof: at offset ") != NULL);
    CHECK(room_noted(&r, 0, "Bad file format reading the append only file."));
    (void)c;
    room_close(&r);
}

/* What the last frame of an increment begins with. */
static char *last_frame(const struct bytes *b)
{
    char *last = NULL;
    for (size_t i = 0; i + 6 < b->size; i++)
        if (memcmp(b->data + i, "#TL:F ", 6) == 0) last = b->data + i;
    return last;
}

TEST(a_torn_tail_is_cut_off_durably_before_anything_is_written)
{
    struct room r;
    room_open(&r, 0);
    struct wire *c = start(&r, 0, 1, "no");
    for (int i = 0; i < 20; i++) say(c, "INCR n");
    struct fake_file *f = last_increment(&r, 0);
    REQUIRE(f != NULL);
    f->now.size -= 5;
    fake_disk_copy(&f->durable, &f->now);
    size_t whole = (size_t)(last_frame(&f->now) - f->now.data);
    start(&r, 0, 2, "no");
    CHECK_EQ_INT(f->durable.size, whole);
    room_close(&r);
}

/* A sector of the disk that was never written, with a frame's line in it: what the frame holds is not to be taken. */
TEST(a_line_with_zeros_is_no_line)
{
    struct room r;
    room_open(&r, 0);
    struct wire *c = start(&r, 0, 1, "always");
    for (int i = 0; i < 20; i++) say(c, "INCR n");
    struct fake_file *f = last_increment(&r, 0);
    REQUIRE(f != NULL);
    memset(last_frame(&f->now) + 1, 0, 10);
    c = start(&r, 0, 2, "always");
    CHECK_EQ_STR(say(c, "GET n"), "$2\r\n19\r\n");
    CHECK(strstr(info(c, "persistence", "aof_torn"), "a line of the journal's own that is none") != NULL);
    room_close(&r);
}

static int64_t synced(struct node *n)
{
    struct node_state s;
    node_inspect(n, &s);
    return s.fsynced;
}

/* The system tells of what it could not write once, to whom it likes. */
TEST(after_a_sync_that_failed_one_that_works_says_nothing)
{
    struct room r;
    room_open(&r, 0);
    struct wire *c = start(&r, 0, 1, "everysec");
    say(c, "SET a 1");
    int64_t before = synced(r.nodes[0]);
    say(c, "SET a 2"); /* within the second: written, not synced */
    CHECK_EQ_INT(synced(r.nodes[0]), before);
    struct disk *disk = node_disk(r.nodes[0]);
    r.disk_stands[0] = true;
    room_pass(&r, 2000);
    say(c, "BGREWRITEAOF");
    struct disk_op *switching = disk_next(disk), *by_time = disk_next(disk);
    REQUIRE(switching && switching->kind == DISK_SYNC && switching->lane == DISK_LANE_JOURNAL);
    REQUIRE(by_time && by_time->kind == DISK_SYNC && by_time->lane == DISK_LANE_SYNC);
    disk_fail(by_time, DISK_FAILED, "Input/output error");
    disk_done(disk, by_time);
    switching->state = DISK_OK;
    disk_done(disk, switching);
    room_settle(&r);
    CHECK_EQ_INT(synced(r.nodes[0]), before);
    r.disk_stands[0] = false;
    room_pass(&r, 3000); /* another base is on the disk */
    CHECK(synced(r.nodes[0]) > before);
    CHECK_EQ_STR(info(c, "persistence", "aof_last_write_status"), "ok");
    fake_disk_cut_power(&r.disks[0]);
    c = start(&r, 0, 2, "everysec");
    CHECK_EQ_STR(say(c, "GET a"), "$1\r\n2\r\n");
    room_close(&r);
}

/* Killed, the machine up: what it had written is there to be read, and none of it synced. */
TEST(what_a_killed_process_had_not_synced_is_durable_when_it_has_been_loaded)
{
    struct room r;
    room_open(&r, 0);
    struct wire *c = start(&r, 0, 1, "no");
    for (int i = 0; i < 20; i++) say(c, "INCR n");
    struct fake_file *f = last_increment(&r, 0);
    REQUIRE(f != NULL);
    size_t size = f->now.size;
    CHECK(f->durable.size < size);
    start(&r, 0, 2, "no");
    CHECK(f->durable.size >= size);
    fake_disk_cut_power(&r.disks[0]);
    c = start(&r, 0, 3, "no");
    CHECK_EQ_STR(say(c, "GET n"), "$2\r\n20\r\n");
    room_close(&r);
}

/* What cannot be settled is loaded, and not believed: all of it goes into other files at once. */
TEST(a_start_on_a_disk_that_fails_once_ends_in_data_or_in_an_error)
{
    int started = 0, anew = 0, errors = 0;
    for (int at = 1; at <= 20; at++) {
        struct room r;
        room_open(&r, 0);
        struct wire *c = start(&r, 0, 1, "no");
        for (int i = 0; i < 20; i++) say(c, "INCR n");
        r.disks[0].fail_at = r.disks[0].operations + at;
        begin(&r, 0, 2, "always", NULL);
        if (r.shut_down[0]) {
            CHECK(strstr(node_failure(r.nodes[0]), "cannot load appendonlydir/appendonly.aof") != NULL);
            errors++;
        } else {
            c = room_dial(&r, 0);
            room_pass(&r, 3000);
            say(c, "INCR n");
            room_pass(&r, 3000); /* its answer may have to wait */
            started++;
            anew += fake_disk_file(&r.disks[0], "appendonlydir/appendonly.aof.2.base.rdb") != NULL;
        }
        int want = r.shut_down[0] ? 20 : 21;
        if (want == 21) fake_disk_cut_power(&r.disks[0]);
        r.disks[0].fail_at = 0;
        c = start(&r, 0, 3, "always");
        REQUIRE(!r.shut_down[0]);
        CHECK_EQ_STR(say(c, "GET n"), want == 20 ? "$2\r\n20\r\n" : "$2\r\n21\r\n");
        room_close(&r);
    }
    CHECK(started >= 10);
    CHECK(anew >= 3); /* manifest, base and increment */
    CHECK(errors >= 3);
}

/* ---- crashes at any moment ---- */

enum { STATES_MAX = 4096 };

struct past {
    int64_t offset;
    struct digest digest;
};

struct trial {
    struct room r;
    struct random random;
    struct past states[STATES_MAX]; /* what the node has been, in the order of offsets */
    int count;
    int64_t safe; /* the highest offset that it has called durable */
    const char *fsync;
    int lives, failures, cuts;
};

static void remember(struct trial *t)
{
    struct node_state s;
    node_inspect(t->r.nodes[0], &s);
    struct past now = {s.offset, node_digest(t->r.nodes[0])};
    if (t->count > 0 && t->states[t->count - 1].offset == now.offset) t->count--;
    if (t->count < STATES_MAX) t->states[t->count++] = now;
}

/* One life: random writes, a disk that is served at random, perhaps one that fails. */
static void live(struct trial *t)
{
    struct room *r = &t->r;
    struct wire *c = room_dial(r, 0);
    char line[200];
    int steps = 1 + (int)random_below(&t->random, 60);
    r->disk_stands[0] = true;
    if (random_below(&t->random, 3) == 0) {
        r->disks[0].fail_at = r->disks[0].operations + 1 + (int64_t)random_below(&t->random, 40);
        r->disks[0].fail_with = random_below(&t->random, 2) ? DISK_FULL : DISK_FAILED;
        r->disks[0].stay_broken = random_below(&t->random, 4) == 0;
    }
    for (int i = 0; i < steps; i++) {
        unsigned what = (unsigned)random_below(&t->random, 20);
        int key = (int)random_below(&t->random, 10), value = (int)random_below(&t->random, 1000);
        if (what < 10)
            snprintf(line, sizeof line, "SET k%d %d", key, value);
        else if (what < 12)
            snprintf(line, sizeof line, "MULTI\r\nSET k%d %d\r\nINCR n\r\nDEL k%d\r\nEXEC", key, value,
                     value % 10);
        else if (what == 12)
            snprintf(line, sizeof line, "SELECT %d", value % 3);
        else if (what == 13)
            snprintf(line, sizeof line, "BGREWRITEAOF");
        else if (what == 14)
            snprintf(line, sizeof line, "BGSAVE");
        else if (what == 15)
            snprintf(line, sizeof line, "DEL k%d", key);
        else
            line[0] = '\0';
        if (line[0]) say(c, line);
        remember(t);
        if (random_below(&t->random, 2))
            fake_disk_run(&r->disks[0], node_disk(r->nodes[0]), 1 + (int)random_below(&t->random, 6));
        if (random_below(&t->random, 5) == 0) room_pass(r, (int64_t)random_below(&t->random, 1500));
        room_settle(r);
        remember(t);
        if (synced(r->nodes[0]) > t->safe) t->safe = synced(r->nodes[0]);
    }
    t->failures += r->disks[0].fail_at > 0 && r->disks[0].operations >= r->disks[0].fail_at;
}

/* Dies and comes back: what it is then it has been before, and nothing that was durable is missing. */
static bool come_back(struct trial *t, uint64_t seed)
{
    struct room *r = &t->r;
    struct node_state s;
    room_crash(r, 0);
    if (random_below(&t->random, 2)) {
        fake_disk_cut_power(&r->disks[0]);
        t->cuts++;
    }
    r->disks[0].fail_at = 0;
    r->disks[0].stay_broken = false;
    r->disk_stands[0] = false;
    begin(r, 0, seed, t->fsync, NULL);
    if (r->shut_down[0]) {
        printf("# seed %llu: %s\n", (unsigned long long)seed, node_failure(r->nodes[0]));
        return false;
    }
    node_inspect(r->nodes[0], &s);
    int64_t offset = s.second_offset > 0 ? s.second_offset - 1 : 0;
    struct digest digest = node_digest(r->nodes[0]);
    if (offset < t->safe) {
        printf("# seed %llu: offset %lld, but %lld was durable\n", (unsigned long long)seed,
               (long long)offset, (long long)t->safe);
        return false;
    }
    while (t->count > 0 && t->states[t->count - 1].offset > offset) t->count--;
    struct past *last = t->count > 0 ? &t->states[t->count - 1] : NULL;
    if (!last && offset == 0 && s.keys == 0) return true;
    if (!last || last->offset != offset || last->digest.low != digest.low ||
        last->digest.high != digest.high) {
        printf("# seed %llu: the state at offset %lld is not the one of then\n", (unsigned long long)seed,
               (long long)offset);
        return false;
    }
    t->lives++;
    return true;
}

static bool crash_loop(uint64_t seed, const char *fsync, int *lives, int *failures)
{
    static struct trial t;
    memset(&t, 0, sizeof t);
    random_init(&t.random, seed, fsync);
    t.fsync = fsync;
    room_open(&t.r, 0);
    begin(&t.r, 0, seed, fsync, NULL);
    bool good = true;
    for (uint64_t life = 0; life < 8 && good; life++) {
        t.safe = 0;
        live(&t);
        good = come_back(&t, seed * 100 + life);
    }
    room_close(&t.r);
    *lives += t.lives;
    *failures += t.failures;
    return good;
}

TEST(crashes_at_any_moment_lose_nothing_that_was_durable)
{
    static const char *const policies[] = {"always", "everysec", "no"};
    int lives = 0, failures = 0, bad = 0;
    for (uint64_t seed = 0; seed < 300; seed++)
        bad += !crash_loop(seed, policies[seed % 3], &lives, &failures);
    CHECK_EQ_INT(bad, 0);
    CHECK(lives > 1500);
    printf("# %d lives, %d with a disk that failed\n", lives, failures);
}

TEST_MAIN()
