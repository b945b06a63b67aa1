/* dispatch.c: from a request to its effect in the log.
 *
 * The walk of one command: find it; check what may keep it from running here and now (arguments, password, role,
 * memory); queue it if MULTI is open; run it; append its effect to the log. The checks are in Redis's order, so that a
 * request with two things wrong gets Redis's answer.
 */
#include "command/keys.h"
#include "node/commands.h"
#include "node/internal.h"
#include "resp/parser.h"

/* ---- what may keep it from running ---- */

static bool writes(const struct session *s, const struct command *command)
{
    unsigned flags = command->flags;
    if (command->run == run_exec) flags |= s->transaction.flags;
    return (flags & COMMAND_WRITE) != 0;
}

static bool must_queue(const struct session *s, const struct command *command)
{
    return s->transaction.open && !(command->flags & COMMAND_NO_QUEUE);
}

/* Whether it needs memory that stays taken. Whatever is queued does. */
static bool takes_memory(const struct session *s, const struct command *command)
{
    unsigned flags = command->flags;
    if (command->run == run_exec) flags |= s->transaction.flags;
    return flags & COMMAND_DENYOOM || must_queue(s, command);
}

/* Whether a replica without a primary answers it, even though what it has may be old. */
static bool runs_stale(const struct session *s, const struct command *command)
{
    unsigned lacks = ~command->flags | (command->run == run_exec ? s->transaction.lacks : 0);
    return (lacks & COMMAND_STALE) == 0;
}

/* Whether it can be answered while the data is not there yet. */
static bool runs_loading(const struct session *s, const struct command *command)
{
    unsigned lacks = ~command->flags | (command->run == run_exec ? s->transaction.lacks : 0);
    return (lacks & COMMAND_LOADING) == 0;
}

const char *dispatch_role_refuses(const struct node *n, unsigned flags)
{
    if (!(flags & COMMAND_WRITE) || !n->follow || !n->config.replica_read_only) return NULL;
    return "READONLY You can't write against a read only replica.";
}

/* A reason whose text names the command. */
static const char while_subscribed[] = "";

static const char debug_not_allowed[] =
    "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it "
    "from a "
    "local connection, otherwise you need to set this option in the configuration file, and then restart the "
    "server.";

/* Why this command cannot run here and now: Redis's error text, or NULL. */
static const char *refusal(struct session *s, const struct command *command)
{
    struct node *n = s->node;
    const struct config *c = &n->config;
    const char *why = NULL;
    if (command->run == run_debug && !session_allowed(s, c->allow_debug)) return debug_not_allowed;
    if (!s->authenticated && !(command->flags & COMMAND_NO_AUTH)) return "NOAUTH Authentication required.";
    if ((command->flags & COMMAND_NO_MULTI) && s->transaction.open)
        return "ERR Command not allowed inside a transaction";
    if ((session_is_replica(s) || !list_empty(&s->monitor)) &&
        command->flags & (COMMAND_READONLY | COMMAND_WRITE | COMMAND_MAY_REPLICATE))
        return "ERR Replica can't interact with the keyspace";
    bool is_write = writes(s, command);
    if (c->maxmemory > 0 && !eviction_make_room(n) && takes_memory(s, command))
        return "OOM command not allowed when used memory > 'maxmemory'.";
    if (is_write || command->run == run_ping) why = persistence_refuses(n);
    if (why) return why;
    if (is_write && !n->follow && c->min_replicas_to_write > 0 &&
        (c->min_replicas_max_lag_s > 0 || c->min_replicas_max_lag_bytes > 0) &&
        topology_good_replicas(n) < c->min_replicas_to_write)
        return "NOREPLICAS Not enough good replicas to write.";
    if (is_write) why = dispatch_role_refuses(n, COMMAND_WRITE);
    if (!why && !subscribe_allows(s, command)) return while_subscribed;
    if (!why && n->follow && n->follow->state != FOLLOW_STREAMING && !c->replica_serve_stale_data &&
        !runs_stale(s, command))
        why = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
    if (!why && persistence_loads(&n->persistence) && !runs_loading(s, command))
        why = "LOADING Redis is loading the dataset in memory";
    return why;
}

/* A request that cannot run also spoils the transaction it belongs to. */
static void refuse(struct session *s, const struct command *command, const char *why)
{
    if (command && command->run == run_exec) {
        reply_error_format(s->reply, "EXECABORT Transaction discarded because of: %s", why);
        transaction_reset(s);
        return;
    }
    if (why == while_subscribed)
        subscribe_refuse(s, command);
    else
        reply_error(s->reply, why);
    s->transaction.aborted |= s->transaction.open;
}

