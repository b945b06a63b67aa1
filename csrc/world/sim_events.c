/* sim_events.c: the events to come, ordered by (time, order of making): the next few in a row, the others in a 4-ary heap.
 *
 *      near    the next ones, sorted, the very next at the end         at most SIM_EVENTS_NEAR
 *      heap    what comes after all of those
 *
 * A small world has a dozen events to come, and then the heap is empty: a new event is put in its place among a few, and
 * the next one is taken off the end. In a large world most new events are far away and go into the heap, from which the
 * row is filled again, half of it at a time, when it is empty.
 *
 * Not base/heap: there equal keys come out in any order, here none are equal. An event is never taken out before its
 * time: who no longer waits for it has forgotten its order, and it is dropped when it comes up.
 */
#include "world/sim.h"

enum { EVENTS_MIN = 64, CHILDREN = 4 };

void sim_events_init(struct sim_events *es, struct memory *m) { *es = (struct sim_events){.memory = m}; }

void sim_events_finish(struct sim_events *es)
{
    memory_free(es->memory, es->heap, es->capacity * sizeof *es->heap);
    sim_events_init(es, es->memory);
}

static inline bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

/* ---- the heap ---- */

static bool grow(struct sim_events *es)
{
    if (es->count < es->capacity) return true;
    size_t capacity = es->capacity == 0 ? EVENTS_MIN : es->capacity * 2;
    struct sim_event *heap =
        memory_resize(es->memory, es->heap, es->capacity * sizeof *heap, capacity * sizeof *heap);
    if (!heap) return false;
    es->heap = heap;
    es->capacity = capacity;
    return true;
}

static bool heap_add(struct sim_events *es, struct sim_event e)
{
    if (!grow(es)) return false;
    size_t index = es->count++;
    while (index > 0) {
        size_t parent = (index - 1) / CHILDREN;
        if (!before(&e, &es->heap[parent])) break;
        es->heap[index] = es->heap[parent];
        index = parent;
    }
    es->heap[index] = e;
    return true;
}

static struct sim_event heap_take(struct sim_events *es)
{
    struct sim_event first_event = es->heap[0], last = es->heap[--es->count];
    size_t index = 0;
    for (;;) {
        size_t first = index * CHILDREN + 1, end = first + CHILDREN;
        if (end > es->count) end = es->count;
        if (first >= end) break;
        size_t least = first;
        for (size_t i = first + 1; i < end; i++)
            if (before(&es->heap[i], &es->heap[least])) least = i;
        if (!before(&es->heap[least], &last)) break;
        es->heap[index] = es->heap[least];
        index = least;
    }
    es->heap[index] = last;
    return first_event;
}

/* ---- the row ---- */

/* Whether an event comes before all in the heap. */
static bool is_near(const struct sim_events *es, const struct sim_event *e)
{
    return es->count == 0 || before(e, &es->heap[0]);
}

static uint64_t add(struct sim_events *es, struct sim_event e)
{
    if (!is_near(es, &e)) return heap_add(es, e) ? e.order : 0;
    if (es->near_count == SIM_EVENTS_NEAR) {
        /* the last one of the row, or this one, is the first of the heap now */
        if (before(&es->near[0], &e)) return heap_add(es, e) ? e.order : 0;
        if (!heap_add(es, es->near[0])) return 0;
        memmove(&es->near[0], &es->near[1], --es->near_count * sizeof e);
    }
    size_t place = es->near_count++;
    for (; place > 0 && before(&es->near[place - 1], &e); place--) es->near[place] = es->near[place - 1];
    es->near[place] = e;
    return e.order;
}

uint64_t sim_events_add(struct sim_events *es, int64_t at, enum sim_event_kind kind, void *target)
{
    return add(es, (struct sim_event){at, ++es->made << 8 | (uint64_t)kind, {.pointer = target}});
}

uint64_t sim_events_add_ticket(struct sim_events *es, int64_t at, int64_t ticket)
{
    return add(es, (struct sim_event){at, ++es->made << 8 | (uint64_t)SIM_TIMER, {.ticket = ticket}});
}

void sim_events_refill(struct sim_events *es)
{
    size_t wanted = es->count < SIM_EVENTS_NEAR / 2 ? es->count : SIM_EVENTS_NEAR / 2;
    for (size_t i = wanted; i > 0; i--) es->near[i - 1] = heap_take(es);
    es->near_count = wanted;
}
