/* loading.c: what a node does with what is on its disk: at its start, and in DEBUG RELOAD.
 *
 * While it loads, clients get -LOADING (those at the node itself wait), nobody is followed and nothing is saved. What
 * cannot be loaded is never half-used: the node stops and says why (node_failure).
 *
 * A node that was loaded is where its files say: at an offset of a history. As a replica it goes on from there. As a
 * primary it begins a history of its own, which is the old one up to this offset: what the old one had beyond it, a
 * replica may have and this node has not, so what is written now must not carry the same offsets under the same name.
 */
#include <stdio.h>

#include "node/internal.h"

enum { SECOND_US = 1000000, PIECES = 4, REQUESTS = 2000 /* of a file, per turn */ };

bool node_persists(const struct node *n)
{
    const struct config *c = &n->config;
    return c->dir[0] != '\0' || c->save.count > 0 || c->appendonly;
}

const char *node_failure(const struct node *n)
{
    if (!n->persistence.failed) return NULL;
    const char *text = persistence_said(n, TEXT_FAILURE);
    return text[0] != '\0' ? text : "cannot load: out of memory";
}

/* What cannot be loaded ends the node. */
static void cannot_load(struct node *n, const char *why)
{
    char text[480];
    snprintf(text, sizeof text, "cannot load %s", why);
    persistence_say(n, TEXT_FAILURE, text);
    diary_say(n, DIARY_WARNING, "%s", text);
    n->persistence.failed = true;
    n->shutdown = true;
}

/* The same in the words that are looked for in Redis's log, and what to do. */
static void advise(struct node *n, const struct recover *r)
{
    const struct recover_found *f = recover_found(r);
    if (!f->journal)
        diary_say(n, DIARY_WARNING, "Terminating server after rdb file reading failure.");
    else if (f->ends_early)
        diary_say(
            n, DIARY_WARNING,
            "Unexpected end of file reading the append only file. aof-load-truncated yes cuts the end off.");
    else if (f->damaged)
        diary_say(n, DIARY_WARNING,
                  "Bad file format reading the append only file. Make a backup of it, then see what "
                  "redis-check-aof says.");
}

static bool begin(struct node *n, struct keyspace *into, bool journal)
{
    struct persistence *p = &n->persistence;
    struct recover_options options = {.memory = &n->memory,
                                      .disk = &n->disk,
                                      .keyspace = into,
                                      .access = &n->access[0],
                                      .snapshot = n->config.dbfilename,
                                      .bulk_max = config_bulk_max(&n->config),
                                      .cut = n->config.aof_load_truncated,
                                      .settle = !p->apart && !p->fresh,
                                      .to_offset = p->apart ? p->limits.to_offset : INT64_MAX,
                                      .to_time_s = p->apart ? p->limits.to_time_s : INT64_MAX};
    if (journal) {
        options.directory = n->config.appenddirname;
        options.journal = n->config.appendfilename;
        options.base = p->apart ? p->limits.base : NULL;
    }
    p->recover = recover_new(&options);
    p->load_began_us = n->now.mono_us;
    p->load_began_s = n->now.wall_us / SECOND_US;
    p->waits = p->joined = false;
    return p->recover != NULL;
}

void node_recover(struct node *n)
{
    if (!begin(n, n->keyspace, n->config.appendonly)) cannot_load(n, "out of memory");
}

void loading_reload(struct node *n)
{
    struct persistence *p = &n->persistence;
    p->fresh = node_new_keyspace(n);
    if (p->fresh) keyspace_set_time(p->fresh, keyspace_time(n->keyspace));
    if (p->fresh && begin(n, p->fresh, p->then == THEN_RELOAD_JOURNAL)) return;
    if (p->fresh) keyspace_free(p->fresh);
    p->fresh = NULL;
    persistence_reloaded(n, "OOM out of memory");
}

bool loading_waits(const struct node *n) { return n->persistence.waits; }

