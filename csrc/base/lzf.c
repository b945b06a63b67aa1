/* lzf.c: LZF compression.
 *
 * Packed data is a sequence of runs of literal bytes and of references to bytes that came before:
 *
 *   000LLLLL  byte ...                   L + 1 literal bytes follow (1 .. 32)
 *   LLLooooo  oooooooo                   L + 2 bytes (3 .. 8) from o + 1 bytes back (1 .. 8192)
 *   111ooooo  LLLLLLLL  oooooooo         L + 9 bytes (9 .. 264)
 *
 * The packer remembers, by a hash of three bytes, where it last saw them. Positions are kept modulo 2^16: only the
 * last 8192 can be referred to, and every candidate is compared with the bytes it stands for, so one that has gone
 * stale does no harm (nor does it point before the start: it is 0 or was a position, modulo 2^16). The table is
 * cleared for each string and its size follows the string's, as most strings are short.
 *
 * SPDX-License-Identifier: MIT */
#include "base/lzf.h"

#include <stdint.h>
#include <string.h>

#include "base/little.h"

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

/* A reference: `length` bytes that repeat those `offset` before them. */
struct match {
    size_t offset, length;
};

static size_t room_left(const struct packer *k) { return (size_t)(k->end - k->out); }

static bool put_literals(struct packer *k, size_t from, size_t to)
{
    while (from < to) {
        size_t run = to - from < LITERALS_MAX ? to - from : LITERALS_MAX;
        if (room_left(k) < run + 1) return false;
        *k->out++ = (unsigned char)(run - 1);
        memcpy(k->out, k->in + from, run);
        k->out += run;
        from += run;
    }
    return true;
}

static bool put_match(struct packer *k, struct match m)
{
    bool is_long = m.length >= MATCH_LONG;
    if (room_left(k) < 2u + is_long) return false;
    unsigned high = is_long ? 7 : (unsigned)m.length - 2;
    *k->out++ = (unsigned char)(high << 5 | (m.offset - 1) >> 8);
    if (is_long) *k->out++ = (unsigned char)(m.length - MATCH_LONG);
    *k->out++ = (unsigned char)(m.offset - 1);
    return true;
}

/* Where in `seen` the three bytes at the top of `window` belong. */
static inline uint16_t *slot(struct packer *k, uint32_t window)
{
    return &k->seen[window * 2654435761u >> k->shift];
}

static inline uint32_t window_at(const struct packer *k, size_t position)
{
    const unsigned char *p = k->in + position;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8;
}

static void remember(struct packer *k, size_t position)
{
    *slot(k, window_at(k, position)) = (uint16_t)position;
}

static size_t match_length(const struct packer *k, size_t position, size_t offset)
{
    const unsigned char *now = k->in + position, *then = now - offset;
    size_t max = k->size - position < MATCH_MAX ? k->size - position : MATCH_MAX;
    size_t length = 0;
    for (; max - length >= 8; length += 8) {
        uint64_t differ = little_load64(now + length) ^ little_load64(then + length);
        if (differ != 0) return length + (size_t)__builtin_ctzll(differ) / 8;
    }
    while (length < max && now[length] == then[length]) length++;
    return length;
}

/* The first place from `position` on, and before `stop`, where at least three bytes are repeated; `stop` if none. */
static size_t find_match(struct packer *k, size_t position, size_t stop, struct match *m)
{
    if (position >= stop) return stop;
    uint32_t window = window_at(k, position) >> 8;
    for (; position < stop; position++) {
        window = window << 8 | (uint32_t)k->in[position + 2] << 8;
        uint16_t *last = slot(k, window);
        size_t offset = (uint16_t)(position - *last);
        *last = (uint16_t)position;
        if (k->in[position - offset] != k->in[position]) continue;
        if (offset == 0 || offset > OFFSET_MAX) continue;
        *m = (struct match){offset, match_length(k, position, offset)};
        if (m->length >= MATCH_MIN) return position;
    }
    return stop;
}

static void start(struct packer *k, const char *in, size_t size, char *out, size_t room)
{
    unsigned bits = HASH_BITS_MIN;
    while (bits < HASH_BITS_MAX && (size_t)1 << bits < size) bits++;
    k->in = (const unsigned char *)in;
    k->size = size;
    k->out = (unsigned char *)out;
    k->end = k->out + room;
    k->shift = 32 - bits;
    memset(k->seen, 0, sizeof k->seen[0] << bits);
}

size_t lzf_pack(const char *in, size_t size, char *out, size_t room)
{
    struct packer k;
    struct match m;
    start(&k, in, size, out, room);
    size_t last = size < MATCH_MIN ? 0 : size - MATCH_MIN + 1; /* no match begins here or later */
    size_t position = 0;
    for (;;) {
        /* literals that do not fit any more need not be looked for */
        size_t stop = last - position > room_left(&k) ? position + room_left(&k) : last;
        size_t found = find_match(&k, position, stop, &m);
        if (found == stop) break;
        if (!put_literals(&k, position, found) || !put_match(&k, m)) return 0;
        position = found + m.length;
        if (position >= last) break;
        remember(&k, position - 2);
        remember(&k, position - 1);
    }
    if (!put_literals(&k, position, size)) return 0;
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
