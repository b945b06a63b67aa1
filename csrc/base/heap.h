/* heap.h: a 4-ary min-heap of (key, item) in blocks, so that growing never copies the whole.
 *
 * Items that must be removable or re-keyed remember their index: the owner gives a `moved` function which is
 * called whenever an item's index changes (also on insertion). Equal keys come out in no particular, but
 * deterministic order.
 */
#ifndef TIDELOCK_BASE_HEAP_H
#define TIDELOCK_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

struct heap_slot {
    int64_t key;
    void *item;
};

struct heap {
    struct heap_slot **blocks;
    size_t block_count;                      /* blocks allocated */
    size_t block_slots;                      /* length of the `blocks` array */
    size_t first_slots;                      /* capacity of the first block, which grows */
    size_t size;                             /* items */
    void (*moved)(void *item, size_t index); /* may be NULL */
    struct memory *memory;
};

void heap_init(struct heap *h, struct memory *m, void (*moved)(void *item, size_t index));
void heap_free(struct heap *h);
/* The items are forgotten and about `budget` blocks freed. True: there are more; then only this or heap_free may follow. */
bool heap_drain(struct heap *h, size_t budget);
/* False when memory is out, the heap unchanged. */
bool heap_insert(struct heap *h, int64_t key, void *item);
/* The smallest, NULL when empty. */
const struct heap_slot *heap_top(const struct heap *h);
const struct heap_slot *heap_at(const struct heap *h, size_t index);
/* Takes out the item at `index` (index < size) and returns it. */
void *heap_remove(struct heap *h, size_t index);
/* Gives the item at `index` another key. */
void heap_rekey(struct heap *h, size_t index, int64_t key);
/* The item at `index` moved in memory: remember the new address. */
void heap_replace(struct heap *h, size_t index, void *item);

#endif
