/* Hashes and sets, beside arrays: in both forms and on the way between them, with memory that fails, limits that change,
 * entries that expire, move and are copied, a view open now and then, and values that are freed in slices.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "store/digest.h"
#include "store/hash.h"
#include "store/limits.h"
#include "store/set.h"
#include "store/view.h"
#include "test.h"

enum { KEYS = 8, FIELDS = 60, TEXT_MAX = 400 };

/* What is under a key: NULL values are absent. */
struct cell {
    enum value_type type;
    bool present;
    int64_t expire_ms;
    int values[FIELDS]; /* seed of the value, -1: absent; of a set: 0 or -1 */
    size_t count;
};

struct model {
    struct view_sink sink;
    struct memory memory;
    struct keyspace *keyspace;
    struct value_limits limits;
    struct random random;
    struct cell cells[KEYS];
    struct view *view;
    struct digest then[KEYS];
    bool seen[KEYS], was[KEYS];
    bool failures;
    const char *wrong;
};

static size_t below(struct model *m, size_t bound) { return (size_t)random_below(&m->random, bound); }

static struct slice key_of(int number, char text[8])
{
    return slice_of(text, (size_t)snprintf(text, 8, "key%d", number));
}

/* Names and values: integers of all widths, short texts, long ones. */
static struct slice text_of(int seed, char text[TEXT_MAX])
{
    int64_t integer = (int64_t)((uint64_t)(seed + 1) * 0x9e3779b97f4a7c15u) >> seed % 50;
    size_t size;
    switch (seed % 4) {
    case 0:
    case 1: return slice_of(text, (size_t)snprintf(text, TEXT_MAX, "%lld", (long long)integer));
    case 2: return slice_of(text, (size_t)snprintf(text, TEXT_MAX, "text:%d", seed));
    default:
        size = (size_t)snprintf(text, TEXT_MAX, "%d:", seed);
        memset(text + size, 'x', TEXT_MAX - size);
        return slice_of(text, seed % 8 == 3 ? size + (size_t)seed % 70 : size + (size_t)seed % 300);
    }
}

/* In most sets, integers alone. */
static struct slice member_of(const struct cell *c, int number, char text[TEXT_MAX])
{
    return text_of(c->type == VALUE_SET ? number / 2 * 4 + number % 2 : number, text);
}

static struct slice field_of(const struct cell *c, int number, char text[TEXT_MAX])
{
    return number % 20 == 19 ? text_of(number * 4 + 3, text) : member_of(c, number, text);
}

static void clear(struct cell *c)
{
    c->present = false;
    c->count = 0;
    c->expire_ms = KEYSPACE_NO_TTL;
    for (int i = 0; i < FIELDS; i++) c->values[i] = -1;
}

/* ---- comparing ---- */

static bool cell_is(const struct cell *c, const struct entry *e)
{
    char text[TEXT_MAX], name[TEXT_MAX];
    struct packed_digits digits;
    struct slice value;
    size_t seen = 0;
    if (!c->present || !e) return !c->present && !e;
    if (entry_type(e) != c->type || value_count(e) != c->count || entry_expire(e) != c->expire_ms)
        return false;
    for (int i = 0; i < FIELDS; i++) {
        struct slice field = field_of(c, i, name);
        bool there = c->type == VALUE_SET ? set_has(e, field) : hash_get(e, field, &value, &digits);
        if (there != (c->values[i] >= 0)) return false;
        if (there && c->type == VALUE_HASH && !slice_equal(value, text_of(c->values[i], text))) return false;
    }
    struct hash_walk hw = {.begun = false};
    struct set_walk sw = {.index = 0};
    struct hash_pair pair;
    struct set_member member;
    while (c->type == VALUE_SET ? set_walk_next(e, &sw, &member) : hash_walk_next(e, &hw, &pair)) seen++;
    return seen == c->count;
}

static bool agrees(struct model *m, int number)
{
    char text[8];
    return cell_is(&m->cells[number], keyspace_find(m->keyspace, 0, key_of(number, text)));
}

/* ---- operations: false when the two disagree ---- */

static bool excused(const struct model *m) { return m->failures && m->memory.fail_after < 0; }

static void begin_edit(struct model *m, struct edit *x, int number, struct slice key)
{
    struct cell *c = &m->cells[number];
    struct entry *e = keyspace_find(m->keyspace, 0, key);
    if (!e) c->type = below(m, 2) ? VALUE_SET : VALUE_HASH;
    edit_begin(x, m->keyspace, 0, key, e, c->type);
}

