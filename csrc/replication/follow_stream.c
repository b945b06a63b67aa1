/* follow_stream.c: the stream of commands, from the input to the log.
 *
 *   input   ……… | MULTI | SET a 1 | SELECT 2 | SET b 2 | EXEC | SET c
 *               ^start                                        ^at          while MULTI … EXEC is being looked for
 *               ^start  ^at                            run_end^            while it is given out
 *
 * `start` is where the log ends: what lies before it has been counted. `at` is where the next request is read, `start`
 * itself except inside a transaction, which is read twice: once to see that all of it is there, and once to give its
 * commands out. In the second pass the reader is always one request ahead of what was applied, so that the whole run
 * is counted when its last command has been applied.
 *
 * SPDX-License-Identifier: MIT */
#include "replication/follow_internal.h"
#include "resp/log_word.h"

void stream_begin(struct follow *f, int db, int64_t now_us)
{
    f->state = FOLLOW_STREAMING;
    f->db = db;
    f->log->db = db;
    f->at = f->start;
    f->applied = log_offset(f->log);
    f->was_in_step = true;
    follow_had(f, f->log->replid);
    follow_acknowledge(f, now_us);
}

/* What the primary sends cannot be its stream. Where it went wrong is unknown, so all of it is asked for anew. */
static enum follow_event corrupt(struct follow *f, const char *what, int64_t now_us)
{
    f->distrust = true;
    return follow_fail_with(f, "the stream is corrupt", slice_text(what), now_us);
}

/* A request that cannot be read: want of memory is ours, anything else the primary's. */
static enum follow_event unreadable(struct follow *f, int64_t now_us)
{
    if (strcmp(f->reader.error, "out of memory") == 0) return follow_fail(f, "out of memory", now_us);
    return corrupt(f, f->reader.error, now_us);
}

static enum resp_result read_request(struct follow *f)
{
    if (f->at == f->input.size) return RESP_INCOMPLETE;
    return resp_read_request(&f->reader, f->input.data + f->at, f->input.size - f->at);
}

/* Counts the bytes up to `at`. False when the log cannot take them. */
static bool count(struct follow *f)
{
    if (!log_append(f->log, f->input.data + f->start, f->at - f->start)) return false;
    f->start = f->at;
    f->log->db = f->db;
    f->applied = log_offset(f->log);
    return true;
}

static bool select_db(struct follow *f)
{
    int db = log_word_db(f->reader.argc, f->reader.argv, f->options.databases);
    if (db >= 0) f->db = db;
    return db >= 0;
}

/* ---- a run: the commands of a transaction that has come in full ------------------------------------------------ */

/* Reads on to the next command of the run; at its end counts all of it. False when the log cannot take it.
 *
 * The first pass has seen every request of it, so reading can fail only for want of memory. */
static bool run_on(struct follow *f)
{
    while (f->at < f->run_end) {
        if (read_request(f) != RESP_REQUEST) return false;
        enum log_word word = log_word_of(f->reader.argc, f->reader.argv);
        if (word == LOG_WORD_COMMAND) return true;
        if (word == LOG_WORD_SELECT) select_db(f);
        f->at += f->reader.consumed;
    }
    f->run_end = 0;
    return count(f);
}

static enum follow_event begin_run(struct follow *f, int64_t now_us)
{
    f->within = false;
    f->run_applied = false;
    f->run_end = f->at + f->reader.consumed;
    f->at = f->start;
    if (!run_on(f)) return follow_fail(f, "out of memory", now_us);
    return FOLLOW_NOTHING;
}

/* ---- one request after the other ------------------------------------------------------------------------------- */

/* The log does not have what the data has: no history contains this state. */
static bool lose_history(struct follow *f, int64_t now_us)
{
    f->run_end = 0;
    log_new_history(f->log, f->random);
    follow_fail(f, "out of memory", now_us);
    return false;
}

bool follow_applied(struct follow *f, int64_t now_us)
{
    if (!f->given) return f->state == FOLLOW_STREAMING;
    f->given = false;
    f->at += f->reader.consumed;
    f->run_applied = f->run_end > 0;
    bool counted = f->run_end > 0 ? run_on(f) : count(f);
    return counted || lose_history(f, now_us);
}

static enum follow_event give(struct follow *f)
{
    f->given = true;
    return FOLLOW_COMMAND;
}

/* A request behind MULTI: nothing happens yet, except that EXEC may have come. */
static enum follow_event held_request(struct follow *f, enum log_word word, int64_t now_us)
{
    if (word == LOG_WORD_MULTI) return corrupt(f, "MULTI within MULTI", now_us);
    if (word == LOG_WORD_EXEC) return begin_run(f, now_us);
    if (word == LOG_WORD_GETACK) f->ack_wanted = true;
    if (word == LOG_WORD_SELECT) {
        int db = f->db;
        if (!select_db(f)) return corrupt(f, "SELECT of no database", now_us);
        f->db = db; /* its time comes in the second pass */
    }
    f->at += f->reader.consumed;
    return FOLLOW_NOTHING;
}

static enum follow_event request(struct follow *f, int64_t now_us)
{
    if (f->reader.is_inline && f->reader.argc > 0) return corrupt(f, "an inline request", now_us);
    enum log_word word = log_word_of(f->reader.argc, f->reader.argv);
    if (f->within) return held_request(f, word, now_us);
    if (word == LOG_WORD_COMMAND) return give(f);
    if (word == LOG_WORD_EXEC) return corrupt(f, "EXEC without MULTI", now_us);
    if (word == LOG_WORD_SELECT && !select_db(f)) return corrupt(f, "SELECT of no database", now_us);
    if (word == LOG_WORD_GETACK) f->ack_wanted = true;
    f->at += f->reader.consumed;
    f->within = word == LOG_WORD_MULTI;
    if (!f->within && !count(f)) return follow_fail(f, "out of memory", now_us);
    return FOLLOW_NOTHING;
}

enum follow_event stream_next(struct follow *f, int64_t now_us)
{
    while (f->state == FOLLOW_STREAMING) {
        if (f->given || f->run_end > 0) return give(f);
        enum resp_result result = read_request(f);
        if (result == RESP_INCOMPLETE) break;
        if (result == RESP_BAD) return unreadable(f, now_us);
        enum follow_event event = request(f, now_us);
        if (event != FOLLOW_NOTHING) return event;
    }
    if (f->state == FOLLOW_STREAMING && f->start == f->input.size) {
        resp_reader_trim(&f->reader);
        follow_compact(f); /* a large request must not be held until the next one comes */
    }
    return FOLLOW_NOTHING;
}
