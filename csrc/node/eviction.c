/* eviction.c: maxmemory: making room before a command runs, by the keys that the policy lets go.
 *
 * Redis's rules: it is tried before every command, also one that only reads; what is taken away goes to the log as
 * deletions ahead of the command's own effect; a replica takes nothing away itself (its primary says what goes), unless
 * replica-ignore-maxmemory is off. What the node holds for others (the log for slow replicas beyond the backlog, bytes
 * on their way to files, snapshots) does not count: taking keys away would not free it.
 *
 * One command is not held up for long: after so much work it runs although there is more to do, and the node goes on
 * with that by itself. Redis measures this in time (maxmemory-eviction-tenacity); a node has no clock within a turn, so
 * here it is counted in keys, of which about one goes in a microsecond.
 */
#include "command/evict.h"
#include "command/notify.h"
#include "node/internal.h"

enum {
    WORK_MIN = 16,        /* keys */
    WORK_LINEAR = 50,     /* keys for each step of tenacity up to … */
    TENACITY_LINEAR = 10, /* … this one; from there on each step is 15 % more */
    TENACITY_UNLIMITED = 100,
    TIDY_WORK = 16,  /* keys' worth of work: … */
    TIDY_SLICE = 512 /* … freeing so many elements of large values */
};

size_t eviction_beyond_backlog(const struct node *n)
{
    const struct tape *tape = &n->log.tape;
    int64_t backlog = log_backlog(&n->log);
    return tape->end - tape->start > backlog ? tape->taken - (size_t)backlog : 0;
}

size_t eviction_uncounted(const struct node *n)
{
    const struct persistence *p = &n->persistence;
    const struct save *base = p->journal ? journal_base(p->journal) : NULL;
    const struct snapshot *snapshot = n->feeds.snapshot;
    size_t held = eviction_beyond_backlog(n);
    if (snapshot) held += snapshot->tape.taken;
    if (p->save) held += save_held(p->save);
    if (base) held += save_held(base);
    return held + n->disk.queued_bytes[DISK_LANE_JOURNAL];
}

static bool too_much(const struct node *n)
{
    size_t max = (size_t)n->config.maxmemory, used = n->memory.used;
    return max > 0 && used > max && used - max > eviction_uncounted(n);
}

static int64_t work_allowed(const struct node *n)
{
    int64_t tenacity = n->config.maxmemory_eviction_tenacity;
    if (tenacity >= TENACITY_UNLIMITED) return INT64_MAX;
    double keys = WORK_LINEAR * (double)(tenacity < TENACITY_LINEAR ? tenacity : TENACITY_LINEAR);
    for (int64_t i = TENACITY_LINEAR; i < tenacity; i++) keys *= 1.15;
    return keys > WORK_MIN ? (int64_t)keys : WORK_MIN;
}

static bool evict_one(struct node *n)
{
    int db;
    struct evict_order order = {.keyspace = n->keyspace,
                                .random = &n->random,
                                .access = &n->access[0],
                                .policy = (enum evict_policy)n->config.maxmemory_policy,
                                .samples = n->config.maxmemory_samples < EVICT_SAMPLES_MAX
                                               ? (int)n->config.maxmemory_samples
                                               : EVICT_SAMPLES_MAX,
                                .now_ms = keyspace_time(n->keyspace)};
    struct entry *e = evict_choose(&n->eviction, &order, &db);
    if (!e) return false;
    keyspace_stats(n->keyspace)->evicted++;
    node_delete(n, db, e, n->config.lazyfree_lazy_eviction, NOTIFY_EVICTED, "evicted");
    return true;
}

/* Notes for how long it has been too much. */
static void note_excess(struct node *n, bool excess)
{
    if (excess && n->excess_since_us == 0) n->excess_since_us = n->now.mono_us;
    if (excess || n->excess_since_us == 0) return;
    n->excess_us += n->now.mono_us - n->excess_since_us;
    n->excess_since_us = 0;
}

/* What was deleted but is not freed yet goes first: that costs nobody anything. */
static bool make_room(struct node *n)
{
    int64_t work = work_allowed(n);
    while (too_much(n)) {
        if (work <= 0) {
            n->evicting = true;
            return true;
        }
        if (keyspace_untidy(n->keyspace)) {
            keyspace_tidy(n->keyspace, TIDY_SLICE);
            work -= TIDY_WORK;
        } else if (evict_one(n)) {
            work--;
        } else {
            return false;
        }
    }
    return true;
}

bool eviction_make_room(struct node *n)
{
    n->evicting = false;
    if (!too_much(n)) {
        note_excess(n, false);
        return true;
    }
    if ((n->follow && n->config.replica_ignore_maxmemory) || node_stands_still(n)) return true;
    uint64_t begun = timing_work_begin(n);
    bool made = make_room(n);
    timing_work_end(n, "eviction-cycle", begun);
    note_excess(n, too_much(n));
    return made;
}
