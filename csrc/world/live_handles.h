/* live_handles.h: what live_files.c has open, and what it knows of names: which are locked, which are not durable yet.
 *
 * What makes a name durable is a sync of its directory. Directories in which a file was made, renamed or removed are
 * noted, and synced together with the next file that is. The note is held while that happens, so that nobody takes
 * a name for durable whose directory another lane is still syncing.
 *
 * A file whose sync has failed is lost: the system says so once, to one of two syncs that are under way at a time, and
 * the next one works though it has written nothing. So a file is synced by one at a time, and never again after a sync
 * that failed.
 *
 * All of these may be called from several threads. Errors are errno's; 0: none.
 *
 * SPDX-License-Identifier: MIT */
#ifndef TIDELOCK_WORLD_LIVE_HANDLES_H
#define TIDELOCK_WORLD_LIVE_HANDLES_H

#include "world/live_files.h"

enum live_purpose { LIVE_TO_READ, LIVE_TO_CHANGE, LIVE_TO_MAKE };

/* An open file, to be released; NULL: `error` says why there is none (EWOULDBLOCK: somebody else writes to it). */
struct live_handle *live_handle_use(struct live_files *fs, const char *name, enum live_purpose purpose,
                                    int *error);
void live_handle_release(struct live_files *fs, struct live_handle *h);
/* Makes its content durable, not its name. Fails for good. */
int live_handle_sync(struct live_files *fs, struct live_handle *h, bool data_only);
/* The name means another file now, or none. */
void live_handles_forget(struct live_files *fs, const char *name);

/* Sees to it that the directory a file is in is this node's alone, unless it is the node's own. */
int live_parent_lock(struct live_files *fs, const char *name);
/* The directory part of a name: "" for the node's own. */
void live_parent_of(const char *name, char parent[DISK_NAME_MAX + 1]);
/* Names in this directory are no longer durable. When there are too many such, they are synced now. */
int live_names_changed(struct live_files *fs, const char *parent);
/* All names are durable. */
int live_names_sync(struct live_files *fs);

#endif
