/* little.h: little-endian loads from anywhere in memory; compilers turn each into one instruction. And eight letters at
 * a time. */
#ifndef TIDELOCK_BASE_LITTLE_H
#define TIDELOCK_BASE_LITTLE_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t little_load32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t little_load64(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

/* `size` < 8 bytes as a number, without reading past them: loads that overlap put each byte where it belongs, and where
 * two of them put the same byte, they agree. */
static inline uint64_t little_load_rest(const uint8_t *p, size_t size)
{
    if (size >= 4) return little_load32(p) | (uint64_t)little_load32(p + size - 4) << (8 * (size - 4));
    if (size == 0) return 0;
    return (uint64_t)p[0] | (uint64_t)p[size / 2] << (8 * (size / 2)) |
           (uint64_t)p[size - 1] << (8 * (size - 1));
}

/* Eight characters with capital ASCII letters made small. In a byte's high bit: at or past 'A', past 'Z'. */
static inline uint64_t little_lower(uint64_t text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t low = text & ones * 0x7f;
    uint64_t from_a = low + ones * (0x80 - 'A'), past_z = low + ones * (0x80 - 'Z' - 1);
    return text | (from_a & ~past_z & ~text & ones * 0x80) >> 2;
}

#endif
