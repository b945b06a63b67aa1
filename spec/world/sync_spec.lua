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

  it("can be asked for write by write, and receipts say who has it", function()
    local safe = a:durable { any = 1, of = { "b", c }, level = "applied", timeout = 1000, on_timeout = "error" }
    world:link(a, c):cut()
    local ok, receipt = safe:set("k", "v")
    assert.is_true(ok)
    assert.same({ b = "applied" }, receipt.acknowledged)
    assert.are.equal("ANY 1 (b, c)", receipt.rule)
    assert.are.equal("applied", receipt.level)
    assert.is_false(receipt.degraded)
    assert.are.equal(a:state().replid .. ":" .. receipt.offset, receipt.token)
    assert.are.equal(("receipt (%s; b: applied)"):format(receipt.token), tostring(receipt))
    assert.are.equal("v", safe:get "k")
    assert.are.equal(2, safe:incrby("n", 2))
    assert.are.equal("ERR", select(3, safe:incr "k"))
    local none, no_receipt = safe:set("k", "w", "NX")
    assert.is_nil(none)
    assert.is_nil(no_receipt)
  end)

  it("say what becomes of a write that nobody has", function()
    world:partition({ a }, { b, c })
    local began = world:now()
    local ok, message, code = a:durable { first = 1, of = { b, c }, timeout = 300 }:set("k", "v")
    assert.is_nil(ok)
    assert.are.equal("UNACKNOWLEDGED", code)
    assert.matches("not applied by FIRST 1 %(b, c%) within 300 ms", message)
    assert.are.equal(began + 300, world:now())
    local degraded, receipt = a:durable { any = 2, of = { b, c }, timeout = 100, on_timeout = "degrade" }:set("k", "w")
    assert.is_true(degraded)
    assert.is_true(receipt.degraded)
    assert.same({}, receipt.acknowledged)
    local quick, quick_receipt = a:durable "async":set("k", "x")
    assert.is_true(quick)
    assert.is_nil(quick_receipt.rule)
  end)

  it("serve clients in the same words", function()
    local client = world:client(a)
    local ok, receipt = client:durable "ANY 2 (b, c)":set("k", "v")
    assert.is_true(ok)
    assert.same({ b = "applied", c = "applied" }, receipt.acknowledged)
    local replies, receipts = client:durable { any = 1, of = { b } }:pipeline(function(p)
      p:set("x", 1)
      p:get "x"
      p:incr "k"
    end)
    assert.is_true(replies[1])
    assert.are.equal("1", replies[2])
    assert.is_true(tidelock.is_error(replies[3]))
    assert.are.equal("applied", receipts[1].acknowledged.b)
    assert.is_nil(receipts[2])
  end)

  it("let a reader see only what cannot be lost", function()
    a:sync "ANY 1 (b)"
    world:link(a, b):set { latency = 10 }
    local client = world:client(a)
    local seen = {}
    world:go(function()
      client:set("k", "v", "ASYNC")
      seen.dirty = client:get "k"
      seen.dirty_at = world:now()
      seen.committed = client:committed():get "k"
      seen.committed_at = world:now()
    end)
    world:run()
    assert.are.equal("v", seen.dirty)
    assert.are.equal("v", seen.committed)
    assert.is_true(seen.committed_at - seen.dirty_at >= 10)
    assert.are.equal("ERR", select(3, b:committed():get "k"))
  end)

  it("that stop hold those who asked for them, and nobody else", function()
    a:sync "ANY 1 (b)"
    local writers = {
      world:client(a),
      world:client(a):durable { first = 1, of = { b } },
      world:client(a):durable "ANY 1 (c)",
      world:client(a):durable "async",
    }
    local written = { 0, 0, 0, 0 }
    for i, writer in ipairs(writers) do
      world:go(function()
        for n = 1, 200 do
          assert(writer:set("k" .. i, n))
          written[i] = n
          world:sleep(1)
        end
      end)
    end
    -- how many each writes in the next while, when what has been on its way has come
    local function progress()
      world:sleep(5)
      local before = table.move(written, 1, 4, 1, {})
      world:sleep(24)
      local made = {}
      for i = 1, 4 do made[i] = written[i] - before[i] end
      return made
    end
    local free = progress()
    local function check(held, made)
      for i = 1, 4 do
        if held[i] then assert.equal(0, made[i]) else assert.is_true(free[i] > 10 and made[i] >= free[i] - 1) end
      end
    end
    c:pause() -- for whom only the third waits
    check({ [3] = true }, progress())
    c:resume()
    b:pause()
    check({ true, true }, progress())
    b:resume()
    world:run()
    assert.same({ 200, 200, 200, 200 }, written)
  end)

  it("are named with care", function()
    assert.has_error(function() a:durable { any = 1 } end, "durable: of: table of replicas' names expected, got nil")
    assert.has_error(function() a:durable {} end, "durable: any, first or rule expected")
    assert.has_error(function() a:durable { any = 1, first = 1, of = { b } } end,
      "durable: one of any, first and rule expected")
    assert.has_error(function() a:durable { any = 1, of = { b }, fast = true } end, "durable: unknown option 'fast'")
    assert.matches('"d, e"', tostring(a:durable { any = 1, of = { "d, e" } }))
  end)

  it("name writes with tokens that mean something everywhere", function()
    a:sync "ANY 1 (b)"
    a:set("k", "v")
    local kept = a:token()
    assert.are.equal("applied", a:wait_for(kept))
    assert.are.equal("applied", b:wait_for(kept))
    world:partition({ a }, { b, c })
    local lost = select(2, a:durable "async":set("k", "w"))
    assert.are.equal("pending", b:wait_for(lost, 10))
    b:promote()
    c:replicaof(b)
    b:set("k", "x", "ASYNC")
    local later = b:token()
    world:await(function() return c:get "k" == "x" end)
    for _, node in ipairs { b, c } do
      assert.are.equal("applied", node:wait_for(kept, 10))
      assert.are.equal("lost", node:wait_for(lost, 10))
      assert.are.equal("applied", node:wait_for(later, 10))
    end
    assert.are.equal("applied", a:wait_for(lost, 10))
    assert.are.equal("unknown", a:wait_for(later, 10))
    world:heal()
    a:sync(false)
    a:replicaof(b)
    assert.are.equal("applied", world:await(function() return a:wait_for(later, 100) == "applied" and "applied" end))
    assert.are.equal("lost", a:wait_for(lost, 10))
    assert.is_true(b:call("WAITFOR", kept, 1000, "REPLICAS", 1) >= 1)
    assert.are.equal("LOST", select(3, b:call("WAITFOR", lost.token, 1000, "REPLICAS", 1)))
    assert.are.equal("ERR", select(3, b:wait_for "elsewhere"))
    assert.is_true(world:checks().tokens > 8)
    assert.is_true(world:checks().releases > 0)
  end)

  it("are waited for by who holds a token of somebody else's write", function()
    world:link(a, b):set { latency = 30 }
    local writer, reader = world:client(a), world:client(b)
    writer:set("k", "v")
    local began = world:now()
    assert.are.equal("applied", reader:wait_for(writer:token(), 1000))
    assert.is_true(world:now() - began >= 25)
    assert.are.equal("v", reader:get "k")
  end)
