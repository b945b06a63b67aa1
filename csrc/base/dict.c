/* dict.c: the hash table by linear hashing.
 *
 * Where a bucket is
 *
 *   segments ─→ [ • ][ • ][ • ] ...            the directory, which grows by doubling
 *                 │    └─→ 1024 buckets
 *                 └─→ 1, 2, 4 ... 1024 buckets the first segment doubles, so that a small table is small
 *
 * What is in a bucket (64 bytes, one cache line)
 *
 *   slots  [ e0 ][ e1 ][ e2 ][ e3 ][ e4 ][ e5 ][ e6, or the next bucket of the chain ]
 *   tags   [t0 t1 t2 t3 t4 t5 t6][ how many entries, and whether there is a next bucket ]
 *
 * A chain is kept dense: every bucket but the last has six entries and a pointer, the last has two to seven
 * entries. So the entries of a chain are numbered 0 .. n-1, entry n-1 is the one that fills the hole when one
 * is taken out, and n entries always take the same number of buckets. From the last follows that a split
 * never needs a new overflow bucket: two chains of together n entries take at most one bucket more than one
 * chain of n, and that one is the new bucket itself. A merge may need up to two.
 *
 * How full it is: a table grows when there are more than 5.5 entries per bucket, shrinks when there would still
 * be fewer than 3 after that, and stands still in between, so that it does not go back and forth. (5 takes 15.3 bytes
 * for each of a million entries, 5.5 14.6, 6 14.0; a look-up takes as long with each.)
 *
 * The hash's low bits choose the bucket, its high byte is the tag.
 *
 * Leaves out: iteration other than by scan, and anything about the entries but their keys.
 */
#include "base/dict.h"

#include "base/siphash.h"
#include "base/tags.h"

enum {
    BUCKET_SLOTS = 7,
    LINK_SLOT = BUCKET_SLOTS - 1, /* where a chained bucket has its pointer to the next */
    BUCKET_BYTES = 64,
    SEGMENT_BUCKETS = 1024,
    LOAD_GROW = 11, /* half entries per bucket */
    LOAD_SHRINK = 3 /* entries per bucket, after a merge */
};

struct dict_bucket {
    void *slots[BUCKET_SLOTS];
    uint8_t tags[BUCKET_SLOTS + 1]; /* the last, META, has the number of entries, and CHAINED */
};

enum { META = BUCKET_SLOTS, CHAINED = 0x80, COUNT = 0x07 };

/* ---- buckets and chains ---- */

static inline unsigned bucket_count(const struct dict_bucket *b) { return b->tags[META] & COUNT; }

static inline bool bucket_chained(const struct dict_bucket *b) { return (b->tags[META] & CHAINED) != 0; }

static inline struct dict_bucket *bucket_next(const struct dict_bucket *b)
{
    return bucket_chained(b) ? b->slots[LINK_SLOT] : NULL;
}

/* The entries of a bucket whose tag is `tag`, one bit for each. */
static inline unsigned bucket_match(const struct dict_bucket *b, uint8_t tag)
{
    unsigned present = (1u << bucket_count(b)) - 1; /* the last of eight bytes is meta */
    return tags_match(b->tags, tag) & present;
}

static inline void bucket_set(struct dict_bucket *b, unsigned slot, void *entry, uint8_t tag)
{
    b->slots[slot] = entry;
    b->tags[slot] = tag;
}

/* Buckets taken out of a chain, waiting to be used again, linked through slot 0. */
struct spares {
    struct dict_bucket *first;
};

static void spares_push(struct spares *s, struct dict_bucket *b)
{
    b->slots[0] = s->first;
    s->first = b;
}

static struct dict_bucket *overflow_new(struct dict *d, struct spares *spares)
{
    struct dict_bucket *b = spares ? spares->first : NULL;
    if (b) {
        spares->first = b->slots[0];
        return b;
    }
    b = memory_alloc(d->memory, sizeof *b);
    if (b) d->overflows++;
    return b;
}

static void overflow_free(struct dict *d, struct dict_bucket *b)
{
    memory_free(d->memory, b, sizeof *b);
    d->overflows--;
}

static void spares_free(struct dict *d, struct spares *s)
{
    while (s->first) {
        struct dict_bucket *b = s->first;
        s->first = b->slots[0];
        overflow_free(d, b);
    }
}

