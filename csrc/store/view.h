/* view.h: a consistent view of the whole keyspace at one moment, read in slices while writes go on.
 *
 * Opening a view gives the keyspace another epoch (see tidy.c): every entry now counts as "not seen". The
 * view walks the tables in scan order and hands each unseen entry to its sink; an entry that is about to
 * change, move or go before the walk has reached it is handed over first, as it was; entries made after the
 * opening are born "seen". So the sink gets each entry that existed at the opening exactly once, with the
 * value it had then, in no particular order, and the extra memory is only what the sink keeps. (The idea is
 * Dragonfly's.)
 *
 * A sink may take a large entry in parts: it is then asked again with each step, and nothing else is read from the
 * tables meanwhile. When that entry is about to change, the sink has to take the rest of it at once.
 *
 * Flushing and swapping databases go on meanwhile: the view reads on in the old tables, which keyspace_tidy
 * does not free before, and names databases by the numbers they had when it was opened. The sink must not
 * change the keyspace.
 *
 * One view per keyspace at a time.
 */
#ifndef TIDELOCK_STORE_VIEW_H
#define TIDELOCK_STORE_VIEW_H

#include "store/keyspace.h"

struct view_sink {
    /* True: it has got all of it, as it must when `whole`. False: it wants this entry again. */
    bool (*entry)(struct view_sink *sink, int db, const struct entry *e, bool whole);
};

struct view;

/* NULL when memory is out or a view is already open. The sink must outlive the view. */
struct view *view_open(struct keyspace *ks, struct view_sink *sink);
/* Hands over about `budget` further entries, or a part of one. False when the walk is complete. */
bool view_step(struct view *v, size_t budget);
/* Keys in each database when it was opened: for the RDB's RESIZEDB. */
size_t view_size(const struct view *v, int db);
size_t view_volatile(const struct view *v, int db);
/* Closes it, complete or not. */
void view_close(struct view *v);

#endif
