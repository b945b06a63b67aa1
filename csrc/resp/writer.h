/* writer.h: replies and requests as RESP bytes. */
#ifndef TIDELOCK_RESP_WRITER_H
#define TIDELOCK_RESP_WRITER_H

#include "base/bytes.h"
#include "command/reply.h"

/* A `struct reply` that writes RESP2 or RESP3 (reply.protocol) to the end of `out`. Out of memory shows as
 * out->failed. */
struct resp_writer {
    struct reply reply;
    struct bytes *out;
};

void resp_writer_init(struct resp_writer *w, struct bytes *out, int protocol);

/* A request: array of bulk strings. */
bool resp_write_request(struct bytes *out, int argc, const struct slice *argv);
/* Its size without writing it. */
size_t resp_request_size(int argc, const struct slice *argv);

#endif
