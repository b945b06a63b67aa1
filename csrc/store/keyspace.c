/* keyspace.c: databases as wholes: making, looking up, scanning, flushing, swapping, adopting. */
#include "store/keyspace.h"

#include "store/fields.h"
#include "store/keyspace_internal.h"
#include "store/limits.h"

struct keyspace *keyspace_new(const struct keyspace_options *options)
{
    struct memory *m = options->memory;
    struct keyspace *ks = memory_alloc_zero(m, sizeof *ks);
    if (!ks) return NULL;
    ks->tables = memory_alloc_zero(m, (size_t)options->databases * sizeof(struct table *));
    if (!ks->tables) {
        memory_free(m, ks, sizeof *ks);
        return NULL;
    }
    ks->memory = m;
    ks->databases = options->databases;
    ks->digest = options->digest;
    ks->hash_key[0] = options->hash_key[0];
    ks->hash_key[1] = options->hash_key[1];
    heap_init(&ks->deadlines, m, table_deadline_moved);
    list_init(&ks->graveyard);
    list_init(&ks->values);
    ks->limits = options->limits ? options->limits : &value_limits_default;
    ks->fresh_access = options->fresh_access;
    watch_init(ks);
    return ks;
}

void keyspace_free(struct keyspace *ks)
{
    if (!ks) return;
    for (int db = 0; db < ks->databases; db++) tidy_bury(ks, table_detach(ks, db));
    while (!list_empty(&ks->graveyard))
        table_free_some(ks, list_item(ks->graveyard.next, struct table, grave), SIZE_MAX);
    while (tidy_values(ks, SIZE_MAX)) {}
    heap_free(&ks->deadlines);
    watch_free(ks);
    memory_free(ks->memory, ks->tables, (size_t)ks->databases * sizeof(struct table *));
    memory_free(ks->memory, ks, sizeof *ks);
}

/* ---- facts ---- */

const struct value_limits *keyspace_limits(const struct keyspace *ks) { return ks->limits; }

int keyspace_databases(const struct keyspace *ks) { return ks->databases; }

int keyspace_used(const struct keyspace *ks) { return ks->used; }

size_t keyspace_size(const struct keyspace *ks, int db)
{
    return ks->tables[db] ? ks->tables[db]->dict.size : 0;
}

size_t keyspace_volatile(const struct keyspace *ks, int db)
{
    return ks->tables[db] ? ks->tables[db]->expiry.size : 0;
}

struct keyspace_overhead keyspace_overhead(const struct keyspace *ks, int db)
{
    const struct table *t = ks->tables[db];
    if (!t) return (struct keyspace_overhead){0, 0};
    return (struct keyspace_overhead){sizeof *t + dict_overhead(&t->dict),
                                      t->expiry.size * sizeof(struct heap_slot)};
}

void keyspace_set_time(struct keyspace *ks, int64_t now_ms) { ks->now_ms = now_ms; }

int64_t keyspace_time(const struct keyspace *ks) { return ks->now_ms; }

struct keyspace_stats *keyspace_stats(struct keyspace *ks) { return &ks->stats; }

struct digest keyspace_digest(struct keyspace *ks)
{
    struct digest total = {0, 0};
    for (int db = 0; db < ks->used; db++) {
        struct table *t = ks->tables[db];
        if (!t) continue;
        if (t->share_db != db + 1) {
            t->share = digest_database(db, ks->digest ? t->sum : table_sum(t));
            t->share_db = ks->digest ? db + 1 : 0;
        }
        digest_add(&total, t->share);
    }
    return total;
}

struct digest keyspace_key_digest(struct keyspace *ks, int db, struct slice key)
{
    const struct entry *e = keyspace_find(ks, db, key);
    return e ? digest_entry(e) : (struct digest){0, 0};
}

/* ---- looking up ---- */

struct entry *keyspace_find(struct keyspace *ks, int db, struct slice key)
{
    struct table *t = ks->tables[db];
    return t ? dict_find(&t->dict, key) : NULL;
}

