/* node.c: tidelock.Node: a node in a world. What is built from these functions is in lua/tidelock/node.lua. */
#include "lua/binding.h"

static struct lua_node *check_node(lua_State *L) { return binding_object(L, 1, CLASS_NODE); }

/* `CLOSED`: the node at index 1 is down, or its world closed. */
static int node_closed(lua_State *L, const struct lua_node *n)
{
    if (!n->owner->world) return result_fail(L, "CLOSED the world is closed");
    lua_getiuservalue(L, 1, PLACE_NAME);
    const char *why = world_node_failure(n->node);
    return result_fail(L, "CLOSED node %s is down%s%s", lua_tostring(L, -1), why ? ": " : "", why ? why : "");
}

static int node_result(lua_State *L, const struct lua_node *n, enum world_result result)
{
    if (result == WORLD_CLOSED) return node_closed(L, n);
    return binding_world_result(L, n->owner, result, "the node is down");
}

/* The node that runs there; NULL: `return node_closed(L, n)`. */
static struct node *running_node(const struct lua_node *n)
{
    return n->owner->world ? world_node_get(n->node) : NULL;
}

/* ---- commands ---- */

/* `session`: of its own, 0: any. */
static int run(lua_State *L, struct lua_node *n, int64_t session, const struct arguments *a)
{
    struct lua_world *w = n->owner;
    if (!w->world) return node_closed(L, n);
    struct capture *c = capture_take(L, &w->capture, 1);
    int64_t ticket = task_ticket(L, w);
    if (ticket == 0) return result_fail(L, "OOM out of memory");
    int done = world_node_session_call(n->node, session, ticket, a->argc, a->argv, &c->reply);
    if (done == 0) return task_await(L, 0, w, ticket);
    task_drop(w, ticket);
    if (done < 0) return node_result(L, n, (enum world_result)done);
    return result_push(L, c);
}

/* Upvalue: the command's name. */
static int method(lua_State *L)
{
    struct lua_node *n = check_node(L);
    struct arguments a;
    arguments_read(L, &a, lua_tostring(L, lua_upvalueindex(1)), 2);
    return run(L, n, 0, &a);
}

static int call(lua_State *L)
{
    struct lua_node *n = check_node(L);
    struct arguments a;
    arguments_read(L, &a, NULL, 2);
    return run(L, n, 0, &a);
}

/* open_session(node): the number of a session of the caller's own; call_in_session(node, session, name, ...);
 * close_session(node, session). */
static int open_session(lua_State *L)
{
    const struct lua_node *n = check_node(L);
    if (!running_node(n)) return node_closed(L, n);
    int64_t session = world_node_session_open(n->node);
    if (session == 0) return result_fail(L, "OOM out of memory");
    lua_pushinteger(L, session);
    return 1;
}

static int call_in_session(lua_State *L)
{
    struct lua_node *n = check_node(L);
    int64_t session = luaL_checkinteger(L, 2);
    struct arguments a;
    arguments_read(L, &a, NULL, 3);
    return run(L, n, session, &a);
}

static int close_session(lua_State *L)
{
    const struct lua_node *n = check_node(L);
    if (running_node(n)) world_node_session_close(n->node, luaL_checkinteger(L, 2));
    return 0;
}

/* ---- what becomes of it ---- */

static int configure(lua_State *L)
{
    struct lua_node *n = check_node(L);
    struct slice name, value;
    name.data = luaL_checklstring(L, 2, &name.size);
    value.data = luaL_checklstring(L, 3, &value.size);
    if (!n->owner->world) return node_closed(L, n);
    return node_result(L, n, world_node_configure(n->node, name, value));
}

static int crash(lua_State *L)
{
    static const char *const kinds[] = {"process", "power", NULL};
    struct lua_node *n = check_node(L);
    enum world_crash what = WORLD_CRASH;
    if (!lua_isnoneornil(L, 2))
        what = luaL_checkoption(L, 2, NULL, kinds) == 0 ? WORLD_CRASH_PROCESS : WORLD_CRASH_POWER;
    if (!n->owner->world) return node_closed(L, n);
    return node_result(L, n, world_node_crash(n->node, what));
}

