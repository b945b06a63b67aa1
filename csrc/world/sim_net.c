/* sim_net.c: connections between places, from SYN to the end.
 *
 *   opener                      acceptor
 *     |  SYN  ------------------>  |   listens? otherwise RST: connection refused
 *     |  <-------------- SYN+ACK   |   CONN_ANSWERED: the acceptor's kernel has it
 *   CONN_OPEN                      |
 *     |  ACK, bytes ------------>  |   accepted: its owner hears of it
 *
 * A SYN or its answer that is lost (a cut, a loss, a machine that is off) is sent again after 1 s, then after twice as
 * long each time, six times; after 127 s the attempt has failed, as on Linux.
 *
 * How a connection ends:
 *   - an end is closed: the bytes written before still arrive, then a FIN; a process that dies sends a RST instead;
 *   - a machine goes off: nothing is sent, and what was under way from it is lost. What others send it stalls. When it is back and such a segment gets
 *     through, it knows nothing of the connection and answers with RST. Who sends nothing waits for ever;
 *   - nothing gets through for 15 minutes: sim_pipe.c.
 *
 * A connection is freed when both ends are closed. Its memory stays the pool's, so events that still point at it find
 * that they are stale: every event's order is unique, and the connection remembers the ones it waits for.
 */
#include <stdio.h>

#include "world/check.h"
#include "world/sim.h"

enum { SYN_RETRY_US = 1000 * 1000, SYNS_MAX = 7, FIRST_PORT = 49152, LAST_PORT = 65535 };

/* ---- places ---- */

void sim_place_init(struct sim_place *p, struct sim *s, const struct sim_place_ops *ops, const char *name)
{
    *p = (struct sim_place){
        .ops = ops, .sim = s, .name = name, .id = ++s->place_count, .next_port = FIRST_PORT};
    list_init(&p->ends);
    list_init(&p->ghosts);
    list_init(&p->outgoing);
    list_init(&p->incoming);
}

void sim_place_close(struct sim_place *p)
{
    p->closed = true;
    p->name = "a closed client"; /* whoever accepts a connection of it only now asks */
    if (p->conns == 0) p->ops->gone(p);
}

static void place_left(struct sim_place *p)
{
    if (p && --p->conns == 0 && p->closed) p->ops->gone(p);
}

static int take_port(struct sim_place *p)
{
    int port = p->next_port;
    p->next_port = port == LAST_PORT ? FIRST_PORT : port + 1;
    return port;
}

/* ---- a connection's memory ---- */

static void end_init(struct sim_end *e, struct sim_conn *c, struct sim_place *place, bool opener)
{
    *e = (struct sim_end){.conn = c, .place = place, .opener = opener};
    list_init(&e->member);
    list_init(&e->pending);
}

static struct sim_conn *conn_new(struct sim *s, struct sim_place *from, struct sim_place *to, int port)
{
    struct sim_link *forth = to ? sim_link_between(s, from, to) : NULL;
    struct sim_link *back = to ? sim_link_between(s, to, from) : NULL;
    struct sim_conn *c = to && (!forth || !back) ? NULL : sim_pool_take(&s->conns);
    if (!c) return NULL;
    *c = (struct sim_conn){.sim = s, .port = port, .from_port = take_port(from)};
    sim_pipe_init(&c->pipe[0], c, forth);
    sim_pipe_init(&c->pipe[1], c, back);
    end_init(&c->end[0], c, from, true);
    end_init(&c->end[1], c, to, false);
    list_push(&from->ends, &c->end[0].member);
    from->conns++;
    if (to) to->conns++;
    return c;
}

static void conn_free(struct sim_conn *c)
{
    struct sim *s = c->sim;
    for (int i = 0; i < 2; i++) {
        sim_pipe_finish(&c->pipe[i]);
        list_remove(&c->end[i].member);
        list_remove(&c->end[i].pending);
    }
    c->syn_event = 0;
    check_writes_free(s->check, c->writes);
    place_left(c->end[0].place);
    place_left(c->end[1].place);
    sim_pool_give(&s->conns, c);
}

/* ---- beginning ---- */

/* The attempt, or its answer, got lost: the next one, unless it was the last. */
static void expect_retry(struct sim_conn *c)
{
    int64_t at = c->syn_at + ((int64_t)SYN_RETRY_US << (c->attempt - 1));
    c->syn_event = sim_schedule(c->sim, at > c->sim->now ? at : c->sim->now, SIM_SYN_RETRY, c);
}

static void send_syn(struct sim_conn *c)
{
    struct sim *s = c->sim;
    c->attempt++;
    c->syn_at = s->now;
    if (sim_link_loses(s, c->pipe[0].link))
        expect_retry(c);
    else
        c->syn_event = sim_schedule(s, sim_link_passage(s, c->pipe[0].link, s->now, 0), SIM_SYN, c);
}

struct sim_end *sim_connect(struct sim *s, struct sim_place *from, struct sim_place *to, int port,
                            void *owner)
{
    struct sim_conn *c = conn_new(s, from, to, port);
    if (!c) return NULL;
    c->end[0].owner = owner;
    if (to)
        send_syn(c);
    else
        c->syn_event = sim_schedule(s, s->now, SIM_FAIL, c);
    return &c->end[0];
}

static void attempt_failed(struct sim_conn *c, const char *why)
{
    struct sim_end *e = &c->end[0];
    e->why = why;
    e->place->ops->ready(e);
}

