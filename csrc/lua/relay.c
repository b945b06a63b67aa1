/* relay.c: tidelock.Relay: a link between real processes (world/relay.h), and reading a link's properties from a table.
 *
 * A relay belongs to a live world and ends with it.
 */
#include "world/relay.h"

#include "lua/binding.h"

struct lua_relay {
    struct lua_world *owner;
    struct world_relay *relay; /* NULL: closed */
};

static void read_link_field(lua_State *L, int table, const char *name, double *value)
{
    if (lua_getfield(L, table, name) != LUA_TNIL) {
        if (lua_type(L, -1) != LUA_TNUMBER)
            luaL_error(L, "%s: number expected, got %s", name, luaL_typename(L, -1));
        *value = lua_tonumber(L, -1);
    }
    lua_pop(L, 1);
}

static void read_link_duration(lua_State *L, int table, const char *name, int64_t *value)
{
    if (lua_getfield(L, table, name) != LUA_TNIL) *value = arguments_duration(L, -1, name);
    lua_pop(L, 1);
}

void binding_read_link(lua_State *L, int table, struct world_link *link)
{
    read_link_duration(L, table, "latency", &link->latency);
    read_link_duration(L, table, "jitter", &link->jitter);
    read_link_field(L, table, "loss", &link->loss);
    read_link_field(L, table, "bandwidth", &link->bandwidth);
    if (lua_getfield(L, table, "cut") != LUA_TNIL) link->cut = lua_toboolean(L, -1);
    lua_pop(L, 1);
}

static struct lua_relay *check_relay(lua_State *L) { return luaL_checkudata(L, 1, CLASS_RELAY); }

/* The relay while it and its world are open, else NULL. */
static struct world_relay *open_relay(const struct lua_relay *r)
{
    return r->owner && r->owner->world ? r->relay : NULL;
}

static int relay_closed(lua_State *L) { return result_fail(L, "CLOSED the relay is closed"); }

static int check_port(lua_State *L, int index, lua_Integer min)
{
    lua_Integer port = luaL_checkinteger(L, index);
    luaL_argcheck(L, port >= min && port <= UINT16_MAX, index, "not a port");
    return (int)port;
}

/* core.relay(world, port, host, to_port): listens on a port (0: a free one) and passes on to host:to_port. */
static int new_relay(lua_State *L)
{
    struct lua_world *w = binding_world(L, 1);
    int port = check_port(L, 2, 0);
    const char *host = luaL_checkstring(L, 3);
    int to_port = check_port(L, 4, 1);
    struct lua_relay *r = lua_newuserdatauv(L, sizeof *r, 1);
    *r = (struct lua_relay){.owner = w};
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, CLASS_RELAY);
    if (!w->world) return result_fail(L, "CLOSED the world is closed");
    if (world_is_sim(w->world))
        return luaL_error(L, "a simulated world has no relays, its links are its own");
    r->relay = world_relay_new(w->world, port, host, to_port);
    if (!r->relay) return binding_world_failed(L, w, world_failure(w->world), "the world is closed");
    return 1;
}

static int relay_port(lua_State *L)
{
    struct world_relay *relay = open_relay(check_relay(L));
    if (!relay) return relay_closed(L);
    lua_pushinteger(L, world_relay_port(relay));
    return 1;
}

/* relay:set(forward, properties): the properties of one direction, all that are not given being none. */
static int relay_set(lua_State *L)
{
    const struct lua_relay *r = check_relay(L);
    bool forward = lua_toboolean(L, 2);
    struct world_link link = {0};
    luaL_checktype(L, 3, LUA_TTABLE);
    binding_read_link(L, 3, &link);
    struct world_relay *relay = open_relay(r);
    if (!relay) return relay_closed(L);
    return binding_world_result(L, r->owner, world_relay_set(relay, forward, &link), "the relay is closed");
}

static int relay_reset(lua_State *L)
{
    struct world_relay *relay = open_relay(check_relay(L));
    if (!relay) return relay_closed(L);
    world_relay_reset(relay);
    lua_pushboolean(L, 1);
    return 1;
}

static int relay_close(lua_State *L)
{
    struct lua_relay *r = check_relay(L);
    struct world_relay *relay = open_relay(r);
    r->relay = NULL;
    if (relay) world_relay_free(relay);
    return 0;
}

void binding_open_relay(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"port", relay_port},   {"set", relay_set}, {"reset", relay_reset},
        {"close", relay_close}, {NULL, NULL},
    };
    static const luaL_Reg metamethods[] = {
        {"__gc", relay_close},
        {"__close", binding_close},
        {NULL, NULL},
    };
    int core = lua_gettop(L);
    binding_class(L, CLASS_RELAY, "Relay", methods, metamethods);
    lua_settop(L, core);
    lua_pushcfunction(L, new_relay);
    lua_setfield(L, -2, "relay");
}
