/* random.h: seeded random streams (xoshiro256**, Blackman and Vigna 2018; seeded by splitmix64).
 *
 * Nothing in the house draws randomness from anywhere else: same seed, same run. A stream is derived from a
 * seed and a name, so that e.g. drawing once more for links does not change what disks draw.
 */
#ifndef TIDELOCK_BASE_RANDOM_H
#define TIDELOCK_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state[4];
};

/* The stream called `name` under `seed`. */
void random_init(struct random *r, uint64_t seed, const char *name);
uint64_t random_next(struct random *r);
/* Uniform in [0, bound), without modulo bias; bound > 0. */
uint64_t random_below(struct random *r, uint64_t bound);
/* Uniform in [0, 1). */
double random_unit(struct random *r);
/* `size` lower-case hex digits, no NUL. */
void random_hex(struct random *r, char *out, size_t size);

#endif
