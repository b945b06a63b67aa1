/* sort.c: SORT and SORT_RO: the elements of a list, set or sorted set in another order, or what keys named after them hold.
 *
 *   SORT key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC|DESC] [ALPHA] [STORE destination]
 *
 * All elements are copied, then each gets what it is ordered by (a number, or a text with ALPHA): itself, or with BY what
 * the pattern leads to with the element in place of its `*`. Then they are sorted, stably; equal numbers in the order of
 * the elements. A pattern without a `*` leaves them as they come.
 *
 * Texts are compared up to a NUL unless they are stored, as Redis does it in the C locale; patterns end at a NUL, too.
 *
 * The effect of STORE is the list that came out: what the keys of BY and GET hold, and whether they have expired, is the
 * primary's to say.
 */
#include "command/sort.h"

#include "base/number.h"
#include "command/access.h"
#include "command/notify.h"
#include "store/hash.h"
#include "store/list_value.h"
#include "store/set.h"
#include "store/zset_value.h"

/* A text among those that were copied. */
struct copied {
    size_t at, size;
};

struct element {
    struct copied text;
    double score;
    struct copied by;
    bool has_by; /* what it is ordered by is there */
};

/* Where a pattern leads: to the element, or to a key, or to a field of the hash there. */
struct pattern {
    bool is_element, is_key; /* neither: nowhere */
    struct slice before, after, field;
};

struct sorting {
    struct exec *x;
    bool read_only, alpha, descending;
    bool as_it_comes;   /* not sorted */
    struct slice by;    /* `data` NULL: the elements themselves */
    struct slice store; /* `data` NULL: it is an answer */
    int64_t first, limit;
    int gets;       /* patterns of GET */
    size_t longest; /* pattern */
    struct element *elements, *room;
    size_t count;
    struct bytes texts, key;
};

/* What a pattern leads to, with room for it where it is a number. */
struct looked_up {
    struct slice value;
    struct entry_text text;
    struct packed_digits digits;
};

/* ---- arguments ---- */

/* How many words belong to the option at this place, behind it. */
static int words_of(struct slice option)
{
    if (slice_is_word(option, "LIMIT")) return 2;
    return slice_is_word(option, "STORE") || slice_is_word(option, "BY") || slice_is_word(option, "GET");
}

static struct slice until_nul(struct slice text)
{
    const char *nul = text.size > 0 ? memchr(text.data, '\0', text.size) : NULL;
    return nul ? slice_of(text.data, (size_t)(nul - text.data)) : text;
}

static bool has_star(struct slice pattern)
{
    struct slice text = until_nul(pattern);
    return text.size > 0 && memchr(text.data, '*', text.size) != NULL;
}

static bool read_limit(struct sorting *s, int index)
{
    return exec_int(s->x, index, &s->first) && exec_int(s->x, index + 1, &s->limit);
}

/* The option at argument `i`, all of whose words are there. False: an error, which was replied. */
static bool read_option(struct sorting *s, int i)
{
    struct exec *x = s->x;
    if (words_of(x->argv[i]) == 1 && x->argv[i + 1].size > s->longest) s->longest = x->argv[i + 1].size;
    if (exec_is(x, i, "LIMIT")) return read_limit(s, i + 1);
    if (exec_is(x, i, "ALPHA")) {
        s->alpha = true;
    } else if (exec_is(x, i, "ASC") || exec_is(x, i, "DESC")) {
        s->descending = exec_is(x, i, "DESC");
    } else if (exec_is(x, i, "GET")) {
        s->gets++;
    } else if (exec_is(x, i, "BY")) {
        s->by = x->argv[i + 1];
        s->as_it_comes = s->as_it_comes || !has_star(s->by);
    } else if (exec_is(x, i, "STORE") && !s->read_only) {
        s->store = x->argv[i + 1];
    } else {
        exec_syntax_error(x);
        return false;
    }
    return true;
}

static bool read_arguments(struct sorting *s)
{
    struct exec *x = s->x;
    for (int i = 2; i < x->argc; i += 1 + words_of(x->argv[i])) {
        if (i + words_of(x->argv[i]) >= x->argc) {
            exec_syntax_error(x);
            return false;
        }
        if (!read_option(s, i)) return false;
    }
    return true;
}

/* The argument that is the next pattern of GET, from argument `i` on; 0: there is none. */
static int next_get(const struct exec *x, int i)
{
    for (; i < x->argc; i += 1 + words_of(x->argv[i]))
        if (exec_is(x, i, "GET")) return i + 1;
    return 0;
}

