/* test_node_replication.c: nodes that follow each other: handshake, stream, WAIT, promotion, chains. */
#include "nodes.h"
#include "test.h"

static struct node_state state_of(struct room *r, int node)
{
    struct node_state state;
    node_inspect(r->nodes[node], &state);
    return state;
}

static bool same_data(struct room *r, int a, int b)
{
    struct digest x = node_digest(r->nodes[a]), y = node_digest(r->nodes[b]);
    return x.low == y.low && x.high == y.high;
}

TEST(a_replica_takes_what_is_there_and_follows)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(a, "SET before 1");
    CHECK_EQ_STR(say(b, "REPLICAOF host 1"), "+OK\r\n");
    room_pass(&r, 10);
    CHECK_EQ_STR(say(b, "GET before"), "$1\r\n1\r\n");
    say(a, "SET after 2");
    CHECK_EQ_STR(say(b, "GET after"), "$1\r\n2\r\n");
    CHECK(same_data(&r, 0, 1));
    CHECK_EQ_INT(state_of(&r, 0).offset, state_of(&r, 1).offset);
    CHECK_EQ_STR(state_of(&r, 0).replid, state_of(&r, 1).replid);
    CHECK_EQ_STR(say(b, "SET x 1"), "-READONLY You can't write against a read only replica.\r\n");
    room_close(&r);
}

TEST(wait_counts_replicas_that_have_the_write)
{
    struct room r;
    room_open(&r, 3);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1), *c = room_dial(&r, 2);
    CHECK_EQ_STR(say(a, "WAIT 0 0"), ":0\r\n");
    say(b, "REPLICAOF host 1");
    say(c, "REPLICAOF host 1");
    room_pass(&r, 10);
    CHECK_EQ_STR(room_send(a, "SET k v\r\nWAIT 2 0\r\n"), "+OK\r\n:2\r\n");
    CHECK_EQ_STR(room_send(a, "SET k v\r\nWAIT 3 500\r\n"), "+OK\r\n");
    room_pass(&r, 499);
    CHECK_EQ_STR(room_hear(a), "");
    room_pass(&r, 2);
    CHECK_EQ_STR(room_hear(a), ":2\r\n");
    CHECK_EQ_STR(room_send(a, "MULTI\r\nSET k v\r\nWAIT 2 0\r\nEXEC\r\n"),
                 "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n:0\r\n");
    room_close(&r);
}

TEST(waiters_are_told_when_their_primary_becomes_a_replica)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *other = room_dial(&r, 0);
    CHECK_EQ_STR(room_send(a, "SET k v\r\nWAIT 1 0\r\n"), "+OK\r\n");
    say(other, "REPLICAOF host 2");
    CHECK_EQ_STR(
        room_hear(a),
        "-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n");
    room_close(&r);
}

TEST(after_a_promotion_the_sibling_continues)
{
    struct room r;
    room_open(&r, 3);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1), *c = room_dial(&r, 2);
    say(b, "REPLICAOF host 1");
    say(c, "REPLICAOF host 1");
    room_pass(&r, 10);
    say(a, "SET k v");
    CHECK_EQ_STR(say(b, "REPLICAOF NO ONE"), "+OK\r\n");
    say(b, "SET k w");
    CHECK_EQ_STR(say(c, "REPLICAOF host 2"), "+OK\r\n");
    room_pass(&r, 100);
    CHECK_EQ_STR(say(c, "GET k"), "$1\r\nw\r\n");
    CHECK_EQ_INT(state_of(&r, 1).partial_syncs, 1);
    CHECK_EQ_INT(state_of(&r, 1).full_syncs, 0);
    CHECK_EQ_STR(state_of(&r, 1).replid, state_of(&r, 2).replid);
    CHECK_EQ_STR(state_of(&r, 0).replid, state_of(&r, 1).replid2);
    room_close(&r);
}

TEST(a_chain_carries_the_same_bytes)
{
    struct room r;
    room_open(&r, 3);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1), *c = room_dial(&r, 2);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 10);
    say(c, "REPLICAOF host 2");
    room_pass(&r, 2000);
    say(a, "SET k v");
    room_send(a, "MULTI\r\nINCR n\r\nINCR n\r\nEXEC\r\n");
    CHECK_EQ_STR(say(c, "GET n"), "$1\r\n2\r\n");
    CHECK_EQ_INT(state_of(&r, 2).offset, state_of(&r, 0).offset);
    CHECK(same_data(&r, 0, 2));
    room_close(&r);
}

