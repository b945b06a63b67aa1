/* journal_group.c: the log's bytes on their way into the present increment.
 *
 * A group is everything that has been logged when it begins, as one frame. It goes to the disk in pieces, few at a time,
 * so that a journal that has fallen behind does not copy all of it at once; the frame's line, which comes first, has the
 * checksum of all of them. The bytes stay in the log until the group is written: a write that fails is repeated, after
 * what it left has been cut off.
 *
 * SPDX-License-Identifier: MIT */
#include "base/crc64.h"
#include "persist/journal_internal.h"

enum { PIECE_SIZE = 512 * 1024, FLYING_MAX = 2 * PIECE_SIZE };

/* ---- what is due ---- */

static bool name_due(const struct journal *j)
{
    return j->name_count > 0 && j->names[0].offset <= j->written;
}

/* How far the present increment may be written in one go: to the next name, to where it is changed. */
static int64_t limit(const struct journal *j)
{
    int64_t end = j->options.log->end;
    int next = name_due(j) ? 1 : 0;
    if (j->switch_due && j->switch_origin.offset < end) end = j->switch_origin.offset;
    if (next < j->name_count && j->names[next].offset < end) end = j->names[next].offset;
    return end;
}

bool journal_group_due(const struct journal *j)
{
    return j->file[0] != '\0' && (limit(j) > j->written || name_due(j));
}

bool journal_syncs_at_once(const struct journal *j)
{
    if (j->flushing) return true;
    return j->turn.sync == JOURNAL_SYNC_ALWAYS && !(j->turn.no_sync_on_rewrite && j->rewriting);
}

/* ---- a group ---- */

static uint64_t sum_up(const struct journal *j, uint64_t crc, int64_t size)
{
    struct tape_cursor cursor = j->cursor;
    struct slice slice;
    while (size > 0 && tape_peek(j->options.log, &cursor, &slice, 1) > 0) {
        size_t part = (int64_t)slice.size < size ? slice.size : (size_t)size;
        crc = crc64(crc, slice.data, part);
        tape_advance(j->options.log, &cursor, part);
        size -= (int64_t)part;
    }
    return crc;
}

/* What precedes the log's bytes, the frame's line first. */
static bool make_head(struct journal *j)
{
    char line[JOURNAL_FRAME_MAX];
    struct bytes lines;
    bytes_init(&lines, j->options.memory);
    if (j->group_names) journal_put_origin(&lines, &j->names[0]);
    if (j->stamping_s > 0) journal_put_time(&lines, j->stamping_s);
    int64_t logged = j->group_end - j->written;
    struct journal_frame frame = {
        .size = (int64_t)lines.size + logged, .offset = j->group_end, .synced = j->synced};
    size_t size = journal_begin_frame(line, &frame);
    uint64_t crc = crc64(crc64(0, line, size), lines.data, lines.size);
    size = journal_end_frame(line, size, sum_up(j, crc, logged));
    bytes_clear(&j->head);
    bool made = !lines.failed && bytes_append(&j->head, line, size) &&
                bytes_append_slice(&j->head, bytes_slice(&lines));
    bytes_free(&lines);
    return made;
}

void journal_group_begin(struct journal *j)
{
    journal_begin(j, JOURNAL_WRITES);
    j->group_end = limit(j);
    j->group_position = j->position;
    j->group_syncs = false;
    j->group_names = name_due(j);
    j->cursor = tape_seek(j->options.log, j->written);
    bool stamps = j->turn.timestamps && j->turn.unix_s > j->stamped_s && j->group_end > j->written;
    j->stamping_s = stamps ? j->turn.unix_s : 0;
    if (!make_head(j)) journal_asked(j, NULL);
}

/* The next piece into a buffer. */
static bool cut_piece(struct journal *j, struct bytes *piece)
{
    struct slice slice;
    *piece = j->head;
    bytes_init(&j->head, j->options.memory);
    while (piece->size < PIECE_SIZE && j->cursor.position < j->group_end &&
           tape_peek(j->options.log, &j->cursor, &slice, 1) > 0) {
        size_t part = PIECE_SIZE - piece->size;
        if (part > slice.size) part = slice.size;
        if ((int64_t)part > j->group_end - j->cursor.position)
            part = (size_t)(j->group_end - j->cursor.position);
        if (!bytes_append(piece, slice.data, part)) return false;
        tape_advance(j->options.log, &j->cursor, part);
    }
    return true;
}

static void write_piece(struct journal *j)
{
    char path[DISK_NAME_MAX + 1];
    struct bytes piece;
    struct disk_op *op = NULL;
    if (cut_piece(j, &piece)) {
        size_t size = piece.size;
        op = disk_write(j->options.disk, DISK_LANE_JOURNAL, j, journal_path(j, j->file, path),
                        j->group_position, &piece);
        if (op) {
            j->group_position += (int64_t)size;
            j->flying += size;
        }
    }
    bytes_free(&piece);
    journal_asked(j, op);
}

