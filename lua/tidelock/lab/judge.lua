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

-- what is there in the end: value by key, false where there is none
local function read_back(node, operations)
  local found = {}
  for first = 1, #operations, READ_BATCH do
    local keys = {}
    for i = first, math.min(first + READ_BATCH - 1, #operations) do keys[#keys + 1] = operations[i].key end
    local values, message = node:mget(table.unpack(keys))
    if not values then error("judge: the final read failed: " .. message, 0) end
    for i, key in ipairs(keys) do
      found[key] = type(values[i]) == "string" and values[i]
    end
  end
  return found
end

-- The times around the fault. The parts are told where detection and promotion came in this order, before the first ok.
local function judge_availability(result, operations, moments)
  local fault, detected, promoted = moments.fault, moments.detected, moments.promoted
  if not fault then return end
  local first
  for _, o in ipairs(operations) do
    if o.outcome == "ok" and o.invoked >= fault and (not first or o.completed < first) then first = o.completed end
  end
  if not first then return end
  result.write_unavailable = first - fault
  if detected and promoted and fault <= detected and detected <= promoted and promoted <= first then
    result.detect, result.promote, result.rediscover = detected - fault, promoted - detected, first - promoted
  end
end

local function judge_write(result, o, value)
  local there = value == tostring(o.value)
  if value and not there then result.unexpected = result.unexpected + 1 end
  if o.outcome == "ok" then
    result.acked = result.acked + 1
    result.latencies[#result.latencies + 1] = o.completed - o.invoked
    if not there then
      result.lost = result.lost + 1
      result.lost_keys[result.lost] = o.key
      result.first_lost = math.min(result.first_lost or o.completed, o.completed)
      result.last_lost = math.max(result.last_lost or o.completed, o.completed)
    end
  elseif o.outcome == "info" and there then
    result.recovered = result.recovered + 1
  elseif o.outcome == "fail" and there then
    result.unexpected = result.unexpected + 1
  end
  if o.executed and not there then result.given_up = result.given_up + 1 end
end

local function writes_of(history)
  local writes = {}
  for _, o in ipairs(history.operations) do
    if o.f == "write" then writes[#writes + 1] = o end
  end
  return writes
end

---@param trial tidelock.Trial
---@param node tidelock.Node
---@return tidelock.Judgement
function judge.judge(trial, node)
  local operations = writes_of(trial.history)
  local found = read_back(node, operations)
  local result = {
    setting = trial.setting, writes = #operations, acked = 0, lost = 0, lost_keys = {}, recovered = 0,
    unexpected = 0, given_up = 0, latencies = {},
  }
  for _, o in ipairs(operations) do judge_write(result, o, found[o.key]) end
  if result.first_lost then result.loss_window = result.last_lost - result.first_lost end
  judge_availability(result, operations, trial.moments)
  return result
end

return judge
