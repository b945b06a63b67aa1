-- Storms (spec/storm.lua) by the thousand: each seed twice, comparing the hash of all events and the data in the end;
-- every invariant is checked at every event. Stops at the first seed that fails, with the command that shows it again.
--
--   build/tidelock run spec/soak.lua [--seeds N] [--first SEED]
--   build/tidelock run spec/soak.lua --replay SEED           the faults of one storm, as they happen

local root = arg[0]:match "^(.*)spec/soak.lua$" or ""
package.path = ("%s?.lua;%s"):format(root, package.path)

local progress = require "tidelock.progress"
local storm = require "spec.storm"

local function read_arguments()
  local given = { ["--seeds"] = 2000, ["--first"] = 1 }
  for i = 1, #arg, 2 do
    local value = math.tointeger(tonumber(arg[i + 1]))
    if not value or not (given[arg[i]] or arg[i] == "--replay") then
      error("usage: tidelock run spec/soak.lua [--seeds N] [--first SEED] [--replay SEED]", 0)
    end
    given[arg[i]] = value
  end
  return given
end

local function replay(seed)
  local outcome = storm.run(seed, function(time, format, ...)
    print(("%10.3f  "):format(time) .. format:format(...))
  end)
  print(("seed %d: %d events, hash %016x"):format(seed, outcome.events, outcome.hash))
end

local given = read_arguments()
if given["--replay"] then return replay(given["--replay"]) end

local first, count = given["--first"], given["--seeds"]
local events, hash, sum = 0, 0, { prefixes = 0, waits = 0, writes = 0, histories = 0 }
local bar <close> = progress.count("storms", count)
local began = os.clock()
for i = 1, count do
  local seed = first + i - 1
  local ok, outcome = pcall(storm.twice, seed)
  if not ok then
    error(("seed %d: %s\nto see it: build/tidelock run spec/soak.lua --replay %d"):format(seed, outcome, seed), 0)
  end
  events, hash = events + outcome.events, (hash ~ outcome.hash) * 0x9e3779b97f4a7c15
  for name in pairs(sum) do sum[name] = sum[name] + outcome.checks[name] end
  bar:advance(i)
  if not bar.shown and count >= 1000 and i % (count // 10) == 0 then
    io.stderr:write(("%d seeds, %.0f s of CPU time\n"):format(i, os.clock() - began))
  end
end
print(("%d seeds from %d, each twice, in %.0f s of CPU time: %d events, %d points compared, %d waits and %d writes "
  .. "judged, %d histories; one hash over all: %016x"):format(count, first, os.clock() - began, events, sum.prefixes,
  sum.waits, sum.writes, sum.histories, hash))
