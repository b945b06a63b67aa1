/* stream_claims.c: deliveries that change hands: XCLAIM, XAUTOCLAIM, and looking at them: XPENDING.
 *
 * The two that claim answer with what they did, and replies say first how long they are: they do it, noting the IDs, and
 * answer then. When memory runs out in between they have claimed fewer than they could.
 */
#include "base/number.h"
#include "command/streams.h"

/* ---- claiming ---- */

struct claim {
    struct exec *x;
    struct stream_change change;
    struct stream_group *group;
    struct stream_consumer *consumer; /* made with the first delivery that it gets */
    struct slice consumer_name;
    struct stream_claims effects;
    int64_t idle_min_ms;
    int64_t delivered_ms; /* what the deliveries are given as their time … */
    int64_t deliveries;   /* … and as their count; -1: one more than it was */
    bool force, just_id;
    bool short_of_memory;
    struct bytes claimed, dropped; /* of struct stream_id */
};

/* Begins with argv[1], [2] and [3]: key, group, consumer. */
static bool claim_begin(struct exec *x, struct claim *c, struct entry *e, struct stream_group *g)
{
    c->x = x;
    c->group = g;
    c->consumer = NULL;
    c->consumer_name = x->argv[3];
    bytes_init(&c->claimed, x->memory);
    bytes_init(&c->dropped, x->memory);
    return stream_change_begin(x, &c->change, x->argv[1], e);
}

/* The effects, and the end of the change. False: memory was out before anything was done, which is replied. */
static bool claim_end(struct claim *c)
{
    if (c->consumer) stream_claims_end(&c->effects);
    stream_change_end_quietly(&c->change);
    if (!c->short_of_memory || c->x->changes > 0) return true;
    exec_no_memory(c->x);
    return false;
}

static void claim_free(struct claim *c)
{
    bytes_free(&c->claimed);
    bytes_free(&c->dropped);
}

/* Room to note an ID: asked for before there is something to note. */
static bool reserve(struct claim *c, struct bytes *ids)
{
    if (!bytes_reserve(ids, sizeof(struct stream_id))) c->short_of_memory = true;
    return !c->short_of_memory;
}

static size_t count_of(const struct bytes *ids) { return ids->size / sizeof(struct stream_id); }

static struct stream_id id_at(const struct bytes *ids, size_t index)
{
    struct stream_id id;
    memcpy(&id, ids->data + index * sizeof id, sizeof id);
    return id;
}

/* The entry of a delivery is no more: neither is the delivery. */
static bool drop(struct claim *c, struct stream_pending *p)
{
    struct stream_id_text text;
    if (!reserve(c, &c->dropped)) return false;
    bytes_append(&c->dropped, &p->id, sizeof p->id);
    exec_effect_words(c->x, 4, slice_text("XACK"), c->change.key, c->group->name,
                      stream_id_text(p->id, &text));
    stream_pending_remove(c->change.edit.memory, c->group, p);
    c->x->changes++;
    return true;
}

static bool find_consumer(struct claim *c)
{
    bool made;
    if (c->consumer) return true;
    c->consumer = stream_see_consumer(c->x, &c->change, c->group, c->consumer_name, &made);
    if (!c->consumer) return false;
    stream_claims_begin(&c->effects, c->x, c->change.key, c->group, c->consumer);
    return true;
}

/* Gives the delivery to the consumer, or makes it (`p` NULL). */
static bool take(struct claim *c, struct stream_pending *p, struct stream_id id)
{
    struct memory *m = c->change.edit.memory;
    bool had_consumer = c->consumer != NULL;
    size_t consumers = c->group->consumers.count;
    if (!reserve(c, &c->claimed)) return false;
    if (find_consumer(c)) {
        if (!p)
            p = stream_pending_make(m, c->group, c->consumer, id, c->delivered_ms, 1);
        else if (!stream_pending_give(m, p, c->consumer))
            p = NULL;
        if (p) {
            p->delivered_ms = c->delivered_ms;
            if (c->deliveries >= 0)
                p->deliveries = (uint64_t)c->deliveries;
            else if (!c->just_id)
                p->deliveries++;
            stream_claims_add(&c->effects, p);
            bytes_append(&c->claimed, &id, sizeof id);
            c->x->changes++;
            return true;
        }
        if (!had_consumer && c->group->consumers.count > consumers) {
            stream_consumer_remove(m, c->group, c->consumer);
            c->consumer = NULL;
        }
    }
    c->short_of_memory = true;
    return false;
}

