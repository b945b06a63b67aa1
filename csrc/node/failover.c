/* failover.c: FAILOVER: a primary hands its role to one of its replicas, and nothing is lost on the way.
 *
 *   none ── FAILOVER ──> waiting ── a replica has it all ──> under way ── the target took over ──> none: a replica
 *                           │        or FORCE, at TIMEOUT        │
 *                           └── ABORT, TIMEOUT ──> none          └── ABORT, refused ──> none: a primary again
 *
 * While it waits, the log stands still: requests that would move it are held (pause.c), nothing expires, no PING goes
 * out. One REPLCONF GETACK goes into the stream, the last thing in it, and a replica that acknowledges it has
 * everything. Then this node becomes that replica's replica; its PSYNC says FAILOVER, upon which the target promotes
 * itself and goes on with the same history under a new name. The requests that were held are then executed, by a
 * replica: it answers -READONLY, and the client looks for its primary. At no time are there two primaries.
 *
 * Source: https://redis.io/docs/latest/commands/failover/
 *
 * SPDX-License-Identifier: MIT */
#include <strings.h>

#include "node/commands.h"
#include "node/internal.h"

/* ---- how it ends ---- */

/* Everybody goes on. */
static void failover_over(struct node *n)
{
    n->failover = (struct failover){.state = FAILOVER_NONE};
    list_each(link, &n->sessions) session_resume(list_item(link, struct session, link));
}

void failover_accepted(struct node *n)
{
    if (n->failover.state == FAILOVER_UNDER_WAY) failover_over(n);
}

void failover_abort(struct node *n, const char *why)
{
    const struct failover *o = &n->failover;
    if (o->state == FAILOVER_NONE) return;
    if (o->host[0])
        diary_say(n, DIARY_NOTICE, "FAILOVER to %s:%d aborted: %s", o->host, o->port, why);
    else
        diary_say(n, DIARY_NOTICE, "FAILOVER to any replica aborted: %s", why);
    if (n->failover.state == FAILOVER_UNDER_WAY) topology_promote(n);
    failover_over(n);
}

/* ---- how it goes on ---- */

static bool is_at(const struct feed *f, const char *host, int port)
{
    char ip[FOLLOW_HOST_MAX];
    replica_address(f, ip, sizeof ip);
    return f->port == port && strcasecmp(ip, host) == 0;
}

static const struct feed *feed_at(const struct node *n, const char *host, int port)
{
    list_each(link, &n->feeds.list)
    {
        const struct feed *f = list_item(link, struct feed, link);
        if (f->state != FEED_HANDSHAKE && is_at(f, host, port)) return f;
    }
    return NULL;
}

static bool has_everything(const struct node *n, const struct feed *f)
{
    return feed_counts(f) && f->generation == n->log.generation && f->applied == log_offset(&n->log);
}

/* The target, or where none was named the first replica that has everything, which then is the target. */
static bool somebody_is_ready(struct node *n)
{
    struct failover *o = &n->failover;
    list_each(link, &n->feeds.list)
    {
        const struct feed *f = list_item(link, struct feed, link);
        if (!has_everything(n, f) || (o->named && !is_at(f, o->host, o->port))) continue;
        if (!o->named) replica_address(f, o->host, sizeof o->host);
        o->port = f->port;
        return true;
    }
    return false;
}

static void hand_over(struct node *n)
{
    n->failover.state = FAILOVER_UNDER_WAY;
    if (topology_take_over(n, n->failover.host, n->failover.port)) return;
    n->failover.state = FAILOVER_WAITING; /* memory is out: it is a primary still */
    failover_abort(n, "out of memory");
}

void failover_settle(struct node *n)
{
    struct failover *o = &n->failover;
    if (o->state != FAILOVER_WAITING) return;
    bool late = o->deadline_us != 0 && n->now.mono_us >= o->deadline_us;
    if (late && !o->force) {
        failover_abort(n, "Replica never caught up before timeout");
        return;
    }
    if (!late && !somebody_is_ready(n)) return;
    diary_say(n, DIARY_NOTICE,
              late ? "FAILOVER to %s:%d time out exceeded, failing over."
                   : "Failover target %s:%d is synced, failing over.",
              o->host, o->port);
    hand_over(n);
}

