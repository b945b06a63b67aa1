/* rdb_hash.c: hashes: compact ones as they are (16), large ones as pairs (4); older formats are made into packed ones.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/rdb_hash.h"

#include "persist/rdb_legacy.h"
#include "store/hash.h"

/* ---- writing ---- */

int rdb_hash_type(const struct entry *e) { return value_large(e) ? RDB_HASH : RDB_HASH_LISTPACK; }

bool rdb_hash_write(struct rdb_output *o, const struct entry *e, struct rdb_walk *w, size_t until)
{
    if (!value_large(e)) {
        rdb_put_string(o, value_compact(e));
        return true;
    }
    struct hash_pair pair;
    if (w->stage == 0) rdb_put_length(o, hash_size(e));
    w->stage = 1;
    while (hash_walk_next(e, &w->hash, &pair)) {
        rdb_put_string(o, pair.field);
        rdb_put_string(o, pair.value);
        if (rdb_output_size(o) >= until) return false;
    }
    return true;
}

/* ---- reading ---- */

enum rdb_step rdb_hash_read(struct rdb_value *v)
{
    enum { COUNT, FIELD, VALUE };
    struct slice value;
    if (v->stage == COUNT) RDB_TRY(rdb_value_count(v));
    for (; v->left > 0; v->left--) {
        if (v->stage == FIELD) RDB_TRY(rdb_value_hold(v));
        v->stage = VALUE;
        RDB_TRY(rdb_input_string(v->in, &value));
        int result = hash_set(&v->draft, bytes_slice(&v->held), value);
        if (result < 0) return rdb_value_bad(v, "out of memory");
        if (result == 0) return rdb_value_bad(v, "a field of a hash is there twice");
        v->stage = FIELD;
    }
    return RDB_OK;
}

static enum rdb_step load(struct rdb_value *v, struct slice packed, size_t longest)
{
    size_t count = packed_count(packed.data);
    if (count % 2 != 0) return rdb_value_bad(v, "a field of a hash has no value");
    if (count == 0) return RDB_OK;
    int result = hash_load(&v->draft, packed, longest);
    if (result == 0) return rdb_value_bad(v, "a field of a hash is there twice");
    return result > 0 ? RDB_OK : rdb_value_bad(v, "out of memory");
}

enum rdb_step rdb_hash_read_packed(struct rdb_value *v)
{
    struct slice bytes;
    RDB_TRY(rdb_input_string(v->in, &bytes));
    if (!packed_valid(bytes.data, bytes.size)) return rdb_value_bad(v, "listpack integrity check failed");
    return load(v, bytes, 0);
}

enum rdb_step rdb_hash_read_ziplist(struct rdb_value *v)
{
    struct slice bytes;
    RDB_TRY(rdb_input_string(v->in, &bytes));
    RDB_TRY(rdb_unpack_ziplist(v, bytes));
    return load(v, bytes_slice(&v->held), 0);
}

/* Zipmaps had limits of their own: long elements make a large hash of one. */
enum rdb_step rdb_hash_read_zipmap(struct rdb_value *v)
{
    struct slice bytes;
    size_t longest;
    RDB_TRY(rdb_input_string(v->in, &bytes));
    RDB_TRY(rdb_unpack_zipmap(v, bytes, &longest));
    return load(v, bytes_slice(&v->held), longest);
}
