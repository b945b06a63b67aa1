/* command.h: the table of commands: what each is called, takes, touches and does.
 *
 * The table is const data, one array per family (command/<family>_table.c). A `struct command_index`, built
 * once per owner (a world or a store, shared by its nodes), finds them by name. The node adds families of its
 * own (WAIT, REPLICAOF, MULTI, …): same struct, same index. COMMAND, COMMAND DOCS and the reference in docs/
 * read these rows.
 *
 * A container command (OBJECT, CONFIG) has rows of subcommands, whose names are their own
 * words ("encoding") and whose arity and keys count from the container's name, as Redis has it.
 */
#ifndef TIDELOCK_COMMAND_COMMAND_H
#define TIDELOCK_COMMAND_COMMAND_H

#include "command/exec.h"

/* Flags; the names COMMAND INFO shows are Redis's. Those from bit 24 on are ours and are not shown. */
enum command_flag {
    COMMAND_WRITE = 1 << 0,
    COMMAND_READONLY = 1 << 1,
    COMMAND_DENYOOM = 1 << 2,
    COMMAND_ADMIN = 1 << 3,
    COMMAND_PUBSUB = 1 << 4,
    COMMAND_NOSCRIPT = 1 << 5,
    COMMAND_BLOCKING = 1 << 6,
    COMMAND_LOADING = 1 << 7,
    COMMAND_STALE = 1 << 8,
    COMMAND_SKIP_MONITOR = 1 << 9,
    COMMAND_SKIP_SLOWLOG = 1 << 10,
    COMMAND_FAST = 1 << 11,
    COMMAND_NO_AUTH = 1 << 12,
    COMMAND_MAY_REPLICATE = 1 << 13,
    COMMAND_NO_MULTI = 1 << 14,
    COMMAND_MOVABLE_KEYS = 1 << 15,
    COMMAND_ALLOW_BUSY = 1 << 16,
    COMMAND_NO_ASYNC_LOADING = 1 << 17,
    COMMAND_NO_MANDATORY_KEYS = 1 << 18,
    COMMAND_NO_QUEUE = 1 << 24, /* runs at once inside MULTI (EXEC, DISCARD, QUIT, …) */
    COMMAND_BRIEF = 1 << 25     /* takes no longer than a FAST one (SET, which Redis does not call FAST) */
};

/* Where the keys are: a range, or a function for commands whose keys move (flag COMMAND_MOVABLE_KEYS). */
struct command_keys {
    int first, last, step; /* as Redis: last may be negative (from the end); first 0: none */
};

/* Writes the argument indexes of the keys into `keys` and the flags of each into `flags` (NULL: not wanted), both with
 * room for `argc`; returns how many, -1 on a syntax error. */
typedef int command_keys_fn(const struct slice *argv, int argc, int *keys, const char **flags);

/* How many arguments stand before the command that this one is a prefix of (ASYNC SET k v: 1); 0: it stands for itself. */
typedef int command_prefix_fn(const struct slice *argv, int argc);

struct command_argument; /* command/docs.h: the argument tree COMMAND DOCS shows */
struct command_key_spec; /* command/docs.h: one of several key specs */
/* The flags of the keys of one call, for a command where they depend on it (key flag "variable_flags"). */
typedef const char *command_key_flags_fn(const struct slice *argv, int argc);

struct command {
    const char *name;            /* lower case */
    void (*run)(struct exec *x); /* NULL for a container that does nothing by itself */
    int arity;                   /* with the name; negative: at least */
    unsigned flags;              /* enum command_flag */
    unsigned acl;                /* ACL categories beyond those that follow from the flags, command/docs.h */
    struct command_keys keys;
    command_keys_fn *find_keys; /* NULL: by `keys` or `key_specs` */
    command_prefix_fn *prefix;  /* NULL: it stands for itself */
    const char *key_flags;      /* of the one key spec that `keys` describes, e.g. "RW access update" */
    const struct command_key_spec *key_specs; /* in place of that, when there are others; docs.h */
    command_key_flags_fn *find_key_flags;     /* NULL: as the specs say */
    const char *tips;                         /* separated by blanks; NULL: none */
    const char *summary, *since, *group, *complexity;
    const char *deprecated_since, *replaced_by;
    bool system;                              /* not for users: doc flag "syscmd" */
    const char *const *history;               /* since, change, since, change, …, NULL */
    const struct command_argument *arguments; /* NULL-named sentinel at the end; NULL: none */
    const struct command *subcommands;        /* NULL-named sentinel at the end; NULL: none */
};

struct command_index;

enum { COMMAND_NAME_SIZE = 256 }; /* at most, of a command's name */

/* An index over `count` families, each an array ended by a row whose name is NULL. Where two families have a
 * command of the same name, the later one's row stands (in the place of the earlier). NULL when memory is
 * out. */
struct command_index *command_index_new(struct memory *m, const struct command *const *families, int count);
/* The same commands but for `count` pairs of names, old and new: each is found under the new one only, or, if that is
 * empty, not at all. What a command is called otherwise stays its own name. NULL: `why` has the reason, in Redis's words. */
struct command_index *command_index_renamed(struct memory *m, const struct command_index *base, int count,
                                            const struct slice *pairs, const char **why);
void command_index_free(struct command_index *index);
/* By name, any case; NULL when there is none. Hot: a hash of the lowered name, no allocation. */
const struct command *command_find(const struct command_index *index, struct slice name);
/* The subcommand of a container, NULL when unknown. */
const struct command *command_subcommand(const struct command *container, struct slice name);
/* What a call is about, behind prefixes and within its container, whatever else is wrong with it; NULL: nothing that is
 * known. `skipped` (NULL: not wanted): how many arguments stand before it. */
const struct command *command_meant(const struct command_index *index, const struct slice *argv, int argc,
                                    int *skipped);
/* What a call names: the command, or the subcommand when it is a container's, with an arity that fits.
 * Otherwise replies Redis's error (unknown command, unknown subcommand, wrong number of arguments) and
 * returns NULL. */
const struct command *command_resolve(const struct command_index *index, const struct slice *argv, int argc,
                                      struct reply *reply);
/* All commands in the order of the families: for COMMAND. */
int command_count(const struct command_index *index);
const struct command *command_at(const struct command_index *index, int position);
/* Whether `argc` fits the command's arity. */
static inline bool command_arity_fits(const struct command *c, int argc)
{
    return c->arity >= 0 ? argc == c->arity : argc >= -c->arity;
}
/* The argument indexes of the keys of a call, and the flags of each key ("RW access update") in `flags` (NULL: not
 * wanted); -1 when the arguments make no sense. Both have room for argc. */
int command_keys_and_flags(const struct command *c, const struct slice *argv, int argc, int *keys,
                           const char **flags);

/* The families of data commands (command/<family>_table.c), ended by NULL: what a plain store offers. */
extern const struct command *const command_data_families[];

#endif
