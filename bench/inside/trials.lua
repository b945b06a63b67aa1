-- tidelock run bench/inside/trials.lua COUNT HOW: trials of examples/failover.lua, all four settings in turn; trials
-- per second. HOW: check or nocheck (simulated, CPU time), real (redis-server processes, time that passes).

local tidelock = require "tidelock"
local lab = require "tidelock.lab"
local ptime = require "posix.time"

local count, how = math.tointeger(tonumber(arg[1])), arg[2]

-- the example hands its experiment to lab.compare: take it there
local given
lab.compare = function(options) given = options end -- luacheck: ignore 122
dofile(arg[0]:match "^(.*)bench/inside/" .. "examples/failover.lua")

local function make_world(seed)
  if how == "real" then return tidelock.processes { server = "redis-server" } end
  return tidelock.sim { seed = seed, check = how == "check" }
end

local function trials(number)
  for _, setting in ipairs(given.settings) do
    lab.trials {
      name = setting, count = number, world = make_world, experiment = given.experiment(setting), quiet = true,
    }
  end
  return number * #given.settings
end

local function now()
  if how ~= "real" then return os.clock() end
  local t = ptime.clock_gettime(ptime.CLOCK_MONOTONIC)
  return t.tv_sec + t.tv_nsec * 1e-9
end

if how ~= "real" then trials(20) end -- warms up
local began = now()
local done = trials(count)
print(("per_second %.3f"):format(done / (now() - began)))
