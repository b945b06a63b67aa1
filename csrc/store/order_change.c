/* order_change.c: putting elements into the order of a sorted set, taking them out, moving them.
 *
 * A change descends once and remembers the way (struct way). What it may have to allocate it allocates before
 * it changes anything: one node for each full node in a row from the leaf up, and one more when the root is
 * among them. After that nothing can fail.
 */
#include "store/order_node.h"

static struct order_node *node_new(struct order *o, struct memory *m, bool leaf)
{
    struct order_node *n = memory_alloc(m, order_node_bytes(leaf));
    if (!n) return NULL;
    n->count = 0;
    if (leaf) leaf_of(n)->previous = leaf_of(n)->next = NULL;
    o->nodes_memory += order_node_bytes(leaf);
    return n;
}

/* ---- the way to a place ---- */

/* The nodes from the root to a leaf: step 0 is the leaf's; `index` is the place in each node. */
struct way {
    struct order_node *nodes[HEIGHT_MAX + 1];
    unsigned index[HEIGHT_MAX + 1];
};

/* To the place of the first element not below the bound; beyond all of them: after the last one. */
static void find_way(const struct order *o, const struct order_bound *b, struct way *w)
{
    struct order_node *n = o->root;
    for (unsigned level = o->height; level > 0; level--) {
        unsigned i = order_node_seek(n, b);
        if (i == n->count) i--;
        w->nodes[level] = n;
        w->index[level] = i;
        n = inner_of(n)->children[i];
    }
    w->nodes[0] = n;
    w->index[0] = order_node_seek(n, b);
}

static struct order_bound bound_of(double score, const struct order_item *item)
{
    return (struct order_bound){.score = score, .member = order_member(item)};
}

/* ---- parts of nodes ---- */

/* Moves `count` items of a node, with what belongs to them, to another place there or in another node. */
static void move_items(struct order_node *to, unsigned to_index, const struct order_node *from,
                       unsigned from_index, unsigned count, bool leaf)
{
    memmove(to->scores + to_index, from->scores + from_index, count * sizeof *to->scores);
    memmove(to->items + to_index, from->items + from_index, count * sizeof(struct order_item *));
    if (leaf) return;
    struct inner *in = inner_of(to);
    const struct inner *out = const_inner(from);
    memmove(in->sizes + to_index, out->sizes + from_index, count * sizeof *in->sizes);
    memmove(in->children + to_index, out->children + from_index, count * sizeof(struct order_node *));
}

static void open_gap(struct order_node *n, unsigned index, bool leaf)
{
    move_items(n, index + 1, n, index, n->count - index, leaf);
    n->count++;
}

static void close_gap(struct order_node *n, unsigned index, bool leaf)
{
    move_items(n, index, n, index + 1, n->count - index - 1, leaf);
    n->count--;
}

/* What an inner node says of one of its children. */
static void note_last(struct order_node *parent, unsigned index)
{
    const struct order_node *child = inner_of(parent)->children[index];
    parent->scores[index] = child->scores[child->count - 1];
    parent->items[index] = child->items[child->count - 1];
}

static void note_child(struct order_node *parent, unsigned index, bool leaf)
{
    note_last(parent, index);
    inner_of(parent)->sizes[index] = order_node_size(inner_of(parent)->children[index], leaf);
}

/* The last element of the leaf has changed: tells the inner nodes above. */
static void note_last_above(const struct order *o, const struct way *w)
{
    for (unsigned level = 1; level <= o->height; level++) {
        note_last(w->nodes[level], w->index[level]);
        if (w->index[level] + 1 < w->nodes[level]->count) return;
    }
}

/* Child `left` and the one after it share what they have: `left_count` items go to the left one. */
static void share(struct order_node *parent, unsigned left, unsigned left_count, bool leaf)
{
    struct order_node *a = inner_of(parent)->children[left], *b = inner_of(parent)->children[left + 1];
    if (a->count > left_count) {
        unsigned moved = a->count - left_count;
        move_items(b, moved, b, 0, b->count, leaf);
        move_items(b, 0, a, left_count, moved, leaf);
        b->count += moved;
    } else {
        unsigned moved = left_count - a->count;
        move_items(a, a->count, b, 0, moved, leaf);
        move_items(b, 0, b, moved, b->count - moved, leaf);
        b->count -= moved;
    }
    a->count = left_count;
    note_child(parent, left, leaf);
    note_child(parent, left + 1, leaf);
}

/* ---- insertion ---- */

static void link_leaf(struct order *o, struct order_node *after, struct order_node *fresh)
{
    struct leaf *a = leaf_of(after), *f = leaf_of(fresh);
    f->previous = after;
    f->next = a->next;
    if (a->next)
        leaf_of(a->next)->previous = fresh;
    else
        o->last = fresh;
    a->next = fresh;
}

