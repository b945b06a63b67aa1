/* The log: names and offsets of histories, who may continue, lag in time. */
#include "replication/log.h"
#include "test.h"

enum { MS = 1000, BACKLOG = 1000 };

struct fixture {
    struct memory memory;
    struct random random;
    struct log log;
};

static void open_log(struct fixture *x)
{
    memory_init(&x->memory);
    random_init(&x->random, 1, "log");
    log_init(&x->log, &x->memory, &x->random, BACKLOG);
    x->log.has_backlog = true;
}

static void append(struct fixture *x, size_t size)
{
    char data[4096];
    memset(data, 'x', sizeof data);
    for (; size > sizeof data; size -= sizeof data) log_append(&x->log, data, sizeof data);
    log_append(&x->log, data, size);
}

static bool continues(struct fixture *x, const char *replid, int64_t from)
{
    return log_can_continue(&x->log, slice_text(replid), from);
}

TEST(select_is_said_once)
{
    struct fixture x;
    open_log(&x);
    struct slice slices[2];
    CHECK(log_select(&x.log, 3));
    CHECK(log_select(&x.log, 3));
    struct tape_cursor c = tape_seek(&x.log.tape, 0);
    REQUIRE(tape_peek(&x.log.tape, &c, slices, 2) == 1);
    CHECK_EQ_MEM(slices[0].data, slices[0].size, "*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n", 23);
    CHECK(log_select(&x.log, 12));
    CHECK_EQ_INT(log_offset(&x.log), 23 + 24);
    log_free(&x.log);
    CHECK_EQ_INT(x.memory.used, 0);
}

TEST(who_can_continue)
{
    struct fixture x;
    open_log(&x);
    char id[REPLID_SIZE + 1];
    memcpy(id, x.log.replid, sizeof id);
    append(&x, 500);
    CHECK(continues(&x, id, 1));
    CHECK(continues(&x, id, 501));
    CHECK(!continues(&x, id, 502));
    CHECK(!continues(&x, id, 0));
    CHECK(!continues(&x, id, -1));
    CHECK(!continues(&x, "?", -1));
    CHECK(!continues(&x, x.log.replid2, 1));
    CHECK(!continues(&x, "0000000000000000000000000000000000000000", -1));
    CHECK(!continues(&x, "", 1));
    id[0] = (char)(id[0] >= 'a' ? id[0] - 32 : id[0]);
    CHECK(continues(&x, id, 10));
    append(&x, 100000);
    log_trim(&x.log, INT64_MAX);
    CHECK(!continues(&x, id, 1));
    CHECK(continues(&x, id, log_offset(&x.log) - BACKLOG + 1));
    log_free(&x.log);
}

TEST(what_nobody_reads_only_counts)
{
    struct fixture x;
    open_log(&x);
    append(&x, 1000);
    x.log.has_backlog = false;
    x.memory.fail_after = 0; /* it takes no memory either */
    append(&x, 100000);
    CHECK_EQ_INT(x.memory.fail_after, 0);
    x.memory.fail_after = -1;
    CHECK_EQ_INT(log_offset(&x.log), 101000);
    CHECK_EQ_INT(x.log.tape.start, 101000);
    CHECK(!continues(&x, x.log.replid, 101000));
    CHECK(continues(&x, x.log.replid, 101001));
    x.log.has_backlog = true;
    append(&x, 10);
    CHECK_EQ_INT(x.log.tape.start, 101000);
    struct tape_cursor c = tape_seek(&x.log.tape, 101000);
    struct slice s;
    CHECK_EQ_INT(tape_peek(&x.log.tape, &c, &s, 1), 1);
    CHECK_EQ_INT((int64_t)s.size, 10);
    log_free(&x.log);
}

TEST(a_journal_alone_keeps_what_it_has_yet_to_take)
{
    struct fixture x;
    open_log(&x);
    x.log.has_backlog = false;
    x.log.has_journal = true;
    append(&x, 1000);
    CHECK(log_exceeds_backlog(&x.log));
    log_trim(&x.log, 400);
    CHECK(x.log.tape.start <= 400);
    log_trim(&x.log, INT64_MAX);
    CHECK_EQ_INT(x.log.tape.start, 1000);
    CHECK_EQ_INT(log_offset(&x.log), 1000);
    log_free(&x.log);
}

