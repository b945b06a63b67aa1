-- tidelock.processes: a world whose nodes are processes of their own: our server, redis-server or valkey-server.
-- Faults are real: SIGKILL, SIGSTOP; links are TCP relays in this process, with latency, jitter, bandwidth and cuts
-- (world/relay.h).
--
--   local world <close> = tidelock.processes { server = "redis-server" }
--   local a = world:node { name = "a" }
--   local b = world:node { name = "b", replicaof = a }
--
-- Everything between two places goes through a relay: a replica's connection to its primary, a client's to its node.
-- What the script asks of a node itself (node:get, node:info) does not.

local child = require "tidelock.child"
local core = require "tidelock.core"
local errors = require "tidelock.errors"
local options = require "tidelock.options"
local remote = require "tidelock.remote"

local signal = require "posix.signal"

local START_TIMEOUT_MS = 20000
local START_ATTEMPTS = 3

-- ---- nodes ----------------------------------------------------------------------------------------------------------

---@class tidelock.ProcessNode: tidelock.RemoteNode
---@field pid integer|false false: not running
---@field directory string where it runs; its file `output` has what it prints
---@field package parameters string[][] of its command line
---@field package primary tidelock.RemoteNode|string|false whom it follows from its start on
---@field package given_port boolean the script chose its port
local Node = {}

