/* live_files.c: operations on real files, one after the other as they are asked for. See live_files.h, and persist/disk.h
 * for what each promises. What is open, and which names are durable, is in live_handles.c.
 *
 * SPDX-License-Identifier: MIT */
#include "world/live_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "world/live_handles.h"

/* ---- outcomes ---- */

static void outcome_fail(struct live_outcome *o, enum disk_state state, const char *why)
{
    o->state = state;
    text_copy(o->error, sizeof o->error, why);
}

static void outcome_errno(struct live_outcome *o, int error)
{
    bool full = error == ENOSPC || error == EDQUOT;
    outcome_fail(o, full ? DISK_FULL : DISK_FAILED, uv_strerror(uv_translate_sys_error(error)));
}

void live_outcome_init(struct live_outcome *o)
{
    o->state = DISK_OK;
    o->error[0] = '\0';
    o->size = 0;
    memory_init(&o->memory);
    bytes_init(&o->names, &o->memory);
}

void live_outcome_fail(struct live_outcome *o, const char *why) { outcome_fail(o, DISK_FAILED, why); }

void live_outcome_apply(struct live_outcome *o, struct disk_op *op)
{
    op->state = o->state;
    text_copy(op->error, sizeof op->error, o->error);
    if (op->kind == DISK_READ) bytes_commit(&op->data, o->size);
    if (op->kind == DISK_LIST && o->names.size > 0 && !bytes_append_slice(&op->data, bytes_slice(&o->names)))
        disk_fail(op, DISK_FAILED, "out of memory");
    bytes_free(&o->names);
}

static void outcome_locked(struct live_outcome *o, int error)
{
    if (error == EWOULDBLOCK)
        outcome_fail(o, DISK_FAILED, "somebody else writes to this file");
    else
        outcome_errno(o, error);
}

/* An open file, to be released; NULL: the outcome says why there is none. */
static struct live_handle *use_file(struct live_files *fs, const char *name, enum live_purpose purpose,
                                    struct live_outcome *o)
{
    int error = 0;
    struct live_handle *h = live_handle_use(fs, name, purpose, &error);
    if (h) return h;
    outcome_locked(o, error);
    if (error == ENOENT && purpose == LIVE_TO_READ) o->state = DISK_MISSING;
    return NULL;
}

/* ---- operations ---- */

static void carry_out_read(struct live_files *fs, const struct disk_op *op, struct live_outcome *o)
{
    struct live_handle *h = use_file(fs, op->name, LIVE_TO_READ, o);
    if (!h) return;
    while (o->size < op->size) {
        off_t offset = (off_t)(op->offset + (int64_t)o->size);
        ssize_t got = pread(h->fd, op->data.data + o->size, op->size - o->size, offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) outcome_errno(o, errno);
        if (got <= 0) break;
        o->size += (size_t)got;
    }
    live_handle_release(fs, h);
}

static void carry_out_write(struct live_files *fs, const struct disk_op *op, struct live_outcome *o)
{
    struct live_handle *h = use_file(fs, op->name, LIVE_TO_MAKE, o);
    if (!h) return;
    off_t offset = op->offset < 0 ? lseek(h->fd, 0, SEEK_END) : (off_t)op->offset;
    ssize_t put = (ssize_t)offset;
    for (size_t done = 0; put >= 0 && done < op->data.size;) {
        put = pwrite(h->fd, op->data.data + done, op->data.size - done, offset + (off_t)done);
        if (put < 0 && errno == EINTR) put = 0;
        if (put > 0) done += (size_t)put;
    }
    if (put < 0) outcome_errno(o, errno);
    live_handle_release(fs, h);
}

static void carry_out_sync(struct live_files *fs, const struct disk_op *op, struct live_outcome *o)
{
    struct live_handle *h = use_file(fs, op->name, LIVE_TO_CHANGE, o);
    if (!h) return;
    int error = live_handle_sync(fs, h, true);
    live_handle_release(fs, h);
    if (error == 0) error = live_names_sync(fs);
    if (error != 0) outcome_errno(o, error);
}

/* Fresh from the disk: the system drops what it has of the file in its cache, if it is told to once that is clean. */
static void drop_cache(int fd)
{
#ifdef POSIX_FADV_DONTNEED
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
#else
    (void)fd;
#endif
}

/* An earlier process may have made the file and its directory, and synced neither. */
static void carry_out_settle(struct live_files *fs, const struct disk_op *op, struct live_outcome *o)
{
    char parent[DISK_NAME_MAX + 1];
    struct live_handle *h = use_file(fs, op->name, LIVE_TO_READ, o);
    if (!h) return;
    live_parent_of(op->name, parent);
    int error = live_handle_sync(fs, h, false);
    if (error == 0) drop_cache(h->fd);
    live_handle_release(fs, h);
    if (error == 0) error = live_names_changed(fs, "");
    if (error == 0) error = live_names_changed(fs, parent);
    if (error == 0) error = live_names_sync(fs);
    if (error != 0) outcome_errno(o, error);
}

