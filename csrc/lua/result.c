/* result.c: what a reply is in Lua: the builder, which plays a reply onto the Lua stack, and failures. */
#include "lua/result.h"

#include <lauxlib.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>

#include "base/number.h"
#include "resp/parser.h"

/* addresses are the registry keys of tidelock.null and of the error objects' metatable */
static const char null_key = 'n';
static const char error_key = 'e';

/* ---- the builder: a reply on the Lua stack ---- */

struct frame {
    int64_t remaining; /* values still to come; of a map: keys and values */
    lua_Integer index; /* of the last element of an array */
    bool map;
    bool key; /* of a map: a key is on the stack and its value comes next */
};

struct builder {
    struct reply reply;
    lua_State *L;
    int results;
    int depth;
    struct frame frames[RESP_NESTING_MAX + 1];
};

static struct builder *builder_of(struct reply *r)
{
    return (struct builder *)((char *)r - offsetof(struct builder, reply));
}

void result_push_null(lua_State *L) { lua_rawgetp(L, LUA_REGISTRYINDEX, &null_key); }

static size_t code_size(struct slice message)
{
    const char *blank = message.size ? memchr(message.data, ' ', message.size) : NULL;
    return blank ? (size_t)(blank - message.data) : message.size;
}

static void push_error_object(lua_State *L, struct slice message)
{
    size_t code = code_size(message);
    lua_createtable(L, 0, 2);
    lua_pushlstring(L, message.data, message.size);
    const char *copy = lua_tostring(L, -1); /* pushing may have run code that let go of the original */
    lua_pushlstring(L, copy, code);
    lua_setfield(L, -3, "code");
    lua_setfield(L, -2, "message");
    lua_rawgetp(L, LUA_REGISTRYINDEX, &error_key);
    lua_setmetatable(L, -2);
}

/* The value at the top goes where it belongs; aggregates that it completes go where they belong, and so on up. */
static void place(struct builder *b)
{
    while (b->depth > 0) {
        struct frame *f = &b->frames[b->depth - 1];
        if (f->map && !f->key) {
            /* what cannot be a key becomes its text */
            if (lua_type(b->L, -1) == LUA_TNUMBER && !lua_rawequal(b->L, -1, -1)) {
                lua_pop(b->L, 1);
                lua_pushliteral(b->L, "nan");
            }
            f->key = true;
        } else if (f->map) {
            lua_rawset(b->L, -3);
            f->key = false;
        } else {
            lua_rawseti(b->L, -2, ++f->index);
        }
        if (--f->remaining > 0) return;
        b->depth--;
    }
    b->results = 1;
}

static void build_string(struct reply *r, struct slice text)
{
    struct builder *b = builder_of(r);
    lua_pushlstring(b->L, text.data, text.size);
    place(b);
}

static void push_status(lua_State *L, struct slice text)
{
    if (text.size == 2 && text.data[0] == 'O' && text.data[1] == 'K')
        lua_pushboolean(L, 1);
    else
        lua_pushlstring(L, text.data, text.size);
}

static void build_status(struct reply *r, struct slice text)
{
    struct builder *b = builder_of(r);
    push_status(b->L, text);
    place(b);
}

static void build_error(struct reply *r, struct slice text)
{
    struct builder *b = builder_of(r);
    if (b->depth == 0) {
        b->results = result_fail_text(b->L, text);
        return;
    }
    push_error_object(b->L, text);
    place(b);
}

static void build_integer(struct reply *r, int64_t value)
{
    struct builder *b = builder_of(r);
    lua_pushinteger(b->L, value);
    place(b);
}

static void build_null(struct reply *r)
{
    struct builder *b = builder_of(r);
    if (b->depth == 0)
        lua_pushnil(b->L);
    else
        result_push_null(b->L);
    place(b);
}

static void build_real(struct reply *r, double value)
{
    struct builder *b = builder_of(r);
    lua_pushnumber(b->L, value);
    place(b);
}

static void build_boolean(struct reply *r, bool value)
{
    struct builder *b = builder_of(r);
    lua_pushboolean(b->L, value);
    place(b);
}

static void build_verbatim(struct reply *r, const char format[3], struct slice text)
{
    (void)format;
    build_string(r, text);
}

static void build_aggregate(struct builder *b, int64_t count, bool map)
{
    if (b->depth > RESP_NESTING_MAX) luaL_error(b->L, "reply nested more than %d deep", RESP_NESTING_MAX);
    luaL_checkstack(b->L, 4, "reply nested too deeply");
    int room = count > INT_MAX ? INT_MAX : (int)count;
    lua_createtable(b->L, map ? 0 : room, map ? room : 0);
    if (count > 0)
        b->frames[b->depth++] = (struct frame){.remaining = map ? 2 * count : count, .map = map};
    else
        place(b);
}

static void build_array(struct reply *r, int64_t count) { build_aggregate(builder_of(r), count, false); }

static void build_map(struct reply *r, int64_t pairs) { build_aggregate(builder_of(r), pairs, true); }

static const struct reply_ops builder_ops = {
    .status = build_status,
    .error = build_error,
    .integer = build_integer,
    .bulk = build_string,
    .null = build_null,
    .null_array = build_null,
    .real = build_real,
    .boolean = build_boolean,
    .big_number = build_string,
    .verbatim = build_verbatim,
    .array = build_array,
    .map = build_map,
    .set = build_array,
    .push = build_array,
};

