-- Worlds of servers that run already: here processes of another world, reached by their addresses alone.

local tidelock = require "tidelock"
local lab = require "tidelock.lab"
local support = require "spec.server.support"

local SERVERS = { "tidelock" }
do
  local pipe = io.popen "command -v redis-server"
  if pipe:read "a" ~= "" then SERVERS[2] = "redis-server" end
  pipe:close()
end

for _, server in ipairs(SERVERS) do
  describe("servers that run already, " .. server, function()
    local running, world
    setup(function()
      running = tidelock.processes { server = server }
      local a, b = running:node { name = "first" }, running:node { name = "second" }
      world = tidelock.attach { b = ("redis://127.0.0.1:%d/"):format(b.port), a = "127.0.0.1:" .. a.port }
    end)
    teardown(function()
      world:close()
      running:close()
    end)

    it("are nodes by name", function()
      local a, b = world.node_by_name.a, world.node_by_name.b
      assert.same({ a, b }, world:nodes())
      assert.equal("a", a.name)
      assert.equal("127.0.0.1", a.host)
      assert.is_true(a:is_up())
      assert.is_true(a:set("k", "v"))
      assert.equal("v", a:get "k")
      assert.matches("^tidelock.Node %(a, 127.0.0.1:%d+%)$", tostring(a))
      a:flushall()
    end)

    it("do what a small experiment asks: follow, write, wait, converge, promote", function()
      local judgement = world:run(function(w)
        local a, b = w.node_by_name.a, w.node_by_name.b
        assert(b:replicaof(a))
        assert(w:await(function() return lab.all_stream { b } end, 30000))
        -- a replica streams before a redis-server counts it: that needs its first acknowledgement, up to a second later
        assert(w:await(function() return a:wait(1, 100) == 1 end, 30000))
        local trial = lab.trial(w, "WAIT 1")
        trial:writers { clients = 2, writes = 5, every = 2, target = function() return a end, timeout = 10000 }:join()
        assert(w:await(function() return w:converged() end, 30000, 5))
        assert(b:promote())
        assert.is_true(b:is_primary())
        return trial:judge(b)
      end)
      assert.same({ 10, 10, 0, 0 }, { judgement.writes, judgement.acked, judgement.lost, judgement.unexpected })
      assert.equal(10, world.node_by_name.b:dbsize())
    end)

    it("are asked with iterators, pipelines and transactions", function()
      local a = world.node_by_name.a
      local client <close> = world:client(a)
      for _, target in ipairs { a, client } do
        a:flushall()
        local replies = target:pipeline(function(p)
          for i = 1, 50 do p:zadd("z", i, "m" .. i) end
          p:set("n", 1)
        end)
        assert.equal(51, #replies)
        local sum = 0
        for _, score in target:zscan("z", { count = 5 }) do sum = sum + score end
        assert.equal(1275, sum)
        local attempts = 0
        assert.same({ true }, target:transaction({ watch = "n" }, function(t)
          attempts = attempts + 1
          local n = t:get "n"
          if attempts == 1 then a:incr "n" end
          t:multi()
          t:set("n", n * 10)
        end))
        assert.equal("20", target:get "n")
        assert.equal(2, attempts)
      end
      a:flushall()
    end)

    it("are not to be broken", function()
      local a, b = world.node_by_name.a, world.node_by_name.b
      local client <close> = world:client(a)
      for name, fault in pairs {
        crash = function() a:crash() end,
        restart = function() a:restart() end,
        pause = function() a:pause() end,
        resume = function() a:resume() end,
        channels = function() a:channels() end,
        link = function() world:link(a, b) end,
        links = function() world:links { latency = 1 } end,
        partition = function() world:partition({ a }, { b }) end,
        heal = function() world:heal() end,
      } do
        assert.error_matches(fault, name .. ": an attached server is not this script's to break")
      end
      assert.error_matches(function() world:node { name = "c" } end, "this world's servers run already")
      assert.equal("PONG", client:ping())
    end)

    it("may not be there", function()
      local other <close> = tidelock.attach { gone = "127.0.0.1:1" }
      local gone = other.node_by_name.gone
      assert.is_false(gone:is_up())
      assert.equal("CLOSED", select(3, gone:get "k"))
      local same, why = other:converged()
      assert.is_false(same)
      assert.matches("^gone does not answer: CLOSED", why)
    end)
  end)
end

for name, start in pairs { tidelock = "start", redis = SERVERS[2] and "redis" } do
  describe("servers that want a password, " .. name, function()
    local servers, server
    setup(function()
      servers = support.servers()
      server = servers[start](servers, { "--requirepass", "s:e@t", "--save", "" })
    end)
    teardown(function() servers:stop_all() end)

    local function attach(login)
      return tidelock.attach { a = ("redis://%s@127.0.0.1:%d"):format(login, server.port) }
    end

    it("are told it on every connection: those of nodes, clients and backups", function()
      for _, login in ipairs { ":s%3Ae%40t", "default:s%3ae%40t" } do
        local world <close> = attach(login)
        local a = world.node_by_name.a
        assert.is_true(a:set("k", "v"))
        assert.is_nil(a:blpop("none", 0.01))
        local client <close> = world:client(a)
        assert.equal("v", client:get "k")
        local path = os.tmpname()
        assert.equal(0, select(2, assert(a:backup(path)).path:gsub("^$", "")))
        os.remove(path)
        assert.equal(2, a:client("KILL", "TYPE", "normal", "SKIPME", "yes"))
        support.eventually("connected again", function() return client:get "k" == "v" end)
      end
    end)

    it("refuse a wrong one in their own words", function()
      local world <close> = attach ":wrong"
      local a = world.node_by_name.a
      local value, message, code = a:get "k"
      assert.is_nil(value)
      assert.equal("WRONGPASS invalid username-password pair or user is disabled.", message)
      assert.equal("WRONGPASS", code)
      assert.is_false(a:is_up())
      assert.equal("WRONGPASS", select(3, a:backup "/nowhere/to/be/found"))
    end)
  end)
end

local WANTED = "attach: a: \"redis://%[%[user%]:password@%]host:port\" or \"host:port\" expected, got "

describe("attach", function()
  it("is told what is wrong", function()
    for _, case in ipairs {
      { nil, "attach: table of servers expected, got nil" },
      { { "127.0.0.1:6379" }, "attach: every server needs a name" },
      { { a = 6379 }, WANTED .. "6379" },
      { { a = "redis://secret@host:6379" }, WANTED },
      { { a = "redis://:secret@host:6379/3" }, WANTED .. "something else behind the password" },
      { { a = "rediss://host:6379" }, WANTED },
      { { a = "redis://host:6379/3" }, WANTED },
      { { a = "host" }, "attach: a: node or \"host:port\" expected, got host" },
    } do
      assert.error_matches(function() tidelock.attach(case[1]) end, case[2])
    end
  end)
end)
