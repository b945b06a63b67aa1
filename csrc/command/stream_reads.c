/* stream_reads.c: XREAD and XREADGROUP.
 *
 * XREADGROUP changes what it reads from: what is delivered is noted in the group. Replies say how long they are before
 * they go on, so it first delivers, for all streams, and then answers with what was delivered. Should memory run out in
 * between, fewer entries are delivered than could be; that is an answer as good as any.
 *
 * With BLOCK, who finds nothing waits (command/block.h): for entries behind the last one as it is now where `$` was given.
 * When it is run again it looks at the key that has changed and at no other.
 */
#include "command/block.h"
#include "command/notify.h"
#include "command/streams.h"

/* ---- arguments ---- */

struct arguments {
    bool of_group, no_ack, block;
    int group;   /* which argument is the group's name; the consumer's follows. 0: none */
    int streams; /* the first of the keys; their IDs follow */
    int count;   /* of the keys */
    uint64_t limit;
    int64_t timeout_ms;
};

/* Who has waited is not given a whole stream at once. */
enum { LIMIT_AFTER_WAIT = 1000 };

static bool runs_again(const struct exec *x) { return x->only.data != NULL; }

static bool read_timeout(struct exec *x, int index, int64_t *timeout_ms)
{
    if (!exec_int_or(x, index, timeout_ms, "ERR timeout is not an integer or out of range")) return false;
    if (*timeout_ms >= 0) return true;
    reply_error(x->reply, "ERR timeout is negative");
    return false;
}

static bool read_streams(struct exec *x, int first, struct arguments *a)
{
    int left = x->argc - first;
    if (left % 2 != 0) {
        reply_error(x->reply,
                    "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be "
                    "specified.");
        return false;
    }
    a->streams = first;
    a->count = left / 2;
    return true;
}

/* The option at argument *i, which moves to its last word. */
static bool read_option(struct exec *x, int *i, struct arguments *a)
{
    int more = x->argc - *i - 1;
    int64_t limit;
    if (more >= 1 && exec_is(x, *i, "BLOCK")) {
        a->block = true;
        return read_timeout(x, ++*i, &a->timeout_ms);
    }
    if (more >= 1 && exec_is(x, *i, "COUNT")) {
        if (!exec_int(x, ++*i, &limit)) return false;
        a->limit = limit > 0 ? (uint64_t)limit : UINT64_MAX;
        return true;
    }
    bool group = more >= 2 && exec_is(x, *i, "GROUP"), no_ack = exec_is(x, *i, "NOACK");
    if (!group && !no_ack) {
        exec_syntax_error(x);
        return false;
    }
    if (!a->of_group) {
        reply_error_format(x->reply,
                           "ERR The %s option is only supported by XREADGROUP. You called XREAD instead.",
                           group ? "GROUP" : "NOACK");
        return false;
    }
    a->no_ack = a->no_ack || no_ack;
    if (group) a->group = *i + 1;
    if (group) *i += 2;
    return true;
}

static bool read_arguments(struct exec *x, bool of_group, struct arguments *a)
{
    *a = (struct arguments){.of_group = of_group, .limit = UINT64_MAX};
    for (int i = 1; i < x->argc && a->streams == 0; i++) {
        bool ok =
            i + 1 < x->argc && exec_is(x, i, "STREAMS") ? read_streams(x, i + 1, a) : read_option(x, &i, a);
        if (!ok) return false;
    }
    if (a->streams == 0) {
        exec_syntax_error(x);
        return false;
    }
    if (runs_again(x) && a->limit == UINT64_MAX) a->limit = LIMIT_AFTER_WAIT;
    if (!of_group || a->group > 0) return true;
    reply_error(x->reply, "ERR Missing GROUP option for XREADGROUP");
    return false;
}

static struct slice key_of(const struct exec *x, const struct arguments *a, int i)
{
    return x->argv[a->streams + i];
}

