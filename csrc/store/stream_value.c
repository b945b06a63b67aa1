/* stream_value.c: a stream as a value: copied, measured, digested, checked. */
#include "store/digest.h"
#include "store/stream_node.h"

static const struct stream_node *node_at(struct tree_cursor c) { return tree_cursor_item(c); }

/* ---- copying ---- */

static bool copy_nodes(struct memory *m, const struct stream *from, struct stream *to)
{
    struct tree_cursor c = tree_first(&from->nodes);
    for (; tree_is_somewhere(c); c = tree_next(c)) {
        const struct stream_node *n = node_at(c);
        struct stream_node *copy = memory_alloc(m, stream_node_memory(n));
        if (!copy) return false;
        memcpy(copy, n, stream_node_memory(n));
        if (!tree_insert(&to->nodes, m, stream_key(n->base), copy)) {
            stream_node_free(m, copy);
            return false;
        }
        to->node_bytes += stream_node_memory(n);
    }
    return true;
}

static bool copy_consumer(struct memory *m, const struct stream_consumer *from, struct stream_group *group)
{
    struct stream_consumer *to = stream_consumer_make(m, group, from->name, from->seen_ms);
    if (!to) return false;
    struct tree_cursor c = tree_first(&from->pending);
    for (; tree_is_somewhere(c); c = tree_next(c)) {
        const struct stream_pending *p = stream_pending_at(c);
        if (!stream_pending_make(m, group, to, p->id, p->delivered_ms, p->deliveries)) return false;
    }
    return true;
}

static bool copy_groups(struct memory *m, const struct stream *from, struct stream *to)
{
    for (size_t i = 0; i < from->groups.count; i++) {
        const struct stream_group *g = stream_group_at(from, i);
        struct stream_group *copy = stream_group_make(m, to, g->name, g->last_id, g->entries_read);
        if (!copy) return false;
        for (size_t k = 0; k < g->consumers.count; k++)
            if (!copy_consumer(m, stream_consumer_at(g, k), copy)) return false;
    }
    return true;
}

static void *copy(struct memory *m, const void *value)
{
    const struct stream *s = value;
    struct stream *copy = stream_new(m);
    if (!copy) return NULL;
    copy->length = s->length;
    copy->entries_added = s->entries_added;
    copy->last_id = s->last_id;
    copy->first_id = s->first_id;
    copy->max_deleted_id = s->max_deleted_id;
    copy->summed = s->summed;
    copy->sum = s->sum;
    if (copy_nodes(m, s, copy) && copy_groups(m, s, copy)) return copy;
    stream_free(m, copy);
    return NULL;
}

/* ---- measuring ---- */

static size_t memory(const void *value)
{
    const struct stream *s = value;
    return sizeof *s + s->nodes.bytes + s->node_bytes + stream_groups_memory(s);
}

enum { KEY_BYTES = 16 };

/* Leading bytes that two keys have in common. */
static int shared_bytes(struct tree_key a, struct tree_key b)
{
    if (a.high != b.high) return __builtin_clzll(a.high ^ b.high) / 8;
    return 8 + (a.low == b.low ? 8 : __builtin_clzll(a.low ^ b.low) / 8);
}

/* A radix tree has a node for each place where keys part and one for the end of each key, and one for each stretch of
 * bytes between these. Seen in order, keys part at the depths up to which neighbours agree: `open` holds the depths of
 * the places that the present key has passed. */
struct radix {
    int open[KEY_BYTES + 1], count;
    size_t nodes;
};

/* A node at `depth` below the place at `above`. */
static void radix_count(struct radix *r, int depth, int above) { r->nodes += depth > above + 1 ? 2 : 1; }

/* The next key agrees with the present one up to `depth` (-1: there is none). */
static void radix_part(struct radix *r, int depth)
{
    int below = KEY_BYTES;
    while (r->count > 0 && r->open[r->count - 1] > depth) {
        int top = r->open[--r->count];
        radix_count(r, below, top);
        below = top;
    }
    radix_count(r, below, depth);
    if (depth >= 0 && (r->count == 0 || r->open[r->count - 1] < depth)) r->open[r->count++] = depth;
}

