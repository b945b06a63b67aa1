/* place.c: a place for a node: its start-up configuration, and calls at the node itself.
 *
 * A call at the node is executed in a *local session*. One session suffices as long as no call blocks; while one
 * waits (WAIT), further calls are executed in another. The session used last and free now is taken first, so that a
 * sequence of calls stays in one session.
 *
 * A call that comes while the node cannot run it, because it is paused or asleep (DEBUG SLEEP), is kept and executed
 * in order as soon as it can be; its caller sees a call that blocks.
 */
#include <stdio.h>

#include "resp/writer.h"
#include "world/world_internal.h"

static void forget_failure(struct world_node *wn)
{
    if (wn->failure) memory_free(&wn->world->memory, wn->failure, strlen(wn->failure) + 1);
    wn->failure = NULL;
}

/* "CLOSED cannot load dump.rdb: …" is kept when the node that ends has given up. */
static void keep_failure(struct world_node *wn)
{
    const char *failure = wn->node ? node_failure(wn->node) : NULL;
    if (!failure) return;
    size_t size = strlen("CLOSED ") + strlen(failure) + 1;
    wn->failure = memory_alloc(&wn->world->memory, size);
    if (wn->failure) snprintf(wn->failure, size, "CLOSED %s", failure);
}

const char *world_node_failure(const struct world_node *wn)
{
    return wn->failure ? wn->failure + strlen("CLOSED ") : NULL;
}

void world_node_finish(struct world_node *wn)
{
    struct memory *m = &wn->world->memory;
    list_remove(&wn->member);
    struct list *first;
    while ((first = list_pop(&wn->parameters)) != NULL) {
        struct world_parameter *p = list_item(first, struct world_parameter, member);
        memory_free(m, p, p->size);
    }
    forget_failure(wn);
    bytes_free(&wn->diary);
    if (wn->config_file) memory_free(m, wn->config_file, strlen(wn->config_file) + 1);
    wn->config_file = NULL;
    if (wn->host && wn->host != wn->place.name) memory_free(m, wn->host, strlen(wn->host) + 1);
    wn->host = NULL;
    world_place_forget(wn->world, &wn->place);
}

/* ---- start-up configuration ---- */

static struct world_parameter *parameter_new(struct world *w, struct slice name, struct slice value)
{
    size_t size = sizeof(struct world_parameter) + name.size + value.size;
    struct world_parameter *p = memory_alloc(&w->memory, size);
    if (!p) return NULL;
    list_init(&p->member);
    p->size = size;
    if (name.size > 0) memcpy(p->text, name.data, name.size);
    if (value.size > 0) memcpy(p->text + name.size, value.data, value.size);
    p->name = slice_of(p->text, name.size);
    p->value = slice_of(p->text + name.size, value.size);
    return p;
}

/* Remembers a parameter for the next start; a later one of the same name takes the earlier one's place. */
static void parameter_keep(struct world_node *wn, struct world_parameter *p)
{
    list_each_safe(link, &wn->parameters)
    {
        struct world_parameter *old = list_item(link, struct world_parameter, member);
        if (!slice_equal(old->name, p->name)) continue;
        list_remove(&old->member);
        memory_free(&wn->world->memory, old, old->size);
    }
    list_push(&wn->parameters, &p->member);
}

/* The start-up configuration from the options. False: memory is out. */
static bool keep_options(struct world_node *wn, const struct world_node_options *options)
{
    if (options->config_file) {
        size_t size = strlen(options->config_file) + 1;
        if (!(wn->config_file = memory_alloc(&wn->world->memory, size))) return false;
        memcpy(wn->config_file, options->config_file, size);
    }
    for (int i = 0; i < options->parameter_count; i++) {
        const struct slice *pair = &options->parameters[2 * i];
        struct world_parameter *p = parameter_new(wn->world, pair[0], pair[1]);
        if (!p) return false;
        parameter_keep(wn, p);
    }
    return true;
}

bool world_node_init(struct world_node *wn, struct world *w, const struct world_node_options *options)
{
    wn->world = w;
    wn->place.node = true;
    list_init(&wn->parameters);
    list_init(&wn->locals);
    list_init(&wn->calls);
    list_init(&wn->member);
    bytes_init(&wn->diary, &w->memory);
    if (!world_place_name(w, &wn->place, options->name, "node")) return false;
    wn->host = wn->place.name;
    wn->port = options->port;
    wn->served = options->served;
    list_push(&w->nodes, &wn->member);
    if (keep_options(wn, options)) return true;
    world_node_finish(wn);
    world_fail(w, WORLD_NO_MEMORY, "out of memory");
    return false;
}

/* Hands one parameter to the node that runs. */
static enum world_result parameter_apply(struct world_node *wn, struct slice name, struct slice value)
{
    struct bytes *error = &wn->world->scratch;
    bytes_clear(error);
    if (node_configure(wn->node, name, value, error)) return WORLD_OK;
    if (error->size == 0) return world_fail(wn->world, WORLD_NO_MEMORY, "out of memory");
    return world_fail(wn->world, WORLD_BAD, "%.*s", (int)error->size, error->data);
}

