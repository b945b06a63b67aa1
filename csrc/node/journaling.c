/* journaling.c: a node's journal: from the log to the files, when it is rewritten, what is durable.
 *
 * The journal takes the log as it is (persist/journal.h): a node's own effects, or its primary's stream. So it is at an
 * offset of a history at every moment, and that is where a restart goes on. When the log is given another name the journal
 * notes it; when it is no continuation (full synchronisation, memory that ran out) the journal begins anew.
 */
#include <stdio.h>

#include "node/internal.h"

enum {
    SECOND_US = 1000000,
    REWRITE_RETRY_US = 60 * SECOND_US,
    INCREMENTS_MAX = 64,       /* then it is rewritten, whatever its size */
    LAG_MAX = 64 * 1024 * 1024 /* bytes of the log that the disk may be behind */
};

/* The end of the log. */
static struct journal_origin origin_of(const struct node *n)
{
    struct journal_origin origin = {.offset = log_offset(&n->log), .db = n->log.db < 0 ? 0 : n->log.db};
    memcpy(origin.replid, n->log.replid, sizeof origin.replid);
    return origin;
}

static struct journal *new_journal(struct node *n)
{
    struct journal_options options = {.memory = &n->memory,
                                      .disk = &n->disk,
                                      .log = &n->log.tape,
                                      .directory = n->config.appenddirname,
                                      .name = n->config.appendfilename};
    n->persistence.generation = n->log.generation;
    n->persistence.breaks = n->log.breaks;
    n->log.has_journal = true;
    return journal_new(&options);
}

/* ---- on and off ---- */

static void note_error(struct node *n, const char *error)
{
    struct persistence *p = &n->persistence;
    char text[220] = "";
    if (p->journal_fails == (error != NULL)) return;
    p->journal_fails = error != NULL;
    if (error) snprintf(text, sizeof text, "MISCONF Errors writing to the AOF file: %s", error);
    if (error)
        diary_say(n, DIARY_WARNING, "Error writing to the AOF file: %s", error);
    else if (p->journal)
        diary_say(n, DIARY_WARNING, "AOF write error looks solved, the server can write again.");
    persistence_say(n, TEXT_JOURNAL, text);
}

static void stop(struct node *n)
{
    struct persistence *p = &n->persistence;
    int64_t rewrites = p->past.rewrites;
    journal_stats(p->journal, &p->past);
    p->past.rewrites += rewrites;
    p->past.rewriting = p->once = false;
    journal_free(p->journal);
    p->journal = NULL;
    p->rewrite_scheduled = p->lagged = p->rewriting = p->founding = p->initial = false;
    note_error(n, NULL);
    n->log.kept_from = INT64_MAX;
    n->log.has_journal = false;
    topology_fsynced(n, -1);
}

void journaling_configured(struct node *n)
{
    struct persistence *p = &n->persistence;
    if (!n->config.appendonly && p->journal && !p->once) stop(n);
    if (!n->config.appendonly || !p->once) return;
    p->once = false; /* the files that are being made are the first ones of a journal that stays */
    p->initial = true;
}

void journaling_adopt(struct node *n, const struct recover_found *found)
{
    struct persistence *p = &n->persistence;
    if (!n->config.appendonly) return;
    p->journal = new_journal(n);
    p->founding = !found->anything || found->doubted;
    if (!p->journal || !found->journal || found->single) return;
    bool goes_on = found->replid[0] != '\0' && !found->doubted;
    struct journal_found files = {.manifest = &found->manifest,
                                  .position = goes_on ? found->position : -1,
                                  .offset = log_offset(&n->log),
                                  .base_size = found->base_size,
                                  .size = found->size};
    struct journal_origin origin = origin_of(n);
    if (!journal_adopt(p->journal, &files, &origin)) stop(n);
}

/* ---- turns ---- */

static struct journal_turn turn_of(const struct node *n)
{
    const struct config *c = &n->config;
    return (struct journal_turn){.now_us = n->now.mono_us,
                                 .unix_s = n->now.wall_us / SECOND_US,
                                 .sync = (enum journal_sync)c->appendfsync,
                                 .no_sync_on_rewrite = c->no_appendfsync_on_rewrite,
                                 .timestamps = c->aof_timestamps,
                                 .key_us = c->rdb_key_save_delay_us};
}

