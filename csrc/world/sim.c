/* sim.c: the simulated world: its life, its clock, and the loop that makes events happen.
 *
 * Everything a run depends on is in the seed and in the calls of whoever drives the world. The event hash is the proof:
 * it takes in each event's time, kind and order, and every byte that arrives anywhere, so that two runs with
 * equal hashes were the same run.
 *
 * When memory runs out in the middle of an event nothing can be undone, and a world that went on would no longer be
 * what its seed says: it stops, and world_step says so.
 */
#include "world/sim.h"

#include "base/little.h"
#include "world/check.h"
#include "world/sim_disk.h"

/* ---- the event hash ---- */

/* Two rounds of multiply and shift (as in murmur's finalizer), one for each word. */
void sim_fold(struct sim *s, uint64_t a, uint64_t b)
{
    uint64_t h = (s->hash ^ a) * UINT64_C(0xff51afd7ed558ccd);
    h = ((h ^ h >> 32) ^ b) * UINT64_C(0xc4ceb9fe1a85ec53);
    s->hash = h ^ h >> 29;
}

void sim_fold_bytes(struct sim *s, const char *data, size_t size)
{
    const uint8_t *p = (const uint8_t *)data;
    uint8_t last[16] = {0};
    for (; size >= 16; p += 16, size -= 16) sim_fold(s, little_load64(p), little_load64(p + 8));
    if (size == 0) return;
    memcpy(last, p, size);
    sim_fold(s, little_load64(last), little_load64(last + 8));
}

/* ---- events ---- */

uint64_t sim_schedule(struct sim *s, int64_t at, enum sim_event_kind kind, void *target)
{
    uint64_t order = sim_events_add(&s->events, at, kind, target);
    if (order == 0) s->broken = true;
    return order;
}

/* Whether the target has stopped waiting for this event. Such an event does not even move the clock. */
static bool stale(struct sim *s, const struct sim_event *e)
{
    const struct sim_pipe *pipe = e->target.pointer;
    switch (sim_event_kind(e)) {
    case SIM_TIMER: return world_ticket_cancelled(&s->world, e->target.ticket);
    case SIM_NODE_ALARM: return !sim_node_expects(e->target.pointer, e->order);
    case SIM_CLIENT_ALARM: return !sim_client_expects(e->target.pointer, e->order);
    case SIM_ARRIVAL: return pipe->arrival_event != e->order;
    case SIM_ROOM: return pipe->room_event != e->order;
    case SIM_BREAK: return pipe->break_event != e->order;
    case SIM_DISK: return !sim_node_expects_disk(e->target.pointer, e->order);
    default: return ((const struct sim_conn *)e->target.pointer)->syn_event != e->order;
    }
}

static void happen(struct sim *s, struct sim_event e)
{
    s->event_count++;
    sim_fold(s, (uint64_t)e.at, e.order);
    switch (sim_event_kind(&e)) {
    case SIM_TIMER: world_complete_timer(&s->world, e.target.ticket); break;
    case SIM_NODE_ALARM: sim_node_alarm(e.target.pointer); break;
    case SIM_CLIENT_ALARM: sim_client_alarm(e.target.pointer); break;
    case SIM_ARRIVAL: sim_pipe_arrival(e.target.pointer); break;
    case SIM_ROOM: sim_pipe_room(e.target.pointer); break;
    case SIM_BREAK: sim_pipe_break(e.target.pointer); break;
    case SIM_DISK: sim_node_disk_event(e.target.pointer); break;
    default: sim_conn_event(e.target.pointer, sim_event_kind(&e)); break;
    }
}

static int broken(struct sim *s)
{
    world_fail(&s->world, WORLD_NO_MEMORY,
               "memory ran out in the middle of an event: the simulation cannot go on");
    return -2;
}

static int sim_step(struct world *w, int64_t until)
{
    struct sim *s = sim_of(w);
    while (!s->broken) {
        if (world_has_completion(w)) return 1;
        const struct sim_event *first = sim_events_first(&s->events);
        if (first && stale(s, first)) {
            if (sim_event_kind(first) == SIM_TIMER) world_complete_timer(w, first->target.ticket);
            sim_events_drop_first(&s->events);
            continue;
        }
        if (!first && until == INT64_MAX) return -1;
        if (!first || first->at > until) {
            if (until > s->now) s->now = until;
            return 0;
        }
        struct sim_event e = *first;
        sim_events_drop_first(&s->events);
        s->now = e.at;
        happen(s, e);
    }
    return broken(s);
}

