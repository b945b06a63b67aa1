/* strings.h: the string family: its table and the functions its rows run.
 *
 * strings.c          SET, GET and their kin, MGET, MSET
 * string_ranges.c    APPEND, STRLEN, SETRANGE, GETRANGE
 * counters.c         INCR … INCRBYFLOAT
 * lcs.c              LCS
 * strings_table.c    the rows
 */
#ifndef TIDELOCK_COMMAND_STRINGS_H
#define TIDELOCK_COMMAND_STRINGS_H

#include "command/command.h"

extern const struct command command_strings[];

void run_set(struct exec *x);
const char *set_key_flags(const struct slice *argv, int argc);
void run_setnx(struct exec *x);
void run_setex(struct exec *x);
void run_psetex(struct exec *x);
void run_get(struct exec *x);
void run_getset(struct exec *x);
void run_getdel(struct exec *x);
void run_getex(struct exec *x);
void run_mget(struct exec *x);
void run_mset(struct exec *x);
void run_msetnx(struct exec *x);

void run_append(struct exec *x);
void run_strlen(struct exec *x);
void run_setrange(struct exec *x);
void run_getrange(struct exec *x);

void run_incr(struct exec *x);
void run_decr(struct exec *x);
void run_incrby(struct exec *x);
void run_decrby(struct exec *x);
void run_incrbyfloat(struct exec *x);

void run_lcs(struct exec *x);

/* Whether a string of `size` bytes, grown by `extra`, is allowed; replies the error when not. */
bool string_size_allowed(struct exec *x, int64_t size, int64_t extra);

#endif
