/* transaction.c: MULTI, EXEC, DISCARD, WATCH, UNWATCH.
 *
 * Queued commands are kept as one run of RESP requests, copied from the wire; EXEC reads them back one by one. Nothing
 * else runs between them. Their effects go to the log between MULTI and EXEC, so that replicas apply them together; one
 * effect alone goes there as it is.
 *
 * Source: https://redis.io/docs/latest/develop/interact/transactions/
 */
#include "node/commands.h"
#include "node/internal.h"

enum { WATCH_BYTES = 128 /* a watch and what the keyspace has of it, about, without the key's own bytes */ };

struct watched {
    struct list link; /* transaction.watches */
    struct watch *watch;
    int db;
    size_t key_size;
    char key[];
};

void transaction_init(struct session *s)
{
    bytes_init(&s->transaction.requests, &s->node->memory);
    list_init(&s->transaction.watches);
}

void transaction_unwatch(struct session *s)
{
    struct list *member;
    while ((member = list_pop(&s->transaction.watches)) != NULL) {
        struct watched *w = list_item(member, struct watched, link);
        if (s->node->keyspace) keyspace_unwatch(s->node->keyspace, w->watch);
        memory_free(&s->node->memory, w, sizeof *w + w->key_size);
    }
}

void transaction_reset(struct session *s)
{
    struct transaction *t = &s->transaction;
    transaction_unwatch(s);
    bytes_clear(&t->requests);
    bytes_trim(&t->requests, 1024);
    t->open = t->aborted = false;
    t->count = t->writers = 0;
    t->flags = t->lacks = 0;
}

void transaction_queue(struct call *c, int argc, const struct slice *argv)
{
    struct session *s = c->session;
    struct transaction *t = &s->transaction;
    bool kept = c->raw.size > 0 ? bytes_append_slice(&t->requests, c->raw)
                                : resp_write_request(&t->requests, argc, argv);
    if (!kept) {
        t->aborted = true;
        exec_no_memory(&c->exec);
        return;
    }
    t->count++;
    t->writers += (c->exec.command->flags & (COMMAND_WRITE | COMMAND_MAY_REPLICATE)) != 0;
    t->flags |= c->exec.command->flags;
    t->lacks |= ~c->exec.command->flags;
    reply_status(s->reply, "QUEUED");
}

void run_multi(struct exec *x)
{
    struct transaction *t = &call_of(x)->session->transaction;
    if (t->open) {
        reply_error(x->reply, "ERR MULTI calls can not be nested");
        return;
    }
    t->open = true;
    reply_ok(x->reply);
}

void run_discard(struct exec *x)
{
    struct session *s = call_of(x)->session;
    if (!s->transaction.open) {
        reply_error(x->reply, "ERR DISCARD without MULTI");
        return;
    }
    transaction_reset(s);
    reply_ok(x->reply);
}

static bool watch_one(struct exec *x, struct slice key)
{
    struct session *s = call_of(x)->session;
    list_each(link, &s->transaction.watches)
    {
        struct watched *w = list_item(link, struct watched, link);
        if (w->db == x->db && slice_equal(key, slice_of(w->key, w->key_size))) return true;
    }
    struct watched *w = memory_alloc(x->memory, sizeof *w + key.size);
    if (!w) return false;
    w->watch = keyspace_watch(x->keyspace, x->db, key);
    if (!w->watch) {
        memory_free(x->memory, w, sizeof *w + key.size);
        return false;
    }
    w->db = x->db;
    w->key_size = key.size;
    memcpy(w->key, key.data, key.size);
    list_push(&s->transaction.watches, &w->link);
    s->transaction.watch_bytes += WATCH_BYTES + key.size;
    return true;
}

/* Inside MULTI an error, but none that spoils the transaction. */
void run_watch(struct exec *x)
{
    if (call_of(x)->session->transaction.open) {
        reply_error(x->reply, "ERR WATCH inside MULTI is not allowed");
        return;
    }
    for (int i = 1; i < x->argc; i++) {
        if (!watch_one(x, x->argv[i])) {
            exec_no_memory(x);
            return;
        }
    }
    reply_ok(x->reply);
}

