/* disk.h: what a node wants done with its files, in order, and what became of it.
 *
 * A node never touches a file. It puts operations into queues, called lanes; whoever drives it carries them out and says
 * how each ended:
 *
 *      journal.c, save.c, recover.c           the driver (simulated disks, libuv)
 *      disk_write, disk_sync, … ──→ lane ──→ disk_next … disk_done ──→ op->state ──→ disk_take by its owner
 *
 * The operations of one lane are carried out one after another, in the order they were asked for; lanes do not wait for
 * each other. So a snapshot that is being written does not hold up the journal's fsync. When one fails, those behind it
 * in the lane still run: the owner knows which it needs.
 *
 * Names are relative to the node's directory (`dir`): one or two parts with a '/' between, none of them empty or
 * beginning with '.', without control characters. The driver makes directories as needed.
 *
 * What each promises, also of a machine that loses power right after:
 *
 *   DISK_READ      up to `size` bytes from `offset` on; fewer mean the end of the file. A missing file: DISK_MISSING.
 *   DISK_WRITE     puts `data` at `offset` (-1: at the end), making the file. Nothing is durable before the sync.
 *   DISK_SYNC      everything written to the file before it is durable, and so is the file's being there.
 *   DISK_TRUNCATE  cuts the file to `offset` bytes; durable with the next sync.
 *   DISK_RENAME    `name` becomes `to`, replacing it: at once and durably, or not at all. When it fails, either.
 *   DISK_REMOVE    no error when the file is missing. Durable with the next sync or rename of any file.
 *   DISK_LIST      the names of the files in directory `name` ("": the node's own), each followed by '\n', in byte
 *                  order; none when there is no such directory.
 *   DISK_SETTLE    for a file that an earlier process wrote: DISK_SYNC, and what is read of the file afterwards is what
 *                  the disk has. A missing file: DISK_MISSING.
 *
 * Without it (a process killed, the machine up) everything that was carried out is there, in the system's cache. That
 * says nothing about the disk: it may never have been synced, and what a sync has failed for the system takes for
 * written, so that it is read, and no later sync that works has written it. Hence DISK_SETTLE.
 *
 * When the configuration names another directory, the driver goes there as soon as nothing is under way; so the node
 * does not let it be changed in the middle of something.
 */
#ifndef TIDELOCK_PERSIST_DISK_H
#define TIDELOCK_PERSIST_DISK_H

#include "base/bytes.h"
#include "base/list.h"

enum disk_kind {
    DISK_READ,
    DISK_WRITE,
    DISK_SYNC,
    DISK_TRUNCATE,
    DISK_RENAME,
    DISK_REMOVE,
    DISK_LIST,
    DISK_SETTLE
};

/* DISK_LANE_SYNC: for syncs that the writes of another lane need not wait for; they cover what had completed before. */
enum disk_lane { DISK_LANE_JOURNAL, DISK_LANE_SYNC, DISK_LANE_SNAPSHOT, DISK_LANE_READ, DISK_LANES };

enum disk_state {
    DISK_QUEUED,
    DISK_RUNNING, /* the driver has it */
    DISK_OK,
    DISK_MISSING, /* DISK_READ, DISK_RENAME: there is no such file */
    DISK_FULL,    /* ENOSPC, EDQUOT: part of a write may have been done */
    DISK_FAILED   /* EIO and everything else; after a failed DISK_SYNC nothing is known about the file */
};

enum { DISK_NAME_MAX = 255, DISK_READ_MAX = 1024 * 1024, DISK_WRITE_MAX = 16 * 1024 * 1024 };

struct disk_op {
    struct list link; /* of its lane, then nobody's */
    struct list done; /* of disk.completed, until disk_take */
    enum disk_kind kind;
    enum disk_lane lane;
    enum disk_state state;
    int64_t id;        /* from 1, in the order of asking */
    const void *owner; /* whoever asked: disk_take(owner); NULL: nobody (any more) */
    int64_t offset;    /* -1: at the end */
    size_t size;       /* DISK_READ: wanted */
    struct bytes data; /* DISK_WRITE: what to write. DISK_READ, DISK_LIST: what came of it */
    char error[96];    /* the system's words for what went wrong */
    char name[DISK_NAME_MAX + 1], to[DISK_NAME_MAX + 1];
};

struct disk {
    struct memory *memory;
    struct list lanes[DISK_LANES]; /* of struct disk_op.link: queued and running */
    size_t asked;                  /* operations in the lanes */
    struct list completed;         /* of struct disk_op.done, in the order of completion */
    int64_t next_id;
    size_t queued_bytes[DISK_LANES];                /* to be written: what holds an owner back */
    int64_t syncs, writes, written_bytes, failures; /* carried out: for INFO */
};

void disk_init(struct disk *d, struct memory *m);
/* Drops everything; the driver has let go of what was running. */
void disk_free(struct disk *d);

/* ---- for owners. All return the operation, which stays the disk's until it is taken; NULL: memory is out. `owner`
 * NULL: nobody will take it, it is freed when it completes ---- */

struct disk_op *disk_read(struct disk *d, enum disk_lane lane, const void *owner, const char *name,
                          int64_t offset, size_t size);
/* Takes over what is in `data`, which is empty afterwards (also when it fails). */
struct disk_op *disk_write(struct disk *d, enum disk_lane lane, const void *owner, const char *name,
                           int64_t offset, struct bytes *data);
struct disk_op *disk_sync(struct disk *d, enum disk_lane lane, const void *owner, const char *name);
struct disk_op *disk_truncate(struct disk *d, enum disk_lane lane, const void *owner, const char *name,
                              int64_t size);
struct disk_op *disk_rename(struct disk *d, enum disk_lane lane, const void *owner, const char *name,
                            const char *to);
struct disk_op *disk_remove(struct disk *d, enum disk_lane lane, const void *owner, const char *name);
struct disk_op *disk_list(struct disk *d, enum disk_lane lane, const void *owner, const char *name);
struct disk_op *disk_settle(struct disk *d, enum disk_lane lane, const void *owner, const char *name);

/* The oldest completed operation of this owner, which is the owner's now (disk_op_free); NULL: none. */
struct disk_op *disk_take(struct disk *d, const void *owner);
void disk_op_free(struct disk *d, struct disk_op *op);
/* The owner goes away: its completed operations are freed, and those to come are when they complete. */
void disk_forget(struct disk *d, const void *owner);

/* ---- for drivers ---- */

/* The next operation to start in some lane whose earlier ones have all completed; it is running now. NULL: none. */
struct disk_op *disk_next(struct disk *d);
/* The same, and leaves it where it is. */
const struct disk_op *disk_startable(const struct disk *d);
/* Whether disk_next would have one. */
static inline bool disk_ready(const struct disk *d) { return d->asked > 0 && disk_startable(d); }
/* The operation behind a running one in its lane, running now too; NULL: none. For a driver that keeps a lane's order
 * itself and carries several out in one go. */
struct disk_op *disk_behind(struct disk *d, struct disk_op *op);
/* How it ended: state, error, and data have been filled in. Those of one lane end in order. */
void disk_done(struct disk *d, struct disk_op *op);
/* One or two parts, of which none is empty or begins with a dot. */
bool disk_name_good(const char *name);
/* Whether its names are what they may be. A driver answers others with DISK_FAILED, and touches nothing. */
bool disk_names_good(const struct disk_op *op);
/* Fills in state and error, as by printf. */
void disk_fail(struct disk_op *op, enum disk_state state, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
