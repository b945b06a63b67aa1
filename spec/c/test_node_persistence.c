/* test_node_persistence.c: snapshots of a node: what is asked for and when, what a restart finds, what a disk that
 * fails means to clients.
 *
 * SPDX-License-Identifier: MIT */
#include "info_fixture.h"
#include "test.h"

/* Crashes and comes back. */
static struct wire *restart(struct room *r, int node, uint64_t seed, const char *primary)
{
    if (r->nodes[node]) room_crash(r, node);
    room_start(r, node, seed);
    if (primary) set(r->nodes[node], "replicaof", primary);
    node_recover(r->nodes[node]);
    room_settle(r);
    return room_dial(r, node);
}

TEST(what_was_saved_is_there_after_a_crash)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "SET a 1");
    say(c, "SET b 2 PX 5000");
    CHECK_EQ_STR(info(c, "persistence", "rdb_changes_since_last_save"), "2");
    CHECK_EQ_STR(say(c, "BGSAVE"), "+Background saving started\r\n");
    CHECK_EQ_STR(info(c, "persistence", "rdb_saves"), "1");
    CHECK_EQ_STR(info(c, "persistence", "rdb_changes_since_last_save"), "0");
    say(c, "SET c 3");
    room_pass(&r, 1000);
    c = restart(&r, 0, 77, NULL);
    CHECK_EQ_STR(say(c, "MGET a b c"), "*3\r\n$1\r\n1\r\n$1\r\n2\r\n$-1\r\n");
    CHECK_EQ_STR(say(c, "PTTL b"), ":4000\r\n");
    CHECK_EQ_STR(info(c, "persistence", "rdb_last_load_keys_loaded"), "2");
    room_pass(&r, 4001);
    CHECK_EQ_STR(say(c, "DBSIZE"), ":1\r\n");
    room_close(&r);
}

TEST(keys_whose_time_is_over_are_counted_when_they_are_loaded)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "SET a 1");
    say(c, "SET b 2 PX 5000");
    say(c, "RPUSH c x");
    say(c, "PEXPIRE c 4000");
    say(c, "SAVE");
    room_crash(&r, 0);
    room_pass(&r, 6000);
    c = restart(&r, 0, 77, NULL);
    CHECK_EQ_STR(info(c, "persistence", "rdb_last_load_keys_expired"), "2");
    CHECK_EQ_STR(info(c, "persistence", "rdb_last_load_keys_loaded"), "1");
    room_pass(&r, 1);
    CHECK_EQ_STR(say(c, "DBSIZE"), ":1\r\n");
    room_close(&r);
}

/* What eviction goes by is in snapshots as long as there is a policy that goes by it. */
TEST(how_long_and_how_often_keys_were_used_outlives_a_restart)
{
    static const char *const policies[] = {"allkeys-lru", "allkeys-lfu", "noeviction"};
    static const char *const asked[] = {"OBJECT IDLETIME k", "OBJECT FREQ k", "OBJECT IDLETIME k"};
    static const char payload[] =
        "RESTORE k 0 \"\\x00\\x01v\\n\\x00\\x91\\b\\xce\\xb2\\x198\\x8a\\xce\" REPLACE FREQ 77\r\n";
    static const char *const found[] = {":100\r\n", ":77\r\n", ":0\r\n"};
    for (int i = 0; i < 3; i++) {
        struct room r;
        room_open(&r, 2);
        struct wire *c = room_dial(&r, 0);
        set(r.nodes[0], "maxmemory-policy", policies[i]);
        set(r.nodes[1], "maxmemory-policy", policies[i]);
        say(c, "SET k v");
        if (i == 1) CHECK_EQ_STR(room_send(c, payload), "+OK\r\n");
        if (i == 0) room_pass(&r, 100000);
        say(c, "SAVE");
        say(room_dial(&r, 1), "REPLICAOF host 1"); /* a full synchronisation has the same format */
        room_pass(&r, 10);
        CHECK_EQ_STR(say(room_dial(&r, 1), asked[i]), found[i]);
        room_crash(&r, 0);
        room_start(&r, 0, 5);
        set(r.nodes[0], "maxmemory-policy", policies[i]);
        node_recover(r.nodes[0]);
        room_settle(&r);
        CHECK_EQ_STR(say(room_dial(&r, 0), asked[i]), found[i]);
        room_close(&r);
    }
}

