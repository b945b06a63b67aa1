/* test_resp_reader.c: what the request reader takes, refuses and waits for, however the input is cut.
 *
 * A transcript says what a connection's input came to: each request's arguments in brackets ("()" for an empty
 * request, "i" before an inline one), and at the end "..." if the reader wants more or "! error". Every input of the
 * tables is read in one piece, in two pieces for every place to cut it, and byte by byte; all must give the same.
 *
 * SPDX-License-Identifier: MIT */
#include "resp/reader.h"

#include <limits.h>
#include <stdlib.h>

#include "test.h"

static const struct resp_limits usual = {512 * 1024 * 1024, INT_MAX, 64 * 1024, false};

/* One connection. Each feed hands the reader a fresh copy of the unread input in a block of exactly its size. */
struct connection {
    struct memory memory;
    struct resp_reader reader;
    struct bytes input, transcript;
    bool bad;
};

static void connection_open(struct connection *c, const struct resp_limits *limits)
{
    memory_init(&c->memory);
    resp_reader_init(&c->reader, &c->memory, limits);
    bytes_init(&c->input, &c->memory);
    bytes_init(&c->transcript, &c->memory);
    c->bad = false;
}

static void connection_close(struct connection *c)
{
    resp_reader_free(&c->reader);
    bytes_free(&c->input);
    bytes_free(&c->transcript);
}

static void note_request(struct connection *c)
{
    const struct resp_reader *r = &c->reader;
    if (r->is_inline) bytes_append_char(&c->transcript, 'i');
    if (r->argc == 0) bytes_append_text(&c->transcript, "()");
    for (int i = 0; i < r->argc; i++) {
        bytes_append_char(&c->transcript, '[');
        bytes_append_slice(&c->transcript, r->argv[i]);
        bytes_append_char(&c->transcript, ']');
    }
    bytes_append_char(&c->transcript, ' ');
}

static void connection_feed(struct connection *c, const char *data, size_t size)
{
    bytes_append(&c->input, data, size);
    while (!c->bad) {
        size_t unread = c->input.size;
        char *copy = malloc(unread > 0 ? unread : 1);
        if (!copy) abort();
        if (unread > 0) memcpy(copy, c->input.data, unread);
        enum resp_result result = resp_read_request(&c->reader, copy, unread);
        if (result == RESP_REQUEST) note_request(c);
        free(copy);
        if (result == RESP_BAD) c->bad = true;
        if (result != RESP_REQUEST) break;
        bytes_drop(&c->input, c->reader.consumed);
    }
}

static const char *connection_end(struct connection *c)
{
    if (c->bad)
        bytes_append_format(&c->transcript, "! %s", c->reader.error);
    else if (c->input.size > 0)
        bytes_append_text(&c->transcript, "...");
    bytes_append_char(&c->transcript, '\0');
    return c->transcript.data;
}

static bool reads_as(const struct resp_limits *limits, struct slice input, size_t cut, size_t step,
                     const char *want)
{
    struct connection c;
    connection_open(&c, limits);
    connection_feed(&c, input.data, cut);
    for (size_t at = cut; at < input.size; at += step)
        connection_feed(&c, input.data + at, input.size - at < step ? input.size - at : step);
    const char *got = connection_end(&c);
    bool same = strcmp(got, want) == 0;
    if (!same) printf("# cut at %zu: got  %s\n# want %s\n", cut, got, want);
    connection_close(&c);
    if (c.memory.used != 0) printf("# %zu bytes leaked\n", c.memory.used);
    return same && c.memory.used == 0;
}

static bool reads_always_as(const struct resp_limits *limits, struct slice input, const char *want)
{
    for (size_t cut = 0; cut <= input.size; cut++)
        if (!reads_as(limits, input, cut, input.size + 1, want)) return false;
    return reads_as(limits, input, 0, 1, want);
}

struct example {
    const char *input;
    const char *want;
};

#define CHECK_EXAMPLES(limits, examples)                                  \
    for (size_t n = 0; n < sizeof(examples) / sizeof(examples)[0]; n++) { \
        struct slice input = slice_text((examples)[n].input);             \
        if (!reads_always_as(limits, input, (examples)[n].want))          \
            test_fail(t_, __FILE__, __LINE__, (examples)[n].input);       \
    }

