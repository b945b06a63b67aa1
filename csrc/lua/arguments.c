/* arguments.c: reads what Lua hands in; everything wrong with it raises here, before anything has been touched. */
#include "lua/arguments.h"

#include <lauxlib.h>
#include <math.h>

static struct slice read_word(lua_State *L, int index, char digits[NUMBER_DOUBLE_MAX])
{
    switch (lua_type(L, index)) {
    case LUA_TSTRING: {
        struct slice word;
        word.data = lua_tolstring(L, index, &word.size);
        return word;
    }
    case LUA_TNUMBER:
        if (lua_isinteger(L, index))
            return slice_of(digits, number_format_int(digits, lua_tointeger(L, index)));
        return slice_of(digits, number_format_double(digits, lua_tonumber(L, index)));
    case LUA_TBOOLEAN: return slice_text(lua_toboolean(L, index) ? "1" : "0");
    default: luaL_typeerror(L, index, "string, number or boolean"); return (struct slice){NULL, 0};
    }
}

void arguments_read(lua_State *L, struct arguments *a, const char *name, int first)
{
    int last = lua_gettop(L);
    int given = last - first + 1;
    int named = name != NULL;
    struct slice *argv = a->few;
    char(*digits)[NUMBER_DOUBLE_MAX] = a->digits;
    if (!named) luaL_checktype(L, first, LUA_TSTRING);
    a->argc = given + named;
    if (a->argc > ARGUMENTS_FEW) {
        size_t count = (size_t)a->argc;
        argv = lua_newuserdatauv(L, count * (sizeof *argv + sizeof *digits), 0);
        digits = (char(*)[NUMBER_DOUBLE_MAX])(argv + count);
    }
    a->argv = argv;
    if (named) argv[0] = slice_text(name);
    for (int i = 0; i < given; i++) argv[named + i] = read_word(L, first + i, digits[named + i]);
}

int64_t arguments_duration(lua_State *L, int index, const char *name)
{
    int is_number;
    lua_Number ms = lua_tonumberx(L, index, &is_number);
    if (!is_number || lua_type(L, index) != LUA_TNUMBER)
        luaL_error(L, "%s: number of milliseconds expected, got %s", name, luaL_typename(L, index));
    /* up to some 280 years */
    if (!(ms >= 0 && ms <= 9e12)) luaL_error(L, "%s: %f is not a duration in milliseconds", name, ms);
    return llround(ms * 1000);
}

void arguments_push_duration(lua_State *L, int64_t us) { lua_pushnumber(L, (lua_Number)us / 1000); }
