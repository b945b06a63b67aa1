/* A feed, as what the replica gets to read. */
#include "peers.h"
#include "test.h"

/* Everything a feed has to say now, in slices of up to `max`; the last is cut in half if `halves`. */
static void drain(struct feed *f, struct bytes *out, int max, bool halves)
{
    struct slice slices[8];
    int count;
    while ((count = feed_output(f, slices, max)) > 0) {
        size_t size = 0;
        for (int i = 0; i < count; i++) size += slices[i].size;
        if (halves && size > 1) size = (size + 1) / 2;
        size_t left = size;
        for (int i = 0; i < count && left > 0; i++) {
            size_t part = slices[i].size < left ? slices[i].size : left;
            bytes_append(out, slices[i].data, part);
            left -= part;
        }
        feed_sent(f, size);
    }
}

/* The same turn after turn, as long as there is more at once. The most that came in one turn. */
static size_t drain_on(struct feed *f, struct bytes *out, int max, int64_t now)
{
    size_t before, most = 0;
    do {
        feeds_advance(f->owner, now);
        before = out->size;
        drain(f, out, max, true);
        if (out->size - before > most) most = out->size - before;
    } while (feeds_deadline(f->owner) == 0);
    return most;
}

struct fixture {
    struct peer peer;
    struct bytes out;
    struct feed *feed;
};

static void open_fixture(struct fixture *x)
{
    peer_open(&x->peer, 1);
    bytes_init(&x->out, &x->peer.memory);
    x->feed = feed_new(&x->peer.feeds, x, x->peer.now);
}

static bool close_fixture(struct fixture *x)
{
    if (x->feed) feed_free(x->feed);
    bytes_free(&x->out);
    return peer_close(&x->peer);
}

/* What came since the last time, as text: replids and marks (40 hex digits) are written I and M, the RDB file R. */
static const char *heard(struct fixture *x)
{
    static char text[4096];
    size_t n = 0;
    drain(x->feed, &x->out, 3, false);
    const char *p = x->out.data, *end = p + x->out.size;
    while (p < end && n < sizeof text - 50) {
        if (end - p >= 40 && memcmp(p, x->peer.log.replid, 40) == 0) {
            text[n++] = 'I';
            p += 40;
        } else if (end - p >= 45 && memcmp(p, "$EOF:", 5) == 0) {
            n += (size_t)sprintf(text + n, "$EOF:M");
            const char *mark = p + 5;
            p += 45;
            if (end - p < 42) continue;
            const char *again = memmem(p + 2, (size_t)(end - p - 2), mark, 40);
            if (!again) continue;
            n += (size_t)sprintf(text + n, "\r\nR%sM", memcmp(p + 2, "REDIS0010", 9) == 0 ? "" : "?");
            p = again + 40;
        } else {
            text[n++] = *p++;
        }
    }
    text[n] = '\0';
    bytes_clear(&x->out);
    return text;
}

static void settle(struct fixture *x) { primary_settle(&x->peer); }

TEST(a_full_synchronisation)
{
    struct fixture x;
    open_fixture(&x);
    peer_set(&x.peer, 0, "a", "1");
    feed_capability(x.feed, slice_text("eof"));
    feed_capability(x.feed, slice_text("PSYNC2"));
    feed_capability(x.feed, slice_text("teleport"));
    CHECK_EQ_STR(heard(&x), "");
    feed_psync(x.feed, slice_text("?"), -1, x.peer.now);
    CHECK_EQ_INT(x.feed->state, FEED_WAITING);
    settle(&x);
    CHECK_EQ_INT(x.feed->state, FEED_SNAPSHOT);
    peer_set(&x.peer, 0, "a", "2"); /* goes into the stream, and selects its database anew */
    CHECK_EQ_STR(heard(&x), "+FULLRESYNC I 50\r\n$EOF:M\r\nRM");

    /* the stream waits for the first acknowledgement */
    CHECK_EQ_INT(x.feed->state, FEED_STREAMING);
    CHECK_EQ_STR(heard(&x), "");
    CHECK_EQ_INT(feeds_acknowledged(&x.peer.feeds, 50), 0);
    feed_acknowledge(x.feed, 50, -1, -1, x.peer.now);
    CHECK_EQ_STR(heard(&x), "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n2\r\n");
    CHECK_EQ_INT(feeds_acknowledged(&x.peer.feeds, 50), 1);
    CHECK_EQ_INT(x.peer.feeds.full_syncs, 1);
    CHECK_EQ_INT(x.peer.feeds.partial_refused, 0);
    CHECK(close_fixture(&x));
}

