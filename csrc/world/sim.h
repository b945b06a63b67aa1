/* sim.h: the simulated world, as its files see it.
 *
 *   sim.c         life, the clock, turning; the event hash
 *   sim_events.c  the events to come
 *   sim_pool.c    blocks of equal size, kept until the end
 *   sim_link.c    links: latency, jitter, loss, bandwidth, cuts
 *   sim_net.c     connections over links: what TCP makes of them
 *   sim_pipe.c    one direction of a connection: segments in flight
 *   sim_node.c    nodes at places: start, crash, pause; their turns
 *   sim_client.c  clients at places
 *   sim_disk.c    a place's disk: what it costs, how it fails (sim_disk.h)
 *   sim_files.c   its files, and with sim_power.c what survives a loss of power (sim_files.h)
 *   check.c       invariants (world/check.h)
 *
 * Everything that happens is an event. Events are ordered by time and, at the same time, by the order in which they
 * were made, so that the order is total and the same in every run. The clock jumps from event to event.
 *
 * Randomness comes from streams of the world's seed, one for each purpose: drawing once more for a link does not change
 * what nodes, faults or the script draw. Nothing depends on addresses in memory.
 *
 * The network's files know nothing of nodes and clients: they see places (struct sim_place), which are told through
 * struct sim_place_ops when one of their connections has something for them, and read it as from a socket. So the
 * network is specified by itself (spec/c/test_world_net.c).
 */
#ifndef TIDELOCK_WORLD_SIM_H
#define TIDELOCK_WORLD_SIM_H

#include "world/world_internal.h"

struct check;
struct sim;

enum {
    SIM_LATENCY_US = 100, /* default link: a quiet local network */
    SIM_JITTER_US = 20,
    SIM_WINDOW = 256 * 1024,    /* bytes in flight or unread, per direction of a connection */
    SIM_SEGMENT_MAX = 64 * 1024 /* what is sent at once travels together up to this size */
};

/* Unix time at the beginning of every simulation: 2024-01-01T00:00:00Z. */
#define SIM_EPOCH_US INT64_C(1704067200000000)

/* ---- pools (sim_pool.c) ---- */

/* Blocks of one size. A block given back is used again first; memory goes back to the system with the world. So a
 * pointer to a block stays readable, and a stale event can ask its target whether it is still meant. */
struct sim_pool {
    struct memory *memory;
    size_t size; /* of a block */
    struct sim_pool_free {
        struct sim_pool_free *next;
    } * free;
    struct sim_pool_slab *slabs;
};

void sim_pool_init(struct sim_pool *p, struct memory *m, size_t size);
void sim_pool_finish(struct sim_pool *p);
/* Not zeroed. NULL: memory is out. */
void *sim_pool_take(struct sim_pool *p);
void sim_pool_give(struct sim_pool *p, void *block);

/* ---- events (sim_events.c) ---- */

enum sim_event_kind {
    SIM_TIMER,        /* world_timer: the target is the ticket itself */
    SIM_NODE_ALARM,   /* a node's deadline */
    SIM_CLIENT_ALARM, /* a client's time-out */
    SIM_ARRIVAL,      /* the first segment of a pipe arrives */
    SIM_ROOM,         /* a writer learns that there is room again */
    SIM_BREAK,        /* nothing was acknowledged for too long */
    SIM_SYN,          /* a connection request arrives */
    SIM_SYN_RETRY,    /* …or was lost and is sent again */
    SIM_SYN_ANSWER,   /* …or its answer arrives */
    SIM_FAIL,         /* a connection attempt has failed */
    SIM_DISK          /* what was under way in a lane of a disk ends */
};

struct sim_event {
    int64_t at;
    uint64_t order; /* sequence number << 8 | kind: unique, so no two events compare equal */
    union {
        void *pointer;
        int64_t ticket;
    } target;
};

static inline enum sim_event_kind sim_event_kind(const struct sim_event *e)
{
    return (enum sim_event_kind)(e->order & 0xff);
}

enum { SIM_EVENTS_NEAR = 32 };

struct sim_events {
    struct memory *memory;
    struct sim_event near[SIM_EVENTS_NEAR]; /* the next ones, the very next at the end */
    size_t near_count;                      /* 0: there is none at all */
    struct sim_event *heap;                 /* those after them */
    size_t count, capacity;
    uint64_t made; /* events ever */
};