/* Some members or fields added or changed, or taken out. */
static bool do_edit(struct model *m, int number, bool removing)
{
    char text[8], name[TEXT_MAX], value[TEXT_MAX];
    struct slice key = key_of(number, text);
    struct cell *c = &m->cells[number];
    struct edit x;
    bool right = true, changed = false;
    begin_edit(m, &x, number, key);
    for (size_t n = 1 + below(m, 6); n > 0 && right; n--) {
        int i = (int)below(m, FIELDS), seed = (int)below(m, 4000), result;
        struct slice field = field_of(c, i, name);
        bool was = c->values[i] >= 0;
        if (removing) {
            result = c->type == VALUE_SET ? set_remove(&x, field) : hash_remove(&x, field);
            right = result == was;
            c->values[i] = -1;
            c->count -= was;
            changed |= was;
            continue;
        }
        result = c->type == VALUE_SET ? set_add(&x, field) : hash_set(&x, field, text_of(seed, value));
        if (result < 0) return edit_end(&x), excused(m);
        right = result == !was;
        c->values[i] = c->type == VALUE_SET ? 0 : seed;
        c->count += !was;
        c->present = changed = true;
    }
    if (changed)
        edit_end(&x);
    else
        edit_cancel(&x);
    if (c->count == 0 && c->present) {
        keyspace_delete(m->keyspace, 0, key);
        clear(c);
    }
    return right;
}

/* A new value made beside what is there, and put in its place, or given up. */
static bool do_draft(struct model *m, int number)
{
    char text[8], name[TEXT_MAX], value[TEXT_MAX];
    struct cell fresh = {.type = below(m, 2) ? VALUE_SET : VALUE_HASH, .present = true};
    struct edit x;
    clear(&fresh);
    fresh.present = true;
    fresh.expire_ms = below(m, 2) ? KEYSPACE_NO_TTL : (int64_t)(5000 + below(m, 100));
    edit_draft(&x, m->keyspace, key_of(number, text), fresh.type, fresh.expire_ms);
    for (size_t n = 1 + below(m, FIELDS); n > 0; n--) {
        int i = (int)below(m, FIELDS), seed = (int)below(m, 4000);
        struct slice field = field_of(&fresh, i, name);
        int result = fresh.type == VALUE_SET ? set_add(&x, field) : hash_set(&x, field, text_of(seed, value));
        if (result < 0) return edit_discard(&x), excused(m);
        fresh.count += (size_t)result;
        fresh.values[i] = fresh.type == VALUE_SET ? 0 : seed;
    }
    bool publish = below(m, 4) > 0;
    struct entry *e = publish ? edit_publish(&x, 0) : NULL;
    if (e) m->cells[number] = fresh;
    edit_discard(&x);
    return e || !publish || excused(m);
}

static bool do_transfer(struct model *m, int from, int to)
{
    char text[8], to_text[8];
    bool copy = below(m, 2);
    struct cell *source = &m->cells[from];
    struct slice key = key_of(from, text), to_key = key_of(to, to_text);
    bool done = copy ? keyspace_copy(m->keyspace, 0, key, 0, to_key)
                     : keyspace_rename(m->keyspace, 0, key, 0, to_key);
    if (!done) return !source->present || excused(m);
    if (from == to) return true;
    m->cells[to] = *source;
    if (!copy) clear(source);
    return true;
}

static bool do_expire(struct model *m, int number)
{
    char text[8];
    int64_t expire_ms = below(m, 2) ? KEYSPACE_NO_TTL : (int64_t)(5000 + below(m, 100));
    struct entry *e = keyspace_find(m->keyspace, 0, key_of(number, text));
    if (!e) return true;
    if (!keyspace_set_expire(m->keyspace, 0, e, expire_ms)) return excused(m);
    m->cells[number].expire_ms = expire_ms;
    return true;
}

static bool do_random(struct model *m, int number)
{
    char text[8], name[TEXT_MAX];
    struct set_member member;
    struct hash_pair pair;
    const struct cell *c = &m->cells[number];
    const struct entry *e = keyspace_find(m->keyspace, 0, key_of(number, text));
    if (!e) return true;
    if (c->type == VALUE_SET)
        set_random(e, &m->random, &member);
    else
        hash_random(e, &m->random, &pair);
    struct slice drawn = c->type == VALUE_SET ? set_member_text(&member) : pair.field;
    for (int i = 0; i < FIELDS; i++)
        if (c->values[i] >= 0 && slice_equal(drawn, field_of(c, i, name))) return true;
    return false;
}

/* ---- the view: what it is given is what was there when it was opened ---- */

static bool view_entry(struct view_sink *sink, int db, const struct entry *e, bool whole)
{
    (void)whole;
    struct model *m = (struct model *)sink;
    int number = entry_key(e).data[3] - '0';
    if (db != 0 || m->seen[number] || !m->was[number])
        m->wrong = "the view has an entry that it should not have";
    if (!digest_equal(digest_entry(e), m->then[number])) m->wrong = "the view has another value";
    m->seen[number] = true;
    return true;
}

