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

TEST_MAIN()
