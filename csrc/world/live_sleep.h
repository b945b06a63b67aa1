/* live_sleep.h: running the loop once, and sleeping in it until a deadline.
 *
 * SPDX-License-Identifier: MIT */
#ifndef TIDELOCK_WORLD_LIVE_SLEEP_H
#define TIDELOCK_WORLD_LIVE_SLEEP_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct live_sleep {
    uv_timer_t coarse;
    uv_poll_t fine;
    int fine_fd;      /* -1: there is none, coarse has to do */
    int64_t fine_due; /* it is set to this time, us */
};

void live_sleep_init(struct live_sleep *s, uv_loop_t *loop);
/* One iteration of the loop. Sleeps until monotonic us `deadline` (INT64_MAX: as long as it takes) unless something
 * happens before. */
void live_sleep_until(struct live_sleep *s, int64_t deadline);
/* The loop has to run once more before s may be freed. */
void live_sleep_close(struct live_sleep *s);

#endif
