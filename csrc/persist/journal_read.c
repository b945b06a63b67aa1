/* journal_read.c: items one by one: a line that begins with '#', or a request.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/journal_read.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/crc64.h"
#include "resp/log_word.h"

void journal_reader_init(struct journal_reader *r, struct memory *m, int64_t bulk_max)
{
    struct resp_limits limits = {.bulk_max = bulk_max, .arguments_max = INT32_MAX, .inline_max = 64 * 1024};
    *r = (struct journal_reader){.memory = m};
    bytes_init(&r->input, m);
    resp_reader_init(&r->resp, m, &limits);
}

void journal_reader_free(struct journal_reader *r)
{
    resp_reader_free(&r->resp);
    bytes_free(&r->input);
}

void journal_reader_begin(struct journal_reader *r, int64_t position)
{
    struct resp_limits limits = r->resp.limits;
    resp_reader_free(&r->resp);
    resp_reader_init(&r->resp, r->memory, &limits);
    bytes_clear(&r->input);
    r->at = 0;
    r->position = r->item = position;
    r->whole = r->step = (struct journal_point){position, r->offset};
    r->framed = r->foreign = r->within = false;
    r->frame_end = r->whole_frames = 0;
    r->begun = position == 0;
}

bool journal_reader_feed(struct journal_reader *r, struct slice piece)
{
    bytes_drop(&r->input, r->at);
    r->position += (int64_t)r->at;
    r->at = 0;
    return bytes_append_slice(&r->input, piece);
}

__attribute__((format(printf, 2, 3))) static enum journal_event bad(struct journal_reader *r,
                                                                    const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(r->text, sizeof r->text, format, arguments);
    va_end(arguments);
    r->problem = r->text;
    return JOURNAL_BAD;
}

static int64_t here(const struct journal_reader *r) { return r->position + (int64_t)r->at; }

static struct slice unread(const struct journal_reader *r)
{
    size_t size = r->input.size - r->at;
    return slice_of(size > 0 ? r->input.data + r->at : "", size);
}

/* ---- frames ----------------------------------------------------------------------------------------------------- */

/* Takes `size` bytes as read. */
static void take(struct journal_reader *r, size_t size)
{
    if (r->frame_end > 0) r->crc = crc64(r->crc, r->input.data + r->at, size);
    r->at += size;
}

static enum journal_event begin_frame(struct journal_reader *r, struct slice line,
                                      const struct journal_frame *f)
{
    if (r->frame_end > 0) return bad(r, "a frame begins within another");
    if (r->within) return bad(r, "a frame begins within a transaction");
    if (f->size > INT64_MAX / 2) return bad(r, "a frame of %" PRId64 " bytes", f->size);
    take(r, line.size + 2);
    r->framed = true;
    r->frame_end = here(r) + f->size;
    r->frame_offset = f->offset;
    r->frame_crc = f->crc;
    r->crc = crc64(0, line.data, f->covered);
    return JOURNAL_MORE; /* goes on */
}

/* After each item: the frame may have ended with it. */
static enum journal_event end_item(struct journal_reader *r, enum journal_event event)
{
    if (!r->within) r->step = (struct journal_point){here(r), r->offset};
    if (r->frame_end == 0 || here(r) < r->frame_end) return event;
    if (here(r) > r->frame_end) return bad(r, "a frame ends within what it holds");
    if (r->crc != r->frame_crc)
        return bad(r, "the frame's checksum is %016" PRIx64 " but should be %016" PRIx64, r->frame_crc,
                   r->crc);
    return event;
}

