/* client.c: a RESP client, whatever carries its bytes.
 *
 * Requests are written one behind the other into `output`, from where the driver takes them as its connection has
 * room; replies come back in the same order. For each request the client knows where its last byte stands in what was
 * written on this connection, so that after a failure it can tell a request that certainly did not reach the node
 * (some of it never left) from one of which nothing is known.
 *
 *   IDLE -> CONNECTING -> OPEN -> IDLE ...      a request without a connection begins one
 *
 * Each connection begins with a greeting of the client's own: AUTH if it has something to log in with, and HELLO 3; a
 * server too old for that answers with an error and goes on in RESP2. The replies are not handed out, but a login that
 * is refused ends the connection, and its requests fail with the server's words.
 *
 * After a time-out the connection is dropped: replies are matched by order, and the late one would be taken for the
 * answer to something else. A client that was told nothing must not guess: the failures say TIMEOUT or CLOSED and
 * whether the request may have been executed.
 */
#include <limits.h>
#include <stdio.h>

#include "resp/writer.h"
#include "world/world_internal.h"

enum { REQUESTS_MIN = 8, OUTPUT_KEEP = 65536 };

static struct client_request *request_at(const struct world_client *c, size_t index)
{
    return &c->requests[(c->first + index) & (c->capacity - 1)];
}

/* ---- life ---- */

static bool set_address(struct world_client *c, const char *host, int port)
{
    size_t size = strlen(host) + 1;
    char *copy = memory_alloc(&c->world->memory, size);
    if (!copy) return false;
    memcpy(copy, host, size);
    if (c->host) memory_free(&c->world->memory, c->host, strlen(c->host) + 1);
    c->host = copy;
    c->port = port;
    return true;
}

static void client_connect(struct world_client *c);

static bool set_login(struct world_client *c, const struct world_login *login)
{
    const struct slice named[] = {{"AUTH", 4}, login->user, login->password};
    const struct slice unnamed[] = {{"AUTH", 4}, login->password};
    return login->user.data ? resp_write_request(&c->login, 3, named)
                            : resp_write_request(&c->login, 2, unnamed);
}

struct world_client *world_client_new(struct world *w, const char *name, const char *host, int port,
                                      int64_t timeout, const struct world_login *login)
{
    struct world_client *c = w->ops->client_alloc(w);
    if (!c) {
        world_fail(w, WORLD_NO_MEMORY, "out of memory");
        return NULL;
    }
    c->world = w;
    c->timeout = timeout;
    c->alarm = INT64_MAX;
    list_init(&c->member);
    bytes_init(&c->output, &w->memory);
    bytes_init(&c->input, &w->memory);
    bytes_init(&c->login, &w->memory);
    client_inbox_init(c);
    if (!world_place_name(w, &c->place, name, "client") || !set_address(c, host, port) ||
        (login && !set_login(c, login)) || (w->ops->client_settle && !w->ops->client_settle(c))) {
        client_finish(c);
        return NULL;
    }
    list_push(&w->clients, &c->member);
    client_connect(c);
    return c;
}

void client_finish(struct world_client *c)
{
    struct memory *m = &c->world->memory;
    list_remove(&c->member);
    bytes_free(&c->output);
    bytes_free(&c->input);
    bytes_free(&c->login);
    client_inbox_free(c);
    memory_free(m, c->requests, c->capacity * sizeof *c->requests);
    if (c->host) memory_free(m, c->host, strlen(c->host) + 1);
    world_place_forget(c->world, &c->place);
    c->world->ops->client_free(c);
}

const char *world_client_name(const struct world_client *c) { return c->place.name; }

int64_t world_client_connection(const struct world_client *c)
{
    return c->state == CLIENT_IDLE ? 0 : c->connections;
}

/* ---- a connection's beginning and end ---- */

static bool reserve_request(struct world_client *c)
{
    if (c->count < c->capacity) return true;
    size_t capacity = c->capacity == 0 ? REQUESTS_MIN : c->capacity * 2;
    struct client_request *requests = memory_alloc(&c->world->memory, capacity * sizeof *requests);
    if (!requests) return false;
    for (size_t i = 0; i < c->count; i++) requests[i] = *request_at(c, i);
    memory_free(&c->world->memory, c->requests, c->capacity * sizeof *requests);
    c->requests = requests;
    c->capacity = capacity;
    c->first = 0;
    return true;
}

