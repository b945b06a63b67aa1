/* loader.c: tidelock.Loader: what RDB files and journals hold, found out by loading them into a node that is there for
 * nothing else (node.h, node_load_begin). Files are Lua's: the loader says which bytes it wants, and is given them.
 *
 *      loader:next()        "read", name, offset, size | "done" | "failed", why
 *      loader:give(data)    the bytes; nil: there is no such file; false, why: they cannot be read
 */
#include "lua/binding.h"
#include "node/node.h"
#include "persist/recover.h"

static const char rdb_name[] = "file.rdb";

struct lua_loader {
    const char *class_name;
    struct node *node;  /* NULL: closed */
    struct disk_op *op; /* that it waits for */
};

static struct lua_loader *check_loader(lua_State *L) { return binding_object(L, 1, CLASS_LOADER); }

static struct lua_loader *open_loader(lua_State *L)
{
    struct lua_loader *l = check_loader(L);
    if (!l->node) luaL_error(L, "the loader is closed");
    return l;
}

struct node *binding_loader_node(lua_State *L, int index)
{
    struct lua_loader *l = luaL_testudata(L, index, CLASS_LOADER);
    return l ? l->node : NULL;
}

static int next(lua_State *L)
{
    struct lua_loader *l = open_loader(L);
    enum node_load_result result = NODE_LOAD_WAIT;
    while (!l->op) {
        result = node_load_step(l->node);
        if (result == NODE_LOAD_DONE || result == NODE_LOAD_FAILED) break;
        if (result == NODE_LOAD_WAIT) l->op = disk_next(node_disk(l->node));
    }
    if (!l->op) {
        lua_pushstring(L, result == NODE_LOAD_DONE ? "done" : "failed");
        lua_pushstring(L, node_failure(l->node));
        return 2;
    }
    lua_pushliteral(L, "read");
    lua_pushstring(L, l->op->name);
    lua_pushinteger(L, l->op->offset);
    lua_pushinteger(L, (lua_Integer)l->op->size);
    return 4;
}

static int give(lua_State *L)
{
    struct lua_loader *l = open_loader(L);
    struct disk_op *op = l->op;
    if (!op) return luaL_error(L, "nothing has been asked for");
    size_t size = 0;
    const char *data = NULL, *why = luaL_optstring(L, 3, "it cannot be read");
    if (!lua_isboolean(L, 2)) data = luaL_optlstring(L, 2, NULL, &size);
    l->op = NULL;
    op->state = DISK_OK;
    if (lua_isboolean(L, 2))
        disk_fail(op, DISK_FAILED, "%s", why);
    else if (!data)
        op->state = DISK_MISSING;
    else if (!bytes_append(&op->data, data, size < op->size ? size : op->size))
        disk_fail(op, DISK_FAILED, "out of memory");
    disk_done(node_disk(l->node), op);
    return 0;
}

/* ---- what there was ---- */

