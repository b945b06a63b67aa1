/* hash.h: hashes: fields with values.
 *
 * Compact: a packed sequence of field, value, field, value … (store/packed.h), up to hash-max-listpack-entries
 * fields, none of them or of the values longer than hash-max-listpack-value. Large: a field table.
 *
 * Slices that are handed out point into the value, or into the `digits` that were handed in, and are valid until its next
 * change. Those that are handed in must not point into it.
 */
#ifndef TIDELOCK_STORE_HASH_H
#define TIDELOCK_STORE_HASH_H

#include "base/random.h"
#include "store/edit.h"
#include "store/field_table.h"
#include "store/packed.h"
#include "store/value.h"

extern const struct value_class hash_class;

/* Fields. */
size_t hash_size(const struct entry *e);
/* The value of a field; false: there is none. */
bool hash_get(const struct entry *e, struct slice field, struct slice *value, struct packed_digits *digits);
/* Gives a field a value. 1: the field is new, 0: it was there, -1: memory is out, nothing has changed. */
int hash_set(struct edit *x, struct slice field, struct slice value);
/* Takes a field out; false: there is none. Never fails. An empty hash is the caller's to delete. */
bool hash_remove(struct edit *x, struct slice field);

/* A field and its value. */
struct hash_pair {
    struct slice field, value;
    struct packed_digits digits[2];
};

/* A walk over all fields, while nothing changes. Begin with all zero; the pair is good until the next step. */
struct hash_walk {
    struct field_walk large;
    size_t at; /* compact: the next field */
    bool begun;
};
bool hash_walk_next(const struct entry *e, struct hash_walk *w, struct hash_pair *pair);

/* One step of a scan: each field that is there during the whole scan is visited at least once. A compact hash is
 * visited as a whole. Returns the next cursor, 0: that was all. */
uint64_t hash_scan(const struct entry *e, uint64_t cursor,
                   void (*visit)(void *context, struct slice field, struct slice value), void *context);
/* A random field, every one as likely as any other; the hash is not empty. */
void hash_random(const struct entry *e, struct random *r, struct hash_pair *pair);

/* Fills a new, empty edit with the bytes of a packed sequence that is known to be valid and to have an even number of
 * elements, at least two: as compact bytes if the number of fields allows it, or as a large hash. `longest`: the size of
 * the longest element, which has to be allowed for too; 0: as it is. 1: done, 0: a field is there twice, -1: memory is
 * out. */
int hash_load(struct edit *x, struct slice packed, size_t longest);

#endif
