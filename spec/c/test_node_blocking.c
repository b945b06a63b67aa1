/* test_node_blocking.c: sessions that wait for keys: when they are let go, what replicas are told of it, what ends the
 * waiting. What each command answers beside a real server: spec/server/blocking_spec.lua. */
#include "nodes.h"
#include "test.h"

static bool same_data(struct room *r, int a, int b)
{
    struct digest x = node_digest(r->nodes[a]), y = node_digest(r->nodes[b]);
    return x.low == y.low && x.high == y.high;
}

/* A primary and its replica, and two connections to the primary. */
struct pair {
    struct room r;
    struct wire *a, *b;
};

static void open_pair(struct pair *p)
{
    room_open(&p->r, 2);
    p->a = room_dial(&p->r, 0);
    p->b = room_dial(&p->r, 0);
    say(room_dial(&p->r, 1), "REPLICAOF host 1");
    room_pass(&p->r, 10);
}

/* Who waits, what serves it, what it is told. */
struct serving {
    const char *waits, *serves, *told;
};

static const struct serving servings[] = {
    {"BLPOP none l 0", "RPUSH l 1 2", "*2\r\n$1\r\nl\r\n$1\r\n1\r\n"},
    {"BRPOP none l 0", "RPUSH l 3", "*2\r\n$1\r\nl\r\n$1\r\n3\r\n"},
    {"BLMPOP 0 1 l LEFT COUNT 2", "RPUSH l 1 2 3", "*2\r\n$1\r\nl\r\n*2\r\n$1\r\n1\r\n$1\r\n2\r\n"},
    {"BLMOVE l m LEFT RIGHT 0", "RPUSH l 4", "$1\r\n4\r\n"},
    {"BRPOPLPUSH l m 0", "RPUSH l 5 6", "$1\r\n6\r\n"},
    {"BZPOPMIN none z 0", "ZADD z 1 a 2 b", "*3\r\n$1\r\nz\r\n$1\r\na\r\n$1\r\n1\r\n"},
    {"BZPOPMAX z 0", "ZADD z 1 a 2 b", "*3\r\n$1\r\nz\r\n$1\r\nb\r\n$1\r\n2\r\n"},
    {"BZMPOP 0 1 z MAX", "ZADD z 1 a 2 b 3 c", "*2\r\n$1\r\nz\r\n*1\r\n*2\r\n$1\r\nc\r\n$1\r\n3\r\n"},
    {"XREAD BLOCK 0 STREAMS none x $ $", "XADD x 7-1 f v",
     "*1\r\n*2\r\n$1\r\nx\r\n*1\r\n*2\r\n$3\r\n7-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n"},
    {"XREADGROUP GROUP g alice BLOCK 0 STREAMS s >", "XADD s 7-1 f v",
     "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n7-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n"},
    {"XREADGROUP GROUP g bob NOACK BLOCK 0 STREAMS s >", "XADD s 7-1 f v",
     "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n7-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n"},
};

TEST(what_waiting_ends_with_reaches_the_replica)
{
    for (size_t i = 0; i < sizeof servings / sizeof *servings; i++) {
        struct pair p;
        open_pair(&p);
        say(p.b, "XGROUP CREATE s g $ MKSTREAM");
        CHECK_EQ_STR(say(p.a, servings[i].waits), "");
        say(p.b, servings[i].serves);
        CHECK_EQ_STR(room_hear(p.a), servings[i].told);
        CHECK(same_data(&p.r, 0, 1));
        CHECK_EQ_STR(say(p.a, "PING"), "+PONG\r\n");
        room_close(&p.r);
    }
}

TEST(a_transaction_serves_when_it_is_over)
{
    for (size_t i = 0; i < sizeof servings / sizeof *servings; i++) {
        struct pair p;
        open_pair(&p);
        say(p.b, "XGROUP CREATE s g $ MKSTREAM");
        say(p.a, servings[i].waits);
        say(p.b, "MULTI");
        say(p.b, servings[i].serves);
        CHECK_EQ_STR(room_hear(p.a), "");
        say(p.b, "SET other 1");
        say(p.b, "EXEC");
        CHECK_EQ_STR(room_hear(p.a), servings[i].told);
        CHECK(same_data(&p.r, 0, 1));
        room_close(&p.r);
    }
}

TEST(who_waits_is_served_when_a_node_that_sleeps_has_woken)
{
    struct pair p;
    open_pair(&p);
    say(p.b, "DEBUG SET-ACTIVE-EXPIRE 0");
    say(p.a, "BRPOP l 0");
    CHECK_EQ_STR(room_send(p.b, "MULTI\r\nRPUSH l 1\r\nPEXPIRE l 100\r\nDEBUG SLEEP 0.2\r\nEXEC\r\n"), "");
    room_pass(&p.r, 200);
    CHECK_EQ_STR(room_hear(p.a), ""); /* what it could have had is gone by then */
    CHECK(same_data(&p.r, 0, 1));
    CHECK(strstr(say(p.b, "CLIENT LIST"), "flags=b ") != NULL);
    room_send(p.b, "MULTI\r\nRPUSH l 2\r\nDEBUG SLEEP 0.2\r\nEXEC\r\n");
    CHECK_EQ_STR(room_hear(p.a), "");
    room_pass(&p.r, 200);
    CHECK_EQ_STR(room_hear(p.a), "*2\r\n$1\r\nl\r\n$1\r\n2\r\n");
    CHECK(same_data(&p.r, 0, 1));
    room_close(&p.r);
}

