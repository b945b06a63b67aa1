/* check_history.c: histories: what an author's data was at each offset, and who descends from whom. */
#include "world/check_internal.h"

/* Marks kept per history: 6 MiB of them. Of a longer history the older half is forgotten; a replica that is still
 * further behind than that is not compared. */
enum { MARKS_MIN = 64, MARKS_MAX = 1 << 18 };

struct check_history *check_history_find(struct check *k, const char *id)
{
    return dict_find(&k->histories, slice_text(id));
}

struct check_history *check_history_make(struct check *k, const char *id, struct check_history *parent,
                                         int64_t fork)
{
    struct check_history *h = memory_alloc_zero(k->memory, sizeof *h);
    if (!h) return NULL;
    memcpy(h->id, id, sizeof h->id - 1);
    h->parent = parent;
    h->fork = parent ? fork : -1;
    if (!dict_insert(&k->histories, h)) {
        memory_free(k->memory, h, sizeof *h);
        return NULL;
    }
    list_init(&h->member);
    list_push(&k->all, &h->member);
    k->counts.histories++;
    return h;
}

void check_history_free(struct check *k, struct check_history *h)
{
    list_remove(&h->member);
    memory_free(k->memory, h->marks, h->capacity * sizeof *h->marks);
    memory_free(k->memory, h, sizeof *h);
}

struct check_history *check_history_at(struct check_history *h, int64_t offset)
{
    while (h->parent && offset <= h->fork) h = h->parent;
    return h;
}

static void forget_half(struct check_history *h)
{
    size_t half = h->count / 2;
    memmove(h->marks, h->marks + half, (h->count - half) * sizeof *h->marks);
    h->count -= half;
    h->dropped += (int64_t)half;
}

bool check_history_add(struct check *k, struct check_history *h, int64_t offset, struct digest digest)
{
    if (h->count == MARKS_MAX) forget_half(h);
    if (h->count == h->capacity) {
        size_t capacity = h->capacity == 0 ? MARKS_MIN : h->capacity * 2;
        struct check_mark *marks =
            memory_resize(k->memory, h->marks, h->capacity * sizeof *marks, capacity * sizeof *marks);
        if (!marks) return false;
        h->marks = marks;
        h->capacity = capacity;
    }
    h->marks[h->count++] = (struct check_mark){offset, digest};
    return true;
}

/* The index of the last mark at or before `offset` by halving; there is one. */
static size_t search(const struct check_history *h, int64_t offset)
{
    size_t low = 0, high = h->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (h->marks[middle].offset <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

const struct check_mark *check_history_mark(struct check_history *h, struct check_place *p, int64_t offset)
{
    if (h->count == 0 || h->marks[0].offset > offset) return NULL;
    int64_t index = p->cursor_history == h ? (int64_t)p->cursor - h->dropped : -1;
    if (index < 0 || index >= (int64_t)h->count || h->marks[index].offset > offset) {
        index = (int64_t)search(h, offset);
    } else {
        while (index + 1 < (int64_t)h->count && h->marks[index + 1].offset <= offset) index++;
    }
    p->cursor_history = h;
    p->cursor = (size_t)(index + h->dropped);
    return &h->marks[index];
}

bool check_history_contains(const struct check_history *h, int64_t offset, struct check_history *wanted,
                            int64_t wanted_offset)
{
    wanted = check_history_at(wanted, wanted_offset);
    for (; h && h != wanted; h = h->parent)
        if (offset > h->fork) offset = h->fork;
    return h != NULL && offset >= wanted_offset;
}
