/* sim_events.c: the heap of events: 4-ary, of whole events, ordered by (time, order of making).
 *
 * Not base/heap: there equal keys come out in any order, here none are equal. Events are 24 bytes and lie in the heap
 * themselves, so that taking the next one touches nothing else. An event is never taken out before its time: who no
 * longer waits for it has forgotten its order, and it is dropped when it comes up.
 */
#include "world/sim.h"

enum { EVENTS_MIN = 64, CHILDREN = 4 };

void sim_events_init(struct sim_events *es, struct memory *m) { *es = (struct sim_events){.memory = m}; }

void sim_events_finish(struct sim_events *es)
{
    memory_free(es->memory, es->heap, es->capacity * sizeof *es->heap);
    sim_events_init(es, es->memory);
}

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

static inline bool before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static uint64_t add(struct sim_events *es, struct sim_event e)
{
    if (!grow(es)) return 0;
    size_t index = es->count++;
    while (index > 0) {
        size_t parent = (index - 1) / CHILDREN;
        if (!before(&e, &es->heap[parent])) break;
        es->heap[index] = es->heap[parent];
        index = parent;
    }
    es->heap[index] = e;
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

void sim_events_drop_first(struct sim_events *es)
{
    struct sim_event last = es->heap[--es->count];
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
}
