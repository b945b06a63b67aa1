/* histogram.h: how often values came up, by their size: eight buckets for each power of two.
 *
 * A bucket's width is at most an eighth of its values, so what is read from it is right to within 12 %. Values from 0 to
 * 2^40 (18 minutes in nanoseconds) are told apart; larger ones count as the largest.
 */
#ifndef TIDELOCK_BASE_HISTOGRAM_H
#define TIDELOCK_BASE_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_BITS = 40,
    HISTOGRAM_FINE = 3,
    HISTOGRAM_BUCKETS = (HISTOGRAM_BITS - HISTOGRAM_FINE + 1) << HISTOGRAM_FINE
};

/* All zero: empty. */
struct histogram {
    int64_t count;
    int64_t buckets[HISTOGRAM_BUCKETS];
};

/* The value came up `times` times. */
void histogram_add(struct histogram *h, uint64_t value, int64_t times);
/* How many values were below 2^power. */
int64_t histogram_below(const struct histogram *h, int power);
/* The value that `percent` of all did not exceed (the largest of its bucket); 0 when empty. */
uint64_t histogram_percentile(const struct histogram *h, double percent);

#endif