bool loading_answers(const struct node *n, int argc, const struct slice *argv)
{
    const struct command *c = command_meant(n->commands, argv, argc, NULL);
    return !c || (c->flags & COMMAND_LOADING);
}

static void drop(struct node *n)
{
    struct persistence *p = &n->persistence;
    recover_free(p->recover);
    p->recover = NULL;
}

/* ---- requests of a journal ---- */

enum { WHY_MAX = 120 };

/* Into `why`: that there was an error, and which. */
static void describe_error(struct slice output, char why[WHY_MAX])
{
    const char *end = output.size > 1 ? memchr(output.data, '\r', output.size) : NULL;
    bool told = end && output.data[0] == '-';
    snprintf(why, WHY_MAX, "a command that could not be executed%s%.*s", told ? ": " : "",
             told ? (int)(end - output.data - 1) : 0, told ? output.data + 1 : "");
}

/* False: it could not be done, for the reason in `why`. */
static bool execute(struct node *n, const struct recover_request *r, char why[WHY_MAX])
{
    struct session *s = n->stream;
    struct call c;
    s->db = r->db;
    if (r->db >= (int)n->config.databases) {
        snprintf(why, WHY_MAX, "a database that is none");
        return false;
    }
    call_init(&c, s, slice_of(NULL, 0));
    if (n->persistence.fresh) c.exec.keyspace = n->persistence.fresh;
    int64_t errors = s->writer.reply.errors;
    const struct command *command = node_stream_command(n, r->argv, r->argc, s->reply);
    if (command && command->flags & COMMAND_WRITE) dispatch_run(&c, command, r->argc, r->argv);
    bool done = command && s->writer.reply.errors == errors;
    if (!command)
        snprintf(why, WHY_MAX, "Unknown command '%.*s' reading the append only file",
                 (int)(r->argc > 0 && r->argv[0].size < 40 ? r->argv[0].size : 0), r->argv[0].data);
    else if (!done)
        describe_error(bytes_slice(&s->output), why);
    bytes_clear(&s->output);
    return done;
}

static void apply(struct node *n)
{
    struct persistence *p = &n->persistence;
    const struct recover_request *r = recover_request(p->recover);
    char why[WHY_MAX] = "out of memory";
    bool done = !r->applies || execute(n, r, why);
    bool logs = r->counts && p->joined && !p->fresh;
    if (done && logs) done = log_append(&n->log, r->raw.data, r->raw.size);
    if (logs) n->log.db = r->db;
    if (!done) recover_reject(p->recover, why);
}

/* The log is where the files say, or has another name from here on. */
static void join(struct node *n, const char *replid, int64_t offset, int db)
{
    struct persistence *p = &n->persistence;
    if (p->fresh || p->apart) return;
    if (p->joined)
        log_rename_history(&n->log, slice_text(replid), -1);
    else
        log_join_history(&n->log, slice_text(replid), offset, -1);
    if (!p->joined) lineage_read(&n->log.lineage, slice_text(recover_found(p->recover)->names));
    p->joined = true;
    n->log.db = db;
}

/* ---- the start ---- */

/* A primary goes on in a history of its own. */
static void begin_history(struct node *n, const struct recover_found *f)
{
    struct persistence *p = &n->persistence;
    if (f->replid[0] != '\0' && !p->joined) join(n, f->replid, f->offset, f->db);
    if (f->replid[0] == '\0' && p->joined)
        log_unknown_history(&n->log, &n->random); /* somebody else has added to it */
    trail_loaded(n);
    if (n->follow && f->replid[0] != '\0') follow_had(n->follow, n->log.replid);
    if (n->follow || f->replid[0] == '\0') return;
    log_fork_history(&n->log, &n->random);
    trail_forked(n);
}

