/* test_node_gate_ends.c: what becomes of replies that wait when what they wait for, or who waits for them, goes away. */
#include "sync_nodes.h"
#include "test.h"

#define UNACKNOWLEDGED "-UNACKNOWLEDGED the write was applied here ("

static const char *info(struct wire *w) { return say(w, "INFO replication"); }

/* Nobody waits, and nothing is kept for anybody who did. */
static bool nobody_waits(struct wire *w)
{
    return strstr(info(w), "sync_held_replies:0\r\n") != NULL &&
           strstr(say(w, "CLIENT LIST"), " held=") == NULL;
}

TEST(a_replica_that_is_gone_is_waited_for)
{
    struct room r;
    open_pair(&r, 3);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0);
    say(b, "CONFIG SET sync-replicas \"ANY 1 (b)\"");
    room_crash(&r, 1);
    CHECK_EQ_STR(room_send(a, "SET k v\r\nGET k\r\n"), "");
    room_pass(&r, 5000);
    CHECK_EQ_STR(room_hear(a), "");
    CHECK_EQ_STR(say(b, "SET other v ASYNC"), "+OK\r\n");
    room_start(&r, 1, 12); /* it has nothing, is given all, and counts again */
    struct wire *back = room_dial(&r, 1);
    say(back, "REPLICAOF host 1");
    room_pass(&r, 3000);
    CHECK_EQ_STR(room_hear(a), "+OK\r\n$1\r\nv\r\n");
    CHECK_EQ_STR(say(back, "GET k"), "$1\r\nv\r\n");
    CHECK(nobody_waits(b));
    room_close(&r);
}

TEST(of_several_one_that_is_gone_is_not_missed)
{
    struct room r;
    open_pair(&r, 3);
    struct wire *a = room_dial(&r, 0);
    say(a, "CONFIG SET sync-replicas \"ANY 1 (b, c)\" sync-timeout 100");
    hold_replica(&r, 2, true);
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(say(a, "SET k v"), "");
    room_crash(&r, 1); /* what it had is not counted any more, and it never said that it had this */
    CHECK_EQ_STR(room_hear(a), "");
    hold_replica(&r, 2, false);
    CHECK_EQ_STR(room_hear(a), "+OK\r\n");
    say(a, "CONFIG SET sync-replicas \"FIRST 1 (b, c)\"");
    CHECK_EQ_STR(say(a, "SET k w"), "+OK\r\n"); /* who is not there is not the first */
    say(a, "CONFIG SET sync-replicas \"ANY 2 (b, c)\"");
    CHECK_EQ_STR(say(a, "SET k x"), "");
    room_pass(&r, 101);
    const char *heard = room_hear(a);
    CHECK(begins(&heard, UNACKNOWLEDGED));
    CHECK(nobody_waits(a));
    room_close(&r);
}

TEST(a_stricter_policy_holds_what_waits_for_more)
{
    struct room r;
    open_pair(&r, 3);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0);
    say(b, "CONFIG SET sync-replicas \"ANY 1 (b, c)\"");
    hold_replica(&r, 1, true);
    hold_replica(&r, 2, true);
    CHECK_EQ_STR(say(a, "SET k v"), "");
    CHECK_EQ_STR(say(b, "CONFIG SET sync-replicas \"ANY 2 (b, c)\""), "+OK\r\n");
    hold_replica(&r, 1, false);
    CHECK_EQ_STR(room_hear(a), "");
    CHECK_EQ_STR(say(b, "CONFIG SET sync-level fsynced sync-timeout 100"), "+OK\r\n");
    hold_replica(&r, 2, false);
    CHECK_EQ_STR(room_hear(a), ""); /* neither has a journal */
    room_pass(&r, 101);
    const char *heard = room_hear(a);
    CHECK(begins(&heard, UNACKNOWLEDGED));
    CHECK(strstr(heard, "was not fsynced by ANY 2 (b, c) within ") != NULL);
    /* what the stricter one has let through is not held again by what comes later */
    CHECK_EQ_STR(say(b, "CONFIG SET sync-level applied"), "+OK\r\n");
    CHECK_EQ_STR(say(a, "SET k v"), "+OK\r\n");
    CHECK(nobody_waits(b));
    room_close(&r);
}

