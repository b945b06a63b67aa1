/* trail.c: what a node leaves behind for whoever checks it (world/check.h): points of its history with the digest of its
 * data, answers of WAIT, writes done and refused. Only when node_options.trail is set.
 *
 * A trail that cannot grow is cut: a checker loses points, the node is not disturbed.
 */
#include "node/internal.h"

static struct trail_point *trail_add(struct node *n, enum trail_kind kind)
{
    if (!n->keep_trail) return NULL;
    struct trail_point *p = (struct trail_point *)(void *)bytes_reserve(&n->trail, sizeof *p);
    if (!p) return NULL;
    bytes_commit(&n->trail, sizeof *p);
    memset(p, 0, sizeof *p);
    p->kind = kind;
    memcpy(p->replid, n->log.replid, sizeof p->replid);
    p->offset = log_offset(&n->log);
    return p;
}

static void trail_digest(struct node *n, struct trail_point *p)
{
    if (p) p->digest = keyspace_digest(n->keyspace);
}

void trail_applied(struct node *n) { trail_digest(n, trail_add(n, TRAIL_APPLIED)); }

void trail_joined(struct node *n) { trail_digest(n, trail_add(n, TRAIL_JOINED)); }

void trail_loaded(struct node *n)
{
    struct trail_point *p = trail_add(n, TRAIL_LOADED);
    trail_digest(n, p);
    if (p) p->journal = n->config.appendonly;
}

static void trail_history(struct node *n, enum trail_kind kind)
{
    struct trail_point *p = trail_add(n, kind);
    if (p) memcpy(p->replid2, n->log.replid2, sizeof p->replid2);
}

void trail_forked(struct node *n) { trail_history(n, TRAIL_FORKED); }

void trail_renamed(struct node *n) { trail_history(n, TRAIL_RENAMED); }

static struct trail_point *trail_awaited(struct node *n, enum trail_kind kind, const struct awaited *a)
{
    struct trail_point *p = trail_add(n, kind);
    if (!p) return NULL;
    p->offset = a->offset;
    if (a->offset > 0) memcpy(p->replid, a->replid, sizeof p->replid);
    return p;
}

void trail_waited(struct node *n, const struct awaited *a, int64_t count)
{
    struct trail_point *p = trail_awaited(n, TRAIL_WAITED, a);
    if (p) p->count = count;
}

void trail_waited_aof(struct node *n, const struct awaited *a, bool local, int64_t count)
{
    struct trail_point *p = trail_awaited(n, TRAIL_WAITED_AOF, a);
    if (!p) return;
    p->journal = local;
    p->count = count;
}

void trail_found(struct node *n, const struct awaited *a, enum log_place place)
{
    struct trail_point *p = trail_add(n, TRAIL_FOUND);
    if (!p) return;
    p->count = place == LOG_HERE ? 1 : place == LOG_NOWHERE ? -1 : 0;
    p->offset = a->offset;
    memcpy(p->replid, a->replid, sizeof p->replid);
}

void trail_synced(struct node *n)
{
    struct trail_point *p = trail_add(n, TRAIL_SYNCED);
    if (p) p->offset = n->fsynced_offset;
}

void trail_write(struct session *s, bool refused)
{
    struct trail_point *p = trail_add(s->node, refused ? TRAIL_REFUSED : TRAIL_WROTE);
    if (p) {
        p->session = s->id;
        p->request = s->requests;
    }
}

/* Rules are few, and a trail that has forgotten them could not be read. */
static int trail_rule(struct node *n, const struct sync_rule *rule)
{
    const struct sync_rule *rules = (const struct sync_rule *)(const void *)n->trail_rules.data;
    int count = (int)(n->trail_rules.size / sizeof *rules);
    for (int i = 0; i < count; i++)
        if (sync_equal(&rules[i], rule)) return i;
    return bytes_append(&n->trail_rules, rule, sizeof *rule) ? count : -1;
}

const struct sync_rule *node_trail_rule(const struct node *n, int rule)
{
    const struct sync_rule *rules = (const struct sync_rule *)(const void *)n->trail_rules.data;
    return rule >= 0 && (size_t)rule < n->trail_rules.size / sizeof *rules ? &rules[rule] : NULL;
}

void trail_gate(const struct session *s, const struct gate *g, enum trail_kind kind)
{
    struct trail_point *p = trail_add(s->node, kind);
    if (!p) return;
    p->session = s->id;
    p->request = g->request;
    p->offset = g->offset;
    p->rule = trail_rule(s->node, &g->group->want.rule);
}

const struct trail_point *node_trail_next(struct node *n)
{
    if (n->trail_start >= n->trail.size) return NULL;
    const struct trail_point *p = (const struct trail_point *)(const void *)(n->trail.data + n->trail_start);
    n->trail_start += sizeof *p;
    if (n->trail_start == n->trail.size) {
        bytes_clear(&n->trail); /* the storage stays */
        n->trail_start = 0;
    }
    return p;
}
