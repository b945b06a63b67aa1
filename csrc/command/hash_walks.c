/* hash_walks.c: many fields of a hash at once: HGETALL, HKEYS, HVALS, HSCAN, HRANDFIELD. */
#include "command/hashes.h"
#include "command/sample.h"
#include "command/scan.h"
#include "store/hash.h"

enum { FIELDS = 1, VALUES = 2 };

static void reply_pair(struct exec *x, const struct hash_pair *pair, unsigned what)
{
    if (what & FIELDS) reply_bulk(x->reply, pair->field);
    if (what & VALUES) reply_bulk(x->reply, pair->value);
}

static void reply_all(struct exec *x, unsigned what)
{
    bool ok;
    struct hash_walk w = {.begun = false};
    struct hash_pair pair;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_HASH, &ok);
    if (!ok) return;
    int64_t size = e ? (int64_t)hash_size(e) : 0;
    if (what == (FIELDS | VALUES))
        reply_map(x->reply, size);
    else
        reply_array(x->reply, size);
    while (e && hash_walk_next(e, &w, &pair)) reply_pair(x, &pair, what);
}

void run_hgetall(struct exec *x) { reply_all(x, FIELDS | VALUES); }

void run_hkeys(struct exec *x) { reply_all(x, FIELDS); }

void run_hvals(struct exec *x) { reply_all(x, VALUES); }

void run_hscan(struct exec *x) { scan_collection(x, VALUE_HASH, hash_scan, true); }

/* ---- HRANDFIELD ---- */

/* In RESP3 a field and its value are an array of their own. */
static void reply_header(struct exec *x, uint64_t count, bool values)
{
    reply_array(x->reply, (int64_t)(values && x->reply->protocol == 2 ? 2 * count : count));
}

static void reply_field(struct exec *x, const struct hash_pair *pair, bool values)
{
    if (values && x->reply->protocol > 2) reply_array(x->reply, 2);
    reply_pair(x, pair, values ? FIELDS | VALUES : FIELDS);
}

static void reply_repeated(struct exec *x, const struct entry *e, uint64_t count, bool values)
{
    struct hash_pair pair;
    reply_header(x, count, values);
    for (; count > 0; count--) {
        hash_random(e, x->random, &pair);
        reply_field(x, &pair, values);
    }
}

static void reply_walked(struct exec *x, const struct entry *e, uint64_t count, bool values)
{
    struct sample sample = {count, hash_size(e)};
    struct hash_walk w = {.begun = false};
    struct hash_pair pair;
    reply_header(x, count, values);
    while (hash_walk_next(e, &w, &pair))
        if (sample_takes(&sample, x->random)) reply_field(x, &pair, values);
}

/* Draws into a table, which keeps the values too. */
static void reply_drawn(struct exec *x, const struct entry *e, uint64_t count, bool values)
{
    struct field_table drawn;
    struct field_walk w = {0};
    struct hash_pair pair;
    int result = 0;
    field_table_init(&drawn, true, (uint64_t[2]){random_next(x->random), random_next(x->random)});
    while (result >= 0 && drawn.size < count) {
        hash_random(e, x->random, &pair);
        result = field_table_set(x->memory, &drawn, pair.field, pair.value);
    }
    if (result < 0) {
        exec_no_memory(x);
    } else {
        reply_header(x, count, values);
        while (field_walk_next(&drawn, &w, &pair.field, &pair.value)) reply_field(x, &pair, values);
    }
    while (field_table_drain(x->memory, &drawn, SIZE_MAX)) {}
}

static void random_fields(struct exec *x, const struct entry *e, uint64_t count, bool repeat, bool values)
{
    uint64_t size = hash_size(e);
    if (repeat)
        reply_repeated(x, e, count, values);
    else if (count >= size)
        reply_walked(x, e, size, values);
    else if (sample_by_walk(size, count))
        reply_walked(x, e, count, values);
    else
        reply_drawn(x, e, count, values);
}

void run_hrandfield(struct exec *x)
{
    bool ok, repeat = false, values = x->argc > 3;
    uint64_t count = 1;
    struct hash_pair pair;
    if (x->argc > 2) {
        bool known = x->argc == 3 || (x->argc == 4 && exec_is(x, 3, "WITHVALUES"));
        if (!sample_read_count(x, 2, values && known, &count, &repeat)) return;
        if (!known) {
            exec_syntax_error(x);
            return;
        }
    }
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_HASH, &ok);
    if (!ok) return;
    if (x->argc > 2 && e) {
        if (sample_allowed(x, count, repeat)) random_fields(x, e, count, repeat, values);
    } else if (x->argc > 2) {
        reply_array(x->reply, 0);
    } else if (e) {
        hash_random(e, x->random, &pair);
        reply_bulk(x->reply, pair.field);
    } else {
        reply_null(x->reply);
    }
}
