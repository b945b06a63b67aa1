/* backup.h: a backup: an RDB file that redis-server loads, and behind it a trailer that covers every byte of it.
 *
 *      "REDIS0010"  aux tidelock-backup 1  { … }  EOF  crc64  |  crc64 of each block …  |  footer
 *      '------------------ the body: RDB data -------------'     '------ the trailer ---------'
 *
 * The body is what a server gave, but for two things: the first aux field says that this is a backup, so that a trailer
 * has to be there; and the checksum at its end is always there. Whoever reads RDB files passes over the aux field, and
 * stops before the trailer.
 *
 * The trailer has a CRC-64 of every block of BACKUP_BLOCK bytes of the body, so that damage is not only found but found
 * where it is. The footer, at the very end, has a fixed size (numbers are little-endian):
 *
 *       0  16  "tidelock-backup1"          32  8  replication offset, -1: not known
 *      16   8  bytes of the body           40  8  when it was made, unix ms
 *      24   8  bytes of a block            48 40  replication id, zeros: not known
 *                                          88  8  CRC-64 of the blocks' checksums and the footer before this
 *
 * So a byte that changed anywhere is found: in the body by its block's checksum, behind it by the footer's, in the
 * footer's own by itself. A file that was cut, or that something was added to, has no footer at its end where its
 * first aux field says that there is one.
 *
 * Leaves out: files (whoever drives reads and writes them), and what the RDB data say (persist/rdb_read.h).
 */
#ifndef TIDELOCK_PERSIST_BACKUP_H
#define TIDELOCK_PERSIST_BACKUP_H

#include "base/bytes.h"

enum {
    BACKUP_BLOCK = 64 * 1024,
    BACKUP_FOOTER_SIZE = 96,
    BACKUP_HEAD_SIZE = 28, /* of a body, up to and with the mark */
    BACKUP_READ_MAX = 1024 * 1024
};

struct backup_info {
    char replid[41]; /* "": not known */
    int64_t offset;  /* -1: not known */
    int64_t created_ms;
    int64_t body; /* bytes; the writer fills it in */
};

/* ---- writing: RDB data in pieces of any size go in, the file comes out ---- */

struct backup_writer {
    struct memory *memory;
    bool plain;         /* makes an RDB file of a backup's body, instead: no mark, no trailer */
    bool begun;         /* the head has been written */
    struct bytes tail;  /* what came last: its last 8 bytes may be the checksum */
    struct bytes index; /* checksums of the blocks that are complete */
    uint64_t source_crc, crc, block_crc;
    int64_t body;
    char last; /* byte written */
};

void backup_writer_init(struct backup_writer *w, struct memory *m, bool plain);
void backup_writer_free(struct backup_writer *w);
/* Appends to `out` what the file gets for this piece. NULL, or what is wrong. */
const char *backup_writer_feed(struct backup_writer *w, struct slice piece, struct bytes *out);
/* Everything has been fed: appends the end. NULL, or what is wrong: the data are not a whole RDB file, or their own
 * checksum says that they have changed on the way. */
const char *backup_writer_finish(struct backup_writer *w, struct backup_info *info, struct bytes *out);

/* ---- reading: it says which bytes of the file it wants, and then what they are worth ---- */

enum backup_verdict {
    BACKUP_MORE,    /* it wants more */
    BACKUP_GOOD,    /* every byte is as it was written */
    BACKUP_DAMAGED, /* problem says what is wrong and where */
    BACKUP_NONE,    /* this is no backup */
    BACKUP_NO_MEMORY
};

struct backup_reader {
    struct backup_info
        info; /* once the trailer has been read: BACKUP_GOOD, or BACKUP_DAMAGED with `trusted` */
    bool trusted;
    char problem[160];
    /* private */
    struct memory *memory;
    enum backup_step { BACKUP_HEAD, BACKUP_FOOTER, BACKUP_INDEX, BACKUP_BODY, BACKUP_ENDED } step;
    enum backup_verdict verdict;
    int64_t size, at; /* of the file; where it reads on */
    bool marked;
    struct bytes index;
    char footer[BACKUP_FOOTER_SIZE];
    int64_t damaged_from, damaged_to, damaged_blocks;
};

/* `size`: bytes of the file. */
void backup_reader_init(struct backup_reader *r, struct memory *m, int64_t size);
void backup_reader_free(struct backup_reader *r);
/* The bytes it wants next: `size` of them, at most BACKUP_READ_MAX, from `offset` on. False: none, it has a verdict. */
bool backup_reader_wants(const struct backup_reader *r, int64_t *offset, size_t *size);
/* Those bytes; fewer: the file has become shorter. */
enum backup_verdict backup_reader_feed(struct backup_reader *r, struct slice piece);

#endif
