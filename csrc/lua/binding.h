/* binding.h: what the files of the binding share: its userdata and how they hang together.
 *
 *      Lua          store         world  <--- node <--- channel
 *                     |             |  <----- client <--- pipeline         (<---: keeps alive, by a user value)
 *      C        struct keyspace  struct world …
 *
 * The world owns its nodes and clients, so userdata of theirs only point into it, and look first whether it is still
 * open. Every function reads: check the arguments, call, push the result. Misuse raises; what the world does to its
 * caller returns `nil, message, code` (result.h). Lua code on top of this is in lua/tidelock.
 */
#ifndef TIDELOCK_LUA_BINDING_H
#define TIDELOCK_LUA_BINDING_H

#include <lauxlib.h>
#include <lua.h>

#include "lua/arguments.h"
#include "lua/result.h"
#include "lua/task.h"
#include "node/node.h"
#include "world/world.h"

/* The names of the classes. The userdata of those that are asked for on every call begins with a pointer to its class's
 * name: binding_object. */
extern const char CLASS_STORE[], CLASS_WORLD[], CLASS_NODE[], CLASS_CHANNEL[], CLASS_CLIENT[],
    CLASS_PIPELINE[], CLASS_RELAY[], CLASS_LOADER[];

struct lua_world {
    const char *class_name;
    struct world *world; /* NULL: closed */
    struct memory memory;
    struct tasks tasks;
    struct capture capture;
};

/* User values of a world. */
enum {
    WORLD_STATE = 1,    /* a table: what lua/tidelock keeps about this world */
    WORLD_ANCHORS = 2,  /* a table: what the slots of task.c hold on to */
    WORLD_COMMANDS = 3, /* the command index */
    WORLD_VALUES = 3
};

struct lua_node {
    const char *class_name;
    struct lua_world *owner;
    struct world_node *node;
};

/* User values of a node and of a client. */
enum {
    PLACE_WORLD = 1,
    PLACE_NAME = 2, /* a string */
    PLACE_VALUES = 2,
    CLIENT_PIPELINE = 3, /* what it used last */
    CLIENT_VALUES = 3
};

struct lua_client {
    const char *class_name;
    struct lua_world *owner;
    struct world_client *client; /* NULL: closed */
};

/* Makes the metatable of a class and leaves it on the stack; its methods are `methods`, `__index` is left to the
 * caller, and `core` (at the top before the call) gets the methods as `core[field]`, where lua/tidelock adds to them. */
void binding_class(lua_State *L, const char *class_name, const char *field, const luaL_Reg *methods,
                   const luaL_Reg *metamethods);
/* The userdata at `index`, which is of this class: luaL_checkudata without a look into the registry. */
void *binding_object(lua_State *L, int index, const char *class_name);
/* Pushes the userdata that holds the commands of plain stores or of nodes, the same for all in one Lua state. */
struct command_index *binding_commands(lua_State *L, bool of_nodes);

/* Whether a name a script uses as a method can be a command's: lower-case letters, digits, '_'. */
bool binding_is_command(struct slice name);
/* Pushes the method for a command: `method` with its name, in capitals, as its upvalue. */
void binding_push_command(lua_State *L, struct slice name, lua_CFunction method);
/* Pushes the channel `id` of the node at stack index `node`. */
void binding_push_channel(lua_State *L, int node, int64_t id);
/* __close of any class: calls its method `close`. */
int binding_close(lua_State *L);
/* The methods `pipeline` of clients and nodes. */
int binding_client_pipeline(lua_State *L);
int binding_node_pipeline(lua_State *L);

/* What a world function says when it fails: WORLD_BAD and WORLD_UNSUPPORTED raise, the others return the triple.
 * `what` is who is closed: "node a is down". */
int binding_world_failed(lua_State *L, const struct lua_world *w, enum world_result result, const char *what);
/* The result of a world function that has no other: true, or how it failed. */
int binding_world_result(lua_State *L, const struct lua_world *w, enum world_result result, const char *what);
/* The world at `index`, which may be closed. */
struct lua_world *binding_world(lua_State *L, int index);
/* Reads the properties that the table at `table` has into a link; the others stay. */
void binding_read_link(lua_State *L, int table, struct world_link *link);
/* Pushes a digest: 32 hexadecimal digits. */
void binding_push_digest(lua_State *L, struct digest d);

/* One per class: adds to the table `core` at the top of the stack. */
void binding_open_store(lua_State *L);
void binding_open_watch(lua_State *L);
void binding_open_world(lua_State *L);
void binding_open_node(lua_State *L);
void binding_open_channel(lua_State *L);
void binding_open_client(lua_State *L);
void binding_open_pipeline(lua_State *L);
void binding_open_relay(lua_State *L);
void binding_open_task(lua_State *L);
/* Adds to the classes of nodes and worlds, which are open. */
void binding_open_disk(lua_State *L);
void binding_open_loader(lua_State *L);
void binding_open_backup(lua_State *L);

/* The node that the loader at `index` has loaded into; NULL: it is no loader, or closed. */
struct node *binding_loader_node(lua_State *L, int index);

#endif
