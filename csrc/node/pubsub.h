/* pubsub.h: who listens to what, and telling them.
 *
 *   channels, patterns, shards (dict by name) ──→ topic ──→ subscription ──→ subscription …   in order of subscription
 *                                                                │
 *   session.subscriber[kind] ───────────────────────────→ subscription …
 *
 *   subscriptions (dict by session and topic): is this one subscribed to that one already?
 *
 * A topic exists as long as somebody is subscribed to it. Patterns are asked one by one, in the order in which they were
 * first subscribed to.
 */
#ifndef TIDELOCK_NODE_PUBSUB_H
#define TIDELOCK_NODE_PUBSUB_H

#include "base/bytes.h"
#include "base/dict.h"
#include "base/list.h"

struct node;
struct session;

enum pubsub_kind { PUBSUB_CHANNEL, PUBSUB_PATTERN, PUBSUB_SHARD, PUBSUB_KINDS };

struct pubsub {
    struct dict topics[PUBSUB_KINDS]; /* of struct topic */
    struct dict subscriptions;
    struct list patterns; /* struct topic.link of the patterns */
    int64_t next_topic;
    struct bytes message; /* the one on its way, as RESP3 */
    struct bytes own;     /* what the session whose command runs is to hear, in its protocol */
};

/* What one session listens to. */
struct subscriber {
    struct list of[PUBSUB_KINDS]; /* struct subscription.in_session, the oldest first */
    int64_t count[PUBSUB_KINDS];
};

void pubsub_init(struct node *n);
/* After all sessions. */
void pubsub_free(struct node *n);

void subscriber_init(struct subscriber *s);
static inline int64_t subscriber_total(const struct subscriber *s)
{
    return s->count[PUBSUB_CHANNEL] + s->count[PUBSUB_PATTERN] + s->count[PUBSUB_SHARD];
}

/* Subscribes a session; nothing when it is already. False: memory is out. */
bool pubsub_subscribe(struct session *s, enum pubsub_kind kind, struct slice name);
/* Ends a subscription; nothing when there is none. */
void pubsub_unsubscribe(struct session *s, enum pubsub_kind kind, struct slice name);
/* The name of its oldest subscription of a kind, data NULL when it has none; valid until that ends. */
struct slice pubsub_oldest(const struct session *s, enum pubsub_kind kind);
/* Ends all its subscriptions. */
void pubsub_leave(struct session *s);

/* Sends a message to everybody subscribed to the channel (or shard channel), for channels also by pattern. How many it
 * was sent to: one who is subscribed twice counts twice. */
int64_t pubsub_publish(struct node *n, bool shard, struct slice channel, struct slice message);
/* Classes of key events that somebody may hear (command/notify.h); 0: nobody listens, or none are to be told. */
unsigned pubsub_wants(const struct node *n);
/* Publishes the events that a command has recorded in node->notices. */
void pubsub_notify(struct node *n);
/* Publishes one that no command has recorded. */
void pubsub_event(struct node *n, unsigned class, const char *event, int db, struct slice key);

/* What the session whose command has run is to hear itself goes into its output: ahead of the reply, which begins at
 * `before`, as Redis 7.0 has it; after EXEC's, which it must not tear apart. Returns by how much the reply has moved. */
size_t pubsub_tell_own(struct session *s, size_t before, bool after);

/* Topics of a kind, and how many are subscribed to one of them. */
size_t pubsub_topics(const struct node *n, enum pubsub_kind kind);
int64_t pubsub_subscribers(const struct node *n, enum pubsub_kind kind, struct slice name);
/* Calls `visit` with the name of each topic of a kind. */
struct pubsub_visitor {
    void (*visit)(struct pubsub_visitor *v, struct slice name);
};
void pubsub_each_topic(struct node *n, enum pubsub_kind kind, struct pubsub_visitor *v);

#endif
