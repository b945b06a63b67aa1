/* The checker itself: it finds what it is there to find, and says so in a sentence. Trails are made up here. */
#include "test.h"
#include "world/check.h"

/* Histories are called A, B, …: forty times that letter. */
struct scene {
    struct memory memory;
    struct check *k;
    struct check_place a, b, c;
    struct check_writes *writes;
};

static void scene_open(struct scene *s)
{
    memory_init(&s->memory);
    s->k = check_new(&s->memory, 7);
    s->writes = NULL;
    check_place_init(s->k, &s->a, "a");
    check_place_init(s->k, &s->b, "b");
    check_place_init(s->k, &s->c, "c");
}

/* Closes the scene; whether nothing is left. */
static bool scene_close(struct scene *s)
{
    check_writes_free(s->k, s->writes);
    check_place_finish(s->k, &s->a);
    check_place_finish(s->k, &s->b);
    check_place_finish(s->k, &s->c);
    check_free(s->k);
    return s->memory.used == 0;
}

static void point(struct scene *s, struct check_place *p, enum trail_kind kind, const char *names,
                  int64_t offset, uint64_t data)
{
    struct trail_point t = {.kind = kind, .offset = offset, .digest = {data, 0}, .count = (int64_t)data};
    memset(t.replid, names[0], 40);
    memset(t.replid2, names[1] ? names[1] : '0', 40);
    check_point(s->k, p, &t, 1500);
}

static void applied(struct scene *s, struct check_place *p, const char *name, int64_t offset, uint64_t data)
{
    point(s, p, TRAIL_APPLIED, name, offset, data);
}

static const char *verdict(struct scene *s)
{
    const char *failed = check_failed(s->k);
    return failed ? failed : "sound";
}

#define CHECK_SAYS(s, part)                                                           \
    do {                                                                              \
        if (!strstr(verdict(s), part)) test_fail(t_, __FILE__, __LINE__, verdict(s)); \
    } while (0)

TEST(a_replica_that_has_what_its_primary_had_is_sound)
{
    struct scene s;
    scene_open(&s);
    applied(&s, &s.a, "A", 10, 1);
    point(&s, &s.b, TRAIL_JOINED, "A", 10, 1);
    for (int i = 2; i < 1000; i++) applied(&s, &s.a, "A", i * 10, (uint64_t)i);
    for (int i = 2; i < 1000; i++) applied(&s, &s.b, "A", i * 10, (uint64_t)i);
    applied(&s, &s.b, "A", 55, 12345); /* a place where the primary never stood */
    CHECK_EQ_STR(verdict(&s), "sound");
    struct world_sim_checks counts;
    check_counts(s.k, &counts);
    CHECK_EQ_INT(counts.histories, 1);
    CHECK_EQ_INT(counts.prefixes, 999);
    CHECK(scene_close(&s));
}

