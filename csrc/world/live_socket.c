/* live_socket.c: TCP connections over uv_poll_t.
 *
 * libuv closes a handle some time after it was asked to, while its owner wants to be gone at once. So the handle is a
 * block of its own (struct live_poll) which outlives the socket; it forgets the socket when that is closed, and a
 * callback that finds no socket does nothing. A name that is being looked up is treated the same.
 *
 * SPDX-License-Identifier: MIT */
#include "world/live_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

#include "world/live_internal.h"
#include "world/live_poll.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* where SO_NOSIGPIPE does the same */
#endif

enum { WRITE_SLICES = WORLD_OUTPUT_SLICES };

struct live_lookup {
    uv_getaddrinfo_t request;
    struct live_socket *socket; /* NULL: nobody waits any more */
    struct memory *memory;
};

/* ---- the handle ---- */

static void poll_closed(uv_handle_t *handle)
{
    struct live_poll *p = handle->data;
    memory_free(p->memory, p, sizeof *p);
}

struct live_poll *live_poll_new(struct live *live, int fd, void *owner)
{
    struct live_poll *p = memory_alloc_zero(&live->base.memory, sizeof *p);
    if (!p) return NULL;
    p->memory = &live->base.memory;
    p->owner = owner;
    if (uv_poll_init(&live->loop, &p->handle, fd) != 0) {
        memory_free(p->memory, p, sizeof *p);
        return NULL;
    }
    p->handle.data = p;
    return p;
}

void live_poll_close(struct live *live, struct live_poll *p)
{
    p->owner = NULL;
    live->touched = true;
    uv_close((uv_handle_t *)&p->handle, poll_closed);
}

/* The error that the kernel keeps for a socket, in words. */
static const char *socket_error(const struct live_socket *s)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    return error == 0 ? NULL : uv_strerror(-error);
}

/* ---- life ---- */

void live_socket_init(struct live_socket *s, struct live *live, const struct live_socket_events *events)
{
    *s = (struct live_socket){.live = live, .events = events, .fd = -1};
    list_init(&s->late);
}

/* Closes what there is of a connection, but keeps the addresses still to be tried. */
static void drop_descriptor(struct live_socket *s)
{
    if (s->poll) live_poll_close(s->live, s->poll);
    if (s->fd >= 0) close(s->fd);
    s->poll = NULL;
    s->fd = -1;
    s->watched = 0;
    s->stopped = false;
}

static void drop_addresses(struct live_socket *s)
{
    if (s->addresses) uv_freeaddrinfo(s->addresses);
    s->addresses = s->next_address = NULL;
}

