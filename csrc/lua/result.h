/* result.h: from replies to Lua values, the one way in which anything the store says reaches a script.
 *
 *      status OK    true                       array, set   table, 1 .. n
 *      status       string                     map          table
 *      bulk         string                     null         nil, inside aggregates tidelock.null
 *      integer      integer                    error        nil, message, code; inside aggregates an error object
 *      double       float                      boolean      boolean
 *
 * Replies come from a capture (a command executed in process) or as RESP (the wire).
 */
#ifndef TIDELOCK_LUA_RESULT_H
#define TIDELOCK_LUA_RESULT_H

#include <lua.h>

#include "lua/capture.h"

/* Pushes what was captured, as the values a function returns; their number. */
int result_push(lua_State *L, struct capture *c);
/* The same for a reply as RESP, which may be gone as soon as Lua gets to run; `own` and `owner` as above. */
int result_push_wire(lua_State *L, struct slice data, struct capture *own, int owner);
/* Makes one value, fit for an array, of the `count` results of one of the two at the top. */
void result_to_element(lua_State *L, int count);

/* Pushes `nil, message, code`; returns 3. The code is the first word of the message, which is printf-style (Lua's). */
int result_fail(lua_State *L, const char *format, ...);
int result_fail_text(lua_State *L, struct slice message);

/* Pushes tidelock.null. */
void result_push_null(lua_State *L);
/* Sets `null` and the metatable of error objects in the table at the top. */
void result_open(lua_State *L);

#endif
