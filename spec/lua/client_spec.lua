-- Clients: what they learn of their requests, reconnection, pipelines.

local tidelock = require "tidelock"

describe("a client", function()
  local world, a, b, client

  before_each(function()
    world = tidelock.sim { seed = 1 }
    a = world:node { name = "a" }
    b = world:node { name = "b", replicaof = a }
    client = world:client(a, { name = "tester", timeout = 100 })
  end)

  after_each(function()
    world:close()
  end)

  it("reaches a node by commands", function()
    assert.is_true(client:set("k", "v"))
    assert.equal("v", client:get "k")
    assert.equal("v", client:call("GET", "k"))
    assert.equal(1, client:wait(1, 50))
    assert.equal("v", a:get "k")
  end)

  it("has a name and a world", function()
    assert.equal("tester", client.name)
    assert.equal(world, client.world)
    assert.equal("tidelock.Client (tester)", tostring(client))
    assert.equal("client-1", world:client(a).name)
  end)

  it("logs in on every connection, and hands on what a server says to a wrong password", function()
    local locked = world:node { name = "locked", config = { requirepass = "secret" } }
    local right = world:client(locked, { password = "secret" })
    local named = world:client(locked, { user = "default", password = "secret" })
    local wrong, nobody = world:client(locked, { password = "no" }), world:client(locked)
    assert.is_true(right:set("k", "v"))
    assert.equal("v", named:get "k")
    assert.equal("WRONGPASS", select(3, wrong:get "k"))
    assert.equal("WRONGPASS", select(3, wrong:get "k"))
    assert.equal("NOAUTH", select(3, nobody:get "k"))
    locked:crash()
    locked:restart()
    assert.equal("CLOSED", select(3, right:ping()))
    assert.equal("PONG", right:ping())
    assert.error_matches(function() world:client(locked, { user = "u" }) end, "client: user: a password is missing")
    assert.error_matches(function() world:client(locked, { password = 1 }) end, "client: password: string expected")
  end)

  it("hands on what it does not know: the server may know it", function()
    local value, message, code = client:nosuch_command(1)
    assert.is_nil(value)
    assert.matches("unknown command 'NOSUCH_COMMAND'", message)
    assert.equal("ERR", code)
  end)

  it("is told by a replica that it does not write", function()
    client:connect(b)
    assert.equal(1, a:wait(1, 1000))
    assert.equal("READONLY", (select(3, client:set("k", "v"))))
  end)

  it("learns nothing of a request on a link that is cut", function()
    client:ping()
    world:link(client, a):cut()
    local before = world:now()
    local result = table.pack(client:set("k", "v"))
    assert.same({ "TIMEOUT", "info", n = 4 }, { result[3], result[4], n = result.n })
    assert.equal(100, world:now() - before)
    world:heal()
    assert.is_true(client:set("k", "w"))
  end)

  it("learns that a request certainly failed, where it never left", function()
    world:link(client, a):cut()
    local other = world:client(a, { timeout = 20 })
    world:link(other, a):cut()
    local result = table.pack(other:set("k", "v"))
    assert.equal("fail", result[4])
  end)

  it("learns that the node is gone, and comes back when it is", function()
    client:ping()
    a:crash()
    local _, message, code, outcome = client:set("k", "v")
    assert.equal("CLOSED", code)
    assert.matches("^CLOSED ", message)
    assert.is_true(outcome == "fail" or outcome == "info")
    assert.equal("CLOSED", (select(3, client:set("k", "v"))))
    a:restart()
    assert.is_true(client:set("k", "v"))
  end)

  it("goes to another node, by whatever name", function()
    b:promote()
    for _, target in ipairs { b, "b:6379", "redis://b:6379", "b 6379" } do
      client:connect(a)
      assert.is_true(client:connect(target))
      assert.is_true(client:set("at", tostring(target)))
      assert.equal(tostring(target), b:get "at")
    end
  end)

  it("fails what is under way when it goes elsewhere or is closed", function()
    local codes = {}
    for i = 1, 2 do
      world:go(function() codes[i] = select(3, client:set("k", "v")) end)
    end
    world:link(client, a):cut()
    world:go(function() client:connect(b) end)
    world:run()
    assert.same({ "CLOSED", "CLOSED" }, codes)
    world:go(function() codes[3] = select(3, client:get "k") end)
    world:go(function() client:close() end)
    world:run()
    assert.equal("CLOSED", codes[3])
    assert.same({ nil, "CLOSED the client is closed", "CLOSED", "fail" }, { client:get "k" })
    assert.equal("tidelock.Client (tester, closed)", tostring(client))
    assert.equal("tester", world:client(a, { name = "tester" }).name)
  end)

  it("is one of many that do not wait for each other", function()
    local done = {}
    for i = 1, 20 do
      local c = world:client(a)
      world:link(c, a):set { latency = i }
      world:go(function()
        c:incr "n"
        done[#done + 1] = i
      end)
    end
    world:run()
    for i = 1, 20 do assert.equal(i, done[i]) end
    assert.equal("20", a:get "n")
  end)

  it("without a time-out waits as long as it takes", function()
    local patient = world:client(a, { timeout = false })
    world:link(patient, a):set { latency = 20000 }
    assert.is_true(patient:set("k", "v"))
  end)
end)

describe("a pipeline", function()
  local world, a, client

  before_each(function()
    world = tidelock.sim { seed = 1 }
    a = world:node { name = "a" }
    client = world:client(a, { timeout = 100 })
    world:link(client, a):set { latency = 10 }
  end)

  after_each(function()
    world:close()
  end)

  it("sends without waiting and returns all replies", function()
    client:ping()
    local before = world:now()
    local replies = client:pipeline(function(p)
      p:set("text", "abc")
      p:get "nothing"
      p:incr "text"
      p:call("MGET", "text", "nothing")
      for i = 1, 100 do p:set("k" .. i, i) end
    end)
    assert.is_true(world:now() - before < 21)
    assert.equal(104, #replies)
    assert.is_true(replies[1])
    assert.equal(tidelock.null, replies[2])
    assert.is_true(tidelock.is_error(replies[3]))
    assert.equal("ERR", replies[3].code)
    assert.same({ "abc", tidelock.null }, replies[4])
    assert.equal(101, a:dbsize())
  end)

  it("can carry a transaction", function()
    local replies = client:pipeline(function(p)
      p:multi()
      p:set("k", 1)
      p:incr "k"
      p:exec()
    end)
    assert.same({ true, 2 }, replies[4])
  end)

  it("may be empty, or block in between", function()
    assert.same({}, client:pipeline(function() end))
    world:go(function()
      assert.same({ true, 1 }, client:pipeline(function(p)
        p:set("k", 0)
        world:sleep(500)
        p:incr "k"
      end))
    end)
    world:run()
  end)

  it("says of each request what is known when the connection breaks", function()
    client:ping()
    world:link(client, a):cut()
    local replies = client:pipeline(function(p)
      p:set("a", 1)
      p:set("b", 2)
    end)
    assert.equal("TIMEOUT", replies[1].code)
    assert.equal("info", replies[1].outcome)
    assert.equal("CLOSED", replies[2].code)
  end)

  it("that raises is forgotten", function()
    assert.has_error(function()
      client:pipeline(function(p)
        p:set("k", 1)
        error "changed my mind"
      end)
    end)
    assert.equal("1", client:get "k")
  end)

  it("is over when it is over", function()
    local kept
    client:pipeline(function(p) kept = p end)
    assert.has_error(function() kept:set("k", 1) end, "the pipeline is over")
    client:close()
    assert.same({ nil, "CLOSED the client is closed", "CLOSED" }, { client:pipeline(function() end) })
  end)
end)
