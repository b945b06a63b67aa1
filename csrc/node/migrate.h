/* migrate.h: keys on their way to another server (MIGRATE).
 *
 * One at a time: while keys are on their way, requests that would move the log are held (pause.c) and nothing expires, so
 * that what is deleted here at the end is what was sent. Reads go on.
 */
#ifndef TIDELOCK_NODE_MIGRATE_H
#define TIDELOCK_NODE_MIGRATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct node;
struct session;

/* Whether keys are on their way. */
bool migration_active(const struct node *n);
/* Whether there is a connection for them, in use or kept for the next. */
bool migration_has_link(const struct node *n);
/* Where the connection goes that a SESSION_MIGRATE asks for; false: it has been given up. */
bool migration_address(const struct session *s, const char **host, int *port);
/* What the driver reports of it: it is open; something was sent, or came in (in the session's input); it is about to go. */
void migration_connected(struct session *s);
void migration_sent(struct session *s);
void migration_received(struct session *s);
void migration_lost(struct session *s);
/* The client that asked for it has gone. What was sent is gone too, once the other server has said so. */
void migration_caller_gone(struct session *s);
/* Time has passed. */
void migration_advance(struct node *n);
int64_t migration_deadline(const struct node *n);
void migration_free(struct node *n);

#endif
