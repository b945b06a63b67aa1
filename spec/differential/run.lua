-- Random commands side by side: ours against redis-server, every reply and every dataset compared. A sequence that
-- shows a difference is reduced before it is printed.
--
--   build/tidelock run spec/differential/run.lua [--commands N] [--seed S] [--family NAME,NAME] [--differences N]
--
-- `--differences N` goes on after a difference until N of them have been shown.

local root = arg[0]:match "^(.*)spec/differential/run.lua$" or ""
package.path = ("%s?.lua;%s"):format(root, package.path)

local families = require "spec.differential.families"
local pair = require "spec.differential.pair"
local progress = require "tidelock.progress"
local round = require "spec.differential.round"

local ROUND = 1000

local function usage(what)
  error(what .. "\nusage: tidelock run spec/differential/run.lua [--commands N] [--seed S] [--family NAME,NAME] "
    .. "[--differences N]", 0)
end

local function read_arguments()
  local given = { commands = 100000, seed = 1, differences = 1, family = table.concat(families, ",") }
  for i = 1, #arg, 2 do
    local name = arg[i]:match "^%-%-(%a+)$"
    if not name or given[name] == nil or not arg[i + 1] then usage("not understood: " .. arg[i]) end
    given[name] = name == "family" and arg[i + 1] or math.tointeger(tonumber(arg[i + 1]))
      or usage(("%s: a number expected"):format(arg[i]))
  end
  return given
end

local given = read_arguments()
local names = {}
for name in given.family:gmatch "[^,]+" do names[#names + 1] = name end
local rows = round.rows(names)
local both <close> = pair.new(names)
local bar <close> = progress.count("commands", given.commands)
local compared, seed, found = 0, given.seed, 0
while compared < given.commands do
  local steps = round.steps(seed, rows, ROUND)
  local difference = round.difference(both, steps)
  if difference then
    found = found + 1
    local fewest, again = round.reduce(both, steps)
    print(("seed %d: %d commands show a difference:\n%s\n%s\n"):format(seed, #fewest, round.show(fewest),
      again or difference .. "\n  (not again)"))
    if found >= given.differences then break end
  end
  compared, seed = compared + #steps, seed + 1
  bar:advance(math.min(compared, given.commands))
end
print(("%d commands of %s from seed %d, in rounds of %d: %d differences"):format(compared, given.family, given.seed,
  ROUND, found))
os.exit(found == 0 and 0 or 1, true)
