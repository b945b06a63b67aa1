/* table.c: one database: a hash table of entries, a heap of those that expire, the sum of their digests. */
#include "store/keyspace_internal.h"
#include "store/value.h"

static struct slice key_of(const void *entry) { return entry_key(entry); }

static const struct dict_type entry_dict = {key_of};

static void entry_moved(void *item, size_t index) { entry_put_heap_index(item, (uint32_t)index); }

void table_deadline_moved(void *table, size_t index) { ((struct table *)table)->deadline_index = index; }

/* ---- tables ---- */

struct table *table_make(struct keyspace *ks, int db)
{
    if (ks->tables[db]) return ks->tables[db];
    struct table *t = memory_alloc_zero(ks->memory, sizeof *t);
    if (!t) return NULL;
    if (!heap_insert(&ks->deadlines, INT64_MAX, t)) {
        memory_free(ks->memory, t, sizeof *t);
        return NULL;
    }
    dict_init(&t->dict, ks->memory, &entry_dict, ks->hash_key);
    heap_init(&t->expiry, ks->memory, entry_moved);
    list_init(&t->grave);
    ks->tables[db] = t;
    if (ks->used <= db) ks->used = db + 1;
    return t;
}

struct table *table_detach(struct keyspace *ks, int db)
{
    struct table *t = ks->tables[db];
    if (!t) return NULL;
    heap_remove(&ks->deadlines, t->deadline_index);
    ks->tables[db] = NULL;
    return t;
}

void table_free_entry(struct keyspace *ks, struct entry *e)
{
    if (entry_how(e) == ENTRY_POINTER) value_bury(ks, entry_type(e), entry_pointer(e));
    entry_release(ks->memory, e);
}

static void free_visited(void *context, void *entry) { table_free_entry(context, entry); }

bool table_free_some(struct keyspace *ks, struct table *t, size_t budget)
{
    enum { BLOCK_WORTH = 16 }; /* a block of the heap costs as much as so many entries */
    if (t->dict.size > 0 && dict_drain(&t->dict, budget, free_visited, ks)) return true;
    if (heap_drain(&t->expiry, budget / BLOCK_WORTH + 1)) return true;
    dict_free(&t->dict);
    heap_free(&t->expiry);
    list_remove(&t->grave);
    memory_free(ks->memory, t, sizeof *t);
    return false;
}

static void sum_visited(void *context, void *entry) { digest_add(context, digest_entry(entry)); }

struct digest table_sum(struct table *t)
{
    struct digest sum = {0, 0};
    uint64_t cursor = 0;
    do {
        cursor = dict_scan(&t->dict, cursor, sum_visited, &sum);
    } while (cursor != 0);
    return sum;
}

/* ---- bookkeeping ---- */

/* The table's earliest expiry may have changed. */
static void deadline_changed(struct keyspace *ks, struct table *t)
{
    const struct heap_slot *top = heap_top(&t->expiry);
    int64_t deadline_ms = top ? top->key : INT64_MAX;
    if (heap_at(&ks->deadlines, t->deadline_index)->key != deadline_ms)
        heap_rekey(&ks->deadlines, t->deadline_index, deadline_ms);
}

static void count_in(const struct keyspace *ks, struct table *t, struct entry *e)
{
    entry_set_epoch(e, ks->epoch);
    t->epochs |= 1u << ks->epoch;
    if (ks->digest) digest_add(&t->sum, digest_entry(e));
    t->share_db = 0;
}

static void count_out(const struct keyspace *ks, struct table *t, const struct entry *e)
{
    if (ks->digest) digest_subtract(&t->sum, digest_entry(e));
    t->share_db = 0;
}

/* ---- changes ---- */

