/* test_persist_rdb_stream.c: streams in RDB files: what redis-server 7.0.15 wrote, in the formats of 5, 7.0 and 7.2; what
 * is written and read again; what is refused; and every allocation failing in turn.
 *
 * SPDX-License-Identifier: MIT */
#include "rdb_fixture.h"
#include "store/edit.h"
#include "store/limits.h"
#include "store/stream.h"
#include "test.h"

/* clang-format off */
/* The value of a key in the parts that the formats have in common, or not. */
#define NODES \
    "\x01\x10\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x40\x8d\x8d\x00\x00\x00" \
    "\x29\x00\x04\x01\x01\x01\x02\x01\x84\x74\x65\x6d\x70\x05\x84\x68\x6f\x73\x74\x05\x00\x01\x02\x01" \
    "\x00\x01\x00\x01\x15\x01\x81\x61\x02\x05\x01\x03\x01\x00\x01\x01\x01\x16\x01\x82\x62\x62\x03\x05" \
    "\x01\x00\x01\x04\x01\xdf\xff\x02\x03\x01\x85\x6f\x74\x68\x65\x72\x06\x81\x78\x02\x84\x74\x65\x6d" \
    "\x70\x05\xdf\xf9\x02\x81\x7a\x02\xf4\x14\x1a\x99\xbe\x1c\x00\x00\x00\x09\x0a\x01\x02\x01\xf4\xff" \
    "\x67\xe5\xcf\x8b\x01\x00\x00\x09\x04\x01\x83\x68\x6f\x74\x04\x80\x01\x05\x01\x02\x01\xf4\x00\x68" \
    "\xe5\xcf\x8b\x01\x00\x00\x09\xdf\xff\x02\x01\x01\x02\x01\x05\x01\xff"
#define LENGTH_LAST \
    "\x04\x81\x00\x00\x01\x8b\xcf\xe5\x68\x01\x00"
#define MARKS \
    "\x01\x01\x01\x02\x05"
#define GROUPS \
    "\x02"
#define G1 \
    "\x02\x67\x31\x81\x00\x00\x01\x8b\xcf\xe5\x68\x00\x05"
#define G1_READ \
    "\x81\xff\xff\xff\xff\xff\xff\xff\xff"
#define G1_DELIVERIES \
    "\x03\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\xca\x53\xdc\x03\xa2\x01\x00" \
    "\x00\x01\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00\xca\x53\xdc\x03\xa2\x01" \
    "\x00\x00\x01\x00\x00\x01\x8b\xcf\xe5\x68\x00\x00\x00\x00\x00\x00\x00\x00\x05\xd9\x53\xdc\x03\xa2" \
    "\x01\x00\x00\x01\x03"
#define ALICE \
    "\x05\x61\x6c\x69\x63\x65\xca\x53\xdc\x03\xa2\x01\x00\x00"
#define ALICE_OWN \
    "\x02\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00" \
    "\x05\x00\x00\x00\x00\x00\x00\x00\x00"
#define BOB \
    "\x03\x62\x6f\x62\xd9\x53\xdc\x03\xa2\x01\x00\x00"
#define BOB_OWN \
    "\x01\x00\x00\x01\x8b\xcf\xe5\x68\x00\x00\x00\x00\x00\x00\x00\x00\x05"
#define CAROL \
    "\x05\x63\x61\x72\x6f\x6c\xe2\x53\xdc\x03\xa2\x01\x00\x00"
#define CAROL_OWN \
    "\x00"
#define G2 \
    "\x02\x67\x32\x05\x00"
#define G2_READ \
    "\x03"
#define G2_REST \
    "\x00\x00"/* clang-format on */

#define MAGIC "REDIS0010"
#define END "\xff\0\0\0\0\0\0\0\0"
#define FILE_OF(items) slice_of(MAGIC items END, sizeof(MAGIC items END) - 1)
#define AGAIN "\x00\x00\x00\x00\x00\x00\x00\x00"

#define REDIS_5                                                                                     \
    FILE_OF("\x0f\x01s" NODES LENGTH_LAST GROUPS G1 G1_DELIVERIES ALICE ALICE_OWN BOB BOB_OWN CAROL \
                CAROL_OWN G2 G2_REST)
