/* info_replication.c: INFO replication: whom this node follows, who follows it, and its history.
 *
 * Redis's fields in Redis's order, so that Sentinel and monitoring parse it. Ours beside them: lag_bytes, lag_ms, fsynced,
 * sync and name of each replica; master_link_error; sync_… at the end.
 */
#include <inttypes.h>

#include "node/internal.h"

#define PUT(...) bytes_append_format(out, __VA_ARGS__)

static int64_t seconds_since(const struct node *n, int64_t then_us)
{
    return (n->now.mono_us - then_us) / 1000000;
}

/* A payload of unknown length (sent without a disk) has total 0, as in Redis, and no percentage. */
static void info_primary_sync(struct node *n, const struct follow *f, struct bytes *out)
{
    int64_t total = f->sync_total < 0 ? 0 : f->sync_total;
    double percent = total > 0 ? 100.0 * (double)f->sync_received / (double)total : 0;
    PUT("master_sync_total_bytes:%" PRId64 "\r\nmaster_sync_read_bytes:%" PRId64 "\r\n", total,
        f->sync_received);
    PUT("master_sync_left_bytes:%" PRId64 "\r\nmaster_sync_perc:%.2f\r\n", total - f->sync_received, percent);
    PUT("master_sync_last_io_seconds_ago:%" PRId64 "\r\n", seconds_since(n, f->last_io_us));
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
    if (f->state == FOLLOW_SYNC) info_primary_sync(n, f, out);
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
    if (f->fsynced >= 0) PUT(",fsynced=%" PRId64, f->fsynced);
    PUT(",sync=%s", sync_state(&n->gates.own.want.rule, &n->feeds, f));
    if (f->name.size > 0) PUT(",name=%.*s", (int)f->name.size, f->name.data);
    bytes_append_text(out, "\r\n");
}

/* The node's own rule, and the replies that wait or have waited, for it or for another. */
static void info_sync(struct node *n, struct bytes *out)
{
    struct gates *gs = &n->gates;
    const struct durability *want = &gs->own.want;
    char rule[SYNC_PRINT_MAX];
    sync_print(&want->rule, rule, sizeof rule);
    PUT("sync_replicas:%s\r\nsync_level:%s\r\n", rule, sync_level_name(want->rule.level));
    PUT("sync_timeout:%" PRId64 "\r\nsync_on_timeout:%s\r\n", want->timeout_ms,
        want->degrade ? "degrade" : "error");
    if (gs->wanted) PUT("sync_offset:%" PRId64 "\r\n", gate_reached(n, &gs->own));
    PUT("sync_held_clients:%" PRId64 "\r\nsync_held_replies:%" PRId64 "\r\n", gs->lines, gs->held);
    PUT("sync_released:%" PRId64 "\r\nsync_timed_out:%" PRId64 "\r\nsync_degraded:%" PRId64 "\r\n",
        gs->released, gs->timed_out, gs->degraded);
}

void info_replication(struct node *n, struct bytes *out)
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
    PUT("master_failover_state:%s\r\nmaster_replid:%s\r\nmaster_replid2:%s\r\n", failover_state(n), l->replid,
        l->replid2);
    PUT("master_repl_offset:%" PRId64 "\r\nsecond_repl_offset:%" PRId64 "\r\n", log_offset(l),
        l->second_offset);
    PUT("repl_backlog_active:%d\r\nrepl_backlog_size:%" PRId64 "\r\n", l->has_backlog, l->backlog_size);
    PUT("repl_backlog_first_byte_offset:%" PRId64 "\r\nrepl_backlog_histlen:%" PRId64 "\r\n",
        l->tape.start + 1, l->tape.end - l->tape.start);
    info_sync(n, out);
}
