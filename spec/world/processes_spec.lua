-- Worlds of real processes: ours, and redis-server where there is one. Links are relays, faults are signals.

local tidelock = require "tidelock"
local lab = require "tidelock.lab"

local signal = require "posix.signal"
local unistd = require "posix.unistd"

local function run(command)
  local pipe = io.popen(command .. " 2>&1")
  local text = pipe:read "a"
  pipe:close()
  return text
end

local function exists(path)
  return unistd.access(path) ~= nil
end

-- whether there is such a process (a zombie has been waited for by then)
local function is_alive(pid)
  return signal.kill(pid, 0) == 0
end

local function streams(world, ...)
  local replicas = { ... }
  assert(world:await(function() return lab.all_stream(replicas) end, 30000))
end

local function converges(world)
  assert(world:await(function() return world:converged() end, 60000, 5))
end

-- Milliseconds that something takes on the world's clock.
local function took(world, fn)
  local before = world:now()
  fn()
  return world:now() - before
end

local SERVERS = { "tidelock" }
if run "command -v redis-server" ~= "" then SERVERS[2] = "redis-server" end

for _, server in ipairs(SERVERS) do
  describe("a world of " .. server .. " processes", function()
    local world
    before_each(function() world = tidelock.processes { server = server } end)
    after_each(function() world:close() end)

    it("has nodes that answer as others do", function()
      local a = world:node { name = "a", maxmemory = "100mb" }
      assert.equal("a", a.name)
      assert.equal("127.0.0.1", a.host)
      assert.equal(world, a.world)
      assert.same({ a }, world:nodes())
      assert.is_true(a:is_up())
      assert.is_true(a:is_primary())
      assert.is_true(a:set("k", "v"))
      assert.equal("v", a:get "k")
      assert.equal("104857600", a:config "maxmemory")
      assert.is_true(a:config("maxmemory", "200mb"))
      assert.equal(1, a:dbsize())
      assert.equal(a.pid, a:info("server").process_id)
      assert.equal(40, #a:state().replid)
      assert.same({ nil, "ERR value is not an integer or out of range", "ERR" }, { a:incr "k" })
    end)

    it("replicates through relays, follows and promotes", function()
      local a = world:node { name = "a" }
      local b = world:node { name = "b", replicaof = a }
      local c = world:node { name = "c", replicaof = b }
      streams(world, b, c)
      assert.is_true(a:set("foo", "bar"))
      assert.equal(1, a:wait(1, 10000))
      converges(world)
      assert.equal("bar", c:get "foo")
      assert.same({ nil, "READONLY You can't write against a read only replica.", "READONLY" }, { b:set("k", 1) })
      assert.is_true(c:promote())
      assert.is_true(c:is_primary())
      assert.is_true(c:replicaof(a))
      streams(world, c)
      assert.equal("a", world:nodes()[1].name)
      converges(world)
      local one, why = world:node { name = "d" }
      assert.is_truthy(one, why)
      local same, difference = world:converged()
      assert.is_false(same)
      assert.matches("^a and d differ in history", difference)
    end)

    it("has links with latency, for clients and replicas", function()
      local a = world:node { name = "a" }
      local b = world:node { name = "b", replicaof = a }
      streams(world, b)
      local near, far = world:client(a), world:client(a, { name = "far" })
      world:link("far", a):set { latency = 60 }
      assert.same({ latency = 60, jitter = 0, loss = 0, bandwidth = 0, cut = false }, world:link("far", a):get())
      near:ping()
      far:ping()
      local quick, slow = 1 / 0, 1 / 0
      for _ = 1, 5 do
        quick = math.min(quick, took(world, function() assert.equal("PONG", near:ping()) end))
        slow = math.min(slow, took(world, function() assert.equal("PONG", far:ping()) end))
      end
      assert.is_true(slow >= 120, slow)
      assert.is_true(quick < slow / 2, quick)
      -- what the script asks of the node itself takes no link
      assert.is_true(took(world, function() a:ping() end) < 120)

      local before = math.min(took(world, function() near:set("k", 1) near:wait(1, 10000) end),
        took(world, function() near:set("k", 2) near:wait(1, 10000) end))
      world:link(a, b):set { latency = 80 }
      local after = took(world, function()
        assert.is_true(near:set("k", 3))
        assert.equal(1, near:wait(1, 10000))
      end)
      assert.is_true(after >= 160 and before < after, ("%g, %g"):format(before, after))
    end)

    it("cuts and heals a link, one way and both ways", function()
      local a = world:node { name = "a" }
      local client = world:client(a, { timeout = 100 })
      assert.is_true(client:set("k", 1))
      world:link(client, a):cut()
      local value, _, code, outcome = client:set("k", 2)
      assert.same({ code = "TIMEOUT", outcome = "info" }, { value = value, code = code, outcome = outcome })
      assert.equal("1", a:get "k")
      world:link(client, a):heal()
      assert(world:await(function() return client:set("k", 3) end))

      world:link(client, a):backward():cut() -- requests get there, replies do not come
      assert.is_nil(client:set("k", 4))
      assert(world:await(function() return a:get "k" == "4" end))
      world:heal()
      assert(world:await(function() return client:set("k", 5) end))
    end)

    it("partitions, and catches up when that is healed", function()
      local a = world:node { name = "a" }
      local b = world:node { name = "b", replicaof = a }
      local c = world:node { name = "c", replicaof = a }
      streams(world, b, c)
      a:set("k", "before")
      assert.equal(2, a:wait(2, 20000))
      world:partition({ a, c }, { b })
      a:set("k", "v")
      assert.equal(1, a:wait(2, 300))
      assert.equal("before", b:get "k")
      assert.equal("v", c:get "k")
      world:heal()
      assert.equal(2, a:wait(2, 20000))
      converges(world)
    end)

    it("a client that is closed leaves nothing behind, cut or not", function()
      local a = world:node { name = "a" }
      local relays = #world.relays
      for _ = 1, 50 do
        local client <close> = world:client(a)
        world:link(client, a):set { latency = 1 }
        world:link(client, a):cut()
      end
      assert.equal(relays, #world.relays)
      assert.is_nil(next(world.links_set))
      assert.is_true(world:heal())
    end)

    it("crashes with SIGKILL and restarts with the same command line", function()
      local a = world:node { name = "a", maxmemory = "50mb" }
      local b = world:node { name = "b", replicaof = a }
      streams(world, b)
      local client = world:client(a)
      assert.is_true(client:set("k", "v"))
      local pid = a.pid
      assert.is_true(a:crash())
      assert.is_false(is_alive(pid))
      assert.is_false(a:is_up())
      local _, _, code, outcome = client:get "k"
      assert.equal("CLOSED", code, outcome)
      assert.equal("CLOSED", select(3, a:crash()))
      assert.equal("CLOSED", select(3, a:pause()))
      assert.is_nil((a:get "k"))
      -- its peers are told at once
      assert(world:await(function() return b:info("replication").master_link_status == "down" end))
      assert.is_true(a:restart())
      assert.error_matches(function() a:restart() end, "restart: a is up already")
      assert.equal("52428800", a:config "maxmemory")
      assert.is_nil((a:get "k"))
      assert(world:await(function() return client:set("k", "w") end))
      -- a replica follows again whom it followed at its start, not whom it was told later
      b:promote()
      b:crash()
      b:restart()
      assert.is_false(b:is_primary())
      converges(world)
    end)

    it("loses its machine: nobody hears of it until it is back", function()
      local a = world:node { name = "a" }
      local b = world:node { name = "b", replicaof = a }
      streams(world, b)
      local client = world:client(a, { timeout = 150 })
      assert.is_true(client:set("k", "v"))
      assert.is_true(a:crash "power")
      local _, _, code = client:get "k"
      assert.equal("TIMEOUT", code)
      assert.equal("up", b:info("replication").master_link_status)
      assert.error_matches(function() a:crash "sleep" end, "crash: 'process' or 'power' expected, got 'sleep'")
      assert.is_true(a:restart())
      assert(world:await(function() return client:set("k", "w") end))
      converges(world)
      assert.equal("w", b:get "k")
    end)

    it("a process that ended by itself is down", function()
      local a = world:node { name = "a" }
      a:call("SHUTDOWN", "NOSAVE")
      assert(world:await(function() return not a:is_up() end))
      assert.equal("CLOSED", select(3, a:resume()))
      assert.is_true(a:restart())
      assert.equal("PONG", a:ping())
    end)

    it("pauses with SIGSTOP: WAIT answers in time, and the rest comes later", function()
      local a = world:node { name = "a" }
      local b = world:node { name = "b", replicaof = a }
      streams(world, b)
      a:set("k", 1)
      assert.equal(1, a:wait(1, 10000))
      assert.is_true(b:pause())
      assert.is_true(b:is_up())
      a:set("k", 2)
      local count
      local waited = took(world, function() count = a:wait(1, 400) end)
      assert.equal(0, count)
      assert.is_true(waited >= 400 and waited < 4000, waited)
      -- longer than one request may take at the node itself
      assert.is_true(took(world, function() count = a:wait(1, 2500) end) >= 2500)
      assert.equal(0, count)
      assert.is_true(b:resume())
      assert.equal(1, a:wait(1, 0))
      assert.equal("2", b:get "k")
      b:pause()
      assert.is_true(b:crash()) -- also while it is stopped
    end)

    it("runs an experiment", function()
      local judgement, trial = world:run(function(w)
        local a = w:node { name = "a" }
        local trial = lab.trial(w, "async")
        trial:writers { clients = 2, writes = 5, every = 2, target = function() return a end }:join()
        return trial:judge(a), trial
      end)
      assert.same({ 10, 10, 0 }, { judgement.writes, judgement.acked, judgement.lost })
      assert.equal(20, #trial.history:events())
    end)

    it("ends: no process, no directory is left", function()
      local a = world:node { name = "a" }
      local b = world:node { name = "b", replicaof = a }
      local directory = world.children.directory
      b:pause()
      assert.is_true(exists(directory))
      local client = world:client(a)
      world:close()
      for _, node in ipairs { a, b } do assert.is_false(node:is_up()) end
      assert.is_false(exists(directory))
      assert.equal("CLOSED", select(3, client:get "k"))
      assert.equal("CLOSED", select(3, a:get "k"))
      assert.equal("CLOSED", select(3, world:node()))
      assert.equal("CLOSED", select(3, world:client(a)))
      assert.equal("CLOSED", select(3, a:restart()))
      assert.is_false(world:is_open())
      world:close()
    end)

    it("says what the server said when it cannot start, and leaves nothing", function()
      local a = world:node { name = "a" }
      local ok, message = pcall(world.node, world, { name = "b", no_such_parameter = "1" })
      assert.is_false(ok)
      assert.matches("^[^\n]*b: '" .. server:gsub("%p", "%%%0") .. "' could not be started: it ended at once", message)
      assert.matches("no%-such%-parameter", message)
      assert.same({ a }, world:nodes())
      assert.is_table(world:node { name = "b" }) -- the name is free again

      ok, message = pcall(world.node, world, { name = "c", port = a.port })
      assert.is_false(ok)
      assert.matches(("port %d is in use"):format(a.port), message)
    end)
  end)
end

describe("a world of processes", function()
  it("says which program is not there", function()
    local world = tidelock.processes { server = "/no/such/server" }
    local directory = world.children.directory
    assert.error_matches(function() world:node { name = "a" } end,
      "a: '/no/such/server' could not be started: it ended at once %(exited 127%): .*No such file or directory")
    assert.same({}, world:nodes())
    world:close()
    assert.is_false(exists(directory))
  end)

  it("is told what is wrong", function()
    local world <close> = tidelock.processes {}
    local a = world:node { name = "a" }
    local function raises(message, fn) assert.error_matches(fn, message) end
    raises("processes: unknown option 'seed'", function() tidelock.processes { seed = 1 } end)
    raises("processes: server: string expected", function() tidelock.processes { server = 1 } end)
    raises("node: table of options expected", function() world:node(1) end)
    raises("node: name: 'a b' is not a name", function() world:node { name = "a b" } end)
    raises("there is already something called 'a'", function() world:node { name = "a" } end)
    raises("node: port: 70000 is not a port", function() world:node { port = 70000 } end)
    raises("node: replicaof: node or \"host:port\" expected", function() world:node { replicaof = "a" } end)
    raises("client: unknown option 'latency'", function() world:client(a, { latency = 1 }) end)
    raises("client: there is already something called 'a'", function() world:client(a, { name = "a" }) end)
    raises("there is no 'b' in this world", function() world:link(a, "b"):cut() end)
    raises("loss: a relay cannot lose segments", function() world:links { loss = 0.1 } end)
    raises("latency: %-1 is not a duration", function() world:links { latency = -1 } end)
    raises("bandwidth: bytes per second expected, got %-5", function() world:links { bandwidth = -5 } end)
    raises("channels: this world's nodes are processes", function() a:channels() end)
    assert.is_true(world:links { latency = 1 })
    assert.equal(1, world:link_get().latency)
  end)

  it("lets two nodes of one name live in two worlds", function()
    local one <close> = tidelock.processes {}
    local other <close> = tidelock.processes {}
    local a, b = one:node { name = "a" }, other:node { name = "a" }
    a:set("k", "here")
    b:set("k", "there")
    assert.equal("here", a:get "k")
    assert.equal("there", b:get "k")
  end)

  -- A script that starts two servers and ends in some way: what is left of them.
  local function left_by(ending)
    local file = os.tmpname()
    do
      local script <close> = assert(io.open(file, "w"))
      script:write([[
        local world = require("tidelock").processes {}
        local a = world:node { name = "a" }
        local b = world:node { name = "b", replicaof = a }
        b:pause()
        print(a.pid, b.pid, world.children.directory)
        io.stdout:flush()
      ]], ending)
    end
    local launcher = os.getenv "TIDELOCK" or "build/tidelock"
    local first, second, directory = run(("%s run %s"):format(launcher, file)):match "(%d+)\t(%d+)\t(%S+)"
    os.remove(file)
    assert.is_truthy(directory)
    -- the keeper is not ours to wait for
    local world <close> = tidelock.live {}
    return world:await(function()
      return not is_alive(math.tointeger(first)) and not is_alive(math.tointeger(second)) and not exists(directory)
    end, 20000)
  end

  it("ends with its script: at its end, by an error, by os.exit, by a signal", function()
    assert(left_by "")
    assert(left_by "error 'the script breaks'")
    assert(left_by "world:run(function() error 'in a task' end)")
    assert(left_by "os.exit(3)")
    assert(left_by "os.exit(3, true)")
    assert(left_by "local s = require 'posix.signal' ; s.kill(require('posix.unistd').getpid(), s.SIGKILL)")
    assert(left_by "local s = require 'posix.signal' ; s.kill(require('posix.unistd').getpid(), s.SIGTERM)")
  end)

  it("ends where a variable goes out of scope, and when it is collected", function()
    local pids = {}
    do
      local world <close> = tidelock.processes {}
      pids[1] = world:node({ name = "a" }).pid
    end
    assert.is_false(is_alive(pids[1]))
    do
      local world = tidelock.processes {}
      pids[2] = world:node({ name = "a" }).pid
    end
    collectgarbage()
    collectgarbage()
    assert.is_false(is_alive(pids[2]))
  end)
end)
