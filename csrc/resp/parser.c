/* parser.c: reads replies.
 *
 * A reply is a sequence of elements in prefix order: an aggregate says how many elements it has, and these follow. So
 * there is no recursion: measuring keeps, for each level, how many elements are still to come, and playing back
 * just hands element after element on, as `struct reply` takes them in the same order.
 *
 *   line types    + status   - error   : integer   , double   # boolean   ( big number   _ null
 *   bulk types    $ string   = verbatim   ! error           (a length, then as many bytes)
 *   aggregates    * array    % map   ~ set   > push   | attribute    (a count)
 *
 * SPDX-License-Identifier: MIT */
#include "resp/parser.h"

#include <math.h>

#include "base/number.h"

enum { VERBATIM_FORMAT = 4 }; /* "txt:" */

/* One element: what the bytes up to the next one say. */
struct element {
    char type;
    bool null;      /* $-1, *-1 or _ */
    int64_t number; /* of an integer or a boolean; an aggregate's elements, a map's pairs counted twice */
    double real;
    struct slice text; /* of line and bulk types */
    size_t size;       /* bytes it took */
};

void resp_parser_init(struct resp_parser *p)
{
    *p = (struct resp_parser){.bulk_max = 512 * 1024 * 1024, .elements_max = INT32_MAX, .remaining = {1}};
}

static int bad(struct resp_parser *p, const char *error)
{
    p->error = error;
    return -1;
}

/* ---- one element ----------------------------------------------------------------------------------------------- */

/* A number as RESP has it; unlike Redis's own commands, the protocol allows a '+'. */
static bool parse_integer(struct slice text, int64_t *value)
{
    if (text.size > 1 && text.data[0] == '+' && text.data[1] != '-')
        text = slice_of(text.data + 1, text.size - 1);
    return number_parse_int(text, value);
}

static bool parse_real(struct slice text, double *value)
{
    if (slice_is_word(text, "nan") || slice_is_word(text, "-nan")) {
        *value = (double)NAN;
        return true;
    }
    return number_parse_double(text, value);
}

static bool is_big_number(struct slice text)
{
    size_t i = text.size > 0 && (text.data[0] == '-' || text.data[0] == '+');
    if (i == text.size) return false;
    while (i < text.size && text.data[i] >= '0' && text.data[i] <= '9') i++;
    return i == text.size;
}

static int line_element(struct resp_parser *p, struct element *e)
{
    switch (e->type) {
    case ':': return parse_integer(e->text, &e->number) ? 1 : bad(p, "invalid integer");
    case ',': return parse_real(e->text, &e->real) ? 1 : bad(p, "invalid double");
    case '(': return is_big_number(e->text) ? 1 : bad(p, "invalid big number");
    case '#':
        e->number = e->text.size == 1 && e->text.data[0] == 't';
        return e->number || (e->text.size == 1 && e->text.data[0] == 'f') ? 1 : bad(p, "invalid boolean");
    case '_': e->null = true; return e->text.size == 0 ? 1 : bad(p, "invalid null");
    default: return 1;
    }
}

/* The count in the header of a bulk string or an aggregate. */
static int parse_count(struct resp_parser *p, struct element *e, int64_t max)
{
    if (e->text.size == 1 && e->text.data[0] == '?') return bad(p, "streamed replies are not supported");
    if (!number_parse_int(e->text, &e->number)) return bad(p, "invalid length");
    e->null = e->number == -1 && (e->type == '$' || e->type == '*');
    if (e->null) return 1;
    if (e->number < 0) return bad(p, "invalid length");
    return e->number <= max ? 1 : bad(p, "reply is too large");
}

/* The bytes of a bulk string; `rest` is what is there after its header. */
static int bulk_element(struct resp_parser *p, struct element *e, struct slice rest)
{
    int result = parse_count(p, e, p->bulk_max);
    if (result < 0 || e->null) return result;
    size_t length = (size_t)e->number;
    if (rest.size < length + 2) return 0;
    if (rest.data[length] != '\r' || rest.data[length + 1] != '\n')
        return bad(p, "bulk string without its end");
    e->text = slice_of(rest.data, length);
    e->size += length + 2;
    if (e->type == '=' && (length < VERBATIM_FORMAT || rest.data[VERBATIM_FORMAT - 1] != ':'))
        return bad(p, "invalid verbatim string");
    return 1;
}

static int aggregate_element(struct resp_parser *p, struct element *e)
{
    int result = parse_count(p, e, p->elements_max);
    if (result > 0 && (e->type == '%' || e->type == '|')) e->number *= 2;
    return result;
}

