/* live.c: a world in real time: its life, its turns, its alarms.
 *
 * See live_internal.h for what a turn is. The loop is run by world_step alone, one iteration at a time, and there is no
 * callback of ours that does more than note what happened and feed it in; so whoever drives the world decides when
 * things happen, and several worlds can be driven side by side.
 *
 * SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "world/live_internal.h"

struct live_timer {
    struct live_alarm alarm;
    struct live *live;
    int64_t ticket;
};

/* ---- time ---- */

static int64_t clock_now(void) { return (int64_t)(uv_hrtime() / 1000); }

static int64_t live_clock(const struct world *w)
{
    (void)w;
    return clock_now();
}

static int64_t live_wall(const struct world *w)
{
    (void)w;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t live_now(struct live *l)
{
    if (!l->now_known) l->now = clock_now();
    l->now_known = true;
    return l->now;
}

uint64_t live_seed(void)
{
    uint64_t seed = 0;
    if (uv_random(NULL, NULL, &seed, sizeof seed, 0, NULL) != 0) seed = uv_hrtime();
    return seed;
}

/* ---- alarms ---- */

static void alarm_moved(void *item, size_t index) { ((struct live_alarm *)item)->index = index; }

void live_alarm_init(struct live_alarm *a, void (*ring)(struct live_alarm *a))
{
    *a = (struct live_alarm){.index = SIZE_MAX, .ring = ring};
}

bool live_alarm_set(struct live *l, struct live_alarm *a, int64_t at)
{
    if (a->index == SIZE_MAX) return heap_insert(&l->alarms, at, a);
    heap_rekey(&l->alarms, a->index, at);
    return true;
}

void live_alarm_clear(struct live *l, struct live_alarm *a)
{
    if (a->index != SIZE_MAX) heap_remove(&l->alarms, a->index);
    a->index = SIZE_MAX;
}

static void alarms_ring(struct live *l)
{
    const struct heap_slot *first;
    while ((first = heap_top(&l->alarms)) != NULL && first->key <= live_now(l)) {
        struct live_alarm *a = first->item;
        heap_rekey(&l->alarms, a->index, INT64_MAX);
        a->ring(a);
    }
}

static void timer_free(struct live_timer *t)
{
    live_alarm_clear(t->live, &t->alarm);
    memory_free(&t->live->base.memory, t, sizeof *t);
}

static void timer_rings(struct live_alarm *a)
{
    struct live_timer *t = list_item(a, struct live_timer, alarm);
    world_complete_timer(&t->live->base, t->ticket);
    timer_free(t);
}

static enum world_result live_timer_start(struct world *w, int64_t ticket, int64_t at)
{
    struct live *l = live_of(w);
    struct live_timer *t = memory_alloc_zero(&w->memory, sizeof *t);
    if (!t) return WORLD_NO_MEMORY;
    t->live = l;
    t->ticket = ticket;
    live_alarm_init(&t->alarm, timer_rings);
    if (live_alarm_set(l, &t->alarm, at)) return WORLD_OK;
    memory_free(&w->memory, t, sizeof *t);
    return WORLD_NO_MEMORY;
}

static void starved_rings(struct live_alarm *a)
{
    live_listener_feed(list_item(a, struct live, feed_starved));
}

/* ---- turns ---- */

static void live_turn(struct live *l)
{
    l->now_known = false;
    live_socket_tell_late(l);
    alarms_ring(l);
    live_nodes_advance(l);
    live_nodes_settle(l);
    live_clients_send(l);
    l->now_known = false;
}

/* Monotonic us at which something has to be done at the latest. */
static int64_t live_deadline(const struct live *l)
{
    if (!list_empty(&l->late) || !list_empty(&l->turning) || !list_empty(&l->sending)) return 0;
    const struct heap_slot *first = heap_top(&l->alarms);
    int64_t nodes = live_nodes_deadline(l);
    return first && first->key < nodes ? first->key : nodes;
}

/* One iteration of the loop, which sleeps until `deadline` unless something happens before. */
static void live_poll(struct live *l, int64_t deadline)
{
    l->touched = false;
    l->now_known = false; /* what the loop reports happens now */
    live_sleep_until(&l->sleep, deadline);
    l->now_known = false;
    l->polled = live_now(l);
}

void live_breathe(struct live *l)
{
    l->now_known = false;
    if (live_now(l) - l->polled < LIVE_BREATH_US) return;
    live_turn(l);
    live_poll(l, 0);
    live_turn(l);
}

/* Without a limit: whether a completion can come at all, or at least somebody can be served. */
static bool nothing_can_happen(struct live *l)
{
    if (!uv_loop_alive(&l->loop)) return true;
    return l->base.queue.outstanding == 0 && !live_nodes_running(l) && !l->watches_signals;
}

/* Bytes of diary that nobody has taken. */
static size_t said(const struct world *w)
{
    size_t size = 0;
    list_each(link, &w->nodes) size += list_item(link, struct world_node, member)->diary.size;
    return size;
}

static int live_step(struct world *w, int64_t until)
{
    struct live *l = live_of(w);
    size_t before = said(w);
    live_turn(l);
    if (world_has_completion(w)) live_breathe(l);
    while (!world_has_completion(w)) {
        if (l->stopping && !l->stop_told) {
            l->stop_told = true;
            return 0;
        }
        int64_t deadline = live_deadline(l);
        if (deadline == INT64_MAX && until == INT64_MAX && nothing_can_happen(l)) return -1;
        live_poll(l, deadline < until ? deadline : until);
        live_turn(l);
        if (clock_now() >= until) break;
        if (l->watches_signals && said(w) > before) break; /* it is a server's: the log is to say it soon */
    }
    return world_has_completion(w) ? 1 : 0;
}

int world_live_fd(const struct world *w) { return uv_backend_fd(&((const struct live *)w)->loop); }

int64_t world_live_timeout(const struct world *w)
{
    const struct live *l = (const struct live *)w;
    if (world_has_completion(w) || l->touched || (l->stopping && !l->stop_told)) return 0;
    int64_t deadline = live_deadline(l), now = clock_now();
    if (deadline == INT64_MAX) return -1;
    return deadline > now ? deadline - now : 0;
}

/* ---- signals ---- */

static void signalled(uv_signal_t *handle, int number)
{
    struct live *l = handle->data;
    l->signal = number;
    l->stopping = true;
}

enum world_result world_live_watch_signals(struct world *w)
{
    static const int numbers[2] = {SIGTERM, SIGINT};
    struct live *l = live_of(w);
    if (l->watches_signals) return WORLD_OK;
    l->touched = true;
    for (int i = 0; i < 2; i++) {
        int error = uv_signal_start(&l->signals[i], signalled, numbers[i]);
        if (error != 0) return world_fail(w, WORLD_REFUSED, "cannot watch signals: %s", uv_strerror(error));
    }
    l->watches_signals = true;
    return WORLD_OK;
}

bool world_live_stopping(const struct world *w) { return ((const struct live *)w)->stopping; }

int world_live_signal(const struct world *w) { return ((const struct live *)w)->signal; }

void world_live_go_on(struct world *w)
{
    struct live *l = live_of(w);
    l->stopping = l->stop_told = false;
    l->signal = 0;
}

/* ---- life ---- */

static void live_free(struct world *w);

static const struct world_ops live_ops = {
    .free = live_free,
    .now = live_clock,
    .wall = live_wall,
    .step = live_step,
    .timer = live_timer_start,
    .node_new = live_node_new,
    .node_enter = live_node_enter,
    .node_turn = live_node_turn,
    .node_crash = live_node_crash,
    .node_restart = live_node_restart,
    .node_pause = live_node_pause,
    .client_alloc = live_client_alloc,
    .client_free = live_client_free,
    .client_settle = live_client_settle,
    .client_open = live_client_open,
    .client_send = live_client_send,
    .client_close = live_client_close,
    .client_alarm = live_client_alarm,
};

static void describe_host(struct live *l)
{
    uv_utsname_t name;
    if (uv_os_uname(&name) == 0)
        snprintf(l->os, sizeof l->os, "%.40s %.40s %.40s", name.sysname, name.release, name.machine);
    size_t size = sizeof l->executable;
    if (uv_exepath(l->executable, &size) != 0) l->executable[0] = '\0';
}

static bool live_begin(struct live *l)
{
    if (uv_loop_init(&l->loop) != 0) return false;
    live_sleep_init(&l->sleep, &l->loop);
    for (int i = 0; i < 2; i++) {
        uv_signal_init(&l->loop, &l->signals[i]);
        l->signals[i].data = l;
    }
    return true;
}

struct world *world_live_new(const struct command_index *commands)
{
    struct live *l = calloc(1, sizeof *l);
    if (!l) return NULL;
    world_init(&l->base, &live_ops, commands, live_seed());
    heap_init(&l->alarms, &l->base.memory, alarm_moved);
    list_init(&l->turning);
    list_init(&l->sending);
    list_init(&l->late);
    list_init(&l->starved);
    list_init(&l->relays);
    live_alarm_init(&l->feed_starved, starved_rings);
    l->chunk = memory_alloc(&l->base.memory, LIVE_CHUNK);
    if (!l->chunk || !live_alarm_set(l, &l->feed_starved, INT64_MAX) || !live_begin(l)) {
        heap_free(&l->alarms);
        memory_free(&l->base.memory, l->chunk, LIVE_CHUNK);
        world_finish(&l->base);
        free(l);
        return NULL;
    }
    describe_host(l);
    l->polled = live_now(l);
    return &l->base;
}

static void free_alarms(struct live *l)
{
    while (heap_top(&l->alarms)) {
        struct live_alarm *a = heap_top(&l->alarms)->item;
        if (a->ring == timer_rings)
            timer_free(list_item(a, struct live_timer, alarm));
        else
            live_alarm_clear(l, a);
    }
    heap_free(&l->alarms);
}

static void live_free(struct world *w)
{
    struct live *l = live_of(w);
    live_relays_free(l);
    list_each_safe(link, &w->clients)
    {
        struct world_client *c = list_item(link, struct world_client, member);
        live_client_close(c);
        client_finish(c);
    }
    list_each_safe(link, &w->nodes) live_node_free(list_item(link, struct world_node, member));
    free_alarms(l);
    live_sleep_close(&l->sleep);
    for (int i = 0; i < 2; i++) uv_close((uv_handle_t *)&l->signals[i], NULL);
    uv_run(&l->loop, UV_RUN_DEFAULT); /* lets go of what has been closed */
    uv_loop_close(&l->loop);
    memory_free(&w->memory, l->chunk, LIVE_CHUNK);
    world_finish(w);
    free(l);
}
