/* test_node_eviction.c: maxmemory and its policies. */
#include <stdarg.h>

#include "nodes.h"
#include "test.h"

static int64_t info(struct wire *w, const char *field)
{
    char line[64];
    snprintf(line, sizeof line, "\n%s:", field);
    const char *found = strstr(say(w, "INFO everything"), line);
    return found ? strtoll(found + strlen(line), NULL, 10) : -1;
}

static const char *sayf(struct wire *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static const char *sayf(struct wire *w, const char *format, ...)
{
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    return say(w, line);
}

static int64_t used(struct room *r, int node) { return (int64_t)node_memory(r->nodes[node])->used; }

/* The limit stands `room` bytes above what is used now. */
static void limit(struct wire *w, int64_t room)
{
    sayf(w, "CONFIG SET maxmemory %lld", (long long)(used(w->room, room_number(w->room, w->node)) + room));
}

enum { VALUE = 1000 };

/* Sets k<from> … k<to - 1>. How many were refused. */
static int fill(struct wire *w, char kind, int from, int to, const char *options)
{
    char value[VALUE + 1];
    int refused = 0;
    memset(value, 'x', VALUE);
    value[VALUE] = '\0';
    for (int i = from; i < to; i++) refused += sayf(w, "SET %c%d %s %s", kind, i, value, options)[0] == '-';
    return refused;
}

static int count(struct wire *w, char kind, int from, int to)
{
    int there = 0;
    for (int i = from; i < to; i++) there += sayf(w, "EXISTS %c%d", kind, i)[1] == '1';
    return there;
}

#define OOM "OOM command not allowed when used memory > 'maxmemory'.\r\n"

TEST(without_a_policy_what_takes_memory_is_refused)
{
    struct room r;
    room_open(&r, 1);
    struct wire *w = room_dial(&r, 0), *v = room_dial(&r, 0);
    say(w, "SET k v");
    say(v, "MULTI");
    say(v, "SET k w");
    say(w, "CONFIG SET maxmemory 1");
    CHECK_EQ_STR(say(w, "SET k w"), "-" OOM);
    CHECK_EQ_STR(say(w, "GET k"), "$1\r\nv\r\n");
    CHECK_EQ_STR(say(v, "GET k"), "-" OOM); /* a queue takes memory, whatever is in it */
    CHECK_EQ_STR(say(v, "EXEC"), "-EXECABORT Transaction discarded because of: " OOM);
    CHECK_EQ_STR(say(w, "MULTI"), "+OK\r\n");
    CHECK_EQ_STR(say(w, "DISCARD"), "+OK\r\n");
    CHECK_EQ_STR(say(w, "DEL k"), ":1\r\n");
    CHECK_EQ_INT(info(w, "evicted_keys"), 0);
    CHECK_EQ_STR(say(w, "CONFIG SET maxmemory 0"), "+OK\r\n");
    CHECK_EQ_STR(say(w, "SET k w"), "+OK\r\n");
    room_close(&r);
}

TEST(each_policy_takes_only_what_it_may)
{
    static const char *const policies[] = {"allkeys-lru",  "allkeys-lfu",  "allkeys-random", "volatile-lru",
                                           "volatile-lfu", "volatile-ttl", "volatile-random"};
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        struct room r;
        room_open(&r, 1);
        struct wire *w = room_dial(&r, 0);
        bool all = strncmp(policies[i], "allkeys", 7) == 0;
        sayf(w, "CONFIG SET maxmemory-policy %s", policies[i]);
        fill(w, 'a', 0, 200, "");
        fill(w, 'v', 0, 200, "EX 10000");
        limit(w, 4096);
        CHECK_EQ_INT(fill(w, 'w', 0, 150, "EX 10000"), 0);
        int64_t evicted = info(w, "evicted_keys");
        CHECK(evicted > 50 && evicted < 200);
        if (!all) CHECK_EQ_INT(count(w, 'a', 0, 200), 200);
        CHECK(used(&r, 0) < info(w, "maxmemory") + 16384);
        /* what does not expire fills it up */
        int refused = fill(w, 'b', 0, 400, "");
        CHECK(all ? refused == 0 : refused > 50);
        if (!all) CHECK_EQ_INT(count(w, 'v', 0, 200) + count(w, 'w', 0, 150), 0);
        if (!all) CHECK_EQ_STR(say(w, "SET more 1"), "-" OOM);
        room_close(&r);
    }
}

