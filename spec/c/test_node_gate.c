/* test_node_gate.c: replies that wait for chosen replicas: what is held, what lets it go, what takes its place. */
#include "sync_nodes.h"
#include "test.h"

TEST(a_reply_waits_for_the_replica_that_is_named)
{
    struct room r;
    open_pair(&r, 3);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    CHECK_EQ_STR(say(a, "CONFIG SET sync-replicas \"ANY 1 (b)\""), "+OK\r\n");
    CHECK_EQ_STR(say(a, "SET k v"), "+OK\r\n");
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(say(a, "SET k w"), "");
    CHECK_EQ_STR(say(a, "GET k"), "");
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\nv\r\n");
    hold_replica(&r, 1, false);
    CHECK_EQ_STR(room_hear(a), "+OK\r\n$1\r\nw\r\n");
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\nw\r\n");
    room_close(&r);
}

TEST(who_is_not_named_never_counts_and_holds_nobody_up)
{
    struct room r;
    open_pair(&r, 3);
    struct wire *a = room_dial(&r, 0);
    CHECK_EQ_STR(say(a, "CONFIG SET sync-replicas \"ANY 1 (b)\""), "+OK\r\n");
    hold_replica(&r, 2, true);
    CHECK_EQ_STR(say(a, "SET k v"), "+OK\r\n");
    hold_replica(&r, 2, false);
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(say(a, "SET k w"), "");
    CHECK_EQ_STR(say(a, "WAIT 1 0"), "");
    hold_replica(&r, 1, false);
    CHECK_EQ_STR(room_hear(a), "+OK\r\n:1\r\n");
    room_close(&r);
}

TEST(a_time_out_answers_an_error_or_the_reply_all_the_same)
{
    struct room r;
    open_pair(&r, 2);
    struct wire *a = room_dial(&r, 0);
    say(a, "CONFIG SET sync-replicas \"ANY 1 (b)\" sync-timeout 100");
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(room_send(a, "SET k v\r\nGET k\r\nPING\r\n"), "");
    room_pass(&r, 99);
    CHECK_EQ_STR(room_hear(a), "");
    room_pass(&r, 2);
    const char *heard = room_hear(a);
    CHECK(strncmp(heard, "-UNACKNOWLEDGED the write was applied here (", 44) == 0);
    CHECK_EQ_STR(strchr(heard, ')'),
                 "), but was not applied by ANY 1 (b) within 100 ms\r\n$1\r\nv\r\n+PONG\r\n");
    say(a, "CONFIG SET sync-on-timeout degrade");
    CHECK_EQ_STR(room_send(a, "SET k w\r\nGET k\r\n"), "");
    room_pass(&r, 101);
    CHECK_EQ_STR(room_hear(a), "+OK\r\n$1\r\nw\r\n");
    room_close(&r);
}

/* Past a bulk string of 40 hexadecimal digits, a colon and a number. */
static bool skip_token(const char **heard)
{
    const char *line = strstr(*heard, "\r\n");
    if (**heard != '$' || !line || line[2 + 40] != ':') return false;
    *heard = strstr(line + 2, "\r\n") + 2;
    return true;
}

