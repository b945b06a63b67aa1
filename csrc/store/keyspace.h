/* keyspace.h: databases of entries, with expiry, change tracking, a digest and room for one consistent view.
 *
 * An entry (store/entry.h) is one block of memory: header, key, optional expiry time, and the value itself
 * when it is small. The keyspace owns all entries. Pointers to entries are valid until the next change of
 * that key. Keys and values that are handed in may point into entries, also into the one that is going to
 * be changed or deleted.
 *
 * Every change goes through the functions below (and for collections, those of store/edit.h, which are built from the same
 * parts), and each of them does, in this order: give the open view
 * its copy of the old entry if it still needs one; take the old value out of the digest; change; put the
 * new value into the digest; tell whoever watches the key. There is no second way to change an entry.
 *
 * Time comes in with keyspace_set_time. Expiry is logical: keyspace_find still returns an expired entry and
 * entry_expired tells; who decides to delete (a primary) or hide (a replica) is the caller (command/exec.h).
 * Expired entries are listed in order of time by keyspace_next_expired.
 *
 * Leaves out: what commands mean, effects, replication.
 */
#ifndef TIDELOCK_STORE_KEYSPACE_H
#define TIDELOCK_STORE_KEYSPACE_H

#include "base/bytes.h"
#include "base/dict.h"
#include "base/list.h"
#include "base/random.h"
#include "store/entry.h"

struct keyspace;
struct value_limits;

struct digest {
    uint64_t low, high;
};

struct keyspace_options {
    struct memory *memory;
    uint64_t hash_key[2];
    int databases; /* 1 .. 65536 */
    /* Keep the digest up to date: each change then costs a hash of the old and of the new value. Otherwise
     * it is computed when it is asked for, from the whole dataset. */
    bool digest;
    /* Which collections are compact (store/limits.h); must outlive the keyspace. NULL: Redis's. */
    const struct value_limits *limits;
    /* The access bits of keys that are new (store/entry.h); must outlive the keyspace. NULL: 0. */
    const uint32_t *fresh_access;
};

/* NULL when memory is out. A database costs nothing until its first key. */
struct keyspace *keyspace_new(const struct keyspace_options *options);
void keyspace_free(struct keyspace *ks);

int keyspace_databases(const struct keyspace *ks);
const struct value_limits *keyspace_limits(const struct keyspace *ks);
/* No database from this one on has a key. */
int keyspace_used(const struct keyspace *ks);
/* Keys in a database, expired ones included; and those with an expiry time. */
size_t keyspace_size(const struct keyspace *ks, int db);
size_t keyspace_volatile(const struct keyspace *ks, int db);
/* Bytes that a database takes beside its entries. */
struct keyspace_overhead {
    size_t table, expiry;
};
struct keyspace_overhead keyspace_overhead(const struct keyspace *ks, int db);
/* Mean remaining time to live of the keys that expire, ms (sampled; for INFO keyspace). */
int64_t keyspace_average_ttl(const struct keyspace *ks, int db);

void keyspace_set_time(struct keyspace *ks, int64_t now_ms);
int64_t keyspace_time(const struct keyspace *ks);

/* The entry, expired or not; NULL when absent. */
struct entry *keyspace_find(struct keyspace *ks, int db, struct slice key);
/* Warms the cache for keys that are about to be looked up, set or deleted: their misses then overlap. Worth
 * it from two keys on (a pipeline's next commands, MGET); halves the time of a batch of 16 when the dataset
 * is not in the cache. When it is one large hash or set they all are about, what is fetched are these of its elements
 * (`data` NULL: none). */
void keyspace_prefetch(const struct keyspace *ks, int db, const struct slice *keys,
                       const struct slice *elements, size_t count);

enum {
    KEYSPACE_KEEP_TTL = -2, /* expire_ms: leave the expiry time as it is */
    KEYSPACE_NO_TTL = -1    /* expire_ms: none */
};

/* Sets a key to a string, replacing whatever was there. Strings that are canonical int64 texts are stored
 * as integers. `expire_ms`: unix ms or one of the above. The entry, or NULL when memory is out (the old
 * value then stands). */
struct entry *keyspace_set_string(struct keyspace *ks, int db, struct slice key, struct slice value,
                                  int64_t expire_ms);
struct entry *keyspace_set_integer(struct keyspace *ks, int db, struct slice key, int64_t value,
                                   int64_t expire_ms);
/* A string that is going to be edited in place (APPEND, SETRANGE, SETBIT): the key's string made at least
 * `size` bytes long, zero-filled, with `*data` pointing at its bytes, to be changed before any other call,
 * then keyspace_string_done. Creates the key when it is absent. NULL when memory is out: nothing has
 * changed then. */
struct entry *keyspace_string_edit(struct keyspace *ks, int db, struct slice key, size_t size, char **data);
void keyspace_string_done(struct keyspace *ks, int db, struct entry *e);
/* Sets or removes (KEYSPACE_NO_TTL) the expiry time. The entry may move: the new address, NULL when memory
 * is out. */
