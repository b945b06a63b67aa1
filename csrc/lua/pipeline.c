/* pipeline.c: tidelock.Pipeline: several requests of a client at once, and then all their replies.
 *
 * Its methods are commands, as a client's, but send and return nothing; `finish` waits for all and returns the replies.
 */
#include "lua/binding.h"

struct lua_pipeline {
    struct lua_client *client;
    int group; /* slot of task.c, -1: over */
};

enum { PIPELINE_CLIENT = 1, PIPELINE_WORLD = 2, PIPELINE_VALUES = 2 };

static struct lua_pipeline *check_pipeline(lua_State *L) { return luaL_checkudata(L, 1, CLASS_PIPELINE); }

static int run(lua_State *L, struct lua_pipeline *p, const struct arguments *a)
{
    struct lua_client *c = p->client;
    struct lua_world *w = c->owner;
    if (p->group < 0) return luaL_error(L, "the pipeline is over");
    if (!c->client || !w->world) return 0; /* finish will say */
    int64_t ticket = task_group_ticket(w, p->group);
    enum world_result result = world_client_request(c->client, ticket, a->argc, a->argv);
    if (result == WORLD_OK) return 0;
    task_group_drop(w, p->group);
    return binding_world_failed(L, w, result, "the client is closed");
}

/* Upvalues: the command's name, the class's metatable. */
static int method(lua_State *L)
{
    struct lua_pipeline *p = binding_self(L, 1, 2, CLASS_PIPELINE);
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

static void drop(lua_State *L, struct lua_pipeline *p)
{
    if (p->group < 0) return;
    if (p->client->owner->world) {
        lua_getiuservalue(L, 1, PIPELINE_WORLD);
        task_group_free(L, lua_gettop(L), p->client->owner, p->group);
    }
    p->group = -1;
}

static int drop_pipeline(lua_State *L)
{
    drop(L, check_pipeline(L));
    return 0;
}

/* finish(pipeline): the array of replies. */
static int finish(lua_State *L)
{
    struct lua_pipeline *p = check_pipeline(L);
    struct lua_world *w = p->client->owner;
    if (p->group < 0) return luaL_error(L, "the pipeline is over");
    if (!p->client->client || !w->world) {
        drop(L, p);
        return result_fail(L, "CLOSED the client is closed");
    }
    lua_getiuservalue(L, 1, PIPELINE_WORLD);
    return task_group_await(L, lua_gettop(L), w, p->group);
}

/* __index: a method, or a command. Upvalues: the table of methods, the class's metatable. */
static int pipeline_index(lua_State *L)
{
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL || lua_type(L, 2) != LUA_TSTRING) return 1;
    struct slice name;
    name.data = lua_tolstring(L, 2, &name.size);
    if (!binding_is_command(name)) return 0;
    binding_push_command(L, name, method, 2);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, lua_upvalueindex(1));
    return 1;
}

/* pipeline(client) */
static int new_pipeline(lua_State *L)
{
    struct lua_client *c = luaL_checkudata(L, 1, CLASS_CLIENT);
    if (!c->client || !c->owner->world) return result_fail(L, "CLOSED the client is closed");
    struct lua_pipeline *p = lua_newuserdatauv(L, sizeof *p, PIPELINE_VALUES);
    p->client = c;
    p->group = -1;
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, PIPELINE_CLIENT);
    lua_getiuservalue(L, 1, PLACE_WORLD);
    lua_setiuservalue(L, -2, PIPELINE_WORLD);
    luaL_setmetatable(L, CLASS_PIPELINE);
    lua_getiuservalue(L, 1, PLACE_WORLD);
    lua_newtable(L);
    p->group = task_group(L, lua_gettop(L) - 1, c->owner);
    if (p->group < 0) return result_fail(L, "OOM out of memory");
    lua_pop(L, 1);
    return 1;
}

void binding_open_pipeline(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"call", call},
        {"finish", finish},
        {"drop", drop_pipeline},
        {NULL, NULL},
    };
    static const luaL_Reg metamethods[] = {
        {"__gc", drop_pipeline},
        {"__close", drop_pipeline},
        {NULL, NULL},
    };
    int core = lua_gettop(L);
    binding_class(L, CLASS_PIPELINE, "Pipeline", methods, metamethods);
    lua_getfield(L, core, "Pipeline");
    lua_pushvalue(L, core + 1);
    lua_pushcclosure(L, pipeline_index, 2);
    lua_setfield(L, core + 1, "__index");
    lua_settop(L, core);
    lua_pushcfunction(L, new_pipeline);
    lua_setfield(L, -2, "pipeline");
}