TEST(other_data_at_the_same_offset_is_found)
{
    struct scene s;
    scene_open(&s);
    applied(&s, &s.a, "A", 10, 1);
    applied(&s, &s.a, "A", 20, 2);
    point(&s, &s.b, TRAIL_JOINED, "A", 10, 1);
    applied(&s, &s.b, "A", 20, 3);
    CHECK_EQ_STR(
        verdict(&s),
        "prefix: seed 7, at 1.500 ms: b has data 00000000000000000000000000000003 at offset 20 of history "
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA, where a had 00000000000000000000000000000002");
    CHECK(scene_close(&s));
}

TEST(a_snapshot_with_other_data_is_found)
{
    struct scene s;
    scene_open(&s);
    applied(&s, &s.a, "A", 10, 1);
    point(&s, &s.b, TRAIL_JOINED, "A", 10, 9);
    CHECK_SAYS(&s, "prefix: ");
    CHECK(scene_close(&s));
}

TEST(a_replica_ahead_of_its_primary_is_found)
{
    struct scene s;
    scene_open(&s);
    applied(&s, &s.a, "A", 10, 1);
    point(&s, &s.b, TRAIL_JOINED, "A", 10, 1);
    applied(&s, &s.b, "A", 30, 1);
    CHECK_SAYS(
        &s, "b is at offset 30 of history AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA, which a has written only "
            "up to 10");
    CHECK(scene_close(&s));
}

/* a writes A up to 30; b has it up to 20, is promoted and writes B. */
static void scene_fork(struct scene *s)
{
    scene_open(s);
    applied(s, &s->a, "A", 10, 1);
    point(s, &s->b, TRAIL_JOINED, "A", 10, 1);
    point(s, &s->c, TRAIL_JOINED, "A", 10, 1);
    applied(s, &s->a, "A", 20, 2);
    applied(s, &s->a, "A", 30, 3);
    applied(s, &s->b, "A", 20, 2);
    point(s, &s->b, TRAIL_FORKED, "BA", 20, 0);
    applied(s, &s->b, "B", 30, 77);
}

TEST(a_fork_shares_the_past)
{
    struct scene s;
    scene_fork(&s);
    point(&s, &s.c, TRAIL_RENAMED, "BA", 10, 0);
    applied(&s, &s.c, "B", 20, 2);
    applied(&s, &s.c, "B", 30, 77);
    point(&s, &s.a, TRAIL_JOINED, "B", 30, 77);
    CHECK_EQ_STR(verdict(&s), "sound");
    CHECK(scene_close(&s));
}

TEST(what_was_written_before_the_fork_counts_after_it)
{
    struct scene s;
    scene_fork(&s);
    point(&s, &s.c, TRAIL_RENAMED, "BA", 10, 0);
    applied(&s, &s.c, "B", 20, 3);
    CHECK_SAYS(&s, "c has data");
    CHECK(scene_close(&s));
}

TEST(continuing_beyond_a_fork_is_found)
{
    struct scene s;
    scene_fork(&s);
    applied(&s, &s.c, "A", 30, 3);
    point(&s, &s.c, TRAIL_RENAMED, "BA", 30, 0);
    CHECK_SAYS(&s, "c continues at offset 30 of history AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA in history "
                   "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB, which does not share that");
    CHECK(scene_close(&s));
}

TEST(wait_counts_places_that_have_it)
{
    struct scene s;
    scene_fork(&s);
    point(&s, &s.a, TRAIL_WAITED, "A", 20, 1);
    point(&s, &s.a, TRAIL_WAITED, "A", 10, 2);
    CHECK_EQ_STR(verdict(&s), "sound");
    point(&s, &s.a, TRAIL_WAITED, "A", 30, 1); /* b went its own way at 20 */
    CHECK_EQ_STR(verdict(&s), "wait: seed 7, at 1.500 ms: WAIT at a answered 1 for offset 30 of history "
                              "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA, which 0 other places hold");
    CHECK(scene_close(&s));
}

TEST(what_a_place_once_acknowledged_it_had_even_if_it_crashed_since)
{
    struct scene s;
    scene_fork(&s);
    check_place_started(&s.b);
    applied(&s, &s.b, "C", 0, 0);
    point(&s, &s.a, TRAIL_WAITED, "A", 20, 1);
    CHECK_EQ_STR(verdict(&s), "sound");
    CHECK(scene_close(&s));
}

/* ---- durable ---- */

static void loaded(struct scene *s, struct check_place *p, const char *name, int64_t offset, uint64_t data)
{
    struct trail_point t = {.kind = TRAIL_LOADED, .offset = offset, .digest = {data, 0}, .journal = true};
    memset(t.replid, name[0], 40);
    check_place_started(p);
    check_point(s->k, p, &t, 1500);
}

/* a has written up to 30, b has followed and said that 20 is durable. */
static void scene_durable(struct scene *s)
{
    scene_open(s);
    for (int i = 1; i <= 3; i++) applied(s, &s->a, "A", i * 10, (uint64_t)i);
    point(s, &s->b, TRAIL_JOINED, "A", 10, 1);
    for (int i = 2; i <= 3; i++) applied(s, &s->b, "A", i * 10, (uint64_t)i);
    point(s, &s->b, TRAIL_SYNCED, "A", 20, 0);
}

TEST(what_was_said_to_be_durable_is_to_be_there_after_a_restart)
{
    struct scene s;
    struct world_sim_checks counts;
    scene_durable(&s);
    loaded(&s, &s.b, "A", 20, 2);
    loaded(&s, &s.b, "A", 30, 3);
    CHECK_EQ_STR(verdict(&s), "sound");
    check_counts(s.k, &counts);
    CHECK_EQ_INT(counts.recoveries, 1); /* it has said nothing since the first */
    point(&s, &s.b, TRAIL_SYNCED, "A", 30, 0);
    loaded(&s, &s.b, "A", 20, 2);
    CHECK_EQ_STR(
        verdict(&s),
        "durable: seed 7, at 1.500 ms: b has loaded history AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA "
        "up to offset 20, but had said that 30 of history "
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA was durable");
    CHECK(scene_close(&s));
}

TEST(other_data_or_meddling_ends_what_has_to_be_durable)
{
    struct scene s;
    scene_durable(&s);
    point(&s, &s.b, TRAIL_JOINED, "B", 500, 9);
    loaded(&s, &s.b, "A", 10, 1);
    point(&s, &s.b, TRAIL_SYNCED, "A", 10, 0);
    check_place_meddled(&s.b);
    loaded(&s, &s.b, "C", 0, 0);
    CHECK_EQ_STR(verdict(&s), "sound");
    CHECK(scene_close(&s));
}

TEST(waitaof_counts_places_that_have_it_durably)
{
    struct scene s;
    struct trail_point t = {.kind = TRAIL_WAITED_AOF, .offset = 20, .count = 1};
    memset(t.replid, 'A', 40);
    scene_durable(&s);
    check_point(s.k, &s.a, &t, 1500);
    CHECK_EQ_STR(verdict(&s), "sound");
    t.journal = true; /* a has said nothing of itself */
    check_point(s.k, &s.a, &t, 1500);
    CHECK_SAYS(&s, "WAITAOF at a answered 1 and itself for offset 20");
    CHECK(scene_close(&s));
    t = (struct trail_point){.kind = TRAIL_WAITED_AOF, .offset = 30, .count = 1};
    memset(t.replid, 'A', 40);
    scene_durable(&s);
    check_point(s.k, &s.a, &t, 1500);
    CHECK_SAYS(&s, "which 0 other places have durably");
    CHECK(scene_close(&s));
}

TEST(what_waits_for_disks_is_not_released_by_what_is_in_memory)
{
    struct scene s;
    char error[SYNC_ERROR_MAX];
    struct sync_rule rule = {.level = SYNC_FSYNCED};
    struct trail_point t = {.kind = TRAIL_RELEASED, .offset = 20};
    memset(t.replid, 'A', 40);
    scene_durable(&s);
    CHECK(sync_parse(&rule, slice_text("ANY 1 (b, c)"), error));
    check_gate(s.k, &s.a, NULL, &t, &rule, 1500);
    CHECK_EQ_STR(verdict(&s), "sound");
    t.offset = 30;
    check_gate(s.k, &s.a, NULL, &t, &rule, 1500);
    CHECK_SAYS(&s, "a released a reply that waited for ANY 1 (b, c) (fsynced) at offset 30");
    CHECK(scene_close(&s));
}

/* ---- writes ---- */

static void replied(struct scene *s, int64_t request, bool write, const char *reply)
{
    check_replied(s->k, s->writes, "client-1", "a", request, write, slice_text(reply), 1500);
}

TEST(replies_to_writes_are_matched_with_what_the_node_did)
{
    struct scene s;
    scene_open(&s);
    for (int64_t i = 1; i <= 100; i++) check_wrote(s.k, &s.writes, i, i % 2 == 0);
    for (int64_t i = 1; i <= 100; i++) replied(&s, i, true, i % 2 == 0 ? "-READONLY no\r\n" : "+OK\r\n");
    check_wrote(s.k, &s.writes, 103, false);
    replied(&s, 101, false, "$-1\r\n");       /* a read */
    replied(&s, 102, true, "+QUEUED\r\n");    /* in a transaction */
    replied(&s, 103, false, "*1\r\n+OK\r\n"); /* its EXEC */
    CHECK_EQ_STR(verdict(&s), "sound");
    CHECK(scene_close(&s));
}

TEST(ok_for_a_write_that_was_refused_is_found)
{
    struct scene s;
    scene_open(&s);
    check_wrote(s.k, &s.writes, 5, true);
    replied(&s, 5, true, "+OK\r\n");
    CHECK_EQ_STR(verdict(&s),
                 "writes: seed 7, at 1.500 ms: client-1 was told that its write (request 5 of the "
                 "connection) was done, which a refused");
    CHECK(scene_close(&s));
}

TEST(ok_for_a_write_that_nobody_did_is_found)
{
    struct scene s;
    scene_open(&s);
    check_wrote(s.k, &s.writes, 5, false);
    replied(&s, 4, true, "+OK\r\n");
    CHECK_SAYS(&s, "which a never executed");
    CHECK(scene_close(&s));
}

TEST(a_very_long_history_is_forgotten_from_its_beginning)
{
    struct scene s;
    scene_open(&s);
    point(&s, &s.b, TRAIL_JOINED, "A", 0, 0);
    for (int64_t i = 1; i <= 1000000; i++) applied(&s, &s.a, "A", i, (uint64_t)i);
    applied(&s, &s.b, "A", 1, 12345); /* too long ago to say */
    CHECK_EQ_STR(verdict(&s), "sound");
    CHECK(s.memory.used < 16 * 1024 * 1024);
    applied(&s, &s.b, "A", 999999, 999999);
    CHECK_EQ_STR(verdict(&s), "sound");
    applied(&s, &s.b, "A", 1000000, 5);
    CHECK_SAYS(&s, "prefix: ");
    CHECK(scene_close(&s));
}

TEST_MAIN()
