/* rdb_stream_node.c: the entries of a stream's node as a listpack, and back; persist/rdb_stream.h has the layout.
 *
 * The listpack of a file is taken apart and its entries are appended anew, so that what the store has is always what the
 * store has made. Deleted entries are left behind, on the way out as well as in.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/rdb_stream.h"
#include "store/stream_node.h"

/* ---- writing ---- */

/* What an entry has beside names and values: flags, the two parts of its ID, how many elements. */
enum { ENTRY_ELEMENTS = 3 };

static void put_integer(char *p, uint64_t value)
{
    struct packed_item item = packed_item_of_integer((int64_t)value);
    packed_append(p, &item);
}

static void put_text(char *p, struct slice text)
{
    struct packed_item item = packed_item_of(text);
    packed_append(p, &item);
}

static void put_head(char *p, const struct stream_node *n)
{
    const unsigned char *at = NULL;
    put_integer(p, n->count);
    put_integer(p, 0);
    put_integer(p, n->name_count);
    for (uint32_t i = 0; i < n->name_count; i++) {
        struct slice name;
        at = stream_node_name(n, at, &name);
        put_text(p, name);
    }
    put_integer(p, 0);
}

static void put_entry(char *p, const struct stream_node *n, struct stream_entry e)
{
    struct stream_field f;
    bool same = e.names != NULL;
    uint64_t elements = ENTRY_ELEMENTS + (same ? e.fields : 1 + 2 * e.fields);
    put_integer(p, same ? RDB_ENTRY_SAME_NAMES : 0);
    put_integer(p, e.id.ms - n->base.ms);
    put_integer(p, e.id.seq - n->base.seq);
    if (!same) put_integer(p, e.fields);
    while (e.fields > 0) {
        stream_entry_field(&e, &f);
        if (!same) put_text(p, f.name);
        put_text(p, f.value);
    }
    put_integer(p, elements);
}

void rdb_write_stream_node(struct rdb_output *o, const struct stream_node *n)
{
    /* enough: it is the size with the deleted entries, but for two counts */
    size_t room = n->listpack_size + 2 * PACKED_ITEM_OVERHEAD;
    struct bytes buffer;
    bytes_init(&buffer, o->buffer.memory);
    char *p = bytes_reserve(&buffer, room);
    if (!p) {
        o->failed = true;
        return;
    }
    packed_init(p);
    put_head(p, n);
    struct stream_place place;
    struct stream_id prev = n->base;
    for (uint32_t at = n->entries_at; at < n->size; at = place.next, prev = place.id) {
        stream_node_read(n, at, prev, &place);
        if (!place.deleted) put_entry(p, n, place.entry);
    }
    rdb_put_string(o, slice_of(p, packed_bytes(p)));
    bytes_free(&buffer);
}

/* ---- reading ---- */

/* A listpack that is taken apart, element by element, and room for the names and values of an entry. */
struct reader {
    struct memory *memory;
    const char *p;
    size_t at; /* the next element, 0: there is none */
    size_t names_at, name_count;
    struct slice *pairs;
    struct packed_digits *digits;
    size_t room;      /* for so many slices */
    const char *what; /* is wrong */
};

static bool wrong(struct reader *r, const char *what)
{
    if (!r->what) r->what = what;
    return false;
}

static bool take_integer(struct reader *r, int64_t *value)
{
    if (r->at == 0 || !packed_integer(r->p, r->at, value))
        return wrong(r, "a number is missing in a node of a stream");
    r->at = packed_next(r->p, r->at);
    return true;
}

/* The next element as slice number `index`. */
static bool take_text(struct reader *r, size_t index)
{
    if (r->at == 0 || index >= r->room) return wrong(r, "a node of a stream ends within an entry");
    r->pairs[index] = packed_text(r->p, r->at, &r->digits[index]);
    r->at = packed_next(r->p, r->at);
    return true;
}

static size_t slot_bytes(size_t room) { return room * (sizeof(struct slice) + sizeof(struct packed_digits)); }

/* Room for the slices of `count` elements, which the listpack still has. */
static bool reserve(struct reader *r, uint64_t count)
{
    if (count <= r->room) return true;
    if (count > packed_bytes(r->p)) return wrong(r, "an entry of a stream has more fields than its node");
    size_t room = (size_t)count * 2;
    void *slots = memory_alloc(r->memory, slot_bytes(room));
    if (!slots) return wrong(r, "out of memory");
    memory_free(r->memory, r->pairs, slot_bytes(r->room));
    r->pairs = slots;
    r->digits = (struct packed_digits *)(r->pairs + room);
    r->room = room;
    return true;
}

