/* lists.h: the list family: its table and the functions its rows run.
 *
 * lists.c          one list: LPUSH … LTRIM, LPOS
 * list_pops.c      taking elements out: LPOP, LMPOP, LMOVE, and the forms that wait
 * lists_table.c    the rows
 */
#ifndef TIDELOCK_COMMAND_LISTS_H
#define TIDELOCK_COMMAND_LISTS_H

#include "command/command.h"
#include "store/list_value.h"

extern const struct command command_lists[];

void run_lpush(struct exec *x);
void run_rpush(struct exec *x);
void run_lpushx(struct exec *x);
void run_rpushx(struct exec *x);
void run_llen(struct exec *x);
void run_lindex(struct exec *x);
void run_lrange(struct exec *x);
void run_lset(struct exec *x);
void run_linsert(struct exec *x);
void run_lrem(struct exec *x);
void run_ltrim(struct exec *x);
void run_lpos(struct exec *x);

void run_lpop(struct exec *x);
void run_rpop(struct exec *x);
void run_lmpop(struct exec *x);
void run_lmove(struct exec *x);
void run_rpoplpush(struct exec *x);
void run_blpop(struct exec *x);
void run_brpop(struct exec *x);
void run_blmpop(struct exec *x);
void run_blmove(struct exec *x);
void run_brpoplpush(struct exec *x);

/* Begins an edit of a list; `e` as exec_write_type found it. */
void list_edit(struct exec *x, struct edit *edit, struct slice key, struct entry *e);
/* Ends one that has made `changes` changes (0: none); a list that is empty now is deleted. */
void list_edited(struct exec *x, struct edit *edit, struct slice key, int64_t changes, const char *event);
/* Ends one that memory was too short for, and says so. */
void list_edit_failed(struct exec *x, struct edit *edit, struct slice key);

#endif
