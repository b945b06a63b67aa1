/* digest.c: what a key, a database and a whole keyspace hash to: see digest.h for what is hashed and why. */
#include "store/digest.h"

#include "base/siphash.h"
#include "store/entry_make.h"
#include "store/value.h"

/* Fixed: every node must compute the same. (Digits of pi.) */
static const uint64_t digest_key[2] = {0x243f6a8885a308d3u, 0x13198a2e03707344u};
static const uint64_t database_key[2] = {0xa4093822299f31d0u, 0x082efa98ec4e6c89u};

enum {
    DIGEST_SMALL = 256, /* key and string of at most this many bytes together are hashed in one go */
    DIGEST_HEADER = 14, /* form, type, expiry time, key size */
    DIGEST_FORM_FLAT = 1,
    DIGEST_FORM_PARTS = 2
};

struct digest digest_bytes(struct slice bytes)
{
    uint64_t hash[2];
    siphash13_wide(bytes.data, bytes.size, digest_key, hash);
    return (struct digest){hash[0], hash[1]};
}

/* One of the good mixers of 64 bits (the finisher of SplitMix64): invertible, and every bit goes everywhere. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* As with databases below: what goes in is a digest, so invertible steps will do. */
struct digest digest_with(struct digest d, uint64_t number)
{
    d.low = mix(d.low + mix(d.high ^ number));
    d.high = mix(d.high + mix(d.low ^ digest_key[1]));
    return d;
}

/* Least significant byte first, on any machine. */
static char *put_number(char *out, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++) out[i] = (char)(unsigned char)(number >> (8 * i));
    return out + size;
}

static char *put_header(char *out, int form, const struct entry *e, size_t key_size)
{
    out = put_number(out, (uint64_t)form, 1);
    out = put_number(out, (uint64_t)entry_type(e), 1);
    out = put_number(out, (uint64_t)entry_expire(e), 8);
    return put_number(out, key_size, 4);
}

static char *put_digest(char *out, struct digest d)
{
    return put_number(put_number(out, d.low, 8), d.high, 8);
}

struct digest digest_pair(struct slice first, struct slice second)
{
    char buffer[DIGEST_HEADER + DIGEST_SMALL];
    if (first.size + second.size <= DIGEST_SMALL) {
        char *out = put_number(buffer, first.size, 4);
        if (first.size > 0) memcpy(out, first.data, first.size);
        if (second.size > 0) memcpy(out + first.size, second.data, second.size);
        return digest_bytes(slice_of(buffer, 4 + first.size + second.size));
    }
    const char *end = put_digest(put_digest(buffer, digest_bytes(first)), digest_bytes(second));
    return digest_bytes(slice_of(buffer, (size_t)(end - buffer)));
}

struct digest digest_entry(const struct entry *e)
{
    char buffer[DIGEST_HEADER + DIGEST_SMALL];
    struct slice key = entry_key(e);
    if (entry_type(e) == VALUE_STRING) {
        struct entry_text text;
        struct slice value = entry_string(e, &text);
        if (key.size + value.size <= DIGEST_SMALL) {
            char *out = put_header(buffer, DIGEST_FORM_FLAT, e, key.size);
            if (key.size > 0) memcpy(out, key.data, key.size);
            out += key.size;
            if (value.size > 0) memcpy(out, value.data, value.size);
            out += value.size;
            return digest_bytes(slice_of(buffer, (size_t)(out - buffer)));
        }
    }
    char *out = put_header(buffer, DIGEST_FORM_PARTS, e, key.size);
    out = put_digest(out, digest_bytes(key));
    out = put_digest(out, value_class(entry_type(e))->digest(e));
    return digest_bytes(slice_of(buffer, (size_t)(out - buffer)));
}

/* The sum is of digests already; what is left to do is to tell databases apart, for which invertible steps will do: two
 * sums never fall together. */
struct digest digest_database(int db, struct digest sum)
{
    if (digest_equal(sum, (struct digest){0, 0})) return sum;
    uint64_t number = database_key[0] + (uint64_t)db;
    sum.low = mix(sum.low + mix(sum.high ^ number));
    sum.high = mix(sum.high + mix(sum.low ^ database_key[1]));
    return sum;
}
