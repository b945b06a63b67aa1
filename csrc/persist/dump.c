/* dump.c: DUMP and RESTORE: see dump.h.
 *
 * Source: https://redis.io/docs/latest/commands/restore/
 *
 * SPDX-License-Identifier: MIT */
#include "persist/dump.h"

#include "base/crc64.h"
#include "base/number.h"
#include "command/access.h"
#include "command/notify.h"
#include "persist/rdb_value.h"

enum { VERSION_SIZE = 2, FOOTER_SIZE = VERSION_SIZE + RDB_CHECKSUM_SIZE };

/* ---- DUMP ---- */

void dump_write(struct rdb_output *o, const struct entry *e)
{
    rdb_put_byte(o, rdb_value_type(e));
    rdb_value_write(o, e);
    rdb_put_little(o, RDB_VERSION, VERSION_SIZE);
    rdb_put_little(o, crc64(0, o->buffer.data, o->buffer.size), RDB_CHECKSUM_SIZE);
    rdb_output_flush(o);
}

void run_dump(struct exec *x)
{
    struct entry *e = exec_read(x, x->argv[1]);
    if (!e) {
        reply_null(x->reply);
        return;
    }
    struct rdb_output o;
    rdb_output_init(&o, x->memory, NULL, false);
    o.plain = x->plain_dump;
    dump_write(&o, e);
    if (o.failed)
        exec_no_memory(x);
    else
        reply_bulk(x->reply, bytes_slice(&o.buffer));
    rdb_output_free(&o);
}

/* ---- RESTORE: what is asked for ---- */

struct restore {
    bool replace, absolute;
    int64_t expire_ms; /* KEYSPACE_NO_TTL: none */
    int64_t idle_s;    /* -1: not said */
    int64_t frequency; /* -1: not said */
};

/* A number from 0 to `max`; otherwise replies that it `must` be that. */
static bool read_bounded(struct exec *x, int index, int64_t max, int64_t *value, const char *must)
{
    if (!exec_int(x, index, value)) return false;
    if (*value >= 0 && *value <= max) return true;
    reply_error(x->reply, must);
    return false;
}

static bool read_options(struct exec *x, struct restore *r)
{
    *r = (struct restore){.expire_ms = KEYSPACE_NO_TTL, .idle_s = -1, .frequency = -1};
    for (int i = 4; i < x->argc; i++) {
        bool more = i + 1 < x->argc;
        if (exec_is(x, i, "REPLACE")) {
            r->replace = true;
        } else if (exec_is(x, i, "ABSTTL")) {
            r->absolute = true;
        } else if (exec_is(x, i, "IDLETIME") && more && r->frequency < 0) {
            if (!read_bounded(x, ++i, INT64_MAX, &r->idle_s, "ERR Invalid IDLETIME value, must be >= 0"))
                return false;
        } else if (exec_is(x, i, "FREQ") && more && r->idle_s < 0) {
            if (!read_bounded(x, ++i, 255, &r->frequency, "ERR Invalid FREQ value, must be >= 0 and <= 255"))
                return false;
        } else {
            exec_syntax_error(x);
            return false;
        }
    }
    return true;
}

/* A relative time that is too far away to be said comes as far away as can be. */
static bool read_ttl(struct exec *x, struct restore *r)
{
    int64_t ttl;
    if (!read_bounded(x, 2, INT64_MAX, &ttl, "ERR Invalid TTL value, must be >= 0")) return false;
    if (ttl == 0) return true;
    if (!r->absolute) ttl = ttl > INT64_MAX - x->now_ms ? INT64_MAX : ttl + x->now_ms;
    r->expire_ms = ttl;
    return true;
}

static bool footer_holds(struct slice payload)
{
    if (payload.size < FOOTER_SIZE) return false;
    const unsigned char *footer = (const unsigned char *)payload.data + payload.size - FOOTER_SIZE;
    uint64_t crc = 0;
    for (int i = RDB_CHECKSUM_SIZE - 1; i >= 0; i--) crc = crc << 8 | footer[VERSION_SIZE + i];
    int version = footer[0] | footer[1] << 8;
    return version <= RDB_VERSION && crc == crc64(0, payload.data, payload.size - RDB_CHECKSUM_SIZE);
}

/* ---- RESTORE: the value ---- */

/* A value that has been read and that nobody sees yet: a string in the input, or a draft. */
struct restored {
    struct rdb_input in;
    struct rdb_value value;
    struct slice string;
    bool is_string;
};

static void restored_init(struct exec *x, struct restored *v)
{
    rdb_input_init(&v->in, x->memory, x->from_primary ? INT64_MAX : x->bulk_max);
    rdb_value_init(&v->value, &v->in, x->memory);
    v->is_string = false;
}

static void restored_free(struct restored *v)
{
    rdb_value_free(&v->value);
    rdb_input_free(&v->in);
}

