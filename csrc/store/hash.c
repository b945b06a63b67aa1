/* hash.c: hashes in their two forms. */
#include "store/hash.h"

#include "store/digest.h"
#include "store/fields.h"
#include "store/limits.h"

/* ---- reading ---- */

/* The packed sequence of a compact hash. */
static inline const char *packed_of(const struct entry *e) { return value_compact(e).data; }

size_t hash_size(const struct entry *e)
{
    const struct field_table *t = fields_table(e);
    return t ? t->size : packed_count(packed_of(e)) / 2;
}

/* Where a field is in a packed sequence, 0: nowhere. */
static inline size_t find(const char *p, struct slice field)
{
    struct packed_item item = packed_item_of(field);
    return packed_find(p, packed_first(p), &item, 2);
}

bool hash_get(const struct entry *e, struct slice field, struct slice *value, struct packed_digits *digits)
{
    const struct field_table *t = fields_table(e);
    if (t) return field_table_find(t, field, value);
    const char *p = packed_of(e);
    size_t at = find(p, field);
    if (at) *value = packed_text(p, packed_next(p, at), digits);
    return at != 0;
}

/* ---- becoming large ---- */

/* Puts all pairs of a packed sequence into a table. 1: done, 0: a field is there twice, -1: memory is out. */
static int fill(struct memory *m, struct field_table *t, const char *p)
{
    struct packed_digits digits[2];
    for (size_t at = packed_first(p); at;) {
        size_t value = packed_next(p, at);
        struct slice field = packed_text(p, at, &digits[0]);
        int result = field_table_set(m, t, field, packed_text(p, value, &digits[1]));
        if (result != 1) return result;
        at = packed_next(p, value);
    }
    return 1;
}

/* Makes a large hash of what is in `p` (NULL: nothing) and one more field. What hash_set returns. */
static int enlarge(struct edit *x, const char *p, struct slice field, struct slice value)
{
    struct fields *f = fields_new(x);
    if (!f) return -1;
    int result = p ? fill(x->memory, &f->table, p) : 1;
    if (result == 1) result = field_table_set(x->memory, &f->table, field, value);
    if (result >= 0 && edit_enlarge(x, f)) return result;
    value_free(x->memory, VALUE_HASH, f);
    return -1;
}

/* ---- changing ---- */

static bool too_long(const struct edit *x, struct slice s)
{
    return s.size > (uint64_t)x->limits->hash_listpack_value;
}

/* Replaces the value at `at`. */
static int set_value(struct edit *x, const char *p, size_t at, struct slice value)
{
    struct packed_item item = packed_item_of(value);
    size_t bytes = packed_bytes(p), old = packed_size(p, at), size = bytes - old + item.size;
    char *q = edit_resize(x, size > bytes ? size : bytes);
    if (!q) return -1;
    packed_replace(q, at, &item);
    if (size < bytes) edit_resize(x, size);
    return 0;
}

/* Adds a field to `p`, or (NULL) to nothing. */
static int add(struct edit *x, const char *p, struct slice field, struct slice value)
{
    struct packed_item pair[2] = {packed_item_of(field), packed_item_of(value)};
    size_t bytes = p ? packed_bytes(p) : PACKED_EMPTY, fields = p ? packed_count(p) / 2 : 0;
    size_t size = bytes + pair[0].size + pair[1].size;
    if (fields + 1 > (uint64_t)x->limits->hash_listpack_entries || size > PACKED_BYTES_MAX)
        return enlarge(x, p, field, value);
    char *q = edit_resize(x, size);
    if (!q) return -1;
    if (!p) packed_init(q);
    packed_splice(q, packed_end(q), 0, pair, 2);
    return 1;
}

int hash_set(struct edit *x, struct slice field, struct slice value)
{
    struct field_table *t = x->entry ? fields_table(x->entry) : NULL;
    if (t) return field_table_set(x->memory, t, field, value);
    const char *p = x->entry ? packed_of(x->entry) : NULL;
    if (too_long(x, field) || too_long(x, value)) return enlarge(x, p, field, value);
    size_t at = p ? find(p, field) : 0;
    return at ? set_value(x, p, packed_next(p, at), value) : add(x, p, field, value);
}

