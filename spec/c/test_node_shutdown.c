/* test_node_shutdown.c: SHUTDOWN waits for replicas that lag, for as long as shutdown-timeout says.
 *
 * SPDX-License-Identifier: MIT */
#include "nodes.h"
#include "test.h"

struct scene {
    struct room r;
    struct wire *a, *other; /* clients of the primary */
};

static void scene_open(struct scene *s)
{
    room_open(&s->r, 2);
    s->a = room_dial(&s->r, 0);
    s->other = room_dial(&s->r, 0);
    say(room_dial(&s->r, 1), "REPLICAOF host 1");
    say(s->a, "SET k 1");
    room_pass(&s->r, 10);
}

/* Holds (or lets go) what the primary sends to its replica. */
static void hold(struct scene *s, bool held)
{
    for (int i = 0; i < ROOM_WIRES; i++) {
        struct wire *w = &s->r.wires[i];
        if (w->used && w->peer && w->node == s->r.nodes[0] && w->peer->node == s->r.nodes[1]) w->held = held;
    }
    room_settle(&s->r);
}

static bool lingers(struct scene *s)
{
    return strstr(say(s->other, "INFO server"), "shutdown_in_milliseconds:") != NULL;
}

static bool replica_has(struct scene *s, const char *reply)
{
    struct wire *b = room_dial(&s->r, 1);
    return strcmp(say(b, "GET k"), reply) == 0;
}

static const char refused[] = "-ERR Errors trying to SHUTDOWN. Check logs.\r\n";

TEST(it_waits_for_a_replica_that_lags_and_nobody_writes_meanwhile)
{
    struct scene s;
    scene_open(&s);
    hold(&s, true);
    say(s.a, "SET k 2");
    CHECK_EQ_STR(say(s.a, "SHUTDOWN"), "");
    CHECK(!s.r.shut_down[0] && lingers(&s));
    CHECK_EQ_STR(say(s.other, "SET k 3"), "");
    room_pass(&s.r, 5000);
    CHECK(!s.r.shut_down[0]);
    hold(&s, false);
    room_pass(&s.r, 1); /* a round trip, not the second after which replicas acknowledge by themselves */
    CHECK(s.r.shut_down[0]);
    CHECK(room_noted(&s.r, 0, "Waiting for replicas before shutting down."));
    CHECK(room_noted(&s.r, 0, "1 of 1 replicas are in sync when shutting down."));
    CHECK(!room_noted(&s.r, 0, "Lagging replica"));
    CHECK(replica_has(&s, "$1\r\n2\r\n"));
    room_close(&s.r);
}

TEST(it_waits_no_longer_than_shutdown_timeout)
{
    struct scene s;
    scene_open(&s);
    say(s.a, "CONFIG SET shutdown-timeout 3");
    hold(&s, true);
    say(s.a, "SET k 2");
    say(s.a, "SHUTDOWN");
    room_pass(&s.r, 2900);
    CHECK(!s.r.shut_down[0]);
    room_pass(&s.r, 200);
    CHECK(s.r.shut_down[0]);
    CHECK(room_noted(&s.r, 0, "Lagging replica 10.0.0.9:2 reported offset "));
    CHECK(room_noted(&s.r, 0, "state=online."));
    CHECK(room_noted(&s.r, 0, "0 of 1 replicas are in sync when shutting down."));
    room_close(&s.r);
}

TEST(it_waits_for_nobody_when_told_not_to_or_when_nobody_lags)
{
    static const char *const before[] = {NULL, "SET k 2", "SET k 2"};
    static const char *const timeouts[] = {"CONFIG SET shutdown-timeout 10", "CONFIG SET shutdown-timeout 10",
                                           "CONFIG SET shutdown-timeout 0"};
    static const char *const words[] = {"SHUTDOWN", "SHUTDOWN NOW", "SHUTDOWN"};
    for (int i = 0; i < 3; i++) {
        struct scene s;
        scene_open(&s);
        say(s.a, timeouts[i]);
        room_pass(&s.r, 1100); /* acknowledged */
        hold(&s, true);
        if (before[i]) say(s.a, before[i]);
        CHECK_EQ_STR(say(s.a, words[i]), "");
        CHECK(s.r.shut_down[0]);
        CHECK(!room_noted(&s.r, 0, "Waiting for replicas before shutting down."));
        room_close(&s.r);
    }
}

TEST(abort_answers_all_who_asked_and_lets_writers_go_on)
{
    struct scene s;
    scene_open(&s);
    struct wire *second = room_dial(&s.r, 0), *writer = room_dial(&s.r, 0);
    hold(&s, true);
    say(s.a, "SET k 2");
    CHECK_EQ_STR(say(s.a, "SHUTDOWN"), "");
    CHECK_EQ_STR(say(second, "SHUTDOWN"), "");
    CHECK_EQ_STR(say(writer, "SET k 3"), "");
    CHECK(strstr(say(s.other, "INFO clients"), "blocked_clients:3\r\n") != NULL);
    CHECK_EQ_STR(say(s.other, "SHUTDOWN ABORT"), "+OK\r\n");
    CHECK_EQ_STR(room_hear(s.a), refused);
    CHECK_EQ_STR(room_hear(second), refused);
    CHECK_EQ_STR(room_hear(writer), "+OK\r\n");
    CHECK(!lingers(&s) && room_noted(&s.r, 0, "Shutdown manually aborted."));
    hold(&s, false);
    room_pass(&s.r, 20000);
    CHECK(!s.r.shut_down[0] && replica_has(&s, "$1\r\n3\r\n"));
    room_close(&s.r);
}

/* A base that is being made, for a journal that was asked for a moment ago, is not waited for. */
TEST(an_initial_journal_keeps_it_unless_forced)
{
    struct scene s;
    scene_open(&s);
    say(s.a, "CONFIG SET rdb-key-save-delay 30000000");
    say(s.a, "CONFIG SET appendonly yes");
    CHECK_EQ_STR(say(s.a, "SHUTDOWN"), refused);
    CHECK(room_noted(&s.r, 0, "Writing initial AOF, can't exit"));
    CHECK(!s.r.shut_down[0]);
    CHECK_EQ_STR(say(s.a, "SHUTDOWN NOW FORCE"), "");
    CHECK(s.r.shut_down[0]);
    room_close(&s.r);
}

TEST_MAIN()
