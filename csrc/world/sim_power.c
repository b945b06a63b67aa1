/* sim_power.c: what a loss of power leaves of simulated files, and what a sync that fails does. See sim_files.h.
 *
 * A file's sectors are of three kinds: settled ones, which nothing happens to; those of which something durable has
 * been kept (they are in file->sectors); and those behind the settled end, of which nothing is durable.
 */
#include "world/sim_files.h"

enum fate { LOST, KEPT, TORN, SCATTERED };

static bool chance(struct random *r, double probability)
{
    return probability > 0 && random_unit(r) < probability;
}

static bool coin(struct random *r) { return random_below(r, 2) == 0; }

static enum fate fate_of(struct random *r, double lose, double tear)
{
    if (chance(r, lose)) return LOST;
    if (!chance(r, tear)) return KEPT;
    return coin(r) ? TORN : SCATTERED;
}

/* One of the sizes it has had, or a sector's end between that one and the next. */
static int64_t torn_size(const struct sim_file *f, struct random *r)
{
    size_t i = (size_t)random_below(r, f->size_count);
    int64_t size = f->sizes[i], next = i + 1 < f->size_count ? f->sizes[i + 1] : size;
    int64_t first = size / SIM_SECTOR + 1, ends = (next - 1) / SIM_SECTOR - first + 1;
    if (ends <= 0 || coin(r)) return size;
    return (first + (int64_t)random_below(r, (uint64_t)ends)) * SIM_SECTOR;
}

static int64_t size_after(const struct sim_file *f, enum fate fate, struct random *r)
{
    switch (fate) {
    case LOST: return f->sizes[0];
    case KEPT: return f->sizes[f->size_count - 1];
    case TORN: return torn_size(f, r);
    default: return f->sizes[random_below(r, f->size_count)];
    }
}

/* Whether what was written to a sector and not synced is there. */
static bool survives(enum fate fate, struct random *r)
{
    return fate == KEPT || fate == TORN || (fate == SCATTERED && coin(r));
}

/* Puts `old` (NULL: zeros) where sector `index` is, from byte `from` on, as far as the file goes. */
static void restore(struct sim_file *f, int64_t index, const char *old, int64_t from)
{
    int64_t begin = index * SIM_SECTOR, end = begin + SIM_SECTOR, size = (int64_t)f->content.size;
    if (end > size) end = size;
    if (from < begin) from = begin;
    if (from >= end) return;
    if (old)
        memcpy(f->content.data + from, old + (from - begin), (size_t)(end - from));
    else
        memset(f->content.data + from, 0, (size_t)(end - from));
}

static bool lose_power(struct sim_files *fs, struct sim_file *f, enum fate fate, struct random *r)
{
    int64_t before = (int64_t)f->content.size, size = size_after(f, fate, r);
    if (!sim_file_resize(fs, f, size)) return false;
    for (int64_t i = f->settled / SIM_SECTOR; i * SIM_SECTOR < size; i++)
        if (!sim_file_sector(f, i) && !survives(fate, r)) restore(f, i, NULL, f->settled);
    for (size_t i = 0; i < f->sector_count; i++) {
        struct sim_sector *s = &f->sectors[i];
        bool as_written = !s->doubtful && survives(fate, r);
        restore(f, s->index, s->old, as_written ? before : 0); /* behind `before`: cut off, but not durably */
        s->doubtful = false;
    }
    sim_file_settle(fs, f);
    return true;
}

bool sim_files_lose_power(struct sim_files *fs, struct random *r, double lose, double tear)
{
    bool done = true;
    list_each_safe(link, &fs->all)
    {
        struct sim_file *f = list_item(link, struct sim_file, member);
        if (!f->entry_durable && chance(r, lose))
            sim_files_drop(fs, f);
        else if (f->size_count > 1 || f->sector_count > 0 || !f->entry_durable || f->dirty > 0)
            done &= lose_power(fs, f, fate_of(r, lose, tear), r);
    }
    struct list *link;
    while ((link = list_pop(&fs->removed)) != NULL) {
        struct sim_file *f = list_item(link, struct sim_file, member);
        fs->used += (int64_t)f->content.size;
        if (sim_files_find(fs, f->name) || !f->entry_durable || !chance(r, lose)) {
            sim_files_drop(fs, f);
            continue;
        }
        sim_files_enter(fs, f);
        done &= lose_power(fs, f, fate_of(r, lose, tear), r);
    }
    return done;
}

/* ---- syncs that fail, and what is read after them ---- */

void sim_file_drop_cache(struct sim_file *f)
{
    for (size_t i = 0; i < f->sector_count; i++) {
        struct sim_sector *s = &f->sectors[i];
        if (s->doubtful) restore(f, s->index, s->old, 0);
        s->doubtful = false;
    }
}

/* Sectors that were to be written: each has been, or becomes doubtful. */
static bool doubt_sectors(struct sim_files *fs, struct sim_file *f, struct random *r)
{
    int64_t size = (int64_t)f->content.size;
    for (int64_t i = f->settled / SIM_SECTOR; i * SIM_SECTOR < size; i++)
        if (!sim_file_keep(fs, f, i)) return false;
    size_t kept = 0;
    for (size_t i = 0; i < f->sector_count; i++) {
        struct sim_sector *s = &f->sectors[i];
        if (!s->doubtful && coin(r)) continue;
        s->doubtful = true;
        f->sectors[kept++] = *s;
    }
    f->sector_count = kept;
    return true;
}

void sim_files_fail_sync(struct sim_files *fs, struct disk_op *op, struct random *r)
{
    struct sim_file *f = sim_files_find(fs, op->name);
    disk_fail(op, DISK_FAILED, "Input/output error");
    if (!f || !doubt_sectors(fs, f, r)) return;
    f->settled = (int64_t)f->content.size;
    f->dirty = 0;
    if (!coin(r)) return; /* nor do its sizes get through: the next sync writes them */
    f->sizes[0] = f->settled;
    f->size_count = 1;
    f->entry_durable = true;
}