TEST(by_time_to_live_the_next_to_expire_goes_whichever_database_it_is_in)
{
    struct room r;
    room_open(&r, 1);
    struct wire *w = room_dial(&r, 0);
    char options[32];
    say(w, "CONFIG SET maxmemory-policy volatile-ttl");
    for (int i = 0; i < 200; i++) {
        sayf(w, "SELECT %d", i % 2);
        snprintf(options, sizeof options, "EX %d", 1000 + (i * 77) % 200);
        fill(w, 'k', i, i + 1, options);
    }
    limit(w, 0);
    fill(w, 'n', 0, 60, "");
    int gone = 0, wrong = 0;
    for (int i = 0; i < 200; i++) {
        sayf(w, "SELECT %d", i % 2);
        bool there = count(w, 'k', i, i + 1) == 1;
        gone += !there;
    }
    for (int i = 0; i < 200; i++) {
        sayf(w, "SELECT %d", i % 2);
        wrong += (count(w, 'k', i, i + 1) == 1) != ((i * 77) % 200 >= gone);
    }
    CHECK(gone > 30);
    CHECK_EQ_INT(wrong, 0);
    room_close(&r);
}

/* Of 1000 keys 300 are used; then 300 others come. Of those that were used nearly all are there. */
static int hot_survivors(const char *policy, int uses)
{
    struct room r;
    room_open(&r, 1);
    struct wire *w = room_dial(&r, 0);
    sayf(w, "CONFIG SET maxmemory-policy %s maxmemory-samples 10", policy);
    fill(w, 'k', 0, 1000, "EX 100000");
    for (int use = 0; use < uses; use++) {
        room_pass(&r, 20000);
        for (int i = 0; i < 300; i++) sayf(w, "GET k%d", i);
    }
    limit(w, 0);
    fill(w, 'n', 0, 300, "EX 100000");
    int survivors = count(w, 'k', 0, 300);
    room_close(&r);
    return survivors;
}

TEST(what_is_used_stays)
{
    CHECK(hot_survivors("allkeys-lru", 1) >= 297);
    CHECK(hot_survivors("volatile-lru", 1) >= 297);
    CHECK(hot_survivors("allkeys-lfu", 5) >= 297);
    CHECK(hot_survivors("volatile-lfu", 5) >= 297);
    CHECK(hot_survivors("allkeys-random", 5) < 297);
}

TEST(a_replica_is_told_and_takes_nothing_away_itself)
{
    struct room r;
    room_open(&r, 2);
    struct wire *a = room_dial(&r, 0), *b = room_dial(&r, 1), *c = room_dial(&r, 1);
    say(b, "REPLICAOF host 1");
    room_pass(&r, 10);
    say(a, "CONFIG SET maxmemory-policy allkeys-random");
    say(b, "CONFIG SET maxmemory-policy allkeys-random maxmemory 1");
    fill(a, 'k', 0, 300, "");
    CHECK_EQ_INT(count(b, 'k', 0, 300), 300);
    limit(a, 0);
    fill(a, 'n', 0, 100, "");
    room_pass(&r, 10);
    CHECK(info(a, "evicted_keys") > 50);
    CHECK_EQ_INT(info(b, "evicted_keys"), 0);
    struct digest da = node_digest(r.nodes[0]), db = node_digest(r.nodes[1]);
    CHECK(da.low == db.low && da.high == db.high);
    /* unless it is asked to */
    say(c, "CONFIG SET replica-ignore-maxmemory no");
    room_pass(&r, 10);
    CHECK_EQ_STR(say(c, "DBSIZE"), ":0\r\n");
    room_close(&r);
}

/* What the stream of a node tells a replica that only listens. */
TEST(the_log_has_del_or_unlink_ahead_of_the_write)
{
    struct room r;
    room_open(&r, 1);
    struct wire *w = room_dial(&r, 0), *replica = room_dial(&r, 0);
    say(w, "CONFIG SET maxmemory-policy allkeys-lru");
    say(w, "SET old 1");
    say(replica, "PSYNC ? -1");
    room_pass(&r, 10);
    room_hear(replica);
    say(w, "CONFIG SET maxmemory 1");
    CHECK_EQ_STR(room_hear(replica), "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*2\r\n$3\r\nDEL\r\n$3\r\nold\r\n");
    say(w, "CONFIG SET lazyfree-lazy-eviction yes maxmemory 0");
    say(w, "SET old 1");
    room_hear(replica);
    say(w, "CONFIG SET maxmemory 1");
    CHECK_EQ_STR(room_hear(replica), "*2\r\n$6\r\nUNLINK\r\n$3\r\nold\r\n");
    room_close(&r);
}

