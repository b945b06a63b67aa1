/* store_model.c: the reference that the store is compared with: an array of cells, operations drawn at random. */
#include "store_model.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- keys and cells ---- */

/* Key number 0 is empty; the others begin with their number and have lengths around those where the layout
 * changes. */
static struct slice key_name(int number, char name[MODEL_KEY_MAX])
{
    static const size_t lengths[] = {4, 5, 10, 16, 100, 253, 254, 255, 256, 300};
    if (number == 0) return slice_of(name, 0);
    size_t size = lengths[(size_t)number % (sizeof lengths / sizeof *lengths)];
    memset(name, 'x', size);
    memcpy(name, (char[]){'k', (char)('0' + number / 10), (char)('0' + number % 10), '\0'}, 4);
    return slice_of(name, size);
}

static int key_number(struct slice key)
{
    return key.size == 0 ? 0 : (key.data[1] - '0') * 10 + key.data[2] - '0';
}

static void cell_clear(struct cell *c)
{
    free(c->data);
    *c = (struct cell){0};
}

static void cell_set(struct cell *c, const char *data, size_t size, int64_t expire_ms)
{
    char *copy = malloc(size + 1);
    if (!copy) abort();
    if (size > 0) memcpy(copy, data, size);
    cell_clear(c);
    *c = (struct cell){true, copy, size, expire_ms};
}

static bool cell_is(const struct cell *c, const struct entry *e)
{
    struct entry_text text;
    if (!c->present || entry_type(e) != VALUE_STRING || entry_expire(e) != c->expire_ms) return false;
    return entry_string_size(e) == c->size && slice_equal(entry_string(e, &text), slice_of(c->data, c->size));
}

/* ---- drawing ---- */

static size_t below(struct model *m, size_t bound) { return (size_t)random_below(&m->random, bound); }

static int draw_db(struct model *m) { return (int)below(m, MODEL_DATABASES); }

static size_t draw_size(struct model *m)
{
    static const size_t bounds[] = {4, 24, 60, 300, 300, 2000, 20000, 70000};
    size_t bound = bounds[below(m, sizeof bounds / sizeof *bounds)];
    return bound >= 2000 && below(m, 4) > 0 ? below(m, 50) : below(m, bound);
}

static void draw_bytes(struct model *m, char *out, size_t size)
{
    for (size_t i = 0; i < size; i++) out[i] = (char)(unsigned char)random_next(&m->random);
}

static int64_t draw_expire(struct model *m)
{
    return below(m, 2) ? KEYSPACE_NO_TTL : m->now_ms + (int64_t)below(m, 40);
}

/* ---- operations: each does it to both; false when they disagree ---- */

/* Whether an operation may fail now: memory does run out. */
static bool excused(const struct model *m) { return m->failures && m->memory.fail_after < 0; }

static bool do_set(struct model *m)
{
    char name[MODEL_KEY_MAX];
    int db = draw_db(m), number = (int)below(m, MODEL_KEYS);
    struct cell *c = &m->cells[db][number];
    size_t size = draw_size(m);
    char *data = malloc(size + 32);
    draw_bytes(m, data, size);
    if (below(m, 3) == 0)
        size = (size_t)sprintf(data, "%lld", (long long)random_next(&m->random) >> below(m, 64));
    int64_t expire_ms = below(m, 3) == 0 ? KEYSPACE_KEEP_TTL : draw_expire(m), integer = 0;
    struct slice key = key_name(number, name), value = slice_of(data, size);
    bool as_integer = size > 0 && size < 12 && data[0] > '0' && data[0] <= '9' && below(m, 2);
    if (as_integer) {
        for (size_t i = 0; i < size && as_integer; i++) {
            as_integer = data[i] >= '0' && data[i] <= '9';
            integer = integer * 10 + data[i] - '0';
        }
    }
    struct entry *e = as_integer ? keyspace_set_integer(m->keyspace, db, key, integer, expire_ms)
                                 : keyspace_set_string(m->keyspace, db, key, value, expire_ms);
    bool right = e || excused(m);
    if (expire_ms == KEYSPACE_KEEP_TTL) expire_ms = c->present ? c->expire_ms : KEYSPACE_NO_TTL;
    if (e) cell_set(c, data, size, expire_ms);
    free(data);
    return right && (!e || cell_is(c, e));
}

