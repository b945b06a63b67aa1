/* backup.c: what lua/tidelock makes backups of: the data of a node in pieces (node.h, node_backup_begin), and the file's
 * format (persist/backup.h). Files are Lua's.
 *
 *      core.backup_begin(source, ctime)       id, replid, offset, keys; source: a node, or a loader
 *      core.backup_next(source, id, budget)   a piece, whether it was the last, keys done
 *      core.backup_writer(plain)              writer:feed(piece), writer:finish(replid, offset, ms): bytes of the file
 *      core.backup_reader(size)               reader:wants(): offset, size; reader:feed(bytes): verdict, problem
 *      core.backup_send(fd, bytes)            how many were sent; nil, errno: the host gets no SIGPIPE
 */
#include "persist/backup.h"

#include <errno.h>
#include <sys/socket.h>

#include "lua/binding.h"

static const char CLASS_WRITER[] = "tidelock.BackupWriter";
static const char CLASS_READER[] = "tidelock.BackupReader";

struct lua_writer {
    const char *class_name;
    struct memory memory;
    struct backup_writer writer;
    struct bytes out;
};

struct lua_reader {
    const char *class_name;
    struct memory memory;
    struct backup_reader reader;
};

/* ---- the data of a node ---- */

/* NULL: it has left what the function returns on the stack. */
static struct node *source_node(lua_State *L)
{
    struct node *loaded = binding_loader_node(L, 1);
    if (loaded) return loaded;
    struct lua_node *n = binding_object(L, 1, CLASS_NODE);
    struct node *node = n->owner->world ? world_node_get(n->node) : NULL;
    if (!node) result_fail(L, "CLOSED the node is down");
    return node;
}

static int backup_begin(lua_State *L)
{
    struct node_backup info = {.created_s = (int64_t)luaL_optinteger(L, 2, 0)};
    struct node_state state;
    struct node *n = source_node(L);
    if (!n) return 3;
    const char *wrong = node_backup_begin(n, &info);
    if (wrong) return result_fail(L, "%s", wrong);
    node_inspect(n, &state);
    lua_pushinteger(L, info.id);
    lua_pushstring(L, info.replid);
    lua_pushinteger(L, info.offset);
    lua_pushinteger(L, state.keys);
    return 4;
}

/* A buffer that goes with its userdata, whatever is raised. */
struct piece {
    struct memory memory;
    struct bytes bytes;
};

static int piece_gc(lua_State *L)
{
    struct piece *p = lua_touserdata(L, 1);
    bytes_free(&p->bytes);
    return 0;
}

static const char CLASS_PIECE[] = "tidelock.BackupPiece";

static struct piece *new_piece(lua_State *L)
{
    struct piece *p = lua_newuserdatauv(L, sizeof *p, 0);
    memory_init(&p->memory);
    bytes_init(&p->bytes, &p->memory);
    luaL_setmetatable(L, CLASS_PIECE);
    return p;
}

static int backup_next(lua_State *L)
{
    const char *error;
    size_t done, total;
    int64_t id = luaL_checkinteger(L, 2);
    size_t budget = (size_t)luaL_checkinteger(L, 3);
    struct piece *p = new_piece(L);
    struct node *n = source_node(L);
    if (!n) return 3;
    enum node_backup_result result = node_backup_next(n, id, budget, &p->bytes, &error);
    if (result == NODE_BACKUP_FAILED) return result_fail(L, "%s", error);
    node_backup_progress(n, id, &done, &total);
    lua_pushlstring(L, p->bytes.size > 0 ? p->bytes.data : "", p->bytes.size);
    bytes_free(&p->bytes);
    lua_pushboolean(L, result == NODE_BACKUP_DONE);
    lua_pushinteger(L, (lua_Integer)done);
    return 3;
}

static int backup_end(lua_State *L)
{
    struct node *n = source_node(L);
    if (n) node_backup_end(n, luaL_checkinteger(L, 2));
    return 0;
}

/* luaposix's send would kill the host when the peer is gone. */
static int backup_send(lua_State *L)
{
    size_t size;
    int fd = (int)luaL_checkinteger(L, 1);
    const char *data = luaL_checklstring(L, 2, &size);
    ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent >= 0) {
        lua_pushinteger(L, (lua_Integer)sent);
        return 1;
    }
    lua_pushnil(L);
    lua_pushinteger(L, errno);
    return 2;
}

/* ---- the file, written ---- */

static int writer_result(lua_State *L, struct lua_writer *w, const char *wrong)
{
    if (wrong) return result_fail(L, "ERR %s", wrong);
    lua_pushlstring(L, w->out.size > 0 ? w->out.data : "", w->out.size);
    bytes_clear(&w->out);
    return 1;
}

static int writer_feed(lua_State *L)
{
    struct lua_writer *w = binding_object(L, 1, CLASS_WRITER);
    struct slice piece;
    piece.data = luaL_checklstring(L, 2, &piece.size);
    return writer_result(L, w, backup_writer_feed(&w->writer, piece, &w->out));
}

