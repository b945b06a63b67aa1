/* session.c: one connection's input and output, and what the driver has to be told about it.
 *
 * Input collects in one buffer; whole requests are executed straight from it (dispatch.c), without copies. Replies
 * collect in one buffer per session, so that a turn ends with one write per client. A replica's session sends tape
 * bytes after its replies (replication/feed.h); the session that connects to our primary belongs to the follow.
 *
 * Leaves out: what requests mean.
 */
#include "node/internal.h"
#include "resp/parser.h"
#include "resp/peek.h"

enum {
    INPUT_ROOM_MIN = 2048,
    INPUT_ROOM_MAX = 65536,
    INPUT_KEEP = 16384, /* an empty buffer larger than this is given back */
    OUTPUT_KEEP = 65536,
    LOOK_AHEAD = 16,                /* pipelined requests whose keys are fetched together */
    LOOK_AHEAD_MEMORY = 1024 * 1024 /* what is smaller is in the cache anyway */
};

/* Notes since when it holds more output than its soft limit, or that it does not. */
static void session_over_soft(struct session *s, bool over)
{
    if (over == (s->output_soft_since_us != 0)) return;
    s->output_soft_since_us = over ? s->node->now.mono_us + 1 : 0;
    s->node->over_soft += over ? 1 : -1;
}

struct session *session_new(struct node *n, enum session_kind kind, const char *address)
{
    struct session *s = memory_alloc_zero(&n->memory, sizeof *s);
    if (!s) return NULL;
    list_init(&s->link);
    list_init(&s->ready);
    list_init(&s->barrier.link);
    list_init(&s->resumed);
    list_init(&s->monitor);
    s->node = n;
    s->kind = kind;
    s->id = ++n->next_session;
    text_copy(s->address, sizeof s->address, address ? address : "");
    bytes_init(&s->input, &n->memory);
    bytes_init(&s->output, &n->memory);
    bytes_init(&s->name, &n->memory);
    bytes_init(&s->lib_name, &n->memory);
    bytes_init(&s->lib_version, &n->memory);
    struct resp_limits limits = {.bulk_max = config_bulk_max(&n->config),
                                 .arguments_max = INT32_MAX,
                                 .inline_max = 65536,
                                 .unauthenticated = kind == SESSION_CLIENT && n->config.requirepass.size > 0};
    resp_reader_init(&s->reader, &n->memory, &limits);
    resp_writer_init(&s->writer, &s->output, kind == SESSION_LOCAL ? 3 : 2);
    s->reply = &s->writer.reply;
    transaction_init(s);
    subscriber_init(&s->subscriber);
    s->block_until_us = INT64_MAX;
    s->created_us = s->active_us = n->now.mono_us;
    s->authenticated = kind != SESSION_CLIENT || n->config.requirepass.size == 0;
    if (kind != SESSION_STREAM) list_push(&n->sessions, &s->link);
    if (kind == SESSION_CLIENT) n->clients++;
    return s;
}

void session_free(struct session *s)
{
    struct node *n = s->node;
    block_cancel(s);
    gate_drop(s);
    durable_done(&s->blocked);
    durable_reset(s);
    transaction_reset(s);
    pubsub_leave(s);
    session_over_soft(s, false);
    client_forget(s);
    if (s->feed) feed_free(s->feed);
    if (s->kind == SESSION_CLIENT) n->clients--;
    list_remove(&s->link);
    list_remove(&s->ready);
    list_remove(&s->resumed);
    list_remove(&s->monitor);
    list_remove(&s->barrier.link);
    resp_reader_free(&s->reader);
    bytes_free(&s->transaction.requests);
    bytes_free(&s->input);
    bytes_free(&s->output);
    bytes_free(&s->name);
    bytes_free(&s->lib_name);
    bytes_free(&s->lib_version);
    memory_free(&n->memory, s, sizeof *s);
}

void session_set_driver(struct session *s, void *driver) { s->driver = driver; }

void *session_driver(const struct session *s) { return s->driver; }

void session_set_local_address(struct session *s, const char *address)
{
    text_copy(s->local_address, sizeof s->local_address, address);
}

int64_t session_id(const struct session *s) { return s->id; }

