/* streams.c: XADD, XTRIM, XDEL, XLEN, XSETID.
 *
 * XADD and XTRIM are logged as what they came to: the ID that was given, and for approximate trimming, which depends on
 * where nodes end, the exact equivalent: MAXLEN = the length there is now, MINID = the first ID.
 */
#include "command/streams.h"
#include "base/number.h"
#include "command/notify.h"
#include "store/limits.h"

enum trim_kind { TRIM_NONE, TRIM_MAXLEN, TRIM_MINID };

/* What XADD and XTRIM are told before the ID. */
struct options {
    enum trim_kind kind;
    struct stream_trim trim;
    int threshold; /* which argument is MAXLEN's or MINID's number */
    int limit;     /* which one is LIMIT; 0: there is none */
    bool no_make;  /* NOMKSTREAM */
    /* of XADD */
    int id_at; /* which argument is the ID */
    bool id_given, any_seq;
    struct stream_id id;
};

/* ---- options ---- */

/* "~" or "=" at argument *i, with something behind it. */
static bool is_sign(const struct exec *x, int i, char sign)
{
    return x->argc - i > 1 && slice_equal(x->argv[i], slice_of(&sign, 1));
}

/* MAXLEN or MINID at argument *i, which moves to the number. */
static bool read_threshold(struct exec *x, int *i, enum trim_kind kind, struct options *o)
{
    int64_t length = 0;
    if (o->kind != TRIM_NONE) {
        reply_error(x->reply,
                    "ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
        return false;
    }
    o->trim.approximate = is_sign(x, *i + 1, '~');
    *i += o->trim.approximate || is_sign(x, *i + 1, '=') ? 2 : 1;
    if (kind == TRIM_MAXLEN) {
        if (!exec_int(x, *i, &length)) return false;
        if (length < 0) {
            reply_error(x->reply, "ERR The MAXLEN argument must be >= 0.");
            return false;
        }
    } else if (!stream_read_id(x, *i, STREAM_ID_STRICT, &o->trim.id)) {
        return false;
    }
    o->trim.length = (uint64_t)length;
    o->trim.by_id = kind == TRIM_MINID;
    o->kind = kind;
    o->threshold = *i;
    return true;
}

static bool read_limit(struct exec *x, int *i, struct options *o)
{
    int64_t limit;
    o->limit = (*i)++;
    if (!exec_int(x, *i, &limit)) return false;
    o->trim.limit = (uint64_t)limit;
    if (limit >= 0) return true;
    reply_error(x->reply, "ERR The LIMIT argument must be >= 0.");
    return false;
}

/* How many entries may go at most when LIMIT does not say: a hundred nodes full. Trimming exactly has no limit, and none has
 * what a primary has done. */
static bool settle_limit(struct exec *x, struct options *o)
{
    enum { NODES = 100, LIMIT_DEFAULT = 10000, LIMIT_MAX = 1000000 };
    if (x->from_primary) {
        o->trim.limit = 0;
        return true;
    }
    if (o->limit > 0 && !o->trim.approximate) {
        reply_error(x->reply, "ERR syntax error, LIMIT cannot be used without the special ~ option");
        return false;
    }
    if (o->limit > 0 || !o->trim.approximate) return true;
    int64_t entries = keyspace_limits(x->keyspace)->stream_node_entries;
    uint64_t limit = entries > LIMIT_MAX ? LIMIT_MAX : (uint64_t)entries * NODES;
    if (limit == 0) limit = LIMIT_DEFAULT;
    o->trim.limit = limit > LIMIT_MAX ? LIMIT_MAX : limit;
    return true;
}

/* The ID of XADD, given or "ms-*". */
static bool read_new_id(struct exec *x, int i, struct options *o)
{
    o->id_given = true;
    if (stream_parse_id(x->argv[i], STREAM_ID_ANY_SEQ, 0, &o->id, &o->any_seq)) return true;
    reply_error(x->reply, "ERR Invalid stream ID specified as stream command argument");
    return false;
}

static bool read_options(struct exec *x, bool is_add, struct options *o)
{
    *o = (struct options){.kind = TRIM_NONE};
    int i = 2;
    for (; i < x->argc; i++) {
        bool more = i + 1 < x->argc;
        if (is_add && slice_equal(x->argv[i], slice_text("*"))) break;
        if (more && exec_is(x, i, "MAXLEN")) {
            if (!read_threshold(x, &i, TRIM_MAXLEN, o)) return false;
        } else if (more && exec_is(x, i, "MINID")) {
            if (!read_threshold(x, &i, TRIM_MINID, o)) return false;
        } else if (more && exec_is(x, i, "LIMIT")) {
            if (!read_limit(x, &i, o)) return false;
        } else if (is_add && exec_is(x, i, "NOMKSTREAM")) {
            o->no_make = true;
        } else if (is_add) {
            if (!read_new_id(x, i, o)) return false;
            break;
        } else {
            exec_syntax_error(x);
            return false;
        }
    }
    o->id_at = i;
    if (o->trim.limit > 0 && o->kind == TRIM_NONE) {
        reply_error(x->reply,
                    "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
        return false;
    }
    if (!is_add && o->kind == TRIM_NONE) {
        reply_error(x->reply, "ERR syntax error, XTRIM must be called with a trimming strategy");
        return false;
    }
    return settle_limit(x, o);
}

/* ---- effects ---- */

enum { WORDS_SMALL = 32 };

/* The arguments as they are to be logged. */
struct words {
    struct slice small[WORDS_SMALL], *list;
    struct stream_id_text id, first;
    char length[NUMBER_INT_MAX];
};

static bool words_begin(struct exec *x, struct words *w)
{
    w->list = w->small;
    if (x->argc > WORDS_SMALL) w->list = memory_alloc(x->memory, (size_t)x->argc * sizeof *w->list);
    return w->list != NULL;
}

static void words_end(struct exec *x, struct words *w)
{
    if (w->list != w->small) memory_free(x->memory, w->list, (size_t)x->argc * sizeof *w->list);
}

/* Logs the arguments with the exact trimming, and with this ID (NULL: as it was given). */
static void effect(struct exec *x, struct words *w, const struct options *o, const struct stream *s,
                   const struct stream_id *id)
{
    int n = 0;
    struct stream_id first = s->length > 0 ? s->first_id : STREAM_ID_MAX;
    for (int i = 0; i < x->argc; i++) {
        if (o->limit > 0 && (i == o->limit || i == o->limit + 1)) continue;
        w->list[n] = x->argv[i];
        if (o->trim.approximate && i == o->threshold - 1) w->list[n] = slice_text("=");
        if (o->trim.approximate && i == o->threshold)
            w->list[n] = o->kind == TRIM_MINID
                             ? stream_id_text(first, &w->first)
                             : slice_of(w->length, number_format_uint(w->length, s->length));
        if (id && i == o->id_at) w->list[n] = stream_id_text(*id, &w->id);
        n++;
    }
    exec_effect(x, n, w->list);
}

/* ---- XADD ---- */

/* The ID of the new entry, and whether it is above the last one. */
static bool choose_id(const struct exec *x, const struct options *o, const struct stream *s,
                      struct stream_id *id)
{
    *id = s->last_id;
    if (!o->id_given) {
        if (x->now_ms < 0 || (uint64_t)x->now_ms <= s->last_id.ms) return stream_id_increment(id);
        *id = (struct stream_id){(uint64_t)x->now_ms, 0};
        return true;
    }
    if (!o->any_seq || o->id.ms != s->last_id.ms) {
        *id = o->id;
        return stream_id_compare(o->id, s->last_id) > 0;
    }
    return id->seq < UINT64_MAX && stream_id_increment(id);
}

static bool fits(const struct slice *pairs, int count)
{
    size_t size = 0;
    for (int i = 0; i < count; i++) size += pairs[i].size;
    return size <= STREAM_ENTRY_MAX;
}

/* What Redis refuses, looking at the stream; the ID if it does not. */
static const char *refusal(const struct exec *x, const struct options *o, const struct stream *s,
                           struct stream_id *id)
{
    if (stream_id_compare(s->last_id, STREAM_ID_MAX) == 0)
        return "ERR The stream has exhausted the last possible ID, unable to add more items";
    if (!choose_id(x, o, s, id))
        return "ERR The ID specified in XADD is equal or smaller than the target stream top item";
    if (!fits(x->argv + o->id_at + 1, x->argc - o->id_at - 1))
        return "ERR Elements are too large to be stored";
    return NULL;
}

static void add(struct exec *x, const struct options *o, struct entry *e, struct words *words)
{
    struct stream_change c;
    struct stream_id id;
    const struct slice *pairs = x->argv + o->id_at + 1;
    size_t pair_count = (size_t)(x->argc - o->id_at - 1) / 2;
    if (!stream_change_begin(x, &c, x->argv[1], e)) return;
    const char *why = refusal(x, o, c.stream, &id);
    if (!why && !stream_append(c.edit.memory, c.stream, id, pairs, pair_count, c.edit.limits))
        why = "OOM command not allowed when used memory > 'maxmemory'.";
    if (why) {
        stream_change_cancel(&c);
        reply_error(x->reply, why);
        return;
    }
    uint64_t trimmed = o->kind != TRIM_NONE ? stream_trim(c.edit.memory, c.stream, &o->trim) : 0;
    if (!stream_change_end(x, &c)) return;
    x->changes++;
    exec_notify(x, NOTIFY_STREAM, "xadd", x->argv[1]);
    if (trimmed > 0) exec_notify(x, NOTIFY_STREAM, "xtrim", x->argv[1]);
    if (!o->id_given || o->any_seq || o->trim.approximate) effect(x, words, o, c.stream, &id);
    stream_reply_id(x, id);
}

void run_xadd(struct exec *x)
{
    struct options o;
    bool ok;
    if (!read_options(x, true, &o)) return;
    int fields = x->argc - o.id_at - 1;
    if (fields < 2 || fields % 2 != 0) {
        exec_arity_error(x);
        return;
    }
    if (o.id_given && !o.any_seq && stream_id_compare(o.id, STREAM_ID_MIN) == 0) {
        reply_error(x->reply, "ERR The ID specified in XADD must be greater than 0-0");
        return;
    }
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_STREAM, &ok);
    if (!ok) return;
    if (!e && o.no_make) {
        reply_null(x->reply);
        return;
    }
    struct words words;
    if (!words_begin(x, &words)) {
        exec_no_memory(x);
        return;
    }
    add(x, &o, e, &words);
    words_end(x, &words);
}

/* ---- XTRIM ---- */

void run_xtrim(struct exec *x)
{
    struct options o;
    struct stream_change c;
    struct words words;
    bool ok;
    if (!read_options(x, false, &o)) return;
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_STREAM, &ok);
    if (!ok) return;
    if (!e) {
        reply_integer(x->reply, 0);
        return;
    }
    if (!words_begin(x, &words)) {
        exec_no_memory(x);
        return;
    }
    if (!stream_change_begin(x, &c, x->argv[1], e)) return;
    uint64_t trimmed = stream_trim(c.edit.memory, c.stream, &o.trim);
    if (trimmed > 0) {
        edit_end_untold(&c.edit);
        x->changes += (int64_t)trimmed;
        exec_notify(x, NOTIFY_STREAM, "xtrim", x->argv[1]);
        if (o.trim.approximate) effect(x, &words, &o, c.stream, NULL);
    } else {
        stream_change_cancel(&c);
    }
    words_end(x, &words);
    reply_integer(x->reply, (int64_t)trimmed);
}

