/* replica.c: the commands of replication: REPLCONF, PSYNC, SYNC, REPLICAOF, ROLE.
 *
 * Sources: https://redis.io/docs/latest/operate/oss_and_stack/management/replication/ and the pages of ROLE and
 * REPLICAOF.
 */
#include "base/number.h"
#include "node/commands.h"
#include "node/diary.h"
#include "node/internal.h"

/* ---- REPLICAOF ---- */

static bool already_follows(const struct node *n, struct slice host, int64_t port)
{
    return n->follow && slice_equal(host, slice_text(n->follow->host)) && port == n->follow->port;
}

/* A host's name is one word: it is shown in lines of INFO, and looked up as a C string. */
static bool is_host(struct slice host)
{
    for (size_t i = 0; i < host.size; i++)
        if ((unsigned char)host.data[i] <= ' ') return false;
    return host.size > 0;
}

const char *topology_replicaof(struct node *n, struct slice host, struct slice port)
{
    int64_t number;
    char name[256];
    if (slice_is_word(host, "no") && slice_is_word(port, "one")) {
        topology_promote(n);
        return NULL;
    }
    if (!number_parse_int(port, &number) || number < 0 || number > 65535) return "ERR Invalid master port";
    if (!is_host(host) || host.size >= sizeof name) return "ERR Invalid master host";
    if (already_follows(n, host, number)) {
        follow_had_nothing(n->follow);
        return NULL;
    }
    memcpy(name, host.data, host.size);
    name[host.size] = '\0';
    return topology_follow(n, name, (int)number) ? NULL : "OOM out of memory";
}

void run_replicaof(struct exec *x)
{
    struct node *n = call_of(x)->node;
    int64_t port;
    if (session_is_replica(call_of(x)->session)) {
        reply_error(x->reply, "ERR Command is not valid when client is a replica.");
        return;
    }
    if (n->failover.state != FAILOVER_NONE) {
        reply_error(x->reply, "ERR REPLICAOF not allowed while failing over.");
        return;
    }
    bool already = number_parse_int(x->argv[2], &port) && already_follows(n, x->argv[1], port);
    bool followed = n->follow != NULL;
    const char *error = topology_replicaof(n, x->argv[1], x->argv[2]);
    if (followed && !n->follow)
        diary_say(n, DIARY_NOTICE, "MASTER MODE enabled (user request from %s)",
                  call_of(x)->session->address);
    if (error)
        reply_error(x->reply, error);
    else if (already)
        reply_status(x->reply, "OK Already connected to specified master");
    else
        reply_ok(x->reply);
}

/* ---- the handshake and acknowledgements of a replica ---- */

static struct feed *feed_of(struct exec *x)
{
    struct call *c = call_of(x);
    struct session *s = c->session;
    if (!s->feed && s->kind == SESSION_CLIENT) s->feed = feed_new(&c->node->feeds, s, c->node->now.mono_us);
    return s->feed;
}

/* What a replica says of itself is shown in lines of INFO: it must not end them. */
static void keep_text(struct bytes *field, struct slice text)
{
    enum { TEXT_MAX = 255 };
    bytes_clear(field);
    bytes_append(field, text.data, text.size < TEXT_MAX ? text.size : TEXT_MAX);
    for (size_t i = 0; i < field->size; i++)
        if ((unsigned char)field->data[i] < ' ') field->data[i] = '.';
}

/* REPLCONF ACK has no reply: the connection is a one-way stream by then. */
static void replconf_ack(struct exec *x)
{
    struct call *c = call_of(x);
    int64_t applied, fsynced = -1, received = -1;
    if (!session_is_replica(c->session) || !number_parse_int(x->argv[2], &applied)) return;
    for (int i = 3; i + 1 < x->argc; i += 2) {
        if (exec_is(x, i, "fack")) number_parse_int(x->argv[i + 1], &fsynced);
        if (exec_is(x, i, "rack")) number_parse_int(x->argv[i + 1], &received);
    }
    feed_acknowledge(c->session->feed, applied, fsynced, received, c->node->now.mono_us);
}

/* REPLCONF rdb-filter-only: the parts of the payload that are wanted. "functions" is the only one that can be named, and
 * there are none: whoever names parts wants no data. False: it has replied an error. */
