/* memory.c: the counting allocator over the C library's malloc, or over slabs for what is small.
 *
 * Leaves out: thread safety (a handle lives in one thread).
 */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/slab.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum { LINE = 64, LARGE = 64 * 1024 };

void memory_init(struct memory *m) { *m = (struct memory){.fail_after = -1}; }

void memory_use_slabs(struct memory *m) { m->use_slabs = !SANITIZED; }

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

static inline bool is_small(const struct memory *m, size_t size) { return m->use_slabs && size <= SLAB_MAX; }

void *memory_alloc(struct memory *m, size_t size)
{
    if (size == 0 || !admit(m, size)) return NULL;
    void *p = is_small(m, size) ? slab_alloc(&m->slabs, size) : malloc(size);
    if (p) count(m, size);
    return p;
}

void *memory_alloc_zero(struct memory *m, size_t size)
{
    if (size == 0 || !admit(m, size)) return NULL;
    void *p = is_small(m, size) ? slab_alloc(&m->slabs, size) : calloc(1, size);
    if (!p) return NULL;
    if (is_small(m, size)) memset(p, 0, size);
    count(m, size);
    return p;
}

/* A block of another class, or not of any. NULL when memory is out. */
static void *move(struct memory *m, void *p, size_t old_size, size_t new_size)
{
    void *moved = is_small(m, new_size) ? slab_alloc(&m->slabs, new_size) : malloc(new_size);
    if (!moved || !p) return moved;
    memcpy(moved, p, old_size < new_size ? old_size : new_size);
    if (is_small(m, old_size))
        slab_free(&m->slabs, p, old_size);
    else
        free(p);
    return moved;
}

void *memory_resize(struct memory *m, void *p, size_t old_size, size_t new_size)
{
    if (!admit(m, new_size > old_size ? new_size - old_size : 0)) return NULL;
    bool was_small = is_small(m, old_size), is = is_small(m, new_size);
    void *resized = p;
    if (!was_small && !is)
        resized = realloc(p, new_size);
    else if (!p || was_small != is || !slab_same_class(old_size, new_size))
        resized = move(m, p, old_size, new_size);
    if (!resized) return NULL;
    m->used -= old_size;
    count(m, new_size);
    return resized;
}

void memory_free(struct memory *m, void *p, size_t size)
{
    if (!p) return;
    m->used -= size;
    if (is_small(m, size))
        slab_free(&m->slabs, p, size);
    else
        free(p);
}

/* ---- whole cache lines ---- */

static inline bool in_slabs(const struct memory *m, size_t size)
{
    return m->use_slabs && size <= SLAB_LINES_MAX; /* those are aligned to the size's power of two */
}

static inline bool has_pages(const struct memory *m, size_t size) { return m->use_slabs && size >= LARGE; }

static void *map_pages(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void *memory_alloc_lines(struct memory *m, size_t size)
{
    if (in_slabs(m, size)) return memory_alloc(m, size);
    if (size == 0 || !admit(m, size)) return NULL;
    void *p = has_pages(m, size) ? map_pages(size) : aligned_alloc(LINE, size);
    if (p) count(m, size);
    return p;
}

void memory_free_lines(struct memory *m, void *p, size_t size)
{
    if (!p || in_slabs(m, size)) {
        memory_free(m, p, size);
        return;
    }
    m->used -= size;
    if (has_pages(m, size))
        munmap(p, size);
    else
        free(p);
}

/* ---- giving back ---- */

bool memory_tidy(struct memory *m, size_t budget) { return slab_tidy(m->slabs, budget) != 0; }

size_t memory_stale(const struct memory *m) { return slab_stale(m->slabs); }
