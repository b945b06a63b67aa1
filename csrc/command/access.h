/* access.h: what the 24 access bits of an entry mean, and how an access changes them.
 *
 * LRU (the default): the second of the last access, modulo 2^24 (194 days). LFU: 16 bits with the minute of
 * the last decay, 8 bits with a logarithmic counter of accesses (Redis's scheme, after Morris, "Counting
 * large numbers of events in small registers", 1978).
 */
#ifndef TIDELOCK_COMMAND_ACCESS_H
#define TIDELOCK_COMMAND_ACCESS_H

#include "command/exec.h"

struct access_policy {
    bool lfu;          /* an LFU maxmemory-policy is selected */
    int log_factor;    /* lfu-log-factor: how much harder each further count is */
    int decay_minutes; /* lfu-decay-time: minutes per step of decay; 0: none */
    bool traceless;    /* accesses change nothing (CLIENT NO-TOUCH) */
    bool evicts_by_it; /* the policy looks at each value's accesses: values are not shared */
};

enum { ACCESS_COUNTER_MAX = 255 };

/* What an entry that is made now starts with. */
uint32_t access_fresh(const struct access_policy *p, int64_t now_ms);
/* Notes an access to the entry. */
void access_touch(const struct exec *x, struct entry *e);
/* Marks an entry that was just made. */
void access_created(const struct exec *x, struct entry *e);
/* Sets how long it has not been accessed, or how often it has (-1: not known), as far as the policy goes by it. */
void access_restore(const struct access_policy *p, int64_t now_ms, struct entry *e, int64_t idle_s,
                    int64_t frequency);
/* Seconds since the last access. LRU only. */
int64_t access_idle(const struct exec *x, const struct entry *e);
int64_t access_idle_at(int64_t now_ms, const struct entry *e);
/* The counter, decayed to now. LFU only. */
int access_frequency(const struct exec *x, const struct entry *e);
int access_frequency_at(const struct access_policy *p, int64_t now_ms, const struct entry *e);

#endif
