/* entry.h: one key and its value in one block of memory.
 *
 *   +------+--------+----------------+-------+-----+----------------------------------------------+
 *   | bits | access | [expire, heap] | klen  | key | value                                        |
 *   | 1 B  | 3 B    | 8 B + 4 B      | 1/5 B | ..  | int64 | size, bytes | size, room, bytes | -> |
 *   +------+--------+----------------+-------+-----+----------------------------------------------+
 *
 * bits: type (3), encoding (2), has expiry (1), epoch of the last view that has seen it (2).
 * A 10-byte key with a 32-byte value takes 48 bytes, all told. Fields are unaligned: use the functions below.
 *
 * Only store/ changes entries (store/entry_make.h); everyone else reads them through these functions.
 */
#ifndef TIDELOCK_STORE_ENTRY_H
#define TIDELOCK_STORE_ENTRY_H

#include "base/bytes.h"

struct entry;

enum value_type { VALUE_STRING, VALUE_LIST, VALUE_SET, VALUE_ZSET, VALUE_HASH, VALUE_STREAM };

/* Room for the text of an integer-encoded string. */
struct entry_text {
    char digits[24];
};

struct slice entry_key(const struct entry *e);
enum value_type entry_type(const struct entry *e);
/* "string", "list", …: what TYPE answers. */
const char *entry_type_name(enum value_type type);
/* What OBJECT ENCODING answers: "int", "embstr" (up to 44 bytes and never edited in place), "raw". */
const char *entry_encoding(const struct entry *e);
/* Unix ms, -1 when the entry does not expire. */
int64_t entry_expire(const struct entry *e);
/* Whether its time has passed: an entry that expires at T is still there at T, as in Redis. */
bool entry_expired(const struct entry *e, int64_t now_ms);
/* The value of a string; an integer is written into `text` and the slice points there. */
struct slice entry_string(const struct entry *e, struct entry_text *text);
/* Whether the string is stored as an integer, and which. */
bool entry_integer(const struct entry *e, int64_t *value);
size_t entry_string_size(const struct entry *e);
/* Bytes of memory of key, value and header: MEMORY USAGE. */
size_t entry_memory(const struct entry *e);
/* LRU idle seconds and LFU frequency bits live in `access` (24 bits); its meaning is the caller's
 * (maxmemory-policy). A new key starts with 0; overwriting and renaming keep it. */
uint32_t entry_access(const struct entry *e);
void entry_set_access(struct entry *e, uint32_t access);

#endif
