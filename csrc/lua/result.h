/* result.h: from replies to Lua values, the one way in which anything the store says reaches a script.
 *
 *      status OK    true                       array, set   table, 1 .. n
 *      status       string                     map          table
 *      bulk         string                     null         nil, inside aggregates tidelock.null
 *      integer      integer                    error        nil, message, code; inside aggregates an error object
 *      double       float                      boolean      boolean
 *
 * A command does not write to the Lua stack while it runs: a Lua function can raise (memory) or run a finalizer (any
 * code, this very store's too), and either in the middle of a command would leave the store in pieces. So it writes
 * into a `struct capture`, which allocates nothing in Lua, and that is turned into Lua values when the command is done.
 */
#ifndef TIDELOCK_LUA_RESULT_H
#define TIDELOCK_LUA_RESULT_H

#include <lua.h>

#include "command/reply.h"
#include "resp/writer.h"

enum capture_kind {
    CAPTURE_NOTHING,
    CAPTURE_STATUS,
    CAPTURE_ERROR,
    CAPTURE_INTEGER,
    CAPTURE_STRING,
    CAPTURE_NULL,
    CAPTURE_REAL,
    CAPTURE_BOOLEAN,
    CAPTURE_BYTES /* an aggregate, as RESP3 in `bytes` */
};

struct capture {
    struct reply reply;
    enum capture_kind kind;
    int64_t integer;
    double real;
    struct bytes bytes; /* the text, or the aggregate */
    struct resp_writer writer;
    bool busy; /* `bytes` is being read */
};

void capture_init(struct capture *c, struct memory *m);
void capture_free(struct capture *c);
/* `own`, ready for a reply; while that one is busy (a finalizer calls in the middle of result_push) a fresh one, left
 * on the stack. `owner` is the stack index of the userdata whose memory it counts in. */
struct capture *capture_take(lua_State *L, struct capture *own, int owner);
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
