/* fuzz_dispatch.c: any command with any arguments, at a node that a replica follows.
 *
 * The input is read as a program. Its first bytes set the scene: small limits of compact values, maxmemory, the
 * protocol. Then each command is a row of the table of commands, subcommands included, and what it is given follows
 * from the arguments that COMMAND DOCS shows for it: keys from a pool of eight, numbers at the borders of their types,
 * members that repeat, options that are there or not; now and then a word is exchanged, left out or put in. So most
 * requests make sense, and no request is impossible.
 *
 * After each: whole replies and nothing else; the keyspace sound. In the end the replica, which has heard nothing but
 * the log, has the same data, and has never had to begin again.
 *
 * SPDX-License-Identifier: MIT */
#include "command/docs.h"
#include "node/internal.h"
#include "nodes.h"
#include "pieces.h"
#include "resp/parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS_MAX = 48, COMMANDS_MAX = 200, REPEATS_MAX = 4, OWN_WORD_MAX = 64 };

struct program {
    const uint8_t *at, *end;
    struct room room;
    struct bytes out;
    struct slice words[WORDS_MAX + 2];
    int count;
    int keys_to_come; /* what was said as numkeys; 0: nothing was */
};

/* The next byte below `bound`; 0 when there is none. */
static unsigned take(struct program *p, unsigned bound) { return p->at < p->end ? *p->at++ % bound : 0; }

static bool over(const struct program *p) { return p->at >= p->end; }

static struct slice pick(struct program *p, const char *const *words, unsigned count)
{
    return slice_text(words[take(p, count)]);
}

#define PICK(p, words) pick(p, words, sizeof(words) / sizeof((words)[0]))

/* ---- words ---- */

static const char *const keys[] = {"a", "b", "c", "d", "e", "f", "g", "key:{with} a longer name \r\n"};
static const char *const members[] = {"m",
                                      "n",
                                      "1",
                                      "2",
                                      "-7",
                                      "x\001y",
                                      "",
                                      "member of more than sixty-four bytes, which packed values do not hold",
                                      "12345678901234567890",
                                      "field"};
static const char *const integers[] = {"0",
                                       "1",
                                       "2",
                                       "3",
                                       "-1",
                                       "-2",
                                       "5",
                                       "10",
                                       "63",
                                       "64",
                                       "100",
                                       "-100",
                                       "4294967295",
                                       "9223372036854775807",
                                       "-9223372036854775808",
                                       "9223372036854775808",
                                       "1700000001",
                                       "1700000000500",
                                       "01",
                                       "x"};
static const char *const doubles[] = {"0",     "1",      "-1.5",   "3.0e2", "inf",   "-inf", "(1",
                                      "1e308", "-1e308", "1e-320", "nan",   "(-inf", "2",    "3"};
static const char *const texts[] = {"-", "+",    "[m",     "(m", "[",     "*",        "0-1", "1-0", "5-5",
                                    "$", ">",    "1-*",    "~",  "=",     "u8",       "i64", "i5",  "#1",
                                    "0", "by_*", "w_*->f", "#",  "group", "consumer", "AND", "XOR", "text"};

static struct slice own_word(struct program *p)
{
    size_t size = take(p, OWN_WORD_MAX), left = (size_t)(p->end - p->at);
    if (size > left) size = left;
    struct slice word = slice_of((const char *)p->at, size);
    p->at += size;
    return word;
}

static struct slice value(struct program *p)
{
    switch (take(p, 8)) {
    case 0: return PICK(p, integers);
    case 1: return PICK(p, doubles);
    case 2: return PICK(p, texts);
    case 3: return own_word(p);
    case 4: return PICK(p, keys);
    default: return PICK(p, members);
    }
}

static void put(struct program *p, struct slice word)
{
    if (p->count < WORDS_MAX) p->words[p->count++] = word;
}

/* ---- arguments, as the docs have them ---- */

static void put_arguments(struct program *p, const struct command_argument *arguments);

