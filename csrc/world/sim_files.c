/* sim_files.c: simulated files: what is done to them and what is remembered for the day the power goes. See sim_files.h;
 * that day is in sim_power.c.
 */
#include "world/sim_files.h"

enum {
    SIZES_MAX = 256, /* remembered of one file; then every other one is forgotten */
    LIST_BYTES_MAX = DISK_READ_MAX
};

void sim_files_init(struct sim_files *fs, struct memory *m)
{
    *fs = (struct sim_files){.memory = m, .capacity = INT64_MAX};
    list_init(&fs->all);
    list_init(&fs->removed);
}

static void file_free(struct sim_files *fs, struct sim_file *f)
{
    list_remove(&f->member);
    bytes_free(&f->content);
    memory_free(fs->memory, f->sectors, f->sector_capacity * sizeof *f->sectors);
    memory_free(fs->memory, f->sizes, f->size_capacity * sizeof *f->sizes);
    memory_free(fs->memory, f, sizeof *f);
}

static void forget_removed(struct sim_files *fs)
{
    list_each_safe(link, &fs->removed) file_free(fs, list_item(link, struct sim_file, member));
}

void sim_files_finish(struct sim_files *fs)
{
    forget_removed(fs);
    list_each_safe(link, &fs->all) file_free(fs, list_item(link, struct sim_file, member));
}

void sim_files_drop(struct sim_files *fs, struct sim_file *f)
{
    fs->used -= (int64_t)f->content.size;
    file_free(fs, f);
}

/* ---- names ---- */

struct sim_file *sim_files_find(const struct sim_files *fs, const char *name)
{
    list_each(link, &fs->all)
    {
        struct sim_file *f = list_item(link, struct sim_file, member);
        int order = strcmp(f->name, name);
        if (order == 0) return f;
        if (order > 0) break;
    }
    return NULL;
}

void sim_files_enter(struct sim_files *fs, struct sim_file *f)
{
    list_remove(&f->member);
    struct list *place = fs->all.next;
    while (place != &fs->all && strcmp(list_item(place, struct sim_file, member)->name, f->name) < 0)
        place = place->next;
    list_push(place, &f->member); /* before `place` */
}

/* Remembers the present size as one the file has had. */
static bool note_size(struct sim_files *fs, struct sim_file *f)
{
    int64_t size = (int64_t)f->content.size;
    if (f->size_count > 0 && f->sizes[f->size_count - 1] == size) return true;
    if (f->size_count == SIZES_MAX) {
        for (size_t i = 1; i < SIZES_MAX / 2; i++) f->sizes[i] = f->sizes[2 * i];
        f->size_count = SIZES_MAX / 2;
    }
    if (f->size_count == f->size_capacity) {
        size_t capacity = f->size_capacity == 0 ? 4 : f->size_capacity * 2;
        int64_t *sizes =
            memory_resize(fs->memory, f->sizes, f->size_capacity * sizeof *sizes, capacity * sizeof *sizes);
        if (!sizes) return false;
        f->sizes = sizes;
        f->size_capacity = capacity;
    }
    f->sizes[f->size_count++] = size;
    return true;
}

static struct sim_file *file_new(struct sim_files *fs, const char *name)
{
    struct sim_file *f = memory_alloc_zero(fs->memory, sizeof *f);
    if (!f) return NULL;
    list_init(&f->member);
    bytes_init(&f->content, fs->memory);
    text_copy(f->name, sizeof f->name, name);
    if (!note_size(fs, f)) {
        file_free(fs, f);
        return NULL;
    }
    sim_files_enter(fs, f);
    return f;
}

/* ---- sectors ---- */

