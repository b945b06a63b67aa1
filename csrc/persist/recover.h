/* recover.h: what a node finds on its disk when it starts, a slice at a time.
 *
 * A recovery reads files through the disk: a snapshot, or a journal (its manifest, its base, its increments). Data from
 * RDB files goes into the keyspace; the requests of increments are handed out one by one, for the owner to execute. It
 * never calls out and never waits: recover_next does what can be done with what has been read.
 *
 *   manifest ──→ base into the keyspace ──→ every increment looked over ──→ every increment handed out
 *
 * All increments are looked over before the first request is handed out, so it is known where the last one ends:
 *
 *   - a file that is named and missing, damage, a gap between two files: RECOVER_FAILED, with file and offset
 *   - a tail that was being written when the power went: cut off there (options.cut), or RECOVER_FAILED. It is one when
 *     nothing behind it says that it had been durable (persist/journal_format.h); in a file without frames, Redis's, when
 *     it ends in the middle of a request.
 *
 * Without a manifest, a file with the journal's name beside the snapshot is a journal too: an older Redis's, in one file.
 *
 * A journal's files were written by a process that may have been killed (options.settle). What the system still has of
 * them in its cache may never have got to the disk, so each is settled before it is read (DISK_SETTLE in disk.h): what
 * was never synced is, and what a sync had failed for is not taken for more than the disk has of it, the beginning of
 * a torn tail. So what is loaded is durable. Where it cannot be settled it is loaded as it is and doubted
 * (found.doubted): good data, of which nobody knows how much is durable.
 */
#ifndef TIDELOCK_PERSIST_RECOVER_H
#define TIDELOCK_PERSIST_RECOVER_H

#include "persist/disk.h"
#include "persist/journal_format.h"
#include "persist/manifest.h"
#include "persist/rdb_read.h"

enum recover_event {
    RECOVER_WAIT,    /* for the disk */
    RECOVER_MORE,    /* there is more to do: come again */
    RECOVER_REQUEST, /* recover_request says which; then come again */
    RECOVER_ORIGIN,  /* recover_origin: from here on the log is this history */
    RECOVER_DONE,    /* recover_found says what there was */
    RECOVER_FAILED
};

struct recover_options {
    struct memory *memory;
    struct disk *disk;
    struct keyspace *keyspace; /* where the data goes; empty */
    const char *snapshot;      /* name of the RDB file; NULL: none is looked for */
    const char *directory,
        *journal; /* of the journal; NULL: none. Where there is one, no snapshot is looked for */
    const char *
        base; /* an RDB file in place of the journal's base, made at some moment that its increments have; NULL: its own */
    const struct access_policy *access; /* rdb_read.h */
    int64_t bulk_max;                   /* longest string accepted */
    bool cut;                           /* a torn tail is cut off */
    bool settle;                        /* the journal is to be durable as it is read */
    int64_t to_offset, to_time_s;       /* go no further; INT64_MAX: to the end */
};

struct recover_request {
    int argc;
    const struct slice *argv;
    struct slice raw; /* its bytes */
    bool applies;     /* it changes data, in `db`; others (SELECT, MULTI, PING, …) are the log's alone */
    bool counts;      /* its bytes are the log's */
    int db;
};

struct recover_found {
    bool anything;                 /* there was a file */
    char replid[41];               /* the history that the data is of, "": it does not say */
    int64_t offset;                /* …and how far along that */
    int db;                        /* database the stream stands at */
    char names[RDB_NAMES_MAX + 1]; /* …and its former names, as the RDB file has them; "": none */
    int64_t keys, expired;         /* from RDB files; of these, such whose time is over */
    /* what could have been asked for with to_offset and to_time_s: from where on; the times that were passed */
    int64_t first_offset;              /* -1: it does not say */
    int64_t first_time_s, last_time_s; /* 0: it does not say */
    int64_t timed;                     /* requests that have a time */
    bool stopped;                      /* there is more behind the point that was asked for */
    /* a journal */
    bool journal;
    bool single; /* …of an older Redis: one file beside the snapshot, which is not gone on with */
    struct manifest manifest;
    int64_t position;        /* where the last increment ends; -1: it cannot be continued as it is */
    bool doubted;            /* some of it could not be settled: it may not be durable */
    int64_t base_size, size; /* bytes */
    int64_t cut;             /* bytes of a torn tail */
    bool ends_early;         /* RECOVER_FAILED: there is one, which was not to be cut off */
    bool damaged;            /* …or bytes that are no request */
    char torn[200];          /* what was torn, and where; "": nothing */
};

struct recover;

/* NULL when memory is out. Texts must outlive it. */
struct recover *recover_new(const struct recover_options *options);
void recover_free(struct recover *r);
/* Goes on: one piece of a file at most. */
enum recover_event recover_next(struct recover *r);
/* Good until the next recover_next. */
const struct recover_request *recover_request(const struct recover *r);
const struct journal_origin *recover_origin(const struct recover *r);
/* The request cannot be executed: the recovery fails, with this as the reason. */
void recover_reject(struct recover *r, const char *why);
/* Good until recover_free. */
const struct recover_found *recover_found(const struct recover *r);
/* After RECOVER_FAILED: what is wrong, where ("dump.rdb: RDB at offset 1234: …"). */
const char *recover_error(const struct recover *r);
/* Bytes loaded so far, and how many there are in all (0: not known). */
int64_t recover_progress(const struct recover *r, int64_t *total);

#endif
