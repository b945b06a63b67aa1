/* live_place.c: what is around a node in a live world and changes at its word: its configuration file, where it listens,
 * its directory, how many may connect.
 *
 * A file is written beside the one it replaces, made durable, and takes its name: there is always one of the two, whole.
 * This waits for the disk, in the middle of a turn, as Redis does; an administrator's command, a few KiB.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "world/live_node.h"

enum {
    FILE_MAX = 16 * 1024 * 1024, /* bytes of a configuration file */
    CHUNK = 4096,
    DESCRIPTORS_KEPT =
        32 /* for what is no client: files, sockets that listen, the loop; as many as Redis keeps */
};

static const char *failed(struct live_node *ln, int error)
{
    world_fail(ln->base.world, WORLD_REFUSED, "%s", strerror(error));
    return world_error(ln->base.world);
}

/* ---- the configuration file ---- */

/* A file that is missing is an empty one. */
static const char *read_config(void *of, struct bytes *text)
{
    struct live_node *ln = of;
    int fd = open(ln->base.config_file, O_RDONLY | O_CLOEXEC), error = 0;
    if (fd < 0) return errno == ENOENT ? NULL : failed(ln, errno);
    for (ssize_t got = 1; got > 0 && error == 0;) {
        char *room = bytes_reserve(text, CHUNK);
        got = room ? read(fd, room, CHUNK) : 0;
        if (!room || text->size > FILE_MAX) error = room ? EFBIG : ENOMEM;
        if (got > 0) bytes_commit(text, (size_t)got);
        if (got < 0 && errno == EINTR) got = 1;
        if (got < 0) error = errno;
    }
    close(fd);
    return error ? failed(ln, error) : NULL;
}

/* 0, or errno. */
static int write_whole(int fd, struct slice text)
{
    while (text.size > 0) {
        ssize_t put = write(fd, text.data, text.size);
        if (put < 0 && errno != EINTR) return errno;
        if (put > 0) text = slice_of(text.data + put, text.size - (size_t)put);
    }
    return fsync(fd) == 0 ? 0 : errno;
}

/* What the name of a file in it means is durable. */
static int sync_directory(const char *path)
{
    char directory[PATH_MAX];
    snprintf(directory, sizeof directory, "%s", path);
    char *last = strrchr(directory, '/');
    if (last) last[last == directory] = '\0';
    int fd = open(last ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno;
    int error = fsync(fd) == 0 || errno == EINVAL ? 0 : errno;
    close(fd);
    return error;
}

static const char *write_config(void *of, struct slice text)
{
    struct live_node *ln = of;
    const char *path = ln->base.config_file;
    char beside[PATH_MAX];
    int size = snprintf(beside, sizeof beside, "%s.XXXXXX", path);
    if (size < 0 || (size_t)size >= sizeof beside) return failed(ln, ENAMETOOLONG);
    int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0) return failed(ln, errno);
    mode_t mask = umask(0);
    umask(mask);
    int error = write_whole(fd, text);
    if (error == 0 && fchmod(fd, 0644 & ~mask) != 0) error = errno;
    close(fd);
    if (error == 0 && rename(beside, path) != 0) error = errno;
    if (error != 0) {
        unlink(beside);
        return failed(ln, error);
    }
    error = sync_directory(path);
    return error ? failed(ln, error) : NULL;
}

/* ---- addresses ---- */

static const char *listen_elsewhere(void *of, const char *bind, int port)
{
    struct live_node *ln = of;
    return live_listen_elsewhere(ln, bind, port) ? NULL : world_error(ln->base.world);
}

/* ---- the directory ---- */

/* A server's process goes there too, so that other names of files that do not begin at the root mean the same as in
 * Redis; a library does not move the process it is in. */
static const char *enter_directory(void *of, char *path)
{
    struct live_node *ln = of;
    char whole[PATH_MAX];
    struct stat found;
    if (!realpath(path, whole)) return failed(ln, errno);
    if (stat(whole, &found) != 0) return failed(ln, errno);
    if (!S_ISDIR(found.st_mode)) return failed(ln, ENOTDIR);
    if (strlen(whole) >= CONFIG_TEXT_MAX) return failed(ln, ENAMETOOLONG);
    if (ln->base.served && chdir(whole) != 0) return failed(ln, errno);
    text_copy(path, CONFIG_TEXT_MAX, whole);
    return NULL;
}

/* ---- connections ---- */

/* Raises what the process may open, as far as the system lets it. A library leaves that to the process it is in. */
static int64_t admit_clients(void *of, int64_t clients)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)clients + DESCRIPTORS_KEPT;
    (void)of;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return clients;
    struct rlimit raised = {wanted, limit.rlim_max < wanted ? wanted : limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return clients;
    raised = (struct rlimit){limit.rlim_max, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
    return limit.rlim_cur > DESCRIPTORS_KEPT ? (int64_t)(limit.rlim_cur - DESCRIPTORS_KEPT) : 1;
}

struct node_place live_place(struct live_node *ln)
{
    struct node_place place = {.of = ln, .listen = listen_elsewhere, .enter = enter_directory};
    if (ln->base.served) place.admit = admit_clients;
    if (!ln->base.config_file) return place;
    place.read_config = read_config;
    place.write_config = write_config;
    return place;
}