int sort_keys(const struct slice *argv, int argc, int *keys, const char **flags)
{
    int count = 1;
    keys[0] = 1;
    if (flags) flags[0] = "RO access";
    for (int i = 2; i + 1 < argc; i += 1 + words_of(argv[i])) {
        if (!slice_is_word(argv[i], "STORE")) continue;
        count = 2; /* the last one counts */
        keys[1] = i + 1;
        if (flags) flags[1] = "OW update";
    }
    return count;
}

/* ---- patterns ---- */

static struct pattern read_pattern(struct slice text)
{
    struct pattern p = {.is_element = slice_equal(text, slice_text("#"))};
    struct slice visible = until_nul(text);
    const char *star = visible.size > 0 ? memchr(visible.data, '*', visible.size) : NULL;
    if (p.is_element || !star) return p;
    const char *end = text.data + text.size, *last = visible.data + visible.size, *arrow = star + 1;
    while (arrow + 2 < last && (arrow[0] != '-' || arrow[1] != '>')) arrow++;
    if (arrow + 2 >= last) arrow = end;
    p.is_key = true;
    p.before = slice_of(text.data, (size_t)(star - text.data));
    p.after = slice_of(star + 1, (size_t)(arrow - star - 1));
    if (arrow != end) p.field = slice_of(arrow + 2, (size_t)(end - arrow - 2));
    return p;
}

/* What the pattern leads to from an element. False: there is nothing. The room for keys is there (make_room_for_keys). */
static bool look_up(struct sorting *s, const struct pattern *p, struct slice element, struct looked_up *found)
{
    found->value = element;
    if (p->is_element || !p->is_key) return p->is_element;
    bytes_clear(&s->key);
    bytes_append_slice(&s->key, p->before);
    bytes_append_slice(&s->key, element);
    bytes_append_slice(&s->key, p->after);
    const struct entry *e = exec_read(s->x, bytes_slice(&s->key));
    if (!e || entry_type(e) != (p->field.data ? VALUE_HASH : VALUE_STRING)) return false;
    if (p->field.data) return hash_get(e, p->field, &found->value, &found->digits);
    found->value = entry_string(e, &found->text);
    return true;
}

static struct slice text_of(const struct sorting *s, struct copied c)
{
    if (c.size == 0) return slice_text(""); /* when all are empty there are no bytes to point into */
    return slice_of(s->texts.data + c.at, c.size);
}

static bool make_room_for_keys(struct sorting *s)
{
    size_t longest = 0;
    for (size_t i = 0; i < s->count; i++)
        if (s->elements[i].text.size > longest) longest = s->elements[i].text.size;
    return bytes_reserve(&s->key, longest + s->longest);
}

/* ---- the elements ---- */

static bool copy(struct sorting *s, struct slice text, struct copied *c)
{
    *c = (struct copied){s->texts.size, text.size};
    return bytes_append_slice(&s->texts, text);
}

static bool copy_list(struct sorting *s, const struct entry *e, size_t first)
{
    struct quicklist_walk w;
    struct packed_digits digits;
    bool backward = s->as_it_comes && s->descending;
    list_value_walk_begin(&w, e, backward ? list_value_count(e) - 1 - first : first, backward);
    for (size_t i = 0; i < s->count; i++, quicklist_walk_next(&w))
        if (!copy(s, list_value_text(&w, &digits), &s->elements[i].text)) return false;
    return true;
}

static bool copy_set(struct sorting *s, const struct entry *e, size_t first)
{
    struct set_walk w = {.index = 0};
    struct set_member member;
    for (size_t i = 0; i < first; i++) set_walk_next(e, &w, &member);
    for (size_t i = 0; i < s->count; i++)
        if (!set_walk_next(e, &w, &member) || !copy(s, set_member_text(&member), &s->elements[i].text))
            return false;
    return true;
}

static bool copy_zset(struct sorting *s, const struct entry *e, size_t first)
{
    struct zset_walk w;
    bool backward = s->as_it_comes && s->descending;
    zset_walk_begin(&w, e, backward ? zset_count(e) - 1 - first : first, backward);
    for (size_t i = 0; i < s->count; i++, zset_walk_next(&w))
        if (!copy(s, w.member, &s->elements[i].text)) return false;
    return true;
}

static size_t size_of(const struct entry *e)
{
    if (!e) return 0;
    if (entry_type(e) == VALUE_LIST) return list_value_count(e);
    return entry_type(e) == VALUE_SET ? set_size(e) : zset_count(e);
}

