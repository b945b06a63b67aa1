/* feed.h: the primary's end of a channel.
 *
 * A feed belongs to one session (the connection of one replica). It goes through
 *
 *   HANDSHAKE   REPLCONF arrives: listening-port, ip-address, capa, name
 *   WAITING     PSYNC needs a full synchronisation; +FULLRESYNC has not been sent: another snapshot is being taken
 *   SNAPSHOT    the payload is being sent; the stream from its offset on is kept for later
 *   STREAMING   bytes of the log, as they come
 *
 * and hands out what is to be sent as slices of the snapshot's and the log's own tapes: no copy per replica, and the
 * cost of a slow replica is a position in a tape, bounded by its output limit. Acknowledgements
 * move received/applied/fsynced.
 *
 * All feeds of a node hang in a `struct feeds`, which takes one snapshot at a time and shares it among the replicas that
 * asked before it began.
 *
 * Source: Redis "Replication" documentation; PSYNC2.
 */
#ifndef TIDELOCK_REPLICATION_FEED_H
#define TIDELOCK_REPLICATION_FEED_H

#include "base/list.h"
#include "replication/snapshot.h"

enum feed_state
{
    FEED_HANDSHAKE,
    FEED_WAITING,
    FEED_SNAPSHOT,
    FEED_STREAMING
};

struct feeds
{
    struct list list;           /* of struct feed.link, in order of arrival */
    int count;                  /* those not in FEED_HANDSHAKE */
    struct memory *memory;
    struct log *log;
    struct keyspace *keyspace;
    struct random *random;
    struct snapshot *snapshot;  /* being taken now, NULL: none */
    int64_t full_syncs, partial_syncs, partial_refused; /* INFO sync_full, sync_partial_ok, sync_partial_err */
};

struct feed
{
    struct list link;
    enum feed_state state;
    struct feeds *owner;
    void *session;             /* whose it is; opaque here */
    struct bytes head;         /* lines that precede tape bytes: "+FULLRESYNC …", "+CONTINUE …" */
    struct snapshot *snapshot; /* FEED_SNAPSHOT */
    struct tape_cursor cursor; /* in the snapshot's tape, then in the log's */
    bool paused;               /* channel:pause(): gives nothing out */
    /* what the replica said of itself */
    struct bytes name, ip;
    int port;
    bool capa_eof, capa_psync2;
    /* acknowledged offsets, -1: never; times are monotonic us */
    int64_t received, applied, fsynced;
    int64_t ack_time_us;       /* last REPLCONF ACK */
    int64_t since_us;          /* began */
    int64_t sent_bytes;
};

void feeds_init(struct feeds *fs, struct memory *m, struct log *l, struct keyspace *ks, struct random *r);
/* All feeds must have been freed. */
void feeds_free(struct feeds *fs);

/* NULL when memory is out. */
struct feed *feed_new(struct feeds *fs, void *session, int64_t now_us);
/* Leaves its snapshot (which ends with its last reader), frees it. */
void feed_free(struct feed *f);

/* PSYNC replid from ("?" and -1: none yet). Continues or goes to full synchronisation. After it, feed_output has
 * something to send sooner or later. `info` describes the snapshot to take. `eof` framing needs capa_eof: a replica without it (SYNC, old tools) gets
 * its payload with a length: collected in full first. */
void feed_psync(struct feed *f, struct slice replid, int64_t from, const struct rdb_info *info, int64_t now_us);
/* Begins the snapshot that waiting feeds need, if none is being taken: called once per turn. True if one began. */
bool feeds_begin_snapshot(struct feeds *fs, const struct rdb_info *info, int64_t now_us);
/* The snapshot failed or the history was given up: every feed that is not in handshake must be dropped. */
bool feed_broken(const struct feed *f);

/* REPLCONF ACK offset [FACK offset]. */
void feed_acknowledge(struct feed *f, int64_t applied, int64_t fsynced, int64_t now_us);

/* What is to be sent next: up to `max` slices, 0 when there is nothing now. Drives the snapshot on when the feed has
 * sent all there is of it. */
int feed_output(struct feed *f, struct slice *slices, int max);
void feed_sent(struct feed *f, size_t size);
/* Bytes kept for this feed alone, beyond the backlog: held against its output limit. */
int64_t feed_backlog(const struct feed *f);
/* A feed counts for WAIT when it streams. */
static inline bool feed_counts(const struct feed *f)
{
    return f->state == FEED_STREAMING;
}
/* How many counting feeds have acknowledged `offset` as applied. */
int feeds_acknowledged(const struct feeds *fs, int64_t offset);
/* Trims the log and the snapshot to what backlog and feeds need. Once per turn. */
void feeds_trim(struct feeds *fs);

#endif
