/* rdb_zset.h: how sorted sets are written and read (persist/rdb_value.h has the rules). */
#ifndef TIDELOCK_PERSIST_RDB_ZSET_H
#define TIDELOCK_PERSIST_RDB_ZSET_H

#include "persist/rdb_value.h"

int rdb_zset_type(const struct entry *e);
bool rdb_zset_write(struct rdb_output *o, const struct entry *e, struct rdb_walk *w, size_t until);

enum rdb_step rdb_zset_read(struct rdb_value *v);         /* RDB_ZSET */
enum rdb_step rdb_zset_read_binary(struct rdb_value *v);  /* RDB_ZSET_2 */
enum rdb_step rdb_zset_read_ziplist(struct rdb_value *v); /* RDB_ZSET_ZIPLIST */
enum rdb_step rdb_zset_read_packed(struct rdb_value *v);  /* RDB_ZSET_LISTPACK */

#endif