/* As Redis: nobody who empties a server wants the old data back with the next start. */
TEST(flushall_saves_nothing_at_once_where_there_are_save_points)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "SET a 1");
    say(c, "SAVE");
    say(c, "FLUSHALL");
    CHECK_EQ_STR(info(c, "persistence", "rdb_changes_since_last_save"), "1");
    c = restart(&r, 0, 2, NULL);
    CHECK_EQ_STR(say(c, "DBSIZE"), ":1\r\n");
    say(c, "CONFIG SET save \"3600 1\"");
    r.disk_stands[0] = true;
    say(c, "FLUSHDB");
    CHECK_EQ_STR(info(c, "persistence", "rdb_bgsave_in_progress"), "0");
    say(c, "SET a 2");
    say(c, "FLUSHALL");
    CHECK_EQ_STR(info(c, "persistence", "rdb_changes_since_last_save"), "0");
    CHECK_EQ_STR(info(c, "persistence", "rdb_bgsave_in_progress"), "1");
    struct wire *saver = room_dial(&r, 0);
    CHECK_EQ_STR(say(saver, "SAVE"), ""); /* a snapshot of its own, not an error */
    r.disk_stands[0] = false;
    room_settle(&r);
    CHECK_EQ_STR(room_hear(saver), "+OK\r\n");
    say(c, "SET a 3");
    CHECK_EQ_STR(info(c, "persistence", "rdb_changes_since_last_save"), "1");
    c = restart(&r, 0, 3, NULL);
    CHECK_EQ_STR(say(c, "DBSIZE"), ":0\r\n");
    room_close(&r);
}

TEST(flushall_gives_up_the_snapshot_that_is_being_written)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0), *saver = room_dial(&r, 0);
    say(c, "CONFIG SET rdb-key-save-delay 1000000");
    for (int i = 0; i < 3; i++) say(c, "SET a 1");
    say(c, "BGSAVE");
    CHECK_EQ_STR(info(c, "persistence", "rdb_bgsave_in_progress"), "1");
    say(c, "FLUSHALL");
    CHECK_EQ_STR(info(c, "persistence", "rdb_bgsave_in_progress"), "0");
    CHECK_EQ_STR(info(c, "persistence", "rdb_changes_since_last_save"), "4");
    CHECK_EQ_STR(info(c, "persistence", "rdb_last_bgsave_status"), "ok");
    say(c, "SET a 1");
    CHECK_EQ_STR(say(saver, "SAVE"), "");
    say(c, "FLUSHALL"); /* whoever waits gets a snapshot all the same */
    room_pass(&r, 2000);
    CHECK_EQ_STR(room_hear(saver), "+OK\r\n");
    room_close(&r);
}

TEST(a_node_without_files_starts_empty)
{
    struct room r;
    room_open(&r, 0);
    struct wire *c = restart(&r, 0, 1, NULL);
    CHECK_EQ_STR(say(c, "DBSIZE"), ":0\r\n");
    CHECK_EQ_STR(info(c, "persistence", "loading"), "0");
    room_close(&r);
}

TEST(what_is_not_to_be_packed_is_not)
{
    char request[300] = "SET k ";
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    memset(request + 6, 'x', 200);
    say(c, request);
    int64_t packed = strtoll(say(c, "DUMP k") + 1, NULL, 10);
    say(c, "BGSAVE");
    CHECK_EQ_STR(info(c, "persistence", "rdb_saves"), "1");
    size_t file = fake_disk_file(&r.disks[0], "dump.rdb")->now.size;
    say(c, "CONFIG SET rdbcompression no");
    CHECK(packed < 50);
    CHECK_EQ_INT(strtoll(say(c, "DUMP k") + 1, NULL, 10), 1 + 2 + 200 + 2 + 8);
    say(c, "BGSAVE");
    CHECK(fake_disk_file(&r.disks[0], "dump.rdb")->now.size > file + 150);
    c = restart(&r, 0, 5, NULL);
    CHECK_EQ_STR(say(c, "STRLEN k"), ":200\r\n");
    room_close(&r);
}