static bool read_count(struct reader *r, int64_t *count)
{
    if (!take_integer(r, count)) return false;
    if (*count < 0 || *count > PACKED_BYTES_MAX)
        return wrong(r, "a count in a node of a stream is out of range");
    return reserve(r, 2 * (uint64_t)*count);
}

/* The names that entries share; they stay where they are and are read again for each entry. */
static bool read_head(struct reader *r, struct stream *s, struct stream_id base)
{
    int64_t count = 0, end = 0;
    if (!read_count(r, &count)) return false;
    r->names_at = r->at;
    r->name_count = (size_t)count;
    for (size_t i = 0; i < r->name_count; i++)
        if (!take_text(r, i)) return false;
    if (!take_integer(r, &end)) return false;
    if (end != 0) return wrong(r, "the names in a node of a stream do not end where they should");
    if (stream_begin_node(r->memory, s, base, r->pairs, r->name_count)) return true;
    return wrong(r, "out of memory");
}

/* The names and values of an entry. */
static bool read_pairs(struct reader *r, int64_t flags, int64_t *pair_count, int64_t *elements)
{
    bool same = flags & RDB_ENTRY_SAME_NAMES;
    *pair_count = (int64_t)r->name_count;
    if (!same && !read_count(r, pair_count)) return false;
    *elements = ENTRY_ELEMENTS + (same ? *pair_count : 1 + 2 * *pair_count);
    size_t name_at = r->names_at;
    for (size_t i = 0; i < (size_t)*pair_count; i++) {
        if (same) {
            r->pairs[2 * i] = packed_text(r->p, name_at, &r->digits[2 * i]);
            name_at = packed_next(r->p, name_at);
        } else if (!take_text(r, 2 * i)) {
            return false;
        }
        if (!take_text(r, 2 * i + 1)) return false;
    }
    return true;
}

static bool read_entry(struct reader *r, struct stream *s, struct stream_id base, bool *live)
{
    int64_t flags = 0, ms = 0, seq = 0, pair_count = 0, elements = 0, said = 0;
    if (!take_integer(r, &flags) || !take_integer(r, &ms) || !take_integer(r, &seq)) return false;
    if (flags & ~(RDB_ENTRY_DELETED | RDB_ENTRY_SAME_NAMES))
        return wrong(r, "unknown flags of an entry of a stream");
    if (!read_pairs(r, flags, &pair_count, &elements) || !take_integer(r, &said)) return false;
    if (said != elements) return wrong(r, "an entry of a stream has not as many elements as it says");
    *live = !(flags & RDB_ENTRY_DELETED);
    if (!*live) return true;
    struct stream_id id = {base.ms + (uint64_t)ms, base.seq + (uint64_t)seq};
    if (pair_count == 0) return wrong(r, "an entry of a stream has no fields");
    if (stream_id_compare(id, base) < 0 || stream_id_compare(id, s->last_id) <= 0)
        return wrong(r, "the entries of a stream are out of order");
    if (stream_append_loaded(r->memory, s, id, r->pairs, (size_t)pair_count)) return true;
    return wrong(r, "out of memory");
}

static bool read_entries(struct reader *r, struct stream *s, struct stream_id base)
{
    int64_t count = 0, deleted = 0, live_count = 0, deleted_count = 0;
    if (!take_integer(r, &count) || !take_integer(r, &deleted) || !read_head(r, s, base)) return false;
    while (r->at != 0) {
        bool live = false;
        if (!read_entry(r, s, base, &live)) return false;
        live_count += live;
        deleted_count += !live;
    }
    stream_end_node(r->memory, s);
    if (live_count == count && deleted_count == deleted) return true;
    return wrong(r, "a node of a stream has not as many entries as it says");
}

const char *rdb_read_stream_node(struct memory *m, struct stream *s, struct stream_id base,
                                 struct slice listpack)
{
    struct reader r = {.memory = m, .p = listpack.data};
    if (!packed_valid(listpack.data, listpack.size)) return "Stream listpack integrity check failed";
    r.at = packed_first(listpack.data);
    read_entries(&r, s, base);
    memory_free(m, r.pairs, slot_bytes(r.room));
    return r.what;
}
