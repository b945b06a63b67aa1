/* zset_pops.c: taking the lowest or highest elements out of sorted sets, at once or when there are some; and picking
 * elements at random, and scanning.
 *
 * Effects name what was done: all of these are logged as ZPOPMIN or ZPOPMAX, ZMPOP with the number of elements it took.
 */
#include "base/number.h"
#include "command/block.h"
#include "command/notify.h"
#include "command/sample.h"
#include "command/scan.h"
#include "command/zsets.h"

/* ---- popping ---- */

/* How the answer of a pop looks. */
enum pop_form {
    POP_FLAT,     /* member, score, … */
    POP_PAIRS,    /* [member, score], … */
    POP_WITH_KEY, /* key, member, score */
    POP_KEY_PAIRS /* key, [[member, score], …] */
};

static void reply_pop_header(struct exec *x, struct slice key, size_t count, enum pop_form form)
{
    int64_t n = (int64_t)count;
    if (form == POP_FLAT || form == POP_PAIRS) {
        reply_array(x->reply, form == POP_FLAT ? 2 * n : n);
        return;
    }
    reply_array(x->reply, form == POP_WITH_KEY ? 2 * n + 1 : 2);
    reply_bulk(x->reply, key);
    if (form == POP_KEY_PAIRS) reply_array(x->reply, n);
}

/* Answers with the first or last `count` elements (there are so many) and takes them out. */
static void pop(struct exec *x, struct slice key, struct entry *e, size_t count, bool max, enum pop_form form)
{
    struct edit edit;
    struct zset_walk w;
    size_t size = zset_count(e);
    reply_pop_header(x, key, count, form);
    zset_walk_begin(&w, e, max ? size - 1 : 0, max);
    for (size_t left = count; left > 0; left--, zset_walk_next(&w)) {
        if (form == POP_PAIRS || form == POP_KEY_PAIRS) reply_array(x->reply, 2);
        reply_bulk(x->reply, w.member);
        reply_real(x->reply, w.score);
    }
    edit_begin(&edit, x->keyspace, x->db, key, e, VALUE_ZSET);
    zset_take_ranks(&edit, (struct zset_ranks){max ? size - count : 0, count});
    zset_edited(x, &edit, key, (int64_t)count, max ? "zpopmax" : "zpopmin");
}

static void effect_pop(struct exec *x, struct slice key, bool max, size_t count)
{
    char digits[NUMBER_INT_MAX];
    struct slice words[3] = {slice_text(max ? "ZPOPMAX" : "ZPOPMIN"), key, {NULL, 0}};
    if (count > 0) words[2] = slice_of(digits, number_format_int(digits, (int64_t)count));
    exec_effect(x, count > 0 ? 3 : 2, words);
}

static size_t at_most(int64_t wanted, size_t size) { return (uint64_t)wanted < size ? (size_t)wanted : size; }

static void pop_from_one(struct exec *x, bool max)
{
    bool ok;
    int64_t count = 1;
    if (x->argc > 3) {
        exec_syntax_error(x);
        return;
    }
    if (x->argc == 3 &&
        !exec_int_within(x, 2, 0, INT64_MAX, &count, "ERR value is out of range, must be positive"))
        return;
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_ZSET, &ok);
    if (!ok) return;
    bool pairs = x->argc == 3 && x->reply->protocol > 2;
    if (e && count > 0)
        pop(x, x->argv[1], e, at_most(count, zset_count(e)), max, pairs ? POP_PAIRS : POP_FLAT);
    else
        reply_array(x->reply, 0);
}

void run_zpopmin(struct exec *x) { pop_from_one(x, false); }

void run_zpopmax(struct exec *x) { pop_from_one(x, true); }

/* ---- from the first of several keys that has something ---- */

/* The first of the keys that has elements. NULL: none has, or (*ok false) something else is there, which was replied. */
static struct entry *find_zset(struct exec *x, int first, int64_t keys, struct slice *key, bool *ok)
{
    *ok = true;
    for (int64_t i = first; i < first + keys; i++) {
        if (!block_looks_at(x, x->argv[i])) continue;
        *key = x->argv[i];
        struct entry *e = exec_write_type(x, *key, VALUE_ZSET, ok);
        if (e || !*ok) return e;
    }
    return NULL;
}

static void pop_or_wait(struct exec *x, bool max)
{
    bool ok;
    struct slice key;
    struct block_request wait = {.type = VALUE_ZSET, .first = 1, .keys = x->argc - 2};
    if (!block_read_timeout(x, x->argc - 1, &wait.timeout_ms)) return;
    struct entry *e = find_zset(x, 1, x->argc - 2, &key, &ok);
    if (e) {
        pop(x, key, e, 1, max, POP_WITH_KEY);
        effect_pop(x, key, max, 0);
    } else if (ok && !block_on(x, &wait)) {
        reply_null_array(x->reply);
    }
}

void run_bzpopmin(struct exec *x) { pop_or_wait(x, false); }

void run_bzpopmax(struct exec *x) { pop_or_wait(x, true); }

