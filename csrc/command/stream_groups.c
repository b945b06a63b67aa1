/* stream_groups.c: XGROUP and XACK. */
#include "command/notify.h"
#include "command/streams.h"

/* ---- parts of XGROUP: argv[2] is the key, argv[3] the group ---- */

struct options {
    bool make_stream;
    int64_t entries_read; /* -1: not known */
};

/* The options of CREATE and SETID, from argv[5] on. */
static bool read_options(struct exec *x, bool is_create, struct options *o)
{
    *o = (struct options){.entries_read = -1};
    for (int i = 5; i < x->argc; i++) {
        if (is_create && exec_is(x, i, "MKSTREAM")) {
            o->make_stream = true;
        } else if (i + 1 < x->argc && exec_is(x, i, "ENTRIESREAD")) {
            if (!exec_int(x, ++i, &o->entries_read)) return false;
            if (o->entries_read >= -1) continue;
            reply_error(x->reply, "ERR value for ENTRIESREAD must be positive or -1");
            return false;
        } else {
            exec_usage_error(x, "XGROUP");
            return false;
        }
    }
    return true;
}

/* The stream. NULL: there is none, which was replied unless `optional`, or (*ok false) something else is there. */
static struct entry *find_stream(struct exec *x, bool optional, bool *ok)
{
    struct entry *e = exec_write_type(x, x->argv[2], VALUE_STREAM, ok);
    if (e || !*ok || optional) return e;
    *ok = false;
    reply_error(x->reply,
                "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want "
                "to use the MKSTREAM option to create an empty stream automatically.");
    return NULL;
}

static void no_group(struct exec *x)
{
    struct slice key = x->argv[2], group = x->argv[3];
    reply_error_format(x->reply, "NOGROUP No such consumer group '%.*s' for key name '%.*s'", (int)group.size,
                       group.data, (int)key.size, key.data);
}

/* The stream and the group in it, or NULL when something is missing, which was replied. */
static struct stream_group *find_group(struct exec *x, struct entry **e)
{
    bool ok;
    *e = find_stream(x, false, &ok);
    if (!*e) return NULL;
    struct stream_group *g = stream_group_find(stream_of(*e), x->argv[3]);
    if (!g) no_group(x);
    return g;
}

/* argv[4]: an ID, or `$` for the last one of the stream. */
static bool read_last_id(struct exec *x, const struct stream *s, unsigned forms, struct stream_id *id)
{
    if (!slice_equal(x->argv[4], slice_text("$"))) return stream_read_id(x, 4, forms, id);
    *id = s ? s->last_id : STREAM_ID_MIN;
    return true;
}

static void changed(struct exec *x, const char *event)
{
    x->changes++;
    exec_notify(x, NOTIFY_STREAM, event, x->argv[2]);
}

/* ---- XGROUP ---- */

void run_xgroup_create(struct exec *x)
{
    struct options o;
    struct stream_change c;
    struct stream_id id;
    bool ok;
    if (!read_options(x, true, &o)) return;
    struct entry *e = find_stream(x, o.make_stream, &ok);
    if (!ok) return;
    if (x->argc > 8) {
        exec_usage_error(x, "XGROUP");
        return;
    }
    if (!read_last_id(x, e ? stream_of(e) : NULL, STREAM_ID_STRICT, &id)) return;
    if (e && stream_group_find(stream_of(e), x->argv[3])) {
        reply_error(x->reply, "BUSYGROUP Consumer Group name already exists");
        return;
    }
    if (!stream_change_begin(x, &c, x->argv[2], e)) return;
    if (!stream_group_make(c.edit.memory, c.stream, x->argv[3], id, o.entries_read)) {
        stream_change_cancel(&c);
        exec_no_memory(x);
        return;
    }
    if (e)
        stream_change_end_quietly(&c);
    else if (!stream_change_end(x, &c))
        return;
    changed(x, "xgroup-create");
    reply_ok(x->reply);
}

