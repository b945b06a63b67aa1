/* test_node_failover.c: FAILOVER: the role goes over without a write lost, or stays where it was.
 *
 * SPDX-License-Identifier: MIT */
#include "nodes.h"
#include "test.h"

struct scene {
    struct room r;
    struct wire *a, *b, *c; /* clients of the primary and of its two replicas */
};

static void scene_open(struct scene *s)
{
    room_open(&s->r, 3);
    s->a = room_dial(&s->r, 0);
    s->b = room_dial(&s->r, 1);
    s->c = room_dial(&s->r, 2);
    say(s->b, "REPLICAOF host 1");
    say(s->c, "REPLICAOF host 1");
    say(s->a, "SET k v");
    room_pass(&s->r, 10);
}

/* Holds (or lets go) what a node sends to the node at the other end of its connections. */
static void hold(struct room *r, int from, int to, bool held)
{
    for (int i = 0; i < ROOM_WIRES; i++) {
        struct wire *w = &r->wires[i];
        if (w->used && w->peer && w->node == r->nodes[from] && w->peer->node == r->nodes[to]) w->held = held;
    }
    room_settle(r);
}

static struct node_state state_of(struct scene *s, int node)
{
    struct node_state state;
    node_inspect(s->r.nodes[node], &state);
    return state;
}

static bool is_primary(struct wire *w) { return strstr(say(w, "ROLE"), "master") != NULL; }

static bool failover_is(struct wire *w, const char *state)
{
    char line[64];
    snprintf(line, sizeof line, "master_failover_state:%s\r\n", state);
    return strstr(say(w, "INFO replication"), line) != NULL;
}

static bool same_data(struct scene *s, int x, int y)
{
    struct digest p = node_digest(s->r.nodes[x]), q = node_digest(s->r.nodes[y]);
    return p.low == q.low && p.high == q.high;
}

TEST(what_cannot_be_is_refused)
{
    static const char no_replica[] = "-ERR FAILOVER target HOST and PORT is not a replica.\r\n";
    struct scene s;
    scene_open(&s);
    CHECK_EQ_STR(say(s.b, "FAILOVER"), "-ERR FAILOVER is not valid when server is a replica.\r\n");
    CHECK_EQ_STR(say(s.a, "FAILOVER ABORT"), "-ERR No failover in progress.\r\n");
    CHECK_EQ_STR(say(s.a, "FAILOVER TO 10.0.0.9 9"), no_replica);
    CHECK_EQ_STR(say(s.a, "FAILOVER TO elsewhere 2"), no_replica);
    CHECK_EQ_STR(say(s.a, "FAILOVER TO 10.0.0.9 -4294967294"), no_replica);
    CHECK_EQ_STR(say(s.a, "FAILOVER TO 10.0.0.9 x"), "-ERR value is not an integer or out of range\r\n");
    CHECK_EQ_STR(say(s.a, "FAILOVER TO 10.0.0.9"), "-ERR syntax error\r\n");
    CHECK_EQ_STR(say(s.a, "FAILOVER TIMEOUT 0"), "-ERR FAILOVER timeout must be greater than 0\r\n");
    CHECK_EQ_STR(say(s.a, "FAILOVER FORCE TIMEOUT 9"),
                 "-ERR FAILOVER with force option requires both a timeout and target HOST and IP.\r\n");
    CHECK_EQ_STR(say(s.a, "FAILOVER ABORT TIMEOUT 9"), "-ERR syntax error\r\n");
    CHECK(failover_is(s.a, "no-failover"));
    struct room alone;
    room_open(&alone, 1);
    CHECK_EQ_STR(say(room_dial(&alone, 0), "FAILOVER"), "-ERR FAILOVER requires connected replicas.\r\n");
    room_close(&alone);
    room_close(&s.r);
}

