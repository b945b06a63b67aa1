/* strings.c: SET and GET in all their forms, and MGET and MSET.
 *
 * Effects follow Redis 7.0: whatever set a relative expiry time is logged with the absolute one (SET k v PXAT
 * ms), and what only answers (the GET option) or says how to answer (our ASYNC) is left out.
 *
 * A command that answers with the old value and then replaces it could run out of memory after the answer. So
 * it holds a copy, replaces, and answers last (struct held).
 */
#include "command/strings.h"

#include "base/number.h"
#include "command/access.h"
#include "command/command.h"
#include "command/notify.h"

/* ---- parts ---- */

/* Sets a key to a string and counts the change. False: out of memory, which was replied. */
static inline bool put(struct exec *x, struct slice key, struct slice value, int64_t expire_ms)
{
    exec_notify_if_new(x, key);
    struct entry *e = keyspace_set_string(x->keyspace, x->db, key, value, expire_ms);
    if (!e) {
        exec_no_memory(x);
        return false;
    }
    access_created(x, e);
    x->changes++;
    exec_notify(x, NOTIFY_STRING, "set", key);
    return true;
}

static inline void reply_string(struct exec *x, const struct entry *e)
{
    struct entry_text text;
    reply_bulk(x->reply, entry_string(e, &text));
}

/* The value a key had, kept while it is replaced. */
struct held {
    bool present;
    char *data;
    size_t size;
    char small[128];
};

static bool hold(struct exec *x, const struct entry *e, struct held *h)
{
    h->present = e != NULL;
    if (!e) return true;
    struct entry_text text;
    struct slice value = entry_string(e, &text);
    h->size = value.size;
    h->data = value.size <= sizeof h->small ? h->small : memory_alloc(x->memory, value.size);
    if (!h->data) {
        exec_no_memory(x);
        return false;
    }
    memcpy(h->data, value.data, value.size);
    return true;
}

static void release(struct exec *x, struct held *h)
{
    if (h->present && h->data != h->small) memory_free(x->memory, h->data, h->size);
}

static void reply_held(struct exec *x, struct held *h)
{
    if (h->present)
        reply_bulk(x->reply, slice_of(h->data, h->size));
    else
        reply_null(x->reply);
}

/* ---- options of SET and GETEX ---- */

enum option {
    OPTION_NX = 1 << 0,
    OPTION_XX = 1 << 1,
    OPTION_GET = 1 << 2,
    OPTION_KEEPTTL = 1 << 3,
    OPTION_PERSIST = 1 << 4,
    OPTION_EX = 1 << 5,
    OPTION_PX = 1 << 6,
    OPTION_EXAT = 1 << 7,
    OPTION_PXAT = 1 << 8,
    OPTION_ASYNC = 1 << 9, /* ours: the reply does not wait for replicas */
    OPTION_SECONDS = OPTION_EX | OPTION_EXAT,
    OPTION_RELATIVE = OPTION_EX | OPTION_PX,
    OPTION_TIMED = OPTION_EX | OPTION_PX | OPTION_EXAT | OPTION_PXAT
};

static const struct option_word {
    const char *word;
    unsigned option;
    unsigned excludes;
    bool of_set, of_getex;
} option_words[] = {
    {"NX", OPTION_NX, OPTION_XX, true, false},
    {"XX", OPTION_XX, OPTION_NX, true, false},
    {"GET", OPTION_GET, 0, true, false},
    {"ASYNC", OPTION_ASYNC, 0, true, false},
    {"KEEPTTL", OPTION_KEEPTTL, OPTION_PERSIST | OPTION_TIMED, true, false},
    {"PERSIST", OPTION_PERSIST, OPTION_KEEPTTL | OPTION_TIMED, false, true},
    {"EX", OPTION_EX, OPTION_KEEPTTL | OPTION_PERSIST | (OPTION_TIMED & ~OPTION_EX), true, true},
    {"PX", OPTION_PX, OPTION_KEEPTTL | OPTION_PERSIST | (OPTION_TIMED & ~OPTION_PX), true, true},
    {"EXAT", OPTION_EXAT, OPTION_KEEPTTL | OPTION_PERSIST | (OPTION_TIMED & ~OPTION_EXAT), true, true},
    {"PXAT", OPTION_PXAT, OPTION_KEEPTTL | OPTION_PERSIST | (OPTION_TIMED & ~OPTION_PXAT), true, true},
    {NULL, 0, 0, false, false},
};

struct options {
    unsigned given;
    int time; /* index of the argument of EX, PX, EXAT, PXAT; 0: none */
};

/* Reads the options from argument `first` on. False: a syntax error, which was replied. */
static bool read_options(struct exec *x, int first, bool getex, struct options *o)
{
    *o = (struct options){0, 0};
    for (int i = first; i < x->argc; i++) {
        const struct option_word *w = option_words;
        while (w->word && !((getex ? w->of_getex : w->of_set) && exec_is(x, i, w->word))) w++;
        bool timed = w->option & OPTION_TIMED;
        if (!w->word || o->given & w->excludes || (timed && i + 1 == x->argc)) {
            exec_syntax_error(x);
            return false;
        }
        o->given |= w->option;
        if (timed) o->time = ++i;
    }
    return true;
}

