/* fake_disk.h: files in memory, for C specs of what is written and read through persist/disk.h.
 *
 * Operations are carried out one by one when the spec says so (fake_disk_run). Each file is kept twice: as it is, and
 * as it would be after a loss of power (fake_disk_cut_power). One operation in turn can be made to fail.
 *
 * Leaves out: delays, torn writes: the simulated disks' (csrc/world).
 */
#ifndef FAKE_DISK_H
#define FAKE_DISK_H

#include <stdio.h>
#include <stdlib.h>

#include "persist/disk.h"

enum { FAKE_FILES = 64 };

struct fake_file {
    char name[DISK_NAME_MAX + 1]; /* "": free */
    struct bytes now, durable;
    bool is_durable; /* it would be there */
};

struct fake_disk {
    struct memory memory;
    struct fake_file files[FAKE_FILES];
    int64_t operations; /* carried out */
    int64_t fail_at;    /* number of the operation that fails, from 1; 0: none */
    enum disk_state fail_with;
    bool stay_broken; /* …and all behind it */
    char failed[400]; /* what failed */
};

static inline void fake_disk_init(struct fake_disk *f)
{
    memset(f, 0, sizeof *f);
    memory_init(&f->memory);
    for (int i = 0; i < FAKE_FILES; i++) {
        bytes_init(&f->files[i].now, &f->memory);
        bytes_init(&f->files[i].durable, &f->memory);
    }
    f->fail_with = DISK_FAILED;
}

static inline void fake_disk_free(struct fake_disk *f)
{
    for (int i = 0; i < FAKE_FILES; i++) {
        bytes_free(&f->files[i].now);
        bytes_free(&f->files[i].durable);
    }
}

static inline struct fake_file *fake_disk_file(struct fake_disk *f, const char *name)
{
    for (int i = 0; i < FAKE_FILES; i++)
        if (f->files[i].name[0] && strcmp(f->files[i].name, name) == 0) return &f->files[i];
    return NULL;
}

static inline struct fake_file *fake_disk_make(struct fake_disk *f, const char *name)
{
    struct fake_file *file = fake_disk_file(f, name);
    if (file) return file;
    for (int i = 0; i < FAKE_FILES; i++) {
        file = &f->files[i];
        if (file->name[0]) continue;
        snprintf(file->name, sizeof file->name, "%s", name);
        bytes_clear(&file->now);
        bytes_clear(&file->durable);
        file->is_durable = false;
        return file;
    }
    abort();
}

static inline void fake_disk_copy(struct bytes *to, const struct bytes *from)
{
    bytes_clear(to);
    bytes_append_slice(to, bytes_slice(from));
}

static inline void fake_disk_put(struct fake_disk *f, const char *name, struct slice content)
{
    struct fake_file *file = fake_disk_make(f, name);
    bytes_clear(&file->now);
    bytes_append_slice(&file->now, content);
    fake_disk_copy(&file->durable, &file->now);
    file->is_durable = true;
}

static inline void fake_disk_write(struct fake_file *file, int64_t offset, struct slice data)
{
    size_t at = offset < 0 ? file->now.size : (size_t)offset;
    while (file->now.size < at + data.size) bytes_append_char(&file->now, '\0');
    if (data.size > 0) memcpy(file->now.data + at, data.data, data.size);
}

static inline void fake_disk_list(struct fake_disk *f, struct disk_op *op)
{
    size_t size = strlen(op->name);
    for (int i = 0; i < FAKE_FILES; i++) {
        const char *name = f->files[i].name;
        if (name[0] == '\0') continue;
        if (size > 0 && (strncmp(name, op->name, size) != 0 || name[size] != '/')) continue;
        const char *rest = size > 0 ? name + size + 1 : name;
        if (strchr(rest, '/')) continue;
        bytes_append_text(&op->data, rest);
        bytes_append_char(&op->data, '\n');
    }
}

static inline void fake_disk_carry_out(struct fake_disk *f, struct disk_op *op)
{
    struct fake_file *file = op->kind == DISK_LIST ? NULL : fake_disk_file(f, op->name);
    f->operations++;
    op->state = DISK_OK;
    if (f->operations == f->fail_at || (f->stay_broken && f->fail_at > 0 && f->operations > f->fail_at)) {
        snprintf(f->failed, sizeof f->failed, "%d %s", op->kind, op->name);
        disk_fail(op, f->fail_with, f->fail_with == DISK_FULL ? "No space left on device" : "I/O error");
        return;
    }
    switch (op->kind) {
    case DISK_READ:
        if (!file)
            disk_fail(op, DISK_MISSING, "No such file or directory");
        else if ((size_t)op->offset < file->now.size) {
            size_t left = file->now.size - (size_t)op->offset;
            if (!bytes_append(&op->data, file->now.data + op->offset, left < op->size ? left : op->size))
                disk_fail(op, DISK_FAILED, "out of memory");
        }
        break;
    case DISK_WRITE:
        fake_disk_write(file ? file : fake_disk_make(f, op->name), op->offset, bytes_slice(&op->data));
        break;
    case DISK_SYNC:
        if (!file) file = fake_disk_make(f, op->name);
        fake_disk_copy(&file->durable, &file->now);
        file->is_durable = true;
        break;
    case DISK_SETTLE:
        if (!file) {
            disk_fail(op, DISK_MISSING, "No such file or directory");
            break;
        }
        fake_disk_copy(&file->durable, &file->now);
        file->is_durable = true;
        break;
    case DISK_TRUNCATE:
        if (file && file->now.size > (size_t)op->offset) file->now.size = (size_t)op->offset;
        break;
    case DISK_RENAME: {
        if (!file) {
            disk_fail(op, DISK_MISSING, "No such file or directory");
            break;
        }
        struct fake_file *old = fake_disk_file(f, op->to);
        if (old) old->name[0] = '\0';
        snprintf(file->name, sizeof file->name, "%s", op->to);
        break;
    }
    case DISK_REMOVE:
        if (file) file->name[0] = '\0';
        break;
    case DISK_LIST: fake_disk_list(f, op); break;
    }
}

/* Carries out up to `max` operations. How many there were. */
static inline int fake_disk_run(struct fake_disk *f, struct disk *d, int max)
{
    int count = 0;
    struct disk_op *op;
    while (count < max && (op = disk_next(d)) != NULL) {
        fake_disk_carry_out(f, op);
        disk_done(d, op);
        count++;
    }
    return count;
}

/* Whatever has not been synced is gone. */
static inline void fake_disk_cut_power(struct fake_disk *f)
{
    for (int i = 0; i < FAKE_FILES; i++) {
        struct fake_file *file = &f->files[i];
        if (!file->is_durable) file->name[0] = '\0';
        fake_disk_copy(&file->now, &file->durable);
    }
}

#endif
