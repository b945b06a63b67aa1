/* disk.c: disks of nodes: node:disk and world:disks (how they behave), node:files and node:file (what is on them).
 *
 * Disks are the simulator's; in other worlds these functions raise. */
#include <stddef.h>

#include "lua/binding.h"

/* ---- how they behave ---- */

enum kind { DURATION, NUMBER, INTEGER, BOOLEAN };

static const struct property {
    const char *name;
    enum kind kind;
    size_t offset;
} properties[] = {
    {"latency", DURATION, offsetof(struct world_disk, latency)},
    {"sync_latency", DURATION, offsetof(struct world_disk, sync_latency)},
    {"jitter", DURATION, offsetof(struct world_disk, jitter)},
    {"bandwidth", NUMBER, offsetof(struct world_disk, bandwidth)},
    {"slow", NUMBER, offsetof(struct world_disk, slow)},
    {"fail", NUMBER, offsetof(struct world_disk, fail)},
    {"fail_sync", NUMBER, offsetof(struct world_disk, fail_sync)},
    {"capacity", INTEGER, offsetof(struct world_disk, capacity)},
    {"full", BOOLEAN, offsetof(struct world_disk, full)},
    {"lose", NUMBER, offsetof(struct world_disk, lose)},
    {"tear", NUMBER, offsetof(struct world_disk, tear)},
};

enum { PROPERTIES = sizeof properties / sizeof *properties };

/* The value at the top of the stack. */
static void read_property(lua_State *L, const struct property *p, struct world_disk *disk)
{
    void *field = (char *)disk + p->offset;
    switch (p->kind) {
    case DURATION: *(int64_t *)field = arguments_duration(L, -1, p->name); break;
    case BOOLEAN: *(bool *)field = lua_toboolean(L, -1); break;
    case INTEGER:
        if (!lua_isinteger(L, -1))
            luaL_error(L, "disk: %s: integer expected, got %s", p->name, luaL_tolstring(L, -1, NULL));
        *(int64_t *)field = lua_tointeger(L, -1);
        break;
    case NUMBER:
        if (lua_type(L, -1) != LUA_TNUMBER)
            luaL_error(L, "disk: %s: number expected, got %s", p->name, luaL_typename(L, -1));
        *(double *)field = lua_tonumber(L, -1);
        break;
    }
}

static const struct property *find_property(const char *name)
{
    for (int i = 0; i < PROPERTIES; i++)
        if (strcmp(properties[i].name, name) == 0) return &properties[i];
    return NULL;
}

/* Those the table at `table` has; `stall`, us, is set apart: it is something that happens once. */
static void read_disk(lua_State *L, int table, struct world_disk *disk, int64_t *stall)
{
    luaL_checktype(L, table, LUA_TTABLE);
    for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1)) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
        const struct property *p = find_property(name);
        if (p)
            read_property(L, p, disk);
        else if (stall && strcmp(name, "stall") == 0)
            *stall = arguments_duration(L, -1, name);
        else
            luaL_error(L, "disk: unknown property '%s'", name);
    }
}

static void push_disk(lua_State *L, const struct world_disk *disk)
{
    lua_createtable(L, 0, PROPERTIES);
    for (int i = 0; i < PROPERTIES; i++) {
        const void *field = (const char *)disk + properties[i].offset;
        switch (properties[i].kind) {
        case DURATION: arguments_push_duration(L, *(const int64_t *)field); break;
        case BOOLEAN: lua_pushboolean(L, *(const bool *)field); break;
        case INTEGER: lua_pushinteger(L, *(const int64_t *)field); break;
        case NUMBER: lua_pushnumber(L, *(const double *)field); break;
        }
        lua_setfield(L, -2, properties[i].name);
    }
}

static int world_closed(lua_State *L) { return result_fail(L, "CLOSED the world is closed"); }

/* get and set: `wn` NULL for the default of the world. The properties, if any, are at 2. */
static int get_or_set(lua_State *L, struct lua_world *w, struct world_node *wn)
{
    struct world_disk disk;
    int64_t stall = -1;
    enum world_result result = world_disk_get(w->world, wn, &disk);
    if (result != WORLD_OK) return binding_world_failed(L, w, result, "the world is closed");
    if (lua_isnoneornil(L, 2)) {
        push_disk(L, &disk);
        return 1;
    }
    read_disk(L, 2, &disk, wn ? &stall : NULL);
    result = world_disk_set(w->world, wn, &disk);
    if (result == WORLD_OK && stall >= 0) result = world_disk_stall(wn, stall);
    return binding_world_result(L, w, result, "the world is closed");
}

static int node_disk_properties(lua_State *L)
{
    struct lua_node *n = luaL_checkudata(L, 1, CLASS_NODE);
    return n->owner->world ? get_or_set(L, n->owner, n->node) : world_closed(L);
}

static int world_disks(lua_State *L)
{
    struct lua_world *w = binding_world(L, 1);
    return w->world ? get_or_set(L, w, NULL) : world_closed(L);
}

/* ---- what is on them ---- */

static void check_simulated(lua_State *L, const struct lua_node *n)
{
    if (!world_is_sim(n->owner->world))
        luaL_error(L, "this world's disks are its machine's: look into the node's directory");
}

/* files(node): a table of sizes by name. */
static int node_files(lua_State *L)
{
    struct lua_node *n = luaL_checkudata(L, 1, CLASS_NODE);
    struct world_file f;
    if (!n->owner->world) return world_closed(L);
    check_simulated(L, n);
    lua_newtable(L);
    for (int64_t i = 0; n->owner->world && world_node_file(n->node, i, &f); i++) {
        lua_pushstring(L, f.name);
        lua_pushinteger(L, (lua_Integer)f.content.size);
        lua_rawset(L, -3);
    }
    return 1;
}

static int read_file(lua_State *L, const struct lua_node *n, const char *name)
{
    struct world_file f;
    for (int64_t i = 0; world_node_file(n->node, i, &f); i++) {
        if (strcmp(f.name, name) != 0) continue;
        lua_pushlstring(L, f.content.data ? f.content.data : "", f.content.size);
        return 1;
    }
    lua_pushnil(L);
    return 1;
}

/* file(node, name): its content, nil if there is none. file(node, name, content): puts it there; false: takes it away. */
static int node_file(lua_State *L)
{
    struct lua_node *n = luaL_checkudata(L, 1, CLASS_NODE);
    const char *name = luaL_checkstring(L, 2);
    if (!n->owner->world) return world_closed(L);
    check_simulated(L, n);
    if (lua_isnoneornil(L, 3)) return read_file(L, n, name);
    bool remove = lua_isboolean(L, 3) && !lua_toboolean(L, 3);
    struct slice content = {NULL, 0};
    if (!remove) content.data = luaL_checklstring(L, 3, &content.size);
    enum world_result result = world_node_put_file(n->node, name, remove ? NULL : &content);
    return binding_world_result(L, n->owner, result, "the world is closed");
}

void binding_open_disk(lua_State *L)
{
    static const luaL_Reg of_nodes[] = {
        {"disk", node_disk_properties}, {"files", node_files}, {"file", node_file}, {NULL, NULL}};
    static const luaL_Reg of_worlds[] = {{"disks", world_disks}, {NULL, NULL}};
    lua_getfield(L, -1, "Node");
    luaL_setfuncs(L, of_nodes, 0);
    lua_pop(L, 1);
    lua_getfield(L, -1, "World");
    luaL_setfuncs(L, of_worlds, 0);
    lua_pop(L, 1);
}
