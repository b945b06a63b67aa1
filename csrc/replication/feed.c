/* feed.c: one replica's end at its primary.
 *
 * What goes out is, in this order: the lines in `head`; while in SNAPSHOT the RDB tape and, in the diskless framing,
 * the end mark; then the log. feed_output lays them out as slices and feed_sent takes them off again in the same
 * order, so both go through the same few questions: is there something in head, in the tape, of the mark.
 *
 * SPDX-License-Identifier: MIT */
#include "replication/feed_internal.h"

struct feed *feed_new(struct feeds *fs, void *session, int64_t now_us)
{
    struct feed *f = memory_alloc_zero(fs->memory, sizeof *f);
    if (!f) return NULL;
    f->state = FEED_HANDSHAKE;
    f->owner = fs;
    f->session = session;
    bytes_init(&f->head, fs->memory);
    bytes_init(&f->name, fs->memory);
    bytes_init(&f->ip, fs->memory);
    bytes_init(&f->address, fs->memory);
    f->received = f->applied = f->fsynced = f->shared = -1;
    f->since_us = f->ack_time_us = now_us;
    list_init(&f->link);
    list_push(&fs->list, &f->link);
    fs->log->has_backlog = true;
    return f;
}

static void leave_snapshot(struct feed *f)
{
    if (!f->snapshot) return;
    if (f->snapshot == f->owner->snapshot && f->snapshot->readers == 1) f->owner->snapshot = NULL;
    snapshot_release(f->snapshot);
    f->snapshot = NULL;
}

void feed_free(struct feed *f)
{
    struct feeds *fs = f->owner;
    leave_snapshot(f);
    list_remove(&f->link);
    if (f->state != FEED_HANDSHAKE) fs->count--;
    fs->version++;
    bytes_free(&f->head);
    bytes_free(&f->name);
    bytes_free(&f->ip);
    bytes_free(&f->address);
    memory_free(fs->memory, f, sizeof *f);
}

/* ---- handshake ------------------------------------------------------------------------------------------------ */

void feed_capability(struct feed *f, struct slice word)
{
    if (slice_is_word(word, "eof")) f->capa_eof = true;
    if (slice_is_word(word, "psync2")) f->capa_psync2 = true;
    if (slice_is_word(word, "shared")) f->capa_shared = true;
}

void feed_say(struct feed *f, const char *line)
{
    if (!bytes_append_text(&f->head, line)) f->failed = true;
}

static void begin(struct feed *f, enum feed_state state, int64_t now_us)
{
    f->state = state;
    f->eof = f->capa_eof;
    f->generation = f->owner->log->generation;
    f->since_us = f->ack_time_us = f->progress_us = now_us;
    f->owner->count++;
    f->owner->version++;
    feeds_wait_a_second(f->owner, now_us);
}

static void stream_from(struct feed *f, int64_t position)
{
    f->state = FEED_STREAMING;
    f->cursor = tape_seek(&f->owner->log->tape, position);
    f->caught_up_at = log_offset(f->owner->log);
    f->owner->version++;
}

/* Under which name the stream goes on, and, for those who want to know, up to where exactly the old name meant it. */
static void say_continue(struct feed *f, struct slice replid)
{
    const struct log *l = f->owner->log;
    const struct lineage_name *old = lineage_find(&l->lineage, replid);
    feed_say(f, "+CONTINUE");
    if (f->capa_psync2) {
        feed_say(f, " ");
        feed_say(f, l->replid);
    }
    if (f->capa_psync2 && f->capa_shared && old && old->exact &&
        !bytes_append_format(&f->head, " %lld", (long long)old->end))
        f->failed = true;
    feed_say(f, "\r\n");
}

static void continue_from(struct feed *f, struct slice replid, int64_t from, int64_t now_us)
{
    begin(f, FEED_STREAMING, now_us);
    say_continue(f, replid);
    stream_from(f, from - 1);
    f->received = f->applied = from - 1;
    f->owner->partial_syncs++;
}

void feed_psync(struct feed *f, struct slice replid, int64_t from, int64_t now_us)
{
    struct feeds *fs = f->owner;
    if (f->state != FEED_HANDSHAKE) return;
    if (log_can_continue(fs->log, replid, from)) {
        continue_from(f, replid, from, now_us);
        return;
    }
    begin(f, FEED_WAITING, now_us);
    f->shared = log_shared(fs->log, replid, from);
    if (!slice_is_word(replid, "?")) fs->partial_refused++;
    fs->full_syncs++;
}

void feed_sync(struct feed *f, int64_t now_us)
{
    if (f->state != FEED_HANDSHAKE) return;
    begin(f, FEED_WAITING, now_us);
    f->old_sync = true;
    f->owner->full_syncs++;
}

/* True if it has moved. */
static bool move_to(int64_t *acknowledged, int64_t offset)
{
    if (offset <= *acknowledged) return false;
    *acknowledged = offset;
    return true;
}

void feed_acknowledge(struct feed *f, int64_t applied, int64_t fsynced, int64_t received, int64_t now_us)
{
    int64_t end = log_offset(f->owner->log);
    f->ack_time_us = now_us;
    if (f->state != FEED_STREAMING) return;
    f->held = false;
    if (applied > end) applied = end;
    if (fsynced > applied) fsynced = applied;
    if (received > end) received = end;
    if (received < applied) received = applied;
    bool moved = move_to(&f->fsynced, fsynced);
    moved |= move_to(&f->received, received);
    moved |= move_to(&f->applied, applied);
    if (moved) f->owner->version++;
}

