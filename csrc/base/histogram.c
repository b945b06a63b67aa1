/* histogram.c: see histogram.h. Below 2^(FINE+1) each value has a bucket of its own; from there on a bucket is the
 * position of the highest bit and the FINE bits that follow it. */
#include "base/histogram.h"

enum { FINE = HISTOGRAM_FINE, PER_POWER = 1 << FINE };

static int bucket_of(uint64_t value)
{
    if (value >> HISTOGRAM_BITS) value = (UINT64_C(1) << HISTOGRAM_BITS) - 1;
    if (value < PER_POWER) return (int)value;
    int power = 63 - __builtin_clzll(value);
    return ((power - FINE + 1) << FINE) + (int)(value >> (power - FINE) & (PER_POWER - 1));
}

static uint64_t largest_in(int bucket)
{
    if (bucket < PER_POWER) return (uint64_t)bucket;
    int shift = (bucket >> FINE) - 1;
    return ((uint64_t)(PER_POWER + (bucket & (PER_POWER - 1))) + 1) * (UINT64_C(1) << shift) - 1;
}

void histogram_add(struct histogram *h, uint64_t value, int64_t times)
{
    h->buckets[bucket_of(value)] += times;
    h->count += times;
}

int64_t histogram_below(const struct histogram *h, int power)
{
    if (power >= HISTOGRAM_BITS) return h->count;
    int64_t count = 0;
    int end = bucket_of(UINT64_C(1) << power);
    for (int i = 0; i < end; i++) count += h->buckets[i];
    return count;
}

uint64_t histogram_percentile(const struct histogram *h, double percent)
{
    int64_t count = 0, wanted = (int64_t)(percent / 100 * (double)h->count + 0.5);
    if (h->count == 0) return 0;
    if (wanted < 1) wanted = 1;
    int i = 0;
    for (; i < HISTOGRAM_BUCKETS - 1; i++) {
        count += h->buckets[i];
        if (count >= wanted) break;
    }
    return largest_in(i);
}
