-- A live world from Lua: nodes of this process over real TCP, their faults, and living in somebody else's loop.

local tidelock = require "tidelock"
local support = require "spec.server.support"
local resp = support.resp

local poll = require "posix.poll"

describe("a live world", function()
  local world

  before_each(function() world = tidelock.live {} end)
  after_each(function() world:close() end)

  it("replicates between nodes of this process", function()
    local a = world:node { name = "a" }
    local b = world:node { name = "b", replicaof = a }
    local c = world:node { name = "c", replicaof = b }
    assert(world:await(function() return c:info().master_link_status == "up" end))
    assert.is_true(a:set("foo", "bar"))
    assert.equal(1, a:wait(1, 10000))
    assert.equal("bar", b:get "foo")
    assert(world:await(function() return c:get "foo" == "bar" end))
  end)

  it("answers clients of other processes", function()
    local a = world:node { name = "a", host = "127.0.0.1" }
    world:go(function() assert(world:await(function() return a:get "done" end)) end)
    local other = io.popen(("redis-cli -p %d set done 1 2>&1"):format(a.port))
    world:run()
    assert.equal("OK\n", other:read "a")
    other:close()
  end)

  it("crashes a node: its clients are told what is not known", function()
    local a = world:node { name = "a" }
    local client = world:client(a)
    assert.is_true(client:set("k", "v"))
    a:crash()
    local value, message, code = client:get "k"
    assert.is_nil(value)
    assert.equal("CLOSED", code, message)
    a:restart()
    assert.equal(0, client:exists "k") -- nothing was on disk
    assert.is_true(client:set("k", "w"))
  end)

  it("brings a crashed primary back as a replica, by a partial resynchronisation of the other", function()
    local a = world:node { name = "a" }
    local b = world:node { name = "b", replicaof = a }
    local c = world:node { name = "c", replicaof = a }
    assert(world:await(function() return a:set("k", 1) and a:wait(2, 100) == 2 end))
    a:crash()
    b:promote()
    c:replicaof(b)
    assert(world:await(function() return c:info().master_link_status == "up" end))
    assert.equal(1, b:info().sync_partial_ok)
    assert.equal(0, b:info().sync_full)
    a:restart()
    a:replicaof(b)
    assert(world:await(function() return a:get "k" == "1" end))
  end)

  it("pauses a node: its clients wait, or give up", function()
    local a = world:node { name = "a" }
    local client, patient = world:client(a, { timeout = 30 }), world:client(a)
    assert.is_true(client:set("k", "v"))
    a:pause()
    local answer
    world:go(function() answer = patient:get "k" end)
    local _, _, code = client:get "k"
    assert.equal("TIMEOUT", code)
    assert.is_nil(answer)
    a:resume()
    world:run()
    assert.equal("v", answer)
  end)

  it("says what it cannot do", function()
    local a, b = world:node { name = "a" }, world:node { name = "b" }
    assert.error_matches(function() world:link(a, b):cut() end, "this world cannot shape the network")
    local node, message = world:node { name = "c", port = a.port }
    assert.is_nil(node)
    assert.matches("Address already in use", message)
  end)

  it("fits into another loop", function()
    local a = world:node { name = "a" }
    local client = assert(resp.connect(a.port))
    client:send(resp.encode("SET", "k", "v") .. resp.encode("GET", "k"))
    local answered
    local fds = { [world:fd()] = { events = { IN = true } }, [client.fd] = { events = { IN = true } } }
    local deadline = support.now_ms() + 10000
    while not answered and support.now_ms() < deadline do
      local timeout = world:timeout()
      poll.poll(fds, timeout and math.min(math.ceil(timeout), 1000) or 1000)
      world:step(0)
      answered = fds[client.fd].revents and fds[client.fd].revents.IN
    end
    -- both were executed in one turn, and answered in one write
    assert.equal("OK", client:receive())
    assert.equal("v", client:receive())
    client:close()
  end)

  it("sleeps by the clock, to a fraction of a millisecond", function()
    local begun = support.now_ms()
    for _ = 1, 20 do world:sleep(0.5) end
    local took = support.now_ms() - begun
    assert.is_true(took >= 10, took)
  end)

  it("keeps two worlds apart", function()
    local other <close> = tidelock.live {}
    local a, b = world:node { name = "a" }, other:node { name = "a" }
    a:set("k", "here")
    b:set("k", "there")
    assert.equal("here", a:get "k")
    assert.equal("there", b:get "k")
  end)
end)