end)

describe("names of a history", function()
  -- a write that is on the disk, and one behind it that is not when the power goes
  local function write(a)
    a:call("CONFIG", "SET", "appendfsync", "always")
    a:set("kept", 1)
    local kept = a:token()
    a:call("CONFIG", "SET", "appendfsync", "no")
    a:set("lost", 1)
    local lost = a:token()
    a:crash "power"
    a:restart()
    assert.is_nil(a:get "lost")
    return kept, lost
  end

  local function can_tell(node, kept, lost)
    assert.are.equal("applied", node:wait_for(kept, 10))
    assert.are.equal("lost", node:wait_for(lost, 10))
  end

  it("outlive restarts, rewrites of the journal and snapshots, and come with the data", function()
    local world <close> = tidelock.sim { seed = 12, check = true }
    world:disks { lose = 1 }
    local a = world:node { name = "a", dir = ".", appendonly = "yes" }
    local kept, lost = write(a)
    can_tell(a, kept, lost)
    for _ = 1, 2 do
      local rewrites = a:info("persistence").aof_rewrites
      a:call "BGREWRITEAOF"
      assert(world:await(function() return a:info("persistence").aof_rewrites > rewrites end, 30000))
      a:crash "process"
      a:restart()
      can_tell(a, kept, lost)
    end
    local b = world:node { name = "b", dir = ".", replicaof = a }
    assert(world:await(function() return b:get "kept" end, 30000))
    can_tell(b, kept, lost)
    b:save()
    b:crash()
    b:restart()
    can_tell(b, kept, lost)
    b:promote()
    can_tell(b, kept, lost)
    assert.is_true(world:check())
  end)
end)

