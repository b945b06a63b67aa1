/* file_reader.h: one file from its beginning to its end, a piece at a time, read ahead of whoever takes the pieces. */
#ifndef TIDELOCK_PERSIST_FILE_READER_H
#define TIDELOCK_PERSIST_FILE_READER_H

#include "persist/disk.h"

enum { FILE_READER_PIECE = 256 * 1024 };

enum file_reader_result {
    FILE_READER_WAIT, /* for the disk */
    FILE_READER_PIECE_READ,
    FILE_READER_END,
    FILE_READER_MISSING,
    FILE_READER_FAILED /* `error` says why */
};

struct file_reader {
    struct disk *disk;
    char name[DISK_NAME_MAX + 1];
    char error[128];
    bool doubted; /* it was to be settled, and was not: the disk may have less than what is read */
    /* private */
    struct disk_op *piece; /* handed out last */
    int64_t asked;         /* where the next read begins */
    int asking;            /* reads under way */
    bool settling;         /* a DISK_SETTLE is, before them */
    bool ended;            /* a read came back short */
};

/* Begins with `name`, `offset` bytes into it. The reader must not move while it is in use. */
void file_reader_open(struct file_reader *r, struct disk *d, const char *name, int64_t offset);
/* Has the file settled (DISK_SETTLE) before it is read. Right after file_reader_open; an earlier process wrote it. */
void file_reader_settle(struct file_reader *r);
/* The next piece, good until the next call. Never an empty one. */
enum file_reader_result file_reader_next(struct file_reader *r, struct slice *piece);
/* Lets go of what was asked for; may be opened again. */
void file_reader_close(struct file_reader *r);

#endif
