/* live_node.c: a node's place in a live world: where it listens, its turns, its end and its return.
 *
 * Whatever happens to a node puts it into the world's list of nodes to be settled (live_node_touch). At the end of the
 * turn each of them is settled once and asked what it wants done, until it wants nothing more.
 *
 * SPDX-License-Identifier: MIT */
#include "world/live_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/number.h"

enum { HOST_MAX = 256 };

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

/* ---- listening ---- */

static void stop_listening(struct live_node *ln)
{
    for (int i = 0; i < ln->listener_count; i++) live_listener_close(&ln->listeners[i]);
    ln->listener_count = 0;
    if (!ln->path) return;
    unlink(ln->path);
    memory_free(&ln->base.world->memory, ln->path, strlen(ln->path) + 1);
    ln->path = NULL;
}

static void accepted(struct live_listener *listener, int fd, const struct sockaddr_storage *address)
{
    live_connection_accept(listener->owner, fd, address);
}

/* Listens at one address of the list. `-` before it: this one may fail. */
static bool listen_at(struct live_node *ln, const char *host)
{
    struct world *w = ln->base.world;
    bool optional = host[0] == '-';
    struct sockaddr_storage address;
    if (optional) host++;
    if (!live_address_parse(strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, ln->base.port, &address))
        return world_fail(w, WORLD_BAD, "'%s' is not an address to listen at", host) == WORLD_OK;
    if (ln->listener_count == LIVE_LISTENERS_MAX)
        return world_fail(w, WORLD_BAD, "too many addresses to listen at") == WORLD_OK;
    struct live_listener *listener = &ln->listeners[ln->listener_count];
    live_listener_init(listener, live_of(w), ln, accepted);
    int error = live_listener_open(listener, &address);
    if (error != 0) {
        world_fail(w, WORLD_REFUSED, "cannot listen at %s port %d: %s", host, ln->base.port,
                   uv_strerror(error));
        return optional;
    }
    ln->listener_count++;
    if (ln->base.port == 0) ln->base.port = live_listener_port(listener);
    return true;
}

/* Listens at the node's `unixsocket`, if it has one, in place of whatever is there: a socket that an earlier process has
 * left. */
static bool listen_at_path(struct live_node *ln)
{
    struct world *w = ln->base.world;
    struct bytes *path = &w->scratch;
    struct sockaddr_storage address;
    bytes_clear(path);
    if (!node_configuration(ln->base.node, slice_text("unixsocket"), path) || path->size == 0) return true;
    bytes_append_char(path, '\0');
    if (path->failed || !(ln->path = memory_alloc(&w->memory, path->size)))
        return world_fail(w, WORLD_NO_MEMORY, "out of memory") == WORLD_OK;
    memcpy(ln->path, path->data, path->size);
    if (!live_address_path(ln->path, &address) || ln->listener_count == LIVE_LISTENERS_MAX)
        return world_fail(w, WORLD_BAD, "'%s' is too long for a UNIX socket", ln->path) == WORLD_OK;
    struct live_listener *listener = &ln->listeners[ln->listener_count];
    live_listener_init(listener, live_of(w), ln, accepted);
    unlink(ln->path);
    int error = live_listener_open(listener, &address);
    if (error != 0) {
        world_fail(w, WORLD_REFUSED, "cannot listen at %s: %s", ln->path, uv_strerror(error));
        return false;
    }
    ln->listener_count++;
    bytes_clear(path);
    if (node_configuration(ln->base.node, slice_text("unixsocketperm"), path) &&
        bytes_append_char(path, '\0')) {
        mode_t mode = (mode_t)strtol(path->data, NULL, 8);
        if (mode != 0) (void)chmod(ln->path, mode);
    }
    return true;
}

/* Listens at all addresses of `bind`, "": at none; the first one that works decides about the port when it is free to. */
static bool start_listening(struct live_node *ln)
{
    char host[HOST_MAX];
    const char *rest = ln->bind;
    while (rest[strspn(rest, " ")] != '\0') {
        rest += strspn(rest, " ");
        size_t size = strcspn(rest, " ");
        snprintf(host, sizeof host, "%.*s", (int)size, rest);
        rest += size;
        if (!listen_at(ln, host)) {
            stop_listening(ln);
            return false;
        }
    }
    return ln->listener_count > 0 || ln->bind[0] == '\0';
}

/* An address at which others reach the node: the first of the list; this machine's own where that means "all". */
static char *reachable_host(struct live_node *ln)
{
    const char *first = ln->bind + strspn(ln->bind, " -");
    size_t size = strcspn(first, " ");
    char host[HOST_MAX];
    snprintf(host, sizeof host, "%.*s", (int)size, first);
    const char *meant = host;
    if (strcmp(host, "*") == 0 || strcmp(host, "0.0.0.0") == 0) meant = "127.0.0.1";
    if (strcmp(host, "::*") == 0 || strcmp(host, "::") == 0) meant = "::1";
    size = strlen(meant) + 1;
    char *copy = memory_alloc(&ln->base.world->memory, size);
    if (copy) memcpy(copy, meant, size);
    return copy;
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
        .now = {world_wall(w), live_now(l)},
        .stopwatch = uv_hrtime,
        .diary = &ln->base.diary,
        .host = {.os = l->os, .executable = l->executable, .process_id = getpid(), .usage = process_usage},
        .slabs = true,
    };
    if (!world_node_start(&ln->base, &options)) return false;
    if (!listen_at_path(ln)) {
        world_node_stop(&ln->base, "CLOSED the node could not listen");
        return false;
    }
    int backlog = (int)live_node_parameter(ln, "tcp-backlog");
    for (int i = 0; i < ln->listener_count; i++) live_listener_backlog(&ln->listeners[i], backlog);
    live_node_touch(ln);
    return true;
}

/* The node goes, and everything it had with it. */
static void end_node(struct live_node *ln, bool reset, const char *why)
{
    stop_listening(ln);
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
    const char *bind = options->host ? options->host : "127.0.0.1";
    list_init(&ln->turning);
    list_init(&ln->connections);
    if (!world_node_init(&ln->base, w, options)) {
        memory_free(&w->memory, ln, sizeof *ln);
        return NULL;
    }
    world_fail(w, WORLD_NO_MEMORY, "out of memory");
    if ((ln->bind = memory_alloc(&w->memory, strlen(bind) + 1)) != NULL) {
        memcpy(ln->bind, bind, strlen(bind) + 1);
        if ((ln->base.host = reachable_host(ln)) != NULL && start_listening(ln) && start_node(ln))
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
    if (!start_listening(ln)) return world_failure(wn->world);
    if (start_node(ln)) return WORLD_OK;
    stop_listening(ln);
    return world_failure(wn->world);
}

enum world_result live_node_pause(struct world_node *wn, bool pause)
{
    struct live_node *ln = live_node_of(wn);
    if (!wn->node) return WORLD_CLOSED;
    if (wn->paused == pause) return WORLD_OK;
    wn->paused = pause;
    for (int i = 0; i < ln->listener_count; i++) live_listener_pause(&ln->listeners[i], pause);
    list_each_safe(link, &ln->connections)
        live_connection_pause(list_item(link, struct live_connection, member), pause);
    if (!pause) {
        live_node_enter(wn);
        live_disk_tell(ln);
    }
    return WORLD_OK;
}
