/* own_expiry.h: the keys that a writable replica was given by its own clients together with a time to live.
 *
 * A replica leaves what expires to its primary (command/exec.h). Of these keys its primary knows nothing, so the replica
 * deletes them itself. That they are to expire is the keyspace's to know; here is only whose they are.
 */
#ifndef TIDELOCK_NODE_OWN_EXPIRY_H
#define TIDELOCK_NODE_OWN_EXPIRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct node;
struct call;
struct own_expiry;

/* A command has changed something on a replica: what it gave a time to live is noted. Out of memory it is not: then it is
 * left to be found expired by who asks. */
void own_expiry_note(struct call *c);
/* Deletes what has expired, at most so many keys. True: there are more. */
bool own_expiry_step(struct node *n, int budget);
/* The first moment at which a key of these may expire (unix ms), INT64_MAX: there is none. */
int64_t own_expiry_deadline(const struct node *n);
/* How many keys: INFO. */
size_t own_expiry_count(const struct node *n);
/* The dataset is another one, or the node no replica any more: all are forgotten. */
void own_expiry_forget(struct node *n);

#endif
