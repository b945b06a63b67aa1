/* value.c: the table of types: how each is freed, copied, digested and measured (value.h). A new type is a row here. */
#include "store/value.h"

#include "store/blob.h"
#include "store/digest.h"
#include "store/edit.h"
#include "store/hash.h"
#include "store/limits.h"
#include "store/list_value.h"
#include "store/set.h"
#include "store/stream.h"
#include "store/zset_value.h"

enum { EMBSTR_MAX = 44 }; /* Redis's OBJ_ENCODING_EMBSTR_SIZE_LIMIT */

static const char *string_encoding(const struct entry *e)
{
    switch (entry_how(e)) {
    case ENTRY_INT: return "int";
    case ENTRY_SHORT: return entry_string_size(e) <= EMBSTR_MAX ? "embstr" : "raw";
    default: return "raw";
    }
}

static struct digest string_digest(const struct entry *e)
{
    struct entry_text text;
    return digest_bytes(entry_string(e, &text));
}

static const char *string_check(const struct entry *e)
{
    if (entry_how(e) == ENTRY_INT || entry_how(e) == ENTRY_SHORT) return NULL;
    return entry_has_room(e, entry_string_size(e)) ? NULL : "a string overflows";
}

static size_t string_count(const struct entry *e)
{
    (void)e;
    return 1;
}

static bool string_free_some(struct memory *m, void *value, size_t budget)
{
    (void)budget;
    blob_free(m, value);
    return false;
}

static void *string_copy(struct memory *m, const void *value)
{
    const struct blob *b = value;
    struct blob *copy = blob_new(m, slice_of(b->data, b->size), b->size);
    if (copy) copy->edited = b->edited;
    return copy;
}

static size_t string_memory(const void *value)
{
    const struct blob *b = value;
    return sizeof *b + b->room;
}

static const struct value_class string_class = {"string",     string_encoding,  string_digest, string_check,
                                                string_count, string_free_some, string_copy,   string_memory};

/* ---- the table ---- */

static const struct value_class *const value_classes[] = {
    [VALUE_STRING] = &string_class, [VALUE_LIST] = &list_class, [VALUE_SET] = &set_class,
    [VALUE_ZSET] = &zset_class,     [VALUE_HASH] = &hash_class, [VALUE_STREAM] = &stream_class,
};

const struct value_class *value_class(enum value_type type) { return value_classes[type]; }

const struct value_limits value_limits_default = {
    .hash_listpack_entries = 512,
    .hash_listpack_value = 64,
    .set_intset_entries = 512,
    .zset_listpack_entries = 128,
    .zset_listpack_value = 64,
    .list_listpack_size = -2,
    .list_compress_depth = 0,
    .stream_node_bytes = 4096,
    .stream_node_entries = 100,
};

/* ---- the two forms of a collection ---- */

struct slice value_compact(const struct entry *e)
{
    size_t size;
    if (entry_how(e) != ENTRY_POINTER) {
        const char *bytes = entry_inline(e, &size);
        return slice_of(bytes, size);
    }
    const struct value_box *box = entry_pointer(e);
    return box->head.boxed ? slice_of(box->data, box->size) : slice_of(NULL, 0);
}

void *value_large(const struct entry *e)
{
    if (entry_how(e) != ENTRY_POINTER) return NULL;
    struct value_head *head = entry_pointer(e);
    return head->boxed ? NULL : head;
}

size_t value_count(const struct entry *e) { return value_class(entry_type(e))->count(e); }

/* The box behind a pointer, or NULL: what lies there is the type's own. */
static const struct value_box *box_of(enum value_type type, const void *value)
{
    const struct value_box *box = value;
    return type != VALUE_STRING && box->head.boxed ? box : NULL;
}

static size_t box_bytes(const struct value_box *box) { return sizeof *box + box->room; }

bool value_free_some(struct memory *m, enum value_type type, void *value, size_t budget)
{
    const struct value_box *box = box_of(type, value);
    if (!box) return value_class(type)->free_some(m, value, budget);
    memory_free(m, value, box_bytes(box));
    return false;
}

void value_free(struct memory *m, enum value_type type, void *value)
{
    while (value_free_some(m, type, value, SIZE_MAX)) {}
}

void *value_copy(struct memory *m, enum value_type type, const void *value)
{
    const struct value_box *box = box_of(type, value);
    if (!box) return value_class(type)->copy(m, value);
    struct value_box *copy = memory_alloc(m, box_bytes(box));
    if (!copy) return NULL;
    memcpy(copy, box, sizeof *box + box->size);
    list_init(&copy->head.grave);
    return copy;
}

size_t value_memory(enum value_type type, const void *value)
{
    const struct value_box *box = box_of(type, value);
    return box ? box_bytes(box) : value_class(type)->memory(value);
}
