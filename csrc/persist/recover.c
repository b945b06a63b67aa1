/* recover.c: from the files to the keyspace.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/recover.h"

#include <stdio.h>

#include "persist/file_reader.h"

enum { ERROR_MAX = 440 };

struct recover {
    struct recover_options options;
    struct recover_found found;
    struct file_reader file;
    struct rdb_reader *rdb;
    enum recover_event ended; /* RECOVER_DONE or RECOVER_FAILED; RECOVER_MORE: not yet */
    int64_t progress;
    char error[ERROR_MAX];
};

struct recover *recover_new(const struct recover_options *options)
{
    struct recover *r = memory_alloc_zero(options->memory, sizeof *r);
    if (!r) return NULL;
    r->options = *options;
    r->ended = RECOVER_MORE;
    struct rdb_read_options rdb = {
        .memory = options->memory, .keyspace = options->keyspace, .bulk_max = options->bulk_max};
    r->rdb = rdb_reader_new(&rdb);
    if (!r->rdb) {
        memory_free(options->memory, r, sizeof *r);
        return NULL;
    }
    file_reader_open(&r->file, options->disk, options->snapshot);
    return r;
}

void recover_free(struct recover *r)
{
    if (!r) return;
    file_reader_close(&r->file);
    rdb_reader_free(r->rdb);
    memory_free(r->options.memory, r, sizeof *r);
}

static enum recover_event end(struct recover *r, enum recover_event how) { return r->ended = how; }

static enum recover_event fail(struct recover *r, const char *why)
{
    snprintf(r->error, sizeof r->error, "%s: %s", r->file.name, why);
    return end(r, RECOVER_FAILED);
}

static enum recover_event complete(struct recover *r)
{
    const struct rdb_read_info *info = rdb_reader_info(r->rdb);
    r->found.anything = true;
    r->found.keys = info->keys;
    if (info->offset >= 0 && info->replid[0] != '\0') {
        memcpy(r->found.replid, info->replid, sizeof r->found.replid);
        r->found.offset = info->offset;
        r->found.db = info->stream_db < 0 ? 0 : info->stream_db;
    }
    file_reader_close(&r->file);
    return end(r, RECOVER_DONE);
}

static enum recover_event feed(struct recover *r, struct slice piece)
{
    size_t used;
    int more = rdb_reader_feed(r->rdb, piece.data, piece.size, &used);
    r->progress += (int64_t)used;
    if (more < 0) return fail(r, rdb_reader_error(r->rdb));
    return more > 0 ? RECOVER_MORE : complete(r);
}

enum recover_event recover_next(struct recover *r)
{
    struct slice piece;
    if (r->ended != RECOVER_MORE) return r->ended;
    switch (file_reader_next(&r->file, &piece)) {
    case FILE_READER_WAIT: return RECOVER_WAIT;
    case FILE_READER_PIECE_READ: return feed(r, piece);
    case FILE_READER_MISSING: return end(r, RECOVER_DONE);
    case FILE_READER_END: return fail(r, "the file ends before its end mark");
    case FILE_READER_FAILED: break;
    }
    return fail(r, r->file.error);
}

const struct recover_found *recover_found(const struct recover *r) { return &r->found; }

const char *recover_error(const struct recover *r) { return r->error; }

int64_t recover_progress(const struct recover *r) { return r->progress; }