static bool do_view(struct model *m)
{
    char text[8];
    if (!m->view) {
        m->view = view_open(m->keyspace, &m->sink);
        for (int i = 0; m->view && i < KEYS; i++) {
            m->was[i] = m->cells[i].present;
            m->seen[i] = false;
            m->then[i] = keyspace_key_digest(m->keyspace, 0, key_of(i, text));
        }
        return m->view || excused(m);
    }
    if (view_step(m->view, 1)) return true;
    view_close(m->view);
    m->view = NULL;
    return memcmp(m->seen, m->was, sizeof m->seen) == 0;
}

static bool step(struct model *m)
{
    int number = (int)below(m, KEYS);
    size_t drawn = below(m, 100);
    if (m->failures && below(m, 3) == 0) m->memory.fail_after = (int64_t)below(m, 6);
    if (drawn < 50) return do_edit(m, number, false);
    if (drawn < 70) return do_edit(m, number, true);
    if (drawn < 74) return do_draft(m, number);
    if (drawn < 78) return do_transfer(m, number, (int)below(m, KEYS));
    if (drawn < 82) return do_expire(m, number);
    if (drawn < 86) return do_random(m, number);
    if (drawn < 94) return do_view(m);
    if (drawn < 98) return keyspace_tidy(m->keyspace, 1 + below(m, 20)), true;
    if (drawn < 99) {
        m->limits.hash_listpack_entries = below(m, 2) ? 20 : (int64_t)below(m, 200);
        m->limits.hash_listpack_value = below(m, 2) ? 64 : (int64_t)below(m, 1000);
        m->limits.set_intset_entries = (int64_t)below(m, 70);
        return true;
    }
    char text[8];
    keyspace_delete(m->keyspace, 0, key_of(number, text));
    clear(&m->cells[number]);
    return true;
}

static void run(struct test *t_, uint64_t seed, bool failures, int steps)
{
    struct model *m = calloc(1, sizeof *m);
    REQUIRE(m);
    m->sink.entry = view_entry;
    m->limits = value_limits_default;
    m->failures = failures;
    memory_init(&m->memory);
    random_init(&m->random, seed, "collections");
    m->keyspace = keyspace_new(&(struct keyspace_options){
        .memory = &m->memory, .databases = 1, .digest = true, .limits = &m->limits, .hash_key = {seed, 2}});
    REQUIRE(m->keyspace);
    for (int i = 0; i < KEYS; i++) clear(&m->cells[i]);
    for (int i = 0; i < steps; i++) {
        REQUIRE(step(m));
        m->memory.fail_after = -1;
        if (m->wrong) CHECK_EQ_STR(m->wrong, "");
        REQUIRE(!m->wrong);
        REQUIRE(agrees(m, (int)below(m, KEYS)));
        if (i % 50 == 0 && !keyspace_check(m->keyspace, &m->wrong)) CHECK_EQ_STR(m->wrong, "");
    }
    for (int i = 0; i < KEYS; i++) REQUIRE(agrees(m, i));
    view_close(m->view);
    keyspace_free(m->keyspace);
    CHECK_EQ_INT(m->memory.used, 0);
    free(m);
}

TEST(do_what_arrays_do)
{
    for (uint64_t seed = 1; seed <= 5; seed++) run(t_, seed, false, 8000);
}

TEST(are_intact_when_memory_fails)
{
    for (uint64_t seed = 11; seed <= 15; seed++) run(t_, seed, true, 8000);
}

/* ---- forms ---- */

struct fixture {
    struct memory memory;
    struct keyspace *keyspace;
    struct value_limits limits;
};

static void begin(struct fixture *f)
{
    memory_init(&f->memory);
    f->limits = value_limits_default;
    f->keyspace = keyspace_new(&(struct keyspace_options){
        .memory = &f->memory, .databases = 1, .digest = true, .limits = &f->limits});
}

static void end(struct test *t_, struct fixture *f)
{
    const char *what;
    CHECK(keyspace_check(f->keyspace, &what));
    keyspace_free(f->keyspace);
    CHECK_EQ_INT(f->memory.used, 0);
}

static struct entry *put(struct fixture *f, const char *key, struct slice field, struct slice value)
{
    struct edit x;
    edit_begin(&x, f->keyspace, 0, slice_text(key), keyspace_find(f->keyspace, 0, slice_text(key)),
               VALUE_HASH);
    hash_set(&x, field, value);
    edit_end(&x);
    return x.entry;
}

static struct entry *add(struct fixture *f, const char *key, const char *member)
{
    struct edit x;
    edit_begin(&x, f->keyspace, 0, slice_text(key), keyspace_find(f->keyspace, 0, slice_text(key)),
               VALUE_SET);
    set_add(&x, slice_text(member));
    edit_end(&x);
    return x.entry;
}

