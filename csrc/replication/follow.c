/* follow.c: a follow's life: attempts, failure, bytes in and out, time.
 *
 * Whatever goes wrong ends in one place, go_down, which forgets everything that belongs to the connection and nothing
 * else: log, offset and data stay as they are, so that the next attempt continues where this one ended.
 *
 * SPDX-License-Identifier: MIT */
#include "replication/follow_internal.h"

#include <stdio.h>

#include "base/number.h"
#include "resp/writer.h"

enum {
    LINE_MAX = 1024,
    ROOM_MIN = 1024, /* input offered: grows with what comes */
    ROOM_MAX = 256 * 1024,
    ROOM_WANTED_MAX = 1024 * 1024, /* …and for an argument that is known to be coming */
    INPUT_SLACK = 1024 * 1024,     /* what may be in the input beyond two arguments of the largest size */
    INPUT_KEEP = 2 * ROOM_MIN,     /* storage kept by an idle follow */
    OUT_MAX = 16 * 1024            /* no further acknowledgement while so much has not gone out */
};

/* ---- life ----------------------------------------------------------------------------------------------------- */

static void reader_begin(struct follow *f)
{
    struct resp_limits limits = {
        .bulk_max = f->options.bulk_max, .arguments_max = INT32_MAX, .inline_max = 64 * 1024};
    resp_reader_init(&f->reader, f->memory, &limits);
}

struct follow *follow_new(struct memory *m, struct log *l, struct random *r,
                          const struct follow_options *options, const char *host, int port, int64_t now_us)
{
    struct follow *f = memory_alloc_zero(m, sizeof *f);
    if (!f) return NULL;
    f->memory = m;
    f->log = l;
    f->random = r;
    f->options = *options;
    snprintf(f->host, sizeof f->host, "%s", host);
    f->port = port;
    f->why = "";
    bytes_init(&f->input, m);
    bytes_init(&f->out, m);
    reader_begin(f);
    f->room = ROOM_MIN;
    f->db = l->db < 0 ? 0 : l->db;
    f->applied = log_offset(l);
    f->fsynced = f->fack_wanted = -1;
    f->sync_total = -1;
    f->down_since_us = f->next_attempt_us = f->last_io_us = now_us;
    return f;
}

void follow_free(struct follow *f)
{
    sync_drop(f);
    if (f->scrap) keyspace_free(f->scrap);
    resp_reader_free(&f->reader);
    bytes_free(&f->input);
    bytes_free(&f->out);
    memory_free(f->memory, f, sizeof *f);
}

/* The next attempt comes later the more have failed, and not when everybody else's does. */
static int64_t back_off(struct follow *f)
{
    int64_t delay = f->options.retry_min_us;
    for (int i = 0; i < f->attempts && delay < f->options.retry_max_us; i++) delay *= 2;
    if (delay > f->options.retry_max_us) delay = f->options.retry_max_us;
    if (delay < 2) return delay;
    return delay / 2 + (int64_t)random_below(f->random, (uint64_t)(delay - delay / 2) + 1);
}

/* Half a transaction was applied and the other half will not be: no history contains this state. */
static void give_up_half_run(struct follow *f)
{
    if (f->run_end == 0 || !f->run_applied) return;
    log_new_history(f->log, f->random);
}

static void go_down(struct follow *f, int64_t now_us)
{
    give_up_half_run(f);
    if (f->state == FOLLOW_STREAMING) f->down_since_us = now_us;
    f->state = FOLLOW_DOWN;
    f->next_attempt_us = now_us + back_off(f);
    if (f->attempts < 62) f->attempts++;
    sync_drop(f);
    bytes_free(&f->input);
    bytes_free(&f->out);
    resp_reader_free(&f->reader);
    reader_begin(f);
    f->start = f->at = f->run_end = 0;
    f->within = f->run_applied = f->given = f->ack_wanted = false;
    f->fack_wanted = -1;
    f->room = ROOM_MIN;
}

enum follow_event follow_fail(struct follow *f, const char *why, int64_t now_us)
{
    f->why = why;
    f->closing = true;
    go_down(f, now_us);
    return FOLLOW_NOTHING;
}

