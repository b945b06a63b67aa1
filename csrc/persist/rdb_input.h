/* rdb_input.h: numbers, lengths and strings out of an RDB file that arrives in pieces of any size.
 *
 * The owner hands in a piece with rdb_input_feed and then asks for one item after the other. Each function answers
 * RDB_MORE when the piece ended within its item; the owner then waits for the next piece and asks for the same item
 * again. What has arrived of it is kept: at most a header's bytes, or the part of a string that is there. So an item
 * costs no more memory than bytes that arrived for it, whatever length it claims.
 */
#ifndef TIDELOCK_PERSIST_RDB_INPUT_H
#define TIDELOCK_PERSIST_RDB_INPUT_H

#include "base/bytes.h"
#include "persist/rdb.h"

enum rdb_step {
    RDB_MORE, /* ask again with more input */
    RDB_OK,
    RDB_BAD /* input->problem says what is wrong with the item at input->item */
};

enum { RDB_HELD_MAX = 40 }; /* two lengths, the text of a score */

struct rdb_input {
    int64_t bulk_max;    /* longest string accepted */
    const char *problem; /* after RDB_BAD */
    int64_t item;        /* offset in the file at which the last item asked for begins */
    /* private */
    const unsigned char *from, *p, *end; /* the piece: its start, what is left of it */
    int64_t offset;                      /* of `from` in the file */
    unsigned char held[RDB_HELD_MAX];    /* the start of an item that the last piece ended in */
    size_t held_size;
    int state;           /* how far into a string */
    uint64_t left, size; /* bytes of it still to come, and its size; LZF: packed, unpacked */
    struct bytes partial, unpacked;
    char text[24]; /* the text of an integer */
};

void rdb_input_init(struct rdb_input *in, struct memory *m, int64_t bulk_max);
void rdb_input_free(struct rdb_input *in);
/* The next piece. All of the one before has been taken. */
void rdb_input_feed(struct rdb_input *in, const char *data, size_t size);
/* How far in the file everything asked for so far reaches. */
int64_t rdb_input_offset(const struct rdb_input *in);
/* The same in the present piece: bytes taken of it. */
size_t rdb_input_taken(const struct rdb_input *in);

/* `size` <= RDB_HELD_MAX bytes as they are; *bytes points at them until the next call. */
enum rdb_step rdb_input_bytes(struct rdb_input *in, size_t size, const unsigned char **bytes);
enum rdb_step rdb_input_byte(struct rdb_input *in, int *byte);
/* A little-endian integer of 4 or 8 bytes. */
enum rdb_step rdb_input_integer(struct rdb_input *in, size_t size, int64_t *value);
enum rdb_step rdb_input_length(struct rdb_input *in, uint64_t *length);
/* A string, decoded; the slice is good until the next call. */
enum rdb_step rdb_input_string(struct rdb_input *in, struct slice *s);
/* Passes over a string without keeping any of it. */
enum rdb_step rdb_input_skip(struct rdb_input *in);

#endif
