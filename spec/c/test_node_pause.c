/* test_node_pause.c: CLIENT PAUSE and UNPAUSE: who waits, who is answered at once, what a replica does meanwhile. */
#include "nodes.h"
#include "test.h"

static struct node_state state_of(struct room *r, int node)
{
    struct node_state state;
    node_inspect(r->nodes[node], &state);
    return state;
}

static bool has(const char *text, const char *part) { return strstr(text, part) != NULL; }

TEST(a_pause_holds_requests_in_order_until_its_time_is_over)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0);
    CHECK_EQ_STR(room_send(a, "CLIENT PAUSE 1000\r\nSET k 1\r\nGET k\r\n"), "+OK\r\n");
    CHECK_EQ_STR(say(b, "INCR k"), "");
    room_pass(&r, 998);
    CHECK_EQ_STR(room_hear(a), "");
    room_pass(&r, 3);
    CHECK_EQ_STR(room_hear(a), "+OK\r\n$1\r\n1\r\n");
    CHECK_EQ_STR(room_hear(b), ":2\r\n");
    room_close(&r);
}

TEST(a_pause_of_writes_lets_reads_through_until_the_first_write)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0);
    say(a, "SET k 1 PX 500");
    CHECK_EQ_STR(say(a, "CLIENT PAUSE 60000 WRITE"), "+OK\r\n");
    CHECK_EQ_STR(room_send(b, "GET k\r\nINCR k\r\nGET k\r\n"), "$1\r\n1\r\n");
    CHECK_EQ_STR(room_send(a, "MULTI\r\nGET k\r\nEXEC\r\n"), "+OK\r\n+QUEUED\r\n*1\r\n$1\r\n1\r\n");
    room_pass(&r, 1000);
    CHECK_EQ_STR(say(a, "GET k"), "$-1\r\n"); /* expired, but nothing is deleted: the log stands still */
    CHECK_EQ_STR(say(a, "DBSIZE"), ":1\r\n");
    CHECK_EQ_STR(say(a, "CLIENT UNPAUSE"), "+OK\r\n");
    CHECK_EQ_STR(room_hear(b), ":1\r\n$1\r\n1\r\n");
    room_close(&r);
}

TEST(two_pauses_are_the_longer_and_the_stricter)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0);
    CHECK_EQ_STR(say(a, "CLIENT PAUSE -1"), "-ERR timeout is negative\r\n");
    CHECK_EQ_STR(say(a, "CLIENT PAUSE x"), "-ERR timeout is not an integer or out of range\r\n");
    CHECK_EQ_STR(say(a, "CLIENT PAUSE 10 some"), "-ERR CLIENT PAUSE mode must be WRITE or ALL\r\n");
    CHECK_EQ_STR(say(a, "CLIENT PAUSE 0"), "+OK\r\n");
    CHECK_EQ_STR(room_send(a, "CLIENT PAUSE 1000 WRITE\r\nCLIENT PAUSE 100 ALL\r\nPING\r\n"),
                 "+OK\r\n+OK\r\n");
    room_pass(&r, 900);
    CHECK_EQ_STR(room_hear(a), "");
    room_pass(&r, 101);
    CHECK_EQ_STR(room_hear(a), "+PONG\r\n");
    room_close(&r);
}

TEST(a_paused_primary_still_hears_its_replicas)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1), *c = room_dial(&r, 0);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 10);
    CHECK_EQ_STR(room_send(a, "SET k v\r\nCLIENT PAUSE 5000\r\nWAIT 1 0\r\n"), "+OK\r\n+OK\r\n");
    room_pass(&r, 4000);
    CHECK_EQ_STR(say(c, "PING"), "");
    room_pass(&r, 1001);
    CHECK_EQ_STR(room_hear(a), ":1\r\n");
    CHECK_EQ_STR(room_hear(c), "+PONG\r\n");
    room_close(&r);
}

TEST(who_is_held_counts_as_blocked)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0), *c = room_dial(&r, 0);
    say(a, "CLIENT PAUSE 60000 WRITE");
    say(b, "SET k v");
    say(c, "GET k");
    CHECK(has(say(a, "INFO clients"), "blocked_clients:1\r\n"));
    CHECK(has(say(a, "CLIENT LIST"), " flags=b "));
    CHECK(!has(say(c, "CLIENT INFO"), " flags=b "));
    say(a, "CLIENT UNPAUSE");
    CHECK(has(say(a, "INFO clients"), "blocked_clients:0\r\n"));
    CHECK(!has(say(a, "CLIENT LIST"), " flags=b "));
    CHECK_EQ_STR(room_hear(b), "+OK\r\n");
    room_close(&r);
}

TEST(what_cannot_be_run_is_told_so_during_a_pause)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0);
    say(a, "CLIENT PAUSE 60000");
    CHECK_EQ_STR(say(b, "SET k"), "-ERR wrong number of arguments for 'set' command\r\n");
    CHECK_EQ_STR(say(b, "NOSUCH"), "-ERR unknown command 'NOSUCH', with args beginning with: \r\n");
    CHECK_EQ_STR(say(b, "CLIENT NOSUCH"), "-ERR unknown subcommand 'NOSUCH'. Try CLIENT HELP.\r\n");
    CHECK_EQ_STR(say(b, "ASYNC SET k"), "-ERR wrong number of arguments for 'set' command\r\n");
    CHECK_EQ_STR(say(b, "SET k v"), "");
    room_close(&r);
}

TEST(a_paused_replica_takes_the_stream_in_and_applies_none_of_it)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 10);
    say(a, "SET k 1");
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\n1\r\n");
    say(b, "CLIENT PAUSE 100000 WRITE");
    say(a, "SET k 2");
    room_pass(&r, 20000);
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\n1\r\n");
    CHECK(has(say(b, "INFO replication"), "master_link_status:up\r\n"));
    CHECK(state_of(&r, 1).offset < state_of(&r, 0).offset);
    CHECK_EQ_STR(say(b, "CLIENT UNPAUSE"), "+OK\r\n");
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\n2\r\n");
    CHECK_EQ_INT(state_of(&r, 1).offset, state_of(&r, 0).offset);
    say(b, "CLIENT PAUSE 1000");
    say(a, "SET k 3");
    room_pass(&r, 1001);
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\n3\r\n");
    room_close(&r);
}

TEST(a_paused_replica_comes_back_to_its_primary)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 10);
    say(b, "CLIENT PAUSE 5000 WRITE");
    say(a, "SET k 1");
    say(a, "CLIENT KILL TYPE replica SKIPME no");
    room_pass(&r, 3000);
    CHECK(has(say(b, "INFO replication"), "master_link_status:up\r\n"));
    CHECK_EQ_STR(say(b, "GET k"), "$-1\r\n");
    room_pass(&r, 2001);
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\n1\r\n");
    room_close(&r);
}

TEST_MAIN()
