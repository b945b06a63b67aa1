/* world.c: tidelock.World: a world's own functions. What is built from them is in lua/tidelock/world.lua. */
#include "lua/binding.h"

struct lua_world *binding_world(lua_State *L, int index) { return binding_object(L, index, CLASS_WORLD); }

/* The world at 1, or NULL when it is closed: `return closed(L)`. */
static struct world *open_world(lua_State *L) { return binding_world(L, 1)->world; }

static int closed(lua_State *L) { return result_fail(L, "CLOSED the world is closed"); }

static struct world *check_sim(lua_State *L, struct world *world)
{
    if (!world_is_sim(world)) luaL_error(L, "only a simulated world can tell");
    return world;
}

/* ---- life ---- */

/* new(make, ...): pushes the userdata, closed; the caller puts a world in. */
static struct lua_world *push_world(lua_State *L, const struct command_index **commands)
{
    struct lua_world *w = lua_newuserdatauv(L, sizeof *w, WORLD_VALUES);
    memset(w, 0, sizeof *w);
    w->class_name = CLASS_WORLD;
    memory_init(&w->memory);
    tasks_init(&w->tasks, &w->memory);
    capture_init(&w->capture, &w->memory);
    luaL_setmetatable(L, CLASS_WORLD);
    lua_newtable(L);
    lua_setiuservalue(L, -2, WORLD_STATE);
    lua_newtable(L);
    lua_setiuservalue(L, -2, WORLD_ANCHORS);
    *commands = binding_commands(L, true);
    lua_setiuservalue(L, -2, WORLD_COMMANDS);
    return w;
}

/* sim(seed, check) */
static int new_sim(lua_State *L)
{
    struct world_sim_options options = {.seed = (uint64_t)luaL_checkinteger(L, 1),
                                        .check = lua_toboolean(L, 2)};
    const struct command_index *commands;
    struct lua_world *w = push_world(L, &commands);
    w->world = world_sim_new(&options, commands);
    return w->world ? 1 : result_fail(L, "OOM out of memory");
}

/* live() */
static int new_live(lua_State *L)
{
    const struct command_index *commands;
    struct lua_world *w = push_world(L, &commands);
    w->world = world_live_new(commands);
    return w->world ? 1 : result_fail(L, "ERR an event loop could not be made");
}

static int close_world(lua_State *L)
{
    struct lua_world *w = binding_world(L, 1);
    struct world *world = w->world;
    if (!world) return 0;
    w->world = NULL;
    tasks_forget(&w->tasks);
    world_free(world);
    return 0;
}

static int world_gc(lua_State *L)
{
    struct lua_world *w = binding_world(L, 1);
    close_world(L);
    tasks_free(&w->tasks);
    capture_free(&w->capture);
    return 0;
}

static int is_open(lua_State *L)
{
    lua_pushboolean(L, open_world(L) != NULL);
    return 1;
}

static int world_tostring(lua_State *L)
{
    struct world *world = open_world(L);
    if (!world)
        lua_pushliteral(L, "tidelock.World (closed)");
    else
        lua_pushfstring(L, "tidelock.World (%s): %p", world_is_sim(world) ? "sim" : "live", (void *)world);
    return 1;
}

/* ---- time and chance ---- */

static int now(lua_State *L)
{
    struct world *world = open_world(L);
    if (!world) return closed(L);
    arguments_push_duration(L, world_now(world));
    return 1;
}

static int wall(lua_State *L)
{
    struct world *world = open_world(L);
    if (!world) return closed(L);
    arguments_push_duration(L, world_wall(world));
    return 1;
}

/* A draw below `bound` (0: all of 64 bits) without bias. */
static uint64_t draw_below(struct world *world, uint64_t bound)
{
    uint64_t draw = world_random(world);
    if ((bound & (bound - 1)) == 0) return draw & (bound - 1);
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    while (draw >= limit) draw = world_random(world);
    return draw % bound;
}

