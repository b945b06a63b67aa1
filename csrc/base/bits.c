/* bits.c: counting, finding, reading and combining bits, eight bytes at a time where there are that many. */
#include "base/bits.h"

enum { WORD = sizeof(uint64_t) };

static uint64_t word_at(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* ---- counting ---- */

/* Bits set in each byte of a word. */
static uint64_t count_bytes(uint64_t w)
{
    w -= w >> 1 & UINT64_C(0x5555555555555555);
    w = (w & UINT64_C(0x3333333333333333)) + (w >> 2 & UINT64_C(0x3333333333333333));
    return (w + (w >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
}

/* The sum of a word's bytes, which must be below 256 in pairs of 16 bits: up to 31 counts of 8. */
static int64_t sum_bytes(uint64_t w)
{
    w = (w & UINT64_C(0x00ff00ff00ff00ff)) + (w >> 8 & UINT64_C(0x00ff00ff00ff00ff));
    return (int64_t)(w * UINT64_C(0x0001000100010001) >> 48);
}

static int64_t count_whole(const char *p, size_t size)
{
    enum { TOGETHER = 31 };
    int64_t count = 0;
    while (size >= WORD) {
        uint64_t sums = 0;
        for (int i = 0; i < TOGETHER && size >= WORD; i++, p += WORD, size -= WORD)
            sums += count_bytes(word_at(p));
        count += sum_bytes(sums);
    }
    for (; size > 0; p++, size--) count += __builtin_popcount((unsigned char)*p);
    return count;
}

/* The bits of byte `index` that lie from `first` to `last`. */
static unsigned part_of_byte(struct slice bytes, int64_t index, int64_t first, int64_t last)
{
    unsigned byte = (unsigned char)bytes.data[index];
    if (first > index * 8) byte &= 0xffu >> (first & 7);
    if (last < index * 8 + 7) byte &= 0xff00u >> ((last & 7) + 1);
    return byte;
}

int64_t bits_count(struct slice bytes, int64_t first, int64_t last)
{
    int64_t from = first >> 3, to = last >> 3;
    if (first > last) return 0;
    int64_t count = __builtin_popcount(part_of_byte(bytes, from, first, last));
    if (from == to) return count;
    count += __builtin_popcount(part_of_byte(bytes, to, first, last));
    return count + count_whole(bytes.data + from + 1, (size_t)(to - from - 1));
}

/* ---- finding ---- */

/* The first byte from `from` to `to` that is not `skip`, `to` + 1 when all are. */
static int64_t find_byte(struct slice bytes, int64_t from, int64_t to, unsigned char skip)
{
    uint64_t skipped = skip * UINT64_C(0x0101010101010101);
    while (from + WORD - 1 <= to && word_at(bytes.data + from) == skipped) from += WORD;
    while (from <= to && (unsigned char)bytes.data[from] == skip) from++;
    return from;
}

static int64_t first_in_byte(unsigned byte, int64_t index) { return index * 8 + __builtin_clz(byte) - 24; }

int64_t bits_find(struct slice bytes, int64_t first, int64_t last, bool set)
{
    int64_t from = first >> 3, to = last >> 3;
    unsigned flip = set ? 0 : 0xff;
    if (first > last) return -1;
    for (int64_t i = from; i <= to; i = find_byte(bytes, i + 1, to, (unsigned char)flip)) {
        char flipped = (char)(bytes.data[i] ^ (char)flip);
        unsigned byte = part_of_byte(slice_of(&flipped, 1), 0, first - i * 8, last - i * 8);
        if (byte) return first_in_byte(byte, i);
    }
    return -1;
}

/* ---- numbers ---- */

/* Of `width` bits from `at` on, how many are in the same byte as the first. */
static int in_first_byte(int64_t at, int width)
{
    int room = 8 - (int)(at & 7);
    return width < room ? width : room;
}

uint64_t bits_get(struct slice bytes, int64_t at, int width)
{
    uint64_t value = 0;
    for (int take; width > 0; at += take, width -= take) {
        take = in_first_byte(at, width);
        size_t index = (size_t)at >> 3;
        unsigned byte = index < bytes.size ? (unsigned char)bytes.data[index] : 0;
        byte = byte >> (8 - (at & 7) - take) & ((1u << take) - 1);
        value = value << take | byte;
    }
    return value;
}

void bits_set(char *bytes, int64_t at, int width, uint64_t value)
{
    for (int take; width > 0; at += take, width -= take) {
        take = in_first_byte(at, width);
        unsigned shift = (unsigned)(8 - (at & 7) - take), mask = (1u << take) - 1;
        unsigned part = (unsigned)(value >> (width - take)) & mask;
        unsigned byte = (unsigned char)bytes[at >> 3];
        bytes[at >> 3] = (char)((byte & ~(mask << shift)) | part << shift);
    }
}

/* ---- combining ---- */

static uint64_t combine(enum bits_operation operation, uint64_t a, uint64_t b)
{
    switch (operation) {
    case BITS_AND: return a & b;
    case BITS_OR: return a | b;
    case BITS_XOR: return a ^ b;
    default: return ~a;
    }
}

/* One more operand, as long as it goes. */
static void fold(enum bits_operation operation, char *into, struct slice operand)
{
    size_t i = 0;
    for (; i + WORD <= operand.size; i += WORD) {
        uint64_t word = combine(operation, word_at(into + i), word_at(operand.data + i));
        memcpy(into + i, &word, sizeof word);
    }
    for (; i < operand.size; i++)
        into[i] = (char)combine(operation, (unsigned char)into[i], (unsigned char)operand.data[i]);
}

void bits_combine(enum bits_operation operation, char *into, size_t size, const struct slice *operands,
                  int count)
{
    if (size == 0) return;
    memset(into, 0, size);
    if (operands[0].size > 0) memcpy(into, operands[0].data, operands[0].size);
    if (operation == BITS_NOT) fold(BITS_NOT, into, slice_of(into, size));
    for (int i = 1; i < count; i++) {
        fold(operation, into, operands[i]);
        if (operation == BITS_AND) memset(into + operands[i].size, 0, size - operands[i].size);
    }
}
