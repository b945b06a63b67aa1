-- One trial of an experiment: its history, its moments (fault, detected, promoted), its writers, and the judgement.
--
-- A durability setting says what a client does before it counts a write as done:
--
--   async    SET; the primary's OK is all there is
--   WAIT n   SET, then WAIT n: done when n replicas have acknowledged; with fewer it is `info`: executed, maybe lost
--            (`WAIT n ms`: with that time-out instead of 1,000 ms)
--   ANY k    SET with DURABLE: its reply waits until k other nodes of the world have the write; FIRST k likewise.
--            `ANY k (b, c)` names them, and a level may follow: `ANY 1 fsynced`. After 1,000 ms it is `info`.

local history = require "tidelock.lab.history"
local judge = require "tidelock.lab.judge"

---@class tidelock.Trial
---@field world tidelock.World
---@field setting string
---@field history tidelock.History
---@field moments table<string, number> ms: "fault", "detected", "promoted", …
local Trial = {}
Trial.__index = Trial
Trial.__name = "tidelock.Trial"

-- ---- one write ----------------------------------------------------------------------------------------------------

-- Each of these makes a function of key and value that writes by this client, and returns the outcome, and whether the
-- node said it executed it. A refusal is `fail`; where no reply came the client knows whether the request may have got
-- there.

local function async_writer(client)
  local set = client.set
  return function(key, value)
    local ok, _, _, outcome = set(client, key, value)
    if ok then return "ok", true end
    return outcome or "fail", false
  end
end

local function wait_writer(client, replicas, timeout)
  local pipeline = client.pipeline
  local function requests(p, key, value)
    p:set(key, value)
    p:wait(replicas, timeout)
  end
  return function(key, value)
    local replies, _, _, outcome = pipeline(client, requests, key, value)
    if not replies then return outcome or "fail", false end
    if replies[1] ~= true then return replies[1].outcome or "fail", false end
    local count = replies[2]
    if count == replicas or (math.type(count) == "integer" and count > replicas) then return "ok", true end
    return "info", true
  end
end

-- `client:durable{...}` would do the same and make a receipt of every reply, which nobody reads here.
local function durable_writer(client, rule, level)
  local call = client.call
  return function(key, value)
    local ok, _, code, outcome = call(client, "DURABLE", rule, "LEVEL", level, "TIMEOUT", 1000, "ON-TIMEOUT", "error",
      "DO", "SET", key, value)
    if ok then return "ok", true end
    if code == "UNACKNOWLEDGED" then return "info", true end -- executed, and maybe lost
    return outcome or "fail", false
  end
end

local LEVELS = { [""] = "applied", received = "received", applied = "applied", fsynced = "fsynced" }

-- "ANY 1", "FIRST 2 (b, c) fsynced": the rule and the level. Without names it is about all nodes of the world, of which
-- the primary of the moment is no replica of its own.
local function rule_of(world, setting)
  local kind, count, rest = setting:match "^(%u+) (%d+) ?(.*)$"
  if kind ~= "ANY" and kind ~= "FIRST" then return nil end
  local names, level = rest:match "^(%b()) ?(%l*)$"
  if not names then
    level, names = rest, {}
    for i, node in ipairs(world:nodes()) do names[i] = node.name end
    names = ("(%s)"):format(table.concat(names, ", "))
  end
  return ("%s %s %s"):format(kind, count, names), LEVELS[level]
end

---What a setting makes of a client: a function of key and value.
---@param world tidelock.World
---@param setting string
---@return fun(client: tidelock.Client): fun(key: string, value: string): string, boolean
local function writer_of(world, setting)
  if setting == "async" then return async_writer end
  if type(setting) == "string" then
    local replicas, timeout = setting:match "^WAIT (%d+) ?(%d*)$"
    if replicas then
      replicas, timeout = math.tointeger(replicas), math.tointeger(tonumber(timeout)) or 1000
      return function(client) return wait_writer(client, replicas, timeout) end
    end
    local rule, level = rule_of(world, setting)
    if level then return function(client) return durable_writer(client, rule, level) end end
  end
  error(("trial: setting: 'async', 'WAIT n' or 'ANY k' expected, got '%s'"):format(tostring(setting)), 3)
end

-- ---- writers --------------------------------------------------------------------------------------------------------

-- ":1", ":2" and so on, made once
local suffixes = setmetatable({}, {
  __index = function(self, i)
    local suffix = ":" .. i
    self[i] = suffix
    return suffix
  end,
})

-- One client's life: a write, a pause, the next. After a failure it looks up who is primary now.
local function write_on(self, name, options)
  local world, seen = self.world, self.history
  local target = options.target()
  local client <close> = world:client(target, { timeout = options.timeout or 1000 })
  if options.link then world:link(client, target):set(options.link) end
  local write, longest = self.writer(client), 2 * options.every
  local now, random, sleep = world.now, world.random, world.sleep
  for i = 1, options.writes do
    local key = name .. suffixes[i]
    local operation = seen:invoke(name, "write", key, key, now(world))
    local outcome, executed = write(key, key)
    seen:complete(operation, outcome, now(world), executed)
    if outcome ~= "ok" and options.target() ~= target then
      target = options.target()
      client:connect(target)
      if options.link then world:link(client, target):set(options.link) end
    end
    sleep(world, longest * random(world))
  end
end

---@class tidelock.WritersOptions
---@field clients integer how many
---@field writes integer how many each makes
---@field every number ms between two writes of a client, on average
---@field target fun(): tidelock.Node who is primary, as far as clients know
---@field link? tidelock.LinkProperties of each client
---@field timeout? number ms of each request (default 1,000)

---Starts clients that write one key after another.
---@param options tidelock.WritersOptions
---@return { join: fun(self: table) }
function Trial:writers(options)
  for _, name in ipairs { "clients", "writes", "every" } do
    if type(options[name]) ~= "number" then
      error(("writers: %s: number expected, got %s"):format(name, type(options[name])), 2)
    end
  end
  if type(options.target) ~= "function" then
    error(("writers: target: function expected, got %s"):format(type(options.target)), 2)
  end
  local tasks = {}
  for i = 1, options.clients do
    tasks[i] = self.world:go(write_on, self, "w" .. i, options)
  end
  local function join()
    for _, task in ipairs(tasks) do task:join() end
  end
  return { join = join }
end

-- ---- moments, judgement ---------------------------------------------------------------------------------------------

---Notes when something happened.
---@param name string "fault", "detected", "promoted"
function Trial:mark(name)
  self.moments[name] = self.world:now()
end

---Reads everything back at `node`, after all is healed, and says what became of each write.
---@param node tidelock.Node
---@return tidelock.Judgement
function Trial:judge(node)
  return judge.judge(self, node)
end

---@param world tidelock.World
---@param setting string "async", "WAIT n", "ANY k", …
---@return tidelock.Trial
local function new(world, setting)
  return setmetatable({
    world = world,
    setting = setting,
    writer = writer_of(world, setting),
    history = history.new(),
    moments = {},
  }, Trial)
end

return { new = new }
