/* blocking.c: sessions that wait: for replicas (WAIT), disks (WAITAOF), a write (WAITFOR); their time-outs, and how they
 * are answered. Those that wait for keys are block_keys.c's.
 *
 * A blocked session executes nothing more; its further requests stay in its input and are executed once it has been
 * answered. Acknowledgements only note that something moved; who is ready is worked out once at the end of the turn
 * (block_wake), however many acknowledgements came in. Whoever has been answered goes on when all have been, and never
 * within the command that let it go (CLIENT UNBLOCK, REPLICAOF).
 */
#include "node/internal.h"

/* Room for the longest answer, asked for before it is due: who waits for it must get it. */
enum { ANSWER_MAX = 160 };

/* ---- what is awaited ------------------------------------------------------------------------------------------- */

bool node_journals(const struct node *n) { return n->config.appendonly; }

static enum log_place token_place(const struct node *n, const struct awaited *a)
{
    return log_find(&n->log, slice_text(a->replid), a->offset);
}

static bool replicas_have(const struct node *n, const struct awaited *a)
{
    int count = a->kind == BLOCK_WAITAOF ? feeds_fsynced(&n->feeds, a->offset)
                                         : feeds_acknowledged(&n->feeds, a->offset);
    return count >= a->replicas;
}

bool awaited_is_there(const struct node *n, const struct awaited *a)
{
    if (a->kind == BLOCK_TOKEN) {
        enum log_place place = token_place(n, a);
        return place != LOG_AHEAD && (place != LOG_HERE || a->replicas < 0 || replicas_have(n, a));
    }
    return replicas_have(n, a) && (!a->local || n->fsynced_offset >= a->offset);
}

static void reply_token(struct node *n, const struct awaited *a, struct reply *r)
{
    static const char *const words[] = {
        [LOG_HERE] = "applied", [LOG_AHEAD] = "pending", [LOG_NOWHERE] = "lost", [LOG_UNKNOWN] = "unknown"};
    enum log_place place = token_place(n, a);
    trail_found(n, a, place);
    if (a->replicas < 0)
        reply_status(r, words[place]);
    else if (place == LOG_NOWHERE)
        reply_error(r, "LOST the write is not part of this node's history");
    else if (place == LOG_UNKNOWN)
        reply_error(r, "UNKNOWN this node cannot tell what became of the history of that token");
    else
        reply_integer(r, place == LOG_HERE ? feeds_acknowledged(&n->feeds, a->offset) : 0);
}

void awaited_reply(struct session *s, const struct awaited *a, struct reply *r)
{
    struct node *n = s->node;
    if (a->kind == BLOCK_TOKEN) {
        reply_token(n, a, r);
    } else if (a->kind == BLOCK_WAITAOF && a->local && !node_journals(n)) {
        reply_error(r, WAITAOF_WITHOUT_JOURNAL);
    } else if (a->kind == BLOCK_WAITAOF) {
        bool local = n->fsynced_offset >= a->offset;
        int count = feeds_fsynced(&n->feeds, a->offset);
        trail_waited_aof(n, a, local, count);
        reply_array(r, 2);
        reply_integer(r, local);
        reply_integer(r, count);
    } else {
        int count = feeds_acknowledged(&n->feeds, a->offset);
        trail_waited(n, a, count);
        reply_integer(r, count);
    }
}

/* ---- standing in line ------------------------------------------------------------------------------------------ */

/* Replicas are waited for first; then, by its offset, for what this node itself has to do. */
static bool stand(struct session *s)
{
    struct node *n = s->node;
    const struct awaited *a = &s->awaited;
    bool here = a->kind != BLOCK_TOKEN || token_place(n, a) != LOG_AHEAD;
    if (here && !replicas_have(n, a)) {
        s->waiter = (struct waiter){.offset = a->offset, .needed = a->replicas};
        n->ack_wanted = true;
        return wait_add(a->kind == BLOCK_WAITAOF ? &n->aof_waits : &n->waits, &s->waiter);
    }
    s->local_wait = a->kind == BLOCK_TOKEN ? &n->token_waits : &n->local_waits;
    if (heap_insert(s->local_wait, a->offset, s)) return true;
    s->local_wait = NULL;
    return false;
}

static void leave(struct session *s)
{
    struct node *n = s->node;
    if (s->waiter.waiting)
        wait_remove(s->awaited.kind == BLOCK_WAITAOF ? &n->aof_waits : &n->waits, &s->waiter);
    if (s->local_wait) heap_remove(s->local_wait, s->waiter.index);
    s->local_wait = NULL;
}

bool block_await(struct session *s, const struct awaited *awaited, int64_t until_us)
{
    struct node *n = s->node;
    if (!block_for(s, awaited->kind)) return false;
    s->awaited = *awaited;
    bool stands = stand(s);
    if (stands && (until_us == INT64_MAX || heap_insert(&n->timeouts, until_us, s))) {
        s->block_until_us = until_us;
        return true;
    }
    leave(s);
    s->block = BLOCK_NONE;
    return false;
}

