-- A ledger: what one writer did to a server, what it was told, and whether what is there agrees with it.
--
-- A writer's operations are numbered. Each appends its number to a log; some are transactions, which also write it to
-- two other keys. So what a server has says up to which operation it has everything, whether one in between is missing,
-- whether one was executed twice, and whether a transaction was executed by half:
--
--      log = "1;2;3;4;"   left = "3"   right = "3"          operations 1 to 4, of which 3 was the last transaction
--
--   local ledger = require "spec.ledger"
--   local w = ledger.new("w1")
--   w:write(client, true)                     -- the next operation, a transaction; "ok", "refused" or "unknown"
--   w:keep()                                  -- all that was answered so far was also said to be durable
--   local outcome = w:check(read)             -- after a crash; raises where the server and the ledger disagree
--
-- spec/crashes.lua uses it in the simulator, spec/kill_loop.lua against real processes.

local errors = require "tidelock.errors"

local Ledger = {}
Ledger.__index = Ledger

local function new(name)
  return setmetatable({ name = name, count = 0, told = 0, kept = 0, transactions = {} }, Ledger)
end

function Ledger:key(what) return self.name .. ":" .. what end

-- errors that say that nothing was executed
local REFUSALS = { MISCONF = true, EXECABORT = true, LOADING = true }

-- "ok", "refused" or "unknown"
local function judge(replies)
  local how = "ok"
  for _, reply in ipairs(replies) do
    if errors.is(reply) then
      if not REFUSALS[reply.code] then return "unknown" end
      how = "refused"
    end
  end
  local executed = replies[#replies]
  if how == "ok" and type(executed) == "table" and #executed ~= 3 then error("EXEC: three replies expected", 0) end
  return how
end

---Sends the next operation. "ok": it was executed, the server says. "refused": it says it was not. "unknown": no reply.
function Ledger:write(client, transaction)
  local n = self.count + 1
  self.count = n
  self.transactions[n] = transaction or nil
  local replies = client:pipeline(function(p)
    if transaction then
      p:multi()
      p:set(self:key "left", n)
      p:set(self:key "right", n)
    end
    p:append(self:key "log", n .. ";")
    if transaction then p:exec() end
  end)
  local how = replies and judge(replies) or "unknown"
  if how == "ok" then self.told = n end
  if how == "refused" then self.count = n - 1 end
  return how
end

---Whatever was answered so far was said to be durable.
function Ledger:keep() self.kept = self.told end

-- the last transaction up to operation n, as text
local function last_transaction(self, n)
  while n > 0 and not self.transactions[n] do n = n - 1 end
  return n > 0 and tostring(n) or nil
end

---Compares with what is there, and goes on from it. `read(key)` returns a value or nil. Returns how many operations
---that were answered are not there; raises when one is missing that was kept, or anything is there that cannot be.
function Ledger:check(read)
  local log = read(self:key "log") or ""
  local there = 0
  for number in log:gmatch "(%d*);" do
    there = there + 1
    if number ~= tostring(there) then
      error(("%s: operation %d is followed by '%s': %s"):format(self.name, there - 1, number, log:sub(-200)), 0)
    end
  end
  if not log:find "^[%d;]*$" or (log ~= "" and log:sub(-1) ~= ";") then
    error(("%s: half of an operation is there: %s"):format(self.name, log:sub(-200)), 0)
  end
  if there > self.count then error(("%s: there are %d operations of %d"):format(self.name, there, self.count), 0) end
  if there < self.kept then
    error(("%s: operation %d was said to be durable, and there are only %d"):format(self.name, self.kept, there), 0)
  end
  local left, right = read(self:key "left"), read(self:key "right")
  local wanted = last_transaction(self, there)
  if left ~= wanted or right ~= wanted then
    error(("%s: after operation %d the last transaction is %s, but there is %s and %s"):format(self.name, there, wanted,
      left, right), 0)
  end
  local lost = math.max(0, self.told - there)
  for n = there + 1, self.count do self.transactions[n] = nil end
  self.count, self.told = there, math.min(self.told, there)
  self.kept = math.min(self.kept, there)
  return lost
end

return { new = new }