static bool is_id(const struct exec *x, const struct arguments *a, int i, const char *text)
{
    return slice_equal(x->argv[a->streams + a->count + i], slice_text(text));
}

/* Whether stream number `i` is looked at: each is, but the first of its name alone when the command runs again. */
static bool looks_at(const struct exec *x, const struct arguments *a, int i)
{
    if (!block_looks_at(x, key_of(x, a, i))) return false;
    for (int j = 0; runs_again(x) && j < i; j++)
        if (slice_equal(key_of(x, a, j), x->only)) return false;
    return true;
}

enum { UNSEEN = EXEC_NO_STATS | EXEC_NO_TOUCH | EXEC_NO_NOTIFY };

/* Without counting it as one more access. */
static struct stream *stream_at(struct exec *x, const struct arguments *a, int i)
{
    const struct entry *e = exec_find(x, x->db, key_of(x, a, i), UNSEEN);
    return e ? stream_of(e) : NULL;
}

/* Whether XREADGROUP is asked for new entries: `>`, which is the greatest ID by another name. */
static bool is_new(const struct exec *x, const struct arguments *a, int i)
{
    struct stream_id id;
    if (is_id(x, a, i, ">")) return true;
    stream_parse_id(x->argv[a->streams + a->count + i], STREAM_ID_STRICT, 0, &id, NULL);
    return stream_id_compare(id, STREAM_ID_MAX) == 0;
}

/* The ID behind which stream number `i` is read. */
static struct stream_id id_after(const struct exec *x, const struct arguments *a, int i,
                                 const struct stream *s)
{
    struct stream_id id = STREAM_ID_MIN;
    if (is_id(x, a, i, "$")) return s->last_id;
    stream_parse_id(x->argv[a->streams + a->count + i], STREAM_ID_STRICT, 0, &id, NULL);
    return id;
}

/* Whether ID number `i` is one that can be read from here. */
static bool check_id(struct exec *x, const struct arguments *a, int i)
{
    struct stream_id id;
    const char *why = NULL;
    if (is_id(x, a, i, "$")) {
        if (!a->of_group) return true;
        why = "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of "
              "this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would "
              "just return an empty result set.";
    } else if (is_id(x, a, i, ">")) {
        if (a->of_group) return true;
        why = "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> "
              "option.";
    } else {
        return stream_read_id(x, a->streams + a->count + i, STREAM_ID_STRICT, &id);
    }
    reply_error(x->reply, why);
    return false;
}

static bool check_streams(struct exec *x, const struct arguments *a)
{
    for (int i = 0; i < a->count; i++) {
        bool ok;
        struct slice key = key_of(x, a, i);
        const struct entry *e = exec_read_type(x, key, VALUE_STREAM, &ok);
        if (!ok) return false;
        if (a->of_group && (!e || !stream_group_find(stream_of(e), x->argv[a->group]))) {
            struct slice group = x->argv[a->group];
            reply_error_format(
                x->reply,
                "NOGROUP No such key '%.*s' or consumer group '%.*s' in XREADGROUP with GROUP option",
                (int)key.size, key.data, (int)group.size, group.data);
            return false;
        }
        if (!check_id(x, a, i)) return false;
    }
    return true;
}

/* Whether the group that was waited for is still there, under the key on account of which the command runs again. */
static bool check_again(struct exec *x, const struct arguments *a)
{
    const char *why = NULL;
    const struct entry *e = exec_find(x, x->db, x->only, UNSEEN);
    if (!e || entry_type(e) != VALUE_STREAM)
        why = "UNBLOCKED the stream key no longer exists";
    else if (a->of_group && !stream_group_find(stream_of(e), x->argv[a->group]))
        why = "NOGROUP the consumer group this client was blocked on no longer exists";
    if (why) reply_error(x->reply, why);
    return !why;
}

static bool check(struct exec *x, const struct arguments *a)
{
    return runs_again(x) ? check_again(x, a) : check_streams(x, a);
}

