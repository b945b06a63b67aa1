/* intset.h: a sorted array of integers in one run of bytes, in the format Redis calls an intset.
 *
 *   +-------+-------+-----------+-----------+-----
 *   | width | count | integer 0 | integer 1 | ...      all little-endian; a width of 2, 4 or 8 bytes for all of them
 *   | 4 B   | 4 B   |           |           |
 *   +-------+-------+-----------+-----------+-----
 *
 * The bytes are the caller's, who sees to it that there is room before an edit: intset_size says how much. Bytes from
 * outside are checked by intset_valid first.
 */
#ifndef TIDELOCK_STORE_INTSET_H
#define TIDELOCK_STORE_INTSET_H

#include "base/bytes.h"

enum { INTSET_HEADER = 8 };

size_t intset_count(const char *p);
/* Bytes of one integer. */
size_t intset_width(const char *p);
/* Bytes it takes. */
static inline size_t intset_bytes(const char *p) { return INTSET_HEADER + intset_count(p) * intset_width(p); }
int64_t intset_get(const char *p, size_t index);
/* Whether a value is there; in *index, where it is or would be. */
bool intset_find(const char *p, int64_t value, size_t *index);

/* Bytes of the set with `value`, which is not in it, added; of a new one (`p` NULL) with only that. */
size_t intset_size_with(const char *p, int64_t value);
/* Makes `p` an empty set. */
void intset_init(char *p);
/* Adds a value at the place intset_find said; there is room. */
void intset_insert(char *p, size_t index, int64_t value);
/* Takes integer number `index` out. */
void intset_remove(char *p, size_t index);

/* Whether these bytes are a set: as long as they say, in order, nothing twice. */
bool intset_valid(const char *p, size_t size);

#endif
