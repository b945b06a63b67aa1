/* world_internal.h: what the drivers share: the parts of a world that do not depend on how time and bytes move.
 *
 * A driver embeds `struct world` in its own struct and fills in a table of functions, its environment
 * (`struct world_ops`). Everything else is common code:
 *
 *   world.c      the public functions, error texts, names
 *   complete.c   tickets and the queue of completions
 *   place.c      a node's place: start-up configuration, calls at the node itself
 *   client.c     a RESP client: pipelining, replies, time-outs; the driver only moves its bytes
 *   client_push.c    what a server sends it unasked: subscriptions, messages
 *   converged.c  whether all nodes are the same
 *
 * Calls go both ways, but never in a circle: a driver calls common code when something has happened (client_input,
 * world_local_output), and common code calls the driver's ops when something is to be done.
 */
#ifndef TIDELOCK_WORLD_WORLD_INTERNAL_H
#define TIDELOCK_WORLD_WORLD_INTERNAL_H

#include <stdarg.h>

#include "base/dict.h"
#include "base/list.h"
#include "base/random.h"
#include "resp/parser.h"
#include "world/client_push.h"
#include "world/world.h"

enum {
    WORLD_PORT = 6379,       /* of a node that names none, in the simulator */
    WORLD_OUTPUT_SLICES = 64 /* taken from session_output at once */
};

/* ---- the environment a driver supplies ---- */

struct world_ops {
    void (*free)(struct world *w); /* everything, the struct itself included */
    int64_t (*now)(const struct world *w);
    int64_t (*wall)(const struct world *w);
    int (*step)(struct world *w, int64_t until);
    /* world_complete_timer(ticket) at `at`. The ticket has been reserved. A driver may ask world_ticket_cancelled. */
    enum world_result (*timer)(struct world *w, int64_t ticket, int64_t at);

    /* A place for a node, and the node in it. Options are checked: the name is free, the port in range. */
    struct world_node *(*node_new)(struct world *w, const struct world_node_options *options);
    /* Brackets whatever common code does with a node: the time that has passed is handed over; afterwards the node is
     * settled, its actions are carried out. The node may be gone after node_turn (SHUTDOWN). */
    void (*node_enter)(struct world_node *wn);
    void (*node_turn)(struct world_node *wn);
    enum world_result (*node_crash)(struct world_node *wn, enum world_crash what);
    enum world_result (*node_restart)(struct world_node *wn);
    enum world_result (*node_pause)(struct world_node *wn, bool pause);

    /* NULL: WORLD_UNSUPPORTED */
    enum world_result (*link_get)(struct world *w, const char *from, const char *to, struct world_link *link);
    enum world_result (*link_set)(struct world *w, const char *from, const char *to,
                                  const struct world_link *link);
    enum world_result (*disk_get)(struct world *w, struct world_node *wn, struct world_disk *disk);
    enum world_result (*disk_set)(struct world *w, struct world_node *wn, const struct world_disk *disk);
    enum world_result (*disk_stall)(struct world_node *wn, int64_t us);
    bool (*node_file)(struct world_node *wn, int64_t index, struct world_file *file);
    enum world_result (*node_put_file)(struct world_node *wn, const char *name, const struct slice *content);

    /* A zeroed struct that begins with a struct world_client, and its end; client_close has been called before. */
    struct world_client *(*client_alloc)(struct world *w);
    void (*client_free)(struct world_client *c);
    /* The client has its name now: a place for it. */
    bool (*client_settle)(struct world_client *c);
    /* Begin to connect to c->host, c->port; then client_opened or client_lost, not from inside this call. */
    void (*client_open)(struct world_client *c);
    /* client_output has something: take it as room allows, now or later. */
    void (*client_send)(struct world_client *c);
    /* Drop the connection or the attempt; no client_lost follows. */
    void (*client_close)(struct world_client *c);
    /* Call client_alarm at monotonic time `at` (or somewhat earlier, never later); replaces an earlier alarm. */
    void (*client_alarm)(struct world_client *c, int64_t at);
    /* A checker's look at the reply to request number `request` of this connection (from 1). NULL: nobody looks. */
    void (*client_replied)(struct world_client *c, int64_t request, bool write, struct slice reply);
};