/* Writes a few bytes at the end, somewhere inside, or beyond the end. */
static bool do_edit(struct model *m)
{
    char name[MODEL_KEY_MAX], piece[64], *data;
    int db = draw_db(m), number = (int)below(m, MODEL_KEYS);
    struct cell *c = &m->cells[db][number];
    size_t at = below(m, 2) ? c->size : below(m, c->size + 1 + draw_size(m)), size = below(m, sizeof piece);
    draw_bytes(m, piece, size);
    struct entry *e = keyspace_string_edit(m->keyspace, db, key_name(number, name), at + size, &data);
    if (!e) return excused(m);
    memcpy(data + at, piece, size);
    keyspace_string_done(m->keyspace, db, e);
    size_t total = at + size > c->size ? at + size : c->size;
    char *edited = calloc(1, total + 1);
    if (c->size > 0) memcpy(edited, c->data, c->size);
    memcpy(edited + at, piece, size);
    cell_set(c, edited, total, c->present ? c->expire_ms : KEYSPACE_NO_TTL);
    free(edited);
    return cell_is(c, e) && strcmp(entry_encoding(e), "raw") == 0;
}

static bool do_expire(struct model *m)
{
    char name[MODEL_KEY_MAX];
    int db = draw_db(m), number = (int)below(m, MODEL_KEYS);
    struct cell *c = &m->cells[db][number];
    struct entry *e = keyspace_find(m->keyspace, db, key_name(number, name));
    if (!e || !c->present) return !e && !c->present;
    int64_t expire_ms = draw_expire(m);
    e = keyspace_set_expire(m->keyspace, db, e, expire_ms);
    if (!e) return excused(m);
    c->expire_ms = expire_ms;
    return cell_is(c, e);
}

static bool do_delete(struct model *m)
{
    char name[MODEL_KEY_MAX];
    int db = draw_db(m), number = (int)below(m, MODEL_KEYS);
    struct cell *c = &m->cells[db][number];
    bool deleted = keyspace_delete(m->keyspace, db, key_name(number, name)), right = deleted == c->present;
    cell_clear(c);
    return right;
}

/* Rename or copy. */
static bool do_transfer(struct model *m, bool copy)
{
    char name[MODEL_KEY_MAX], to_name[MODEL_KEY_MAX];
    int db = draw_db(m), to_db = draw_db(m), number = (int)below(m, MODEL_KEYS),
        to = (int)below(m, MODEL_KEYS);
    struct cell *from = &m->cells[db][number], *into = &m->cells[to_db][to];
    struct slice key = key_name(number, name), to_key = key_name(to, to_name);
    bool done = copy ? keyspace_copy(m->keyspace, db, key, to_db, to_key)
                     : keyspace_rename(m->keyspace, db, key, to_db, to_key);
    if (!done) return !from->present || excused(m);
    if (!from->present) return false;
    if (from == into) return true;
    cell_set(into, from->data, from->size, from->expire_ms);
    if (!copy) cell_clear(from);
    return true;
}

static bool do_flush(struct model *m)
{
    int db = below(m, 8) == 0 ? -1 : draw_db(m);
    size_t keys = 0;
    for (int d = 0; d < MODEL_DATABASES; d++) {
        for (int k = 0; k < MODEL_KEYS && (db == -1 || db == d); k++) {
            keys += m->cells[d][k].present;
            cell_clear(&m->cells[d][k]);
        }
    }
    return keyspace_flush(m->keyspace, db) == keys;
}