TEST(the_target_takes_over_and_the_former_primary_follows_it)
{
    struct scene s;
    scene_open(&s);
    int64_t full = state_of(&s, 1).full_syncs;
    CHECK_EQ_STR(say(s.a, "FAILOVER TO 10.0.0.9 2"), "+OK\r\n");
    room_pass(&s.r, 10);
    CHECK(!is_primary(s.a) && is_primary(s.b) && !is_primary(s.c));
    CHECK(failover_is(s.a, "no-failover"));
    CHECK_EQ_STR(say(s.a, "SET k 2"), "-READONLY You can't write against a read only replica.\r\n");
    CHECK_EQ_STR(say(s.b, "SET k 2"), "+OK\r\n");
    room_pass(&s.r, 2000);
    CHECK(same_data(&s, 0, 1) && same_data(&s, 2, 1)); /* the other one is a replica of a replica now */
    CHECK_EQ_INT(state_of(&s, 1).full_syncs, full);
    CHECK_EQ_STR(state_of(&s, 0).replid, state_of(&s, 1).replid);
    room_close(&s.r);
}

TEST(writes_wait_until_a_replica_has_everything)
{
    struct scene s;
    scene_open(&s);
    hold(&s.r, 0, 1, true);
    hold(&s.r, 0, 2, true);
    say(s.a, "SET k late PX 100");
    CHECK_EQ_STR(say(s.a, "FAILOVER"), "+OK\r\n");
    CHECK(failover_is(s.a, "waiting-for-sync"));
    CHECK_EQ_STR(say(s.a, "FAILOVER"), "-ERR FAILOVER already in progress.\r\n");
    CHECK_EQ_STR(say(s.a, "REPLICAOF NO ONE"), "-ERR REPLICAOF not allowed while failing over.\r\n");
    struct wire *d = room_dial(&s.r, 0);
    CHECK_EQ_STR(say(d, "SET other 1"), "");
    int64_t offset = state_of(&s, 0).offset;
    room_pass(&s.r, 30000); /* neither PING nor the end of k moves the log */
    CHECK_EQ_INT(state_of(&s, 0).offset, offset);
    CHECK_EQ_STR(say(s.a, "GET k"), "$-1\r\n");
    CHECK(is_primary(s.a));
    hold(&s.r, 0, 2, false);
    room_pass(&s.r, 10);
    CHECK(!is_primary(s.a) && !is_primary(s.b) && is_primary(s.c));
    CHECK(room_noted(&s.r, 0, "M 2 FAILOVER requested to any replica.\n"));
    CHECK(room_noted(&s.r, 0, "M 2 Failover target 10.0.0.9:3 is synced, failing over.\n"));
    CHECK(room_noted(&s.r, 2, "M 2 MASTER MODE enabled (failover request from 10.0.0.9:1234)\n"));
    CHECK_EQ_STR(room_hear(d), "-READONLY You can't write against a read only replica.\r\n");
    CHECK_EQ_STR(say(s.c, "EXISTS other"), ":0\r\n");
    room_close(&s.r);
}

TEST(it_ends_when_time_is_up_or_on_request)
{
    struct scene s;
    scene_open(&s);
    hold(&s.r, 0, 1, true);
    struct wire *d = room_dial(&s.r, 0);
    CHECK_EQ_STR(say(s.a, "FAILOVER TO 10.0.0.9 2 TIMEOUT 500"), "+OK\r\n");
    CHECK_EQ_STR(say(d, "SET k 2"), "");
    room_pass(&s.r, 499);
    CHECK_EQ_STR(room_hear(d), "");
    room_pass(&s.r, 1);
    CHECK_EQ_STR(room_hear(d), "+OK\r\n");
    CHECK(failover_is(s.a, "no-failover") && is_primary(s.a));
    CHECK(room_noted(&s.r, 0, "FAILOVER to 10.0.0.9:2 aborted: Replica never caught up before timeout\n"));
    CHECK_EQ_STR(say(s.a, "FAILOVER TO 10.0.0.9 2"), "+OK\r\n");
    CHECK_EQ_STR(say(d, "SET k 3"), "");
    CHECK_EQ_STR(say(s.a, "FAILOVER ABORT"), "+OK\r\n");
    CHECK_EQ_STR(room_hear(d), "+OK\r\n");
    CHECK(failover_is(s.a, "no-failover") && is_primary(s.a));
    hold(&s.r, 0, 1, false);
    CHECK(same_data(&s, 0, 1) && same_data(&s, 0, 2));
    room_close(&s.r);
}