static bool all_same(const struct slice *keys, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (!slice_equal(keys[i], keys[0])) return false;
    return true;
}

static void prefetch_elements(const struct entry *e, const struct slice *elements, size_t count)
{
    if (!e || (entry_type(e) != VALUE_HASH && entry_type(e) != VALUE_SET)) return;
    const struct field_table *fields = fields_table(e);
    if (fields) field_table_prefetch(fields, elements, count);
}

/* First all buckets, then the entries in them: when the first bucket is read, it has arrived. */
void keyspace_prefetch(const struct keyspace *ks, int db, const struct slice *keys,
                       const struct slice *elements, size_t count)
{
    enum { BATCH = 32 };
    const struct table *t = ks->tables[db];
    if (!t) return;
    if (all_same(keys, count)) {
        prefetch_elements(dict_find(&t->dict, keys[0]), elements, count);
        return;
    }
    for (size_t done = 0; done < count; done += BATCH) {
        uint64_t hashes[BATCH];
        size_t n = count - done < BATCH ? count - done : BATCH;
        for (size_t i = 0; i < n; i++) {
            hashes[i] = dict_hash(&t->dict, keys[done + i]);
            dict_prefetch(&t->dict, hashes[i], false);
        }
        for (size_t i = 0; i < n; i++) dict_prefetch(&t->dict, hashes[i], true);
    }
}

struct entry *keyspace_random(struct keyspace *ks, int db, struct random *r)
{
    struct table *t = ks->tables[db];
    return t ? dict_random(&t->dict, r) : NULL;
}

struct scan {
    void (*visit)(void *context, struct entry *e);
    void *context;
};

static void scan_visit(void *context, void *entry)
{
    const struct scan *scan = context;
    scan->visit(scan->context, entry);
}

uint64_t keyspace_scan(struct keyspace *ks, int db, uint64_t cursor,
                       void (*visit)(void *context, struct entry *e), void *context)
{
    struct table *t = ks->tables[db];
    struct scan scan = {visit, context};
    return t ? dict_scan(&t->dict, cursor, scan_visit, &scan) : 0;
}

/* ---- whole databases ---- */

static size_t flush_one(struct keyspace *ks, int db)
{
    size_t keys = keyspace_size(ks, db);
    watch_touch_database(ks, db, NULL);
    tidy_bury(ks, table_detach(ks, db));
    return keys;
}

size_t keyspace_flush(struct keyspace *ks, int db)
{
    if (db >= 0) return flush_one(ks, db);
    size_t keys = 0;
    for (db = 0; db < ks->databases; db++) keys += flush_one(ks, db);
    return keys;
}

void keyspace_swap(struct keyspace *ks, int a, int b)
{
    if (a == b) return;
    struct table *ta = ks->tables[a], *tb = ks->tables[b];
    watch_touch_database(ks, a, tb);
    watch_touch_database(ks, b, ta);
    ks->tables[a] = tb;
    ks->tables[b] = ta;
    int last = a > b ? a : b;
    if (ks->used <= last) ks->used = last + 1;
}

/* The two exchange what holds their tables, so that nothing has to be allocated; then `from` gives up what
 * it got. */
void keyspace_adopt(struct keyspace *ks, struct keyspace *from)
{
    for (int db = 0; db < ks->databases; db++) watch_touch_database(ks, db, from->tables[db]);
    struct keyspace old = *ks;
    ks->tables = from->tables;
    ks->used = from->used;
    ks->deadlines = from->deadlines;
    ks->epoch = from->epoch;
    memcpy(ks->hash_key, from->hash_key, sizeof ks->hash_key);
    from->tables = old.tables;
    from->used = old.used;
    from->deadlines = old.deadlines;
    from->epoch = old.epoch;
    memcpy(from->hash_key, old.hash_key, sizeof from->hash_key);
    for (int db = 0; db < ks->databases; db++) tidy_bury(ks, table_detach(from, db));
}
