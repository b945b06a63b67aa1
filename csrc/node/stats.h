/* stats.h: what INFO tells about commands, errors and rates.
 *
 * Counters of commands and errors are made when the first of their kind is counted, so a node to which nobody speaks
 * has none. Rates need no timer: points are kept when time is fed in anyway, and a rate is the distance to a point of
 * about a second and a half ago.
 */
#ifndef TIDELOCK_NODE_STATS_H
#define TIDELOCK_NODE_STATS_H

#include "base/histogram.h"
#include "command/command.h"

struct node;

struct command_stats {
    const struct command *command; /* NULL: a free slot */
    int64_t calls;
    int64_t rejected;        /* not run: arguments, role, password, memory, … */
    int64_t failed;          /* run, and answered an error */
    uint64_t took_ns;        /* all in all, as far as it was timed (node/timing.h) */
    struct histogram *times; /* of each call, ns; NULL: none were noted */
};

struct error_stats {
    char code[REPLY_CODE_MAX + 1];
    int64_t count;
};

enum stats_rate { RATE_COMMANDS, RATE_INPUT, RATE_OUTPUT, RATE_REPL_INPUT, RATE_REPL_OUTPUT, STATS_RATES };

enum { STATS_POINTS = 8, STATS_POINT_US = 200000, STATS_ERRORS_MAX = 128, COMMAND_NAME_MAX = 96 };

struct stats_point {
    int64_t time_us;
    int64_t totals[STATS_RATES];
};

struct stats {
    struct command_stats *commands; /* open addressing by the row's address, at most half full */
    size_t slots, used;
    struct command_stats *last; /* the one counted last: commands come in runs */
    struct error_stats *errors; /* in order of appearance, at most STATS_ERRORS_MAX */
    size_t error_count, error_capacity;
    int64_t counted_errors;                  /* reply->errors up to where they have been counted */
    struct stats_point points[STATS_POINTS]; /* a ring; time_us 0: none yet */
    unsigned next_point;
    int64_t next_point_us;
};

/* ---- commands and errors ---- */

/* Around each command that is run, also within EXEC: an error counts for the innermost. `again`: it has waited, and was
 * counted when it began to. */
void stats_begin(struct node *n, const struct reply *r);
void stats_called(struct node *n, const struct command *c, bool again, const struct reply *r);
/* A command that was counted when it began to wait has ended with an error. */
void stats_failed(struct node *n, const struct command *c, const struct reply *r);
/* How long one call took. */
void stats_took(struct node *n, const struct command *c, uint64_t ns);
/* A request was answered with an error without being run. */
void stats_refused(struct node *n, int argc, const struct slice *argv, const struct reply *r);
/* `count` errors with r->error_code were replied. */
void stats_error(struct node *n, const struct reply *r, int64_t count);
/* The counters of a command, NULL: none. */
const struct command_stats *stats_of(const struct node *n, const struct command *c);
/* Forgets everything. */
void stats_reset(struct node *n);
/* "get", "config|set": the name with its container's. */
void stats_command_name(const struct node *n, const struct command *c, char name[COMMAND_NAME_MAX]);

/* ---- rates ---- */

/* Keeps a point if it is time for one. */
void stats_sample(struct node *n);
/* Per second, over about the last 1.6 s. */
double stats_rate(const struct node *n, enum stats_rate rate);

#endif
