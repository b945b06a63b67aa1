/* parser.h: reads replies (RESP2 and RESP3, any nesting up to a limit): the client's side of the wire.
 *
 * Push-style: resp_reply_size finds out whether a whole reply is there, remembering how far it has looked;
 * resp_replay then plays it into a `struct reply`, so that what came over the wire reaches its reader (the Lua stack,
 * a test) through the same interface as a command executed in process.
 *
 * A reply is checked in full while it is measured: every line and every bulk string must end where it says it does.
 * Leaves out: streamed strings and aggregates (`$?`, `*?`), which no server sends.
 */
#ifndef TIDELOCK_RESP_PARSER_H
#define TIDELOCK_RESP_PARSER_H

#include "base/bytes.h"
#include "command/reply.h"

enum {
    RESP_NESTING_MAX = 64,    /* aggregates within one another */
    RESP_LINE_MAX = 64 * 1024 /* bytes of a status, an error, a number */
};

struct resp_parser {
    int64_t bulk_max;     /* limits; resp_parser_init sets generous ones */
    int64_t elements_max; /* of one aggregate */
    const char *error;    /* after -1: what is wrong with the bytes */
    /* private */
    size_t position; /* everything before has been checked */
    size_t scanned;  /* no end of line before this */
    int64_t remaining[RESP_NESTING_MAX +
                      1]; /* at each level, elements still to come; level 0 is the reply itself */
    int depth;
};

void resp_parser_init(struct resp_parser *p);
/* The size in bytes of the reply at the start of `data`, 0 when it is not complete yet, -1 when the bytes are not
 * RESP (p->error). Call again with the same bytes and more; after a size > 0 the parser is ready for the next reply.
 * Attributes ('|') count as part of the reply they precede. */
int64_t resp_reply_size(struct resp_parser *p, const char *data, size_t size);
/* Plays one complete reply into `r`. `data` must start with a reply that resp_reply_size has measured. A push (`>`)
 * arrives as ops->push; attributes are left out. */
void resp_replay(const char *data, size_t size, struct reply *r);

#endif
