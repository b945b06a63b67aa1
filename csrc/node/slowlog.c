/* slowlog.c: SLOWLOG GET, LEN, RESET, HELP.
 *
 * An entry keeps at most 32 arguments of at most 128 bytes each, and says how much it left out. Passwords are not kept.
 *
 * Source: https://redis.io/docs/latest/commands/slowlog-get/
 */
#include "node/slowlog.h"

#include <stdio.h>

#include "node/commands.h"
#include "node/internal.h"

enum { ARGUMENTS_MAX = 32, ARGUMENT_SIZE_MAX = 128 };

struct entry_of_slowlog {
    struct list link;
    int64_t id, time_s, took_us;
    int argc;
    size_t name_size;
    char address[64];
    size_t size;  /* of what follows */
    char words[]; /* argc times a size_t and so many bytes; then the client's name */
};

void slowlog_init(struct slowlog *s) { list_init(&s->entries); }

static struct entry_of_slowlog *entry_at(struct list *link)
{
    return list_item(link, struct entry_of_slowlog, link);
}

static void drop(struct node *n, struct entry_of_slowlog *e)
{
    list_remove(&e->link);
    n->slowlog.length--;
    memory_free(&n->memory, e, sizeof *e + e->size);
}

void slowlog_free(struct node *n) { list_each_safe(link, &n->slowlog.entries) drop(n, entry_at(link)); }

void slowlog_trim(struct node *n)
{
    while (n->slowlog.length > n->config.slowlog_max_len) drop(n, entry_at(n->slowlog.entries.prev));
}

/* ---- what is kept ---- */

bool slowlog_hides(const struct exec *x, int i)
{
    if (exec_is(x, 0, "auth")) return i > 0;
    if (exec_is(x, 0, "hello"))
        return (i > 2 && exec_is(x, i - 1, "auth")) || (i > 3 && exec_is(x, i - 2, "auth"));
    bool config = exec_is(x, 0, "config") && i > 2 && exec_is(x, 1, "set");
    return config && (exec_is(x, i - 1, "masterauth") || exec_is(x, i - 1, "masteruser") ||
                      exec_is(x, i - 1, "requirepass"));
}

static void keep_word(struct bytes *out, struct slice word, size_t left_out)
{
    size_t at = out->size, size = 0;
    bytes_append(out, &size, sizeof size);
    bytes_append_slice(out, word);
    if (left_out > 0) bytes_append_format(out, "... (%zu more bytes)", left_out);
    size = out->size - at - sizeof size;
    if (!out->failed) memcpy(out->data + at, &size, sizeof size);
}

static void keep_argument(struct bytes *out, const struct exec *x, int i)
{
    struct slice word = slowlog_hides(x, i) ? slice_text("(redacted)") : x->argv[i];
    size_t kept = word.size < ARGUMENT_SIZE_MAX ? word.size : ARGUMENT_SIZE_MAX;
    keep_word(out, slice_of(word.data, kept), word.size - kept);
}

/* The arguments, the last of them a remark when there are too many; how many there are then. */
static int keep_arguments(struct bytes *out, const struct exec *x)
{
    if (x->argc <= ARGUMENTS_MAX) {
        for (int i = 0; i < x->argc; i++) keep_argument(out, x, i);
        return x->argc;
    }
    for (int i = 0; i < ARGUMENTS_MAX - 1; i++) keep_argument(out, x, i);
    char text[64];
    int size = snprintf(text, sizeof text, "... (%d more arguments)", x->argc - (ARGUMENTS_MAX - 1));
    keep_word(out, slice_of(text, (size_t)size), 0);
    return ARGUMENTS_MAX;
}

void slowlog_add(const struct call *c, int64_t took_us)
{
    struct node *n = c->node;
    struct bytes *words = &n->scratch;
    int64_t id = n->slowlog.next_id++;
    if (n->config.slowlog_max_len == 0) return;
    bytes_clear(words);
    int argc = keep_arguments(words, &c->exec);
    bytes_append_slice(words, bytes_slice(&c->session->name));
    struct entry_of_slowlog *e = words->failed ? NULL : memory_alloc(&n->memory, sizeof *e + words->size);
    if (!e) return;
    *e = (struct entry_of_slowlog){.id = id,
                                   .time_s = n->now.wall_us / 1000000,
                                   .took_us = took_us,
                                   .argc = argc,
                                   .name_size = c->session->name.size,
                                   .size = words->size};
    text_copy(e->address, sizeof e->address, c->session->address);
    memcpy(e->words, words->data, words->size);
    list_push(n->slowlog.entries.next, &e->link); /* behind the head: ahead of what was first */
    n->slowlog.length++;
    slowlog_trim(n);
}

/* ---- the commands ---- */

static void reply_entry(struct reply *r, const struct entry_of_slowlog *e)
{
    const char *at = e->words;
    reply_array(r, 6);
    reply_integer(r, e->id);
    reply_integer(r, e->time_s);
    reply_integer(r, e->took_us);
    reply_array(r, e->argc);
    for (int i = 0; i < e->argc; i++) {
        size_t size;
        memcpy(&size, at, sizeof size);
        reply_bulk(r, slice_of(at + sizeof size, size));
        at += sizeof size + size;
    }
    reply_bulk_text(r, e->address);
    reply_bulk(r, slice_of(at, e->name_size));
}

void run_slowlog_get(struct exec *x)
{
    static const char bad_count[] = "ERR count should be greater than or equal to -1";
    struct slowlog *s = &call_of(x)->node->slowlog;
    int64_t count = 10;
    if (x->argc > 3) {
        exec_usage_error(x, "SLOWLOG");
        return;
    }
    if (x->argc == 3 && !exec_int_or(x, 2, &count, bad_count)) return;
    if (count < -1) {
        reply_error(x->reply, bad_count);
        return;
    }
    if (count == -1 || count > s->length) count = s->length;
    reply_array(x->reply, count);
    list_each(link, &s->entries)
    {
        if (count-- == 0) break;
        reply_entry(x->reply, entry_at(link));
    }
}

void run_slowlog_len(struct exec *x) { reply_integer(x->reply, call_of(x)->node->slowlog.length); }

void run_slowlog_reset(struct exec *x)
{
    slowlog_free(call_of(x)->node);
    reply_ok(x->reply);
}

void run_slowlog_help(struct exec *x)
{
    static const char *const lines[] = {
        "GET [<count>]",
        "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
        "    Entries are made of:",
        "    id, timestamp, time in microseconds, arguments array, client IP and port,",
        "    client name",
        "LEN",
        "    Return the length of the slowlog.",
        "RESET",
        "    Reset the slowlog.",
        NULL,
    };
    exec_help(x, "SLOWLOG", lines);
}
