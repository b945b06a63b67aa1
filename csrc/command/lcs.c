/* lcs.c: LCS, the longest common subsequence of two strings.
 *
 * The textbook table: length(i, j) is the length of the longest common subsequence of the first i bytes of
 * `a` and the first j bytes of `b`. Walking back from its last corner gives the subsequence and the ranges
 * that match. The table's size, and with it the time, is bounded by proto-max-bulk-len, as in Redis.
 */
#include "command/strings.h"

struct lcs {
    struct slice a, b;
    uint32_t *table;
    size_t table_size; /* bytes */
};

struct lcs_options {
    bool len, idx, with_length;
    int64_t min_length;
};

/* A range of matching bytes, ends included. */
struct lcs_range {
    size_t a_start, a_end, b_start, b_end;
};

static inline uint32_t *cell(const struct lcs *l, size_t i, size_t j)
{
    return &l->table[i * (l->b.size + 1) + j];
}

/* ---- the table ---- */

static bool make_table(struct exec *x, struct lcs *l)
{
    if (l->a.size >= UINT32_MAX - 1 || l->b.size >= UINT32_MAX - 1) {
        reply_error(x->reply, "ERR String too long for LCS");
        return false;
    }
    uint64_t cells = ((uint64_t)l->a.size + 1) * ((uint64_t)l->b.size + 1);
    if (cells > (uint64_t)x->bulk_max / sizeof *l->table) {
        reply_error(x->reply, "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
        return false;
    }
    l->table_size = (size_t)cells * sizeof *l->table;
    l->table = memory_alloc_zero(x->memory, l->table_size);
    if (!l->table) {
        reply_error(x->reply, "ERR Insufficient memory, failed allocating transient memory for LCS");
        return false;
    }
    for (size_t i = 1; i <= l->a.size; i++) {
        for (size_t j = 1; j <= l->b.size; j++) {
            uint32_t up = *cell(l, i - 1, j), left = *cell(l, i, j - 1);
            bool match = l->a.data[i - 1] == l->b.data[j - 1];
            *cell(l, i, j) = match ? *cell(l, i - 1, j - 1) + 1 : up > left ? up : left;
        }
    }
    return true;
}

/* ---- the ways back ---- */

static void write_subsequence(const struct lcs *l, char *out)
{
    size_t i = l->a.size, j = l->b.size, left = *cell(l, i, j);
    while (i > 0 && j > 0) {
        if (l->a.data[i - 1] == l->b.data[j - 1]) {
            out[--left] = l->a.data[i - 1];
            i--, j--;
        } else if (*cell(l, i - 1, j) > *cell(l, i, j - 1)) {
            i--;
        } else {
            j--;
        }
    }
}

static void reply_range(struct exec *x, const struct lcs_range *r, bool with_length)
{
    reply_array(x->reply, with_length ? 3 : 2);
    reply_array(x->reply, 2);
    reply_integer(x->reply, (int64_t)r->a_start);
    reply_integer(x->reply, (int64_t)r->a_end);
    reply_array(x->reply, 2);
    reply_integer(x->reply, (int64_t)r->b_start);
    reply_integer(x->reply, (int64_t)r->b_end);
    if (with_length) reply_integer(x->reply, (int64_t)(r->a_end - r->a_start + 1));
}

/* Counts the ranges that are long enough, from the last to the first, and replies them too if asked. */
static int64_t walk_ranges(struct exec *x, const struct lcs *l, const struct lcs_options *o, bool reply)
{
    size_t i = l->a.size, j = l->b.size;
    int64_t count = 0;
    while (i > 0 && j > 0) {
        if (l->a.data[i - 1] != l->b.data[j - 1]) {
            if (*cell(l, i - 1, j) > *cell(l, i, j - 1))
                i--;
            else
                j--;
            continue;
        }
        struct lcs_range r = {.a_end = i - 1, .b_end = j - 1};
        while (i > 0 && j > 0 && l->a.data[i - 1] == l->b.data[j - 1]) i--, j--;
        r.a_start = i;
        r.b_start = j;
        if ((int64_t)(r.a_end - r.a_start + 1) < o->min_length) continue;
        if (reply) reply_range(x, &r, o->with_length);
        count++;
    }
    return count;
}

/* ---- the command ---- */

static bool read_options(struct exec *x, struct lcs_options *o)
{
    *o = (struct lcs_options){false, false, false, 0};
    for (int i = 3; i < x->argc; i++) {
        if (exec_is(x, i, "IDX")) {
            o->idx = true;
        } else if (exec_is(x, i, "LEN")) {
            o->len = true;
        } else if (exec_is(x, i, "WITHMATCHLEN")) {
            o->with_length = true;
        } else if (exec_is(x, i, "MINMATCHLEN") && i + 1 < x->argc) {
            if (!exec_int(x, ++i, &o->min_length)) return false;
        } else {
            exec_syntax_error(x);
            return false;
        }
    }
    if (o->idx && o->len) {
        reply_error(x->reply, "ERR If you want both the length and indexes, please just use IDX.");
        return false;
    }
    return true;
}

static void answer(struct exec *x, const struct lcs *l, const struct lcs_options *o)
{
    uint32_t length = *cell(l, l->a.size, l->b.size);
    if (o->idx) {
        reply_map(x->reply, 2);
        reply_bulk_text(x->reply, "matches");
        reply_array(x->reply, walk_ranges(x, l, o, false));
        walk_ranges(x, l, o, true);
        reply_bulk_text(x->reply, "len");
        reply_integer(x->reply, length);
    } else if (o->len) {
        reply_integer(x->reply, length);
    } else {
        char *subsequence = memory_alloc(x->memory, (size_t)length + 1);
        if (!subsequence) {
            exec_no_memory(x);
            return;
        }
        write_subsequence(l, subsequence);
        reply_bulk(x->reply, slice_of(subsequence, length));
        memory_free(x->memory, subsequence, (size_t)length + 1);
    }
}

void run_lcs(struct exec *x)
{
    struct entry_text texts[2];
    struct slice strings[2] = {{"", 0}, {"", 0}};
    struct entry *entries[2];
    for (int i = 0; i < 2; i++) entries[i] = exec_read(x, x->argv[i + 1]);
    for (int i = 0; i < 2; i++) {
        if (entries[i] && entry_type(entries[i]) != VALUE_STRING) {
            reply_error(x->reply, "ERR The specified keys must contain string values");
            return;
        }
        if (entries[i]) strings[i] = entry_string(entries[i], &texts[i]);
    }
    struct lcs_options o;
    struct lcs l = {.a = strings[0], .b = strings[1]};
    if (!read_options(x, &o) || !make_table(x, &l)) return;
    answer(x, &l, &o);
    memory_free(x->memory, l.table, l.table_size);
}