size_t stream_radix_nodes(const struct stream *s)
{
    struct radix r = {.count = 0};
    struct tree_cursor c = tree_first(&s->nodes), next;
    if (!tree_is_somewhere(c)) return 1;
    for (; tree_is_somewhere(c); c = next) {
        next = tree_next(c);
        bool more = tree_is_somewhere(next);
        radix_part(&r, more ? shared_bytes(tree_cursor_key(c), tree_cursor_key(next)) : -1);
    }
    return r.nodes;
}

/* ---- the digest ---- */

enum { DIGEST_ENTRY = 1, DIGEST_GROUP, DIGEST_CONSUMER, DIGEST_PENDING, DIGEST_STREAM };

/* A digest that goes on with further numbers and texts. */
struct chain {
    struct digest sum;
};

static void chain_numbers(struct chain *c, uint64_t a, uint64_t b, uint64_t d)
{
    unsigned char bytes[40];
    uint64_t numbers[5] = {c->sum.low, c->sum.high, a, b, d};
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(numbers[i / 8] >> 8 * (i % 8));
    c->sum = digest_bytes(slice_of((const char *)bytes, sizeof bytes));
}

static void chain_text(struct chain *c, struct slice text)
{
    struct digest d = digest_bytes(text);
    chain_numbers(c, d.low, d.high, text.size);
}

struct digest stream_entry_digest(struct stream_entry e)
{
    struct chain c = {{DIGEST_ENTRY, 0}};
    struct stream_field f;
    chain_numbers(&c, e.id.ms, e.id.seq, e.fields);
    while (e.fields > 0) {
        stream_entry_field(&e, &f);
        chain_text(&c, f.name);
        chain_text(&c, f.value);
    }
    return c.sum;
}

static struct digest entries_digest(const struct stream *s)
{
    struct stream_walk w;
    struct stream_entry e;
    struct digest sum = {0, 0};
    stream_walk_begin(&w, s, STREAM_ID_MIN, STREAM_ID_MAX, false);
    while (stream_walk_next(&w, &e)) digest_add(&sum, stream_entry_digest(e));
    return sum;
}

static void add_consumer(const struct chain *group, const struct stream_consumer *consumer,
                         struct digest *sum)
{
    struct chain c = *group;
    chain_numbers(&c, DIGEST_CONSUMER, 0, 0);
    chain_text(&c, consumer->name);
    digest_add(sum, c.sum);
    struct tree_cursor at = tree_first(&consumer->pending);
    for (; tree_is_somewhere(at); at = tree_next(at)) {
        const struct stream_pending *p = stream_pending_at(at);
        struct chain of = c;
        chain_numbers(&of, DIGEST_PENDING, p->id.ms, p->id.seq);
        chain_numbers(&of, (uint64_t)p->delivered_ms, p->deliveries, 0);
        digest_add(sum, of.sum);
    }
}

static void add_group(const struct stream_group *g, struct digest *sum)
{
    struct chain name = {{DIGEST_GROUP, 0}};
    chain_text(&name, g->name);
    struct chain c = name;
    chain_numbers(&c, g->last_id.ms, g->last_id.seq, (uint64_t)g->entries_read);
    digest_add(sum, c.sum);
    for (size_t i = 0; i < g->consumers.count; i++) add_consumer(&name, stream_consumer_at(g, i), sum);
}

static struct digest digest(const struct entry *e)
{
    struct stream *s = stream_of(e);
    struct chain c = {{DIGEST_STREAM, 0}};
    if (!s->summed) s->sum = entries_digest(s);
    s->summed = true;
    struct digest sum = s->sum;
    for (size_t i = 0; i < s->groups.count; i++) add_group(stream_group_at(s, i), &sum);
    chain_numbers(&c, sum.low, sum.high, s->entries_added);
    chain_numbers(&c, s->last_id.ms, s->last_id.seq, s->length);
    chain_numbers(&c, s->max_deleted_id.ms, s->max_deleted_id.seq, 0);
    return c.sum;
}

/* ---- checking ---- */

struct check {
    const char *wrong;
};

static void expect(struct check *c, bool holds, const char *what)
{
    if (!holds && !c->wrong) c->wrong = what;
}