/* ---- full synchronisation ------------------------------------------------------------------------------------- */

void feed_begin_payload(struct feed *f, struct snapshot *s)
{
    const struct log *l = f->owner->log;
    f->state = FEED_SNAPSHOT;
    f->snapshot = s;
    s->readers++;
    f->generation = l->generation;
    f->cursor = tape_seek(&s->tape, 0);
    if (!f->old_sync) {
        bool told = bytes_append_format(&f->head, "+FULLRESYNC %s %lld", l->replid, (long long)s->offset);
        bool hands_on = l->own_from < 0; /* not this node, but its primary answers for the history */
        if (told && f->capa_shared && (f->shared >= 0 || hands_on))
            told = bytes_append_format(&f->head, " %lld", (long long)f->shared);
        if (!told) f->failed = true;
        feed_say(f, "\r\n");
    }
    if (!f->eof) return;
    f->announced = true;
    feed_say(f, "$EOF:");
    feed_say(f, s->mark);
    feed_say(f, "\r\n");
}

/* The payload's length can be said once it is known. */
static void announce_length(struct feed *f)
{
    f->announced = true;
    if (!bytes_append_format(&f->head, "$%lld\r\n", (long long)f->snapshot->tape.end)) f->failed = true;
}

static size_t mark_left(const struct feed *f) { return f->eof ? REPLID_SIZE - f->mark_sent : 0; }

static bool payload_sent(const struct feed *f)
{
    return f->snapshot->complete && f->announced && f->head.size == 0 &&
           f->cursor.position == f->snapshot->tape.end && mark_left(f) == 0;
}

/* SNAPSHOT -> STREAMING when everything has gone out. */
static void finish_payload(struct feed *f)
{
    if (f->state != FEED_SNAPSHOT || !payload_sent(f)) return;
    int64_t offset = f->snapshot->offset;
    leave_snapshot(f);
    f->held = f->eof;
    f->delivered = true;
    stream_from(f, offset);
}

/* Slices of the payload: what the tape has, more of it when there is nothing left, the mark behind its end. */
static int payload_output(struct feed *f, struct slice *slices, int max)
{
    struct snapshot *s = f->snapshot;
    if (!f->announced) return 0;
    int count = tape_peek(&s->tape, &f->cursor, slices, max);
    if (count == 0 && s == f->owner->snapshot) {
        feeds_step_snapshot(f->owner);
        count = tape_peek(&s->tape, &f->cursor, slices, max);
    }
    int64_t shown = f->cursor.position;
    for (int i = 0; i < count; i++) shown += (int64_t)slices[i].size;
    if (s->complete && shown == s->tape.end && mark_left(f) > 0 && count < max)
        slices[count++] = slice_of(s->mark + f->mark_sent, mark_left(f));
    return count;
}

/* ---- output --------------------------------------------------------------------------------------------------- */

bool feed_broken(const struct feed *f)
{
    if (f->failed) return true;
    if (f->state != FEED_SNAPSHOT && f->state != FEED_STREAMING) return false;
    if (f->generation != f->owner->log->generation) return true;
    if (f->state == FEED_SNAPSHOT) return f->snapshot->failed;
    return f->rdb_only && f->delivered;
}

int feed_output(struct feed *f, struct slice *slices, int max)
{
    int count = 0;
    if (f->paused || max <= 0 || feed_broken(f)) return 0;
    if (f->state == FEED_SNAPSHOT && !f->announced && f->snapshot->complete) announce_length(f);
    if (f->head.size > 0) slices[count++] = bytes_slice(&f->head);
    if (count == max || f->failed) return count;
    if (f->state == FEED_SNAPSHOT) return count + payload_output(f, slices + count, max - count);
    if (f->state == FEED_STREAMING && !f->held)
        count += tape_peek(&f->owner->log->tape, &f->cursor, slices + count, max - count);
    return count;
}

bool feed_has_output(struct feed *f)
{
    struct slice probe;
    if (f->state != FEED_STREAMING || f->head.size > 0) return feed_output(f, &probe, 1) > 0;
    return f->cursor.position < log_offset(f->owner->log) && !f->held && !f->paused && !feed_broken(f);
}

void feed_sent(struct feed *f, size_t size)
{
    f->sent_bytes += (int64_t)size;
    if (feed_broken(f)) return; /* since it was shown */
    size_t part = size < f->head.size ? size : f->head.size;
    if (part > 0) bytes_drop(&f->head, part);
    size -= part;
    if (f->state == FEED_SNAPSHOT) {
        int64_t left = f->snapshot->tape.end - f->cursor.position;
        part = (int64_t)size < left ? size : (size_t)left;
        tape_advance(&f->snapshot->tape, &f->cursor, part);
        f->mark_sent += size - part;
        finish_payload(f);
    } else if (f->state == FEED_STREAMING && size > 0) {
        tape_advance(&f->owner->log->tape, &f->cursor, size);
    }
}

int64_t feed_log_position(const struct feed *f)
{
    if (f->generation != f->owner->log->generation) return INT64_MAX;
    if (f->state == FEED_SNAPSHOT) return f->snapshot->offset;
    return f->state == FEED_STREAMING ? f->cursor.position : INT64_MAX;
}

int64_t feed_backlog(const struct feed *f)
{
    const struct log *l = f->owner->log;
    int64_t held = 0, position = feed_log_position(f);
    if (position < log_offset(l) - l->backlog_size) held = log_offset(l) - l->backlog_size - position;
    if (f->state == FEED_SNAPSHOT && f->eof) held += f->snapshot->tape.end - f->cursor.position;
    return held;
}
