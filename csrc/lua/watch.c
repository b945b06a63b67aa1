/* watch.c: what store:transaction asks of its store. WATCH: some keys, and whether they are as they were. EXEC: commands
 * between which nothing expires and nothing is evicted, so that they are executed all or none.
 *
 * A store has its watches in a list, because they must end before its keyspace does; a watch keeps its store alive.
 */
#include "lua/store.h"

#define WATCH_CLASS "tidelock.Watch"

struct lua_watch {
    struct lua_store *store; /* NULL: over */
    struct list member;
    int count;
    struct watch *watches[];
};

static void end(struct lua_watch *w)
{
    if (!w->store) return;
    for (int i = 0; i < w->count; i++) keyspace_unwatch(w->store->exec.keyspace, w->watches[i]);
    list_remove(&w->member);
    w->store = NULL;
}

void store_end_watches(struct lua_store *s)
{
    list_each_safe(link, &s->watches) end(list_item(link, struct lua_watch, member));
}

/* ---- WATCH ---- */

/* watch(store, key, ...): a Watch; or `nil, message, code`. */
static int watch(lua_State *L)
{
    struct lua_store *s = store_check(L, 1);
    struct arguments a;
    arguments_read(L, &a, "WATCH", 2);
    int count = a.argc - 1;
    struct lua_watch *w = lua_newuserdatauv(L, sizeof *w + (size_t)count * sizeof *w->watches, 1);
    *w = (struct lua_watch){.store = NULL};
    list_init(&w->member);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, WATCH_CLASS);
    int64_t now = store_now(L, s, 1);
    if (!s->open) return result_fail(L, "CLOSED the store is closed");
    keyspace_set_time(s->exec.keyspace, now);
    w->store = s;
    list_push(&s->watches, &w->member);
    for (; w->count < count; w->count++) {
        w->watches[w->count] = keyspace_watch(s->exec.keyspace, s->exec.db, a.argv[w->count + 1]);
        if (w->watches[w->count]) continue;
        end(w);
        return result_fail(L, "OOM out of memory");
    }
    return 1;
}

/* watch:holds(): no key was changed or has expired since, and the store is open. */
static int holds(lua_State *L)
{
    const struct lua_watch *w = luaL_checkudata(L, 1, WATCH_CLASS);
    if (w->store) {
        lua_getiuservalue(L, 1, 1);
        int64_t now = store_now(L, w->store, lua_gettop(L));
        if (w->store) keyspace_set_time(w->store->exec.keyspace, now); /* the clock may have closed it */
    }
    bool clean = w->store != NULL;
    for (int i = 0; clean && i < w->count; i++)
        clean = !keyspace_watch_dirty(w->store->exec.keyspace, w->watches[i]);
    lua_pushboolean(L, clean);
    return 1;
}

/* watch:stop(), and what becomes of one that is forgotten. */
static int stop(lua_State *L)
{
    end(luaL_checkudata(L, 1, WATCH_CLASS));
    return 0;
}

/* ---- EXEC ---- */

/* execute(store, takes_memory): the commands up to executed(store) belong together. Room for them is made now. */
static int execute(lua_State *L)
{
    struct lua_store *s = store_check(L, 1);
    int64_t now = s->open ? store_now(L, s, 1) : 0;
    if (!s->open) return result_fail(L, "CLOSED the store is closed");
    keyspace_set_time(s->exec.keyspace, now);
    if (!store_make_room(s, now) && lua_toboolean(L, 2))
        return result_fail(L, "OOM command not allowed when used memory > 'maxmemory'.");
    s->executing = true;
    s->execute_ms = now;
    lua_pushboolean(L, 1);
    return 1;
}

static int executed(lua_State *L)
{
    store_check(L, 1)->executing = false;
    return 0;
}

void binding_open_watch(lua_State *L)
{
    static const luaL_Reg methods[] = {{"holds", holds}, {"stop", stop}, {NULL, NULL}};
    luaL_newmetatable(L, WATCH_CLASS);
    lua_pushcfunction(L, stop);
    lua_setfield(L, -2, "__gc");
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    static const luaL_Reg functions[] = {
        {"watch", watch}, {"execute", execute}, {"executed", executed}, {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
