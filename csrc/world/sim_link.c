/* sim_link.c: links between places: how long something takes, and what happens when a link is cut or healed.
 *
 * A link is one direction between two places. Those that nobody has set follow the world's default, also when that is
 * changed later; a link with values of its own keeps them. What is on its way when a link changes keeps its arrival
 * time, except that a cut stops what has not arrived yet.
 *
 * A segment's time is made of
 *   - waiting until the transmitter is free, and its size by the bandwidth: the connections of a link share it;
 *   - the latency, and a uniform draw from the jitter;
 *   - for each loss, a retransmission: 200 ms, then twice as long each time. A segment stands for as many packets
 *     of 1,460 bytes as it has, each of which may be lost. (TCP often repairs a loss earlier, when later packets
 *     arrive. Here it always costs the time-out, as it does at the end of a burst, which is where requests and
 *     replies are.)
 */
#include "world/sim.h"

enum {
    SLOTS_MIN = 16,
    PACKET = 1460,
    RETRANSMIT_US = 200 * 1000,
    LOSSES_MAX = 15 /* in a row: Linux's tcp_retries2; the delay is then about an hour */
};

bool sim_links_init(struct sim_links *ls, struct memory *m, uint64_t seed)
{
    *ls = (struct sim_links){.standard = {.latency = SIM_LATENCY_US, .jitter = SIM_JITTER_US}};
    sim_pool_init(&ls->pool, m, sizeof(struct sim_link));
    list_init(&ls->all);
    random_init(&ls->random, seed, "links");
    return true;
}

void sim_links_finish(struct sim_links *ls)
{
    memory_free(ls->pool.memory, ls->slots, ls->capacity * sizeof *ls->slots);
    sim_pool_finish(&ls->pool);
}

/* ---- finding ---- */

static size_t home_slot(const struct sim_links *ls, const struct sim_place *from, const struct sim_place *to)
{
    uint64_t key = (uint64_t)from->id << 32 | to->id;
    return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (ls->capacity - 1);
}

static size_t link_slot(const struct sim_links *ls, const struct sim_place *from, const struct sim_place *to)
{
    size_t slot = home_slot(ls, from, to);
    while (ls->slots[slot] && (ls->slots[slot]->from != from || ls->slots[slot]->to != to))
        slot = (slot + 1) & (ls->capacity - 1);
    return slot;
}

static bool grow(struct sim_links *ls)
{
    if (ls->count * 2 < ls->capacity) return true;
    size_t old_capacity = ls->capacity, capacity = old_capacity == 0 ? SLOTS_MIN : old_capacity * 2;
    struct sim_link **slots = memory_alloc_zero(ls->pool.memory, capacity * sizeof *slots);
    if (!slots) return false;
    memory_free(ls->pool.memory, ls->slots, old_capacity * sizeof *slots);
    ls->slots = slots;
    ls->capacity = capacity;
    list_each(link, &ls->all)
    {
        struct sim_link *l = list_item(link, struct sim_link, member);
        slots[link_slot(ls, l->from, l->to)] = l;
    }
    return true;
}

static struct sim_link *find(const struct sim_links *ls, const struct sim_place *from,
                             const struct sim_place *to)
{
    return ls->capacity == 0 ? NULL : ls->slots[link_slot(ls, from, to)];
}

struct sim_link *sim_link_between(struct sim *s, struct sim_place *from, struct sim_place *to)
{
    struct sim_links *ls = &s->links;
    struct sim_link *l = find(ls, from, to);
    if (l || !grow(ls)) return l;
    l = sim_pool_take(&ls->pool);
    if (!l) return NULL;
    *l = (struct sim_link){.from = from, .to = to};
    list_init(&l->member);
    list_init(&l->outgoing);
    list_init(&l->incoming);
    list_init(&l->pipes);
    list_push(&ls->all, &l->member);
    list_push(&from->outgoing, &l->outgoing);
    list_push(&to->incoming, &l->incoming);
    ls->slots[link_slot(ls, from, to)] = l;
    ls->count++;
    return l;
}

/* Empties a slot; those behind it that were pushed on by it move up. */
static void empty_slot(struct sim_links *ls, size_t hole)
{
    size_t mask = ls->capacity - 1;
    ls->slots[hole] = NULL;
    for (size_t at = (hole + 1) & mask; ls->slots[at]; at = (at + 1) & mask) {
        struct sim_link *l = ls->slots[at];
        size_t home = home_slot(ls, l->from, l->to);
        if (((at - home) & mask) < ((at - hole) & mask)) continue;
        ls->slots[hole] = l;
        ls->slots[at] = NULL;
        hole = at;
    }
}

static void forget(struct sim_links *ls, struct sim_link *l)
{
    empty_slot(ls, link_slot(ls, l->from, l->to));
    ls->count--;
    list_remove(&l->member);
    list_remove(&l->outgoing);
    list_remove(&l->incoming);
    sim_pool_give(&ls->pool, l);
}

