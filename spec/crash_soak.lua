-- Crashes (spec/crashes.lua) by the thousand. Stops at the first seed that fails, with the command that shows it again.
--
--   build/tidelock run spec/crash_soak.lua [--seeds N] [--first SEED]
--   build/tidelock run spec/crash_soak.lua --replay SEED       one seed, as it happens

local root = arg[0]:match "^(.*)spec/crash_soak.lua$" or ""
package.path = ("%s?.lua;%s"):format(root, package.path)

local crashes = require "spec.crashes"
local progress = require "tidelock.progress"

local function read_arguments()
  local given = { ["--seeds"] = 2000, ["--first"] = 1 }
  for i = 1, #arg, 2 do
    local value = math.tointeger(tonumber(arg[i + 1]))
    if not value or not (given[arg[i]] or arg[i] == "--replay") then
      error("usage: tidelock run spec/crash_soak.lua [--seeds N] [--first SEED] [--replay SEED]", 0)
    end
    given[arg[i]] = value
  end
  return given
end

local given = read_arguments()
if given["--replay"] then
  crashes.run(given["--replay"], function(time, format, ...)
    print(("%10.3f  "):format(time) .. format:format(...))
  end)
  return
end

-- by policy
local sums = {}

local function add(outcome)
  local sum = sums[outcome.policy] or { crashes = 0, told = 0, kept = 0, refused = 0, errors = 0, lost = {} }
  sums[outcome.policy] = sum
  for _, what in ipairs { "crashes", "told", "kept", "refused", "errors" } do sum[what] = sum[what] + outcome[what] end
  for how, lost in pairs(outcome.lost) do sum.lost[how] = (sum.lost[how] or 0) + lost end
end

local first, count, hash, why = given["--first"], given["--seeds"], 0, {}
do
  local bar <close> = progress.count("crashes", count)
  for i = 1, count do
    local seed = first + i - 1
    local ok, outcome = pcall(crashes.run, seed)
    if not ok then
      error(("seed %d: %s\nto see it: build/tidelock run spec/crash_soak.lua --replay %d"):format(seed, outcome, seed),
        0)
    end
    add(outcome)
    for text in pairs(outcome.why) do why[text] = (why[text] or 0) + 1 end
    hash = (hash ~ outcome.hash) * 0x9e3779b97f4a7c15
    bar:advance(i)
  end
end

for _, policy in ipairs { "always", "everysec", "no" } do
  local sum = sums[policy]
  if sum then
    local lost = sum.lost
    print(("appendfsync %-8s  %6d crashes, %7d writes answered, %6d WAITAOF, %6d refused; answered and lost: %d in "
      .. "crashes, %d with the machine, %d in kill -9, %d in SHUTDOWN; %d times the files could not be loaded"):format(
      policy, sum.crashes, sum.told, sum.kept, sum.refused, lost.unsynced or 0, lost.power or 0, lost.process or 0,
      lost.orderly or 0, sum.errors))
  end
end
local texts = {}
for text, times in pairs(why) do texts[#texts + 1] = ("%6d  %s"):format(times, text) end
table.sort(texts, function(a, b) return a > b end)
for _, text in ipairs(texts) do print(text) end
print(("%d seeds from %d, %.0f s of CPU time; one hash over all: %016x"):format(count, first, os.clock(), hash))
