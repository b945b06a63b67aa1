/* pubsub_table.c: the rows of the commands of pub/sub.
 *
 * Data: what Redis 7.0.15 says of them in COMMAND INFO and COMMAND DOCS. Subscribing is also forbidden where only
 * one reply is expected (subscribe.c).
 */
#include "command/docs.h"
#include "node/commands.h"

static const struct command pubsub_subcommands[] = {
    {
        .name = "channels",
        .run = run_pubsub_channels,
        .arity = -2,
        .flags = COMMAND_PUBSUB | COMMAND_LOADING | COMMAND_STALE,
        .summary = "List active channels",
        .since = "2.8.0",
        .group = "pubsub",
        .complexity = "O(N) where N is the number of active channels, and assuming constant time pattern "
                      "matching (relatively short channels and patterns)",
        .arguments =
            COMMAND_ARGUMENTS({.name = "pattern", .type = ARGUMENT_PATTERN, .flags = ARGUMENT_OPTIONAL}),
    },
    {
        .name = "help",
        .run = run_pubsub_help,
        .arity = 2,
        .flags = COMMAND_LOADING | COMMAND_STALE,
        .summary = "Show helpful text about the different subcommands",
        .since = "6.2.0",
        .group = "pubsub",
        .complexity = "O(1)",
    },
    {
        .name = "numpat",
        .run = run_pubsub_numpat,
        .arity = 2,
        .flags = COMMAND_PUBSUB | COMMAND_LOADING | COMMAND_STALE,
        .summary = "Get the count of unique patterns pattern subscriptions",
        .since = "2.8.0",
        .group = "pubsub",
        .complexity = "O(1)",
    },
    {
        .name = "numsub",
        .run = run_pubsub_numsub,
        .arity = -2,
        .flags = COMMAND_PUBSUB | COMMAND_LOADING | COMMAND_STALE,
        .summary = "Get the count of subscribers for channels",
        .since = "2.8.0",
        .group = "pubsub",
        .complexity = "O(N) for the NUMSUB subcommand, where N is the number of requested channels",
        .arguments = COMMAND_ARGUMENTS(
            {.name = "channel", .type = ARGUMENT_STRING, .flags = ARGUMENT_OPTIONAL | ARGUMENT_MULTIPLE}),
    },
    {
        .name = "shardchannels",
        .run = run_pubsub_shardchannels,
        .arity = -2,
        .flags = COMMAND_PUBSUB | COMMAND_LOADING | COMMAND_STALE,
        .summary = "List active shard channels",
        .since = "7.0.0",
        .group = "pubsub",
        .complexity = "O(N) where N is the number of active shard channels, and assuming constant time "
                      "pattern matching (relatively short shard channels).",
        .arguments =
            COMMAND_ARGUMENTS({.name = "pattern", .type = ARGUMENT_PATTERN, .flags = ARGUMENT_OPTIONAL}),
    },
    {
        .name = "shardnumsub",
        .run = run_pubsub_shardnumsub,
        .arity = -2,
        .flags = COMMAND_PUBSUB | COMMAND_LOADING | COMMAND_STALE,
        .summary = "Get the count of subscribers for shard channels",
        .since = "7.0.0",
        .group = "pubsub",
        .complexity =
            "O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels",
        .arguments = COMMAND_ARGUMENTS({.name = "shardchannel",
                                        .type = ARGUMENT_STRING,
                                        .flags = ARGUMENT_OPTIONAL | ARGUMENT_MULTIPLE}),
    },
    {.name = NULL},
};