/* ---- XDEL ---- */

void run_xdel(struct exec *x)
{
    bool ok;
    struct stream_id id;
    int64_t deleted = 0;
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_STREAM, &ok);
    if (!ok) return;
    if (!e) {
        reply_integer(x->reply, 0);
        return;
    }
    for (int i = 2; i < x->argc; i++)
        if (!stream_read_id(x, i, STREAM_ID_STRICT, &id)) return;
    struct stream_change c;
    if (!stream_change_begin(x, &c, x->argv[1], e)) return;
    for (int i = 2; i < x->argc; i++) {
        stream_parse_id(x->argv[i], STREAM_ID_STRICT, 0, &id, NULL);
        deleted += stream_delete(c.edit.memory, c.stream, id);
    }
    if (deleted > 0) {
        edit_end_untold(&c.edit);
        exec_notify(x, NOTIFY_STREAM, "xdel", x->argv[1]);
    } else {
        stream_change_cancel(&c);
    }
    x->changes += deleted;
    reply_integer(x->reply, deleted);
}

/* ---- XLEN ---- */

void run_xlen(struct exec *x)
{
    bool ok;
    const struct entry *e = exec_read_type(x, x->argv[1], VALUE_STREAM, &ok);
    if (ok) reply_integer(x->reply, e ? (int64_t)stream_of(e)->length : 0);
}

