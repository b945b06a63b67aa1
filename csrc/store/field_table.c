/* field_table.c: linear hashing over blocks of records.
 *
 *   segments ─→ [ • ][ • ][ • ] ...            the directory, which grows by doubling
 *                 │    └─→ 512 buckets' addresses
 *                 └─→ 1, 2, 4 ... 512          the first segment doubles, so that a small table is small
 *
 * The table grows when there are more than LOAD_GROW elements per bucket, and shrinks when there would still be fewer than
 * LOAD_SHRINK after that. Both need memory, and are put off when there is none: buckets are then fuller or emptier
 * than they should be, and the next change tries again.
 *
 * Why blocks of records: with a pointer per element, an element of 20 bytes takes 45 at least (the allocator's own
 * bytes and rounding, the pointer, what hash tables leave empty), and every comparison is a cache miss.
 */
#include "store/field_table.h"

#include "base/siphash.h"
#include "base/tags.h"
#include "store/field_bucket.h"

enum { SEGMENT = 512, LOAD_GROW = 16, LOAD_SHRINK = 8 };

/* ---- buckets ---- */

static inline uint64_t hash_of(const struct field_table *t, struct slice field)
{
    return siphash13(field.data, field.size, t->hash_key);
}

static inline struct field_bucket **bucket_at(const struct field_table *t, size_t index)
{
    return &t->segments[index / SEGMENT][index % SEGMENT];
}

static inline size_t buckets(const struct field_table *t) { return linear_buckets(&t->linear); }

/* Keeps `bucket_bytes` right around a change of a bucket's block. */
static inline void bytes_changed(struct field_table *t, size_t before, const struct field_bucket *b)
{
    t->bucket_bytes += field_bucket_bytes(b) - before;
}

static bool reserve(struct memory *m, struct field_table *t, struct field_bucket **b, size_t more,
                    unsigned more_records)
{
    size_t before = field_bucket_bytes(*b);
    size_t used = *b ? (*b)->used : 0;
    unsigned count = *b ? (*b)->count : 0;
    bool done = field_bucket_reserve(m, b, used + more, count + more_records);
    bytes_changed(t, before, *b);
    return done;
}

static void trim(struct memory *m, struct field_table *t, struct field_bucket **b)
{
    size_t before = field_bucket_bytes(*b);
    if (*b) field_bucket_trim(m, b);
    bytes_changed(t, before, *b);
}

/* ---- the directory ---- */

static bool directory_grow(struct memory *m, struct field_table *t)
{
    size_t slots = t->segment_slots == 0 ? 1 : 2 * t->segment_slots, size = sizeof *t->segments;
    struct field_bucket ***segments = memory_resize(m, t->segments, t->segment_slots * size, slots * size);
    if (!segments) return false;
    t->segments = segments;
    t->segment_slots = slots;
    return true;
}

static size_t segment_bytes(const struct field_table *t, size_t number)
{
    return (number == 0 ? t->first_slots : SEGMENT) * sizeof(struct field_bucket *);
}

/* Gives the first segment another size; it may have none yet. */
static bool first_segment_resize(struct memory *m, struct field_table *t, size_t slots)
{
    struct field_bucket **first = t->first_slots > 0 ? t->segments[0] : NULL;
    first = memory_resize(m, first, segment_bytes(t, 0), slots * sizeof *first);
    if (!first) return false;
    t->segments[0] = first;
    t->first_slots = slots;
    return true;
}

/* Makes sure that there is a place for the address of one bucket more. */
static bool directory_reserve(struct memory *m, struct field_table *t)
{
    size_t index = buckets(t), number = index / SEGMENT;
    if (number == t->segment_slots && !directory_grow(m, t)) return false;
    if (number == 0) return index < t->first_slots || first_segment_resize(m, t, index == 0 ? 1 : 2 * index);
    if (index % SEGMENT != 0) return true;
    t->segments[number] = memory_alloc(m, segment_bytes(t, number));
    return t->segments[number] != NULL;
}

