/* rdb_hash.h: hashes in RDB data: for the tables of rdb_value.c. */
#ifndef TIDELOCK_PERSIST_RDB_HASH_H
#define TIDELOCK_PERSIST_RDB_HASH_H

#include "persist/rdb_value.h"

int rdb_hash_type(const struct entry *e);
bool rdb_hash_write(struct rdb_output *o, const struct entry *e, struct rdb_walk *w, size_t until);
enum rdb_step rdb_hash_read(struct rdb_value *v);
enum rdb_step rdb_hash_read_packed(struct rdb_value *v);
enum rdb_step rdb_hash_read_ziplist(struct rdb_value *v);
enum rdb_step rdb_hash_read_zipmap(struct rdb_value *v);

#endif
