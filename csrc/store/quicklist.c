/* quicklist.c: the row of nodes of a long list: making, reading, growing at its ends. See quicklist.h for its
 * picture; changes in the middle are quicklist_change.c's. */
#include "store/quicklist.h"

#include "base/lzf.h"
#include "store/edit.h"
#include "store/quicklist_node.h"

enum {
    NEAR = 2,             /* so many nodes at either end are not compressed */
    COMPRESSED_MIN = 256, /* shorter sequences are not worth it */
    SKIPS_MAX = 31,
    GROWTH_MIN = 48,
    GROWTH_MAX = 2048,
    TRIM_MIN = 32 /* less room than this is left where it is */
};

struct quicklist_limit quicklist_limit_of(int64_t list_max_listpack_size)
{
    static const uint32_t sizes[] = {4096, 8192, 16384, 32768, 65536};
    enum { SIZES = sizeof sizes / sizeof sizes[0], USUAL = 8192 };
    if (list_max_listpack_size > 0)
        return (struct quicklist_limit){
            USUAL, list_max_listpack_size < UINT32_MAX ? (uint32_t)list_max_listpack_size : UINT32_MAX};
    int64_t which = list_max_listpack_size == 0 ? 0 : -list_max_listpack_size - 1;
    if (list_max_listpack_size == 0) return (struct quicklist_limit){USUAL, 1};
    return (struct quicklist_limit){sizes[which < SIZES ? which : SIZES - 1], UINT32_MAX};
}

/* ---- the row ---- */

/* Gives the row as much room as it should have, the same at both ends. False when memory is out. */
static bool rearrange(struct quicklist *q, struct memory *m)
{
    size_t wanted = q->count + q->count / 2 + 8, first;
    if (!q->row || q->room < wanted || q->room > 4 * wanted) {
        size_t room = 2 * q->count + 8;
        struct quicklist_node *row = memory_alloc(m, room * sizeof *row);
        if (!row) return false;
        first = (room - q->count) / 2;
        if (q->count > 0) memcpy(row + first, node_at(q, 0), q->count * sizeof *row);
        memory_free(m, q->row, q->room * sizeof *row);
        q->row = row;
        q->room = room;
    } else {
        first = (q->room - q->count) / 2;
        memmove(q->row + first, node_at(q, 0), q->count * sizeof *q->row);
    }
    q->first = first;
    return true;
}

bool quicklist_open_slot(struct quicklist *q, struct memory *m, size_t node)
{
    bool front = node < q->count - node;
    bool full = front ? q->first == 0 : q->first + q->count == q->room;
    if (full && !rearrange(q, m)) return false;
    struct quicklist_node *from = node_at(q, front ? 0 : node);
    if (front) {
        memmove(from - 1, from, node * sizeof *from);
        q->first--;
    } else {
        memmove(from + 1, from, (q->count - node) * sizeof *from);
    }
    q->count++;
    return true;
}

static void close_slots(struct quicklist *q, size_t node, size_t count)
{
    if (count == 0) return;
    size_t after = q->count - node - count;
    struct quicklist_node *hole = node_at(q, node);
    if (node < after) {
        memmove(node_at(q, count), node_at(q, 0), node * sizeof *hole);
        q->first += count;
    } else {
        memmove(hole, hole + count, after * sizeof *hole);
    }
    q->count -= count;
}

struct place quicklist_place(const struct quicklist *q, size_t index)
{
    struct place p = {0, index};
    if (index < q->size / 2) {
        for (; p.index >= node_at(q, p.node)->count; p.node++) p.index -= node_at(q, p.node)->count;
        return p;
    }
    size_t before = q->size;
    p.node = q->count;
    do before -= node_at(q, --p.node)->count;
    while (before > index);
    p.index = index - before;
    return p;
}

/* ---- blocks ---- */

