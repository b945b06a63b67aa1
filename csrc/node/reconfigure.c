/* reconfigure.c: parameters that change: at the start, by CONFIG SET, and into the configuration file.
 *
 * A parameter is text that is read into `struct config` (config.c). Some are also about what is around the node: where it
 * listens, in which directory its files are. That only its driver can change (struct node_place), which is asked when
 * everything has been read; if it cannot, everything is as it was.
 */
#include <stdio.h>

#include "node/commands.h"
#include "node/config_rewrite.h"
#include "node/diary.h"
#include "node/internal.h"

/* A backlog that is smaller can be had from the start only, as in Redis. */
enum { BACKLOG_MIN = 16 * 1024 };

enum { RENAMES_MAX = 512 };

/* ---- at the start ---- */

/* "replicaof host port" on a command line or in a file: the order to follow, not a parameter that is kept. */
static bool configure_replicaof(struct node *n, struct slice value, struct bytes *error)
{
    const char *space = memchr(value.data, ' ', value.size);
    size_t host = space ? (size_t)(space - value.data) : value.size;
    struct slice port = space ? slice_of(space + 1, value.size - host - 1) : slice_of("", 0);
    const char *why = topology_replicaof(n, slice_of(value.data, host), port);
    if (why) bytes_append_text(error, why + strcspn(why, " ") + 1);
    return why == NULL;
}

static bool configure_user(struct node *n, struct slice value, struct bytes *error)
{
    const char *why = acl_configure_user(n, value);
    return why ? config_complain(error, slice_text("user"), why) : true;
}

/* "OLD NEW OLD NEW …", of which a new name may be "": the commands have these names from now on. */
static bool configure_names(struct node *n, struct slice value, struct bytes *error)
{
    struct slice pairs[2 * RENAMES_MAX];
    const char *why = "Too many commands are renamed";
    int count = 0;
    for (struct slice word; (word = slice_next_word(&value)).size > 0 && count < 2 * RENAMES_MAX; count++)
        pairs[count] = slice_equal(word, slice_text("\"\"")) ? slice_of("", 0) : word;
    if (count % 2 != 0) why = "wrong number of arguments";
    struct command_index *renamed = NULL;
    if (count % 2 == 0 && value.size == 0)
        renamed = command_index_renamed(&n->memory, n->all_commands, count / 2, pairs, &why);
    if (!renamed) return config_complain(error, slice_text("rename-command"), why);
    command_index_free(n->renamed);
    n->commands = n->renamed = renamed;
    return true;
}

const struct command *node_stream_command(const struct node *n, const struct slice *argv, int argc,
                                          struct reply *reply)
{
    bool known = argc > 0 && command_find(n->commands, argv[0]);
    return command_resolve(known ? n->commands : n->all_commands, argv, argc, reply);
}

bool node_configure(struct node *n, struct slice name, struct slice value, struct bytes *error)
{
    if (slice_is_word(name, "replicaof") || slice_is_word(name, "slaveof"))
        return configure_replicaof(n, value, error);
    if (slice_is_word(name, "user") && !n->started_up) return configure_user(n, value, error);
    if (slice_is_word(name, "rename-command") && !n->started_up) return configure_names(n, value, error);
    if (n->started_up) {
        struct slice pair[] = {name, value};
        return node_reconfigure(n, 2, pair, true, error);
    }
    if (!config_set(&n->config, name, value, true, error)) return false;
    config_changed(n);
    return n->config.databases == keyspace_databases(n->keyspace) || node_renew_keyspace(n);
}

/* ---- what is around it ---- */

/* The first of the names that is one of these two. */
static struct slice named(int count, const struct slice *pairs, const char *one, const char *other)
{
    for (int i = 0; i < count; i += 2)
        if (slice_is_word(pairs[i], one) || slice_is_word(pairs[i], other)) return pairs[i];
    return slice_text(one);
}

static bool listen_elsewhere(struct node *n, int count, const struct slice *pairs, struct bytes *error)
{
    const struct node_place *place = &n->host.place;
    struct config *c = &n->config;
    const char *why = "this node cannot listen elsewhere";
    if (place->listen) why = place->listen(place->of, c->bind, (int)c->port);
    if (!why) {
        n->port = (int)c->port;
        return true;
    }
    diary_say(n, DIARY_WARNING, "Warning: %s", why);
    struct slice name = named(count, pairs, "port", "bind");
    diary_say(n, DIARY_WARNING,
              "Failed applying new configuration. Possibly related to new %.*s setting. Restoring previous "
              "settings.",
              (int)name.size, name.data);
    return config_complain(error, name,
                           slice_is_word(name, "port") ? "Unable to listen on this port. Check server logs."
                                                       : "Failed to bind to specified addresses.");
}

/* Its files stay where they are while they are open, and so does the node. */
static bool move_elsewhere(struct node *n, struct bytes *error)
{
    const struct node_place *place = &n->host.place;
    const char *why = NULL;
    if (n->persistence.journal)
        why = "the journal is in the present directory: appendonly has to be 'no'";
    else if (n->persistence.save)
        why = "a snapshot is being written into the present directory";
    else if (place->enter)
        why = place->enter(place->of, n->config.dir);
    return why ? config_complain(error, slice_text("dir"), why) : true;
}