/* Reads the element at the start of `s`, whose first `from` bytes hold no end of line: 1, or 0 when it is not all
 * there, or -1. */
static int read_element(struct resp_parser *p, struct slice s, size_t from, struct element *e)
{
    const char *newline = memchr(s.data + from, '\n', s.size - from);
    size_t length = newline ? (size_t)(newline - s.data) : s.size;
    if (length > RESP_LINE_MAX) return bad(p, "line is too long");
    if (!newline) {
        p->scanned = p->position + s.size;
        return 0;
    }
    if (length < 2 || newline[-1] != '\r') return bad(p, "line does not end in CR and LF");
    *e = (struct element){.type = s.data[0], .text = {s.data + 1, length - 2}, .size = length + 1};
    switch (e->type) {
    case '+':
    case '-':
    case ':':
    case ',':
    case '#':
    case '(':
    case '_': return line_element(p, e);
    case '$':
    case '=':
    case '!': return bulk_element(p, e, slice_of(newline + 1, s.size - e->size));
    case '*':
    case '%':
    case '~':
    case '>':
    case '|': return aggregate_element(p, e);
    default: return bad(p, "unknown type of reply");
    }
}

static bool is_aggregate(char type)
{
    return type == '*' || type == '%' || type == '~' || type == '>' || type == '|';
}

/* ---- measuring ------------------------------------------------------------------------------------------------- */

/* Counts `e`. An attribute is not an element of what it stands in: it comes on top of the element that follows. */
static bool count_element(struct resp_parser *p, const struct element *e)
{
    if (e->type != '|') p->remaining[p->depth]--;
    if (is_aggregate(e->type) && !e->null && e->number > 0) {
        if (p->depth == RESP_NESTING_MAX) return false;
        p->remaining[++p->depth] = e->number;
    }
    while (p->depth > 0 && p->remaining[p->depth] == 0) p->depth--;
    return true;
}

int64_t resp_reply_size(struct resp_parser *p, const char *data, size_t size)
{
    while (p->remaining[0] > 0 || p->depth > 0) {
        if (p->position == size) return 0;
        struct element e;
        size_t from = p->scanned > p->position ? p->scanned - p->position : 0;
        int result = read_element(p, slice_of(data + p->position, size - p->position), from, &e);
        if (result <= 0) return result;
        if (!count_element(p, &e)) return bad(p, "reply is nested too deeply");
        p->position += e.size;
    }
    size_t length = p->position;
    p->position = p->scanned = 0;
    p->remaining[0] = 1;
    return (int64_t)length;
}

/* ---- playing --------------------------------------------------------------------------------------------------- */

static void play(const struct element *e, struct reply *r)
{
    if (e->null) {
        if (e->type == '*')
            r->ops->null_array(r);
        else
            r->ops->null(r);
        return;
    }
    switch (e->type) {
    case '+': r->ops->status(r, e->text); break;
    case '-':
    case '!': reply_error_slice(r, e->text); break;
    case ':': r->ops->integer(r, e->number); break;
    case ',': r->ops->real(r, e->real); break;
    case '#': r->ops->boolean(r, e->number != 0); break;
    case '(': r->ops->big_number(r, e->text); break;
    case '$': r->ops->bulk(r, e->text); break;
    case '=': {
        struct slice text = slice_of(e->text.data + VERBATIM_FORMAT, e->text.size - VERBATIM_FORMAT);
        r->ops->verbatim(r, e->text.data, text);
        break;
    }
    case '*': r->ops->array(r, e->number); break;
    case '%': r->ops->map(r, e->number / 2); break;
    case '~': r->ops->set(r, e->number); break;
    case '>': r->ops->push(r, e->number); break;
    }
}

void resp_replay(const char *data, size_t size, struct reply *r)
{
    struct resp_parser p;
    resp_parser_init(&p);
    p.bulk_max = p.elements_max = INT64_MAX / 2; /* the one who measured has checked */
    int64_t hidden = 0;                          /* elements to come that belong to an attribute */
    for (int64_t left = 1; left > 0 && size > 0;) {
        struct element e;
        if (read_element(&p, slice_of(data, size), 0, &e) <= 0) return;
        data += e.size;
        size -= e.size;
        int64_t inside = is_aggregate(e.type) && !e.null ? e.number : 0;
        int64_t self = e.type != '|';
        if (hidden > 0 || e.type == '|') {
            hidden += inside - (hidden > 0 ? self : 0);
        } else {
            play(&e, r);
            left += inside - self;
        }
    }
}
