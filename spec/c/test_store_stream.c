/* Streams: against a plain array of entries and of deliveries, under random appending, deleting, trimming and
 * reading; with every allocation failing in turn; and what they take of memory. */
#include "store/edit.h"
#include "store/limits.h"
#include "store/stream.h"
#include "test.h"

#include <stdlib.h>

#include "base/random.h"

enum { MODEL_MAX = 4000, PAIRS_MAX = 4, GROUPS = 3, CONSUMERS = 3 };

struct model_entry {
    struct stream_id id;
    uint64_t shape; /* its fields follow from it */
    bool there;
    /* per group: who has it pending, 0: nobody */
    int owner[GROUPS];
};

struct model {
    struct memory memory;
    struct random random;
    struct keyspace *keyspace;
    struct value_limits limits;
    struct entry *entry;
    struct stream *stream;
    struct stream_group *groups[GROUPS];
    struct stream_consumer *consumers[GROUPS][CONSUMERS];
    struct model_entry *entries;
    size_t count, first; /* entries there have been; before `first` all are gone */
    uint64_t length;
};

static const char *const texts[] = {
    "",           "a",      "temperature", "-7", "123456789012", "9223372036854775807",
    "0x1f value", "123",    "100000",      "0",  "host",         "-9223372036854775808",
    "region",     "status", "007",         "+1", "1e3",          "2305843009213693952"};

static struct slice text_of(uint64_t n) { return slice_text(texts[n % (sizeof texts / sizeof *texts)]); }

/* The pairs of a shape: mostly the same names. */
static size_t pairs_of(uint64_t shape, struct slice *pairs)
{
    size_t count = shape % 11 < 8 ? 2 : 1 + shape % PAIRS_MAX;
    for (size_t i = 0; i < count; i++) {
        pairs[2 * i] = shape % 11 < 8 ? text_of(i + 1) : text_of(shape / 7 + i);
        pairs[2 * i + 1] = text_of(shape / 13 + 5 * i);
    }
    return count;
}

/* The stream behind a key, so that the keyspace's own checks see it. */
static bool model_open(struct model *o, uint64_t seed)
{
    memset(o, 0, sizeof *o);
    memory_init(&o->memory);
    random_init(&o->random, seed, "stream");
    o->limits = value_limits_default;
    o->limits.stream_node_entries = 10;
    o->entries = calloc(MODEL_MAX, sizeof *o->entries);
    o->keyspace =
        keyspace_new(&(struct keyspace_options){.memory = &o->memory, .databases = 2, .limits = &o->limits});
    o->stream = stream_new(&o->memory);
    struct edit x;
    edit_begin(&x, o->keyspace, 0, slice_text("s"), NULL, VALUE_STREAM);
    if (!edit_enlarge(&x, o->stream)) return false;
    edit_end(&x);
    o->entry = x.entry;
    return true;
}

static void model_close(struct test *t_, struct model *o)
{
    keyspace_delete(o->keyspace, 0, slice_text("s"));
    while (keyspace_tidy(o->keyspace, 3)) {}
    keyspace_free(o->keyspace);
    free(o->entries);
    CHECK_EQ_INT(o->memory.used, 0);
}

