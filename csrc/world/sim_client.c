/* sim_client.c: clients of the simulated world: client.c's bytes over simulated connections. */
#include "world/check.h"
#include "world/sim.h"

struct sim_client {
    struct world_client base;
    struct sim_place place;
    struct sim_end *end; /* NULL: no connection */
    uint64_t alarm_event;
};

static struct sim_client *client_of(struct world_client *c) { return (struct sim_client *)c; }

static struct sim_client *client_at(struct sim_place *p) { return list_item(p, struct sim_client, place); }

struct sim_place *sim_client_place(struct world_client *c) { return &client_of(c)->place; }

/* ---- its place ---- */

static bool place_listens(struct sim_place *p, int port)
{
    (void)p;
    (void)port;
    return false;
}

static void place_ready(struct sim_end *e)
{
    struct sim_client *c = client_at(e->place);
    if (e->open && !e->announced) {
        e->announced = true;
        client_opened(&c->base);
    }
    for (;;) {
        struct slice bytes;
        switch (sim_end_read(e, &bytes)) {
        case SIM_READ_NOTHING: return;
        case SIM_READ_BYTES:
            if (!client_input(&c->base, bytes)) return;
            break;
        case SIM_READ_END: {
            const char *why = e->why;
            c->end = NULL;
            sim_end_close(e, false);
            client_lost(&c->base, why);
            return;
        }
        }
    }
}

static void place_room(struct sim_end *e) { sim_client_send(&client_at(e->place)->base); }

static void place_gone(struct sim_place *p)
{
    sim_links_forget(&p->sim->links, p);
    sim_pool_give(&p->sim->clients, client_at(p));
}

static const struct sim_place_ops client_place_ops = {place_listens, place_ready, place_room, place_gone};

/* ---- the environment of client.c ---- */

size_t sim_client_size(void) { return sizeof(struct sim_client); }

struct world_client *sim_client_alloc(struct world *w)
{
    struct sim_client *c = sim_pool_take(&sim_of(w)->clients);
    if (!c) return NULL;
    memset(c, 0, sizeof *c);
    return &c->base;
}

/* Its place stays as long as connections from there are under way. */
void sim_client_free(struct world_client *wc)
{
    struct sim_client *c = client_of(wc);
    c->alarm_event = 0;
    if (c->place.sim)
        sim_place_close(&c->place);
    else
        sim_pool_give(&sim_of(wc->world)->clients, c);
}

bool sim_client_settle(struct world_client *c)
{
    sim_place_init(&client_of(c)->place, sim_of(c->world), &client_place_ops, c->place.name);
    return true;
}

void sim_client_open(struct world_client *wc)
{
    struct sim_client *c = client_of(wc);
    struct sim *s = sim_of(wc->world);
    c->end = sim_connect(s, &c->place, sim_place_find(s, wc->host), wc->port, c);
    if (!c->end) s->broken = true;
}

void sim_client_send(struct world_client *wc)
{
    struct sim_client *c = client_of(wc);
    struct slice output = client_output(wc);
    if (!c->end || output.size == 0) return;
    client_output_taken(wc, sim_end_write(c->end, &output, 1));
}

void sim_client_close(struct world_client *wc)
{
    struct sim_client *c = client_of(wc);
    if (c->end) sim_end_close(c->end, false);
    c->end = NULL;
}

void sim_client_set_alarm(struct world_client *wc, int64_t at)
{
    struct sim_client *c = client_of(wc);
    c->alarm_event = sim_schedule(sim_of(wc->world), at, SIM_CLIENT_ALARM, c);
}

bool sim_client_expects(const void *target, uint64_t order)
{
    return ((const struct sim_client *)target)->alarm_event == order;
}

void sim_client_alarm(void *target)
{
    struct sim_client *c = target;
    c->alarm_event = 0;
    sim_fold(sim_of(c->base.world), c->place.id, 0);
    client_alarm(&c->base);
}

void sim_client_replied(struct world_client *wc, int64_t request, bool write, struct slice reply)
{
    struct sim_client *c = client_of(wc);
    struct sim *s = sim_of(wc->world);
    struct sim_conn *conn = c->end->conn;
    check_replied(s->check, conn->writes, wc->place.name, conn->end[1].place->name, request, write, reply,
                  s->now);
}

struct sim_place *sim_place_find(struct sim *s, const char *name)
{
    struct world_place *p = world_place_find(&s->world, name);
    if (!p) return NULL;
    return p->node ? sim_node_place(list_item(p, struct world_node, place))
                   : sim_client_place(list_item(p, struct world_client, place));
}
