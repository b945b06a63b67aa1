/* barrier.h: a reply does not leave before the write it answers is in the node's journal: durable with `appendfsync always`,
 * otherwise in the file as every process sees it, so that the end of this one loses nothing that was answered.
 *
 * A session goes on reading and executing; what it answers from its first write on that is not there stays in its
 * output, whatever else it waits for (gate.h). Most often that is in the same turn, and nothing has waited. Writes that
 * come meanwhile stand behind the next barrier, which takes the first one's place when that one falls: so what is held
 * leaves after two groups of the journal at most, however long the pipeline.
 *
 *      output    | +OK +OK | :1 +OK :2 | +OK …
 *                          ^ from      ^ next_from
 *                offset: up to here the journal has to be; next_offset: for what is behind next_from
 */
#ifndef TIDELOCK_NODE_BARRIER_H
#define TIDELOCK_NODE_BARRIER_H

#include "base/list.h"

#include <stdint.h>

struct node;
struct session;

struct barrier {
    struct list link;       /* node->barriers while there is one */
    int64_t offset;         /* of the log; 0: there is none */
    int64_t next_offset;    /* 0: there is no second one */
    size_t from, next_from; /* places in the session's output */
    size_t request;         /* where what the present request answers begins */
};

/* Whether replies of this session wait for the journal: there is one, and this is a primary. */
bool barrier_wanted(const struct session *s);
/* The session's write has been logged: what it answers to this request waits. */
void barrier_wrote(struct session *s);
/* How much of the session's output may leave. */
size_t barrier_end(const struct session *s);
/* So many bytes at the beginning of the session's output are gone. */
void barrier_moved(struct barrier *b, size_t size);
/* The journal may have got further: at the end of a turn. */
void barriers_settle(struct node *n);

#endif
