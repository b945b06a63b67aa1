/* check.c: the invariants, point by point. See check.h for what they say.
 *
 * A node's trail has a point for every state it passes through. The points of a history's author are recorded; those
 * of anybody else are compared. An offset between two marks lies within what the author did at once, such as the DEL of
 * an expired key ahead of a SET: the author never stood there, so nothing is compared; the mark behind it will be.
 */
#include <inttypes.h>

#include "world/check_internal.h"

static struct slice history_key(const void *entry)
{
    return slice_of(((const struct check_history *)entry)->id, 40);
}

static const struct dict_type history_type = {history_key};

struct check *check_new(struct memory *m, uint64_t seed)
{
    struct check *k = memory_alloc_zero(m, sizeof *k);
    if (!k) return NULL;
    k->memory = m;
    k->seed = seed;
    list_init(&k->all);
    list_init(&k->places);
    bytes_init(&k->failed, m);
    struct random keys;
    random_init(&keys, seed, "check");
    uint64_t key[2] = {random_next(&keys), random_next(&keys)};
    dict_init(&k->histories, m, &history_type, key);
    return k;
}

void check_free(struct check *k)
{
    if (!k) return;
    dict_free(&k->histories);
    while (!list_empty(&k->all)) check_history_free(k, list_item(k->all.next, struct check_history, member));
    bytes_free(&k->failed);
    memory_free(k->memory, k, sizeof *k);
}

const char *check_failed(const struct check *k) { return k->failed.size > 0 ? k->failed.data : NULL; }

void check_counts(const struct check *k, struct world_sim_checks *counts) { *counts = k->counts; }

bool check_violated(struct check *k, const char *invariant, int64_t now)
{
    if (k->failed.size > 0 || k->blind) return false;
    bytes_append_format(&k->failed, "%s: seed %" PRIu64 ", at %" PRId64 ".%03d ms: ", invariant, k->seed,
                        now / 1000, (int)(now % 1000));
    return true;
}

void check_end_text(struct check *k)
{
    bytes_append_char(&k->failed, '\0');
    if (k->failed.failed) bytes_free(&k->failed);
}

/* Nothing is judged from now on: what could not be noted would look like a violation later. */
static void go_blind(struct check *k) { k->blind = true; }

/* ---- places ---- */

void check_place_init(struct check *k, struct check_place *p, const char *name)
{
    *p = (struct check_place){.name = name};
    list_init(&p->member);
    if (k) list_push(&k->places, &p->member);
}

static void holds_free(struct check *k, struct check_holds *hs)
{
    memory_free(k->memory, hs->items, hs->capacity * sizeof *hs->items);
}

void check_place_finish(struct check *k, struct check_place *p)
{
    list_remove(&p->member);
    if (!k) return;
    holds_free(k, &p->holds);
    holds_free(k, &p->durable);
}

void check_place_started(struct check_place *p) { p->history = NULL; }

void check_place_meddled(struct check_place *p) { p->durable_now = false; }

/* Everything up to `offset` of `h` is held. The last hold is the present history's; older ones stay, because what a
 * place once acknowledged it had. */
static void hold(struct check *k, struct check_holds *hs, struct check_history *h, int64_t offset)
{
    struct check_hold *last = hs->count > 0 ? &hs->items[hs->count - 1] : NULL;
    if (last && last->history == h) {
        if (offset > last->offset) last->offset = offset;
        return;
    }
    if (!hs->items || hs->count == hs->capacity) {
        size_t capacity = hs->capacity == 0 ? 4 : hs->capacity * 2;
        struct check_hold *items =
            memory_resize(k->memory, hs->items, hs->capacity * sizeof *items, capacity * sizeof *items);
        if (!items) {
            go_blind(k);
            return;
        }
        hs->items = items;
        hs->capacity = capacity;
    }
    hs->items[hs->count++] = (struct check_hold){h, offset};
}

bool check_holds(const struct check_holds *hs, struct check_history *h, int64_t offset)
{
    for (size_t i = hs->count; i > 0; i--)
        if (check_history_contains(hs->items[i - 1].history, hs->items[i - 1].offset, h, offset)) return true;
    return false;
}

/* ---- prefix ---- */

static bool digest_equal(struct digest a, struct digest b) { return a.low == b.low && a.high == b.high; }

