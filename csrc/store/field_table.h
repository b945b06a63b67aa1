/* field_table.h: a compact hash table of byte strings, with values (large hashes) or without (large sets).
 *
 * Buckets are blocks of bytes that hold about sixteen records each (field_bucket.h), so that an element costs its bytes
 * and three more, not an object, a pointer and a slot. The table grows and shrinks one bucket at a time (base/linear.h): no
 * operation takes longer because there are many elements. Keyed SipHash-1-3, as in base/dict.h.
 *
 * Slices that are handed out point into the table and are valid until its next change; so must those that are handed
 * in not, but for field_table_remove's.
 */
#ifndef TIDELOCK_STORE_FIELD_TABLE_H
#define TIDELOCK_STORE_FIELD_TABLE_H

#include "base/bytes.h"
#include "base/linear.h"
#include "base/random.h"

struct field_bucket;

struct field_table {
    struct field_bucket ***segments; /* of 512 buckets each; the first one grows up to that */
    size_t segment_slots;            /* room in `segments` */
    size_t first_slots;              /* room in the first segment */
    struct linear linear;
    size_t size;          /* elements */
    size_t outside_bytes; /* memory of parts that are too long for a bucket */
    size_t bucket_bytes;  /* memory of buckets */
    uint64_t hash_key[2];
    bool valued;
};

/* Nothing is allocated before the first element. */
void field_table_init(struct field_table *t, bool valued, const uint64_t hash_key[2]);
/* Frees about `budget` elements; false: the table is empty and all its memory is freed. Not to be used in between. */
bool field_table_drain(struct memory *m, struct field_table *t, size_t budget);
/* A deep copy into `copy`, uninitialised. False when memory is out: nothing is left to free then. */
bool field_table_copy(struct memory *m, struct field_table *copy, const struct field_table *t);
/* Memory of the table and everything in it, but for the struct. */
size_t field_table_memory(const struct field_table *t);

/* Whether a field is there; its value, if wanted and if there are values. */
bool field_table_find(const struct field_table *t, struct slice field, struct slice *value);
/* Warms the cache for fields that are about to be looked up, set or removed; a slice without data is none. */
void field_table_prefetch(const struct field_table *t, const struct slice *fields, size_t count);
/* Adds a field, or gives it another value. 1: it is new, 0: it was there (without values: nothing has happened), -1: memory
 * is out, nothing has changed. `value` is ignored in a table without values. */
int field_table_set(struct memory *m, struct field_table *t, struct slice field, struct slice value);
/* Takes a field out; false: there is none. Never fails. */
bool field_table_remove(struct memory *m, struct field_table *t, struct slice field);
/* A random element, every one as likely as any other; the table is not empty. */
struct slice field_table_random(const struct field_table *t, struct random *r, struct slice *value);

/* One step of a scan, as dict_scan. The visitor must not change the table. */
uint64_t field_table_scan(const struct field_table *t, uint64_t cursor,
                          void (*visit)(void *context, struct slice field, struct slice value),
                          void *context);

/* A walk over all elements, in no particular order, while the table does not change. Begin with all zero. */
struct field_walk {
    size_t bucket;
    const uint8_t *record;
    unsigned left; /* records left in this bucket */
};
bool field_walk_next(const struct field_table *t, struct field_walk *w, struct slice *field,
                     struct slice *value);

/* What is wrong with it, NULL: nothing. */
const char *field_table_check(const struct field_table *t);

#endif
