/* sim_pool.c: blocks of equal size, taken from slabs, kept until the end of the world. */
#include "world/sim.h"

enum { SLAB_BYTES = 4096 };

struct sim_pool_slab {
    struct sim_pool_slab *next;
    size_t size;
    _Alignas(16) char blocks[];
};

void sim_pool_init(struct sim_pool *p, struct memory *m, size_t size)
{
    *p = (struct sim_pool){.memory = m, .size = (size + 15) & ~(size_t)15};
}

void sim_pool_finish(struct sim_pool *p)
{
    while (p->slabs) {
        struct sim_pool_slab *slab = p->slabs;
        p->slabs = slab->next;
        memory_free(p->memory, slab, slab->size);
    }
    p->free = NULL;
}

static bool add_slab(struct sim_pool *p)
{
    size_t count = (SLAB_BYTES - sizeof(struct sim_pool_slab)) / p->size;
    if (count == 0) count = 1;
    size_t size = sizeof(struct sim_pool_slab) + count * p->size;
    struct sim_pool_slab *slab = memory_alloc(p->memory, size);
    if (!slab) return false;
    slab->next = p->slabs;
    slab->size = size;
    p->slabs = slab;
    while (count > 0)
        sim_pool_give(p, slab->blocks + --count * p->size); /* so that they are taken in order */
    return true;
}

void *sim_pool_take(struct sim_pool *p)
{
    if (!p->free && !add_slab(p)) return NULL;
    struct sim_pool_free *block = p->free;
    p->free = block->next;
    return block;
}

void sim_pool_give(struct sim_pool *p, void *block)
{
    struct sim_pool_free *f = block;
    f->next = p->free;
    p->free = f;
}
