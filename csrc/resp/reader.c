/* reader.c: reads requests.
 *
 * A request is an array of bulk strings,
 *
 *   *3\r\n $3\r\nSET\r\n $3\r\nkey\r\n $5\r\nvalue\r\n
 *
 * or, when it does not begin with '*', one line of words ("inline", for people with telnet).
 *
 * The common case, a request that is in the buffer from end to end, is one pass: each header is read digit by digit
 * and each argument becomes a slice. When the input ends within a request, what is known so far is kept as offsets
 * (the owner's buffer may move before the next call) and reading goes on from there; at the request's end the offsets
 * become slices of the buffer then given.
 *
 * SPDX-License-Identifier: MIT */
#include "resp/reader.h"

#include <limits.h>
#include <stdio.h>

#include "base/number.h"

enum {
    ARGV_MIN = 16,         /* slices of the first allocation */
    TRIM_KEEP = 1024,      /* resp_reader_trim leaves this many slices or bytes */
    COUNT_DIGITS_MAX = 18, /* more might not fit an int64 */
    UNAUTHENTICATED_ARGUMENTS = 10,
    UNAUTHENTICATED_BULK = 16384
};

void resp_reader_init(struct resp_reader *r, struct memory *m, const struct resp_limits *limits)
{
    *r = (struct resp_reader){.memory = m, .limits = *limits, .expected = -1, .bulk = -1};
    bytes_init(&r->unquoted, m);
}

void resp_reader_free(struct resp_reader *r)
{
    memory_free(r->memory, r->argv, r->argv_capacity * sizeof *r->argv);
    bytes_free(&r->unquoted);
    r->argv = NULL;
    r->argv_capacity = 0;
    r->argc = 0;
}

void resp_reader_trim(struct resp_reader *r)
{
    if (r->expected >= 0) return;
    bytes_clear(&r->unquoted);
    bytes_trim(&r->unquoted, TRIM_KEEP);
    if (r->argv_capacity > TRIM_KEEP) {
        memory_free(r->memory, r->argv, r->argv_capacity * sizeof *r->argv);
        r->argv = NULL;
        r->argv_capacity = 0;
    }
    r->argc = 0;
}

static enum resp_result bad(struct resp_reader *r, const char *error)
{
    r->error = error;
    return RESP_BAD;
}

static bool grow_argv(struct resp_reader *r)
{
    size_t capacity = r->argv_capacity ? r->argv_capacity * 2 : ARGV_MIN;
    struct slice *argv =
        memory_resize(r->memory, r->argv, r->argv_capacity * sizeof *argv, capacity * sizeof *argv);
    if (!argv) return false;
    r->argv = argv;
    r->argv_capacity = capacity;
    return true;
}

/* ---- inline requests ------------------------------------------------------------------------------------------ */

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static char unescape(char c)
{
    switch (c) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'b': return '\b';
    case 'a': return '\a';
    default: return c;
    }
}

/* Unquotes from just after an opening quote to just after the closing one, which must end the word. In double quotes
 * the escapes are \n \r \t \b \a \xHH, and a backslash before anything else stands for it; in single quotes \' is
 * the only one. NULL when the quotes are unbalanced. */
static const char *unquote(const char *p, const char *end, char quote, char **out)
{
    for (; p < end; p++) {
        if (*p == quote) {
            p++;
            return p == end || is_space(*p) ? p : NULL;
        }
        if (*p == '\\' && p + 1 < end && (quote == '"' || p[1] == '\'')) {
            bool hex =
                quote == '"' && end - p >= 4 && p[1] == 'x' && hex_digit(p[2]) >= 0 && hex_digit(p[3]) >= 0;
            *(*out)++ = hex ? (char)(hex_digit(p[2]) * 16 + hex_digit(p[3])) : unescape(p[1]);
            p += hex ? 3 : 1;
        } else {
            *(*out)++ = *p;
        }
    }
    return NULL;
}

/* One word, from its first character to just after its last. Quotes may open in the middle of it. */
static const char *read_word(const char *p, const char *end, char **out)
{
    while (p < end && *p != ' ' && *p != '\t' && *p != '\r' && *p != '\n') {
        if (*p == '"' || *p == '\'') return unquote(p + 1, end, *p, out);
        *(*out)++ = *p++;
    }
    return p;
}

/* Splits a line into words, as sdssplitargs does. Unquoting never makes text longer, so one reservation of the
 * line's length holds all words. */
