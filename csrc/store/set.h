/* set.h: sets of members.
 *
 * Compact: an intset (store/intset.h), while all members are integers and there are at most set-max-intset-entries of
 * them. Large: a field table. As in Redis 7.0, small sets of anything else are large ones already.
 *
 * Slices that are handed out point into the value, or into the member that was handed in, and are valid until its next
 * change. Those that are handed in must not point into it, but for set_remove's.
 */
#ifndef TIDELOCK_STORE_SET_H
#define TIDELOCK_STORE_SET_H

#include "base/number.h"
#include "base/random.h"
#include "store/edit.h"
#include "store/field_table.h"
#include "store/value.h"

extern const struct value_class set_class;

/* A member of a set, as it is kept: set_member_text is its text. */
struct set_member {
    struct slice text; /* `data` NULL: it is an integer */
    int64_t integer;
    char digits[NUMBER_INT_MAX];
};
struct slice set_member_text(struct set_member *member);

/* Members. */
size_t set_size(const struct entry *e);
bool set_has(const struct entry *e, struct slice member);
/* The same with a member of another set. */
bool set_has_member(const struct entry *e, struct set_member *member);
/* Adds a member. 1: it is new, 0: it was there, -1: memory is out, nothing has changed. */
int set_add(struct edit *x, struct slice member);
int set_add_member(struct edit *x, struct set_member *member);
/* Takes a member out; false: there is none. Never fails. An empty set is the caller's to delete. */
bool set_remove(struct edit *x, struct slice member);

/* A walk over all members, while nothing changes. Begin with all zero; the member is good until the next step. */
struct set_walk {
    struct field_walk large;
    size_t index; /* compact: of the next member */
};
bool set_walk_next(const struct entry *e, struct set_walk *w, struct set_member *member);

/* One step of a scan, as hash_scan; `value` is always empty. */
uint64_t set_scan(const struct entry *e, uint64_t cursor,
                  void (*visit)(void *context, struct slice member, struct slice value), void *context);
/* A random member, every one as likely as any other; the set is not empty. */
void set_random(const struct entry *e, struct random *r, struct set_member *member);

/* Fills a new, empty edit with the bytes of an intset that is known to be valid and not empty. False: memory is out. */
bool set_load(struct edit *x, struct slice intset);

#endif