/* Builds from bytes that stay where they are whatever Lua does. */
static int build(lua_State *L, struct slice data)
{
    struct builder b;
    b.reply = (struct reply){.ops = &builder_ops, .protocol = 3};
    b.L = L;
    b.results = 0;
    b.depth = 0;
    luaL_checkstack(L, LUA_MINSTACK, "reply");
    resp_replay(data.data, data.size, &b.reply);
    return b.results;
}

static int build_protected(lua_State *L)
{
    const struct capture *c = lua_touserdata(L, 1);
    return build(L, bytes_slice(&c->bytes));
}

static int build_captured(lua_State *L, struct capture *c)
{
    int before = lua_gettop(L);
    luaL_checkstack(L, 4, "reply");
    lua_pushcfunction(L, build_protected);
    lua_pushlightuserdata(L, c);
    c->busy = true;
    int status = lua_pcall(L, 1, LUA_MULTRET, 0);
    c->busy = false;
    capture_release(c);
    if (status != LUA_OK) return lua_error(L);
    return lua_gettop(L) - before;
}

int result_push(lua_State *L, struct capture *c)
{
    if (c->bytes.failed) return result_fail(L, "OOM out of memory for the reply");
    struct slice text = bytes_slice(&c->bytes);
    switch (c->kind) {
    case CAPTURE_NOTHING: lua_pushnil(L); return 1;
    case CAPTURE_STATUS: push_status(L, text); return 1;
    case CAPTURE_ERROR: return result_fail_text(L, text);
    case CAPTURE_INTEGER: lua_pushinteger(L, c->integer); return 1;
    case CAPTURE_STRING:
        lua_pushlstring(L, text.data, text.size);
        if (c->bytes.capacity > CAPTURE_KEEP) capture_release(c);
        return 1;
    case CAPTURE_NULL: lua_pushnil(L); return 1;
    case CAPTURE_REAL: lua_pushnumber(L, c->real); return 1;
    case CAPTURE_BOOLEAN: lua_pushboolean(L, c->integer != 0); return 1;
    case CAPTURE_BYTES: return build_captured(L, c);
    }
    return 0;
}

/* The usual replies, which are a line. False: `data` is something else. */
static bool push_line(lua_State *L, struct slice data)
{
    int64_t integer;
    if (data.size < 3) return false;
    struct slice text = slice_of(data.data + 1, data.size - 3);
    if (data.data[0] == '+')
        push_status(L, text);
    else if (data.data[0] == ':' && number_parse_int(text, &integer))
        lua_pushinteger(L, integer);
    else
        return false;
    return true;
}

int result_push_wire(lua_State *L, struct slice data, struct capture *own, int owner)
{
    if (push_line(L, data)) return 1;
    /* a single value is pushed whole before anything else can happen */
    if (data.size == 0 || !strchr("*%~>|", data.data[0])) return build(L, data);
    /* when `own` is busy a finalizer is running, and then no other can */
    struct capture *c = capture_take(L, own, owner);
    if (!bytes_append_slice(&c->bytes, data)) return result_fail(L, "OOM out of memory for the reply");
    return build_captured(L, c);
}

void result_to_element(lua_State *L, int count)
{
    if (count == 0) {
        result_push_null(L);
    } else if (count >= 3 && lua_isnil(L, -count)) {
        size_t size;
        const char *message = lua_tolstring(L, 1 - count, &size);
        push_error_object(L, slice_of(message, size));
        if (count > 3) { /* a client's failure: whether it may have been executed */
            lua_pushvalue(L, -2);
            lua_setfield(L, -2, "outcome");
        }
        lua_replace(L, -count - 1);
        lua_pop(L, count - 1);
    } else if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        result_push_null(L);
    }
}

/* ---- failures ---- */

int result_fail_text(lua_State *L, struct slice message)
{
    size_t code = code_size(message);
    lua_pushnil(L);
    lua_pushlstring(L, message.data, message.size);
    lua_pushlstring(L, lua_tostring(L, -1), code);
    return 3;
}

int result_fail(lua_State *L, const char *format, ...)
{
    va_list arguments;
    lua_pushnil(L);
    va_start(arguments, format);
    const char *message = lua_pushvfstring(L, format, arguments);
    va_end(arguments);
    lua_pushlstring(L, message, code_size(slice_text(message)));
    return 3;
}

/* ---- null and error objects ---- */

static int null_tostring(lua_State *L)
{
    lua_pushliteral(L, "null");
    return 1;
}

static int error_tostring(lua_State *L)
{
    lua_getfield(L, 1, "message");
    return 1;
}

void result_open(lua_State *L)
{
    capture_open(L);

    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &null_key) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newuserdatauv(L, 0, 0);
        lua_createtable(L, 0, 2);
        lua_pushliteral(L, "tidelock.null");
        lua_setfield(L, -2, "__name");
        lua_pushcfunction(L, null_tostring);
        lua_setfield(L, -2, "__tostring");
        lua_setmetatable(L, -2);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &null_key);
    }
    lua_setfield(L, -2, "null");

    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &error_key) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 2);
        lua_pushliteral(L, "tidelock.error");
        lua_setfield(L, -2, "__name");
        lua_pushcfunction(L, error_tostring);
        lua_setfield(L, -2, "__tostring");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &error_key);
    }
    lua_setfield(L, -2, "error_metatable");
}
