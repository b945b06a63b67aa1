-- The judgement of a trial: what clients were told against what is there in the end.
--
-- Every key is written once, with a value of its own, so the final read says of each write whether it survived. Other
-- operations of the history, reads say, are not looked at.

---@class tidelock.Judgement
---@field setting string
---@field writes integer invoked
---@field acked integer told `ok`
---@field lost integer told `ok`, absent from the final read: acked_lost
---@field lost_keys string[]
---@field recovered integer `info`, and there after all
---@field unexpected integer values nobody wrote
---@field given_up integer writes that a node had executed, acknowledged or not, and that are gone: what it gave up
---@field latencies number[] ms, of `ok` writes
---@field write_unavailable? number ms from the fault to the first `ok` of a write invoked after it; nil: none
---@field detect? number ms of it until the fault was noticed
---@field promote? number ms of it from then until a new primary was there
---@field rediscover? number ms of it from then until a client got through
---@field loss_window? number ms from the first to the last lost acknowledged write

local judge = {}

local READ_BATCH = 128

-- an acknowledged write that is not there
local function judge_lost(result, key, completed)
  result.lost = result.lost + 1
  result.lost_keys[result.lost] = key
  result.first_lost = math.min(result.first_lost or completed, completed)
  result.last_lost = math.max(result.last_lost or completed, completed)
end

-- The writes at these numbers, which were found to have these values (anything but a string: none).
local function judge_writes(result, history, numbers, count, values)
  local outcomes, completed, invoked, latencies = history.outcome, history.completed, history.invoked, result.latencies
  local acked, fault, first_ok = result.acked, result.fault, result.first_ok
  for n = 1, count do
    local i, value = numbers[n], values[n]
    local wanted, outcome = history.value[i], outcomes[i]
    local there = value == wanted or value == tostring(wanted)
    if outcome == "ok" then
      local from, to = invoked[i], completed[i]
      acked = acked + 1
      latencies[acked] = to - from
      if from >= fault and to < first_ok then first_ok = to end
      if not there then judge_lost(result, history.key[i], to) end
    elseif there and outcome == "info" then
      result.recovered = result.recovered + 1
    elseif there and outcome == "fail" then
      result.unexpected = result.unexpected + 1
    end
    if not there then
      if type(value) == "string" then result.unexpected = result.unexpected + 1 end
      if history.executed[i] then result.given_up = result.given_up + 1 end
    end
  end
  result.acked, result.first_ok = acked, first_ok
end

-- Reads all that was written back and judges it, a batch at a time.
local function read_back(result, history, node)
  local f, key, keys, numbers, count = history.f, history.key, {}, {}, 0
  local function judge_batch()
    local values, message = node:mget(table.unpack(keys, 1, count))
    if not values then error("judge: the final read failed: " .. message, 0) end
    judge_writes(result, history, numbers, count, values)
    result.writes, count = result.writes + count, 0
  end
  for i = 1, history.count do
    if f[i] == "write" then
      count = count + 1
      keys[count], numbers[count] = key[i], i
      if count == READ_BATCH then judge_batch() end
    end
  end
  if count > 0 then judge_batch() end
end

-- The times around the fault. The parts are told where detection and promotion came in this order, before the first ok.
local function judge_availability(result, moments)
  local fault, detected, promoted, first = moments.fault, moments.detected, moments.promoted, result.first_ok
  if first == math.huge then return end
  result.write_unavailable = first - fault
  if detected and promoted and fault <= detected and detected <= promoted and promoted <= first then
    result.detect, result.promote, result.rediscover = detected - fault, promoted - detected, first - promoted
  end
end

---@param trial tidelock.Trial
---@param node tidelock.Node
---@return tidelock.Judgement
function judge.judge(trial, node)
  local result = {
    setting = trial.setting, writes = 0, acked = 0, lost = 0, lost_keys = {}, recovered = 0, unexpected = 0,
    given_up = 0, latencies = {}, fault = trial.moments.fault or math.huge, first_ok = math.huge,
  }
  read_back(result, trial.history, node)
  if result.first_lost then result.loss_window = result.last_lost - result.first_lost end
  judge_availability(result, trial.moments)
  return result
end

return judge
