/* transaction_table.c: the rows of the commands of transactions.
 *
 * Data: what Redis 7.0.15 says of them in COMMAND INFO and COMMAND DOCS.
 */
#include "command/docs.h"
#include "node/commands.h"

const struct command node_transaction_commands[] = {
    {
        .name = "discard",
        .run = run_discard,
        .arity = 1,
        .flags = COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST | COMMAND_ALLOW_BUSY |
                 COMMAND_NO_QUEUE,
        .acl = ACL_TRANSACTION,
        .summary = "Discard all commands issued after MULTI",
        .since = "2.0.0",
        .group = "transactions",
        .complexity = "O(N), when N is the number of queued commands",
    },
    {
        .name = "exec",
        .run = run_exec,
        .arity = 1,
        .flags = COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE | COMMAND_SKIP_SLOWLOG | COMMAND_NO_QUEUE,
        .acl = ACL_TRANSACTION,
        .summary = "Execute all commands issued after MULTI",
        .since = "1.2.0",
        .group = "transactions",
        .complexity = "Depends on commands in the transaction",
    },
    {
        .name = "multi",
        .run = run_multi,
        .arity = 1,
        .flags = COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST | COMMAND_ALLOW_BUSY |
                 COMMAND_NO_QUEUE,
        .acl = ACL_TRANSACTION,
        .summary = "Mark the start of a transaction block",
        .since = "1.2.0",
        .group = "transactions",
        .complexity = "O(1)",
    },
    {
        .name = "unwatch",
        .run = run_unwatch,
        .arity = 1,
        .flags = COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST | COMMAND_ALLOW_BUSY,
        .acl = ACL_TRANSACTION,
        .summary = "Forget about all watched keys",
        .since = "2.2.0",
        .group = "transactions",
        .complexity = "O(1)",
    },
    {
        .name = "watch",
        .run = run_watch,
        .arity = -2,
        .flags = COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST | COMMAND_ALLOW_BUSY |
                 COMMAND_NO_QUEUE,
        .acl = ACL_TRANSACTION,
        .keys = {1, -1, 1},
        .key_flags = "RO",
        .summary = "Watch the given keys to determine execution of the MULTI/EXEC block",
        .since = "2.2.0",
        .group = "transactions",
        .complexity = "O(1) for every key.",
        .arguments = COMMAND_ARGUMENTS({.name = "key", .type = ARGUMENT_KEY, .flags = ARGUMENT_MULTIPLE}),
    },
    {.name = NULL},
};
