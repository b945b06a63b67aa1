/* stream.h: a stream: entries of field-value pairs in the order of their IDs, and consumer groups that read it.
 *
 *   stream ── nodes  ─→ runs of about a hundred entries, by the ID of the first (store/stream_node.h)
 *       └──── groups ─→ group ── pending   ─→ what was delivered and not yet acknowledged, by ID
 *                          └──── consumers ─→ consumer ── pending ─→ its share of that
 *
 * Entries are only ever appended. One that is deleted is marked; a node goes when its last entry does. The IDs, counts
 * and tombstones kept beside the entries are those that Redis 7.0 keeps, with the same rules, because XINFO, the lag of
 * a group and RDB files show them. Where a node ends is also Redis's rule: approximate trimming takes whole nodes.
 *
 * Slices that are handed in must not point into the stream. What is handed out is good until the stream changes.
 * When memory is out, functions say so and have changed nothing.
 */
#ifndef TIDELOCK_STORE_STREAM_H
#define TIDELOCK_STORE_STREAM_H

#include "base/tree.h"
#include "store/packed.h"
#include "store/value.h"

struct stream_id {
    uint64_t ms, seq;
};

#define STREAM_ID_MIN ((struct stream_id){0, 0})
#define STREAM_ID_MAX ((struct stream_id){UINT64_MAX, UINT64_MAX})

static inline struct tree_key stream_key(struct stream_id id) { return (struct tree_key){id.ms, id.seq}; }
static inline int stream_id_compare(struct stream_id a, struct stream_id b)
{
    return tree_key_compare(stream_key(a), stream_key(b));
}
/* The next and the previous ID; false at the end of the range, *id unchanged. */
bool stream_id_increment(struct stream_id *id);
bool stream_id_decrement(struct stream_id *id);

/* Groups of a stream, consumers of a group: in the order of their names (bytewise). The items begin with their name. */
struct stream_names {
    struct slice **items;
    uint32_t count, room;
};

struct stream {
    struct value_head head;
    struct tree nodes;
    size_t node_bytes;               /* memory of the nodes */
    uint64_t length;                 /* entries there are */
    uint64_t entries_added;          /* entries there have been */
    struct stream_id last_id;        /* of the newest entry ever, or what XSETID said */
    struct stream_id first_id;       /* of the first entry there is; 0-0 when there is none */
    struct stream_id max_deleted_id; /* the greatest that was deleted one by one; 0-0: none was */
    struct stream_names groups;
    bool summed;       /* `sum` is kept up to date, from the first digest on: … */
    struct digest sum; /* … of the digests of the entries */
};

enum { STREAM_ENTRY_MAX = 1 << 30 }; /* bytes of all fields and values of an entry */

extern const struct value_class stream_class;

/* The stream of an entry. */
static inline struct stream *stream_of(const struct entry *e) { return value_large(e); }

/* An empty one, NULL when memory is out. */
struct stream *stream_new(struct memory *m);
void stream_free(struct memory *m, struct stream *s);
/* Frees about `budget` nodes, deliveries and consumers, and with the last of them the stream. True: there is more to
 * free. Between the calls it can only be freed on. */
bool stream_free_some(struct memory *m, struct stream *s, size_t budget);
/* Nodes of Redis's radix tree if it held the keys of this stream's nodes: XINFO STREAM shows it. */
size_t stream_radix_nodes(const struct stream *s);

/* ---- entries (stream.c) ---- */

/* Appends an entry of `pairs` names and values (one after the other); `id` is above s->last_id, all bytes together are
 * at most STREAM_ENTRY_MAX. The limits say when a node is full. */
bool stream_append(struct memory *m, struct stream *s, struct stream_id id, const struct slice *pairs,
                   size_t pair_count, const struct value_limits *limits);
/* Marks the entry as deleted. False when there is none. Never fails. */
bool stream_delete(struct memory *m, struct stream *s, struct stream_id id);

struct stream_trim {
    bool by_id;          /* drop what is below `min_id`; otherwise all but `length` entries */
    bool approximate;    /* whole nodes only */
    uint64_t length;     /* not by_id */
    struct stream_id id; /* by_id */
    uint64_t limit;      /* drop at most so many; 0: any number */
};

/* Drops entries at the beginning; how many. Never fails. */
uint64_t stream_trim(struct memory *m, struct stream *s, const struct stream_trim *trim);

/* The last ID is this one now, at or above the last entry's. Never fails. */
void stream_set_last_id(struct stream *s, struct stream_id id);

/* A node that a file has: `base` is its key, above all IDs and keys there are, and `names` are what its entries share. Entries
 * that are then appended go into it whatever its size. False: memory is out. */
bool stream_begin_node(struct memory *m, struct stream *s, struct stream_id base, const struct slice *names,
                       size_t name_count);
bool stream_append_loaded(struct memory *m, struct stream *s, struct stream_id id, const struct slice *pairs,
                          size_t pair_count);
/* If nothing has been appended, the node goes again. */
void stream_end_node(struct memory *m, struct stream *s);

