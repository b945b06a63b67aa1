/* tidy.c: work that is put off and done in slices: freeing tables and large values, giving memory back to the system, and
 * clearing stale epochs.
 *
 * Memory is given back between the other slices and not in them: how much of it a slice empties depends on where its
 * entries happen to lie, and towards the end of a flush each entry is the last one in its piece of 64 KiB.
 *
 * Epochs. An entry carries the epoch of the last view that has seen it, in two bits, and a view that opens
 * takes an epoch that no entry carries. When a view is read to its end all entries carry its epoch. One
 * that is given up (a replica went away in the middle of its snapshot) leaves two behind, a second one
 * three, and so on; then a scan brings the tables back to one, long before the four are used up.
 */
#include "store/keyspace_internal.h"
#include "store/value.h"

/* ---- epochs ---- */

struct sweep {
    unsigned epoch;
    size_t seen;
};

static void sweep_visit(void *context, void *entry)
{
    struct sweep *sweep = context;
    entry_set_epoch(entry, sweep->epoch);
    sweep->seen++;
}

bool tidy_epochs(struct keyspace *ks, struct table *t, size_t budget)
{
    struct sweep sweep = {ks->epoch, 0};
    for (size_t buckets = 0; buckets + sweep.seen < budget; buckets++) {
        t->cursor = dict_scan(&t->dict, t->cursor, sweep_visit, &sweep);
        if (t->cursor != 0) continue;
        t->epochs = 1u << ks->epoch;
        return false;
    }
    return true;
}

static bool epochs_stale(const struct keyspace *ks, const struct table *t)
{
    enum { STALE = ENTRY_EPOCHS - 1 };
    return !ks->view && __builtin_popcount(t->epochs) >= STALE;
}

/* ---- the graveyard ---- */

void tidy_bury(struct keyspace *ks, struct table *t)
{
    if (!t) return;
    t->cursor = 0;
    list_push(&ks->graveyard, &t->grave);
}

static struct table *next_grave(struct keyspace *ks)
{
    list_each(grave, &ks->graveyard)
    {
        struct table *t = list_item(grave, struct table, grave);
        if (!t->in_view) return t;
    }
    return NULL;
}

void value_bury(struct keyspace *ks, enum value_type type, void *value)
{
    enum { SMALL = 64 };
    if (!value_free_some(ks->memory, type, value, SMALL)) return;
    list_push(&ks->values, &((struct value_head *)value)->grave);
    ks->stats.freed_later++;
}

bool tidy_values(struct keyspace *ks, size_t budget)
{
    if (list_empty(&ks->values)) return false;
    struct value_head *head = list_item(ks->values.next, struct value_head, grave);
    list_remove(&head->grave);
    if (value_free_some(ks->memory, head->type, head, budget)) list_push(&ks->values, &head->grave);
    return true;
}

bool keyspace_untidy(struct keyspace *ks) { return !list_empty(&ks->values) || next_grave(ks); }

bool keyspace_tidy(struct keyspace *ks, size_t budget)
{
    enum { GIVE_BACK = 16, STALE_MAX = 4 * GIVE_BACK };
    if (memory_stale(ks->memory) > STALE_MAX) return memory_tidy(ks->memory, GIVE_BACK), true;
    if (tidy_values(ks, budget)) return true;
    struct table *t = next_grave(ks);
    if (t) {
        table_free_some(ks, t, budget);
        return true;
    }
    for (size_t i = 0; i < table_count(ks); i++) {
        t = table_used(ks, i);
        if (!epochs_stale(ks, t)) continue;
        tidy_epochs(ks, t, budget);
        return true;
    }
    return memory_tidy(ks->memory, GIVE_BACK);
}
