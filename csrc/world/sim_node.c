/* sim_node.c: nodes at places of the simulated world, and their turns.
 *
 * A node is told of one event at a time: the time is handed over, then the event, then the node is settled and what it
 * wants done is done (sim_node_turn). Its deadline stands in the event heap once; when it moves to later the alarm is
 * left where it is and set anew when it goes off, so that a node that is busy does not fill the heap with alarms.
 *
 * A paused node gets neither time nor input. Its machine goes on: connections are accepted, bytes arrive until the
 * windows are full. Ends with something for the node wait in a list in order of arrival; when the node resumes it gets
 * all of it at once.
 */
#include <stdio.h>

#include "world/check.h"
#include "world/sim_disk.h"

struct sim_node {
    struct world_node base;
    struct sim_place place;
    struct sim_disk *disk;   /* NULL: nobody has wanted one yet */
    struct list pending;     /* struct sim_end.pending */
    int64_t alarm_at;        /* of the event in the heap */
    uint64_t alarm_event;    /* 0: none */
    struct sim_end *serving; /* served last and open; the trail most likely speaks of it */
    struct check_place checked;
};

static struct sim *sim_of_node(const struct sim_node *n) { return n->place.sim; }

static struct sim_node *node_at(struct sim_place *p) { return list_item(p, struct sim_node, place); }

static struct sim_node *node_of(struct world_node *wn) { return (struct sim_node *)wn; }

struct sim_place *sim_node_place(struct world_node *wn) { return &node_of(wn)->place; }

/* ---- connections ---- */

/* Sends what the session has, as far as there is room. */
static void pump(struct sim_end *e)
{
    struct slice slices[WORLD_OUTPUT_SLICES];
    int count;
    while (e->open && (count = session_output(e->owner, slices, WORLD_OUTPUT_SLICES)) > 0) {
        size_t wanted = 0;
        for (int i = 0; i < count; i++) wanted += slices[i].size;
        size_t taken = sim_end_write(e, slices, count);
        bool more = taken > 0 && session_output_sent(e->owner, taken);
        if (taken < wanted || !more) return;
    }
}

/* Somebody has connected. False: the node refuses. */
static bool accept_end(struct sim_node *n, struct sim_end *e)
{
    char address[300];
    sim_end_address(e, address, sizeof address);
    struct session *s = node_accept(n->base.node, address);
    if (!s) return false;
    session_set_driver(s, e);
    snprintf(address, sizeof address, "%s:%d", n->base.place.name, n->base.port);
    session_set_local_address(s, address);
    e->owner = s;
    e->session_id = session_id(s);
    return true;
}

/* Hands bytes to the session; false: it has no memory for them. */
static bool feed_session(struct session *s, struct slice bytes)
{
    while (bytes.size > 0) {
        size_t room;
        char *to = session_input_reserve(s, &room);
        if (!to || room == 0) return false;
        size_t part = bytes.size < room ? bytes.size : room;
        memcpy(to, bytes.data, part);
        session_input_commit(s, part);
        bytes = slice_of(bytes.data + part, bytes.size - part);
    }
    return true;
}

static void close_end(struct sim_end *e, bool reset)
{
    node_at(e->place)->serving = NULL;
    sim_end_close(e, reset);
}

static void end_session(struct sim_end *e, const char *why, bool reset)
{
    session_closed(e->owner, why);
    close_end(e, reset);
}

/* Gives the node everything that has come for one of its connections. */
static void serve(struct sim_node *n, struct sim_end *e)
{
    if (!e->owner && !accept_end(n, e)) {
        close_end(e, true);
        return;
    }
    n->serving = e;
    if (e->opener && e->open && !e->announced) {
        e->announced = true;
        session_connected(e->owner);
    }
    for (;;) {
        struct slice bytes;
        switch (sim_end_read(e, &bytes)) {
        case SIM_READ_NOTHING: return;
        case SIM_READ_END: end_session(e, e->why, false); return;
        case SIM_READ_BYTES:
            if (feed_session(e->owner, bytes)) break;
            end_session(e, "out of memory", true);
            return;
        }
    }
}