/* ---- reading entries (stream_walk.c) ---- */

struct stream_node;

/* An entry, and how far its fields have been read. */
struct stream_entry {
    struct stream_id id;
    uint64_t fields;            /* field-value pairs left to read */
    const unsigned char *at;    /* private: the next value, or name and value */
    const unsigned char *names; /* private: the next name, when the node's entries share them; else NULL */
};

struct stream_field {
    struct slice name, value;
    struct packed_digits digits; /* the text of a value that is an integer */
};

/* The next field, of those left. The slices may point into *f. */
void stream_entry_field(struct stream_entry *e, struct stream_field *f);

enum { STREAM_MARKS = 128 };

/* Walks over the entries from `from` to `to`, both included, or backwards from `to` to `from`. */
struct stream_walk {
    struct stream_id from, to;
    struct tree_cursor cursor; /* the node */
    bool reverse;
    uint32_t
        at; /* forward: offset of the next entry in the node; backward: the end of what is not yet marked */
    struct stream_id prev; /* forward: the ID before it */
    /* A node can only be read forward: to go backward the places of its last entries are noted. */
    unsigned marks_left, marks_end;
    struct stream_mark {
        uint32_t at;
        struct stream_id prev;
    } marks[STREAM_MARKS];
};

void stream_walk_begin(struct stream_walk *w, const struct stream *s, struct stream_id from,
                       struct stream_id to, bool reverse);
/* False when there are no more. */
bool stream_walk_next(struct stream_walk *w, struct stream_entry *e);
/* The entry with this ID. */
bool stream_find(const struct stream *s, struct stream_id id, struct stream_entry *e);
bool stream_has(const struct stream *s, struct stream_id id);
/* How many entries there are from `from` to `to`; counts no further than `limit`. */
uint64_t stream_count(const struct stream *s, struct stream_id from, struct stream_id to, uint64_t limit);
/* The ID of the last entry there is; 0-0 when there is none. */
struct stream_id stream_last_entry_id(const struct stream *s);

/* ---- groups (stream_group.c) ---- */

struct stream_group {
    struct slice name;
    struct stream_id last_id; /* delivered */
    int64_t entries_read;     /* up to there, -1: not known */
    struct tree pending;      /* of struct stream_pending */
    struct stream_names consumers;
    char text[];
};

struct stream_consumer {
    struct slice name;
    int64_t seen_ms;     /* unix ms of its last command; not in the digest: nodes do not tell each other */
    struct tree pending; /* of struct stream_pending, its own */
    char text[];
};

/* An entry that was delivered and not acknowledged. */
struct stream_pending {
    struct stream_id id;
    int64_t delivered_ms;
    uint64_t deliveries;
    struct stream_consumer *consumer; /* NULL only while a file is read */
};

struct stream_group *stream_group_find(const struct stream *s, struct slice name);
/* Number `index` in the order of names. */
struct stream_group *stream_group_at(const struct stream *s, size_t index);
/* A group whose name is not in use; NULL when memory is out. */
struct stream_group *stream_group_make(struct memory *m, struct stream *s, struct slice name,
                                       struct stream_id last_id, int64_t entries_read);
void stream_group_remove(struct memory *m, struct stream *s, struct stream_group *g);

struct stream_consumer *stream_consumer_find(const struct stream_group *g, struct slice name);
struct stream_consumer *stream_consumer_at(const struct stream_group *g, size_t index);
struct stream_consumer *stream_consumer_make(struct memory *m, struct stream_group *g, struct slice name,
                                             int64_t seen_ms);
/* With all that it has pending. */
void stream_consumer_remove(struct memory *m, struct stream_group *g, struct stream_consumer *c);

/* The delivery at a place of a tree `pending`. */
static inline struct stream_pending *stream_pending_at(struct tree_cursor c) { return tree_cursor_item(c); }
struct stream_pending *stream_pending_find(const struct stream_group *g, struct stream_id id);
/* A delivery of an ID that is not pending. `c` NULL: to nobody yet, while a file is read. NULL when memory is out. */
struct stream_pending *stream_pending_make(struct memory *m, struct stream_group *g,
                                           struct stream_consumer *c, struct stream_id id,
                                           int64_t delivered_ms, uint64_t deliveries);
/* It is another consumer's now. False when memory is out. */
bool stream_pending_give(struct memory *m, struct stream_pending *p, struct stream_consumer *c);
void stream_pending_remove(struct memory *m, struct stream_group *g, struct stream_pending *p);
/* Bytes of memory of all groups. */
size_t stream_groups_memory(const struct stream *s);

/* How many entries there have been up to `id`, -1 when that cannot be told (Redis's estimate, XINFO's entries-read). */
int64_t stream_entries_up_to(const struct stream *s, struct stream_id id);
/* Whether an entry may have been deleted from `from` on, so that counting entries up to one says nothing. */
bool stream_has_tombstones(const struct stream *s, struct stream_id from);
/* Entries that the group has not been given. False: not known. */
bool stream_group_lag(const struct stream *s, const struct stream_group *g, int64_t *lag);

#endif