static void reply_streams(struct exec *x, int64_t count)
{
    if (x->reply->protocol == 2)
        reply_array(x->reply, count);
    else
        reply_map(x->reply, count);
}

static void reply_key(struct exec *x, struct slice key)
{
    if (x->reply->protocol == 2) reply_array(x->reply, 2);
    reply_bulk(x->reply, key);
}

/* ---- waiting ---- */

/* The arguments with what `$` means now; NULL: memory is out. Each of the texts has its room behind them. */
static struct slice *words_to_wait_with(struct exec *x, const struct arguments *a, size_t *size)
{
    size_t words = (size_t)x->argc * sizeof *x->argv;
    *size = words + (size_t)a->count * sizeof(struct stream_id_text);
    struct slice *argv = memory_alloc(x->memory, *size);
    if (!argv) return NULL;
    struct stream_id_text *texts = (struct stream_id_text *)(void *)((char *)argv + words);
    memcpy(argv, x->argv, words);
    for (int i = 0; i < a->count; i++) {
        if (!is_id(x, a, i, "$")) continue;
        const struct stream *s = stream_at(x, a, i);
        argv[a->streams + a->count + i] = stream_id_text(s ? s->last_id : STREAM_ID_MIN, &texts[i]);
    }
    return argv;
}

/* There is nothing to be had now. */
static void wait_or_reply_null(struct exec *x, const struct arguments *a)
{
    struct block_request wait = {.type = VALUE_STREAM,
                                 .first = a->streams,
                                 .keys = a->count,
                                 .or_gone = a->of_group,
                                 .timeout_ms = a->timeout_ms};
    if (!a->block || !x->block) {
        reply_null_array(x->reply);
        return;
    }
    if (!runs_again(x)) wait.argv = words_to_wait_with(x, a, &wait.argv_size);
    if (wait.argv || runs_again(x))
        block_on(x, &wait);
    else
        exec_no_memory(x);
}

/* ---- XREAD ---- */

/* Whether stream number `i` has an entry behind its ID, and which ID comes next. Who has waited is also told of entries
 * that came and are gone already. */
static struct stream *has_more(struct exec *x, const struct arguments *a, int i, struct stream_id *from)
{
    struct stream *s = looks_at(x, a, i) ? stream_at(x, a, i) : NULL;
    if (!s || (s->length == 0 && !runs_again(x))) return NULL;
    *from = id_after(x, a, i, s);
    struct stream_id last = runs_again(x) ? s->last_id : stream_last_entry_id(s);
    if (stream_id_compare(last, *from) <= 0) return NULL;
    stream_id_increment(from);
    return s;
}

void run_xread(struct exec *x)
{
    struct arguments a;
    struct stream_id from;
    int64_t served = 0;
    if (!read_arguments(x, false, &a) || !check(x, &a)) return;
    for (int i = 0; i < a.count; i++) {
        if (!runs_again(x)) exec_read(x, key_of(x, &a, i)); /* Redis looks twice, and says and counts it */
        served += has_more(x, &a, i, &from) != NULL;
    }
    if (served == 0) {
        wait_or_reply_null(x, &a);
        return;
    }
    reply_streams(x, served);
    for (int i = 0; i < a.count; i++) {
        const struct stream *s = has_more(x, &a, i, &from);
        if (!s) continue;
        reply_key(x, key_of(x, &a, i));
        stream_reply_range(x, s, from, STREAM_ID_MAX, a.limit, false);
    }
}

/* ---- XREADGROUP ---- */

/* What was delivered from one stream. */
struct served {
    bool is; /* it is part of the answer */
    /* what the consumer had pending: `count` IDs among those that were noted, from number `first` on */
    bool history;
    const struct stream *stream;
    struct stream_id from; /* otherwise, `count` entries from here on */
    uint64_t first, count;
};

struct reading {
    struct arguments arguments;
    struct served *served; /* one per stream */
    struct bytes history;  /* of struct stream_id */
};

