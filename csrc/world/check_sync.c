/* check_sync.c: replies that waited for replicas, and answers about tokens: whether what they say is so.
 *
 * Who holds what is the checker's own knowledge (check_holds), from what the replicas themselves went through, and the
 * rule is read anew here: whatever a node thinks that its replicas have acknowledged is not asked.
 */
#include <inttypes.h>

#include "world/check_internal.h"

static bool named(const struct sync_rule *rule, const char *name)
{
    size_t start = 0;
    for (int i = 0; i < rule->count; start += rule->sizes[i++])
        if (slice_equal(slice_text(name), slice_of(rule->names + start, rule->sizes[i]))) return true;
    return false;
}

/* What is received only is not seen here. What is durable at a place is what its node says, which is held against its
 * disk whenever it starts from that. */
void check_released(struct check *k, struct check_place *p, const struct trail_point *t,
                    const struct sync_rule *rule, int64_t now)
{
    char text[SYNC_PRINT_MAX];
    int found = 0;
    if (rule->kind == SYNC_NONE || rule->level == SYNC_RECEIVED) return;
    k->counts.releases++;
    struct check_history *h = check_history_of(k, t->replid, p->history == NULL);
    if (!h) return;
    bool durable = rule->level == SYNC_FSYNCED;
    list_each(link, &k->places)
    {
        struct check_place *other = list_item(link, struct check_place, member);
        if (other == p || !named(rule, other->name)) continue;
        found += check_holds(durable ? &other->durable : &other->holds, h, t->offset);
    }
    if (found >= rule->needed || !check_violated(k, "sync", now)) return;
    sync_print(rule, text, sizeof text);
    bytes_append_format(&k->failed,
                        "%s released a reply that waited for %s (%s) at offset %" PRId64
                        " of history %.40s, which %d of those hold",
                        p->name, text, sync_level_name(rule->level), t->offset, t->replid, found);
    check_end_text(k);
}

void check_found(struct check *k, struct check_place *p, const struct trail_point *t, int64_t now)
{
    struct check_history *wanted = check_history_find(k, t->replid);
    if (t->count == 0 || !p->history || !wanted || p->holds.count == 0) return;
    k->counts.tokens++;
    const struct check_hold *last = &p->holds.items[p->holds.count - 1];
    bool applied = t->count > 0;
    bool there = check_history_contains(p->history, applied ? last->offset : INT64_MAX, wanted, t->offset);
    if (there == applied || !check_violated(k, "token", now)) return;
    bytes_append_format(&k->failed,
                        "%s says of offset %" PRId64 " of history %.40s that it is %s, at %" PRId64
                        " of history %.40s, which %s it",
                        p->name, t->offset, t->replid, applied ? "applied" : "lost", last->offset,
                        p->history->id, there ? "contains" : "does not contain");
    check_end_text(k);
}
