/* zset_value.h: sorted sets as the keyspace has them: a small one is a packed sequence in its entry (member, score,
 * member, score, … in order), a large one a struct zset.
 *
 * A sorted set becomes large when it gets more members, or a longer one, than the limits of the keyspace allow a small
 * one, and stays large.
 *
 * Ranges of all kinds (by score, by member) are worked out as ranges of ranks, and then walked over in either
 * direction.
 */
#ifndef TIDELOCK_STORE_ZSET_VALUE_H
#define TIDELOCK_STORE_ZSET_VALUE_H

#include "store/edit.h"
#include "store/packed.h"
#include "store/zset.h"

extern const struct value_class zset_class;

/* ---- reading ---- */

size_t zset_count(const struct entry *e);

/* Where a member is, or would be. Good until the next change of the set. */
struct zset_place {
    bool found;
    double score;
    /* private */
    struct order_item *item; /* in a large one */
    size_t at;               /* in a small one */
    uint64_t hash;           /* for a large one */
};

/* `e` NULL: a set that does not exist. */
struct zset_place zset_look_up(const struct entry *e, struct slice member);
/* The rank of a member that has been found. */
size_t zset_rank(const struct entry *e, const struct zset_place *place);

/* A walk over elements by rank:
 *     for (zset_walk_begin(&w, e, 0, false); !w.over; zset_walk_next(&w)) … w.member, w.score
 * The set must not change meanwhile. */
struct zset_walk {
    bool over;
    struct slice member; /* may lie in `digits` */
    double score;
    /* private */
    bool backward;
    const char *packed; /* a small one; NULL: a large one */
    size_t at;
    struct order_at place;
    struct packed_digits digits;
};

/* To the element of a rank (0-based, from the lowest), then upwards, or downwards. */
void zset_walk_begin(struct zset_walk *w, const struct entry *e, size_t rank, bool backward);
void zset_walk_next(struct zset_walk *w);

/* A range of scores, or of members of a set whose scores are all the same. */
struct zset_bound {
    double score;
    struct slice member;
    bool exclusive;
    int infinite; /* of members: -1: before all, 1: after all */
};

struct zset_range {
    struct zset_bound min, max;
    bool lexical;
};

/* Ranks: `count` from `first` on. */
struct zset_ranks {
    size_t first, count;
};

struct zset_ranks zset_find_range(const struct entry *e, const struct zset_range *range);

/* One step of a scan (0 begins and ends it): a small set is visited whole. Scores are texts, as ZSCAN shows them, good
 * until the visitor returns. */
uint64_t zset_scan(const struct entry *e, uint64_t cursor,
                   void (*visit)(void *context, struct slice member, struct slice score), void *context);

/* ---- changing ---- */

/* Gives a member, of which this is the place, a score (not NaN); adds it if it was not found. False when memory is out,
 * nothing changed. `member` must not lie in the set. */
bool zset_put(struct edit *x, const struct zset_place *place, struct slice member, double score);
/* Takes out a member that has been found. Never fails. */
void zset_take(struct edit *x, const struct zset_place *place);
/* Takes out the elements of these ranks. Never fails. */
void zset_take_ranks(struct edit *x, struct zset_ranks ranks);

#endif
