/* zset.c: see zset.h. */
#include "store/zset.h"

#include "store/edit.h"

/* ---- elements ---- */

static size_t item_bytes(size_t member)
{
    return sizeof(struct order_item) + (member < ORDER_LONG_MEMBER ? 1 : 5) + member;
}

static struct order_item *item_new(struct zset *z, struct slice member, double score)
{
    struct order_item *item = NULL;
    size_t bytes = item_bytes(member.size);
    if (member.size <= UINT32_MAX) item = memory_alloc(z->members.memory, bytes);
    if (!item) return NULL;
    item->score = score;
    unsigned char *out = item->rest;
    if (member.size < ORDER_LONG_MEMBER) {
        *out++ = (unsigned char)member.size;
    } else {
        uint32_t size = (uint32_t)member.size;
        *out++ = ORDER_LONG_MEMBER;
        memcpy(out, &size, sizeof size);
        out += sizeof size;
    }
    if (member.size > 0) memcpy(out, member.data, member.size);
    z->items_memory += bytes;
    return item;
}

static void item_free(struct zset *z, struct order_item *item)
{
    size_t bytes = item_bytes(order_member(item).size);
    z->items_memory -= bytes;
    memory_free(z->members.memory, item, bytes);
}

static struct slice item_key(const void *item) { return order_member(item); }

/* ---- the whole ---- */

struct zset *zset_new(struct memory *m, const uint64_t hash_key[2])
{
    static const struct dict_type type = {item_key};
    struct zset *z = memory_alloc_zero(m, sizeof *z);
    if (!z) return NULL;
    value_head_init(&z->head, VALUE_ZSET);
    dict_init(&z->members, m, &type, hash_key);
    return z;
}

static void free_item(void *z, void *item) { item_free(z, item); }

bool zset_free_some(struct memory *m, struct zset *z, size_t budget)
{
    enum { NODE_WORTH = 16 }; /* a node of the order costs as much as so many elements */
    if (z->members.size > 0 && dict_drain(&z->members, budget, free_item, z)) return true;
    if (order_drain(&z->order, m, budget / NODE_WORTH + 1)) return true;
    dict_free(&z->members);
    memory_free(m, z, sizeof *z);
    return false;
}

void zset_free(struct memory *m, struct zset *z)
{
    if (!z) return;
    while (zset_free_some(m, z, SIZE_MAX)) {}
}

struct zset *zset_copy(struct memory *m, const struct zset *z)
{
    struct zset *copy = zset_new(m, z->members.hash_key);
    if (!copy) return NULL;
    for (struct order_at at = order_at_rank(&z->order, 0); at.leaf; at = order_next(at)) {
        const struct order_item *item = order_get(at);
        if (zset_add(copy, order_member(item), item->score)) continue;
        zset_free(m, copy);
        return NULL;
    }
    return copy;
}

size_t zset_memory(const struct zset *z)
{
    return sizeof *z + z->items_memory + z->order.nodes_memory + dict_overhead(&z->members);
}

/* ---- elements in and out ---- */

struct order_item *zset_find_hashed(const struct zset *z, struct slice member, uint64_t *hash)
{
    *hash = dict_hash(&z->members, member);
    return dict_find_hashed(&z->members, member, *hash);
}

struct order_item *zset_find(const struct zset *z, struct slice member)
{
    return dict_find(&z->members, member);
}

struct order_item *zset_add_hashed(struct zset *z, struct slice member, uint64_t hash, double score)
{
    struct order_item *item = item_new(z, member, score);
    if (!item) return NULL;
    if (dict_insert_hashed(&z->members, item, hash)) {
        if (order_insert(&z->order, z->members.memory, item)) return item;
        dict_remove_hashed(&z->members, order_member(item), hash);
    }
    item_free(z, item);
    return NULL;
}

struct order_item *zset_add(struct zset *z, struct slice member, double score)
{
    return zset_add_hashed(z, member, dict_hash(&z->members, member), score);
}

bool zset_set_score(struct zset *z, struct order_item *item, double score)
{
    return order_move(&z->order, z->members.memory, item, score);
}

void zset_remove(struct zset *z, struct order_item *item)
{
    order_remove(&z->order, z->members.memory, item);
    dict_remove(&z->members, order_member(item));
    item_free(z, item);
}

bool zset_check(const struct zset *z, const char **what)
{
    size_t memory = 0;
    if (!order_check(&z->order, what)) return false;
    if (z->members.size != z->order.size) *what = "zset: table and order differ in size";
    for (struct order_at at = order_at_rank(&z->order, 0); at.leaf; at = order_next(at)) {
        const struct order_item *item = order_get(at);
        memory += item_bytes(order_member(item).size);
        if (zset_find(z, order_member(item)) != item) *what = "zset: an element is not in the table";
    }
    if (memory != z->items_memory) *what = "zset: its memory is miscounted";
    return !*what;
}
