/* test_node_wait.c: WAIT to its letter: what it waits for, who is let go when, and what they do then. */
#include "nodes.h"
#include "test.h"

#define UNBLOCKED \
    "-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n"
#define READONLY "-READONLY You can't write against a read only replica.\r\n"

TEST(who_waited_goes_on_as_a_replica_after_the_demotion)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0);
    CHECK_EQ_STR(room_send(a, "SET k v\r\nWAIT 1 0\r\nSET k w\r\nREPLICAOF no one\r\n"), "+OK\r\n");
    CHECK_EQ_STR(say(b, "REPLICAOF host 2"), "+OK\r\n");
    CHECK_EQ_STR(room_hear(a), UNBLOCKED READONLY "+OK\r\n");
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\nv\r\n");
    room_close(&r);
}

TEST(who_waited_does_not_run_within_the_transaction_that_let_it_go)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0);
    CHECK_EQ_STR(room_send(a, "SET k v\r\nWAIT 1 0\r\nREPLICAOF no one\r\nSET k w PX 100000\r\n"), "+OK\r\n");
    CHECK_EQ_STR(room_send(b, "MULTI\r\nSET n 1\r\nREPLICAOF host 2\r\nGET k\r\nEXEC\r\n"),
                 "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n+OK\r\n$1\r\nv\r\n");
    CHECK_EQ_STR(room_hear(a), UNBLOCKED "+OK\r\n+OK\r\n");
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\nw\r\n");
    room_close(&r);
}

TEST(who_is_unblocked_by_another_client_goes_on_after_it)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0);
    say(a, "SET k v");
    CHECK_EQ_STR(room_send(a, "WAIT 1 0\r\nSET k w PX 100000\r\n"), "");
    CHECK_EQ_STR(room_send(b, "MULTI\r\nCLIENT UNBLOCK 2\r\nGET k\r\nEXEC\r\nGET k\r\n"),
                 "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n$1\r\nv\r\n$1\r\nv\r\n");
    CHECK_EQ_STR(room_hear(a), ":0\r\n+OK\r\n");
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\nw\r\n");
    room_close(&r);
}

TEST(numbers_at_their_ends)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0);
    CHECK_EQ_STR(say(a, "WAIT -1 0"), ":0\r\n");
    CHECK_EQ_STR(say(a, "WAIT -9223372036854775808 0"), ":0\r\n");
    CHECK_EQ_STR(say(a, "WAIT x 0"), "-ERR value is not an integer or out of range\r\n");
    CHECK_EQ_STR(say(a, "WAIT 0 x"), "-ERR timeout is not an integer or out of range\r\n");
    CHECK_EQ_STR(say(a, "WAIT 0 -1"), "-ERR timeout is negative\r\n");
    CHECK_EQ_STR(say(a, "WAIT 9223372036854775807 1"), "");
    room_pass(&r, 2);
    CHECK_EQ_STR(room_hear(a), ":0\r\n");
    room_close(&r);
}

TEST(a_reply_that_is_not_wanted_is_not_given_later_either)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0);
    CHECK_EQ_STR(room_send(a, "CLIENT REPLY SKIP\r\nWAIT 1 100\r\nPING\r\n"), "");
    room_pass(&r, 101);
    CHECK_EQ_STR(room_hear(a), "+PONG\r\n");
    CHECK_EQ_STR(room_send(a, "CLIENT REPLY OFF\r\nWAIT 1 100\r\nPING\r\nCLIENT REPLY ON\r\n"), "");
    room_pass(&r, 101);
    CHECK_EQ_STR(room_hear(a), "+OK\r\n");
    room_close(&r);
}

TEST(who_hangs_up_waits_no_longer)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    CHECK_EQ_STR(room_send(a, "SET k v\r\nWAIT 1 1000\r\n"), "+OK\r\n");
    room_hang_up(a);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 2000);
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\nv\r\n");
    room_close(&r);
}

TEST(a_write_that_changed_nothing_is_not_waited_for)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1), *c = room_dial(&r, 0);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 1500);
    CHECK_EQ_STR(room_send(a, "SET k v\r\nWAIT 1 0\r\n"), "+OK\r\n:1\r\n");
    r.wires[3].held = r.wires[4].held = true;
    CHECK_EQ_STR(say(c, "SET other 1"), "+OK\r\n");
    CHECK_EQ_STR(room_send(a, "SETNX k w\r\nWAIT 1 0\r\n"), ":0\r\n:1\r\n");
    CHECK_EQ_STR(room_send(c, "WAIT 1 100\r\n"), "");
    room_pass(&r, 101);
    CHECK_EQ_STR(room_hear(c), ":0\r\n");
    room_close(&r);
}

TEST_MAIN()
