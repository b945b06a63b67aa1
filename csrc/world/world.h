/* world.h: what drives nodes: the part that is the same in every world.
 *
 * A world owns places: nodes, and clients that reach them over links. It supplies time, randomness and a network to
 * nodes (node/node.h), and completions to whoever drives the world: tasks in Lua. Two drivers implement it, world/sim
 * (virtual time, everything by seed) and world/live (libuv).
 *
 * Anything that takes time is started with a *ticket*, a number of the caller's choosing (> 0). Completions come out of
 * world_next in a definite order: in the simulator the same for the same seed.
 *
 * Leaves out: Lua (csrc/lua), tasks and experiments (lua/tidelock).
 */
#ifndef TIDELOCK_WORLD_WORLD_H
#define TIDELOCK_WORLD_WORLD_H

#include "base/bytes.h"
#include "node/node.h"

struct world;
struct world_node;   /* a place for a node: outlives crashes and restarts of the node in it */
struct world_client; /* a RESP client at a place of its own */

/* All durations in this header are microseconds. */

enum world_result {
    WORLD_OK = 0,
    WORLD_NO_MEMORY = -1,
    WORLD_CLOSED = -2,      /* the node is down, the client or the world closed */
    WORLD_UNSUPPORTED = -3, /* this world cannot produce that fault */
    WORLD_BAD = -4,         /* bad argument, see world_error */
    WORLD_REFUSED = -5      /* the operating system would not (port in use), see world_error */
};

enum world_completion_kind {
    COMPLETION_TIMER, /* world_timer */
    COMPLETION_REPLY, /* `data`: one RESP reply, valid until the next world_next or world_step */
    COMPLETION_FAILED /* `error`: "CODE message": the connection broke, time-out …; see `sent` */
};

struct world_completion {
    int64_t ticket;
    enum world_completion_kind kind;
    struct slice data;
    const char *error;
    bool sent; /* COMPLETION_FAILED: the request may have reached the node (false: it certainly did not) */
};

/* ---- life ---- */

void world_free(struct world *w);
/* Text of the last WORLD_BAD / WORLD_UNSUPPORTED / WORLD_REFUSED, and which it was. */
const char *world_error(const struct world *w);
enum world_result world_failure(const struct world *w);
bool world_is_sim(const struct world *w);
int64_t world_now(const struct world *w);  /* monotonic us; the simulator starts at 0 */
int64_t world_wall(const struct world *w); /* unix us */
/* A draw from the world's workload stream: what scripts use for randomness. */
uint64_t world_random(struct world *w);

/* ---- turning ---- */

/* The next completion already there; false: none. */
bool world_next(struct world *w, struct world_completion *completion);
/* Turns the world until there is a completion, or until monotonic time `until` (INT64_MAX: no limit), or nothing can
 * ever happen any more (simulator: no event left and no limit; live: no node and no timer). 1: a completion is there,
 * 0: time is up (or after world_live_watch_signals: a node has had something to say), -1: nothing can happen, -2: memory ran out in the middle of things and this world cannot go on. */
int world_step(struct world *w, int64_t until);
/* Completes `ticket` at monotonic time `at`. */
enum world_result world_timer(struct world *w, int64_t ticket, int64_t at);
/* Forgets a ticket whose completion has not been taken yet: it will not come (the thing itself goes on). For tickets
 * under way only; when memory is out the completion may come after all. */
void world_cancel(struct world *w, int64_t ticket);

/* ---- nodes ---- */

struct world_node_options {
    const char *name; /* unique in the world */
    const char *
        host; /* live: address to listen on, NULL: 127.0.0.1; simulator: ignored (a node's host is its name) */
    int port; /* 0: the simulator uses 6379, live picks a free one */
    /* A server of its own: it begins with what a server begins with, `host` NULL included (all addresses), and CONFIG REWRITE
     * writes to its file: a path from the root, NULL: it has none. Live; in the simulator it has none. */
    bool served;
    const char *config_file;
    /* the start-up configuration: a name and a value for each parameter (also "replicaof": "host port") */
    const struct slice *parameters;
    int parameter_count; /* pairs */
};

