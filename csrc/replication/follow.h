/* follow.h: the replica's end of a channel: connects, shakes hands, synchronises, follows.
 *
 *   DOWN -> CONNECT -> HANDSHAKE -> SYNC -> STREAMING
 *     ^________|___________|_________|_________|          any failure; tried again after a back-off
 *
 * The handshake is Redis's: PING, AUTH when configured, REPLCONF listening-port / ip-address / capa eof capa psync2 /
 * our `name` (an error reply to it is ignored: a Redis primary does not know it), PSYNC replid offset+1. Then either +CONTINUE [replid], or
 * +FULLRESYNC replid offset and the payload ("$EOF:mark" or "$length"), which is read incrementally into a keyspace
 * beside the one in use, so that a replica goes on serving what it had and an interrupted synchronisation loses
 * nothing. Newlines (the primary's keep-alives during its preparation) are skipped.
 *
 * A follow never calls out. Bytes come in through follow_input; follow_next says what is to be done, and gives the
 * stream's commands one by one (a MULTI…EXEC block is applied command by command, but its bytes count, for offset and
 * for the log, only when EXEC has come). Bytes to send collect in `out`.
 *
 * Time-outs (repl-timeout), pings and acknowledgements (every second, and at once when GETACK asks) are driven by
 * follow_advance and follow_deadline.
 */
#ifndef TIDELOCK_REPLICATION_FOLLOW_H
#define TIDELOCK_REPLICATION_FOLLOW_H

#include "persist/rdb_read.h"
#include "replication/log.h"
#include "resp/reader.h"

enum follow_state
{
    FOLLOW_DOWN,      /* waiting for the next attempt */
    FOLLOW_CONNECT,
    FOLLOW_HANDSHAKE,
    FOLLOW_SYNC,
    FOLLOW_STREAMING
};

enum follow_event
{
    FOLLOW_NOTHING,
    FOLLOW_OPEN,      /* open a connection to host:port; then follow_connected or follow_lost */
    FOLLOW_CLOSE,     /* close the connection: `why` says what went wrong. The follow is DOWN and tries again later */
    FOLLOW_CONTINUED, /* +CONTINUE: the log goes on; its name may have changed (already done in the log) */
    FOLLOW_LOADING,   /* a full synchronisation begins: what this node has will be replaced: `discarded` */
    FOLLOW_LOADED,    /* take `loaded` (keyspace_adopt), then follow_adopted */
    FOLLOW_COMMAND    /* apply `reader.argv`; then follow_applied */
};

struct follow_options
{
    int64_t timeout_us;        /* repl-timeout */
    int64_t ack_period_us;     /* 1 s */
    int64_t retry_min_us, retry_max_us; /* back-off between attempts: doubles, with jitter from the random stream */
    int listening_port;
    const char *announce_ip;   /* NULL: none */
    const char *name;          /* NULL: none */
    const char *user, *password; /* masteruser, masterauth; NULL: none */
    int64_t bulk_max;
    int databases;
    bool digest;               /* for the keyspace it loads into */
};

struct follow
{
    enum follow_state state;
    struct memory *memory;
    struct log *log;               /* this node's; the stream is appended to it */
    struct random *random;
    struct follow_options options;
    char host[256];
    int port;
    const char *why;               /* of the last FOLLOW_CLOSE, for INFO and logs */
    struct bytes input;
    struct bytes out;              /* to be sent to the primary */
    struct resp_reader reader;     /* FOLLOW_COMMAND: argv, argc */
    int db;                        /* database the stream stands at */
    struct keyspace *loaded;       /* FOLLOW_LOADED */
    int64_t discarded;             /* FOLLOW_LOADING: bytes of this node's own history that the primary does not share */
    int64_t applied;               /* offset applied: the log's end */
    int64_t fsynced;               /* offset durable here, -1: nothing is (the owner sets it) */
    int64_t last_io_us, down_since_us, next_attempt_us, next_ack_us;
    bool ack_wanted;               /* GETACK came: answer as soon as what precedes it is applied */
    int64_t sync_received, sync_total; /* bytes of payload; total -1 when unknown */
    /* … private fields below */
    struct follow_private *hidden;
};

/* Starts towards host:port at once. NULL when memory is out. */
struct follow *follow_new(struct memory *m, struct log *l, struct random *r, const struct follow_options *options,
                          const char *host, int port, int64_t now_us);
void follow_free(struct follow *f);

void follow_connected(struct follow *f, int64_t now_us);
/* The connection failed or closed. */
void follow_lost(struct follow *f, const char *why, int64_t now_us);
/* Where to put up to *room bytes of input, NULL when memory is out. */
char *follow_input_reserve(struct follow *f, size_t *room);
void follow_input_commit(struct follow *f, size_t size, int64_t now_us);
/* The next thing to do; call until FOLLOW_NOTHING after each input and advance. */
enum follow_event follow_next(struct follow *f, int64_t now_us);
/* `loaded` was taken over. */
void follow_adopted(struct follow *f, int64_t now_us);
/* The command was applied: counts its bytes and appends them to the log (at the end of a transaction: all of it).
 * False when the log could not take them: the history is lost, resynchronise. */
bool follow_applied(struct follow *f, int64_t now_us);
/* Time passes: time-outs, acknowledgements, attempts. */
void follow_advance(struct follow *f, int64_t now_us);
int64_t follow_deadline(const struct follow *f);
/* Sends an acknowledgement now (into `out`). */
void follow_acknowledge(struct follow *f, int64_t now_us);

#endif
