/* WATCH: what counts as a change, as Redis 7 has it. */
#include "store/keyspace.h"
#include "test.h"

struct fixture {
    struct memory memory;
    struct keyspace *keyspace;
};

static struct slice key(const char *text) { return slice_text(text); }

static void begin(struct fixture *f)
{
    memory_init(&f->memory);
    f->keyspace = keyspace_new(&(struct keyspace_options){.memory = &f->memory, .databases = 4});
    keyspace_set_time(f->keyspace, 1000);
}

static void end(struct test *t_, struct fixture *f)
{
    keyspace_free(f->keyspace);
    CHECK_EQ_INT(f->memory.used, 0);
}

static struct entry *set(struct fixture *f, int db, const char *name, int64_t expire_ms)
{
    return keyspace_set_string(f->keyspace, db, key(name), slice_text("value"), expire_ms);
}

/* Every way to change a key, each with its own watch on the key that it changes. */

enum change {
    SET,
    SET_SAME,
    INTEGER,
    EDIT,
    EXPIRE,
    PERSIST,
    DELETE,
    RENAME_FROM,
    RENAME_TO,
    COPY_TO,
    FLUSH,
    FLUSH_ALL,
    CHANGES
};

static void change(struct keyspace *ks, enum change what)
{
    char *data;
    switch (what) {
    case SET: keyspace_set_string(ks, 1, key("k"), slice_text("something longer than it was"), -1); break;
    case SET_SAME: keyspace_set_string(ks, 1, key("k"), slice_text("value"), KEYSPACE_KEEP_TTL); break;
    case INTEGER: keyspace_set_integer(ks, 1, key("k"), 17, KEYSPACE_KEEP_TTL); break;
    case EDIT: keyspace_string_done(ks, 1, keyspace_string_edit(ks, 1, key("k"), 9, &data)); break;
    case EXPIRE: keyspace_set_expire(ks, 1, keyspace_find(ks, 1, key("k")), 9000); break;
    case PERSIST: keyspace_set_expire(ks, 1, keyspace_find(ks, 1, key("k")), KEYSPACE_NO_TTL); break;
    case DELETE: keyspace_delete(ks, 1, key("k")); break;
    case RENAME_FROM: keyspace_rename(ks, 1, key("k"), 2, key("l")); break;
    case RENAME_TO: keyspace_rename(ks, 1, key("other"), 1, key("k")); break;
    case COPY_TO: keyspace_copy(ks, 1, key("other"), 1, key("k")); break;
    case FLUSH: keyspace_flush(ks, 1); break;
    case FLUSH_ALL: keyspace_flush(ks, -1); break;
    default: break;
    }
}

TEST(every_change_is_noticed_by_those_who_watch_that_key)
{
    for (int what = 0; what < CHANGES; what++) {
        struct fixture f;
        begin(&f);
        set(&f, 1, "k", 5000);
        set(&f, 1, "other", -1);
        set(&f, 0, "k", -1);
        struct watch *w = keyspace_watch(f.keyspace, 1, key("k"));
        struct watch *again = keyspace_watch(f.keyspace, 1, key("k"));
        struct watch *elsewhere = keyspace_watch(f.keyspace, 0, key("k"));
        struct watch *unused = keyspace_watch(f.keyspace, 1, key("absent"));
        CHECK(!keyspace_watch_dirty(f.keyspace, w));
        change(f.keyspace, (enum change)what);
        CHECK(keyspace_watch_dirty(f.keyspace, w));
        CHECK(keyspace_watch_dirty(f.keyspace, again));
        CHECK(keyspace_watch_dirty(f.keyspace, elsewhere) == (what == FLUSH_ALL));
        CHECK(!keyspace_watch_dirty(f.keyspace, unused));
        keyspace_unwatch(f.keyspace, w);
        keyspace_unwatch(f.keyspace, elsewhere);
        keyspace_unwatch(f.keyspace, unused);
        keyspace_unwatch(f.keyspace, again);
        end(t_, &f);
    }
}

TEST(reading_is_no_change)
{
    struct fixture f;
    begin(&f);
    struct entry *e = set(&f, 0, "k", 5000);
    struct watch *w = keyspace_watch(f.keyspace, 0, key("k"));
    keyspace_find(f.keyspace, 0, key("k"));
    entry_set_access(e, 3);
    keyspace_set_expire(f.keyspace, 0, e, 5000);
    keyspace_copy(f.keyspace, 0, key("k"), 0, key("l"));
    keyspace_rename(f.keyspace, 0, key("k"), 0, key("k"));
    CHECK(!keyspace_watch_dirty(f.keyspace, w));
    keyspace_unwatch(f.keyspace, w);
    end(t_, &f);
}

