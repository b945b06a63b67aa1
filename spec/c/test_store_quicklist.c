/* A long list beside a plain array: whatever is done to both, they agree. */
#include "store/quicklist.h"

#include <stdlib.h>

#include "base/number.h"
#include "base/random.h"
#include "test.h"

enum { ELEMENTS_MAX = 12000, KINDS = 4 };

/* Element `value` as a text: an integer, or a word, some of them long, some hard to compress. */
static struct slice text_of(char *out, int value)
{
    switch (value % KINDS) {
    case 0: return slice_of(out, number_format_int(out, value));
    case 1: return slice_of(out, (size_t)snprintf(out, 400, "element:%012d", value));
    case 2: {
        struct random r;
        random_init(&r, (uint64_t)value, "text");
        random_hex(&r, out, 40);
        return slice_of(out, 40);
    }
    default: {
        size_t size = (size_t)snprintf(out, 400, "%d:", value);
        size_t long_size = value % 64 == 3 ? 400 : 9;
        memset(out + size, 'x', long_size - size);
        return slice_of(out, long_size);
    }
    }
}

struct both {
    struct memory memory;
    struct quicklist *list;
    int *model;
    size_t count;
    struct random random;
    struct quicklist_limit limit;
    char text[400];
};

static struct both *begin(const char *seed, int64_t limit)
{
    struct both *b = calloc(1, sizeof *b);
    memory_init(&b->memory);
    b->list = quicklist_new(&b->memory);
    b->model = malloc(ELEMENTS_MAX * sizeof *b->model);
    random_init(&b->random, 1, seed);
    b->limit = quicklist_limit_of(limit);
    return b;
}

static void finish(struct test *t_, struct both *b)
{
    quicklist_free(&b->memory, b->list);
    CHECK_EQ_INT(b->memory.used, 0);
    free(b->model);
    free(b);
}

static struct packed_item item_of(struct both *b, int value)
{
    return packed_item_of(text_of(b->text, value));
}

static bool element_is(const struct quicklist_walk *w, int value)
{
    char text[400];
    struct packed_digits digits;
    return slice_equal(packed_text(w->sequence, w->at, &digits), text_of(text, value));
}

static bool agree(struct test *t_, struct both *b)
{
    const char *what = NULL;
    struct quicklist_walk w;
    if (!quicklist_check(b->list, &what)) printf("#        %s\n", what);
    CHECK(!what);
    CHECK_EQ_INT(b->list->size, b->count);
    size_t i = 0;
    for (quicklist_walk_begin(&w, b->list, 0, false); w.sequence; quicklist_walk_next(&w))
        if (i < b->count && element_is(&w, b->model[i])) i++;
    CHECK_EQ_INT(i, b->count);
    for (quicklist_walk_begin(&w, b->list, b->count - 1, true); w.sequence; quicklist_walk_next(&w))
        if (i > 0 && element_is(&w, b->model[i - 1])) i--;
    CHECK_EQ_INT(i, 0);
    if (b->count == 0) return !t_->failed;
    size_t index = (size_t)random_below(&b->random, b->count);
    quicklist_walk_begin(&w, b->list, index, false);
    CHECK(w.sequence && element_is(&w, b->model[index]));
    return !t_->failed;
}

/* ---- operations on both; false when memory was out ---- */

static void model_open(struct both *b, size_t at, int value)
{
    memmove(b->model + at + 1, b->model + at, (b->count - at) * sizeof *b->model);
    b->model[at] = value;
    b->count++;
}

static void model_close(struct both *b, size_t at, size_t count)
{
    memmove(b->model + at, b->model + at + count, (b->count - at - count) * sizeof *b->model);
    b->count -= count;
}

static bool push(struct both *b, int value, bool left)
{
    struct packed_item item = item_of(b, value);
    if (b->count == ELEMENTS_MAX) return true;
    size_t nodes = b->list->count;
    if (!quicklist_push(b->list, &b->memory, &b->limit, &item, left)) return false;
    quicklist_settle(b->list, &b->memory, left, b->list->count - nodes);
    model_open(b, left ? 0 : b->count, value);
    return true;
}