/* Adds an entry at the end of a chain. False when it takes another bucket and there is neither a spare nor
 * memory. */
static bool chain_append(struct dict *d, struct dict_bucket *b, void *entry, uint8_t tag,
                         struct spares *spares)
{
    while (bucket_chained(b)) b = b->slots[LINK_SLOT];
    unsigned count = bucket_count(b);
    if (count < BUCKET_SLOTS) {
        bucket_set(b, count, entry, tag);
        b->tags[META] = (uint8_t)(count + 1);
        return true;
    }
    struct dict_bucket *next = overflow_new(d, spares);
    if (!next) return false;
    bucket_set(next, 0, b->slots[LINK_SLOT], b->tags[LINK_SLOT]);
    bucket_set(next, 1, entry, tag);
    next->tags[META] = 2;
    b->slots[LINK_SLOT] = next;
    b->tags[META] = LINK_SLOT | CHAINED;
    return true;
}

/* Takes entry `slot` of bucket `hole`, which is in the chain of `b`, out of it: the chain's last entry takes
 * its place. An overflow bucket that would be left with one entry hands that to the bucket before it. */
static void chain_remove(struct dict *d, struct dict_bucket *b, struct dict_bucket *hole, unsigned slot)
{
    struct dict_bucket *last = b, *before = NULL;
    for (; bucket_chained(last); last = last->slots[LINK_SLOT]) before = last;
    unsigned end = bucket_count(last) - 1;
    bucket_set(hole, slot, last->slots[end], last->tags[end]);
    last->tags[META] = (uint8_t)end;
    if (end != 1 || !before) return;
    bucket_set(before, LINK_SLOT, last->slots[0], last->tags[0]);
    before->tags[META] = BUCKET_SLOTS;
    overflow_free(d, last);
}

static size_t chain_count(const struct dict_bucket *b)
{
    size_t count = bucket_count(b);
    while ((b = bucket_next(b))) count += bucket_count(b);
    return count;
}

/* Entry number `index` of a chain. */
static void *chain_at(const struct dict_bucket *b, size_t index)
{
    for (; index >= bucket_count(b); b = bucket_next(b)) index -= bucket_count(b);
    return b->slots[index];
}

/* ---- segments ---- */

static inline size_t segment_bytes(const struct dict *d, size_t number)
{
    return (number == 0 ? d->first_buckets : SEGMENT_BUCKETS) * sizeof(struct dict_bucket);
}

static struct dict_bucket *segment_new(struct dict *d, size_t buckets)
{
    return memory_alloc_lines(d->memory, buckets * sizeof(struct dict_bucket));
}

static void segment_free(struct dict *d, size_t number)
{
    memory_free_lines(d->memory, d->segments[number], segment_bytes(d, number));
}

static inline struct dict_bucket *bucket_at(const struct dict *d, size_t index)
{
    return &d->segments[index / SEGMENT_BUCKETS][index % SEGMENT_BUCKETS];
}

static inline size_t buckets_in_use(const struct dict *d) { return linear_buckets(&d->linear); }

static bool directory_grow(struct dict *d)
{
    size_t slots = d->segment_slots == 0 ? 1 : 2 * d->segment_slots, size = sizeof *d->segments;
    struct dict_bucket **segments =
        memory_resize(d->memory, d->segments, d->segment_slots * size, slots * size);
    if (!segments) return false;
    d->segments = segments;
    d->segment_slots = slots;
    return true;
}

/* Replaces the first segment by one of another size. */
static bool first_segment_resize(struct dict *d, size_t buckets)
{
    struct dict_bucket *old = d->segments[0], *segment = segment_new(d, buckets);
    if (!segment) return false;
    memcpy(segment, old, buckets_in_use(d) * sizeof *segment);
    segment_free(d, 0);
    d->segments[0] = segment;
    d->first_buckets = buckets;
    return true;
}

/* The first bucket of a table that has none. */
static bool table_begin(struct dict *d)
{
    if (d->linear.level > 0) return true;
    if (d->segment_slots == 0 && !directory_grow(d)) return false;
    d->segments[0] = segment_new(d, 1);
    if (!d->segments[0]) return false;
    d->segments[0]->tags[META] = 0;
    d->first_buckets = 1;
    d->linear.level = 1;
    return true;
}

