/* fields.h: the large form of hashes and sets: a field table behind an entry's pointer. */
#ifndef TIDELOCK_STORE_FIELDS_H
#define TIDELOCK_STORE_FIELDS_H

#include "store/edit.h"
#include "store/field_table.h"
#include "store/value.h"

struct fields {
    struct value_head head;
    struct field_table table;
};

/* The large form of what is being edited, empty: VALUE_HASH has values, VALUE_SET has none. NULL when memory is out. */
struct fields *fields_new(const struct edit *x);
/* The field table of a large value, NULL when it is compact. */
static inline struct field_table *fields_table(const struct entry *e)
{
    struct fields *f = value_large(e);
    return f ? &f->table : NULL;
}

/* For the value classes. */
bool fields_free_some(struct memory *m, void *value, size_t budget);
void *fields_copy(struct memory *m, const void *value);
size_t fields_memory(const void *value);

#endif
