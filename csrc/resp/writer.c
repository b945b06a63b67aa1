/* writer.c: replies and requests as RESP bytes.
 *
 * Each item is written with one reservation of its whole size, so there is one check for room and then straight
 * copying. What RESP2 has no type for is written as the type Redis falls back to (command/reply.h lists them).
 *
 * SPDX-License-Identifier: MIT */
#include "resp/writer.h"

#include "base/number.h"

enum {
    HEADER_MAX = 1 + NUMBER_INT_MAX + 2, /* type, number, "\r\n" */
    VERBATIM_FORMAT = 4                  /* "txt:" */
};

/* A line of a type and a number: "$5\r\n". Single digits, most lengths that are written, are not worth a call. */
static inline char *put_header(char *p, char type, int64_t value)
{
    *p++ = type;
    if ((uint64_t)value < 10)
        *p++ = (char)('0' + value);
    else
        p += number_format_int(p, value);
    *p++ = '\r';
    *p++ = '\n';
    return p;
}

static inline char *put_slice(char *p, struct slice s)
{
    if (s.size > 0) memcpy(p, s.data, s.size);
    return p + s.size;
}

static inline char *put_end(char *p)
{
    *p++ = '\r';
    *p++ = '\n';
    return p;
}

static inline char *put_bulk(char *p, struct slice data)
{
    return put_end(put_slice(put_header(p, '$', (int64_t)data.size), data));
}

static void write_header(struct bytes *out, char type, int64_t value)
{
    char *p = bytes_reserve(out, HEADER_MAX);
    if (p) bytes_commit(out, (size_t)(put_header(p, type, value) - p));
}

/* A line of text. Line ends within it would end it early: they become spaces, as Redis has it. */
static void write_line(struct bytes *out, char type, struct slice text)
{
    char *p = bytes_reserve(out, 1 + text.size + 2);
    if (!p) return;
    char *start = p;
    *p++ = type;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        *p++ = c == '\r' || c == '\n' ? ' ' : c;
    }
    bytes_commit(out, (size_t)(put_end(p) - start));
}

static inline void write_bulk(struct bytes *out, struct slice data)
{
    char *p = bytes_reserve(out, HEADER_MAX + data.size + 2);
    if (p) bytes_commit(out, (size_t)(put_bulk(p, data) - p));
}

static inline struct bytes *out_of(struct reply *r) { return ((struct resp_writer *)r)->out; }

/* ---- the operations -------------------------------------------------------------------------------------------- */

static void writer_status(struct reply *r, struct slice text) { write_line(out_of(r), '+', text); }

static void writer_error(struct reply *r, struct slice text) { write_line(out_of(r), '-', text); }

static void writer_integer(struct reply *r, int64_t value) { write_header(out_of(r), ':', value); }

static void writer_bulk(struct reply *r, struct slice data) { write_bulk(out_of(r), data); }

static void writer_null(struct reply *r)
{
    if (r->protocol >= 3)
        bytes_append(out_of(r), "_\r\n", 3);
    else
        bytes_append(out_of(r), "$-1\r\n", 5);
}

static void writer_null_array(struct reply *r)
{
    if (r->protocol >= 3)
        bytes_append(out_of(r), "_\r\n", 3);
    else
        bytes_append(out_of(r), "*-1\r\n", 5);
}

static void writer_real(struct reply *r, double value)
{
    char text[NUMBER_DOUBLE_MAX];
    struct slice s = slice_of(text, number_format_score(text, value));
    if (r->protocol >= 3)
        write_line(out_of(r), ',', s);
    else
        write_bulk(out_of(r), s);
}

static void writer_boolean(struct reply *r, bool value)
{
    if (r->protocol >= 3)
        bytes_append(out_of(r), value ? "#t\r\n" : "#f\r\n", 4);
    else
        write_header(out_of(r), ':', value);
}

static void writer_big_number(struct reply *r, struct slice digits)
{
    if (r->protocol >= 3)
        write_line(out_of(r), '(', digits);
    else
        write_bulk(out_of(r), digits);
}

static void writer_verbatim(struct reply *r, const char format[3], struct slice text)
{
    struct bytes *out = out_of(r);
    if (r->protocol < 3) {
        write_bulk(out, text);
        return;
    }
    char *p = bytes_reserve(out, HEADER_MAX + VERBATIM_FORMAT + text.size + 2);
    if (!p) return;
    char *start = p;
    p = put_header(p, '=', (int64_t)text.size + VERBATIM_FORMAT);
    p = put_slice(p, slice_of(format, 3));
    *p++ = ':';
    bytes_commit(out, (size_t)(put_end(put_slice(p, text)) - start));
}

static void writer_array(struct reply *r, int64_t count) { write_header(out_of(r), '*', count); }

static void writer_map(struct reply *r, int64_t pairs)
{
    if (r->protocol >= 3)
        write_header(out_of(r), '%', pairs);
    else
        write_header(out_of(r), '*', pairs * 2);
}

static void writer_set(struct reply *r, int64_t count)
{
    write_header(out_of(r), r->protocol >= 3 ? '~' : '*', count);
}

static void writer_push(struct reply *r, int64_t count)
{
    write_header(out_of(r), r->protocol >= 3 ? '>' : '*', count);
}

static const struct reply_ops writer_ops = {
    .status = writer_status,
    .error = writer_error,
    .integer = writer_integer,
    .bulk = writer_bulk,
    .null = writer_null,
    .null_array = writer_null_array,
    .real = writer_real,
    .boolean = writer_boolean,
    .big_number = writer_big_number,
    .verbatim = writer_verbatim,
    .array = writer_array,
    .map = writer_map,
    .set = writer_set,
    .push = writer_push,
};

void resp_writer_init(struct resp_writer *w, struct bytes *out, int protocol)
{
    *w = (struct resp_writer){.reply = {.ops = &writer_ops, .protocol = protocol}, .out = out};
}

/* ---- requests -------------------------------------------------------------------------------------------------- */

static size_t header_size(size_t value)
{
    size_t digits = 1;
    while (value >= 10) {
        value /= 10;
        digits++;
    }
    return 1 + digits + 2;
}

size_t resp_request_size(int argc, const struct slice *argv)
{
    size_t size = header_size((size_t)argc);
    for (int i = 0; i < argc; i++) size += header_size(argv[i].size) + argv[i].size + 2;
    return size;
}

bool resp_write_request(struct bytes *out, int argc, const struct slice *argv)
{
    char *p = bytes_reserve(out, resp_request_size(argc, argv));
    if (!p) return false;
    char *start = p;
    p = put_header(p, '*', argc);
    for (int i = 0; i < argc; i++) p = put_bulk(p, argv[i]);
    bytes_commit(out, (size_t)(p - start));
    return true;
}
