/* digest.h: 128-bit digests, for store/.
 *
 * The digest of an entry is SipHash-1-3-128 with a fixed key over an unambiguous serialisation of key, type,
 * expiry time and canonical value. A database's is the sum of its entries', so that one change costs one
 * subtraction and one addition; the dataset's is the sum over its databases of a mixture of (number, database
 * digest), so that SWAPDB and FLUSHDB cost nothing. (Sums and not XOR: an entry that were counted twice
 * would vanish from an XOR.)
 */
#ifndef TIDELOCK_STORE_DIGEST_H
#define TIDELOCK_STORE_DIGEST_H

#include "store/keyspace.h"

struct digest digest_bytes(struct slice bytes);
/* Of two texts, such that no other two have the same; for a field and its value. */
struct digest digest_pair(struct slice first, struct slice second);
/* Of what `d` is the digest of, together with a number: an element's place in a list, its score. */
struct digest digest_with(struct digest d, uint64_t number);
struct digest digest_entry(const struct entry *e);
/* The share of database `db`, whose entries add up to `sum`, in the dataset's digest; zero for an empty
 * one. */
struct digest digest_database(int db, struct digest sum);

static inline void digest_add(struct digest *sum, struct digest d)
{
    sum->low += d.low;
    sum->high += d.high;
}

static inline void digest_subtract(struct digest *sum, struct digest d)
{
    sum->low -= d.low;
    sum->high -= d.high;
}

static inline bool digest_equal(struct digest a, struct digest b)
{
    return a.low == b.low && a.high == b.high;
}

#endif
