/* channel.c: tidelock.Channel: one end of a replication link, at the node that has it.
 *
 * A channel object is a node and the number of the channel there; what it is about may be gone at any time.
 */
#include "lua/binding.h"

struct lua_channel {
    int64_t id;
};

enum { CHANNEL_NODE = 1, CHANNEL_VALUES = 1 };

void binding_push_channel(lua_State *L, int node, int64_t id)
{
    struct lua_channel *c = lua_newuserdatauv(L, sizeof *c, CHANNEL_VALUES);
    c->id = id;
    lua_pushvalue(L, node);
    lua_setiuservalue(L, -2, CHANNEL_NODE);
    luaL_setmetatable(L, CLASS_CHANNEL);
}

static const struct lua_channel *check_channel(lua_State *L) { return luaL_checkudata(L, 1, CLASS_CHANNEL); }

/* Pushes the channel's node. */
static struct lua_node *push_node(lua_State *L)
{
    lua_getiuservalue(L, 1, CHANNEL_NODE);
    return lua_touserdata(L, -1);
}

static int channel_closed(lua_State *L) { return result_fail(L, "CLOSED this channel is no more"); }

/* What the node says of it, in a userdata that is pushed; NULL: it is gone. */
static struct channel_state *push_state(lua_State *L, const struct lua_channel *c, const struct lua_node *n)
{
    struct node *node = n->owner->world ? world_node_get(n->node) : NULL;
    if (!node) return NULL;
    int count = node_channels(node, NULL, 0);
    struct channel_state *list = lua_newuserdatauv(L, (size_t)count * sizeof *list, 0);
    node = n->owner->world ? world_node_get(n->node) : NULL; /* a finalizer may have done anything */
    if (!node) return NULL;
    int there = node_channels(node, list, count);
    for (int i = 0; i < there && i < count; i++)
        if (list[i].id == c->id) return &list[i];
    return NULL;
}

/* An acknowledged offset; nil when there has been none. */
static void set_offset(lua_State *L, const char *name, int64_t offset)
{
    if (offset < 0) return;
    lua_pushinteger(L, offset);
    lua_setfield(L, -2, name);
}

static int stats(lua_State *L)
{
    const struct lua_channel *c = check_channel(L);
    const struct channel_state *s = push_state(L, c, push_node(L));
    if (!s) return channel_closed(L);
    lua_createtable(L, 0, 11);
    lua_pushstring(L, s->state);
    lua_setfield(L, -2, "state");
    lua_pushstring(L, s->direction == CHANNEL_FEED ? "feed" : "follow");
    lua_setfield(L, -2, "direction");
    lua_pushstring(L, s->peer);
    lua_setfield(L, -2, "peer");
    lua_pushstring(L, s->address);
    lua_setfield(L, -2, "address");
    lua_pushboolean(L, s->paused);
    lua_setfield(L, -2, "paused");
    set_offset(L, "offset", s->offset);
    set_offset(L, "received", s->received);
    set_offset(L, "applied", s->applied);
    set_offset(L, "fsynced", s->fsynced);
    set_offset(L, "lag_bytes", s->lag_bytes);
    if (s->lag_us >= 0) {
        arguments_push_duration(L, s->lag_us);
        lua_setfield(L, -2, "lag_ms");
    }
    return 1;
}

static int hold(lua_State *L, bool pause)
{
    const struct lua_channel *c = check_channel(L);
    const struct lua_node *n = push_node(L);
    if (!n->owner->world) return channel_closed(L);
    return binding_world_result(L, n->owner, world_node_channel_pause(n->node, c->id, pause),
                                "this channel is no more");
}

static int pause_channel(lua_State *L) { return hold(L, true); }

static int resume_channel(lua_State *L) { return hold(L, false); }

static int node(lua_State *L)
{
    check_channel(L);
    push_node(L);
    return 1;
}

static int channel_tostring(lua_State *L)
{
    const struct lua_channel *c = check_channel(L);
    push_node(L);
    lua_pushfstring(L, "tidelock.Channel (%I of %s)", (LUAI_UACINT)c->id, luaL_tolstring(L, -1, NULL));
    return 1;
}

void binding_open_channel(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"stats", stats}, {"pause", pause_channel}, {"resume", resume_channel}, {"node", node}, {NULL, NULL},
    };
    static const luaL_Reg metamethods[] = {{"__tostring", channel_tostring}, {NULL, NULL}};
    int core = lua_gettop(L);
    binding_class(L, CLASS_CHANNEL, "Channel", methods, metamethods);
    lua_settop(L, core);
}
