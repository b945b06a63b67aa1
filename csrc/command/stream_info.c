/* stream_info.c: XINFO. */
#include "base/number.h"
#include "command/streams.h"

static void reply_name(struct exec *x, const char *name) { reply_bulk_text(x->reply, name); }

static void reply_number(struct exec *x, const char *name, int64_t value)
{
    reply_name(x, name);
    reply_integer(x->reply, value);
}

static void reply_named_id(struct exec *x, const char *name, struct stream_id id)
{
    reply_name(x, name);
    stream_reply_id(x, id);
}

/* The stream of argv[2]. NULL: an error was replied. */
static const struct stream *find_stream(struct exec *x)
{
    bool ok;
    const struct entry *e = exec_read_type(x, x->argv[2], VALUE_STREAM, &ok);
    if (!e && ok) reply_error(x->reply, "ERR no such key");
    return e ? stream_of(e) : NULL;
}

/* ---- groups and consumers ---- */

static void reply_progress(struct exec *x, const struct stream *s, const struct stream_group *g)
{
    int64_t lag;
    reply_named_id(x, "last-delivered-id", g->last_id);
    reply_name(x, "entries-read");
    if (g->entries_read >= 0)
        reply_integer(x->reply, g->entries_read);
    else
        reply_null(x->reply);
    reply_name(x, "lag");
    if (stream_group_lag(s, g, &lag))
        reply_integer(x->reply, lag);
    else
        reply_null(x->reply);
}

void run_xinfo_groups(struct exec *x)
{
    const struct stream *s = find_stream(x);
    if (!s) return;
    reply_array(x->reply, s->groups.count);
    for (size_t i = 0; i < s->groups.count; i++) {
        const struct stream_group *g = stream_group_at(s, i);
        reply_map(x->reply, 6);
        reply_name(x, "name");
        reply_bulk(x->reply, g->name);
        reply_number(x, "consumers", g->consumers.count);
        reply_number(x, "pending", (int64_t)g->pending.size);
        reply_progress(x, s, g);
    }
}

void run_xinfo_consumers(struct exec *x)
{
    const struct stream *s = find_stream(x);
    if (!s) return;
    const struct stream_group *g = stream_group_find(s, x->argv[3]);
    if (!g) {
        struct slice key = x->argv[2], group = x->argv[3];
        reply_error_format(x->reply, "NOGROUP No such consumer group '%.*s' for key name '%.*s'",
                           (int)group.size, group.data, (int)key.size, key.data);
        return;
    }
    reply_array(x->reply, g->consumers.count);
    for (size_t i = 0; i < g->consumers.count; i++) {
        const struct stream_consumer *c = stream_consumer_at(g, i);
        int64_t idle_ms = x->now_ms - c->seen_ms;
        reply_map(x->reply, 3);
        reply_name(x, "name");
        reply_bulk(x->reply, c->name);
        reply_number(x, "pending", (int64_t)c->pending.size);
        reply_number(x, "idle", idle_ms < 0 ? 0 : idle_ms);
    }
}

/* ---- FULL ---- */

/* The deliveries of a group, or of a consumer (`owner` false); at most `limit`. */
static void reply_deliveries(struct exec *x, const struct tree *pending, uint64_t limit, bool owner)
{
    uint64_t count = pending->size < limit ? pending->size : limit;
    struct tree_cursor at = tree_first(pending);
    reply_name(x, "pel-count");
    reply_integer(x->reply, (int64_t)pending->size);
    reply_name(x, "pending");
    reply_array(x->reply, (int64_t)count);
    for (; count > 0; count--, at = tree_next(at)) {
        const struct stream_pending *p = stream_pending_at(at);
        reply_array(x->reply, owner ? 4 : 3);
        stream_reply_id(x, p->id);
        if (owner) reply_bulk(x->reply, p->consumer->name);
        reply_integer(x->reply, p->delivered_ms);
        reply_integer(x->reply, (int64_t)p->deliveries);
    }
}