struct entry *keyspace_set_expire(struct keyspace *ks, int db, struct entry *e, int64_t expire_ms);
/* Deletes a key. Large values are freed in slices later (keyspace_tidy). False when there was none. */
bool keyspace_delete(struct keyspace *ks, int db, struct slice key);
/* Moves an entry, with its expiry time, to another key and/or database, replacing what was there. False
 * when there is none or memory is out (nothing changed). Onto itself: no change. */
bool keyspace_rename(struct keyspace *ks, int db, struct slice key, int to_db, struct slice to_key);
/* A deep copy under another key, replacing what was there; otherwise the same. */
bool keyspace_copy(struct keyspace *ks, int db, struct slice key, int to_db, struct slice to_key);
/* Empties a database (-1: all). O(1): the old tables are set aside and freed in slices by keyspace_tidy; an
 * open view goes on reading them. Returns how many keys went. */
size_t keyspace_flush(struct keyspace *ks, int db);
void keyspace_swap(struct keyspace *ks, int a, int b);
/* Takes over all databases of `from` (same number), which is left empty; the old content is freed in
 * slices. For a replica that has loaded its snapshot beside the data it still serves. Not while a view is
 * open on either. Both must have been made with the same options, but for the hash key. */
void keyspace_adopt(struct keyspace *ks, struct keyspace *from);

/* Scan, as dict_scan; the visitor sees expired entries too. */
uint64_t keyspace_scan(struct keyspace *ks, int db, uint64_t cursor,
                       void (*visit)(void *context, struct entry *e), void *context);
struct entry *keyspace_random(struct keyspace *ks, int db, struct random *r);
/* The same of those that expire. */
struct entry *keyspace_random_volatile(struct keyspace *ks, int db, struct random *r);

/* The first moment at which keyspace_next_expired has something (unix ms), INT64_MAX when nothing expires. */
int64_t keyspace_expire_deadline(const struct keyspace *ks);
/* The earliest key that has expired by the time set, NULL when none has; *db says where. The caller deletes
 * it. */
struct entry *keyspace_next_expired(struct keyspace *ks, int *db);
/* The one that expires first, whether its time has come or not. NULL: none expires. */
struct entry *keyspace_next_expiring(struct keyspace *ks, int *db);

/* One bounded slice of background work (freeing what was set aside, giving memory back to the system): about `budget`
 * entries, or elements of large values, or a few pieces of 64 KiB. True when more
 * may be left. What an open view still has to read waits for it. */
bool keyspace_tidy(struct keyspace *ks, size_t budget);
/* Whether something waits to be freed, and for nobody. */
bool keyspace_untidy(struct keyspace *ks);

/* The digest of the whole dataset: equal on two nodes exactly when keys, values, types and expiry times are
 * (up to hash collisions). Independent of order and of hash keys. Kept incrementally when the option is
 * set, else computed. */
struct digest keyspace_digest(struct keyspace *ks);
/* The digest of one key (with its type, value and expiry time), zero when absent: DEBUG DIGEST-VALUE. */
struct digest keyspace_key_digest(struct keyspace *ks, int db, struct slice key);

/* Watching (WATCH): a watch is dirty once its key was changed after keyspace_watch, or, for a key that
 * existed, has expired. Freed by keyspace_unwatch, before keyspace_free. NULL when memory is out. */
struct watch;
struct watch *keyspace_watch(struct keyspace *ks, int db, struct slice key);
bool keyspace_watch_dirty(struct keyspace *ks, const struct watch *w);
void keyspace_unwatch(struct keyspace *ks, struct watch *w);
/* Counts as a change for those who watch the key, though there has been none: where Redis has it so. */
void keyspace_touch(struct keyspace *ks, int db, struct slice key);
/* Awaiting (blocking commands): a watch with an owner, who hears of each change of the key through
 * keyspace_next_awaited. Ended by keyspace_unwatch. NULL when memory is out. */
struct watch *keyspace_await(struct keyspace *ks, int db, struct slice key, void *owner);
/* The next of the watches whose keys have been made, changed or deleted, in the order in which those were, and of the same key in
 * the order of keyspace_await; NULL: no more. Each is told once for any number of changes before. */
const struct watch *keyspace_next_awaited(struct keyspace *ks);
/* Tells those who await the key, though its value is what it was (a group of its stream is gone). */
void keyspace_tell(struct keyspace *ks, int db, struct slice key);
bool keyspace_awaited(const struct keyspace *ks);
void *watch_owner(const struct watch *w);
/* Good as long as the watch. */
struct slice watch_key(const struct watch *w);

/* Whether everything agrees with everything: tables, sizes, expiry heaps, epochs, digests. For specs and
 * fuzzers; reads the whole dataset. When not, *what says what is wrong. */
bool keyspace_check(const struct keyspace *ks, const char **what);

/* Counters for INFO; plain numbers, reset by the owner. */
struct keyspace_stats {
    int64_t hits, misses, expired, evicted;
    int64_t freed_later; /* values that were set aside to be freed in slices */
};
struct keyspace_stats *keyspace_stats(struct keyspace *ks);

#endif