/* Lets the heap know `fresh` instead of `old`. False when memory is out. Undone by exchanging the two. */
static bool heap_exchange(struct table *t, struct entry *old, struct entry *fresh)
{
    bool was = old && entry_expires(old), is = fresh && entry_expires(fresh);
    if (!is) {
        if (was) heap_remove(&t->expiry, entry_heap_index(old));
        return true;
    }
    if (!was) return t->expiry.size < UINT32_MAX && heap_insert(&t->expiry, entry_expire(fresh), fresh);
    uint32_t index = entry_heap_index(old);
    entry_put_heap_index(fresh, index);
    heap_replace(&t->expiry, index, fresh);
    if (entry_expire(old) != entry_expire(fresh)) heap_rekey(&t->expiry, index, entry_expire(fresh));
    return true;
}

bool table_exchange(struct keyspace *ks, struct table *t, struct entry *old, struct entry *fresh,
                    uint64_t hash)
{
    if (!heap_exchange(t, old, fresh)) return false;
    if (old) {
        dict_replace(&t->dict, entry_key(old), hash, old, fresh);
    } else if (!dict_insert_hashed(&t->dict, fresh, hash)) {
        heap_exchange(t, fresh, NULL);
        return false;
    } else if (ks->fresh_access && entry_access(fresh) == 0) {
        entry_set_access(fresh, *ks->fresh_access);
    }
    deadline_changed(ks, t);
    return true;
}

static bool put(struct keyspace *ks, int db, struct entry *old, struct entry *fresh, uint64_t hash)
{
    struct table *t = ks->tables[db];
    if (old) view_before_change(ks, t, old);
    if (!table_exchange(ks, t, old, fresh, hash)) return false;
    if (old) count_out(ks, t, old);
    count_in(ks, t, fresh);
    return true;
}

bool table_put(struct keyspace *ks, int db, struct entry *old, struct entry *fresh, uint64_t hash)
{
    if (!put(ks, db, old, fresh, hash)) return false;
    watch_touch(ks, db, entry_key(fresh));
    if (old) table_free_entry(ks, old);
    return true;
}

bool table_move(struct keyspace *ks, int db, struct entry *old, struct entry *fresh, uint64_t hash)
{
    if (!put(ks, db, old, fresh, hash)) return false;
    watch_touch_quietly(ks, db, entry_key(fresh));
    if (old) entry_release(ks->memory, old);
    return true;
}

void table_take(struct keyspace *ks, int db, struct entry *e, uint64_t hash)
{
    struct table *t = ks->tables[db];
    view_before_change(ks, t, e);
    count_out(ks, t, e);
    heap_exchange(t, e, NULL);
    dict_remove_hashed(&t->dict, entry_key(e), hash);
    deadline_changed(ks, t);
    watch_touch(ks, db, entry_key(e));
}

void table_edit_begin(struct keyspace *ks, struct table *t, struct entry *e)
{
    view_before_change(ks, t, e);
    count_out(ks, t, e);
}

void table_edit_end(struct keyspace *ks, int db, struct entry *e)
{
    count_in(ks, ks->tables[db], e);
    watch_touch(ks, db, entry_key(e));
}

void table_edit_end_untold(struct keyspace *ks, int db, struct entry *e)
{
    count_in(ks, ks->tables[db], e);
    watch_touch_quietly(ks, db, entry_key(e));
}

void table_edit_cancel(struct keyspace *ks, struct table *t, struct entry *e) { count_in(ks, t, e); }

void table_moved(struct keyspace *ks, int db, struct entry *old, struct entry *e)
{
    struct table *t = ks->tables[db];
    dict_replace(&t->dict, entry_key(e), dict_hash(&t->dict, entry_key(e)), old, e);
    if (entry_expires(e)) heap_replace(&t->expiry, entry_heap_index(e), e);
}

void table_rekey(struct keyspace *ks, struct table *t, struct entry *e, int64_t expire_ms)
{
    entry_put_expire(e, expire_ms);
    heap_rekey(&t->expiry, entry_heap_index(e), expire_ms);
    deadline_changed(ks, t);
}
