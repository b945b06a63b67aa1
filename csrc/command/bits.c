/* bits.c: commands on single bits of a string, and on whole strings as bits. Arithmetic on fields: bitfield.c.
 *
 * Positions count from the highest bit of the first byte. A string is as if zeros followed it without end; what is
 * written beyond its end makes it longer.
 *
 * Source: https://redis.io/docs/latest/commands/?group=bitmap
 */
#include "command/bits.h"

#include "base/bits.h"
#include "base/number.h"
#include "command/access.h"
#include "command/notify.h"

bool bit_offset(struct exec *x, int index, int width, int64_t *offset)
{
    struct slice text = x->argv[index];
    bool fields = width > 0 && text.size > 0 && text.data[0] == '#';
    if (fields) text = slice_of(text.data + 1, text.size - 1);
    bool read = number_parse_int(text, offset);
    if (read && fields) read = !__builtin_mul_overflow(*offset, (int64_t)width, offset);
    /* what the primary accepted, a replica does too */
    if (read && *offset >= 0 && (x->from_primary || *offset >> 3 < x->bulk_max)) return true;
    reply_error(x->reply, "ERR bit offset is not an integer or out of range");
    return false;
}

struct entry *bit_edit(struct exec *x, const struct entry *e, int64_t last, char **data, bool *grown)
{
    size_t size = e ? entry_string_size(e) : 0, needed = (size_t)(last >> 3) + 1;
    *grown = needed > size;
    struct entry *edited = keyspace_string_edit(x->keyspace, x->db, x->argv[1], *grown ? needed : size, data);
    if (!edited) exec_no_memory(x);
    return edited;
}

void bit_edited(struct exec *x, struct entry *e, bool created)
{
    keyspace_string_done(x->keyspace, x->db, e);
    if (!created) return;
    access_created(x, e);
    exec_notify(x, NOTIFY_NEW, "new", x->argv[1]);
}

struct slice bit_string(const struct entry *e, struct entry_text *text)
{
    return e ? entry_string(e, text) : slice_of("", 0);
}

/* ---- one bit ---- */

/* Setting a bit to what it is within the string is no change. */
void run_setbit(struct exec *x)
{
    static const char bad_bit[] = "ERR bit is not an integer or out of range";
    bool ok, grown;
    int64_t offset, bit;
    char *data;
    struct entry_text text;
    if (!bit_offset(x, 2, 0, &offset) || !exec_int_or(x, 3, &bit, bad_bit)) return;
    if (bit != 0 && bit != 1) {
        reply_error(x->reply, bad_bit);
        return;
    }
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_STRING, &ok);
    if (!ok) return;
    struct slice bytes = bit_string(e, &text);
    int64_t old = (int64_t)bits_get(bytes, offset, 1);
    if (old != bit || offset >> 3 >= (int64_t)bytes.size) {
        struct entry *edited = bit_edit(x, e, offset, &data, &grown);
        if (!edited) return;
        bits_set(data, offset, 1, (uint64_t)bit);
        bit_edited(x, edited, !e);
        x->changes++;
        exec_notify(x, NOTIFY_STRING, "setbit", x->argv[1]);
    }
    reply_integer(x->reply, old);
}

void run_getbit(struct exec *x)
{
    bool ok;
    int64_t offset;
    struct entry_text text;
    if (!bit_offset(x, 2, 0, &offset)) return;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_STRING, &ok);
    if (ok) reply_integer(x->reply, (int64_t)bits_get(bit_string(e, &text), offset, 1));
}

/* ---- ranges of bits ---- */

struct range {
    int64_t first, last; /* in bytes or bits, as asked for, then in bits; empty: first > last */
    bool bits, end_given;
};

/* BYTE or BIT as argument `index`. */
static bool read_unit(struct exec *x, int index, struct range *r)
{
    r->bits = exec_is(x, index, "BIT");
    if (r->bits || exec_is(x, index, "BYTE")) return true;
    exec_syntax_error(x);
    return false;
}

/* Negative ends count from the end of the string; what lies outside is cut off. */
static void clip_range(struct range *r, size_t size)
{
    int64_t total = (int64_t)size;
    if (r->bits) total *= 8;
    if (r->first < 0) r->first += total;
    if (r->last < 0) r->last += total;
    if (r->first < 0) r->first = 0;
    if (r->last < 0) r->last = 0;
    if (r->last >= total) r->last = total - 1;
    if (r->bits || r->first > r->last) return;
    r->first *= 8;
    r->last = r->last * 8 + 7;
}

/* The key is looked at first: where there is none, the other arguments are not read. */
void run_bitcount(struct exec *x)
{
    bool ok;
    struct entry_text text;
    struct range r = {.first = 0, .last = -1};
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_STRING, &ok);
    if (!e) {
        if (ok) reply_integer(x->reply, 0);
        return;
    }
    struct slice bytes = entry_string(e, &text);
    if (x->argc == 4 || x->argc == 5) {
        if (!exec_int(x, 2, &r.first) || !exec_int(x, 3, &r.last)) return;
        if (r.first < 0 && r.last < 0 && r.first > r.last) {
            reply_integer(x->reply, 0);
            return;
        }
        if (x->argc == 5 && !read_unit(x, 4, &r)) return;
    } else if (x->argc != 2) {
        exec_syntax_error(x);
        return;
    }
    clip_range(&r, bytes.size);
    reply_integer(x->reply, bits_count(bytes, r.first, r.last));
}