/* Gives back what the place of the bucket that was the last one leaves behind. */
static void directory_release(struct memory *m, struct field_table *t)
{
    size_t end = buckets(t);
    if (end >= SEGMENT) {
        if (end % SEGMENT == 0) memory_free(m, t->segments[end / SEGMENT], segment_bytes(t, end / SEGMENT));
    } else if (end <= t->first_slots / 2) {
        first_segment_resize(m, t, t->first_slots / 2); /* may fail: then it stays as large as it is */
    }
}

static bool begin(struct memory *m, struct field_table *t)
{
    if (t->linear.level > 0) return true;
    if (!directory_reserve(m, t)) return false;
    *bucket_at(t, 0) = NULL;
    t->linear.level = 1;
    return true;
}

/* ---- growing and shrinking ---- */

/* The bytes of those records of a bucket that belong into its image, and how many they are; which, in `moves`. */
static size_t choose(const struct field_table *t, const struct field_bucket *b, bool *moves, unsigned *count)
{
    size_t bytes = 0;
    const uint8_t *record = field_bucket_first(b);
    *count = 0;
    for (unsigned i = 0; i < b->count; i++) {
        const uint8_t *next = field_record_next(record, t->valued);
        moves[i] = linear_in_image(&t->linear, hash_of(t, field_part_text(record)));
        if (moves[i]) {
            bytes += (size_t)(next - record);
            *count += 1;
        }
        record = next;
    }
    return bytes;
}

/* Deals the records of `b` out to itself and `image`, which has room. The records of `b` move down within it. */
static void deal(const struct field_table *t, struct field_bucket *b, struct field_bucket *image,
                 const bool *moves)
{
    const uint8_t *record = field_bucket_first(b);
    unsigned count = b->count;
    b->count = 0;
    b->used = 0;
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *next = field_record_next(record, t->valued);
        field_bucket_take(moves[i] ? image : b, b->bytes[i], record, (size_t)(next - record));
        record = next;
    }
}

static void grow(struct memory *m, struct field_table *t)
{
    bool moves[FIELD_BUCKET_MAX];
    unsigned count = 0;
    if (t->size <= buckets(t) * LOAD_GROW || !directory_reserve(m, t)) return;
    struct field_bucket **b = bucket_at(t, t->linear.split), *image = NULL;
    if (*b) {
        size_t bytes = choose(t, *b, moves, &count);
        if (count > 0 && !reserve(m, t, &image, bytes, count)) {
            directory_release(m, t);
            return;
        }
        if (count > 0) deal(t, *b, image, moves);
        if ((*b)->count == 0) {
            t->bucket_bytes -= field_bucket_bytes(*b);
            field_bucket_free(m, *b);
            *b = NULL;
        }
        trim(m, t, b);
    }
    *bucket_at(t, buckets(t)) = image;
    linear_grow(&t->linear);
}

/* Adds the records of `image` to `b`. False when memory is out. */
static bool merge(struct memory *m, struct field_table *t, struct field_bucket **b,
                  struct field_bucket *image)
{
    if (!image) return true;
    if (!reserve(m, t, b, image->used, image->count)) return false;
    const uint8_t *record = field_bucket_first(image);
    for (unsigned i = 0; i < image->count; i++) {
        const uint8_t *next = field_record_next(record, t->valued);
        field_bucket_take(*b, image->bytes[i], record, (size_t)(next - record));
        record = next;
    }
    t->bucket_bytes -= field_bucket_bytes(image);
    field_bucket_free(m, image);
    return true;
}

static void shrink(struct memory *m, struct field_table *t)
{
    size_t last = buckets(t) - 1;
    if (last == 0 || t->size >= last * LOAD_SHRINK) return;
    size_t lower = last - linear_level_below(&t->linear);
    if (!merge(m, t, bucket_at(t, lower), *bucket_at(t, last))) return;
    linear_shrink(&t->linear);
    directory_release(m, t);
}

/* ---- wholes ---- */

void field_table_init(struct field_table *t, bool valued, const uint64_t hash_key[2])
{
    *t = (struct field_table){.valued = valued, .hash_key = {hash_key[0], hash_key[1]}};
}

