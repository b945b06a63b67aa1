/* barrier.c: replies that wait for the node's own journal. See barrier.h. */
#include "node/barrier.h"

#include "node/internal.h"

/* There is a journal of what is written here. */
static bool wanted(const struct node *n) { return n->config.appendonly && !n->follow; }

/* A call at the node itself dies with the node: it waits only for what survives a loss of power. */
bool barrier_wanted(const struct session *s)
{
    const struct node *n = s->node;
    bool always = n->config.appendfsync == JOURNAL_SYNC_ALWAYS;
    return wanted(n) && (s->kind == SESSION_CLIENT || (s->kind == SESSION_LOCAL && always));
}

void barrier_wrote(struct session *s)
{
    struct node *n = s->node;
    struct barrier *b = &s->barrier;
    if (log_offset(&n->log) == 0) return; /* nothing was ever written: no offset to wait for */
    if (!barrier_wanted(s)) return;
    if (b->offset == 0) {
        b->offset = log_offset(&n->log);
        b->from = b->request;
        list_push(&n->barriers, &b->link);
        return;
    }
    if (b->from == b->request) { /* another write of the request that the first one is of */
        b->offset = log_offset(&n->log);
        return;
    }
    if (b->next_offset == 0) b->next_from = b->request;
    b->next_offset = log_offset(&n->log);
}

size_t barrier_end(const struct session *s)
{
    size_t end = s->output.size;
    return s->barrier.offset != 0 && s->barrier.from < end ? s->barrier.from : end;
}

static size_t moved(size_t place, size_t size) { return place > size ? place - size : 0; }

void barrier_moved(struct barrier *b, size_t size)
{
    b->from = moved(b->from, size);
    b->next_from = moved(b->next_from, size);
    b->request = moved(b->request, size);
}

void barriers_settle(struct node *n)
{
    if (list_empty(&n->barriers)) return;
    int64_t kept = wanted(n) ? journaling_kept(n) : INT64_MAX;
    list_each_safe(link, &n->barriers)
    {
        struct session *s = list_item(link, struct session, barrier.link);
        struct barrier *b = &s->barrier;
        if (b->offset > kept) continue;
        b->offset = b->next_offset;
        b->from = b->next_from;
        b->next_offset = 0;
        if (b->offset != 0 && b->offset <= kept) b->offset = 0;
        if (b->offset == 0) list_remove(&b->link);
        session_wake(s);
    }
}
