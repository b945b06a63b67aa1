/* lzf.c: LZF compression.
 *
 * Packed data is a sequence of runs of literal bytes and of references to bytes that came before:
 *
 *   000LLLLL  byte ...                   L + 1 literal bytes follow (1 .. 32)
 *   LLLooooo  oooooooo                   L + 2 bytes (3 .. 8) from o + 1 bytes back (1 .. 8192)
 *   111ooooo  LLLLLLLL  oooooooo         L + 9 bytes (9 .. 264)
 *
 * The packer remembers, by a hash of three bytes, where it last saw them. Positions are kept modulo 2^16: only the
 * last 8192 can be referred to, and every candidate is compared with the bytes it stands for, so a stale one does no
 * harm. The table is cleared for each string and its size follows the string's, as most strings are short.
 *
 * SPDX-License-Identifier: MIT */
#include "persist/lzf.h"

#include <stdint.h>
#include <string.h>

enum {
    HASH_BITS_MIN = 6,
    HASH_BITS_MAX = 13,
    LITERALS_MAX = 32,
    OFFSET_MAX = 8192,
    MATCH_MIN = 3,
    MATCH_MAX = 264,
    MATCH_LONG = 9 /* from here on the length has a byte of its own */
};

/* What is being packed, and into what. */
struct packer {
    const unsigned char *in;
    size_t size;
    unsigned char *out, *end;
    unsigned shift; /* 32 - hash bits */
    uint16_t seen[1 << HASH_BITS_MAX];
};

static inline uint16_t *slot(struct packer *k, size_t position)
{
    const unsigned char *p = k->in + position;
    uint32_t three = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
    return &k->seen[(three * 2654435761u) >> k->shift];
}

static bool put_literals(struct packer *k, size_t from, size_t to)
{
    while (from < to) {
        size_t run = to - from < LITERALS_MAX ? to - from : LITERALS_MAX;
        if ((size_t)(k->end - k->out) < run + 1) return false;
        *k->out++ = (unsigned char)(run - 1);
        memcpy(k->out, k->in + from, run);
        k->out += run;
        from += run;
    }
    return true;
}

static bool put_match(struct packer *k, size_t offset, size_t length)
{
    bool is_long = length >= MATCH_LONG;
    if (k->end - k->out < 2 + is_long) return false;
    unsigned high = is_long ? 7 : (unsigned)length - 2;
    *k->out++ = (unsigned char)(high << 5 | (offset - 1) >> 8);
    if (is_long) *k->out++ = (unsigned char)(length - MATCH_LONG);
    *k->out++ = (unsigned char)(offset - 1);
    return true;
}

/* How many bytes at `position` repeat those `offset` before it; 0 when too few. */
static size_t match_length(const struct packer *k, size_t position, size_t offset)
{
    if (offset == 0 || offset > OFFSET_MAX || offset > position) return 0;
    const unsigned char *now = k->in + position, *then = now - offset;
    if (now[0] != then[0] || now[1] != then[1] || now[2] != then[2]) return 0;
    size_t max = k->size - position < MATCH_MAX ? k->size - position : MATCH_MAX;
    size_t length = MATCH_MIN;
    while (length < max && now[length] == then[length]) length++;
    return length;
}

size_t lzf_pack(const char *in, size_t size, char *out, size_t room)
{
    struct packer k;
    unsigned bits = HASH_BITS_MIN;
    while (bits < HASH_BITS_MAX && (size_t)1 << bits < size) bits++;
    k.in = (const unsigned char *)in;
    k.size = size;
    k.out = (unsigned char *)out;
    k.end = k.out + room;
    k.shift = 32 - bits;
    memset(k.seen, 0, sizeof k.seen[0] << bits);

    size_t position = 0, literals = 0; /* bytes from `literals` to `position` have not been written yet */
    while (position + MATCH_MIN <= size) {
        uint16_t *last = slot(&k, position);
        size_t offset = (uint16_t)(position - *last);
        size_t length = match_length(&k, position, offset);
        *last = (uint16_t)position;
        if (length == 0) {
            position++;
            if (position - literals > (size_t)(k.end - k.out)) return 0;
            continue;
        }
        if (!put_literals(&k, literals, position) || !put_match(&k, offset, length)) return 0;
        position += length;
        literals = position;
        if (position + MATCH_MIN <= size) {
            *slot(&k, position - 1) = (uint16_t)(position - 1);
            *slot(&k, position - 2) = (uint16_t)(position - 2);
        }
    }
    if (!put_literals(&k, literals, size)) return 0;
    return (size_t)(k.out - (unsigned char *)out);
}

/* Copies `length` bytes from `offset` back; the two may overlap, which repeats the bytes between. */
static void copy_back(char *out, size_t offset, size_t length)
{
    const char *from = out - offset;
    if (offset >= length) {
        memcpy(out, from, length);
    } else if (offset == 1) {
        memset(out, *from, length);
    } else {
        while (length-- > 0) *out++ = *from++;
    }
}

bool lzf_unpack(const char *in, size_t size, char *out, size_t out_size)
{
    const unsigned char *p = (const unsigned char *)in, *end = p + size;
    size_t done = 0;
    while (p < end) {
        unsigned control = *p++;
        if (control < LITERALS_MAX) {
            size_t run = control + 1;
            if ((size_t)(end - p) < run || out_size - done < run) return false;
            memcpy(out + done, p, run);
            p += run;
            done += run;
            continue;
        }
        size_t length = (control >> 5) + 2;
        if (length == MATCH_LONG && p < end) length += *p++;
        if (p == end) return false;
        size_t offset = ((size_t)(control & 31) << 8) + *p++ + 1;
        if (offset > done || length > out_size - done) return false;
        copy_back(out + done, offset, length);
        done += length;
    }
    return done == out_size;
}
