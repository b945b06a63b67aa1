-- A history: what clients saw, operation by operation (Jepsen's form). An operation is invoked once and completes once:
-- `ok` (it happened), `fail` (it did not), or `info` (it may or may not have: a time-out, a broken connection).

---@class tidelock.Operation
---@field process integer|string who did it
---@field f string what: "write", "read"
---@field key string
---@field value any
---@field invoked number ms
---@field completed? number ms
---@field outcome? "ok"|"fail"|"info"
---@field executed? boolean a write: the node said it executed it, whatever became of its durability

---@class tidelock.History
---@field operations tidelock.Operation[] in the order of their invocation
local History = {}
History.__index = History
History.__name = "tidelock.History"

---@param process integer|string
---@param f string
---@param key string
---@param value any
---@param now number
---@return tidelock.Operation
function History:invoke(process, f, key, value, now)
  -- with room for what its completion says
  local operation = {
    process = process, f = f, key = key, value = value, invoked = now, completed = nil, outcome = nil, executed = nil,
  }
  self.operations[#self.operations + 1] = operation
  return operation
end

---@param operation tidelock.Operation
---@param outcome "ok"|"fail"|"info"
---@param now number
function History:complete(operation, outcome, now) -- luacheck: ignore 212/self
  operation.outcome, operation.completed = outcome, now
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
  for _, o in ipairs(self.operations) do
    local function event(time, type)
      events[#events + 1] =
        { time = time, process = o.process, type = type, f = o.f, key = o.key, value = o.value }
    end
    event(o.invoked, "invoke")
    if o.outcome then event(o.completed, o.outcome) end
  end
  return order(events)
end

local function new()
  return setmetatable({ operations = {} }, History)
end

return { new = new }
