/* peek.h: looks ahead in the input, for the keys of requests that will be executed next.
 *
 * Only a hint is wanted (keyspace_prefetch), so only requests as clients write them are understood: anything unusual
 * ends the look, and the reader finds out what it is when it gets there.
 */
#ifndef TIDELOCK_RESP_PEEK_H
#define TIDELOCK_RESP_PEEK_H

#include "base/bytes.h"

/* The first two arguments after the name (mostly a key, and what is meant in it) of each of the next requests in `data`
 * that are there in full, at most `max` of them. Returns how many. Requests that have none are skipped; where there is only
 * one, the other's `data` is NULL. */
struct resp_peeked {
    struct slice key, element;
};
size_t resp_peek_keys(const char *data, size_t size, struct resp_peeked *peeked, size_t max);

#endif
