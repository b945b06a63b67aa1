/* relay.c: a link between real processes: TCP connections passed on with the delays of a `struct world_link`.
 *
 * Each connection that is accepted is a passage with two flows, one per direction. A flow is a queue of things that
 * happen at the far end at a certain time: the connection is opened, bytes arrive, the stream ends, the connection is reset.
 *
 *    here            flow 0 ->   [open 12:01.5] [bytes 12:01.5] [end 12:02.0]            there
 *   (accepted)       <- flow 1   [bytes 12:03.1]                                       (connected)
 *
 * What is read gets its time of arrival at once: when the link's bandwidth has let it through, plus latency and
 * jitter, but never before what was read earlier, since TCP keeps the order. A link that is cut delivers nothing and
 * forgets nothing; once it is healed all that is overdue arrives.
 *
 * A flow holds a bounded number of bytes; then its source is not read any more, which its sender sees as a full window.
 *
 * SPDX-License-Identifier: MIT */
#include "world/relay.h"

#include "world/live_internal.h"

enum { HELD_MAX = 1024 * 1024 };

enum arrival_kind { ARRIVES_OPEN, ARRIVES_BYTES, ARRIVES_END, ARRIVES_RESET };

struct arrival {
    struct list member;
    enum arrival_kind kind;
    int64_t at;
    size_t size, taken; /* ARRIVES_BYTES: of the data, and how much of it has been written */
    char data[];
};

struct passage;

struct flow {
    struct passage *passage;
    int direction; /* 0: forward; reads from ends[direction], writes to ends[1 - direction] */
    struct list arrivals;
    size_t held;    /* bytes in them */
    int64_t latest; /* when the last of them arrives */
    bool ended;     /* its source will give no more */
    bool waiting;   /* its destination takes no more for now */
    bool done;      /* the end has been passed on, or nobody is left to hear it */
    struct live_alarm alarm;
};

struct end {
    struct live_socket socket;
    struct passage *passage;
};

struct passage {
    struct list member; /* of world_relay.passages */
    struct world_relay *relay;
    struct end ends[2];
    struct flow flows[2];
};

struct world_relay {
    struct list member; /* of live.relays */
    struct live *live;
    struct live_listener listener;
    char *host;
    int port;
    struct world_link links[2];
    int64_t busy_until[2]; /* bytes on their way through the bandwidth */
    struct random random;
    struct list passages;
};

/* ---- life of a passage ---- */

static const struct live_socket_events end_events;
static void flow_rings(struct live_alarm *a);

static struct memory *memory_of(const struct passage *p) { return &p->relay->live->base.memory; }

static void forget_arrivals(struct flow *f)
{
    struct list *first;
    while ((first = list_pop(&f->arrivals)) != NULL) {
        struct arrival *a = list_item(first, struct arrival, member);
        memory_free(memory_of(f->passage), a, sizeof *a + a->size);
    }
    f->held = 0;
}

static void passage_free(struct passage *p, bool reset)
{
    for (int i = 0; i < 2; i++) {
        live_socket_close(&p->ends[i].socket, reset);
        live_alarm_clear(p->relay->live, &p->flows[i].alarm);
        forget_arrivals(&p->flows[i]);
    }
    list_remove(&p->member);
    memory_free(memory_of(p), p, sizeof *p);
}

/* NULL: memory is out. */
static struct passage *passage_new(struct world_relay *r)
{
    struct passage *p = memory_alloc_zero(&r->live->base.memory, sizeof *p);
    if (!p) return NULL;
    p->relay = r;
    list_init(&p->member);
    list_push(&r->passages, &p->member);
    bool ok = true;
    for (int i = 0; i < 2; i++) {
        live_socket_init(&p->ends[i].socket, r->live, &end_events);
        p->ends[i].passage = p;
        p->flows[i] = (struct flow){.passage = p, .direction = i};
        list_init(&p->flows[i].arrivals);
        live_alarm_init(&p->flows[i].alarm, flow_rings);
        ok = ok && live_alarm_set(r->live, &p->flows[i].alarm, INT64_MAX);
    }
    if (ok) return p;
    passage_free(p, true);
    return NULL;
}

/* ---- what a flow delivers ---- */

static void watch(struct passage *p, int side)
{
    struct live_socket *s = &p->ends[side].socket;
    const struct flow *out = &p->flows[side], *in = &p->flows[1 - side];
    if (s->fd < 0 || live_socket_opening(s)) return;
    live_socket_watch(s, !out->ended && out->held < HELD_MAX, in->waiting);
}

