-- Worlds of servers that are somewhere else: what tidelock.processes and tidelock.attach share. Such a world turns on
-- a live world inside it; its nodes are reached over TCP, and answer the same methods as nodes in this process.

local backup = require "tidelock.backup"
local control = require "tidelock.control"
local core = require "tidelock.core"
local durable = require "tidelock.durable"
local errors = require "tidelock.errors"
local link = require "tidelock.link"
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
---@field package control tidelock.Control talks to the server itself, past all links
local Node = {}

for name, method in pairs(shared_node) do Node[name] = method end

---Executes a command at the node, over a connection of its own.
function Node:call(...)
  return self.control:call(...)
end

---Whether the server answers.
---@return boolean
function Node:is_up()
  return self:ping() ~= nil
end

-- of the connection that nodes are asked over
for _, name in ipairs { "pipeline", "transaction" } do
  Node[name] = function(self, ...) return self.control[name](self.control, ...) end
end

---WAIT for what was written over the same connection: by this script at the node itself, not by its clients.
---@param replicas integer
---@param timeout integer ms, 0: for ever
function Node:wait(replicas, timeout)
  return self.control:wait(timeout, function(slice) return self:call("WAIT", replicas, slice) end,
    function(count) return count >= replicas end)
end

---WAITAOF for the same: whether it is on the disk there (0 or 1), and of how many replicas.
---@param here integer
---@param replicas integer
---@param timeout integer ms, 0: for ever
function Node:waitaof(here, replicas, timeout)
  return self.control:wait(timeout, function(slice) return self:call("WAITAOF", here, replicas, slice) end,
    function(answer) return answer[1] >= here and answer[2] >= replicas end)
end

---As at other nodes.
function Node:wait_for(token, timeout)
  return self.control:wait(timeout or 0, function(slice) return shared_node.wait_for(self, token, slice) end,
    function(answer) return answer ~= "pending" end)
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
    link_error = info.master_link_error or "",
    replid = info.master_replid,
    replid2 = info.master_replid2,
    offset = info.slave_repl_offset or info.master_repl_offset,
    second_offset = info.second_repl_offset,
    replicas = info.connected_slaves,
  }
end

---Writes a backup of the server's data to a file of the machine that the script runs on, as its replica gets them.
---@param path string
---@param given? tidelock.BackupOptions
---@return tidelock.Backup|nil, string? message, string? code
function Node:backup(path, given)
  return backup.of_server(self, path, given)
end

-- a fault that this kind of world cannot produce
local function unsupported(what)
  return function(self)
    error(("%s: %s"):format(what, self.world.cannot), 2)
  end
end

for _, fault in ipairs { "crash", "restart", "pause", "resume", "configure", "channels", "disk", "files", "file" } do
  Node[fault] = unsupported(fault)
end

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
---@field cannot string why faults are not to be had
local World = {}

for name, method in pairs(shared_world) do World[name] = method end

for _, name in ipairs { "now", "wall", "random", "sleep", "is_open", "go", "step", "fd", "timeout" } do
  World[name] = function(self, ...) return self.live[name](self.live, ...) end
end

---As in every world: until no task is left, for that many milliseconds, or an experiment.
function World:run(what, ...)
  if type(what) ~= "function" or not self:is_open() then return self.live:run(what) end
  return task.start(self.live, what, self, ...):join()
end

