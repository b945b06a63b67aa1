/* feeds.c: what the feeds of a node share: the snapshot that is being taken, time, trimming, counting.
 *
 * SPDX-License-Identifier: MIT */
#include "replication/feed_internal.h"

enum { SECOND_US = 1000000 };

#define feed_of(cursor) list_item(cursor, struct feed, link)

void feeds_init(struct feeds *fs, struct memory *m, struct log *l, struct keyspace *ks, struct random *r)
{
    *fs = (struct feeds){.memory = m, .log = l, .keyspace = ks, .random = r, .version = 1};
    list_init(&fs->list);
}

void feeds_free(struct feeds *fs) { feeds_init(fs, fs->memory, fs->log, fs->keyspace, fs->random); }

/* ---- the snapshot --------------------------------------------------------------------------------------------- */

void feeds_step_snapshot(struct feeds *fs)
{
    fs->hungry = fs->stepped >= FEED_SNAPSHOT_TURN || snapshot_due_us(fs->snapshot, fs->key_us) > fs->now_us;
    if (fs->hungry) return;
    fs->stepped += FEED_SNAPSHOT_SLICE;
    if (!snapshot_step(fs->snapshot, fs->key_us > 0 ? 1 : FEED_SNAPSHOT_SLICE)) fs->snapshot = NULL;
}

void feeds_cancel_snapshot(struct feeds *fs)
{
    if (!fs->snapshot) return;
    snapshot_cancel(fs->snapshot);
    fs->snapshot = NULL;
}

static bool somebody_is(const struct feeds *fs, bool (*so)(const struct feed *f))
{
    list_each(cursor, &fs->list)
    {
        if (so(feed_of(cursor))) return true;
    }
    return false;
}

static bool is_waiting(const struct feed *f) { return f->state == FEED_WAITING; }

/* Who has waited longest for a snapshot; NULL: nobody waits. */
static const struct feed *first_waiting(const struct feeds *fs)
{
    list_each(cursor, &fs->list)
    {
        if (is_waiting(feed_of(cursor))) return feed_of(cursor);
    }
    return NULL;
}

bool feeds_want_snapshot(const struct feeds *fs) { return !fs->snapshot && first_waiting(fs); }

bool feeds_begin_snapshot(struct feeds *fs, const struct rdb_info *info, int64_t now_us)
{
    feeds_advance(fs, now_us);
    if (!feeds_want_snapshot(fs)) return false;
    /* Whoever reads the file without its aux fields starts in database 0: let the stream say where it stands. What
     * follows another's stream cannot put a word in. */
    if (fs->log->own_from >= 0) fs->log->db = -1;
    struct rdb_info mine = *info;
    mine.bare = first_waiting(fs)->bare;
    struct snapshot *s = snapshot_open(fs->memory, fs->keyspace, fs->log, fs->random, &mine);
    if (!s) return false;
    s->began_us = now_us;
    fs->snapshot = s;
    list_each(cursor, &fs->list)
    {
        struct feed *f = feed_of(cursor);
        if (f->state == FEED_WAITING && f->bare == mine.bare) feed_begin_payload(f, s);
    }
    return true;
}

/* ---- time ----------------------------------------------------------------------------------------------------- */

/* A replica whose payload is collected in full before it gets any of it. */
static bool is_collecting(const struct feed *f)
{
    return f->state == FEED_SNAPSHOT && !f->eof && !f->snapshot->complete;
}

static bool is_patient(const struct feed *f) { return is_waiting(f) || is_collecting(f); }

static bool is_synchronising(const struct feed *f)
{
    return f->state == FEED_WAITING || f->state == FEED_SNAPSHOT;
}

static bool drives_snapshot(const struct feed *f)
{
    return is_collecting(f) && f->snapshot == f->owner->snapshot;
}

static void each_second(struct feeds *fs, int64_t now_us)
{
    list_each(cursor, &fs->list)
    {
        struct feed *f = feed_of(cursor);
        if (is_patient(f) && f->head.size == 0) feed_say(f, "\n");
        if (f->sent_bytes != f->progress_bytes) f->progress_us = now_us;
        f->progress_bytes = f->sent_bytes;
    }
}

void feeds_wait_a_second(struct feeds *fs, int64_t now_us)
{
    if (now_us >= fs->next_second_us) fs->next_second_us = now_us + SECOND_US;
}

void feeds_advance(struct feeds *fs, int64_t now_us)
{
    fs->now_us = now_us;
    if (fs->count == 0) return;
    if (now_us >= fs->next_second_us) {
        fs->next_second_us = now_us + SECOND_US;
        each_second(fs, now_us);
    }
    fs->stepped = 0;
    fs->hungry = false;
    if (fs->snapshot && somebody_is(fs, drives_snapshot)) feeds_step_snapshot(fs);
}

int64_t feeds_deadline(const struct feeds *fs)
{
    if (fs->count == 0) return INT64_MAX;
    if (fs->snapshot && (fs->hungry || somebody_is(fs, drives_snapshot))) {
        int64_t due = snapshot_due_us(fs->snapshot, fs->key_us);
        return due < fs->next_second_us ? due : fs->next_second_us;
    }
    return somebody_is(fs, is_synchronising) ? fs->next_second_us : INT64_MAX;
}

/* ---- trimming ------------------------------------------------------------------------------------------------- */

static void trim_snapshots(struct feeds *fs)
{
    list_each(cursor, &fs->list)
    {
        struct feed *f = feed_of(cursor);
        if (f->snapshot) f->snapshot->slowest = INT64_MAX;
    }
    list_each(cursor, &fs->list)
    {
        struct feed *f = feed_of(cursor);
        if (f->snapshot && f->cursor.position < f->snapshot->slowest)
            f->snapshot->slowest = f->cursor.position;
    }
    list_each(cursor, &fs->list)
    {
        struct feed *f = feed_of(cursor);
        if (f->snapshot) tape_trim(&f->snapshot->tape, f->snapshot->slowest);
    }
}

void feeds_trim(struct feeds *fs)
{
    bool snapshots = false;
    list_each(cursor, &fs->list) snapshots |= feed_of(cursor)->snapshot != NULL;
    if (snapshots) trim_snapshots(fs);
    if (!log_exceeds_backlog(fs->log)) return;
    int64_t slowest = INT64_MAX;
    list_each(cursor, &fs->list)
    {
        int64_t position = feed_log_position(feed_of(cursor));
        if (position < slowest) slowest = position;
    }
    log_trim(fs->log, slowest);
}

/* ---- counting ------------------------------------------------------------------------------------------------- */

static bool is_of_history(const struct feed *f)
{
    return feed_counts(f) && f->generation == f->owner->log->generation;
}

int feeds_acknowledged(const struct feeds *fs, int64_t offset)
{
    int count = 0;
    list_each(cursor, &fs->list) count +=
        is_of_history(feed_of(cursor)) && feed_of(cursor)->applied >= offset;
    return count;
}

int feeds_fsynced(const struct feeds *fs, int64_t offset)
{
    int count = 0;
    list_each(cursor, &fs->list) count +=
        is_of_history(feed_of(cursor)) && feed_of(cursor)->fsynced >= offset;
    return count;
}