static int restart(lua_State *L)
{
    struct lua_node *n = check_node(L);
    if (!n->owner->world) return node_closed(L, n);
    return node_result(L, n, world_node_restart(n->node));
}

static int pause_or_resume(lua_State *L, bool pause)
{
    struct lua_node *n = check_node(L);
    if (!n->owner->world) return node_closed(L, n);
    return node_result(L, n, world_node_pause(n->node, pause));
}

static int pause_node(lua_State *L) { return pause_or_resume(L, true); }

static int resume_node(lua_State *L) { return pause_or_resume(L, false); }

/* ---- what can be seen of it ---- */

static int is_up(lua_State *L)
{
    lua_pushboolean(L, running_node(check_node(L)) != NULL);
    return 1;
}

/* Why it gave up; nil: it did not. */
static int failure(lua_State *L)
{
    const struct lua_node *n = check_node(L);
    lua_pushstring(L, n->owner->world ? world_node_failure(n->node) : NULL);
    return 1;
}

/* diary(node): what its nodes have had to say since it was asked last: lines (node/diary.h). */
static int diary(lua_State *L)
{
    const struct lua_node *n = check_node(L);
    if (!n->owner->world) return node_closed(L, n);
    struct bytes *lines = world_node_diary(n->node);
    lua_pushlstring(L, lines->size > 0 ? lines->data : "", lines->size);
    bytes_free(lines);
    return 1;
}

static int is_primary(lua_State *L)
{
    const struct lua_node *n = check_node(L);
    struct node *node = running_node(n);
    struct node_state s;
    if (!node) return node_closed(L, n);
    node_inspect(node, &s);
    lua_pushboolean(L, s.primary);
    return 1;
}

