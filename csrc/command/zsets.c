/* zsets.c: members of sorted sets: ZADD, ZINCRBY, ZREM, ZCARD, ZSCORE, ZMSCORE, ZRANK, ZREVRANK.
 *
 * The effect of all of these is the command as it was given: sums of doubles are the same everywhere.
 */
#include "command/zsets.h"

#include <math.h>

#include "base/number.h"
#include "command/access.h"
#include "command/notify.h"

/* ---- edits ---- */

void zset_edited(struct exec *x, struct edit *edit, struct slice key, int64_t changes, const char *event)
{
    if (changes == 0) {
        edit_cancel(edit);
        return;
    }
    edit_end(edit);
    x->changes += changes;
    exec_notify(x, NOTIFY_ZSET, event, key);
    if (zset_count(edit->entry) > 0) return;
    keyspace_delete(x->keyspace, x->db, key);
    exec_notify(x, NOTIFY_GENERIC, "del", key);
}

void zset_publish(struct exec *x, struct edit *draft, struct slice key, const char *event)
{
    if (!draft->entry) {
        if (exec_write(x, key) && keyspace_delete(x->keyspace, x->db, key)) {
            x->changes++;
            exec_notify(x, NOTIFY_GENERIC, "del", key);
        }
        reply_integer(x->reply, 0);
        return;
    }
    exec_notify_if_new(x, key);
    struct entry *e = edit_publish(draft, x->db);
    if (!e) {
        edit_discard(draft);
        exec_no_memory(x);
        return;
    }
    access_created(x, e);
    x->changes++;
    exec_notify(x, NOTIFY_ZSET, event, key);
    reply_integer(x->reply, (int64_t)zset_count(e));
}

/* ---- ZADD ---- */

enum add_option {
    ADD_NX = 1 << 0,
    ADD_XX = 1 << 1,
    ADD_GT = 1 << 2,
    ADD_LT = 1 << 3,
    ADD_CH = 1 << 4,
    ADD_INCR = 1 << 5
};

struct add {
    unsigned options;
    int first; /* the argument that is the first score */
    int64_t added, updated;
    bool done;     /* INCR: it was not ruled out … */
    double result; /* … and this is the score now */
};

static void read_add_options(const struct exec *x, struct add *a)
{
    static const char *const words[] = {"NX", "XX", "GT", "LT", "CH", "INCR"};
    enum { WORDS = sizeof words / sizeof words[0] };
    for (; a->first < x->argc; a->first++) {
        int word = 0;
        while (word < WORDS && !exec_is(x, a->first, words[word])) word++;
        if (word == WORDS) return;
        a->options |= 1u << word;
    }
}

/* What is wrong with the options, NULL: nothing. */
static const char *bad_add_options(const struct exec *x, const struct add *a)
{
    unsigned o = a->options;
    int words = x->argc - a->first;
    bool nx = o & ADD_NX, gt = o & ADD_GT, lt = o & ADD_LT;
    if (words == 0 || words % 2 != 0) return "ERR syntax error";
    if (nx && o & ADD_XX) return "ERR XX and NX options at the same time are not compatible";
    if ((gt && nx) || (lt && nx) || (gt && lt))
        return "ERR GT, LT, and/or NX options at the same time are not compatible";
    if (o & ADD_INCR && words > 2) return "ERR INCR option supports a single increment-element pair";
    return NULL;
}

enum add_result { ADD_DONE, ADD_NOT_A_NUMBER, ADD_NO_MEMORY };

/* Adds or updates one member. */
static enum add_result add_one(struct edit *edit, struct add *a, double score, struct slice member)
{
    unsigned o = a->options;
    struct zset_place place = zset_look_up(edit->entry, member);
    if (place.found) {
        if (o & ADD_NX) return ADD_DONE;
        if (o & ADD_INCR) score += place.score;
        if (isnan(score)) return ADD_NOT_A_NUMBER;
        if ((o & ADD_LT && score >= place.score) || (o & ADD_GT && score <= place.score)) return ADD_DONE;
    } else if (o & ADD_XX) {
        return ADD_DONE;
    }
    a->done = true;
    a->result = score;
    if (place.found && score == place.score) return ADD_DONE;
    if (!zset_put(edit, &place, member, score)) return ADD_NO_MEMORY;
    if (place.found)
        a->updated++;
    else
        a->added++;
    return ADD_DONE;
}

/* The scores have been read once, to see that they are numbers; a second time is cheaper than a place to keep them. */
static bool scores_are_numbers(struct exec *x, int first)
{
    double score;
    for (int i = first; i < x->argc; i += 2) {
        if (number_parse_double(x->argv[i], &score)) continue;
        reply_error(x->reply, "ERR value is not a valid float");
        return false;
    }
    return true;
}

