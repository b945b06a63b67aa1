/* order_node.h: the nodes of the order of a sorted set, for the files that share them (order.h has the picture). */
#ifndef TIDELOCK_STORE_ORDER_NODE_H
#define TIDELOCK_STORE_ORDER_NODE_H

#include "store/order.h"

enum {
    NODE_MAX = 60,
    NODE_MIN = NODE_MAX / 4, /* with less, a node is filled up from a neighbour or united with it */
    SHARE_MIN = 6,           /* a neighbour with so much room takes over a part of a full node */
    HEIGHT_MAX = 24
};

/* Leaves: items are the elements. Inner nodes: items are the last elements of the children. */
struct order_node {
    unsigned count;
    double scores[NODE_MAX];
    struct order_item *items[NODE_MAX];
};

struct leaf {
    struct order_node node;
    struct order_node *previous, *next;
};

struct inner {
    struct order_node node;
    size_t sizes[NODE_MAX]; /* elements under each child */
    struct order_node *children[NODE_MAX];
};

static inline struct leaf *leaf_of(struct order_node *n) { return (struct leaf *)n; }
static inline const struct leaf *const_leaf(const struct order_node *n) { return (const struct leaf *)n; }
static inline struct inner *inner_of(struct order_node *n) { return (struct inner *)n; }
static inline const struct inner *const_inner(const struct order_node *n) { return (const struct inner *)n; }

static inline size_t order_node_bytes(bool leaf) { return leaf ? sizeof(struct leaf) : sizeof(struct inner); }

/* The first item of a node that is not below the bound: its index, or count. */
unsigned order_node_seek(const struct order_node *n, const struct order_bound *b);
/* The elements in or under a node. */
size_t order_node_size(const struct order_node *n, bool leaf);
void order_node_free(struct order *o, struct memory *m, struct order_node *n, bool leaf);

#endif
