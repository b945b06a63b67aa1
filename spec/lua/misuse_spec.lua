-- Misuse raises, at the line that does it, and names what is wrong.

local tidelock = require "tidelock"

describe("misuse", function()
  local world, a, client, store

  setup(function()
    world = tidelock.sim { seed = 1 }
    a = world:node { name = "a" }
    client = world:client(a)
    store = tidelock.store()
  end)

  teardown(function()
    world:close()
  end)

  -- the message that fn's error has, without its position; the position must be in this file
  local function message_of(fn)
    local ok, message = pcall(fn)
    assert.is_false(ok)
    local text, found = message:gsub("^spec/lua/misuse_spec%.lua:%d+: ", "")
    assert.equal(1, found, message)
    return text
  end

  local cases = {
    -- constructors
    { "sim: unknown option 'sed'", function() tidelock.sim { sed = 1 } end },
    { "sim: seed: integer expected, got x", function() tidelock.sim { seed = "x" } end },
    { "sim: seed: integer expected, got 1.5", function() tidelock.sim { seed = 1.5 } end },
    { "sim: table of options expected, got number", function() tidelock.sim(7) end },
    { "live: unknown option 'port'", function() tidelock.live { port = 1 } end },
    { "store: unknown option 'a'", function() tidelock.store { b = 1, a = 1 } end },
    { "store: clock: function expected, got number", function() tidelock.store { clock = 5 } end },
    { "store: databases: 0 is not between 1 and 65536", function() tidelock.store { databases = 0 } end },
    -- nodes
    { "node: table of options expected, got string", function() world:node "b" end },
    { "node: name: string expected, got number", function() world:node { name = 5 } end },
    { "node: name: 'a b' is not a name", function() world:node { name = "a b" } end },
    { "node: there is already something called 'a' in this world", function() world:node { name = "a" } end },
    { "node: port: 70000 is not a port", function() world:node { port = 70000 } end },
    { "node: replicaof: node or \"host:port\" expected, got nowhere",
      function() world:node { replicaof = "nowhere" } end },
    { "node: Unknown option or number of arguments for CONFIG SET - 'no-such'",
      function() world:node { no_such = 1 } end },
    { "node: maxmemory: string, number or boolean expected, got function",
      function() world:node { maxmemory = print } end },
    { "node: maxmemory is given twice", function() world:node { maxmemory = 1, config = { maxmemory = 2 } } end },
    { "node: unknown option '1'", function() world:node { "x" } end },
    { "node: config: table expected, got string", function() world:node { config = "x" } end },
    { "replicaof: port: integer expected, got x", function() a:replicaof("b", "x") end },
    { "config: name: string expected, got nil", function() a:config() end },
    -- clients
    { "client: node or \"host:port\" expected, got nil", function() world:client() end },
    { "client: unknown option 'time'", function() world:client(a, { time = 5 }) end },
    { "client: timeout: -1 is not a duration in milliseconds", function() world:client(a, { timeout = -1 }) end },
    { "client: there is already something called 'a' in this world",
      function() world:client(a, { name = "a" }) end },
    { "connect: node or \"host:port\" expected, got table", function() client:connect {} end, like = true },
    { "pipeline: fn: function expected, got no value", function() client:pipeline() end },
    -- links
    { "link: node or client expected, got nil", function() world:link(a) end },
    { "link: unknown option 'latancy'", function() world:link(a, client):set { latancy = 1 } end },
    { "link: table of properties expected, got number", function() world:link(a, client):set(5) end },
    { "links: unknown option 'cut'", function() world:links { cut = true } end },
    { "partition: at least two groups expected", function() world:partition { a } end },
    { "partition: group 2: table of nodes expected, got userdata", function() world:partition({}, a) end },
    -- running
    { "go: fn: function expected, got nil", function() world:go() end },
    { "run: ms: number of milliseconds expected, got string", function() world:run "5" end },
    { "await: condition: function expected, got boolean", function() world:await(true) end },
    { "scan: match: string expected, got number", function() store:scan { match = 5 } end },
    { "scan: unknown option 'pattern'", function() store:scan { pattern = "*" } end },
    { "hscan: unknown option 'type'", function() store:hscan("k", { type = "hash" }) end },
    { "hscan: key: string expected, got table", function() store:hscan({}, {}) end },
    { "pipeline: fn: function expected, got nil", function() store:pipeline() end },
  }
  for _, case in ipairs(cases) do
    it("is told: " .. case[1], function()
      if case.like then
        assert.equal(case[1], (message_of(case[2]):match "^.*table"))
      else
        assert.equal(case[1], message_of(case[2]))
      end
    end)
  end

  it("of what only other worlds can do is told", function()
    assert.error_matches(function() world:fd() end, "a simulated world has no file descriptor")
    assert.error_matches(function() world:watch_signals() end, "a simulated world gets no signals")
    local live <close> = tidelock.live {}
    assert.error_matches(function() live:hash() end, "only a simulated world can tell")
    assert.error_matches(function() live:check() end, "only a simulated world can tell")
    local b = live:node {}
    assert.error_matches(function() live:link(b, b):cut() end, "this world cannot shape the network")
  end)

  it("of durations is told", function()
    for _, bad in ipairs { -1, 0 / 0, math.huge } do
      assert.error_matches(function() world:sleep(bad) end, "is not a duration in milliseconds")
    end
    assert.error_matches(function() world:sleep "1" end, "ms: number of milliseconds expected, got string")
    assert.error_matches(function() world:sleep() end, "ms: number of milliseconds expected, got no value")
    local function set(properties) world:link_set("a", client.name, properties) end
    assert.error_matches(function() set { loss = "x" } end, "loss: number expected, got string")
    assert.error_matches(function() set { loss = 1 } end, "a loss is at least 0 and less than 1")
    assert.error_matches(function() world:link_set("a", "nobody", { loss = 0 }) end, "nobody")
  end)

  it("of a command's arguments is told, with their number", function()
    for _, target in ipairs { store, a, client } do
      assert.error_matches(function() target:set("k", {}) end,
        "bad argument #2 to 'set' %(string, number or boolean expected, got table%)")
      assert.error_matches(function() target:set("k", nil) end,
        "bad argument #2 to 'set' %(string, number or boolean expected, got nil%)")
      assert.error_matches(function() target:call() end, "bad argument #1 to 'call' %(string expected, got no value%)")
      assert.error_matches(function() target:call(5) end, "bad argument #1 to 'call' %(string expected, got number%)")
      assert.error_matches(function() target.set("k", "v") end, "tidelock.%a+ expected, got string")
    end
  end)

  it("of a method that there is not is Lua's own error", function()
    assert.error_matches(function() a:crahs() end, "attempt to call a nil value %(method 'crahs'%)")
    assert.error_matches(function() store:gett "k" end, "attempt to call a nil value %(method 'gett'%)")
  end)

  it("of one class's method with another's object is told", function()
    assert.error_matches(function() world.now(a) end, "tidelock.World expected, got tidelock.Node")
    assert.error_matches(function() a.crash(world) end, "tidelock.Node expected, got tidelock.World")
    assert.error_matches(function() client.close(store) end, "tidelock.Client expected, got tidelock.Store")
    assert.error_matches(function() a.set(client, "k", "v") end, "tidelock.Node expected, got tidelock.Client")
  end)
end)
