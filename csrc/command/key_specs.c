/* key_specs.c: which arguments of a call are keys, from the key specs of its row.
 *
 * A row with one plain range has it in `keys`; the others list their specs (command/docs.h), each of which
 * says where to begin and which arguments from there on are keys.
 */
#include "command/docs.h"

struct range {
    int first, last, step;
};

/* Where a keyword stands from `from` on (from the end backwards when negative); -1: nowhere. */
static int find_keyword(const struct command_key_spec *spec, const struct slice *argv, int argc)
{
    int step = spec->from < 0 ? -1 : 1;
    for (int i = spec->from < 0 ? argc + spec->from : spec->from; i > 0 && i < argc; i += step)
        if (slice_is_word(argv[i], spec->keyword)) return i;
    return -1;
}

/* The number a text begins with, as atoi has it: blanks and a sign before it, anything behind it; 0: none. */
static int leading_number(struct slice text)
{
    const char *at = text.data, *end = text.data + text.size;
    while (at < end && (*at == ' ' || (*at >= '\t' && *at <= '\r'))) at++;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) at++;
    int64_t number = 0;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        number = number > (INT64_MAX - 9) / 10 ? INT64_MAX / 10 : number * 10 + (*at - '0');
    return (int)(int32_t)(uint32_t)(negative ? -number : number);
}

/* The range a spec stands for in a call. 1: there is one; 0: none; -1: the arguments make no sense. */
static int resolve(const struct command_key_spec *spec, const struct slice *argv, int argc, struct range *r)
{
    if (spec->unknown) return 0;
    int begin = spec->index;
    if (spec->keyword) {
        begin = find_keyword(spec, argv, argc) + 1;
        if (begin == 0) return 0;
    }
    r->step = spec->step;
    if (spec->counted) {
        int count = begin + spec->count < argc ? leading_number(argv[begin + spec->count]) : 0;
        if (count < 1 || count > argc) return -1;
        r->first = begin + spec->first;
        r->last = r->first + (count - 1) * spec->step;
    } else {
        r->first = begin;
        if (spec->last >= 0)
            r->last = begin + spec->last;
        else
            r->last = spec->limit ? begin + (argc - begin) / spec->limit + spec->last : argc + spec->last;
    }
    return r->last >= argc || r->last < r->first ? -1 : 1;
}

static int add_range(const struct range *r, const char *range_flags, int argc, int count, int *keys,
                     const char **flags)
{
    for (int i = r->first; i <= r->last && count < argc; i += r->step) {
        if (flags) flags[count] = range_flags;
        keys[count++] = i;
    }
    return count;
}

static int keys_by_specs(const struct command *c, const struct slice *argv, int argc, int *keys,
                         const char **flags)
{
    int count = 0;
    struct range r;
    if (!c->key_specs) {
        if (c->keys.first == 0) return 0;
        r = (struct range){c->keys.first, c->keys.last < 0 ? argc + c->keys.last : c->keys.last,
                           c->keys.step};
        if (r.last >= argc || r.last < r.first) return -1;
        return add_range(&r, c->key_flags, argc, 0, keys, flags);
    }
    for (const struct command_key_spec *spec = c->key_specs; spec->flags; spec++) {
        int found = resolve(spec, argv, argc, &r);
        if (found < 0) return -1;
        if (found > 0) count = add_range(&r, spec->flags, argc, count, keys, flags);
    }
    return count;
}

int command_keys_and_flags(const struct command *c, const struct slice *argv, int argc, int *keys,
                           const char **flags)
{
    int count =
        c->find_keys ? c->find_keys(argv, argc, keys, flags) : keys_by_specs(c, argv, argc, keys, flags);
    if (!flags || !c->find_key_flags) return count;
    const char *same = c->find_key_flags(argv, argc);
    for (int i = 0; i < count; i++) flags[i] = same;
    return count;
}
