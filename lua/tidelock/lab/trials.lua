-- Many trials of one experiment, by seed, each in a world of its own, and their summary.

local progress = require "tidelock.progress"
local samples = require "tidelock.lab.samples"

---@class tidelock.TrialsOptions
---@field name string what the report calls it
---@field count integer how many
---@field first_seed? integer (default 1); trial i has seed first_seed + i - 1
---@field world fun(seed: integer): tidelock.World makes a world for one trial
---@field experiment fun(world: tidelock.World): tidelock.Judgement
---@field quiet? boolean no progress bar

---@class tidelock.Summary
---@field name string
---@field trials integer
---@field writes integer invoked
---@field acked integer
---@field lost integer
---@field trials_with_loss integer
---@field recovered integer
---@field unexpected integer
---@field given_up integer
---@field latency tidelock.Samples ms, of acknowledged writes
---@field write_unavailable tidelock.Samples ms; and its parts:
---@field detect tidelock.Samples
---@field promote tidelock.Samples
---@field rediscover tidelock.Samples
---@field loss_window tidelock.Samples ms, of the trials with loss
---@field worst_seed? integer of the trial that lost most
---@field worst_lost integer
---@field seconds number of CPU time it all took

local trials = {}

local COUNTS = { "writes", "acked", "lost", "recovered", "unexpected", "given_up" }
local TIMES = { "write_unavailable", "detect", "promote", "rediscover", "loss_window" }

local function new_summary(name)
  local summary = { name = name, trials = 0, trials_with_loss = 0, worst_lost = 0, seconds = 0 }
  summary.latency = samples.new()
  for _, field in ipairs(COUNTS) do summary[field] = 0 end
  for _, field in ipairs(TIMES) do summary[field] = samples.new() end
  return summary
end

local function add(summary, judgement, seed)
  summary.trials = summary.trials + 1
  for _, field in ipairs(COUNTS) do summary[field] = summary[field] + judgement[field] end
  for _, field in ipairs(TIMES) do
    if judgement[field] then summary[field]:add(judgement[field]) end
  end
  summary.latency:add_all(judgement.latencies)
  if judgement.lost > 0 then summary.trials_with_loss = summary.trials_with_loss + 1 end
  if judgement.lost > summary.worst_lost then summary.worst_lost, summary.worst_seed = judgement.lost, seed end
end

-- One trial. What breaks in it is raised with its seed.
local function run_one(options, seed)
  local world <close> = options.world(seed)
  local function fail(what, problem)
    error(("%s: the trial with seed %d %s: %s"):format(options.name, seed, what, problem), 0)
  end
  -- what comes out of a task has a traceback already
  local ok, judgement = pcall(world.run, world, options.experiment)
  if not ok then fail("failed", judgement) end
  if type(judgement) ~= "table" or not judgement.latencies then fail("failed", "it did not return a judgement") end
  if world.check then
    local held, broken = world:check()
    if not held then fail("broke an invariant", broken) end
  end
  if judgement.unexpected > 0 then
    fail("is inconsistent", ("%d values are there that nobody wrote, or whose write was refused"):format(
      judgement.unexpected))
  end
  return judgement
end

---Runs the trials and sums them up. Raises when one fails, breaks an invariant or reads what nobody wrote.
---@param options tidelock.TrialsOptions
---@return tidelock.Summary
function trials.run(options)
  local summary = new_summary(options.name)
  local began = os.clock()
  local bar <close> = progress.count(options.name, options.count, options.quiet)
  for i = 1, options.count do
    local seed = (options.first_seed or 1) + i - 1
    add(summary, run_one(options, seed), seed)
    bar:advance(i)
  end
  summary.seconds = os.clock() - began
  return summary
end

return trials