/* ---- XSETID ---- */

struct setid {
    struct stream_id id, max_deleted;
    int64_t added; /* -1: not given */
};

static bool read_setid(struct exec *x, struct setid *o)
{
    *o = (struct setid){.added = -1};
    if (!stream_read_id(x, 2, STREAM_ID_STRICT, &o->id)) return false;
    for (int i = 3; i < x->argc; i += 2) {
        const char *why = NULL;
        if (i + 1 < x->argc && exec_is(x, i, "ENTRIESADDED")) {
            if (!exec_int(x, i + 1, &o->added)) return false;
            if (o->added < 0) why = "ERR entries_added must be positive";
        } else if (i + 1 < x->argc && exec_is(x, i, "MAXDELETEDID")) {
            if (!stream_read_id(x, i + 1, STREAM_ID_STRICT, &o->max_deleted)) return false;
            if (stream_id_compare(o->id, o->max_deleted) < 0)
                why = "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id";
        } else {
            why = "ERR syntax error";
        }
        if (why) {
            reply_error(x->reply, why);
            return false;
        }
    }
    return true;
}

static const char *setid_refusal(const struct stream *s, const struct setid *o)
{
    if (s->length == 0) return NULL;
    if (stream_id_compare(o->id, stream_last_entry_id(s)) < 0)
        return "ERR The ID specified in XSETID is smaller than the target stream top item";
    if (o->added != -1 && s->length > (uint64_t)o->added)
        return "ERR The entries_added specified in XSETID is smaller than the target stream length";
    return NULL;
}

void run_xsetid(struct exec *x)
{
    struct setid o;
    struct stream_change c;
    bool ok;
    if (!read_setid(x, &o)) return;
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_STREAM, &ok);
    if (!ok) return;
    const char *why = e ? setid_refusal(stream_of(e), &o) : "ERR no such key";
    if (why) {
        reply_error(x->reply, why);
        return;
    }
    if (!stream_change_begin(x, &c, x->argv[1], e)) return;
    stream_set_last_id(c.stream, o.id);
    if (o.added != -1) c.stream->entries_added = (uint64_t)o.added;
    if (stream_id_compare(o.max_deleted, STREAM_ID_MIN) != 0) c.stream->max_deleted_id = o.max_deleted;
    stream_change_end_quietly(&c);
    x->changes++;
    exec_notify(x, NOTIFY_STREAM, "xsetid", x->argv[1]);
    reply_ok(x->reply);
}
