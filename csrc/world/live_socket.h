/* live_socket.h: one TCP connection of a live world.
 *
 * A socket is embedded in whoever owns it (a node's connection, a client, an end of a relay) and tells it through a
 * table of functions what happened. It does not buffer: bytes go straight from the kernel to where the owner wants
 * them, and back.
 *
 * Why uv_poll_t with recv and sendmsg of our own, and not uv_tcp_t: libuv's streams write with write(2), which raises
 * SIGPIPE in the host when the peer is gone; and a uv_write owns its buffers until a callback, while a node's output is
 * valid only until the node is called again. Both cost the same CPU time.
 */
#ifndef TIDELOCK_WORLD_LIVE_SOCKET_H
#define TIDELOCK_WORLD_LIVE_SOCKET_H

#include <sys/socket.h>
#include <sys/types.h>
#include <uv.h>

#include "base/bytes.h"
#include "base/list.h"

struct live;
struct live_socket;
struct live_poll;
struct live_lookup;

/* What the owner is told; never from inside a call of the functions below. `lost` and `failed` leave a socket that is
 * closed already; from inside any of them the owner may close the socket and free itself. */
struct live_socket_events {
    void (*opened)(struct live_socket *s);
    void (*lost)(struct live_socket *s,
                 const char *why); /* could not be opened, or broke while nobody read */
    void (*readable)(struct live_socket *s);
    void (*writable)(struct live_socket *s);
};

struct live_socket {
    struct live *live;
    const struct live_socket_events *events;
    int fd;       /* -1: none */
    int watched;  /* UV_READABLE, UV_WRITABLE */
    bool stopped; /* libuv has stopped watching because of an error */
    bool connecting;
    struct live_poll *poll;     /* libuv's handle: freed some time after the socket is closed */
    struct live_lookup *lookup; /* its name is being looked up */
    struct addrinfo *addresses; /* … and this is what came out */
    struct addrinfo *next_address;
    struct list late; /* in live->late: `lost` is still to be told */
    const char *why;  /* what went wrong last */
};

enum { LIVE_AGAIN = -1, LIVE_BROKEN = -2 };

void live_socket_init(struct live_socket *s, struct live *live, const struct live_socket_events *events);
/* For a descriptor nobody takes over. */
void live_descriptor_close(int fd);
/* Takes over a connected descriptor, also when it returns false: memory is out, it is closed. */
bool live_socket_adopt(struct live_socket *s, int fd);
/* Begins to connect; then `opened` or `lost`. `host` is a name or an address. */
void live_socket_connect(struct live_socket *s, const char *host, int port);
/* Whether it is not open yet. */
static inline bool live_socket_opening(const struct live_socket *s)
{
    return s->connecting || s->lookup || !list_empty(&s->late);
}
/* What to be told of; once it is open. */
void live_socket_watch(struct live_socket *s, bool readable, bool writable);
/* Bytes read (at most `room`, which is not 0); 0: the peer has finished; LIVE_AGAIN; LIVE_BROKEN: s->why. */
ssize_t live_socket_read(struct live_socket *s, char *place, size_t room);
/* Bytes written, LIVE_AGAIN when the kernel takes none now, LIVE_BROKEN: s->why. */
ssize_t live_socket_write(struct live_socket *s, const struct slice *slices, int count);
/* No more will be written: the peer reads to the end. */
void live_socket_finish(struct live_socket *s);
/* Closes it, if it is open or opening. `reset`: the peer sees a reset, what the kernel still holds is gone. */
void live_socket_close(struct live_socket *s, bool reset);
/* SO_KEEPALIVE after `seconds` of silence; 0: off. */
void live_socket_keepalive(struct live_socket *s, int seconds);
/* Tells the sockets in live->late; once a turn. */
void live_socket_tell_late(struct live *live);

/* An address from text: numbers only, "*" for all of IPv4, "::*" for all of IPv6. False: it is a name. */
bool live_address_parse(const char *host, int port, struct sockaddr_storage *address);
/* The address of a UNIX socket. False: the path is too long, or empty. */
bool live_address_path(const char *path, struct sockaddr_storage *address);
/* "ip:port" or "[ip]:port"; of a UNIX socket its path and port 0. */
void live_address_format(const struct sockaddr_storage *address, char *text, size_t size);
socklen_t live_address_size(const struct sockaddr_storage *address);
int live_address_port(const struct sockaddr_storage *address);

/* ---- listeners ---- */

/* Listens at one address. */
struct live_listener {
    struct live *live;
    void *owner; /* for `accepted` */
    int fd;      /* -1: closed */
    struct live_poll *poll;
    struct list starved; /* in live->starved: out of descriptors, tried again later */
    bool paused;
    /* A connection: the owner takes the descriptor over (live_socket_adopt, or close). */
    void (*accepted)(struct live_listener *listener, int fd, const struct sockaddr_storage *address);
};

void live_listener_init(struct live_listener *listener, struct live *live, void *owner,
                        void (*accepted)(struct live_listener *listener, int fd,
                                         const struct sockaddr_storage *address));
/* 0, or a libuv error code. The port of `address` may be 0: live_listener_port. */
int live_listener_open(struct live_listener *listener, const struct sockaddr_storage *address);
int live_listener_port(const struct live_listener *listener);
/* How many connections the kernel holds until they are accepted. */
void live_listener_backlog(struct live_listener *listener, int backlog);
/* Stops accepting: the kernel's backlog goes on; or accepts again. */
void live_listener_pause(struct live_listener *listener, bool pause);
void live_listener_close(struct live_listener *listener);
/* Tries again those that ran out of descriptors. */
void live_listener_feed(struct live *live);

#endif
