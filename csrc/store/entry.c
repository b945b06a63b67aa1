/* entry.c: making and reading entries; see entry_make.h for the layout. */
#include "store/entry.h"

#include "base/number.h"
#include "store/blob.h"
#include "store/entry_make.h"
#include "store/value.h"

enum { INTEGER_SIZE = 8, SHORT_HEADER = 1, LONG_HEADER = 4, BLOCK_GRAIN = 8 };

/* ---- where the fields are ---- */

/* To a multiple of `grain`, a power of two. */
static inline size_t round_up(size_t size, size_t grain) { return (size + grain - 1) & ~(grain - 1); }

static inline size_t prefix_size(bool expires)
{
    return offsetof(struct entry, rest) + (expires ? ENTRY_EXPIRY_SIZE : 0);
}

/* Where the value begins, as an offset in the block. */
static inline size_t value_at_for(size_t key_size, bool expires, enum entry_encoding how)
{
    size_t value = prefix_size(expires) + (key_size < ENTRY_LONG_KEY ? 1 : 5) + key_size;
    return how == ENTRY_POINTER ? round_up(value, sizeof(void *)) : value;
}

static inline struct slice key_of(const struct entry *e)
{
    const unsigned char *length = (const unsigned char *)e + prefix_size(entry_expires(e));
    if (*length != ENTRY_LONG_KEY) return slice_of((const char *)length + 1, *length);
    uint32_t size;
    memcpy(&size, length + 1, sizeof size);
    return slice_of((const char *)length + 5, size);
}

static inline size_t value_at(const struct entry *e)
{
    return value_at_for(key_of(e).size, entry_expires(e), entry_how(e));
}

static inline unsigned char *field(struct entry *e, size_t offset) { return (unsigned char *)e + offset; }

static inline const unsigned char *const_field(const struct entry *e, size_t offset)
{
    return (const unsigned char *)e + offset;
}

/* The size and the room of an ENTRY_LONG. */
struct extent {
    uint16_t size, room;
};

static inline struct extent extent_of(const struct entry *e, size_t value)
{
    struct extent extent;
    memcpy(&extent, const_field(e, value), sizeof extent);
    return extent;
}

/* The bytes that the value takes at `value`: those in use, or those there are. */
static size_t inline_size(const struct entry *e, size_t value, bool with_room)
{
    switch (entry_how(e)) {
    case ENTRY_INT: return INTEGER_SIZE;
    case ENTRY_SHORT: return SHORT_HEADER + (size_t)*const_field(e, value);
    case ENTRY_LONG: {
        struct extent extent = extent_of(e, value);
        return LONG_HEADER + (size_t)(with_room ? extent.room : extent.size);
    }
    default: return sizeof(void *);
    }
}

size_t entry_block_size(const struct entry *e)
{
    size_t value = value_at(e);
    return round_up(value + inline_size(e, value, true), BLOCK_GRAIN);
}

/* ---- reading ---- */

struct slice entry_key(const struct entry *e) { return key_of(e); }

enum value_type entry_type(const struct entry *e) { return (enum value_type)(e->bits & ENTRY_BIT_TYPE); }

const char *entry_type_name(enum value_type type) { return value_class(type)->name; }

const char *entry_encoding(const struct entry *e) { return value_class(entry_type(e))->encoding(e); }

int64_t entry_expire(const struct entry *e)
{
    int64_t expire_ms = -1;
    if (entry_expires(e)) memcpy(&expire_ms, e->rest, sizeof expire_ms);
    return expire_ms;
}

bool entry_expired(const struct entry *e, int64_t now_ms)
{
    return entry_expires(e) && entry_expire(e) < now_ms;
}

void *entry_pointer(const struct entry *e)
{
    void *pointer;
    memcpy(&pointer, const_field(e, value_at(e)), sizeof pointer);
    return pointer;
}

