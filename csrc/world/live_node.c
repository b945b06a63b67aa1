/* live_node.c: a node's place in a live world: its turns, its end and its return.
 *
 * Whatever happens to a node puts it into the world's list of nodes to be settled (live_node_touch). At the end of the
 * turn each of them is settled once and asked what it wants done, until it wants nothing more.
 *
 * SPDX-License-Identifier: MIT */
#include "world/live_disk.h"

#include <sys/resource.h>
#include <unistd.h>

#include "base/number.h"

static struct live_node *live_node_of(struct world_node *wn) { return (struct live_node *)wn; }

/* ---- turns ---- */

void live_node_touch(struct live_node *ln)
{
    struct live *l = live_of_node(ln);
    if (!list_empty(&ln->turning)) return;
    list_push(&l->turning, &ln->turning);
    node_advance(ln->base.node, (struct node_time){world_wall(ln->base.world), live_now(l)});
}

void live_node_enter(struct world_node *wn)
{
    struct live_node *ln = live_node_of(wn);
    live_of(wn->world)->now_known = false;
    list_remove(&ln->turning); /* time has passed since it was touched, perhaps */
    live_node_touch(ln);
}

void live_node_turn(struct world_node *wn) { live_breathe(live_of(wn->world)); }

void live_nodes_advance(struct live *l)
{
    list_each(link, &l->base.nodes)
    {
        struct live_node *ln = live_node_of(list_item(link, struct world_node, member));
        if (!ln->base.node || ln->base.paused || ln->deadline > live_now(l)) continue;
        live_node_touch(ln);
    }
}

int64_t live_nodes_deadline(const struct live *l)
{
    int64_t earliest = INT64_MAX;
    list_each(link, &l->base.nodes)
    {
        const struct live_node *ln = live_node_of(list_item(link, struct world_node, member));
        if (ln->base.node && !ln->base.paused && ln->deadline < earliest) earliest = ln->deadline;
    }
    return earliest;
}

bool live_nodes_running(const struct live *l)
{
    list_each(link, &l->base.nodes)
    {
        const struct world_node *wn = list_item(link, struct world_node, member);
        if (wn->node && !wn->paused) return true;
    }
    return false;
}

/* ---- a node's beginning and end ---- */

int64_t live_node_parameter(struct live_node *ln, const char *name)
{
    struct bytes *text = &ln->base.world->scratch;
    int64_t value = 0;
    bytes_clear(text);
    if (node_configuration(ln->base.node, slice_text(name), text))
        number_parse_int(bytes_slice(text), &value);
    return value;
}

static int64_t microseconds(uv_timeval_t t) { return (int64_t)t.tv_sec * 1000000 + t.tv_usec; }

static void process_usage(struct node_usage *usage)
{
    uv_rusage_t process;
    if (uv_getrusage(&process) == 0) {
        usage->user_us = microseconds(process.ru_utime);
        usage->system_us = microseconds(process.ru_stime);
    }
    usage->thread_user_us = usage->user_us;
    usage->thread_system_us = usage->system_us;
#ifdef RUSAGE_THREAD
    struct rusage thread;
    if (getrusage(RUSAGE_THREAD, &thread) == 0) {
        usage->thread_user_us = (int64_t)thread.ru_utime.tv_sec * 1000000 + thread.ru_utime.tv_usec;
        usage->thread_system_us = (int64_t)thread.ru_stime.tv_sec * 1000000 + thread.ru_stime.tv_usec;
    }
#endif
    if (uv_resident_set_memory(&usage->resident) != 0) usage->resident = 0;
}

static bool start_node(struct live_node *ln)
{
    struct world *w = ln->base.world;
    struct live *l = live_of(w);
    l->now_known = false;
    struct node_options options = {
        .commands = w->commands,
        .seed = live_seed(),
        .name = ln->base.place.name,
        .port = ln->base.port,
        .bind = ln->bind,
        .served = ln->base.served,
        .now = {world_wall(w), live_now(l)},
        .stopwatch = uv_hrtime,
        .diary = &ln->base.diary,
        .host = {.os = l->os,
                 .executable = l->executable,
                 .config_file = ln->base.config_file,
                 .process_id = getpid(),
                 .usage = process_usage,
                 .place = live_place(ln)},
        .slabs = true,
    };
    if (!world_node_start(&ln->base, &options)) return false;
    if (!live_listen_at_path(ln)) {
        world_node_stop(&ln->base, "CLOSED the node could not listen");
        return false;
    }
    live_listening_backlog(ln);
    node_admit_clients(ln->base.node);
    live_node_touch(ln);
    return true;
}

/* The node goes, and everything it had with it. */
static void end_node(struct live_node *ln, bool reset, const char *why)
{
    live_stop_listening(ln);
    list_each_safe(link, &ln->connections)
        live_connection_drop(list_item(link, struct live_connection, member), reset);
    list_remove(&ln->turning);
    live_disk_close(ln, !reset);
    if (ln->base.node) world_node_stop(&ln->base, why);
}

