/* packed.c: elements in one run of bytes; packed.h has the frame, here is what an element looks like.
 *
 *   0xxxxxxx                        an integer 0 .. 127
 *   10llllll  bytes                 a string of up to 63 bytes
 *   110xxxxx xxxxxxxx               an integer of 13 bits
 *   1110llll llllllll  bytes        a string of up to 4095 bytes
 *   11110000 llll llll.. bytes      a string, its length in 4 bytes, little-endian
 *   11110001 .. 11110100            an integer of 2, 3, 4, 8 bytes, little-endian
 *
 * Behind it stands how many bytes that was, seven bits to a byte, the lowest last, and all but the first byte (which is
 * the last one read) with the high bit set: read backwards, a byte without it ends the number.
 */
#include "store/packed.h"

#include "base/little.h"
#include "base/number.h"

enum {
    HEADER = 6,
    END = 0xff,
    COUNT_UNKNOWN = 0xffff,
    TAIL_MAX = 5, /* bytes of the longest length behind an element */

    INT7_MAX = 127,
    INT13_MAX = 4095,
    INT24_MAX = 0x7fffff,
    STRING6_MAX = 63,
    STRING12_MAX = 4095,

    /* first bytes */
    STRING6 = 0x80,
    INT13 = 0xc0,
    STRING12 = 0xe0,
    STRING32 = 0xf0,
    INT16 = 0xf1,
    INT24 = 0xf2,
    INT32 = 0xf3,
    INT64 = 0xf4
};

/* ---- bytes ---- */

static inline const uint8_t *byte_at(const char *p, size_t at) { return (const uint8_t *)p + at; }

static inline void store32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(value >> 8 * i);
}

static inline unsigned stored_count(const char *p)
{
    return byte_at(p, 4)[0] | (unsigned)byte_at(p, 5)[0] << 8;
}

static void put_header(char *p, size_t bytes, size_t count)
{
    uint8_t *b = (uint8_t *)p;
    if (count > PACKED_COUNT_MAX) count = COUNT_UNKNOWN;
    store32(b, (uint32_t)bytes);
    b[4] = (uint8_t)count;
    b[5] = (uint8_t)(count >> 8);
}

/* ---- the length behind an element ---- */

/* The bounds are the format's: each is one less than seven bits more would allow. */
static inline size_t tail_size(size_t length)
{
    if (length <= 127) return 1;
    if (length < 16383) return 2;
    if (length < 2097151) return 3;
    return length < 268435455 ? 4 : TAIL_MAX;
}

static uint8_t *put_tail(uint8_t *out, size_t length)
{
    size_t size = tail_size(length);
    for (size_t i = size; i-- > 0; length >>= 7) out[i] = (uint8_t)((length & 127) | (i > 0 ? 128 : 0));
    return out + size;
}

/* The length that ends before `end`; SIZE_MAX when it is longer than any. */
static size_t read_tail(const uint8_t *end)
{
    size_t length = 0;
    for (unsigned shift = 0; shift < 7 * TAIL_MAX; shift += 7) {
        uint8_t byte = *--end;
        length |= (size_t)(byte & 127) << shift;
        if (!(byte & 128)) return length;
    }
    return SIZE_MAX;
}

/* ---- elements ---- */

/* Bytes of header and content. */
static inline size_t content_size(const uint8_t *e)
{
    uint8_t first = *e;
    if (first < STRING6) return 1;
    if (first < INT13) return 1 + (size_t)(first & STRING6_MAX);
    if (first < STRING12) return 2;
    if (first < STRING32) return 2 + ((size_t)(first & 15) << 8 | e[1]);
    switch (first) {
    case STRING32: return 5 + (size_t)little_load32(e + 1);
    case INT16: return 3;
    case INT24: return 4;
    case INT32: return 5;
    default: return 9;
    }
}

static inline size_t element_size(const uint8_t *e)
{
    size_t content = content_size(e);
    return content + tail_size(content);
}

/* The text of a string; `data` NULL for an integer. */
static inline struct slice string_of(const uint8_t *e)
{
    uint8_t first = *e;
    const char *bytes = (const char *)e;
    if (first >= STRING6 && first < INT13) return slice_of(bytes + 1, first & STRING6_MAX);
    if (first >= STRING12 && first < STRING32) return slice_of(bytes + 2, (size_t)(first & 15) << 8 | e[1]);
    if (first == STRING32) return slice_of(bytes + 5, little_load32(e + 1));
    return slice_of(NULL, 0);
}

static int64_t integer_of(const uint8_t *e)
{
    uint8_t first = *e;
    if (first < STRING6) return first;
    if (first < STRING12) {
        int value = (first & 31) << 8 | e[1];
        return value > INT13_MAX ? value - 2 * (INT13_MAX + 1) : value;
    }
    switch (first) {
    case INT16: return (int16_t)(e[1] | e[2] << 8);
    case INT24: return (int32_t)((uint32_t)e[1] << 8 | (uint32_t)e[2] << 16 | (uint32_t)e[3] << 24) >> 8;
    case INT32: return (int32_t)little_load32(e + 1);
    default: return (int64_t)little_load64(e + 1);
    }
}

