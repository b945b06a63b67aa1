/* zset.h: a large sorted set: a table that finds an element by its member, and an order that ranks them all.
 *
 * Each element is one block, score and member (struct order_item), that both the table (base/dict) and the order
 * (store/order) point to. All told an element costs its own block and about 35 bytes.
 *
 * Leaves out: small sorted sets, which are packed sequences inside their entry (store/zset_value.h chooses).
 */
#ifndef TIDELOCK_STORE_ZSET_H
#define TIDELOCK_STORE_ZSET_H

#include "base/dict.h"
#include "store/order.h"
#include "store/value.h"

struct zset {
    struct value_head head;
    struct dict members;
    struct order order;
    size_t items_memory; /* bytes of all elements */
};

/* An empty one. NULL when memory is out. */
struct zset *zset_new(struct memory *m, const uint64_t hash_key[2]);
void zset_free(struct memory *m, struct zset *z);
/* Frees about `budget` elements; with the last one the set itself: then false. Nothing else may be done with it
 * once this has begun. */
bool zset_free_some(struct memory *m, struct zset *z, size_t budget);
/* NULL when memory is out. */
struct zset *zset_copy(struct memory *m, const struct zset *z);
/* Bytes it takes, all told. */
size_t zset_memory(const struct zset *z);

static inline size_t zset_size(const struct zset *z) { return z->order.size; }
/* The element of a member, NULL when it is not there. */
struct order_item *zset_find(const struct zset *z, struct slice member);
/* The same, and the member's hash, for zset_add. */
struct order_item *zset_find_hashed(const struct zset *z, struct slice member, uint64_t *hash);
/* Adds a member that is not there (no NaN). NULL when memory is out, nothing changed. */
struct order_item *zset_add(struct zset *z, struct slice member, double score);
struct order_item *zset_add_hashed(struct zset *z, struct slice member, uint64_t hash, double score);
/* Another score for an element of it. False when memory is out, nothing changed. */
bool zset_set_score(struct zset *z, struct order_item *item, double score);
/* Takes an element out and frees it. `member` may be its own. Never fails. */
void zset_remove(struct zset *z, struct order_item *item);
/* Whether table and order agree; for specs. When not, *what says what is wrong. */
bool zset_check(const struct zset *z, const char **what);

#endif