static struct model_entry *model_find(struct model *o, struct stream_id id)
{
    size_t low = 0, high = o->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (stream_id_compare(o->entries[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < o->count && stream_id_compare(o->entries[low].id, id) == 0 ? &o->entries[low] : NULL;
}

/* ---- changes, on both sides ---- */

static bool append(struct model *o)
{
    if (o->count == MODEL_MAX) return true;
    struct slice pairs[2 * PAIRS_MAX];
    struct stream_id id = o->stream->last_id;
    uint64_t jump = random_below(&o->random, 10);
    if (jump < 6) stream_id_increment(&id);
    if (jump >= 6)
        id = (struct stream_id){id.ms + 1 + random_below(&o->random, 1 << 3 * (jump - 5)), jump - 6};
    uint64_t shape = random_next(&o->random) % 10000;
    size_t count = pairs_of(shape, pairs);
    if (!stream_append(&o->memory, o->stream, id, pairs, count, &o->limits)) return false;
    o->entries[o->count++] = (struct model_entry){.id = id, .shape = shape, .there = true};
    o->length++;
    return true;
}

static void drop(struct model *o, struct model_entry *e)
{
    o->length -= e->there;
    e->there = false;
}

static bool erase(struct model *o)
{
    struct stream_id id = {random_below(&o->random, 100), random_below(&o->random, 5)};
    if (o->count > 0) id = o->entries[random_below(&o->random, o->count)].id;
    if (random_below(&o->random, 8) == 0) id.seq++;
    struct model_entry *e = model_find(o, id);
    bool was = e && e->there;
    if (stream_delete(&o->memory, o->stream, id) != was) return false;
    if (was) drop(o, e);
    return true;
}

/* Exactly what the trimming should leave, or, when approximate, no more than that less. */
static bool trim(struct model *o)
{
    if (o->count == 0) return true;
    struct stream_trim how = {
        .by_id = random_below(&o->random, 2) == 0,
        .approximate = random_below(&o->random, 2) == 0,
        .length = o->length - random_below(&o->random, o->length / 4 + 1),
        .id = o->entries[o->first + (o->count - o->first) * random_below(&o->random, 100) / 400].id,
        .limit = random_below(&o->random, 4) == 0 ? 1 + random_below(&o->random, 30) : 0,
    };
    uint64_t before = o->stream->length, dropped = stream_trim(&o->memory, o->stream, &how), left = dropped;
    if (before - dropped != o->stream->length || (how.limit > 0 && dropped > how.limit)) return false;
    size_t i = 0;
    for (; left > 0; i++) {
        if (how.by_id && stream_id_compare(o->entries[i].id, how.id) >= 0) return false;
        left -= o->entries[i].there;
        drop(o, &o->entries[i]);
    }
    o->first = i > o->first ? i : o->first;
    if (!how.by_id && dropped > 0 && o->length < how.length) return false;
    if (how.approximate || how.limit > 0) return true;
    if (!how.by_id) return o->length <= how.length;
    struct stream_walk w;
    struct stream_entry e;
    stream_walk_begin(&w, o->stream, STREAM_ID_MIN, STREAM_ID_MAX, false);
    return !stream_walk_next(&w, &e) || stream_id_compare(e.id, how.id) >= 0;
}

static bool make_groups(struct model *o)
{
    static const char *const names[GROUPS] = {"zebra", "ant", "anthill"};
    for (int g = 0; g < GROUPS; g++) {
        o->groups[g] = stream_group_make(&o->memory, o->stream, slice_text(names[g]), STREAM_ID_MIN, -1);
        if (!o->groups[g]) return false;
        for (int c = 0; c < CONSUMERS; c++) {
            o->consumers[g][c] =
                stream_consumer_make(&o->memory, o->groups[g], slice_text(names[(c + g) % 3]), 5);
            if (!o->consumers[g][c]) return false;
        }
    }
    return true;
}

static bool deliver(struct model *o)
{
    size_t g = random_below(&o->random, GROUPS), c = random_below(&o->random, CONSUMERS);
    if (o->count == 0) return true;
    struct model_entry *e = &o->entries[random_below(&o->random, o->count)];
    struct stream_pending *p = stream_pending_find(o->groups[g], e->id);
    if ((p != NULL) != (e->owner[g] > 0)) return false;
    if (p && p->consumer != o->consumers[g][e->owner[g] - 1]) return false;
    if (p && random_below(&o->random, 3) == 0) {
        stream_pending_remove(&o->memory, o->groups[g], p);
        e->owner[g] = 0;
        return true;
    }
    e->owner[g] = (int)c + 1;
    if (p) return stream_pending_give(&o->memory, p, o->consumers[g][c]);
    return stream_pending_make(&o->memory, o->groups[g], o->consumers[g][c], e->id, 7, 1) != NULL;
}

/* ---- looking ---- */

static bool entry_right(const struct model_entry *want, struct stream_entry e)
{
    struct slice pairs[2 * PAIRS_MAX];
    struct stream_field f;
    size_t count = pairs_of(want->shape, pairs);
    if (stream_id_compare(e.id, want->id) != 0 || e.fields != count) return false;
    for (size_t i = 0; i < count; i++) {
        stream_entry_field(&e, &f);
        if (!slice_equal(f.name, pairs[2 * i]) || !slice_equal(f.value, pairs[2 * i + 1])) return false;
    }
    return e.fields == 0;
}

/* A range, read from either end, is what the array has there. */
static bool ranges_right(struct model *o)
{
    if (o->count == 0) return true;
    size_t a = random_below(&o->random, o->count), b = random_below(&o->random, o->count);
    struct stream_id from = o->entries[a].id, to = o->entries[b].id;
    if (random_below(&o->random, 3) == 0) stream_id_increment(&from);
    if (random_below(&o->random, 3) == 0) stream_id_decrement(&to);
    if (random_below(&o->random, 9) == 0) from = STREAM_ID_MIN;
    if (random_below(&o->random, 9) == 0) to = STREAM_ID_MAX;
    struct stream_walk up, down;
    struct stream_entry e;
    uint64_t count = 0;
    stream_walk_begin(&up, o->stream, from, to, false);
    stream_walk_begin(&down, o->stream, from, to, true);
    for (size_t i = 0; i < o->count; i++) {
        const struct model_entry *want = &o->entries[i];
        if (!want->there || stream_id_compare(want->id, from) < 0 || stream_id_compare(want->id, to) > 0)
            continue;
        count++;
        if (!stream_walk_next(&up, &e) || !entry_right(want, e)) return false;
    }
    for (size_t i = o->count; i-- > 0;) {
        const struct model_entry *want = &o->entries[i];
        if (!want->there || stream_id_compare(want->id, from) < 0 || stream_id_compare(want->id, to) > 0)
            continue;
        if (!stream_walk_next(&down, &e) || !entry_right(want, e)) return false;
    }
    uint64_t limit = random_below(&o->random, o->count + 1);
    return !stream_walk_next(&up, &e) && !stream_walk_next(&down, &e) &&
           stream_count(o->stream, from, to, UINT64_MAX) == count &&
           stream_count(o->stream, from, to, limit) == (count < limit ? count : limit);
}

static bool finds_right(struct model *o)
{
    struct stream_entry e;
    if (o->count == 0) return true;
    struct model_entry *want = &o->entries[random_below(&o->random, o->count)];
    bool found = stream_find(o->stream, want->id, &e);
    return found == want->there && (!found || entry_right(want, e)) &&
           stream_has(o->stream, want->id) == found;
}

static bool all_right(struct model *o)
{
    const char *what;
    size_t pending = 0, have = 0;
    for (int g = 0; g < GROUPS; g++) {
        have += o->groups[g]->pending.size;
        for (size_t i = 0; i < o->count; i++) pending += o->entries[i].owner[g] > 0;
    }
    if (!keyspace_check(o->keyspace, &what)) printf("#        %s\n", what);
    return !what && o->stream->length == o->length && pending == have;
}

/* The same content laid out in other nodes has the same digest; so has a copy. */
static bool digests_right(struct model *o)
{
    struct digest d = value_class(VALUE_STREAM)->digest(o->entry);
    if (!keyspace_copy(o->keyspace, 0, slice_text("s"), 1, slice_text("s"))) return false;
    const struct entry *copy = keyspace_find(o->keyspace, 1, slice_text("s"));
    struct digest same = value_class(VALUE_STREAM)->digest(copy);
    stream_of(copy)->summed = false;
    struct digest afresh = value_class(VALUE_STREAM)->digest(copy);
    const char *what;
    bool sound = keyspace_check(o->keyspace, &what);
    size_t used = o->memory.used, size = value_class(VALUE_STREAM)->memory(stream_of(copy));
    keyspace_delete(o->keyspace, 1, slice_text("s"));
    while (keyspace_tidy(o->keyspace, 10)) {}
    size_t freed = used - o->memory.used;
    return sound && d.low == same.low && d.high == same.high && d.low == afresh.low && freed >= size &&
           freed < size + 400;
}

TEST(at_random)
{
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct model o;
        REQUIRE(model_open(&o, seed));
        REQUIRE(make_groups(&o));
        if (seed % 5 == 0) o.limits.stream_node_entries = 0;
        if (seed % 3 == 0) o.limits.stream_node_bytes = 200;
        for (int step = 0; step < 4000; step++) {
            uint64_t dice = random_below(&o.random, 100);
            if (dice < 55) REQUIRE(append(&o));
            if (dice >= 55 && dice < 70) REQUIRE(erase(&o));
            if (dice >= 70 && dice < 72) REQUIRE(trim(&o));
            if (dice >= 72) REQUIRE(deliver(&o));
            if (step % 20 == 0) REQUIRE(finds_right(&o));
            if (step % 100 == 0) REQUIRE(ranges_right(&o));
            if (step % 200 == 0) REQUIRE(all_right(&o));
            if (step % 1000 == 999) REQUIRE(digests_right(&o));
        }
        CHECK(all_right(&o));
        model_close(t_, &o);
    }
}

TEST(each_allocation_fails_in_turn)
{
    struct model o;
    REQUIRE(model_open(&o, 7));
    REQUIRE(make_groups(&o));
    for (int step = 0; step < 600; step++) {
        bool done = false;
        for (int fail_after = 0; !done; fail_after++) {
            struct random before = o.random;
            struct digest was = value_class(VALUE_STREAM)->digest(o.entry);
            struct model_entry saved =
                o.count > 0 ? o.entries[o.count - 1] : (struct model_entry){.there = false};
            size_t count = o.count;
            o.memory.fail_after = fail_after;
            done = append(&o);
            bool failed = o.memory.fail_after < 0;
            o.memory.fail_after = -1;
            REQUIRE(done || failed);
            if (done) break;
            o.random = before;
            REQUIRE(o.count == count && (count == 0 || saved.id.ms == o.entries[count - 1].id.ms));
            struct digest is = value_class(VALUE_STREAM)->digest(o.entry);
            REQUIRE(was.low == is.low && all_right(&o));
        }
    }
    /* a copy: all of it or nothing */
    bool copied = false;
    for (int fail_after = 0; !copied; fail_after++) {
        size_t used = o.memory.used;
        o.memory.fail_after = fail_after;
        copied = keyspace_copy(o.keyspace, 0, slice_text("s"), 0, slice_text("t"));
        o.memory.fail_after = -1;
        if (!copied)
            while (keyspace_tidy(o.keyspace, 100)) {}
        if (!copied && fail_after > 2) REQUIRE(o.memory.used == used);
    }
    CHECK(all_right(&o));
    model_close(t_, &o);
}

TEST(deliveries_that_cannot_be_noted)
{
    struct model o;
    REQUIRE(model_open(&o, 9));
    REQUIRE(make_groups(&o));
    for (uint64_t n = 1; n < 300; n++) {
        struct stream_pending *p = NULL;
        struct stream_id id = {n, 0};
        for (int fail_after = 0; !p; fail_after++) {
            o.memory.fail_after = fail_after;
            p = stream_pending_make(&o.memory, o.groups[0], o.consumers[0][0], id, 1, 1);
            o.memory.fail_after = -1;
            REQUIRE(p || !stream_pending_find(o.groups[0], id));
        }
        bool given = false;
        for (int fail_after = 0; !given; fail_after++) {
            o.memory.fail_after = fail_after;
            given = stream_pending_give(&o.memory, p, o.consumers[0][1]);
            o.memory.fail_after = -1;
            REQUIRE(p->consumer == o.consumers[0][given]);
        }
    }
    const char *what;
    CHECK(keyspace_check(o.keyspace, &what));
    CHECK_EQ_INT(o.consumers[0][1]->pending.size, 299);
    stream_consumer_remove(&o.memory, o.groups[0], o.consumers[0][1]);
    CHECK_EQ_INT(o.groups[0]->pending.size, 0);
    stream_group_remove(&o.memory, o.stream, o.groups[1]);
    CHECK_EQ_INT(o.stream->groups.count, 2);
    CHECK(keyspace_check(o.keyspace, &what));
    model_close(t_, &o);
}

TEST(ids_at_the_ends_of_the_range)
{
    struct model o;
    struct slice pair[2] = {slice_text("f"), slice_text("v")};
    struct stream_id ids[] = {{0, 1}, {0, UINT64_MAX}, {1, 0}, {UINT64_MAX, 3}, {UINT64_MAX, UINT64_MAX}};
    REQUIRE(model_open(&o, 1));
    for (size_t i = 0; i < 5; i++) REQUIRE(stream_append(&o.memory, o.stream, ids[i], pair, 1, &o.limits));
    struct stream_walk w;
    struct stream_entry e;
    stream_walk_begin(&w, o.stream, STREAM_ID_MIN, STREAM_ID_MAX, false);
    for (size_t i = 0; i < 5; i++) {
        REQUIRE(stream_walk_next(&w, &e));
        CHECK(stream_id_compare(e.id, ids[i]) == 0);
    }
    CHECK(!stream_walk_next(&w, &e));
    struct stream_id id = STREAM_ID_MAX;
    CHECK(!stream_id_increment(&id));
    CHECK(stream_id_decrement(&id) && id.seq == UINT64_MAX - 1);
    id = (struct stream_id){3, 0};
    CHECK(stream_id_decrement(&id) && id.ms == 2 && id.seq == UINT64_MAX);
    CHECK(stream_id_increment(&id) && id.ms == 3 && id.seq == 0);
    id = STREAM_ID_MIN;
    CHECK(!stream_id_decrement(&id));
    model_close(t_, &o);
}

TEST(small_entries_are_small)
{
    struct model o;
    char value[16];
    enum { ENTRIES = 20000 };
    REQUIRE(model_open(&o, 1));
    o.limits = value_limits_default;
    size_t before = o.memory.used;
    for (uint64_t n = 1; n <= ENTRIES; n++) {
        snprintf(value, sizeof value, "value:%06d", (int)n);
        struct slice pair[2] = {slice_text("field"), slice_text(value)};
        REQUIRE(stream_append(&o.memory, o.stream, (struct stream_id){1700000000000 + n / 3, n % 3}, pair, 1,
                              &o.limits));
    }
    CHECK(o.memory.used - before < ENTRIES * 18);
    CHECK_EQ_INT(o.stream->nodes.size, ENTRIES / 100);
    model_close(t_, &o);
}

/* As redis-server 7.0.15 shows them for the same entries. */
TEST(nodes_as_a_radix_tree_would_have_them)
{
    struct model o;
    struct slice pair[2] = {slice_text("f"), slice_text("v")};
    static const struct {
        struct stream_id id;
        size_t nodes;
    } cases[] = {{{1, 1}, 2},      {{1, 2}, 4},      {{1, 3}, 5},      {{2, 0}, 9},        {{256, 0}, 12},
                 {{256, 256}, 16}, {{65536, 1}, 19}, {{65536, 2}, 21}, {{1u << 30, 0}, 24}};
    REQUIRE(model_open(&o, 1));
    o.limits.stream_node_entries = 1;
    CHECK_EQ_INT(stream_radix_nodes(o.stream), 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        REQUIRE(stream_append(&o.memory, o.stream, cases[i].id, pair, 1, &o.limits));
        CHECK_EQ_INT(stream_radix_nodes(o.stream), cases[i].nodes);
    }
    model_close(t_, &o);
}

TEST_MAIN()
