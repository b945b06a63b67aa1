/* sync_nodes.h: a primary and replicas that its writers wait for, for C specs of gates. */
#ifndef SYNC_NODES_H
#define SYNC_NODES_H

#include "nodes.h"

/* Node 0 with replicas b and c (nodes 1 and 2), up to date; `count` nodes in all. Their wires are held and let go with
 * hold_replica. */
static inline void open_pair(struct room *r, int count)
{
    room_open(r, count);
    for (int i = 1; i < count; i++) {
        struct wire *w = room_dial(r, i);
        say(w, "REPLICAOF host 1");
        room_hang_up(w);
    }
    room_pass(r, 1500);
}

/* The wire over which a replica sends its acknowledgements, and its primary's other end. */
static inline struct wire *wire_of(struct room *r, int node)
{
    for (int i = 0; i < ROOM_WIRES; i++) {
        struct wire *w = &r->wires[i];
        if (w->used && w->node == r->nodes[node] && w->peer) return w;
    }
    abort();
}

/* Nothing passes between the replica and its primary any more, or everything again. */
static inline void hold_replica(struct room *r, int node, bool hold)
{
    struct wire *w = wire_of(r, node);
    w->held = w->peer->held = hold;
    room_settle(r);
}

/* Whether the bytes heard begin with these; `*heard` is moved behind them. */
static inline bool begins(const char **heard, const char *text)
{
    size_t size = strlen(text);
    if (strncmp(*heard, text, size) != 0) return false;
    *heard += size;
    return true;
}

#endif
