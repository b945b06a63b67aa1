/* slab.h: small blocks of memory without a header each, for base/memory.
 *
 *   arena (1 MiB of pages)  =  16 chunks of 64 KiB, aligned to their size
 *   chunk  =  its head, and blocks of one size: 8, 16, .. 128, 144, .. 512 bytes, and 32 sizes from there to 8 KiB
 *
 * A C library's malloc puts a header before a block and rounds it up: 64 bytes for 48. With a million keys that is most of what
 * they cost beside their bytes. Here the size comes back with the block, and the chunk follows from its address.
 * A chunk that has become empty gives its pages back to the system with slab_tidy, an arena its addresses; after the last
 * block all is gone. (A C library keeps what is freed until it can give back all of it at once: milliseconds.)
 * Blocks are aligned to 8 bytes; to 16, 32 and 64 when their size is a multiple of that, up to SLAB_LINES_MAX.
 */
#ifndef TIDELOCK_BASE_SLAB_H
#define TIDELOCK_BASE_SLAB_H

#include <stddef.h>

enum {
    SLAB_MAX = 8176, /* bytes of the largest block */
    SLAB_LINES_MAX = 512
};

struct slabs;

/* A block of `size` (1 .. SLAB_MAX) bytes. *slabs is made when it is NULL. NULL when memory is out. */
void *slab_alloc(struct slabs **slabs, size_t size);
/* Gives it back. With the last block *slabs goes too: it is then NULL. */
void slab_free(struct slabs **slabs, void *block, size_t size);
/* Whether blocks of these sizes are of one class: a block need not move from one size to the other. */
int slab_same_class(size_t a, size_t b);
/* Gives the pages of about `budget` empty chunks back to the system. Not 0: there are more. */
int slab_tidy(struct slabs *slabs, size_t budget);
/* Empty chunks whose pages have not been given back. */
size_t slab_stale(const struct slabs *slabs);
/* Bytes taken from the system. */
size_t slab_footprint(const struct slabs *slabs);

#endif