static bool insert(struct both *b, size_t at, int value)
{
    struct packed_item item = item_of(b, value);
    if (b->count == ELEMENTS_MAX) return true;
    if (!quicklist_insert(b->list, &b->memory, &b->limit, at, &item)) return false;
    model_open(b, at, value);
    return true;
}

static bool replace(struct both *b, size_t at, int value)
{
    struct packed_item item = item_of(b, value);
    if (!quicklist_replace(b->list, &b->memory, &b->limit, at, &item)) return false;
    b->model[at] = value;
    return true;
}

static bool take_out(struct both *b, size_t at, size_t count)
{
    if (!quicklist_remove(b->list, &b->memory, at, count)) return false;
    model_close(b, at, count);
    return true;
}

static bool keep(struct both *b, size_t at, size_t count)
{
    if (!quicklist_keep(b->list, &b->memory, at, count)) return false;
    model_close(b, at + count, b->count - at - count);
    model_close(b, 0, at);
    return true;
}

static bool take_out_equal(struct test *t_, struct both *b, int value, size_t count, bool backward)
{
    size_t removed, wanted = 0;
    struct packed_item item = item_of(b, value);
    if (!quicklist_remove_equal(b->list, &b->memory, &item, count, backward, &removed)) return false;
    for (size_t i = backward ? b->count : 0; wanted < count && (backward ? i > 0 : i < b->count);) {
        if (backward) i--;
        if (b->model[i] == value) {
            model_close(b, i, 1);
            wanted++;
        } else if (!backward) {
            i++;
        }
    }
    CHECK_EQ_INT(removed, wanted);
    return true;
}

/* Something at random, the same for the same seed. */
static bool operate(struct test *t_, struct both *b, uint64_t seed, bool grows)
{
    struct random r;
    random_init(&r, seed, "operation");
    int value = (int)random_below(&r, 3000);
    size_t at = b->count > 0 ? (size_t)random_below(&r, b->count) : 0;
    size_t span = (size_t)random_below(&r, grows ? 20 : 400);
    if (span > b->count - at) span = b->count - at;
    uint64_t kind = random_below(&r, 100);
    if (kind < (grows ? 70 : 20) || b->count == 0) return push(b, value, kind % 2 == 0);
    if (kind < 80) return insert(b, at, value);
    if (kind < 90) return replace(b, at, value);
    if (kind < 93) return take_out(b, at, span);
    if (kind < 96) return take_out(b, kind == 95 ? 0 : b->count - 1, 1);
    if (kind < 99)
        return take_out_equal(t_, b, b->model[at], kind == 98 ? SIZE_MAX : 1 + span % 3, kind == 97);
    if (b->count < 2000 && grows) return true;
    return keep(b, at / 4, b->count - at / 2);
}

static void wander(struct test *t_, int64_t limit, const char *seed)
{
    struct both *b = begin(seed, limit);
    for (int i = 0; i < 24000 && !t_->failed; i++) {
        CHECK(operate(t_, b, (uint64_t)i, i / 6000 % 2 == 0));
        if (i % 1500 == 0) agree(t_, b);
    }
    agree(t_, b);
    finish(t_, b);
}

TEST(nodes_of_8_KiB) { wander(t_, -2, "8 KiB"); }
TEST(nodes_of_64_KiB) { wander(t_, -5, "64 KiB"); }
TEST(nodes_of_5_elements) { wander(t_, 5, "5 elements"); }

TEST(limits)
{
    CHECK_EQ_INT(quicklist_limit_of(-1).bytes, 4096);
    CHECK_EQ_INT(quicklist_limit_of(-9).bytes, 65536);
    CHECK_EQ_INT(quicklist_limit_of(128).bytes, 8192);
    CHECK_EQ_INT(quicklist_limit_of(128).count, 128);
    CHECK_EQ_INT(quicklist_limit_of(0).count, 1);
}

