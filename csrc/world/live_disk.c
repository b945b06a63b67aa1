/* live_disk.c: from a node's queue to libuv's threads and back.
 *
 * Each lane has at most one piece of work at a thread: as many operations as were in the queue, done one after
 * another, so that a write and the sync behind it cost one trip. The thread reads the operations and writes outcomes;
 * the queue itself is the loop's alone, which fills outcomes in when the work comes back.
 *
 *      loop      live_disk_begin → uv_queue_work          after_work → disk_done, the node is touched
 *      thread                        live_files_carry_out …
 *
 * What goes to the journal and is not synced right after is not worth the trip: the system takes a copy of it, and replies
 * wait for that. So the loop writes it itself, as Redis does, and the replies leave in the same turn. Not while the
 * journal is being synced: then the system may have whoever writes to the file wait until the disk is done. And not more
 * than AT_ONCE in a turn. Otherwise it is a thread's, and the replies wait.
 *
 * A node that goes does not wait for what has not been begun (it is cancelled), but for what has: its buffers are the
 * node's. libuv comes back with the work later, when the node is gone; the struct stays until then.
 *
 * SPDX-License-Identifier: MIT */
#include "world/live_disk.h"

#include "world/live_files.h"

enum { BATCH = 16, PATH_SIZE = 4096, AT_ONCE = 1024 * 1024 };

struct live_lane {
    uv_work_t work;
    struct live_disk *disk;
    bool at_thread; /* libuv has the work */
    bool carried;   /* …and it has been done; under disk->lock */
    bool untold;    /* it is back, and the node has not been told: it is paused */
    int count;
    struct disk_op *ops[BATCH];
    struct live_outcome outcomes[BATCH];
};

struct live_disk {
    struct memory *memory;
    struct live_node *owner; /* NULL: gone */
    struct live_files files;
    char path[PATH_SIZE]; /* of the directory, as configured */
    uv_mutex_t lock;
    uv_cond_t carried; /* some lane's `carried` has become true */
    struct live_lane lanes[DISK_LANES];
};

/* ---- life ---- */

static struct live_disk *disk_new(struct live_node *ln, const char *path)
{
    struct memory *m = &ln->base.world->memory;
    struct live_disk *d = memory_alloc_zero(m, sizeof *d);
    if (!d) return NULL;
    d->memory = m;
    d->owner = ln;
    text_copy(d->path, sizeof d->path, path);
    for (int i = 0; i < DISK_LANES; i++) d->lanes[i].disk = d;
    if (uv_mutex_init(&d->lock) == 0) {
        if (uv_cond_init(&d->carried) == 0) {
            if (live_files_open(&d->files, path)) return d;
            uv_cond_destroy(&d->carried);
        }
        uv_mutex_destroy(&d->lock);
    }
    memory_free(m, d, sizeof *d);
    return NULL;
}

static void free_when_at_rest(struct live_disk *d)
{
    for (int i = 0; i < DISK_LANES; i++)
        if (d->lanes[i].at_thread) return;
    live_files_close(&d->files);
    uv_cond_destroy(&d->carried);
    uv_mutex_destroy(&d->lock);
    memory_free(d->memory, d, sizeof *d);
}

/* ---- at a thread ---- */

static void carry_out(uv_work_t *work)
{
    struct live_lane *lane = work->data;
    struct live_disk *d = lane->disk;
    for (int i = 0; i < lane->count; i++) live_files_carry_out(&d->files, lane->ops[i], &lane->outcomes[i]);
    uv_mutex_lock(&d->lock);
    lane->carried = true;
    uv_cond_signal(&d->carried);
    uv_mutex_unlock(&d->lock);
}

/* ---- at the loop ---- */

static void tell_lane(struct live_lane *lane)
{
    struct disk *queue = node_disk(lane->disk->owner->base.node);
    lane->untold = false;
    for (int i = 0; i < lane->count; i++) {
        live_outcome_apply(&lane->outcomes[i], lane->ops[i]);
        disk_done(queue, lane->ops[i]);
    }
    lane->count = 0;
}

void live_disk_tell(struct live_node *ln)
{
    struct live_disk *d = ln->disk;
    for (int i = 0; d && i < DISK_LANES; i++)
        if (d->lanes[i].untold) tell_lane(&d->lanes[i]);
}

static void after_work(uv_work_t *work, int status)
{
    struct live_lane *lane = work->data;
    struct live_disk *d = lane->disk;
    (void)status;
    lane->at_thread = false;
    if (!d->owner) {
        free_when_at_rest(d);
        return;
    }
    lane->untold = true;
    if (d->owner->base.paused) return;
    live_node_touch(d->owner);
    tell_lane(lane);
}

/* Room for what is read must be there before a thread has the operation. */
static void prepare(struct disk_op *op, struct live_outcome *o)
{
    live_outcome_init(o);
    if (op->kind == DISK_READ && op->size > 0 && !bytes_reserve(&op->data, op->size))
        live_outcome_fail(o, "out of memory");
}

