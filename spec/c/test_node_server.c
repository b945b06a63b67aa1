/* test_node_server.c: commands about the server itself: DEBUG, TIME, SHUTDOWN, HELP, FLUSHALL. */
#include "nodes.h"
#include "test.h"

#define CHECK_HAS(text, part) CHECK(strstr(text, part) != NULL)

TEST(debug_digests_and_objects)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    CHECK_EQ_STR(say(c, "DEBUG DIGEST"), "+0000000000000000000000000000000000000000\r\n");
    say(c, "ZADD z 1 a 2 b");
    say(c, "COPY z other");
    char digest[64];
    snprintf(digest, sizeof digest, "%s", say(c, "DEBUG DIGEST-VALUE z"));
    CHECK_EQ_STR(say(c, "DEBUG DIGEST-VALUE other"), digest); /* of the value, whatever its name is */
    say(c, "ZADD other 3 c");
    CHECK(strcmp(say(c, "DEBUG DIGEST-VALUE other"), digest) != 0);
    say(c, "DEL z other");
    CHECK_EQ_STR(say(c, "DEBUG DIGEST-VALUE none"), "*1\r\n+0000000000000000000000000000000000000000\r\n");
    say(c, "SET k 10");
    CHECK(strcmp(say(c, "DEBUG DIGEST"), "+0000000000000000000000000000000000000000\r\n") != 0);
    room_pass(&r, 7000);
    CHECK_HAS(say(c, "DEBUG OBJECT k"), "+Value at:0x0 refcount:1 encoding:int serializedlength:2 lru:");
    CHECK_HAS(say(c, "DEBUG OBJECT k"), " lru_seconds_idle:7\r\n");
    CHECK_EQ_STR(say(c, "DEBUG OBJECT none"), "-ERR no such key\r\n");
    CHECK_EQ_STR(say(c, "DEBUG NOSUCH"),
                 "-ERR unknown subcommand or wrong number of arguments for 'NOSUCH'. Try DEBUG HELP.\r\n");
    say(c, "DEBUG SET-ACTIVE-EXPIRE 0");
    say(c, "PEXPIRE k 10");
    room_pass(&r, 100);
    CHECK_EQ_STR(say(c, "DBSIZE"), ":1\r\n");
    say(c, "DEBUG SET-ACTIVE-EXPIRE 1");
    room_pass(&r, 10);
    CHECK_EQ_STR(say(c, "DBSIZE"), ":0\r\n");
    room_close(&r);
}

TEST(time_is_what_the_driver_says)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    room_pass(&r, 1);
    CHECK_EQ_STR(say(c, "TIME"), "*2\r\n$10\r\n1700000000\r\n$4\r\n1000\r\n");
    room_close(&r);
}

TEST(shutdown_checks_its_words)
{
    struct room r;
    struct node_action action;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    CHECK_EQ_STR(say(c, "SHUTDOWN soon"), "-ERR syntax error\r\n");
    CHECK_EQ_STR(say(c, "SHUTDOWN SAVE NOSAVE"), "-ERR syntax error\r\n");
    CHECK_EQ_STR(say(c, "SHUTDOWN ABORT NOW"), "-ERR syntax error\r\n");
    CHECK_EQ_STR(say(c, "SHUTDOWN ABORT"), "-ERR No shutdown in progress.\r\n");
    CHECK_EQ_STR(room_send(c, "MULTI\r\nSHUTDOWN\r\nDISCARD\r\n"),
                 "+OK\r\n-ERR Command not allowed inside a transaction\r\n+OK\r\n");
    room_put(c->session, "SHUTDOWN NOSAVE NOW\r\nPING\r\n", 27);
    node_settle(r.nodes[0]);
    CHECK(node_next_action(r.nodes[0], &action));
    CHECK_EQ_INT(action.kind, NODE_SHUTDOWN);
    room_close(&r);
}

TEST(help_is_at_hand)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    CHECK_HAS(say(c, "CLIENT HELP"), "+CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n");
    CHECK_HAS(say(c, "CONFIG HELP"), "+REWRITE\r\n+    Rewrite the configuration file.\r\n+HELP\r\n");
    CHECK_HAS(say(c, "DEBUG HELP"), "+SLEEP <seconds>\r\n");
    room_close(&r);
}

/* With nothing else to do, no client and no time-out. */
TEST(what_was_flushed_is_freed)
{
    struct room r;
    char line[32];
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    for (int i = 0; i < 500; i++) {
        snprintf(line, sizeof line, "SET key:%d value", i);
        say(c, line);
    }
    size_t full = node_memory(r.nodes[0])->used;
    CHECK_EQ_STR(say(c, "FLUSHALL"), "+OK\r\n");
    for (int turns = 0; turns < 100 && node_deadline(r.nodes[0]) <= r.now.mono_us; turns++)
        node_advance(r.nodes[0], r.now);
    CHECK(node_deadline(r.nodes[0]) > r.now.mono_us);
    CHECK(node_memory(r.nodes[0])->used + 500 * 24 < full);
    room_close(&r);
}

TEST_MAIN()
