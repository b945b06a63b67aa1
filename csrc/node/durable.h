/* durable.h: what a session, or one request of it, wants to be waited for; the words of DURABLE and ASYNC.
 *
 *   DURABLE ANY 1 (b, c) [LEVEL fsynced] [TIMEOUT ms] [ON-TIMEOUT error|degrade]      from now on
 *   DURABLE ASYNC                                                                     …for nobody
 *   DURABLE DEFAULT                                                                   …as CONFIG sync-replicas says
 *           [RECEIPT yes|no] [READS local|committed]
 *   DURABLE … DO SET k v                                                              for this command
 *   ASYNC SET k v                                                                     the same as DURABLE ASYNC DO
 *
 * What a rule leaves out is as the configuration says (sync-level, sync-timeout, sync-on-timeout). RECEIPT yes: a write is
 * answered by two values, its reply and a receipt (receipt.c); as a prefix, every command is. READS committed: what is
 * read is answered when it is as safe as what is written.
 */
#ifndef TIDELOCK_NODE_DURABLE_H
#define TIDELOCK_NODE_DURABLE_H

#include "command/command.h"
#include "node/gate.h"

/* For whom a write is to wait. */
enum durable_mode {
    DURABLE_DEFAULT, /* gates.own */
    DURABLE_ASYNC,   /* nobody */
    DURABLE_RULE     /* `group` */
};

struct wish {
    enum durable_mode mode;
    bool receipt;
    bool committed;           /* reads */
    struct gate_group *group; /* DURABLE_RULE: with a user more */
};

/* A request on its way: what it means behind its prefix, and what it wants. */
struct request {
    const struct command *command; /* NULL: none, and why not has been replied */
    int argc;
    const struct slice *argv;
    struct slice raw; /* as it came, or empty: to be written anew */
    bool prefixed, writes, ran;
    struct wish wish; /* the session's, or the prefix's */
};

/* Takes the prefix off a request whose command has one. */
void durable_unwrap(struct session *s, struct request *r);
/* The request has been dealt with. */
void durable_done(struct request *r);
/* Whom a wish waits for; NULL: nobody. */
struct gate_group *durable_group(struct node *n, const struct wish *wish);
/* Why this cannot be wished of this command, NULL: it can. */
const char *durable_refuses(struct node *n, const struct request *r, bool queued);
/* Up to where the log's changes have to be acknowledged for what can be read now to be safe. */
int64_t durable_data_offset(const struct node *n);
/* Back to what a new session wants. */
void durable_reset(struct session *s);

/* ---- receipt.c ---- */

/* Writes what is known of a write whose log ends at `offset`. `group` NULL: nobody was to be waited for. */
void receipt_write(struct node *n, struct reply *r, struct gate_group *group, int64_t offset, bool degraded);
/* The reply from `start` to `end` in the session's writer's buffer, unless it is an error, becomes a pair with a receipt
 * (offset < 0: with null). */
void receipt_at_once(struct session *s, size_t start, size_t end, struct gate_group *group, int64_t offset);

#endif