void sim_links_forget(struct sim_links *ls, struct sim_place *p)
{
    while (!list_empty(&p->outgoing)) forget(ls, list_item(p->outgoing.next, struct sim_link, outgoing));
    while (!list_empty(&p->incoming)) forget(ls, list_item(p->incoming.next, struct sim_link, incoming));
}

/* ---- passing ---- */

/* How long the retransmissions of a segment's packets take, all of them lost independently. */
static int64_t loss_delay(struct sim_links *ls, double loss, size_t size)
{
    int64_t longest = 0;
    for (size_t packet = 0; packet == 0 || packet * PACKET < size; packet++) {
        int64_t delay = 0, timeout = RETRANSMIT_US;
        for (int i = 0; i < LOSSES_MAX && random_unit(&ls->random) < loss; i++, timeout *= 2)
            delay += timeout;
        if (delay > longest) longest = delay;
    }
    return longest;
}

int64_t sim_link_passage(struct sim *s, struct sim_link *l, int64_t at, size_t size)
{
    const struct world_link *p = sim_link_parameters(&s->links, l);
    if (p->bandwidth > 0 && size > 0) {
        if (l->free_at > at) at = l->free_at;
        at += (int64_t)((double)size * 1e6 / p->bandwidth);
        l->free_at = at;
    }
    at += p->latency;
    if (p->jitter > 0) at += (int64_t)random_below(&s->links.random, (uint64_t)p->jitter + 1);
    return at;
}

int64_t sim_link_transit(struct sim *s, struct sim_link *l, int64_t at, size_t size)
{
    double loss = sim_link_parameters(&s->links, l)->loss;
    at = sim_link_passage(s, l, at, size);
    return loss > 0 ? at + loss_delay(&s->links, loss, size) : at;
}

bool sim_link_loses(struct sim *s, const struct sim_link *l)
{
    const struct world_link *p = sim_link_parameters(&s->links, l);
    return p->cut || (p->loss > 0 && random_unit(&s->links.random) < p->loss);
}

/* ---- changing ---- */

/* Nothing that is on its way gets through: sim_pipe.c sees at its arrival that the link is cut. Once it is healed,
 * what was lost is sent again, and acknowledgements of what the other direction carried get back. */
static void link_healed(struct sim_link *l)
{
    list_each_safe(link, &l->pipes)
    {
        struct sim_pipe *p = list_item(link, struct sim_pipe, member);
        sim_pipe_retransmit(p);
        sim_pipe_acknowledge(&p->conn->pipe[1 - (p - p->conn->pipe)]);
    }
}

static bool is_default(const char *to) { return !to || !to[0]; }

/* The two places; NULL in *from_place for a name that is unknown. */
static enum world_result find_places(struct sim *s, const char *from, const char *to,
                                     struct sim_place *places[2])
{
    const char *names[2] = {from, to};
    for (int i = 0; i < 2; i++) {
        places[i] = sim_place_find(s, names[i] ? names[i] : "");
        if (!places[i])
            return world_fail(&s->world, WORLD_BAD, "there is no '%s' in this world",
                              names[i] ? names[i] : "");
    }
    return WORLD_OK;
}

enum world_result sim_link_get(struct world *w, const char *from, const char *to, struct world_link *link)
{
    struct sim *s = sim_of(w);
    struct sim_place *places[2] = {NULL, NULL};
    *link = s->links.standard;
    if (is_default(to)) return WORLD_OK;
    enum world_result result = find_places(s, from, to, places);
    if (result != WORLD_OK) return result;
    const struct sim_link *l = find(&s->links, places[0], places[1]);
    if (l) *link = *sim_link_parameters(&s->links, l);
    return WORLD_OK;
}

static void set_default(struct sim *s, const struct world_link *link)
{
    bool healed = s->links.standard.cut && !link->cut;
    s->links.standard = *link;
    if (!healed) return;
    list_each(member, &s->links.all)
    {
        struct sim_link *l = list_item(member, struct sim_link, member);
        if (!l->own) link_healed(l);
    }
}

enum world_result sim_link_set(struct world *w, const char *from, const char *to,
                               const struct world_link *link)
{
    struct sim *s = sim_of(w);
    struct sim_place *places[2] = {NULL, NULL};
    if (is_default(to)) {
        set_default(s, link);
        return WORLD_OK;
    }
    enum world_result result = find_places(s, from, to, places);
    if (result != WORLD_OK) return result;
    struct sim_link *l = sim_link_between(s, places[0], places[1]);
    if (!l) return world_fail(w, WORLD_NO_MEMORY, "out of memory");
    bool healed = sim_link_parameters(&s->links, l)->cut && !link->cut;
    l->own = true;
    l->parameters = *link;
    if (healed) link_healed(l);
    return WORLD_OK;
}