TEST(async_is_the_way_out_for_any_write)
{
    struct room r;
    open_pair(&r, 2);
    struct wire *a = room_dial(&r, 0);
    say(a, "CONFIG SET sync-replicas \"ANY 1 (b)\"");
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(say(a, "ASYNC SET k v"), "+OK\r\n");
    CHECK_EQ_STR(say(a, "ASYNC INCR n"), ":1\r\n");
    CHECK_EQ_STR(say(a, "SET k w EX 100 ASYNC"), "+OK\r\n");
    CHECK_EQ_STR(say(a, "SET k w ASYNC GET"), "$1\r\nw\r\n");
    CHECK_EQ_STR(say(a, "DURABLE ASYNC DO SET k x"), "+OK\r\n");
    CHECK_EQ_STR(say(a, "ASYNC GET k"), "$1\r\nx\r\n");
    CHECK_EQ_STR(say(a, "COMMAND GETKEYS ASYNC MSET k1 v k2 v"), "*2\r\n$2\r\nk1\r\n$2\r\nk2\r\n");
    CHECK_EQ_STR(say(a, "COMMAND GETKEYS DURABLE ANY 1 (b) DO SET k v"), "*1\r\n$1\r\nk\r\n");
    CHECK_EQ_STR(say(a, "ASYNC"), "-ERR wrong number of arguments for 'async' command\r\n");
    CHECK_EQ_STR(say(a, "ASYNC PING"),
                 "-ERR 'ping' neither reads nor writes: it has nothing to wait for\r\n");
    CHECK_EQ_STR(say(a, "ASYNC ASYNC SET k v"),
                 "-ERR 'async' neither reads nor writes: it has nothing to wait for\r\n");
    CHECK_EQ_STR(say(a, "ASYNC SET k"), "-ERR wrong number of arguments for 'set' command\r\n");
    CHECK_EQ_STR(room_send(a, "MULTI\r\nASYNC SET k y\r\nASYNC INCR n\r\nEXEC\r\n"),
                 "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n:2\r\n");
    CHECK_EQ_STR(room_send(a, "MULTI\r\nSET k z\r\nASYNC EXEC\r\n"), "+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n");
    CHECK_EQ_STR(room_send(a, "MULTI\r\nASYNC SET k y\r\nINCR n\r\nEXEC\r\n"),
                 "+OK\r\n+QUEUED\r\n+QUEUED\r\n");
    hold_replica(&r, 1, false);
    CHECK_EQ_STR(room_hear(a), "*2\r\n+OK\r\n:3\r\n");
    struct wire *b = room_dial(&r, 1);
    CHECK_EQ_STR(say(b, "MGET k n"), "*2\r\n$1\r\ny\r\n$1\r\n3\r\n");
    CHECK_EQ_STR(say(b, "ASYNC SET k v"), "-READONLY You can't write against a read only replica.\r\n");
    room_close(&r);
}

/* The stream of a replica must not have what only we understand. */
TEST(what_is_logged_is_redis)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0);
    room_send(b, "REPLCONF capa psync2\r\nPSYNC ? -1\r\n");
    room_pass(&r, 10);
    room_hear(b);
    CHECK_EQ_STR(
        room_send(a, "ASYNC SET a 1\r\nSET b 2 NX ASYNC\r\nDURABLE ANY 1 (x) TIMEOUT 1 DO SET c 3\r\n"),
        "+OK\r\n+OK\r\n");
    CHECK_EQ_STR(strstr(room_hear(b), "SELECT"), "SELECT\r\n$1\r\n0\r\n"
                                                 "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"
                                                 "*4\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\n$2\r\nNX\r\n"
                                                 "*3\r\n$3\r\nSET\r\n$1\r\nc\r\n$1\r\n3\r\n"
                                                 "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n");
    room_close(&r);
}

TEST(durable_is_the_way_in)
{
    struct room r;
    open_pair(&r, 3);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0);
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(say(a, "DURABLE ANY 1 (b)"), "+OK\r\n");
    CHECK_EQ_STR(say(a, "SET k v"), "");
    CHECK_EQ_STR(say(b, "SET k w"), "+OK\r\n");
    CHECK_EQ_STR(say(b, "DURABLE FIRST 1 (c, b) DO SET k x"), "+OK\r\n");
    CHECK_EQ_STR(say(b, "DURABLE \"ANY 2 (b, c)\" TIMEOUT 50 ON-TIMEOUT degrade DO SET k x"), "");
    room_pass(&r, 51);
    CHECK_EQ_STR(room_hear(b), "+OK\r\n");
    hold_replica(&r, 1, false);
    CHECK_EQ_STR(room_hear(a), "+OK\r\n");
    CHECK_EQ_STR(say(a, "DURABLE DEFAULT"), "+OK\r\n");
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(say(a, "SET k v"), "+OK\r\n");
    CHECK_EQ_STR(say(a, "DURABLE ANY 1 (b)"), "+OK\r\n");
    CHECK_EQ_STR(say(a, "RESET"), "+RESET\r\n");
    CHECK_EQ_STR(say(a, "SET k v"), "+OK\r\n");
    room_close(&r);
}