static void set_integer(lua_State *L, const char *name, int64_t value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

static void set_text(lua_State *L, const char *name, const char *text)
{
    if (text[0] == '\0') return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

/* The table of one database. */
static void push_census(lua_State *L, int db, const struct node_census *c)
{
    static const enum value_type types[] = {VALUE_STRING, VALUE_LIST, VALUE_SET,
                                            VALUE_ZSET,   VALUE_HASH, VALUE_STREAM};
    lua_newtable(L);
    set_integer(L, "db", db);
    set_integer(L, "keys", c->keys);
    set_integer(L, "expires", c->expires);
    lua_newtable(L);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (c->types[types[i]] > 0) set_integer(L, entry_type_name(types[i]), c->types[types[i]]);
    lua_setfield(L, -2, "types");
}

static void push_databases(lua_State *L, struct node *n)
{
    struct node_census c;
    struct node_state state;
    lua_newtable(L);
    node_inspect(n, &state);
    int64_t seen = 0;
    for (int db = 0, count = 0; seen < state.keys; db++) {
        if (!node_census(n, db, &c)) luaL_error(L, "out of memory");
        if (c.keys == 0) continue;
        seen += c.keys;
        push_census(L, db, &c);
        lua_rawseti(L, -2, ++count);
    }
}

/* found(loader): a table, nil before the end. */
static int found(lua_State *L)
{
    struct lua_loader *l = open_loader(L);
    const struct recover_found *f = node_loaded(l->node);
    if (!f) return 0;
    struct node_state state;
    node_inspect(l->node, &state);
    lua_newtable(L);
    lua_pushboolean(L, f->anything);
    lua_setfield(L, -2, "anything");
    lua_pushboolean(L, f->journal);
    lua_setfield(L, -2, "journal");
    lua_pushboolean(L, f->stopped);
    lua_setfield(L, -2, "stopped");
    set_text(L, "replid", f->replid);
    if (f->replid[0] != '\0') set_integer(L, "offset", f->offset);
    if (f->first_offset >= 0) set_integer(L, "first_offset", f->first_offset);
    if (f->timed > 0) {
        set_integer(L, "first_time", f->first_time_s);
        set_integer(L, "last_time", f->last_time_s);
    }
    set_integer(L, "keys", state.keys);
    set_integer(L, "files", (int64_t)f->manifest.count);
    set_integer(L, "size", f->size);
    set_integer(L, "cut", f->cut);
    set_text(L, "torn", f->torn);
    push_databases(L, l->node);
    lua_setfield(L, -2, "databases");
    binding_push_digest(L, node_digest(l->node));
    lua_setfield(L, -2, "digest");
    return 1;
}

/* ---- the class ---- */

static int loader_close(lua_State *L)
{
    struct lua_loader *l = check_loader(L);
    node_free(l->node);
    l->node = NULL;
    l->op = NULL;
    return 0;
}

static bool set(struct node *n, const char *name, const char *value)
{
    struct bytes error;
    bytes_init(&error, node_memory(n));
    bool done = node_configure(n, slice_text(name), slice_text(value), &error);
    bytes_free(&error);
    return done;
}

/* The parameters at index 1 and following: what is loaded. */
static bool configure(lua_State *L, struct node *n)
{
    const char *journal = luaL_optstring(L, 1, NULL);
    return set(n, "databases", "65536") && set(n, "aof-load-truncated", "yes") &&
           set(n, "dbfilename", rdb_name) && (!journal || set(n, "appendonly", "yes")) &&
           (!journal || set(n, "appendfilename", journal));
}

/* core.loader(journal, to_offset, to_time, based): of the journal with this manifest, or (nil) of an RDB file. Names that it
 * asks for are the journal's in "appendonlydir/", or "file.rdb"; `based`: that in place of the journal's base. */
static int new_loader(lua_State *L)
{
    struct node_load load = {.to_offset = (int64_t)luaL_optinteger(L, 2, INT64_MAX),
                             .to_time_s = (int64_t)luaL_optinteger(L, 3, INT64_MAX),
                             .base = lua_toboolean(L, 4) ? rdb_name : NULL};
    struct lua_loader *l = lua_newuserdatauv(L, sizeof *l, 1);
    *l = (struct lua_loader){.class_name = CLASS_LOADER};
    luaL_setmetatable(L, CLASS_LOADER);
    struct node_options options = {.commands = binding_commands(L, true), .seed = 1, .slabs = true};
    lua_setiuservalue(L, -2, 1);
    l->node = node_new(&options);
    if (!l->node) return luaL_error(L, "out of memory");
    if (!configure(L, l->node)) return luaL_error(L, "loader: not a name: %s", lua_tostring(L, 1));
    node_load_begin(l->node, &load);
    return 1;
}

void binding_open_loader(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"next", next}, {"give", give}, {"found", found}, {"close", loader_close}, {NULL, NULL}};
    static const luaL_Reg metamethods[] = {{"__gc", loader_close}, {"__close", binding_close}, {NULL, NULL}};
    int core = lua_gettop(L);
    binding_class(L, CLASS_LOADER, "Loader", methods, metamethods);
    lua_settop(L, core);
    lua_pushcfunction(L, new_loader);
    lua_setfield(L, -2, "loader");
}
