/* rdb_read.h: reads an RDB file, push-style and bounded: bytes in, entries into a keyspace.
 *
 * Every length is checked against limits before memory is asked for, and nothing is allocated ahead of the bytes that
 * justify it. An error names the offset and what was wrong there ("RDB at offset 1234: type 4 (hash) is not
 * supported"). The format's checksum is verified when present.
 *
 * Versions 1 to 11 are read. Passed over: hints of sizes, libraries of functions; idle times and frequencies, if they are
 * not what the keyspace goes by. Refused: data of modules, and the types that the store has not.
 */
#ifndef TIDELOCK_PERSIST_RDB_READ_H
#define TIDELOCK_PERSIST_RDB_READ_H

#include "command/access.h"
#include "persist/rdb.h"
#include "store/keyspace.h"

struct rdb_reader;

struct rdb_read_options {
    struct memory *memory;
    struct keyspace
        *keyspace; /* where entries go; empty (a key that is there already is an error). It has the time */
    const struct access_policy *access; /* what idle times and frequencies mean to it; NULL: nothing */
    int64_t bulk_max;                   /* longest string accepted */
};

/* What the file says of itself (aux fields), filled while it is read. */
struct rdb_read_info {
    char replid[41];               /* "" when absent */
    int64_t offset;                /* -1 when absent */
    int stream_db;                 /* -1 when absent */
    char names[RDB_NAMES_MAX + 1]; /* "" when absent */
    int64_t created_s;             /* unix time at which the data were so; 0 when absent */
    int64_t keys, expired;         /* entries loaded; of these, such whose time is over */
};

struct rdb_reader *rdb_reader_new(const struct rdb_read_options *options);
void rdb_reader_free(struct rdb_reader *r);
/* Feeds `size` bytes, any number; *used says how many were taken (all of them unless the file ended within).
 * 1: wants more, 0: the file is complete, -1: error (rdb_reader_error). */
int rdb_reader_feed(struct rdb_reader *r, const char *data, size_t size, size_t *used);
const char *rdb_reader_error(const struct rdb_reader *r);
int64_t rdb_reader_offset(const struct rdb_reader *r);
const struct rdb_read_info *rdb_reader_info(const struct rdb_reader *r);

#endif