int64_t failover_deadline(const struct node *n)
{
    const struct failover *o = &n->failover;
    return o->state == FAILOVER_WAITING && o->deadline_us != 0 ? o->deadline_us : INT64_MAX;
}

const char *failover_state(const struct node *n)
{
    static const char *const states[] = {[FAILOVER_NONE] = "no-failover",
                                         [FAILOVER_WAITING] = "waiting-for-sync",
                                         [FAILOVER_UNDER_WAY] = "failover-in-progress"};
    return states[n->failover.state];
}

/* ---- the command ---- */

struct failover_wish {
    struct failover failover;
    int64_t timeout_ms; /* 0: not said */
    struct slice host;  /* size 0: not said */
    int64_t port;
};

static bool read_wish(struct exec *x, struct failover_wish *w)
{
    for (int i = 1; i < x->argc; i++) {
        int more = x->argc - 1 - i;
        if (exec_is(x, i, "timeout") && more >= 1 && w->timeout_ms == 0) {
            if (!exec_int(x, ++i, &w->timeout_ms)) return false;
            if (w->timeout_ms > 0) continue;
            reply_error(x->reply, "ERR FAILOVER timeout must be greater than 0");
            return false;
        } else if (exec_is(x, i, "to") && more >= 2 && !w->failover.named) {
            if (!exec_int(x, i + 2, &w->port)) return false;
            w->host = x->argv[i + 1];
            w->failover.named = true;
            i += 2;
        } else if (exec_is(x, i, "force") && !w->failover.force) {
            w->failover.force = true;
        } else {
            exec_syntax_error(x);
            return false;
        }
    }
    return true;
}

/* What speaks against it; NULL: nothing. */
static const char *objection(const struct node *n, const struct failover_wish *w)
{
    if (n->failover.state != FAILOVER_NONE) return "ERR FAILOVER already in progress.";
    if (n->follow) return "ERR FAILOVER is not valid when server is a replica.";
    if (n->feeds.count == 0) return "ERR FAILOVER requires connected replicas.";
    if (w->failover.force && (w->timeout_ms == 0 || !w->failover.named))
        return "ERR FAILOVER with force option requires both a timeout and target HOST and IP.";
    return NULL;
}

/* The same of the replica that was named. */
static const char *target_objection(const struct node *n, struct failover_wish *w)
{
    const struct feed *f = NULL;
    if (!w->failover.named) return NULL;
    if (w->host.size < sizeof w->failover.host && w->port > 0 && w->port <= 65535) {
        memcpy(w->failover.host, w->host.data, w->host.size);
        w->failover.host[w->host.size] = '\0';
        w->failover.port = (int)w->port;
        f = feed_at(n, w->failover.host, w->failover.port);
    }
    if (!f) return "ERR FAILOVER target HOST and PORT is not a replica.";
    return feed_counts(f) ? NULL : "ERR FAILOVER target replica is not online.";
}

static void run_abort(struct exec *x)
{
    struct node *n = call_of(x)->node;
    if (n->failover.state == FAILOVER_NONE) {
        reply_error(x->reply, "ERR No failover in progress.");
        return;
    }
    failover_abort(n, "Failover manually aborted");
    reply_ok(x->reply);
}

void run_failover(struct exec *x)
{
    struct node *n = call_of(x)->node;
    struct failover_wish w = {.failover = {.state = FAILOVER_WAITING}};
    if (x->argc == 2 && exec_is(x, 1, "abort")) {
        run_abort(x);
        return;
    }
    if (!read_wish(x, &w)) return;
    const char *error = objection(n, &w);
    if (!error) error = target_objection(n, &w);
    if (error) {
        reply_error(x->reply, error);
        return;
    }
    int64_t rest_ms = (INT64_MAX - n->now.mono_us) / 1000;
    if (w.timeout_ms > 0)
        w.failover.deadline_us = n->now.mono_us + (w.timeout_ms < rest_ms ? w.timeout_ms : rest_ms) * 1000;
    n->failover = w.failover;
    n->ack_wanted = true;
    if (w.failover.named)
        diary_say(n, DIARY_NOTICE, "FAILOVER requested to %s:%d.", w.failover.host, w.failover.port);
    else
        diary_say(n, DIARY_NOTICE, "FAILOVER requested to any replica.");
    reply_ok(x->reply);
}
