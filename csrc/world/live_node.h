/* live_node.h: a node's place in a live world, and the connections of the node in it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef TIDELOCK_WORLD_LIVE_NODE_H
#define TIDELOCK_WORLD_LIVE_NODE_H

#include "node/config.h"
#include "world/live_internal.h"

/* Addresses at which a node listens, and the port. */
struct live_addresses {
    char bind[CONFIG_TEXT_MAX]; /* as they were given, separated by blanks */
    int port;
    struct live_listener listeners[BIND_MAX];
    int count;
};

struct live_node {
    struct world_node base;
    struct list turning; /* in live->turning: to be settled at the end of this turn */
    int64_t deadline;    /* of the node, as it was after its last turn */
    char *bind;          /* addresses to listen at from the start, separated by spaces */
    int start_port;      /* …and the port; 0: a free one, before the first start */
    struct live_addresses addresses[2];
    int listening; /* which of them is the present one */
    struct live_listener at_path;
    char *path;             /* of its UNIX socket, where it listens too; NULL: there is none */
    struct live_disk *disk; /* live_disk.h; NULL: the node has not wanted one yet */
    struct list connections;
};

struct live_connection {
    struct world_attachment attachment; /* first: what session_driver points at */
    struct list member;                 /* of live_node.connections */
    struct live_node *owner;
    struct session *session;
    struct live_socket socket;
    bool waiting;         /* there is output, and the kernel takes no more for now */
    bool told_late;       /* `opened` or `lost` came while the node was paused: */
    const char *late_why; /* lost, and why; NULL: opened */
};

static inline struct live *live_of_node(const struct live_node *ln) { return live_of(ln->base.world); }

/* Takes a node in hand: the time of this turn is handed over, and at its end it is settled. */
void live_node_touch(struct live_node *ln);
/* Has the node finish what it was fed so far, and does what it wants done: at the end of a turn, or before when the node
 * hurries (node_hurries). Connections may be closed by it, and the node may end. */
void live_node_settle(struct live_node *ln);

/* One of the node's parameters that are numbers; 0: memory is out. */
int64_t live_node_parameter(struct live_node *ln, const char *name);

/* ---- live_addresses.c ---- */

/* Listens at all addresses of `bind`, "": at none; the first one that works decides about the port when it is free to.
 * False: world_error says why. */
bool live_start_listening(struct live_node *ln);
/* The same at a node's `unixsocket`, if it has one, in place of whatever is there: a socket that an earlier process has
 * left. */
bool live_listen_at_path(struct live_node *ln);
/* At other addresses in place of the present ones; port 0: at none. False: at the present ones, and world_error says why. */
bool live_listen_elsewhere(struct live_node *ln, const char *bind, int port);
void live_stop_listening(struct live_node *ln);
/* As tcp-backlog says. */
void live_listening_backlog(struct live_node *ln);
void live_listening_pause(struct live_node *ln, bool pause);
/* An address at which others reach the node: the first of the list; this machine's own where that means "all". The
 * caller's; NULL: memory is out. */
char *live_reachable_host(struct live_node *ln);

/* ---- live_place.c ---- */

/* What the node can have done with what is around it. */
struct node_place live_place(struct live_node *ln);

/* ---- live_connection.c ---- */

/* Somebody connected; takes the descriptor over. */
void live_connection_accept(struct live_node *ln, int fd, const struct sockaddr_storage *address);
/* NODE_CONNECT */
void live_connection_open(struct live_node *ln, struct session *s, const char *host, int port);
/* NODE_SEND: writes what the kernel takes. False: the connection broke, and is freed. */
bool live_connection_send(struct live_connection *c);
/* The node is told that the connection is gone; `c` is freed. */
void live_connection_close(struct live_connection *c, const char *why);
/* Closes it without telling the node, whose end this is; `c` is freed. */
void live_connection_drop(struct live_connection *c, bool reset);
/* Stops watching, or goes on. */
void live_connection_pause(struct live_connection *c, bool pause);

#endif
