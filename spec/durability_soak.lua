-- The promises of docs/durability.md by the thousand (spec/durability.lua), for every setting. Stops at the first seed
-- for which one does not hold.
--
--   build/tidelock run spec/durability_soak.lua [--seeds N] [--first SEED] [--setting "ANY 1"]

local root = arg[0]:match "^(.*)spec/durability_soak.lua$" or ""
package.path = ("%s?.lua;%s"):format(root, package.path)

local durability = require "spec.durability"
local progress = require "tidelock.progress"

local function read_arguments()
  local given = { seeds = 1000, first = 1, setting = "" }
  for i = 1, #arg, 2 do
    local name = arg[i]:match "^%-%-(%a+)$"
    local value = arg[i + 1]
    if name ~= "setting" then value = math.tointeger(tonumber(value)) end
    if not name or given[name] == nil or not value then
      error("usage: tidelock run spec/durability_soak.lua [--seeds N] [--first SEED] [--setting NAME]", 0)
    end
    given[name] = value
  end
  return given
end

local function soak(setting, first, count)
  local sum = { writes = 0, acknowledged = 0, lost = 0, foretold = 0, asked = 0, harmed = 0, damaged = 0, void = 0 }
  local bar <close> = progress.count(setting, count)
  for i = 1, count do
    local seed = first + i - 1
    local ok, outcome = pcall(durability.run, setting, seed)
    if not ok then error(("%s, seed %d: %s"):format(setting, seed, outcome), 0) end
    for name in pairs(sum) do sum[name] = sum[name] + outcome[name] end
    bar:advance(i)
  end
  return sum
end

local given = read_arguments()
for _, setting in ipairs(given.setting ~= "" and { given.setting } or durability.settings) do
  local began = os.clock()
  local sum = soak(setting, given.first, given.seeds)
  print(("%-18s %d seeds: %d writes, %d acknowledged, %d of them lost; %d offsets known, each lost or kept as it says; "
    .. "%d answers about tokens, each right; %d nodes had a file damaged; %d starts said that files are damaged, in %d "
    .. "seeds beyond what is allowed for; "
    .. "%.0f s of CPU time"):format(setting, given.seeds, sum.writes, sum.acknowledged, sum.lost, sum.foretold,
    sum.asked, sum.harmed, sum.damaged, sum.void, os.clock() - began))
end
