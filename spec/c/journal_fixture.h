/* journal_fixture.h: nodes with journals, for C specs: lives that begin with what the last one left.
 *
 * SPDX-License-Identifier: MIT */
#ifndef JOURNAL_FIXTURE_H
#define JOURNAL_FIXTURE_H

#include "info_fixture.h"

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

#endif