#define REDIS_7                                                                                             \
    FILE_OF("\x13\x01s" NODES LENGTH_LAST MARKS GROUPS G1 G1_READ G1_DELIVERIES ALICE ALICE_OWN BOB BOB_OWN \
                CAROL CAROL_OWN G2 G2_READ G2_REST)
#define REDIS_7_2                                                                                         \
    FILE_OF("\x15\x01s" NODES LENGTH_LAST MARKS GROUPS G1 G1_READ G1_DELIVERIES ALICE AGAIN ALICE_OWN BOB \
                AGAIN BOB_OWN CAROL AGAIN CAROL_OWN G2 G2_READ G2_REST)

/* Reads a file in pieces of `step`; NULL, or the error. */
static const char *read_file(struct memory *m, struct slice file, size_t step, struct keyspace **ks,
                             char *error)
{
    *ks = rdb_fixture_keyspace(m);
    struct rdb_reader *r = rdb_fixture_reader(m, *ks);
    size_t at = 0;
    int result = rdb_fixture_feed(r, file, &at, step);
    snprintf(error, 200, "%s", result > 0 ? "..." : rdb_reader_error(r));
    rdb_reader_free(r);
    const char *wrong;
    if (!keyspace_check(*ks, &wrong)) snprintf(error, 200, "%s", wrong);
    return *error ? error : NULL;
}

static const struct stream *stream_at(struct keyspace *ks, const char *key)
{
    return stream_of(keyspace_find(ks, 0, slice_text(key)));
}

static void show(const struct stream *s, char *out, size_t room)
{
    struct stream_walk w;
    struct stream_entry e;
    struct stream_field f;
    size_t used = 0;
    stream_walk_begin(&w, s, STREAM_ID_MIN, STREAM_ID_MAX, false);
    while (stream_walk_next(&w, &e)) {
        used +=
            (size_t)snprintf(out + used, room - used, "%lld-%lld", (long long)e.id.ms, (long long)e.id.seq);
        while (e.fields > 0) {
            stream_entry_field(&e, &f);
            used += (size_t)snprintf(out + used, room - used, " %.*s=%.*s", (int)f.name.size, f.name.data,
                                     (int)f.value.size, f.value.data);
        }
        used += (size_t)snprintf(out + used, room - used, "; ");
    }
}

static void check_sample(struct test *t_, const struct stream *s, int64_t g1_read)
{
    char text[300];
    show(s, text, sizeof text);
    CHECK_EQ_STR(text,
                 "1-1 temp=21 host=a; 5-0 other=x temp=-7 z=123456789012; 1700000000000-5 temp=hot host=; "
                 "1700000000001-0 temp=1 host=2; ");
    CHECK_EQ_INT(s->last_id.ms, 1700000000001);
    CHECK_EQ_INT(s->first_id.ms, 1);
    REQUIRE(s->groups.count == 2);
    const struct stream_group *g1 = stream_group_at(s, 0), *g2 = stream_group_at(s, 1);
    CHECK_EQ_INT(g1->last_id.ms, 1700000000000);
    CHECK_EQ_INT(g1->entries_read, g1_read);
    CHECK_EQ_INT(g1->pending.size, 3);
    CHECK_EQ_INT(g2->last_id.ms, 5);
    REQUIRE(g1->consumers.count == 3);
    const struct stream_pending *p = stream_pending_find(g1, (struct stream_id){5, 0});
    CHECK(p->consumer == stream_consumer_find(g1, slice_text("alice")));
    CHECK_EQ_INT(p->delivered_ms, 1795361100746);
    CHECK_EQ_INT(p->deliveries, 1);
    CHECK_EQ_INT(stream_consumer_find(g1, slice_text("bob"))->pending.size, 1);
    CHECK_EQ_INT(stream_consumer_find(g1, slice_text("carol"))->seen_ms, 1795361100770);
}

