/* introspect.c: COMMAND and its subcommands: which command is asked for, and what about it. The shapes of the
 * answers are in introspect_info.c.
 */
#include "command/introspect.h"

#include "base/glob.h"
#include "command/docs.h"

/* ---- names ---- */

enum { FULL_NAME_MAX = 128 };

static struct slice full_name(const struct command *container, const struct command *c,
                              char out[FULL_NAME_MAX])
{
    size_t size = 0;
    if (!container) return slice_text(c->name);
    for (const char *p = container->name; *p && size < FULL_NAME_MAX / 2; p++) out[size++] = *p;
    out[size++] = '|';
    for (const char *p = c->name; *p && size < FULL_NAME_MAX; p++) out[size++] = *p;
    return slice_of(out, size);
}

void command_reply_name(struct reply *r, const struct command *container, const struct command *c)
{
    char name[FULL_NAME_MAX];
    reply_bulk(r, full_name(container, c, name));
}

const struct command *command_by_full_name(const struct command_index *index, struct slice name,
                                           const struct command **container)
{
    *container = NULL;
    const char *bar = name.size ? memchr(name.data, '|', name.size) : NULL;
    if (!bar) return command_find(index, name);
    size_t front = (size_t)(bar - name.data);
    *container = command_find(index, slice_of(name.data, front));
    return *container ? command_subcommand(*container, slice_of(bar + 1, name.size - front - 1)) : NULL;
}

/* ---- COMMAND INFO and COMMAND DOCS ---- */

static void run_info(struct exec *x, const struct command_index *index)
{
    const struct command *container;
    if (x->argc <= 2) {
        reply_array(x->reply, command_count(index));
        for (int i = 0; i < command_count(index); i++)
            command_reply_info(x->reply, NULL, command_at(index, i));
        return;
    }
    reply_array(x->reply, x->argc - 2);
    for (int i = 2; i < x->argc; i++) {
        const struct command *c = command_by_full_name(index, x->argv[i], &container);
        if (c)
            command_reply_info(x->reply, container, c);
        else
            reply_null(x->reply);
    }
}

static void reply_named_docs(struct reply *r, const struct command *container, const struct command *c)
{
    command_reply_name(r, container, c);
    command_reply_docs(r, c);
}

static void run_docs(struct exec *x, const struct command_index *index)
{
    const struct command *container;
    if (x->argc == 2) {
        reply_map(x->reply, command_count(index));
        for (int i = 0; i < command_count(index); i++) reply_named_docs(x->reply, NULL, command_at(index, i));
        return;
    }
    int found = 0;
    for (int i = 2; i < x->argc; i++)
        if (command_by_full_name(index, x->argv[i], &container)) found++;
    reply_map(x->reply, found);
    for (int i = 2; i < x->argc; i++) {
        const struct command *c = command_by_full_name(index, x->argv[i], &container);
        if (c) reply_named_docs(x->reply, container, c);
    }
}

/* ---- COMMAND LIST ---- */

struct filter {
    bool all;
    unsigned acl;         /* of these categories */
    struct slice pattern; /* data not NULL: whose name matches */
};

static bool passes(const struct filter *f, const struct command *container, const struct command *c)
{
    char name[FULL_NAME_MAX];
    if (f->pattern.data) return glob_match(f->pattern, full_name(container, c, name), true);
    return f->all || f->acl & command_acl_categories(c);
}

/* Counts the names that pass, subcommands included, and replies them too if asked. */
static int64_t list(struct exec *x, const struct command_index *index, const struct filter *f, bool reply)
{
    int64_t count = 0;
    for (int i = 0; i < command_count(index); i++) {
        const struct command *c = command_at(index, i);
        if (passes(f, NULL, c)) {
            count++;
            if (reply) command_reply_name(x->reply, NULL, c);
        }
        for (const struct command *sub = c->subcommands; sub && sub->name; sub++) {
            if (!passes(f, c, sub)) continue;
            count++;
            if (reply) command_reply_name(x->reply, c, sub);
        }
    }
    return count;
}

static void run_list(struct exec *x, const struct command_index *index)
{
    struct filter f = {.all = x->argc == 2};
    if (!f.all && (x->argc != 5 || !exec_is(x, 2, "FILTERBY"))) {
        exec_syntax_error(x);
        return;
    }
    if (!f.all) {
        if (exec_is(x, 3, "ACLCAT")) {
            f.acl = command_acl_category(x->argv[4]);
        } else if (exec_is(x, 3, "PATTERN")) {
            f.pattern = x->argv[4];
        } else if (!exec_is(x, 3, "MODULE")) { /* there are no modules, so none passes */
            exec_syntax_error(x);
            return;
        }
    }
    reply_array(x->reply, list(x, index, &f, false));
    list(x, index, &f, true);
}