static void wait_for_node(struct sim_node *n, struct sim_end *e)
{
    if (list_empty(&e->pending)) list_push(&n->pending, &e->pending);
}

static void place_ready(struct sim_end *e)
{
    struct sim_node *n = node_at(e->place);
    if (n->base.paused) {
        wait_for_node(n, e);
        return;
    }
    sim_node_enter(&n->base);
    serve(n, e);
    sim_node_turn(&n->base);
}

static void place_room(struct sim_end *e)
{
    struct sim_node *n = node_at(e->place);
    if (n->base.paused || !e->owner) {
        wait_for_node(n, e);
        return;
    }
    sim_node_enter(&n->base);
    pump(e);
    sim_node_turn(&n->base);
}

static bool place_listens(struct sim_place *p, int port)
{
    const struct sim_node *n = node_at(p);
    return n->base.node && n->base.port == port;
}

static const struct sim_place_ops node_place_ops = {place_listens, place_ready, place_room, NULL};

/* ---- turns ---- */

void sim_node_enter(struct world_node *wn)
{
    struct sim *s = sim_of_node(node_of(wn));
    node_advance(wn->node, (struct node_time){.wall_us = SIM_EPOCH_US + s->now, .mono_us = s->now});
}

static void connect_session(struct sim_node *n, const struct node_action *action)
{
    struct sim *s = sim_of_node(n);
    struct sim_end *e =
        sim_connect(s, &n->place, sim_place_find(s, action->host), action->port, action->session);
    if (!e) {
        session_closed(action->session, "out of memory");
        return;
    }
    session_set_driver(action->session, e);
    e->session_id = session_id(action->session);
}

static void close_session(struct session *session)
{
    struct world_attachment *a = session_driver(session);
    if (!a)
        session_closed(session, NULL);
    else if (a->local)
        world_local_close((struct world_local *)a);
    else
        end_session((struct sim_end *)a, NULL, false);
}

static void send_session(struct session *session)
{
    struct world_attachment *a = session_driver(session);
    if (!a) return;
    if (a->local)
        world_local_output((struct world_local *)a);
    else
        pump((struct sim_end *)a);
}

/* ---- the disk ---- */

struct sim_disk *sim_node_disk(struct world_node *wn)
{
    struct sim_node *n = node_of(wn);
    if (!n->disk) n->disk = sim_disk_new(sim_of_node(n), &n->place, n);
    return n->disk;
}

static void begin_disk(struct sim_node *n)
{
    struct sim_disk *d = sim_node_disk(&n->base);
    if (d)
        sim_disk_begin(d, node_disk(n->base.node));
    else
        sim_of_node(n)->broken = true;
}

bool sim_node_expects_disk(const void *target, uint64_t order)
{
    return ((const struct sim_disk_lane *)target)->event == order;
}

void sim_node_disk_event(void *target)
{
    struct sim_disk_lane *lane = target;
    struct sim_node *n = lane->disk->owner;
    if (!sim_disk_ended(lane) || n->base.paused) return;
    sim_node_enter(&n->base);
    sim_disk_tell(n->disk, node_disk(n->base.node));
    sim_node_turn(&n->base);
}

/* ---- actions ---- */

/* The node is no more: its connections are closed, in an orderly way or not. */
static void stop(struct sim_node *n, bool reset, const char *why)
{
    while (!list_empty(&n->place.ends))
        close_end(list_item(n->place.ends.next, struct sim_end, member), reset);
    if (n->disk) sim_disk_abandon(n->disk, !reset);
    n->serving = NULL;
    n->alarm_event = 0;
    n->base.paused = false;
    world_node_stop(&n->base, why);
}

