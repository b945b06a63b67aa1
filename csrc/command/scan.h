/* scan.h: what SCAN, HSCAN, SSCAN and ZSCAN have in common: cursors, options, and walking over one collection. */
#ifndef TIDELOCK_COMMAND_SCAN_H
#define TIDELOCK_COMMAND_SCAN_H

#include "command/exec.h"

struct scan_options {
    int64_t count;        /* about how many elements per call */
    struct slice pattern; /* data NULL: all */
    struct slice type;    /* data NULL: any */
};

/* The cursor that argument `index` is, and the options from argument `first` on; TYPE only when `typed`. False: an error,
 * which was replied. */
bool scan_read_cursor(struct exec *x, int index, uint64_t *cursor);
bool scan_read_options(struct exec *x, int first, bool typed, struct scan_options *o);
/* Whether the pattern lets this name through. */
bool scan_wants(const struct scan_options *o, struct slice name);
void scan_reply_cursor(struct exec *x, uint64_t cursor);

/* A step of the scan of a collection: visits some elements, each a name and a value (or nothing), and returns the next
 * cursor. What it hands out need be good only during the visit. */
typedef uint64_t scan_step_fn(const struct entry *e, uint64_t cursor,
                              void (*visit)(void *context, struct slice name, struct slice value),
                              void *context);

/* HSCAN and its kin: argv is command, key, cursor, options. `valued`: elements are answered as pairs. */
void scan_collection(struct exec *x, enum value_type type, scan_step_fn *step, bool valued);

#endif
