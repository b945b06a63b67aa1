/* live_handles.c: the open files of a directory. See live_handles.h.
 *
 * SPDX-License-Identifier: MIT */
#include "world/live_handles.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- names ---- */

void live_parent_of(const char *name, char parent[DISK_NAME_MAX + 1])
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

int live_names_changed(struct live_files *fs, const char *parent)
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

int live_names_sync(struct live_files *fs)
{
    uv_mutex_lock(&fs->names_lock);
    int error = sync_dirty(fs);
    uv_mutex_unlock(&fs->names_lock);
    return error;
}

/* ---- open files ---- */

enum { LOCKS = 3 + LIVE_HANDLES };

/* Makes all of them, or none. */
static bool make_locks(uv_mutex_t *locks[LOCKS])
{
    for (int i = 0; i < LOCKS; i++) {
        if (uv_mutex_init(locks[i]) == 0) continue;
        while (i-- > 0) uv_mutex_destroy(locks[i]);
        return false;
    }
    return true;
}

static void list_locks(struct live_files *fs, uv_mutex_t *locks[LOCKS])
{
    locks[0] = &fs->handles_lock;
    locks[1] = &fs->names_lock;
    locks[2] = &fs->opening_lock;
    for (int i = 0; i < LIVE_HANDLES; i++) locks[3 + i] = &fs->sync_locks[i];
}

bool live_files_open(struct live_files *fs, const char *directory)
{
    uv_mutex_t *locks[LOCKS];
    *fs = (struct live_files){.fd = -1};
    for (int i = 0; i < LIVE_HANDLES; i++) fs->handles[i].fd = -1;
    list_locks(fs, locks);
    if (!make_locks(locks)) return false;
    fs->fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fs->error = fs->fd < 0 ? errno : 0;
    return true;
}

/* To be closed when no lock is held: the last one of a large file that has been removed takes its time. -1: none. */
static int take_descriptor(struct live_handle *h)
{
    int fd = h->fd;
    h->fd = -1;
    return fd;
}

static void close_descriptor(int fd)
{
    if (fd >= 0) close(fd);
}

void live_files_close(struct live_files *fs)
{
    for (int i = 0; i < LIVE_HANDLES; i++) close_descriptor(fs->handles[i].fd);
    for (int i = 0; i < fs->lock_count; i++) close(fs->locks[i].fd);
    if (fs->fd >= 0) close(fs->fd);
    uv_mutex_t *locks[LOCKS];
    list_locks(fs, locks);
    for (int i = 0; i < LOCKS; i++) uv_mutex_destroy(locks[i]);
}

/* Its name means another file now, or none. The lock is held. What is to be closed. */
static int forget_handle(struct live_handle *h)
{
    h->forgotten = true;
    return h->users == 0 ? take_descriptor(h) : -1;
}

static bool is_handle_of(const struct live_handle *h, const char *name)
{
    return h->fd >= 0 && !h->forgotten && strcmp(h->name, name) == 0;
}

