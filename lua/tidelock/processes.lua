-- tidelock.processes: a world whose nodes are processes of their own: our server, redis-server or valkey-server.
-- Faults are real: SIGKILL, SIGSTOP; links are TCP relays in this process, with latency, bandwidth and cuts
-- (world/relay.h).
--
--   local world <close> = tidelock.processes { server = "redis-server" }
--   local a = world:node { name = "a" }
--   local b = world:node { name = "b", replicaof = a }
--
-- Everything between two places goes through a relay: a replica's connection to its primary, a client's to its node.
-- What the script asks of a node itself (node:get, node:info) does not.

local core = require "tidelock.core"
local errors = require "tidelock.errors"
local options = require "tidelock.options"
local remote = require "tidelock.remote"

local signal = require "posix.signal"
local dirent = require "posix.dirent"
local socket = require "posix.sys.socket"
local stdlib = require "posix.stdlib"
local unistd = require "posix.unistd"
local wait = require "posix.sys.wait"
local fcntl = require "posix.fcntl"

local START_TIMEOUT_MS = 10000

-- ---- processes ------------------------------------------------------------------------------------------------------

-- A port nobody listens on just now.
local function free_port()
  local fd = assert(socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0))
  assert(socket.bind(fd, { family = socket.AF_INET, addr = "127.0.0.1", port = 0 }))
  local address = assert(socket.getsockname(fd))
  unistd.close(fd)
  return address.port
end

