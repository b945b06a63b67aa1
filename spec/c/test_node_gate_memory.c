/* test_node_gate_memory.c: every allocation of a primary fails in turn while its clients wait: for replicas (gates, WAIT,
 * WAITAOF, WAITFOR), for keys and for messages. Whatever fails, each request is answered, waits, or its connection is
 * closed; nobody is told that a replica has what it has not; nothing leaks; and once there is memory again and everybody
 * has gone, nothing waits and nothing is kept for those who did. */
#include "node/internal.h"
#include "sync_nodes.h"
#include "test.h"

/* Who says what to the primary. "." lets time pass, "<" holds the replica b, ">" lets it go; "!" stands before what is to
 * be answered by nothing but errors while b is held. */
static const char *const conversation[][2] = {
    {"a", "MSET k1 1 k2 two"},
    {"a", "DURABLE ANY 1 (b) TIMEOUT 200 RECEIPT yes"},
    {"a", "INCR n"},
    {"b", "HELLO 3"},
    {"b", "SUBSCRIBE news"},
    {"b", "DURABLE FIRST 1 (b) TIMEOUT 40 ON-TIMEOUT degrade RECEIPT yes DO SET k3 3"},
    {"c", "BLPOP list 0"},
    {"d", "XREAD BLOCK 0 STREAMS stream $"},
    {"e", "CONFIG SET sync-replicas \"ANY 1 (b)\" sync-timeout 300"},
    {"<", ""},
    {"!a", "DURABLE ANY 1 (b) TIMEOUT 200 DO SET k1 %0200d"},
    {"!a", "DURABLE ANY 1 (b) TIMEOUT 200 RECEIPT yes DO INCR n"},
    {"a", "SET k2 2"},
    {"a", "GET k2"},
    {"a", "SET k2 2"},
    {"a", "SET k2 2"},
    {"a", "SET k2 2"},
    {"a", "SET k2 2"},
    {"a", "SET k2 2"},
    {"a", "SET k2 2"},
    {"a", "SET k2 2"},
    {"a", "SET k2 2 ASYNC"},
    {"b", "DURABLE FIRST 1 (b) TIMEOUT 40 ON-TIMEOUT degrade RECEIPT yes DO SET k3 %0100d"},
    {"f", "MULTI"},
    {"f", "INCR n"},
    {"f", "RPUSH list x"},
    {"f", "PUBLISH news transaction"},
    {"f", "CLIENT UNBLOCK 4 ERROR"},
    {"!f", "DURABLE ANY 1 (b) DO EXEC"},
    {"e", "SET w 1 ASYNC"},
    {"e", "WAIT 1 50"},
    {"g", "WAITFOR 0123456789012345678901234567890123456789:1 50"},
    {"h", "SET x 1 ASYNC"},
    {"h", "WAITAOF 0 1 50"},
    {"i", "DURABLE ANY 1 (b) READS committed DO GET k1"},
    {"i", "ASYNC XADD stream * f v"},
    {"i", "CLIENT LIST"},
    {"i", "INFO"},
    {".", ""},
    {"i", "CLIENT UNBLOCK 8"},
    {"i", "CONFIG SET sync-replicas \"FIRST 2 (b, c)\""},
    {"j", "SET k4 4"},
    {"j", "QUIT"},
    {">", ""},
    {"i", "CONFIG SET sync-replicas \"ANY 1 (b)\""},
    {"i", "PUBLISH news again"},
    {"a", "DURABLE ANY 1 (b) DO APPEND k1 %0100d"},
    {"c", "BRPOPLPUSH list other 0"},
    {"i", "RPUSH list y z"},
    {"<", ""},
    {"!a", "DURABLE ANY 1 (b) DO SET k1 1"},
    {"e", "INCR n"},
    {"i", "CLIENT KILL ID 3"},
    {"f", "REPLICAOF host 4"},
    {".", ""},
    {"f", "REPLICAOF NO ONE"},
    {">", ""},
    {".", ""},
    {"e", "INCR n"},
};

enum { LINES = sizeof conversation / sizeof conversation[0], PEOPLE = 10 };

struct talk {
    struct room room;
    struct wire *people[PEOPLE];
    bool held;
};

/* The wire over which b hears its primary; NULL while it has none. */
static struct wire *stream_of(struct talk *t)
{
    for (int i = 0; i < ROOM_WIRES; i++) {
        struct wire *w = &t->room.wires[i];
        if (w->used && !w->closed && w->node == t->room.nodes[1] && w->peer) return w;
    }
    return NULL;
}

static void hold(struct talk *t, bool held)
{
    struct wire *w = stream_of(t);
    t->held = held && w != NULL;
    if (w) w->held = w->peer->held = held;
    room_settle(&t->room);
}

