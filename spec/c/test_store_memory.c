/* Every operation, with every allocation in it failing in turn: it says so, and nothing has changed. */
#include "store/view.h"
#include "test.h"

struct fixture {
    struct view_sink sink;
    struct memory memory;
    struct keyspace *keyspace;
    struct watch *watch;
};

static char big[50000];

static struct slice key(const char *text) { return slice_text(text); }

static bool ignore(struct view_sink *sink, int db, const struct entry *e, bool whole)
{
    (void)sink, (void)db, (void)e, (void)whole;
    return true;
}

static void begin(struct fixture *f)
{
    memset(big, 'b', sizeof big);
    memory_init(&f->memory);
    f->sink.entry = ignore;
    f->keyspace =
        keyspace_new(&(struct keyspace_options){.memory = &f->memory, .databases = 4, .digest = true});
    keyspace_set_time(f->keyspace, 1000);
    keyspace_set_string(f->keyspace, 0, key("short"), slice_text("text"), KEYSPACE_NO_TTL);
    keyspace_set_string(f->keyspace, 0, key("mortal"), slice_text("text"), 5000);
    keyspace_set_string(f->keyspace, 0, key("long"), slice_of(big, 1000), KEYSPACE_NO_TTL);
    keyspace_set_string(f->keyspace, 0, key("big"), slice_of(big, 40000), 7000);
}

static bool done(struct fixture *f, struct entry *e)
{
    if (e) keyspace_string_done(f->keyspace, 0, e);
    return e != NULL;
}

/* Does operation number `n`; false when memory was out. */
static bool operate(struct fixture *f, int n, bool *last)
{
    struct keyspace *ks = f->keyspace;
    char *data;
    switch (n) {
    case 0: return keyspace_set_string(ks, 0, key("new"), slice_text("text"), -1);
    case 1: return keyspace_set_string(ks, 1, key("new"), slice_text("text"), 3000);
    case 2: return keyspace_set_string(ks, 1, key("new"), slice_of(big, sizeof big), 3000);
    case 3: return keyspace_set_string(ks, 0, key("short"), slice_of(big, 100), KEYSPACE_KEEP_TTL);
    case 4: return keyspace_set_string(ks, 0, key("short"), slice_of(big, 20000), 3000);
    case 5: return keyspace_set_string(ks, 0, key("mortal"), slice_of(big, 100), KEYSPACE_NO_TTL);
    case 6: return keyspace_set_string(ks, 0, key("big"), slice_of(big, 20000), KEYSPACE_KEEP_TTL);
    case 7: return keyspace_set_integer(ks, 0, key("short"), 5, 2000);
    case 8: return keyspace_set_integer(ks, 3, key("new"), 5, 2000);
    case 9: return done(f, keyspace_string_edit(ks, 0, key("new"), 10, &data));
    case 10: return done(f, keyspace_string_edit(ks, 0, key("short"), 100, &data));
    case 11: return done(f, keyspace_string_edit(ks, 0, key("long"), 2000, &data));
    case 12: return done(f, keyspace_string_edit(ks, 0, key("long"), 20000, &data));
    case 13: return done(f, keyspace_string_edit(ks, 0, key("big"), 90000, &data));
    case 14: return keyspace_set_expire(ks, 0, keyspace_find(ks, 0, key("short")), 4000);
    case 15: return keyspace_set_expire(ks, 0, keyspace_find(ks, 0, key("mortal")), KEYSPACE_NO_TTL);
    case 16: return keyspace_set_expire(ks, 0, keyspace_find(ks, 0, key("big")), KEYSPACE_NO_TTL);
    case 17: return keyspace_rename(ks, 0, key("big"), 2, key("new"));
    case 18: return keyspace_rename(ks, 0, key("mortal"), 0, key("short"));
    case 19: return keyspace_rename(ks, 0, key("short"), 0, key("big"));
    case 20: return keyspace_copy(ks, 0, key("big"), 2, key("new"));
    case 21: return keyspace_copy(ks, 0, key("big"), 0, key("mortal"));
    case 22: return keyspace_copy(ks, 0, key("long"), 0, key("short"));
    case 23: return f->watch = keyspace_watch(ks, 0, key("short")), f->watch != NULL;
    default: *last = true; return true;
    }
}

static bool same(struct digest a, struct digest b) { return a.low == b.low && a.high == b.high; }

/* With a view open, or none. */
static bool run_all(struct test *t_, bool with_view)
{
    bool last = false;
    for (int n = 0; !last; n++) {
        bool failed = true;
        for (int fail_after = 0; failed && !last; fail_after++) {
            struct fixture f = {0};
            const char *what = "";
            begin(&f);
            struct view *v = with_view ? view_open(f.keyspace, &f.sink) : NULL;
            struct digest before = keyspace_digest(f.keyspace);
            f.memory.fail_after = fail_after;
            bool succeeded = operate(&f, n, &last);
            failed = f.memory.fail_after < 0;
            f.memory.fail_after = -1;
            if (!succeeded) {
                CHECK(failed);
                CHECK(same(before, keyspace_digest(f.keyspace)));
            }
            if (!keyspace_check(f.keyspace, &what)) printf("#        operation %d: %s\n", n, what);
            CHECK(*(what ? what : "") == '\0');
            bool again = succeeded || operate(&f, n, &last);
            CHECK(again);
            while (v && view_step(v, 1)) {}
            view_close(v);
            keyspace_unwatch(f.keyspace, f.watch);
            keyspace_free(f.keyspace);
            CHECK_EQ_INT(f.memory.used, 0);
        }
    }
    return !t_->failed;
}

TEST(each_allocation_fails_in_turn) { CHECK(run_all(t_, false)); }

TEST(each_allocation_fails_in_turn_under_a_view) { CHECK(run_all(t_, true)); }

TEST(keyspace_and_view_that_cannot_be_made)
{
    for (int n = 0; n < 2; n++) {
        struct memory m;
        memory_init(&m);
        m.fail_after = n;
        CHECK(!keyspace_new(&(struct keyspace_options){.memory = &m, .databases = 16}));
        CHECK_EQ_INT(m.used, 0);
    }
    struct fixture f;
    begin(&f);
    f.memory.fail_after = 0;
    CHECK(!view_open(f.keyspace, &f.sink));
    struct view *v = view_open(f.keyspace, &f.sink);
    CHECK(v);
    view_close(v);
    keyspace_free(f.keyspace);
    CHECK_EQ_INT(f.memory.used, 0);
}

/* The limit of a struct memory: writing goes on until it is reached, and on once something was deleted. */
TEST(a_full_keyspace_takes_overwrites_and_deletions)
{
    struct fixture f;
    char name[16];
    int keys = 0;
    begin(&f);
    f.memory.limit = f.memory.used + 100000;
    while (snprintf(name, sizeof name, "key:%d", keys) &&
           keyspace_set_string(f.keyspace, 0, key(name), slice_text("value"), 9000))
        keys++;
    CHECK(keys > 500);
    CHECK_EQ_INT(keyspace_size(f.keyspace, 0), keys + 4);
    CHECK(keyspace_set_string(f.keyspace, 0, key("key:7"), slice_text("other"), 8000));
    CHECK(keyspace_delete(f.keyspace, 0, key("key:8")));
    CHECK(keyspace_set_string(f.keyspace, 0, key("key:8"), slice_text("value"), 9000));
    const char *what;
    CHECK(keyspace_check(f.keyspace, &what));
    keyspace_free(f.keyspace);
    CHECK_EQ_INT(f.memory.used, 0);
}

TEST_MAIN()
