/* rdb_read.c: reads an RDB file, push-style.
 *
 * The file is a sequence of items (persist/rdb.h), and the reader a machine with one state for each item it may be
 * waiting for: a state reads its item, does what it says and chooses the next state. An item of which a part is
 * missing is asked for again when more has arrived (persist/rdb_input.h), so nothing here knows about pieces.
 *
 *   MAGIC -> OPCODE -> AUX_KEY -> AUX_VALUE ------------> OPCODE
 *                   -> DB, SIZES, VOLATILE, FUNCTION ...-> OPCODE
 *                   -> EXPIRE, IDLE, FREQ --------------> OPCODE   (they belong to the key that follows)
 *                   -> KEY -> VALUE or COLLECTION ------> OPCODE
 *                   -> CHECKSUM -> DONE
 *
 * SPDX-License-Identifier: MIT */
#include "persist/rdb_read.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/crc64.h"
#include "base/number.h"
#include "persist/rdb_codec.h"
#include "persist/rdb_input.h"
#include "persist/rdb_value.h"

enum state {
    MAGIC,
    OPCODE,
    AUX_KEY,
    AUX_VALUE,
    DB,
    SIZES,
    VOLATILE,
    EXPIRE_S,
    EXPIRE_MS,
    IDLE,
    FREQ,
    FUNCTION,
    KEY,
    VALUE,
    COLLECTION,
    CHECKSUM,
    DONE,
    FAILED
};

enum { KEY_KEEP_MAX = 4096, ERROR_MAX = 160 };

struct rdb_reader {
    struct rdb_read_options options;
    struct rdb_read_info info;
    struct rdb_input in;
    enum state state;
    int version;
    uint64_t crc;
    size_t summed; /* bytes of the present piece that are in `crc` */
    int db;
    int64_t expire_ms;         /* of the key that comes next */
    int type;                  /* of its value */
    int64_t idle_s, frequency; /* the same; -1: not said */
    struct bytes key;
    struct rdb_value value;
    char error[ERROR_MAX];
};

/* What precedes a key and is said of it. */
static void forget_marks(struct rdb_reader *r)
{
    r->expire_ms = KEYSPACE_NO_TTL;
    r->idle_s = r->frequency = -1;
}

struct rdb_reader *rdb_reader_new(const struct rdb_read_options *options)
{
    struct rdb_reader *r = memory_alloc_zero(options->memory, sizeof *r);
    if (!r) return NULL;
    r->options = *options;
    r->info.offset = -1;
    r->info.stream_db = -1;
    forget_marks(r);
    r->state = MAGIC;
    rdb_input_init(&r->in, options->memory, options->bulk_max);
    bytes_init(&r->key, options->memory);
    rdb_value_init(&r->value, &r->in, options->memory);
    return r;
}

void rdb_reader_free(struct rdb_reader *r)
{
    if (!r) return;
    rdb_value_free(&r->value);
    rdb_input_free(&r->in);
    bytes_free(&r->key);
    memory_free(r->options.memory, r, sizeof *r);
}

const char *rdb_reader_error(const struct rdb_reader *r) { return r->error; }

int64_t rdb_reader_offset(const struct rdb_reader *r) { return rdb_input_offset(&r->in); }

const struct rdb_read_info *rdb_reader_info(const struct rdb_reader *r) { return &r->info; }

/* Something is wrong with the item that was read last. */
__attribute__((format(printf, 2, 3))) static enum rdb_step fail(struct rdb_reader *r, const char *format, ...)
{
    int used = snprintf(r->error, sizeof r->error, "RDB at offset %" PRId64 ": ", r->in.item);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(r->error + used, sizeof r->error - (size_t)used, format, arguments);
    va_end(arguments);
    return RDB_BAD;
}

/* `state` is next. */
static enum rdb_step next(struct rdb_reader *r, enum state state)
{
    r->state = state;
    return RDB_OK;
}

/* ---- the file's frame ------------------------------------------------------------------------------------------ */

static enum rdb_step read_magic(struct rdb_reader *r)
{
    const unsigned char *b;
    enum rdb_step step = rdb_input_bytes(&r->in, RDB_MAGIC_SIZE, &b);
    if (step != RDB_OK) return step;
    if (memcmp(b, "REDIS", 5) != 0) return fail(r, "this is not an RDB file");
    for (int i = 5; i < RDB_MAGIC_SIZE; i++) {
        if (b[i] < '0' || b[i] > '9') return fail(r, "this is not an RDB file");
        r->version = r->version * 10 + (b[i] - '0');
    }
    if (r->version < 1 || r->version > RDB_VERSION_MAX)
        return fail(r, "version %d is not supported (1 to %d are)", r->version, RDB_VERSION_MAX);
    return next(r, OPCODE);
}

/* Adds what has been taken of the present piece to the checksum. */
static void sum_up(struct rdb_reader *r)
{
    size_t taken = rdb_input_taken(&r->in);
    r->crc = crc64(r->crc, r->in.from + r->summed, taken - r->summed);
    r->summed = taken;
}

