/* access.c: the LRU clock and the LFU counter. */
#include "command/access.h"

enum {
    CLOCK_MASK = (1 << 24) - 1,
    MINUTES_MASK = (1 << 16) - 1,
    COUNTER_INITIAL = 5 /* so that a new key is not the first one to go */
};

static uint32_t seconds_at(int64_t now_ms) { return (uint32_t)(now_ms / 1000) & CLOCK_MASK; }

static uint32_t minutes_at(int64_t now_ms) { return (uint32_t)(now_ms / 60000) & MINUTES_MASK; }

static uint32_t counted_at(int64_t now_ms, int counter)
{
    return minutes_at(now_ms) << 8 | (uint32_t)counter;
}

static bool is_lfu(const struct access_policy *p) { return p && p->lfu; }

int access_frequency_at(const struct access_policy *p, int64_t now_ms, const struct entry *e)
{
    uint32_t bits = entry_access(e);
    uint32_t elapsed = (minutes_at(now_ms) - (bits >> 8)) & MINUTES_MASK;
    int counter = (int)(bits & ACCESS_COUNTER_MAX);
    int steps = p->decay_minutes > 0 ? (int)elapsed / p->decay_minutes : 0;
    return steps < counter ? counter - steps : 0;
}

int access_frequency(const struct exec *x, const struct entry *e)
{
    return access_frequency_at(x->access, x->now_ms, e);
}

/* Counts an access with a probability that falls with the count. */
static int count_access(const struct exec *x, int counter)
{
    if (counter == ACCESS_COUNTER_MAX) return counter;
    double base = counter > COUNTER_INITIAL ? counter - COUNTER_INITIAL : 0;
    double p = 1.0 / (base * x->access->log_factor + 1);
    return random_unit(x->random) < p ? counter + 1 : counter;
}

void access_touch(const struct exec *x, struct entry *e)
{
    if (x->access && x->access->traceless) return;
    if (is_lfu(x->access))
        entry_set_access(e, counted_at(x->now_ms, count_access(x, access_frequency(x, e))));
    else
        entry_set_access(e, seconds_at(x->now_ms));
}

uint32_t access_fresh(const struct access_policy *p, int64_t now_ms)
{
    return is_lfu(p) ? counted_at(now_ms, COUNTER_INITIAL) : seconds_at(now_ms);
}

void access_created(const struct exec *x, struct entry *e)
{
    entry_set_access(e, access_fresh(x->access, x->now_ms));
}

void access_restore(const struct access_policy *p, int64_t now_ms, struct entry *e, int64_t idle_s,
                    int64_t frequency)
{
    if (is_lfu(p) && frequency >= 0)
        entry_set_access(e, counted_at(now_ms, (int)(frequency & ACCESS_COUNTER_MAX)));
    if (!is_lfu(p) && idle_s >= 0) {
        uint32_t idle = idle_s < CLOCK_MASK ? (uint32_t)idle_s : CLOCK_MASK;
        entry_set_access(e, (seconds_at(now_ms) - idle) & CLOCK_MASK);
    }
}

int64_t access_idle_at(int64_t now_ms, const struct entry *e)
{
    return (seconds_at(now_ms) - entry_access(e)) & CLOCK_MASK;
}

int64_t access_idle(const struct exec *x, const struct entry *e) { return access_idle_at(x->now_ms, e); }
