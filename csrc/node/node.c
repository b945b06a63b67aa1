/* node.c: a node's life, its time, and the queue of what it wants done.
 *
 * See node.h for the contract with drivers. Nothing here polls: node_deadline is computed from what is really due, so
 * an idle node has nothing to do between its heartbeats.
 */
#include "command/notify.h"
#include "node/commands.h"
#include "node/internal.h"
#include "persist/dump.h"

enum {
    HURRY_BYTES = 32 * 1024, /* of the log that replies wait for: worth a turn of their own */
    EXPIRE_SLICE = 128,      /* keys expired per turn, so that a million of them do not stop the world */
    TIDY_SLICE = 256,        /* entries freed per turn */
    SECOND_US = 1000000
};

struct command_index *node_commands_new(struct memory *m)
{
    static const struct command *const own[] = {
        node_transaction_commands, node_replication_commands, node_durable_commands,
        node_connection_commands,  node_server_commands,      node_pubsub_commands,
        node_watching_commands,    node_memory_commands,      node_acl_commands,
        node_absent_commands,      persist_commands};
    enum { FAMILIES_MAX = 64, OWN = sizeof own / sizeof own[0] };
    const struct command *families[FAMILIES_MAX];
    int count = 0;
    for (; command_data_families[count] && count < FAMILIES_MAX - OWN; count++)
        families[count] = command_data_families[count];
    for (int i = 0; i < OWN; i++) families[count++] = own[i];
    return command_index_new(m, families, count);
}

static void local_wait_moved(void *item, size_t index) { ((struct session *)item)->waiter.index = index; }

static void timeout_moved(void *item, size_t index) { ((struct session *)item)->timeout_index = index; }

struct keyspace *node_new_keyspace(struct node *n)
{
    struct keyspace_options options = {.memory = &n->memory,
                                       .hash_key = {random_next(&n->random), random_next(&n->random)},
                                       .databases = (int)n->config.databases,
                                       .digest = n->digest,
                                       .limits = &n->config.limits,
                                       .fresh_access = &n->fresh_access};
    return keyspace_new(&options);
}

bool node_renew_keyspace(struct node *n)
{
    struct keyspace *keyspace = node_new_keyspace(n);
    if (!keyspace) return false;
    keyspace_free(n->keyspace);
    n->keyspace = n->feeds.keyspace = keyspace;
    keyspace_set_time(keyspace, n->now.wall_us / 1000);
    return true;
}

static void node_init(struct node *n, const struct node_options *o)
{
    n->commands = n->all_commands = o->commands;
    random_init(&n->random, o->seed, "node");
    random_hex(&n->random, n->run_id, REPLID_SIZE);
    text_copy(n->name, sizeof n->name, o->name ? o->name : "");
    n->port = o->port;
    n->host = o->host;
    n->now = n->started = o->now;
    n->keep_trail = o->trail;
    n->diary = o->diary;
    n->digest = o->digest;
    n->served = o->served;
    config_defaults(&n->config, o->served);
    n->config.port = o->port;
    if (o->bind) text_copy(n->config.bind, sizeof n->config.bind, o->bind);
    list_init(&n->sessions);
    list_init(&n->ready);
    list_init(&n->barriers);
    list_init(&n->monitors);
    list_init(&n->resumed);
    bytes_init(&n->effects, &n->memory);
    bytes_init(&n->scratch, &n->memory);
    bytes_init(&n->trail, &n->memory);
    bytes_init(&n->trail_rules, &n->memory);
    bytes_init(&n->notices, &n->memory);
    pubsub_init(n);
    slowlog_init(&n->slowlog);
    n->timing.stopwatch = o->stopwatch;
    eviction_init(&n->eviction, &n->memory);
    heap_init(&n->timeouts, &n->memory, timeout_moved);
    wait_init(&n->waits, &n->memory, false);
    wait_init(&n->aof_waits, &n->memory, true);
    heap_init(&n->local_waits, &n->memory, local_wait_moved);
    heap_init(&n->token_waits, &n->memory, local_wait_moved);
    gates_init(n);
    disk_init(&n->disk, &n->memory);
    n->fsynced_offset = -1;
    log_init(&n->log, &n->memory, &n->random, n->config.repl_backlog_size);
    n->pinged_us = n->next_second_us = o->now.mono_us;
    persistence_init(n);
    config_changed(n);
}

