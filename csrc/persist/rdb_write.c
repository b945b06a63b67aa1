/* rdb_write.c: a snapshot in RDB format, taken incrementally.
 *
 * Entries come from the view in no particular order: those that a command is about to change come between two steps,
 * from whichever database. So the file selects a database whenever the next entry is in another one, and gives its
 * sizes the first time; readers take that as well as one section per database.
 *
 * What is written collects in a small buffer and goes from there to the tape, checksummed on the way; a large string
 * goes to the tape directly.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/rdb_write.h"

#include "base/crc64.h"
#include "base/number.h"
#include "persist/rdb_codec.h"

enum {
    FLUSH_SIZE = 16 * 1024, /* the buffer goes to the tape when it holds as much */
    VIEW_BUDGET = 16        /* entries asked of the view at a time */
};

struct rdb_writer {
    struct view_sink sink; /* first: the view hands it back */
    struct memory *memory;
    struct view *view;
    struct tape *out;
    struct bytes buffer;
    uint64_t crc;
    bool checksum;
    bool failed; /* memory ran out: the file will not be complete */
    bool complete;
    int db; /* selected, -1: none yet */
    int databases;
    bool *sized; /* for each database: its sizes have been written */
    size_t written, done, total;
};

/* ---- bytes out ------------------------------------------------------------------------------------------------- */

static void to_tape(struct rdb_writer *w, struct slice s)
{
    if (w->checksum) w->crc = crc64(w->crc, s.data, s.size);
    if (!tape_append(w->out, s.data, s.size)) w->failed = true;
    w->written += s.size;
}

static void flush(struct rdb_writer *w)
{
    if (w->buffer.failed) w->failed = true;
    if (w->failed || w->buffer.size == 0) return;
    to_tape(w, bytes_slice(&w->buffer));
    bytes_clear(&w->buffer);
    bytes_trim(&w->buffer, 2 * FLUSH_SIZE);
}

static void write_byte(struct rdb_writer *w, int byte) { bytes_append_char(&w->buffer, (char)byte); }

static void write_little_endian(struct rdb_writer *w, uint64_t value)
{
    char bytes[8];
    for (int i = 0; i < 8; i++) bytes[i] = (char)(value >> (8 * i));
    bytes_append(&w->buffer, bytes, sizeof bytes);
}

static void write_string(struct rdb_writer *w, struct slice s)
{
    if (!rdb_is_large(s.size)) {
        rdb_append_string(&w->buffer, s);
        return;
    }
    rdb_append_length(&w->buffer, s.size);
    flush(w);
    if (!w->failed) to_tape(w, s);
}

static void write_aux(struct rdb_writer *w, const char *key, struct slice value)
{
    write_byte(w, RDB_AUX);
    rdb_append_string(&w->buffer, slice_text(key));
    rdb_append_string(&w->buffer, value);
}

static void write_aux_integer(struct rdb_writer *w, const char *key, int64_t value)
{
    char text[NUMBER_INT_MAX];
    write_aux(w, key, slice_of(text, number_format_int(text, value)));
}

static void write_header(struct rdb_writer *w, const struct rdb_info *info)
{
    bytes_append_format(&w->buffer, "REDIS%04d", RDB_VERSION);
    write_aux(w, "redis-ver", slice_text(info->version));
    write_aux_integer(w, "redis-bits", 64);
    write_aux_integer(w, "ctime", info->created_s);
    write_aux_integer(w, "used-mem", (int64_t)info->used_memory);
    if (info->replid) {
        write_aux_integer(w, "repl-stream-db", info->stream_db);
        write_aux(w, "repl-id", slice_text(info->replid));
        write_aux_integer(w, "repl-offset", info->offset);
    }
    write_aux_integer(w, "aof-base", 0);
}

static void write_end(struct rdb_writer *w)
{
    write_byte(w, RDB_EOF);
    flush(w);
    write_little_endian(w, w->checksum ? w->crc : 0);
    flush(w);
    w->complete = !w->failed;
}

/* ---- entries --------------------------------------------------------------------------------------------------- */

static void select_db(struct rdb_writer *w, int db)
{
    if (db == w->db) return;
    w->db = db;
    write_byte(w, RDB_SELECTDB);
    rdb_append_length(&w->buffer, (uint64_t)db);
    if (w->sized[db]) return;
    w->sized[db] = true;
    write_byte(w, RDB_RESIZEDB);
    rdb_append_length(&w->buffer, view_size(w->view, db));
    rdb_append_length(&w->buffer, view_volatile(w->view, db));
}

static void write_value(struct rdb_writer *w, const struct entry *e)
{
    int64_t integer;
    struct entry_text text;
    if (entry_integer(e, &integer))
        rdb_append_integer(&w->buffer, integer);
    else
        write_string(w, entry_string(e, &text));
}

/* The view's sink: from a step, or from a command that is about to change `e`. */
static void write_entry(struct view_sink *sink, int db, const struct entry *e)
{
    struct rdb_writer *w = (struct rdb_writer *)sink;
    if (w->failed) return;
    select_db(w, db);
    int64_t expire_ms = entry_expire(e);
    if (expire_ms >= 0) {
        write_byte(w, RDB_EXPIRETIME_MS);
        write_little_endian(w, (uint64_t)expire_ms);
    }
    write_byte(w, RDB_STRING);
    write_string(w, entry_key(e));
    write_value(w, e);
    w->done++;
    if (w->buffer.size >= FLUSH_SIZE || w->buffer.failed) flush(w);
}

/* ---- the writer ------------------------------------------------------------------------------------------------ */

struct rdb_writer *rdb_writer_open(struct memory *m, struct keyspace *ks, struct tape *out,
                                   const struct rdb_info *info)
{
    struct rdb_writer *w = memory_alloc_zero(m, sizeof *w);
    if (!w) return NULL;
    w->sink.entry = write_entry;
    w->memory = m;
    w->out = out;
    w->checksum = info->checksum;
    w->db = -1;
    w->databases = keyspace_databases(ks);
    bytes_init(&w->buffer, m);
    w->sized = memory_alloc_zero(m, (size_t)w->databases * sizeof *w->sized);
    write_header(w, info);
    w->view = w->sized && !w->buffer.failed ? view_open(ks, &w->sink) : NULL;
    if (!w->view) {
        rdb_writer_close(w);
        return NULL;
    }
    for (int db = 0; db < w->databases; db++) w->total += view_size(w->view, db);
    return w;
}

int rdb_writer_step(struct rdb_writer *w, size_t budget)
{
    bool more = !w->complete;
    size_t start = w->written;
    while (more && !w->failed && w->written + w->buffer.size - start < budget) {
        more = view_step(w->view, VIEW_BUDGET);
        if (!more) write_end(w);
    }
    flush(w);
    return w->failed ? -1 : !w->complete;
}

void rdb_writer_progress(const struct rdb_writer *w, size_t *done, size_t *total)
{
    *done = w->done;
    *total = w->total;
}

void rdb_writer_close(struct rdb_writer *w)
{
    if (!w) return;
    if (w->view) view_close(w->view);
    memory_free(w->memory, w->sized, (size_t)w->databases * sizeof *w->sized);
    bytes_free(&w->buffer);
    memory_free(w->memory, w, sizeof *w);
}
