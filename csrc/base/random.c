/* random.c: xoshiro256** streams, seeded by splitmix64 from a seed and a name.
 *
 * Leaves out: distributions other than uniform; whoever models something draws them from random_unit.
 */
#include "base/random.h"

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* FNV-1a */
static uint64_t hash_name(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *name; name++) hash = (hash ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
    return hash;
}

void random_init(struct random *r, uint64_t seed, const char *name)
{
    uint64_t mixed = splitmix(&seed) ^ hash_name(name);
    for (int i = 0; i < 4; i++) r->state[i] = splitmix(&mixed);
}

static inline uint64_t rotate(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

uint64_t random_next(struct random *r)
{
    uint64_t *s = r->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return result;
}

/* Draws as many bits as `bound` - 1 has until the number is in range: fewer than two draws on average. */
uint64_t random_below(struct random *r, uint64_t bound)
{
    if (bound <= 1) return 0;
    int unused = __builtin_clzll(bound - 1);
    uint64_t value;
    do value = random_next(r) >> unused;
    while (value >= bound);
    return value;
}

double random_unit(struct random *r) { return (double)(random_next(r) >> 11) * 0x1p-53; }

void random_hex(struct random *r, char *out, size_t size)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < size; i++, bits >>= 4) {
        if (i % 16 == 0) bits = random_next(r);
        out[i] = "0123456789abcdef"[bits & 15];
    }
}
