/* SipHash against vectors: 2-4 from the paper's reference code, 1-3 from Rust's standard library and from an
 * independent implementation in this file. */
#include "base/siphash.h"
#include "test.h"

#define ROTATE(x, b) (((x) << (b)) | ((x) >> (64 - (b))))

/* The paper's pseudo code, byte by byte. */
static uint64_t reference(const uint8_t *p, size_t size, const uint64_t key[2], int c, int d)
{
    uint64_t v0 = key[0] ^ 0x736f6d6570736575, v1 = key[1] ^ 0x646f72616e646f6d;
    uint64_t v2 = key[0] ^ 0x6c7967656e657261, v3 = key[1] ^ 0x7465646279746573;
    for (size_t word = 0; word <= size / 8 + 1; word++) {
        uint64_t m = 0;
        if (word <= size / 8) {
            for (size_t i = 0; i < 8 && word * 8 + i < size; i++) m |= (uint64_t)p[word * 8 + i] << (8 * i);
            if (word == size / 8) m |= (uint64_t)size << 56;
            v3 ^= m;
        } else {
            v2 ^= 0xff;
        }
        for (int i = 0; i < (word <= size / 8 ? c : d); i++) {
            v0 += v1, v1 = ROTATE(v1, 13), v1 ^= v0, v0 = ROTATE(v0, 32);
            v2 += v3, v3 = ROTATE(v3, 16), v3 ^= v2;
            v0 += v3, v3 = ROTATE(v3, 21), v3 ^= v0;
            v2 += v1, v1 = ROTATE(v1, 17), v1 ^= v2, v2 = ROTATE(v2, 32);
        }
        v0 ^= m;
    }
    return v0 ^ v1 ^ v2 ^ v3;
}

static const uint64_t key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

TEST(published_vectors_of_2_4)
{
    uint8_t in[64];
    for (int i = 0; i < 64; i++) in[i] = (uint8_t)i;
    CHECK(siphash24(in, 0, key) == 0x726fdb47dd0e0e31);
    CHECK(siphash24(in, 1, key) == 0x74f839c593dc67fd);
    CHECK(siphash24(in, 8, key) == 0x93f5f5799a932462);
    CHECK(siphash24(in, 15, key) == 0xa129ca6149be45e5);
    CHECK(siphash24(in, 63, key) == 0x958a324ceb064572);
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
            CHECK(siphash13(in + offset, size, key) == reference(in + offset, size, key, 1, 3));
            CHECK(siphash24(in + offset, size, key) == reference(in + offset, size, key, 2, 4));
        }
    }
}

TEST(no_data_at_all) { CHECK(siphash13(NULL, 0, key) == siphash13("", 0, key)); }

TEST_MAIN()