static void free_outsides(struct memory *m, struct field_table *t, const struct field_bucket *b)
{
    const uint8_t *part = field_bucket_first(b);
    for (unsigned left = b->count * (t->valued ? 2u : 1u); left > 0 && t->outside_bytes > 0; left--) {
        const uint8_t *next = field_part_next(part);
        field_outside_free(m, part, &t->outside_bytes);
        part = next;
    }
}

static void drop_last(struct memory *m, struct field_table *t)
{
    size_t last = buckets(t) - 1;
    struct field_bucket *b = *bucket_at(t, last);
    if (b) {
        free_outsides(m, t, b);
        t->size -= b->count;
        t->bucket_bytes -= field_bucket_bytes(b);
        field_bucket_free(m, b);
    }
    if (last == 0) {
        t->linear.level = 0;
    } else {
        linear_shrink(&t->linear);
        directory_release(m, t);
    }
}

bool field_table_drain(struct memory *m, struct field_table *t, size_t budget)
{
    size_t size = t->size;
    for (size_t steps = 0; t->linear.level > 0; steps++) {
        if (steps + size - t->size >= budget) return true;
        drop_last(m, t);
    }
    if (t->first_slots > 0) memory_free(m, t->segments[0], segment_bytes(t, 0));
    memory_free(m, t->segments, t->segment_slots * sizeof *t->segments);
    field_table_init(t, t->valued, (uint64_t[2]){t->hash_key[0], t->hash_key[1]});
    return false;
}

size_t field_table_memory(const struct field_table *t)
{
    size_t total = t->bucket_bytes + t->outside_bytes + t->segment_slots * sizeof *t->segments;
    for (size_t i = 0; i < buckets(t); i += SEGMENT) total += segment_bytes(t, i / SEGMENT);
    return total;
}

/* Adds a copy of a bucket at the end. Records with parts outside are added one by one: these need copies of their own. */
static bool copy_bucket(struct memory *m, struct field_table *copy, const struct field_table *t, size_t index)
{
    const struct field_bucket *b = *bucket_at(t, index);
    if (!directory_reserve(m, copy)) return false;
    struct field_bucket **to = bucket_at(copy, index);
    *to = NULL;
    if (index == 0)
        copy->linear.level = 1;
    else
        linear_grow(&copy->linear);
    if (!b) return true;
    if (!reserve(m, copy, to, b->used, b->count)) return false;
    const uint8_t *p = field_bucket_first(b);
    for (unsigned i = 0; i < b->count; i++) {
        struct field_part field, value;
        if (!field_part_make(m, &field, field_part_text(p), &copy->outside_bytes)) return false;
        p = field_part_next(p);
        if (t->valued && !field_part_make(m, &value, field_part_text(p), &copy->outside_bytes)) {
            field_part_drop(m, &field, &copy->outside_bytes);
            return false;
        }
        if (t->valued) p = field_part_next(p);
        field_bucket_append(*to, b->bytes[i], &field, t->valued ? &value : NULL);
        copy->size++;
    }
    return true;
}

bool field_table_copy(struct memory *m, struct field_table *copy, const struct field_table *t)
{
    field_table_init(copy, t->valued, t->hash_key);
    for (size_t i = 0; i < buckets(t); i++) {
        if (copy_bucket(m, copy, t, i)) continue;
        while (field_table_drain(m, copy, SIZE_MAX)) {}
        return false;
    }
    return true;
}

/* ---- elements ---- */

bool field_table_find(const struct field_table *t, struct slice field, struct slice *value)
{
    unsigned index;
    if (t->size == 0) return false;
    uint64_t hash = hash_of(t, field);
    const struct field_bucket *b = *bucket_at(t, linear_index(&t->linear, hash));
    const uint8_t *record = field_bucket_find(b, t->valued, field, tag_of(hash), &index);
    if (record && value && t->valued) *value = field_part_text(field_part_next(record));
    return record != NULL;
}

/* Fetches what a look-up reads after a bucket's head, which has arrived: all records when there may be such a field, or else
 * the place for another one. Inlined by order: gcc takes a function that only prefetches for one without effect. */
