/* Both ends of a channel, joined by a wire that carries bytes in random pieces, breaks, and is cut. */
#include "peers.h"
#include "test.h"

struct pair {
    struct peer primary, replica;
    struct wire wire;
};

static void open_pair(struct pair *x, uint64_t seed)
{
    peer_open(&x->primary, seed * 2 + 1);
    peer_open(&x->replica, seed * 2 + 2);
    wire_init(&x->wire, &x->replica, &x->primary, seed);
}

static bool close_pair(struct pair *x)
{
    wire_free(&x->wire);
    bool clean = peer_close(&x->replica);
    return peer_close(&x->primary) && clean;
}

/* All that went over a wire, with ids, the end mark and the RDB file left out. */
static const char *transcript(const struct bytes *heard, const char *replid)
{
    static char text[4096];
    size_t n = 0;
    const char *p = heard->data, *end = p + heard->size;
    while (p < end && n < sizeof text - 8) {
        const char *eof = end - p > 47 && memcmp(p, "$EOF:", 5) == 0
                              ? memmem(p + 46, (size_t)(end - p - 46), p + 5, 40)
                              : NULL;
        if (end - p >= 40 && memcmp(p, replid, 40) == 0) {
            text[n++] = '@';
            p += 40;
        } else if (eof) {
            n += (size_t)sprintf(text + n, "$EOF...");
            p = eof + 40;
        } else {
            if (*p != '\r') text[n++] = *p;
            p++;
        }
    }
    text[n] = '\0';
    return text;
}

/* The whole life of a channel, read from the wire. */
TEST(golden_transcript)
{
    struct pair x;
    open_pair(&x, 1);
    x.wire.record = true;
    peer_set(&x.primary, 0, "a", "1");
    peer_follow(&x.replica);
    char own[REPLID_SIZE + 1];
    memcpy(own, x.replica.log.replid, sizeof own);
    wire_run(&x.wire, 1000);
    peer_set(&x.primary, 0, "a", "2");
    peer_append(&x.primary, 3, (const char *const[]){"REPLCONF", "GETACK", "*"});
    wire_run(&x.wire, 1000);
    CHECK(converged(&x.replica, &x.primary));
    CHECK_EQ_STR(transcript(&x.wire.heard_up, own),
                 "*1\n$4\nPING\n"
                 "*3\n$8\nREPLCONF\n$14\nlistening-port\n$4\n6380\n"
                 "*7\n$8\nREPLCONF\n$4\ncapa\n$3\neof\n$4\ncapa\n$6\npsync2\n$4\ncapa\n$6\nshared\n"
                 "*3\n$8\nREPLCONF\n$4\nname\n$1\nb\n"
                 "*3\n$5\nPSYNC\n$40\n@\n$1\n1\n"
                 "*3\n$8\nREPLCONF\n$3\nACK\n$2\n50\n"
                 "*3\n$8\nREPLCONF\n$3\nACK\n$3\n137\n");
    CHECK_EQ_STR(transcript(&x.wire.heard_down, x.primary.log.replid),
                 "+PONG\n+OK\n+OK\n+OK\n"
                 "+FULLRESYNC @ 50\n$EOF..."
                 "*2\n$6\nSELECT\n$1\n0\n*3\n$3\nSET\n$1\na\n$1\n2\n"
                 "*3\n$8\nREPLCONF\n$6\nGETACK\n$1\n*\n");

    bytes_clear(&x.wire.heard_up);
    bytes_clear(&x.wire.heard_down);
    wire_break(&x.wire);
    peer_set(&x.primary, 1, "b", "3");
    CHECK(wire_converge(&x.wire, 1000, 5));
    CHECK_EQ_STR(transcript(&x.wire.heard_down, x.primary.log.replid),
                 "+PONG\n+OK\n+OK\n+OK\n+CONTINUE @\n"
                 "*2\n$6\nSELECT\n$1\n1\n*3\n$3\nSET\n$1\nb\n$1\n3\n");
    CHECK_EQ_INT(x.replica.loaded, 1);
    CHECK_EQ_INT(x.replica.continued, 1);
    CHECK(close_pair(&x));
}

