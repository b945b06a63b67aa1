/* loading.c: what a node does with what is on its disk: at its start, and in DEBUG RELOAD.
 *
 * While it loads, clients get -LOADING (those at the node itself wait), nobody is followed and nothing is saved. What
 * cannot be loaded is never half-used: the node stops and says why (node_failure).
 *
 * A node that was loaded is where its files say: at an offset of a history. As a replica it goes on from there. As a
 * primary it begins a history of its own, which is the old one up to this offset: what the old one had beyond it, a
 * replica may have and this node has not, so what is written now must not carry the same offsets under the same name.
 */
#include <stdio.h>

#include "node/internal.h"

enum { SECOND_US = 1000000, PIECES = 4 /* of a file, per turn */ };

bool node_persists(const struct node *n) { return n->config.dir[0] != '\0' || n->config.save.count > 0; }

const char *node_failure(const struct node *n)
{
    return n->persistence.failure[0] != '\0' ? n->persistence.failure : NULL;
}

/* What cannot be loaded ends the node. */
static void cannot_load(struct node *n, const char *why)
{
    snprintf(n->persistence.failure, sizeof n->persistence.failure, "cannot load %s", why);
    n->shutdown = true;
}

static bool begin(struct node *n, struct keyspace *into)
{
    struct persistence *p = &n->persistence;
    struct recover_options options = {.memory = &n->memory,
                                      .disk = &n->disk,
                                      .keyspace = into,
                                      .snapshot = n->config.dbfilename,
                                      .bulk_max = n->config.proto_max_bulk_len};
    p->recover = recover_new(&options);
    p->load_began_us = n->now.mono_us;
    p->load_began_s = n->now.wall_us / SECOND_US;
    p->waits = false;
    return p->recover != NULL;
}

void node_recover(struct node *n)
{
    if (!begin(n, n->keyspace)) cannot_load(n, "out of memory");
}

void loading_reload(struct node *n)
{
    struct persistence *p = &n->persistence;
    p->fresh = node_new_keyspace(n);
    if (p->fresh && begin(n, p->fresh)) return;
    if (p->fresh) keyspace_free(p->fresh);
    p->fresh = NULL;
    persistence_reloaded(n, "OOM out of memory");
}

bool loading_waits(const struct node *n) { return n->persistence.waits; }

bool loading_answers(const struct node *n, int argc, const struct slice *argv)
{
    const struct command *c = command_meant(n->commands, argv, argc, NULL);
    return !c || (c->flags & COMMAND_LOADING);
}

static void drop(struct node *n)
{
    struct persistence *p = &n->persistence;
    recover_free(p->recover);
    p->recover = NULL;
}

/* ---- the start ---- */

static void started(struct node *n)
{
    struct recover_found found = *recover_found(n->persistence.recover);
    drop(n);
    if (found.replid[0] != '\0') {
        log_join_history(&n->log, slice_text(found.replid), found.offset, -1);
        n->log.db = found.db;
    }
    n->persistence.loaded_keys = found.keys;
    n->persistence.last_save_s = n->now.wall_us / SECOND_US;
    trail_joined(n);
    if (!n->follow && found.replid[0] != '\0') {
        log_fork_history(&n->log, &n->random);
        trail_forked(n);
    }
    list_each(link, &n->sessions) session_resume(list_item(link, struct session, link));
    topology_step(n);
}

/* ---- DEBUG RELOAD ---- */

static void reloaded(struct node *n, const char *error)
{
    struct persistence *p = &n->persistence;
    drop(n);
    if (!error) {
        feeds_cancel_snapshot(&n->feeds);
        keyspace_adopt(n->keyspace, p->fresh);
        n->tidying = true;
    }
    keyspace_free(p->fresh);
    p->fresh = NULL;
    persistence_reloaded(n, error);
}

/* ---- steps ---- */

void loading_step(struct node *n)
{
    struct persistence *p = &n->persistence;
    enum recover_event event = RECOVER_MORE;
    for (int i = 0; i < PIECES && event == RECOVER_MORE; i++) event = recover_next(p->recover);
    p->waits = event == RECOVER_WAIT;
    if (event == RECOVER_DONE && p->fresh) {
        reloaded(n, recover_found(p->recover)->anything ? NULL : "ERR Error trying to load the RDB dump");
    } else if (event == RECOVER_DONE) {
        started(n);
    } else if (event == RECOVER_FAILED && p->fresh) {
        reloaded(n, "ERR Error trying to load the RDB dump");
    } else if (event == RECOVER_FAILED) {
        cannot_load(n, recover_error(p->recover));
        drop(n);
    }
}