static struct wire *person(struct talk *t, char name)
{
    struct wire **w = &t->people[name - 'a'];
    if (*w && !(*w)->closed) return *w;
    if (*w) (*w)->used = false;
    struct session *s = node_accept(t->room.nodes[0], "10.0.0.1:5000");
    *w = s ? room_wire(&t->room, t->room.nodes[0], s) : NULL;
    return *w;
}

static bool waits(const struct wire *w)
{
    return !w->closed && (w->session->block != BLOCK_NONE || gate_waits(w->session->line));
}

/* Says one line. False: it was neither answered, nor is waited for, nor is the connection closed; or it was answered as if
 * the replica had it. */
static bool talk_say(struct talk *t, const char *who, const char *format)
{
    char line[1024];
    bool must_wait = *who == '!' && t->held && stream_of(t) && stream_of(t)->held;
    if (*who == '!') who++;
    if (*who == '.') room_pass(&t->room, 20);
    if (*who == '<' || *who == '>') hold(t, *who == '<');
    if (*who < 'a') return true;
    struct wire *w = person(t, *who);
    if (!w) return true;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(line, sizeof line, format, 7);
#pragma GCC diagnostic pop
    bool waited = waits(w);
    const char *heard = say(w, line);
    if (must_wait && !waited && heard[0] != '\0' && heard[0] != '-') return false;
    return w->closed || heard[0] != '\0' || waits(w) || waited || strncmp(line, "QUIT", 4) == 0;
}

static bool sound(struct talk *t)
{
    const char *what;
    for (int i = 0; i < 2; i++)
        if (!keyspace_check(t->room.nodes[i]->keyspace, &what)) return false;
    return true;
}

/* Everybody has gone: nothing waits. */
static bool all_quiet(struct talk *t)
{
    struct node *n = t->room.nodes[0];
    struct gates *gs = &n->gates;
    for (int i = 0; i < PEOPLE; i++)
        if (t->people[i]) room_hang_up(t->people[i]);
    room_settle(&t->room);
    list_each(link, &gs->groups)
    {
        struct gate_group *group = list_item(link, struct gate_group, link);
        if (group->users != 0 || heap_top(&group->lines)) return false;
    }
    return gs->lines == 0 && gs->held == 0 && gs->own.users == 0 && !heap_top(&gs->own.lines) &&
           !heap_top(&gs->timeouts) && !heap_top(&n->timeouts) && !heap_top(&n->token_waits) &&
           !heap_top(&n->local_waits) && wait_wanted(&n->waits) < 0 && wait_wanted(&n->aof_waits) < 0 &&
           keyspace_awaited(n->keyspace) == 0 && n->clients == (int64_t)n->feeds.count;
}

/* With memory again all goes on as if nothing had been: the replica follows, and a write waits for it. */
static bool recovers(struct talk *t)
{
    struct room *r = &t->room;
    hold(t, false);
    struct wire *a = room_dial(r, 0), *b = room_dial(r, 1);
    say(a, "REPLICAOF NO ONE");
    say(a, "CONFIG SET sync-replicas \"\"");
    say(b, "REPLICAOF host 1");
    room_pass(r, 5000);
    bool acknowledged = strcmp(say(a, "DURABLE ANY 1 (b) DO SET after 1"), "+OK\r\n") == 0;
    bool there = strcmp(say(b, "GET after"), "$1\r\n1\r\n") == 0;
    room_hang_up(a);
    room_hang_up(b);
    struct digest x = node_digest(r->nodes[0]), y = node_digest(r->nodes[1]);
    return acknowledged && there && x.low == y.low && x.high == y.high;
}

/* Whether the failure came (it does not when there are fewer allocations). */
static bool fail_once(struct test *t_, int64_t fail_after, bool once)
{
    static struct talk t;
    memset(&t, 0, sizeof t);
    open_pair(&t.room, 2);
    struct memory *m = node_memory(t.room.nodes[0]);
    if (once)
        m->fail_after = fail_after;
    else
        m->limit = m->used + (size_t)fail_after * 16;
    for (int i = 0; i < LINES; i++) {
        bool answered = talk_say(&t, conversation[i][0], conversation[i][1]);
        CHECK(answered);
        if (!answered) printf("#        %s: %s\n", conversation[i][0], conversation[i][1]);
    }
    bool failed = once ? m->fail_after < 0 : m->peak + 4096 > m->limit;
    m->fail_after = -1;
    m->limit = 0;
    CHECK(sound(&t));
    CHECK(all_quiet(&t));
    CHECK(recovers(&t));
    if (t_->failed) printf("#        allocation %lld\n", (long long)fail_after);
    room_close(&t.room);
    return failed;
}

TEST(each_allocation_fails_in_turn)
{
    int64_t n = 0;
    while (fail_once(t_, n, true) && !t_->failed) n++;
    printf("#        %lld allocations\n", (long long)n);
    CHECK(n > 60);
}

TEST(memory_that_ends_anywhere_and_stays_at_its_end)
{
    for (int64_t n = 0; n < 1500 && !t_->failed; n++) fail_once(t_, n, false);
}

TEST_MAIN()