bool entry_integer(const struct entry *e, int64_t *value)
{
    if (entry_type(e) != VALUE_STRING || entry_how(e) != ENTRY_INT) return false;
    memcpy(value, const_field(e, value_at(e)), sizeof *value);
    return true;
}

struct slice entry_string(const struct entry *e, struct entry_text *text)
{
    size_t value = value_at(e);
    const char *data = (const char *)const_field(e, value);
    switch (entry_how(e)) {
    case ENTRY_SHORT: return slice_of(data + SHORT_HEADER, *const_field(e, value));
    case ENTRY_LONG: return slice_of(data + LONG_HEADER, extent_of(e, value).size);
    case ENTRY_POINTER: {
        const struct blob *b = entry_pointer(e);
        return slice_of(b->data, b->size);
    }
    default: break;
    }
    int64_t integer;
    memcpy(&integer, data, sizeof integer);
    return slice_of(text->digits, number_format_int(text->digits, integer));
}

size_t entry_string_size(const struct entry *e)
{
    struct entry_text text;
    return entry_string(e, &text).size;
}

size_t entry_memory(const struct entry *e)
{
    size_t size = entry_block_size(e);
    if (entry_how(e) == ENTRY_POINTER) size += value_memory(entry_type(e), entry_pointer(e));
    return size;
}

uint32_t entry_access(const struct entry *e)
{
    return (uint32_t)e->access[0] | (uint32_t)e->access[1] << 8 | (uint32_t)e->access[2] << 16;
}

void entry_set_access(struct entry *e, uint32_t access)
{
    e->access[0] = (unsigned char)access;
    e->access[1] = (unsigned char)(access >> 8);
    e->access[2] = (unsigned char)(access >> 16);
}

uint32_t entry_heap_index(const struct entry *e)
{
    uint32_t index;
    memcpy(&index, e->rest + sizeof(int64_t), sizeof index);
    return index;
}

char *entry_inline(const struct entry *e, size_t *size)
{
    size_t at = value_at(e);
    bool is_short = entry_how(e) == ENTRY_SHORT;
    *size = is_short ? *const_field(e, at) : extent_of(e, at).size;
    return (char *)(uintptr_t)const_field(e, at + (is_short ? SHORT_HEADER : LONG_HEADER));
}

/* ---- changing ---- */

void entry_set_pointer(struct entry *e, void *value) { memcpy(field(e, value_at(e)), &value, sizeof value); }

void entry_put_expire(struct entry *e, int64_t expire_ms) { memcpy(e->rest, &expire_ms, sizeof expire_ms); }

void entry_put_heap_index(struct entry *e, uint32_t index)
{
    memcpy(e->rest + sizeof(int64_t), &index, sizeof index);
}

/* The size of the block that holds `value` under a key. */
static size_t size_for(size_t value_at, const struct entry_value *value)
{
    size_t size = sizeof(void *);
    if (value->how == ENTRY_INT) size = INTEGER_SIZE;
    if (value->how == ENTRY_SHORT) size = SHORT_HEADER + value->bytes.size;
    if (value->how == ENTRY_LONG) size = LONG_HEADER + value->room;
    return round_up(value_at + size, BLOCK_GRAIN);
}

/* Writes an inline value into a block of `block` bytes. `bytes` may lie in this very block. */
static void write_value(struct entry *e, size_t at, size_t block, const struct entry_value *value)
{
    unsigned char *out = field(e, at);
    size_t size = value->bytes.size;
    if (value->how == ENTRY_INT) {
        memcpy(out, &value->integer, INTEGER_SIZE);
    } else if (value->how == ENTRY_SHORT) {
        if (value->bytes.data) memmove(out + SHORT_HEADER, value->bytes.data, size);
        *out = (unsigned char)size;
    } else if (value->how == ENTRY_LONG) {
        struct extent extent = {(uint16_t)size, (uint16_t)(block - at - LONG_HEADER)};
        if (value->bytes.data) memmove(out + LONG_HEADER, value->bytes.data, size);
        memcpy(out, &extent, sizeof extent);
    }
    unsigned bits = e->bits & ~(unsigned)(ENTRY_BIT_TYPE | ENTRY_BIT_ENCODING);
    e->bits = (unsigned char)(bits | value->type | (unsigned)value->how << ENTRY_SHIFT_ENCODING);
}

