/* sample.h: some elements of a collection, drawn at random without taking one twice: HRANDFIELD, SRANDMEMBER,
 * ZRANDMEMBER with a positive count.
 *
 * Either the collection is walked over and each element is taken with the probability that makes all choices equally
 * likely (sample_takes), which is best when much of it is wanted; or elements are drawn until enough different ones have
 * come (struct field_table keeps those). sample_by_walk says which.
 */
#ifndef TIDELOCK_COMMAND_SAMPLE_H
#define TIDELOCK_COMMAND_SAMPLE_H

#include "command/exec.h"

enum { SAMPLE_REPEATS_MAX = 1 << 24 /* a negative count asks for so many elements at most */ };

/* `count` elements are wanted of `size` > count. */
bool sample_by_walk(size_t size, size_t count);

/* A walk that takes `wanted` of the `left` elements that are still to come. */
struct sample {
    uint64_t wanted, left;
};
/* Whether the next element is taken. */
bool sample_takes(struct sample *s, struct random *r);

/* The count that argument `index` asks for, and in *repeat whether elements may come twice (it was negative). With
 * `pairs`, each element is answered as two. False: an error, which was replied. */
bool sample_read_count(struct exec *x, int index, bool pairs, uint64_t *count, bool *repeat);
/* Whether a collection that is there may answer so many. False: an error, which was replied. */
bool sample_allowed(struct exec *x, uint64_t count, bool repeat);

#endif
