/* client_push.c: subscriptions and messages of a client: see client_push.h.
 *
 * SUBSCRIBE and its kin are answered by pushes, one for each name, between which messages may come already. Such a request
 * is complete with its last confirmation; its reply is the number in that, of the subscriptions that there are now.
 *
 * Messages wait until they are received, up to a limit: a client that subscribes and never receives loses its
 * connection, as it would at a server with an output limit.
 */
#include "world/client_push.h"

#include "base/number.h"
#include "world/world_internal.h"

enum { INBOX_MAX = 64 * 1024 * 1024, INBOX_KEEP = 65536 };

struct receiver {
    struct list link;
    int64_t ticket, deadline;
};

/* ---- words ---- */

static const struct push_word {
    const char *word;
    enum push_class class;
    enum push_what { PUSH_MESSAGE, PUSH_SUBSCRIBED, PUSH_UNSUBSCRIBED } what;
} push_words[] = {
    {"message", PUSH_CHANNELS, PUSH_MESSAGE},          {"pmessage", PUSH_PATTERNS, PUSH_MESSAGE},
    {"smessage", PUSH_SHARDS, PUSH_MESSAGE},           {"subscribe", PUSH_CHANNELS, PUSH_SUBSCRIBED},
    {"psubscribe", PUSH_PATTERNS, PUSH_SUBSCRIBED},    {"ssubscribe", PUSH_SHARDS, PUSH_SUBSCRIBED},
    {"unsubscribe", PUSH_CHANNELS, PUSH_UNSUBSCRIBED}, {"punsubscribe", PUSH_PATTERNS, PUSH_UNSUBSCRIBED},
    {"sunsubscribe", PUSH_SHARDS, PUSH_UNSUBSCRIBED},
};

static const struct push_word *push_word(struct slice word)
{
    for (size_t i = 0; i < sizeof push_words / sizeof push_words[0]; i++)
        if (slice_is_word(word, push_words[i].word)) return &push_words[i];
    return NULL;
}

/* The first element of an aggregate if it is a short bulk string; data NULL: it is not. The aggregate has been
 * checked: it is whole. */
static struct slice first_word(struct slice push)
{
    const char *at = memchr(push.data, '\n', push.size);
    int64_t size;
    if (!at || at + 1 == push.data + push.size || at[1] != '$') return slice_of(NULL, 0);
    at += 2;
    const char *end = memchr(at, '\r', (size_t)(push.data + push.size - at));
    if (!end || !number_parse_int(slice_of(at, (size_t)(end - at)), &size) || size < 0)
        return slice_of(NULL, 0);
    return slice_of(end + 2, (size_t)size);
}

/* The last element of a confirmation, an integer, as a reply. */
static struct slice last_count(struct slice push)
{
    size_t at = push.size;
    while (at > 0 && push.data[at - 1] != ':') at--;
    return at > 0 ? slice_of(push.data + at - 1, push.size - at + 1) : slice_of(":0\r\n", 4);
}

/* ---- the inbox ---- */

void client_inbox_init(struct world_client *c)
{
    bytes_init(&c->inbox.messages, &c->world->memory);
    list_init(&c->inbox.receivers);
}

static void receiver_free(struct world_client *c, struct receiver *r)
{
    list_remove(&r->link);
    memory_free(&c->world->memory, r, sizeof *r);
}

static struct receiver *first_receiver(const struct world_client *c)
{
    const struct list *all = &c->inbox.receivers;
    return list_empty(all) ? NULL : list_item(all->next, struct receiver, link);
}

void client_inbox_free(struct world_client *c)
{
    struct receiver *r;
    while ((r = first_receiver(c)) != NULL) receiver_free(c, r);
    bytes_free(&c->inbox.messages);
}

/* Into the hands of who waits for one, or into the inbox. */
static void take_message(struct world_client *c, struct slice push)
{
    struct client_inbox *in = &c->inbox;
    struct receiver *r;
    while ((r = first_receiver(c)) != NULL) {
        int64_t ticket = r->ticket;
        receiver_free(c, r);
        bool gone = world_ticket_cancelled(c->world, ticket);
        world_complete_reply(c->world, ticket, push);
        if (!gone) return;
    }
    size_t size = push.size, before = in->messages.size;
    bool kept = before - in->received + size <= INBOX_MAX &&
                bytes_append(&in->messages, &size, sizeof size) && bytes_append_slice(&in->messages, push);
    if (kept) return;
    in->messages.size = before;
    in->messages.failed = false;
    in->full = true;
}

/* The oldest message in the inbox, taken out; data NULL: none. Valid until the next message comes. */
static struct slice next_message(struct client_inbox *in)
{
    size_t size;
    if (in->received == in->messages.size) return slice_of(NULL, 0);
    memcpy(&size, in->messages.data + in->received, sizeof size);
    struct slice push = slice_of(in->messages.data + in->received + sizeof size, size);
    in->received += sizeof size + size;
    return push;
}