/* Header and content of an integer; returns their end. */
static uint8_t *put_integer(uint8_t *out, int64_t value)
{
    uint64_t bits = (uint64_t)value;
    if (value >= 0 && value <= INT7_MAX) {
        *out = (uint8_t)value;
        return out + 1;
    }
    if (value >= -INT13_MAX - 1 && value <= INT13_MAX) {
        out[0] = (uint8_t)(INT13 | (bits >> 8 & 31));
        out[1] = (uint8_t)bits;
        return out + 2;
    }
    size_t size = 8;
    *out = INT64;
    if (value >= INT32_MIN && value <= INT32_MAX) *out = INT32, size = 4;
    if (value >= -INT24_MAX - 1 && value <= INT24_MAX) *out = INT24, size = 3;
    if (value >= INT16_MIN && value <= INT16_MAX) *out = INT16, size = 2;
    for (size_t i = 0; i < size; i++) out[1 + i] = (uint8_t)(bits >> 8 * i);
    return out + 1 + size;
}

static uint8_t *put_string(uint8_t *out, struct slice s)
{
    if (s.size <= STRING6_MAX) {
        *out++ = (uint8_t)(STRING6 | s.size);
    } else if (s.size <= STRING12_MAX) {
        *out++ = (uint8_t)(STRING12 | s.size >> 8);
        *out++ = (uint8_t)s.size;
    } else {
        *out = STRING32;
        store32(out + 1, (uint32_t)s.size);
        out += 5;
    }
    if (s.size > 0) memcpy(out, s.data, s.size);
    return out + s.size;
}

static size_t integer_size(int64_t value)
{
    if (value >= 0 && value <= INT7_MAX) return 1;
    if (value >= -INT13_MAX - 1 && value <= INT13_MAX) return 2;
    if (value >= INT16_MIN && value <= INT16_MAX) return 3;
    if (value >= -INT24_MAX - 1 && value <= INT24_MAX) return 4;
    return value >= INT32_MIN && value <= INT32_MAX ? 5 : 9;
}

/* ---- items ---- */

struct packed_item packed_item_of_integer(int64_t integer)
{
    return (struct packed_item){.integer = integer, .is_integer = true, .size = integer_size(integer) + 1};
}

static struct packed_item item_of_string(struct slice text)
{
    size_t content = text.size + (text.size <= STRING6_MAX ? 1 : text.size <= STRING12_MAX ? 2 : 5);
    return (struct packed_item){.text = text, .size = content + tail_size(content)};
}

struct packed_item packed_item_of(struct slice text)
{
    struct packed_item item;
    int64_t integer;
    bool may_be = text.size > 0 && text.size < NUMBER_INT_MAX && text.data[0] <= '9';
    if (may_be && number_parse_int(text, &integer)) {
        item = packed_item_of_integer(integer);
        item.text = text;
        return item;
    }
    return item_of_string(text);
}

struct packed_item packed_item_of_value(const struct packed_value *value)
{
    return value->text.data ? item_of_string(value->text) : packed_item_of_integer(value->integer);
}

/* ---- the frame ---- */

void packed_init(char *p)
{
    put_header(p, PACKED_EMPTY, 0);
    p[HEADER] = (char)END;
}

size_t packed_bytes(const char *p) { return little_load32(byte_at(p, 0)); }

size_t packed_count(const char *p)
{
    size_t count = stored_count(p);
    if (count <= PACKED_COUNT_MAX) return count;
    count = 0;
    for (size_t at = packed_first(p); at; at = packed_next(p, at)) count++;
    return count;
}

/* ---- walking ---- */

size_t packed_first(const char *p) { return *byte_at(p, HEADER) == END ? 0 : HEADER; }

size_t packed_last(const char *p) { return packed_prev(p, packed_end(p)); }

size_t packed_next(const char *p, size_t at)
{
    at += element_size(byte_at(p, at));
    return *byte_at(p, at) == END ? 0 : at;
}

size_t packed_prev(const char *p, size_t at)
{
    if (at <= HEADER) return 0;
    size_t content = read_tail(byte_at(p, at));
    return at - tail_size(content) - content;
}

size_t packed_at(const char *p, int64_t index)
{
    int64_t count = stored_count(p);
    if (count != COUNT_UNKNOWN) {
        if (index >= count || index < -count) return 0;
        /* from the nearer end */
        if (index < -count / 2) index += count;
        if (index > count / 2) index -= count;
    }
    size_t at = index < 0 ? packed_last(p) : packed_first(p);
    for (; index > 0 && at; index--) at = packed_next(p, at);
    for (; index < -1 && at; index++) at = packed_prev(p, at);
    return at;
}

/* ---- reading ---- */

struct packed_value packed_get(const char *p, size_t at)
{
    struct packed_value value = {.text = string_of(byte_at(p, at))};
    if (!value.text.data) value.integer = integer_of(byte_at(p, at));
    return value;
}

struct slice packed_text(const char *p, size_t at, struct packed_digits *digits)
{
    struct slice text = string_of(byte_at(p, at));
    if (text.data) return text;
    return slice_of(digits->text, number_format_int(digits->text, integer_of(byte_at(p, at))));
}

