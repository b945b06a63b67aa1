/* persistence.c: snapshots of a node: when one begins, at what pace it goes, what follows from its end.
 *
 * A snapshot needs the keyspace's one view (store/view.h), which it shares with the full synchronisations of replicas:
 * whoever comes first has it, the other waits. The walk goes on at the end of every turn. A request that comes meanwhile
 * waits for the slice that is being done: so a slice takes about SLICE_US at most, whatever the entries and the machine
 * are like. How much that is shows in turns that follow each other at once and in which nobody asked for anything:
 * between them lies just the slice. Where clients do ask, the walk also keeps to its share of the time: what it may do
 * in a turn follows from how long ago the last one was.
 *
 * SAVE holds only the client that asked. SHUTDOWN and DEBUG RELOAD hold all writes while they save, so that nothing is
 * left out.
 *
 * Leaves out: the journal (journaling.c), loading (loading.c).
 */
#include "node/persistence.h"

#include <stdio.h>

#include "node/internal.h"

enum {
    SECOND_US = 1000000,
    RETRY_US = 5 * SECOND_US, /* before the next attempt by itself after one that failed */
    PACE = 40,                /* bytes per us of the time that passes */
    SLICE_US = 50,
    SLICE_MIN = 512,
    SLICE_FIRST = 8 * 1024, /* until it is known what a slice takes */
    SLICE_MAX = 256 * 1024
};

static const char temporary_name[] = "temp-snapshot.rdb";

void persistence_init(struct node *n)
{
    struct persistence *p = &n->persistence;
    for (int i = 0; i < PERSISTENCE_TEXTS; i++) bytes_init(&p->texts[i], &n->memory);
    p->last_ok = true;
    p->last_save_s = n->now.wall_us / SECOND_US;
    p->last_took_s = -1;
    p->past = (struct journal_stats){.last_took_us = -1, .last_rewrite_ok = true};
    p->generation = n->log.generation;
    p->breaks = n->log.breaks;
}

void persistence_free(struct node *n)
{
    struct persistence *p = &n->persistence;
    save_close(p->save);
    journal_free(p->journal);
    recover_free(p->recover);
    recover_free(p->loaded);
    p->journal = NULL;
    if (p->fresh) keyspace_free(p->fresh);
    for (int i = 0; i < PERSISTENCE_TEXTS; i++) bytes_free(&p->texts[i]);
    p->save = NULL;
    p->recover = p->loaded = NULL;
    p->fresh = NULL;
}

void persistence_say(struct node *n, enum persistence_text which, const char *text)
{
    struct bytes *t = &n->persistence.texts[which];
    bytes_free(t);
    if (text[0] != '\0') bytes_append(t, text, strlen(text) + 1);
}

const char *persistence_said(const struct node *n, enum persistence_text which)
{
    const struct bytes *t = &n->persistence.texts[which];
    return t->size > 0 ? t->data : "";
}

/* ---- when ---- */

static int64_t unsaved_changes(const struct node *n) { return n->counters.changes - n->persistence.changes; }

int64_t persistence_unsaved(const struct node *n)
{
    const struct persistence *p = &n->persistence;
    return n->counters.changes - (p->flush_changes > 0 ? p->flush_changes : p->changes);
}

/* When the save points want a snapshot (monotonic us), INT64_MAX: not as things are. */
static int64_t due_us(const struct node *n)
{
    const struct persistence *p = &n->persistence;
    const struct save_points *save = &n->config.save;
    int64_t due_s = INT64_MAX, unsaved = unsaved_changes(n);
    for (int i = 0; i < save->count; i++) {
        int64_t at_s = p->last_save_s + save->points[i].seconds + 1;
        if (unsaved >= save->points[i].changes && unsaved > 0 && at_s < due_s) due_s = at_s;
    }
    if (due_s > INT64_MAX / SECOND_US) return INT64_MAX;
    int64_t due = n->now.mono_us + due_s * SECOND_US - n->now.wall_us;
    return p->last_ok || due > p->last_try_us + RETRY_US ? due : p->last_try_us + RETRY_US;
}

