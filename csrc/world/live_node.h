/* live_node.h: a node's place in a live world, and the connections of the node in it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef TIDELOCK_WORLD_LIVE_NODE_H
#define TIDELOCK_WORLD_LIVE_NODE_H

#include "world/live_internal.h"

enum { LIVE_LISTENERS_MAX = 16 };

struct live_node {
    struct world_node base;
    struct list turning; /* in live->turning: to be settled at the end of this turn */
    int64_t deadline;    /* of the node, as it was after its last turn */
    char *bind;          /* addresses to listen at, separated by spaces */
    struct live_listener listeners[LIVE_LISTENERS_MAX];
    int listener_count;
    char *path;             /* of its UNIX socket; NULL: there is none */
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