static void carry_out_truncate(struct live_files *fs, const struct disk_op *op, struct live_outcome *o)
{
    struct live_handle *h = use_file(fs, op->name, LIVE_TO_CHANGE, o);
    if (!h) return;
    if (ftruncate(h->fd, (off_t)op->offset) != 0) outcome_errno(o, errno);
    live_handle_release(fs, h);
}

static void carry_out_rename(struct live_files *fs, const struct disk_op *op, struct live_outcome *o)
{
    char parents[2][DISK_NAME_MAX + 1];
    int locked = live_parent_lock(fs, op->name);
    if (locked == 0) locked = live_parent_lock(fs, op->to);
    if (locked != 0) {
        outcome_locked(o, locked);
        return;
    }
    if (renameat(fs->fd, op->name, fs->fd, op->to) != 0) {
        outcome_errno(o, errno);
        if (errno == ENOENT) o->state = DISK_MISSING;
        return;
    }
    live_handles_forget(fs, op->name);
    live_handles_forget(fs, op->to);
    live_parent_of(op->name, parents[0]);
    live_parent_of(op->to, parents[1]);
    int error = live_names_changed(fs, parents[0]);
    if (error == 0) error = live_names_changed(fs, parents[1]);
    if (error == 0) error = live_names_sync(fs);
    if (error != 0) outcome_errno(o, error);
}

static void carry_out_remove(struct live_files *fs, const struct disk_op *op, struct live_outcome *o)
{
    char parent[DISK_NAME_MAX + 1];
    int locked = live_parent_lock(fs, op->name);
    if (locked != 0) {
        outcome_locked(o, locked);
        return;
    }
    live_handles_forget(fs, op->name);
    if (unlinkat(fs->fd, op->name, 0) != 0) {
        if (errno != ENOENT && errno != ENOTDIR) outcome_errno(o, errno);
        return;
    }
    live_parent_of(op->name, parent);
    int error = live_names_changed(fs, parent);
    if (error != 0) outcome_errno(o, error);
}

static bool is_file(int directory, const struct dirent *entry)
{
    struct stat status;
    if (entry->d_name[0] == '.') return false;
    return fstatat(directory, entry->d_name, &status, 0) == 0 && S_ISREG(status.st_mode);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Sorts lines: `names` becomes them in byte order. */
static bool sort_lines(struct bytes *names, int count)
{
    struct memory *m = names->memory;
    char **lines = memory_alloc(m, (size_t)count * sizeof *lines);
    struct bytes sorted;
    bytes_init(&sorted, m);
    char *line = names->data;
    for (int i = 0; lines && i < count; i++) {
        lines[i] = line;
        line = strchr(line, '\n');
        *line++ = '\0';
    }
    if (lines) qsort(lines, (size_t)count, sizeof *lines, by_name);
    for (int i = 0; lines && i < count; i++) {
        bytes_append_text(&sorted, lines[i]);
        bytes_append_char(&sorted, '\n');
    }
    bool done = lines && !sorted.failed;
    if (lines) memory_free(m, lines, (size_t)count * sizeof *lines);
    bytes_free(names);
    *names = sorted;
    return done;
}

static void carry_out_list(struct live_files *fs, const struct disk_op *op, struct live_outcome *o)
{
    const char *path = op->name[0] != '\0' ? op->name : ".";
    int fd = openat(fs->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (!directory) {
        if (errno != ENOENT) outcome_errno(o, errno);
        if (fd >= 0) close(fd);
        return;
    }
    int count = 0;
    const struct dirent *entry;
    while (o->names.size <= DISK_READ_MAX && (entry = readdir(directory)) != NULL) {
        if (!is_file(fd, entry) || strchr(entry->d_name, '\n')) continue;
        bytes_append_text(&o->names, entry->d_name);
        bytes_append_char(&o->names, '\n');
        count++;
    }
    closedir(directory);
    if (o->names.size > DISK_READ_MAX)
        outcome_fail(o, DISK_FAILED, "too many files");
    else if (o->names.failed || (count > 0 && !sort_lines(&o->names, count)))
        outcome_fail(o, DISK_FAILED, "out of memory");
}

void live_files_carry_out(struct live_files *fs, const struct disk_op *op, struct live_outcome *o)
{
    if (o->state != DISK_OK) return;
    if (!disk_names_good(op)) {
        outcome_fail(o, DISK_FAILED, "not a name for a file");
        return;
    }
    if (fs->fd < 0) {
        outcome_errno(o, fs->error);
        return;
    }
    switch (op->kind) {
    case DISK_READ: carry_out_read(fs, op, o); break;
    case DISK_WRITE: carry_out_write(fs, op, o); break;
    case DISK_SYNC: carry_out_sync(fs, op, o); break;
    case DISK_TRUNCATE: carry_out_truncate(fs, op, o); break;
    case DISK_RENAME: carry_out_rename(fs, op, o); break;
    case DISK_REMOVE: carry_out_remove(fs, op, o); break;
    case DISK_LIST: carry_out_list(fs, op, o); break;
    case DISK_SETTLE: carry_out_settle(fs, op, o); break;
    }
}
