/* info.c: INFO: Redis's sections and fields, so that clients, Sentinel and monitoring parse it, and ours beside them.
 *
 * Ours: tidelock_version; repl_discarded_bytes (of this node's own history, given up when it followed another),
 * repl_full_syncs_taken.
 *
 * A node has no processor time and no resident set of its own: cpu and used_memory_rss are the whole process's, as the
 * driver tells (node_host.usage); in the simulator there are none. Times of commands are as far as they were taken
 * (node/timing.h). Left out, because there is nothing behind them: scripts, modules, forks. Replication is in
 * info_replication.c.
 *
 * Source: https://redis.io/docs/latest/commands/info/
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/number.h"
#include "node/internal.h"

#define PUT(...) bytes_append_format(out, __VA_ARGS__)

static void info_server(struct node *n, struct bytes *out)
{
    int64_t uptime_s = (n->now.mono_us - n->started.mono_us) / 1000000;
    PUT("redis_version:%s\r\nredis_git_sha1:00000000\r\nredis_git_dirty:0\r\n", REDIS_VERSION);
    PUT("tidelock_version:%s\r\nredis_mode:standalone\r\n", TIDELOCK_VERSION);
    PUT("os:%s\r\narch_bits:%zu\r\n", n->host.os ? n->host.os : "", sizeof(void *) * 8);
    PUT("process_id:%" PRId64 "\r\nprocess_supervised:no\r\n", n->host.process_id);
    PUT("run_id:%s\r\ntcp_port:%d\r\n", n->run_id, n->port);
    PUT("server_time_usec:%" PRId64 "\r\n", n->now.wall_us);
    PUT("uptime_in_seconds:%" PRId64 "\r\nuptime_in_days:%" PRId64 "\r\n", uptime_s, uptime_s / 86400);
    PUT("hz:%" PRId64 "\r\nconfigured_hz:%" PRId64 "\r\n", n->config.hz, n->config.hz);
    PUT("lru_clock:%" PRId64 "\r\n", n->now.wall_us / 1000000 & 0xffffff);
    PUT("executable:%s\r\nconfig_file:%s\r\n", n->host.executable ? n->host.executable : "",
        n->host.config_file ? n->host.config_file : "");
    PUT("io_threads_active:0\r\n");
    if (!n->persistence.lingers) return;
    int64_t left_us = n->persistence.linger_until_us - n->now.mono_us;
    PUT("shutdown_in_milliseconds:%" PRId64 "\r\n", left_us > 0 ? left_us / 1000 : 0);
}

struct session_totals session_totals(const struct node *n)
{
    struct session_totals t = {0};
    list_each(link, &n->sessions)
    {
        const struct session *s = list_item(link, struct session, link);
        t.blocked += s->block != BLOCK_NONE || s->held;
        if (s->kind != SESSION_CLIENT) continue;
        if (s->input.capacity > t.input_max) t.input_max = s->input.capacity;
        if (s->output.capacity > t.output_max) t.output_max = s->output.capacity;
        *(session_is_replica(s) ? &t.replicas : &t.normal) += client_memory(s);
    }
    return t;
}

static void info_clients(struct node *n, struct bytes *out)
{
    struct session_totals t = session_totals(n);
    PUT("connected_clients:%d\r\ncluster_connections:0\r\n", n->clients - n->feeds.count);
    PUT("maxclients:%" PRId64 "\r\n", n->config.maxclients);
    PUT("client_recent_max_input_buffer:%zu\r\nclient_recent_max_output_buffer:%zu\r\n", t.input_max,
        t.output_max);
    PUT("blocked_clients:%d\r\ntracking_clients:0\r\nclients_in_timeout_table:%zu\r\n", t.blocked,
        n->timeouts.size);
}

/* ---- memory ---- */

static void put_human(struct bytes *out, const char *name, size_t size)
{
    static const char units[] = "BKMGT";
    double value = (double)size;
    int unit = 0;
    for (; value >= 1024 && unit < 4; unit++) value /= 1024;
    if (unit == 0)
        PUT("%s_human:%zuB\r\n", name, size);
    else
        PUT("%s_human:%.2f%c\r\n", name, value, units[unit]);
}

static void put_size(struct bytes *out, const char *name, size_t size)
{
    PUT("%s:%zu\r\n", name, size);
    put_human(out, name, size);
}

static struct node_usage usage_of(const struct node *n)
{
    struct node_usage usage = {0};
    if (n->host.usage) n->host.usage(&usage);
    return usage;
}

static void put_resident(const struct node *n, size_t used, struct bytes *out)
{
    size_t resident = usage_of(n).resident;
    if (resident == 0) return;
    put_size(out, "used_memory_rss", resident);
    PUT("mem_fragmentation_ratio:%.2f\r\nmem_fragmentation_bytes:%" PRId64 "\r\n",
        used > 0 ? (double)resident / (double)used : 0, (int64_t)resident - (int64_t)used);
}

