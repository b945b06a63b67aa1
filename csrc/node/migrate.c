/* migrate.c: MIGRATE: keys go to another server, and are gone here when it has them.
 *
 *   MIGRATE host port key|"" db timeout [COPY] [REPLACE] [AUTH password | AUTH2 user password] [KEYS key …]
 *
 *     asked ──> connecting ──> saying AUTH, SELECT, one RESTORE per key ──> hearing one answer for each ──> over
 *
 * A key is deleted here when its RESTORE has been answered with OK. Redis stands still meanwhile; here the caller waits, and
 * whoever would write (migrate.h). The connection stays for ten seconds, for the next to the same place; if it turns out to
 * have gone meanwhile, a new one is tried once.
 *
 * What would move the log in spite of all (CLIENT PAUSE and FAILOVER promise that it does not; a node that has become a
 * replica may not) ends it: the caller gets an error after which, as after any -IOERR, keys may be here, there, or both.
 *
 * Leaves out: MIGRATE inside a transaction, which could not wait.
 *
 * Source: https://redis.io/docs/latest/commands/migrate/
 */
#include "node/migrate.h"

#include <strings.h>

#include "base/number.h"
#include "command/notify.h"
#include "node/commands.h"
#include "node/internal.h"
#include "persist/dump.h"
#include "persist/rdb_output.h"
#include "resp/parser.h"

enum { KEPT_US = 10000000, TIMEOUT_MS_DEFAULT = 1000, NO_DB = -1 };

struct migration {
    struct session *caller; /* who is answered; NULL: it has gone, or none is under way */
    struct session *link;   /* the connection; NULL: there is none */
    bool active;            /* keys are on their way */
    bool connected;         /* the link is open… */
    bool reused;            /* …was so before, and has not been heard of since: it may be dead */
    bool copy;              /* nothing is deleted */
    bool refused;           /* it did not take AUTH or SELECT: whatever it says then, keys stay */
    bool deleted;           /* a key has been */
    char host[FOLLOW_HOST_MAX];
    int port;
    int db;                     /* where the keys are, here */
    int64_t target, selected;   /* and there; the one the link is in, NO_DB: not known */
    int64_t timeout_us;         /* without a sign of life */
    int64_t until_us;           /* …which is then; or until when an idle link is kept */
    int preamble;               /* answers to come before those to RESTOREs */
    size_t next;                /* in `keys`: whose answer is next */
    struct bytes login;         /* the AUTH, empty: none */
    struct bytes restores;      /* the requests */
    struct bytes keys;          /* size (size_t) and bytes of each */
    struct bytes error;         /* the first that the target has said */
    struct resp_parser answers; /* how far the next answer has been looked at */
};

bool migration_active(const struct node *n) { return n->migration && n->migration->active; }

bool migration_has_link(const struct node *n) { return n->migration && n->migration->link; }

bool migration_address(const struct session *s, const char **host, int *port)
{
    const struct migration *m = s->node->migration;
    if (s != m->link) return false;
    *host = m->host;
    *port = m->port;
    return true;
}

/* ---- how it ends ---- */

static void forget(struct migration *m)
{
    bytes_free(&m->login);
    bytes_free(&m->restores);
    bytes_free(&m->keys);
    bytes_free(&m->error);
}

static void drop_link(struct migration *m)
{
    struct session *s = m->link;
    m->link = NULL;
    m->connected = false;
    m->selected = NO_DB;
    if (s) session_close_now(s);
}

/* The caller gets OK (error NULL) or the error, and everybody goes on. */
static void finish(struct node *n, const char *error)
{
    struct migration *m = n->migration;
    struct session *caller = m->caller;
    m->active = false;
    m->caller = NULL;
    m->until_us = n->now.mono_us + KEPT_US;
    if (caller) {
        if (m->deleted) {
            session_wrote(caller);
            caller->wrote = true;
            caller->waits = caller->blocked.wish.mode != DURABLE_ASYNC;
        }
        block_answer(caller, error);
    }
    forget(m);
    list_each(link, &n->sessions) session_resume(list_item(link, struct session, link));
}

/* The connection does not do. */
static void fail(struct node *n, bool unsent)
{
    struct migration *m = n->migration;
    const char *why = !m->connected ? "IOERR error or timeout connecting to the client"
                      : unsent      ? "IOERR error or timeout writing to target instance"
                                    : "IOERR error or timeout reading to target instance";
    drop_link(m);
    finish(n, why);
}