describe("sync replicas of real processes", function()
  local world, a, b, c

  before_each(function()
    world = tidelock.processes { server = "tidelock" }
    a = assert(world:node { name = "a" })
    b = assert(world:node { name = "b", replicaof = a })
    c = assert(world:node { name = "c", replicaof = a })
    assert(world:await(function() return a:state().replicas == 2 end, 60000))
    -- both stream when both have acknowledged
    a:set("begun", 1)
    assert(world:await(function() return a:call("WAIT", 2, 1000) == 2 end, 60000))
  end)

  after_each(function() world:close() end)

  it("cost nobody else anything when they stop", function()
    assert.is_true(a:sync "ANY 1 (b)")
    local client, other = world:client(a, { timeout = 30000 }), world:client(a)
    assert.is_true(c:pause()) -- asynchronous: nobody waits for it
    for i = 1, 100 do assert.is_true(client:set("k", i)) end
    assert.is_true(c:resume())
    assert.is_true(b:pause())
    local held
    world:go(function() held = client:set("k", 2) end)
    assert(world:await(function() return a:info("replication").sync_held_replies == 1 end, 60000))
    assert.is_nil(held)
    assert.is_true(other:set("other", 1, "ASYNC"))
    assert.are.equal("1", other:get "other")
    assert.is_true(other:durable "async":set("other", 2))
    for i = 1, 100 do
      local by_c, c_has = other:durable { any = 1, of = { b, c }, timeout = 30000 }:set("third", i)
      assert.is_true(by_c)
      assert.same({ c = "applied" }, c_has.acknowledged)
    end
    assert.is_nil(held)
    assert.is_true(b:resume())
    assert(world:await(function() return held end, 60000))
    assert.are.equal("2", b:get "k")
    local ok, receipt = other:durable { any = 1, of = { b } }:set("k", 3)
    assert.is_true(ok)
    assert.are.equal("applied", receipt.acknowledged.b)
    assert.are.equal("applied", b:wait_for(receipt, 1000))
    assert(world:await(function() return c:wait_for(receipt, 100) == "applied" end, 60000))
  end)

  it("are waited for longer than it takes to call a server gone", function()
    local waited = {}
    local function note(what, fn)
      world:go(function()
        local begun = world:now()
        local answer, detail = fn()
        waited[what] = { answer = answer, detail = detail, ms = world:now() - begun }
      end)
    end
    assert.is_true(b:pause())
    assert.is_true(a:set("k", 1))
    local token = a:token()
    note("wait", function() return a:wait(2, 2500) end)
    note("token", function() return b:wait_for(token, 0) end) -- of a node that does not answer: nobody can say
    note("durable", function() return a:durable { any = 2, of = { "b", "c" } }:set("k", 2) end)
    note("pop", function() return a:blpop("list", 2.5) end)
    assert(world:await(function() return waited.wait and waited.pop end, 60000))
    assert.are.equal(1, waited.wait.answer)
    assert.is_true(waited.wait.ms >= 2400)
    assert.is_nil(waited.pop.answer)
    assert.is_nil(waited.pop.detail)
    assert.is_true(waited.pop.ms >= 2400)
    assert.is_nil(waited.durable) -- it has no time limit
    assert.is_true(b:resume())
    assert(world:await(function() return waited.durable and waited.token end, 60000))
    assert.is_true(waited.durable.answer)
    assert.are.equal("applied", waited.durable.detail.acknowledged.b)
    assert.are.equal("applied", b:wait_for(waited.durable.detail, 10000))
    assert.are.equal("applied", c:wait_for(token, 10000))
  end)
end)
