-- Clients: somebody at a place of their own. csrc/lua/client.c sends requests and makes every command a method; here
-- are addresses.

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

return { Client = Client }
