/* recover.c: one step after the other, each over one file. See recover.h.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/recover.h"

#include <inttypes.h>
#include <stdio.h>

#include "persist/file_reader.h"
#include "persist/journal_read.h"

enum { ERROR_MAX = 440, PATH_MAX_SIZE = DISK_NAME_MAX + 1 };

enum step {
    STEP_MANIFEST,
    STEP_SNAPSHOT, /* an RDB file: the snapshot, or the journal's base */
    STEP_LOOK,     /* an increment is looked over */
    STEP_REST,     /* …something is wrong with it: is it damage or a torn tail? */
    STEP_LOAD,     /* an increment is handed out */
    STEP_ENDED
};

struct recover {
    struct recover_options options;
    struct recover_found found;
    enum step step;
    enum recover_event ended;
    struct file_reader file;
    bool reading; /* `file` is open */
    struct rdb_reader *rdb;
    struct journal_reader log;
    size_t at;        /* the file of the manifest that is looked at */
    size_t stop_at;   /* where the end is: file of the manifest, */
    int64_t stop;     /* place in it */
    bool stopped;     /* it has been found before the end of everything */
    bool beyond;      /* what is wanted has been passed, within the present frame */
    int64_t base_log; /* where the requests in the base begin; -1: it has none */
    bool met;         /* options.base: the increments have been where it was made */
    bool foreign;     /* requests were loaded that are nobody's history: Redis's */
    struct journal_origin
        start;             /* where the first increment begins, as the base says; offset -1: it does not */
    int64_t fed;           /* bytes of the file that the reader has been given */
    size_t searched;       /* of log.input: STEP_REST */
    char wrong[ERROR_MAX]; /* …what is wrong with it */
    int64_t progress, total;
    struct recover_request request;
    char error[ERROR_MAX];
};

struct recover *recover_new(const struct recover_options *options)
{
    struct recover *r = memory_alloc_zero(options->memory, sizeof *r);
    if (!r) return NULL;
    r->options = *options;
    r->start.offset = -1;
    r->found.position = r->found.first_offset = r->base_log = -1;
    r->step = options->journal ? STEP_MANIFEST : STEP_SNAPSHOT;
    manifest_init(&r->found.manifest, options->memory);
    journal_reader_init(&r->log, options->memory, options->bulk_max);
    return r;
}

static void close_file(struct recover *r)
{
    if (r->reading) {
        r->found.doubted |= r->file.doubted;
        file_reader_close(&r->file);
    }
    r->reading = false;
}

void recover_free(struct recover *r)
{
    if (!r) return;
    close_file(r);
    rdb_reader_free(r->rdb);
    journal_reader_free(&r->log);
    manifest_free(&r->found.manifest);
    memory_free(r->options.memory, r, sizeof *r);
}

static enum recover_event end(struct recover *r, enum recover_event how)
{
    close_file(r);
    r->step = STEP_ENDED;
    return r->ended = how;
}

static enum recover_event fail(struct recover *r, const char *why)
{
    snprintf(r->error, sizeof r->error, "%s: %.180s", r->file.name, why);
    return end(r, RECOVER_FAILED);
}

static void open_file(struct recover *r, const char *file, int64_t position)
{
    char path[2 * PATH_MAX_SIZE];
    bool other = r->step == STEP_SNAPSHOT && r->options.base;
    bool inside = (r->found.journal || r->step == STEP_MANIFEST) && !other && !r->found.single;
    snprintf(path, sizeof path, "%s%s%s", inside ? r->options.directory : "", inside ? "/" : "", file);
    file_reader_open(&r->file, r->options.disk, path, position);
    if (inside && r->options.settle && r->step != STEP_LOAD) file_reader_settle(&r->file);
    r->reading = true;
    r->fed = position;
}

/* The next piece of the open file. RECOVER_MORE: `piece` has it, an empty one at the file's end. */
static enum recover_event next_piece(struct recover *r, struct slice *piece)
{
    *piece = slice_of("", 0);
    switch (file_reader_next(&r->file, piece)) {
    case FILE_READER_WAIT: return RECOVER_WAIT;
    case FILE_READER_PIECE_READ:
    case FILE_READER_END: return RECOVER_MORE;
    case FILE_READER_MISSING: return fail(r, "it is named in the manifest, but there is no such file");
    case FILE_READER_FAILED: break;
    }
    return fail(r, r->file.error);
}

