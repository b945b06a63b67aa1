-- How safe a write has to be before its reply comes: `node:durable{...}` and `client:durable{...}`, `:committed{...}`.
-- What they return has the commands of the node or client as methods; each goes out behind the prefix DURABLE … DO
-- (docs/replication.md), so nothing is kept at the node, and a client that connects anew wishes the same as before.

local core = require "tidelock.core"
local commands = require "tidelock.commands"
local options = require "tidelock.options"

local OPTIONS = options.names("any", "first", "of", "rule", "level", "timeout", "on_timeout")

-- ---- what is wished -------------------------------------------------------------------------------------------------

-- A replica's name as a rule has it: in quotes where it could be taken for something else.
local function quoted(name)
  if name:find '[%s,()"]' or name == "*" then return '"' .. name:gsub('"', '""') .. '"' end
  return name
end

local function counted_rule(what, given)
  local kind = given.any and "ANY" or "FIRST"
  local count = given.any or given.first
  if math.type(count) ~= "integer" then
    error(("%s: %s: integer expected, got %s"):format(what, kind:lower(), tostring(count)), 4)
  end
  if type(given.of) ~= "table" then
    error(("%s: of: table of replicas' names expected, got %s"):format(what, type(given.of)), 4)
  end
  local names = {}
  for i, place in ipairs(given.of) do names[i] = quoted(options.place(what, place)) end
  return ("%s %d (%s)"):format(kind, count, table.concat(names, ", "))
end

-- The words between DURABLE and DO. `default`: what it is without a rule.
local function words_of(what, given, default)
  local words = { "DURABLE" }
  if type(given) == "string" then given = { rule = given } end
  given = options.check(what, given, OPTIONS)
  if given.any and given.first or (given.any or given.first) and given.rule then
    error(("%s: one of any, first and rule expected"):format(what), 3)
  end
  local rule = (given.any or given.first) and counted_rule(what, given) or given.rule or default
  if type(rule) ~= "string" then error(("%s: any, first or rule expected"):format(what), 3) end
  words[2] = rule:upper() == "ASYNC" and "ASYNC" or rule
  for _, name in ipairs { "level", "timeout", "on_timeout" } do
    if given[name] ~= nil then
      words[#words + 1] = options.parameter(name)
      words[#words + 1] = options.value(what, name, given[name])
    end
  end
  return words
end

-- ---- what comes of it -----------------------------------------------------------------------------------------------

---@class tidelock.Receipt
---@field token string names the write at any node: `node:wait_for(receipt.token)`
---@field replid string
---@field offset integer
---@field rule string|nil what was waited for, as in "ANY 1 (b)"; nil: nothing
---@field level string|nil
---@field acknowledged table<string, string> who of those named has it, and at which level
---@field degraded boolean the rule was not fulfilled in time, and the reply was given all the same
local receipt_metatable = {
  __name = "tidelock.Receipt",
  __tostring = function(receipt)
    local who = {}
    for name, level in pairs(receipt.acknowledged) do who[#who + 1] = name .. ": " .. level end
    table.sort(who)
    return ("receipt (%s; %s)"):format(receipt.token, #who > 0 and table.concat(who, ", ") or "nobody else yet")
  end,
}

local function value_of(value)
  if value == core.null then return nil end
  return value
end

-- A pair becomes a reply and a receipt; a failure stays what it is.
local function unpair(pair, ...)
  if type(pair) ~= "table" then return pair, ... end
  local receipt = value_of(pair[2])
  if receipt then
    receipt.rule, receipt.level = value_of(receipt.rule), value_of(receipt.level)
    setmetatable(receipt, receipt_metatable)
  end
  return value_of(pair[1]), receipt
end

-- ---- the classes ----------------------------------------------------------------------------------------------------

-- the words before a command, and the command
local function extended(words, ...)
  local count = select("#", ...)
  local all = table.move(words, 1, #words, 1, {})
  for i = 1, count do all[#words + i] = (select(i, ...)) end
  return table.unpack(all, 1, #words + count)
end

-- A class whose other methods are commands; `send(object, ...)` sends one.
local function class_of(name, methods, send)
  return {
    __name = name,
    __index = commands.index(methods, send),
    __tostring = function(self) return ("%s (%s)"):format(name, table.concat(self.words, " ", 2, #self.words - 1)) end,
  }
end

---@class tidelock.Durable: tidelock.Commands
---@field words string[]
local Durable = {}

---Executes any command: its reply, and the receipt if it has written.
function Durable:call(...)
  return unpair(self.target:call(extended(self.words, ...)))
end

local Pipeline = {}

function Pipeline:call(...)
  return self.target:call(extended(self.words, ...))
end

local pipeline_metatable = class_of("tidelock.DurablePipeline", Pipeline, Pipeline.call)

---Several commands without waiting in between, as `client:pipeline`; what each wishes is the same.
---@return any[]|nil replies, tidelock.Receipt[]|string receipts by the number of their reply
function Durable:pipeline(fn)
  if type(fn) ~= "function" then error(("pipeline: fn: function expected, got %s"):format(type(fn)), 2) end
  local replies, message, code = self.target:pipeline(function(p)
    fn(setmetatable({ target = p, words = self.words }, pipeline_metatable))
  end)
  if not replies then return nil, message, code end
  local receipts = {}
  for i, reply in ipairs(replies) do
    if type(reply) == "table" and getmetatable(reply) == nil then
      replies[i], receipts[i] = unpair(reply)
      if replies[i] == nil then replies[i] = core.null end
    end
  end
  return replies, receipts
end

local durable_metatable = class_of("tidelock.Durable", Durable, Durable.call)

local function new(target, words)
  words[#words + 1] = "DO"
  return setmetatable({ target = target, words = words }, durable_metatable)
end

-- ---- methods of nodes and clients -----------------------------------------------------------------------------------

local methods = {}

---Writes that wait for replicas as they are told, whatever the node's own setting: `{ any = 1, of = { "b" } }`,
---`{ first = 2, of = { "b", "c", "d" }, level = "fsynced", timeout = 1000, on_timeout = "error" }`, a rule in words
---(`"ANY 1 (b)"`), or `"async"` for none. Each answers its reply and a receipt.
---@param given tidelock.DurableOptions|string
---@return tidelock.Durable
function methods:durable(given)
  if given == nil then error("durable: options or a rule expected", 2) end
  local words = words_of("durable", given)
  table.move({ "RECEIPT", "yes" }, 1, 2, #words + 1, words)
  return new(self, words)
end

---Reads that see nothing that could still be lost: each is answered when all there was to be seen is as safe as the
---rule says; without one, as the node's sync replicas do.
---@param given? tidelock.DurableOptions|string
---@return tidelock.Durable
function methods:committed(given)
  local words = words_of("committed", given, "DEFAULT")
  table.move({ "READS", "committed", "RECEIPT", "yes" }, 1, 4, #words + 1, words)
  return new(self, words)
end

return { methods = methods }
