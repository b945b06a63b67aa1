/* set.c: sets in their two forms. */
#include "store/set.h"

#include "store/digest.h"
#include "store/fields.h"
#include "store/intset.h"
#include "store/limits.h"

static const struct slice no_value = {NULL, 0};

/* ---- members ---- */

static inline void member_of_integer(struct set_member *member, int64_t integer)
{
    member->text = slice_of(NULL, 0);
    member->integer = integer;
}

struct slice set_member_text(struct set_member *member)
{
    if (member->text.data) return member->text;
    return slice_of(member->digits, number_format_int(member->digits, member->integer));
}

/* ---- reading ---- */

/* The intset of a compact set. */
static inline const char *intset_of(const struct entry *e) { return value_compact(e).data; }

size_t set_size(const struct entry *e)
{
    const struct field_table *t = fields_table(e);
    return t ? t->size : intset_count(intset_of(e));
}

bool set_has(const struct entry *e, struct slice text)
{
    const struct field_table *t = fields_table(e);
    int64_t integer;
    size_t index;
    if (t) return field_table_find(t, text, NULL);
    return number_parse_int(text, &integer) && intset_find(intset_of(e), integer, &index);
}

bool set_has_member(const struct entry *e, struct set_member *member)
{
    size_t index;
    if (member->text.data || value_large(e)) return set_has(e, set_member_text(member));
    return intset_find(intset_of(e), member->integer, &index);
}

/* ---- changing ---- */

/* Makes a large set of the integers in `p` (NULL: none) and one more member. What set_add returns. */
static int enlarge(struct edit *x, const char *p, const struct slice *member)
{
    int result = 0;
    struct fields *f = fields_new(x);
    if (!f) return -1;
    struct field_table *t = &f->table;
    for (size_t i = 0; p && i < intset_count(p) && result >= 0; i++) {
        char digits[NUMBER_INT_MAX];
        size_t size = number_format_int(digits, intset_get(p, i));
        result = field_table_set(x->memory, t, slice_of(digits, size), no_value);
    }
    if (result >= 0 && member) result = field_table_set(x->memory, t, *member, no_value);
    if (result >= 0 && edit_enlarge(x, f)) return result;
    value_free(x->memory, VALUE_SET, f);
    return -1;
}

static int add_integer(struct edit *x, const char *p, int64_t integer)
{
    size_t index = 0, count = p ? intset_count(p) : 0;
    if (p && intset_find(p, integer, &index)) return 0;
    if (count + 1 > (uint64_t)x->limits->set_intset_entries) {
        char digits[NUMBER_INT_MAX];
        struct slice text = {digits, number_format_int(digits, integer)};
        return enlarge(x, p, &text);
    }
    char *q = edit_resize(x, intset_size_with(p, integer));
    if (!q) return -1;
    if (!p) intset_init(q);
    intset_insert(q, index, integer);
    return 1;
}

int set_add(struct edit *x, struct slice text)
{
    struct field_table *t = x->entry ? fields_table(x->entry) : NULL;
    if (t) return field_table_set(x->memory, t, text, no_value);
    const char *p = x->entry ? intset_of(x->entry) : NULL;
    int64_t integer;
    return number_parse_int(text, &integer) ? add_integer(x, p, integer) : enlarge(x, p, &text);
}

/* A member of a large set is a text there, even when it is an integer's. */
int set_add_member(struct edit *x, struct set_member *member)
{
    if (member->text.data || (x->entry && value_large(x->entry))) return set_add(x, set_member_text(member));
    return add_integer(x, x->entry ? intset_of(x->entry) : NULL, member->integer);
}

bool set_remove(struct edit *x, struct slice text)
{
    if (!x->entry) return false;
    struct field_table *t = fields_table(x->entry);
    if (t) return field_table_remove(x->memory, t, text);
    int64_t integer;
    size_t index, bytes = intset_bytes(intset_of(x->entry));
    if (!number_parse_int(text, &integer) || !intset_find(intset_of(x->entry), integer, &index)) return false;
    char *p = edit_resize(x, bytes);
    intset_remove(p, index);
    edit_resize(x, intset_bytes(p));
    return true;
}

bool set_load(struct edit *x, struct slice intset)
{
    if (intset_count(intset.data) > (uint64_t)x->limits->set_intset_entries)
        return enlarge(x, intset.data, NULL) >= 0;
    char *p = edit_resize(x, intset.size);
    if (p) memcpy(p, intset.data, intset.size);
    return p != NULL;
}

/* ---- walking ---- */

bool set_walk_next(const struct entry *e, struct set_walk *w, struct set_member *member)
{
    const struct field_table *t = fields_table(e);
    struct slice value;
    if (t) return field_walk_next(t, &w->large, &member->text, &value);
    const char *p = intset_of(e);
    if (w->index >= intset_count(p)) return false;
    member_of_integer(member, intset_get(p, w->index++));
    return true;
}

uint64_t set_scan(const struct entry *e, uint64_t cursor,
                  void (*visit)(void *context, struct slice member, struct slice value), void *context)
{
    const struct field_table *t = fields_table(e);
    if (t) return field_table_scan(t, cursor, visit, context);
    struct set_walk w = {.index = 0};
    struct set_member member;
    while (set_walk_next(e, &w, &member)) visit(context, set_member_text(&member), no_value);
    return 0;
}

void set_random(const struct entry *e, struct random *r, struct set_member *member)
{
    const struct field_table *t = fields_table(e);
    if (t) {
        member->text = field_table_random(t, r, NULL);
        return;
    }
    const char *p = intset_of(e);
    member_of_integer(member, intset_get(p, (size_t)random_below(r, intset_count(p))));
}

/* ---- the class ---- */

static const char *set_encoding(const struct entry *e) { return value_large(e) ? "hashtable" : "intset"; }

static struct digest set_digest(const struct entry *e)
{
    struct set_walk w = {.index = 0};
    struct set_member member;
    struct digest sum = {0, 0};
    while (set_walk_next(e, &w, &member)) digest_add(&sum, digest_bytes(set_member_text(&member)));
    return sum;
}

static const char *set_check(const struct entry *e)
{
    const struct field_table *t = fields_table(e);
    if (t) return field_table_check(t);
    struct slice bytes = value_compact(e);
    return intset_valid(bytes.data, bytes.size) ? NULL : "the bytes of a set are damaged";
}

const struct value_class set_class = {"set",    set_encoding,     set_digest,  set_check,
                                      set_size, fields_free_some, fields_copy, fields_memory};
