/* rdb_zset.c: sorted sets: small ones as they are (17), large ones as members with binary scores (5); read also with scores
 * as texts (3), and as ziplists (12).
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/number.h"
#include "persist/rdb_legacy.h"
#include "persist/rdb_zset.h"
#include "store/zset_value.h"

/* ---- writing ---- */

int rdb_zset_type(const struct entry *e) { return value_large(e) ? RDB_ZSET_2 : RDB_ZSET_LISTPACK; }

/* From the last to the first: who inserts them into a skiplist is faster so. */
bool rdb_zset_write(struct rdb_output *o, const struct entry *e, struct rdb_walk *w, size_t until)
{
    struct zset_walk *walk = &w->zset;
    size_t size = zset_count(e);
    if (!value_large(e)) {
        rdb_put_string(o, value_compact(e));
        return true;
    }
    if (w->stage == 0) {
        rdb_put_length(o, size);
        if (size == 0) return true;
        zset_walk_begin(walk, e, size - 1, true);
    }
    for (w->stage = 1; !walk->over; zset_walk_next(walk)) {
        if (rdb_output_size(o) >= until) return false;
        rdb_put_string(o, walk->member);
        rdb_put_double(o, walk->score);
    }
    return true;
}

/* ---- scores ---- */

static enum rdb_step read_binary(struct rdb_value *v, double *score)
{
    int64_t bits;
    RDB_TRY(rdb_input_integer(v->in, sizeof bits, &bits));
    memcpy(score, &bits, sizeof bits);
    return RDB_OK;
}

/* A byte with the length of the text, or for what has none. */
enum { SCORE_NAN = 253, SCORE_INF = 254, SCORE_MINUS_INF = 255 };

static enum rdb_step read_text(struct rdb_value *v, double *score)
{
    enum { LENGTH = 3 }; /* from this stage on: the length is known, it is the stage less this */
    const unsigned char *text;
    int length;
    if (v->stage < LENGTH) {
        RDB_TRY(rdb_input_byte(v->in, &length));
        v->stage = LENGTH + length;
    }
    length = v->stage - LENGTH;
    *score = length == SCORE_INF ? INFINITY : length == SCORE_MINUS_INF ? -INFINITY : NAN;
    if (length >= SCORE_NAN) return RDB_OK;
    if (length > RDB_HELD_MAX) return rdb_value_bad(v, "a score is no number");
    RDB_TRY(rdb_input_bytes(v->in, (size_t)length, &text));
    bool good = number_parse_double(slice_of((const char *)text, (size_t)length), score);
    return good ? RDB_OK : rdb_value_bad(v, "a score is no number");
}

/* ---- reading ---- */

static enum rdb_step add(struct rdb_value *v, struct slice member, double score)
{
    if (isnan(score)) return rdb_value_bad(v, "a score is no number");
    struct zset_place place = zset_look_up(v->draft.entry, member);
    if (place.found) return rdb_value_bad(v, "a member of a sorted set is there twice");
    return zset_put(&v->draft, &place, member, score) ? RDB_OK : rdb_value_bad(v, "out of memory");
}

static enum rdb_step read_members(struct rdb_value *v,
                                  enum rdb_step (*read_score)(struct rdb_value *v, double *score))
{
    enum { COUNT, MEMBER, SCORE };
    double score;
    if (v->stage == COUNT) RDB_TRY(rdb_value_count(v));
    for (; v->left > 0; v->left--) {
        if (v->stage == MEMBER) {
            RDB_TRY(rdb_value_hold(v));
            v->stage = SCORE;
        }
        RDB_TRY(read_score(v, &score));
        RDB_TRY(add(v, bytes_slice(&v->held), score));
        v->stage = MEMBER;
    }
    return RDB_OK;
}

enum rdb_step rdb_zset_read(struct rdb_value *v) { return read_members(v, read_text); }

enum rdb_step rdb_zset_read_binary(struct rdb_value *v) { return read_members(v, read_binary); }

static enum rdb_step load(struct rdb_value *v, const char *p)
{
    size_t at = packed_first(p);
    while (at) {
        double score;
        struct packed_digits member, digits;
        size_t score_at = packed_next(p, at);
        if (!score_at) return rdb_value_bad(v, "a member of a sorted set has no score");
        if (!number_parse_double(packed_text(p, score_at, &digits), &score))
            return rdb_value_bad(v, "a score is no number");
        RDB_TRY(add(v, packed_text(p, at, &member), score));
        at = packed_next(p, score_at);
    }
    return RDB_OK;
}

enum rdb_step rdb_zset_read_packed(struct rdb_value *v)
{
    struct slice bytes;
    RDB_TRY(rdb_input_string(v->in, &bytes));
    if (!packed_valid(bytes.data, bytes.size)) return rdb_value_bad(v, "listpack integrity check failed");
    return load(v, bytes.data);
}

enum rdb_step rdb_zset_read_ziplist(struct rdb_value *v)
{
    struct slice bytes;
    RDB_TRY(rdb_input_string(v->in, &bytes));
    RDB_TRY(rdb_unpack_ziplist(v, bytes));
    return load(v, v->held.data);
}