TEST(who_is_killed_takes_what_waits_along)
{
    struct room r;
    open_pair(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0), *c = room_dial(&r, 0);
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(room_send(a, "DURABLE ANY 1 (b) TIMEOUT 500\r\nSET k v\r\nSET k w\r\nGET k\r\n"), "+OK\r\n");
    CHECK_EQ_STR(room_send(c, "DURABLE ANY 1 (b)\r\nMULTI\r\nSET k x\r\nEXEC\r\n"),
                 "+OK\r\n+OK\r\n+QUEUED\r\n");
    CHECK(strstr(info(b), "sync_held_replies:3\r\n") != NULL);
    CHECK_EQ_STR(say(b, "CLIENT KILL ID 3"), ":1\r\n");
    CHECK(a->closed && a->heard.size == 0);
    room_hang_up(c);
    CHECK(nobody_waits(b));
    room_pass(&r, 600);
    hold_replica(&r, 1, false);
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\nx\r\n"); /* what was written stays written */
    CHECK_EQ_STR(say(b, "DURABLE ANY 1 (b) DO SET k y"), "+OK\r\n");
    room_close(&r);
}

TEST(held_replies_cost_no_more_than_their_limit)
{
    struct room r;
    open_pair(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0);
    char text[1100] = "SET big ";
    memset(text + 8, 'x', 1000);
    say(b, text);
    say(b, "CONFIG SET client-output-buffer-limit \"normal 200000 0 0\"");
    hold_replica(&r, 1, true);
    say(a, "DURABLE ANY 1 (b)");
    CHECK_EQ_STR(say(a, "SET k v"), "");
    for (int i = 0; i < 150; i++) room_send(a, "GET big\r\n");
    CHECK(!a->closed);
    for (int i = 0; i < 150 && !a->closed; i++) room_send(a, "GET big\r\n");
    CHECK(a->closed && a->heard.size == 0);
    CHECK(nobody_waits(b));
    hold_replica(&r, 1, false);
    room_close(&r);
}

TEST(a_transaction_is_answered_as_one)
{
    struct room r;
    open_pair(&r, 2);
    struct wire *a = room_dial(&r, 0);
    say(a, "CONFIG SET sync-replicas \"ANY 1 (b)\" sync-timeout 100");
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(room_send(a, "MULTI\r\nSET k v\r\nINCR n\r\nGET k\r\nEXEC\r\nGET n\r\n"),
                 "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n");
    hold_replica(&r, 1, false);
    CHECK_EQ_STR(room_hear(a), "*3\r\n+OK\r\n:1\r\n$1\r\nv\r\n$1\r\n1\r\n");
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(room_send(a, "MULTI\r\nSET k w\r\nINCR n\r\nEXEC\r\nMULTI\r\nGET n\r\nEXEC\r\n"),
                 "+OK\r\n+QUEUED\r\n+QUEUED\r\n");
    room_pass(&r, 101);
    const char *heard = room_hear(a);
    CHECK(begins(&heard, UNACKNOWLEDGED)); /* one error for all of it; what only reads is answered */
    CHECK_EQ_STR(strchr(heard, '\n') + 1, "+OK\r\n+QUEUED\r\n*1\r\n$1\r\n2\r\n");
    CHECK_EQ_STR(room_send(a, "MULTI\r\nGET n\r\nEXEC\r\n"), "+OK\r\n+QUEUED\r\n*1\r\n$1\r\n2\r\n");
    room_close(&r);
}

