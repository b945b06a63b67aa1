/* monitor.c: MONITOR: sessions that hear of every command, in one line each, when it has been executed.
 *
 *      +1339518083.107412 [0 127.0.0.1:60866] "set" "key" "value"
 *
 * Administration is not shown, nor are passwords; what EXEC runs is shown, and then EXEC itself.
 *
 * Source: https://redis.io/docs/latest/commands/monitor/
 */
#include <inttypes.h>

#include "node/commands.h"
#include "node/internal.h"

enum { LINE_KEEP = 4096 };

void run_monitor(struct exec *x)
{
    struct node *n = call_of(x)->node;
    struct session *s = call_of(x)->session;
    if (s->kind != SESSION_CLIENT || n->in_exec) {
        reply_error(x->reply, "ERR MONITOR isn't allowed for DENY BLOCKING client");
        return;
    }
    if (!list_empty(&s->monitor)) return; /* as Redis: no answer at all */
    list_push(&n->monitors, &s->monitor);
    reply_ok(x->reply);
}

static void put_line(const struct call *c, struct bytes *out)
{
    const struct exec *x = &c->exec;
    int64_t now_us = c->node->now.wall_us;
    bytes_append_format(out, "+%" PRId64 ".%06" PRId64 " [%d %s]", now_us / 1000000, now_us % 1000000,
                        c->session->db, c->session->address);
    for (int i = 0; i < x->argc; i++) {
        bytes_append_char(out, ' ');
        bytes_append_quoted(out, slowlog_hides(x, i) ? slice_text("(redacted)") : x->argv[i]);
    }
    bytes_append_text(out, "\r\n");
}

/* What the one who executes hears comes with its reply. */
static void hear(struct session *s, struct slice line)
{
    if (s->executing) {
        bytes_append_slice(&s->node->pubsub.own, line);
        return;
    }
    if (s->wants_close) return;
    bytes_append_slice(s->writer.out, line);
    session_check_limits(s);
    if (!s->output_told) session_wake(s);
}

void monitor_feed(const struct call *c, const struct command *command)
{
    struct node *n = c->node;
    struct bytes *line = &n->scratch;
    if (command->flags & (COMMAND_ADMIN | COMMAND_SKIP_MONITOR) || c->exec.only.data) return;
    bytes_clear(line);
    put_line(c, line);
    list_each_safe(link, &n->monitors)
    {
        struct session *s = list_item(link, struct session, monitor);
        if (line->failed)
            session_close_now(s); /* rather than that it misses something */
        else
            hear(s, bytes_slice(line));
    }
    bytes_clear(line);
    bytes_trim(line, LINE_KEEP);
}
