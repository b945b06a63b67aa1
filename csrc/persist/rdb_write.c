/* rdb_write.c: a snapshot in RDB format, taken incrementally.
 *
 * Entries come from the view in no particular order: those that a command is about to change come between two steps,
 * from whichever database. So the file selects a database whenever the next entry is in another one, and gives its
 * sizes the first time; readers take that as well as one section per database.
 *
 * A value is written from its beginning to its end: what comes while a large one is written in parts goes to a tape of
 * its own, and from there into the file when the value is complete.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/rdb_write.h"

#include "base/number.h"
#include "persist/rdb_output.h"
#include "persist/rdb_value.h"

enum { VIEW_BUDGET = 16 /* entries asked of the view at a time */ };

/* Where entries go, and the database that is selected there, -1: none yet. */
struct file {
    struct rdb_output out;
    int db;
};

struct rdb_writer {
    struct view_sink sink; /* first: the view hands it back */
    struct memory *memory;
    struct view *view; /* NULL: bare */
    const struct keyspace *keyspace;
    struct access_policy access;
    bool idle, frequency; /* of keys are written */
    struct file main, aside;
    struct tape aside_tape;
    int64_t aside_at;         /* of which so much is in the file */
    const struct entry *open; /* it is in the file up to `walk`; NULL: none */
    struct rdb_walk walk;
    size_t until; /* the size of the main file at which this step ends */
    bool complete;
    int databases;
    bool *sized; /* for each database: its sizes have been written */
    size_t done, total;
};

/* ---- the frame --------------------------------------------------------------------------------------------------- */

static void write_aux(struct rdb_writer *w, const char *key, struct slice value)
{
    rdb_put_byte(&w->main.out, RDB_AUX);
    rdb_put_string(&w->main.out, slice_text(key));
    rdb_put_string(&w->main.out, value);
}

static void write_aux_integer(struct rdb_writer *w, const char *key, int64_t value)
{
    char text[NUMBER_INT_MAX];
    write_aux(w, key, slice_of(text, number_format_int(text, value)));
}

static void write_header(struct rdb_writer *w, const struct rdb_info *info)
{
    bytes_append_format(&w->main.out.buffer, "REDIS%04d", RDB_VERSION);
    write_aux(w, "redis-ver", slice_text(info->version));
    write_aux_integer(w, "redis-bits", 64);
    write_aux_integer(w, "ctime", info->created_s);
    write_aux_integer(w, "used-mem", (int64_t)info->used_memory);
    if (info->replid) {
        write_aux_integer(w, "repl-stream-db", info->stream_db);
        write_aux(w, "repl-id", slice_text(info->replid));
        write_aux_integer(w, "repl-offset", info->offset);
        if (info->names[0] != '\0') write_aux(w, RDB_NAMES, slice_text(info->names));
    }
    write_aux_integer(w, "aof-base", info->aof_base);
}

static void write_end(struct rdb_writer *w)
{
    struct rdb_output *o = &w->main.out;
    rdb_put_byte(o, RDB_EOF);
    rdb_output_flush(o);
    rdb_put_little(o, o->checksum ? o->crc : 0, RDB_CHECKSUM_SIZE);
    rdb_output_flush(o);
    w->complete = !o->failed;
}

/* ---- entries --------------------------------------------------------------------------------------------------- */

static void select_db(struct rdb_writer *w, struct file *f, int db)
{
    if (db == f->db) return;
    f->db = db;
    rdb_put_byte(&f->out, RDB_SELECTDB);
    rdb_put_length(&f->out, (uint64_t)db);
    if (w->sized[db]) return;
    w->sized[db] = true;
    rdb_put_byte(&f->out, RDB_RESIZEDB);
    rdb_put_length(&f->out, view_size(w->view, db));
    rdb_put_length(&f->out, view_volatile(w->view, db));
}

/* As of now: what is read by and by is used meanwhile, and that is no change for the view to keep. */
static void write_access(const struct rdb_writer *w, struct rdb_output *o, const struct entry *e)
{
    int64_t now_ms = keyspace_time(w->keyspace);
    if (w->idle) {
        rdb_put_byte(o, RDB_IDLE);
        rdb_put_length(o, (uint64_t)access_idle_at(now_ms, e));
    }
    if (w->frequency) {
        rdb_put_byte(o, RDB_FREQ);
        rdb_put_byte(o, access_frequency_at(&w->access, now_ms, e));
    }
}

/* All of an entry but its value. */
static void begin_entry(struct rdb_writer *w, struct file *f, int db, const struct entry *e)
{
    select_db(w, f, db);
    int64_t expire_ms = entry_expire(e);
    if (expire_ms >= 0) {
        rdb_put_byte(&f->out, RDB_EXPIRETIME_MS);
        rdb_put_little(&f->out, (uint64_t)expire_ms, 8);
    }
    write_access(w, &f->out, e);
    rdb_put_byte(&f->out, rdb_value_type(e));
    rdb_put_string(&f->out, entry_key(e));
}