static bool is_idle(const struct claim *c, const struct stream_pending *p)
{
    return c->idle_min_ms <= 0 || c->x->now_ms - p->delivered_ms >= c->idle_min_ms;
}

static void reply_ids(struct exec *x, const struct bytes *ids)
{
    reply_array(x->reply, (int64_t)count_of(ids));
    for (size_t i = 0; i < count_of(ids); i++) stream_reply_id(x, id_at(ids, i));
}

static void reply_claimed(const struct claim *c)
{
    struct stream_entry e;
    if (c->just_id) {
        reply_ids(c->x, &c->claimed);
        return;
    }
    reply_array(c->x->reply, (int64_t)count_of(&c->claimed));
    for (size_t i = 0; i < count_of(&c->claimed); i++)
        if (stream_find(c->change.stream, id_at(&c->claimed, i), &e)) stream_reply_entry(c->x, e);
}

/* The group of argv[1] and argv[2]. NULL: an error was replied. */
static struct stream_group *group_of(struct exec *x, struct entry *e)
{
    if (e && entry_type(e) != VALUE_STREAM) {
        exec_wrong_type(x);
        return NULL;
    }
    struct stream_group *g = e ? stream_group_find(stream_of(e), x->argv[2]) : NULL;
    if (!g) stream_no_group(x, x->argv[1], x->argv[2]);
    return g;
}

static struct stream_group *find_group(struct exec *x, struct entry **e)
{
    *e = exec_read(x, x->argv[1]);
    return group_of(x, *e);
}

/* ---- XCLAIM ---- */

/* The time that IDLE or TIME gives; what lies in the future of this node is now, unless a primary says it. */
static void settle_time(const struct exec *x, struct claim *c, bool given)
{
    bool future = c->delivered_ms > x->now_ms && !x->from_primary;
    if (!given || c->delivered_ms == -1 || c->delivered_ms < 0 || future) c->delivered_ms = x->now_ms;
}

/* The option at argument *i, which moves to its last word. */
static bool read_option(struct exec *x, int *i, struct claim *c, struct stream_id *last_id, bool *time_given)
{
    bool more = *i + 1 < x->argc;
    if (exec_is(x, *i, "FORCE")) return c->force = true;
    if (exec_is(x, *i, "JUSTID")) return c->just_id = true;
    if (more && exec_is(x, *i, "IDLE")) {
        *time_given = true;
        if (!exec_int_or(x, ++*i, &c->delivered_ms, "ERR Invalid IDLE option argument for XCLAIM"))
            return false;
        c->delivered_ms = (int64_t)((uint64_t)x->now_ms - (uint64_t)c->delivered_ms);
        return true;
    }
    if (more && exec_is(x, *i, "TIME")) {
        *time_given = true;
        return exec_int_or(x, ++*i, &c->delivered_ms, "ERR Invalid TIME option argument for XCLAIM");
    }
    if (more && exec_is(x, *i, "RETRYCOUNT"))
        return exec_int_or(x, ++*i, &c->deliveries, "ERR Invalid RETRYCOUNT option argument for XCLAIM");
    if (more && exec_is(x, *i, "LASTID")) return stream_read_id(x, ++*i, STREAM_ID_STRICT, last_id);
    reply_error_format(x->reply, "ERR Unrecognized XCLAIM option '%.*s'", (int)x->argv[*i].size,
                       x->argv[*i].data);
    return false;
}

/* The options; *ids_end is the first argument behind the IDs. */
static bool read_claim(struct exec *x, struct claim *c, struct stream_id *last_id, int *ids_end)
{
    struct stream_id id;
    bool time_given = false;
    int i = 5;
    *c = (struct claim){.deliveries = -1};
    if (!exec_int_or(x, 4, &c->idle_min_ms, "ERR Invalid min-idle-time argument for XCLAIM")) return false;
    while (i < x->argc && stream_parse_id(x->argv[i], STREAM_ID_STRICT, 0, &id, NULL)) i++;
    *ids_end = i;
    for (; i < x->argc; i++)
        if (!read_option(x, &i, c, last_id, &time_given)) return false;
    settle_time(x, c, time_given);
    return true;
}

