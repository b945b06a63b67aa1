/* topology.c: who this node follows, and who follows it.
 *
 * A node is a primary (node->follow is NULL) or a replica. The follow (replication/follow.h) is the protocol; here is
 * what its events mean to the node: connections, taking over a snapshot, executing the stream, and what becomes of
 * this node's own replicas when its history changes (their feeds find out by themselves: feed_broken).
 */
#include "node/internal.h"

/* ---- our replicas ---- */

int topology_good_replicas(const struct node *n)
{
    int good = 0;
    const struct config *c = &n->config;
    int64_t lag_us_max = c->min_replicas_max_lag_s * 1000000, lag_bytes_max = c->min_replicas_max_lag_bytes;
    list_each(link, &n->feeds.list)
    {
        const struct feed *f = list_item(link, struct feed, link);
        good += feed_counts(f) && (lag_us_max == 0 || n->now.mono_us - f->ack_time_us <= lag_us_max) &&
                (lag_bytes_max == 0 || log_offset(&n->log) - f->applied <= lag_bytes_max);
    }
    return good;
}

void topology_info(struct node *n, struct rdb_info *info)
{
    enum evict_policy policy = (enum evict_policy)n->config.maxmemory_policy;
    *info = (struct rdb_info){.version = REDIS_VERSION,
                              .created_s = n->now.wall_us / 1000000,
                              .used_memory = n->memory.used,
                              .replid = n->log.replid,
                              .offset = log_offset(&n->log),
                              .stream_db = n->log.db < 0 ? 0 : n->log.db,
                              .plain = !n->config.rdbcompression,
                              .checksum = n->config.rdbchecksum,
                              .access = &n->access[0],
                              .idle = evict_is_lru(policy),
                              .frequency = evict_is_lfu(policy)};
    lineage_write(&n->log.lineage, info->names);
}

/* ---- changing roles ---- */

static const char *text_or_null(const char *text) { return text[0] ? text : NULL; }

/* What the follow is told of this node's configuration. Texts belong to the node. */
static struct follow_options follow_options(const struct node *n)
{
    const struct config *c = &n->config;
    return (struct follow_options){
        .timeout_us = c->repl_timeout_s * 1000000,
        .ack_period_us = c->repl_ack_period_ms * 1000,
        .retry_min_us = c->repl_retry_min_ms * 1000,
        .retry_max_us = c->repl_retry_max_ms * 1000,
        .listening_port = c->replica_announce_port ? (int)c->replica_announce_port : n->port,
        .announce_ip = text_or_null(c->replica_announce_ip),
        .name = text_or_null(n->name),
        .user = text_or_null(c->masteruser),
        .password = secret_slice(&c->masterauth),
        .bulk_max = config_bulk_max(c),
        .refuses_older = c->replica_refuse_older,
        .databases = (int)c->databases,
        .digest = n->digest,
        .limits = &n->config.limits,
        .clock = n->keyspace,
        .access = &n->access[0],
        .fresh_access = &n->fresh_access,
    };
}

void topology_configured(struct node *n)
{
    if (n->follow) n->follow->options = follow_options(n);
}

/* Has the driver send what the follow has to say. */
static void topology_tell_primary(struct node *n)
{
    struct session *s = n->follow_session;
    if (s && session_pending(s) > 0 && !s->output_told) session_wake(s);
}

bool topology_holds_stream(const struct node *n)
{
    const struct follow *f = n->follow;
    return n->follow_paused || (n->pause_until_us != 0 && f->state == FOLLOW_STREAMING && !f->closing);
}

void topology_received(struct node *n)
{
    if (!n->follow || !topology_holds_stream(n) || n->sleep_until_us != 0) return;
    follow_acknowledge(n->follow, n->now.mono_us);
    topology_tell_primary(n);
}

