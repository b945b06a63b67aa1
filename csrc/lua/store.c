/* store.c: tidelock.store: Redis's data types inside this Lua state; no server, no socket.
 *
 * A method of a store is a command: `s:set(...)` finds a closure that knows its command, reads the arguments where they
 * are, runs the command on the keyspace and pushes its reply. The closures are made when first asked for.
 */
#include <math.h>
#include <time.h>

#include "base/number.h"
#include "command/evict.h"
#include "lua/binding.h"
#include "lua/store.h"

enum {
    DATABASES_MAX = 65536,
    EXPIRE_BUDGET = 4,  /* expired keys removed after each call, at most */
    TIDY_CALLS = 8,     /* after so many calls … */
    TIDY_BUDGET = 128,  /* … so many entries of flushed databases are freed, at most */
    EVICT_BUDGET = 512, /* keys evicted before a call, at most */
    EFFECTS_KEEP = 16384
};

#ifdef CLOCK_REALTIME_COARSE
#define ROUGH_CLOCK CLOCK_REALTIME_COARSE
#else
#define ROUGH_CLOCK CLOCK_REALTIME
#endif

/* User values of a store. */
enum { STORE_COMMANDS = 1, STORE_CLOCK = 2, STORE_VALUES = 2 };

struct lua_store *store_check(lua_State *L, int index) { return binding_object(L, index, CLASS_STORE); }
static struct lua_store *check_store(lua_State *L) { return store_check(L, 1); }

/* ---- time ---- */

static int64_t system_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t clock_ms(lua_State *L, int index)
{
    int is_number;
    lua_getiuservalue(L, index, STORE_CLOCK);
    lua_call(L, 0, 1);
    lua_Number ms = lua_tonumberx(L, -1, &is_number);
    if (!is_number || !(fabs(ms) < 9e15)) luaL_error(L, "clock: must return a number of milliseconds");
    lua_pop(L, 1);
    return (int64_t)floor(ms);
}

int64_t store_now(lua_State *L, const struct lua_store *s, int index)
{
    return s->clocked ? clock_ms(L, index) : system_ms(CLOCK_REALTIME);
}

/* ---- running commands ---- */

/* A bounded slice of what a server would do between requests. */
static void housekeeping(struct lua_store *s, int64_t now)
{
    struct keyspace *ks = s->exec.keyspace;
    int db;
    for (int i = 0; i < EXPIRE_BUDGET && keyspace_expire_deadline(ks) <= now; i++) {
        struct entry *e = keyspace_next_expired(ks, &db);
        if (!e || !keyspace_delete(ks, db, entry_key(e))) break;
        keyspace_stats(ks)->expired++;
    }
    if (++s->calls % TIDY_CALLS == 0) keyspace_tidy(ks, TIDY_BUDGET);
}

bool store_make_room(struct lua_store *s, int64_t now)
{
    struct keyspace *ks = s->exec.keyspace;
    s->order.now_ms = now;
    for (int i = 0; s->maxmemory > 0 && i < EVICT_BUDGET && s->memory.used > s->maxmemory; i++) {
        int db;
        if (keyspace_untidy(ks)) {
            keyspace_tidy(ks, TIDY_BUDGET);
            continue;
        }
        struct entry *e = evict_choose(&s->eviction, &s->order, &db);
        if (!e) return false;
        keyspace_delete(ks, db, entry_key(e));
        keyspace_stats(ks)->evicted++;
    }
    return true;
}

/* How late it is for a command. A read of a store where nothing expires does not have to know it to the millisecond,
 * and where the system has a coarse clock that costs a fraction of the exact one. */
static int64_t now_for(lua_State *L, const struct lua_store *s, const struct command *command)
{
    if (s->executing) return s->execute_ms;
    bool exact =
        !command || command->flags & COMMAND_WRITE || keyspace_expire_deadline(s->exec.keyspace) != INT64_MAX;
    return exact || s->clocked ? store_now(L, s, 1) : system_ms(ROUGH_CLOCK);
}

