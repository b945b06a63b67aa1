/* keyspace_internal.h: the parts of a keyspace, for the files of store/ that share them.
 *
 *   keyspace ── tables[db] ──→ table ── dict ──→ entries     one table per database, made with its first key
 *       │                        └───── expiry ─→ the entries that expire, earliest first
 *       ├── deadlines ─→ the tables, by their earliest expiry
 *       ├── graveyard ─→ tables that were flushed or replaced, waiting to be freed (or read by the view)
 *       ├── values    ─→ large values whose entries are gone, waiting to be freed
 *       ├── watched   ─→ the keys somebody watches
 *       └── view      ─→ the one open view
 *
 * A table does not know its number: SWAPDB exchanges two pointers. What a view needs to know of it is noted
 * in it.
 *
 * Every change of an entry is one of these, and they alone touch digest and heaps:
 *   table_put         an entry, new or in the place of another
 *   table_take        out of its table
 *   table_edit_begin, table_edit_end    around a change of the value; in between, a collection's entry may have to move:
 *   table_exchange, table_moved
 */
#ifndef TIDELOCK_STORE_KEYSPACE_INTERNAL_H
#define TIDELOCK_STORE_KEYSPACE_INTERNAL_H

#include "base/heap.h"
#include "base/list.h"
#include "store/digest.h"
#include "store/entry_make.h"
#include "store/keyspace.h"

struct view;

struct table {
    struct dict dict;
    struct heap expiry;  /* of the entries that expire; each knows its index */
    struct digest sum;   /* of its entries, when the option is set */
    struct digest share; /* what that makes of the dataset's digest as database share_db - 1; 0: unknown */
    int share_db;
    size_t deadline_index; /* in keyspace.deadlines; in the graveyard: meaningless */
    struct list grave;     /* in keyspace.graveyard, or in no list */
    uint64_t cursor;       /* of the scan that frees it or clears stale epochs */
    unsigned epochs;       /* bit n: there may be entries of epoch n */
    int view_db;           /* its number when the open view was opened */
    bool in_view;          /* the open view has not yet read it to the end */
};

struct keyspace {
    struct memory *memory;
    struct table **tables;
    int databases;
    int used; /* no database from this one on has a table */
    bool digest;
    unsigned epoch; /* what new entries carry, and those that the last view has seen */
    int64_t now_ms;
    uint64_t hash_key[2];
    struct heap deadlines; /* every table in use, INT64_MAX when nothing in it expires */
    struct list graveyard;
    struct list values; /* of struct value_head */
    const struct value_limits *limits;
    const uint32_t *fresh_access;
    struct dict watched; /* of struct watched_key, see watch.c */
    struct list awaited; /* watches with owners who have to be told */
    struct view *view;
    struct keyspace_stats stats;
};

/* table.c */

/* The table of a database, made when there is none. NULL when memory is out. */
struct table *table_make(struct keyspace *ks, int db);
/* Takes a database's table out: it has none now. NULL when it had none. */
struct table *table_detach(struct keyspace *ks, int db);
/* What keeps `deadline_index` right: the deadlines heap's `moved`. */
void table_deadline_moved(void *table, size_t index);
/* Frees about `budget` entries of a table in the graveyard, and with the last one the table: then false. */
bool table_free_some(struct keyspace *ks, struct table *t, size_t budget);
/* The sum of the digests of its entries, computed afresh. */
struct digest table_sum(struct table *t);
/* The tables in use, in no particular, but a deterministic order: 0 .. table_count-1. */
static inline size_t table_count(const struct keyspace *ks) { return ks->deadlines.size; }
static inline struct table *table_used(const struct keyspace *ks, size_t index)
{
    return heap_at(&ks->deadlines, index)->item;
}

/* Puts `fresh` (whose key has this hash) into the table, in the place of `old` if that is not NULL, tells
 * whoever watches, and frees `old`. False when memory is out: nothing has changed and `fresh` is still the
 * caller's. */
bool table_put(struct keyspace *ks, int db, struct entry *old, struct entry *fresh, uint64_t hash);
/* The same, but `old`'s value has moved to `fresh`, which differs in its expiry time: only the block of `old` is freed, and
 * nobody who waits for the key has got anything. */
bool table_move(struct keyspace *ks, int db, struct entry *old, struct entry *fresh, uint64_t hash);
/* Takes an entry out, without freeing it. Never fails. */
void table_take(struct keyspace *ks, int db, struct entry *e, uint64_t hash);
/* Before and after a change in place that does not touch key and expiry time. */
void table_edit_begin(struct keyspace *ks, struct table *t, struct entry *e);
void table_edit_end(struct keyspace *ks, int db, struct entry *e);
/* The same after a change that has nothing for those who wait for the key. */
void table_edit_end_untold(struct keyspace *ks, int db, struct entry *e);
/* Instead of edit_end when nothing was changed after all. */
void table_edit_cancel(struct keyspace *ks, struct table *t, struct entry *e);
/* Within an edit: `fresh` takes the place of `old`, with the same expiry time, or is there for the first time (`old` NULL).
 * False when memory is out, which only the latter can come to. */
bool table_exchange(struct keyspace *ks, struct table *t, struct entry *old, struct entry *fresh,
                    uint64_t hash);
/* Within an edit: the block of `old` has been resized and is now at `e`. */
void table_moved(struct keyspace *ks, int db, struct entry *old, struct entry *e);
/* Frees an entry that is in no table; large values in slices. */
void table_free_entry(struct keyspace *ks, struct entry *e);
/* Moves an entry's expiry time; it has one and keeps one. Between edit_begin and edit_end. */
void table_rekey(struct keyspace *ks, struct table *t, struct entry *e, int64_t expire_ms);

/* view.c */

void view_hand_over(struct view *v, const struct table *t, struct entry *e);
/* Called before an entry is changed, moved or freed: the open view gets it, unless it has seen it. */
static inline void view_before_change(const struct keyspace *ks, const struct table *t, struct entry *e)
{
    if (ks->view && entry_epoch(e) != ks->epoch) view_hand_over(ks->view, t, e);
}

/* tidy.c */

/* Lets every entry of a table carry the current epoch. About `budget` entries; true when there are more. */
bool tidy_epochs(struct keyspace *ks, struct table *t, size_t budget);
/* Sets a table aside, to be freed in slices. `t` may be NULL. */
void tidy_bury(struct keyspace *ks, struct table *t);
/* Frees about `budget` elements of large values that were set aside (value_bury). False: there are none. */
bool tidy_values(struct keyspace *ks, size_t budget);

/* watch.c */

void watch_init(struct keyspace *ks);
void watch_free(struct keyspace *ks);
/* A key has been changed, made or deleted; `tell`: those who wait for it may find something now. */
void watch_touch_key(struct keyspace *ks, int db, struct slice key, bool tell);
static inline void watch_touch(struct keyspace *ks, int db, struct slice key)
{
    if (ks->watched.size > 0) watch_touch_key(ks, db, key, true);
}
static inline void watch_touch_quietly(struct keyspace *ks, int db, struct slice key)
{
    if (ks->watched.size > 0) watch_touch_key(ks, db, key, false);
}
/* The content of a database is about to be that of `next` (NULL: nothing). */
void watch_touch_database(struct keyspace *ks, int db, const struct table *next);

#endif