void topology_fsynced(struct node *n, int64_t offset)
{
    if (n->fsynced_offset == offset) return;
    n->fsynced_offset = offset;
    trail_synced(n);
    if (!n->follow) return;
    follow_fsynced(n->follow, offset, n->now.mono_us);
    topology_tell_primary(n);
}

/* Lets the present connection to a primary go. */
static void close_follow_session(struct node *n)
{
    struct session *s = n->follow_session;
    n->follow_session = NULL;
    if (s) session_close_now(s);
}

static void end_follow(struct node *n)
{
    close_follow_session(n);
    follow_free(n->follow);
    n->follow = NULL;
    n->follow_paused = false; /* it was the channel that was held */
    n->stream->db = 0;
}

bool topology_follow(struct node *n, const char *host, int port)
{
    bool was_primary = n->follow == NULL;
    transaction_end_log(n); /* REPLICAOF within EXEC: from here on the log is another's */
    struct follow_options options = follow_options(n);
    struct follow *follow = follow_new(&n->memory, &n->log, &n->random, &options, host, port, n->now.mono_us);
    if (!follow) return false;
    if (!was_primary) end_follow(n);
    n->follow = follow;
    diary_say(n, DIARY_NOTICE, "REPLICAOF %s:%d enabled", host, port);
    follow->fsynced = n->fsynced_offset;
    if (was_primary) {
        gates_demoted(n);
        block_fail_all(n, "UNBLOCKED force unblock from blocking operation, instance state changed "
                          "(master -> replica?)");
    }
    topology_step(n);
    return true;
}

bool topology_take_over(struct node *n, const char *host, int port)
{
    if (!topology_follow(n, host, port)) return false;
    n->follow->hands_over = true; /* before it has said anything: it is not connected yet */
    return true;
}

void topology_promote(struct node *n)
{
    if (!n->follow) return;
    end_follow(n);
    own_expiry_forget(n);
    log_fork_history(&n->log, &n->random);
    n->pinged_us = n->now.mono_us;
    trail_forked(n);
    diary_say(n, DIARY_NOTICE, "The history goes on as %s from offset %lld", n->log.replid,
              (long long)log_offset(&n->log));
}

/* ---- the stream from our primary ---- */

void topology_lost(struct node *n, const char *why)
{
    if (!n->follow) return;
    if (n->follow->state == FOLLOW_STREAMING) diary_say(n, DIARY_WARNING, "Connection with master lost.");
    follow_lost(n->follow, why ? why : "connection closed", n->now.mono_us);
    topology_step(n);
}

static void open_connection(struct node *n)
{
    close_follow_session(n);
    struct session *s = session_new(n, SESSION_FOLLOW, n->follow->host);
    if (!s) {
        follow_lost(n->follow, "out of memory", n->now.mono_us);
        return;
    }
    diary_say(n, DIARY_NOTICE, "Connecting to MASTER %s:%d", n->follow->host, n->follow->port);
    n->follow_session = s;
    s->wants_connect = true;
    session_wake(s);
}

static int64_t keys_here(const struct node *n)
{
    int64_t keys = 0;
    for (int db = 0; db < keyspace_databases(n->keyspace); db++)
        keys += (int64_t)keyspace_size(n->keyspace, db);
    return keys;
}

/* The snapshot is complete: it replaces what this node had, unless the primary has come back without its data. Its own
 * replicas were on another history. */
static void take_snapshot(struct node *n)
{
    int64_t keys = keys_here(n);
    if (follow_lost_data(n->follow, keys)) {
        n->counters.full_sync_refused++;
        follow_refuse(n->follow, keys, n->now.mono_us);
        return;
    }
    feeds_cancel_snapshot(&n->feeds);
    persistence_replaced(n);
    n->counters.discarded_bytes += n->follow->discarded;
    keyspace_adopt(n->keyspace, n->follow->loaded);
    own_expiry_forget(n);
    n->tidying = true;
    topology_fsynced(n, -1); /* of this history nothing is durable yet */
    follow_adopted(n->follow, n->now.mono_us);
    n->counters.full_sync_taken++;
    diary_say(n, DIARY_NOTICE, "MASTER <-> REPLICA sync: Finished with success, keys loaded: %lld",
              (long long)keys_here(n));
    trail_joined(n);
}

