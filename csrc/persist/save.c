/* save.c: from the walk to the file.
 *
 * All operations go through one lane of the disk, so a sync covers the writes before it and the rename comes last. But
 * the lane goes on when one of them has failed: sync and rename are asked for only when everything before them is
 * known to have worked. The file is synced now and then on the way: the disk then keeps up, instead of being handed
 * all of it at the end.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/save.h"

#include <stdio.h>

enum {
    WRITE_SIZE = 64 * 1024,           /* bytes of one write: they are copied in one step */
    FLYING_MAX = 16 * WRITE_SIZE,     /* …and of all that the disk has not done */
    WALK_AHEAD = 16 * WRITE_SIZE,     /* what may wait on the tape before the walk stops */
    SYNC_DISTANCE = 32 * 1024 * 1024, /* bytes between two syncs on the way */
    ERROR_MAX = 160
};

struct save {
    struct save_options options;
    enum save_state state;
    struct rdb_writer *writer; /* NULL: the walk is over */
    struct tape tape;
    size_t flying;            /* bytes of writes the disk has not done */
    int operations;           /* that the disk has not done, whatever they are */
    int64_t position, synced; /* of the file: handed to the disk; the last sync asked for covers */
    bool finishing, renaming; /* the last sync, then the rename have been asked for */
    size_t done, total, held_peak;
    int64_t key_us, elapsed_us; /* save_slow_down */
    char temporary[DISK_NAME_MAX + 1], name[DISK_NAME_MAX + 1];
    char error[ERROR_MAX];
};

static void close_view(struct save *s)
{
    if (s->writer) rdb_writer_progress(s->writer, &s->done, &s->total);
    rdb_writer_close(s->writer);
    s->writer = NULL;
}

static enum save_state fail(struct save *s, const char *what, const char *detail)
{
    snprintf(s->error, sizeof s->error, "%.50s%s%.100s", what, detail ? ": " : "", detail ? detail : "");
    s->state = SAVE_FAILED;
    close_view(s);
    tape_reset(&s->tape, 0);
    disk_forget(s->options.disk, s);
    disk_remove(s->options.disk, DISK_LANE_SNAPSHOT, NULL, s->temporary);
    return s->state;
}

static enum save_state fail_for_memory(struct save *s) { return fail(s, "out of memory", NULL); }

static void note(struct save *s, const struct disk_op *op) { s->operations += op != NULL; }

struct save *save_open(const struct save_options *options, const struct rdb_info *info)
{
    struct save *s = memory_alloc_zero(options->memory, sizeof *s);
    if (!s) return NULL;
    s->options = *options;
    text_copy(s->temporary, sizeof s->temporary, options->temporary);
    text_copy(s->name, sizeof s->name, options->name);
    tape_init(&s->tape, options->memory, 0);
    /* what a save that was interrupted has left must not become the end of this one */
    struct disk_op *op = disk_remove(options->disk, DISK_LANE_SNAPSHOT, s, s->temporary);
    note(s, op);
    if (op) s->writer = rdb_writer_open(options->memory, options->keyspace, &s->tape, info);
    if (s->writer) return s;
    disk_forget(options->disk, s);
    tape_free(&s->tape);
    memory_free(options->memory, s, sizeof *s);
    return NULL;
}

void save_close(struct save *s)
{
    if (!s) return;
    if (s->state != SAVE_DONE && s->state != SAVE_FAILED) fail(s, "given up", NULL);
    disk_forget(s->options.disk, s);
    tape_free(&s->tape);
    memory_free(s->options.memory, s, sizeof *s);
}

/* ---- the disk ---- */

/* What the disk has completed. False: something failed, and the save with it. */
static bool take_completed(struct save *s)
{
    struct disk_op *op;
    while ((op = disk_take(s->options.disk, s)) != NULL) {
        s->operations--;
        if (op->kind == DISK_WRITE) s->flying -= op->data.size;
        bool good = op->state == DISK_OK;
        if (!good) fail(s, op->name, op->error[0] ? op->error : "the disk failed");
        if (good && op->kind == DISK_RENAME) s->state = SAVE_DONE;
        disk_op_free(s->options.disk, op);
        if (!good) return false;
    }
    return true;
}

