/* test_node_hurry.c: when a driver that hands over much in one turn had better end it (node_hurries). */
#include "sync_nodes.h"
#include "test.h"

enum { MUCH = 40 * 1024 };

/* Writes of `size` bytes in all, in the primary's turn, which goes on. */
static void write_much(struct wire *a, const char *write, size_t size)
{
    for (size_t done = 0; done < size; done += strlen(write)) room_put(a->session, write, strlen(write));
}

TEST(a_primary_hurries_when_replies_wait_for_much)
{
    struct room r;
    open_pair(&r, 2);
    struct wire *a = room_dial(&r, 0);
    struct node *n = r.nodes[0];
    write_much(a, "SET key value\r\n", MUCH);
    CHECK(!node_hurries(n)); /* nobody waits */
    room_settle(&r);
    say(a, "CONFIG SET sync-replicas \"ANY 1 (b)\"");
    write_much(a, "SET key value\r\n", 100);
    CHECK(!node_hurries(n)); /* not worth it */
    write_much(a, "SET key value ASYNC\r\n", MUCH);
    CHECK(node_hurries(n)); /* somebody waits, and there is much to do for the replica */
    node_settle(n);
    CHECK(!node_hurries(n));
    room_settle(&r);
    CHECK(!node_hurries(n));
    room_close(&r);
}

TEST(a_primary_without_replicas_has_nobody_to_hurry_for)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0);
    say(a, "CONFIG SET sync-replicas \"ANY 1 (b)\"");
    write_much(a, "SET key value\r\n", MUCH);
    CHECK(!node_hurries(r.nodes[0]));
    room_close(&r);
}

/* The acknowledgement that it was asked for stands at the end of the first part of what has come. */
TEST(a_replica_hurries_to_acknowledge)
{
    struct room r;
    open_pair(&r, 2);
    struct wire *a = room_dial(&r, 0), *stream = wire_of(&r, 1);
    struct node *n = r.nodes[1];
    stream->held = true;
    CHECK_EQ_STR(say(a, "SET key value"), "+OK\r\n");
    CHECK(!node_hurries(n));
    say(a, "DURABLE ANY 1 (b) DO SET key value");
    CHECK(!node_hurries(n)); /* it has been told already that there is something to send */
    stream->held = false;
    room_settle(&r);
    CHECK_EQ_STR(room_hear(a), "+OK\r\n");
    static const char asked[] = "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n";
    CHECK(room_put(stream->session, asked, sizeof asked - 1));
    CHECK(node_hurries(n));
    room_settle(&r);
    CHECK(!node_hurries(n));
    room_close(&r);
}

TEST_MAIN()