/* NULL: world_error and world_failure say why (port in use, name taken, a parameter refused, memory). */
struct world_node *world_node_new(struct world *w, const struct world_node_options *options);
/* The node there; NULL while it is down. */
struct node *world_node_get(struct world_node *wn);
/* Why the node that was there gave up ("cannot load dump.rdb: …"); NULL: it did not. */
const char *world_node_failure(const struct world_node *wn);
/* Lines that the nodes there have left (node/diary.h), for the caller to take and clear; live only. */
struct bytes *world_node_diary(struct world_node *wn);
const char *world_node_name(const struct world_node *wn);
const char *world_node_host(const struct world_node *wn);
int world_node_port(const struct world_node *wn);
/* One parameter more, in addition to those of the start, kept for restarts too (a process's command line). What is only
 * for the start is refused while the node runs. WORLD_BAD: world_error has the text. */
enum world_result world_node_configure(struct world_node *wn, struct slice name, struct slice value);
/* Executes a command at the node itself. 1: done, `reply` is filled; 0: it blocks, COMPLETION_REPLY will come for
 * `ticket` (also when the node is paused or asleep: then later); < 0: enum world_result. WORLD_CLOSED: the node is
 * down, before the call or because of it (SHUTDOWN). */
int world_node_call(struct world_node *wn, int64_t ticket, int argc, const struct slice *argv,
                    struct reply *reply);
/* A session for one caller alone, where nobody else's commands come in between (WATCH, MULTI). 0: the node is down or
 * memory is out. It is gone with the node, or when it is closed; calls in it are WORLD_CLOSED then. */
int64_t world_node_session_open(struct world_node *wn);
int world_node_session_call(struct world_node *wn, int64_t session, int64_t ticket, int argc,
                            const struct slice *argv, struct reply *reply);
void world_node_session_close(struct world_node *wn, int64_t session);

/* node_channel_pause, after which the node gets its turn. WORLD_CLOSED: the node is down or has no such channel. */
enum world_result world_node_channel_pause(struct world_node *wn, int64_t id, bool pause);

/* ---- faults; WORLD_UNSUPPORTED where the world cannot produce them ---- */

enum world_crash {
    WORLD_CRASH, /* the process is gone, and what it had not synced to its disk. Where the world cannot lose that
                            (live), it is WORLD_CRASH_PROCESS */
    WORLD_CRASH_PROCESS, /* kill -9: the machine stays up, so all that was written is there */
    WORLD_CRASH_POWER /* the whole machine with its uplink: also what was under way from it is lost, and peers hear
                            nothing until it is back (simulator only) */
};

/* The node is gone; but for WORLD_CRASH_POWER connections are reset after the links' latency. */
enum world_result world_node_crash(struct world_node *wn, enum world_crash what);
/* Comes back with its start-up configuration and what was on disk. */
enum world_result world_node_restart(struct world_node *wn);
/* The process stops (SIGSTOP) and resumes: its kernel goes on accepting and receiving. */
enum world_result world_node_pause(struct world_node *wn, bool pause);

/* ---- links: simulator only, by the names of two places (node or client); one direction each ---- */

struct world_link {
    int64_t latency, jitter; /* us; jitter: uniform extra delay in [0, jitter] */
    double loss; /* probability that a segment is lost and retransmitted: TCP has no holes, it has delays */
    double bandwidth; /* bytes per second, 0: unlimited */
    bool cut;         /* nothing passes; connections stall, and break when their time-outs say so */
};

/* `to` NULL or "": the default of the world for links that nobody has set. */
enum world_result world_link_get(struct world *w, const char *from, const char *to, struct world_link *link);
enum world_result world_link_set(struct world *w, const char *from, const char *to,
                                 const struct world_link *link);

/* ---- disks: simulator only ---- */

struct world_disk {
    int64_t latency; /* us; of what the page cache does: read, write, … */
    int64_t sync_latency,
        jitter;             /* us; of what waits for the device: sync, rename; jitter: a uniform draw more */
    double bandwidth;       /* of the device, bytes per second; 0: unlimited */
    double slow;            /* all that takes time takes so many times as long */
    double fail, fail_sync; /* probability that an operation, that a sync or rename fails with EIO */
    int64_t capacity;       /* bytes; what does not fit fails with ENOSPC. 0: no limit */
    bool full;              /* nothing more fits */
    double lose;            /* when the power goes: probability that what was not synced of a file is lost, */
    double tear;            /* …and of what is not, that it is there in part: torn, or with holes */
};

