/* internal.h: what the files of this room share: the node, its sessions, and who does what.
 *
 * Not for other rooms: drivers see node.h only.
 */
#ifndef TIDELOCK_NODE_INTERNAL_H
#define TIDELOCK_NODE_INTERNAL_H

#include "base/heap.h"
#include "base/list.h"
#include "base/random.h"
#include "command/access.h"
#include "command/block.h"
#include "command/evict.h"
#include "node/barrier.h"
#include "node/config.h"
#include "node/diary.h"
#include "node/durable.h"
#include "node/gate.h"
#include "node/latency.h"
#include "node/migrate.h"
#include "node/node.h"
#include "node/own_expiry.h"
#include "node/persistence.h"
#include "node/pubsub.h"
#include "node/slowlog.h"
#include "node/stats.h"
#include "node/timing.h"
#include "replication/feed.h"
#include "replication/follow.h"
#include "replication/log.h"
#include "replication/wait.h"
#include "resp/reader.h"
#include "resp/writer.h"

/* The Redis whose behaviour this is: what HELLO, INFO and RDB files say. */
#define REDIS_VERSION "7.0.15"
#define TIDELOCK_VERSION "0.1.0"

enum session_kind {
    SESSION_CLIENT,  /* a client or a replica, over a connection */
    SESSION_LOCAL,   /* node_local_open: the caller executes at the node itself */
    SESSION_FOLLOW,  /* our connection to our primary */
    SESSION_MIGRATE, /* our connection to where keys go */
    SESSION_STREAM   /* executes the primary's stream; no connection of its own */
};

enum block_kind {
    BLOCK_NONE,
    BLOCK_WAIT,     /* WAIT: awaited */
    BLOCK_WAITAOF,  /* WAITAOF */
    BLOCK_TOKEN,    /* WAITFOR */
    BLOCK_SAVE,     /* SAVE: until the snapshot is written */
    BLOCK_SHUTDOWN, /* SHUTDOWN: …and then only if it could not be */
    BLOCK_RELOAD,   /* DEBUG RELOAD: until it is loaded again */
    BLOCK_MIGRATE,  /* MIGRATE: until the keys are there */
    BLOCK_KEYS      /* BLPOP and its kin: keys */
};

/* Where in which history the last write stands. */
struct write_mark {
    int64_t offset; /* of the log, behind it; 0: there has been none */
    uint64_t generation;
    char replid[REPLID_SIZE + 1];
};

/* What WAIT, WAITAOF and WAITFOR wait for. */
struct awaited {
    enum block_kind kind;
    bool local;                   /* …this node's own disk too */
    int replicas;                 /* that have it; BLOCK_TOKEN: -1: nobody else need have it */
    int64_t offset;               /* …of the present history, or of the token's */
    char replid[REPLID_SIZE + 1]; /* the history in which the write was made */
};

#define WAITAOF_WITHOUT_JOURNAL "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."

/* MULTI: commands queued until EXEC (transaction.c). */
struct transaction {
    bool open;             /* MULTI was said */
    bool aborted;          /* a command could not be queued: EXEC answers EXECABORT */
    struct bytes requests; /* the queued commands as RESP requests */
    int64_t count;
    int64_t writers;     /* …of these may move the log */
    unsigned flags;      /* of the queued commands, or-ed: EXEC of a write is a write */
    unsigned lacks;      /* flags that one of them does not have */
    struct list watches; /* struct watched.link, transaction.c */
    size_t watch_bytes;  /* which they take */
};