void live_handles_forget(struct live_files *fs, const char *name)
{
    int closing[LIVE_HANDLES];
    uv_mutex_lock(&fs->handles_lock);
    for (int i = 0; i < LIVE_HANDLES; i++)
        closing[i] = is_handle_of(&fs->handles[i], name) ? forget_handle(&fs->handles[i]) : -1;
    uv_mutex_unlock(&fs->handles_lock);
    for (int i = 0; i < LIVE_HANDLES; i++) close_descriptor(closing[i]);
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

/* Whether to close `other` rather than `h`. One whose sync has failed is kept as long as possible: it remembers that. */
static bool closes_rather(const struct live_handle *h, const struct live_handle *other)
{
    if (h->fd < 0 || other->fd < 0) return h->fd >= 0;
    if ((h->failed != 0) != (other->failed != 0)) return h->failed != 0;
    return other->used < h->used;
}

/* Takes a descriptor over, in use now. There are more handles than lanes, so one is free or can be. */
static struct live_handle *keep_handle(struct live_files *fs, const char *name, int fd, bool writable)
{
    struct live_handle *h = NULL;
    int closing[LIVE_HANDLES + 1] = {0};
    uv_mutex_lock(&fs->handles_lock);
    for (int i = 0; i < LIVE_HANDLES; i++) {
        struct live_handle *other = &fs->handles[i];
        closing[i] = is_handle_of(other, name) ? forget_handle(other) : -1; /* open for reading only */
        if (other->users > 0) continue;
        if (!h || closes_rather(h, other)) h = other;
    }
    closing[LIVE_HANDLES] = take_descriptor(h);
    *h = (struct live_handle){.fd = fd, .writable = writable, .users = 1, .used = ++fs->uses};
    text_copy(h->name, sizeof h->name, name);
    uv_mutex_unlock(&fs->handles_lock);
    for (int i = 0; i <= LIVE_HANDLES; i++) close_descriptor(closing[i]);
    return h;
}

void live_handle_release(struct live_files *fs, struct live_handle *h)
{
    uv_mutex_lock(&fs->handles_lock);
    int closing = --h->users == 0 && h->forgotten ? take_descriptor(h) : -1;
    uv_mutex_unlock(&fs->handles_lock);
    close_descriptor(closing);
}

int live_handle_sync(struct live_files *fs, struct live_handle *h, bool data_only)
{
    uv_mutex_t *lock = &fs->sync_locks[h - fs->handles];
    uv_mutex_lock(lock);
    if (h->failed == 0) h->failed = sync_descriptor(h->fd, data_only);
    int error = h->failed;
    uv_mutex_unlock(lock);
    return error;
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

int live_parent_lock(struct live_files *fs, const char *name)
{
    char parent[DISK_NAME_MAX + 1];
    live_parent_of(name, parent);
    if (parent[0] == '\0') return 0;
    uv_mutex_lock(&fs->handles_lock);
    int error = lock_directory(fs, parent);
    uv_mutex_unlock(&fs->handles_lock);
    return error;
}

/* ---- opening ---- */

/* Makes a file, its directory too if need be. A descriptor, or -1 with errno. */
static int make_file(struct live_files *fs, const char *name)
{
    char parent[DISK_NAME_MAX + 1];
    live_parent_of(name, parent);
    if (parent[0] != '\0' && mkdirat(fs->fd, parent, 0755) == 0) {
        int error = live_names_changed(fs, "");
        if (error != 0) {
            errno = error;
            return -1;
        }
    }
    int fd = openat(fs->fd, name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    int error = fd < 0 ? errno : live_names_changed(fs, parent);
    if (error == 0) return fd;
    if (fd >= 0) close(fd);
    errno = error;
    return -1;
}

static int open_for_writing(struct live_files *fs, const char *name, bool make)
{
    int error = live_parent_lock(fs, name);
    int fd = error == 0 ? openat(fs->fd, name, O_RDWR | O_CLOEXEC) : -1;
    if (error == 0 && fd < 0 && errno == ENOENT && make) fd = make_file(fs, name);
    if (error == 0 && fd < 0) return -1;
    if (error == 0) error = live_parent_lock(fs, name); /* it may just have been made */
    if (error == 0) error = lock_descriptor(fd);
    if (error == 0) return fd;
    if (fd >= 0) close(fd);
    errno = error;
    return -1;
}

/* Files are opened one at a time: another lane that wants the same one finds it open, not locked. */
static struct live_handle *open_file(struct live_files *fs, const char *name, enum live_purpose purpose,
                                     int *error)
{
    struct live_handle *h = find_handle(fs, name, purpose != LIVE_TO_READ);
    if (h) return h; /* another lane was faster */
    int fd = purpose == LIVE_TO_READ ? openat(fs->fd, name, O_RDONLY | O_CLOEXEC)
                                     : open_for_writing(fs, name, purpose == LIVE_TO_MAKE);
    if (fd >= 0) return keep_handle(fs, name, fd, purpose != LIVE_TO_READ);
    *error = errno;
    return NULL;
}

struct live_handle *live_handle_use(struct live_files *fs, const char *name, enum live_purpose purpose,
                                    int *error)
{
    struct live_handle *h = find_handle(fs, name, purpose != LIVE_TO_READ);
    if (h) return h;
    uv_mutex_lock(&fs->opening_lock);
    h = open_file(fs, name, purpose, error);
    uv_mutex_unlock(&fs->opening_lock);
    return h;
}
