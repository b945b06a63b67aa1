/* change.c: the changes of single keys: set, edit, expire, delete, rename, copy.
 *
 * Each works out the entry that is to be there, and lets table.c put it there. What can fail comes before
 * what changes anything, so that a failure leaves the keyspace as it was. The slices that callers hand in
 * may point into entries, also into the one that is replaced: it is freed last.
 */
#include "store/keyspace_internal.h"

/* A place for a key: its table, and who is there now. */
struct place {
    struct table *table;
    uint64_t hash;
    struct entry *entry;
};

/* NULL `table` when memory is out. */
static struct place place_of(struct keyspace *ks, int db, struct slice key)
{
    struct place p = {.table = table_make(ks, db)};
    if (!p.table) return p;
    p.hash = dict_hash(&p.table->dict, key);
    p.entry = dict_find_hashed(&p.table->dict, key, p.hash);
    return p;
}

static uint64_t hash_of(const struct keyspace *ks, int db, const struct entry *e)
{
    return dict_hash(&ks->tables[db]->dict, entry_key(e));
}

/* ---- strings ---- */

static struct entry *set_in_place(struct keyspace *ks, int db, struct entry *e,
                                  const struct entry_value *value, int64_t expire_ms)
{
    struct table *t = ks->tables[db];
    table_edit_begin(ks, t, e);
    entry_overwrite(e, value);
    if (expire_ms >= 0 && expire_ms != entry_expire(e)) table_rekey(ks, t, e, expire_ms);
    table_edit_end(ks, db, e);
    return e;
}

static struct entry *set(struct keyspace *ks, int db, struct slice key, const struct entry_value *value,
                         int64_t expire_ms)
{
    struct place p = place_of(ks, db, key);
    if (!p.table) return NULL;
    if (expire_ms == KEYSPACE_KEEP_TTL) expire_ms = p.entry ? entry_expire(p.entry) : KEYSPACE_NO_TTL;
    if (p.entry && entry_expires(p.entry) == (expire_ms >= 0) && entry_fits(p.entry, value))
        return set_in_place(ks, db, p.entry, value, expire_ms);
    struct entry *fresh = entry_new(ks->memory, key, value, expire_ms);
    if (!fresh) return NULL;
    if (p.entry) entry_set_access(fresh, entry_access(p.entry));
    if (table_put(ks, db, p.entry, fresh, p.hash)) return fresh;
    entry_free(ks->memory, fresh);
    return NULL;
}

struct entry *keyspace_set_string(struct keyspace *ks, int db, struct slice key, struct slice value,
                                  int64_t expire_ms)
{
    struct entry_value v = entry_value_of(value);
    return set(ks, db, key, &v, expire_ms);
}

struct entry *keyspace_set_integer(struct keyspace *ks, int db, struct slice key, int64_t value,
                                   int64_t expire_ms)
{
    struct entry_value v = entry_value_of_integer(value);
    return set(ks, db, key, &v, expire_ms);
}

/* How much room a string gets that is to be `size` bytes long: half of it more when it was long enough to
 * have been edited before, so that appending again and again costs a constant per byte. */
static size_t edit_room(const struct entry *old, size_t size)
{
    if (!old || entry_how(old) != ENTRY_LONG) return size;
    size_t room = size + size / 2;
    return size <= ENTRY_INLINE_MAX && room > ENTRY_INLINE_MAX ? ENTRY_INLINE_MAX : room;
}

/* The same string in a block that has room for `size` bytes, in the place of the old one. */
static struct entry *edit_elsewhere(struct keyspace *ks, int db, struct slice key, const struct place *p,
                                    size_t size)
{
    struct entry_text text;
    struct slice bytes = p->entry ? entry_string(p->entry, &text) : slice_of(NULL, 0);
    struct entry_value value = entry_value_edited(bytes, edit_room(p->entry, size));
    int64_t expire_ms = p->entry ? entry_expire(p->entry) : KEYSPACE_NO_TTL;
    struct entry *fresh = entry_new(ks->memory, key, &value, expire_ms);
    if (!fresh) return NULL;
    if (p->entry) entry_set_access(fresh, entry_access(p->entry));
    if (table_put(ks, db, p->entry, fresh, p->hash)) return fresh;
    entry_free(ks->memory, fresh);
    return NULL;
}

struct entry *keyspace_string_edit(struct keyspace *ks, int db, struct slice key, size_t size, char **data)
{
    struct place p = place_of(ks, db, key);
    if (!p.table) return NULL;
    size_t old_size = p.entry ? entry_string_size(p.entry) : 0;
    if (size < old_size) size = old_size;
    struct entry *e = p.entry;
    if (!e || !entry_has_room(e, size)) e = edit_elsewhere(ks, db, key, &p, size);
    if (!e) return NULL;
    table_edit_begin(ks, p.table, e);
    *data = entry_extend(ks->memory, e, size);
    if (*data) return e;
    table_edit_cancel(ks, p.table, e);
    return NULL;
}

void keyspace_string_done(struct keyspace *ks, int db, struct entry *e) { table_edit_end(ks, db, e); }

/* ---- any value ---- */

struct entry *keyspace_set_expire(struct keyspace *ks, int db, struct entry *e, int64_t expire_ms)
{
    if (expire_ms == KEYSPACE_KEEP_TTL || entry_expire(e) == expire_ms) return e;
    if (entry_expires(e) && expire_ms >= 0) {
        struct table *t = ks->tables[db];
        table_edit_begin(ks, t, e);
        table_rekey(ks, t, e, expire_ms);
        table_edit_end_untold(ks, db, e);
        return e;
    }
    struct entry *fresh = entry_renamed(ks->memory, e, entry_key(e), expire_ms);
    if (!fresh) return NULL;
    if (table_move(ks, db, e, fresh, hash_of(ks, db, e))) return fresh;
    entry_release(ks->memory, fresh);
    return NULL;
}

bool keyspace_delete(struct keyspace *ks, int db, struct slice key)
{
    if (!ks->tables[db]) return false;
    struct place p = place_of(ks, db, key);
    if (!p.entry) return false;
    table_take(ks, db, p.entry, p.hash);
    table_free_entry(ks, p.entry);
    return true;
}

bool keyspace_rename(struct keyspace *ks, int db, struct slice key, int to_db, struct slice to_key)
{
    struct entry *e = keyspace_find(ks, db, key);
    if (!e) return false;
    if (db == to_db && slice_equal(key, to_key)) return true;
    struct place to = place_of(ks, to_db, to_key);
    if (!to.table) return false;
    struct entry *fresh = entry_renamed(ks->memory, e, to_key, entry_expire(e));
    if (!fresh) return false;
    if (!table_put(ks, to_db, to.entry, fresh, to.hash)) {
        entry_release(ks->memory, fresh);
        return false;
    }
    table_take(ks, db, e, hash_of(ks, db, e));
    entry_release(ks->memory, e);
    return true;
}

bool keyspace_copy(struct keyspace *ks, int db, struct slice key, int to_db, struct slice to_key)
{
    const struct entry *e = keyspace_find(ks, db, key);
    if (!e) return false;
    if (db == to_db && slice_equal(key, to_key)) return true;
    struct place to = place_of(ks, to_db, to_key);
    if (!to.table) return false;
    struct entry *copy = entry_copy(ks->memory, e, to_key, entry_expire(e));
    if (!copy) return false;
    if (table_put(ks, to_db, to.entry, copy, to.hash)) return true;
    entry_free(ks->memory, copy);
    return false;
}
