/* Wait sets: against the simplest thing that does the same, with thousands of waiters. */
#include "peers.h"
#include "replication/wait.h"
#include "test.h"

enum { FEEDS = 9, WAITERS = 3000 };

struct fixture {
    struct peer peer;
    struct wait_set waits;
    struct feed *feeds[FEEDS];
};

static void add_feed(struct fixture *x, int i)
{
    x->feeds[i] = feed_new(&x->peer.feeds, NULL, 0);
    feed_psync(x->feeds[i], slice_text(x->peer.log.replid), log_offset(&x->peer.log) + 1, 0);
}

static void open_fixture(struct fixture *x, int feeds)
{
    memset(x, 0, sizeof *x);
    peer_open(&x->peer, 1);
    wait_init(&x->waits, &x->peer.memory, false);
    x->peer.log.backlog_size = 1 << 30;
    for (int i = 0; i < feeds; i++) add_feed(x, i);
}

static bool close_fixture(struct fixture *x)
{
    for (int i = 0; i < FEEDS; i++)
        if (x->feeds[i]) feed_free(x->feeds[i]);
    wait_free(&x->waits);
    return peer_close(&x->peer);
}

static void grow(struct fixture *x, size_t size)
{
    static const char zeros[1000];
    log_append(&x->peer.log, zeros, size);
}

TEST(one_waiter)
{
    struct fixture x;
    open_fixture(&x, 2);
    grow(&x, 100);
    struct waiter w = {.offset = 100, .needed = 2};
    CHECK_EQ_INT(wait_wanted(&x.waits), -1);
    CHECK(wait_add(&x.waits, &w));
    CHECK_EQ_INT(wait_wanted(&x.waits), 100);
    CHECK(!wait_next_ready(&x.waits, &x.peer.feeds));
    feed_acknowledge(x.feeds[0], 100, -1, -1, 1);
    CHECK(!wait_next_ready(&x.waits, &x.peer.feeds));
    feed_acknowledge(x.feeds[1], 99, -1, -1, 1);
    CHECK(!wait_next_ready(&x.waits, &x.peer.feeds));
    feed_acknowledge(x.feeds[1], 100, -1, -1, 1);
    CHECK(wait_next_ready(&x.waits, &x.peer.feeds) == &w);
    CHECK(!wait_next_ready(&x.waits, &x.peer.feeds));
    CHECK_EQ_INT(x.waits.size, 0);
    CHECK(!w.waiting);
    CHECK(close_fixture(&x));
}

TEST(a_replica_that_leaves_takes_its_acknowledgement_along)
{
    struct fixture x;
    open_fixture(&x, 2);
    grow(&x, 100);
    feed_acknowledge(x.feeds[0], 100, -1, -1, 1);
    CHECK_EQ_INT(feeds_acknowledged(&x.peer.feeds, 100), 1);
    struct waiter w = {.offset = 100, .needed = 2};
    CHECK(wait_add(&x.waits, &w));
    CHECK(!wait_next_ready(&x.waits, &x.peer.feeds));
    feed_free(x.feeds[0]);
    x.feeds[0] = NULL;
    feed_acknowledge(x.feeds[1], 100, -1, -1, 1);
    CHECK(!wait_next_ready(&x.waits, &x.peer.feeds));
    add_feed(&x, 0);
    CHECK(wait_next_ready(&x.waits, &x.peer.feeds) == &w);
    CHECK(close_fixture(&x));
}

TEST(nobody_needed_is_ready_at_once_and_removal_is_idempotent)
{
    struct fixture x;
    open_fixture(&x, 0);
    struct waiter none = {.offset = 500, .needed = 0}, many = {.offset = 7, .needed = 1000000};
    CHECK(wait_add(&x.waits, &none) && wait_add(&x.waits, &many));
    CHECK_EQ_INT(wait_wanted(&x.waits), 500);
    CHECK(wait_next_ready(&x.waits, &x.peer.feeds) == &none);
    CHECK_EQ_INT(wait_wanted(&x.waits), 7);
    wait_remove(&x.waits, &none);
    wait_remove(&x.waits, &many);
    wait_remove(&x.waits, &many);
    CHECK_EQ_INT(x.waits.size, 0);
    CHECK(!wait_any(&x.waits));
    CHECK(close_fixture(&x));
}

