/* test_node_memory.c: every allocation of a node fails in turn, over one conversation of a primary, its replica and their
 * clients. Whatever fails, nothing crashes or leaks, every request is answered or its connection closed, and once there is
 * memory again the replica becomes what its primary is. */
#include "node/internal.h"
#include "nodes.h"
#include "test.h"

/* What is said to the primary (a) and to the replica (b); "" lets time pass. */
static const char *const conversation[][2] = {
    {"a", "MSET k1 1 k2 two k3 three"},
    {"a", "SET mortal soon PX 30"},
    {"b", "REPLICAOF host 1"},
    {"", ""},
    {"a", "SET k1 %064d"},
    {"a", "SET k4 1 PX 100000"},
    {"a", "GET mortal"},
    {"a", "CONFIG SET notify-keyspace-events KEA"},
    {"a", "HELLO 3"},
    {"a", "SUBSCRIBE one two"},
    {"a", "PSUBSCRIBE __key* three"},
    {"a", "PUBLISH one hello"},
    {"a", "SET k5 1"},
    {"a", "UNSUBSCRIBE"},
    {"a", "MULTI"},
    {"a", "INCR n"},
    {"a", "SELECT 3"},
    {"a", "SET n 3"},
    {"a", "GETSET n 4"},
    {"a", "EXEC"},
    {"a", "WAIT 1 10"},
    {"", ""},
    {"a", "WATCH k1 k2"},
    {"a", "UNWATCH"},
    {"a", "MSET k1 a k5 b k6 c"},
    {"a", "WAIT 2 10"},
    {"", ""},
    {"b", "CONFIG SET replica-read-only no"},
    {"b", "SET own 1 PX 5"},
    {"b", "SET own2 1 PX 500"},
    {"", ""},
    {"b", "REPLICAOF NO ONE"},
    {"b", "SET own 1"},
    {"a", "MIGRATE host 2 k6 2 20 COPY"},
    {"a", "MIGRATE host 2 '' 2 20 REPLACE AUTH x KEYS k5 k6"},
    {"a", "MIGRATE host 2 '' 2 20 REPLACE KEYS k5 k6"},
    {"", ""},
    {"b", "APPEND own %04000d"},
    {"b", "REPLICAOF host 1"},
    {"a", "SET while snapshot"},
    {"a", "DEL k1 k2"},
    {"", ""},
    {"a", "INFO"},
    {"a", "CLIENT LIST"},
    {"a", "FLUSHALL"},
    {"a", "SET last 1"},
    {"", ""},
};

enum { LINES = sizeof conversation / sizeof conversation[0] };

struct talk {
    struct room room;
    struct wire *a, *b;
};

static struct wire *dial(struct talk *t, struct wire *w, int node)
{
    if (w && !w->closed) return w;
    if (w) w->used = false;
    struct session *s = node_accept(t->room.nodes[node], "10.0.0.1:5000");
    return s ? room_wire(&t->room, t->room.nodes[node], s) : NULL;
}

/* Says one line; whether there was an answer or an end. */
static bool talk_say(struct talk *t, const char *who, const char *format)
{
    char line[5000];
    if (!*who) {
        room_pass(&t->room, 50);
        return true;
    }
    struct wire **w = *who == 'a' ? &t->a : &t->b;
    *w = dial(t, *w, *who == 'a' ? 0 : 1);
    if (!*w) return true;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(line, sizeof line, format, 7);
#pragma GCC diagnostic pop
    say(*w, line);
    bool waits = strncmp(line, "WAIT", 4) == 0;
    if (waits) room_pass(&t->room, 20);
    return (*w)->closed || strlen(t->room.text) > 0 || waits;
}

static bool sound(struct talk *t)
{
    const char *what;
    for (int i = 0; i < 2; i++)
        if (!keyspace_check(t->room.nodes[i]->keyspace, &what)) return false;
    return true;
}

static bool converged(struct talk *t)
{
    struct digest x = node_digest(t->room.nodes[0]), y = node_digest(t->room.nodes[1]);
    struct node_state a, b;
    node_inspect(t->room.nodes[0], &a);
    node_inspect(t->room.nodes[1], &b);
    return b.link_up && x.low == y.low && x.high == y.high && a.offset == b.offset &&
           strcmp(a.replid, b.replid) == 0;
}

/* With memory again: the replica follows, and both go on as if nothing had been. */
static bool recovers(struct talk *t)
{
    talk_say(t, "a", "DISCARD");
    talk_say(t, "a", "SET after 1");
    talk_say(t, "b", "REPLICAOF host 1");
    room_pass(&t->room, 5000);
    talk_say(t, "a", "SET after 2");
    return converged(t);
}

/* Whether the failure came (it does not when there are fewer allocations). */
static bool fail_once(struct test *t_, int node, int64_t fail_after, bool once)
{
    static struct talk t;
    memset(&t, 0, sizeof t);
    room_open(&t.room, 2);
    struct memory *m = node_memory(t.room.nodes[node]);
    if (once)
        m->fail_after = fail_after;
    else
        m->limit = m->used + (size_t)fail_after * 16;
    for (int i = 0; i < LINES; i++) CHECK(talk_say(&t, conversation[i][0], conversation[i][1]));
    bool failed = once ? m->fail_after < 0 : m->peak + 65536 > m->limit;
    m->fail_after = -1;
    m->limit = 0;
    CHECK(sound(&t));
    CHECK(recovers(&t));
    if (t_->failed) printf("#        node %d, allocation %lld\n", node, (long long)fail_after);
    room_close(&t.room);
    return failed;
}

TEST(each_allocation_of_the_primary_fails_in_turn)
{
    int64_t n = 0;
    while (fail_once(t_, 0, n, true) && !t_->failed) n++;
    printf("#        %lld allocations\n", (long long)n);
    CHECK(n > 60);
}

TEST(each_allocation_of_the_replica_fails_in_turn)
{
    int64_t n = 0;
    while (fail_once(t_, 1, n, true) && !t_->failed) n++;
    printf("#        %lld allocations\n", (long long)n);
    CHECK(n > 60);
}

TEST(memory_that_ends_anywhere_and_stays_at_its_end)
{
    for (int node = 0; node < 2; node++)
        for (int64_t n = 0; n < 1500 && !t_->failed; n++) fail_once(t_, node, n, false);
}

TEST_MAIN()
