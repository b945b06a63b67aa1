/* live_files.h: operations on real files, carried out in whatever thread calls: they block.
 *
 * The files a node works with stay open, a few of them. One that is opened for writing is locked (flock), and so is the
 * directory it is in, if that is not the node's own (which several may share, with different names): for good, since a
 * journal is all of its files together. So two processes, or two nodes of one, that were given the same files do not
 * write into each other's: the second one's operation fails.
 *
 * SPDX-License-Identifier: MIT */
#ifndef TIDELOCK_WORLD_LIVE_FILES_H
#define TIDELOCK_WORLD_LIVE_FILES_H

#include <uv.h>

#include "persist/disk.h"

enum { LIVE_HANDLES = 8, LIVE_DIRTY = 8, LIVE_LOCKS = 4 };

struct live_handle {
    int fd; /* -1: none */
    bool writable;
    bool forgotten; /* its name means another file now: closed as soon as nobody uses it */
    int users;      /* operations under way */
    int failed;     /* errno of the sync that did; 0: none has */
    int64_t used;   /* when it was last used, as a count of uses */
    char name[DISK_NAME_MAX + 1];
};

/* A directory and what is open in it. Several threads may carry out operations in it. */
struct live_files {
    int fd;    /* the directory; -1: it could not be opened: */
    int error; /* why, as errno */
    uv_mutex_t handles_lock;
    struct live_handle handles[LIVE_HANDLES];
    int64_t uses;
    struct live_lock {
        int fd;
        char name[DISK_NAME_MAX + 1];
    } locks[LIVE_LOCKS]; /* directories that are this node's alone; further ones are not locked */
    int lock_count;
    uv_mutex_t opening_lock;             /* held while a file is opened; before the others */
    uv_mutex_t names_lock;               /* held while directories are synced */
    uv_mutex_t sync_locks[LIVE_HANDLES]; /* …while the handle's file is; alone */
    char dirty[LIVE_DIRTY]
              [DISK_NAME_MAX + 1]; /* directories in which names have changed; "": the node's own */
    int dirty_count;
};

/* False: the system refuses. That there is no such directory is what operations say. */
bool live_files_open(struct live_files *fs, const char *directory);
/* Nothing is under way. */
void live_files_close(struct live_files *fs);

/* What became of an operation. */
struct live_outcome {
    enum disk_state state; /* not DISK_OK before it is carried out: then it is not */
    char error[96];
    size_t size;        /* DISK_READ: bytes at op->data.data */
    struct bytes names; /* DISK_LIST; of memory of its own */
    struct memory memory;
};

void live_outcome_init(struct live_outcome *o);
/* It will not be carried out. */
void live_outcome_fail(struct live_outcome *o, const char *why);
/* Carries out an operation, of which it changes nothing but the bytes at op->data.data: for DISK_READ there is room for
 * op->size of them. */
void live_files_carry_out(struct live_files *fs, const struct disk_op *op, struct live_outcome *outcome);
/* Fills the operation in; frees what the outcome has. */
void live_outcome_apply(struct live_outcome *outcome, struct disk_op *op);

#endif
