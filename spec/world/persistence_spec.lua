-- What is on disk survives: snapshots of nodes in the simulator, what a crash leaves of them, how a node says that it
-- cannot keep anything.

local tidelock = require "tidelock"

describe("a simulated node's snapshot", function()
  local world

  before_each(function() world = tidelock.sim { seed = 11 } end)

  after_each(function() world:close() end)

  it("is what a restart begins with", function()
    local a = world:node { name = "a" }
    for i = 1, 100 do a:set("key:" .. i, i) end
    assert.is_true(a:call "SAVE")
    a:set("key:1", "later")
    a:crash()
    assert.is_true(a:restart())
    assert.equal("1", a:get "key:1")
    assert.equal(100, a:dbsize())
    assert.equal(100, a:info("persistence").rdb_last_load_keys_loaded)
  end)

  it("also survives a loss of power", function()
    local a = world:node { name = "a", config = { save = "" } }
    a:set("k", "v")
    assert.is_true(a:call "SAVE")
    a:crash "power"
    a:restart()
    assert.equal("v", a:get "k")
  end)

  it("lets a replica go on where it was", function()
    local a = world:node { name = "a" }
    local b = world:node { name = "b", replicaof = a }
    for i = 1, 50 do a:set("key:" .. i, i) end
    a:wait(1, 1000)
    assert.is_true(b:call "SAVE")
    b:crash()
    for i = 51, 100 do a:set("key:" .. i, i) end
    b:restart()
    b:replicaof(a)
    assert.equal(1, a:wait(1, 1000))
    assert.equal(100, b:dbsize())
    assert.equal(1, a:info("stats").sync_full)
    assert.equal(1, a:info("stats").sync_partial_ok)
  end)
end)