static bool has_aside(const struct rdb_writer *w) { return rdb_writer_held(w) > 0; }

/* The view's sink: from a step, or (whole) from a command that is about to change `e`. */
static bool write_entry(struct view_sink *sink, int db, const struct entry *e, bool whole)
{
    struct rdb_writer *w = (struct rdb_writer *)sink;
    if (w->main.out.failed) return true;
    if (e != w->open && (w->open || has_aside(w))) {
        begin_entry(w, &w->aside, db, e);
        rdb_value_write(&w->aside.out, e);
        w->done++;
        return true;
    }
    if (!w->open) {
        begin_entry(w, &w->main, db, e);
        w->walk = (struct rdb_walk){.stage = 0};
    }
    bool complete = rdb_value_write_some(&w->main.out, e, &w->walk, whole ? SIZE_MAX : w->until);
    w->open = complete ? NULL : e;
    w->done += complete;
    return complete;
}

/* Moves some of what is aside into the file. */
static void write_aside(struct rdb_writer *w)
{
    struct tape *t = &w->aside_tape;
    rdb_output_flush(&w->aside.out);
    w->main.out.failed |= w->aside.out.failed;
    struct tape_cursor cursor = tape_seek(t, w->aside_at);
    struct slice slice;
    if (tape_peek(t, &cursor, &slice, 1) > 0) {
        size_t room = w->until - rdb_output_size(&w->main.out);
        if (slice.size > room) slice.size = room;
        rdb_put_raw(&w->main.out, slice);
        w->aside_at += (int64_t)slice.size;
        tape_trim(t, w->aside_at);
    }
    if (has_aside(w)) return;
    w->main.db = w->aside.db;
    w->aside.db = -1;
}

/* ---- the writer ------------------------------------------------------------------------------------------------ */

struct rdb_writer *rdb_writer_open(struct memory *m, struct keyspace *ks, struct tape *out,
                                   const struct rdb_info *info)
{
    struct rdb_writer *w = memory_alloc_zero(m, sizeof *w);
    if (!w) return NULL;
    w->sink.entry = write_entry;
    w->memory = m;
    w->keyspace = ks;
    if (info->access) w->access = *info->access;
    w->idle = info->access && info->idle;
    w->frequency = info->access && info->frequency;
    tape_init(&w->aside_tape, m, 0);
    rdb_output_init(&w->main.out, m, out, info->checksum);
    rdb_output_init(&w->aside.out, m, &w->aside_tape, false);
    w->main.out.plain = w->aside.out.plain = info->plain;
    w->main.db = w->aside.db = -1;
    w->databases = keyspace_databases(ks);
    w->sized = memory_alloc_zero(m, (size_t)w->databases * sizeof *w->sized);
    write_header(w, info);
    bool ready = w->sized && !w->main.out.buffer.failed;
    if (ready && !info->bare) w->view = view_open(ks, &w->sink);
    if (!ready || (!w->view && !info->bare)) {
        rdb_writer_close(w);
        return NULL;
    }
    for (int db = 0; w->view && db < w->databases; db++) w->total += view_size(w->view, db);
    return w;
}

int rdb_writer_step(struct rdb_writer *w, size_t budget)
{
    struct rdb_output *o = &w->main.out;
    w->until = rdb_output_size(o) + budget;
    while (!w->complete && !o->failed && rdb_output_size(o) < w->until) {
        if (!w->open && has_aside(w))
            write_aside(w);
        else if (!w->view || !view_step(w->view, VIEW_BUDGET))
            write_end(w);
    }
    rdb_output_flush(o);
    return o->failed ? -1 : !w->complete;
}

size_t rdb_writer_held(const struct rdb_writer *w)
{
    return (size_t)(w->aside_tape.end - w->aside_at) + w->aside.out.buffer.size;
}

void rdb_writer_progress(const struct rdb_writer *w, size_t *done, size_t *total)
{
    *done = w->done;
    *total = w->total;
}

int64_t rdb_writer_due_us(const struct rdb_writer *w, int64_t key_us)
{
    size_t next = w->done + VIEW_BUDGET < w->total ? w->done + VIEW_BUDGET : w->total;
    return key_us > 0 ? (int64_t)next * key_us : 0;
}

void rdb_writer_close(struct rdb_writer *w)
{
    if (!w) return;
    if (w->view) view_close(w->view);
    memory_free(w->memory, w->sized, (size_t)w->databases * sizeof *w->sized);
    rdb_output_free(&w->main.out);
    rdb_output_free(&w->aside.out);
    tape_free(&w->aside_tape);
    memory_free(w->memory, w, sizeof *w);
}
