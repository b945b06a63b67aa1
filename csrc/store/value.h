/* value.h: what the store knows of each type of value: one constant table, one line per type.
 *
 * Everything generic (freeing, copying, digests, MEMORY USAGE) goes through the table, so that a new type
 * is a file of its own and a line in value.c.
 */
#ifndef TIDELOCK_STORE_VALUE_H
#define TIDELOCK_STORE_VALUE_H

#include "store/entry_make.h"
#include "store/keyspace.h"

struct value_class {
    const char *name; /* what TYPE answers */
    /* What OBJECT ENCODING answers. */
    const char *(*encoding)(const struct entry *e);
    /* The canonical digest of the value: the same however it is encoded. */
    struct digest (*digest)(const struct entry *e);
    /* Values behind an entry's pointer: free, copy (NULL: memory is out), memory they take. */
    void (*free)(struct memory *m, void *value);
    void *(*copy)(struct memory *m, const void *value);
    size_t (*memory)(const void *value);
};

const struct value_class *value_class(enum value_type type);

#endif
