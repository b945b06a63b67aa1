/* blob.c: large strings in a block of their own: see blob.h for the layout and who uses them. */
#include "store/blob.h"

enum { BLOB_DOUBLING_MAX = 1024 * 1024 };

struct blob *blob_new(struct memory *m, struct slice bytes, size_t room)
{
    if (room < bytes.size) room = bytes.size;
    if (room > SIZE_MAX - sizeof(struct blob)) return NULL;
    struct blob *b = memory_alloc(m, sizeof *b + room);
    if (!b) return NULL;
    b->size = bytes.size;
    b->room = room;
    b->edited = false;
    if (bytes.size > 0) memcpy(b->data, bytes.data, bytes.size);
    return b;
}

/* Doubling while that is cheap; beyond a megabyte an eighth, at least a megabyte, so that little is wasted.
 * The first edit of a string gets what it asks for: most strings are never appended to. */
static size_t blob_room(const struct blob *b, size_t size)
{
    size_t spare = size;
    if (!b->edited)
        spare = 0;
    else if (size >= BLOB_DOUBLING_MAX)
        spare = size / 8 > BLOB_DOUBLING_MAX ? size / 8 : BLOB_DOUBLING_MAX;
    return spare < SIZE_MAX - size ? size + spare : size;
}

struct blob *blob_grow(struct memory *m, struct blob *b, size_t size)
{
    if (size > b->room) {
        size_t room = blob_room(b, size);
        if (room > SIZE_MAX - sizeof *b) return NULL;
        struct blob *grown = memory_resize(m, b, sizeof *b + b->room, sizeof *b + room);
        if (!grown) return NULL;
        b = grown;
        b->room = room;
    }
    if (size > b->size) {
        memset(b->data + b->size, 0, size - b->size);
        b->size = size;
    }
    b->edited = true;
    return b;
}

void blob_free(struct memory *m, struct blob *b) { memory_free(m, b, sizeof *b + b->room); }
