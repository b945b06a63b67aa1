/* live_listen.c: addresses, and listening at one.
 *
 * A process that has run out of descriptors cannot accept, yet the listening socket stays readable: watching on would
 * turn the loop into a busy wait. Such a listener is set aside (live->starved) and tried again a little later.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

#include "world/live_internal.h"
#include "world/live_poll.h"

enum {
    ACCEPTS_TURN = 64, /* accepted per turn */
    BACKLOG = 511,     /* Redis's default */
    STARVED_US = 100000
};

/* ---- addresses ---- */

bool live_address_parse(const char *host, int port, struct sockaddr_storage *address)
{
    memset(address, 0, sizeof *address);
    if (strcmp(host, "*") == 0) host = "0.0.0.0";
    if (strcmp(host, "::*") == 0) host = "::";
    return uv_ip4_addr(host, port, (struct sockaddr_in *)address) == 0 ||
           uv_ip6_addr(host, port, (struct sockaddr_in6 *)address) == 0;
}

bool live_address_path(const char *path, struct sockaddr_storage *address)
{
    struct sockaddr_un *local = (struct sockaddr_un *)address;
    size_t size = strlen(path) + 1;
    memset(address, 0, sizeof *address);
    if (size == 1 || size > sizeof local->sun_path) return false;
    local->sun_family = AF_UNIX;
    memcpy(local->sun_path, path, size);
    return true;
}

void live_address_format(const struct sockaddr_storage *address, char *text, size_t size)
{
    char ip[INET6_ADDRSTRLEN] = "?";
    bool six = address->ss_family == AF_INET6;
    if (address->ss_family == AF_UNIX) {
        snprintf(text, size, "%.*s:0", (int)size - 3, ((const struct sockaddr_un *)address)->sun_path);
        return;
    }
    if (six)
        uv_ip6_name((const struct sockaddr_in6 *)address, ip, sizeof ip);
    else
        uv_ip4_name((const struct sockaddr_in *)address, ip, sizeof ip);
    snprintf(text, size, six ? "[%s]:%d" : "%s:%d", ip, live_address_port(address));
}

socklen_t live_address_size(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_UNIX) return sizeof(struct sockaddr_un);
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

int live_address_port(const struct sockaddr_storage *address)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    if (address->ss_family == AF_INET6) {
        memcpy(&six, address, sizeof six);
        return ntohs(six.sin6_port);
    }
    memcpy(&four, address, sizeof four);
    return ntohs(four.sin_port);
}

/* ---- listening ---- */

void live_listener_init(struct live_listener *listener, struct live *live, void *owner,
                        void (*accepted)(struct live_listener *listener, int fd,
                                         const struct sockaddr_storage *address))
{
    *listener = (struct live_listener){.live = live, .owner = owner, .fd = -1, .accepted = accepted};
    list_init(&listener->starved);
}

/* Errors of one connection that went away before it was accepted, as against errors of the listener. */
static bool only_this_one(int error)
{
    return error == EINTR || error == ECONNABORTED || error == EPROTO || error == EPERM;
}

static void listener_ready(uv_poll_t *handle, int status, int events);

static void listener_watch(struct live_listener *listener)
{
    if (!listener->poll) return;
    listener->live->touched = true;
    if (listener->paused || !list_empty(&listener->starved))
        uv_poll_stop(&listener->poll->handle);
    else
        uv_poll_start(&listener->poll->handle, UV_READABLE, listener_ready);
}

static void listener_starve(struct live_listener *listener)
{
    struct live *live = listener->live;
    if (!live_alarm_set(live, &live->feed_starved, live_now(live) + STARVED_US)) return;
    list_push(&live->starved, &listener->starved);
    listener_watch(listener);
}

static void listener_ready(uv_poll_t *handle, int status, int events)
{
    (void)status;
    (void)events;
    struct live_poll *p = handle->data;
    for (int i = 0; i < ACCEPTS_TURN && p->owner; i++) {
        struct live_listener *listener = p->owner;
        struct sockaddr_storage address = {0};
        socklen_t size = sizeof address;
        int fd = accept4(listener->fd, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            listener->accepted(listener, fd, &address);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (!only_this_one(errno)) {
            listener_starve(listener);
            return;
        }
    }
}

int live_listener_open(struct live_listener *listener, const struct sockaddr_storage *address)
{
    int one = 1;
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (address->ss_family == AF_INET6) (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (bind(fd, (const struct sockaddr *)address, live_address_size(address)) != 0 ||
        listen(fd, BACKLOG) != 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    listener->poll = live_poll_new(listener->live, fd, listener);
    if (!listener->poll) {
        close(fd);
        return UV_ENOMEM;
    }
    listener->fd = fd;
    listener->paused = false;
    listener_watch(listener);
    return 0;
}

int live_listener_port(const struct live_listener *listener)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    if (getsockname(listener->fd, (struct sockaddr *)&address, &size) != 0) return 0;
    return live_address_port(&address);
}

void live_listener_backlog(struct live_listener *listener, int backlog)
{
    if (listener->fd >= 0) (void)listen(listener->fd, backlog); /* once more: it only changes the number */
}

void live_listener_pause(struct live_listener *listener, bool pause)
{
    listener->paused = pause;
    listener_watch(listener);
}

void live_listener_close(struct live_listener *listener)
{
    if (listener->poll) live_poll_close(listener->live, listener->poll);
    if (listener->fd >= 0) close(listener->fd);
    listener->poll = NULL;
    listener->fd = -1;
    list_remove(&listener->starved);
}

void live_listener_feed(struct live *live)
{
    struct list *link;
    while ((link = list_pop(&live->starved)) != NULL)
        listener_watch(list_item(link, struct live_listener, starved));
}