static inline __attribute__((always_inline)) void prefetch_records(const struct field_bucket *b, uint8_t tag)
{
    enum { LINE = 64 };
    const uint8_t *end = field_bucket_first(b) + b->used;
    bool possible = tags_match(b->bytes, tag) || (b->count > 8 && tags_match(b->bytes + 8, tag));
    if (possible)
        for (const uint8_t *p = b->bytes + LINE; p < end; p += LINE) __builtin_prefetch(p);
    __builtin_prefetch(end);
}

/* First the heads of all buckets, then what is behind them. */
void field_table_prefetch(const struct field_table *t, const struct slice *fields, size_t count)
{
    enum { BATCH = 32, MANY = 4096 /* fewer elements are in the cache anyway */ };
    if (t->size < MANY) return;
    for (size_t done = 0; done < count; done += BATCH) {
        const struct field_bucket *found[BATCH];
        uint8_t tags[BATCH];
        size_t n = count - done < BATCH ? count - done : BATCH;
        for (size_t i = 0; i < n; i++) {
            found[i] = NULL;
            if (!fields[done + i].data) continue;
            uint64_t hash = hash_of(t, fields[done + i]);
            tags[i] = tag_of(hash);
            found[i] = *bucket_at(t, linear_index(&t->linear, hash));
            __builtin_prefetch(found[i]);
        }
        for (size_t i = 0; i < n; i++)
            if (found[i]) prefetch_records(found[i], tags[i]);
    }
}

/* Gives the field of this record another value. */
static int set_value(struct memory *m, struct field_table *t, struct field_bucket **b, const uint8_t *record,
                     struct slice value)
{
    struct field_part part;
    const uint8_t *old = field_part_next(record);
    if (!*b) return -1; /* it holds the record */
    size_t at = (size_t)(old - field_bucket_first(*b)), old_bytes = (size_t)(field_part_next(old) - old);
    if (!field_part_make(m, &part, value, &t->outside_bytes)) return -1;
    if ((part.bytes > old_bytes && !reserve(m, t, b, part.bytes - old_bytes, 0)) || !*b) {
        field_part_drop(m, &part, &t->outside_bytes);
        return -1;
    }
    field_outside_free(m, field_bucket_first(*b) + at, &t->outside_bytes);
    field_bucket_replace(*b, at, &part);
    return 0;
}

static int add(struct memory *m, struct field_table *t, struct field_bucket **b, uint8_t tag,
               struct slice field, struct slice value)
{
    struct field_part parts[2] = {{.bytes = 0}, {.bytes = 0}};
    bool made = field_part_make(m, &parts[0], field, &t->outside_bytes);
    if (made && t->valued) made = field_part_make(m, &parts[1], value, &t->outside_bytes);
    if (!made || !reserve(m, t, b, parts[0].bytes + parts[1].bytes, 1)) {
        field_part_drop(m, &parts[0], &t->outside_bytes);
        field_part_drop(m, &parts[1], &t->outside_bytes);
        return -1;
    }
    field_bucket_append(*b, tag, &parts[0], t->valued ? &parts[1] : NULL);
    t->size++;
    grow(m, t);
    return 1;
}

int field_table_set(struct memory *m, struct field_table *t, struct slice field, struct slice value)
{
    unsigned index;
    if (!begin(m, t)) return -1;
    uint64_t hash = hash_of(t, field);
    struct field_bucket **b = bucket_at(t, linear_index(&t->linear, hash));
    const uint8_t *record = field_bucket_find(*b, t->valued, field, tag_of(hash), &index);
    if (!record) return add(m, t, b, tag_of(hash), field, value);
    return t->valued ? set_value(m, t, b, record, value) : 0;
}

bool field_table_remove(struct memory *m, struct field_table *t, struct slice field)
{
    unsigned index;
    if (t->size == 0) return false;
    uint64_t hash = hash_of(t, field);
    struct field_bucket **b = bucket_at(t, linear_index(&t->linear, hash));
    const uint8_t *record = field_bucket_find(*b, t->valued, field, tag_of(hash), &index);
    if (!record) return false;
    if (t->outside_bytes > 0) {
        field_outside_free(m, record, &t->outside_bytes);
        if (t->valued) field_outside_free(m, field_part_next(record), &t->outside_bytes);
    }
    size_t before = field_bucket_bytes(*b);
    field_bucket_remove(m, b, t->valued, index, record);
    bytes_changed(t, before, *b);
    t->size--;
    shrink(m, t);
    return true;
}