/* The acceptor's machine has a SYN. Its answer takes its time, and may get lost like anything else. */
static void syn_arrived(struct sim_conn *c)
{
    struct sim *s = c->sim;
    struct sim_end *e = &c->end[1];
    if (e->place->dead || sim_link_cut(&s->links, c->pipe[0].link)) {
        expect_retry(c);
        return;
    }
    if (c->state == CONN_SYN && e->place->ops->listens(e->place, c->port)) {
        c->state = CONN_ANSWERED;
        e->open = true;
        list_push(&e->place->ends, &e->member);
    }
    if (sim_link_loses(s, c->pipe[1].link))
        expect_retry(c);
    else
        c->syn_event = sim_schedule(s, sim_link_passage(s, c->pipe[1].link, s->now, 0), SIM_SYN_ANSWER, c);
}

static void answer_arrived(struct sim_conn *c)
{
    if (sim_link_cut(&c->sim->links, c->pipe[1].link)) {
        expect_retry(c);
        return;
    }
    if (c->state == CONN_SYN || c->end[1].closed) {
        attempt_failed(c, "Connection refused");
        return;
    }
    struct sim_end *e = &c->end[0];
    c->state = CONN_OPEN;
    e->open = true;
    sim_pipe_mark(&c->pipe[0], SEGMENT_ACCEPT);
    e->place->ops->ready(e);
}

void sim_conn_event(struct sim_conn *c, enum sim_event_kind kind)
{
    c->syn_event = 0;
    sim_fold(c->sim, c->end[0].place->id, (uint64_t)c->from_port << 32 | (uint64_t)c->port);
    switch (kind) {
    case SIM_SYN: syn_arrived(c); break;
    case SIM_SYN_ANSWER: answer_arrived(c); break;
    case SIM_SYN_RETRY:
        if (c->attempt < SYNS_MAX)
            send_syn(c);
        else
            attempt_failed(c, "Connection timed out");
        break;
    default: attempt_failed(c, "Name or service not known"); break;
    }
}

/* ---- reading and writing ---- */

static struct sim_pipe *outgoing(const struct sim_end *e) { return &e->conn->pipe[e->opener ? 0 : 1]; }
static struct sim_pipe *incoming(const struct sim_end *e) { return &e->conn->pipe[e->opener ? 1 : 0]; }

size_t sim_end_room(const struct sim_end *e) { return e->open ? SIM_WINDOW - outgoing(e)->in_flight : 0; }

size_t sim_end_write(struct sim_end *e, const struct slice *slices, int count)
{
    return e->open ? sim_pipe_write(outgoing(e), slices, count) : 0;
}

enum sim_read sim_end_read(struct sim_end *e, struct slice *bytes)
{
    enum sim_segment_kind kind = SEGMENT_BYTES;
    enum sim_read result = sim_pipe_read(incoming(e), bytes, &kind);
    if (result == SIM_READ_END)
        e->why = kind == SEGMENT_RST ? "Connection reset by peer" : "Connection closed";
    else if (result == SIM_READ_NOTHING && e->why)
        result = SIM_READ_END;
    return result;
}

void sim_end_address(const struct sim_end *e, char *out, size_t size)
{
    const struct sim_conn *c = e->conn;
    const struct sim_end *other = &c->end[e->opener ? 1 : 0];
    snprintf(out, size, "%s:%d", other->place->name, e->opener ? c->port : c->from_port);
}

/* ---- ends ---- */

static void close_end(struct sim_end *e)
{
    e->closed = true;
    e->open = false;
    e->owner = NULL;
    list_remove(&e->pending);
}

/* Whether nobody is left to hear of this connection. An acceptor that the opener has not heard of does not count. */
static bool conn_is_over(const struct sim_conn *c)
{
    return c->end[0].closed && (c->end[1].closed || c->state != CONN_OPEN);
}

void sim_end_close(struct sim_end *e, bool reset)
{
    struct sim_conn *c = e->conn;
    close_end(e);
    list_remove(&e->member);
    if (conn_is_over(c)) {
        conn_free(c);
        return;
    }
    sim_pipe_drop(incoming(e));
    if (!e->why) e->told = sim_pipe_mark(outgoing(e), reset ? SEGMENT_RST : SEGMENT_FIN);
}

/* The machine goes off with its uplink: what it had sent and has not arrived is lost. That is the worst a crash can do to
 * asynchronous replication, and what an experiment needs to be able to say (a crash of the process alone is the
 * mild case: its kernel still delivers everything). */
static void end_dies(struct sim_end *e)
{
    struct sim_conn *c = e->conn;
    close_end(e);
    list_remove(&e->member);
    list_push(&e->place->ghosts, &e->member);
    if (conn_is_over(c)) {
        conn_free(c);
        return;
    }
    sim_pipe_drop(outgoing(e));
}

void sim_place_die(struct sim_place *p)
{
    p->dead = true;
    while (!list_empty(&p->ends)) end_dies(list_item(p->ends.next, struct sim_end, member));
}

void sim_place_revive(struct sim_place *p)
{
    p->dead = false;
    list_each_safe(link, &p->ghosts)
    {
        struct sim_end *e = list_item(link, struct sim_end, member);
        sim_pipe_retransmit(incoming(e));
        /* one who waits for room has been probing the silent machine all the time */
        if (incoming(e)->blocked && !incoming(e)->transit.first && !e->told)
            e->told = sim_pipe_mark(outgoing(e), SEGMENT_RST);
    }
}
