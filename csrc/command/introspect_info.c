/* introspect_info.c: what COMMAND INFO and COMMAND DOCS answer about one command.
 *
 * Flags and categories are sets of simple strings, as Redis sends them; names are bulks.
 */
#include "command/docs.h"
#include "command/introspect.h"

/* ---- small parts ---- */

/* A set of the names of the bits. */
static void reply_names(struct reply *r, unsigned bits, const char *(*name)(int position), const char *prefix)
{
    char text[64];
    int64_t count = 0;
    size_t front = strlen(prefix);
    for (int i = 0; name(i); i++) count += bits >> i & 1;
    reply_set(r, count);
    for (int i = 0; name(i); i++) {
        if (!(bits >> i & 1)) continue;
        struct slice word = slice_text(name(i));
        memcpy(text, prefix, front);
        memcpy(text + front, word.data, word.size);
        r->ops->status(r, slice_of(text, front + word.size));
    }
}

static int64_t word_count(const char *words)
{
    int64_t count = words && *words;
    for (; words && *words; words++) count += *words == ' ';
    return count;
}

static void reply_words(struct reply *r, const char *words, bool as_status)
{
    while (words && *words) {
        struct slice word = {words, strcspn(words, " ")};
        if (as_status)
            r->ops->status(r, word);
        else
            reply_bulk(r, word);
        words += word.size;
        if (*words) words++;
    }
}

static void reply_pair(struct reply *r, const char *name, int64_t value)
{
    reply_bulk_text(r, name);
    reply_integer(r, value);
}

static void reply_text_pair(struct reply *r, const char *name, const char *text)
{
    if (!text) return;
    reply_bulk_text(r, name);
    reply_bulk_text(r, text);
}

/* ---- key specs ---- */

static void reply_begin_search(struct reply *r, const struct command_key_spec *spec)
{
    reply_bulk_text(r, "begin_search");
    reply_map(r, 2);
    reply_text_pair(r, "type", spec->unknown ? "unknown" : spec->keyword ? "keyword" : "index");
    reply_bulk_text(r, "spec");
    if (spec->unknown) {
        reply_map(r, 0);
    } else if (spec->keyword) {
        reply_map(r, 2);
        reply_text_pair(r, "keyword", spec->keyword);
        reply_pair(r, "startfrom", spec->from);
    } else {
        reply_map(r, 1);
        reply_pair(r, "index", spec->index);
    }
}

static void reply_find_keys(struct reply *r, const struct command_key_spec *spec)
{
    reply_bulk_text(r, "find_keys");
    reply_map(r, 2);
    reply_text_pair(r, "type", spec->unknown ? "unknown" : spec->counted ? "keynum" : "range");
    reply_bulk_text(r, "spec");
    if (spec->unknown) {
        reply_map(r, 0);
    } else {
        reply_map(r, 3);
        reply_pair(r, spec->counted ? "keynumidx" : "lastkey", spec->counted ? spec->count : spec->last);
        reply_pair(r, spec->counted ? "firstkey" : "keystep", spec->counted ? spec->first : spec->step);
        reply_pair(r, spec->counted ? "keystep" : "limit", spec->counted ? spec->step : spec->limit);
    }
}

static void reply_key_spec(struct reply *r, const struct command_key_spec *spec)
{
    reply_map(r, spec->notes ? 4 : 3);
    reply_text_pair(r, "notes", spec->notes);
    reply_bulk_text(r, "flags");
    reply_set(r, word_count(spec->flags));
    reply_words(r, spec->flags, true);
    reply_begin_search(r, spec);
    reply_find_keys(r, spec);
}

static void reply_key_specs(struct reply *r, const struct command *c)
{
    if (c->key_specs) {
        int64_t count = 0;
        while (c->key_specs[count].flags) count++;
        reply_set(r, count);
        for (int64_t i = 0; i < count; i++) reply_key_spec(r, &c->key_specs[i]);
        return;
    }
    reply_set(r, c->key_flags ? 1 : 0);
    if (!c->key_flags) return;
    const struct command_keys *k = &c->keys;
    struct command_key_spec spec = {.flags = c->key_flags,
                                    .index = k->first,
                                    .last = k->last < 0 ? k->last : k->last - k->first,
                                    .step = k->step};
    reply_key_spec(r, &spec);
}

/* ---- COMMAND INFO ---- */

