/* commands.h: the node's own commands: the functions that the rows of its tables run.
 *
 * transaction.c   MULTI EXEC DISCARD WATCH UNWATCH
 * replica.c       REPLCONF PSYNC SYNC REPLICAOF ROLE
 * await.c         WAIT WAITAOF WAITFOR
 * durable.c       DURABLE ASYNC
 * receipt.c       TOKEN
 * connection.c    HELLO AUTH PING ECHO SELECT QUIT RESET
 * client.c        CLIENT ID GETNAME SETNAME SETINFO REPLY NO-EVICT NO-TOUCH GETREDIR TRACKINGINFO UNBLOCK
 * client_list.c   CLIENT INFO LIST KILL
 * pause.c         CLIENT PAUSE UNPAUSE
 * subscribe.c     SUBSCRIBE … SUNSUBSCRIBE PUBLISH SPUBLISH PUBSUB
 * admin.c         CONFIG INFO LOLWUT SHUTDOWN TIME
 * saving.c        SAVE BGSAVE LASTSAVE BGREWRITEAOF
 * monitor.c       MONITOR
 * acl.c           ACL
 * absent.c        ASKING READONLY READWRITE CLUSTER FUNCTION MODULE SCRIPT
 * debug.c         DEBUG (debug_values.c: what it shows of values)
 * memory_report.c MEMORY DOCTOR MALLOC-STATS PURGE STATS
 * slowlog.c       SLOWLOG
 * latency.c       LATENCY
 * *_table.c       the rows
 */
#ifndef TIDELOCK_NODE_COMMANDS_H
#define TIDELOCK_NODE_COMMANDS_H

#include "command/command.h"

/* Tables, each ended by a row without a name. */
extern const struct command node_transaction_commands[];
extern const struct command node_replication_commands[];
extern const struct command node_durable_commands[];
extern const struct command node_connection_commands[];
extern const struct command node_server_commands[];
extern const struct command node_pubsub_commands[];
extern const struct command node_watching_commands[];
extern const struct command node_memory_commands[];
extern const struct command node_acl_commands[];
extern const struct command node_absent_commands[];

void run_memory_stats(struct exec *x);
void run_memory_doctor(struct exec *x);
void run_memory_malloc_stats(struct exec *x);
void run_memory_purge(struct exec *x);
void run_node_memory_help(struct exec *x);

void run_multi(struct exec *x);
void run_exec(struct exec *x);
void run_discard(struct exec *x);
void run_watch(struct exec *x);
void run_unwatch(struct exec *x);

void run_failover(struct exec *x);
void run_migrate(struct exec *x);
int migrate_keys(const struct slice *argv, int argc, int *keys, const char **flags);
void run_replicaof(struct exec *x); /* SLAVEOF too */
void run_replconf(struct exec *x);
void run_psync(struct exec *x); /* SYNC too */
void run_role(struct exec *x);
void run_wait(struct exec *x);
void run_waitaof(struct exec *x);
void run_waitfor(struct exec *x);
void run_durable(struct exec *x);
void run_async(struct exec *x);
void run_token(struct exec *x);
/* What DURABLE and ASYNC are prefixes of. */
int durable_prefix(const struct slice *argv, int argc);
int durable_prefix_async(const struct slice *argv, int argc);

void run_hello(struct exec *x);
void run_auth(struct exec *x);
void run_ping(struct exec *x);
void run_echo(struct exec *x);
void run_select(struct exec *x);
void run_quit(struct exec *x);
void run_reset(struct exec *x);

void run_client_id(struct exec *x);
void run_client_getname(struct exec *x);
void run_client_setname(struct exec *x);
void run_client_setinfo(struct exec *x);
void run_client_reply(struct exec *x);
void run_client_no_evict(struct exec *x);
void run_client_no_touch(struct exec *x);
void run_client_tracking(struct exec *x);
void run_client_caching(struct exec *x);
void run_client_getredir(struct exec *x);
void run_client_trackinginfo(struct exec *x);
void run_client_unblock(struct exec *x);
void run_client_help(struct exec *x);
void run_client_info(struct exec *x);
void run_client_list(struct exec *x);
void run_client_kill(struct exec *x);
void run_client_pause(struct exec *x);
void run_client_unpause(struct exec *x);

void run_save(struct exec *x);
void run_bgsave(struct exec *x);
void run_lastsave(struct exec *x);
void run_bgrewriteaof(struct exec *x);
void run_subscribe(struct exec *x);
void run_psubscribe(struct exec *x);
void run_ssubscribe(struct exec *x);
void run_unsubscribe(struct exec *x);
void run_punsubscribe(struct exec *x);
void run_sunsubscribe(struct exec *x);
void run_publish(struct exec *x);
void run_spublish(struct exec *x);
void run_pubsub_channels(struct exec *x);
void run_pubsub_numsub(struct exec *x);
void run_pubsub_numpat(struct exec *x);
void run_pubsub_shardchannels(struct exec *x);
void run_pubsub_shardnumsub(struct exec *x);
void run_pubsub_help(struct exec *x);

void run_slowlog_get(struct exec *x);
void run_slowlog_len(struct exec *x);
void run_slowlog_reset(struct exec *x);
void run_slowlog_help(struct exec *x);

void run_latency_latest(struct exec *x);
void run_latency_history(struct exec *x);
void run_latency_reset(struct exec *x);
void run_latency_graph(struct exec *x);
void run_latency_doctor(struct exec *x);
void run_latency_histogram(struct exec *x);
void run_latency_help(struct exec *x);

void run_info(struct exec *x);
void run_lolwut(struct exec *x);
void run_time(struct exec *x);
void run_shutdown(struct exec *x);
void run_config_get(struct exec *x);
void run_config_set(struct exec *x);
void run_config_resetstat(struct exec *x);
void run_config_rewrite(struct exec *x);
void run_config_help(struct exec *x);
void run_debug(struct exec *x);
void run_monitor(struct exec *x);

void run_acl_cat(struct exec *x);
void run_acl_deluser(struct exec *x);
void run_acl_dryrun(struct exec *x);
void run_acl_genpass(struct exec *x);
void run_acl_getuser(struct exec *x);
void run_acl_help(struct exec *x);
void run_acl_list(struct exec *x);
void run_acl_file(struct exec *x); /* LOAD SAVE */
void run_acl_log(struct exec *x);
void run_acl_setuser(struct exec *x);
void run_acl_users(struct exec *x);
void run_acl_whoami(struct exec *x);

void run_without_cluster(struct exec *x); /* ASKING READONLY READWRITE CLUSTER */
void run_nothing(struct exec *x);         /* an empty list */
void run_not_busy(struct exec *x);        /* FUNCTION KILL, SCRIPT KILL */
void run_function_flush(struct exec *x);
void run_function_help(struct exec *x);
void run_function_list(struct exec *x);
void run_function_stats(struct exec *x);
void run_module_help(struct exec *x);
void run_script_exists(struct exec *x);
void run_script_flush(struct exec *x);
void run_script_help(struct exec *x);

#endif
