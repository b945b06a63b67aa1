/* live_poll.h: libuv's handle on a descriptor, for sockets and listeners.
 *
 * SPDX-License-Identifier: MIT */
#ifndef TIDELOCK_WORLD_LIVE_POLL_H
#define TIDELOCK_WORLD_LIVE_POLL_H

#include <uv.h>

#include "base/memory.h"

struct live;

struct live_poll {
    uv_poll_t handle;
    void *owner; /* NULL: closed, libuv lets go of it soon */
    struct memory *memory;
};

/* NULL: memory is out or the descriptor cannot be watched. */
struct live_poll *live_poll_new(struct live *live, int fd, void *owner);
/* Stops watching, for ever; the descriptor may be closed at once. */
void live_poll_close(struct live *live, struct live_poll *p);

#endif
