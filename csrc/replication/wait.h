/* wait.h: those who wait until enough replicas have acknowledged an offset.
 *
 * Many waiters, cheaply: waiters that need the same number of replicas stand in one heap by offset. An acknowledgement
 * moves, for each number k in use, the offset that at least k replicas have (the k-th largest), and everyone in heap k
 * up to that offset is ready. So one ACK that frees a thousand waiters costs a thousand heap removals and nothing for
 * those who go on waiting.
 *
 * Time-outs are the owner's: it takes the waiter out with wait_remove.
 */
#ifndef TIDELOCK_REPLICATION_WAIT_H
#define TIDELOCK_REPLICATION_WAIT_H

#include "base/heap.h"
#include "replication/feed.h"

struct waiter {
    int64_t offset; /* log offset that must be acknowledged */
    int needed;     /* by this many replicas; 0 or less: ready at once */
    size_t index;   /* private: in its heap */
    bool waiting;   /* private: is in a heap; false before wait_add */
};

struct wait_group;

struct wait_set {
    struct memory *memory;
    struct wait_group *groups; /* one per distinct `needed`, in ascending order; none is empty */
    size_t group_count, group_capacity;
    bool fsynced;   /* they wait for replicas' disks */
    size_t size;    /* waiters */
    int64_t wanted; /* private: the largest offset waited for, -1: nobody waits, -2: to be found out */
};

void wait_init(struct wait_set *ws, struct memory *m, bool fsynced);
/* The waiters still in it are simply forgotten. */
void wait_free(struct wait_set *ws);
/* False when memory is out. The waiter is the caller's memory and must stay where it is until removed or ready. */
bool wait_add(struct wait_set *ws, struct waiter *w);
/* Nothing when it does not wait (any more). */
void wait_remove(struct wait_set *ws, struct waiter *w);
/* One waiter whose offset is acknowledged by enough of the feeds, taken out; NULL when there is none. Call until NULL
 * whenever an acknowledgement arrived. */
struct waiter *wait_next_ready(struct wait_set *ws, const struct feeds *fs);
/* Any waiter, taken out (demotion: all must go); NULL when empty. */
struct waiter *wait_any(struct wait_set *ws);
/* The largest offset somebody waits for, -1 when nobody does: up to it, acknowledgements are worth asking for. */
int64_t wait_wanted(struct wait_set *ws);

#endif
