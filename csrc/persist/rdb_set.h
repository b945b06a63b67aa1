/* rdb_set.h: sets in RDB data: for the tables of rdb_value.c. */
#ifndef TIDELOCK_PERSIST_RDB_SET_H
#define TIDELOCK_PERSIST_RDB_SET_H

#include "persist/rdb_value.h"

int rdb_set_type(const struct entry *e);
bool rdb_set_write(struct rdb_output *o, const struct entry *e, struct rdb_walk *w, size_t until);
enum rdb_step rdb_set_read(struct rdb_value *v);
enum rdb_step rdb_set_read_intset(struct rdb_value *v);
enum rdb_step rdb_set_read_packed(struct rdb_value *v);

#endif
