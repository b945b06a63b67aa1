/* await.c: the commands that wait for replication: WAIT, WAITAOF, WAITFOR.
 *
 * WAIT and WAITAOF are Redis's: they wait for the connection's own last write. WAITFOR waits for a write that is named by
 * its token (receipt.c), at any node and after any failover:
 *
 *   WAITFOR token timeout                applied: this node has it. pending: not in time. lost: its history went another way
 *                                        before it, and it will not come. unknown: this node cannot tell, for want of names
 *   WAITFOR token timeout REPLICAS n     at a primary: waits, as WAIT does, until n replicas have it too; how many have
 *
 * Leaves out: the waiting itself (blocking.c).
 *
 * Sources: https://redis.io/docs/latest/commands/wait/ and …/waitaof/
 */
#include "base/number.h"
#include "node/commands.h"
#include "node/internal.h"

/* A time-out in ms, 0: for ever, as the moment it ends. False: it has replied an error. */
static bool read_timeout(struct exec *x, int index, int64_t *until_us)
{
    const struct node *n = call_of(x)->node;
    int64_t timeout_ms;
    if (!exec_int_or(x, index, &timeout_ms, "ERR timeout is not an integer or out of range")) return false;
    if (timeout_ms < 0) {
        reply_error(x->reply, "ERR timeout is negative");
        return false;
    }
    int64_t room_ms = (INT64_MAX - n->now.mono_us) / 1000 - 1;
    *until_us = timeout_ms == 0 || timeout_ms > room_ms ? INT64_MAX : n->now.mono_us + timeout_ms * 1000;
    return true;
}

static int clipped(int64_t count) { return count > INT32_MAX ? INT32_MAX : count < -1 ? -1 : (int)count; }

/* The session's last write, as of now: others may write at the node itself while somebody waits. */
static struct awaited last_write(const struct session *s, enum block_kind kind, int64_t replicas)
{
    struct awaited a = {.kind = kind, .offset = session_wait_offset(s), .replicas = clipped(replicas)};
    memcpy(a.replid, session_last_write(s)->replid, sizeof a.replid);
    return a;
}

static const char not_at_a_replica[] =
    "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is "
    "configured to be writable (which is not the default) writes to replicas are just local and are not "
    "propagated.";

void run_wait(struct exec *x)
{
    struct call *c = call_of(x);
    struct node *n = c->node;
    struct session *s = c->session;
    int64_t needed, until_us;
    if (n->follow) {
        reply_error(x->reply, not_at_a_replica);
        return;
    }
    if (!exec_int(x, 1, &needed) || !read_timeout(x, 2, &until_us)) return;
    struct awaited awaited = last_write(s, BLOCK_WAIT, needed);
    if (n->in_exec || awaited_is_there(n, &awaited))
        awaited_reply(s, &awaited, x->reply);
    else if (!block_await(s, &awaited, until_us))
        exec_no_memory(x);
}

void run_waitaof(struct exec *x)
{
    struct call *c = call_of(x);
    struct node *n = c->node;
    struct session *s = c->session;
    int64_t local, replicas, until_us;
    if (!exec_int_within(x, 1, 0, 1, &local, "ERR value is out of range, value must between 0 and 1")) return;
    if (!exec_int_within(x, 2, 0, INT64_MAX, &replicas, "ERR value is out of range, must be positive"))
        return;
    if (!read_timeout(x, 3, &until_us)) return;
    if (n->follow) {
        reply_error(x->reply,
                    "ERR WAITAOF cannot be used with replica instances. Please also note that writes "
                    "to replicas are just local and are not propagated.");
        return;
    }
    if (local > 0 && !node_journals(n)) {
        reply_error(x->reply, WAITAOF_WITHOUT_JOURNAL);
        return;
    }
    struct awaited awaited = last_write(s, BLOCK_WAITAOF, replicas);
    awaited.local = local > 0;
    if (n->in_exec || awaited_is_there(n, &awaited))
        awaited_reply(s, &awaited, x->reply);
    else if (!block_await(s, &awaited, until_us))
        exec_no_memory(x);
}

/* "<replication id>:<offset>" */
static bool read_token(struct slice text, struct awaited *awaited)
{
    if (text.size < REPLID_SIZE + 2 || text.data[REPLID_SIZE] != ':') return false;
    memcpy(awaited->replid, text.data, REPLID_SIZE);
    awaited->replid[REPLID_SIZE] = '\0';
    for (int i = 0; i < REPLID_SIZE; i++)
        if (awaited->replid[i] < '!' || awaited->replid[i] > '~') return false;
    struct slice offset = slice_of(text.data + REPLID_SIZE + 1, text.size - REPLID_SIZE - 1);
    return number_parse_int(offset, &awaited->offset) && awaited->offset >= 0;
}

void run_waitfor(struct exec *x)
{
    struct call *c = call_of(x);
    struct node *n = c->node;
    struct session *s = c->session;
    struct awaited awaited = {.kind = BLOCK_TOKEN, .replicas = -1};
    int64_t until_us, replicas;
    if (!read_token(x->argv[1], &awaited)) {
        reply_error(x->reply, "ERR invalid token");
        return;
    }
    if (!read_timeout(x, 2, &until_us)) return;
    if (x->argc > 3) {
        if (x->argc != 5 || !exec_is(x, 3, "replicas")) {
            exec_syntax_error(x);
            return;
        }
        if (!exec_int_within(x, 4, 0, INT64_MAX, &replicas, "ERR value is out of range, must be positive"))
            return;
        awaited.replicas = clipped(replicas);
        if (n->follow) {
            reply_error(x->reply, not_at_a_replica);
            return;
        }
    }
    if (n->in_exec || awaited_is_there(n, &awaited))
        awaited_reply(s, &awaited, x->reply);
    else if (!block_await(s, &awaited, until_us))
        exec_no_memory(x);
}
