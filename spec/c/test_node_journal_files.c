/* test_node_journal_files.c: what waits for a journal's files: replies, and BGREWRITEAOF where there is no journal.
 *
 * SPDX-License-Identifier: MIT */
#include "journal_fixture.h"
#include "test.h"

/* So that kill -9 loses nothing that was answered, whatever is synced when. */
TEST(a_reply_leaves_when_its_write_is_in_the_file)
{
    static const char *const policies[] = {"everysec", "no"};
    for (int i = 0; i < 2; i++) {
        struct room r;
        room_open(&r, 0);
        struct wire *c = start(&r, 0, 1, policies[i]), *reader = room_dial(&r, 0);
        r.disk_stands[0] = true;
        CHECK_EQ_STR(say(c, "SET a 1"), "");
        CHECK_EQ_STR(say(c, "GET a"), "");
        CHECK_EQ_STR(say(reader, "GET a"), "$1\r\n1\r\n");
        CHECK_EQ_INT(fake_disk_run(&r.disks[0], node_disk(r.nodes[0]), 1), 1); /* the write; no sync */
        room_settle(&r);
        CHECK_EQ_STR(room_hear(c), "+OK\r\n$1\r\n1\r\n");
        r.disk_stands[0] = false;
        c = start(&r, 0, 2, policies[i]);
        CHECK_EQ_STR(say(c, "GET a"), "$1\r\n1\r\n");
        room_close(&r);
    }
}

/* The first files of a node without data are soon there. A base of data that is there already may take long. */
TEST(a_reply_waits_for_the_first_files_but_not_for_a_base_of_much_data)
{
    struct room r;
    room_open(&r, 0);
    r.disk_stands[0] = true;
    begin(&r, 0, 1, "everysec", NULL);
    struct wire *c = room_dial(&r, 0);
    while (strstr(say(c, "GET a"), "LOADING")) fake_disk_run(&r.disks[0], node_disk(r.nodes[0]), 1);
    CHECK_EQ_STR(say(c, "SET a 1"), "");
    r.disk_stands[0] = false;
    room_settle(&r);
    CHECK_EQ_STR(room_hear(c), "+OK\r\n");
    say(c, "CONFIG SET appendonly no");
    r.disk_stands[0] = true;
    CHECK_EQ_STR(say(c, "CONFIG SET appendonly yes"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "SET a 2"), "+OK\r\n");
    room_close(&r);
}

/* As Redis: the files of a journal, which may be begun with them later. */
TEST(bgrewriteaof_without_appendonly_leaves_files_and_no_journal)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    for (int i = 1; i <= 2; i++) {
        say(c, "INCR n");
        r.disk_stands[0] = true;
        CHECK_EQ_STR(say(c, "BGREWRITEAOF"), "+Background append only file rewriting started\r\n");
        CHECK_EQ_STR(say(c, "BGREWRITEAOF"),
                     "-ERR Background append only file rewriting already in progress\r\n");
        CHECK_EQ_STR(info(c, "persistence", "aof_rewrite_in_progress"), "1");
        CHECK_EQ_STR(info(c, "persistence", "aof_enabled"), "0");
        CHECK_EQ_STR(info(c, "persistence", "aof_current_size"), "(none)");
        r.disk_stands[0] = false;
        room_settle(&r);
        CHECK_EQ_STR(info(c, "persistence", "aof_rewrite_in_progress"), "0");
        CHECK_EQ_STR(info(c, "persistence", "aof_rewrites"), i == 1 ? "1" : "2");
        int files = 0;
        for (int f = 0; f < FAKE_FILES; f++) files += r.disks[0].files[f].name[0] != '\0';
        CHECK_EQ_INT(files, 3); /* those of the one before are gone */
    }
    int64_t operations = r.disks[0].operations;
    say(c, "SET later 1");
    CHECK_EQ_INT(r.disks[0].operations, operations);
    CHECK_EQ_STR(say(c, "WAITAOF 1 0 1"),
                 "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n");
    c = start(&r, 0, 2, "always");
    CHECK_EQ_STR(say(c, "MGET n later"), "*2\r\n$1\r\n2\r\n$-1\r\n");
    room_close(&r);
}

TEST(bgrewriteaof_without_appendonly_waits_for_a_snapshot)
{
    static const char scheduled[] = "+Background append only file rewriting scheduled\r\n";
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "INCR n");
    r.disk_stands[0] = true;
    say(c, "BGSAVE");
    CHECK_EQ_STR(say(c, "BGREWRITEAOF"), scheduled);
    CHECK_EQ_STR(info(c, "persistence", "aof_rewrite_scheduled"), "1");
    CHECK_EQ_STR(info(c, "persistence", "aof_rewrite_in_progress"), "0");
    CHECK_EQ_STR(say(c, "BGREWRITEAOF"), scheduled);
    r.disk_stands[0] = false;
    room_settle(&r);
    CHECK_EQ_STR(info(c, "persistence", "aof_rewrite_scheduled"), "0");
    CHECK_EQ_STR(info(c, "persistence", "aof_rewrites"), "1");
    room_close(&r);
}

/* Redis has saved the empty dataset when FLUSHALL answers. Here that goes on, and is nobody's snapshot. */
TEST(bgrewriteaof_is_in_progress_while_flushall_saves_and_its_files_can_be_loaded)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "CONFIG SET save '1000 1000'");
    r.disk_stands[0] = true;
    say(c, "FLUSHALL");
    say(c, "SET a 1");
    CHECK_EQ_STR(say(c, "BGREWRITEAOF"), "+Background append only file rewriting started\r\n");
    CHECK_EQ_STR(info(c, "persistence", "aof_rewrite_in_progress"), "1");
    CHECK_EQ_STR(info(c, "persistence", "aof_rewrite_scheduled"), "0");
    r.disk_stands[0] = false;
    room_settle(&r);
    CHECK_EQ_STR(info(c, "persistence", "aof_rewrite_in_progress"), "0");
    say(c, "SET b 2");
    CHECK_EQ_STR(say(c, "DEBUG LOADAOF"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "MGET a b"), "*2\r\n$1\r\n1\r\n$-1\r\n");
    room_close(&r);
}

TEST(bgrewriteaof_without_appendonly_says_what_went_wrong_and_may_become_a_journal)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "INCR n");
    r.disks[0].fail_at = r.disks[0].operations + 3;
    r.disks[0].stay_broken = true;
    say(c, "BGREWRITEAOF");
    room_pass(&r, 10);
    CHECK_EQ_STR(info(c, "persistence", "aof_last_bgrewrite_status"), "err");
    CHECK_EQ_STR(info(c, "persistence", "aof_rewrite_in_progress"), "0");
    CHECK_EQ_STR(say(c, "INCR n"), ":2\r\n");
    r.disks[0].fail_at = 0;
    r.disk_stands[0] = true;
    say(c, "BGREWRITEAOF");
    CHECK_EQ_STR(say(c, "CONFIG SET appendonly yes"), "+OK\r\n");
    r.disk_stands[0] = false;
    room_settle(&r);
    CHECK_EQ_STR(info(c, "persistence", "aof_last_bgrewrite_status"), "ok");
    say(c, "CONFIG SET appendfsync always");
    CHECK_EQ_STR(say(c, "INCR n"), ":3\r\n");
    fake_disk_cut_power(&r.disks[0]);
    c = start(&r, 0, 2, "always");
    CHECK_EQ_STR(say(c, "GET n"), "$1\r\n3\r\n");
    room_close(&r);
}

TEST_MAIN()
