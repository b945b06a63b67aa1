/* Pub/sub and keyspace notifications at a node: who is told what, in which protocol, in which order.
 *
 * SPDX-License-Identifier: MIT */
#include "node/internal.h"
#include "nodes.h"
#include "test.h"

static bool has(const char *text, const char *part) { return strstr(text, part) != NULL; }

TEST(a_channel_has_subscribers)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0), *p = room_dial(&r, 0);
    CHECK_EQ_STR(say(p, "PUBLISH news hello"), ":0\r\n");
    CHECK_EQ_STR(
        say(a, "SUBSCRIBE news sport"),
        "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$5\r\nsport\r\n:2\r\n");
    CHECK_EQ_STR(say(a, "SUBSCRIBE news"), "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:2\r\n");
    say(b, "HELLO 3");
    CHECK_EQ_STR(say(b, "SUBSCRIBE news"), ">3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n");
    CHECK_EQ_STR(say(p, "PUBLISH news hello"), ":2\r\n");
    CHECK_EQ_STR(room_hear(a), "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n");
    CHECK_EQ_STR(room_hear(b), ">3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n");
    CHECK_EQ_STR(say(p, "PUBSUB NUMSUB news sport nobody"),
                 "*6\r\n$4\r\nnews\r\n:2\r\n$5\r\nsport\r\n:1\r\n$6\r\nnobody\r\n:0\r\n");
    CHECK_EQ_STR(say(p, "PUBSUB CHANNELS s*"), "*1\r\n$5\r\nsport\r\n");
    CHECK_EQ_STR(say(a, "UNSUBSCRIBE news"), "*3\r\n$11\r\nunsubscribe\r\n$4\r\nnews\r\n:1\r\n");
    room_hang_up(b);
    CHECK_EQ_STR(say(p, "PUBLISH news hello"), ":0\r\n");
    CHECK_EQ_STR(say(p, "PUBSUB CHANNELS"), "*1\r\n$5\r\nsport\r\n");
    CHECK_EQ_STR(room_hear(a), "");
    room_close(&r);
}

TEST(patterns_and_shards)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0), *p = room_dial(&r, 0);
    say(a, "HELLO 3");
    say(a, "PSUBSCRIBE n*s [mn]ews");
    CHECK_EQ_STR(say(a, "SUBSCRIBE news"), ">3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:3\r\n");
    CHECK_EQ_STR(say(a, "SSUBSCRIBE news"), ">3\r\n$10\r\nssubscribe\r\n$4\r\nnews\r\n:1\r\n");
    CHECK_EQ_STR(say(p, "PUBLISH news 1"), ":3\r\n");
    CHECK_EQ_STR(room_hear(a), ">3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$1\r\n1\r\n"
                               ">4\r\n$8\r\npmessage\r\n$3\r\nn*s\r\n$4\r\nnews\r\n$1\r\n1\r\n"
                               ">4\r\n$8\r\npmessage\r\n$7\r\n[mn]ews\r\n$4\r\nnews\r\n$1\r\n1\r\n");
    CHECK_EQ_STR(say(p, "SPUBLISH news 2"), ":1\r\n");
    CHECK_EQ_STR(room_hear(a), ">3\r\n$8\r\nsmessage\r\n$4\r\nnews\r\n$1\r\n2\r\n");
    CHECK_EQ_STR(say(p, "PUBSUB NUMPAT"), ":2\r\n");
    CHECK_EQ_STR(say(p, "PUBSUB SHARDCHANNELS"), "*1\r\n$4\r\nnews\r\n");
    CHECK(has(say(p, "CLIENT LIST"), " flags=P db=0 sub=1 psub=2 ssub=1 "));
    CHECK(has(say(p, "INFO stats"), "pubsub_channels:1\r\npubsub_patterns:2\r\npubsubshard_channels:1\r\n"));
    CHECK_EQ_STR(say(a, "PUNSUBSCRIBE"), ">3\r\n$12\r\npunsubscribe\r\n$3\r\nn*s\r\n:2\r\n"
                                         ">3\r\n$12\r\npunsubscribe\r\n$7\r\n[mn]ews\r\n:1\r\n");
    CHECK_EQ_STR(say(a, "PUNSUBSCRIBE"), ">3\r\n$12\r\npunsubscribe\r\n_\r\n:1\r\n");
    CHECK_EQ_STR(say(a, "RESET"), "+RESET\r\n");
    CHECK_EQ_STR(say(p, "PUBLISH news 1"), ":0\r\n");
    CHECK_EQ_STR(say(p, "SPUBLISH news 1"), ":0\r\n");
    room_close(&r);
}

