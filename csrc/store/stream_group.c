/* stream_group.c: consumer groups: their consumers, and the deliveries that wait to be acknowledged.
 *
 * A delivery stands in two trees, its group's and its consumer's. Groups and consumers are kept in arrays in the order
 * of their names: there are few of them, they come and go rarely, and XINFO lists them in that order.
 */
#include "store/stream.h"

enum { NAMES_FIRST_ROOM = 2 };

/* ---- names ---- */

/* The place of a name, or the one where it belongs. */
static uint32_t names_place(const struct stream_names *names, struct slice name, bool *found)
{
    uint32_t low = 0, high = names->count;
    *found = false;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = slice_compare(*names->items[middle], name);
        if (order == 0) *found = true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void *names_find(const struct stream_names *names, struct slice name)
{
    bool found;
    uint32_t place = names_place(names, name, &found);
    return found ? names->items[place] : NULL;
}

static size_t names_bytes(const struct stream_names *names) { return names->room * sizeof *names->items; }

/* Room for one more. */
static bool names_reserve(struct memory *m, struct stream_names *names)
{
    if (names->count < names->room) return true;
    if (names->room > UINT32_MAX / 2) return false;
    uint32_t room = names->room > 0 ? 2 * names->room : NAMES_FIRST_ROOM;
    struct slice **items = memory_resize(m, names->items, names_bytes(names), room * sizeof *items);
    if (!items) return false;
    names->items = items;
    names->room = room;
    return true;
}

/* Takes in a name that is not there; there is room. */
static void names_insert(struct stream_names *names, struct slice *item)
{
    bool found;
    uint32_t place = names_place(names, *item, &found);
    memmove(&names->items[place + 1], &names->items[place], (names->count - place) * sizeof *names->items);
    names->items[place] = item;
    names->count++;
}

static void names_remove(struct memory *m, struct stream_names *names, const struct slice *item)
{
    bool found;
    uint32_t place = names_place(names, *item, &found);
    names->count--;
    memmove(&names->items[place], &names->items[place + 1], (names->count - place) * sizeof *names->items);
    if (names->count > 0) return;
    memory_free(m, names->items, names_bytes(names));
    *names = (struct stream_names){0};
}

/* ---- groups ---- */

struct stream_group *stream_group_find(const struct stream *s, struct slice name)
{
    return names_find(&s->groups, name);
}

struct stream_group *stream_group_at(const struct stream *s, size_t index)
{
    return (struct stream_group *)s->groups.items[index];
}

static size_t group_bytes(size_t name_size) { return sizeof(struct stream_group) + name_size; }

struct stream_group *stream_group_make(struct memory *m, struct stream *s, struct slice name,
                                       struct stream_id last_id, int64_t entries_read)
{
    struct stream_group *g = memory_alloc(m, group_bytes(name.size));
    if (!g) return NULL;
    if (!names_reserve(m, &s->groups)) {
        memory_free(m, g, group_bytes(name.size));
        return NULL;
    }
    *g = (struct stream_group){
        .name = slice_of(g->text, name.size), .last_id = last_id, .entries_read = entries_read};
    if (name.size > 0) memcpy(g->text, name.data, name.size);
    names_insert(&s->groups, &g->name);
    return g;
}

static size_t consumer_bytes(size_t name_size) { return sizeof(struct stream_consumer) + name_size; }

static void consumer_free(struct memory *m, struct stream_group *g, struct stream_consumer *c)
{
    tree_free(&c->pending, m);
    names_remove(m, &g->consumers, &c->name);
    memory_free(m, c, consumer_bytes(c->name.size));
}

void stream_group_remove(struct memory *m, struct stream *s, struct stream_group *g)
{
    struct tree_cursor at = tree_first(&g->pending);
    for (; tree_is_somewhere(at); at = tree_next(at))
        memory_free(m, stream_pending_at(at), sizeof(struct stream_pending));
    tree_free(&g->pending, m);
    while (g->consumers.count > 0) consumer_free(m, g, stream_consumer_at(g, g->consumers.count - 1));
    names_remove(m, &s->groups, &g->name);
    memory_free(m, g, group_bytes(g->name.size));
}

/* ---- consumers ---- */

struct stream_consumer *stream_consumer_find(const struct stream_group *g, struct slice name)
{
    return names_find(&g->consumers, name);
}

struct stream_consumer *stream_consumer_at(const struct stream_group *g, size_t index)
{
    return (struct stream_consumer *)g->consumers.items[index];
}

struct stream_consumer *stream_consumer_make(struct memory *m, struct stream_group *g, struct slice name,
                                             int64_t seen_ms)
{
    struct stream_consumer *c = memory_alloc(m, consumer_bytes(name.size));
    if (!c) return NULL;
    if (!names_reserve(m, &g->consumers)) {
        memory_free(m, c, consumer_bytes(name.size));
        return NULL;
    }
    *c = (struct stream_consumer){.name = slice_of(c->text, name.size), .seen_ms = seen_ms};
    if (name.size > 0) memcpy(c->text, name.data, name.size);
    names_insert(&g->consumers, &c->name);
    return c;
}

void stream_consumer_remove(struct memory *m, struct stream_group *g, struct stream_consumer *c)
{
    while (c->pending.size > 0) stream_pending_remove(m, g, stream_pending_at(tree_last(&c->pending)));
    consumer_free(m, g, c);
}

/* ---- deliveries ---- */

struct stream_pending *stream_pending_find(const struct stream_group *g, struct stream_id id)
{
    return tree_find(&g->pending, stream_key(id));
}

struct stream_pending *stream_pending_make(struct memory *m, struct stream_group *g,
                                           struct stream_consumer *c, struct stream_id id,
                                           int64_t delivered_ms, uint64_t deliveries)
{
    struct stream_pending *p = memory_alloc(m, sizeof *p);
    if (!p) return NULL;
    *p = (struct stream_pending){id, delivered_ms, deliveries, c};
    if (tree_insert(&g->pending, m, stream_key(id), p)) {
        if (!c || tree_insert(&c->pending, m, stream_key(id), p)) return p;
        tree_remove(&g->pending, m, stream_key(id));
    }
    memory_free(m, p, sizeof *p);
    return NULL;
}

bool stream_pending_give(struct memory *m, struct stream_pending *p, struct stream_consumer *c)
{
    if (p->consumer == c) return true;
    if (!tree_insert(&c->pending, m, stream_key(p->id), p)) return false;
    if (p->consumer) tree_remove(&p->consumer->pending, m, stream_key(p->id));
    p->consumer = c;
    return true;
}

void stream_pending_remove(struct memory *m, struct stream_group *g, struct stream_pending *p)
{
    tree_remove(&g->pending, m, stream_key(p->id));
    if (p->consumer) tree_remove(&p->consumer->pending, m, stream_key(p->id));
    memory_free(m, p, sizeof *p);
}

size_t stream_groups_memory(const struct stream *s)
{
    size_t bytes = names_bytes(&s->groups);
    for (size_t i = 0; i < s->groups.count; i++) {
        const struct stream_group *g = stream_group_at(s, i);
        bytes += group_bytes(g->name.size) + names_bytes(&g->consumers) + g->pending.bytes +
                 g->pending.size * sizeof(struct stream_pending);
        for (size_t k = 0; k < g->consumers.count; k++) {
            const struct stream_consumer *c = stream_consumer_at(g, k);
            bytes += consumer_bytes(c->name.size) + c->pending.bytes;
        }
    }
    return bytes;
}

/* ---- how far a group has come ---- */

static bool is_zero(struct stream_id id) { return id.ms == 0 && id.seq == 0; }

bool stream_has_tombstones(const struct stream *s, struct stream_id from)
{
    if (s->length == 0 || is_zero(s->max_deleted_id)) return false;
    if (stream_id_compare(s->first_id, s->max_deleted_id) > 0) return false;
    return stream_id_compare(from, s->max_deleted_id) <= 0;
}

int64_t stream_entries_up_to(const struct stream *s, struct stream_id id)
{
    int last = stream_id_compare(id, s->last_id), first = stream_id_compare(id, s->first_id);
    if (s->entries_added > INT64_MAX) return -1;
    int64_t added = (int64_t)s->entries_added, before = added - (int64_t)s->length;
    if (added == 0) return 0;
    if (s->length == 0 && last < 1) return added;
    if (last == 0) return added;
    if (last > 0) return -1;
    /* between the ends only what nobody punched holes into can be counted */
    if (!is_zero(s->max_deleted_id) && stream_id_compare(s->max_deleted_id, s->first_id) >= 0) return -1;
    if (first < 0) return before;
    return first == 0 ? before + 1 : -1;
}

bool stream_group_lag(const struct stream *s, const struct stream_group *g, int64_t *lag)
{
    int64_t read = g->entries_read;
    *lag = 0;
    if (s->entries_added == 0) return true;
    if (read < 0 || stream_has_tombstones(s, g->last_id)) read = stream_entries_up_to(s, g->last_id);
    *lag = (int64_t)(s->entries_added - (uint64_t)read);
    return read >= 0;
}
