/* hashes.h: the hash family.
 *
 * hashes.c           HSET, HGET and their kin, HDEL
 * hash_counters.c    HINCRBY, HINCRBYFLOAT
 * hash_walks.c       HGETALL, HKEYS, HVALS, HSCAN, HRANDFIELD
 * hashes_table.c     the rows
 */
#ifndef TIDELOCK_COMMAND_HASHES_H
#define TIDELOCK_COMMAND_HASHES_H

#include "command/command.h"
#include "store/edit.h"

extern const struct command command_hashes[];

void run_hset(struct exec *x);
void run_hsetnx(struct exec *x);
void run_hmset(struct exec *x);
void run_hget(struct exec *x);
void run_hmget(struct exec *x);
void run_hdel(struct exec *x);
void run_hexists(struct exec *x);
void run_hlen(struct exec *x);
void run_hstrlen(struct exec *x);

void run_hincrby(struct exec *x);
void run_hincrbyfloat(struct exec *x);

void run_hgetall(struct exec *x);
void run_hkeys(struct exec *x);
void run_hvals(struct exec *x);
void run_hscan(struct exec *x);
void run_hrandfield(struct exec *x);

/* Sets one field of key argv[1], whose entry is `e` (NULL: none). 1: it is new, 0: it was there, -1: out of memory, which
 * was replied. Notes what follows from it: the change, the event. */
int hash_put(struct exec *x, struct entry *e, struct slice field, struct slice value, const char *event);

#endif