void journaling_take(struct node *n)
{
    struct persistence *p = &n->persistence;
    if (!p->journal) return;
    struct journal_turn turn = turn_of(n);
    journal_take(p->journal, &turn);
    if (p->breaks == n->log.breaks) topology_fsynced(n, journal_synced(p->journal));
    n->log.kept_from = journal_reader(p->journal);
    if (p->lagged && !journaling_lags(n)) {
        p->lagged = false;
        persistence_let_go(n);
    }
}

/* The log has another name than the journal knows. */
static void follow_names(struct node *n)
{
    struct persistence *p = &n->persistence;
    const struct log *l = &n->log;
    if (p->generation == l->generation) return;
    struct journal_origin origin = origin_of(n);
    if (l->second_offset > 0) { /* the stream may have gone on since */
        origin.offset = l->second_offset - 1;
        origin.db = l->second_db;
    }
    if (p->breaks != l->breaks || l->generation != p->generation + 1)
        journal_break(p->journal);
    else
        journal_rename(p->journal, &origin);
    p->generation = l->generation;
    p->breaks = l->breaks;
}

static void say_rewrite(struct node *n)
{
    struct persistence *p = &n->persistence;
    struct journal_stats s;
    if (p->rewriting == journal_rewriting(p->journal)) return;
    p->rewriting = !p->rewriting;
    if (p->rewriting) {
        diary_say(n, DIARY_NOTICE, "Background append only file rewriting started");
        return;
    }
    journal_stats(p->journal, &s);
    if (s.last_rewrite_ok)
        diary_say(n, DIARY_NOTICE, "Background AOF rewrite finished successfully");
    else
        diary_say(n, DIARY_WARNING, "Background AOF rewrite terminated by an error: %s",
                  journal_error(p->journal) ? journal_error(p->journal) : "see above");
}

/* BGREWRITEAOF without appendonly: the files are there, or will not be. */
static void stop_once(struct node *n)
{
    struct persistence *p = &n->persistence;
    struct journal_stats s;
    journal_stats(p->journal, &s);
    if (journal_settled(p->journal) || !s.last_rewrite_ok) stop(n);
}

void journaling_settle(struct node *n)
{
    struct persistence *p = &n->persistence;
    if (p->recover && !p->fresh) return;
    if ((n->config.appendonly || p->once) && !p->journal) {
        p->journal = new_journal(n);
        p->initial = p->journal && !p->once;
        p->once = p->once && p->journal;
        if (!p->journal) return;
        struct journal_turn turn = turn_of(n);
        journal_take(p->journal, &turn);
    }
    if (!p->journal) return;
    follow_names(n);
    journal_settle(p->journal);
    n->log.kept_from = journal_reader(p->journal);
    topology_fsynced(n, journal_synced(p->journal));
    p->lagged = journaling_lags(n);
    if (journal_written(p->journal) >= 0) p->founding = p->initial = false;
    note_error(n, journal_error(p->journal));
    say_rewrite(n);
    if (p->once) stop_once(n);
}

int64_t journaling_deadline(const struct node *n)
{
    const struct persistence *p = &n->persistence;
    if (!p->journal) return (n->config.appendonly || p->once) && !p->recover ? n->now.mono_us : INT64_MAX;
    return journal_deadline(p->journal);
}

int64_t journaling_rewrite_due(const struct node *n)
{
    const struct persistence *p = &n->persistence;
    if (!p->journal) return INT64_MAX;
    if (p->rewrite_scheduled && journal_can_rewrite(p->journal)) return n->now.mono_us;
    return journal_wants_rewrite(p->journal);
}

bool journaling_has_view(const struct node *n)
{
    return n->persistence.journal && journal_base(n->persistence.journal) != NULL;
}

void journaling_step(struct node *n, size_t budget) { journal_step(n->persistence.journal, budget); }

