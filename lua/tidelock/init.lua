-- tidelock: a replicated in-memory store that a script can define, watch and break.
--
--   local tidelock = require "tidelock"
--   local s = tidelock.store()                    -- Redis's data types in this Lua state
--   local world = tidelock.sim { seed = 7 }       -- nodes in a simulated world; tidelock.live {}: over real TCP
--   local a = world:node { name = "a" }
--
-- Durations are milliseconds, fractions allowed. Misuse raises; what a world does to its caller returns
-- `nil, message, code`. Replies: OK is true, null is nil (tidelock.null inside arrays), errors are failures.

local core = require "tidelock.core"
local errors = require "tidelock.errors"
local options = require "tidelock.options"

-- these add their methods to the classes that core brings
require "tidelock.task"
require "tidelock.world"
require "tidelock.node"
require "tidelock.client"
require "tidelock.store"

local STORE_OPTIONS = options.names("databases", "clock", "seed", "maxmemory", "maxmemory_policy",
  "maxmemory_samples")
local SIM_OPTIONS = options.names("seed", "check")

---@class tidelock
local tidelock = {
  ---The version of this module.
  version = "0.1.0",
  ---Stands for null inside arrays and maps, where Lua's nil cannot be. `tostring` gives "null".
  ---@type tidelock.null
  null = core.null,
}

---Opens a store: Redis's data types inside this Lua state; no server, no socket.
---@param given? tidelock.StoreOptions
---@return tidelock.Store
function tidelock.store(given)
  given = options.check("store", given, STORE_OPTIONS)
  local databases = options.integer("store", given, "databases", 16, 1, 65536)
  local clock = given.clock
  if clock ~= nil and type(clock) ~= "function" then
    error(("store: clock: function expected, got %s"):format(type(clock)), 2)
  end
  local seed = options.integer("store", given, "seed", math.random(0))
  local maxmemory = options.value("store", "maxmemory", given.maxmemory or 0)
  local policy = options.text("store", given, "maxmemory_policy") or "noeviction"
  local samples = options.integer("store", given, "maxmemory_samples", 5, 1, 64)
  local store, problem = core.store(databases, clock, seed, maxmemory, policy, samples)
  if not store then error("store: " .. problem, 2) end
  return store
end

---Makes a simulated world: virtual time, simulated links and disks, everything by seed.
---@param given? tidelock.SimOptions
---@return tidelock.World
function tidelock.sim(given)
  given = options.check("sim", given, SIM_OPTIONS)
  return assert(core.sim(options.integer("sim", given, "seed", 1), given.check ~= nil and given.check ~= false))
end

---Makes a live world: real time, real TCP, in this process.
---@param given? table
---@return tidelock.World
function tidelock.live(given)
  options.check("live", given, {})
  return assert(core.live())
end

---Makes a world whose nodes are processes of their own: see tidelock.processes.
---@param given? table
function tidelock.processes(given)
  return require "tidelock.processes"(given)
end

---Makes a world of servers that run already: see tidelock.attach.
---@param given? table
function tidelock.attach(given)
  return require "tidelock.attach"(given)
end

---Whether a value is an error reply inside an array or map (`EXEC`, pipelines): a table with `message` and `code`.
---@param value any
---@return boolean
function tidelock.is_error(value)
  return errors.is(value)
end

return tidelock
