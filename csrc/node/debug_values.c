/* debug_values.c: what DEBUG shows of values and of the tables they are in. No addresses: the same run shows the same. */
#include <stdio.h>

#include "node/commands.h"
#include "node/internal.h"
#include "persist/rdb_codec.h"
#include "store/digest.h"
#include "store/hash.h"
#include "store/set.h"
#include "store/value.h"
#include "store/zset_value.h"

void debug_reply_digest(struct reply *r, struct digest d)
{
    char text[41];
    snprintf(text, sizeof text, "%016llx%016llx00000000", (unsigned long long)d.high,
             (unsigned long long)d.low);
    reply_status(r, text);
}

/* Of the value, and whether it expires: the same for a copy under another name. */
static struct digest digest_value(const struct entry *e)
{
    if (!e) return (struct digest){0, 0};
    bool expires = entry_expire(e) >= 0;
    return digest_with(value_class(entry_type(e))->digest(e), (uint64_t)entry_type(e) * 2 + expires);
}

void debug_digest_values(struct exec *x)
{
    reply_array(x->reply, x->argc - 2);
    for (int i = 2; i < x->argc; i++)
        debug_reply_digest(x->reply, digest_value(keyspace_find(x->keyspace, x->db, x->argv[i])));
}

/* The entry of argv[2]; replies the error when there is none. */
static struct entry *look(struct exec *x)
{
    struct entry *e = keyspace_find(x->keyspace, x->db, x->argv[2]);
    if (!e) reply_error(x->reply, "ERR no such key");
    return e;
}

/* The same, if its time is not up. */
static struct entry *look_alive(struct exec *x)
{
    struct entry *e = exec_find(x, x->db, x->argv[2], EXEC_NO_STATS | EXEC_NO_TOUCH | EXEC_NO_NOTIFY);
    if (!e) reply_error(x->reply, "ERR no such key");
    return e;
}

/* As much of the value as an RDB file has of it. */
static size_t serialized_length(struct exec *x, const struct entry *e)
{
    struct node *n = call_of(x)->node;
    struct entry_text text;
    if (entry_type(e) != VALUE_STRING) return entry_memory(e);
    bytes_clear(&n->scratch);
    rdb_append_string(&n->scratch, entry_string(e, &text));
    return n->scratch.size;
}

void debug_object(struct exec *x)
{
    struct entry *e = look(x);
    char text[256];
    if (!e) return;
    snprintf(text, sizeof text,
             "Value at:0x0 refcount:1 encoding:%s serializedlength:%zu lru:%lu lru_seconds_idle:%lld",
             entry_encoding(e), serialized_length(x, e), (unsigned long)entry_access(e),
             x->access->lfu ? 0LL : (long long)access_idle(x, e));
    reply_status(x->reply, text);
}

void debug_sdslen(struct exec *x)
{
    struct entry *e = look(x);
    char text[256];
    if (!e) return;
    if (entry_type(e) != VALUE_STRING) {
        reply_error(x->reply, "ERR Not an sds encoded string.");
        return;
    }
    snprintf(text, sizeof text,
             "key_sds_len:%zu, key_sds_avail:0, key_zmalloc: %zu, val_sds_len:%zu, val_sds_avail:0, "
             "val_zmalloc: %zu",
             x->argv[2].size, x->argv[2].size, entry_string_size(e), entry_memory(e));
    reply_status(x->reply, text);
}

static bool has_encoding(const struct entry *e, const char *encoding)
{
    return strcmp(entry_encoding(e), encoding) == 0;
}

void debug_listpack(struct exec *x)
{
    struct entry *e = look_alive(x);
    if (e && has_encoding(e, "listpack"))
        reply_status(x->reply, "Listpack structure printed on stdout");
    else if (e)
        reply_error(x->reply, "ERR Not a listpack encoded object.");
}

void debug_quicklist(struct exec *x)
{
    struct entry *e = look_alive(x);
    if (e && has_encoding(e, "quicklist"))
        reply_status(x->reply, "Quicklist structure printed on stdout");
    else if (e)
        reply_error(x->reply, "ERR Not a quicklist encoded object.");
}

/* ---- tables ---- */

static void put_table(struct bytes *out, const char *name, size_t elements)
{
    bytes_append_format(out, "%s", name);
    if (elements == 0) {
        bytes_append_text(
            out, "Hash table 0 stats (main hash table):\nNo stats available for empty dictionaries\n");
        return;
    }
    bytes_append_format(out,
                        "Hash table 0 stats (main hash table):\n table size: %zu\n number of elements: %zu\n",
                        elements, elements);
}

/* Tables grow and shrink with what is in them, bucket by bucket: their size is that. */
void debug_htstats(struct exec *x)
{
    struct node *n = call_of(x)->node;
    int64_t db;
    if (!exec_int_or(x, 2, &db, "ERR value is not an integer or out of range")) return;
    if (db < 0 || db >= keyspace_databases(x->keyspace)) {
        reply_error(x->reply, "ERR Out of range database");
        return;
    }
    bytes_clear(&n->scratch);
    put_table(&n->scratch, "[Dictionary HT]\n", keyspace_size(x->keyspace, (int)db));
    put_table(&n->scratch, "[Expires HT]\n", keyspace_volatile(x->keyspace, (int)db));
    reply_verbatim(x->reply, "txt", bytes_slice(&n->scratch));
}

void debug_htstats_key(struct exec *x)
{
    struct node *n = call_of(x)->node;
    struct entry *e = look(x);
    if (!e) return;
    if (!has_encoding(e, "hashtable") && !has_encoding(e, "skiplist")) {
        reply_error(x->reply,
                    "ERR The value stored at the specified key is not represented using an hash table");
        return;
    }
    bytes_clear(&n->scratch);
    size_t elements = entry_type(e) == VALUE_HASH  ? hash_size(e)
                      : entry_type(e) == VALUE_SET ? set_size(e)
                                                   : zset_count(e);
    put_table(&n->scratch, "", elements);
    reply_verbatim(x->reply, "txt", bytes_slice(&n->scratch));
}
