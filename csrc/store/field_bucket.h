/* field_bucket.h: one bucket of a field table: some fields, and their values if there are any, in one block of bytes.
 *
 *   +-------+------+-------+-------+----------------------+----------+----------+-----
 *   | count | tags | units | used  | tag 0 | tag 1 | ...  | record 0 | record 1 | ...
 *   | 1 B   | 1 B  | 2 B   | 4 B   | room for a multiple of eight    | ...
 *   +-------+------+-------+-------+----------------------+----------+----------+-----
 *
 *   record: part (the field), and in a table with values another part (the value)
 *   part:   size (1 B, up to 254), bytes;  or 255 and the address of a block that holds a longer one
 *
 * A tag is eight bits of the field's hash, so that a look-up touches few records. A new record goes to the end.
 * An empty bucket is NULL.
 */
#ifndef TIDELOCK_STORE_FIELD_BUCKET_H
#define TIDELOCK_STORE_FIELD_BUCKET_H

#include "base/bytes.h"

enum { FIELD_BUCKET_MAX = 248 /* records: hashing would have to be badly out of luck */ };

struct field_bucket {
    uint8_t count;
    uint8_t tag_room;
    uint16_t units; /* the block, in 8 bytes */
    uint32_t used;  /* bytes of records */
    uint8_t bytes[];
};

/* A part on its way in. One that is too long for a record has been copied to a block already. */
struct field_part {
    struct slice text;
    struct field_outside *outside; /* NULL: it goes into the record */
    size_t bytes;                  /* what it takes in the record */
};

/* False when memory is out. field_part_drop gives back one that is not used after all. */
bool field_part_make(struct memory *m, struct field_part *part, struct slice text, size_t *outside_bytes);
void field_part_drop(struct memory *m, struct field_part *part, size_t *outside_bytes);

/* The bytes of the part at `p`, and where the next one is. */
struct slice field_part_text(const uint8_t *p);
static inline const uint8_t *field_part_next(const uint8_t *p)
{
    return p + 1 + (*p == 255 ? sizeof(void *) : *p);
}
static inline const uint8_t *field_record_next(const uint8_t *p, bool valued)
{
    p = field_part_next(p);
    return valued ? field_part_next(p) : p;
}

static inline const uint8_t *field_bucket_first(const struct field_bucket *b)
{
    return b->bytes + b->tag_room;
}

/* The record of a field; NULL: there is none. `index` becomes its number. */
const uint8_t *field_bucket_find(const struct field_bucket *b, bool valued, struct slice field, uint8_t tag,
                                 unsigned *index);
/* Record number `index`. */
const uint8_t *field_bucket_at(const struct field_bucket *b, bool valued, unsigned index);

/* Makes room for `count` records of `used` bytes in all. The bucket may move, and comes to be when it was NULL. False
 * when memory is out (or there are too many): then nothing has changed. */
bool field_bucket_reserve(struct memory *m, struct field_bucket **b, size_t used, unsigned count);
/* Adds a record; there is room. `value` NULL: none. */
void field_bucket_append(struct field_bucket *b, uint8_t tag, const struct field_part *field,
                         const struct field_part *value);
/* The same with the bytes of a record of another bucket, which it leaves. */
void field_bucket_take(struct field_bucket *b, uint8_t tag, const uint8_t *record, size_t bytes);
/* Puts another part in the place of the one at offset `at`, whose outside block has been freed. There is room. */
void field_bucket_replace(struct field_bucket *b, size_t at, const struct field_part *part);
/* Takes record `index`, at `record`, out, and gives memory back that is not needed any more. NULL when it was the last.
 * The blocks of its parts have been freed. */
void field_bucket_remove(struct memory *m, struct field_bucket **b, bool valued, unsigned index,
                         const uint8_t *record);
/* Gives back memory that is not needed, if that can be had. */
void field_bucket_trim(struct memory *m, struct field_bucket **b);
void field_bucket_free(struct memory *m, struct field_bucket *b);
/* Frees the outside block of the part at `p`, if it has one. */
void field_outside_free(struct memory *m, const uint8_t *p, size_t *outside_bytes);
static inline size_t field_bucket_bytes(const struct field_bucket *b) { return b ? 8 * (size_t)b->units : 0; }

#endif