/* ---- steps: which comes next ------------------------------------------------------------------------------------ */

/* Increments, and what follows the RDB file in a base (an older Redis's). */
static bool has_requests(const struct recover *r, const struct manifest_file *file)
{
    return file->type == MANIFEST_INCR || (file->type == MANIFEST_BASE && r->base_log >= 0);
}

/* The next increment at or after `at`; manifest.count: there is none. */
static size_t find_increment(const struct recover *r, size_t at)
{
    const struct manifest *m = &r->found.manifest;
    while (at < m->count && !has_requests(r, &m->files[at])) at++;
    return at;
}

static void step_to(struct recover *r, enum step step, size_t at)
{
    close_file(r);
    r->step = step;
    r->at = at;
}

/* Puts the reader where the increments begin. */
static void rewind_log(struct recover *r)
{
    r->log.known = r->start.offset >= 0 && !r->options.base;
    r->log.offset = r->log.known ? r->start.offset : 0;
    r->log.db = r->start.db;
    r->log.time_s = 0;
}

/* A base that is not the journal's own was made in the middle of an increment: what precedes it is passed over, to where
 * it was made. */
static void meet_base(struct recover *r)
{
    const struct journal_reader *l = &r->log;
    if (l->known && l->offset == r->start.offset && strcmp(l->origin.replid, r->start.replid) == 0)
        r->met = true;
}

/* Before that. */
static bool passes_over(const struct recover *r) { return r->options.base && !r->met; }

static enum recover_event never_met(struct recover *r)
{
    char why[160];
    snprintf(why, sizeof why,
             "it does not go on from offset %" PRId64 " of history %s, where the base was made",
             r->start.offset, r->start.replid);
    return fail(r, why);
}

static enum recover_event after_base(struct recover *r)
{
    if (!r->found.journal) return end(r, RECOVER_DONE);
    rewind_log(r);
    size_t first = find_increment(r, 0);
    if (first == r->found.manifest.count) return r->options.base ? never_met(r) : end(r, RECOVER_DONE);
    step_to(r, STEP_LOOK, first);
    return RECOVER_MORE;
}

static enum recover_event after_look(struct recover *r)
{
    size_t next = find_increment(r, r->at + 1);
    if (r->stopped || next == r->found.manifest.count) {
        r->total = r->progress;
        r->progress = r->found.base_size;
        rewind_log(r);
        step_to(r, STEP_LOAD, find_increment(r, 0));
    } else {
        step_to(r, STEP_LOOK, next);
    }
    return RECOVER_MORE;
}

static bool is_last(const struct recover *r)
{
    return find_increment(r, r->at + 1) == r->found.manifest.count;
}

/* ---- the manifest ----------------------------------------------------------------------------------------------- */

static void free_snapshot(struct recover *r)
{
    rdb_reader_free(r->rdb);
    r->rdb = NULL;
}

/* Neither a manifest nor the one file of an older Redis. */
static enum recover_event no_journal(struct recover *r)
{
    free_snapshot(r);
    manifest_free(&r->found.manifest);
    r->found.journal = r->found.single = r->found.anything = false;
    if (!r->options.snapshot) return end(r, RECOVER_DONE);
    step_to(r, STEP_SNAPSHOT, 0);
    return RECOVER_MORE;
}

/* Up to Redis 6 a journal is one file, beside the snapshot: it is read as a base without increments. */
static enum recover_event no_manifest(struct recover *r)
{
    if (r->options.base) return no_journal(r);
    if (!manifest_add(&r->found.manifest, MANIFEST_BASE, 1, r->options.journal))
        return fail(r, "out of memory");
    r->found.journal = r->found.single = r->found.anything = true;
    step_to(r, STEP_SNAPSHOT, 0);
    return RECOVER_MORE;
}

/* The journal's base is missing. A Redis 7 that was stopped while it took over such a file has named it already. */
static enum recover_event no_base(struct recover *r)
{
    if (r->found.single) return no_journal(r);
    if (strcmp(r->found.manifest.files[r->at].name, r->options.journal) != 0)
        return fail(r, "it is named in the manifest, but there is no such file");
    free_snapshot(r);
    r->found.single = true;
    step_to(r, STEP_SNAPSHOT, r->at);
    return RECOVER_MORE;
}