TEST(a_reader_holds_more_than_the_backlog)
{
    struct fixture x;
    open_log(&x);
    append(&x, 500000);
    log_trim(&x.log, 200000);
    CHECK(x.log.tape.start <= 200000 && x.log.tape.start > 100000);
    log_trim(&x.log, INT64_MAX);
    CHECK(x.log.tape.start <= 499000 && x.log.tape.start > 400000);
    log_free(&x.log);
}

/*   a   0 ......... 300 | promoted: b 300 ........ 400
 * replicas of a continue up to 300, those of b anywhere. */
TEST(promotion_keeps_the_old_name_up_to_here)
{
    struct fixture x;
    open_log(&x);
    char old[REPLID_SIZE + 1];
    memcpy(old, x.log.replid, sizeof old);
    log_select(&x.log, 5);
    append(&x, 300 - (size_t)log_offset(&x.log));
    log_fork_history(&x.log, &x.random);
    CHECK_EQ_STR(x.log.replid2, old);
    CHECK(strcmp(x.log.replid, old) != 0);
    CHECK_EQ_INT(x.log.second_offset, 301);
    CHECK_EQ_INT(x.log.second_db, 5);
    CHECK_EQ_INT(x.log.db, -1);
    append(&x, 100);
    CHECK(continues(&x, old, 301));
    CHECK(!continues(&x, old, 302));
    CHECK(continues(&x, x.log.replid, 302));
    CHECK_EQ_INT(log_shared(&x.log, slice_text(old), 302), 300);
    CHECK_EQ_INT(log_shared(&x.log, slice_text(old), 200), 199);
    CHECK_EQ_INT(log_shared(&x.log, slice_text(x.log.replid), 1000), 400);
    CHECK_EQ_INT(log_shared(&x.log, slice_text("elsewhere"), 10), -1);
    CHECK_EQ_INT(log_own_bytes(&x.log), 100);
    log_free(&x.log);
}

/* Older names are not continued from, but it is known how far they reach. */
TEST(names_of_long_ago)
{
    struct fixture x;
    char ids[8][REPLID_SIZE + 1];
    open_log(&x);
    for (int i = 0; i < 8; i++) {
        memcpy(ids[i], x.log.replid, sizeof ids[i]);
        append(&x, 100);
        log_fork_history(&x.log, &x.random);
    }
    for (int i = 0; i < 8; i++) {
        CHECK_EQ_INT(continues(&x, ids[i], 10), i == 7);
        CHECK_EQ_INT(log_shared(&x.log, slice_text(ids[i]), 10000), i < 8 - LINEAGE_MAX ? -1 : 100 * (i + 1));
    }
    log_join_history(&x.log, slice_text(ids[0]), 5, -1);
    CHECK_EQ_INT(log_shared(&x.log, slice_text(ids[7]), 10000), -1);
    log_free(&x.log);
}

TEST(joining_and_renaming)
{
    struct fixture x;
    open_log(&x);
    const char *a = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
               *b = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    append(&x, 50);
    CHECK_EQ_INT(log_own_bytes(&x.log), 50);
    uint64_t generation = x.log.generation;
    log_join_history(&x.log, slice_text(a), 7000, -1);
    CHECK_EQ_STR(x.log.replid, a);
    CHECK_EQ_INT(log_offset(&x.log), 7000);
    CHECK_EQ_INT(x.log.second_offset, -1);
    CHECK_EQ_INT(log_own_bytes(&x.log), 0);
    CHECK(x.log.generation != generation);
    CHECK(continues(&x, a, 7001));
    CHECK(!continues(&x, a, 7000));

    append(&x, 10);
    generation = x.log.generation;
    log_rename_history(&x.log, slice_text(a), -1);
    CHECK_EQ_INT(x.log.generation, generation);
    CHECK_EQ_INT(x.log.second_offset, -1);
    log_rename_history(&x.log, slice_text(b), -1);
    CHECK(x.log.generation != generation);
    CHECK_EQ_STR(x.log.replid, b);
    CHECK_EQ_STR(x.log.replid2, a);
    CHECK_EQ_INT(x.log.second_offset, 7011);

    log_new_history(&x.log, &x.random);
    CHECK_EQ_INT(log_offset(&x.log), 7010);
    CHECK(!continues(&x, b, 7011));
    CHECK_EQ_INT(log_own_bytes(&x.log), 0);
    log_free(&x.log);
    CHECK_EQ_INT(x.memory.used, 0);
}

