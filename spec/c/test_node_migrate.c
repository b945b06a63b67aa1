/* test_node_migrate.c: MIGRATE: keys go to another node, and are gone here only when it has them.
 *
 * SPDX-License-Identifier: MIT */
#include "nodes.h"
#include "test.h"

static const char busy[] =
    "-ERR Target instance replied with error: BUSYKEY Target key name already exists.\r\n";
static const char unheard[] = "-IOERR error or timeout reading to target instance\r\n";

struct scene {
    struct room r;
    struct wire *a, *b, *other; /* clients of where keys are, of where they go; another one of the former */
};

static void scene_open(struct scene *s)
{
    room_open(&s->r, 3);
    s->a = room_dial(&s->r, 0);
    s->b = room_dial(&s->r, 1);
    s->other = room_dial(&s->r, 0);
}

static bool has(const char *text, const char *part) { return strstr(text, part) != NULL; }

/* What a node's INFO says. */
static bool info_says(struct wire *w, const char *line) { return has(say(w, "INFO"), line); }

TEST(a_key_goes_with_its_time_to_live)
{
    struct scene s;
    scene_open(&s);
    say(s.a, "SET k v PX 5000");
    say(s.a, "RPUSH l 1 2 3");
    room_pass(&s.r, 1000);
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 k 0 1000"), "+OK\r\n");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 l 3 1000"), "+OK\r\n");
    CHECK_EQ_STR(say(s.a, "DBSIZE"), ":0\r\n");
    CHECK_EQ_STR(say(s.b, "GET k"), "$1\r\nv\r\n");
    CHECK_EQ_STR(say(s.b, "PTTL k"), ":4000\r\n");
    say(s.b, "SELECT 3");
    CHECK_EQ_STR(say(s.b, "LRANGE l 0 -1"), "*3\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n");
    room_close(&s.r);
}

TEST(many_keys_go_at_once_and_those_that_are_not_there_do_not_count)
{
    struct scene s;
    scene_open(&s);
    say(s.a, "MSET x 1 y 2 z 3");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 '' 0 1000 KEYS x none z"), "+OK\r\n");
    CHECK_EQ_STR(say(s.b, "MGET x y z"), "*3\r\n$1\r\n1\r\n$-1\r\n$1\r\n3\r\n");
    CHECK_EQ_STR(say(s.a, "MGET x y z"), "*3\r\n$-1\r\n$1\r\n2\r\n$-1\r\n");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 '' 0 1000 KEYS x none z"), "+NOKEY\r\n");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 x 0 1000"), "+NOKEY\r\n");
    room_close(&s.r);
}

TEST(what_the_target_does_not_take_stays)
{
    struct scene s;
    scene_open(&s);
    say(s.a, "MSET x 1 y 2 z 3");
    say(s.b, "SET y old");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 '' 0 1000 KEYS x y z"), busy);
    CHECK_EQ_STR(say(s.a, "MGET x y z"), "*3\r\n$-1\r\n$1\r\n2\r\n$-1\r\n");
    CHECK_EQ_STR(say(s.b, "MGET x y z"), "*3\r\n$1\r\n1\r\n$3\r\nold\r\n$1\r\n3\r\n");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 y 0 1000 COPY REPLACE"), "+OK\r\n");
    CHECK_EQ_STR(say(s.b, "GET y"), "$1\r\n2\r\n");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 y 0 1000 COPY"), busy);
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 y 99 1000 REPLACE"),
                 "-ERR Target instance replied with error: ERR DB index is out of range\r\n");
    CHECK_EQ_STR(say(s.a, "GET y"), "$1\r\n2\r\n");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 y 0 1000 REPLACE"), "+OK\r\n"); /* in the database it says */
    CHECK_EQ_STR(say(s.a, "GET y"), "$-1\r\n");
    room_close(&s.r);
}

