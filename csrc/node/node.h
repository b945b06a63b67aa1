/* node.h: one node of the store: a primary or a replica, as a pure step.
 *
 * A node does no I/O and knows no clock. Whoever drives it (world/) tells it what happened:
 *
 *      node_advance          this much time has passed
 *      node_accept           somebody connected             session_connected   a connection it asked for is open
 *      session_input_commit  bytes came in                  session_output_sent bytes went out
 *      session_closed        a connection is gone
 *
 * and then, at the end of its turn (one event in the simulator, one loop iteration live), calls node_settle and drains
 * what the node wants done:
 *
 *      node_next_action      send on this session, open this connection, close this one, do this with files, stop
 *      node_deadline         call node_advance no later than this
 *
 * There are no callbacks, so no re-entrancy; the same sequence of calls with the same seed gives the same node.
 * Commands can also be executed at the node itself, without a connection (node_local_open, session_call).
 *
 * Files of this room: node.c (life, time, actions), session.c (a connection's input and output), dispatch.c (from a
 * request to its effect in the log), transaction.c (MULTI), blocking.c (WAIT), topology.c (REPLICAOF, roles, the
 * primary's stream), connection.c, client.c, client_list.c, pause.c, admin.c, debug.c (connection and server commands),
 * config.c, info.c, stats.c, trail.c (what checkers see).
 */
#ifndef TIDELOCK_NODE_NODE_H
#define TIDELOCK_NODE_NODE_H

#include "base/bytes.h"
#include "command/command.h"
#include "persist/disk.h"
#include "store/keyspace.h"

struct node;
struct session;

struct node_time {
    int64_t wall_us; /* unix time: expiry, LASTSAVE, TIME */
    int64_t mono_us; /* never goes back: time-outs, lag */
};

/* What the process has taken, all its nodes together. */
struct node_usage {
    int64_t user_us, system_us;               /* processor time */
    int64_t thread_user_us, thread_system_us; /* …of the thread that runs the nodes */
    size_t resident;                          /* bytes */
};

/* What only the driver can do: CONFIG REWRITE and CONFIG SET of what is around a node. They are called within a turn, with
 * `of`, do not call the node, and take the time they take. NULL: done; else why not, until the next one is called. A
 * function that is NULL: there is no such thing here. */
struct node_place {
    void *of;
    const char *(*read_config)(void *of, struct bytes *text);
    /* All of it or nothing, and durable. */
    const char *(*write_config)(void *of, struct slice text);
    /* At these addresses in place of the present ones; port 0: at none. Where that fails, at the present ones. */
    const char *(*listen)(void *of, const char *bind, int port);
    /* Into another directory; `path`, CONFIG_TEXT_MAX bytes, becomes what it is called from the root. */
    const char *(*enter)(void *of, char *path);
    /* Room for so many connections. How many there can be: as many, or fewer. */
    int64_t (*admit)(void *of, int64_t clients);
};

/* What only the driver can know, for INFO; all of it may be zero or NULL. Strings must outlive the node. */
struct node_host {
    const char *os, *executable;
    const char *config_file; /* NULL: it was started without one */
    int64_t process_id;
    void (*usage)(struct node_usage *usage); /* asked within a turn, when INFO is; NULL: nobody knows */
    struct node_place place;
};

struct node_options {
    const struct command_index *commands; /* node_commands_new; shared between nodes, outlives them */
    uint64_t seed;                        /* run id, replication ids, hash keys, jitter: all from here */
    const char *name;                     /* replicas announce it; NULL or "": none */
    int port;                             /* what INFO and replicas say; the driver listens */
    const char *bind;                     /* addresses at which it does; NULL: as configured at first */
    bool served;                          /* it begins with what a server begins with (config_defaults) */
    struct node_time now;
    struct node_host host;
    uint64_t (*stopwatch)(
        void);           /* monotonic ns, read within turns; NULL: commands take no time (node/timing.h) */
    bool digest;         /* keep the dataset digest with every change: checkers */
    struct bytes *diary; /* what it has to say (node/diary.h), outlives the node; NULL: nothing */
    bool trail;          /* leave a trail (node_trail_next): checkers */
    bool slabs;          /* made to hold much: small blocks come from slabs (base/memory.h) */
};

