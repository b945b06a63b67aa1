/* databases_table.c: the rows of commands over whole databases and their memory. */
#include "command/docs.h"
#include "command/keys.h"

static const struct command memory_subcommands[] = {
    {
        .name = "help",
        .run = run_memory_help,
        .arity = 2,
        .flags = COMMAND_LOADING | COMMAND_STALE,
        .summary = "Show helpful text about the different subcommands",
        .since = "4.0.0",
        .group = "server",
        .complexity = "O(1)",
    },
    {
        .name = "usage",
        .run = run_memory_usage,
        .arity = -3,
        .flags = COMMAND_READONLY,
        .keys = {2, 2, 1},
        .key_flags = "RO",
        .summary = "Estimate the memory usage of a key",
        .since = "4.0.0",
        .group = "server",
        .complexity = "O(N) where N is the number of samples.",
        .arguments = COMMAND_ARGUMENTS(
            {.name = "key", .type = ARGUMENT_KEY},
            {.name = "count", .type = ARGUMENT_INTEGER, .token = "SAMPLES", .flags = ARGUMENT_OPTIONAL}),
    },
    {.name = NULL},
};

const struct command command_databases[] = {
    {
        .name = "dbsize",
        .run = run_dbsize,
        .arity = 1,
        .flags = COMMAND_READONLY | COMMAND_FAST,
        .acl = ACL_KEYSPACE,
        .tips = "request_policy:all_shards response_policy:agg_sum",
        .summary = "Return the number of keys in the selected database",
        .since = "1.0.0",
        .group = "server",
        .complexity = "O(1)",
    },
    {
        .name = "flushdb",
        .run = run_flushdb,
        .arity = -1,
        .flags = COMMAND_WRITE,
        .acl = ACL_KEYSPACE | ACL_DANGEROUS,
        .tips = "request_policy:all_shards response_policy:all_succeeded",
        .summary = "Remove all keys from the current database",
        .since = "1.0.0",
        .group = "server",
        .complexity = "O(N) where N is the number of keys in the selected database",
        .history = COMMAND_HISTORY("4.0.0", "Added the `ASYNC` flushing mode modifier.", "6.2.0",
                                   "Added the `SYNC` flushing mode modifier."),
        .arguments = COMMAND_ARGUMENTS(
            {.name = "async",
             .type = ARGUMENT_ONEOF,
             .flags = ARGUMENT_OPTIONAL,
             .arguments = COMMAND_ARGUMENTS(
                 {.name = "async", .type = ARGUMENT_TOKEN, .token = "ASYNC", .since = "4.0.0"},
                 {.name = "sync", .type = ARGUMENT_TOKEN, .token = "SYNC", .since = "6.2.0"})}),
    },
    {
        .name = "flushall",
        .run = run_flushall,
        .arity = -1,
        .flags = COMMAND_WRITE,
        .acl = ACL_KEYSPACE | ACL_DANGEROUS,
        .tips = "request_policy:all_shards response_policy:all_succeeded",
        .summary = "Remove all keys from all databases",
        .since = "1.0.0",
        .group = "server",
        .complexity = "O(N) where N is the total number of keys in all databases",
        .history = COMMAND_HISTORY("4.0.0", "Added the `ASYNC` flushing mode modifier.", "6.2.0",
                                   "Added the `SYNC` flushing mode modifier."),
        .arguments = COMMAND_ARGUMENTS(
            {.name = "async",
             .type = ARGUMENT_ONEOF,
             .flags = ARGUMENT_OPTIONAL,
             .arguments = COMMAND_ARGUMENTS(
                 {.name = "async", .type = ARGUMENT_TOKEN, .token = "ASYNC", .since = "4.0.0"},
                 {.name = "sync", .type = ARGUMENT_TOKEN, .token = "SYNC", .since = "6.2.0"})}),
    },
    {
        .name = "swapdb",
        .run = run_swapdb,
        .arity = 3,
        .flags = COMMAND_WRITE | COMMAND_FAST,
        .acl = ACL_KEYSPACE | ACL_DANGEROUS,
        .summary = "Swaps two Redis databases",
        .since = "4.0.0",
        .group = "server",
        .complexity =
            "O(N) where N is the count of clients watching or blocking on keys from both databases.",
        .arguments = COMMAND_ARGUMENTS({.name = "index1", .type = ARGUMENT_INTEGER},
                                       {.name = "index2", .type = ARGUMENT_INTEGER}),
    },
    {
        .name = "memory",
        .arity = -2,
        .summary = "A container for memory diagnostics commands",
        .since = "4.0.0",
        .group = "server",
        .complexity = "Depends on subcommand.",
        .subcommands = memory_subcommands,
    },
    {.name = NULL},
};
