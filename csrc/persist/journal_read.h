/* journal_read.h: reads one file of a journal after the other, push-style: bytes in, requests and positions out.
 *
 * The same reader serves three ends: to look a file over (is it whole, where does it end), to load it, and to find a
 * point in it. It knows our frames (journal_format.h) and checks them, and takes files that have none: Redis's.
 *
 *   whole   everything before it has been read and is in order, and no transaction is open there
 *
 * `whole` of a framed file stands only at the ends of frames: what is inside of one is in order when all of it is. The
 * owner that applies requests as they come must have looked the file over before.
 */
#ifndef TIDELOCK_PERSIST_JOURNAL_READ_H
#define TIDELOCK_PERSIST_JOURNAL_READ_H

#include "persist/journal_format.h"
#include "resp/reader.h"

enum journal_event {
    JOURNAL_MORE,    /* wants more of the file */
    JOURNAL_REQUEST, /* `argv`, `raw`; `applies`: it changes data, in `db` */
    JOURNAL_ORIGIN,  /* `origin`: from here on it is this history */
    JOURNAL_WHOLE,   /* `whole` has moved */
    JOURNAL_BAD      /* `problem`, at `item` */
};

struct journal_point {
    int64_t position, offset; /* in the file, in the history */
};

struct journal_reader {
    struct memory *memory;
    struct resp_reader resp; /* JOURNAL_REQUEST: argc, argv */
    struct slice raw;        /* …and its bytes */
    bool applies, counts;    /* …it is to be executed; its bytes are the log's */
    bool known;              /* `offset` is one of a history: an origin has been seen, or was given */
    bool framed, foreign;    /* there are frames in this file; there are requests outside of frames */
    bool no_memory;          /* JOURNAL_BAD: it is not the file's fault */
    bool within, begun;      /* private: MULTI …; no request of this file has been read */
    struct journal_origin origin;
    int64_t offset;
    int64_t time_s; /* of the last #TS, 0: none yet */
    struct journal_point whole;
    struct journal_point step; /* behind the last item outside of a transaction, in a frame or not */
    const char *problem;
    int64_t item; /* position of the item that was read last */
    int64_t requests;
    int64_t whole_frames; /* in this file, so far */
    /* private */
    struct bytes input;
    size_t at;         /* read of it */
    int64_t position;  /* in the file, of input.data[0] */
    int64_t frame_end; /* position; 0: outside of frames */
    int64_t frame_offset;
    uint64_t crc, frame_crc;
    int db;
    char text[120];
};

void journal_reader_init(struct journal_reader *r, struct memory *m, int64_t bulk_max);
void journal_reader_free(struct journal_reader *r);
/* What comes next begins a file, `position` bytes into it. Offset, database and time go on from the file before. */
void journal_reader_begin(struct journal_reader *r, int64_t position);
/* More of the file. False when memory is out. Not before JOURNAL_MORE. */
bool journal_reader_feed(struct journal_reader *r, struct slice piece);
enum journal_event journal_reader_next(struct journal_reader *r);
/* At the end of the file: whether it ends where it may, outside of everything. When not: `problem` and `item`. */
bool journal_reader_ends(struct journal_reader *r);

/* Looks in a piece of a file for frames that say that more than `offset` of the log was durable; `*from` is where to go
 * on looking when the piece has grown. For telling damage from a torn tail. */
bool journal_find_durable(struct slice bytes, size_t *from, int64_t offset);

#endif