bool packed_integer(const char *p, size_t at, int64_t *integer)
{
    struct packed_value value = packed_get(p, at);
    if (value.text.data) return number_parse_int(value.text, integer);
    *integer = value.integer;
    return true;
}

size_t packed_size(const char *p, size_t at) { return element_size(byte_at(p, at)); }

/* A string may be the text of an integer here: others may have written it so. */
static inline bool is(const uint8_t *e, const struct packed_item *item)
{
    struct slice text = string_of(e);
    if (!text.data) return item->is_integer && integer_of(e) == item->integer;
    if (item->text.data) return slice_equal(text, item->text);
    if (!item->is_integer) return text.size == 0;
    int64_t integer;
    return number_parse_int(text, &integer) && integer == item->integer;
}

bool packed_is(const char *p, size_t at, const struct packed_item *item) { return is(byte_at(p, at), item); }

size_t packed_find(const char *p, size_t from, const struct packed_item *item, size_t step)
{
    if (from == 0) return 0;
    const uint8_t *e = byte_at(p, from);
    for (size_t skip = 0; *e != END; e += element_size(e)) {
        if (skip > 0) {
            skip--;
            continue;
        }
        if (is(e, item)) return (size_t)(e - byte_at(p, 0));
        skip = step - 1;
    }
    return 0;
}

size_t packed_span(const char *p, size_t at, size_t count)
{
    const uint8_t *start = byte_at(p, at), *e = start;
    for (; count > 0 && *e != END; count--) e += element_size(e);
    return (size_t)(e - start);
}

/* ---- editing ---- */

static size_t elements_within(const char *p, size_t at, size_t bytes)
{
    size_t count = 0;
    for (size_t end = at + bytes; at < end; count++) at += element_size(byte_at(p, at));
    return count;
}

static uint8_t *put_item(uint8_t *out, const struct packed_item *item)
{
    uint8_t *end = item->is_integer ? put_integer(out, item->integer) : put_string(out, item->text);
    return put_tail(end, (size_t)(end - out));
}

void packed_splice(char *p, size_t at, size_t removed, const struct packed_item *items, size_t count)
{
    size_t bytes = packed_bytes(p), total = stored_count(p), added = 0;
    for (size_t i = 0; i < count; i++) added += items[i].size;
    if (total != COUNT_UNKNOWN) total = total + count - elements_within(p, at, removed);
    size_t from = at + removed;
    if (added != removed) memmove(p + at + added, p + from, bytes - from);
    uint8_t *out = (uint8_t *)p + at;
    for (size_t i = 0; i < count; i++) out = put_item(out, &items[i]);
    put_header(p, bytes + added - removed, total);
}

char *packed_prepend(char *p, const struct packed_item *item)
{
    size_t bytes = packed_bytes(p), total = stored_count(p);
    p -= item->size;
    put_item((uint8_t *)p + HEADER, item);
    put_header(p, bytes + item->size, total == COUNT_UNKNOWN ? total : total + 1);
    return p;
}

char *packed_drop_first(char *p, size_t count)
{
    size_t bytes = packed_bytes(p), total = stored_count(p), dropped = packed_span(p, HEADER, count);
    if (total != COUNT_UNKNOWN) total -= count < total ? count : total;
    put_header(p + dropped, bytes - dropped, total);
    return p + dropped;
}

void packed_append_span(char *p, const char *from, size_t at, size_t size)
{
    size_t bytes = packed_bytes(p), total = stored_count(p);
    if (total != COUNT_UNKNOWN) total += elements_within(from, at, size);
    memcpy(p + bytes - 1, from + at, size);
    p[bytes - 1 + size] = (char)END;
    put_header(p, bytes + size, total);
}

/* ---- bytes from outside ---- */

/* The size of the element at `e`, of which `left` bytes are there; 0: there is no whole, right element. */
static size_t valid_element(const uint8_t *e, size_t left)
{
    size_t header = *e >= STRING12 && *e < STRING32 ? 2 : *e == STRING32 ? 5 : 1;
    if (*e > INT64 || header > left) return 0;
    size_t content = content_size(e), tail = tail_size(content);
    if (content > left || tail > left - content) return 0;
    for (size_t i = 0; i < tail; i++) {
        /* as put_tail writes it */
        unsigned want = (content >> 7 * (tail - 1 - i) & 127) | (i > 0 ? 128 : 0);
        if (e[content + i] != want) return 0;
    }
    return content + tail;
}

bool packed_valid(const char *p, size_t size)
{
    if (size < PACKED_EMPTY || size > PACKED_BYTES_MAX || packed_bytes(p) != size) return false;
    if (*byte_at(p, size - 1) != END) return false;
    size_t at = HEADER, count = 0;
    while (at < size - 1) {
        size_t element = valid_element(byte_at(p, at), size - 1 - at);
        if (element == 0) return false;
        at += element;
        count++;
    }
    unsigned stored = stored_count(p);
    return stored == COUNT_UNKNOWN || stored == count;
}