static int64_t subcommand_count(const struct command *c)
{
    int64_t count = 0;
    while (c->subcommands && c->subcommands[count].name) count++;
    return count;
}

void command_reply_info(struct reply *r, const struct command *container, const struct command *c)
{
    reply_array(r, 10);
    command_reply_name(r, container, c);
    reply_integer(r, c->arity);
    reply_names(r, c->flags & ~(unsigned)COMMAND_MAY_REPLICATE, command_flag_name,
                ""); /* as Redis hides it */
    reply_integer(r, c->keys.first);
    reply_integer(r, c->keys.last);
    reply_integer(r, c->keys.step);
    reply_names(r, command_acl_categories(c), command_acl_name, "@");
    reply_set(r, word_count(c->tips));
    reply_words(r, c->tips, false);
    reply_key_specs(r, c);
    /* Redis answers with an array of subcommands, but with an empty set when there are none */
    if (c->subcommands)
        reply_array(r, subcommand_count(c));
    else
        reply_set(r, 0);
    for (const struct command *sub = c->subcommands; sub && sub->name; sub++) command_reply_info(r, c, sub);
}

/* ---- COMMAND DOCS ---- */

static void reply_arguments(struct reply *r, const struct command_argument *arguments);

static void reply_argument(struct reply *r, const struct command_argument *a)
{
    bool of_spec = a->type == ARGUMENT_KEY || a->key_spec > 0;
    int64_t pairs =
        2 + of_spec + !!a->token + !!a->since + !!a->deprecated_since + !!a->flags + !!a->arguments;
    reply_map(r, pairs);
    reply_text_pair(r, "name", a->name);
    reply_text_pair(r, "type", argument_type_name(a->type));
    if (of_spec) reply_pair(r, "key_spec_index", a->key_spec);
    reply_text_pair(r, "token", a->token);
    reply_text_pair(r, "since", a->since);
    reply_text_pair(r, "deprecated_since", a->deprecated_since);
    if (a->flags) {
        reply_bulk_text(r, "flags");
        reply_names(r, a->flags, argument_flag_name, "");
    }
    if (a->arguments) {
        reply_bulk_text(r, "arguments");
        reply_arguments(r, a->arguments);
    }
}

static void reply_arguments(struct reply *r, const struct command_argument *arguments)
{
    int64_t count = 0;
    while (arguments[count].name) count++;
    reply_array(r, count);
    for (int64_t i = 0; i < count; i++) reply_argument(r, &arguments[i]);
}

static void reply_history(struct reply *r, const char *const *history)
{
    int64_t count = 0;
    while (history[count]) count++;
    reply_bulk_text(r, "history");
    reply_set(r, count / 2);
    for (const char *const *entry = history; entry[0] && entry[1]; entry += 2) {
        reply_array(r, 2);
        reply_bulk_text(r, entry[0]);
        reply_bulk_text(r, entry[1]);
    }
}

static void reply_doc_flags(struct reply *r, const struct command *c)
{
    if (!c->deprecated_since && !c->system) return;
    reply_bulk_text(r, "doc_flags");
    reply_set(r, !!c->deprecated_since + c->system);
    if (c->deprecated_since) reply_status(r, "deprecated");
    if (c->system) reply_status(r, "syscmd");
    reply_text_pair(r, "deprecated_since", c->deprecated_since);
    reply_text_pair(r, "replaced_by", c->replaced_by);
}

void command_reply_docs(struct reply *r, const struct command *c)
{
    int64_t pairs = !!c->summary + !!c->since + !!c->group + !!c->complexity + !!c->history + !!c->arguments +
                    !!c->subcommands;
    pairs += (c->deprecated_since || c->system) + !!c->deprecated_since + !!c->replaced_by;
    reply_map(r, pairs);
    reply_text_pair(r, "summary", c->summary);
    reply_text_pair(r, "since", c->since);
    reply_text_pair(r, "group", c->group);
    reply_text_pair(r, "complexity", c->complexity);
    reply_doc_flags(r, c);
    if (c->history) reply_history(r, c->history);
    if (c->arguments) {
        reply_bulk_text(r, "arguments");
        reply_arguments(r, c->arguments);
    }
    if (!c->subcommands) return;
    reply_bulk_text(r, "subcommands");
    reply_map(r, subcommand_count(c));
    for (const struct command *sub = c->subcommands; sub->name; sub++) {
        command_reply_name(r, c, sub);
        command_reply_docs(r, sub);
    }
}
