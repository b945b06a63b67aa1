/* sort_table.c: the rows of SORT and SORT_RO. */
#include "command/docs.h"
#include "command/sort.h"

#define SORT_COMPLEXITY                                                                                \
    "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number of " \
    "returned elements. When the elements are not sorted, complexity is O(N)."

#define SORT_ARGUMENTS                                                                               \
    {.name = "key", .type = ARGUMENT_KEY},                                                           \
        {.name = "pattern",                                                                          \
         .type = ARGUMENT_PATTERN,                                                                   \
         .key_spec = 1,                                                                              \
         .token = "BY",                                                                              \
         .flags = ARGUMENT_OPTIONAL},                                                                \
        {.name = "offset_count",                                                                     \
         .type = ARGUMENT_BLOCK,                                                                     \
         .token = "LIMIT",                                                                           \
         .flags = ARGUMENT_OPTIONAL,                                                                 \
         .arguments = COMMAND_ARGUMENTS({.name = "offset", .type = ARGUMENT_INTEGER},                \
                                        {.name = "count", .type = ARGUMENT_INTEGER})},               \
        {.name = "pattern",                                                                          \
         .type = ARGUMENT_PATTERN,                                                                   \
         .key_spec = 1,                                                                              \
         .token = "GET",                                                                             \
         .flags = ARGUMENT_OPTIONAL | ARGUMENT_MULTIPLE | ARGUMENT_MULTIPLE_TOKEN},                  \
        {.name = "order",                                                                            \
         .type = ARGUMENT_ONEOF,                                                                     \
         .flags = ARGUMENT_OPTIONAL,                                                                 \
         .arguments = COMMAND_ARGUMENTS({.name = "asc", .type = ARGUMENT_TOKEN, .token = "ASC"},     \
                                        {.name = "desc", .type = ARGUMENT_TOKEN, .token = "DESC"})}, \
    {                                                                                                \
        .name = "sorting", .type = ARGUMENT_TOKEN, .token = "ALPHA", .flags = ARGUMENT_OPTIONAL      \
    }

#define SORT_KEY_SPECS                                                                                   \
    {.flags = "RO access", .index = 1, .step = 1},                                                       \
    {                                                                                                    \
        .flags = "RO access",                                                                            \
        .notes = "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive " \
                 "from the content of the key we sort",                                                  \
        .unknown = true                                                                                  \
    }

const struct command command_sort[] = {
    {
        .name = "sort",
        .run = run_sort,
        .arity = -2,
        .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_MOVABLE_KEYS,
        .keys = {1, 1, 1},
        .find_keys = sort_keys,
        .acl = ACL_SET | ACL_SORTEDSET | ACL_LIST | ACL_DANGEROUS,
        .key_specs = COMMAND_KEY_SPECS(SORT_KEY_SPECS,
                                       {.flags = "OW update",
                                        .notes = "For the optional STORE keyword. It is marked 'unknown' "
                                                 "because the keyword can appear anywhere in the argument "
                                                 "array",
                                        .unknown = true}),
        .summary = "Sort the elements in a list, set or sorted set",
        .since = "1.0.0",
        .group = "generic",
        .complexity = SORT_COMPLEXITY,
        .arguments = COMMAND_ARGUMENTS(SORT_ARGUMENTS, {.name = "destination",
                                                        .type = ARGUMENT_KEY,
                                                        .key_spec = 2,
                                                        .token = "STORE",
                                                        .flags = ARGUMENT_OPTIONAL}),
    },
    {
        .name = "sort_ro",
        .run = run_sort_ro,
        .arity = -2,
        .flags = COMMAND_READONLY | COMMAND_MOVABLE_KEYS,
        .keys = {1, 1, 1},
        .acl = ACL_SET | ACL_SORTEDSET | ACL_LIST | ACL_DANGEROUS,
        .key_specs = COMMAND_KEY_SPECS(SORT_KEY_SPECS),
        .summary = "Sort the elements in a list, set or sorted set. Read-only variant of SORT.",
        .since = "7.0.0",
        .group = "generic",
        .complexity = SORT_COMPLEXITY,
        .arguments = COMMAND_ARGUMENTS(SORT_ARGUMENTS),
    },
    {.name = NULL},
};
