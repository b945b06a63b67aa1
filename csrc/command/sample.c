/* sample.c: choosing elements at random. */
#include "command/sample.h"

/* Few of many: drawing costs a look-up each, and hardly ever meets one it has. Few of a small number: a walk is nothing. */
bool sample_by_walk(size_t size, size_t count)
{
    enum { SMALL = 128 };
    return size <= SMALL || count > size / 3;
}

bool sample_takes(struct sample *s, struct random *r)
{
    if (s->wanted == 0 || random_below(r, s->left--) >= s->wanted) return false;
    s->wanted--;
    return true;
}

bool sample_read_count(struct exec *x, int index, bool pairs, uint64_t *count, bool *repeat)
{
    int64_t value;
    if (!exec_int_within(x, index, -INT64_MAX, INT64_MAX, &value, NULL)) return false;
    *repeat = value < 0;
    *count = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    if (!pairs || *count <= INT64_MAX / 2) return true;
    reply_error(x->reply, "ERR value is out of range");
    return false;
}

bool sample_allowed(struct exec *x, uint64_t count, bool repeat)
{
    if (!repeat || count <= SAMPLE_REPEATS_MAX) return true;
    reply_error(x->reply, "ERR value is out of range");
    return false;
}
