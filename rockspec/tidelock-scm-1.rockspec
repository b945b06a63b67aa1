rockspec_format = "3.0"
package = "tidelock"
version = "scm-1"
source = {
  url = "git+file://.", -- a checkout's own: `luarocks make`
}
description = {
  summary = "A replicated in-memory store that a script can take apart",
  detailed = [[
    A store, replication channels and a wait primitive for Lua 5.4, speaking Redis's protocols. A script arranges
    primaries and replicas in any topology, breaks them, and reads off what was lost.]],
  license = "MIT",
  labels = { "redis", "replication", "database", "simulation" },
}
supported_platforms = { "unix" }
dependencies = {
  "lua >= 5.4, < 5.5",
  "luaposix >= 35",
  "argparse >= 0.7",
  "dkjson >= 2.5",
}
external_dependencies = {
  LIBUV = { header = "uv.h", library = "uv" },
}
-- The Makefile knows how to build; LuaRocks says with what, and where to.
build = {
  type = "make",
  build_target = "all",
  build_variables = {
    BUILD = "build/rock",
    CC = "$(CC)",
    CFLAGS = "$(CFLAGS)",
    LUA = "$(LUA)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    LIBUV_INCDIR = "$(LIBUV_INCDIR)",
    LIBUV_LIBDIR = "$(LIBUV_LIBDIR)",
    WERROR = "", -- whatever compiler this is
  },
  install_target = "install-files",
  install_variables = {
    BUILD = "build/rock",
    CC = "$(CC)",
    CFLAGS = "$(CFLAGS)",
    LUA = "$(LUA)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    LIBUV_INCDIR = "$(LIBUV_INCDIR)",
    LIBUV_LIBDIR = "$(LIBUV_LIBDIR)",
    WERROR = "",
    LUADIR = "$(LUADIR)",
    LIBDIR = "$(LIBDIR)",
    BINDIR = "$(BINDIR)",
  },
}