/* A block with all but its value. */
static struct entry *new_block(struct memory *m, size_t size, struct slice key, unsigned bits,
                               int64_t expire_ms)
{
    struct entry *e = memory_alloc(m, size);
    if (!e) return NULL;
    bool expires = expire_ms >= 0;
    e->bits = (unsigned char)(bits | (expires ? ENTRY_BIT_EXPIRES : 0u));
    entry_set_access(e, 0);
    if (expires) entry_put_expire(e, expire_ms);
    unsigned char *length = field(e, prefix_size(expires));
    bool is_long = key.size >= ENTRY_LONG_KEY;
    *length = is_long ? ENTRY_LONG_KEY : (unsigned char)key.size;
    uint32_t key_size = (uint32_t)key.size;
    if (is_long) memcpy(length + 1, &key_size, sizeof key_size);
    if (key.size > 0) memcpy(length + (is_long ? 5 : 1), key.data, key.size);
    return e;
}

struct entry *entry_new(struct memory *m, struct slice key, const struct entry_value *value,
                        int64_t expire_ms)
{
    if (key.size > UINT32_MAX) return NULL;
    struct blob *blob = NULL;
    if (value->how == ENTRY_POINTER && !value->pointer) {
        blob = blob_new(m, value->bytes, value->room);
        if (!blob) return NULL;
        blob->edited = value->edited;
    }
    size_t at = value_at_for(key.size, expire_ms >= 0, value->how);
    size_t block = size_for(at, value);
    struct entry *e = new_block(m, block, key, 0, expire_ms);
    if (!e) {
        if (blob) blob_free(m, blob);
        return NULL;
    }
    write_value(e, at, block, value);
    if (value->how == ENTRY_POINTER) entry_set_pointer(e, blob ? blob : value->pointer);
    return e;
}

struct entry *entry_renamed(struct memory *m, const struct entry *e, struct slice key, int64_t expire_ms)
{
    if (key.size > UINT32_MAX) return NULL;
    size_t from = value_at(e), to = value_at_for(key.size, expire_ms >= 0, entry_how(e));
    size_t size = inline_size(e, from, false), block = round_up(to + size, BLOCK_GRAIN);
    unsigned bits = e->bits & (unsigned)(ENTRY_BIT_TYPE | ENTRY_BIT_ENCODING);
    struct entry *renamed = new_block(m, block, key, bits, expire_ms);
    if (!renamed) return NULL;
    memcpy(field(renamed, to), const_field(e, from), size);
    if (entry_how(e) == ENTRY_LONG) {
        struct extent extent = {extent_of(e, from).size, (uint16_t)(block - to - LONG_HEADER)};
        memcpy(field(renamed, to), &extent, sizeof extent);
    }
    entry_set_access(renamed, entry_access(e));
    return renamed;
}

struct entry *entry_copy(struct memory *m, const struct entry *e, struct slice key, int64_t expire_ms)
{
    struct entry *copy = entry_renamed(m, e, key, expire_ms);
    if (!copy || entry_how(e) != ENTRY_POINTER) return copy;
    void *value = value_copy(m, entry_type(e), entry_pointer(e));
    if (!value) {
        entry_release(m, copy);
        return NULL;
    }
    entry_set_pointer(copy, value);
    return copy;
}

bool entry_fits(const struct entry *e, const struct entry_value *value)
{
    if (value->how == ENTRY_POINTER || entry_how(e) == ENTRY_POINTER) return false;
    size_t block = entry_block_size(e), needed = size_for(value_at(e), value);
    /* a long string may also leave up to half of its room unused */
    if (value->how == ENTRY_LONG && entry_how(e) == ENTRY_LONG) return needed <= block && needed >= block / 2;
    return needed == block;
}

