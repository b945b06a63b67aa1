/* streams.h: the stream family.
 *
 * stream_args.c            IDs in and out, entries in replies, edits of streams
 * streams.c                XADD, XTRIM, XDEL, XLEN, XSETID
 * stream_ranges.c          XRANGE, XREVRANGE
 * stream_reads.c           XREAD, XREADGROUP
 * stream_groups.c          XGROUP, XACK
 * stream_claims.c          XCLAIM, XAUTOCLAIM, XPENDING
 * stream_info.c            XINFO
 * streams_table.c, stream_groups_table.c    the rows
 *
 * Effects follow Redis 7.0: XADD is logged with the ID it gave and the exact trimming it did, deliveries as XCLAIM with the
 * time and the count of each, followed by XGROUP SETID with the count of entries read. Where Redis leaves a replica behind
 * (a consumer that was made and given nothing, deliveries that were read again, entries read), the effects here say it.
 */
#ifndef TIDELOCK_COMMAND_STREAMS_H
#define TIDELOCK_COMMAND_STREAMS_H

#include "command/command.h"
#include "store/edit.h"
#include "store/stream.h"

extern const struct command command_streams[];
extern const struct command command_stream_groups[];

void run_xadd(struct exec *x);
void run_xtrim(struct exec *x);
void run_xdel(struct exec *x);
void run_xlen(struct exec *x);
void run_xsetid(struct exec *x);
void run_xrange(struct exec *x);
void run_xrevrange(struct exec *x);
void run_xread(struct exec *x);
void run_xreadgroup(struct exec *x);
void run_xgroup_create(struct exec *x);
void run_xgroup_setid(struct exec *x);
void run_xgroup_destroy(struct exec *x);
void run_xgroup_createconsumer(struct exec *x);
void run_xgroup_delconsumer(struct exec *x);
void run_xgroup_help(struct exec *x);
void run_xack(struct exec *x);
void run_xclaim(struct exec *x);
void run_xautoclaim(struct exec *x);
void run_xpending(struct exec *x);
void run_xinfo_stream(struct exec *x);
void run_xinfo_groups(struct exec *x);
void run_xinfo_consumers(struct exec *x);
void run_xinfo_help(struct exec *x);

/* ---- IDs (stream_args.c) ---- */

enum { STREAM_ID_TEXT_MAX = 48 };

/* Room for the text of an ID. */
struct stream_id_text {
    char text[STREAM_ID_TEXT_MAX];
};

struct slice stream_id_text(struct stream_id id, struct stream_id_text *room);

/* How an ID may be written. */
enum stream_id_form {
    STREAM_ID_STRICT = 0,       /* ms-seq, or ms alone */
    STREAM_ID_ENDS = 1 << 0,    /* also - and +, the ends of the range */
    STREAM_ID_ANY_SEQ = 1 << 1, /* also ms-* */
};

/* Reads an ID; where the text has no seq it is `seq`. *any_seq (may be NULL): it was ms-*. */
bool stream_parse_id(struct slice text, unsigned forms, uint64_t seq, struct stream_id *id, bool *any_seq);
/* The same for an argument; on a bad one it replies Redis's error. */
bool stream_read_id(struct exec *x, int index, unsigned forms, struct stream_id *id);
/* The ends of an interval: "(id" excludes it. On a bad one they reply Redis's error. */
bool stream_read_from(struct exec *x, int index, struct stream_id *id);
bool stream_read_to(struct exec *x, int index, struct stream_id *id);

/* ---- replies (stream_args.c) ---- */

void stream_reply_id(struct exec *x, struct stream_id id);
/* [id, [name, value, …]] */
void stream_reply_entry(struct exec *x, struct stream_entry e);
/* The entries of a range, at most `limit`, as an array. */
void stream_reply_range(struct exec *x, const struct stream *s, struct stream_id from, struct stream_id to,
                        uint64_t limit, bool reverse);
/* "-NOGROUP No such key …": the answer when there is no such group. */
void stream_no_group(struct exec *x, struct slice key, struct slice group);

/* ---- changes (stream_args.c) ---- */

/* A stream that is being changed: its key's, or one that will be the key's when the change ends. */
struct stream_change {
    struct edit edit;
    struct stream *stream;
    struct slice key;
};

/* Begins with what is under the key, or with an empty stream when `e` is NULL. False: out of memory, replied. */
bool stream_change_begin(struct exec *x, struct stream_change *c, struct slice key, struct entry *e);
/* Nothing has been changed after all. */
void stream_change_cancel(struct stream_change *c);
/* False: out of memory, replied, and the key is as it was; only when the stream is new. */
bool stream_change_end(struct exec *x, struct stream_change *c);
/* When only its groups have changed, to which WATCH is blind. The stream is not new. */
void stream_change_end_quietly(struct stream_change *c);

/* ---- effects of deliveries (stream_args.c) ---- */

enum { STREAM_CLAIMS_MAX = 32 };

/* XCLAIM for deliveries of one consumer. Those with the same time and count go into one command. */
struct stream_claims {
    struct exec *x;
    struct slice key;
    const struct stream_group *group;
    const struct stream_consumer *consumer;
    int64_t delivered_ms;
    uint64_t deliveries;
    int count;
    bool said; /* something has been logged: the group's last ID with it */
    struct stream_id_text ids[STREAM_CLAIMS_MAX];
    size_t id_sizes[STREAM_CLAIMS_MAX];
};

void stream_claims_begin(struct stream_claims *c, struct exec *x, struct slice key,
                         const struct stream_group *group, const struct stream_consumer *consumer);
void stream_claims_add(struct stream_claims *c, const struct stream_pending *p);
void stream_claims_end(struct stream_claims *c);
/* XGROUP SETID with what the group has come to. */
void stream_effect_group(struct exec *x, struct slice key, const struct stream_group *group);
/* XGROUP CREATECONSUMER. */
void stream_effect_consumer(struct exec *x, struct slice key, const struct stream_group *group,
                            struct slice consumer);

/* The consumer, made when there is none (and then said: the event, and *made). NULL when memory is out. Notes that it was
 * seen. */
struct stream_consumer *stream_see_consumer(struct exec *x, struct stream_change *c,
                                            struct stream_group *group, struct slice name, bool *made);

#endif
