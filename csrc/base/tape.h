/* tape.h: a byte stream in blocks, appended at one end, trimmed at the other, read by position in between.
 *
 *      trimmed away      [ block ][ block ][ block ]        appended here
 *   0 ................. start ................... end
 *                          ^reader A      ^reader B
 *
 * Positions are absolute (the first byte ever appended is at position 0, or at `origin`), so that a reader is
 * just a number, and bytes are stored once however many readers there are: the replication log, snapshots on
 * their way to several replicas and sessions' replies are tapes. The first block is small and later ones grow
 * to TAPE_BLOCK_MAX, so an idle tape costs next to nothing (none until the first append).
 *
 * Finding a reader's block costs a short walk from a remembered block: a reader that keeps a `struct
 * tape_cursor` walks O(1).
 */
#ifndef TIDELOCK_BASE_TAPE_H
#define TIDELOCK_BASE_TAPE_H

#include "base/bytes.h"

enum { TAPE_BLOCK_MIN = 512, TAPE_BLOCK_MAX = 65536 };

struct tape_block {
    struct tape_block *next;
    int64_t start; /* position of data[0] */
    uint32_t size; /* bytes filled */
    uint32_t capacity;
    char data[];
};

struct tape {
    struct tape_block *head, *tail;
    int64_t start; /* position of the first byte still held */
    int64_t end;   /* position after the last byte */
    size_t taken;  /* bytes of memory, all blocks */
    struct memory *memory;
};

/* A reader: where it is, and the block it was in (revalidated by position after trims). */
struct tape_cursor {
    int64_t position;
    struct tape_block *block; /* hint; NULL: search */
};

void tape_init(struct tape *t, struct memory *m, int64_t origin);
void tape_free(struct tape *t);
/* Forgets all bytes and starts again at `origin`. Cursors must be re-made. */
void tape_reset(struct tape *t, int64_t origin);
/* All or nothing: false when memory is out, the tape unchanged. */
bool tape_append(struct tape *t, const void *data, size_t size);
/* In place of an append of bytes that nobody is going to read: they count, but are not kept, nor is what came before them.
 * Cursors must be re-made. */
void tape_skip(struct tape *t, size_t size);
/* Frees whole blocks that end at or before `position`; `start` moves to at least min(position, end) rounded
 * down to a block. Cursors before `start` are invalid afterwards: owners reset their `block` hint through
 * tape_seek. */
void tape_trim(struct tape *t, int64_t position);
/* Where `position` is (start <= position <= end): sets up a cursor. */
struct tape_cursor tape_seek(const struct tape *t, int64_t position);
/* Up to `max` contiguous slices from the cursor on, without moving it. Returns how many (0 at the end). A
 * cursor must not be behind `start`. */
int tape_peek(const struct tape *t, struct tape_cursor *c, struct slice *slices, int max);
/* Moves the cursor on by `size` bytes that tape_peek showed. */
void tape_advance(const struct tape *t, struct tape_cursor *c, size_t size);

#endif
