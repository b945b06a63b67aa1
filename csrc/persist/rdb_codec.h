/* rdb_codec.h: lengths and strings as RDB files encode them (persist/rdb.h has the table), written to a buffer. */
#ifndef TIDELOCK_PERSIST_RDB_CODEC_H
#define TIDELOCK_PERSIST_RDB_CODEC_H

#include "base/bytes.h"
#include "persist/rdb.h"

/* All of these return false when memory is out, which out->failed remembers. */
bool rdb_append_length(struct bytes *out, uint64_t length);
/* A string that is the decimal text of `value`. */
bool rdb_append_integer(struct bytes *out, int64_t value);
/* As Redis writes it: texts of small integers as integers, what is longer than 20 bytes packed if that makes it
 * smaller, everything else as it is. */
bool rdb_append_string(struct bytes *out, struct slice s);
/* The same without packing anything: rdbcompression no. */
bool rdb_append_unpacked(struct bytes *out, struct slice s);

/* Whether rdb_append_string would write the string as it is because of its length alone: packing takes time and
 * memory in one piece. */
bool rdb_is_large(size_t size);

/* The name of a value type in an RDB file: "string", "hash (listpack)". */
const char *rdb_type_name(int type);

#endif