static enum rdb_step read_opcode(struct rdb_reader *r)
{
    int code;
    enum rdb_step step = rdb_input_byte(&r->in, &code);
    if (step != RDB_OK) return step;
    r->type = code;
    switch (code) {
    case RDB_STRING: return next(r, KEY);
    case RDB_EXPIRETIME_MS: return next(r, EXPIRE_MS);
    case RDB_EXPIRETIME: return next(r, EXPIRE_S);
    case RDB_IDLE: return next(r, IDLE);
    case RDB_FREQ: return next(r, FREQ);
    case RDB_SELECTDB: return next(r, DB);
    case RDB_RESIZEDB: return next(r, SIZES);
    case RDB_AUX: return next(r, AUX_KEY);
    case RDB_FUNCTION2: return next(r, FUNCTION);
    case RDB_FUNCTION_PRE_GA:
        return fail(r, "functions in the format of a Redis 7.0 pre-release are not supported");
    case RDB_MODULE_AUX: return fail(r, "data of modules is not supported");
    case RDB_EOF: sum_up(r); return next(r, r->version >= RDB_VERSION_CHECKSUM ? CHECKSUM : DONE);
    default:
        if (rdb_value_readable(code)) return next(r, KEY);
        return fail(r, "type %d (%s) is not supported", code, rdb_type_name(code));
    }
}

static enum rdb_step read_checksum(struct rdb_reader *r)
{
    int64_t value;
    enum rdb_step step = rdb_input_integer(&r->in, RDB_CHECKSUM_SIZE, &value);
    if (step != RDB_OK) return step;
    if (value != 0 && (uint64_t)value != r->crc)
        return fail(r, "RDB CRC error: the checksum is %016" PRIx64 " but should be %016" PRIx64,
                    (uint64_t)value, r->crc);
    return next(r, DONE);
}

/* ---- what the file says of itself ------------------------------------------------------------------------------ */

static enum rdb_step read_key(struct rdb_reader *r, enum state then)
{
    struct slice s;
    enum rdb_step step = rdb_input_string(&r->in, &s);
    if (step != RDB_OK) return step;
    bytes_clear(&r->key);
    bytes_trim(&r->key, KEY_KEEP_MAX);
    if (!bytes_append_slice(&r->key, s)) return fail(r, "out of memory");
    return next(r, then);
}

static enum rdb_step read_aux(struct rdb_reader *r)
{
    struct slice value;
    enum rdb_step step = rdb_input_string(&r->in, &value);
    if (step != RDB_OK) return step;
    struct slice key = bytes_slice(&r->key);
    struct rdb_read_info *info = &r->info;
    int64_t number;
    if (slice_equal(key, slice_text("repl-id"))) {
        if (value.size == sizeof info->replid - 1) memcpy(info->replid, value.data, value.size);
    } else if (slice_equal(key, slice_text("repl-offset"))) {
        if (number_parse_int(value, &number) && number >= 0) info->offset = number;
    } else if (slice_equal(key, slice_text(RDB_NAMES))) {
        if (value.size < sizeof info->names) memcpy(info->names, value.data, value.size);
    } else if (slice_equal(key, slice_text("ctime"))) {
        if (number_parse_int(value, &number) && number > 0) info->created_s = number;
    } else if (slice_equal(key, slice_text("repl-stream-db"))) {
        if (number_parse_int(value, &number) && number >= 0 &&
            number < keyspace_databases(r->options.keyspace))
            info->stream_db = (int)number;
    }
    return next(r, OPCODE);
}

static enum rdb_step read_db(struct rdb_reader *r)
{
    uint64_t db;
    enum rdb_step step = rdb_input_length(&r->in, &db);
    if (step != RDB_OK) return step;
    int databases = keyspace_databases(r->options.keyspace);
    if (db >= (uint64_t)databases)
        return fail(r, "database %" PRIu64 ", but there are only %d", db, databases);
    r->db = (int)db;
    return next(r, OPCODE);
}

/* A length that is of no use here: tables that grow bucket by bucket want no hint of their size. */
static enum rdb_step pass_length(struct rdb_reader *r, enum state then)
{
    uint64_t ignored;
    enum rdb_step step = rdb_input_length(&r->in, &ignored);
    return step == RDB_OK ? next(r, then) : step;
}

static enum rdb_step read_idle(struct rdb_reader *r)
{
    uint64_t idle_s;
    enum rdb_step step = rdb_input_length(&r->in, &idle_s);
    if (step != RDB_OK) return step;
    r->idle_s = idle_s < INT32_MAX ? (int64_t)idle_s : INT32_MAX;
    return next(r, OPCODE);
}

static enum rdb_step read_frequency(struct rdb_reader *r)
{
    int count;
    enum rdb_step step = rdb_input_byte(&r->in, &count);
    if (step != RDB_OK) return step;
    r->frequency = count;
    return next(r, OPCODE);
}

