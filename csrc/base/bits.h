/* bits.h: a run of bytes as a run of bits, counted from the highest bit of the first byte.
 *
 * Positions are in bits, ranges are inclusive at both ends and lie within the bytes, unless said otherwise.
 */
#ifndef TIDELOCK_BASE_BITS_H
#define TIDELOCK_BASE_BITS_H

#include "base/bytes.h"

/* How many bits are set from `first` to `last`. */
int64_t bits_count(struct slice bytes, int64_t first, int64_t last);
/* The first bit from `first` to `last` that is `set` (or clear), -1 when none is. */
int64_t bits_find(struct slice bytes, int64_t first, int64_t last, bool set);

/* `width` bits (1 to 64) from `at` on as a number, the highest first. What lies beyond the bytes reads as zero. */
uint64_t bits_get(struct slice bytes, int64_t at, int width);
/* Writes the low `width` bits of `value` there; all of it is within the bytes. */
void bits_set(char *bytes, int64_t at, int width, uint64_t value);

/* Redis's BITOP: `size` bytes of `into` become what the operation makes of `count` operands (NOT: the first); a shorter
 * one counts as followed by zeros. */
enum bits_operation { BITS_AND, BITS_OR, BITS_XOR, BITS_NOT };
void bits_combine(enum bits_operation operation, char *into, size_t size, const struct slice *operands,
                  int count);

#endif
