/* reader.h: reads requests: RESP arrays of bulk strings and inline commands, push-style, bounded.
 *
 * The owner keeps the input in one buffer and calls resp_read_request with all of it that is not consumed yet. The
 * reader remembers how far it has got, so a request that arrives in many pieces is not scanned again. When a request
 * is complete its arguments are slices of that buffer (no copies), valid until the buffer changes.
 *
 * What is accepted and what is refused is Redis 7.0's, to the texts of the errors, and so are its leniencies: the two
 * bytes that end a line or a bulk string are skipped unseen once the '\r' of a line is found. After an error the
 * connection cannot go on. The answer never depends on how the input was cut into pieces; where Redis's would (a line
 * longer than `inline_max` that arrives with its end in one read), it is the one for small pieces. A NUL in an inline
 * request is a byte like others (Redis would wait for ever).
 */
#ifndef TIDELOCK_RESP_READER_H
#define TIDELOCK_RESP_READER_H

#include "base/bytes.h"

struct resp_limits {
    int64_t bulk_max;      /* proto-max-bulk-len, bytes; default 512 MiB */
    int64_t arguments_max; /* arguments of a request; Redis 7.0: INT_MAX */
    int64_t inline_max;    /* length of an inline request or of a header line: 64 KiB */
    bool unauthenticated;  /* a password is asked for and was not given: 10 arguments, 16 KiB each, suffice */
};

enum resp_result {
    RESP_INCOMPLETE, /* give more input */
    RESP_REQUEST,    /* a request is in argv/argc; an empty one (argc 0) is to be ignored */
    RESP_BAD         /* `error` says what: the connection is to be closed after telling the client */
};

struct resp_reader {
    struct memory *memory;
    struct resp_limits limits;
    struct slice *argv; /* of the last request, slices of the buffer passed */
    int argc;
    size_t consumed;   /* RESP_REQUEST: bytes this request took, from the start of the buffer */
    bool is_inline;    /* it was an inline request: its bytes are not a RESP array */
    const char *error; /* RESP_BAD: Redis's text without "-ERR " */
    /* private: progress in an incomplete request */
    int64_t expected; /* arguments still to come, -1: header not read */
    int64_t bulk;     /* length of the argument being read, -1: header not read */
    size_t position;  /* where the line or argument being read begins */
    size_t scanned;   /* no end of line before this */
    bool resumed;     /* argv holds offsets, not yet pointers: the buffer may have moved */
    size_t argv_capacity;
    struct bytes unquoted; /* an inline request's arguments, unquoted */
    char error_text[48];
};

void resp_reader_init(struct resp_reader *r, struct memory *m, const struct resp_limits *limits);
void resp_reader_free(struct resp_reader *r);
/* Between requests: gives back the memory that an unusually large request took. */
void resp_reader_trim(struct resp_reader *r);
/* Reads from `data` (everything not consumed; the same bytes as last time, plus more). */
enum resp_result resp_read_request(struct resp_reader *r, const char *data, size_t size);
/* Bytes that the argument being read still lacks (a hint for how much buffer to offer); 0 when unknown. */
size_t resp_reader_wants(const struct resp_reader *r, size_t size);

#endif
