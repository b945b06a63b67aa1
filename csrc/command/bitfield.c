/* bitfield.c: BITFIELD: parts of a string as integers of any width up to 64 bits.
 *
 * All operations are read before the first is done: one of them wrong, and nothing happens. Then the string is made long
 * enough for the farthest write, and the operations are done in order. An operation that would overflow wraps,
 * saturates or, with FAIL, is left out and answered with null.
 *
 * Numbers are kept as their low 64 bits; `is_signed` says how they are meant.
 */
#include "base/bits.h"
#include "base/number.h"
#include "command/bits.h"
#include "command/notify.h"

enum operation_kind { FIELD_GET, FIELD_SET, FIELD_INCRBY };
enum overflow { OVERFLOW_WRAP, OVERFLOW_SATURATE, OVERFLOW_FAIL };

struct operation {
    enum operation_kind kind;
    enum overflow overflow;
    bool is_signed;
    int width;
    int64_t offset; /* in bits */
    int64_t argument;
};

/* ---- reading them ---- */

static bool read_width(struct exec *x, int index, struct operation *o)
{
    struct slice text = x->argv[index];
    int64_t width = 0;
    char first = text.size > 0 ? text.data[0] : '\0';
    bool read =
        (first == 'i' || first == 'u') && number_parse_int(slice_of(text.data + 1, text.size - 1), &width);
    o->is_signed = first == 'i';
    if (!read || width < 1 || width > (o->is_signed ? 64 : 63)) {
        reply_error(x->reply, "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not "
                              "supported but i64 is.");
        return false;
    }
    o->width = (int)width;
    return true;
}

static bool read_overflow(struct exec *x, int index, enum overflow *overflow)
{
    static const char *const names[] = {"WRAP", "SAT", "FAIL"};
    for (int i = 0; i < 3; i++) {
        if (!exec_is(x, index, names[i])) continue;
        *overflow = (enum overflow)i;
        return true;
    }
    reply_error(x->reply, "ERR Invalid OVERFLOW type specified");
    return false;
}

/* The operation that begins at argument *i, which moves to its last one. */
static bool read_operation(struct exec *x, int *i, struct operation *o)
{
    int left = x->argc - *i - 1;
    if (exec_is(x, *i, "GET") && left >= 2) {
        o->kind = FIELD_GET;
    } else if (exec_is(x, *i, "SET") && left >= 3) {
        o->kind = FIELD_SET;
    } else if (exec_is(x, *i, "INCRBY") && left >= 3) {
        o->kind = FIELD_INCRBY;
    } else {
        exec_syntax_error(x);
        return false;
    }
    if (!read_width(x, *i + 1, o) || !bit_offset(x, *i + 2, o->width, &o->offset)) return false;
    if (o->kind != FIELD_GET && !exec_int(x, *i + 3, &o->argument)) return false;
    *i += o->kind == FIELD_GET ? 2 : 3;
    return true;
}

/* How many there are, -1: something is wrong, which was replied. *last_write: the farthest bit that is written, -1: none. */
static int read_operations(struct exec *x, struct operation *list, int64_t *last_write)
{
    enum overflow overflow = OVERFLOW_WRAP;
    int count = 0;
    *last_write = -1;
    for (int i = 2; i < x->argc; i++) {
        if (exec_is(x, i, "OVERFLOW") && i + 1 < x->argc) {
            if (!read_overflow(x, ++i, &overflow)) return -1;
            continue;
        }
        struct operation *o = &list[count++];
        o->overflow = overflow;
        if (!read_operation(x, &i, o)) return -1;
        int64_t last = o->offset + o->width - 1;
        if (o->kind != FIELD_GET && last > *last_write) *last_write = last;
    }
    return count;
}

/* ---- arithmetic ---- */

static uint64_t mask_of(int width) { return UINT64_MAX >> (64 - width); }

/* A field's bits as a number of its kind. */
static uint64_t extend(const struct operation *o, uint64_t bits)
{
    uint64_t sign = UINT64_C(1) << (o->width - 1);
    bits &= mask_of(o->width);
    return o->is_signed ? (bits ^ sign) - sign : bits;
}

/* Whether value + increment is a number that the field cannot hold: 1 above it, -1 below. */
static int out_of_range(const struct operation *o, uint64_t value, int64_t increment)
{
    uint64_t max = mask_of(o->width);
    if (!o->is_signed) {
        if (value > max || (increment > 0 && (uint64_t)increment > max - value)) return 1;
        return increment < 0 && 0 - (uint64_t)increment > value ? -1 : 0;
    }
    int64_t sum, high = (int64_t)(max >> 1), low = -high - 1;
    if (__builtin_add_overflow((int64_t)value, increment, &sum)) return increment > 0 ? 1 : -1;
    return sum > high ? 1 : sum < low ? -1 : 0;
}

