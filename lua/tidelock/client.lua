-- Clients: somebody at a place of their own. csrc/lua/client.c sends requests and makes every command a method; here
-- are addresses and pipelines.

local core = require "tidelock.core"
local link = require "tidelock.link"
local options = require "tidelock.options"

---@class tidelock.Client
local Client = core.Client

---Talks to another node from now on; requests under way fail with `CLOSED`.
---@param target tidelock.Node|string a node or "host:port"
function Client:connect(target)
  return self:go_to(options.address("connect", target))
end

local close = Client.close

---Closes the client: its connection is gone, requests under way fail with `CLOSED`.
function Client:close()
  local name, world = self.name, self.world
  close(self)
  local places = core.state(world).places
  if places[name] ~= self then return end
  places[name] = nil
  link.forget(world, name)
end

---Sends several requests without waiting in between: `fn` is given a pipeline, whose methods send. Returns the array
---of replies, with tidelock.null for null and error objects for errors.
---@param fn fun(p: tidelock.Pipeline)
---@return any[]
function Client:pipeline(fn)
  if type(fn) ~= "function" then error(("pipeline: fn: function expected, got %s"):format(type(fn)), 2) end
  local pipeline <close>, message, code = core.pipeline(self)
  if not pipeline then return nil, message, code end
  fn(pipeline)
  return pipeline:finish()
end

return { Client = Client }
