/* shutdown.c: SHUTDOWN: an orderly end, in which replicas get what they lack and everything that is to be saved is.
 *
 *   runs ── SHUTDOWN ──> lingers ── all replicas have everything, or shutdown-timeout ──> saves ── done ──> gone
 *    ↑                     │                                                               │
 *    └──── ABORT ──────────┴──────────────────────────── ABORT, what could not be saved ───┘
 *
 * From SHUTDOWN on nothing moves the log: requests that would are held (pause.c), nothing expires, no PING goes out. One
 * REPLCONF GETACK goes into the stream, so that replicas say at once what they have. Whoever has asked for the end waits
 * for it; when it does not come all of them are told. NOW waits for no replica, and neither does a node that is still
 * being loaded, which has none. FORCE ends it even if something could not be saved.
 *
 * Source: https://redis.io/docs/latest/commands/shutdown/
 *
 * SPDX-License-Identifier: MIT */
#include "node/commands.h"
#include "node/internal.h"

enum { SECOND_US = 1000000 };

/* ---- replicas ---- */

static bool is_replica(const struct feed *f) { return f->state != FEED_HANDSHAKE && !f->rdb_only; }

static bool has_everything(const struct node *n, const struct feed *f)
{
    return feed_counts(f) && f->generation == n->log.generation && f->applied == log_offset(&n->log);
}

static bool all_have_everything(const struct node *n)
{
    list_each(link, &n->feeds.list)
    {
        const struct feed *f = list_item(link, struct feed, link);
        if (is_replica(f) && !has_everything(n, f)) return false;
    }
    return true;
}

static void say_lags(struct node *n, const struct feed *f)
{
    char ip[FOLLOW_HOST_MAX];
    int64_t lag_s = f->ack_time_us > 0 && feed_counts(f) ? (n->now.mono_us - f->ack_time_us) / SECOND_US : 0;
    const char *state = feed_counts(f) ? "online" : f->state == FEED_SNAPSHOT ? "send_bulk" : "wait_bgsave";
    replica_address(f, ip, sizeof ip);
    diary_say(n, DIARY_NOTICE,
              "Lagging replica %s:%d reported offset %lld behind master, lag=%lld, state=%s.", ip, f->port,
              (long long)(log_offset(&n->log) - (f->applied > 0 ? f->applied : 0)), (long long)lag_s, state);
}

static void say_replicas(struct node *n)
{
    int count = 0, in_sync = 0;
    list_each(link, &n->feeds.list)
    {
        const struct feed *f = list_item(link, struct feed, link);
        if (!is_replica(f)) continue;
        bool good = has_everything(n, f);
        if (!good) say_lags(n, f);
        in_sync += good;
        count++;
    }
    if (count > 0)
        diary_say(n, DIARY_NOTICE, "%d of %d replicas are in sync when shutting down.", in_sync, count);
}

/* ---- how it goes on ---- */

/* It goes on at the end of the turn at the earliest. */
static void linger(struct node *n, int64_t timeout_s)
{
    struct persistence *p = &n->persistence;
    p->lingers = true;
    p->asked = timeout_s == 0;
    p->linger_until_us = n->now.mono_us + timeout_s * SECOND_US;
    if (p->asked) return;
    n->ack_wanted = true;
    diary_say(n, DIARY_NOTICE, "Waiting for replicas before shutting down.");
}

static void finish(struct node *n)
{
    struct persistence *p = &n->persistence;
    p->lingers = false;
    say_replicas(n);
    if (p->initial && !p->force) {
        diary_say(n, DIARY_WARNING, "Writing initial AOF, can't exit");
        persistence_shutdown_fails(n);
        return;
    }
    if (p->initial) diary_say(n, DIARY_WARNING, "Writing initial AOF. Exit anyway.");
    persistence_finish(n, p->final_save);
}

void shutdown_settle(struct node *n)
{
    const struct persistence *p = &n->persistence;
    if (p->lingers && (all_have_everything(n) || n->now.mono_us >= p->linger_until_us)) finish(n);
}

/* ---- the command ---- */

struct words {
    bool save, nosave, now, force, abort;
};

static bool read_words(const struct exec *x, struct words *w)
{
    *w = (struct words){0};
    for (int i = 1; i < x->argc; i++) {
        bool *word = exec_is(x, i, "save")     ? &w->save
                     : exec_is(x, i, "nosave") ? &w->nosave
                     : exec_is(x, i, "now")    ? &w->now
                     : exec_is(x, i, "force")  ? &w->force
                     : exec_is(x, i, "abort")  ? &w->abort
                                               : NULL;
        if (!word) return false;
        *word = true;
    }
    bool others = w->save || w->nosave || w->now || w->force;
    return !(w->save && w->nosave) && !(w->abort && others);
}

static void begin(struct exec *x, const struct words *w)
{
    struct node *n = call_of(x)->node;
    struct persistence *p = &n->persistence;
    bool under_way = p->then == THEN_SHUTDOWN;
    if (!under_way) diary_say(n, DIARY_WARNING, "User requested shutdown...");
    if (persistence_loads(p)) {
        n->shutdown = true;
        session_wake(call_of(x)->session);
    } else if (!under_way && p->then != THEN_NOTHING) {
        reply_error(x->reply, "ERR Errors trying to SHUTDOWN. Check logs.");
    } else if (!block_for(call_of(x)->session, BLOCK_SHUTDOWN)) {
        exec_no_memory(x);
    } else if (!under_way) {
        p->then = THEN_SHUTDOWN;
        p->final_save = w->save || (!w->nosave && n->config.save.count > 0);
        p->force = w->force;
        linger(n, w->now || all_have_everything(n) ? 0 : n->config.shutdown_timeout_s);
    }
}

/* SHUTDOWN [NOSAVE|SAVE] [NOW] [FORCE] [ABORT]: no reply; the driver flushes what it can and lets the node go. */
void run_shutdown(struct exec *x)
{
    struct words w;
    if (!read_words(x, &w))
        exec_syntax_error(x);
    else if (!w.abort)
        begin(x, &w);
    else if (persistence_abort_shutdown(call_of(x)->node))
        reply_ok(x->reply);
    else
        reply_error(x->reply, "ERR No shutdown in progress.");
}