static void info_memory(struct node *n, struct bytes *out)
{
    struct memory_facts f = memory_facts(n);
    put_size(out, "used_memory", f.used);
    put_size(out, "used_memory_peak", f.peak);
    put_resident(n, f.used, out);
    PUT("used_memory_peak_perc:%.2f%%\r\n", memory_percent(f.used, f.peak));
    PUT("used_memory_overhead:%zu\r\nused_memory_startup:%zu\r\n", f.overhead, f.startup);
    PUT("used_memory_dataset:%zu\r\nused_memory_dataset_perc:%.2f%%\r\n", f.dataset,
        memory_percent(f.dataset, f.used - f.startup));
    put_size(out, "maxmemory", (size_t)n->config.maxmemory);
    bytes_append_text(out, "maxmemory_policy:");
    config_get(&n->config, slice_text("maxmemory-policy"), out);
    PUT("\r\nmem_not_counted_for_evict:%zu\r\nmem_replication_backlog:%zu\r\n", eviction_uncounted(n),
        f.backlog);
    PUT("mem_total_replication_buffers:%zu\r\nmem_clients_slaves:%zu\r\nmem_clients_normal:%zu\r\n",
        f.backlog + f.replicas, f.replicas, f.normal);
    PUT("mem_cluster_links:0\r\nmem_aof_buffer:0\r\nmem_allocator:libc\r\n");
    PUT("active_defrag_running:0\r\nlazyfree_pending_objects:%d\r\nlazyfreed_objects:%" PRId64 "\r\n",
        n->tidying, keyspace_stats(n->keyspace)->freed_later);
}

/* ---- stats ---- */

static void info_traffic(struct node *n, struct bytes *out)
{
    const struct node_counters *c = &n->counters;
    PUT("total_connections_received:%" PRId64 "\r\ntotal_commands_processed:%" PRId64 "\r\n", c->connections,
        c->commands);
    PUT("instantaneous_ops_per_sec:%.0f\r\n", stats_rate(n, RATE_COMMANDS));
    PUT("total_net_input_bytes:%" PRId64 "\r\ntotal_net_output_bytes:%" PRId64 "\r\n", c->input_bytes,
        c->output_bytes);
    PUT("total_net_repl_input_bytes:%" PRId64 "\r\ntotal_net_repl_output_bytes:%" PRId64 "\r\n",
        c->repl_input_bytes, c->repl_output_bytes);
    PUT("instantaneous_input_kbps:%.2f\r\ninstantaneous_output_kbps:%.2f\r\n",
        stats_rate(n, RATE_INPUT) / 1024, stats_rate(n, RATE_OUTPUT) / 1024);
    PUT("instantaneous_input_repl_kbps:%.2f\r\ninstantaneous_output_repl_kbps:%.2f\r\n",
        stats_rate(n, RATE_REPL_INPUT) / 1024, stats_rate(n, RATE_REPL_OUTPUT) / 1024);
}

static void info_stats(struct node *n, struct bytes *out)
{
    const struct node_counters *c = &n->counters;
    const struct keyspace_stats *k = keyspace_stats(n->keyspace);
    info_traffic(n, out);
    PUT("rejected_connections:%" PRId64 "\r\nsync_full:%" PRId64 "\r\n", c->rejected, n->feeds.full_syncs);
    PUT("sync_partial_ok:%" PRId64 "\r\nsync_partial_err:%" PRId64 "\r\n", n->feeds.partial_syncs,
        n->feeds.partial_refused);
    PUT("expired_keys:%" PRId64 "\r\nevicted_keys:%" PRId64 "\r\nevicted_clients:%" PRId64 "\r\n", k->expired,
        k->evicted, c->evicted_clients);
    int64_t excess_us = n->excess_since_us ? n->now.mono_us - n->excess_since_us : 0;
    PUT("total_eviction_exceeded_time:%" PRId64 "\r\ncurrent_eviction_exceeded_time:%" PRId64 "\r\n",
        (n->excess_us + excess_us) / 1000, excess_us / 1000);
    PUT("keyspace_hits:%" PRId64 "\r\nkeyspace_misses:%" PRId64 "\r\n", k->hits, k->misses);
    PUT("pubsub_channels:%zu\r\npubsub_patterns:%zu\r\npubsubshard_channels:%zu\r\n",
        pubsub_topics(n, PUBSUB_CHANNEL), pubsub_topics(n, PUBSUB_PATTERN), pubsub_topics(n, PUBSUB_SHARD));
    PUT("latest_fork_usec:0\r\ntotal_forks:0\r\n");
    PUT("migrate_cached_sockets:%d\r\n", migration_has_link(n));
    PUT("slave_expires_tracked_keys:%zu\r\n", own_expiry_count(n));
    PUT("total_error_replies:%" PRId64 "\r\n", c->errors);
    PUT("repl_full_syncs_taken:%" PRId64 "\r\nrepl_full_syncs_refused:%" PRId64 "\r\n", c->full_sync_taken,
        c->full_sync_refused);
    PUT("repl_discarded_bytes:%" PRId64 "\r\n", c->discarded_bytes);
}

