/* persistence.h: what a node knows of its files: the snapshot that is being written, the one that was, what is being
 * loaded.
 */
#ifndef TIDELOCK_NODE_PERSISTENCE_H
#define TIDELOCK_NODE_PERSISTENCE_H

#include "node/node.h"
#include "persist/journal.h"
#include "persist/recover.h"
#include "persist/save.h"

struct node;
struct session;

/* What went wrong, in words; kept only when there is something to say. */
enum persistence_text {
    TEXT_SAVE,    /* why the last snapshot failed */
    TEXT_JOURNAL, /* why the journal cannot keep what is written: "MISCONF …" */
    TEXT_TORN,    /* what was cut off the journal's end at the start */
    TEXT_FAILURE, /* what cannot be loaded */
    PERSISTENCE_TEXTS
};

/* SHUTDOWN and DEBUG RELOAD save first, DEBUG LOADAOF has the journal made durable; what comes then. */
enum persistence_then { THEN_NOTHING, THEN_SHUTDOWN, THEN_RELOAD, THEN_RELOAD_JOURNAL };

struct persistence {
    struct bytes texts[PERSISTENCE_TEXTS]; /* NUL-terminated, or empty */
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
    int64_t flush_changes; /* those before the last FLUSHALL, while it is being saved; 0: it is not */
    bool flush_only;       /* …and nobody has asked for that: Redis has done it when FLUSHALL answers */
    size_t held_peak;      /* of the last one */
    /* its pace */
    int64_t slice_us, slice_commands; /* the last slice: when, and the commands there had been */
    size_t slice_size;                /* what can be done in a turn without anybody noticing */
    bool slice_on;                    /* the turn after the last slice followed at once */
    /* the journal */
    struct journal *journal;     /* NULL: there is none */
    uint64_t generation, breaks; /* of the log, as the journal knows it */
    struct journal_stats past;   /* of the last one, when there is none */
    bool once;                   /* BGREWRITEAOF without appendonly: it goes as soon as its files are there */
    bool rewrite_scheduled;
    bool rewriting;           /* …as it was told in the diary */
    bool lagged;              /* writers wait for it */
    bool journal_fails;       /* it cannot keep what is written */
    bool founding;            /* its first files since the start are made; what there was may not last */
    bool initial;             /* it was asked for while the node ran, and its first base is being made */
    int64_t rewrite_retry_us; /* none by itself before: the last ones failed */
    int64_t cut_bytes;
    /* loading */
    struct recover *recover; /* NULL: nothing is being loaded */
    struct recover *loaded;  /* apart: it is, and this says what it was */
    struct keyspace *fresh;  /* DEBUG RELOAD loads beside the data in use */
    bool waits;              /* …and it waits for the disk */
    bool joined;             /* …and the log stands in the history that it is of */
    bool apart;              /* …to be looked at, not to go on from */
    struct node_load limits; /* …how far */
    int64_t load_began_us, load_began_s;
    int64_t loaded_keys, expired_keys; /* by the last load; the latter are there until they are deleted */
    bool failed;                       /* what there is cannot be loaded */
    /* SHUTDOWN, DEBUG RELOAD: writes wait meanwhile */
    enum persistence_then then;
    bool force;              /* …even if the save fails */
    bool final_save;         /* SHUTDOWN: a snapshot is to be made */
    bool lingers;            /* …and is not begun yet: replicas are to catch up, */
    bool asked;              /* …the last GETACK is in the log, */
    int64_t linger_until_us; /* …but not for ever */
    bool finishing;          /* SHUTDOWN: only the journal has to be durable yet */
    bool resumed;            /* those who waited have just been let go: another turn is due */
};

/* ---- persistence.c ---- */

void persistence_init(struct node *n);
void persistence_free(struct node *n);
/* Keeps a text, "" for none. */
void persistence_say(struct node *n, enum persistence_text which, const char *text);
/* It; "" when there is none, or memory was out. */
const char *persistence_said(const struct node *n, enum persistence_text which);

/* The end of a turn: takes what the disk has done, goes on with what is under way, begins what is due. Before replicas'
 * snapshots are begun. */
