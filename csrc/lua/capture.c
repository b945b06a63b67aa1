/* capture.c: takes a reply down without Lua: a single value as it is, an aggregate as RESP3. */
#include "lua/capture.h"

#include <lauxlib.h>
#include <stddef.h>

#define CAPTURE_CLASS "tidelock.capture"

static struct capture *capture_of(struct reply *r)
{
    return (struct capture *)((char *)r - offsetof(struct capture, reply));
}

/* The writer that takes over once an aggregate has begun; NULL before. */
static struct reply *aggregate_of(struct capture *c)
{
    return c->kind == CAPTURE_BYTES ? &c->writer.reply : NULL;
}

static struct reply *begin_aggregate(struct reply *r)
{
    struct capture *c = capture_of(r);
    c->kind = CAPTURE_BYTES;
    return &c->writer.reply;
}

static void capture_text(struct capture *c, enum capture_kind kind, struct slice text)
{
    c->kind = kind;
    bytes_append_slice(&c->bytes, text);
}

static void on_status(struct reply *r, struct slice text)
{
    struct capture *c = capture_of(r);
    struct reply *inner = aggregate_of(c);
    if (inner)
        inner->ops->status(inner, text);
    else
        capture_text(c, CAPTURE_STATUS, text);
}

static void on_error(struct reply *r, struct slice text)
{
    struct capture *c = capture_of(r);
    struct reply *inner = aggregate_of(c);
    if (inner)
        inner->ops->error(inner, text);
    else
        capture_text(c, CAPTURE_ERROR, text);
}

static void on_integer(struct reply *r, int64_t value)
{
    struct capture *c = capture_of(r);
    struct reply *inner = aggregate_of(c);
    if (inner) {
        inner->ops->integer(inner, value);
        return;
    }
    c->kind = CAPTURE_INTEGER;
    c->integer = value;
}

static void on_bulk(struct reply *r, struct slice data)
{
    struct capture *c = capture_of(r);
    struct reply *inner = aggregate_of(c);
    if (inner)
        inner->ops->bulk(inner, data);
    else
        capture_text(c, CAPTURE_STRING, data);
}

static void on_null(struct reply *r)
{
    struct capture *c = capture_of(r);
    struct reply *inner = aggregate_of(c);
    if (inner)
        inner->ops->null(inner);
    else
        c->kind = CAPTURE_NULL;
}

static void on_real(struct reply *r, double value)
{
    struct capture *c = capture_of(r);
    struct reply *inner = aggregate_of(c);
    if (inner) {
        inner->ops->real(inner, value);
        return;
    }
    c->kind = CAPTURE_REAL;
    c->real = value;
}

static void on_boolean(struct reply *r, bool value)
{
    struct capture *c = capture_of(r);
    struct reply *inner = aggregate_of(c);
    if (inner) {
        inner->ops->boolean(inner, value);
        return;
    }
    c->kind = CAPTURE_BOOLEAN;
    c->integer = value;
}

static void on_big_number(struct reply *r, struct slice digits)
{
    struct capture *c = capture_of(r);
    struct reply *inner = aggregate_of(c);
    if (inner)
        inner->ops->big_number(inner, digits);
    else
        capture_text(c, CAPTURE_STRING, digits);
}

static void on_verbatim(struct reply *r, const char format[3], struct slice text)
{
    struct capture *c = capture_of(r);
    struct reply *inner = aggregate_of(c);
    if (inner)
        inner->ops->verbatim(inner, format, text);
    else
        capture_text(c, CAPTURE_STRING, text);
}

static void on_array(struct reply *r, int64_t count)
{
    struct reply *inner = begin_aggregate(r);
    inner->ops->array(inner, count);
}

static void on_map(struct reply *r, int64_t pairs)
{
    struct reply *inner = begin_aggregate(r);
    inner->ops->map(inner, pairs);
}

static void on_set(struct reply *r, int64_t count)
{
    struct reply *inner = begin_aggregate(r);
    inner->ops->set(inner, count);
}

static void on_push(struct reply *r, int64_t count)
{
    struct reply *inner = begin_aggregate(r);
    inner->ops->push(inner, count);
}

static const struct reply_ops capture_ops = {
    .status = on_status,
    .error = on_error,
    .integer = on_integer,
    .bulk = on_bulk,
    .null = on_null,
    .null_array = on_null,
    .real = on_real,
    .boolean = on_boolean,
    .big_number = on_big_number,
    .verbatim = on_verbatim,
    .array = on_array,
    .map = on_map,
    .set = on_set,
    .push = on_push,
};

void capture_init(struct capture *c, struct memory *m)
{
    memset(c, 0, sizeof *c);
    c->reply.ops = &capture_ops;
    c->reply.protocol = 3;
    bytes_init(&c->bytes, m);
    resp_writer_init(&c->writer, &c->bytes, 3);
}

void capture_free(struct capture *c) { bytes_free(&c->bytes); }

static int capture_gc(lua_State *L)
{
    capture_free(lua_touserdata(L, 1));
    return 0;
}

struct capture *capture_take(lua_State *L, struct capture *own, int owner)
{
    struct capture *c = own;
    if (own->busy) {
        owner = lua_absindex(L, owner);
        c = lua_newuserdatauv(L, sizeof *c, 1);
        capture_init(c, own->bytes.memory);
        lua_pushvalue(L, owner);
        lua_setiuservalue(L, -2, 1);
        luaL_setmetatable(L, CAPTURE_CLASS);
    }
    c->kind = CAPTURE_NOTHING;
    bytes_clear(&c->bytes);
    return c;
}

void capture_release(struct capture *c)
{
    bytes_clear(&c->bytes);
    bytes_trim(&c->bytes, CAPTURE_KEEP);
}

void capture_open(lua_State *L)
{
    if (luaL_newmetatable(L, CAPTURE_CLASS)) {
        lua_pushcfunction(L, capture_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_pop(L, 1);
}
