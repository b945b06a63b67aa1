/* live_disk.h: the disk of a node in a live world: what it wants done with files, done by other threads.
 *
 * One is made when a node first wants something, and goes with the node. What has been handed to a thread cannot be
 * taken back, so it outlives the node until the thread is done.
 *
 * SPDX-License-Identifier: MIT */
#ifndef TIDELOCK_WORLD_LIVE_DISK_H
#define TIDELOCK_WORLD_LIVE_DISK_H

#include "world/live_node.h"

struct live_disk;

/* NODE_DISK: begins whatever can be begun, in the node's directory as it is configured now. True: some of it has ended
 * already, and the node is to be settled. `written`: bytes that were written at once in this turn; counted on. */
bool live_disk_begin(struct live_node *ln, size_t *written);
/* Tells the node what has ended while it was paused. */
void live_disk_tell(struct live_node *ln);
/* The node is about to be freed. Waits for what a thread is doing right now. `orderly`: what the node still wanted
 * written to its journal is written first; otherwise it is not, as when a process is killed. */
void live_disk_close(struct live_node *ln, bool orderly);

#endif
