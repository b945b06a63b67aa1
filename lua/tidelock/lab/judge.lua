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

-- what is there in the end, at the numbers of the operations; anything but a string: nothing
local function read_back(node, history, writes)
  local found, keys = {}, {}
  for first = 1, #writes, READ_BATCH do
    local last = math.min(first + READ_BATCH - 1, #writes)
    for i = first, last do keys[i - first + 1] = history.key[writes[i]] end
    local values, message = node:mget(table.unpack(keys, 1, last - first + 1))
    if not values then error("judge: the final read failed: " .. message, 0) end
    for i = first, last do found[writes[i]] = values[i - first + 1] end
  end
  return found
end

-- The times around the fault. The parts are told where detection and promotion came in this order, before the first ok.
local function judge_availability(result, history, moments)
  local fault, detected, promoted = moments.fault, moments.detected, moments.promoted
  if not fault then return end
  local outcome, invoked, completed, first = history.outcome, history.invoked, history.completed, nil
  for i = 1, history.count do
    if outcome[i] == "ok" and invoked[i] >= fault and history.f[i] == "write" and
      (not first or completed[i] < first) then
      first = completed[i]
    end
  end
  if not first then return end
  result.write_unavailable = first - fault
  if detected and promoted and fault <= detected and detected <= promoted and promoted <= first then
    result.detect, result.promote, result.rediscover = detected - fault, promoted - detected, first - promoted
  end
end

-- an acknowledged write that is not there
local function judge_lost(result, key, completed)
  result.lost = result.lost + 1
  result.lost_keys[result.lost] = key
  result.first_lost = math.min(result.first_lost or completed, completed)
  result.last_lost = math.max(result.last_lost or completed, completed)
end

local function judge_writes(result, history, writes, found)
  local outcomes, completed, invoked, latencies = history.outcome, history.completed, history.invoked, result.latencies
  for _, i in ipairs(writes) do
    local value, wanted, outcome = found[i], history.value[i], outcomes[i]
    local there = value == wanted or value == tostring(wanted)
    if outcome == "ok" then
      result.acked = result.acked + 1
      latencies[result.acked] = completed[i] - invoked[i]
      if not there then judge_lost(result, history.key[i], completed[i]) end
    elseif there and outcome == "info" then
      result.recovered = result.recovered + 1
    elseif there and outcome == "fail" then
      result.unexpected = result.unexpected + 1
    end
    if not there and type(value) == "string" then result.unexpected = result.unexpected + 1 end
    if not there and history.executed[i] then result.given_up = result.given_up + 1 end
  end
end

local function writes_of(history)
  local writes = {}
  for i = 1, history.count do
    if history.f[i] == "write" then writes[#writes + 1] = i end
  end
  return writes
end

---@param trial tidelock.Trial
---@param node tidelock.Node
---@return tidelock.Judgement
function judge.judge(trial, node)
  local history = trial.history
  local writes = writes_of(history)
  local result = {
    setting = trial.setting, writes = #writes, acked = 0, lost = 0, lost_keys = {}, recovered = 0, unexpected = 0,
    given_up = 0, latencies = {},
  }
  judge_writes(result, history, writes, read_back(node, history, writes))
  if result.first_lost then result.loss_window = result.last_lost - result.first_lost end
  judge_availability(result, history, trial.moments)
  return result
end

return judge
