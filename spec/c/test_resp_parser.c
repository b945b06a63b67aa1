/* test_resp_parser.c: replies measured and played back: golden ones, cut at every place, and what the writer writes.
 *
 * SPDX-License-Identifier: MIT */
#include "resp/parser.h"

#include <stdlib.h>

#include "base/random.h"
#include "reply_record.h"
#include "resp/writer.h"
#include "test.h"

/* The size of the reply at the start of `input`, given in pieces, each in a block of exactly its size. */
static int64_t measure(struct resp_parser *p, struct slice input, size_t first, size_t step)
{
    int64_t result = 0;
    for (size_t size = first; result == 0; size += step) {
        if (size > input.size) size = input.size;
        char *copy = malloc(size > 0 ? size : 1);
        if (!copy) abort();
        memcpy(copy, input.data, size);
        result = resp_reply_size(p, copy, size);
        free(copy);
        if (size == input.size) break;
    }
    return result;
}

static bool measures_as(struct slice input, int64_t want, const char *error)
{
    for (size_t cut = 0; cut <= input.size; cut++) {
        struct resp_parser p;
        resp_parser_init(&p);
        int64_t got = measure(&p, input, cut, cut == 0 ? 1 : input.size);
        if (got == want && (got >= 0 || strcmp(p.error, error) == 0)) continue;
        printf("# cut at %zu: got %lld %s\n", cut, (long long)got, got < 0 ? p.error : "");
        return false;
    }
    return true;
}

/* Measures and plays; the record as text. */
static bool plays_as(struct slice input, const char *want)
{
    struct memory m;
    struct reply_record record;
    memory_init(&m);
    if (!measures_as(input, (int64_t)input.size, "")) return false;
    reply_record_init(&record, &m, 3);
    resp_replay(input.data, input.size, &record.reply);
    bytes_append_char(&record.text, '\0');
    bool same = strcmp(record.text.data, want) == 0;
    if (!same) printf("# got %s# want %s", record.text.data, want);
    bytes_free(&record.text);
    return same;
}

#define WHOLE(text) slice_of(text, sizeof(text) - 1)
#define PLAYS(input, want) CHECK(plays_as(WHOLE(input), want))
#define WAITS(input) CHECK(measures_as(WHOLE(input), 0, ""))
#define REFUSES(input, error) CHECK(measures_as(WHOLE(input), -1, error))

TEST(simple_replies)
{
    PLAYS("+OK\r\n", "status 2 OK\n");
    PLAYS("+\r\n", "status 0 \n");
    PLAYS("-ERR x y\r\n", "error 7 ERR x y\n");
    PLAYS("!7\r\nERR\r\nxy\r\n", "error 7 ERR\r\nxy\n");
    PLAYS(":0\r\n", "integer 0\n");
    PLAYS(":-9223372036854775808\r\n", "integer -9223372036854775808\n");
    PLAYS(":+7\r\n", "integer 7\n");
    PLAYS("$0\r\n\r\n", "bulk 0 \n");
    PLAYS("$5\r\na\r\nb\n\r\n", "bulk 5 a\r\nb\n\n");
    PLAYS("$-1\r\n", "null 0 \n");
    PLAYS("*-1\r\n", "null_array 0 \n");
    PLAYS("_\r\n", "null 0 \n");
    PLAYS("#t\r\n", "boolean 1\n");
    PLAYS("#f\r\n", "boolean 0\n");
    PLAYS(",3.5\r\n", "real 3.5\n");
    PLAYS(",10\r\n", "real 10\n");
    PLAYS(",inf\r\n", "real inf\n");
    PLAYS(",-inf\r\n", "real -inf\n");
    PLAYS(",nan\r\n", "real nan\n");
    PLAYS("(-12345678901234567890\r\n", "big_number 21 -12345678901234567890\n");
    PLAYS("=8\r\ntxt:text\r\n", "format 3 txt\nverbatim 4 text\n");
    PLAYS("=4\r\nmkd:\r\n", "format 3 mkd\nverbatim 0 \n");
}

