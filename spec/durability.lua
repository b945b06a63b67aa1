-- What an acknowledged write survives: one trial of a durability setting, by seed. Four nodes; clients write; links are
-- slow, cut and one-way, replicas stop and go on, disks fail, fill up, stall and get slow; then something big happens
-- and is survived:
--
--   the primary goes   its process, its machine, its network, or it stops for long, and with it as many replicas as the
--                      setting allows for; where writes are on disk, others may lose power too and come back from it.
--                      The most advanced of those that are left takes over
--   the power fails    everywhere at once, where writes are on the disks of replicas: what was not synced is lost,
--                      torn or scattered; as many as the setting allows for do not come back
--   it comes back      where writes are on the primary's own disk: it is loaded and goes on as primary
--
-- In the end everything is back and is compared with what clients were told.
--
--   local outcome = durability.run("ANY 2", 7)     -- raises where a promise did not hold
--
-- The promises, for every seed:
--
--   1. a write acknowledged under a setting (spec/durability_settings.lua) is there, if no more than k - 1 of the
--      replicas named are lost with the primary and the most advanced of the rest is promoted, after all of them were
--      taken off the old primary. On disk: "lost" is one whose files are gone or say that they are damaged
--   2. every write whose offset a client learnt is lost if and only if that offset is beyond what the promoted replica
--      had: asynchronous replication loses exactly what the offsets say
--   3. asked for such a write by its token, a node says that it is applied if it is there, and that it is lost if not
--
-- docs/durability.md states them; spec/durability_spec.lua runs some seeds, spec/durability_soak.lua as many as one
-- likes.

local settings = require "spec.durability_settings"
local tidelock = require "tidelock"

local durability = { settings = settings.names }

local NAMES = { "a", "b", "c", "d" }
local WRITERS, WRITES = 3, 12
local CONVERGE_MS = 120000 -- a connection whose first five segments are lost takes half a minute
local GOOD_DISK = { fail = 0, fail_sync = 0, full = false, slow = 1 }

-- ---- writing --------------------------------------------------------------------------------------------------------

local function write_all(s, number)
  local target = s.primary
  local client <close> = s.world:client(target, { timeout = 2 * settings.TIMEOUT_MS })
  local write = settings.writer(s, s.setting, client)
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

-- What it costs is never what was said to be on disk.
local DISK_FAULTS = {
  function(s) return { fail = s.random(100) / 300 } end,
  function(s) return { fail_sync = s.random(100) / 100 } end,
  function() return { full = true } end,
  function(s) return { slow = s.random(200) } end,
  function(s) return { stall = s.random(300) } end,
}