TEST(who_listens_in_resp2_may_do_little_else)
{
    static const char refusal[] =
        "-ERR Can't execute 'config|get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / "
        "QUIT / RESET are allowed in this context\r\n";
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0);
    say(a, "SUBSCRIBE c");
    CHECK_EQ_STR(say(a, "CONFIG GET port"), refusal);
    CHECK_EQ_STR(say(a, "PING"), "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    CHECK_EQ_STR(say(a, "PING x"), "*2\r\n$4\r\npong\r\n$1\r\nx\r\n");
    CHECK_EQ_STR(say(a, "CONFIG"), "-ERR wrong number of arguments for 'config' command\r\n");
    say(a, "UNSUBSCRIBE c");
    CHECK_EQ_STR(say(a, "PING"), "+PONG\r\n");
    say(a, "SSUBSCRIBE c");
    CHECK_EQ_STR(say(a, "CONFIG GET port"), refusal);
    CHECK_EQ_STR(say(a, "RESET"), "+RESET\r\n");
    CHECK_EQ_STR(say(a, "PING"), "+PONG\r\n");
    room_close(&r);
}

/* What one hears of one's own command comes before its reply, as in Redis 7.0; of EXEC, after it. */
TEST(who_publishes_may_listen)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0);
    say(a, "HELLO 3");
    say(a, "SUBSCRIBE c");
    CHECK_EQ_STR(say(a, "PUBLISH c 1"), ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\n1\r\n:1\r\n");
    say(a, "MULTI");
    say(a, "PUBLISH c 2");
    say(a, "PING");
    CHECK_EQ_STR(say(a, "EXEC"), "*2\r\n:1\r\n+PONG\r\n>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\n2\r\n");
    say(a, "CLIENT REPLY OFF");
    CHECK_EQ_STR(say(a, "PUBLISH c 3"), ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\n3\r\n");
    CHECK_EQ_STR(say(a, "SUBSCRIBE d"), ">3\r\n$9\r\nsubscribe\r\n$1\r\nd\r\n:2\r\n");
    room_close(&r);
}

TEST(exec_answers_with_subscriptions)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0);
    say(a, "MULTI");
    say(a, "SUBSCRIBE c");
    say(a, "SSUBSCRIBE c");
    CHECK_EQ_STR(say(a, "EXEC"), "*2\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"
                                 "-ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client\r\n");
    room_close(&r);
}

TEST(replicas_hear_it_and_pass_it_on)
{
    struct room r;
    room_open(&r, 3);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1), *c = room_dial(&r, 2);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 200);
    say(c, "REPLICAOF host 2");
    room_pass(&r, 200);
    say(b, "SUBSCRIBE c");
    say(c, "PSUBSCRIBE *");
    say(c, "SSUBSCRIBE s");
    CHECK_EQ_STR(say(a, "PUBLISH c hello"), ":0\r\n");
    CHECK_EQ_STR(room_hear(b), "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$5\r\nhello\r\n");
    CHECK_EQ_STR(room_hear(c), "*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\nc\r\n$5\r\nhello\r\n");
    say(a, "SPUBLISH s x");
    CHECK_EQ_STR(room_hear(c), "*3\r\n$8\r\nsmessage\r\n$1\r\ns\r\n$1\r\nx\r\n");
    say(a, "MULTI");
    say(a, "SET k v");
    say(a, "PUBLISH c both");
    say(a, "EXEC");
    CHECK_EQ_STR(room_hear(b), "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$4\r\nboth\r\n");
    CHECK_EQ_STR(say(a, "WAIT 1 0"), ":1\r\n");
    struct node_state states[3];
    for (int i = 0; i < 3; i++) node_inspect(r.nodes[i], &states[i]);
    CHECK_EQ_INT(states[1].offset, states[0].offset);
    CHECK_EQ_INT(states[2].offset, states[0].offset);
    CHECK_EQ_INT(states[0].full_syncs, 1);
    room_close(&r);
}