/* The index of all commands a node understands: data commands and the node's own. NULL when memory is out. */
struct command_index *node_commands_new(struct memory *m);

/* A primary with no data. NULL when memory is out. */
struct node *node_new(const struct node_options *options);
/* Start-up is over, the node is configured: it loads what is on its disk. Until it has, it serves nobody (clients get
 * -LOADING, calls at the node itself wait). What cannot be loaded ends it: NODE_SHUTDOWN, and node_failure says why. */
void node_recover(struct node *n);
/* Whether its configuration says that it keeps files: then node_recover is to be called. */
bool node_persists(const struct node *n);
/* Why it gave up ("cannot load dump.rdb: RDB at offset 10: …"); NULL: it did not. */
const char *node_failure(const struct node *n);
/* Frees everything, sessions included: the driver's pointers to them are then dead. */
void node_free(struct node *n);

/* ---- files that are looked at, by a node that is there for nothing else: it serves nobody and touches none of them ---- */

struct recover_found; /* persist/recover.h */

struct node_load {
    int64_t to_offset, to_time_s; /* of a journal: go no further; INT64_MAX: to the end */
    /* RDB file to begin with in place of the journal's base; NULL: that; outlives the node */
    const char *base;
};

enum node_load_result { NODE_LOAD_MORE, NODE_LOAD_WAIT, NODE_LOAD_DONE, NODE_LOAD_FAILED };

/* In place of node_recover. The data are as they were written: nothing expires, and their history keeps its name. */
void node_load_begin(struct node *n, const struct node_load *load);
/* Goes on, instead of turns: what it wants read is in node_disk (NODE_LOAD_WAIT). After NODE_LOAD_FAILED node_failure says
 * why; after NODE_LOAD_DONE node_loaded has what there was, until node_free. */
enum node_load_result node_load_step(struct node *n);
const struct recover_found *node_loaded(const struct node *n);

struct node_census {
    int64_t keys, expires;
    int64_t types[6]; /* enum value_type */
};

/* Counts what database `db` has, by a walk over everything. False: memory is out, or a view is open. */
bool node_census(struct node *n, int db, struct node_census *counts);

/* ---- time ---- */

/* Now it is this late. Cheap; call it before handing over any event. Runs whatever is due. */
void node_advance(struct node *n, struct node_time now);
/* Monotonic us at which node_advance has to be called again at the latest, INT64_MAX: no need. */
int64_t node_deadline(const struct node *n);

/* ---- connections ---- */

/* Somebody connected from `address` ("ip:port", for CLIENT LIST and replicas; port 0: through a UNIX socket, whose path
 * it is). NULL: refuse (memory is out). When maxclients is reached, or protected-mode keeps others out, the session
 * answers with the error and asks to be closed. */
struct session *node_accept(struct node *n, const char *address);
/* This end's address ("ip:port"), for CLIENT LIST and CLIENT KILL LADDR. */
void session_set_local_address(struct session *s, const char *address);
/* The driver's own pointer for this session. */
void session_set_driver(struct session *s, void *driver);
void *session_driver(const struct session *s);
/* Its number: CLIENT ID, struct trail_point.session, struct channel_state.id. */
int64_t session_id(const struct session *s);
/* A connection that NODE_CONNECT asked for is open. */
void session_connected(struct session *s);
/* Where to put input: up to *room bytes; NULL when memory is out (close the connection). The place is valid until the
 * next call for this session. */
char *session_input_reserve(struct session *s, size_t *room);
/* `size` bytes were put there: whole requests among them are executed. The session stays valid until session_closed,
 * whatever the requests do. */
void session_input_commit(struct session *s, size_t size);
/* What is to be sent: up to `max` slices, valid until the next call on this node. 0: nothing now. */
int session_output(struct session *s, struct slice *slices, int max);
/* Returns whether there is more of it now. */
bool session_output_sent(struct session *s, size_t size);
/* The connection is gone, or could not be opened (`why`: for logs and INFO; may be NULL). Must be called exactly once
 * for every session, also after NODE_CLOSE; the session is then freed. */
