/* string_ranges.c: commands on parts of a string: APPEND, STRLEN, SETRANGE, GETRANGE. */
#include "command/access.h"
#include "command/notify.h"
#include "command/strings.h"

bool string_size_allowed(struct exec *x, int64_t size, int64_t extra)
{
    /* what the primary accepted, a replica does too */
    if (x->from_primary || (extra <= x->bulk_max && size <= x->bulk_max - extra)) return true;
    reply_error(x->reply, "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    return false;
}

/* Writes `part` at `offset` of the key's string, which is made long enough. Replies the new length. */
static void write_part(struct exec *x, const struct entry *old, size_t offset, struct slice part,
                       const char *event)
{
    char *data;
    bool is_new = !old;
    size_t old_size = old ? entry_string_size(old) : 0;
    size_t size = offset + part.size > old_size ? offset + part.size : old_size;
    struct entry *e = keyspace_string_edit(x->keyspace, x->db, x->argv[1], size, &data);
    if (!e) {
        exec_no_memory(x);
        return;
    }
    memcpy(data + offset, part.data, part.size);
    keyspace_string_done(x->keyspace, x->db, e);
    if (is_new) {
        access_created(x, e);
        exec_notify(x, NOTIFY_NEW, "new", x->argv[1]);
    }
    x->changes++;
    exec_notify(x, NOTIFY_STRING, event, x->argv[1]);
    reply_integer(x->reply, (int64_t)size);
}

void run_append(struct exec *x)
{
    bool ok;
    struct slice part = x->argv[2];
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_STRING, &ok);
    if (!ok) return;
    if (e) {
        size_t size = entry_string_size(e);
        if (string_size_allowed(x, (int64_t)size, (int64_t)part.size)) write_part(x, e, size, part, "append");
        return;
    }
    e = keyspace_set_string(x->keyspace, x->db, x->argv[1], part, KEYSPACE_NO_TTL);
    if (!e) {
        exec_no_memory(x);
        return;
    }
    access_created(x, e);
    x->changes++;
    exec_notify(x, NOTIFY_NEW, "new", x->argv[1]);
    exec_notify(x, NOTIFY_STRING, "append", x->argv[1]);
    reply_integer(x->reply, (int64_t)part.size);
}

void run_strlen(struct exec *x)
{
    bool ok;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_STRING, &ok);
    if (ok) reply_integer(x->reply, e ? (int64_t)entry_string_size(e) : 0);
}

void run_setrange(struct exec *x)
{
    bool ok;
    int64_t offset;
    struct slice part = x->argv[3];
    if (!exec_int(x, 2, &offset)) return;
    if (offset < 0) {
        reply_error(x->reply, "ERR offset is out of range");
        return;
    }
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_STRING, &ok);
    if (!ok) return;
    size_t size = e ? entry_string_size(e) : 0;
    if (part.size == 0) {
        reply_integer(x->reply, (int64_t)size);
        return;
    }
    if (string_size_allowed(x, offset, (int64_t)part.size))
        write_part(x, e, (size_t)offset, part, "setrange");
}

void run_getrange(struct exec *x)
{
    bool ok;
    int64_t start, end;
    if (!exec_int(x, 2, &start) || !exec_int(x, 3, &end)) return;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_STRING, &ok);
    if (!ok) return;
    struct entry_text text;
    struct slice value = e ? entry_string(e, &text) : slice_of("", 0);
    int64_t size = (int64_t)value.size;
    bool crossed = start < 0 && end < 0 && start > end;
    if (start < 0) start = start + size < 0 ? 0 : start + size;
    if (end < 0) end = end + size < 0 ? 0 : end + size;
    if (end >= size) end = size - 1;
    if (crossed || start > end || size == 0)
        reply_bulk(x->reply, slice_of("", 0));
    else
        reply_bulk(x->reply, slice_of(value.data + start, (size_t)(end - start + 1)));
}
