/* scan.c: walking over a database: KEYS, SCAN, RANDOMKEY.
 *
 * One step of the table's scan gathers entries; only then are they looked at, because hiding an expired key
 * on a primary deletes it.
 */
#include "command/scan.h"
#include "base/glob.h"
#include "command/access.h"
#include "command/keys.h"

/* ---- gathering ---- */

/* Entries in the order of the scan; a NULL has been ruled out. */
struct gathered {
    struct bytes storage;
    const struct scan_options *options;
};

static void gather(void *context, struct entry *e)
{
    struct gathered *g = context;
    bytes_append(&g->storage, &e, sizeof e);
}

static void gather_wanted(void *context, struct entry *e)
{
    const struct gathered *g = context;
    if (scan_wants(g->options, entry_key(e))) gather(context, e);
}

static size_t gathered_count(const struct gathered *g) { return g->storage.size / sizeof(struct entry *); }

static struct entry **gathered_at(const struct gathered *g, size_t i)
{
    return (struct entry **)(void *)g->storage.data + i;
}

static void gathered_init(struct exec *x, struct gathered *g, const struct scan_options *o)
{
    bytes_init(&g->storage, x->memory);
    g->options = o;
}

/* Replies the keys of those that are left. */
static void reply_gathered(struct exec *x, const struct gathered *g)
{
    int64_t left = 0;
    for (size_t i = 0; i < gathered_count(g); i++)
        if (*gathered_at(g, i)) left++;
    reply_array(x->reply, left);
    for (size_t i = 0; i < gathered_count(g); i++)
        if (*gathered_at(g, i)) reply_bulk(x->reply, entry_key(*gathered_at(g, i)));
}

static void set_pattern(struct scan_options *o, struct slice pattern)
{
    bool all = pattern.size == 1 && pattern.data[0] == '*';
    o->pattern = all ? slice_of(NULL, 0) : slice_of(pattern.size > 0 ? pattern.data : "", pattern.size);
}

/* ---- KEYS ---- */

/* Leaves out what has expired, and leaves it where it is. */

void run_keys(struct exec *x)
{
    struct gathered g;
    struct scan_options o = {.count = 10};
    uint64_t cursor = 0;
    set_pattern(&o, x->argv[1]);
    gathered_init(x, &g, &o);
    do cursor = keyspace_scan(x->keyspace, x->db, cursor, gather_wanted, &g);
    while (cursor != 0 && !g.storage.failed);
    if (g.storage.failed) {
        exec_no_memory(x);
    } else {
        for (size_t i = 0; i < gathered_count(&g); i++)
            if (!x->from_primary && entry_expired(*gathered_at(&g, i), x->now_ms)) *gathered_at(&g, i) = NULL;
        reply_gathered(x, &g);
    }
    bytes_free(&g.storage);
}

/* ---- SCAN ---- */

/* As strtoul reads it: an optional sign, digits, nothing else; empty is 0. */
static bool parse_cursor(struct slice text, uint64_t *cursor)
{
    size_t i = 0;
    bool negative = text.size > 0 && text.data[0] == '-';
    if (text.size > 0 && (negative || text.data[0] == '+')) i++;
    if (i == 1 && text.size == 1) return false;
    *cursor = 0;
    for (; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        if (__builtin_mul_overflow(*cursor, (uint64_t)10, cursor)) return false;
        if (__builtin_add_overflow(*cursor, (uint64_t)(text.data[i] - '0'), cursor)) return false;
    }
    if (negative) *cursor = 0 - *cursor;
    return true;
}

bool scan_read_cursor(struct exec *x, int index, uint64_t *cursor)
{
    if (parse_cursor(x->argv[index], cursor)) return true;
    reply_error(x->reply, "ERR invalid cursor");
    return false;
}

bool scan_read_options(struct exec *x, int first, bool typed, struct scan_options *o)
{
    *o = (struct scan_options){.count = 10};
    for (int i = first; i < x->argc; i += 2) {
        bool more = i + 1 < x->argc;
        if (exec_is(x, i, "COUNT") && more) {
            if (!exec_int(x, i + 1, &o->count)) return false;
            more = o->count >= 1;
        } else if (exec_is(x, i, "MATCH") && more) {
            set_pattern(o, x->argv[i + 1]);
        } else if (typed && exec_is(x, i, "TYPE") && more) {
            o->type = x->argv[i + 1];
        } else {
            more = false;
        }
        if (!more) {
            exec_syntax_error(x);
            return false;
        }
    }
    return true;
}

bool scan_wants(const struct scan_options *o, struct slice name)
{
    return !o->pattern.data || glob_match(o->pattern, name, false);
}

void scan_reply_cursor(struct exec *x, uint64_t cursor)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + cursor % 10);
        cursor /= 10;
    } while (cursor != 0);
    reply_bulk(x->reply, slice_of(digits + at, sizeof digits - at));
}

/* COUNT bounds the work, not the answer: that many entries, or ten times as many buckets of a sparse
 * table. */
static uint64_t scan_some(struct exec *x, const struct scan_options *o, uint64_t cursor, struct gathered *g)
{
    int64_t buckets = o->count > INT64_MAX / 10 ? INT64_MAX : o->count * 10;
    do cursor = keyspace_scan(x->keyspace, x->db, cursor, gather, g);
    while (cursor != 0 && !g->storage.failed && --buckets > 0 && gathered_count(g) < (uint64_t)o->count);
    return cursor;
}

void run_scan(struct exec *x)
{
    struct scan_options o;
    struct gathered g;
    uint64_t cursor;
    if (!scan_read_cursor(x, 1, &cursor) || !scan_read_options(x, 2, true, &o)) return;
    gathered_init(x, &g, &o);
    cursor = scan_some(x, &o, cursor, &g);
    if (g.storage.failed) {
        exec_no_memory(x);
        bytes_free(&g.storage);
        return;
    }
    for (size_t i = 0; i < gathered_count(&g); i++) {
        struct entry **e = gathered_at(&g, i);
        bool typed = !o.type.data || slice_is_word(o.type, entry_type_name(entry_type(*e)));
        if (!typed || !scan_wants(&o, entry_key(*e)) || exec_hidden(x, x->db, *e)) *e = NULL;
    }
    reply_array(x->reply, 2);
    scan_reply_cursor(x, cursor);
    reply_gathered(x, &g);
    bytes_free(&g.storage);
}

/* ---- RANDOMKEY ---- */

/* On a replica expired keys stay, so the search gives up after some tries and answers with one. */
void run_randomkey(struct exec *x)
{
    enum { TRIES = 100 };
    struct entry *e = keyspace_random(x->keyspace, x->db, x->random);
    for (int tries = TRIES; e; e = keyspace_random(x->keyspace, x->db, x->random)) {
        bool last_try = x->replica && --tries == 0;
        if (last_try || !exec_hidden(x, x->db, e)) break;
    }
    if (e)
        reply_bulk(x->reply, entry_key(e));
    else
        reply_null(x->reply);
}
