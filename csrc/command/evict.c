/* evict.c: choosing the next key to go: see evict.h.
 *
 * Source: https://redis.io/docs/latest/develop/reference/eviction/
 */
#include "command/evict.h"

enum { POOL = 16 };

struct evict_candidate {
    int64_t rank; /* the higher, the sooner it goes */
    int db;
    struct bytes key;
};

const char *const evict_policies[EVICT_POLICIES + 1] = {
    [EVICT_VOLATILE_LRU] = "volatile-lru",       [EVICT_VOLATILE_LFU] = "volatile-lfu",
    [EVICT_VOLATILE_RANDOM] = "volatile-random", [EVICT_VOLATILE_TTL] = "volatile-ttl",
    [EVICT_ALLKEYS_LRU] = "allkeys-lru",         [EVICT_ALLKEYS_LFU] = "allkeys-lfu",
    [EVICT_ALLKEYS_RANDOM] = "allkeys-random",   [EVICT_NONE] = "noeviction",
};

int evict_policy_named(struct slice name)
{
    for (int i = 0; evict_policies[i]; i++)
        if (slice_is_word(name, evict_policies[i])) return i;
    return -1;
}

void eviction_init(struct eviction *ev, struct memory *m) { *ev = (struct eviction){.memory = m}; }

void eviction_free(struct eviction *ev)
{
    for (int i = 0; ev->pool && i < POOL; i++) bytes_free(&ev->pool[i].key);
    memory_free(ev->memory, ev->pool, POOL * sizeof *ev->pool);
    ev->pool = NULL;
    ev->count = 0;
}

static bool have_pool(struct eviction *ev, enum evict_policy policy)
{
    if (ev->policy != policy) ev->count = 0;
    ev->policy = policy;
    if (ev->pool) return true;
    ev->pool = memory_alloc(ev->memory, POOL * sizeof *ev->pool);
    for (int i = 0; ev->pool && i < POOL; i++) bytes_init(&ev->pool[i].key, ev->memory);
    return ev->pool != NULL;
}

/* ---- the pool ---- */

static bool only_volatile(enum evict_policy p) { return p < EVICT_ALLKEYS_LRU; }

static int64_t rank_of(const struct evict_order *o, const struct entry *e)
{
    if (evict_is_lfu(o->policy)) return ACCESS_COUNTER_MAX - access_frequency_at(o->access, o->now_ms, e);
    return access_idle_at(o->now_ms, e);
}

/* Puts an entry where its rank belongs; the worst one makes room for it when the pool is full. False: memory is out. */
static bool offer(struct eviction *ev, int64_t rank, int db, const struct entry *e)
{
    struct evict_candidate *pool = ev->pool;
    int at = ev->count;
    while (at > 0 && pool[at - 1].rank > rank) at--;
    bool full = ev->count == POOL;
    if (full && at == 0) return true;
    struct evict_candidate fresh = pool[full ? 0 : ev->count]; /* its buffer is used again */
    if (full) {
        at--;
        memmove(pool, pool + 1, (size_t)at * sizeof *pool);
    } else {
        memmove(pool + at + 1, pool + at, (size_t)(ev->count - at) * sizeof *pool);
        ev->count++;
    }
    fresh.rank = rank;
    fresh.db = db;
    bytes_clear(&fresh.key);
    bool kept = bytes_append_slice(&fresh.key, entry_key(e));
    pool[at] = fresh;
    return kept;
}

static struct entry *draw(const struct evict_order *o, int db)
{
    if (only_volatile(o->policy)) return keyspace_random_volatile(o->keyspace, db, o->random);
    return keyspace_random(o->keyspace, db, o->random);
}

/* Looks at some keys of every database. The last one it has looked at, NULL: there is none; *kept: all were offered. */
static struct entry *look(struct eviction *ev, const struct evict_order *o, int *db, bool *kept)
{
    struct entry *last = NULL;
    *kept = true;
    for (int i = 0; i < keyspace_used(o->keyspace); i++) {
        for (int n = 0; n < o->samples && n < EVICT_SAMPLES_MAX; n++) {
            struct entry *e = draw(o, i);
            if (!e) break;
            last = e;
            *db = i;
            if (!offer(ev, rank_of(o, e), i, e)) *kept = false;
        }
    }
    return last;
}

/* The best candidate that is still there and has not been used since. */
static struct entry *take(struct eviction *ev, const struct evict_order *o, int *db)
{
    while (ev->count > 0) {
        const struct evict_candidate *c = &ev->pool[--ev->count];
        if (c->db >= keyspace_databases(o->keyspace)) continue;
        struct entry *e = keyspace_find(o->keyspace, c->db, bytes_slice(&c->key));
        *db = c->db;
        if (!e || rank_of(o, e) < c->rank) continue;
        if (only_volatile(o->policy) && entry_expire(e) < 0) continue;
        return e;
    }
    return NULL;
}

/* ---- choosing ---- */

/* After a look the pool has somebody who is there, unless all in it are better than what was seen, and gone: then it is
 * empty, and the next look fills it. */
static struct entry *choose_ranked(struct eviction *ev, const struct evict_order *o, int *db)
{
    bool pool = have_pool(ev, o->policy);
    for (;;) {
        bool kept;
        struct entry *any = pool ? look(ev, o, db, &kept) : NULL;
        if (pool && !any) return NULL;
        if (pool && !kept) return any; /* memory is out: any key is better than none */
        struct entry *e = pool ? take(ev, o, db) : NULL;
        if (e) return e;
        if (!pool) break;
    }
    for (int i = 0; i < keyspace_used(o->keyspace); i++) {
        struct entry *e = draw(o, i);
        *db = i;
        if (e) return e;
    }
    return NULL;
}

/* From one database after another. */
static struct entry *choose_random(struct eviction *ev, const struct evict_order *o, int *db)
{
    int used = keyspace_used(o->keyspace);
    for (int i = 0; i < used; i++) {
        *db = ev->next_db++ % used;
        ev->next_db %= used;
        struct entry *e = draw(o, *db);
        if (e) return e;
    }
    return NULL;
}

struct entry *evict_choose(struct eviction *ev, const struct evict_order *o, int *db)
{
    switch (o->policy) {
    case EVICT_VOLATILE_LRU:
    case EVICT_VOLATILE_LFU:
    case EVICT_ALLKEYS_LRU:
    case EVICT_ALLKEYS_LFU: return choose_ranked(ev, o, db);
    case EVICT_VOLATILE_RANDOM:
    case EVICT_ALLKEYS_RANDOM: return choose_random(ev, o, db);
    case EVICT_VOLATILE_TTL: return keyspace_next_expiring(o->keyspace, db);
    case EVICT_NONE:
    case EVICT_POLICIES: break;
    }
    return NULL;
}