/* Copies `count` elements from number `first` on, as they come. False: memory is out. */
static bool copy_elements(struct sorting *s, const struct entry *e, size_t first, size_t count)
{
    if (count == 0) return true;
    s->elements = memory_alloc_zero(s->x->memory, count * sizeof *s->elements);
    if (!s->elements) return false;
    s->count = count;
    if (entry_type(e) == VALUE_LIST) return copy_list(s, e, first);
    return entry_type(e) == VALUE_SET ? copy_set(s, e, first) : copy_zset(s, e, first);
}

/* ---- their order ---- */

/* False: what it is ordered by is no number. */
static bool weigh(struct element *e, struct slice value) { return number_parse_weight(value, &e->score); }

/* Gives each element what it is ordered by. False: an error, which was replied. */
static bool find_weights(struct sorting *s)
{
    struct pattern by = read_pattern(s->by);
    bool numbers = true;
    for (size_t i = 0; i < s->count; i++) {
        struct element *e = &s->elements[i];
        struct looked_up found = {.value = text_of(s, e->text)};
        e->has_by = !s->by.data || look_up(s, &by, found.value, &found);
        if (e->has_by && !s->alpha) numbers = weigh(e, found.value) && numbers;
        if (e->has_by && s->alpha && s->by.data && !copy(s, found.value, &e->by)) {
            exec_no_memory(s->x);
            return false;
        }
    }
    if (!numbers) reply_error(s->x->reply, "ERR One or more scores can't be converted into double");
    return numbers;
}

static int compare_texts(const struct sorting *s, struct copied a, struct copied b)
{
    struct slice one = text_of(s, a), other = text_of(s, b);
    if (s->store.data) return slice_compare(one, other);
    return slice_compare(until_nul(one), until_nul(other));
}

static int compare(const struct sorting *s, const struct element *a, const struct element *b)
{
    int order;
    if (!s->alpha && a->score != b->score)
        order = a->score < b->score ? -1 : 1;
    else if (!s->alpha)
        order = slice_compare(text_of(s, a->text), text_of(s, b->text));
    else if (!s->by.data)
        order = compare_texts(s, a->text, b->text);
    else if (!a->has_by || !b->has_by)
        order = a->has_by - b->has_by;
    else
        order = compare_texts(s, a->by, b->by);
    return s->descending ? -order : order;
}

/* Two sorted runs, of `middle` elements and the rest, into one. */
static void merge(const struct sorting *s, const struct element *from, size_t middle, size_t count,
                  struct element *to)
{
    size_t a = 0, b = middle;
    for (size_t i = 0; i < count; i++) {
        bool first = a < middle && (b == count || compare(s, &from[a], &from[b]) <= 0);
        to[i] = from[first ? a++ : b++];
    }
}

/* False: memory is out. */
static bool sort(struct sorting *s)
{
    size_t count = s->count;
    if (count < 2) return true;
    s->room = memory_alloc(s->x->memory, count * sizeof *s->room);
    if (!s->room) return false;
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t at = 0; at < count; at += 2 * width) {
            size_t left = count - at;
            merge(s, s->elements + at, width < left ? width : left, 2 * width < left ? 2 * width : left,
                  s->room + at);
        }
        struct element *sorted = s->room;
        s->room = s->elements;
        s->elements = sorted;
    }
    return true;
}

/* ---- what comes of it ---- */

static void reply_elements(struct sorting *s, size_t first, size_t count)
{
    struct exec *x = s->x;
    reply_array(x->reply, (int64_t)count * (s->gets > 0 ? s->gets : 1));
    for (size_t i = first; i < first + count; i++) {
        struct slice element = text_of(s, s->elements[i].text);
        if (s->gets == 0) reply_bulk(x->reply, element);
        for (int get = next_get(x, 2); get > 0; get = next_get(x, get + 1)) {
            struct looked_up found;
            struct pattern p = read_pattern(x->argv[get]);
            if (look_up(s, &p, element, &found))
                reply_bulk(x->reply, found.value);
            else
                reply_null(x->reply);
        }
    }
}

/* Appends what is to be stored to a list. False: memory is out. */
static bool fill(struct sorting *s, struct edit *list, size_t first, size_t count)
{
    const struct exec *x = s->x;
    for (size_t i = first; i < first + count; i++) {
        struct slice element = text_of(s, s->elements[i].text);
        if (s->gets == 0 && !list_value_push(list, &element, 1, false)) return false;
        for (int get = next_get(x, 2); get > 0; get = next_get(x, get + 1)) {
            struct looked_up found;
            struct pattern p = read_pattern(x->argv[get]);
            if (!look_up(s, &p, element, &found)) found.value = slice_of("", 0);
            if (!list_value_push(list, &found.value, 1, false)) return false;
        }
    }
    return true;
}

