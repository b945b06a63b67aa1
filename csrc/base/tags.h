/* tags.h: eight one-byte tags compared at once: where in a bucket an entry may be. */
#ifndef TIDELOCK_BASE_TAGS_H
#define TIDELOCK_BASE_TAGS_H

#include "base/little.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The tag of a hash: bits that do not choose the bucket. */
static inline uint8_t tag_of(uint64_t hash) { return (uint8_t)(hash >> 56); }

/* Which of the eight bytes at `tags` are `tag`, one bit for each. */
static inline unsigned tags_match(const uint8_t *tags, uint8_t tag)
{
#ifdef __SSE2__
    __m128i eight = _mm_loadl_epi64((const __m128i *)(const void *)tags);
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(eight, _mm_set1_epi8((char)tag))) & 0xff;
#else
    const uint64_t ones = UINT64_C(0x0101010101010101), low7 = ones * 0x7f;
    uint64_t x = little_load64(tags) ^ ones * tag;
    uint64_t zeros = ~(((x & low7) + low7) | x | low7); /* the high bit of each byte that is zero */
    return (unsigned)((zeros >> 7) * UINT64_C(0x0102040810204080) >> 56);
#endif
}

#endif