/* Enters in the ring what has been written behind `size` bytes of output, or takes it back. NULL: it was not whole. */
static struct client_request *enter_request(struct world_client *c, size_t size, bool whole, int64_t ticket)
{
    if (!whole) {
        c->output.size = size;
        c->output.failed = false;
        return NULL;
    }
    c->written += (int64_t)(c->output.size - size);
    struct client_request *r = request_at(c, c->count++);
    *r = (struct client_request){.ticket = ticket, .deadline = INT64_MAX, .end = c->written};
    return r;
}

/* Writes a request and enters it in the ring. All or nothing. */
static bool write_request(struct world_client *c, int64_t ticket, int argc, const struct slice *argv)
{
    size_t size = c->output.size;
    if (!reserve_request(c)) return false;
    bool whole = resp_write_request(&c->output, argc, argv);
    struct client_request *r = enter_request(c, size, whole, ticket);
    if (r) client_push_expect(r, argc, argv);
    return r != NULL;
}

/* Without memory for it the server says that nobody has logged in. */
static void write_login(struct world_client *c)
{
    size_t size = c->output.size;
    if (c->login.size == 0 || !reserve_request(c)) return;
    bool whole = bytes_append_slice(&c->output, bytes_slice(&c->login));
    struct client_request *r = enter_request(c, size, whole, 0);
    if (r) r->login = true;
}

static void client_connect(struct world_client *c)
{
    c->state = CLIENT_CONNECTING;
    c->connections++;
    resp_parser_init(&c->parser);
    c->refusal[0] = '\0';
    write_login(c);
    const struct slice hello[] = {{"HELLO", 5}, {"3", 1}};
    write_request(c, 0, 2, hello); /* without memory it is a RESP2 connection */
    c->world->ops->client_open(c);
}

/* The connection has ended: all requests fail, the oldest with `first_why`. */
static void fail_requests(struct world_client *c, const char *first_why, const char *why)
{
    size_t count = c->count;
    for (size_t i = 0; i < count; i++) {
        const struct client_request *r = request_at(c, i);
        if (r->ticket == 0) continue;
        world_complete_failed(c->world, r->ticket, c->state == CLIENT_OPEN && r->end <= c->taken, "%s",
                              first_why);
        first_why = why;
    }
    c->state = CLIENT_IDLE;
    c->first = c->count = 0;
    c->written = c->taken = c->replies = 0;
    c->output_start = 0;
    bytes_clear(&c->output);
    bytes_trim(&c->output, OUTPUT_KEEP);
    bytes_clear(&c->input);
    client_push_lost(c, why);
}

static void drop(struct world_client *c, const char *first_why, const char *why)
{
    if (c->state != CLIENT_IDLE) c->world->ops->client_close(c);
    fail_requests(c, first_why, why);
}

void client_opened(struct world_client *c)
{
    c->state = CLIENT_OPEN;
    c->world->ops->client_send(c);
}

void client_lost(struct world_client *c, const char *why)
{
    char text[200];
    snprintf(text, sizeof text, "CLOSED %s", why && why[0] ? why : "Connection closed");
    fail_requests(c, text, text);
}

/* ---- requests ---- */

static bool is_write(const struct world *w, int argc, const struct slice *argv)
{
    const struct command *command = w->commands ? command_meant(w->commands, argv, argc, NULL) : NULL;
    return command && (command->flags & COMMAND_WRITE) != 0;
}

/* Sees to it that client_alarm is called at the deadline of the oldest request. An alarm that comes too early is
 * simply set again, so that a stream of answered requests costs one alarm per time-out, not one per request. */
void client_set_alarm(struct world_client *c)
{
    int64_t deadline = client_push_deadline(c);
    for (size_t i = 0; i < c->count; i++) {
        if (request_at(c, i)->deadline == INT64_MAX) continue;
        if (request_at(c, i)->deadline < deadline) deadline = request_at(c, i)->deadline;
        break;
    }
    if (deadline >= c->alarm) return;
    c->alarm = deadline;
    c->world->ops->client_alarm(c, deadline);
}

enum world_result world_client_request(struct world_client *c, int64_t ticket, int argc,
                                       const struct slice *argv)
{
    struct world *w = c->world;
    if (argc < 1) return world_fail(w, WORLD_BAD, "a request has at least a command's name");
    if (!world_ticket_reserve(w)) return WORLD_NO_MEMORY;
    if (c->state == CLIENT_IDLE) client_connect(c);
    if (!write_request(c, ticket, argc, argv)) {
        w->queue.outstanding--;
        return WORLD_NO_MEMORY;
    }
    struct client_request *r = request_at(c, c->count - 1);
    if (c->timeout > 0) r->deadline = world_now(w) + c->timeout;
    if (w->ops->client_replied) r->write = is_write(w, argc, argv);
    if (c->timeout > 0) client_set_alarm(c);
    if (c->state == CLIENT_OPEN) w->ops->client_send(c);
    return WORLD_OK;
}

