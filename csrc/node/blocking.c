/* blocking.c: sessions that wait: WAIT's waiters, their time-outs, and how they are answered.
 *
 * A blocked session executes nothing more; its further requests stay in its input and are executed once it has been
 * answered. Acknowledgements only note that something moved; who is ready is worked out once at the end of the turn
 * (block_wake), however many acknowledgements came in. Whoever has been answered goes on when all have been, and never
 * within the command that let it go (CLIENT UNBLOCK, REPLICAOF).
 */
#include "node/internal.h"

/* Room for the longest answer, asked for before it is due: who waits for it must get it. */
enum { ANSWER_MAX = 160 };

bool block_wait(struct session *s, int64_t offset, int needed, int64_t until_us)
{
    struct node *n = s->node;
    if (!bytes_reserve(s->writer.out, ANSWER_MAX)) {
        s->writer.out->failed = false;
        return false;
    }
    s->waiter = (struct waiter){.offset = offset, .needed = needed};
    if (!wait_add(&n->waits, &s->waiter)) return false;
    if (until_us != INT64_MAX && !heap_insert(&n->timeouts, until_us, s)) {
        wait_remove(&n->waits, &s->waiter);
        return false;
    }
    s->block = BLOCK_WAIT;
    s->block_until_us = until_us;
    n->ack_wanted = true;
    return true;
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
    if (s->waiter.waiting) wait_remove(&n->waits, &s->waiter);
    if (s->block_until_us != INT64_MAX) heap_remove(&n->timeouts, s->timeout_index);
    s->block = BLOCK_NONE;
    s->block_until_us = INT64_MAX;
}

/* The answer has been written to the session's own writer, whose buffer had this size before: lets it go on. */
static void block_answered(struct session *s, size_t before)
{
    dispatch_answered(s, before);
    session_wake(s);
    session_resume(s);
}

static void wait_answer(struct session *s)
{
    struct node *n = s->node;
    int64_t offset = s->waiter.offset;
    size_t before = s->writer.out->size;
    int count = feeds_acknowledged(&n->feeds, offset);
    block_cancel(s);
    trail_waited(s, count);
    reply_integer(&s->writer.reply, count);
    block_answered(s, before);
}

void block_wake(struct node *n)
{
    if (n->waits.size == 0) return;
    struct waiter *w;
    while ((w = wait_next_ready(&n->waits, &n->feeds)) != NULL)
        wait_answer(list_item(w, struct session, waiter));
}

void block_time_out(struct node *n)
{
    const struct heap_slot *first;
    while ((first = heap_top(&n->timeouts)) != NULL && first->key <= n->now.mono_us) wait_answer(first->item);
}

static void block_failed(struct session *s, const char *error)
{
    size_t before = s->writer.out->size;
    block_cancel(s);
    reply_error(&s->writer.reply, error);
    stats_error(s->node, &s->writer.reply, 1);
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
        wait_answer(s);
}

void block_fail_all(struct node *n, const char *error)
{
    struct waiter *w;
    while ((w = wait_any(&n->waits)) != NULL) block_failed(list_item(w, struct session, waiter), error);
}
