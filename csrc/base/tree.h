/* tree.h: an ordered map from 128-bit keys to pointers: a B+-tree.
 *
 *            [ 0 | 40 | 90 ]                  inner nodes: the lower bound of each child, the first one's meaningless
 *           /      |       \
 *   [3 7 20] <-> [40 55] <-> [90 91 99]       leaves: keys and items, linked in order
 *
 * Made for keys that mostly arrive in ascending order and leave from the front (entries of a stream, deliveries that
 * wait to be acknowledged): a node that is full is split in halves, but at the right end a new one is begun, so that
 * those before stay full. A leaf grows with what is in it, so that a tree of one item is small. Nodes that become
 * sparse are merged with a neighbour, which never needs memory.
 *
 * Leaves out: owning the items, and duplicates of keys.
 */
#ifndef TIDELOCK_BASE_TREE_H
#define TIDELOCK_BASE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

struct tree_key {
    uint64_t high, low;
};

static inline int tree_key_compare(struct tree_key a, struct tree_key b)
{
    if (a.high != b.high) return a.high < b.high ? -1 : 1;
    return (a.low > b.low) - (a.low < b.low);
}

struct tree_node;

/* All zero is an empty tree. */
struct tree {
    struct tree_node *root;
    size_t size;     /* items */
    size_t bytes;    /* memory of the nodes */
    unsigned height; /* 0: empty, 1: the root is a leaf */
};

/* A place in a tree: good until the tree changes. */
struct tree_cursor {
    struct tree_node *leaf; /* NULL: none */
    unsigned index;
};

/* Adds a key that is not in the tree. False when memory is out, the tree unchanged in all that can be seen. */
bool tree_insert(struct tree *t, struct memory *m, struct tree_key key, void *item);
/* Takes a key out and returns its item; NULL when it is not there. Never fails. */
void *tree_remove(struct tree *t, struct memory *m, struct tree_key key);
/* The item of a key, NULL when there is none. */
void *tree_find(const struct tree *t, struct tree_key key);
/* Frees the nodes, not the items; the tree is empty again. */
void tree_free(struct tree *t, struct memory *m);

/* The place of the smallest key >= `key`, and of the greatest <= `key`; of the first, of the last. */
struct tree_cursor tree_at_least(const struct tree *t, struct tree_key key);
struct tree_cursor tree_at_most(const struct tree *t, struct tree_key key);
struct tree_cursor tree_first(const struct tree *t);
struct tree_cursor tree_last(const struct tree *t);
/* One place on, one back. Not of a cursor that is nowhere. */
struct tree_cursor tree_next(struct tree_cursor c);
struct tree_cursor tree_prev(struct tree_cursor c);
static inline bool tree_is_somewhere(struct tree_cursor c) { return c.leaf != NULL; }
struct tree_key tree_cursor_key(struct tree_cursor c);
void *tree_cursor_item(struct tree_cursor c);
/* The item under this key has moved: its new address. */
void tree_cursor_replace(struct tree_cursor c, void *item);

/* Whether the order, the links, the bounds and the counts hold. For specs and fuzzers. */
bool tree_check(const struct tree *t);

#endif
