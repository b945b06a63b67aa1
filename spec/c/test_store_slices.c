/* What is put off is done in slices: none of them frees or gives back more than so much, whatever there is to be freed. */
#include <stdio.h>

#include "store/hash.h"
#include "store/list_value.h"
#include "store/set.h"
#include "store/stream.h"
#include "store/zset_value.h"
#include "test.h"

enum {
    BUDGET = 256,           /* a node's */
    FREED_MAX = 128 * 1024, /* bytes by one slice */
    GIVEN_BACK_MAX = 16,    /* pieces of 64 KiB by one slice */
};

struct fixture {
    struct memory memory;
    struct keyspace *keyspace;
};

static void begin(struct fixture *f)
{
    memory_init(&f->memory);
    memory_use_slabs(&f->memory);
    f->keyspace = keyspace_new(&(struct keyspace_options){.memory = &f->memory, .databases = 1});
}

static void end(struct test *t_, struct fixture *f)
{
    keyspace_free(f->keyspace);
    CHECK_EQ_INT(f->memory.used, 0);
}

/* Tidies up. Each slice has freed no more than it may; how many there were. */
static int tidy(struct test *t_, struct fixture *f)
{
    int slices = 0;
    for (bool more = true; more; slices++) {
        size_t used = f->memory.used, stale = memory_stale(&f->memory);
        more = keyspace_tidy(f->keyspace, BUDGET);
        size_t left = memory_stale(&f->memory);
        CHECK(used - f->memory.used <= FREED_MAX);
        CHECK(stale <= left + GIVEN_BACK_MAX);
    }
    CHECK_EQ_INT(memory_stale(&f->memory), 0);
    return slices;
}

TEST(a_flush)
{
    enum { KEYS = 300000 };
    struct fixture f;
    char text[24];
    begin(&f);
    for (int i = 0; i < KEYS; i++) {
        struct slice key = slice_of(text, (size_t)snprintf(text, sizeof text, "key:%d", i));
        REQUIRE(keyspace_set_string(f.keyspace, 0, key, slice_text("some value"), 1000 + i));
    }
    tidy(t_, &f);
    CHECK_EQ_INT(keyspace_flush(f.keyspace, -1), KEYS);
    CHECK(tidy(t_, &f) > KEYS / BUDGET);
    end(t_, &f);
}

/* ---- collections ---- */

static bool add(struct edit *x, enum value_type type, struct slice element, int i)
{
    struct zset_place place;
    switch (type) {
    case VALUE_HASH: return hash_set(x, element, slice_text("value")) > 0;
    case VALUE_SET: return set_add(x, element) > 0;
    case VALUE_LIST: return list_value_push(x, &element, 1, false);
    default: break;
    }
    place = zset_look_up(x->entry, element);
    return zset_put(x, &place, element, i);
}

static void make(struct test *t_, struct fixture *f, const char *key, enum value_type type, int elements)
{
    struct edit x;
    char text[24];
    edit_draft(&x, f->keyspace, slice_text(key), type, KEYSPACE_NO_TTL);
    for (int i = 0; i < elements; i++) {
        struct slice element = slice_of(text, (size_t)snprintf(text, sizeof text, "element:%d", i));
        REQUIRE(add(&x, type, element, i));
    }
    edit_publish(&x, 0);
}

TEST(collections)
{
    enum { ELEMENTS = 200000 };
    static const enum value_type types[] = {VALUE_HASH, VALUE_SET, VALUE_LIST, VALUE_ZSET};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct fixture f;
        begin(&f);
        make(t_, &f, "one", types[i], ELEMENTS);
        make(t_, &f, "two", types[i], ELEMENTS);
        tidy(t_, &f);
        size_t full = f.memory.used;
        CHECK(keyspace_delete(f.keyspace, 0, slice_text("one")));
        CHECK(full - f.memory.used <= FREED_MAX);
        CHECK(tidy(t_, &f) > 10);
        CHECK(keyspace_delete(f.keyspace, 0, slice_text("two")));
        CHECK(tidy(t_, &f) > 10);
        CHECK(f.memory.used < full / 100);
        end(t_, &f);
    }
}

TEST_MAIN()
