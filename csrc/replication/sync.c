/* sync.c: reading and writing rules, and finding out how far they are fulfilled.
 *
 * SPDX-License-Identifier: MIT */
#include "replication/sync.h"

#include <stdio.h>

#include "base/number.h"

/* ---- reading -------------------------------------------------------------------------------------------------- */

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_QUOTED, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_COMMA, TOKEN_BAD };

struct reading {
    struct sync_rule *rule;
    const char *at, *end;
    enum token_kind kind;
    struct slice text; /* of a name; of a quoted one, what stands between its quotes */
    size_t used;       /* of rule->names */
    char *error;
};

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static bool ends_name(char c) { return is_blank(c) || c == ',' || c == '(' || c == ')' || c == '"'; }

static void read_quoted(struct reading *r)
{
    const char *start = ++r->at;
    for (;; r->at++) {
        if (r->at == r->end) {
            r->kind = TOKEN_BAD;
            return;
        }
        if (*r->at != '"') continue;
        if (r->at + 1 == r->end || r->at[1] != '"') break;
        r->at++;
    }
    r->kind = TOKEN_QUOTED;
    r->text = slice_of(start, (size_t)(r->at - start));
    r->at++;
}

static void next(struct reading *r)
{
    while (r->at < r->end && is_blank(*r->at)) r->at++;
    if (r->at == r->end) {
        r->kind = TOKEN_END;
        return;
    }
    switch (*r->at) {
    case '(': r->kind = TOKEN_OPEN; break;
    case ')': r->kind = TOKEN_CLOSE; break;
    case ',': r->kind = TOKEN_COMMA; break;
    case '"': read_quoted(r); return;
    default: {
        const char *start = r->at;
        while (r->at < r->end && !ends_name(*r->at)) r->at++;
        r->kind = TOKEN_NAME;
        r->text = slice_of(start, (size_t)(r->at - start));
        return;
    }
    }
    r->at++;
}

static bool wrong(struct reading *r, const char *what)
{
    snprintf(r->error, SYNC_ERROR_MAX, "%s", what);
    return false;
}

static struct slice name_at(const struct sync_rule *rule, int index)
{
    size_t start = 0;
    for (int i = 0; i < index; i++) start += rule->sizes[i];
    return slice_of(rule->names + start, rule->sizes[index]);
}

static int find_name(const struct sync_rule *rule, struct slice name)
{
    size_t start = 0;
    for (int i = 0; i < rule->count; i++) {
        if (slice_equal(name, slice_of(rule->names + start, rule->sizes[i]))) return i;
        start += rule->sizes[i];
    }
    return -1;
}

/* Takes the present token as a name. */
static bool add_name(struct reading *r)
{
    struct sync_rule *rule = r->rule;
    bool quoted = r->kind == TOKEN_QUOTED;
    if (r->kind == TOKEN_BAD) return wrong(r, "a quoted name has no end");
    if ((r->kind != TOKEN_NAME && !quoted) || r->text.size == 0) return wrong(r, "a replica's name expected");
    if (!quoted && slice_is_word(r->text, "*"))
        return wrong(r, "'*' is no name: replicas are declared, not whoever is connected");
    if (rule->count == SYNC_NAMES_MAX) return wrong(r, "too many names");
    size_t size = 0;
    char *place = rule->names + r->used, *limit = rule->names + sizeof rule->names;
    for (size_t i = 0; i < r->text.size; i++) {
        char c = r->text.data[i];
        if (c < ' ' && c >= 0) return wrong(r, "a name has a control character");
        if (place + size == limit || size == UINT8_MAX) return wrong(r, "the names are too long");
        place[size++] = c;
        if (c == '"') i++; /* twice */
    }
    if (find_name(rule, slice_of(place, size)) >= 0) {
        snprintf(r->error, SYNC_ERROR_MAX, "'%.*s' is named twice", (int)(size < 64 ? size : 64), place);
        return false;
    }
    rule->sizes[rule->count++] = (unsigned char)size;
    r->used += size;
    next(r);
    return true;
}

