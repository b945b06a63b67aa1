/* value.c: the table of types: how each is freed, copied, digested and measured (value.h). A new type is a row here. */
#include "store/value.h"

#include "store/blob.h"
#include "store/digest.h"

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

static void string_free(struct memory *m, void *value) { blob_free(m, value); }

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

static const struct value_class value_classes[] = {
    [VALUE_STRING] = {"string", string_encoding, string_digest, string_free, string_copy, string_memory},
    [VALUE_LIST] = {.name = "list"},
    [VALUE_SET] = {.name = "set"},
    [VALUE_ZSET] = {.name = "zset"},
    [VALUE_HASH] = {.name = "hash"},
    [VALUE_STREAM] = {.name = "stream"},
};

const struct value_class *value_class(enum value_type type) { return &value_classes[type]; }
