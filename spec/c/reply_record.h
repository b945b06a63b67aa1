/* reply_record.h: a `struct reply` that writes down what it is told, one line per call.
 *
 * SPDX-License-Identifier: MIT */
#ifndef REPLY_RECORD_H
#define REPLY_RECORD_H

#include "command/reply.h"

struct reply_record {
    struct reply reply; /* first */
    struct bytes text;
};

static inline void record_text(struct reply *r, const char *what, struct slice s)
{
    struct bytes *text = &((struct reply_record *)r)->text;
    bytes_append_format(text, "%s %zu ", what, s.size);
    bytes_append_slice(text, s);
    bytes_append_char(text, '\n');
}
static inline void record_number(struct reply *r, const char *what, int64_t value)
{
    bytes_append_format(&((struct reply_record *)r)->text, "%s %lld\n", what, (long long)value);
}

static inline void record_status(struct reply *r, struct slice s) { record_text(r, "status", s); }
static inline void record_error(struct reply *r, struct slice s) { record_text(r, "error", s); }
static inline void record_integer(struct reply *r, int64_t v) { record_number(r, "integer", v); }
static inline void record_bulk(struct reply *r, struct slice s) { record_text(r, "bulk", s); }
static inline void record_null(struct reply *r) { record_text(r, "null", slice_text("")); }
static inline void record_null_array(struct reply *r) { record_text(r, "null_array", slice_text("")); }
static inline void record_real(struct reply *r, double v)
{
    bytes_append_format(&((struct reply_record *)r)->text, "real %.17g\n", v);
}
static inline void record_boolean(struct reply *r, bool v) { record_number(r, "boolean", v); }
static inline void record_big_number(struct reply *r, struct slice s) { record_text(r, "big_number", s); }
static inline void record_verbatim(struct reply *r, const char format[3], struct slice s)
{
    record_text(r, "format", slice_of(format, 3));
    record_text(r, "verbatim", s);
}
static inline void record_array(struct reply *r, int64_t n) { record_number(r, "array", n); }
static inline void record_map(struct reply *r, int64_t n) { record_number(r, "map", n); }
static inline void record_set(struct reply *r, int64_t n) { record_number(r, "set", n); }
static inline void record_push(struct reply *r, int64_t n) { record_number(r, "push", n); }

static inline void reply_record_init(struct reply_record *r, struct memory *m, int protocol)
{
    static const struct reply_ops ops = {
        record_status,     record_error, record_integer, record_bulk,       record_null,
        record_null_array, record_real,  record_boolean, record_big_number, record_verbatim,
        record_array,      record_map,   record_set,     record_push,
    };
    *r = (struct reply_record){.reply = {.ops = &ops, .protocol = protocol}};
    bytes_init(&r->text, m);
}

#endif