static enum resp_result split_line(struct resp_reader *r, const char *p, const char *end)
{
    bytes_clear(&r->unquoted);
    char *out = p < end ? bytes_reserve(&r->unquoted, (size_t)(end - p)) : NULL;
    if (p < end && !out) return bad(r, "out of memory");
    for (;;) {
        while (p < end && is_space(*p)) p++;
        if (p == end) return RESP_REQUEST;
        char *word = out;
        p = read_word(p, end, &out);
        if (!p) return bad(r, "Protocol error: unbalanced quotes in request");
        if ((size_t)r->argc == r->argv_capacity && !grow_argv(r)) return bad(r, "out of memory");
        r->argv[r->argc++] = slice_of(word, (size_t)(out - word));
    }
}

static enum resp_result read_inline(struct resp_reader *r, const char *data, size_t size)
{
    const char *newline = memchr(data + r->scanned, '\n', size - r->scanned);
    size_t length = newline ? (size_t)(newline - data) : size;
    if (length > (size_t)r->limits.inline_max) return bad(r, "Protocol error: too big inline request");
    r->scanned = length;
    if (!newline) return RESP_INCOMPLETE;
    r->scanned = 0;
    r->is_inline = true;
    r->consumed = length + 1;
    if (length > 0 && newline[-1] == '\r') newline--;
    return split_line(r, data, newline);
}

/* ---- arrays of bulk strings ------------------------------------------------------------------------------------ */

/* The usual header: one to 18 digits, the first not 0 unless alone, and "\r\n" in the buffer. Where it is anything
 * else, NULL: read_line then finds out what. */
static inline const char *read_count(const char *p, const char *end, int64_t *count)
{
    const char *digits = p;
    if (end - p >= 3 && p[1] == '\r' && (unsigned char)(*p - '0') <= 9) {
        *count = *p - '0';
        return p + 3;
    }
    const char *stop = end - p > COUNT_DIGITS_MAX + 2 ? p + COUNT_DIGITS_MAX + 1 : end;
    int64_t value = 0;
    while (p < stop && (unsigned char)(*p - '0') <= 9) {
        if (p - digits == COUNT_DIGITS_MAX) return NULL;
        value = value * 10 + (*p++ - '0');
    }
    if (p == digits || end - p < 2 || *p != '\r' || (*digits == '0' && p - digits > 1)) return NULL;
    *count = value;
    return p + 2;
}

/* A header line that begins at r->position: its '\r', and NULL when the line or the byte after it has not arrived,
 * or the line is too long (then *too_long). */
static const char *read_line(struct resp_reader *r, const char *data, size_t size, bool *too_long)
{
    size_t from = r->scanned > r->position ? r->scanned : r->position;
    const char *cr = from < size ? memchr(data + from, '\r', size - from) : NULL;
    r->scanned = cr ? (size_t)(cr - data) : size;
    *too_long = r->scanned - r->position > (size_t)r->limits.inline_max;
    return cr && !*too_long && r->scanned + 2 <= size ? cr : NULL;
}

/* The number of arguments, from the line "*N". Leaves it in r->expected; N < 1 is an empty request. */
static enum resp_result read_array_header(struct resp_reader *r, const char *data, size_t size)
{
    int64_t count;
    const char *next = read_count(data + 1, data + size, &count);
    if (!next) {
        bool too_long;
        const char *cr = read_line(r, data, size, &too_long);
        if (too_long) return bad(r, "Protocol error: too big mbulk count string");
        if (!cr) return RESP_INCOMPLETE;
        if (!number_parse_int(slice_of(data + 1, (size_t)(cr - data) - 1), &count))
            return bad(r, "Protocol error: invalid multibulk length");
        next = cr + 2;
    }
    if (count > r->limits.arguments_max || count > INT_MAX)
        return bad(r, "Protocol error: invalid multibulk length");
    if (r->limits.unauthenticated && count > UNAUTHENTICATED_ARGUMENTS)
        return bad(r, "Protocol error: unauthenticated multibulk length");
    r->position = (size_t)(next - data);
    r->expected = count > 0 ? count : 0;
    return RESP_REQUEST;
}

static enum resp_result expected_bulk(struct resp_reader *r, char got)
{
    bool printable = got != '\r' && got != '\n' && got != '\0';
    snprintf(r->error_text, sizeof r->error_text, "Protocol error: expected '$', got '%c'",
             printable ? got : ' ');
    return bad(r, r->error_text);
}

