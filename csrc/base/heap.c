/* heap.c: a 4-ary min-heap in blocks.
 *
 * The children of slot i are 4i+1 .. 4i+4. Four children cost more comparisons per level than two, but there
 * are half as many levels and the children lie side by side in memory, which is what counts when the heap is
 * large.
 *
 * All blocks have BLOCK_SLOTS slots, except that the first grows to that from FIRST_SLOTS, so that a heap of
 * a few items is small.
 */
#include "base/heap.h"

#include <string.h>

enum { BLOCK_SLOTS = 256, FIRST_SLOTS = 8, CHILDREN = 4 };

static inline struct heap_slot *slot_at(const struct heap *h, size_t index)
{
    return &h->blocks[index / BLOCK_SLOTS][index % BLOCK_SLOTS];
}

void heap_init(struct heap *h, struct memory *m, void (*moved)(void *item, size_t index))
{
    *h = (struct heap){.moved = moved, .memory = m};
}

static size_t block_bytes(const struct heap *h, size_t block)
{
    return (block == 0 ? h->first_slots : BLOCK_SLOTS) * sizeof(struct heap_slot);
}

bool heap_drain(struct heap *h, size_t budget)
{
    for (; budget > 0 && h->block_count > 0; budget--) {
        size_t last = --h->block_count;
        memory_free(h->memory, h->blocks[last], block_bytes(h, last));
    }
    h->size = 0;
    return h->block_count > 0;
}

void heap_free(struct heap *h)
{
    heap_drain(h, SIZE_MAX);
    memory_free(h->memory, h->blocks, h->block_slots * sizeof *h->blocks);
    heap_init(h, h->memory, h->moved);
}

/* ---- room ---- */

static bool grow_directory(struct heap *h)
{
    size_t slots = h->block_slots == 0 ? 1 : 2 * h->block_slots, size = sizeof *h->blocks;
    struct heap_slot **blocks = memory_resize(h->memory, h->blocks, h->block_slots * size, slots * size);
    if (!blocks) return false;
    h->blocks = blocks;
    h->block_slots = slots;
    return true;
}

static bool resize_first(struct heap *h, size_t slots)
{
    size_t old_size = block_bytes(h, 0);
    struct heap_slot *old = h->block_count == 0 ? NULL : h->blocks[0];
    struct heap_slot *block = memory_resize(h->memory, old, old_size, slots * sizeof *block);
    if (!block) return false;
    h->blocks[0] = block;
    h->first_slots = slots;
    if (h->block_count == 0) h->block_count = 1;
    return true;
}

/* Makes room for one slot more. */
static bool grow(struct heap *h)
{
    if (h->block_count <= 1 && h->first_slots < BLOCK_SLOTS) {
        if (h->size < h->first_slots) return true;
        if (h->block_slots == 0 && !grow_directory(h)) return false;
        return resize_first(h, h->first_slots == 0 ? FIRST_SLOTS : 2 * h->first_slots);
    }
    if (h->size < h->block_count * BLOCK_SLOTS) return true;
    if (h->block_count == h->block_slots && !grow_directory(h)) return false;
    struct heap_slot *block = memory_alloc(h->memory, BLOCK_SLOTS * sizeof *block);
    if (!block) return false;
    h->blocks[h->block_count++] = block;
    return true;
}

/* Gives room back that has become too much; keeps a spare block, so that it is not asked for again at once. */
static void shrink(struct heap *h)
{
    if (h->block_count > 2 && h->size <= (h->block_count - 2) * BLOCK_SLOTS) {
        h->block_count--;
        memory_free(h->memory, h->blocks[h->block_count], BLOCK_SLOTS * sizeof **h->blocks);
    } else if (h->block_count == 2 && h->size <= BLOCK_SLOTS / 2) {
        h->block_count--;
        memory_free(h->memory, h->blocks[1], BLOCK_SLOTS * sizeof **h->blocks);
    } else if (h->block_count == 1 && h->first_slots > FIRST_SLOTS && h->size <= h->first_slots / 4) {
        resize_first(h, h->first_slots / 2); /* it may fail: then the block stays as it is */
    }
}

/* ---- order ---- */

static inline void put(struct heap *h, size_t index, struct heap_slot slot)
{
    *slot_at(h, index) = slot;
    if (h->moved) h->moved(slot.item, index);
}

/* Puts `slot` at `index`, which is free, or further up. */
static void sift_up(struct heap *h, size_t index, struct heap_slot slot)
{
    while (index > 0) {
        size_t parent = (index - 1) / CHILDREN;
        struct heap_slot above = *slot_at(h, parent);
        if (above.key <= slot.key) break;
        put(h, index, above);
        index = parent;
    }
    put(h, index, slot);
}

/* The least child of `index`, or `index` itself when it has none. */
static size_t least_child(const struct heap *h, size_t index)
{
    size_t first = index * CHILDREN + 1, last = first + CHILDREN;
    if (last > h->size) last = h->size;
    size_t least = index;
    int64_t least_key = INT64_MAX;
    for (size_t child = first; child < last; child++) {
        int64_t key = slot_at(h, child)->key;
        if (least != index && key >= least_key) continue;
        least = child;
        least_key = key;
    }
    return least;
}

/* Puts `slot` at `index`, which is free, or further down. */
static void sift_down(struct heap *h, size_t index, struct heap_slot slot)
{
    for (;;) {
        size_t child = least_child(h, index);
        if (child == index) break;
        struct heap_slot below = *slot_at(h, child);
        if (below.key >= slot.key) break;
        put(h, index, below);
        index = child;
    }
    put(h, index, slot);
}

/* Puts `slot` at `index`, which is free, or wherever its key belongs. */
static void settle(struct heap *h, size_t index, struct heap_slot slot)
{
    if (index > 0 && slot_at(h, (index - 1) / CHILDREN)->key > slot.key)
        sift_up(h, index, slot);
    else
        sift_down(h, index, slot);
}

/* ---- the interface ---- */

bool heap_insert(struct heap *h, int64_t key, void *item)
{
    if (!grow(h)) return false;
    h->size++;
    sift_up(h, h->size - 1, (struct heap_slot){key, item});
    return true;
}

const struct heap_slot *heap_top(const struct heap *h) { return h->size == 0 ? NULL : slot_at(h, 0); }

const struct heap_slot *heap_at(const struct heap *h, size_t index) { return slot_at(h, index); }

void *heap_remove(struct heap *h, size_t index)
{
    void *item = slot_at(h, index)->item;
    struct heap_slot last = *slot_at(h, h->size - 1);
    h->size--;
    if (index < h->size) settle(h, index, last);
    shrink(h);
    return item;
}

void heap_rekey(struct heap *h, size_t index, int64_t key)
{
    settle(h, index, (struct heap_slot){key, slot_at(h, index)->item});
}

void heap_replace(struct heap *h, size_t index, void *item) { slot_at(h, index)->item = item; }
