/* sim_disk.c: how long operations on simulated files take, and how they fail.
 *
 * Reading and writing are the page cache's: they take the latency and, for reading, the time the bandwidth asks for. A
 * sync and a rename wait for the device, one after another: each takes its latency, a draw from the jitter, and the
 * time for what the file has to get onto the disk. So a snapshot that is synced holds up the journal's syncs, as it
 * does in reality.
 *
 * An operation takes effect when it ends. When its node goes before that, a coin says whether it was carried out all the
 * same, with the faults there are.
 */
#include "world/sim_disk.h"

/* What the kernel has had for so long it has written by itself. */
enum { WRITE_BACK_US = 30 * 1000 * 1000 };

/* A small solid-state disk in somebody else's machine. */
const struct world_disk sim_disk_standard = {
    .latency = 20,
    .sync_latency = 1000,
    .jitter = 200,
    .bandwidth = 500e6,
    .slow = 1,
    .lose = 0.5,
    .tear = 0.5,
};

struct sim_disk *sim_disk_new(struct sim *s, const struct sim_place *p, void *owner)
{
    struct sim_disk *d = memory_alloc_zero(&s->world.memory, sizeof *d);
    char stream[300] = "disk ";
    if (!d) return NULL;
    d->sim = s;
    d->owner = owner;
    d->id = p->id;
    sim_files_init(&d->files, &s->world.memory);
    text_copy(stream + 5, sizeof stream - 5, p->name);
    random_init(&d->random, s->seed, stream);
    for (int i = 0; i < DISK_LANES; i++) d->lanes[i].disk = d;
    return d;
}

void sim_disk_free(struct sim_disk *d)
{
    if (!d) return;
    sim_files_finish(&d->files);
    memory_free(&d->sim->world.memory, d, sizeof *d);
}

static const struct world_disk *parameters(const struct sim_disk *d)
{
    return d->own ? &d->parameters : &d->sim->disks;
}

static bool chance(struct sim_disk *d, double probability)
{
    return probability > 0 && random_unit(&d->random) < probability;
}

/* ---- how long it takes ---- */

static int64_t transfer(const struct world_disk *p, int64_t bytes)
{
    return p->bandwidth > 0 ? (int64_t)((double)bytes / p->bandwidth * 1e6) : 0;
}

static int64_t scaled(const struct world_disk *p, int64_t us)
{
    double scaled_us = (double)us * p->slow;
    return scaled_us < 1e15 ? (int64_t)scaled_us : (int64_t)1e15;
}

/* When something that waits for the device is through with it. */
static int64_t device_end(struct sim_disk *d, int64_t bytes)
{
    const struct world_disk *p = parameters(d);
    int64_t begin = d->free_at > d->sim->now ? d->free_at : d->sim->now;
    int64_t us = p->sync_latency + transfer(p, bytes);
    if (p->jitter > 0) us += (int64_t)random_below(&d->random, (uint64_t)p->jitter + 1);
    d->free_at = begin + scaled(p, us);
    return d->free_at;
}

/* What waits for the device. */
static bool waits(const struct disk_op *op)
{
    return op->kind == DISK_SYNC || op->kind == DISK_SETTLE || op->kind == DISK_RENAME;
}

static int64_t end_of(struct sim_disk *d, const struct disk_op *op)
{
    const struct world_disk *p = parameters(d);
    const struct sim_file *f = sim_files_find(&d->files, op->name);
    int64_t us = p->latency;
    if (waits(op)) return device_end(d, f && op->kind != DISK_RENAME ? f->dirty : 0);
    if (op->kind == DISK_READ && f) {
        int64_t there = (int64_t)f->content.size - op->offset, wanted = (int64_t)op->size;
        us += transfer(p, there < 0 ? 0 : there < wanted ? there : wanted);
    }
    return d->sim->now + scaled(p, us);
}

void sim_disk_begin(struct sim_disk *d, struct disk *queue)
{
    struct disk_op *op;
    while ((op = disk_next(queue)) != NULL) {
        struct sim_disk_lane *lane = &d->lanes[op->lane];
        int64_t end = end_of(d, op);
        const struct sim_file *f = sim_files_find(&d->files, op->name);
        lane->op = op;
        lane->sync_to = f ? (int64_t)f->content.size : 0;
        lane->event = sim_schedule(d->sim, end > d->stalled_until ? end : d->stalled_until, SIM_DISK, lane);
    }
}

void sim_disk_stall(struct sim_disk *d, int64_t us)
{
    int64_t until = d->sim->now + us;
    if (until > d->stalled_until) d->stalled_until = until;
}

/* ---- what becomes of it ---- */

static void fail(struct sim_disk *d, struct disk_op *op)
{
    if (op->kind == DISK_SYNC || op->kind == DISK_SETTLE) {
        sim_files_fail_sync(&d->files, op, &d->random);
        return;
    }
    if (op->kind == DISK_WRITE)
        sim_files_carry_out_part(&d->files, op, (size_t)random_below(&d->random, op->data.size + 1));
    if ((op->kind == DISK_RENAME || op->kind == DISK_REMOVE) && random_below(&d->random, 2) == 0)
        sim_files_carry_out(&d->files, op);
    disk_fail(op, DISK_FAILED, "Input/output error");
}

