/* config.h: a node's parameters, by Redis's names.
 *
 * The table in config.c says of each its name, type, bounds, default, flags and field; CONFIG GET/SET, start-up options,
 * the configuration file and INFO all go through it. Sizes are bytes, times in the unit their name or comment says.
 */
#ifndef TIDELOCK_NODE_CONFIG_H
#define TIDELOCK_NODE_CONFIG_H

#include "base/bytes.h"
#include "store/limits.h"

enum {
    CONFIG_TEXT_MAX = 256,
    CONFIG_SECRET_MAX = 512,
    CONFIG_FILE_MAX = 64,
    CONFIG_KEPT_MAX = 768,
    SAVE_POINTS_MAX = 16,
    BIND_MAX = 16 /* addresses */
};

/* Who may: enable-debug-command and the like. */
enum config_allow { ALLOW_NOBODY, ALLOW_EVERYBODY, ALLOW_LOCAL };

struct output_limit {
    int64_t hard, soft, soft_seconds; /* bytes, bytes, s; 0: no limit */
};

/* A snapshot is taken when so many changes are older than so many seconds. */
struct save_point {
    int64_t seconds, changes;
};

struct save_points {
    int count;
    struct save_point points[SAVE_POINTS_MAX];
};

struct percentiles {
    double of[8]; /* 0 to 100 */
    int64_t count;
};

/* A password: any bytes. */
struct secret {
    uint16_t size; /* 0: none is set */
    char data[CONFIG_SECRET_MAX];
};

static inline struct slice secret_slice(const struct secret *s) { return slice_of(s->data, s->size); }

/* False: it is too long (nothing has changed then). */
bool secret_set(struct secret *s, struct slice value);

