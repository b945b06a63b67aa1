/* stream_node.c: how a stream's entries are laid out in a node; see stream_node.h. */
#include "store/stream_node.h"

#include "base/number.h"

enum {
    DELETED = 1,
    SAME_NAMES = 2,
    FLAG_BITS = 2,
    GROW_STEP = 4096, /* a node that grows takes twice as much, but at most so much more */
    LISTPACK_NODE_MAX = 1 << 30
};

/* Integers beyond are kept as text: the value and a bit have to fit into 64. */
#define INTEGER_MAX (INT64_C(1) << 61)

/* ---- numbers ---- */

static inline size_t varint_size(uint64_t value)
{
    unsigned bits = 64 - (unsigned)__builtin_clzll(value | 1);
    return (bits + 6) / 7;
}

static inline unsigned char *put_varint(unsigned char *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) *out++ = (unsigned char)(value | 0x80);
    *out++ = (unsigned char)value;
    return out;
}

static inline const unsigned char *get_varint(const unsigned char *at, uint64_t *value)
{
    uint64_t byte = *at++, result = byte & 0x7f;
    for (unsigned shift = 7; byte & 0x80; shift += 7) {
        byte = *at++;
        result |= (byte & 0x7f) << shift;
    }
    *value = result;
    return at;
}

static inline uint64_t zigzag(int64_t value) { return (uint64_t)value << 1 ^ (uint64_t)(value >> 63); }

static inline int64_t unzigzag(uint64_t bits) { return (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1); }

/* ---- names and values ---- */

static size_t name_size(struct slice name) { return varint_size(name.size) + name.size; }

static unsigned char *put_name(unsigned char *out, struct slice name)
{
    out = put_varint(out, name.size);
    if (name.size > 0) memcpy(out, name.data, name.size);
    return out + name.size;
}

static const unsigned char *get_name(const unsigned char *at, struct slice *name)
{
    uint64_t size;
    at = get_varint(at, &size);
    *name = slice_of((const char *)at, size);
    return at + size;
}

static bool is_small_integer(const struct packed_item *item)
{
    return item->is_integer && item->integer >= -INTEGER_MAX && item->integer < INTEGER_MAX;
}

static size_t value_size(const struct packed_item *item, struct slice value)
{
    if (is_small_integer(item)) return varint_size(zigzag(item->integer) << 1 | 1);
    return varint_size((uint64_t)value.size << 1) + value.size;
}

static unsigned char *put_value(unsigned char *out, struct slice value)
{
    struct packed_item item = packed_item_of(value);
    if (is_small_integer(&item)) return put_varint(out, zigzag(item.integer) << 1 | 1);
    out = put_varint(out, (uint64_t)value.size << 1);
    if (value.size > 0) memcpy(out, value.data, value.size);
    return out + value.size;
}

void stream_entry_field(struct stream_entry *e, struct stream_field *f)
{
    uint64_t head;
    if (e->names)
        e->names = get_name(e->names, &f->name);
    else
        e->at = get_name(e->at, &f->name);
    e->at = get_varint(e->at, &head);
    e->fields--;
    if (head & 1) {
        f->value = slice_of(f->digits.text, number_format_int(f->digits.text, unzigzag(head >> 1)));
        return;
    }
    f->value = slice_of((const char *)e->at, head >> 1);
    e->at += head >> 1;
}

const unsigned char *stream_node_name(const struct stream_node *n, const unsigned char *at,
                                      struct slice *name)
{
    return get_name(at ? at : n->data, name);
}

/* ---- nodes ---- */

static size_t listpack_size(struct slice text) { return packed_item_of(text).size; }

static size_t listpack_integer_size(uint64_t value) { return packed_item_of_integer((int64_t)value).size; }

static size_t node_bytes(size_t room) { return sizeof(struct stream_node) + room; }

size_t stream_node_memory(const struct stream_node *n) { return node_bytes(n->room); }

static size_t round_up(size_t size) { return (size + 7) & ~(size_t)7; }

struct stream_node *stream_node_new(struct memory *m, struct stream_id base, const struct slice *names,
                                    size_t name_count, size_t step)
{
    size_t size = 0, packed = PACKED_EMPTY + listpack_integer_size(name_count) + listpack_integer_size(0);
    for (size_t i = 0; i < name_count; i++) {
        size += name_size(names[i * step]);
        packed += listpack_size(names[i * step]);
        if (size > STREAM_ENTRY_MAX) return NULL;
    }
    size_t room = round_up(size);
    struct stream_node *n = memory_alloc(m, node_bytes(room));
    if (!n) return NULL;
    *n = (struct stream_node){
        .base = base,
        .last = base,
        .size = (uint32_t)size,
        .room = (uint32_t)room,
        .listpack_size = (uint32_t)packed,
        .name_count = (uint32_t)name_count,
        .entries_at = (uint32_t)size,
    };
    unsigned char *out = n->data;
    for (size_t i = 0; i < name_count; i++) out = put_name(out, names[i * step]);
    return n;
}

void stream_node_free(struct memory *m, struct stream_node *n) { memory_free(m, n, node_bytes(n->room)); }

bool stream_node_full(const struct stream_node *n, size_t bytes, const struct value_limits *limits)
{
    size_t packed = n->listpack_size + listpack_integer_size(n->count) + listpack_integer_size(n->deleted);
    size_t most = LISTPACK_NODE_MAX;
    if (limits->stream_node_bytes > 0 && (uint64_t)limits->stream_node_bytes < most)
        most = (size_t)limits->stream_node_bytes;
    if (packed + bytes >= most) return true;
    return limits->stream_node_entries > 0 && (int64_t)n->count + n->deleted >= limits->stream_node_entries;
}

