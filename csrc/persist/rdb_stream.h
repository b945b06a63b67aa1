/* rdb_stream.h: streams in RDB data: formats RDB_STREAM (Redis 5), RDB_STREAM_2 (7.0, which is written), RDB_STREAM_3
 * (7.2).
 *
 *   nodes   { key (16 bytes in a string: ms, seq, big-endian)  listpack }
 *   length  last ms, seq  [ first ms, seq  max deleted ms, seq  entries added ]            since 7.0
 *   groups  { name  last ms, seq  [ entries read ]                                         since 7.0
 *             deliveries { id (16 bytes)  time (8 bytes, ms)  times delivered }
 *             consumers  { name  seen (8 bytes)  [ active (8 bytes) ]                      since 7.2
 *                          deliveries { id (16 bytes) } } }
 *
 * Within a listpack, every line and every item an element:
 *
 *   entries  deleted  names { name } 0
 *   { flags  ms - key's  seq - key's  { value }                   how many elements that was }    the names as above
 *   { flags  ms - key's  seq - key's  pairs { name value }        how many elements that was }    names of its own
 */
#ifndef TIDELOCK_PERSIST_RDB_STREAM_H
#define TIDELOCK_PERSIST_RDB_STREAM_H

#include "persist/rdb_value.h"
#include "store/stream.h"

int rdb_stream_type(const struct entry *e);
bool rdb_write_stream(struct rdb_output *o, const struct entry *e, struct rdb_walk *w, size_t until);
enum rdb_step rdb_read_stream(struct rdb_value *v);

/* ---- nodes (rdb_stream_node.c) ---- */

enum {
    RDB_ENTRY_DELETED = 1, /* flags of an entry */
    RDB_ENTRY_SAME_NAMES = 2
};

struct stream_node;

/* Writes a node that holds entries. */
void rdb_write_stream_node(struct rdb_output *o, const struct stream_node *n);
/* Appends the entries of a listpack to the stream, in a node of their own under `base`. NULL, or what is wrong. */
const char *rdb_read_stream_node(struct memory *m, struct stream *s, struct stream_id base,
                                 struct slice listpack);

#endif
