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
 * asked for the same before it began.
 *
 * A full synchronisation on the wire, for a replica with `capa eof` and for one without:
 *
 *   \n \n …  +FULLRESYNC <replid> <offset>\r\n  $EOF:<mark>\r\n  <RDB> <mark>     …first REPLCONF ACK…  <log>
 *   \n \n …  +FULLRESYNC <replid> <offset>\r\n  \n \n …  $<length>\r\n  <RDB>  <log>
 *
 * The newlines keep the replica from giving up while there is nothing for it yet. In the second form the payload is
 * collected in full first, because its length comes ahead of it. In the first the stream waits until the replica has
 * said that it has found the mark: replicas look for it in what they read last and take nothing after it to be there.
 * (The old command SYNC is the same without the +FULLRESYNC line.)
 *
 * Source: Redis "Replication" documentation; PSYNC2.
 */
#ifndef TIDELOCK_REPLICATION_FEED_H
#define TIDELOCK_REPLICATION_FEED_H

#include "base/list.h"
#include "replication/snapshot.h"

enum feed_state { FEED_HANDSHAKE, FEED_WAITING, FEED_SNAPSHOT, FEED_STREAMING };

struct feeds {
    struct list list; /* of struct feed.link, in order of arrival */
    int count;        /* those not in FEED_HANDSHAKE */
    struct memory *memory;
    struct log *log;
    struct keyspace *keyspace;
    struct random *random;
    struct snapshot *snapshot; /* being taken now, NULL: none */
    int64_t key_us;            /* how long each of its keys is to take, for tests; set by the owner */
    int64_t now_us;            /* private: of the last feeds_advance */
    size_t stepped;            /* private: bytes by which it has gone on in this turn */
    bool hungry;               /* private: a reader wanted more than that */
    int64_t full_syncs, partial_syncs,
        partial_refused;    /* INFO sync_full, sync_partial_ok, sync_partial_err */
    uint64_t version;       /* changes when feeds_acknowledged may answer something else; never 0 */
    int64_t next_second_us; /* private: newlines and a look at progress are due */
};

struct feed {
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
    struct bytes address; /* "ip:port" as this end knows it; set by the owner */
    int port;
    bool capa_eof, capa_psync2;
    /* it wants to know how much of its history is ours: third word of +FULLRESYNC; -1: not known to us, who are a
     * replica ourselves */
    bool capa_shared;
    bool rdb_only; /* it leaves after the payload (redis-cli --rdb) */
    bool bare;     /* it wants no data in the payload (redis-cli --functions-rdb) */
    /* acknowledged offsets, -1: never; times are monotonic us */
    int64_t received, applied, fsynced;
    int64_t ack_time_us; /* last REPLCONF ACK */
    /* the log's end when it began to stream: whoever has acknowledged that is up to date */
    int64_t caught_up_at;
    int64_t since_us; /* began */
    int64_t sent_bytes;
    int64_t progress_us; /* when it was last seen that something went out; looked at once a second */
    /* private */
    int64_t progress_bytes;
    bool eof;            /* the payload ends with a mark; without capa_eof it begins with its length */
    bool delivered;      /* the payload has gone out */
    uint64_t generation; /* of the log, when PSYNC was granted or the snapshot begun */
    bool old_sync;       /* SYNC: no +FULLRESYNC */
    bool held;           /* FEED_STREAMING, but the replica's first ACK has yet to come */
    bool announced;      /* FEED_SNAPSHOT: the payload's first line is in `head` or was */
    bool failed;         /* memory ran out */
    int64_t shared;      /* offset up to which the replica's old history is this one, -1: unknown */
    size_t mark_sent;    /* bytes of the end mark */
};

void feeds_init(struct feeds *fs, struct memory *m, struct log *l, struct keyspace *ks, struct random *r);
/* All feeds must have been freed. */
void feeds_free(struct feeds *fs);

/* NULL when memory is out. */
struct feed *feed_new(struct feeds *fs, void *session, int64_t now_us);
/* Leaves its snapshot (which ends with its last reader), frees it. */
void feed_free(struct feed *f);

/* REPLCONF capa WORD: notes what is known, ignores the rest. */
void feed_capability(struct feed *f, struct slice word);
/* PSYNC replid from ("?" and -1: none yet). Continues or goes to full synchronisation. After it, feed_output has
 * something to send sooner or later. A replica without capa_eof (old tools) gets its payload with a length. `from` is
 * what the replica has applied, plus 1: on continuing it counts as acknowledged. */
void feed_psync(struct feed *f, struct slice replid, int64_t from, int64_t now_us);
/* SYNC: the payload at once, then the stream. */
void feed_sync(struct feed *f, int64_t now_us);
/* Whether feeds wait for a snapshot and none is being taken. */
bool feeds_want_snapshot(const struct feeds *fs);
/* Begins the snapshot that waiting feeds need, if none is being taken: called once per turn. True if one began. A
 * primary's log will select its database again. Also does what feeds_advance does. */
bool feeds_begin_snapshot(struct feeds *fs, const struct rdb_info *info, int64_t now_us);
/* Newlines for replicas that have to be patient; another slice of a payload that must be collected before it is sent.
 * Afterwards some feeds may have output. */
void feeds_advance(struct feeds *fs, int64_t now_us);
/* When feeds_advance wants to be called next: 0 or what is past: as soon as may be, INT64_MAX: no need. */
int64_t feeds_deadline(const struct feeds *fs);
/* Gives up the snapshot that is being taken, if any: the view is closed (before keyspace_adopt or when the view is
 * needed elsewhere), its feeds are broken. */
void feeds_cancel_snapshot(struct feeds *fs);
/* Nothing more can come of it, close its connection: the snapshot failed, memory ran out, an `rdb_only` replica has
 * got everything; or the log has changed its name since (promotion, another primary): the replica will come again and
 * ask under the new one, mostly to be continued at once. */
bool feed_broken(const struct feed *f);

/* REPLCONF ACK offset [FACK offset] [RACK offset]; fsynced, received -1: not said. */
void feed_acknowledge(struct feed *f, int64_t applied, int64_t fsynced, int64_t received, int64_t now_us);

/* What is to be sent next: up to `max` slices, 0 when there is nothing now. Drives the snapshot on when the feed has
 * sent all there is of it. Slices are valid until the next call on these feeds or on the log's trimming. */
int feed_output(struct feed *f, struct slice *slices, int max);
/* Whether feed_output would show something. */
bool feed_has_output(struct feed *f);
void feed_sent(struct feed *f, size_t size);
/* Bytes kept for this feed alone, beyond the backlog: held against its output limit. */
int64_t feed_backlog(const struct feed *f);
/* A feed counts for WAIT when it streams. */
static inline bool feed_counts(const struct feed *f) { return f->state == FEED_STREAMING; }
/* It has acknowledged all there was when it began to stream. */
static inline bool feed_caught_up(const struct feed *f)
{
    return feed_counts(f) && f->applied >= f->caught_up_at;
}
/* How many counting feeds have acknowledged `offset` as applied. */
int feeds_acknowledged(const struct feeds *fs, int64_t offset);
/* The same for what is on their disks. */
int feeds_fsynced(const struct feeds *fs, int64_t offset);
/* Trims the log and the snapshot to what backlog and feeds need. Once per turn. */
void feeds_trim(struct feeds *fs);

#endif
