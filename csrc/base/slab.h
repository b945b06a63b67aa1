/* slab.h: small blocks of memory without a header each, for base/memory.
 *
 *   arena (1 MiB of pages)  =  16 chunks of 64 KiB, aligned to their size
 *   chunk  =  its head, and blocks of one size: 8, 16, .. 128, 144, .. 512 bytes
 *
 * A C library's malloc puts a header before a block and rounds it up: 64 bytes for 48. With a million keys that is most of what
 * they cost beside their bytes. Here the size comes back with the block, and the chunk follows from its address.
 * A chunk that has become empty gives its pages back to the system, an arena its addresses; after the last block all
 * is gone. Blocks are aligned to 8 bytes; to 16, 32 and 64 when their size is a multiple of that.
 */
#ifndef TIDELOCK_BASE_SLAB_H
#define TIDELOCK_BASE_SLAB_H

#include <stddef.h>

enum { SLAB_MAX = 512 }; /* bytes of the largest block */

struct slabs;

/* A block of `size` (1 .. SLAB_MAX) bytes. *slabs is made when it is NULL. NULL when memory is out. */
void *slab_alloc(struct slabs **slabs, size_t size);
/* Gives it back. With the last block *slabs goes too: it is then NULL. */
void slab_free(struct slabs **slabs, void *block, size_t size);
/* Whether blocks of these sizes are of one class: a block need not move from one size to the other. */
int slab_same_class(size_t a, size_t b);
/* Bytes taken from the system. */
size_t slab_footprint(const struct slabs *slabs);

#endif
