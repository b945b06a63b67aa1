/* memory_table.c: the rows of MEMORY, which at a node can do more than in a store. */
#include "command/docs.h"
#include "command/keys.h"
#include "node/commands.h"

static const struct command memory_subcommands[] = {
    {
        .name = "doctor",
        .run = run_memory_doctor,
        .arity = 2,
        .tips = "nondeterministic_output request_policy:all_shards response_policy:special",
        .summary = "Outputs memory problems report",
        .since = "4.0.0",
        .group = "server",
        .complexity = "O(1)",
    },
    {
        .name = "help",
        .run = run_node_memory_help,
        .arity = 2,
        .flags = COMMAND_LOADING | COMMAND_STALE,
        .summary = "Show helpful text about the different subcommands",
        .since = "4.0.0",
        .group = "server",
        .complexity = "O(1)",
    },
    {
        .name = "malloc-stats",
        .run = run_memory_malloc_stats,
        .arity = 2,
        .tips = "nondeterministic_output request_policy:all_shards response_policy:special",
        .summary = "Show allocator internal stats",
        .since = "4.0.0",
        .group = "server",
        .complexity = "Depends on how much memory is allocated, could be slow",
    },
    {
        .name = "purge",
        .run = run_memory_purge,
        .arity = 2,
        .tips = "request_policy:all_shards response_policy:all_succeeded",
        .summary = "Ask the allocator to release memory",
        .since = "4.0.0",
        .group = "server",
        .complexity = "Depends on how much memory is allocated, could be slow",
    },
    {
        .name = "stats",
        .run = run_memory_stats,
        .arity = 2,
        .tips = "nondeterministic_output request_policy:all_shards response_policy:special",
        .summary = "Show memory usage details",
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

const struct command node_memory_commands[] = {
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