void migration_caller_gone(struct session *s)
{
    struct migration *m = s->node->migration;
    if (m->caller == s) m->caller = NULL;
}

void migration_free(struct node *n)
{
    if (!n->migration) return;
    forget(n->migration);
    memory_free(&n->memory, n->migration, sizeof *n->migration);
    n->migration = NULL;
}

/* ---- the link ---- */

static void sign_of_life(struct migration *m)
{
    int64_t now = m->link->node->now.mono_us;
    m->until_us = m->timeout_us < INT64_MAX - now ? now + m->timeout_us : INT64_MAX;
}

/* False: memory is out. */
static bool say(struct node *n)
{
    struct migration *m = n->migration;
    struct bytes *out = &m->link->output;
    char db[NUMBER_INT_MAX];
    bool select = m->selected != m->target;
    const struct slice words[] = {slice_text("SELECT"), slice_of(db, number_format_int(db, m->target))};
    m->preamble = (m->login.size > 0) + select;
    resp_parser_init(&m->answers);
    bool said = bytes_append_slice(out, bytes_slice(&m->login)) &&
                (!select || resp_write_request(out, 2, words)) &&
                bytes_append_slice(out, bytes_slice(&m->restores));
    m->selected = m->target;
    if (!m->reused) bytes_free(&m->restores);
    if (said) session_wake(m->link);
    return said;
}

static bool open_link(struct node *n)
{
    struct migration *m = n->migration;
    m->link = session_new(n, SESSION_MIGRATE, m->host);
    if (!m->link) return false;
    m->connected = m->reused = false;
    m->selected = NO_DB;
    m->link->wants_connect = true;
    session_wake(m->link);
    sign_of_life(m);
    return true;
}

void migration_connected(struct session *s)
{
    struct migration *m = s->node->migration;
    if (s != m->link) return;
    m->connected = true;
    sign_of_life(m);
    if (!m->active || say(s->node)) return;
    drop_link(m);
    finish(s->node, "OOM out of memory");
}

void migration_sent(struct session *s)
{
    struct migration *m = s->node->migration;
    if (s == m->link && m->active) sign_of_life(m);
}

void migration_lost(struct session *s)
{
    struct node *n = s->node;
    struct migration *m = n->migration;
    if (s != m->link) return;
    bool unsent = session_pending(s) > 0, again = m->reused;
    m->link = NULL;
    if (!m->active) return;
    if (!again || !open_link(n)) fail(n, unsent);
}

void migration_advance(struct node *n)
{
    struct migration *m = n->migration;
    if (n->now.mono_us < migration_deadline(n)) return;
    if (m->active)
        fail(n, m->connected && session_pending(m->link) > 0);
    else
        drop_link(m);
}

int64_t migration_deadline(const struct node *n)
{
    const struct migration *m = n->migration;
    return m && m->link ? m->until_us : INT64_MAX;
}

/* ---- what the other server answers ---- */

static void delete_next(struct node *n)
{
    struct migration *m = n->migration;
    struct entry *e = NULL;
    size_t size;
    memcpy(&size, m->keys.data + m->next, sizeof size);
    if (!m->copy && !m->refused)
        e = keyspace_find(n->keyspace, m->db, slice_of(m->keys.data + m->next + sizeof size, size));
    if (!e) return; /* evicted, at most */
    node_delete(n, m->db, e, false, NOTIFY_GENERIC, "del");
    n->counters.changes++;
    m->deleted = true;
}

static void skip_next(struct migration *m)
{
    size_t size;
    memcpy(&size, m->keys.data + m->next, sizeof size);
    m->next += sizeof size + size;
}

static void note_error(struct migration *m, struct slice answer)
{
    m->selected = NO_DB;
    if (m->error.size > 0) return;
    bytes_append_format(&m->error, "ERR Target instance replied with error: %.*s", (int)(answer.size - 3),
                        answer.data + 1);
}

