/* A journal's files, read: frames, origins, times and requests, in pieces of any size; where a file is whole; and that
 * whatever was damaged or cut is not taken for more than it is. */
#include "base/crc64.h"
#include "persist/journal_read.h"
#include "test.h"

#define REPLID "0123456789012345678901234567890123456789"
#define OTHER "abcdefabcdefabcdefabcdefabcdefabcdefabcd"
#define SELECT_0 "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"
#define SET_1 "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"
#define PING "*1\r\n$4\r\nPING\r\n"
#define MULTI "*1\r\n$5\r\nMULTI\r\n"
#define EXEC "*1\r\n$4\r\nEXEC\r\n"

enum { SET_SIZE = sizeof SET_1 - 1 };

struct file {
    struct memory memory;
    struct bytes bytes;
    int64_t offset; /* of the log, behind it */
};

/* What a reader has said of a file. */
struct heard {
    char text[4096];
    bool ends;
    int64_t position; /* whole */
    char problem[120];
    int64_t item;
};

static void open_file(struct file *f, int64_t offset)
{
    memory_init(&f->memory);
    bytes_init(&f->bytes, &f->memory);
    f->offset = offset;
}

static void close_file(struct file *f) { bytes_free(&f->bytes); }

/* A frame around `lines`, of which the last `logged` bytes are the log's. */
static void put_frame(struct file *f, const char *lines, size_t logged, int64_t synced)
{
    char line[JOURNAL_FRAME_MAX];
    f->offset += (int64_t)logged;
    struct journal_frame frame = {.size = (int64_t)strlen(lines), .offset = f->offset, .synced = synced};
    size_t size = journal_begin_frame(line, &frame);
    size = journal_end_frame(line, size, crc64(crc64(0, line, size), lines, strlen(lines)));
    bytes_append(&f->bytes, line, size);
    bytes_append_text(&f->bytes, lines);
}

/* As a journal begins, then two groups. */
static void put_journal(struct file *f)
{
    put_frame(f, SELECT_0 "#TL:O " REPLID " 100 0\r\n", 0, -1);
    put_frame(f, "#TS:1700000000\r\n" SET_1 PING, SET_SIZE + sizeof PING - 1, 100);
    put_frame(f, MULTI SET_1 SET_1 EXEC, sizeof MULTI - 1 + 2 * SET_SIZE + sizeof EXEC - 1, 140);
}

static void say(struct heard *h, const char *format, const char *word, int64_t number)
{
    size_t size = strlen(h->text);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(h->text + size, sizeof h->text - size, format, word, (long long)number);
#pragma GCC diagnostic pop
}

static void hear_event(struct heard *h, const struct journal_reader *r, enum journal_event event)
{
    char name[32];
    switch (event) {
    case JOURNAL_MORE: break;
    case JOURNAL_REQUEST:
        snprintf(name, sizeof name, "%.*s%s%s", (int)r->resp.argv[0].size, r->resp.argv[0].data,
                 r->applies ? "+" : "", r->counts ? "" : "-");
        say(h, "%s@%lld ", name, r->offset);
        break;
    case JOURNAL_ORIGIN: say(h, "origin %.4s %lld ", r->origin.replid, r->origin.offset); break;
    case JOURNAL_WHOLE:
        h->position = r->whole.position;
        say(h, "%swhole@%lld ", "", r->whole.offset);
        break;
    case JOURNAL_BAD: say(h, "%sbad@%lld ", "", r->item); break;
    }
}

/* Reads a file in pieces of `size` bytes; the reader goes on from the one before. */
static void read_file(struct journal_reader *r, struct slice file, size_t size, struct heard *h)
{
    *h = (struct heard){.position = 0};
    enum journal_event event = JOURNAL_MORE;
    bool fed = true;
    journal_reader_begin(r, 0);
    for (size_t at = 0; event != JOURNAL_BAD && at < file.size; at += size) {
        size_t part = file.size - at < size ? file.size - at : size;
        fed = journal_reader_feed(r, slice_of(file.data + at, part));
        if (!fed) break;
        do {
            event = journal_reader_next(r);
            hear_event(h, r, event);
        } while (event != JOURNAL_MORE && event != JOURNAL_BAD);
    }
    h->ends = fed && event != JOURNAL_BAD && journal_reader_ends(r);
    if (!h->ends) text_copy(h->problem, sizeof h->problem, r->problem ? r->problem : "");
    h->item = r->item;
}

static void read_alone(struct slice file, size_t size, struct heard *h)
{
    struct memory memory;
    struct journal_reader r;
    memory_init(&memory);
    journal_reader_init(&r, &memory, 512 * 1024 * 1024);
    read_file(&r, file, size, h);
    journal_reader_free(&r);
    if (memory.used != 0) say(h, "%sleaks %lld", "", (int64_t)memory.used);
}