/* ---- COMMAND GETKEYS and GETKEYSANDFLAGS ---- */

/* The command a call names, or NULL after an error. Less strict than command_resolve: only keys are asked
 * for. */
static const struct command *find_call(struct exec *x, const struct command_index *index,
                                       const struct slice *argv, int argc, int *skipped)
{
    const struct command *c = command_meant(index, argv, argc, skipped);
    if (!c)
        reply_error(x->reply, "ERR Invalid command specified");
    else if (c->keys.first == 0 && !c->find_keys && !c->key_specs)
        reply_error(x->reply, "ERR The command has no key arguments");
    else if (!command_arity_fits(c, argc - *skipped))
        reply_error(x->reply, "ERR Invalid number of arguments specified for command");
    else
        return c;
    return NULL;
}

static void reply_flags(struct reply *r, const char *words)
{
    const char *p = words;
    int64_t count = 1;
    for (; *p; p++) count += *p == ' ';
    reply_set(r, count);
    while (*words) {
        size_t size = strcspn(words, " ");
        r->ops->status(r, slice_of(words, size));
        words += size;
        if (*words) words++;
    }
}

static void run_getkeys(struct exec *x, const struct command_index *index, bool with_flags)
{
    const struct slice *argv = x->argv + 2;
    int argc = x->argc - 2, skipped;
    const struct command *c = find_call(x, index, argv, argc, &skipped);
    if (!c) return;
    argv += skipped;
    argc -= skipped;
    size_t room = (size_t)argc * (sizeof(const char *) + sizeof(int));
    const char **flags = memory_alloc(x->memory, room);
    if (!flags) {
        exec_no_memory(x);
        return;
    }
    int *keys = (int *)(void *)(flags + argc);
    int count = command_keys_and_flags(c, argv, argc, keys, flags);
    if (count < 0 || (count == 0 && !(c->flags & COMMAND_NO_MANDATORY_KEYS))) {
        reply_error(x->reply, "ERR Invalid arguments specified for command");
    } else {
        reply_array(x->reply, count);
        for (int i = 0; i < count; i++) {
            if (with_flags) reply_array(x->reply, 2);
            reply_bulk(x->reply, argv[keys[i]]);
            if (with_flags) reply_flags(x->reply, flags[i] ? flags[i] : "RW");
        }
    }
    memory_free(x->memory, flags, room);
}

/* ---- COMMAND ---- */

static void run_help(struct exec *x)
{
    static const char *const lines[] = {
        "(no subcommand)",
        "    Return details about all Redis commands.",
        "COUNT",
        "    Return the total number of commands in this Redis server.",
        "LIST",
        "    Return a list of all commands in this Redis server.",
        "INFO [<command-name> ...]",
        "    Return details about multiple Redis commands.",
        "    If no command names are given, documentation details for all",
        "    commands are returned.",
        "DOCS [<command-name> ...]",
        "    Return documentation details about multiple Redis commands.",
        "    If no command names are given, documentation details for all",
        "    commands are returned.",
        "GETKEYS <full-command>",
        "    Return the keys from a full Redis command.",
        "GETKEYSANDFLAGS <full-command>",
        "    Return the keys and the access flags from a full Redis command.",
        NULL,
    };
    exec_help(x, "COMMAND", lines);
}

void command_introspect(struct exec *x, const struct command_index *index)
{
    if (x->argc == 1 || exec_is(x, 1, "INFO"))
        run_info(x, index);
    else if (exec_is(x, 1, "DOCS"))
        run_docs(x, index);
    else if (exec_is(x, 1, "COUNT"))
        reply_integer(x->reply, command_count(index));
    else if (exec_is(x, 1, "LIST"))
        run_list(x, index);
    else if (exec_is(x, 1, "GETKEYS"))
        run_getkeys(x, index, false);
    else if (exec_is(x, 1, "GETKEYSANDFLAGS"))
        run_getkeys(x, index, true);
    else if (exec_is(x, 1, "HELP"))
        run_help(x);
    else
        exec_syntax_error(x);
}

void run_command(struct exec *x)
{
    if (x->index)
        command_introspect(x, x->index);
    else
        reply_error(x->reply, "ERR The table of commands is not available here");
}
