/* check.h: invariants that hold in every run, whatever fails; checked on every event of a simulation.
 *
 *   prefix    A replica's data is a prefix of its primary's history: what a node's data is at an offset of a history
 *             is what the history's author had there.
 *   wait      WAIT never answers n unless n other places hold everything up to its offset; WAITAOF, unless they (and
 *             this one) have said that it is durable.
 *   sync      No reply to a write that waits for replicas is released before the rule holds: so many of those that are
 *             named have it, or have said that it is durable if that is the rule. And no client sees such a write
 *             answered that has not been released.
 *   durable   A node that starts from its disk has everything that it has ever said was durable, unless it was given
 *             other data meanwhile (a full synchronisation), or its files were taken away.
 *   token     WAITFOR never answers "applied" at a node whose data lacks the write, nor "lost" where it is or may come.
 *   writes    No client sees a write answered without an error that its node refused, or did not execute.
 *   converged After healing, all nodes are at the same offset of the same history with the same data. (Asked for, not
 *             watched: world_converged.)
 *
 * The checker reads what nodes leave behind (struct trail_point) and never touches a node. A point costs amortised
 * constant time: a place remembers where in the history it is.
 *
 * A *history* is what one replication id names: points (offset, digest) in order, written by its author, the node that
 * made the id. A promotion forks it: the new history shares its parent's points up to the fork. So each history holds
 * only its own points, and an offset before the fork is looked up in the parent.
 *
 * Leaves out: what clients should have read (lua/tidelock's checkers look at whole histories of clients).
 */
#ifndef TIDELOCK_WORLD_CHECK_H
#define TIDELOCK_WORLD_CHECK_H

#include "replication/sync.h"
#include "world/world_internal.h"

struct check;
struct check_history;

/* Everything up to `offset` of `history` has been at a place at some time. */
struct check_hold {
    struct check_history *history;
    int64_t offset;
};

/* What the checker knows of a place: part of whoever has the place, zeroed by check_place_init. */
struct check_holds {
    struct check_hold *items; /* the last one is of the present history */
    size_t count, capacity;
};

struct check_place {
    const char *name;
    struct list member;            /* of check.places */
    struct check_history *history; /* what the node follows or writes; NULL: nothing yet in this life */
    struct check_history *cursor_history;
    size_t cursor;              /* index in cursor_history's points of the last one matched */
    struct check_holds holds;   /* what it had applied */
    struct check_holds durable; /* what it said was durable */
    bool durable_now;   /* the history of the last of `durable` is what a restart has to find, up to: */
    int64_t durable_to; /* …less than it was when a full synchronisation has taken the place back */
};

/* NULL: memory is out. `seed` is for the texts. */
struct check *check_new(struct memory *m, uint64_t seed);
void check_free(struct check *k);

void check_place_init(struct check *k, struct check_place *p, const char *name);
void check_place_finish(struct check *k, struct check_place *p);
/* A new node has been started at this place, with no data. */
void check_place_started(struct check_place *p);
/* Somebody has meddled with its files: what it had there may be gone. */
void check_place_meddled(struct check_place *p);
/* One point of a node's trail that is about the node. */
void check_point(struct check *k, struct check_place *p, const struct trail_point *t, int64_t now);

/* What became of the write requests that came over one connection, oldest first. NULL in the beginning. */
struct check_writes;
void check_wrote(struct check *k, struct check_writes **writes, int64_t request, bool refused);
/* One of its writes is answered, or not, later: TRAIL_HELD, TRAIL_RELEASED, TRAIL_GIVEN_UP. `writes` NULL: nobody will say
 * what came of it over the wire. */
void check_gate(struct check *k, struct check_place *p, struct check_writes *writes,
                const struct trail_point *t, const struct sync_rule *rule, int64_t now);
/* The client got the reply to its request number `request`. */
void check_replied(struct check *k, struct check_writes *writes, const char *client, const char *node,
                   int64_t request, bool write, struct slice reply, int64_t now);
void check_writes_free(struct check *k, struct check_writes *writes);

/* The first violation in words, NULL: none. */
const char *check_failed(const struct check *k);
void check_counts(const struct check *k, struct world_sim_checks *counts);

#endif