TEST(each_of_a_pipeline_has_its_own_time)
{
    struct room r;
    open_pair(&r, 2);
    struct wire *a = room_dial(&r, 0);
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(say(a, "DURABLE ANY 1 (b) TIMEOUT 100 ON-TIMEOUT degrade DO INCR n"), "");
    room_pass(&r, 60);
    CHECK_EQ_STR(say(a, "DURABLE ANY 1 (b) TIMEOUT 100 DO INCR n"), "");
    CHECK_EQ_STR(say(a, "DURABLE ANY 1 (b) TIMEOUT 10 DO INCR n"), "");
    room_pass(&r, 41);
    CHECK_EQ_STR(room_hear(a), ":1\r\n");
    room_pass(&r, 58);
    CHECK_EQ_STR(room_hear(a), ""); /* its time is up, but replies are in order */
    room_pass(&r, 2);
    const char *heard = room_hear(a);
    CHECK(begins(&heard, UNACKNOWLEDGED));
    CHECK(strstr(heard, "within 100 ms\r\n" UNACKNOWLEDGED) != NULL);
    CHECK(nobody_waits(a));
    room_close(&r);
}

/* More than a line holds: the session stands still until there is room again, and nobody else does. */
TEST(a_line_that_is_full_goes_on_when_it_is_not)
{
    enum { WRITES = 70000 };
    struct room r;
    open_pair(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0);
    say(a, "DURABLE ANY 1 (b)");
    hold_replica(&r, 1, true);
    for (int i = 0; i < WRITES; i++) CHECK(room_put(a->session, "INCR n\r\n", 8));
    room_settle(&r);
    CHECK_EQ_STR(say(b, "GET n"), "$5\r\n65536\r\n");
    hold_replica(&r, 1, false);
    room_settle(&r);
    CHECK_EQ_STR(say(b, "GET n"), "$5\r\n70000\r\n");
    CHECK(a->heard.size > 8 && memcmp(a->heard.data + a->heard.size - 8, ":70000\r\n", 8) == 0);
    CHECK(nobody_waits(b));
    room_close(&r);
}

TEST(messages_stand_behind_the_replies_that_wait)
{
    struct room r;
    open_pair(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0);
    room_send(a, "HELLO 3\r\nSUBSCRIBE news\r\nDURABLE ANY 1 (b)\r\n");
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(say(a, "SET k v"), "");
    CHECK_EQ_STR(say(b, "PUBLISH news now"), ":1\r\n");
    CHECK_EQ_STR(room_hear(a), "");
    hold_replica(&r, 1, false);
    CHECK_EQ_STR(room_hear(a), "+OK\r\n>3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$3\r\nnow\r\n");
    room_close(&r);
}

TEST(a_demotion_answers_every_rule_and_every_wait)
{
    struct room r;
    open_pair(&r, 3);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0), *c = room_dial(&r, 0), *d = room_dial(&r, 0);
    hold_replica(&r, 1, true);
    hold_replica(&r, 2, true);
    CHECK_EQ_STR(room_send(a, "DURABLE ANY 1 (b)\r\nSET k v\r\nWAIT 1 0\r\nPING\r\n"), "+OK\r\n");
    CHECK_EQ_STR(room_send(b, "MULTI\r\nINCR n\r\nDURABLE FIRST 1 (c) DO EXEC\r\n"), "+OK\r\n+QUEUED\r\n");
    CHECK_EQ_STR(room_send(c, "SET other v\r\nWAIT 2 0\r\n"), "+OK\r\n");
    CHECK_EQ_STR(say(d, "REPLICAOF host 3"), "+OK\r\n");
    const char *heard = room_hear(a);
    CHECK(begins(&heard, UNACKNOWLEDGED));
    CHECK(strstr(heard, "it may be lost\r\n-UNBLOCKED ") != NULL && strstr(heard, "\r\n+PONG\r\n") != NULL);
    heard = room_hear(b);
    CHECK(begins(&heard, UNACKNOWLEDGED));
    heard = room_hear(c);
    CHECK(begins(&heard, "-UNBLOCKED "));
    CHECK(nobody_waits(d));
    room_close(&r);
}

TEST_MAIN()