TEST(arrays)
{
    static const struct example examples[] = {
        {"", ""},
        {"*1\r\n$4\r\nPING\r\n", "[PING] "},
        {"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$10\r\n0123456789\r\n", "[SET][k][0123456789] "},
        {"*2\r\n$3\r\nGET\r\n$0\r\n\r\n", "[GET][] "},
        {"*1\r\n$1\r\na\r\n*1\r\n$1\r\nb\r\n*2\r\n$1\r\nc\r\n$1\r\n", "[a] [b] ..."},
        {"*1\r\n$6\r\n$1\r\n*1\r\n", "[$1\r\n*1] "},
        {"*0\r\n", "() "},
        {"*-1\r\n", "() "},
        {"*-10\r\n*1\r\n$1\r\na\r\n", "() [a] "},
        {"*", "..."},
        {"*1", "..."},
        {"*1\r", "..."},
        {"*1\r\n$", "..."},
        {"*1\r\n$4\r\nPING\r", "..."},
        /* the bytes that end a line or a string are not looked at */
        {"*1\rX$4\rYPINGZZ", "[PING] "},
    };
    CHECK_EXAMPLES(&usual, examples)
}

TEST(array_errors)
{
    static const struct example examples[] = {
        {"*a\r\n", "! Protocol error: invalid multibulk length"},
        {"*\r\n", "! Protocol error: invalid multibulk length"},
        {"*-0\r\n", "! Protocol error: invalid multibulk length"},
        {"*+1\r\n", "! Protocol error: invalid multibulk length"},
        {"*01\r\n", "! Protocol error: invalid multibulk length"},
        {"*1 \r\n", "! Protocol error: invalid multibulk length"},
        {"*2147483648\r\n", "! Protocol error: invalid multibulk length"},
        {"*999999999999999999\r\n", "! Protocol error: invalid multibulk length"},
        {"*9223372036854775808\r\n", "! Protocol error: invalid multibulk length"},
        {"*99999999999999999999999999999\r\n", "! Protocol error: invalid multibulk length"},
        {"*1\r\nPING\r\n", "! Protocol error: expected '$', got 'P'"},
        {"*1\r\n:1\r\n", "! Protocol error: expected '$', got ':'"},
        {"*1\r\n\r\n", "! Protocol error: expected '$', got ' '"},
        {"*1\r\nP", "..."}, /* nothing is wrong before the line has ended */
        {"*1\r\n$\r\n", "! Protocol error: invalid bulk length"},
        {"*1\r\n$-1\r\n", "! Protocol error: invalid bulk length"},
        {"*1\r\n$x\r\n", "! Protocol error: invalid bulk length"},
        {"*1\r\n$4x\r\n", "! Protocol error: invalid bulk length"},
        {"*1\r\n$04\r\n", "! Protocol error: invalid bulk length"},
        {"*1\r\n$536870913\r\n", "! Protocol error: invalid bulk length"},
        {"*1\r\n$536870912\r\n", "..."},
        {"*1\r\n$9223372036854775807\r\n", "! Protocol error: invalid bulk length"},
        {"*2\r\n$1\r\na\r\n$-5\r\n", "! Protocol error: invalid bulk length"},
        {"*1\r\n$1\r\na\r\n*x\r\n", "[a] ! Protocol error: invalid multibulk length"},
    };
    CHECK_EXAMPLES(&usual, examples)
}

TEST(inline_requests)
{
    static const struct example examples[] = {
        {"PING\r\n", "i[PING] "},
        {"PING\n", "i[PING] "},
        {"\r\n", "i() "},
        {"\n\n \t \r\n", "i() i() i() "},
        {"  SET  key\tvalue \r\n", "i[SET][key][value] "},
        {"PING", "..."},
        {"PING\r", "..."},
        {"a\r\r\n", "i[a] "},
        {"set \"a b\" 'c d'\r\n", "i[set][a b][c d] "},
        {"\"\\x41\\x7a\\n\\r\\t\\b\\a\\q\\\\\\\"\"\n", "i[Az\n\r\t\b\aq\\\"] "},
        {"\"\\x4\\xgg\"\n", "i[x4xgg] "},
        {"'a\\'b\\n\\\\ '\n", "i[a'b\\n\\\\ ] "},
        {"\"\" ''\n", "i[][] "},
        {"a\"b c\" d'e f'\n", "i[ab c][de f] "},
        {"a\\b\n", "i[a\\b] "},
        {"a\vb \vc\n", "i[a\vb][c] "},
        {"\"a\"\vb\n", "i[a][b] "},
        {"a*1\r\n*1\r\n$1\r\nb\r\nc\r\n", "i[a*1] [b] i[c] "},
    };
    CHECK_EXAMPLES(&usual, examples)
}

