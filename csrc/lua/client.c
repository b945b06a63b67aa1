/* client.c: tidelock.Client: somebody at a place of their own, who reaches a node over a link.
 *
 * A client lives until it is closed or its world is, never only until Lua collects it: when that happens depends on
 * memory, and the same seed must give the same run.
 */
#include "lua/binding.h"

static struct lua_client *check_client(lua_State *L) { return binding_object(L, 1, CLASS_CLIENT); }

static bool is_open(const struct lua_client *c) { return c->client && c->owner->world; }

static int client_closed(lua_State *L)
{
    result_fail(L, "CLOSED the client is closed");
    lua_pushliteral(L, "fail");
    return 4;
}

static int run(lua_State *L, struct lua_client *c, const struct arguments *a)
{
    struct lua_world *w = c->owner;
    if (!is_open(c)) return client_closed(L);
    int64_t ticket = task_ticket(L, w);
    if (ticket == 0) return result_fail(L, "OOM out of memory");
    enum world_result result = world_client_request(c->client, ticket, a->argc, a->argv);
    if (result == WORLD_OK) return task_await(L, 0, w, ticket);
    task_drop(w, ticket);
    return binding_world_failed(L, w, result, "the client is closed");
}

/* Upvalue: the command's name. */
static int method(lua_State *L)
{
    struct lua_client *c = check_client(L);
    struct arguments a;
    arguments_read(L, &a, lua_tostring(L, lua_upvalueindex(1)), 2);
    return run(L, c, &a);
}

static int call(lua_State *L)
{
    struct lua_client *c = check_client(L);
    struct arguments a;
    arguments_read(L, &a, NULL, 2);
    return run(L, c, &a);
}

/* receive(client, timeout): the next message as the push it came as; timeout nil: waits as long as it takes. */
static int receive(lua_State *L)
{
    struct lua_client *c = check_client(L);
    int64_t timeout = lua_isnoneornil(L, 2) ? -1 : arguments_duration(L, 2, "timeout");
    struct lua_world *w = c->owner;
    if (!is_open(c)) return client_closed(L);
    int64_t ticket = task_ticket(L, w);
    if (ticket == 0) return result_fail(L, "OOM out of memory");
    enum world_result result = world_client_receive(c->client, ticket, timeout);
    if (result == WORLD_OK) return task_await(L, 0, w, ticket);
    task_drop(w, ticket);
    return binding_world_failed(L, w, result, "the client is closed");
}

/* go_to(client, host, port) */
static int go_to(lua_State *L)
{
    struct lua_client *c = check_client(L);
    const char *host = luaL_checkstring(L, 2);
    int port = (int)luaL_checkinteger(L, 3);
    if (!is_open(c)) return client_closed(L);
    return binding_world_result(L, c->owner, world_client_connect(c->client, host, port),
                                "the client is closed");
}

/* connection(client): which of its connections this is, 0: there is none now. */
static int connection(lua_State *L)
{
    const struct lua_client *c = check_client(L);
    lua_pushinteger(L, is_open(c) ? world_client_connection(c->client) : 0);
    return 1;
}

static int close_client(lua_State *L)
{
    struct lua_client *c = check_client(L);
    if (!is_open(c)) return 0;
    world_client_free(c->client);
    c->client = NULL;
    return 0;
}

static int client_tostring(lua_State *L)
{
    const struct lua_client *c = check_client(L);
    lua_getiuservalue(L, 1, PLACE_NAME);
    lua_pushfstring(L, "tidelock.Client (%s%s)", lua_tostring(L, -1), is_open(c) ? "" : ", closed");
    return 1;
}

/* __index: a method, a property, or a command: any, since the server may be any. Upvalue: the table of methods. */
static int client_index(lua_State *L)
{
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL || lua_type(L, 2) != LUA_TSTRING) return 1;
    check_client(L);
    struct slice name;
    name.data = lua_tolstring(L, 2, &name.size);
    if (slice_equal(name, slice_text("name"))) {
        lua_getiuservalue(L, 1, PLACE_NAME);
        return 1;
    }
    if (slice_equal(name, slice_text("world"))) {
        lua_getiuservalue(L, 1, PLACE_WORLD);
        return 1;
    }
    if (!binding_is_command(name)) return 0;
    binding_push_command(L, name, method);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, lua_upvalueindex(1));
    return 1;
}

/* client(world, name, host, port, timeout[, password[, user]]): a Client, or nil and why not. */
static int new_client(lua_State *L)
{
    struct lua_world *w = binding_world(L, 1);
    const char *name = luaL_optstring(L, 2, NULL);
    const char *host = luaL_checkstring(L, 3);
    int port = (int)luaL_checkinteger(L, 4);
    int64_t timeout = arguments_duration(L, 5, "timeout");
    struct world_login login = {.user.data = luaL_optlstring(L, 7, NULL, &login.user.size),
                                .password.data = luaL_optlstring(L, 6, NULL, &login.password.size)};
    struct lua_client *c = lua_newuserdatauv(L, sizeof *c, CLIENT_VALUES);
    c->class_name = CLASS_CLIENT;
    c->owner = w;
    c->client = NULL;
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, PLACE_WORLD);
    luaL_setmetatable(L, CLASS_CLIENT);
    if (!w->world) return result_fail(L, "CLOSED the world is closed");
    c->client = world_client_new(w->world, name, host, port, timeout, login.password.data ? &login : NULL);
    if (!c->client) return binding_world_failed(L, w, world_failure(w->world), "the world is closed");
    lua_pushstring(L, world_client_name(c->client));
    lua_setiuservalue(L, -2, PLACE_NAME);
    return 1;
}

void binding_open_client(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"call", call},
        {"go_to", go_to},
        {"close", close_client},
        {"receive", receive},
        {"pipeline", binding_client_pipeline},
        {NULL, NULL},
    };
    static const luaL_Reg metamethods[] = {
        {"__close", binding_close},
        {"__tostring", client_tostring},
        {NULL, NULL},
    };
    int core = lua_gettop(L);
    binding_class(L, CLASS_CLIENT, "Client", methods, metamethods);
    lua_getfield(L, core, "Client");
    lua_pushcclosure(L, client_index, 1);
    lua_setfield(L, core + 1, "__index");
    lua_settop(L, core);
    lua_pushcfunction(L, new_client);
    lua_setfield(L, -2, "client");
    lua_pushcfunction(L, connection);
    lua_setfield(L, -2, "connection");
}
