-- Clients: somebody at a place of their own. csrc/lua/client.c sends requests and makes every command a method; here
-- are addresses, and messages.

local core = require "tidelock.core"
local durable = require "tidelock.durable"
local link = require "tidelock.link"
local options = require "tidelock.options"
local scans = require "tidelock.scans"
local transaction = require "tidelock.transaction"
local shared_node = require("tidelock.node").shared

---@class tidelock.Client
local Client = core.Client

---As at a node.
function Client:wait_for(token, timeout)
  return shared_node.wait_for(self, token, timeout)
end

Client.durable, Client.committed = durable.methods.durable, durable.methods.committed

for name, method in pairs(scans) do Client[name] = method end

Client.transaction = transaction.of_clients

---Talks to another node from now on; requests under way fail with `CLOSED`.
---@param target tidelock.Node|string a node or "host:port"
function Client:connect(target)
  return self:go_to(options.address("connect", target))
end

local receive = Client.receive

---The next message of the channels, patterns and shard channels that this client is subscribed to, in the order they
---came in: its text, its channel and the pattern that matched. Waits up to `timeout` ms (0: not at all; nil: as long as
---it takes). A lost connection takes the subscriptions with it: then `nil, message, "CLOSED"`, and "TIMEOUT" when there
---is none in time.
---@param timeout? number
---@return string|nil text, string channel, string? pattern
function Client:receive(timeout)
  local push, message, code = receive(self, timeout)
  if not push then return nil, message, code end
  if push[1] == "pmessage" then return push[4], push[3], push[2] end
  return push[3], push[2]
end

---Messages as they come, until there is none for `timeout` ms (nil: until the connection is lost):
---`for text, channel, pattern in client:messages() do`.
---@param timeout? number
---@return fun(): string|nil, string, string?
function Client:messages(timeout)
  return function() return self:receive(timeout) end
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
