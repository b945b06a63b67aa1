/* blob.h: a string too long for its entry's block, in a block of its own, with room to grow. */
#ifndef TIDELOCK_STORE_BLOB_H
#define TIDELOCK_STORE_BLOB_H

#include "base/bytes.h"

struct blob {
    size_t size; /* bytes used */
    size_t room; /* bytes there are */
    bool edited; /* it was changed in place, and may be again: growth is amortised */
    char data[];
};

/* A blob of these bytes, with room for at least `room`. NULL when memory is out. */
struct blob *blob_new(struct memory *m, struct slice bytes, size_t room);
/* Makes it at least `size` bytes long, zero-filled; it may move. NULL when memory is out, the old blob
 * unchanged. */
struct blob *blob_grow(struct memory *m, struct blob *b, size_t size);
void blob_free(struct memory *m, struct blob *b);

#endif