/* Where in `sectors` the first of at least this index is. */
static size_t sector_place(const struct sim_file *f, int64_t index)
{
    size_t low = 0, high = f->sector_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (f->sectors[middle].index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct sim_sector *sim_file_sector(const struct sim_file *f, int64_t index)
{
    size_t i = sector_place(f, index);
    return i < f->sector_count && f->sectors[i].index == index ? &f->sectors[i] : NULL;
}

struct sim_sector *sim_file_keep(struct sim_files *fs, struct sim_file *f, int64_t index)
{
    size_t i = sector_place(f, index);
    if (i < f->sector_count && f->sectors[i].index == index) return &f->sectors[i];
    if (f->sector_count == f->sector_capacity) {
        size_t capacity = f->sector_capacity == 0 ? 2 : f->sector_capacity * 2;
        struct sim_sector *sectors = memory_resize(
            fs->memory, f->sectors, f->sector_capacity * sizeof *sectors, capacity * sizeof *sectors);
        if (!sectors) return NULL;
        f->sectors = sectors;
        f->sector_capacity = capacity;
    }
    struct sim_sector *s = &f->sectors[i];
    memmove(s + 1, s, (f->sector_count++ - i) * sizeof *s);
    *s = (struct sim_sector){.index = index};
    int64_t from = index * SIM_SECTOR, there = f->settled - from;
    if (there > SIM_SECTOR) there = SIM_SECTOR;
    if (there > 0) memcpy(s->old, f->content.data + from, (size_t)there);
    return s;
}

/* Bytes [from, to) are about to change. False: memory is out. */
static bool keep_range(struct sim_files *fs, struct sim_file *f, int64_t from, int64_t to)
{
    for (int64_t i = from / SIM_SECTOR; i * SIM_SECTOR < to && i * SIM_SECTOR < f->settled; i++)
        if (!sim_file_keep(fs, f, i)) return false;
    for (size_t i = sector_place(f, from / SIM_SECTOR);
         i < f->sector_count && f->sectors[i].index * SIM_SECTOR < to; i++)
        f->sectors[i].doubtful = false; /* to be written again by the next sync */
    return true;
}

/* Everything is durable now but what is doubtful. */
void sim_file_settle(struct sim_files *fs, struct sim_file *f)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->sector_count; i++)
        if (f->sectors[i].doubtful) f->sectors[kept++] = f->sectors[i];
    f->sector_count = kept;
    if (kept == 0) {
        memory_free(fs->memory, f->sectors, f->sector_capacity * sizeof *f->sectors);
        f->sectors = NULL;
        f->sector_capacity = 0;
    }
    f->settled = f->sizes[0] = (int64_t)f->content.size;
    f->size_count = 1;
    f->dirty = 0;
    f->entry_durable = true;
}

void sim_files_settle_older(struct sim_files *fs, int64_t time)
{
    list_each(link, &fs->all)
    {
        struct sim_file *f = list_item(link, struct sim_file, member);
        if (f->dirty > 0 && f->dirty_since <= time) sim_file_settle(fs, f);
    }
}

/* ---- content ---- */

/* Changes the size, with zeros where there was nothing. */
bool sim_file_resize(struct sim_files *fs, struct sim_file *f, int64_t size)
{
    size_t wanted = (size_t)size, before = f->content.size;
    if (wanted > before) {
        char *more = bytes_reserve(&f->content, wanted - before);
        if (!more) {
            f->content.failed = false;
            return false;
        }
        memset(more, 0, wanted - before);
    }
    f->content.size = wanted;
    fs->used += (int64_t)wanted - (int64_t)before;
    return true;
}

static bool write_at(struct sim_files *fs, struct sim_file *f, int64_t offset, struct slice data)
{
    int64_t end = offset + (int64_t)data.size, size = (int64_t)f->content.size;
    if (!keep_range(fs, f, offset < size ? offset : size, end)) return false;
    if (end > size && !sim_file_resize(fs, f, end)) return false;
    memcpy(f->content.data + offset, data.data, data.size);
    if (f->dirty == 0) f->dirty_since = fs->now;
    f->dirty += (int64_t)data.size;
    return note_size(fs, f);
}

static bool truncate_to(struct sim_files *fs, struct sim_file *f, int64_t size)
{
    int64_t before = (int64_t)f->content.size;
    if (size >= before) return true;
    if (!keep_range(fs, f, size, before) || !sim_file_resize(fs, f, size)) return false;
    if (f->settled > size) f->settled = size;
    return note_size(fs, f);
}

bool sim_files_put(struct sim_files *fs, const char *name, struct slice content)
{
    struct sim_file *f = sim_files_find(fs, name);
    if (f) sim_files_drop(fs, f);
    f = file_new(fs, name);
    if (!f) return false;
    if (content.size > 0 && !write_at(fs, f, 0, content)) {
        sim_files_drop(fs, f);
        return false;
    }
    sim_file_settle(fs, f);
    return true;
}

/* ---- operations ---- */

static void out_of_memory(struct disk_op *op) { disk_fail(op, DISK_FAILED, "out of memory"); }

static void missing(struct disk_op *op) { disk_fail(op, DISK_MISSING, "No such file or directory"); }

static void carry_out_read(struct sim_files *fs, struct disk_op *op)
{
    const struct sim_file *f = sim_files_find(fs, op->name);
    if (!f) {
        missing(op);
        return;
    }
    size_t size = f->content.size, offset = (size_t)op->offset;
    if (offset > size) offset = size;
    if (size - offset > op->size) size = offset + op->size;
    if (size > offset && !bytes_append(&op->data, f->content.data + offset, size - offset)) out_of_memory(op);
}

