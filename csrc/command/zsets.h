/* zsets.h: the sorted set family: its table and the functions its rows run.
 *
 * zsets.c          members: ZADD, ZINCRBY, ZREM, ZSCORE, ZRANK
 * zset_ranges.c    ranges: the forms of ZRANGE, ZCOUNT, ZREMRANGEBY…
 * zset_pops.c      taking the first or last ones out, at once or when there are some; ZRANDMEMBER, ZSCAN
 * zset_algebra.c   ZUNION, ZINTER, ZDIFF
 * zsets_table.c, zset_keys_table.c    the rows
 */
#ifndef TIDELOCK_COMMAND_ZSETS_H
#define TIDELOCK_COMMAND_ZSETS_H

#include "command/command.h"
#include "store/zset_value.h"

extern const struct command command_zsets[], command_zset_keys[];

void run_zadd(struct exec *x);
void run_zincrby(struct exec *x);
void run_zrem(struct exec *x);
void run_zcard(struct exec *x);
void run_zscore(struct exec *x);
void run_zmscore(struct exec *x);
void run_zrank(struct exec *x);
void run_zrevrank(struct exec *x);

void run_zrange(struct exec *x);
void run_zrangestore(struct exec *x);
void run_zrevrange(struct exec *x);
void run_zrangebyscore(struct exec *x);
void run_zrevrangebyscore(struct exec *x);
void run_zrangebylex(struct exec *x);
void run_zrevrangebylex(struct exec *x);
void run_zcount(struct exec *x);
void run_zlexcount(struct exec *x);
void run_zremrangebyrank(struct exec *x);
void run_zremrangebyscore(struct exec *x);
void run_zremrangebylex(struct exec *x);

void run_zpopmin(struct exec *x);
void run_zpopmax(struct exec *x);
void run_zmpop(struct exec *x);
void run_bzpopmin(struct exec *x);
void run_bzpopmax(struct exec *x);
void run_bzmpop(struct exec *x);
void run_zrandmember(struct exec *x);
void run_zscan(struct exec *x);

void run_zunion(struct exec *x);
void run_zinter(struct exec *x);
void run_zdiff(struct exec *x);
void run_zintercard(struct exec *x);
void run_zunionstore(struct exec *x);
void run_zinterstore(struct exec *x);
void run_zdiffstore(struct exec *x);

/* Ends an edit of a sorted set in which `changes` changes were made (0: none); an empty one is deleted. */
void zset_edited(struct exec *x, struct edit *edit, struct slice key, int64_t changes, const char *event);
/* Puts a draft under a key in the place of what is there; one that is empty deletes that. Replies how many elements it
 * has. */
void zset_publish(struct exec *x, struct edit *draft, struct slice key, const char *event);

/* How elements are answered: flat, or in RESP3 with their scores as pairs. */
void zset_reply_header(struct exec *x, size_t count, bool scores);
void zset_reply_element(struct exec *x, const struct zset_walk *w, bool scores);

#endif
