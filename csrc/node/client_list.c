/* client_list.c: CLIENT INFO, LIST and KILL: the connections, and who is meant.
 *
 * A line of CLIENT LIST has the fields of Redis 7.0 in their order, then lib-name and lib-ver as 7.2 has them. What does
 * not exist here is shown as nothing: no file descriptor (-1: the driver's business), no copies of arguments, replies in
 * one buffer, shown as Redis's: its first 16 KiB as the buffer, the rest as a list. Calls at the node itself are no
 * connections and are not listed. Where replies wait for replicas (gate.h) `held` says how many bytes do.
 *
 * Source: https://redis.io/docs/latest/commands/client-list/
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/number.h"
#include "node/commands.h"
#include "node/internal.h"

enum client_type { CLIENT_ANY, CLIENT_NORMAL, CLIENT_REPLICA, CLIENT_MASTER, CLIENT_PUBSUB, CLIENT_UNKNOWN };

static enum client_type type_of(const struct session *s)
{
    if (s->kind == SESSION_FOLLOW) return CLIENT_MASTER;
    if (session_is_replica(s)) return CLIENT_REPLICA;
    return subscriber_total(&s->subscriber) > 0 ? CLIENT_PUBSUB : CLIENT_NORMAL;
}

static enum client_type type_named(struct slice name)
{
    if (slice_is_word(name, "normal")) return CLIENT_NORMAL;
    if (slice_is_word(name, "slave") || slice_is_word(name, "replica")) return CLIENT_REPLICA;
    if (slice_is_word(name, "pubsub")) return CLIENT_PUBSUB;
    return slice_is_word(name, "master") ? CLIENT_MASTER : CLIENT_UNKNOWN;
}

/* A connection that is there: our own to a primary counts once it streams, one about to be closed does not. */
static bool listed(const struct session *s)
{
    if (s->wants_close) return false;
    if (s->kind == SESSION_FOLLOW)
        return s == s->node->follow_session && s->node->follow->state == FOLLOW_STREAMING;
    return s->kind == SESSION_CLIENT;
}

enum { ADDRESS_MAX = FOLLOW_HOST_MAX + 8 };

/* The other end's "ip:port". */
static const char *address_of(const struct session *s, char address[ADDRESS_MAX])
{
    const struct follow *f = s->node->follow;
    if (s->kind != SESSION_FOLLOW) return s->address;
    snprintf(address, ADDRESS_MAX, "%s:%d", f->host, f->port);
    return address;
}

/* ---- one line ---- */

enum { SUBSCRIPTION_BYTES = 128 /* with a name of the usual length, about */ };

size_t client_memory(const struct session *s)
{
    return sizeof *s + s->input.capacity + s->output.capacity + s->transaction.requests.capacity +
           s->reader.argv_capacity * sizeof(struct slice) + s->name.capacity + s->lib_name.capacity +
           s->lib_version.capacity + s->transaction.watch_bytes +
           (size_t)subscriber_total(&s->subscriber) * SUBSCRIPTION_BYTES + gate_memory(s->line) +
           (s->feed ? sizeof *s->feed : 0);
}

static void put_flags(const struct session *s, struct bytes *out)
{
    size_t before = out->size;
    if (!list_empty(&s->monitor)) bytes_append_char(out, 'O');
    if (session_is_replica(s)) bytes_append_char(out, 'S');
    if (s->kind == SESSION_FOLLOW) bytes_append_char(out, 'M');
    if (subscriber_total(&s->subscriber) > 0) bytes_append_char(out, 'P');
    if (s->transaction.open) bytes_append_char(out, 'x');
    if (s->block != BLOCK_NONE || s->held) bytes_append_char(out, 'b');
    if (transaction_watch_dirty(s)) bytes_append_char(out, 'd');
    if (s->close_after_reply) bytes_append_char(out, 'c');
    if (session_is_unix(s)) bytes_append_char(out, 'U');
    if (s->no_evict) bytes_append_char(out, 'e');
    if (s->no_touch) bytes_append_char(out, 'T');
    if (out->size == before) bytes_append_char(out, 'N');
}

static void put_text(struct bytes *out, const char *field, struct slice text)
{
    bytes_append_text(out, field);
    bytes_append_slice(out, text);
}