TEST(expiring_after_the_watch_is_a_change)
{
    struct fixture f;
    begin(&f);
    set(&f, 0, "k", 1001);
    struct watch *w = keyspace_watch(f.keyspace, 0, key("k"));
    CHECK(!keyspace_watch_dirty(f.keyspace, w));
    CHECK(!keyspace_watch_dirty(f.keyspace, w));
    keyspace_set_time(f.keyspace, 1002);
    CHECK(keyspace_watch_dirty(f.keyspace, w));
    keyspace_delete(f.keyspace, 0, key("k"));
    CHECK(keyspace_watch_dirty(f.keyspace, w));
    keyspace_unwatch(f.keyspace, w);
    end(t_, &f);
}

TEST(the_end_of_a_key_that_had_expired_is_none)
{
    struct fixture f;
    begin(&f);
    set(&f, 0, "k", 900);
    struct watch *w = keyspace_watch(f.keyspace, 0, key("k"));
    CHECK(!keyspace_watch_dirty(f.keyspace, w));
    keyspace_delete(f.keyspace, 0, key("k"));
    CHECK(!keyspace_watch_dirty(f.keyspace, w));
    set(&f, 0, "k", 2000);
    CHECK(keyspace_watch_dirty(f.keyspace, w));
    keyspace_unwatch(f.keyspace, w);

    set(&f, 0, "k", 900);
    w = keyspace_watch(f.keyspace, 0, key("k"));
    set(&f, 0, "k", 2000);
    CHECK(keyspace_watch_dirty(f.keyspace, w));
    keyspace_unwatch(f.keyspace, w);
    end(t_, &f);
}

/* What is in the watched database 0 and in database 1 ('-': nothing, 'x': expired, 'k': alive) before they
 * are swapped, and whether that is a change. */
TEST(swapping)
{
    static const struct {
        char here, there;
        bool changed;
    } cases[] = {{'-', '-', false}, {'-', 'k', true}, {'k', '-', true}, {'k', 'k', true}, {'x', '-', false},
                 {'x', 'x', false}, {'x', 'k', true}, {'k', 'x', true}, {'-', 'x', false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int flush = 0; flush <= (cases[i].there == '-'); flush++) {
            struct fixture f;
            begin(&f);
            if (cases[i].here != '-') set(&f, 0, "key", cases[i].here == 'x' ? 500 : 5000);
            if (cases[i].there != '-') set(&f, 1, "key", cases[i].there == 'x' ? 500 : 5000);
            struct watch *w = keyspace_watch(f.keyspace, 0, key("key"));
            if (flush)
                keyspace_flush(f.keyspace, 0);
            else
                keyspace_swap(f.keyspace, 0, 1);
            CHECK(keyspace_watch_dirty(f.keyspace, w) == cases[i].changed);
            keyspace_unwatch(f.keyspace, w);
            end(t_, &f);
        }
    }
}

TEST(adopting)
{
    struct fixture f, g;
    begin(&f);
    g.keyspace =
        keyspace_new(&(struct keyspace_options){.memory = &f.memory, .hash_key = {5, 6}, .databases = 4});
    set(&f, 0, "gone", -1);
    set(&g, 1, "new", 7000);
    struct watch *gone = keyspace_watch(f.keyspace, 0, key("gone"));
    struct watch *new = keyspace_watch(f.keyspace, 1, key("new"));
    struct watch *absent = keyspace_watch(f.keyspace, 1, key("absent"));
    keyspace_adopt(f.keyspace, g.keyspace);
    CHECK(keyspace_watch_dirty(f.keyspace, gone));
    CHECK(keyspace_watch_dirty(f.keyspace, new));
    CHECK(!keyspace_watch_dirty(f.keyspace, absent));
    set(&f, 1, "absent", -1);
    CHECK(keyspace_watch_dirty(f.keyspace, absent));
    CHECK_EQ_INT(keyspace_size(f.keyspace, 0), 0);
    CHECK_EQ_INT(keyspace_size(f.keyspace, 1), 2);
    CHECK_EQ_INT(keyspace_size(g.keyspace, 1), 0);
    CHECK_EQ_INT(keyspace_expire_deadline(f.keyspace), 7001);
    CHECK(keyspace_expire_deadline(g.keyspace) == INT64_MAX);
    set(&g, 2, "again", -1);
    const char *what;
    CHECK(keyspace_check(f.keyspace, &what));
    CHECK(keyspace_check(g.keyspace, &what));
    keyspace_unwatch(f.keyspace, gone);
    keyspace_unwatch(f.keyspace, new);
    keyspace_unwatch(f.keyspace, absent);
    keyspace_free(g.keyspace);
    end(t_, &f);
}

TEST_MAIN()
