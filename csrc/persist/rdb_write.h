/* rdb_write.h: a snapshot in RDB format, taken incrementally.
 *
 * A writer opens a view on the keyspace and, each time it is stepped, appends a slice of the file to a tape; entries
 * that are about to change meanwhile append themselves (store/view.h). A large value takes several steps, unless it is
 * about to change: then the rest of it is written at once. The bytes, once complete, are the dataset as it
 * was at rdb_writer_open, exactly. Whoever wants the bytes (replicas in full sync, a file) reads the tape.
 */
#ifndef TIDELOCK_PERSIST_RDB_WRITE_H
#define TIDELOCK_PERSIST_RDB_WRITE_H

#include "base/tape.h"
#include "command/access.h"
#include "persist/rdb.h"
#include "store/view.h"

struct rdb_writer;

struct rdb_info {
    const char *version; /* aux redis-ver */
    int64_t created_s;   /* aux ctime */
    size_t used_memory;  /* aux used-mem */
    const char *replid;  /* aux repl-id, NULL: leave out (with repl-stream-db and repl-offset) */
    int64_t offset;
    int stream_db; /* aux repl-stream-db */
    char names[RDB_NAMES_MAX +
               1]; /* aux tidelock-names: of the history before this one, whatever they are; "": none */
    bool aof_base; /* aux aof-base: the base of a journal */
    bool plain;    /* rdbcompression no: nothing is packed */
    bool checksum; /* rdbchecksum; otherwise the checksum field is 0 */
    bool bare;     /* no data: header and end alone, and no view is opened */
    const struct access_policy *access; /* of the keyspace; needed for: */
    bool idle, frequency; /* how long, or how often, each key has (not) been used goes into the file */
};

/* Opens a view, unless `bare`, and writes the header. NULL when memory is out or a view is already open. `out` must outlive it. */
struct rdb_writer *rdb_writer_open(struct memory *m, struct keyspace *ks, struct tape *out,
                                   const struct rdb_info *info);
/* Writes about `budget` bytes more. 1: more to do, 0: complete (the tape holds the whole file), -1: memory is out. */
int rdb_writer_step(struct rdb_writer *w, size_t budget);
/* Bytes it holds that are not on the tape yet. */
size_t rdb_writer_held(const struct rdb_writer *w);
/* Keys written and keys in all: progress. */
void rdb_writer_progress(const struct rdb_writer *w, size_t *done, size_t *total);
/* How long after the walk began it is to go on when every key takes `key_us`, so that its end is not early; 0: at once. */
int64_t rdb_writer_due_us(const struct rdb_writer *w, int64_t key_us);
/* Closes the view, complete or not. */
void rdb_writer_close(struct rdb_writer *w);

#endif