TEST(words_that_are_wrong)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0);
    CHECK_EQ_STR(say(a, "DURABLE LEVEL applied"),
                 "-ERR a rule, as in ANY 1 (b, c), ASYNC or DEFAULT expected\r\n");
    CHECK_EQ_STR(say(a, "DURABLE ANY 1 (b) LEVEL fast"),
                 "-ERR LEVEL must be received, applied or fsynced\r\n");
    CHECK_EQ_STR(say(a, "DURABLE ANY 1 (b) LEVEL"), "-ERR syntax error\r\n");
    CHECK_EQ_STR(say(a, "DURABLE ANY 1 (b) TIMEOUT -1"),
                 "-ERR TIMEOUT must be a number of milliseconds, 0 for none\r\n");
    CHECK_EQ_STR(say(a, "DURABLE ASYNC LEVEL applied"),
                 "-ERR LEVEL and time-outs go with a rule of their own\r\n");
    CHECK_EQ_STR(say(a, "DURABLE ASYNC READS committed"),
                 "-ERR committed reads wait, and ASYNC does not\r\n");
    CHECK_EQ_STR(say(a, "DURABLE ANY (b)"), "-ERR a number of replicas expected, as in ANY 1 (b, c)\r\n");
    CHECK_EQ_STR(say(a, "DURABLE ANY 1 (b) RECEIPT yes DO"), "-ERR syntax error\r\n");
    CHECK_EQ_STR(room_send(a, "MULTI\r\nDURABLE ASYNC\r\nDURABLE ANY 1 (b) DO SET k v\r\nEXEC\r\n"),
                 "+OK\r\n-ERR Command not allowed inside a transaction\r\n"
                 "-ERR in a transaction DURABLE stands before EXEC\r\n"
                 "-EXECABORT Transaction discarded because of previous errors.\r\n");
    room_close(&r);
}

TEST(receipts)
{
    struct room r;
    open_pair(&r, 3);
    struct wire *a = room_dial(&r, 0);
    CHECK_EQ_STR(say(a, "DURABLE ANY 1 (b, c) RECEIPT yes"), "+OK\r\n");
    hold_replica(&r, 2, true);
    const char *heard = say(a, "SET k v");
    CHECK(begins(&heard, "*2\r\n+OK\r\n*14\r\n$5\r\ntoken\r\n") && skip_token(&heard));
    CHECK(begins(&heard, "$6\r\nreplid\r\n$40\r\n"));
    heard = strstr(heard, "$4\r\nrule");
    CHECK_EQ_STR(heard, "$4\r\nrule\r\n$12\r\nANY 1 (b, c)\r\n$5\r\nlevel\r\n$7\r\napplied\r\n"
                        "$12\r\nacknowledged\r\n*2\r\n$1\r\nb\r\n$7\r\napplied\r\n$8\r\ndegraded\r\n:0\r\n");
    CHECK_EQ_STR(say(a, "GET k"), "$1\r\nv\r\n");
    CHECK_EQ_STR(say(a, "SET k v NX"), "*2\r\n$-1\r\n$-1\r\n");
    CHECK_EQ_STR(say(a, "INCR k"), "-ERR value is not an integer or out of range\r\n");
    heard = say(a, "SET k v ASYNC");
    CHECK(begins(&heard, "*2\r\n+OK\r\n*14\r\n"));
    CHECK_EQ_STR(say(a, "DURABLE ASYNC RECEIPT yes DO GET k"), "*2\r\n$1\r\nv\r\n$-1\r\n");
    say(a, "HELLO 3");
    heard = say(a, "DURABLE ANY 2 (b, c) TIMEOUT 20 ON-TIMEOUT degrade RECEIPT yes DO INCR n");
    CHECK_EQ_STR(heard, "");
    room_pass(&r, 21);
    heard = room_hear(a);
    CHECK(begins(&heard, "*2\r\n:1\r\n%7\r\n$5\r\ntoken\r\n"));
    CHECK_EQ_STR(strstr(heard, "$12\r\nacknowledged"),
                 "$12\r\nacknowledged\r\n%1\r\n$1\r\nb\r\n$7\r\napplied\r\n$8\r\ndegraded\r\n#t\r\n");
    room_close(&r);
}