static void put_number(struct program *p, const struct command_argument *a)
{
    static const char *const few[] = {"1", "2", "3"};
    if (strcmp(a->name, "numkeys") == 0 && take(p, 8) != 0) {
        p->keys_to_come = 1 + (int)take(p, 3);
        put(p, slice_text(few[p->keys_to_come - 1]));
    } else if (strcmp(a->name, "timeout") == 0) {
        put(p, slice_text(take(p, 4) ? "0" : "0.01"));
    } else {
        put(p, PICK(p, integers));
    }
}

static void put_one(struct program *p, const struct command_argument *a)
{
    const struct command_argument *choice = a->arguments;
    unsigned choices = 0;
    switch (a->type) {
    case ARGUMENT_TOKEN: put(p, slice_text(a->token)); return;
    case ARGUMENT_KEY: put(p, PICK(p, keys)); return;
    case ARGUMENT_INTEGER:
    case ARGUMENT_UNIX_TIME: put_number(p, a); return;
    case ARGUMENT_DOUBLE: put(p, take(p, 4) ? PICK(p, doubles) : PICK(p, integers)); return;
    case ARGUMENT_BLOCK: put_arguments(p, a->arguments); return;
    case ARGUMENT_ONEOF:
        while (a->arguments[choices].name) choices++;
        choice += take(p, choices);
        if (choice->token && choice->type != ARGUMENT_TOKEN) put(p, slice_text(choice->token));
        put_one(p, choice);
        return;
    case ARGUMENT_STRING:
    case ARGUMENT_PATTERN: put(p, take(p, 4) ? value(p) : PICK(p, texts)); return;
    }
}

static void put_argument(struct program *p, const struct command_argument *a)
{
    int repeats = 1;
    if (a->flags & ARGUMENT_OPTIONAL && take(p, 2) == 0) return;
    if (a->flags & ARGUMENT_MULTIPLE) repeats += (int)take(p, REPEATS_MAX);
    if (a->type == ARGUMENT_KEY && p->keys_to_come > 0) repeats = p->keys_to_come;
    for (int i = 0; i < repeats; i++) {
        bool token = a->token && a->type != ARGUMENT_TOKEN && (i == 0 || a->flags & ARGUMENT_MULTIPLE_TOKEN);
        if (token) put(p, slice_text(a->token));
        put_one(p, a);
    }
}

static void put_arguments(struct program *p, const struct command_argument *arguments)
{
    for (; arguments && arguments->name; arguments++) put_argument(p, arguments);
}

/* One word in several commands is not what belongs there. */
static void spoil(struct program *p)
{
    if (take(p, 8) != 0 || p->count < 2) return;
    int at = 1 + (int)take(p, (unsigned)p->count - 1);
    switch (take(p, 3)) {
    case 0: p->words[at] = value(p); break;
    case 1:
        memmove(p->words + at, p->words + at + 1, (size_t)(p->count - at - 1) * sizeof *p->words);
        p->count--;
        break;
    default: put(p, value(p)); break;
    }
}

/* What stops the node, waits for files, or changes who follows whom: other fuzzers' (fuzz_node, fuzz_follow). */
static bool is_left_out(const struct command *c)
{
    static const char *const names[] = {
        "shutdown", "replicaof", "slaveof",      "psync",   "sync",   "replconf", "debug",  "save", "bgsave",
        "config",   "failover",  "bgrewriteaof", "restore", "client", "monitor",  "backup", NULL};
    for (int i = 0; names[i]; i++)
        if (strcmp(c->name, names[i]) == 0) return true;
    return false;
}

/* False: this one is not for here. */
static bool next_command(struct program *p)
{
    const struct command_index *index = p->room.commands;
    unsigned number = take(p, 256);
    number += 256 * take(p, 2);
    const struct command *c = command_at(index, (int)(number % (unsigned)command_count(index)));
    p->count = 0;
    p->keys_to_come = 0;
    if (is_left_out(c)) return false;
    put(p, slice_text(c->name));
    if (c->subcommands) {
        unsigned subcommands = 0;
        while (c->subcommands[subcommands].name) subcommands++;
        c = &c->subcommands[take(p, subcommands)];
        put(p, slice_text(c->name));
    }
    put_arguments(p, c->arguments);
    spoil(p);
    return true;
}

