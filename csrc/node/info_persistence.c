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
    PUT("loading_loaded_bytes:%" PRId64 "\r\n", recover_progress(p->recover));
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
    PUT("rdb_changes_since_last_save:%" PRId64 "\r\nrdb_bgsave_in_progress:%d\r\n",
        n->counters.changes - p->changes, saving);
    PUT("rdb_last_save_time:%" PRId64 "\r\nrdb_last_bgsave_status:%s\r\n", p->last_save_s,
        p->last_ok ? "ok" : "err");
    if (!p->last_ok) PUT("rdb_last_bgsave_error:%s\r\n", p->error);
    PUT("rdb_last_bgsave_time_sec:%" PRId64 "\r\nrdb_current_bgsave_time_sec:%" PRId64 "\r\n", p->last_took_s,
        took_s);
    PUT("rdb_saves:%" PRId64 "\r\nrdb_last_cow_size:%zu\r\n", p->saves, p->held_peak);
    PUT("rdb_last_load_keys_expired:0\r\nrdb_last_load_keys_loaded:%" PRId64 "\r\n", p->loaded_keys);
}

static void put_journal(struct node *n, struct bytes *out)
{
    (void)n;
    PUT("aof_enabled:0\r\naof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0\r\n");
    PUT("aof_last_rewrite_time_sec:-1\r\naof_current_rewrite_time_sec:-1\r\n");
    PUT("aof_last_bgrewrite_status:ok\r\naof_last_write_status:ok\r\n");
}

void info_persistence(struct node *n, struct bytes *out)
{
    put_loading(n, out);
    put_current_save(n, out);
    put_snapshots(n, out);
    put_journal(n, out);
}