static void replace_block(struct quicklist *q, struct memory *m, struct quicklist_node *n, char *block,
                          size_t room)
{
    memory_free(m, n->block, n->room);
    q->blocks = q->blocks - n->room + room;
    n->block = block;
    n->room = (uint32_t)room;
}

bool quicklist_make_node(struct quicklist *q, struct memory *m, struct quicklist_node *n, size_t extra)
{
    size_t room = PACKED_EMPTY + extra;
    char *block = room <= PACKED_BYTES_MAX ? memory_alloc(m, room) : NULL;
    if (!block) return false;
    packed_init(block);
    *n = (struct quicklist_node){.block = block, .room = (uint32_t)room};
    q->blocks += room;
    return true;
}

void quicklist_drop_nodes(struct quicklist *q, struct memory *m, size_t node, size_t count)
{
    for (size_t i = node; i < node + count; i++) {
        struct quicklist_node *n = node_at(q, i);
        q->size -= n->count;
        replace_block(q, m, n, NULL, 0);
    }
    close_slots(q, node, count);
}

bool quicklist_unpack(struct quicklist *q, struct memory *m, struct quicklist_node *n)
{
    if (!n->compressed) return true;
    size_t bytes = n->start;
    char *block = memory_alloc(m, bytes);
    if (!block) return false;
    lzf_unpack(n->block, n->room, block, bytes);
    replace_block(q, m, n, block, bytes);
    n->start = 0;
    n->compressed = false;
    return true;
}

/* Compresses a node if that is worth it; if memory is out it is left as it is. */
static void compress(struct quicklist *q, struct memory *m, struct quicklist_node *n)
{
    char packed[QUICKLIST_COMPRESSED_MAX];
    size_t bytes = node_bytes(n);
    if (n->compressed || bytes < COMPRESSED_MIN || bytes > QUICKLIST_COMPRESSED_MAX) return;
    if (q->skip > 0) {
        q->skip--;
        return;
    }
    size_t size = lzf_pack(node_sequence(n), bytes, packed, bytes - bytes / 8);
    q->skips = size > 0 ? 0 : 2 * q->skips + 1 < SKIPS_MAX ? 2 * q->skips + 1 : SKIPS_MAX;
    q->skip = q->skips;
    char *block = size > 0 ? memory_alloc(m, size) : NULL;
    if (!block) return;
    memcpy(block, packed, size);
    replace_block(q, m, n, block, size);
    n->start = (uint32_t)bytes;
    n->compressed = true;
}

/* Gives back the room that a full node has left. */
static void trim(struct quicklist *q, struct memory *m, struct quicklist_node *n)
{
    size_t bytes = node_bytes(n);
    if (n->compressed || n->room < bytes + TRIM_MIN) return;
    char *block = memory_alloc(m, bytes);
    if (!block) return;
    memcpy(block, node_sequence(n), bytes);
    replace_block(q, m, n, block, bytes);
    n->start = 0;
}

void quicklist_settle(struct quicklist *q, struct memory *m, bool left, size_t nodes)
{
    size_t inner = q->count > (size_t)2 * NEAR ? q->count - (size_t)2 * NEAR : 0;
    if (nodes > inner) nodes = inner;
    for (size_t i = NEAR; i < NEAR + nodes; i++) compress(q, m, node_at(q, left ? i : q->count - 1 - i));
}

bool quicklist_make_room(struct quicklist *q, struct memory *m, struct quicklist_node *n, size_t extra,
                         bool front)
{
    size_t bytes = node_bytes(n), start = 0;
    size_t there = front ? n->start : n->room - n->start - bytes;
    if (there >= extra) return true;
    if (extra > PACKED_BYTES_MAX - bytes) return false;
    if (n->room - bytes >= extra) { /* it is at the other end: half of what is over stays there */
        size_t other = (n->room - bytes - extra) / 2;
        start = front ? n->room - bytes - other : other;
        memmove(n->block + start, node_sequence(n), bytes);
    } else {
        size_t growth = bytes < GROWTH_MIN ? GROWTH_MIN : bytes < GROWTH_MAX ? bytes : GROWTH_MAX;
        size_t room = bytes + (extra > growth ? extra : growth);
        char *block = memory_alloc(m, room);
        if (!block) return false;
        if (front) start = room - bytes;
        memcpy(block + start, node_sequence(n), bytes);
        replace_block(q, m, n, block, room);
    }
    n->start = (uint32_t)start;
    return true;
}

