/* tree.c: a B+-tree: insertion splits on the way down, removal merges on the way back up.
 *
 * Splitting every full node that the descent passes means that a parent always has room for one child more, so that
 * an allocation that fails leaves a tree that is merely split a little finer than it needs to be.
 */
#include "base/tree.h"

#include <string.h>

enum {
    NODE_MAX = 32,  /* slots of an inner node, and of a leaf that has grown up */
    LEAF_MIN = 2,   /* slots that a leaf begins with */
    SPARSE_MAX = 8, /* slots in use, up to which a node looks for a neighbour to merge with … */
    MERGED_MAX = 24 /* … that leaves room for the next few */
};

/* Splits leave inner nodes with at least half of their slots, or one at the right end: 16^14 leaves are out of reach. */
enum { HEIGHT_MAX = 16 };

struct tree_slot {
    struct tree_key key;
    void *item; /* of an inner node: the child */
};

struct tree_node {
    struct tree_node *prev, *next; /* of a leaf */
    uint16_t count, room;
    struct tree_slot slots[];
};

static size_t node_bytes(unsigned room) { return sizeof(struct tree_node) + room * sizeof(struct tree_slot); }

static struct tree_node *node_new(struct tree *t, struct memory *m, unsigned room)
{
    struct tree_node *n = memory_alloc(m, node_bytes(room));
    if (!n) return NULL;
    n->prev = n->next = NULL;
    n->count = 0;
    n->room = (uint16_t)room;
    t->bytes += node_bytes(room);
    return n;
}

static void node_free(struct tree *t, struct memory *m, struct tree_node *n)
{
    t->bytes -= node_bytes(n->room);
    memory_free(m, n, node_bytes(n->room));
}

/* ---- looking ---- */

