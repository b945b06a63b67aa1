/* config_table.c: the parameters. See config.c for what is done with them.
 *
 * Fixed ones are there for tools that ask (redis-benchmark: save, appendonly) and for files that say them; a value
 * that would promise something this server does not do is refused.
 *
 * Source: Redis 7.0's redis.conf.
 */
#include "node/config_table.h"

#include <stddef.h>

#include "command/evict.h"

enum { WORDS_POLICY, WORDS_SYNC_LEVEL, WORDS_ON_TIMEOUT, WORDS_FSYNC };

static const char *const sync_levels[] = {"received", "applied", "fsynced", NULL};
static const char *const on_timeout[] = {"error", "degrade", NULL};
static const char *const fsync[] = {"always", "everysec", "no", NULL}; /* enum journal_sync */

const char *const *const config_words[] = {
    [WORDS_POLICY] = evict_policies,
    [WORDS_SYNC_LEVEL] = sync_levels,
    [WORDS_ON_TIMEOUT] = on_timeout,
    [WORDS_FSYNC] = fsync,
};

#define FIELD(name) offsetof(struct config, name)
#define GIB ((int64_t)1024 * 1024 * 1024)

const struct config_row config_rows[] = {
    {"maxclients", CONFIG_INT, FIELD(maxclients), 1, UINT32_MAX, "10000", 0},
    {"maxmemory", CONFIG_SIZE, FIELD(maxmemory), 0, INT64_MAX, "0", 0},
    {"maxmemory-policy", CONFIG_ENUM, FIELD(maxmemory_policy), WORDS_POLICY, 0, "noeviction", 0},
    {"maxmemory-samples", CONFIG_INT, FIELD(maxmemory_samples), 1, INT32_MAX, "5", 0},
    {"maxmemory-eviction-tenacity", CONFIG_INT, FIELD(maxmemory_eviction_tenacity), 0, 100, "10", 0},
    {"replica-ignore-maxmemory", CONFIG_BOOL, FIELD(replica_ignore_maxmemory), 0, 0, "yes", 0},
    {"slave-ignore-maxmemory", CONFIG_BOOL, FIELD(replica_ignore_maxmemory), 0, 0, "yes", 0},
    {"lazyfree-lazy-eviction", CONFIG_BOOL, FIELD(lazyfree_lazy_eviction), 0, 0, "no", 0},
    {"lazyfree-lazy-expire", CONFIG_BOOL, FIELD(lazyfree_lazy_expire), 0, 0, "no", 0},
    {"lfu-log-factor", CONFIG_INT, FIELD(lfu_log_factor), 0, INT32_MAX, "10", 0},
    {"lfu-decay-time", CONFIG_INT, FIELD(lfu_decay_minutes), 0, INT32_MAX, "1", 0},
    {"proto-max-bulk-len", CONFIG_SIZE, FIELD(proto_max_bulk_len), 1024 * 1024, INT64_MAX / 4, "512mb", 0},
    {"client-query-buffer-limit", CONFIG_SIZE, FIELD(client_query_buffer_limit), 1024 * 1024, INT64_MAX / 4,
     "1gb", 0},
    {"client-output-buffer-limit", CONFIG_LIMITS, 0, 0, 0,
     "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60", 0},
    {"timeout", CONFIG_INT, FIELD(timeout_s), 0, INT32_MAX, "0", 0},
    {"tcp-keepalive", CONFIG_INT, FIELD(tcp_keepalive_s), 0, INT32_MAX, "300", 0},
    {"tcp-backlog", CONFIG_INT, FIELD(tcp_backlog), 0, INT32_MAX, "511", CONFIG_START},
    {"repl-backlog-size", CONFIG_SIZE, FIELD(repl_backlog_size), 1, INT64_MAX / 4, "1mb", 0},
    {"repl-timeout", CONFIG_INT, FIELD(repl_timeout_s), 1, INT32_MAX, "60", 0},
    {"repl-ping-replica-period", CONFIG_INT, FIELD(repl_ping_period_s), 1, INT32_MAX, "10", 0},
    {"repl-ping-slave-period", CONFIG_INT, FIELD(repl_ping_period_s), 1, INT32_MAX, "10", 0},
    {"repl-ack-period-ms", CONFIG_INT, FIELD(repl_ack_period_ms), 1, INT32_MAX, "1000", 0},
    {"repl-retry-min-ms", CONFIG_INT, FIELD(repl_retry_min_ms), 1, INT32_MAX, "50", 0},
    {"repl-retry-max-ms", CONFIG_INT, FIELD(repl_retry_max_ms), 1, INT32_MAX, "1000", 0},
    {"repl-diskless-sync-delay", CONFIG_INT, FIELD(repl_diskless_sync_delay_s), 0, INT32_MAX, "0", 0},
    {"replica-read-only", CONFIG_BOOL, FIELD(replica_read_only), 0, 0, "yes", 0},
    {"slave-read-only", CONFIG_BOOL, FIELD(replica_read_only), 0, 0, "yes", 0},
    {"replica-serve-stale-data", CONFIG_BOOL, FIELD(replica_serve_stale_data), 0, 0, "yes", 0},
    {"slave-serve-stale-data", CONFIG_BOOL, FIELD(replica_serve_stale_data), 0, 0, "yes", 0},
    {"replica-announced", CONFIG_BOOL, FIELD(replica_announced), 0, 0, "yes", 0},
    {"replica-priority", CONFIG_INT, FIELD(replica_priority), 0, INT32_MAX, "100", 0},
    {"slave-priority", CONFIG_INT, FIELD(replica_priority), 0, INT32_MAX, "100", 0},
    {"min-replicas-to-write", CONFIG_INT, FIELD(min_replicas_to_write), 0, INT32_MAX, "0", 0},
    {"min-slaves-to-write", CONFIG_INT, FIELD(min_replicas_to_write), 0, INT32_MAX, "0", 0},
    {"min-replicas-max-lag", CONFIG_INT, FIELD(min_replicas_max_lag_s), 0, INT32_MAX, "10", 0},
    {"min-slaves-max-lag", CONFIG_INT, FIELD(min_replicas_max_lag_s), 0, INT32_MAX, "10", 0},
    {"min-replicas-max-lag-bytes", CONFIG_SIZE, FIELD(min_replicas_max_lag_bytes), 0, INT64_MAX / 4, "0", 0},
    {"sync-replicas", CONFIG_RULE, FIELD(sync_replicas), 0, 0, "", 0},
    {"sync-level", CONFIG_ENUM, FIELD(sync_level), WORDS_SYNC_LEVEL, 0, "applied", 0},
    {"sync-timeout", CONFIG_INT, FIELD(sync_timeout_ms), 0, INT32_MAX, "0", 0},
    {"sync-on-timeout", CONFIG_ENUM, FIELD(sync_on_timeout), WORDS_ON_TIMEOUT, 0, "error", 0},
    {"replica-announce-ip", CONFIG_TEXT, FIELD(replica_announce_ip), 0, 0, "", 0},
    {"slave-announce-ip", CONFIG_TEXT, FIELD(replica_announce_ip), 0, 0, "", 0},
    {"replica-announce-port", CONFIG_INT, FIELD(replica_announce_port), 0, 65535, "0", 0},
    {"slave-announce-port", CONFIG_INT, FIELD(replica_announce_port), 0, 65535, "0", 0},
    {"node-name", CONFIG_TEXT, FIELD(node_name), 0, 0, "", 0},
    {"masteruser", CONFIG_TEXT, FIELD(masteruser), 0, 0, "", 0},
    {"masterauth", CONFIG_TEXT, FIELD(masterauth), 0, 0, "", 0},
    {"requirepass", CONFIG_TEXT, FIELD(requirepass), 0, 0, "", 0},
    {"bind", CONFIG_TEXT, FIELD(bind), 0, 0, "127.0.0.1", CONFIG_START},
    {"port", CONFIG_INT, FIELD(port), 0, 65535, "6379", CONFIG_START},
    {"databases", CONFIG_INT, FIELD(databases), 1, 65536, "16", CONFIG_START},
    {"notify-keyspace-events", CONFIG_NOTIFY, FIELD(notify), 0, 0, "", 0},
    {"slowlog-log-slower-than", CONFIG_INT, FIELD(slowlog_slower_than_us), -1, INT64_MAX, "10000", 0},
    {"slowlog-max-len", CONFIG_INT, FIELD(slowlog_max_len), 0, INT64_MAX, "128", 0},
    {"latency-monitor-threshold", CONFIG_INT, FIELD(latency_threshold_ms), 0, INT64_MAX, "0", 0},
    {"latency-tracking", CONFIG_BOOL, FIELD(latency_tracking), 0, 0, "yes", 0},
    {"latency-tracking-info-percentiles", CONFIG_PERCENTS, FIELD(percentiles), 0, 0, "50 99 99.9", 0},
    {"active-expire", CONFIG_BOOL, FIELD(activeexpire), 0, 0, "yes", 0},
    {"hash-max-listpack-entries", CONFIG_INT, FIELD(limits.hash_listpack_entries), 0, INT64_MAX, "512", 0},
    {"hash-max-ziplist-entries", CONFIG_INT, FIELD(limits.hash_listpack_entries), 0, INT64_MAX, "512", 0},
    {"hash-max-listpack-value", CONFIG_SIZE, FIELD(limits.hash_listpack_value), 0, INT64_MAX, "64", 0},
    {"hash-max-ziplist-value", CONFIG_SIZE, FIELD(limits.hash_listpack_value), 0, INT64_MAX, "64", 0},
    {"set-max-intset-entries", CONFIG_INT, FIELD(limits.set_intset_entries), 0, INT64_MAX, "512", 0},
    {"zset-max-listpack-entries", CONFIG_INT, FIELD(limits.zset_listpack_entries), 0, INT64_MAX, "128", 0},
    {"zset-max-ziplist-entries", CONFIG_INT, FIELD(limits.zset_listpack_entries), 0, INT64_MAX, "128", 0},
    {"zset-max-listpack-value", CONFIG_SIZE, FIELD(limits.zset_listpack_value), 0, INT64_MAX, "64", 0},
    {"zset-max-ziplist-value", CONFIG_SIZE, FIELD(limits.zset_listpack_value), 0, INT64_MAX, "64", 0},
    {"list-max-listpack-size", CONFIG_INT, FIELD(limits.list_listpack_size), INT32_MIN, INT32_MAX, "-2", 0},
    {"list-max-ziplist-size", CONFIG_INT, FIELD(limits.list_listpack_size), INT32_MIN, INT32_MAX, "-2", 0},
    {"list-compress-depth", CONFIG_INT, FIELD(limits.list_compress_depth), 0, INT32_MAX, "0", 0},
    {"stream-node-max-bytes", CONFIG_SIZE, FIELD(limits.stream_node_bytes), 0, INT64_MAX, "4096", 0},
    {"stream-node-max-entries", CONFIG_INT, FIELD(limits.stream_node_entries), 0, INT64_MAX, "100", 0},
    {"hz", CONFIG_INT, FIELD(hz), 0, INT32_MAX, "10", 0},
    {"rdbchecksum", CONFIG_BOOL, FIELD(rdbchecksum), 0, 0, "yes", CONFIG_START},
    {"rdbcompression", CONFIG_BOOL, FIELD(rdbcompression), 0, 0, "yes", 0},
    {"dir", CONFIG_TEXT, FIELD(dir), 0, 0, "", CONFIG_START | CONFIG_PROTECTED},
    {"dbfilename", CONFIG_FILE, FIELD(dbfilename), 0, 0, "dump.rdb", CONFIG_START | CONFIG_PROTECTED},
    {"save", CONFIG_SAVE, FIELD(save), 0, 0, "", 0},
    {"stop-writes-on-bgsave-error", CONFIG_BOOL, FIELD(stop_writes_on_bgsave_error), 0, 0, "yes", 0},
    {"appendonly", CONFIG_BOOL, FIELD(appendonly), 0, 0, "no", 0},
    {"appendfilename", CONFIG_FILE, FIELD(appendfilename), 0, 0, "appendonly.aof", CONFIG_START},
    {"appenddirname", CONFIG_FILE, FIELD(appenddirname), 0, 0, "appendonlydir", CONFIG_START},
    {"appendfsync", CONFIG_ENUM, FIELD(appendfsync), WORDS_FSYNC, 0, "everysec", 0},
    {"no-appendfsync-on-rewrite", CONFIG_BOOL, FIELD(no_appendfsync_on_rewrite), 0, 0, "no", 0},
    {"auto-aof-rewrite-percentage", CONFIG_INT, FIELD(aof_rewrite_percentage), 0, INT32_MAX, "100", 0},
    {"auto-aof-rewrite-min-size", CONFIG_SIZE, FIELD(aof_rewrite_min_size), 0, INT64_MAX, "64mb", 0},
    {"aof-load-truncated", CONFIG_BOOL, FIELD(aof_load_truncated), 0, 0, "yes", 0},
    {"aof-timestamp-enabled", CONFIG_BOOL, FIELD(aof_timestamps), 0, 0, "no", 0},
    {"aof-use-rdb-preamble", CONFIG_FIXED, 0, 0, 0, "yes", 0},
    {"aof-rewrite-incremental-fsync", CONFIG_FIXED, 0, 0, 0, "yes", 0},
    {"rdb-save-incremental-fsync", CONFIG_FIXED, 0, 0, 0, "yes", 0},
    {"enable-protected-configs", CONFIG_FIXED, 0, 0, 0, "no", 0},
    {"cluster-enabled", CONFIG_FIXED, 0, 0, 0, "no", 0},
    {"protected-mode", CONFIG_FIXED, 0, 0, 0, "no", 0},
    {"daemonize", CONFIG_FIXED, 0, 0, 0, "no", 0},
    {"activedefrag", CONFIG_FIXED, 0, 0, 0, "no", 0},
    {"io-threads", CONFIG_FIXED, 0, 0, 0, "1", 0},
    {"repl-diskless-sync", CONFIG_FIXED, 0, 0, 0, "yes", 0},
    {"repl-disable-tcp-nodelay", CONFIG_FIXED, 0, 0, 0, "no", 0},
    {"tls-port", CONFIG_FIXED, 0, 0, 0, "0", 0},
    {"unixsocket", CONFIG_FIXED, 0, 0, 0, "", 0},
    {"logfile", CONFIG_FIXED, 0, 0, 0, "", 0},
};

const size_t config_row_count = sizeof config_rows / sizeof config_rows[0];
