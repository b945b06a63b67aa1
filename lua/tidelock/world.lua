-- Worlds: what drives nodes. csrc/lua/world.c has the primitives; here are nodes and clients by name, tasks, links and
-- partitions.
--
-- Other kinds of worlds (processes, attach) have the same methods: what is in `shared` needs of a world only go, sleep,
-- now, link_get, link_set, and `cuts`, the list of what partitions and links have cut.

local core = require "tidelock.core"
local errors = require "tidelock.errors"
local options = require "tidelock.options"
local task = require "tidelock.task"
local link = require "tidelock.link"

---@class tidelock.World
local World = core.World
local scheduler = core.task

local shared = {}

-- ---- life -------------------------------------------------------------------------------------------------------

local close = World.close

---Closes the world: tasks end where they wait, nodes and clients are gone. Further calls answer `CLOSED`.
function World:close()
  if not self:is_open() then return end
  for _, t in ipairs(scheduler.all(self)) do
    if coroutine.status(t.thread) == "suspended" then t:cancel() end
  end
  close(self)
end

---What partitions and links have cut, as a list of { from, to }.
---@package
function World:cuts()
  local state = core.state(self)
  state.cuts = state.cuts or {}
  return state.cuts
end

-- ---- tasks ------------------------------------------------------------------------------------------------------

---Starts `fn(...)` as a task: it runs from the world's next turn on.
---@param fn function
---@return tidelock.Task
function World:go(fn, ...)
  if type(fn) ~= "function" then error(("go: fn: function expected, got %s"):format(type(fn)), 2) end
  if not self:is_open() then error("go: the world is closed", 2) end
  return task.start(self, fn, ...)
end

