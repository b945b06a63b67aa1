/* journal_format.h: the lines by which a journal says what its bytes are.
 *
 * A journal is an append-only file of RESP requests, Redis's, and Redis passes over lines in it that begin with '#'.
 * These are ours:
 *
 *   #TL:F <size> <offset> <synced> <crc>     frame: the next `size` bytes went to the disk together. They end at `offset`
 *                                            of the log; when they were written, the journal was durable up to `synced`
 *      *2 $6 SELECT $1 0                     at the beginning of a file, so that it also stands alone: not of the log
 *      #TL:O <replid> <offset> <db>          origin: what follows is the history `replid` from `offset` on, and stands at
 *                                            database `db`
 *      *3 $3 SET …                           bytes of the log, each of which moves the offset by one
 *      #TS:1700000000                        Redis's: what follows was written no earlier (unix time); when asked for
 *   #TL:F …                                  the next frame
 *
 * The CRC-64 is of the frame's line up to it, and of its bytes. So damage anywhere is found, and can be told from a tail
 * that was being written when the power went: no frame behind it says that it was durable.
 */
#ifndef TIDELOCK_PERSIST_JOURNAL_FORMAT_H
#define TIDELOCK_PERSIST_JOURNAL_FORMAT_H

#include "base/bytes.h"

enum {
    JOURNAL_REPLID_SIZE = 40,
    JOURNAL_LINE_MAX = 1024,
    JOURNAL_FRAME_MAX = 96 /* bytes of a frame's line */
};

struct journal_origin {
    char replid[JOURNAL_REPLID_SIZE + 1];
    int64_t offset;
    int db;
};

struct journal_frame {
    int64_t size;
    int64_t offset, synced; /* synced -1: nothing was durable */
    uint64_t crc;
    size_t covered; /* bytes of the line that the CRC covers */
};

enum journal_line {
    JOURNAL_LINE_OTHER,
    JOURNAL_LINE_ORIGIN,
    JOURNAL_LINE_FRAME,
    JOURNAL_LINE_TIME,
    JOURNAL_LINE_BAD /* it begins or goes on like one of ours and is none, or has zeros: a sector never written */
};

/* All of these are false when memory is out. */
bool journal_put_origin(struct bytes *out, const struct journal_origin *origin);
bool journal_put_select(struct bytes *out, int db);
bool journal_put_time(struct bytes *out, int64_t unix_s);
/* The line of a frame up to its CRC, into `line` (room for JOURNAL_FRAME_MAX); its length. */
size_t journal_begin_frame(char *line, const struct journal_frame *frame);
/* …and the rest of it, behind that. The line's length. */
size_t journal_end_frame(char *line, size_t size, uint64_t crc);

/* What a line that begins with '#' is, its end ("\r\n") not included. */
enum journal_line journal_parse_line(struct slice line, struct journal_origin *origin,
                                     struct journal_frame *frame, int64_t *time_s);

#endif
