/* stats.c: counting commands and errors, and points from which rates are made: see stats.h.
 *
 * Running out of memory here loses counts, nothing else. Which slot a command has depends on where its row lies in
 * memory; what is shown does not: INFO goes through the table of commands.
 */
#include <stdio.h>

#include "node/internal.h"

/* ---- commands ---- */

static size_t slot_of(const struct command *c, size_t slots)
{
    uint64_t hash = (uint64_t)(uintptr_t)c * 0x9e3779b97f4a7c15u;
    return (size_t)(hash >> 32) & (slots - 1);
}

/* Its slot, or the free one where it belongs. */
static struct command_stats *find(struct command_stats *table, size_t slots, const struct command *c)
{
    size_t i = slot_of(c, slots);
    while (table[i].command && table[i].command != c) i = (i + 1) & (slots - 1);
    return &table[i];
}

static bool grow(struct node *n)
{
    struct stats *s = &n->stats;
    size_t slots = s->slots ? s->slots * 2 : 16;
    struct command_stats *table = memory_alloc_zero(&n->memory, slots * sizeof *table);
    if (!table) return false;
    for (size_t i = 0; i < s->slots; i++)
        if (s->commands[i].command) *find(table, slots, s->commands[i].command) = s->commands[i];
    memory_free(&n->memory, s->commands, s->slots * sizeof *table);
    s->commands = table;
    s->slots = slots;
    s->last = NULL;
    return true;
}

static struct command_stats *counters_of(struct node *n, const struct command *c)
{
    struct stats *s = &n->stats;
    if (s->last && s->last->command == c) return s->last;
    if (s->used * 2 >= s->slots && !grow(n)) return NULL;
    s->last = find(s->commands, s->slots, c);
    if (!s->last->command) {
        s->last->command = c;
        s->used++;
    }
    return s->last;
}

const struct command_stats *stats_of(const struct node *n, const struct command *c)
{
    const struct stats *s = &n->stats;
    if (s->slots == 0) return NULL;
    const struct command_stats *found = find(s->commands, s->slots, c);
    return found->command ? found : NULL;
}

void stats_begin(struct node *n, const struct reply *r) { n->stats.counted_errors = r->errors; }

void stats_called(struct node *n, const struct command *c, bool again, const struct reply *r)
{
    struct command_stats *counters = counters_of(n, c);
    int64_t errors = r->errors - n->stats.counted_errors;
    n->stats.counted_errors = r->errors;
    if (counters) counters->calls += !again;
    n->counters.commands += !again;
    if (errors == 0) return;
    if (counters) counters->failed++;
    stats_error(n, r, errors);
}

void stats_failed(struct node *n, const struct command *c, const struct reply *r)
{
    struct command_stats *counters = counters_of(n, c);
    if (counters) counters->failed++;
    stats_error(n, r, 1);
}

void stats_took(struct node *n, const struct command *c, uint64_t ns)
{
    struct command_stats *counters = counters_of(n, c);
    if (!counters) return;
    counters->took_ns += ns;
    if (!n->config.latency_tracking || (ns == 0 && !n->timing.stopwatch)) return;
    if (!counters->times) counters->times = memory_alloc_zero(&n->memory, sizeof *counters->times);
    if (counters->times) histogram_add(counters->times, ns, 1);
}

void stats_refused(struct node *n, int argc, const struct slice *argv, const struct reply *r)
{
    const struct command *c = command_meant(n->commands, argv, argc, NULL);
    struct command_stats *counters = c ? counters_of(n, c) : NULL;
    if (counters) counters->rejected++;
    stats_error(n, r, 1);
}

/* The container that has `c` among its subcommands, NULL: it is a command of its own. */
static const struct command *container_of(const struct command_index *index, const struct command *c)
{
    for (int i = 0; i < command_count(index); i++)
        for (const struct command *sub = command_at(index, i)->subcommands; sub && sub->name; sub++)
            if (sub == c) return command_at(index, i);
    return NULL;
}

void stats_command_name(const struct node *n, const struct command *c, char name[COMMAND_NAME_MAX])
{
    const struct command *container = container_of(n->commands, c);
    snprintf(name, COMMAND_NAME_MAX, "%s%s%s", container ? container->name : "", container ? "|" : "",
             c->name);
}

/* ---- errors ---- */

static struct error_stats *add_error(struct node *n, const char *code)
{
    struct stats *s = &n->stats;
    if (s->error_count == STATS_ERRORS_MAX) return NULL;
    if (s->error_count == s->error_capacity) {
        size_t capacity = s->error_capacity ? s->error_capacity * 2 : 4;
        struct error_stats *errors = memory_resize(&n->memory, s->errors, s->error_capacity * sizeof *errors,
                                                   capacity * sizeof *errors);
        if (!errors) return NULL;
        s->errors = errors;
        s->error_capacity = capacity;
    }
    struct error_stats *e = &s->errors[s->error_count++];
    *e = (struct error_stats){.count = 0};
    text_copy(e->code, sizeof e->code, code);
    return e;
}

void stats_error(struct node *n, const struct reply *r, int64_t count)
{
    struct stats *s = &n->stats;
    struct error_stats *e = NULL;
    n->counters.errors += count;
    for (size_t i = 0; i < s->error_count && !e; i++)
        if (strcmp(s->errors[i].code, r->error_code) == 0) e = &s->errors[i];
    if (!e) e = add_error(n, r->error_code);
    if (e) e->count += count;
}

void stats_reset(struct node *n)
{
    struct stats *s = &n->stats;
    for (size_t i = 0; i < s->slots; i++)
        memory_free(&n->memory, s->commands[i].times, sizeof *s->commands[i].times);
    memory_free(&n->memory, s->commands, s->slots * sizeof *s->commands);
    memory_free(&n->memory, s->errors, s->error_capacity * sizeof *s->errors);
    *s = (struct stats){.counted_errors = s->counted_errors};
}

/* ---- rates ---- */

static void totals_of(const struct node *n, int64_t totals[STATS_RATES])
{
    const struct node_counters *c = &n->counters;
    totals[RATE_COMMANDS] = c->commands;
    totals[RATE_INPUT] = c->input_bytes;
    totals[RATE_OUTPUT] = c->output_bytes;
    totals[RATE_REPL_INPUT] = c->repl_input_bytes;
    totals[RATE_REPL_OUTPUT] = c->repl_output_bytes;
}

void stats_sample(struct node *n)
{
    struct stats *s = &n->stats;
    if (n->now.mono_us < s->next_point_us) return;
    struct stats_point *p = &s->points[s->next_point];
    s->next_point = (s->next_point + 1) % STATS_POINTS;
    s->next_point_us = n->now.mono_us + STATS_POINT_US;
    p->time_us = n->now.mono_us;
    totals_of(n, p->totals);
}

/* From the oldest point that is young enough, or the newest of all if time has jumped since. */
double stats_rate(const struct node *n, enum stats_rate rate)
{
    const struct stats *s = &n->stats;
    int64_t now = n->now.mono_us, young = now - (int64_t)STATS_POINTS * STATS_POINT_US;
    int64_t totals[STATS_RATES];
    const struct stats_point *from = NULL;
    for (unsigned i = 0; i < STATS_POINTS; i++) {
        const struct stats_point *p = &s->points[(s->next_point + i) % STATS_POINTS];
        if (p->time_us == 0 || p->time_us == now) continue;
        from = p;
        if (p->time_us >= young) break;
    }
    if (!from) return 0;
    totals_of(n, totals);
    return (double)(totals[rate] - from->totals[rate]) * 1e6 / (double)(now - from->time_us);
}