bool quicklist_fits(const struct quicklist_node *n, const struct quicklist_limit *limit, size_t item_size)
{
    return n->count < limit->count && node_bytes(n) + item_size <= limit->bytes;
}

/* ---- pushing ---- */

static bool push_into(struct quicklist *q, struct memory *m, struct quicklist_node *n,
                      const struct packed_item *item, bool left)
{
    if (!quicklist_make_room(q, m, n, item->size, left)) return false;
    if (left) {
        packed_prepend(node_sequence(n), item);
        n->start -= (uint32_t)item->size;
    } else {
        packed_append(node_sequence(n), item);
    }
    n->count++;
    q->size++;
    return true;
}

bool quicklist_push(struct quicklist *q, struct memory *m, const struct quicklist_limit *limit,
                    const struct packed_item *item, bool left)
{
    struct quicklist_node fresh, *n = q->count > 0 ? node_at(q, left ? 0 : q->count - 1) : NULL;
    if (n && quicklist_fits(n, limit, item->size))
        return quicklist_unpack(q, m, n) && push_into(q, m, n, item, left);
    if (item->size > PACKED_BYTES_MAX - PACKED_EMPTY || !quicklist_make_node(q, m, &fresh, item->size))
        return false;
    size_t at = left ? 0 : q->count;
    if (!quicklist_open_slot(q, m, at)) {
        replace_block(q, m, &fresh, NULL, 0);
        return false;
    }
    n = node_at(q, at);
    *n = fresh;
    packed_append(node_sequence(n), item);
    n->count = 1;
    q->size++;
    if (q->count > 1) trim(q, m, node_at(q, left ? 1 : q->count - 2));
    return true;
}

bool quicklist_append_sequence(struct quicklist *q, struct memory *m, const char *sequence)
{
    struct quicklist_node fresh;
    size_t bytes = packed_bytes(sequence), count = packed_count(sequence);
    if (!quicklist_make_node(q, m, &fresh, bytes - PACKED_EMPTY)) return false;
    if (!quicklist_open_slot(q, m, q->count)) {
        replace_block(q, m, &fresh, NULL, 0);
        return false;
    }
    memcpy(fresh.block, sequence, bytes);
    fresh.count = (uint32_t)count;
    *node_at(q, q->count - 1) = fresh;
    q->size += count;
    quicklist_settle(q, m, false, 1);
    return true;
}

/* ---- the whole ---- */

struct quicklist *quicklist_new(struct memory *m)
{
    struct quicklist *q = memory_alloc_zero(m, sizeof(struct quicklist));
    if (q) value_head_init(&q->head, VALUE_LIST);
    return q;
}

struct quicklist *quicklist_of(struct memory *m, const char *sequence)
{
    struct quicklist *q = quicklist_new(m);
    if (!q || packed_bytes(sequence) == PACKED_EMPTY || quicklist_append_sequence(q, m, sequence)) return q;
    quicklist_free(m, q);
    return NULL;
}

bool quicklist_free_some(struct memory *m, struct quicklist *q, size_t budget)
{
    if (q->count > budget) {
        quicklist_drop_nodes(q, m, q->count - budget, budget);
        return true;
    }
    quicklist_drop_nodes(q, m, 0, q->count);
    memory_free(m, q->row, q->room * sizeof *q->row);
    memory_free(m, q, sizeof *q);
    return false;
}