bool journaling_lags(const struct node *n)
{
    return n->persistence.journal && log_offset(&n->log) - n->log.kept_from > LAG_MAX;
}

/* ---- rewrites ---- */

/* It has grown far beyond its base. */
static bool has_grown(const struct node *n, const struct journal_stats *s)
{
    const struct config *c = &n->config;
    int64_t base = s->base_size > 0 ? s->base_size : 1;
    if (s->increments > INCREMENTS_MAX) return true;
    return c->aof_rewrite_percentage > 0 && s->size > c->aof_rewrite_min_size &&
           (s->size - base) / base * 100 + (s->size - base) % base * 100 / base >= c->aof_rewrite_percentage;
}

static bool rewrite_due(struct node *n)
{
    struct persistence *p = &n->persistence;
    struct journal_stats s;
    if (!journal_can_rewrite(p->journal)) return false;
    if (p->rewrite_scheduled || journal_wants_rewrite(p->journal) <= n->now.mono_us) return true;
    journal_stats(p->journal, &s);
    if (!s.last_rewrite_ok && n->now.mono_us < p->rewrite_retry_us) return false;
    return s.good && has_grown(n, &s);
}

void journaling_rewrite_if_due(struct node *n)
{
    struct persistence *p = &n->persistence;
    struct rdb_info info;
    if (!p->journal || !rewrite_due(n)) return;
    struct journal_origin origin = origin_of(n);
    topology_info(n, &info);
    info.aof_base = true;
    persistence_pace(n);
    p->rewrite_retry_us = n->now.mono_us + REWRITE_RETRY_US;
    if (journal_rewrite(p->journal, n->keyspace, &info, &origin, persistence_held_max(n)))
        p->rewrite_scheduled = false;
}

bool journaling_rewrite_waits(const struct node *n)
{
    const struct persistence *p = &n->persistence;
    bool asked = p->rewrite_scheduled || p->once;
    return asked && !p->flush_only && !journaling_has_view(n) && !persistence_view_is_free(n);
}

const char *journaling_rewrite(struct node *n)
{
    struct persistence *p = &n->persistence;
    struct journal_stats s;
    if (p->once && journaling_rewrite_waits(n)) return NULL;
    if (p->once) return "ERR Background append only file rewriting already in progress";
    if (!p->journal) {
        p->once = true; /* a journal begins with a base */
        return NULL;
    }
    journal_stats(p->journal, &s);
    if (s.rewriting) return "ERR Background append only file rewriting already in progress";
    p->rewrite_scheduled = true;
    return NULL;
}

/* ---- what is in the files, what is durable ---- */

/* While a base is made for data that is there already (CONFIG SET appendonly yes, somebody else's journal), what is written
 * meanwhile is answered: it may take minutes. A journal that fails has had its chance to be good, one that begins with
 * nothing soon is, and one that the disk would not sync at the start had promised to keep what is answered. */
int64_t journaling_kept(const struct node *n)
{
    const struct persistence *p = &n->persistence;
    if (n->config.appendfsync == JOURNAL_SYNC_ALWAYS) return n->fsynced_offset;
    if (!p->journal) return INT64_MAX;
    int64_t written = journal_written(p->journal);
    return written >= 0 || p->founding || p->journal_fails ? written : INT64_MAX;
}

int journaling_flush(struct node *n)
{
    struct persistence *p = &n->persistence;
    if (!p->journal || p->once || (p->initial && p->then == THEN_SHUTDOWN))
        return 1; /* its first base is not waited for */
    journal_flush(p->journal, true);
    if (journal_synced(p->journal) == log_offset(&n->log)) return 1;
    return journal_error(p->journal) ? -1 : 0;
}

void journaling_stop_flush(struct node *n)
{
    if (n->persistence.journal) journal_flush(n->persistence.journal, false);
}

const char *journaling_error(const struct node *n)
{
    if (!n->persistence.journal_fails || !n->config.appendonly) return NULL;
    const char *text = persistence_said(n, TEXT_JOURNAL);
    return text[0] != '\0' ? text : "MISCONF Errors writing to the AOF file";
}