/* Memory ran out at argument `end`: what was done until then is what is logged. */
static void effect_part(struct exec *x, int end)
{
    exec_effect_begin(x, end);
    for (int i = 0; i < end; i++) exec_effect_word(x, x->argv[i]);
}

static enum add_result add_all(struct exec *x, struct add *a, struct entry *e)
{
    struct edit edit;
    double score = 0;
    struct slice key = x->argv[1];
    enum add_result result = ADD_DONE;
    edit_begin(&edit, x->keyspace, x->db, key, e, VALUE_ZSET);
    int i = a->first;
    for (; i < x->argc; i += 2) {
        number_parse_double(x->argv[i], &score);
        result = add_one(&edit, a, score, x->argv[i + 1]);
        if (result != ADD_DONE) break;
    }
    int64_t changes = a->added + a->updated;
    if (!e && changes > 0) {
        access_created(x, edit.entry);
        exec_notify(x, NOTIFY_NEW, "new", key);
    }
    zset_edited(x, &edit, key, changes, a->options & ADD_INCR ? "zincr" : "zadd");
    if (result == ADD_NO_MEMORY && changes > 0) effect_part(x, i);
    return result;
}

static void add(struct exec *x, unsigned options)
{
    bool ok;
    struct add a = {.options = options, .first = 2};
    read_add_options(x, &a);
    const char *problem = bad_add_options(x, &a);
    if (problem) {
        reply_error(x->reply, problem);
        return;
    }
    if (!scores_are_numbers(x, a.first)) return;
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_ZSET, &ok);
    if (!ok) return;
    enum add_result result = ADD_DONE;
    if (e || !(a.options & ADD_XX)) result = add_all(x, &a, e);
    if (result == ADD_NOT_A_NUMBER)
        reply_error(x->reply, "ERR resulting score is not a number (NaN)");
    else if (result == ADD_NO_MEMORY)
        exec_no_memory(x);
    else if (!(a.options & ADD_INCR))
        reply_integer(x->reply, a.options & ADD_CH ? a.added + a.updated : a.added);
    else if (a.done)
        reply_real(x->reply, a.result);
    else
        reply_null(x->reply);
}

void run_zadd(struct exec *x) { add(x, 0); }

void run_zincrby(struct exec *x) { add(x, ADD_INCR); }

/* ---- ZREM ---- */

void run_zrem(struct exec *x)
{
    bool ok;
    int64_t removed = 0;
    struct edit edit;
    struct slice key = x->argv[1];
    struct entry *e = exec_write_type(x, key, VALUE_ZSET, &ok);
    if (!e) {
        if (ok) reply_integer(x->reply, 0);
        return;
    }
    edit_begin(&edit, x->keyspace, x->db, key, e, VALUE_ZSET);
    for (int i = 2; i < x->argc; i++) {
        struct zset_place place = zset_look_up(edit.entry, x->argv[i]);
        if (!place.found) continue;
        zset_take(&edit, &place);
        removed++;
    }
    zset_edited(x, &edit, key, removed, "zrem");
    reply_integer(x->reply, removed);
}

/* ---- looking ---- */

void run_zcard(struct exec *x)
{
    bool ok;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_ZSET, &ok);
    if (ok) reply_integer(x->reply, e ? (int64_t)zset_count(e) : 0);
}

static void reply_score(struct exec *x, const struct entry *e, struct slice member)
{
    struct zset_place place = zset_look_up(e, member);
    if (place.found)
        reply_real(x->reply, place.score);
    else
        reply_null(x->reply);
}

void run_zscore(struct exec *x)
{
    bool ok;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_ZSET, &ok);
    if (ok) reply_score(x, e, x->argv[2]);
}

void run_zmscore(struct exec *x)
{
    bool ok;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_ZSET, &ok);
    if (!ok) return;
    reply_array(x->reply, x->argc - 2);
    for (int i = 2; i < x->argc; i++) reply_score(x, e, x->argv[i]);
}

static void reply_rank(struct exec *x, bool reverse)
{
    bool ok;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_ZSET, &ok);
    if (!ok) return;
    struct zset_place place = zset_look_up(e, x->argv[2]);
    if (!place.found) {
        reply_null(x->reply);
        return;
    }
    size_t rank = zset_rank(e, &place);
    reply_integer(x->reply, (int64_t)(reverse ? zset_count(e) - 1 - rank : rank));
}

void run_zrank(struct exec *x) { reply_rank(x, false); }

void run_zrevrank(struct exec *x) { reply_rank(x, true); }