/* What has been received goes, once it is the larger part. */
static void inbox_compact(struct client_inbox *in)
{
    if (in->received * 2 < in->messages.size) return;
    bytes_drop(&in->messages, in->received);
    in->received = 0;
    bytes_trim(&in->messages, INBOX_KEEP);
}

enum world_result world_client_receive(struct world_client *c, int64_t ticket, int64_t timeout)
{
    struct world *w = c->world;
    if (!world_ticket_reserve(w)) return WORLD_NO_MEMORY;
    struct slice push = next_message(&c->inbox);
    if (push.data) {
        world_complete_reply(w, ticket, push);
        inbox_compact(&c->inbox);
    } else if (c->state == CLIENT_IDLE) {
        world_complete_failed(w, ticket, false,
                              "CLOSED there is no connection, and no subscription without one");
    } else if (timeout == 0) {
        world_complete_failed(w, ticket, false, "TIMEOUT no message");
    } else {
        struct receiver *r = memory_alloc(&w->memory, sizeof *r);
        if (!r) {
            w->queue.outstanding--;
            return WORLD_NO_MEMORY;
        }
        int64_t now = world_now(w);
        bool ever = timeout < 0 || timeout > INT64_MAX - now;
        *r = (struct receiver){.ticket = ticket, .deadline = ever ? INT64_MAX : now + timeout};
        list_push(&c->inbox.receivers, &r->link);
        client_set_alarm(c);
    }
    return WORLD_OK;
}

int64_t client_push_deadline(const struct world_client *c)
{
    int64_t deadline = INT64_MAX;
    list_each(link, &c->inbox.receivers)
    {
        const struct receiver *r = list_item(link, struct receiver, link);
        if (r->deadline < deadline) deadline = r->deadline;
    }
    return deadline;
}

void client_push_time_out(struct world_client *c, int64_t now)
{
    list_each_safe(link, &c->inbox.receivers)
    {
        struct receiver *r = list_item(link, struct receiver, link);
        if (r->deadline > now) continue;
        world_complete_failed(c->world, r->ticket, false, "TIMEOUT no message in time");
        receiver_free(c, r);
    }
}

void client_push_lost(struct world_client *c, const char *why)
{
    struct receiver *r;
    while ((r = first_receiver(c)) != NULL) {
        world_complete_failed(c->world, r->ticket, false, "%s", why);
        receiver_free(c, r);
    }
    memset(c->inbox.subscribed, 0, sizeof c->inbox.subscribed);
    c->inbox.full = false;
}

/* ---- subscriptions ---- */

void client_push_expect(struct client_request *r, int argc, const struct slice *argv)
{
    enum { SHORTEST = 9 }; /* SUBSCRIBE: most requests need not be looked at */
    r->answer = ANSWER_REPLY;
    if (argv[0].size < SHORTEST) return;
    const struct push_word *w = push_word(argv[0]);
    if (!w || w->what == PUSH_MESSAGE || (argc == 1 && w->what == PUSH_SUBSCRIBED)) return;
    r->answer = argc == 1 ? ANSWER_LEAVE : ANSWER_PUSHES;
    r->pushes = argc - 1;
}

bool client_push_is_possible(const struct world_client *c)
{
    const int64_t *subscribed = c->inbox.subscribed;
    const struct client_request *first = client_first_request(c);
    bool asked = first && first->answer != ANSWER_REPLY;
    return c->inbox.resp2 &&
           (asked || subscribed[PUSH_CHANNELS] + subscribed[PUSH_PATTERNS] + subscribed[PUSH_SHARDS] > 0);
}

/* Notes what a confirmation says; whether it is the last of the request that it answers. */
static bool take_confirmation(struct world_client *c, const struct push_word *w, struct slice push)
{
    int64_t *subscribed = c->inbox.subscribed, count = 0;
    struct slice text = last_count(push);
    number_parse_int(slice_of(text.data + 1, text.size - 3), &count);
    int64_t before = w->class == PUSH_SHARDS ? subscribed[PUSH_SHARDS]
                                             : subscribed[PUSH_CHANNELS] + subscribed[PUSH_PATTERNS];
    subscribed[w->class] += (count > before) - (count < before);
    struct client_request *r = client_first_request(c);
    if (!r || r->answer == ANSWER_REPLY) return false;
    if (r->answer == ANSWER_LEAVE) return subscribed[w->class] == 0;
    return --r->pushes == 0;
}

bool client_push(struct world_client *c, struct slice push)
{
    const struct push_word *w = push_word(first_word(push));
    if (!w) return push.data[0] == '>'; /* of another kind: nobody has asked for it */
    if (w->what == PUSH_MESSAGE)
        take_message(c, push);
    else if (take_confirmation(c, w, push))
        client_answered(c, last_count(push));
    return true;
}
