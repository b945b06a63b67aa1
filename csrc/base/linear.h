/* linear.h: the arithmetic of linear hashing (Litwin 1980): which bucket a hash is in, what growing and shrinking by
 * one bucket does, and where a scan goes on. For base/dict.c and store/field_table.c.
 *
 *   buckets  0 .. split-1   and their images  level .. level+split-1 : addressed with 2*level - 1 as mask
 *   buckets  split .. level-1                                        : addressed with level - 1 as mask
 *
 * Scanning. Read the bits of hashes backwards, as numbers from 0 to 2^64: a bucket that is addressed with k bits then stands
 * for an interval of length 2^(64-k), and splitting it halves the interval. A scan goes up these intervals. Its cursor is
 * the point up to which everything has been visited, written with its bits reversed again, so that it is a small
 * number, as Redis's are. If the table has shrunk meanwhile, the cursor lies within an interval, whose bucket is then
 * visited as a whole, some of it for the second time; if the table has grown, the interval before the cursor has been
 * cut into pieces that all have been visited. (Compare Pieter Noordhuis' dictScan.)
 */
#ifndef TIDELOCK_BASE_LINEAR_H
#define TIDELOCK_BASE_LINEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct linear {
    size_t level; /* power of two; 0: there is no bucket yet */
    size_t split; /* buckets of this level that have been split */
};

static inline size_t linear_buckets(const struct linear *l) { return l->level + l->split; }

/* The bucket of a hash; there is one. */
static inline size_t linear_index(const struct linear *l, uint64_t hash)
{
    size_t index = (size_t)hash & (l->level - 1);
    size_t has_split = 0 - (size_t)(index < l->split); /* all ones or none: a branch would be a coin's toss */
    return index | (has_split & l->level & (size_t)hash);
}

/* Bucket `split` has been dealt out to itself and the new last bucket: which of the two a hash is in, before that. */
static inline bool linear_in_image(const struct linear *l, uint64_t hash) { return (hash & l->level) != 0; }

/* One bucket more. */
static inline void linear_grow(struct linear *l)
{
    if (++l->split < l->level) return;
    l->level *= 2;
    l->split = 0;
}

/* The level when the last bucket is gone: what that is the image of lies so much lower. */
static inline size_t linear_level_below(const struct linear *l)
{
    return l->split > 0 ? l->level : l->level / 2;
}

/* One bucket less; there are at least two. */
static inline void linear_shrink(struct linear *l)
{
    size_t last = linear_buckets(l) - 1;
    l->level = linear_level_below(l);
    l->split = last - l->level;
}

static inline uint64_t linear_reverse(uint64_t x)
{
    x = (x >> 1 & UINT64_C(0x5555555555555555)) | (x & UINT64_C(0x5555555555555555)) << 1;
    x = (x >> 2 & UINT64_C(0x3333333333333333)) | (x & UINT64_C(0x3333333333333333)) << 2;
    x = (x >> 4 & UINT64_C(0x0f0f0f0f0f0f0f0f)) | (x & UINT64_C(0x0f0f0f0f0f0f0f0f)) << 4;
    return __builtin_bswap64(x);
}

/* The end of the interval of a bucket, as a cursor; 0 after the last. */
static inline uint64_t linear_cursor_after(const struct linear *l, size_t index)
{
    uint64_t size = index < l->split || index >= l->level ? 2 * (uint64_t)l->level : l->level;
    /* the highest of the k bits counts one in the reversed order; when all are set, it goes round to 0 */
    uint64_t unused = ~(size - 1);
    return linear_reverse(linear_reverse(index | unused) + 1);
}

#endif
