/* set_random.c: members of sets at random: SPOP, SRANDMEMBER.
 *
 * SPOP is logged as the SREM or DEL that it came to.
 */
#include "command/notify.h"
#include "command/sample.h"
#include "command/sets.h"
#include "store/set.h"

/* ---- SPOP ---- */

static void popped(struct exec *x, int64_t count)
{
    x->changes += count;
    exec_notify(x, NOTIFY_SET, "spop", x->argv[1]);
}

/* Everything. */
static void pop_all(struct exec *x, const struct entry *e)
{
    int64_t size = (int64_t)set_size(e);
    set_reply_all(x, e);
    popped(x, size);
    keyspace_delete(x->keyspace, x->db, x->argv[1]);
    exec_notify(x, NOTIFY_GENERIC, "del", x->argv[1]);
    exec_effect_words(x, 2, slice_text("DEL"), x->argv[1]);
}

/* Draws a member, answers and logs it, and takes it out. */
static void pop_one(struct exec *x, struct edit *edit)
{
    struct set_member member;
    set_random(edit->entry, x->random, &member);
    struct slice text = set_member_text(&member);
    reply_bulk(x->reply, text);
    exec_effect_word(x, text);
    set_remove(edit, text);
}

/* `count` members of more. */
static void pop_some(struct exec *x, struct entry *e, int64_t count)
{
    enum { BATCH = 1024 };
    struct edit edit;
    edit_begin(&edit, x->keyspace, x->db, x->argv[1], e, VALUE_SET);
    for (int64_t done = 0; done < count; done++) {
        if (done % BATCH == 0) {
            int64_t batch = count - done < BATCH ? count - done : BATCH;
            exec_effect_begin(x, 2 + batch);
            exec_effect_word(x, slice_text("SREM"));
            exec_effect_word(x, x->argv[1]);
        }
        pop_one(x, &edit);
    }
    edit_end(&edit);
    popped(x, count);
    set_delete_empty(x, edit.entry, x->argv[1]);
}

static void pop_count(struct exec *x)
{
    bool ok;
    int64_t count;
    if (!exec_int_within(x, 2, 0, INT64_MAX, &count, "ERR value is out of range, must be positive")) return;
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_SET, &ok);
    if (!ok) return;
    if (!e || count == 0) {
        reply_set(x->reply, 0);
    } else if ((uint64_t)count >= set_size(e)) {
        pop_all(x, e);
    } else {
        reply_set(x->reply, count);
        pop_some(x, e, count);
    }
}

void run_spop(struct exec *x)
{
    bool ok;
    if (x->argc == 3) {
        pop_count(x);
        return;
    }
    if (x->argc > 3) {
        exec_syntax_error(x);
        return;
    }
    struct entry *e = exec_write_type(x, x->argv[1], VALUE_SET, &ok);
    if (e)
        pop_some(x, e, 1);
    else if (ok)
        reply_null(x->reply);
}

/* ---- SRANDMEMBER ---- */

static void reply_repeated(struct exec *x, const struct entry *e, uint64_t count)
{
    struct set_member member;
    reply_array(x->reply, (int64_t)count);
    for (; count > 0; count--) {
        set_random(e, x->random, &member);
        reply_bulk(x->reply, set_member_text(&member));
    }
}

static void reply_walked(struct exec *x, const struct entry *e, uint64_t count)
{
    struct sample sample = {count, set_size(e)};
    struct set_walk w = {.index = 0};
    struct set_member member;
    reply_array(x->reply, (int64_t)count);
    while (set_walk_next(e, &w, &member))
        if (sample_takes(&sample, x->random)) reply_bulk(x->reply, set_member_text(&member));
}

static void reply_drawn(struct exec *x, const struct entry *e, uint64_t count)
{
    struct field_table drawn;
    struct field_walk w = {0};
    struct set_member member;
    struct slice text, value = {NULL, 0};
    int result = 0;
    field_table_init(&drawn, false, (uint64_t[2]){random_next(x->random), random_next(x->random)});
    while (result >= 0 && drawn.size < count) {
        set_random(e, x->random, &member);
        result = field_table_set(x->memory, &drawn, set_member_text(&member), value);
    }
    if (result < 0) {
        exec_no_memory(x);
    } else {
        reply_array(x->reply, (int64_t)count);
        while (field_walk_next(&drawn, &w, &text, &value)) reply_bulk(x->reply, text);
    }
    while (field_table_drain(x->memory, &drawn, SIZE_MAX)) {}
}

static void random_members(struct exec *x, const struct entry *e, uint64_t count, bool repeat)
{
    uint64_t size = set_size(e);
    if (repeat)
        reply_repeated(x, e, count);
    else if (count >= size)
        reply_walked(x, e, size);
    else if (sample_by_walk(size, count))
        reply_walked(x, e, count);
    else
        reply_drawn(x, e, count);
}

void run_srandmember(struct exec *x)
{
    bool ok, repeat = false;
    uint64_t count = 1;
    struct set_member member;
    if (x->argc > 3) {
        exec_syntax_error(x);
        return;
    }
    if (x->argc == 3 && !sample_read_count(x, 2, false, &count, &repeat)) return;
    struct entry *e = exec_read_type(x, x->argv[1], VALUE_SET, &ok);
    if (!ok) return;
    if (x->argc == 3 && e) {
        if (sample_allowed(x, count, repeat)) random_members(x, e, count, repeat);
    } else if (x->argc == 3) {
        reply_array(x->reply, 0);
    } else if (e) {
        set_random(e, x->random, &member);
        reply_bulk(x->reply, set_member_text(&member));
    } else {
        reply_null(x->reply);
    }
}
