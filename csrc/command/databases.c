/* databases.c: commands on whole databases: DBSIZE, FLUSHDB, FLUSHALL, SWAPDB. */
#include "command/keys.h"

void run_dbsize(struct exec *x) { reply_integer(x->reply, (int64_t)keyspace_size(x->keyspace, x->db)); }

/* ASYNC and SYNC mean the same here: flushing sets the tables aside, and they are freed in slices. A flush of
 * nothing is logged too, as it says what the data is from here on. */
static void flush(struct exec *x, int db)
{
    if (x->argc > 2 || (x->argc == 2 && !exec_is(x, 1, "ASYNC") && !exec_is(x, 1, "SYNC"))) {
        exec_syntax_error(x);
        return;
    }
    size_t gone = keyspace_flush(x->keyspace, db);
    x->changes += gone ? (int64_t)gone : 1;
    x->flushed = db < 0;
    reply_ok(x->reply);
}

void run_flushdb(struct exec *x) { flush(x, x->db); }

void run_flushall(struct exec *x) { flush(x, -1); }

void run_swapdb(struct exec *x)
{
    int64_t ids[2];
    static const char *const errors[2] = {"ERR invalid first DB index", "ERR invalid second DB index"};
    for (int i = 0; i < 2; i++) {
        if (!exec_int_or(x, i + 1, &ids[i], errors[i])) return;
        if (ids[i] >= INT32_MIN && ids[i] <= INT32_MAX) continue;
        reply_error(x->reply, errors[i]);
        return;
    }
    int databases = keyspace_databases(x->keyspace);
    if (ids[0] < 0 || ids[0] >= databases || ids[1] < 0 || ids[1] >= databases) {
        reply_error(x->reply, "ERR DB index is out of range");
        return;
    }
    keyspace_swap(x->keyspace, (int)ids[0], (int)ids[1]);
    x->changes++;
    reply_ok(x->reply);
}