static int run(lua_State *L, struct lua_store *s, const struct command *command, const struct arguments *a)
{
    int64_t now = now_for(L, s, command);
    if (!s->open) return result_fail(L, "CLOSED the store is closed"); /* by the clock */
    struct capture *c = capture_take(L, &s->capture, 1);
    struct exec *x = &s->exec;
    if (!command || !command->run || !command_arity_fits(command, a->argc))
        command = command_resolve(s->commands, a->argv, a->argc, &c->reply);
    if (!command) return result_push(L, c);
    keyspace_set_time(x->keyspace, now);
    x->command = command;
    x->argv = a->argv;
    x->argc = a->argc;
    x->now_ms = now;
    x->reply = &c->reply;
    x->changes = 0;
    x->effect_given = false;
    if (!s->executing && !store_make_room(s, now) && command->flags & COMMAND_DENYOOM)
        exec_no_memory(x);
    else
        command->run(x);
    if (s->effects.size) {
        bytes_clear(&s->effects);
        bytes_trim(&s->effects, EFFECTS_KEEP);
    }
    housekeeping(s, now);
    return result_push(L, c);
}

/* Upvalue: the command. */
static int method(lua_State *L)
{
    struct lua_store *s = check_store(L);
    const struct command *command = lua_touserdata(L, lua_upvalueindex(1));
    struct arguments a;
    arguments_read(L, &a, command->name, 2);
    if (!s->open) return result_fail(L, "CLOSED the store is closed");
    return run(L, s, command, &a);
}

static int call(lua_State *L)
{
    struct lua_store *s = check_store(L);
    struct arguments a;
    arguments_read(L, &a, NULL, 2);
    if (!s->open) return result_fail(L, "CLOSED the store is closed");
    return run(L, s, command_find(s->commands, a.argv[0]), &a);
}

/* resolve(store, name, ...): if these words are a command that can be executed: true, and whether it may take memory; or
 * the failure that it would be. */
static int resolve(lua_State *L)
{
    struct lua_store *s = check_store(L);
    struct arguments a;
    arguments_read(L, &a, NULL, 2);
    struct capture *c = capture_take(L, &s->capture, 1);
    const struct command *command = command_resolve(s->commands, a.argv, a.argc, &c->reply);
    if (!command) return result_push(L, c);
    lua_pushboolean(L, 1);
    lua_pushboolean(L, command->flags & COMMAND_DENYOOM);
    return 2;
}

/* __index of the table of methods: makes the method for a command. Upvalue: the holder of the commands. */
static int find_method(lua_State *L)
{
    struct command_index *commands = lua_touserdata(L, lua_upvalueindex(1));
    struct slice name;
    if (lua_type(L, 2) != LUA_TSTRING) return 0;
    name.data = lua_tolstring(L, 2, &name.size);
    const struct command *command = command_find(commands, name);
    if (!command || strcmp(command->name, name.data) != 0) return 0;
    lua_pushlightuserdata(L, (void *)(uintptr_t)command);
    lua_pushcclosure(L, method, 1);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
    return 1;
}

/* ---- the other methods ---- */

static int select_database(lua_State *L)
{
    struct lua_store *s = check_store(L);
    lua_Integer db = luaL_checkinteger(L, 2);
    if (!s->open) return result_fail(L, "CLOSED the store is closed");
    int databases = keyspace_databases(s->exec.keyspace);
    if (db < 0 || db >= databases) return result_fail(L, "ERR DB index is out of range");
    s->exec.db = (int)db;
    lua_pushboolean(L, 1);
    return 1;
}

static int used_memory(lua_State *L)
{
    const struct lua_store *s = check_store(L);
    lua_pushinteger(L, (lua_Integer)s->memory.used);
    return 1;
}

static int digest(lua_State *L)
{
    struct lua_store *s = check_store(L);
    if (!s->open) return result_fail(L, "CLOSED the store is closed");
    binding_push_digest(L, keyspace_digest(s->exec.keyspace));
    return 1;
}

static int close_store(lua_State *L)
{
    struct lua_store *s = check_store(L);
    if (!s->open) return 0;
    s->open = false;
    store_end_watches(s);
    keyspace_free(s->exec.keyspace);
    eviction_free(&s->eviction);
    bytes_free(&s->effects);
    return 0;
}

static int store_gc(lua_State *L)
{
    struct lua_store *s = check_store(L);
    close_store(L);
    capture_free(&s->capture);
    return 0;
}

static int store_tostring(lua_State *L)
{
    const struct lua_store *s = check_store(L);
    lua_pushfstring(L, s->open ? "tidelock.Store: %p" : "tidelock.Store (closed)", (const void *)s);
    return 1;
}

