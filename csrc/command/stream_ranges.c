/* stream_ranges.c: XRANGE and XREVRANGE. */
#include "command/streams.h"

static void range(struct exec *x, int from_at, int to_at, bool reverse)
{
    struct stream_id from, to;
    int64_t count = -1;
    bool ok;
    if (!stream_read_from(x, from_at, &from) || !stream_read_to(x, to_at, &to)) return;
    for (int i = 4; i < x->argc; i += 2) {
        if (i + 1 == x->argc || !exec_is(x, i, "COUNT")) {
            exec_syntax_error(x);
            return;
        }
        if (!exec_int(x, i + 1, &count)) return;
        if (count < 0) count = 0;
    }
    const struct entry *e = exec_read_type(x, x->argv[1], VALUE_STREAM, &ok);
    if (!ok) return;
    if (!e)
        reply_array(x->reply, 0);
    else if (count == 0)
        reply_null_array(x->reply);
    else
        stream_reply_range(x, stream_of(e), from, to, count < 0 ? UINT64_MAX : (uint64_t)count, reverse);
}

void run_xrange(struct exec *x) { range(x, 2, 3, false); }

void run_xrevrange(struct exec *x) { range(x, 3, 2, true); }
