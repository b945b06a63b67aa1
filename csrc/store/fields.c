/* fields.c: making, freeing and copying the large form of hashes and sets. */
#include "store/fields.h"

struct fields *fields_new(const struct edit *x)
{
    struct fields *f = memory_alloc(x->memory, sizeof *f);
    if (!f) return NULL;
    value_head_init(&f->head, x->type);
    field_table_init(&f->table, x->type == VALUE_HASH, edit_hash_key(x));
    return f;
}

bool fields_free_some(struct memory *m, void *value, size_t budget)
{
    struct fields *f = value;
    if (field_table_drain(m, &f->table, budget)) return true;
    memory_free(m, f, sizeof *f);
    return false;
}

void *fields_copy(struct memory *m, const void *value)
{
    const struct fields *f = value;
    struct fields *copy = memory_alloc(m, sizeof *copy);
    if (!copy) return NULL;
    value_head_init(&copy->head, f->head.type);
    if (field_table_copy(m, &copy->table, &f->table)) return copy;
    memory_free(m, copy, sizeof *copy);
    return NULL;
}

size_t fields_memory(const void *value)
{
    const struct fields *f = value;
    return sizeof *f + field_table_memory(&f->table);
}