struct session {
    struct list link;    /* node->sessions */
    struct list ready;   /* node->ready while the driver has to be told something */
    struct list resumed; /* node->resumed while it has to go on with its input */
    struct node *node;
    void *driver;
    enum session_kind kind;
    int64_t id;
    char address[64], local_address[64];
    /* what the driver still has to hear or has heard */
    bool wants_connect, wants_close, close_told;
    bool close_after_reply; /* no more requests; wants_close once the output is gone */
    bool gone;              /* closed by the driver while the node sleeps; freed when it wakes */
    bool executing;         /* guards against re-entry */
    bool output_told;       /* the driver knows of the output */
    /* input */
    struct bytes input;
    size_t input_start; /* consumed */
    struct resp_reader reader;
    /* output */
    struct bytes output;
    size_t output_sent;
    struct barrier barrier;
    struct resp_writer writer; /* into `output`, or into the line while a reply waits */
    struct reply *reply;       /* where replies go: &writer.reply, or the caller's in session_call */
    bool held;                 /* its next request waits until the node goes on */
    bool reply_off, reply_skip_next, reply_skip; /* CLIENT REPLY */
    int64_t output_soft_since_us; /* over its soft limit since, 0: not; counted in node->over_soft */
    /* state of the conversation */
    int db;
    bool authenticated;
    bool readonly_stream; /* SESSION_STREAM: what it executes is not logged here */
    struct transaction transaction;
    struct write_mark last_write; /* what WAIT waits for */
    int64_t requests;             /* executed or refused, counted from 1 */
    bool wrote, waits;            /* …in the present command; …and the reply has to wait for it */
    struct wish wish;             /* for whom; DURABLE */
    struct gate_line *line;       /* replies that wait, NULL: none ever has */
    struct request blocked;       /* the request that is not answered yet; its arguments are gone */
    /* blocking */
    enum block_kind block;
    struct awaited awaited;
    struct waiter waiter;
    struct heap *local_wait; /* where it stands by what this node has, at waiter.index; NULL: nowhere */
    struct block_keys *keys; /* block_keys.c */
    int64_t block_until_us;  /* INT64_MAX: for ever */
    size_t timeout_index;    /* in node->timeouts */
    /* the replica at the other end */
    struct feed *feed;
    struct subscriber subscriber;
    struct list monitor; /* node->monitors, while it listens to MONITOR */
    /* for CLIENT LIST */
    struct bytes name, lib_name, lib_version;
    int64_t created_us, active_us;
    const struct command *last_command;
    bool no_evict, no_touch;
    size_t weight; /* client_weigh */
};

struct node_counters {
    int64_t connections, rejected, commands, changes, errors, input_bytes, output_bytes, repl_input_bytes,
        repl_output_bytes;
    int64_t discarded_bytes, full_sync_taken, full_sync_refused, evicted_clients;
};

/* FAILOVER: failover.c. */
struct failover {
    enum { FAILOVER_NONE, FAILOVER_WAITING, FAILOVER_UNDER_WAY } state;
    bool named, force,
        asked; /* a target was named; …it takes over at the deadline; the last GETACK is in the log */
    int64_t deadline_us; /* 0: it may wait for ever */
    char host[FOLLOW_HOST_MAX];
    int port;
};

struct node {
    struct memory memory;                 /* everything below is counted here */
    const struct command_index *commands; /* those that are understood, by the names that they have here */
    const struct command_index *all_commands; /* …by their own */
    struct command_index *renamed;            /* rename-command; NULL: there are none */
    struct random random;
    char run_id[REPLID_SIZE + 1];
    char name[64];
    int port;
    struct node_host host;
    struct node_time now, started;
    struct config config;
    bool served;                    /* what it began with is a server's */
    struct access_policy access[2]; /* what accesses do to entries; [1]: in sessions with CLIENT NO-TOUCH */
    size_t clients_weight, clients_allowed; /* bytes of memory; 0: no limit: client_eviction.c */
    bool started_up; /* somebody has connected or called: what cannot change while running is closed */

    struct keyspace *keyspace;
    struct log log;
    struct feeds feeds;
    struct wait_set waits, aof_waits;
    struct heap local_waits, token_waits; /* sessions: for this node's disk; for what is to come */
    uint64_t token_generation;            /* of the log, when they were looked at */
    struct gates gates;
    struct follow *follow;          /* NULL: a primary */
    struct session *follow_session; /* the connection to the primary, NULL: none open or opening */
    struct session *stream;         /* executes what comes down from the primary */

    struct persistence persistence;
    struct backup *backup; /* NULL: none is under way */
    int64_t next_backup;
    struct disk disk;
    struct list barriers; /* struct session.barrier.link: replies that wait for the journal */
    bool disk_told;       /* the driver has been told of what is in it, this turn */
    /* the journal is durable up to this offset of the log; -1: there is none, or nothing is */
    int64_t fsynced_offset;

    struct write_mark local_write;  /* of whichever local session wrote last */
    int64_t noise_start, noise_end; /* what the log ends in, if it ends there, is no change of data */

