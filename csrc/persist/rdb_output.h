/* rdb_output.h: where the bytes of RDB data go: a snapshot's to a tape, summed up on the way, a DUMP's into a buffer.
 *
 * Bytes collect in a small buffer and go from there to the tape, so that a value of any size needs no memory of its size
 * beside the tape's. Without a tape they all stay in the buffer. Functions cannot fail from the caller's point of view:
 * when memory is out, `failed` remembers it and the rest does nothing.
 */
#ifndef TIDELOCK_PERSIST_RDB_OUTPUT_H
#define TIDELOCK_PERSIST_RDB_OUTPUT_H

#include "base/tape.h"
#include "persist/rdb_codec.h"

struct rdb_output {
    struct bytes buffer; /* not on the tape yet */
    struct tape *tape;   /* NULL: everything stays in the buffer */
    bool plain;          /* strings are not packed; set after rdb_output_init */
    bool checksum;       /* keep `crc`, the CRC-64 of what is on the tape */
    bool failed;         /* memory ran out */
    uint64_t crc;
    size_t written; /* bytes on the tape */
};

void rdb_output_init(struct rdb_output *o, struct memory *m, struct tape *tape, bool checksum);
void rdb_output_free(struct rdb_output *o);
/* Bytes so far, on the tape and on their way to it. */
static inline size_t rdb_output_size(const struct rdb_output *o) { return o->written + o->buffer.size; }
/* Takes everything to the tape. */
void rdb_output_flush(struct rdb_output *o);

void rdb_put_byte(struct rdb_output *o, int byte);
/* `size` <= 8 low bytes of `value`, the least significant first. */
void rdb_put_little(struct rdb_output *o, uint64_t value, size_t size);
/* A double in binary: 8 bytes. */
void rdb_put_double(struct rdb_output *o, double value);
void rdb_put_length(struct rdb_output *o, uint64_t length);
/* A string, encoded as Redis does. */
void rdb_put_string(struct rdb_output *o, struct slice s);
/* What is RDB data already. */
void rdb_put_raw(struct rdb_output *o, struct slice s);
/* A string that is the text of an integer. */
void rdb_put_integer(struct rdb_output *o, int64_t value);

#endif
