/* order.h: the elements of a large sorted set in order of score, then member, with ranks: a counted B+-tree.
 *
 *                    [ last of A | last of B | ...]        inner nodes: for each child its last element and its
 *                    [ size of A | size of B | ...]        size, so that both a key and a rank lead to a leaf
 *                       /             \
 *     [ scores | elements ] <-> [ scores | elements ] <-> ...     leaves: a chain in both directions
 *
 * A node keeps the scores of its elements beside the pointers to them, so that a search reads an element only
 * when scores are equal. The last elements in inner nodes are always elements of the set, never left-overs.
 * A node that is full first shares with a neighbour and is split only when that is full too, so nodes are
 * about four fifths full whatever the order of insertion; at the very end a split leaves the old node full.
 * At 60 elements per node an element costs 20 to 25 bytes, and a rank of a million four nodes.
 *
 * Elements belong to the caller (store/zset.h), who also sees to it that each member is there once.
 * Leaves out: finding the score of a member.
 */
#ifndef TIDELOCK_STORE_ORDER_H
#define TIDELOCK_STORE_ORDER_H

#include "base/bytes.h"

/* An element: its score, then the size of the member (1 byte, or 255 and 4 bytes), then the member. */
struct order_item {
    double score;
    unsigned char rest[];
};

enum { ORDER_LONG_MEMBER = 255 };

static inline struct slice order_member(const struct order_item *item)
{
    if (item->rest[0] != ORDER_LONG_MEMBER) return slice_of((const char *)item->rest + 1, item->rest[0]);
    uint32_t size;
    memcpy(&size, item->rest + 1, sizeof size);
    return slice_of((const char *)item->rest + 5, size);
}

struct order_node;

struct order {
    struct order_node *root;         /* NULL: empty */
    struct order_node *first, *last; /* leaves */
    unsigned height;                 /* levels of inner nodes */
    size_t size;
    size_t nodes_memory; /* bytes of all nodes */
};

/* A place in the order; `leaf` NULL: beyond either end. Valid until the next change. */
struct order_at {
    const struct order_node *leaf;
    unsigned index;
};

/* What to look for: the first element that is not below this bound. */
struct order_bound {
    double score;
    struct slice member;
    int edge;     /* 0: (score, member); -1: before, 1: after all elements of this score */
    bool lexical; /* by member alone, `edge` 1: after that very member; for sets with one score */
};

/* Adds an element that is not in it. False when memory is out, nothing changed. */
bool order_insert(struct order *o, struct memory *m, struct order_item *item);
/* Takes an element out (does not free it). Never fails. */
void order_remove(struct order *o, struct memory *m, struct order_item *item);
/* Gives an element of it another score. False when memory is out, nothing changed. */
bool order_move(struct order *o, struct memory *m, struct order_item *item, double score);
/* How many elements are before this one. */
size_t order_rank(const struct order *o, const struct order_item *item);
/* How many elements are below a bound; *at (unless NULL) is the first that is not. */
size_t order_seek(const struct order *o, const struct order_bound *bound, struct order_at *at);
/* The element of a rank (0-based); none when there are not so many. */
struct order_at order_at_rank(const struct order *o, size_t rank);
/* The element at a place that is not beyond the ends. */
struct order_item *order_get(struct order_at at);
struct order_at order_next(struct order_at at);
struct order_at order_previous(struct order_at at);
/* Gives back about `budget` nodes of a tree that is no longer used otherwise. False when none is left. */
bool order_drain(struct order *o, struct memory *m, size_t budget);
/* Whether sizes, last elements, order and chain agree; for specs. When not, *what says what is wrong. */
bool order_check(const struct order *o, const char **what);

#endif