/* Arguments 4 to 6: maxmemory (a number or "100mb"), its policy, how many keys a choice looks at. What is wrong with
 * them, or NULL. */
static const char *read_limits(lua_State *L, struct evict_order *order, int64_t *maxmemory)
{
    struct slice text, policy;
    text.data = luaL_checklstring(L, 4, &text.size);
    policy.data = luaL_checklstring(L, 5, &policy.size);
    int named = evict_policy_named(policy);
    lua_Integer samples = luaL_checkinteger(L, 6);
    if (!number_parse_size(text, maxmemory) || *maxmemory < 0)
        return lua_pushfstring(L, "maxmemory: %s is not a size in bytes", text.data);
    if (named < 0) return lua_pushfstring(L, "maxmemory_policy: there is no %s", policy.data);
    luaL_argcheck(L, samples >= 1 && samples <= EVICT_SAMPLES_MAX, 6, "not between 1 and 64");
    order->policy = (enum evict_policy)named;
    order->samples = (int)samples;
    return NULL;
}

/* store(databases, clock, seed, maxmemory, policy, samples): a Store; or nil and what is wrong with the limits */
static int store_new(lua_State *L)
{
    struct evict_order order = {.keyspace = NULL};
    int64_t maxmemory;
    lua_Integer databases = luaL_checkinteger(L, 1);
    const char *wrong = read_limits(L, &order, &maxmemory);
    if (wrong) return result_fail(L, "%s", wrong);
    luaL_argcheck(L, databases >= 1 && databases <= DATABASES_MAX, 1, "not between 1 and 65536");
    bool clocked = !lua_isnil(L, 2);
    uint64_t seed = (uint64_t)luaL_checkinteger(L, 3);

    struct lua_store *s = lua_newuserdatauv(L, sizeof *s, STORE_VALUES);
    memset(s, 0, sizeof *s);
    s->class_name = CLASS_STORE;
    s->clocked = clocked;
    memory_init(&s->memory);
    memory_use_slabs(&s->memory);
    random_init(&s->random, seed, "store");
    list_init(&s->watches);
    bytes_init(&s->effects, &s->memory);
    capture_init(&s->capture, &s->memory);
    luaL_setmetatable(L, CLASS_STORE);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, -2, STORE_CLOCK);
    s->commands = binding_commands(L, false);
    lua_setiuservalue(L, -2, STORE_COMMANDS);

    struct keyspace_options options = {.memory = &s->memory, .databases = (int)databases};
    options.hash_key[0] = random_next(&s->random);
    options.hash_key[1] = random_next(&s->random);
    s->exec = (struct exec){.keyspace = keyspace_new(&options),
                            .memory = &s->memory,
                            .random = &s->random,
                            .index = s->commands,
                            .bulk_max = INT64_C(512) * 1024 * 1024,
                            .access = &s->access,
                            .effects = &s->effects};
    if (!s->exec.keyspace) return result_fail(L, "OOM out of memory");
    order.keyspace = s->exec.keyspace;
    order.random = &s->random;
    order.access = &s->access;
    s->order = order;
    s->maxmemory = (size_t)maxmemory;
    s->access =
        (struct access_policy){.lfu = evict_is_lfu(order.policy), .log_factor = 10, .decay_minutes = 1};
    eviction_init(&s->eviction, &s->memory);
    s->open = true;
    return 1;
}

void binding_open_store(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"call", call},     {"select", select_database}, {"used_memory", used_memory},
        {"digest", digest}, {"close", close_store},      {NULL, NULL},
    };
    static const luaL_Reg metamethods[] = {
        {"__gc", store_gc},
        {"__close", close_store},
        {"__tostring", store_tostring},
        {NULL, NULL},
    };
    int core = lua_gettop(L);
    binding_class(L, CLASS_STORE, "Store", methods, metamethods);
    /* the table of methods is indexed itself, and fills up with commands */
    lua_getfield(L, core, "Store");
    lua_createtable(L, 0, 1);
    lua_pushlightuserdata(L, binding_commands(L, false));
    lua_remove(L, -2);
    lua_pushcclosure(L, find_method, 1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_settop(L, core);
    lua_pushcfunction(L, store_new);
    lua_setfield(L, -2, "store");
    lua_pushcfunction(L, resolve);
    lua_setfield(L, -2, "resolve");
}