TEST(a_journal_is_read_in_pieces_of_any_size)
{
    struct file f;
    struct heard h;
    open_file(&f, 100);
    put_journal(&f);
    for (size_t size = 1; size <= f.bytes.size; size++) {
        read_alone(bytes_slice(&f.bytes), size, &h);
        CHECK_EQ_STR(h.text, "SELECT-@0 origin 0123 100 whole@100 SET+@127 PING@141 whole@141 "
                             "MULTI@156 SET+@183 SET+@210 EXEC@224 whole@224 ");
        CHECK(h.ends);
        CHECK_EQ_INT(h.position, f.bytes.size);
    }
    CHECK_EQ_INT(f.offset, 224);
    close_file(&f);
}

TEST(a_file_cut_anywhere_is_whole_up_to_its_last_whole_frame)
{
    struct file f;
    struct heard h;
    size_t ends[3], frames = 0;
    open_file(&f, 100);
    put_frame(&f, SELECT_0 "#TL:O " REPLID " 100 0\r\n", 0, -1);
    ends[0] = f.bytes.size;
    put_frame(&f, SET_1, SET_SIZE, 100);
    ends[1] = f.bytes.size;
    put_frame(&f, MULTI SET_1 EXEC, sizeof MULTI - 1 + SET_SIZE + sizeof EXEC - 1, 127);
    ends[2] = f.bytes.size;
    for (size_t size = 1; size <= f.bytes.size; size++) {
        read_alone(slice_of(f.bytes.data, size), 7, &h);
        bool whole = size == ends[frames];
        CHECK(h.ends == whole);
        CHECK_EQ_INT(h.position, whole ? size : frames == 0 ? 0 : ends[frames - 1]);
        if (!whole) CHECK(strncmp(h.problem, "it ends in the middle of ", 25) == 0);
        frames += whole;
    }
    CHECK_EQ_INT(frames, 3);
    close_file(&f);
}

/* Any bit of any byte, those of a frame's mark as well: what it covers is not taken for what Redis has added. */
TEST(damage_is_found)
{
    struct file f;
    struct heard h;
    open_file(&f, 100);
    put_journal(&f);
    for (size_t at = 0; at < f.bytes.size; at++) {
        for (int bit = 0; bit < 8; bit++) {
            f.bytes.data[at] ^= (char)(1 << bit);
            read_alone(bytes_slice(&f.bytes), 64, &h);
            CHECK(!h.ends && h.position <= (int64_t)at);
            f.bytes.data[at] ^= (char)(1 << bit);
        }
    }
    close_file(&f);
}

