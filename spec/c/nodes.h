/* nodes.h: a few nodes in a room without distance, for C specs of csrc/node.
 *
 * Every connection is instant and everything is drained after each event, so a spec reads as a transcript: say
 * something to a node, look at what comes back. Time stands still unless a spec moves it (room_pass).
 *
 * A node's files are in memory (fake_disk.h) and outlive it: room_crash, room_start.
 *
 * Leaves out: latency, faults: the simulator's (csrc/world).
 */
#ifndef NODES_H
#define NODES_H

#include <stdlib.h>

#include "base/list.h"
#include "fake_disk.h"
#include "node/node.h"

enum { ROOM_NODES = 4, ROOM_WIRES = 64 };

/* One side of a connection: a session of a node, or the spec itself (session NULL). */
struct wire {
    struct room *room;
    struct node *node;
    struct session *session;
    struct wire *peer;       /* the session at the other end, NULL: the spec */
    struct bytes heard;      /* what the node has sent to the spec */
    bool used, closed, held; /* held: its output stays where it is */
};

struct room {
    struct memory memory;
    struct command_index *commands;
    struct node *nodes[ROOM_NODES];
    struct fake_disk disks[ROOM_NODES];
    bool disk_stands[ROOM_NODES]; /* nothing is carried out */
    bool shut_down[ROOM_NODES];   /* the node has said so */
    struct bytes diaries[ROOM_NODES];
    struct node_time now;
    struct wire wires[ROOM_WIRES];
    struct wire *dialled; /* a node has connected to a port that is no node's: the spec answers */
    char text[65536];
};

static inline void room_start(struct room *r, int i, uint64_t seed)
{
    char name[2] = {(char)('a' + i), '\0'};
    struct node_options options = {.commands = r->commands,
                                   .seed = seed,
                                   .name = name,
                                   .port = i + 1,
                                   .now = r->now,
                                   .digest = true,
                                   .trail = false,
                                   .diary = &r->diaries[i]};
    r->nodes[i] = node_new(&options);
}

static inline void room_open(struct room *r, int count)
{
    memset(r, 0, sizeof *r);
    memory_init(&r->memory);
    r->commands = node_commands_new(&r->memory);
    r->now = (struct node_time){.wall_us = 1700000000000000, .mono_us = 1000000};
    for (int i = 0; i < ROOM_NODES; i++) fake_disk_init(&r->disks[i]);
    for (int i = 0; i < ROOM_NODES; i++) bytes_init(&r->diaries[i], &r->memory);
    for (int i = 0; i < count; i++) room_start(r, i, (uint64_t)i + 1);
}

static inline void room_close(struct room *r)
{
    for (int i = 0; i < ROOM_NODES; i++) node_free(r->nodes[i]);
    for (int i = 0; i < ROOM_NODES; i++) fake_disk_free(&r->disks[i]);
    for (int i = 0; i < ROOM_NODES; i++) bytes_free(&r->diaries[i]);
    for (int i = 0; i < ROOM_WIRES; i++)
        if (r->wires[i].heard.memory) bytes_free(&r->wires[i].heard);
    command_index_free(r->commands);
}

static inline struct wire *room_wire(struct room *r, struct node *n, struct session *s)
{
    for (int i = 0; i < ROOM_WIRES; i++) {
        struct wire *w = &r->wires[i];
        if (w->used) continue;
        if (!w->heard.memory) bytes_init(&w->heard, &r->memory);
        bytes_clear(&w->heard);
        w->room = r;
        w->node = n;
        w->session = s;
        w->peer = NULL;
        w->used = true;
        w->closed = w->held = false;
        session_set_driver(s, w);
        return w;
    }
    abort();
}

static inline void room_hang_up(struct wire *w)
{
    if (w->closed) return;
    w->closed = true;
    session_closed(w->session, "closed");
    w->session = NULL;
    if (w->peer) {
        room_hang_up(w->peer);
        w->used = false;
    }
}

/* False: the session has no memory for it. */
static inline bool room_put(struct session *s, const char *data, size_t size)
{
    while (size > 0) {
        size_t space;
        char *place = session_input_reserve(s, &space);
        if (!place) return false;
        size_t part = size < space ? size : space;
        memcpy(place, data, part);
        session_input_commit(s, part);
        data += part;
        size -= part;
    }
    return true;
}

/* Carries what one session has to send. True if anything moved. */
static inline bool room_carry(struct wire *w)
{
    struct slice slices[8];
    bool moved = false;
    int count;
    while (!w->held && !w->closed && (count = session_output(w->session, slices, 8)) > 0) {
        struct bytes copy;
        bytes_init(&copy, &w->room->memory);
        for (int i = 0; i < count; i++) bytes_append_slice(&copy, slices[i]);
        session_output_sent(w->session, copy.size);
        bool taken = true;
        if (w->peer && !w->peer->closed)
            taken = room_put(w->peer->session, copy.data, copy.size);
        else if (!w->peer)
            bytes_append_slice(&w->heard, bytes_slice(&copy));
        bytes_free(&copy);
        if (!taken) room_hang_up(w->peer);
        moved = true;
    }
    return moved;
}

