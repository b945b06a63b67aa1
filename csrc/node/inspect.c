/* inspect.c: what can be seen of a node from outside, the last part of node.h.
 *
 * Reads only (but for channels that are paused and let go). INFO is another file's (info.c).
 */
#include <stdio.h>

#include "base/number.h"
#include "node/internal.h"

void node_inspect(struct node *n, struct node_state *state)
{
    *state = (struct node_state){.primary = !n->follow,
                                 .link_up = n->follow && n->follow->state == FOLLOW_STREAMING,
                                 .link_error = "",
                                 .torn = persistence_said(n, TEXT_TORN),
                                 .offset = log_offset(&n->log),
                                 .second_offset = n->log.second_offset,
                                 .fsynced = n->fsynced_offset,
                                 .used_memory = n->memory.used,
                                 .commands = n->counters.commands,
                                 .discarded_bytes = n->counters.discarded_bytes,
                                 .full_syncs = n->feeds.full_syncs,
                                 .partial_syncs = n->feeds.partial_syncs};
    if (n->follow && !state->link_up && n->follow->why) state->link_error = n->follow->why;
    memcpy(state->replid, n->log.replid, sizeof state->replid);
    memcpy(state->replid2, n->log.replid2, sizeof state->replid2);
    for (int db = 0; db < keyspace_databases(n->keyspace); db++)
        state->keys += (int64_t)keyspace_size(n->keyspace, db);
    list_each(link, &n->feeds.list) state->replicas += feed_counts(list_item(link, struct feed, link));
}

static void feed_channel(struct node *n, const struct feed *f, struct channel_state *c)
{
    static const char *const states[] = {[FEED_HANDSHAKE] = "handshake",
                                         [FEED_WAITING] = "handshake",
                                         [FEED_SNAPSHOT] = "full sync",
                                         [FEED_STREAMING] = "streaming"};
    const struct session *s = f->session;
    char ip[64];
    replica_address(f, ip, sizeof ip);
    *c = (struct channel_state){.direction = CHANNEL_FEED,
                                .id = s->id,
                                .state = states[f->state],
                                .paused = f->paused,
                                .offset = log_offset(&n->log),
                                .received = f->received,
                                .applied = f->applied,
                                .fsynced = f->fsynced};
    snprintf(c->address, sizeof c->address, "%s:%d", ip, f->port);
    size_t size = f->name.size < sizeof c->peer - 1 ? f->name.size : sizeof c->peer - 1;
    if (size > 0)
        memcpy(c->peer, f->name.data, size);
    else
        text_copy(c->peer, sizeof c->peer, c->address);
    int64_t applied = f->applied < 0 ? 0 : f->applied;
    c->lag_bytes = c->offset - applied;
    c->lag_us = log_lag_us(&n->log, applied, n->now.mono_us);
}

static void follow_channel(struct node *n, const struct follow *f, struct channel_state *c)
{
    static const char *const states[] = {[FOLLOW_DOWN] = "down",
                                         [FOLLOW_CONNECT] = "connect",
                                         [FOLLOW_HANDSHAKE] = "handshake",
                                         [FOLLOW_SYNC] = "full sync",
                                         [FOLLOW_STREAMING] = "streaming"};
    *c = (struct channel_state){.direction = CHANNEL_FOLLOW,
                                .id = n->follow_session ? n->follow_session->id : 0,
                                .state = states[f->state],
                                .paused = n->follow_paused,
                                .offset = log_offset(&n->log),
                                .received = follow_received(f),
                                .applied = f->applied,
                                .fsynced = f->fsynced,
                                .lag_bytes = follow_received(f) - log_offset(&n->log),
                                .lag_us = f->state == FOLLOW_STREAMING ? 0 : n->now.mono_us - f->last_io_us};
    snprintf(c->address, sizeof c->address, "%s:%d", f->host, f->port);
    snprintf(c->peer, sizeof c->peer, "%.120s", f->host);
}

int node_channels(struct node *n, struct channel_state *channels, int max)
{
    int count = 0;
    if (n->follow) {
        if (count < max) follow_channel(n, n->follow, &channels[count]);
        count++;
    }
    list_each(link, &n->feeds.list)
    {
        const struct feed *f = list_item(link, struct feed, link);
        if (f->state == FEED_HANDSHAKE) continue;
        if (count < max) feed_channel(n, f, &channels[count]);
        count++;
    }
    return count;
}

bool node_channel_pause(struct node *n, int64_t id, bool pause)
{
    if (n->follow && (n->follow_session ? n->follow_session->id : 0) == id) {
        n->follow_paused = pause;
        topology_step(n);
        return true;
    }
    list_each(link, &n->feeds.list)
    {
        struct feed *f = list_item(link, struct feed, link);
        struct session *s = f->session;
        if (s->id != id) continue;
        f->paused = pause;
        return true;
    }
    return false;
}

struct digest node_digest(struct node *n) { return keyspace_digest(n->keyspace); }

struct memory *node_memory(struct node *n) { return &n->memory; }