static struct stream_node *resize(struct memory *m, struct stream_node *n, size_t room)
{
    struct stream_node *resized = memory_resize(m, n, node_bytes(n->room), node_bytes(room));
    if (resized) resized->room = (uint32_t)room;
    return resized;
}

struct stream_node *stream_node_fit(struct memory *m, struct stream_node *n)
{
    if (round_up(n->size) == n->room) return n;
    struct stream_node *fitted = resize(m, n, round_up(n->size));
    return fitted ? fitted : n;
}

static bool has_names(const struct stream_node *n, const struct slice *pairs, size_t pair_count)
{
    if (pair_count != n->name_count) return false;
    const unsigned char *at = n->data;
    for (size_t i = 0; i < pair_count; i++) {
        struct slice name;
        at = get_name(at, &name);
        if (!slice_equal(name, pairs[2 * i])) return false;
    }
    return true;
}

/* What an entry takes, without its header, and how it is written. */
struct shape {
    size_t size, packed;
    uint64_t ms, seq;
    bool same_names;
};

static struct shape shape_of(const struct stream_node *n, struct stream_id id, const struct slice *pairs,
                             size_t pair_count)
{
    struct shape s = {.ms = id.ms - n->last.ms, .same_names = has_names(n, pairs, pair_count)};
    s.seq = s.ms == 0 ? id.seq - n->last.seq : id.seq;
    s.size = varint_size(s.ms) + varint_size(s.seq);
    /* flags, both differences to the base, the values, how many elements that was */
    enum { FIXED_ELEMENTS = 3 };
    size_t elements = FIXED_ELEMENTS + pair_count;
    s.packed = listpack_integer_size(SAME_NAMES) + listpack_integer_size(id.ms - n->base.ms) +
               listpack_integer_size(id.seq - n->base.seq);
    if (!s.same_names) {
        s.size += varint_size(pair_count);
        s.packed += listpack_integer_size(pair_count);
        elements += 1 + pair_count;
    }
    s.packed += listpack_integer_size(elements);
    for (size_t i = 0; i < pair_count; i++) {
        struct packed_item value = packed_item_of(pairs[2 * i + 1]);
        s.size += value_size(&value, pairs[2 * i + 1]);
        s.packed += value.size;
        if (s.same_names) continue;
        s.size += name_size(pairs[2 * i]);
        s.packed += listpack_size(pairs[2 * i]);
    }
    return s;
}

/* The node with room for `extra` bytes more. */
static struct stream_node *reserve(struct memory *m, struct stream_node *n, size_t extra)
{
    size_t needed = n->size + extra, step = n->count == 0 ? 0 : n->room;
    if (needed > UINT32_MAX - GROW_STEP) return NULL;
    if (needed <= n->room) return n;
    if (step > GROW_STEP) step = GROW_STEP;
    return resize(m, n, needed > n->room + step ? round_up(needed) : n->room + step);
}

struct stream_node *stream_node_append(struct memory *m, struct stream_node *n, struct stream_id id,
                                       const struct slice *pairs, size_t pair_count)
{
    struct shape s = shape_of(n, id, pairs, pair_count);
    uint64_t header = (uint64_t)s.size << FLAG_BITS | (s.same_names ? SAME_NAMES : 0);
    size_t size = varint_size(header) + s.size;
    n = reserve(m, n, size);
    if (!n) return NULL;
    unsigned char *out = put_varint(n->data + n->size, header);
    out = put_varint(out, s.ms);
    out = put_varint(out, s.seq);
    if (!s.same_names) out = put_varint(out, pair_count);
    for (size_t i = 0; i < pair_count; i++) {
        if (!s.same_names) out = put_name(out, pairs[2 * i]);
        out = put_value(out, pairs[2 * i + 1]);
    }
    n->size += (uint32_t)size;
    n->listpack_size += (uint32_t)s.packed;
    n->last = id;
    n->count++;
    return n;
}

void stream_node_read(const struct stream_node *n, uint32_t at, struct stream_id prev, struct stream_place *p)
{
    uint64_t header, ms, seq;
    const unsigned char *body = get_varint(n->data + at, &header);
    p->at = at;
    p->next = (uint32_t)(body - n->data) + (uint32_t)(header >> FLAG_BITS);
    p->deleted = header & DELETED;
    body = get_varint(get_varint(body, &ms), &seq);
    p->id = (struct stream_id){prev.ms + ms, ms == 0 ? prev.seq + seq : seq};
    p->entry = (struct stream_entry){.id = p->id, .fields = n->name_count, .at = body, .names = n->data};
    if (header & SAME_NAMES) return;
    p->entry.names = NULL;
    p->entry.at = get_varint(body, &p->entry.fields);
}

void stream_node_delete(struct stream_node *n, const struct stream_place *p)
{
    n->data[p->at] |= DELETED;
    n->count--;
    n->deleted++;
}

void stream_node_cut(struct stream_node *n, struct stream_id id)
{
    struct stream_place p;
    struct stream_id prev = n->base;
    uint32_t at = n->entries_at, kept = 0;
    for (; at < n->size; at = p.next, prev = p.id, kept++) {
        stream_node_read(n, at, prev, &p);
        if (stream_id_compare(p.id, id) > 0) break;
    }
    n->size = at;
    n->last = prev;
    n->deleted = kept - n->count;
}