/* ---- places and their names ---- */

struct world_place {
    char *name; /* unique among nodes and clients; owned */
    bool node;
};

/* ---- completions ---- */

struct world_queue_entry {
    int64_t ticket;
    enum world_completion_kind kind;
    bool sent;
    const char *text;   /* COMPLETION_FAILED: a constant, or NULL: in `data` */
    size_t start, size; /* in `data` */
};

struct world_queue {
    struct world_queue_entry *entries; /* a ring */
    size_t first, count, capacity;
    size_t outstanding; /* tickets reserved and not completed: there is a slot for each */
    struct bytes data;  /* what the entries point at, emptied when all have been taken */
    int64_t *cancelled; /* open addressing, 0: free */
    size_t cancelled_count, cancelled_capacity;
};

struct world {
    const struct world_ops *ops;
    const struct command_index *commands;
    struct memory memory;
    struct world_queue queue;
    struct random workload;
    struct list nodes;         /* of struct world_node.member, in order of creation */
    struct list clients;       /* of struct world_client.member */
    struct dict places;        /* struct world_place by name */
    int64_t made_up;           /* names given so far */
    struct bytes scratch;      /* texts and replies under construction */
    enum world_result failure; /* the last one, and its text */
    char error[256];
};

void world_init(struct world *w, const struct world_ops *ops, const struct command_index *commands,
                uint64_t seed);
