/* lineage.c: the names of a history.
 *
 * SPDX-License-Identifier: MIT */
#include "replication/lineage.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "base/number.h"

enum { ENTRY_MAX = LINEAGE_NAME_SIZE + 24 }; /* "<replid> <end> <exact>;" */
static_assert(LINEAGE_MAX * ENTRY_MAX <= LINEAGE_TEXT_MAX, "all names have room");

static int place_of(const struct lineage *l, struct slice replid)
{
    if (replid.size != LINEAGE_NAME_SIZE) return -1;
    for (int i = 0; i < l->count; i++)
        if (strncasecmp(replid.data, l->names[i].replid, LINEAGE_NAME_SIZE) == 0) return i;
    return -1;
}

const struct lineage_name *lineage_find(const struct lineage *l, struct slice replid)
{
    int place = place_of(l, replid);
    return place < 0 ? NULL : &l->names[place];
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

/* ---- as a text -------------------------------------------------------------------------------------------------- */

void lineage_write(const struct lineage *l, char text[LINEAGE_TEXT_MAX + 1])
{
    size_t size = 0;
    text[0] = '\0';
    for (int i = 0; i < l->count; i++) {
        const struct lineage_name *name = &l->names[i];
        int added = snprintf(text + size, LINEAGE_TEXT_MAX + 1 - size, "%.*s %" PRId64 " %d;",
                             LINEAGE_NAME_SIZE, name->replid, name->end, name->exact);
        if (added > 0) size += (size_t)added;
    }
}

/* Takes "<replid> <end> <exact>;" off the front. */
static bool read_name(struct slice *text, struct lineage_name *name)
{
    const char *end = text->size > 0 ? memchr(text->data, ';', text->size) : NULL;
    size_t size = end ? (size_t)(end - text->data) : 0;
    if (size < LINEAGE_NAME_SIZE + 4 || size >= ENTRY_MAX) return false;
    struct slice number = slice_of(text->data + LINEAGE_NAME_SIZE + 1, size - LINEAGE_NAME_SIZE - 3);
    char exact = text->data[size - 1];
    if (text->data[LINEAGE_NAME_SIZE] != ' ' || text->data[size - 2] != ' ' || (exact != '0' && exact != '1'))
        return false;
    if (!number_parse_int(number, &name->end) || name->end < 0) return false;
    memcpy(name->replid, text->data, LINEAGE_NAME_SIZE);
    name->exact = exact == '1';
    *text = slice_of(end + 1, text->size - size - 1);
    return true;
}

/* Both are right. What is exact says all there is; of two that are not, the one that reaches further says more. */
static void learn(struct lineage_name *name, const struct lineage_name *said)
{
    if (name->exact || (!said->exact && said->end <= name->end)) return;
    name->end = said->end;
    name->exact = said->exact;
}

void lineage_read(struct lineage *l, struct slice text)
{
    struct lineage_name said;
    while (read_name(&text, &said)) {
        int place = place_of(l, slice_of(said.replid, LINEAGE_NAME_SIZE));
        if (place >= 0)
            learn(&l->names[place], &said);
        else if (l->count < LINEAGE_MAX)
            l->names[l->count++] = said;
    }
}