TEST(who_does_not_take_the_messages_is_let_go)
{
    struct room r;
    char message[2000];
    room_open(&r, 1);
    struct wire *slow = room_dial(&r, 0), *fast = room_dial(&r, 0), *p = room_dial(&r, 0);
    say(p, "CONFIG SET client-output-buffer-limit 'pubsub 100000 0 0 normal 1000 0 0'");
    say(slow, "SUBSCRIBE c");
    say(fast, "SUBSCRIBE c");
    slow->held = true;
    snprintf(message, sizeof message, "PUBLISH c %01900d", 7);
    for (int i = 0; i < 50; i++) say(p, message);
    CHECK(!slow->closed);
    for (int i = 0; i < 10; i++) say(p, message);
    CHECK(slow->closed);
    CHECK(!fast->closed);
    CHECK_EQ_STR(say(p, "PUBSUB NUMSUB c"), "*2\r\n$1\r\nc\r\n:1\r\n");
    room_close(&r);
}

TEST(and_after_a_while_beyond_the_soft_limit_too)
{
    struct room r;
    room_open(&r, 1);
    struct wire *slow = room_dial(&r, 0), *p = room_dial(&r, 0);
    say(p, "CONFIG SET client-output-buffer-limit 'pubsub 0 10 3'");
    say(slow, "SUBSCRIBE c");
    CHECK_EQ_INT(node_deadline(r.nodes[0]), INT64_MAX); /* nobody has to be looked at */
    slow->held = true;
    say(p, "PUBLISH c 0123456789");
    room_pass(&r, 2000);
    CHECK(!slow->closed);
    room_pass(&r, 2500);
    CHECK(slow->closed);
    CHECK_EQ_INT(node_deadline(r.nodes[0]), INT64_MAX);
    room_close(&r);
}

TEST(kinds_of_clients)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0);
    say(b, "CONFIG SET timeout 2");
    say(a, "SUBSCRIBE c");
    for (int i = 0; i < 4; i++) {
        room_pass(&r, 1000);
        say(b, "PING");
    }
    CHECK(!a->closed); /* who listens has no need to speak */
    CHECK(has(say(b, "CLIENT LIST TYPE pubsub"), "id=2 "));
    CHECK(!has(say(b, "CLIENT LIST TYPE normal"), "id=2 "));
    CHECK_EQ_STR(say(b, "CLIENT KILL TYPE normal"), ":0\r\n");
    CHECK_EQ_STR(say(b, "CLIENT KILL TYPE pubsub"), ":1\r\n");
    CHECK(a->closed);
    CHECK_EQ_STR(say(b, "PUBSUB NUMSUB c"), "*2\r\n$1\r\nc\r\n:0\r\n");
    room_close(&r);
}

TEST(the_node_itself_cannot_listen)
{
    struct room r;
    room_open(&r, 1);
    struct bytes out;
    struct resp_writer w;
    bytes_init(&out, &r.memory);
    resp_writer_init(&w, &out, 3);
    struct session *s = node_local_open(r.nodes[0]);
    struct slice words[] = {slice_text("SUBSCRIBE"), slice_text("c")};
    CHECK(session_call(s, 2, words, &w.reply) == SESSION_DONE);
    bytes_append_char(&out, '\0');
    CHECK_EQ_STR(out.data, "-ERR SUBSCRIBE isn't allowed for a DENY BLOCKING client\r\n");
    bytes_free(&out);
    room_close(&r);
}

