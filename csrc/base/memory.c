/* memory.c: the counting allocator over the C library's malloc.
 *
 * Leaves out: size classes, arenas, and thread safety (a handle lives in one thread).
 */
#include "base/memory.h"

#include <stdbool.h>
#include <stdlib.h>

void memory_init(struct memory *m) { *m = (struct memory){.fail_after = -1}; }

/* Whether `extra` bytes more may be handed out. Counts down to the failure that a test has ordered. */
static bool admit(struct memory *m, size_t extra)
{
    if (m->fail_after >= 0 && m->fail_after-- == 0) return false;
    return m->limit == 0 || extra == 0 || (m->used < m->limit && extra <= m->limit - m->used);
}

static void count(struct memory *m, size_t extra)
{
    m->used += extra;
    if (m->used > m->peak) m->peak = m->used;
}

void *memory_alloc(struct memory *m, size_t size)
{
    if (size == 0 || !admit(m, size)) return NULL;
    void *p = malloc(size);
    if (p) count(m, size);
    return p;
}

void *memory_alloc_zero(struct memory *m, size_t size)
{
    if (size == 0 || !admit(m, size)) return NULL;
    void *p = calloc(1, size);
    if (p) count(m, size);
    return p;
}

void *memory_resize(struct memory *m, void *p, size_t old_size, size_t new_size)
{
    if (!admit(m, new_size > old_size ? new_size - old_size : 0)) return NULL;
    void *resized = realloc(p, new_size);
    if (!resized) return NULL;
    m->used -= old_size;
    count(m, new_size);
    return resized;
}

void memory_free(struct memory *m, void *p, size_t size)
{
    if (!p) return;
    m->used -= size;
    free(p);
}
