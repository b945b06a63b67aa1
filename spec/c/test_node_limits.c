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

/* Says the same again and again, in one piece, without looking at what comes back. */
static void repeat(struct wire *w, const char *line, int times)
{
    char *text = malloc(strlen(line) * (size_t)times + 1);
    char *end = text;
    for (int i = 0; i < times; i++) end += sprintf(end, "%s", line);
    if (!room_put(w->session, text, (size_t)(end - text))) room_hang_up(w);
    free(text);
}

static void set_big(struct room *r, struct wire *w, size_t size)
{
    char text[65536];
    snprintf(text, sizeof text, "*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$%zu\r\n%*s\r\n", size, (int)size, "");
    room_put(w->session, text, strlen(text));
    room_settle(r);
    room_hear(w);
}

TEST(replies_that_nobody_reads_cost_no_more_than_their_limit)
{
    for (int in_exec = 0; in_exec < 2; in_exec++) {
        struct room r;
        room_open(&r, 1);
        struct wire *c = room_dial(&r, 0), *d = room_dial(&r, 0);
        say(c, "CONFIG SET client-output-buffer-limit \"normal 500000 0 0\"");
        set_big(&r, c, 20000);
        d->held = true;
        if (in_exec) say(d, "MULTI");
        repeat(d, "GET big\r\n", 1000);
        if (in_exec) say(d, "EXEC");
        room_settle(&r);
        CHECK(d->closed);
        CHECK(node_memory(r.nodes[0])->peak < 2000000);
        CHECK_EQ_STR(say(c, "STRLEN big"), ":20000\r\n");
        room_close(&r);
    }
}

TEST(a_transaction_is_no_larger_than_a_query_may_be)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0), *d = room_dial(&r, 0);
    say(c, "CONFIG SET client-query-buffer-limit 1mb");
    say(d, "MULTI");
    repeat(d, "SET key value\r\n", 20000);
    room_settle(&r);
    CHECK(!d->closed);
    repeat(d, "SET key value\r\n", 20000);
    room_settle(&r);
    CHECK(d->closed);
    room_close(&r);
}

TEST(a_replica_that_does_not_read_is_let_go_at_its_limit)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(a, "CONFIG SET client-output-buffer-limit \"replica 3mb 0 0\" maxmemory 3mb");
    say(b, "REPLICAOF host 1");
    room_pass(&r, 10);
    struct node_state state;
    r.wires[2].held = r.wires[3].held = true;
    for (int i = 0; i < 300; i++) {
        set_big(&r, a, 20000);
        node_inspect(r.nodes[0], &state);
        if (state.replicas == 0) break;
    }
    CHECK_EQ_INT(state.replicas, 0);
    CHECK(state.used_memory < 6000000);
    CHECK_EQ_STR(say(a, "SET big 1"), "+OK\r\n");
    room_pass(&r, 2000);
    CHECK_EQ_STR(say(b, "GET big"), "$1\r\n1\r\n");
    room_close(&r);
}

TEST(requests_behind_many_waits_are_not_moved_each_time)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 10);
    repeat(a, "SET k v\r\nWAIT 1 0\r\n", 200000);
    room_settle(&r);
    CHECK_EQ_INT(a->heard.size, 200000 * strlen("+OK\r\n:1\r\n"));
    room_close(&r);
}

TEST(without_memory_nothing_is_queued)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "SET a 1");
    say(c, "CONFIG SET maxmemory 1");
    CHECK_EQ_STR(room_send(c, "GET a\r\nSET a 2\r\nDEL b\r\n"),
                 "$1\r\n1\r\n-OOM command not allowed when used memory > 'maxmemory'.\r\n:0\r\n");
    CHECK_EQ_STR(room_send(c, "MULTI\r\nGET a\r\nEXEC\r\n"),
                 "+OK\r\n-OOM command not allowed when used memory > 'maxmemory'.\r\n"
                 "-EXECABORT Transaction discarded because of previous errors.\r\n");
    room_close(&r);
}

TEST(writes_need_near_replicas_unless_no_distance_is_near)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(a, "CONFIG SET min-replicas-to-write 1");
    CHECK_EQ_STR(say(a, "SET k v"), "-NOREPLICAS Not enough good replicas to write.\r\n");
    CHECK_EQ_STR(room_send(a, "MULTI\r\nGET k\r\nEXEC\r\n"), "+OK\r\n+QUEUED\r\n*1\r\n$-1\r\n");
    say(b, "REPLICAOF host 1");
    room_pass(&r, 10);
    CHECK_EQ_STR(say(a, "SET k v"), "+OK\r\n");
    say(b, "REPLICAOF NO ONE");
    CHECK_EQ_STR(say(a, "SET k v"), "-NOREPLICAS Not enough good replicas to write.\r\n");
    say(a, "CONFIG SET min-replicas-max-lag 0");
    CHECK_EQ_STR(say(a, "SET k v"), "+OK\r\n");
    room_close(&r);
}

