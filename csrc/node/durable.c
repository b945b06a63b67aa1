/* durable.c: DURABLE and ASYNC: what a session, or one request, wants to be waited for. See durable.h.
 *
 * Leaves out: the waiting (gate.c) and what is told of it (receipt.c).
 */
#include "node/durable.h"

#include <stdio.h>

#include "base/number.h"
#include "node/commands.h"
#include "node/internal.h"

/* ---- words ---------------------------------------------------------------------------------------------------- */

/* What was said, before it is made a wish. */
struct words {
    struct wish wish;
    struct durability want;
    bool waits; /* a word about waiting was said, which only goes with a rule */
    char error[SYNC_ERROR_MAX + 16];
};

static bool wrong(struct words *w, const char *what)
{
    snprintf(w->error, sizeof w->error, "ERR %s", what);
    return false;
}

static bool is_option(struct slice word)
{
    static const char *const options[] = {"level", "timeout", "on-timeout", "receipt", "reads", "do"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (slice_is_word(word, options[i])) return true;
    return false;
}

/* The words of the rule, which may have come as one or as several. Returns how many they were, 0: they are wrong. */
static int read_rule(struct words *w, int argc, const struct slice *argv)
{
    char text[2 * SYNC_TEXT_MAX], why[SYNC_ERROR_MAX];
    size_t size = 0;
    int count = 0;
    for (; count < argc && !is_option(argv[count]); count++) {
        if (argv[count].size >= sizeof text - size - 1) {
            wrong(w, "the rule is too long");
            return 0;
        }
        if (argv[count].size > 0) memcpy(text + size, argv[count].data, argv[count].size);
        size += argv[count].size;
        text[size++] = ' ';
    }
    w->wish.mode = DURABLE_RULE;
    if (count == 1 && slice_is_word(argv[0], "async")) w->wish.mode = DURABLE_ASYNC;
    if (count == 1 && slice_is_word(argv[0], "default")) w->wish.mode = DURABLE_DEFAULT;
    if (w->wish.mode != DURABLE_RULE) return count;
    if (!sync_parse(&w->want.rule, slice_of(text, size), why))
        wrong(w, why);
    else if (w->want.rule.kind == SYNC_NONE)
        wrong(w, "a rule, as in ANY 1 (b, c), ASYNC or DEFAULT expected");
    else
        return count;
    return 0;
}

static bool read_switch(struct words *w, struct slice value, const char *on, const char *off, bool *field,
                        const char *why)
{
    *field = slice_is_word(value, on);
    return *field || slice_is_word(value, off) || wrong(w, why);
}

static bool read_option(struct words *w, struct slice name, struct slice value)
{
    if (slice_is_word(name, "receipt"))
        return read_switch(w, value, "yes", "no", &w->wish.receipt, "RECEIPT must be yes or no");
    if (slice_is_word(name, "reads"))
        return read_switch(w, value, "committed", "local", &w->wish.committed,
                           "READS must be local or committed");
    w->waits = true;
    if (slice_is_word(name, "level"))
        return sync_level_named(value, &w->want.rule.level) ||
               wrong(w, "LEVEL must be received, applied or fsynced");
    if (slice_is_word(name, "on-timeout"))
        return read_switch(w, value, "degrade", "error", &w->want.degrade,
                           "ON-TIMEOUT must be error or degrade");
    if (!slice_is_word(name, "timeout")) return wrong(w, "syntax error");
    if (!number_parse_int(value, &w->want.timeout_ms) || w->want.timeout_ms < 0 ||
        w->want.timeout_ms > INT32_MAX)
        return wrong(w, "TIMEOUT must be a number of milliseconds, 0 for none");
    return true;
}

/* Reads all words after DURABLE, or up to DO. */
static bool read_words(struct node *n, int argc, const struct slice *argv, struct words *w)
{
    memset(w, 0, sizeof *w);
    w->want = n->gates.own.want;
    int at = read_rule(w, argc, argv);
    if (at == 0) return w->error[0] != '\0' ? false : wrong(w, "syntax error");
    for (; at < argc; at += 2) {
        if (at + 1 == argc) return wrong(w, "syntax error");
        if (!read_option(w, argv[at], argv[at + 1])) return false;
    }
    if (w->waits && w->wish.mode != DURABLE_RULE)
        return wrong(w, "LEVEL and time-outs go with a rule of their own");
    if (w->wish.committed && w->wish.mode == DURABLE_ASYNC)
        return wrong(w, "committed reads wait, and ASYNC does not");
    return true;
}

/* Makes the wish. False: it has replied why not. */
static bool take_wish(struct node *n, int argc, const struct slice *argv, struct wish *wish,
                      struct reply *reply)
{
    struct words w;
    if (!read_words(n, argc, argv, &w)) {
        reply_error(reply, w.error);
        return false;
    }
    *wish = w.wish;
    if (wish->mode != DURABLE_RULE) return true;
    wish->group = gate_group_take(n, &w.want);
    if (wish->group) return true;
    reply_error(reply, n->gates.group_count >= GATE_GROUPS_MAX
                           ? "ERR too many different durabilities are waited for at the same time"
                           : "OOM out of memory");
    return false;
}

/* ---- prefixes ------------------------------------------------------------------------------------------------- */

int durable_prefix_async(const struct slice *argv, int argc)
{
    (void)argv;
    return argc > 1 ? 1 : 0;
}

int durable_prefix(const struct slice *argv, int argc)
{
    for (int i = 2; i + 1 < argc; i++)
        if (slice_is_word(argv[i], "do")) return i + 1;
    return 0;
}

/* What can stand behind a prefix. */
static bool takes_prefix(const struct command *c)
{
    return c->run == run_exec ||
           (!c->prefix && c->flags & (COMMAND_READONLY | COMMAND_WRITE | COMMAND_MAY_REPLICATE));
}

void durable_unwrap(struct session *s, struct request *r)
{
    struct node *n = s->node;
    const struct command *outer = r->command;
    int skip = outer->prefix(r->argv, r->argc);
    if (skip == 0) return;
    struct wish wish = {.mode = DURABLE_ASYNC};
    r->command = NULL;
    if (outer->run == run_durable && !take_wish(n, skip - 2, r->argv + 1, &wish, s->reply)) return;
    r->wish = wish;
    r->prefixed = true;
    r->argv += skip;
    r->argc -= skip;
    r->raw = slice_of(NULL, 0);
    const struct command *inner = command_resolve(n->commands, r->argv, r->argc, s->reply);
    if (inner && !takes_prefix(inner))
        reply_error_format(s->reply, "ERR '%s' neither reads nor writes: it has nothing to wait for",
                           inner->name);
    else
        r->command = inner;
}

void durable_done(struct request *r)
{
    if (r->prefixed && r->wish.group) gate_group_leave(r->wish.group);
    r->prefixed = false;
}

struct gate_group *durable_group(struct node *n, const struct wish *wish)
{
    if (wish->mode == DURABLE_RULE) return wish->group;
    return wish->mode == DURABLE_DEFAULT && n->gates.wanted ? &n->gates.own : NULL;
}

const char *durable_refuses(struct node *n, const struct request *r, bool queued)
{
    if (queued && r->prefixed && (r->wish.mode != DURABLE_ASYNC || r->wish.receipt))
        return "ERR in a transaction DURABLE stands before EXEC";
    if (!r->wish.committed || !takes_prefix(r->command)) return NULL;
    if (n->follow) return "ERR committed reads are answered by the primary";
    if (!durable_group(n, &r->wish)) return "ERR committed reads need sync replicas";
    return NULL;
}

int64_t durable_data_offset(const struct node *n)
{
    int64_t end = log_offset(&n->log);
    return end == n->noise_end ? n->noise_start : end;
}

/* ---- the session's own ---------------------------------------------------------------------------------------- */

void durable_reset(struct session *s)
{
    if (s->wish.group) gate_group_leave(s->wish.group);
    s->wish = (struct wish){.mode = DURABLE_DEFAULT};
}

void run_durable(struct exec *x)
{
    struct call *c = call_of(x);
    struct wish wish;
    if (!take_wish(c->node, x->argc - 1, x->argv + 1, &wish, x->reply)) return;
    durable_reset(c->session);
    c->session->wish = wish;
    reply_ok(x->reply);
}

/* Without a command behind it. */
void run_async(struct exec *x) { exec_syntax_error(x); }