TEST(lag_is_zero_at_the_end_and_grows_behind_it)
{
    struct fixture x;
    open_log(&x);
    append(&x, 10);
    log_mark_time(&x.log, 5 * MS);
    append(&x, 10);
    log_mark_time(&x.log, 9 * MS);
    CHECK_EQ_INT(log_lag_us(&x.log, 20, 100 * MS), 0);
    CHECK_EQ_INT(log_lag_us(&x.log, 10, 100 * MS), 91 * MS);
    CHECK_EQ_INT(log_lag_us(&x.log, 15, 100 * MS), 91 * MS);
    CHECK_EQ_INT(log_lag_us(&x.log, 0, 100 * MS), 95 * MS);
    log_free(&x.log);
}

/* A byte every 0.1 ms for ten minutes: byte k was appended at k / 10 ms. */
TEST(lag_is_useful_from_a_millisecond_to_minutes)
{
    struct fixture x;
    open_log(&x);
    int64_t now = 0;
    for (int i = 0; i < 6000000; i++) {
        append(&x, 1);
        now = (int64_t)i * 100;
        log_mark_time(&x.log, now);
        if (i % 1000 == 0) log_trim(&x.log, INT64_MAX);
    }
    CHECK(x.log.mark_count <= LOG_MARKS);
    for (int64_t age = 2 * MS; age < 590000 * MS; age = age * 5 / 4) {
        int64_t offset = (now - age) / 100;
        int64_t lag = log_lag_us(&x.log, offset, now);
        int64_t truth = now - offset * 100;
        CHECK(lag <= truth);
        CHECK(lag >= truth * 6 / 10 - MS);
    }
    log_free(&x.log);
}

TEST(out_of_memory_appends_nothing)
{
    struct fixture x;
    open_log(&x);
    x.memory.fail_after = 0;
    CHECK(!log_append(&x.log, "PING\r\n", 6));
    CHECK_EQ_INT(log_offset(&x.log), 0);
    x.memory.fail_after = 0;
    CHECK(!log_select(&x.log, 1));
    CHECK_EQ_INT(x.log.db, -1);
    CHECK(log_select(&x.log, 1));
    log_free(&x.log);
    CHECK_EQ_INT(x.memory.used, 0);
}

/*   a  0 ........ 100 ........ 200          what is looked for is said in a's or b's name
 *                  └ b 101 ... 150 */
TEST(where_a_point_of_a_history_is)
{
    struct fixture x;
    open_log(&x);
    char a[REPLID_SIZE + 1];
    memcpy(a, x.log.replid, sizeof a);
    append(&x, 100);
    CHECK_EQ_INT(log_find(&x.log, slice_text(a), 100), LOG_HERE);
    CHECK_EQ_INT(log_find(&x.log, slice_text(a), 101), LOG_AHEAD);
    CHECK_EQ_INT(log_find(&x.log, slice_text("elsewhere"), 1), LOG_UNKNOWN);
    log_fork_history(&x.log, &x.random);
    append(&x, 50);
    CHECK_EQ_INT(log_find(&x.log, slice_text(a), 100), LOG_HERE);
    CHECK_EQ_INT(log_find(&x.log, slice_text(a), 101), LOG_NOWHERE);
    CHECK_EQ_INT(log_find(&x.log, slice_text(x.log.replid), 150), LOG_HERE);
    CHECK_EQ_INT(log_find(&x.log, slice_text(x.log.replid), 151), LOG_AHEAD);
    log_free(&x.log);
}

/* A replica at 100 of a, whose primary becomes b at 130: told so it knows that 120 will come and 140 never; else it knows
 * only what it has. */