TEST(a_transaction_of_one_write_goes_to_the_log_as_that_write)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 10);
    say(a, "RPUSH l 1 2 3");
    int64_t before = state_of(&r, 0).offset;
    say(a, "SET k v");
    int64_t alone = state_of(&r, 0).offset - before;
    room_send(a, "MULTI\r\nGET k\r\nSET k w\r\nLLEN l\r\nEXEC\r\n");
    CHECK_EQ_INT(state_of(&r, 0).offset, before + 2 * alone);
    room_send(a, "MULTI\r\nSET k x\r\nSET k y\r\nEXEC\r\n");
    CHECK_EQ_INT(state_of(&r, 0).offset, before + 4 * alone + 15 + 14); /* MULTI and EXEC */
    before = state_of(&r, 0).offset;
    say(a, "XADD s 1-1 f v");
    say(a, "XGROUP CREATE s g 0");
    before = state_of(&r, 0).offset;
    room_send(a, "MULTI\r\nXREADGROUP GROUP g c STREAMS s >\r\nEXEC\r\n"); /* one command, several effects */
    CHECK(state_of(&r, 0).offset > before);
    CHECK(same_data(&r, 0, 1));
    room_close(&r);
}

TEST(a_large_write_is_not_held_by_the_replica_that_has_applied_it)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 10);
    say(a, "SETRANGE small 0 x");
    size_t before = node_memory(r.nodes[1])->used;
    enum { SIZE = 1000000 };
    static const char head[] = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000000\r\n";
    char *request = malloc(sizeof head + SIZE + 3);
    if (!request) return;
    memcpy(request, head, sizeof head - 1);
    memset(request + sizeof head - 1, 'x', SIZE);
    memcpy(request + sizeof head - 1 + SIZE, "\r\n", 3);
    CHECK_EQ_STR(room_send(a, request), "+OK\r\n");
    free(request);
    CHECK_EQ_STR(say(b, "STRLEN k"), ":1000000\r\n");
    CHECK(node_memory(r.nodes[1])->used - before <
          SIZE + SIZE / 2 + 1024 * 1024); /* …and the backlog of 1 MB */
    room_close(&r);
}

TEST(a_demoted_primary_gives_up_its_own_writes_and_says_how_many_bytes)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 10);
    say(a, "SET k v");
    say(b, "REPLICAOF NO ONE");
    room_pass(&r, 10);
    say(a, "SET own 1");
    say(b, "SET other 1");
    say(a, "REPLICAOF host 2");
    room_pass(&r, 100);
    CHECK_EQ_STR(say(a, "GET own"), "$-1\r\n");
    CHECK_EQ_STR(say(a, "GET other"), "$1\r\n1\r\n");
    CHECK(state_of(&r, 0).discarded_bytes > 0);
    CHECK(same_data(&r, 0, 1));
    room_close(&r);
}

TEST(what_is_queued_behind_a_demotion_is_refused_as_a_replica_does)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 10);
    say(b, "REPLICAOF NO ONE");
    room_pass(&r, 10);
    CHECK_EQ_STR(room_send(a, "MULTI\r\nSET k v\r\nREPLICAOF host 2\r\nSET k w\r\nEXEC\r\n"),
                 "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+OK\r\n+OK\r\n"
                 "-READONLY You can't write against a read only replica.\r\n");
    room_pass(&r, 100);
    CHECK(same_data(&r, 0, 1));
    CHECK_EQ_INT(state_of(&r, 0).offset, state_of(&r, 1).offset);
    room_close(&r);
}

TEST(a_replica_that_sleeps_has_what_its_primary_sent_before_it_died)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 10);
    say(b, "DEBUG SLEEP 1");
    CHECK_EQ_STR(room_send(a, "SET k v\r\nWAIT 1 100\r\n"), "+OK\r\n");
    room_pass(&r, 101);
    CHECK_EQ_STR(room_hear(a), ":0\r\n");
    room_hang_up(&r.wires[3]);
    CHECK_EQ_STR(say(b, "REPLICAOF NO ONE"), "");
    room_pass(&r, 1000);
    CHECK_EQ_STR(room_hear(b), "+OK\r\n+OK\r\n");
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\nv\r\n");
    room_close(&r);
}

