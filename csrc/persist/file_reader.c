/* file_reader.c: two reads are under way at a time: while a piece is worked on, the next one comes.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/file_reader.h"

#include <stdio.h>

enum { READ_AHEAD = 2 };

void file_reader_open(struct file_reader *r, struct disk *d, const char *name, int64_t offset)
{
    *r = (struct file_reader){.disk = d, .asked = offset};
    text_copy(r->name, sizeof r->name, name);
}

void file_reader_settle(struct file_reader *r)
{
    r->settling = disk_settle(r->disk, DISK_LANE_READ, r, r->name) != NULL;
    r->doubted = !r->settling;
}

static void drop_piece(struct file_reader *r)
{
    if (r->piece) disk_op_free(r->disk, r->piece);
    r->piece = NULL;
}

void file_reader_close(struct file_reader *r)
{
    drop_piece(r);
    if (r->asking > 0 || r->settling) disk_forget(r->disk, r);
    r->asking = 0;
    r->settling = false;
}

static enum file_reader_result fail(struct file_reader *r, const char *why)
{
    snprintf(r->error, sizeof r->error, "%s", why);
    file_reader_close(r);
    r->ended = true;
    return FILE_READER_FAILED;
}

static bool ask(struct file_reader *r)
{
    while (!r->ended && r->asking < READ_AHEAD) {
        if (!disk_read(r->disk, DISK_LANE_READ, r, r->name, r->asked, FILE_READER_PIECE)) return false;
        r->asked += FILE_READER_PIECE;
        r->asking++;
    }
    return true;
}

/* Of those under way, the settling comes back first: the lane keeps their order. */
static struct disk_op *take(struct file_reader *r)
{
    struct disk_op *op = disk_take(r->disk, r);
    if (!op || op->kind != DISK_SETTLE) return op;
    r->settling = false;
    r->doubted = op->state != DISK_OK;
    disk_op_free(r->disk, op);
    return disk_take(r->disk, r);
}

enum file_reader_result file_reader_next(struct file_reader *r, struct slice *piece)
{
    drop_piece(r);
    if (!ask(r)) return fail(r, "out of memory");
    if (r->asking == 0) return FILE_READER_END;
    struct disk_op *op = take(r);
    if (!op) return FILE_READER_WAIT;
    r->asking--;
    r->piece = op;
    if (op->state == DISK_MISSING) {
        file_reader_close(r);
        r->ended = true;
        return FILE_READER_MISSING;
    }
    if (op->state != DISK_OK) return fail(r, op->error[0] ? op->error : "the disk failed");
    r->ended = r->ended || op->data.size < FILE_READER_PIECE;
    *piece = bytes_slice(&op->data);
    if (piece->size > 0) return FILE_READER_PIECE_READ;
    file_reader_close(r);
    return FILE_READER_END;
}