static void mark_write(struct write_mark *mark, const struct log *l)
{
    mark->offset = log_offset(l);
    if (mark->generation == l->generation) return;
    mark->generation = l->generation;
    memcpy(mark->replid, l->replid, sizeof mark->replid);
}

void session_wrote(struct session *s)
{
    mark_write(&s->last_write, &s->node->log);
    if (s->kind == SESSION_LOCAL) s->node->local_write = s->last_write;
    barrier_wrote(s);
}

const struct write_mark *session_last_write(const struct session *s)
{
    return s->kind == SESSION_LOCAL ? &s->node->local_write : &s->last_write;
}

int64_t session_wait_offset(const struct session *s)
{
    const struct write_mark *mark = session_last_write(s);
    const struct log *l = &s->node->log;
    if (mark->offset == 0 || mark->generation == l->generation) return mark->offset;
    return log_find(l, slice_text(mark->replid), mark->offset) == LOG_HERE ? mark->offset : INT64_MAX;
}

bool session_is_replica(const struct session *s)
{
    return s->feed != NULL && s->feed->state != FEED_HANDSHAKE;
}

void session_wake(struct session *s)
{
    if (list_empty(&s->ready) && !s->gone) list_push(&s->node->ready, &s->ready);
}

void session_resume(struct session *s)
{
    if (list_empty(&s->resumed)) list_push(&s->node->resumed, &s->resumed);
}

void session_close_now(struct session *s)
{
    s->close_after_reply = true;
    s->wants_close = true;
    gate_drop(s);
    bytes_free(&s->output); /* nobody will read it */
    s->output_sent = 0;
    block_cancel(s);
    client_forget(s);
    session_wake(s);
}

void session_close_after_reply(struct session *s)
{
    s->close_after_reply = true;
    if (session_replied_all(s)) s->wants_close = true;
    session_wake(s);
}

/* ---- connections ---- */

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

bool session_is_unix(const struct session *s)
{
    size_t size = strlen(s->address);
    return size > 2 && strcmp(s->address + size - 2, ":0") == 0;
}

/* From this machine: through a loopback address, a UNIX socket, or at the node itself. */
static bool session_is_near(const struct session *s)
{
    return s->kind != SESSION_CLIENT || session_is_unix(s) || begins(s->address, "127.0.0.1:") ||
           begins(s->address, "[::1]:");
}

bool session_allowed(const struct session *s, int allow)
{
    return allow == ALLOW_EVERYBODY || s->kind == SESSION_LOCAL ||
           (allow == ALLOW_LOCAL && session_is_near(s));
}

static const char protected_mode[] = "DENIED Redis is running in protected mode because protected mode is "
                                     "enabled and no password is set for the "
                                     "default user. In this mode connections are only accepted from the "
                                     "loopback interface and from UNIX sockets. "
                                     "To connect from elsewhere set requirepass, or turn the mode off with "
                                     "CONFIG SET protected-mode no from this "
                                     "machine, or with protected-mode no in the configuration.";

struct session *node_accept(struct node *n, const char *address)
{
    struct session *s = session_new(n, SESSION_CLIENT, address);
    if (!s) return NULL;
    n->counters.connections++;
    n->started_up = true;
    if (n->clients > n->config.maxclients) {
        n->counters.rejected++;
        reply_error(s->reply, "ERR max number of clients reached");
        session_close_after_reply(s);
    } else if (n->config.protected_mode && n->config.requirepass.size == 0 && !session_is_near(s)) {
        n->counters.rejected++;
        reply_error(s->reply, protected_mode);
        session_close_after_reply(s);
    }
    return s;
}

struct session *node_local_open(struct node *n) { return session_new(n, SESSION_LOCAL, "local"); }

void session_connected(struct session *s)
{
    struct node *n = s->node;
    if (s->kind == SESSION_MIGRATE) migration_connected(s);
    if (s->kind != SESSION_FOLLOW || s != n->follow_session) return;
    n->started_up = true;
    follow_connected(n->follow, n->now.mono_us);
    diary_say(n, DIARY_NOTICE, "MASTER <-> REPLICA sync started");
    topology_step(n);
}

