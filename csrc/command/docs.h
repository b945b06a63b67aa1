/* docs.h: what a command's row says about it beyond how to run it: arguments, ACL categories, key specs.
 *
 * These are the vocabularies of COMMAND DOCS and COMMAND INFO, as Redis 7.0 has them; introspect.c prints
 * them.
 */
#ifndef TIDELOCK_COMMAND_DOCS_H
#define TIDELOCK_COMMAND_DOCS_H

#include "command/command.h"

/* The type of an argument. ONEOF and BLOCK have arguments of their own. */
enum argument_type {
    ARGUMENT_STRING,
    ARGUMENT_INTEGER,
    ARGUMENT_DOUBLE,
    ARGUMENT_KEY,
    ARGUMENT_PATTERN,
    ARGUMENT_UNIX_TIME,
    ARGUMENT_TOKEN, /* a word that stands for itself: "pure-token" */
    ARGUMENT_ONEOF,
    ARGUMENT_BLOCK
};

enum argument_flag {
    ARGUMENT_OPTIONAL = 1 << 0,
    ARGUMENT_MULTIPLE = 1 << 1,
    ARGUMENT_MULTIPLE_TOKEN = 1 << 2 /* the token is repeated with each value */
};

struct command_argument {
    const char *name;
    enum argument_type type;
    int key_spec;      /* of a key, or a pattern of keys: which of the command's key specs it belongs to */
    const char *token; /* the word in front of it, or the word itself; NULL: none */
    const char *since; /* NULL: as old as the command */
    const char *deprecated_since;             /* NULL: it is not */
    unsigned flags;                           /* enum argument_flag */
    const struct command_argument *arguments; /* NULL-named sentinel at the end */
};

/* An argument list inside a row: COMMAND_ARGUMENTS({.name = "key", .type = ARGUMENT_KEY}, …). */
#define COMMAND_ARGUMENTS(...)        \
    (const struct command_argument[]) \
    {                                 \
        __VA_ARGS__, { .name = NULL } \
    }
/* A history inside a row: COMMAND_HISTORY("6.2.0", "Added the `GET` option.", …). */
#define COMMAND_HISTORY(...) \
    (const char *const[]) { __VA_ARGS__, NULL }
/* Key specs inside a row: COMMAND_KEY_SPECS({.flags = "RO access", .index = 1, .step = 1}, …). */
#define COMMAND_KEY_SPECS(...)         \
    (const struct command_key_spec[])  \
    {                                  \
        __VA_ARGS__, { .flags = NULL } \
    }

/* How keys are found, in two steps: where the search begins, and which arguments from there on are keys. */
struct command_key_spec {
    const char *flags;   /* separated by blanks; NULL: end of the list */
    const char *notes;   /* NULL: none */
    int index;           /* begin: at this argument … */
    const char *keyword; /* … or, when not NULL, after this word, looked for from `from` on */
    int from;
    bool unknown; /* neither: only the command's own find_keys can tell */
    /* find: a range … */
    int last; /* relative to the begin; negative: from the end */
    int step;
    int limit; /* with last -1: only the first 1/limit of the rest */
    /* … or, when counted, as many as the argument `count` says, from `first` on (both from the begin) */
    bool counted;
    int count, first;
};

/* ACL categories, in the order Redis shows them. */
enum command_acl {
    ACL_KEYSPACE = 1 << 0,
    ACL_READ = 1 << 1,
    ACL_WRITE = 1 << 2,
    ACL_SET = 1 << 3,
    ACL_SORTEDSET = 1 << 4,
    ACL_LIST = 1 << 5,
    ACL_HASH = 1 << 6,
    ACL_STRING = 1 << 7,
    ACL_BITMAP = 1 << 8,
    ACL_HYPERLOGLOG = 1 << 9,
    ACL_GEO = 1 << 10,
    ACL_STREAM = 1 << 11,
    ACL_PUBSUB = 1 << 12,
    ACL_ADMIN = 1 << 13,
    ACL_FAST = 1 << 14,
    ACL_SLOW = 1 << 15,
    ACL_BLOCKING = 1 << 16,
    ACL_DANGEROUS = 1 << 17,
    ACL_CONNECTION = 1 << 18,
    ACL_TRANSACTION = 1 << 19,
    ACL_SCRIPTING = 1 << 20
};

/* All categories of a command: those of its row and those that follow from its flags. */
unsigned command_acl_categories(const struct command *c);
/* The category with this name (any case), 0 when there is none; and the names by position, NULL at the
 * end. */
unsigned command_acl_category(struct slice name);
const char *command_acl_name(int position);
/* The names of flags by position (bit 1 << position), NULL at the end. */
const char *command_flag_name(int position);
const char *argument_type_name(enum argument_type type);
const char *argument_flag_name(int position);

#endif
