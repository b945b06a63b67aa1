/* command_fixture.c: see command_fixture.h. */
#include "command_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "command/notify.h"

/* ---- a reply that writes itself down as text ---- */

enum { DEPTH_MAX = 16 };

struct recorder {
    struct reply reply;
    struct bytes *out;
    int depth;
    int64_t left[DEPTH_MAX]; /* elements still to come in each open aggregate */
    char end[DEPTH_MAX];
};

static void begin_item(struct recorder *r)
{
    char last = r->out->size ? r->out->data[r->out->size - 1] : 0;
    if (last && last != '[' && last != '{' && last != '(') bytes_append_char(r->out, ' ');
}

static void end_item(struct recorder *r)
{
    while (r->depth > 0 && --r->left[r->depth - 1] == 0) bytes_append_char(r->out, r->end[--r->depth]);
}

static void open_aggregate(struct recorder *r, int64_t count, char begin, char end)
{
    begin_item(r);
    bytes_append_char(r->out, begin);
    if (count == 0 || r->depth == DEPTH_MAX) {
        bytes_append_char(r->out, end);
        end_item(r);
        return;
    }
    r->left[r->depth] = count;
    r->end[r->depth++] = end;
}

static void append_quoted(struct bytes *out, struct slice s)
{
    bytes_append_char(out, '"');
    for (size_t i = 0; i < s.size; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (c < ' ' || c > '~')
            bytes_append_format(out, "\\x%02x", c);
        else
            bytes_append_char(out, (char)c);
    }
    bytes_append_char(out, '"');
}

static void record(struct reply *reply, const char *before, struct slice text)
{
    struct recorder *r = (struct recorder *)reply;
    begin_item(r);
    bytes_append_text(r->out, before);
    bytes_append_slice(r->out, text);
    end_item(r);
}

static void record_status(struct reply *r, struct slice text) { record(r, "+", text); }
static void record_error(struct reply *r, struct slice text) { record(r, "-", text); }
static void record_null(struct reply *r) { record(r, "nil", slice_text("")); }
static void record_null_array(struct reply *r) { record(r, "nil*", slice_text("")); }
static void record_boolean(struct reply *r, bool value)
{
    record(r, value ? "true" : "false", slice_text(""));
}
static void record_big_number(struct reply *r, struct slice digits) { record(r, "big ", digits); }

static void record_integer(struct reply *r, int64_t value)
{
    char digits[NUMBER_INT_MAX];
    record(r, "", slice_of(digits, number_format_int(digits, value)));
}

static void record_real(struct reply *r, double value)
{
    char digits[NUMBER_DOUBLE_MAX];
    record(r, ",", slice_of(digits, number_format_double(digits, value)));
}

static void record_bulk(struct reply *reply, struct slice data)
{
    struct recorder *r = (struct recorder *)reply;
    begin_item(r);
    append_quoted(r->out, data);
    end_item(r);
}

static void record_verbatim(struct reply *r, const char format[3], struct slice text)
{
    (void)format;
    record_bulk(r, text);
}

static void record_array(struct reply *r, int64_t count)
{
    open_aggregate((struct recorder *)r, count, '[', ']');
}
static void record_map(struct reply *r, int64_t pairs)
{
    open_aggregate((struct recorder *)r, 2 * pairs, '{', '}');
}
static void record_set(struct reply *r, int64_t count)
{
    open_aggregate((struct recorder *)r, count, '(', ')');
}

static const struct reply_ops record_ops = {
    record_status,     record_error, record_integer, record_bulk,       record_null,
    record_null_array, record_real,  record_boolean, record_big_number, record_verbatim,
    record_array,      record_map,   record_set,     record_array,
};

/* ---- words ---- */

struct words {
    struct slice argv[FIXTURE_WORDS_MAX];
    int argc;
    char storage[4096];
    size_t used;
};

