/* slowlog.h: the commands that took long, the last so many of them: SLOWLOG. */
#ifndef TIDELOCK_NODE_SLOWLOG_H
#define TIDELOCK_NODE_SLOWLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct node;
struct call;
struct exec;

struct slowlog {
    struct list entries; /* the newest first */
    int64_t length, next_id;
};

void slowlog_init(struct slowlog *s);
void slowlog_free(struct node *n);
/* Enters the command of a call. Out of memory it is left out. */
void slowlog_add(const struct call *c, int64_t took_us);
/* Whether an argument of a command is a secret, not to be shown. */
bool slowlog_hides(const struct exec *x, int i);
/* Lets the oldest go, until no more than slowlog-max-len are left. */
void slowlog_trim(struct node *n);

#endif