void session_closed(struct session *s, const char *why);

/* ---- what the node wants done ---- */

enum node_action_kind {
    NODE_NOTHING,
    NODE_SEND,    /* session has output (session_output); said once each time it goes from none to some */
    NODE_CONNECT, /* open a connection to host:port for session, then session_connected or session_closed */
    NODE_CLOSE,   /* close session's connection at once, then session_closed */
    NODE_DISK, /* there is something to be done with files: disk_next of node_disk until there is no more. Whatever
                     completes later (disk_done) is an event like any other: it is followed by node_settle */
    NODE_SHUTDOWN /* SHUTDOWN was executed: flush what can be sent, then node_free */
};

struct node_action {
    enum node_action_kind kind;
    struct session *session;
    const char *host; /* NODE_CONNECT; valid until session_connected/closed */
    int port;
};

/* The end of a turn: asks replicas for acknowledgements if somebody waits for them, begins snapshots, trims the
 * backlog, wakes who can be woken. Before draining actions. */
void node_settle(struct node *n);
/* Whether another node waits for what the end of a turn would send: its primary for an acknowledgement, or a replica for
 * so much that replies wait for that it might as well begin. A driver that hands over much in one turn had better end it
 * then, so that both work at the same time. */
bool node_hurries(const struct node *n);
/* The next thing to do; false when there is none. */
bool node_next_action(struct node *n, struct node_action *action);

/* What it wants done with its files (persist/disk.h). A driver without files leaves NODE_DISK alone: then nothing that
 * asks for a file ever ends. */
struct disk *node_disk(struct node *n);

/* ---- commands at the node itself ---- */

/* A session without a connection. Its replies go to whoever calls. Freed by session_closed or node_free. */
struct session *node_local_open(struct node *n);

enum session_result {
    SESSION_DONE, /* `reply` has been filled */
    SESSION_BLOCKED, /* the command waits (WAIT, …): its reply will come as RESP3 bytes in session_output, with NODE_SEND */
    SESSION_BUSY /* the session still waits for an earlier command, or the node sleeps: nothing was done */
};

/* Executes one command. `reply` must have its protocol set. */
enum session_result session_call(struct session *s, int argc, const struct slice *argv, struct reply *reply);
/* CONFIG SET of one parameter, for start-up and the Lua side; also `replicaof` with "host port", as a configuration file
 * has it, and, before the start is over, `rename-command` with all pairs of names, of which a new one may be "". False:
 * `error` has the text (none: memory is out). */
bool node_configure(struct node *n, struct slice name, struct slice value, struct bytes *error);
/* The start is over: has its place make room for `maxclients`, or reduces them to what there is room for. */
void node_admit_clients(struct node *n);
/* The current value of a parameter, appended to `value`; false: unknown. */
bool node_configuration(struct node *n, struct slice name, struct bytes *value);

/* ---- a backup of its data: the dataset of one moment as an RDB file, piece by piece while the node goes on ---- */

struct node_backup {
    int64_t id;
    char replid[41];   /* the history that the data is of, */
    int64_t offset;    /* …and how far along it */
    int64_t created_s; /* in: the unix time that the file shall have; 0: now */
};

enum node_backup_result { NODE_BACKUP_MORE, NODE_BACKUP_DONE, NODE_BACKUP_FAILED };

/* The moment is now. One at a time, and none beside a snapshot. NULL: `info` says which data it is; else the error
 * ("BUSY …": it is worth trying again). */
const char *node_backup_begin(struct node *n, struct node_backup *info);
/* Appends the next piece to `out`: about `budget` bytes, and what has had to be copied meanwhile. Between turns only. After
 * NODE_BACKUP_DONE (there may be a last piece in `out`) it is over, as it is after NODE_BACKUP_FAILED: `error` says why. */
enum node_backup_result node_backup_next(struct node *n, int64_t id, size_t budget, struct bytes *out,
                                         const char **error);
/* Gives it up; nothing when it is over. */
void node_backup_end(struct node *n, int64_t id);
/* Keys handed out, and keys in all. */
void node_backup_progress(const struct node *n, int64_t id, size_t *done, size_t *total);

