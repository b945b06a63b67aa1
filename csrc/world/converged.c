/* converged.c: whether all nodes of a world are the same: what is asked after a heal. */
#include <inttypes.h>
#include <stdio.h>

#include "world/world_internal.h"

static bool differs(struct world *w, const char **why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool differs(struct world *w, const char **why, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(w->error, sizeof w->error, format, arguments);
    va_end(arguments);
    if (why) *why = w->error;
    return false;
}

bool world_converged(struct world *w, const char **why)
{
    const char *first_name = NULL;
    struct node_state first;
    struct digest data = {0, 0};
    list_each(link, &w->nodes)
    {
        struct world_node *wn = list_item(link, struct world_node, member);
        struct node_state state;
        if (!wn->node) return differs(w, why, "%s is down", wn->place.name);
        node_inspect(wn->node, &state);
        if (!first_name) {
            first_name = wn->place.name;
            first = state;
            data = node_digest(wn->node);
            continue;
        }
        if (memcmp(state.replid, first.replid, sizeof state.replid) != 0)
            return differs(w, why, "%s follows history %s, %s history %s", first_name, first.replid,
                           wn->place.name, state.replid);
        if (state.offset != first.offset)
            return differs(w, why, "%s is at offset %" PRId64 ", %s at %" PRId64, first_name, first.offset,
                           wn->place.name, state.offset);
        struct digest digest = node_digest(wn->node);
        if (digest.low != data.low || digest.high != data.high)
            return differs(w, why, "%s and %s have different data at offset %" PRId64, first_name,
                           wn->place.name, state.offset);
    }
    if (why) *why = NULL;
    return true;
}
