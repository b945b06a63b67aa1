/* keys.h: the generic family (any type of value) and the commands over whole databases.
 *
 * keys.c           DEL, EXISTS, TYPE, RENAME, COPY, MOVE, …
 * expire.c         EXPIRE … PERSIST, TTL … PEXPIRETIME
 * scan.c           KEYS, SCAN, RANDOMKEY
 * object.c         OBJECT, MEMORY USAGE
 * databases.c      DBSIZE, FLUSHDB, FLUSHALL, SWAPDB
 * keys_table.c, databases_table.c    the rows
 */
#ifndef TIDELOCK_COMMAND_KEYS_H
#define TIDELOCK_COMMAND_KEYS_H

#include "command/command.h"

extern const struct command command_generic[];
extern const struct command command_databases[];

void run_del(struct exec *x);
void run_exists(struct exec *x);
void run_touch(struct exec *x);
void run_type(struct exec *x);
void run_rename(struct exec *x);
void run_renamenx(struct exec *x);
void run_copy(struct exec *x);
void run_move(struct exec *x);

void run_expire(struct exec *x);
void run_pexpire(struct exec *x);
void run_expireat(struct exec *x);
void run_pexpireat(struct exec *x);
void run_ttl(struct exec *x);
void run_pttl(struct exec *x);
void run_expiretime(struct exec *x);
void run_pexpiretime(struct exec *x);
void run_persist(struct exec *x);

void run_keys(struct exec *x);
void run_scan(struct exec *x);
void run_randomkey(struct exec *x);

void run_object_encoding(struct exec *x);
void run_object_freq(struct exec *x);
void run_object_help(struct exec *x);
void run_object_idletime(struct exec *x);
void run_object_refcount(struct exec *x);
void run_memory_usage(struct exec *x);
void run_memory_help(struct exec *x);

void run_dbsize(struct exec *x);
void run_flushdb(struct exec *x);
void run_flushall(struct exec *x);
void run_swapdb(struct exec *x);

#endif
