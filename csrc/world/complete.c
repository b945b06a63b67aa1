/* complete.c: tickets, and the queue of completions that world_next hands out.
 *
 * Whoever starts something reserves room for its completion first. So a completion can always be queued, and running
 * out of memory shows where something is begun, never where it ends (only a reply's bytes may be lost; the completion
 * then says so).
 *
 * The bytes of queued completions lie one behind the other in one buffer, which is emptied when all of them have been
 * handed out: at the next world_next or world_step, since the last one's bytes are still being read.
 *
 * Cancelled tickets stand in a small hash set until what they belong to ends. The set is empty in most runs, so that
 * asking it costs one comparison.
 */
#include <stdio.h>

#include "world/world_internal.h"

enum { QUEUE_MIN = 16, CANCELLED_MIN = 16 };

/* ---- cancelled tickets ---- */

static size_t cancelled_home(const struct world_queue *q, int64_t ticket)
{
    uint64_t mixed = (uint64_t)ticket * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(mixed >> 32) & (q->cancelled_capacity - 1);
}

/* The slot of `ticket`, or the free one where it would be put. The set is never full. */
static size_t cancelled_slot(const struct world_queue *q, int64_t ticket)
{
    size_t slot = cancelled_home(q, ticket);
    while (q->cancelled[slot] != 0 && q->cancelled[slot] != ticket)
        slot = (slot + 1) & (q->cancelled_capacity - 1);
    return slot;
}

bool world_ticket_cancelled(const struct world *w, int64_t ticket)
{
    const struct world_queue *q = &w->queue;
    return q->cancelled_count > 0 && q->cancelled[cancelled_slot(q, ticket)] == ticket;
}

static bool cancelled_grow(struct world *w)
{
    struct world_queue *q = &w->queue;
    struct world_queue old = *q;
    if (old.cancelled_count * 2 < old.cancelled_capacity) return true;
    size_t capacity = old.cancelled_capacity == 0 ? CANCELLED_MIN : old.cancelled_capacity * 2;
    int64_t *slots = memory_alloc_zero(&w->memory, capacity * sizeof *slots);
    if (!slots) return false;
    q->cancelled = slots;
    q->cancelled_capacity = capacity;
    for (size_t i = 0; i < old.cancelled_capacity; i++)
        if (old.cancelled[i] != 0) slots[cancelled_slot(q, old.cancelled[i])] = old.cancelled[i];
    memory_free(&w->memory, old.cancelled, old.cancelled_capacity * sizeof *old.cancelled);
    return true;
}

/* Takes `ticket` out, true if it was there. Those behind it move up, so that no search stops too early. */
static bool cancelled_take(struct world_queue *q, int64_t ticket)
{
    if (q->cancelled_count == 0) return false;
    size_t hole = cancelled_slot(q, ticket);
    if (q->cancelled[hole] != ticket) return false;
    size_t mask = q->cancelled_capacity - 1;
    for (size_t i = (hole + 1) & mask; q->cancelled[i] != 0; i = (i + 1) & mask) {
        size_t home = cancelled_home(q, q->cancelled[i]);
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        q->cancelled[hole] = q->cancelled[i];
        hole = i;
    }
    q->cancelled[hole] = 0;
    q->cancelled_count--;
    return true;
}

/* ---- the queue ---- */

static struct world_queue_entry *queue_at(const struct world_queue *q, size_t index)
{
    return &q->entries[(q->first + index) & (q->capacity - 1)];
}

bool world_ticket_reserve(struct world *w)
{
    struct world_queue *q = &w->queue;
    if (q->count + q->outstanding == q->capacity) {
        size_t capacity = q->capacity == 0 ? QUEUE_MIN : q->capacity * 2;
        struct world_queue_entry *entries = memory_alloc(&w->memory, capacity * sizeof *entries);
        if (!entries) return false;
        for (size_t i = 0; i < q->count; i++) entries[i] = *queue_at(q, i);
        memory_free(&w->memory, q->entries, q->capacity * sizeof *entries);
        q->entries = entries;
        q->capacity = capacity;
        q->first = 0;
    }
    q->outstanding++;
    return true;
}

/* The entry for a reserved ticket, at the end of the queue; NULL when the ticket has been cancelled. */
static struct world_queue_entry *queue_push(struct world *w, int64_t ticket, enum world_completion_kind kind)
{
    struct world_queue *q = &w->queue;
    q->outstanding--;
    if (cancelled_take(q, ticket)) return NULL;
    struct world_queue_entry *e = queue_at(q, q->count++);
    *e = (struct world_queue_entry){.ticket = ticket, .kind = kind, .start = q->data.size};
    return e;
}

void world_complete_timer(struct world *w, int64_t ticket) { queue_push(w, ticket, COMPLETION_TIMER); }

static void set_failed(struct world_queue_entry *e, const char *text)
{
    e->kind = COMPLETION_FAILED;
    e->text = text;
}

void world_complete_reply(struct world *w, int64_t ticket, struct slice reply)
{
    struct world_queue_entry *e = queue_push(w, ticket, COMPLETION_REPLY);
    if (!e) return;
    e->sent = true;
    e->size = reply.size;
    if (!bytes_append_slice(&w->queue.data, reply)) {
        w->queue.data.failed = false;
        set_failed(e, "OOM out of memory: the reply is lost");
    }
}

void world_complete_failed(struct world *w, int64_t ticket, bool sent, const char *format, ...)
{
    struct world_queue_entry *e = queue_push(w, ticket, COMPLETION_FAILED);
    if (!e) return;
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    e->sent = sent;
    e->size = strlen(text);
    if (!bytes_append(&w->queue.data, text, e->size + 1)) {
        w->queue.data.failed = false;
        set_failed(e, "OOM out of memory");
    }
}

bool world_next(struct world *w, struct world_completion *completion)
{
    struct world_queue *q = &w->queue;
    if (q->count == 0) {
        bytes_clear(&q->data);
        return false;
    }
    const struct world_queue_entry *e = queue_at(q, 0);
    *completion = (struct world_completion){.ticket = e->ticket, .kind = e->kind, .sent = e->sent};
    if (e->kind == COMPLETION_REPLY) completion->data = slice_of(q->data.data + e->start, e->size);
    if (e->kind == COMPLETION_FAILED) completion->error = e->text ? e->text : q->data.data + e->start;
    q->first = (q->first + 1) & (q->capacity - 1);
    q->count--;
    return true;
}

/* Forgets a completion that is already in the queue. */
static bool queue_remove(struct world_queue *q, int64_t ticket)
{
    for (size_t i = 0; i < q->count; i++) {
        if (queue_at(q, i)->ticket != ticket) continue;
        for (; i + 1 < q->count; i++) *queue_at(q, i) = *queue_at(q, i + 1);
        q->count--;
        return true;
    }
    return false;
}

void world_cancel(struct world *w, int64_t ticket)
{
    struct world_queue *q = &w->queue;
    if (ticket <= 0 || queue_remove(q, ticket) || q->outstanding == 0) return;
    if (!cancelled_grow(w)) return;
    size_t slot = cancelled_slot(q, ticket);
    if (q->cancelled[slot] == ticket) return;
    q->cancelled[slot] = ticket;
    q->cancelled_count++;
}

void world_queue_free(struct world *w)
{
    struct world_queue *q = &w->queue;
    memory_free(&w->memory, q->entries, q->capacity * sizeof *q->entries);
    memory_free(&w->memory, q->cancelled, q->cancelled_capacity * sizeof *q->cancelled);
    bytes_free(&q->data);
}
