/* live_client.c: moves a client's bytes over TCP; the client itself is client.c.
 *
 * What a client asks is sent at the end of the turn, so that requests made together leave together.
 *
 * SPDX-License-Identifier: MIT */
#include "world/live_internal.h"

struct live_client {
    struct world_client base;
    struct live_socket socket;
    struct list sending; /* in live->sending: has something to send */
    struct live_alarm alarm;
    bool waiting; /* the kernel takes no more for now */
};

static struct live_client *live_client_of(struct world_client *c) { return (struct live_client *)c; }

static struct live_client *client_of_socket(struct live_socket *s)
{
    return list_item(s, struct live_client, socket);
}

/* ---- life ---- */

static void client_rings(struct live_alarm *a)
{
    client_alarm(&list_item(a, struct live_client, alarm)->base);
}

static const struct live_socket_events client_events;

struct world_client *live_client_alloc(struct world *w)
{
    struct live_client *lc = memory_alloc_zero(&w->memory, sizeof *lc);
    if (!lc) return NULL;
    live_socket_init(&lc->socket, live_of(w), &client_events);
    list_init(&lc->sending);
    live_alarm_init(&lc->alarm, client_rings);
    return &lc->base;
}

bool live_client_settle(struct world_client *c)
{
    if (live_alarm_set(live_of(c->world), &live_client_of(c)->alarm, INT64_MAX)) return true;
    world_fail(c->world, WORLD_NO_MEMORY, "out of memory");
    return false;
}

void live_client_free(struct world_client *c)
{
    struct live_client *lc = live_client_of(c);
    live_client_close(c);
    live_alarm_clear(live_of(c->world), &lc->alarm);
    memory_free(&c->world->memory, lc, sizeof *lc);
}

void live_client_open(struct world_client *c)
{
    live_socket_connect(&live_client_of(c)->socket, c->host, c->port);
}

void live_client_close(struct world_client *c)
{
    struct live_client *lc = live_client_of(c);
    live_socket_close(&lc->socket, false);
    list_remove(&lc->sending);
    lc->waiting = false;
}

void live_client_alarm(struct world_client *c, int64_t at)
{
    live_alarm_set(live_of(c->world), &live_client_of(c)->alarm, at);
}

static void lose(struct live_client *lc, const char *why)
{
    live_client_close(&lc->base);
    client_lost(&lc->base, why);
}

/* ---- bytes ---- */

void live_client_send(struct world_client *c)
{
    struct live_client *lc = live_client_of(c);
    if (!lc->waiting && list_empty(&lc->sending)) list_push(&live_of(c->world)->sending, &lc->sending);
}

static void wait_for_room(struct live_client *lc, bool wait)
{
    if (lc->waiting == wait) return;
    lc->waiting = wait;
    live_socket_watch(&lc->socket, true, wait);
}

static void send_output(struct live_client *lc)
{
    struct slice output;
    while ((output = client_output(&lc->base)).size > 0) {
        ssize_t sent = live_socket_write(&lc->socket, &output, 1);
        if (sent == LIVE_BROKEN) {
            lose(lc, lc->socket.why);
            return;
        }
        if (sent > 0) client_output_taken(&lc->base, (size_t)sent);
        if (sent < (ssize_t)output.size) {
            wait_for_room(lc, true);
            return;
        }
    }
    wait_for_room(lc, false);
}

void live_clients_send(struct live *l)
{
    struct list *link;
    while ((link = list_pop(&l->sending)) != NULL) send_output(list_item(link, struct live_client, sending));
}

/* ---- what the socket reports ---- */

static void client_socket_opened(struct live_socket *s)
{
    struct live_client *lc = client_of_socket(s);
    live_socket_watch(s, true, false);
    client_opened(&lc->base);
}

static void client_socket_lost(struct live_socket *s, const char *why) { lose(client_of_socket(s), why); }

static void client_socket_readable(struct live_socket *s)
{
    struct live_client *lc = client_of_socket(s);
    size_t total = 0;
    ssize_t got;
    do {
        got = live_socket_read(s, s->live->chunk, LIVE_CHUNK);
        if (got == LIVE_AGAIN) return;
        if (got <= 0) {
            lose(lc, got == 0 ? "Connection closed by peer" : s->why);
            return;
        }
        if (!client_input(&lc->base, slice_of(s->live->chunk, (size_t)got))) return;
        total += (size_t)got;
    } while (got == LIVE_CHUNK && total < LIVE_READ_TURN);
}

static void client_socket_writable(struct live_socket *s) { send_output(client_of_socket(s)); }

static const struct live_socket_events client_events = {
    .opened = client_socket_opened,
    .lost = client_socket_lost,
    .readable = client_socket_readable,
    .writable = client_socket_writable,
};
