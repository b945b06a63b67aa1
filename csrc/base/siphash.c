/* siphash.c: SipHash-1-3, of 64 and of 128 bits: one compression round per word and three final ones.
 *
 * Leaves out: incremental hashing (keys are in one piece).
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

static inline void absorb(struct siphash *s, uint64_t word)
{
    s->d ^= word;
    mix(s);
    s->a ^= word;
}

static inline uint64_t finish(struct siphash *s)
{
    for (int i = 0; i < 3; i++) mix(s);
    return s->a ^ s->b ^ s->c ^ s->d;
}

static inline void absorb_bytes(struct siphash *s, const uint8_t *p, size_t size)
{
    size_t rest = size;
    for (; rest >= 8; p += 8, rest -= 8) absorb(s, little_load64(p));
    absorb(s, little_load_rest(p, rest) | (uint64_t)size << 56);
}

static inline struct siphash begin(const uint64_t key[2])
{
    return (struct siphash){
        key[0] ^ UINT64_C(0x736f6d6570736575),
        key[1] ^ UINT64_C(0x646f72616e646f6d),
        key[0] ^ UINT64_C(0x6c7967656e657261),
        key[1] ^ UINT64_C(0x7465646279746573),
    };
}

uint64_t siphash13(const void *data, size_t size, const uint64_t key[2])
{
    struct siphash s = begin(key);
    absorb_bytes(&s, data, size);
    s.c ^= 0xff;
    return finish(&s);
}

void siphash13_wide(const void *data, size_t size, const uint64_t key[2], uint64_t hash[2])
{
    struct siphash s = begin(key);
    s.b ^= 0xee;
    absorb_bytes(&s, data, size);
    s.c ^= 0xee;
    hash[0] = finish(&s);
    s.b ^= 0xdd;
    hash[1] = finish(&s);
}
