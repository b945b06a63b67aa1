/* stream.c: a stream's life, and its entries coming and going.
 *
 * A node at the end has room to grow; when the next one is begun it gives back what it did not need. Deleting
 * marks an entry, in place; the node goes with its last entry. Both are Redis's ways, and so is trimming: whole nodes
 * go first, and within the last one entries are marked.
 */
#include "store/digest.h"
#include "store/edit.h"
#include "store/stream_node.h"

bool stream_id_increment(struct stream_id *id)
{
    if (id->seq < UINT64_MAX) {
        id->seq++;
    } else {
        if (id->ms == UINT64_MAX) return false;
        *id = (struct stream_id){id->ms + 1, 0};
    }
    return true;
}

bool stream_id_decrement(struct stream_id *id)
{
    if (id->seq > 0) {
        id->seq--;
    } else {
        if (id->ms == 0) return false;
        *id = (struct stream_id){id->ms - 1, UINT64_MAX};
    }
    return true;
}

/* ---- nodes of a stream ---- */

static struct stream_node *node_at(struct tree_cursor c) { return tree_cursor_item(c); }

static struct stream_node *last_node(const struct stream *s)
{
    struct tree_cursor c = tree_last(&s->nodes);
    return tree_is_somewhere(c) ? node_at(c) : NULL;
}

/* The entries of a node are about to go. */
static void subtract_node(struct stream *s, const struct stream_node *n)
{
    struct stream_place p;
    struct stream_id prev = n->base;
    for (uint32_t at = n->entries_at; s->summed && at < n->size; at = p.next, prev = p.id) {
        stream_node_read(n, at, prev, &p);
        if (!p.deleted) digest_subtract(&s->sum, stream_entry_digest(p.entry));
    }
}

static void mark_deleted(struct stream *s, struct stream_node *n, const struct stream_place *p)
{
    if (s->summed) digest_subtract(&s->sum, stream_entry_digest(p->entry));
    stream_node_delete(n, p);
    s->length--;
}

static void drop_node(struct memory *m, struct stream *s, struct stream_node *n)
{
    tree_remove(&s->nodes, m, stream_key(n->base));
    s->node_bytes -= stream_node_memory(n);
    stream_node_free(m, n);
}

/* The last node moved, or changed its size. */
static void note_last(struct stream *s, struct stream_node *n, size_t old_memory)
{
    s->node_bytes += stream_node_memory(n) - old_memory;
    tree_cursor_replace(tree_last(&s->nodes), n);
}

static struct stream_node *begin_node(struct memory *m, struct stream *s, struct stream_id base,
                                      const struct slice *names, size_t name_count, size_t step)
{
    struct stream_node *full = last_node(s);
    struct stream_node *n = stream_node_new(m, base, names, name_count, step);
    if (!n) return NULL;
    if (!tree_insert(&s->nodes, m, stream_key(base), n)) {
        stream_node_free(m, n);
        return NULL;
    }
    s->node_bytes += stream_node_memory(n);
    if (!full) return n;
    size_t old_memory = stream_node_memory(full);
    struct stream_node *fitted = stream_node_fit(m, full);
    s->node_bytes += stream_node_memory(fitted) - old_memory;
    tree_cursor_replace(tree_prev(tree_last(&s->nodes)), fitted);
    return n;
}

/* ---- life ---- */

struct stream *stream_new(struct memory *m)
{
    struct stream *s = memory_alloc_zero(m, sizeof *s);
    if (s) value_head_init(&s->head, VALUE_STREAM);
    return s;
}

bool stream_free_some(struct memory *m, struct stream *s, size_t budget)
{
    for (; budget > 0 && s->nodes.size > 0; budget--) drop_node(m, s, last_node(s));
    while (budget > 0 && s->groups.count > 0) {
        struct stream_group *g = stream_group_at(s, s->groups.count - 1);
        for (; budget > 0 && g->pending.size > 0; budget--)
            stream_pending_remove(m, g, stream_pending_at(tree_last(&g->pending)));
        for (; budget > 0 && g->consumers.count > 0; budget--)
            stream_consumer_remove(m, g, stream_consumer_at(g, g->consumers.count - 1));
        if (budget == 0) return true;
        stream_group_remove(m, s, g);
        budget--;
    }
    if (s->nodes.size > 0 || s->groups.count > 0) return true;
    memory_free(m, s, sizeof *s);
    return false;
}

void stream_free(struct memory *m, struct stream *s)
{
    if (s) stream_free_some(m, s, SIZE_MAX);
}

/* ---- appending ---- */

static void count_appended(struct stream *s, struct stream_id id)
{
    s->length++;
    s->entries_added++;
    s->last_id = id;
    if (s->length == 1) s->first_id = id;
}

/* Appends to the last node, `n`. */
static bool append_to(struct memory *m, struct stream *s, struct stream_node *n, struct stream_id id,
                      const struct slice *pairs, size_t pair_count)
{
    size_t old_memory = stream_node_memory(n);
    uint32_t at = n->size;
    struct stream_id prev = n->last;
    n = stream_node_append(m, n, id, pairs, pair_count);
    if (!n) return false;
    note_last(s, n, old_memory);
    count_appended(s, id);
    if (!s->summed) return true;
    struct stream_place p;
    stream_node_read(n, at, prev, &p);
    digest_add(&s->sum, stream_entry_digest(p.entry));
    return true;
}