-- until no task is left
local function run_out(self)
  if scheduler.current(self) then error("run: called in a task, which would wait for itself", 3) end
  while scheduler.count(self) > 0 do
    local how = scheduler.turn(self)
    if how == "closed" then return errors.fail("CLOSED", "the world is closed") end
    if how == "idle" then
      local left = scheduler.all(self)
      error(("run: nothing can happen in this world any more, and %d task(s) still wait\n%s"):format(
        #left, debug.traceback(left[1].thread)), 3)
    end
  end
  if not self:is_open() then return errors.fail("CLOSED", "the world is closed") end
  return true
end

-- for `ms`
local function run_for(self, ms)
  if scheduler.current(self) then return self:sleep(ms) end
  local deadline = self:now() + ms
  repeat local how = scheduler.turn(self, deadline) until how ~= "ended"
  if not self:is_open() then return errors.fail("CLOSED", "the world is closed") end
  return true
end

---Runs the world: until no task is left; for that many milliseconds; or an experiment, a function of the world, as a
---task to its end, and returns what it returns.
---@param what? number|fun(world: tidelock.World, ...): ...
---@return any ...
function World:run(what, ...)
  if not self:is_open() then return errors.fail("CLOSED", "the world is closed") end
  if what == nil then return run_out(self) end
  if type(what) == "function" then return task.start(self, what, self, ...):join() end
  return run_for(self, options.duration("run", "ms", what))
end

---Waits until `condition()` holds, asking every `period` milliseconds (default 1), and returns what it returned.
---After `timeout` milliseconds (default: 10 s) gives `nil, message, "TIMEOUT"`; the message has what the condition said
---last as its second result, if anything.
---@param condition fun(): any
---@param timeout? number
---@param period? number
---@return any
function shared:await(condition, timeout, period)
  if type(condition) ~= "function" then
    error(("await: condition: function expected, got %s"):format(type(condition)), 2)
  end
  timeout = options.duration("await", "timeout", timeout or 10000)
  period = options.duration("await", "period", period or 1)
  local deadline = self:now() + timeout
  while true do
    local value, why = condition()
    if value then return value end
    local left = deadline - self:now()
    if left <= 0 then
      why = why and ": " .. tostring(why) or ""
      return errors.fail("TIMEOUT", "the condition did not hold within %g ms%s", timeout, why)
    end
    local slept, message, code = self:sleep(math.min(period, left))
    if not slept then return nil, message, code end
  end
end

-- ---- nodes and clients --------------------------------------------------------------------------------------------

local NODE_OPTIONS = options.names("name", "port", "host", "bind", "replicaof", "slaveof", "config", "served")
local CLIENT_OPTIONS = options.names("name", "timeout", "user", "password")

---Makes a node. Options besides those listed are Redis parameters (`maxmemory = "100mb"`), with underscores for
---hyphens; they can also be in the table `config`. All of it is the node's command line: a restart applies it again.
---@param given? tidelock.NodeOptions
---@return tidelock.Node
function World:node(given)
  given = given or {}
  if type(given) ~= "table" then error(("node: table of options expected, got %s"):format(type(given)), 2) end
  if not self:is_open() then return errors.fail("CLOSED", "the world is closed") end
  local name = options.text("node", given, "name")
  local state = core.state(self)
  state.nodes, state.places = state.nodes or {}, state.places or {}
  if name and (name == "" or name:find "%s") then error(("node: name: '%s' is not a name"):format(name), 2) end
  local port = options.integer("node", given, "port", 0)
  if port < 0 or port > 65535 then error(("node: port: %d is not a port"):format(port), 2) end
  local parameters = options.parameters("node", given, NODE_OPTIONS)
  local primary = given.replicaof or given.slaveof
  if primary then
    local address = ("%s %d"):format(options.address("node: replicaof", primary))
    table.insert(parameters, { "replicaof", address })
  end

  local host = options.text("node", given, "host") or options.text("node", given, "bind")
  local served = given.served -- by the command line: tidelock.server_options
  local file = served and served.config_file
  for _, parameter in ipairs(served and served.parameters or {}) do table.insert(parameters, parameter) end
  local ok, node, message, code = pcall(core.node, self, name, host, port, parameters, served ~= nil, file)
  if not ok then error("node: " .. node, 2) end
  if not node then return nil, message, code end
  state.places[node.name] = node
  table.insert(state.nodes, node)
  return node
end

---The nodes of this world, in the order they were made.
---@return tidelock.Node[]
function World:nodes()
  return table.move(core.state(self).nodes or {}, 1, #(core.state(self).nodes or {}), 1, {})
end

---Makes a client: somebody at a place of their own, who reaches `target` over a link.
---@param target tidelock.Node|string a node or "host:port"
---@param given? tidelock.ClientOptions
---@return tidelock.Client
function World:client(target, given)
  local host, port = options.address("client", target)
  given = options.check("client", given, CLIENT_OPTIONS)
  local name = options.text("client", given, "name")
  local user, password = options.text("client", given, "user"), options.text("client", given, "password")
  if user and not password then error("client: user: a password is missing", 2) end
  local timeout = given.timeout
  if timeout == nil then timeout = 10000 end
  timeout = timeout and options.duration("client", "timeout", timeout) or 0
  if not self:is_open() then return errors.fail("CLOSED", "the world is closed") end
  local state = core.state(self)
  state.places = state.places or {}
  local ok, client, message, code = pcall(core.client, self, name, host, port, timeout, password, user)
  if not ok then error("client: " .. client, 2) end
  if not client then return nil, message, code end
  state.places[client.name] = client
  return client
end

-- ---- links --------------------------------------------------------------------------------------------------------

---The link between two places (nodes, clients, or their names), both ways.
---@param a tidelock.Node|tidelock.Client|string
---@param b tidelock.Node|tidelock.Client|string
---@return tidelock.Link
function shared:link(a, b)
  return link.new(self, options.place("link", a), options.place("link", b))
end

---Sets properties of all links that have none of their own.
---@param properties tidelock.LinkProperties
function shared:links(properties)
  return link.set_default(self, properties)
end

---Cuts all links between places of different groups, both ways. Places in no group reach everybody.
---@param ... (tidelock.Node|tidelock.Client|string)[] groups
function shared:partition(...)
  local groups = { ... }
  if #groups < 2 then error("partition: at least two groups expected", 2) end
  local names = {}
  for i, group in ipairs(groups) do
    if type(group) ~= "table" then
      error(("partition: group %d: table of nodes expected, got %s"):format(i, type(group)), 2)
    end
    names[i] = {}
    for j, place in ipairs(group) do names[i][j] = options.place("partition", place) end
  end
  for i = 1, #names do
    for j = i + 1, #names do
      for _, a in ipairs(names[i]) do
        for _, b in ipairs(names[j]) do
          local done, message, code = link.new(self, a, b):cut()
          if not done then return nil, message, code end
        end
      end
    end
  end
  return true
end

---Heals every link that was cut, by partition or one by one.
function shared:heal()
  return link.heal_all(self)
end

for name, method in pairs(shared) do World[name] = method end

return { World = World, shared = shared }
