/* save.h: a snapshot on its way into a file, a slice at a time.
 *
 *      keyspace ── view ──→ rdb_write ──→ tape ──→ DISK_WRITE … DISK_SYNC DISK_RENAME ──→ file
 *                  save_step walks            what the disk has not taken yet
 *
 * The file is written under another name and gets its own when all of it is durable: there is never half a file under
 * that name, and what stood there before stands until then.
 *
 * What has been walked and not written is held in memory. So the walk stops when the disk lags behind; what a command
 * is about to change meanwhile has to be copied all the same (store/view.h), and the save fails when that becomes more
 * than `held_max`: it never costs more memory than that.
 */
#ifndef TIDELOCK_PERSIST_SAVE_H
#define TIDELOCK_PERSIST_SAVE_H

#include "persist/disk.h"
#include "persist/rdb_write.h"

enum save_state {
    SAVE_WALKING, /* the view is open */
    SAVE_WRITING, /* it is not any more: the disk has the rest to do */
    SAVE_DONE,
    SAVE_FAILED
};

struct save;

struct save_options {
    struct memory *memory;
    struct keyspace *keyspace;
    struct disk *disk;
    const char *temporary, *name; /* of the file, while it is written and afterwards */
    size_t held_max;              /* bytes; 0: no limit */
};

/* Opens the view: the file will be the dataset as it is now. NULL when memory is out or another view is open. */
struct save *save_open(const struct save_options *options, const struct rdb_info *info);
/* Gives it up unless it is done; the temporary file is removed. */
void save_close(struct save *s);

/* Takes what the disk has completed, walks about `budget` bytes further, hands the disk what there is for it. */
enum save_state save_step(struct save *s, size_t budget);
/* Whether a step would walk on: otherwise it waits for the disk, or for time. */
bool save_walks(const struct save *s);

/* Has the walk take `key_us` for every key at least, so that a test sees a save that is under way; 0: none. To be told
 * before each step, with the time since the save began. */
void save_slow_down(struct save *s, int64_t key_us, int64_t elapsed_us);
/* How long after its beginning the next key is due, in us; 0: it does not wait for time. */
int64_t save_next_key_us(const struct save *s);

/* After SAVE_FAILED: why. */
const char *save_error(const struct save *s);
/* Keys written and keys in all; bytes of the file so far. */
void save_progress(const struct save *s, size_t *done, size_t *total, int64_t *bytes);
/* Bytes of memory it holds now, and the most it has held. */
size_t save_held(const struct save *s);
size_t save_held_peak(const struct save *s);

#endif
