/* dump_table.c: the rows of DUMP and RESTORE.
 *
 * Data: what Redis 7.0.15 says of them in COMMAND INFO and COMMAND DOCS.
 */
#include "command/docs.h"
#include "persist/dump.h"

/* Of RESTORE-ASKING too, which is RESTORE by another name. */
static const char restore_complexity[] =
    "O(1) to create the new key and additional O(N*M) to reconstruct the serialized value, "
    "where N is the number of Redis objects composing the value and M their average size. "
    "For small string values the time complexity is thus O(1)+O(1*M) where M is small, so "
    "simply O(1). However for sorted set values the complexity is O(N*M*log(N)) because "
    "inserting values into sorted sets is O(log(N)).";

static const struct command_argument restore_arguments[] = {
    {.name = "key", .type = ARGUMENT_KEY},
    {.name = "ttl", .type = ARGUMENT_INTEGER},
    {.name = "serialized-value", .type = ARGUMENT_STRING},
    {.name = "replace",
     .type = ARGUMENT_TOKEN,
     .token = "REPLACE",
     .since = "3.0.0",
     .flags = ARGUMENT_OPTIONAL},
    {.name = "absttl",
     .type = ARGUMENT_TOKEN,
     .token = "ABSTTL",
     .since = "5.0.0",
     .flags = ARGUMENT_OPTIONAL},
    {.name = "seconds",
     .type = ARGUMENT_INTEGER,
     .token = "IDLETIME",
     .since = "5.0.0",
     .flags = ARGUMENT_OPTIONAL},
    {.name = "frequency",
     .type = ARGUMENT_INTEGER,
     .token = "FREQ",
     .since = "5.0.0",
     .flags = ARGUMENT_OPTIONAL},
    {.name = NULL}};

static const char *const restore_history[] = {"3.0.0", "Added the `REPLACE` modifier.",
                                              "5.0.0", "Added the `ABSTTL` modifier.",
                                              "5.0.0", "Added the `IDLETIME` and `FREQ` options.",
                                              NULL};

const struct command persist_commands[] = {
    {
        .name = "dump",
        .run = run_dump,
        .arity = 2,
        .flags = COMMAND_READONLY,
        .keys = {1, 1, 1},
        .acl = ACL_KEYSPACE,
        .key_flags = "RO access",
        .tips = "nondeterministic_output",
        .summary = "Return a serialized version of the value stored at the specified key.",
        .since = "2.6.0",
        .group = "generic",
        .complexity = "O(1) to access the key and additional O(N*M) to serialize it, where N is the number "
                      "of Redis objects composing the value and M their average size. For small string "
                      "values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1).",
        .arguments = COMMAND_ARGUMENTS({.name = "key", .type = ARGUMENT_KEY}),
    },
    {
        .name = "restore",
        .run = run_restore,
        .arity = -4,
        .flags = COMMAND_WRITE | COMMAND_DENYOOM,
        .keys = {1, 1, 1},
        .acl = ACL_DANGEROUS | ACL_KEYSPACE,
        .key_flags = "OW update",
        .summary = "Create a key using the provided serialized value, previously obtained using DUMP.",
        .since = "2.6.0",
        .group = "generic",
        .complexity = restore_complexity,
        .history = restore_history,
        .arguments = restore_arguments,
    },
    {
        .name = "restore-asking",
        .run = run_restore,
        .arity = -4,
        .flags = COMMAND_WRITE | COMMAND_DENYOOM,
        .acl = ACL_DANGEROUS | ACL_KEYSPACE,
        .keys = {1, 1, 1},
        .key_flags = "OW update",
        .summary = "An internal command for migrating keys in a cluster",
        .since = "3.0.0",
        .group = "server",
        .complexity = restore_complexity,
        .system = true,
        .history = restore_history,
        .arguments = restore_arguments,
    },
    {.name = NULL},
};
