/* packed.h: a sequence of strings and integers in one run of bytes, in the format Redis calls a listpack.
 *
 *   +--------+-------+-----------+-----------+-----+------+
 *   | bytes  | count | element 0 | element 1 | ... | 0xff |
 *   | 4 B    | 2 B   |           |           |     | 1 B  |
 *   +--------+-------+-----------+-----------+-----+------+
 *
 * An element is a header that says what it is and how long, its content, and its length once more, written so that it is
 * read backwards: so a sequence is walked from either end. Texts of integers are kept as integers of 1 to 9 bytes.
 * A count of 65535 stands for "count them". The format is that of RDB files and DUMP, so that those copy bytes.
 *
 * The bytes are the caller's: in an entry's block, in a node of a list or a stream. Nothing here allocates. An
 * element is named by its offset, which stays right when the bytes move; 0 is no element. Before an edit the
 * caller sees to it that there is room: packed_bytes of the result follows from the sizes of the items.
 *
 * Bytes from outside are checked by packed_valid first; all other functions trust them.
 *
 * Source: "Listpack specification" by Salvatore Sanfilippo.
 */
#ifndef TIDELOCK_STORE_PACKED_H
#define TIDELOCK_STORE_PACKED_H

#include "base/bytes.h"

enum {
    PACKED_EMPTY = 7,          /* bytes of an empty sequence */
    PACKED_COUNT_MAX = 65534,  /* what the header can count to */
    PACKED_ITEM_OVERHEAD = 10, /* an item takes at most so much more than its text */
    PACKED_BYTES_MAX =
        1 << 30, /* no sequence may become longer than this; the callers' limits are far below */
    PACKED_TEXT_MAX = 24
};

/* Room for the text of an integer. */
struct packed_digits {
    char text[PACKED_TEXT_MAX];
};

/* An element that is there. */
struct packed_value {
    struct slice text; /* `data` NULL: it is an integer */
    int64_t integer;
};

/* An element on its way in, or one that is looked for. */
struct packed_item {
    struct slice text; /* not within the sequence that is edited */
    int64_t integer;
    bool is_integer;
    size_t size; /* bytes it takes in a sequence */
};

/* The item of a text; it is an integer when it is the canonical text of an int64. `text` must outlive it. */
struct packed_item packed_item_of(struct slice text);
struct packed_item packed_item_of_integer(int64_t integer);
/* The item of an element (which must outlive it): to copy it elsewhere. */
struct packed_item packed_item_of_value(const struct packed_value *value);

/* Makes `p` (PACKED_EMPTY bytes) an empty sequence. */
void packed_init(char *p);
/* Bytes it takes, header and end included. */
size_t packed_bytes(const char *p);
/* How many elements; beyond PACKED_COUNT_MAX they are counted one by one. */
size_t packed_count(const char *p);

/* ---- walking: 0 after the last and before the first element ---- */

size_t packed_first(const char *p);
size_t packed_last(const char *p);
size_t packed_next(const char *p, size_t at);
size_t packed_prev(const char *p, size_t at);
/* The offset behind the last element: where to insert there. */
static inline size_t packed_end(const char *p) { return packed_bytes(p) - 1; }
/* Element number `index`, from the end when negative (-1 is the last). 0: there is none. */
size_t packed_at(const char *p, int64_t index);

/* ---- reading ---- */

struct packed_value packed_get(const char *p, size_t at);
/* The element as a text; an integer's is written into `digits`. */
struct slice packed_text(const char *p, size_t at, struct packed_digits *digits);
/* Whether the element is an integer or the canonical text of one. */
bool packed_integer(const char *p, size_t at, int64_t *integer);
/* Bytes of the element in the sequence. */
size_t packed_size(const char *p, size_t at);
bool packed_is(const char *p, size_t at, const struct packed_item *item);
/* The first element equal to `item` among element `from` (0: none) and every `step`-th after it. 0: none. */
size_t packed_find(const char *p, size_t from, const struct packed_item *item, size_t step);
/* The bytes of `count` elements from `at` on, or of as many as there are. */
size_t packed_span(const char *p, size_t at, size_t count);

/* ---- editing ---- */

/* Replaces the `removed` bytes of whole elements at `at` (an element's offset, or packed_end) by items. There is
 * room for packed_bytes(p) - removed + the items' sizes. The first item is then at `at`. */
void packed_splice(char *p, size_t at, size_t removed, const struct packed_item *items, size_t count);

static inline void packed_insert(char *p, size_t at, const struct packed_item *item)
{
    packed_splice(p, at, 0, item, 1);
}
static inline void packed_append(char *p, const struct packed_item *item)
{
    packed_splice(p, packed_end(p), 0, item, 1);
}
static inline void packed_replace(char *p, size_t at, const struct packed_item *item)
{
    packed_splice(p, at, packed_size(p, at), item, 1);
}
/* Takes out `count` elements from `at` on, or as many as there are. What followed is then at `at`. */
static inline void packed_remove(char *p, size_t at, size_t count)
{
    packed_splice(p, at, packed_span(p, at, count), NULL, 0);
}

/* Puts an item in front of the first element, without moving anything: there is room for it in front of `p`. The
 * sequence then begins at the address returned. */
char *packed_prepend(char *p, const struct packed_item *item);
/* Takes out the first `count` elements, or as many as there are, without moving anything: the sequence then begins at
 * the address returned. */
char *packed_drop_first(char *p, size_t count);
/* Copies `size` bytes of whole elements at `at` of another sequence behind the last one. There is room. */
void packed_append_span(char *p, const char *from, size_t at, size_t size);

/* ---- bytes from outside ---- */

/* Whether these `size` bytes are a sequence: every element whole, its lengths the same from both ends, the
 * header true. Reads no byte beyond. */
bool packed_valid(const char *p, size_t size);

#endif