/* name {, name} */
static bool read_names(struct reading *r)
{
    for (;;) {
        if (!add_name(r)) return false;
        if (r->kind != TOKEN_COMMA) return true;
        next(r);
    }
}

/* The number and its list, the number being the present token. */
static bool read_counted(struct reading *r)
{
    int64_t needed;
    if (r->kind != TOKEN_NAME || !number_parse_int(r->text, &needed))
        return wrong(r, "a number of replicas expected, as in ANY 1 (b, c)");
    if (needed < 1) return wrong(r, "the number of replicas must be at least 1");
    next(r);
    if (r->kind != TOKEN_OPEN) return wrong(r, "'(' and names expected after the number of replicas");
    next(r);
    if (!read_names(r)) return false;
    if (r->kind != TOKEN_CLOSE) return wrong(r, "',' or ')' expected after a name");
    next(r);
    if (needed > r->rule->count) {
        snprintf(r->error, SYNC_ERROR_MAX, "%lld replicas are needed, but only %d named", (long long)needed,
                 r->rule->count);
        return false;
    }
    r->rule->needed = (int)needed;
    return true;
}

/* Whether the text begins with a number and a list: the short form of FIRST. */
static bool begins_counted(const struct reading *r)
{
    int64_t number;
    if (r->kind != TOKEN_NAME || !number_parse_int(r->text, &number)) return false;
    struct reading ahead = *r;
    next(&ahead);
    return ahead.kind == TOKEN_OPEN;
}

static bool read_rule(struct reading *r)
{
    struct sync_rule *rule = r->rule;
    next(r);
    if (r->kind == TOKEN_END) return true;
    bool any = r->kind == TOKEN_NAME && slice_is_word(r->text, "any");
    bool first = r->kind == TOKEN_NAME && slice_is_word(r->text, "first");
    rule->kind = any ? SYNC_ANY : SYNC_FIRST;
    if (any || first) next(r);
    if (any || first || begins_counted(r)) {
        if (!read_counted(r)) return false;
    } else {
        rule->needed = 1;
        if (!read_names(r)) return false;
    }
    return r->kind == TOKEN_END || wrong(r, "there is something behind the end of the rule");
}

bool sync_parse(struct sync_rule *rule, struct slice text, char error[SYNC_ERROR_MAX])
{
    struct sync_rule read = {.level = rule->level};
    struct reading r = {.rule = &read, .at = text.data, .end = text.data + text.size, .error = error};
    if (!read_rule(&r)) return false;
    *rule = read;
    return true;
}

/* ---- writing -------------------------------------------------------------------------------------------------- */

struct writing {
    char *at, *end; /* the last byte is the NUL's */
};

static void put(struct writing *w, char c)
{
    if (w->at < w->end) *w->at++ = c;
}

static void put_text(struct writing *w, const char *text)
{
    while (*text) put(w, *text++);
}

static void put_name(struct writing *w, struct slice name)
{
    bool plain = !slice_is_word(name, "*");
    for (size_t i = 0; i < name.size; i++) plain = plain && !ends_name(name.data[i]);
    if (!plain) put(w, '"');
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] == '"') put(w, '"');
        put(w, name.data[i]);
    }
    if (!plain) put(w, '"');
}

void sync_print(const struct sync_rule *rule, char *text, size_t room)
{
    struct writing w = {text, text + room - 1};
    char number[NUMBER_INT_MAX + 1];
    if (rule->kind != SYNC_NONE) {
        number[number_format_int(number, rule->needed)] = '\0';
        put_text(&w, rule->kind == SYNC_ANY ? "ANY " : "FIRST ");
        put_text(&w, number);
        put_text(&w, " (");
        for (int i = 0; i < rule->count; i++) {
            if (i > 0) put_text(&w, ", ");
            put_name(&w, name_at(rule, i));
        }
        put(&w, ')');
    }
    *w.at = '\0';
}

bool sync_equal(const struct sync_rule *a, const struct sync_rule *b)
{
    return a->kind == b->kind && a->level == b->level && a->needed == b->needed && a->count == b->count &&
           memcmp(a->sizes, b->sizes, sizeof a->sizes) == 0 &&
           memcmp(a->names, b->names, sizeof a->names) == 0;
}

