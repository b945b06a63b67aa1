/* recover.h: what a node finds on its disk when it starts, a slice at a time.
 *
 * A recovery reads files through the disk and fills a keyspace. It never calls out and never waits: recover_next does
 * what can be done with what has been read and says how it stands.
 */
#ifndef TIDELOCK_PERSIST_RECOVER_H
#define TIDELOCK_PERSIST_RECOVER_H

#include "persist/disk.h"
#include "persist/rdb_read.h"

enum recover_event {
    RECOVER_WAIT, /* for the disk */
    RECOVER_MORE, /* there is more to do: come again */
    RECOVER_DONE, /* `found` says what there was */
    RECOVER_FAILED
};

struct recover_options {
    struct memory *memory;
    struct disk *disk;
    struct keyspace *keyspace; /* where the data goes; empty */
    const char *snapshot;      /* name of the RDB file */
    int64_t bulk_max;          /* longest string accepted */
};

struct recover_found {
    bool anything;   /* there was a file */
    char replid[41]; /* the history it is of, "": it does not say */
    int64_t offset;  /* …and how far along that */
    int db;          /* database the stream stands at */
    int64_t keys;
};

struct recover;

/* NULL when memory is out. Texts must outlive it. */
struct recover *recover_new(const struct recover_options *options);
void recover_free(struct recover *r);
/* Goes on: one piece of a file at most. */
enum recover_event recover_next(struct recover *r);
const struct recover_found *recover_found(const struct recover *r);
/* After RECOVER_FAILED: what is wrong, where ("dump.rdb: RDB at offset 1234: …"). */
const char *recover_error(const struct recover *r);
/* Bytes read so far. */
int64_t recover_progress(const struct recover *r);

#endif