    struct pubsub pubsub;
    struct list monitors; /* struct session.monitor: who hears of every command */
    struct bytes notices; /* events of the command that runs, command/notify.h */

    struct list sessions; /* all but `stream` */
    struct list ready;    /* sessions with something for the driver */
    struct list resumed;  /* sessions that go on with their input before the turn ends */
    int64_t next_session;
    int clients;          /* SESSION_CLIENT ones */
    int over_soft;        /* sessions that hold more output than their soft limit */
    struct heap timeouts; /* blocked sessions, by block_until_us */
    int64_t pinged_us;    /* the last PING of the log, or when there was somebody to hear one */
    int64_t next_second_us;
    int64_t sleep_until_us; /* DEBUG SLEEP: 0 when awake */
    int64_t pause_until_us; /* CLIENT PAUSE: 0 when it is not */
    bool pause_writes;      /* …holds writes only */
    struct failover failover;
    struct migration *migration; /* NULL: there has been none */
    bool ack_wanted;             /* a WAIT began: ask replicas for acknowledgements when the turn ends */
    int64_t asked_offset;        /* where the log stood when they were asked last */
    int64_t turn_offset;         /* …and when the last turn ended */
    bool shutdown, shutdown_told;
    bool follow_paused;

    struct eviction eviction;
    uint32_t fresh_access;   /* the access bits of keys that are made now: of the keyspace */
    bool evicting;           /* there is more to do than one turn could */
    int64_t excess_since_us; /* used memory is above maxmemory since then; 0: it is not */
    int64_t excess_us;       /* …and was for so long before */
    struct bytes effects;    /* scratch of dispatch */
    struct bytes scratch;    /* scratch of whoever runs now */
    bool in_exec;            /* EXEC runs: effects belong together */
    bool exec_logged;        /* …and MULTI has been written to the log */
    bool exec_alone;         /* …and one command at most writes: there may be nothing to hold together */
    bool tidying;            /* keyspace_tidy has more to do */
    bool expiring;           /* active expiry has more to do */
    bool digest;             /* the keyspace keeps its digest */
    bool skip_checksum;      /* DEBUG SET-SKIP-CHECKSUM-VALIDATION */
    bool keep_trail;
    struct bytes *diary; /* the driver's: diary.h */
    struct node_counters counters;
    struct stats stats;
    struct bytes trail;       /* struct trail_point, one after another */
    struct bytes trail_rules; /* struct sync_rule, those that points speak of */
    struct timing timing;
    struct slowlog slowlog;
    struct latency latency;
    struct own_expiry *own_expiry; /* of a writable replica; NULL: nothing */
    size_t trail_start;
};

/* One command on its way: the exec that data commands see, and what node-level commands need beyond it. */
struct call {
    struct exec exec;
    struct node *node;
    struct session *session;
    struct slice raw; /* the request as the RESP array it came in, or empty: to be written anew when logged */
    int64_t slept_us; /* DEBUG SLEEP: what it takes beyond its own time */
};

static inline struct call *call_of(struct exec *x) { return x->host; }

/* Nothing changes by itself: during CLIENT PAUSE, FAILOVER and MIGRATE, while everything is loaded or saved before the end. */
static inline bool node_stands_still(const struct node *n)
{
    return n->pause_until_us != 0 || n->failover.state != FAILOVER_NONE ||
           persistence_loads(&n->persistence) || persistence_stands_still(&n->persistence) ||
           migration_active(n);
}

static inline int64_t node_next_ping_us(const struct node *n)
{
    return n->pinged_us + n->config.repl_ping_period_s * 1000000;
}

/* ---- session.c ---- */

struct session *session_new(struct node *n, enum session_kind kind, const char *address);
void session_free(struct session *s);
/* Its write has been logged, up to the log's end. */
void session_wrote(struct session *s);
/* Its last write. Calls at the node itself share several sessions, of which it is chance (who else waits) which one they
 * get: there it is the last write of any of them. */
const struct write_mark *session_last_write(const struct session *s);
/* The offset of the present history at which its last write is acknowledged; INT64_MAX: it never will be, because the
 * history in which it was made has been given up. */
int64_t session_wait_offset(const struct session *s);
/* Something for the driver: puts it into node->ready. */
void session_wake(struct session *s);
/* Goes on with its input before the turn ends. Whoever lets a session go while a command runs must not have it run another
 * one at once: commands run one at a time. */