TEST(committed_reads_wait_for_what_could_be_lost)
{
    struct room r;
    open_pair(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0), *c = room_dial(&r, 1);
    CHECK_EQ_STR(say(b, "DURABLE DEFAULT READS committed"), "+OK\r\n");
    CHECK_EQ_STR(say(b, "GET k"), "-ERR committed reads need sync replicas\r\n");
    CHECK_EQ_STR(say(b, "DURABLE ANY 1 (b) READS committed"), "+OK\r\n");
    CHECK_EQ_STR(say(b, "GET k"), "$-1\r\n");
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(say(b, "GET k"), "$-1\r\n");
    CHECK_EQ_STR(say(a, "SET k v"), "+OK\r\n");
    CHECK_EQ_STR(say(a, "GET k"), "$1\r\nv\r\n");
    CHECK_EQ_STR(say(b, "GET k"), "");
    hold_replica(&r, 1, false);
    CHECK_EQ_STR(room_hear(b), "$1\r\nv\r\n");
    room_pass(&r, 20000);
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(say(b, "GET k"), "$1\r\nv\r\n");
    CHECK_EQ_STR(say(c, "DURABLE ANY 1 (b) READS committed DO GET k"),
                 "-ERR committed reads are answered by the primary\r\n");
    room_close(&r);
}

TEST(who_has_its_replies_held_can_be_unblocked)
{
    struct room r;
    open_pair(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0);
    say(a, "CLIENT ID");
    hold_replica(&r, 1, true);
    say(a, "DURABLE ANY 1 (b)");
    CHECK_EQ_STR(say(a, "SET k v"), "");
    CHECK(strstr(say(b, "CLIENT LIST"), " held=5\n") != NULL);
    CHECK(strstr(say(b, "INFO replication"), "sync_held_replies:1\r\n") != NULL);
    CHECK_EQ_STR(say(b, "CLIENT UNBLOCK 3 ERROR"), ":1\r\n");
    const char *heard = room_hear(a);
    CHECK(begins(&heard, "-UNACKNOWLEDGED the write was applied here ("));
    CHECK_EQ_STR(strchr(heard, ')'),
                 "), but was not applied by ANY 1 (b) before the client was unblocked\r\n");
    CHECK_EQ_STR(say(b, "CLIENT UNBLOCK 3"), ":0\r\n");
    CHECK(strstr(say(b, "CLIENT LIST"), " held=") == NULL);
    room_close(&r);
}

TEST(a_demotion_answers_who_waits)
{
    struct room r;
    open_pair(&r, 3);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0);
    say(a, "CONFIG SET sync-replicas \"ANY 1 (b)\" sync-on-timeout degrade");
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(room_send(a, "SET k v\r\nGET k\r\n"), "");
    const char *heard = room_send(b, "SET j v\r\nREPLICAOF host 3\r\nREPLICAOF NO ONE\r\nSET k w ASYNC\r\n");
    CHECK(begins(&heard, "-UNACKNOWLEDGED the write was applied here ("));
    CHECK_EQ_STR(strchr(heard, ')'),
                 "), but was not applied by ANY 1 (b) before this node became a replica: it may be "
                 "lost\r\n+OK\r\n+OK\r\n+OK\r\n");
    heard = room_hear(a);
    CHECK(begins(&heard, "-UNACKNOWLEDGED"));
    CHECK_EQ_STR(strstr(heard, "$1"), "$1\r\nv\r\n");
    room_close(&r);
}