/* When something that leaves now arrives. */
static int64_t arrival_time(struct flow *f, size_t size)
{
    struct world_relay *r = f->passage->relay;
    const struct world_link *link = &r->links[f->direction];
    int64_t at = live_now(r->live), *busy_until = &r->busy_until[f->direction];
    if (link->bandwidth > 0 && size > 0) {
        if (*busy_until > at) at = *busy_until;
        *busy_until = at += (int64_t)((double)size * 1e6 / link->bandwidth);
    }
    at += link->latency;
    if (link->jitter > 0) at += (int64_t)random_below(&r->random, (uint64_t)link->jitter + 1);
    if (at < f->latest) at = f->latest;
    return f->latest = at;
}

/* Lets something arrive at the far end. False: memory is out. */
static bool flow_push(struct flow *f, enum arrival_kind kind, struct slice data)
{
    struct arrival *a = memory_alloc(memory_of(f->passage), sizeof *a + data.size);
    if (!a) return false;
    *a = (struct arrival){.kind = kind, .at = arrival_time(f, data.size), .size = data.size};
    if (data.size > 0) memcpy(a->data, data.data, data.size);
    list_init(&a->member);
    list_push(&f->arrivals, &a->member);
    f->held += data.size;
    return true;
}

enum progress {
    DELIVERED,
    BLOCKED,     /* the destination takes nothing now */
    PASSAGE_GONE /* and freed */
};

static enum progress end_broke(struct passage *p, int side);

static enum progress deliver_bytes(struct flow *f, struct arrival *a)
{
    struct live_socket *s = &f->passage->ends[1 - f->direction].socket;
    struct slice rest = slice_of(a->data + a->taken, a->size - a->taken);
    ssize_t sent = live_socket_write(s, &rest, 1);
    if (sent == LIVE_BROKEN) return end_broke(f->passage, 1 - f->direction);
    if (sent > 0) a->taken += (size_t)sent;
    if (a->taken == a->size) return DELIVERED;
    f->waiting = true;
    return BLOCKED;
}

static enum progress deliver(struct flow *f, struct arrival *a)
{
    struct passage *p = f->passage;
    struct live_socket *s = &p->ends[1 - f->direction].socket;
    switch (a->kind) {
    case ARRIVES_OPEN: live_socket_connect(s, p->relay->host, p->relay->port); break;
    case ARRIVES_BYTES: return deliver_bytes(f, a);
    case ARRIVES_END: live_socket_finish(s); break;
    case ARRIVES_RESET: passage_free(p, true); return PASSAGE_GONE;
    }
    return DELIVERED;
}

/* Delivers what is due. False: the passage is gone, and freed. */
static bool pump(struct flow *f)
{
    struct passage *p = f->passage;
    struct live *l = p->relay->live;
    struct live_socket *to = &p->ends[1 - f->direction].socket;
    int64_t next = INT64_MAX;
    f->waiting = false;
    while (!list_empty(&f->arrivals) && !p->relay->links[f->direction].cut && !live_socket_opening(to)) {
        struct arrival *a = list_item(f->arrivals.next, struct arrival, member);
        if (a->at > live_now(l)) {
            next = a->at;
            break;
        }
        enum progress progress = deliver(f, a);
        if (progress == PASSAGE_GONE) return false;
        if (progress == BLOCKED) break;
        if (a->kind == ARRIVES_END) f->done = true;
        f->held -= a->size;
        list_remove(&a->member);
        memory_free(memory_of(p), a, sizeof *a + a->size);
    }
    if (p->flows[0].done && p->flows[1].done) {
        passage_free(p, false);
        return false;
    }
    live_alarm_set(l, &f->alarm, next);
    watch(p, 0);
    watch(p, 1);
    return true;
}

static void flow_rings(struct live_alarm *a) { pump(list_item(a, struct flow, alarm)); }

/* One end is gone: nothing can be delivered to it. What it said before is still on its way, and if it had not come to
 * its end the other side will hear of the reset in due time. */
static enum progress end_broke(struct passage *p, int side)
{
    struct flow *out = &p->flows[side], *in = &p->flows[1 - side];
    live_socket_close(&p->ends[side].socket, false);
    forget_arrivals(in);
    live_alarm_set(p->relay->live, &in->alarm, INT64_MAX);
    in->ended = in->done = true;
    in->waiting = false;
    if (out->done || (!out->ended && !flow_push(out, ARRIVES_RESET, slice_of(NULL, 0)))) {
        passage_free(p, true);
        return PASSAGE_GONE;
    }
    out->ended = true;
    return pump(out) ? BLOCKED : PASSAGE_GONE;
}

/* ---- what the sockets report ---- */

