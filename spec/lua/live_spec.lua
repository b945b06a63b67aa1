-- The binding in a live world: nodes over TCP in this process, somebody else's loop, what the system refuses.

local poll = require "posix.poll"
local tidelock = require "tidelock"

describe("a live world", function()
  local world

  before_each(function()
    world = tidelock.live {}
  end)

  after_each(function()
    world:close()
  end)

  it("runs the same script as the simulator", function()
    local a = world:node { name = "a" }
    local b = world:node { name = "b", replicaof = a }
    assert.equal("127.0.0.1", a.host)
    assert.is_true(a.port > 0)
    assert.is_true(a:set("foo", "bar"))
    assert.equal(1, a:wait(1, 10000))
    assert.equal("bar", b:get "foo")
    local client = world:client(a)
    assert.equal("bar", client:get "foo")
    assert.same({ true, "1" }, client:pipeline(function(p)
      p:set("n", 1)
      p:get "n"
    end))
    a:crash()
    assert.is_true(b:promote())
    client:connect(b)
    assert.is_true(client:set("foo", "baz"))
    assert.is_true(a:restart())
    assert.is_true(a:replicaof(b))
    assert.is_true(world:await(function() return world:converged() end, 20000))
    assert.equal("baz", a:get "foo")
  end)

  it("runs tasks", function()
    local a = world:node()
    local done = {}
    for i = 1, 5 do
      local client = world:client(a)
      world:go(function()
        for _ = 1, 20 do client:incr "n" end
        done[#done + 1] = i
      end)
    end
    assert.is_true(world:run())
    assert.equal(5, #done)
    assert.equal("100", a:get "n")
    assert.equal("result", world:run(function(w)
      w:sleep(0.5)
      return "result"
    end))
  end)

  it("fits into somebody else's loop", function()
    local a = world:node()
    local client = world:client(a)
    local got
    world:go(function()
      world:sleep(2)
      got = client:set("k", "v")
    end)
    local deadline = world:now() + 20000
    while not got and world:now() < deadline do
      local timeout = world:timeout()
      poll.rpoll(world:fd(), timeout and math.ceil(timeout) or 1000)
      world:step(0)
    end
    assert.is_true(got)
  end)

  it("says what the system refuses", function()
    local a = world:node()
    local node, message, code = world:node { name = "b", port = a.port }
    assert.is_nil(node)
    assert.equal(("ERR Could not create server TCP listening socket 127.0.0.1:%d: bind: Address already in use")
      :format(a.port), message)
    assert.equal("ERR", code)
    assert.equal("b", world:node { name = "b" }.name)
    assert.has_error(function() world:node { host = "nowhere" } end, "node: 'nowhere' is not an address to listen at")
  end)

  it("tells a client that nobody is there", function()
    local a = world:node()
    local port = a.port
    a:crash()
    local client = world:client("127.0.0.1:" .. port, { timeout = 10000 })
    local _, _, code, outcome = client:get "k"
    assert.same({ "CLOSED", "fail" }, { code, outcome })
  end)
end)
