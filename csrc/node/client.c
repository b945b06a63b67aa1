/* client.c: CLIENT's subcommands about the connection that asks, and UNBLOCK. LIST and KILL: client_list.c; PAUSE:
 * pause.c.
 *
 * Without client-side caching tracking is always off: TRACKING OFF is all there is. NO-EVICT is noted and shown:
 * there is no limit on the memory of all clients together.
 *
 * Source: https://redis.io/docs/latest/commands/client/
 */
#include "node/commands.h"
#include "node/internal.h"

static struct session *session_of(struct exec *x) { return call_of(x)->session; }

void run_client_id(struct exec *x) { reply_integer(x->reply, session_of(x)->id); }

void run_client_getname(struct exec *x)
{
    const struct bytes *name = &session_of(x)->name;
    if (name->size > 0)
        reply_bulk(x->reply, bytes_slice(name));
    else
        reply_null(x->reply);
}

void run_client_setname(struct exec *x)
{
    if (connection_set_attribute(x, &session_of(x)->name, x->argv[2], "Client names")) reply_ok(x->reply);
}

void run_client_setinfo(struct exec *x)
{
    struct session *s = session_of(x);
    bool done = false;
    if (exec_is(x, 2, "lib-name"))
        done = connection_set_attribute(x, &s->lib_name, x->argv[3], "lib-name");
    else if (exec_is(x, 2, "lib-ver"))
        done = connection_set_attribute(x, &s->lib_version, x->argv[3], "lib-ver");
    else
        reply_error_format(x->reply, "ERR Unrecognized option '%.*s'", (int)x->argv[2].size, x->argv[2].data);
    if (done) reply_ok(x->reply);
}

/* ---- switches ---- */

/* Reads argv[2] as ON or OFF. */
static bool switched(struct exec *x, bool *on)
{
    *on = exec_is(x, 2, "on");
    if (*on || exec_is(x, 2, "off")) return true;
    exec_syntax_error(x);
    return false;
}

void run_client_no_evict(struct exec *x)
{
    if (switched(x, &session_of(x)->no_evict)) reply_ok(x->reply);
    client_weigh(session_of(x));
}

void run_client_no_touch(struct exec *x)
{
    if (switched(x, &session_of(x)->no_touch)) reply_ok(x->reply);
}

/* OFF and SKIP have no reply themselves. Who calls at the node itself always gets one: there is nobody to be spared. */
void run_client_reply(struct exec *x)
{
    struct session *s = session_of(x);
    bool on = exec_is(x, 2, "on"), off = exec_is(x, 2, "off");
    if (!on && !off && !exec_is(x, 2, "skip")) {
        exec_syntax_error(x);
        return;
    }
    if (on || s->kind != SESSION_CLIENT) {
        s->reply_off = s->reply_skip = false;
        reply_ok(x->reply);
    } else if (off) {
        s->reply_off = true;
    } else if (!s->reply_off) {
        s->reply_skip_next = true;
    }
}

/* ---- client-side caching, which is off ---- */

void run_client_tracking(struct exec *x)
{
    if (exec_is(x, 2, "on"))
        reply_error(x->reply, "ERR client tracking is not supported");
    else if (exec_is(x, 2, "off") && x->argc == 3)
        reply_ok(x->reply);
    else
        exec_syntax_error(x);
}

void run_client_caching(struct exec *x)
{
    reply_error(x->reply,
                "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
                "OPTOUT mode enabled");
}

void run_client_getredir(struct exec *x) { reply_integer(x->reply, -1); }

void run_client_trackinginfo(struct exec *x)
{
    reply_map(x->reply, 3);
    reply_bulk_text(x->reply, "flags");
    reply_set(x->reply, 1);
    reply_bulk_text(x->reply, "off");
    reply_bulk_text(x->reply, "redirect");
    reply_integer(x->reply, -1);
    reply_bulk_text(x->reply, "prefixes");
    reply_array(x->reply, 0);
}

/* ---- UNBLOCK ---- */

static struct session *find_session(struct node *n, int64_t id)
{
    list_each(link, &n->sessions)
    {
        struct session *s = list_item(link, struct session, link);
        if (s->id == id) return s;
    }
    return NULL;
}

void run_client_unblock(struct exec *x)
{
    int64_t id;
    bool error = x->argc == 4 && exec_is(x, 3, "error");
    if (x->argc > 4) {
        exec_usage_error(x, "CLIENT");
        return;
    }
    if (x->argc == 4 && !error && !exec_is(x, 3, "timeout")) {
        reply_error(x->reply, "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
        return;
    }
    if (!exec_int(x, 2, &id)) return;
    struct session *s = find_session(call_of(x)->node, id);
    bool blocked = s && block_is_ended(s), waits = s && gate_waits(s->line);
    if (waits) gate_give_up(s, error);
    if (blocked) block_end(s, error ? "UNBLOCKED client unblocked via CLIENT UNBLOCK" : NULL);
    reply_integer(x->reply, blocked || waits);
}

/* ---- HELP ---- */

void run_client_help(struct exec *x)
{
    static const char *const lines[] = {
        "GETREDIR",
        "    Return the client ID we are redirecting to when tracking is enabled.",
        "GETNAME",
        "    Return the name of the current connection.",
        "ID",
        "    Return the ID of the current connection.",
        "INFO",
        "    Return information about the current client connection.",
        "KILL <ip:port>",
        "    Kill connection made from <ip:port>.",
        "KILL <option> <value> [<option> <value> [...]]",
        "    Kill connections. Options are:",
        "    * ADDR (<ip:port>|<unixsocket>:0)",
        "      Kill connections made from the specified address",
        "    * LADDR (<ip:port>|<unixsocket>:0)",
        "      Kill connections made to specified local address",
        "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
        "      Kill connections by type.",
        "    * USER <username>",
        "      Kill connections authenticated by <username>.",
        "    * SKIPME (YES|NO)",
        "      Skip killing current connection (default: yes).",
        "LIST [options ...]",
        "    Return information about client connections. Options:",
        "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
        "      Return clients of specified type.",
        "UNPAUSE",
        "    Stop the current client pause, resuming traffic.",
        "PAUSE <timeout> [WRITE|ALL]",
        "    Suspend all, or just write, clients for <timeout> milliseconds.",
        "REPLY (ON|OFF|SKIP)",
        "    Control the replies sent to the current connection.",
        "SETINFO <option> <value>",
        "    Set client meta attr. Options are:",
        "    * LIB-NAME: the client lib name.",
        "    * LIB-VER: the client lib version.",
        "SETNAME <name>",
        "    Assign the name <name> to the current connection.",
        "UNBLOCK <clientid> [TIMEOUT|ERROR]",
        "    Unblock the specified blocked client.",
        "TRACKINGINFO",
        "    Report tracking status for the current connection.",
        "NO-EVICT (ON|OFF)",
        "    Protect current client connection from eviction.",
        "NO-TOUCH (ON|OFF)",
        "    Will not touch LRU/LFU stats when this mode is on.",
        NULL,
    };
    exec_help(x, "CLIENT", lines);
}