TEST(inline_errors)
{
    static const struct example examples[] = {
        {"\"abc\r\n", "! Protocol error: unbalanced quotes in request"},
        {"'abc\r\n", "! Protocol error: unbalanced quotes in request"},
        {"\"abc\"d\r\n", "! Protocol error: unbalanced quotes in request"},
        {"'abc'd\r\n", "! Protocol error: unbalanced quotes in request"},
        {"'abc''d'\r\n", "! Protocol error: unbalanced quotes in request"},
        {"\"abc\\\"\r\n", "! Protocol error: unbalanced quotes in request"},
        {"\"abc\\\r\n", "! Protocol error: unbalanced quotes in request"},
        {"'abc\\'\r\n", "! Protocol error: unbalanced quotes in request"},
        {"a b \"\r\nPING\r\n", "! Protocol error: unbalanced quotes in request"},
    };
    CHECK_EXAMPLES(&usual, examples)
}

TEST(limits)
{
    static const struct resp_limits tight = {5, 3, 8, false};
    static const struct example examples[] = {
        {"12345678\n", "i[12345678] "},
        {"123456789", "! Protocol error: too big inline request"},
        {"123456789\n", "! Protocol error: too big inline request"},
        {"*3\r\n$1\r\na\r\n$1\r\nb\r\n$5\r\n12345\r\n", "[a][b][12345] "},
        {"*4\r\n", "! Protocol error: invalid multibulk length"},
        {"*1\r\n$6\r\n", "! Protocol error: invalid bulk length"},
        {"*aaaaaaa\r\n", "! Protocol error: invalid multibulk length"},
        {"*aaaaaaaa", "! Protocol error: too big mbulk count string"},
        {"*aaaaaaaa\r\n", "! Protocol error: too big mbulk count string"},
        {"*1\r\n$aaaaaaa\r\n", "! Protocol error: invalid bulk length"},
        {"*1\r\n$aaaaaaaa", "! Protocol error: too big bulk count string"},
        {"*1\r\nxaaaaaaaa\r\n", "! Protocol error: too big bulk count string"},
    };
    CHECK_EXAMPLES(&tight, examples)
}

TEST(limits_before_authentication)
{
    static const struct resp_limits locked = {512 * 1024 * 1024, INT_MAX, 64 * 1024, true};
    static const struct example examples[] = {
        {"*11\r\n", "! Protocol error: unauthenticated multibulk length"},
        {"*10\r\n", "..."},
        {"*3000000000\r\n", "! Protocol error: invalid multibulk length"},
        {"*1\r\n$16385\r\n", "! Protocol error: unauthenticated bulk length"},
        {"*1\r\n$16384\r\n", "..."},
        {"*1\r\n$600000000\r\n", "! Protocol error: invalid bulk length"},
    };
    CHECK_EXAMPLES(&locked, examples)
}

TEST(zeros_are_bytes)
{
    CHECK(reads_always_as(&usual, slice_of("a\0b\n", 4), "i[a"));
    struct memory m;
    struct resp_reader r;
    memory_init(&m);
    resp_reader_init(&r, &m, &usual);
    CHECK_EQ_INT(resp_read_request(&r, "a\0b \"\0\"\n", 8), RESP_REQUEST);
    REQUIRE(r.argc == 2);
    CHECK_EQ_MEM(r.argv[0].data, r.argv[0].size, "a\0b", 3);
    CHECK_EQ_MEM(r.argv[1].data, r.argv[1].size, "\0", 1);
    CHECK_EQ_INT(resp_read_request(&r, "*1\r\n$3\r\n\0\r\n\r\n", 13), RESP_REQUEST);
    REQUIRE(r.argc == 1);
    CHECK_EQ_MEM(r.argv[0].data, r.argv[0].size, "\0\r\n", 3);
    resp_reader_free(&r);
}

