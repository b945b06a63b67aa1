/* rdb_legacy.c: ziplists and zipmaps.
 *
 *   ziplist:  bytes (4)  offset of the last entry (4)  count (2, 65535: count them)  entries ...  ff
 *   entry:    size of the entry before (1, or fe and 4)  what it is  content
 *
 *     00llllll                   string of up to 63 bytes
 *     01llllll llllllll          string, 14 bits of length, big-endian
 *     10000000 and 4 bytes       string, length big-endian
 *     11000000, 11010000, 11100000, 11110000, 11111110    integers of 2, 4, 8, 3, 1 bytes, little-endian
 *     1111xxxx                   the integer xxxx - 1, for xxxx from 1 to 13
 *
 *   zipmap:   count (1, 254: count them)  { size  field  size  unused (1)  value  unused bytes }  ff
 *   size:     1 byte, or fe and 4 bytes, little-endian
 *
 * SPDX-License-Identifier: MIT */
#include "persist/rdb_legacy.h"

#include "base/little.h"
#include "store/packed.h"

enum { END = 0xff, BIG = 0xfe, ZIPLIST_HEADER = 10, COUNT_UNKNOWN = 0xffff };

static const uint8_t *data_of(struct slice s) { return (const uint8_t *)s.data; }

/* ---- the packed sequence in `held` ---- */

static enum rdb_step begin(struct rdb_value *v)
{
    bytes_clear(&v->held);
    char *p = bytes_reserve(&v->held, PACKED_EMPTY);
    if (!p) return rdb_value_bad(v, "out of memory");
    packed_init(p);
    bytes_commit(&v->held, PACKED_EMPTY);
    return RDB_OK;
}

static enum rdb_step append(struct rdb_value *v, const struct packed_item *item)
{
    if (v->held.size + item->size > PACKED_BYTES_MAX) return rdb_value_bad(v, "sequence is too long");
    if (!bytes_reserve(&v->held, item->size)) return rdb_value_bad(v, "out of memory");
    packed_append(v->held.data, item);
    bytes_commit(&v->held, item->size);
    return RDB_OK;
}

/* ---- ziplists ---- */

static const char damaged_ziplist[] = "ziplist integrity check failed";

struct zip_entry {
    size_t before; /* size of the entry before, as this one has it */
    size_t size;   /* of the whole entry */
    struct packed_item item;
};

static int64_t read_integer(const uint8_t *p, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) value |= (uint64_t)p[i] << 8 * i;
    unsigned unused = 64 - 8 * (unsigned)size;
    return (int64_t)(value << unused) >> unused;
}

/* What the byte at `p` announces, of `left` bytes. `*head` bytes of encoding, `*size` of content. */
static bool read_encoding(const uint8_t *p, size_t left, size_t *head, size_t *size, bool *is_string)
{
    uint8_t first = *p;
    *head = 1;
    *is_string = first < 0xc0;
    if (first < 0x40) {
        *size = first;
    } else if (first < 0x80) {
        *head = 2;
        if (left < 2) return false;
        *size = (size_t)(first & 0x3f) << 8 | p[1];
    } else if (first == 0x80) {
        *head = 5;
        if (left < 5) return false;
        *size = (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];
    } else {
        switch (first) {
        case 0xc0: *size = 2; break;
        case 0xd0: *size = 4; break;
        case 0xe0: *size = 8; break;
        case 0xf0: *size = 3; break;
        case 0xfe: *size = 1; break;
        default: *size = 0; return first > 0xf0 && first < 0xfe;
        }
    }
    return true;
}

static bool read_entry(const uint8_t *p, size_t left, struct zip_entry *entry)
{
    size_t prefix = 1, head, size;
    bool is_string;
    entry->before = *p;
    if (*p == BIG) {
        prefix = 5;
        if (left < prefix) return false;
        entry->before = little_load32(p + 1);
    }
    if (left <= prefix || !read_encoding(p + prefix, left - prefix, &head, &size, &is_string)) return false;
    if (size > left - prefix || head > left - prefix - size) return false;
    const uint8_t *content = p + prefix + head;
    entry->size = prefix + head + size;
    if (is_string)
        entry->item = packed_item_of(slice_of((const char *)content, size));
    else
        entry->item = packed_item_of_integer(size > 0 ? read_integer(content, size) : (p[prefix] & 15) - 1);
    return true;
}

enum rdb_step rdb_unpack_ziplist(struct rdb_value *v, struct slice bytes)
{
    const uint8_t *p = data_of(bytes);
    size_t at = ZIPLIST_HEADER, count = 0, before = 0, last = ZIPLIST_HEADER;
    if (bytes.size < ZIPLIST_HEADER + 1 || little_load32(p) != bytes.size || p[bytes.size - 1] != END)
        return rdb_value_bad(v, damaged_ziplist);
    RDB_TRY(begin(v));
    while (at < bytes.size - 1) {
        struct zip_entry entry;
        if (p[at] == END || !read_entry(p + at, bytes.size - 1 - at, &entry) || entry.before != before)
            return rdb_value_bad(v, damaged_ziplist);
        RDB_TRY(append(v, &entry.item));
        last = at;
        before = entry.size;
        at += entry.size;
        count++;
    }
    size_t stored = p[8] | (size_t)p[9] << 8;
    if (little_load32(p + 4) != last || (stored != COUNT_UNKNOWN && stored != count))
        return rdb_value_bad(v, damaged_ziplist);
    return RDB_OK;
}

/* ---- zipmaps ---- */

/* The size at *at, which moves behind it; false: it is not whole, or there are not as many bytes. */
static bool read_size(struct slice bytes, size_t *at, size_t *size)
{
    const uint8_t *p = data_of(bytes);
    size_t end = bytes.size - 1;
    if (*at >= end) return false;
    *size = p[(*at)++];
    if (*size == BIG) {
        if (end - *at < 4) return false;
        *size = little_load32(p + *at);
        *at += 4;
    }
    return *size <= end - *at;
}

enum rdb_step rdb_unpack_zipmap(struct rdb_value *v, struct slice bytes, size_t *longest)
{
    static const char damaged[] = "Zipmap integrity check failed";
    const uint8_t *p = data_of(bytes);
    size_t at = 1, count = 0;
    if (bytes.size < 2 || p[bytes.size - 1] != END) return rdb_value_bad(v, damaged);
    RDB_TRY(begin(v));
    *longest = 0;
    while (at < bytes.size - 1) {
        size_t size, unused;
        if (p[at] == END || !read_size(bytes, &at, &size)) return rdb_value_bad(v, damaged);
        if (size > *longest) *longest = size;
        struct packed_item field = packed_item_of(slice_of(bytes.data + at, size));
        at += size;
        if (!read_size(bytes, &at, &size) || at == bytes.size - 1) return rdb_value_bad(v, damaged);
        if (size > *longest) *longest = size;
        unused = p[at++];
        if (size + unused > bytes.size - 1 - at) return rdb_value_bad(v, damaged);
        struct packed_item value = packed_item_of(slice_of(bytes.data + at, size));
        at += size + unused;
        RDB_TRY(append(v, &field));
        RDB_TRY(append(v, &value));
        count++;
    }
    return *p < BIG && *p != count ? rdb_value_bad(v, damaged) : RDB_OK;
}