/* The command, or NULL and it has been answered why. EXEC with the wrong number of words ends its transaction. */
static const struct command *resolve(struct session *s, int argc, const struct slice *argv)
{
    if (argc > 1 && slice_is_word(argv[0], "exec")) {
        refuse(s, command_find(s->node->commands, argv[0]), "wrong number of arguments for 'exec' command");
        return NULL;
    }
    return command_resolve(s->node->commands, argv, argc, s->reply);
}

/* ---- running it ---- */

void call_init(struct call *c, struct session *s, struct slice raw)
{
    struct node *n = s->node;
    *c = (struct call){
        .exec = {.keyspace = n->keyspace,
                 .memory = &n->memory,
                 .random = &n->random,
                 .index = n->commands,
                 .db = s->db,
                 .now_ms = keyspace_time(n->keyspace),
                 .access = &n->access[s->no_touch],
                 .replica = n->follow != NULL || node_stands_still(n), /* nothing expires meanwhile */
                 .from_primary = s->kind == SESSION_STREAM,
                 .skip_checksum = n->skip_checksum,
                 .plain_dump = !n->config.rdbcompression,
                 .bulk_max = config_bulk_max(&n->config),
                 .notify = n->pubsub.subscriptions.size > 0 ? pubsub_wants(n) : 0,
                 .notices = &n->notices,
                 .reply = s->reply,
                 .effects = &n->effects},
        .node = n,
        .session = s,
        .raw = raw,
    };
}

void dispatch_lose_history(struct node *n)
{
    log_new_history(&n->log, &n->random);
    n->exec_logged = false; /* the MULTI went with it */
}

static bool is_one_request(struct slice effects)
{
    struct resp_parser p;
    resp_parser_init(&p);
    return resp_reply_size(&p, effects.data, effects.size) == (int64_t)effects.size;
}

/* Inside EXEC the first effect is preceded by MULTI, unless it will be the only one; transaction.c writes the EXEC. */
static bool log_begin_transaction(struct node *n, struct slice effects)
{
    static const char multi[] = "*1\r\n$5\r\nMULTI\r\n";
    if (!n->in_exec || n->exec_logged || (n->exec_alone && is_one_request(effects))) return true;
    n->exec_logged = true;
    return log_append(&n->log, multi, sizeof multi - 1);
}

void dispatch_log(struct node *n, int db, struct slice effects)
{
    if (n->follow) return;
    if (!log_select(&n->log, db) || !log_begin_transaction(n, effects) ||
        !log_append(&n->log, effects.data, effects.size))
        dispatch_lose_history(n);
    if (!n->exec_logged) trail_applied(n);
}

/* Appends what the command left: its own effects, or the request as it stands. */
static void log_effects(struct call *c)
{
    struct exec *x = &c->exec;
    struct node *n = c->node;
    bool verbatim = x->changes > 0 && !x->effect_given && !n->effects.failed;
    if (verbatim && c->raw.size > 0 && n->effects.size == 0) {
        dispatch_log(n, x->db, c->raw);
        return;
    }
    if (verbatim) resp_write_request(&n->effects, x->argc, x->argv);
    if (n->effects.failed) {
        dispatch_lose_history(n);
        bytes_clear(&n->effects);
    } else if (n->effects.size > 0) {
        dispatch_log(n, x->db, bytes_slice(&n->effects));
    }
}

void dispatch_run(struct call *c, const struct command *command, int argc, const struct slice *argv)
{
    struct exec *x = &c->exec;
    struct node *n = c->node;
    struct session *s = c->session;
    x->command = command;
    x->argc = argc;
    x->argv = argv;
    x->host = c;
    x->changes = 0;
    x->effect_given = x->flushed = false;
    bytes_clear(&n->effects);
    if (command->run == run_touch) x->access = &n->access[0]; /* the one access that CLIENT NO-TOUCH leaves */
    stats_begin(n, x->reply);
    uint64_t begun = timing_begin(n, c, command);
    command->run(x);
    timing_end(n, c, command, begun);
    n->counters.changes += x->changes;
    if (x->flushed) persistence_flushed(n);
    stats_called(n, command, x->only.data != NULL, x->reply);
    if (n->notices.size > 0) pubsub_notify(n);
    if (!list_empty(&n->monitors)) monitor_feed(c, command);
    if (x->complaint) diary_say(n, DIARY_WARNING, "Bad data format in %s: %s", command->name, x->complaint);
    if (x->changes == 0 && n->effects.size == 0 && !n->effects.failed) return;
    if (n->follow) own_expiry_note(c);
    if (n->follow || s->kind == SESSION_STREAM) return; /* a replica's log is its primary's bytes */
    log_effects(c);
    session_wrote(s);
    s->wrote = true;
    s->waits = s->waits || !x->async;
}

void dispatch_withhold_reply(struct session *s, size_t before)
{
    bool withhold = s->reply_off || s->reply_skip;
    s->reply_skip = s->reply_skip_next;
    s->reply_skip_next = false;
    if (withhold && s->reply == &s->writer.reply && s->writer.out->size > before)
        s->writer.out->size = before;
}

