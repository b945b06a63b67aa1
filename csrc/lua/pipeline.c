/* pipeline.c: tidelock.Pipeline: several requests of a client, or calls of a node, at once, and then all their replies.
 *
 * What client:pipeline and node:pipeline give to their function. Its methods are commands, as theirs are, but return
 * nothing: the replies come together at the end. A client has one, which it uses again and again; only where it is in
 * use already, or was left in the middle by an error, there is another one. A node's is made for the occasion.
 */
#include "lua/binding.h"

struct lua_pipeline {
    const char *class_name;
    struct lua_client *client; /* this or … */
    struct lua_node *node;     /* … this */
    struct lua_world *world;   /* its owner */
    int group;                 /* slot of task.c, -1: over */
};

enum { PIPELINE_OF = 1, PIPELINE_WORLD = 2, PIPELINE_VALUES = 2 };

static struct lua_pipeline *check_pipeline(lua_State *L) { return binding_object(L, 1, CLASS_PIPELINE); }

static bool is_open(const struct lua_pipeline *p)
{
    return p->world->world && (!p->client || p->client->client);
}

static int closed(lua_State *L, const struct lua_pipeline *p)
{
    return result_fail(L, "CLOSED the %s is closed", p->client ? "client" : "world");
}

/* ---- requests ---- */

static int request(lua_State *L, struct lua_pipeline *p, const struct arguments *a)
{
    int64_t ticket = task_group_ticket(p->world, p->group);
    enum world_result result = world_client_request(p->client->client, ticket, a->argc, a->argv);
    if (result == WORLD_OK) return 0;
    task_group_drop(p->world, p->group);
    return binding_world_failed(L, p->world, result, "the client is closed");
}

/* A node has its answer at once, unless the command blocks. */
static int call_node(lua_State *L, struct lua_pipeline *p, const struct arguments *a)
{
    struct lua_world *w = p->world;
    lua_getiuservalue(L, 1, PIPELINE_WORLD);
    int world = lua_gettop(L);
    struct capture *c = capture_take(L, &w->capture, world);
    int64_t ticket = task_group_ticket(w, p->group);
    int done = world_node_call(p->node->node, ticket, a->argc, a->argv, &c->reply);
    if (done == 0) return 0;
    int count;
    if (done < 0)
        count = binding_world_failed(L, w, (enum world_result)done, "the node is down");
    else
        count = result_push(L, c);
    if (p->group >= 0 && w->world) task_group_answer(L, world, w, ticket, count);
    return 0;
}

static int run(lua_State *L, struct lua_pipeline *p, const struct arguments *a)
{
    if (p->group < 0) return luaL_error(L, "the pipeline is over");
    if (!is_open(p)) return 0; /* its end will say */
    return p->client ? request(L, p, a) : call_node(L, p, a);
}

/* Upvalue: the command's name. */
static int method(lua_State *L)
{
    struct lua_pipeline *p = check_pipeline(L);
    struct arguments a;
    arguments_read(L, &a, lua_tostring(L, lua_upvalueindex(1)), 2);
    return run(L, p, &a);
}

static int call(lua_State *L)
{
    struct lua_pipeline *p = check_pipeline(L);
    struct arguments a;
    arguments_read(L, &a, NULL, 2);
    return run(L, p, &a);
}

/* __index of the table of methods: makes the method for a command. */
static int find_method(lua_State *L)
{
    struct slice name;
    if (lua_type(L, 2) != LUA_TSTRING) return 0;
    name.data = lua_tolstring(L, 2, &name.size);
    if (!binding_is_command(name)) return 0;
    binding_push_command(L, name, method);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
    return 1;
}

/* ---- beginning and end ---- */

/* Ends it without waiting. */
static void drop(lua_State *L, struct lua_pipeline *p, int index)
{
    int group = p->group;
    p->group = -1;
    if (group < 0 || !p->world->world) return;
    lua_getiuservalue(L, index, PIPELINE_WORLD);
    task_group_free(L, lua_gettop(L), p->world, group);
    lua_pop(L, 1);
}