/* Makes sure that there is memory for one bucket more, at the end. */
static bool table_reserve(struct dict *d)
{
    size_t index = buckets_in_use(d);
    if (index < SEGMENT_BUCKETS) {
        return index < d->first_buckets || first_segment_resize(d, 2 * d->first_buckets);
    }
    if (index % SEGMENT_BUCKETS != 0) return true;
    size_t number = index / SEGMENT_BUCKETS;
    if (number == d->segment_slots && !directory_grow(d)) return false;
    d->segments[number] = segment_new(d, SEGMENT_BUCKETS);
    return d->segments[number] != NULL;
}

/* Gives back what the buckets that are gone leave behind. */
static void table_release(struct dict *d)
{
    size_t end = buckets_in_use(d);
    if (end >= SEGMENT_BUCKETS) {
        if (end % SEGMENT_BUCKETS == 0) segment_free(d, end / SEGMENT_BUCKETS);
    } else if (end <= d->first_buckets / 2) {
        first_segment_resize(d, d->first_buckets / 2); /* may fail: then it stays as large as it is */
    }
}

/* ---- growing and shrinking ---- */

/* Fetches the entries of a bucket. Inlined by order, as what follows: gcc takes a function that only
 * prefetches for one without effect and drops calls of it. */
static inline __attribute__((always_inline)) void prefetch_entries(const struct dict_bucket *b)
{
    for (unsigned i = 0; i < bucket_count(b); i++) __builtin_prefetch(b->slots[i]);
}

/* Fetches, step by step, what the next splits will look at: they go over keys that are cold, several
 * insertions from now. */
static inline __attribute__((always_inline)) void prefetch_splits(const struct dict *d)
{
    if (d->linear.split + 2 >= d->linear.level) return;
    __builtin_prefetch(bucket_at(d, d->linear.split + 2));
    const struct dict_bucket *b = bucket_next(bucket_at(d, d->linear.split + 1));
    if (b) __builtin_prefetch(b);
    for (b = bucket_at(d, d->linear.split); b; b = bucket_next(b)) prefetch_entries(b);
}

/* Deals the entries of the chain of bucket `split` out to that bucket and its image, the bucket at the end.
 * Each bucket of the old chain is copied out before it is used again. */
static void split_chain(struct dict *d, struct dict_bucket *b, struct dict_bucket *image)
{
    struct dict_bucket source = *b;
    struct spares spares = {NULL};
    b->tags[META] = image->tags[META] = 0;
    for (;;) {
        for (unsigned i = 0; i < bucket_count(&source); i++) {
            uint64_t hash = dict_hash(d, d->type->key(source.slots[i]));
            chain_append(d, linear_in_image(&d->linear, hash) ? image : b, source.slots[i], source.tags[i],
                         &spares);
        }
        struct dict_bucket *next = bucket_next(&source);
        if (!next) break;
        source = *next;
        spares_push(&spares, next);
    }
    spares_free(d, &spares);
}

static void grow(struct dict *d)
{
    if (d->scanning || 2 * d->size <= buckets_in_use(d) * LOAD_GROW || !table_reserve(d)) return;
    split_chain(d, bucket_at(d, d->linear.split), bucket_at(d, buckets_in_use(d)));
    linear_grow(&d->linear);
    prefetch_splits(d);
}

/* Adds the chain of `image` to that of `b`. False when memory is out, both as they were. */
static bool merge_chains(struct dict *d, struct dict_bucket *b, struct dict_bucket *image)
{
    size_t before = chain_count(b), moved = chain_count(image);
    for (size_t i = 0; i < moved; i++) {
        const struct dict_bucket *from = image;
        size_t slot = i;
        for (; slot >= bucket_count(from); from = bucket_next(from)) slot -= bucket_count(from);
        if (chain_append(d, b, from->slots[slot], from->tags[slot], NULL)) continue;
        for (size_t n = before + i; n > before; n--) {
            struct dict_bucket *last = b;
            while (bucket_chained(last)) last = last->slots[LINK_SLOT];
            chain_remove(d, b, last, bucket_count(last) - 1);
        }
        return false;
    }
    for (struct dict_bucket *next = bucket_next(image); next;) {
        struct dict_bucket *done = next;
        next = bucket_next(done);
        overflow_free(d, done);
    }
    return true;
}

