/* module.c: luaopen_tidelock_core, and what all classes share. */
#include "lua/binding.h"
#include "persist/dump.h"

#define COMMANDS_CLASS "tidelock.commands"

const char CLASS_STORE[] = "tidelock.Store";
const char CLASS_WORLD[] = "tidelock.World";
const char CLASS_NODE[] = "tidelock.Node";
const char CLASS_CHANNEL[] = "tidelock.Channel";
const char CLASS_CLIENT[] = "tidelock.Client";
const char CLASS_PIPELINE[] = "tidelock.Pipeline";
const char CLASS_RELAY[] = "tidelock.Relay";
const char CLASS_LOADER[] = "tidelock.Loader";

/* addresses are the registry keys of the command indexes of this Lua state */
static const char store_commands_key = 's';
static const char node_commands_key = 'n';

struct lua_commands {
    struct memory memory;
    struct command_index *index;
};

static int commands_gc(lua_State *L)
{
    struct lua_commands *c = luaL_checkudata(L, 1, COMMANDS_CLASS);
    if (c->index) command_index_free(c->index);
    c->index = NULL;
    return 0;
}

static struct command_index *store_commands_new(struct memory *m)
{
    enum { FAMILIES_MAX = 64 };
    const struct command *families[FAMILIES_MAX];
    int count = 0;
    for (; command_data_families[count] && count < FAMILIES_MAX - 1; count++)
        families[count] = command_data_families[count];
    families[count++] = persist_commands;
    return command_index_new(m, families, count);
}

struct command_index *binding_commands(lua_State *L, bool of_nodes)
{
    const char *key = of_nodes ? &node_commands_key : &store_commands_key;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) == LUA_TNIL) {
        lua_pop(L, 1);
        struct lua_commands *c = lua_newuserdatauv(L, sizeof *c, 0);
        memory_init(&c->memory);
        c->index = NULL;
        luaL_setmetatable(L, COMMANDS_CLASS);
        c->index = of_nodes ? node_commands_new(&c->memory) : store_commands_new(&c->memory);
        if (!c->index) luaL_error(L, "out of memory");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, key);
    }
    return ((struct lua_commands *)lua_touserdata(L, -1))->index;
}

void binding_class(lua_State *L, const char *class_name, const char *field, const luaL_Reg *methods,
                   const luaL_Reg *metamethods)
{
    int core = lua_gettop(L);
    luaL_newmetatable(L, class_name);
    luaL_setfuncs(L, metamethods, 0);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, core, field);
    lua_setfield(L, -2, "__index");
    /* what getmetatable gives to scripts */
    lua_pushstring(L, class_name);
    lua_setfield(L, -2, "__metatable");
}

/* Of somebody else's userdata, too, so many bytes may be read; a light userdata has none. */
void *binding_object(lua_State *L, int index, const char *class_name)
{
    const char **self = lua_touserdata(L, index);
    if (self && lua_rawlen(L, index) >= sizeof *self && *self == class_name) return self;
    luaL_typeerror(L, index, class_name);
    return NULL;
}

bool binding_is_command(struct slice name)
{
    if (name.size == 0 || name.data[0] < 'a' || name.data[0] > 'z') return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') return false;
    }
    return true;
}

void binding_push_command(lua_State *L, struct slice name, lua_CFunction method)
{
    luaL_Buffer buffer;
    char *capitals = luaL_buffinitsize(L, &buffer, name.size);
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        capitals[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    luaL_pushresultsize(&buffer, name.size);
    lua_pushcclosure(L, method, 1);
}

int binding_close(lua_State *L)
{
    lua_settop(L, 1);
    lua_getfield(L, 1, "close");
    lua_insert(L, 1);
    lua_call(L, 1, 0);
    return 0;
}

int binding_world_failed(lua_State *L, const struct lua_world *w, enum world_result result, const char *what)
{
    switch (result) {
    case WORLD_OK: break;
    case WORLD_NO_MEMORY: return result_fail(L, "OOM out of memory");
    case WORLD_CLOSED: return result_fail(L, "CLOSED %s", what);
    case WORLD_REFUSED: return result_fail(L, "ERR %s", w->world ? world_error(w->world) : what);
    case WORLD_UNSUPPORTED:
    case WORLD_BAD: {
        const char *text = w->world ? world_error(w->world) : NULL;
        return luaL_error(L, "%s", text && *text ? text : "this world cannot do that");
    }
    }
    lua_pushboolean(L, 1);
    return 1;
}

int binding_world_result(lua_State *L, const struct lua_world *w, enum world_result result, const char *what)
{
    if (result != WORLD_OK) return binding_world_failed(L, w, result, what);
    lua_pushboolean(L, 1);
    return 1;
}

void binding_push_digest(lua_State *L, struct digest d)
{
    static const char digits[] = "0123456789abcdef";
    char text[32];
    for (int i = 0; i < 16; i++) {
        text[i] = digits[d.high >> (60 - 4 * i) & 15];
        text[16 + i] = digits[d.low >> (60 - 4 * i) & 15];
    }
    lua_pushlstring(L, text, sizeof text);
}

__attribute__((visibility("default"))) int luaopen_tidelock_core(lua_State *L);

int luaopen_tidelock_core(lua_State *L)
{
    luaL_newmetatable(L, COMMANDS_CLASS);
    lua_pushcfunction(L, commands_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);

    lua_newtable(L);
    result_open(L);
    binding_open_task(L);
    binding_open_store(L);
    binding_open_watch(L);
    binding_open_world(L);
    binding_open_node(L);
    binding_open_channel(L);
    binding_open_client(L);
    binding_open_pipeline(L);
    binding_open_relay(L);
    binding_open_disk(L);
    binding_open_loader(L);
    binding_open_backup(L);
    return 1;
}