static int hex_digit(char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

static void split(struct words *w, const char *p)
{
    w->argc = 0;
    w->used = 0;
    while (*p && w->argc < FIXTURE_WORDS_MAX) {
        while (*p == ' ') p++;
        if (!*p) return;
        char *start = w->storage + w->used;
        bool quoted = *p == '"';
        if (quoted) p++;
        while (*p && (quoted ? *p != '"' : *p != ' ')) {
            char c = *p++;
            if (c == '\\' && *p == 'x') {
                c = (char)(hex_digit(p[1]) << 4 | hex_digit(p[2]));
                p += 3;
            }
            if (w->used < sizeof w->storage) w->storage[w->used++] = c;
        }
        if (quoted) p++;
        w->argv[w->argc++] = slice_of(start, (size_t)(w->storage + w->used - start));
    }
}

/* ---- the fixture ---- */

struct fixture *fixture_new(void)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f) return NULL;
    memory_init(&f->memory);
    memory_init(&f->other);
    struct keyspace_options options = {
        .memory = &f->memory, .hash_key = {1, 2}, .databases = 16, .digest = true};
    f->keyspace = keyspace_new(&options);
    options.memory = &f->other;
    f->follower = keyspace_new(&options);
    int families = 0;
    while (command_data_families[families]) families++;
    f->index = command_index_new(&f->other, command_data_families, families);
    random_init(&f->random, 1, "commands");
    f->access = (struct access_policy){.log_factor = 10, .decay_minutes = 1};
    f->now_ms = (int64_t)FIXTURE_NOW * 1000;
    f->protocol = 3;
    f->bulk_max = 512 << 20;
    f->follow = true;
    bytes_init(&f->reply_text, &f->other);
    bytes_init(&f->effects, &f->other);
    bytes_init(&f->effects_text, &f->other);
    bytes_init(&f->notices, &f->other);
    bytes_init(&f->notices_text, &f->other);
    return f;
}

void fixture_free(struct fixture *f)
{
    bytes_free(&f->reply_text);
    bytes_free(&f->effects);
    bytes_free(&f->effects_text);
    bytes_free(&f->notices);
    bytes_free(&f->notices_text);
    command_index_free(f->index);
    keyspace_free(f->keyspace);
    keyspace_free(f->follower);
    free(f);
}

static void append_request(struct bytes *out, int argc, const struct slice *argv)
{
    bytes_append_format(out, "*%d\r\n", argc);
    for (int i = 0; i < argc; i++) {
        bytes_append_format(out, "$%zu\r\n", argv[i].size);
        bytes_append_slice(out, argv[i]);
        bytes_append_text(out, "\r\n");
    }
}

/* Runs a command on one of the two keyspaces; the node's part of the work, made small. */
static void call(struct fixture *f, struct exec *x, int argc, const struct slice *argv)
{
    x->argc = argc;
    x->argv = argv;
    x->index = f->index;
    x->random = &f->random;
    x->now_ms = f->now_ms;
    x->bulk_max = f->bulk_max;
    x->access = &f->access;
    keyspace_set_time(x->keyspace, f->now_ms);
    x->command = command_resolve(f->index, argv, argc, x->reply);
    if (x->command) x->command->run(x);
    if (x->changes > 0 && !x->effect_given) append_request(x->effects, argc, argv);
}

/* The next request of the log, as slices into it. */
static int next_request(struct slice *log, struct slice *argv)
{
    char *p;
    long argc = strtol(log->data + 1, &p, 10);
    for (long i = 0; i < argc; i++) {
        size_t size = (size_t)strtol(p + 3, &p, 10);
        argv[i] = slice_of(p + 2, size);
        p += 2 + size;
    }
    p += 2;
    log->size -= (size_t)(p - log->data);
    log->data = p;
    return (int)argc;
}

static void follow_effects(struct fixture *f, struct bytes *ignored, struct recorder *r)
{
    struct slice argv[FIXTURE_WORDS_MAX];
    struct slice log = bytes_slice(&f->effects);
    int db = f->db;
    bytes_clear(&f->effects_text);
    while (log.size > 0) {
        if (f->effects_text.size > 0) bytes_append_text(&f->effects_text, "; ");
        int argc = next_request(&log, argv);
        for (int i = 0; i < argc; i++) {
            if (i > 0) bytes_append_char(&f->effects_text, ' ');
            bytes_append_slice(&f->effects_text, argv[i]);
        }
        if (!f->follow) continue;
        if (slice_is_word(argv[0], "SELECT")) {
            db = atoi(argv[1].data);
            continue;
        }
        struct exec x = {
            .keyspace = f->follower, .memory = &f->other, .db = db, .replica = true, .from_primary = true};
        x.reply = &r->reply;
        x.effects = ignored;
        call(f, &x, argc, argv);
    }
}

