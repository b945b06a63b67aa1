/* slab.c: see slab.h.
 *
 * Each class has a list of its chunks that have room; blocks come from the first. Blocks given back form a list within
 * the chunk; those that have never been out are taken in order, so that pages are touched one after the other.
 *
 * Blocks above SMALL_MAX are a chunk's room divided by 8, 9 .. 16, 18 .. 32, 36 .. 64, 72 .. 120: a block has at most an
 * eighth to spare, and there is nothing over at the end of a chunk.
 *
 * One empty chunk stays with its class as long as it is the only one with room, and one empty arena with all, so that a
 * block that comes and goes does not take pages from the system each time. Other empty chunks are stale until
 * slab_tidy gives their pages back: that takes the system some microseconds each, and who frees the last blocks of a
 * hundred chunks in one turn must not wait for it.
 */
#include "base/slab.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/list.h"

enum {
    CHUNK_SIZE = 64 * 1024,
    ARENA_CHUNKS = 16,
    ARENA_SIZE = ARENA_CHUNKS * CHUNK_SIZE,
    HEAD_SIZE = 128,  /* of a chunk; keeps blocks aligned */
    PAGE_SIZE = 4096, /* what stays of the first chunk of an arena, whose head is also the arena's */
    FINE_MAX = 128,   /* up to here classes are 8 bytes apart, … */
    SMALL_MAX = 512,  /* … up to here 16, from then on so many go into a chunk: … */
    FEW = 8,          /* … at least this many, and as many classes for each power of two */
    FINE_CLASSES = FINE_MAX / 8,
    SMALL_CLASSES = FINE_CLASSES + (SMALL_MAX - FINE_MAX) / 16,
    CLASSES = SMALL_CLASSES + 4 * FEW,
    ROOM = CHUNK_SIZE - HEAD_SIZE
};

_Static_assert(ROOM / FEW == SLAB_MAX && SLAB_MAX % 16 == 0, "the largest blocks fill a chunk");

struct arena {
    struct list link;       /* in slabs.arenas while it has an unused chunk */
    struct list stale_link; /* in slabs.stale_arenas while it has a stale one */
    unsigned unused;        /* bit n: chunk n is */
    unsigned stale;         /* of these, those that have their pages still */
};

struct chunk {
    struct list link;    /* in its class's list while it has room */
    void *given_back;    /* blocks that have been out: each points to the next */
    struct arena *arena; /* whose chunk it is */
    uint32_t used;       /* blocks that are out */
    uint32_t size;       /* of a block */
    uint32_t fresh, end; /* offsets: of the first block that has never been out, and where blocks end */
    struct arena own;    /* in the first chunk of an arena */
};

struct slabs {
    struct list classes[CLASSES];
    struct list arenas, stale_arenas;
    size_t used;  /* blocks that are out */
    size_t stale; /* chunks */
    size_t arena_count;
};

_Static_assert(sizeof(struct chunk) <= HEAD_SIZE, "a chunk's head has room");

/* How many go into a chunk, less than twice FEW after a shift: what is shifted out does not count. */
static unsigned medium_class(size_t size)
{
    unsigned fit = (unsigned)ROOM / (unsigned)((size + 15) & ~(size_t)15), shift = 0;
    while (fit >> shift >= 2 * FEW) shift++;
    return SMALL_CLASSES + shift * FEW + (fit >> shift) - FEW;
}

static inline unsigned class_of(size_t size)
{
    if (size <= FINE_MAX) return (unsigned)((size - 1) / 8);
    if (size <= SMALL_MAX) return (unsigned)(FINE_CLASSES + (size - FINE_MAX - 1) / 16);
    return medium_class(size);
}

static size_t class_size(unsigned class)
{
    if (class < FINE_CLASSES) return (class + 1) * 8;
    if (class < SMALL_CLASSES) return FINE_MAX + (class - FINE_CLASSES + 1) * 16;
    unsigned medium = class - SMALL_CLASSES, fit = (medium % FEW + FEW) << medium / FEW;
    return (size_t)(ROOM / fit) & ~(size_t)15;
}

int slab_same_class(size_t a, size_t b) { return class_of(a) == class_of(b); }

size_t slab_footprint(const struct slabs *slabs) { return slabs ? slabs->arena_count * ARENA_SIZE : 0; }

/* ---- arenas ---- */

/* Aligned pages: more is mapped than needed, and what stands out on either side is given back. */
static char *map_arena(void)
{
    size_t size = ARENA_SIZE + CHUNK_SIZE;
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return NULL;
    size_t before = (CHUNK_SIZE - (uintptr_t)p % CHUNK_SIZE) % CHUNK_SIZE, after = CHUNK_SIZE - before;
    if (before > 0) munmap(p, before);
    if (after > 0) munmap(p + before + ARENA_SIZE, after);
    return p + before;
}

static struct chunk *chunk_at(struct arena *a, unsigned index)
{
    return (struct chunk *)((char *)list_item(a, struct chunk, own) + (size_t)index * CHUNK_SIZE);
}

static struct arena *arena_new(struct slabs *s)
{
    struct chunk *first = (struct chunk *)(void *)map_arena();
    if (!first) return NULL;
    struct arena *a = &first->own;
    a->unused = (1u << ARENA_CHUNKS) - 1;
    a->stale = 0;
    list_init(&a->stale_link);
    list_push(&s->arenas, &a->link);
    s->arena_count++;
    return a;
}