/* rdb-key-save-delay: tests of others want to see a save under way. */
TEST(a_snapshot_takes_as_long_as_tests_want_it_to)
{
    struct room r;
    room_open(&r, 2);
    struct wire *c = room_dial(&r, 0), *d = room_dial(&r, 1);
    CHECK_EQ_STR(say(c, "DEBUG POPULATE 100"), "+OK\r\n");
    say(c, "CONFIG SET rdb-key-save-delay 10000");
    say(c, "BGSAVE");
    room_pass(&r, 900);
    CHECK_EQ_STR(info(c, "persistence", "rdb_bgsave_in_progress"), "1");
    CHECK_EQ_STR(info(c, "persistence", "rdb_saves"), "0");
    room_pass(&r, 101);
    CHECK_EQ_STR(info(c, "persistence", "rdb_saves"), "1");
    say(c, "CONFIG SET appendonly yes");
    room_pass(&r, 900);
    CHECK_EQ_STR(info(c, "persistence", "aof_rewrite_in_progress"), "1");
    say(c, "CONFIG SET rdb-key-save-delay 0");
    CHECK_EQ_STR(info(c, "persistence", "aof_rewrite_in_progress"), "0");
    say(c, "CONFIG SET rdb-key-save-delay 10000");
    say(d, "REPLICAOF host 1");
    room_pass(&r, 900);
    CHECK_EQ_STR(info(d, "replication", "master_link_status"), "down");
    room_pass(&r, 110);
    CHECK_EQ_STR(info(d, "replication", "master_link_status"), "up");
    CHECK_EQ_STR(say(d, "DBSIZE"), ":100\r\n");
    CHECK_EQ_STR(say(c, "CONFIG GET rdb-key-save*"), "*0\r\n");
    CHECK_EQ_STR(say(c, "CONFIG GET rdb-key-save-delay"),
                 "*2\r\n$18\r\nrdb-key-save-delay\r\n$5\r\n10000\r\n");
    room_close(&r);
}

TEST(save_holds_its_client_and_nobody_else)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0), *other = room_dial(&r, 0);
    say(c, "SET a 1");
    room_pass(&r, 3000);
    CHECK_EQ_STR(say(c, "LASTSAVE"), ":1700000000\r\n");
    r.disk_stands[0] = true;
    CHECK_EQ_STR(room_send(c, "SAVE\r\nGET a\r\n"), "");
    CHECK_EQ_STR(say(other, "SET a 2"), "+OK\r\n");
    CHECK_EQ_STR(info(other, "persistence", "rdb_bgsave_in_progress"), "1");
    CHECK_EQ_STR(say(other, "SAVE"), "-ERR Background save already in progress\r\n");
    CHECK_EQ_STR(say(other, "BGSAVE"), "-ERR Background save already in progress\r\n");
    CHECK_EQ_STR(say(other, "BGSAVE now"), "-ERR syntax error\r\n");
    CHECK_EQ_STR(say(other, "CLIENT UNBLOCK 1"), ":0\r\n");
    r.disk_stands[0] = false;
    room_settle(&r);
    CHECK_EQ_STR(room_hear(c), "+OK\r\n$1\r\n2\r\n");
    CHECK_EQ_STR(say(c, "LASTSAVE"), ":1700000003\r\n");
    c = restart(&r, 0, 5, NULL);
    CHECK_EQ_STR(say(c, "GET a"), "$1\r\n1\r\n");
    room_close(&r);
}

TEST(save_points_save_by_themselves)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    CHECK_EQ_STR(say(c, "CONFIG SET save '100 1 10 3'"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "CONFIG GET save"), "*2\r\n$4\r\nsave\r\n$10\r\n100 1 10 3\r\n");
    room_pass(&r, 200000);
    CHECK_EQ_STR(info(c, "persistence", "rdb_saves"), "0");
    say(c, "SET a 1");
    room_settle(&r);
    CHECK_EQ_STR(info(c, "persistence", "rdb_saves"), "1");
    say(c, "SET a 2");
    room_pass(&r, 99000);
    CHECK_EQ_STR(info(c, "persistence", "rdb_saves"), "1");
    room_pass(&r, 2000);
    CHECK_EQ_STR(info(c, "persistence", "rdb_saves"), "2");
    say(c, "MSET a 1 b 2 c 3");
    room_pass(&r, 9000);
    CHECK_EQ_STR(info(c, "persistence", "rdb_saves"), "2");
    room_pass(&r, 2000);
    CHECK_EQ_STR(info(c, "persistence", "rdb_saves"), "3");
    room_close(&r);
}

