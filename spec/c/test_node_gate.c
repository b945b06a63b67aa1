/* test_node_gate.c: replies that wait for chosen replicas: what is held, what lets it go, what takes its place. */
#include "nodes.h"
#include "test.h"

/* Node 0 with replicas b and c (nodes 1 and 2), up to date; `count` nodes in all. Their wires are held and let go with
 * hold_replica. */
static void open_pair(struct room *r, int count)
{
    room_open(r, count);
    for (int i = 1; i < count; i++) {
        struct wire *w = room_dial(r, i);
        say(w, "REPLICAOF host 1");
        room_hang_up(w);
    }
    room_pass(r, 1500);
}

/* The wire over which a replica sends its acknowledgements, and its primary's other end. */
static struct wire *wire_of(struct room *r, int node)
{
    for (int i = 0; i < ROOM_WIRES; i++) {
        struct wire *w = &r->wires[i];
        if (w->used && w->node == r->nodes[node] && w->peer) return w;
    }
    abort();
}

/* Nothing passes between the replica and its primary any more, or everything again. */
static void hold_replica(struct room *r, int node, bool hold)
{
    struct wire *w = wire_of(r, node);
    w->held = w->peer->held = hold;
    room_settle(r);
}

TEST(a_reply_waits_for_the_replica_that_is_named)
{
    struct room r;
    open_pair(&r, 3);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    CHECK_EQ_STR(say(a, "CONFIG SET sync-replicas \"ANY 1 (b)\""), "+OK\r\n");
    CHECK_EQ_STR(say(a, "SET k v"), "+OK\r\n");
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(say(a, "SET k w"), "");
    CHECK_EQ_STR(say(a, "GET k"), "");
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\nv\r\n");
    hold_replica(&r, 1, false);
    CHECK_EQ_STR(room_hear(a), "+OK\r\n$1\r\nw\r\n");
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\nw\r\n");
    room_close(&r);
}

TEST(who_is_not_named_never_counts_and_holds_nobody_up)
{
    struct room r;
    open_pair(&r, 3);
    struct wire *a = room_dial(&r, 0);
    CHECK_EQ_STR(say(a, "CONFIG SET sync-replicas \"ANY 1 (b)\""), "+OK\r\n");
    hold_replica(&r, 2, true);
    CHECK_EQ_STR(say(a, "SET k v"), "+OK\r\n");
    hold_replica(&r, 2, false);
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(say(a, "SET k w"), "");
    CHECK_EQ_STR(say(a, "WAIT 1 0"), "");
    hold_replica(&r, 1, false);
    CHECK_EQ_STR(room_hear(a), "+OK\r\n:1\r\n");
    room_close(&r);
}

TEST(a_time_out_answers_an_error_or_the_reply_all_the_same)
{
    struct room r;
    open_pair(&r, 2);
    struct wire *a = room_dial(&r, 0);
    say(a, "CONFIG SET sync-replicas \"ANY 1 (b)\" sync-timeout 100");
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(room_send(a, "SET k v\r\nGET k\r\nPING\r\n"), "");
    room_pass(&r, 99);
    CHECK_EQ_STR(room_hear(a), "");
    room_pass(&r, 2);
    const char *heard = room_hear(a);
    CHECK(strncmp(heard, "-UNACKNOWLEDGED the write is applied here (", 43) == 0);
    CHECK_EQ_STR(strchr(heard, ')'),
                 "), but was not applied by ANY 1 (b) within 100 ms\r\n$1\r\nv\r\n+PONG\r\n");
    say(a, "CONFIG SET sync-on-timeout degrade");
    CHECK_EQ_STR(room_send(a, "SET k w\r\nGET k\r\n"), "");
    room_pass(&r, 101);
    CHECK_EQ_STR(room_hear(a), "+OK\r\n$1\r\nw\r\n");
    room_close(&r);
}

TEST_MAIN()