static void check_node(struct check *c, const struct stream_node *n)
{
    uint32_t count = 0, deleted = 0, at = n->entries_at;
    struct stream_id prev = n->base;
    struct stream_place p;
    expect(c, n->size <= n->room, "a node overflows");
    expect(c, n->count > 0, "a node is empty");
    for (; at < n->size && !c->wrong; at = p.next) {
        stream_node_read(n, at, prev, &p);
        expect(c, stream_id_compare(p.id, prev) > (at > n->entries_at ? 0 : -1), "entries are out of order");
        expect(c, p.next > at && p.next <= n->size, "an entry leaves its node");
        prev = p.id;
        count += !p.deleted;
        deleted += p.deleted;
    }
    expect(c, stream_id_compare(n->last, prev) == 0, "a node's last ID is not its last entry's");
    expect(c, count == n->count && deleted == n->deleted, "a node's counts are not its entries'");
}

static void check_nodes(struct check *c, const struct stream *s)
{
    size_t bytes = 0;
    uint64_t length = 0;
    const struct stream_node *before = NULL;
    struct stream_walk w;
    struct stream_entry e;
    struct tree_cursor at = tree_first(&s->nodes);
    expect(c, tree_check(&s->nodes), "the tree of nodes is out of order");
    for (; tree_is_somewhere(at) && !c->wrong; at = tree_next(at)) {
        const struct stream_node *n = node_at(at);
        struct tree_key key = tree_cursor_key(at);
        check_node(c, n);
        expect(c, key.high == n->base.ms && key.low == n->base.seq, "a node is not under its ID");
        expect(c, !before || stream_id_compare(before->last, n->base) < 0, "nodes overlap");
        expect(c, stream_id_compare(n->last, s->last_id) <= 0, "an entry is beyond the last ID");
        bytes += stream_node_memory(n);
        length += n->count;
        before = n;
    }
    if (c->wrong) return;
    expect(c, bytes == s->node_bytes, "the nodes' memory is not what was counted");
    expect(c, length == s->length, "the length is not the number of entries");
    stream_walk_begin(&w, s, STREAM_ID_MIN, STREAM_ID_MAX, false);
    struct stream_id first = stream_walk_next(&w, &e) ? e.id : STREAM_ID_MIN;
    expect(c, stream_id_compare(first, s->first_id) == 0, "the first ID is not the first entry's");
    expect(c, !s->summed || digest_equal(s->sum, entries_digest(s)), "the sum is not that of the entries");
}

static void check_group(struct check *c, const struct stream_group *g)
{
    size_t pending = 0;
    expect(c, tree_check(&g->pending), "the deliveries of a group are out of order");
    for (size_t i = 0; i < g->consumers.count && !c->wrong; i++) {
        const struct stream_consumer *consumer = stream_consumer_at(g, i);
        expect(c, stream_consumer_find(g, consumer->name) == consumer, "consumers are out of order");
        expect(c, tree_check(&consumer->pending), "the deliveries of a consumer are out of order");
        struct tree_cursor at = tree_first(&consumer->pending);
        for (; tree_is_somewhere(at) && !c->wrong; at = tree_next(at)) {
            const struct stream_pending *p = stream_pending_at(at);
            expect(c, p->consumer == consumer, "a delivery is not its consumer's");
            expect(c, stream_pending_find(g, p->id) == p, "a consumer's delivery is unknown to its group");
        }
        pending += consumer->pending.size;
    }
    expect(c, pending == g->pending.size, "a group's deliveries are not its consumers'");
}

static const char *check(const struct entry *e)
{
    const struct stream *s = stream_of(e);
    struct check c = {NULL};
    check_nodes(&c, s);
    for (size_t i = 0; i < s->groups.count && !c.wrong; i++) {
        const struct stream_group *g = stream_group_at(s, i);
        expect(&c, stream_group_find(s, g->name) == g, "groups are out of order");
        check_group(&c, g);
    }
    return c.wrong;
}

/* ---- the class ---- */

static const char *encoding(const struct entry *e)
{
    (void)e;
    return "stream";
}

static size_t count(const struct entry *e) { return stream_of(e)->length; }

static bool free_some(struct memory *m, void *value, size_t budget)
{
    enum { NODE_WORTH = 8 }; /* freeing a node costs as much as so many elements of other types */
    return stream_free_some(m, value, budget / NODE_WORTH + 1);
}

const struct value_class stream_class = {"stream", encoding, digest, check, count, free_some, copy, memory};