static void reply_full_group(struct exec *x, const struct stream *s, const struct stream_group *g,
                             uint64_t limit)
{
    reply_map(x->reply, 7);
    reply_name(x, "name");
    reply_bulk(x->reply, g->name);
    reply_progress(x, s, g);
    reply_deliveries(x, &g->pending, limit, true);
    reply_name(x, "consumers");
    reply_array(x->reply, g->consumers.count);
    for (size_t i = 0; i < g->consumers.count; i++) {
        const struct stream_consumer *c = stream_consumer_at(g, i);
        reply_map(x->reply, 4);
        reply_name(x, "name");
        reply_bulk(x->reply, c->name);
        reply_number(x, "seen-time", c->seen_ms);
        reply_deliveries(x, &c->pending, limit, false);
    }
}

static void reply_full(struct exec *x, const struct stream *s, uint64_t limit)
{
    reply_name(x, "entries");
    stream_reply_range(x, s, STREAM_ID_MIN, STREAM_ID_MAX, limit, false);
    reply_name(x, "groups");
    reply_array(x->reply, s->groups.count);
    for (size_t i = 0; i < s->groups.count; i++) reply_full_group(x, s, stream_group_at(s, i), limit);
}

/* ---- XINFO STREAM ---- */

static void reply_edge(struct exec *x, const struct stream *s, bool last)
{
    struct stream_walk w;
    struct stream_entry e;
    reply_name(x, last ? "last-entry" : "first-entry");
    stream_walk_begin(&w, s, STREAM_ID_MIN, STREAM_ID_MAX, last);
    if (stream_walk_next(&w, &e))
        stream_reply_entry(x, e);
    else
        reply_null(x->reply);
}

/* FULL [COUNT count], *limit is UINT64_MAX for 0. */
static bool read_full(struct exec *x, bool *full, uint64_t *limit)
{
    enum { COUNT_DEFAULT = 10 };
    int64_t count = COUNT_DEFAULT;
    *full = x->argc > 3;
    if (*full && ((x->argc != 4 && x->argc != 6) || !exec_is(x, 3, "FULL") ||
                  (x->argc == 6 && !exec_is(x, 4, "COUNT")))) {
        exec_usage_error(x, "XINFO");
        return false;
    }
    if (x->argc == 6 && !exec_int(x, 5, &count)) return false;
    if (count < 0) count = COUNT_DEFAULT;
    *limit = count == 0 ? UINT64_MAX : (uint64_t)count;
    return true;
}

void run_xinfo_stream(struct exec *x)
{
    bool full;
    uint64_t limit;
    const struct stream *s = find_stream(x);
    if (!s || !read_full(x, &full, &limit)) return;
    reply_map(x->reply, full ? 9 : 10);
    reply_number(x, "length", (int64_t)s->length);
    reply_number(x, "radix-tree-keys", (int64_t)s->nodes.size);
    reply_number(x, "radix-tree-nodes", (int64_t)stream_radix_nodes(s));
    reply_named_id(x, "last-generated-id", s->last_id);
    reply_named_id(x, "max-deleted-entry-id", s->max_deleted_id);
    reply_number(x, "entries-added", (int64_t)s->entries_added);
    reply_named_id(x, "recorded-first-entry-id", s->first_id);
    if (full) {
        reply_full(x, s, limit);
        return;
    }
    reply_number(x, "groups", s->groups.count);
    reply_edge(x, s, false);
    reply_edge(x, s, true);
}

void run_xinfo_help(struct exec *x)
{
    static const char *const lines[] = {
        "CONSUMERS <key> <groupname>",
        "    Show consumers of <groupname>.",
        "GROUPS <key>",
        "    Show the stream consumer groups.",
        "STREAM <key> [FULL [COUNT <count>]",
        "    Show information about the stream.",
        NULL,
    };
    exec_help(x, "XINFO", lines);
}