bool hash_remove(struct edit *x, struct slice field)
{
    if (!x->entry) return false;
    struct field_table *t = fields_table(x->entry);
    if (t) return field_table_remove(x->memory, t, field);
    size_t at = find(packed_of(x->entry), field), bytes = packed_bytes(packed_of(x->entry));
    if (at == 0) return false;
    char *p = edit_resize(x, bytes);
    packed_remove(p, at, 2);
    edit_resize(x, packed_bytes(p));
    return true;
}

/* Whether a field is there twice, by looking for each: not for many. */
static bool has_twice(const char *p)
{
    struct packed_digits digits;
    for (size_t at = packed_first(p); at; at = packed_next(p, packed_next(p, at)))
        if (find(p, packed_text(p, at, &digits)) != at) return true;
    return false;
}

int hash_load(struct edit *x, struct slice packed, size_t longest)
{
    enum { FEW = 32 };
    size_t fields = packed_count(packed.data) / 2;
    bool compact = fields <= (uint64_t)x->limits->hash_listpack_entries &&
                   longest <= (uint64_t)x->limits->hash_listpack_value;
    bool few = compact && fields <= FEW;
    if (few && has_twice(packed.data)) return 0;
    if (!few) {
        struct fields *f = fields_new(x);
        if (!f) return -1;
        int result = fill(x->memory, &f->table, packed.data);
        if (result == 1 && !compact) {
            if (edit_enlarge(x, f)) return 1;
            result = -1;
        }
        value_free(x->memory, VALUE_HASH, f);
        if (result != 1) return result;
    }
    char *p = edit_resize(x, packed.size);
    if (!p) return -1;
    memcpy(p, packed.data, packed.size);
    return 1;
}

/* ---- walking ---- */

/* The pair at `at` of a packed sequence. */
static size_t read_pair(const char *p, size_t at, struct hash_pair *pair)
{
    size_t value = packed_next(p, at);
    pair->field = packed_text(p, at, &pair->digits[0]);
    pair->value = packed_text(p, value, &pair->digits[1]);
    return packed_next(p, value);
}

bool hash_walk_next(const struct entry *e, struct hash_walk *w, struct hash_pair *pair)
{
    const struct field_table *t = fields_table(e);
    if (t) return field_walk_next(t, &w->large, &pair->field, &pair->value);
    const char *p = packed_of(e);
    if (!w->begun) w->at = packed_first(p);
    w->begun = true;
    if (w->at == 0) return false;
    w->at = read_pair(p, w->at, pair);
    return true;
}

uint64_t hash_scan(const struct entry *e, uint64_t cursor,
                   void (*visit)(void *context, struct slice field, struct slice value), void *context)
{
    const struct field_table *t = fields_table(e);
    if (t) return field_table_scan(t, cursor, visit, context);
    struct hash_walk w = {.begun = false};
    struct hash_pair pair;
    while (hash_walk_next(e, &w, &pair)) visit(context, pair.field, pair.value);
    return 0;
}

void hash_random(const struct entry *e, struct random *r, struct hash_pair *pair)
{
    const struct field_table *t = fields_table(e);
    if (t) {
        pair->field = field_table_random(t, r, &pair->value);
        return;
    }
    const char *p = packed_of(e);
    read_pair(p, packed_at(p, 2 * (int64_t)random_below(r, packed_count(p) / 2)), pair);
}

/* ---- the class ---- */

static const char *hash_encoding(const struct entry *e) { return value_large(e) ? "hashtable" : "listpack"; }

static struct digest hash_digest(const struct entry *e)
{
    struct hash_walk w = {.begun = false};
    struct hash_pair pair;
    struct digest sum = {0, 0};
    while (hash_walk_next(e, &w, &pair)) digest_add(&sum, digest_pair(pair.field, pair.value));
    return sum;
}

static const char *hash_check(const struct entry *e)
{
    const struct field_table *t = fields_table(e);
    if (t) return field_table_check(t);
    struct slice bytes = value_compact(e);
    if (!packed_valid(bytes.data, bytes.size)) return "the bytes of a hash are damaged";
    if (packed_count(bytes.data) % 2 != 0) return "a field of a hash has no value";
    return has_twice(bytes.data) ? "a field of a hash is there twice" : NULL;
}

const struct value_class hash_class = {"hash",    hash_encoding,    hash_digest, hash_check,
                                       hash_size, fields_free_some, fields_copy, fields_memory};
