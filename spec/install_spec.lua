-- Installation through LuaRocks into a tree of its own: the module loads from there and the command runs, with nothing
-- of the checkout on any path.

-- runs a command in the shell with an environment that knows of no checkout and no other make
local function run(command, ...)
  local clean = "env -u MAKEFLAGS -u MAKELEVEL -u LUA_PATH -u LUA_CPATH -u LUA_PATH_5_4 -u LUA_CPATH_5_4 "
  local pipe = io.popen(("{ %s; } 2>&1"):format(command:format(...):gsub("^", clean)))
  local output = pipe:read "a"
  local ok = pipe:close()
  return ok, output
end

describe("make install #once", function()
  local tree, installed, log

  setup(function()
    tree = os.tmpname()
    os.remove(tree)
    installed, log = run("make --no-print-directory install PREFIX=%s", tree)
  end)

  teardown(function()
    run("rm -rf %s", tree)
  end)

  it("installs into the tree it is told", function()
    assert.is_true(installed, log)
  end)

  it("leaves a module that loads from there", function()
    local paths = "LUA_PATH_5_4='%s/share/lua/5.4/?.lua;%s/share/lua/5.4/?/init.lua;;' "
      .. "LUA_CPATH_5_4='%s/lib/lua/5.4/?.so;;'"
    local check = [[
      local t = require "tidelock"
      local core = package.searchpath("tidelock.core", package.cpath)
      local s = t.store()
      s:set("foo", "bar")
      print(core, s:get "foo")
    ]]
    local ok, output = run("sh -c %q", ("cd / && %s lua5.4 -e '%s'"):format(paths:gsub("%%s", tree), check))
    assert.is_true(ok, output)
    assert.equal(tree .. "/lib/lua/5.4/tidelock/core.so\tbar\n", output)
  end)

  it("leaves a command that runs from there", function()
    local ok, output = run("sh -c 'cd / && %s/bin/tidelock --version'", tree)
    assert.is_true(ok, output)
    assert.matches("^tidelock %S", output)
  end)
end)
