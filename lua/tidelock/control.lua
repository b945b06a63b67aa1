-- The connections over which a node somewhere else is asked (remote.lua): one for what is answered at once, which after
-- two seconds without an answer takes the server for gone; and others, made when they are needed, for what may take as
-- long as it likes. Each of these has one request at a time, for what comes behind one that waits would wait with it.

local core = require "tidelock.core"

local LIMIT_MS = 2000 -- of what is answered at once

local PATIENT = {}
for name in ("BLPOP BRPOP BLMOVE BLMPOP BRPOPLPUSH BZPOPMIN BZPOPMAX BZMPOP DURABLE"):gmatch "%u+" do
  PATIENT[name] = true
end
local READS = { XREAD = true, XREADGROUP = true } -- with BLOCK

-- Whether a request may wait on purpose.
local function waits(name, ...)
  if type(name) ~= "string" then return false end
  name = name:upper()
  if PATIENT[name] then return true end
  if not READS[name] then return false end
  for i = 1, select("#", ...) do
    local word = select(i, ...)
    if type(word) == "string" and word:upper() == "BLOCK" then return true end
    if type(word) == "string" and word:upper() == "STREAMS" then return false end
  end
  return false
end

---@class tidelock.Control
---@field package live tidelock.World
---@field package host string
---@field package port integer
---@field package login tidelock.Login|nil
---@field package quick tidelock.Client
---@field package patient tidelock.Client[]
---@field package idle tidelock.Client[] of those
local Control = {}
Control.__index = Control

local function address(self)
  return ("%s:%d"):format(self.host, self.port)
end

local function connect(self, timeout)
  local login = self.login or {}
  return self.live:client(address(self), { timeout = timeout, user = login.user, password = login.password })
end

function Control:call(...)
  if not waits(...) then return self.quick:call(...) end
  local client = table.remove(self.idle)
  if not client then
    client = connect(self, false)
    table.insert(self.patient, client)
  end
  local function done(...)
    table.insert(self.idle, client)
    return ...
  end
  return done(client:call(...))
end

for _, name in ipairs { "pipeline", "transaction" } do
  Control[name] = function(self, ...) return self.quick[name](self.quick, ...) end
end

---The server is at another address from now on.
---@param host string
---@param port integer
function Control:go_to(host, port)
  self.host, self.port = host, port
  for _, client in ipairs(self.patient) do client:go_to(host, port) end
  return self.quick:go_to(host, port)
end

function Control:close()
  for _, client in ipairs(self.patient) do client:close() end
  return self.quick:close()
end

---Asks until there is enough of an answer or `timeout` ms are over (0: for ever), in slices short enough for the
---connection of what is answered at once, where others ask in between. `ask(ms)` answers; `enough(answer)`.
---@param timeout number
---@param ask fun(slice: integer): any, string?, string?
---@param enough fun(answer: any): boolean
function Control:wait(timeout, ask, enough)
  local slice_max, begun = LIMIT_MS / 4, self.live:now()
  while true do
    local left = timeout == 0 and slice_max or timeout - (self.live:now() - begun)
    local slice = math.max(1, math.min(slice_max, math.ceil(left)) // 1 | 0)
    local answer, message, code = ask(slice)
    if answer == nil or answer == core.null then return nil, message, code end
    if enough(answer) or (timeout ~= 0 and left <= slice) then return answer end
  end
end

---@param live tidelock.World
---@param host string
---@param port integer
---@param login? tidelock.Login
---@return tidelock.Control
local function new(live, host, port, login)
  local self = setmetatable({ live = live, host = host, port = port, login = login, patient = {}, idle = {} }, Control)
  self.quick = connect(self, LIMIT_MS)
  return self
end

return { new = new }