bool persistence_view_is_free(const struct node *n)
{
    return !n->persistence.save && !n->feeds.snapshot && !journaling_has_view(n) && !backup_has_view(n);
}

int64_t persistence_deadline(const struct node *n)
{
    const struct persistence *p = &n->persistence;
    if (p->resumed) return n->now.mono_us;
    if (p->recover) return loading_waits(n) ? INT64_MAX : n->now.mono_us;
    int64_t deadline = journaling_deadline(n);
    if (p->save && save_walks(p->save)) return n->now.mono_us;
    if (p->save && save_next_key_us(p->save) > 0) return p->began_us + save_next_key_us(p->save);
    if (p->lingers && p->linger_until_us < deadline) deadline = p->linger_until_us;
    if (p->lingers || !persistence_view_is_free(n)) return deadline;
    int64_t due = p->scheduled ? n->now.mono_us : due_us(n), rewrite = journaling_rewrite_due(n);
    if (rewrite < due) due = rewrite;
    return due < deadline ? due : deadline;
}

/* ---- what waits for it ---- */

static void answer_all(struct node *n, enum block_kind kind, const char *error)
{
    list_each_safe(link, &n->sessions)
    {
        struct session *s = list_item(link, struct session, link);
        if (s->block == kind) block_answer(s, error);
    }
}

void persistence_let_go(struct node *n)
{
    n->persistence.resumed = true;
    list_each(link, &n->sessions) session_resume(list_item(link, struct session, link));
}

static void go_on_all(struct node *n)
{
    n->persistence.then = THEN_NOTHING;
    n->persistence.finishing = n->persistence.lingers = false;
    persistence_let_go(n);
}

/* SHUTDOWN does not come to its end. */
static void stay(struct node *n)
{
    journaling_stop_flush(n);
    go_on_all(n);
    answer_all(n, BLOCK_SHUTDOWN, "ERR Errors trying to SHUTDOWN. Check logs.");
}

void persistence_shutdown_fails(struct node *n)
{
    diary_say(n, DIARY_WARNING, "Errors trying to shut down the server. The server goes on.");
    stay(n);
}

/* Nothing is written any more: once the journal is durable, the node can go, or the journal be loaded again. */
static void finish(struct node *n)
{
    struct persistence *p = &n->persistence;
    int flushed = journaling_flush(n);
    if (flushed == 0) return;
    bool reloads = p->then == THEN_RELOAD || p->then == THEN_RELOAD_JOURNAL;
    p->finishing = false;
    if (reloads && flushed > 0)
        loading_reload(n);
    else if (reloads)
        persistence_reloaded(n, "ERR Error trying to write the AOF file");
    else if (flushed > 0 || p->force)
        n->shutdown = true;
    else
        persistence_shutdown_fails(n);
}

/* A snapshot was made, or could not be. */
static void then(struct node *n, bool good)
{
    struct persistence *p = &n->persistence;
    enum persistence_then what = p->lingers ? THEN_NOTHING : p->then;
    if (what == THEN_SHUTDOWN && (good || p->force)) {
        p->finishing = true;
    } else if (what == THEN_SHUTDOWN) {
        persistence_shutdown_fails(n);
    } else if (what == THEN_RELOAD && good) {
        loading_reload(n);
    } else if (what == THEN_RELOAD) {
        persistence_reloaded(n, "ERR Error trying to save the DB");
    }
}

void persistence_reloaded(struct node *n, const char *error)
{
    journaling_stop_flush(n);
    go_on_all(n);
    answer_all(n, BLOCK_RELOAD, error);
}

/* ---- one snapshot ---- */

static void say_saved(struct node *n, bool good, const char *error)
{
    bool last = n->persistence.then == THEN_SHUTDOWN && !n->persistence.lingers;
    if (good) diary_say(n, DIARY_NOTICE, "DB saved on disk");
    if (good && !last) diary_say(n, DIARY_NOTICE, "Background saving terminated with success");
    if (!good)
        diary_say(n, DIARY_WARNING, "%s error: %s", last ? "Final saving" : "Background saving", error);
    if (!good && last) diary_say(n, DIARY_WARNING, "Error trying to save the DB, can't exit.");
}