/* The ID of a stream may be set ahead of its entries: then what comes after it says nothing of any. */
TEST(who_waits_for_entries_is_told_of_nothing_else)
{
    struct pair p;
    open_pair(&p);
    say(p.b, "XADD s 1-1 f v");
    say(p.b, "XADD s 2-1 f v");
    say(p.a, "XREAD BLOCK 0 STREAMS s $");
    say(p.b, "XSETID s 9-1");
    say(p.b, "EXPIRE s 1000");
    say(p.b, "EXPIRE s 2000");
    say(p.b, "PERSIST s");
    say(p.b, "XDEL s 1-1");
    say(p.b, "XTRIM s MAXLEN 0");
    CHECK_EQ_STR(room_hear(p.a), "");
    CHECK(strstr(say(p.b, "CLIENT LIST"), "flags=b ") != NULL);
    say(p.b, "XADD s 10-1 f v");
    CHECK_EQ_STR(room_hear(p.a),
                 "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$4\r\n10-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n");
    room_close(&p.r);
}

TEST(time_is_up_to_the_millisecond)
{
    static const char *const waits[][2] = {
        {"BLPOP l 0.25", "*-1\r\n"},
        {"BLMPOP 0.2495 1 l LEFT", "*-1\r\n"},
        {"BRPOPLPUSH l m 0.25", "*-1\r\n"},
        {"BZPOPMAX z 0.25", "*-1\r\n"},
        {"XREAD BLOCK 250 STREAMS x $", "*-1\r\n"},
        {"XREADGROUP GROUP g c BLOCK 250 STREAMS s >", "*-1\r\n"},
    };
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        struct room r;
        room_open(&r, 1);
        struct wire *a = room_dial(&r, 0);
        say(a, "XGROUP CREATE s g $ MKSTREAM");
        CHECK_EQ_STR(say(a, waits[i][0]), "");
        room_pass(&r, 249);
        CHECK_EQ_STR(room_hear(a), "");
        room_pass(&r, 1);
        CHECK_EQ_STR(room_hear(a), waits[i][1]);
        say(a, "RPUSH l 1");
        CHECK_EQ_STR(say(a, "LLEN l"), ":1\r\n");
        room_close(&r);
    }
}

TEST(a_reader_at_a_replica_is_told_of_what_comes_down_the_stream)
{
    struct pair p;
    open_pair(&p);
    struct wire *reader = room_dial(&p.r, 1);
    CHECK_EQ_STR(say(reader, "XREAD BLOCK 0 STREAMS x $"), "");
    say(p.a, "XADD x 1-1 f v");
    CHECK_EQ_STR(room_hear(reader),
                 "*1\r\n*2\r\n$1\r\nx\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n");
    room_close(&p.r);
}

TEST(a_stream_that_expires_ends_the_waiting_of_its_group)
{
    struct pair p;
    open_pair(&p);
    say(p.b, "XGROUP CREATE s g $ MKSTREAM");
    say(p.b, "PEXPIRE s 100");
    CHECK_EQ_STR(say(p.a, "XREADGROUP GROUP g c BLOCK 0 STREAMS s >"), "");
    room_pass(&p.r, 1000);
    CHECK_EQ_STR(room_hear(p.a), "-UNBLOCKED the stream key no longer exists\r\n");
    CHECK(same_data(&p.r, 0, 1));
    room_close(&p.r);
}

TEST(a_session_that_hangs_up_leaves_its_place)
{
    struct pair p;
    open_pair(&p);
    struct wire *c = room_dial(&p.r, 0);
    say(p.a, "BLPOP l l m 0");
    say(c, "BLPOP m l 0");
    room_hang_up(p.a);
    say(p.b, "RPUSH l 1");
    CHECK_EQ_STR(room_hear(c), "*2\r\n$1\r\nl\r\n$1\r\n1\r\n");
    CHECK_EQ_STR(say(p.b, "RPUSH m 1"), ":1\r\n");
    CHECK(same_data(&p.r, 0, 1));
    room_close(&p.r);
}

TEST(a_demotion_ends_the_waiting)
{
    struct pair p;
    open_pair(&p);
    say(p.a, "XREAD BLOCK 0 STREAMS x $");
    CHECK_EQ_STR(say(p.b, "REPLICAOF host 2"), "+OK\r\n");
    CHECK_EQ_STR(room_hear(p.a), "-UNBLOCKED force unblock from blocking operation, instance state changed "
                                 "(master -> replica?)\r\n");
    room_close(&p.r);
}

TEST_MAIN()