const struct command node_pubsub_commands[] = {
    {
        .name = "subscribe",
        .run = run_subscribe,
        .arity = -2,
        .flags = COMMAND_PUBSUB | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE,
        .summary = "Listen for messages published to the given channels",
        .since = "2.0.0",
        .group = "pubsub",
        .complexity = "O(N) where N is the number of channels to subscribe to.",
        .arguments =
            COMMAND_ARGUMENTS({.name = "channel", .type = ARGUMENT_STRING, .flags = ARGUMENT_MULTIPLE}),
    },
    {
        .name = "unsubscribe",
        .run = run_unsubscribe,
        .arity = -1,
        .flags = COMMAND_PUBSUB | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE,
        .summary = "Stop listening for messages posted to the given channels",
        .since = "2.0.0",
        .group = "pubsub",
        .complexity = "O(N) where N is the number of clients already subscribed to a channel.",
        .arguments = COMMAND_ARGUMENTS(
            {.name = "channel", .type = ARGUMENT_STRING, .flags = ARGUMENT_OPTIONAL | ARGUMENT_MULTIPLE}),
    },
    {
        .name = "psubscribe",
        .run = run_psubscribe,
        .arity = -2,
        .flags = COMMAND_PUBSUB | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE,
        .summary = "Listen for messages published to channels matching the given patterns",
        .since = "2.0.0",
        .group = "pubsub",
        .complexity = "O(N) where N is the number of patterns the client is already subscribed to.",
        .arguments = COMMAND_ARGUMENTS(
            {.name = "pattern",
             .type = ARGUMENT_BLOCK,
             .flags = ARGUMENT_MULTIPLE,
             .arguments = COMMAND_ARGUMENTS({.name = "pattern", .type = ARGUMENT_PATTERN})}),
    },
    {
        .name = "punsubscribe",
        .run = run_punsubscribe,
        .arity = -1,
        .flags = COMMAND_PUBSUB | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE,
        .summary = "Stop listening for messages posted to channels matching the given patterns",
        .since = "2.0.0",
        .group = "pubsub",
        .complexity = "O(N+M) where N is the number of patterns the client is already subscribed and M is "
                      "the number of total patterns subscribed in the system (by any client).",
        .arguments = COMMAND_ARGUMENTS(
            {.name = "pattern", .type = ARGUMENT_PATTERN, .flags = ARGUMENT_OPTIONAL | ARGUMENT_MULTIPLE}),
    },
    {
        .name = "ssubscribe",
        .run = run_ssubscribe,
        .arity = -2,
        .flags = COMMAND_PUBSUB | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE,
        .keys = {1, -1, 1},
        .key_flags = "not_key",
        .summary = "Listen for messages published to the given shard channels",
        .since = "7.0.0",
        .group = "pubsub",
        .complexity = "O(N) where N is the number of shard channels to subscribe to.",
        .arguments =
            COMMAND_ARGUMENTS({.name = "shardchannel", .type = ARGUMENT_STRING, .flags = ARGUMENT_MULTIPLE}),
    },
    {
        .name = "sunsubscribe",
        .run = run_sunsubscribe,
        .arity = -1,
        .flags = COMMAND_PUBSUB | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE,
        .keys = {1, -1, 1},
        .key_flags = "not_key",
        .summary = "Stop listening for messages posted to the given shard channels",
        .since = "7.0.0",
        .group = "pubsub",
        .complexity = "O(N) where N is the number of clients already subscribed to a shard channel.",
        .arguments = COMMAND_ARGUMENTS({.name = "shardchannel",
                                        .type = ARGUMENT_STRING,
                                        .flags = ARGUMENT_OPTIONAL | ARGUMENT_MULTIPLE}),
    },
    {
        .name = "publish",
        .run = run_publish,
        .arity = 3,
        .flags = COMMAND_PUBSUB | COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST | COMMAND_MAY_REPLICATE,
        .summary = "Post a message to a channel",
        .since = "2.0.0",
        .group = "pubsub",
        .complexity = "O(N+M) where N is the number of clients subscribed to the receiving channel and M is "
                      "the total number of subscribed patterns (by any client).",
        .arguments = COMMAND_ARGUMENTS({.name = "channel", .type = ARGUMENT_STRING},
                                       {.name = "message", .type = ARGUMENT_STRING}),
    },
    {
        .name = "spublish",
        .run = run_spublish,
        .arity = 3,
        .flags = COMMAND_PUBSUB | COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST | COMMAND_MAY_REPLICATE,
        .keys = {1, 1, 1},
        .key_flags = "not_key",
        .summary = "Post a message to a shard channel",
        .since = "7.0.0",
        .group = "pubsub",
        .complexity = "O(N) where N is the number of clients subscribed to the receiving shard channel.",
        .arguments = COMMAND_ARGUMENTS({.name = "shardchannel", .type = ARGUMENT_STRING},
                                       {.name = "message", .type = ARGUMENT_STRING}),
    },
    {
        .name = "pubsub",
        .arity = -2,
        .summary = "A container for Pub/Sub commands",
        .since = "2.8.0",
        .group = "pubsub",
        .complexity = "Depends on subcommand.",
        .subcommands = pubsub_subcommands,
    },
    {.name = NULL},
};
