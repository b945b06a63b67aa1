/* edit.h: changing a collection: the one way to do it, for live entries and for drafts.
 *
 * A live edit is of a key in a database:
 *
 *     struct edit x;
 *     edit_begin(&x, ks, db, key, e, VALUE_SET);     e: the key's entry, of this type, or NULL when there is none
 *     int added = set_add(&x, member);               as many of the type's own functions as wanted
 *     added > 0 ? edit_end(&x) : edit_cancel(&x);    cancel: nothing has been changed after all
 *
 * edit_begin gives an open view its copy and takes the value out of the digest; edit_end puts the value into the digest
 * and tells whoever watches. Between the two no other function of the keyspace may touch this key (edits of other keys
 * may be open at the same time). An entry that did not exist is made by the first function that puts something into it.
 * One that has become empty is deleted by the command (keyspace_delete), after edit_end.
 *
 * A draft is a value in the making that nobody sees: of a file that is being read, or of SINTERSTORE. It is edited with the
 * same functions, and then takes the place of whatever is under its key (edit_publish), or is given up (edit_discard):
 *
 *     edit_draft(&x, ks, key, VALUE_SET, KEYSPACE_NO_TTL);
 *     ... set_add(&x, member) ...
 *     if (!x.entry) nothing was put into it; else if (!edit_publish(&x, db)) out of memory: edit_discard(&x)
 *
 * A type's functions are built from edit_resize and edit_enlarge. They do what can fail first: when they report that memory
 * is out, the value is as it was.
 */
#ifndef TIDELOCK_STORE_EDIT_H
#define TIDELOCK_STORE_EDIT_H

#include "store/keyspace.h"

struct edit {
    struct keyspace *keyspace;
    struct memory *memory;             /* what the value is allocated from */
    const struct value_limits *limits; /* store/limits.h */
    struct entry *entry;               /* NULL: there is none yet. It moves as its value grows */
    /* private */
    struct slice key; /* of an entry still to be made; the caller's */
    int64_t expire_ms;
    int db; /* -1: a draft */
    enum value_type type;
};

/* Begins an edit of the entry of a key, which is of this type, or NULL when the key is absent. `key` must outlive
 * the edit. */
void edit_begin(struct edit *x, struct keyspace *ks, int db, struct slice key, struct entry *e,
                enum value_type type);
/* Ends it. The entry is x->entry. */
void edit_end(struct edit *x);
/* The same when there is nothing in it for those who wait for the key: entries of a stream have gone. WATCH sees it. */
void edit_end_untold(struct edit *x);
/* The same without telling those who watch the key: for what WATCH is blind to, the groups of a stream. */
void edit_end_quietly(struct edit *x);
/* Ends it when nothing has been changed. */
void edit_cancel(struct edit *x);

/* Begins a draft. `key` must outlive it. `expire_ms`: unix ms or KEYSPACE_NO_TTL. */
void edit_draft(struct edit *x, struct keyspace *ks, struct slice key, enum value_type type,
                int64_t expire_ms);
/* Puts the draft (x->entry is not NULL) under its key, in the place of what was there. The entry, or NULL when memory
 * is out: then nothing has changed and the draft is still there. */
struct entry *edit_publish(struct edit *x, int db);
void edit_discard(struct edit *x);

/* ---- for the types' own functions ---- */

/* Makes the bytes of a compact value, or of one still to be made, `size` long and returns where they are now. Those that
 * were there, up to the new size, still are; new ones are undefined. NULL when memory is out: nothing has changed
 * then. Making it shorter cannot fail. */
char *edit_resize(struct edit *x, size_t size);
/* Puts a large value (struct value_head) in the place of the compact one, which is freed, or of none. False when memory is
 * out: then nothing has changed, and `large` is still the caller's. */
bool edit_enlarge(struct edit *x, void *large);
/* Prepares the head of a large value. */
struct value_head;
void value_head_init(struct value_head *head, enum value_type type);
/* The key for the hash tables of large values, two words. Copy it: it may change when the keyspace adopts another. */
const uint64_t *edit_hash_key(const struct edit *x);

#endif
