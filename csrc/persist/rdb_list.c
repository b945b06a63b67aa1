/* rdb_list.c: lists: written as nodes of packed sequences (18), read also as elements (1) and as ziplists (10, 14).
 *
 * SPDX-License-Identifier: MIT */
#include "persist/rdb_list.h"
#include "persist/rdb_legacy.h"
#include "store/list_value.h"

/* What a node of format 18 holds. */
enum container { CONTAINER_PLAIN = 1, CONTAINER_PACKED = 2 };

/* ---- writing ---- */

int rdb_list_type(const struct entry *e)
{
    (void)e;
    return RDB_LIST_QUICKLIST_2;
}

static void put_node(struct rdb_output *o, const char *sequence)
{
    rdb_put_length(o, CONTAINER_PACKED);
    rdb_put_string(o, slice_of(sequence, packed_bytes(sequence)));
}

bool rdb_list_write(struct rdb_output *o, const struct entry *e, struct rdb_walk *w, size_t until)
{
    const struct quicklist *q = value_large(e);
    struct quicklist_scratch scratch;
    if (w->stage == 0) rdb_put_length(o, q ? q->count : 1);
    w->stage = 1;
    if (!q) put_node(o, value_compact(e).data);
    for (; q && w->at < q->count; w->at++) {
        if (rdb_output_size(o) >= until) return false;
        put_node(o, quicklist_sequence(q, w->at, &scratch));
    }
    return true;
}

/* ---- reading ---- */

static const char out_of_memory[] = "out of memory";

static enum rdb_step add_element(struct rdb_value *v, struct slice element)
{
    return list_value_push(&v->draft, &element, 1, false) ? RDB_OK : rdb_value_bad(v, out_of_memory);
}

static enum rdb_step add_sequence(struct rdb_value *v, const char *sequence)
{
    return list_value_append_sequence(&v->draft, sequence) ? RDB_OK : rdb_value_bad(v, out_of_memory);
}

static enum rdb_step read_ziplist(struct rdb_value *v)
{
    struct slice bytes;
    RDB_TRY(rdb_input_string(v->in, &bytes));
    RDB_TRY(rdb_unpack_ziplist(v, bytes));
    return add_sequence(v, v->held.data);
}

enum rdb_step rdb_list_read(struct rdb_value *v)
{
    struct slice element;
    if (v->stage == 0) RDB_TRY(rdb_value_count(v));
    for (; v->left > 0; v->left--) {
        RDB_TRY(rdb_input_string(v->in, &element));
        RDB_TRY(add_element(v, element));
    }
    return RDB_OK;
}

enum rdb_step rdb_list_read_ziplist(struct rdb_value *v) { return read_ziplist(v); }

enum rdb_step rdb_list_read_ziplists(struct rdb_value *v)
{
    if (v->stage == 0) RDB_TRY(rdb_value_count(v));
    for (; v->left > 0; v->left--) RDB_TRY(read_ziplist(v));
    return RDB_OK;
}

static enum rdb_step read_node(struct rdb_value *v, bool plain)
{
    struct slice bytes;
    RDB_TRY(rdb_input_string(v->in, &bytes));
    if (plain) return bytes.size > 0 ? add_element(v, bytes) : rdb_value_bad(v, "a list's node is empty");
    if (!packed_valid(bytes.data, bytes.size)) return rdb_value_bad(v, "listpack integrity check failed");
    return add_sequence(v, bytes.data);
}

enum rdb_step rdb_list_read_nodes(struct rdb_value *v)
{
    enum { COUNT, CONTAINER, PLAIN, PACKED };
    uint64_t container;
    if (v->stage == COUNT) RDB_TRY(rdb_value_count(v));
    for (; v->left > 0; v->left--) {
        if (v->stage == CONTAINER) {
            RDB_TRY(rdb_input_length(v->in, &container));
            if (container != CONTAINER_PLAIN && container != CONTAINER_PACKED)
                return rdb_value_bad(v, "a list's node is of no known kind");
            v->stage = container == CONTAINER_PLAIN ? PLAIN : PACKED;
        }
        RDB_TRY(read_node(v, v->stage == PLAIN));
        v->stage = CONTAINER;
    }
    return RDB_OK;
}