/* The node at `level` is full: hands a part of it to a neighbour that has room, and corrects the way. */
static bool share_full(struct way *w, unsigned level)
{
    struct order_node *parent = w->nodes[level + 1], *n = w->nodes[level];
    unsigned at = w->index[level + 1], index = w->index[level];
    struct order_node **children = inner_of(parent)->children;
    bool leaf = level == 0;
    if (at > 0 && children[at - 1]->count + SHARE_MIN <= NODE_MAX) {
        unsigned total = children[at - 1]->count + n->count, left = (total + 1) / 2;
        unsigned whole = children[at - 1]->count + index;
        share(parent, at - 1, left, leaf);
        bool goes_left = whole < left;
        w->nodes[level] = children[goes_left ? at - 1 : at];
        w->index[level] = goes_left ? whole : whole - left;
        w->index[level + 1] = goes_left ? at - 1 : at;
        return true;
    }
    if (at + 1 < parent->count && children[at + 1]->count + SHARE_MIN <= NODE_MAX) {
        unsigned left = (n->count + children[at + 1]->count + 1) / 2;
        share(parent, at, left, leaf);
        bool stays = index < left;
        w->nodes[level] = children[stays ? at : at + 1];
        w->index[level] = stays ? index : index - left;
        w->index[level + 1] = stays ? at : at + 1;
        return true;
    }
    return false;
}

/* Whether the place is the end of everything: who appends only gets full nodes. */
static bool at_the_end(const struct order *o, const struct way *w)
{
    for (unsigned level = 1; level <= o->height; level++)
        if (w->index[level] + 1 < w->nodes[level]->count) return false;
    return w->index[0] == w->nodes[0]->count;
}

struct spare {
    struct order_node *nodes[HEIGHT_MAX + 2];
    unsigned count; /* one per level that splits, from the leaf up, and one for a new root */
};

static void give_back(struct order *o, struct memory *m, struct spare *s)
{
    for (unsigned i = 0; i < s->count; i++) order_node_free(o, m, s->nodes[i], i == 0);
    s->count = 0;
}

/* Makes room at the leaf by sharing, or gets the nodes that a split takes. */
static bool prepare(struct order *o, struct memory *m, struct way *w, bool end, struct spare *s)
{
    s->count = 0;
    for (unsigned level = 0; level <= o->height && w->nodes[level]->count == NODE_MAX; level++) {
        if (level < o->height && !end && share_full(w, level)) return true;
        unsigned wanted = level == o->height ? 2 : 1;
        for (; wanted > 0; wanted--) {
            struct order_node *fresh = o->height < HEIGHT_MAX ? node_new(o, m, s->count == 0) : NULL;
            if (!fresh) {
                give_back(o, m, s);
                return false;
            }
            s->nodes[s->count++] = fresh;
        }
    }
    return true;
}

/* Splits the full node at `level`: its second half goes to `fresh`, or, when the place is the end of
 * everything, as little as can be. Afterwards the way leads to the one of the two in which the place is. */
static void split(struct order *o, struct way *w, unsigned level, struct order_node *fresh, bool end)
{
    bool leaf = level == 0;
    struct order_node *n = w->nodes[level];
    unsigned keep = end ? NODE_MAX - !leaf : NODE_MAX / 2;
    move_items(fresh, 0, n, keep, NODE_MAX - keep, leaf);
    fresh->count = NODE_MAX - keep;
    n->count = keep;
    if (leaf) link_leaf(o, n, fresh);
    if (w->index[level] < keep) return;
    w->nodes[level] = fresh;
    w->index[level] -= keep;
}

/* A new root over the old one. */
static void grow(struct order *o, struct way *w, struct order_node *root)
{
    root->count = 1;
    inner_of(root)->children[0] = o->root;
    note_child(root, 0, o->height == 0);
    o->root = root;
    o->height++;
    w->nodes[o->height] = root;
    w->index[o->height] = 0;
}

/* Splits the nodes for which there are spares, the topmost first, so that each finds room above it. */
static void split_way(struct order *o, struct way *w, const struct spare *s, bool end)
{
    unsigned levels = s->count; /* that split */
    if (levels > o->height + 1) grow(o, w, s->nodes[--levels]);
    for (unsigned level = levels; level-- > 0;) {
        struct order_node *parent = w->nodes[level + 1], *fresh = s->nodes[level];
        unsigned at = w->index[level + 1];
        split(o, w, level, fresh, end);
        open_gap(parent, at + 1, false);
        inner_of(parent)->children[at + 1] = fresh;
        inner_of(parent)->sizes[at + 1] = 0;
        note_child(parent, at, level == 0);
        if (fresh->count > 0) note_child(parent, at + 1, level == 0); /* else an element is about to come */
        if (w->nodes[level] == fresh) w->index[level + 1]++;
    }
}

static bool start(struct order *o, struct memory *m)
{
    o->root = o->first = o->last = node_new(o, m, true);
    return o->root != NULL;
}