struct node *node_new(const struct node_options *o)
{
    struct memory memory;
    memory_init(&memory);
    struct node *n = memory_alloc_zero(&memory, sizeof *n);
    if (!n) return NULL;
    n->memory = memory;
    if (o->slabs) memory_use_slabs(&n->memory);
    node_init(n, o);
    if (node_renew_keyspace(n)) {
        feeds_init(&n->feeds, &n->memory, &n->log, n->keyspace, &n->random);
        n->stream = session_new(n, SESSION_STREAM, "primary");
    }
    if (!n->stream) {
        node_free(n);
        return NULL;
    }
    return n;
}

void node_free(struct node *n)
{
    if (!n) return;
    list_each_safe(link, &n->sessions) session_free(list_item(link, struct session, link));
    if (n->stream) {
        session_free(n->stream);
        feeds_free(&n->feeds);
    }
    migration_free(n);
    backup_free(n);
    persistence_free(n);
    if (n->follow) follow_free(n->follow);
    pubsub_free(n);
    stats_reset(n);
    slowlog_free(n);
    own_expiry_forget(n);
    latency_free(n);
    wait_free(&n->waits);
    wait_free(&n->aof_waits);
    heap_free(&n->local_waits);
    heap_free(&n->token_waits);
    gates_free(n);
    disk_free(&n->disk);
    heap_free(&n->timeouts);
    eviction_free(&n->eviction);
    log_free(&n->log);
    if (n->keyspace) keyspace_free(n->keyspace);
    bytes_free(&n->effects);
    bytes_free(&n->scratch);
    bytes_free(&n->trail);
    bytes_free(&n->trail_rules);
    bytes_free(&n->notices);
    command_index_free(n->renamed);
    struct memory memory = n->memory;
    memory_free(&memory, n, sizeof *n);
}

/* ---- time ---- */

void node_delete(struct node *n, int db, struct entry *e, bool lazily, unsigned class, const char *event)
{
    struct slice key = entry_key(e);
    bytes_clear(&n->effects);
    resp_write_request(&n->effects, 2, (struct slice[]){slice_text(lazily ? "UNLINK" : "DEL"), key});
    pubsub_event(n, class, event, db, key);
    keyspace_delete(n->keyspace, db, key);
    if (n->effects.failed)
        dispatch_lose_history(n);
    else
        dispatch_log(n, db, bytes_slice(&n->effects));
}

/* Deletes what has expired, a slice at a time, and logs it: replicas delete what their primary says, and what their own
 * clients gave them. */
static void node_expire(struct node *n)
{
    n->expiring = false;
    if (!n->config.activeexpire || node_stands_still(n)) return;
    if (n->follow) {
        n->expiring = own_expiry_step(n, EXPIRE_SLICE);
        return;
    }
    for (int i = 0; i < EXPIRE_SLICE; i++) {
        int db;
        struct entry *e = keyspace_next_expired(n->keyspace, &db);
        if (!e) return;
        keyspace_stats(n->keyspace)->expired++;
        node_delete(n, db, e, n->config.lazyfree_lazy_expire, NOTIFY_EXPIRED, "expired");
    }
    n->expiring = true;
}

/* Appends what changes no data. What stands between noise_start and noise_end is nothing else. */
static void node_log_noise(struct node *n, const char *text, size_t size)
{
    if (log_offset(&n->log) != n->noise_end) n->noise_start = log_offset(&n->log);
    if (!log_append(&n->log, text, size)) dispatch_lose_history(n);
    n->noise_end = log_offset(&n->log);
}

