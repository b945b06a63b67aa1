-- Anything at any place: stores, nodes and clients are called from tasks, coroutines, transactions, pipelines, loops
-- and finalizers, drawn by a seed, while nodes crash and what is in use is closed. What must hold: everything comes to
-- an end, no error comes out of the module's own code, the same seed gives the same run, and (under sanitizers) nothing
-- is touched that is gone.

local tidelock = require "tidelock"

local TURNS = 250
local NAMES = { "SET", "GET", "INCR", "DEL", "RPUSH", "LRANGE", "SADD", "HSET", "HGETALL", "ZADD", "EXPIRE", "MULTI",
  "EXEC", "NOSUCH" }

-- xorshift: the draws must not depend on what else uses math.random
local function draws(seed)
  local state = seed * 0x9E3779B97F4A7C15 | 1
  return function(n)
    state = state ~ state << 13
    state = state ~ state >> 7
    state = state ~ state << 17
    return (state >> 11) % n + 1
  end
end

-- Everything there is to call; `act` calls any of it.
local function new_scene(seed)
  local draw = draws(seed)
  local scene = { draw = draw, left = TURNS, ops = {}, tasks = {}, failures = {} }
  local world = tidelock.sim { seed = seed }
  local function pick(list) return list[draw(#list)] end
  local function clock() return world:is_open() and world:now() or 0 end
  local stores = { tidelock.store { seed = 1, clock = clock },
    tidelock.store { seed = 2, clock = clock, maxmemory = 100000, maxmemory_policy = "allkeys-lru" } }
  local nodes, clients = {}, {}
  for i = 1, 3 do nodes[i] = world:node { name = "n" .. i, replicaof = nodes[1] } end
  for i = 1, 2 do clients[i] = world:client(nodes[i], { timeout = 50 }) end
  local function target() return pick(pick { nodes, clients, stores }) end
  local function key() return "k" .. draw(5) end
  local function word() return pick { key(), draw(9), draw(9) * 1.5, true, {}, ("x"):rep(draw(3000)) } end

  local function act()
    scene.left = scene.left - 1
    if scene.left > 0 then return pick(scene.ops)() end
  end

  local function add(...)
    for _, op in ipairs { ... } do table.insert(scene.ops, op) end
  end

  add(function() return target():set(key(), word()) end,
    function() return target():call(pick(NAMES), key(), word(), word()) end,
    function() return target():rpush("l", draw(9)) end,
    function() return target():blpop("l", draw(30) / 1000) end)
  add(function()
    return target():transaction({ watch = key(), retries = 2 }, function(t)
      act()
      if draw(4) == 1 then error "given up" end
      t:multi()
      for _ = 1, draw(4) do
        t:incr(key())
        act()
      end
    end)
  end, function()
    return target():pipeline(function(p)
      for _ = 1, draw(4) do
        p:call(pick(NAMES), key(), 1)
        if draw(3) == 1 then act() end
      end
    end)
  end, function()
    for _ in target():scan { count = draw(5) } do
      act()
      if draw(5) == 1 then break end
    end
  end)
  add(function()
    table.insert(scene.tasks, world:go(function()
      for _ = 1, draw(4) do
        pcall(act)
        if draw(3) == 1 then world:sleep(draw(5)) end
        if draw(5) == 1 then coroutine.yield() end
      end
    end))
  end, function()
    local resume = coroutine.wrap(function()
      for _ = 1, 3 do coroutine.yield(act()) end
    end)
    for _ = 1, draw(3) do resume() end
  end, function() return #scene.tasks > 0 and pick(scene.tasks):cancel() end,
    function() return #scene.tasks > 0 and pick(scene.tasks):join() end,
    function() return world:run(draw(5)) end)
  add(function() return pick(nodes):crash() end,
    function() return pick(nodes):restart() end,
    function() return pick(nodes):promote() end,
    function() return pick(nodes):replicaof(pick(nodes)) end,
    function() return pick(nodes):config("replica-read-only", pick { "yes", "no" }) end,
    function() return pick(nodes):call("PSETEX", "own", draw(20), "v") end)

  scene.world, scene.stores, scene.act = world, stores, act
  scene.wild = {
    function() return draw(4) == 1 and pick(clients):close() end,
    function() return draw(4) == 1 and pick(stores):close() end,
    function() return draw(30) == 1 and world:close() end,
    function()
      setmetatable({}, { __gc = function() pcall(act) end })
      collectgarbage(pick { "collect", "step" })
    end,
  }
  return scene
end

-- Calls until the turns are used up, and returns what the world went through; nil when it was closed on the way.
local function play(seed, wild)
  local s = new_scene(seed)
  if wild then table.move(s.wild, 1, #s.wild, #s.ops + 1, s.ops) end
  while s.left > 0 do
    local good, problem = pcall(s.act)
    if not good then
      assert.is_nil(tostring(problem):match "lua/tidelock/[%w_]+%.lua:%d+: attempt to [^\n]*")
      assert.is_nil(tostring(problem):match "lua/tidelock/[%w_]+%.lua:%d+: bad argument [^\n]*")
    end
  end
  local hash = s.world:is_open() and s.world:hash() or nil
  s.world:close()
  for _, store in ipairs(s.stores) do store:close() end
  collectgarbage()
  return hash
end

describe("anything at any place", function()
  it("is answered, or refused where it was asked, whatever is closed on the way", function()
    for seed = 1, 15 do play(seed, true) end
  end)

  it("is the same again with the same seed", function()
    local seen = {}
    for seed = 1, 6 do
      local hash = play(seed, false)
      assert.equal(hash, play(seed, false))
      seen[hash] = true
    end
    assert.is_not_nil(next(seen, next(seen)))
  end)
end)
