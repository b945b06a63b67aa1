/* backup_fixture.h: for the specs and the fuzzer of backups: one made of RDB data, and one read.
 *
 * SPDX-License-Identifier: MIT */
#ifndef BACKUP_FIXTURE_H
#define BACKUP_FIXTURE_H

#include <stdlib.h>

#include "persist/backup.h"

enum { BACKUP_FIXTURE_OFFSET = 123456789 };

static inline struct backup_info backup_fixture_info(void)
{
    return (struct backup_info){.replid = "8371445ee67c5dba92ef9e1cf3b0d247b9a01c6f",
                                .offset = BACKUP_FIXTURE_OFFSET,
                                .created_ms = 1700000000123};
}

/* Feeds RDB data in pieces of `step` bytes. NULL, or what was wrong. */
static inline const char *backup_fixture_make(struct memory *m, bool plain, struct slice rdb, size_t step,
                                              struct bytes *out)
{
    struct backup_writer w;
    struct backup_info info = backup_fixture_info();
    const char *wrong = NULL;
    backup_writer_init(&w, m, plain);
    for (size_t at = 0; at < rdb.size && !wrong; at += step) {
        size_t size = rdb.size - at < step ? rdb.size - at : step;
        wrong = backup_writer_feed(&w, slice_of(rdb.data + at, size), out);
    }
    if (!wrong) wrong = backup_writer_finish(&w, &info, out);
    backup_writer_free(&w);
    return wrong;
}

/* Gives the reader what it wants, each piece in a block of exactly its size. Its problem goes to `problem`, 160 bytes. */
static inline enum backup_verdict backup_fixture_read(struct memory *m, struct slice file,
                                                      struct backup_info *info, char *problem)
{
    struct backup_reader r;
    int64_t offset;
    size_t size;
    enum backup_verdict verdict = BACKUP_MORE;
    backup_reader_init(&r, m, (int64_t)file.size);
    while (backup_reader_wants(&r, &offset, &size)) {
        if (offset < 0 || size > BACKUP_READ_MAX || (uint64_t)offset + size > file.size) abort();
        char *piece = malloc(size > 0 ? size : 1);
        if (!piece) abort();
        if (size > 0) memcpy(piece, file.data + offset, size);
        verdict = backup_reader_feed(&r, slice_of(piece, size));
        free(piece);
    }
    *info = r.info;
    text_copy(problem, sizeof r.problem, r.problem);
    backup_reader_free(&r);
    return verdict;
}

#endif
