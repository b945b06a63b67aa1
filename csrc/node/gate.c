/* gate.c: lines of replies that wait, and how they go on. See gate.h.
 *
 * Leaves out: what a session's writes wait for (durable.c), and what acknowledges them (replication/sync.h).
 */
#include "node/gate.h"

#include <stdio.h>

#include "node/durable.h"
#include "node/internal.h"

enum {
    GATES_MIN = 8,
    GROUPS_KEEP = 32, /* groups that nobody refers to are kept as long as there are no more than these */
    HELD_KEEP = 16384 /* storage kept by an empty line */
};

static void line_moved(void *item, size_t index) { ((struct gate_line *)item)->index = index; }

static void timeout_moved(void *item, size_t index) { ((struct gate_line *)item)->timeout_index = index; }

/* ---- groups --------------------------------------------------------------------------------------------------- */

void gates_init(struct node *n)
{
    struct gates *gs = &n->gates;
    list_init(&gs->groups);
    heap_init(&gs->timeouts, &n->memory, timeout_moved);
    heap_init(&gs->own.lines, &n->memory, line_moved);
    list_init(&gs->own.link);
}

static void group_free(struct node *n, struct gate_group *group)
{
    list_remove(&group->link);
    heap_free(&group->lines);
    memory_free(&n->memory, group, sizeof *group);
    n->gates.group_count--;
}

void gates_free(struct node *n)
{
    struct gates *gs = &n->gates;
    while (!list_empty(&gs->groups)) group_free(n, list_item(gs->groups.next, struct gate_group, link));
    heap_free(&gs->own.lines);
    heap_free(&gs->timeouts);
}

static bool same(const struct durability *a, const struct durability *b)
{
    return a->timeout_ms == b->timeout_ms && a->degrade == b->degrade && sync_equal(&a->rule, &b->rule);
}

static struct gate_group *group_find(struct gates *gs, const struct durability *want)
{
    list_each(link, &gs->groups)
    {
        struct gate_group *group = list_item(link, struct gate_group, link);
        if (same(&group->want, want)) return group;
    }
    return NULL;
}

static void sweep(struct node *n)
{
    list_each_safe(link, &n->gates.groups)
    {
        struct gate_group *group = list_item(link, struct gate_group, link);
        if (group->users == 0) group_free(n, group);
    }
}

static struct gate_group *group_new(struct node *n, const struct durability *want)
{
    struct gates *gs = &n->gates;
    if (gs->group_count >= GROUPS_KEEP) sweep(n);
    if (gs->group_count >= GATE_GROUPS_MAX) return NULL;
    struct gate_group *group = memory_alloc_zero(&n->memory, sizeof *group);
    if (!group) return NULL;
    list_init(&group->link);
    list_push(&gs->groups, &group->link);
    gs->group_count++;
    group->want = *want;
    heap_init(&group->lines, &n->memory, line_moved);
    return group;
}

struct gate_group *gate_group_take(struct node *n, const struct durability *want)
{
    struct gate_group *group = group_find(&n->gates, want);
    if (!group) group = group_new(n, want);
    if (group) group->users++;
    return group;
}

void gate_group_leave(struct gate_group *group) { group->users--; }

int64_t gate_reached(struct node *n, struct gate_group *group)
{
    if (group->version != n->feeds.version || group->generation != n->log.generation) {
        group->version = n->feeds.version;
        group->generation = n->log.generation;
        group->reached = sync_reached(&group->want.rule, &n->feeds);
    }
    return group->reached;
}

/* ---- lines ---------------------------------------------------------------------------------------------------- */

static struct gate *gate_at(const struct gate_line *line, size_t index)
{
    return &line->gates[(line->first + index) & (line->capacity - 1)];
}

static struct gate_line *line_new(struct session *s)
{
    struct gate_line *line = memory_alloc_zero(&s->node->memory, sizeof *line);
    if (!line) return NULL;
    line->session = s;
    bytes_init(&line->held, &s->node->memory);
    s->line = line;
    return line;
}

