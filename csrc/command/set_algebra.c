/* set_algebra.c: SINTER, SUNION, SDIFF, their STORE forms, and SINTERCARD.
 *
 * Each result is made as a draft (store/edit.h), a set that nobody sees: it is answered from there, or takes the place of
 * the destination. An intersection is walked from its smallest set.
 */
#include "command/access.h"
#include "command/notify.h"
#include "command/sets.h"
#include "store/set.h"

/* The sets that a call names; absent ones are NULL. */
struct sets {
    struct entry **at;
    int count, absent;
};

/* False: an error, which was replied; nothing is left to free then. */
static bool sets_open(struct exec *x, struct sets *s, int first, int count)
{
    bool ok = true;
    *s = (struct sets){.count = count};
    s->at = memory_alloc(x->memory, (size_t)count * sizeof *s->at);
    if (!s->at) {
        exec_no_memory(x);
        return false;
    }
    for (int i = 0; i < count && ok; i++) {
        s->at[i] = exec_read_type(x, x->argv[first + i], VALUE_SET, &ok);
        s->absent += !s->at[i];
    }
    if (!ok) memory_free(x->memory, s->at, (size_t)count * sizeof *s->at);
    return ok;
}

static void sets_close(struct exec *x, struct sets *s)
{
    memory_free(x->memory, s->at, (size_t)s->count * sizeof *s->at);
}

/* ---- the three operations, each into a draft; false: memory is out ---- */

/* Brings the smallest set to the front. */
static void smallest_first(struct sets *s)
{
    for (int i = 1; i < s->count; i++) {
        if (set_size(s->at[i]) >= set_size(s->at[0])) continue;
        struct entry *e = s->at[0];
        s->at[0] = s->at[i];
        s->at[i] = e;
    }
}

static bool in_all_others(const struct sets *s, struct set_member *member)
{
    for (int i = 1; i < s->count; i++)
        if (s->at[i] != s->at[0] && !set_has_member(s->at[i], member)) return false;
    return true;
}

static bool in_any_other(const struct sets *s, struct set_member *member)
{
    for (int i = 1; i < s->count; i++)
        if (s->at[i] && set_has_member(s->at[i], member)) return true;
    return false;
}

static bool intersect(struct sets *s, struct edit *result)
{
    struct set_walk w = {.index = 0};
    struct set_member member;
    if (s->absent > 0) return true;
    smallest_first(s);
    while (set_walk_next(s->at[0], &w, &member))
        if (in_all_others(s, &member) && set_add_member(result, &member) < 0) return false;
    return true;
}

static bool unite(struct sets *s, struct edit *result)
{
    struct set_member member;
    for (int i = 0; i < s->count; i++) {
        struct set_walk w = {.index = 0};
        while (s->at[i] && set_walk_next(s->at[i], &w, &member))
            if (set_add_member(result, &member) < 0) return false;
    }
    return true;
}

static bool subtract(struct sets *s, struct edit *result)
{
    struct set_walk w = {.index = 0};
    struct set_member member;
    while (s->at[0] && set_walk_next(s->at[0], &w, &member))
        if (!in_any_other(s, &member) && set_add_member(result, &member) < 0) return false;
    return true;
}

/* ---- answering and storing ---- */

typedef bool operation_fn(struct sets *s, struct edit *result);

static void answer(struct exec *x, operation_fn *operation)
{
    struct sets s;
    struct edit result;
    if (!sets_open(x, &s, 1, x->argc - 1)) return;
    if (s.count == 1 || (operation == unite && s.absent == s.count - 1)) {
        int only = 0;
        while (only < s.count - 1 && !s.at[only]) only++;
        set_reply_all(x, s.at[only]);
    } else {
        edit_draft(&result, x->keyspace, slice_of("", 0), VALUE_SET, KEYSPACE_NO_TTL);
        if (operation(&s, &result))
            set_reply_all(x, result.entry);
        else
            exec_no_memory(x);
        edit_discard(&result);
    }
    sets_close(x, &s);
}

/* An empty result deletes the destination. */
static void store_nothing(struct exec *x)
{
    struct slice to = x->argv[1];
    if (exec_find(x, x->db, to, EXEC_FOR_WRITE | EXEC_NO_STATS | EXEC_NO_TOUCH)) {
        keyspace_delete(x->keyspace, x->db, to);
        x->changes++;
        exec_notify(x, NOTIFY_GENERIC, "del", to);
    }
    reply_integer(x->reply, 0);
}

static void store_draft(struct exec *x, struct edit *result, const char *event)
{
    int64_t size = (int64_t)set_size(result->entry);
    exec_notify_if_new(x, x->argv[1]);
    struct entry *e = edit_publish(result, x->db);
    if (!e) {
        exec_no_memory(x);
        return;
    }
    access_created(x, e);
    x->changes++;
    exec_notify(x, NOTIFY_SET, event, x->argv[1]);
    reply_integer(x->reply, size);
}

static void store(struct exec *x, operation_fn *operation, const char *event)
{
    struct sets s;
    struct edit result;
    if (!sets_open(x, &s, 2, x->argc - 2)) return;
    edit_draft(&result, x->keyspace, x->argv[1], VALUE_SET, KEYSPACE_NO_TTL);
    bool done = operation(&s, &result);
    sets_close(x, &s);
    if (!done)
        exec_no_memory(x);
    else if (result.entry)
        store_draft(x, &result, event);
    else
        store_nothing(x);
    edit_discard(&result);
}

void run_sinter(struct exec *x) { answer(x, intersect); }

void run_sunion(struct exec *x) { answer(x, unite); }

void run_sdiff(struct exec *x) { answer(x, subtract); }

void run_sinterstore(struct exec *x) { store(x, intersect, "sinterstore"); }

void run_sunionstore(struct exec *x) { store(x, unite, "sunionstore"); }

void run_sdiffstore(struct exec *x) { store(x, subtract, "sdiffstore"); }

/* ---- SINTERCARD ---- */

/* How many members there are in all of them, up to `limit` (0: none). */
static int64_t count_common(struct sets *s, int64_t limit)
{
    struct set_walk w = {.index = 0};
    struct set_member member;
    int64_t count = 0;
    if (s->absent > 0) return 0;
    smallest_first(s);
    while ((limit == 0 || count < limit) && set_walk_next(s->at[0], &w, &member))
        count += in_all_others(s, &member);
    return count;
}

void run_sintercard(struct exec *x)
{
    int64_t keys, limit = 0;
    struct sets s;
    if (!exec_int_within(x, 1, 1, INT64_MAX, &keys, "ERR numkeys should be greater than 0")) return;
    if (keys > x->argc - 2) {
        reply_error(x->reply, "ERR Number of keys can't be greater than number of args");
        return;
    }
    for (int i = 2 + (int)keys; i < x->argc; i += 2) {
        if (!exec_is(x, i, "LIMIT") || i + 1 == x->argc) {
            exec_syntax_error(x);
            return;
        }
        if (!exec_int_within(x, i + 1, 0, INT64_MAX, &limit, "ERR LIMIT can't be negative")) return;
    }
    if (!sets_open(x, &s, 2, (int)keys)) return;
    reply_integer(x->reply, count_common(&s, limit));
    sets_close(x, &s);
}