/* As math.random: random(), random(n), random(m, n). */
static int draw(lua_State *L)
{
    struct world *world = open_world(L);
    if (!world) return closed(L);
    lua_Integer low = 1, high;
    switch (lua_gettop(L)) {
    case 1: lua_pushnumber(L, (lua_Number)(world_random(world) >> 11) * 0x1p-53); return 1;
    case 2: high = luaL_checkinteger(L, 2); break;
    default: low = luaL_checkinteger(L, 2); high = luaL_checkinteger(L, 3);
    }
    luaL_argcheck(L, low <= high, lua_gettop(L) < 3 ? 2 : 3, "interval is empty");
    uint64_t drawn = (uint64_t)low + draw_below(world, (uint64_t)high - (uint64_t)low + 1);
    lua_pushinteger(L, (lua_Integer)drawn);
    return 1;
}

/* sleep(ms): the task that calls sleeps; outside a task the world turns for that long. */
static int sleep_ms(lua_State *L)
{
    struct lua_world *w = binding_world(L, 1);
    int64_t us = arguments_duration(L, 2, "ms");
    if (!w->world) return closed(L);
    int64_t ticket = task_ticket(L, w);
    if (ticket == 0) return result_fail(L, "OOM out of memory");
    enum world_result result = world_timer(w->world, ticket, world_now(w->world) + us);
    if (result != WORLD_OK) {
        task_drop(w, ticket);
        return binding_world_failed(L, w, result, "the world is closed");
    }
    return task_await(L, 1, w, ticket);
}

/* ---- for somebody else's loop ---- */

static int step(lua_State *L)
{
    struct lua_world *w = binding_world(L, 1);
    int64_t until = INT64_MAX;
    if (!lua_isnoneornil(L, 2)) {
        int64_t timeout = arguments_duration(L, 2, "timeout");
        if (w->world) until = world_now(w->world) + timeout;
    }
    if (!w->world) return closed(L);
    lua_pushboolean(L, task_step(L, 1, w, until));
    return 1;
}

static int fd(lua_State *L)
{
    struct world *world = open_world(L);
    if (!world) return closed(L);
    if (world_is_sim(world))
        return luaL_error(L, "a simulated world has no file descriptor: nothing to wait for");
    lua_pushinteger(L, world_live_fd(world));
    return 1;
}

static int timeout(lua_State *L)
{
    struct world *world = open_world(L);
    if (!world) return closed(L);
    int64_t us = world_is_sim(world) ? 0 : world_live_timeout(world);
    if (us < 0) return 0;
    arguments_push_duration(L, us);
    return 1;
}

static int watch_signals(lua_State *L)
{
    struct lua_world *w = binding_world(L, 1);
    if (!w->world) return closed(L);
    if (world_is_sim(w->world)) return luaL_error(L, "a simulated world gets no signals");
    return binding_world_result(L, w, world_live_watch_signals(w->world), "the world is closed");
}

/* stopping([false]): whether, and the number of the signal that wants it; `false` has it go on. */
static int stopping(lua_State *L)
{
    struct world *world = open_world(L);
    bool live = world && !world_is_sim(world);
    if (live && lua_isboolean(L, 2) && !lua_toboolean(L, 2)) world_live_go_on(world);
    lua_pushboolean(L, !world || (live && world_live_stopping(world)));
    lua_pushinteger(L, live ? world_live_signal(world) : 0);
    return 2;
}

/* ---- what can be seen ---- */

static int hash(lua_State *L)
{
    struct world *world = open_world(L);
    if (!world) return closed(L);
    lua_pushinteger(L, (lua_Integer)world_sim_hash(check_sim(L, world)));
    return 1;
}

static int events(lua_State *L)
{
    struct world *world = open_world(L);
    if (!world) return closed(L);
    lua_pushinteger(L, world_sim_events(check_sim(L, world)));
    return 1;
}

static int checks(lua_State *L)
{
    struct world *world = open_world(L);
    if (!world) return closed(L);
    struct world_sim_checks seen;
    world_sim_checks(check_sim(L, world), &seen);
    lua_createtable(L, 0, 7);
    lua_pushinteger(L, seen.releases);
    lua_setfield(L, -2, "releases");
    lua_pushinteger(L, seen.tokens);
    lua_setfield(L, -2, "tokens");
    lua_pushinteger(L, seen.recoveries);
    lua_setfield(L, -2, "recoveries");
    lua_pushinteger(L, seen.prefixes);
    lua_setfield(L, -2, "prefixes");
    lua_pushinteger(L, seen.waits);
    lua_setfield(L, -2, "waits");
    lua_pushinteger(L, seen.writes);
    lua_setfield(L, -2, "writes");
    lua_pushinteger(L, seen.histories);
    lua_setfield(L, -2, "histories");
    return 1;
}

