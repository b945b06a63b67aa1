-- Many trials of one experiment, by seed, and their summary.

local progress = require "tidelock.lab.progress"

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
---@field acked integer
---@field lost integer
---@field trials_with_loss integer
---@field recovered integer
---@field unexpected integer
---@field given_up integer
---@field p50? number ms, of acknowledged writes
---@field p99? number
---@field p999? number
---@field unavailable_p50? number ms
---@field unavailable_max? number
---@field worst_seed? integer of the trial that lost most
---@field worst_lost integer
---@field seconds number of CPU time it all took

local trials = {}

---The smallest value that at least `fraction` of the sorted values do not exceed.
---@param sorted number[]
---@param fraction number
---@return number?
function trials.percentile(sorted, fraction)
  if #sorted == 0 then return nil end
  return sorted[math.max(1, math.ceil(#sorted * fraction))]
end

local function add(summary, judgement, seed)
  for _, field in ipairs { "acked", "lost", "recovered", "unexpected", "given_up" } do
    summary[field] = summary[field] + judgement[field]
  end
  table.move(judgement.latencies, 1, #judgement.latencies, #summary.latencies + 1, summary.latencies)
  if judgement.write_unavailable then
    summary.unavailable[#summary.unavailable + 1] = judgement.write_unavailable
  end
  if judgement.lost > 0 then summary.trials_with_loss = summary.trials_with_loss + 1 end
  if judgement.lost > summary.worst_lost then summary.worst_lost, summary.worst_seed = judgement.lost, seed end
end

local function finish(summary)
  table.sort(summary.latencies)
  table.sort(summary.unavailable)
  summary.p50 = trials.percentile(summary.latencies, 0.5)
  summary.p99 = trials.percentile(summary.latencies, 0.99)
  summary.p999 = trials.percentile(summary.latencies, 0.999)
  summary.unavailable_p50 = trials.percentile(summary.unavailable, 0.5)
  summary.unavailable_max = summary.unavailable[#summary.unavailable]
  summary.latencies, summary.unavailable = nil, nil
  return summary
end

-- One trial in a world of its own. What breaks in it is raised with its seed.
local function run_one(options, seed)
  local world = options.world(seed)
  local ok, judgement = xpcall(world.run, debug.traceback, world, options.experiment)
  if not ok then error(("trial with seed %d: %s"):format(seed, judgement), 0) end
  local held, broken = true, nil
  if world.check then held, broken = world:check() end
  world:close()
  if not held then error(("trial with seed %d: an invariant broke: %s"):format(seed, broken), 0) end
  return judgement
end

---Runs the trials and sums them up.
---@param options tidelock.TrialsOptions
---@return tidelock.Summary
function trials.run(options)
  local summary = {
    name = options.name, trials = options.count, acked = 0, lost = 0, trials_with_loss = 0, recovered = 0,
    unexpected = 0, given_up = 0, worst_lost = 0, latencies = {}, unavailable = {},
  }
  local began = os.clock()
  local bar <close> = progress.new(options.name, options.count, options.quiet)
  for i = 1, options.count do
    local seed = (options.first_seed or 1) + i - 1
    add(summary, run_one(options, seed), seed)
    bar:advance(i)
  end
  summary.seconds = os.clock() - began
  return finish(summary)
end

return trials