TEST(it_logs_in_where_that_is_asked_for)
{
    struct scene s;
    scene_open(&s);
    say(s.a, "SET k v");
    say(s.b, "CONFIG SET requirepass secret");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 k 0 1000"),
                 "-ERR Target instance replied with error: NOAUTH Authentication required.\r\n");
    CHECK(has(say(s.a, "MIGRATE host 2 k 0 1000 AUTH no"), "replied with error: WRONGPASS "));
    CHECK(has(say(s.a, "MIGRATE host 2 k 0 1000 AUTH2 who secret"), "replied with error: WRONGPASS "));
    CHECK_EQ_STR(say(s.a, "GET k"), "$1\r\nv\r\n");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 k 0 1000 COPY AUTH secret"), "+OK\r\n");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 k 0 1000 REPLACE AUTH2 default secret"), "+OK\r\n");
    CHECK_EQ_STR(say(s.a, "GET k"), "$-1\r\n");
    room_close(&s.r);
}

TEST(words_that_make_no_sense)
{
    struct scene s;
    scene_open(&s);
    say(s.a, "SET k v");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 k 0 1000 WHAT"), "-ERR syntax error\r\n");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 k 0 1000 AUTH"), "-ERR syntax error\r\n");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 k 0 1000 AUTH2 me"), "-ERR syntax error\r\n");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 k 0 soon"), "-ERR value is not an integer or out of range\r\n");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 k 0 1000 KEYS k"),
                 "-ERR When using MIGRATE KEYS option, the key argument must be set to the empty string\r\n");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 3000000 k 0 1000"),
                 "-IOERR error or timeout connecting to the client\r\n");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 4 k 0 1000"), "-IOERR error or timeout connecting to the client\r\n");
    CHECK_EQ_STR(room_send(s.a, "MULTI\r\nMIGRATE host 2 k 0 1000\r\nEXEC\r\n"),
                 "+OK\r\n+QUEUED\r\n*1\r\n-ERR MIGRATE is not possible inside a transaction\r\n");
    CHECK_EQ_STR(say(s.a, "COMMAND GETKEYS MIGRATE h 1 '' 0 1 COPY KEYS p q"),
                 "*2\r\n$1\r\np\r\n$1\r\nq\r\n");
    CHECK_EQ_STR(say(s.a, "GET k"), "$1\r\nv\r\n");
    room_close(&s.r);
}

TEST(whoever_would_write_waits_until_it_is_over_and_a_silent_target_does_not_hold_them_for_long)
{
    struct scene s;
    scene_open(&s);
    say(s.a, "SET k v");
    say(s.b, "CLIENT PAUSE 5000");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 k 0 1000"), "");
    CHECK_EQ_STR(say(s.other, "GET k"), "$1\r\nv\r\n");
    CHECK_EQ_STR(say(s.other, "APPEND k w"), "");
    room_pass(&s.r, 990);
    CHECK_EQ_STR(room_hear(s.other), "");
    room_pass(&s.r, 20);
    CHECK_EQ_STR(room_hear(s.a), unheard);
    CHECK_EQ_STR(room_hear(s.other), ":2\r\n");
    CHECK(info_says(s.a, "migrate_cached_sockets:0\r\n"));
    room_close(&s.r);
}

TEST(nothing_expires_under_way)
{
    struct scene s;
    scene_open(&s);
    say(s.a, "SET k v PX 500");
    say(s.b, "CLIENT PAUSE 600");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 k 0 1000"), "");
    room_pass(&s.r, 700);
    CHECK_EQ_STR(room_hear(s.a), "+OK\r\n");
    CHECK_EQ_STR(say(s.a, "EXISTS k"), ":0\r\n");
    CHECK_EQ_STR(say(s.b, "EXISTS k"), ":1\r\n");
    room_close(&s.r);
}

TEST(the_connection_is_kept_for_the_next_and_replaced_when_it_has_gone)
{
    struct scene s;
    scene_open(&s);
    say(s.a, "MSET x 1 y 2 z 3");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 x 0 1000"), "+OK\r\n");
    CHECK(info_says(s.a, "migrate_cached_sockets:1\r\n"));
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 y 0 1000"), "+OK\r\n");
    CHECK(info_says(s.b, "total_connections_received:2\r\n")); /* our own, and this one */
    for (int i = 0; i < ROOM_WIRES; i++) {
        struct wire *w = &s.r.wires[i];
        if (w->used && w->peer && w->node == s.r.nodes[0])
            w->held = true; /* and what it says is lost with it */
    }
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 z 0 1000"), "");
    CHECK_EQ_STR(say(s.b, "CLIENT KILL TYPE normal"), ":1\r\n");
    room_settle(&s.r);
    CHECK_EQ_STR(room_hear(s.a), "+OK\r\n");
    CHECK_EQ_STR(say(s.b, "GET z"), "$1\r\n3\r\n");
    room_pass(&s.r, 11000);
    CHECK(info_says(s.a, "migrate_cached_sockets:0\r\n"));
    room_close(&s.r);
}