TEST(aggregates)
{
    PLAYS("*0\r\n", "array 0\n");
    PLAYS("*2\r\n:1\r\n$1\r\na\r\n", "array 2\ninteger 1\nbulk 1 a\n");
    PLAYS("*2\r\n*1\r\n*0\r\n*-1\r\n", "array 2\narray 1\narray 0\nnull_array 0 \n");
    PLAYS("%1\r\n+a\r\n*1\r\n:1\r\n", "map 1\nstatus 1 a\narray 1\ninteger 1\n");
    PLAYS("%0\r\n", "map 0\n");
    PLAYS("~2\r\n:1\r\n:2\r\n", "set 2\ninteger 1\ninteger 2\n");
    PLAYS(">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n", "push 2\nstatus 10 invalidate\narray 1\nbulk 1 k\n");
}

TEST(attributes_are_left_out)
{
    PLAYS("|1\r\n+ttl\r\n:3600\r\n:7\r\n", "integer 7\n");
    PLAYS("|0\r\n:7\r\n", "integer 7\n");
    PLAYS("|1\r\n+a\r\n*2\r\n:1\r\n%1\r\n:2\r\n:3\r\n*1\r\n:7\r\n", "array 1\ninteger 7\n");
    PLAYS("*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n:2\r\n", "array 2\ninteger 1\ninteger 2\n");
    PLAYS("|1\r\n|1\r\n+x\r\n+y\r\n+a\r\n+b\r\n:1\r\n", "integer 1\n");
    WAITS("|1\r\n+ttl\r\n:3600\r\n");
}

TEST(incomplete)
{
    WAITS("");
    WAITS("+");
    WAITS("+OK");
    WAITS("+OK\r");
    WAITS("$5\r\nabcde");
    WAITS("$5\r\nabcde\r");
    WAITS("*2\r\n:1\r\n");
    WAITS("*1\r\n*1\r\n*1\r\n");
    WAITS("%1\r\n:1\r\n");
}

TEST(refused)
{
    REFUSES("x\r\n", "unknown type of reply");
    REFUSES("\r\n", "line does not end in CR and LF");
    REFUSES("+OK\n", "line does not end in CR and LF");
    REFUSES("\n", "line does not end in CR and LF");
    REFUSES(":\r\n", "invalid integer");
    REFUSES(":1x\r\n", "invalid integer");
    REFUSES(":+-1\r\n", "invalid integer");
    REFUSES(":9223372036854775808\r\n", "invalid integer");
    REFUSES(",x\r\n", "invalid double");
    REFUSES(",\r\n", "invalid double");
    REFUSES("#x\r\n", "invalid boolean");
    REFUSES("#\r\n", "invalid boolean");
    REFUSES("_x\r\n", "invalid null");
    REFUSES("(\r\n", "invalid big number");
    REFUSES("(-\r\n", "invalid big number");
    REFUSES("(1.5\r\n", "invalid big number");
    REFUSES("$x\r\n", "invalid length");
    REFUSES("$-2\r\n", "invalid length");
    REFUSES("*-2\r\n", "invalid length");
    REFUSES("%-1\r\n", "invalid length");
    REFUSES("=-1\r\n", "invalid length");
    REFUSES("$?\r\n", "streamed replies are not supported");
    REFUSES("*?\r\n", "streamed replies are not supported");
    REFUSES("$3\r\nabcde", "bulk string without its end");
    REFUSES("=3\r\ntxt\r\n", "invalid verbatim string");
    REFUSES("=4\r\ntext\r\n", "invalid verbatim string");
    REFUSES("$536870913\r\n", "reply is too large");
    REFUSES("*2147483648\r\n", "reply is too large");
    REFUSES("%9223372036854775807\r\n", "reply is too large");
}

TEST(limits)
{
    struct resp_parser p;
    resp_parser_init(&p);
    p.bulk_max = 3;
    CHECK_EQ_INT(resp_reply_size(&p, "$4\r\n", 4), -1);
    resp_parser_init(&p);
    p.elements_max = 3;
    CHECK_EQ_INT(resp_reply_size(&p, "%4\r\n", 4), -1);
    static char line[RESP_LINE_MAX + 2];
    memset(line, '+', sizeof line);
    resp_parser_init(&p);
    CHECK_EQ_INT(resp_reply_size(&p, line, RESP_LINE_MAX), 0);
    CHECK_EQ_INT(resp_reply_size(&p, line, sizeof line), -1);
    CHECK_EQ_STR(p.error, "line is too long");
}

