/* reply.h: the interface through which a command answers, whoever is listening.
 *
 * `resp/writer` fills it for the wire, `lua/result` for the Lua stack, tests for themselves. Aggregates
 * announce their length first and are then followed by that many elements (a map by twice as many), as RESP3
 * has it.
 *
 * Calls cannot fail from the caller's point of view: an implementation that runs out of memory remembers it
 * and the one who owns it finds out at the end of the command.
 */
#ifndef TIDELOCK_COMMAND_REPLY_H
#define TIDELOCK_COMMAND_REPLY_H

#include "base/bytes.h"

struct reply;

struct reply_ops {
    void (*status)(struct reply *r, struct slice text); /* +OK: text without CR and LF */
    void (*error)(struct reply *r, struct slice text);  /* "CODE message", without the '-' */
    void (*integer)(struct reply *r, int64_t value);
    void (*bulk)(struct reply *r, struct slice data);
    void (*null)(struct reply *r);                            /* RESP2: $-1 */
    void (*null_array)(struct reply *r);                      /* RESP2: *-1; RESP3 as null */
    void (*real)(struct reply *r, double value);              /* RESP2: a bulk of its text */
    void (*boolean)(struct reply *r, bool value);             /* RESP2: 1 or 0 */
    void (*big_number)(struct reply *r, struct slice digits); /* RESP2: a bulk */
    void (*verbatim)(struct reply *r, const char format[3], struct slice text); /* RESP2: a bulk */
    void (*array)(struct reply *r, int64_t count);
    void (*map)(struct reply *r, int64_t pairs);  /* RESP2: an array of 2 * pairs */
    void (*set)(struct reply *r, int64_t count);  /* RESP2: an array */
    void (*push)(struct reply *r, int64_t count); /* RESP2: an array */
};

enum { REPLY_CODE_MAX = 31 };

struct reply {
    const struct reply_ops *ops;
    int protocol;                        /* 2 or 3; commands whose shape differs look at it */
    int64_t errors;                      /* error replies so far: lets a caller see that a command failed */
    char error_code[REPLY_CODE_MAX + 1]; /* of the last of them, its first word: "WRONGTYPE" */
};

/* Counts an error reply and keeps its code (reply.c). */
void reply_note_error(struct reply *r, struct slice text);

static inline void reply_status(struct reply *r, const char *text) { r->ops->status(r, slice_text(text)); }
static inline void reply_ok(struct reply *r) { r->ops->status(r, (struct slice){"OK", 2}); }
static inline void reply_error(struct reply *r, const char *text)
{
    reply_note_error(r, slice_text(text));
    r->ops->error(r, slice_text(text));
}
static inline void reply_error_slice(struct reply *r, struct slice text)
{
    reply_note_error(r, text);
    r->ops->error(r, text);
}
/* printf-style; the text is cut at 512 bytes and CR and LF become spaces (as Redis does). */
void reply_error_format(struct reply *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline void reply_integer(struct reply *r, int64_t value) { r->ops->integer(r, value); }
static inline void reply_bulk(struct reply *r, struct slice data) { r->ops->bulk(r, data); }
static inline void reply_bulk_text(struct reply *r, const char *text) { r->ops->bulk(r, slice_text(text)); }
static inline void reply_null(struct reply *r) { r->ops->null(r); }
static inline void reply_null_array(struct reply *r) { r->ops->null_array(r); }
static inline void reply_real(struct reply *r, double value) { r->ops->real(r, value); }
static inline void reply_boolean(struct reply *r, bool value) { r->ops->boolean(r, value); }
static inline void reply_verbatim(struct reply *r, const char format[3], struct slice text)
{
    r->ops->verbatim(r, format, text);
}
static inline void reply_array(struct reply *r, int64_t count) { r->ops->array(r, count); }
static inline void reply_map(struct reply *r, int64_t pairs) { r->ops->map(r, pairs); }
static inline void reply_set(struct reply *r, int64_t count) { r->ops->set(r, count); }
static inline void reply_push(struct reply *r, int64_t count) { r->ops->push(r, count); }

#endif
