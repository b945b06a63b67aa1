/* latency_report.c: what LATENCY writes for people to read: GRAPH and DOCTOR.
 *
 * The graph has a column per sample, four lines high; below it stands how long ago each was. The report is in our own
 * words: nobody but people reads it.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "node/internal.h"

enum { LINES = 4, LEVELS = 3, COLUMNS = 80, AGE_MAX = 8 };

/* ---- GRAPH ---- */

static void low_and_high(const struct latency_event *e, int64_t *low, int64_t *high)
{
    *low = INT64_MAX;
    *high = 0;
    for (int i = 0; i < e->count; i++) {
        int64_t took = latency_sample_at(e, i)->took_ms;
        if (took < *low) *low = took;
        if (took > *high) *high = took;
    }
}

/* What stands in a line (0: the highest) of a column that is `level` of all LINES * LEVELS high. */
static char mark(int level, int line)
{
    static const char heads[LEVELS] = {'_', 'o', '#'};
    int above = level - (LINES - 1 - line) * LEVELS;
    if (above < 0) return ' ';
    return above < LEVELS ? heads[above] : '|';
}

/* "5s", "12m", "3h", "9d" */
static int age_of(const struct node *n, const struct latency_sample *s, char age[AGE_MAX])
{
    int64_t seconds = n->now.wall_us / 1000000 - s->time_s;
    char unit = 's';
    if (seconds >= 86400) {
        seconds /= 86400;
        unit = 'd';
    } else if (seconds >= 3600) {
        seconds /= 3600;
        unit = 'h';
    } else if (seconds >= 60) {
        seconds /= 60;
        unit = 'm';
    }
    return snprintf(age, AGE_MAX, "%d%c", seconds > 99999 ? 99999 : seconds < 0 ? 0 : (int)seconds, unit);
}

/* The ages, each written downwards below its column. */
static void put_ages(const struct node *n, const struct latency_event *e, int first, struct bytes *out)
{
    bool more = true;
    for (int line = 0; more; line++) {
        more = false;
        for (int i = first; i < e->count; i++) {
            char age[AGE_MAX];
            int size = age_of(n, latency_sample_at(e, i), age);
            bytes_append_char(out, line < size ? age[line] : ' ');
            more |= line + 1 < size;
        }
        bytes_append_char(out, '\n');
    }
}

void latency_graph(const struct node *n, const struct latency_event *e, struct bytes *out)
{
    int64_t low, high;
    int first = e->count > COLUMNS ? e->count - COLUMNS : 0;
    low_and_high(e, &low, &high);
    bytes_append_format(out, "%s - high %" PRId64 " ms, low %" PRId64 " ms (all time high %" PRId64 " ms)\n",
                        e->name, high, low, e->worst_ms);
    for (int i = 0; i < COLUMNS; i++) bytes_append_char(out, '-');
    bytes_append_char(out, '\n');
    for (int line = 0; line < LINES; line++) {
        for (int i = first; i < e->count; i++) {
            int64_t above_low = latency_sample_at(e, i)->took_ms - low, range = high - low;
            int level = range == 0 ? 0 : (int)(above_low * (LINES * LEVELS - 1) / range);
            bytes_append_char(out, mark(level, line));
        }
        bytes_append_char(out, '\n');
    }
    put_ages(n, e, first, out);
}

/* ---- DOCTOR ---- */

static void put_event(const struct latency_event *e, int number, struct bytes *out)
{
    double sum = 0, deviation = 0, period = 0;
    for (int i = 0; i < e->count; i++) sum += (double)latency_sample_at(e, i)->took_ms;
    double average = sum / e->count;
    for (int i = 0; i < e->count; i++)
        deviation += fabs((double)latency_sample_at(e, i)->took_ms - average) / e->count;
    int64_t span = latency_sample_at(e, e->count - 1)->time_s - latency_sample_at(e, 0)->time_s;
    if (e->count > 1) period = (double)span / (e->count - 1);
    bytes_append_format(out,
                        "%d. %s: %d spikes, %.0f ms on average (mean deviation %.0f ms), one every %.1f s; "
                        "the worst ever: %" PRId64 " ms.\n",
                        number, e->name, e->count, average, deviation, period, e->worst_ms);
}

/* What may help against spikes of one kind; NULL: nothing is known. */
static const char *advice(const char *event)
{
    static const struct {
        const char *event, *text;
    } known[] = {
        {"command", "SLOWLOG GET shows which commands take long, and with which arguments."},
        {"fast-command",
         "Fast commands are slow when the machine is: look for other load, swapping and stolen time."},
        {"expire-cycle", "Very many keys expire at the same moment: spread their expiry times."},
        {"eviction-cycle", "maxmemory is reached and writes evict keys: raise it, or write less at a time."},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].event, event) == 0) return known[i].text;
    return NULL;
}

void latency_doctor(const struct node *n, struct bytes *out)
{
    const struct latency *l = &n->latency;
    if (n->config.latency_threshold_ms == 0) {
        bytes_append_text(out, "Latency is not watched. CONFIG SET latency-monitor-threshold <milliseconds> "
                               "begins to note whatever takes at least so long.\n");
        return;
    }
    if (l->count == 0) {
        bytes_append_format(out, "Nothing has taken as long as %" PRId64 " ms so far.\n",
                            n->config.latency_threshold_ms);
        return;
    }
    for (int i = 0; i < l->count; i++) put_event(l->events[i], i + 1, out);
    for (int i = 0; i < l->count; i++) {
        const char *text = advice(l->events[i]->name);
        if (text) bytes_append_format(out, "- %s: %s\n", l->events[i]->name, text);
    }
}
