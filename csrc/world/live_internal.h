/* live_internal.h: what the files of the live driver share.
 *
 *   live.c           a world's life; turns: who is due, who has something to send, how long to sleep
 *   live_sleep.c     one iteration of the loop, until a deadline
 *   live_socket.c    TCP connections over uv_poll_t
 *   live_listen.c    addresses and listeners
 *   live_node.c      a node's place: its listeners, its turns and actions, crash, restart, pause
 *   live_disk.c      a node's files: from its queue to libuv's threads and back; live_files.c: what those do
 *   live_connection.c  a connection of a node: input and output
 *   live_client.c    moves a client's bytes (the client itself is client.c)
 *   relay.c          links between real processes
 *
 * One turn of a live world is
 *
 *      poll      libuv reports descriptors; input goes into the nodes, which execute and collect replies
 *      turn      alarms ring; each node that was touched is settled and its actions are carried out: one
 *                write per connection, whatever has been pipelined
 *
 * so a thousand requests that arrive together cost one settling and one write per client.
 */
#ifndef TIDELOCK_WORLD_LIVE_INTERNAL_H
#define TIDELOCK_WORLD_LIVE_INTERNAL_H

#include <uv.h>

#include "base/heap.h"
#include "world/live_sleep.h"
#include "world/live_socket.h"
#include "world/world_internal.h"

enum {
    LIVE_READ_TURN =
        32 * 1024, /* read from one socket per turn, so that all others get theirs: some hundred requests */
    LIVE_WRITE_TURN = 1024 * 1024, /* written to one socket per turn */
    LIVE_CHUNK = 64 * 1024,        /* live->chunk */
    LIVE_BREATH_US = 1000          /* live_breathe */
};

/* Something to be done at a certain time; embedded in its owner. */
struct live_alarm {
    size_t index; /* in live->alarms, SIZE_MAX: not set */
    void (*ring)(struct live_alarm *a);
};

struct live {
    struct world base;
    uv_loop_t loop;
    struct live_sleep sleep;
    uv_signal_t signals[2];
    bool watches_signals;
    bool stopping;  /* a signal, or SHUTDOWN */
    int signal;     /* the last one; 0: none */
    bool stop_told; /* …and world_step has returned because of it */
    bool touched;   /* descriptors or handles changed since the loop last ran */
    int64_t now;    /* monotonic us, read once per turn (live_now) */
    bool now_known;
    int64_t polled; /* when the loop last ran */
    struct heap alarms;
    struct list turning; /* struct live_node.turning: touched in this turn */
    struct list sending; /* struct live_client.sending: have something to send */
    struct list late;    /* struct live_socket.late */
    struct list starved; /* struct live_listener.starved */
    struct list relays;  /* struct world_relay.member */
    struct live_alarm feed_starved;
    char *chunk; /* LIVE_CHUNK bytes: for input that is not read in place */
    char os[128], executable[512];
};

static inline struct live *live_of(struct world *w) { return (struct live *)w; }

/* Runs the loop without waiting when it has not run for a while, so that whoever calls nodes in a tight loop does
 * not keep everybody else waiting. */
void live_breathe(struct live *l);
/* A seed nobody can foresee. */
uint64_t live_seed(void);
/* The time of this turn; asks the clock when the turn has not done so. */
int64_t live_now(struct live *l);

/* An alarm that is not set. */
void live_alarm_init(struct live_alarm *a, void (*ring)(struct live_alarm *a));
/* Sets an alarm, or moves it; INT64_MAX: to never. False: memory is out (never when it was set already). An alarm that
 * rings stays set, to never: whoever must not fail sets it once, at its birth. */
bool live_alarm_set(struct live *l, struct live_alarm *a, int64_t at);
void live_alarm_clear(struct live *l, struct live_alarm *a);

/* ---- live_node.c ---- */

struct world_node *live_node_new(struct world *w, const struct world_node_options *options);
void live_node_enter(struct world_node *wn);
void live_node_turn(struct world_node *wn);
enum world_result live_node_crash(struct world_node *wn, enum world_crash what);
enum world_result live_node_restart(struct world_node *wn);
enum world_result live_node_pause(struct world_node *wn, bool pause);
void live_node_free(struct world_node *wn);
/* Nodes whose time has come. */
void live_nodes_advance(struct live *l);
/* Settles the nodes that were touched and does what they want done. */
void live_nodes_settle(struct live *l);
/* The earliest deadline of all; INT64_MAX: none. */
int64_t live_nodes_deadline(const struct live *l);
/* Whether one runs. */
bool live_nodes_running(const struct live *l);

/* ---- live_client.c ---- */

struct world_client *live_client_alloc(struct world *w);
void live_client_free(struct world_client *c);
bool live_client_settle(struct world_client *c);
void live_client_open(struct world_client *c);
void live_client_send(struct world_client *c);
void live_client_close(struct world_client *c);
void live_client_alarm(struct world_client *c, int64_t at);
/* Sends for everyone in live->sending. */
void live_clients_send(struct live *l);

/* ---- relay.c ---- */

void live_relays_free(struct live *l);

#endif