static void shrink(struct dict *d)
{
    size_t last = buckets_in_use(d) - 1;
    if (d->scanning || last == 0 || d->size >= last * LOAD_SHRINK) return;
    if (!merge_chains(d, bucket_at(d, last - linear_level_below(&d->linear)), bucket_at(d, last))) return;
    linear_shrink(&d->linear);
    table_release(d);
    if (last == 1) return;
    __builtin_prefetch(bucket_at(d, last - 1)); /* for the next merge */
    __builtin_prefetch(bucket_at(d, last - 1 - linear_level_below(&d->linear)));
}

/* Takes the last bucket with its chain off the table. Returns how many entries were in it. */
static size_t drop_last(struct dict *d, void (*visit)(void *context, void *entry), void *context)
{
    size_t last = buckets_in_use(d) - 1, entries = 0;
    struct dict_bucket *b = bucket_at(d, last);
    for (bool first = true; b; first = false) {
        struct dict_bucket *done = b;
        for (unsigned i = 0; i < bucket_count(b); i++) visit(context, b->slots[i]);
        entries += bucket_count(b);
        b = bucket_next(b);
        if (!first) overflow_free(d, done);
    }
    d->size -= entries;
    bucket_at(d, last)->tags[META] = 0;
    if (last == 0) return entries;
    linear_shrink(&d->linear);
    table_release(d);
    return entries;
}

/* ---- the interface ---- */

void dict_init(struct dict *d, struct memory *m, const struct dict_type *type, const uint64_t hash_key[2])
{
    *d = (struct dict){.type = type, .memory = m, .hash_key = {hash_key[0], hash_key[1]}};
}

void dict_free(struct dict *d)
{
    size_t buckets = buckets_in_use(d);
    for (size_t i = 0; i < buckets && d->overflows > 0; i++) {
        for (struct dict_bucket *next = bucket_next(bucket_at(d, i)); next;) {
            struct dict_bucket *done = next;
            next = bucket_next(done);
            overflow_free(d, done);
        }
    }
    for (size_t i = 0; i < buckets; i += SEGMENT_BUCKETS) segment_free(d, i / SEGMENT_BUCKETS);
    memory_free(d->memory, d->segments, d->segment_slots * sizeof *d->segments);
    dict_init(d, d->memory, d->type, (uint64_t[2]){d->hash_key[0], d->hash_key[1]});
}

bool dict_drain(struct dict *d, size_t budget, void (*visit)(void *context, void *entry), void *context)
{
    enum { AHEAD = 2 };
    for (size_t done = 0; d->size > 0 && done < budget; done++) {
        size_t buckets = buckets_in_use(d);
        if (buckets > AHEAD) prefetch_entries(bucket_at(d, buckets - 1 - AHEAD));
        done += drop_last(d, visit, context);
    }
    return d->size > 0;
}

uint64_t dict_hash(const struct dict *d, struct slice key)
{
    return siphash13(key.data, key.size, d->hash_key);
}

void dict_prefetch(const struct dict *d, uint64_t hash, bool deep)
{
    if (d->linear.level == 0) return;
    const struct dict_bucket *b = bucket_at(d, linear_index(&d->linear, hash));
    if (!deep) {
        __builtin_prefetch(b);
        return;
    }
    unsigned match = bucket_match(b, tag_of(hash));
    if (match) __builtin_prefetch(b->slots[__builtin_ctz(match)]);
}

/* Where the entry with this key is: its bucket, and in *slot its place there. `head` is the chain. */
static struct dict_bucket *locate(const struct dict *d, struct dict_bucket *head, struct slice key,
                                  uint64_t hash, unsigned *slot)
{
    for (struct dict_bucket *b = head; b; b = bucket_next(b)) {
        for (unsigned match = bucket_match(b, tag_of(hash)); match; match &= match - 1) {
            *slot = (unsigned)__builtin_ctz(match);
            if (slice_equal(d->type->key(b->slots[*slot]), key)) return b;
        }
    }
    return NULL;
}

void *dict_find_hashed(const struct dict *d, struct slice key, uint64_t hash)
{
    if (d->linear.level == 0) return NULL;
    unsigned slot;
    const struct dict_bucket *b = locate(d, bucket_at(d, linear_index(&d->linear, hash)), key, hash, &slot);
    return b ? b->slots[slot] : NULL;
}

