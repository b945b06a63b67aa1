/* pieces.h: a fuzzer's input cut into pieces, each in a block of its own, so that no reader sees beyond what it got.
 *
 * SPDX-License-Identifier: MIT */
#ifndef PIECES_H
#define PIECES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A property that does not hold: libFuzzer keeps the input of whoever aborts. */
#define MUST(expr)                                                                   \
    do {                                                                             \
        if (!(expr)) {                                                               \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #expr); \
            abort();                                                                 \
        }                                                                            \
    } while (0)

/* The lengths of the pieces, drawn from a number: mostly short ones, now and then one of hundreds of bytes. */
struct pieces {
    uint64_t state;
};

static inline size_t pieces_next(struct pieces *p)
{
    p->state = p->state * 6364136223846793005u + 1442695040888963407u;
    uint64_t draw = p->state >> 33;
    return draw % 8 == 0 ? 1 + (size_t)(draw >> 3) % 700 : 1 + (size_t)(draw >> 3) % 9;
}

static inline char *pieces_copy(const void *data, size_t size)
{
    char *copy = malloc(size > 0 ? size : 1);
    if (!copy) abort();
    if (size > 0) memcpy(copy, data, size);
    return copy;
}

#endif
