/* crc64.c: CRC-64/Jones, eight bytes at a time ("slicing by 8", Kounavis and Berry 2005).
 *
 * tables[k][byte] is the remainder of that byte followed by k zero bytes. A remainder is linear over XOR, so
 * a table follows from its eight entries for the bytes of one bit, and the compiler fills it in from those.
 * They are consecutive powers of x: with s[n] the remainder of x^n, the entry for bit b in table k is
 * s[8 * (k + 1) - b]; s[1], last in the first table, is the polynomial itself, reflected.
 *
 * Leaves out: carry-less multiplication instructions; this does more than 1 GB/s as it is.
 */
#include "base/crc64.h"

#include "base/little.h"

/* the entry for byte i, given those for its bits */
#define ENTRY(i, b0, b1, b2, b3, b4, b5, b6, b7)                                                            \
    (((i) >> 0 & 1) * (b0)) ^ (((i) >> 1 & 1) * (b1)) ^ (((i) >> 2 & 1) * (b2)) ^ (((i) >> 3 & 1) * (b3)) ^ \
        (((i) >> 4 & 1) * (b4)) ^ (((i) >> 5 & 1) * (b5)) ^ (((i) >> 6 & 1) * (b6)) ^                       \
        (((i) >> 7 & 1) * (b7))
#define ENTRIES_4(i, ...)                                                            \
    ENTRY(i, __VA_ARGS__), ENTRY((i) + 1, __VA_ARGS__), ENTRY((i) + 2, __VA_ARGS__), \
        ENTRY((i) + 3, __VA_ARGS__)
#define ENTRIES_16(i, ...)                                                                       \
    ENTRIES_4(i, __VA_ARGS__), ENTRIES_4((i) + 4, __VA_ARGS__), ENTRIES_4((i) + 8, __VA_ARGS__), \
        ENTRIES_4((i) + 12, __VA_ARGS__)
#define ENTRIES_64(i, ...)                                                                            \
    ENTRIES_16(i, __VA_ARGS__), ENTRIES_16((i) + 16, __VA_ARGS__), ENTRIES_16((i) + 32, __VA_ARGS__), \
        ENTRIES_16((i) + 48, __VA_ARGS__)
#define TABLE(...)                                                                             \
    {                                                                                          \
        ENTRIES_64(0, __VA_ARGS__), ENTRIES_64(64, __VA_ARGS__), ENTRIES_64(128, __VA_ARGS__), \
            ENTRIES_64(192, __VA_ARGS__)                                                       \
    }

static const uint64_t tables[8][256] = {
    TABLE(UINT64_C(0x7ad870c830358979), UINT64_C(0xf5b0e190606b12f2), UINT64_C(0xc038e5739841b68f),
          UINT64_C(0xab28ecb46814fe75), UINT64_C(0x7d08ff3b88be6f81), UINT64_C(0xfa11fe77117cdf02),
          UINT64_C(0xdf7adabd7a6e2d6f), UINT64_C(0x95ac9329ac4bc9b5)),
    TABLE(UINT64_C(0x89e99ffd73bddf69), UINT64_C(0x388a19a9bfec2db9), UINT64_C(0x711433537fd85b72),
          UINT64_C(0xe22866a6ffb0b6e4), UINT64_C(0xef09eb1ea7f6fea3), UINT64_C(0xf54af06e177a6e2d),
          UINT64_C(0xc1ccc68f76634f31), UINT64_C(0xa8c0ab4db4510d09)),
    TABLE(UINT64_C(0xf4125129ce4038be), UINT64_C(0xc37d8400c417e217), UINT64_C(0xada22e52d0b85745),
          UINT64_C(0x701d7af6f9e73de1), UINT64_C(0xe03af5edf3ce7bc2), UINT64_C(0xeb2ccd88bf0b64ef),
          UINT64_C(0xfd00bd4226815ab5), UINT64_C(0xd1585cd715952601)),
    TABLE(UINT64_C(0x8ce168638c796306), UINT64_C(0x329bf69440655567), UINT64_C(0x6537ed2880caaace),
          UINT64_C(0xca6fda510195559c), UINT64_C(0xbf8692f15bbd3853), UINT64_C(0x545403b1efede3cd),
          UINT64_C(0xa8a80763dfdbc79a), UINT64_C(0x7a092894e7201c5f)),
    TABLE(UINT64_C(0x3504e58b9ba6dd1e), UINT64_C(0x6a09cb17374dba3c), UINT64_C(0xd413962e6e9b7478),
          UINT64_C(0x837e0a0f85a17b9b), UINT64_C(0x2da5324c53d5645d), UINT64_C(0x5b4a6498a7aac8ba),
          UINT64_C(0xb694c9314f559174), UINT64_C(0x4670b431c63cb183)),
    TABLE(UINT64_C(0xe39d1389931b9354), UINT64_C(0xec6301407ea0b5c3), UINT64_C(0xf39f24d3a5d6f8ed),
          UINT64_C(0xcc676ff4133a62b1), UINT64_C(0xb397f9bb7ee35609), UINT64_C(0x4c76d525a5513f79),
          UINT64_C(0x98edaa4b4aa27ef2), UINT64_C(0x1a8272c5cdd36e8f)),
    TABLE(UINT64_C(0x62a95de6e302eff2), UINT64_C(0xc552bbcdc605dfe4), UINT64_C(0xa1fc51c8d49c2ca3),
          UINT64_C(0x68a185c2f1afca2d), UINT64_C(0xd1430b85e35f945a), UINT64_C(0x89df31589e28bbdf),
          UINT64_C(0x38e744e264c6e4d5), UINT64_C(0x71ce89c4c98dc9aa)),
    TABLE(UINT64_C(0x381d0015c96f4444), UINT64_C(0x703a002b92de8888), UINT64_C(0xe074005725bd1110),
          UINT64_C(0xebb126fd13edb14b), UINT64_C(0xfc3b6ba97f4cf1fd), UINT64_C(0xd32ff101a60e7091),
          UINT64_C(0x8d06c450148b7249), UINT64_C(0x3154aef3718177f9)),
};

uint64_t crc64(uint64_t crc, const void *data, size_t size)
{
    const uint8_t *p = data;
    for (; size >= 8; p += 8, size -= 8) {
        uint64_t word = crc ^ little_load64(p);
        crc = tables[7][word & 0xff] ^ tables[6][word >> 8 & 0xff] ^ tables[5][word >> 16 & 0xff] ^
              tables[4][word >> 24 & 0xff] ^ tables[3][word >> 32 & 0xff] ^ tables[2][word >> 40 & 0xff] ^
              tables[1][word >> 48 & 0xff] ^ tables[0][word >> 56];
    }
    for (; size > 0; p++, size--) crc = crc >> 8 ^ tables[0][(crc ^ *p) & 0xff];
    return crc;
}