TEST(a_small_hash_is_one_block)
{
    struct fixture f;
    begin(&f);
    size_t before = f.memory.used;
    struct entry *e = put(&f, "hash:00001", slice_text("name"), slice_text("John"));
    e = put(&f, "hash:00001", slice_text("age"), slice_text("41"));
    CHECK_EQ_STR(entry_encoding(e), "listpack");
    /* header 4, key 1 + 10, room 4, sequence 7, fields 6 + 6 and 5 + 2: rounded up */
    CHECK_EQ_INT(entry_memory(e), 48);
    CHECK(f.memory.used - before < 48 + 700);
    end(t_, &f);
}

TEST(limits_decide_the_form)
{
    struct fixture f;
    char text[100];
    begin(&f);
    memset(text, 'x', sizeof text);
    CHECK_EQ_STR(entry_encoding(put(&f, "h", slice_text("f"), slice_of(text, 64))), "listpack");
    CHECK_EQ_STR(entry_encoding(put(&f, "h", slice_text("f"), slice_of(text, 65))), "hashtable");
    CHECK_EQ_STR(entry_encoding(put(&f, "h", slice_text("f"), slice_of(text, 1))), "hashtable");
    CHECK_EQ_STR(entry_encoding(put(&f, "g", slice_of(text, 65), slice_text("v"))), "hashtable");
    f.limits.hash_listpack_entries = 2;
    put(&f, "i", slice_text("1"), slice_text("v"));
    CHECK_EQ_STR(entry_encoding(put(&f, "i", slice_text("2"), slice_text("v"))), "listpack");
    CHECK_EQ_STR(entry_encoding(put(&f, "i", slice_text("3"), slice_text("v"))), "hashtable");
    f.limits.set_intset_entries = 2;
    add(&f, "s", "1");
    CHECK_EQ_STR(entry_encoding(add(&f, "s", "-2")), "intset");
    CHECK_EQ_STR(entry_encoding(add(&f, "s", "3")), "hashtable");
    CHECK_EQ_STR(entry_encoding(add(&f, "t", "a")), "hashtable");
    CHECK_EQ_STR(entry_encoding(add(&f, "u", "007")), "hashtable");
    end(t_, &f);
}

TEST(compact_values_longer_than_a_block_have_one_of_their_own)
{
    struct fixture f;
    char name[20], text[60];
    struct entry *e = NULL;
    begin(&f);
    memset(text, 'x', sizeof text);
    for (int i = 0; i < 512; i++) {
        snprintf(name, sizeof name, "field %d", i);
        e = put(&f, "h", slice_text(name), slice_of(text, sizeof text));
    }
    CHECK_EQ_STR(entry_encoding(e), "listpack");
    CHECK(value_compact(e).size > 16 * 1024);
    CHECK(keyspace_copy(f.keyspace, 0, slice_text("h"), 0, slice_text("copy")));
    CHECK(keyspace_rename(f.keyspace, 0, slice_text("h"), 0, slice_text("other name")));
    CHECK_EQ_INT(hash_size(keyspace_find(f.keyspace, 0, slice_text("copy"))), 512);
    CHECK_EQ_INT(hash_size(keyspace_find(f.keyspace, 0, slice_text("other name"))), 512);
    end(t_, &f);
}

TEST(a_large_value_is_freed_in_slices)
{
    enum { MANY = 20000 };
    struct fixture f;
    char member[20];
    begin(&f);
    struct edit x;
    edit_draft(&x, f.keyspace, slice_text("s"), VALUE_SET, KEYSPACE_NO_TTL);
    for (int i = 0; i < MANY; i++) {
        snprintf(member, sizeof member, "member:%d", i);
        set_add(&x, slice_text(member));
    }
    edit_publish(&x, 0);
    size_t full = f.memory.used;
    CHECK(keyspace_delete(f.keyspace, 0, slice_text("s")));
    CHECK(f.memory.used > full / 2);
    int slices = 0;
    while (keyspace_tidy(f.keyspace, 100)) slices++;
    CHECK(slices > MANY / 200);
    CHECK(f.memory.used < 2000);
    end(t_, &f);
}

TEST(digests_do_not_depend_on_form_or_order)
{
    struct fixture f;
    struct digest d[2];
    for (int round = 0; round < 2; round++) {
        begin(&f);
        if (round) f.limits.hash_listpack_entries = f.limits.set_intset_entries = 0;
        for (int i = 0; i < 10; i++) {
            char text[20];
            snprintf(text, sizeof text, "%d", round ? 9 - i : i);
            put(&f, "h", slice_text(text), slice_text(text));
            add(&f, "s", text);
        }
        d[round] = keyspace_digest(f.keyspace);
        end(t_, &f);
    }
    CHECK(digest_equal(d[0], d[1]));
}

TEST_MAIN()