/* ---- what can be seen of it ---- */

struct node_state {
    bool primary;
    bool link_up; /* a replica whose channel streams */
    const char
        *link_error;  /* why it does not, "": it does, it is not known; good until the node's next turn */
    const char *torn; /* what was cut off the journal's end when the node started; "": nothing */
    char replid[41], replid2[41];
    int64_t offset, second_offset;
    int64_t fsynced; /* offset up to which the journal is durable, -1: it is not, or there is none */
    int replicas;    /* streaming */
    int64_t keys;
    size_t used_memory;
    int64_t commands;        /* executed, all in all */
    int64_t discarded_bytes; /* of its own history, given up when it followed another (all in all) */
    int64_t full_syncs, partial_syncs; /* served */
};

void node_inspect(struct node *n, struct node_state *state);
struct digest node_digest(struct node *n);
struct memory *node_memory(struct node *n);

enum channel_direction {
    CHANNEL_FEED,  /* to a replica */
    CHANNEL_FOLLOW /* from the primary */
};

struct channel_state {
    enum channel_direction direction;
    int64_t id;        /* of the session; the same for as long as the channel lives */
    const char *state; /* "connect", "handshake", "full sync", "streaming", "down" */
    char peer[128];    /* the other end's name if it has said one, else "ip:port" */
    char address[280]; /* "ip:port" */
    bool paused;
    int64_t offset; /* what this end has: the log's end */
    int64_t received, applied,
        fsynced; /* what the replica has acknowledged (its own offsets at the following end); -1: never */
    int64_t lag_bytes, lag_us;
};

/* Writes up to `max` channels, returns how many there are. */
int node_channels(struct node *n, struct channel_state *channels, int max);
/* Holds the stream of one channel (either end: a feed stops sending, a follow stops applying), or lets it go. False: no such channel. */
bool node_channel_pause(struct node *n, int64_t id, bool pause);

/* ---- trail: what checkers see (node_options.trail) ---- */

/* Those about the node, then those about requests. */
enum trail_kind {
    TRAIL_APPLIED, /* the state at `offset` of history `replid` has `digest` */
    TRAIL_JOINED,  /* took a full synchronisation: now at offset of replid, whatever came before is gone */
    TRAIL_LOADED, /* the same by what was on its disk when it started; `journal`: from a journal, if there was one */
    TRAIL_FORKED, /* promoted: replid is the new history, replid2 the old, shared up to and including offset */
    TRAIL_RENAMED,    /* the history it follows goes on as replid (old name: replid2) */
    TRAIL_WAITED,     /* a WAIT for `offset` of replid answered `count` */
    TRAIL_WAITED_AOF, /* a WAITAOF did, and `journal`: that it is durable here too */
    TRAIL_SYNCED,     /* the journal is durable up to `offset` of replid; -1: there is none */
    TRAIL_FOUND, /* a WAITFOR for `offset` of replid answered: it is here (count 1), it never will be (-1), or neither */
    TRAIL_WROTE,    /* request number `request` of session `session` was a write command and was executed */
    TRAIL_REFUSED,  /* …was a write command and was refused with an error */
    TRAIL_HELD,     /* …is not answered yet: its reply waits */
    TRAIL_RELEASED, /* …is answered now, because rule number `rule` holds for `offset` of replid */
    TRAIL_GIVEN_UP  /* …is answered now, although it does not: degraded, or by an error */
};

struct trail_point {
    enum trail_kind kind;
    char replid[41], replid2[41]; /* NUL-terminated; replid2 only where said */
    int64_t offset, count;
    int64_t session, request; /* session id; requests are counted from 1 */
    int rule;                 /* node_trail_rule */
    bool journal;
    struct digest digest;
};

/* The oldest point not yet taken, valid until the next call on this node; NULL when there is none. The trail is bounded
 * only by the driver taking it: once a turn. */
const struct trail_point *node_trail_next(struct node *n);
struct sync_rule; /* replication/sync.h */
const struct sync_rule *node_trail_rule(const struct node *n, int rule);

#endif
