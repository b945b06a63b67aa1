/* converged.c: whether all nodes of a world are the same: what is asked after a heal. */
#include "base/number.h"
#include "world/world_internal.h"

/* What is compared of a node. */
struct seen {
    const char *name;
    struct node_state state;
    struct digest digest;
};

/* Writes down who differs: texts up to a NULL. Scripts ask again and again until nobody does. */
static bool differs(struct world *w, const char **why, const char *const *texts)
{
    size_t size = 0;
    for (; *texts; texts++) {
        text_copy(w->error + size, sizeof w->error - size, *texts);
        size += strlen(w->error + size);
    }
    if (why) *why = w->error;
    return false;
}

static const char *offset_text(char text[NUMBER_INT_MAX], int64_t offset)
{
    text[number_format_int(text, offset)] = '\0';
    return text;
}

/* Whether a node is the same as the first one. */
static bool same(struct world *w, const char **why, const struct seen *first, const struct seen *other)
{
    const struct node_state *a = &first->state, *b = &other->state;
    char at[2][NUMBER_INT_MAX];
    if (memcmp(a->replid, b->replid, sizeof a->replid) != 0)
        return differs(w, why,
                       (const char *[]){first->name, " follows history ", a->replid, ", ", other->name,
                                        " history ", b->replid, NULL});
    if (a->offset != b->offset)
        return differs(w, why,
                       (const char *[]){first->name, " is at offset ", offset_text(at[0], a->offset), ", ",
                                        other->name, " at ", offset_text(at[1], b->offset), NULL});
    if (first->digest.low != other->digest.low || first->digest.high != other->digest.high)
        return differs(w, why,
                       (const char *[]){first->name, " and ", other->name, " have different data at offset ",
                                        offset_text(at[0], b->offset), NULL});
    return true;
}

bool world_converged(struct world *w, const char **why)
{
    struct seen first = {.name = NULL}, other;
    list_each(link, &w->nodes)
    {
        const struct world_node *wn = list_item(link, struct world_node, member);
        if (!wn->node) return differs(w, why, (const char *[]){wn->place.name, " is down", NULL});
        struct seen *seen = first.name ? &other : &first;
        seen->name = wn->place.name;
        seen->digest = node_digest(wn->node);
        node_inspect(wn->node, &seen->state);
        if (seen == &other && !same(w, why, &first, &other)) return false;
    }
    if (why) *why = NULL;
    return true;
}
