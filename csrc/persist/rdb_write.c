/* rdb_write.c: a snapshot in RDB format, taken incrementally.
 *
 * Entries come from the view in no particular order: those that a command is about to change come between two steps,
 * from whichever database. So the file selects a database whenever the next entry is in another one, and gives its
 * sizes the first time; readers take that as well as one section per database.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/rdb_write.h"

#include "base/number.h"
#include "persist/rdb_output.h"
#include "persist/rdb_value.h"

enum { VIEW_BUDGET = 16 /* entries asked of the view at a time */ };

struct rdb_writer {
    struct view_sink sink; /* first: the view hands it back */
    struct memory *memory;
    struct view *view;
    struct rdb_output out;
    bool complete;
    int db; /* selected, -1: none yet */
    int databases;
    bool *sized; /* for each database: its sizes have been written */
    size_t done, total;
};

/* ---- the frame --------------------------------------------------------------------------------------------------- */

static void write_aux(struct rdb_writer *w, const char *key, struct slice value)
{
    rdb_put_byte(&w->out, RDB_AUX);
    rdb_put_string(&w->out, slice_text(key));
    rdb_put_string(&w->out, value);
}

static void write_aux_integer(struct rdb_writer *w, const char *key, int64_t value)
{
    char text[NUMBER_INT_MAX];
    write_aux(w, key, slice_of(text, number_format_int(text, value)));
}

static void write_header(struct rdb_writer *w, const struct rdb_info *info)
{
    bytes_append_format(&w->out.buffer, "REDIS%04d", RDB_VERSION);
    write_aux(w, "redis-ver", slice_text(info->version));
    write_aux_integer(w, "redis-bits", 64);
    write_aux_integer(w, "ctime", info->created_s);
    write_aux_integer(w, "used-mem", (int64_t)info->used_memory);
    if (info->replid) {
        write_aux_integer(w, "repl-stream-db", info->stream_db);
        write_aux(w, "repl-id", slice_text(info->replid));
        write_aux_integer(w, "repl-offset", info->offset);
    }
    write_aux_integer(w, "aof-base", info->aof_base);
}

static void write_end(struct rdb_writer *w)
{
    rdb_put_byte(&w->out, RDB_EOF);
    rdb_output_flush(&w->out);
    rdb_put_little(&w->out, w->out.checksum ? w->out.crc : 0, RDB_CHECKSUM_SIZE);
    rdb_output_flush(&w->out);
    w->complete = !w->out.failed;
}

/* ---- entries --------------------------------------------------------------------------------------------------- */

static void select_db(struct rdb_writer *w, int db)
{
    if (db == w->db) return;
    w->db = db;
    rdb_put_byte(&w->out, RDB_SELECTDB);
    rdb_put_length(&w->out, (uint64_t)db);
    if (w->sized[db]) return;
    w->sized[db] = true;
    rdb_put_byte(&w->out, RDB_RESIZEDB);
    rdb_put_length(&w->out, view_size(w->view, db));
    rdb_put_length(&w->out, view_volatile(w->view, db));
}

/* The view's sink: from a step, or from a command that is about to change `e`. */
static void write_entry(struct view_sink *sink, int db, const struct entry *e)
{
    struct rdb_writer *w = (struct rdb_writer *)sink;
    if (w->out.failed) return;
    select_db(w, db);
    int64_t expire_ms = entry_expire(e);
    if (expire_ms >= 0) {
        rdb_put_byte(&w->out, RDB_EXPIRETIME_MS);
        rdb_put_little(&w->out, (uint64_t)expire_ms, 8);
    }
    rdb_put_byte(&w->out, rdb_value_type(e));
    rdb_put_string(&w->out, entry_key(e));
    rdb_value_write(&w->out, e);
    w->done++;
}

/* ---- the writer ------------------------------------------------------------------------------------------------ */

struct rdb_writer *rdb_writer_open(struct memory *m, struct keyspace *ks, struct tape *out,
                                   const struct rdb_info *info)
{
    struct rdb_writer *w = memory_alloc_zero(m, sizeof *w);
    if (!w) return NULL;
    w->sink.entry = write_entry;
    w->memory = m;
    rdb_output_init(&w->out, m, out, info->checksum);
    w->db = -1;
    w->databases = keyspace_databases(ks);
    w->sized = memory_alloc_zero(m, (size_t)w->databases * sizeof *w->sized);
    write_header(w, info);
    w->view = w->sized && !w->out.buffer.failed ? view_open(ks, &w->sink) : NULL;
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
    size_t start = w->out.written;
    while (more && !w->out.failed && w->out.written + w->out.buffer.size - start < budget) {
        more = view_step(w->view, VIEW_BUDGET);
        if (!more) write_end(w);
    }
    rdb_output_flush(&w->out);
    return w->out.failed ? -1 : !w->complete;
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
    rdb_output_free(&w->out);
    memory_free(w->memory, w, sizeof *w);
}