void sim_events_init(struct sim_events *es, struct memory *m);
void sim_events_finish(struct sim_events *es);
/* Returns the event's order, by which its target knows whether an event is the one it waits for; 0: memory is out. */
uint64_t sim_events_add(struct sim_events *es, int64_t at, enum sim_event_kind kind, void *target);
uint64_t sim_events_add_ticket(struct sim_events *es, int64_t at, int64_t ticket);
/* NULL: there is none. */
static inline const struct sim_event *sim_events_first(const struct sim_events *es)
{
    return es->near_count > 0 ? &es->near[es->near_count - 1] : NULL;
}
/* From the heap, when none is near. */
void sim_events_refill(struct sim_events *es);
static inline void sim_events_drop_first(struct sim_events *es)
{
    if (--es->near_count == 0 && es->count > 0) sim_events_refill(es);
}

/* ---- links (sim_link.c) ---- */

struct sim_place;

/* From one place to another. Made when the first connection needs it or somebody sets it. */
struct sim_link {
    struct sim_place *from, *to;
    struct list member;             /* of sim_links.all */
    struct list outgoing, incoming; /* of from->outgoing, of to->incoming */
    struct list pipes;              /* struct sim_pipe.member: those that carry data over it */
    bool own;                       /* has parameters of its own, otherwise the world's default */
    struct world_link parameters;
    int64_t free_at; /* the transmitter is busy until then (bandwidth) */
};

struct sim_links {
    struct sim_pool pool;
    struct sim_link **slots; /* open addressing by (from, to) */
    size_t count, capacity;
    struct list all;
    struct world_link standard;
    struct random random;
};

bool sim_links_init(struct sim_links *ls, struct memory *m, uint64_t seed);
void sim_links_finish(struct sim_links *ls);
/* NULL: memory is out. */
struct sim_link *sim_link_between(struct sim *s, struct sim_place *from, struct sim_place *to);
/* Frees all links from and to a place. There are no connections over them. */
void sim_links_forget(struct sim_links *ls, struct sim_place *p);
static inline const struct world_link *sim_link_parameters(const struct sim_links *ls,
                                                           const struct sim_link *l)
{
    return l->own ? &l->parameters : &ls->standard;
}
/* When something of `size` bytes that is sent at `at` arrives, if it is not lost: draws jitter. The link is not cut. */
int64_t sim_link_passage(struct sim *s, struct sim_link *l, int64_t at, size_t size);
/* The same with its losses and retransmissions. */
int64_t sim_link_transit(struct sim *s, struct sim_link *l, int64_t at, size_t size);
/* Whether a packet sent now is lost: cut, or by the draw. */
bool sim_link_loses(struct sim *s, const struct sim_link *l);
static inline bool sim_link_cut(const struct sim_links *ls, const struct sim_link *l)
{
    return sim_link_parameters(ls, l)->cut;
}
/* For the ops table: by names. */
enum world_result sim_link_get(struct world *w, const char *from, const char *to, struct world_link *link);
enum world_result sim_link_set(struct world *w, const char *from, const char *to,
                               const struct world_link *link);

/* ---- places and connections (sim_net.c, sim_pipe.c) ---- */

struct sim_end;

struct sim_place_ops {
    /* Whether a connection to `port` is accepted. */
    bool (*listens)(struct sim_place *p, int port);
    /* There is something to read: sim_end_read. The first time at an end that was accepted, its owner is NULL. */
    void (*ready)(struct sim_end *e);
    /* There is room to write again. */
    void (*room)(struct sim_end *e);
    /* A place that was closed is not needed any more; NULL: such places are not closed. */
    void (*gone)(struct sim_place *p);
};

struct sim_place {
    const struct sim_place_ops *ops;
    struct sim *sim;
    const char *name;
    uint32_t id;      /* in order of creation, from 1 */
    int next_port;    /* of connections it opens */
    bool dead;        /* the machine is off: nothing answers */
    struct list ends; /* struct sim_end.member: open */
    struct list
        ghosts; /* …and those that were open when the machine went off, until their other end is gone */
    struct list outgoing, incoming; /* links */
    int64_t conns;                  /* connections that begin or end here */
    bool closed;                    /* and gone when the last of them is */
};

/* What travels together. */
struct sim_segment {
    struct sim_segment *next;
    int64_t arrival, sent_at;
    uint32_t size;
    uint8_t size_class;
    uint8_t kind; /* enum sim_segment_kind */
    char data[];
};

