/* client_push.h: what a server sends a client without being asked: messages of pub/sub, and what confirms subscriptions.
 *
 * For client.c; everybody else sees world_client_receive (world.h).
 */
#ifndef TIDELOCK_WORLD_CLIENT_PUSH_H
#define TIDELOCK_WORLD_CLIENT_PUSH_H

#include "base/bytes.h"
#include "base/list.h"

struct world_client;
struct client_request;

enum push_class { PUSH_CHANNELS, PUSH_PATTERNS, PUSH_SHARDS, PUSH_CLASSES };

/* How the confirmations of a request are counted. */
enum push_answer {
    ANSWER_REPLY,  /* it has a reply, as most have */
    ANSWER_PUSHES, /* as many pushes as it has names */
    ANSWER_LEAVE   /* pushes until nothing of its class is left: UNSUBSCRIBE without names */
};

struct client_inbox {
    struct bytes messages; /* nobody has received them yet: size, push, size, push, … */
    size_t received;       /* of them, in bytes */
    struct list receivers; /* who waits for one, the first first */
    int64_t subscribed[PUSH_CLASSES];
    bool resp2; /* the server knows no pushes: its messages are arrays */
    bool full;  /* a message had no room: the connection cannot go on */
};

void client_inbox_init(struct world_client *c);
void client_inbox_free(struct world_client *c);
/* Notes how a request about to be sent will be answered. */
void client_push_expect(struct client_request *r, int argc, const struct slice *argv);
/* Whether an array may be a push. */
bool client_push_is_possible(const struct world_client *c);
/* Takes a push. False: it is none, but a reply. */
bool client_push(struct world_client *c, struct slice push);
/* The connection is gone, and all subscriptions with it. */
void client_push_lost(struct world_client *c, const char *why);
/* The deadline of whoever has waited longest for a message, INT64_MAX: none. And when it has come: */
int64_t client_push_deadline(const struct world_client *c);
void client_push_time_out(struct world_client *c, int64_t now);

#endif
