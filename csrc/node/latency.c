/* latency.c: samples of spikes, LATENCY LATEST, HISTORY, RESET and HISTOGRAM. What is written for people (GRAPH, DOCTOR):
 * latency_report.c.
 *
 * Events: command, fast-command, expire-cycle, eviction-cycle.
 *
 * Source: https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/latency-monitor/
 */
#include "node/latency.h"

#include "command/introspect.h"

#include "node/commands.h"
#include "node/internal.h"

const struct latency_sample *latency_sample_at(const struct latency_event *e, int index)
{
    return &e->samples[(e->next - e->count + index + LATENCY_SAMPLES) % LATENCY_SAMPLES];
}

static struct latency_event *event_named(const struct node *n, struct slice name)
{
    for (int i = 0; i < n->latency.count; i++)
        if (slice_is_word(name, n->latency.events[i]->name)) return n->latency.events[i];
    return NULL;
}

static struct latency_event *event_make(struct node *n, const char *name)
{
    struct latency *l = &n->latency;
    struct latency_event *e = event_named(n, slice_text(name));
    if (e || l->count == LATENCY_EVENTS_MAX) return e;
    e = memory_alloc_zero(&n->memory, sizeof *e);
    if (!e) return NULL;
    e->name = name;
    l->events[l->count++] = e;
    return e;
}

static void event_drop(struct node *n, int index)
{
    struct latency *l = &n->latency;
    memory_free(&n->memory, l->events[index], sizeof *l->events[index]);
    l->count--;
    memmove(&l->events[index], &l->events[index + 1], (size_t)(l->count - index) * sizeof l->events[0]);
}

void latency_free(struct node *n)
{
    while (n->latency.count > 0) event_drop(n, n->latency.count - 1);
}

void latency_note(struct node *n, const char *event, int64_t took_ms)
{
    if (n->config.latency_threshold_ms == 0 || took_ms < n->config.latency_threshold_ms) return;
    struct latency_event *e = event_make(n, event);
    if (!e) return;
    int64_t now_s = n->now.wall_us / 1000000;
    if (took_ms > e->worst_ms) e->worst_ms = took_ms;
    struct latency_sample *last = &e->samples[(e->next + LATENCY_SAMPLES - 1) % LATENCY_SAMPLES];
    if (e->count > 0 && last->time_s == now_s) {
        if (took_ms > last->took_ms) last->took_ms = took_ms;
        return;
    }
    e->samples[e->next] = (struct latency_sample){now_s, took_ms};
    e->next = (e->next + 1) % LATENCY_SAMPLES;
    if (e->count < LATENCY_SAMPLES) e->count++;
}

/* ---- LATEST, HISTORY, RESET ---- */

void run_latency_latest(struct exec *x)
{
    const struct latency *l = &call_of(x)->node->latency;
    reply_array(x->reply, l->count);
    for (int i = 0; i < l->count; i++) {
        const struct latency_event *e = l->events[i];
        const struct latency_sample *last = latency_sample_at(e, e->count - 1);
        reply_array(x->reply, 4);
        reply_bulk_text(x->reply, e->name);
        reply_integer(x->reply, last->time_s);
        reply_integer(x->reply, last->took_ms);
        reply_integer(x->reply, e->worst_ms);
    }
}

void run_latency_history(struct exec *x)
{
    const struct latency_event *e = event_named(call_of(x)->node, x->argv[2]);
    int count = e ? e->count : 0;
    reply_array(x->reply, count);
    for (int i = 0; i < count; i++) {
        const struct latency_sample *sample = latency_sample_at(e, i);
        reply_array(x->reply, 2);
        reply_integer(x->reply, sample->time_s);
        reply_integer(x->reply, sample->took_ms);
    }
}

static bool is_asked_for(const struct exec *x, const char *name)
{
    for (int i = 2; i < x->argc; i++)
        if (exec_is(x, i, name)) return true;
    return x->argc == 2;
}

void run_latency_reset(struct exec *x)
{
    struct node *n = call_of(x)->node;
    int64_t dropped = 0;
    for (int i = n->latency.count - 1; i >= 0; i--) {
        if (!is_asked_for(x, n->latency.events[i]->name)) continue;
        event_drop(n, i);
        dropped++;
    }
    reply_integer(x->reply, dropped);
}