static void put_address(const struct session *s, struct bytes *out)
{
    char address[ADDRESS_MAX];
    bytes_append_format(out, "id=%" PRId64 " addr=%s laddr=%s fd=-1", s->id, address_of(s, address),
                        s->local_address);
    put_text(out, " name=", bytes_slice(&s->name));
}

/* Redis's replies lie in a buffer of this size, what does not fit in a list of such. */
enum { OUTPUT_FIRST = 16 * 1024 };

static void put_buffers(const struct session *s, struct bytes *out)
{
    size_t pending = session_pending(s), first = pending < OUTPUT_FIRST ? pending : OUTPUT_FIRST;
    size_t listed_bytes = pending - first;
    bytes_append_format(out, " qbuf=%zu qbuf-free=%zu argv-mem=0 multi-mem=%zu", s->input.size,
                        s->input.capacity - s->input.size, s->transaction.requests.capacity);
    bytes_append_format(out, " rbs=%zu rbp=%zu obl=%zu oll=%zu omem=%" PRId64 " tot-mem=%zu events=%s",
                        s->output.capacity, s->output.capacity, first,
                        (listed_bytes + OUTPUT_FIRST - 1) / OUTPUT_FIRST,
                        (int64_t)listed_bytes + (s->feed ? feed_backlog(s->feed) : 0), client_memory(s),
                        s->output_told ? "rw" : "r");
}

static void put_client(const struct session *s, struct bytes *out)
{
    const struct node *n = s->node;
    char command[COMMAND_NAME_MAX] = "NULL";
    if (s->last_command) stats_command_name(n, s->last_command, command);
    put_address(s, out);
    bytes_append_format(
        out, " age=%" PRId64 " idle=%" PRId64 " flags=", (n->now.mono_us - s->created_us) / 1000000,
        (n->now.mono_us - s->active_us) / 1000000);
    put_flags(s, out);
    const int64_t *listens = s->subscriber.count;
    bytes_append_format(out, " db=%d sub=%" PRId64 " psub=%" PRId64 " ssub=%" PRId64 " multi=%" PRId64, s->db,
                        listens[PUBSUB_CHANNEL], listens[PUBSUB_PATTERN], listens[PUBSUB_SHARD],
                        s->transaction.open ? s->transaction.count : -1);
    put_buffers(s, out);
    bytes_append_format(out, " cmd=%s user=%s redir=-1 resp=%d", command,
                        s->kind == SESSION_FOLLOW ? "(superuser)" : "default", s->reply->protocol);
    put_text(out, " lib-name=", bytes_slice(&s->lib_name));
    put_text(out, " lib-ver=", bytes_slice(&s->lib_version));
    if (gate_waits(s->line)) bytes_append_format(out, " held=%zu", gate_held_bytes(s->line));
    bytes_append_char(out, '\n');
}

static void reply_text(struct exec *x, const struct bytes *text)
{
    if (text->failed)
        exec_no_memory(x);
    else
        reply_verbatim(x->reply, "txt", bytes_slice(text));
}

void run_client_info(struct exec *x)
{
    struct node *n = call_of(x)->node;
    bytes_clear(&n->scratch);
    put_client(call_of(x)->session, &n->scratch);
    reply_text(x, &n->scratch);
}

/* ---- LIST ---- */

static bool unknown_type(struct exec *x, struct slice name)
{
    reply_error_format(x->reply, "ERR Unknown client type '%.*s'", (int)name.size, name.data);
    return false;
}

static bool is_asked_for(const struct exec *x, const struct session *s, enum client_type type)
{
    if (type != CLIENT_ANY) return type_of(s) == type;
    if (x->argc == 2) return true;
    for (int i = 3; i < x->argc; i++) {
        int64_t id;
        if (number_parse_int(x->argv[i], &id) && id == s->id) return true;
    }
    return false;
}

