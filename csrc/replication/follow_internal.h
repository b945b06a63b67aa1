/* follow_internal.h: what the files of follow need of each other. One file per stage of a connection's life:
 *
 *   follow.c            life, failure and back-off, input and output, time
 *   follow_handshake.c  from the open connection to the answer to PSYNC
 *   follow_sync.c       the payload of a full synchronisation
 *   follow_stream.c     the stream of commands
 */
#ifndef TIDELOCK_REPLICATION_FOLLOW_INTERNAL_H
#define TIDELOCK_REPLICATION_FOLLOW_INTERNAL_H

#include "replication/follow.h"

/* ---- follow.c ---- */

/* The connection cannot go on: DOWN, FOLLOW_CLOSE to be given out. Always FOLLOW_NOTHING: follow_next, which calls the
 * stages, sees to the rest. */
enum follow_event follow_fail(struct follow *f, const char *why, int64_t now_us);
/* The same with what the primary said, or a reader: `what: detail`. */
enum follow_event follow_fail_with(struct follow *f, const char *what, struct slice detail, int64_t now_us);

enum follow_line {
    LINE_NONE, /* has not come in full */
    LINE_READ,
    LINE_TOO_LONG
};

/* Takes the next line that is not empty, without its end. It points into the input. */
enum follow_line follow_read_line(struct follow *f, struct slice *line);
/* Takes the next word off the front of `text`, empty at its end. */
struct slice follow_next_word(struct slice *text);

static inline struct slice follow_unread(const struct follow *f)
{
    size_t size = f->input.size - f->start;
    return slice_of(size > 0 ? f->input.data + f->start : "", size);
}

/* Whether a word can be a replication id. */
static inline bool follow_is_replid(struct slice word)
{
    for (size_t i = 0; i < word.size; i++) {
        if (word.data[i] < '!' || word.data[i] > '~') return false;
    }
    return word.size == REPLID_SIZE;
}

/* Moves what is unread to the front; an empty input gives back what it does not need. Nobody may hold slices of it. */
void follow_compact(struct follow *f);

/* ---- the stages: each goes on with what has come ---- */

void handshake_begin(struct follow *f);
enum follow_event handshake_next(struct follow *f, int64_t now_us);

/* `announced`: the words after "+FULLRESYNC ". */
enum follow_event sync_begin(struct follow *f, struct slice announced, int64_t now_us);
enum follow_event sync_next(struct follow *f, int64_t now_us);
/* Gives up what has been loaded. */
void sync_drop(struct follow *f);
/* Frees a slice of what was given up. */
void sync_tidy(struct follow *f);

/* The log is where the primary's stream goes on; `db` is where that stands. */
void stream_begin(struct follow *f, int db, int64_t now_us);
enum follow_event stream_next(struct follow *f, int64_t now_us);

#endif