/* The same stream, cut after each of its bytes in turn: the replica continues every time, and never applies twice. */
TEST(continues_from_every_byte)
{
    int64_t total = 1;
    for (int64_t at = 0; at <= total; at++) {
        struct pair x;
        open_pair(&x, 3);
        peer_follow(&x.replica);
        REQUIRE(wire_converge(&x.wire, 100000, 5));
        int64_t before = log_offset(&x.primary.log);
        peer_set(&x.primary, 0, "a", "1");
        peer_append(&x.primary, 1, (const char *const[]){"MULTI"});
        peer_set(&x.primary, 2, "b", "2");
        peer_set(&x.primary, 0, "c", "3");
        peer_append(&x.primary, 1, (const char *const[]){"EXEC"});
        peer_append(&x.primary, 3, (const char *const[]){"REPLCONF", "GETACK", "*"});
        peer_append(&x.primary, 1, (const char *const[]){"PING"});
        peer_set(&x.primary, 0, "a", "4");
        total = log_offset(&x.primary.log) - before;
        for (int64_t i = 0; i < at; i++) {
            while (x.wire.replies.size > 0) wire_down(&x.wire, 1);
            REQUIRE(wire_down(&x.wire, 1) == 1);
        }
        bool open = false, close = false;
        peer_step(&x.replica, &open, &close);
        REQUIRE(!open && !close);
        wire_break(&x.wire);
        REQUIRE(wire_converge(&x.wire, 7, 5));
        CHECK_EQ_INT(x.replica.loaded, 1);
        CHECK_EQ_INT(x.replica.continued, 1);
        CHECK_EQ_INT(x.replica.commands, 4);
        CHECK(close_pair(&x));
    }
    CHECK(total > 200);
}

/* Writes go on while the snapshot is taken and sent: at equal offsets the data is equal, and the file is of one moment
 * whatever was changed meanwhile. */
TEST(full_synchronisation_while_writes_go_on)
{
    for (uint64_t seed = 0; seed < 12; seed++) {
        struct pair x;
        open_pair(&x, 100 + seed);
        if (seed % 3 == 0) x.replica.options.name = NULL;
        for (int i = 0; i < 5000; i++) peer_write_random(&x.primary, 4000);
        for (int i = 0; i < 100; i++) peer_write_random(&x.replica, 4000); /* will be discarded */
        peer_follow(&x.replica);
        x.primary.log.backlog_size = 1 << 24;
        for (int i = 0; i < 3000; i++) {
            wire_step(&x.wire, 4000);
            for (int k = (int)random_below(&x.wire.random, 4); k > 0; k--)
                peer_write_random(&x.primary, 6000);
            if (i % 1000 == 0) keyspace_flush(x.primary.keyspace, 7);
            if (log_offset(&x.replica.log) == log_offset(&x.primary.log) && x.replica.loaded)
                REQUIRE(same_data(&x.replica, &x.primary));
        }
        REQUIRE(wire_converge(&x.wire, 100000, 10));
        CHECK_EQ_INT(x.replica.loaded, 1);
        CHECK(close_pair(&x));
    }
}

/* Connections break again and again, at any moment: in the handshake, in the payload, in the stream. */
TEST(a_wire_that_keeps_breaking)
{
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct pair x;
        open_pair(&x, 200 + seed);
        for (int i = 0; i < 300; i++) peer_write_random(&x.primary, 200);
        peer_follow(&x.replica);
        for (int i = 0; i < 3000; i++) {
            wire_step(&x.wire, 1 + (size_t)random_below(&x.wire.random, 900));
            if (random_below(&x.wire.random, 5) == 0) peer_write_random(&x.primary, 200);
            if (random_below(&x.wire.random, 150) == 0) wire_break(&x.wire);
            if (random_below(&x.wire.random, 400) == 0) x.wire.cut = !x.wire.cut;
            int64_t step = (int64_t)random_below(&x.wire.random, SECOND / 10);
            pass(&x.primary, step);
            pass(&x.replica, step);
            CHECK(x.replica.loaded == 0 || log_offset(&x.replica.log) <= log_offset(&x.primary.log));
        }
        x.wire.cut = false;
        REQUIRE(wire_converge(&x.wire, 100000, 200));
        CHECK(x.replica.loaded >= 1 && x.replica.continued >= 1);
        CHECK(close_pair(&x));
    }
}

TEST(a_backlog_that_was_outrun_means_a_full_synchronisation)
{
    struct pair x;
    open_pair(&x, 4);
    peer_follow(&x.replica);
    REQUIRE(wire_converge(&x.wire, 100000, 5));
    x.wire.cut = true;
    wire_break(&x.wire);
    for (int i = 0; i < 20000; i++) {
        peer_write_random(&x.primary, 100);
        if (i % 100 == 0) primary_settle(&x.primary);
    }
    x.wire.cut = false;
    REQUIRE(wire_converge(&x.wire, 100000, 60));
    CHECK_EQ_INT(x.replica.loaded, 2);
    CHECK_EQ_INT(x.replica.continued, 0);
    CHECK_EQ_INT(x.replica.discarded, 0); /* all it had is in the primary's history */
    CHECK_EQ_INT(x.primary.feeds.partial_refused, 2);
    CHECK(close_pair(&x));
}

