/* block.c: see block.h. */
#include "command/block.h"

#include <math.h>

#include "base/number.h"

bool block_on(struct exec *x, const struct block_request *request)
{
    if (!x->block) return false;
    *x->block = *request;
    x->block->wanted = true;
    return true;
}

/* Redis reads it as a long double and rounds up to milliseconds; what is too large for those ends up negative. */
bool block_read_timeout(struct exec *x, int index, int64_t *timeout_ms)
{
    long double seconds, ms;
    if (!number_parse_long_double(x->argv[index], &seconds)) {
        reply_error(x->reply, "ERR timeout is not a float or out of range");
        return false;
    }
    ms = ceill(seconds * 1000);
    if (!(ms >= 0 && ms < 0x1p63L)) {
        reply_error(x->reply, "ERR timeout is negative");
        return false;
    }
    *timeout_ms = (int64_t)ms;
    return true;
}
