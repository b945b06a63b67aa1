/* block_keys.c: sessions that wait for keys: BLPOP, BZMPOP, XREAD BLOCK and their kin.
 *
 * A command that found nothing has said what it waits for (command/block.h). Its session is blocked, its arguments are kept,
 * and the keyspace is asked to tell of changes of the keys (keyspace_await). After each command (all of a transaction
 * counts as one) those who wait for a changed key are run again, in the order in which keys were changed and, for the same
 * key, in that in which they came: as an ordinary command whose effects go to the log, but with an eye on that key alone. Who
 * finds nothing goes on waiting in its place. What a command run here does to keys may serve others in turn.
 *
 * Time-outs, CLIENT UNBLOCK and demotion are blocking.c's.
 */
#include "node/internal.h"

#include "command/command.h"
#include "store/entry.h"

struct block_keys {
    const struct command *command;
    enum value_type type;
    bool or_gone;
    int argc, keys;
    size_t size;        /* of this block */
    struct slice *argv; /* in this block, behind the watches */
    struct watch *watches[];
};

bool block_keys_possible(const struct session *s)
{
    return (s->kind == SESSION_CLIENT || s->kind == SESSION_LOCAL) && !s->node->in_exec;
}

/* ---- beginning and ending ---- */

/* The command with its arguments, in one block. NULL when memory is out. */
static struct block_keys *keep(struct session *s, const struct exec *x, const struct block_request *r)
{
    const struct slice *argv = r->argv ? r->argv : x->argv;
    size_t texts = 0, watches = (size_t)r->keys * sizeof(struct watch *);
    size_t head = sizeof(struct block_keys) + watches + (size_t)x->argc * sizeof *argv;
    for (int i = 0; i < x->argc; i++) texts += argv[i].size;
    struct block_keys *b = memory_alloc_zero(&s->node->memory, head + texts);
    if (!b) return NULL;
    b->command = x->command;
    b->type = r->type;
    b->or_gone = r->or_gone;
    b->argc = x->argc;
    b->keys = r->keys;
    b->size = head + texts;
    b->argv = (struct slice *)(void *)(b->watches + r->keys);
    char *text = (char *)b + head;
    for (int i = 0; i < x->argc; i++) {
        if (argv[i].size > 0) memcpy(text, argv[i].data, argv[i].size);
        b->argv[i] = slice_of(text, argv[i].size);
        text += argv[i].size;
    }
    return b;
}

void block_keys_forget(struct session *s)
{
    struct block_keys *b = s->keys;
    if (!b) return;
    for (int i = 0; i < b->keys; i++)
        if (s->node->keyspace) keyspace_unwatch(s->node->keyspace, b->watches[i]);
    memory_free(&s->node->memory, b, b->size);
    s->keys = NULL;
}

/* When the time is up on the monotonic clock; what is too far away never is. */
static int64_t deadline(const struct node *n, int64_t timeout_ms)
{
    bool never = timeout_ms == 0 || timeout_ms > (INT64_MAX - n->now.mono_us) / 1000;
    return never ? INT64_MAX : n->now.mono_us + timeout_ms * 1000;
}

static bool await_all(struct session *s, const struct block_request *r)
{
    struct node *n = s->node;
    struct block_keys *b = s->keys;
    for (int i = 0; i < b->keys; i++) {
        b->watches[i] = keyspace_await(n->keyspace, s->db, b->argv[r->first + i], s);
        if (!b->watches[i]) return false;
    }
    s->block_until_us = deadline(n, r->timeout_ms);
    if (s->block_until_us == INT64_MAX || heap_insert(&n->timeouts, s->block_until_us, s)) return true;
    s->block_until_us = INT64_MAX;
    return false;
}

static bool begin(struct session *s, const struct exec *x, const struct block_request *request)
{
    if (!block_for(s, BLOCK_KEYS)) return false;
    s->keys = keep(s, x, request);
    if (s->keys && await_all(s, request)) return true;
    block_cancel(s);
    return false;
}

bool block_keys_begin(struct session *s, const struct exec *x, const struct block_request *request)
{
    bool begun = begin(s, x, request);
    if (request->argv) memory_free(x->memory, request->argv, request->argv_size);
    return begun;
}

/* ---- serving ---- */

/* Whether the key holds something that the command may want. */
static bool is_worth_it(const struct node *n, const struct session *s, struct slice key)
{
    const struct entry *e = keyspace_find(n->keyspace, s->db, key);
    return s->keys->or_gone || (e && entry_type(e) == s->keys->type);
}

/* Runs the session's command again because of this key. */
static void run_again(struct session *s, struct slice key)
{
    struct call c;
    struct block_request wait = {.wanted = false};
    struct block_keys *b = s->keys;
    size_t before = s->writer.out->size;
    call_init(&c, s, slice_of(NULL, 0));
    c.exec.block = &wait;
    c.exec.only = key;
    c.exec.async = s->blocked.wish.mode == DURABLE_ASYNC;
    s->wrote = s->waits = false;
    dispatch_run(&c, b->command, b->argc, b->argv);
    if (wait.wanted) return;
    block_cancel(s);
    block_answered(s, before);
}

void block_keys_serve(struct node *n)
{
    const struct watch *w;
    if (node_stands_still(n) || n->sleep_until_us != 0) return;
    while ((w = keyspace_next_awaited(n->keyspace)) != NULL) {
        struct session *s = watch_owner(w);
        if (is_worth_it(n, s, watch_key(w))) run_again(s, watch_key(w));
    }
}
