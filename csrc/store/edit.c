/* edit.c: how the entry of a collection grows, moves and changes its form; see edit.h for the rules.
 *
 *   (none) --resize--> inline --resize--> box
 *      \                 |                 |
 *       `---------------enlarge------------+--> large
 *
 * A live entry stays findable at each step: when its block moves, its table is told. A draft is in no table, that is all
 * the difference.
 */
#include "store/edit.h"

#include "store/keyspace_internal.h"
#include "store/limits.h"
#include "store/value.h"

/* ---- beginning and ending ---- */

static void start(struct edit *x, struct keyspace *ks, int db, struct slice key, struct entry *e,
                  enum value_type type, int64_t expire_ms)
{
    *x = (struct edit){.keyspace = ks,
                       .memory = ks->memory,
                       .limits = ks->limits,
                       .entry = e,
                       .key = key,
                       .expire_ms = expire_ms,
                       .db = db,
                       .type = type};
}

void edit_begin(struct edit *x, struct keyspace *ks, int db, struct slice key, struct entry *e,
                enum value_type type)
{
    start(x, ks, db, key, e, type, KEYSPACE_NO_TTL);
    if (e) table_edit_begin(ks, ks->tables[db], e);
}

void edit_end(struct edit *x)
{
    if (x->entry) table_edit_end(x->keyspace, x->db, x->entry);
}

void edit_end_untold(struct edit *x)
{
    if (x->entry) table_edit_end_untold(x->keyspace, x->db, x->entry);
}

void edit_end_quietly(struct edit *x)
{
    if (x->entry) table_edit_cancel(x->keyspace, x->keyspace->tables[x->db], x->entry);
}

void edit_cancel(struct edit *x) { edit_end_quietly(x); }

void edit_draft(struct edit *x, struct keyspace *ks, struct slice key, enum value_type type,
                int64_t expire_ms)
{
    start(x, ks, -1, key, NULL, type, expire_ms);
}

struct entry *edit_publish(struct edit *x, int db)
{
    struct keyspace *ks = x->keyspace;
    struct table *t = table_make(ks, db);
    if (!t) return NULL;
    struct slice key = entry_key(x->entry);
    uint64_t hash = dict_hash(&t->dict, key);
    struct entry *old = dict_find_hashed(&t->dict, key, hash), *e = x->entry;
    if (!table_put(ks, db, old, e, hash)) return NULL;
    x->entry = NULL;
    return e;
}

void edit_discard(struct edit *x)
{
    if (x->entry) table_free_entry(x->keyspace, x->entry);
    x->entry = NULL;
}

/* ---- blocks ---- */

/* `fresh` is now the entry, in the place of x->entry (NULL: there was none). False when memory is out. */
static bool take_place(struct edit *x, struct entry *fresh)
{
    struct keyspace *ks = x->keyspace;
    if (x->db >= 0) {
        struct table *t = table_make(ks, x->db);
        if (!t) return false;
        uint64_t hash = dict_hash(&t->dict, entry_key(fresh));
        if (!table_exchange(ks, t, x->entry, fresh, hash)) return false;
    }
    x->entry = fresh;
    return true;
}

/* Another entry for the same key, with this value. */
static bool replace_block(struct edit *x, const struct entry_value *value)
{
    struct entry *old = x->entry;
    struct slice key = old ? entry_key(old) : x->key;
    struct entry *fresh = entry_new(x->memory, key, value, old ? entry_expire(old) : x->expire_ms);
    if (!fresh) return false;
    if (old) entry_set_access(fresh, entry_access(old));
    if (!take_place(x, fresh)) {
        entry_release(x->memory, fresh);
        return false;
    }
    if (old) entry_release(x->memory, old);
    return true;
}

static bool resize_inline(struct edit *x, size_t size)
{
    struct entry *old = x->entry, *e = entry_resize(x->memory, old, size);
    if (!e) return false;
    if (e != old && x->db >= 0) table_moved(x->keyspace, x->db, old, e);
    x->entry = e;
    return true;
}

/* ---- boxes ---- */

static struct value_box *box_new(struct edit *x, size_t size)
{
    struct value_box *box = memory_alloc(x->memory, sizeof *box + size);
    if (!box) return NULL;
    value_head_init(&box->head, x->type);
    box->head.boxed = true;
    box->size = box->room = size;
    return box;
}

static void box_free(struct edit *x, struct value_box *box)
{
    memory_free(x->memory, box, sizeof *box + box->room);
}

/* From within the entry's block, or from nowhere, into a box. */
static char *put_into_box(struct edit *x, size_t size)
{
    struct value_box *box = box_new(x, size);
    if (!box) return NULL;
    struct slice bytes = x->entry ? value_compact(x->entry) : slice_of(NULL, 0);
    if (bytes.size > 0) memcpy(box->data, bytes.data, bytes.size);
    struct entry_value value = {.how = ENTRY_POINTER, .type = x->type, .pointer = box};
    if (replace_block(x, &value)) return box->data;
    box_free(x, box);
    return NULL;
}

static char *resize_box(struct edit *x, struct value_box *box, size_t size)
{
    if (size > box->room || size < box->room / 4) {
        size_t room = size + size / 8;
        struct value_box *resized =
            memory_resize(x->memory, box, sizeof *box + box->room, sizeof *box + room);
        if (!resized && size > box->room) return NULL;
        if (resized) {
            box = resized;
            box->room = room;
            entry_set_pointer(x->entry, box);
        }
    }
    box->size = size;
    return box->data;
}

/* ---- for the types ---- */

char *edit_resize(struct edit *x, size_t size)
{
    if (x->entry && entry_how(x->entry) == ENTRY_POINTER) return resize_box(x, entry_pointer(x->entry), size);
    if (size > ENTRY_INLINE_MAX) return put_into_box(x, size);
    struct entry_value value = {.how = size <= ENTRY_SHORT_MAX ? ENTRY_SHORT : ENTRY_LONG,
                                .type = x->type,
                                .bytes = {NULL, size},
                                .room = size};
    if (x->entry ? !resize_inline(x, size) : !replace_block(x, &value)) return NULL;
    return entry_inline(x->entry, &size);
}

bool edit_enlarge(struct edit *x, void *large)
{
    struct entry_value value = {.how = ENTRY_POINTER, .type = x->type, .pointer = large};
    struct value_box *box = NULL;
    if (x->entry && entry_how(x->entry) == ENTRY_POINTER) box = entry_pointer(x->entry);
    if (!box) return replace_block(x, &value);
    entry_set_pointer(x->entry, large);
    box_free(x, box);
    return true;
}

void value_head_init(struct value_head *head, enum value_type type)
{
    *head = (struct value_head){.type = (unsigned char)type};
    list_init(&head->grave);
}

const uint64_t *edit_hash_key(const struct edit *x) { return x->keyspace->hash_key; }