static void prepare(struct sim_disk *d)
{
    const struct world_disk *p = parameters(d);
    d->files.now = d->sim->now;
    d->files.capacity = p->full ? d->files.used : p->capacity > 0 ? p->capacity : INT64_MAX;
    sim_files_settle_older(&d->files, d->sim->now - WRITE_BACK_US);
}

static void carry_out_well(struct sim_disk *d, const struct sim_disk_lane *lane)
{
    if (lane->op->kind == DISK_SYNC)
        sim_files_sync_to(&d->files, lane->op, lane->sync_to);
    else
        sim_files_carry_out(&d->files, lane->op);
}

static void carry_out(struct sim_disk *d, const struct sim_disk_lane *lane)
{
    const struct world_disk *p = parameters(d);
    struct disk_op *op = lane->op;
    bool fails = chance(d, p->fail);
    if (waits(op)) fails |= chance(d, p->fail_sync);
    prepare(d);
    if (fails && disk_names_good(op))
        fail(d, op);
    else
        carry_out_well(d, lane);
}

/* What the event hash takes in of an operation. */
static void fold(struct sim_disk *d, const struct disk_op *op)
{
    uint64_t what = (uint64_t)op->kind << 8 | (uint64_t)op->state;
    sim_fold(d->sim, (uint64_t)d->id << 32 | what, (uint64_t)op->id);
    if (op->kind == DISK_WRITE) sim_fold_bytes(d->sim, op->data.data, op->data.size);
}

bool sim_disk_ended(struct sim_disk_lane *lane)
{
    struct sim_disk *d = lane->disk;
    if (d->stalled_until > d->sim->now) {
        lane->event = sim_schedule(d->sim, d->stalled_until, SIM_DISK, lane);
        return false;
    }
    lane->event = 0;
    carry_out(d, lane);
    fold(d, lane->op);
    return true;
}

void sim_disk_tell(struct sim_disk *d, struct disk *queue)
{
    for (int i = 0; i < DISK_LANES; i++) {
        struct sim_disk_lane *lane = &d->lanes[i];
        if (!lane->op || lane->event != 0) continue;
        struct disk_op *op = lane->op;
        lane->op = NULL;
        disk_done(queue, op);
    }
}

void sim_disk_abandon(struct sim_disk *d, bool orderly)
{
    for (int i = 0; i < DISK_LANES; i++) {
        struct sim_disk_lane *lane = &d->lanes[i];
        struct disk_op *op = lane->op;
        bool under_way = op && lane->event != 0 && disk_names_good(op);
        prepare(d);
        if (under_way && orderly)
            carry_out_well(d, lane);
        else if (under_way && random_below(&d->random, 2) == 0)
            carry_out(d, lane); /* it may fail, and nobody hears of it */
        else if (under_way && op->kind == DISK_WRITE)
            sim_files_carry_out_part(&d->files, op, (size_t)random_below(&d->random, op->data.size + 1));
        lane->op = NULL;
        lane->event = 0;
    }
}

void sim_disk_lose_power(struct sim_disk *d)
{
    const struct world_disk *p = parameters(d);
    prepare(d);
    if (!sim_files_lose_power(&d->files, &d->random, p->lose, p->tear)) d->sim->broken = true;
}

/* ---- for the ops table ---- */

enum world_result sim_disk_get(struct world *w, struct world_node *wn, struct world_disk *parameters_now)
{
    *parameters_now = sim_of(w)->disks;
    if (!wn) return WORLD_OK;
    struct sim_disk *d = sim_node_disk(wn);
    if (!d) return WORLD_NO_MEMORY;
    *parameters_now = *parameters(d);
    return WORLD_OK;
}

enum world_result sim_disk_set(struct world *w, struct world_node *wn, const struct world_disk *wanted)
{
    if (!wn) {
        sim_of(w)->disks = *wanted;
        return WORLD_OK;
    }
    struct sim_disk *d = sim_node_disk(wn);
    if (!d) return WORLD_NO_MEMORY;
    d->own = true;
    d->parameters = *wanted;
    return WORLD_OK;
}

enum world_result sim_disk_stall_node(struct world_node *wn, int64_t us)
{
    struct sim_disk *d = sim_node_disk(wn);
    if (!d) return WORLD_NO_MEMORY;
    sim_disk_stall(d, us);
    return WORLD_OK;
}

bool sim_node_file(struct world_node *wn, int64_t index, struct world_file *file)
{
    struct sim_disk *d = sim_node_disk(wn);
    if (!d) return false;
    list_each(link, &d->files.all)
    {
        const struct sim_file *f = list_item(link, struct sim_file, member);
        if (index-- > 0) continue;
        *file = (struct world_file){f->name, bytes_slice(&f->content)};
        return true;
    }
    return false;
}

enum world_result sim_node_put_file(struct world_node *wn, const char *name, const struct slice *content)
{
    struct sim_disk *d = sim_node_disk(wn);
    if (!d) return WORLD_NO_MEMORY;
    sim_node_meddled(wn);
    if (content) return sim_files_put(&d->files, name, *content) ? WORLD_OK : WORLD_NO_MEMORY;
    struct sim_file *f = sim_files_find(&d->files, name);
    if (f) sim_files_drop(&d->files, f);
    return WORLD_OK;
}
