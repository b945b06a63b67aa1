/* pipeline.c: tidelock.Pipeline: several requests of a client at once, and then all their replies.
 *
 * What client:pipeline gives to its function. Its methods are commands, as a client's, but send and return nothing. A
 * client has one, which it uses again and again; only where it is in use already, or was left in the middle by an
 * error, there is another one.
 */
#include "lua/binding.h"

struct lua_pipeline {
    const char *class_name;
    struct lua_client *client;
    int group; /* slot of task.c, -1: over */
};

enum { PIPELINE_CLIENT = 1, PIPELINE_WORLD = 2, PIPELINE_VALUES = 2 };

static struct lua_pipeline *check_pipeline(lua_State *L) { return binding_object(L, 1, CLASS_PIPELINE); }

static bool is_open(const struct lua_client *c) { return c->client && c->owner->world; }

/* ---- sending ---- */

static int run(lua_State *L, struct lua_pipeline *p, const struct arguments *a)
{
    struct lua_client *c = p->client;
    struct lua_world *w = c->owner;
    if (p->group < 0) return luaL_error(L, "the pipeline is over");
    if (!is_open(c)) return 0; /* its end will say */
    int64_t ticket = task_group_ticket(w, p->group);
    enum world_result result = world_client_request(c->client, ticket, a->argc, a->argv);
    if (result == WORLD_OK) return 0;
    task_group_drop(w, p->group);
    return binding_world_failed(L, w, result, "the client is closed");
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
    if (group < 0 || !p->client->owner->world) return;
    lua_getiuservalue(L, index, PIPELINE_WORLD);
    task_group_free(L, lua_gettop(L), p->client->owner, group);
    lua_pop(L, 1);
}

static int pipeline_gc(lua_State *L)
{
    drop(L, check_pipeline(L), 1);
    return 0;
}

/* Pushes the pipeline of the client at index 1. */
static struct lua_pipeline *push_pipeline(lua_State *L, struct lua_client *c)
{
    if (lua_getiuservalue(L, 1, CLIENT_PIPELINE) == LUA_TUSERDATA) {
        struct lua_pipeline *idle = lua_touserdata(L, -1);
        if (idle->group < 0) return idle;
    }
    lua_pop(L, 1);
    struct lua_pipeline *p = lua_newuserdatauv(L, sizeof *p, PIPELINE_VALUES);
    *p = (struct lua_pipeline){.class_name = CLASS_PIPELINE, .client = c, .group = -1};
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, PIPELINE_CLIENT);
    lua_getiuservalue(L, 1, PLACE_WORLD);
    lua_setiuservalue(L, -2, PIPELINE_WORLD);
    luaL_setmetatable(L, CLASS_PIPELINE);
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
    if (!is_open(p->client)) {
        drop(L, p, 1);
        return result_fail(L, "CLOSED the client is closed");
    }
    p->group = -1;
    lua_getiuservalue(L, 1, PIPELINE_WORLD);
    return task_group_await(L, lua_gettop(L), p->client->owner, group);
}

int binding_pipeline(lua_State *L)
{
    struct lua_client *c = binding_object(L, 1, CLASS_CLIENT);
    if (lua_type(L, 2) != LUA_TFUNCTION)
        return luaL_error(L, "pipeline: fn: function expected, got %s", luaL_typename(L, 2));
    if (!is_open(c)) return result_fail(L, "CLOSED the client is closed");
    lua_createtable(L, 2, 0); /* for the replies */
    struct lua_pipeline *p = push_pipeline(L, c);
    if (!is_open(c)) return result_fail(L, "CLOSED the client is closed"); /* by a finalizer, by now */
    /* client, fn, ..., replies, pipeline: to pipeline, fn, pipeline, ..., replies */
    lua_pushvalue(L, -1);
    lua_replace(L, 1);
    lua_insert(L, 3);
    lua_getiuservalue(L, 1, PIPELINE_WORLD);
    lua_insert(L, -2);
    p->group = task_group(L, lua_gettop(L) - 1, c->owner);
    if (p->group < 0) return result_fail(L, "OOM out of memory");
    lua_pop(L, 1);
    lua_callk(L, lua_gettop(L) - 2, 0, 0, finish);
    return finish(L, LUA_OK, 0);
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
