/* latency.h: spikes: what took longer than latency-monitor-threshold, by kind of event: LATENCY.
 *
 * An event has its last 160 seconds with a spike, each with the worst of them, and the worst of all time.
 */
#ifndef TIDELOCK_NODE_LATENCY_H
#define TIDELOCK_NODE_LATENCY_H

#include <stdint.h>

struct node;

enum { LATENCY_SAMPLES = 160, LATENCY_EVENTS_MAX = 8 };

struct latency_sample {
    int64_t time_s, took_ms;
};

struct latency_event {
    const char *name; /* a constant */
    int64_t worst_ms;
    int next, count; /* a ring */
    struct latency_sample samples[LATENCY_SAMPLES];
};

struct latency {
    struct latency_event *events[LATENCY_EVENTS_MAX]; /* in order of appearance */
    int count;
};

void latency_free(struct node *n);
/* Something took so long. Below the threshold, or out of memory, it is not kept. */
void latency_note(struct node *n, const char *event, int64_t took_ms);
/* The sample number `index` of an event, the oldest first. */
const struct latency_sample *latency_sample_at(const struct latency_event *e, int index);

#endif
