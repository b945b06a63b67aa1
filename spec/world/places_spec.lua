-- Places that come and go: what a closed client leaves behind in the simulator (nothing).

local tidelock = require "tidelock"

describe("a client that is closed", function()
  local world, a
  before_each(function()
    world = tidelock.sim { seed = 1 }
    a = world:node { name = "a" }
  end)
  after_each(function() world:close() end)

  it("takes its links with it: who comes after it has the world's default", function()
    local default = world:link_get()
    local function memory_kept()
      collectgarbage()
      collectgarbage() -- what had a finalizer goes the second time
      return collectgarbage "count"
    end
    local memory
    for i = 1, 3000 do
      local client <close> = world:client(a)
      assert.same(default, world:link(client, a):get())
      assert.equal("PONG", client:ping())
      world:link(client, a):set { latency = 1000 }
      world:link(client, a):cut()
      if i == 1500 then memory = memory_kept() end
    end
    assert.is_true(memory_kept() < memory + 50, "nothing is kept per client")
    assert.is_true(world:heal())
  end)

  it("may be closed before a node that was stopped has accepted its connection", function()
    local other = world:client(a)
    for _ = 1, 20 do
      a:pause()
      local client = world:client(a, { timeout = 10 })
      assert.equal("TIMEOUT", select(3, client:ping()))
      client:close()
      if world:random(2) == 1 then world:client(a, { name = "another" }):close() end
      a:resume()
      assert.equal("PONG", other:ping())
    end
    assert.equal(1, a:info("clients").connected_clients)
  end)

  it("may be closed while it connects", function()
    world:links { latency = 50 }
    for _ = 1, 20 do
      local client = world:client(a)
      world:go(function() client:ping() end)
      world:sleep(world:random(0, 200))
      client:close()
    end
    world:run()
    assert.equal(0, a:info("clients").connected_clients)
  end)
end)
