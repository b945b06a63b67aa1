/* check_internal.h: the checker's histories, as its files share them. */
#ifndef TIDELOCK_WORLD_CHECK_INTERNAL_H
#define TIDELOCK_WORLD_CHECK_INTERNAL_H

#include "world/check.h"

struct check_mark {
    int64_t offset;
    struct digest digest;
};

/* One replication id. */
struct check_history {
    char id[41];
    struct check_history *parent;     /* NULL: begins with nothing, or with what is unknown */
    int64_t fork;                     /* shares the parent's points up to and including this offset */
    const struct check_place *author; /* NULL: nobody has written to it yet */
    struct check_mark *marks;         /* in order of offset */
    size_t count, capacity;
    int64_t dropped; /* marks forgotten at the front: cursors count from the first ever */
    struct list member;
};

struct check {
    struct memory *memory;
    uint64_t seed;
    struct dict histories; /* by id */
    struct list all;       /* struct check_history.member */
    struct list places;
    struct world_sim_checks counts;
    struct bytes failed; /* with a NUL; empty: none */
    bool blind;          /* memory ran out, something was not noted: nothing can be judged any more */
};

/* ---- check.c ---- */

/* Begins the text of a violation, unless there has been one before; ends it. */
bool check_violated(struct check *k, const char *invariant, int64_t now);
void check_end_text(struct check *k);
bool check_holds(const struct check_holds *hs, struct check_history *h, int64_t offset);
/* NULL: memory is out. */
struct check_history *check_history_of(struct check *k, const char *id, bool from_nothing);

/* ---- check_sync.c ---- */

void check_released(struct check *k, struct check_place *p, const struct trail_point *t,
                    const struct sync_rule *rule, int64_t now);
void check_found(struct check *k, struct check_place *p, const struct trail_point *t, int64_t now);

/* ---- check_history.c ---- */

struct check_history *check_history_find(struct check *k, const char *id);
/* NULL: memory is out. */
struct check_history *check_history_make(struct check *k, const char *id, struct check_history *parent,
                                         int64_t fork);
void check_history_free(struct check *k, struct check_history *h);
/* The history that wrote `offset`: itself, or the ancestor from which it was forked later. */
struct check_history *check_history_at(struct check_history *h, int64_t offset);
/* False: memory is out. */
bool check_history_add(struct check *k, struct check_history *h, int64_t offset, struct digest digest);
/* The last mark at or before `offset`, looked for from the place's cursor on. NULL: before everything that is known. */
const struct check_mark *check_history_mark(struct check_history *h, struct check_place *p, int64_t offset);
/* Whether a state at `offset` of `h` contains everything up to `wanted_offset` of `wanted`. */
bool check_history_contains(const struct check_history *h, int64_t offset, struct check_history *wanted,
                            int64_t wanted_offset);

#endif