void run_latency_graph(struct exec *x)
{
    struct node *n = call_of(x)->node;
    const struct latency_event *e = event_named(n, x->argv[2]);
    if (!e) {
        reply_error_format(x->reply, "ERR No samples available for event '%.*s'",
                           x->argv[2].size < 128 ? (int)x->argv[2].size : 128, x->argv[2].data);
        return;
    }
    bytes_clear(&n->scratch);
    latency_graph(n, e, &n->scratch);
    reply_verbatim(x->reply, "txt", bytes_slice(&n->scratch));
}

void run_latency_doctor(struct exec *x)
{
    struct node *n = call_of(x)->node;
    bytes_clear(&n->scratch);
    latency_doctor(n, &n->scratch);
    reply_verbatim(x->reply, "txt", bytes_slice(&n->scratch));
}

/* ---- HISTOGRAM ---- */

/* Microseconds as Redis rounds them: a bucket ends at 1024 ns, 2048 ns, … */
enum { FIRST_POWER = 10, LAST_POWER = 30 };

static const struct histogram *times_of(const struct node *n, const struct command *c)
{
    const struct command_stats *stats = stats_of(n, c);
    return stats && stats->times && stats->times->count > 0 ? stats->times : NULL;
}

static int64_t count_steps(const struct histogram *h)
{
    int64_t steps = 0, before = 0;
    for (int power = FIRST_POWER; power <= LAST_POWER && before < h->count; power++) {
        int64_t below = power == LAST_POWER ? h->count : histogram_below(h, power);
        steps += below > before;
        before = below;
    }
    return steps;
}

static void reply_times(struct exec *x, const struct command *c, const struct histogram *h)
{
    char name[COMMAND_NAME_MAX];
    int64_t before = 0;
    stats_command_name(call_of(x)->node, c, name);
    reply_bulk_text(x->reply, name);
    reply_map(x->reply, 2);
    reply_bulk_text(x->reply, "calls");
    reply_integer(x->reply, h->count);
    reply_bulk_text(x->reply, "histogram_usec");
    reply_map(x->reply, count_steps(h));
    for (int power = FIRST_POWER; power <= LAST_POWER && before < h->count; power++) {
        int64_t below = power == LAST_POWER ? h->count : histogram_below(h, power);
        if (below > before) {
            reply_integer(x->reply, (int64_t)((UINT64_C(1) << power) / 1000));
            reply_integer(x->reply, below);
        }
        before = below;
    }
}

/* The command and its subcommands, as far as they have been timed; replies them, or only counts (`reply` false). */
static int64_t reply_family(struct exec *x, const struct command *c, bool reply)
{
    const struct node *n = call_of(x)->node;
    const struct histogram *h = times_of(n, c);
    int64_t count = h != NULL;
    if (h && reply) reply_times(x, c, h);
    for (const struct command *sub = c->subcommands; sub && sub->name; sub++) {
        const struct histogram *times = times_of(n, sub);
        count += times != NULL;
        if (times && reply) reply_times(x, sub, times);
    }
    return count;
}

static int64_t reply_histograms(struct exec *x, bool reply)
{
    const struct command_index *commands = call_of(x)->node->commands;
    const struct command *container;
    int64_t count = 0;
    for (int i = 0; x->argc == 2 && i < command_count(commands); i++)
        count += reply_family(x, command_at(commands, i), reply);
    for (int i = 2; i < x->argc; i++) {
        const struct command *c = command_by_full_name(commands, x->argv[i], &container);
        if (c) count += reply_family(x, c, reply);
    }
    return count;
}

void run_latency_histogram(struct exec *x)
{
    reply_map(x->reply, reply_histograms(x, false));
    reply_histograms(x, true);
}

static const char histogram_help[] =
    "    Return a cumulative distribution of latencies in the format of a histogram for the specified "
    "command names.";

void run_latency_help(struct exec *x)
{
    static const char *const lines[] = {
        "DOCTOR",
        "    Return a human readable latency analysis report.",
        "GRAPH <event>",
        "    Return an ASCII latency graph for the <event> class.",
        "HISTORY <event>",
        "    Return time-latency samples for the <event> class.",
        "LATEST",
        "    Return the latest latency samples for all events.",
        "RESET [<event> ...]",
        "    Reset latency data of one or more <event> classes.",
        "    (default: reset all data for all event classes)",
        "HISTOGRAM [COMMAND ...]",
        histogram_help,
        "    If no commands are specified then all histograms are replied.",
        NULL,
    };
    exec_help(x, "LATENCY", lines);
}
