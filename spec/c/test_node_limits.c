/* test_node_limits.c: what is bounded at a node, and what far-off numbers do to it. */
#include "nodes.h"
#include "test.h"

TEST(a_key_that_expires_in_the_farthest_future_keeps_nobody_busy)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    CHECK_EQ_STR(say(c, "SET a 1 PXAT 9223372036854775807"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "SET b 1 PXAT 9223372036854775806"), "+OK\r\n");
    CHECK_EQ_STR(say(c, "SET c 1 PXAT 9223372036854775"), "+OK\r\n");
    CHECK_EQ_INT(node_deadline(r.nodes[0]), INT64_MAX);
    CHECK_EQ_STR(say(c, "SET d 1 PX 10"), "+OK\r\n");
    CHECK_EQ_INT(node_deadline(r.nodes[0]), r.now.mono_us + 11000);
    room_pass(&r, 20);
    CHECK_EQ_STR(say(c, "DBSIZE"), ":3\r\n");
    room_close(&r);
}

TEST_MAIN()