enum world_result world_node_configure(struct world_node *wn, struct slice name, struct slice value)
{
    struct world *w = wn->world;
    struct world_parameter *p = parameter_new(w, name, value);
    if (!p) return world_fail(w, WORLD_NO_MEMORY, "out of memory");
    enum world_result result = WORLD_OK;
    if (wn->node) {
        w->ops->node_enter(wn);
        result = parameter_apply(wn, name, value);
        w->ops->node_turn(wn);
    }
    if (result == WORLD_OK)
        parameter_keep(wn, p);
    else
        memory_free(&w->memory, p, p->size);
    return result;
}

bool world_node_start(struct world_node *wn, const struct node_options *options)
{
    forget_failure(wn);
    wn->node = node_new(options);
    wn->paused = false;
    if (!wn->node) {
        world_fail(wn->world, WORLD_NO_MEMORY, "out of memory");
        return false;
    }
    wn->lives++;
    list_each(link, &wn->parameters)
    {
        struct world_parameter *p = list_item(link, struct world_parameter, member);
        if (parameter_apply(wn, p->name, p->value) == WORLD_OK) continue;
        world_node_stop(wn, "CLOSED the node could not start");
        return false;
    }
    if (node_persists(wn->node)) node_recover(wn->node);
    return true;
}

/* ---- local sessions ---- */

static struct world_local *local_open(struct world_node *wn)
{
    struct memory *m = &wn->world->memory;
    struct world_local *l = memory_alloc_zero(m, sizeof *l);
    if (!l) return NULL;
    l->session = node_local_open(wn->node);
    if (!l->session) {
        memory_free(m, l, sizeof *l);
        return NULL;
    }
    l->attachment.local = true;
    l->owner = wn;
    bytes_init(&l->reply, m);
    resp_parser_init(&l->parser);
    session_set_driver(l->session, l);
    list_init(&l->member);
    list_push(&wn->locals, &l->member);
    return l;
}

static struct world_local *local_find(struct world_node *wn, int64_t id)
{
    list_each(link, &wn->locals)
    {
        struct world_local *l = list_item(link, struct world_local, member);
        if (l->id == id) return l;
    }
    return NULL;
}

/* Session `id`; 0: one that is free, the most recently used one or a new one. It becomes the most recently used. */
static struct world_local *local_take(struct world_node *wn, int64_t id)
{
    if (id != 0) return local_find(wn, id);
    struct world_local *taken = NULL;
    list_each(link, &wn->locals)
    {
        struct world_local *l = list_item(link, struct world_local, member);
        if (l->ticket == 0 && l->id == 0) {
            taken = l;
            break;
        }
    }
    if (!taken) taken = local_open(wn);
    if (taken && wn->locals.next != &taken->member) {
        list_remove(&taken->member);
        list_push(wn->locals.next, &taken->member); /* before the first */
    }
    return taken;
}

static void local_fail(struct world_local *l, const char *why)
{
    if (l->ticket == 0) return;
    world_complete_failed(l->owner->world, l->ticket, true, "%s", why);
    l->ticket = 0;
}

static void local_free(struct world_local *l)
{
    list_remove(&l->member);
    bytes_free(&l->reply);
    memory_free(&l->owner->world->memory, l, sizeof *l);
}

void world_local_close(struct world_local *l)
{
    local_fail(l, "CLOSED the node closed this session");
    session_closed(l->session, NULL);
    local_free(l);
}

void world_local_output(struct world_local *l)
{
    struct slice slices[WORLD_OUTPUT_SLICES];
    int count;
    while ((count = session_output(l->session, slices, WORLD_OUTPUT_SLICES)) > 0) {
        size_t size = 0;
        for (int i = 0; i < count; i++) {
            bytes_append_slice(&l->reply, slices[i]);
            size += slices[i].size;
        }
        session_output_sent(l->session, size);
    }
    int64_t size = resp_reply_size(&l->parser, l->reply.data, l->reply.size);
    if (size == 0 && !l->reply.failed) return;
    if (l->reply.failed) local_fail(l, "OOM out of memory: the reply is lost");
    if (l->ticket != 0)
        world_complete_reply(l->owner->world, l->ticket, slice_of(l->reply.data, (size_t)size));
    l->ticket = 0;
    bytes_clear(&l->reply);
    resp_parser_init(&l->parser);
}

/* ---- calls ---- */

