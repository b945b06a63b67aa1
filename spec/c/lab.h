/* A simulated world with real nodes, for the C specs: commands as lines of words, replies as text, time in
 * milliseconds. A reply reads "OK", "1", "bar", "(nil)", "ERR …": what its RESP says, without the type; an aggregate
 * shows only its header. Whatever takes time is waited for. */
#ifndef LAB_H
#define LAB_H

#include <stdio.h>
#include <string.h>

#include "resp/writer.h"
#include "world/world.h"

enum { LAB_WORDS = 16, LAB_REPLIES = 1024 };

struct lab {
    struct memory memory;
    struct command_index *commands;
    struct world *world;
    int64_t ticket;
    struct lab_reply {
        int64_t ticket;
        bool there, failed, sent;
        char text[120];
    } replies[LAB_REPLIES]; /* of the last tickets */
};

static inline bool lab_open(struct lab *l, const struct world_sim_options *options)
{
    memset(l, 0, sizeof *l);
    memory_init(&l->memory);
    l->commands = node_commands_new(&l->memory);
    l->world = l->commands ? world_sim_new(options, l->commands) : NULL;
    return l->world != NULL;
}

static inline bool lab_open_seed(struct lab *l, uint64_t seed)
{
    return lab_open(l, &(struct world_sim_options){.seed = seed, .check = true});
}

static inline void lab_close(struct lab *l)
{
    world_free(l->world);
    command_index_free(l->commands);
}

static inline struct world_node *lab_node(struct lab *l, const char *name)
{
    return world_node_new(l->world, &(struct world_node_options){.name = name});
}

/* The words of `line` (copied to `text`), separated by single blanks. */
static inline int lab_words(char *text, size_t size, const char *line, struct slice *words)
{
    int count = 0;
    snprintf(text, size, "%s", line);
    for (char *p = strtok(text, " "); p && count < LAB_WORDS; p = strtok(NULL, " "))
        words[count++] = slice_text(p);
    return count;
}

static inline void lab_text(char *out, size_t size, struct slice reply)
{
    const char *end = memchr(reply.data, '\r', reply.size);
    size_t header = end ? (size_t)(end - reply.data) : reply.size;
    const char *from = reply.data + 1;
    size_t length = header - 1;
    if (reply.data[0] == '_' || (length == 2 && memcmp(from, "-1", 2) == 0 && reply.data[0] != ':')) {
        from = "(nil)";
        length = 5;
    } else if (reply.data[0] == '$') {
        from = reply.data + header + 2;
        length = reply.size - header - 4;
    }
    snprintf(out, size, "%.*s", (int)length, from);
}

static inline struct lab_reply *lab_reply(struct lab *l, int64_t ticket)
{
    return &l->replies[ticket % LAB_REPLIES];
}

/* A ticket whose reply is noted in its slot. */
static inline int64_t lab_ticket(struct lab *l)
{
    *lab_reply(l, ++l->ticket) = (struct lab_reply){.ticket = l->ticket};
    return l->ticket;
}

static inline void lab_take(struct lab *l)
{
    struct world_completion c;
    while (world_next(l->world, &c)) {
        struct lab_reply *r = lab_reply(l, c.ticket);
        if (r->ticket != c.ticket) continue;
        r->there = true;
        r->sent = c.sent;
        r->failed = c.kind == COMPLETION_FAILED;
        if (r->failed) snprintf(r->text, sizeof r->text, "%s", c.error);
        if (c.kind == COMPLETION_REPLY) lab_text(r->text, sizeof r->text, c.data);
    }
}

/* Runs for so many milliseconds; what completes is noted. */
static inline int lab_run(struct lab *l, int64_t ms)
{
    int64_t until = world_now(l->world) + ms * 1000;
    int result;
    while ((result = world_step(l->world, until)) == 1) lab_take(l);
    return result;
}

/* Runs until the ticket is complete, a virtual hour at most. */
static inline const char *lab_await(struct lab *l, int64_t ticket)
{
    int64_t until = world_now(l->world) + INT64_C(3600000000);
    lab_take(l);
    while (!lab_reply(l, ticket)->there && world_step(l->world, until) == 1) lab_take(l);
    return lab_reply(l, ticket)->there ? lab_reply(l, ticket)->text : "(never)";
}

/* Begins a call at the node itself; its ticket. */
static inline int64_t lab_begin(struct lab *l, struct world_node *n, const char *line)
{
    char text[512];
    struct slice words[LAB_WORDS];
    int count = lab_words(text, sizeof text, line, words);
    struct memory memory;
    struct bytes out;
    struct resp_writer writer;
    memory_init(&memory);
    bytes_init(&out, &memory);
    resp_writer_init(&writer, &out, 3);
    int64_t ticket = lab_ticket(l);
    struct lab_reply *r = lab_reply(l, ticket);
    int result = world_node_call(n, ticket, count, words, &writer.reply);
    r->there = result != 0;
    if (result == 1) lab_text(r->text, sizeof r->text, bytes_slice(&out));
    if (result < 0) snprintf(r->text, sizeof r->text, "(%d)", result);
    bytes_free(&out);
    return ticket;
}

static inline const char *lab_call(struct lab *l, struct world_node *n, const char *line)
{
    return lab_await(l, lab_begin(l, n, line));
}

static inline int64_t lab_request(struct lab *l, struct world_client *c, const char *line)
{
    char text[512];
    struct slice words[LAB_WORDS];
    int count = lab_words(text, sizeof text, line, words);
    int64_t ticket = lab_ticket(l);
    if (world_client_request(c, ticket, count, words) != WORLD_OK)
        snprintf(lab_reply(l, ticket)->text, sizeof lab_reply(l, ticket)->text, "(refused)");
    return ticket;
}

static inline const char *lab_ask(struct lab *l, struct world_client *c, const char *line)
{
    return lab_await(l, lab_request(l, c, line));
}

/* REPLICAOF `primary` 6379, NULL: NO ONE. */
static inline const char *lab_follow(struct lab *l, struct world_node *n, struct world_node *primary)
{
    char line[128];
    snprintf(line, sizeof line, "REPLICAOF %s %d", primary ? world_node_host(primary) : "NO",
             primary ? world_node_port(primary) : 0);
    return lab_call(l, n, primary ? line : "REPLICAOF NO ONE");
}

static inline void lab_cut(struct lab *l, struct world_node *from, struct world_node *to, bool cut)
{
    struct world_link link;
    world_link_get(l->world, world_node_name(from), world_node_name(to), &link);
    link.cut = cut;
    world_link_set(l->world, world_node_name(from), world_node_name(to), &link);
}

static inline struct node_state lab_state(struct world_node *n)
{
    struct node_state state = {0};
    if (world_node_get(n)) node_inspect(world_node_get(n), &state);
    return state;
}

/* Runs until all nodes are the same; how long that took in ms, -1: not within `ms`. */
static inline int64_t lab_converge(struct lab *l, int64_t ms)
{
    int64_t start = world_now(l->world);
    while (!world_converged(l->world, NULL)) {
        if (world_now(l->world) - start > ms * 1000) return -1;
        lab_run(l, 10);
    }
    return (world_now(l->world) - start) / 1000;
}

#endif
