/* bytes.h: slices (bytes somebody else owns) and growing buffers.
 *
 * A buffer remembers that an append failed (`failed`), so that a long sequence of appends is checked once, at
 * its end; after a failure further appends do nothing.
 */
#ifndef TIDELOCK_BASE_BYTES_H
#define TIDELOCK_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"

struct slice {
    const char *data;
    size_t size;
};

static inline struct slice slice_of(const char *data, size_t size) { return (struct slice){data, size}; }

/* A slice over a NUL-terminated string (without the NUL). */
static inline struct slice slice_text(const char *text) { return (struct slice){text, strlen(text)}; }

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* ASCII case-insensitive comparison with as many bytes at `word`. */
bool slice_same_letters(struct slice s, const char *word);

/* The same with a NUL-terminated word. */
static inline bool slice_is_word(struct slice s, const char *word)
{
    return s.size == strlen(word) && slice_same_letters(s, word);
}

/* The next word of `text`, taken off its front; size 0: none is left. Words are separated by blanks. */
struct slice slice_next_word(struct slice *text);

/* Bytewise order, shorter first on a tie: <0, 0, >0. */
int slice_compare(struct slice a, struct slice b);

/* Copies a NUL-terminated text into a field of `room` bytes, cutting what does not fit, and ends it with
 * a NUL. */
void text_copy(char *field, size_t room, const char *text);

struct bytes {
    char *data;
    size_t size;
    size_t capacity;
    struct memory *memory;
    bool failed; /* an append ran out of memory; sticky until bytes_clear */
};

void bytes_init(struct bytes *b, struct memory *m);
/* Frees the storage; the buffer is empty and usable again. */
void bytes_free(struct bytes *b);
/* Empties it, keeps the storage, forgets a failure. */
void bytes_clear(struct bytes *b);
/* Makes the storage larger, at least doubling it. */
char *bytes_grow(struct bytes *b, size_t extra);
/* The same where `whole` bytes in all are expected: when doubling comes near that, it is grown to just that. */
char *bytes_grow_towards(struct bytes *b, size_t extra, size_t whole);
/* Room for `extra` more bytes (amortised doubling). Returns where to write them, NULL when memory is out. */
static inline char *bytes_reserve(struct bytes *b, size_t extra)
{
    if (extra > b->capacity - b->size || !b->data || b->failed) return bytes_grow(b, extra);
    return b->data + b->size;
}
/* Counts `size` bytes written where bytes_reserve pointed. */
static inline void bytes_commit(struct bytes *b, size_t size) { b->size += size; }
bool bytes_append(struct bytes *b, const void *data, size_t size);
bool bytes_append_slice(struct bytes *b, struct slice s);
bool bytes_append_text(struct bytes *b, const char *text);
bool bytes_append_char(struct bytes *b, char c);
bool bytes_append_int(struct bytes *b, int64_t value);
/* In double quotes, readable whatever is in it: "a \"word\"\n\x00". */
bool bytes_append_quoted(struct bytes *b, struct slice word);
/* printf-style; for rare texts (INFO, errors), not for hot paths. */
bool bytes_append_format(struct bytes *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Drops the first `size` bytes (moves the rest down). */
void bytes_drop(struct bytes *b, size_t size);
/* Gives storage that is larger than `keep` back when the buffer is empty. */
void bytes_trim(struct bytes *b, size_t keep);

static inline struct slice bytes_slice(const struct bytes *b) { return (struct slice){b->data, b->size}; }

#endif