static void effect_stored(struct exec *x, struct slice key, const struct entry *e)
{
    struct quicklist_walk w;
    struct packed_digits digits;
    exec_effect_begin(x, 2 + (int64_t)list_value_count(e));
    exec_effect_word(x, slice_text("RPUSH"));
    exec_effect_word(x, key);
    for (list_value_walk_begin(&w, e, 0, false); w.sequence; quicklist_walk_next(&w))
        exec_effect_word(x, list_value_text(&w, &digits));
}

/* Puts the list in the place of whatever is under the key; NULL: under nothing is what comes of an empty one. */
static void store(struct sorting *s, struct edit *list)
{
    struct exec *x = s->x;
    struct slice key = s->store;
    bool replaces = exec_find(x, x->db, key, EXEC_FOR_WRITE | EXEC_NO_STATS | EXEC_NO_TOUCH) != NULL;
    int64_t count = list->entry ? (int64_t)list_value_count(list->entry) : 0;
    struct entry *e = NULL;
    if (count > 0) {
        e = edit_publish(list, x->db);
        if (!e) {
            exec_no_memory(x);
            return;
        }
        access_created(x, e);
        if (!replaces) exec_notify(x, NOTIFY_NEW, "new", key);
        exec_notify(x, NOTIFY_LIST, "sortstore", key);
        x->changes += count;
    } else if (replaces) {
        keyspace_delete(x->keyspace, x->db, key);
        exec_notify(x, NOTIFY_GENERIC, "del", key);
        x->changes++;
    }
    if (replaces) exec_effect_words(x, 2, slice_text("DEL"), key);
    if (e) effect_stored(x, key, e);
    reply_integer(x->reply, count);
}

static void answer(struct sorting *s, size_t first, size_t count)
{
    struct exec *x = s->x;
    struct edit list;
    if (!make_room_for_keys(s)) {
        exec_no_memory(x);
        return;
    }
    if (!s->store.data) {
        reply_elements(s, first, count);
        return;
    }
    edit_draft(&list, x->keyspace, s->store, VALUE_LIST, KEYSPACE_NO_TTL);
    if (fill(s, &list, first, count))
        store(s, &list);
    else
        exec_no_memory(x);
    edit_discard(&list);
}

/* ---- the commands ---- */

/* What LIMIT leaves of so many. */
static void cut(const struct sorting *s, size_t size, size_t *first, size_t *count)
{
    *first = s->first < 0 ? 0 : (uint64_t)s->first < size ? (size_t)s->first : size;
    size_t left = size - *first;
    *count = s->limit >= 0 && (uint64_t)s->limit < left ? (size_t)s->limit : left;
}

static void sort_entry(struct sorting *s, const struct entry *e)
{
    size_t first, count, size = size_of(e);
    if (s->as_it_comes && e && entry_type(e) == VALUE_SET && s->store.data) {
        s->as_it_comes = false; /* a list that is stored is in an order that all agree on */
        s->alpha = true;
        s->by = slice_of(NULL, 0);
    }
    cut(s, size, &first, &count);
    bool copied = s->as_it_comes ? copy_elements(s, e, first, count) : copy_elements(s, e, 0, size);
    size_t room = s->count * sizeof *s->elements;
    if (!copied || !make_room_for_keys(s)) {
        exec_no_memory(s->x);
    } else if (s->as_it_comes) {
        answer(s, 0, count);
    } else if (find_weights(s)) {
        if (sort(s))
            answer(s, first, count);
        else
            exec_no_memory(s->x);
    }
    if (s->elements) memory_free(s->x->memory, s->elements, room);
    if (s->room) memory_free(s->x->memory, s->room, room);
}

static void run(struct exec *x, bool read_only)
{
    struct sorting s = {.x = x, .read_only = read_only, .limit = -1};
    if (!read_arguments(&s)) return;
    const struct entry *e = exec_read(x, x->argv[1]);
    if (e && entry_type(e) != VALUE_LIST && entry_type(e) != VALUE_SET && entry_type(e) != VALUE_ZSET) {
        exec_wrong_type(x);
        return;
    }
    bytes_init(&s.texts, x->memory);
    bytes_init(&s.key, x->memory);
    sort_entry(&s, e);
    bytes_free(&s.texts);
    bytes_free(&s.key);
}

void run_sort(struct exec *x) { run(x, false); }

void run_sort_ro(struct exec *x) { run(x, true); }