static void take(struct node *n, struct slice answer)
{
    struct migration *m = n->migration;
    bool error = answer.data[0] == '-';
    m->reused = false;
    if (error) note_error(m, answer);
    if (m->preamble > 0) {
        m->preamble--;
        m->refused |= error;
        return;
    }
    if (!error) delete_next(n);
    skip_next(m);
    if (m->next < m->keys.size) return;
    char text[512] = "";
    size_t size = m->error.size < sizeof text - 1 ? m->error.size : sizeof text - 1;
    if (size > 0) memcpy(text, m->error.data, size);
    finish(n, size > 0 || m->error.failed ? text : NULL);
}

/* Whether the log must not move, for a reason beside the migration. */
static bool log_is_not_ours_to_move(const struct node *n)
{
    return n->follow || n->pause_until_us != 0 || n->failover.state != FAILOVER_NONE || n->shutdown ||
           persistence_loads(&n->persistence) || persistence_stands_still(&n->persistence);
}

void migration_received(struct session *s)
{
    struct node *n = s->node;
    struct migration *m = n->migration;
    size_t at = 0;
    if (s != m->link || n->sleep_until_us != 0) return;
    if (!m->active && s->input.size > 0) {
        drop_link(m);
        return;
    }
    if (m->active) sign_of_life(m);
    while (m->active && at < s->input.size) {
        int64_t size = resp_reply_size(&m->answers, s->input.data + at, s->input.size - at);
        if (size == 0) break;
        if (size < 0 || log_is_not_ours_to_move(n)) {
            fail(n, false);
            return;
        }
        take(n, slice_of(s->input.data + at, (size_t)size));
        at += (size_t)size;
    }
    if (!m->active && at < s->input.size) drop_link(m); /* it says more than it was asked */
    bytes_drop(&s->input, at);
}

/* ---- the command ---- */

struct migrate_wish {
    bool copy, replace;
    struct slice user, password; /* size 0: none */
    int64_t port, db, timeout_ms;
    int first, count; /* of the keys, among the arguments */
};

static bool read_options(struct exec *x, struct migrate_wish *w)
{
    for (int i = 6; i < x->argc; i++) {
        int more = x->argc - 1 - i;
        if (exec_is(x, i, "copy")) {
            w->copy = true;
        } else if (exec_is(x, i, "replace")) {
            w->replace = true;
        } else if (exec_is(x, i, "auth") && more >= 1) {
            w->password = x->argv[++i];
        } else if (exec_is(x, i, "auth2") && more >= 2) {
            w->user = x->argv[i + 1];
            w->password = x->argv[i + 2];
            i += 2;
        } else if (exec_is(x, i, "keys") && x->argv[3].size == 0) {
            w->first = i + 1;
            w->count = more;
            return true;
        } else if (exec_is(x, i, "keys")) {
            reply_error(x->reply, "ERR When using MIGRATE KEYS option, the key argument must be set to the "
                                  "empty string");
            return false;
        } else {
            exec_syntax_error(x);
            return false;
        }
    }
    return true;
}

static bool read_wish(struct exec *x, struct migrate_wish *w)
{
    *w = (struct migrate_wish){.first = 3, .count = 1};
    if (!read_options(x, w) || !exec_int(x, 5, &w->timeout_ms) || !exec_int(x, 4, &w->db)) return false;
    if (w->timeout_ms <= 0) w->timeout_ms = TIMEOUT_MS_DEFAULT;
    if (w->timeout_ms > INT64_MAX / 1000) w->timeout_ms = INT64_MAX / 1000;
    return true;
}

/* The address as it can be connected to; false: it cannot. */
static bool read_address(const struct exec *x, char host[FOLLOW_HOST_MAX], int *port)
{
    int64_t number;
    if (x->argv[1].size >= FOLLOW_HOST_MAX || !number_parse_int(x->argv[2], &number)) return false;
    memcpy(host, x->argv[1].data, x->argv[1].size);
    host[x->argv[1].size] = '\0';
    *port = (int)number;
    return number > 0 && number <= 65535 && x->argv[1].size > 0;
}

static void add_key(struct exec *x, struct migration *m, const struct migrate_wish *w, struct slice key,
                    const struct entry *e)
{
    struct rdb_output o;
    char ttl[NUMBER_INT_MAX];
    int64_t left_ms = entry_expire(e) == KEYSPACE_NO_TTL ? 0 : entry_expire(e) - x->now_ms;
    if (left_ms < 1 && entry_expire(e) != KEYSPACE_NO_TTL) left_ms = 1;
    rdb_output_init(&o, x->memory, NULL, false);
    o.plain = x->plain_dump;
    dump_write(&o, e);
    const struct slice words[] = {slice_text("RESTORE"), key, slice_of(ttl, number_format_int(ttl, left_ms)),
                                  bytes_slice(&o.buffer), slice_text("REPLACE")};
    resp_write_request(&m->restores, w->replace ? 5 : 4, words);
    bytes_append(&m->keys, &key.size, sizeof key.size);
    bytes_append_slice(&m->keys, key);
    m->restores.failed |= o.failed;
    rdb_output_free(&o);
}