bool block_for(struct session *s, enum block_kind kind)
{
    if (!bytes_reserve(s->writer.out, ANSWER_MAX)) {
        s->writer.out->failed = false;
        return false;
    }
    s->block = kind;
    return true;
}

void block_cancel(struct session *s)
{
    struct node *n = s->node;
    if (s->block == BLOCK_NONE) return;
    if (s->block == BLOCK_MIGRATE) migration_caller_gone(s);
    leave(s);
    block_keys_forget(s);
    if (s->block_until_us != INT64_MAX) heap_remove(&n->timeouts, s->timeout_index);
    s->block = BLOCK_NONE;
    s->block_until_us = INT64_MAX;
}

void block_answered(struct session *s, size_t before)
{
    dispatch_answered(s, before);
    session_wake(s);
    session_resume(s);
}

static void wait_answer(struct session *s)
{
    size_t before = s->writer.out->size;
    block_cancel(s);
    awaited_reply(s, &s->awaited, &s->writer.reply);
    block_answered(s, before);
}

/* What it stood in line for is there: it is answered, or stands in line for the rest. Its place has been taken from it. */
static void wait_goes_on(struct session *s)
{
    if (awaited_is_there(s->node, &s->awaited) || !stand(s)) wait_answer(s);
}

static void wake_replicated(struct node *n, struct wait_set *waits)
{
    struct waiter *w;
    while ((w = wait_next_ready(waits, &n->feeds)) != NULL)
        wait_goes_on(list_item(w, struct session, waiter));
}

/* Those who wait for an offset of this node's own that it has reached. */
static void wake_local(struct heap *waits, int64_t reached)
{
    const struct heap_slot *first;
    while ((first = heap_top(waits)) != NULL && first->key <= reached) {
        struct session *s = first->item;
        leave(s);
        wait_goes_on(s);
    }
}

/* The history has another name: tokens mean something else. All are looked at, and those that still mean what may come go
 * back into line. */
static void reconsider_tokens(struct node *n)
{
    if (n->token_generation == n->log.generation) return;
    n->token_generation = n->log.generation;
    for (size_t i = n->token_waits.size; i-- > 0;) {
        struct session *s = heap_at(&n->token_waits, i)->item;
        if (token_place(n, &s->awaited) == LOG_AHEAD) continue;
        leave(s);
        wait_goes_on(s);
        i = n->token_waits.size; /* places have changed */
    }
}

void block_wake(struct node *n)
{
    if (n->waits.size > 0) wake_replicated(n, &n->waits);
    if (n->aof_waits.size > 0) wake_replicated(n, &n->aof_waits);
    if (n->local_waits.size > 0) wake_local(&n->local_waits, n->fsynced_offset);
    if (n->token_waits.size == 0) return;
    reconsider_tokens(n);
    wake_local(&n->token_waits, log_offset(&n->log));
}

/* Those who wait for keys have found nothing. */
static void keys_answer(struct session *s)
{
    size_t before = s->writer.out->size;
    block_cancel(s);
    reply_null_array(&s->writer.reply);
    block_answered(s, before);
}

static void time_is_up(struct session *s)
{
    if (s->block == BLOCK_KEYS)
        keys_answer(s);
    else
        wait_answer(s);
}

void block_time_out(struct node *n)
{
    const struct heap_slot *first;
    while ((first = heap_top(&n->timeouts)) != NULL && first->key <= n->now.mono_us) time_is_up(first->item);
}

static void block_failed(struct session *s, const char *error)
{
    size_t before = s->writer.out->size;
    block_cancel(s);
    reply_error(&s->writer.reply, error);
    stats_failed(s->node, s->last_command, &s->writer.reply);
    block_answered(s, before);
}

void block_answer(struct session *s, const char *error)
{
    size_t before = s->writer.out->size;
    if (error) {
        block_failed(s, error);
        return;
    }
    block_cancel(s);
    reply_ok(&s->writer.reply);
    block_answered(s, before);
}

void block_end(struct session *s, const char *error)
{
    if (error)
        block_failed(s, error);
    else
        time_is_up(s);
}

void block_fail_all(struct node *n, const char *error)
{
    list_each_safe(link, &n->sessions)
    {
        struct session *s = list_item(link, struct session, link);
        if (s->block != BLOCK_KEYS) continue;
        block_failed(s, error);
        if (s->kind == SESSION_CLIENT) session_close_after_reply(s); /* as Redis does */
    }
    struct waiter *w;
    while ((w = wait_any(&n->waits)) != NULL || (w = wait_any(&n->aof_waits)) != NULL)
        block_failed(list_item(w, struct session, waiter), error);
    const struct heap_slot *first;
    while ((first = heap_top(&n->local_waits)) != NULL) block_failed(first->item, error);
}