TEST(a_caller_that_goes_leaves_the_rest_to_be_done)
{
    struct scene s;
    scene_open(&s);
    say(s.a, "SET k v");
    say(s.b, "CLIENT PAUSE 500");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 k 0 1000"), "");
    room_hang_up(s.a);
    room_pass(&s.r, 600);
    CHECK_EQ_STR(say(s.other, "EXISTS k"), ":0\r\n");
    CHECK_EQ_STR(say(s.b, "GET k"), "$1\r\nv\r\n");
    room_close(&s.r);
}

TEST(replicas_hear_that_the_key_is_gone_and_the_callers_wait_counts_it)
{
    struct scene s;
    scene_open(&s);
    struct wire *c = room_dial(&s.r, 2);
    say(c, "REPLICAOF host 1");
    say(s.a, "SET k v");
    room_pass(&s.r, 1000);
    CHECK_EQ_STR(say(c, "GET k"), "$1\r\nv\r\n");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 k 0 1000"), "+OK\r\n");
    CHECK_EQ_STR(say(s.a, "WAIT 1 100"), ":1\r\n");
    CHECK_EQ_STR(say(c, "GET k"), "$-1\r\n");
    CHECK_EQ_STR(say(c, "MIGRATE host 2 k 0 1000"),
                 "-READONLY You can't write against a read only replica.\r\n");
    room_close(&s.r);
}

TEST(a_node_whose_log_must_not_move_gives_it_up)
{
    struct scene s;
    scene_open(&s);
    say(s.a, "SET k v");
    say(s.b, "CLIENT PAUSE 500");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 2 k 0 1000"), "");
    CHECK_EQ_STR(say(s.other, "CLIENT PAUSE 5000 WRITE"), "+OK\r\n");
    room_pass(&s.r, 600);
    CHECK_EQ_STR(room_hear(s.a), unheard);
    CHECK_EQ_STR(say(s.a, "GET k"), "$1\r\nv\r\n");
    room_close(&s.r);
}

/* What answers is no server of ours: an answer in pieces, garbage, and the end of the connection. */
TEST(strange_targets)
{
    struct scene s;
    scene_open(&s);
    say(s.a, "MSET x 1 y 2");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 5 '' 0 1000 KEYS x y"), "");
    CHECK(has(room_hear(s.r.dialled), "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*4\r\n$7\r\nRESTORE\r\n$1\r\nx\r\n"));
    room_send(s.r.dialled, "+OK\r\n+OK\r");
    CHECK_EQ_STR(room_hear(s.a), "");
    room_send(s.r.dialled, "\n-OOPS no\r\n");
    CHECK_EQ_STR(room_hear(s.a), "-ERR Target instance replied with error: OOPS no\r\n");
    CHECK_EQ_STR(say(s.a, "MGET x y"), "*2\r\n$-1\r\n$1\r\n2\r\n");
    CHECK_EQ_STR(say(s.a, "MIGRATE host 6 y 0 1000"), "");
    room_hear(s.r.dialled);
    room_send(s.r.dialled, "HTTP/1.1 400 Bad Request\r\n\r\n");
    CHECK_EQ_STR(room_hear(s.a), unheard);
    CHECK_EQ_STR(say(s.a, "MIGRATE host 7 y 0 1000"), "");
    room_hang_up(s.r.dialled);
    room_settle(&s.r);
    CHECK_EQ_STR(room_hear(s.a), unheard);
    CHECK_EQ_STR(say(s.a, "GET y"), "$1\r\n2\r\n");
    room_close(&s.r);
}

TEST_MAIN()
