-- Stores: csrc/lua/store.c makes every command a method; here is what is made from commands.

local core = require "tidelock.core"
local commands = require "tidelock.commands"
local scans = require "tidelock.scans"
local transaction = require "tidelock.transaction"

---@class tidelock.Store
local Store = core.Store

for name, method in pairs(scans) do Store[name] = method end

Store.transaction = transaction.of_stores

-- What `pipeline` gives to its function. A store has nobody to wait for: each command is executed as it comes.
local Pipeline = {}

function Pipeline:call(...)
  if not self.replies then error("the pipeline is over", 2) end
  local words = commands.words(2, ...)
  table.insert(self.replies, transaction.element(self.store:call(table.unpack(words, 1, words.n))))
end

local pipeline_metatable = {
  __name = "tidelock.Pipeline",
  __index = commands.index(Pipeline, Pipeline.call),
  __close = function(self) self.replies = false end,
}

---Several commands, and then all their replies: as a node's or client's, so that what is written for one runs on the
---others.
---@param fn fun(p: tidelock.Pipeline, ...)
---@return any[] replies tidelock.null for null, error objects for errors
function Store:pipeline(fn, ...)
  if type(fn) ~= "function" then error(("pipeline: fn: function expected, got %s"):format(type(fn)), 2) end
  local p <close> = setmetatable({ store = self, replies = {} }, pipeline_metatable)
  local replies = p.replies
  fn(p, ...)
  return replies
end

return { Store = Store }
