/* backup.c: RDB data into a backup and back; see backup.h for the format.
 *
 * The writer holds back the last eight bytes that came, because only the end of the data tells that they are a
 * checksum. The reader begins at both ends of the file: the head says that there must be a footer, the footer where
 * everything else is.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/backup.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/crc64.h"
#include "base/little.h"
#include "persist/rdb.h"

enum { CRC_SIZE = 8, MARK_SIZE = BACKUP_HEAD_SIZE - RDB_MAGIC_SIZE, FOOTER_CRC_AT = 88, REPLID_AT = 48 };

static const char mark[MARK_SIZE + 1] = "\xFA\x0Ftidelock-backup\x01"
                                        "1";
static const char magic[] = "tidelock-backup1"; /* 16 bytes of it */
enum { MAGIC_SIZE = sizeof magic - 1 };

static void put64(char *to, uint64_t value)
{
    for (int i = 0; i < 8; i++) to[i] = (char)(value >> (8 * i));
}

static uint64_t get64(const char *from) { return little_load64((const uint8_t *)from); }

/* ---- writing ----------------------------------------------------------------------------------------------------- */

void backup_writer_init(struct backup_writer *w, struct memory *m, bool plain)
{
    *w = (struct backup_writer){.memory = m, .plain = plain};
    bytes_init(&w->tail, m);
    bytes_init(&w->index, m);
}

void backup_writer_free(struct backup_writer *w)
{
    bytes_free(&w->tail);
    bytes_free(&w->index);
}

static void end_block(struct backup_writer *w)
{
    char crc[CRC_SIZE];
    put64(crc, w->block_crc);
    bytes_append(&w->index, crc, sizeof crc);
    w->block_crc = 0;
}

/* Bytes of the body. */
static void put(struct backup_writer *w, const char *data, size_t size, struct bytes *out)
{
    bytes_append(out, data, size);
    if (size > 0) w->last = data[size - 1];
    while (size > 0) {
        size_t room = BACKUP_BLOCK - (size_t)(w->body % BACKUP_BLOCK), part = size < room ? size : room;
        w->block_crc = crc64(w->block_crc, data, part);
        w->body += (int64_t)part;
        if (part == room && !w->plain) end_block(w);
        data += part;
        size -= part;
    }
}

static void put_summed(struct backup_writer *w, const char *data, size_t size, struct bytes *out)
{
    w->crc = crc64(w->crc, data, size);
    put(w, data, size, out);
}

/* The magic, and the mark or none; the data's own mark, if they have one, is passed over. */
static const char *begin(struct backup_writer *w, struct bytes *out)
{
    const char *data = w->tail.data;
    if (memcmp(data, "REDIS", 5) != 0) return "this is not RDB data";
    put_summed(w, data, RDB_MAGIC_SIZE, out);
    if (!w->plain) put_summed(w, mark, MARK_SIZE, out);
    size_t head = memcmp(data + RDB_MAGIC_SIZE, mark, MARK_SIZE) == 0 ? BACKUP_HEAD_SIZE : RDB_MAGIC_SIZE;
    w->source_crc = crc64(0, data, head);
    bytes_drop(&w->tail, head);
    w->begun = true;
    return NULL;
}

static const char *memory_problem(const struct backup_writer *w, const struct bytes *out)
{
    return w->tail.failed || w->index.failed || out->failed ? "out of memory" : NULL;
}

const char *backup_writer_feed(struct backup_writer *w, struct slice piece, struct bytes *out)
{
    bytes_append_slice(&w->tail, piece);
    if (w->tail.failed) return "out of memory";
    if (!w->begun) {
        if (w->tail.size < BACKUP_HEAD_SIZE + CRC_SIZE) return NULL;
        const char *wrong = begin(w, out);
        if (wrong) return wrong;
    }
    if (w->tail.size > CRC_SIZE) {
        size_t size = w->tail.size - CRC_SIZE;
        w->source_crc = crc64(w->source_crc, w->tail.data, size);
        put_summed(w, w->tail.data, size, out);
        bytes_drop(&w->tail, size);
    }
    return memory_problem(w, out);
}

