-- The acknowledgement level fsynced: what a replica's journal has on its disk, told to the primary (FACK). In the
-- simulator, whose disks forget and fail, and over real files.

local files = require "spec.files"
local tidelock = require "tidelock"

local FSYNCED = { any = 1, of = { "b" }, level = "fsynced", timeout = 30000 }

-- opens a world, makes a node's directory and looks into its increments
local KINDS = {
  {
    name = "simulated disks",
    open = function() return tidelock.sim { seed = 5, check = true } end,
    place = function() return "." end,
    close = function(world)
      assert.is_true(world:check())
      world:close()
    end,
    journal = function(node)
      local text = {}
      for name in pairs(node:files()) do
        if name:find "incr%.aof$" then text[#text + 1] = node:file(name) end
      end
      return table.concat(text)
    end,
  },
  {
    name = "real files",
    open = function() return tidelock.live {} end,
    place = function(directory, name)
      assert(os.execute(("mkdir -p '%s/%s'"):format(directory, name)))
      return directory .. "/" .. name
    end,
    close = function(world) world:close() end,
    journal = function(_, directory, name)
      local pipe <close> = assert(io.popen(("cat '%s/%s'/appendonlydir/*.incr.aof"):format(directory, name)))
      return pipe:read "a"
    end,
  },
}

for _, kind in ipairs(KINDS) do
  describe(("fsynced, on %s,"):format(kind.name), function()
    local world, directory, a, b

    local function node(name, given)
      local options = { name = name, dir = kind.place(directory, name), appendonly = "yes", appendfsync = "always" }
      for option, value in pairs(given) do options[option] = value end
      return world:node(options)
    end

    local function pair(given)
      a = node("a", {})
      given.replicaof = a
      b = node("b", given)
      assert(world:await(function() return a:state().replicas == 1 end, 30000))
    end

    local function told() return a:channels()[1]:stats().fsynced end

    before_each(function()
      directory = files.directory()
      world = kind.open()
    end)

    after_each(function()
      kind.close(world)
      files.remove(directory)
    end)

    it("is told when it is in the replica's file, and is there when the replica comes back", function()
      pair {}
      assert(world:await(told, 30000)) -- its base
      local ok, receipt = a:durable(FSYNCED):set("key", "kept-by-b")
      assert.is_true(ok)
      assert.same({ b = "fsynced" }, receipt.acknowledged)
      assert.matches("kept%-by%-b", kind.journal(b, directory, "b"))
      assert.is_true(told() >= receipt.offset)
      assert.is_true(b:info("persistence").aof_fsynced_offset >= receipt.offset)
      b:promote()
      b:crash()
      b:restart()
      assert.are.equal("kept-by-b", world:await(function() return b:get "key" end, 30000))
    end)

    it("is what WAITAOF counts, here and at replicas", function()
      pair {}
      local client = world:client(a)
      local replies = client:pipeline(function(p)
        p:set("key", 1)
        p:call("WAITAOF", 1, 1, 30000)
        p:call("WAITAOF", 0, 2, 50)
      end)
      assert.same({ 1, 1 }, replies[2])
      assert.same({ 1, 1 }, replies[3])
    end)

    it("is not told of what is written and not synced", function()
      pair { appendfsync = "no" }
      assert(world:await(told, 30000))
      assert.are.equal(1, world:await(function() return a:set("key", 1) and a:wait(1, 100) == 1 and 1 end, 30000))
      local before = a:state().offset
      assert(world:await(function() return kind.journal(b, directory, "b"):find "key" end, 30000))
      world:sleep(100)
      assert.is_true(told() < before)
      local ok, _, code = a:durable { any = 1, of = { "b" }, level = "fsynced", timeout = 100 }:set("key", 2)
      assert.is_nil(ok)
      assert.are.equal("UNACKNOWLEDGED", code)
      assert.is_true(b:call("CONFIG", "SET", "appendfsync", "always"))
      assert.is_true(a:durable(FSYNCED):set("key", 3))
      assert.is_true(told() > before)
    end)

    it("is never told by a replica without a journal, until it has one", function()
      pair { appendonly = "no" }
      local applied = { any = 1, of = { "b" }, level = "applied", timeout = 30000 }
      assert.is_true(a:durable(applied):set("key", 1))
      assert.is_nil(told())
      assert.is_nil((a:durable { any = 1, of = { "b" }, level = "fsynced", timeout = 100 }:set("key", 2)))
      assert.is_true(b:call("CONFIG", "SET", "appendonly", "yes"))
      assert.is_true(a:durable(FSYNCED):set("key", 3))
      assert.matches("3", kind.journal(b, directory, "b"))
    end)
  end)
end

describe("fsynced, of a disk that fails,", function()
  it("is told again when everything is in other files", function()
    local world <close> = tidelock.sim { seed = 6, check = true }
    local a = world:node { name = "a" }
    local b = world:node { name = "b", replicaof = a, appendonly = "yes", appendfsync = "always", dir = "." }
    assert.is_true(a:durable(FSYNCED):set("before", 1))
    local before = a:channels()[1]:stats().fsynced
    b:disk { fail_sync = 1 }
    assert.is_nil((a:durable { any = 1, of = { "b" }, level = "fsynced", timeout = 5000 }:set("meanwhile", 1)))
    assert.are.equal(1, a:wait(1, 1000)) -- applied it is
    assert.are.equal(before, a:channels()[1]:stats().fsynced)
    b:disk { fail_sync = 0 }
    assert.is_true(a:durable(FSYNCED):set("after", 1))
    b:promote()
    b:crash "power"
    b:restart()
    assert.same({ "1", "1", "1" }, b:mget("before", "meanwhile", "after"))
    assert.is_true(world:check())
  end)
end)
