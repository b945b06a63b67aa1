/* arguments.h: from Lua values to what C wants: words of a command, durations, options. */
#ifndef TIDELOCK_LUA_ARGUMENTS_H
#define TIDELOCK_LUA_ARGUMENTS_H

#include <lua.h>

#include "base/bytes.h"
#include "base/number.h"

enum { ARGUMENTS_FEW = 12 };

/* The words of one command. Strings are not copied: valid while the Lua function that reads them runs. */
struct arguments {
    int argc;
    struct slice *argv;
    struct slice few[ARGUMENTS_FEW];
    char digits[ARGUMENTS_FEW][NUMBER_DOUBLE_MAX]; /* texts of numbers among the few */
};

/* argv[0] is `name`, the others the Lua function's arguments from `first` to the last: strings as they are, integers and
 * floats in decimal, true as 1 and false as 0. Anything else raises, naming the argument. When `name` is NULL the
 * argument at `first` is the command's name. With many arguments, leaves a userdata on the stack. */
void arguments_read(lua_State *L, struct arguments *a, const char *name, int first);

/* Milliseconds (fractions allowed) as microseconds; not below zero, not NaN. */
int64_t arguments_duration(lua_State *L, int index, const char *name);
/* Microseconds as milliseconds. */
void arguments_push_duration(lua_State *L, int64_t us);

#endif