TEST(redis_7)
{
    for (size_t step = 1; step <= 1000; step += 37) {
        struct memory m;
        struct keyspace *ks;
        char error[200];
        memory_init(&m);
        CHECK(!read_file(&m, REDIS_7, step, &ks, error));
        const struct stream *s = stream_at(ks, "s");
        check_sample(t_, s, -1);
        CHECK_EQ_INT(s->entries_added, 5);
        CHECK_EQ_INT(s->max_deleted_id.seq, 2);
        CHECK_EQ_INT(stream_group_at(s, 1)->entries_read, 3);
        keyspace_free(ks);
        CHECK_EQ_INT(m.used, 0);
    }
}

TEST(redis_5)
{
    struct memory m;
    struct keyspace *ks;
    char error[200];
    memory_init(&m);
    CHECK(!read_file(&m, REDIS_5, 50, &ks, error));
    const struct stream *s = stream_at(ks, "s");
    check_sample(t_, s, -1);
    CHECK_EQ_INT(s->entries_added, 4);
    CHECK_EQ_INT(s->max_deleted_id.seq, 0);
    keyspace_free(ks);
}

TEST(redis_7_2)
{
    struct memory m;
    struct keyspace *ks;
    char error[200];
    memory_init(&m);
    CHECK(!read_file(&m, REDIS_7_2, 50, &ks, error));
    check_sample(t_, stream_at(ks, "s"), -1);
    keyspace_free(ks);
}

/* Written again it is the same, byte for byte but for the entry that was deleted. */
TEST(golden)
{
    struct memory m;
    struct keyspace *ks, *again;
    struct bytes file;
    char error[200];
    memory_init(&m);
    bytes_init(&file, &m);
    REQUIRE(!read_file(&m, REDIS_7, 999, &ks, error));
    REQUIRE(rdb_fixture_write(&m, ks, 1000, &file));
    static const char groups[] = LENGTH_LAST MARKS GROUPS G1 G1_READ G1_DELIVERIES ALICE ALICE_OWN BOB BOB_OWN
        CAROL CAROL_OWN G2 G2_READ G2_REST "\xff";
    size_t size = sizeof groups - 1;
    CHECK_EQ_MEM(file.data + file.size - 8 - size, size, groups, size);
    CHECK(!read_file(&m, bytes_slice(&file), 999, &again, error));
    CHECK(digest_same(keyspace_digest(ks), keyspace_digest(again)));
    keyspace_free(ks);
    keyspace_free(again);
    bytes_free(&file);
}

/* ---- random streams ---- */

static bool fill(struct memory *m, struct stream *s, struct random *r)
{
    char text[8][80];
    struct slice pairs[8];
    struct value_limits limits = value_limits_default;
    limits.stream_node_entries = 1 + (int64_t)random_below(r, 60);
    uint64_t entries = random_below(r, 300);
    for (uint64_t n = 0; n < entries; n++) {
        struct stream_id id = s->last_id;
        if (random_below(r, 2)) id.ms += random_below(r, 1u << random_below(r, 30));
        id.seq = id.ms == s->last_id.ms ? id.seq + 1 : random_below(r, 300);
        size_t count = random_below(r, 4) ? 1 : 1 + random_below(r, 4);
        for (size_t i = 0; i < 2 * count; i++) pairs[i] = rdb_fixture_string(r, text[i], 80);
        for (size_t i = 0; i < count; i++) pairs[2 * i] = slice_text(i % 2 ? "name" : "7");
        if (!stream_append(m, s, id, pairs, count, &limits)) return false;
        if (random_below(r, 5) == 0) stream_delete(m, s, id);
    }
    struct stream_trim trim = {.length = s->length - s->length / 5};
    stream_trim(m, s, &trim);
    return true;
}

static bool fill_groups(struct memory *m, struct stream *s, struct random *r)
{
    static const char *const names[] = {"", "g", "group", "consumer:17"};
    for (size_t i = 0; i < random_below(r, 4); i++) {
        struct stream_group *g =
            stream_group_make(m, s, slice_text(names[i]), s->last_id, (int64_t)random_below(r, 100) - 1);
        if (!g) return false;
        for (size_t k = 0; k < 1 + random_below(r, 3); k++) {
            struct stream_consumer *c =
                stream_consumer_make(m, g, slice_text(names[k]), (int64_t)random_below(r, 1u << 30));
            if (!c) return false;
            for (uint64_t n = random_below(r, 40); n > 0; n--) {
                struct stream_id id = {random_below(r, 1u << 20), random_below(r, 4)};
                if (stream_pending_find(g, id)) continue;
                if (!stream_pending_make(m, g, c, id, (int64_t)n, n * n * n)) return false;
            }
        }
    }
    return true;
}