/* A node that sleeps learns of it when it wakes, after all that came before. */
void session_closed(struct session *s, const char *why)
{
    struct node *n = s->node;
    if (n->sleep_until_us != 0) {
        s->gone = true;
        list_remove(&s->ready);
        return;
    }
    if (s == n->follow_session) {
        n->follow_session = NULL;
        session_free(s);
        topology_lost(n, why);
        return;
    }
    if (s->kind == SESSION_MIGRATE) migration_lost(s);
    if (session_is_replica(s))
        diary_say(n, DIARY_WARNING, "Connection with replica %.*s lost.", (int)s->feed->address.size,
                  s->feed->address.data);
    session_free(s);
}

/* ---- input ---- */

char *session_input_reserve(struct session *s, size_t *room)
{
    if (s->kind == SESSION_FOLLOW) {
        if (s == s->node->follow_session) return follow_input_reserve(s->node->follow, room);
        s->input.size = 0; /* a connection we have given up: what comes is thrown away */
    }
    size_t unread = s->input.size - s->input_start;
    size_t wanted = resp_reader_wants(&s->reader, unread), whole = s->input.size + wanted;
    bool ends = wanted > 0 && whole >= INPUT_ROOM_MAX && whole <= s->input.capacity; /* of a large argument */
    if (wanted < INPUT_ROOM_MIN && !ends)
        wanted = s->input.capacity > INPUT_ROOM_MIN ? s->input.capacity / 2 : INPUT_ROOM_MIN;
    if (wanted > INPUT_ROOM_MAX) wanted = INPUT_ROOM_MAX;
    bool grows = wanted > s->input.capacity - s->input.size;
    char *place = grows ? bytes_grow_towards(&s->input, wanted, whole) : bytes_reserve(&s->input, wanted);
    if (!place) return NULL;
    *room = s->input.capacity - s->input.size;
    return place;
}

/* What has come in and has not been executed, what is queued behind MULTI included. The follow looks after its own, as
 * long as it is free to. */
static size_t session_held_input(const struct session *s)
{
    const struct node *n = s->node;
    if (s->kind != SESSION_FOLLOW) return s->input.size - s->input_start + s->transaction.requests.size;
    bool stands_still = s == n->follow_session && (topology_holds_stream(n) || n->sleep_until_us != 0);
    return stands_still ? n->follow->input.size : 0;
}

void session_input_commit(struct session *s, size_t size)
{
    struct node *n = s->node;
    n->counters.input_bytes += (int64_t)size;
    s->active_us = n->now.mono_us;
    if (s->kind == SESSION_FOLLOW) {
        if (s != n->follow_session) return;
        n->counters.repl_input_bytes += (int64_t)size;
        follow_input_commit(n->follow, size, n->now.mono_us);
        topology_step(n);
        topology_received(n);
    } else {
        bytes_commit(&s->input, size);
        client_weigh(s);
        clients_evict(n);
        session_process(s);
    }
    if (session_held_input(s) > (size_t)n->config.client_query_buffer_limit) session_close_now(s);
}

static bool session_may_execute(const struct session *s)
{
    return s->block == BLOCK_NONE && !s->close_after_reply && s->node->sleep_until_us == 0 &&
           !s->node->shutdown && !gate_full(s->line);
}

/* Gives back what has been executed. The rest moves to the front once it is the smaller part: whoever waits after every
 * other request must not have all that follow moved each time. */
static void session_compact(struct session *s)
{
    size_t rest = s->input.size - s->input_start;
    if (s->close_after_reply) rest = 0;
    if (rest > s->input_start) return;
    if (rest > 0)
        bytes_drop(&s->input, s->input_start);
    else
        s->input.size = 0;
    s->input_start = 0;
    bytes_trim(&s->input, INPUT_KEEP);
    resp_reader_trim(&s->reader);
}

static void session_protocol_error(struct session *s)
{
    reply_error_format(s->reply, "ERR %s", s->reader.error);
    session_close_after_reply(s);
}

size_t session_look_ahead(const struct node *n, int db, struct slice input)
{
    struct resp_peeked peeked[LOOK_AHEAD];
    struct slice keys[LOOK_AHEAD], elements[LOOK_AHEAD];
    if (input.size == 0 || n->memory.used < LOOK_AHEAD_MEMORY) return LOOK_AHEAD;
    size_t found = resp_peek_keys(input.data, input.size, peeked, LOOK_AHEAD);
    for (size_t i = 0; i < found; i++) {
        keys[i] = peeked[i].key;
        elements[i] = peeked[i].element;
    }
    if (found > 1) keyspace_prefetch(n->keyspace, db, keys, elements, found);
    return found;
}

