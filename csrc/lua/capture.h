/* capture.h: takes down what a command replies, for result.h to make Lua values of.
 *
 * A command does not write to the Lua stack while it runs: a Lua function can raise (memory) or run a finalizer (any
 * code, this very store's too), and either in the middle of a command would leave the store in pieces. So it writes
 * into a `struct capture`, which allocates nothing in Lua, and that is turned into Lua values when the command is done.
 */
#ifndef TIDELOCK_LUA_CAPTURE_H
#define TIDELOCK_LUA_CAPTURE_H

#include <lua.h>

#include "command/reply.h"
#include "resp/writer.h"

enum { CAPTURE_KEEP = 16384 }; /* bytes of storage kept between replies */

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
/* Its storage is not read any more; much of it is given back. */
void capture_release(struct capture *c);
/* Makes the metatable of the captures that capture_take makes. */
void capture_open(lua_State *L);

#endif
