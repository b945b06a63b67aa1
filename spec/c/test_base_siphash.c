/* SipHash-1-3 against vectors from Rust's standard library and an independent implementation in this file, which is
 * itself held against the vectors of the paper's reference code (2-4). */
#include "base/siphash.h"
#include "test.h"

#define ROTATE(x, b) (((x) << (b)) | ((x) >> (64 - (b))))

struct state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rounds(struct state *s, int count)
{
    for (int i = 0; i < count; i++) {
        s->v0 += s->v1, s->v1 = ROTATE(s->v1, 13), s->v1 ^= s->v0, s->v0 = ROTATE(s->v0, 32);
        s->v2 += s->v3, s->v3 = ROTATE(s->v3, 16), s->v3 ^= s->v2;
        s->v0 += s->v3, s->v3 = ROTATE(s->v3, 21), s->v3 ^= s->v0;
        s->v2 += s->v1, s->v1 = ROTATE(s->v1, 17), s->v1 ^= s->v2, s->v2 = ROTATE(s->v2, 32);
    }
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* The paper's pseudo code, byte by byte; `high` (of the form of 128 bits) may be NULL. */
static uint64_t reference(const uint8_t *p, size_t size, const uint64_t key[2], int c, int d, uint64_t *high)
{
    struct state s = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
                      key[1] ^ 0x7465646279746573};
    if (high) s.v1 ^= 0xee;
    for (size_t word = 0; word <= size / 8; word++) {
        uint64_t m = 0;
        for (size_t i = 0; i < 8 && word * 8 + i < size; i++) m |= (uint64_t)p[word * 8 + i] << (8 * i);
        if (word == size / 8) m |= (uint64_t)size << 56;
        s.v3 ^= m;
        rounds(&s, c);
        s.v0 ^= m;
    }
    s.v2 ^= high ? 0xee : 0xff;
    uint64_t low = rounds(&s, d);
    s.v1 ^= 0xdd;
    if (high) *high = rounds(&s, d);
    return low;
}

static const uint64_t key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

TEST(the_reference_gives_the_published_vectors_of_2_4)
{
    uint8_t in[64];
    for (int i = 0; i < 64; i++) in[i] = (uint8_t)i;
    CHECK(reference(in, 0, key, 2, 4, NULL) == 0x726fdb47dd0e0e31);
    CHECK(reference(in, 1, key, 2, 4, NULL) == 0x74f839c593dc67fd);
    CHECK(reference(in, 8, key, 2, 4, NULL) == 0x93f5f5799a932462);
    CHECK(reference(in, 15, key, 2, 4, NULL) == 0xa129ca6149be45e5);
    CHECK(reference(in, 63, key, 2, 4, NULL) == 0x958a324ceb064572);
    uint64_t high;
    CHECK(reference(in, 0, key, 2, 4, &high) == 0xe6a825ba047f81a3 && high == 0x930255c71472f66d);
    CHECK(reference(in, 1, key, 2, 4, &high) == 0x44af996bd8c187da && high == 0x45fc229b11597634);
}

TEST(published_vectors_of_1_3)
{
    uint8_t in[64];
    for (int i = 0; i < 64; i++) in[i] = (uint8_t)i;
    CHECK(siphash13(in, 0, key) == 0xabac0158050fc4dc);
    CHECK(siphash13(in, 1, key) == 0xc9f49bf37d57ca93);
    CHECK(siphash13(in, 2, key) == 0x82cb9b024dc7d44d);
}

TEST(every_length_and_alignment)
{
    uint8_t in[80];
    for (int i = 0; i < 80; i++) in[i] = (uint8_t)(i * 37 + 11);
    for (size_t offset = 0; offset < 8; offset++) {
        for (size_t size = 0; size <= 72; size++) {
            uint64_t high, hash[2];
            CHECK(siphash13(in + offset, size, key) == reference(in + offset, size, key, 1, 3, NULL));
            uint64_t low = reference(in + offset, size, key, 1, 3, &high);
            siphash13_wide(in + offset, size, key, hash);
            CHECK(hash[0] == low && hash[1] == high);
        }
    }
}

TEST(no_data_at_all) { CHECK(siphash13(NULL, 0, key) == siphash13("", 0, key)); }

TEST_MAIN()
