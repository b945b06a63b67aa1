/* dict.h: a hash table of entry pointers that grows and shrinks one bucket at a time (linear hashing).
 *
 * An entry is any block of memory that contains its own key; `struct dict_type` says where. The table stores
 * pointers only. Keyed SipHash-1-3; the key comes from the owner's random stream.
 *
 * Why linear hashing (Litwin 1980) instead of doubling: each insertion splits at most one bucket and each
 * removal merges at most one, so there is no second table, no rehash phase, no pause whatever the size, and
 * memory follows the number of entries instead of the next power of two.
 *
 * A bucket is one cache line: 7 entry pointers, 7 one-byte tags (hash bits, so that a miss rarely touches an
 * entry), and when more than 7 entries fall into it the last slot points to an overflow bucket. Buckets live
 * in segments behind a small directory, so growth never copies them.
 *
 * Scanning goes over buckets in the order of their reversed bits (base/linear.h), so that a cursor stays right
 * while the table grows and shrinks: an entry present during the whole scan is returned at least once (Redis's
 * guarantee for SCAN).
 */
#ifndef TIDELOCK_BASE_DICT_H
#define TIDELOCK_BASE_DICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/linear.h"
#include "base/random.h"

struct dict_type {
    struct slice (*key)(const void *entry);
};

struct dict_bucket;

struct dict {
    const struct dict_type *type;
    struct memory *memory;
    struct dict_bucket **segments;
    size_t segment_slots;
    size_t first_buckets; /* in the first segment */
    size_t size;          /* entries */
    struct linear linear;
    uint64_t hash_key[2];
    size_t overflows;  /* overflow buckets */
    unsigned scanning; /* a dict_scan is visiting: no bucket may be split or merged now */
};

void dict_init(struct dict *d, struct memory *m, const struct dict_type *type, const uint64_t hash_key[2]);
/* Frees the table, not the entries. */
void dict_free(struct dict *d);

uint64_t dict_hash(const struct dict *d, struct slice key);
/* Brings the bucket (and, `deep`, the likely entry) of a hash towards the cache: for batches of look-ups. */
void dict_prefetch(const struct dict *d, uint64_t hash, bool deep);
/* The entry with this key, or NULL. */
void *dict_find(const struct dict *d, struct slice key);
void *dict_find_hashed(const struct dict *d, struct slice key, uint64_t hash);
/* Adds an entry whose key is not in the table. False when memory is out, the table unchanged. */
bool dict_insert(struct dict *d, void *entry);
bool dict_insert_hashed(struct dict *d, void *entry, uint64_t hash);
/* Takes the entry with this key out and returns it, or NULL. Never fails (a merge of buckets that needs
 * memory when there is none is put off). */
void *dict_remove(struct dict *d, struct slice key);
void *dict_remove_hashed(struct dict *d, struct slice key, uint64_t hash);
/* `old_entry`, which is in the table under `key`, now lives at `new_entry` (same key bytes). Never fails. */
void dict_replace(struct dict *d, struct slice key, uint64_t hash, void *old_entry, void *new_entry);
/* A random entry (fair within a small factor), NULL when empty. */
void *dict_random(const struct dict *d, struct random *r);

/* Empties the table in slices: takes out about `budget` entries, those in its last buckets, hands each to
 * `visit` (which may free it), and gives the buckets back. False when it is empty. What is left is an
 * ordinary table. */
bool dict_drain(struct dict *d, size_t budget, void (*visit)(void *context, void *entry), void *context);

/* One step of a scan: calls `visit` for each entry of the bucket at `cursor` and returns the next cursor, 0
 * when the scan is over. Begin with 0. `visit` may remove the entry it is given, and replace it, but not
 * others. */
uint64_t dict_scan(struct dict *d, uint64_t cursor, void (*visit)(void *context, void *entry), void *context);
/* Whether a scan whose next cursor is `cursor` has already visited the place of this hash (cursor 0 = not
 * begun). */
bool dict_scan_passed(const struct dict *d, uint64_t cursor, uint64_t hash);
/* Memory of the table itself, in bytes. */
size_t dict_overhead(const struct dict *d);

#endif