/* Whatever is to be said. False: memory is out. */
static bool pack(struct exec *x, struct migration *m, const struct migrate_wish *w)
{
    const struct slice named[] = {slice_text("AUTH"), w->user, w->password};
    const struct slice unnamed[] = {slice_text("AUTH"), w->password};
    if (w->password.size > 0)
        resp_write_request(&m->login, w->user.size > 0 ? 3 : 2, w->user.size > 0 ? named : unnamed);
    for (int i = w->first; i < w->first + w->count; i++) {
        const struct entry *e = exec_read(x, x->argv[i]);
        if (e) add_key(x, m, w, x->argv[i], e);
    }
    return !m->login.failed && !m->restores.failed && !m->keys.failed;
}

static struct migration *migration_of(struct node *n)
{
    if (n->migration) return n->migration;
    struct migration *m = n->migration = memory_alloc_zero(&n->memory, sizeof *m);
    if (!m) return NULL;
    bytes_init(&m->login, &n->memory);
    bytes_init(&m->restores, &n->memory);
    bytes_init(&m->keys, &n->memory);
    bytes_init(&m->error, &n->memory);
    return m;
}

/* Takes the link that is there, or has one opened. False: memory is out. */
static bool find_link(struct node *n, const char *host, int port)
{
    struct migration *m = n->migration;
    m->reused = m->link && m->connected && m->port == port && strcasecmp(m->host, host) == 0;
    if (m->reused) {
        sign_of_life(m);
        return true;
    }
    drop_link(m);
    text_copy(m->host, sizeof m->host, host);
    m->port = port;
    return open_link(n);
}

static void begin(struct exec *x, const struct migrate_wish *w, const char *host, int port)
{
    struct call *c = call_of(x);
    struct node *n = c->node;
    struct migration *m = n->migration;
    m->copy = w->copy;
    m->refused = m->deleted = false;
    m->db = x->db;
    m->target = w->db;
    m->timeout_us = w->timeout_ms * 1000;
    m->next = 0;
    if (!block_for(c->session, BLOCK_MIGRATE)) {
        exec_no_memory(x);
        return;
    }
    if (!find_link(n, host, port)) {
        c->session->block = BLOCK_NONE;
        exec_no_memory(x);
        return;
    }
    if (m->reused && !say(n)) {
        drop_link(m);
        c->session->block = BLOCK_NONE;
        exec_no_memory(x);
        return;
    }
    m->caller = c->session;
    m->active = true;
}

void run_migrate(struct exec *x)
{
    struct node *n = call_of(x)->node;
    struct migrate_wish w;
    char host[FOLLOW_HOST_MAX];
    int port;
    if (!read_wish(x, &w)) return;
    struct migration *m = migration_of(n);
    if (!m || !pack(x, m, &w)) {
        exec_no_memory(x);
    } else if (m->keys.size == 0) {
        reply_status(x->reply, "NOKEY");
    } else if (n->in_exec || n->follow) {
        reply_error(x->reply, n->in_exec ? "ERR MIGRATE is not possible inside a transaction"
                                         : "ERR MIGRATE is not possible at a replica");
    } else if (!read_address(x, host, &port)) {
        reply_error(x->reply, "IOERR error or timeout connecting to the client");
    } else {
        begin(x, &w, host, port);
    }
    if (m && !m->active) forget(m);
}

int migrate_keys(const struct slice *argv, int argc, int *keys, const char **flags)
{
    int first = 3, count = 1;
    if (argv[3].size == 0) {
        for (int i = 6; i + 1 < argc; i++) {
            if (!slice_is_word(argv[i], "keys")) continue;
            first = i + 1;
            count = argc - first;
            break;
        }
    }
    for (int i = 0; i < count; i++) {
        if (flags) flags[i] = "RW access delete";
        keys[i] = first + i;
    }
    return count;
}