/* How many of the slots from `from` on have a key < `key` (<= `key` when `equal`), plus `from`. */
static unsigned slots_below(const struct tree_node *n, unsigned from, struct tree_key key, bool equal)
{
    unsigned low = from, high = n->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        int order = tree_key_compare(n->slots[middle].key, key);
        if (order < 0 || (equal && order == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The child in whose range the key falls. */
static unsigned child_of(const struct tree_node *n, struct tree_key key)
{
    return slots_below(n, 1, key, true) - 1;
}

static struct tree_node *leaf_of(const struct tree *t, struct tree_key key)
{
    struct tree_node *n = t->root;
    for (unsigned level = t->height; level > 1; level--) n = n->slots[child_of(n, key)].item;
    return n;
}

struct tree_cursor tree_at_least(const struct tree *t, struct tree_key key)
{
    struct tree_node *leaf = t->root ? leaf_of(t, key) : NULL;
    if (!leaf) return (struct tree_cursor){NULL, 0};
    unsigned index = slots_below(leaf, 0, key, false);
    if (index < leaf->count) return (struct tree_cursor){leaf, index};
    return (struct tree_cursor){leaf->next, 0};
}

struct tree_cursor tree_at_most(const struct tree *t, struct tree_key key)
{
    struct tree_node *leaf = t->root ? leaf_of(t, key) : NULL;
    if (!leaf) return (struct tree_cursor){NULL, 0};
    unsigned above = slots_below(leaf, 0, key, true);
    if (above > 0) return (struct tree_cursor){leaf, above - 1};
    if (!leaf->prev) return (struct tree_cursor){NULL, 0};
    return (struct tree_cursor){leaf->prev, leaf->prev->count - 1u};
}

struct tree_cursor tree_first(const struct tree *t)
{
    struct tree_node *n = t->root;
    for (unsigned level = t->height; level > 1; level--) n = n->slots[0].item;
    return (struct tree_cursor){n, 0};
}

struct tree_cursor tree_last(const struct tree *t)
{
    struct tree_node *n = t->root;
    for (unsigned level = t->height; level > 1; level--) n = n->slots[n->count - 1].item;
    return (struct tree_cursor){n, n ? n->count - 1u : 0};
}

struct tree_cursor tree_next(struct tree_cursor c)
{
    if (c.index + 1 < c.leaf->count) return (struct tree_cursor){c.leaf, c.index + 1};
    return (struct tree_cursor){c.leaf->next, 0};
}

struct tree_cursor tree_prev(struct tree_cursor c)
{
    if (c.index > 0) return (struct tree_cursor){c.leaf, c.index - 1};
    struct tree_node *prev = c.leaf->prev;
    return (struct tree_cursor){prev, prev ? prev->count - 1u : 0};
}

struct tree_key tree_cursor_key(struct tree_cursor c) { return c.leaf->slots[c.index].key; }

void *tree_cursor_item(struct tree_cursor c) { return c.leaf->slots[c.index].item; }

void tree_cursor_replace(struct tree_cursor c, void *item) { c.leaf->slots[c.index].item = item; }

void *tree_find(const struct tree *t, struct tree_key key)
{
    struct tree_cursor c = tree_at_least(t, key);
    if (!c.leaf || tree_key_compare(tree_cursor_key(c), key) != 0) return NULL;
    return tree_cursor_item(c);
}

/* ---- inserting ---- */

static void link_after(struct tree_node *n, struct tree_node *fresh)
{
    fresh->prev = n;
    fresh->next = n->next;
    if (n->next) n->next->prev = fresh;
    n->next = fresh;
}

static void put_slot(struct tree_node *n, unsigned index, struct tree_key key, void *item)
{
    memmove(&n->slots[index + 1], &n->slots[index], (n->count - index) * sizeof *n->slots);
    n->slots[index] = (struct tree_slot){key, item};
    n->count++;
}

static void drop_slot(struct tree_node *n, unsigned index)
{
    n->count--;
    memmove(&n->slots[index], &n->slots[index + 1], (n->count - index) * sizeof *n->slots);
}

/* How many slots of a full node stay when it is split to let `key` in. */
static unsigned split_point(const struct tree_node *n, bool is_leaf, struct tree_key key)
{
    bool at_end = tree_key_compare(key, n->slots[n->count - 1].key) > 0;
    if (!at_end) return n->count / 2u;
    return is_leaf ? n->count : n->count - 1u;
}

/* Splits the full child number `index` of `parent`, which has room for another. False when memory is out. */
static bool split_child(struct tree *t, struct memory *m, struct tree_node *parent, unsigned index,
                        bool is_leaf, struct tree_key key)
{
    struct tree_node *n = parent->slots[index].item;
    unsigned keep = split_point(n, is_leaf, key), moved = n->count - keep;
    struct tree_node *fresh = node_new(t, m, is_leaf && moved == 0 ? LEAF_MIN : NODE_MAX);
    if (!fresh) return false;
    memcpy(fresh->slots, &n->slots[keep], moved * sizeof *n->slots);
    fresh->count = (uint16_t)moved;
    n->count = (uint16_t)keep;
    if (is_leaf) link_after(n, fresh);
    put_slot(parent, index + 1, moved > 0 ? fresh->slots[0].key : key, fresh);
    return true;
}

/* A new root above the full one, which is split. */
static bool grow_up(struct tree *t, struct memory *m, struct tree_key key)
{
    struct tree_node *root = node_new(t, m, NODE_MAX);
    if (!root) return false;
    put_slot(root, 0, t->root->slots[0].key, t->root);
    if (!split_child(t, m, root, 0, t->height == 1, key)) {
        node_free(t, m, root);
        return false;
    }
    t->root = root;
    t->height++;
    return true;
}

/* A leaf with twice the room in the place of `leaf`; *place points at it from above. */
static struct tree_node *leaf_grow(struct tree *t, struct memory *m, struct tree_node *leaf, void **place)
{
    unsigned room = 2u * leaf->room;
    size_t old_bytes = node_bytes(leaf->room);
    struct tree_node *grown = memory_resize(m, leaf, old_bytes, node_bytes(room));
    if (!grown) return NULL;
    t->bytes += node_bytes(room) - old_bytes;
    grown->room = (uint16_t)room;
    if (grown->prev) grown->prev->next = grown;
    if (grown->next) grown->next->prev = grown;
    *place = grown;
    return grown;
}

static bool make_root(struct tree *t, struct memory *m)
{
    t->root = node_new(t, m, LEAF_MIN);
    t->height = t->root != NULL;
    return t->root != NULL;
}

bool tree_insert(struct tree *t, struct memory *m, struct tree_key key, void *item)
{
    if (!t->root && !make_root(t, m)) return false;
    if (t->root->count == NODE_MAX && !grow_up(t, m, key)) return false;
    struct tree_node *n = t->root;
    void *root = n, **place = &root;
    for (unsigned level = t->height; level > 1; level--) {
        unsigned index = child_of(n, key);
        const struct tree_node *child = n->slots[index].item;
        if (child->count == NODE_MAX) {
            if (!split_child(t, m, n, index, level == 2, key)) return false;
            index = child_of(n, key);
        }
        place = &n->slots[index].item;
        n = *place;
    }
    if (n->count == n->room) n = leaf_grow(t, m, n, place);
    if (t->height == 1 && n) t->root = n;
    if (!n) return false;
    put_slot(n, slots_below(n, 0, key, false), key, item);
    t->size++;
    return true;
}

/* ---- removing ---- */

static void leaf_unlink(struct tree_node *leaf)
{
    if (leaf->prev) leaf->prev->next = leaf->next;
    if (leaf->next) leaf->next->prev = leaf->prev;
}

/* Takes a child that is empty, or whose slots have moved, out of its parent. */
static void drop_child(struct tree *t, struct memory *m, struct tree_node *parent, unsigned index,
                       bool is_leaf)
{
    struct tree_node *child = parent->slots[index].item;
    if (is_leaf) leaf_unlink(child);
    node_free(t, m, child);
    drop_slot(parent, index);
}

/* Moves the slots of child `index + 1` into child `index`, if they fit well. */
static bool merge_children(struct tree *t, struct memory *m, struct tree_node *parent, unsigned index,
                           bool is_leaf)
{
    if (index + 1 >= parent->count) return false;
    struct tree_node *left = parent->slots[index].item, *right = parent->slots[index + 1].item;
    unsigned sum = left->count + right->count;
    if (sum > MERGED_MAX || sum > left->room) return false;
    /* within the left one the first key of the right one means something again */
    if (!is_leaf) right->slots[0].key = parent->slots[index + 1].key;
    memcpy(&left->slots[left->count], right->slots, right->count * sizeof *right->slots);
    left->count = (uint16_t)sum;
    drop_child(t, m, parent, index + 1, is_leaf);
    return true;
}

/* Child `index` has lost a slot. */
static void tend_child(struct tree *t, struct memory *m, struct tree_node *parent, unsigned index,
                       bool is_leaf)
{
    const struct tree_node *child = parent->slots[index].item;
    if (child->count == 0)
        drop_child(t, m, parent, index, is_leaf);
    else if (child->count <= SPARSE_MAX && !merge_children(t, m, parent, index, is_leaf) && index > 0)
        merge_children(t, m, parent, index - 1, is_leaf);
}

/* The root has lost a slot. */
static void tend_root(struct tree *t, struct memory *m)
{
    while (t->height > 1 && t->root->count == 1) {
        struct tree_node *root = t->root;
        t->root = root->slots[0].item;
        t->height--;
        node_free(t, m, root);
    }
    if (t->root->count > 0) return;
    node_free(t, m, t->root);
    t->root = NULL;
    t->height = 0;
}

void *tree_remove(struct tree *t, struct memory *m, struct tree_key key)
{
    struct tree_node *path[HEIGHT_MAX], *n = t->root;
    unsigned at[HEIGHT_MAX], depth = 0;
    if (!n) return NULL;
    for (unsigned level = t->height; level > 1; level--) {
        path[depth] = n;
        at[depth] = child_of(n, key);
        n = n->slots[at[depth++]].item;
    }
    unsigned index = slots_below(n, 0, key, false);
    if (index == n->count || tree_key_compare(n->slots[index].key, key) != 0) return NULL;
    void *item = n->slots[index].item;
    drop_slot(n, index);
    t->size--;
    for (bool is_leaf = true; depth > 0; is_leaf = false) {
        depth--;
        tend_child(t, m, path[depth], at[depth], is_leaf);
    }
    tend_root(t, m);
    return item;
}

static void free_below(struct tree *t, struct memory *m, struct tree_node *n, unsigned level)
{
    for (unsigned i = 0; level > 1 && i < n->count; i++) free_below(t, m, n->slots[i].item, level - 1);
    node_free(t, m, n);
}

void tree_free(struct tree *t, struct memory *m)
{
    if (t->root) free_below(t, m, t->root, t->height);
    *t = (struct tree){0};
}

/* ---- checking ---- */

struct check {
    const struct tree_node *last_leaf;
    size_t size, bytes;
    bool holds;
};

/* Checks the node whose keys lie in [*low, *high). NULL: unbounded. */
static void check_node(struct check *c, const struct tree_node *n, unsigned level, const struct tree_key *low,
                       const struct tree_key *high)
{
    c->bytes += node_bytes(n->room);
    c->holds = c->holds && n->count > 0 && n->count <= n->room && n->room <= NODE_MAX;
    for (unsigned i = 0; i < n->count && c->holds; i++) {
        const struct tree_key *key = &n->slots[i].key;
        bool meaningless = level > 1 && i == 0;
        if (i > 1 || (i == 1 && level == 1))
            c->holds = tree_key_compare(n->slots[i - 1].key, *key) < 0 && c->holds;
        if (low && !meaningless) c->holds = tree_key_compare(*key, *low) >= 0 && c->holds;
        if (high && !meaningless) c->holds = tree_key_compare(*key, *high) < 0 && c->holds;
        if (level > 1)
            check_node(c, n->slots[i].item, level - 1, i == 0 ? low : key,
                       i + 1 < n->count ? &n->slots[i + 1].key : high);
    }
    if (level > 1) return;
    c->holds = c->holds && n->prev == c->last_leaf && (!n->prev || n->prev->next == n);
    c->last_leaf = n;
    c->size += n->count;
}

bool tree_check(const struct tree *t)
{
    struct check c = {.holds = true};
    if (t->root) check_node(&c, t->root, t->height, NULL, NULL);
    return c.holds && (!c.last_leaf || !c.last_leaf->next) && c.size == t->size && c.bytes == t->bytes &&
           (t->root != NULL) == (t->height > 0);
}