enum sim_segment_kind {
    SEGMENT_BYTES,
    SEGMENT_ACCEPT /* completes the handshake */,
    SEGMENT_FIN,
    SEGMENT_RST
};

struct sim_segments {
    struct sim_segment *first, *last;
};

/* One direction of a connection. */
struct sim_pipe {
    struct sim_conn *conn;
    struct sim_link *link;
    struct list member;          /* of link->pipes */
    struct sim_segments transit; /* sent, not arrived */
    struct sim_segments arrived; /* not read */
    struct sim_segment *reading; /* handed to the reader last */
    int64_t last_arrival;        /* FIFO: nothing overtakes */
    int64_t stalled_since;       /* -1: not; the first transmission of what does not get through */
    uint64_t arrival_event, room_event, break_event; /* the valid one of each, 0: none */
    uint32_t in_flight;                              /* bytes sent and not read */
    uint32_t withheld; /* of them: read, but the acknowledgement did not get back */
    bool blocked;      /* the writer has more than there was room for */
};

enum sim_conn_state {
    CONN_SYN,      /* the opener waits for an answer */
    CONN_ANSWERED, /* the acceptor's machine has said yes */
    CONN_OPEN      /* …and the opener knows it */
};

struct sim_end {
    struct world_attachment attachment; /* session_driver points here */
    struct list member;                 /* of place->ends or ghosts */
    struct list pending;                /* its owner's list of ends that have to wait (a paused node) */
    struct sim_conn *conn;
    struct sim_place *place;
    void *owner;        /* the place's: a session, a client */
    int64_t session_id; /* of a node's session, for checks */
    const char *why;    /* broken from below: the reader is told after what has arrived */
    bool opener, open, announced;
    bool closed; /* by its owner, or its machine is off: nothing is delivered any more */
    bool told;   /* the other end has been sent a FIN or RST */
};

struct sim_conn {
    struct sim *sim;
    enum sim_conn_state state;
    struct sim_pipe pipe[2]; /* pipe[i] carries what end[i] writes */
    struct sim_end end[2];   /* 0: the opener */
    int port;                /* of the acceptor */
    int from_port;           /* of the opener */
    int attempt;             /* SYNs sent */
    int64_t syn_at;          /* the last one */
    uint64_t syn_event;
    struct check_writes *writes; /* check.h: what became of the requests that came this way */
};

/* Begins to connect. `to` NULL: no such place. ready(end) follows once it is open or has failed. NULL: memory. */
struct sim_end *sim_connect(struct sim *s, struct sim_place *from, struct sim_place *to, int port,
                            void *owner);

/* Bytes that can be written now: 0 until the connection is open. */
size_t sim_end_room(const struct sim_end *e);
/* Writes as much as there is room for; returns how much. If that is not all, room(end) follows. */
size_t sim_end_write(struct sim_end *e, const struct slice *slices, int count);

enum sim_read {
    SIM_READ_NOTHING,
    SIM_READ_BYTES, /* valid until the next call for this end */
    SIM_READ_END    /* the connection is gone (end->why): call sim_end_close */
};
enum sim_read sim_end_read(struct sim_end *e, struct slice *bytes);

/* The owner is done with this end: what was written still travels, then the other end is told, with a FIN or with a
 * RST. The end must not be used afterwards. */
void sim_end_close(struct sim_end *e, bool reset);
/* "name:port" of the other end. */
void sim_end_address(const struct sim_end *e, char *out, size_t size);
static inline struct sim_end *sim_end_other(struct sim_end *e) { return &e->conn->end[e->opener ? 1 : 0]; }

void sim_place_init(struct sim_place *p, struct sim *s, const struct sim_place_ops *ops, const char *name);
/* Its owner is done with it: it has no name any more, and is gone when its last connection is. */
void sim_place_close(struct sim_place *p);
/* The machine goes off: its ends are gone without a word. Their owners must not use them afterwards. */
void sim_place_die(struct sim_place *p);
/* …and is on again: what others still send it is answered with RST when it gets through. */
void sim_place_revive(struct sim_place *p);

