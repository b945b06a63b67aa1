-- Crashes: a simulated node with a journal, writers who keep ledgers, a disk that fails, fills up, stalls, gets slow,
-- rewrites and snapshots, and then a crash: of the process, of the machine, in the middle of anything. What is on the
-- disk is loaded, and:
--
--   - nothing that was acknowledged as fsynced is missing (appendfsync always: every reply; otherwise: WAITAOF);
--   - nothing at all that was answered is missing after the end of the process alone, if the disk had no faults;
--   - what is there is a beginning of what was written, whole transactions only;
--   - after SHUTDOWN nothing at all is missing;
--   - what cannot be loaded is an error that names the file.
--
--   local outcome = crashes.run(seed)     -- raises where one of these did not hold
--
-- spec/crashes_spec.lua runs some seeds, spec/crash_soak.lua as many as one likes.

local ledger = require "spec.ledger"
local tidelock = require "tidelock"

local crashes = {}

local CRASHES = 5 -- in each run
local POLICIES = { "always", "everysec", "no" }
local GOOD_DISK = { fail = 0, fail_sync = 0, capacity = 0, full = false, slow = 1 }

-- ---- load -----------------------------------------------------------------------------------------------------------

-- A writer's life until it is told to stop or does not learn what became of a write.
local function write(s, w)
  local client = s.world:client(s.node, { timeout = 3600000 })
  while not s.stop do
    local how = w:write(client, s.random(3) == 1)
    if how == "unknown" then break end
    if how == "refused" then s.refused = s.refused + 1 end
    if how == "ok" then
      s.told = s.told + 1
      if s.policy == "always" then
        w:keep()
      elseif s.random(5) == 1 then
        local answer = client:call("WAITAOF", 1, 0, s.random(50))
        if type(answer) == "table" and answer[1] == 1 then
          w:keep()
          s.kept = s.kept + 1
        end
      end
    end
    if s.random(3) == 1 then s.world:sleep(s.random(0, 8)) end
  end
  client:close()
end

-- ---- faults ---------------------------------------------------------------------------------------------------------

local function bad_disk(s)
  if s.mild then return end
  s.bad = true
  local disk = {
    fail = s.random(4) == 1 and s.random() * 0.2 or 0, fail_sync = s.random(3) == 1 and s.random() or 0,
    capacity = s.random(5) == 1 and s.random(4000) or 0, full = s.random(8) == 1,
    slow = s.random(3) == 1 and s.random(100) or 1, stall = s.random(5) == 1 and s.random(1500) or nil,
  }
  s.log("the disk: fail %.2f, fail_sync %.2f, capacity %d, full %s, slow %d, stall %d", disk.fail, disk.fail_sync,
    disk.capacity, disk.full, disk.slow, disk.stall or 0)
  s.node:disk(disk)
end

local function good_disk(s)
  s.log "the disk is good"
  s.node:disk(GOOD_DISK)
end

local function command(name)
  return function(s)
    s.log("%s", name)
    s.world:go(s.node.call, s.node, name)
  end
end

local function pause(s)
  s.node:pause()
  s.world:sleep(s.random(60))
  s.node:resume()
end

local rewrite, save = command "BGREWRITEAOF", command "BGSAVE"
local EVENTS = { bad_disk, bad_disk, good_disk, rewrite, rewrite, save, pause }

