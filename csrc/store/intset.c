/* intset.c: sorted integers of one width; the width is that of the widest there ever was. */
#include "store/intset.h"

#include "base/little.h"

static const uint8_t *bytes_of(const char *p) { return (const uint8_t *)p; }

size_t intset_width(const char *p) { return little_load32(bytes_of(p)); }

size_t intset_count(const char *p) { return little_load32(bytes_of(p) + 4); }

static int64_t load(const char *p, size_t index, size_t width)
{
    const uint8_t *b = bytes_of(p) + INTSET_HEADER + index * width;
    switch (width) {
    case 2: return (int16_t)(b[0] | b[1] << 8);
    case 4: return (int32_t)little_load32(b);
    default: return (int64_t)little_load64(b);
    }
}

static void store(char *p, size_t index, size_t width, int64_t value)
{
    char *b = p + INTSET_HEADER + index * width;
    for (size_t i = 0; i < width; i++) b[i] = (char)((uint64_t)value >> 8 * i);
}

static void put_header(char *p, size_t width, size_t count)
{
    for (int i = 0; i < 4; i++) {
        p[i] = (char)(width >> 8 * i);
        p[4 + i] = (char)(count >> 8 * i);
    }
}

static size_t width_of(int64_t value)
{
    if (value >= INT16_MIN && value <= INT16_MAX) return 2;
    return value >= INT32_MIN && value <= INT32_MAX ? 4 : 8;
}

int64_t intset_get(const char *p, size_t index) { return load(p, index, intset_width(p)); }

bool intset_find(const char *p, int64_t value, size_t *index)
{
    size_t width = intset_width(p), count = intset_count(p), low = 0, high = count;
    if (width_of(value) > width) {
        *index = value < 0 ? 0 : count;
        return false;
    }
    /* members often come in order */
    if (count > 0 && load(p, count - 1, width) < value) low = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (load(p, middle, width) < value)
            low = middle + 1;
        else
            high = middle;
    }
    *index = low;
    return low < count && load(p, low, width) == value;
}

size_t intset_size_with(const char *p, int64_t value)
{
    size_t width = width_of(value), count = p ? intset_count(p) : 0;
    if (p && intset_width(p) > width) width = intset_width(p);
    return INTSET_HEADER + (count + 1) * width;
}

void intset_init(char *p) { put_header(p, 2, 0); }

/* All integers in more bytes each, from the last on, so that none is overwritten before it is read. */
static void widen(char *p, size_t width)
{
    size_t old = intset_width(p), count = intset_count(p);
    for (size_t i = count; i-- > 0;) store(p, i, width, load(p, i, old));
    put_header(p, width, count);
}

void intset_insert(char *p, size_t index, int64_t value)
{
    if (width_of(value) > intset_width(p)) widen(p, width_of(value));
    size_t width = intset_width(p), count = intset_count(p);
    char *at = p + INTSET_HEADER + index * width;
    memmove(at + width, at, (count - index) * width);
    store(p, index, width, value);
    put_header(p, width, count + 1);
}

void intset_remove(char *p, size_t index)
{
    size_t width = intset_width(p), count = intset_count(p);
    char *at = p + INTSET_HEADER + index * width;
    memmove(at, at + width, (count - index - 1) * width);
    put_header(p, width, count - 1);
}

bool intset_valid(const char *p, size_t size)
{
    if (size < INTSET_HEADER) return false;
    size_t width = intset_width(p), count = intset_count(p);
    if (width != 2 && width != 4 && width != 8) return false;
    if ((size - INTSET_HEADER) / width != count || (size - INTSET_HEADER) % width != 0) return false;
    for (size_t i = 1; i < count; i++)
        if (load(p, i - 1, width) >= load(p, i, width)) return false;
    return true;
}