/* Moves up to WRITE_SIZE bytes from the tape into a buffer. */
static bool cut_from_tape(struct save *s, struct bytes *data)
{
    struct slice slice;
    struct tape_cursor cursor = tape_seek(&s->tape, s->position);
    size_t left = WRITE_SIZE;
    while (left > 0 && tape_peek(&s->tape, &cursor, &slice, 1) > 0) {
        size_t part = slice.size < left ? slice.size : left;
        if (!bytes_append(data, slice.data, part)) return false;
        tape_advance(&s->tape, &cursor, part);
        left -= part;
    }
    tape_trim(&s->tape, cursor.position);
    return true;
}

static bool write_some(struct save *s)
{
    struct disk *d = s->options.disk;
    struct bytes data;
    bytes_init(&data, s->options.memory);
    struct disk_op *op = NULL;
    if (cut_from_tape(s, &data)) {
        size_t size = data.size;
        op = disk_write(d, DISK_LANE_SNAPSHOT, s, s->temporary, s->position, &data);
        if (op) {
            s->position += (int64_t)size;
            s->flying += size;
        }
    }
    bytes_free(&data);
    note(s, op);
    if (!op) return false;
    if (s->position - s->synced < SYNC_DISTANCE) return true;
    s->synced = s->position;
    op = disk_sync(d, DISK_LANE_SNAPSHOT, s, s->temporary);
    note(s, op);
    return op != NULL;
}

/* Hands the disk what there is for it. False when memory is out. */
static bool feed_disk(struct save *s)
{
    struct disk *d = s->options.disk;
    int64_t least = s->writer ? WRITE_SIZE : 1;
    while (s->flying < FLYING_MAX && s->tape.end - s->position >= least)
        if (!write_some(s)) return false;
    if (s->writer || s->operations > 0) return true;
    struct disk_op *op = NULL;
    if (!s->finishing) {
        op = disk_sync(d, DISK_LANE_SNAPSHOT, s, s->temporary);
        s->finishing = true;
    } else if (!s->renaming) {
        op = disk_rename(d, DISK_LANE_SNAPSHOT, s, s->temporary, s->name);
        s->renaming = true;
    } else {
        return true;
    }
    note(s, op);
    return op != NULL;
}

/* ---- steps ---- */

void save_slow_down(struct save *s, int64_t key_us, int64_t elapsed_us)
{
    s->key_us = key_us;
    s->elapsed_us = elapsed_us;
}

int64_t save_next_key_us(const struct save *s)
{
    int64_t due = s->state == SAVE_WALKING ? rdb_writer_due_us(s->writer, s->key_us) : 0;
    return due > s->elapsed_us ? due : 0;
}

bool save_walks(const struct save *s)
{
    return s->state == SAVE_WALKING && s->tape.end - s->position < WALK_AHEAD && save_next_key_us(s) == 0;
}

static bool walk(struct save *s, size_t budget)
{
    if (budget == 0 || !save_walks(s)) return true;
    if (s->key_us > 0) budget = 1; /* one key at a time */
    int more = rdb_writer_step(s->writer, budget);
    if (more > 0) return true;
    close_view(s);
    s->state = SAVE_WRITING;
    return more == 0;
}

enum save_state save_step(struct save *s, size_t budget)
{
    if (s->state == SAVE_DONE || s->state == SAVE_FAILED || !take_completed(s)) return s->state;
    if (s->state == SAVE_DONE) return s->state;
    if (!walk(s, budget)) return fail_for_memory(s);
    size_t held = save_held(s);
    if (held > s->held_peak) s->held_peak = held;
    if (s->options.held_max > 0 && held > s->options.held_max)
        return fail(s, "the disk is too slow: too much is held in memory", NULL);
    return feed_disk(s) ? s->state : fail_for_memory(s);
}

/* ---- what can be seen of it ---- */

const char *save_error(const struct save *s) { return s->error; }

void save_progress(const struct save *s, size_t *done, size_t *total, int64_t *bytes)
{
    *done = s->done;
    *total = s->total;
    if (s->writer) rdb_writer_progress(s->writer, done, total);
    *bytes = s->tape.end;
}

size_t save_held(const struct save *s)
{
    size_t held = (size_t)(s->tape.end - s->tape.start) + s->flying;
    return s->writer ? held + rdb_writer_held(s->writer) : held;
}

size_t save_held_peak(const struct save *s) { return s->held_peak; }
