/* A node's turns: what it does of its own accord is so little in each that nobody waits for it, however much there is. */
#include "nodes.h"
#include "test.h"

enum {
    KEYS = 20000,
    BATCH = 100,
    EXPIRED_MAX = 128,      /* keys in a turn */
    FREED_MAX = 128 * 1024, /* bytes in a turn */
    EXPIRE_AFTER_MS = 1000
};

static size_t keys_of(struct node *n)
{
    struct node_state state;
    node_inspect(n, &state);
    return (size_t)state.keys;
}

static void fill(struct room *r, struct wire *w, bool expiring)
{
    char line[80];
    for (int i = 0; i < KEYS; i++) {
        int size = snprintf(line, sizeof line, "SET key:%d %s%s\r\n", i, "a-value-of-some-size",
                            expiring ? " PX 1000" : "");
        room_put(w->session, line, (size_t)size);
        if (i % BATCH == 0) room_settle(r);
    }
    room_settle(r);
}

TEST(keys_that_expire_at_once)
{
    struct room r;
    room_open(&r, 1);
    struct node *n = r.nodes[0];
    fill(&r, room_dial(&r, 0), true);
    REQUIRE(keys_of(n) == KEYS);
    r.now.wall_us += (EXPIRE_AFTER_MS + 1) * 1000;
    r.now.mono_us += (EXPIRE_AFTER_MS + 1) * 1000;
    size_t left = KEYS, turns = 0;
    for (; left > 0 && turns < KEYS; turns++) {
        CHECK(node_deadline(n) <= r.now.mono_us);
        node_advance(n, r.now);
        node_settle(n);
        size_t before = left;
        left = keys_of(n);
        CHECK(before - left <= EXPIRED_MAX);
    }
    CHECK_EQ_INT(left, 0);
    CHECK(turns >= KEYS / EXPIRED_MAX);
    room_close(&r);
}

TEST(a_flush)
{
    struct room r;
    room_open(&r, 1);
    struct node *n = r.nodes[0];
    struct wire *w = room_dial(&r, 0);
    fill(&r, w, false);
    REQUIRE(keys_of(n) == KEYS);
    size_t used = node_memory(n)->used, turns = 0;
    room_put(w->session, "FLUSHALL\r\n", 10);
    CHECK(used <= node_memory(n)->used + FREED_MAX);
    for (used = node_memory(n)->used; node_deadline(n) <= r.now.mono_us && turns < KEYS; turns++) {
        node_advance(n, r.now);
        node_settle(n);
        size_t before = used;
        used = node_memory(n)->used;
        CHECK(before <= used + FREED_MAX);
    }
    CHECK(turns > 20 && turns < KEYS);
    CHECK_EQ_INT(keys_of(n), 0);
    room_close(&r);
}

TEST_MAIN()
