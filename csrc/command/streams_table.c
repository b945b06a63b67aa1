/* streams_table.c: the rows of the stream family.
 *
 * Data: what Redis 7.0.15 says of them in COMMAND INFO and COMMAND DOCS.
 */
#include "command/docs.h"
#include "command/streams.h"

const struct command command_streams[] = {
    {
        .name = "xadd",
        .run = run_xadd,
        .arity = -5,
        .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
        .keys = {1, 1, 1},
        .acl = ACL_STREAM,
        .key_specs =
            COMMAND_KEY_SPECS({.flags = "RW update",
                               .notes = "UPDATE instead of INSERT because of the optional trimming feature",
                               .index = 1,
                               .step = 1}),
        .tips = "nondeterministic_output",
        .summary = "Appends a new entry to a stream",
        .since = "5.0.0",
        .group = "stream",
        .complexity =
            "O(1) when adding a new entry, O(N) when trimming where N being the number of entries evicted.",
        .history = COMMAND_HISTORY(
            "6.2.0", "Added the `NOMKSTREAM` option, `MINID` trimming strategy and the `LIMIT` option.",
            "7.0.0", "Added support for the `<ms>-*` explicit ID form."),
        .arguments = COMMAND_ARGUMENTS(
            {.name = "key", .type = ARGUMENT_KEY},
            {.name = "nomkstream",
             .type = ARGUMENT_TOKEN,
             .token = "NOMKSTREAM",
             .since = "6.2.0",
             .flags = ARGUMENT_OPTIONAL},
            {.name = "trim",
             .type = ARGUMENT_BLOCK,
             .flags = ARGUMENT_OPTIONAL,
             .arguments = COMMAND_ARGUMENTS(
                 {.name = "strategy",
                  .type = ARGUMENT_ONEOF,
                  .arguments = COMMAND_ARGUMENTS(
                      {.name = "maxlen", .type = ARGUMENT_TOKEN, .token = "MAXLEN"},
                      {.name = "minid", .type = ARGUMENT_TOKEN, .token = "MINID", .since = "6.2.0"})},
                 {.name = "operator",
                  .type = ARGUMENT_ONEOF,
                  .flags = ARGUMENT_OPTIONAL,
                  .arguments =
                      COMMAND_ARGUMENTS({.name = "equal", .type = ARGUMENT_TOKEN, .token = "="},
                                        {.name = "approximately", .type = ARGUMENT_TOKEN, .token = "~"})},
                 {.name = "threshold", .type = ARGUMENT_STRING},
                 {.name = "count",
                  .type = ARGUMENT_INTEGER,
                  .token = "LIMIT",
                  .since = "6.2.0",
                  .flags = ARGUMENT_OPTIONAL})},
            {.name = "id_or_auto",
             .type = ARGUMENT_ONEOF,
             .arguments = COMMAND_ARGUMENTS({.name = "auto_id", .type = ARGUMENT_TOKEN, .token = "*"},
                                            {.name = "id", .type = ARGUMENT_STRING})},
            {.name = "field_value",
             .type = ARGUMENT_BLOCK,
             .flags = ARGUMENT_MULTIPLE,
             .arguments = COMMAND_ARGUMENTS({.name = "field", .type = ARGUMENT_STRING},
                                            {.name = "value", .type = ARGUMENT_STRING})}),
    },
    {
        .name = "xdel",
        .run = run_xdel,
        .arity = -3,
        .flags = COMMAND_WRITE | COMMAND_FAST,
        .keys = {1, 1, 1},
        .acl = ACL_STREAM,
        .key_flags = "RW delete",
        .summary =
            "Removes the specified entries from the stream. Returns the number of items actually deleted, "
            "that may be different from the number of IDs passed in case certain IDs do not exist.",
        .since = "5.0.0",
        .group = "stream",
        .complexity = "O(1) for each single item to delete in the stream, regardless of the stream size.",
        .arguments = COMMAND_ARGUMENTS({.name = "key", .type = ARGUMENT_KEY},
                                       {.name = "id", .type = ARGUMENT_STRING, .flags = ARGUMENT_MULTIPLE}),
    },
    {
        .name = "xtrim",
        .run = run_xtrim,
        .arity = -4,
        .flags = COMMAND_WRITE,
        .keys = {1, 1, 1},
        .acl = ACL_STREAM,
        .key_flags = "RW delete",
        .tips = "nondeterministic_output",
        .summary = "Trims the stream to (approximately if '~' is passed) a certain size",
        .since = "5.0.0",
        .group = "stream",
        .complexity = "O(N), with N being the number of evicted entries. Constant times are very small "
                      "however, since entries are organized in macro nodes containing multiple entries that "
                      "can be released with a single deallocation.",
        .history = COMMAND_HISTORY("6.2.0", "Added the `MINID` trimming strategy and the `LIMIT` option."),
        .arguments = COMMAND_ARGUMENTS(
            {.name = "key", .type = ARGUMENT_KEY},
            {.name = "trim",
             .type = ARGUMENT_BLOCK,
             .arguments = COMMAND_ARGUMENTS(
                 {.name = "strategy",
                  .type = ARGUMENT_ONEOF,
                  .arguments = COMMAND_ARGUMENTS(
                      {.name = "maxlen", .type = ARGUMENT_TOKEN, .token = "MAXLEN"},
                      {.name = "minid", .type = ARGUMENT_TOKEN, .token = "MINID", .since = "6.2.0"})},
                 {.name = "operator",
                  .type = ARGUMENT_ONEOF,
                  .flags = ARGUMENT_OPTIONAL,
                  .arguments =
                      COMMAND_ARGUMENTS({.name = "equal", .type = ARGUMENT_TOKEN, .token = "="},
                                        {.name = "approximately", .type = ARGUMENT_TOKEN, .token = "~"})},
                 {.name = "threshold", .type = ARGUMENT_STRING},
                 {.name = "count",
                  .type = ARGUMENT_INTEGER,
                  .token = "LIMIT",
                  .since = "6.2.0",
                  .flags = ARGUMENT_OPTIONAL})}),
    },
    {
        .name = "xlen",
        .run = run_xlen,
        .arity = 2,
        .flags = COMMAND_READONLY | COMMAND_FAST,
        .keys = {1, 1, 1},
        .acl = ACL_STREAM,
        .key_flags = "RO",
        .summary = "Return the number of entries in a stream",
        .since = "5.0.0",
        .group = "stream",
        .complexity = "O(1)",
        .arguments = COMMAND_ARGUMENTS({.name = "key", .type = ARGUMENT_KEY}),
    },
    {
        .name = "xsetid",
        .run = run_xsetid,
        .arity = -3,
        .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
        .keys = {1, 1, 1},
        .acl = ACL_STREAM,
        .key_flags = "RW update",
        .summary = "An internal command for replicating stream values",
        .since = "5.0.0",
        .group = "stream",
        .complexity = "O(1)",
        .history =
            COMMAND_HISTORY("7.0.0", "Added the `entries_added` and `max_deleted_entry_id` arguments."),
        .arguments = COMMAND_ARGUMENTS({.name = "key", .type = ARGUMENT_KEY},
                                       {.name = "last-id", .type = ARGUMENT_STRING},
                                       {.name = "entries_added",
                                        .type = ARGUMENT_INTEGER,
                                        .token = "ENTRIESADDED",
                                        .since = "7.0.0",
                                        .flags = ARGUMENT_OPTIONAL},
                                       {.name = "max_deleted_entry_id",
                                        .type = ARGUMENT_STRING,
                                        .token = "MAXDELETEDID",
                                        .since = "7.0.0",
                                        .flags = ARGUMENT_OPTIONAL}),
    },
    {
        .name = "xrange",
        .run = run_xrange,
        .arity = -4,
        .flags = COMMAND_READONLY,
        .keys = {1, 1, 1},
        .acl = ACL_STREAM,
        .key_flags = "RO access",
        .summary = "Return a range of elements in a stream, with IDs matching the specified IDs interval",
        .since = "5.0.0",
        .group = "stream",
        .complexity = "O(N) with N being the number of elements being returned. If N is constant (e.g. "
                      "always asking for the first 10 elements with COUNT), you can consider it O(1).",
        .history = COMMAND_HISTORY("6.2.0", "Added exclusive ranges."),
        .arguments = COMMAND_ARGUMENTS(
            {.name = "key", .type = ARGUMENT_KEY}, {.name = "start", .type = ARGUMENT_STRING},
            {.name = "end", .type = ARGUMENT_STRING},
            {.name = "count", .type = ARGUMENT_INTEGER, .token = "COUNT", .flags = ARGUMENT_OPTIONAL}),
    },
    {
        .name = "xrevrange",
        .run = run_xrevrange,
        .arity = -4,
        .flags = COMMAND_READONLY,
        .keys = {1, 1, 1},
        .acl = ACL_STREAM,
        .key_flags = "RO access",
        .summary = "Return a range of elements in a stream, with IDs matching the specified IDs interval, in "
                   "reverse order (from greater to smaller IDs) compared to XRANGE",
        .since = "5.0.0",
        .group = "stream",
        .complexity = "O(N) with N being the number of elements returned. If N is constant (e.g. always "
                      "asking for the first 10 elements with COUNT), you can consider it O(1).",
        .history = COMMAND_HISTORY("6.2.0", "Added exclusive ranges."),
        .arguments = COMMAND_ARGUMENTS(
            {.name = "key", .type = ARGUMENT_KEY}, {.name = "end", .type = ARGUMENT_STRING},
            {.name = "start", .type = ARGUMENT_STRING},
            {.name = "count", .type = ARGUMENT_INTEGER, .token = "COUNT", .flags = ARGUMENT_OPTIONAL}),
    },
    {
        .name = "xread",
        .run = run_xread,
        .arity = -4,
        .flags = COMMAND_READONLY | COMMAND_BLOCKING | COMMAND_MOVABLE_KEYS,
        .acl = ACL_STREAM,
        .key_specs = COMMAND_KEY_SPECS(
            {.flags = "RO access", .keyword = "STREAMS", .from = 1, .last = -1, .step = 1, .limit = 2}),
        .summary = "Return never seen elements in multiple streams, with IDs greater than the ones reported "
                   "by the caller for each stream. Can block.",
        .since = "5.0.0",
        .group = "stream",
        .complexity =
            "For each stream mentioned: O(N) with N being the number of elements being returned, it means "
            "that XREAD-ing with a fixed COUNT is O(1). Note that when the BLOCK option is used, XADD will "
            "pay O(M) time in order to serve the M clients blocked on the stream getting new data.",
        .arguments = COMMAND_ARGUMENTS(
            {.name = "count", .type = ARGUMENT_INTEGER, .token = "COUNT", .flags = ARGUMENT_OPTIONAL},
            {.name = "milliseconds", .type = ARGUMENT_INTEGER, .token = "BLOCK", .flags = ARGUMENT_OPTIONAL},
            {.name = "streams",
             .type = ARGUMENT_BLOCK,
             .token = "STREAMS",
             .arguments =
                 COMMAND_ARGUMENTS({.name = "key", .type = ARGUMENT_KEY, .flags = ARGUMENT_MULTIPLE},
                                   {.name = "id", .type = ARGUMENT_STRING, .flags = ARGUMENT_MULTIPLE})}),
    },
    {
        .name = "xreadgroup",
        .run = run_xreadgroup,
        .arity = -7,
        .flags = COMMAND_WRITE | COMMAND_BLOCKING | COMMAND_MOVABLE_KEYS,
        .acl = ACL_STREAM,
        .key_specs = COMMAND_KEY_SPECS(
            {.flags = "RO access", .keyword = "STREAMS", .from = 4, .last = -1, .step = 1, .limit = 2}),
        .summary = "Return new entries from a stream using a consumer group, or access the history of the "
                   "pending entries for a given consumer. Can block.",
        .since = "5.0.0",
        .group = "stream",
        .complexity = "For each stream mentioned: O(M) with M being the number of elements returned. If M is "
                      "constant (e.g. always asking for the first 10 elements with COUNT), you can consider "
                      "it O(1). On the other side when XREADGROUP blocks, XADD will pay the O(N) time in "
                      "order to serve the N clients blocked on the stream getting new data.",
        .arguments = COMMAND_ARGUMENTS(
            {.name = "group_consumer",
             .type = ARGUMENT_BLOCK,
             .token = "GROUP",
             .arguments = COMMAND_ARGUMENTS({.name = "group", .type = ARGUMENT_STRING},
                                            {.name = "consumer", .type = ARGUMENT_STRING})},
            {.name = "count", .type = ARGUMENT_INTEGER, .token = "COUNT", .flags = ARGUMENT_OPTIONAL},
            {.name = "milliseconds", .type = ARGUMENT_INTEGER, .token = "BLOCK", .flags = ARGUMENT_OPTIONAL},
            {.name = "noack", .type = ARGUMENT_TOKEN, .token = "NOACK", .flags = ARGUMENT_OPTIONAL},
            {.name = "streams",
             .type = ARGUMENT_BLOCK,
             .token = "STREAMS",
             .arguments =
                 COMMAND_ARGUMENTS({.name = "key", .type = ARGUMENT_KEY, .flags = ARGUMENT_MULTIPLE},
                                   {.name = "id", .type = ARGUMENT_STRING, .flags = ARGUMENT_MULTIPLE})}),
    },
    {.name = NULL},
};
