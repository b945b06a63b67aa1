-- Worlds of servers that are somewhere else: what tidelock.processes and tidelock.attach share. Such a world turns on
-- a live world inside it; its nodes are reached over TCP, and answer the same methods as nodes in this process.

local core = require "tidelock.core"
local errors = require "tidelock.errors"
local options = require "tidelock.options"
local task = require "tidelock.task"
local shared_node = require("tidelock.node").shared
local shared_world = require("tidelock.world").shared

-- ---- nodes ----------------------------------------------------------------------------------------------------------

---@class tidelock.RemoteNode: tidelock.Commands
---@field name string
---@field host string
---@field port integer
---@field world tidelock.RemoteWorld
---@field package control tidelock.Client talks to the server itself, past all links
local Node = {}

for name, method in pairs(shared_node) do Node[name] = method end

---Executes a command at the node, over a connection of its own.
function Node:call(...)
  return self.control:call(...)
end

---Whether the server answers.
---@return boolean
function Node:is_up()
  return self:ping() == true or self:ping() == "PONG"
end

---@return boolean|nil, string? message, string? code
function Node:is_primary()
  local role, message, code = self:role()
  if not role then return nil, message, code end
  return role[1] == "master"
end

---What DEBUG DIGEST says: equal on two nodes of one kind of server exactly when their data are.
function Node:digest()
  return self:call("DEBUG", "DIGEST")
end

---What can be seen of it: as far as INFO and ROLE tell.
function Node:state()
  local info, message, code = self:info "replication"
  if not info then return nil, message, code end
  local primary = info.role == "master"
  return {
    primary = primary,
    link_up = not primary and info.master_link_status == "up",
    replid = info.master_replid,
    replid2 = info.master_replid2,
    offset = info.master_repl_offset,
    second_offset = info.second_repl_offset,
    replicas = info.connected_slaves,
  }
end

-- a fault that this kind of world cannot produce
local function unsupported(what)
  return function(self)
    error(("%s: %s"):format(what, self.world.cannot), 2)
  end
end

for _, fault in ipairs { "crash", "restart", "pause", "resume", "channels" } do Node[fault] = unsupported(fault) end

-- Commands are methods, as on other nodes; `methods` of a kind of world come first.
local function node_metatable(methods)
  local commands = {}
  return {
    __name = "tidelock.Node",
    __index = function(_, name)
      local method = methods[name] or Node[name] or commands[name]
      if method or type(name) ~= "string" or not name:find "^%l[%l%d_]*$" then return method end
      local command = name:upper()
      method = function(node, ...) return node.control:call(command, ...) end
      commands[name] = method
      return method
    end,
    __tostring = function(node) return ("tidelock.Node (%s, %s:%d)"):format(node.name, node.host, node.port) end,
  }
end

-- ---- worlds ---------------------------------------------------------------------------------------------------------

---@class tidelock.RemoteWorld
---@field live tidelock.World
---@field list tidelock.RemoteNode[]
---@field places table<string, any> nodes and clients by name
local World = {}

for name, method in pairs(shared_world) do World[name] = method end

for _, name in ipairs { "now", "wall", "random", "sleep", "is_open", "go", "step", "fd", "timeout" } do
  World[name] = function(self, ...) return self.live[name](self.live, ...) end
end

---As in every world: until no task is left, for that many milliseconds, or an experiment.
function World:run(what, ...)
  if type(what) ~= "function" then return self.live:run(what) end
  return task.start(self.live, what, self, ...):join()
end

function World:nodes()
  return table.move(self.list, 1, #self.list, 1, {})
end

---@package
function World:cuts()
  return self.cut_list
end

---Adds a node that runs at host:port.
---@package
function World:add(name, host, port, fields)
  if self.places[name] then
    error(("node: name: there is already something called '%s' in this world"):format(name), 3)
  end
  local node = fields or {}
  node.name, node.host, node.port, node.world = name, host, port, self
  node.control = self.live:client(("%s:%d"):format(host, port), { timeout = 2000 })
  setmetatable(node, self.node_metatable)
  self.places[name] = node
  table.insert(self.list, node)
  return node
end

---Where a client at place `from` reaches `target`: past a link, if this world has links.
---@package
function World:route(_, target) -- luacheck: ignore 212/self
  return options.address("client", target)
end

---Makes a client of a node; as in other worlds.
function World:client(target, given)
  given = given or {}
  self.client_count = self.client_count + 1
  local name = given.name or ("client" .. self.client_count)
  if self.places[name] then
    error(("client: name: there is already something called '%s' in this world"):format(name), 2)
  end
  local host, port = self:route(name, target)
  local client, message, code =
    self.live:client(("%s:%d"):format(host, port), { name = name, timeout = given.timeout })
  if not client then return nil, message, code end
  return self:wrap_client(name, client)
end

-- A client that goes through this world's links wherever it connects.
local Client = {}

function Client:connect(target)
  return self.client:go_to(self.world:route(self.name, target))
end

function Client:pipeline(fn)
  return self.client:pipeline(fn)
end

function Client:close()
  if self.world.places[self.name] == self then self.world.places[self.name] = nil end
  return self.client:close()
end

local client_commands = {}
local client_metatable = {
  __name = "tidelock.Client",
  __index = function(_, name)
    local method = Client[name] or client_commands[name]
    if method or type(name) ~= "string" then return method end
    method = function(self, ...) return self.client[name](self.client, ...) end
    client_commands[name] = method
    return method
  end,
  __close = function(self) self:close() end,
}

---@package
function World:wrap_client(name, client)
  local wrapped = setmetatable({ name = name, client = client, world = self }, client_metatable)
  self.places[name] = wrapped
  return wrapped
end

---Whether all nodes are at the same offset of the same history with the same number of keys, and, as far as they can
---say, the same digest; if not, why.
function World:converged()
  local first
  for _, node in ipairs(self.list) do
    local info, message = node:info "replication"
    if not info then return false, ("%s does not answer: %s"):format(node.name, message) end
    local seen = { history = info.master_replid, offset = info.master_repl_offset, keys = node:dbsize() }
    seen.digest = node:digest() or "unknown"
    first = first or seen
    for _, what in ipairs { "history", "offset", "keys", "digest" } do
      if seen[what] ~= first[what] then
        return false, ("%s and %s differ in %s: %s, %s"):format(self.list[1].name, node.name, what,
          tostring(first[what]), tostring(seen[what]))
      end
    end
  end
  return true
end

function World:close()
  self.live:close()
end

for _, what in ipairs { "link_get", "link_set" } do
  World[what] = function(self) error(("%s: %s"):format(what, self.cannot), 2) end
end

---Makes a class of worlds: `world_methods` and `node_methods` come before the shared ones. `cannot` says why a fault is
---not to be had.
---@param world_methods table
---@param node_methods table
---@param cannot string
---@return fun(fields?: table): tidelock.RemoteWorld
local function class(world_methods, node_methods, cannot)
  local metatable = {
    __name = "tidelock.World",
    __index = function(_, name)
      local method = world_methods[name]
      if method == nil then method = World[name] end
      return method
    end,
    __close = function(world) world:close() end,
    __gc = function(world) world:close() end,
  }
  local nodes = node_metatable(node_methods)
  return function(fields)
    local world = fields or {}
    world.live = assert(core.live())
    world.list, world.places, world.cut_list, world.client_count = {}, {}, {}, 0
    world.node_metatable, world.cannot = nodes, cannot
    return setmetatable(world, metatable)
  end
end

return { class = class, World = World, fail = errors.fail }