void client_alarm(struct world_client *c)
{
    c->alarm = INT64_MAX;
    int64_t now = world_now(c->world);
    for (size_t i = 0; i < c->count; i++) {
        if (request_at(c, i)->deadline > now) continue;
        drop(c, "TIMEOUT no reply in time", "CLOSED the connection was given up after a time-out");
        return;
    }
    client_push_time_out(c, now);
    client_set_alarm(c);
}

enum world_result world_client_connect(struct world_client *c, const char *host, int port)
{
    if (!set_address(c, host, port)) return WORLD_NO_MEMORY;
    drop(c, "CLOSED the client goes to another address", "CLOSED the client goes to another address");
    client_connect(c);
    return WORLD_OK;
}

void world_client_free(struct world_client *c)
{
    if (!c) return;
    drop(c, "CLOSED the client was closed", "CLOSED the client was closed");
    client_finish(c);
}

/* ---- bytes ---- */

struct slice client_output(const struct world_client *c)
{
    return slice_of(c->output.data + c->output_start, c->output.size - c->output_start);
}

void client_output_taken(struct world_client *c, size_t size)
{
    c->taken += (int64_t)size;
    c->output_start += size;
    if (c->output_start < c->output.size) return;
    bytes_clear(&c->output);
    bytes_trim(&c->output, OUTPUT_KEEP);
    c->output_start = 0;
}

/* The login's error becomes the connection's. */
static void refused(struct world_client *c, struct slice reply)
{
    size_t size = reply.size < 3 ? 0 : reply.size - 3; /* without the minus and the line's end */
    snprintf(c->refusal, sizeof c->refusal, "%.*s", size < INT_MAX ? (int)size : INT_MAX, reply.data + 1);
}

void client_answered(struct world_client *c, struct slice reply)
{
    if (c->count == 0) return;
    struct client_request r = *request_at(c, 0);
    c->first = (c->first + 1) & (c->capacity - 1);
    c->count--;
    c->replies++;
    struct world *w = c->world;
    if (w->ops->client_replied) w->ops->client_replied(c, c->replies, r.write, reply);
    if (r.ticket != 0)
        world_complete_reply(w, r.ticket, reply);
    else if (!r.login)
        c->inbox.resp2 = reply.data[0] == '-';
    else if (reply.data[0] == '-')
        refused(c, reply);
}

/* One whole reply, or what a server sends on its own, which answers no request. */
static void take_reply(struct world_client *c, struct slice reply)
{
    bool push = reply.data[0] == '>' || (reply.data[0] == '*' && client_push_is_possible(c));
    if (!push || !client_push(c, reply)) client_answered(c, reply);
}

/* Takes whole replies off `bytes`; returns how much that was, -1 when the connection cannot go on, and why. */
static int64_t take_replies(struct world_client *c, struct slice bytes, const char **why)
{
    size_t start = 0;
    while (start < bytes.size && !c->refusal[0]) {
        int64_t size = resp_reply_size(&c->parser, bytes.data + start, bytes.size - start);
        if (size < 0) *why = "CLOSED the answer is not RESP";
        if (c->inbox.full) *why = "CLOSED more messages than a client keeps that does not receive them";
        if (size < 0 || c->inbox.full) return -1;
        if (size == 0) break;
        take_reply(c, slice_of(bytes.data + start, (size_t)size));
        start += (size_t)size;
    }
    if (c->refusal[0]) *why = c->refusal;
    return c->refusal[0] ? -1 : (int64_t)start;
}

bool client_input(struct world_client *c, struct slice bytes)
{
    const char *why = "CLOSED out of memory";
    if (c->input.size > 0) {
        if (bytes_append_slice(&c->input, bytes)) {
            int64_t taken = take_replies(c, bytes_slice(&c->input), &why);
            if (taken >= 0) {
                bytes_drop(&c->input, (size_t)taken);
                bytes_trim(&c->input, OUTPUT_KEEP);
                return true;
            }
        }
    } else {
        int64_t taken = take_replies(c, bytes, &why);
        if (taken >= 0 && bytes_append(&c->input, bytes.data + taken, bytes.size - (size_t)taken))
            return true;
    }
    drop(c, why, why);
    return false;
}