/* Claims one ID. False: memory is out. */
static bool claim_id(struct claim *c, struct stream_id id)
{
    struct stream_pending *p = stream_pending_find(c->group, id);
    if (!stream_has(c->change.stream, id)) return !p || drop(c, p);
    if (!p && !c->force) return true;
    if (p && !is_idle(c, p)) return true;
    return take(c, p, id);
}

void run_xclaim(struct exec *x)
{
    struct claim c;
    struct entry *e;
    struct stream_id id, last_id = STREAM_ID_MIN;
    int ids_end;
    struct stream_group *g = find_group(x, &e);
    if (!g || !read_claim(x, &c, &last_id, &ids_end) || !claim_begin(x, &c, e, g)) return;
    bool moved = stream_id_compare(last_id, g->last_id) > 0;
    if (moved) g->last_id = last_id;
    for (int i = 5; i < ids_end; i++) {
        stream_parse_id(x->argv[i], STREAM_ID_STRICT, 0, &id, NULL);
        if (!claim_id(&c, id)) break;
    }
    if (moved && !c.consumer) {
        stream_effect_group(x, x->argv[1], g);
        x->changes++;
    }
    if (claim_end(&c)) reply_claimed(&c);
    claim_free(&c);
}

/* ---- XAUTOCLAIM ---- */

static bool read_autoclaim(struct exec *x, struct claim *c, struct stream_id *from, int64_t *count)
{
    enum { ATTEMPTS_FACTOR = 10, ID_SIZE = 16 };
    *c = (struct claim){.deliveries = -1, .delivered_ms = x->now_ms};
    *count = 100;
    if (!exec_int_or(x, 4, &c->idle_min_ms, "ERR Invalid min-idle-time argument for XAUTOCLAIM"))
        return false;
    if (!stream_read_from(x, 5, from)) return false;
    for (int i = 6; i < x->argc; i++) {
        if (i + 1 < x->argc && exec_is(x, i, "COUNT")) {
            if (!exec_int_or(x, ++i, count, "ERR COUNT must be > 0")) return false;
            if (*count < 1 || *count > INT64_MAX / ID_SIZE) {
                reply_error(x->reply, "ERR COUNT must be > 0");
                return false;
            }
        } else if (exec_is(x, i, "JUSTID")) {
            c->just_id = true;
        } else {
            exec_syntax_error(x);
            return false;
        }
    }
    return true;
}

void run_xautoclaim(struct exec *x)
{
    enum { ATTEMPTS_PER_CLAIM = 10 };
    struct claim c;
    struct stream_id from;
    struct entry *e = exec_read(x, x->argv[1]); /* a miss is told of whatever else is wrong */
    int64_t count;
    if (!read_autoclaim(x, &c, &from, &count)) return;
    struct stream_group *g = group_of(x, e);
    if (!g || !claim_begin(x, &c, e, g)) return;
    int64_t attempts = count * ATTEMPTS_PER_CLAIM;
    struct tree_cursor at = tree_at_least(&g->pending, stream_key(from));
    for (; attempts > 0 && count > 0 && tree_is_somewhere(at); attempts--) {
        struct stream_pending *p = stream_pending_at(at);
        struct stream_id id = p->id;
        bool gone = !stream_has(c.change.stream, id), idle = is_idle(&c, p);
        if (gone ? !drop(&c, p) : idle && !take(&c, p, id)) break;
        if (gone || idle) count--;
        if (!stream_id_increment(&id))
            at = (struct tree_cursor){NULL, 0};
        else
            at = gone ? tree_at_least(&g->pending, stream_key(id)) : tree_next(at);
    }
    struct stream_id next = tree_is_somewhere(at) ? stream_pending_at(at)->id : STREAM_ID_MIN;
    if (claim_end(&c)) {
        reply_array(x->reply, 3);
        stream_reply_id(x, next);
        reply_claimed(&c);
        reply_ids(x, &c.dropped);
    }
    claim_free(&c);
}

/* ---- XPENDING ---- */