TEST(a_partial_synchronisation)
{
    struct fixture x;
    open_fixture(&x);
    peer_set(&x.peer, 0, "a", "1");
    peer_set(&x.peer, 0, "b", "2");
    feed_capability(x.feed, slice_text("psync2"));
    feed_psync(x.feed, slice_text(x.peer.log.replid), 51, x.peer.now);
    CHECK_EQ_STR(heard(&x), "+CONTINUE I\r\n*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\n");
    CHECK_EQ_INT(x.feed->applied, 50);
    CHECK_EQ_INT(feeds_acknowledged(&x.peer.feeds, 50), 1);
    CHECK_EQ_INT(feeds_acknowledged(&x.peer.feeds, 51), 0);
    CHECK_EQ_INT(x.peer.feeds.partial_syncs, 1);
    CHECK(close_fixture(&x));
}

TEST(old_replicas_are_continued_without_a_name)
{
    struct fixture x;
    open_fixture(&x);
    peer_set(&x.peer, 0, "a", "1");
    feed_psync(x.feed, slice_text(x.peer.log.replid), 51, x.peer.now);
    CHECK_EQ_STR(heard(&x), "+CONTINUE\r\n");
    CHECK(close_fixture(&x));
}

/* The length comes first, so the payload is collected; meanwhile the replica gets newlines. */
TEST(a_replica_without_capa_eof_gets_a_length)
{
    struct fixture x;
    open_fixture(&x);
    for (int i = 0; i < 20000; i++) peer_write_random(&x.peer, 20000);
    feed_psync(x.feed, slice_text("?"), -1, x.peer.now);
    CHECK(feeds_deadline(&x.peer.feeds) <= x.peer.now + SECOND);
    settle(&x);
    int64_t offset = log_offset(&x.peer.log);
    CHECK_EQ_INT(feeds_deadline(&x.peer.feeds), 0);
    char expected[128];
    snprintf(expected, sizeof expected, "+FULLRESYNC I %lld\r\n", (long long)offset);
    CHECK_EQ_STR(heard(&x), expected);
    x.peer.now += SECOND;
    settle(&x);
    CHECK_EQ_STR(heard(&x), "\n");
    int slices = 0;
    for (; feeds_deadline(&x.peer.feeds) == 0; slices++) feeds_advance(&x.peer.feeds, x.peer.now);
    CHECK(slices >= 3);
    CHECK_EQ_INT(feed_backlog(x.feed), 0);

    peer_set(&x.peer, 0, "a", "1");
    drain(x.feed, &x.out, 2, true);
    long long length = 0;
    REQUIRE(x.out.size > 100 && sscanf(x.out.data, "$%lld\r\nREDIS0010", &length) == 1);
    size_t header = (size_t)((char *)memchr(x.out.data, '\n', x.out.size) - x.out.data) + 1;
    static const char stream[] = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n";
    CHECK_EQ_INT(x.out.size, header + (size_t)length + sizeof stream - 1);
    CHECK_EQ_MEM(x.out.data + header + length, sizeof stream - 1, stream, sizeof stream - 1);
    CHECK(close_fixture(&x));
}

TEST(the_old_command_sync)
{
    struct fixture x;
    open_fixture(&x);
    feed_capability(x.feed, slice_text("eof"));
    x.feed->rdb_only = true;
    feed_sync(x.feed, x.peer.now);
    settle(&x);
    CHECK(!feed_broken(x.feed));
    CHECK_EQ_STR(heard(&x), "$EOF:M\r\nRM");
    CHECK(feed_broken(x.feed)); /* it wanted no more than that */
    CHECK(close_fixture(&x));
}

/* Who asks for no data shares no snapshot with who does. */
TEST(a_payload_without_data)
{
    struct fixture x;
    open_fixture(&x);
    for (int i = 0; i < 100; i++) peer_write_random(&x.peer, 100);
    struct feed *bare = feed_new(&x.peer.feeds, NULL, x.peer.now);
    x.feed->capa_eof = bare->capa_eof = bare->bare = bare->rdb_only = true;
    struct bytes out;
    bytes_init(&out, &x.peer.memory);
    feed_sync(bare, x.peer.now);
    feed_psync(x.feed, slice_text("?"), -1, x.peer.now);
    settle(&x);
    CHECK_EQ_INT(bare->state, FEED_WAITING);
    drain(x.feed, &x.out, 2, true);
    CHECK_EQ_INT(x.feed->state, FEED_STREAMING);
    settle(&x);
    drain(bare, &out, 2, false);
    CHECK(feed_broken(bare));
    CHECK(out.size > 100 && out.size < 350);
    bytes_free(&out);
    feed_free(bare);
    CHECK(close_fixture(&x));
}

