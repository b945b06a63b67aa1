/* zset_ranges.c: ranges of sorted sets: by rank, score or member, forwards or backwards, with a limit; answered, stored,
 * counted or removed.
 *
 * Every form comes down to a range of ranks (struct zset_ranks).
 */
#include "base/number.h"
#include "command/notify.h"
#include "command/zsets.h"
#include "store/limits.h"

enum range_kind { BY_RANK, BY_SCORE, BY_LEX };

/* A range as it was asked for. */
struct query {
    enum range_kind kind;
    bool reverse, scores;
    int64_t offset, limit;   /* limit negative: none */
    int64_t start, stop;     /* BY_RANK */
    struct zset_range range; /* the others */
};

/* ---- reading bounds ---- */

static bool read_score_bound(struct slice text, struct zset_bound *b)
{
    b->exclusive = text.size > 0 && text.data[0] == '(';
    if (b->exclusive) text = slice_of(text.data + 1, text.size - 1);
    return number_parse_bound(text, &b->score);
}

static bool read_lex_bound(struct slice text, struct zset_bound *b)
{
    if (text.size == 0) return false;
    char kind = text.data[0];
    if (kind == '-' || kind == '+') {
        b->infinite = kind == '-' ? -1 : 1;
        return text.size == 1 || text.data[1] == '\0';
    }
    b->exclusive = kind == '(';
    b->member = slice_of(text.data + 1, text.size - 1);
    return kind == '(' || kind == '[';
}

/* Reads the two bounds at argument `index`. False: an error, which was replied. */
static bool read_bounds(struct exec *x, int index, struct query *q)
{
    if (q->kind == BY_RANK) return exec_int(x, index, &q->start) && exec_int(x, index + 1, &q->stop);
    struct slice min = x->argv[q->reverse ? index + 1 : index], max = x->argv[q->reverse ? index : index + 1];
    bool (*parse)(struct slice text, struct zset_bound * b) =
        q->kind == BY_SCORE ? read_score_bound : read_lex_bound;
    q->range.lexical = q->kind == BY_LEX;
    if (parse(min, &q->range.min) && parse(max, &q->range.max)) return true;
    reply_error(x->reply, q->kind == BY_SCORE ? "ERR min or max is not a float"
                                              : "ERR min or max not valid string range item");
    return false;
}

/* ---- from a query to ranks ---- */

static struct zset_ranks by_rank(const struct query *q, size_t count)
{
    int64_t n = (int64_t)count, start = q->start, stop = q->stop;
    if (start < 0) start += n;
    if (stop < 0) stop += n;
    if (start < 0) start = 0;
    if (stop >= n) stop = n - 1;
    if (start > stop || start >= n) return (struct zset_ranks){0, 0};
    size_t length = (size_t)(stop - start) + 1;
    return (struct zset_ranks){q->reverse ? count - (size_t)start - length : (size_t)start, length};
}

/* Leaves out `offset` elements, counted in the direction of the walk, and keeps at most `limit`. */
static struct zset_ranks limited(const struct query *q, struct zset_ranks r)
{
    uint64_t skipped = q->offset < 0 || (uint64_t)q->offset > r.count ? r.count : (uint64_t)q->offset;
    uint64_t left = r.count - skipped;
    if (q->limit >= 0 && (uint64_t)q->limit < left) left = (uint64_t)q->limit;
    size_t first = q->reverse ? r.first + r.count - skipped - left : r.first + skipped;
    return (struct zset_ranks){first, left};
}

static struct zset_ranks find(const struct entry *e, const struct query *q)
{
    if (q->kind == BY_RANK) return by_rank(q, zset_count(e));
    return limited(q, zset_find_range(e, &q->range));
}

static void walk_ranks(struct zset_walk *w, const struct entry *e, struct zset_ranks r, bool reverse)
{
    zset_walk_begin(w, e, reverse ? r.first + r.count - 1 : r.first, reverse);
}

/* ---- answering ---- */

void zset_reply_header(struct exec *x, size_t count, bool scores)
{
    reply_array(x->reply, (int64_t)(scores && x->reply->protocol == 2 ? 2 * count : count));
}

void zset_reply_element(struct exec *x, const struct zset_walk *w, bool scores)
{
    if (scores && x->reply->protocol > 2) reply_array(x->reply, 2);
    reply_bulk(x->reply, w->member);
    if (scores) reply_real(x->reply, w->score);
}

static void answer(struct exec *x, const struct entry *e, const struct query *q)
{
    struct zset_walk w;
    struct zset_ranks r = find(e, q);
    zset_reply_header(x, r.count, q->scores);
    if (r.count == 0) return;
    walk_ranks(&w, e, r, q->reverse);
    for (; r.count > 0; r.count--, zset_walk_next(&w)) zset_reply_element(x, &w, q->scores);
}

/* Makes a draft of the range. False: memory is out. What is known to become large is so from the start, as in Redis: a
 * small set knows no -0. */
static bool copy_range(struct edit *draft, const struct entry *e, const struct query *q)
{
    static const struct value_limits all_large = {.zset_listpack_entries = 0};
    struct zset_walk w;
    struct zset_ranks r = find(e, q);
    if (r.count == 0) return true;
    if (q->kind == BY_RANK && (int64_t)r.count > draft->limits->zset_listpack_entries)
        draft->limits = &all_large;
    walk_ranks(&w, e, r, q->reverse);
    for (; r.count > 0; r.count--, zset_walk_next(&w)) {
        struct zset_place place = zset_look_up(draft->entry, w.member);
        if (!zset_put(draft, &place, w.member, w.score)) return false;
    }
    return true;
}

