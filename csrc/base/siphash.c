/* siphash.c: SipHash-c-d for c = 1 or 2 compression rounds per word and d = 3 or 4 final ones.
 *
 * Leaves out: incremental hashing (keys are in one piece), and the 128-bit variant.
 */
#include "base/siphash.h"

#include "base/little.h"

struct siphash {
    uint64_t a, b, c, d;
};

static inline uint64_t rotate(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

static inline void mix(struct siphash *s)
{
    s->a += s->b;
    s->c += s->d;
    s->b = rotate(s->b, 13) ^ s->a;
    s->d = rotate(s->d, 16) ^ s->c;
    s->a = rotate(s->a, 32);
    s->c += s->b;
    s->a += s->d;
    s->b = rotate(s->b, 17) ^ s->c;
    s->d = rotate(s->d, 21) ^ s->a;
    s->c = rotate(s->c, 32);
}

static inline void absorb(struct siphash *s, uint64_t word, int rounds)
{
    s->d ^= word;
    for (int i = 0; i < rounds; i++) mix(s);
    s->a ^= word;
}

/* The last `size` < 8 bytes as a number, without reading past them: loads that overlap put each byte where it
 * belongs, and where two of them put the same byte, they agree. */
static inline uint64_t load_rest(const uint8_t *p, size_t size)
{
    if (size >= 4) return little_load32(p) | (uint64_t)little_load32(p + size - 4) << (8 * (size - 4));
    if (size == 0) return 0;
    return (uint64_t)p[0] | (uint64_t)p[size / 2] << (8 * (size / 2)) |
           (uint64_t)p[size - 1] << (8 * (size - 1));
}

static inline uint64_t siphash(const uint8_t *p, size_t size, const uint64_t key[2], int rounds,
                               int final_rounds)
{
    struct siphash s = {
        key[0] ^ UINT64_C(0x736f6d6570736575),
        key[1] ^ UINT64_C(0x646f72616e646f6d),
        key[0] ^ UINT64_C(0x6c7967656e657261),
        key[1] ^ UINT64_C(0x7465646279746573),
    };
    size_t rest = size;
    for (; rest >= 8; p += 8, rest -= 8) absorb(&s, little_load64(p), rounds);
    absorb(&s, load_rest(p, rest) | (uint64_t)size << 56, rounds);
    s.c ^= 0xff;
    for (int i = 0; i < final_rounds; i++) mix(&s);
    return s.a ^ s.b ^ s.c ^ s.d;
}

uint64_t siphash13(const void *data, size_t size, const uint64_t key[2])
{
    return siphash(data, size, key, 1, 3);
}

uint64_t siphash24(const void *data, size_t size, const uint64_t key[2])
{
    return siphash(data, size, key, 2, 4);
}