void run_xgroup_setid(struct exec *x)
{
    struct options o;
    struct stream_change c;
    struct stream_id id;
    struct entry *e;
    if (!read_options(x, false, &o)) return;
    struct stream_group *g = find_group(x, &e);
    if (!g) return;
    if (x->argc > 7) {
        exec_usage_error(x, "XGROUP");
        return;
    }
    if (!read_last_id(x, stream_of(e), STREAM_ID_ENDS, &id)) return;
    if (!stream_change_begin(x, &c, x->argv[2], e)) return;
    g->last_id = id;
    g->entries_read = o.entries_read;
    stream_change_end_quietly(&c);
    changed(x, "xgroup-setid");
    reply_ok(x->reply);
}

void run_xgroup_destroy(struct exec *x)
{
    struct stream_change c;
    bool ok;
    struct entry *e = find_stream(x, false, &ok);
    if (!e) return;
    struct stream_group *g = stream_group_find(stream_of(e), x->argv[3]);
    if (!g) {
        reply_integer(x->reply, 0);
        return;
    }
    if (!stream_change_begin(x, &c, x->argv[2], e)) return;
    stream_group_remove(c.edit.memory, c.stream, g);
    stream_change_end_quietly(&c);
    changed(x, "xgroup-destroy");
    keyspace_tell(x->keyspace, x->db, x->argv[2]);
    reply_integer(x->reply, 1);
}

void run_xgroup_createconsumer(struct exec *x)
{
    struct stream_change c;
    struct entry *e;
    struct stream_group *g = find_group(x, &e);
    if (!g) return;
    if (stream_consumer_find(g, x->argv[4])) {
        reply_integer(x->reply, 0);
        return;
    }
    if (!stream_change_begin(x, &c, x->argv[2], e)) return;
    bool made, ok = stream_see_consumer(x, &c, g, x->argv[4], &made) != NULL;
    stream_change_end_quietly(&c);
    if (ok) {
        x->changes++;
        reply_integer(x->reply, 1);
    } else {
        exec_no_memory(x);
    }
}

void run_xgroup_delconsumer(struct exec *x)
{
    struct stream_change c;
    struct entry *e;
    struct stream_group *g = find_group(x, &e);
    if (!g) return;
    struct stream_consumer *consumer = stream_consumer_find(g, x->argv[4]);
    if (!consumer) {
        reply_integer(x->reply, 0);
        return;
    }
    int64_t pending = (int64_t)consumer->pending.size;
    if (!stream_change_begin(x, &c, x->argv[2], e)) return;
    stream_consumer_remove(c.edit.memory, g, consumer);
    stream_change_end_quietly(&c);
    changed(x, "xgroup-delconsumer");
    reply_integer(x->reply, pending);
}

void run_xgroup_help(struct exec *x)
{
    static const char *const lines[] = {
        "CREATE <key> <groupname> <id|$> [option]",
        "    Create a new consumer group. Options are:",
        "    * MKSTREAM",
        "      Create the empty stream if it does not exist.",
        "    * ENTRIESREAD entries_read",
        "      Set the group's entries_read counter (internal use).",
        "CREATECONSUMER <key> <groupname> <consumer>",
        "    Create a new consumer in the specified group.",
        "DELCONSUMER <key> <groupname> <consumer>",
        "    Remove the specified consumer.",
        "DESTROY <key> <groupname>",
        "    Remove the specified group.",
        "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
        "    Set the current group ID and entries_read counter.",
        NULL,
    };
    exec_help(x, "XGROUP", lines);
}

/* ---- XACK ---- */

void run_xack(struct exec *x)
{
    struct stream_change c;
    struct stream_id id;
    int64_t acknowledged = 0;
    bool ok;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_STREAM, &ok);
    if (!ok) return;
    struct stream_group *g = e ? stream_group_find(stream_of(e), x->argv[2]) : NULL;
    if (!g) {
        reply_integer(x->reply, 0);
        return;
    }
    for (int i = 3; i < x->argc; i++)
        if (!stream_read_id(x, i, STREAM_ID_STRICT, &id)) return;
    if (!stream_change_begin(x, &c, x->argv[1], e)) return;
    for (int i = 3; i < x->argc; i++) {
        stream_parse_id(x->argv[i], STREAM_ID_STRICT, 0, &id, NULL);
        struct stream_pending *p = stream_pending_find(g, id);
        if (!p) continue;
        stream_pending_remove(c.edit.memory, g, p);
        acknowledged++;
    }
    stream_change_end_quietly(&c);
    x->changes += acknowledged;
    reply_integer(x->reply, acknowledged);
}