static void end(struct node *n, bool good, const char *error)
{
    struct persistence *p = &n->persistence;
    if (good || p->then == THEN_NOTHING) p->last_ok = good; /* a SHUTDOWN that fails is no failed BGSAVE */
    say_saved(n, good, error);
    persistence_say(n, TEXT_SAVE, error);
    if (p->save) p->held_peak = save_held_peak(p->save);
    save_close(p->save);
    p->save = NULL;
    if (good) {
        p->saves++;
        p->changes = p->begun_changes;
        p->last_save_s = n->now.wall_us / SECOND_US;
    }
    p->flush_changes = 0;
    p->flush_only = false;
    p->last_took_s = (n->now.mono_us - p->began_us) / SECOND_US;
    answer_all(n, BLOCK_SAVE, good ? NULL : "ERR");
    then(n, good);
}

size_t persistence_held_max(const struct node *n) { return n->memory.used / 4 + 64 * 1024 * 1024; }

static void begin(struct node *n)
{
    struct persistence *p = &n->persistence;
    struct rdb_info info;
    struct save_options options = {.memory = &n->memory,
                                   .keyspace = n->keyspace,
                                   .disk = &n->disk,
                                   .temporary = temporary_name,
                                   .name = n->config.dbfilename,
                                   .held_max = persistence_held_max(n)};
    topology_info(n, &info);
    p->scheduled = false;
    p->last_try_us = p->began_us = n->now.mono_us;
    p->begun_changes = n->counters.changes;
    persistence_pace(n);
    if (p->then == THEN_SHUTDOWN)
        diary_say(n, DIARY_NOTICE, "Saving the final RDB snapshot before exiting.");
    else
        diary_say(n, DIARY_NOTICE, "Background saving started, %lld changes", (long long)unsaved_changes(n));
    p->save = save_open(&options, &info);
    if (!p->save) end(n, false, "out of memory");
}

static void give_up(struct node *n)
{
    save_close(n->persistence.save);
    n->persistence.save = NULL;
}

void persistence_replaced(struct node *n)
{
    struct persistence *p = &n->persistence;
    backup_replaced(n);
    if (!p->save) return;
    give_up(n);
    p->scheduled = true; /* of what comes instead */
}

static bool somebody_saves(const struct node *n)
{
    list_each(link, &n->sessions) if (list_item(link, struct session, link)->block == BLOCK_SAVE) return true;
    return false;
}

void persistence_flushed(struct node *n)
{
    struct persistence *p = &n->persistence;
    if (p->recover) return;
    bool points = n->config.save.count > 0, wanted = p->save && somebody_saves(n);
    if (p->save) give_up(n);
    if (points || wanted) p->scheduled = true;
    if (points) p->flush_changes = n->counters.changes;
    p->flush_only = points && !wanted;
}

void persistence_pace(struct node *n)
{
    struct persistence *p = &n->persistence;
    p->slice_us = n->now.mono_us;
    p->slice_commands = n->counters.commands;
    p->slice_size = SLICE_FIRST;
    p->slice_on = false;
}

/* A slice and nothing else took so long: the next ones are larger, or smaller. */
static void slice_took(struct persistence *p, int64_t us)
{
    if (us > SLICE_US && p->slice_size > SLICE_MIN)
        p->slice_size /= 2;
    else if (us < SLICE_US / 2 && p->slice_size < SLICE_MAX)
        p->slice_size += p->slice_size / 4;
}

