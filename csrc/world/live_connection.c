/* live_connection.c: a connection of a node: bytes between a socket and a session.
 *
 * Input is read straight into the session's buffer and executed. Output waits for the end of the turn and then goes
 * out in one write, whatever was pipelined. What the kernel does not take stays in the session; the socket says when
 * to go on. Nothing is copied on the way.
 *
 * SPDX-License-Identifier: MIT */
#include "world/live_node.h"

static struct live_connection *connection_of(struct live_socket *s)
{
    return list_item(s, struct live_connection, socket);
}

/* ---- life ---- */

static const struct live_socket_events connection_events;

static struct live_connection *connection_new(struct live_node *ln)
{
    struct live_connection *c = memory_alloc_zero(&ln->base.world->memory, sizeof *c);
    if (!c) return NULL;
    c->owner = ln;
    live_socket_init(&c->socket, live_of_node(ln), &connection_events);
    list_init(&c->member);
    list_push(&ln->connections, &c->member);
    return c;
}

void live_connection_drop(struct live_connection *c, bool reset)
{
    live_socket_close(&c->socket, reset);
    list_remove(&c->member);
    memory_free(&c->owner->base.world->memory, c, sizeof *c);
}

void live_connection_close(struct live_connection *c, const char *why)
{
    struct live_node *ln = c->owner;
    struct session *s = c->session;
    live_connection_drop(c, false);
    live_node_touch(ln);
    session_closed(s, why);
}

enum { ADDRESS_TEXT = 64 };

/* Which of the node's addresses somebody has reached: CLIENT LIST's laddr. */
static void local_address(int fd, char text[ADDRESS_TEXT])
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    text[0] = '\0';
    if (getsockname(fd, (struct sockaddr *)&address, &size) == 0)
        live_address_format(&address, text, ADDRESS_TEXT);
}

void live_connection_accept(struct live_node *ln, int fd, const struct sockaddr_storage *address)
{
    char text[ADDRESS_TEXT], local[ADDRESS_TEXT];
    local_address(fd, local);
    if (address->ss_family == AF_UNIX) /* who connects to a UNIX socket has no name */
        memcpy(text, local, sizeof text);
    else
        live_address_format(address, text, sizeof text);
    live_node_touch(ln);
    struct live_connection *c = connection_new(ln);
    if (!c) {
        live_descriptor_close(fd);
        return;
    }
    if (!live_socket_adopt(&c->socket, fd) || !(c->session = node_accept(ln->base.node, text))) {
        live_connection_drop(c, false);
        return;
    }
    session_set_driver(c->session, c);
    session_set_local_address(c->session, local);
    live_socket_keepalive(&c->socket, (int)live_node_parameter(ln, "tcp-keepalive"));
    live_socket_watch(&c->socket, true, false);
}

void live_connection_open(struct live_node *ln, struct session *s, const char *host, int port)
{
    struct live_connection *c = connection_new(ln);
    if (!c) {
        session_closed(s, "out of memory");
        return;
    }
    c->session = s;
    session_set_driver(s, c);
    live_socket_connect(&c->socket, host, port);
}

/* ---- what the socket reports ---- */

static void connection_opened(struct live_socket *socket)
{
    struct live_connection *c = connection_of(socket);
    if (c->owner->base.paused) {
        c->told_late = true;
        return;
    }
    live_node_touch(c->owner);
    live_socket_watch(socket, true, false);
    session_connected(c->session);
}

static void connection_lost(struct live_socket *socket, const char *why)
{
    struct live_connection *c = connection_of(socket);
    if (c->owner->base.paused) {
        c->told_late = true;
        c->late_why = why;
        return;
    }
    live_connection_close(c, why);
}

/* The peer has finished, or the connection broke. What it asked for before may still be answered. */
static void connection_ended(struct live_connection *c, ssize_t got)
{
    if (got == LIVE_BROKEN)
        live_connection_close(c, c->socket.why);
    else if (live_connection_send(c))
        live_connection_close(c, "Connection closed by peer");
}

static void connection_readable(struct live_socket *socket)
{
    struct live_connection *c = connection_of(socket);
    size_t room, total = 0;
    ssize_t got;
    live_node_touch(c->owner);
    do {
        char *place = session_input_reserve(c->session, &room);
        if (!place) {
            live_connection_close(c, "out of memory");
            return;
        }
        if (room > LIVE_READ_TURN) room = LIVE_READ_TURN;
        got = live_socket_read(socket, place, room);
        if (got == LIVE_AGAIN) return;
        if (got <= 0) {
            connection_ended(c, got);
            return;
        }
        session_input_commit(c->session, (size_t)got);
        total += (size_t)got;
        if (node_hurries(c->owner->base.node)) {
            live_node_settle(c->owner); /* the connection may be gone afterwards */
            return;
        }
    } while ((size_t)got == room && total < LIVE_READ_TURN);
}

static void connection_writable(struct live_socket *socket)
{
    struct live_connection *c = connection_of(socket);
    live_node_touch(c->owner);
    live_connection_send(c);
}

static const struct live_socket_events connection_events = {
    .opened = connection_opened,
    .lost = connection_lost,
    .readable = connection_readable,
    .writable = connection_writable,
};

/* ---- output ---- */

static void wait_for_room(struct live_connection *c, bool wait)
{
    if (c->waiting == wait) return;
    c->waiting = wait;
    live_socket_watch(&c->socket, true, wait);
}

static size_t slices_size(const struct slice *slices, int count)
{
    size_t size = 0;
    for (int i = 0; i < count; i++) size += slices[i].size;
    return size;
}

bool live_connection_send(struct live_connection *c)
{
    struct slice slices[WORLD_OUTPUT_SLICES];
    size_t total = 0;
    int count;
    while ((count = session_output(c->session, slices, WORLD_OUTPUT_SLICES)) > 0) {
        size_t offered = slices_size(slices, count);
        ssize_t sent = live_socket_write(&c->socket, slices, count);
        if (sent == LIVE_BROKEN) {
            live_connection_close(c, c->socket.why);
            return false;
        }
        if (sent > 0) session_output_sent(c->session, (size_t)sent);
        total += sent > 0 ? (size_t)sent : 0;
        if (sent < (ssize_t)offered || total >= LIVE_WRITE_TURN) {
            wait_for_room(c, true);
            return true;
        }
    }
    wait_for_room(c, false);
    return true;
}

/* ---- pause ---- */

void live_connection_pause(struct live_connection *c, bool pause)
{
    if (c->told_late) {
        c->told_late = false;
        if (c->late_why)
            connection_lost(&c->socket, c->late_why);
        else
            connection_opened(&c->socket);
    } else if (!live_socket_opening(&c->socket)) {
        live_socket_watch(&c->socket, !pause, !pause && c->waiting);
    }
}