/* Whether this request has to wait until the node goes on. */
static bool session_waits(const struct session *s, int argc, const struct slice *argv)
{
    const struct node *n = s->node;
    bool still = n->pause_until_us != 0 || n->failover.state != FAILOVER_NONE ||
                 persistence_stands_still(&n->persistence) || n->persistence.lagged || migration_active(n);
    return still && pause_holds(s, argc, argv);
}

void session_process(struct session *s)
{
    if (s->executing) return;
    if (s->kind == SESSION_MIGRATE) {
        migration_received(s);
        return;
    }
    size_t fetched = 0;
    s->executing = true;
    s->reader.limits.bulk_max = config_bulk_max(&s->node->config);
    while (s->input_start < s->input.size && session_may_execute(s)) {
        const char *data = s->input.data + s->input_start;
        enum resp_result result = resp_read_request(&s->reader, data, s->input.size - s->input_start);
        if (result == RESP_INCOMPLETE) break;
        if (result == RESP_BAD) {
            session_protocol_error(s);
            break;
        }
        s->held = session_waits(s, s->reader.argc, s->reader.argv);
        if (s->held) break;
        s->input_start += s->reader.consumed;
        if (s->reader.argc == 0) continue;
        struct slice raw = slice_of(data, s->reader.is_inline ? 0 : s->reader.consumed);
        timing_request(&s->node->timing, data == s->input.data && s->input_start == s->input.size);
        dispatch(s, s->reader.argc, s->reader.argv, raw);
        session_replied(s);
        if (fetched == 0)
            fetched = session_look_ahead(
                s->node, s->db, slice_of(s->input.data + s->input_start, s->input.size - s->input_start));
        else
            fetched--;
    }
    session_compact(s);
    s->executing = false;
    timing_run_over(s->node);
    if (session_pending(s) > 0 && !s->output_told) session_wake(s);
    session_check_limits(s);
}

/* ---- output ---- */

size_t session_pending(const struct session *s)
{
    if (s->kind == SESSION_FOLLOW) return s == s->node->follow_session ? s->node->follow->out.size : 0;
    return s->output.size - s->output_sent;
}

bool session_replied_all(const struct session *s) { return session_pending(s) == 0 && !gate_waits(s->line); }

int session_output(struct session *s, struct slice *slices, int max)
{
    if (max <= 0 || s->wants_close) return 0;
    if (s->node->sleep_until_us != 0) {
        s->output_told = false;
        return 0;
    }
    if (s->kind == SESSION_FOLLOW) {
        s->output_told = session_pending(s) > 0;
        if (!s->output_told) return 0;
        slices[0] = bytes_slice(&s->node->follow->out);
        return 1;
    }
    int count = 0;
    size_t end = barrier_end(s);
    if (end > s->output_sent)
        slices[count++] = slice_of(s->output.data + s->output_sent, end - s->output_sent);
    if (s->feed && count < max) count += feed_output(s->feed, slices + count, max - count);
    if (count == 0) s->output_told = false;
    return count;
}

/* Takes `size` bytes off the replies; returns how many were theirs. */
static size_t session_replies_sent(struct session *s, size_t size)
{
    size_t replies = s->output.size - s->output_sent;
    size_t taken = size < replies ? size : replies;
    s->output_sent += taken;
    if (s->output_sent == s->output.size) {
        barrier_moved(&s->barrier, s->output_sent);
        bytes_clear(&s->output);
        bytes_trim(&s->output, OUTPUT_KEEP);
        s->output_sent = 0;
        if (!s->feed) session_over_soft(s, false);
    } else if (s->output_sent > OUTPUT_KEEP && s->output_sent > s->output.size / 2) {
        barrier_moved(&s->barrier, s->output_sent);
        bytes_drop(&s->output, s->output_sent);
        s->output_sent = 0;
    }
    return taken;
}