TEST(force_takes_what_there_is_when_time_is_up)
{
    struct scene s;
    scene_open(&s);
    hold(&s.r, 1, 0, true); /* it has everything and cannot say so */
    CHECK_EQ_STR(say(s.a, "FAILOVER TO 10.0.0.9 2 TIMEOUT 100 FORCE"), "+OK\r\n");
    room_pass(&s.r, 99);
    CHECK(failover_is(s.a, "waiting-for-sync"));
    room_pass(&s.r, 101);
    CHECK(!is_primary(s.a) && is_primary(s.b));
    CHECK(failover_is(s.a, "no-failover"));
    room_close(&s.r);
}

/* A target that cannot be reached: there is no primary until it can, or somebody says ABORT. */
TEST(an_attempt_under_way_can_be_aborted)
{
    struct scene s;
    scene_open(&s);
    say(s.b, "CONFIG SET replica-announce-port 4");
    say(s.b, "REPLICAOF NO ONE");
    say(s.b, "REPLICAOF host 1");
    room_pass(&s.r, 100);
    CHECK_EQ_STR(say(s.a, "FAILOVER TO 10.0.0.9 4"), "+OK\r\n");
    room_pass(&s.r, 1000);
    CHECK(failover_is(s.a, "failover-in-progress") && !is_primary(s.a));
    struct wire *d = room_dial(&s.r, 0);
    CHECK_EQ_STR(say(d, "SET k 2"), "");
    CHECK_EQ_STR(say(d, "PING"), "");
    CHECK_EQ_STR(say(s.a, "PSYNC ? -1"), "-NOMASTERLINK Can't SYNC while failing over\r\n");
    CHECK_EQ_STR(say(s.a, "FAILOVER ABORT"), "+OK\r\n");
    CHECK(is_primary(s.a) && failover_is(s.a, "no-failover"));
    CHECK_EQ_STR(room_hear(d), "+OK\r\n+PONG\r\n");
    room_pass(&s.r, 2000);
    CHECK(same_data(&s, 0, 1) && same_data(&s, 0, 2));
    room_close(&s.r);
}

TEST(a_target_that_refuses_leaves_the_primary_what_it_was)
{
    struct scene s;
    scene_open(&s);
    say(s.b, "CONFIG SET replica-announce-port 9"); /* the spec answers there */
    say(s.b, "REPLICAOF NO ONE");
    say(s.b, "REPLICAOF host 1");
    room_pass(&s.r, 100);
    CHECK_EQ_STR(say(s.a, "FAILOVER TO 10.0.0.9 9"), "+OK\r\n");
    room_pass(&s.r, 10);
    struct wire *t = s.r.dialled;
    CHECK(t != NULL);
    CHECK_EQ_STR(room_hear(t), "*1\r\n$4\r\nPING\r\n");
    room_send(t, "+PONG\r\n");
    const char *said = room_send(t, "+OK\r\n+OK\r\n+OK\r\n");
    CHECK(strstr(said, "$5\r\nPSYNC\r\n$40\r\n") != NULL && strstr(said, "$8\r\nFAILOVER\r\n") != NULL);
    CHECK(failover_is(s.a, "failover-in-progress"));
    room_send(t, "-NOPERM no\r\n");
    CHECK(is_primary(s.a) && failover_is(s.a, "no-failover"));
    CHECK_EQ_STR(say(s.a, "SET k 2"), "+OK\r\n");
    room_pass(&s.r, 2000);
    CHECK(same_data(&s, 0, 2));
    room_close(&s.r);
}

TEST(only_the_own_primary_may_ask_for_it)
{
    struct scene s;
    char request[128];
    scene_open(&s);
    CHECK_EQ_STR(say(s.a, "PSYNC x 1 FAILOVER"), "-ERR PSYNC FAILOVER can't be sent to a master.\r\n");
    CHECK_EQ_STR(say(s.b, "PSYNC x 1 FAILOVER"), "-ERR PSYNC FAILOVER replid must match my replid.\r\n");
    CHECK(!is_primary(s.b));
    snprintf(request, sizeof request, "PSYNC %s 1 FAILOVER", state_of(&s, 1).replid);
    say(s.b, request);
    CHECK(is_primary(room_dial(&s.r, 1)));
    room_close(&s.r);
}

TEST_MAIN()