enum follow_event follow_fail_with(struct follow *f, const char *what, struct slice detail, int64_t now_us)
{
    int size = snprintf(f->why_text, sizeof f->why_text, "%s: %.*s", what,
                        (int)(detail.size < FOLLOW_WHY_MAX ? detail.size : FOLLOW_WHY_MAX), detail.data);
    for (int i = 0; i < size && i < FOLLOW_WHY_MAX - 1; i++) {
        if ((unsigned char)f->why_text[i] < ' ' || (unsigned char)f->why_text[i] > '~') f->why_text[i] = '.';
    }
    return follow_fail(f, f->why_text, now_us);
}

void follow_connected(struct follow *f, int64_t now_us)
{
    if (f->state != FOLLOW_CONNECT) return;
    f->state = FOLLOW_HANDSHAKE;
    f->last_io_us = now_us;
    handshake_begin(f);
}

void follow_lost(struct follow *f, const char *why, int64_t now_us)
{
    f->closing = false;
    if (f->state == FOLLOW_DOWN) return;
    snprintf(f->why_text, sizeof f->why_text, "%s", why ? why : "connection closed");
    f->why = f->why_text;
    go_down(f, now_us);
}

void follow_abandon(struct follow *f, const char *why, int64_t now_us)
{
    if (f->state != FOLLOW_STREAMING) return;
    f->run_end = 0;
    log_new_history(f->log, f->random);
    follow_fail_with(f, "cannot apply the stream", slice_text(why), now_us);
}

/* ---- bytes in ------------------------------------------------------------------------------------------------- */

void follow_compact(struct follow *f)
{
    if (f->start == 0) return;
    bytes_drop(&f->input, f->start);
    f->at = f->at > f->start ? f->at - f->start : 0;
    f->start = 0;
    if (f->input.size == 0) bytes_trim(&f->input, INPUT_KEEP);
}

char *follow_input_reserve(struct follow *f, size_t *room)
{
    follow_compact(f);
    size_t wanted = resp_reader_wants(&f->reader, f->input.size - f->at);
    if (wanted > ROOM_WANTED_MAX) wanted = ROOM_WANTED_MAX;
    if (wanted < f->room) wanted = f->room;
    *room = wanted;
    return bytes_reserve(&f->input, wanted);
}

void follow_input_commit(struct follow *f, size_t size, int64_t now_us)
{
    if (f->state == FOLLOW_DOWN || f->state == FOLLOW_CONNECT || size == 0) return;
    bytes_commit(&f->input, size);
    f->last_io_us = now_us;
    if (size >= f->room && f->room < ROOM_MAX)
        f->room *= 2;
    else if (size < f->room / 8 && f->room > ROOM_MIN)
        f->room /= 2;
}

enum follow_line follow_read_line(struct follow *f, struct slice *line)
{
    for (;;) {
        struct slice unread = follow_unread(f);
        const char *end = unread.size > 0 ? memchr(unread.data, '\n', unread.size) : NULL;
        size_t size = end ? (size_t)(end - unread.data) : unread.size;
        if (size > LINE_MAX) return LINE_TOO_LONG;
        if (!end) return LINE_NONE;
        f->start += size + 1;
        f->at = f->start;
        if (size > 0 && unread.data[size - 1] == '\r') size--;
        *line = slice_of(unread.data, size);
        if (size > 0) return LINE_READ;
    }
}

struct slice follow_next_word(struct slice *text)
{
    size_t start = 0, end;
    while (start < text->size && text->data[start] == ' ') start++;
    for (end = start; end < text->size && text->data[end] != ' ';) end++;
    struct slice word = slice_of(text->data + start, end - start);
    *text = slice_of(text->data + end, text->size - end);
    return word;
}

int64_t follow_received(const struct follow *f)
{
    return f->applied + (f->state == FOLLOW_STREAMING ? (int64_t)(f->input.size - f->start) : 0);
}

/* ---- what is to be done --------------------------------------------------------------------------------------- */

static bool input_too_large(const struct follow *f)
{
    int64_t max = f->options.bulk_max < INT64_MAX / 4 ? 2 * f->options.bulk_max + INPUT_SLACK : INT64_MAX;
    return (int64_t)(f->input.size - f->start) > max;
}