/* Room for a gate more. */
static bool line_grow(struct gate_line *line)
{
    struct memory *m = &line->session->node->memory;
    if (line->count < line->capacity) return true;
    size_t capacity = line->capacity ? 2 * line->capacity : GATES_MIN;
    struct gate *gates = memory_alloc(m, capacity * sizeof *gates);
    if (!gates) return false;
    for (size_t i = 0; i < line->count; i++) gates[i] = *gate_at(line, i);
    memory_free(m, line->gates, line->capacity * sizeof *gates);
    line->gates = gates;
    line->capacity = capacity;
    line->first = 0;
    return true;
}

/* Puts the line where its first gate belongs. False: memory is out, and it stands nowhere. */
static bool line_stand(struct gate_line *line)
{
    struct gates *gs = &line->session->node->gates;
    const struct gate *g = gate_at(line, 0);
    if (!heap_insert(&g->group->lines, g->offset, line)) return false;
    int64_t timeout_ms = g->group->want.timeout_ms;
    line->timed = timeout_ms > 0;
    if (line->timed && !heap_insert(&gs->timeouts, g->since_us + timeout_ms * 1000, line)) {
        heap_remove(&g->group->lines, line->index);
        return false;
    }
    gs->lines++;
    return true;
}

static void line_leave(struct gate_line *line)
{
    struct gates *gs = &line->session->node->gates;
    heap_remove(&gate_at(line, 0)->group->lines, line->index);
    if (line->timed) heap_remove(&gs->timeouts, line->timeout_index);
    line->timed = false;
    gs->lines--;
}

/* The first gate is done with. */
static void line_forget_first(struct gate_line *line)
{
    struct gate *g = gate_at(line, 0);
    gate_group_leave(g->group);
    line->first++;
    line->count--;
    line->session->node->gates.held--;
}

/* What the session has written since its output had this size is now in the line, and so will be all that follows. */
static bool line_begin(struct gate_line *line, size_t before)
{
    struct session *s = line->session;
    if (!bytes_append(&line->held, s->output.data + before, s->output.size - before)) return false;
    s->output.size = before;
    s->writer.out = &line->held;
    return true;
}

void gate_hold(struct session *s, size_t start, size_t end, struct gate_group *group, int64_t offset,
               bool receipt)
{
    struct node *n = s->node;
    if (s->wants_close || end <= start || end > s->writer.out->size) return;
    struct gate_line *line = s->line ? s->line : line_new(s);
    if (!line || !line_grow(line) || (line->count == 0 && !line_begin(line, start))) {
        session_close_now(s);
        return;
    }
    size_t begin = line->count == 0 ? 0 : start;
    *gate_at(line, line->count) = (struct gate){.start = line->base + (int64_t)begin,
                                                .end = line->base + (int64_t)(begin + end - start),
                                                .offset = offset,
                                                .since_us = n->now.mono_us,
                                                .request = s->requests,
                                                .group = group,
                                                .demotions = n->gates.demotions,
                                                .protocol = (unsigned char)s->writer.reply.protocol,
                                                .receipt = receipt,
                                                .read = !s->wrote};
    group->users++;
    n->gates.held++;
    if (n->keep_trail) trail_gate(s, gate_at(line, line->count), TRAIL_HELD);
    n->ack_wanted = true;
    if (++line->count == 1 && !line_stand(line)) {
        line_forget_first(line);
        session_close_now(s);
    }
}

void gate_drop(struct session *s)
{
    struct gate_line *line = s->line;
    if (!line) return;
    struct memory *m = &s->node->memory;
    if (line->count > 0) line_leave(line);
    while (line->count > 0) line_forget_first(line);
    s->writer.out = &s->output;
    s->line = NULL;
    bytes_free(&line->held);
    memory_free(m, line->gates, line->capacity * sizeof *line->gates);
    memory_free(m, line, sizeof *line);
}

size_t gate_memory(const struct gate_line *line)
{
    return line ? sizeof *line + line->held.capacity + line->capacity * sizeof *line->gates : 0;
}

/* ---- going on ------------------------------------------------------------------------------------------------- */