static inline void room_connect(struct room *r, struct node *from, const struct node_action *action)
{
    struct wire *near = room_wire(r, from, action->session);
    struct node *to = action->port >= 1 && action->port <= ROOM_NODES ? r->nodes[action->port - 1] : NULL;
    if (action->port > ROOM_NODES) {
        r->dialled = near;
        session_connected(near->session);
        return;
    }
    struct session *s = to ? node_accept(to, "10.0.0.9:1234") : NULL;
    if (!s) {
        near->closed = true;
        near->used = false;
        session_closed(action->session, "connection refused");
        return;
    }
    struct wire *far = room_wire(r, to, s);
    near->peer = far;
    far->peer = near;
    session_connected(near->session);
}

static inline int room_number(const struct room *r, const struct node *n)
{
    int i = 0;
    while (r->nodes[i] != n) i++;
    return i;
}

/* Carries out what a node wants done with its files. */
static inline bool room_disk(struct room *r, struct node *n)
{
    int i = room_number(r, n);
    return !r->disk_stands[i] && fake_disk_run(&r->disks[i], node_disk(n), 1000) > 0;
}

static inline bool room_turn(struct room *r, struct node *n)
{
    struct node_action action;
    bool moved = false;
    node_settle(n);
    while (node_next_action(n, &action)) {
        moved |= action.kind != NODE_DISK;
        struct wire *w = action.session ? session_driver(action.session) : NULL;
        if (action.kind == NODE_DISK)
            moved |= room_disk(r, n);
        else if (action.kind == NODE_CONNECT)
            room_connect(r, n, &action);
        else if (action.kind == NODE_SEND && w)
            room_carry(w);
        else if (action.kind == NODE_CLOSE && w)
            room_hang_up(w);
        else if (action.kind == NODE_CLOSE)
            session_closed(action.session, NULL);
        else if (action.kind == NODE_SHUTDOWN)
            r->shut_down[room_number(r, n)] = true;
    }
    return moved;
}

/* Until nobody has anything to do at this moment. */
static inline void room_settle(struct room *r)
{
    int rounds = 0;
    for (bool moved = true; moved; rounds++) {
        moved = false;
        for (int i = 0; i < ROOM_NODES; i++) {
            struct node *n = r->nodes[i];
            if (!n) continue;
            if (node_deadline(n) <= r->now.mono_us) node_advance(n, r->now);
            moved |= room_turn(r, n);
            moved |= rounds < 100 && node_deadline(n) <= r->now.mono_us;
        }
        for (int i = 0; i < ROOM_WIRES; i++)
            if (r->wires[i].used && !r->wires[i].closed) moved |= room_carry(&r->wires[i]);
    }
}

/* Time passes, `ms` in all, in steps that miss no deadline. */
static inline void room_pass(struct room *r, int64_t ms)
{
    int64_t end = r->now.mono_us + ms * 1000;
    while (r->now.mono_us < end) {
        int64_t next = end;
        for (int i = 0; i < ROOM_NODES; i++)
            if (r->nodes[i] && node_deadline(r->nodes[i]) < next) next = node_deadline(r->nodes[i]);
        if (next <= r->now.mono_us) next = r->now.mono_us + 1;
        r->now.wall_us += next - r->now.mono_us;
        r->now.mono_us = next;
        for (int i = 0; i < ROOM_NODES; i++)
            if (r->nodes[i]) node_advance(r->nodes[i], r->now);
        room_settle(r);
    }
}

/* A node is gone, all of a sudden, and its connections with it. */
static inline void room_crash(struct room *r, int node)
{
    for (int i = 0; i < ROOM_WIRES; i++) {
        struct wire *w = &r->wires[i];
        if (!w->used || w->closed || w->node != r->nodes[node]) continue;
        struct wire *peer = w->peer;
        w->closed = true;
        w->used = false;
        w->peer = NULL;
        if (peer && !peer->closed) {
            peer->peer = NULL;
            room_hang_up(peer);
            peer->used = false;
        }
    }
    node_free(r->nodes[node]);
    r->nodes[node] = NULL;
    r->shut_down[node] = false;
    room_settle(r);
}

static inline struct wire *room_dial(struct room *r, int node)
{
    return room_wire(r, r->nodes[node], node_accept(r->nodes[node], "10.0.0.1:5000"));
}

/* What has come back since the last time somebody looked. */
static inline const char *room_hear(struct wire *w)
{
    struct room *r = w->room;
    size_t size = w->heard.size < sizeof r->text - 1 ? w->heard.size : sizeof r->text - 1;
    if (size > 0) memcpy(r->text, w->heard.data, size);
    r->text[size] = '\0';
    bytes_clear(&w->heard);
    return r->text;
}

/* Whether a node has noted this. */
static inline bool room_noted(const struct room *r, int node, const char *text)
{
    const struct bytes *b = &r->diaries[node];
    size_t size = strlen(text);
    for (size_t at = 0; at + size <= b->size; at++)
        if (memcmp(b->data + at, text, size) == 0) return true;
    return false;
}

/* Sends raw bytes and returns what comes back at this moment. */
static inline const char *room_send_bytes(struct wire *w, const char *bytes, size_t size)
{
    if (!w->closed && !room_put(w->session, bytes, size)) room_hang_up(w);
    room_settle(w->room);
    return room_hear(w);
}

static inline const char *room_send(struct wire *w, const char *bytes)
{
    return room_send_bytes(w, bytes, strlen(bytes));
}

/* Says one inline command. */
static inline const char *say(struct wire *w, const char *command)
{
    char line[4096];
    size_t size = strlen(command);
    if (size > sizeof line - 3) abort();
    memcpy(line, command, size);
    memcpy(line + size, "\r\n", 3);
    return room_send(w, line);
}

#endif