static void begin_lane(struct live_disk *d, struct disk *queue, struct disk_op *op)
{
    struct live_lane *lane = &d->lanes[op->lane];
    for (; op; op = lane->count < BATCH ? disk_behind(queue, op) : NULL) {
        prepare(op, &lane->outcomes[lane->count]);
        lane->ops[lane->count++] = op;
    }
    lane->carried = false;
    lane->work.data = lane;
    lane->at_thread = uv_queue_work(&live_of_node(d->owner)->loop, &lane->work, carry_out, after_work) == 0;
    if (lane->at_thread) return;
    for (int i = 0; i < lane->count; i++) live_outcome_fail(&lane->outcomes[i], "there is no thread for it");
    tell_lane(lane);
    live_node_touch(d->owner);
}

/* Where the node's files are; false: memory is out. */
static bool configured_path(struct live_node *ln, char path[PATH_SIZE])
{
    struct bytes *text = &ln->base.world->scratch;
    bytes_clear(text);
    if (!node_configuration(ln->base.node, slice_text("dir"), text) || text->size == 0)
        bytes_append_char(text, '.');
    if (!bytes_append_char(text, '\0')) return false;
    text_copy(path, PATH_SIZE, text->data);
    return true;
}

static bool at_rest(const struct live_disk *d)
{
    for (int i = 0; i < DISK_LANES; i++)
        if (d->lanes[i].at_thread || d->lanes[i].untold) return false;
    return true;
}

static bool make_ready(struct live_node *ln)
{
    char path[PATH_SIZE];
    if (!configured_path(ln, path)) return false;
    struct live_disk *d = ln->disk;
    if (d && at_rest(d) && strcmp(d->path, path) != 0) {
        free_when_at_rest(d);
        ln->disk = d = NULL;
    }
    if (!d) ln->disk = disk_new(ln, path);
    return ln->disk != NULL;
}

/* Does an operation in the loop, now. */
static void carry_out_here(struct live_disk *d, struct disk *queue, struct disk_op *op)
{
    struct live_outcome outcome;
    prepare(op, &outcome);
    live_files_carry_out(&d->files, op, &outcome);
    live_outcome_apply(&outcome, op);
    disk_done(queue, op);
}

/* Whether the journal's lane, of which nothing is under way, has but writes to a file that nobody is syncing. */
static bool only_writes(const struct live_disk *d, const struct disk *queue)
{
    if (d->lanes[DISK_LANE_SYNC].at_thread) return false;
    list_each(link, &queue->lanes[DISK_LANE_JOURNAL]) if (list_item(link, struct disk_op, link)->kind !=
                                                          DISK_WRITE) return false;
    return true;
}

bool live_disk_begin(struct live_node *ln, size_t *written)
{
    struct disk *queue = node_disk(ln->base.node);
    bool ready = make_ready(ln), ended = false;
    struct disk_op *op;
    while ((op = disk_next(queue)) != NULL) {
        bool here = ready && op->lane == DISK_LANE_JOURNAL && *written + op->data.size <= AT_ONCE &&
                    only_writes(ln->disk, queue);
        if (here) {
            *written += op->data.size;
            carry_out_here(ln->disk, queue, op);
            ended = true;
        } else if (ready) {
            begin_lane(ln->disk, queue, op);
        } else {
            disk_fail(op, DISK_FAILED, "out of memory");
            disk_done(queue, op);
            live_node_touch(ln);
        }
    }
    return ended;
}

/* ---- the end ---- */

/* Takes the work back from the thread, or waits for it and tells the node. */
static void recall(struct live_lane *lane)
{
    struct live_disk *d = lane->disk;
    if (lane->at_thread && uv_cancel((uv_req_t *)&lane->work) == 0) return;
    uv_mutex_lock(&d->lock);
    while (lane->at_thread && !lane->carried) uv_cond_wait(&d->carried, &d->lock);
    uv_mutex_unlock(&d->lock);
    if (lane->at_thread || lane->untold) tell_lane(lane);
}

/* Writes what is still wanted in the journal. */
static void drain(struct live_disk *d, struct disk *queue)
{
    struct list *lane = &queue->lanes[DISK_LANE_JOURNAL];
    while (!list_empty(lane)) {
        carry_out_here(d, queue, list_item(lane->next, struct disk_op, link));
    }
}

void live_disk_close(struct live_node *ln, bool orderly)
{
    if (!ln->base.node) return;
    struct disk *queue = node_disk(ln->base.node);
    for (int i = 0; ln->disk && i < DISK_LANES; i++) recall(&ln->disk->lanes[i]);
    if (orderly) node_settle(ln->base.node);
    if (orderly && !list_empty(&queue->lanes[DISK_LANE_JOURNAL]) && make_ready(ln)) drain(ln->disk, queue);
    struct live_disk *d = ln->disk;
    if (!d) return;
    d->owner = NULL;
    ln->disk = NULL;
    free_when_at_rest(d);
}
