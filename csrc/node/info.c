/* info.c: INFO: Redis's sections and fields, so that clients, Sentinel and monitoring parse it, and ours beside them.
 *
 * Ours: lag_bytes and lag_ms of each replica, name; repl_discarded_bytes (of this node's own history, given up when it
 * followed another), repl_full_syncs_taken.
 *
 * Source: https://redis.io/docs/latest/commands/info/
 */
#include <inttypes.h>
#include <stdio.h>

#include "node/internal.h"

#define PUT(...) bytes_append_format(out, __VA_ARGS__)

static void info_server(struct node *n, struct bytes *out)
{
    int64_t uptime_s = (n->now.mono_us - n->started.mono_us) / 1000000;
    PUT("redis_version:%s\r\nredis_git_sha1:00000000\r\nredis_git_dirty:0\r\n", REDIS_VERSION);
    PUT("tidelock_version:%s\r\nredis_mode:standalone\r\n", TIDELOCK_VERSION);
    PUT("os:%s\r\narch_bits:%zu\r\n", n->host.os ? n->host.os : "", sizeof(void *) * 8);
    PUT("process_id:%" PRId64 "\r\nrun_id:%s\r\ntcp_port:%d\r\n", n->host.process_id, n->run_id, n->port);
    PUT("server_time_usec:%" PRId64 "\r\n", n->now.wall_us);
    PUT("uptime_in_seconds:%" PRId64 "\r\nuptime_in_days:%" PRId64 "\r\n", uptime_s, uptime_s / 86400);
    PUT("hz:%" PRId64 "\r\nconfigured_hz:%" PRId64 "\r\n", n->config.hz, n->config.hz);
    PUT("executable:%s\r\nconfig_file:%s\r\n", n->host.executable ? n->host.executable : "",
        n->host.config_file ? n->host.config_file : "");
}

static void info_clients(struct node *n, struct bytes *out)
{
    int blocked = 0;
    list_each(link, &n->sessions) blocked += list_item(link, struct session, link)->block != BLOCK_NONE;
    PUT("connected_clients:%d\r\ncluster_connections:0\r\n", n->clients - n->feeds.count);
    PUT("maxclients:%" PRId64 "\r\nblocked_clients:%d\r\n", n->config.maxclients, blocked);
}

static void put_size(struct bytes *out, const char *name, size_t size)
{
    static const char units[] = "BKMGT";
    double value = (double)size;
    int unit = 0;
    for (; value >= 1024 && unit < 4; unit++) value /= 1024;
    PUT("%s:%zu\r\n%s_human:%.2f%c\r\n", name, size, name, value, units[unit]);
}

static void info_memory(struct node *n, struct bytes *out)
{
    put_size(out, "used_memory", n->memory.used);
    put_size(out, "used_memory_peak", n->memory.peak);
    put_size(out, "maxmemory", (size_t)n->config.maxmemory);
    bytes_append_text(out, "maxmemory_policy:");
    config_get(&n->config, slice_text("maxmemory-policy"), out);
    PUT("\r\nmem_replication_backlog:%" PRId64 "\r\n", n->log.tape.end - n->log.tape.start);
}

static void info_persistence(struct node *n, struct bytes *out)
{
    bool snapshot = n->feeds.snapshot != NULL;
    PUT("loading:0\r\nasync_loading:%d\r\n", n->follow && n->follow->state == FOLLOW_SYNC);
    PUT("rdb_bgsave_in_progress:%d\r\naof_enabled:0\r\naof_rewrite_in_progress:0\r\n", snapshot);
}

static void info_stats(struct node *n, struct bytes *out)
{
    const struct node_counters *c = &n->counters;
    const struct keyspace_stats *k = keyspace_stats(n->keyspace);
    PUT("total_connections_received:%" PRId64 "\r\ntotal_commands_processed:%" PRId64 "\r\n", c->connections,
        c->commands);
    PUT("total_net_input_bytes:%" PRId64 "\r\ntotal_net_output_bytes:%" PRId64 "\r\n", c->input_bytes,
        c->output_bytes);
    PUT("total_net_repl_input_bytes:%" PRId64 "\r\ntotal_net_repl_output_bytes:%" PRId64 "\r\n",
        c->repl_input_bytes, c->repl_output_bytes);
    PUT("rejected_connections:%" PRId64 "\r\nsync_full:%" PRId64 "\r\n", c->rejected, n->feeds.full_syncs);
    PUT("sync_partial_ok:%" PRId64 "\r\nsync_partial_err:%" PRId64 "\r\n", n->feeds.partial_syncs,
        n->feeds.partial_refused);
    PUT("expired_keys:%" PRId64 "\r\nevicted_keys:0\r\nevicted_clients:%" PRId64 "\r\n", k->expired,
        c->evicted_clients);
    PUT("keyspace_hits:%" PRId64 "\r\nkeyspace_misses:%" PRId64 "\r\n", k->hits, k->misses);
    PUT("total_error_replies:%" PRId64 "\r\n", c->errors);
    PUT("repl_full_syncs_taken:%" PRId64 "\r\nrepl_discarded_bytes:%" PRId64 "\r\n", c->full_sync_taken,
        c->discarded_bytes);
}

static int64_t seconds_since(const struct node *n, int64_t then_us)
{
    return (n->now.mono_us - then_us) / 1000000;
}

