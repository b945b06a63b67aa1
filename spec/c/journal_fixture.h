/* journal_fixture.h: nodes with journals, for C specs: lives that begin with what the last one left.
 *
 * SPDX-License-Identifier: MIT */
#ifndef JOURNAL_FIXTURE_H
#define JOURNAL_FIXTURE_H

#include "nodes.h"

static inline void set(struct node *n, const char *name, const char *value)
{
    struct bytes error;
    bytes_init(&error, node_memory(n));
    if (!node_configure(n, slice_text(name), slice_text(value), &error)) {
        printf("# %s %s: %.*s\n", name, value, (int)error.size, error.data);
        abort();
    }
    bytes_free(&error);
}

/* Begins a life with a journal. */
static inline void begin(struct room *r, int node, uint64_t seed, const char *fsync, const char *primary)
{
    if (r->nodes[node]) room_crash(r, node);
    room_start(r, node, seed);
    set(r->nodes[node], "appendonly", "yes");
    set(r->nodes[node], "appendfsync", fsync);
    if (primary) set(r->nodes[node], "replicaof", primary);
    node_recover(r->nodes[node]);
    room_settle(r);
}

static inline struct wire *start(struct room *r, int node, uint64_t seed, const char *fsync)
{
    begin(r, node, seed, fsync, NULL);
    return room_dial(r, node);
}

static inline const char *info(struct wire *w, const char *section, const char *field)
{
    static char value[400];
    char line[64];
    snprintf(line, sizeof line, "INFO %s", section);
    const char *text = say(w, line), *found;
    snprintf(line, sizeof line, "\n%s:", field);
    found = strstr(text, line);
    if (!found) return "(none)";
    found += strlen(line);
    snprintf(value, sizeof value, "%.*s", (int)strcspn(found, "\r\n"), found);
    return value;
}

#endif
