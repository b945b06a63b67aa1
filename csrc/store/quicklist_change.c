/* quicklist_change.c: changing a long list in the middle.
 *
 * Whatever takes memory (undoing the compression of a node, splitting it) leaves the list's content as it is
 * and comes first; then nothing can fail.
 */
#include "store/quicklist_node.h"

enum { SMALL = 2048 /* bytes of a sequence: two such neighbours are united */ };

/* ---- taking out ---- */

static void remove_within(struct quicklist *q, struct quicklist_node *n, size_t index, size_t count)
{
    char *sequence = node_sequence(n);
    if (index == 0)
        n->start += (uint32_t)(packed_drop_first(sequence, count) - sequence);
    else
        packed_remove(sequence, packed_at(sequence, (int64_t)index), count);
    n->count -= (uint32_t)count;
    q->size -= count;
}

/* Unites a node and the one after it if both are small. */
static void unite(struct quicklist *q, struct memory *m, size_t node)
{
    if (node + 1 >= q->count) return;
    struct quicklist_node *a = node_at(q, node), *b = node_at(q, node + 1);
    if (a->compressed || b->compressed || node_bytes(a) > SMALL || node_bytes(b) > SMALL) return;
    size_t size = node_bytes(b) - PACKED_EMPTY;
    if (!quicklist_make_room(q, m, a, size, false)) return;
    packed_append_span(node_sequence(a), node_sequence(b), packed_first(node_sequence(b)), size);
    a->count += b->count;
    q->size += b->count; /* once more for a moment */
    quicklist_drop_nodes(q, m, node + 1, 1);
}

/* The elements of a node that a range has. */
static size_t share_of(const struct quicklist_node *n, size_t from, size_t count)
{
    size_t left = n->count - from;
    return count < left ? count : left;
}

/* The nodes in which a range begins and ends must be open to change. */
bool quicklist_prepare(struct quicklist *q, struct memory *m, size_t index, size_t count)
{
    struct place first = quicklist_place(q, index), last = quicklist_place(q, index + count - 1);
    struct quicklist_node *a = node_at(q, first.node), *b = node_at(q, last.node);
    bool whole_a = first.index == 0 && count >= a->count;
    bool whole_b = last.index + 1 == b->count && (first.node != last.node || first.index == 0);
    return (whole_a || quicklist_unpack(q, m, a)) && (whole_b || quicklist_unpack(q, m, b));
}

bool quicklist_remove(struct quicklist *q, struct memory *m, size_t index, size_t count)
{
    if (count == 0) return true;
    if (!quicklist_prepare(q, m, index, count)) return false;
    struct place p = quicklist_place(q, index);
    size_t node = p.node, from = p.index;
    if (from > 0) {
        size_t here = share_of(node_at(q, node), from, count);
        remove_within(q, node_at(q, node), from, here);
        count -= here;
        node++;
    }
    size_t whole = node;
    for (; count > 0 && count >= node_at(q, whole)->count; whole++) count -= node_at(q, whole)->count;
    if (count > 0) remove_within(q, node_at(q, whole), 0, count);
    if (whole > node) quicklist_drop_nodes(q, m, node, whole - node);
    if (node > 0) unite(q, m, node - 1);
    return true;
}

bool quicklist_keep(struct quicklist *q, struct memory *m, size_t index, size_t count)
{
    size_t after = index + count, rest = q->size - after;
    if (index > 0 && !quicklist_prepare(q, m, 0, index)) return false;
    return quicklist_remove(q, m, after, rest) && quicklist_remove(q, m, 0, index);
}

/* ---- putting in ---- */

/* Splits a node in front of its element `index`, which is not its first. */
static bool split(struct quicklist *q, struct memory *m, size_t node, size_t index)
{
    struct quicklist_node fresh, *n = node_at(q, node);
    char *sequence = node_sequence(n);
    size_t at = packed_at(sequence, (int64_t)index), size = packed_end(sequence) - at;
    if (!quicklist_make_node(q, m, &fresh, size)) return false;
    if (!quicklist_open_slot(q, m, node + 1)) {
        memory_free(m, fresh.block, fresh.room);
        q->blocks -= fresh.room;
        return false;
    }
    n = node_at(q, node);
    packed_append_span(fresh.block, sequence, at, size);
    packed_splice(sequence, at, size, NULL, 0);
    fresh.count = n->count - (uint32_t)index;
    n->count = (uint32_t)index;
    *node_at(q, node + 1) = fresh;
    return true;
}

static bool insert_within(struct quicklist *q, struct memory *m, size_t node, size_t index,
                          const struct packed_item *item)
{
    struct quicklist_node *n = node_at(q, node);
    if (!quicklist_unpack(q, m, n) || !quicklist_make_room(q, m, n, item->size, false)) return false;
    char *sequence = node_sequence(n);
    size_t at = index < n->count ? packed_at(sequence, (int64_t)index) : packed_end(sequence);
    packed_insert(sequence, at, item);
    n->count++;
    q->size++;
    return true;
}

