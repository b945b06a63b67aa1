/* log_word.h: what a request of the log is: a node's stream of effects, as a replica and a journal's reader get it.
 *
 * Most of them are commands to be applied; the others say how. What a request does to its reader is the reader's.
 */
#ifndef TIDELOCK_RESP_LOG_WORD_H
#define TIDELOCK_RESP_LOG_WORD_H

#include <stdint.h>

#include "base/bytes.h"

enum log_word {
    LOG_WORD_COMMAND, /* to be applied */
    LOG_WORD_NOTHING, /* counts, and that is all */
    LOG_WORD_GETACK,
    LOG_WORD_SELECT,
    LOG_WORD_MULTI,
    LOG_WORD_EXEC
};

/* What a request with these arguments is. */
enum log_word log_word_of(int argc, const struct slice *argv);
/* The database that a LOG_WORD_SELECT names, below `databases`; -1: none. */
int log_word_db(int argc, const struct slice *argv, int64_t databases);

#endif
