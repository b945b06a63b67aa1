/* order.c: searching, walking, giving back and checking the order of a sorted set; see order.h for its picture.
 * Changing it is order_change.c's. */
#include "store/order_node.h"

/* ---- searching ---- */

/* Whether an element is below the bound. */
static inline bool below(double score, const struct order_item *item, const struct order_bound *b)
{
    if (!b->lexical) {
        if (score != b->score) return score < b->score;
        if (b->edge != 0) return b->edge > 0;
    }
    int order = slice_compare(order_member(item), b->member);
    return order < 0 || (order == 0 && b->edge > 0);
}

unsigned order_node_seek(const struct order_node *n, const struct order_bound *b)
{
    unsigned low = 0, high = n->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (below(n->scores[middle], n->items[middle], b))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t order_seek(const struct order *o, const struct order_bound *bound, struct order_at *at)
{
    size_t rank = 0;
    const struct order_node *n = o->root;
    if (at) *at = (struct order_at){NULL, 0};
    for (unsigned level = o->height; level > 0; level--) {
        unsigned i = order_node_seek(n, bound);
        if (i == n->count) return o->size;
        for (unsigned before = 0; before < i; before++) rank += const_inner(n)->sizes[before];
        n = const_inner(n)->children[i];
    }
    if (!n) return 0;
    unsigned i = order_node_seek(n, bound);
    if (at && i < n->count) *at = (struct order_at){n, i};
    return rank + i;
}

size_t order_rank(const struct order *o, const struct order_item *item)
{
    struct order_bound b = {.score = item->score, .member = order_member(item)};
    return order_seek(o, &b, NULL);
}

struct order_at order_at_rank(const struct order *o, size_t rank)
{
    const struct order_node *n = o->root;
    if (rank >= o->size) return (struct order_at){NULL, 0};
    for (unsigned level = o->height; level > 0; level--) {
        const struct inner *inner = const_inner(n);
        unsigned i = 0;
        for (; rank >= inner->sizes[i]; i++) rank -= inner->sizes[i];
        n = inner->children[i];
    }
    return (struct order_at){n, (unsigned)rank};
}

struct order_item *order_get(struct order_at at) { return at.leaf->items[at.index]; }

struct order_at order_next(struct order_at at)
{
    if (at.index + 1 < at.leaf->count) return (struct order_at){at.leaf, at.index + 1};
    return (struct order_at){const_leaf(at.leaf)->next, 0};
}

struct order_at order_previous(struct order_at at)
{
    if (at.index > 0) return (struct order_at){at.leaf, at.index - 1};
    const struct order_node *before = const_leaf(at.leaf)->previous;
    return (struct order_at){before, before ? before->count - 1 : 0};
}

size_t order_node_size(const struct order_node *n, bool leaf)
{
    if (leaf) return n->count;
    size_t size = 0;
    for (unsigned i = 0; i < n->count; i++) size += const_inner(n)->sizes[i];
    return size;
}

void order_node_free(struct order *o, struct memory *m, struct order_node *n, bool leaf)
{
    memory_free(m, n, order_node_bytes(leaf));
    o->nodes_memory -= order_node_bytes(leaf);
}

/* ---- giving it back ---- */

static void free_inner(struct order *o, struct memory *m, struct order_node *n, unsigned level)
{
    if (level == 0) return; /* the leaves have gone */
    for (unsigned i = 0; i < n->count; i++) free_inner(o, m, inner_of(n)->children[i], level - 1);
    order_node_free(o, m, n, false);
}

bool order_drain(struct order *o, struct memory *m, size_t budget)
{
    for (; o->first && budget > 0; budget--) {
        struct order_node *next = leaf_of(o->first)->next;
        order_node_free(o, m, o->first, true);
        o->first = next;
    }
    if (o->first) return true;
    if (o->root) free_inner(o, m, o->root, o->height);
    *o = (struct order){0};
    return false;
}

/* ---- checking ---- */

struct check {
    const struct order *order;
    const struct order_node *leaf;   /* the next one of the chain */
    const struct order_item *before; /* the element before */
    double score;                    /* its score */
    size_t memory;
    const char *what;
};

static bool wrong(struct check *c, bool is, const char *what)
{
    if (is && !c->what) c->what = what;
    return is;
}

static bool check_leaf(struct check *c, const struct order_node *n)
{
    if (wrong(c, c->leaf != n, "order: the chain of leaves misses one")) return false;
    for (unsigned i = 0; i < n->count; i++) {
        const struct order_item *item = n->items[i];
        if (wrong(c, n->scores[i] != item->score, "order: a score beside an element is not its own"))
            return false;
        bool ascends =
            !c->before || c->score < item->score ||
            (c->score == item->score && slice_compare(order_member(c->before), order_member(item)) < 0);
        if (wrong(c, !ascends, "order: an element is out of order")) return false;
        c->before = item;
        c->score = item->score;
    }
    const struct order_node *next = const_leaf(n)->next;
    c->leaf = next;
    return !wrong(c, next ? const_leaf(next)->previous != n : c->order->last != n,
                  "order: the chain of leaves does not lead back");
}

static bool check_node(struct check *c, const struct order_node *n, unsigned level)
{
    bool leaf = level == 0;
    c->memory += order_node_bytes(leaf);
    if (wrong(c, n->count < (leaf ? 1 : 2) || n->count > NODE_MAX, "order: a node is too small or too large"))
        return false;
    if (leaf) return check_leaf(c, n);
    for (unsigned i = 0; i < n->count; i++) {
        const struct order_node *child = const_inner(n)->children[i];
        if (!check_node(c, child, level - 1)) return false;
        if (wrong(c, const_inner(n)->sizes[i] != order_node_size(child, level == 1),
                  "order: a size is wrong") ||
            wrong(c, n->items[i] != child->items[child->count - 1] || n->scores[i] != n->items[i]->score,
                  "order: a last element is wrong"))
            return false;
    }
    return true;
}

bool order_check(const struct order *o, const char **what)
{
    struct check c = {.order = o, .leaf = o->first};
    if (o->root) {
        check_node(&c, o->root, o->height);
        wrong(&c, c.leaf != NULL, "order: the chain of leaves is too long");
        wrong(&c, o->size != order_node_size(o->root, o->height == 0), "order: its size is wrong");
    } else {
        wrong(&c, o->size != 0 || o->first || o->last || o->height != 0, "order: it is empty and is not");
    }
    wrong(&c, c.memory != o->nodes_memory, "order: its memory is miscounted");
    *what = c.what;
    return !c.what;
}
