/* lineage.c: the names of a history.
 *
 * SPDX-License-Identifier: MIT */
#include "replication/lineage.h"

#include <strings.h>

const struct lineage_name *lineage_find(const struct lineage *l, struct slice replid)
{
    if (replid.size != LINEAGE_NAME_SIZE) return NULL;
    for (int i = 0; i < l->count; i++)
        if (strncasecmp(replid.data, l->names[i].replid, LINEAGE_NAME_SIZE) == 0) return &l->names[i];
    return NULL;
}

/* A name shared with the history so far as it says is shared with the next one only as far as that goes along. Where it
 * ends first, nothing changes; where both end, it is enough that one of them does so for certain. */
static void clip(struct lineage_name *name, int64_t end, bool exact)
{
    if (name->end < end) return;
    name->exact = name->end == end ? name->exact || exact : exact;
    name->end = end;
}

void lineage_leave(struct lineage *l, const char *replid, int64_t end, bool exact)
{
    for (int i = 0; i < l->count; i++) clip(&l->names[i], end, exact);
    if (l->count < LINEAGE_MAX) l->count++;
    memmove(&l->names[1], &l->names[0], (size_t)(l->count - 1) * sizeof l->names[0]);
    l->names[0] = (struct lineage_name){.end = end, .exact = exact};
    memcpy(l->names[0].replid, replid, LINEAGE_NAME_SIZE);
}