void session_resume(struct session *s);
/* Close the connection: now, or once its output has been sent. */
void session_close_now(struct session *s);
void session_close_after_reply(struct session *s);
/* Executes what is in the input as long as the session is free to. */
void session_process(struct session *s);
/* Has the memory that the next requests of a pipeline or stream will look at fetched, all of it at once. How many requests
 * need not be looked at again. */
size_t session_look_ahead(const struct node *n, int db, struct slice input);
/* After each command: replies that pile up are checked at once, those to a connection that is going are dropped. */
void session_replied(struct session *s);
/* Checks its output limits: at the end of its input, and once a second. */
void session_check_limits(struct session *s);
/* Bytes of output not sent yet, but for those that wait. */
size_t session_pending(const struct session *s);
/* Nothing is left to be sent, or waits to be. */
bool session_replied_all(const struct session *s);
bool session_is_replica(const struct session *s);

/* ---- dispatch.c ---- */

/* Executes one request of a session (queues it inside MULTI). */
void dispatch(struct session *s, int argc, const struct slice *argv, struct slice raw);
/* CLIENT REPLY OFF and SKIP: takes back what has been answered to a request since the output had this size. */
void dispatch_withhold_reply(struct session *s, size_t before);
/* A request has been answered, with what the session has written since its writer's buffer had this size: withholds the
 * reply, or has it wait, as the session wants it. */
void dispatch_answered(struct session *s, size_t before);
/* Executes a command that has been checked already (EXEC, the primary's stream): runs it and logs its effects. */
void dispatch_run(struct call *c, const struct command *command, int argc, const struct slice *argv);
/* Why a command with these flags is refused by a replica, NULL: it is not. */
const char *dispatch_role_refuses(const struct node *n, unsigned flags);
/* Prepares a call for a session. */
void call_init(struct call *c, struct session *s, struct slice raw);
/* Appends an effect to the log on the node's own behalf (expiry). */
void dispatch_log(struct node *n, int db, struct slice effects);
/* Memory ran out while the log had to move: gives the history up, all replicas resynchronise. */
void dispatch_lose_history(struct node *n);

/* ---- subscribe.c ---- */

/* Whether a session that listens may execute this command: in RESP2, where replies could be taken for messages, only a few. */
bool subscribe_allows(const struct session *s, const struct command *c);
/* Says that it may not. */
void subscribe_refuse(struct session *s, const struct command *c);

/* ---- transaction.c ---- */

void transaction_init(struct session *s);
void transaction_reset(struct session *s); /* DISCARD, EXEC, disconnection: drops queue and watches */
/* Queues one checked command; replies QUEUED. */
void transaction_queue(struct call *c, int argc, const struct slice *argv);
void transaction_unwatch(struct session *s);
/* Writes EXEC to the log if MULTI is there: the transaction that is being executed has ended as far as the log goes. */
void transaction_end_log(struct node *n);
/* Whether a watched key has changed: EXEC will not run. */
bool transaction_watch_dirty(const struct session *s);

/* ---- blocking.c ---- */

/* Whether it need not be waited for (any more), and what is answered then or when the time is up. */
bool awaited_is_there(const struct node *n, const struct awaited *a);
void awaited_reply(struct session *s, const struct awaited *a, struct reply *r);
/* Blocks the session until it is there or the time has come. False: memory is out. */
bool block_await(struct session *s, const struct awaited *awaited, int64_t until_us);
/* Whether there is to be a journal. */
bool node_journals(const struct node *n);
/* Takes the session out of whatever it waits in, without a reply. */
void block_cancel(struct session *s);
/* Answers everyone who can be answered now. */
void block_wake(struct node *n);
/* Answers those whose time is up. */
void block_time_out(struct node *n);
/* Everyone waiting gets an error: -UNBLOCKED on demotion. */
void block_fail_all(struct node *n, const char *error);
/* Blocks the session until block_answer. False: memory is out. */
bool block_for(struct session *s, enum block_kind kind);
/* Lets it go with OK, or with an error. */
void block_answer(struct session *s, const char *error);
/* Whether CLIENT UNBLOCK may let it go. */
static inline bool block_is_ended(const struct session *s)
{
    return s->block == BLOCK_WAIT || s->block == BLOCK_WAITAOF || s->block == BLOCK_TOKEN ||
           s->block == BLOCK_KEYS;
}
/* CLIENT UNBLOCK: as if its time were up, or with an error. */
void block_end(struct session *s, const char *error);

