/* expire.c: who expires when. The order is kept by table.c: a heap of entries per database, a heap of
 * databases. */
#include "store/keyspace_internal.h"

enum { TTL_SAMPLES = 64 };

int64_t keyspace_expire_deadline(const struct keyspace *ks)
{
    const struct heap_slot *first = heap_top(&ks->deadlines);
    return first && first->key != INT64_MAX ? first->key + 1 : INT64_MAX;
}

static int table_number(const struct keyspace *ks, const struct table *t)
{
    int db = 0;
    while (ks->tables[db] != t) db++;
    return db;
}

struct entry *keyspace_next_expiring(struct keyspace *ks, int *db)
{
    const struct heap_slot *first = heap_top(&ks->deadlines);
    if (!first || first->key == INT64_MAX) return NULL;
    const struct table *t = first->item;
    *db = table_number(ks, t);
    return heap_top(&t->expiry)->item;
}

struct entry *keyspace_next_expired(struct keyspace *ks, int *db)
{
    if (keyspace_expire_deadline(ks) > ks->now_ms) return NULL;
    return keyspace_next_expiring(ks, db);
}

struct entry *keyspace_random_volatile(struct keyspace *ks, int db, struct random *r)
{
    size_t size = keyspace_volatile(ks, db);
    return size > 0 ? heap_at(&ks->tables[db]->expiry, random_below(r, size))->item : NULL;
}

/* Samples from all over the heap: its beginning holds the shortest times. */
int64_t keyspace_average_ttl(const struct keyspace *ks, int db)
{
    size_t size = keyspace_volatile(ks, db), step = size / TTL_SAMPLES + 1;
    double sum = 0, samples = 0;
    for (size_t i = 0; i < size; i += step, samples++) {
        int64_t expire_ms = heap_at(&ks->tables[db]->expiry, i)->key;
        if (expire_ms > ks->now_ms) sum += (double)(expire_ms - ks->now_ms);
    }
    return samples > 0 ? (int64_t)(sum / samples) : 0;
}