static void report_difference(struct check *k, const struct check_place *p, const struct check_history *h,
                              const struct trail_point *t, struct digest expected, int64_t now)
{
    if (!check_violated(k, "prefix", now)) return;
    bytes_append_format(&k->failed,
                        "%s has data %016" PRIx64 "%016" PRIx64 " at offset %" PRId64
                        " of history %.40s, where %s had "
                        "%016" PRIx64 "%016" PRIx64,
                        p->name, t->digest.high, t->digest.low, t->offset, h->id,
                        h->author ? h->author->name : "its primary", expected.high, expected.low);
    check_end_text(k);
}

static void report_beyond(struct check *k, const struct check_place *p, const struct check_history *h,
                          const struct trail_point *t, int64_t end, int64_t now)
{
    if (!check_violated(k, "prefix", now)) return;
    bytes_append_format(
        &k->failed, "%s is at offset %" PRId64 " of history %.40s, which %s has written only up to %" PRId64,
        p->name, t->offset, h->id, h->author ? h->author->name : "nobody", end);
    check_end_text(k);
}

/* The author's state at an offset, where it is not recorded yet: `t` says it. */
static void record(struct check *k, struct check_place *p, struct check_history *h,
                   const struct trail_point *t)
{
    if (!h->author) h->author = p;
    if (!check_history_add(k, h, t->offset, t->digest)) go_blind(k);
}

/* The state of a place at an offset: compared with what is recorded, or recorded. */
static void check_state(struct check *k, struct check_place *p, struct check_history *h,
                        const struct trail_point *t, bool may_write, int64_t now)
{
    h = check_history_at(h, t->offset);
    int64_t end = h->count > 0 ? h->marks[h->count - 1].offset : -1;
    if (may_write && (!h->author || h->author == p) && t->offset > end) {
        record(k, p, h, t);
        return;
    }
    const struct check_mark *mark = check_history_mark(h, p, t->offset);
    if (mark && t->offset > end && h->author) report_beyond(k, p, h, t, end, now);
    if (!mark || t->offset != mark->offset) return;
    k->counts.prefixes++;
    if (!digest_equal(mark->digest, t->digest)) report_difference(k, p, h, t, mark->digest, now);
}

/* ---- histories ---- */

/* The history called `id`; one that has not been heard of begins here. A node that has just been started, or a
 * primary that has written nothing yet, has nothing at offset 0. */
struct check_history *check_history_of(struct check *k, const char *id, bool from_nothing)
{
    struct check_history *h = check_history_find(k, id);
    if (h) return h;
    h = check_history_make(k, id, NULL, -1);
    if (!h || (from_nothing && !check_history_add(k, h, 0, (struct digest){0, 0}))) go_blind(k);
    return h;
}

/* The history that a point at this place is about: mostly the one the place is at. */
static struct check_history *history_at_place(struct check *k, const struct check_place *p,
                                              const struct trail_point *t)
{
    struct check_history *h = p->history;
    return h && memcmp(h->id, t->replid, 40) == 0 ? h : check_history_of(k, t->replid, h == NULL);
}

static void on_applied(struct check *k, struct check_place *p, const struct trail_point *t, int64_t now)
{
    struct check_history *h = history_at_place(k, p, t);
    if (!h) return;
    p->history = h;
    check_state(k, p, h, t, true, now);
    hold(k, &p->holds, h, t->offset);
}

static void on_joined(struct check *k, struct check_place *p, const struct trail_point *t, int64_t now)
{
    struct check_history *h = check_history_of(k, t->replid, true);
    if (!h) return;
    p->history = h;
    p->durable_now = false;
    check_state(k, p, h, t, false, now);
    hold(k, &p->holds, h, t->offset);
}

static void on_forked(struct check *k, struct check_place *p, const struct trail_point *t)
{
    struct check_history *parent = check_history_of(k, t->replid2, p->history == NULL);
    struct check_history *h = parent ? check_history_make(k, t->replid, parent, t->offset) : NULL;
    if (!h) {
        go_blind(k);
        return;
    }
    h->author = p;
    p->history = h;
    hold(k, &p->holds, h, t->offset);
}

/* A replica goes on without a full synchronisation. If that is in another history, what it has must be part of it. */
static void on_renamed(struct check *k, struct check_place *p, const struct trail_point *t, int64_t now)
{
    struct check_history *h = check_history_of(k, t->replid, false);
    struct check_history *old = p->history;
    if (!old)
        old =
            t->replid2[0] == '0' && strspn(t->replid2, "0") == 40 ? h : check_history_of(k, t->replid2, true);
    if (!h || !old) return;
    k->counts.prefixes++;
    bool shared = check_history_contains(h, INT64_MAX, old, t->offset);
    p->history = h;
    hold(k, &p->holds, h, t->offset);
    if (shared || !check_violated(k, "prefix", now)) return;
    bytes_append_format(&k->failed,
                        "%s continues at offset %" PRId64
                        " of history %.40s in history %.40s, which does not share that",
                        p->name, t->offset, old->id, h->id);
    check_end_text(k);
}

