-- Iterators: over keys, hashes, sets and sorted sets, of stores, nodes and clients.

local tidelock = require "tidelock"

-- what is asked to iterate: made in a world, or without one
local KINDS = {
  store = function() return tidelock.store() end,
  node = function(world) return world:node { name = "a" } end,
  client = function(world) return world:client(world:node { name = "a" }) end,
}

for kind, make in pairs(KINDS) do
  describe("a " .. kind .. "'s iterators", function()
    local world, s

    before_each(function()
      world = tidelock.sim { seed = 3 }
      s = make(world)
    end)

    after_each(function()
      world:close()
    end)

    it("go over the keys that match, of a type", function()
      local expected, seen = {}, {}
      for i = 1, 300 do
        s:set("user:" .. i, i)
        expected["user:" .. i] = true
      end
      s:set("other", 1)
      s:sadd("user:set", 1)
      for key in s:scan { match = "user:*", type = "string", count = 20 } do seen[key] = true end
      assert.same(expected, seen)
      seen = 0
      for _ in s:scan {} do seen = seen + 1 end
      assert.equal(302, seen)
    end)

    it("go over fields with values, members, members with scores", function()
      local fields, members, scores = {}, {}, {}
      for i = 1, 300 do
        s:hset("hash", "f" .. i, "v" .. i)
        s:sadd("set", "m" .. i)
        s:zadd("zset", i, "z" .. i)
      end
      s:zadd("zset", "inf", "top", "-inf", "bottom")
      for field, value in s:hscan("hash", {}) do fields[field] = value end
      for member in s:sscan("set", { count = 7 }) do members[member] = true end
      for member, score in s:zscan("zset", {}) do scores[member] = score end
      for i = 1, 300 do
        assert.equal("v" .. i, fields["f" .. i])
        assert.is_true(members["m" .. i])
        assert.equal(i, scores["z" .. i])
        assert.equal("float", math.type(scores["z" .. i]))
      end
      assert.equal(math.huge, scores.top)
      assert.equal(-math.huge, scores.bottom)
      local some = {}
      for field in s:hscan("hash", { match = "f1*" }) do some[#some + 1] = field end
      assert.equal(111, #some)
    end)

    it("end at once where there is nothing", function()
      for _ in s:scan { match = "none*" } do error "there is nothing" end
      for _ in s:hscan("none", {}) do error "there is nothing" end
    end)

    it("let the loop change what it goes over", function()
      for i = 1, 500 do s:set("k" .. i, i) end
      for key in s:scan { count = 10 } do s:del(key) end
      assert.equal(0, s:dbsize())
      for i = 1, 500 do s:set("k" .. i, i) end
      local seen = {}
      for key in s:scan { match = "k*", count = 10 } do
        seen[key] = true
        s:set("new:" .. key, 1)
      end
      for i = 1, 500 do assert.is_true(seen["k" .. i]) end
    end)

    it("raise what goes wrong, as an object with a code", function()
      s:set("text", 1)
      local good, problem = pcall(function()
        for _ in s:hscan("text", {}) do error "there are no fields" end
      end)
      assert.is_false(good)
      assert.is_true(tidelock.is_error(problem))
      assert.equal("WRONGTYPE", problem.code)
      assert.matches("^WRONGTYPE ", tostring(problem))
    end)

    it("leave the commands as they are", function()
      s:hset("hash", "f", "v")
      assert.same({ "0", { "hash" } }, s:scan(0))
      assert.same({ "0", { "hash" } }, s:scan("0", "MATCH", "h*", "COUNT", 5))
      assert.same({ "0", { "f", "v" } }, s:hscan("hash", 0))
      assert.same({ nil, "ERR wrong number of arguments for 'scan' command", "ERR" }, { s:scan() })
      assert.same({ nil, "ERR wrong number of arguments for 'hscan' command", "ERR" }, { s:hscan "hash" })
      assert.same({ nil, "ERR invalid cursor", "ERR" }, { s:scan "x" })
    end)
  end)
end

describe("an iterator", function()
  it("of a client says what became of its node", function()
    local world <close> = tidelock.sim { seed = 3 }
    local a = world:node { name = "a" }
    local client = world:client(a)
    for i = 1, 100 do a:set("k" .. i, i) end
    local good, problem = pcall(function()
      for _ in client:scan { count = 5 } do
        if a:is_up() then a:crash() end
      end
    end)
    assert.is_false(good)
    assert.equal("CLOSED", problem.code)
  end)

  it("of a client lets other tasks go on", function()
    local world <close> = tidelock.sim { seed = 3 }
    local a = world:node { name = "a" }
    local client, ticks, seen = world:client(a), 0, 0
    world:link(client, a):set { latency = 5 }
    for i = 1, 100 do a:set("k" .. i, i) end
    local ticker = world:go(function()
      while true do
        world:sleep(1)
        ticks = ticks + 1
      end
    end)
    world:go(function()
      for _ in client:scan { count = 10 } do seen = seen + 1 end
    end):join()
    ticker:cancel()
    assert.equal(100, seen)
    assert.is_true(ticks > 50)
  end)
end)