-- Starts a command in a directory, with its output thrown away; its process id.
local function spawn(words, directory)
  local arguments = table.move(words, 2, #words, 1, { [0] = words[1] })
  local pid = assert(unistd.fork())
  if pid ~= 0 then return pid end
  unistd.chdir(directory)
  local null = fcntl.open("/dev/null", fcntl.O_RDWR)
  for fd = 0, 2 do unistd.dup2(null, fd) end
  unistd.execp(words[1], arguments)
  unistd._exit(127)
end

-- What a node may have left on disk.
local function remove_directory(path)
  for name in dirent.files(path) do
    if name ~= "." and name ~= ".." then
      local file = path .. "/" .. name
      if not os.remove(file) then remove_directory(file) end
    end
  end
  os.remove(path)
end

-- The command line of a node. Ours is named by TIDELOCK, which build/tidelock sets, or found on the PATH.
local function command_of(world, node)
  local words
  if world.server == "tidelock" then
    words = { os.getenv "TIDELOCK" or "tidelock", "server", "--node-name", node.name }
  else
    words = { world.server, "--save", "", "--appendonly", "no", "--enable-debug-command", "local",
      "--repl-diskless-sync-delay", "0" }
  end
  local function add(...)
    for _, word in ipairs { ... } do words[#words + 1] = word end
  end
  add("--port", tostring(node.port), "--bind", node.host)
  for _, parameter in ipairs(node.parameters) do add("--" .. parameter[1], parameter[2]) end
  return words
end

-- ---- nodes ----------------------------------------------------------------------------------------------------------

---@class tidelock.ProcessNode: tidelock.RemoteNode
---@field pid integer|false false: not running
---@field primary tidelock.RemoteNode|string|false whom it follows
local Node = {}

local function start(node)
  local world = node.world
  node.directory = node.directory or assert(stdlib.mkdtemp "/tmp/tidelock-XXXXXX")
  node.pid = spawn(command_of(world, node), node.directory)
  local up = world:await(function()
    local pid, how, status = wait.wait(node.pid, wait.WNOHANG)
    if pid == node.pid then
      node.pid = false
      local why = status == 127 and "it was not found" or ("%s %s"):format(how, tostring(status))
      error(("%s: the server '%s' ended at once: %s"):format(node.name, world.server, why), 0)
    end
    return node:ping()
  end, START_TIMEOUT_MS, 5)
  if not up then return errors.fail("TIMEOUT", "%s: the server does not answer", node.name) end
  if node.primary then return node:replicaof(node.primary) end
  return true
end

---Kills the process (SIGKILL). `"power"`: as if its machine had gone off with its uplink: what was under way on its
---links is lost, and its peers hear nothing until it is back.
---@param what? "process"|"power"
function Node:crash(what)
  if not self.pid then return errors.fail("CLOSED", "%s is down", self.name) end
  if what ~= nil and what ~= "process" and what ~= "power" then
    error(("crash: 'process' or 'power' expected, got '%s'"):format(tostring(what)), 2)
  end
  if what == "power" then self.world:set_dark(self.name, true) end
  signal.kill(self.pid, signal.SIGKILL)
  wait.wait(self.pid)
  self.pid = false
  return true
end

---Starts the process again, with the same command line.
function Node:restart()
  if self.pid then return errors.fail("ERR", "%s is running", self.name) end
  if self.world.dark[self.name] then self.world:set_dark(self.name, false) end
  return start(self)
end

---SIGSTOP.
function Node:pause()
  if not self.pid then return errors.fail("CLOSED", "%s is down", self.name) end
  return signal.kill(self.pid, signal.SIGSTOP) == 0
end

---SIGCONT.
function Node:resume()
  if not self.pid then return errors.fail("CLOSED", "%s is down", self.name) end
  return signal.kill(self.pid, signal.SIGCONT) == 0
end

function Node:is_up()
  return self.pid ~= false
end

---Follows another node of this world, over the link between the two.
function Node:replicaof(primary)
  if not primary then
    self.primary = false
    return self:promote()
  end
  local host, port = self.world:route(self.name, primary)
  local reply, message, code = self:call("REPLICAOF", host, port)
  if not reply then return nil, message, code end
  self.primary = primary
  return true
end

Node.slaveof = Node.replicaof

-- ---- links: a relay for each ordered pair of places of which the first connects to the second ----------------------

---@class tidelock.ProcessWorld: tidelock.RemoteWorld
local World = {}

local NO_LINK = {}

local function key_of(from, to)
  return from .. "\0" .. to
end

local DARK = { cut = true }

-- what was set
local function properties_of(world, from, to)
  return world.links_set[key_of(from, to)] or world.link_default
end

-- what is so
local function present(world, from, to)
  return (world.dark[from] or world.dark[to]) and DARK or properties_of(world, from, to)
end

local function configure_relay(world, relay)
  local done, message, code = relay.relay:set(true, present(world, relay.from, relay.to))
  if not done then return nil, message, code end
  return relay.relay:set(false, present(world, relay.to, relay.from))
end

---@package
function World:route(from, target)
  local to = type(target) == "table" and target.name
  if not to or not self.places[to] then return options.address("route", target) end
  local key = key_of(from, to)
  local relay = self.relays[key]
  if not relay then
    local made = assert(core.relay(self.live, 0, target.host, target.port))
    relay = { relay = made, from = from, to = to }
    self.relays[key] = relay
    table.insert(self.relay_list, relay)
    assert(configure_relay(self, relay))
  end
  return "127.0.0.1", relay.relay:port()
end

function World:link_get(from, to)
  local copy = { latency = 0, jitter = 0, loss = 0, bandwidth = 0, cut = false }
  for name, value in pairs(from and properties_of(self, from, to) or self.link_default) do copy[name] = value end
  return copy
end

function World:link_set(from, to, properties)
  local merged = self:link_get(from ~= "" and from or nil, to)
  for name, value in pairs(properties) do merged[name] = value end
  if from == "" then
    self.link_default = merged
  else
    self.links_set[key_of(from, to)] = merged
  end
  for _, relay in ipairs(self.relay_list) do
    local done, message, code = configure_relay(self, relay)
    if not done then return nil, message, code end
  end
  return true
end

---A place's machine goes off or comes back. While it is off nothing passes to or from it; what was under way is gone
---when it is back, and so are its connections.
---@package
function World:set_dark(name, dark)
  self.dark[name] = dark or nil
  for _, relay in ipairs(self.relay_list) do
    if relay.from == name or relay.to == name then
      if not dark then relay.relay:reset() end
      assert(configure_relay(self, relay))
    end
  end
end

-- ---- the world ------------------------------------------------------------------------------------------------------

local NODE_OPTIONS = { "name", "port", "replicaof", "slaveof", "config" }

---Starts a server.
---@param given? tidelock.NodeOptions
---@return tidelock.ProcessNode
function World:node(given)
  given = given or {}
  local name = options.text("node", given, "name") or ("node" .. #self.list + 1)
  local port = options.integer("node", given, "port", 0)
  local fields = { pid = false, directory = false, parameters = options.parameters("node", given, NODE_OPTIONS) }
  fields.primary = given.replicaof or given.slaveof or false
  local node = self:add(name, "127.0.0.1", port ~= 0 and port or free_port(), fields)
  local done, message, code = start(node)
  if not done then return nil, message, code end
  return node
end

---Kills all processes and closes the world.
function World:close()
  for _, node in ipairs(self.list) do
    if node.pid then node:crash() end
    if node.directory then remove_directory(node.directory) end
    node.directory = false
  end
  remote.World.close(self)
end

local new = remote.class(World, Node, "this world's nodes are processes")

---@class tidelock.ProcessesOptions
---@field server? string "tidelock" (default), or a redis-server or valkey-server: a name on the PATH or a file

---@param given? tidelock.ProcessesOptions
---@return tidelock.ProcessWorld
return function(given)
  given = options.check("processes", given, { "server" })
  local server = options.text("processes", given, "server") or "tidelock"
  return new {
    server = server, relays = {}, relay_list = {}, dark = {}, links_set = {}, link_default = NO_LINK,
  }
end