static bool bad_expire_time(struct exec *x)
{
    reply_error_format(x->reply, "ERR invalid expire time in '%s' command", x->command->name);
    return false;
}

/* The absolute expiry time (unix ms) that argument `index` asks for. False: an error, which was replied. */
static bool read_time(struct exec *x, int index, unsigned option, int64_t *expire_ms)
{
    int64_t value;
    if (!exec_int(x, index, &value)) return false;
    if (value <= 0 || (option & OPTION_SECONDS && value > INT64_MAX / 1000)) return bad_expire_time(x);
    if (option & OPTION_SECONDS) value *= 1000;
    if (option & OPTION_RELATIVE && value > INT64_MAX - x->now_ms) return bad_expire_time(x);
    *expire_ms = option & OPTION_RELATIVE ? value + x->now_ms : value;
    return true;
}

static void effect_set_until(struct exec *x, struct slice key, struct slice value, int64_t expire_ms)
{
    exec_notify(x, NOTIFY_GENERIC, "expire", key);
    char digits[NUMBER_INT_MAX];
    struct slice time = {digits, number_format_int(digits, expire_ms)};
    exec_effect_words(x, 5, slice_text("SET"), key, value, slice_text("PXAT"), time);
}

/* ---- SET ---- */

/* The arguments without those options that say only how to answer. */
static void effect_without_answer(struct exec *x)
{
    static const char *const kept[] = {"NX", "XX", "KEEPTTL"};
    struct slice words[6] = {x->argv[0], x->argv[1], x->argv[2]};
    int count = 3;
    bool seen[3] = {false, false, false};
    for (int i = 3; i < x->argc; i++) {
        for (int k = 0; k < 3; k++) {
            if (seen[k] || !exec_is(x, i, kept[k])) continue;
            seen[k] = true;
            words[count++] = x->argv[i];
        }
    }
    exec_effect(x, count, words);
}

static void set_and_answer(struct exec *x, const struct options *o, int64_t expire_ms, struct held *old)
{
    bool get = o->given & OPTION_GET;
    if (!put(x, x->argv[1], x->argv[2], expire_ms)) return;
    if (o->time)
        effect_set_until(x, x->argv[1], x->argv[2], expire_ms);
    else if (o->given & (OPTION_GET | OPTION_ASYNC))
        effect_without_answer(x);
    if (get)
        reply_held(x, old);
    else
        reply_ok(x->reply);
}

static void set_with_options(struct exec *x)
{
    struct options o;
    int64_t expire_ms = KEYSPACE_NO_TTL;
    if (!read_options(x, 3, false, &o)) return;
    if (o.given & OPTION_KEEPTTL) expire_ms = KEYSPACE_KEEP_TTL;
    if (o.time && !read_time(x, o.time, o.given, &expire_ms)) return;

    x->async = x->async || o.given & OPTION_ASYNC;
    bool get = o.given & OPTION_GET, ok = true;
    if (get) exec_read(x, x->argv[1]); /* the option is a GET too: a hit or a miss */
    struct entry *e = exec_write(x, x->argv[1]);
    if (get) {
        if (e && entry_type(e) != VALUE_STRING) {
            exec_wrong_type(x);
            return;
        }
    }
    if ((o.given & OPTION_NX && e) || (o.given & OPTION_XX && !e)) {
        if (get && e)
            reply_string(x, e);
        else
            reply_null(x->reply);
        return;
    }
    struct held old;
    if (get) ok = hold(x, e, &old);
    if (!ok) return;
    set_and_answer(x, &o, expire_ms, &old);
    if (get) release(x, &old);
}

void run_set(struct exec *x)
{
    if (x->argc > 3) {
        set_with_options(x);
        return;
    }
    if (put(x, x->argv[1], x->argv[2], KEYSPACE_NO_TTL)) reply_ok(x->reply);
}

/* SET reads its key only with the option GET. */
const char *set_key_flags(const struct slice *argv, int argc)
{
    for (int i = 3; i < argc; i++)
        if (slice_is_word(argv[i], "GET")) return "RW access update";
    return "OW update";
}

void run_setnx(struct exec *x)
{
    if (exec_write(x, x->argv[1])) {
        reply_integer(x->reply, 0);
        return;
    }
    if (put(x, x->argv[1], x->argv[2], KEYSPACE_NO_TTL)) reply_integer(x->reply, 1);
}

static void set_for(struct exec *x, unsigned option)
{
    int64_t expire_ms;
    if (!read_time(x, 2, option, &expire_ms)) return;
    if (!put(x, x->argv[1], x->argv[3], expire_ms)) return;
    effect_set_until(x, x->argv[1], x->argv[3], expire_ms);
    reply_ok(x->reply);
}

void run_setex(struct exec *x) { set_for(x, OPTION_EX); }

void run_psetex(struct exec *x) { set_for(x, OPTION_PX); }

/* ---- GET ---- */

void run_get(struct exec *x)
{
    bool ok;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_STRING, &ok);
    if (e)
        reply_string(x, e);
    else if (ok)
        reply_null(x->reply);
}

