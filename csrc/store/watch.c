/* watch.c: WATCH, and keys that blocking commands wait for.
 *
 *   watched (dict by key) ──→ watched_key ──→ watch ──→ watch ...   one per keyspace_watch, of any database
 *
 * Nothing but the number of watched keys is looked at as long as nobody watches.
 *
 * What makes a watch dirty follows Redis 7: every change of the key, and its expiring. A key that had
 * expired before it was watched counts as absent: its deletion is no change, and a key that is absent
 * before and after its database was flushed or swapped has not changed either.
 *
 * Who waits for a key is told when something may have come for it: not of another expiry time, nor of entries that have left
 * a stream.
 */
#include "store/keyspace_internal.h"

struct watched_key {
    struct list watches;
    size_t size;
    char key[];
};

struct watch {
    struct list link;
    struct watched_key *on;
    int db;
    bool dirty;
    bool stale;          /* the key is there, but had expired when it was watched */
    void *owner;         /* of an awaited key; NULL: of WATCH */
    struct list awaited; /* in keyspace.awaited while its owner has to be told */
};

static struct slice watched_key_of(const void *entry)
{
    const struct watched_key *k = entry;
    return slice_of(k->key, k->size);
}

static const struct dict_type watched_dict = {watched_key_of};

void watch_init(struct keyspace *ks)
{
    dict_init(&ks->watched, ks->memory, &watched_dict, ks->hash_key);
    list_init(&ks->awaited);
}

static void key_free(struct keyspace *ks, struct watched_key *k)
{
    dict_remove(&ks->watched, watched_key_of(k));
    memory_free(ks->memory, k, sizeof *k + k->size);
}

void watch_free(struct keyspace *ks) { dict_free(&ks->watched); }

static struct watched_key *key_make(struct keyspace *ks, struct slice key)
{
    struct watched_key *k = dict_find(&ks->watched, key);
    if (k) return k;
    k = memory_alloc(ks->memory, sizeof *k + key.size);
    if (!k) return NULL;
    list_init(&k->watches);
    k->size = key.size;
    if (key.size > 0) memcpy(k->key, key.data, key.size);
    if (dict_insert(&ks->watched, k)) return k;
    memory_free(ks->memory, k, sizeof *k + key.size);
    return NULL;
}

struct watch *keyspace_watch(struct keyspace *ks, int db, struct slice key)
{
    struct watch *w = memory_alloc(ks->memory, sizeof *w);
    if (!w) return NULL;
    struct watched_key *k = key_make(ks, key);
    if (!k) {
        memory_free(ks->memory, w, sizeof *w);
        return NULL;
    }
    const struct entry *e = keyspace_find(ks, db, key);
    *w = (struct watch){.on = k, .db = db, .stale = e && entry_expired(e, ks->now_ms)};
    list_init(&w->awaited);
    list_push(&k->watches, &w->link);
    return w;
}

struct watch *keyspace_await(struct keyspace *ks, int db, struct slice key, void *owner)
{
    struct watch *w = keyspace_watch(ks, db, key);
    if (w) w->owner = owner;
    return w;
}

bool keyspace_awaited(const struct keyspace *ks) { return !list_empty(&ks->awaited); }

const struct watch *keyspace_next_awaited(struct keyspace *ks)
{
    struct list *first = list_pop(&ks->awaited);
    return first ? list_item(first, struct watch, awaited) : NULL;
}

void *watch_owner(const struct watch *w) { return w->owner; }

struct slice watch_key(const struct watch *w) { return watched_key_of(w->on); }

static void tell_owner(struct keyspace *ks, struct watch *w)
{
    if (w->owner && list_empty(&w->awaited)) list_push(&ks->awaited, &w->awaited);
}

void keyspace_tell(struct keyspace *ks, int db, struct slice key)
{
    struct watched_key *k = ks->watched.size > 0 ? dict_find(&ks->watched, key) : NULL;
    if (!k) return;
    list_each(link, &k->watches)
    {
        struct watch *w = list_item(link, struct watch, link);
        if (w->db == db) tell_owner(ks, w);
    }
}

void keyspace_unwatch(struct keyspace *ks, struct watch *w)
{
    if (!w) return;
    list_remove(&w->link);
    list_remove(&w->awaited);
    if (list_empty(&w->on->watches)) key_free(ks, w->on);
    memory_free(ks->memory, w, sizeof *w);
}

bool keyspace_watch_dirty(struct keyspace *ks, const struct watch *w)
{
    if (w->dirty || w->stale) return w->dirty;
    const struct entry *e = keyspace_find(ks, w->db, watched_key_of(w->on));
    return e && entry_expired(e, ks->now_ms);
}

void watch_touch_key(struct keyspace *ks, int db, struct slice key, bool tell)
{
    struct watched_key *k = dict_find(&ks->watched, key);
    if (!k) return;
    bool there = keyspace_find(ks, db, key) != NULL;
    list_each(link, &k->watches)
    {
        struct watch *w = list_item(link, struct watch, link);
        if (w->db != db) continue;
        if (tell) tell_owner(ks, w);
        if (!w->stale || there) w->dirty = true;
        w->stale = false;
    }
}

void keyspace_touch(struct keyspace *ks, int db, struct slice key) { watch_touch(ks, db, key); }

/* ---- whole databases ---- */

struct replacement {
    struct keyspace *keyspace;
    int db;
    const struct table *next;
};

/* What was there for this watch, and what will be: absent, expired or alive. No change from absent or
 * expired to absent or expired; everything else is one. */
static void watch_replaced(const struct replacement *r, struct watch *w, bool was_there,
                           const struct entry *next)
{
    bool was_alive = was_there && !w->stale;
    bool is_alive = next && !entry_expired(next, r->keyspace->now_ms);
    if (was_alive || is_alive) w->dirty = true;
    w->stale = next && !is_alive;
    if (next || was_there) tell_owner(r->keyspace, w);
}

static void key_replaced(void *context, void *entry)
{
    const struct replacement *r = context;
    struct watched_key *k = entry;
    struct slice key = watched_key_of(k);
    bool was_there = keyspace_find(r->keyspace, r->db, key) != NULL;
    const struct entry *next = r->next ? dict_find(&r->next->dict, key) : NULL;
    list_each(link, &k->watches)
    {
        struct watch *w = list_item(link, struct watch, link);
        if (w->db == r->db) watch_replaced(r, w, was_there, next);
    }
}

void watch_touch_database(struct keyspace *ks, int db, const struct table *next)
{
    if (ks->watched.size == 0) return;
    struct replacement r = {ks, db, next};
    uint64_t cursor = 0;
    do {
        cursor = dict_scan(&ks->watched, cursor, key_replaced, &r);
    } while (cursor != 0);
}
