/* exec.h: the execution of one command: what it is given and what it leaves.
 *
 * A data command is a function of an exec. It reads its arguments, reads and changes the keyspace, answers
 * through `reply`, and says what has to go to the log:
 *
 *   - nothing changed: leave `changes` at 0; nothing is logged;
 *   - the command as it was given is deterministic (SET k v): count `changes` up; the caller logs the
 *     arguments;
 *   - it is not (INCRBYFLOAT, SET k v PX 100, SPOP): count `changes` up and call exec_effect with the
 *     deterministic form, as often as needed; the caller logs those instead.
 *
 * Effects are RESP arrays in `effects`. An expired key found on a primary is deleted and leaves DEL ahead of
 * the command's own effect (exec_read and exec_write see to it); a replica only hides it (expiry is its
 * primary's to say).
 *
 * Leaves out: sessions, permissions, MULTI, blocking: the node's (node/dispatch). The same struct, embedded
 * in a larger one, carries node-level commands: `host` is theirs.
 */
#ifndef TIDELOCK_COMMAND_EXEC_H
#define TIDELOCK_COMMAND_EXEC_H

#include "base/random.h"
#include "command/reply.h"
#include "store/keyspace.h"

struct command;
struct command_index;
struct access_policy; /* command/access.h */
struct block_request; /* command/block.h */

struct exec {
    struct keyspace *keyspace;
    struct memory *memory; /* for what a command needs while it runs */
    struct random *random;
    const struct command *command;
    const struct command_index *index; /* where it was found: for COMMAND */
    const struct slice *argv;          /* argv[0] is the command's name as given */
    int argc;
    int db;            /* selected database */
    int64_t now_ms;    /* unix time; the same during a whole command, transaction or script */
    bool replica;      /* this node follows a primary: expired keys are hidden, not deleted */
    bool from_primary; /* the command came down the replication stream: see expired keys as they are */
    /* DEBUG SET-SKIP-CHECKSUM-VALIDATION: RESTORE takes what only its footer speaks against */
    bool skip_checksum;
    bool plain_dump;                    /* DUMP packs nothing: rdbcompression no */
    int64_t bulk_max;                   /* proto-max-bulk-len: the longest string a command may make */
    const struct access_policy *access; /* what an entry's access bits mean; NULL: LRU */
    struct reply *reply;
    int64_t changes;       /* out: how many changes were made (Redis's `dirty`) */
    struct bytes *effects; /* out: deterministic effects as RESP arrays, see above; owned by the caller */
    bool async;            /* in and out: the reply to this write does not wait for replicas */
    bool flushed;          /* out: all databases have been emptied at once */
    bool effect_given;     /* out: exec_effect was called: log `effects` only, not the arguments */
    unsigned notify;       /* classes of events that somebody listens for, command/notify.h; 0: none */
    struct bytes *notices; /* out: those events; owned by the caller, needed only with `notify` */
    /* out: what a command that found nothing waits for, command/block.h; NULL: nobody waits here */
    struct block_request *block;
    struct slice only; /* `data` not NULL: the command is run again because of this key, command/block.h */
    /* out: why what was given is refused, for those who run the server; NULL: nothing */
    const char *complaint;
    void *host; /* node-level commands: the struct this exec is part of */
};

/* How exec_find looks. */
enum exec_find_flag {
    EXEC_FOR_WRITE = 1 << 0, /* is about to be changed: an expired key goes, on a writable replica too */
    EXEC_NO_STATS = 1 << 1,  /* counts neither hit nor miss */
    EXEC_NO_TOUCH = 1 << 2,  /* is no access (TYPE, TTL, OBJECT) */
    EXEC_NO_NOTIFY = 1 << 3  /* a miss is no event (OBJECT) */
};

/* The entry of a key in a database, NULL when it is absent or logically expired: see the head comment. */
struct entry *exec_find(struct exec *x, int db, struct slice key, unsigned flags);
/* The entry of a key to read: exec_find in the selected database. Counts a hit or miss and notes the
 * access. */
static inline struct entry *exec_read(struct exec *x, struct slice key)
{
    return exec_find(x, x->db, key, 0);
}
/* The entry of a key that is about to be changed or replaced. Does not count hits. */
static inline struct entry *exec_write(struct exec *x, struct slice key)
{
    return exec_find(x, x->db, key, EXEC_FOR_WRITE | EXEC_NO_STATS);
}
/* exec_read / exec_write that also demand a type: on another one they reply WRONGTYPE and set *ok to
 * false. */
struct entry *exec_read_type(struct exec *x, struct slice key, enum value_type type, bool *ok);
struct entry *exec_write_type(struct exec *x, struct slice key, enum value_type type, bool *ok);
/* For commands that walk over entries: whether the entry, found by other means, counts as absent. On a
 * primary an expired one is then deleted (and the pointer gone). */
bool exec_hidden(struct exec *x, int db, struct entry *e);

/* Logs this command in place of the arguments. May be called several times. */
void exec_effect(struct exec *x, int argc, const struct slice *argv);
/* The same with the words given one by one: exec_effect_words(x, 2, slice_text("DEL"), key). */
void exec_effect_words(struct exec *x, int argc, ...); /* argc times a struct slice, at most 8 */

/* The same word by word, for effects that are as long as what they tell of: exactly `argc` words follow. */
void exec_effect_begin(struct exec *x, int64_t argc);
void exec_effect_word(struct exec *x, struct slice word);

/* Argument readers. On a bad argument they reply Redis's error and return false. */
bool exec_int(struct exec *x, int index, int64_t *value); /* "value is not an integer or out of range" */
bool exec_int_or(struct exec *x, int index, int64_t *value,
                 const char *error); /* the same with another text */
/* An integer within bounds; `error` (NULL: Redis's text with the bounds) for one that is not. */
bool exec_int_within(struct exec *x, int index, int64_t min, int64_t max, int64_t *value, const char *error);
/* A database number, valid for this keyspace; `error` (NULL: the usual text) for what is no int. */
bool exec_db(struct exec *x, int index, int *db, const char *error);
static inline bool exec_is(const struct exec *x, int index, const char *word)
{
    return slice_is_word(x->argv[index], word);
}

/* Standard answers. Error texts are whole: code and message. */
void exec_syntax_error(struct exec *x);
void exec_wrong_type(struct exec *x);
void exec_no_memory(struct exec *x); /* -OOM command not allowed … */
void exec_arity_error(struct exec *x);
/* A subcommand of CONTAINER with arguments that its arity allows but that make no sense. */
void exec_usage_error(struct exec *x, const char *container);
/* HELP of a container command: its lines between Redis's first and last ones; NULL ends them. */
void exec_help(struct exec *x, const char *container, const char *const *lines);

#endif
