/* hash_counters.c: fields of hashes as numbers: HINCRBY, HINCRBYFLOAT. */
#include <math.h>

#include "base/number.h"
#include "command/hashes.h"
#include "store/hash.h"

void run_hincrby(struct exec *x)
{
    bool ok;
    int64_t increment, value = 0, sum;
    char text[NUMBER_INT_MAX];
    struct slice old;
    struct packed_digits digits;
    if (!exec_int(x, 3, &increment)) return;
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_HASH, &ok);
    if (!ok) return;
    if (e && hash_get(e, x->argv[2], &old, &digits) && !number_parse_int(old, &value)) {
        reply_error(x->reply, "ERR hash value is not an integer");
        return;
    }
    if (__builtin_add_overflow(value, increment, &sum)) {
        reply_error(x->reply, "ERR increment or decrement would overflow");
        return;
    }
    size_t size = number_format_int(text, sum);
    if (hash_put(x, e, x->argv[2], slice_of(text, size), "hincrby") >= 0) reply_integer(x->reply, sum);
}

/* Logged as HSET of the result, so that no replica has to agree with us about floating point. */
void run_hincrbyfloat(struct exec *x)
{
    bool ok;
    long double increment, value = 0;
    char text[NUMBER_LONG_DOUBLE_MAX];
    struct slice old;
    struct packed_digits digits;
    if (!number_parse_long_double(x->argv[3], &increment)) {
        reply_error(x->reply, "ERR value is not a valid float");
        return;
    }
    if (isinf(increment)) {
        reply_error(x->reply, "ERR value is NaN or Infinity");
        return;
    }
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_HASH, &ok);
    if (!ok) return;
    if (e && hash_get(e, x->argv[2], &old, &digits) && !number_parse_long_double(old, &value)) {
        reply_error(x->reply, "ERR hash value is not a float");
        return;
    }
    value += increment;
    if (isnan(value) || isinf(value)) {
        reply_error(x->reply, "ERR increment would produce NaN or Infinity");
        return;
    }
    struct slice sum = {text, number_format_long_double(text, value)};
    if (hash_put(x, e, x->argv[2], sum, "hincrbyfloat") < 0) return;
    exec_effect_words(x, 4, slice_text("HSET"), x->argv[1], x->argv[2], sum);
    reply_bulk(x->reply, sum);
}