/* The group comes to an entry. */
static void advance(const struct stream *s, struct stream_group *g, struct stream_id id)
{
    if (stream_id_compare(id, g->last_id) <= 0) return;
    if (g->entries_read >= 0 && g->entries_read < INT64_MAX && !stream_has_tombstones(s, id))
        g->entries_read++;
    else if (s->entries_added > 0)
        g->entries_read = stream_entries_up_to(s, id);
    g->last_id = id;
}

/* Notes that the consumer has been given the entry, whoever had it pending before. NULL when memory is out. */
static struct stream_pending *note_delivery(struct exec *x, struct memory *m, struct stream_group *g,
                                            struct stream_consumer *consumer, struct stream_id id)
{
    struct stream_pending *p = stream_pending_find(g, id);
    if (!p) return stream_pending_make(m, g, consumer, id, x->now_ms, 1);
    if (!stream_pending_give(m, p, consumer)) return NULL;
    p->delivered_ms = x->now_ms;
    p->deliveries = 1;
    return p;
}

/* Delivers what is new; how many entries. *failed: fewer than could be, memory is out. */
static uint64_t deliver_new(struct exec *x, const struct arguments *a, struct stream_change *c,
                            struct stream_group *g, struct stream_consumer *consumer, struct stream_id from,
                            bool *failed)
{
    struct stream_walk w;
    struct stream_entry e;
    struct stream_claims claims;
    uint64_t count = 0;
    stream_claims_begin(&claims, x, c->key, g, consumer);
    stream_walk_begin(&w, c->stream, from, STREAM_ID_MAX, false);
    for (; count < a->limit && stream_walk_next(&w, &e); count++) {
        if (!a->no_ack) {
            const struct stream_pending *p = note_delivery(x, c->edit.memory, g, consumer, e.id);
            *failed = !p;
            if (!p) break;
            stream_claims_add(&claims, p);
        }
        advance(c->stream, g, e.id);
    }
    stream_claims_end(&claims);
    if (count > 0) stream_effect_group(x, c->key, g);
    x->changes += count > 0;
    return count;
}

/* Delivers again what the consumer has pending, and notes the IDs; how many, those of deleted entries included. */
static uint64_t deliver_again(struct exec *x, struct reading *r, const struct stream_change *c,
                              const struct stream_group *g, const struct stream_consumer *consumer,
                              struct stream_id from)
{
    struct stream_claims claims;
    uint64_t count = 0;
    struct tree_cursor at = tree_at_least(&consumer->pending, stream_key(from));
    stream_claims_begin(&claims, x, c->key, g, consumer);
    for (; count < r->arguments.limit && tree_is_somewhere(at); count++, at = tree_next(at)) {
        struct stream_pending *p = stream_pending_at(at);
        if (!bytes_append(&r->history, &p->id, sizeof p->id)) break;
        if (!stream_has(c->stream, p->id)) continue;
        p->delivered_ms = x->now_ms;
        p->deliveries++;
        stream_claims_add(&claims, p);
    }
    stream_claims_end(&claims);
    x->changes += claims.said;
    return count;
}

/* Delivers to a consumer that is there. False: memory is out, and nothing was delivered. */
static bool deliver(struct exec *x, struct reading *r, struct served *served, struct stream_change *c,
                    struct stream_group *g, struct stream_consumer *consumer)
{
    bool failed = false;
    if (!served->history) {
        served->count = deliver_new(x, &r->arguments, c, g, consumer, served->from, &failed);
        return served->count > 0 || !failed;
    }
    served->first = r->history.size / sizeof(struct stream_id);
    served->count = deliver_again(x, r, c, g, consumer, served->from);
    return served->count > 0 || !r->history.failed;
}

