/* sim_files.h: the files of a simulated disk: what a process sees of them, and what of that survives a loss of power.
 *
 * Between a process and the disk is the page cache. What is written is seen at once and durable after the next sync; what
 * becomes of it when the power goes before is a matter of chance, sector by sector:
 *
 *        settled: durable              since the last sync: may survive or not
 *      ┌──────────────────────────────┬─────────────────────────────────────┐
 *      │ sector │ sector │ sec(old)   │ sector │ sector │ sector │ sec      │  content, as it is read
 *      └──────────────────────────────┴─────────────────────────────────────┘
 *                             ↑ overwritten: its old bytes are kept       ↑ sizes: each the file has had since
 *
 *      lost        nothing since the last sync is there
 *      kept        all of it is
 *      torn        a prefix of it is, cut at a size the file has had or at a sector's end in between
 *      scattered   some sectors are there and others are not, and its size is any of those it has had
 *
 * The same goes for names: a file that was made and never synced may be gone, one that was removed may be back.
 *
 * After a sync that failed, the kernel takes the sectors for written that never were: they are *doubtful*. A process
 * reads the new bytes, no later sync writes them, and a loss of power brings the old ones back: so does settling, by which
 * the cache is dropped. Only writing them again helps.
 *
 * When the process dies and the machine stays up nothing is lost.
 *
 *   sim_files.c   what is done to files, and what is remembered for the day the power goes
 *   sim_power.c   that day, and syncs that fail
 *
 * Leaves out: time, faults by chance, events (sim_disk.c).
 */
#ifndef TIDELOCK_WORLD_SIM_FILES_H
#define TIDELOCK_WORLD_SIM_FILES_H

#include "base/random.h"
#include "persist/disk.h"

enum { SIM_SECTOR = 512 };

/* A sector with something durable that has been overwritten or cut off. */
struct sim_sector {
    int64_t index;
    bool doubtful;
    char old[SIM_SECTOR]; /* zeros where the file ended */
};

struct sim_file {
    struct list member; /* of sim_files.all or .removed */
    struct bytes content;
    struct sim_sector *sectors; /* by index */
    size_t sector_count, sector_capacity;
    int64_t settled; /* what lies behind is durable in no sector, unless it is doubtful */
    int64_t *sizes;  /* it may have after a loss of power: the durable one first, the present one last */
    size_t size_count, size_capacity;
    int64_t dirty;       /* bytes written since the last sync */
    int64_t dirty_since; /* the first of them */
    bool entry_durable;  /* its name is */
    char name[DISK_NAME_MAX + 1];
};

struct sim_files {
    struct memory *memory;
    struct list all;     /* struct sim_file.member, by name */
    struct list removed; /* whose removal is not durable */
    int64_t used;        /* bytes, in all */
    int64_t capacity;    /* bytes it has room for */
    int64_t now;         /* us, as its owner says */
};

void sim_files_init(struct sim_files *fs, struct memory *m);
void sim_files_finish(struct sim_files *fs);

/* NULL: there is none. */
struct sim_file *sim_files_find(const struct sim_files *fs, const char *name);
/* As if it had always been there: durable. False: memory is out. */
bool sim_files_put(struct sim_files *fs, const char *name, struct slice content);
/* As if it had never been there. */
void sim_files_drop(struct sim_files *fs, struct sim_file *f);

/* Does what an operation asks for, at once and without fault; fills in state, error, data. */
void sim_files_carry_out(struct sim_files *fs, struct disk_op *op);
/* The same for a write of which only the first `size` bytes get through. */
void sim_files_carry_out_part(struct sim_files *fs, struct disk_op *op, size_t size);
/* A sync that began when the file had `size` bytes: what has been appended since is not its concern. */
void sim_files_sync_to(struct sim_files *fs, struct disk_op *op, int64_t size);
/* A sync that fails: by chance some of what it was to write gets through, and the rest becomes doubtful. */
void sim_files_fail_sync(struct sim_files *fs, struct disk_op *op, struct random *r);
/* What the kernel does by itself after a while: a file of which nothing that is not durable was written later than
 * `time` is all durable, but for what is doubtful. */
void sim_files_settle_older(struct sim_files *fs, int64_t time);

/* The power goes. `lose`: the probability that what was not synced is lost, for each file and name; `tear`: of the rest,
 * that it is torn or scattered. False: memory is out, and files are not what they should be. */
bool sim_files_lose_power(struct sim_files *fs, struct random *r, double lose, double tear);

/* ---- between sim_files.c and sim_power.c ---- */

/* Puts a file where it belongs by its name. */
void sim_files_enter(struct sim_files *fs, struct sim_file *f);
/* Everything is durable now but what is doubtful. */
void sim_file_settle(struct sim_files *fs, struct sim_file *f);
/* What is doubtful is read as the disk has it. It is to be settled right after. */
void sim_file_drop_cache(struct sim_file *f);
/* Changes the size, with zeros where there was nothing. False: memory is out. */
bool sim_file_resize(struct sim_files *fs, struct sim_file *f, int64_t size);
/* NULL: nothing has been kept of it. */
struct sim_sector *sim_file_sector(const struct sim_file *f, int64_t index);
/* Keeps what is durable of a sector, if that has not been done. NULL: memory is out. */
struct sim_sector *sim_file_keep(struct sim_files *fs, struct sim_file *f, int64_t index);

#endif