void quicklist_free(struct memory *m, struct quicklist *q)
{
    if (q) quicklist_free_some(m, q, SIZE_MAX);
}

static bool copy_nodes(struct memory *m, struct quicklist *copy, const struct quicklist *q)
{
    copy->row = memory_alloc(m, q->count * sizeof *q->row);
    if (!copy->row) return false;
    copy->room = q->count;
    for (; copy->count < q->count; copy->count++) {
        struct quicklist_node n = *node_at(q, copy->count);
        size_t bytes = n.compressed ? n.room : node_bytes(&n);
        const char *from = n.compressed ? n.block : node_sequence(&n);
        n.block = memory_alloc(m, bytes);
        if (!n.block) return false;
        memcpy(n.block, from, bytes);
        n.room = (uint32_t)bytes;
        if (!n.compressed) n.start = 0;
        copy->row[copy->count] = n;
        copy->blocks += bytes;
        copy->size += n.count;
    }
    return true;
}

struct quicklist *quicklist_copy(struct memory *m, const struct quicklist *q)
{
    struct quicklist *copy = quicklist_new(m);
    if (!copy || q->count == 0 || copy_nodes(m, copy, q)) return copy;
    quicklist_free(m, copy);
    return NULL;
}

size_t quicklist_memory(const struct quicklist *q)
{
    return sizeof *q + q->room * sizeof *q->row + q->blocks;
}

/* ---- reading ---- */

const char *quicklist_sequence(const struct quicklist *q, size_t node, struct quicklist_scratch *scratch)
{
    const struct quicklist_node *n = node_at(q, node);
    if (!n->compressed) return node_sequence(n);
    lzf_unpack(n->block, n->room, scratch->bytes, n->start);
    return scratch->bytes;
}

void quicklist_walk_begin(struct quicklist_walk *w, const struct quicklist *q, size_t index, bool backward)
{
    w->list = q;
    w->backward = backward;
    w->sequence = NULL;
    if (index >= q->size) return;
    struct place p = quicklist_place(q, index);
    w->node = p.node;
    w->sequence = quicklist_sequence(q, p.node, &w->scratch);
    w->at = packed_at(w->sequence, (int64_t)p.index);
}

static void enter(struct quicklist_walk *w, size_t node)
{
    w->node = node;
    w->sequence = quicklist_sequence(w->list, node, &w->scratch);
    w->at = w->backward ? packed_last(w->sequence) : packed_first(w->sequence);
}

void quicklist_walk_next(struct quicklist_walk *w)
{
    w->at = w->backward ? packed_prev(w->sequence, w->at) : packed_next(w->sequence, w->at);
    if (w->at) return;
    if (!w->list || (w->backward ? w->node == 0 : w->node + 1 == w->list->count))
        w->sequence = NULL;
    else
        enter(w, w->backward ? w->node - 1 : w->node + 1);
}

/* ---- checking ---- */

bool quicklist_check(const struct quicklist *q, const char **what)
{
    struct quicklist_scratch scratch;
    size_t size = 0, blocks = 0;
    for (size_t i = 0; i < q->count; i++) {
        const struct quicklist_node *n = node_at(q, i);
        if (n->compressed && !lzf_unpack(n->block, n->room, scratch.bytes, n->start))
            return *what = "quicklist: a compressed node is damaged", false;
        const char *sequence = quicklist_sequence(q, i, &scratch);
        size_t bytes = packed_bytes(sequence);
        if (!packed_valid(sequence, bytes) || bytes != node_bytes(n) ||
            (!n->compressed && n->start + bytes > n->room))
            return *what = "quicklist: a sequence is damaged", false;
        if (n->count == 0 || n->count != packed_count(sequence))
            return *what = "quicklist: a node's count is wrong", false;
        size += n->count;
        blocks += n->room;
    }
    if (size != q->size || blocks != q->blocks || q->first + q->count > q->room)
        return *what = "quicklist: its size is wrong", false;
    return true;
}
