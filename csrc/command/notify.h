/* notify.h: events: what a command says it did to which key, for keyspace notifications.
 *
 * A command says it where it does it, by Redis's name and class:
 *
 *     exec_notify(x, NOTIFY_STRING, "set", key);
 *
 * and, when it has made the key, exec_notify(x, NOTIFY_NEW, "new", key) ahead of that. Events are recorded in order in
 * the exec; whoever ran the command publishes them (node/notice.c). As long as nobody listens for a class, x->notify
 * lacks its bit and the call costs a test. Expiry and key misses are exec_find's to say.
 *
 * Source: https://redis.io/docs/latest/develop/use/keyspace-notifications/
 */
#ifndef TIDELOCK_COMMAND_NOTIFY_H
#define TIDELOCK_COMMAND_NOTIFY_H

#include "command/exec.h"

/* Redis's classes; the letter is the one notify-keyspace-events has for it. */
enum notify_class {
    NOTIFY_GENERIC = 1 << 0,   /* g: commands that do not look at the type */
    NOTIFY_STRING = 1 << 1,    /* $ */
    NOTIFY_LIST = 1 << 2,      /* l */
    NOTIFY_SET = 1 << 3,       /* s */
    NOTIFY_HASH = 1 << 4,      /* h */
    NOTIFY_ZSET = 1 << 5,      /* z */
    NOTIFY_EXPIRED = 1 << 6,   /* x */
    NOTIFY_EVICTED = 1 << 7,   /* e */
    NOTIFY_STREAM = 1 << 8,    /* t */
    NOTIFY_MODULE = 1 << 9,    /* d */
    NOTIFY_KEY_MISS = 1 << 10, /* m: not part of A */
    NOTIFY_NEW = 1 << 11,      /* n: not part of A */
    NOTIFY_KEYSPACE = 1 << 12, /* K: publish as __keyspace@<db>__:<key> <event> */
    NOTIFY_KEYEVENT = 1 << 13, /* E: publish as __keyevent@<db>__:<event> <key> */
    NOTIFY_ALL = NOTIFY_GENERIC | NOTIFY_STRING | NOTIFY_LIST | NOTIFY_SET | NOTIFY_HASH | NOTIFY_ZSET |
                 NOTIFY_EXPIRED | NOTIFY_EVICTED | NOTIFY_STREAM | NOTIFY_MODULE /* A */
};

/* Records an event, whether somebody listens or not. Out of memory it is lost: notifications are told at most once. */
void notify_record(struct exec *x, const char *event, int db, struct slice key);

/* An event of a class: recorded if somebody listens. The key's bytes are copied. */
static inline void exec_notify_in(struct exec *x, unsigned class, const char *event, int db, struct slice key)
{
    if (x->notify & class) notify_record(x, event, db, key);
}
/* The same for a key of the selected database. */
static inline void exec_notify(struct exec *x, unsigned class, const char *event, struct slice key)
{
    exec_notify_in(x, class, event, x->db, key);
}

/* For commands that replace a key whatever it is, ahead of it: "new" when there is none (and "expired" when it was). */
void exec_notify_if_new(struct exec *x, struct slice key);

/* ---- for those who publish them ---- */

struct notice {
    int db;
    struct slice event, key; /* inside the records */
};

/* Takes the first of the records off their front; false when none is left. */
bool notify_next(struct slice *records, struct notice *n);

/* Reads "KEA" and the like. False: a letter that stands for no class. */
bool notify_parse(struct slice text, unsigned *classes);
/* Appends the letters of the classes, as CONFIG GET shows them. */
void notify_format(unsigned classes, struct bytes *text);

#endif