TEST(no_copies)
{
    static const char input[] = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\nrest";
    struct memory m;
    struct resp_reader r;
    memory_init(&m);
    resp_reader_init(&r, &m, &usual);
    CHECK_EQ_INT(resp_read_request(&r, input, sizeof input - 1), RESP_REQUEST);
    REQUIRE(r.argc == 2);
    CHECK(r.argv[0].data == input + 8);
    CHECK(r.argv[1].data == input + 17);
    CHECK_EQ_INT(r.consumed, sizeof input - 1 - 4);
    resp_reader_free(&r);
}

TEST(wants_says_what_is_missing)
{
    struct memory m;
    struct resp_reader r;
    memory_init(&m);
    resp_reader_init(&r, &m, &usual);
    CHECK_EQ_INT(resp_read_request(&r, "*1\r\n$100\r\nabc", 13), RESP_INCOMPLETE);
    CHECK_EQ_INT(resp_reader_wants(&r, 13), 99);
    CHECK_EQ_INT(resp_reader_wants(&r, 112), 0);
    resp_reader_free(&r);
    resp_reader_init(&r, &m, &usual);
    CHECK_EQ_INT(resp_read_request(&r, "*1\r\n$10", 7), RESP_INCOMPLETE);
    CHECK_EQ_INT(resp_reader_wants(&r, 7), 0);
    resp_reader_free(&r);
}

TEST(many_arguments_and_trim)
{
    enum { ARGUMENTS = 20000 };
    struct memory m;
    struct bytes request;
    struct resp_reader r;
    memory_init(&m);
    bytes_init(&request, &m);
    bytes_append_format(&request, "*%d\r\n", ARGUMENTS);
    for (int i = 0; i < ARGUMENTS; i++) bytes_append_format(&request, "$5\r\n%05d\r\n", i);
    size_t before = m.used;
    resp_reader_init(&r, &m, &usual);
    for (size_t size = 0; size < request.size; size += 997)
        CHECK_EQ_INT(resp_read_request(&r, request.data, size), RESP_INCOMPLETE);
    CHECK_EQ_INT(resp_read_request(&r, request.data, request.size), RESP_REQUEST);
    REQUIRE(r.argc == ARGUMENTS);
    for (int i = 0; i < ARGUMENTS; i++) {
        char want[16];
        snprintf(want, sizeof want, "%05d", i);
        REQUIRE(slice_equal(r.argv[i], slice_text(want)));
    }
    CHECK(m.used > before);
    resp_reader_trim(&r);
    CHECK_EQ_INT(m.used, before);
    CHECK_EQ_INT(resp_read_request(&r, "PING\r\n", 6), RESP_REQUEST);
    CHECK_EQ_INT(r.argc, 1);
    resp_reader_free(&r);
    bytes_free(&request);
}

TEST(memory_follows_what_has_arrived)
{
    struct memory m;
    struct resp_reader r;
    memory_init(&m);
    resp_reader_init(&r, &m, &usual);
    CHECK_EQ_INT(resp_read_request(&r, "*2147483647\r\n$1\r\na\r\n$500000000\r\n", 33), RESP_INCOMPLETE);
    CHECK(m.used < 1024);
    resp_reader_free(&r);
    CHECK_EQ_INT(m.used, 0);
}

TEST(out_of_memory_is_an_error)
{
    static const char *const inputs[] = {"*2\r\n$1\r\na\r\n$1\r\nb\r\n", "a b 'c'\r\n"};
    for (int i = 0; i < 2; i++) {
        int failures = 0;
        for (int64_t n = 0;; n++) {
            struct memory m;
            struct resp_reader r;
            memory_init(&m);
            m.fail_after = n;
            resp_reader_init(&r, &m, &usual);
            enum resp_result result = resp_read_request(&r, inputs[i], strlen(inputs[i]));
            if (result == RESP_BAD) CHECK_EQ_STR(r.error, "out of memory");
            resp_reader_free(&r);
            CHECK_EQ_INT(m.used, 0);
            if (result == RESP_REQUEST) break;
            failures++;
        }
        CHECK(failures > 0);
    }
}

TEST_MAIN()