/* How much of the walk fits into this turn. */
static size_t slice(struct node *n)
{
    struct persistence *p = &n->persistence;
    int64_t elapsed_us = n->now.mono_us - p->slice_us;
    bool asked = n->counters.commands != p->slice_commands;
    p->slice_us = n->now.mono_us;
    p->slice_commands = n->counters.commands;
    if (!asked && p->slice_on) slice_took(p, elapsed_us);
    if (!asked || elapsed_us > SLICE_MAX / PACE) return p->slice_size;
    size_t share = (size_t)elapsed_us * PACE;
    if (share > p->slice_size) return p->slice_size;
    return share < SLICE_MIN ? SLICE_MIN : share;
}

static void go_on(struct node *n)
{
    struct persistence *p = &n->persistence;
    struct save *s = p->save;
    if (!s) {
        journaling_step(n, slice(n));
        p->slice_on = journaling_has_view(n);
        return;
    }
    save_slow_down(s, n->config.rdb_key_save_delay_us, n->now.mono_us - p->began_us);
    enum save_state state = save_step(s, slice(n));
    p->slice_on = save_walks(s);
    if (state == SAVE_DONE) end(n, true, "");
    if (state == SAVE_FAILED) end(n, false, save_error(s));
}

void persistence_settle(struct node *n)
{
    struct persistence *p = &n->persistence;
    if (p->recover) {
        loading_step(n);
        return;
    }
    journaling_take(n);
    if (p->save || journaling_has_view(n)) go_on(n);
    shutdown_settle(n);
    if (p->finishing) finish(n);
    if (p->resumed) {
        p->resumed = false;
        topology_step(n);
    }
    if (n->shutdown || p->lingers || !persistence_view_is_free(n)) return;
    if (p->scheduled || due_us(n) <= n->now.mono_us)
        begin(n);
    else
        journaling_rewrite_if_due(n);
}

/* ---- what asks for one ---- */

const char *persistence_refuses(const struct node *n)
{
    const struct persistence *p = &n->persistence;
    if (n->follow) return NULL;
    if (p->last_ok || n->config.save.count == 0 || !n->config.stop_writes_on_bgsave_error)
        return journaling_error(n);
    return "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. "
           "Commands that may modify the data set are disabled, because this instance is configured to "
           "report "
           "errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please "
           "check "
           "the Redis logs for details about the RDB error.";
}

const char *persistence_save(struct node *n)
{
    struct persistence *p = &n->persistence;
    if (p->save && p->flush_changes == 0) return "ERR Background save already in progress";
    if (p->save) give_up(n);
    p->scheduled = true;
    p->flush_only = false;
    return NULL;
}

const char *persistence_flush_for(struct session *s, enum persistence_then what, bool force)
{
    struct persistence *p = &s->node->persistence;
    if (p->then != THEN_NOTHING) return "ERR Background save already in progress";
    if (!block_for(s, BLOCK_RELOAD)) return "OOM out of memory";
    p->then = what;
    p->finishing = true;
    p->force = force;
    return NULL;
}

const char *persistence_save_for(struct session *s, enum persistence_then what, bool force)
{
    struct node *n = s->node;
    struct persistence *p = &n->persistence;
    enum block_kind kind = what == THEN_RELOAD ? BLOCK_RELOAD : BLOCK_SAVE;
    bool saves = p->save && p->flush_changes == 0; /* what FLUSHALL wants saved is in the next one too */
    if (p->then != THEN_NOTHING || (saves && what == THEN_NOTHING))
        return "ERR Background save already in progress";
    if (!block_for(s, kind)) return "OOM out of memory";
    if (p->save) give_up(n);
    p->scheduled = true;
    p->flush_only = false;
    p->then = what;
    p->force = force;
    return NULL;
}

void persistence_finish(struct node *n, bool saves)
{
    struct persistence *p = &n->persistence;
    p->scheduled = saves;
    if (saves && p->save) give_up(n);
    if (!saves && p->journal)
        p->finishing = true;
    else if (!saves)
        n->shutdown = true;
}

bool persistence_abort_shutdown(struct node *n)
{
    if (n->persistence.then != THEN_SHUTDOWN || n->shutdown) return false;
    diary_say(n, DIARY_NOTICE, "Shutdown manually aborted.");
    stay(n);
    return true;
}