/* ---- processor time ---- */

static void put_seconds(struct bytes *out, const char *name, int64_t us)
{
    PUT("%s:%" PRId64 ".%06" PRId64 "\r\n", name, us / 1000000, us % 1000000);
}

static void info_cpu(struct node *n, struct bytes *out)
{
    struct node_usage usage = usage_of(n);
    put_seconds(out, "used_cpu_sys", usage.system_us);
    put_seconds(out, "used_cpu_user", usage.user_us);
    put_seconds(out, "used_cpu_sys_children", 0);
    put_seconds(out, "used_cpu_user_children", 0);
    put_seconds(out, "used_cpu_sys_main_thread", usage.thread_system_us);
    put_seconds(out, "used_cpu_user_main_thread", usage.thread_user_us);
}

/* ---- commands and errors ---- */

static void info_command(struct node *n, const struct command *command, struct bytes *out)
{
    char name[COMMAND_NAME_MAX];
    const struct command_stats *c = stats_of(n, command);
    if (!c) return;
    stats_command_name(n, command, name);
    int64_t took_us = (int64_t)(c->took_ns / 1000);
    PUT("cmdstat_%s:calls=%" PRId64 ",usec=%" PRId64 ",usec_per_call=%.2f", name, c->calls, took_us,
        c->calls > 0 ? (double)c->took_ns / 1000 / (double)c->calls : 0);
    PUT(",rejected_calls=%" PRId64 ",failed_calls=%" PRId64 "\r\n", c->rejected, c->failed);
}

static void info_command_latency(struct node *n, const struct command *command, struct bytes *out)
{
    char name[COMMAND_NAME_MAX];
    const struct command_stats *c = stats_of(n, command);
    if (!c || !c->times) return;
    stats_command_name(n, command, name);
    PUT("latency_percentiles_usec_%s:", name);
    const struct percentiles *p = &n->config.percentiles;
    for (int64_t i = 0; i < p->count; i++) {
        char digits[NUMBER_DOUBLE_MAX];
        PUT("%sp%.*s=%.3f", i ? "," : "", (int)number_format_double(digits, p->of[i]), digits,
            (double)histogram_percentile(c->times, p->of[i]) / 1000);
    }
    bytes_append_text(out, "\r\n");
}

static void each_command(struct node *n, struct bytes *out,
                         void (*put)(struct node *n, const struct command *command, struct bytes *out))
{
    for (int i = 0; i < command_count(n->commands); i++) {
        const struct command *command = command_at(n->commands, i);
        put(n, command, out);
        for (const struct command *sub = command->subcommands; sub && sub->name; sub++) put(n, sub, out);
    }
}

static void info_commandstats(struct node *n, struct bytes *out) { each_command(n, out, info_command); }

static void info_latencystats(struct node *n, struct bytes *out)
{
    if (n->config.latency_tracking) each_command(n, out, info_command_latency);
}

static void info_errorstats(struct node *n, struct bytes *out)
{
    for (size_t i = 0; i < n->stats.error_count; i++)
        PUT("errorstat_%s:count=%" PRId64 "\r\n", n->stats.errors[i].code, n->stats.errors[i].count);
}

/* ---- the rest ---- */

static void info_nothing(struct node *n, struct bytes *out)
{
    (void)n;
    (void)out;
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
    bool asked_only; /* not among the default ones */
} info_sections[] = {
    {"server", "Server", info_server, false},
    {"clients", "Clients", info_clients, false},
    {"memory", "Memory", info_memory, false},
    {"persistence", "Persistence", info_persistence, false},
    {"stats", "Stats", info_stats, false},
    {"replication", "Replication", info_replication, false},
    {"cpu", "CPU", info_cpu, false},
    {"modules", "Modules", info_nothing, false},
    {"commandstats", "Commandstats", info_commandstats, true},
    {"latencystats", "Latencystats", info_latencystats, true},
    {"errorstats", "Errorstats", info_errorstats, false},
    {"cluster", "Cluster", info_cluster, false},
    {"keyspace", "Keyspace", info_keyspace, false},
};

static bool info_wanted(const struct info_section *section, int count, const struct slice *names)
{
    if (count == 0) return !section->asked_only;
    for (int i = 0; i < count; i++) {
        if (slice_is_word(names[i], section->name) || slice_is_word(names[i], "all") ||
            slice_is_word(names[i], "everything") ||
            (slice_is_word(names[i], "default") && !section->asked_only))
            return true;
    }
    return false;
}

void info_write(struct node *n, int count, const struct slice *sections, struct bytes *out)
{
    bool first = true;
    for (size_t i = 0; i < sizeof info_sections / sizeof info_sections[0]; i++) {
        const struct info_section *section = &info_sections[i];
        if (!info_wanted(section, count, sections)) continue;
        PUT("%s# %s\r\n", first ? "" : "\r\n", section->title);
        section->write(n, out);
        first = false;
    }
}