static enum recover_event parse_manifest(struct recover *r, struct slice text)
{
    int line;
    const char *wrong = manifest_parse(&r->found.manifest, text, &line);
    r->found.journal = true;
    if (wrong) {
        char why[160];
        snprintf(why, sizeof why, "line %d: %s", line, wrong);
        return fail(r, why);
    }
    r->found.anything = true;
    const struct manifest_file *base = manifest_base(&r->found.manifest);
    if (r->options.base) {
        step_to(r, STEP_SNAPSHOT, 0);
        return RECOVER_MORE;
    }
    if (!base) return after_base(r);
    step_to(r, STEP_SNAPSHOT, (size_t)(base - r->found.manifest.files));
    return RECOVER_MORE;
}

static enum recover_event read_manifest(struct recover *r)
{
    struct slice piece = slice_of("", 0);
    char name[PATH_MAX_SIZE];
    if (!r->reading) {
        snprintf(name, sizeof name, "%.240s.manifest", r->options.journal);
        open_file(r, name, 0);
    }
    switch (file_reader_next(&r->file, &piece)) {
    case FILE_READER_WAIT: return RECOVER_WAIT;
    case FILE_READER_MISSING: return no_manifest(r);
    case FILE_READER_FAILED: return fail(r, r->file.error);
    case FILE_READER_PIECE_READ:
        if (r->log.input.size + piece.size > MANIFEST_SIZE_MAX)
            return fail(r, "it is too large for a manifest");
        if (!journal_reader_feed(&r->log, piece)) return fail(r, "out of memory");
        return RECOVER_MORE;
    case FILE_READER_END: break;
    }
    enum recover_event event = parse_manifest(r, bytes_slice(&r->log.input));
    journal_reader_begin(&r->log, 0);
    return event;
}

/* ---- RDB files -------------------------------------------------------------------------------------------------- */

static bool begin_snapshot(struct recover *r)
{
    struct rdb_read_options options = {.memory = r->options.memory,
                                       .keyspace = r->options.keyspace,
                                       .access = r->options.access,
                                       .bulk_max = r->options.bulk_max};
    const char *own =
        r->found.journal && !r->options.base ? r->found.manifest.files[r->at].name : r->options.snapshot;
    open_file(r, r->options.base ? r->options.base : own, 0);
    r->rdb = rdb_reader_new(&options);
    return r->rdb != NULL;
}

/* `more`: something follows in the file. */
static enum recover_event snapshot_complete(struct recover *r, bool more)
{
    const struct rdb_read_info *info = rdb_reader_info(r->rdb);
    struct recover_found *f = &r->found;
    f->anything = true;
    f->keys = info->keys;
    f->expired = info->expired;
    f->first_time_s = f->last_time_s = info->created_s;
    if (info->offset >= 0 && info->replid[0] != '\0') {
        memcpy(f->replid, info->replid, sizeof f->replid);
        memcpy(f->names, info->names, sizeof f->names);
        f->offset = f->first_offset = r->start.offset = info->offset;
        f->db = r->start.db = info->stream_db < 0 ? 0 : info->stream_db;
        memcpy(r->start.replid, info->replid, sizeof r->start.replid);
    }
    f->size = rdb_reader_offset(r->rdb);
    if (f->journal) f->base_size = f->size;
    if (r->options.base) {
        if (f->replid[0] == '\0')
            return fail(r, "it does not say at which offset of which history it was made");
        return after_base(r);
    }
    if (f->journal && more) r->base_log = f->base_size;
    return after_base(r);
}

/* The base is one without an RDB file (aof-use-rdb-preamble no): `piece` is its beginning, empty when it is. */
static bool is_log(const struct recover *r, struct slice piece)
{
    if (!r->found.journal || r->options.base || r->progress > 0) return false;
    const char *name = r->found.manifest.files[r->at].name, *end = strrchr(name, '.');
    if (piece.size == 0) return !end || strcmp(end, ".rdb") != 0;
    return piece.data[0] == '*' || piece.data[0] == '#';
}

static enum recover_event read_snapshot(struct recover *r)
{
    struct slice piece = slice_of("", 0);
    size_t used;
    if (!r->reading && !begin_snapshot(r)) return fail(r, "out of memory");
    switch (file_reader_next(&r->file, &piece)) {
    case FILE_READER_WAIT: return RECOVER_WAIT;
    case FILE_READER_MISSING:
        if (r->found.journal && !r->options.base) return no_base(r);
        if (r->found.journal) return fail(r, "there is no such file");
        return end(r, RECOVER_DONE);
    case FILE_READER_FAILED: return fail(r, r->file.error);
    case FILE_READER_END:
        if (!is_log(r, piece)) return fail(r, "the file ends before its end mark");
        break;
    case FILE_READER_PIECE_READ: break;
    }
    if (is_log(r, piece)) {
        r->base_log = 0;
        return after_base(r);
    }
    int more = rdb_reader_feed(r->rdb, piece.data, piece.size, &used);
    r->progress += (int64_t)used;
    if (more < 0) return fail(r, rdb_reader_error(r->rdb));
    return more > 0 ? RECOVER_MORE : snapshot_complete(r, used < piece.size);
}