/* The length of an argument, from the line "$N" at r->position. Leaves it in r->bulk. */
static enum resp_result read_bulk_header(struct resp_reader *r, const char *data, size_t size)
{
    const char *line = data + r->position;
    int64_t length;
    const char *next = r->position < size && *line == '$' ? read_count(line + 1, data + size, &length) : NULL;
    if (!next) {
        bool too_long;
        const char *cr = read_line(r, data, size, &too_long);
        if (too_long) return bad(r, "Protocol error: too big bulk count string");
        if (!cr) return RESP_INCOMPLETE;
        if (*line != '$') return expected_bulk(r, *line);
        if (!number_parse_int(slice_of(line + 1, (size_t)(cr - line) - 1), &length) || length < 0)
            return bad(r, "Protocol error: invalid bulk length");
        next = cr + 2;
    }
    if (length > r->limits.bulk_max) return bad(r, "Protocol error: invalid bulk length");
    if (r->limits.unauthenticated && length > UNAUTHENTICATED_BULK)
        return bad(r, "Protocol error: unauthenticated bulk length");
    r->position = (size_t)(next - data);
    r->bulk = length;
    return RESP_REQUEST;
}

/* Nearly all arguments are shorter than a hundred bytes: takes as many of them as are in the buffer. Stops at what is
 * anything else, for the others to see. */
static void take_short_arguments(struct resp_reader *r, const char *data, size_t size, uintptr_t base)
{
    const char *p = data + r->position, *end = data + size;
    int64_t taken = 0, room = (int64_t)r->argv_capacity - r->argc;
    if (room > r->expected) room = r->expected;
    if (room == 0) return;
    struct slice *argv = r->argv + r->argc;
    while (taken < room && end - p > 4 && p[0] == '$') {
        size_t length = (unsigned char)(p[1] - '0'), digit = (unsigned char)(p[2] - '0');
        if (length > 9) break;
        const char *argument = p + 4;
        if (digit <= 9 && length > 0) {
            length = length * 10 + digit;
            argument++;
        }
        if (argument[-2] != '\r' || (size_t)(end - argument) < length + 2) break;
        if ((int64_t)length > r->limits.bulk_max) break;
        argv[taken++] = slice_of((const char *)(base + (size_t)(argument - data)), length);
        p = argument + length + 2;
    }
    r->argc += (int)taken;
    r->expected -= taken;
    r->position = (size_t)(p - data);
}

/* Reads arguments until all are there. `base` is what their positions are added to: the buffer while the request is
 * read in one go, 0 once it has been interrupted. */
static enum resp_result read_arguments(struct resp_reader *r, const char *data, size_t size, uintptr_t base)
{
    while (r->expected > 0) {
        if (r->bulk < 0) {
            take_short_arguments(r, data, size, base);
            if (r->expected == 0) break;
            enum resp_result result = read_bulk_header(r, data, size);
            if (result != RESP_REQUEST) return result;
        }
        size_t length = (size_t)r->bulk;
        if (size - r->position < length + 2) return RESP_INCOMPLETE;
        if ((size_t)r->argc == r->argv_capacity && !grow_argv(r)) return bad(r, "out of memory");
        r->argv[r->argc++] = slice_of((const char *)(base + r->position), length);
        r->position += length + 2;
        r->bulk = -1;
        r->expected--;
    }
    return RESP_REQUEST;
}

static void offsets_from_pointers(struct resp_reader *r, const char *data)
{
    for (int i = 0; i < r->argc; i++)
        r->argv[i].data = (const char *)((uintptr_t)r->argv[i].data - (uintptr_t)data);
    r->resumed = true;
}

static void pointers_from_offsets(struct resp_reader *r, const char *data)
{
    for (int i = 0; i < r->argc; i++) r->argv[i].data = data + (uintptr_t)r->argv[i].data;
    r->resumed = false;
}

static enum resp_result begin(struct resp_reader *r, const char *data, size_t size)
{
    r->argc = 0;
    r->is_inline = false;
    r->resumed = false;
    r->position = 0;
    if (size == 0) return RESP_INCOMPLETE;
    return data[0] == '*' ? read_array_header(r, data, size) : read_inline(r, data, size);
}

enum resp_result resp_read_request(struct resp_reader *r, const char *data, size_t size)
{
    if (r->expected < 0) {
        enum resp_result result = begin(r, data, size);
        if (result != RESP_REQUEST || r->is_inline) return result;
    }
    enum resp_result result = read_arguments(r, data, size, r->resumed ? 0 : (uintptr_t)data);
    if (result == RESP_INCOMPLETE && !r->resumed) offsets_from_pointers(r, data);
    if (result != RESP_REQUEST) return result;
    if (r->resumed) pointers_from_offsets(r, data);
    r->consumed = r->position;
    r->expected = -1;
    r->scanned = 0;
    return RESP_REQUEST;
}

size_t resp_reader_wants(const struct resp_reader *r, size_t size)
{
    if (r->expected < 0 || r->bulk < 0) return 0;
    size_t end = r->position + (size_t)r->bulk + 2;
    return end > size ? end - size : 0;
}
