/* view.c: reading the whole keyspace as it was at one moment; see view.h, and tidy.c for the epochs. */
#include "store/view.h"

#include "store/keyspace_internal.h"

/* One database as it was at the opening. Its table may be swapped and flushed meanwhile; it is not freed
 * before the view has read it. */
struct view_part {
    struct table *table;
    int db;
    size_t size, volatile_size;
};

struct view {
    struct keyspace *keyspace;
    struct view_sink *sink;
    uint64_t cursor;    /* in the table of parts[at] */
    struct entry *open; /* of that table: the sink has a part of it; NULL: there is none */
    size_t at, count;
    struct view_part parts[];
};

static size_t view_bytes(size_t count) { return sizeof(struct view) + count * sizeof(struct view_part); }

static unsigned used_epochs(const struct keyspace *ks)
{
    unsigned used = 1u << ks->epoch;
    for (size_t i = 0; i < table_count(ks); i++) used |= table_used(ks, i)->epochs;
    return used;
}

/* An epoch that no entry carries. */
static unsigned unused_epoch(struct keyspace *ks)
{
    bool full = used_epochs(ks) == (1u << ENTRY_EPOCHS) - 1;
    for (size_t i = 0; i < table_count(ks); i++) {
        struct table *t = table_used(ks, i);
        /* three views given up in a row, and no time to tidy up in between */
        if (full) tidy_epochs(ks, t, SIZE_MAX);
        /* a sweep that has begun is not right for the next epoch */
        t->cursor = 0;
    }
    unsigned used = used_epochs(ks), epoch = ks->epoch;
    while (used >> epoch & 1) epoch = (epoch + 1) % ENTRY_EPOCHS;
    return epoch;
}

struct view *view_open(struct keyspace *ks, struct view_sink *sink)
{
    if (ks->view) return NULL;
    size_t count = 0;
    for (int db = 0; db < ks->databases; db++) count += keyspace_size(ks, db) > 0;
    struct view *v = memory_alloc_zero(ks->memory, view_bytes(count));
    if (!v) return NULL;
    v->keyspace = ks;
    v->sink = sink;
    ks->epoch = unused_epoch(ks);
    for (int db = 0; db < ks->databases; db++) {
        struct table *t = ks->tables[db];
        if (keyspace_size(ks, db) == 0) continue;
        v->parts[v->count++] = (struct view_part){t, db, t->dict.size, t->expiry.size};
        t->in_view = true;
        t->view_db = db;
        t->epochs |= 1u << ks->epoch;
    }
    ks->view = v;
    return v;
}

/* An entry that the sink has only a part of remains one that it has not seen. */
static void hand_over(struct view *v, const struct table *t, struct entry *e, bool whole)
{
    if (!v->sink->entry(v->sink, t->view_db, e, whole)) {
        v->open = e;
        return;
    }
    entry_set_epoch(e, v->keyspace->epoch);
    if (v->open == e) v->open = NULL;
}

void view_hand_over(struct view *v, const struct table *t, struct entry *e) { hand_over(v, t, e, true); }

struct view_step {
    struct view *view;
    size_t seen;
};

static void view_visit(void *context, void *entry)
{
    struct view_step *step = context;
    struct view *v = step->view;
    step->seen++;
    if (!v->open && entry_epoch(entry) != v->keyspace->epoch)
        hand_over(v, v->parts[v->at].table, entry, false);
}

/* A bucket in which an entry was left open is read again, for the others that are in it. */
bool view_step(struct view *v, size_t budget)
{
    struct view_step step = {v, 0};
    if (v->open) hand_over(v, v->parts[v->at].table, v->open, false);
    if (v->open) return true;
    for (size_t buckets = 0; v->at < v->count && buckets + step.seen < budget; buckets++) {
        struct table *t = v->parts[v->at].table;
        uint64_t next = dict_scan(&t->dict, v->cursor, view_visit, &step);
        if (v->open) return true;
        v->cursor = next;
        if (v->cursor != 0) continue;
        t->in_view = false;
        t->epochs = 1u << v->keyspace->epoch;
        v->at++;
    }
    return v->at < v->count;
}

static const struct view_part *part_of(const struct view *v, int db)
{
    for (size_t i = 0; i < v->count; i++)
        if (v->parts[i].db == db) return &v->parts[i];
    return NULL;
}

size_t view_size(const struct view *v, int db)
{
    const struct view_part *part = part_of(v, db);
    return part ? part->size : 0;
}

size_t view_volatile(const struct view *v, int db)
{
    const struct view_part *part = part_of(v, db);
    return part ? part->volatile_size : 0;
}

void view_close(struct view *v)
{
    if (!v) return;
    struct keyspace *ks = v->keyspace;
    for (size_t i = v->at; i < v->count; i++) v->parts[i].table->in_view = false;
    ks->view = NULL;
    memory_free(ks->memory, v, view_bytes(v->count));
}