static int writer_finish(lua_State *L)
{
    struct lua_writer *w = binding_object(L, 1, CLASS_WRITER);
    const char *replid = luaL_optstring(L, 2, "");
    struct backup_info info = {.offset = (int64_t)luaL_optinteger(L, 3, -1),
                               .created_ms = (int64_t)luaL_optinteger(L, 4, 0)};
    text_copy(info.replid, sizeof info.replid, replid);
    return writer_result(L, w, backup_writer_finish(&w->writer, &info, &w->out));
}

static int writer_gc(lua_State *L)
{
    struct lua_writer *w = luaL_checkudata(L, 1, CLASS_WRITER);
    backup_writer_free(&w->writer);
    bytes_free(&w->out);
    return 0;
}

static int new_writer(lua_State *L)
{
    bool plain = lua_toboolean(L, 1);
    struct lua_writer *w = lua_newuserdatauv(L, sizeof *w, 0);
    w->class_name = CLASS_WRITER;
    memory_init(&w->memory);
    bytes_init(&w->out, &w->memory);
    backup_writer_init(&w->writer, &w->memory, plain);
    luaL_setmetatable(L, CLASS_WRITER);
    return 1;
}

/* ---- the file, read ---- */

static int reader_wants(lua_State *L)
{
    struct lua_reader *r = binding_object(L, 1, CLASS_READER);
    int64_t offset;
    size_t size;
    if (!backup_reader_wants(&r->reader, &offset, &size)) return 0;
    lua_pushinteger(L, offset);
    lua_pushinteger(L, (lua_Integer)size);
    return 2;
}

static int reader_feed(lua_State *L)
{
    static const char *const verdicts[] = {[BACKUP_MORE] = "more",
                                           [BACKUP_GOOD] = "good",
                                           [BACKUP_DAMAGED] = "damaged",
                                           [BACKUP_NONE] = "none",
                                           [BACKUP_NO_MEMORY] = "failed"};
    struct lua_reader *r = binding_object(L, 1, CLASS_READER);
    struct slice piece;
    piece.data = luaL_checklstring(L, 2, &piece.size);
    enum backup_verdict verdict = backup_reader_feed(&r->reader, piece);
    lua_pushstring(L, verdicts[verdict]);
    lua_pushstring(L, verdict == BACKUP_NO_MEMORY ? "out of memory" : r->reader.problem);
    return 2;
}

/* info(reader): bytes of the body, replid, offset, ms; nothing while the trailer is not known to be good. */
static int reader_info(lua_State *L)
{
    struct lua_reader *r = binding_object(L, 1, CLASS_READER);
    const struct backup_info *info = &r->reader.info;
    if (!r->reader.trusted) return 0;
    lua_pushinteger(L, info->body);
    lua_pushstring(L, info->replid);
    lua_pushinteger(L, info->offset);
    lua_pushinteger(L, info->created_ms);
    return 4;
}

static int reader_gc(lua_State *L)
{
    struct lua_reader *r = luaL_checkudata(L, 1, CLASS_READER);
    backup_reader_free(&r->reader);
    return 0;
}

static int new_reader(lua_State *L)
{
    lua_Integer size = luaL_checkinteger(L, 1);
    luaL_argcheck(L, size >= 0, 1, "not a size");
    struct lua_reader *r = lua_newuserdatauv(L, sizeof *r, 0);
    r->class_name = CLASS_READER;
    memory_init(&r->memory);
    backup_reader_init(&r->reader, &r->memory, size);
    luaL_setmetatable(L, CLASS_READER);
    return 1;
}

/* ---- the module ---- */

void binding_open_backup(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"backup_begin", backup_begin},
        {"backup_next", backup_next},
        {"backup_end", backup_end},
        {"backup_send", backup_send},
        {"backup_writer", new_writer},
        {"backup_reader", new_reader},
        {NULL, NULL},
    };
    static const luaL_Reg of_writers[] = {{"feed", writer_feed}, {"finish", writer_finish}, {NULL, NULL}};
    static const luaL_Reg of_readers[] = {
        {"wants", reader_wants}, {"feed", reader_feed}, {"info", reader_info}, {NULL, NULL}};
    static const luaL_Reg writer_metamethods[] = {{"__gc", writer_gc}, {NULL, NULL}};
    static const luaL_Reg reader_metamethods[] = {{"__gc", reader_gc}, {NULL, NULL}};
    int core = lua_gettop(L);
    binding_class(L, CLASS_WRITER, "BackupWriter", of_writers, writer_metamethods);
    lua_settop(L, core);
    binding_class(L, CLASS_READER, "BackupReader", of_readers, reader_metamethods);
    lua_settop(L, core);
    luaL_newmetatable(L, CLASS_PIECE);
    lua_pushcfunction(L, piece_gc);
    lua_setfield(L, -2, "__gc");
    lua_settop(L, core);
    luaL_setfuncs(L, functions, 0);
}
