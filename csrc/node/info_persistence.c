/* info_persistence.c: INFO's section about files: snapshots, journal, loading.
 *
 * Nothing is forked here, so what Redis counts as copied on write is what a snapshot holds in memory: current_cow_size,
 * rdb_last_cow_size.
 */
#include <inttypes.h>

#include "node/internal.h"

#define PUT(...) bytes_append_format(out, __VA_ARGS__)

static void put_loading(struct node *n, struct bytes *out)
{
    const struct persistence *p = &n->persistence;
    bool loading = persistence_loads(p) && p->recover;
    PUT("loading:%d\r\nasync_loading:%d\r\n", loading, n->follow && n->follow->state == FOLLOW_SYNC);
    if (!loading) return;
    PUT("loading_start_time:%" PRId64 "\r\n", p->load_began_s);
    int64_t total, loaded = recover_progress(p->recover, &total);
    PUT("loading_total_bytes:%" PRId64 "\r\nloading_loaded_bytes:%" PRId64 "\r\n", total, loaded);
    PUT("loading_loaded_perc:%.2f\r\n", total > 0 ? 100.0 * (double)loaded / (double)total : 0.0);
}

static void put_current_save(struct node *n, struct bytes *out)
{
    const struct persistence *p = &n->persistence;
    size_t done = 0, total = 0;
    int64_t bytes;
    if (p->save) save_progress(p->save, &done, &total, &bytes);
    PUT("current_cow_peak:%zu\r\ncurrent_cow_size:%zu\r\n", p->save ? save_held_peak(p->save) : 0,
        p->save ? save_held(p->save) : 0);
    PUT("current_save_keys_processed:%zu\r\ncurrent_save_keys_total:%zu\r\n", done, total);
}

static void put_snapshots(struct node *n, struct bytes *out)
{
    const struct persistence *p = &n->persistence;
    bool saving = p->save || n->feeds.snapshot;
    int64_t took_s = p->save ? (n->now.mono_us - p->began_us) / 1000000 : -1;
    PUT("rdb_changes_since_last_save:%" PRId64 "\r\nrdb_bgsave_in_progress:%d\r\n", persistence_unsaved(n),
        saving);
    PUT("rdb_last_save_time:%" PRId64 "\r\nrdb_last_bgsave_status:%s\r\n", p->last_save_s,
        p->last_ok ? "ok" : "err");
    if (!p->last_ok) PUT("rdb_last_bgsave_error:%s\r\n", persistence_said(n, TEXT_SAVE));
    PUT("rdb_last_bgsave_time_sec:%" PRId64 "\r\nrdb_current_bgsave_time_sec:%" PRId64 "\r\n", p->last_took_s,
        took_s);
    PUT("rdb_saves:%" PRId64 "\r\nrdb_last_cow_size:%zu\r\n", p->saves, p->held_peak);
    PUT("rdb_last_load_keys_expired:%" PRId64 "\r\nrdb_last_load_keys_loaded:%" PRId64 "\r\n",
        p->expired_keys, p->loaded_keys);
}

static int64_t seconds(int64_t us) { return us < 0 ? -1 : us / 1000000; }

static void put_sizes(struct node *n, const struct journal_stats *s, struct bytes *out)
{
    const struct persistence *p = &n->persistence;
    int64_t waiting = log_offset(&n->log) - n->log.kept_from;
    PUT("aof_current_size:%" PRId64 "\r\naof_base_size:%" PRId64 "\r\n", s->size, s->base_size);
    PUT("aof_pending_rewrite:0\r\naof_buffer_length:%" PRId64 "\r\n", waiting > 0 ? waiting : 0);
    PUT("aof_pending_bio_fsync:%d\r\naof_delayed_fsync:%" PRId64 "\r\n", s->syncing, s->delayed_syncs);
    PUT("aof_increments:%zu\r\naof_fsynced_offset:%" PRId64 "\r\naof_groups:%" PRId64 "\r\n", s->increments,
        n->fsynced_offset, s->groups);
    if (p->cut_bytes > 0)
        PUT("aof_cut_bytes:%" PRId64 "\r\naof_torn:%s\r\n", p->cut_bytes, persistence_said(n, TEXT_TORN));
    if (p->journal_fails) PUT("aof_last_write_error:%s\r\n", persistence_said(n, TEXT_JOURNAL));
}

static void put_journal(struct node *n, struct bytes *out)
{
    const struct persistence *p = &n->persistence;
    struct journal_stats s = p->past;
    if (p->journal) {
        journal_stats(p->journal, &s);
        s.rewrites += p->past.rewrites;
    }
    int64_t took_us = s.rewriting && s.began_us >= 0 ? n->now.mono_us - s.began_us : -1;
    bool begins = n->config.appendonly && !p->journal && !persistence_loads(p); /* with a rewrite */
    bool first = p->once || (p->initial && !p->journal_fails); /* to the end: all its files are there */
    bool waits = journaling_rewrite_waits(n);
    PUT("aof_enabled:%d\r\naof_rewrite_in_progress:%d\r\naof_rewrite_scheduled:%d\r\n", n->config.appendonly,
        (s.rewriting || begins || first || p->rewrite_scheduled) && !waits, waits);
    PUT("aof_last_rewrite_time_sec:%" PRId64 "\r\naof_current_rewrite_time_sec:%" PRId64 "\r\n",
        seconds(s.last_took_us), seconds(took_us));
    PUT("aof_last_bgrewrite_status:%s\r\naof_rewrites:%" PRId64 "\r\n", s.last_rewrite_ok ? "ok" : "err",
        s.rewrites);
    PUT("aof_rewrites_consecutive_failures:%" PRId64 "\r\naof_last_write_status:%s\r\n", s.failed_in_a_row,
        !p->journal_fails ? "ok" : "err");
    PUT("aof_last_cow_size:%zu\r\n", s.base_held_peak);
    if (p->journal && n->config.appendonly) put_sizes(n, &s, out);
}

void info_persistence(struct node *n, struct bytes *out)
{
    put_loading(n, out);
    put_current_save(n, out);
    put_snapshots(n, out);
    put_journal(n, out);
}
