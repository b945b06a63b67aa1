/* journal.h: a node's journal, written: the log's bytes on their way into files.
 *
 * The files are Redis 7's: a base (the dataset at some moment, an RDB file) and increments (the log since), listed in a
 * manifest. Their bytes are described in journal_format.h.
 *
 *      log ──→ group ──→ DISK_WRITE … DISK_SYNC ──→ the increment          one group at a time: what comes meanwhile
 *                                                                          goes with the next
 *      keyspace ── save.h ──→ the next base                                a rewrite, while the log goes on
 *
 * How far it has got is three offsets of the log: `taken` into a group, `written`, `synced`. A chain of files is *good*
 * when base and increments together are the log up to `written`. There is none before the first base is there, and there
 * is none any more when a sync has failed (nobody knows then what the file holds) or the data was replaced by another's
 * (full synchronisation): then only a new base helps. The files of the last good chain stay as they are until there is
 * another, so a crash finds the state of then.
 *
 * A rewrite, while the chain is good:
 *
 *   1  the increment is written up to the present offset X, and synced
 *   2  another increment is begun at X, and the manifest names it too
 *   3  the dataset as it was at X is written to a file, in slices; the log goes on in the new increment
 *   4  the manifest is replaced by one of that base and the new increment; the rest is history
 *   5  what is history is removed
 *
 * Without a good chain 1 is left out, and the manifest is first touched in 4. Whatever is interrupted, by a crash or an
 * error, the manifest names files that belong together.
 */
#ifndef TIDELOCK_PERSIST_JOURNAL_H
#define TIDELOCK_PERSIST_JOURNAL_H

#include "persist/journal_format.h"
#include "persist/manifest.h"
#include "persist/save.h"

enum journal_sync { JOURNAL_SYNC_EVERYSEC, JOURNAL_SYNC_ALWAYS, JOURNAL_SYNC_NO };

struct journal;

struct journal_options {
    struct memory *memory;
    struct disk *disk;
    const struct tape *log;       /* byte number k of the history stands at position k */
    const char *directory, *name; /* "appendonlydir", "appendonly.aof"; copied */
};

/* What may change from one turn to the next. */
struct journal_turn {
    int64_t now_us, unix_s;
    enum journal_sync sync;
    bool no_sync_on_rewrite; /* while one is under way, the operating system decides */
    bool timestamps;         /* #TS lines */
    int64_t key_us;          /* save_slow_down, of the base */
};

/* What a recovery has found, from which the journal goes on. */
struct journal_found {
    const struct manifest *manifest;
    int64_t position,
        offset; /* the last increment ends there; position -1: it is not to be continued (not ours, or doubted) */
    int64_t base_size, size; /* bytes of the base, of everything */
};

/* With no good chain: it looks for a manifest of an earlier life, then journal_rewrite has to make a base. NULL when
 * memory is out. */
struct journal *journal_new(const struct journal_options *options);
/* Lets go of everything; what the disk has been asked for is still done. */
void journal_free(struct journal *j);
/* Goes on with the files that were found, in which everything up to the log's end is, durably but for what may follow
 * `position` in the last one. False: memory is out. */
bool journal_adopt(struct journal *j, const struct journal_found *found, const struct journal_origin *origin);

/* Takes what the disk has done: at the beginning of the end of a turn. */
void journal_take(struct journal *j, const struct journal_turn *turn);
/* Hands the disk the log's bytes, begins what is due: at the end of it. */
void journal_settle(struct journal *j);
/* A slice of the base that is being written; bytes, as in save_step. */
void journal_step(struct journal *j, size_t budget);
/* When it wants to be settled next by itself; INT64_MAX: when the disk has done something or the log has moved. */
int64_t journal_deadline(const struct journal *j);

/* The history goes on under another name, or from the same offset in another's words. */
void journal_rename(struct journal *j, const struct journal_origin *origin);
/* The data is no longer what the files say: nothing of this history is kept until there is another base. */
void journal_break(struct journal *j);
/* Everything that has been logged is to be durable, whatever the policy: before an orderly end. */
void journal_flush(struct journal *j, bool flush);

/* Begins a rewrite at the log's end, which is origin->offset. Opens the keyspace's view. False: it cannot (the view is in
 * use, memory is out). */
bool journal_rewrite(struct journal *j, struct keyspace *ks, const struct rdb_info *info,
                     const struct journal_origin *origin, size_t held_max);
/* Whether one could be begun now. */
bool journal_can_rewrite(const struct journal *j);
/* When one has to be begun for there to be a good chain (again), INT64_MAX: none has. */
int64_t journal_wants_rewrite(const struct journal *j);
/* The base that is being written, NULL: none. */
struct save *journal_base(struct journal *j);

/* Everything up to this offset of the log is durable; -1: nothing of this history is. */
int64_t journal_synced(const struct journal *j);
/* Everything up to this offset of the log is in its files, as far as whoever reads them sees; -1: there is no good chain. */
int64_t journal_written(const struct journal *j);
/* The first byte of the log that it still needs; INT64_MAX: none. */
int64_t journal_reader(const struct journal *j);
/* Why it cannot keep what is written now; NULL: it can. */
const char *journal_error(const struct journal *j);

/* Whether its base is being made anew, until the new files are in their place. */
bool journal_rewriting(const struct journal *j);

/* Its files are what they are to be: the chain is good, and nothing is under way or due but the log's bytes. */
bool journal_settled(const struct journal *j);

struct journal_stats {
    bool good, syncing;
    bool rewriting; /* or about to: a journal begins with a rewrite, once its manifest has been looked for */
    int64_t base_size, size; /* bytes */
    int64_t rewrites, failed_in_a_row;
    bool last_rewrite_ok;
    int64_t began_us, last_took_us; /* of the rewrite under way, of the last one; -1: none */
    int64_t groups, syncs, delayed_syncs;
    size_t base_held_peak;
    size_t increments;
};

void journal_stats(const struct journal *j, struct journal_stats *stats);

#endif