static void store(struct exec *x, const struct entry *e, const struct query *q)
{
    struct edit draft;
    edit_draft(&draft, x->keyspace, x->argv[1], VALUE_ZSET, KEYSPACE_NO_TTL);
    if (!e || copy_range(&draft, e, q)) {
        zset_publish(x, &draft, x->argv[1], "zrangestore");
        return;
    }
    edit_discard(&draft);
    exec_no_memory(x);
}

/* ---- the forms of ZRANGE ---- */

/* What a command leaves open for its options to say. */
enum range_form { FORM_FIXED, FORM_OPEN, FORM_STORE };

/* Reads the options from argument `first` on. False: an error, which was replied. */
static bool read_range_options(struct exec *x, int first, enum range_form form, struct query *q)
{
    bool kind_open = form != FORM_FIXED, direction_open = kind_open;
    for (int i = first; i < x->argc; i++) {
        if (form != FORM_STORE && exec_is(x, i, "WITHSCORES")) {
            q->scores = true;
        } else if (exec_is(x, i, "LIMIT") && i + 2 < x->argc) {
            if (!exec_int(x, i + 1, &q->offset) || !exec_int(x, i + 2, &q->limit)) return false;
            i += 2;
        } else if (direction_open && exec_is(x, i, "REV")) {
            q->reverse = true;
            direction_open = false;
        } else if (kind_open && (exec_is(x, i, "BYLEX") || exec_is(x, i, "BYSCORE"))) {
            q->kind = exec_is(x, i, "BYLEX") ? BY_LEX : BY_SCORE;
            kind_open = false;
        } else {
            exec_syntax_error(x);
            return false;
        }
    }
    const char *problem = NULL;
    if (q->limit != -1 && q->kind == BY_RANK)
        problem = "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX";
    else if (q->scores && q->kind == BY_LEX)
        problem = "ERR syntax error, WITHSCORES not supported in combination with BYLEX";
    if (problem) reply_error(x->reply, problem);
    return !problem;
}

static void range(struct exec *x, enum range_kind kind, bool reverse, enum range_form form)
{
    bool ok;
    int source = form == FORM_STORE ? 2 : 1;
    struct query q = {.kind = kind, .reverse = reverse, .limit = -1};
    if (!read_range_options(x, source + 3, form, &q) || !read_bounds(x, source + 1, &q)) return;
    struct entry *e = exec_read_type(x, x->argv[source], VALUE_ZSET, &ok);
    if (!ok) return;
    if (form == FORM_STORE)
        store(x, e, &q);
    else if (e)
        answer(x, e, &q);
    else
        reply_array(x->reply, 0);
}

void run_zrange(struct exec *x) { range(x, BY_RANK, false, FORM_OPEN); }

void run_zrangestore(struct exec *x) { range(x, BY_RANK, false, FORM_STORE); }

void run_zrevrange(struct exec *x) { range(x, BY_RANK, true, FORM_FIXED); }

void run_zrangebyscore(struct exec *x) { range(x, BY_SCORE, false, FORM_FIXED); }

void run_zrevrangebyscore(struct exec *x) { range(x, BY_SCORE, true, FORM_FIXED); }

void run_zrangebylex(struct exec *x) { range(x, BY_LEX, false, FORM_FIXED); }

void run_zrevrangebylex(struct exec *x) { range(x, BY_LEX, true, FORM_FIXED); }

/* ---- counting and removing ---- */

static void count_range(struct exec *x, enum range_kind kind)
{
    bool ok;
    struct query q = {.kind = kind, .limit = -1};
    if (!read_bounds(x, 2, &q)) return;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_ZSET, &ok);
    if (ok) reply_integer(x->reply, e ? (int64_t)find(e, &q).count : 0);
}

void run_zcount(struct exec *x) { count_range(x, BY_SCORE); }

void run_zlexcount(struct exec *x) { count_range(x, BY_LEX); }

static void remove_range(struct exec *x, enum range_kind kind, const char *event)
{
    bool ok;
    struct edit edit;
    struct query q = {.kind = kind, .limit = -1};
    if (!read_bounds(x, 2, &q)) return;
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_ZSET, &ok);
    if (!ok) return;
    struct zset_ranks r = e ? find(e, &q) : (struct zset_ranks){0, 0};
    if (r.count > 0) {
        edit_begin(&edit, x->keyspace, x->db, x->argv[1], e, VALUE_ZSET);
        zset_take_ranks(&edit, r);
        zset_edited(x, &edit, x->argv[1], (int64_t)r.count, event);
    }
    reply_integer(x->reply, (int64_t)r.count);
}

void run_zremrangebyrank(struct exec *x) { remove_range(x, BY_RANK, "zremrangebyrank"); }

void run_zremrangebyscore(struct exec *x) { remove_range(x, BY_SCORE, "zremrangebyscore"); }

void run_zremrangebylex(struct exec *x) { remove_range(x, BY_LEX, "zremrangebylex"); }