TEST(nesting)
{
    char text[4 * (RESP_NESTING_MAX + 1) + 5] = "";
    for (int i = 0; i < RESP_NESTING_MAX; i++) strcat(text, "*1\r\n");
    strcat(text, ":1\r\n");
    CHECK(measures_as(slice_text(text), (int64_t)strlen(text), ""));
    text[0] = '\0';
    for (int i = 0; i < RESP_NESTING_MAX + 1; i++) strcat(text, "*1\r\n");
    CHECK(measures_as(slice_text(text), -1, "reply is nested too deeply"));
    text[0] = '\0'; /* empty ones do not nest */
    for (int i = 0; i < RESP_NESTING_MAX; i++) strcat(text, "*1\r\n");
    strcat(text, "*0\r\n");
    CHECK(measures_as(slice_text(text), (int64_t)strlen(text), ""));
}

TEST(one_after_the_other)
{
    static const char input[] = "*1\r\n:1\r\n+OK\r\n$3\r\nabc\r\n";
    struct resp_parser p;
    resp_parser_init(&p);
    CHECK_EQ_INT(resp_reply_size(&p, input, sizeof input - 1), 8);
    CHECK_EQ_INT(resp_reply_size(&p, input + 8, sizeof input - 1 - 8), 5);
    CHECK_EQ_INT(resp_reply_size(&p, input + 13, 6), 0);
    CHECK_EQ_INT(resp_reply_size(&p, input + 13, 9), 9);
}

/* A random reply, told to two listeners at once. */
static void tell(struct random *r, struct reply *a, struct reply *b, int depth)
{
    char text[64];
    size_t size = random_below(r, sizeof text);
    for (size_t i = 0; i < size; i++) text[i] = (char)random_next(r);
    struct slice data = slice_of(text, size), word = slice_text("some words");
    int64_t number = (int64_t)random_next(r) >> random_below(r, 64);
    double real = (double)number / 7;
    int64_t count = (int64_t)random_below(r, 4), elements = 0;
#define BOTH(op) (a->ops->op(a), b->ops->op(b))
#define BOTH_OF(op, ...) (a->ops->op(a, __VA_ARGS__), b->ops->op(b, __VA_ARGS__))
    switch (random_below(r, depth < 6 ? 14 : 10)) {
    case 0: BOTH_OF(status, word); break;
    case 1: BOTH_OF(error, word); break;
    case 2: BOTH_OF(integer, number); break;
    case 3:
    case 4: BOTH_OF(bulk, data); break;
    case 5: BOTH(null); break;
    case 6: BOTH_OF(real, real); break;
    case 7: BOTH_OF(boolean, number & 1); break;
    case 8: BOTH_OF(big_number, slice_text("123")); break;
    case 9: BOTH_OF(verbatim, "txt", data); break;
    case 10: BOTH_OF(array, count), elements = count; break;
    case 11: BOTH_OF(map, count), elements = 2 * count; break;
    case 12: BOTH_OF(set, count), elements = count; break;
    case 13: BOTH_OF(push, count), elements = count; break;
    }
    while (elements-- > 0) tell(r, a, b, depth + 1);
}

TEST(what_the_writer_writes)
{
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct memory m;
        struct random r;
        struct bytes wire;
        struct resp_writer writer;
        struct reply_record told, played;
        memory_init(&m);
        random_init(&r, seed, "replies");
        bytes_init(&wire, &m);
        resp_writer_init(&writer, &wire, 3);
        reply_record_init(&told, &m, 3);
        reply_record_init(&played, &m, 3);
        tell(&r, &told.reply, &writer.reply, 0);
        struct resp_parser p;
        resp_parser_init(&p);
        size_t first = random_below(&r, wire.size + 1), step = 1 + random_below(&r, 50);
        CHECK_EQ_INT(measure(&p, bytes_slice(&wire), first, step), wire.size);
        resp_replay(wire.data, wire.size, &played.reply);
        CHECK_EQ_MEM(played.text.data, played.text.size, told.text.data, told.text.size);
        bytes_free(&wire);
        bytes_free(&told.text);
        bytes_free(&played.text);
        CHECK_EQ_INT(m.used, 0);
    }
}

TEST_MAIN()