static void info_primary_link(struct node *n, const struct follow *f, struct bytes *out)
{
    bool up = f->state == FOLLOW_STREAMING;
    PUT("master_host:%s\r\nmaster_port:%d\r\nmaster_link_status:%s\r\n", f->host, f->port,
        up ? "up" : "down");
    PUT("master_last_io_seconds_ago:%" PRId64 "\r\n", up ? seconds_since(n, f->last_io_us) : -1);
    PUT("master_sync_in_progress:%d\r\n", f->state == FOLLOW_SYNC);
    PUT("slave_read_repl_offset:%" PRId64 "\r\nslave_repl_offset:%" PRId64 "\r\n",
        log_offset(&n->log) + (int64_t)f->input.size, log_offset(&n->log));
    if (f->state == FOLLOW_SYNC)
        PUT("master_sync_total_bytes:%" PRId64 "\r\nmaster_sync_read_bytes:%" PRId64 "\r\n",
            f->sync_total < 0 ? 0 : f->sync_total, f->sync_received);
    if (!up) {
        PUT("master_link_down_since_seconds:%" PRId64 "\r\n", seconds_since(n, f->down_since_us));
        PUT("master_link_error:%s\r\n", f->why ? f->why : "");
    }
    PUT("slave_priority:%" PRId64 "\r\nslave_read_only:%d\r\nreplica_announced:%d\r\n",
        n->config.replica_priority, n->config.replica_read_only, n->config.replica_announced);
}

static void info_replica(struct node *n, const struct feed *f, int index, struct bytes *out)
{
    static const char *const states[] = {[FEED_HANDSHAKE] = "handshake",
                                         [FEED_WAITING] = "wait_bgsave",
                                         [FEED_SNAPSHOT] = "send_bulk",
                                         [FEED_STREAMING] = "online"};
    char ip[64];
    replica_address(f, ip, sizeof ip);
    int64_t applied = f->applied < 0 ? 0 : f->applied;
    int64_t lag_s = f->ack_time_us > 0 ? seconds_since(n, f->ack_time_us) : 0;
    PUT("slave%d:ip=%s,port=%d,state=%s,offset=%" PRId64 ",lag=%" PRId64, index, ip, f->port,
        states[f->state], applied, lag_s);
    PUT(",lag_bytes=%" PRId64 ",lag_ms=%.3f", log_offset(&n->log) - applied,
        (double)log_lag_us(&n->log, applied, n->now.mono_us) / 1000.0);
    if (f->name.size > 0) PUT(",name=%.*s", (int)f->name.size, f->name.data);
    bytes_append_text(out, "\r\n");
}

static void info_replication(struct node *n, struct bytes *out)
{
    const struct log *l = &n->log;
    int index = 0;
    PUT("role:%s\r\n", n->follow ? "slave" : "master");
    if (n->follow) info_primary_link(n, n->follow, out);
    PUT("connected_slaves:%d\r\n", n->feeds.count);
    if (n->config.min_replicas_to_write > 0) PUT("min_slaves_good_slaves:%d\r\n", topology_good_replicas(n));
    list_each(link, &n->feeds.list)
    {
        const struct feed *f = list_item(link, struct feed, link);
        if (f->state != FEED_HANDSHAKE) info_replica(n, f, index++, out);
    }
    PUT("master_failover_state:no-failover\r\nmaster_replid:%s\r\nmaster_replid2:%s\r\n", l->replid,
        l->replid2);
    PUT("master_repl_offset:%" PRId64 "\r\nsecond_repl_offset:%" PRId64 "\r\n", log_offset(l),
        l->second_offset);
    PUT("repl_backlog_active:%d\r\nrepl_backlog_size:%" PRId64 "\r\n", l->tape.end > l->tape.start,
        l->backlog_size);
    PUT("repl_backlog_first_byte_offset:%" PRId64 "\r\nrepl_backlog_histlen:%" PRId64 "\r\n",
        l->tape.start + 1, l->tape.end - l->tape.start);
}

static void info_cluster(struct node *n, struct bytes *out)
{
    (void)n;
    bytes_append_text(out, "cluster_enabled:0\r\n");
}

static void info_keyspace(struct node *n, struct bytes *out)
{
    for (int db = 0; db < keyspace_databases(n->keyspace); db++) {
        if (keyspace_size(n->keyspace, db) == 0) continue;
        PUT("db%d:keys=%zu,expires=%zu,avg_ttl=%" PRId64 "\r\n", db, keyspace_size(n->keyspace, db),
            keyspace_volatile(n->keyspace, db), keyspace_average_ttl(n->keyspace, db));
    }
}

static const struct info_section {
    const char *name, *title;
    void (*write)(struct node *n, struct bytes *out);
} info_sections[] = {
    {"server", "Server", info_server},    {"clients", "Clients", info_clients},
    {"memory", "Memory", info_memory},    {"persistence", "Persistence", info_persistence},
    {"stats", "Stats", info_stats},       {"replication", "Replication", info_replication},
    {"cluster", "Cluster", info_cluster}, {"keyspace", "Keyspace", info_keyspace},
};

static bool info_wanted(const char *name, int count, const struct slice *sections)
{
    if (count == 0) return true;
    for (int i = 0; i < count; i++) {
        if (slice_is_word(sections[i], name) || slice_is_word(sections[i], "all") ||
            slice_is_word(sections[i], "default") || slice_is_word(sections[i], "everything"))
            return true;
    }
    return false;
}

void info_write(struct node *n, int count, const struct slice *sections, struct bytes *out)
{
    bool first = true;
    for (size_t i = 0; i < sizeof info_sections / sizeof info_sections[0]; i++) {
        const struct info_section *section = &info_sections[i];
        if (!info_wanted(section->name, count, sections)) continue;
        PUT("%s# %s\r\n", first ? "" : "\r\n", section->title);
        section->write(n, out);
        first = false;
    }
}
