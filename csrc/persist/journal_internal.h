/* journal_internal.h: what the files of the journal share: journal.c (life, turns), journal_group.c (the log's bytes on
 * their way), journal_rewrite.c (bases and manifests).
 */
#ifndef TIDELOCK_PERSIST_JOURNAL_INTERNAL_H
#define TIDELOCK_PERSIST_JOURNAL_INTERNAL_H

#include "persist/journal.h"

enum { JOURNAL_SECOND_US = 1000000, JOURNAL_RETRY_US = JOURNAL_SECOND_US, JOURNAL_NAMES = 8 };

/* What the journal's lane of the disk is at: one thing at a time. */
enum journal_activity {
    JOURNAL_IDLE,
    JOURNAL_LOOKS,    /* for the manifest of an earlier life */
    JOURNAL_REPAIRS,  /* cuts off what a write that failed has left */
    JOURNAL_WRITES,   /* a group */
    JOURNAL_SYNCS,    /* what has been written, outside of a group */
    JOURNAL_SWITCHES, /* steps 1 and 2 of a rewrite */
    JOURNAL_INSTALLS, /* step 4 */
    JOURNAL_CLEANS    /* step 5 */
};

struct journal {
    struct journal_options options;
    char directory[DISK_NAME_MAX + 1], name[MANIFEST_NAME_MAX + 1];
    struct journal_turn turn;
    struct manifest manifest; /* as it is on the disk */
    struct manifest next;     /* …as it is going to be */

    /* what it is at */
    enum journal_activity activity;
    int stage;             /* of the activity */
    int pending;           /* operations of it that the disk has not done */
    enum disk_kind failed; /* which kind the first was that failed, if one did: `bad` */
    size_t flying;         /* bytes that the disk has not done */
    bool bad;
    bool known;       /* the manifest has been looked for */
    bool clean_due;   /* it has history, which has not been removed yet */
    bool doubted;     /* the manifest on the disk may be another than j->manifest: a rename failed */
    bool good;        /* the chain is */
    bool break_due;   /* …and is to be lost as soon as the activity has ended */
    bool torn;        /* behind `position` there may be rests of a group */
    bool flushing;    /* everything is to be durable at once */
    bool syncing;     /* everysec: a sync is under way */
    int64_t retry_us; /* nothing is tried again before */
    char error[160];  /* of the last failure; "": all has been well since */

    /* the increment that is written */
    char file[MANIFEST_NAME_MAX + 1]; /* "": none */
    int64_t seq;                      /* the highest number ever used */
    int64_t position;                 /* its end: behind the last group that was written */
    int64_t written, synced;          /* offsets of the log; synced -1: nothing of this history is durable */
    uint64_t chain;                   /* counts chains: what belongs to a former one no longer matters */

    /* a group */
    struct bytes head;                 /* its line and what precedes the log's bytes */
    struct tape_cursor cursor;         /* what has been handed to the disk */
    int64_t group_end, group_position; /* offset it reaches; position it has got to */
    int64_t stamped_s, stamping_s;     /* the last #TS; …with this group */
    bool group_syncs;                  /* its sync has been asked for */
    bool group_names;                  /* it begins with names[0] */

    /* other names of the history, from the offsets on at which they stand */
    int name_count;
    struct journal_origin names[JOURNAL_NAMES];

    /* everysec: syncs in a lane of their own */
    int64_t syncing_to, next_sync_us;
    uint64_t syncing_chain;

    /* a rewrite */
    struct save *base; /* NULL: none is being written */
    bool rewriting;    /* from its beginning until step 4 is done */
    bool based;        /* the base is written */
    bool switch_due;   /* the increment has to be changed, at: */
    struct journal_origin switch_origin;
    char base_file[MANIFEST_NAME_MAX + 1], next_file[MANIFEST_NAME_MAX + 1];
    int64_t next_position;         /* where the new increment's first frame ends */
    int64_t base_size, older_size; /* bytes of the base; of all increments but the present one */
    int64_t next_base_size;
    int64_t install_to; /* what is durable once it is installed */

    struct journal_stats stats;
};

/* ---- journal.c ---- */

/* Counts an operation that was asked for; NULL: memory was out, and the activity fails. */
void journal_asked(struct journal *j, const struct disk_op *op);
/* Asks for these of a file in the journal's directory. */
void journal_ask_sync(struct journal *j, const char *file);
void journal_ask_remove(struct journal *j, const char *file);
/* Removes it, whatever comes of it. */
void journal_discard(struct journal *j, const char *file);
/* "directory/file" */
const char *journal_path(const struct journal *j, const char *file, char path[DISK_NAME_MAX + 1]);
void journal_begin(struct journal *j, enum journal_activity activity);
void journal_end(struct journal *j);
/* The chain is no good any more: only a new base helps. */
void journal_lose_chain(struct journal *j);
/* Whether the manifest on the disk names this file. */
bool journal_names(const struct journal *j, const char *file);
/* Up to this offset things are durable, unless a sync has failed. */
void journal_note_synced(struct journal *j, int64_t offset);

/* ---- journal_group.c ---- */

/* Whether there is a file to be written to, and something for it. */
bool journal_group_due(const struct journal *j);
void journal_group_begin(struct journal *j);
/* What was asked for is done, or part of it. */
void journal_group_go_on(struct journal *j);
void journal_repair_begin(struct journal *j);
void journal_repair_go_on(struct journal *j);
/* Whether what is written is to be durable at once. */
bool journal_syncs_at_once(const struct journal *j);
void journal_sync_begin(struct journal *j);
void journal_sync_go_on(struct journal *j);
/* everysec: whether there is something to be synced; asks for a sync when it is time, and takes what came of it. */
bool journal_syncs_by_time(const struct journal *j);
void journal_sync_by_time(struct journal *j);

/* ---- journal_rewrite.c ---- */

bool journal_switch_due(const struct journal *j);
void journal_switch_begin(struct journal *j);
void journal_switch_go_on(struct journal *j);
bool journal_install_due(const struct journal *j);
void journal_install_begin(struct journal *j);
void journal_install_go_on(struct journal *j);
void journal_clean_begin(struct journal *j);
void journal_clean_go_on(struct journal *j);
/* Gives up the rewrite under way, if there is one. */
void journal_rewrite_fails(struct journal *j, const char *why);

#endif