/* BITPOS's range, arguments 3 to 5. */
static bool read_bitpos_range(struct exec *x, struct range *r)
{
    *r = (struct range){.first = 0, .last = -1, .end_given = x->argc >= 5};
    if (x->argc > 6) {
        exec_syntax_error(x);
        return false;
    }
    if (x->argc > 3 && !exec_int(x, 3, &r->first)) return false;
    if (x->argc == 6 && !read_unit(x, 5, r)) return false;
    return x->argc <= 4 || exec_int(x, 4, &r->last);
}

/* Without an end a clear bit is found at the latest just beyond the string. */
void run_bitpos(struct exec *x)
{
    bool ok;
    int64_t bit;
    struct range r;
    struct entry_text text;
    if (!exec_int(x, 2, &bit)) return;
    if (bit != 0 && bit != 1) {
        reply_error(x->reply, "ERR The bit argument must be 1 or 0.");
        return;
    }
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_STRING, &ok);
    if (!e) {
        if (ok) reply_integer(x->reply, bit ? -1 : 0);
        return;
    }
    if (!read_bitpos_range(x, &r)) return;
    struct slice bytes = entry_string(e, &text);
    clip_range(&r, bytes.size);
    int64_t found = bits_find(bytes, r.first, r.last, bit);
    if (found < 0 && !bit && !r.end_given && r.first <= r.last) found = (int64_t)bytes.size * 8;
    reply_integer(x->reply, found);
}

/* ---- BITOP ---- */

/* What BITOP works on; `texts` are where integers are written. */
struct operands {
    struct slice *bytes;
    struct entry_text *texts;
    int count;
    size_t longest;
};

static bool operands_init(struct exec *x, struct operands *o)
{
    o->count = x->argc - 3;
    o->longest = 0;
    o->bytes = memory_alloc(x->memory, (size_t)o->count * sizeof *o->bytes);
    o->texts = memory_alloc(x->memory, (size_t)o->count * sizeof *o->texts);
    return o->bytes && o->texts;
}

static void operands_free(struct exec *x, struct operands *o)
{
    memory_free(x->memory, o->bytes, (size_t)o->count * sizeof *o->bytes);
    memory_free(x->memory, o->texts, (size_t)o->count * sizeof *o->texts);
}

/* False: one is not a string, which was replied. */
static bool operands_read(struct exec *x, struct operands *o)
{
    bool ok = true;
    for (int i = 0; i < o->count && ok; i++) {
        struct entry *e = exec_read_type(x, x->argv[i + 3], VALUE_STRING, &ok);
        o->bytes[i] = bit_string(e, &o->texts[i]);
        if (o->bytes[i].size > o->longest) o->longest = o->bytes[i].size;
    }
    return ok;
}

/* The result is stored as bytes, never as an integer. */
static bool bitop_store(struct exec *x, enum bits_operation operation, const struct operands *o)
{
    char *data, *result = memory_alloc(x->memory, o->longest);
    if (!result) return false;
    bits_combine(operation, result, o->longest, o->bytes, o->count);
    struct slice key = x->argv[2];
    exec_notify_if_new(x, key);
    struct entry *e =
        keyspace_set_string(x->keyspace, x->db, key, slice_of(result, o->longest), KEYSPACE_NO_TTL);
    memory_free(x->memory, result, o->longest);
    if (!e) return false;
    access_created(x, e);
    x->changes++;
    exec_notify(x, NOTIFY_STRING, "set", key);
    e = keyspace_string_edit(x->keyspace, x->db, key, o->longest, &data);
    if (e) keyspace_string_done(x->keyspace, x->db, e);
    return true;
}

/* Nothing but empty operands: the destination goes. */
static void bitop_delete(struct exec *x)
{
    if (!keyspace_delete(x->keyspace, x->db, x->argv[2])) return;
    x->changes++;
    exec_notify(x, NOTIFY_GENERIC, "del", x->argv[2]);
}

static bool read_operation(struct exec *x, enum bits_operation *operation)
{
    static const char *const names[] = {"AND", "OR", "XOR", "NOT"};
    int found = 0;
    while (found < 4 && !exec_is(x, 1, names[found])) found++;
    if (found == 4) {
        exec_syntax_error(x);
        return false;
    }
    *operation = (enum bits_operation)found;
    if (*operation != BITS_NOT || x->argc == 4) return true;
    reply_error(x->reply, "ERR BITOP NOT must be called with a single source key.");
    return false;
}

void run_bitop(struct exec *x)
{
    enum bits_operation operation;
    struct operands o;
    if (!read_operation(x, &operation)) return;
    bool enough = operands_init(x, &o);
    if (enough && operands_read(x, &o)) {
        if (o.longest == 0)
            bitop_delete(x);
        else
            enough = bitop_store(x, operation, &o);
        if (enough) reply_integer(x->reply, (int64_t)o.longest);
    }
    if (!enough) exec_no_memory(x);
    operands_free(x, &o);
}