static void say_loaded(struct node *n, const struct recover_found *f)
{
    double seconds = (double)(n->now.mono_us - n->persistence.load_began_us) / SECOND_US;
    if (f->torn[0] != '\0') diary_say(n, DIARY_WARNING, "the end of the journal was cut off: %s", f->torn);
    if (!f->anything) return;
    diary_say(n, DIARY_NOTICE, "Done loading, keys loaded: %lld", (long long)f->keys);
    diary_say(n, DIARY_NOTICE, "DB loaded from %s: %.3f seconds", f->journal ? "append only file" : "disk",
              seconds);
}

static void started(struct node *n)
{
    struct persistence *p = &n->persistence;
    const struct recover_found *f = recover_found(p->recover);
    begin_history(n, f);
    p->expired_keys = f->journal || n->follow ? 0 : f->expired;
    p->loaded_keys = f->keys - p->expired_keys;
    p->last_save_s = n->now.wall_us / SECOND_US;
    p->changes = n->counters.changes;
    p->cut_bytes = f->cut;
    persistence_say(n, TEXT_TORN, f->torn);
    say_loaded(n, f);
    struct recover *recover = p->recover;
    p->recover = NULL;
    journaling_adopt(n, f);
    recover_free(recover);
    persistence_let_go(n);
}

/* ---- looking at files ---- */

void node_load_begin(struct node *n, const struct node_load *load)
{
    n->persistence.apart = true;
    n->persistence.limits = *load;
    node_recover(n);
}

enum node_load_result node_load_step(struct node *n)
{
    struct persistence *p = &n->persistence;
    if (!p->loaded && !p->failed) loading_step(n);
    if (p->failed) return NODE_LOAD_FAILED;
    if (p->loaded) return NODE_LOAD_DONE;
    return p->waits ? NODE_LOAD_WAIT : NODE_LOAD_MORE;
}

const struct recover_found *node_loaded(const struct node *n)
{
    return n->persistence.loaded ? recover_found(n->persistence.loaded) : NULL;
}

/* What was found says which data it is. */
static void loaded_apart(struct node *n)
{
    struct persistence *p = &n->persistence;
    const struct recover_found *f = recover_found(p->recover);
    if (f->replid[0] != '\0') log_join_history(&n->log, slice_text(f->replid), f->offset, -1);
    n->log.db = f->db;
    p->loaded = p->recover;
    p->recover = NULL;
}

/* ---- DEBUG RELOAD ---- */

static void reloaded(struct node *n, const char *error)
{
    struct persistence *p = &n->persistence;
    drop(n);
    if (!error) {
        feeds_cancel_snapshot(&n->feeds);
        backup_replaced(n);
        keyspace_adopt(n->keyspace, p->fresh);
        n->tidying = true;
    }
    keyspace_free(p->fresh);
    p->fresh = NULL;
    persistence_reloaded(n, error);
}

/* ---- steps ---- */

static void ended(struct node *n, bool good)
{
    struct persistence *p = &n->persistence;
    if (p->fresh)
        reloaded(n, good && recover_found(p->recover)->anything ? NULL
                                                                : "ERR Error trying to load the data again");
    else if (good && p->apart)
        loaded_apart(n);
    else if (good)
        started(n);
    else {
        cannot_load(n, recover_error(p->recover));
        advise(n, p->recover);
        drop(n);
    }
}

void loading_step(struct node *n)
{
    struct persistence *p = &n->persistence;
    enum recover_event event = RECOVER_MORE;
    for (int pieces = 0, requests = 0; pieces < PIECES && requests < REQUESTS;) {
        event = recover_next(p->recover);
        if (event == RECOVER_MORE) {
            pieces++;
        } else if (event == RECOVER_REQUEST) {
            apply(n);
            requests++;
        } else if (event == RECOVER_ORIGIN) {
            const struct journal_origin *o = recover_origin(p->recover);
            join(n, o->replid, o->offset, o->db);
        } else {
            break;
        }
    }
    p->waits = event == RECOVER_WAIT;
    if (event == RECOVER_DONE || event == RECOVER_FAILED)
        ended(n, event == RECOVER_DONE);
    else if (p->joined)
        log_trim(&n->log, INT64_MAX);
}
