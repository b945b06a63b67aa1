-- Commands that wait for a key, from clients in a simulated world: over links, in the order of arrival, on the world's
-- clock.

local tidelock = require "tidelock"

describe("clients that wait for a key", function()
  local world, node, log

  before_each(function()
    world = tidelock.sim { seed = 5 }
    node = world:node { name = "a" }
    log = {}
  end)

  after_each(function() world:close() end)

  -- a client in a task of its own, which arrives `after` ms; what it was told is noted, and when
  local function waits(name, after, ask)
    world:go(function()
      local client = world:client(node)
      world:sleep(after)
      local reply = ask(client)
      log[#log + 1] = { name, type(reply) == "table" and reply[#reply] or reply, world:now() }
    end)
  end

  local function told()
    local list = {}
    for i, row in ipairs(log) do list[i] = ("%s %s"):format(row[1], tostring(row[2])) end
    return list
  end

  it("are served in the order in which they came, one element each", function()
    for i, name in ipairs { "first", "second", "third" } do
      waits(name, 10 * i, function(client) return client:blpop("list", 0) end)
    end
    world:go(function()
      world:sleep(100)
      world:client(node):rpush("list", "x", "y")
      world:sleep(50)
      world:client(node):lpush("list", "z")
    end)
    world:run()
    assert.same({ "first x", "second y", "third z" }, told())
    assert.is_true(log[3][3] >= log[2][3] + 50)
    assert.equal(0, node:exists "list")
  end)

  it("each by its own key, whichever is filled", function()
    waits("list", 10, function(client) return client:blmove("list", "to", "LEFT", "RIGHT", 0) end)
    waits("zset", 20, function(client) return client:bzpopmin("zset", 0) end)
    waits("stream", 30, function(client) return client:xread("BLOCK", 0, "STREAMS", "stream", "$") and "entry" end)
    world:go(function()
      world:sleep(100)
      local client = world:client(node)
      client:xadd("stream", "1-1", "f", "v")
      client:zadd("zset", 3, "m")
      client:rpush("list", "e")
    end)
    world:run()
    table.sort(log, function(a, b) return a[1] < b[1] end)
    assert.same({ "list e", "stream entry", "zset 3.0" }, told())
    assert.same({ "e" }, node:lrange("to", 0, -1))
  end)

  it("go with nothing when their time is up, to the millisecond", function()
    waits("one", 0, function(client) return client:brpop("list", 0.25) end)
    waits("other", 0, function(client) return client:brpop("list", 0.5) end)
    local began = world:now()
    world:run()
    assert.same({ "one nil", "other nil" }, told())
    for i, row in ipairs(log) do
      local took = row[3] - began
      assert.is_true(took >= 250 * i and took < 250 * i + 20, took)
    end
  end)

  it("are not served what a transaction has taken away again", function()
    waits("first", 0, function(client) return client:blpop("list", 0) end)
    world:go(function()
      world:sleep(50)
      local client = world:client(node)
      client:transaction(function(t)
        t:rpush("list", "seen by nobody")
        t:del "list"
      end)
      world:sleep(50)
      client:rpush("list", "real")
    end)
    world:run()
    assert.same({ "first real" }, told())
  end)
end)
