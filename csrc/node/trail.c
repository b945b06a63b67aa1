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

static void trail_history(struct node *n, enum trail_kind kind)
{
    struct trail_point *p = trail_add(n, kind);
    if (p) memcpy(p->replid2, n->log.replid2, sizeof p->replid2);
}

void trail_forked(struct node *n) { trail_history(n, TRAIL_FORKED); }

void trail_renamed(struct node *n) { trail_history(n, TRAIL_RENAMED); }

/* The offset is one of the history in which the write was made. */
void trail_waited(const struct session *s, int64_t count)
{
    const struct write_mark *mark = session_last_write(s);
    struct trail_point *p = trail_add(s->node, TRAIL_WAITED);
    if (!p) return;
    p->count = count;
    p->offset = mark->offset;
    if (mark->offset > 0) memcpy(p->replid, mark->replid, sizeof p->replid);
}

void trail_write(struct session *s, bool refused)
{
    struct trail_point *p = trail_add(s->node, refused ? TRAIL_REFUSED : TRAIL_WROTE);
    if (p) {
        p->session = s->id;
        p->request = s->requests;
    }
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
