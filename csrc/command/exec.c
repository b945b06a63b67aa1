/* exec.c: what all commands share: finding keys under the rules of expiry, effects, arguments, standard
 * answers. */
#include "command/exec.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>

#include "base/number.h"
#include "command/access.h"
#include "command/command.h"
#include "command/notify.h"

/* ---- keys ---- */

/* One RESP array of bulk strings at the end of the effects. */
static void append_header(struct exec *x, int64_t argc)
{
    bytes_append_char(x->effects, '*');
    bytes_append_int(x->effects, argc);
    bytes_append(x->effects, "\r\n", 2);
}

static void append_word(struct exec *x, struct slice word)
{
    struct bytes *out = x->effects;
    bytes_append_char(out, '$');
    bytes_append_int(out, (int64_t)word.size);
    bytes_append(out, "\r\n", 2);
    bytes_append_slice(out, word);
    bytes_append(out, "\r\n", 2);
}

static void append_array(struct exec *x, int64_t argc, const struct slice *argv)
{
    append_header(x, argc);
    for (int64_t i = 0; i < argc; i++) append_word(x, argv[i]);
}

static void append_select(struct exec *x, int db)
{
    char digits[NUMBER_INT_MAX];
    struct slice words[2] = {slice_text("SELECT"), {digits, number_format_int(digits, db)}};
    append_array(x, 2, words);
}

/* Deletes an expired key and logs it, ahead of the command's own effect. */
static void delete_expired(struct exec *x, int db, struct slice key)
{
    if (!x->replica) {
        struct slice words[2] = {slice_text("DEL"), key};
        if (db != x->db) append_select(x, db);
        append_array(x, 2, words);
        if (db != x->db) append_select(x, x->db);
    }
    exec_notify_in(x, NOTIFY_EXPIRED, "expired", db, key);
    keyspace_delete(x->keyspace, db, key);
    keyspace_stats(x->keyspace)->expired++;
}

/* Nothing (any more) under a key that was looked for. */
static void missed(struct exec *x, int db, struct slice key, unsigned flags)
{
    if (!(flags & (EXEC_FOR_WRITE | EXEC_NO_NOTIFY))) exec_notify_in(x, NOTIFY_KEY_MISS, "keymiss", db, key);
    if (!(flags & EXEC_NO_STATS)) keyspace_stats(x->keyspace)->misses++;
}

/* The expired entry of a key: NULL, unless the primary itself is asking for it. */
static struct entry *find_expired(struct exec *x, int db, struct entry *e, struct slice key, unsigned flags)
{
    if (x->from_primary) return e;
    if (!x->replica || flags & EXEC_FOR_WRITE) delete_expired(x, db, key);
    missed(x, db, key, flags);
    return NULL;
}

struct entry *exec_find(struct exec *x, int db, struct slice key, unsigned flags)
{
    struct entry *e = keyspace_find(x->keyspace, db, key);
    if (!e) {
        missed(x, db, key, flags);
        return NULL;
    }
    if (entry_expired(e, x->now_ms)) {
        e = find_expired(x, db, e, key, flags);
        if (!e) return NULL;
    }
    if (!(flags & EXEC_NO_TOUCH)) access_touch(x, e);
    if (!(flags & EXEC_NO_STATS)) keyspace_stats(x->keyspace)->hits++;
    return e;
}

static struct entry *check_type(struct exec *x, struct entry *e, enum value_type type, bool *ok)
{
    *ok = !e || entry_type(e) == type;
    if (*ok) return e;
    exec_wrong_type(x);
    return NULL;
}

struct entry *exec_read_type(struct exec *x, struct slice key, enum value_type type, bool *ok)
{
    return check_type(x, exec_read(x, key), type, ok);
}

struct entry *exec_write_type(struct exec *x, struct slice key, enum value_type type, bool *ok)
{
    return check_type(x, exec_write(x, key), type, ok);
}

