/* commands.h: the node's own commands: the functions that the rows of its tables run.
 *
 * transaction.c   MULTI EXEC DISCARD WATCH UNWATCH
 * replica.c       REPLCONF PSYNC SYNC REPLICAOF ROLE WAIT
 * connection.c    HELLO AUTH PING ECHO SELECT QUIT RESET
 * client.c        CLIENT and its subcommands
 * admin.c         CONFIG INFO DEBUG SHUTDOWN TIME LASTSAVE …
 * *_table.c       the rows
 */
#ifndef TIDELOCK_NODE_COMMANDS_H
#define TIDELOCK_NODE_COMMANDS_H

#include "command/command.h"

/* Tables, each ended by a row without a name. */
extern const struct command node_transaction_commands[];
extern const struct command node_replication_commands[];
extern const struct command node_connection_commands[];
extern const struct command node_server_commands[];

void run_multi(struct exec *x);
void run_exec(struct exec *x);
void run_discard(struct exec *x);
void run_watch(struct exec *x);
void run_unwatch(struct exec *x);

void run_replicaof(struct exec *x); /* SLAVEOF too */
void run_replconf(struct exec *x);
void run_psync(struct exec *x); /* SYNC too */
void run_role(struct exec *x);
void run_wait(struct exec *x);

void run_hello(struct exec *x);
void run_auth(struct exec *x);
void run_ping(struct exec *x);
void run_echo(struct exec *x);
void run_select(struct exec *x);
void run_quit(struct exec *x);
void run_reset(struct exec *x);

void run_info(struct exec *x);
void run_time(struct exec *x);
void run_shutdown(struct exec *x);
void run_config_get(struct exec *x);
void run_config_set(struct exec *x);
void run_config_resetstat(struct exec *x);
void run_config_rewrite(struct exec *x);
void run_config_help(struct exec *x);
void run_debug(struct exec *x);

#endif
