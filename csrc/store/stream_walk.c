/* stream_walk.c: reading the entries of a stream in order, from either end, and counting them. */
#include "store/stream_node.h"

static const struct stream_node *node_at(struct tree_cursor c) { return tree_cursor_item(c); }

/* ---- forward ---- */

static void enter_forward(struct stream_walk *w)
{
    if (!tree_is_somewhere(w->cursor)) return;
    const struct stream_node *n = node_at(w->cursor);
    w->at = n->entries_at;
    w->prev = n->base;
}

static bool next_forward(struct stream_walk *w, struct stream_entry *e)
{
    struct stream_place p;
    while (tree_is_somewhere(w->cursor)) {
        const struct stream_node *n = node_at(w->cursor);
        while (w->at < n->size) {
            stream_node_read(n, w->at, w->prev, &p);
            w->at = p.next;
            w->prev = p.id;
            if (p.deleted || stream_id_compare(p.id, w->from) < 0) continue;
            if (stream_id_compare(p.id, w->to) > 0) return false;
            *e = p.entry;
            return true;
        }
        w->cursor = tree_next(w->cursor);
        enter_forward(w);
    }
    return false;
}

/* ---- backward ---- */

/* Notes the places of the last entries before the offset `end`. */
static void note_marks(struct stream_walk *w, const struct stream_node *n, uint32_t end)
{
    struct stream_place p;
    struct stream_id prev = n->base;
    unsigned count = 0;
    for (uint32_t at = n->entries_at; at < end; at = p.next, prev = p.id) {
        w->marks[count++ % STREAM_MARKS] = (struct stream_mark){at, prev};
        stream_node_read(n, at, prev, &p);
    }
    w->marks_left = count < STREAM_MARKS ? count : STREAM_MARKS;
    w->marks_end = count;
    w->at = w->marks_left > 0 ? w->marks[(count - w->marks_left) % STREAM_MARKS].at : n->entries_at;
}

static void enter_backward(struct stream_walk *w)
{
    w->marks_left = 0;
    if (!tree_is_somewhere(w->cursor)) return;
    const struct stream_node *n = node_at(w->cursor);
    note_marks(w, n, n->size);
}

static bool next_backward(struct stream_walk *w, struct stream_entry *e)
{
    struct stream_place p;
    while (tree_is_somewhere(w->cursor)) {
        const struct stream_node *n = node_at(w->cursor);
        while (w->marks_left > 0) {
            const struct stream_mark *mark = &w->marks[--w->marks_end % STREAM_MARKS];
            w->marks_left--;
            stream_node_read(n, mark->at, mark->prev, &p);
            if (p.deleted || stream_id_compare(p.id, w->to) > 0) continue;
            if (stream_id_compare(p.id, w->from) < 0) return false;
            *e = p.entry;
            return true;
        }
        if (w->at > n->entries_at) {
            note_marks(w, n, w->at);
        } else {
            w->cursor = tree_prev(w->cursor);
            enter_backward(w);
        }
    }
    return false;
}

/* ---- either way ---- */

void stream_walk_begin(struct stream_walk *w, const struct stream *s, struct stream_id from,
                       struct stream_id to, bool reverse)
{
    w->from = from;
    w->to = to;
    w->reverse = reverse;
    w->cursor = tree_at_most(&s->nodes, stream_key(reverse ? to : from));
    if (reverse) {
        enter_backward(w);
        return;
    }
    if (!tree_is_somewhere(w->cursor)) w->cursor = tree_first(&s->nodes);
    enter_forward(w);
}

bool stream_walk_next(struct stream_walk *w, struct stream_entry *e)
{
    return w->reverse ? next_backward(w, e) : next_forward(w, e);
}

struct stream_id stream_last_entry_id(const struct stream *s)
{
    struct stream_walk w;
    struct stream_entry e;
    stream_walk_begin(&w, s, STREAM_ID_MIN, STREAM_ID_MAX, true);
    return stream_walk_next(&w, &e) ? e.id : STREAM_ID_MIN;
}

uint64_t stream_count(const struct stream *s, struct stream_id from, struct stream_id to, uint64_t limit)
{
    struct stream_walk w;
    struct stream_entry e;
    uint64_t count = 0;
    stream_walk_begin(&w, s, from, to, false);
    while (count < limit && tree_is_somewhere(w.cursor)) {
        const struct stream_node *n = node_at(w.cursor);
        bool whole = w.at == n->entries_at && stream_id_compare(from, n->base) <= 0 &&
                     stream_id_compare(n->last, to) <= 0;
        if (whole || w.at >= n->size) {
            if (whole) count += n->count;
            w.cursor = tree_next(w.cursor);
            enter_forward(&w);
        } else {
            if (!next_forward(&w, &e)) break;
            count++;
        }
    }
    return count < limit ? count : limit;
}
