/* quicklist.h: a long list: packed sequences of a few KiB each, in a row.
 *
 *            first                     row of nodes, with room at both ends
 *   [ .  .  . | node | node | node | ... | node | .  . ]
 *                |      |      |
 *                |      |      `─→ block: LZF                     an inner node, compressed
 *                |      `────────→ block: [ sequence        ]     full: the block has its size
 *                `───────────────→ block: [ room [ sequence ] ]   grows to the left: nothing has to move
 *
 * An element is found by walking over the counts in the row, which lie side by side, from the nearer end, and then over
 * one sequence. A push writes at an end of the first or last sequence.
 *
 * Nodes that are further than two from both ends are compressed when it is worth it (it saves an eighth at
 * least; where it did not, the next few are not even tried). They are read through a scratch of the caller's and
 * opened again to be changed.
 *
 * The limits say when a node is full. An element that is longer than that gets a node of its own.
 *
 * Leaves out: short lists, which are one packed sequence inside their entry (store/list_value.h chooses).
 */
#ifndef TIDELOCK_STORE_QUICKLIST_H
#define TIDELOCK_STORE_QUICKLIST_H

#include "store/packed.h"
#include "store/value.h"

enum {
    QUICKLIST_COMPRESSED_MAX = 16 * 1024 /* bytes of the largest sequence that is compressed */
};

/* When a node is full: as list-max-listpack-size says. */
struct quicklist_limit {
    uint32_t bytes; /* of its sequence */
    uint32_t count; /* elements */
};

/* -1 … -5: 4 … 64 KiB; a positive number: so many elements, and 8 KiB. */
struct quicklist_limit quicklist_limit_of(int64_t list_max_listpack_size);

struct quicklist_node {
    char *block;
    uint32_t room;   /* bytes of the block */
    uint32_t start;  /* where in it the sequence begins; when compressed, how long the sequence is */
    uint32_t count;  /* elements */
    bool compressed; /* the whole block is LZF */
};

struct quicklist {
    struct value_head head;
    struct quicklist_node *row;
    size_t room, first, count; /* of the row: slots, the first one in use, nodes */
    size_t size;               /* elements */
    size_t blocks;             /* bytes of all blocks */
    unsigned skip, skips;      /* attempts to compress to be left out, and how many after the next failure */
};

/* What a compressed node is read through. */
struct quicklist_scratch {
    char bytes[QUICKLIST_COMPRESSED_MAX];
};

/* An empty list. NULL when memory is out. */
struct quicklist *quicklist_new(struct memory *m);
/* A list of the elements of a sequence. NULL when memory is out. */
struct quicklist *quicklist_of(struct memory *m, const char *sequence);
void quicklist_free(struct memory *m, struct quicklist *q);
/* Frees about `budget` nodes; with the last one the list itself: then false. */
bool quicklist_free_some(struct memory *m, struct quicklist *q, size_t budget);
struct quicklist *quicklist_copy(struct memory *m, const struct quicklist *q);
size_t quicklist_memory(const struct quicklist *q);

/* ---- reading ---- */

static inline const struct quicklist_node *quicklist_node_at(const struct quicklist *q, size_t node)
{
    return &q->row[q->first + node];
}
/* The sequence of a node; a compressed one's is in the scratch. */
const char *quicklist_sequence(const struct quicklist *q, size_t node, struct quicklist_scratch *scratch);

/* A walk over elements. The list must not change meanwhile. */
struct quicklist_walk {
    const struct quicklist *list; /* NULL: the sequence is all there is */
    size_t node;
    const char *sequence; /* NULL: the walk is over */
    size_t at;            /* the element's offset there */
    bool backward;
    struct quicklist_scratch scratch;
};

/* To element `index` (0-based), then towards the end, or the beginning. */
void quicklist_walk_begin(struct quicklist_walk *w, const struct quicklist *q, size_t index, bool backward);
void quicklist_walk_next(struct quicklist_walk *w);

/* ---- changing: false when memory is out (or an item is longer than a sequence may be), nothing changed ---- */

/* Compresses nothing: what has been pushed can be taken out again without fail, until quicklist_settle. */
bool quicklist_push(struct quicklist *q, struct memory *m, const struct quicklist_limit *limit,
                    const struct packed_item *item, bool left);
/* The row has grown by `nodes` at an end: those that are no longer near it are compressed, memory permitting. */
void quicklist_settle(struct quicklist *q, struct memory *m, bool left, size_t nodes);
/* Sees to it that taking out these elements cannot fail. False when memory is out. */
bool quicklist_prepare(struct quicklist *q, struct memory *m, size_t index, size_t count);
/* Takes out `count` elements from `index` on; there are so many. */
bool quicklist_remove(struct quicklist *q, struct memory *m, size_t index, size_t count);
/* Keeps `count` elements from `index` on; there are so many. */
bool quicklist_keep(struct quicklist *q, struct memory *m, size_t index, size_t count);
/* Another value for element `index`. */
bool quicklist_replace(struct quicklist *q, struct memory *m, const struct quicklist_limit *limit,
                       size_t index, const struct packed_item *item);
/* A new element in front of element `index`, which is there. */
bool quicklist_insert(struct quicklist *q, struct memory *m, const struct quicklist_limit *limit,
                      size_t index, const struct packed_item *item);
/* Takes out the first `count` elements equal to the item, or the last ones. *removed says how many there were. */
bool quicklist_remove_equal(struct quicklist *q, struct memory *m, const struct packed_item *item,
                            size_t count, bool backward, size_t *removed);
/* Appends a node with this sequence (checked, not empty), as it is: for loading. */
bool quicklist_append_sequence(struct quicklist *q, struct memory *m, const char *sequence);

/* Whether counts and sizes agree; for specs. When not, *what says what is wrong. */
bool quicklist_check(const struct quicklist *q, const char **what);

#endif
