/* block.h: commands that wait for a key: what such a command says when it finds nothing.
 *
 *     if (block_on(x, &(struct block_request){.type = VALUE_LIST, .first = 1, .keys = n, .timeout_ms = t})) return;
 *     reply_null_array(x->reply);                   nobody can wait here: MULTI, a store without a world
 *
 * A caller that can hold a command (node/block_keys.c) sets x->block. It then keeps the arguments, and runs the command again
 * when one of its keys may have what it needs, with x->only set to that key: the command must look at no other. If it finds
 * nothing again it asks again, and goes on waiting in its old place. Who has waited longest for a key is served first.
 * When the time is up the caller answers with a null array.
 *
 * What is run again is the arguments as they were given; a command for which they mean something else by then (XREAD's `$`)
 * sets `argv` to what they meant when it began to wait.
 */
#ifndef TIDELOCK_COMMAND_BLOCK_H
#define TIDELOCK_COMMAND_BLOCK_H

#include "command/exec.h"

struct block_request {
    bool wanted;          /* out: the command waits; nothing has been replied */
    enum value_type type; /* the keys are worth a look when they hold this */
    bool or_gone;         /* and also when they have been deleted or hold something else */
    int first, keys;      /* which arguments are keys: `keys` of them from `first` on */
    int64_t timeout_ms;   /* 0: for ever */
    struct slice *argv; /* what to run again, as many as were given; NULL: the same. The callee frees them */
    size_t argv_size;   /* of that block of the exec's memory */
};

/* Asks the caller to wait. False when it cannot: then the command answers that there is nothing. */
bool block_on(struct exec *x, const struct block_request *request);
/* Whether the command is to look at this key: it always is when it runs for the first time. */
static inline bool block_looks_at(const struct exec *x, struct slice key)
{
    return !x->only.data || slice_equal(x->only, key);
}
/* Reads a time-out in seconds, a decimal, into milliseconds. False: an error, which was replied. */
bool block_read_timeout(struct exec *x, int index, int64_t *timeout_ms);

#endif
