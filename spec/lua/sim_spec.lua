-- Nodes in a simulated world, as a script has them: the forms of the API, faults, links, determinism.

local tidelock = require "tidelock"

local function cluster(options)
  local world = tidelock.sim(options or { seed = 1 })
  local a = world:node { name = "a" }
  local b = world:node { name = "b", replicaof = a }
  local c = world:node { name = "c", replicaof = a }
  return world, a, b, c
end

local function converge(world)
  assert(world:await(function() return world:converged() end, 60000))
end

describe("the script of the API's contract", function()
  it("runs as written", function()
    local printed = {}
    local function print(...)
      local words = table.pack(...)
      for i = 1, words.n do words[i] = tostring(words[i]) end
      printed[#printed + 1] = table.concat(words, "\t")
    end

    -- a store: Redis's data types inside this Lua state; no server, no socket
    local s = tidelock.store()
    s:set("foo", "bar", "PX", 1500)
    print(s:get "foo", s:call("INCR", "n"))

    -- nodes in a world
    local world = tidelock.sim { seed = 7 }
    local a = world:node { name = "a", port = 6379 }
    local b = world:node { name = "b", port = 6380, replicaof = a }
    local c = world:node { name = "c", replicaof = b }
    a:set("foo", "bar")
    print(a:wait(1, 1000))
    print(b:get "foo")

    -- channels
    for _, ch in ipairs(a:channels()) do
      local st = ch:stats()
      print(st.state, st.peer, st.lag_bytes)
      ch:pause() ; ch:resume()
    end

    -- a client is somewhere else
    local client = world:client(a)
    world:link(a, b):set { latency = 2, jitter = 1, loss = 0, bandwidth = 10e6 }
    world:link(a, b):cut() ; world:link(a, b):heal()
    world:partition({ a }, { b, c }) ; world:heal()

    -- faults and failover
    a:crash()
    b:promote()
    c:replicaof(b)
    a:restart() ; a:replicaof(b)
    a:pause() ; a:resume()

    -- tasks
    world:go(function() for i = 1, 100 do client:set("n", i) ; world:sleep(10) end end)
    world:run()
    world:close()

    -- an experiment is a function of a world
    local function experiment(w) return w:node { name = "x" }:ping() end
    print(tidelock.sim { seed = 1 }:run(experiment))

    assert.same({ "bar\t1", "1", "bar", "streaming\tb\t0", "PONG" }, printed)
  end)
end)

describe("a node", function()
  local world, a, b, c

  before_each(function()
    world, a, b, c = cluster()
  end)

  after_each(function()
    world:close()
  end)

  it("says who and where it is", function()
    assert.equal("a", a.name)
    assert.equal("a", a.host)
    assert.equal(6379, a.port)
    assert.equal(world, a.world)
    assert.equal("tidelock.Node (a)", tostring(a))
    assert.same({ a, b, c }, world:nodes())
    assert.equal("node-1", world:node().name)
  end)

  it("starts with its parameters and comes back with them", function()
    local d = world:node { name = "d", maxmemory = "100mb", config = { ["repl-timeout"] = 7 }, databases = 3,
      bgsave_cpulist = "1" }
    assert.equal("104857600", d:config "maxmemory")
    assert.equal("7", d:config "repl_timeout")
    assert.equal("3", d:config "databases")
    assert.equal("1", d:config "bgsave_cpulist")
    assert.is_true(d:config("repl-timeout", 8))
    assert.equal("8", d:config "repl-timeout")
    assert.is_true(d:configure("maxmemory", "1mb"))
    d:crash()
    d:restart()
    assert.equal("7", d:config "repl-timeout")
    assert.equal("1048576", d:config "maxmemory")
    assert.is_nil(d:config "nosuch")
  end)

  it("tells its state, INFO and digest", function()
    a:set("k", "v")
    assert.equal(2, a:wait(2, 1000))
    local state = a:state()
    assert.is_true(state.primary)
    assert.equal(1, state.keys)
    assert.equal(2, state.replicas)
    assert.equal(40, #state.replid)
    assert.is_false(b:state().primary)
    assert.is_true(b:state().link_up)
    assert.is_true(a:is_primary())
    assert.is_false(b:is_primary())
    assert.equal(a:digest(), b:digest())
    local info = a:info "replication"
    assert.equal("master", info.role)
    assert.equal(2, info.connected_slaves)
    assert.equal("online", info.slave0.state)
    assert.equal(1, a:info().db0.keys)
  end)

  it("is down after a crash, empty after a restart, and full again as a replica", function()
    a:set("k", "v")
    assert.equal(2, a:wait(2, 1000))
    assert.is_true(a:crash())
    assert.is_false(a:is_up())
    local down = { nil, "CLOSED node a is down", "CLOSED" }
    assert.same(down, { a:get "k" })
    assert.same(down, { a:state() })
    assert.same(down, { a:digest() })
    assert.same(down, { a:channels() })
    assert.same(down, { a:crash() })
    assert.equal("tidelock.Node (a, down)", tostring(a))
    assert.is_true(b:promote())
    assert.is_true(c:replicaof(b))
    assert.is_true(a:restart())
    assert.is_nil(a:get "k")
    assert.is_true(a:replicaof(b))
    converge(world)
    assert.equal("v", a:get "k")
  end)

  it("follows whom it is told to, in each form", function()
    assert.is_true(b:replicaof("c", 6379))
    assert.is_true(c:replicaof "a:6379")
    a:set("k", "v")
    converge(world)
    assert.equal("v", b:get "k")
    assert.is_true(b:replicaof(nil))
    assert.is_true(b:is_primary())
    assert.is_true(c:replicaof("NO", "ONE"))
    assert.is_true(c:is_primary())
  end)

  it("that is paused answers when it goes on", function()
    a:pause()
    local answered
    world:go(function() answered = a:set("k", "v") end)
    world:run(100)
    assert.is_nil(answered)
    a:resume()
    world:run()
    assert.is_true(answered)
  end)

  it("waits for replicas no longer than it is told to", function()
    assert.equal(2, a:wait(2, 1000))
    world:partition({ a }, { b, c })
    a:set("k", "v")
    local before = world:now()
    assert.equal(0, a:wait(1, 250))
    assert.equal(250, world:now() - before)
    world:heal()
    assert.equal(2, a:wait(2, 0))
  end)
end)

describe("a channel", function()
  local world, a, b

  before_each(function()
    world, a, b = cluster()
    assert.equal(2, a:wait(2, 1000))
  end)

  after_each(function()
    world:close()
  end)

  it("tells how far it is", function()
    a:set("k", "v")
    assert.equal(2, a:wait(2, 1000))
    local feeds = a:channels()
    assert.equal(2, #feeds)
    local stats = feeds[1]:stats()
    assert.equal("feed", stats.direction)
    assert.equal("streaming", stats.state)
    assert.equal("b", stats.peer)
    assert.equal(stats.offset, stats.applied)
    assert.equal(0, stats.lag_bytes)
    assert.equal(a, feeds[1]:node())
    local follow = b:channels()[1]:stats()
    assert.equal("follow", follow.direction)
  end)

  for _, side in ipairs { "feed", "follow" } do
    it("holds its stream and lets it go, at the end that is the " .. side, function()
      local channel = side == "feed" and a:channels()[1] or b:channels()[1]
      assert.is_true(channel:pause())
      assert.is_true(channel:stats().paused)
      a:set("k", "v")
      assert.equal(1, a:wait(2, 100))
      assert.is_nil(b:get "k")
      assert.is_true(channel:resume())
      assert.equal(2, a:wait(2, 1000))
      assert.equal("v", b:get "k")
    end)
  end

  it("is no more when its connection is", function()
    local channel = a:channels()[1]
    b:crash()
    world:run(1000)
    assert.equal("CLOSED", (select(3, channel:stats())))
    assert.equal("CLOSED", (select(3, channel:pause())))
    a:crash()
    assert.equal("CLOSED", (select(3, channel:stats())))
  end)
end)

describe("a link", function()
  local world, a, b, c

  before_each(function()
    world, a, b, c = cluster()
  end)

  after_each(function()
    world:close()
  end)

  it("has properties, both ways or one", function()
    world:link(a, b):set { latency = 2, jitter = 0.5, loss = 0.01, bandwidth = 1e6 }
    local expected = { latency = 2.0, jitter = 0.5, loss = 0.01, bandwidth = 1e6, cut = false }
    assert.same(expected, world:link(a, b):get())
    assert.same(expected, world:link("b", "a"):get())
    world:link(a, b):forward():set { latency = 7 }
    world:link(a, b):backward():set { latency = 8 }
    assert.equal(7.0, world:link(a, b):get().latency)
    assert.equal(8.0, world:link(b, a):get().latency)
    assert.equal(0.5, world:link(b, a):get().jitter)
  end)

  it("that nobody has set is as the others", function()
    world:links { latency = 3 }
    world:link(a, b):set { latency = 4 }
    assert.equal(3.0, world:link(a, c):get().latency)
    assert.equal(4.0, world:link(a, b):get().latency)
  end)

  it("makes what passes late", function()
    local client = world:client(a)
    client:ping()
    world:link(client, a):set { latency = 5, jitter = 0 }
    local before = world:now()
    client:ping()
    local took = world:now() - before
    assert.is_true(took >= 10 and took < 11, took)
  end)

  it("can be cut one way", function()
    assert.equal(2, a:wait(2, 1000))
    world:link(b, a):forward():cut()
    a:set("k", "v")
    assert.equal(1, a:wait(2, 100))
    assert.equal("v", b:get "k")
    world:heal()
    assert.equal(2, a:wait(2, 1000))
  end)

  it("is cut for clients too", function()
    local client = world:client(a, { timeout = 100 })
    client:ping()
    world:partition({ client }, { a, b })
    assert.equal("TIMEOUT", (select(3, client:set("k", "v"))))
    world:heal()
    assert.is_true(client:set("k", "v"))
  end)
end)

describe("a run", function()
  -- a failover under load, with everything that draws chance
  local function run(seed)
    local world, a, b, c = cluster { seed = seed, check = true }
    world:links { latency = 1, jitter = 3, loss = 0.01 }
    local acked = 0
    for i = 1, 3 do
      local client = world:client(a, { timeout = 50 })
      world:go(function()
        for j = 1, 20 do
          if client:set("k" .. i, j) then acked = acked + 1 end
          world:sleep(world:random() * 5)
          if not a:is_up() then client:connect(b) end
        end
      end)
    end
    world:go(function()
      world:sleep(world:random(20, 60))
      a:crash()
      b:promote()
      c:replicaof(b)
      a:restart()
      a:replicaof(b)
    end)
    world:run()
    converge(world)
    assert(world:check())
    local hash, events, checks = world:hash(), world:events(), world:checks()
    world:close()
    return ("%x %d %d"):format(hash, events, acked), checks
  end

  it("is the same for the same seed, and another for another", function()
    local seen = {}
    for seed = 1, 25 do
      local first = run(seed)
      assert.equal(first, run(seed))
      assert.is_nil(seen[first])
      seen[first] = true
    end
  end)

  it("is the same whatever Lua's collector does", function()
    local calm = run(5)
    collectgarbage("setpause", 10)
    local mode = collectgarbage("generational")
    local busy = run(5)
    collectgarbage(mode)
    collectgarbage("setpause", 200)
    assert.equal(calm, busy)
  end)

  it("is judged, and by a judge that looks", function()
    local _, checks = run(3)
    assert.is_true(checks.prefixes > 0)
    assert.is_true(checks.writes > 0)
  end)

  it("draws its chance as math.random does", function()
    local world <close> = tidelock.sim { seed = 4 }
    local seen = {}
    for _ = 1, 200 do
      local real, low, both = world:random(), world:random(6), world:random(-2, 2)
      assert.is_true(real >= 0 and real < 1)
      assert.is_true(low >= 1 and low <= 6 and math.type(low) == "integer")
      assert.is_true(both >= -2 and both <= 2)
      seen[both] = true
    end
    for i = -2, 2 do assert.is_true(seen[i]) end
    assert.equal("integer", math.type(world:random(math.mininteger, math.maxinteger)))
    assert.has_error(function() world:random(2, 1) end)
  end)

  it("has a clock that starts at 0 and moves only when the world is run", function()
    local world <close> = tidelock.sim { seed = 1 }
    assert.equal(0.0, world:now())
    world:sleep(1.5)
    assert.equal(1.5, world:now())
    world:run(3600000)
    assert.equal(3600001.5, world:now())
    assert.is_true(world:wall() > 3600001)
  end)

  it("says why nodes have not converged", function()
    local world, a = cluster { seed = 1 }
    assert.equal(2, a:wait(2, 1000))
    a:set("k", "v")
    local all, why = world:converged()
    assert.is_false(all)
    assert.equal("string", type(why))
    world:close()
  end)
end)