/* Outside of everything: what has been read is whole. */
static enum journal_event settle(struct journal_reader *r)
{
    if (r->frame_end > 0 && here(r) == r->frame_end) {
        r->frame_end = 0;
        if (r->within) return bad(r, "a frame ends within a transaction");
        if (r->known && r->offset != r->frame_offset)
            return bad(r, "a frame ends at offset %" PRId64 ", but says %" PRId64, r->offset,
                       r->frame_offset);
        r->whole_frames++;
    }
    if (r->frame_end > 0 || r->within || r->whole.position == here(r)) return JOURNAL_MORE;
    r->whole = (struct journal_point){here(r), r->offset};
    return JOURNAL_WHOLE;
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static enum journal_event begin_history(struct journal_reader *r)
{
    if (r->known && r->origin.offset != r->offset)
        return bad(r, "it goes on at offset %" PRId64 ", but what precedes it ends at %" PRId64,
                   r->origin.offset, r->offset);
    r->known = true;
    r->offset = r->origin.offset;
    r->db = r->origin.db;
    return end_item(r, JOURNAL_ORIGIN);
}

/* JOURNAL_MORE: the line has not come in full; `*done`: it has, and there is nothing to say of it. */
static enum journal_event read_line(struct journal_reader *r, bool *done)
{
    struct slice left = unread(r);
    struct journal_frame frame;
    size_t room = left.size < JOURNAL_LINE_MAX ? left.size : JOURNAL_LINE_MAX;
    const char *end = memchr(left.data, '\n', room);
    if (!end) return room == JOURNAL_LINE_MAX ? bad(r, "a line without end") : JOURNAL_MORE;
    size_t size = (size_t)(end - left.data);
    if (left.data[size - 1] != '\r') return bad(r, "a line does not end in CR LF");
    struct slice line = slice_of(left.data, size - 1);
    *done = true;
    enum journal_line kind = journal_parse_line(line, &r->origin, &frame, &r->time_s);
    if (kind == JOURNAL_LINE_BAD) return bad(r, "a line of the journal's own that is none");
    if (kind == JOURNAL_LINE_FRAME) return begin_frame(r, line, &frame);
    take(r, size + 1);
    return kind == JOURNAL_LINE_ORIGIN ? begin_history(r) : end_item(r, JOURNAL_MORE);
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

static bool select_db(struct journal_reader *r)
{
    int db = log_word_db(r->resp.argc, r->resp.argv, (int64_t)INT32_MAX + 1);
    if (db >= 0) r->db = db;
    return db >= 0;
}

static enum journal_event request(struct journal_reader *r)
{
    if (r->resp.argc == 0) return bad(r, "an empty request");
    enum log_word word = log_word_of(r->resp.argc, r->resp.argv);
    if (word == LOG_WORD_MULTI && r->within) return bad(r, "MULTI within MULTI");
    if (word == LOG_WORD_EXEC && !r->within) return bad(r, "EXEC without MULTI");
    if (word == LOG_WORD_SELECT && !select_db(r)) return bad(r, "SELECT of no database");
    if (word == LOG_WORD_MULTI) r->within = true;
    if (word == LOG_WORD_EXEC) r->within = false;
    bool first = r->begun;
    r->begun = false;
    r->raw = slice_of(r->input.data + r->at, r->resp.consumed);
    r->applies = word == LOG_WORD_COMMAND;
    r->counts = !(first && word == LOG_WORD_SELECT);
    if (r->counts) r->offset += (int64_t)r->resp.consumed;
    if (r->frame_end == 0) r->foreign = true;
    r->requests++;
    take(r, r->resp.consumed);
    return end_item(r, JOURNAL_REQUEST);
}

static enum journal_event read_request(struct journal_reader *r)
{
    struct slice left = unread(r);
    enum resp_result result = resp_read_request(&r->resp, left.data, left.size);
    if (result == RESP_INCOMPLETE) return JOURNAL_MORE;
    if (result == RESP_REQUEST) return request(r);
    r->no_memory = strcmp(r->resp.error, "out of memory") == 0;
    return bad(r, "%s", r->resp.error);
}

enum journal_event journal_reader_next(struct journal_reader *r)
{
    for (;;) {
        enum journal_event event = settle(r);
        if (event != JOURNAL_MORE) return event;
        struct slice left = unread(r);
        bool done = false;
        r->item = here(r);
        if (left.size == 0) return JOURNAL_MORE;
        if (left.data[0] == '*') return read_request(r);
        if (left.data[0] != '#') return bad(r, "neither a request nor a line of the journal's own");
        event = read_line(r, &done);
        if (event != JOURNAL_MORE || !done) return event;
    }
}

bool journal_reader_ends(struct journal_reader *r)
{
    if (unread(r).size > 0)
        bad(r, "it ends in the middle of %s", unread(r).data[0] == '*' ? "a request" : "a line");
    else if (r->frame_end > 0)
        bad(r, "it ends in the middle of a frame");
    else if (r->within)
        bad(r, "it ends in the middle of a transaction");
    else
        return true;
    return false;
}

bool journal_find_durable(struct slice bytes, size_t *from, int64_t offset)
{
    static const char mark[] = "#TL:F ";
    while (*from < bytes.size) {
        const char *p = memchr(bytes.data + *from, '#', bytes.size - *from);
        *from = p ? (size_t)(p - bytes.data) : bytes.size;
        size_t left = bytes.size - *from;
        if (left == 0) return false;
        const char *end = memchr(p, '\r', left < JOURNAL_FRAME_MAX ? left : JOURNAL_FRAME_MAX);
        if (!end && left < JOURNAL_FRAME_MAX) return false; /* the rest may come */
        struct journal_origin origin;
        struct journal_frame frame;
        int64_t time_s;
        if (end && left > sizeof mark && memcmp(p, mark, sizeof mark - 1) == 0 &&
            journal_parse_line(slice_of(p, (size_t)(end - p)), &origin, &frame, &time_s) ==
                JOURNAL_LINE_FRAME &&
            frame.synced > offset)
            return true;
        ++*from;
    }
    return false;
}
