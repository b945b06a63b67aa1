/* wait.c: waiters in one heap per number of replicas needed.
 *
 * The k-th largest acknowledged offset is never computed while a thousand waiters are taken out one after the other:
 * the set remembers, for the group it is emptying, up to which offset it may go (`reached`), and the feeds count a
 * version up whenever that could have changed.
 *
 * SPDX-License-Identifier: MIT */
#include "replication/wait.h"

enum { WANTED_UNKNOWN = -2, GROUPS_MIN = 4 };

struct wait_group {
    int needed;
    struct heap heap;
    int64_t reached;  /* the offset that `needed` replicas have, -1: less than the first waiter's; as of: */
    uint64_t version; /* the feeds' version it was found at; 0: find it out again */
};

static void moved(void *item, size_t index) { ((struct waiter *)item)->index = index; }

void wait_init(struct wait_set *ws, struct memory *m, bool fsynced)
{
    *ws = (struct wait_set){.memory = m, .wanted = -1, .fsynced = fsynced};
}

void wait_free(struct wait_set *ws)
{
    for (size_t i = 0; i < ws->group_count; i++) heap_free(&ws->groups[i].heap);
    memory_free(ws->memory, ws->groups, ws->group_capacity * sizeof *ws->groups);
    wait_init(ws, ws->memory, ws->fsynced);
}

/* ---- groups --------------------------------------------------------------------------------------------------- */

/* Where the group for `needed` is or belongs. */
static size_t find_group(const struct wait_set *ws, int needed)
{
    size_t low = 0, high = ws->group_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ws->groups[middle].needed < needed)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool grow_groups(struct wait_set *ws)
{
    size_t capacity = ws->group_capacity ? 2 * ws->group_capacity : GROUPS_MIN;
    struct wait_group *groups =
        memory_resize(ws->memory, ws->groups, ws->group_capacity * sizeof *groups, capacity * sizeof *groups);
    if (!groups) return false;
    ws->groups = groups;
    ws->group_capacity = capacity;
    return true;
}

static struct wait_group *group_for(struct wait_set *ws, int needed)
{
    size_t at = find_group(ws, needed);
    if (at < ws->group_count && ws->groups[at].needed == needed) return &ws->groups[at];
    if (ws->group_count == ws->group_capacity && !grow_groups(ws)) return NULL;
    struct wait_group *group = &ws->groups[at];
    memmove(group + 1, group, (ws->group_count - at) * sizeof *group);
    ws->group_count++;
    *group = (struct wait_group){.needed = needed};
    heap_init(&group->heap, ws->memory, moved);
    return group;
}

static void drop_if_empty(struct wait_set *ws, struct wait_group *group)
{
    if (group->heap.size > 0) return;
    heap_free(&group->heap);
    size_t after = (size_t)(ws->groups + ws->group_count - (group + 1));
    memmove(group, group + 1, after * sizeof *group);
    ws->group_count--;
}

/* ---- waiters -------------------------------------------------------------------------------------------------- */

bool wait_add(struct wait_set *ws, struct waiter *w)
{
    struct wait_group *group = group_for(ws, w->needed);
    if (!group) return false;
    if (!heap_insert(&group->heap, w->offset, w)) {
        drop_if_empty(ws, group);
        return false;
    }
    if (w->index == 0) group->version = 0;
    w->waiting = true;
    ws->size++;
    if (ws->wanted != WANTED_UNKNOWN && w->offset > ws->wanted) ws->wanted = w->offset;
    return true;
}

static struct waiter *take(struct wait_set *ws, struct wait_group *group, size_t index)
{
    struct waiter *w = heap_remove(&group->heap, index);
    w->waiting = false;
    ws->size--;
    if (ws->size == 0)
        ws->wanted = -1;
    else if (w->offset == ws->wanted)
        ws->wanted = WANTED_UNKNOWN;
    drop_if_empty(ws, group);
    return w;
}

void wait_remove(struct wait_set *ws, struct waiter *w)
{
    if (w->waiting) take(ws, &ws->groups[find_group(ws, w->needed)], w->index);
}

struct waiter *wait_any(struct wait_set *ws)
{
    return ws->group_count > 0 ? take(ws, &ws->groups[0], 0) : NULL;
}

int64_t wait_wanted(struct wait_set *ws)
{
    if (ws->wanted != WANTED_UNKNOWN) return ws->wanted;
    ws->wanted = -1;
    for (size_t g = 0; g < ws->group_count; g++) {
        const struct heap *heap = &ws->groups[g].heap;
        for (size_t i = 0; i < heap->size; i++) {
            int64_t offset = heap_at(heap, i)->key;
            if (offset > ws->wanted) ws->wanted = offset;
        }
    }
    return ws->wanted;
}

static int acknowledged(const struct wait_set *ws, const struct feeds *fs, int64_t offset)
{
    return ws->fsynced ? feeds_fsynced(fs, offset) : feeds_acknowledged(fs, offset);
}

/* The largest offset that `needed` feeds have acknowledged, given that they have acknowledged `low`. Found by halving
 * the distance to the log's end, so without memory for sorting. */
static int64_t find_reached(const struct wait_set *ws, const struct feeds *fs, int needed, int64_t low)
{
    int64_t high = log_offset(fs->log);
    while (low < high) {
        int64_t middle = high - (high - low) / 2;
        if (acknowledged(ws, fs, middle) >= needed)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static bool top_is_ready(const struct wait_set *ws, struct wait_group *group, const struct feeds *fs)
{
    int64_t offset = heap_top(&group->heap)->key;
    if (group->needed <= 0) return true;
    if (group->version != fs->version) {
        bool ready = acknowledged(ws, fs, offset) >= group->needed;
        group->reached = ready ? find_reached(ws, fs, group->needed, offset) : -1;
        group->version = fs->version;
    }
    return offset <= group->reached;
}

struct waiter *wait_next_ready(struct wait_set *ws, const struct feeds *fs)
{
    for (size_t i = 0; i < ws->group_count && ws->groups[i].needed <= fs->count; i++) {
        struct wait_group *group = &ws->groups[i];
        if (top_is_ready(ws, group, fs)) return take(ws, group, 0);
    }
    return NULL;
}
