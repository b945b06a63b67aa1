/* rdb_input.c: items out of an RDB file that arrives in pieces.
 *
 * Everything rests on `peek`: it shows the next few bytes in one piece, straight from the input when they are all
 * there, and otherwise collects them in `held` over as many pieces as it takes. A string is a little machine of its
 * own on top of that,
 *
 *   HEADER ---- plain --------------------------> BYTES ----> string
 *     | \------ packed ---> PACKED ---> UNPACKED ---> LZF ---> string
 *     \-------- integer ------------------------> INTEGER ---> string
 *
 * and its bytes are not collected either when the piece has all of them.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/rdb_input.h"

#include "base/lzf.h"
#include "base/number.h"

enum string_state {
    STRING_HEADER,   /* nothing read yet */
    STRING_PACKED,   /* LZF: the packed size is next */
    STRING_UNPACKED, /* LZF: the unpacked size is next */
    STRING_LZF,      /* LZF: the packed bytes are next */
    STRING_BYTES,    /* plain bytes are next */
    STRING_INTEGER   /* an integer is next */
};

enum { KEEP_MAX = 64 * 1024 /* storage that is kept from one string for the next */ };

void rdb_input_init(struct rdb_input *in, struct memory *m, int64_t bulk_max)
{
    *in = (struct rdb_input){.bulk_max = bulk_max, .state = STRING_HEADER};
    bytes_init(&in->partial, m);
    bytes_init(&in->unpacked, m);
}

void rdb_input_free(struct rdb_input *in)
{
    bytes_free(&in->partial);
    bytes_free(&in->unpacked);
}

void rdb_input_feed(struct rdb_input *in, const char *data, size_t size)
{
    in->offset += in->p - in->from;
    in->from = in->p = (const unsigned char *)data;
    in->end = in->from + size;
}

int64_t rdb_input_offset(const struct rdb_input *in) { return in->offset + (in->p - in->from); }

size_t rdb_input_taken(const struct rdb_input *in) { return (size_t)(in->p - in->from); }

static enum rdb_step bad(struct rdb_input *in, const char *problem)
{
    in->problem = problem;
    return RDB_BAD;
}

/* ---- small items ----------------------------------------------------------------------------------------------- */

static inline size_t available(const struct rdb_input *in) { return (size_t)(in->end - in->p); }

/* The next `size` bytes in one piece, NULL when they are not all there. */
static inline const unsigned char *peek(struct rdb_input *in, size_t size)
{
    if (in->held_size == 0 && available(in) >= size) return in->p;
    while (in->held_size < size && in->p < in->end) in->held[in->held_size++] = *in->p++;
    return in->held_size >= size ? in->held : NULL;
}

/* Takes the bytes that the last `peek` showed; they stay readable until the next one. */
static inline void take(struct rdb_input *in, size_t size)
{
    if (in->held_size > 0)
        in->held_size = 0;
    else
        in->p += size;
}

static inline void begin_item(struct rdb_input *in)
{
    in->item = rdb_input_offset(in) - (int64_t)in->held_size;
}

enum rdb_step rdb_input_bytes(struct rdb_input *in, size_t size, const unsigned char **bytes)
{
    begin_item(in);
    *bytes = peek(in, size);
    if (!*bytes) return RDB_MORE;
    take(in, size);
    return RDB_OK;
}

enum rdb_step rdb_input_byte(struct rdb_input *in, int *byte)
{
    const unsigned char *b;
    enum rdb_step step = rdb_input_bytes(in, 1, &b);
    if (step == RDB_OK) *byte = *b;
    return step;
}

static uint64_t little_endian(const unsigned char *p, size_t size)
{
    uint64_t value = 0;
    while (size-- > 0) value = value << 8 | p[size];
    return value;
}

static uint64_t big_endian(const unsigned char *p, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) value = value << 8 | p[i];
    return value;
}

/* The signed number in the low `size` bytes of `value`. */
static int64_t sign_extend(uint64_t value, size_t size)
{
    switch (size) {
    case 1: return (int8_t)value;
    case 2: return (int16_t)value;
    case 4: return (int32_t)value;
    default: return (int64_t)value;
    }
}

enum rdb_step rdb_input_integer(struct rdb_input *in, size_t size, int64_t *value)
{
    const unsigned char *b;
    enum rdb_step step = rdb_input_bytes(in, size, &b);
    if (step == RDB_OK) *value = sign_extend(little_endian(b, size), size);
    return step;
}

/* A length, or (*encoding >= 0) the announcement of an encoded string. */
static inline enum rdb_step read_length(struct rdb_input *in, uint64_t *length, int *encoding)
{
    const unsigned char *b = peek(in, 1);
    if (!b) return RDB_MORE;
    int first = *b;
    size_t size = 1;
    *encoding = -1;
    switch (first & RDB_ENCODED) {
    case RDB_LENGTH_6: *length = (uint64_t)first; break;
    case RDB_LENGTH_14: size = 2; break;
    case RDB_ENCODED: *encoding = first & ~RDB_ENCODED; break;
    default:
        if (first != RDB_LENGTH_32 && first != RDB_LENGTH_64) return bad(in, "unknown form of length");
        size = first == RDB_LENGTH_32 ? 5 : 9;
    }
    if (size > 1) {
        b = peek(in, size);
        if (!b) return RDB_MORE;
        *length = size == 2 ? (uint64_t)(first & 0x3F) << 8 | b[1] : big_endian(b + 1, size - 1);
    }
    take(in, size);
    return RDB_OK;
}

