/* field_bucket.c: records in one block of bytes: see field_bucket.h for the layout. */
#include "store/field_bucket.h"

#include "base/tags.h"

enum {
    PART_MAX = 254,     /* longer parts are in a block of their own */
    PART_OUTSIDE = 255, /* in place of a size */
    TAGS = 8,           /* tags that are compared at once */
    UNIT = 8,
    UNITS_MAX = UINT16_MAX
};

struct field_outside {
    size_t size;
    char data[];
};

/* ---- parts ---- */

static struct field_outside *outside_of(const uint8_t *p)
{
    struct field_outside *outside;
    memcpy(&outside, p + 1, sizeof outside);
    return outside;
}

static void outside_free(struct memory *m, struct field_outside *outside, size_t *outside_bytes)
{
    size_t bytes = sizeof *outside + outside->size;
    *outside_bytes -= bytes;
    memory_free(m, outside, bytes);
}

bool field_part_make(struct memory *m, struct field_part *part, struct slice text, size_t *outside_bytes)
{
    *part = (struct field_part){.text = text, .bytes = 1 + text.size};
    if (text.size <= PART_MAX) return true;
    size_t bytes = sizeof *part->outside + text.size;
    part->outside = memory_alloc(m, bytes);
    if (!part->outside) return false;
    part->outside->size = text.size;
    memcpy(part->outside->data, text.data, text.size);
    part->bytes = 1 + sizeof part->outside;
    *outside_bytes += bytes;
    return true;
}

void field_part_drop(struct memory *m, struct field_part *part, size_t *outside_bytes)
{
    if (part->outside) outside_free(m, part->outside, outside_bytes);
    part->outside = NULL;
}

void field_outside_free(struct memory *m, const uint8_t *p, size_t *outside_bytes)
{
    if (*p == PART_OUTSIDE) outside_free(m, outside_of(p), outside_bytes);
}

struct slice field_part_text(const uint8_t *p)
{
    if (*p != PART_OUTSIDE) return slice_of((const char *)p + 1, *p);
    const struct field_outside *outside = outside_of(p);
    return slice_of(outside->data, outside->size);
}

static uint8_t *put_part(uint8_t *out, const struct field_part *part)
{
    if (part->outside) {
        *out = PART_OUTSIDE;
        memcpy(out + 1, &part->outside, sizeof part->outside);
    } else {
        *out = (uint8_t)part->text.size;
        if (part->text.size > 0) memcpy(out + 1, part->text.data, part->text.size);
    }
    return out + part->bytes;
}

/* ---- looking ---- */

const uint8_t *field_bucket_find(const struct field_bucket *b, bool valued, struct slice field, uint8_t tag,
                                 unsigned *index)
{
    if (!b) return NULL;
    const uint8_t *record = field_bucket_first(b);
    unsigned at = 0;
    for (unsigned first = 0; first < b->count; first += TAGS) {
        unsigned match = tags_match(b->bytes + first, tag), present = b->count - first;
        if (present < TAGS) match &= (1u << present) - 1;
        for (; match; match &= match - 1) {
            unsigned wanted = first + (unsigned)__builtin_ctz(match);
            for (; at < wanted; at++) record = field_record_next(record, valued);
            if (!slice_equal(field_part_text(record), field)) continue;
            *index = at;
            return record;
        }
    }
    return NULL;
}

const uint8_t *field_bucket_at(const struct field_bucket *b, bool valued, unsigned index)
{
    const uint8_t *record = field_bucket_first(b);
    for (; index > 0; index--) record = field_record_next(record, valued);
    return record;
}

/* ---- blocks ---- */

/* Sizes that leave nothing over in malloc's blocks, which have 8 bytes of their own in multiples of 16. */
static size_t block_size(size_t bytes) { return ((bytes + 8 + 15) & ~(size_t)15) - 8; }

static size_t bytes_needed(const struct field_bucket *b) { return sizeof *b + b->tag_room + b->used; }

static bool resize(struct memory *m, struct field_bucket **b, size_t bytes)
{
    if (bytes / UNIT > UNITS_MAX) return false;
    struct field_bucket *resized = memory_resize(m, *b, field_bucket_bytes(*b), bytes);
    if (!resized) return false;
    if (!*b) *resized = (struct field_bucket){0};
    resized->units = (uint16_t)(bytes / UNIT);
    *b = resized;
    return true;
}

bool field_bucket_reserve(struct memory *m, struct field_bucket **b, size_t used, unsigned count)
{
    if (count > FIELD_BUCKET_MAX) return false;
    unsigned tag_room = (count + TAGS - 1) / TAGS * TAGS, present = *b ? (*b)->tag_room : 0;
    if (tag_room < present) tag_room = present;
    size_t bytes = sizeof **b + tag_room + used;
    if (!*b || bytes > field_bucket_bytes(*b)) {
        /* a sixteenth more for what comes next, unless this is the first */
        size_t spare = *b ? bytes / 16 : 0;
        if (!resize(m, b, block_size(bytes + spare))) return false;
    }
    if (tag_room == present) return true;
    memmove((*b)->bytes + tag_room, (*b)->bytes + present, (*b)->used);
    (*b)->tag_room = (uint8_t)tag_room;
    return true;
}

void field_bucket_trim(struct memory *m, struct field_bucket **b)
{
    size_t bytes = block_size(bytes_needed(*b));
    if (bytes <= field_bucket_bytes(*b) / 8 * 7) resize(m, b, bytes);
}

void field_bucket_free(struct memory *m, struct field_bucket *b) { memory_free(m, b, field_bucket_bytes(b)); }

/* ---- changing ---- */

static uint8_t *records(struct field_bucket *b) { return b->bytes + b->tag_room; }

void field_bucket_append(struct field_bucket *b, uint8_t tag, const struct field_part *field,
                         const struct field_part *value)
{
    uint8_t *out = put_part(records(b) + b->used, field);
    if (value) out = put_part(out, value);
    b->bytes[b->count++] = tag;
    b->used = (uint32_t)(out - records(b));
}

void field_bucket_take(struct field_bucket *b, uint8_t tag, const uint8_t *record, size_t bytes)
{
    memmove(records(b) + b->used, record, bytes);
    b->bytes[b->count++] = tag;
    b->used += (uint32_t)bytes;
}

void field_bucket_replace(struct field_bucket *b, size_t at, const struct field_part *part)
{
    uint8_t *p = records(b) + at, *end = records(b) + b->used;
    size_t old = (size_t)(field_part_next(p) - p);
    if (part->bytes != old) memmove(p + part->bytes, p + old, (size_t)(end - p) - old);
    put_part(p, part);
    b->used += (uint32_t)part->bytes - (uint32_t)old;
}

void field_bucket_remove(struct memory *m, struct field_bucket **bucket, bool valued, unsigned index,
                         const uint8_t *record)
{
    struct field_bucket *b = *bucket;
    if (b->count == 1) {
        field_bucket_free(m, b);
        *bucket = NULL;
        return;
    }
    size_t at = (size_t)(record - records(b)), bytes = (size_t)(field_record_next(record, valued) - record);
    memmove(records(b) + at, records(b) + at + bytes, b->used - at - bytes);
    memmove(b->bytes + index, b->bytes + index + 1, b->count - index - 1u);
    b->count--;
    b->used -= (uint32_t)bytes;
    if (bytes_needed(b) < field_bucket_bytes(b) / 2) field_bucket_trim(m, bucket);
}