bool stream_append(struct memory *m, struct stream *s, struct stream_id id, const struct slice *pairs,
                   size_t pair_count, const struct value_limits *limits)
{
    size_t bytes = 0;
    for (size_t i = 0; i < 2 * pair_count; i++) bytes += pairs[i].size;
    struct stream_node *n = last_node(s);
    if (n && !stream_node_full(n, bytes, limits)) return append_to(m, s, n, id, pairs, pair_count);
    n = begin_node(m, s, id, pairs, pair_count, 2);
    if (!n) return false;
    if (append_to(m, s, n, id, pairs, pair_count)) return true;
    drop_node(m, s, n);
    return false;
}

bool stream_begin_node(struct memory *m, struct stream *s, struct stream_id base, const struct slice *names,
                       size_t name_count)
{
    return begin_node(m, s, base, names, name_count, 1);
}

bool stream_append_loaded(struct memory *m, struct stream *s, struct stream_id id, const struct slice *pairs,
                          size_t pair_count)
{
    return append_to(m, s, last_node(s), id, pairs, pair_count);
}

void stream_end_node(struct memory *m, struct stream *s)
{
    struct stream_node *n = last_node(s);
    if (n->count == 0) drop_node(m, s, n);
}

/* Entries above it that were deleted are cut off the last node: what is appended next may have their IDs. */
void stream_set_last_id(struct stream *s, struct stream_id id)
{
    struct stream_node *n = last_node(s);
    if (n && stream_id_compare(n->last, id) > 0) stream_node_cut(n, id);
    s->last_id = id;
}

/* ---- deleting ---- */

/* The first entry may have gone. */
static void note_first(struct stream *s)
{
    struct stream_walk w;
    struct stream_entry e;
    stream_walk_begin(&w, s, STREAM_ID_MIN, STREAM_ID_MAX, false);
    s->first_id = stream_walk_next(&w, &e) ? e.id : STREAM_ID_MIN;
}

/* The entry's place in its node; NULL: there is none. */
static struct stream_node *locate(const struct stream *s, struct stream_id id, struct stream_place *p)
{
    struct tree_cursor c = tree_at_most(&s->nodes, stream_key(id));
    if (!tree_is_somewhere(c)) return NULL;
    struct stream_node *n = node_at(c);
    if (stream_id_compare(id, n->last) > 0) return NULL;
    struct stream_id prev = n->base;
    for (uint32_t at = n->entries_at; at < n->size; at = p->next, prev = p->id) {
        stream_node_read(n, at, prev, p);
        int order = stream_id_compare(p->id, id);
        if (order == 0) return p->deleted ? NULL : n;
        if (order > 0) break;
    }
    return NULL;
}

bool stream_delete(struct memory *m, struct stream *s, struct stream_id id)
{
    struct stream_place p;
    struct stream_node *n = locate(s, id, &p);
    if (!n) return false;
    mark_deleted(s, n, &p);
    if (n->count == 0) drop_node(m, s, n);
    if (stream_id_compare(id, s->max_deleted_id) > 0) s->max_deleted_id = id;
    if (stream_id_compare(id, s->first_id) == 0) note_first(s);
    return true;
}

bool stream_find(const struct stream *s, struct stream_id id, struct stream_entry *e)
{
    struct stream_place p;
    if (!locate(s, id, &p)) return false;
    *e = p.entry;
    return true;
}

bool stream_has(const struct stream *s, struct stream_id id)
{
    struct stream_entry e;
    return stream_find(s, id, &e);
}

/* ---- trimming ---- */

static bool trim_whole(const struct stream *s, const struct stream_node *n, const struct stream_trim *trim)
{
    if (trim->by_id) return stream_id_compare(n->last, trim->id) < 0;
    return s->length - n->count >= trim->length;
}

/* Marks entries at the beginning of the node; how many. */
static uint64_t trim_within(struct stream *s, struct stream_node *n, const struct stream_trim *trim)
{
    uint64_t dropped = 0;
    struct stream_place p;
    struct stream_id prev = n->base;
    for (uint32_t at = n->entries_at; at < n->size; at = p.next, prev = p.id) {
        stream_node_read(n, at, prev, &p);
        if (trim->by_id ? stream_id_compare(p.id, trim->id) >= 0 : s->length <= trim->length) break;
        if (p.deleted) continue;
        mark_deleted(s, n, &p);
        dropped++;
    }
    return dropped;
}

uint64_t stream_trim(struct memory *m, struct stream *s, const struct stream_trim *trim)
{
    uint64_t dropped = 0;
    while (s->nodes.size > 0 && (trim->by_id || s->length > trim->length)) {
        struct stream_node *n = node_at(tree_first(&s->nodes));
        if (trim->limit > 0 && dropped + n->count > trim->limit) break;
        if (!trim_whole(s, n, trim)) {
            if (!trim->approximate) dropped += trim_within(s, n, trim);
            if (n->count == 0) drop_node(m, s, n);
            break;
        }
        subtract_node(s, n);
        s->length -= n->count;
        dropped += n->count;
        drop_node(m, s, n);
    }
    if (dropped > 0) note_first(s);
    return dropped;
}
