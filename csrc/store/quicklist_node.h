/* quicklist_node.h: the nodes of a long list, for the files that share them (quicklist.h has the picture). */
#ifndef TIDELOCK_STORE_QUICKLIST_NODE_H
#define TIDELOCK_STORE_QUICKLIST_NODE_H

#include "store/quicklist.h"

static inline struct quicklist_node *node_at(const struct quicklist *q, size_t node)
{
    return &q->row[q->first + node];
}

/* The sequence of a node that is not compressed. */
static inline char *node_sequence(const struct quicklist_node *n) { return n->block + n->start; }

static inline size_t node_bytes(const struct quicklist_node *n)
{
    return n->compressed ? n->start : packed_bytes(node_sequence(n));
}

/* Where an element is. */
struct place {
    size_t node;
    size_t index; /* in the node */
};

/* The place of element `index`, which is there. */
struct place quicklist_place(const struct quicklist *q, size_t index);
/* Makes a slot at `node`, for a node that the caller fills in. False when memory is out. */
bool quicklist_open_slot(struct quicklist *q, struct memory *m, size_t node);
/* Frees the blocks of `count` nodes and closes their slots. */
void quicklist_drop_nodes(struct quicklist *q, struct memory *m, size_t node, size_t count);
/* A node of an empty sequence with room for `extra` bytes. False when memory is out. */
bool quicklist_make_node(struct quicklist *q, struct memory *m, struct quicklist_node *n, size_t extra);
/* Undoes compression, so that the node can be changed. False when memory is out. */
bool quicklist_unpack(struct quicklist *q, struct memory *m, struct quicklist_node *n);
/* Room for `extra` more bytes in a node that is not compressed: behind its sequence, or in front of it. False
 * when memory is out. */
bool quicklist_make_room(struct quicklist *q, struct memory *m, struct quicklist_node *n, size_t extra,
                         bool front);
/* Whether a node may have this item too. */
bool quicklist_fits(const struct quicklist_node *n, const struct quicklist_limit *limit, size_t item_size);

#endif
