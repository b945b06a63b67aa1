-- Transactions: commands that are executed together or not at all, on condition that what they are based on has not
-- changed meanwhile; and again from the beginning when it has. Of stores, nodes and clients.
--
--   s:transaction(function(t) t:incr "a" t:decr "b" end)                  -- MULTI … EXEC
--
--   s:transaction({ watch = { "k" }, retries = 10 }, function(t)          -- WATCH, GET, MULTI … EXEC
--     local v = t:get "k"                                                 -- until t:multi() commands answer at once
--     t:multi()
--     t:set("k", v .. "!")                                                -- from then on they are kept for the end
--   end)
--
-- Where it takes place is a *ground*. It must be one where nobody else's commands come in between: WATCH and MULTI
-- belong to a connection. A node has a session of its own made for it; a client, which has one connection for all, does
-- one transaction after the other; a store has no connections, and its watches stand for themselves (csrc/lua/watch.c).

local core = require "tidelock.core"
local commands = require "tidelock.commands"
local errors = require "tidelock.errors"
local options = require "tidelock.options"
local scans = require "tidelock.scans"

local scheduler = core.task

-- what a commit answers when a watched key was changed
local CHANGED = {}

-- The reply to EXEC as what a commit answers. An error says what it was that made it fail: of those replies that came
-- before, the first error.
local function executed(reply, before)
  if reply == core.null then return CHANGED end
  if not errors.is(reply) then return reply end
  local first
  for _, other in ipairs(before) do
    if not first and errors.is(other) then first = other end
  end
  local message = reply.message
  if first and reply.code == "EXECABORT" then
    message = message .. " " .. first.message
  elseif first then
    reply, message = first, first.message
  end
  if reply.outcome then return nil, message, reply.code, reply.outcome end
  return nil, message, reply.code
end

-- What a call returned as one value, as inside arrays.
local function element(reply, message, code)
  if reply ~= nil then return reply end
  if message ~= nil then return errors.object(message, code) end
  return core.null
end

-- ---- a store --------------------------------------------------------------------------------------------------------

local StoreGround = {}
StoreGround.__index = StoreGround

function StoreGround:call(...)
  return self.target:call(...)
end

function StoreGround:watch(...)
  local watch, message, code = core.watch(self.target, ...)
  if not watch then return nil, message, code end
  table.insert(self.watches, watch)
  return true
end

-- What it answers when one of its commands cannot be executed.
local function aborted(message, code)
  return executed(errors.object "EXECABORT Transaction discarded because of previous errors.",
    { errors.object(message, code) })
end

function StoreGround:commit(queue)
  local takes_memory = false
  for _, words in ipairs(queue) do
    local good, message, code = core.resolve(self.target, table.unpack(words, 1, words.n))
    if not good then return aborted(message, code) end
    takes_memory = takes_memory or message
  end
  local good, message, code = core.execute(self.target, takes_memory)
  if not good then
    if code == "CLOSED" then return nil, message, code end
    return aborted(message, code)
  end
  for _, watch in ipairs(self.watches) do
    if not watch:holds() then return CHANGED end
  end
  local replies = {}
  for i, words in ipairs(queue) do replies[i] = element(self.target:call(table.unpack(words, 1, words.n))) end
  return replies
end

function StoreGround:close()
  core.executed(self.target)
  for _, watch in ipairs(self.watches) do watch:stop() end
end

local function store_ground(target)
  return setmetatable({ target = target, watches = {} }, StoreGround)
end

-- ---- a node ---------------------------------------------------------------------------------------------------------

local NodeGround = {}
NodeGround.__index = NodeGround

function NodeGround:call(...)
  if not self.session then
    local session, message, code = core.open_session(self.target)
    if not session then return nil, message, code end
    self.session = session
  end
  return core.call_in_session(self.target, self.session, ...)
end

function NodeGround:watch(...)
  return self:call("WATCH", ...)
end

