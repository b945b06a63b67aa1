/* durable_table.c: the rows of the commands about what a write waits for. They are ours, but for WAITAOF, which is Redis
 * 7.2's. */
#include "command/docs.h"
#include "node/commands.h"

#define RULE_ARGUMENTS                                                                                    \
    {.name = "rule",                                                                                      \
     .type = ARGUMENT_ONEOF,                                                                              \
     .arguments = COMMAND_ARGUMENTS({.name = "rule", .type = ARGUMENT_STRING},                            \
                                    {.name = "async", .type = ARGUMENT_TOKEN, .token = "ASYNC"},          \
                                    {.name = "default", .type = ARGUMENT_TOKEN, .token = "DEFAULT"})},    \
    {                                                                                                     \
        .name = "level", .type = ARGUMENT_ONEOF, .token = "LEVEL", .flags = ARGUMENT_OPTIONAL,            \
        .arguments = COMMAND_ARGUMENTS({.name = "received", .type = ARGUMENT_TOKEN, .token = "received"}, \
                                       {.name = "applied", .type = ARGUMENT_TOKEN, .token = "applied"},   \
                                       {.name = "fsynced", .type = ARGUMENT_TOKEN, .token = "fsynced"})   \
    }

const struct command node_durable_commands[] = {
    {
        .name = "async",
        .run = run_async,
        .arity = -2,
        .flags = COMMAND_WRITE | COMMAND_MOVABLE_KEYS,
        .prefix = durable_prefix_async,
        .summary = "Executes a command whose reply does not wait for sync replicas",
        .since = "7.0.0",
        .group = "generic",
        .complexity = "That of the command",
        .arguments = COMMAND_ARGUMENTS(
            {.name = "command", .type = ARGUMENT_STRING},
            {.name = "argument", .type = ARGUMENT_STRING, .flags = ARGUMENT_OPTIONAL | ARGUMENT_MULTIPLE}),
    },
    {
        .name = "durable",
        .run = run_durable,
        .arity = -2,
        .flags = COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST | COMMAND_NO_MULTI |
                 COMMAND_MOVABLE_KEYS,
        .acl = ACL_CONNECTION,
        .prefix = durable_prefix,
        .summary =
            "Says which replicas must have a write before it is answered: from now on, or for one command",
        .since = "7.0.0",
        .group = "connection",
        .complexity = "O(1)",
        .arguments = COMMAND_ARGUMENTS(
            RULE_ARGUMENTS,
            {.name = "timeout", .type = ARGUMENT_INTEGER, .token = "TIMEOUT", .flags = ARGUMENT_OPTIONAL},
            {.name = "on-timeout",
             .type = ARGUMENT_ONEOF,
             .token = "ON-TIMEOUT",
             .flags = ARGUMENT_OPTIONAL,
             .arguments = COMMAND_ARGUMENTS({.name = "error", .type = ARGUMENT_TOKEN, .token = "error"},
                                            {.name = "degrade", .type = ARGUMENT_TOKEN, .token = "degrade"})},
            {.name = "receipt",
             .type = ARGUMENT_ONEOF,
             .token = "RECEIPT",
             .flags = ARGUMENT_OPTIONAL,
             .arguments = COMMAND_ARGUMENTS({.name = "yes", .type = ARGUMENT_TOKEN, .token = "yes"},
                                            {.name = "no", .type = ARGUMENT_TOKEN, .token = "no"})},
            {.name = "reads",
             .type = ARGUMENT_ONEOF,
             .token = "READS",
             .flags = ARGUMENT_OPTIONAL,
             .arguments =
                 COMMAND_ARGUMENTS({.name = "local", .type = ARGUMENT_TOKEN, .token = "local"},
                                   {.name = "committed", .type = ARGUMENT_TOKEN, .token = "committed"})},
            {.name = "command",
             .type = ARGUMENT_STRING,
             .token = "DO",
             .flags = ARGUMENT_OPTIONAL | ARGUMENT_MULTIPLE}),
    },
    {
        .name = "token",
        .run = run_token,
        .arity = 1,
        .flags = COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST,
        .acl = ACL_CONNECTION,
        .summary = "Names the last write of this connection, for WAITFOR at any node",
        .since = "7.0.0",
        .group = "connection",
        .complexity = "O(1)",
    },
    {
        .name = "waitaof",
        .run = run_waitaof,
        .arity = 4,
        .flags = COMMAND_NOSCRIPT,
        .acl = ACL_CONNECTION,
        .tips = "request_policy:all_shards response_policy:agg_min",
        .summary = "Waits until the connection's writes are on the disks of this server and of replicas",
        .since = "7.2.0",
        .group = "generic",
        .complexity = "O(1)",
        .arguments = COMMAND_ARGUMENTS({.name = "numlocal", .type = ARGUMENT_INTEGER},
                                       {.name = "numreplicas", .type = ARGUMENT_INTEGER},
                                       {.name = "timeout", .type = ARGUMENT_INTEGER}),
    },
    {
        .name = "waitfor",
        .run = run_waitfor,
        .arity = -3,
        .flags = COMMAND_NOSCRIPT | COMMAND_STALE,
        .acl = ACL_CONNECTION,
        .summary = "Waits until the write that a token names is here, or at replicas, or is known to be lost",
        .since = "7.0.0",
        .group = "generic",
        .complexity = "O(1)",
        .arguments = COMMAND_ARGUMENTS(
            {.name = "token", .type = ARGUMENT_STRING}, {.name = "timeout", .type = ARGUMENT_INTEGER},
            {.name = "replicas", .type = ARGUMENT_INTEGER, .token = "REPLICAS", .flags = ARGUMENT_OPTIONAL}),
    },
    {.name = NULL},
};