TEST(queues_in_both_directions)
{
    struct both *b = begin("queues", -2);
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < 3000; i++) push(b, i, side);
        for (int i = 0; i < 20000; i++) {
            push(b, i, side);
            take_out(b, side ? b->count - 1 : 0, 1);
        }
        agree(t_, b);
        CHECK(b->list->room < 200);
        take_out(b, 0, b->count);
    }
    agree(t_, b);
    CHECK_EQ_INT(b->list->blocks, 0);
    finish(t_, b);
}

/* Texts alike take much less than their bytes, and those that cannot be compressed no more. */
TEST(memory)
{
    for (int kind = 1; kind <= 2; kind++) {
        struct both *b = begin("memory", -2);
        size_t bytes = 0;
        for (int i = 0; i < 10000; i++) {
            push(b, KINDS * i + kind, i % 3 > 0);
            bytes += text_of(b->text, KINDS * i + kind).size + 2;
        }
        agree(t_, b);
        size_t memory = quicklist_memory(b->list);
        CHECK(memory < (kind == 1 ? bytes * 6 / 10 : bytes + bytes / 20));
        struct quicklist *copy = quicklist_copy(&b->memory, b->list);
        REQUIRE(copy);
        CHECK(quicklist_memory(copy) <= memory);
        struct quicklist *list = b->list;
        b->list = copy;
        agree(t_, b);
        b->list = list;
        int slices = 1;
        while (quicklist_free_some(&b->memory, copy, 3)) slices++;
        CHECK(slices > 5);
        finish(t_, b);
    }
}

TEST(an_element_longer_than_a_node)
{
    struct both *b = begin("long", -1);
    char *text = malloc(100000);
    memset(text, 'L', 100000);
    struct packed_item item = packed_item_of(slice_of(text, 100000));
    for (int i = 0; i < 1000; i++) push(b, i, true);
    for (size_t at = 0; at < 1000; at += 333) {
        CHECK(quicklist_insert(b->list, &b->memory, &b->limit, at, &item));
        CHECK(quicklist_replace(b->list, &b->memory, &b->limit, (at + 100) % 900, &item));
    }
    CHECK(quicklist_push(b->list, &b->memory, &b->limit, &item, true));
    const char *what = NULL;
    CHECK(quicklist_check(b->list, &what));
    size_t removed;
    CHECK(quicklist_remove_equal(b->list, &b->memory, &item, SIZE_MAX, true, &removed));
    CHECK_EQ_INT(removed, 9);
    CHECK_EQ_INT(b->list->size, 996);
    CHECK(quicklist_check(b->list, &what));
    free(text);
    finish(t_, b);
}

/* Every allocation fails in turn: nothing has changed then, and it goes well afterwards. */
TEST(each_allocation_fails_in_turn)
{
    struct both *b = begin("failures", -1);
    int failures = 0;
    for (int i = 0; i < 4000 && !t_->failed; i++) {
        for (int fail_after = 0;; fail_after++) {
            b->memory.fail_after = fail_after;
            bool done = operate(t_, b, (uint64_t)i, true);
            bool failed = b->memory.fail_after < 0;
            b->memory.fail_after = -1;
            if (done) break;
            failures++;
            REQUIRE(failed);
            REQUIRE(b->list->size == b->count);
            if (failures % 50 == 0) agree(t_, b);
        }
        if (i % 200 == 0) agree(t_, b);
    }
    CHECK(failures > 100);
    agree(t_, b);
    for (int fail_after = 0;; fail_after++) {
        b->memory.fail_after = fail_after;
        struct quicklist *copy = quicklist_copy(&b->memory, b->list);
        b->memory.fail_after = -1;
        if (!copy) continue;
        CHECK(fail_after > 5);
        quicklist_free(&b->memory, copy);
        break;
    }
    finish(t_, b);
}

TEST_MAIN()
