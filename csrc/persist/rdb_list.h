/* rdb_list.h: how lists are written and read (persist/rdb_value.h has the rules). */
#ifndef TIDELOCK_PERSIST_RDB_LIST_H
#define TIDELOCK_PERSIST_RDB_LIST_H

#include "persist/rdb_value.h"

int rdb_list_type(const struct entry *e);
bool rdb_list_write(struct rdb_output *o, const struct entry *e, struct rdb_walk *w, size_t until);

enum rdb_step rdb_list_read(struct rdb_value *v);          /* RDB_LIST */
enum rdb_step rdb_list_read_ziplist(struct rdb_value *v);  /* RDB_LIST_ZIPLIST */
enum rdb_step rdb_list_read_ziplists(struct rdb_value *v); /* RDB_LIST_QUICKLIST */
enum rdb_step rdb_list_read_nodes(struct rdb_value *v);    /* RDB_LIST_QUICKLIST_2 */

#endif