static int side_of(const struct end *e) { return e == &e->passage->ends[1]; }

static void end_opened(struct live_socket *s)
{
    struct end *e = list_item(s, struct end, socket);
    watch(e->passage, side_of(e));
    pump(&e->passage->flows[1 - side_of(e)]);
}

static void end_lost(struct live_socket *s, const char *why)
{
    struct end *e = list_item(s, struct end, socket);
    (void)why;
    end_broke(e->passage, side_of(e));
}

static void end_readable(struct live_socket *s)
{
    struct end *e = list_item(s, struct end, socket);
    struct flow *f = &e->passage->flows[side_of(e)];
    ssize_t got = live_socket_read(s, s->live->chunk, LIVE_CHUNK);
    bool ok = got == LIVE_AGAIN;
    if (got > 0) {
        ok = flow_push(f, ARRIVES_BYTES, slice_of(s->live->chunk, (size_t)got));
    } else if (got == 0) {
        ok = flow_push(f, ARRIVES_END, slice_of(NULL, 0));
        f->ended = true;
    }
    if (ok)
        pump(f);
    else
        end_broke(e->passage, side_of(e));
}

static void end_writable(struct live_socket *s)
{
    struct end *e = list_item(s, struct end, socket);
    pump(&e->passage->flows[1 - side_of(e)]);
}

static const struct live_socket_events end_events = {
    .opened = end_opened,
    .lost = end_lost,
    .readable = end_readable,
    .writable = end_writable,
};

static void accepted(struct live_listener *listener, int fd, const struct sockaddr_storage *address)
{
    struct world_relay *r = listener->owner;
    struct passage *p = passage_new(r);
    (void)address;
    if (!p) {
        live_descriptor_close(fd);
        return;
    }
    if (!live_socket_adopt(&p->ends[0].socket, fd) ||
        !flow_push(&p->flows[0], ARRIVES_OPEN, slice_of(NULL, 0))) {
        passage_free(p, true);
        return;
    }
    pump(&p->flows[0]);
}

/* ---- the relay ---- */

struct world_relay *world_relay_new(struct world *w, int port, const char *to_host, int to_port)
{
    struct live *l = live_of(w);
    struct world_relay *r = memory_alloc_zero(&w->memory, sizeof *r);
    if (!r || !(r->host = memory_alloc(&w->memory, strlen(to_host) + 1))) {
        memory_free(&w->memory, r, sizeof *r);
        world_fail(w, WORLD_NO_MEMORY, "out of memory");
        return NULL;
    }
    memcpy(r->host, to_host, strlen(to_host) + 1);
    r->port = to_port;
    r->live = l;
    list_init(&r->member);
    list_init(&r->passages);
    random_init(&r->random, live_seed(), "relay");
    list_push(&l->relays, &r->member);
    live_listener_init(&r->listener, l, r, accepted);
    struct sockaddr_storage address;
    live_address_parse("127.0.0.1", port, &address);
    int error = live_listener_open(&r->listener, &address);
    if (error == 0) return r;
    world_fail(w, WORLD_REFUSED, "cannot listen at 127.0.0.1 port %d: %s", port, uv_strerror(error));
    world_relay_free(r);
    return NULL;
}

int world_relay_port(const struct world_relay *r) { return live_listener_port(&r->listener); }

enum world_result world_relay_set(struct world_relay *r, bool forward, const struct world_link *link)
{
    struct world *w = &r->live->base;
    int direction = forward ? 0 : 1;
    if (link->loss > 0)
        return world_fail(w, WORLD_UNSUPPORTED, "a relay cannot lose segments: TCP brings them all");
    if (link->latency < 0 || link->jitter < 0 || !(link->bandwidth >= 0))
        return world_fail(w, WORLD_BAD, "latency, jitter and bandwidth are not negative");
    r->links[direction] = *link;
    r->busy_until[direction] = 0;
    r->live->now_known = false;
    list_each_safe(at, &r->passages) pump(&list_item(at, struct passage, member)->flows[direction]);
    return WORLD_OK;
}

void world_relay_reset(struct world_relay *r)
{
    list_each_safe(at, &r->passages) passage_free(list_item(at, struct passage, member), true);
}

void world_relay_free(struct world_relay *r)
{
    struct memory *m = &r->live->base.memory;
    world_relay_reset(r);
    live_listener_close(&r->listener);
    list_remove(&r->member);
    memory_free(m, r->host, strlen(r->host) + 1);
    memory_free(m, r, sizeof *r);
}

void live_relays_free(struct live *l)
{
    list_each_safe(at, &l->relays) world_relay_free(list_item(at, struct world_relay, member));
}