static bool filter(struct exec *x, struct feed *f, struct slice parts)
{
    for (size_t at = 0; at < parts.size;) {
        size_t end = at;
        while (end < parts.size && parts.data[end] != ' ') end++;
        struct slice part = slice_of(parts.data + at, end - at);
        if (part.size > 0 && !slice_is_word(part, "functions")) {
            reply_error_format(x->reply, "ERR Unsupported rdb-filter-only option: %.*s", (int)part.size,
                               part.data);
            return false;
        }
        at = end + 1;
    }
    f->bare = true;
    return true;
}

/* One option of the handshake. False: it has replied an error. */
static bool replconf_option(struct exec *x, struct feed *f, int i)
{
    struct slice value = x->argv[i + 1];
    if (exec_is(x, i, "listening-port")) {
        int64_t port;
        if (!exec_int(x, i + 1, &port)) return false;
        f->port = (int)port;
    } else if (exec_is(x, i, "ip-address")) {
        keep_text(&f->ip, value);
    } else if (exec_is(x, i, "name")) {
        keep_text(&f->name, value);
    } else if (exec_is(x, i, "capa")) {
        feed_capability(f, value);
    } else if (exec_is(x, i, "rdb-only")) {
        int64_t only;
        if (!exec_int_within(x, i + 1, 0, 1, &only, NULL)) return false;
        f->rdb_only = only == 1;
    } else if (exec_is(x, i, "rdb-filter-only")) {
        return filter(x, f, value);
    } else if (!exec_is(x, i, "version")) {
        reply_error_format(x->reply, "ERR Unrecognized REPLCONF option: %.*s", (int)x->argv[i].size,
                           x->argv[i].data);
        return false;
    }
    return true;
}

void run_replconf(struct exec *x)
{
    if (x->argc % 2 == 0) {
        exec_syntax_error(x);
        return;
    }
    if (x->argc >= 3 && exec_is(x, 1, "ack")) {
        replconf_ack(x);
        return;
    }
    if (x->argc >= 3 && exec_is(x, 1, "getack")) return; /* for replicas, and those get it in their stream */
    struct feed *f = feed_of(x);
    if (!f) {
        reply_error(x->reply, "ERR REPLCONF needs a connection");
        return;
    }
    for (int i = 1; i < x->argc; i += 2) {
        if (!replconf_option(x, f, i)) return;
    }
    reply_ok(x->reply);
}

/* Whether two feeds are one replica: it has the same name, address and port. */
static bool same_replica(const struct feed *f, const struct feed *g)
{
    char ip[64], other_ip[64];
    replica_address(f, ip, sizeof ip);
    replica_address(g, other_ip, sizeof other_ip);
    return f->port == g->port && f->port != 0 && strcmp(ip, other_ip) == 0 &&
           slice_equal(bytes_slice(&f->name), bytes_slice(&g->name));
}

/* A replica that has lost its connection may be back before this end hears of the loss. What it acknowledged over the
 * former one must not be counted beside what it acknowledges now: WAIT would find two replicas where one is. */
static void drop_former_connections(struct node *n, const struct feed *f)
{
    list_each(link, &n->feeds.list)
    {
        struct feed *g = list_item(link, struct feed, link);
        if (g == f || g->state == FEED_HANDSHAKE || !same_replica(f, g)) continue;
        g->applied = g->received = g->fsynced = -1;
        session_close_now(g->session);
    }
}

/* PSYNC replid offset FAILOVER: our primary wants to be our replica. False: it has replied why not. */
static bool take_over(struct exec *x)
{
    struct node *n = call_of(x)->node;
    const char *error = NULL;
    diary_say(n, DIARY_WARNING, "Failover request received for replid %.*s.",
              (int)(x->argv[1].size < REPLID_SIZE ? x->argv[1].size : REPLID_SIZE), x->argv[1].data);
    if (!n->follow)
        error = "ERR PSYNC FAILOVER can't be sent to a master.";
    else if (!slice_is_word(x->argv[1], n->log.replid))
        error = "ERR PSYNC FAILOVER replid must match my replid.";
    if (error) {
        reply_error(x->reply, error);
        return false;
    }
    topology_promote(n);
    diary_say(n, DIARY_NOTICE, "MASTER MODE enabled (failover request from %s)",
              call_of(x)->session->address);
    return true;
}