/* The reply is the session's bytes from `start` to `end`: has it wait for what the request wishes, gives it its receipt. */
static void hold(struct session *s, const struct request *r, size_t start, size_t end)
{
    struct node *n = s->node;
    const struct wish *wish = &r->wish;
    struct gate_group *group = durable_group(n, wish);
    int64_t offset = s->last_write.offset;
    bool wait = s->waits && group;
    bool receipt = wish->receipt && (r->prefixed || r->writes);
    if (wish->committed && group && !s->wrote) {
        offset = durable_data_offset(n);
        wait = gate_reached(n, group) < offset;
    }
    if (wait)
        gate_hold(s, start, end, group, offset, receipt);
    else if (receipt)
        receipt_at_once(s, start, end, group, s->wrote ? offset : -1);
}

/* Replies that nobody wishes anything of need not come here. */
static inline bool wishes(const struct session *s, const struct request *r)
{
    return (s->waits && (s->node->gates.wanted || r->wish.group)) || r->wish.committed || r->wish.receipt;
}

void dispatch_answered(struct session *s, size_t before)
{
    struct request r = s->blocked;
    dispatch_withhold_reply(s, before);
    if (wishes(s, &r)) hold(s, &r, before, s->writer.out->size);
    durable_done(&s->blocked);
}

/* The same for a request that was answered at once, with the messages it has brought the session itself. */
static void finish(struct session *s, const struct request *r, size_t before)
{
    struct node *n = s->node;
    dispatch_withhold_reply(s, before);
    size_t end = s->writer.out->size, ahead = 0;
    if (n->pubsub.own.size > 0 || n->pubsub.own.failed)
        ahead = pubsub_tell_own(s, before,
                                (r->command && r->command->run == run_exec) || !list_empty(&s->monitor));
    if (r->ran && wishes(s, r)) hold(s, r, before + ahead, end + ahead);
}

static void run_or_queue(struct session *s, const struct request *r, int argc, const struct slice *argv,
                         struct slice raw)
{
    struct call c;
    call_init(&c, s, r->raw);
    c.exec.command = r->command;
    c.exec.async = r->wish.mode == DURABLE_ASYNC;
    if (must_queue(s, r->command)) {
        c.raw = raw;
        transaction_queue(&c, argc, argv);
        return;
    }
    struct block_request wait = {.wanted = false};
    if (r->command->flags & COMMAND_BLOCKING && block_keys_possible(s)) c.exec.block = &wait;
    dispatch_run(&c, r->command, r->argc, r->argv);
    if (wait.wanted && !block_keys_begin(s, &c.exec, &wait)) exec_no_memory(&c.exec);
}

/* A reply that may have to wait is written by the session itself, also when its caller is at the node. */
static void choose_writer(struct session *s, const struct request *r)
{
    bool waits = r->writes && (s->node->gates.wanted || r->wish.group || barrier_wanted(s));
    if (waits || r->wish.committed || r->wish.receipt) s->reply = &s->writer.reply;
}

void dispatch(struct session *s, int argc, const struct slice *argv, struct slice raw)
{
    struct node *n = s->node;
    size_t before = s->writer.out->size;
    struct request r = {.argc = argc, .argv = argv, .raw = raw, .wish = s->wish};
    s->requests++;
    s->barrier.request = s->output.size;
    s->wrote = s->waits = false;
    r.command = resolve(s, argc, argv);
    if (r.command && r.command->prefix) durable_unwrap(s, &r);
    const struct command *command = r.command;
    bool is_write = command && writes(s, command) && !must_queue(s, command);
    r.writes = is_write;
    choose_writer(s, &r);
    int64_t errors = s->reply->errors;
    if (!command) {
        s->transaction.aborted |= s->transaction.open;
        stats_refused(n, argc, argv, s->reply);
    } else {
        s->last_command = command;
        const char *why = refusal(s, command);
        if (!why && (r.prefixed || r.wish.committed)) why = durable_refuses(n, &r, must_queue(s, command));
        if (why) {
            refuse(s, command, why);
            stats_refused(n, r.argc, r.argv, s->reply);
        } else {
            r.ran = !must_queue(s, command);
            run_or_queue(s, &r, argc, argv, raw);
        }
    }
    bool failed = s->reply->errors != errors;
    if (is_write && n->keep_trail) trail_write(s, failed);
    if (s->block != BLOCK_NONE) {
        pubsub_tell_own(s, before, false);
        s->blocked = r; /* dispatch_answered goes on with it */
    } else {
        finish(s, &r, before);
        durable_done(&r);
    }
    if (keyspace_awaited(n->keyspace)) block_keys_serve(n);
}
