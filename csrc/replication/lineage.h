/* lineage.h: the names that a history has had, and up to where each was the same history.
 *
 * A promotion gives a history a new name; whoever wrote on under the old one went another way from there:
 *
 *      N0 ─────●───────●──────────────   the old primary, unaware
 *              │       └ 300: N2
 *              └ 200: N1 ─────────────   here: N0 up to 200, then N1
 *
 * An offset counts the same bytes under every name as far as they are shared. So whether a write that was made under an
 * old name is part of this history can be told from its offset: up to the name's end it is; behind it, it is not, if the
 * end is known exactly. (A replica that was behind when its primary was promoted learns the exact end from that primary;
 * one that a redis-server continues does not, and knows only that what it has itself is shared.)
 */
#ifndef TIDELOCK_REPLICATION_LINEAGE_H
#define TIDELOCK_REPLICATION_LINEAGE_H

#include "base/bytes.h"
#include "persist/rdb.h"

enum { LINEAGE_NAME_SIZE = 40, LINEAGE_MAX = 6, LINEAGE_TEXT_MAX = RDB_NAMES_MAX };

struct lineage_name {
    char replid[LINEAGE_NAME_SIZE];
    int64_t end; /* shared up to here; may lie ahead of what this node has */
    bool exact;  /* …and no further */
};

struct lineage {
    struct lineage_name names[LINEAGE_MAX]; /* newest first */
    int count;
};

/* The history so far, called `replid`, is left for one that shares it up to `end`; exact: and no further. */
void lineage_leave(struct lineage *l, const char *replid, int64_t end, bool exact);
/* NULL: it never had that name, or too long ago. */
const struct lineage_name *lineage_find(const struct lineage *l, struct slice replid);
/* As a text that goes with the data, in a snapshot: "<replid> <end> <exact 0|1>;…", newest first; "": no names. */
void lineage_write(const struct lineage *l, char text[LINEAGE_TEXT_MAX + 1]);
/* Adds what somebody else knew of this very history. From where the text is none on, nothing is taken. */
void lineage_read(struct lineage *l, struct slice text);

#endif