TEST(another_policy_is_what_waits_now_waits_for)
{
    struct room r;
    open_pair(&r, 3);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0), *own = room_dial(&r, 0);
    say(b, "CONFIG SET sync-replicas \"ANY 1 (b)\"");
    say(own, "DURABLE ANY 1 (b)");
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(say(a, "SET k v"), "");
    CHECK_EQ_STR(say(own, "SET k v"), "");
    CHECK_EQ_STR(say(b, "CONFIG SET sync-replicas \"ANY 1 (c, b)\""), "+OK\r\n");
    CHECK_EQ_STR(room_hear(a), "+OK\r\n");
    hold_replica(&r, 2, true);
    CHECK_EQ_STR(say(a, "SET k v"), "");
    CHECK_EQ_STR(say(b, "CONFIG SET sync-timeout 100"), "+OK\r\n");
    room_pass(&r, 101);
    CHECK(strncmp(room_hear(a), "-UNACK", 6) == 0);
    CHECK_EQ_STR(say(a, "SET k v"), "");
    CHECK_EQ_STR(say(b, "CONFIG SET sync-replicas \"\""), "+OK\r\n");
    CHECK_EQ_STR(room_hear(a), "+OK\r\n");
    CHECK_EQ_STR(room_hear(own), "");
    hold_replica(&r, 1, false);
    CHECK_EQ_STR(room_hear(own), "+OK\r\n");
    room_close(&r);
}

TEST(who_leaves_is_answered_in_order_before)
{
    struct room r;
    open_pair(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0), *c = room_dial(&r, 0);
    say(a, "CONFIG SET sync-replicas \"ANY 1 (b)\"");
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(room_send(a, "SET k v\r\nCLIENT REPLY SKIP\r\nSET k w\r\nCLIENT REPLY OFF\r\nSET k "
                              "x\r\nCLIENT REPLY ON\r\nQUIT\r\n"),
                 "");
    room_send(b, "SET k y\r\n");
    room_hang_up(b);
    CHECK_EQ_STR(room_send(c, "SET k z\r\nWAIT 1 0\r\nGET k\r\n"), "");
    hold_replica(&r, 1, false);
    CHECK_EQ_STR(room_hear(a), "+OK\r\n+OK\r\n+OK\r\n");
    CHECK(a->closed);
    CHECK_EQ_STR(room_hear(c), "+OK\r\n:1\r\n$1\r\nz\r\n");
    room_close(&r);
}

TEST(shutdown_answers_who_waits)
{
    struct room r;
    open_pair(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0);
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(room_send(a, "DURABLE ANY 1 (b)\r\nSET k v\r\n"), "+OK\r\n");
    say(b, "SHUTDOWN NOSAVE NOW");
    const char *heard = room_hear(a);
    CHECK(begins(&heard, "-UNACKNOWLEDGED"));
    CHECK_EQ_STR(strchr(heard, ')'), "), but was not applied by ANY 1 (b) before this node shut down\r\n");
    room_close(&r);
}

