/* sync.h: which replicas a write waits for, in PostgreSQL's grammar, and how far they have acknowledged.
 *
 *   ANY 1 (b, c)        any one of the two
 *   FIRST 2 (b, c, d)   the first two of the list that are connected and have caught up; also written 2 (b, c, d)
 *   b, c                FIRST 1 (b, c)
 *   (nothing)           nobody: replication is asynchronous
 *
 * A name is what a replica calls itself (REPLCONF name), or "ip:port" for one that does not say. Only the replicas named
 * count, however many others are connected; a name counts once, however many connections claim it. A name with blanks or
 * any of , ( ) " is written in double quotes, a quote in it twice.
 *
 * ANY k waits until k of those named have the write, no matter which. FIRST k waits for k particular ones: if one of them
 * leaves, the next in the list takes its place, also for writes that wait already. One that has just connected and has
 * yet to catch up is passed over. Either way a write that has been released is at k of those named, and survives the loss
 * of the primary and of k - 1 of them; FIRST makes it likelier that one knows which.
 *
 * Source: https://www.postgresql.org/docs/current/runtime-config-replication.html (synchronous_standby_names)
 */
#ifndef TIDELOCK_REPLICATION_SYNC_H
#define TIDELOCK_REPLICATION_SYNC_H

#include "replication/feed.h"

enum sync_kind { SYNC_NONE, SYNC_ANY, SYNC_FIRST };

/* What a replica must have done with the write. Each includes those before it. */
enum sync_level { SYNC_RECEIVED, SYNC_APPLIED, SYNC_FSYNCED };

enum {
    SYNC_NAMES_MAX = 32,
    SYNC_TEXT_MAX = 256,  /* bytes of names in all */
    SYNC_PRINT_MAX = 640, /* of the longest rule, printed */
    SYNC_ERROR_MAX = 160
};

struct sync_rule {
    enum sync_kind kind;
    enum sync_level level;
    int needed; /* of those named */
    int count;  /* names */
    unsigned char sizes[SYNC_NAMES_MAX];
    char names[SYNC_TEXT_MAX]; /* one behind the other; zeros after the last */
};

/* Reads a rule; the level stays as it is. False: `error` says what is wrong with the text. */
bool sync_parse(struct sync_rule *rule, struct slice text, char error[SYNC_ERROR_MAX]);
/* Writes it in its full form, the level left out: "ANY 1 (b, c)"; "" for none. Always ends with a NUL. */
void sync_print(const struct sync_rule *rule, char *text, size_t room);
bool sync_equal(const struct sync_rule *a, const struct sync_rule *b);
/* received, applied, fsynced; NULL or false: no such level. */
const char *sync_level_name(enum sync_level level);
bool sync_level_named(struct slice name, enum sync_level *level);

/* What is known of one of those named, as offsets of the log; -1: nothing. */
struct sync_member {
    struct slice name;
    bool connected;                     /* streams, in this history */
    bool caught_up;                     /* …and has been up to date once since it connected */
    int64_t received, applied, fsynced; /* acknowledged over the present connection */
};

/* Looks those named up; `members` has room for SYNC_NAMES_MAX. Returns how many there are. */
int sync_members(const struct sync_rule *rule, const struct feeds *fs, struct sync_member *members);
/* The log offset up to which the rule is fulfilled; -1: not at all, INT64_MAX: it asks for nothing. */
int64_t sync_reached(const struct sync_rule *rule, const struct feeds *fs);
/* The highest level at which a member has acknowledged `offset`; -1: none. */
int sync_member_level(const struct sync_member *member, int64_t offset);
/* What a replica is to the rule, in the words of PostgreSQL's pg_stat_replication: "async" (not named), "quorum" (ANY),
 * "sync" or "potential" (FIRST: waited for now, or next in line). */
const char *sync_state(const struct sync_rule *rule, const struct feeds *fs, const struct feed *f);

#endif
