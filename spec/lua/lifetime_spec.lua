-- What is closed, collected, or used after either.

local tidelock = require "tidelock"

local CLOSED = { nil, "CLOSED the world is closed", "CLOSED" }

describe("a closed world", function()
  it("answers CLOSED, and so does all that was in it", function()
    local world = tidelock.sim { seed = 1 }
    local a = world:node { name = "a" }
    local b = world:node { name = "b", replicaof = a }
    assert.equal(1, a:wait(1, 1000))
    local channel, client = a:channels()[1], world:client(a)
    local link = world:link(a, b)
    world:close()
    world:close()

    for _, call in ipairs {
      function() return a:get "k" end, function() return a:call "PING" end, function() return a:state() end,
      function() return a:is_primary() end, function() return a:digest() end, function() return a:channels() end,
      function() return a:crash() end, function() return a:restart() end, function() return a:pause() end,
      function() return a:resume() end, function() return a:info() end, function() return a:config "maxmemory" end,
      function() return a:promote() end, function() return a:configure("maxmemory", "1") end,
      function() return world:now() end, function() return world:wall() end, function() return world:random() end,
      function() return world:sleep(1) end, function() return world:run() end, function() return world:run(5) end,
      function() return world:run(function() end) end, function() return world:step() end,
      function() return world:hash() end, function() return world:events() end, function() return world:check() end,
      function() return world:checks() end, function() return world:converged() end,
      function() return world:node { name = "c" } end, function() return world:client "a:1" end,
      function() return link:get() end, function() return link:set { latency = 1 } end,
      function() return link:heal() end, function() return world:links { latency = 1 } end,
    } do
      local got = { call() }
      assert.same({ CLOSED[1], CLOSED[2], CLOSED[3] }, { got[1], got[2], got[3] })
    end
    assert.equal("CLOSED", (select(3, channel:stats())))
    assert.equal("CLOSED", (select(3, channel:pause())))
    assert.equal("CLOSED", (select(3, client:get "k")))
    client:close()
    assert.is_false(a:is_up())
    assert.is_nil(a.port)
    assert.equal("a", a.name)
    assert.is_false(world:is_open())
    assert.is_true(world:stopping())
    assert.equal("tidelock.World (closed)", tostring(world))
    assert.has_error(function() world:go(print) end, "go: the world is closed")
  end)

  it("ends its tasks where they wait", function()
    local world = tidelock.sim { seed = 1 }
    local closed = {}
    for i = 1, 3 do
      world:go(function()
        local _ <close> = setmetatable({}, { __close = function() closed[#closed + 1] = i end })
        world:sleep(1000)
        error "never"
      end)
    end
    world:run(1)
    world:close()
    assert.same({ 1, 2, 3 }, closed)
  end)

  it("that a task closed ends the run, and that task goes on", function()
    local world = tidelock.sim { seed = 1 }
    local a = world:node { name = "a" }
    local after
    world:go(function()
      world:sleep(1)
      world:close()
      after = { a:get "k" }
    end)
    local other = world:go(function() world:sleep(1000) end)
    assert.same(CLOSED, { world:run() })
    assert.same(CLOSED, after)
    assert.equal("cancelled", other.state)
  end)

  it("that a task closed ends a blocking call outside of tasks", function()
    local world = tidelock.sim { seed = 1 }
    world:go(function() world:close() end)
    assert.same({ nil, "CLOSED the world was closed", "CLOSED" }, { world:sleep(1000) })
  end)

  it("is what a block leaves behind that says so", function()
    local kept
    do
      local world <close> = tidelock.sim { seed = 1 }
      kept = world
    end
    assert.is_false(kept:is_open())
  end)
end)

describe("what is not held any more", function()
  local function collect()
    collectgarbage()
    collectgarbage()
  end

  it("is collected with its world, and not before", function()
    local gone = setmetatable({}, { __mode = "k" })
    local a
    do
      local world = tidelock.sim { seed = 1 }
      gone[world] = true
      a = world:node { name = "a" }
      world:go(function() world:sleep(1) end)
    end
    collect()
    assert.is_true(a:set("k", "v"))
    assert.equal("v", a:get "k")
    assert.is_truthy(next(gone))
    a = nil -- luacheck: ignore 311
    collect()
    assert.is_nil(next(gone))
  end)

  it("may be a client or a node: the world keeps them", function()
    local world <close> = tidelock.sim { seed = 1 }
    local function hash(collecting)
      local w <close> = tidelock.sim { seed = 1 }
      w:client(w:node { name = "a" })
      if collecting then collect() end
      w:run(1000)
      return w:hash()
    end
    assert.equal(hash(false), hash(true))
    world:node { name = "a" }
    collect()
    assert.is_true(world:client("a:6379"):set("k", "v"))
  end)

  it("may be a task that waits: it goes on", function()
    local world <close> = tidelock.sim { seed = 1 }
    local ended = false
    world:go(function()
      world:sleep(10)
      ended = true
    end)
    collect()
    world:run()
    assert.is_true(ended)
  end)

  it("may be in the middle of things", function()
    for i = 1, 50 do
      local world = tidelock.sim { seed = i }
      local a = world:node { name = "a" }
      local client = world:client(a)
      world:go(function()
        local p = client
        p:pipeline(function(q)
          q:set("k", 1)
          world:sleep(1000)
        end)
      end)
      world:run(i / 10)
      if i % 2 == 0 then world:close() end
      if i % 5 == 0 then collectgarbage "step" end
    end
    collect()
  end)
end)

describe("a finalizer", function()
  -- does `body` again and again, until the collector has run `fn` ten times meanwhile
  local function with_finalizers(fn, body)
    local ran, stop = 0, false
    local function plant()
      setmetatable({}, { __gc = function()
        if stop then return end
        plant()
        ran = ran + 1
        fn(ran)
      end })
    end
    plant()
    collectgarbage("setpause", 0)
    collectgarbage("setstepmul", 1000)
    local ok, message = true, nil
    while ok and ran < 10 do ok, message = pcall(body) end
    collectgarbage("setpause", 200)
    collectgarbage("setstepmul", 100)
    stop = true
    if not ok then error(message, 0) end
  end

  it("may use the store whose reply is being made", function()
    local store = tidelock.store()
    local words, keys = {}, {}
    for i = 1, 300 do
      words[2 * i - 1], words[2 * i] = "key" .. i, ("value %d "):format(i):rep(10)
      keys[i] = "key" .. i
    end
    store:mset(table.unpack(words))
    local sound = true
    with_finalizers(function(ran)
      sound = sound and #store:mget("key1", "key2", "key3") == 3 and store:set("other", ran) and store:get "key1"
    end, function()
      local values = store:mget(table.unpack(keys))
      for i = 1, 300 do assert.equal(words[2 * i], values[i]) end
    end)
    assert.is_truthy(sound)
  end)

  it("may close the store whose reply is being made", function()
    local store
    with_finalizers(function()
      if store then store:close() end
    end, function()
      store = tidelock.store()
      for i = 1, 200 do store:set("key" .. i, ("x"):rep(100)) end
      for _ = 1, 20 do
        local keys, _, code = store:keys "*"
        assert.is_true(keys and #keys <= 200 or code == "CLOSED")
      end
    end)
  end)

  it("may turn the world whose reply is being made", function()
    local world <close> = tidelock.sim { seed = 1 }
    local a = world:node { name = "a" }
    local client, other = world:client(a), world:client(a)
    local words, keys = {}, {}
    for i = 1, 200 do
      words[2 * i - 1], words[2 * i] = "key" .. i, ("value %d "):format(i):rep(10)
      keys[i] = "key" .. i
    end
    client:mset(table.unpack(words))
    local sound = true
    with_finalizers(function()
      sound = sound and #other:mget("key1", "key2") == 2 and #a:mget("key1", "key2") == 2
    end, function()
      local from_client, from_node = client:mget(table.unpack(keys)), a:mget(table.unpack(keys))
      for i = 1, 200 do
        assert.equal(words[2 * i], from_client[i])
        assert.equal(words[2 * i], from_node[i])
      end
    end)
    assert.is_true(sound)
  end)
end)