/* The answer has been written to the session's own writer, whose buffer had this size before: lets it go on. */
void block_answered(struct session *s, size_t before);

/* ---- block_keys.c ---- */

/* Whether its commands may wait for keys. */
bool block_keys_possible(const struct session *s);
/* Blocks the session until one of the keys has what the command looks for. False: memory is out. */
bool block_keys_begin(struct session *s, const struct exec *x, const struct block_request *request);
/* Forgets what it waits for. */
void block_keys_forget(struct session *s);
/* Runs the commands that wait for keys which have been made or changed, whoever waits longest first. After each command,
 * and at the end of the turn. */
void block_keys_serve(struct node *n);

/* ---- pause.c ---- */

/* Whether CLIENT PAUSE holds this request of the session back: it then stays in the input. Only while paused. */
bool pause_holds(const struct session *s, int argc, const struct slice *argv);
/* Lets everybody go when the time has come. */
void pause_advance(struct node *n);

/* ---- failover.c ---- */

/* Goes on when a replica has everything, or time is up. Once per turn. */
void failover_settle(struct node *n);
int64_t failover_deadline(const struct node *n);
/* The target has taken over. */
void failover_accepted(struct node *n);
/* It does not come to it: this node is, or is again, the primary. */
void failover_abort(struct node *n, const char *why);
const char *failover_state(const struct node *n); /* for INFO */

/* ---- topology.c ---- */

/* False when memory is out: nothing has changed then. */
bool topology_follow(struct node *n, const char *host, int port);
void topology_promote(struct node *n);
/* The same as topology_follow, and this node's replica there is to become its primary: PSYNC … FAILOVER. */
bool topology_take_over(struct node *n, const char *host, int port);
/* REPLICAOF's two words: follows, or promotes on NO ONE. NULL: done; else Redis's error. */
const char *topology_replicaof(struct node *n, struct slice host, struct slice port);
/* The configuration has changed: the follow takes over what concerns it. */
void topology_configured(struct node *n);
/* Drives the follow after input or time: applies the stream, takes over snapshots, opens and closes connections. */
void topology_step(struct node *n);
/* What the primary sends is taken in and not applied: its channel is held, or this node is paused. Of a replica. */
bool topology_holds_stream(const struct node *n);
/* A channel that is held takes in what comes, and says so. */
void topology_received(struct node *n);
/* The journal is durable up to this offset of the log (-1: not at all), which a replica tells its primary with its next
 * acknowledgement. */
void topology_fsynced(struct node *n, int64_t offset);
/* The connection to the primary is gone. */
void topology_lost(struct node *n, const char *why);
/* Replicas that are near enough for min-replicas-to-write. */
int topology_good_replicas(const struct node *n);
/* What a snapshot says of itself. */
void topology_info(struct node *n, struct rdb_info *info);
/* Whether it came through a UNIX socket. */
bool session_is_unix(const struct session *s);
/* Whether an `enum config_allow` means it: calls at the node itself may do all. */
bool session_allowed(const struct session *s, int allow);
/* The address under which a replica can be reached, without its port. */
void replica_address(const struct feed *f, char *ip, size_t size);

/* ---- backup.c ---- */

void backup_free(struct node *n);
/* The data is about to be replaced by another's: it is given up. */
void backup_replaced(struct node *n);
/* One is under way and has the view. */
bool backup_has_view(const struct node *n);

/* ---- eviction.c ---- */

/* Evicts keys until maxmemory is respected, or enough was done for now. False: it is exceeded, and nothing can go. */
bool eviction_make_room(struct node *n);
/* Bytes that do not count for maxmemory. */
size_t eviction_uncounted(const struct node *n);
/* Of those, what the log holds beyond the backlog, because replicas or the journal still need it. */
size_t eviction_beyond_backlog(const struct node *n);

/* ---- client_eviction.c ---- */

/* Notes how much memory a connection takes; before it goes, that it takes none. Nothing while there is no limit. */
void client_weigh(struct session *s);
void client_forget(struct session *s);
/* Lets the largest go while all together take more than maxmemory-clients. */
void clients_evict(struct node *n);
void clients_configured(struct node *n);

