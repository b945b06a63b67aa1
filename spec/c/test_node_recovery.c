/* Recovery when memory runs out: every allocation of a node that starts from its files fails in turn. It ends in all of
 * the data or in an error that says so, and leaves the files as they were: the next start has everything. */
#include "nodes.h"
#include "test.h"

static bool set(struct node *n, const char *name, const char *value)
{
    struct bytes error;
    bytes_init(&error, node_memory(n));
    bool done = node_configure(n, slice_text(name), slice_text(value), &error);
    bytes_free(&error);
    return done;
}

/* A node that is about to read its files. */
static bool begin(struct room *r, uint64_t seed, bool journal)
{
    if (r->nodes[0]) room_crash(r, 0);
    room_start(r, 0, seed);
    return set(r->nodes[0], "appendonly", journal ? "yes" : "no") &&
           set(r->nodes[0], "appendfsync", "always");
}

static struct wire *start(struct room *r, uint64_t seed, bool journal)
{
    if (!begin(r, seed, journal)) return NULL;
    node_recover(r->nodes[0]);
    room_settle(r);
    return room_dial(r, 0);
}

/* Data of every type, in a base and in two increments, with a transaction at the end. */
static void write_files(struct room *r, bool journal)
{
    struct wire *c = start(r, 1, journal);
    say(c, "MSET a 1 b two c 3333333333333333333333333333333333333333333333333333333333");
    say(c, "RPUSH list 1 2 three");
    say(c, "HSET hash f 1 g 2");
    say(c, "SADD set 1 2 3 four");
    say(c, "ZADD zset 1 a 2 b");
    say(c, "XADD stream 1-1 f v");
    say(c, "SET mortal 1 PX 100000000");
    say(c, journal ? "BGREWRITEAOF" : "SAVE");
    room_pass(r, 100);
    if (!journal) return;
    say(c, "SELECT 3");
    say(c, "SET d 4");
    say(c, "APPEND d %04000d");
    room_send(c, "MULTI\r\nINCR n\r\nLPUSH list 1\r\nSELECT 0\r\nDEL a\r\nEXEC\r\n");
    room_pass(r, 100);
}

/* The end of what was being written when the power went. */
static void tear(struct room *r)
{
    for (int i = 0; i < FAKE_FILES; i++)
        if (strstr(r->disks[0].files[i].name, ".incr.aof"))
            bytes_append_text(&r->disks[0].files[i].now, "#TL:F 100 500 ");
}

static bool same(struct digest a, struct digest b) { return a.low == b.low && a.high == b.high; }

/* One start with the allocation that comes after so many others failing. Whether there was one. */
static bool fail_once(struct test *t_, bool journal, int64_t at, int *errors)
{
    static struct room r;
    room_open(&r, 0);
    write_files(&r, journal);
    struct digest want = node_digest(r.nodes[0]);
    CHECK(begin(&r, 2, journal));
    if (journal) tear(&r);
    struct memory *m = node_memory(r.nodes[0]);
    m->fail_after = at;
    node_recover(r.nodes[0]);
    room_settle(&r);
    bool failed = m->fail_after < 0;
    m->fail_after = -1;
    if (r.shut_down[0]) {
        const char *why = node_failure(r.nodes[0]);
        CHECK(failed && why && strstr(why, "cannot load "));
        CHECK(strstr(why, "out of memory") || strstr(why, ": OOM "));
        ++*errors;
    } else {
        room_pass(&r, 3000);
        CHECK(same(node_digest(r.nodes[0]), want));
        struct wire *c = room_dial(&r, 0);
        CHECK_EQ_STR(say(c, "GET b"), "$3\r\ntwo\r\n");
        if (journal) fake_disk_cut_power(&r.disks[0]);
    }
    struct wire *c = start(&r, 3, journal);
    CHECK(!r.shut_down[0]);
    CHECK(same(node_digest(r.nodes[0]), want));
    CHECK_EQ_STR(say(c, "SET after 1"), "+OK\r\n");
    if (t_->failed) printf("#        allocation %lld\n", (long long)at);
    room_close(&r);
    return failed;
}

TEST(each_allocation_of_a_start_from_a_journal_fails_in_turn)
{
    int64_t at = 0;
    int errors = 0;
    while (fail_once(t_, true, at, &errors) && !t_->failed) at++;
    printf("#        %lld allocations, %d ends\n", (long long)at, errors);
    CHECK(at > 40 && errors > 30 && errors < at);
}

TEST(each_allocation_of_a_start_from_a_snapshot_fails_in_turn)
{
    int64_t at = 0;
    int errors = 0;
    while (fail_once(t_, false, at, &errors) && !t_->failed) at++;
    printf("#        %lld allocations, %d ends\n", (long long)at, errors);
    CHECK(at > 20 && errors > 10);
}

/* ---- journals of older versions of Redis: one file ---- */

