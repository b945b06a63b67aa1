/* snapshot.h: one full synchronisation's payload on its way to the replicas that share it.
 *
 * A snapshot is an RDB writer (persist/rdb_write.h) and the tape it writes to. It is driven by its readers: when the
 * most advanced one has sent what there is, it asks for the next slice. So its pace is the network's, writes go on
 * meanwhile, and a stalled replica does not hold the others up (what it has not taken stays on the tape; it pays with its own
 * output limit). On the wire, Redis's diskless framing: "$EOF:<mark>\r\n", the RDB bytes, "<mark>".
 */
#ifndef TIDELOCK_REPLICATION_SNAPSHOT_H
#define TIDELOCK_REPLICATION_SNAPSHOT_H

#include "persist/rdb_write.h"
#include "replication/log.h"

struct snapshot
{
    struct tape tape;             /* the framed payload */
    struct rdb_writer *writer;    /* NULL: complete, or failed */
    struct memory *memory;
    int64_t offset;               /* the log's offset at its moment */
    int readers;                  /* feeds that still read it; freed with the last */
    bool complete, failed;
    char mark[REPLID_SIZE + 1];
};

/* Takes the view. NULL when memory is out or another view is open. */
struct snapshot *snapshot_open(struct memory *m, struct keyspace *ks, const struct log *l, struct random *r,
                               const struct rdb_info *info);
/* Produces about `budget` bytes more. False when there is no more to come (complete or failed). */
bool snapshot_step(struct snapshot *s, size_t budget);
/* A reader leaves; frees the snapshot with the last one. `slowest` reader positions are the caller's to trim by. */
void snapshot_release(struct snapshot *s);

#endif