static int pipeline_gc(lua_State *L)
{
    drop(L, check_pipeline(L), 1);
    return 0;
}

/* Pushes a pipeline of the client or node at index 1. */
static struct lua_pipeline *push_new(lua_State *L, struct lua_world *w, struct lua_client *c,
                                     struct lua_node *n)
{
    struct lua_pipeline *p = lua_newuserdatauv(L, sizeof *p, PIPELINE_VALUES);
    *p = (struct lua_pipeline){.class_name = CLASS_PIPELINE, .client = c, .node = n, .world = w, .group = -1};
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, PIPELINE_OF);
    lua_getiuservalue(L, 1, PLACE_WORLD);
    lua_setiuservalue(L, -2, PIPELINE_WORLD);
    luaL_setmetatable(L, CLASS_PIPELINE);
    return p;
}

/* Pushes the pipeline of the client at index 1. */
static struct lua_pipeline *push_kept(lua_State *L, struct lua_client *c)
{
    if (lua_getiuservalue(L, 1, CLIENT_PIPELINE) == LUA_TUSERDATA) {
        struct lua_pipeline *idle = lua_touserdata(L, -1);
        if (idle->group < 0) return idle;
    }
    lua_pop(L, 1);
    struct lua_pipeline *p = push_new(L, c->owner, c, NULL);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, 1, CLIENT_PIPELINE);
    return p;
}

/* All requests have been sent by the pipeline at index 1: waits for the replies. */
static int finish(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct lua_pipeline *p = lua_touserdata(L, 1);
    int group = p->group;
    if (!is_open(p)) {
        drop(L, p, 1);
        return closed(L, p);
    }
    p->group = -1;
    lua_getiuservalue(L, 1, PIPELINE_WORLD);
    return task_group_await(L, lua_gettop(L), p->world, group);
}

static void check_function(lua_State *L)
{
    if (lua_type(L, 2) != LUA_TFUNCTION)
        luaL_error(L, "pipeline: fn: function expected, got %s", luaL_typename(L, 2));
}

/* Runs the function with the pipeline `p`. The stack: client or node, fn, ..., replies, pipeline. */
static int begin(lua_State *L, struct lua_pipeline *p)
{
    if (!is_open(p)) return closed(L, p);
    /* to pipeline, fn, pipeline, ..., replies */
    lua_pushvalue(L, -1);
    lua_replace(L, 1);
    lua_insert(L, 3);
    lua_getiuservalue(L, 1, PIPELINE_WORLD);
    lua_insert(L, -2);
    p->group = task_group(L, lua_gettop(L) - 1, p->world);
    if (p->group < 0) return result_fail(L, "OOM out of memory");
    lua_pop(L, 1);
    lua_callk(L, lua_gettop(L) - 2, 0, 0, finish);
    return finish(L, LUA_OK, 0);
}

int binding_client_pipeline(lua_State *L)
{
    struct lua_client *c = binding_object(L, 1, CLASS_CLIENT);
    check_function(L);
    lua_createtable(L, 2, 0); /* for the replies */
    return begin(L, push_kept(L, c));
}

int binding_node_pipeline(lua_State *L)
{
    struct lua_node *n = binding_object(L, 1, CLASS_NODE);
    check_function(L);
    lua_createtable(L, 2, 0);
    return begin(L, push_new(L, n->owner, NULL, n));
}

void binding_open_pipeline(lua_State *L)
{
    static const luaL_Reg methods[] = {{"call", call}, {NULL, NULL}};
    static const luaL_Reg metamethods[] = {{"__gc", pipeline_gc}, {NULL, NULL}};
    int core = lua_gettop(L);
    binding_class(L, CLASS_PIPELINE, "Pipeline", methods, metamethods);
    /* the table of methods is indexed itself, and fills up with commands */
    lua_getfield(L, core, "Pipeline");
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, find_method);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_settop(L, core);
}