enum verdict {
    VERDICT_WAIT,
    VERDICT_OPEN,
    VERDICT_TIME_IS_UP,
    VERDICT_DEMOTED,
    VERDICT_UNBLOCKED,
    VERDICT_SHUTDOWN
};

static enum verdict judge(struct node *n, const struct gate_line *line, const struct gate *g)
{
    int64_t timeout_ms = g->group->want.timeout_ms;
    if (g->demotions != n->gates.demotions) return VERDICT_DEMOTED;
    if (gate_reached(n, g->group) >= g->offset) return VERDICT_OPEN;
    if (n->shutdown) return VERDICT_SHUTDOWN;
    if (g->end <= line->given_up) return line->given_up_error ? VERDICT_UNBLOCKED : VERDICT_TIME_IS_UP;
    if (timeout_ms > 0 && n->now.mono_us >= g->since_us + timeout_ms * 1000) return VERDICT_TIME_IS_UP;
    return VERDICT_WAIT;
}

/* The error in a reply's place: the client must know that the write is there, for now, and where. */
static void answer_error(struct gate_line *line, const struct gate *g, enum verdict verdict)
{
    struct session *s = line->session;
    struct node *n = s->node;
    const struct sync_rule *rule = &g->group->want.rule;
    const char *what = g->read ? "what was read is here" : "the write was applied here";
    const char *replid = verdict == VERDICT_DEMOTED ? n->gates.demoted_replid : n->log.replid;
    char names[SYNC_PRINT_MAX], why[64] = "before this node became a replica: it may be lost";
    struct resp_writer w;
    sync_print(rule, names, sizeof names);
    if (verdict == VERDICT_UNBLOCKED) text_copy(why, sizeof why, "before the client was unblocked");
    if (verdict == VERDICT_SHUTDOWN) text_copy(why, sizeof why, "before this node shut down");
    if (verdict == VERDICT_TIME_IS_UP)
        snprintf(why, sizeof why, "within %lld ms", (long long)((n->now.mono_us - g->since_us) / 1000));
    resp_writer_init(&w, &s->output, g->protocol);
    reply_error_format(&w.reply, "UNACKNOWLEDGED %s (%s:%lld), but was not %s by %s %s", what, replid,
                       (long long)g->offset, sync_level_name(rule->level), names, why);
    stats_error(n, &w.reply, 1);
}

/* Copies the line's bytes from one place to another to what may be sent. */
static void release(struct gate_line *line, int64_t from, int64_t to)
{
    if (to > from)
        bytes_append(&line->session->output, line->held.data + (from - line->base), (size_t)(to - from));
}

/* The reply and its receipt. An error stays alone. */
static void answer_pair(struct gate_line *line, const struct gate *g, bool degraded)
{
    struct session *s = line->session;
    struct resp_writer w;
    bool pair = line->held.data[g->start - line->base] != '-';
    if (pair) bytes_append_text(&s->output, "*2\r\n");
    release(line, g->start, g->end);
    resp_writer_init(&w, &s->output, g->protocol);
    if (pair) receipt_write(s->node, &w.reply, g->group, g->offset, degraded);
}

/* Decides the first gate; returns where the line's bytes begin that have not gone out. */
static int64_t decide(struct gate_line *line, const struct gate *g, enum verdict verdict, int64_t sent)
{
    struct gates *gs = &line->session->node->gates;
    bool late = verdict == VERDICT_TIME_IS_UP, degraded = late && g->group->want.degrade;
    gs->timed_out += late;
    gs->degraded += degraded;
    gs->released += verdict == VERDICT_OPEN;
    if (line->session->node->keep_trail)
        trail_gate(line->session, g, verdict == VERDICT_OPEN ? TRAIL_RELEASED : TRAIL_GIVEN_UP);
    if ((verdict == VERDICT_OPEN || degraded) && !g->receipt) return sent;
    release(line, sent, g->start);
    if (verdict == VERDICT_OPEN || degraded)
        answer_pair(line, g, degraded);
    else
        answer_error(line, g, verdict);
    return g->end;
}