/* ---- increments are looked over ---------------------------------------------------------------------------------- */

static int64_t begin_position(const struct recover *r)
{
    return r->found.manifest.files[r->at].type == MANIFEST_BASE ? r->base_log : 0;
}

static enum recover_event damaged(struct recover *r)
{
    r->found.damaged = true;
    return fail(r, r->wrong);
}

/* Something is wrong with the increment, from log.whole on. */
static enum recover_event look_wrong(struct recover *r, bool ended)
{
    const struct journal_reader *l = &r->log;
    snprintf(r->wrong, sizeof r->wrong, "at offset %" PRId64 ": %s", l->item, l->problem);
    if (l->no_memory) return fail(r, "out of memory");
    if (!is_last(r) || (!l->framed && !ended)) return damaged(r);
    r->step = STEP_REST;
    r->searched = l->at;
    return RECOVER_MORE;
}

static enum recover_event look_complete(struct recover *r)
{
    const struct journal_reader *l = &r->log;
    r->stop_at = r->at;
    r->stop = l->whole.position;
    r->found.size += r->fed;
    /* what Redis has added is not framed, and a beginning that was torn is none: the next base makes all of it ours */
    r->found.position = l->whole_frames > 0 && !l->foreign ? l->whole.position : -1;
    return after_look(r);
}

static void open_requests(struct recover *r)
{
    open_file(r, r->found.manifest.files[r->at].name, begin_position(r));
    journal_reader_begin(&r->log, r->fed);
}

/* What has been read is in order. True: the end that is wanted has been passed. */
static bool look_whole(struct recover *r)
{
    if (!r->beyond) r->stop = r->log.whole.position;
    r->stopped = r->found.stopped = r->beyond;
    return r->stopped;
}

/* After a request that may be the last one that is wanted. */
static void look_step(struct recover *r)
{
    const struct recover_options *o = &r->options;
    const struct journal_reader *l = &r->log;
    struct recover_found *f = &r->found;
    if (f->first_time_s == 0) f->first_time_s = l->time_s;
    if (l->time_s > 0) f->last_time_s = l->time_s;
    f->timed += l->time_s > 0;
    r->beyond = r->beyond || l->offset > o->to_offset || l->time_s > o->to_time_s;
    if (!r->beyond && !l->within) r->stop = l->step.position;
}

static enum recover_event look(struct recover *r)
{
    struct slice piece;
    if (!r->reading) {
        open_requests(r);
        r->stop_at = r->at;
        r->stop = r->fed;
    }
    for (;;) {
        enum journal_event event = journal_reader_next(&r->log);
        if (event == JOURNAL_BAD) return look_wrong(r, false);
        if (event == JOURNAL_MORE) break;
        if (event == JOURNAL_REQUEST) look_step(r);
        if (event == JOURNAL_ORIGIN && r->found.first_offset < 0)
            r->found.first_offset = r->log.origin.offset;
        if (event == JOURNAL_WHOLE && look_whole(r)) return after_look(r);
    }
    enum recover_event event = next_piece(r, &piece);
    if (event != RECOVER_MORE) return event;
    r->fed += (int64_t)piece.size;
    r->progress += (int64_t)piece.size;
    if (piece.size > 0) return journal_reader_feed(&r->log, piece) ? RECOVER_MORE : fail(r, "out of memory");
    return journal_reader_ends(&r->log) ? look_complete(r) : look_wrong(r, true);
}