/* Redis's heartbeat: a PING in the stream, so that replicas can tell a silent primary from a dead one. */
static void node_ping(struct node *n)
{
    if (n->now.mono_us < node_next_ping_us(n)) return;
    n->pinged_us = n->now.mono_us;
    if (n->follow || n->feeds.count == 0 || n->failover.state != FAILOVER_NONE) return;
    if (n->persistence.lingers) return; /* what replicas are to have stands still */
    static const char ping[] = "*1\r\n$4\r\nPING\r\n";
    node_log_noise(n, ping, sizeof ping - 1);
    trail_applied(n);
}

/* A replica from which nothing has come for longer than repl-timeout; while it gets a snapshot: that has taken nothing of
 * it, whatever it says, because others wait for the snapshot to end. */
static bool replica_is_silent(const struct session *s)
{
    const struct feed *f = s->feed;
    int64_t heard = f->ack_time_us > s->active_us ? f->ack_time_us : s->active_us;
    if (f->state == FEED_WAITING) return false;
    if (f->state == FEED_SNAPSHOT) heard = f->progress_us;
    return s->node->now.mono_us - heard > s->node->config.repl_timeout_s * SECOND_US;
}

static void session_each_second(struct session *s)
{
    struct node *n = s->node;
    int64_t now = n->now.mono_us;
    session_check_limits(s);
    if (session_is_replica(s)) {
        if (replica_is_silent(s)) session_close_now(s);
    } else if (s->kind == SESSION_CLIENT && n->config.timeout_s > 0 && s->block == BLOCK_NONE &&
               subscriber_total(&s->subscriber) == 0 && !gate_waits(s->line) &&
               now - s->active_us > n->config.timeout_s * SECOND_US) {
        session_close_now(s);
    }
}

/* What has to be looked at once a second: only while there is something to look at. */
static bool node_needs_seconds(const struct node *n)
{
    return !list_empty(&n->feeds.list) || (n->config.timeout_s > 0 && n->clients > 0) || n->over_soft > 0;
}

static void node_each_second(struct node *n)
{
    if (n->now.mono_us < n->next_second_us) return;
    n->next_second_us = n->now.mono_us + SECOND_US;
    list_each_safe(link, &n->sessions) session_each_second(list_item(link, struct session, link));
}

/* DEBUG SLEEP is over: who waits for keys is served as of now, what the primary has sent is applied, then everybody's
 * requests are executed in order of arrival of their sessions, also those of connections that have ended meanwhile: their
 * bytes had come. */
static void node_awake(struct node *n)
{
    if (n->sleep_until_us == 0 || n->now.mono_us < n->sleep_until_us) return;
    n->sleep_until_us = 0;
    block_keys_serve(n);
    topology_step(n);
    list_each(link, &n->sessions) session_process(list_item(link, struct session, link));
    if (n->sleep_until_us != 0) return; /* one of them was another DEBUG SLEEP */
    list_each_safe(link, &n->sessions)
    {
        struct session *s = list_item(link, struct session, link);
        if (s->gone) session_closed(s, NULL);
    }
}

void node_advance(struct node *n, struct node_time now)
{
    if (now.mono_us < n->now.mono_us) now.mono_us = n->now.mono_us;
    n->now = now;
    keyspace_set_time(n->keyspace, now.wall_us / 1000);
    n->fresh_access = access_fresh(&n->access[0], now.wall_us / 1000);
    stats_sample(n);
    if (now.mono_us < node_deadline(n)) return;
    node_awake(n);
    if (n->sleep_until_us != 0) return;
    pause_advance(n);
    block_time_out(n);
    gate_time_out(n);
    migration_advance(n);
    uint64_t begun = timing_work_begin(n);
    node_expire(n);
    timing_work_end(n, "expire-cycle", begun);
    if (n->evicting) eviction_make_room(n);
    n->tidying = keyspace_tidy(n->keyspace, TIDY_SLICE);
    node_ping(n);
    feeds_advance(&n->feeds, now.mono_us);
    node_each_second(n);
    if (n->follow) {
        follow_advance(n->follow, now.mono_us);
        topology_step(n);
    }
}

