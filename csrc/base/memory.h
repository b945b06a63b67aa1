/* memory.h: the allocator every handle is given.
 *
 * All state hangs from a handle, so memory is counted per handle too: each node, embedded store and world
 * owns a `struct memory`, and whatever hangs from it allocates through it. Sizes are passed back on resize
 * and free (as in Lua's own lua_Alloc), so the count is exact without a header in each block.
 *
 * Every allocation can fail: the callers' contract is to return an error with their structures intact. A spec
 * makes each allocation fail in turn through `fail_after`.
 *
 * Blocks come from the C library's malloc; for a handle that will hold many small ones, those can come from slabs
 * (base/slab.h), which take a quarter less room and give what is empty back to the system.
 *
 * Leaves out: any policy about what to do when memory
 * is short.
 */
#ifndef TIDELOCK_BASE_MEMORY_H
#define TIDELOCK_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory {
    size_t used;         /* bytes handed out and not yet freed */
    size_t peak;         /* highest `used` ever */
    size_t limit;        /* allocations that would take `used` above it fail; 0: no limit */
    int64_t fail_after;  /* tests: this many more allocations succeed, the one after fails (once); -1: off */
    bool use_slabs;      /* small blocks come from … */
    struct slabs *slabs; /* … here; NULL: there are none */
};

/* Starts counting from zero, with no limit. */
void memory_init(struct memory *m);

/* Small blocks come from slabs from now on; before the first one is asked for. Costs some 100 KiB as soon as there are a
 * few. (Not when built with AddressSanitizer, which could not see where they end.) */
void memory_use_slabs(struct memory *m);

/* `size` bytes, uninitialised; NULL when memory is out (or `size` is 0). Free with memory_free and the same
 * size. */
void *memory_alloc(struct memory *m, size_t size);

/* `size` bytes (a multiple of 64) that begin on a cache line. With slabs, what is large has pages of its own, which go
 * back to the system when it is freed: a C library keeps what is freed until it can give back all of it at once, and the
 * process stands still for as long as that takes. Free with memory_free_lines and the same size. */
void *memory_alloc_lines(struct memory *m, size_t size);
void memory_free_lines(struct memory *m, void *p, size_t size);

/* The same as memory_alloc, zeroed. */
void *memory_alloc_zero(struct memory *m, size_t size);

/* Resizes a block of `old_size` bytes. NULL when memory is out: the old block is then untouched and still
 * owned by the caller. `p` may be NULL with `old_size` 0. `new_size` must not be 0. */
void *memory_resize(struct memory *m, void *p, size_t old_size, size_t new_size);

/* Gives back a block of `size` bytes. `p` may be NULL. */
void memory_free(struct memory *m, void *p, size_t size);

/* With slabs: memory_stale pieces of 64 KiB are empty and still have their pages; memory_tidy gives those of about
 * `budget` of them back to the system, a few microseconds each. True: there are more. */
bool memory_tidy(struct memory *m, size_t budget);
size_t memory_stale(const struct memory *m);

#endif