TEST(evictions_are_events)
{
    struct room r;
    room_open(&r, 1);
    struct wire *w = room_dial(&r, 0), *s = room_dial(&r, 0);
    say(w, "CONFIG SET maxmemory-policy allkeys-lru notify-keyspace-events Ee");
    say(w, "SET k 1");
    say(s, "SUBSCRIBE __keyevent@0__:evicted");
    say(w, "CONFIG SET maxmemory 1");
    CHECK_EQ_STR(room_hear(s), "*3\r\n$7\r\nmessage\r\n$22\r\n__keyevent@0__:evicted\r\n$1\r\nk\r\n");
    CHECK_EQ_INT(info(w, "evicted_keys"), 1);
    room_close(&r);
}

TEST(one_command_is_not_held_up_for_long)
{
    struct room r;
    room_open(&r, 1);
    struct wire *w = room_dial(&r, 0);
    struct session *s = node_local_open(r.nodes[0]);
    say(w, "CONFIG SET maxmemory-policy allkeys-lru");
    fill(w, 'k', 0, 5000, "");
    struct bytes error;
    bytes_init(&error, &r.memory);
    REQUIRE(node_configure(r.nodes[0], slice_text("maxmemory"), slice_text("1"), &error));
    struct node_state state;
    CHECK(node_deadline(r.nodes[0]) <= r.now.mono_us); /* it wants to begin by itself */
    node_advance(r.nodes[0], r.now);
    node_inspect(r.nodes[0], &state);
    CHECK(state.keys >= 4400 && state.keys <= 4500);
    node_advance(r.nodes[0], r.now);
    node_inspect(r.nodes[0], &state);
    CHECK(state.keys >= 3900 && state.keys <= 4000);
    room_settle(&r);
    node_inspect(r.nodes[0], &state);
    CHECK_EQ_INT(state.keys, 0);
    CHECK(node_deadline(r.nodes[0]) > r.now.mono_us); /* and rests when nothing can be done */
    session_closed(s, NULL);
    bytes_free(&error);
    room_close(&r);
}

/* A large value is freed in slices: until it is, nothing else has to go for it. */
TEST(what_is_being_freed_counts_as_room_to_come)
{
    struct room r;
    room_open(&r, 1);
    struct wire *w = room_dial(&r, 0);
    say(w, "CONFIG SET maxmemory-policy volatile-ttl maxmemory-eviction-tenacity 0");
    fill(w, 'k', 0, 100, "EX 10000");
    for (int i = 0; i < 20000; i += 4)
        sayf(w, "SADD large member-%d member-%d member-%d member-%d", i, i + 1, i + 2, i + 3);
    say(w, "EXPIRE large 1000");
    limit(w, -100000);
    CHECK_EQ_INT(fill(w, 'n', 0, 10, ""), 0);
    CHECK_EQ_INT(info(w, "evicted_keys"), 1);
    CHECK_EQ_INT(count(w, 'k', 0, 100), 100);
    CHECK_EQ_STR(say(w, "EXISTS large"), ":0\r\n");
    room_close(&r);
}

TEST(idle_time_and_frequency_are_told_as_the_policy_goes)
{
    struct room r;
    room_open(&r, 2);
    struct wire *w = room_dial(&r, 0), *b = room_dial(&r, 1);
    say(w, "SET k 1");
    room_pass(&r, 7000);
    CHECK_EQ_STR(say(w, "OBJECT IDLETIME k"), ":7\r\n");
    say(b, "REPLICAOF host 1");
    room_pass(&r, 3000);
    CHECK_EQ_STR(say(b, "OBJECT IDLETIME k"), ":3\r\n"); /* since it came */
    CHECK_EQ_STR(say(w, "CONFIG SET maxmemory-policy allkeys-lfu"), "+OK\r\n");
    say(w, "SET l 1");
    CHECK_EQ_STR(say(w, "OBJECT FREQ l"), ":5\r\n");
    for (int i = 0; i < 200; i++) say(w, "GET l");
    CHECK(strtol(say(w, "OBJECT FREQ l") + 1, NULL, 10) > 10);
    room_pass(&r, 120000);
    long after = strtol(say(w, "OBJECT FREQ l") + 1, NULL, 10);
    room_pass(&r, 120000);
    CHECK_EQ_INT(strtol(say(w, "OBJECT FREQ l") + 1, NULL, 10), after - 2);
    room_close(&r);
}

