/* memory_host.c: runs a Lua script in a state whose allocator fails when told to: for memory_spec.lua.
 *
 * The script gets `arm(n)`: the n-th allocation from now on fails, and Lua's second attempt at it after a collection;
 * and `disarm()`: ends that, and says whether it came so far.
 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>

struct allocator {
    long count, fail_at; /* fail_at 0: never */
};

static void *allocate(void *context, void *p, size_t old_size, size_t new_size)
{
    struct allocator *a = context;
    if (new_size == 0) {
        free(p);
        return NULL;
    }
    if (!p || new_size > old_size) {
        a->count++;
        if (a->fail_at > 0 && (a->count == a->fail_at || a->count == a->fail_at + 1)) return NULL;
    }
    return realloc(p, new_size);
}

static struct allocator *allocator_of(lua_State *L)
{
    void *context;
    lua_getallocf(L, &context);
    return context;
}

static int arm(lua_State *L)
{
    struct allocator *a = allocator_of(L);
    a->fail_at = (long)luaL_checkinteger(L, 1);
    a->count = 0;
    return 0;
}

static int disarm(lua_State *L)
{
    struct allocator *a = allocator_of(L);
    lua_pushboolean(L, a->fail_at > 0 && a->count >= a->fail_at);
    a->fail_at = 0;
    return 1;
}

int main(int argc, char **argv)
{
    struct allocator allocator = {0, 0};
    lua_State *L = lua_newstate(allocate, &allocator);
    if (argc != 2 || !L) return 2;
    luaL_openlibs(L);
    lua_register(L, "arm", arm);
    lua_register(L, "disarm", disarm);
    int failed = luaL_dofile(L, argv[1]);
    if (failed) fprintf(stderr, "%s\n", lua_tostring(L, -1));
    lua_close(L);
    return failed ? 1 : 0;
}
