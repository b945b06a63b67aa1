-- A history: what clients saw, operation by operation (Jepsen's form). An operation is invoked once and completes once:
-- `ok` (it happened), `fail` (it did not), or `info` (it may or may not have: a time-out, a broken connection).
--
-- Operations are numbered in the order of their invocation and kept in columns, since a trial makes a hundred of them
-- and there are thousands of trials: what operation i was is at [i] of each.

---@class tidelock.History
---@field count integer operations
---@field process (integer|string)[] who did it
---@field f string[] what: "write", "read"
---@field key string[]
---@field value any[]
---@field invoked number[] ms
---@field outcome ("ok"|"fail"|"info"|false)[] false: not completed yet, and then there is neither of these:
---@field completed number[] ms
---@field executed boolean[] a write: the node said it executed it, whatever became of its durability
local History = {}
History.__index = History
History.__name = "tidelock.History"

---@param process integer|string
---@param f string
---@param key string
---@param value any
---@param now number
---@return integer operation its number
function History:invoke(process, f, key, value, now)
  local i = self.count + 1
  self.count = i
  self.process[i], self.f[i], self.key[i], self.value[i], self.invoked[i] = process, f, key, value, now
  self.outcome[i] = false
  return i
end

---@param operation integer
---@param outcome "ok"|"fail"|"info"
---@param now number
---@param executed? boolean
function History:complete(operation, outcome, now, executed)
  self.completed[operation], self.outcome[operation], self.executed[operation] = now, outcome, executed or false
end

-- by time; at the same time completions first, and otherwise as they stand
local function order(events)
  for i, event in ipairs(events) do event.index = i end
  table.sort(events, function(x, y)
    if x.time ~= y.time then return x.time < y.time end
    if (x.type == "invoke") ~= (y.type == "invoke") then return y.type == "invoke" end
    return x.index < y.index
  end)
  for _, event in ipairs(events) do event.index = nil end
  return events
end

---The history as events `{ time, process, type, f, key, value }` in order of time.
---@return table[]
function History:events()
  local events = {}
  for i = 1, self.count do
    local function event(time, type)
      events[#events + 1] = {
        time = time, process = self.process[i], type = type, f = self.f[i], key = self.key[i], value = self.value[i],
      }
    end
    event(self.invoked[i], "invoke")
    if self.outcome[i] then event(self.completed[i], self.outcome[i]) end
  end
  return order(events)
end

local function new()
  return setmetatable({
    count = 0, process = {}, f = {}, key = {}, value = {}, invoked = {}, completed = {}, outcome = {}, executed = {},
  }, History)
end

return { new = new }