local function chaos(s)
  for _ = 1, s.random(0, 4) do
    s.world:sleep(s.random(8) == 1 and s.random(2500) or s.random(30))
    EVENTS[s.random(#EVENTS)](s)
  end
  s.world:sleep(s.random(8) == 1 and s.random(2500) or s.random(40))
end

-- ---- the end of a life, and the next one ----------------------------------------------------------------------------

-- SHUTDOWN, which may be refused (it cannot save); "orderly" or nil
local function shut_down(s)
  good_disk(s)
  s.stop = true
  for _, task in ipairs(s.writers) do task:join() end
  s.log "SHUTDOWN"
  s.node:call "SHUTDOWN"
  if s.node:is_up() then return nil end
  return "orderly"
end

local function crash(s)
  local what = ({ "unsynced", "unsynced", "power", "process" })[s.random(4)]
  s.log("crash: %s", what)
  if what == "unsynced" then s.node:crash() else s.node:crash(what) end
  return what
end

-- Whether it runs and has loaded what is there; if not, why.
local function starts(s)
  if not s.node:restart() then error("it does not start: " .. tostring(s.node:failure()), 0) end
  if s.node:dbsize() then return true end
  local why = s.node:failure()
  if not why then error("it went without a word", 0) end
  if not why:find "^cannot load %S+: .+" then error("not a clear error: " .. why, 0) end
  s.log("it does not load: %s", why)
  return false, why
end

-- With the disk as it is, and if that does not help with a good one. What cannot be loaded then is gone for good.
local function come_back(s)
  if starts(s) then return true end
  good_disk(s)
  local started, why = starts(s)
  if started then return true end
  s.errors = s.errors + 1
  s.why[why:gsub("%d+", "N")] = true
  for name in pairs(s.node:files()) do s.node:file(name, false) end
  assert(starts(s), "an empty disk cannot be loaded")
  return false
end

local function life(s)
  s.stop, s.bad = false, false
  for i, w in ipairs(s.ledgers) do s.writers[i] = s.world:go(write, s, w) end
  chaos(s)
  local how = s.random(12) == 1 and shut_down(s) or crash(s)
  s.stop = true
  for _, task in ipairs(s.writers) do task:join() end
  if s.random(4) > 1 then good_disk(s) end
  s.crashes = s.crashes + 1
  if not come_back(s) then
    for i, w in ipairs(s.ledgers) do s.ledgers[i] = ledger.new(w.name) end
    return
  end
  for _, w in ipairs(s.ledgers) do
    local lost = w:check(function(key) return s.node:get(key) end)
    if lost > 0 and how == "orderly" then error(("%d operations are lost after SHUTDOWN"):format(lost), 0) end
    if lost > 0 and how == "process" and not s.bad then error(("%d operations are lost in kill -9"):format(lost), 0) end
    s.lost[how] = (s.lost[how] or 0) + lost
  end
  good_disk(s)
end

local function run(world, s)
  s.policy = POLICIES[s.random(#POLICIES)]
  s.mild = s.random(4) == 1
  world:disks { lose = s.random(), tear = s.random() }
  s.node = world:node {
    name = "a", dir = ".", appendonly = "yes", appendfsync = s.policy,
    auto_aof_rewrite_min_size = s.random(2) == 1 and s.random(300, 3000) or "64mb",
    save = s.random(4) == 1 and "1 1" or "",
  }
  s.log("appendfsync %s", s.policy)
  for i = 1, s.random(3) do s.ledgers[i] = ledger.new("w" .. i) end
  for _ = 1, CRASHES do life(s) end
end

---@class spec.CrashesOutcome
---@field policy string
---@field crashes integer
---@field told integer operations that were answered
---@field kept integer WAITAOF answers
---@field refused integer operations that were refused
---@field errors integer times that what was there could not be loaded
---@field why table<string, true> with these errors, numbers left out
---@field lost table<string, integer> answered and not there, by how the node went
---@field hash integer

---Runs a seed. Raises where something did not hold.
---@param seed integer
---@param log? fun(time: number, format: string, ...)
---@return spec.CrashesOutcome
function crashes.run(seed, log)
  local world <close> = tidelock.sim { seed = seed, check = true }
  local s = { world = world, ledgers = {}, writers = {}, crashes = 0, told = 0, kept = 0, refused = 0, errors = 0,
    why = {}, lost = {} }
  function s.random(...) return world:random(...) end
  function s.log(...) if log then log(world:now(), ...) end end
  world:run(run, s)
  assert(world:check())
  s.hash = world:hash()
  return s
end

return crashes