void *dict_find(const struct dict *d, struct slice key)
{
    return d->size == 0 ? NULL : dict_find_hashed(d, key, dict_hash(d, key));
}

bool dict_insert_hashed(struct dict *d, void *entry, uint64_t hash)
{
    if (!table_begin(d)) return false;
    if (!chain_append(d, bucket_at(d, linear_index(&d->linear, hash)), entry, tag_of(hash), NULL))
        return false;
    d->size++;
    grow(d);
    return true;
}

bool dict_insert(struct dict *d, void *entry)
{
    return dict_insert_hashed(d, entry, dict_hash(d, d->type->key(entry)));
}

void *dict_remove_hashed(struct dict *d, struct slice key, uint64_t hash)
{
    if (d->linear.level == 0) return NULL;
    unsigned slot;
    struct dict_bucket *head = bucket_at(d, linear_index(&d->linear, hash)),
                       *b = locate(d, head, key, hash, &slot);
    if (!b) return NULL;
    void *entry = b->slots[slot];
    chain_remove(d, head, b, slot);
    d->size--;
    shrink(d);
    return entry;
}

void *dict_remove(struct dict *d, struct slice key)
{
    return d->size == 0 ? NULL : dict_remove_hashed(d, key, dict_hash(d, key));
}

void dict_replace(struct dict *d, struct slice key, uint64_t hash, void *old_entry, void *new_entry)
{
    (void)key; /* the hash says where to look, the address is what to look for */
    for (struct dict_bucket *b = bucket_at(d, linear_index(&d->linear, hash)); b; b = bucket_next(b)) {
        for (unsigned match = bucket_match(b, tag_of(hash)); match; match &= match - 1) {
            unsigned slot = (unsigned)__builtin_ctz(match);
            if (b->slots[slot] != old_entry) continue;
            b->slots[slot] = new_entry;
            return;
        }
    }
}

/* Draws buckets, accepting one with a probability proportional to its entries, then one of these: so an entry
 * is as likely as any other, except that those in chains of more than FAIR are less so. A table that is much
 * emptier than a table should be (merges were put off) is walked from a random place instead. */
void *dict_random(const struct dict *d, struct random *r)
{
    enum { FAIR = 8, TRIES = 100 };
    if (d->size == 0) return NULL;
    size_t buckets = buckets_in_use(d), index = 0;
    for (int i = 0; i < TRIES; i++) {
        index = (size_t)random_below(r, buckets);
        const struct dict_bucket *b = bucket_at(d, index);
        size_t count = chain_count(b);
        size_t drawn = (size_t)random_below(r, count > FAIR ? count : FAIR);
        if (drawn < count) return chain_at(b, drawn);
    }
    while (bucket_count(bucket_at(d, index)) == 0) index = (index + 1) % buckets;
    return bucket_at(d, index)->slots[0];
}

size_t dict_overhead(const struct dict *d)
{
    size_t buckets = buckets_in_use(d), total = d->segment_slots * sizeof *d->segments;
    for (size_t i = 0; i < buckets; i += SEGMENT_BUCKETS) total += segment_bytes(d, i / SEGMENT_BUCKETS);
    return total + d->overflows * sizeof(struct dict_bucket);
}

/* ---- scanning ---- */

uint64_t dict_scan(struct dict *d, uint64_t cursor, void (*visit)(void *context, void *entry), void *context)
{
    if (d->linear.level == 0) return 0;
    size_t index = linear_index(&d->linear, cursor), size = d->size;
    struct dict_bucket *b = bucket_at(d, index);
    /* Backwards: an entry that is removed leaves its place to one that has been visited. */
    d->scanning++;
    for (size_t i = chain_count(b); i > 0; i--) visit(context, chain_at(b, i - 1));
    d->scanning--;
    uint64_t next = linear_cursor_after(&d->linear, index);
    for (size_t removed = size - d->size; removed > 0; removed--) shrink(d);
    return next;
}

bool dict_scan_passed(const struct dict *d, uint64_t cursor, uint64_t hash)
{
    (void)d; /* the cursor says it all */
    return linear_reverse(hash) < linear_reverse(cursor);
}