static bool more_pieces(const struct journal *j)
{
    return j->head.size > 0 || j->cursor.position < j->group_end;
}

static void group_written(struct journal *j)
{
    j->position = j->group_position;
    j->written = j->group_end;
    if (j->group_syncs) journal_note_synced(j, j->group_end);
    if (j->stamping_s > 0) j->stamped_s = j->stamping_s;
    if (j->group_names && j->name_count > 0) {
        j->name_count--;
        memmove(&j->names[0], &j->names[1], (size_t)j->name_count * sizeof j->names[0]);
    }
    if (j->good) j->error[0] = '\0';
    j->stats.groups++;
    journal_end(j);
}

/* After a failed sync nobody knows what the file holds; a failed write can be repeated. */
static void group_failed(struct journal *j)
{
    bytes_free(&j->head);
    journal_end(j);
    if (j->failed == DISK_SYNC) {
        journal_lose_chain(j);
        return;
    }
    j->torn = true;
    j->retry_us = j->turn.now_us + JOURNAL_RETRY_US;
}

void journal_group_go_on(struct journal *j)
{
    if (j->break_due) { /* the log is another's by now */
        bytes_free(&j->head);
        if (j->pending == 0) journal_end(j);
        return;
    }
    while (!j->bad && more_pieces(j) && j->flying < FLYING_MAX) write_piece(j);
    if (!j->bad && !more_pieces(j) && !j->group_syncs && j->good && journal_syncs_at_once(j)) {
        j->group_syncs = true;
        journal_ask_sync(j, j->file);
    }
    if (j->pending > 0) return;
    if (j->bad)
        group_failed(j);
    else
        group_written(j);
}

/* ---- what a crash or a write that failed has left ----
 *
 * It is cut off durably before anything is written in its place. Otherwise the next crash could bring it back, between
 * or behind groups that were written since. */

void journal_repair_begin(struct journal *j)
{
    char path[DISK_NAME_MAX + 1];
    journal_begin(j, JOURNAL_REPAIRS);
    journal_asked(
        j, disk_truncate(j->options.disk, DISK_LANE_JOURNAL, j, journal_path(j, j->file, path), j->position));
    journal_ask_sync(j, j->file);
}

void journal_repair_go_on(struct journal *j)
{
    if (j->pending > 0) return;
    journal_end(j);
    if (j->bad && j->failed == DISK_SYNC) {
        journal_lose_chain(j);
        return;
    }
    j->torn = j->bad;
    if (j->bad) j->retry_us = j->turn.now_us + JOURNAL_RETRY_US;
}

/* ---- syncs outside of groups ---- */

void journal_sync_begin(struct journal *j)
{
    journal_begin(j, JOURNAL_SYNCS);
    journal_ask_sync(j, j->file);
}

void journal_sync_go_on(struct journal *j)
{
    if (j->pending > 0) return;
    journal_end(j);
    if (j->break_due) return;
    if (j->bad)
        journal_lose_chain(j);
    else
        journal_note_synced(j, j->written);
}

static void sync_by_time_done(struct journal *j, struct disk_op *op)
{
    bool worked = op->state == DISK_OK;
    j->syncing = false;
    if (j->syncing_chain == j->chain && !j->break_due) {
        if (worked)
            journal_note_synced(j, j->syncing_to);
        else if (j->activity == JOURNAL_IDLE || j->activity == JOURNAL_WRITES)
            text_copy(j->error, sizeof j->error, op->error);
        if (!worked) j->break_due = true;
    }
    disk_op_free(j->options.disk, op);
}

bool journal_syncs_by_time(const struct journal *j)
{
    return j->turn.sync == JOURNAL_SYNC_EVERYSEC && j->good && !j->break_due && j->written > j->synced &&
           !(j->turn.no_sync_on_rewrite && j->rewriting);
}

void journal_sync_by_time(struct journal *j)
{
    struct disk_op *op = disk_take(j->options.disk, &j->syncing);
    if (op) sync_by_time_done(j, op);
    if (!journal_syncs_by_time(j) || j->turn.now_us < j->next_sync_us) return;
    j->next_sync_us = j->turn.now_us + JOURNAL_SECOND_US;
    if (j->syncing) {
        j->stats.delayed_syncs++;
        return;
    }
    char path[DISK_NAME_MAX + 1];
    if (!disk_sync(j->options.disk, DISK_LANE_SYNC, &j->syncing, journal_path(j, j->file, path))) return;
    j->syncing = true;
    j->syncing_to = j->written;
    j->syncing_chain = j->chain;
}