/* A library of functions: there is nothing that could run it. */
static enum rdb_step pass_function(struct rdb_reader *r)
{
    enum rdb_step step = rdb_input_skip(&r->in);
    return step == RDB_OK ? next(r, OPCODE) : step;
}

/* ---- keys ------------------------------------------------------------------------------------------------------ */

/* Times before 1970 have passed, whichever they are; -1, in a file, is no time. */
static void set_expire(struct rdb_reader *r, int64_t expire_ms)
{
    r->expire_ms = expire_ms >= 0 ? expire_ms : expire_ms == -1 ? KEYSPACE_NO_TTL : 0;
}

static enum rdb_step read_expire(struct rdb_reader *r, size_t size, int64_t unit_ms)
{
    int64_t value;
    enum rdb_step step = rdb_input_integer(&r->in, size, &value);
    if (step != RDB_OK) return step;
    set_expire(r, value == -1 ? -1 : value * unit_ms);
    return next(r, OPCODE);
}

/* A key has its value. What was said of it before ends with it. */
static enum rdb_step key_read(struct rdb_reader *r, struct entry *e)
{
    const struct rdb_read_options *o = &r->options;
    int64_t now_ms = keyspace_time(o->keyspace), expire_ms = entry_expire(e);
    if (o->access) access_restore(o->access, now_ms, e, r->idle_s, r->frequency);
    r->info.keys++;
    r->info.expired += expire_ms >= 0 && expire_ms < now_ms;
    forget_marks(r);
    return next(r, OPCODE);
}

static enum rdb_step read_string(struct rdb_reader *r)
{
    struct slice value;
    enum rdb_step step = rdb_input_string(&r->in, &value);
    if (step != RDB_OK) return step;
    const struct rdb_read_options *o = &r->options;
    size_t before = keyspace_size(o->keyspace, r->db);
    struct entry *e = keyspace_set_string(o->keyspace, r->db, bytes_slice(&r->key), value, r->expire_ms);
    if (!e) return fail(r, "out of memory");
    if (keyspace_size(o->keyspace, r->db) == before)
        return fail(r, "the key of this value has been there before");
    return key_read(r, e);
}

static enum rdb_step begin_collection(struct rdb_reader *r)
{
    rdb_value_begin(&r->value, r->options.keyspace, r->type, bytes_slice(&r->key), r->expire_ms);
    return next(r, COLLECTION);
}

/* One that turns out to be empty is no key, as in Redis. */
static enum rdb_step read_collection(struct rdb_reader *r)
{
    struct keyspace *ks = r->options.keyspace;
    enum rdb_step step = rdb_value_read(&r->value);
    if (step == RDB_BAD) return fail(r, "%s", r->value.problem);
    if (step != RDB_OK) return step;
    if (!r->value.draft.entry) {
        edit_discard(&r->value.draft);
        forget_marks(r);
        return next(r, OPCODE);
    }
    if (keyspace_find(ks, r->db, bytes_slice(&r->key)))
        return fail(r, "the key of this value has been there before");
    struct entry *e = edit_publish(&r->value.draft, r->db);
    return e ? key_read(r, e) : fail(r, "out of memory");
}

/* ---- the machine ----------------------------------------------------------------------------------------------- */

static enum rdb_step read_item(struct rdb_reader *r)
{
    switch (r->state) {
    case MAGIC: return read_magic(r);
    case OPCODE: return read_opcode(r);
    case AUX_KEY: return read_key(r, AUX_VALUE);
    case AUX_VALUE: return read_aux(r);
    case DB: return read_db(r);
    case SIZES: return pass_length(r, VOLATILE);
    case VOLATILE: return pass_length(r, OPCODE);
    case EXPIRE_S: return read_expire(r, 4, 1000);
    case EXPIRE_MS: return read_expire(r, 8, 1);
    case IDLE: return read_idle(r);
    case FREQ: return read_frequency(r);
    case FUNCTION: return pass_function(r);
    case KEY: return read_key(r, VALUE);
    case VALUE: return r->type == RDB_STRING ? read_string(r) : begin_collection(r);
    case COLLECTION: return read_collection(r);
    case CHECKSUM: return read_checksum(r);
    case DONE:
    case FAILED: break;
    }
    return RDB_MORE;
}

int rdb_reader_feed(struct rdb_reader *r, const char *data, size_t size, size_t *used)
{
    *used = 0;
    if (r->state == FAILED) return -1;
    if (size == 0 || r->state == DONE) return r->state != DONE;
    rdb_input_feed(&r->in, data, size);
    r->summed = 0;
    enum rdb_step step;
    do step = read_item(r);
    while (step == RDB_OK && r->state != DONE);
    *used = rdb_input_taken(&r->in);
    if (step == RDB_BAD) {
        if (r->error[0] == '\0') fail(r, "%s", r->in.problem);
        r->state = FAILED;
        return -1;
    }
    if (r->state < CHECKSUM) sum_up(r);
    return r->state != DONE;
}