static int check(lua_State *L)
{
    struct world *world = open_world(L);
    if (!world) return closed(L);
    const char *broken = world_sim_check_failed(check_sim(L, world));
    if (broken) return result_fail(L, "CHECK %s", broken);
    lua_pushboolean(L, 1);
    return 1;
}

static int converged(lua_State *L)
{
    struct world *world = open_world(L);
    if (!world) return closed(L);
    const char *why = NULL;
    bool all = world_converged(world, &why);
    lua_pushboolean(L, all);
    if (all) return 1;
    lua_pushstring(L, why ? why : "");
    return 2;
}

/* ---- links: by the names of two places ---- */

static const char *link_end(lua_State *L, int index) { return luaL_optstring(L, index, ""); }

/* link_get(from, to): the link's properties as a table; without names the default of all links. */
static int link_get(lua_State *L)
{
    struct lua_world *w = binding_world(L, 1);
    const char *from = link_end(L, 2), *to = link_end(L, 3);
    struct world_link link = {0};
    if (!w->world) return closed(L);
    enum world_result result = world_link_get(w->world, from, to, &link);
    if (result != WORLD_OK) return binding_world_failed(L, w, result, "the world is closed");
    lua_createtable(L, 0, 5);
    arguments_push_duration(L, link.latency);
    lua_setfield(L, -2, "latency");
    arguments_push_duration(L, link.jitter);
    lua_setfield(L, -2, "jitter");
    lua_pushnumber(L, link.loss);
    lua_setfield(L, -2, "loss");
    lua_pushnumber(L, link.bandwidth);
    lua_setfield(L, -2, "bandwidth");
    lua_pushboolean(L, link.cut);
    lua_setfield(L, -2, "cut");
    return 1;
}

/* link_set(from, to, properties): those that are given; the others stay. */
static int link_set(lua_State *L)
{
    struct lua_world *w = binding_world(L, 1);
    const char *from = link_end(L, 2), *to = link_end(L, 3);
    luaL_checktype(L, 4, LUA_TTABLE);
    struct world_link link = {0};
    if (!w->world) return closed(L);
    enum world_result result = world_link_get(w->world, from, to, &link);
    if (result != WORLD_OK) return binding_world_failed(L, w, result, "the world is closed");
    binding_read_link(L, 4, &link);
    return binding_world_result(L, w, world_link_set(w->world, from, to, &link), "the world is closed");
}

/* ---- the class ---- */

/* state(world): the table in which lua/tidelock keeps what it knows about a world. */
static int state(lua_State *L)
{
    binding_world(L, 1);
    lua_getiuservalue(L, 1, WORLD_STATE);
    return 1;
}

void binding_open_world(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"close", close_world},
        {"is_open", is_open},
        {"now", now},
        {"wall", wall},
        {"random", draw},
        {"sleep", sleep_ms},
        {"step", step},
        {"fd", fd},
        {"timeout", timeout},
        {"stopping", stopping},
        {"hash", hash},
        {"events", events},
        {"checks", checks},
        {"check", check},
        {"link_get", link_get},
        {"link_set", link_set},
        {"watch_signals", watch_signals},
        {"converged", converged},
        {NULL, NULL},
    };
    static const luaL_Reg metamethods[] = {
        {"__gc", world_gc},
        {"__close", binding_close},
        {"__tostring", world_tostring},
        {NULL, NULL},
    };
    int core = lua_gettop(L);
    binding_class(L, CLASS_WORLD, "World", methods, metamethods);
    lua_settop(L, core);
    lua_pushcfunction(L, new_sim);
    lua_setfield(L, -2, "sim");
    lua_pushcfunction(L, new_live);
    lua_setfield(L, -2, "live");
    lua_pushcfunction(L, state);
    lua_setfield(L, -2, "state");
}
