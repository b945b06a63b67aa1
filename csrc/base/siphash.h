/* siphash.h: SipHash, the keyed hash (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).
 *
 * The tables use SipHash-1-3 with a key from the owner's random stream, so that clients cannot choose
 * colliding keys. The dataset digest uses its form of 128 bits with a fixed key, so that two nodes agree on it.
 */
#ifndef TIDELOCK_BASE_SIPHASH_H
#define TIDELOCK_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t siphash13(const void *data, size_t size, const uint64_t key[2]);
/* 128 bits: SipHash-1-3-128. */
void siphash13_wide(const void *data, size_t size, const uint64_t key[2], uint64_t hash[2]);

#endif
