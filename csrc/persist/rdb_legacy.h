/* rdb_legacy.h: sequences in the formats of older Redis versions, made into packed ones (store/packed.h).
 *
 * The ziplist was for lists, hashes and sorted sets what the listpack is since 7.0, and the zipmap for hashes before 2.6.
 * Both are read to the last byte: whatever does not fit together is refused.
 */
#ifndef TIDELOCK_PERSIST_RDB_LEGACY_H
#define TIDELOCK_PERSIST_RDB_LEGACY_H

#include "persist/rdb_value.h"

/* Makes the packed sequence of what `bytes` hold in v->held. RDB_BAD: they are damaged, or memory is out (v->problem). */
enum rdb_step rdb_unpack_ziplist(struct rdb_value *v, struct slice bytes);
/* `*longest`: the size of the longest element. */
enum rdb_step rdb_unpack_zipmap(struct rdb_value *v, struct slice bytes, size_t *longest);

#endif
