/* access.c: the LRU clock and the LFU counter. */
#include "command/access.h"

enum {
    CLOCK_MASK = (1 << 24) - 1,
    MINUTES_MASK = (1 << 16) - 1,
    COUNTER_MAX = 255,
    COUNTER_INITIAL = 5 /* so that a new key is not the first one to go */
};

static uint32_t clock_seconds(const struct exec *x) { return (uint32_t)(x->now_ms / 1000) & CLOCK_MASK; }

static uint32_t clock_minutes(const struct exec *x) { return (uint32_t)(x->now_ms / 60000) & MINUTES_MASK; }

static bool is_lfu(const struct exec *x) { return x->access && x->access->lfu; }

int access_frequency(const struct exec *x, const struct entry *e)
{
    uint32_t bits = entry_access(e);
    uint32_t elapsed = (clock_minutes(x) - (bits >> 8)) & MINUTES_MASK;
    int counter = (int)(bits & COUNTER_MAX);
    int steps = x->access->decay_minutes > 0 ? (int)elapsed / x->access->decay_minutes : 0;
    return steps < counter ? counter - steps : 0;
}

/* Counts an access with a probability that falls with the count. */
static int count_access(const struct exec *x, int counter)
{
    if (counter == COUNTER_MAX) return counter;
    double base = counter > COUNTER_INITIAL ? counter - COUNTER_INITIAL : 0;
    double p = 1.0 / (base * x->access->log_factor + 1);
    return random_unit(x->random) < p ? counter + 1 : counter;
}

void access_touch(const struct exec *x, struct entry *e)
{
    if (x->access && x->access->traceless) return;
    if (!is_lfu(x)) {
        entry_set_access(e, clock_seconds(x));
        return;
    }
    int counter = count_access(x, access_frequency(x, e));
    entry_set_access(e, clock_minutes(x) << 8 | (uint32_t)counter);
}

void access_created(const struct exec *x, struct entry *e)
{
    entry_set_access(e, is_lfu(x) ? clock_minutes(x) << 8 | COUNTER_INITIAL : clock_seconds(x));
}

void access_restore(const struct exec *x, struct entry *e, int64_t idle_s, int64_t frequency)
{
    if (is_lfu(x) && frequency >= 0)
        entry_set_access(e, clock_minutes(x) << 8 | (uint32_t)(frequency & COUNTER_MAX));
    if (!is_lfu(x) && idle_s >= 0) {
        uint32_t idle = idle_s < CLOCK_MASK ? (uint32_t)idle_s : CLOCK_MASK;
        entry_set_access(e, (clock_seconds(x) - idle) & CLOCK_MASK);
    }
}

int64_t access_idle(const struct exec *x, const struct entry *e)
{
    return (clock_seconds(x) - entry_access(e)) & CLOCK_MASK;
}