TEST(who_cannot_save_takes_no_writes)
{
    static const char misconf[] =
        "-MISCONF Redis is configured to save RDB snapshots, but it's currently unable";
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "CONFIG SET save '10 1'");
    say(c, "SET a 1");
    r.disks[0].fail_at = 1;
    r.disks[0].fail_with = DISK_FULL;
    r.disks[0].stay_broken = true;
    room_pass(&r, 12000);
    CHECK(strncmp(say(c, "SET a 2"), misconf, sizeof misconf - 1) == 0);
    CHECK(strncmp(say(c, "PING"), misconf, sizeof misconf - 1) == 0);
    CHECK_EQ_STR(say(c, "GET a"), "$1\r\n1\r\n");
    CHECK_EQ_STR(info(c, "persistence", "rdb_last_bgsave_status"), "err");
    CHECK(strstr(info(c, "persistence", "rdb_last_bgsave_error"), "No space left") != NULL);
    CHECK_EQ_STR(say(c, "SAVE"), "-ERR\r\n");
    CHECK_EQ_STR(say(c, "CONFIG SET stop-writes-on-bgsave-error no"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "SET a 3"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "CONFIG SET stop-writes-on-bgsave-error yes"), "+OK\r\n");
    r.disks[0].fail_at = 0;
    room_pass(&r, 6000);
    CHECK_EQ_STR(say(c, "SET a 4"), "+OK\r\n");
    CHECK_EQ_STR(info(c, "persistence", "rdb_last_bgsave_status"), "ok");
    room_close(&r);
}

TEST(shutdown_saves_where_saving_is_configured)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0), *other = room_dial(&r, 0);
    say(c, "CONFIG SET save '3600 1'");
    say(c, "SET a 1");
    r.disk_stands[0] = true;
    CHECK_EQ_STR(say(c, "SHUTDOWN"), "");
    CHECK_EQ_STR(say(other, "SET a 2"), "");
    CHECK_EQ_STR(say(other, "PING"), "");
    struct wire *third = room_dial(&r, 0);
    CHECK_EQ_STR(say(third, "GET a"), "$1\r\n1\r\n");
    CHECK_EQ_STR(say(third, "SHUTDOWN ABORT"), "+OK\r\n");
    CHECK_EQ_STR(room_hear(c), "-ERR Errors trying to SHUTDOWN. Check logs.\r\n");
    CHECK_EQ_STR(room_hear(other), "+OK\r\n+PONG\r\n");
    CHECK(!r.shut_down[0]);
    CHECK_EQ_STR(say(c, "SHUTDOWN"), "");
    r.disk_stands[0] = false;
    room_settle(&r);
    CHECK(r.shut_down[0]);
    c = restart(&r, 0, 9, NULL);
    CHECK_EQ_STR(say(c, "GET a"), "$1\r\n2\r\n");
    say(c, "SET a 3");
    CHECK_EQ_STR(say(c, "SHUTDOWN NOSAVE"), "");
    CHECK(r.shut_down[0]);
    c = restart(&r, 0, 9, NULL);
    CHECK_EQ_STR(say(c, "GET a"), "$1\r\n2\r\n");
    say(c, "CONFIG SET save '3600 1'");
    say(c, "SET a 5");
    r.disks[0].fail_at = r.disks[0].operations + 1;
    CHECK_EQ_STR(say(c, "SHUTDOWN"), "-ERR Errors trying to SHUTDOWN. Check logs.\r\n");
    CHECK(!r.shut_down[0]);
    r.disks[0].fail_at = r.disks[0].operations + 1;
    CHECK_EQ_STR(say(c, "SHUTDOWN FORCE"), "");
    CHECK(r.shut_down[0]);
    room_close(&r);
}

TEST(a_replica_goes_on_from_what_it_saved)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 100);
    say(a, "SELECT 3");
    say(a, "SET k 1");
    CHECK_EQ_STR(say(b, "SAVE"), "+OK\r\n");
    say(a, "SET k 2");
    b = restart(&r, 1, 99, "host 1");
    room_pass(&r, 100);
    say(b, "SELECT 3");
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\n2\r\n");
    CHECK_EQ_STR(info(a, "stats", "sync_full"), "1");
    CHECK_EQ_STR(info(a, "stats", "sync_partial_ok"), "1");
    CHECK(strcmp(info(a, "replication", "master_replid"), "(none)") != 0);
    room_close(&r);
}

