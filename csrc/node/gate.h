/* gate.h: replies that wait until the write they answer is as safe as its writer wants.
 *
 * A session goes on reading and executing; only the bytes of its replies wait. What a reply waits for is a *group*: a
 * rule (replication/sync.h) with its level and time-out. A reply that waits is a *gate* in its session's *line*, at the
 * offset of the log up to which the rule has to be fulfilled; the replies behind it wait with it, for replies are in the
 * order of their requests:
 *
 *      output      what may be sent
 *      line        held   | +OK | $1 v | :1 | +OK | …
 *                  gates  ^ 120         ^ 310  ^ 350       offsets; ungated replies stand between them
 *
 * A line stands in the heap of its first gate's group, by offset. An acknowledgement moves the offset that a group has
 * reached; each line whose first gate lies before it is taken out, all its gates up to there are opened at once, and it
 * goes where its next gate belongs. So an acknowledgement costs what it opens.
 *
 *      acknowledged      the reply goes out
 *      time is up        the reply goes out marked as degraded, or an error in its place: -UNACKNOWLEDGED
 *      demoted           an error in its place: the write may be lost
 *      policy changed    what waits under the node's own rule (CONFIG sync-replicas) waits for the new one
 *
 * Gates are opened at the end of a turn and when time passes (gate_settle, gate_time_out), never while a command runs.
 */
#ifndef TIDELOCK_NODE_GATE_H
#define TIDELOCK_NODE_GATE_H

#include "base/heap.h"
#include "base/list.h"
#include "replication/sync.h"

struct node;
struct session;

/* How safe a write has to be before its reply goes out. */
struct durability {
    struct sync_rule rule;
    int64_t timeout_ms; /* 0: for ever */
    bool degrade;       /* when the time is up the reply goes out all the same */
};

/* Everybody who waits for the same. */
struct gate_group {
    struct list link; /* gates.groups */
    struct durability want;
    int64_t users;       /* sessions and gates that refer to it */
    struct heap lines;   /* whose first gate is of this group, by its offset */
    int64_t reached;     /* the offset up to which the rule is fulfilled, as of: */
    uint64_t version;    /* feeds.version; 0: find it out again… */
    uint64_t generation; /* …and log.generation */
};

/* One reply that waits. */
struct gate {
    int64_t start, end; /* its bytes in the line, counted from the line's first byte ever */
    int64_t offset;
    int64_t since_us;
    int64_t request; /* of its session */
    struct gate_group *group;
    int64_t demotions; /* of the node, when it was made */
    unsigned char protocol;
    bool receipt; /* the reply is to become a pair */
    bool read;    /* it answers no write */
};

struct gate_line {
    struct session *session;
    struct bytes held;
    size_t start; /* what stands before has gone out */
    int64_t base; /* where held begins, counted as gate.start is */
    struct gate *gates;
    size_t first, count, capacity; /* gates in a ring; capacity a power of two */
    size_t index;                  /* in its group's heap */
    size_t timeout_index;          /* in gates.timeouts, while timed */
    bool timed;
    int64_t given_up;    /* CLIENT UNBLOCK: the gates up to this byte are to wait no longer… */
    bool given_up_error; /* …and are answered with an error */
};

struct gates {
    struct gate_group own; /* the node's: CONFIG sync-replicas */
    struct list groups;    /* the others, struct gate_group.link */
    int group_count;
    struct heap timeouts;                  /* lines, by the time at which their first gate's is up */
    int64_t lines;                         /* that have a gate */
    int64_t held;                          /* gates */
    int64_t demotions;                     /* times this node ceased to be a primary… */
    char demoted_replid[REPLID_SIZE + 1];  /* …and of which history, the last time */
    bool reconsider;                       /* look at all lines at the end of the turn */
    bool wanted;                           /* the node's own group asks for something */
    int64_t released, timed_out, degraded; /* replies, for INFO; timed_out: degraded or not */
};

enum { GATE_GROUPS_MAX = 256, GATE_HELD_MAX = 65536, GATE_HELD_BYTES_MAX = 16 * 1024 * 1024 };

void gates_init(struct node *n);
/* All sessions must be gone. */
void gates_free(struct node *n);
/* The configuration has changed: the node's own rule may have. */
void gates_configured(struct node *n);
/* This node is a primary no more: what waits will not be acknowledged. */
void gates_demoted(struct node *n);
/* Opens what can be opened; at the end of a turn. A session that stood still for its full line is resumed. */
void gate_settle(struct node *n);
/* Deals with those whose time is up. */
void gate_time_out(struct node *n);

/* The group for this durability, with a user more; NULL: memory is out, or there are too many. */
struct gate_group *gate_group_take(struct node *n, const struct durability *want);
void gate_group_leave(struct gate_group *group);
/* Up to where a group's rule is fulfilled now. */
int64_t gate_reached(struct node *n, struct gate_group *group);

/* The reply that stands in the session's writer's buffer from `start` to `end`, followed by nothing that has to wait less,
 * waits until the group has reached the offset. Without memory for it the connection is closed: the reply must not go
 * out. `receipt`: it goes out with one. */
void gate_hold(struct session *s, size_t start, size_t end, struct gate_group *group, int64_t offset,
               bool receipt);
/* Whether some reply of the session waits. */
static inline bool gate_waits(const struct gate_line *line) { return line && line->count > 0; }
/* The line is so long that the session should execute nothing more for now. */
static inline bool gate_full(const struct gate_line *line)
{
    return line && (line->count >= GATE_HELD_MAX || line->held.size >= GATE_HELD_BYTES_MAX);
}
/* CLIENT UNBLOCK: what waits now is to wait no longer. */
void gate_give_up(struct session *s, bool error);
/* The session is closed: forgets its line. */
void gate_drop(struct session *s);
/* Bytes of replies in a line, and of memory. NULL: none. */
static inline size_t gate_held_bytes(const struct gate_line *line)
{
    return line ? line->held.size - line->start : 0;
}
size_t gate_memory(const struct gate_line *line);

#endif