/* An earlier waiter that comes when a later one has just been found not ready. */
TEST(a_waiter_that_is_ready_when_it_comes)
{
    struct fixture x;
    open_fixture(&x, 1);
    grow(&x, 100);
    struct waiter late = {.offset = 100, .needed = 1}, early = {.offset = 50, .needed = 1};
    feed_acknowledge(x.feeds[0], 60, -1, -1, 1);
    CHECK(wait_add(&x.waits, &late));
    CHECK(!wait_next_ready(&x.waits, &x.peer.feeds));
    CHECK(wait_add(&x.waits, &early));
    CHECK(wait_next_ready(&x.waits, &x.peer.feeds) == &early);
    CHECK(!wait_next_ready(&x.waits, &x.peer.feeds));
    CHECK(wait_any(&x.waits) == &late);
    CHECK(close_fixture(&x));
}

static bool model_ready(struct fixture *x, const struct waiter *w)
{
    int have = 0;
    for (int i = 0; i < FEEDS; i++) have += x->feeds[i] && x->feeds[i]->applied >= w->offset;
    return have >= w->needed;
}

static int64_t model_wanted(const struct waiter *all)
{
    int64_t wanted = -1;
    for (int i = 0; i < WAITERS; i++)
        if (all[i].waiting && all[i].offset > wanted) wanted = all[i].offset;
    return wanted;
}

static void random_event(struct fixture *x, struct random *r, struct waiter *all)
{
    int i = (int)random_below(r, FEEDS);
    struct waiter *w = &all[random_below(r, WAITERS)];
    switch (random_below(r, 12)) {
    case 0:
        if (x->feeds[i]) feed_free(x->feeds[i]);
        x->feeds[i] = NULL;
        break;
    case 1:
        if (!x->feeds[i]) add_feed(x, i);
        break;
    case 2: wait_remove(&x->waits, w); break;
    case 3: grow(x, random_below(r, 300)); break;
    case 4:
    case 5:
    case 6:
        if (!x->feeds[i]) break;
        feed_acknowledge(x->feeds[i], (int64_t)random_below(r, (uint64_t)log_offset(&x->peer.log) + 50), -1,
                         -1, 1);
        break;
    default:
        if (w->waiting) break;
        w->offset = log_offset(&x->peer.log) - (int64_t)random_below(r, 100);
        w->needed = (int)random_below(r, FEEDS + 2);
        wait_add(&x->waits, w);
        break;
    }
}

TEST(thousands_of_waiters_against_a_model)
{
    static struct waiter all[WAITERS];
    struct fixture x;
    struct random r;
    open_fixture(&x, FEEDS);
    grow(&x, 500);
    random_init(&r, 4, "wait");
    memset(all, 0, sizeof all);
    for (int step = 0; step < 30000; step++) {
        random_event(&x, &r, all);
        bool settle = random_below(&r, 8) == 0;
        struct waiter *w;
        while (settle && (w = wait_next_ready(&x.waits, &x.peer.feeds)))
            REQUIRE(!w->waiting && model_ready(&x, w));
        if (!settle || step % 16 > 2) continue;
        size_t waiting = 0;
        for (int i = 0; i < WAITERS; i++) {
            waiting += all[i].waiting;
            REQUIRE(!all[i].waiting || !model_ready(&x, &all[i]));
        }
        REQUIRE(waiting == x.waits.size);
        REQUIRE(wait_wanted(&x.waits) == model_wanted(all));
    }
    while (wait_any(&x.waits)) continue;
    CHECK_EQ_INT(x.waits.size, 0);
    CHECK(close_fixture(&x));
}

TEST(out_of_memory_leaves_the_set_as_it_was)
{
    static struct waiter all[200];
    struct fixture x;
    open_fixture(&x, 1);
    memset(all, 0, sizeof all);
    for (int i = 0; i < 200; i++) {
        all[i] = (struct waiter){.offset = i, .needed = i % 20};
        for (int64_t allowed = 0; !all[i].waiting && allowed < 10; allowed++) {
            size_t size = x.waits.size;
            x.peer.memory.fail_after = allowed;
            if (!wait_add(&x.waits, &all[i])) CHECK_EQ_INT(x.waits.size, size);
            x.peer.memory.fail_after = -1;
        }
        REQUIRE(all[i].waiting);
    }
    for (int i = 0; i < 200; i++) wait_remove(&x.waits, &all[i]);
    CHECK_EQ_INT(x.waits.group_count, 0);
    CHECK(close_fixture(&x));
}

TEST_MAIN()
