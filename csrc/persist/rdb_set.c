/* rdb_set.c: sets: intsets as they are (11), the others as members (2); Redis 7.2's packed ones are read (20).
 *
 * SPDX-License-Identifier: MIT */
#include "persist/rdb_set.h"

#include "store/intset.h"
#include "store/packed.h"
#include "store/set.h"

/* ---- writing ---- */

int rdb_set_type(const struct entry *e) { return value_large(e) ? RDB_SET : RDB_SET_INTSET; }

bool rdb_set_write(struct rdb_output *o, const struct entry *e, struct rdb_walk *w, size_t until)
{
    if (!value_large(e)) {
        rdb_put_string(o, value_compact(e));
        return true;
    }
    struct set_member member;
    if (w->stage == 0) rdb_put_length(o, set_size(e));
    w->stage = 1;
    while (set_walk_next(e, &w->set, &member)) {
        rdb_put_string(o, set_member_text(&member));
        if (rdb_output_size(o) >= until) return false;
    }
    return true;
}

/* ---- reading ---- */

static enum rdb_step add(struct rdb_value *v, struct slice member)
{
    int result = set_add(&v->draft, member);
    if (result == 0) return rdb_value_bad(v, "a member of a set is there twice");
    return result > 0 ? RDB_OK : rdb_value_bad(v, "out of memory");
}

enum rdb_step rdb_set_read(struct rdb_value *v)
{
    struct slice member;
    if (v->stage == 0) RDB_TRY(rdb_value_count(v));
    for (; v->left > 0; v->left--) {
        RDB_TRY(rdb_input_string(v->in, &member));
        RDB_TRY(add(v, member));
    }
    return RDB_OK;
}

enum rdb_step rdb_set_read_intset(struct rdb_value *v)
{
    struct slice bytes;
    RDB_TRY(rdb_input_string(v->in, &bytes));
    if (!intset_valid(bytes.data, bytes.size)) return rdb_value_bad(v, "intset integrity check failed");
    if (intset_count(bytes.data) == 0) return RDB_OK;
    return set_load(&v->draft, bytes) ? RDB_OK : rdb_value_bad(v, "out of memory");
}

enum rdb_step rdb_set_read_packed(struct rdb_value *v)
{
    struct slice bytes;
    struct packed_digits digits;
    RDB_TRY(rdb_input_string(v->in, &bytes));
    if (!packed_valid(bytes.data, bytes.size)) return rdb_value_bad(v, "listpack integrity check failed");
    for (size_t at = packed_first(bytes.data); at; at = packed_next(bytes.data, at))
        RDB_TRY(add(v, packed_text(bytes.data, at, &digits)));
    return RDB_OK;
}
