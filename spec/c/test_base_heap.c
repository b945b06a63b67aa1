/* Heaps: random operations against a plain array, with indexes that follow. */
#include "base/heap.h"
#include "base/random.h"
#include "test.h"

enum { ITEMS = 5000 };

struct item {
    int64_t key;
    size_t index;
    bool inside;
};

static void moved(void *item, size_t index) { ((struct item *)item)->index = index; }

/* Every slot's key is its item's, its item knows where it is, and no parent is greater than a child. */
static bool valid(const struct heap *h)
{
    for (size_t i = 0; i < h->size; i++) {
        const struct heap_slot *s = heap_at(h, i);
        const struct item *item = s->item;
        if (item->index != i || item->key != s->key) return false;
        if (i > 0 && heap_at(h, (i - 1) / 4)->key > s->key) return false;
    }
    return true;
}

TEST(empty)
{
    struct memory m;
    struct heap h;
    memory_init(&m);
    heap_init(&h, &m, NULL);
    CHECK(heap_top(&h) == NULL);
    CHECK_EQ_INT(m.used, 0);
    heap_free(&h);
}

TEST(a_small_heap_is_small)
{
    struct memory m;
    struct heap h;
    memory_init(&m);
    heap_init(&h, &m, NULL);
    for (int i = 0; i < 8; i++) REQUIRE(heap_insert(&h, i, &h));
    CHECK(m.used <= 200);
    heap_free(&h);
    CHECK_EQ_INT(m.used, 0);
}

TEST(sorts)
{
    static struct item items[ITEMS];
    struct memory m;
    struct heap h;
    struct random r;
    memory_init(&m);
    random_init(&r, 1, "heap");
    heap_init(&h, &m, NULL);
    for (int i = 0; i < ITEMS; i++) {
        items[i].key = (int64_t)random_next(&r);
        REQUIRE(heap_insert(&h, items[i].key, &items[i]));
    }
    int64_t last = INT64_MIN;
    size_t peak = m.used;
    while (h.size > 0) {
        int64_t key = heap_top(&h)->key;
        REQUIRE(key >= last);
        last = key;
        const struct item *item = heap_remove(&h, 0);
        REQUIRE(item->key == key);
    }
    CHECK(m.used * 10 < peak);
    heap_free(&h);
    CHECK_EQ_INT(m.used, 0);
}

TEST(extreme_keys)
{
    struct memory m;
    struct heap h;
    struct item items[3] = {{INT64_MAX, 0, true}, {INT64_MIN, 0, true}, {INT64_MAX, 0, true}};
    memory_init(&m);
    heap_init(&h, &m, moved);
    for (int i = 0; i < 3; i++) REQUIRE(heap_insert(&h, items[i].key, &items[i]));
    CHECK(heap_remove(&h, 0) == &items[1]);
    CHECK(heap_remove(&h, 0) != heap_remove(&h, 0));
    heap_free(&h);
}

TEST(random_operations_with_indexes)
{
    static struct item items[ITEMS];
    struct memory m;
    struct heap h;
    struct random r;
    memory_init(&m);
    memset(items, 0, sizeof items);
    random_init(&r, 2, "heap");
    heap_init(&h, &m, moved);
    size_t inside = 0;
    for (int step = 0; step < 100000; step++) {
        struct item *item = &items[random_below(&r, step / 20000 % 2 == 0 ? ITEMS : ITEMS / 20)];
        int64_t key = (int64_t)random_below(&r, 1000);
        switch (random_below(&r, 3)) {
        case 0:
            if (item->inside) break;
            item->key = key;
            REQUIRE(heap_insert(&h, key, item));
            item->inside = true;
            inside++;
            break;
        case 1:
            if (!item->inside) break;
            REQUIRE(heap_remove(&h, item->index) == item);
            item->inside = false;
            inside--;
            break;
        default:
            if (!item->inside) break;
            item->key = key;
            heap_rekey(&h, item->index, key);
        }
        REQUIRE(h.size == inside);
        if (step % 1000 == 0) REQUIRE(valid(&h));
    }
    REQUIRE(valid(&h));
    heap_free(&h);
    CHECK_EQ_INT(m.used, 0);
}

TEST(goes_in_slices)
{
    enum { COUNT = 10000 };
    struct memory m;
    memory_init(&m);
    struct heap h;
    heap_init(&h, &m, NULL);
    for (int i = 0; i < COUNT; i++) REQUIRE(heap_insert(&h, i, NULL));
    size_t used = m.used;
    int slices = 0;
    while (heap_drain(&h, 2)) {
        CHECK(used - m.used <= 2 * 4096);
        used = m.used;
        slices++;
    }
    CHECK(slices > 15);
    heap_free(&h);
    CHECK_EQ_INT(m.used, 0);
}

TEST(replace_keeps_the_place)
{
    struct memory m;
    struct heap h;
    struct item a = {5, 0, true}, b = {5, 0, true};
    memory_init(&m);
    heap_init(&h, &m, moved);
    REQUIRE(heap_insert(&h, 5, &a));
    heap_replace(&h, a.index, &b);
    CHECK(heap_top(&h)->item == &b);
    heap_free(&h);
}

TEST(a_failed_insert_changes_nothing)
{
    static struct item items[3000];
    struct memory m;
    struct heap h;
    memory_init(&m);
    heap_init(&h, &m, moved);
    for (int i = 0; i < 3000; i++) {
        items[i].key = (i * 7919) % 3000;
        for (int64_t fail = 0;; fail++) {
            m.fail_after = fail;
            size_t size = h.size;
            if (heap_insert(&h, items[i].key, &items[i])) break;
            REQUIRE(h.size == size);
        }
        m.fail_after = -1;
    }
    REQUIRE(valid(&h));
    while (h.size > 0) {
        m.fail_after = 0; /* giving memory back may fail too, and does no harm */
        int64_t key = heap_top(&h)->key;
        REQUIRE(((struct item *)heap_remove(&h, 0))->key == key);
        m.fail_after = -1;
    }
    heap_free(&h);
    CHECK_EQ_INT(m.used, 0);
}

TEST_MAIN()