void live_socket_close(struct live_socket *s, bool reset)
{
    if (s->fd >= 0 && reset) {
        struct linger at_once = {.l_onoff = 1, .l_linger = 0};
        (void)setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    drop_descriptor(s);
    drop_addresses(s);
    if (s->lookup) {
        s->lookup->socket = NULL;
        (void)uv_cancel((uv_req_t *)&s->lookup->request);
        s->lookup = NULL;
    }
    s->connecting = false;
    list_remove(&s->late);
}

void live_socket_finish(struct live_socket *s)
{
    if (s->fd >= 0) (void)shutdown(s->fd, SHUT_WR);
}

void live_descriptor_close(int fd) { close(fd); }

static void socket_options(int fd)
{
    int one = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
#ifdef SO_NOSIGPIPE
    (void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &one, sizeof one);
#endif
}

bool live_socket_adopt(struct live_socket *s, int fd)
{
    s->poll = live_poll_new(s->live, fd, s);
    if (!s->poll) {
        close(fd);
        return false;
    }
    s->fd = fd;
    socket_options(fd);
    return true;
}

void live_socket_keepalive(struct live_socket *s, int seconds)
{
    int on = seconds > 0;
    if (setsockopt(s->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0 || !on) return;
#ifdef TCP_KEEPIDLE
    int interval = seconds / 3 > 0 ? seconds / 3 : 1, count = 3; /* as Redis has it */
    (void)setsockopt(s->fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
    (void)setsockopt(s->fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    (void)setsockopt(s->fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
#endif
}

/* ---- what libuv reports ---- */

static void connect_next(struct live_socket *s);

static void connect_reported(struct live_socket *s)
{
    s->why = socket_error(s);
    if (s->why) {
        drop_descriptor(s);
        connect_next(s);
        return;
    }
    s->connecting = false;
    drop_addresses(s);
    live_socket_watch(s, false, false);
    s->events->opened(s);
}

/* libuv stops watching a descriptor that has an error. Whoever reads gets the bytes that came before it, and then the
 * error from the read itself. */
static void error_reported(struct live_poll *p, struct live_socket *s)
{
    if ((s->watched & UV_READABLE) == 0) {
        const char *why = socket_error(s);
        live_socket_close(s, false);
        s->events->lost(s, why ? why : "connection lost");
        return;
    }
    s->stopped = true;
    s->events->readable(s);
    if (p->owner && s->stopped) live_socket_watch(s, true, (s->watched & UV_WRITABLE) != 0);
}

static void poll_reported(uv_poll_t *handle, int status, int events)
{
    struct live_poll *p = handle->data;
    struct live_socket *s = p->owner;
    if (!s) return;
    if (s->connecting) {
        connect_reported(s);
    } else if (status < 0) {
        error_reported(p, s);
    } else {
        if (events & UV_READABLE) s->events->readable(s);
        if ((events & UV_WRITABLE) && p->owner && (s->watched & UV_WRITABLE)) s->events->writable(s);
    }
}

void live_socket_watch(struct live_socket *s, bool readable, bool writable)
{
    int events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
    if (!s->poll || (events == s->watched && !s->stopped)) return;
    s->watched = events;
    s->stopped = false;
    s->live->touched = true;
    if (events)
        uv_poll_start(&s->poll->handle, events, poll_reported);
    else
        uv_poll_stop(&s->poll->handle);
}

/* ---- bytes ---- */

static ssize_t failed(struct live_socket *s)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK) return LIVE_AGAIN;
    s->why = uv_strerror(-errno);
    return LIVE_BROKEN;
}

ssize_t live_socket_read(struct live_socket *s, char *place, size_t room)
{
    ssize_t got;
    do got = recv(s->fd, place, room, 0);
    while (got < 0 && errno == EINTR);
    return got >= 0 ? got : failed(s);
}

ssize_t live_socket_write(struct live_socket *s, const struct slice *slices, int count)
{
    ssize_t put;
    if (count == 1) {
        do put = send(s->fd, slices[0].data, slices[0].size, MSG_NOSIGNAL);
        while (put < 0 && errno == EINTR);
        return put >= 0 ? put : failed(s);
    }
    struct iovec vector[WRITE_SLICES];
    if (count > WRITE_SLICES) count = WRITE_SLICES;
    for (int i = 0; i < count; i++)
        vector[i] = (struct iovec){.iov_base = (void *)(uintptr_t)slices[i].data, .iov_len = slices[i].size};
    struct msghdr message = {.msg_iov = vector};
    message.msg_iovlen = (__typeof__(message.msg_iovlen))count;
    do put = sendmsg(s->fd, &message, MSG_NOSIGNAL);
    while (put < 0 && errno == EINTR);
    return put >= 0 ? put : failed(s);
}

/* ---- connecting ---- */

static void lose_later(struct live_socket *s, const char *why)
{
    s->why = why;
    list_push(&s->live->late, &s->late);
}

/* Begins to connect to one address. False: s->why. */
static bool connect_address(struct live_socket *s, const struct sockaddr *address, socklen_t size)
{
    s->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd >= 0 && (connect(s->fd, address, size) == 0 || errno == EINPROGRESS)) {
        socket_options(s->fd);
        s->poll = live_poll_new(s->live, s->fd, s);
        s->connecting = true;
        if (s->poll) {
            live_socket_watch(s, false, true);
            return true;
        }
        errno = ENOMEM;
    }
    s->why = uv_strerror(-errno);
    drop_descriptor(s);
    return false;
}

/* Tries the addresses that are left, until one answers. */
static void connect_next(struct live_socket *s)
{
    while (s->next_address) {
        struct addrinfo *a = s->next_address;
        s->next_address = a->ai_next;
        if (connect_address(s, a->ai_addr, a->ai_addrlen)) return;
    }
    s->connecting = false;
    drop_addresses(s);
    lose_later(s, s->why);
}

static void looked_up(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
    struct live_lookup *lookup = request->data;
    struct live_socket *s = lookup->socket;
    memory_free(lookup->memory, lookup, sizeof *lookup);
    if (!s) {
        uv_freeaddrinfo(addresses);
        return;
    }
    s->lookup = NULL;
    s->addresses = s->next_address = addresses;
    s->why = status != 0 ? uv_strerror(status) : "no address";
    connect_next(s);
}

static void look_up(struct live_socket *s, const char *host, int port)
{
    struct memory *m = &s->live->base.memory;
    struct live_lookup *lookup = memory_alloc_zero(m, sizeof *lookup);
    if (!lookup) {
        lose_later(s, "out of memory");
        return;
    }
    *lookup = (struct live_lookup){.socket = s, .memory = m};
    lookup->request.data = lookup;
    char service[16];
    snprintf(service, sizeof service, "%d", port);
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    int status = uv_getaddrinfo(&s->live->loop, &lookup->request, looked_up, host, service, &hints);
    if (status == 0) {
        s->lookup = lookup;
        s->live->touched = true;
        return;
    }
    memory_free(m, lookup, sizeof *lookup);
    lose_later(s, uv_strerror(status));
}

void live_socket_connect(struct live_socket *s, const char *host, int port)
{
    live_socket_close(s, false);
    struct sockaddr_storage address;
    if (!live_address_parse(host, port, &address))
        look_up(s, host, port);
    else if (!connect_address(s, (struct sockaddr *)&address, live_address_size(&address)))
        lose_later(s, s->why);
}

void live_socket_tell_late(struct live *live)
{
    /* whoever is told may fail at once again: those wait for the next turn */
    struct list now;
    list_init(&now);
    struct list *link;
    while ((link = list_pop(&live->late)) != NULL) list_push(&now, link);
    while ((link = list_pop(&now)) != NULL) {
        struct live_socket *s = list_item(link, struct live_socket, late);
        live_socket_close(s, false);
        s->events->lost(s, s->why);
    }
}