static bool make(struct memory *m, struct keyspace *ks, uint64_t seed)
{
    struct random r;
    struct edit x;
    random_init(&r, seed, "stream");
    struct stream *s = stream_new(m);
    if (!fill(m, s, &r) || !fill_groups(m, s, &r)) return false;
    edit_draft(&x, ks, slice_text("s"), VALUE_STREAM, KEYSPACE_NO_TTL);
    return edit_enlarge(&x, s) && edit_publish(&x, 3);
}

TEST(round_trip)
{
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct memory m;
        struct bytes file;
        char error[200];
        memory_init(&m);
        bytes_init(&file, &m);
        struct keyspace *ks = rdb_fixture_keyspace(&m), *again;
        REQUIRE(make(&m, ks, seed));
        REQUIRE(rdb_fixture_write(&m, ks, 1 + seed * 50, &file));
        CHECK(!read_file(&m, bytes_slice(&file), 1 + seed * 7, &again, error));
        CHECK(digest_same(keyspace_digest(ks), keyspace_digest(again)));
        keyspace_free(again);
        keyspace_free(ks);
        bytes_free(&file);
        CHECK_EQ_INT(m.used, 0);
    }
}

TEST(every_flipped_bit)
{
    static const char sample[] = MAGIC "\x13\x01s" NODES LENGTH_LAST MARKS GROUPS G1 G1_READ G1_DELIVERIES
        ALICE ALICE_OWN BOB BOB_OWN CAROL CAROL_OWN G2 G2_READ G2_REST END;
    char file[sizeof sample - 1];
    for (size_t bit = 9 * 8; bit < 8 * (sizeof file - 9); bit++) {
        struct memory m;
        struct keyspace *ks;
        char error[200];
        memory_init(&m);
        memcpy(file, sample, sizeof file);
        file[bit / 8] = (char)(file[bit / 8] ^ 1 << bit % 8);
        /* a flipped bit of a value makes another value, one of a count or a length must be noticed */
        const char *wrong = read_file(&m, slice_of(file, sizeof file), sizeof file, &ks, error);
        if (wrong && strncmp(wrong, "RDB at", 6) != 0 && strcmp(wrong, "...") != 0)
            test_fail(t_, __FILE__, __LINE__, wrong);
        keyspace_free(ks);
        CHECK_EQ_INT(m.used, 0);
    }
}

static void refuses(struct test *t_, struct slice file, const char *want)
{
    struct memory m;
    struct keyspace *ks;
    char error[200];
    memory_init(&m);
    const char *wrong = read_file(&m, file, file.size, &ks, error);
    if (!wrong || !strstr(wrong, want)) printf("#        %s\n", wrong ? wrong : "read");
    CHECK(wrong && strstr(wrong, want));
    keyspace_free(ks);
    CHECK_EQ_INT(m.used, 0);
}

/* One entry, 1-1 f v. */
#define ONE_KEY "\x10\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1"
#define ONE_LISTPACK(count, flags, ms, elements)  \
    "\x1d\x1d\0\0\0\x0a\0" count "\1\0\1\1\1\x81" \
    "f\2\0\1" flags "\1" ms "\1\0\1\x81v\2" elements "\1\xff"
#define NOTHING_ELSE "\0\0\1\0"