/* ---- keyspace notifications ---- */

TEST(events_are_published)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0), *p = room_dial(&r, 0);
    say(a, "HELLO 3");
    say(a, "PSUBSCRIBE __key*");
    say(p, "SET k v");
    CHECK_EQ_STR(room_hear(a), ""); /* not asked for */
    CHECK_EQ_STR(say(p, "CONFIG SET notify-keyspace-events KEA"), "+OK\r\n");
    say(p, "SET k w");
    CHECK_EQ_STR(room_hear(a),
                 ">4\r\n$8\r\npmessage\r\n$6\r\n__key*\r\n$16\r\n__keyspace@0__:k\r\n$3\r\nset\r\n"
                 ">4\r\n$8\r\npmessage\r\n$6\r\n__key*\r\n$18\r\n__keyevent@0__:set\r\n$1\r\nk\r\n");
    say(p, "CONFIG SET notify-keyspace-events Eg");
    say(p, "SELECT 3");
    say(p, "SET k v EX 10");
    CHECK_EQ_STR(room_hear(a),
                 ">4\r\n$8\r\npmessage\r\n$6\r\n__key*\r\n$21\r\n__keyevent@3__:expire\r\n$1\r\nk\r\n");
    say(p, "CONFIG SET notify-keyspace-events Ex");
    room_pass(&r, 10001);
    CHECK_EQ_STR(room_hear(a),
                 ">4\r\n$8\r\npmessage\r\n$6\r\n__key*\r\n$22\r\n__keyevent@3__:expired\r\n$1\r\nk\r\n");
    say(p, "CONFIG SET notify-keyspace-events A"); /* neither K nor E: none */
    say(p, "SET k v");
    CHECK_EQ_STR(room_hear(a), "");
    CHECK(has(say(p, "CONFIG SET notify-keyspace-events ?"),
              "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."));
    CHECK(has(say(p, "CONFIG GET notify-keyspace-events"), "$1\r\nA\r\n"));
    room_close(&r);
}

TEST(events_of_ones_own_commands)
{
    static const char event[] = ">3\r\n$7\r\nmessage\r\n$18\r\n__keyevent@0__:del\r\n$1\r\nk\r\n";
    struct room r;
    char wanted[200];
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0);
    say(a, "HELLO 3");
    say(a, "CONFIG SET notify-keyspace-events KEA");
    say(a, "SUBSCRIBE __keyevent@0__:del");
    say(a, "SET k v");
    snprintf(wanted, sizeof wanted, "%s:1\r\n", event);
    CHECK_EQ_STR(say(a, "DEL k"), wanted);
    say(a, "SET k v");
    say(a, "MULTI");
    say(a, "DEL k");
    snprintf(wanted, sizeof wanted, "*1\r\n:1\r\n%s", event);
    CHECK_EQ_STR(say(a, "EXEC"), wanted);
    room_close(&r);
}

TEST(replicas_publish_events_of_their_own)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 200);
    say(b, "CONFIG SET notify-keyspace-events KEA");
    say(b, "SUBSCRIBE __keyevent@0__:set __keyevent@0__:del");
    say(a, "SET k v PX 10");
    CHECK_EQ_STR(room_hear(b), "*3\r\n$7\r\nmessage\r\n$18\r\n__keyevent@0__:set\r\n$1\r\nk\r\n");
    room_pass(&r, 20);
    CHECK_EQ_STR(room_hear(b), "*3\r\n$7\r\nmessage\r\n$18\r\n__keyevent@0__:del\r\n$1\r\nk\r\n");
    room_close(&r);
}

TEST_MAIN()