static void earlier(int64_t *deadline, int64_t candidate)
{
    if (candidate < *deadline) *deadline = candidate;
}

/* A channel that is held lets its connection stand and does not connect anew until it is let go. */
static bool follow_stands_still(const struct node *n)
{
    const struct follow *f = n->follow;
    bool held =
        n->follow_paused || persistence_loads(&n->persistence) || persistence_stands_still(&n->persistence);
    return held && !f->scrap && (f->closing || f->state == FOLLOW_DOWN);
}

/* When the first key expires. A time that is too far away to be counted in microseconds never comes. */
static int64_t expiry_deadline(const struct node *n)
{
    int64_t expires_ms = n->follow ? own_expiry_deadline(n) : keyspace_expire_deadline(n->keyspace);
    if (expires_ms > INT64_MAX / 2000) return INT64_MAX;
    return n->now.mono_us + expires_ms * 1000 - n->now.wall_us;
}

int64_t node_deadline(const struct node *n)
{
    if (n->sleep_until_us != 0) return n->sleep_until_us;
    if (n->expiring || n->tidying || n->evicting || keyspace_untidy(n->keyspace)) return n->now.mono_us;
    if (memory_stale(&n->memory) > 0) return n->now.mono_us;
    int64_t deadline = INT64_MAX;
    const struct heap_slot *first = heap_top(&n->timeouts);
    if (first) earlier(&deadline, first->key);
    earlier(&deadline, persistence_deadline(n));
    earlier(&deadline, failover_deadline(n));
    earlier(&deadline, migration_deadline(n));
    first = heap_top(&n->gates.timeouts);
    if (first) earlier(&deadline, first->key);
    if (n->follow && !follow_stands_still(n)) earlier(&deadline, follow_deadline(n->follow));
    if (!n->follow && n->feeds.count > 0) earlier(&deadline, node_next_ping_us(n));
    if (n->feeds.count > 0) earlier(&deadline, feeds_deadline(&n->feeds));
    if (node_needs_seconds(n)) earlier(&deadline, n->next_second_us);
    if (n->pause_until_us != 0) {
        earlier(&deadline, n->pause_until_us);
    } else if (n->config.activeexpire && !node_stands_still(n)) {
        earlier(&deadline, expiry_deadline(n));
    }
    return deadline;
}

/* ---- the end of a turn ---- */

/* Whether writes depend on how far replicas are, and that has not been asked for a while: not once per second, as replicas
 * acknowledge unasked, but as often as would make a difference. */
static bool distance_matters(const struct node *n)
{
    const struct config *c = &n->config;
    if (c->min_replicas_to_write == 0 || c->min_replicas_max_lag_bytes == 0) return false;
    return log_offset(&n->log) - n->asked_offset > c->min_replicas_max_lag_bytes / 4;
}

/* Somebody waits for acknowledgements: asks for them in the stream, once for all who wait. */
static void node_ask_acknowledgements(struct node *n)
{
    bool distance = distance_matters(n);
    if (!n->ack_wanted && !distance) return;
    n->ack_wanted = false;
    struct persistence *p = &n->persistence;
    if (n->follow || n->feeds.count == 0 || n->failover.asked || (p->lingers && p->asked)) return;
    n->failover.asked = n->failover.state != FAILOVER_NONE;
    p->asked = p->lingers;
    if (!n->failover.asked && !p->asked && !distance && wait_wanted(&n->waits) < 0 &&
        wait_wanted(&n->aof_waits) < 0 && n->gates.lines == 0)
        return;
    n->asked_offset = log_offset(&n->log);
    static const char getack[] = "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n";
    node_log_noise(n, getack, sizeof getack - 1);
    trail_applied(n);
}