TEST(waitaof)
{
    struct room r;
    open_pair(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(a, "SET k v");
    CHECK_EQ_STR(say(a, "WAITAOF 0 0 0"), "*2\r\n:0\r\n:0\r\n");
    CHECK_EQ_STR(say(a, "WAITAOF 1 0 0"),
                 "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n");
    CHECK_EQ_STR(say(a, "WAITAOF 2 0 0"), "-ERR value is out of range, value must between 0 and 1\r\n");
    CHECK_EQ_STR(say(a, "WAITAOF 0 -1 0"), "-ERR value is out of range, must be positive\r\n");
    CHECK_EQ_STR(say(a, "WAITAOF 0 1 -1"), "-ERR timeout is negative\r\n");
    CHECK_EQ_STR(say(a, "WAITAOF 0 1 50"), "");
    room_pass(&r, 51);
    CHECK_EQ_STR(room_hear(a), "*2\r\n:0\r\n:0\r\n");
    CHECK_EQ_STR(say(b, "WAITAOF 0 1 50"),
                 "-ERR WAITAOF cannot be used with replica instances. Please also note that "
                 "writes to replicas are just local and are not propagated.\r\n");
    room_close(&r);
}

/* A replica that says what is on its disk, as ours with a journal does. */
TEST(what_is_on_disks_is_waited_for)
{
    struct room r;
    room_open(&r, 1);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 0);
    say(a, "SET k v");
    room_send(b, "REPLCONF name b capa psync2\r\nPSYNC ? -1\r\n");
    room_pass(&r, 10);
    room_send(b, "REPLCONF ACK 51\r\n");
    CHECK_EQ_STR(room_send(a, "SET k w\r\nWAITAOF 0 1 0\r\n"), "+OK\r\n");
    room_send(b, "REPLCONF ACK 100000 FACK 20\r\n");
    CHECK_EQ_STR(room_hear(a), "");
    room_send(b, "REPLCONF ACK 100000 FACK 100000\r\n");
    CHECK_EQ_STR(room_hear(a), "*2\r\n:0\r\n:1\r\n");
    CHECK_EQ_STR(say(a, "DURABLE ANY 1 (b) LEVEL fsynced DO SET k x"), "");
    room_send(b, "REPLCONF ACK 100000\r\n");
    CHECK_EQ_STR(room_hear(a), "");
    room_send(b, "REPLCONF ACK 100000 FACK 100000\r\n");
    CHECK_EQ_STR(room_hear(a), "+OK\r\n");
    CHECK_EQ_STR(say(a, "DURABLE ANY 1 (b) LEVEL received DO SET k y"), "");
    room_send(b, "REPLCONF ACK 10 RACK 100000\r\n");
    CHECK_EQ_STR(room_hear(a), "+OK\r\n");
    room_close(&r);
}

/* A channel that is held takes in what comes: received, and not applied. */
TEST(received_is_less_than_applied)
{
    struct room r;
    open_pair(&r, 2);
    struct wire *a = room_dial(&r, 0);
    struct channel_state channel;
    CHECK_EQ_INT(node_channels(r.nodes[1], &channel, 1), 1);
    CHECK(node_channel_pause(r.nodes[1], channel.id, true));
    CHECK_EQ_STR(say(a, "DURABLE ANY 1 (b) DO SET k v"), "");
    CHECK_EQ_STR(say(a, "GET k"), "");
    struct wire *b = room_dial(&r, 0);
    CHECK_EQ_STR(say(b, "DURABLE ANY 1 (b) LEVEL received DO SET k w"), "+OK\r\n");
    CHECK(node_channel_pause(r.nodes[1], channel.id, false));
    room_settle(&r);
    CHECK_EQ_STR(room_hear(a), "+OK\r\n$1\r\nv\r\n");
    room_close(&r);
}

TEST(min_replicas_by_distance)
{
    struct room r;
    open_pair(&r, 2);
    struct wire *a = room_dial(&r, 0);
    say(a, "CONFIG SET min-replicas-to-write 1 min-replicas-max-lag 0 min-replicas-max-lag-bytes 1000");
    char text[1100] = "SET k ";
    memset(text + 6, 'x', 600);
    CHECK_EQ_STR(say(a, text), "+OK\r\n");
    CHECK_EQ_STR(say(a, text), "+OK\r\n");
    hold_replica(&r, 1, true);
    CHECK_EQ_STR(say(a, text), "+OK\r\n");
    CHECK_EQ_STR(say(a, text), "+OK\r\n");
    CHECK_EQ_STR(say(a, text), "-NOREPLICAS Not enough good replicas to write.\r\n");
    hold_replica(&r, 1, false);
    CHECK_EQ_STR(say(a, text), "+OK\r\n");
    room_close(&r);
}

TEST_MAIN()