static void say_asked(struct node *n, const struct feed *f)
{
    const char *who = bytes_slice(&f->address).data;
    int size = (int)f->address.size;
    int64_t bytes = feed_backlog(f), from = log_offset(&n->log) - bytes + 1;
    diary_say(n, DIARY_NOTICE, "Replica %.*s asks for synchronization", size, who);
    if (f->state == FEED_STREAMING)
        diary_say(
            n, DIARY_NOTICE,
            "Partial resynchronization request from %.*s accepted. Sending %lld bytes of backlog starting "
            "from offset %lld.",
            size, who, (long long)bytes, (long long)from);
    else
        diary_say(n, DIARY_NOTICE, "Full resync requested by replica %.*s", size, who);
}

void run_psync(struct exec *x)
{
    struct call *c = call_of(x);
    struct node *n = c->node;
    struct session *s = c->session;
    bool sync = x->argc == 1;
    int64_t from = -1;
    if (session_is_replica(s)) return;
    if (x->argc > 3 && exec_is(x, 3, "failover") && !take_over(x)) return;
    if (n->failover.state != FAILOVER_NONE) {
        reply_error(x->reply, "NOMASTERLINK Can't SYNC while failing over");
        return;
    }
    if (n->follow && n->follow->state != FOLLOW_STREAMING) {
        reply_error(x->reply, "NOMASTERLINK Can't SYNC while not connected with my master");
        return;
    }
    if (!sync && !exec_int(x, 2, &from)) return;
    struct feed *f = feed_of(x);
    if (!f) {
        reply_error(x->reply, "ERR PSYNC needs a connection");
        return;
    }
    if (f->bare && !f->capa_eof) {
        reply_error(x->reply, "ERR Filtered replica requires EOF capability");
        return;
    }
    drop_former_connections(n, f);
    char ip[64];
    replica_address(f, ip, sizeof ip);
    bytes_clear(&f->address);
    bytes_append_format(&f->address, "%s:%d", ip, f->port);
    if (sync)
        feed_sync(f, n->now.mono_us);
    else
        feed_psync(f, x->argv[1], from, n->now.mono_us);
    say_asked(n, f);
    if (n->feeds.count == 1) n->pinged_us = n->now.mono_us;
    session_wake(s);
}

/* ---- ROLE ---- */

static void role_of_replica(struct exec *x, const struct follow *f)
{
    static const char *const states[] = {[FOLLOW_DOWN] = "connect",
                                         [FOLLOW_CONNECT] = "connecting",
                                         [FOLLOW_HANDSHAKE] = "handshake",
                                         [FOLLOW_SYNC] = "sync",
                                         [FOLLOW_STREAMING] = "connected"};
    reply_array(x->reply, 5);
    reply_bulk_text(x->reply, "slave");
    reply_bulk_text(x->reply, f->host);
    reply_integer(x->reply, f->port);
    reply_bulk_text(x->reply, states[f->state]);
    reply_integer(x->reply, f->state == FOLLOW_STREAMING ? f->applied : -1);
}

void replica_address(const struct feed *f, char *ip, size_t size)
{
    const struct session *s = f->session;
    if (f->ip.size > 0) {
        size_t length = f->ip.size < size - 1 ? f->ip.size : size - 1;
        memcpy(ip, f->ip.data, length);
        ip[length] = '\0';
        return;
    }
    text_copy(ip, size, s->address);
    char *colon = strrchr(ip, ':');
    if (colon) *colon = '\0';
}

static void role_replica_row(struct exec *x, const struct feed *f)
{
    char ip[64], text[NUMBER_INT_MAX];
    replica_address(f, ip, sizeof ip);
    reply_array(x->reply, 3);
    reply_bulk_text(x->reply, ip);
    reply_bulk(x->reply, slice_of(text, number_format_int(text, f->port)));
    reply_bulk(x->reply, slice_of(text, number_format_int(text, f->applied < 0 ? 0 : f->applied)));
}

void run_role(struct exec *x)
{
    struct node *n = call_of(x)->node;
    if (n->follow) {
        role_of_replica(x, n->follow);
        return;
    }
    int64_t online = 0;
    list_each(link, &n->feeds.list) online += feed_counts(list_item(link, struct feed, link));
    reply_array(x->reply, 3);
    reply_bulk_text(x->reply, "master");
    reply_integer(x->reply, log_offset(&n->log));
    reply_array(x->reply, online);
    list_each(link, &n->feeds.list)
    {
        const struct feed *f = list_item(link, struct feed, link);
        if (feed_counts(f)) role_replica_row(x, f);
    }
}
