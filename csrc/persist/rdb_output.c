/* rdb_output.c: RDB data on its way to a tape or into a buffer.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/rdb_output.h"

#include "base/crc64.h"

enum { FLUSH_SIZE = 16 * 1024 /* the buffer goes to the tape when it holds as much */ };

void rdb_output_init(struct rdb_output *o, struct memory *m, struct tape *tape, bool checksum)
{
    *o = (struct rdb_output){.tape = tape, .checksum = checksum};
    bytes_init(&o->buffer, m);
}

void rdb_output_free(struct rdb_output *o) { bytes_free(&o->buffer); }

static void to_tape(struct rdb_output *o, struct slice s)
{
    if (o->checksum) o->crc = crc64(o->crc, s.data, s.size);
    if (!tape_append(o->tape, s.data, s.size)) o->failed = true;
    o->written += s.size;
}

void rdb_output_flush(struct rdb_output *o)
{
    if (o->buffer.failed) o->failed = true;
    if (!o->tape || o->failed || o->buffer.size == 0) return;
    to_tape(o, bytes_slice(&o->buffer));
    bytes_clear(&o->buffer);
    bytes_trim(&o->buffer, 2 * FLUSH_SIZE);
}

/* After each item. */
static inline void flush_if_full(struct rdb_output *o)
{
    if (o->buffer.size >= FLUSH_SIZE || o->buffer.failed) rdb_output_flush(o);
}

void rdb_put_byte(struct rdb_output *o, int byte) { bytes_append_char(&o->buffer, (char)byte); }

void rdb_put_little(struct rdb_output *o, uint64_t value, size_t size)
{
    char bytes[8];
    for (size_t i = 0; i < size; i++) bytes[i] = (char)(value >> (8 * i));
    bytes_append(&o->buffer, bytes, size);
    flush_if_full(o);
}

void rdb_put_double(struct rdb_output *o, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    rdb_put_little(o, bits, sizeof bits);
}

void rdb_put_length(struct rdb_output *o, uint64_t length)
{
    rdb_append_length(&o->buffer, length);
    flush_if_full(o);
}

/* A large one goes to the tape directly. */
void rdb_put_string(struct rdb_output *o, struct slice s)
{
    if (!o->tape || !rdb_is_large(s.size)) {
        if (o->plain)
            rdb_append_unpacked(&o->buffer, s);
        else
            rdb_append_string(&o->buffer, s);
        flush_if_full(o);
        return;
    }
    rdb_append_length(&o->buffer, s.size);
    rdb_put_raw(o, s);
}

void rdb_put_raw(struct rdb_output *o, struct slice s)
{
    rdb_output_flush(o);
    if (!o->failed) to_tape(o, s);
}

void rdb_put_integer(struct rdb_output *o, int64_t value)
{
    rdb_append_integer(&o->buffer, value);
    flush_if_full(o);
}
