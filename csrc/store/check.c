/* check.c: the structural self-check of a keyspace: every redundancy in it, worked out again and compared. */
#include "store/keyspace_internal.h"
#include "store/value.h"

struct check {
    const struct keyspace *keyspace;
    struct table *table;
    size_t entries, volatile_entries;
    struct digest sum;
    const char *wrong;
};

static void expect(struct check *c, bool holds, const char *what)
{
    if (!holds && !c->wrong) c->wrong = what;
}

static void check_expiry(struct check *c, const struct entry *e)
{
    const struct heap *heap = &c->table->expiry;
    uint32_t index = entry_heap_index(e);
    c->volatile_entries++;
    expect(c, index < heap->size, "an entry's heap index is out of range");
    if (c->wrong) return;
    const struct heap_slot *slot = heap_at(heap, index);
    expect(c, slot->item == e, "an entry's heap index is another entry's");
    expect(c, slot->key == entry_expire(e), "an entry's expiry time is not the heap's");
    expect(c, entry_expire(e) >= 0, "an entry expires before 1970");
    if (index > 0)
        expect(c, heap_at(heap, (index - 1) / 4)->key <= slot->key, "an expiry heap is out of order");
}

static void check_entry(void *context, void *entry)
{
    struct check *c = context;
    struct entry *e = entry;
    c->entries++;
    expect(c, dict_find(&c->table->dict, entry_key(e)) == e, "an entry is not found under its key");
    expect(c, c->table->epochs >> entry_epoch(e) & 1, "an entry's epoch is unknown to its table");
    if (c->keyspace->view && !c->table->in_view)
        expect(c, entry_epoch(e) == c->keyspace->epoch, "the view missed an entry");
    const char *wrong = value_class(entry_type(e))->check(e);
    expect(c, !wrong, wrong);
    if (entry_expires(e)) check_expiry(c, e);
    if (c->keyspace->digest) digest_add(&c->sum, digest_entry(e));
}

static const char *check_table(const struct keyspace *ks, struct table *t)
{
    struct check c = {.keyspace = ks, .table = t};
    uint64_t cursor = 0;
    do {
        cursor = dict_scan(&t->dict, cursor, check_entry, &c);
    } while (cursor != 0 && !c.wrong);
    const struct heap_slot *first = heap_top(&t->expiry);
    expect(&c, c.entries == t->dict.size, "a table's size is not the number of its entries");
    expect(&c, c.volatile_entries == t->expiry.size,
           "an expiry heap's size is not the number of its entries");
    expect(&c, !ks->digest || digest_equal(c.sum, t->sum), "a table's digest is not the sum of its entries'");
    expect(&c, table_used(ks, t->deadline_index) == t,
           "a table is not where it should be among the deadlines");
    expect(&c, heap_at(&ks->deadlines, t->deadline_index)->key == (first ? first->key : INT64_MAX),
           "a table's deadline is not its earliest expiry");
    expect(&c, list_empty(&t->grave), "a table in use is in the graveyard");
    return c.wrong;
}

bool keyspace_check(const struct keyspace *ks, const char **what)
{
    size_t tables = 0;
    *what = NULL;
    for (int db = 0; db < ks->databases && !*what; db++) {
        if (!ks->tables[db]) continue;
        tables++;
        *what = check_table(ks, ks->tables[db]);
    }
    if (!*what && tables != table_count(ks)) *what = "the deadlines do not hold exactly the tables in use";
    return *what == NULL;
}