static void compare(struct fixture *f)
{
    const char *what = NULL;
    struct digest a = keyspace_digest(f->keyspace), b = keyspace_digest(f->follower);
    if (!keyspace_check(f->keyspace, &what)) f->wrong = what;
    if (f->follow && (a.low != b.low || a.high != b.high)) f->wrong = "the follower of the effects differs";
}

static void run_words(struct fixture *f, const struct words *w)
{
    struct bytes ignored;
    struct recorder r = {.reply = {.ops = &record_ops, .protocol = f->protocol}, .out = &f->reply_text};
    struct exec x = {.keyspace = f->keyspace, .memory = &f->memory, .db = f->db};
    bytes_init(&ignored, &f->other);
    bytes_clear(&f->effects);
    x.replica = f->replica;
    x.from_primary = f->from_primary;
    x.reply = &r.reply;
    x.effects = &f->effects;
    x.notify = ~0u;
    x.notices = &f->notices;
    bytes_clear(&f->notices);
    call(f, &x, w->argc, w->argv);
    f->changes = x.changes;
    f->memory.fail_after = -1;
    r.out = &ignored;
    follow_effects(f, &ignored, &r);
    bytes_free(&ignored);
    compare(f);
}

const char *fixture_run(struct fixture *f, const char *line)
{
    struct words w;
    bytes_clear(&f->reply_text);
    if (line[0] == '@') {
        f->now_ms += atoi(line + 1);
    } else {
        split(&w, line);
        run_words(f, &w);
    }
    bytes_append_char(&f->reply_text, '\0');
    return f->reply_text.data;
}

const char *fixture_effects(struct fixture *f)
{
    bytes_append_char(&f->effects_text, '\0');
    f->effects_text.size--;
    return f->effects_text.data;
}

const char *fixture_notices(struct fixture *f)
{
    struct slice records = bytes_slice(&f->notices);
    struct notice n;
    bytes_clear(&f->notices_text);
    while (notify_next(&records, &n)) {
        if (f->notices_text.size > 0) bytes_append_text(&f->notices_text, "; ");
        bytes_append_slice(&f->notices_text, n.event);
        if (n.db != f->db) bytes_append_format(&f->notices_text, "@%d", n.db);
        bytes_append_char(&f->notices_text, ' ');
        bytes_append_slice(&f->notices_text, n.key);
    }
    bytes_append_char(&f->notices_text, '\0');
    return f->notices_text.data;
}

bool fixture_notice_table(struct fixture *f, const struct fixture_notice_case *cases, char *wrong,
                          size_t room)
{
    for (const struct fixture_notice_case *c = cases; c->line; c++) {
        fixture_run(f, c->line);
        if (c->line[0] == '@') continue;
        const char *notices = fixture_notices(f), *want = c->notices ? c->notices : "";
        if (strcmp(notices, want) == 0 && !f->wrong) continue;
        snprintf(wrong, room, "%s: events %s, want %s", c->line, f->wrong ? f->wrong : notices, want);
        return false;
    }
    return true;
}

bool fixture_table(struct fixture *f, const struct fixture_case *cases, char *wrong, size_t room)
{
    for (const struct fixture_case *c = cases; c->line; c++) {
        const char *reply = fixture_run(f, c->line);
        if (c->line[0] == '@') continue;
        const char *effects = fixture_effects(f), *want = c->effects ? c->effects : "";
        if (strcmp(reply, c->reply) != 0)
            snprintf(wrong, room, "%s: replied %s, want %s", c->line, reply, c->reply);
        else if (strcmp(effects, want) != 0)
            snprintf(wrong, room, "%s: logged %s, want %s", c->line, effects, want);
        else if (f->wrong)
            snprintf(wrong, room, "%s: %s", c->line, f->wrong);
        else
            continue;
        return false;
    }
    return true;
}

bool fixture_cases(const struct fixture_case *cases, int protocol, char *wrong, size_t room)
{
    struct fixture *f = fixture_new();
    if (!f) {
        snprintf(wrong, room, "no fixture: out of memory");
        return false;
    }
    f->protocol = protocol;
    bool good = fixture_table(f, cases, wrong, room);
    fixture_free(f);
    return good;
}
