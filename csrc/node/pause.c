/* pause.c: CLIENT PAUSE and UNPAUSE: requests that have to wait.
 *
 * A request that is held stays in its session's input, and with it all that follow, so that order is kept; when the
 * pause is over the sessions go on in order of arrival. WRITE holds what would move the log, so that a replica can
 * catch up with a primary that stands still; nothing expires meanwhile. Requests that cannot be run anyway are told so
 * at once. Replicas are never held; a replica that is paused itself takes its primary's stream in and applies none of
 * it (topology.c).
 */
#include "node/commands.h"
#include "node/internal.h"

static bool moves_log(const struct session *s, const struct command *c)
{
    unsigned flags = c->flags | (c->run == run_exec ? s->transaction.flags : 0);
    return (flags & (COMMAND_WRITE | COMMAND_MAY_REPLICATE)) != 0;
}

bool pause_holds(const struct session *s, int argc, const struct slice *argv)
{
    const struct node *n = s->node;
    if (argc == 0 || session_is_replica(s)) return false;
    int skipped;
    const struct command *c = command_meant(n->commands, argv, argc, &skipped);
    if (!c || !command_arity_fits(c, argc - skipped)) return false;
    if (!s->authenticated && !(c->flags & COMMAND_NO_AUTH)) return false;
    bool everything = n->pause_until_us != 0 && !n->pause_writes;
    return everything || moves_log(s, c);
}

static void pause_end(struct node *n)
{
    n->pause_until_us = 0;
    list_each(link, &n->sessions) session_resume(list_item(link, struct session, link));
}

void pause_advance(struct node *n)
{
    if (n->pause_until_us != 0 && n->now.mono_us >= n->pause_until_us) pause_end(n);
}

/* Two pauses at a time are the longer and the stricter of both. */
void run_client_pause(struct exec *x)
{
    struct node *n = call_of(x)->node;
    bool writes = x->argc == 4 && exec_is(x, 3, "write");
    int64_t timeout_ms;
    if (x->argc > 4) {
        exec_usage_error(x, "CLIENT");
        return;
    }
    if (x->argc == 4 && !writes && !exec_is(x, 3, "all")) {
        reply_error(x->reply, "ERR CLIENT PAUSE mode must be WRITE or ALL");
        return;
    }
    if (!exec_int_or(x, 2, &timeout_ms, "ERR timeout is not an integer or out of range")) return;
    if (timeout_ms < 0 || timeout_ms > (INT64_MAX - n->now.mono_us) / 1000) {
        reply_error(x->reply, timeout_ms < 0 ? "ERR timeout is negative" : "ERR timeout is out of range");
        return;
    }
    int64_t until_us = n->now.mono_us + timeout_ms * 1000;
    bool paused = n->pause_until_us != 0;
    n->pause_writes = paused ? n->pause_writes && writes : writes;
    if (timeout_ms > 0 && until_us > n->pause_until_us) n->pause_until_us = until_us;
    reply_ok(x->reply);
}

void run_client_unpause(struct exec *x)
{
    if (call_of(x)->node->pause_until_us != 0) pause_end(call_of(x)->node);
    reply_ok(x->reply);
}