/* Two ask in one turn and share a snapshot; a third comes too late for it and is kept alive until the next. */
TEST(one_snapshot_at_a_time)
{
    struct fixture x;
    open_fixture(&x);
    for (int i = 0; i < 20000; i++) peer_write_random(&x.peer, 20000);
    struct feed *second = feed_new(&x.peer.feeds, NULL, x.peer.now);
    struct feed *third = feed_new(&x.peer.feeds, NULL, x.peer.now);
    x.feed->capa_eof = second->capa_eof = third->capa_eof = true;
    feed_psync(x.feed, slice_text("?"), -1, x.peer.now);
    feed_psync(second, slice_text("?"), -1, x.peer.now);
    settle(&x);
    REQUIRE(x.feed->snapshot && x.feed->snapshot == second->snapshot);
    feed_psync(third, slice_text("?"), -1, x.peer.now);
    x.peer.now += 2 * SECOND;
    settle(&x);
    CHECK_EQ_INT(third->state, FEED_WAITING);
    struct bytes out;
    bytes_init(&out, &x.peer.memory);
    drain(third, &out, 2, false);
    CHECK_EQ_MEM(out.data, out.size, "\n", 1);
    bytes_clear(&out);

    /* the second is stalled: the first gets all, and what the second has not taken is held against it */
    enum { TURN_MAX = 96 * 1024 };
    CHECK(drain_on(x.feed, &x.out, 4, x.peer.now) < TURN_MAX);
    CHECK_EQ_INT(x.feed->state, FEED_STREAMING);
    CHECK(feed_backlog(second) > 300000);
    settle(&x);
    CHECK_EQ_INT(third->state, FEED_SNAPSHOT);
    feed_free(x.feed);
    x.feed = NULL;
    drain(second, &out, 4, true);
    CHECK_EQ_MEM(out.data + 100, out.size - 100, x.out.data + 100, x.out.size - 100);
    feed_free(second);
    feed_free(third);
    CHECK(!x.peer.feeds.snapshot);
    CHECK_EQ_INT(x.peer.feeds.count, 0);
    bytes_free(&out);
    CHECK(close_fixture(&x));
}

TEST(a_paused_feed_gives_nothing_and_pays_for_it)
{
    struct fixture x;
    open_fixture(&x);
    feed_psync(x.feed, slice_text(x.peer.log.replid), 1, x.peer.now);
    CHECK_EQ_STR(heard(&x), "+CONTINUE\r\n");
    x.feed->paused = true;
    for (int i = 0; i < 5000; i++) peer_write_random(&x.peer, 100);
    CHECK_EQ_STR(heard(&x), "");
    settle(&x);
    CHECK_EQ_INT(feed_backlog(x.feed), log_offset(&x.peer.log) - PEER_BACKLOG);
    CHECK(x.peer.log.tape.start <= x.feed->cursor.position);
    x.feed->paused = false;
    drain(x.feed, &x.out, 4, true);
    CHECK_EQ_INT(x.out.size, log_offset(&x.peer.log));
    CHECK_EQ_INT(feed_backlog(x.feed), 0);
    settle(&x);
    CHECK(x.peer.log.tape.end - x.peer.log.tape.start <= PEER_BACKLOG + TAPE_BLOCK_MAX);
    CHECK(close_fixture(&x));
}

TEST(a_new_name_breaks_feeds)
{
    struct fixture x;
    open_fixture(&x);
    feed_psync(x.feed, slice_text(x.peer.log.replid), 1, x.peer.now);
    struct slice shown;
    peer_set(&x.peer, 0, "a", "1");
    CHECK_EQ_STR(heard(&x),
                 "+CONTINUE\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n");
    feed_acknowledge(x.feed, 50, -1, -1, x.peer.now);
    peer_set(&x.peer, 0, "a", "2");
    CHECK_EQ_INT(feed_output(x.feed, &shown, 1), 1);
    log_new_history(&x.peer.log, &x.peer.random);
    CHECK(feed_broken(x.feed));
    feed_sent(x.feed, shown.size); /* its bytes are gone: nothing happens */
    CHECK_EQ_INT(feed_output(x.feed, &shown, 1), 0);
    CHECK_EQ_INT(feeds_acknowledged(&x.peer.feeds, 50), 0);
    settle(&x);
    CHECK(close_fixture(&x));
}