void sim_files_carry_out_part(struct sim_files *fs, struct disk_op *op, size_t size)
{
    struct sim_file *f = sim_files_find(fs, op->name);
    op->state = DISK_OK;
    if (!f && !(f = file_new(fs, op->name))) {
        out_of_memory(op);
        return;
    }
    int64_t offset = op->offset < 0 ? (int64_t)f->content.size : op->offset;
    int64_t grows = offset + (int64_t)size - (int64_t)f->content.size;
    if (grows > 0 && grows > fs->capacity - fs->used) {
        int64_t excess = grows - (fs->capacity - fs->used);
        size = excess < (int64_t)size ? size - (size_t)excess : 0;
        disk_fail(op, DISK_FULL, "No space left on device");
    }
    if (size > 0 && !write_at(fs, f, offset, slice_of(op->data.data, size))) out_of_memory(op);
}

static void carry_out_sync(struct sim_files *fs, struct disk_op *op)
{
    struct sim_file *f = sim_files_find(fs, op->name);
    if (!f) {
        disk_fail(op, DISK_FAILED, "No such file or directory");
        return;
    }
    sim_file_settle(fs, f);
    forget_removed(fs);
}

static void carry_out_settle(struct sim_files *fs, struct disk_op *op)
{
    struct sim_file *f = sim_files_find(fs, op->name);
    if (!f) {
        missing(op);
        return;
    }
    sim_file_drop_cache(f);
    carry_out_sync(fs, op);
}

static void carry_out_truncate(struct sim_files *fs, struct disk_op *op)
{
    struct sim_file *f = sim_files_find(fs, op->name);
    if (!f)
        disk_fail(op, DISK_FAILED, "No such file or directory");
    else if (!truncate_to(fs, f, op->offset))
        out_of_memory(op);
}

static void carry_out_rename(struct sim_files *fs, struct disk_op *op)
{
    struct sim_file *f = sim_files_find(fs, op->name), *replaced = sim_files_find(fs, op->to);
    if (!f) {
        missing(op);
        return;
    }
    if (replaced && replaced != f) sim_files_drop(fs, replaced);
    text_copy(f->name, sizeof f->name, op->to);
    f->entry_durable = true;
    sim_files_enter(fs, f);
    forget_removed(fs);
}

static void carry_out_remove(struct sim_files *fs, struct disk_op *op)
{
    struct sim_file *f = sim_files_find(fs, op->name);
    if (!f) return;
    fs->used -= (int64_t)f->content.size;
    list_remove(&f->member);
    list_push(&fs->removed, &f->member);
}

static void carry_out_list(struct sim_files *fs, struct disk_op *op)
{
    size_t directory = strlen(op->name);
    list_each(link, &fs->all)
    {
        const char *name = list_item(link, struct sim_file, member)->name;
        if (directory > 0) {
            if (strncmp(name, op->name, directory) != 0 || name[directory] != '/') continue;
            name += directory + 1;
        } else if (strchr(name, '/')) {
            continue;
        }
        bytes_append_text(&op->data, name);
        bytes_append_char(&op->data, '\n');
    }
    if (op->data.failed) out_of_memory(op);
    if (op->data.size > LIST_BYTES_MAX) disk_fail(op, DISK_FAILED, "too many files in '%s'", op->name);
}

void sim_files_carry_out(struct sim_files *fs, struct disk_op *op)
{
    op->state = DISK_OK;
    /* what there is has a good name */
    if ((op->kind == DISK_RENAME || !sim_files_find(fs, op->name)) && !disk_names_good(op)) {
        disk_fail(op, DISK_FAILED, "not a name for a file");
        return;
    }
    switch (op->kind) {
    case DISK_READ: carry_out_read(fs, op); break;
    case DISK_WRITE: sim_files_carry_out_part(fs, op, op->data.size); break;
    case DISK_SYNC: carry_out_sync(fs, op); break;
    case DISK_TRUNCATE: carry_out_truncate(fs, op); break;
    case DISK_RENAME: carry_out_rename(fs, op); break;
    case DISK_REMOVE: carry_out_remove(fs, op); break;
    case DISK_LIST: carry_out_list(fs, op); break;
    case DISK_SETTLE: carry_out_settle(fs, op); break;
    }
}

/* What lies behind `size` is as it was before the file was settled. */
static bool unsettle_behind(struct sim_files *fs, struct sim_file *f, int64_t size)
{
    f->settled = f->sizes[0] = size;
    f->dirty = (int64_t)f->content.size - size;
    f->dirty_since = fs->now;
    return note_size(fs, f);
}

void sim_files_sync_to(struct sim_files *fs, struct disk_op *op, int64_t size)
{
    struct sim_file *f = sim_files_find(fs, op->name);
    bool appended = f && (int64_t)f->content.size > size;
    sim_files_carry_out(fs, op);
    if (appended && op->state == DISK_OK && !unsettle_behind(fs, f, size)) out_of_memory(op);
}