static enum follow_event stage_next(struct follow *f, int64_t now_us)
{
    switch (f->state) {
    case FOLLOW_HANDSHAKE: return handshake_next(f, now_us);
    case FOLLOW_SYNC: return sync_next(f, now_us);
    case FOLLOW_STREAMING: return stream_next(f, now_us);
    case FOLLOW_DOWN:
        if (f->closing || now_us < f->next_attempt_us) return FOLLOW_NOTHING;
        f->state = FOLLOW_CONNECT;
        f->last_io_us = now_us;
        return FOLLOW_OPEN;
    case FOLLOW_CONNECT: break;
    }
    return FOLLOW_NOTHING;
}

enum follow_event follow_next(struct follow *f, int64_t now_us)
{
    if (!f->closing) {
        enum follow_event event = stage_next(f, now_us);
        if (event != FOLLOW_NOTHING) return event;
        if (f->state == FOLLOW_STREAMING && f->ack_wanted) follow_acknowledge(f, now_us);
        if (!f->closing && f->out.failed) follow_fail(f, "out of memory", now_us);
        if (!f->closing && input_too_large(f))
            follow_fail(f, "a request or transaction of the stream is too large", now_us);
    }
    if (!f->closing) return FOLLOW_NOTHING;
    f->closing = false;
    return FOLLOW_CLOSE;
}

/* ---- time ----------------------------------------------------------------------------------------------------- */

void follow_acknowledge(struct follow *f, int64_t now_us)
{
    if (f->state != FOLLOW_STREAMING || f->out.size > OUT_MAX) return;
    char applied[NUMBER_INT_MAX], fsynced[NUMBER_INT_MAX], received[NUMBER_INT_MAX];
    struct slice words[7] = {slice_text("REPLCONF"), slice_text("ACK"),
                             slice_of(applied, number_format_int(applied, f->applied))};
    int count = 3;
    if (f->fsynced >= 0) {
        words[count++] = slice_text("FACK");
        words[count++] = slice_of(fsynced, number_format_int(fsynced, f->fsynced));
    }
    if (follow_received(f) > f->applied) {
        words[count++] = slice_text("RACK");
        words[count++] = slice_of(received, number_format_int(received, follow_received(f)));
    }
    resp_write_request(&f->out, count, words);
    if (f->ack_wanted && f->fsynced >= 0 && f->fsynced < f->applied) f->fack_wanted = f->applied;
    f->ack_wanted = false;
    f->next_ack_us = now_us + f->options.ack_period_us;
}

void follow_fsynced(struct follow *f, int64_t offset, int64_t now_us)
{
    f->fsynced = offset;
    if (f->fack_wanted < 0 || offset < f->fack_wanted) return;
    f->fack_wanted = -1;
    follow_acknowledge(f, now_us);
}

/* Every second a sign of life: where this replica is, or that it is still busy with the snapshot. */
static void sign_of_life(struct follow *f, int64_t now_us)
{
    if (f->state == FOLLOW_STREAMING) {
        f->attempts = 0;
        follow_acknowledge(f, now_us);
    } else if (f->out.size < OUT_MAX) {
        bytes_append_char(&f->out, '\n');
    }
    f->next_ack_us = now_us + f->options.ack_period_us;
}

void follow_advance(struct follow *f, int64_t now_us)
{
    sync_tidy(f);
    if (f->state == FOLLOW_DOWN) return;
    if (now_us - f->last_io_us >= f->options.timeout_us) {
        static const char *const whys[] = {[FOLLOW_DOWN] = "",
                                           [FOLLOW_CONNECT] = "time-out connecting to the primary",
                                           [FOLLOW_HANDSHAKE] = "time-out in the handshake",
                                           [FOLLOW_SYNC] = "time-out during full synchronisation",
                                           [FOLLOW_STREAMING] = "time-out: the primary is silent"};
        follow_fail(f, whys[f->state], now_us);
        return;
    }
    bool talks = f->state == FOLLOW_SYNC || f->state == FOLLOW_STREAMING;
    if (talks && now_us >= f->next_ack_us) sign_of_life(f, now_us);
}

int64_t follow_deadline(const struct follow *f)
{
    if (f->closing || f->scrap) return 0;
    if (f->state == FOLLOW_DOWN) return f->next_attempt_us;
    int64_t deadline = f->last_io_us + f->options.timeout_us;
    bool talks = f->state == FOLLOW_SYNC || f->state == FOLLOW_STREAMING;
    return talks && f->next_ack_us < deadline ? f->next_ack_us : deadline;
}