/* Between sim_net.c, sim_pipe.c and sim_link.c. */
void sim_segments_init(struct sim *s);
void sim_segments_finish(struct sim *s);
void sim_pipe_init(struct sim_pipe *p, struct sim_conn *c, struct sim_link *l);
void sim_pipe_finish(struct sim_pipe *p);
bool sim_pipe_mark(struct sim_pipe *p, enum sim_segment_kind kind);
size_t sim_pipe_write(struct sim_pipe *p, const struct slice *slices, int count);
enum sim_read sim_pipe_read(struct sim_pipe *p, struct slice *bytes, enum sim_segment_kind *kind);
void sim_pipe_drop(struct sim_pipe *p);        /* what is under way or unread */
void sim_pipe_retransmit(struct sim_pipe *p);  /* the way is free again: at the next attempt */
void sim_pipe_acknowledge(struct sim_pipe *p); /* the way of acknowledgements is free again */
void sim_pipe_arrival(struct sim_pipe *p);
void sim_pipe_room(struct sim_pipe *p);
void sim_pipe_break(struct sim_pipe *p);
void sim_conn_event(struct sim_conn *c, enum sim_event_kind kind);
static inline struct sim_end *sim_pipe_writer(struct sim_pipe *p) { return &p->conn->end[p - p->conn->pipe]; }
static inline struct sim_end *sim_pipe_reader(struct sim_pipe *p)
{
    return &p->conn->end[1 - (p - p->conn->pipe)];
}

/* ---- the world ---- */

enum { SIM_SEGMENT_CLASSES = 4 };

struct sim {
    struct world world;
    struct world_ops ops;
    int64_t now;
    uint64_t seed;
    struct sim_events events;
    int64_t event_count;
    uint64_t hash;
    bool broken; /* memory ran out where nothing could be undone */
    struct sim_links links;
    struct world_disk disks; /* those nobody has set */
    struct sim_pool conns, clients;
    struct sim_pool segments[SIM_SEGMENT_CLASSES];
    uint32_t place_count;
    struct check *check; /* NULL: nobody checks */
};

static inline struct sim *sim_of(struct world *w) { return (struct sim *)w; }
static inline const struct sim *sim_of_const(const struct world *w) { return (const struct sim *)w; }

/* sim_events_add that notes it in the world when memory is out. */
uint64_t sim_schedule(struct sim *s, int64_t at, enum sim_event_kind kind, void *target);
/* Folds into the event hash. */
void sim_fold(struct sim *s, uint64_t a, uint64_t b);
void sim_fold_bytes(struct sim *s, const char *data, size_t size);

/* ---- sim_node.c, sim_client.c: for the ops table and the event loop ---- */

struct world_node *sim_node_new(struct world *w, const struct world_node_options *options);
void sim_node_enter(struct world_node *wn);
void sim_node_turn(struct world_node *wn);
enum world_result sim_node_crash(struct world_node *wn, enum world_crash what);
enum world_result sim_node_restart(struct world_node *wn);
enum world_result sim_node_pause(struct world_node *wn, bool pause);
bool sim_node_expects(const void *target, uint64_t order);
void sim_node_alarm(void *target);
void sim_node_stop(struct world_node *wn); /* at the end of the world: if it is up */
void sim_node_free(struct world_node *wn); /* it is down */
struct sim_place *sim_node_place(struct world_node *wn);
/* Its place's disk. NULL: memory is out. */
struct sim_disk *sim_node_disk(struct world_node *wn);
/* Somebody has changed its files from outside. */
void sim_node_meddled(struct world_node *wn);
bool sim_node_expects_disk(const void *target, uint64_t order);
void sim_node_disk_event(void *target);

enum world_result sim_disk_get(struct world *w, struct world_node *wn, struct world_disk *parameters_now);
enum world_result sim_disk_set(struct world *w, struct world_node *wn, const struct world_disk *wanted);
enum world_result sim_disk_stall_node(struct world_node *wn, int64_t us);
bool sim_node_file(struct world_node *wn, int64_t index, struct world_file *file);
enum world_result sim_node_put_file(struct world_node *wn, const char *name, const struct slice *content);

struct world_client *sim_client_alloc(struct world *w);
void sim_client_free(struct world_client *c);
bool sim_client_settle(struct world_client *c);
void sim_client_open(struct world_client *c);
void sim_client_send(struct world_client *c);
void sim_client_close(struct world_client *c);
void sim_client_set_alarm(struct world_client *c, int64_t at);
size_t sim_client_size(void);
bool sim_client_expects(const void *target, uint64_t order);
void sim_client_alarm(void *target);
void sim_client_replied(struct world_client *c, int64_t request, bool write, struct slice reply);
struct sim_place *sim_client_place(struct world_client *c);

/* The place called `name`, NULL: none. */
struct sim_place *sim_place_find(struct sim *s, const char *name);

#endif
