/* counters.c: strings as numbers: INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT. */
#include <math.h>

#include "base/number.h"
#include "command/access.h"
#include "command/notify.h"
#include "command/strings.h"

/* What is the same about every counter that has been set. */
static void counted(struct exec *x, bool is_new, struct entry *e, const char *event)
{
    if (is_new) {
        access_created(x, e);
        exec_notify(x, NOTIFY_NEW, "new", x->argv[1]);
    }
    x->changes++;
    exec_notify(x, NOTIFY_STRING, event, x->argv[1]);
}

static void add(struct exec *x, int64_t increment)
{
    bool ok;
    int64_t value = 0, sum;
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_STRING, &ok);
    if (!ok) return;
    if (e && !entry_integer(e, &value)) {
        struct entry_text text;
        if (!number_parse_int(entry_string(e, &text), &value)) {
            reply_error(x->reply, "ERR value is not an integer or out of range");
            return;
        }
    }
    if (__builtin_add_overflow(value, increment, &sum)) {
        reply_error(x->reply, "ERR increment or decrement would overflow");
        return;
    }
    struct entry *now = keyspace_set_integer(x->keyspace, x->db, x->argv[1], sum, KEYSPACE_KEEP_TTL);
    if (!now) {
        exec_no_memory(x);
        return;
    }
    counted(x, !e, now, "incrby");
    reply_integer(x->reply, sum);
}

void run_incr(struct exec *x) { add(x, 1); }

void run_decr(struct exec *x) { add(x, -1); }

void run_incrby(struct exec *x)
{
    int64_t increment;
    if (exec_int(x, 2, &increment)) add(x, increment);
}

void run_decrby(struct exec *x)
{
    int64_t decrement;
    if (!exec_int(x, 2, &decrement)) return;
    if (decrement == INT64_MIN)
        reply_error(x->reply, "ERR decrement would overflow");
    else
        add(x, -decrement);
}

static bool read_real(struct exec *x, struct slice text, long double *value)
{
    if (number_parse_long_double(text, value)) return true;
    reply_error(x->reply, "ERR value is not a valid float");
    return false;
}

/* Logged as SET of the result, so that no replica has to agree with us about floating point. */
void run_incrbyfloat(struct exec *x)
{
    bool ok;
    long double value = 0, increment;
    struct entry_text text;
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_STRING, &ok);
    if (!ok || (e && !read_real(x, entry_string(e, &text), &value))) return;
    if (!read_real(x, x->argv[2], &increment)) return;
    value += increment;
    if (isnan(value) || isinf(value)) {
        reply_error(x->reply, "ERR increment would produce NaN or Infinity");
        return;
    }
    char digits[NUMBER_LONG_DOUBLE_MAX];
    struct slice sum = {digits, number_format_long_double(digits, value)};
    struct entry *now = keyspace_set_string(x->keyspace, x->db, x->argv[1], sum, KEYSPACE_KEEP_TTL);
    if (!now) {
        exec_no_memory(x);
        return;
    }
    counted(x, !e, now, "incrbyfloat");
    exec_effect_words(x, 4, slice_text("SET"), x->argv[1], sum, slice_text("KEEPTTL"));
    reply_bulk(x->reply, sum);
}
