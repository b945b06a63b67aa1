/* rdb_value.h: how the value of each type is written to and read from RDB data: one file per type, one table.
 *
 * Writing: rdb_value_type names the format that a value is written in, rdb_value_write writes it. A format is what follows
 * the type byte (and in a file, the key). A large value can be written in parts, as long as it does not change.
 *
 * Reading: a value may arrive in pieces of any size, so its reader is a small machine. rdb_value_begin prepares it for a
 * format; rdb_value_read goes on with it until it answers something other than RDB_MORE. What is read grows in a
 * draft (store/edit.h), which the caller publishes or discards: nothing of a value that turns out to be damaged is ever seen.
 *
 * A reader of a format is a function that is called again from its start for each piece; where it stands it keeps in
 * `stage`, `left` and `held`, all zero at first:
 *
 *     enum rdb_step rdb_read_set(struct rdb_value *v)
 *     {
 *         struct slice member;
 *         if (v->stage == 0) RDB_TRY(rdb_value_count(v));        the number of elements, into v->left; stage is 1 then
 *         for (; v->left > 0; v->left--) {
 *             RDB_TRY(rdb_input_string(v->in, &member));         RDB_MORE: it will be asked for again
 *             ... put it into v->draft ...
 *         }
 *         return RDB_OK;
 *     }
 *
 * Nothing is allocated for a count that the data only claims. Whatever is not as the format says is RDB_BAD, with the reason in
 * v->problem: lengths, order, duplicates, and everything within packed bytes.
 */
#ifndef TIDELOCK_PERSIST_RDB_VALUE_H
#define TIDELOCK_PERSIST_RDB_VALUE_H

#include "base/tree.h"
#include "persist/rdb_input.h"
#include "persist/rdb_output.h"
#include "store/edit.h"
#include "store/hash.h"
#include "store/set.h"
#include "store/zset_value.h"

struct stream_group;
struct stream_consumer;

struct rdb_value {
    struct rdb_input *in;
    struct edit draft; /* what has been read; its entry is NULL when that is nothing (an empty collection) */
    int type;          /* enum rdb_type */
    const char *problem;
    /* the reader's */
    int stage;
    uint64_t left;     /* elements still to come */
    struct bytes held; /* the part of an element that had to be kept: a hash's field, a member */
    struct rdb_stream_state {
        uint64_t groups, consumers; /* still to come */
        struct stream_group *group; /* the one that is being read */
        struct stream_consumer *consumer;
        uint64_t id[2];  /* of a node or a delivery, ahead of the rest of it */
        int64_t time_ms; /* of a delivery */
    } stream;            /* whose reader reads lists within lists */
};

/* Where the writing of a value stands. All zero: at its beginning. */
struct rdb_walk {
    int stage;
    union {
        struct hash_walk hash;
        struct set_walk set;
        struct zset_walk zset;
        size_t at; /* the next node of a list, byte of a string */
        struct {
            struct tree_cursor at;  /* the next node or delivery */
            size_t group, consumer; /* that is being written */
        } stream;
    };
};

/* The format in which a value is written. */
int rdb_value_type(const struct entry *e);
void rdb_value_write(struct rdb_output *o, const struct entry *e);
/* Goes on writing, up to about where rdb_output_size is `until`. False: there is more. */
bool rdb_value_write_some(struct rdb_output *o, const struct entry *e, struct rdb_walk *w, size_t until);

/* Whether values in this format can be read. */
bool rdb_value_readable(int type);
void rdb_value_init(struct rdb_value *v, struct rdb_input *in, struct memory *m);
void rdb_value_free(struct rdb_value *v);
/* A value in format `type` follows. `key` must outlive the draft. */
void rdb_value_begin(struct rdb_value *v, struct keyspace *ks, int type, struct slice key, int64_t expire_ms);
/* Goes on. RDB_OK: the value is complete in v->draft. RDB_BAD: v->problem says why, the draft is gone. */
enum rdb_step rdb_value_read(struct rdb_value *v);

/* ---- for the types' readers ---- */

#define RDB_TRY(step)                      \
    do {                                   \
        enum rdb_step step_ = (step);      \
        if (step_ != RDB_OK) return step_; \
    } while (0)

static inline enum rdb_step rdb_value_bad(struct rdb_value *v, const char *problem)
{
    v->problem = problem;
    return RDB_BAD;
}
/* Reads the number of elements into v->left; the stage is then 1. */
enum rdb_step rdb_value_count(struct rdb_value *v);
/* Reads a string and keeps it in v->held until the next one. */
enum rdb_step rdb_value_hold(struct rdb_value *v);

#endif