struct world_node *live_node_new(struct world *w, const struct world_node_options *options)
{
    struct live_node *ln = memory_alloc_zero(&w->memory, sizeof *ln);
    if (!ln) {
        world_fail(w, WORLD_NO_MEMORY, "out of memory");
        return NULL;
    }
    const char *bind = options->host ? options->host : options->served ? "* -::*" : "127.0.0.1";
    ln->start_port = options->port;
    list_init(&ln->turning);
    list_init(&ln->connections);
    if (!world_node_init(&ln->base, w, options)) {
        memory_free(&w->memory, ln, sizeof *ln);
        return NULL;
    }
    world_fail(w, WORLD_NO_MEMORY, "out of memory");
    if ((ln->bind = memory_alloc(&w->memory, strlen(bind) + 1)) != NULL) {
        memcpy(ln->bind, bind, strlen(bind) + 1);
        if ((ln->base.host = live_reachable_host(ln)) != NULL && live_start_listening(ln) && start_node(ln))
            return &ln->base;
    }
    live_node_free(&ln->base);
    return NULL;
}

void live_node_free(struct world_node *wn)
{
    struct live_node *ln = live_node_of(wn);
    struct memory *m = &wn->world->memory;
    end_node(ln, false, "CLOSED the world was closed");
    world_node_finish(wn);
    if (ln->bind) memory_free(m, ln->bind, strlen(ln->bind) + 1);
    memory_free(m, ln, sizeof *ln);
}

/* SHUTDOWN: what the kernel still takes goes out, then the node goes. */
static void shut_down(struct live_node *ln)
{
    struct live *l = live_of_node(ln);
    list_each_safe(link, &ln->connections)
    {
        struct live_connection *c = list_item(link, struct live_connection, member);
        if (!live_socket_opening(&c->socket)) live_connection_send(c);
    }
    end_node(ln, false, "CLOSED the node was shut down");
    if (!live_nodes_running(l)) l->stopping = true;
}

/* ---- the end of a turn ---- */

/* NODE_SEND and NODE_CLOSE, for a session at the node itself and for one with a connection. */
static void carry_out_local(struct world_local *local, enum node_action_kind kind)
{
    if (kind == NODE_SEND)
        world_local_output(local);
    else
        world_local_close(local);
}

static void carry_out_connected(struct live_connection *c, enum node_action_kind kind)
{
    if (kind == NODE_CLOSE)
        live_connection_close(c, NULL);
    else if (!c->waiting)
        live_connection_send(c);
}

static void carry_out(struct live_node *ln, const struct node_action *a, size_t *written)
{
    if (a->kind == NODE_SHUTDOWN) {
        shut_down(ln);
    } else if (a->kind == NODE_DISK) {
        if (live_disk_begin(ln, written)) node_settle(ln->base.node);
    } else if (a->kind == NODE_CONNECT) {
        live_connection_open(ln, a->session, a->host, a->port);
    } else {
        struct world_attachment *attachment = session_driver(a->session);
        if (!attachment) /* it wanted a connection and gave it up in the same turn */
            session_closed(a->session, NULL);
        else if (attachment->local)
            carry_out_local((struct world_local *)attachment, a->kind);
        else
            carry_out_connected((struct live_connection *)attachment, a->kind);
    }
}

void live_node_settle(struct live_node *ln)
{
    struct node_action action;
    size_t written = 0;
    world_local_retry(&ln->base);
    node_settle(ln->base.node);
    while (ln->base.node && node_next_action(ln->base.node, &action)) carry_out(ln, &action, &written);
    if (ln->base.node) ln->deadline = node_deadline(ln->base.node);
}

void live_nodes_settle(struct live *l)
{
    struct list *link;
    while ((link = list_pop(&l->turning)) != NULL) {
        struct live_node *ln = list_item(link, struct live_node, turning);
        if (ln->base.node && !ln->base.paused) live_node_settle(ln);
    }
}

/* ---- faults ---- */

enum world_result live_node_crash(struct world_node *wn, enum world_crash what)
{
    if (what == WORLD_CRASH_POWER)
        return world_fail(wn->world, WORLD_UNSUPPORTED,
                          "a live world cannot cut the power: it shares your machine");
    if (!wn->node) return WORLD_CLOSED;
    end_node(live_node_of(wn), true, "CLOSED the node crashed");
    return WORLD_OK;
}

enum world_result live_node_restart(struct world_node *wn)
{
    struct live_node *ln = live_node_of(wn);
    if (wn->node) return world_fail(wn->world, WORLD_BAD, "'%s' is running", wn->place.name);
    if (!live_start_listening(ln)) return world_failure(wn->world);
    if (start_node(ln)) return WORLD_OK;
    live_stop_listening(ln);
    return world_failure(wn->world);
}

enum world_result live_node_pause(struct world_node *wn, bool pause)
{
    struct live_node *ln = live_node_of(wn);
    if (!wn->node) return WORLD_CLOSED;
    if (wn->paused == pause) return WORLD_OK;
    wn->paused = pause;
    live_listening_pause(ln, pause);
    list_each_safe(link, &ln->connections)
        live_connection_pause(list_item(link, struct live_connection, member), pause);
    if (!pause) {
        live_node_enter(wn);
        live_disk_tell(ln);
    }
    return WORLD_OK;
}