/* Does what the node wants. True: something was closed, which may have left the node with more to do. */
static bool act(struct sim_node *n)
{
    struct node_action action;
    bool closed = false;
    while (node_next_action(n->base.node, &action)) {
        switch (action.kind) {
        case NODE_NOTHING: break;
        case NODE_DISK: begin_disk(n); break;
        case NODE_SEND: send_session(action.session); break;
        case NODE_CONNECT: connect_session(n, &action); break;
        case NODE_CLOSE:
            closed = true;
            close_session(action.session);
            break;
        case NODE_SHUTDOWN: stop(n, false, "CLOSED the node has shut down"); return false;
        }
    }
    return closed;
}

static struct sim_end *end_of_session(struct sim_node *n, int64_t id)
{
    if (n->serving && n->serving->session_id == id) return n->serving;
    list_each(link, &n->place.ends)
    {
        struct sim_end *e = list_item(link, struct sim_end, member);
        if (e->session_id != id) continue;
        n->serving = e;
        return e;
    }
    return NULL;
}

static void follow_trail(struct sim_node *n)
{
    struct sim *s = sim_of_node(n);
    const struct trail_point *point;
    while ((point = node_trail_next(n->base.node)) != NULL) {
        if (point->kind < TRAIL_WROTE) {
            check_point(s->check, &n->checked, point, s->now);
            continue;
        }
        struct sim_end *e = end_of_session(n, point->session);
        if (point->kind > TRAIL_REFUSED)
            check_gate(s->check, &n->checked, e ? e->conn->writes : NULL, point,
                       node_trail_rule(n->base.node, point->rule), s->now);
        else if (e)
            check_wrote(s->check, &e->conn->writes, point->request, point->kind == TRAIL_REFUSED);
    }
}

/* Sees to it that the node is woken at its deadline. A deadline that has come already gets the next microsecond, so
 * that the clock moves on whatever the node does. */
static void set_alarm(struct sim_node *n)
{
    struct sim *s = sim_of_node(n);
    int64_t deadline = node_deadline(n->base.node);
    if (deadline == INT64_MAX) return;
    if (deadline <= s->now) deadline = s->now + 1;
    if (n->alarm_event != 0 && n->alarm_at <= deadline) return;
    n->alarm_at = deadline;
    n->alarm_event = sim_schedule(s, deadline, SIM_NODE_ALARM, n);
}

void sim_node_turn(struct world_node *wn)
{
    struct sim_node *n = node_of(wn);
    struct sim *s = sim_of_node(n);
    if (world_local_waiting(wn)) world_local_retry(wn);
    if (s->check) follow_trail(n);
    do node_settle(wn->node);
    while (act(n) && wn->node);
    if (!wn->node) return;
    if (s->check) follow_trail(n);
    set_alarm(n);
}

bool sim_node_expects(const void *target, uint64_t order)
{
    return ((const struct sim_node *)target)->alarm_event == order;
}

void sim_node_alarm(void *target)
{
    struct sim_node *n = target;
    struct sim *s = sim_of_node(n);
    n->alarm_event = 0;
    sim_fold(s, n->place.id, 0);
    if (n->base.paused) return;
    if (node_deadline(n->base.node) > s->now && !world_local_waiting(&n->base)) {
        set_alarm(n);
        return;
    }
    sim_node_enter(&n->base);
    sim_node_turn(&n->base);
}

/* ---- life ---- */

/* Each life of a node has a seed of its own, made from the world's seed and the place's name, so that a place more in
 * the world does not change what the others draw. */
static uint64_t node_seed(const struct sim_node *n)
{
    struct random r;
    random_init(&r, sim_of_node(n)->seed, n->place.name);
    uint64_t seed = 0;
    for (int64_t life = 0; life <= n->base.lives; life++) seed = random_next(&r);
    return seed;
}