/* Serves a stream from which there is something to be delivered, or whose consumer has to be made. */
static bool serve_with(struct exec *x, struct reading *r, struct served *served, struct slice key,
                       struct entry *e, struct stream_group *g)
{
    struct stream_change c;
    bool made, ok;
    if (!stream_change_begin(x, &c, key, e)) return false;
    struct stream_consumer *consumer = stream_see_consumer(x, &c, g, x->argv[r->arguments.group + 1], &made);
    size_t pending = consumer ? consumer->pending.size : 0;
    ok = consumer && deliver(x, r, served, &c, g, consumer);
    if (!ok && consumer && made) stream_consumer_remove(c.edit.memory, g, consumer);
    if (ok && made && consumer->pending.size == pending) stream_effect_consumer(x, key, g, consumer->name);
    stream_change_end_quietly(&c);
    x->changes += ok && made;
    return ok;
}

/* Serves stream number `i`. False: memory is out. */
static bool serve(struct exec *x, struct reading *r, int i)
{
    struct arguments *a = &r->arguments;
    struct served *served = &r->served[i];
    struct slice key = key_of(x, a, i);
    *served = (struct served){.is = false};
    if (!looks_at(x, a, i)) return true;
    struct entry *e = exec_find(x, x->db, key, runs_again(x) ? UNSEEN : 0);
    const struct stream *s = stream_of(e);
    struct stream_group *g = stream_group_find(s, x->argv[a->group]);
    struct stream_consumer *consumer = stream_consumer_find(g, x->argv[a->group + 1]);
    bool history = !is_new(x, a, i);
    struct stream_id last = runs_again(x) ? s->last_id : stream_last_entry_id(s);
    bool more = (s->length > 0 || runs_again(x)) && stream_id_compare(last, g->last_id) > 0;
    *served = (struct served){.is = history || more, .history = history, .stream = s};
    if (!served->is) return true;
    served->from = history ? id_after(x, a, i, s) : g->last_id;
    stream_id_increment(&served->from);
    if (!consumer || more || consumer->pending.size > 0) return serve_with(x, r, served, key, e, g);
    consumer->seen_ms = x->now_ms;
    return true;
}

/* ---- its answer ---- */

static void reply_history(struct exec *x, const struct reading *r, const struct served *served)
{
    const struct stream_id *ids = (const struct stream_id *)(const void *)r->history.data;
    reply_array(x->reply, (int64_t)served->count);
    for (uint64_t i = served->first; i < served->first + served->count; i++) {
        struct stream_entry e;
        if (stream_find(served->stream, ids[i], &e)) {
            stream_reply_entry(x, e);
        } else {
            reply_array(x->reply, 2);
            stream_reply_id(x, ids[i]);
            reply_null_array(x->reply);
        }
    }
}

static void reply_served(struct exec *x, const struct reading *r, int done)
{
    int64_t count = 0;
    for (int i = 0; i < done; i++) count += r->served[i].is;
    if (count == 0) {
        wait_or_reply_null(x, &r->arguments);
        return;
    }
    reply_streams(x, count);
    for (int i = 0; i < done; i++) {
        const struct served *served = &r->served[i];
        if (!served->is) continue;
        reply_key(x, key_of(x, &r->arguments, i));
        if (served->history)
            reply_history(x, r, served);
        else
            stream_reply_range(x, served->stream, served->from, STREAM_ID_MAX, served->count, false);
    }
}

void run_xreadgroup(struct exec *x)
{
    enum { SMALL = 8 };
    struct served small[SMALL];
    struct reading r = {.served = small};
    if (!read_arguments(x, true, &r.arguments) || !check(x, &r.arguments)) return;
    int count = r.arguments.count, done = 0;
    if (count > SMALL) r.served = memory_alloc(x->memory, (size_t)count * sizeof *r.served);
    bytes_init(&r.history, x->memory);
    bool ok = r.served != NULL;
    while (ok && done < count) {
        ok = serve(x, &r, done);
        done += ok;
    }
    /* when memory ran out only later, the answer is what was delivered up to there */
    if (ok || done > 0)
        reply_served(x, &r, done);
    else
        exec_no_memory(x);
    bytes_free(&r.history);
    if (r.served && r.served != small) memory_free(x->memory, r.served, (size_t)count * sizeof *r.served);
}