bool session_output_sent(struct session *s, size_t size)
{
    struct node *n = s->node;
    if (s->wants_close) return false;
    n->counters.output_bytes += (int64_t)size;
    if (s->kind == SESSION_FOLLOW) {
        if (s == n->follow_session) bytes_drop(&n->follow->out, size);
        s->output_told = session_pending(s) > 0;
        return s->output_told;
    }
    if (s->kind == SESSION_MIGRATE) migration_sent(s);
    size -= session_replies_sent(s, size);
    if (size > 0 && s->feed) {
        bool snapshot = s->feed->state == FEED_SNAPSHOT;
        feed_sent(s->feed, size);
        if (snapshot && feed_counts(s->feed))
            diary_say(s->node, DIARY_NOTICE, "Synchronization with replica %.*s succeeded",
                      (int)s->feed->address.size, s->feed->address.data);
        n->counters.repl_output_bytes += (int64_t)size;
    }
    client_weigh(s);
    bool more = barrier_end(s) > s->output_sent || (s->feed && feed_has_output(s->feed));
    if (!more) s->output_told = false;
    if (s->close_after_reply && session_replied_all(s)) {
        s->wants_close = true;
        session_wake(s);
    }
    return more;
}

static const struct output_limit *session_limit(const struct session *s)
{
    const struct config *c = &s->node->config;
    if (session_is_replica(s)) return &c->output_replica;
    return subscriber_total(&s->subscriber) > 0 ? &c->output_pubsub : &c->output_normal;
}

/* Redis's client-output-buffer-limit: a hard limit at once, a soft one when it holds for long enough. A buffer that
 * could not grow has lost bytes: the connection cannot go on. */
void session_check_limits(struct session *s)
{
    if (s->wants_close || s->kind != SESSION_CLIENT) return;
    client_weigh(s);
    const struct output_limit *limit = session_limit(s);
    int64_t held = (int64_t)session_pending(s) + (int64_t)gate_held_bytes(s->line) +
                   (s->feed ? feed_backlog(s->feed) : 0);
    bool over = s->writer.out->failed || (limit->hard > 0 && held > limit->hard);
    if (limit->soft > 0 && held > limit->soft) {
        int64_t now = s->node->now.mono_us;
        session_over_soft(s, true);
        over |= (now - s->output_soft_since_us) / 1000000 >= limit->soft_seconds;
    } else {
        session_over_soft(s, false);
    }
    if (over) {
        diary_say(
            s->node, DIARY_WARNING,
            "Client id=%lld addr=%s scheduled to be closed ASAP for overcoming of output buffer limits.",
            (long long)s->id, s->address);
        session_close_now(s);
    }
}

void session_replied(struct session *s)
{
    if (s->wants_close)
        bytes_free(&s->output);
    else if (session_pending(s) + gate_held_bytes(s->line) > OUTPUT_KEEP)
        session_check_limits(s);
    if (s->node->clients_allowed == 0) return;
    client_weigh(s);
    clients_evict(s->node);
}

/* ---- commands at the node itself ---- */

/* A reply that has been written and need not wait after all goes to the caller. */
static void session_hand_over(struct session *s, struct reply *reply)
{
    if (s->output.failed || s->wants_close)
        reply_error(reply, "OOM out of memory for the reply");
    else if (s->output.size > 0)
        resp_replay(s->output.data, s->output.size, reply);
    bytes_clear(&s->output);
}

enum session_result session_call(struct session *s, int argc, const struct slice *argv, struct reply *reply)
{
    if (s->block != BLOCK_NONE || s->executing || s->node->sleep_until_us != 0 || gate_waits(s->line) ||
        s->barrier.offset != 0)
        return SESSION_BUSY;
    if (session_waits(s, argc, argv)) return SESSION_BUSY;
    if (s->kind == SESSION_LOCAL && persistence_loads(&s->node->persistence) &&
        !loading_answers(s->node, argc, argv))
        return SESSION_BUSY;
    s->node->started_up = true;
    s->executing = true;
    s->reply = reply;
    timing_request(&s->node->timing, true);
    dispatch(s, argc, argv, slice_of(NULL, 0));
    timing_run_over(s->node);
    bool written = s->reply != reply; /* to the session's own writer, because it might have to wait */
    s->reply = &s->writer.reply;
    s->executing = false;
    if (s->block != BLOCK_NONE || gate_waits(s->line) || s->barrier.offset != 0) return SESSION_BLOCKED;
    if (written) session_hand_over(s, reply);
    return SESSION_DONE;
}
