/* live_fixture.h: a live world for a spec, and plain sockets to talk to it.
 *
 * Everything happens in one thread: whoever waits for something turns the world meanwhile. Nothing sleeps, everything has a deadline.
 *
 * SPDX-License-Identifier: MIT */
#ifndef LIVE_FIXTURE_H
#define LIVE_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "resp/writer.h"
#include "test.h"
#include "world/world_internal.h"

enum { PATIENCE_US = 20 * 1000 * 1000, MS = 1000 };

struct fixture {
    struct memory memory;
    struct command_index *commands;
    struct world *world;
    int64_t tickets;
    struct bytes reply; /* of the last answer */
};

static inline void fixture_begin(struct fixture *f)
{
    memory_init(&f->memory);
    f->commands = node_commands_new(&f->memory);
    f->world = world_live_new(f->commands);
    f->tickets = 0;
    bytes_init(&f->reply, &f->memory);
}

static inline void fixture_end(struct fixture *f)
{
    world_free(f->world);
    command_index_free(f->commands);
    bytes_free(&f->reply);
}

static inline struct world_node *node_at(struct fixture *f, const char *name, const char *host, int port)
{
    struct world_node_options options = {.name = name, .host = host, .port = port};
    return world_node_new(f->world, &options);
}

static inline int64_t now(struct fixture *f) { return world_now(f->world); }

static inline int split(char *text, struct slice *argv)
{
    int argc = 0;
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) argv[argc++] = slice_text(word);
    return argc;
}

/* Waits for the completion of one ticket; others that come meanwhile are an error. */
static inline bool complete(struct fixture *f, int64_t ticket, struct world_completion *completion)
{
    int64_t until = now(f) + PATIENCE_US;
    while (!world_next(f->world, completion))
        if (world_step(f->world, until) != 1) return false;
    return completion->ticket == ticket;
}

/* A call at the node itself, given as words; the answer as RESP text. */
static inline const char *call(struct fixture *f, struct world_node *wn, const char *words)
{
    char text[256];
    struct slice argv[16];
    struct resp_writer writer;
    struct world_completion completion;
    snprintf(text, sizeof text, "%s", words);
    int argc = split(text, argv);
    bytes_clear(&f->reply);
    resp_writer_init(&writer, &f->reply, 3);
    int64_t ticket = ++f->tickets;
    int result = world_node_call(wn, ticket, argc, argv, &writer.reply);
    if (result < 0) return "refused";
    if (result == 0) {
        if (!complete(f, ticket, &completion)) return "never";
        if (completion.kind == COMPLETION_FAILED)
            bytes_append_text(&f->reply, completion.error);
        else
            bytes_append_slice(&f->reply, completion.data);
    }
    bytes_append_char(&f->reply, '\0');
    return f->reply.data;
}

/* A client's request, given as words: its ticket. */
static inline int64_t request(struct fixture *f, struct world_client *c, const char *words)
{
    char text[256];
    struct slice argv[16];
    snprintf(text, sizeof text, "%s", words);
    int argc = split(text, argv);
    return world_client_request(c, ++f->tickets, argc, argv) == WORLD_OK ? f->tickets : 0;
}

/* The next completion, which has to be this ticket's: the reply as RESP text, or "sent: CODE …", "not sent: CODE …". */
static inline const char *answer(struct fixture *f, int64_t ticket)
{
    struct world_completion completion;
    bytes_clear(&f->reply);
    if (!complete(f, ticket, &completion)) return "never";
    if (completion.kind == COMPLETION_FAILED) {
        bytes_append_text(&f->reply, completion.sent ? "sent: " : "not sent: ");
        bytes_append_text(&f->reply, completion.error);
    } else {
        bytes_append_slice(&f->reply, completion.data);
    }
    bytes_append_char(&f->reply, '\0');
    return f->reply.data;
}

static inline const char *ask(struct fixture *f, struct world_client *c, const char *words)
{
    return answer(f, request(f, c, words));
}

/* ---- a plain socket, as other people's clients have ---- */

/* A non-blocking connection to this machine; -1: refused. */
static inline int dial_family(int family, int port)
{
    struct sockaddr_in6 six = {
        .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool six_wanted = family == AF_INET6;
    if (connect(fd, six_wanted ? (void *)&six : (void *)&four, six_wanted ? sizeof six : sizeof four) != 0) {
        close(fd);
        return -1;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static inline int dial(struct world_node *wn) { return dial_family(AF_INET, world_node_port(wn)); }

/* Sends all of it, turning the world when the kernel takes no more. */
static inline bool say(struct fixture *f, int fd, const char *data, size_t size)
{
    int64_t until = now(f) + PATIENCE_US;
    while (size > 0 && now(f) < until) {
        ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
        if (sent > 0) {
            data += sent;
            size -= (size_t)sent;
        } else if (errno != EAGAIN) {
            return false;
        }
        (void)world_step(f->world, now(f));
    }
    return size == 0;
}

/* Reads `size` bytes, or to the end when there are fewer. */
static inline size_t hear(struct fixture *f, int fd, char *place, size_t size)
{
    int64_t until = now(f) + PATIENCE_US;
    size_t total = 0;
    while (total < size && now(f) < until) {
        ssize_t got = recv(fd, place + total, size - total, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN)) break;
        if (got > 0)
            total += (size_t)got;
        else
            (void)world_step(f->world, now(f) + MS);
    }
    return total;
}

/* Whether the peer has closed, and how: 0 in order, else errno; -1: it has not. */
static inline int ending(struct fixture *f, int fd)
{
    char byte;
    int64_t until = now(f) + PATIENCE_US;
    while (now(f) < until) {
        ssize_t got = recv(fd, &byte, 1, 0);
        if (got == 0) return 0;
        if (got < 0 && errno != EAGAIN) return errno;
        (void)world_step(f->world, now(f) + MS);
    }
    return -1;
}

/* ---- replication ---- */

static inline void follow(struct fixture *f, struct world_node *replica, const char *host, int port)
{
    char text[128];
    snprintf(text, sizeof text, "REPLICAOF %s %d", host, port);
    call(f, replica, text);
}

static inline bool link_up(struct world_node *wn)
{
    struct node_state state;
    if (!world_node_get(wn)) return false;
    node_inspect(world_node_get(wn), &state);
    return state.link_up;
}

/* Turns the world until something holds, or patience ends. */
#define UNTIL(f, expr)                                                                    \
    do {                                                                                  \
        int64_t until_ = now(f) + PATIENCE_US;                                            \
        while (!(expr) && now(f) < until_) (void)world_step((f)->world, now(f) + 5 * MS); \
        CHECK(expr);                                                                      \
    } while (0)

/* Says `text` and expects exactly `expected`. */
#define TALK(f, fd, text, expected)                              \
    do {                                                         \
        char heard_[512];                                        \
        CHECK(say(f, fd, text, strlen(text)));                   \
        size_t size_ = hear(f, fd, heard_, strlen(expected));    \
        CHECK_EQ_MEM(heard_, size_, expected, strlen(expected)); \
    } while (0)

#endif
