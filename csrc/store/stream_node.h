/* stream_node.h: a run of a stream's entries in one block of memory, for store/ and for those who write it to files.
 *
 *   +-----------------------------------+------------------+---------+---------+-----
 *   | base, last, counts, sizes (64 B)  | shared names     | entry   | entry   | ...
 *   +-----------------------------------+------------------+---------+---------+-----
 *
 *   entry      header  ms  seq  { value }                   when its names are the shared ones
 *              header  ms  seq  pairs  { name value }       otherwise
 *   header     size of what follows << 2 | SAME_NAMES | DELETED
 *   ms         difference to the entry before (to `base` for the first one)
 *   seq        likewise, when ms is 0; else the entry's own
 *   name       size, bytes
 *   value      size << 1, bytes; or zigzag(integer) << 1 | 1 for the text of an integer of up to 62 bits
 *
 * All numbers are varints: seven bits a byte, low ones first, 0x80 set when more follow. The names that entries share
 * are those of the node's first one. A small entry takes about two thirds of what the same takes in Redis's listpacks,
 * which are what snapshots hold (persist/rdb_stream): there each element has its size at both ends, and each entry two
 * flags and a count, so that they can be walked backwards. Here that is done by noting places on the way forward.
 *
 * `listpack_size` is what the node would take there, since that is what stream-node-max-bytes means.
 */
#ifndef TIDELOCK_STORE_STREAM_NODE_H
#define TIDELOCK_STORE_STREAM_NODE_H

#include "store/limits.h"
#include "store/stream.h"

struct stream_node {
    struct stream_id base;  /* at or below the ID of its first entry: its key among the nodes */
    struct stream_id last;  /* of its last entry, deleted or not; `base` when it has none */
    uint32_t count;         /* entries there are */
    uint32_t deleted;       /* and those marked as deleted */
    uint32_t size, room;    /* bytes of data in use, and there are */
    uint32_t listpack_size; /* without the two counts at its beginning */
    uint32_t name_count;    /* shared names */
    uint32_t entries_at;    /* offset of the first entry */
    unsigned char data[];
};

/* What an entry's header says. */
struct stream_place {
    struct stream_id id;
    uint32_t at, next; /* offsets of its header, and of the next one's */
    bool deleted;
    struct stream_entry entry;
};

/* A node without entries. NULL when memory is out or the names take more than STREAM_ENTRY_MAX. `names` are every
 * `step`-th of the slices. */
struct stream_node *stream_node_new(struct memory *m, struct stream_id base, const struct slice *names,
                                    size_t name_count, size_t step);
void stream_node_free(struct memory *m, struct stream_node *n);
size_t stream_node_memory(const struct stream_node *n);
/* Whether the next entry, whose names and values have so many bytes, begins a new node. */
bool stream_node_full(const struct stream_node *n, size_t bytes, const struct value_limits *limits);
/* Appends an entry; the node may move: its new address. NULL when memory is out, or a node would pass 4 GiB. */
struct stream_node *stream_node_append(struct memory *m, struct stream_node *n, struct stream_id id,
                                       const struct slice *pairs, size_t pair_count);
/* Cuts off the entries above `id`, all of them deleted. */
void stream_node_cut(struct stream_node *n, struct stream_id id);
/* Gives back the room to spare, if memory allows; its new address. */
struct stream_node *stream_node_fit(struct memory *m, struct stream_node *n);
/* Reads the entry at an offset (below n->size), given the ID of the one before (n->base at entries_at). */
void stream_node_read(const struct stream_node *n, uint32_t at, struct stream_id prev,
                      struct stream_place *p);
/* Marks it as deleted, which it is not yet. */
void stream_node_delete(struct stream_node *n, const struct stream_place *p);
/* The digest of an entry, which has not been read from yet. */
struct digest stream_entry_digest(struct stream_entry e);
/* The shared names, one after the other: begin with NULL. */
const unsigned char *stream_node_name(const struct stream_node *n, const unsigned char *at,
                                      struct slice *name);

#endif
