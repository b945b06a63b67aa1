-- What an acknowledged write survives: one trial of a durability setting, by seed. Four nodes; clients write; links are
-- slow, cut and one-way, replicas stop and go on; then the primary goes (its process, its machine, its network, or it
-- stops for long), and with it as many replicas as the setting allows for. The most advanced of the others takes over;
-- everything comes back and is compared with what clients were told.
--
--   local outcome = durability.run("ANY 2", 7)     -- raises where a promise did not hold
--
-- The promises, for every seed:
--
--   1. a write acknowledged under ANY k, FIRST k or WAIT k is there, if no more than k - 1 of the replicas named are
--      lost with the primary and the most advanced of the rest is promoted, after all of them were taken off the old
--      primary
--   2. every write whose offset a client learnt is lost if and only if that offset is beyond what the promoted replica
--      had: asynchronous replication loses exactly what the offsets say
--
-- docs/durability.md states them; spec/durability_spec.lua runs some seeds, spec/durability_soak.lua as many as one
-- likes.

local tidelock = require "tidelock"

local durability = {}

local NAMES = { "a", "b", "c", "d" }
local WRITERS, WRITES, CONVERGE_MS, TIMEOUT_MS = 3, 12, 120000, 400

---The settings, and how many replicas hold an acknowledged write.
durability.settings = { "async", "WAIT 1", "WAIT 2", "ANY 1", "ANY 1 received", "ANY 2", "FIRST 1", "FIRST 2" }

local function holders(setting)
  return math.tointeger(tonumber(setting:match "%d+" or 0))
end

-- ---- writing --------------------------------------------------------------------------------------------------------

-- a function of key and value: outcome, receipt
local function writer_of(setting, client)
  local kind, count, level = setting:match "^(%u+) (%d+) ?(%l*)$"
  if kind == "ANY" or kind == "FIRST" then
    local safe = client:durable { rule = ("%s %s (%s)"):format(kind, count, table.concat(NAMES, ", ")),
      level = level ~= "" and level or "applied", timeout = TIMEOUT_MS, on_timeout = "error" }
    return function(key)
      local ok, receipt = safe:set(key, key)
      return ok == true, ok and receipt
    end
  end
  local plain = client:durable "async"
  return function(key)
    local ok, receipt = plain:set(key, key)
    if not ok then return false end
    if kind ~= "WAIT" then return true, receipt end
    local acknowledged = client:wait(count, TIMEOUT_MS)
    return math.type(acknowledged) == "integer" and acknowledged >= tonumber(count), receipt
  end
end

