/* persistence.h: what a node knows of its files: the snapshot that is being written, the one that was, what is being
 * loaded.
 */
#ifndef TIDELOCK_NODE_PERSISTENCE_H
#define TIDELOCK_NODE_PERSISTENCE_H

#include "persist/recover.h"
#include "persist/save.h"

struct node;
struct session;

enum { PERSISTENCE_ERROR_MAX = 480 };

/* SHUTDOWN and DEBUG RELOAD save first; what comes then. */
enum persistence_then { THEN_NOTHING, THEN_SHUTDOWN, THEN_RELOAD };

struct persistence {
    /* snapshots */
    struct save *save;   /* NULL: none is being written */
    bool scheduled;      /* one is to begin when the view is free */
    bool last_ok;        /* the last one worked; true before the first */
    int64_t last_save_s; /* unix time of the last one that worked, or of the start */
    int64_t last_try_us, began_us;
    int64_t last_took_s; /* -1: there was none */
    int64_t saves;
    int64_t changes;       /* node_counters.changes that the last one has */
    int64_t begun_changes; /* …that the present one will have */
    size_t held_peak;      /* of the last one */
    char error[PERSISTENCE_ERROR_MAX];
    /* its pace */
    int64_t slice_us, slice_commands;
    /* loading */
    struct recover *recover; /* NULL: nothing is being loaded */
    struct keyspace *fresh;  /* DEBUG RELOAD loads beside the data in use */
    bool waits;              /* …and it waits for the disk */
    int64_t load_began_us, load_began_s, loaded_keys;
    char failure[PERSISTENCE_ERROR_MAX]; /* what cannot be loaded; "": nothing of the kind */
    /* SHUTDOWN, DEBUG RELOAD: writes wait meanwhile */
    enum persistence_then then;
    bool force;   /* …even if the save fails */
    bool resumed; /* they have just been let go: what the primary sent meanwhile is to be applied */
};

/* ---- persistence.c ---- */

void persistence_init(struct node *n);
void persistence_free(struct node *n);

/* The end of a turn: takes what the disk has done, goes on with what is under way, begins what is due. Before replicas'
 * snapshots are begun. */
void persistence_settle(struct node *n);
/* When it wants to be settled again at the latest (monotonic us); INT64_MAX: when the disk has done something. */
int64_t persistence_deadline(const struct node *n);
/* The data is about to be replaced by another's: gives up the snapshot that is being written. */
void persistence_replaced(struct node *n);
/* Why writes are refused, NULL: they are not. */
const char *persistence_refuses(const struct node *n);
/* A snapshot in the background, at once or as soon as the view is free. NULL, or an error's text. */
const char *persistence_save(struct node *n);
/* The same for a session that waits until it is done, and for what comes then (`force`: even if it fails). NULL: the
 * session waits. */
const char *persistence_save_for(struct session *s, enum persistence_then what, bool force);
/* SHUTDOWN ABORT; false: there is nothing to abort. */
bool persistence_abort_shutdown(struct node *n);
/* DEBUG RELOAD has ended; `error` NULL: well. */
void persistence_reloaded(struct node *n, const char *error);

/* The data is not there yet. */
static inline bool persistence_loads(const struct persistence *p)
{
    return (p->recover != NULL && !p->fresh) || p->failure[0] != '\0';
}
/* Writes have to wait, and so does everything that changes data by itself. */
static inline bool persistence_stands_still(const struct persistence *p) { return p->then != THEN_NOTHING; }

/* ---- loading.c ---- */

/* The next slice of what is being loaded. */
void loading_step(struct node *n);
/* It waits for the disk. */
bool loading_waits(const struct node *n);
/* Whether a request can be answered meanwhile. */
bool loading_answers(const struct node *n, int argc, const struct slice *argv);
/* Loads what was saved, in place of the data. */
void loading_reload(struct node *n);

#endif
