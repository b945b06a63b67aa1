/* client_eviction.c: maxmemory-clients: connections that together take more memory than they may are let go, the largest
 * first, until the others fit.
 *
 * What a connection takes is its buffers, its open transaction, what it watches and listens to (client_memory). It is weighed
 * whenever it has received, executed or sent something, and only while there is a limit: the sum is then at hand, and
 * the walk over all connections is made only when one has to go. Replicas, our own connection to a primary and whoever has
 * said CLIENT NO-EVICT do not count and stay.
 *
 * Source: https://redis.io/docs/latest/develop/reference/clients/#client-eviction
 */
#include "node/internal.h"

static bool counts(const struct session *s)
{
    return s->kind == SESSION_CLIENT && !session_is_replica(s) && !s->no_evict && !s->wants_close;
}

void client_forget(struct session *s)
{
    s->node->clients_weight -= s->weight;
    s->weight = 0;
}

void client_weigh(struct session *s)
{
    if (s->node->clients_allowed == 0) return;
    client_forget(s);
    s->weight = counts(s) ? client_memory(s) : 0;
    s->node->clients_weight += s->weight;
}

static struct session *largest(struct node *n)
{
    struct session *found = NULL;
    list_each(link, &n->sessions)
    {
        struct session *s = list_item(link, struct session, link);
        if (s->weight > (found ? found->weight : 0)) found = s;
    }
    return found;
}

void clients_evict(struct node *n)
{
    while (n->clients_allowed > 0 && n->clients_weight > n->clients_allowed) {
        struct session *s = largest(n);
        n->counters.evicted_clients++;
        diary_say(n, DIARY_NOTICE, "Evicting client: id=%lld addr=%s tot-mem=%zu", (long long)s->id,
                  s->address, s->weight);
        session_close_now(s);
    }
}

/* A part of maxmemory is kept as a negative number. */
void clients_configured(struct node *n)
{
    const struct config *c = &n->config;
    int64_t percent = -c->maxmemory_clients;
    if (c->maxmemory_clients >= 0)
        n->clients_allowed = (size_t)c->maxmemory_clients;
    else
        n->clients_allowed = (size_t)(c->maxmemory / 100 * percent + c->maxmemory % 100 * percent / 100);
    list_each(link, &n->sessions)
    {
        struct session *s = list_item(link, struct session, link);
        client_forget(s);
        client_weigh(s);
    }
}