void run_getset(struct exec *x)
{
    bool ok;
    struct held old;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_STRING, &ok);
    if (!ok || !hold(x, e, &old)) return;
    if (put(x, x->argv[1], x->argv[2], KEYSPACE_NO_TTL)) {
        exec_effect_words(x, 3, slice_text("SET"), x->argv[1], x->argv[2]);
        reply_held(x, &old);
    }
    release(x, &old);
}

void run_getdel(struct exec *x)
{
    bool ok;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_STRING, &ok);
    if (!e) {
        if (ok) reply_null(x->reply);
        return;
    }
    reply_string(x, e);
    keyspace_delete(x->keyspace, x->db, x->argv[1]);
    x->changes++;
    exec_notify(x, NOTIFY_GENERIC, "del", x->argv[1]);
    exec_effect_words(x, 2, slice_text("DEL"), x->argv[1]);
}

/* GETEX with an absolute time that has passed deletes; not on a replica, which is told by its primary. */
static void getex_delete(struct exec *x, struct entry *e)
{
    reply_string(x, e);
    keyspace_delete(x->keyspace, x->db, x->argv[1]);
    x->changes++;
    exec_notify(x, NOTIFY_GENERIC, "del", x->argv[1]);
    exec_effect_words(x, 2, slice_text("DEL"), x->argv[1]);
}

static void getex_until(struct exec *x, struct entry *e, int64_t expire_ms)
{
    char digits[NUMBER_INT_MAX];
    e = keyspace_set_expire(x->keyspace, x->db, e, expire_ms);
    if (!e) {
        exec_no_memory(x);
        return;
    }
    x->changes++;
    exec_notify(x, NOTIFY_GENERIC, "expire", x->argv[1]);
    struct slice time = {digits, number_format_int(digits, expire_ms)};
    exec_effect_words(x, 3, slice_text("PEXPIREAT"), x->argv[1], time);
    reply_string(x, e);
}

static void getex_persist(struct exec *x, struct entry *e)
{
    if (entry_expire(e) >= 0) {
        e = keyspace_set_expire(x->keyspace, x->db, e, KEYSPACE_NO_TTL);
        if (!e) {
            exec_no_memory(x);
            return;
        }
        x->changes++;
        exec_notify(x, NOTIFY_GENERIC, "persist", x->argv[1]);
        exec_effect_words(x, 2, slice_text("PERSIST"), x->argv[1]);
    }
    reply_string(x, e);
}

void run_getex(struct exec *x)
{
    bool ok;
    struct options o;
    int64_t expire_ms = 0;
    if (!read_options(x, 2, true, &o)) return;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_STRING, &ok);
    if (!e) {
        if (ok) reply_null(x->reply);
        return;
    }
    if (o.time && !read_time(x, o.time, o.given, &expire_ms)) return;
    if (!(o.given & OPTION_RELATIVE) && o.time && expire_ms <= x->now_ms && !x->replica && !x->from_primary)
        getex_delete(x, e);
    else if (o.time)
        getex_until(x, e, expire_ms);
    else if (o.given & OPTION_PERSIST)
        getex_persist(x, e);
    else
        reply_string(x, e);
}

/* ---- many keys ---- */

void run_mget(struct exec *x)
{
    reply_array(x->reply, x->argc - 1);
    for (int i = 1; i < x->argc; i++) {
        struct entry *e = exec_read(x, x->argv[i]);
        if (e && entry_type(e) == VALUE_STRING)
            reply_string(x, e);
        else
            reply_null(x->reply);
    }
}

/* MSET that ran out of memory half-way: what was set is logged, so that replicas have exactly that. */
static void effect_part(struct exec *x, int argc)
{
    struct slice *words = memory_alloc(x->memory, (size_t)argc * sizeof *words);
    if (!words) {
        for (int i = 1; i < argc; i += 2)
            exec_effect_words(x, 3, slice_text("SET"), x->argv[i], x->argv[i + 1]);
        return;
    }
    memcpy(words, x->argv, (size_t)argc * sizeof *words);
    words[0] = slice_text("MSET");
    exec_effect(x, argc, words);
    memory_free(x->memory, words, (size_t)argc * sizeof *words);
}

/* False: out of memory, which was replied. */
static bool set_pairs(struct exec *x)
{
    for (int i = 1; i < x->argc; i += 2) {
        if (put(x, x->argv[i], x->argv[i + 1], KEYSPACE_NO_TTL)) continue;
        if (i > 1) effect_part(x, i);
        return false;
    }
    return true;
}

void run_mset(struct exec *x)
{
    if (x->argc % 2 == 0)
        exec_arity_error(x);
    else if (set_pairs(x))
        reply_ok(x->reply);
}

void run_msetnx(struct exec *x)
{
    if (x->argc % 2 == 0) {
        exec_arity_error(x);
        return;
    }
    for (int i = 1; i < x->argc; i += 2) {
        if (!exec_write(x, x->argv[i])) continue;
        reply_integer(x->reply, 0);
        return;
    }
    if (set_pairs(x)) reply_integer(x->reply, 1);
}