TEST(a_primary_begins_a_history_that_its_replicas_may_join)
{
    struct room r;
    char old[64];
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(a, "SET k 1");
    say(b, "REPLICAOF host 1");
    room_pass(&r, 100);
    say(a, "SET k 2");
    CHECK_EQ_STR(say(a, "SAVE"), "+OK\r\n");
    snprintf(old, sizeof old, "%s", info(a, "replication", "master_replid"));
    a = restart(&r, 0, 98, NULL);
    CHECK(strcmp(info(a, "replication", "master_replid"), old) != 0);
    CHECK_EQ_STR(info(a, "replication", "master_replid2"), old);
    room_pass(&r, 3000);
    CHECK_EQ_STR(info(a, "stats", "sync_full"), "0");
    CHECK_EQ_STR(info(a, "stats", "sync_partial_ok"), "1");
    say(a, "SET k 3");
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\n3\r\n");
    say(a, "SET k 4"); /* the replica has it, the disk has not */
    a = restart(&r, 0, 97, NULL);
    CHECK_EQ_STR(say(a, "GET k"), "$1\r\n2\r\n");
    say(a, "SET k 5");
    room_pass(&r, 3000);
    CHECK_EQ_STR(info(a, "stats", "sync_partial_ok"), "0");
    CHECK_EQ_STR(info(a, "stats", "sync_full"), "1");
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\n5\r\n");
    room_close(&r);
}

TEST(while_it_loads_it_says_so)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "SET a 1");
    say(c, "SAVE");
    r.disk_stands[0] = true;
    c = restart(&r, 0, 5, NULL);
    CHECK_EQ_STR(say(c, "GET a"), "-LOADING Redis is loading the dataset in memory\r\n");
    CHECK_EQ_STR(say(c, "SET a 2"), "-LOADING Redis is loading the dataset in memory\r\n");
    CHECK_EQ_STR(say(c, "SAVE"), "-LOADING Redis is loading the dataset in memory\r\n");
    CHECK_EQ_STR(info(c, "persistence", "loading"), "1");
    r.disk_stands[0] = false;
    room_settle(&r);
    CHECK_EQ_STR(say(c, "GET a"), "$1\r\n1\r\n");
    CHECK_EQ_STR(info(c, "persistence", "loading"), "0");
    room_close(&r);
}

TEST(what_cannot_be_loaded_ends_the_node)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "SET a 1");
    say(c, "SAVE");
    struct fake_file *file = fake_disk_file(&r.disks[0], "dump.rdb");
    REQUIRE(file != NULL);
    file->now.data[file->now.size - 12] ^= 1;
    c = restart(&r, 0, 5, NULL);
    CHECK(r.shut_down[0]);
    CHECK(strncmp(node_failure(r.nodes[0]), "cannot load dump.rdb: RDB at offset ", 36) == 0);
    file->now.size = 40;
    c = restart(&r, 0, 5, NULL);
    CHECK_EQ_STR(node_failure(r.nodes[0]), "cannot load dump.rdb: the file ends before its end mark");
    r.disks[0].fail_at = r.disks[0].operations + 1;
    c = restart(&r, 0, 5, NULL);
    CHECK_EQ_STR(node_failure(r.nodes[0]), "cannot load dump.rdb: I/O error");
    CHECK_EQ_INT(fake_disk_file(&r.disks[0], "dump.rdb")->now.size, 40);
    (void)c;
    room_close(&r);
}

TEST(debug_reload_comes_back_with_the_same)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0), *other = room_dial(&r, 0);
    char digest[100];
    for (int i = 0; i < 500; i++) {
        char line[64];
        snprintf(line, sizeof line, "SET key:%d value:%d", i, i);
        say(c, line);
    }
    snprintf(digest, sizeof digest, "%s", say(c, "DEBUG DIGEST"));
    r.disk_stands[0] = true;
    CHECK_EQ_STR(say(c, "DEBUG RELOAD"), "");
    CHECK_EQ_STR(say(other, "GET key:1"), "$7\r\nvalue:1\r\n");
    CHECK_EQ_STR(say(other, "SET key:1 x"), "");
    r.disk_stands[0] = false;
    room_pass(&r, 1);
    CHECK_EQ_STR(room_hear(c), "+OK\r\n");
    CHECK_EQ_STR(room_hear(other), "+OK\r\n");
    say(other, "SET key:1 value:1");
    CHECK_EQ_STR(say(c, "DEBUG DIGEST"), digest);
    r.disks[0].fail_at = r.disks[0].operations + 2;
    CHECK_EQ_STR(say(c, "DEBUG RELOAD"), "-ERR Error trying to save the DB\r\n");
    CHECK_EQ_STR(say(c, "DEBUG DIGEST"), digest);
    room_close(&r);
}

TEST_MAIN()
