/* value.h: what the store knows of each type of value: one constant table, one line per type.
 *
 * Everything generic (freeing, copying, digests, MEMORY USAGE, DEBUG) goes through the table, so that a new type
 * is a file of its own and a line in value.c.
 *
 * Strings are the entry's own affair (store/entry.h). The value of any other type, a *collection*, has one of two
 * forms:
 *
 *   compact  a run of bytes (a packed sequence, an intset) whose format is the type's. Within the entry's block, up to
 *            ENTRY_INLINE_MAX; longer ones (unusual limits) are in a block of their own, a struct value_box, which
 *            nobody but value.c and edit.c has to know.
 *   large    a structure of the type's own behind the entry's pointer, which begins with a struct value_head.
 *
 * To read a collection ask value_compact and value_large: one of them has it. It is changed in an edit only
 * (store/edit.h). When it goes from one to the other form is the type's decision, by the limits of the keyspace
 * (store/limits.h).
 */
#ifndef TIDELOCK_STORE_VALUE_H
#define TIDELOCK_STORE_VALUE_H

#include "store/entry_make.h"
#include "store/keyspace.h"

/* What every value behind a collection's pointer begins with. */
struct value_head {
    struct list grave;  /* waiting to be freed: value_bury */
    unsigned char type; /* enum value_type */
    bool boxed;         /* a struct value_box */
};

/* The bytes of a compact collection that are too many for an entry's block. */
struct value_box {
    struct value_head head;
    size_t size, room;
    char data[];
};

struct value_class {
    const char *name; /* what TYPE answers */
    /* What OBJECT ENCODING answers. */
    const char *(*encoding)(const struct entry *e);
    /* The canonical digest of the value: the same however it is encoded, and, where the type has no order, in whatever
     * order it lies. It walks over the value. */
    struct digest (*digest)(const struct entry *e);
    /* What is wrong with the structure of the value, NULL: nothing. For specs and fuzzers. */
    const char *(*check)(const struct entry *e);
    /* Elements; of a string: 1. */
    size_t (*count)(const struct entry *e);
    /* Large values (and blobs of strings). Frees about `budget` elements; false: it is freed to the end, and gone. What is
     * left in between need only be good for the next call. */
    bool (*free_some)(struct memory *m, void *value, size_t budget);
    /* A deep copy, NULL when memory is out; and the memory it takes. */
    void *(*copy)(struct memory *m, const void *value);
    size_t (*memory)(const void *value);
};

const struct value_class *value_class(enum value_type type);

/* The bytes of a compact collection; `data` NULL: it is a large one. */
struct slice value_compact(const struct entry *e);
/* The structure of a large collection; NULL: it is compact. */
void *value_large(const struct entry *e);
size_t value_count(const struct entry *e);

/* Values behind pointers, boxes among them. All of it at once; some of it (false: it is gone); a deep copy. */
void value_free(struct memory *m, enum value_type type, void *value);
bool value_free_some(struct memory *m, enum value_type type, void *value, size_t budget);
void *value_copy(struct memory *m, enum value_type type, const void *value);
size_t value_memory(enum value_type type, const void *value);
/* Frees it, in one piece when it is small; otherwise keyspace_tidy will, in slices. */
void value_bury(struct keyspace *ks, enum value_type type, void *value);

#endif
