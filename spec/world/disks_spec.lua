-- Disks of simulated nodes, from Lua: how they behave, what is on them, what crashes leave; and that no other world
-- pretends to have such disks.

local tidelock = require "tidelock"

describe("a simulated disk", function()
  local world, a

  before_each(function()
    world = tidelock.sim { seed = 3 }
    a = world:node { name = "a" }
  end)

  after_each(function() world:close() end)

  it("tells how it behaves, and is told", function()
    assert.equal(1, a:disk().sync_latency)
    assert.is_true(a:disk { sync_latency = 7.5, capacity = 1000, full = true })
    local disk = a:disk()
    assert.equal(7.5, disk.sync_latency)
    assert.equal(1000, disk.capacity)
    assert.is_true(disk.full)
    assert.equal(0.5, disk.lose)
    world:disks { latency = 3 }
    assert.not_equal(3, a:disk().latency)
    assert.equal(3, world:node { name = "b" }:disk().latency)
    assert.equal(3, world:disks().latency)
  end)

  it("refuses what makes no sense", function()
    assert.error_matches(function() a:disk { speed = 1 } end, "unknown property 'speed'")
    assert.error_matches(function() a:disk { 1 } end, "unknown property")
    assert.error_matches(function() a:disk { fail = 2 } end, "a probability is from 0 to 1")
    assert.error_matches(function() a:disk { fail = "often" } end, "number expected")
    assert.error_matches(function() a:disk { capacity = 1.5 } end, "integer expected")
    assert.error_matches(function() a:disk { sync_latency = -1 } end, "not a duration")
    assert.error_matches(function() a:disk { bandwidth = -1 } end, "not negative")
    assert.error_matches(function() world:disks { stall = 1 } end, "unknown property 'stall'")
    assert.error_matches(function() a:file("../x", "y") end, "not a name for a file")
  end)

  it("has files that can be looked at, changed and taken away", function()
    assert.same({}, a:files())
    a:set("k", "v")
    assert.is_true(a:save())
    assert.is_true(a:files()["dump.rdb"] > 0)
    local dump = a:file "dump.rdb"
    assert.equal("REDIS", dump:sub(1, 5))
    assert.is_nil(a:file "other")
    assert.is_true(a:file("dir/other", "content"))
    assert.equal("content", a:file "dir/other")
    assert.is_true(a:file("dir/other", false))
    assert.same({ ["dump.rdb"] = #dump }, a:files())
    local b = world:node { name = "b" }
    b:file("dump.rdb", dump)
    b:crash "process"
    b:restart()
    assert.equal("v", b:get "k")
  end)

  it("takes its time", function()
    a:disk { sync_latency = 250, jitter = 0 }
    local began = world:now()
    a:save()
    assert.is_true(world:now() - began >= 250)
    a:disk { stall = 2000 }
    began = world:now()
    a:save()
    assert.is_true(world:now() - began >= 2000)
  end)

  it("fails", function()
    a:set("k", ("v"):rep(1000))
    a:disk { full = true }
    assert.is_nil((a:save()))
    a:disk { full = false, capacity = 20 }
    assert.is_nil((a:save()))
    a:disk { capacity = 0, fail_sync = 1 }
    assert.is_nil((a:save()))
    a:disk { fail_sync = 0, fail = 1 }
    assert.is_nil((a:save()))
    a:disk { fail = 0 }
    assert.is_true(a:save())
  end)

  it("keeps what was synced, in every kind of crash", function()
    for _, what in ipairs { "process", "power", false } do
      a:set("k", tostring(what))
      a:save()
      a:set("k", "later")
      if what then a:crash(what) else a:crash() end
      a:restart()
      assert.equal(tostring(what), a:get "k")
    end
  end)

  it("answers to nobody once the world is closed", function()
    world:close()
    assert.same({ nil, "CLOSED the world is closed", "CLOSED" }, { a:disk() })
    assert.same({ nil, "CLOSED the world is closed", "CLOSED" }, { a:files() })
    assert.same({ nil, "CLOSED the world is closed", "CLOSED" }, { a:file "x" })
    assert.same({ nil, "CLOSED the world is closed", "CLOSED" }, { world:disks() })
  end)
end)

describe("other worlds' disks", function()
  it("are not a live world's to break", function()
    local world <close> = tidelock.live {}
    local a = world:node { name = "a" }
    assert.error_matches(function() a:disk { full = true } end, "a disk is the simulator's")
    assert.error_matches(function() world:disks { full = true } end, "a disk is the simulator's")
    assert.error_matches(function() a:files() end, "look into the node's directory")
    assert.error_matches(function() a:file("x", "y") end, "look into the node's directory")
  end)

  it("are not to be had where nodes are processes", function()
    local world <close> = tidelock.processes {}
    local a = world:node { name = "a" }
    assert.error_matches(function() a:disk { full = true } end, "disk: this world's nodes are processes")
    assert.error_matches(function() a:files() end, "files: this world's nodes are processes")
    assert.error_matches(function() world:disks { full = true } end, "disks: this world's nodes are processes")
  end)
end)
