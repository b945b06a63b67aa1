/* lzf.h: LZF, the byte compression of strings in RDB files and of the inner nodes of lists (the format is Marc Lehmann's).
 *
 * Why not liblzf: its compressor leaves its hash table uninitialised, so that what it writes depends on what was on
 * the stack. A simulation must give the same bytes for the same seed.
 */
#ifndef TIDELOCK_BASE_LZF_H
#define TIDELOCK_BASE_LZF_H

#include <stdbool.h>
#include <stddef.h>

enum {
    LZF_RATIO_MAX = 88 /* 3 bytes stand for 264 at best: nothing unpacks to more than 88 times its size */
};

/* Packs `size` bytes into at most `room`. The packed size, 0 when it does not fit. The same input gives the same
 * output, always. */
size_t lzf_pack(const char *in, size_t size, char *out, size_t room);
/* Unpacks to exactly `out_size` bytes; false when the input is not that. */
bool lzf_unpack(const char *in, size_t size, char *out, size_t out_size);

#endif