TEST(a_silent_primary_is_given_up_and_a_silent_replica_is_seen)
{
    struct pair x;
    open_pair(&x, 5);
    peer_follow(&x.replica);
    REQUIRE(wire_converge(&x.wire, 100000, 5));
    int64_t heard = x.wire.feed->ack_time_us;
    pass(&x.replica, 30 * SECOND);
    pass(&x.primary, 30 * SECOND);
    wire_run(&x.wire, 1000);
    CHECK_EQ_INT(x.wire.feed->ack_time_us, heard + 30 * SECOND);
    pass(&x.replica, 31 * SECOND);
    pass(&x.primary, 31 * SECOND);
    CHECK_EQ_INT(x.replica.closed, 0);
    wire_step(&x.wire, 1000);
    CHECK_EQ_INT(x.replica.closed, 1);
    CHECK_EQ_STR(x.replica.follow->why, "time-out: the primary is silent");
    REQUIRE(wire_converge(&x.wire, 1000, 5));
    CHECK_EQ_INT(x.replica.continued, 1);
    CHECK(close_pair(&x));
}

/* ---- three ---- */

struct trio {
    struct peer a, b, c;
    struct wire b_a, c_a, c_b, a_b;
};

static void open_trio(struct trio *x, uint64_t seed)
{
    peer_open(&x->a, seed + 1);
    peer_open(&x->b, seed + 2);
    peer_open(&x->c, seed + 3);
    wire_init(&x->b_a, &x->b, &x->a, seed);
    wire_init(&x->c_a, &x->c, &x->a, seed + 1);
    wire_init(&x->c_b, &x->c, &x->b, seed + 2);
    wire_init(&x->a_b, &x->a, &x->b, seed + 3);
}

static bool close_trio(struct trio *x)
{
    wire_free(&x->b_a);
    wire_free(&x->c_a);
    wire_free(&x->c_b);
    wire_free(&x->a_b);
    bool clean = peer_close(&x->a);
    clean = peer_close(&x->b) && clean;
    return peer_close(&x->c) && clean;
}

/* From now on p follows whoever the next wire leads to. */
static void refollow(struct peer *p, struct wire *old)
{
    if (old) wire_disconnect(old);
    if (p->follow) follow_free(p->follow);
    peer_follow(p);
}

static bool logs_equal(const struct log *a, const struct log *b)
{
    int64_t from = a->tape.start > b->tape.start ? a->tape.start : b->tape.start;
    struct tape_cursor x = tape_seek(&a->tape, from), y = tape_seek(&b->tape, from);
    struct slice p, q;
    while (tape_peek(&a->tape, &x, &p, 1) == 1 && tape_peek(&b->tape, &y, &q, 1) == 1) {
        size_t size = p.size < q.size ? p.size : q.size;
        if (memcmp(p.data, q.data, size) != 0) return false;
        tape_advance(&a->tape, &x, size);
        tape_advance(&b->tape, &y, size);
    }
    return x.position == a->tape.end && y.position == b->tape.end;
}

TEST(a_chain_gets_the_same_bytes)
{
    struct trio x;
    open_trio(&x, 10);
    for (int i = 0; i < 500; i++) peer_write_random(&x.a, 100);
    peer_follow(&x.b);
    peer_follow(&x.c);
    for (int i = 0; i < 4000; i++) {
        wire_step(&x.b_a, 700);
        wire_step(&x.c_b, 500);
        if (i % 7 == 0) peer_write_random(&x.a, 100);
        if (i % 100 == 0) peer_append(&x.a, 3, (const char *const[]){"REPLCONF", "GETACK", "*"});
        if (i % 1000 == 999) wire_break(i % 2000 == 999 ? &x.b_a : &x.c_b);
        pass(&x.a, 1000);
        pass(&x.b, 1000);
        pass(&x.c, 1000);
    }
    REQUIRE(wire_converge(&x.b_a, 100000, 5));
    REQUIRE(wire_converge(&x.c_b, 100000, 5));
    CHECK(converged(&x.c, &x.a));
    CHECK(logs_equal(&x.a.log, &x.b.log));
    CHECK(logs_equal(&x.a.log, &x.c.log));
    CHECK_EQ_INT(x.b.loaded, 1);
    CHECK_EQ_INT(x.c.loaded, 1);
    CHECK(close_trio(&x));
}

