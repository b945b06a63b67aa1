/* scan_collection.c: one step over the elements of one key: HSCAN, SSCAN, ZSCAN.
 *
 * What passes the pattern is copied while it is visited: the elements of compact collections are texts only as long as
 * that, and how many there are must be answered first.
 */
#include "command/scan.h"

struct gathered {
    const struct scan_options *options;
    struct bytes texts; /* size, bytes; size, bytes … */
    uint64_t visited;
    int64_t count; /* texts */
    bool valued;
};

static void gather_text(struct gathered *g, struct slice text)
{
    bytes_append(&g->texts, &text.size, sizeof text.size);
    bytes_append_slice(&g->texts, text);
    g->count++;
}

static void gather(void *context, struct slice name, struct slice value)
{
    struct gathered *g = context;
    g->visited++;
    if (!scan_wants(g->options, name)) return;
    gather_text(g, name);
    if (g->valued) gather_text(g, value);
}

static void reply_gathered(struct exec *x, const struct gathered *g)
{
    reply_array(x->reply, g->count);
    for (size_t at = 0; at < g->texts.size;) {
        size_t size;
        memcpy(&size, g->texts.data + at, sizeof size);
        at += sizeof size;
        reply_bulk(x->reply, slice_of(g->texts.data + at, size));
        at += size;
    }
}

/* COUNT bounds the work, not the answer, as in scan.c. */
void scan_collection(struct exec *x, enum value_type type, scan_step_fn *step, bool valued)
{
    bool ok;
    uint64_t cursor;
    struct scan_options o;
    if (!scan_read_cursor(x, 2, &cursor)) return;
    struct entry *e = exec_read_type(x, x->argv[1], type, &ok);
    if (!ok || (e && !scan_read_options(x, 3, false, &o))) return;
    struct gathered g = {.options = &o, .valued = valued};
    bytes_init(&g.texts, x->memory);
    if (e) {
        int64_t buckets = o.count > INT64_MAX / 10 ? INT64_MAX : o.count * 10;
        do cursor = step(e, cursor, gather, &g);
        while (cursor != 0 && !g.texts.failed && --buckets > 0 && g.visited < (uint64_t)o.count);
    } else {
        cursor = 0;
    }
    if (g.texts.failed) {
        exec_no_memory(x);
    } else {
        reply_array(x->reply, 2);
        scan_reply_cursor(x, cursor);
        reply_gathered(x, &g);
    }
    bytes_free(&g.texts);
}
