-- Transactions and pipelines of stores, nodes and clients: together or not at all, again when something changed.

local tidelock = require "tidelock"

-- a target, and somebody else who changes what it holds
local KINDS = {
  store = function()
    local store = tidelock.store()
    return store, store
  end,
  node = function(world)
    local node = world:node { name = "a" }
    return node, node
  end,
  client = function(world)
    local node = world:node { name = "a" }
    return world:client(node), world:client(node)
  end,
}

for kind, make in pairs(KINDS) do
  describe("a " .. kind .. "'s transaction", function()
    local world, s, other

    before_each(function()
      world = tidelock.sim { seed = 5 }
      s, other = make(world)
    end)

    after_each(function()
      world:close()
    end)

    it("executes all commands together and returns their replies", function()
      local replies, extra = s:transaction(function(t)
        assert.equal(0, select("#", t:set("a", 1)))
        t:incr "a"
        t:get "none"
        t:call("LPUSH", "a", "x")
        assert.is_nil(other:get "a")
        return "mine"
      end)
      assert.is_true(replies[1])
      assert.equal(2, replies[2])
      assert.equal(tidelock.null, replies[3])
      assert.equal("WRONGTYPE", replies[4].code)
      assert.equal(4, #replies)
      assert.equal("mine", extra)
      assert.equal("2", s:get "a")
      assert.same({}, s:transaction(function() end))
    end)

    it("executes nothing when a command is none", function()
      local result = table.pack(s:transaction(function(t)
        t:set("a", 1)
        t:incr()
        t:set("b", 1)
      end))
      assert.same({ nil, "EXECABORT Transaction discarded because of previous errors. "
        .. "ERR wrong number of arguments for 'incr' command", "EXECABORT", n = 3 }, result)
      assert.equal(0, s:exists("a", "b"))
    end)

    it("executes nothing when its function raises, and leaves nothing behind", function()
      local problem = {}
      local function fails(...)
        local good, raised = pcall(s.transaction, s, ...)
        assert.is_false(good)
        assert.equal(problem, raised)
      end
      fails(function(t)
        t:set("a", 1)
        error(problem)
      end)
      fails({ watch = "k" }, function(t)
        t:multi()
        t:set("a", 1)
        error(problem)
      end)
      other:set("k", 1)
      assert.equal(0, s:exists "a")
      assert.same({ true }, s:transaction(function(t) t:set("a", 2) end))
      assert.equal("2", s:get "a")
    end)

    it("with WATCH begins anew when a key was changed", function()
      s:set("n", 10)
      local attempts = 0
      local replies, seen = s:transaction({ watch = { "n", "m" } }, function(t)
        attempts = attempts + 1
        local n = t:get "n"
        if attempts <= 2 then other:incr "n" end
        t:multi()
        t:set("n", n * 2)
        return n
      end)
      assert.same({ true }, replies)
      assert.equal("12", seen)
      assert.equal(3, attempts)
      assert.equal("24", s:get "n")
    end)

    it("with WATCH is given up when that goes on", function()
      local attempts = 0
      local function contested(t)
        attempts = attempts + 1
        other:incr "n"
        t:multi()
        t:set("n", "mine")
      end
      assert.same({ nil, "CONFLICT what is watched was changed meanwhile, 3 times in a row", "CONFLICT" },
        { s:transaction({ watch = "n", retries = 2 }, contested) })
      assert.equal(3, attempts)
      assert.equal("CONFLICT", (select(3, s:transaction({ watch = "n", retries = 0 }, contested))))
      assert.equal(4, attempts)
      assert.equal("4", s:get "n")
    end)

    it("may watch further keys, and change its mind", function()
      s:mset("which", "x", "x", 1)
      local attempts = 0
      local replies = s:transaction({ watch = "which" }, function(t)
        attempts = attempts + 1
        local key = t:get "which"
        assert.is_true(t:watch(key))
        if attempts == 1 then other:incr "x" end
        t:multi()
        t:incr(key)
      end)
      assert.same({ 3 }, replies)
      assert.equal(2, attempts)
      assert.same({ {}, "too little" }, { s:transaction({ watch = "x" }, function(t)
        if tonumber(t:get "x") < 100 then return "too little" end
        t:multi()
        t:decrby("x", 100)
      end) })
    end)

    it("notices that a watched key was made, deleted, flushed", function()
      for _, change in ipairs {
        function() other:rpush("k", "x") end,
        function() other:del "k" end,
        function() other:set("k", 1) end,
        function() other:flushall() end,
      } do
        assert.equal("CONFLICT", (select(3, s:transaction({ watch = "k", retries = 0 }, function(t)
          change()
          t:multi()
          t:set("k", "mine")
        end))))
      end
      assert.equal(0, s:exists "k")
    end)

    it("goes over keys and values before it decides", function()
      s:mset("k:1", 1, "k:2", 2, "other", 3)
      s:zadd("other:z", 1.5, "m")
      local replies = s:transaction({ watch = { "k:1", "k:2" } }, function(t)
        local sum = 0
        for key in t:scan { match = "k:*" } do sum = sum + t:get(key) end
        for _, score in t:zscan("other:z", {}) do sum = sum + score end
        assert.equal("0", t:scan(0, "COUNT", 100)[1])
        t:multi()
        t:set("sum", sum)
        assert.error_matches(function() t:scan {} end, "bad argument #1 to 'scan'")
      end)
      assert.same({ true }, replies)
      assert.equal(4.5, tonumber(s:get "sum"))
    end)

    it("answers what a watched transaction's own commands answer", function()
      s:set("k", "text")
      s:transaction({ watch = "k" }, function(t)
        assert.equal("text", t:get "k")
        assert.is_nil(t:get "none")
        assert.equal("ERR", (select(3, t:incr "k")))
      end)
    end)

    it("says what is misuse", function()
      local function raises(text, ...)
        local good, message = pcall(s.transaction, s, ...)
        assert.is_false(good)
        assert.is_true(message:find(text, 1, true) ~= nil, message)
      end
      raises("transaction: fn: function expected, got nil", {})
      raises("transaction: table of options expected, got string", "k", print)
      raises("transaction: unknown option 'keys'", { keys = "k" }, print)
      raises("transaction: watch: string expected, got boolean", { watch = { true } }, print)
      raises("transaction: retries: -1 is not at least 0", { retries = -1 }, print)
      raises("multi: it has begun already", function(t) t:multi() end)
      raises("watch: not after multi", function(t) t:watch "k" end)
      raises("exec: a transaction ends with its function", function(t) t:exec() end)
      raises("discard: a transaction ends with its function", function(t) t:call "DISCARD" end)
      raises("bad argument #2 to 'set' (string, number or boolean expected, got table)", function(t) t:set("k", {}) end)
      raises("spec/lua/transaction_spec.lua:", function(t) t:set("k", {}) end)
      raises("bad argument #1 to 'get' (string, number or boolean expected, got nil)", {}, function(t) t:get(nil) end)
      raises("bad argument #1 to 'call' (string expected, got nil)", function(t) t:call() end)
      raises("transaction: watch: string expected, got nil", { watch = { nil, "k" } }, print)
      local kept
      s:transaction(function(t) kept = t end)
      assert.error_matches(function() kept:set("k", 1) end, "the transaction is over")
      assert.equal(0, s:exists "k")
    end)
  end)

  describe("a " .. kind .. "'s pipeline", function()
    it("returns all replies", function()
      local world <close> = tidelock.sim { seed = 5 }
      local s = make(world)
      local replies = s:pipeline(function(p, key)
        assert.equal(0, select("#", p:set(key, "abc")))
        p:get "nothing"
        p:incr(key)
        p:call("MGET", key, "nothing")
        p:rpush("list", 1)
      end, "text")
      assert.is_true(replies[1])
      assert.equal(tidelock.null, replies[2])
      assert.is_true(tidelock.is_error(replies[3]))
      assert.same({ "abc", tidelock.null }, replies[4])
      assert.equal(1, replies[5])
      assert.equal(5, #replies)
      assert.same({}, s:pipeline(function() end))
      local kept
      s:pipeline(function(p) kept = p end)
      assert.has_error(function() kept:set("k", 1) end, "the pipeline is over")
    end)
  end)
end

describe("a store's transaction", function()
  it("notices that a watched key has expired", function()
    local now = 1000
    local s <close> = tidelock.store { clock = function() return now end }
    s:set("k", 1, "PX", 5)
    local attempts = 0
    s:transaction({ watch = "k" }, function(t)
      attempts = attempts + 1
      now = now + 10
      t:multi()
      t:set("l", attempts)
    end)
    assert.equal("2", s:get "l")
  end)

  it("fails when the store is closed on the way", function()
    local s = tidelock.store()
    assert.equal("CLOSED", (select(3, s:transaction({ watch = "k", retries = 0 }, function(t)
      s:close()
      t:multi()
    end))))
    assert.equal("CLOSED", (select(3, s:transaction({ watch = "k" }, function() end))))
    assert.equal("CLOSED", (select(3, s:transaction(function(t) t:set("k", 1) end))))
  end)

  it("has room for all of its commands, or executes none", function()
    local before = tidelock.store { seed = 1 }
    local limit = before:used_memory()
    local s <close> = tidelock.store { seed = 1, maxmemory = limit + 20000 }
    local big = ("x"):rep(30000)
    -- the first alone goes beyond the limit, which is looked at before
    local replies = s:transaction(function(t)
      t:set("a", big)
      t:set("b", 1)
    end)
    assert.same({ true, true }, replies)
    local done, message, code = s:transaction(function(t)
      t:del "a"
      t:set("c", 1)
    end)
    assert.is_nil(done)
    assert.equal("EXECABORT", code)
    assert.equal("EXECABORT Transaction discarded because of previous errors. "
      .. "OOM command not allowed when used memory > 'maxmemory'.", message)
    assert.equal(1, s:exists "a")
    assert.same({ 30000, 1 }, s:transaction(function(t)
      t:strlen "a"
      t:del "a"
    end))
    before:close()
  end)

  it("keeps its own keys to its end, whatever maxmemory says", function()
    local s <close> = tidelock.store { seed = 1, maxmemory = 50000, maxmemory_policy = "allkeys-random" }
    local replies = s:transaction(function(t)
      for i = 1, 200 do t:set("k" .. i, ("x"):rep(1000)) end
      for i = 1, 200 do t:exists("k" .. i) end
    end)
    for i = 1, 200 do assert.equal(1, replies[200 + i]) end
    assert.is_true(s:set("k", "v"))
    assert.is_true(s:dbsize() < 200)
  end)

  it("is over before time goes on", function()
    local now = 1000
    local s <close> = tidelock.store { clock = function()
      now = now + 10
      return now
    end }
    assert.same({ true, "v", 15 }, s:transaction(function(t)
      t:set("k", "v", "PX", 15)
      t:get "k"
      t:pttl "k"
    end))
    s:get "other"
    assert.is_nil(s:get "k")
  end)
end)

describe("a node", function()
  local world, a

  before_each(function()
    world = tidelock.sim { seed = 5 }
    a = world:node { name = "a" }
  end)

  after_each(function()
    world:close()
  end)

  it("keeps transactions apart from all that goes on meanwhile", function()
    local seen = {}
    for i = 1, 3 do
      world:go(function()
        a:transaction({ watch = "n" }, function(t)
          local n = tonumber(t:get "n" or 0)
          world:sleep(10 * i)
          t:multi()
          t:set("n", n + 1)
        end)
      end)
      world:go(function() seen[i] = a:blpop("list", 0)[2] end) -- takes a session in the middle
    end
    world:go(function()
      world:sleep(100)
      a:rpush("list", 1, 2, 3)
    end)
    world:run()
    assert.equal("3", a:get "n")
    table.sort(seen)
    assert.same({ "1", "2", "3" }, seen)
  end)

  it("takes its transactions with it", function()
    world:go(function()
      world:sleep(5)
      a:crash()
      world:sleep(1)
      a:restart()
    end)
    local _, _, code = a:transaction({ watch = "k" }, function(t)
      world:sleep(10)
      t:multi()
      t:set("k", 1)
    end)
    assert.equal("CLOSED", code)
    assert.same({ 1 }, a:transaction(function(t) t:incr "n" end))
  end)

  it("forgets a transaction whose task is cancelled", function()
    local task = world:go(function()
      a:transaction({ watch = "k" }, function(t)
        t:get "k"
        world:sleep(1000)
      end)
    end)
    world:run(10)
    local clients = a:info("clients").watching_clients
    task:cancel()
    assert.equal("transaction", select(2, pcall(a.transaction, a)):match "^.-(transaction): fn")
    assert.is_true(clients == nil or a:info("clients").watching_clients < clients)
  end)

  it("lets the replies of a pipeline wait for their replicas together", function()
    local b = world:node { name = "b", replicaof = a }
    world:link(a, b):set { latency = 50 }
    world:await(function() return a:wait(1, 10) == 1 end)
    a:sync "ANY 1 (b)"
    local before = world:now()
    local replies = a:pipeline(function(p)
      for i = 1, 20 do p:set("k" .. i, i) end
    end)
    for i = 1, 20 do assert.is_true(replies[i]) end
    assert.is_true(world:now() - before < 210)
  end)

  it("says of each command of a pipeline that the node is down", function()
    a:crash()
    local replies = a:pipeline(function(p)
      p:set("k", 1)
      p:get "k"
    end)
    assert.equal("CLOSED", replies[1].code)
    assert.equal("CLOSED", replies[2].code)
  end)
end)

describe("a client", function()
  local world, a, client

  before_each(function()
    world = tidelock.sim { seed = 5 }
    a = world:node { name = "a" }
    client = world:client(a)
    world:link(client, a):set { latency = 5 }
  end)

  after_each(function()
    world:close()
  end)

  it("does one transaction after the other, whoever asks", function()
    for _ = 1, 4 do
      world:go(function()
        client:transaction({ watch = "n", retries = 0 }, function(t)
          local n = tonumber(t:get "n" or 0)
          world:sleep(20)
          t:multi()
          t:set("n", n + 1)
        end)
      end)
    end
    world:sleep(7)
    assert.equal(1, #client:transaction({ watch = "n", retries = 0 }, function(t)
      t:multi()
      t:incr "n"
    end))
    world:run()
    assert.equal("5", a:get "n")
  end)

  it("has none in a coroutine of the task that is in one", function()
    local problem
    world:go(function()
      client:transaction(function(t)
        t:set("k", 1)
        problem = select(2, pcall(coroutine.wrap(function() client:transaction(function() end) end)))
      end)
    end)
    world:run()
    assert.matches("there is one on this client already", problem)
    assert.equal("1", client:get "k")
  end)

  it("has no transaction in a transaction", function()
    assert.error_matches(function()
      client:transaction(function() client:transaction(function() end) end)
    end, "there is one on this client already")
    assert.same({ 1 }, client:transaction(function(t) t:incr "n" end))
  end)

  it("begins anew on another connection, where nothing is watched", function()
    a:set("n", 1)
    local attempts = 0
    local replies = client:transaction({ watch = "n" }, function(t)
      attempts = attempts + 1
      local n = t:get "n"
      if attempts == 1 then
        client:connect(a)
        a:set("n", 100)
        client:ping()
      end
      t:multi()
      t:set("n", n + 1)
    end)
    assert.same({ true }, replies)
    assert.equal(2, attempts)
    assert.equal("101", a:get "n")
  end)

  it("leaves no watch behind", function()
    client:transaction({ watch = "n" }, function() end)
    a:incr "n"
    local task = world:go(function()
      client:transaction({ watch = "n" }, function() world:sleep(1000) end)
    end)
    world:run(50)
    task:cancel()
    a:incr "n"
    assert.same({ 3 }, client:pipeline(function(p)
      p:multi()
      p:incr "n"
      p:exec()
    end)[3])
    assert.same({ 4 }, client:transaction(function(t) t:incr "n" end))
  end)

  it("is told what became of its node", function()
    local _, _, code, outcome = client:transaction({ watch = "n" }, function(t)
      t:multi()
      t:incr "n"
      a:crash()
    end)
    assert.is_true(code == "CLOSED" or code == "CONFLICT", code)
    assert.is_true(outcome == "fail" or outcome == "info" or outcome == nil)
  end)
end)
