/* timing.h: how long commands take: what SLOWLOG, LATENCY and INFO commandstats tell.
 *
 * A node has no clock within a turn. Its driver may hand in a stopwatch (node_options.stopwatch), which the node reads and
 * which changes nothing but what is told here; the simulator hands in none, and there commands take no time. DEBUG SLEEP
 * counts in every world.
 *
 * Reading a stopwatch costs about as much as a tenth of a GET. So commands that cannot take long and come together, in one
 * pipeline, are timed together, and each is counted with an equal share. Timed by itself is a command that may take long
 * (it is neither FAST nor BRIEF), that is long itself, or that comes alone; only these can be found slow. With a
 * slowlog-log-slower-than below a millisecond every command is timed by itself.
 */
#ifndef TIDELOCK_NODE_TIMING_H
#define TIDELOCK_NODE_TIMING_H

#include <stdbool.h>
#include <stdint.h>

struct node;
struct call;
struct command;

enum { TIMING_TOGETHER = 16 };

struct timing {
    uint64_t (*stopwatch)(void); /* ns; NULL: no time passes */
    bool on;                     /* there is something to be timed, or every command goes to the slow log */
    bool every;                  /* each command by itself */
    bool alone;                  /* the request has come alone */
    uint64_t mark;               /* the last look at the stopwatch while these requests run, 0: none yet */
    int waiting;                 /* commands run since then, whose time is not known yet */
    const struct command *together[TIMING_TOGETHER];
};

/* What follows from the configuration. */
void timing_configured(struct node *n);

/* Before a command. Its beginning, 0: it is timed together with others. */
uint64_t timing_begin(struct node *n, const struct call *c, const struct command *command);
/* After it. */
void timing_end(struct node *n, struct call *c, const struct command *command, uint64_t begun);

/* Before a request of a run of requests; `alone`: there are no others. */
static inline void timing_request(struct timing *t, bool alone) { t->alone = alone; }
/* The run is over: what is waiting gets its time. */
void timing_run_over(struct node *n);

/* Work of the node's own: when it begins (0: no stopwatch), and an event of LATENCY when it took long. */
uint64_t timing_work_begin(struct node *n);
void timing_work_end(struct node *n, const char *event, uint64_t begun);

#endif
