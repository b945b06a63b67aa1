/* timing.c: see timing.h. */
#include "node/timing.h"

#include "node/internal.h"

enum { LONG_REQUEST = 65536, EVERY_BELOW_US = 1000 };

void timing_configured(struct node *n)
{
    struct timing *t = &n->timing;
    int64_t slower_than = n->config.slowlog_slower_than_us;
    t->every = slower_than >= 0 && slower_than < EVERY_BELOW_US;
    t->on = t->stopwatch != NULL || t->every;
}

static uint64_t look(struct timing *t) { return t->stopwatch ? t->stopwatch() : 1; }

/* Those that ran since the last look have shared the time since then. */
static uint64_t share_out(struct node *n)
{
    struct timing *t = &n->timing;
    uint64_t now = look(t), all = now - t->mark;
    for (int i = 0; i < t->waiting; i++) stats_took(n, t->together[i], all / (uint64_t)t->waiting);
    t->waiting = 0;
    t->mark = now;
    return now;
}

static bool timed_alone(const struct timing *t, const struct call *c, const struct command *command)
{
    return t->alone || t->every || !(command->flags & (COMMAND_FAST | COMMAND_BRIEF)) ||
           c->raw.size > LONG_REQUEST;
}

uint64_t timing_begin(struct node *n, const struct call *c, const struct command *command)
{
    struct timing *t = &n->timing;
    if (!t->on) return 0;
    bool alone = timed_alone(t, c, command);
    if (t->mark == 0) t->mark = look(t);
    if (!alone) return 0;
    return t->waiting > 0 ? share_out(n) : t->mark;
}

static void took(struct node *n, const struct call *c, const struct command *command, uint64_t ns)
{
    int64_t us = (int64_t)(ns / 1000), slower_than = n->config.slowlog_slower_than_us;
    stats_took(n, command, ns);
    if (slower_than >= 0 && us >= slower_than && !(command->flags & COMMAND_SKIP_SLOWLOG)) slowlog_add(c, us);
    latency_note(n, command->flags & COMMAND_FAST ? "fast-command" : "command", us / 1000);
}

void timing_end(struct node *n, struct call *c, const struct command *command, uint64_t begun)
{
    struct timing *t = &n->timing;
    uint64_t slept = (uint64_t)c->slept_us * 1000;
    if (begun != 0) {
        if (t->waiting > 0) share_out(n); /* within EXEC */
        uint64_t now = look(t);
        took(n, c, command, now - begun + slept);
        t->mark = now;
    } else if (slept > 0) {
        took(n, c, command, slept);
    } else if (t->on) {
        t->together[t->waiting++] = command;
        if (t->waiting == TIMING_TOGETHER) share_out(n);
    }
}

void timing_run_over(struct node *n)
{
    if (n->timing.waiting > 0) share_out(n);
    n->timing.mark = 0;
}

uint64_t timing_work_begin(struct node *n)
{
    bool wanted = n->timing.stopwatch && n->config.latency_threshold_ms > 0;
    return wanted ? n->timing.stopwatch() : 0;
}

void timing_work_end(struct node *n, const char *event, uint64_t begun)
{
    if (begun != 0) latency_note(n, event, (int64_t)((n->timing.stopwatch() - begun) / 1000000));
}
