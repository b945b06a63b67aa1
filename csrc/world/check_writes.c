/* check_writes.c: what clients are told of their writes, against what nodes did with them.
 */
#include <inttypes.h>

#include "world/check_internal.h"

enum { WRITE_REFUSED = 1, WRITE_HELD = 2, WRITE_BITS = 2 };

struct check_writes {
    size_t first, count, capacity; /* a ring */
    int64_t requests[];            /* number << 2, and: */
};

static size_t writes_size(size_t capacity)
{
    return sizeof(struct check_writes) + capacity * sizeof(int64_t);
}

static struct check_writes *writes_grow(struct check *k, struct check_writes *old)
{
    size_t capacity = old ? old->capacity * 2 : 16;
    struct check_writes *writes = memory_alloc(k->memory, writes_size(capacity));
    if (!writes) {
        k->blind = true;
        return NULL;
    }
    *writes = (struct check_writes){.capacity = capacity, .count = old ? old->count : 0};
    for (size_t i = 0; i < writes->count; i++)
        writes->requests[i] = old->requests[(old->first + i) & (old->capacity - 1)];
    check_writes_free(k, old);
    return writes;
}

void check_writes_free(struct check *k, struct check_writes *writes)
{
    if (writes) memory_free(k->memory, writes, writes_size(writes->capacity));
}

void check_wrote(struct check *k, struct check_writes **writes, int64_t request, bool refused)
{
    struct check_writes *ws = *writes;
    if (!ws || ws->count == ws->capacity) {
        ws = writes_grow(k, ws);
        if (!ws) return;
        *writes = ws;
    }
    ws->requests[(ws->first + ws->count++) & (ws->capacity - 1)] =
        request << WRITE_BITS | (refused ? WRITE_REFUSED : 0);
}

/* The entry of a request; NULL: there is none. Looked for from the newest on. */
static int64_t *find_write(struct check_writes *ws, int64_t request)
{
    for (size_t i = ws ? ws->count : 0; i-- > 0;) {
        int64_t *entry = &ws->requests[(ws->first + i) & (ws->capacity - 1)];
        if (*entry >> WRITE_BITS == request) return entry;
        if (*entry >> WRITE_BITS < request) break;
    }
    return NULL;
}

void check_gate(struct check *k, struct check_place *p, struct check_writes *writes,
                const struct trail_point *t, const struct sync_rule *rule, int64_t now)
{
    int64_t *entry = find_write(writes, t->request);
    if (entry && t->kind == TRAIL_HELD) *entry |= WRITE_HELD;
    if (entry && t->kind != TRAIL_HELD) *entry &= ~(int64_t)WRITE_HELD;
    if (t->kind == TRAIL_RELEASED && rule) check_released(k, p, t, rule, now);
}

/* What became of `request`, 0 when it was executed and answered; -1: the node said nothing about it. Forgets older ones. */
static int take_outcome(struct check_writes *ws, int64_t request)
{
    while (ws && ws->count > 0) {
        int64_t entry = ws->requests[ws->first];
        if (entry >> WRITE_BITS > request) return -1;
        ws->first = (ws->first + 1) & (ws->capacity - 1);
        ws->count--;
        if (entry >> WRITE_BITS == request) return (int)(entry & (WRITE_REFUSED | WRITE_HELD));
    }
    return -1;
}

void check_replied(struct check *k, struct check_writes *writes, const char *client, const char *node,
                   int64_t request, bool write, struct slice reply, int64_t now)
{
    int outcome = take_outcome(writes, request);
    if (!write || reply.data[0] == '-' || reply.data[0] == '!') return;
    if (slice_equal(reply, slice_of("+QUEUED\r\n", 9))) return; /* EXEC answers for it */
    k->counts.writes++;
    if (outcome == 0 || !check_violated(k, outcome == WRITE_HELD ? "sync" : "writes", now)) return;
    bytes_append_format(&k->failed,
                        "%s was told that its write (request %" PRId64
                        " of the connection) was done, which %s %s",
                        client, request, node,
                        outcome == WRITE_HELD      ? "has not released"
                        : outcome == WRITE_REFUSED ? "refused"
                                                   : "never executed");
    check_end_text(k);
}
