-- Compares durability settings by one experiment: many simulated trials of each, then a few with real processes, as
-- tables with the same columns; and a single simulated trial as a transcript (`--replay SEED SETTING`).

local errors = require "tidelock.errors"
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
---@field command? string that runs it, for the same (default: build/tidelock)

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
  table.sort(moments, function(x, y)
    if x.time ~= y.time then return x.time < y.time end
    return x.name < y.name
  end)
  local function print_moments(time)
    while moments[1] and moments[1].time <= time do
      line(moments[1].time, "---- %s", moments[1].name)
      table.remove(moments, 1)
    end
  end
  for _, event in ipairs(trial.history:events()) do
    print_moments(event.time)
    local fate = event.type == "ok" and lost[event.key] and "   LOST" or ""
    line(event.time, "%-4s %-6s %s %s%s", event.process, event.type, event.f, event.key, fate)
  end
  print_moments(math.huge)
end

local function print_judgement(judgement)
  print(("\n%d of %d writes acknowledged, %d of those lost; the old primary gave up %d writes"):format(judgement.acked,
    judgement.writes, judgement.lost, judgement.given_up))
  if judgement.loss_window then
    print(("loss_window: the lost ones were acknowledged within %.3f ms"):format(judgement.loss_window))
  end
  if judgement.write_unavailable then
    local parts = judgement.detect and (": detect %.3f, promote %.3f, rediscover %.3f"):format(judgement.detect,
      judgement.promote, judgement.rediscover) or ""
    print(("write_unavailable: %.3f ms%s"):format(judgement.write_unavailable, parts))
  end
end

local function replay(options, seed, setting)
  local world <close> = simulated_world(seed)
  local judgement, trial = world:run(options.experiment(setting))
  if type(trial) ~= "table" or not trial.history then
    error("replay: the experiment returns no trial beside its judgement", 0)
  end
  print_transcript(trial, judgement)
  print_judgement(judgement)
  print(("event hash: %016x"):format(world:hash()))
  local held, message = world:check()
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

-- Of the trial that lost most: the summary.
local function worst_of(summaries)
  local worst
  for _, s in ipairs(summaries) do
    if s.worst_seed and (not worst or s.worst_lost > worst.worst_lost) then worst = s end
  end
  return worst
end

local function print_simulated(options)
  local summaries = measure(options, options.simulated, simulated_world)
  local count, seconds = 0, 0
  for _, s in ipairs(summaries) do count, seconds = count + s.trials, seconds + s.seconds end
  print(("In the simulator: %d trials per setting, every invariant checked at every event, %.0f trials per second")
    :format(options.simulated, count / math.max(seconds, 1e-6)))
  print("\n" .. report.table(summaries))
  return worst_of(summaries)
end

local function print_real(options)
  local server = options.server or "tidelock"
  local summaries = measure(options, options.real, function()
    return require("tidelock").processes { server = server }
  end)
  print(("Over real TCP: %d trial%s per setting, every node a %s process, crashes are SIGKILL"):format(options.real,
    options.real == 1 and "" or "s", server))
  print("\n" .. report.table(summaries))
end

-- ---- arguments ------------------------------------------------------------------------------------------------------

local function usage(options, format, ...)
  error(errors.object(table.concat {
    format:format(...), "\n",
    "usage: tidelock run ", options.script, " [--trials N] [--real N] [--server NAME] [--replay SEED SETTING]",
  }, "USAGE"))
end

local arguments = {}

local function count(options, name, word)
  local value = word and word:match "^%d+$" and math.tointeger(tonumber(word))
  if not value then usage(options, "%s: a number expected, got %s", name, word and "'" .. word .. "'" or "nothing") end
  return value
end

arguments["--trials"] = function(options, next_word)
  options.simulated = count(options, "--trials", next_word())
end

arguments["--real"] = function(options, next_word)
  options.real = count(options, "--real", next_word())
end

arguments["--server"] = function(options, next_word)
  options.server = next_word() or usage(options, "--server: a name expected, got nothing")
end

-- the setting may be one word or several: WAIT 1
arguments["--replay"] = function(options, next_word)
  options.seed = count(options, "--replay", next_word())
  local words = {}
  for word in next_word do words[#words + 1] = word end
  local given = table.concat(words, " ")
  for _, setting in ipairs(options.settings) do
    if setting == given then options.setting = given end
  end
  if not options.setting then
    usage(options, "--replay: a seed and one of these settings expected: %s; got '%s'",
      table.concat(options.settings, ", "), given)
  end
end

-- the script's arguments into a copy of the options
local function read_arguments(options)
  local read = setmetatable({}, { __index = options })
  local words, i = options.arguments or {}, 0
  local function next_word()
    i = i + 1
    return words[i]
  end
  for word in next_word do
    local argument = arguments[word] or usage(options, "unknown argument '%s'", word)
    argument(read, next_word)
  end
  return read
end

---Runs the comparison and prints it.
---@param options tidelock.CompareOptions
function compare.run(options)
  local given = read_arguments(options)
  if given.seed then return replay(given, given.seed, given.setting) end
  local worst = given.simulated > 0 and print_simulated(given)
  if given.real > 0 then
    if given.simulated > 0 then print() end
    print_real(given)
  end
  if worst then
    print(("\nThe worst simulated trial: %d acknowledged writes lost, seed %d, %s. To see it again:\n"):format(
      worst.worst_lost, worst.worst_seed, worst.name))
    print(("  %s run %s --replay %d %s"):format(options.command or "build/tidelock", given.script, worst.worst_seed,
      worst.name))
  end
end

return compare