/* Executes one command of the stream. What this node does not know, or cannot do, it must not skip: from then on it
 * would be a silently different copy. What neither writes nor is heard (PUBLISH) only counts: a primary has no orders for this node itself,
 * least of all whom to follow. NULL: done; else why not. */
static const char *apply_command(struct node *n)
{
    struct follow *f = n->follow;
    struct session *s = n->stream;
    int64_t errors = s->writer.reply.errors;
    struct call c;
    s->db = f->db;
    call_init(&c, s, slice_of(NULL, 0));
    const struct command *command = node_stream_command(n, f->reader.argv, f->reader.argc, s->reply);
    if (n->config.maxmemory > 0) eviction_make_room(n); /* whatever comes of it: the primary's word is done */
    if (command && command->flags & (COMMAND_WRITE | COMMAND_MAY_REPLICATE))
        dispatch_run(&c, command, f->reader.argc, f->reader.argv);
    errors = s->writer.reply.errors - errors;
    bytes_clear(&s->output);
    if (!command) return "the stream has a command that this node does not know";
    if (errors > 0) return "a command of the stream could not be executed here";
    int64_t offset = log_offset(&n->log);
    if (!follow_applied(f, n->now.mono_us)) return NULL; /* the follow begins again by itself */
    if (log_offset(&n->log) != offset) trail_applied(n); /* not in the middle of a transaction */
    return NULL;
}

static void apply_or_abandon(struct node *n)
{
    const char *why = apply_command(n);
    if (why) follow_abandon(n->follow, why, n->now.mono_us);
}

/* How the synchronisation goes on. */
static void say_state(struct node *n, enum follow_event event)
{
    const struct follow *f = n->follow;
    if (f->state == FOLLOW_SYNC)
        diary_say(n, DIARY_NOTICE, "Full resync from master: receiving the data");
    else if (f->state == FOLLOW_STREAMING && event != FOLLOW_LOADED)
        diary_say(n, DIARY_NOTICE, "Successful partial resynchronization with master.");
}

static void follow_steps(struct node *n)
{
    if (!n->follow || n->sleep_until_us != 0) return;
    if (persistence_loads(&n->persistence) || persistence_stands_still(&n->persistence)) return;
    size_t fetched = 0;
    while (!topology_holds_stream(n)) {
        int64_t offset = log_offset(&n->log);
        enum follow_state before = n->follow->state;
        enum follow_event event = follow_next(n->follow, n->now.mono_us);
        if (n->follow->state != before) say_state(n, event);
        switch (event) {
        case FOLLOW_OPEN: open_connection(n); break;
        case FOLLOW_CLOSE:
            close_follow_session(n);
            if (!n->follow->refused) break;
            failover_abort(n, "Failover target rejected psync request");
            return;
        case FOLLOW_CONTINUED:
            trail_renamed(n);
            failover_accepted(n);
            break;
        case FOLLOW_LOADING: failover_accepted(n); break;
        case FOLLOW_LOADED: take_snapshot(n); break;
        case FOLLOW_COMMAND:
            apply_or_abandon(n);
            fetched =
                fetched > 0 ? fetched - 1 : session_look_ahead(n, n->follow->db, follow_ahead(n->follow));
            break;
        case FOLLOW_NOTHING:
            if (log_offset(&n->log) != offset) trail_applied(n); /* PING, REPLCONF GETACK */
            topology_tell_primary(n);
            return;
        }
    }
    topology_tell_primary(n);
}

void topology_step(struct node *n)
{
    timing_request(&n->timing, false);
    follow_steps(n);
    timing_run_over(n);
}