function NodeGround:commit(queue)
  local replies = { element(self:call "MULTI") }
  for _, words in ipairs(queue) do
    replies[#replies + 1] = element(self:call(table.unpack(words, 1, words.n)))
  end
  return executed(element(self:call "EXEC"), replies)
end

function NodeGround:close()
  if self.session then core.close_session(self.target, self.session) end
end

local function node_ground(target)
  return setmetatable({ target = target }, NodeGround)
end

-- ---- a client -------------------------------------------------------------------------------------------------------

local ClientGround = {}
ClientGround.__index = ClientGround

function ClientGround:call(...)
  return self.target:call(...)
end

function ClientGround:watch(...)
  local results = table.pack(self.target:call("WATCH", ...))
  if results[1] then self.connection = self.connection or core.connection(self.target) end
  return table.unpack(results, 1, results.n)
end

-- Sent in one go. A connection that was lost has taken its watches with it.
function ClientGround:commit(queue)
  local connection = self.connection
  if connection and (connection == 0 or core.connection(self.target) ~= connection) then return CHANGED end
  self.connection = nil
  local replies, message, code = self.target:pipeline(function(p)
    p:multi()
    for _, words in ipairs(queue) do p:call(table.unpack(words, 1, words.n)) end
    p:exec()
  end)
  if not replies then return nil, message, code end
  return executed(replies[#replies], replies)
end

-- Watches that no EXEC has ended. Nobody waits for the answer: this may be the end of a task that was cancelled.
function ClientGround:close()
  if not self.connection or core.connection(self.target) ~= self.connection then return end
  pcall(self.target.pipeline, self.target, function(p)
    p:unwatch()
    error "without waiting"
  end)
end

-- Who is in a transaction on a client: the task, or true outside of tasks; and the tasks that wait for it to end.
local busy = setmetatable({}, { __mode = "k" })

local Turn = {}

function Turn:__close()
  local waiting = self.waiting
  busy[self.client] = nil
  for _, other in ipairs(waiting) do
    if other.state == "running" then scheduler.wake(self.client.world, other) end
  end
end

-- Waits until no other task is in a transaction on this client.
local function take_turn(client)
  local world = client.world
  local me = scheduler.current(world)
  while busy[client] and world:is_open() do
    local turn = busy[client]
    local owner = turn.owner
    -- a task that has come to this by a coroutine or a finalizer waits for it itself
    local runs = owner ~= true and owner.state == "running" and coroutine.status(owner.thread) ~= "suspended"
    if owner == (me or true) or runs then error("transaction: there is one on this client already", 3) end
    if me then
      table.insert(turn.waiting, me)
      scheduler.park(world)
    else
      scheduler.turn(world, world:now() + 1)
    end
  end
  busy[client] = setmetatable({ client = client, owner = me or true, waiting = {} }, Turn)
  return busy[client]
end

local function client_ground(target)
  return setmetatable({ target = target }, ClientGround)
end

-- ---- what the function is given -------------------------------------------------------------------------------------

---What `transaction` gives to its function. Commands are methods: up to `t:multi()` they are executed at once and
---return their reply, from then on they are kept until the function returns, and return nothing.
---@class tidelock.Transaction: tidelock.Commands
---@field package ground table
---@field package queue table[]|false
---@field package over boolean
local Transaction = {}

-- what is said by other means
local RESERVED = options.names("EXEC", "DISCARD", "MULTI", "WATCH", "UNWATCH")

local function send(self, name, ...)
  if self.over then error("the transaction is over", 2) end
  local command = type(name) == "string" and name:upper()
  if RESERVED[command] then
    if Transaction[name:lower()] then return Transaction[name:lower()](self, ...) end
    error(("%s: a transaction ends with its function; an error gives it up"):format(name:lower()), 2)
  end
  local words = commands.words(2, name, ...)
  if not self.queue then return self.ground:call(table.unpack(words, 1, words.n)) end
  table.insert(self.queue, words)
end

---Executes any command, or keeps it for the end.
function Transaction:call(...)
  return send(self, ...)
end

---From here on commands are kept, to be executed together.
function Transaction:multi()
  if self.over then error("the transaction is over", 2) end
  if self.queue then error("multi: it has begun already", 2) end
  self.queue = {}
end

---Further keys that must not change until the end.
---@param ... tidelock.Word
---@return true|nil, string? message, string? code
function Transaction:watch(...)
  if self.over then error("the transaction is over", 2) end
  if self.queue then error("watch: not after multi", 2) end
  local words = commands.words(2, "WATCH", ...)
  return self.ground:watch(table.unpack(words, 2, words.n))
end

-- Iterators are for what is decided upon: where commands are kept, there are no pages to go over.
for name, scan in pairs(scans) do
  Transaction[name] = function(self, ...)
    if self.queue or self.over then return send(self, name:upper(), ...) end
    return scan(self, ...)
  end
end

local transaction_metatable = {
  __name = "tidelock.Transaction",
  __index = commands.index(Transaction, send),
  __close = function(self)
    self.over = true
    self.ground:close()
  end,
}

-- ---- transactions ---------------------------------------------------------------------------------------------------

local NAMES = options.names("watch", "retries")
local RETRIES = 10

-- One attempt: what the commit answers, and what the function returned.
local function attempt(ground, keys, fn)
  local t <close> = setmetatable({ ground = ground, queue = not keys and {}, over = false }, transaction_metatable)
  if keys and #keys > 0 then
    local watched = table.pack(t:watch(table.unpack(keys)))
    if not watched[1] then return table.unpack(watched, 1, watched.n) end
  end
  local results = table.pack(fn(t))
  t.over = true
  if not t.queue then return {}, table.unpack(results, 1, results.n) end
  local committed = table.pack(ground:commit(t.queue))
  if not committed[1] then return table.unpack(committed, 1, committed.n) end
  return committed[1], table.unpack(results, 1, results.n)
end

local function attempts(new_ground, target, keys, retries, fn)
  for _ = 0, retries do
    local results = table.pack(attempt(new_ground(target), keys, fn))
    if results[1] ~= CHANGED then return table.unpack(results, 1, results.n) end
  end
  return errors.fail("CONFLICT", "what is watched was changed meanwhile, %d %s in a row", retries + 1,
    retries == 0 and "time" or "times")
end

-- The keys among the options, as a list.
local function watched_keys(given)
  local keys = given.watch or {}
  if type(keys) ~= "table" then keys = { keys } end
  for i = 1, #keys do
    local kind = type(keys[i])
    if kind ~= "string" and kind ~= "number" then
      error(("transaction: watch: string expected, got %s"):format(kind), 3)
    end
  end
  return keys
end

-- The method. `take` makes sure, for as long as what it returns is not closed, that nobody interferes.
local function method(new_ground, take)
  return function(self, given, fn)
    local keys, retries = nil, 0
    if fn == nil and type(given) == "function" then
      fn = given
    else
      given = options.check("transaction", given, NAMES)
      keys, retries = watched_keys(given), options.integer("transaction", given, "retries", RETRIES, 0)
    end
    if type(fn) ~= "function" then
      error(("transaction: fn: function expected, got %s"):format(type(fn)), 2)
    end
    local _ <close> = take and take(self)
    return attempts(new_ground, self, keys, retries, fn)
  end
end

return {
  of_stores = method(store_ground),
  of_nodes = method(node_ground),
  of_clients = method(client_ground, take_turn),
  element = element,
}
