/* fuzz_packed.c: packed sequences from anyone, and edits by anyone.
 *
 * Bytes that are accepted must read the same from both ends, each element be found, and be written again to a sequence
 * with the same texts. Then the input is taken as a list of edits of that sequence, after each of which it must be
 * valid still.
 *
 * SPDX-License-Identifier: MIT */
#include "pieces.h"
#include "store/packed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const char *p)
{
    struct packed_digits digits;
    size_t count = packed_count(p), seen = 0, before = 0;
    for (size_t at = packed_first(p); at; at = packed_next(p, at), seen++) {
        struct slice text = packed_text(p, at, &digits);
        struct packed_item item = packed_item_of(text);
        MUST(packed_prev(p, at) == before);
        MUST(packed_is(p, at, &item));
        MUST(packed_find(p, at, &item, 1) == at);
        if (seen < 100) MUST(packed_at(p, (int64_t)seen) == at);
        if (seen < 100) MUST(packed_at(p, (int64_t)seen - (int64_t)count) == at);
        before = at;
    }
    MUST(seen == count && packed_last(p) == before);
}

/* The same elements, appended one by one. */
static char *write_again(const char *p)
{
    char *q = malloc(packed_bytes(p) + 16);
    struct packed_digits digits;
    if (!q) abort();
    packed_init(q);
    for (size_t at = packed_first(p); at; at = packed_next(p, at)) {
        struct packed_item item = packed_item_of(packed_text(p, at, &digits));
        MUST(item.size <= packed_size(p, at));
        packed_append(q, &item);
    }
    MUST(packed_valid(q, packed_bytes(q)) && packed_count(q) == packed_count(p));
    return q;
}

static char *edit(char *p, const uint8_t *data, size_t size)
{
    while (size >= 3) {
        size_t length = data[1] < size - 2 ? data[1] : size - 2, count = packed_count(p);
        struct packed_item item = packed_item_of(slice_of((const char *)data + 2, length));
        size_t index = count > 0 ? data[0] / 3 % count : 0, at = count > 0 ? packed_at(p, (int64_t)index) : 0;
        p = realloc(p, packed_bytes(p) + item.size);
        if (!p) abort();
        if (data[0] % 3 == 0 || at == 0)
            packed_insert(p, at ? at : packed_end(p), &item);
        else if (data[0] % 3 == 1)
            packed_replace(p, at, &item);
        else
            packed_remove(p, at, data[1] % 3);
        MUST(packed_valid(p, packed_bytes(p)));
        data += 2 + length;
        size -= 2 + length;
    }
    return p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *p = pieces_copy(data, size);
    bool valid = packed_valid(p, size);
    if (valid) read_all(p);
    char *q = valid ? write_again(p) : malloc(PACKED_EMPTY);
    if (!q) abort();
    if (!valid) packed_init(q);
    q = edit(q, data, size);
    read_all(q);
    free(q);
    free(p);
    return 0;
}
