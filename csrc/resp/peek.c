/* peek.c: one quick pass over requests that have not been read yet.
 *
 * SPDX-License-Identifier: MIT */
#include "resp/peek.h"

enum {
    ARGUMENTS_MAX = 8, /* a longer request is better read than looked at */
    DIGITS_MAX = 6
};

/* A header line at `p`: `type`, a number, the end of the line. NULL when it is not that. */
static const char *header(const char *p, const char *end, char type, size_t *value)
{
    if (end - p < DIGITS_MAX + 3 || *p++ != type) return NULL;
    const char *digits = p;
    *value = 0;
    while ((unsigned char)(*p - '0') <= 9 && p - digits < DIGITS_MAX)
        *value = *value * 10 + (size_t)(*p++ - '0');
    return *p == '\r' && p > digits ? p + 2 : NULL;
}

/* One request; where the next begins, NULL when it is not here in full. What it does not have is left alone. */
static const char *request(const char *p, const char *end, struct resp_peeked *peeked)
{
    size_t count, size;
    p = header(p, end, '*', &count);
    if (!p || count > ARGUMENTS_MAX) return NULL;
    for (size_t i = 0; i < count; i++) {
        p = header(p, end, '$', &size);
        if (!p || (size_t)(end - p) < size + 2) return NULL;
        if (i == 1) peeked->key = slice_of(p, size);
        if (i == 2) peeked->element = slice_of(p, size);
        p += size + 2;
    }
    return p;
}

size_t resp_peek_keys(const char *data, size_t size, struct resp_peeked *peeked, size_t max)
{
    const char *p = data, *end = data + size;
    size_t found = 0;
    while (found < max) {
        struct resp_peeked next = {{NULL, 0}, {NULL, 0}};
        p = request(p, end, &next);
        if (!p) break;
        if (next.key.data) peeked[found++] = next;
    }
    return found;
}
