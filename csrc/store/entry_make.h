/* entry_make.h: the layout of entries, for store/ alone: making, copying, overwriting and freeing them.
 *
 * The value of an entry has one of four encodings, whatever its type; all but the last are inside the block:
 *
 *   ENTRY_INT      8 B: a string that is the canonical text of an int64
 *   ENTRY_SHORT    size (1 B), bytes: up to 255 bytes, no room to spare; a string, or the bytes of a small
 *                  collection (store/value.h)
 *   ENTRY_LONG     size (2 B), room (2 B), `room` bytes of which `size` are used: longer ones, up to
 *                  ENTRY_INLINE_MAX; and strings that have been edited in place (APPEND, SETRANGE), which keep
 *                  room to grow
 *   ENTRY_POINTER  8 B, aligned: the address of the value, whose kind the type says (store/value.h); a
 *                  string's is a blob (store/blob.h)
 *
 * So that small changes of a value's size stay in place, blocks are rounded up to 8 bytes (no allocator
 * does less); what the rounding adds to an ENTRY_LONG is counted in its room. The size of a block always
 * follows from its fields.
 *
 * A key of up to 254 bytes has its length in one byte; 255 there says that four more bytes hold it.
 */
#ifndef TIDELOCK_STORE_ENTRY_MAKE_H
#define TIDELOCK_STORE_ENTRY_MAKE_H

#include "base/number.h"
#include "store/entry.h"

enum {
    ENTRY_SHORT_MAX = 255,
    ENTRY_INLINE_MAX = 16 * 1024, /* moving an entry (EXPIRE, RENAME) copies at most this much */
    ENTRY_EPOCHS = 4
};

enum entry_encoding { ENTRY_INT, ENTRY_SHORT, ENTRY_LONG, ENTRY_POINTER };

struct entry {
    unsigned char bits;
    unsigned char access[3];
    unsigned char rest[];
};

enum {
    ENTRY_BIT_TYPE = 0x07,
    ENTRY_BIT_ENCODING = 0x18,
    ENTRY_BIT_EXPIRES = 0x20,
    ENTRY_BIT_EPOCH = 0xc0,
    ENTRY_SHIFT_ENCODING = 3,
    ENTRY_SHIFT_EPOCH = 6,
    ENTRY_EXPIRY_SIZE = 12, /* expire, heap index */
    ENTRY_LONG_KEY = 255
};

static inline enum entry_encoding entry_how(const struct entry *e)
{
    return (enum entry_encoding)((e->bits & ENTRY_BIT_ENCODING) >> ENTRY_SHIFT_ENCODING);
}

static inline bool entry_expires(const struct entry *e) { return (e->bits & ENTRY_BIT_EXPIRES) != 0; }

static inline unsigned entry_epoch(const struct entry *e) { return e->bits >> ENTRY_SHIFT_EPOCH; }

static inline void entry_set_epoch(struct entry *e, unsigned epoch)
{
    e->bits = (unsigned char)((e->bits & ~(unsigned)ENTRY_BIT_EPOCH) | (epoch << ENTRY_SHIFT_EPOCH));
}

/* The expiry time and the entry's index in the expiry heap; only of an entry that expires. */
void entry_put_expire(struct entry *e, int64_t expire_ms);
uint32_t entry_heap_index(const struct entry *e);
void entry_put_heap_index(struct entry *e, uint32_t index);

/* A value on its way into an entry. */
struct entry_value {
    enum entry_encoding how;
    enum value_type type;
    bool edited;        /* a string that is being edited in place (a blob remembers that) */
    int64_t integer;    /* ENTRY_INT */
    struct slice bytes; /* the others; `data` NULL: undefined ones, of a collection to be */
    size_t room;        /* ENTRY_LONG and ENTRY_POINTER: space for at least so many bytes */
    void *pointer;      /* ENTRY_POINTER of a collection: its value, whose owner the entry becomes */
};

/* How a string is stored: canonical integers as such, the others by size. */
static inline struct entry_value entry_value_of(struct slice text)
{
    enum entry_encoding how = ENTRY_POINTER;
    int64_t integer = 0;
    if (text.size <= ENTRY_INLINE_MAX) how = ENTRY_LONG;
    if (text.size <= ENTRY_SHORT_MAX) how = ENTRY_SHORT;
    if (text.size > 0 && text.size < NUMBER_INT_MAX && text.data[0] <= '9' &&
        number_parse_int(text, &integer))
        how = ENTRY_INT;
    return (struct entry_value){.how = how, .integer = integer, .bytes = text, .room = text.size};
}

static inline struct entry_value entry_value_of_integer(int64_t integer)
{
    return (struct entry_value){.how = ENTRY_INT, .integer = integer};
}

/* A string that is going to be edited: an ENTRY_LONG however short it is, or a blob. */
static inline struct entry_value entry_value_edited(struct slice bytes, size_t room)
{
    enum entry_encoding how = room <= ENTRY_INLINE_MAX ? ENTRY_LONG : ENTRY_POINTER;
    return (struct entry_value){.how = how, .edited = true, .bytes = bytes, .room = room};
}

/* A new entry, epoch 0. `expire_ms` -1: none. NULL when memory is out (or the key is 4 GiB long). */
struct entry *entry_new(struct memory *m, struct slice key, const struct entry_value *value,
                        int64_t expire_ms);
/* A new entry with the same value under another key and expiry time. A value behind a pointer is shared
 * with `e`: the caller gives `e` up with entry_release (then it has moved) or replaces it (entry_copy). */
struct entry *entry_renamed(struct memory *m, const struct entry *e, struct slice key, int64_t expire_ms);
/* The same with a deep copy of the value. */
struct entry *entry_copy(struct memory *m, const struct entry *e, struct slice key, int64_t expire_ms);
/* Whether the entry's block is right for this value: it needs one of this very size. */
bool entry_fits(const struct entry *e, const struct entry_value *value);
/* Overwrites the value of an entry that it fits into. `value` may point into `e` itself. */
void entry_overwrite(struct entry *e, const struct entry_value *value);

/* Makes a string at least `size` bytes long, zero-filled, where it is. Its first byte, or NULL when there
 * is not enough room in the block (always, for an ENTRY_INT or ENTRY_SHORT) or memory is out: nothing has
 * changed then. */
char *entry_extend(struct memory *m, struct entry *e, size_t size);
/* Whether that is possible where it is (memory permitting). */
bool entry_has_room(const struct entry *e, size_t size);

/* Frees the block and the value behind its pointer. */
void entry_free(struct memory *m, struct entry *e);
/* Frees the block alone. */
void entry_release(struct memory *m, struct entry *e);
/* The size of the block. */
size_t entry_block_size(const struct entry *e);
/* The value of an ENTRY_POINTER. */
void *entry_pointer(const struct entry *e);
void entry_set_pointer(struct entry *e, void *value);

/* Makes the bytes of a collection's ENTRY_SHORT or ENTRY_LONG `size` long (at most ENTRY_INLINE_MAX), as edit_resize does. The entry may
 * move: the new address, NULL when memory is out. */
struct entry *entry_resize(struct memory *m, struct entry *e, size_t size);
/* The bytes of an ENTRY_SHORT or ENTRY_LONG, and in *size how many they are. */
char *entry_inline(const struct entry *e, size_t *size);

#endif