static void set_integer(lua_State *L, const char *name, int64_t value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

static void set_text(lua_State *L, const char *name, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static int state(lua_State *L)
{
    const struct lua_node *n = check_node(L);
    struct node *node = running_node(n);
    struct node_state s;
    if (!node) return node_closed(L, n);
    node_inspect(node, &s);
    lua_createtable(L, 0, 15);
    lua_pushboolean(L, s.primary);
    lua_setfield(L, -2, "primary");
    lua_pushboolean(L, s.link_up);
    lua_setfield(L, -2, "link_up");
    set_text(L, "link_error", s.link_error);
    set_text(L, "torn", s.torn);
    set_text(L, "replid", s.replid);
    set_text(L, "replid2", s.replid2);
    set_integer(L, "offset", s.offset);
    set_integer(L, "second_offset", s.second_offset);
    set_integer(L, "replicas", s.replicas);
    set_integer(L, "keys", s.keys);
    set_integer(L, "used_memory", (int64_t)s.used_memory);
    set_integer(L, "commands", s.commands);
    set_integer(L, "discarded_bytes", s.discarded_bytes);
    set_integer(L, "full_syncs", s.full_syncs);
    set_integer(L, "partial_syncs", s.partial_syncs);
    return 1;
}

static int digest(lua_State *L)
{
    const struct lua_node *n = check_node(L);
    struct node *node = running_node(n);
    if (!node) return node_closed(L, n);
    binding_push_digest(L, node_digest(node));
    return 1;
}

static int channels(lua_State *L)
{
    const struct lua_node *n = check_node(L);
    struct node *node = running_node(n);
    if (!node) return node_closed(L, n);
    int count = node_channels(node, NULL, 0);
    struct channel_state *list = lua_newuserdatauv(L, (size_t)count * sizeof *list, 0);
    node = running_node(n); /* the allocation may have run a finalizer, and that anything */
    if (!node) return node_closed(L, n);
    int there = node_channels(node, list, count);
    if (there < count) count = there;
    lua_createtable(L, count, 0);
    for (int i = 0; i < count; i++) {
        binding_push_channel(L, 1, list[i].id);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* ---- the class ---- */

static int node_tostring(lua_State *L)
{
    const struct lua_node *n = check_node(L);
    lua_getiuservalue(L, 1, PLACE_NAME);
    lua_pushfstring(L, "tidelock.Node (%s%s)", lua_tostring(L, -1), running_node(n) ? "" : ", down");
    return 1;
}

/* __index: a method, a property, or a command of nodes, whose method is made and kept in the table of methods.
 * Upvalue: that table. */
static int node_index(lua_State *L)
{
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL || lua_type(L, 2) != LUA_TSTRING) return 1;
    const struct lua_node *n = check_node(L);
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
    if (slice_equal(name, slice_text("host")) || slice_equal(name, slice_text("port"))) {
        if (!n->owner->world) return 0;
        if (name.data[0] == 'h')
            lua_pushstring(L, world_node_host(n->node));
        else
            lua_pushinteger(L, world_node_port(n->node));
        return 1;
    }
    const struct command *command = command_find(binding_commands(L, true), name);
    if (!command || strcmp(command->name, name.data) != 0) return 0;
    binding_push_command(L, name, method);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, lua_upvalueindex(1));
    return 1;
}

/* Reads the array of { name, value } at `index`; the slices are left in a userdata on the stack. */
static int read_parameters(lua_State *L, int index, const struct slice **parameters)
{
    luaL_checktype(L, index, LUA_TTABLE);
    int count = (int)luaL_len(L, index);
    struct slice *list = lua_newuserdatauv(L, (size_t)count * 2 * sizeof *list, 0);
    for (int i = 0; i < count; i++) {
        lua_rawgeti(L, index, i + 1);
        luaL_checktype(L, -1, LUA_TTABLE);
        for (int j = 0; j < 2; j++) {
            lua_rawgeti(L, -1, j + 1);
            struct slice *word = &list[2 * i + j];
            word->data = luaL_checklstring(L, -1, &word->size);
            lua_pop(L, 1); /* the table keeps it */
        }
        lua_pop(L, 1);
    }
    *parameters = list;
    return count;
}

/* node(world, name, host, port, parameters, served, config_file): a Node. */
static int new_node(lua_State *L)
{
    struct lua_world *w = binding_world(L, 1);
    struct world_node_options options = {
        .name = luaL_optstring(L, 2, NULL),
        .host = luaL_optstring(L, 3, NULL),
        .port = (int)luaL_optinteger(L, 4, 0),
    };
    options.served = lua_toboolean(L, 6);
    options.config_file = luaL_optstring(L, 7, NULL);
    options.parameter_count = read_parameters(L, 5, &options.parameters);
    struct lua_node *n = lua_newuserdatauv(L, sizeof *n, PLACE_VALUES);
    n->class_name = CLASS_NODE;
    n->owner = w;
    n->node = NULL;
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, PLACE_WORLD);
    if (!w->world) return result_fail(L, "CLOSED the world is closed");
    n->node = world_node_new(w->world, &options);
    if (!n->node) return binding_world_failed(L, w, world_failure(w->world), "the world is closed");
    luaL_setmetatable(L, CLASS_NODE);
    lua_pushstring(L, world_node_name(n->node));
    lua_setiuservalue(L, -2, PLACE_NAME);
    return 1;
}

void binding_open_node(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"call", call},         {"configure", configure},
        {"crash", crash},       {"restart", restart},
        {"pause", pause_node},  {"resume", resume_node},
        {"is_up", is_up},       {"failure", failure},
        {"diary", diary},       {"is_primary", is_primary},
        {"state", state},       {"digest", digest},
        {"channels", channels}, {"pipeline", binding_node_pipeline},
        {NULL, NULL},
    };
    static const luaL_Reg metamethods[] = {{"__tostring", node_tostring}, {NULL, NULL}};
    int core = lua_gettop(L);
    binding_class(L, CLASS_NODE, "Node", methods, metamethods);
    lua_getfield(L, core, "Node");
    lua_pushcclosure(L, node_index, 1);
    lua_setfield(L, core + 1, "__index");
    lua_settop(L, core);
    static const luaL_Reg functions[] = {
        {"node", new_node},
        {"open_session", open_session},
        {"call_in_session", call_in_session},
        {"close_session", close_session},
        {NULL, NULL},
    };
    luaL_setfuncs(L, functions, 0);
}