static void reply_summary(struct exec *x, const struct stream_group *g)
{
    int64_t busy = 0;
    reply_array(x->reply, 4);
    reply_integer(x->reply, (int64_t)g->pending.size);
    if (g->pending.size == 0) {
        reply_null(x->reply);
        reply_null(x->reply);
        reply_null_array(x->reply);
        return;
    }
    stream_reply_id(x, stream_pending_at(tree_first(&g->pending))->id);
    stream_reply_id(x, stream_pending_at(tree_last(&g->pending))->id);
    for (size_t i = 0; i < g->consumers.count; i++) busy += stream_consumer_at(g, i)->pending.size > 0;
    reply_array(x->reply, busy);
    for (size_t i = 0; i < g->consumers.count; i++) {
        const struct stream_consumer *c = stream_consumer_at(g, i);
        char digits[NUMBER_INT_MAX];
        if (c->pending.size == 0) continue;
        reply_array(x->reply, 2);
        reply_bulk(x->reply, c->name);
        reply_bulk(x->reply, slice_of(digits, number_format_uint(digits, c->pending.size)));
    }
}

/* The long form of XPENDING. */
struct query {
    int64_t idle_min_ms, count;
    struct stream_id from, to;
    int consumer; /* which argument; 0: all consumers */
};

static bool read_query(struct exec *x, struct query *q)
{
    int at = 3;
    *q = (struct query){.idle_min_ms = 0};
    if (exec_is(x, 3, "IDLE")) {
        if (!exec_int(x, 4, &q->idle_min_ms)) return false;
        if (x->argc < 8) {
            exec_syntax_error(x);
            return false;
        }
        at = 5;
    }
    if (!exec_int(x, at + 2, &q->count)) return false;
    if (q->count < 0) q->count = 0;
    if (!stream_read_from(x, at, &q->from) || !stream_read_to(x, at + 1, &q->to)) return false;
    if (at + 3 < x->argc) q->consumer = at + 3;
    return true;
}

/* The next delivery that is asked for, at `at` or behind. */
static struct tree_cursor next_match(const struct exec *x, const struct query *q, struct tree_cursor at)
{
    for (; tree_is_somewhere(at); at = tree_next(at)) {
        const struct stream_pending *p = stream_pending_at(at);
        if (stream_id_compare(p->id, q->to) > 0) break;
        if (q->idle_min_ms == 0 || x->now_ms - p->delivered_ms >= q->idle_min_ms) return at;
    }
    return (struct tree_cursor){NULL, 0};
}

static void reply_pending(struct exec *x, const struct stream_pending *p)
{
    int64_t idle_ms = x->now_ms - p->delivered_ms;
    reply_array(x->reply, 4);
    stream_reply_id(x, p->id);
    reply_bulk(x->reply, p->consumer->name);
    reply_integer(x->reply, idle_ms < 0 ? 0 : idle_ms);
    reply_integer(x->reply, (int64_t)p->deliveries);
}

static void reply_matches(struct exec *x, const struct tree *pending, const struct query *q)
{
    int64_t count = 0;
    struct tree_cursor first = tree_at_least(pending, stream_key(q->from)), at;
    if (q->count > 0) first = next_match(x, q, first);
    for (at = first; count < q->count && tree_is_somewhere(at); count++) at = next_match(x, q, tree_next(at));
    reply_array(x->reply, count);
    for (at = first; count > 0; count--) {
        reply_pending(x, stream_pending_at(at));
        if (count > 1) at = next_match(x, q, tree_next(at));
    }
}

void run_xpending(struct exec *x)
{
    struct query q;
    struct entry *e;
    bool summary = x->argc == 3;
    if (!summary && (x->argc < 6 || x->argc > 9)) {
        exec_syntax_error(x);
        return;
    }
    if (!summary && !read_query(x, &q)) return;
    const struct stream_group *g = find_group(x, &e);
    if (!g) return;
    if (summary) {
        reply_summary(x, g);
        return;
    }
    const struct stream_consumer *c = q.consumer > 0 ? stream_consumer_find(g, x->argv[q.consumer]) : NULL;
    if (q.consumer > 0 && !c)
        reply_array(x->reply, 0);
    else
        reply_matches(x, c ? &c->pending : &g->pending, &q);
}