/* TYPE type, or ID id [id …], or nothing. */
static bool read_list_options(struct exec *x, enum client_type *type)
{
    int64_t id;
    *type = CLIENT_ANY;
    if (x->argc == 2) return true;
    if (x->argc == 4 && exec_is(x, 2, "type")) {
        *type = type_named(x->argv[3]);
        return *type != CLIENT_UNKNOWN || unknown_type(x, x->argv[3]);
    }
    if (x->argc > 3 && exec_is(x, 2, "id")) {
        for (int i = 3; i < x->argc; i++)
            if (!exec_int_or(x, i, &id, "ERR Invalid client ID")) return false;
        return true;
    }
    exec_syntax_error(x);
    return false;
}

void run_client_list(struct exec *x)
{
    struct node *n = call_of(x)->node;
    enum client_type type;
    if (!read_list_options(x, &type)) return;
    bytes_clear(&n->scratch);
    list_each(link, &n->sessions)
    {
        const struct session *s = list_item(link, struct session, link);
        if (listed(s) && is_asked_for(x, s, type)) put_client(s, &n->scratch);
    }
    reply_text(x, &n->scratch);
    bytes_clear(&n->scratch);
    bytes_trim(&n->scratch, 4096);
}

/* ---- KILL ---- */

struct kill_filter {
    struct slice address, local_address; /* data NULL: any */
    int64_t id;                          /* 0: any */
    enum client_type type;
    bool skip_me;
};

static bool read_kill_option(struct exec *x, int i, struct kill_filter *f)
{
    struct slice value = x->argv[i + 1];
    if (exec_is(x, i, "id")) {
        static const char error[] = "ERR client-id should be greater than 0";
        if (!exec_int_or(x, i + 1, &f->id, error)) return false;
        if (f->id < 1) reply_error(x->reply, error);
        return f->id >= 1;
    }
    if (exec_is(x, i, "type")) {
        f->type = type_named(value);
        return f->type != CLIENT_UNKNOWN || unknown_type(x, value);
    }
    if (exec_is(x, i, "addr")) {
        f->address = value;
    } else if (exec_is(x, i, "laddr")) {
        f->local_address = value;
    } else if (exec_is(x, i, "user")) {
        if (slice_equal(value, slice_text("default"))) return true;
        reply_error_format(x->reply, "ERR No such user '%.*s'", (int)value.size, value.data);
        return false;
    } else if (exec_is(x, i, "skipme") && (slice_is_word(value, "yes") || slice_is_word(value, "no"))) {
        f->skip_me = slice_is_word(value, "yes");
    } else {
        exec_syntax_error(x);
        return false;
    }
    return true;
}

static bool read_kill_options(struct exec *x, struct kill_filter *f)
{
    *f = (struct kill_filter){.type = CLIENT_ANY, .skip_me = x->argc > 3};
    if (x->argc == 3) f->address = x->argv[2];
    for (int i = 2; x->argc > 3 && i < x->argc; i += 2) {
        if (i + 1 == x->argc) {
            exec_syntax_error(x);
            return false;
        }
        if (!read_kill_option(x, i, f)) return false;
    }
    return true;
}

static bool is_meant(const struct session *s, const struct kill_filter *f)
{
    char address[ADDRESS_MAX];
    if (!listed(s)) return false;
    if (f->address.data && !slice_equal(f->address, slice_text(address_of(s, address)))) return false;
    if (f->local_address.data && !slice_equal(f->local_address, slice_text(s->local_address))) return false;
    return (f->id == 0 || s->id == f->id) && (f->type == CLIENT_ANY || type_of(s) == f->type);
}

/* CLIENT KILL ip:port answers OK or an error, the other form how many were killed. */
void run_client_kill(struct exec *x)
{
    struct node *n = call_of(x)->node;
    struct session *self = call_of(x)->session;
    struct kill_filter filter;
    int64_t killed = 0;
    if (!read_kill_options(x, &filter)) return;
    list_each_safe(link, &n->sessions)
    {
        struct session *s = list_item(link, struct session, link);
        if (!is_meant(s, &filter) || (s == self && filter.skip_me)) continue;
        killed++;
        if (s != self) session_close_now(s);
    }
    if (x->argc > 3)
        reply_integer(x->reply, killed);
    else if (killed > 0)
        reply_ok(x->reply);
    else
        reply_error(x->reply, "ERR No such client");
    if (is_meant(self, &filter) && !filter.skip_me) session_close_after_reply(self);
}
