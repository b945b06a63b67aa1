/* bytes.c: slices and growing buffers.
 *
 * Leaves out: searching, splitting, encodings; their readers know best.
 */
#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/little.h"
#include "base/number.h"

enum {
    BYTES_MIN = 32 /* capacity of the first allocation */
};

bool slice_same_letters(struct slice s, const char *word)
{
    const uint8_t *a = (const uint8_t *)s.data, *b = (const uint8_t *)word;
    size_t rest = s.size;
    for (; rest >= 8; a += 8, b += 8, rest -= 8)
        if (little_lower(little_load64(a)) != little_lower(little_load64(b))) return false;
    return little_lower(little_load_rest(a, rest)) == little_lower(little_load_rest(b, rest));
}

struct slice slice_next_word(struct slice *text)
{
    while (text->size > 0 && text->data[0] == ' ') *text = slice_of(text->data + 1, text->size - 1);
    size_t size = 0;
    while (size < text->size && text->data[size] != ' ') size++;
    struct slice word = slice_of(text->data, size);
    *text = slice_of(text->data + size, text->size - size);
    return word;
}

int slice_compare(struct slice a, struct slice b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

void text_copy(char *field, size_t room, const char *text)
{
    size_t size = strlen(text);
    if (size >= room) size = room - 1;
    memcpy(field, text, size);
    field[size] = '\0';
}

void bytes_init(struct bytes *b, struct memory *m) { *b = (struct bytes){.memory = m}; }

void bytes_free(struct bytes *b)
{
    memory_free(b->memory, b->data, b->capacity);
    bytes_init(b, b->memory);
}

void bytes_clear(struct bytes *b)
{
    b->size = 0;
    b->failed = false;
}

char *bytes_grow(struct bytes *b, size_t extra) { return bytes_grow_towards(b, extra, 0); }

/* Each growth adds an eighth at least, so that the copying stays in proportion. */
char *bytes_grow_towards(struct bytes *b, size_t extra, size_t whole)
{
    if (b->failed) return NULL;
    if (extra > SIZE_MAX / 2 - b->size) {
        b->failed = true;
        return NULL;
    }
    size_t capacity = b->capacity == 0 ? BYTES_MIN : 2 * b->capacity;
    if (whole > 0 && whole >= b->capacity + b->capacity / 8 && whole <= capacity + capacity / 8)
        capacity = whole;
    if (capacity < b->size + extra) capacity = b->size + extra;
    char *data = memory_resize(b->memory, b->data, b->capacity, capacity);
    if (!data) {
        b->failed = true;
        return NULL;
    }
    b->data = data;
    b->capacity = capacity;
    return b->data + b->size;
}

bool bytes_append(struct bytes *b, const void *data, size_t size)
{
    if (size == 0) return !b->failed;
    char *out = bytes_reserve(b, size);
    if (!out) return false;
    memcpy(out, data, size);
    b->size += size;
    return true;
}

bool bytes_append_slice(struct bytes *b, struct slice s) { return bytes_append(b, s.data, s.size); }

bool bytes_append_text(struct bytes *b, const char *text) { return bytes_append(b, text, strlen(text)); }

bool bytes_append_char(struct bytes *b, char c)
{
    char *out = bytes_reserve(b, 1);
    if (!out) return false;
    *out = c;
    b->size++;
    return true;
}

bool bytes_append_int(struct bytes *b, int64_t value)
{
    char *out = bytes_reserve(b, NUMBER_INT_MAX);
    if (!out) return false;
    b->size += number_format_int(out, value);
    return true;
}

bool bytes_append_quoted(struct bytes *b, struct slice word)
{
    static const char special[] = "\\\"\n\r\t\a\b", letters[] = "\\\"nrtab";
    bytes_append_char(b, '"');
    for (size_t i = 0; i < word.size; i++) {
        unsigned char c = (unsigned char)word.data[i];
        const char *found = c != '\0' ? strchr(special, c) : NULL;
        if (found)
            bytes_append_format(b, "\\%c", letters[found - special]);
        else if (c >= ' ' && c <= '~')
            bytes_append_char(b, (char)c);
        else
            bytes_append_format(b, "\\x%02x", c);
    }
    return bytes_append_char(b, '"');
}

bool bytes_append_format(struct bytes *b, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0) b->failed = true;
    char *out = size < 0 ? NULL : bytes_reserve(b, (size_t)size + 1);
    if (!out) return false;
    va_start(arguments, format);
    vsnprintf(out, (size_t)size + 1, format, arguments);
    va_end(arguments);
    b->size += (size_t)size;
    return true;
}

void bytes_drop(struct bytes *b, size_t size)
{
    if (size == 0) return;
    b->size -= size;
    if (b->size > 0) memmove(b->data, b->data + size, b->size);
}

void bytes_trim(struct bytes *b, size_t keep)
{
    if (b->size > 0 || b->capacity <= keep) return;
    memory_free(b->memory, b->data, b->capacity);
    b->data = NULL;
    b->capacity = 0;
}
