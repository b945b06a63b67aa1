/* limits.h: how large a collection may become and still be compact, Redis's configuration parameters of that name.
 *
 * A keyspace is told where its limits are (keyspace_options) and reads them whenever a value is changed: the owner may
 * change them at any time. Values are not converted by that, only by their next change.
 */
#ifndef TIDELOCK_STORE_LIMITS_H
#define TIDELOCK_STORE_LIMITS_H

#include <stdint.h>

struct value_limits {
    int64_t hash_listpack_entries; /* hash-max-listpack-entries: fields … */
    int64_t hash_listpack_value;   /* hash-max-listpack-value: … and bytes of a field or value */
    int64_t set_intset_entries;    /* set-max-intset-entries */
    int64_t zset_listpack_entries; /* zset-max-listpack-entries: members … */
    int64_t zset_listpack_value;   /* zset-max-listpack-value: … and bytes of a member */
    /* list-max-listpack-size: of a node; negative: -1 4 KiB .. -5 64 KiB, else elements */
    int64_t list_listpack_size;
    /* list-compress-depth: nodes at each end that are never compressed; 0: none is */
    int64_t list_compress_depth;
    int64_t stream_node_bytes;   /* stream-node-max-bytes: of a node; 0: any */
    int64_t stream_node_entries; /* stream-node-max-entries: of a node; 0: any */
};

/* Redis's. */
extern const struct value_limits value_limits_default;

#endif
