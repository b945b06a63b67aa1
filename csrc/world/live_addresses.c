/* live_addresses.c: where a node listens: at the addresses of `bind` and its port, and at a UNIX socket.
 *
 * The addresses may change while it runs (CONFIG SET bind, port). At another port the new ones are tried first, and only
 * if they work do the old ones go. At the same port one may be in the other's way (`*` and 127.0.0.1), so the old ones go
 * first, and come back if the new ones do not work.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "world/live_node.h"

enum { HOST_MAX = 256 };

static void accepted(struct live_listener *listener, int fd, const struct sockaddr_storage *address)
{
    live_connection_accept(listener->owner, fd, address);
}

/* ---- one address ---- */

/* Where this machine has no such address or no such protocol, and that is said not to matter, as Redis has it. */
static bool is_skipped(int error, bool optional)
{
    error = -error;
    if (error == EADDRNOTAVAIL) return optional;
    return error == ENOPROTOOPT || error == EPROTONOSUPPORT || error == ESOCKTNOSUPPORT ||
           error == EPFNOSUPPORT || error == EAFNOSUPPORT;
}

/* Listens at one address of the list. `-` before it: it may be missing. */
static bool listen_at(struct live_node *ln, struct live_addresses *a, const char *host)
{
    struct world *w = ln->base.world;
    bool optional = host[0] == '-';
    struct sockaddr_storage address;
    if (optional) host++;
    if (!live_address_parse(strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, a->port, &address))
        return world_fail(w, WORLD_BAD, "'%s' is not an address to listen at", host) == WORLD_OK;
    if (a->count == BIND_MAX)
        return world_fail(w, WORLD_BAD, "Too many bind addresses specified.") == WORLD_OK;
    struct live_listener *listener = &a->listeners[a->count];
    live_listener_init(listener, live_of(w), ln, accepted);
    int error = live_listener_open(listener, &address);
    if (error != 0) {
        world_fail(w, WORLD_REFUSED, "Could not create server TCP listening socket %s:%d: bind: %s", host,
                   a->port, strerror(-error));
        return is_skipped(error, optional);
    }
    a->count++;
    if (a->port == 0) a->port = live_listener_port(listener);
    return true;
}

/* ---- all of them ---- */

static void leave(struct live_addresses *a)
{
    for (int i = 0; i < a->count; i++) live_listener_close(&a->listeners[i]);
    a->count = 0;
}

/* Listens at all that `a` names; nowhere if one of them does not work. */
static bool enter(struct live_node *ln, struct live_addresses *a)
{
    char host[HOST_MAX];
    const char *rest = a->bind;
    while (rest[strspn(rest, " ")] != '\0') {
        rest += strspn(rest, " ");
        size_t size = strcspn(rest, " ");
        snprintf(host, sizeof host, "%.*s", (int)size, rest);
        rest += size;
        if (!listen_at(ln, a, host)) {
            leave(a);
            return false;
        }
    }
    return a->count > 0 || a->bind[0] == '\0';
}

bool live_start_listening(struct live_node *ln)
{
    struct live_addresses *a = &ln->addresses[ln->listening];
    text_copy(a->bind, sizeof a->bind, ln->bind);
    a->port = ln->start_port;
    if (!enter(ln, a)) return false;
    ln->start_port = ln->base.port = a->port;
    return true;
}

bool live_listen_elsewhere(struct live_node *ln, const char *bind, int port)
{
    struct live_addresses *old = &ln->addresses[ln->listening], *new = &ln->addresses[!ln->listening];
    text_copy(new->bind, sizeof new->bind, port == 0 ? "" : bind);
    new->port = port;
    if (port == old->port) leave(old);
    if (!enter(ln, new)) {
        if (port == old->port) (void)enter(ln, old);
        return false;
    }
    leave(old);
    ln->listening = !ln->listening;
    ln->base.port = port;
    live_listening_backlog(ln);
    return true;
}

void live_stop_listening(struct live_node *ln)
{
    leave(&ln->addresses[ln->listening]);
    if (!ln->path) return;
    if (ln->at_path.poll) live_listener_close(&ln->at_path);
    unlink(ln->path);
    memory_free(&ln->base.world->memory, ln->path, strlen(ln->path) + 1);
    ln->path = NULL;
}

void live_listening_backlog(struct live_node *ln)
{
    struct live_addresses *a = &ln->addresses[ln->listening];
    int backlog = (int)live_node_parameter(ln, "tcp-backlog");
    for (int i = 0; i < a->count; i++) live_listener_backlog(&a->listeners[i], backlog);
    if (ln->path) live_listener_backlog(&ln->at_path, backlog);
}

void live_listening_pause(struct live_node *ln, bool pause)
{
    struct live_addresses *a = &ln->addresses[ln->listening];
    for (int i = 0; i < a->count; i++) live_listener_pause(&a->listeners[i], pause);
    if (ln->path) live_listener_pause(&ln->at_path, pause);
}

char *live_reachable_host(struct live_node *ln)
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

/* ---- a UNIX socket ---- */

static void set_mode(struct live_node *ln)
{
    struct bytes *text = &ln->base.world->scratch;
    bytes_clear(text);
    if (!node_configuration(ln->base.node, slice_text("unixsocketperm"), text)) return;
    if (!bytes_append_char(text, '\0')) return;
    mode_t mode = (mode_t)strtol(text->data, NULL, 8);
    if (mode != 0) (void)chmod(ln->path, mode);
}

bool live_listen_at_path(struct live_node *ln)
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
    live_listener_init(&ln->at_path, live_of(w), ln, accepted);
    if (!live_address_path(ln->path, &address))
        return world_fail(w, WORLD_BAD, "'%s' is too long for a UNIX socket", ln->path) == WORLD_OK;
    unlink(ln->path);
    int error = live_listener_open(&ln->at_path, &address);
    if (error != 0) {
        world_fail(w, WORLD_REFUSED, "cannot listen at %s: %s", ln->path, strerror(-error));
        return false;
    }
    set_mode(ln);
    return true;
}
