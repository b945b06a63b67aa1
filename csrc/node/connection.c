/* connection.c: a connection's own commands: HELLO, AUTH, PING, ECHO, SELECT, QUIT, RESET.
 *
 * One user, "default", with requirepass as its password; users and ACLs are not among what this server has.
 */
#include "base/number.h"
#include "node/commands.h"
#include "node/internal.h"

/* Compares in time that depends on the length of the guess only. */
static bool same_password(struct slice guess, struct slice password)
{
    unsigned char difference = guess.size != password.size;
    for (size_t i = 0; i < guess.size; i++)
        difference |= (unsigned char)(guess.data[i] ^ password.data[i % password.size]);
    return difference == 0;
}

static bool authenticate(struct exec *x, struct slice user, struct slice password)
{
    struct call *c = call_of(x);
    struct slice required = secret_slice(&c->node->config.requirepass);
    if (!slice_equal(user, slice_text("default")) ||
        (required.size > 0 && !same_password(password, required))) {
        reply_error(x->reply, "WRONGPASS invalid username-password pair or user is disabled.");
        return false;
    }
    c->session->authenticated = true;
    c->session->reader.limits.unauthenticated = false;
    return true;
}

void run_auth(struct exec *x)
{
    if (x->argc > 3) {
        exec_syntax_error(x);
        return;
    }
    if (x->argc == 2 && call_of(x)->node->config.requirepass.size == 0) {
        reply_error(x->reply,
                    "ERR AUTH <password> called without any password configured for the default user. "
                    "Are you sure your configuration is correct?");
        return;
    }
    struct slice user = x->argc == 3 ? x->argv[1] : slice_text("default");
    if (authenticate(x, user, x->argv[x->argc - 1])) reply_ok(x->reply);
}

void run_ping(struct exec *x)
{
    const struct session *s = call_of(x)->session;
    if (x->argc > 2) {
        reply_error(x->reply, "ERR wrong number of arguments for 'ping' command");
    } else if (subscriber_total(&s->subscriber) > 0 && x->reply->protocol == 2) {
        reply_array(x->reply, 2); /* as a message, among the messages */
        reply_bulk_text(x->reply, "pong");
        reply_bulk(x->reply, x->argc == 2 ? x->argv[1] : slice_of("", 0));
    } else if (x->argc == 2) {
        reply_bulk(x->reply, x->argv[1]);
    } else {
        reply_status(x->reply, "PONG");
    }
}

void run_echo(struct exec *x) { reply_bulk(x->reply, x->argv[1]); }

void run_select(struct exec *x)
{
    int64_t db;
    if (!exec_int(x, 1, &db)) return;
    if (db < INT32_MIN || db > INT32_MAX) {
        reply_error(x->reply, "ERR value is out of range, value must between -2147483648 and 2147483647");
        return;
    }
    if (db < 0 || db >= keyspace_databases(x->keyspace)) {
        reply_error(x->reply, "ERR DB index is out of range");
        return;
    }
    call_of(x)->session->db = (int)db;
    reply_ok(x->reply);
}

void run_quit(struct exec *x)
{
    reply_ok(x->reply);
    session_close_after_reply(call_of(x)->session);
}

void run_reset(struct exec *x)
{
    struct session *s = call_of(x)->session;
    if (session_is_replica(s)) {
        reply_error(x->reply, "ERR can only reset normal client connections");
        return;
    }
    transaction_reset(s);
    pubsub_leave(s);
    list_remove(&s->monitor);
    s->db = 0;
    s->reply_off = s->reply_skip = s->reply_skip_next = false;
    s->no_evict = s->no_touch = false;
    durable_reset(s);
    bytes_clear(&s->name);
    s->reply->protocol = 2;
    s->authenticated = call_of(x)->node->config.requirepass.size == 0;
    s->reader.limits.unauthenticated = !s->authenticated;
    reply_status(x->reply, "RESET");
}

/* ---- HELLO ---- */

/* What stands in a line of CLIENT LIST must not look like two fields or lines. */
static bool is_plain(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '!' || text.data[i] > '~') return false;
    }
    return true;
}

bool connection_set_attribute(struct exec *x, struct bytes *field, struct slice value, const char *what)
{
    if (!is_plain(value)) {
        reply_error_format(x->reply, "ERR %s cannot contain spaces, newlines or special characters.", what);
        return false;
    }
    bytes_clear(field);
    if (!bytes_append_slice(field, value)) {
        exec_no_memory(x);
        return false;
    }
    return true;
}

static bool hello_options(struct exec *x)
{
    for (int i = 2; i < x->argc; i++) {
        int left = x->argc - i - 1;
        if (exec_is(x, i, "auth") && left >= 2) {
            if (!authenticate(x, x->argv[i + 1], x->argv[i + 2])) return false;
            i += 2;
        } else if (exec_is(x, i, "setname") && left >= 1) {
            if (!connection_set_attribute(x, &call_of(x)->session->name, x->argv[i + 1], "Client names"))
                return false;
            i++;
        } else {
            reply_error_format(x->reply, "ERR Syntax error in HELLO option '%.*s'", (int)x->argv[i].size,
                               x->argv[i].data);
            return false;
        }
    }
    return true;
}

static void hello_answer(struct exec *x)
{
    const struct call *c = call_of(x);
    reply_map(x->reply, 7);
    reply_bulk_text(x->reply, "server");
    reply_bulk_text(x->reply, "redis");
    reply_bulk_text(x->reply, "version");
    reply_bulk_text(x->reply, REDIS_VERSION);
    reply_bulk_text(x->reply, "proto");
    reply_integer(x->reply, x->reply->protocol);
    reply_bulk_text(x->reply, "id");
    reply_integer(x->reply, c->session->id);
    reply_bulk_text(x->reply, "mode");
    reply_bulk_text(x->reply, "standalone");
    reply_bulk_text(x->reply, "role");
    reply_bulk_text(x->reply, c->node->follow ? "replica" : "master");
    reply_bulk_text(x->reply, "modules");
    reply_array(x->reply, 0);
}

void run_hello(struct exec *x)
{
    int64_t version = x->reply->protocol;
    if (x->argc >= 2 &&
        !exec_int_or(x, 1, &version, "ERR Protocol version is not an integer or out of range"))
        return;
    if (version < 2 || version > 3) {
        reply_error(x->reply, "NOPROTO unsupported protocol version");
        return;
    }
    if (!hello_options(x)) return;
    if (!call_of(x)->session->authenticated) {
        reply_error(x->reply,
                    "NOAUTH HELLO must be called with the client already authenticated, otherwise the "
                    "HELLO AUTH <user> <pass> option can be used to authenticate the client and "
                    "select the RESP protocol version at the same time");
        return;
    }
    x->reply->protocol = (int)version;
    hello_answer(x);
}