/* The result of an operation on a field that holds `old`. False: it overflows and is left out. */
static bool compute(const struct operation *o, uint64_t old, uint64_t *result)
{
    uint64_t value = o->kind == FIELD_SET ? (uint64_t)o->argument : old;
    int64_t increment = o->kind == FIELD_SET ? 0 : o->argument;
    int out = out_of_range(o, value, increment);
    *result = extend(o, value + (uint64_t)increment);
    if (out == 0 || o->overflow == OVERFLOW_WRAP) return true;
    if (o->overflow == OVERFLOW_FAIL) return false;
    uint64_t lowest = o->is_signed ? UINT64_C(1) << (o->width - 1) : 0;
    *result = extend(o, out < 0 ? lowest : lowest - 1); /* below the lowest, all wraps to the highest */
    return true;
}

/* ---- doing them ---- */

static uint64_t field_of(const struct operation *o, struct slice bytes)
{
    return extend(o, bits_get(bytes, o->offset, o->width));
}

static void run_get_field(struct exec *x, const struct operation *o, struct slice bytes)
{
    reply_integer(x->reply, (int64_t)field_of(o, bytes));
}

/* Replies what a writing operation comes to on a field that holds `old`. False: nothing is to be written. */
static bool run_field(struct exec *x, const struct operation *o, uint64_t old, uint64_t *result)
{
    if (!compute(o, old, result)) {
        reply_null(x->reply);
        return false;
    }
    reply_integer(x->reply, (int64_t)(o->kind == FIELD_SET ? old : *result));
    return true;
}

/* Whether it has changed the field; in a string that has just grown to hold it, always when it wrote it. */
static bool run_write_field(struct exec *x, const struct operation *o, char *data, size_t size, bool grown)
{
    uint64_t result, old = field_of(o, slice_of(data, size));
    if (!run_field(x, o, old, &result)) return false;
    bits_set(data, o->offset, o->width, result);
    return grown || result != old;
}

/* Whether any of them changes the string: the first that does is preceded by none. */
static bool any_changes(const struct operation *list, int count, struct slice bytes)
{
    for (int i = 0; i < count; i++) {
        uint64_t result, old = field_of(&list[i], bytes);
        if (list[i].kind != FIELD_GET && compute(&list[i], old, &result) && result != old) return true;
    }
    return false;
}

/* What operations reply that change nothing. */
static void run_unchanged(struct exec *x, const struct operation *list, int count, struct slice bytes)
{
    uint64_t result;
    reply_array(x->reply, count);
    for (int i = 0; i < count; i++) {
        if (list[i].kind == FIELD_GET)
            run_get_field(x, &list[i], bytes);
        else
            run_field(x, &list[i], field_of(&list[i], bytes), &result);
    }
}

static void read_fields(struct exec *x, const struct operation *list, int count)
{
    bool ok;
    struct entry_text text;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_STRING, &ok);
    if (!ok) return;
    struct slice bytes = bit_string(e, &text);
    reply_array(x->reply, count);
    for (int i = 0; i < count; i++) run_get_field(x, &list[i], bytes);
}

/* A string that only grew, because every write overflowed, has changed all the same: replicas must have it so. */
static void write_fields(struct exec *x, const struct operation *list, int count, int64_t last_write)
{
    bool ok, grown;
    char *data;
    int64_t changes = 0;
    struct entry_text text;
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_STRING, &ok);
    if (!ok) return;
    struct slice bytes = bit_string(e, &text);
    if (last_write >> 3 < (int64_t)bytes.size && !any_changes(list, count, bytes)) {
        run_unchanged(x, list, count, bytes);
        return;
    }
    struct entry *edited = bit_edit(x, e, last_write, &data, &grown);
    if (!edited) return;
    size_t size = entry_string_size(edited);
    reply_array(x->reply, count);
    for (int i = 0; i < count; i++) {
        if (list[i].kind == FIELD_GET)
            run_get_field(x, &list[i], slice_of(data, size));
        else
            changes += run_write_field(x, &list[i], data, size, grown);
    }
    bit_edited(x, edited, !e);
    x->changes += changes > 0 ? changes : grown;
    if (changes > 0) exec_notify(x, NOTIFY_STRING, "setbit", x->argv[1]);
}

static void bitfield(struct exec *x, bool readonly)
{
    int64_t last_write;
    size_t room = (size_t)x->argc * sizeof(struct operation);
    struct operation *list = memory_alloc(x->memory, room);
    int count = list ? read_operations(x, list, &last_write) : -1;
    if (!list)
        exec_no_memory(x);
    else if (count >= 0 && last_write < 0)
        read_fields(x, list, count);
    else if (count >= 0 && readonly)
        reply_error(x->reply, "ERR BITFIELD_RO only supports the GET subcommand");
    else if (count >= 0)
        write_fields(x, list, count, last_write);
    memory_free(x->memory, list, room);
}

/* It only reads when all that it says is GET, as far as that can be told. */
const char *bitfield_key_flags(const struct slice *argv, int argc)
{
    for (int i = 2; i < argc; i++) {
        int left = argc - i - 1;
        if (slice_is_word(argv[i], "GET") && left >= 2)
            i += 2;
        else if (slice_is_word(argv[i], "OVERFLOW") && left >= 1)
            i++;
        else
            return "RW access update";
    }
    return "RO access";
}

void run_bitfield(struct exec *x) { bitfield(x, false); }

void run_bitfield_ro(struct exec *x) { bitfield(x, true); }
