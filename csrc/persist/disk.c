/* disk.c: the queue between those who want something done with files and the driver that does it.
 *
 * A lane is a list in the order of asking; what is running stands at its front. An operation leaves it when it
 * completes, and waits in the list of completed ones for its owner, which finds its own by a walk: there are as many as
 * completed in one turn, a handful.
 *
 * Leaves out: files. See disk.h for the contract.
 */
#include "persist/disk.h"

#include <stdarg.h>
#include <stdio.h>

void disk_init(struct disk *d, struct memory *m)
{
    *d = (struct disk){.memory = m, .next_id = 1};
    for (int i = 0; i < DISK_LANES; i++) list_init(&d->lanes[i]);
    list_init(&d->completed);
}

void disk_op_free(struct disk *d, struct disk_op *op)
{
    list_remove(&op->link);
    list_remove(&op->done);
    bytes_free(&op->data);
    memory_free(d->memory, op, sizeof *op);
}

void disk_free(struct disk *d)
{
    for (int i = 0; i < DISK_LANES; i++)
        list_each_safe(link, &d->lanes[i]) disk_op_free(d, list_item(link, struct disk_op, link));
    list_each_safe(link, &d->completed) disk_op_free(d, list_item(link, struct disk_op, done));
}

/* ---- owners ---- */

/* A name that is too long becomes one that no driver accepts. */
static void set_name(char *field, const char *name)
{
    text_copy(field, DISK_NAME_MAX + 1, strlen(name) <= DISK_NAME_MAX ? name : "/");
}

static struct disk_op *ask(struct disk *d, enum disk_kind kind, enum disk_lane lane, const void *owner,
                           const char *name)
{
    struct disk_op *op = memory_alloc_zero(d->memory, sizeof *op);
    if (!op) return NULL;
    list_init(&op->done);
    bytes_init(&op->data, d->memory);
    op->kind = kind;
    op->lane = lane;
    op->state = DISK_QUEUED;
    op->id = d->next_id++;
    op->owner = owner;
    set_name(op->name, name);
    list_init(&op->link);
    list_push(&d->lanes[lane], &op->link);
    d->asked++;
    return op;
}

struct disk_op *disk_read(struct disk *d, enum disk_lane lane, const void *owner, const char *name,
                          int64_t offset, size_t size)
{
    struct disk_op *op = ask(d, DISK_READ, lane, owner, name);
    if (!op) return NULL;
    op->offset = offset;
    op->size = size;
    return op;
}

struct disk_op *disk_write(struct disk *d, enum disk_lane lane, const void *owner, const char *name,
                           int64_t offset, struct bytes *data)
{
    struct disk_op *op = ask(d, DISK_WRITE, lane, owner, name);
    if (!op) {
        bytes_free(data);
        return NULL;
    }
    op->offset = offset;
    op->data = *data;
    bytes_init(data, data->memory);
    d->queued_bytes[lane] += op->data.size;
    return op;
}

struct disk_op *disk_sync(struct disk *d, enum disk_lane lane, const void *owner, const char *name)
{
    return ask(d, DISK_SYNC, lane, owner, name);
}

struct disk_op *disk_truncate(struct disk *d, enum disk_lane lane, const void *owner, const char *name,
                              int64_t size)
{
    struct disk_op *op = ask(d, DISK_TRUNCATE, lane, owner, name);
    if (op) op->offset = size;
    return op;
}

struct disk_op *disk_rename(struct disk *d, enum disk_lane lane, const void *owner, const char *name,
                            const char *to)
{
    struct disk_op *op = ask(d, DISK_RENAME, lane, owner, name);
    if (op) set_name(op->to, to);
    return op;
}

struct disk_op *disk_remove(struct disk *d, enum disk_lane lane, const void *owner, const char *name)
{
    return ask(d, DISK_REMOVE, lane, owner, name);
}

struct disk_op *disk_list(struct disk *d, enum disk_lane lane, const void *owner, const char *name)
{
    return ask(d, DISK_LIST, lane, owner, name);
}

struct disk_op *disk_settle(struct disk *d, enum disk_lane lane, const void *owner, const char *name)
{
    return ask(d, DISK_SETTLE, lane, owner, name);
}

struct disk_op *disk_take(struct disk *d, const void *owner)
{
    list_each(link, &d->completed)
    {
        struct disk_op *op = list_item(link, struct disk_op, done);
        if (op->owner != owner) continue;
        list_remove(&op->done);
        return op;
    }
    return NULL;
}

void disk_forget(struct disk *d, const void *owner)
{
    struct disk_op *op;
    while ((op = disk_take(d, owner)) != NULL) disk_op_free(d, op);
    for (int i = 0; i < DISK_LANES; i++) list_each(link, &d->lanes[i])
        {
            op = list_item(link, struct disk_op, link);
            if (op->owner == owner) op->owner = NULL;
        }
}

/* ---- drivers ---- */

static struct disk_op *first_of(const struct list *lane)
{
    return list_empty(lane) ? NULL : list_item(lane->next, struct disk_op, link);
}

static struct disk_op *startable(const struct disk *d)
{
    for (int i = 0; i < DISK_LANES; i++) {
        struct disk_op *op = first_of(&d->lanes[i]);
        if (op && op->state == DISK_QUEUED) return op;
    }
    return NULL;
}

const struct disk_op *disk_startable(const struct disk *d) { return startable(d); }

struct disk_op *disk_next(struct disk *d)
{
    struct disk_op *op = startable(d);
    if (op) op->state = DISK_RUNNING;
    return op;
}

struct disk_op *disk_behind(struct disk *d, struct disk_op *op)
{
    if (op->link.next == &d->lanes[op->lane]) return NULL;
    struct disk_op *next = list_item(op->link.next, struct disk_op, link);
    next->state = DISK_RUNNING;
    return next;
}

void disk_done(struct disk *d, struct disk_op *op)
{
    if (op->kind == DISK_WRITE) d->queued_bytes[op->lane] -= op->data.size;
    if (op->state == DISK_FULL || op->state == DISK_FAILED) {
        d->failures++;
    } else if (op->kind == DISK_WRITE) {
        d->writes++;
        d->written_bytes += (int64_t)op->data.size;
    } else if (op->kind == DISK_SYNC || op->kind == DISK_SETTLE) {
        d->syncs++;
    }
    list_remove(&op->link);
    d->asked--;
    if (op->owner)
        list_push(&d->completed, &op->done);
    else
        disk_op_free(d, op);
}

bool disk_name_good(const char *name)
{
    if (strlen(name) > DISK_NAME_MAX) return false;
    int parts = 1;
    bool begins = true;
    for (const char *p = name; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f || (begins && (*p == '.' || *p == '/'))) return false;
        begins = *p == '/';
        if (begins) parts++;
    }
    return !begins && parts <= 2;
}

bool disk_names_good(const struct disk_op *op)
{
    if (op->kind == DISK_LIST) return op->name[0] == '\0' || disk_name_good(op->name);
    return disk_name_good(op->name) && (op->kind != DISK_RENAME || disk_name_good(op->to));
}

void disk_fail(struct disk_op *op, enum disk_state state, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    op->state = state;
    vsnprintf(op->error, sizeof op->error, format, arguments);
    va_end(arguments);
}