/* Whatever fails to be allocated meanwhile, what stays is whole. */
TEST(small_numbers_are_each_their_own_where_accesses_decide)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "SET k 17");
    CHECK_EQ_STR(say(c, "OBJECT REFCOUNT k"), ":2147483647\r\n");
    say(c, "CONFIG SET maxmemory 1gb maxmemory-policy allkeys-lru");
    CHECK_EQ_STR(say(c, "OBJECT REFCOUNT k"), ":1\r\n");
    say(c, "CONFIG SET maxmemory-policy volatile-lfu");
    CHECK_EQ_STR(say(c, "OBJECT REFCOUNT k"), ":1\r\n");
    say(c, "CONFIG SET maxmemory-policy allkeys-random");
    CHECK_EQ_STR(say(c, "OBJECT REFCOUNT k"), ":2147483647\r\n");
    room_close(&r);
}

/* A replica that has stopped reading: what the log holds for it is its own, down to the blocks it is in. */
TEST(what_waits_for_a_replica_is_no_reason_to_take_keys)
{
    struct room r;
    room_open(&r, 2);
    struct wire *c = room_dial(&r, 0), *d = room_dial(&r, 1);
    say(c, "CONFIG SET maxmemory-policy allkeys-random repl-backlog-size 16384");
    fill(c, 'k', 0, 50, "");
    say(d, "REPLICAOF host 1");
    room_pass(&r, 1000);
    for (int i = 0; i < ROOM_WIRES; i++) r.wires[i].held = r.wires[i].used && r.wires[i].peer;
    limit(c, 32 * 1024);
    for (int i = 0; i < 4000; i++) fill(c, 'k', 0, 1, "");
    CHECK_EQ_INT(info(c, "evicted_keys"), 0);
    CHECK(info(c, "mem_clients_slaves") > 2000 * VALUE);
    CHECK(info(c, "mem_not_counted_for_evict") > 2000 * VALUE);
    say(c, "CLIENT KILL TYPE replica");
    CHECK_EQ_INT(info(c, "mem_clients_slaves"), 0);
    room_close(&r);
}

TEST(what_is_freed_in_slices_is_counted)
{
    struct room r;
    room_open(&r, 1);
    struct wire *c = room_dial(&r, 0);
    say(c, "CONFIG SET list-max-listpack-size 1");
    for (int i = 0; i < 2000; i++) sayf(c, "RPUSH l %d", i);
    say(c, "RPUSH small 1");
    say(c, "UNLINK small");
    CHECK_EQ_INT(info(c, "lazyfreed_objects"), 0);
    say(c, "UNLINK l");
    CHECK_EQ_INT(info(c, "lazyfreed_objects"), 1);
    CHECK_EQ_INT(info(c, "lazyfree_pending_objects"), 0);
    say(c, "CONFIG RESETSTAT");
    CHECK_EQ_INT(info(c, "lazyfreed_objects"), 0);
    room_close(&r);
}

TEST(without_memory_for_the_choice_any_key_goes)
{
    struct room r;
    room_open(&r, 1);
    struct wire *w = room_dial(&r, 0);
    say(w, "CONFIG SET maxmemory-policy allkeys-lru");
    fill(w, 'k', 0, 100, "");
    struct memory *m = node_memory(r.nodes[0]);
    struct bytes error;
    bytes_init(&error, &r.memory);
    REQUIRE(node_configure(r.nodes[0], slice_text("maxmemory"), slice_text("1"), &error));
    for (int i = 0; i < 12; i++) {
        m->fail_after = i;
        node_advance(r.nodes[0], r.now);
        m->fail_after = -1;
        room_settle(&r);
        struct node_state state;
        node_inspect(r.nodes[0], &state);
        CHECK_EQ_INT(state.keys, 0);
        REQUIRE(node_configure(r.nodes[0], slice_text("maxmemory"), slice_text("0"), &error));
        fill(w, 'k', 0, 20, "");
        REQUIRE(node_configure(r.nodes[0], slice_text("maxmemory"), slice_text("1"), &error));
    }
    bytes_free(&error);
    room_close(&r);
}

TEST_MAIN()