local function disturb_disk(s)
  local node = s.nodes[s.random(#s.nodes)]
  node:disk(DISK_FAULTS[s.random(#DISK_FAULTS)](s))
end

local function disturb(s)
  while not s.over do
    s.world:sleep(s.random(5, 60))
    if s.over then break end
    if s.setting.fsynced and s.random(2) == 1 then
      disturb_disk(s)
    else
      DISTURBANCES[s.random(#DISTURBANCES)](s, s.replicas[s.random(#s.replicas)])
    end
    s.world:sleep(s.random(5, 80))
    if s.over then break end
    for _, replica in ipairs(s.replicas) do
      s.world:link(s.a, replica):heal()
      replica:resume()
    end
    if s.setting.fsynced and s.random(2) == 1 then
      for _, node in ipairs(s.nodes) do node:disk(GOOD_DISK) end
    end
  end
end

-- ---- going and coming back ------------------------------------------------------------------------------------------

-- What is on its disk is loaded: at once, or when its disk is good. False: that is damaged, and says so.
local function load(node)
  for _ = 1, 2 do
    if node:restart() and node:dbsize() then return true end
    local why = node:failure()
    if not why or not why:find "^cannot load %S+: .+" then error("not a clear error: " .. tostring(why), 0) end
    node:disk(GOOD_DISK)
  end
  return false
end

local function begin_empty(node)
  for name in pairs(node:files()) do node:file(name, false) end
  assert(node:restart())
end

-- The process, or with it what had not been synced, or the machine.
local function crash(s, node)
  local what = ({ "unsynced", "process", "power" })[s.random(3)]
  if what == "unsynced" then node:crash() else node:crash(what) end
end

-- How a primary goes, and how it comes back.
local FAULTS = {
  { crash, function(_, node) if not load(node) then begin_empty(node) end end },
  { function(_, node) node:pause() end, function(_, node) node:resume() end },
  { function(s, node) s.world:partition({ node }, s.replicas) end, function() end },
}

-- how far it is in the history that clients wrote to, once it has left it
local function reach(s, node)
  local state = node:state()
  return state.replid2 == s.history and state.second_offset - 1 or -1
end

-- ---- damage ---------------------------------------------------------------------------------------------------------

local INCREMENT = "%.(%d+)%.incr%.aof$"

-- What becomes of a file's content; nil: it is gone.
local DAMAGES = {
  function(s, data)
    local at = s.random(#data)
    return data:sub(1, at - 1) .. string.char(data:byte(at) ~ 1 << s.random(0, 7)) .. data:sub(at + 1)
  end,
  function(s, data) return data:sub(1, s.random(0, #data - 1)) end,
  function(s, data)
    local from = s.random(#data)
    local to = math.min(#data, from + s.random(0, 64))
    return data:sub(1, from - 1) .. ("\0"):rep(to - from + 1) .. data:sub(to + 1)
  end,
  function(s, data)
    local from = s.random(#data)
    return data:sub(1, from - 1) .. data:sub(from + s.random(1, 64))
  end,
  function(s, data) return data .. data:sub(s.random(#data)) end, -- which may look as if Redis had gone on
  function() return nil end,
}

-- Damages one of its files: its name, and "tail" if that is where the journal ends, "gone" if it was the manifest and
-- is gone: without it there is no journal.
local function damage(s, node)
  local names = {}
  for name, size in pairs(node:files()) do
    if size > 0 then names[#names + 1] = name end
  end
  table.sort(names)
  local name = names[s.random(#names)]
  local data, last = node:file(name), name
  for _, other in ipairs(names) do
    local number, of_name = tonumber(other:match(INCREMENT)), tonumber(name:match(INCREMENT))
    if number and of_name and number > of_name then last = other end
  end
  local content = DAMAGES[s.random(#DAMAGES)](s, data)
  node:file(name, content or false)
  if name:find "%.manifest$" and not content then return name, "gone" end
  return name, name:find(INCREMENT) and last == name and "tail" or nil
end

-- What a node has is what its history was up to some offset, and if it says where it is in that, up to there: that
-- offset, or -1. (It does not say after something that looks as if Redis had added it.)
local function check_prefix(s, node)
  local state = node:state()
  local at = state.replid == s.history and state.offset or reach(s, node)
  local last, missed = 0, math.maxinteger
  for _, write in ipairs(s.writes) do
    local value = node:get(write.key)
    if value ~= nil and value ~= write.key then error(("%s: %s is %s"):format(node.name, write.key, value), 0) end
    if write.receipt and write.receipt.replid == s.history then
      local offset = write.receipt.offset
      if value then last = math.max(last, offset) else missed = math.min(missed, offset) end
    end
  end
  if missed < last or (at >= 0 and (last > at or missed <= at)) then
    error(("%s, loaded up to %d, has the write at %d and not the one at %d"):format(node.name, at, last, missed), 0)
  end
  return at
end

-- A node that is down has one of its files damaged, and starts. It says so, naming the place; or it has all that it
-- would have had; or, where the end of its journal was damaged, what came before, as if that had been torn; or, where
-- it had no manifest any more, nothing. Whether it is up.
local function harm(s, node)
  node:disk(GOOD_DISK)
  if not load(node) then return false end
  local whole = check_prefix(s, node)
  node:crash "process"
  local name, what = damage(s, node)
  s.harmed = s.harmed + 1
  if not load(node) then
    s.damaged = s.damaged + 1
    return false
  end
  local part = check_prefix(s, node)
  s.untold = node == s.a and part < 0
  local torn, gone = what == "tail" and part < whole, what == "gone" and part < 0
  if part ~= whole and not torn and not gone then
    error(("%s of %s was damaged, and it starts at %d in place of %d"):format(name, node.name, part, whole), 0)
  end
  return true
end

-- as many replicas are lost with the primary as the setting allows for: they are gone, or have their files damaged
local function lose_some(s)
  local left = table.move(s.replicas, 1, #s.replicas, 1, {})
  s.allowed = math.max(s.setting.holders - 1, 0)
  for _ = 1, s.setting.damaged and s.allowed or s.random(0, s.allowed) do
    local node = table.remove(left, s.random(#left))
    crash(s, node)
    s.allowed = s.allowed - 1
    if s.setting.damaged and harm(s, node) then left[#left + 1] = node end
  end
  return left
end

-- Those of these nodes that lose power and whose files can be loaded, and those that did not.
local function power_cycle(s, left, chance)
  local back = {}
  for _, replica in ipairs(left) do
    if s.random(100) <= chance then crash(s, replica) end
  end
  s.world:sleep(s.random(0, 20))
  for _, replica in ipairs(left) do
    if replica:is_up() or load(replica) then
      back[#back + 1] = replica
    else
      s.damaged = s.damaged + 1
    end
  end
  s.void = #left - #back > s.allowed
  return back
end

-- ---- the failover ---------------------------------------------------------------------------------------------------

-- Who is primary from here on, and what it has.
local function succeed(s, node)
  s.primary, s.successor = node, node:state().replid
  s.fork = s.successor == s.history and math.maxinteger or math.max(reach(s, node), 0)
end

-- What the offsets say of a write: it was made in the history that all began with, or in the one that the next primary
-- goes on in; or at an old primary that was back and had not heard of that.
local function foretold(s, receipt)
  if receipt.replid == s.history then return receipt.offset <= s.fork end
  return receipt.replid == s.successor
end

-- Every token says what is so from here on. A replica that was given all data anew, or had none yet when it was
-- promoted, may have to say that it cannot tell; and so may everybody of a history that only an old primary had, which
-- was back from its disk under a new name and was written to before it heard of its successor.
local function ask_all(s, node)
  for _, write in ipairs(s.writes) do
    local receipt = write.receipt
    if receipt then
      local answer, kept = node:wait_for(receipt, 1), foretold(s, receipt)
      s.asked = s.asked + 1
      if s.untold then kept = node:get(write.key) == write.key end
      local known = receipt.replid == s.history or receipt.replid == s.successor
      local can_tell = known and node == s.primary and s.fork > 0
      if answer ~= (kept and "applied" or "lost") and (can_tell or answer ~= "unknown") then
        error(("%s says of %s at %s, of which %d is left, that it is %s"):format(node.name, write.key, receipt.token,
          s.fork, answer), 0)
      end
    end
  end
end

-- The replicas that are left, each off the old primary; then the most advanced of them takes over.
local function fail_over(s, left)
  for _, replica in ipairs(left) do
    replica:resume()
    replica:promote()
    s.world:sleep(s.random(0, 5))
  end
  local best, furthest = left[1], reach(s, left[1])
  for _, replica in ipairs(left) do
    if reach(s, replica) > furthest then best, furthest = replica, reach(s, replica) end
  end
  succeed(s, best)
  ask_all(s, best)
  for _, replica in ipairs(left) do
    if replica ~= best then replica:replicaof(best) end
  end
end

local function bring_back(s, fault)
  s.world:heal()
  for _, node in ipairs(s.nodes) do
    if s.setting.fsynced then node:disk(GOOD_DISK) end
    if node == s.a and fault then
      fault[2](s, node)
    elseif not node:is_up() and not load(node) then
      begin_empty(node)
    end
  end
  for _, node in ipairs(s.nodes) do
    node:resume()
    if node ~= s.primary then node:replicaof(s.primary) end
  end
end

-- The primary goes.
local function lose_primary(s)
  local fault = FAULTS[s.random(#FAULTS)]
  fault[1](s, s.a)
  local left = lose_some(s)
  s.world:sleep(s.random(0, 100))
  s.over = true
  if s.setting.fsynced then left = power_cycle(s, left, 40) end
  if #left == 0 then
    bring_back(s, fault)
    return succeed(s, s.a)
  end
  fail_over(s, left)
  s.world:sleep(s.random(0, 200))
  bring_back(s, fault)
end

-- The power fails everywhere.
local function lose_power(s)
  s.over = true
  s.a:crash()
  local left = lose_some(s)
  left = power_cycle(s, left, 100)
  fail_over(s, left)
  s.world:sleep(s.random(0, 200))
  bring_back(s)
end

-- The primary goes and comes back as it was.
local function come_back(s)
  s.over = true
  crash(s, s.a)
  s.world:sleep(s.random(0, 200))
  s.a:disk(GOOD_DISK)
  if s.setting.damaged then
    s.void = true
    if not harm(s, s.a) then begin_empty(s.a) end
  elseif not load(s.a) then
    begin_empty(s.a)
    s.damaged, s.void = s.damaged + 1, true
  end
  succeed(s, s.a)
  ask_all(s, s.a)
  bring_back(s)
end

local function break_it(s)
  if s.setting.itself then return come_back(s) end
  if s.setting.fsynced and s.random(2) == 1 then return lose_power(s) end
  return lose_primary(s)
end

-- ---- the judgement --------------------------------------------------------------------------------------------------

local function judge(s)
  local outcome = { writes = #s.writes, acknowledged = 0, lost = 0, foretold = 0, asked = s.asked, damaged = s.damaged,
    harmed = s.harmed,
    void = s.void and 1 or 0 }
  for _, write in ipairs(s.writes) do
    local there = s.primary:get(write.key) == write.key
    if write.acknowledged then
      outcome.acknowledged = outcome.acknowledged + 1
      if not there then outcome.lost = outcome.lost + 1 end
    end
    if write.receipt and not s.untold then
      if foretold(s, write.receipt) ~= there then
        error(("%s at %s, of which %d is left, is %sthere"):format(write.key, write.receipt.token, s.fork,
          there and "" or "not "), 0)
      end
      outcome.foretold = outcome.foretold + 1
    end
  end
  if s.setting.kind ~= "async" and outcome.lost > 0 and not s.void then
    error(("%d writes acknowledged under %s are lost"):format(outcome.lost, s.setting.name), 0)
  end
  return outcome
end

-- ---- a trial --------------------------------------------------------------------------------------------------------

-- Journals where writes are promised to be on disk, and sometimes elsewhere.
local function journal(s)
  local policies = { "always", "everysec", s.setting.kind == "WAITAOF" and s.setting.itself and "no" or "always" }
  if s.setting.kind == "always" then return { appendonly = "yes", appendfsync = "always" } end
  return { appendonly = "yes", appendfsync = policies[s.random(3)] }
end

local function build(s)
  local world = s.world
  if s.setting.fsynced then world:disks { lose = s.random(0, 100) / 100, tear = s.random(0, 100) / 100 } end
  for i, name in ipairs(NAMES) do
    local options = s.setting.fsynced and journal(s) or {}
    options.name, options.replicaof = name, s.a
    local node = world:node(options)
    s.nodes[i] = node
    if i == 1 then s.a, s.primary = node, node else s.replicas[i - 1] = node end
  end
  world:links { latency = s.random(1, 10), jitter = s.random(0, 5), loss = s.random(4) == 1 and 0.05 or 0 }
  if (s.setting.kind == "ANY" or s.setting.kind == "FIRST") and s.random(2) == 1 then
    s.by_node = true
    for _, node in ipairs(s.nodes) do
      node:configure("sync-replicas", settings.rule(s.setting, NAMES))
      node:configure("sync-level", s.setting.level)
      node:configure("sync-timeout", tostring(settings.TIMEOUT_MS))
    end
  end
  assert(world:await(function() return s.a:state().replicas == #s.replicas end, CONVERGE_MS))
  s.history = s.a:state().replid
end

local function run(s)
  build(s)
  local tasks = {}
  for i = 1, WRITERS do tasks[i] = s.world:go(write_all, s, i) end
  s.world:go(disturb, s)
  s.world:sleep(s.random(20, 250))
  break_it(s)
  for _, task in ipairs(tasks) do task:join() end
  assert(s.world:await(function() return s.world:converged() end, CONVERGE_MS, 5), "not converged")
  ask_all(s, s.nodes[s.random(#s.nodes)])
end

---@class spec.DurabilityOutcome
---@field writes integer
---@field acknowledged integer under the setting
---@field lost integer of those
---@field foretold integer whose offsets were known
---@field asked integer answers about tokens
---@field damaged integer nodes whose files could not be loaded
---@field harmed integer nodes that had a file damaged
---@field void integer 1: more of those than the setting allows for: promise 1 is off
---@field hash integer

---One trial. Raises where a promise did not hold.
---@param name string one of durability.settings
---@param seed integer
---@return spec.DurabilityOutcome
function durability.run(name, seed)
  local world <close> = tidelock.sim { seed = seed, check = true }
  local s = { world = world, setting = settings.by_name(name), names = NAMES, nodes = {}, replicas = {}, writes = {},
    asked = 0, damaged = 0, harmed = 0, void = false }
  function s.random(low, high)
    if not high then low, high = 1, low end
    return low + math.floor(world:random() * (high - low + 1))
  end
  run(s)
  local fine, why = world:check()
  if not fine then error(why, 0) end
  local outcome = judge(s)
  outcome.hash = world:hash()
  return outcome
end

return durability
