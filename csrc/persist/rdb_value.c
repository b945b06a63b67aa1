/* rdb_value.c: the tables of formats: which type of value is written how, and what reads which format.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/rdb_value.h"

#include "persist/rdb_hash.h"
#include "persist/rdb_list.h"
#include "persist/rdb_set.h"
#include "persist/rdb_stream.h"
#include "persist/rdb_zset.h"
#include "store/value.h"

/* ---- strings ---- */

static int string_type(const struct entry *e)
{
    (void)e;
    return RDB_STRING;
}

/* Strings that go to a tape as they are go there piece by piece. */
static bool string_write(struct rdb_output *o, const struct entry *e, struct rdb_walk *w, size_t until)
{
    enum { PIECE = 16 * 1024 };
    int64_t integer;
    struct entry_text text;
    if (entry_integer(e, &integer)) {
        rdb_put_integer(o, integer);
        return true;
    }
    struct slice s = entry_string(e, &text);
    if (!o->tape || !rdb_is_large(s.size)) {
        rdb_put_string(o, s);
        return true;
    }
    if (w->stage == 0) rdb_put_length(o, s.size);
    for (w->stage = 1; w->at < s.size; w->at += PIECE) {
        if (rdb_output_size(o) >= until) return false;
        size_t left = s.size - w->at;
        rdb_put_raw(o, slice_of(s.data + w->at, left < PIECE ? left : PIECE));
    }
    return true;
}

/* ---- writing ---- */

static const struct {
    int (*type)(const struct entry *e);
    bool (*write)(struct rdb_output *o, const struct entry *e, struct rdb_walk *w, size_t until);
} writers[] = {
    [VALUE_STRING] = {string_type, string_write},   [VALUE_LIST] = {rdb_list_type, rdb_list_write},
    [VALUE_ZSET] = {rdb_zset_type, rdb_zset_write}, [VALUE_STREAM] = {rdb_stream_type, rdb_write_stream},
    [VALUE_SET] = {rdb_set_type, rdb_set_write},    [VALUE_HASH] = {rdb_hash_type, rdb_hash_write},
};

int rdb_value_type(const struct entry *e) { return writers[entry_type(e)].type(e); }

bool rdb_value_write_some(struct rdb_output *o, const struct entry *e, struct rdb_walk *w, size_t until)
{
    return writers[entry_type(e)].write(o, e, w, until);
}

void rdb_value_write(struct rdb_output *o, const struct entry *e)
{
    struct rdb_walk w = {.stage = 0};
    rdb_value_write_some(o, e, &w, SIZE_MAX);
}

/* ---- reading ---- */

static const struct format {
    enum value_type type;
    enum rdb_step (*read)(struct rdb_value *v);
} formats[RDB_TYPES] = {
    [RDB_LIST] = {VALUE_LIST, rdb_list_read},
    [RDB_LIST_ZIPLIST] = {VALUE_LIST, rdb_list_read_ziplist},
    [RDB_LIST_QUICKLIST] = {VALUE_LIST, rdb_list_read_ziplists},
    [RDB_LIST_QUICKLIST_2] = {VALUE_LIST, rdb_list_read_nodes},
    [RDB_ZSET] = {VALUE_ZSET, rdb_zset_read},
    [RDB_ZSET_2] = {VALUE_ZSET, rdb_zset_read_binary},
    [RDB_ZSET_ZIPLIST] = {VALUE_ZSET, rdb_zset_read_ziplist},
    [RDB_ZSET_LISTPACK] = {VALUE_ZSET, rdb_zset_read_packed},
    [RDB_STREAM] = {VALUE_STREAM, rdb_read_stream},
    [RDB_STREAM_2] = {VALUE_STREAM, rdb_read_stream},
    [RDB_STREAM_3] = {VALUE_STREAM, rdb_read_stream},
    /* strings are read by rdb_read.c itself: they may be long */
    [RDB_SET] = {VALUE_SET, rdb_set_read},
    [RDB_SET_INTSET] = {VALUE_SET, rdb_set_read_intset},
    [RDB_SET_LISTPACK] = {VALUE_SET, rdb_set_read_packed},
    [RDB_HASH] = {VALUE_HASH, rdb_hash_read},
    [RDB_HASH_ZIPMAP] = {VALUE_HASH, rdb_hash_read_zipmap},
    [RDB_HASH_ZIPLIST] = {VALUE_HASH, rdb_hash_read_ziplist},
    [RDB_HASH_LISTPACK] = {VALUE_HASH, rdb_hash_read_packed},
};

static const struct format *format_of(int type)
{
    return type >= 0 && type < RDB_TYPES && formats[type].read ? &formats[type] : NULL;
}

bool rdb_value_readable(int type) { return format_of(type) != NULL; }

void rdb_value_init(struct rdb_value *v, struct rdb_input *in, struct memory *m)
{
    *v = (struct rdb_value){.in = in};
    bytes_init(&v->held, m);
}

void rdb_value_free(struct rdb_value *v)
{
    if (v->draft.entry) edit_discard(&v->draft);
    bytes_free(&v->held);
}

void rdb_value_begin(struct rdb_value *v, struct keyspace *ks, int type, struct slice key, int64_t expire_ms)
{
    edit_draft(&v->draft, ks, key, format_of(type)->type, expire_ms);
    v->type = type;
    v->problem = NULL;
    v->stage = 0;
    v->left = 0;
}

enum rdb_step rdb_value_read(struct rdb_value *v)
{
    enum rdb_step step = format_of(v->type)->read(v);
    if (step != RDB_BAD) return step;
    if (!v->problem) v->problem = v->in->problem;
    edit_discard(&v->draft);
    return RDB_BAD;
}

enum rdb_step rdb_value_count(struct rdb_value *v)
{
    RDB_TRY(rdb_input_length(v->in, &v->left));
    v->stage = 1;
    return RDB_OK;
}

enum rdb_step rdb_value_hold(struct rdb_value *v)
{
    enum { KEEP_MAX = 64 * 1024 };
    struct slice s;
    RDB_TRY(rdb_input_string(v->in, &s));
    bytes_clear(&v->held);
    bytes_trim(&v->held, KEEP_MAX);
    return bytes_append_slice(&v->held, s) ? RDB_OK : rdb_value_bad(v, "out of memory");
}