void persistence_settle(struct node *n);
/* When it wants to be settled again at the latest (monotonic us); INT64_MAX: when the disk has done something. */
int64_t persistence_deadline(const struct node *n);
/* The data is about to be replaced by another's: gives up the snapshot that is being written. */
void persistence_replaced(struct node *n);
/* All of it is gone at once (FLUSHALL): so is the snapshot that is being written, and where there are save points the
 * empty dataset is saved now. */
void persistence_flushed(struct node *n);
/* Changes that no snapshot has, nor one that is being made of what FLUSHALL left. */
int64_t persistence_unsaved(const struct node *n);
/* Whoever had to wait goes on: clients, the stream from the primary, calls at the node itself. */
void persistence_let_go(struct node *n);
/* Why writes are refused, NULL: they are not. */
const char *persistence_refuses(const struct node *n);
/* A snapshot in the background, at once or as soon as the view is free. NULL, or an error's text. */
const char *persistence_save(struct node *n);
/* The same for a session that waits until it is done, and for what comes then (`force`: even if it fails). NULL: the
 * session waits. */
const char *persistence_save_for(struct session *s, enum persistence_then what, bool force);
/* The same without a snapshot, when the journal is durable. */
const char *persistence_flush_for(struct session *s, enum persistence_then what, bool force);
/* SHUTDOWN (`then` says so): all that is left is a snapshot, if there is to be one, and the journal. */
void persistence_finish(struct node *n, bool saves);
/* It does not come to that: everybody goes on, and who asked for it is told. */
void persistence_shutdown_fails(struct node *n);
/* SHUTDOWN ABORT; false: there is nothing to abort. */
bool persistence_abort_shutdown(struct node *n);
/* Nobody has the keyspace's one view. */
bool persistence_view_is_free(const struct node *n);
/* A walk over the data begins, and its pace anew. */
void persistence_pace(struct node *n);
/* Bytes that a snapshot may hold in memory. */
size_t persistence_held_max(const struct node *n);
/* DEBUG RELOAD has ended; `error` NULL: well. */
void persistence_reloaded(struct node *n, const char *error);

/* The data is not there yet. */
static inline bool persistence_loads(const struct persistence *p)
{
    return (p->recover != NULL && !p->fresh) || p->failed;
}
/* Writes have to wait, and so does everything that changes data by itself. */
static inline bool persistence_stands_still(const struct persistence *p) { return p->then != THEN_NOTHING; }

/* ---- shutdown.c ---- */

/* Replicas have caught up, or have had the time to. */
void shutdown_settle(struct node *n);

/* ---- journaling.c ---- */

/* The journal is wanted or not wanted any more. */
void journaling_configured(struct node *n);
/* At the beginning of a turn's end: what is durable now. Before gates are opened. */
void journaling_take(struct node *n);
/* At its end: what the turn has logged goes to the disk. */
void journaling_settle(struct node *n);
int64_t journaling_deadline(const struct node *n);
/* A slice of a rewrite's base. */
void journaling_step(struct node *n, size_t budget);
/* A rewrite is under way and has the view. */
bool journaling_has_view(const struct node *n);
/* When a rewrite has to be begun, as soon as the view is free; INT64_MAX: none has. */
int64_t journaling_rewrite_due(const struct node *n);
/* Begins a rewrite if one is due. The view is free. */
void journaling_rewrite_if_due(struct node *n);
/* …and waits until somebody else's walk over the data has ended: it was scheduled. FLUSHALL's own saving is no such. */
bool journaling_rewrite_waits(const struct node *n);
/* BGREWRITEAOF. NULL, or an error's text. */
const char *journaling_rewrite(struct node *n);
/* What was found at the start: the journal goes on from there. */
void journaling_adopt(struct node *n, const struct recover_found *found);
/* Up to this offset of the log, what is written may be answered: it is durable with `appendfsync always`, in the files
 * otherwise. INT64_MAX: there is no journal, or its first base takes its time. */
int64_t journaling_kept(const struct node *n);
/* The end of an orderly life: 1: everything is durable, 0: it is on its way, -1: it cannot be. */
int journaling_flush(struct node *n);
/* …which is put off. */
void journaling_stop_flush(struct node *n);
/* Why writes cannot be kept, NULL: they can. */
const char *journaling_error(const struct node *n);
/* It has fallen so far behind that writers have to wait for it. */
bool journaling_lags(const struct node *n);

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