/* ---- durable ---- */

/* The journal is durable up to an offset of the history the place is at. */
static void on_synced(struct check *k, struct check_place *p, const struct trail_point *t)
{
    if (t->offset < 0) p->durable_now = false;
    struct check_history *h = t->offset > 0 ? history_at_place(k, p, t) : NULL;
    if (!h) return;
    bool goes_on = p->durable_now && p->durable.items[p->durable.count - 1].history == h;
    hold(k, &p->durable, h, t->offset);
    if (!goes_on || t->offset > p->durable_to) p->durable_to = t->offset;
    p->durable_now = true;
}

/* Whether what has been loaded contains what was said to be durable. */
static void check_loaded(struct check *k, const struct check_place *p, const struct trail_point *t,
                         int64_t now)
{
    const struct check_history *h = check_history_of(k, t->replid, true);
    const struct check_hold *last = &p->durable.items[p->durable.count - 1];
    if (!h) return;
    k->counts.recoveries++;
    if (check_history_contains(h, t->offset, last->history, p->durable_to)) return;
    if (!check_violated(k, "durable", now)) return;
    bytes_append_format(&k->failed,
                        "%s has loaded history %.40s up to offset %" PRId64 ", but had said that %" PRId64
                        " of history %.40s was durable",
                        p->name, t->replid, t->offset, p->durable_to, last->history->id);
    check_end_text(k);
}

/* A history that nobody has heard of begins with what was loaded: somebody else wrote it. */
static void on_loaded(struct check *k, struct check_place *p, const struct trail_point *t, int64_t now)
{
    if (!check_history_find(k, t->replid)) {
        struct check_history *h = check_history_make(k, t->replid, NULL, -1);
        if (!h || !check_history_add(k, h, t->offset, t->digest)) go_blind(k);
    }
    if (t->journal && p->durable_now) check_loaded(k, p, t, now);
    on_joined(k, p, t, now);
}

/* ---- wait ---- */

static int64_t count_holding(const struct check *k, const struct check_place *p, bool durable,
                             struct check_history *h, int64_t offset)
{
    int64_t found = 0;
    list_each(link, &k->places)
    {
        struct check_place *other = list_item(link, struct check_place, member);
        found += other != p && check_holds(durable ? &other->durable : &other->holds, h, offset);
    }
    return found;
}

static void on_waited(struct check *k, struct check_place *p, const struct trail_point *t, int64_t now)
{
    bool durable = t->kind == TRAIL_WAITED_AOF;
    k->counts.waits++;
    if ((t->count <= 0 && !t->journal) || t->offset <= 0) return; /* everybody has nothing */
    struct check_history *h = history_at_place(k, p, t);
    if (!h) return;
    int64_t found = count_holding(k, p, durable, h, t->offset);
    bool here = !t->journal || check_holds(&p->durable, h, t->offset);
    if ((found >= t->count && here) || !check_violated(k, "wait", now)) return;
    bytes_append_format(&k->failed,
                        "%s at %s answered %" PRId64 "%s for offset %" PRId64
                        " of history %.40s, which %" PRId64 " other places %s%s",
                        durable ? "WAITAOF" : "WAIT", p->name, t->count, t->journal ? " and itself" : "",
                        t->offset, t->replid, found, durable ? "have durably" : "hold",
                        here ? "" : " and it does not");
    check_end_text(k);
}

void check_point(struct check *k, struct check_place *p, const struct trail_point *t, int64_t now)
{
    switch (t->kind) {
    case TRAIL_APPLIED: on_applied(k, p, t, now); break;
    case TRAIL_JOINED: on_joined(k, p, t, now); break;
    case TRAIL_FORKED: on_forked(k, p, t); break;
    case TRAIL_RENAMED: on_renamed(k, p, t, now); break;
    case TRAIL_LOADED: on_loaded(k, p, t, now); break;
    case TRAIL_WAITED:
    case TRAIL_WAITED_AOF: on_waited(k, p, t, now); break;
    case TRAIL_SYNCED: on_synced(k, p, t); break;
    case TRAIL_FOUND: check_found(k, p, t, now); break;
    case TRAIL_WROTE:
    case TRAIL_REFUSED:
    case TRAIL_HELD:
    case TRAIL_RELEASED:
    case TRAIL_GIVEN_UP: break;
    }
}