-- The command line of a node. Ours is named by TIDELOCK, which build/tidelock sets, or found on the PATH.
local function command_of(node)
  local world = node.world
  local words
  if world.server == "tidelock" then
    words = { os.getenv "TIDELOCK" or "tidelock", "server", "--save", "", "--node-name", node.name }
  else
    words = { world.server, "--save", "", "--appendonly", "no", "--enable-debug-command", "local",
      "--repl-diskless-sync-delay", "0" }
  end
  local function add(...) table.move({ ... }, 1, select("#", ...), #words + 1, words) end
  add("--port", tostring(node.port), "--bind", node.host)
  for _, parameter in ipairs(node.parameters) do add("--" .. parameter[1], parameter[2]) end
  if node.primary then
    local host, port = world:route(node.name, node.primary)
    add("--replicaof", host, tostring(port))
  end
  return words
end

-- Whether its process is there: it may have ended by itself.
local function is_running(node)
  if not node.pid then return false end
  local how, status = node.world.children:ended(node.pid)
  if how then node.pid, node.how, node.status = false, how, status end
  return node.pid ~= false
end

-- One attempt. Why it ended, where it did; whether that is for want of its port.
local function attempt(node)
  local world = node.world
  node.pid = world.children:start(command_of(node), node.directory)
  local settled, message, code = world:await(function()
    return not is_running(node) or node:ping() ~= nil
  end, START_TIMEOUT_MS, 5)
  if node.pid and settled then return true end
  if node.pid then
    world.children:kill(node.pid)
    node.pid = false
    return nil, ("it does not answer (%s)"):format(message), code
  end
  local output = child.output(node.directory)
  local in_use = output:lower():find "address already in use" ~= nil
  return nil, ("it ended at once (%s %s): %s"):format(node.how, node.status, output), in_use and "INUSE" or "ERR"
end

-- Starts the process and waits for its answer. Nil, what is wrong and a code, where it does not come.
local function start(node)
  local problem, code
  for _ = 1, START_ATTEMPTS do
    if not child.is_free(node.port) then
      problem, code = ("port %d is in use"):format(node.port), "INUSE"
    else
      local started
      started, problem, code = attempt(node)
      if started then return true end
    end
    if code ~= "INUSE" or node.given_port then break end
    node:move(child.free_port())
  end
  return nil, ("%s: '%s' could not be started: %s"):format(node.name, node.world.server, problem), code
end

-- What a failed start is to its caller: a world that is closed or too slow is the world's, anything else misuse.
local function start_failed(message, code)
  if code == "CLOSED" or code == "TIMEOUT" then return errors.fail(code, "%s", message) end
  error(message, 3)
end

---Another port than what was planned, where nobody has been told of it or somebody else has it.
---@package
function Node:move(port)
  self.port = port
  self.control:go_to(self.host, port)
  self.world:unroute(function(relay) return relay.to == self.name end)
end

---Kills the process (SIGKILL). What it had not synced is there all the same: the machine stays up, so this is
---`"process"`. `"power"`: as if its machine had gone off with its uplink: what was under way on its links is lost, and
---its peers hear nothing until it is back; its files are as after SIGKILL.
---@param what? "process"|"power"
function Node:crash(what)
  if what ~= nil and what ~= "process" and what ~= "power" then
    error(("crash: 'process' or 'power' expected, got '%s'"):format(tostring(what)), 2)
  end
  if not is_running(self) then return errors.fail("CLOSED", "%s is down already", self.name) end
  if what == "power" then self.world:set_dark(self.name, true) end
  self.world.children:kill(self.pid)
  self.pid = false
  return true
end

---Starts the process again, with the same command line.
function Node:restart()
  if is_running(self) then error(("restart: %s is up already"):format(self.name), 2) end
  if not self.world:is_open() then return errors.fail("CLOSED", "the world is closed") end
  if self.world.dark[self.name] then self.world:set_dark(self.name, false) end
  local done, message, code = start(self)
  if not done then return start_failed(message, code) end
  return true
end

local function send(node, number)
  if not is_running(node) then return errors.fail("CLOSED", "%s is down", node.name) end
  return signal.kill(node.pid, number) == 0
end

---SIGSTOP.
function Node:pause() return send(self, signal.SIGSTOP) end

---SIGCONT.
function Node:resume() return send(self, signal.SIGCONT) end

---Whether there is a process, stopped or not.
function Node:is_up() return is_running(self) end

---Follows another node of this world, over the link between the two; or a server elsewhere.
function Node:replicaof(primary, port)
  if primary and port == nil then primary, port = self.world:route(self.name, primary) end
  return remote.Node.replicaof(self, primary, port)
end

Node.slaveof = Node.replicaof

-- ---- links: a relay for each ordered pair of places of which the first connects to the second ----------------------

---@class tidelock.ProcessWorld: tidelock.RemoteWorld
---@field children tidelock.Children
---@field package relays table[] { from, to, relay }
---@field package relay_of table<string, table> by key_of(from, to)
---@field package dark table<string, true> places whose machine is off
---@field package links_set table<string, tidelock.LinkProperties> by key_of
---@field package link_default tidelock.LinkProperties
local World = {}

local NO_LINK = { latency = 0, jitter = 0, loss = 0, bandwidth = 0, cut = false }
local DARK = { cut = true }

local function key_of(from, to)
  return from .. "\0" .. to
end

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

---Where `from` reaches `target`: at a relay, if that is a node of this world.
---@package
function World:route(from, target)
  local to = type(target) == "table" and target.name
  if not to or self.places[to] ~= target then return options.address("route", target) end
  local key = key_of(from, to)
  local relay = self.relay_of[key]
  if not relay then
    relay = { relay = assert(core.relay(self.live, 0, target.host, target.port)), from = from, to = to }
    self.relay_of[key] = relay
    table.insert(self.relays, relay)
    assert(configure_relay(self, relay))
  end
  return "127.0.0.1", relay.relay:port()
end

---Closes the relays for which `condition(relay)` holds.
---@package
function World:unroute(condition)
  for i = #self.relays, 1, -1 do
    local relay = self.relays[i]
    if condition(relay) then
      table.remove(self.relays, i)
      self.relay_of[key_of(relay.from, relay.to)] = nil
      relay.relay:close()
    end
  end
end

---@package
function World:forget(name)
  remote.World.forget(self, name)
  self:unroute(function(relay) return relay.from == name or relay.to == name end)
  for key in pairs(self.links_set) do
    local from, to = key:match "^(.*)\0(.*)$"
    if from == name or to == name then self.links_set[key] = nil end
  end
end

local function check_place(world, name)
  if not world.places[name] then error(("link: there is no '%s' in this world"):format(name), 4) end
end

function World:link_get(from, to)
  if from then
    check_place(self, from)
    check_place(self, to)
  end
  local copy = {}
  for name, value in pairs(from and properties_of(self, from, to) or self.link_default) do copy[name] = value end
  return copy
end

-- what a relay cannot do is misuse, before anything is changed
local function check_properties(given)
  options.duration("link", "latency", given.latency)
  options.duration("link", "jitter", given.jitter)
  if type(given.bandwidth) ~= "number" or given.bandwidth < 0 then
    error(("link: bandwidth: bytes per second expected, got %s"):format(tostring(given.bandwidth)), 4)
  end
  if given.loss ~= 0 then error("link: loss: a relay cannot lose segments: TCP brings them all", 4) end
end

function World:link_set(from, to, properties)
  if not self:is_open() then return errors.fail("CLOSED", "the world is closed") end
  local everywhere = from == ""
  local merged = self:link_get(not everywhere and from or nil, to)
  for name, value in pairs(properties) do merged[name] = value end
  check_properties(merged)
  if everywhere then
    self.link_default = merged
  else
    self.links_set[key_of(from, to)] = merged
  end
  for _, relay in ipairs(self.relays) do
    if everywhere or (relay.from == from and relay.to == to) or (relay.from == to and relay.to == from) then
      local done, message, code = configure_relay(self, relay)
      if not done then return nil, message, code end
    end
  end
  return true
end

---A place's machine goes off or comes back. While it is off nothing passes to or from it; what was under way is gone
---when it is back, and so are its connections.
---@package
function World:set_dark(name, dark)
  self.dark[name] = dark or nil
  for _, relay in ipairs(self.relays) do
    if relay.from == name or relay.to == name then
      if not dark then relay.relay:reset() end
      assert(configure_relay(self, relay))
    end
  end
end

-- ---- the world ------------------------------------------------------------------------------------------------------

local NODE_OPTIONS = options.names("name", "port", "replicaof", "slaveof", "config")

---Starts a server and waits until it answers. Options besides those listed are parameters of its command line.
---Raises when it ends at once (a program that is not there, a parameter it does not know), with what it said.
---@param given? tidelock.NodeOptions
---@return tidelock.ProcessNode
function World:node(given)
  given = given or {}
  if type(given) ~= "table" then error(("node: table of options expected, got %s"):format(type(given)), 2) end
  local name = options.text("node", given, "name") or ("node-" .. #self.list + 1)
  if name == "" or name:find "%s" then error(("node: name: '%s' is not a name"):format(name), 2) end
  local port = options.integer("node", given, "port", 0)
  if port < 0 or port > 65535 then error(("node: port: %d is not a port"):format(port), 2) end
  local parameters = options.parameters("node", given, NODE_OPTIONS)
  local primary = given.replicaof or given.slaveof or false
  if primary then options.address("node: replicaof", primary) end
  if not self:is_open() then return errors.fail("CLOSED", "the world is closed") end

  local node = self:add(name, "127.0.0.1", port ~= 0 and port or child.free_port(), {
    pid = false, directory = self.children:new_directory(), parameters = parameters, primary = primary,
    given_port = port ~= 0,
  })
  local done, message, code = start(node)
  if done then return node end
  self:drop(node)
  return start_failed(message, code)
end

---Kills all processes, removes what they left on disk, and closes the world.
function World:close()
  for _, node in ipairs(self.list) do
    if is_running(node) then
      self.children:kill(node.pid)
      node.pid = false
    end
  end
  remote.World.close(self)
  if self.children then self.children:close() end
end

local new = remote.class(World, Node, "this world's nodes are processes")

---@class tidelock.ProcessesOptions
---@field server? string "tidelock" (default), or a redis-server or valkey-server: a name on the PATH or a file

---@param given? tidelock.ProcessesOptions
---@return tidelock.ProcessWorld
return function(given)
  given = options.check("processes", given, options.names "server")
  local server = options.text("processes", given, "server") or "tidelock"
  local world = new {
    server = server, relays = {}, relay_of = {}, dark = {}, links_set = {}, link_default = NO_LINK,
  }
  world.children = child.group()
  return world
end
