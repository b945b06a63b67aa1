/* follow.h: the replica's end of a channel: connects, shakes hands, synchronises, follows.
 *
 *   DOWN -> CONNECT -> HANDSHAKE -> SYNC -> STREAMING
 *     ^________|___________|_________|_________|          any failure; tried again after a back-off
 *
 * The handshake is Redis's: PING, AUTH when configured, REPLCONF listening-port / ip-address / capa eof capa psync2 /
 * our `name` (an error reply to it is ignored: a Redis primary does not know it), PSYNC replid offset+1. Then either
 * +CONTINUE [replid], or +FULLRESYNC replid offset and the payload ("$EOF:mark" or "$length"), which is read
 * incrementally into a keyspace beside the one in use, so that a replica goes on serving what it had and an interrupted
 * synchronisation loses nothing. Newlines (the primary's keep-alives during its preparation) are skipped.
 *
 * A follow never calls out. Bytes come in through follow_input; follow_next says what is to be done, and gives the
 * stream's commands one by one. Bytes to send collect in `out`.
 *
 * Some of the stream is handled here: PING, REPLCONF GETACK and SELECT are not given out, but their bytes count and
 * go to the log like all others, so that offsets and what sub-replicas get are the primary's to the byte.
 *
 * A transaction (MULTI … EXEC) is held back until EXEC has come, and then given out in one run, command by command; its
 * bytes count, for offset and log, with its last command. So a connection that breaks within one leaves nothing
 * half-applied, and the next begins again before MULTI. Between the commands of a run (follow_within) the state is
 * ahead of the log: give it out within one turn, and take no snapshot there.
 *
 * Time-outs (repl-timeout), pings and acknowledgements (every period, and at once when GETACK asks) are driven by
 * follow_advance and follow_deadline.
 */
#ifndef TIDELOCK_REPLICATION_FOLLOW_H
#define TIDELOCK_REPLICATION_FOLLOW_H

#include "persist/rdb_read.h"
#include "replication/log.h"
#include "resp/reader.h"

enum follow_state {
    FOLLOW_DOWN, /* waiting for the next attempt */
    FOLLOW_CONNECT,
    FOLLOW_HANDSHAKE,
    FOLLOW_SYNC,
    FOLLOW_STREAMING
};

enum follow_event {
    FOLLOW_NOTHING,
    FOLLOW_OPEN, /* open a connection to host:port; then follow_connected or follow_lost */
    FOLLOW_CLOSE, /* close the connection: `why` says what went wrong. The follow is DOWN and tries again later */
    FOLLOW_CONTINUED, /* +CONTINUE: the log goes on; its name may have changed (already done in the log) */
    FOLLOW_LOADING,   /* a full synchronisation begins: what this node has will be replaced: `discarded` */
    FOLLOW_LOADED,    /* take `loaded` (keyspace_adopt), then follow_adopted */
    FOLLOW_COMMAND    /* apply `reader.argv` in `db`; then follow_applied */
};

/* Texts must outlive the follow. */
struct follow_options {
    int64_t timeout_us;    /* repl-timeout */
    int64_t ack_period_us; /* 1 s */
    int64_t retry_min_us,
        retry_max_us; /* back-off between attempts: doubles, with jitter from the random stream */
    int listening_port;
    const char *announce_ip; /* NULL: none */
    const char *name;        /* NULL: none */
    const char *user;        /* masteruser; NULL: none */
    struct slice password;   /* masterauth; empty: none */
    int64_t bulk_max;        /* longest argument; a transaction may have twice that in all */
    int databases;
    bool refuses_older;                 /* replica-refuse-older-history: see follow_lost_data */
    bool digest;                        /* for the keyspace it loads into, … */
    const struct value_limits *limits;  /* … and these too; NULL: Redis's */
    const struct keyspace *clock;       /* it has the time; NULL: there is none */
    const struct access_policy *access; /* rdb_read.h */
    const uint32_t *fresh_access;       /* … and this; NULL: 0 */
};

enum { FOLLOW_HOST_MAX = 256, FOLLOW_WHY_MAX = 160 };