/* ---- node.c ---- */

/* Deletes a key on the node's own behalf, logs that (as UNLINK when `lazily`) and tells who listens for such events. */
void node_delete(struct node *n, int db, struct entry *e, bool lazily, unsigned class, const char *event);

/* An empty keyspace with as many databases as the configuration says, in place of the present one: while starting up.
 * False when memory is out: nothing has changed then. */
bool node_renew_keyspace(struct node *n);
/* An empty keyspace like the node's. */
struct keyspace *node_new_keyspace(struct node *n);

/* ---- trail.c ---- */

void trail_applied(struct node *n);
void trail_joined(struct node *n);
void trail_forked(struct node *n);
void trail_renamed(struct node *n);
void trail_waited(struct node *n, const struct awaited *a, int64_t count);
void trail_waited_aof(struct node *n, const struct awaited *a, bool local, int64_t count);
/* A reply waits, or does so no longer. */
void trail_gate(const struct session *s, const struct gate *g, enum trail_kind kind);
void trail_loaded(struct node *n);
void trail_synced(struct node *n);
void trail_found(struct node *n, const struct awaited *a, enum log_place place);
void trail_write(struct session *s, bool refused);

/* ---- connection.c ---- */

/* What a client says of itself (name, lib-name, lib-ver): kept in `field`. False: it has replied the error, in which
 * `what` stands for the attribute. */
bool connection_set_attribute(struct exec *x, struct bytes *field, struct slice value, const char *what);

/* ---- client_list.c ---- */

/* Memory a session takes, buffers included. */
size_t client_memory(const struct session *s);

/* ---- latency_report.c ---- */

void latency_graph(const struct node *n, const struct latency_event *e, struct bytes *out);
void latency_doctor(const struct node *n, struct bytes *out);

/* ---- admin.c ---- */

/* What follows from changed parameters. */
void config_changed(struct node *n);

/* ---- acl.c ---- */

/* A line `user` of a configuration file: "default" and rules. NULL: that is the user there is, or becomes it; else why not. */
const char *acl_configure_user(struct node *n, struct slice rules);

/* ---- reconfigure.c ---- */

/* CONFIG SET while it runs, `count` names and values in turn, all or none. False: `error` has Redis's text, without its
 * code; none: memory is out. `all`: protected ones too. */
bool node_reconfigure(struct node *n, int count, const struct slice *pairs, bool all, struct bytes *error);

/* The command of a request that a primary or a journal has, with an arity that fits, by the name it has here or, as
 * whoever wrote it may not have renamed it, its own. NULL: `reply` has the error. */
const struct command *node_stream_command(const struct node *n, const struct slice *argv, int argc,
                                          struct reply *reply);

/* ---- monitor.c ---- */

/* A command has been executed: those who listen hear of it. */
void monitor_feed(const struct call *c, const struct command *command);

/* ---- debug_values.c ---- */

void debug_reply_digest(struct reply *r, struct digest d);
/* Subcommands of DEBUG. */
void debug_digest_values(struct exec *x);
void debug_object(struct exec *x);
void debug_sdslen(struct exec *x);
void debug_listpack(struct exec *x);
void debug_quicklist(struct exec *x);
void debug_htstats(struct exec *x);
void debug_htstats_key(struct exec *x);

/* ---- memory_report.c ---- */

/* What its memory is taken by, bytes. */
struct memory_facts {
    size_t used, peak, startup;
    size_t backlog, normal, replicas; /* the log; connections of clients, of replicas */
    size_t overhead, dataset;         /* beside the data; the rest of it */
};
struct memory_facts memory_facts(const struct node *n);
double memory_percent(size_t part, size_t whole);

/* ---- info.c ---- */

/* What all sessions are, taken together. */
struct session_totals {
    int blocked;
    size_t input_max, output_max;
    size_t normal, replicas; /* memory */
};
struct session_totals session_totals(const struct node *n);

/* Appends INFO's text for the sections asked for (none: the default ones). */
void info_write(struct node *n, int count, const struct slice *sections, struct bytes *out);
/* Its sections "persistence" (info_persistence.c) and "replication" (info_replication.c). */
void info_persistence(struct node *n, struct bytes *out);
void info_replication(struct node *n, struct bytes *out);

#endif