/* a dies with writes that nobody has; b is promoted; c continues from b; a comes back and learns what it has lost. */
TEST(failover)
{
    struct trio x;
    open_trio(&x, 20);
    for (int i = 0; i < 500; i++) peer_write_random(&x.a, 100);
    peer_follow(&x.b);
    peer_follow(&x.c);
    REQUIRE(wire_converge(&x.b_a, 100000, 5));
    REQUIRE(wire_converge(&x.c_a, 100000, 5));
    for (int i = 0; i < 50; i++) peer_write_random(&x.a, 100);
    REQUIRE(wire_converge(&x.b_a, 100000, 5)); /* c is behind b now */
    int64_t shared = log_offset(&x.a.log);
    wire_disconnect(&x.b_a);
    wire_disconnect(&x.c_a);
    for (int i = 0; i < 30; i++) peer_write_random(&x.a, 100);
    int64_t lost = log_offset(&x.a.log) - shared;

    peer_promote(&x.b);
    for (int i = 0; i < 20; i++) peer_write_random(&x.b, 100);
    refollow(&x.c, NULL);
    REQUIRE(wire_converge(&x.c_b, 100, 20));
    CHECK_EQ_INT(x.c.loaded, 1);
    CHECK_EQ_INT(x.c.continued, 1);

    refollow(&x.a, NULL);
    REQUIRE(wire_converge(&x.a_b, 1000, 20));
    CHECK_EQ_INT(x.a.loaded, 1);
    CHECK_EQ_INT(x.a.discarded, lost);
    CHECK(converged(&x.a, &x.c));
    CHECK(close_trio(&x));
}

/* The chain's middle is promoted while its replica is connected: that is dropped, comes again, and is continued under
 * the new name; a sibling's primary that gets a new name passes it on. */
TEST(a_new_name_travels_down_the_chain)
{
    struct trio x;
    open_trio(&x, 30);
    peer_follow(&x.b);
    peer_follow(&x.c);
    for (int i = 0; i < 100; i++) peer_write_random(&x.a, 100);
    REQUIRE(wire_converge(&x.b_a, 100000, 5));
    REQUIRE(wire_converge(&x.c_b, 100000, 5));
    wire_disconnect(&x.b_a);
    peer_promote(&x.b);
    peer_write_random(&x.b, 100);
    REQUIRE(wire_converge(&x.c_b, 100000, 20));
    CHECK_EQ_INT(x.c.continued, 1);
    CHECK_EQ_INT(x.c.loaded, 1);

    /* a, which has written nothing since, becomes a replica of b: no byte is lost and no snapshot needed */
    refollow(&x.a, NULL);
    REQUIRE(wire_converge(&x.a_b, 1000, 20));
    CHECK_EQ_INT(x.a.continued, 1);
    CHECK_EQ_INT(x.a.loaded, 0);
    CHECK_EQ_STR(x.a.log.replid, x.b.log.replid);
    CHECK(converged(&x.a, &x.c));
    CHECK(close_trio(&x));
}

/* A replica that is still loading has nothing to give. */
TEST(no_master_link)
{
    struct trio x;
    open_trio(&x, 40);
    for (int i = 0; i < 100; i++) peer_write_random(&x.a, 100);
    peer_follow(&x.b);
    peer_follow(&x.c);
    for (int i = 0; i < 30; i++) wire_step(&x.c_b, 1000);
    CHECK_EQ_INT(x.c.closed, 1);
    CHECK(strstr(x.c.follow->why, "NOMASTERLINK") != NULL);
    REQUIRE(wire_converge(&x.b_a, 1000, 5));
    x.c.now = x.b.now;
    REQUIRE(wire_converge(&x.c_b, 1000, 20));
    CHECK(close_trio(&x));
}

/* ---- memory ---- */

/* Each allocation of the replica, and then of the primary, fails in turn while they synchronise and stream. Nothing
 * leaks, and when memory is there again they converge. */
TEST(out_of_memory_anywhere)
{
    int64_t reached = 0;
    for (int64_t allowed = 0; allowed < 500; allowed += allowed < 100 ? 1 : 5) {
        for (int side = 0; side < 2; side++) {
            struct pair x;
            open_pair(&x, 300);
            for (int i = 0; i < 400; i++) peer_write_random(&x.primary, 300);
            peer_follow(&x.replica);
            REQUIRE(x.replica.follow);
            struct memory *m = side ? &x.primary.memory : &x.replica.memory;
            m->fail_after = allowed;
            for (int i = 0; i < 200; i++) {
                wire_step(&x.wire, 300);
                if (x.wire.up.failed || x.wire.replies.failed) wire_break(&x.wire);
                if (i % 10 == 0) peer_write_random(&x.primary, 30);
                if (i == 100) wire_break(&x.wire);
                pass(&x.primary, SECOND / 50);
                pass(&x.replica, SECOND / 50);
            }
            if (m->fail_after < 0) reached = allowed;
            m->fail_after = -1;
            REQUIRE(wire_converge(&x.wire, 100000, 60));
            CHECK(close_pair(&x));
        }
    }
    CHECK(reached > 100);
}

TEST_MAIN()
