/* live_files.c: operations on real files. See live_files.h, and persist/disk.h for what each promises.
 *
 * What makes a name durable is a sync of its directory. Directories in which a file was made, renamed or removed are
 * noted, and synced together with the next file that is. The note is held while that happens, so that nobody takes
 * a name for durable whose directory another lane is still syncing.
 *
 * SPDX-License-Identifier: MIT */
#include "world/live_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* ---- names ---- */

/* The directory part of a name: "" for the node's own. */
static void parent_of(const char *name, char parent[DISK_NAME_MAX + 1])
{
    const char *slash = strchr(name, '/');
    size_t size = slash ? (size_t)(slash - name) : 0;
    memcpy(parent, name, size);
    parent[size] = '\0';
}

static int sync_descriptor(int fd, bool data_only)
{
    uv_fs_t request;
    int result =
        data_only ? uv_fs_fdatasync(NULL, &request, fd, NULL) : uv_fs_fsync(NULL, &request, fd, NULL);
    uv_fs_req_cleanup(&request);
    return result < 0 ? -result : 0;
}

/* 0, or errno. The lock is held. */
static int sync_directory(struct live_files *fs, const char *name)
{
    if (name[0] == '\0') return sync_descriptor(fs->fd, false);
    int fd = openat(fs->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? 0 : errno;
    int error = sync_descriptor(fd, false);
    close(fd);
    return error;
}

static int sync_dirty(struct live_files *fs)
{
    while (fs->dirty_count > 0) {
        int error = sync_directory(fs, fs->dirty[fs->dirty_count - 1]);
        if (error != 0) return error;
        fs->dirty_count--;
    }
    return 0;
}

/* 0, or errno. Directories that do not fit are synced now. */
static int note_dirty(struct live_files *fs, const char *parent)
{
    int error = 0;
    uv_mutex_lock(&fs->names_lock);
    bool noted = false;
    for (int i = 0; i < fs->dirty_count; i++) noted |= strcmp(fs->dirty[i], parent) == 0;
    if (!noted && fs->dirty_count == LIVE_DIRTY) error = sync_dirty(fs);
    if (!noted && error == 0) text_copy(fs->dirty[fs->dirty_count++], DISK_NAME_MAX + 1, parent);
    uv_mutex_unlock(&fs->names_lock);
    return error;
}

static int make_names_durable(struct live_files *fs)
{
    uv_mutex_lock(&fs->names_lock);
    int error = sync_dirty(fs);
    uv_mutex_unlock(&fs->names_lock);
    return error;
}

/* ---- open files ---- */

bool live_files_open(struct live_files *fs, const char *directory)
{
    *fs = (struct live_files){.fd = -1};
    for (int i = 0; i < LIVE_HANDLES; i++) fs->handles[i].fd = -1;
    if (uv_mutex_init(&fs->handles_lock) != 0) return false;
    if (uv_mutex_init(&fs->names_lock) != 0) {
        uv_mutex_destroy(&fs->handles_lock);
        return false;
    }
    if (uv_mutex_init(&fs->opening_lock) != 0) {
        uv_mutex_destroy(&fs->handles_lock);
        uv_mutex_destroy(&fs->names_lock);
        return false;
    }
    fs->fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fs->error = fs->fd < 0 ? errno : 0;
    return true;
}

static void close_handle(struct live_handle *h)
{
    if (h->fd >= 0) close(h->fd);
    h->fd = -1;
}

void live_files_close(struct live_files *fs)
{
    for (int i = 0; i < LIVE_HANDLES; i++) close_handle(&fs->handles[i]);
    for (int i = 0; i < fs->lock_count; i++) close(fs->locks[i].fd);
    if (fs->fd >= 0) close(fs->fd);
    uv_mutex_destroy(&fs->handles_lock);
    uv_mutex_destroy(&fs->names_lock);
    uv_mutex_destroy(&fs->opening_lock);
}

/* Its name means another file now, or none. The lock is held. */
static void forget_handle(struct live_handle *h)
{
    h->forgotten = true;
    if (h->users == 0) close_handle(h);
}

static bool is_handle_of(const struct live_handle *h, const char *name)
{
    return h->fd >= 0 && !h->forgotten && strcmp(h->name, name) == 0;
}

static void forget_name(struct live_files *fs, const char *name)
{
    uv_mutex_lock(&fs->handles_lock);
    for (int i = 0; i < LIVE_HANDLES; i++)
        if (is_handle_of(&fs->handles[i], name)) forget_handle(&fs->handles[i]);
    uv_mutex_unlock(&fs->handles_lock);
}

/* An open file by its name, in use now; NULL: none. */
static struct live_handle *find_handle(struct live_files *fs, const char *name, bool writable)
{
    struct live_handle *found = NULL;
    uv_mutex_lock(&fs->handles_lock);
    for (int i = 0; i < LIVE_HANDLES && !found; i++) {
        struct live_handle *h = &fs->handles[i];
        if (is_handle_of(h, name) && (h->writable || !writable)) found = h;
    }
    if (found) {
        found->users++;
        found->used = ++fs->uses;
    }
    uv_mutex_unlock(&fs->handles_lock);
    return found;
}

/* Takes a descriptor over, in use now. There are more handles than lanes, so one is free or can be. */
static struct live_handle *keep_handle(struct live_files *fs, const char *name, int fd, bool writable)
{
    struct live_handle *h = NULL;
    uv_mutex_lock(&fs->handles_lock);
    for (int i = 0; i < LIVE_HANDLES; i++) {
        struct live_handle *other = &fs->handles[i];
        if (is_handle_of(other, name)) forget_handle(other); /* open for reading only */
        if (other->users > 0) continue;
        if (!h || other->fd < 0 || (h->fd >= 0 && other->used < h->used)) h = other;
    }
    close_handle(h);
    *h = (struct live_handle){.fd = fd, .writable = writable, .users = 1, .used = ++fs->uses};
    text_copy(h->name, sizeof h->name, name);
    uv_mutex_unlock(&fs->handles_lock);
    return h;
}

static void release_handle(struct live_files *fs, struct live_handle *h)
{
    uv_mutex_lock(&fs->handles_lock);
    if (--h->users == 0 && h->forgotten) close_handle(h);
    uv_mutex_unlock(&fs->handles_lock);
}

/* ---- locks ---- */

/* 0, or errno: EWOULDBLOCK when somebody else has it. Not every file system can lock. */
static int lock_descriptor(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK ? EWOULDBLOCK : 0;
}

/* handles_lock is held. */
static int lock_directory(struct live_files *fs, const char *name)
{
    for (int i = 0; i < fs->lock_count; i++)
        if (strcmp(fs->locks[i].name, name) == 0) return 0;
    if (fs->lock_count == LIVE_LOCKS) return 0;
    int fd = openat(fs->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? 0 : errno;
    int error = lock_descriptor(fd);
    if (error != 0) {
        close(fd);
        return error;
    }
    struct live_lock *lock = &fs->locks[fs->lock_count++];
    lock->fd = fd;
    text_copy(lock->name, sizeof lock->name, name);
    return 0;
}

/* Sees to it that the directory a file is in is this node's alone, unless it is the node's own. 0, or errno. */
static int lock_parent(struct live_files *fs, const char *name)
{
    char parent[DISK_NAME_MAX + 1];
    parent_of(name, parent);
    if (parent[0] == '\0') return 0;
    uv_mutex_lock(&fs->handles_lock);
    int error = lock_directory(fs, parent);
    uv_mutex_unlock(&fs->handles_lock);
    return error;
}

static void outcome_locked(struct live_outcome *o, int error)
{
    if (error == EWOULDBLOCK)
        outcome_fail(o, DISK_FAILED, "somebody else writes to this file");
    else
        outcome_errno(o, error);
}

/* ---- opening ---- */

/* Makes a file, its directory too if need be. A descriptor, or -1 with errno. */
static int make_file(struct live_files *fs, const char *name)
{
    char parent[DISK_NAME_MAX + 1];
    parent_of(name, parent);
    if (parent[0] != '\0' && mkdirat(fs->fd, parent, 0755) == 0) {
        int error = note_dirty(fs, "");
        if (error != 0) {
            errno = error;
            return -1;
        }
    }
    int fd = openat(fs->fd, name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    int error = fd < 0 ? errno : note_dirty(fs, parent);
    if (error == 0) return fd;
    if (fd >= 0) close(fd);
    errno = error;
    return -1;
}

static int open_for_writing(struct live_files *fs, const char *name, bool make)
{
    int error = lock_parent(fs, name);
    int fd = error == 0 ? openat(fs->fd, name, O_RDWR | O_CLOEXEC) : -1;
    if (error == 0 && fd < 0 && errno == ENOENT && make) fd = make_file(fs, name);
    if (error == 0 && fd < 0) return -1;
    if (error == 0) error = lock_parent(fs, name); /* it may just have been made */
    if (error == 0) error = lock_descriptor(fd);
    if (error == 0) return fd;
    if (fd >= 0) close(fd);
    errno = error;
    return -1;
}

enum purpose { TO_READ, TO_CHANGE, TO_MAKE };

/* Files are opened one at a time: another lane that wants the same one finds it open, not locked. */
static struct live_handle *open_file(struct live_files *fs, const char *name, enum purpose purpose,
                                     struct live_outcome *o)
{
    struct live_handle *h = find_handle(fs, name, purpose != TO_READ);
    if (h) return h; /* another lane was faster */
    int fd = purpose == TO_READ ? openat(fs->fd, name, O_RDONLY | O_CLOEXEC)
                                : open_for_writing(fs, name, purpose == TO_MAKE);
    if (fd >= 0) return keep_handle(fs, name, fd, purpose != TO_READ);
    int error = errno;
    outcome_locked(o, error);
    if (error == ENOENT && purpose == TO_READ) o->state = DISK_MISSING;
    return NULL;
}

/* An open file, to be released; NULL: the outcome says why there is none. */
static struct live_handle *use_file(struct live_files *fs, const char *name, enum purpose purpose,
                                    struct live_outcome *o)
{
    struct live_handle *h = find_handle(fs, name, purpose != TO_READ);
    if (h) return h;
    uv_mutex_lock(&fs->opening_lock);
    h = open_file(fs, name, purpose, o);
    uv_mutex_unlock(&fs->opening_lock);
    return h;
}

/* ---- operations ---- */

static void carry_out_read(struct live_files *fs, const struct disk_op *op, struct live_outcome *o)
{
    struct live_handle *h = use_file(fs, op->name, TO_READ, o);
    if (!h) return;
    while (o->size < op->size) {
        off_t offset = (off_t)(op->offset + (int64_t)o->size);
        ssize_t got = pread(h->fd, op->data.data + o->size, op->size - o->size, offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) outcome_errno(o, errno);
        if (got <= 0) break;
        o->size += (size_t)got;
    }
    release_handle(fs, h);
}

static void carry_out_write(struct live_files *fs, const struct disk_op *op, struct live_outcome *o)
{
    struct live_handle *h = use_file(fs, op->name, TO_MAKE, o);
    if (!h) return;
    off_t offset = op->offset < 0 ? lseek(h->fd, 0, SEEK_END) : (off_t)op->offset;
    ssize_t put = (ssize_t)offset;
    for (size_t done = 0; put >= 0 && done < op->data.size;) {
        put = pwrite(h->fd, op->data.data + done, op->data.size - done, offset + (off_t)done);
        if (put < 0 && errno == EINTR) put = 0;
        if (put > 0) done += (size_t)put;
    }
    if (put < 0) outcome_errno(o, errno);
    release_handle(fs, h);
}

static void carry_out_sync(struct live_files *fs, const struct disk_op *op, struct live_outcome *o)
{
    struct live_handle *h = use_file(fs, op->name, TO_CHANGE, o);
    if (!h) return;
    int error = sync_descriptor(h->fd, true);
    release_handle(fs, h);
    if (error == 0) error = make_names_durable(fs);
    if (error != 0) outcome_errno(o, error);
}

static void carry_out_truncate(struct live_files *fs, const struct disk_op *op, struct live_outcome *o)
{
    struct live_handle *h = use_file(fs, op->name, TO_CHANGE, o);
    if (!h) return;
    if (ftruncate(h->fd, (off_t)op->offset) != 0) outcome_errno(o, errno);
    release_handle(fs, h);
}

static void carry_out_rename(struct live_files *fs, const struct disk_op *op, struct live_outcome *o)
{
    char parents[2][DISK_NAME_MAX + 1];
    int locked = lock_parent(fs, op->name);
    if (locked == 0) locked = lock_parent(fs, op->to);
    if (locked != 0) {
        outcome_locked(o, locked);
        return;
    }
    if (renameat(fs->fd, op->name, fs->fd, op->to) != 0) {
        outcome_errno(o, errno);
        if (errno == ENOENT) o->state = DISK_MISSING;
        return;
    }
    forget_name(fs, op->name);
    forget_name(fs, op->to);
    parent_of(op->name, parents[0]);
    parent_of(op->to, parents[1]);
    int error = note_dirty(fs, parents[0]);
    if (error == 0) error = note_dirty(fs, parents[1]);
    if (error == 0) error = make_names_durable(fs);
    if (error != 0) outcome_errno(o, error);
}

static void carry_out_remove(struct live_files *fs, const struct disk_op *op, struct live_outcome *o)
{
    char parent[DISK_NAME_MAX + 1];
    int locked = lock_parent(fs, op->name);
    if (locked != 0) {
        outcome_locked(o, locked);
        return;
    }
    forget_name(fs, op->name);
    if (unlinkat(fs->fd, op->name, 0) != 0) {
        if (errno != ENOENT && errno != ENOTDIR) outcome_errno(o, errno);
        return;
    }
    parent_of(op->name, parent);
    int error = note_dirty(fs, parent);
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
    }
}