local function write_all(s, number)
  local target = s.primary
  local client <close> = s.world:client(target, { timeout = 2 * TIMEOUT_MS })
  local write = writer_of(s.setting, client)
  for i = 1, WRITES do
    local key = ("w%d:%d"):format(number, i)
    local acknowledged, receipt = write(key)
    s.writes[#s.writes + 1] = { key = key, acknowledged = acknowledged, receipt = receipt or nil }
    if not acknowledged and s.primary ~= target then
      target = s.primary
      client:connect(target)
    end
    s.world:sleep(s.random(0, 12))
  end
end

-- ---- disturbing -----------------------------------------------------------------------------------------------------

-- What costs no data: it lasts a while and is over before the replicas are asked how far they are.
local DISTURBANCES = {
  function(s, replica) s.world:link(s.a, replica):cut() end,
  function(s, replica) s.world:link(replica, s.a):cut() end,
  function(_, replica) replica:pause() end,
  function(s, replica) s.world:link(s.a, replica):set { latency = s.random(1, 60), jitter = 10 } end,
}

local function disturb(s)
  while not s.over do
    s.world:sleep(s.random(5, 60))
    if s.over then break end
    DISTURBANCES[s.random(#DISTURBANCES)](s, s.replicas[s.random(#s.replicas)])
    s.world:sleep(s.random(5, 80))
    if s.over then break end
    for _, replica in ipairs(s.replicas) do
      s.world:link(s.a, replica):heal()
      replica:resume()
    end
  end
end

-- How a primary goes, and how it comes back.
local FAULTS = {
  { function(s) s.a:crash() end, function(s) s.a:restart() end },
  { function(s) s.a:crash "process" end, function(s) s.a:restart() end },
  { function(s) s.a:crash "power" end, function(s) s.a:restart() end },
  { function(s) s.a:pause() end, function(s) s.a:resume() end },
  { function(s) s.world:partition({ s.a }, s.replicas) end, function() end },
}

-- ---- the failover ---------------------------------------------------------------------------------------------------

-- The replicas that are left, each off the old primary; then the most advanced of them takes over.
local function fail_over(s, left)
  s.over = true
  for _, replica in ipairs(left) do
    replica:resume()
    replica:promote()
    s.world:sleep(s.random(0, 5))
  end
  local best = left[1]
  for _, replica in ipairs(left) do
    if replica:state().second_offset > best:state().second_offset then best = replica end
  end
  s.fork = best:state().second_offset - 1 -- what of the old history it has
  for _, replica in ipairs(left) do
    if replica ~= best then replica:replicaof(best) end
  end
  s.primary = best
end

local function nodes_of(world)
  local a = world:node { name = NAMES[1] }
  local replicas = {}
  for i = 2, #NAMES do replicas[i - 1] = world:node { name = NAMES[i], replicaof = a } end
  return a, replicas
end

-- as many replicas are lost with the primary as the setting allows for
local function lose_some(s)
  local left = table.move(s.replicas, 1, #s.replicas, 1, {})
  for _ = 1, s.random(0, math.max(holders(s.setting) - 1, 0)) do
    table.remove(left, s.random(#left)):crash()
  end
  return left
end

local function bring_back(s, fault)
  s.world:heal()
  fault[2](s)
  for _, node in ipairs { s.a, table.unpack(s.replicas) } do
    if not node:is_up() then node:restart() end
    if node ~= s.primary then node:replicaof(s.primary) end
  end
end

-- ---- the judgement --------------------------------------------------------------------------------------------------

local function judge(s)
  local outcome = { writes = #s.writes, acknowledged = 0, lost = 0, foretold = 0 }
  for _, write in ipairs(s.writes) do
    local there = s.primary:get(write.key) == write.key
    if write.acknowledged then
      outcome.acknowledged = outcome.acknowledged + 1
      if not there then outcome.lost = outcome.lost + 1 end
    end
    if write.receipt then
      local kept = write.receipt.replid ~= s.history or write.receipt.offset <= s.fork
      if kept ~= there then
        error(("%s at %s, of which %d is left, is %sthere"):format(write.key, write.receipt.token, s.fork,
          there and "" or "not "), 0)
      end
      outcome.foretold = outcome.foretold + 1
    end
  end
  if holders(s.setting) > 0 and outcome.lost > 0 then
    error(("%d writes acknowledged under %s are lost"):format(outcome.lost, s.setting), 0)
  end
  return outcome
end

---One trial. Raises where a promise did not hold.
---@param setting string one of durability.settings
---@param seed integer
---@return { writes: integer, acknowledged: integer, lost: integer, foretold: integer, hash: integer }
function durability.run(setting, seed)
  local world <close> = tidelock.sim { seed = seed, check = true }
  local s = { world = world, setting = setting, writes = {} }
  function s.random(low, high)
    if not high then low, high = 1, low end
    return low + math.floor(world:random() * (high - low + 1))
  end
  s.a, s.replicas = nodes_of(world)
  s.primary = s.a
  world:links { latency = s.random(1, 10), jitter = s.random(0, 5), loss = s.random(4) == 1 and 0.05 or 0 }
  assert(world:await(function() return s.a:state().replicas == #s.replicas end, 20000))
  s.history = s.a:state().replid
  local tasks = {}
  for i = 1, WRITERS do tasks[i] = world:go(write_all, s, i) end
  world:go(disturb, s)
  world:sleep(s.random(20, 250))
  local fault = FAULTS[s.random(#FAULTS)]
  fault[1](s)
  local left = lose_some(s)
  world:sleep(s.random(0, 100))
  fail_over(s, left)
  world:sleep(s.random(0, 200))
  bring_back(s, fault)
  for _, task in ipairs(tasks) do task:join() end
  assert(world:await(function() return world:converged() end, CONVERGE_MS, 5), "not converged")
  local fine, why = world:check()
  if not fine then error(why, 0) end
  local outcome = judge(s)
  outcome.hash = world:hash()
  return outcome
end

return durability
