/* sets.h: the set family.
 *
 * sets.c            SADD, SREM, SMOVE, SCARD, SISMEMBER, SMISMEMBER, SMEMBERS, SSCAN
 * set_random.c      SPOP, SRANDMEMBER
 * set_algebra.c     SINTER, SUNION, SDIFF, with STORE, and SINTERCARD
 * sets_table.c      the rows
 */
#ifndef TIDELOCK_COMMAND_SETS_H
#define TIDELOCK_COMMAND_SETS_H

#include "command/command.h"

extern const struct command command_sets[];

void run_sadd(struct exec *x);
void run_srem(struct exec *x);
void run_smove(struct exec *x);
void run_scard(struct exec *x);
void run_sismember(struct exec *x);
void run_smismember(struct exec *x);
void run_smembers(struct exec *x);
void run_sscan(struct exec *x);

void run_spop(struct exec *x);
void run_srandmember(struct exec *x);

void run_sinter(struct exec *x);
void run_sinterstore(struct exec *x);
void run_sintercard(struct exec *x);
void run_sunion(struct exec *x);
void run_sunionstore(struct exec *x);
void run_sdiff(struct exec *x);
void run_sdiffstore(struct exec *x);

/* Answers all members of a set (NULL: none) as a set. */
void set_reply_all(struct exec *x, const struct entry *e);
/* Deletes the key when its set has become empty. */
void set_delete_empty(struct exec *x, const struct entry *e, struct slice key);

#endif