static void arena_free(struct slabs *s, struct arena *a)
{
    list_remove(&a->link);
    list_remove(&a->stale_link);
    s->arena_count--;
    munmap(chunk_at(a, 0), ARENA_SIZE);
}

/* ---- chunks ---- */

/* The chunk is not stale (any more). */
static void set_fresh(struct slabs *s, struct arena *a, unsigned index)
{
    if (!(a->stale >> index & 1)) return;
    a->stale &= ~(1u << index);
    s->stale--;
    if (a->stale == 0) list_remove(&a->stale_link);
}

static struct chunk *chunk_new(struct slabs *s, unsigned class)
{
    struct arena *a = list_empty(&s->arenas) ? arena_new(s) : list_item(s->arenas.next, struct arena, link);
    if (!a) return NULL;
    unsigned index = (unsigned)__builtin_ctz(a->stale ? a->stale : a->unused);
    struct chunk *c = chunk_at(a, index);
    a->unused &= ~(1u << index);
    set_fresh(s, a, index);
    if (a->unused == 0) list_remove(&a->link);
    c->arena = a;
    c->given_back = NULL;
    c->used = 0;
    c->size = (uint32_t)class_size(class);
    c->fresh = HEAD_SIZE;
    c->end = HEAD_SIZE + (CHUNK_SIZE - HEAD_SIZE) / c->size * c->size;
    list_push(&s->classes[class], &c->link);
    return c;
}

/* An empty chunk goes back to its arena. */
static void chunk_free(struct slabs *s, struct chunk *c)
{
    struct arena *a = c->arena;
    unsigned bit = 1u << (unsigned)(((char *)c - (char *)chunk_at(a, 0)) / CHUNK_SIZE);
    list_remove(&c->link);
    if (a->unused == 0) list_push(&s->arenas, &a->link);
    if (a->stale == 0) list_push(&s->stale_arenas, &a->stale_link);
    a->unused |= bit;
    a->stale |= bit;
    s->stale++;
}

/* Gives the pages of a stale chunk back to the system; the arena's addresses too when it was the last. */
static void give_back(struct slabs *s)
{
    struct arena *a = list_item(s->stale_arenas.next, struct arena, stale_link);
    unsigned index = (unsigned)__builtin_ctz(a->stale);
    size_t keep = index == 0 ? PAGE_SIZE : 0;
    madvise((char *)chunk_at(a, index) + keep, CHUNK_SIZE - keep, MADV_DONTNEED);
    set_fresh(s, a, index);
    bool empty = a->unused == (1u << ARENA_CHUNKS) - 1, others = s->arenas.next->next != &s->arenas;
    if (empty && a->stale == 0 && others) arena_free(s, a);
}

int slab_tidy(struct slabs *slabs, size_t budget)
{
    if (!slabs) return 0;
    for (; budget > 0 && slabs->stale > 0; budget--) give_back(slabs);
    return slabs->stale > 0;
}

size_t slab_stale(const struct slabs *slabs) { return slabs ? slabs->stale : 0; }

static inline bool is_full(const struct chunk *c) { return !c->given_back && c->fresh == c->end; }

/* ---- all of it ---- */

static struct slabs *slabs_new(void)
{
    struct slabs *s = malloc(sizeof *s);
    if (!s) return NULL;
    for (unsigned i = 0; i < CLASSES; i++) list_init(&s->classes[i]);
    list_init(&s->arenas);
    list_init(&s->stale_arenas);
    s->used = s->stale = s->arena_count = 0;
    return s;
}

/* No block is out any more: chunks that are kept are in their class's list, and empty. */
static void slabs_free(struct slabs *s)
{
    for (unsigned i = 0; i < CLASSES; i++)
        while (!list_empty(&s->classes[i])) chunk_free(s, list_item(s->classes[i].next, struct chunk, link));
    while (!list_empty(&s->arenas)) arena_free(s, list_item(s->arenas.next, struct arena, link));
    free(s);
}

void *slab_alloc(struct slabs **slabs, size_t size)
{
    struct slabs *s = *slabs ? *slabs : (*slabs = slabs_new());
    if (!s) return NULL;
    unsigned class = class_of(size);
    struct list *with_room = &s->classes[class];
    struct chunk *c =
        list_empty(with_room) ? chunk_new(s, class) : list_item(with_room->next, struct chunk, link);
    if (!c) {
        if (s->used == 0) {
            slabs_free(s);
            *slabs = NULL;
        }
        return NULL;
    }
    void *block = c->given_back;
    if (block) {
        c->given_back = *(void **)block;
    } else {
        block = (char *)c + c->fresh;
        c->fresh += c->size;
    }
    c->used++;
    s->used++;
    if (is_full(c)) list_remove(&c->link);
    return block;
}

void slab_free(struct slabs **slabs, void *block, size_t size)
{
    struct slabs *s = *slabs;
    struct chunk *c = (struct chunk *)((uintptr_t)block & ~(uintptr_t)(CHUNK_SIZE - 1));
    struct list *with_room = &s->classes[class_of(size)];
    if (is_full(c)) list_push(with_room, &c->link);
    *(void **)block = c->given_back;
    c->given_back = block;
    c->used--;
    s->used--;
    if (s->used == 0) {
        slabs_free(s);
        *slabs = NULL;
    } else if (c->used == 0 && with_room->next->next != with_room) {
        chunk_free(s, c);
    }
}