/* What has gone out is given back once it is the larger part. */
static void line_compact(struct gate_line *line)
{
    if (line->count == 0) {
        line->base += (int64_t)line->held.size;
        line->start = 0;
        bytes_clear(&line->held);
        bytes_trim(&line->held, HELD_KEEP);
        line->session->writer.out = &line->session->output;
    } else if (line->start > line->held.size / 2) {
        bytes_drop(&line->held, line->start);
        line->base += (int64_t)line->start;
        line->start = 0;
    }
}

/* Opens the gates of a line that stands nowhere, as far as it goes, and puts it where it belongs then. The session may be
 * about to be closed afterwards, and the line gone. */
static void line_advance(struct gate_line *line)
{
    struct session *s = line->session;
    struct node *n = s->node;
    bool was_full = gate_full(line);
    int64_t sent = line->base + (int64_t)line->start;
    enum verdict verdict;
    while (line->count > 0 && (verdict = judge(n, line, gate_at(line, 0))) != VERDICT_WAIT) {
        sent = decide(line, gate_at(line, 0), verdict, sent);
        line_forget_first(line);
    }
    int64_t until = line->count > 0 ? gate_at(line, 0)->start : line->base + (int64_t)line->held.size;
    release(line, sent, until);
    line->start = (size_t)(until - line->base);
    line_compact(line);
    bool lost = s->output.failed || line->held.failed;
    if (lost || (line->count > 0 && !line_stand(line))) {
        while (line->count > 0) line_forget_first(line);
        session_close_now(s);
        return;
    }
    if (was_full && !gate_full(line)) session_resume(s);
    if (s->close_after_reply && session_replied_all(s)) s->wants_close = true;
    session_wake(s);
    session_check_limits(s);
}

static void group_settle(struct node *n, struct gate_group *group)
{
    const struct heap_slot *first = heap_top(&group->lines);
    if (!first) return;
    int64_t reached = gate_reached(n, group);
    for (; first && first->key <= reached; first = heap_top(&group->lines)) {
        struct gate_line *line = first->item;
        line_leave(line);
        line_advance(line);
    }
}

static void reconsider_all(struct node *n)
{
    list_each(link, &n->sessions)
    {
        struct gate_line *line = list_item(link, struct session, link)->line;
        if (!gate_waits(line)) continue;
        line_leave(line);
        line_advance(line);
    }
}

void gate_settle(struct node *n)
{
    struct gates *gs = &n->gates;
    bool all = gs->reconsider || n->shutdown;
    gs->reconsider = false;
    if (gs->lines == 0) return;
    if (all) reconsider_all(n);
    group_settle(n, &gs->own);
    list_each(link, &gs->groups) group_settle(n, list_item(link, struct gate_group, link));
}

void gate_time_out(struct node *n)
{
    const struct heap_slot *first;
    while ((first = heap_top(&n->gates.timeouts)) != NULL && first->key <= n->now.mono_us) {
        struct gate_line *line = first->item;
        line_leave(line);
        line_advance(line);
    }
}

/* ---- what else happens ---------------------------------------------------------------------------------------- */

void gates_demoted(struct node *n)
{
    struct gates *gs = &n->gates;
    gs->demotions++;
    gs->reconsider = true;
    memcpy(gs->demoted_replid, n->log.replid, sizeof gs->demoted_replid);
}

void gate_give_up(struct session *s, bool error)
{
    struct gate_line *line = s->line;
    line->given_up = line->base + (int64_t)line->held.size;
    line->given_up_error = error;
    s->node->gates.reconsider = true;
}

void gates_configured(struct node *n)
{
    struct gates *gs = &n->gates;
    const struct config *c = &n->config;
    char error[SYNC_ERROR_MAX];
    struct durability want = {.timeout_ms = c->sync_timeout_ms, .degrade = c->sync_on_timeout == 1};
    sync_parse(&want.rule, slice_text(c->sync_replicas), error); /* it has been checked when it was set */
    want.rule.level = (enum sync_level)c->sync_level;
    if (same(&want, &gs->own.want)) return;
    gs->own.want = want;
    gs->own.version = 0;
    gs->wanted = want.rule.kind != SYNC_NONE;
    gs->reconsider = true;
}
