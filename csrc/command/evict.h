/* evict.h: which key goes when memory is short.
 *
 * By least recent or least frequent use a key is chosen as Redis does: a few keys are looked at, at random, and the best
 * candidates of this and of earlier looks are kept in a small pool; the best of them goes. With 5 samples that is close
 * to the true order, with 10 nearly the same, and costs nothing where nothing is evicted. A candidate that has been used
 * since it was put into the pool is dropped from it (Redis evicts it all the same). By time to live the choice is exact:
 * the keyspace knows who expires first.
 *
 * Leaves out: when, how much at a time, and who is told: node/eviction.c, lua/store.c.
 */
#ifndef TIDELOCK_COMMAND_EVICT_H
#define TIDELOCK_COMMAND_EVICT_H

#include "base/bytes.h"
#include "base/random.h"
#include "command/access.h"
#include "store/keyspace.h"

/* maxmemory-policy, in the order of evict_policies. */
enum evict_policy {
    EVICT_VOLATILE_LRU,
    EVICT_VOLATILE_LFU,
    EVICT_VOLATILE_RANDOM,
    EVICT_VOLATILE_TTL,
    EVICT_ALLKEYS_LRU,
    EVICT_ALLKEYS_LFU,
    EVICT_ALLKEYS_RANDOM,
    EVICT_NONE,
    EVICT_POLICIES
};

/* Their names, ended by NULL. */
extern const char *const evict_policies[EVICT_POLICIES + 1];
/* By name, -1: there is none of it. */
int evict_policy_named(struct slice name);
static inline bool evict_is_lfu(enum evict_policy p)
{
    return p == EVICT_VOLATILE_LFU || p == EVICT_ALLKEYS_LFU;
}

static inline bool evict_is_lru(enum evict_policy p)
{
    return p == EVICT_VOLATILE_LRU || p == EVICT_ALLKEYS_LRU;
}

struct evict_candidate;

/* What is kept from one choice to the next. Takes no memory before the first. */
struct eviction {
    struct memory *memory;
    struct evict_candidate *pool; /* by rank, the best one last */
    int count;                    /* of them */
    enum evict_policy policy;     /* by which they are ranked */
    int next_db;                  /* where a random key is taken from next */
};

struct evict_order {
    struct keyspace *keyspace;
    struct random *random;
    const struct access_policy *access;
    enum evict_policy policy;
    int samples; /* keys looked at per database, 1 .. EVICT_SAMPLES_MAX */
    int64_t now_ms;
};

enum { EVICT_SAMPLES_MAX = 64 };

void eviction_init(struct eviction *ev, struct memory *m);
void eviction_free(struct eviction *ev);
/* The next to go; *db says where it is. NULL: there is none that the policy lets go. */
struct entry *evict_choose(struct eviction *ev, const struct evict_order *order, int *db);

#endif
