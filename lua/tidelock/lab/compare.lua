-- Compares durability settings by one experiment: many simulated trials of each, then a few with real processes, as
-- tables with the same columns; and a single simulated trial as a transcript (`--replay SEED SETTING`).

local report = require "tidelock.lab.report"
local trials = require "tidelock.lab.trials"

local compare = {}

---@class tidelock.CompareOptions
---@field script string the file, for the command that replays a trial
---@field experiment fun(setting: string): fun(world: tidelock.World): tidelock.Judgement, tidelock.Trial
---@field settings string[]
---@field simulated integer trials per setting
---@field real integer trials per setting with processes
---@field server? string of the processes
---@field arguments? string[] what the script was given

local function simulated_world(seed)
  return require("tidelock").sim { seed = seed, check = true }
end

-- ---- replay ---------------------------------------------------------------------------------------------------------

local function line(time, format, ...)
  print(("%10.3f  "):format(time) .. format:format(...))
end

-- one event of the history, and the moments between
local function print_transcript(trial, judgement)
  local lost = {}
  for _, key in ipairs(judgement.lost_keys) do lost[key] = true end
  local moments = {}
  for name, time in pairs(trial.moments) do moments[#moments + 1] = { time = time, name = name } end
  table.sort(moments, function(x, y) return x.time < y.time end)
  for _, event in ipairs(trial.history:events()) do
    while moments[1] and moments[1].time <= event.time do
      line(moments[1].time, "---- %s", moments[1].name)
      table.remove(moments, 1)
    end
    local fate = event.type == "ok" and lost[event.key] and "   LOST" or ""
    line(event.time, "%-4s %-6s %s %s%s", event.process, event.type, event.f, event.key, fate)
  end
end

local function replay(options, seed, setting)
  local world = simulated_world(seed)
  local judgement, trial = world:run(options.experiment(setting))
  print_transcript(trial, judgement)
  print(("\n%d writes acknowledged, %d of them lost; the old primary gave up %d writes; event hash %016x"):format(
    judgement.acked, judgement.lost, judgement.given_up, world:hash()))
  local held, message = world:check()
  world:close()
  if not held then error(message, 0) end
end

-- ---- tables ---------------------------------------------------------------------------------------------------------

-- Each setting in turn; the summaries.
local function measure(options, count, make_world)
  local summaries = {}
  for i, setting in ipairs(options.settings) do
    summaries[i] = trials.run {
      name = setting, count = count, world = make_world, experiment = options.experiment(setting),
    }
  end
  return summaries
end

local function print_simulated(options)
  local summaries = measure(options, options.simulated, simulated_world)
  local count, seconds = 0, 0
  local worst
  for _, s in ipairs(summaries) do
    count, seconds = count + s.trials, seconds + s.seconds
    if s.worst_seed and (not worst or s.worst_lost > worst.worst_lost) then worst = s end
  end
  print(("In the simulator: %d trials per setting, every one checked, %.0f trials per second\n"):format(
    options.simulated, count / seconds))
  print(report.table(summaries))
  return worst
end

local function print_real(options)
  local server = options.server or "tidelock"
  local summaries = measure(options, options.real, function()
    return require("tidelock").processes { server = server }
  end)
  print(("\nOver real TCP: %d trials per setting, three %s processes each, the primary killed with SIGKILL\n"):format(
    options.real, server))
  print(report.table(summaries))
end

local function usage(options, problem)
  error(("%s\nusage: tidelock run %s [--trials N] [--real N] [--server NAME] [--replay SEED SETTING]"):format(problem,
    options.script), 0)
end

-- the script's arguments into a copy of the options
local function read_arguments(options)
  local read = setmetatable({}, { __index = options })
  local words = options.arguments or {}
  local i = 1
  local function number(name)
    i = i + 1
    local value = math.tointeger(tonumber(words[i]))
    if not value or value < 0 then usage(options, ("%s: a number expected"):format(name)) end
    return value
  end
  while words[i] do
    local name = words[i]
    if name == "--trials" then
      read.simulated = number(name)
    elseif name == "--real" then
      read.real = number(name)
    elseif name == "--server" then
      i = i + 1
      read.server = words[i] or usage(options, "--server: a name expected")
    elseif name == "--replay" then
      read.seed = number(name)
      read.setting = table.concat(words, " ", i + 1)
      i = #words
    else
      usage(options, ("unknown argument '%s'"):format(name))
    end
    i = i + 1
  end
  return read
end

---Runs the comparison and prints it.
---@param options tidelock.CompareOptions
function compare.run(options)
  local given = read_arguments(options)
  if given.seed then return replay(given, given.seed, given.setting) end
  local worst = given.simulated > 0 and print_simulated(given)
  if given.real > 0 then print_real(given) end
  if worst then
    print(("\nThe worst simulated trial lost %d acknowledged writes (%s). To see it again:\n"):format(worst.worst_lost,
      worst.name))
    print(("  build/tidelock run %s --replay %d %s"):format(given.script, worst.worst_seed, worst.name))
  end
end

return compare
