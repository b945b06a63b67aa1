-- Synchronous replication to chosen replicas: what a script sees of it.

local tidelock = require "tidelock"

describe("sync replicas", function()
  local world, a, b, c

  before_each(function()
    world = tidelock.sim { seed = 11, check = true }
    a = world:node { name = "a" }
    b = world:node { name = "b", replicaof = a }
    c = world:node { name = "c", replicaof = a }
    world:await(function() return a:state().replicas == 2 end)
  end)

  after_each(function()
    assert.is_true(world:check())
    world:close()
  end)

  it("hold a write at the node until the one that is named has it", function()
    assert.is_true(a:sync "ANY 1 (b)")
    assert.are.equal("ANY 1 (b)", a:sync())
    world:link(a, b):set { latency = 20 }
    local began = world:now()
    assert.is_true(a:set("k", "v"))
    assert.is_true(world:now() - began >= 40)
    assert.are.equal("v", b:get "k")
  end)

  it("do not hold a write that asks not to be held", function()
    a:sync "ANY 1 (b)"
    world:link(a, b):cut()
    local began = world:now()
    assert.is_true(a:set("k", "v", "ASYNC"))
    assert.are.equal(began, world:now())
    assert.is_true(a:sync(false))
    assert.is_true(a:set("k", "w"))
  end)

  it("answer an error when the time is up", function()
    a:sync("ANY 1 (b)", { timeout = 250, on_timeout = "error" })
    world:link(a, b):cut()
    local ok, message, code = a:set("k", "v")
    assert.is_nil(ok)
    assert.are.equal("UNACKNOWLEDGED", code)
    assert.matches("was not applied by ANY 1 %(b%) within 250 ms", message)
    assert.are.equal("v", a:get "k")
    world:await(function() return c:get "k" end)
  end)

  it("hold what clients are told, and let it go together", function()
    a:sync "ANY 1 (b)"
    local client = world:client(a)
    local replies = client:pipeline(function(p)
      for _ = 1, 100 do p:incr "n" end
      p:get "n"
    end)
    assert.are.equal(100, replies[100])
    assert.are.equal("100", replies[101])
    assert.are.equal("100", b:get "n")
  end)

  it("are refused where they make no sense", function()
    local ok, message = a:sync "ANY 2 (b)"
    assert.is_nil(ok)
    assert.matches("2 replicas are needed, but only 1 named", message)
    assert.has_error(function() a:sync(7) end, "sync: rule: string or false expected, got number")
  end)
end)