static bool do_swap(struct model *m)
{
    int a = draw_db(m), b = draw_db(m);
    keyspace_swap(m->keyspace, a, b);
    struct cell kept[MODEL_KEYS];
    memcpy(kept, m->cells[a], sizeof kept);
    memcpy(m->cells[a], m->cells[b], sizeof kept);
    memcpy(m->cells[b], kept, sizeof kept);
    return true;
}

/* Time passes; what has expired is deleted, in order. */
static bool do_time(struct model *m)
{
    int64_t last_ms = INT64_MIN;
    int db;
    m->now_ms += (int64_t)below(m, 10);
    keyspace_set_time(m->keyspace, m->now_ms);
    for (struct entry *e; (e = keyspace_next_expired(m->keyspace, &db));) {
        struct cell *c = &m->cells[db][key_number(entry_key(e))];
        if (!cell_is(c, e) || !entry_expired(e, m->now_ms) || c->expire_ms < last_ms) return false;
        if (keyspace_expire_deadline(m->keyspace) != c->expire_ms + 1) return false;
        last_ms = c->expire_ms;
        keyspace_delete(m->keyspace, db, entry_key(e));
        cell_clear(c);
    }
    for (db = 0; db < MODEL_DATABASES; db++)
        for (int k = 0; k < MODEL_KEYS; k++)
            if (m->cells[db][k].present && m->cells[db][k].expire_ms >= 0 &&
                m->cells[db][k].expire_ms < m->now_ms)
                return false;
    return true;
}

/* ---- the view ---- */

static bool view_entry(struct view_sink *sink, int db, const struct entry *e, bool whole)
{
    struct model_view *v = (struct model_view *)sink;
    int number = key_number(entry_key(e));
    if (!cell_is(&v->then[db][number], e)) v->wrong = true;
    if (v->open && v->open != e && !whole) v->wrong = true;
    if (!whole && ++v->asked % 3 != 0) {
        v->open = e;
        return false;
    }
    if (v->open == e) v->open = NULL;
    if (v->seen[db][number]++ > 0) v->wrong = true;
    return true;
}

static void view_forget(struct model_view *v)
{
    if (v->view) view_close(v->view);
    v->view = NULL;
    v->open = NULL;
    for (int db = 0; db < MODEL_DATABASES; db++)
        for (int k = 0; k < MODEL_KEYS; k++) cell_clear(&v->then[db][k]);
    memset(v->seen, 0, sizeof v->seen);
}

static bool view_begin(struct model *m)
{
    struct model_view *v = &m->view;
    v->view = view_open(m->keyspace, &v->sink);
    if (!v->view) return excused(m);
    for (int db = 0; db < MODEL_DATABASES; db++) {
        size_t keys = 0, expiring = 0;
        for (int k = 0; k < MODEL_KEYS; k++) {
            const struct cell *c = &m->cells[db][k];
            if (!c->present) continue;
            cell_set(&v->then[db][k], c->data, c->size, c->expire_ms);
            keys++;
            expiring += c->expire_ms >= 0;
        }
        if (view_size(v->view, db) != keys || view_volatile(v->view, db) != expiring) return false;
    }
    return view_open(m->keyspace, &v->sink) == NULL;
}

static bool view_complete(const struct model_view *v)
{
    for (int db = 0; db < MODEL_DATABASES; db++)
        for (int k = 0; k < MODEL_KEYS; k++)
            if (v->seen[db][k] != v->then[db][k].present) return false;
    return true;
}

static bool do_view(struct model *m)
{
    struct model_view *v = &m->view;
    if (!v->view) return view_begin(m);
    if (below(m, 20) == 0) {
        view_forget(v);
        return true;
    }
    if (view_step(v->view, 1 + below(m, 10))) return !v->wrong;
    bool complete = view_complete(v);
    view_forget(v);
    return complete && !v->wrong;
}

/* ---- the model ---- */