TEST(a_cancelled_snapshot_breaks_its_feeds_and_frees_the_view)
{
    struct fixture x;
    open_fixture(&x);
    for (int i = 0; i < 20000; i++) peer_write_random(&x.peer, 20000);
    feed_capability(x.feed, slice_text("eof"));
    feed_psync(x.feed, slice_text("?"), -1, x.peer.now);
    settle(&x);
    CHECK(!feed_broken(x.feed));
    feeds_cancel_snapshot(&x.peer.feeds);
    CHECK(feed_broken(x.feed));
    struct feed *next = feed_new(&x.peer.feeds, NULL, x.peer.now);
    feed_psync(next, slice_text("?"), -1, x.peer.now);
    settle(&x);
    CHECK_EQ_INT(next->state, FEED_SNAPSHOT);
    feed_free(next);
    CHECK(close_fixture(&x));
}

TEST(acknowledgements)
{
    struct fixture x;
    open_fixture(&x);
    for (int i = 0; i < 10; i++) peer_write_random(&x.peer, 20);
    int64_t end = log_offset(&x.peer.log);
    feed_acknowledge(x.feed, 5, 5, -1, x.peer.now); /* before it streams: a sign of life at most */
    CHECK_EQ_INT(x.feed->applied, -1);
    feed_psync(x.feed, slice_text(x.peer.log.replid), 1, x.peer.now);
    feed_acknowledge(x.feed, 100, 60, -1, x.peer.now + 7);
    CHECK_EQ_INT(x.feed->applied, 100);
    CHECK_EQ_INT(x.feed->fsynced, 60);
    CHECK_EQ_INT(x.feed->ack_time_us, x.peer.now + 7);
    feed_acknowledge(x.feed, 90, -1, -1, x.peer.now); /* never back */
    CHECK_EQ_INT(x.feed->applied, 100);
    CHECK_EQ_INT(x.feed->fsynced, 60);
    feed_acknowledge(x.feed, INT64_MAX, INT64_MAX, -1, x.peer.now); /* nor ahead of us */
    CHECK_EQ_INT(x.feed->applied, end);
    CHECK_EQ_INT(x.feed->received, end);
    CHECK_EQ_INT(x.feed->fsynced, end);
    CHECK(close_fixture(&x));
}

/* The primary knows how much of a returning primary's history it shares, and says so to who asks. */
TEST(what_is_shared_is_said)
{
    struct fixture x;
    open_fixture(&x);
    peer_set(&x.peer, 0, "a", "1");
    char old[REPLID_SIZE + 1];
    memcpy(old, x.peer.log.replid, sizeof old);
    peer_promote(&x.peer);
    peer_set(&x.peer, 0, "a", "2");
    feed_capability(x.feed, slice_text("eof"));
    feed_capability(x.feed, slice_text("shared"));
    feed_psync(x.feed, slice_text(old), 90, x.peer.now);
    settle(&x);
    CHECK_EQ_STR(heard(&x), "+FULLRESYNC I 100 50\r\n$EOF:M\r\nRM");
    CHECK_EQ_INT(x.peer.feeds.partial_refused, 1);
    CHECK(close_fixture(&x));
}

/* Each allocation fails in turn: the feed gets through or is broken, the log is unharmed, nothing leaks. */
TEST(out_of_memory)
{
    for (int64_t allowed = 0; allowed < 60; allowed++) {
        struct fixture x;
        open_fixture(&x);
        for (int i = 0; i < 3000; i++) peer_write_random(&x.peer, 3000);
        struct digest before = keyspace_digest(x.peer.keyspace);
        x.peer.memory.fail_after = allowed;
        struct feed *f = feed_new(&x.peer.feeds, NULL, x.peer.now);
        if (f) {
            feed_capability(f, slice_text(allowed % 2 ? "eof" : "psync2"));
            feed_psync(f, slice_text("?"), -1, x.peer.now);
            for (int i = 0; i < 10 && !feed_broken(f); i++) {
                struct slice slices[4];
                settle(&x);
                int count;
                while ((count = feed_output(f, slices, 1)) > 0) feed_sent(f, slices[0].size);
            }
            CHECK(feed_broken(f) || f->state == FEED_STREAMING);
        }
        x.peer.memory.fail_after = -1;
        struct digest after = keyspace_digest(x.peer.keyspace);
        CHECK(before.low == after.low && before.high == after.high);
        if (f) feed_free(f);
        CHECK(close_fixture(&x));
    }
}

TEST_MAIN()