/* `wn` NULL: the default of all disks that nobody has set. */
enum world_result world_disk_get(struct world *w, struct world_node *wn, struct world_disk *disk);
enum world_result world_disk_set(struct world *w, struct world_node *wn, const struct world_disk *disk);
/* The disk does not answer for so long from now, us. */
enum world_result world_disk_stall(struct world_node *wn, int64_t us);

struct world_file {
    const char *name;
    struct slice content; /* as a process reads it; valid until the world turns */
};

/* The file number `index` (from 0, by name) at a node's place, up or down. False: there is none, or no way to look. */
bool world_node_file(struct world_node *wn, int64_t index, struct world_file *file);
/* Puts a file there as if it had always been, or takes one away (content NULL). */
enum world_result world_node_put_file(struct world_node *wn, const char *name, const struct slice *content);

/* ---- clients ---- */

/* What AUTH is told. */
struct world_login {
    struct slice user; /* data NULL: the default one */
    struct slice password;
};

/* A client at a place called `name` (NULL: one is made up), which connects to host:port (simulator: host is a node's name), now
 * and again whenever a request is made without a connection. `timeout`: of each request, us, 0: none. `login` (NULL:
 * none) is copied: each connection begins with it, and one that is refused fails with what the server said.
 * NULL: memory. */
struct world_client *world_client_new(struct world *w, const char *name, const char *host, int port,
                                      int64_t timeout, const struct world_login *login);
const char *world_client_name(const struct world_client *c);
/* Which of its connections this is, counted from 1; 0: there is none, the next request begins one. */
int64_t world_client_connection(const struct world_client *c);
/* Sends a request (pipelined behind earlier ones); completes with its reply or failure. */
enum world_result world_client_request(struct world_client *c, int64_t ticket, int argc,
                                       const struct slice *argv);
/* Completes with the next message of pub/sub, as the push it came as ("message", channel, text; "pmessage", pattern, channel,
 * text; "smessage", …). Fails after `timeout` us (0: when there is none now, < 0: never), or with the connection. A
 * request that subscribes completes with how many subscriptions there are then. */
enum world_result world_client_receive(struct world_client *c, int64_t ticket, int64_t timeout);
/* Talks to another address from now on; requests under way fail. */
enum world_result world_client_connect(struct world_client *c, const char *host, int port);
void world_client_free(struct world_client *c);

/* ---- the two drivers ---- */

struct world_sim_options {
    uint64_t seed;
    bool check; /* check invariants on every event (world/check.h); world_check_failed says what broke */
};
/* NULL when memory is out. */
struct world *world_sim_new(const struct world_sim_options *options, const struct command_index *commands);
/* A hash over every event so far: equal for equal runs. */
uint64_t world_sim_hash(const struct world *w);
int64_t world_sim_events(const struct world *w);
/* NULL, or the first invariant that did not hold, in words. */
const char *world_sim_check_failed(const struct world *w);
/* Whether all nodes are up and at the same offset of the same history with the same data. If not, `*why` (may be NULL)
 * says who differs, valid until the next call. Looks, and changes nothing; simulator and live. */
bool world_converged(struct world *w, const char **why);
/* What the checker has seen: points compared, waits, releases and tokens judged, writes judged,
 * starts from a disk held against what was said to be durable. So that a spec can see that it looked. */
struct world_sim_checks {
    int64_t prefixes, waits, writes, histories, releases, tokens, recoveries;
};
void world_sim_checks(const struct world *w, struct world_sim_checks *checks);

/* NULL: memory or the loop could not be made. */
struct world *world_live_new(const struct command_index *commands);
/* For somebody else's loop: a descriptor that becomes readable, and how long to wait at most (us, -1: for ever). */
int world_live_fd(const struct world *w);
int64_t world_live_timeout(const struct world *w);
/* Whether a signal asked to stop (after world_live_watch_signals: SIGTERM, SIGINT) or the last node that ran executed
 * SHUTDOWN. A world_step that finds it so returns 0 before its time, once. */
enum world_result world_live_watch_signals(struct world *w);
bool world_live_stopping(const struct world *w);
/* Which signal it was last; 0: none. */
int world_live_signal(const struct world *w);
/* It goes on after all: until the next signal. */
void world_live_go_on(struct world *w);

#endif
