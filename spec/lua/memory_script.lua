-- Lua runs out of memory at every place in turn: each failure is Lua's own error, and everything is intact after it.
-- Run by memory_host.c.

local arm, disarm = _G.arm, _G.disarm
local tidelock = require "tidelock"

-- does body(make()) with the first, the second, … allocation failing, until it needs no more; check after each
local function sweep(name, make, body, check)
  local n, failures = 0, 0
  repeat
    n = n + 1
    local state = make()
    arm(n)
    local ok, message = pcall(body, state)
    local reached = disarm()
    if not ok then
      failures = failures + 1
      assert(tostring(message):find("not enough memory", 1, true), message)
    end
    check(state)
  until not reached
  print(name, failures)
end

sweep("store", function()
  local s = tidelock.store()
  s:set("k", ("v"):rep(100))
  for i = 1, 20 do s:set("key" .. i, i) end
  return s
end, function(s)
  local words = {}
  for i = 1, 40 do words[i] = "k" .. i end
  s:mset(table.unpack(words))
  s:get "k"
  s:set("k", ("v"):rep(100))
  s:mget("key1", "key2", "nothing")
  s:call("SCAN", 0)
  s:keys "*"
  s:incr "k"
  s:object("encoding", "k")
  s:append("z", "x")
  for key in s:scan { match = "key1*" } do s:get(key) end
  s:pipeline(function(p) p:mget("key1", "key2") end)
  s:transaction({ watch = "key1" }, function(t)
    t:get "key1"
    t:multi()
    t:mget("key1", "key2")
  end)
end, function(s)
  assert(s:get "k" == ("v"):rep(100))
  assert(#s:keys "key*" == 20)
  assert(s:set("after", 1) and s:get "after" == "1")
  s:close()
end)

sweep("a whole world", function() return {} end, function(kept)
  local world <close> = tidelock.sim { seed = 1 }
  kept.world = world
  local a = world:node { name = "a" }
  local b = world:node { name = "b", replicaof = a }
  local client = world:client(a)
  world:go(function()
    client:set("k", 1)
    world:sleep(10)
    client:pipeline(function(p)
      p:set("a", 1)
      p:mget("a", "b")
    end)
  end)
  a:pipeline(function(p) p:mget("a", "b") end)
  for _, target in ipairs { a, client } do
    target:transaction({ watch = "a" }, function(t)
      t:multi()
      t:mget("a", "b")
    end)
  end
  local waiting = world:go(function()
    world:sleep(5)
    return a:wait(1, 1000)
  end)
  world:go(function() waiting:join() end)
  world:run()
  for _, channel in ipairs(a:channels()) do channel:stats() end
  a:state()
  a:digest()
  a:info()
  world:partition({ a }, { b })
  world:heal()
end, function(kept)
  if kept.world then kept.world:close() end
end)

sweep("a world that is there", function()
  local world = tidelock.sim { seed = 1 }
  local a = world:node { name = "a" }
  world:node { name = "b", replicaof = a }
  local client = world:client(a)
  client:set("x", 1)
  return { world = world, a = a, client = client }
end, function(s)
  for i = 1, 3 do
    s.client:set("k", i)
    s.world:go(function()
      s.world:sleep(1)
      s.client:mget("k", "z")
    end)
    s.world:run()
  end
  s.client:pipeline(function(p)
    p:set("a", 1)
    p:mget("a", "b")
  end)
  s.a:wait(1, 100)
  s.a:call("CONFIG", "GET", "*")
end, function(s)
  assert(s.client:get "x" == "1")
  assert(s.a:set("y", 1))
  pcall(s.world.run, s.world, 1000)
  assert(s.a:wait(1, 10000) == 1)
  s.world:close()
end)