void run_unwatch(struct exec *x)
{
    transaction_unwatch(call_of(x)->session);
    reply_ok(x->reply);
}

/* ---- EXEC ---- */

bool transaction_watch_dirty(const struct session *s)
{
    list_each(link, &s->transaction.watches)
    {
        if (keyspace_watch_dirty(s->node->keyspace, list_item(link, struct watched, link)->watch))
            return true;
    }
    return false;
}

/* Runs one queued command. Its session's database may change on the way (SELECT). */
static void run_queued(struct session *s, const struct resp_reader *r, struct slice raw)
{
    struct node *n = s->node;
    struct call c;
    struct request request = {.argc = r->argc, .argv = r->argv, .raw = raw};
    request.command = command_resolve(n->commands, r->argv, r->argc, s->reply);
    if (request.command && request.command->prefix) durable_unwrap(s, &request);
    if (!request.command) return;
    call_init(&c, s, request.raw);
    c.exec.async = request.prefixed;
    const char *why = dispatch_role_refuses(n, request.command->flags);
    if (why)
        reply_error(s->reply, why);
    else
        dispatch_run(&c, request.command, request.argc, request.argv);
}

void transaction_end_log(struct node *n)
{
    static const char exec[] = "*1\r\n$4\r\nEXEC\r\n";
    if (!n->exec_logged) return;
    n->exec_logged = false;
    if (!log_append(&n->log, exec, sizeof exec - 1)) dispatch_lose_history(n);
    trail_applied(n);
}

/* Reads all requests once without running them: afterwards the reader has the memory it takes to read them again. */
static bool can_read_all(struct resp_reader *reader, const struct bytes *requests)
{
    for (size_t at = 0; at < requests->size; at += reader->consumed) {
        if (resp_read_request(reader, requests->data + at, requests->size - at) != RESP_REQUEST) return false;
    }
    return true;
}

static void run_all(struct session *s, struct resp_reader *reader, const struct bytes *requests,
                    int64_t count)
{
    struct node *n = s->node;
    reply_array(s->reply, count);
    n->in_exec = true;
    for (size_t at = 0; at < requests->size; at += reader->consumed) {
        const char *data = requests->data + at;
        resp_read_request(reader, data, requests->size - at);
        run_queued(s, reader, slice_of(data, reader->consumed));
        session_replied(s);
    }
    n->in_exec = false;
    transaction_end_log(n);
    if (!n->follow) session_wrote(s);
}

/* All or nothing: what is needed to read the queue is there before the first of it runs. */
static void run_queue(struct session *s, const struct bytes *requests, int64_t count)
{
    struct resp_reader reader;
    struct resp_limits limits = {.bulk_max = INT64_MAX, .arguments_max = INT32_MAX, .inline_max = INT64_MAX};
    resp_reader_init(&reader, &s->node->memory, &limits);
    if (can_read_all(&reader, requests))
        run_all(s, &reader, requests, count);
    else
        reply_error(s->reply, "EXECABORT Transaction discarded because of: OOM out of memory");
    resp_reader_free(&reader);
}

void run_exec(struct exec *x)
{
    struct session *s = call_of(x)->session;
    struct transaction *t = &s->transaction;
    if (!t->open) {
        reply_error(x->reply, "ERR EXEC without MULTI");
        return;
    }
    bool aborted = t->aborted, dirty = transaction_watch_dirty(s);
    struct bytes requests = t->requests;
    int64_t count = t->count;
    call_of(x)->node->exec_alone = t->writers == 1;
    bytes_init(&t->requests, x->memory);
    transaction_reset(s);
    if (aborted)
        reply_error(x->reply, "EXECABORT Transaction discarded because of previous errors.");
    else if (dirty)
        reply_null_array(x->reply);
    else
        run_queue(s, &requests, count);
    bytes_free(&requests);
    bytes_clear(x->effects); /* each command has logged its own */
    x->changes = 0;
}