static enum rdb_step read_step(struct exec *x, struct restored *v, int type, int64_t expire_ms)
{
    v->is_string = type == RDB_STRING;
    if (v->is_string) return rdb_input_string(&v->in, &v->string);
    if (!rdb_value_readable(type)) return RDB_BAD;
    rdb_value_begin(&v->value, x->keyspace, type, x->argv[1], expire_ms);
    enum rdb_step step = rdb_value_read(&v->value);
    return step == RDB_OK && !v->value.draft.entry ? RDB_BAD : step; /* nothing is no value */
}

/* NULL: it does not say. */
static const char *problem_of(const struct restored *v)
{
    return v->is_string ? v->in.problem : v->value.problem;
}

/* False: the payload is not a value, which was replied. */
static bool read_value(struct exec *x, struct restored *v, int64_t expire_ms)
{
    struct slice payload = x->argv[3];
    bool some = payload.size > FOOTER_SIZE;
    if (some) rdb_input_feed(&v->in, payload.data + 1, payload.size - 1 - FOOTER_SIZE);
    if (some && read_step(x, v, (unsigned char)payload.data[0], expire_ms) == RDB_OK) return true;
    const char *problem = problem_of(v);
    if (problem && strcmp(problem, "out of memory") == 0) {
        exec_no_memory(x);
        return false;
    }
    x->complaint = problem ? problem : "there is no value in it";
    reply_error(x->reply, "ERR Bad data format");
    return false;
}

/* Puts it under its key, in the place of what was there. */
static struct entry *publish(struct exec *x, struct restored *v, int64_t expire_ms)
{
    if (v->is_string) return keyspace_set_string(x->keyspace, x->db, x->argv[1], v->string, expire_ms);
    return edit_publish(&v->value.draft, x->db);
}

/* ---- RESTORE: putting it all together ---- */

/* A time that has passed: the key is gone at once. */
static void restore_expired(struct exec *x)
{
    if (keyspace_delete(x->keyspace, x->db, x->argv[1])) {
        x->changes++;
        exec_notify(x, NOTIFY_GENERIC, "del", x->argv[1]);
        exec_effect_words(x, 2, slice_text("DEL"), x->argv[1]);
    }
    reply_ok(x->reply);
}

/* The same with the absolute time. */
static void effect_until(struct exec *x, struct slice *words, int64_t expire_ms)
{
    char digits[NUMBER_INT_MAX];
    memcpy(words, x->argv, (size_t)x->argc * sizeof *words);
    words[2] = slice_of(digits, number_format_int(digits, expire_ms));
    words[x->argc] = slice_text("ABSTTL");
    exec_effect(x, x->argc + 1, words);
}

/* `words`: room for the arguments and one more, when the time has to be logged as an absolute one; else NULL. */
static void restore(struct exec *x, const struct restore *r, struct slice *words)
{
    struct restored v;
    restored_init(x, &v);
    if (read_value(x, &v, r->expire_ms)) {
        struct entry *e = publish(x, &v, r->expire_ms);
        if (!e) {
            exec_no_memory(x);
        } else {
            access_created(x, e);
            access_restore(x->access, x->now_ms, e, r->idle_s, r->frequency);
            x->changes++;
            exec_notify(x, NOTIFY_NEW, "new", x->argv[1]);
            exec_notify(x, NOTIFY_GENERIC, "restore", x->argv[1]);
            if (words) effect_until(x, words, r->expire_ms);
            reply_ok(x->reply);
        }
    }
    restored_free(&v);
}

void run_restore(struct exec *x)
{
    struct restore r;
    struct restored checked;
    if (!read_options(x, &r)) return;
    if (!r.replace && exec_read(x, x->argv[1])) {
        reply_error(x->reply, "BUSYKEY Target key name already exists.");
        return;
    }
    if (!read_ttl(x, &r)) return;
    if (!x->skip_checksum && !footer_holds(x->argv[3])) {
        reply_error(x->reply, "ERR DUMP payload version or checksum are wrong");
        return;
    }
    exec_write(x, x->argv[1]); /* what has expired goes first */
    bool passed =
        r.expire_ms != KEYSPACE_NO_TTL && r.expire_ms <= x->now_ms && !x->replica && !x->from_primary;
    if (passed) {
        restored_init(x, &checked);
        if (read_value(x, &checked, r.expire_ms)) restore_expired(x);
        restored_free(&checked);
        return;
    }
    bool relative = r.expire_ms != KEYSPACE_NO_TTL && !r.absolute;
    size_t room = ((size_t)x->argc + 1) * sizeof(struct slice);
    struct slice *words = relative ? memory_alloc(x->memory, room) : NULL;
    if (relative && !words)
        exec_no_memory(x);
    else
        restore(x, &r, words);
    if (words) memory_free(x->memory, words, room);
}