void entry_overwrite(struct entry *e, const struct entry_value *value)
{
    write_value(e, value_at(e), entry_block_size(e), value);
}

bool entry_has_room(const struct entry *e, size_t size)
{
    if (entry_how(e) == ENTRY_LONG) return size <= extent_of(e, value_at(e)).room;
    return entry_how(e) == ENTRY_POINTER;
}

char *entry_extend(struct memory *m, struct entry *e, size_t size)
{
    if (!entry_has_room(e, size)) return NULL;
    size_t at = value_at(e);
    if (entry_how(e) == ENTRY_POINTER) {
        struct blob *blob = blob_grow(m, entry_pointer(e), size);
        if (!blob) return NULL;
        memcpy(field(e, at), &blob, sizeof blob);
        return blob->data;
    }
    struct extent extent = extent_of(e, at);
    char *data = (char *)field(e, at + LONG_HEADER);
    if (size > extent.size) {
        memset(data + extent.size, 0, size - extent.size);
        extent.size = (uint16_t)size;
        memcpy(field(e, at), &extent, sizeof extent);
    }
    return data;
}

static void become_long(struct entry *e, size_t at, struct extent extent)
{
    memcpy(field(e, at), &extent, sizeof extent);
    e->bits = (unsigned char)((e->bits & ~(unsigned)ENTRY_BIT_ENCODING) | ENTRY_LONG << ENTRY_SHIFT_ENCODING);
}

/* An ENTRY_SHORT has no room to spare: when its block cannot be made smaller, or its value has become too long, it goes
 * on as an ENTRY_LONG. */
static struct entry *resize_short(struct memory *m, struct entry *e, size_t size)
{
    size_t at = value_at(e), block = entry_block_size(e), old_size = inline_size(e, at, false) - SHORT_HEADER;
    bool fits = size <= ENTRY_SHORT_MAX;
    size_t needed = round_up(at + (fits ? SHORT_HEADER : LONG_HEADER) + size, BLOCK_GRAIN);
    struct entry *resized = needed == block ? e : memory_resize(m, e, block, needed);
    if (!resized && needed > block) return NULL;
    if (resized && fits) {
        *field(resized, at) = (unsigned char)size;
        return resized;
    }
    if (resized) {
        e = resized;
        block = needed;
    }
    memmove(field(e, at + LONG_HEADER), field(e, at + SHORT_HEADER), old_size < size ? old_size : size);
    become_long(e, at, (struct extent){(uint16_t)size, (uint16_t)(block - at - LONG_HEADER)});
    return e;
}

/* A block that would be less than half used is made smaller, if memory_resize can. */
static struct entry *resize_long(struct memory *m, struct entry *e, size_t size)
{
    size_t at = value_at(e), block = entry_block_size(e),
           needed = round_up(at + LONG_HEADER + size, BLOCK_GRAIN);
    uint16_t room = extent_of(e, at).room;
    if (needed > block || needed < block / 2) {
        struct entry *resized = memory_resize(m, e, block, needed);
        if (!resized && needed > block) return NULL;
        if (resized) {
            e = resized;
            room = (uint16_t)(needed - at - LONG_HEADER);
        }
    }
    struct extent extent = {(uint16_t)size, room};
    memcpy(field(e, at), &extent, sizeof extent);
    return e;
}

struct entry *entry_resize(struct memory *m, struct entry *e, size_t size)
{
    return entry_how(e) == ENTRY_SHORT ? resize_short(m, e, size) : resize_long(m, e, size);
}

void entry_free(struct memory *m, struct entry *e)
{
    if (entry_how(e) == ENTRY_POINTER) value_free(m, entry_type(e), entry_pointer(e));
    entry_release(m, e);
}

void entry_release(struct memory *m, struct entry *e) { memory_free(m, e, entry_block_size(e)); }
