/* test_node_stream.c: a replica and a primary that says anything: the specs' own hand on the wire. */
#include "nodes.h"
#include "test.h"

#define ID "1234567890abcdef1234567890abcdef12345678"
#define HELLO "+PONG\r\n+OK\r\n+OK\r\n+OK\r\n"

/* Node 0 follows us: port 9 is nobody's, so the connection is the spec's. */
static struct wire *primary_of(struct room *r, struct wire *client)
{
    r->dialled = NULL;
    say(client, "REPLICAOF us 9");
    return r->dialled;
}

TEST(orders_in_the_stream_count_and_are_not_carried_out)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0), *p = primary_of(&r, c);
    struct node_state before, after;
    node_inspect(r.nodes[0], &before);
    room_send(p, HELLO "+CONTINUE " ID "\r\n");
    room_send(p, "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n");
    room_send(p, "*3\r\n$9\r\nREPLICAOF\r\n$2\r\nNO\r\n$3\r\nONE\r\n*1\r\n$8\r\nSHUTDOWN\r\n");
    room_send(p, "*3\r\n$4\r\nWAIT\r\n$1\r\n1\r\n$1\r\n0\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
    node_inspect(r.nodes[0], &after);
    CHECK(!p->closed && after.link_up);
    CHECK_EQ_INT(after.offset - before.offset, 23 + 27 + 37 + 18 + 27 + 20);
    CHECK_EQ_STR(say(c, "GET k"), "$1\r\nv\r\n");
    room_close(&r);
}

TEST(an_offset_beyond_all_histories_is_refused)
{
    struct room r;
    room_open(&r, 1);
    struct wire *p = primary_of(&r, room_dial(&r, 0));
    room_send(p, HELLO "+FULLRESYNC " ID " 9223372036854775807\r\n");
    CHECK(p->closed);
    room_close(&r);
}

TEST(names_cannot_end_the_lines_in_which_they_are_shown)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0), *d = room_dial(&r, 0);
    CHECK_EQ_STR(say(c, "REPLICAOF \"x\\r\\nrole:master\" 1"), "-ERR Invalid master host\r\n");
    CHECK_EQ_STR(say(c, "REPLICAOF \"a\\x00b\" 1"), "-ERR Invalid master host\r\n");
    CHECK_EQ_STR(say(c, "REPLICAOF x 65536"), "-ERR Invalid master port\r\n");
    CHECK_EQ_STR(say(d, "REPLCONF name \"n\\r\\nrole:slave\" ip-address \"i\\r\\nrole:slave\""), "+OK\r\n");
    say(d, "PSYNC ? -1");
    CHECK(!strstr(say(c, "INFO replication"), "\nrole:slave"));
    CHECK_EQ_STR(say(c, "REPLCONF"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "REPLCONF a"), "-ERR syntax error\r\n");
    CHECK_EQ_STR(say(c, "REPLCONF a b"), "-ERR Unrecognized REPLCONF option: a\r\n");
    room_close(&r);
}

TEST_MAIN()