/* Has room made for as many clients as may come. How many can: as many, or fewer. */
static int64_t admit(const struct node *n)
{
    const struct node_place *place = &n->host.place;
    return place->admit ? place->admit(place->of, n->config.maxclients) : n->config.maxclients;
}

static bool admit_more(struct node *n, struct bytes *error)
{
    int64_t possible = admit(n);
    if (possible == n->config.maxclients) return true;
    char why[128];
    snprintf(why, sizeof why,
             "The operating system is not able to handle the specified number of clients, try with %lld",
             (long long)possible);
    return config_complain(error, slice_text("maxclients"), why);
}

void node_admit_clients(struct node *n)
{
    int64_t wanted = n->config.maxclients, possible = admit(n);
    if (possible == wanted) return;
    n->config.maxclients = possible;
    diary_say(n, DIARY_WARNING,
              "maxclients has been reduced from %lld to %lld: this process may not open more files, see "
              "'ulimit -n'",
              (long long)wanted, (long long)possible);
}

/* What differs from how it was is brought about. */
static bool apply(struct node *n, const struct config *before, int count, const struct slice *pairs,
                  struct bytes *error)
{
    const struct config *c = &n->config;
    if (c->maxclients != before->maxclients && !admit_more(n, error)) return false;
    bool moves = strcmp(c->dir, before->dir) != 0;
    if (moves && !move_elsewhere(n, error)) return false;
    bool listens_there = c->port == before->port && strcmp(c->bind, before->bind) == 0;
    if (listens_there || listen_elsewhere(n, count, pairs, error)) return true;
    char back[CONFIG_TEXT_MAX];
    text_copy(back, sizeof back, before->dir);
    if (moves && n->host.place.enter) (void)n->host.place.enter(n->host.place.of, back);
    return false;
}

bool node_reconfigure(struct node *n, int count, const struct slice *pairs, bool all, struct bytes *error)
{
    struct config before = n->config;
    if (!config_set_all(&n->config, count, pairs, all, error)) return false;
    if (!apply(n, &before, count, pairs, error)) {
        n->config = before;
        return false;
    }
    if (n->config.repl_backlog_size != before.repl_backlog_size && n->config.repl_backlog_size < BACKLOG_MIN)
        n->config.repl_backlog_size = BACKLOG_MIN;
    config_changed(n);
    return true;
}

/* ---- CONFIG ---- */

/* What a parameter that is being loaded with would change under it. */
static bool waits_for_load(struct exec *x)
{
    if (!persistence_loads(&call_of(x)->node->persistence)) return false;
    for (int i = 2; i < x->argc; i += 2)
        if (config_waits_for_load(x->argv[i])) return true;
    return false;
}

void run_config_set(struct exec *x)
{
    struct node *n = call_of(x)->node;
    if (x->argc % 2 != 0) {
        exec_syntax_error(x);
        return;
    }
    if (waits_for_load(x)) {
        reply_error(x->reply, "LOADING Redis is loading the dataset in memory");
        return;
    }
    struct bytes error;
    bytes_init(&error, &n->memory);
    bool all = session_allowed(call_of(x)->session, n->config.allow_protected) &&
               n->config.allow_protected != ALLOW_NOBODY;
    if (node_reconfigure(n, x->argc - 2, x->argv + 2, all, &error))
        reply_ok(x->reply);
    else
        reply_error_format(x->reply, "ERR %.*s", (int)error.size, error.data ? error.data : "");
    bytes_free(&error);
}

/* The file as it shall be, from what it is. NULL, or why not. */
static const char *rewrite(struct node *n, struct bytes *old, struct bytes *new)
{
    const struct node_place *place = &n->host.place;
    struct config initial;
    char primary[FOLLOW_HOST_MAX + 16];
    const char *why = place->read_config(place->of, old);
    if (why) return why;
    config_defaults(&initial, n->served);
    if (n->follow) snprintf(primary, sizeof primary, "%s %d", n->follow->host, n->follow->port);
    if (!config_rewrite(&n->config, &initial, n->follow ? primary : NULL, bytes_slice(old), new))
        return "out of memory";
    return place->write_config(place->of, bytes_slice(new));
}

void run_config_rewrite(struct exec *x)
{
    struct node *n = call_of(x)->node;
    if (!n->host.config_file || !n->host.place.write_config) {
        reply_error(x->reply, "ERR The server is running without a config file");
        return;
    }
    struct bytes old, new;
    bytes_init(&old, &n->memory);
    bytes_init(&new, &n->memory);
    const char *why = rewrite(n, &old, &new);
    if (why) {
        diary_say(n, DIARY_WARNING, "CONFIG REWRITE failed: %s", why);
        reply_error_format(x->reply, "ERR Rewriting config file: %s", why);
    } else {
        diary_say(n, DIARY_NOTICE, "CONFIG REWRITE executed with success.");
        reply_ok(x->reply);
    }
    bytes_free(&old);
    bytes_free(&new);
}