TEST(nodes_that_follow_themselves_or_each_other_wait_for_better_days)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(a, "SET k v");
    CHECK_EQ_STR(say(a, "REPLICAOF host 1"), "+OK\r\n");
    room_pass(&r, 5000);
    CHECK(!state_of(&r, 0).link_up);
    say(b, "REPLICAOF host 1");
    say(a, "REPLICAOF host 2");
    room_pass(&r, 5000);
    CHECK(!state_of(&r, 0).link_up && !state_of(&r, 1).link_up);
    say(a, "REPLICAOF NO ONE");
    room_pass(&r, 5000);
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\nv\r\n");
    room_close(&r);
}

TEST(replicas_of_each_other_that_stream_say_nothing)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 10);
    room_send(a, "SET k v\r\nREPLICAOF host 2\r\n");
    room_pass(&r, 1000);
    int64_t offset = state_of(&r, 0).offset;
    CHECK(state_of(&r, 0).link_up && state_of(&r, 1).link_up);
    room_pass(&r, 30000);
    CHECK_EQ_INT(state_of(&r, 0).offset, offset);
    say(a, "REPLICAOF NO ONE");
    say(a, "SET k w");
    room_pass(&r, 5000);
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\nw\r\n");
    CHECK(same_data(&r, 0, 1));
    room_close(&r);
}

TEST(role_tells_how_far_the_way_to_the_primary_is)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0);
    say(a, "REPLICAOF host 9"); /* the spec is there, and says nothing */
    CHECK(strstr(say(a, "ROLE"), "$9\r\nhandshake\r\n") != NULL);
    room_hang_up(r.dialled);
    room_settle(&r);
    CHECK(strstr(say(a, "ROLE"), "$7\r\nconnect\r\n") != NULL);
    room_close(&r);
}

TEST(a_longer_ping_period_holds_at_once)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(a, "CONFIG SET repl-ping-replica-period 1");
    say(b, "REPLICAOF host 1");
    room_pass(&r, 500);
    int64_t offset = state_of(&r, 0).offset;
    say(a, "CONFIG SET repl-ping-replica-period 3600");
    room_pass(&r, 5000);
    CHECK_EQ_INT(state_of(&r, 0).offset, offset);
    say(a, "CONFIG SET repl-ping-replica-period 1");
    room_pass(&r, 10);
    CHECK(state_of(&r, 0).offset > offset);
    room_close(&r);
}

TEST(a_writable_replica_expires_what_its_own_clients_gave_it)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(a, "CONFIG SET active-expire no");
    say(a, "SET of_primary v PX 100");
    say(a, "SET both v PX 100");
    say(b, "REPLICAOF host 1");
    say(b, "CONFIG SET replica-read-only no");
    room_pass(&r, 10);
    say(b, "APPEND of_primary w");
    say(b, "SET both w PX 50");
    say(b, "SET gone v PX 50");
    say(b, "DEL gone");
    say(b, "SETEX kept 1 v");
    say(b, "PERSIST kept");
    say(b, "SET later v PX 50");
    say(b, "PEXPIRE later 500");
    say(b, "SET old v PX 50");
    say(b, "RENAME old new");
    say(b, "COPY new there DB 3");
    say(b, "SET moved v PX 50");
    say(b, "MOVE moved 3");
    CHECK(strstr(say(b, "INFO stats"), "slave_expires_tracked_keys:9\r\n") != NULL);
    CHECK_EQ_STR(say(b, "DBSIZE"), ":5\r\n");
    room_pass(&r, 40);
    CHECK_EQ_STR(say(b, "DBSIZE"), ":5\r\n");
    room_pass(&r, 200);
    CHECK_EQ_STR(say(b, "GET of_primary"), "$-1\r\n"); /* hidden, and left to the primary */
    CHECK_EQ_STR(say(b, "DBSIZE"), ":3\r\n");
    say(b, "SELECT 3");
    CHECK_EQ_STR(say(b, "DBSIZE"), ":0\r\n");
    say(b, "SELECT 0");
    CHECK(strstr(say(b, "INFO stats"), "slave_expires_tracked_keys:2\r\n") != NULL);
    room_pass(&r, 400);
    CHECK_EQ_STR(say(b, "DBSIZE"), ":2\r\n");
    say(a, "FLUSHALL");
    CHECK(strstr(say(b, "INFO stats"), "slave_expires_tracked_keys:0\r\n") != NULL);
    room_close(&r);
}

TEST_MAIN()