/* The rest of an increment with something wrong: when a frame in it says that what is wrong was durable, it is damage. */
static enum recover_event look_at_rest(struct recover *r)
{
    struct slice piece;
    struct journal_reader *l = &r->log;
    if (journal_find_durable(bytes_slice(&l->input), &r->searched, l->whole.offset)) return damaged(r);
    l->at = r->searched;
    enum recover_event event = next_piece(r, &piece);
    if (event != RECOVER_MORE) return event;
    r->fed += (int64_t)piece.size;
    if (piece.size > 0) {
        if (!journal_reader_feed(l, piece)) return fail(r, "out of memory");
        r->searched = l->at;
        return RECOVER_MORE;
    }
    if (!r->options.cut) {
        r->found.ends_early = true;
        return fail(r, r->wrong);
    }
    r->found.cut = r->fed - l->whole.position;
    snprintf(r->found.torn, sizeof r->found.torn, "%.90s: %.100s", r->file.name, r->wrong);
    r->fed = l->whole.position;
    return look_complete(r);
}

/* ---- increments are handed out ----------------------------------------------------------------------------------- */

static enum recover_event load_complete(struct recover *r)
{
    if (passes_over(r)) return never_met(r);
    const struct journal_reader *l = &r->log;
    struct recover_found *f = &r->found;
    if (r->foreign)
        f->replid[0] = '\0';
    else if (l->known)
        f->offset = l->offset;
    f->db = l->db;
    return end(r, RECOVER_DONE);
}

static enum recover_event hand_out(struct recover *r)
{
    const struct journal_reader *l = &r->log;
    r->foreign = r->foreign || l->foreign;
    r->request = (struct recover_request){.argc = l->resp.argc,
                                          .argv = l->resp.argv,
                                          .raw = l->raw,
                                          .applies = l->applies,
                                          .counts = l->counts && l->known && !r->foreign,
                                          .db = l->db};
    return RECOVER_REQUEST;
}

static enum recover_event next_increment(struct recover *r)
{
    if (r->at == r->stop_at) return load_complete(r);
    step_to(r, STEP_LOAD, find_increment(r, r->at + 1));
    return RECOVER_MORE;
}

static bool load_at_end(const struct recover *r)
{
    return r->at == r->stop_at && r->log.step.position >= r->stop;
}

static enum recover_event load(struct recover *r)
{
    struct slice piece;
    if (!r->reading) open_requests(r);
    for (;;) {
        if (load_at_end(r)) return load_complete(r);
        enum journal_event event = journal_reader_next(&r->log);
        if (event == JOURNAL_MORE) break;
        if (passes_over(r) && (event == JOURNAL_REQUEST || event == JOURNAL_ORIGIN)) {
            meet_base(r);
            if (!r->met && r->log.offset > r->start.offset) return never_met(r);
            if (event == JOURNAL_REQUEST) continue;
        }
        if (event == JOURNAL_REQUEST) return hand_out(r);
        if (event == JOURNAL_ORIGIN) {
            memcpy(r->found.replid, r->log.origin.replid, sizeof r->found.replid);
            return RECOVER_ORIGIN;
        }
        if (event == JOURNAL_BAD) { /* it was in order a moment ago */
            snprintf(r->wrong, sizeof r->wrong, "at offset %" PRId64 ": %s", r->log.item, r->log.problem);
            return fail(r, r->log.no_memory ? "out of memory" : r->wrong);
        }
    }
    enum recover_event event = next_piece(r, &piece);
    if (event != RECOVER_MORE) return event;
    r->progress += (int64_t)piece.size;
    if (piece.size == 0) return next_increment(r);
    return journal_reader_feed(&r->log, piece) ? RECOVER_MORE : fail(r, "out of memory");
}

/* ---- the way through --------------------------------------------------------------------------------------------- */

enum recover_event recover_next(struct recover *r)
{
    switch (r->step) {
    case STEP_MANIFEST: return read_manifest(r);
    case STEP_SNAPSHOT: return read_snapshot(r);
    case STEP_LOOK: return look(r);
    case STEP_REST: return look_at_rest(r);
    case STEP_LOAD: return load(r);
    case STEP_ENDED: break;
    }
    return r->ended;
}

void recover_reject(struct recover *r, const char *why)
{
    snprintf(r->wrong, sizeof r->wrong, "at offset %" PRId64 ": %.120s", r->log.item, why);
    fail(r, r->wrong);
}

const struct recover_request *recover_request(const struct recover *r) { return &r->request; }

const struct journal_origin *recover_origin(const struct recover *r) { return &r->log.origin; }

const struct recover_found *recover_found(const struct recover *r) { return &r->found; }

const char *recover_error(const struct recover *r) { return r->error; }

int64_t recover_progress(const struct recover *r, int64_t *total)
{
    *total = r->total;
    return r->progress;
}