static void put(struct room *r, const char *name, struct slice content)
{
    fake_disk_put(&r->disks[0], name, content);
}

static bool has_file(struct room *r, const char *name) { return fake_disk_file(&r->disks[0], name) != NULL; }

#define SET_K(value) "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\n" value "\r\n"

TEST(a_journal_in_one_file_is_taken_over)
{
    static struct room r;
    room_open(&r, 0);
    struct wire *c = start(&r, 1, false);
    say(c, "MSET k 0 old 1");
    say(c, "SAVE");
    room_pass(&r, 100);
    put(&r, "appendonly.aof", slice_text("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n" SET_K("1") SET_K("2")));
    c = start(&r, 2, true);
    CHECK_EQ_STR(say(c, "GET k"), "$1\r\n2\r\n");
    CHECK_EQ_STR(say(c, "EXISTS old"), ":0\r\n"); /* of the snapshot, which is older */
    CHECK_EQ_STR(say(c, "SET k 3"), "+OK\r\n");
    room_pass(&r, 3000);
    CHECK(has_file(&r, "appendonlydir/appendonly.aof.manifest") && has_file(&r, "appendonly.aof"));
    c = start(&r, 3, true);
    CHECK_EQ_STR(say(c, "GET k"), "$1\r\n3\r\n");
    room_close(&r);
}

TEST(it_may_begin_with_an_rdb_file_and_end_in_the_middle_of_a_request)
{
    static struct room r;
    room_open(&r, 0);
    struct wire *c = start(&r, 1, false);
    say(c, "MSET k 0 old 1");
    say(c, "SAVE");
    room_pass(&r, 100);
    struct bytes file;
    bytes_init(&file, &r.memory);
    bytes_append_slice(&file, bytes_slice(&fake_disk_file(&r.disks[0], "dump.rdb")->now));
    bytes_append_text(&file, SET_K("1") "*3\r\n$3\r\nSET\r\n$1\r\nk");
    put(&r, "appendonly.aof", bytes_slice(&file));
    bytes_free(&file);
    c = start(&r, 2, true);
    CHECK_EQ_STR(say(c, "MGET k old"), "*2\r\n$1\r\n1\r\n$1\r\n1\r\n");
    room_pass(&r, 3000);
    c = start(&r, 3, true);
    CHECK_EQ_STR(say(c, "MGET k old"), "*2\r\n$1\r\n1\r\n$1\r\n1\r\n");
    room_close(&r);
}

/* Redis 7 names the file in a manifest before it moves it. */
TEST(a_take_over_that_was_interrupted_is_gone_on_with)
{
    static struct room r;
    room_open(&r, 0);
    put(&r, "appendonly.aof", slice_text(SET_K("1")));
    put(&r, "appendonlydir/appendonly.aof.manifest", slice_text("file appendonly.aof seq 1 type b\n"));
    struct wire *c = start(&r, 2, true);
    CHECK_EQ_STR(say(c, "GET k"), "$1\r\n1\r\n");
    room_pass(&r, 3000);
    put(&r, "appendonly.aof", slice_text(SET_K("2")));
    c = start(&r, 3, true);
    CHECK_EQ_STR(say(c, "GET k"), "$1\r\n1\r\n");
    room_close(&r);
}

TEST(a_command_that_nobody_knows_ends_it)
{
    static struct room r;
    room_open(&r, 0);
    put(&r, "appendonly.aof", slice_text(SET_K("1") "*2\r\n$3\r\nbla\r\n$1\r\nk\r\n"));
    start(&r, 1, true);
    CHECK(r.shut_down[0]);
    CHECK_EQ_STR(node_failure(r.nodes[0]),
                 "cannot load appendonly.aof: at offset 27: Unknown command 'bla' reading "
                 "the append only file");
    room_close(&r);
}

TEST(what_is_empty_is_a_journal_unless_it_should_be_an_rdb_file)
{
    static struct room r;
    room_open(&r, 0);
    put(&r, "appendonly.aof", slice_text(""));
    CHECK_EQ_STR(say(start(&r, 2, true), "DBSIZE"), ":0\r\n");
    CHECK(!r.shut_down[0]);
    put(&r, "appendonlydir/a.base.aof", slice_text(""));
    put(&r, "appendonlydir/appendonly.aof.manifest", slice_text("file a.base.aof seq 1 type b\n"));
    CHECK_EQ_STR(say(start(&r, 3, true), "DBSIZE"), ":0\r\n");
    CHECK(!r.shut_down[0]);
    put(&r, "appendonlydir/a.base.rdb", slice_text(""));
    put(&r, "appendonlydir/appendonly.aof.manifest", slice_text("file a.base.rdb seq 1 type b\n"));
    start(&r, 4, true);
    CHECK(r.shut_down[0]);
    room_close(&r);
}

TEST_MAIN()