static void put_trailer(struct backup_writer *w, const struct backup_info *info, struct bytes *out)
{
    char footer[BACKUP_FOOTER_SIZE] = {0};
    if (w->body % BACKUP_BLOCK != 0) end_block(w);
    memcpy(footer, magic, MAGIC_SIZE);
    put64(footer + 16, (uint64_t)w->body);
    put64(footer + 24, BACKUP_BLOCK);
    put64(footer + 32, (uint64_t)info->offset);
    put64(footer + 40, (uint64_t)info->created_ms);
    memcpy(footer + REPLID_AT, info->replid, strlen(info->replid));
    uint64_t crc = crc64(0, w->index.data, w->index.size);
    put64(footer + FOOTER_CRC_AT, crc64(crc, footer, FOOTER_CRC_AT));
    bytes_append_slice(out, bytes_slice(&w->index));
    bytes_append(out, footer, sizeof footer);
}

const char *backup_writer_finish(struct backup_writer *w, struct backup_info *info, struct bytes *out)
{
    char crc[CRC_SIZE];
    /* the least there can be is shorter than a marked head */
    if (!w->begun && w->tail.size > RDB_MAGIC_SIZE + CRC_SIZE) {
        char pad[BACKUP_HEAD_SIZE] = {0};
        size_t size = w->tail.size;
        if (!bytes_append(&w->tail, pad, sizeof pad)) return "out of memory";
        const char *wrong = begin(w, out);
        if (wrong) return wrong;
        w->tail.size = size - RDB_MAGIC_SIZE;
        const char *problem = backup_writer_feed(w, slice_of("", 0), out);
        if (problem) return problem;
    }
    if (!w->begun || w->tail.size != CRC_SIZE || (unsigned char)w->last != RDB_EOF)
        return "the data end before their end mark";
    uint64_t source = get64(w->tail.data);
    if (source != 0 && source != w->source_crc) return "the data's checksum is not theirs";
    put64(crc, w->crc);
    put(w, crc, sizeof crc, out);
    info->body = w->body;
    if (!w->plain) put_trailer(w, info, out);
    return memory_problem(w, out);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

void backup_reader_init(struct backup_reader *r, struct memory *m, int64_t size)
{
    *r = (struct backup_reader){.memory = m, .size = size};
    bytes_init(&r->index, m);
}

void backup_reader_free(struct backup_reader *r) { bytes_free(&r->index); }

static int64_t blocks_of(int64_t body) { return (body + BACKUP_BLOCK - 1) / BACKUP_BLOCK; }

static int64_t footer_at(const struct backup_reader *r) { return r->size - BACKUP_FOOTER_SIZE; }

/* Where the bytes of a step end. */
static int64_t end_of_step(const struct backup_reader *r)
{
    switch (r->step) {
    case BACKUP_HEAD: return r->size < BACKUP_HEAD_SIZE ? r->size : BACKUP_HEAD_SIZE;
    case BACKUP_FOOTER: return r->size;
    case BACKUP_INDEX: return footer_at(r);
    case BACKUP_BODY: return r->info.body;
    case BACKUP_ENDED: break;
    }
    return r->at;
}

bool backup_reader_wants(const struct backup_reader *r, int64_t *offset, size_t *size)
{
    int64_t left = end_of_step(r) - r->at;
    *offset = r->at;
    *size = left < BACKUP_READ_MAX ? (size_t)left : BACKUP_READ_MAX;
    return r->step != BACKUP_ENDED;
}

static enum backup_verdict end(struct backup_reader *r, enum backup_verdict verdict)
{
    r->step = BACKUP_ENDED;
    return r->verdict = verdict;
}

static enum backup_verdict damaged(struct backup_reader *r, const char *what, int64_t from, int64_t to)
{
    snprintf(r->problem, sizeof r->problem, "%s (bytes %" PRId64 " to %" PRId64 ")", what, from, to);
    return end(r, BACKUP_DAMAGED);
}

/* There is no footer at the end. */
static enum backup_verdict no_footer(struct backup_reader *r)
{
    if (!r->marked) return end(r, BACKUP_NONE);
    int64_t from = r->size > BACKUP_FOOTER_SIZE ? footer_at(r) : 0;
    return damaged(r, "the trailer is damaged, cut off, or not at the end of the file", from, r->size);
}

static void step_to(struct backup_reader *r, enum backup_step step, int64_t at)
{
    r->step = step;
    r->at = at;
}

static enum backup_verdict read_head(struct backup_reader *r, struct slice piece)
{
    r->marked = piece.size == BACKUP_HEAD_SIZE && memcmp(piece.data, "REDIS", 5) == 0 &&
                memcmp(piece.data + RDB_MAGIC_SIZE, mark, MARK_SIZE) == 0;
    if (r->size < BACKUP_HEAD_SIZE + BACKUP_FOOTER_SIZE) return no_footer(r);
    step_to(r, BACKUP_FOOTER, footer_at(r));
    return BACKUP_MORE;
}

static enum backup_verdict read_footer(struct backup_reader *r, struct slice piece)
{
    const char *f = memcpy(r->footer, piece.data, BACKUP_FOOTER_SIZE);
    if (memcmp(f, magic, MAGIC_SIZE) != 0) return no_footer(r);
    int64_t body = (int64_t)get64(f + 16), room = footer_at(r);
    if (body < BACKUP_HEAD_SIZE || body > room || get64(f + 24) != BACKUP_BLOCK ||
        body + blocks_of(body) * CRC_SIZE != room)
        return damaged(r, "the trailer is damaged, or the file is not as long as it says", room, r->size);
    r->info.body = body;
    r->info.offset = (int64_t)get64(f + 32);
    r->info.created_ms = (int64_t)get64(f + 40);
    memcpy(r->info.replid, f + REPLID_AT, sizeof r->info.replid - 1);
    step_to(r, BACKUP_INDEX, body);
    return BACKUP_MORE;
}

static enum backup_verdict read_index(struct backup_reader *r, struct slice piece)
{
    if (!bytes_append_slice(&r->index, piece)) return end(r, BACKUP_NO_MEMORY);
    if (r->at < end_of_step(r)) return BACKUP_MORE;
    uint64_t crc = crc64(0, r->index.data, r->index.size);
    if (crc64(crc, r->footer, FOOTER_CRC_AT) != get64(r->footer + FOOTER_CRC_AT))
        return damaged(r, "the trailer is damaged", r->info.body, r->size);
    r->trusted = true;
    step_to(r, BACKUP_BODY, 0);
    return BACKUP_MORE;
}

static void note_damage(struct backup_reader *r, int64_t from, size_t size)
{
    if (r->damaged_blocks++ > 0) return;
    r->damaged_from = from;
    r->damaged_to = from + (int64_t)size;
}

/* Pieces begin at a block's beginning, and all but the last end at one's end. */
static enum backup_verdict read_body(struct backup_reader *r, struct slice piece)
{
    int64_t from = r->at - (int64_t)piece.size;
    while (piece.size > 0) {
        size_t size = piece.size < BACKUP_BLOCK ? piece.size : BACKUP_BLOCK;
        uint64_t want = get64(r->index.data + from / BACKUP_BLOCK * CRC_SIZE);
        if (crc64(0, piece.data, size) != want) note_damage(r, from, size);
        piece = slice_of(piece.data + size, piece.size - size);
        from += (int64_t)size;
    }
    if (r->at < r->info.body) return BACKUP_MORE;
    if (r->damaged_blocks == 0) return end(r, BACKUP_GOOD);
    char what[80];
    snprintf(what, sizeof what, "%" PRId64 " of %" PRId64 " blocks damaged, the first", r->damaged_blocks,
             blocks_of(r->info.body));
    return damaged(r, what, r->damaged_from, r->damaged_to);
}

enum backup_verdict backup_reader_feed(struct backup_reader *r, struct slice piece)
{
    int64_t offset;
    size_t size;
    if (!backup_reader_wants(r, &offset, &size)) return r->verdict;
    if (piece.size < size) return damaged(r, "the file ends", offset + (int64_t)piece.size, r->size);
    piece.size = size;
    r->at += (int64_t)size;
    switch (r->step) {
    case BACKUP_HEAD: return read_head(r, piece);
    case BACKUP_FOOTER: return read_footer(r, piece);
    case BACKUP_INDEX: return read_index(r, piece);
    case BACKUP_BODY: return read_body(r, piece);
    case BACKUP_ENDED: break;
    }
    return r->verdict;
}