/* Keeps a call for later. Its arguments are copied behind the struct. */
static int call_keep(struct world_node *wn, int64_t session, int64_t ticket, int argc,
                     const struct slice *argv)
{
    size_t size = sizeof(struct world_call) + (size_t)argc * sizeof *argv;
    for (int i = 0; i < argc; i++) size += argv[i].size;
    struct world_call *call = memory_alloc(&wn->world->memory, size);
    if (!call) return WORLD_NO_MEMORY;
    list_init(&call->member);
    call->ticket = ticket;
    call->session = session;
    call->argc = argc;
    call->size = size;
    char *text = (char *)(call->argv + argc);
    for (int i = 0; i < argc; i++) {
        if (argv[i].size > 0) memcpy(text, argv[i].data, argv[i].size);
        call->argv[i] = slice_of(text, argv[i].size);
        text += argv[i].size;
    }
    list_push(&wn->calls, &call->member);
    return 0;
}

/* Executes a call; 1: done, 0: it blocks or waits its turn. The ticket is reserved and stays so unless it is done. */
static int call_now(struct world_node *wn, int64_t session, int64_t ticket, int argc,
                    const struct slice *argv, struct reply *reply)
{
    struct world_local *l = local_take(wn, session);
    if (!l) return session ? WORLD_CLOSED : WORLD_NO_MEMORY;
    switch (session_call(l->session, argc, argv, reply)) {
    case SESSION_DONE: return 1;
    case SESSION_BLOCKED: l->ticket = ticket; return 0;
    case SESSION_BUSY: break;
    }
    return call_keep(wn, session, ticket, argc, argv);
}

int world_node_session_call(struct world_node *wn, int64_t session, int64_t ticket, int argc,
                            const struct slice *argv, struct reply *reply)
{
    struct world *w = wn->world;
    if (!wn->node) return WORLD_CLOSED;
    if (argc < 1) return world_fail(w, WORLD_BAD, "a call has at least a command's name");
    if (!world_ticket_reserve(w)) return WORLD_NO_MEMORY;
    int result;
    if (wn->paused || world_local_waiting(wn)) {
        result = call_keep(wn, session, ticket, argc, argv);
    } else {
        w->ops->node_enter(wn);
        result = call_now(wn, session, ticket, argc, argv, reply);
        w->ops->node_turn(wn);
        if (result == 1 && !wn->node) result = WORLD_CLOSED; /* SHUTDOWN does not answer */
    }
    if (result != 0) w->queue.outstanding--;
    return result;
}

int world_node_call(struct world_node *wn, int64_t ticket, int argc, const struct slice *argv,
                    struct reply *reply)
{
    return world_node_session_call(wn, 0, ticket, argc, argv, reply);
}

/* Executes one kept call and completes it with its reply in RESP3. False: the node cannot run it yet. */
static bool call_retry(struct world_node *wn, struct world_call *call)
{
    struct world *w = wn->world;
    struct resp_writer writer;
    bytes_clear(&w->scratch);
    resp_writer_init(&writer, &w->scratch, 3);
    struct world_local *l = local_take(wn, call->session);
    enum session_result result = SESSION_DONE;
    if (l) result = session_call(l->session, call->argc, call->argv, &writer.reply);
    if (result == SESSION_BUSY) return false;
    bool answered = result == SESSION_DONE && w->scratch.size > 0;
    if (!l || (result == SESSION_DONE && w->scratch.failed))
        world_complete_failed(w, call->ticket, l != NULL,
                              !l && call->session ? "CLOSED the session was closed" : "OOM out of memory");
    else if (answered)
        world_complete_reply(w, call->ticket, bytes_slice(&w->scratch));
    else
        l->ticket = call->ticket; /* it blocks, or was a SHUTDOWN and will be told that the node is gone */
    return true;
}

void world_local_retry(struct world_node *wn)
{
    while (!wn->paused && world_local_waiting(wn)) {
        struct world_call *call = list_item(wn->calls.next, struct world_call, member);
        if (!call_retry(wn, call)) return;
        list_remove(&call->member);
        memory_free(&wn->world->memory, call, call->size);
    }
}

/* ---- sessions of one's own ---- */

int64_t world_node_session_open(struct world_node *wn)
{
    struct world_local *l = wn->node ? local_open(wn) : NULL;
    if (!l) return 0;
    l->id = ++wn->sessions;
    return l->id;
}

void world_node_session_close(struct world_node *wn, int64_t session)
{
    struct world_local *l = wn->node && session ? local_find(wn, session) : NULL;
    if (!l) return;
    wn->world->ops->node_enter(wn);
    world_local_close(l);
    wn->world->ops->node_turn(wn);
}

/* ---- the end of a node ---- */

void world_node_stop(struct world_node *wn, const char *why)
{
    struct world *w = wn->world;
    keep_failure(wn);
    if (wn->failure) why = wn->failure;
    list_each_safe(link, &wn->locals)
    {
        struct world_local *l = list_item(link, struct world_local, member);
        local_fail(l, why);
        local_free(l);
    }
    struct list *first;
    while ((first = list_pop(&wn->calls)) != NULL) {
        struct world_call *call = list_item(first, struct world_call, member);
        world_complete_failed(w, call->ticket, false, "%s", why);
        memory_free(&w->memory, call, call->size);
    }
    node_free(wn->node);
    wn->node = NULL;
}