/* What follows the keys of ZMPOP: MIN or MAX, COUNT. False: an error, which was replied. */
static bool read_pop_options(struct exec *x, int at, bool *max, int64_t *count)
{
    *count = -1;
    *max = exec_is(x, at, "MAX");
    bool good = *max || exec_is(x, at, "MIN");
    for (int i = at + 1; good && i < x->argc; i += 2) {
        good = *count == -1 && exec_is(x, i, "COUNT") && i + 1 < x->argc;
        if (good && !exec_int_within(x, i + 1, 1, INT64_MAX, count, "ERR count should be greater than 0"))
            return false;
    }
    if (!good) exec_syntax_error(x);
    if (*count == -1) *count = 1;
    return good;
}

/* ZMPOP and BZMPOP, whose number of keys is argument `at`. */
static void pop_many(struct exec *x, int at, struct block_request *wait)
{
    bool ok, max;
    int64_t keys, count;
    struct slice key;
    if (!exec_int_within(x, at, 1, INT64_MAX, &keys, "ERR numkeys should be greater than 0")) return;
    if (keys >= x->argc - at - 1) {
        exec_syntax_error(x);
        return;
    }
    if (!read_pop_options(x, at + 1 + (int)keys, &max, &count)) return;
    if (wait && !block_read_timeout(x, 1, &wait->timeout_ms)) return;
    struct entry *e = find_zset(x, at + 1, keys, &key, &ok);
    if (e) {
        size_t wanted = at_most(count, zset_count(e));
        pop(x, key, e, wanted, max, POP_KEY_PAIRS);
        effect_pop(x, key, max, wanted);
        return;
    }
    if (!ok) return;
    if (wait) wait->keys = (int)keys;
    if (!wait || !block_on(x, wait)) reply_null_array(x->reply);
}

void run_zmpop(struct exec *x) { pop_many(x, 1, NULL); }

void run_bzmpop(struct exec *x)
{
    struct block_request wait = {.type = VALUE_ZSET, .first = 3};
    pop_many(x, 2, &wait);
}

/* ---- ZRANDMEMBER ---- */

static void reply_rank(struct exec *x, const struct entry *e, size_t rank, bool scores)
{
    struct zset_walk w;
    zset_walk_begin(&w, e, rank, false);
    zset_reply_element(x, &w, scores);
}

/* The whole set is walked from its end, as Redis does. */
static void reply_walked(struct exec *x, const struct entry *e, uint64_t count, bool scores)
{
    struct zset_walk w;
    size_t size = zset_count(e);
    struct sample sample = {count, size};
    zset_reply_header(x, count, scores);
    for (zset_walk_begin(&w, e, size - 1, true); !w.over; zset_walk_next(&w))
        if (sample_takes(&sample, x->random)) zset_reply_element(x, &w, scores);
}

/* Few of many: ranks are drawn and kept in order, each new one counted past those that are taken (after Floyd's
 * algorithm, which never draws in vain). */
static void reply_drawn(struct exec *x, const struct entry *e, size_t count, bool scores)
{
    size_t size = zset_count(e), taken = 0;
    size_t *ranks = memory_alloc(x->memory, count * sizeof *ranks);
    if (!ranks) {
        exec_no_memory(x);
        return;
    }
    for (size_t j = size - count; j < size; j++) {
        size_t rank = (size_t)random_below(x->random, j + 1), at = 0;
        while (at < taken && ranks[at] != rank) at++;
        ranks[taken] = at < taken ? j : rank;
        taken++;
    }
    zset_reply_header(x, count, scores);
    for (size_t i = 0; i < count; i++) reply_rank(x, e, ranks[i], scores);
    memory_free(x->memory, ranks, count * sizeof *ranks);
}

static void reply_sample(struct exec *x, const struct entry *e, uint64_t count, bool repeat, bool scores)
{
    enum { DRAWN_MAX = 64 }; /* drawing takes the square of that many comparisons */
    size_t size = zset_count(e);
    if (repeat) {
        zset_reply_header(x, count, scores);
        for (; count > 0; count--) reply_rank(x, e, (size_t)random_below(x->random, size), scores);
    } else if (count >= size) {
        reply_walked(x, e, size, scores);
    } else if (count == 0) {
        reply_array(x->reply, 0);
    } else if (count <= DRAWN_MAX) {
        reply_drawn(x, e, (size_t)count, scores);
    } else {
        reply_walked(x, e, count, scores);
    }
}

void run_zrandmember(struct exec *x)
{
    bool ok, repeat = false, scores = x->argc > 3;
    uint64_t count = 1;
    if (x->argc > 2) {
        bool known = x->argc == 3 || (x->argc == 4 && exec_is(x, 3, "WITHSCORES"));
        if (!sample_read_count(x, 2, scores && known, &count, &repeat)) return;
        if (!known) {
            exec_syntax_error(x);
            return;
        }
    }
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_ZSET, &ok);
    if (!ok) return;
    if (x->argc > 2 && e) {
        if (sample_allowed(x, count, repeat)) reply_sample(x, e, count, repeat, scores);
    } else if (x->argc > 2) {
        reply_array(x->reply, 0);
    } else if (e) {
        reply_rank(x, e, (size_t)random_below(x->random, zset_count(e)), false);
    } else {
        reply_null(x->reply);
    }
}

/* ---- ZSCAN ---- */

void run_zscan(struct exec *x) { scan_collection(x, VALUE_ZSET, zset_scan, true); }