function World:nodes()
  return table.move(self.list, 1, #self.list, 1, {})
end

---@package
function World:cuts()
  return self.cut_list
end

---Adds a node that runs at host:port, with these fields. `login`: what the server wants to be told.
---@package
function World:add(name, host, port, fields, login)
  if self.places[name] then
    error(("node: name: there is already something called '%s' in this world"):format(name), 3)
  end
  local node = fields or {}
  node.name, node.host, node.port, node.world = name, host, port, self
  node.control = control.new(self.live, host, port, login)
  setmetatable(node, self.node_metatable)
  self.places[name] = node
  table.insert(self.list, node)
  return node
end

---Takes a node out again.
---@package
function World:drop(node)
  node.control:close()
  self:forget(node.name)
  for i, other in ipairs(self.list) do
    if other == node then table.remove(self.list, i) end
  end
end

---Where a client at place `from` reaches `target`: past a link, if this world has links.
---@package
function World:route(_, target) -- luacheck: ignore 212/self
  return options.address("client", target)
end

local CLIENT_OPTIONS = options.names("name", "timeout", "user", "password")

---Makes a client of a node; as in other worlds. It logs in as the node's world does, unless it is told how.
function World:client(target, given)
  given = options.check("client", given, CLIENT_OPTIONS)
  local name = options.text("client", given, "name")
  if not self:is_open() then return errors.fail("CLOSED", "the world is closed") end
  if not name then
    repeat
      self.client_count = self.client_count + 1
      name = "client-" .. self.client_count
    until not self.places[name]
  elseif self.places[name] then
    error(("client: there is already something called '%s' in this world"):format(name), 2)
  end
  local host, port = self:route(name, target)
  local login = given.password and given or type(target) == "table" and target.control.login or {}
  local client, message, code = self.live:client(("%s:%d"):format(host, port), {
    timeout = given.timeout, user = login.user, password = login.password,
  })
  if not client then return nil, message, code end
  return self:wrap_client(name, client)
end

---A place is gone: what goes with it.
---@package
function World:forget(name)
  self.places[name] = nil
  link.forget(self, name)
end

-- A client that goes through this world's links wherever it connects.
local Client = {
  durable = durable.methods.durable, committed = durable.methods.committed, wait_for = shared_node.wait_for,
}

function Client:connect(target)
  return self.client:go_to(self.world:route(self.name, target))
end

function Client:close()
  self.client:close()
  if self.world.places[self.name] == self then self.world:forget(self.name) end
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
  __tostring = function(self) return ("tidelock.Client (%s)"):format(self.name) end,
}

---@package
function World:wrap_client(name, client)
  local wrapped = setmetatable({ name = name, client = client, world = self }, client_metatable)
  self.places[name] = wrapped
  return wrapped
end

-- What two nodes that have converged share. Digests are of each kind of server's own making; one may keep its own to
-- itself.
local function fingerprint(node)
  local info, message = node:info "everything"
  if not info then return nil, ("%s does not answer: %s"):format(node.name, message) end
  local keys = {}
  for name, value in pairs(info) do
    if name:find "^db%d+$" then keys[#keys + 1] = name .. ": " .. tostring(value.keys) end
  end
  table.sort(keys)
  local digest, kind = node:digest(), info.tidelock_version and "tidelock" or info.server_name or "redis"
  return {
    history = info.master_replid, offset = info.master_repl_offset, keys = table.concat(keys, ", "),
    digest = digest and { [kind] = digest } or {},
  }
end

-- "a and b differ in …", or nil
local function difference(one, other)
  for _, what in ipairs { "history", "offset", "keys" } do
    if one[what] ~= other[what] then return ("%s: %s, %s"):format(what, one[what], other[what]) end
  end
  for kind, digest in pairs(one.digest) do
    if other.digest[kind] and other.digest[kind] ~= digest then return "digest" end
  end
end

---Whether all nodes are at the same offset of the same history with the same number of keys, and, as far as they can
---say, the same digest; if not, why.
---@return boolean, string? why
function World:converged()
  local first
  for _, node in ipairs(self.list) do
    local seen, why = fingerprint(node)
    if not seen then return false, why end
    first = first or seen
    local what = difference(first, seen)
    if what then return false, ("%s and %s differ in %s"):format(self.list[1].name, node.name, what) end
  end
  return true
end

function World:close()
  self.live:close()
end

for _, what in ipairs { "link_get", "link_set", "disks" } do
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

return { class = class, World = World, Node = Node }
