/* live_sleep.c: sleeping to the microsecond in a loop that counts milliseconds.
 *
 * libuv's timers, and epoll below them, count whole milliseconds: too coarse for a link that delays by 500 us. So the
 * last few milliseconds before a deadline are left to a timerfd where there is one, as one more descriptor of the loop.
 * Setting it costs a system call, so a deadline that is far away is left to libuv's timer, which wakes a little early.
 * Elsewhere the deadline is rounded up: late by up to a millisecond, never early.
 *
 * SPDX-License-Identifier: MIT */
#include "world/live_sleep.h"

#include <unistd.h>

#ifdef __linux__
#include <sys/timerfd.h>
#endif

enum { FINE_US = 10000 /* deadlines nearer than this are waited for exactly */ };

static int64_t now_us(void) { return (int64_t)(uv_hrtime() / 1000); }

static void coarse_due(uv_timer_t *timer) { (void)timer; }

#ifdef __linux__

static void fine_due(uv_poll_t *handle, int status, int events)
{
    struct live_sleep *s = handle->data;
    uint64_t times;
    (void)status;
    (void)events;
    s->fine_due = INT64_MAX;
    if (read(s->fine_fd, &times, sizeof times) < 0) return; /* it was set anew meanwhile */
}

static void fine_begin(struct live_sleep *s, uv_loop_t *loop)
{
    s->fine_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (s->fine_fd < 0) return;
    if (uv_poll_init(loop, &s->fine, s->fine_fd) != 0) {
        close(s->fine_fd);
        s->fine_fd = -1;
        return;
    }
    s->fine.data = s;
    uv_poll_start(&s->fine, UV_READABLE, fine_due);
    uv_unref((uv_handle_t *)&s->fine);
}

static void fine_set(struct live_sleep *s, int64_t deadline)
{
    if (deadline == s->fine_due) return;
    struct itimerspec at = {.it_value = {.tv_sec = deadline / 1000000, .tv_nsec = deadline % 1000000 * 1000}};
    if (timerfd_settime(s->fine_fd, TFD_TIMER_ABSTIME, &at, NULL) == 0) s->fine_due = deadline;
}

#else

static void fine_begin(struct live_sleep *s, uv_loop_t *loop)
{
    (void)loop;
    s->fine_fd = -1;
}

static void fine_set(struct live_sleep *s, int64_t deadline)
{
    (void)s;
    (void)deadline;
}

#endif

void live_sleep_init(struct live_sleep *s, uv_loop_t *loop)
{
    uv_timer_init(loop, &s->coarse);
    s->fine_due = INT64_MAX;
    fine_begin(s, loop);
}

void live_sleep_close(struct live_sleep *s)
{
    uv_close((uv_handle_t *)&s->coarse, NULL);
    if (s->fine_fd < 0) return;
    uv_close((uv_handle_t *)&s->fine, NULL);
    close(s->fine_fd);
}

/* The loop's timer, in its own milliseconds. */
static void coarse_set(struct live_sleep *s, int64_t deadline)
{
    uint64_t due_ms = (uint64_t)deadline / 1000 + (deadline % 1000 != 0), now_ms = uv_now(s->coarse.loop);
    uv_timer_start(&s->coarse, coarse_due, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

void live_sleep_until(struct live_sleep *s, int64_t deadline)
{
    uv_loop_t *loop = s->coarse.loop;
    int64_t left = deadline == INT64_MAX ? INT64_MAX : deadline - now_us();
    if (left <= 0) {
        uv_run(loop, UV_RUN_NOWAIT);
        return;
    }
    bool fine = s->fine_fd >= 0 && left <= FINE_US;
    if (fine || left == INT64_MAX)
        uv_timer_stop(&s->coarse);
    else
        coarse_set(s, s->fine_fd >= 0 ? deadline - FINE_US / 2 : deadline);
    if (fine) {
        fine_set(s, deadline);
        uv_ref((uv_handle_t *)&s->fine); /* only now is it a reason to go on */
    }
    uv_run(loop, UV_RUN_ONCE);
    if (fine) uv_unref((uv_handle_t *)&s->fine);
}
