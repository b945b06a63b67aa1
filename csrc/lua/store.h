/* store.h: a store's userdata, for those who work on stores beside store.c: watches. */
#ifndef TIDELOCK_LUA_STORE_H
#define TIDELOCK_LUA_STORE_H

#include "command/evict.h"
#include "lua/binding.h"

struct lua_store {
    const char *class_name;
    bool open;
    bool clocked; /* a function says how late it is */
    struct memory memory;
    struct random random;
    struct bytes effects; /* nobody is told about them */
    struct command_index *commands;
    struct exec exec;
    struct capture capture;
    size_t maxmemory; /* bytes; 0: no limit */
    struct access_policy access;
    struct eviction eviction;
    struct evict_order order;
    unsigned calls;      /* for what is not done after each */
    bool executing;      /* a transaction: it stays as late as it was, and as much may be taken as it takes */
    int64_t execute_ms;  /* … how late that is */
    struct list watches; /* of watch.c; none when it is closed */
};

/* The store at `index`. */
struct lua_store *store_check(lua_State *L, int index);
/* How late it is, by its clock, which is a Lua function perhaps: it may raise, and close the store. */
int64_t store_now(lua_State *L, const struct lua_store *s, int index);
/* Before a command or a transaction: as many keys go as it takes to be below maxmemory, or enough of them for now. False:
 * it is too much, and none can go. */
bool store_make_room(struct lua_store *s, int64_t now);
/* The store is about to be closed: ends its watches. */
void store_end_watches(struct lua_store *s);

#endif