static bool start(struct sim_node *n)
{
    struct sim *s = sim_of_node(n);
    struct node_options options = {
        .commands = s->world.commands,
        .seed = node_seed(n),
        .name = n->place.name,
        .port = n->base.port,
        .now = {.wall_us = SIM_EPOCH_US + s->now, .mono_us = s->now},
        .served = n->base.served,
        .host = {.os = "simulated", .executable = "tidelock", .process_id = n->place.id},
        .digest = s->check != NULL,
        .trail = s->check != NULL,
    };
    if (!world_node_start(&n->base, &options)) return false;
    if (n->disk && !node_persists(n->base.node)) node_recover(n->base.node);
    check_place_started(&n->checked);
    sim_node_enter(&n->base);
    sim_node_turn(&n->base);
    return true;
}

struct world_node *sim_node_new(struct world *w, const struct world_node_options *options)
{
    struct sim *s = sim_of(w);
    struct sim_node *n = memory_alloc_zero(&w->memory, sizeof *n);
    if (!n) {
        world_fail(w, WORLD_NO_MEMORY, "out of memory");
        return NULL;
    }
    list_init(&n->pending);
    list_init(&n->checked.member);
    if (!world_node_init(&n->base, w, options)) {
        sim_node_free(&n->base);
        return NULL;
    }
    if (n->base.port == 0) n->base.port = WORLD_PORT;
    sim_place_init(&n->place, s, &node_place_ops, n->base.place.name);
    check_place_init(s->check, &n->checked, n->base.place.name);
    if (start(n)) return &n->base;
    sim_node_free(&n->base);
    return NULL;
}

void sim_node_stop(struct world_node *wn)
{
    if (wn->node) stop(node_of(wn), true, "CLOSED the world was closed");
}

void sim_node_free(struct world_node *wn)
{
    struct sim_node *n = node_of(wn);
    struct world *w = wn->world;
    check_place_finish(sim_of(w)->check, &n->checked);
    sim_disk_free(n->disk);
    world_node_finish(wn);
    memory_free(&w->memory, n, sizeof *n);
}

void sim_node_meddled(struct world_node *wn) { check_place_meddled(&node_of(wn)->checked); }

/* ---- faults ---- */

enum world_result sim_node_crash(struct world_node *wn, enum world_crash what)
{
    struct sim_node *n = node_of(wn);
    if (!wn->node) return world_fail(wn->world, WORLD_CLOSED, "%s is down already", wn->place.name);
    if (what == WORLD_CRASH_POWER) sim_place_die(&n->place);
    stop(n, true, "CLOSED the node crashed");
    if (n->disk && what != WORLD_CRASH_PROCESS) sim_disk_lose_power(n->disk);
    return WORLD_OK;
}

enum world_result sim_node_restart(struct world_node *wn)
{
    struct sim_node *n = node_of(wn);
    if (wn->node) return world_fail(wn->world, WORLD_BAD, "%s is up already", wn->place.name);
    if (n->place.dead) sim_place_revive(&n->place);
    return start(n) ? WORLD_OK : WORLD_BAD;
}

/* All that arrived during the pause, in order of arrival. */
static void serve_pending(struct sim_node *n)
{
    struct list *first;
    while ((first = list_pop(&n->pending)) != NULL) {
        struct sim_end *e = list_item(first, struct sim_end, pending);
        if (e->owner && e->open) pump(e);
        serve(n, e);
    }
}

enum world_result sim_node_pause(struct world_node *wn, bool pause)
{
    struct sim_node *n = node_of(wn);
    if (!wn->node) return world_fail(wn->world, WORLD_CLOSED, "%s is down", wn->place.name);
    if (wn->paused == pause) return WORLD_OK;
    wn->paused = pause;
    if (pause) return WORLD_OK;
    sim_node_enter(wn);
    if (n->disk) sim_disk_tell(n->disk, node_disk(wn->node));
    serve_pending(n);
    sim_node_turn(wn);
    return WORLD_OK;
}