static bool insert_at_score(struct order *o, struct memory *m, double score, struct order_item *item)
{
    struct way w;
    struct spare s;
    struct order_bound b = bound_of(score, item);
    if (!o->root && !start(o, m)) return false;
    find_way(o, &b, &w);
    bool end = at_the_end(o, &w);
    if (!prepare(o, m, &w, end, &s)) return false;
    split_way(o, &w, &s, end);
    struct order_node *leaf = w.nodes[0];
    open_gap(leaf, w.index[0], true);
    leaf->scores[w.index[0]] = score;
    leaf->items[w.index[0]] = item;
    for (unsigned level = 1; level <= o->height; level++) inner_of(w.nodes[level])->sizes[w.index[level]]++;
    if (w.index[0] + 1 == leaf->count) note_last_above(o, &w);
    o->size++;
    return true;
}

bool order_insert(struct order *o, struct memory *m, struct order_item *item)
{
    return insert_at_score(o, m, item->score, item);
}

/* ---- removal ---- */

static void unlink_leaf(struct order *o, struct order_node *n)
{
    struct order_node *previous = leaf_of(n)->previous, *next = leaf_of(n)->next;
    if (previous)
        leaf_of(previous)->next = next;
    else
        o->first = next;
    if (next)
        leaf_of(next)->previous = previous;
    else
        o->last = previous;
}

/* Child `left` takes over all of the one after it. */
static void merge(struct order *o, struct memory *m, struct order_node *parent, unsigned left, bool leaf)
{
    struct order_node *a = inner_of(parent)->children[left], *b = inner_of(parent)->children[left + 1];
    move_items(a, a->count, b, 0, b->count, leaf);
    a->count += b->count;
    if (leaf) unlink_leaf(o, b);
    order_node_free(o, m, b, leaf);
    close_gap(parent, left + 1, false);
    note_child(parent, left, leaf);
}

/* A child that has become small is filled up from a neighbour, or united with it. */
static void refill(struct order *o, struct memory *m, struct order_node *parent, unsigned at, bool leaf)
{
    unsigned left = at > 0 ? at - 1 : at;
    struct order_node **children = inner_of(parent)->children;
    unsigned together = children[left]->count + children[left + 1]->count;
    if (together <= NODE_MAX - NODE_MIN)
        merge(o, m, parent, left, leaf);
    else
        share(parent, left, together / 2, leaf);
}

/* Levels that have nothing left to decide go. */
static void shrink(struct order *o, struct memory *m)
{
    while (o->height > 0 && o->root->count == 1) {
        struct order_node *root = o->root;
        o->root = inner_of(root)->children[0];
        o->height--;
        order_node_free(o, m, root, false);
    }
    if (o->height > 0 || o->root->count > 0) return;
    order_node_free(o, m, o->root, true);
    o->root = o->first = o->last = NULL;
}

static void remove_at_score(struct order *o, struct memory *m, double score, struct order_item *item)
{
    struct way w;
    struct order_bound b = bound_of(score, item);
    const unsigned height = o->height;
    find_way(o, &b, &w);
    close_gap(w.nodes[0], w.index[0], true);
    for (unsigned level = 0; level < height; level++) {
        struct order_node *parent = w.nodes[level + 1];
        unsigned at = w.index[level + 1];
        inner_of(parent)->sizes[at]--;
        if (w.nodes[level]->count < NODE_MIN)
            refill(o, m, parent, at, level == 0);
        else
            note_last(parent, at);
    }
    shrink(o, m);
    o->size--;
}

void order_remove(struct order *o, struct memory *m, struct order_item *item)
{
    remove_at_score(o, m, item->score, item);
}

/* ---- another score ---- */

/* When the element stays in its leaf nothing but the leaf changes, and what is said of its last element. */
static bool move_within_leaf(const struct order *o, double score, struct order_item *item)
{
    struct way w;
    struct order_bound from = bound_of(item->score, item), to = bound_of(score, item);
    find_way(o, &from, &w);
    struct order_node *n = w.nodes[0];
    unsigned i = w.index[0], j = order_node_seek(n, &to);
    if (j == 0 && leaf_of(n)->previous) return false;
    if (j == n->count && leaf_of(n)->next) return false;
    if (j > i) {
        j--;
        move_items(n, i, n, i + 1, j - i, true);
    } else {
        move_items(n, j + 1, n, j, i - j, true);
    }
    n->scores[j] = score;
    n->items[j] = item;
    if (i + 1 == n->count || j + 1 == n->count) note_last_above(o, &w);
    return true;
}

bool order_move(struct order *o, struct memory *m, struct order_item *item, double score)
{
    bool elsewhere = score != item->score; /* or another zero, which has the same place */
    if (elsewhere && !move_within_leaf(o, score, item)) {
        if (!insert_at_score(o, m, score, item)) return false;
        remove_at_score(o, m, item->score, item);
    }
    item->score = score;
    return true;
}