void model_init(struct model *m, uint64_t seed, bool digest)
{
    *m = (struct model){.now_ms = 1000, .view.sink.entry = view_entry};
    memory_init(&m->memory);
    random_init(&m->random, seed, "model");
    m->keyspace = keyspace_new(&(struct keyspace_options){
        .memory = &m->memory, .hash_key = {seed, 1}, .databases = MODEL_DATABASES, .digest = digest});
    keyspace_set_time(m->keyspace, m->now_ms);
}

void model_free(struct model *m)
{
    view_forget(&m->view);
    keyspace_free(m->keyspace);
    for (int db = 0; db < MODEL_DATABASES; db++)
        for (int k = 0; k < MODEL_KEYS; k++) cell_clear(&m->cells[db][k]);
}

static bool step(struct model *m)
{
    size_t drawn = below(m, 200);
    if (drawn < 70) return m->what = "set", do_set(m);
    if (drawn < 90) return m->what = "edit", do_edit(m);
    if (drawn < 105) return m->what = "expire", do_expire(m);
    if (drawn < 120) return m->what = "delete", do_delete(m);
    if (drawn < 130) return m->what = "rename", do_transfer(m, false);
    if (drawn < 140) return m->what = "copy", do_transfer(m, true);
    if (drawn < 142) return m->what = "flush", do_flush(m);
    if (drawn < 144) return m->what = "swap", do_swap(m);
    if (drawn < 154) return m->what = "time", do_time(m);
    if (drawn < 174) return m->what = "tidy", keyspace_tidy(m->keyspace, 1 + below(m, 10)), true;
    return m->what = "view", do_view(m);
}

bool model_step(struct model *m)
{
    if (m->failures && below(m, 4) == 0) m->memory.fail_after = (int64_t)below(m, 5);
    bool right = step(m) && !m->view.wrong;
    m->memory.fail_after = -1;
    return right;
}

struct found {
    struct model *model;
    int db;
    bool wrong;
    int times[MODEL_KEYS];
};

static void found_entry(void *context, struct entry *e)
{
    struct found *f = context;
    int number = key_number(entry_key(e));
    f->times[number]++;
    if (!cell_is(&f->model->cells[f->db][number], e)) f->wrong = true;
}

bool model_agrees(struct model *m)
{
    for (int db = 0; db < MODEL_DATABASES; db++) {
        struct found f = {.model = m, .db = db};
        size_t keys = 0, expiring = 0;
        uint64_t cursor = 0;
        do {
            cursor = keyspace_scan(m->keyspace, db, cursor, found_entry, &f);
        } while (cursor != 0);
        for (int k = 0; k < MODEL_KEYS; k++) {
            const struct cell *c = &m->cells[db][k];
            if (f.times[k] != c->present) m->what = "scan", f.wrong = true;
            keys += c->present;
            expiring += c->present && c->expire_ms >= 0;
        }
        if (f.wrong || keyspace_size(m->keyspace, db) != keys) return false;
        if (keyspace_volatile(m->keyspace, db) != expiring) return false;
    }
    return keyspace_check(m->keyspace, &m->what);
}

struct digest model_digest(struct model *m)
{
    char name[MODEL_KEY_MAX];
    struct memory memory;
    memory_init(&memory);
    struct keyspace *twin = keyspace_new(&(struct keyspace_options){
        .memory = &memory, .hash_key = {77, 78}, .databases = MODEL_DATABASES, .digest = false});
    for (int db = MODEL_DATABASES - 1; db >= 0; db--) {
        for (int k = MODEL_KEYS - 1; k >= 0; k--) {
            const struct cell *c = &m->cells[db][k];
            if (c->present)
                keyspace_set_string(twin, db, key_name(k, name), slice_of(c->data, c->size), c->expire_ms);
        }
    }
    struct digest d = keyspace_digest(twin);
    keyspace_free(twin);
    return d;
}