static const char *const levels[] = {
    [SYNC_RECEIVED] = "received", [SYNC_APPLIED] = "applied", [SYNC_FSYNCED] = "fsynced"};

const char *sync_level_name(enum sync_level level) { return levels[level]; }

bool sync_level_named(struct slice name, enum sync_level *level)
{
    for (int i = SYNC_RECEIVED; i <= SYNC_FSYNCED; i++) {
        if (!slice_is_word(name, levels[i])) continue;
        *level = (enum sync_level)i;
        return true;
    }
    return false;
}

/* ---- who has acknowledged what -------------------------------------------------------------------------------- */

/* What a rule may call this replica by. */
static struct slice feed_name(const struct feed *f)
{
    return bytes_slice(f->name.size > 0 ? &f->name : &f->address);
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

int sync_members(const struct sync_rule *rule, const struct feeds *fs, struct sync_member *members)
{
    for (int i = 0; i < rule->count; i++)
        members[i] =
            (struct sync_member){.name = name_at(rule, i), .received = -1, .applied = -1, .fsynced = -1};
    list_each(link, &fs->list)
    {
        const struct feed *f = list_item(link, struct feed, link);
        if (!feed_counts(f) || f->generation != fs->log->generation) continue;
        int index = find_name(rule, feed_name(f));
        if (index < 0) continue;
        struct sync_member *m = &members[index];
        m->connected = true;
        m->caught_up = m->caught_up || feed_caught_up(f);
        m->received = larger(m->received, f->received);
        m->applied = larger(m->applied, f->applied);
        m->fsynced = larger(m->fsynced, f->fsynced);
    }
    return rule->count;
}

static int64_t level_offset(const struct sync_member *m, enum sync_level level)
{
    return level == SYNC_RECEIVED ? m->received : level == SYNC_APPLIED ? m->applied : m->fsynced;
}

int sync_member_level(const struct sync_member *member, int64_t offset)
{
    for (int level = SYNC_FSYNCED; level >= SYNC_RECEIVED; level--)
        if (level_offset(member, (enum sync_level)level) >= offset) return level;
    return -1;
}

/* The largest offset that `needed` of the members have acknowledged: the needed-th largest of theirs. */
static int64_t any_reached(const struct sync_rule *rule, const struct sync_member *members)
{
    int64_t sorted[SYNC_NAMES_MAX];
    for (int i = 0; i < rule->count; i++) {
        int64_t offset = level_offset(&members[i], rule->level);
        int at = i;
        for (; at > 0 && sorted[at - 1] < offset; at--) sorted[at] = sorted[at - 1];
        sorted[at] = offset;
    }
    return sorted[rule->needed - 1];
}

static int64_t first_reached(const struct sync_rule *rule, const struct sync_member *members)
{
    int64_t reached = INT64_MAX;
    int chosen = 0;
    for (int i = 0; i < rule->count && chosen < rule->needed; i++) {
        if (!members[i].caught_up) continue;
        int64_t offset = level_offset(&members[i], rule->level);
        if (offset < reached) reached = offset;
        chosen++;
    }
    return chosen == rule->needed ? reached : -1;
}

int64_t sync_reached(const struct sync_rule *rule, const struct feeds *fs)
{
    struct sync_member members[SYNC_NAMES_MAX];
    if (rule->kind == SYNC_NONE) return INT64_MAX;
    sync_members(rule, fs, members);
    return rule->kind == SYNC_ANY ? any_reached(rule, members) : first_reached(rule, members);
}

const char *sync_state(const struct sync_rule *rule, const struct feeds *fs, const struct feed *f)
{
    struct sync_member members[SYNC_NAMES_MAX];
    int index = rule->kind == SYNC_NONE ? -1 : find_name(rule, feed_name(f));
    if (index < 0) return "async";
    if (rule->kind == SYNC_ANY) return "quorum";
    sync_members(rule, fs, members);
    int before = 0;
    for (int i = 0; i < index; i++) before += members[i].caught_up;
    return members[index].caught_up && before < rule->needed ? "sync" : "potential";
}
