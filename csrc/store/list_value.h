/* list_value.h: lists as the keyspace has them: a short one is a packed sequence in its entry, a long one a quicklist.
 *
 * A list becomes a long one when its sequence would get longer than LIST_COMPACT_MAX, and stays one.
 */
#ifndef TIDELOCK_STORE_LIST_VALUE_H
#define TIDELOCK_STORE_LIST_VALUE_H

#include "store/edit.h"
#include "store/quicklist.h"

enum { LIST_COMPACT_MAX = 1024 };

extern const struct value_class list_class;

/* ---- reading ---- */

size_t list_value_count(const struct entry *e);

/* To element `index` (0-based), then towards the end, or the beginning:
 *     for (list_value_walk_begin(&w, e, 0, false); w.sequence; quicklist_walk_next(&w)) list_value_text(&w, &digits)
 * The list must not change meanwhile. */
void list_value_walk_begin(struct quicklist_walk *w, const struct entry *e, size_t index, bool backward);
static inline struct slice list_value_text(const struct quicklist_walk *w, struct packed_digits *digits)
{
    return packed_text(w->sequence, w->at, digits);
}

/* ---- changing: false when memory is out, nothing changed ---- */

/* Pushes the values one after the other. They must not lie in the list itself, here and below. */
bool list_value_push(struct edit *x, const struct slice *values, size_t count, bool left);
/* Sees to it that taking out these elements cannot fail. */
bool list_value_prepare(struct edit *x, size_t index, size_t count);
/* Takes out `count` elements from `index` on; there are so many. */
bool list_value_remove(struct edit *x, size_t index, size_t count);
/* Keeps `count` elements from `index` on; there are so many. */
bool list_value_keep(struct edit *x, size_t index, size_t count);
bool list_value_replace(struct edit *x, size_t index, struct slice value);
/* A new element in front of element `index`; at the end when there is none. */
bool list_value_insert(struct edit *x, size_t index, struct slice value);
/* Takes out the first `count` elements equal to the value, or the last ones. *removed says how many there were. */
bool list_value_remove_equal(struct edit *x, struct slice value, size_t count, bool backward,
                             size_t *removed);
/* Appends the elements of a sequence, which has been checked: for loading. */
bool list_value_append_sequence(struct edit *x, const char *sequence);

#endif