struct config {
    /* limits */
    int64_t maxclients;
    int64_t maxmemory, maxmemory_clients; /* bytes; negative: per cent of the former */
    unsigned notify;                      /* notify-keyspace-events: command/notify.h */
    int maxmemory_policy;                 /* enum evict_policy */
    int64_t maxmemory_samples;
    int64_t maxmemory_eviction_tenacity; /* how long a command may be held up by it: 0 .. 100 */
    bool replica_ignore_maxmemory;
    bool lazyfree_lazy_eviction, lazyfree_lazy_expire; /* logged as UNLINK in place of DEL */
    int appendfsync;                                   /* enum journal_sync */
    int64_t lfu_log_factor, lfu_decay_minutes;         /* lfu-decay-time */
    int64_t proto_max_bulk_len;
    int64_t client_query_buffer_limit;
    struct output_limit output_normal, output_replica, output_pubsub;
    int64_t timeout_s; /* idle clients; 0: never */
    int64_t tcp_keepalive_s, tcp_backlog;
    /* replication */
    int64_t repl_backlog_size;
    int64_t shutdown_timeout_s; /* for replicas to catch up; 0: they are not waited for */
    int64_t repl_timeout_s;
    int64_t repl_ping_period_s; /* repl-ping-replica-period */
    int64_t repl_ack_period_ms; /* ours: how often a replica acknowledges unasked; 1000 as in Redis */
    int64_t repl_retry_min_ms, repl_retry_max_ms; /* ours: reconnection back-off */
    int64_t repl_diskless_sync_delay_s;           /* accepted; 0 */
    bool replica_read_only;
    bool replica_serve_stale_data;
    bool replica_announced;
    bool replica_refuse_older; /* ours: replica-refuse-older-history */
    int64_t replica_priority;
    int64_t min_replicas_to_write, min_replicas_max_lag_s;
    int64_t min_replicas_max_lag_bytes;  /* ours: a replica further behind than this is none; 0: no matter */
    char sync_replicas[CONFIG_TEXT_MAX]; /* ours: whose acknowledgement a reply to a write waits for */
    int sync_level;                      /* enum sync_level */
    int64_t sync_timeout_ms;             /* 0: for ever */
    int sync_on_timeout;                 /* 0: error, 1: degrade */
    char replica_announce_ip[CONFIG_TEXT_MAX];
    int64_t replica_announce_port;
    char node_name
        [CONFIG_TEXT_MAX]; /* ours: what this node calls itself to its primary; "replica-announce-name" */
    char masteruser[CONFIG_TEXT_MAX];
    struct secret masterauth;
    /* access */
    struct secret requirepass;
    char bind[CONFIG_TEXT_MAX];
    int64_t port;
    bool protected_mode;           /* without a password only this machine's own clients are served */
    int allow_debug, allow_module; /* enum config_allow */
    int allow_protected;           /* …and for CONFIG SET of what is protected */
    /* watching */
    int64_t slowlog_slower_than_us, slowlog_max_len; /* us -1: none */
    int64_t latency_threshold_ms;                    /* latency-monitor-threshold; 0: off */
    struct percentiles percentiles;                  /* latency-tracking-info-percentiles */
    /* store */
    int64_t databases;
    bool activeexpire; /* active expiry; DEBUG SET-ACTIVE-EXPIRE */
    bool latency_tracking;
    int64_t hz; /* accepted for tools; nothing here polls */
    struct value_limits limits;
    /* persistence; names of files are relative to `dir` */
    char dir[CONFIG_TEXT_MAX]; /* "": none was given; the driver knows one */
    char dbfilename[CONFIG_FILE_MAX], appendfilename[CONFIG_FILE_MAX], appenddirname[CONFIG_FILE_MAX];
    struct save_points save;
    int64_t aof_rewrite_percentage, aof_rewrite_min_size;
    bool appendonly, no_appendfsync_on_rewrite, aof_load_truncated, aof_timestamps;
    bool stop_writes_on_bgsave_error, rdbchecksum, rdbcompression;
    int64_t rdb_key_save_delay_us; /* how long every key of a snapshot is to take: for tests */
    /* the process's, which reads them here: the node itself is no process */
    bool daemonize, syslog;
    int on_sigint, on_sigterm; /* bits of the words that SHUTDOWN is to have then */
    int supervised;
    int loglevel; /* enum diary_level: what is said in the diary */
    int64_t unixsocketperm;
    /* accepted from tools and files, and told; without effect, because here it is one way or does not come up */
    struct {
        bool activerehashing, dynamic_hz, lazy_server_del, lazy_user_del, lazy_user_flush, replica_lazy_flush,
            rdb_del_sync_files, jemalloc_bg_thread, crash_log, crash_memcheck, exit_on_panic,
            aof_disable_auto_gc, replica_ignore_disk_errors, set_proc_title, show_logo;
        int diskless_load, sanitize, propagation_errors, pubsub_default;
        int64_t expire_effort, busy_reply_ms, hll_sparse_bytes, tracking_keys, backlog_ttl_s, watchdog_ms,
            diskless_sync_replicas, acllog_entries, key_load_delay_us, loading_interval;
        bool diskless_sync, rdb_preamble, thp_off, tcp_nodelay_off, aof_fsync_steps, rdb_fsync_steps,
            io_threads_reads;
        int64_t io_threads, defrag_ignore_bytes, defrag_lower, defrag_upper, defrag_cycle_min,
            defrag_cycle_max, defrag_fields;
    } idle;
    char kept[CONFIG_KEPT_MAX]; /* texts that are kept as they came: config_kept.h */
};

struct node;

/* What a string may be long: sums of a few such lengths fit an int64, whatever the parameter says. */
static inline int64_t config_bulk_max(const struct config *c)
{
    return c->proto_max_bulk_len < INT64_MAX / 4 ? c->proto_max_bulk_len : INT64_MAX / 4;
}

/* What a node begins with; `served`: a server, where no file and no command line says otherwise. */
void config_defaults(struct config *c, bool served);
/* Sets one parameter from text. False: `error` has Redis's text (without "ERR "). `start`: parameters that cannot
 * change while running are allowed. */
bool config_set(struct config *c, struct slice name, struct slice value, bool start, struct bytes *error);
/* Sets several while running, `count` names and values in turn, all or none; otherwise the same. `all`: protected ones
 * too. */
bool config_set_all(struct config *c, int count, const struct slice *pairs, bool all, struct bytes *error);
/* Appends Redis's text for a parameter that cannot be what it was to be; false. */
bool config_complain(struct bytes *error, struct slice name, const char *why);
/* Whether it cannot be set while the dataset is being loaded. */
bool config_waits_for_load(struct slice name);
/* Appends the value as CONFIG GET shows it; false: no such parameter. */
bool config_get(const struct config *c, struct slice name, struct bytes *value);
/* The name of parameter number `index`, in table order, NULL at the end (aliases such as slave-… included). */
const char *config_name(int index);
/* Whether it is shown only to who asks for it by its name. */
bool config_hidden(int index);

#endif