TEST(a_new_name_and_where_the_old_one_ends)
{
    const char *b = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
               *c = "cccccccccccccccccccccccccccccccccccccccc";
    for (int told = 0; told <= 1; told++) {
        struct fixture x;
        open_log(&x);
        char a[REPLID_SIZE + 1];
        memcpy(a, x.log.replid, sizeof a);
        append(&x, 100);
        log_rename_history(&x.log, slice_text(b), told ? 130 : -1);
        CHECK_EQ_INT(log_find(&x.log, slice_text(a), 100), LOG_HERE);
        CHECK_EQ_INT(log_find(&x.log, slice_text(a), 120), told ? LOG_AHEAD : LOG_UNKNOWN);
        CHECK_EQ_INT(log_find(&x.log, slice_text(a), 140), told ? LOG_NOWHERE : LOG_UNKNOWN);
        CHECK(continues(&x, a, 101));
        CHECK(!continues(&x, a, 111));
        append(&x, 10);
        log_fork_history(&x.log, &x.random); /* promoted itself, at 110 */
        CHECK_EQ_INT(log_find(&x.log, slice_text(a), 105), told ? LOG_HERE : LOG_UNKNOWN);
        CHECK_EQ_INT(log_find(&x.log, slice_text(a), 120), told ? LOG_NOWHERE : LOG_UNKNOWN);
        CHECK_EQ_INT(log_find(&x.log, slice_text(b), 111), LOG_NOWHERE);
        log_join_history(&x.log, slice_text(c), 500, 104); /* and given up: c shares 104 bytes with it */
        CHECK_EQ_INT(log_find(&x.log, slice_text(a), 100), LOG_HERE);
        CHECK_EQ_INT(log_find(&x.log, slice_text(b), 104), LOG_HERE);
        CHECK_EQ_INT(log_find(&x.log, slice_text(b), 105), LOG_NOWHERE);
        CHECK_EQ_INT(log_find(&x.log, slice_text(c), 501), LOG_AHEAD);
        log_join_history(&x.log, slice_text(b), 600, -1);
        CHECK_EQ_INT(log_find(&x.log, slice_text(c), 1), LOG_UNKNOWN);
        log_free(&x.log);
    }
}

/* As they go with the data, in a snapshot: what is no text of names is not taken, from there on. */
TEST(names_are_written_and_read_again)
{
    static const char *const names[] = {
        "0a00000000000000000000000000000000000000", "0b00000000000000000000000000000000000000",
        "0c00000000000000000000000000000000000000", "0d00000000000000000000000000000000000000",
        "0e00000000000000000000000000000000000000", "0f00000000000000000000000000000000000000"};
    struct lineage l = {.count = 0}, again = {.count = 0};
    char text[LINEAGE_TEXT_MAX + 1];
    lineage_write(&l, text);
    CHECK_EQ_STR(text, "");
    lineage_leave(&l, names[0], 7, false);
    lineage_leave(&l, names[1], 100, true);
    lineage_write(&l, text);
    CHECK_EQ_STR(
        text, "0b00000000000000000000000000000000000000 100 1;0a00000000000000000000000000000000000000 7 0;");
    for (size_t size = 0; size <= strlen(text); size++) {
        again.count = 0;
        lineage_read(&again, slice_of(text, size));
        CHECK_EQ_INT(again.count, size == strlen(text) ? 2 : size >= 47 ? 1 : 0);
    }
    const struct lineage_name *name = lineage_find(&again, slice_text(names[0]));
    CHECK(name && name->end == 7 && !name->exact);
    lineage_read(&again, slice_text("0a00000000000000000000000000000000000000 5 0;"));
    CHECK_EQ_INT(again.names[1].end, 7); /* no news */
    lineage_read(&again, slice_text("0a00000000000000000000000000000000000000 9 1;"));
    CHECK(again.names[1].end == 9 && again.names[1].exact);
    lineage_read(&again, slice_text("0a00000000000000000000000000000000000000 -1 1;"));
    lineage_read(&again, slice_text("0a00000000000000000000000000000000000000 10 2;"));
    lineage_read(&again, slice_text("0a00000000000000000000000000000000000000_10 1;"));
    CHECK(again.count == 2 && again.names[1].end == 9);
    for (int i = 2; i < 6; i++) lineage_leave(&l, names[i], INT64_MAX - 10 + i, true);
    lineage_leave(&l, names[0], INT64_MAX, true);
    lineage_write(&l, text);
    again.count = 0;
    lineage_read(&again, slice_text(text));
    CHECK_EQ_INT(again.count, LINEAGE_MAX);
    lineage_read(&again, slice_text("1000000000000000000000000000000000000000 9 1;"));
    CHECK_EQ_INT(again.count, LINEAGE_MAX);
}

TEST_MAIN()