TEST(a_replica_has_no_business_with_the_data)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    struct node_state state;
    node_inspect(r.nodes[0], &state);
    char line[100];
    snprintf(line, sizeof line, "PSYNC %s 1", state.replid);
    say(room_dial(&r, 0), "REPLCONF capa psync2"); /* from the first replica on there is a backlog */
    say(c, "SET k v");
    CHECK_EQ_STR(room_send(c, "MULTI\r\nPSYNC ? -1\r\nDISCARD\r\n"),
                 "+OK\r\n-ERR Command not allowed inside a transaction\r\n+OK\r\n");
    CHECK_EQ_STR(say(c, line), "+CONTINUE\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"
                               "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n");
    CHECK_EQ_STR(say(c, "GET k"), "-ERR Replica can't interact with the keyspace\r\n");
    CHECK_EQ_STR(say(c, line), "");
    CHECK_EQ_STR(say(c, "REPLCONF ACK 9223372036854775807"), "");
    CHECK_EQ_STR(say(c, "REPLCONF ACK -1"), "");
    CHECK_EQ_STR(say(c, "REPLCONF ACK many FACK more"), "");
    CHECK_EQ_STR(say(c, "RESET"), "-ERR can only reset normal client connections\r\n");
    CHECK_EQ_STR(say(c, "REPLICAOF host 1"), "-ERR Command is not valid when client is a replica.\r\n");
    struct channel_state channel;
    CHECK_EQ_INT(node_channels(r.nodes[0], &channel, 1), 1);
    CHECK_EQ_INT(channel.applied, channel.offset);
    room_close(&r);
}

TEST_MAIN()

/* ---- maxmemory-clients ---- */

static int64_t evicted(struct wire *w)
{
    const char *found = strstr(say(w, "INFO stats"), "\nevicted_clients:");
    return found ? strtoll(found + strlen("\nevicted_clients:"), NULL, 10) : -1;
}

/* As much of a request as so many bytes; it never ends. */
static void begin_large(struct wire *w, size_t size)
{
    char *text = malloc(size + 64);
    int head = snprintf(text, 64, "*2\r\n$3\r\nGET\r\n$50000000\r\n");
    memset(text + head, 'v', size);
    if (!room_put(w->session, text, (size_t)head + size)) room_hang_up(w);
    free(text);
    room_settle(w->room);
}

TEST(of_connections_that_take_too_much_the_largest_goes)
{
    struct room r;
    room_open(&r, 1);
    struct wire *control = room_dial(&r, 0), *small = room_dial(&r, 0), *large = room_dial(&r, 0);
    say(control, "CONFIG SET maxmemory-clients 3000000");
    begin_large(small, 100000);
    begin_large(large, 1200000);
    CHECK_EQ_INT(evicted(control), 0);
    struct wire *other = room_dial(&r, 0);
    begin_large(other, 1200000); /* a buffer grows ahead of what comes: the two take up to 4 MiB */
    CHECK(!small->closed && large->closed != other->closed);
    CHECK_EQ_INT(evicted(control), 1);
    CHECK_EQ_STR(say(control, "PING"), "+PONG\r\n");
    room_close(&r);
}

TEST(whoever_may_not_be_evicted_does_not_count)
{
    struct room r;
    room_open(&r, 1);
    struct wire *control = room_dial(&r, 0), *c = room_dial(&r, 0);
    say(control, "CONFIG SET maxmemory-clients 1000000");
    say(c, "CLIENT NO-EVICT ON");
    begin_large(c, 2000000);
    CHECK(!c->closed);
    CHECK_EQ_INT(evicted(control), 0);
    room_close(&r);
}

TEST(what_a_connection_watches_queues_and_does_not_read_counts)
{
    enum { TIMES = 5000 };
    char line[300];
    for (int what = 0; what < 4; what++) {
        struct room r;
        room_open(&r, 1);
        struct wire *control = room_dial(&r, 0), *c = room_dial(&r, 0);
        set_big(&r, control, 2000);
        say(control, "CLIENT NO-EVICT ON");
        say(control, "CONFIG SET maxmemory-clients 400000");
        if (what == 1) say(c, "MULTI");
        if (what == 3) c->held = true;
        for (int i = 0; i < TIMES && !c->closed; i++) {
            snprintf(line, sizeof line,
                     what == 0   ? "WATCH %d"
                     : what == 1 ? "SET %d %0100d"
                     : what == 2 ? "SUBSCRIBE %d"
                                 : "GET big",
                     i, i);
            say(c, line);
        }
        CHECK(c->closed);
        CHECK_EQ_INT(evicted(control), 1);
        room_close(&r);
    }
}

TEST(a_lower_limit_holds_at_once_and_may_be_a_part_of_maxmemory)
{
    struct room r;
    room_open(&r, 1);
    struct wire *control = room_dial(&r, 0), *c = room_dial(&r, 0);
    begin_large(c, 600000);
    say(control, "CONFIG SET maxmemory 100mb");
    CHECK_EQ_STR(say(control, "CONFIG SET maxmemory-clients 50%"), "+OK\r\n");
    CHECK_EQ_STR(say(control, "CONFIG GET maxmemory-clients"),
                 "*2\r\n$17\r\nmaxmemory-clients\r\n$3\r\n50%\r\n");
    CHECK(!c->closed);
    say(control, "CONFIG SET maxmemory 1mb");
    CHECK(c->closed);
    CHECK_EQ_INT(evicted(control), 1);
    CHECK_EQ_STR(
        say(control, "CONFIG SET maxmemory-clients 101%"),
        "-ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - percentage argument "
        "must be less or equal to 100\r\n");
    CHECK_EQ_STR(
        say(control, "CONFIG SET maxmemory-clients -5%"),
        "-ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - argument must be a "
        "memory or percent value\r\n");
    room_close(&r);
}
