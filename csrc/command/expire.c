/* expire.c: setting, removing and reading expiry times.
 *
 * Every form of EXPIRE is logged as PEXPIREAT with the absolute time, and one whose time has already passed
 * as DEL. A replica, and a log being read back, never decide that a time has passed: they are told by a DEL.
 */
#include "base/number.h"
#include "command/command.h"
#include "command/keys.h"
#include "command/notify.h"

/* ---- EXPIRE … PEXPIREAT ---- */

enum condition { ONLY_NONE = 1 << 0, ONLY_SOME = 1 << 1, ONLY_GREATER = 1 << 2, ONLY_LESS = 1 << 3 };

static const char *const condition_words[] = {"NX", "XX", "GT", "LT"};

/* The condition that argument `index` names, 0 when none. */
static unsigned condition_at(const struct exec *x, int index)
{
    for (int c = 0; c < 4; c++)
        if (exec_is(x, index, condition_words[c])) return 1u << c;
    return 0;
}

static bool read_conditions(struct exec *x, unsigned *given)
{
    *given = 0;
    for (int i = 3; i < x->argc; i++) {
        unsigned c = condition_at(x, i);
        if (!c) {
            struct slice option = x->argv[i];
            reply_error_format(x->reply, "ERR Unsupported option %.*s",
                               option.size > 512 ? 512 : (int)option.size, option.data);
            return false;
        }
        *given |= c;
    }
    if (*given & ONLY_NONE && *given & ~(unsigned)ONLY_NONE) {
        reply_error(x->reply, "ERR NX and XX, GT or LT options at the same time are not compatible");
        return false;
    }
    if (*given & ONLY_GREATER && *given & ONLY_LESS) {
        reply_error(x->reply, "ERR GT and LT options at the same time are not compatible");
        return false;
    }
    return true;
}

/* No expiry time counts as infinitely late. */
static bool condition_holds(unsigned given, int64_t when, int64_t current)
{
    if (given & ONLY_NONE && current != KEYSPACE_NO_TTL) return false;
    if (given & ONLY_SOME && current == KEYSPACE_NO_TTL) return false;
    if (given & ONLY_GREATER && (current == KEYSPACE_NO_TTL || when <= current)) return false;
    if (given & ONLY_LESS && current != KEYSPACE_NO_TTL && when >= current) return false;
    return true;
}

/* The absolute time argument 2 stands for. */
static bool read_when(struct exec *x, int64_t base_ms, int64_t unit_ms, int64_t *when)
{
    if (!exec_int(x, 2, when)) return false;
    if (__builtin_mul_overflow(*when, unit_ms, when) || *when > INT64_MAX - base_ms) {
        reply_error_format(x->reply, "ERR invalid expire time in '%s' command", x->command->name);
        return false;
    }
    *when += base_ms;
    return true;
}

/* With the conditions in the order given, each once. */
static void effect_expire(struct exec *x, int64_t when)
{
    char digits[NUMBER_INT_MAX];
    struct slice words[3 + 4] = {
        slice_text("PEXPIREAT"), x->argv[1], {digits, number_format_int(digits, when)}};
    int count = 3;
    unsigned written = 0;
    for (int i = 3; i < x->argc; i++) {
        unsigned c = condition_at(x, i);
        if (written & c) continue;
        written |= c;
        words[count++] = x->argv[i];
    }
    exec_effect(x, count, words);
}

static void expire(struct exec *x, int64_t base_ms, int64_t unit_ms)
{
    unsigned given;
    int64_t when;
    if (!read_conditions(x, &given) || !read_when(x, base_ms, unit_ms, &when)) return;
    struct entry *e = exec_write(x, x->argv[1]);
    if (!e || !condition_holds(given, when, entry_expire(e))) {
        reply_integer(x->reply, 0);
        return;
    }
    if (when <= x->now_ms && !x->replica && !x->from_primary) {
        keyspace_delete(x->keyspace, x->db, x->argv[1]);
        exec_notify(x, NOTIFY_GENERIC, "del", x->argv[1]);
        exec_effect_words(x, 2, slice_text("DEL"), x->argv[1]);
    } else {
        /* a time before 1970 is as past as 1970: it only has to be there */
        if (!keyspace_set_expire(x->keyspace, x->db, e, when < 0 ? 0 : when)) {
            exec_no_memory(x);
            return;
        }
        exec_notify(x, NOTIFY_GENERIC, "expire", x->argv[1]);
        effect_expire(x, when);
    }
    x->changes++;
    reply_integer(x->reply, 1);
}

void run_expire(struct exec *x) { expire(x, x->now_ms, 1000); }

void run_pexpire(struct exec *x) { expire(x, x->now_ms, 1); }

void run_expireat(struct exec *x) { expire(x, 0, 1000); }

void run_pexpireat(struct exec *x) { expire(x, 0, 1); }

void run_persist(struct exec *x)
{
    struct entry *e = exec_write(x, x->argv[1]);
    if (!e || entry_expire(e) == KEYSPACE_NO_TTL) {
        reply_integer(x->reply, 0);
        return;
    }
    if (!keyspace_set_expire(x->keyspace, x->db, e, KEYSPACE_NO_TTL)) {
        exec_no_memory(x);
        return;
    }
    x->changes++;
    exec_notify(x, NOTIFY_GENERIC, "persist", x->argv[1]);
    reply_integer(x->reply, 1);
}

/* ---- TTL … PEXPIRETIME ---- */

static void reply_time(struct exec *x, int64_t base_ms, int64_t unit_ms)
{
    struct entry *e = exec_find(x, x->db, x->argv[1], EXEC_NO_TOUCH);
    int64_t when = e ? entry_expire(e) : 0;
    if (!e || when == KEYSPACE_NO_TTL) {
        reply_integer(x->reply, e ? -1 : -2);
        return;
    }
    int64_t left = when > base_ms ? when - base_ms : 0;
    reply_integer(x->reply, unit_ms == 1 ? left : left / unit_ms + (left % unit_ms >= unit_ms / 2));
}

void run_ttl(struct exec *x) { reply_time(x, x->now_ms, 1000); }

void run_pttl(struct exec *x) { reply_time(x, x->now_ms, 1); }

void run_expiretime(struct exec *x) { reply_time(x, 0, 1000); }

void run_pexpiretime(struct exec *x) { reply_time(x, 0, 1); }