bool exec_hidden(struct exec *x, int db, struct entry *e)
{
    if (x->from_primary || !entry_expired(e, x->now_ms)) return false;
    if (x->replica) return true;
    /* the key is part of the entry: a copy survives its deletion */
    struct slice key = entry_key(e);
    char *copy = memory_alloc(x->memory, key.size + 1);
    if (!copy) return true;
    memcpy(copy, key.data, key.size);
    delete_expired(x, db, slice_of(copy, key.size));
    memory_free(x->memory, copy, key.size + 1);
    return true;
}

/* ---- effects ---- */

void exec_effect(struct exec *x, int argc, const struct slice *argv)
{
    append_array(x, argc, argv);
    x->effect_given = true;
}

void exec_effect_begin(struct exec *x, int64_t argc)
{
    append_header(x, argc);
    x->effect_given = true;
}

void exec_effect_word(struct exec *x, struct slice word) { append_word(x, word); }

enum { EFFECT_WORDS_MAX = 8 };

void exec_effect_words(struct exec *x, int argc, ...)
{
    struct slice words[EFFECT_WORDS_MAX];
    if (argc > EFFECT_WORDS_MAX) argc = EFFECT_WORDS_MAX;
    va_list arguments;
    va_start(arguments, argc);
    for (int i = 0; i < argc; i++) words[i] = va_arg(arguments, struct slice);
    va_end(arguments);
    exec_effect(x, argc, words);
}

/* ---- arguments ---- */

static const char not_an_integer[] = "ERR value is not an integer or out of range";

bool exec_int_or(struct exec *x, int index, int64_t *value, const char *error)
{
    if (number_parse_int(x->argv[index], value)) return true;
    reply_error(x->reply, error);
    return false;
}

bool exec_int(struct exec *x, int index, int64_t *value)
{
    return exec_int_or(x, index, value, not_an_integer);
}

bool exec_int_within(struct exec *x, int index, int64_t min, int64_t max, int64_t *value, const char *error)
{
    if (!exec_int_or(x, index, value, error ? error : not_an_integer)) return false;
    if (*value >= min && *value <= max) return true;
    if (error)
        reply_error(x->reply, error);
    else
        reply_error_format(x->reply, "ERR value is out of range, value must between %" PRId64 " and %" PRId64,
                           min, max);
    return false;
}

bool exec_db(struct exec *x, int index, int *db, const char *error)
{
    int64_t value;
    if (!exec_int_within(x, index, INT_MIN, INT_MAX, &value, error)) return false;
    if (value < 0 || value >= keyspace_databases(x->keyspace)) {
        reply_error(x->reply, "ERR DB index is out of range");
        return false;
    }
    *db = (int)value;
    return true;
}

/* ---- answers ---- */

void exec_syntax_error(struct exec *x) { reply_error(x->reply, "ERR syntax error"); }

void exec_wrong_type(struct exec *x)
{
    reply_error(x->reply, "WRONGTYPE Operation against a key holding the wrong kind of value");
}

void exec_no_memory(struct exec *x)
{
    reply_error(x->reply, "OOM command not allowed when used memory > 'maxmemory'.");
}

void exec_arity_error(struct exec *x)
{
    reply_error_format(x->reply, "ERR wrong number of arguments for '%s' command", x->command->name);
}

void exec_usage_error(struct exec *x, const char *container)
{
    reply_error_format(x->reply,
                       "ERR unknown subcommand or wrong number of arguments for '%.*s'. Try %s HELP.",
                       x->argv[1].size < 128 ? (int)x->argv[1].size : 128, x->argv[1].data, container);
}

void exec_help(struct exec *x, const char *container, const char *const *lines)
{
    char first[96];
    size_t size = strlen(container);
    static const char rest[] = " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:";
    int count = 0;
    while (lines[count]) count++;
    reply_array(x->reply, count + 3);
    memcpy(first, container, size);
    memcpy(first + size, rest, sizeof rest);
    reply_status(x->reply, first);
    for (int i = 0; i < count; i++) reply_status(x->reply, lines[i]);
    reply_status(x->reply, "HELP");
    reply_status(x->reply, "    Prints this help.");
}