TEST(refused)
{
#define FILE_7(nodes, rest) FILE_OF("\x13\1s" nodes rest)
    struct memory m;
    struct keyspace *ks;
    char error[200];
    memory_init(&m);
    CHECK(!read_file(&m, FILE_7("\1" ONE_KEY ONE_LISTPACK("\1", "\2", "\0", "\4"), "\1\1\1\1\1" NOTHING_ELSE),
                     5, &ks, error));
    keyspace_free(ks);
    refuses(t_,
            FILE_7("\1"
                   "\3"
                   "abc",
                   ""),
            "is not an ID");
    refuses(t_,
            FILE_7("\1" ONE_KEY "\3"
                   "abc",
                   ""),
            "listpack");
    refuses(t_, FILE_7("\1" ONE_KEY ONE_LISTPACK("\2", "\2", "\0", "\4"), ""), "not as many entries");
    refuses(t_, FILE_7("\1" ONE_KEY ONE_LISTPACK("\1", "\3", "\0", "\4"), ""), "not as many entries");
    refuses(t_, FILE_7("\1" ONE_KEY ONE_LISTPACK("\1", "\6", "\0", "\4"), ""), "unknown flags");
    refuses(t_, FILE_7("\1" ONE_KEY ONE_LISTPACK("\1", "\0", "\0", "\4"), ""), "a node of a stream");
    refuses(t_, FILE_7("\1" ONE_KEY ONE_LISTPACK("\1", "\2", "\0", "\5"), ""), "not as many elements");
    refuses(t_, FILE_7("\2" ONE_KEY ONE_LISTPACK("\1", "\2", "\0", "\4") ONE_KEY, ""), "out of order");
    refuses(t_, FILE_7("\1" ONE_KEY ONE_LISTPACK("\1", "\2", "\0", "\4"), "\2"), "not as many entries");
    refuses(t_, FILE_7("\1" ONE_KEY ONE_LISTPACK("\1", "\2", "\1", "\4"), "\1\1\1"), "last ID");
    refuses(t_,
            FILE_7("\0", "\0\0\0\0\0\0\0\0"
                         "\2"
                         "\1g\0\0\0\0\0"
                         "\1g"),
            "twice");
    refuses(t_,
            FILE_7("\0", "\0\0\0\0\0\0\0\0"
                         "\1"
                         "\1g\0\0\x81\xff\0\0\0\0\0\0\0\0\0"),
            "negative");
    refuses(t_,
            FILE_7("\0", "\0\0\0\0\0\0\0\0"
                         "\1"
                         "\1g\0\0\0\1"
                         "aaaaaaaaaaaaaaaa"
                         "tttttttt"
                         "\1"
                         "\0"),
            "nobody's");
    refuses(t_,
            FILE_7("\0", "\0\0\0\0\0\0\0\0"
                         "\1"
                         "\1g\0\0\0\0\1"
                         "\1c"
                         "tttttttt"
                         "\1"
                         "aaaaaaaaaaaaaaaa"),
            "its group has not");
}

TEST(out_of_memory)
{
    int failures = 0;
    for (int64_t n = 0;; n++) {
        struct memory m;
        memory_init(&m);
        struct keyspace *ks = rdb_fixture_keyspace(&m);
        m.fail_after = n;
        struct rdb_reader *r = rdb_fixture_reader(&m, ks);
        size_t at = 0;
        int result = r ? rdb_fixture_feed(r, REDIS_7, &at, 7) : -1;
        bool injected = m.fail_after < 0;
        m.fail_after = -1;
        if (r && result < 0) CHECK(strstr(rdb_reader_error(r), "out of memory") != NULL);
        if (result == 0) check_sample(t_, stream_at(ks, "s"), -1);
        rdb_reader_free(r);
        const char *wrong;
        CHECK(keyspace_check(ks, &wrong));
        keyspace_free(ks);
        CHECK_EQ_INT(m.used, 0);
        failures += result < 0;
        if (!injected) break;
    }
    CHECK(failures > 30);
}

TEST(out_of_memory_while_writing)
{
    int failures = 0;
    for (int64_t n = 0;; n++) {
        struct memory m;
        struct bytes file;
        memory_init(&m);
        bytes_init(&file, &m);
        struct keyspace *ks = rdb_fixture_keyspace(&m);
        REQUIRE(make(&m, ks, 5));
        m.fail_after = n;
        bool written = rdb_fixture_write(&m, ks, 1000, &file), injected = m.fail_after < 0;
        CHECK(written || injected);
        failures += !written;
        keyspace_free(ks);
        bytes_free(&file);
        CHECK_EQ_INT(m.used, 0);
        if (!injected) break;
    }
    CHECK(failures > 3);
}

TEST_MAIN()