static enum world_result sim_timer(struct world *w, int64_t ticket, int64_t at)
{
    struct sim *s = sim_of(w);
    if (sim_events_add_ticket(&s->events, at > s->now ? at : s->now, ticket) != 0) return WORLD_OK;
    return world_fail(w, WORLD_NO_MEMORY, "out of memory");
}

/* ---- life ---- */

static int64_t sim_now(const struct world *w) { return sim_of_const(w)->now; }

static int64_t sim_wall(const struct world *w) { return SIM_EPOCH_US + sim_of_const(w)->now; }

/* First everybody stops, with which all connections end; only then do places go, which connections point at. */
static void sim_free(struct world *w)
{
    struct sim *s = sim_of(w);
    while (!list_empty(&w->clients))
        world_client_free(list_item(w->clients.next, struct world_client, member));
    list_each(link, &w->nodes) sim_node_stop(list_item(link, struct world_node, member));
    while (!list_empty(&w->nodes)) sim_node_free(list_item(w->nodes.next, struct world_node, member));
    sim_segments_finish(s);
    sim_pool_finish(&s->conns);
    sim_pool_finish(&s->clients);
    sim_links_finish(&s->links);
    sim_events_finish(&s->events);
    check_free(s->check);
    world_finish(w);
    struct memory m = w->memory;
    memory_free(&m, s, sizeof *s);
}

static const struct world_ops sim_ops = {
    .free = sim_free,
    .now = sim_now,
    .wall = sim_wall,
    .step = sim_step,
    .timer = sim_timer,
    .node_new = sim_node_new,
    .node_enter = sim_node_enter,
    .node_turn = sim_node_turn,
    .node_crash = sim_node_crash,
    .node_restart = sim_node_restart,
    .node_pause = sim_node_pause,
    .link_get = sim_link_get,
    .link_set = sim_link_set,
    .disk_get = sim_disk_get,
    .disk_set = sim_disk_set,
    .disk_stall = sim_disk_stall_node,
    .node_file = sim_node_file,
    .node_put_file = sim_node_put_file,
    .client_alloc = sim_client_alloc,
    .client_free = sim_client_free,
    .client_settle = sim_client_settle,
    .client_open = sim_client_open,
    .client_send = sim_client_send,
    .client_close = sim_client_close,
    .client_alarm = sim_client_set_alarm,
};

/* The same with somebody who looks at replies. */
static struct world_ops checking_ops(void)
{
    struct world_ops ops = sim_ops;
    ops.client_replied = sim_client_replied;
    return ops;
}

struct world *world_sim_new(const struct world_sim_options *options, const struct command_index *commands)
{
    struct memory m;
    memory_init(&m);
    struct sim *s = memory_alloc_zero(&m, sizeof *s);
    if (!s) return NULL;
    s->ops = options->check ? checking_ops() : sim_ops;
    world_init(&s->world, &s->ops, commands, options->seed);
    s->world.memory.used += sizeof *s;
    s->seed = options->seed;
    s->hash = options->seed;
    s->disks = sim_disk_standard;
    struct memory *memory = &s->world.memory;
    sim_events_init(&s->events, memory);
    sim_links_init(&s->links, memory, options->seed);
    sim_segments_init(s);
    sim_pool_init(&s->conns, memory, sizeof(struct sim_conn));
    sim_pool_init(&s->clients, memory, sim_client_size());
    if (options->check) s->check = check_new(memory, options->seed);
    if (options->check && !s->check) {
        sim_free(&s->world);
        return NULL;
    }
    return &s->world;
}

bool world_is_sim(const struct world *w) { return w->ops->free == sim_free; }

uint64_t world_sim_hash(const struct world *w) { return sim_of_const(w)->hash; }

int64_t world_sim_events(const struct world *w) { return sim_of_const(w)->event_count; }

const char *world_sim_check_failed(const struct world *w)
{
    const struct check *k = sim_of_const(w)->check;
    return k ? check_failed(k) : NULL;
}

void world_sim_checks(const struct world *w, struct world_sim_checks *checks)
{
    *checks = (struct world_sim_checks){0};
    if (sim_of_const(w)->check) check_counts(sim_of_const(w)->check, checks);
}