/* A node of its own for an item, in front of node `node`. */
static bool insert_node(struct quicklist *q, struct memory *m, size_t node, const struct packed_item *item)
{
    struct quicklist_node fresh;
    if (item->size > PACKED_BYTES_MAX - PACKED_EMPTY || !quicklist_make_node(q, m, &fresh, item->size))
        return false;
    if (!quicklist_open_slot(q, m, node)) {
        memory_free(m, fresh.block, fresh.room);
        q->blocks -= fresh.room;
        return false;
    }
    packed_append(fresh.block, item);
    fresh.count = 1;
    *node_at(q, node) = fresh;
    q->size++;
    return true;
}

bool quicklist_insert(struct quicklist *q, struct memory *m, const struct quicklist_limit *limit,
                      size_t index, const struct packed_item *item)
{
    struct place p = quicklist_place(q, index);
    if (quicklist_fits(node_at(q, p.node), limit, item->size))
        return insert_within(q, m, p.node, p.index, item);
    if (p.index > 0) {
        if (!quicklist_unpack(q, m, node_at(q, p.node)) || !split(q, m, p.node, p.index)) return false;
        p.node++;
        if (quicklist_fits(node_at(q, p.node), limit, item->size))
            return insert_within(q, m, p.node, 0, item);
    }
    if (p.node > 0 && quicklist_fits(node_at(q, p.node - 1), limit, item->size))
        return insert_within(q, m, p.node - 1, SIZE_MAX, item);
    return insert_node(q, m, p.node, item);
}

bool quicklist_replace(struct quicklist *q, struct memory *m, const struct quicklist_limit *limit,
                       size_t index, const struct packed_item *item)
{
    struct place p = quicklist_place(q, index);
    struct quicklist_node *n = node_at(q, p.node);
    if (!quicklist_unpack(q, m, n)) return false;
    char *sequence = node_sequence(n);
    size_t at = packed_at(sequence, (int64_t)p.index), old = packed_size(sequence, at);
    bool fits = n->count == 1 || item->size <= old || node_bytes(n) - old + item->size <= limit->bytes;
    if (fits) {
        if (item->size > old && !quicklist_make_room(q, m, n, item->size - old, false)) return false;
        packed_replace(node_sequence(n), at, item);
        return true;
    }
    /* the old one's node is not compressed: taking it out cannot fail */
    return quicklist_insert(q, m, limit, index, item) && quicklist_remove(q, m, index + 1, 1);
}

/* ---- by value ---- */

/* Elements of a sequence that are equal to the item. */
static size_t count_equal(const char *sequence, const struct packed_item *item)
{
    size_t equal = 0, at = packed_find(sequence, packed_first(sequence), item, 1);
    for (; at; equal++) {
        at = packed_next(sequence, at);
        if (at) at = packed_find(sequence, at, item, 1);
    }
    return equal;
}

/* Opens the nodes that have the first, or last, `count` equal elements; returns how many those are, SIZE_MAX
 * when memory is out. */
static size_t unpack_equal(struct quicklist *q, struct memory *m, const struct packed_item *item,
                           size_t count, bool backward)
{
    struct quicklist_scratch scratch;
    size_t found = 0;
    for (size_t i = 0; i < q->count && found < count; i++) {
        size_t node = backward ? q->count - 1 - i : i;
        size_t equal = count_equal(quicklist_sequence(q, node, &scratch), item);
        if (equal > 0 && !quicklist_unpack(q, m, node_at(q, node))) return SIZE_MAX;
        found += equal;
    }
    return found < count ? found : count;
}

/* Takes up to `count` equal elements out of one node. */
static size_t remove_equal_within(struct quicklist *q, struct quicklist_node *n,
                                  const struct packed_item *item, size_t count, bool backward)
{
    size_t removed = 0;
    char *sequence = node_sequence(n);
    size_t at = backward ? packed_last(sequence) : packed_find(sequence, packed_first(sequence), item, 1);
    while (at && removed < count) {
        bool equal = !backward || packed_is(sequence, at, item);
        size_t before = backward ? packed_prev(sequence, at) : 0;
        if (equal) {
            packed_remove(sequence, at, 1);
            removed++;
        }
        if (backward)
            at = before;
        else
            at = at < packed_end(sequence) ? packed_find(sequence, at, item, 1) : 0;
    }
    n->count -= (uint32_t)removed;
    q->size -= removed;
    return removed;
}

bool quicklist_remove_equal(struct quicklist *q, struct memory *m, const struct packed_item *item,
                            size_t count, bool backward, size_t *removed)
{
    *removed = 0;
    size_t found = unpack_equal(q, m, item, count, backward);
    if (found == SIZE_MAX) return false;
    for (size_t node = backward ? q->count : 0; *removed < found;) {
        if (backward) node--;
        struct quicklist_node *n = node_at(q, node);
        if (!n->compressed) *removed += remove_equal_within(q, n, item, found - *removed, backward);
        size_t nodes = q->count;
        if (n->count == 0)
            quicklist_drop_nodes(q, m, node, 1);
        else if (backward)
            unite(q, m, node);
        else if (node > 0)
            unite(q, m, node - 1);
        if (!backward && q->count == nodes) node++;
    }
    return true;
}
