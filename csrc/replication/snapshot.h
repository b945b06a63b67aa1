/* snapshot.h: one full synchronisation's payload on its way to the replicas that share it.
 *
 * A snapshot is an RDB writer (persist/rdb_write.h) and the tape it writes to. It is driven by its readers: when the
 * most advanced one has sent what there is, it asks for the next slice. So its pace is the network's, writes go on
 * meanwhile, and a stalled replica does not hold the others up (what it has not taken stays on the tape; it pays with
 * its own output limit).
 *
 * The tape holds the RDB bytes alone: what goes around them on the wire differs from replica to replica and is the
 * feed's (feed.h). `mark` is the end mark of the diskless framing, the same for all readers.
 */
#ifndef TIDELOCK_REPLICATION_SNAPSHOT_H
#define TIDELOCK_REPLICATION_SNAPSHOT_H

#include "persist/rdb_write.h"
#include "replication/log.h"

struct snapshot {
    struct tape tape;          /* the RDB file */
    struct rdb_writer *writer; /* NULL: complete, or failed */
    struct memory *memory;
    int64_t began_us;
    int64_t offset; /* the log's offset at its moment */
    int readers;    /* feeds that still read it; freed with the last */
    bool complete, failed;
    char mark[REPLID_SIZE + 1];
    int64_t slowest; /* scratch of who trims: position of the slowest reader */
};

/* Takes the view, at the log's present end. Of `info`, replid, offset and stream_db are the log's, whatever it says.
 * NULL when memory is out or another view is open. It has no reader yet. */
struct snapshot *snapshot_open(struct memory *m, struct keyspace *ks, const struct log *l, struct random *r,
                               const struct rdb_info *info);
/* Produces about `budget` bytes more. False when there is no more to come (complete or failed). */
bool snapshot_step(struct snapshot *s, size_t budget);
/* When the next key is due if every key is to take `key_us`, from `began_us` on; 0: no key is waited for. */
int64_t snapshot_due_us(const struct snapshot *s, int64_t key_us);
/* Gives the view back without completing: the snapshot has failed. Nothing when it is complete. */
void snapshot_cancel(struct snapshot *s);
/* A reader leaves; frees the snapshot with the last one (or without any). */
void snapshot_release(struct snapshot *s);

#endif