/* Frees what the common part owns, after the driver has freed its nodes and clients. */
void world_finish(struct world *w);
/* Sets world_error, returns `result`. */
enum world_result world_fail(struct world *w, enum world_result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Gives a place its name (copied). NULL or "": one is made up from `kind`. False: it is taken, or memory is out
 * (world_error says which). */
bool world_place_name(struct world *w, struct world_place *p, const char *name, const char *kind);
void world_place_forget(struct world *w, struct world_place *p);
struct world_place *world_place_find(struct world *w, const char *name);

/* Makes sure that the completion of one ticket more can be queued. False: memory is out. Every success is followed
 * by exactly one of the world_complete functions. */
bool world_ticket_reserve(struct world *w);
bool world_ticket_cancelled(const struct world *w, int64_t ticket);
/* Each ends a reserved ticket. A cancelled one leaves no completion. */
void world_complete_timer(struct world *w, int64_t ticket);
/* `reply` is copied; when memory is out the completion becomes a failure that says so. */
void world_complete_reply(struct world *w, int64_t ticket, struct slice reply);
void world_complete_failed(struct world *w, int64_t ticket, bool sent, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static inline bool world_has_completion(const struct world *w) { return w->queue.count > 0; }
void world_queue_free(struct world *w);

/* ---- a node's place ---- */

/* What session_driver points at: the driver's own struct for a connection begins with this too. */
struct world_attachment {
    bool local; /* a struct world_local */
};

/* A session at the node itself. */
struct world_local {
    struct world_attachment attachment;
    struct list member; /* of world_node.locals: the most recently used first */
    struct world_node *owner;
    struct session *session;
    int64_t ticket; /* of the call that blocks in it, 0: it is free */
    int64_t id;     /* of the one who has it alone (world_node_session_open), 0: anyone's */
    struct bytes reply;
    struct resp_parser parser;
};

/* A call that came while the node could not run it (paused, asleep). */
struct world_call {
    struct list member;
    int64_t ticket;
    int64_t session; /* of its own, 0: any */
    int argc;
    size_t size; /* of this block */
    struct slice argv[];
};

struct world_parameter {
    struct list member;
    size_t size; /* of this block */
    struct slice name, value;
    char text[];
};

struct world_node {
    struct world_place place;
    struct world *world;
    struct list member;
    struct node *node; /* NULL: down */
    char *config_file; /* for CONFIG REWRITE; NULL: none. Live only */
    bool served;       /* it begins with what a server begins with */
    char *host;        /* the name in the simulator, an address live; owned unless it is place.name */
    int port;
    bool paused;
    char *failure;          /* why the last node here gave up (node_failure); NULL: it did not */
    int64_t lives;          /* times a node was started here */
    int64_t sessions;       /* ids given by world_node_session_open */
    struct list parameters; /* start-up configuration, in order */
    struct list locals, calls;
    struct bytes diary; /* what its nodes have had to say (node/diary.h), where the driver has them say it */
};

/* The common part of a new place: name, port, lists. False: world_error says why. */
bool world_node_init(struct world_node *wn, struct world *w, const struct world_node_options *options);
/* Starts a node here, with its parameters; the driver turns it. False: memory is out or a parameter is refused
 * (world_error), and there is no node. */
bool world_node_start(struct world_node *wn, const struct node_options *options);
/* The node is gone or about to be freed: calls under way fail with `why`, which begins with a code. Sets `node` to
 * NULL after freeing it. The driver has dealt with its own sessions. */
void world_node_stop(struct world_node *wn, const char *why);
/* Frees what world_node_init made (the node must be stopped); not the struct. */
void world_node_finish(struct world_node *wn);

/* NODE_SEND on a local session. */
void world_local_output(struct world_local *l);
/* NODE_CLOSE on a local session: closes it; a call under way fails. */
void world_local_close(struct world_local *l);
/* Runs the calls that had to wait, as far as it goes: at the beginning of a turn, between node_enter and node_turn. */
void world_local_retry(struct world_node *wn);
static inline bool world_local_waiting(const struct world_node *wn) { return !list_empty(&wn->calls); }

/* ---- a client ---- */

enum client_state { CLIENT_IDLE, CLIENT_CONNECTING, CLIENT_OPEN };

struct client_request {
    int64_t ticket;   /* 0: the client's own greeting */
    int64_t deadline; /* monotonic us, INT64_MAX: none */
    int64_t end;      /* where its last byte ends in what was written on this connection */
    bool login;       /* …namely its AUTH */
    bool write;       /* it is a write command (looked up only when somebody checks) */
    enum push_answer answer;
    int pushes; /* ANSWER_PUSHES: still to come */
};

struct world_client {
    struct world_place place;
    struct world *world;
    struct list member;
    enum client_state state;
    char *host; /* owned */
    int port;
    struct bytes login; /* the request that logs in, empty: there is none */
    char refusal[128];  /* what the server said to that, empty: nothing bad */
    int64_t timeout;
    int64_t alarm;       /* the driver has been asked to call at this time; INT64_MAX: not */
    int64_t connections; /* begun so far */
    /* this connection */
    struct bytes output;    /* written; what the driver took is dropped when all of it has gone */
    size_t output_start;    /* taken already */
    int64_t written, taken; /* bytes, since the connection was begun */
    struct bytes input;     /* the beginning of a reply */
    struct resp_parser parser;
    int64_t replies;                 /* so far: the reply that comes next is to request number replies + 1 */
    struct client_request *requests; /* a ring: without reply yet, oldest first */
    size_t first, count, capacity;
    struct client_inbox inbox;
};

/* The oldest request without a reply, NULL: there is none. */
static inline struct client_request *client_first_request(const struct world_client *c)
{
    return c->count == 0 ? NULL : &c->requests[c->first];
}
/* That is its reply. */
void client_answered(struct world_client *c, struct slice reply);
/* Sees to it that the next deadline is not missed. */
void client_set_alarm(struct world_client *c);

/* What the driver tells the client. */
void client_opened(struct world_client *c);
/* Bytes came in. False: they are not RESP or memory is out; the connection has been closed. */
bool client_input(struct world_client *c, struct slice bytes);
/* The connection is gone or could not be made: requests fail. `why` in words. */
void client_lost(struct world_client *c, const char *why);
void client_alarm(struct world_client *c);
/* What is to be sent; size 0: nothing. Only while the connection is open. */
struct slice client_output(const struct world_client *c);
void client_output_taken(struct world_client *c, size_t size);

/* For the driver that is being freed: the client without its place in any list, and without completions. */
void client_finish(struct world_client *c);

#endif