struct follow {
    enum follow_state state;
    int port;
    char host[FOLLOW_HOST_MAX];
    struct memory *memory;
    struct log *log; /* this node's; the stream is appended to it */
    struct random *random;
    struct follow_options options; /* the owner may change them at any time */
    const char *why;               /* of the last failure, for INFO and logs; "" at first */
    struct bytes input;
    struct bytes out;          /* to be sent to the primary */
    struct resp_reader reader; /* FOLLOW_COMMAND: argv, argc */
    struct keyspace *loaded;   /* FOLLOW_LOADED */
    /* FOLLOW_LOADING: bytes of this node's own history that the primary does not share. Exact when the primary says
     * up to where it does (ours do, as long as they know the old name); otherwise what this node wrote itself
     * (log_own_bytes), which may be more than is lost */
    int64_t discarded;
    int64_t applied; /* offset applied: the log's end */
    int64_t fsynced; /* offset durable here, -1: nothing is */
    int64_t last_io_us, down_since_us, next_attempt_us, next_ack_us;
    int64_t sync_received, sync_total; /* bytes of payload; total -1 when unknown */
    int db;                            /* FOLLOW_COMMAND: the database it is meant for */
    bool ack_wanted;     /* GETACK came: answered as soon as what precedes it, and has arrived, is applied */
    int64_t fack_wanted; /* …and the answer is repeated when this much is durable; -1: it need not be */
    bool hands_over;     /* set by the owner: PSYNC says FAILOVER, until it is answered */
    bool refused;        /* …and that was not accepted */
    /* private: the connection */
    bool closing;   /* FOLLOW_CLOSE has to be given out */
    bool distrust;  /* what the primary sent cannot be right: ask for a full synchronisation */
    int attempts;   /* since it last streamed for a while */
    int step;       /* of the handshake */
    unsigned asked; /* steps that were asked about in this handshake, a bit each */
    size_t room;    /* input to offer, by what came of late */
    size_t start;   /* input before this is done with */
    char why_text[FOLLOW_WHY_MAX];
    /* private: full synchronisation */
    char sync_replid[REPLID_SIZE];
    char mark[REPLID_SIZE]; /* of the end, when sync_total is -1 */
    int64_t sync_offset;
    char sync_names[LINEAGE_TEXT_MAX +
                    1];  /* the history's former names, as the primary knows them; "": none */
    int64_t sync_shared; /* up to where this node's history is the primary's, as that says; -1: it does not */
    bool sync_handed_on; /* the primary is a replica itself: the history is another's */
    bool was_in_step;    /* the stream of this primary has been followed */
    char came_from[REPLID_SIZE +
                   1]; /* the primary's history, as it was called when this node had it; "": it had none */
    struct keyspace *loading;
    struct keyspace *scrap; /* what an interrupted synchronisation left behind, freed in slices */
    struct rdb_reader *rdb; /* NULL: the payload's header has not come */
    int sync_db;            /* database the stream stands at after it */
    bool rdb_complete;
    /* private: the stream. Bytes from `start` on are not in the log yet; the reader stands at `at` */
    bool within;      /* behind the MULTI at `start`, before its EXEC */
    bool run_applied; /* some of the transaction that is being given out has been applied */
    bool given;       /* a FOLLOW_COMMAND is out, follow_applied has to come */
    size_t run_end;   /* a transaction is being given out: its EXEC ends here; 0: none is */
    size_t at;
};

/* Starts towards host:port at once. NULL when memory is out. */
struct follow *follow_new(struct memory *m, struct log *l, struct random *r,
                          const struct follow_options *options, const char *host, int port, int64_t now_us);
void follow_free(struct follow *f);

void follow_connected(struct follow *f, int64_t now_us);
/* The connection failed or closed; `why` may be NULL. */
void follow_lost(struct follow *f, const char *why, int64_t now_us);
/* What came cannot be applied here: closes the connection, and next time asks for a full synchronisation. */
void follow_abandon(struct follow *f, const char *why, int64_t now_us);
/* Where to put up to *room bytes of input, NULL when memory is out. Not between FOLLOW_COMMAND and follow_applied. */
char *follow_input_reserve(struct follow *f, size_t *room);
void follow_input_commit(struct follow *f, size_t size, int64_t now_us);
/* The next thing to do; call until FOLLOW_NOTHING after each input and advance. */
enum follow_event follow_next(struct follow *f, int64_t now_us);
/* What this node has, of so many keys, came from this primary: from its stream, or it was there at the start. */
void follow_had(struct follow *f, const char *replid);
/* The primary is named once more: whatever it has now is what is wanted. */
void follow_had_nothing(struct follow *f);
/* FOLLOW_LOADED: whether the primary has lost its data. It has when `loaded` is of a history that does not go on from
 * what this node has from it, and is less than the `keys` here: nothing at all; or fewer, at a smaller offset, though its
 * stream has been followed. A primary that tells what the two share has not; nor one that is a replica itself, since
 * what it has was handed on to it. False always without options.refuses_older. */
bool follow_lost_data(const struct follow *f, int64_t keys);
/* `loaded` is not wanted: the connection is closed, and what the primary has then is looked at again. */
void follow_refuse(struct follow *f, int64_t keys, int64_t now_us);
/* `loaded` was taken over. The log joins the primary's history. */
void follow_adopted(struct follow *f, int64_t now_us);
/* The command was applied: counts its bytes and appends them to the log (at the end of a transaction: all of it).
 * False when the log could not take them: the history is lost (a new one begins) and will be resynchronised in full. */
bool follow_applied(struct follow *f, int64_t now_us);
/* Between two commands of a transaction: the state is ahead of the log. */
static inline bool follow_within(const struct follow *f) { return f->run_end > 0; }
/* The offset up to which bytes have arrived here, applied or not. */
int64_t follow_received(const struct follow *f);
/* What has come of the stream behind the request that was given out last: for whoever wants to look ahead. */
static inline struct slice follow_ahead(const struct follow *f)
{
    return slice_of(f->input.size > f->at ? f->input.data + f->at : "", f->input.size - f->at);
}
/* Time passes: time-outs, acknowledgements, attempts; another slice of what an interrupted synchronisation left. */
void follow_advance(struct follow *f, int64_t now_us);
int64_t follow_deadline(const struct follow *f);
/* This much of the log is durable here, -1: nothing. Whoever has asked for an acknowledgement since it was written hears
 * of it at once. */
void follow_fsynced(struct follow *f, int64_t offset, int64_t now_us);
/* Sends an acknowledgement now (into `out`): what is applied, what is durable if anything is (FACK), and what has been
 * received if that is more (RACK, which only we know). */
void follow_acknowledge(struct follow *f, int64_t now_us);

#endif