/* ---- running ---- */

static void check_sound(struct node *n)
{
    const char *what;
    if (keyspace_check(n->keyspace, &what)) return;
    fprintf(stderr, "the keyspace is not sound: %s\n", what);
    abort();
}

/* Whole replies and nothing else. (What is said to those who subscribe comes beside it.) */
static void check_reply(const struct program *p)
{
    for (size_t at = 0; at < p->out.size;) {
        struct resp_parser parser;
        resp_parser_init(&parser);
        int64_t size = resp_reply_size(&parser, p->out.data + at, p->out.size - at);
        MUST(size > 0);
        at += (size_t)size;
    }
}

static void set(struct node *n, const char *name, const char *value)
{
    struct bytes error;
    bytes_init(&error, &n->memory);
    MUST(node_configure(n, slice_text(name), slice_text(value), &error));
    bytes_free(&error);
}

static void set_scene(struct program *p)
{
    struct node *n = p->room.nodes[0];
    static const char *const entries[] = {"512", "0", "2", "4"}, *const sizes[] = {"64", "0", "5"},
                             *const list[] = {"-2", "1", "3", "-1"};
    unsigned policy = take(p, 16);
    set(n, "hash-max-listpack-entries", entries[take(p, 4)]);
    set(n, "set-max-intset-entries", entries[take(p, 4)]);
    set(n, "zset-max-listpack-entries", entries[take(p, 4)]);
    set(n, "hash-max-listpack-value", sizes[take(p, 3)]);
    set(n, "zset-max-listpack-value", sizes[take(p, 3)]);
    set(n, "list-max-listpack-size", list[take(p, 4)]);
    set(n, "list-compress-depth", take(p, 2) ? "1" : "0");
    set(n, "stream-node-max-entries", take(p, 2) ? "2" : "100");
    set(n, "proto-max-bulk-len", "1mb");
    if (policy < EVICT_POLICIES) {
        char limit[32];
        set(n, "maxmemory-policy", evict_policies[policy]);
        snprintf(limit, sizeof limit, "%zu", n->memory.used + 64 * take(p, 256));
        set(n, "maxmemory", limit);
    }
}

/* Nobody lets a command go that waits: another session goes on in its place. */
static struct session *run(struct program *p, struct session *s, int protocol)
{
    struct node *n = p->room.nodes[0];
    struct resp_writer w;
    bytes_clear(&p->out);
    resp_writer_init(&w, &p->out, protocol);
    enum session_result result = session_call(s, p->count, p->words, &w.reply);
    check_sound(n);
    if (result == SESSION_DONE) check_reply(p);
    if (result == SESSION_DONE && !s->close_after_reply) return s;
    session_closed(s, NULL);
    return node_local_open(n);
}

static void run_all(struct program *p)
{
    struct session *s = node_local_open(p->room.nodes[0]);
    int protocol = 2 + (int)take(p, 2);
    for (int i = 0; i < COMMANDS_MAX && !over(p) && s; i++) {
        if (take(p, 16) == 0) room_pass(&p->room, 1 + (int64_t)take(p, 256) * 4);
        if (next_command(p)) s = run(p, s, protocol);
    }
    if (s) session_closed(s, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct program p;
    p = (struct program){.at = data, .end = data + size};
    room_open(&p.room, 2);
    struct node *a = p.room.nodes[0], *b = p.room.nodes[1];
    bytes_init(&p.out, &p.room.memory);
    MUST(topology_follow(b, "host", 1));
    room_pass(&p.room, 10);
    MUST(b->follow->state == FOLLOW_STREAMING);
    set_scene(&p);
    run_all(&p);
    room_pass(&p.room, 10);
    MUST(b->follow->state == FOLLOW_STREAMING && a->feeds.full_syncs == 1);
    MUST(log_offset(&a->log) == log_offset(&b->log));
    struct digest da = node_digest(a), db = node_digest(b);
    check_sound(b);
    MUST(da.low == db.low && da.high == db.high);
    bytes_free(&p.out);
    room_close(&p.room);
    return 0;
}