/* Draws buckets, accepting one with a probability proportional to its elements, then one of these. */
struct slice field_table_random(const struct field_table *t, struct random *r, struct slice *value)
{
    enum {
        FAIR = 3 * LOAD_GROW
    }; /* hardly a bucket has more: those would be drawn less often than they should */
    for (;;) {
        const struct field_bucket *b = *bucket_at(t, (size_t)random_below(r, buckets(t)));
        unsigned count = b ? b->count : 0;
        uint64_t drawn = random_below(r, count > FAIR ? count : FAIR);
        if (drawn >= count) continue;
        const uint8_t *record = field_bucket_at(b, t->valued, (unsigned)drawn);
        if (value && t->valued) *value = field_part_text(field_part_next(record));
        return field_part_text(record);
    }
}

/* ---- all of them ---- */

uint64_t field_table_scan(const struct field_table *t, uint64_t cursor,
                          void (*visit)(void *context, struct slice field, struct slice value), void *context)
{
    if (t->linear.level == 0) return 0;
    size_t index = linear_index(&t->linear, cursor);
    const struct field_bucket *b = *bucket_at(t, index);
    struct field_walk w = {.bucket = buckets(t)}; /* it ends with this bucket */
    if (b) w = (struct field_walk){buckets(t), field_bucket_first(b), b->count};
    struct slice field, value;
    while (field_walk_next(t, &w, &field, &value)) visit(context, field, value);
    return linear_cursor_after(&t->linear, index);
}

bool field_walk_next(const struct field_table *t, struct field_walk *w, struct slice *field,
                     struct slice *value)
{
    while (w->left == 0) {
        if (w->bucket >= buckets(t)) return false;
        const struct field_bucket *b = *bucket_at(t, w->bucket++);
        if (w->bucket < buckets(t)) __builtin_prefetch(*bucket_at(t, w->bucket));
        if (!b) continue;
        w->left = b->count;
        w->record = field_bucket_first(b);
    }
    w->left--;
    *field = field_part_text(w->record);
    w->record = field_part_next(w->record);
    *value = slice_of(NULL, 0);
    if (!t->valued) return true;
    *value = field_part_text(w->record);
    w->record = field_part_next(w->record);
    return true;
}

/* ---- the check ---- */

static const char *check_bucket(const struct field_table *t, const struct field_bucket *b, size_t index)
{
    const uint8_t *record = field_bucket_first(b);
    if (b->count == 0 || b->count > b->tag_room || b->tag_room % 8 != 0) return "a bucket's count is wrong";
    if (sizeof *b + b->tag_room + b->used > field_bucket_bytes(b)) return "a bucket overflows";
    for (unsigned i = 0; i < b->count; i++) {
        struct slice field = field_part_text(record);
        uint64_t hash = hash_of(t, field);
        unsigned found;
        if (linear_index(&t->linear, hash) != index) return "an element is in the wrong bucket";
        if (b->bytes[i] != tag_of(hash)) return "an element has the wrong tag";
        if (field_bucket_find(b, t->valued, field, tag_of(hash), &found) != record)
            return "an element is there twice";
        record = field_record_next(record, t->valued);
    }
    return record == field_bucket_first(b) + b->used ? NULL : "a bucket's size is not that of its records";
}

const char *field_table_check(const struct field_table *t)
{
    size_t size = 0, bytes = 0;
    for (size_t i = 0; i < buckets(t); i++) {
        const struct field_bucket *b = *bucket_at(t, i);
        if (!b) continue;
        const char *wrong = check_bucket(t, b, i);
        if (wrong) return wrong;
        size += b->count;
        bytes += field_bucket_bytes(b);
    }
    if (size != t->size) return "a table's size is not the number of its elements";
    return bytes == t->bucket_bytes ? NULL : "a table's memory is not that of its buckets";
}
