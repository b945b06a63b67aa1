/* rdb_codec.c: lengths and strings as RDB files encode them.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/rdb_codec.h"

#include "base/lzf.h"
#include "base/number.h"

enum {
    INTEGER_TEXT_MAX = 11, /* "-2147483648" */
    PACK_MIN = 21,         /* shorter strings are not tried */
    PACK_MAX = 256 * 1024, /* nor are longer ones: it takes a millisecond, in one piece */
    PACK_GAIN = 4          /* packing must save as much */
};

static char *put_big_endian(char *out, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) *out++ = (char)(value >> (8 * i));
    return out;
}

static char *put_little_endian(char *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) *out++ = (char)(value >> (8 * i));
    return out;
}

static char *put_length(char *out, uint64_t length)
{
    if (length < 1 << 6) return put_big_endian(out, RDB_LENGTH_6 | length, 1);
    if (length < 1 << 14) return put_big_endian(out, RDB_LENGTH_14 << 8 | length, 2);
    bool wide = length > UINT32_MAX;
    *out++ = (char)(wide ? RDB_LENGTH_64 : RDB_LENGTH_32);
    return put_big_endian(out, length, wide ? 8 : 4);
}

bool rdb_append_length(struct bytes *out, uint64_t length)
{
    char *p = bytes_reserve(out, RDB_LENGTH_MAX);
    if (!p) return false;
    bytes_commit(out, (size_t)(put_length(p, length) - p));
    return true;
}

static bool append_raw(struct bytes *out, struct slice s)
{
    char *p = bytes_reserve(out, RDB_LENGTH_MAX + s.size);
    if (!p) return false;
    char *end = put_length(p, s.size);
    if (s.size > 0) memcpy(end, s.data, s.size);
    bytes_commit(out, (size_t)(end - p) + s.size);
    return true;
}

bool rdb_append_integer(struct bytes *out, int64_t value)
{
    if (value < INT32_MIN || value > INT32_MAX) {
        char text[NUMBER_INT_MAX];
        return append_raw(out, slice_of(text, number_format_int(text, value)));
    }
    enum rdb_encoding encoding = RDB_INT32;
    if (value >= INT16_MIN && value <= INT16_MAX) encoding = RDB_INT16;
    if (value >= INT8_MIN && value <= INT8_MAX) encoding = RDB_INT8;
    char *p = bytes_reserve(out, RDB_LENGTH_MAX);
    if (!p) return false;
    char *end = p;
    *end++ = (char)(RDB_ENCODED | encoding);
    end = put_little_endian(end, (uint64_t)value, 1 << encoding);
    bytes_commit(out, (size_t)(end - p));
    return true;
}

/* Packs `s` to the end of `out`, behind room for its header, and then moves it up to the header. 0: it did not get
 * smaller, 1: done, -1: memory is out. */
static int append_packed(struct bytes *out, struct slice s)
{
    enum { HEADER_MAX = 1 + 2 * RDB_LENGTH_MAX };
    size_t room = s.size - PACK_GAIN;
    char *p = bytes_reserve(out, HEADER_MAX + room);
    if (!p) return -1;
    size_t packed = lzf_pack(s.data, s.size, p + HEADER_MAX, room);
    if (packed == 0) return 0;
    char *end = p;
    *end++ = (char)(RDB_ENCODED | RDB_LZF);
    end = put_length(end, packed);
    end = put_length(end, s.size);
    memmove(end, p + HEADER_MAX, packed);
    bytes_commit(out, (size_t)(end - p) + packed);
    return 1;
}

bool rdb_is_large(size_t size) { return size > PACK_MAX; }

bool rdb_append_unpacked(struct bytes *out, struct slice s)
{
    int64_t value;
    if (s.size <= INTEGER_TEXT_MAX && number_parse_int(s, &value) && value >= INT32_MIN && value <= INT32_MAX)
        return rdb_append_integer(out, value);
    return append_raw(out, s);
}

bool rdb_append_string(struct bytes *out, struct slice s)
{
    if (s.size >= PACK_MIN && s.size <= PACK_MAX) {
        int packed = append_packed(out, s);
        if (packed != 0) return packed > 0;
    }
    return rdb_append_unpacked(out, s);
}

const char *rdb_type_name(int type)
{
    static const char *const names[] = {"string",
                                        "list",
                                        "set",
                                        "sorted set",
                                        "hash",
                                        "sorted set (binary scores)",
                                        "module",
                                        "module (version 2)",
                                        NULL,
                                        "hash (zipmap)",
                                        "list (ziplist)",
                                        "set (intset)",
                                        "sorted set (ziplist)",
                                        "hash (ziplist)",
                                        "list (quicklist)",
                                        "stream",
                                        "hash (listpack)",
                                        "sorted set (listpack)",
                                        "list (quicklist of listpacks)",
                                        "stream (version 2)",
                                        "set (listpack)",
                                        "stream (version 3)"};
    bool known = type >= 0 && (size_t)type < sizeof names / sizeof names[0] && names[type];
    return known ? names[type] : "unknown";
}
