/* log.h: a node's stream of effects, named by replication id and offset.
 *
 * The log is what a node's state is a function of: RESP commands in deterministic form. Everything is fed from it:
 * replicas (feed.h), sub-replicas (a replica appends its primary's bytes unchanged), and the journal. Its tail is kept
 * as the backlog, from which a replica that comes back continues.
 *
 * Offsets are Redis's: `offset` counts the bytes ever appended to this history. Byte number k (from 0) stands at tape
 * position k. `PSYNC replid N` asks for the stream from byte N - 1 on (N is "my offset + 1").
 *
 *   replid    the history this node is writing or following
 *   replid2   the one it followed before its promotion, valid up to `second_offset`: replicas of the old primary, and
 *             the node's own siblings, continue from it without a full synchronisation
 *
 * The log always runs, replicas or not: an offset is what WAIT, receipts and tokens are made of.
 */
#ifndef TIDELOCK_REPLICATION_LOG_H
#define TIDELOCK_REPLICATION_LOG_H

#include "base/random.h"
#include "base/tape.h"
#include "replication/lineage.h"

enum {
    REPLID_SIZE = 40,
    LOG_MARKS = 64 /* samples of (offset, time) kept for lag in ms */
};

struct log_mark {
    int64_t offset, time_us;
};

struct log {
    struct tape tape;
    char replid[REPLID_SIZE + 1];
    char replid2[REPLID_SIZE + 1]; /* forty zeros: none */
    int64_t second_offset;         /* first offset (Redis's, from 1) not shared with replid2; -1: none */
    int second_db;                 /* database the stream stood at there; 0: none was selected */
    int64_t backlog_size;          /* bytes kept behind the end; repl-backlog-size … */
    /* …once there may be somebody who comes back for them: a replica has come, or the history is another's too */
    bool has_backlog;
    bool has_journal; /* there is one, or is going to be: it takes what is appended */
    /* database the stream stands at (followed streams too); -1: select before the next effect */
    int db;
    /* from here on this node wrote the history itself, unshared as far as it knows; -1: followed */
    int64_t own_from;
    uint64_t generation;    /* changes with replid: whoever was fed under an older one has to ask again */
    struct lineage lineage; /* its former names, replid2 among them */
    /* …and this one with those that are not continuations: what was kept of the old one is not the beginning of the
     * new one */
    uint64_t breaks;
    int64_t kept_from; /* the journal has yet to take what stands here and behind; INT64_MAX: nothing */
    struct log_mark marks[LOG_MARKS]; /* by time; the older, the sparser */
    int mark_count;
};

/* A fresh history with a random replid, at offset 0. */
void log_init(struct log *l, struct memory *m, struct random *r, int64_t backlog_size);
void log_free(struct log *l);

static inline int64_t log_offset(const struct log *l) { return l->tape.end; }

/* Whether anybody may want to read what is appended now: a replica, be it later, or the journal. */
static inline bool log_is_read(const struct log *l) { return l->has_backlog || l->has_journal; }

/* Appends whole commands; where nobody will read them, they only count. False when memory is out: nothing was appended, and the caller must give up the history
 * (log_new_history), because its state has moved on without it. */
bool log_append(struct log *l, const void *data, size_t size);
/* Appends "SELECT db" if the stream stands at another database. Primaries only. */
bool log_select(struct log *l, int db);
/* Notes that everything up to the present offset was appended by `now_us` (monotonic): once per turn is enough. */
void log_mark_time(struct log *l, int64_t now_us);
/* How long ago, at `now_us`, the byte after `offset` was appended: the lag of somebody who has got that far.
 * 0 when offset is the end. Never more than the truth, and less by no more than the distance of two marks: a
 * millisecond for what is recent, about a third of the age for what is not. */
int64_t log_lag_us(const struct log *l, int64_t offset, int64_t now_us);

/* Whether a replica that has `replid` up to before Redis offset `from` (as in PSYNC replid from) can continue. */
bool log_can_continue(const struct log *l, struct slice replid, int64_t from);
/* Up to which offset that replica's history is this one, as far as its name tells, be it a few promotions old; -1: no
 * such history is known. */
int64_t log_shared(const struct log *l, struct slice replid, int64_t from);
/* Where a point of a history, `offset` bytes into the one called `replid`, is to be found. */
enum log_place {
    LOG_HERE,    /* this log has got that far */
    LOG_AHEAD,   /* it is part of this history, or may become so, but has not come yet */
    LOG_NOWHERE, /* this history went another way before it, or was never the same */
    LOG_UNKNOWN  /* the name is not known here, or not exactly enough */
};
enum log_place log_find(const struct log *l, struct slice replid, int64_t offset);
/* How many bytes, counted back from the end, this node wrote itself and does not know to be in a history that went
 * on without it: since it was made, promoted, or took up writing. */
int64_t log_own_bytes(const struct log *l);

/* A new history with nothing before it: full resynchronisation for everybody. The offset stays where it is. */
void log_new_history(struct log *l, struct random *r);
/* The same, and what of the histories before it is in the state nobody knows: somebody else has changed it. */
void log_unknown_history(struct log *l, struct random *r);
/* Promotion: a new replid; the old one becomes replid2, valid up to here. The next effect selects its database. */
void log_fork_history(struct log *l, struct random *r);
/* Following: after +FULLRESYNC this node stands at `offset` of its primary's history; the backlog starts there. `shared`:
 * up to where that is what this node had, -1: unknown. */
void log_join_history(struct log *l, struct slice replid, int64_t offset, int64_t shared);
/* Following: after +CONTINUE. With a new replid (the primary was promoted) it is the same stream with a new name, and
 * the old one becomes replid2; with the present one nothing is renamed. Either way the primary has all there is here,
 * so nothing is this node's own any more. `shared`: where exactly the old name ends, -1: somewhere from here on. */
void log_rename_history(struct log *l, struct slice replid, int64_t shared);
/* How many bytes behind the end it keeps for replicas to come back. */
static inline int64_t log_backlog(const struct log *l) { return l->has_backlog ? l->backlog_size : 0; }
/* Whether there is something to free, if nobody reads it. */
static inline bool log_exceeds_backlog(const struct log *l)
{
    return log_offset(l) - log_backlog(l) > l->tape.start;
}
/* Frees what neither the backlog nor a reader at or after `reader` needs (INT64_MAX: no reader). */
void log_trim(struct log *l, int64_t reader);

#endif