TEST(what_does_not_belong_is_bad_where_it_stands)
{
    static const struct {
        const char *lines;
        const char *problem;
    } cases[] = {
        {EXEC, "EXEC without MULTI"},
        {MULTI MULTI, "MULTI within MULTI"},
        {MULTI SET_1, "a frame ends within a transaction"},
        {"*0\r\n", "an empty request"},
        {"*2\r\n$6\r\nSELECT\r\n$2\r\n-1\r\n", "SELECT of no database"},
        {"*1\r\n$6\r\nSELECT\r\n", "SELECT of no database"},
        {"SET a 1\r\n", "neither a request nor a line of the journal's own"},
        {"#TL:O " REPLID " 5 0\r\n", "it goes on at offset 5, but what precedes it ends at 100"},
        {"#TL:O short 100 0\r\n", "a line of the journal's own that is none"},
        {"#TL:O " REPLID " 100 -1\r\n", "a line of the journal's own that is none"},
        {"#TL:F 5 5 5 0123456789abcdef\r\n", "a frame begins within another"},
        {"#TL:F 5 5 5 0123\r\n", "a line of the journal's own that is none"},
        {"#TL:\r\n", "a line of the journal's own that is none"},
        {"# no CR\n", "a line does not end in CR LF"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct file f;
        struct heard h;
        open_file(&f, 100);
        put_frame(&f, SELECT_0 "#TL:O " REPLID " 100 0\r\n", 0, -1);
        size_t begin = f.bytes.size;
        put_frame(&f, cases[i].lines, strlen(cases[i].lines), 100);
        read_alone(bytes_slice(&f.bytes), 16, &h);
        CHECK_EQ_STR(h.problem, cases[i].problem);
        CHECK_EQ_INT(h.position, begin);
        CHECK(h.item >= (int64_t)begin);
        close_file(&f);
    }
}

TEST(a_frame_says_at_which_offset_it_ends)
{
    struct file f;
    struct heard h;
    open_file(&f, 100);
    put_frame(&f, SELECT_0 "#TL:O " REPLID " 100 0\r\n", 0, -1);
    put_frame(&f, SET_1, SET_SIZE + 1, 100);
    read_alone(bytes_slice(&f.bytes), 1000, &h);
    CHECK_EQ_STR(h.problem, "a frame ends at offset 127, but says 128");
    close_file(&f);
}

TEST(one_file_goes_on_where_the_one_before_ends)
{
    struct file f, g, gap;
    struct heard h;
    struct journal_reader r;
    open_file(&f, 100);
    put_journal(&f);
    open_file(&g, f.offset);
    put_frame(&g, SELECT_0 "#TL:O " OTHER " 224 3\r\n", 0, 224);
    put_frame(&g, SET_1, SET_SIZE, 224);
    open_file(&gap, f.offset + 1);
    put_frame(&gap, SELECT_0 "#TL:O " REPLID " 225 0\r\n", 0, 224);
    journal_reader_init(&r, &f.memory, 1 << 20);
    read_file(&r, bytes_slice(&f.bytes), 50, &h);
    CHECK(h.ends && r.time_s == 1700000000 && !r.foreign && r.whole_frames == 3);
    read_file(&r, bytes_slice(&g.bytes), 50, &h);
    CHECK(h.ends && r.db == 3);
    CHECK_EQ_STR(h.text, "SELECT-@224 origin abcd 224 whole@224 SET+@251 whole@251 ");
    journal_reader_free(&r);
    journal_reader_init(&r, &f.memory, 1 << 20);
    read_file(&r, bytes_slice(&f.bytes), 50, &h);
    read_file(&r, bytes_slice(&gap.bytes), 50, &h);
    CHECK_EQ_STR(h.problem, "it goes on at offset 225, but what precedes it ends at 224");
    journal_reader_free(&r);
    close_file(&f);
    close_file(&g);
    close_file(&gap);
}

/* Redis's have no frames, and no offsets. */
TEST(a_file_of_redis_is_whole_after_each_request_and_transaction)
{
    struct heard h;
    static const char text[] = SELECT_0 "#TS:1\r\n" SET_1 MULTI SET_1 EXEC "# a comment\r\n";
    read_alone(slice_text(text), 5, &h);
    CHECK(h.ends);
    CHECK_EQ_STR(h.text,
                 "SELECT-@0 whole@0 whole@0 SET+@27 whole@27 MULTI@42 SET+@69 EXEC@83 whole@83 whole@83 ");
    read_alone(slice_of(text, sizeof SELECT_0 - 1 + 7 + SET_SIZE + sizeof MULTI - 1 + SET_SIZE), 5, &h);
    CHECK_EQ_STR(h.problem, "it ends in the middle of a transaction");
    CHECK_EQ_INT(h.position, sizeof SELECT_0 - 1 + 7 + SET_SIZE);
}

/* Behind damage: whether a frame says that it was durable. The pieces may end anywhere. */
TEST(frames_that_call_more_durable_are_found)
{
    struct file f;
    open_file(&f, 100);
    put_journal(&f);
    for (int64_t offset = 90; offset < 200; offset += 10) {
        size_t all = 0;
        CHECK(journal_find_durable(bytes_slice(&f.bytes), &all, offset) == (offset < 140));
        for (size_t size = 1; size <= f.bytes.size; size += 13) {
            size_t from = 0;
            bool early = journal_find_durable(slice_of(f.bytes.data, size), &from, offset);
            CHECK(!early || offset < 140);
            CHECK(early || journal_find_durable(bytes_slice(&f.bytes), &from, offset) == (offset < 140));
        }
    }
    close_file(&f);
}

TEST(every_allocation_may_fail)
{
    struct file f;
    struct heard h;
    int64_t failures = 0;
    open_file(&f, 100);
    put_journal(&f);
    for (int64_t at = 0;; at++) {
        struct memory memory;
        struct journal_reader r;
        memory_init(&memory);
        memory.fail_after = at;
        journal_reader_init(&r, &memory, 1 << 20);
        read_file(&r, bytes_slice(&f.bytes), 30, &h);
        bool failed = memory.fail_after < 0;
        CHECK(h.ends == !failed);
        CHECK(!strstr(h.text, "bad") || r.no_memory);
        journal_reader_free(&r);
        CHECK_EQ_INT(memory.used, 0);
        if (!failed || t_->failed) break;
        failures++;
    }
    CHECK(failures >= 2);
    close_file(&f);
}

TEST_MAIN()