static void node_wake_feeds(struct node *n)
{
    list_each_safe(link, &n->feeds.list)
    {
        struct feed *f = list_item(link, struct feed, link);
        struct session *s = f->session;
        if (s->output_told) session_check_limits(s); /* it has not taken all that it was offered */
        if (feed_broken(f))
            session_close_now(s);
        else if (!s->output_told && f->state != FEED_HANDSHAKE && feed_has_output(f))
            session_wake(s);
    }
}

/* Those who wait and need not any more, and those who were let go during the turn, in that order. One of them may let go
 * others. */
static void node_resume(struct node *n)
{
    struct list *first;
    do {
        block_keys_serve(n);
        block_wake(n);
        gate_settle(n);
        while ((first = list_pop(&n->resumed)) != NULL) {
            struct session *s = list_item(first, struct session, resumed);
            if (s == n->follow_session)
                topology_step(n);
            else
                session_process(s);
        }
    } while (n->gates.reconsider);
}

struct disk *node_disk(struct node *n) { return &n->disk; }

void node_settle(struct node *n)
{
    n->disk_told = false;
    if (n->sleep_until_us != 0) return;
    clients_evict(n);
    persistence_settle(n);
    failover_settle(n);
    node_resume(n);
    node_ask_acknowledgements(n);
    feeds_advance(&n->feeds, n->now.mono_us);
    if (feeds_want_snapshot(&n->feeds)) {
        struct rdb_info info;
        topology_info(n, &info);
        feeds_begin_snapshot(&n->feeds, &info, n->now.mono_us);
    }
    log_mark_time(&n->log, n->now.mono_us);
    journaling_settle(n);
    barriers_settle(n);
    feeds_trim(&n->feeds);
    n->turn_offset = log_offset(&n->log);
    if (!list_empty(&n->feeds.list)) node_wake_feeds(n);
}

bool node_hurries(const struct node *n)
{
    if (n->follow) return n->follow_session && !n->follow_session->output_told && n->follow->out.size > 0;
    return n->ack_wanted && n->feeds.count > 0 && log_offset(&n->log) - n->turn_offset >= HURRY_BYTES;
}

/* What one session wants; false: nothing (any more). */
static bool session_next_action(struct session *s, struct node_action *action)
{
    struct node *n = s->node;
    action->session = s;
    if (s->wants_connect && s == n->follow_session) { /* not when it has been given up in the same turn */
        s->wants_connect = false;
        action->kind = NODE_CONNECT;
        action->host = n->follow->host;
        action->port = n->follow->port;
        return true;
    }
    if (s->wants_connect && s->kind == SESSION_MIGRATE &&
        migration_address(s, &action->host, &action->port)) {
        s->wants_connect = false;
        action->kind = NODE_CONNECT;
        return true;
    }
    struct slice probe;
    if (!s->wants_close && !s->output_told && session_output(s, &probe, 1) > 0) {
        s->output_told = true;
        action->kind = NODE_SEND;
        return true;
    }
    if (s->wants_close && !s->close_told) {
        s->close_told = true;
        action->kind = NODE_CLOSE;
        return true;
    }
    return false;
}

bool node_next_action(struct node *n, struct node_action *action)
{
    if (!n->disk_told && disk_ready(&n->disk)) {
        n->disk_told = true;
        *action = (struct node_action){.kind = NODE_DISK};
        return true;
    }
    while (!list_empty(&n->ready)) {
        struct session *s = list_item(n->ready.next, struct session, ready);
        if (session_next_action(s, action)) return true;
        list_remove(&s->ready);
    }
    if (n->shutdown && !n->shutdown_told) {
        n->shutdown_told = true;
        *action = (struct node_action){.kind = NODE_SHUTDOWN};
        return true;
    }
    action->kind = NODE_NOTHING;
    return false;
}