static enum rdb_step read_plain_length(struct rdb_input *in, uint64_t *length)
{
    int encoding;
    enum rdb_step step = read_length(in, length, &encoding);
    return step == RDB_OK && encoding >= 0 ? bad(in, "an encoded string where a length should be") : step;
}

enum rdb_step rdb_input_length(struct rdb_input *in, uint64_t *length)
{
    begin_item(in);
    return read_plain_length(in, length);
}

/* ---- strings --------------------------------------------------------------------------------------------------- */

static enum rdb_step expect(struct rdb_input *in, uint64_t size, enum string_state state)
{
    if (size > (uint64_t)in->bulk_max) return bad(in, "string is too long");
    in->left = in->size = size;
    in->state = (int)state;
    return RDB_OK;
}

static enum rdb_step read_header(struct rdb_input *in)
{
    uint64_t length = 0;
    int encoding;
    enum rdb_step step = read_length(in, &length, &encoding);
    if (step != RDB_OK) return step;
    switch (encoding) {
    case RDB_INT8:
    case RDB_INT16:
    case RDB_INT32: return expect(in, (uint64_t)1 << encoding, STRING_INTEGER);
    case RDB_LZF: in->state = STRING_PACKED; return RDB_OK;
    case -1: return expect(in, length, STRING_BYTES);
    default: return bad(in, "unknown encoding of a string");
    }
}

/* Reads on to where the string's bytes begin. */
static enum rdb_step read_sizes(struct rdb_input *in)
{
    enum rdb_step step = RDB_OK;
    uint64_t length = 0;
    if (in->state == STRING_HEADER) {
        begin_item(in);
        step = read_header(in);
    }
    if (step == RDB_OK && in->state == STRING_PACKED) {
        step = read_plain_length(in, &length);
        if (step == RDB_OK) step = expect(in, length, STRING_UNPACKED);
    }
    if (step == RDB_OK && in->state == STRING_UNPACKED) {
        step = read_plain_length(in, &length);
        if (step != RDB_OK) return step;
        uint64_t packed = in->left;
        if (length / LZF_RATIO_MAX > packed) return bad(in, "packed string claims an impossible size");
        step = expect(in, length, STRING_LZF);
        in->left = packed;
    }
    return step;
}

static enum rdb_step read_integer_text(struct rdb_input *in, struct slice *s)
{
    size_t size = (size_t)in->left;
    const unsigned char *b = peek(in, size);
    if (!b) return RDB_MORE;
    int64_t value = sign_extend(little_endian(b, size), size);
    take(in, size);
    in->state = STRING_HEADER;
    *s = slice_of(in->text, number_format_int(in->text, value));
    return RDB_OK;
}

/* The bytes that follow, `left` of them. They are collected only when the piece does not hold them all. */
static enum rdb_step collect(struct rdb_input *in, struct slice *s)
{
    if (in->partial.size == 0 && available(in) >= in->left) {
        *s = slice_of((const char *)in->p, (size_t)in->left);
        in->p += in->left;
        return RDB_OK;
    }
    size_t part = available(in) < in->left ? available(in) : (size_t)in->left;
    if (!bytes_append(&in->partial, in->p, part)) return bad(in, "out of memory");
    in->p += part;
    in->left -= part;
    *s = bytes_slice(&in->partial);
    return in->left > 0 ? RDB_MORE : RDB_OK;
}

static enum rdb_step unpack(struct rdb_input *in, struct slice *s)
{
    size_t size = (size_t)in->size;
    char *out = bytes_reserve(&in->unpacked, size);
    if (!out) return bad(in, "out of memory");
    if (!lzf_unpack(s->data, s->size, out, size)) return bad(in, "packed string is damaged");
    *s = slice_of(out, size);
    return RDB_OK;
}

enum rdb_step rdb_input_string(struct rdb_input *in, struct slice *s)
{
    if (in->state == STRING_HEADER && in->partial.capacity > 0) {
        bytes_clear(&in->partial);
        bytes_trim(&in->partial, KEEP_MAX);
        bytes_trim(&in->unpacked, KEEP_MAX);
    }
    enum rdb_step step = read_sizes(in);
    if (step != RDB_OK) return step;
    if (in->state == STRING_INTEGER) return read_integer_text(in, s);
    step = collect(in, s);
    if (step != RDB_OK) return step;
    bool packed = in->state == STRING_LZF;
    in->state = STRING_HEADER;
    return packed ? unpack(in, s) : RDB_OK;
}

enum rdb_step rdb_input_skip(struct rdb_input *in)
{
    enum rdb_step step = read_sizes(in);
    if (step != RDB_OK) return step;
    size_t part = available(in) < in->left ? available(in) : (size_t)in->left;
    in->p += part;
    in->left -= part;
    if (in->left > 0) return RDB_MORE;
    in->state = STRING_HEADER;
    return RDB_OK;
}
