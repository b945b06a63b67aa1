-- The data of a server, as one that becomes its replica gets them: RDB data in pieces, of one moment of its history.
-- Speaks Redis's replication protocol over a socket of its own, as redis-cli --rdb does: `REPLCONF rdb-only` where the
-- server knows it, so that no stream is kept for it, and PSYNC.

local clock = require "tidelock.clock"
local core = require "tidelock.core"
local errno = require "posix.errno"
local errors = require "tidelock.errors"
local fcntl = require "posix.fcntl"
local poll = require "posix.poll"
local socket = require "posix.sys.socket"
local unistd = require "posix.unistd"

local RECEIVE = 256 * 1024
local LINE_MAX = 64 * 1024
local STOP_MS = 500 -- how often it is asked whether to stop
local MARK_SIZE = 40 -- of the mark that ends data whose size was not known

---@class tidelock.BackupSource
---@field replid string the history, and
---@field offset integer how far along it the data are
---@field total integer|nil bytes, if the server knows
---@field received integer bytes of data so far
local Source = {}
Source.__index = Source

-- ---- the socket ---------------------------------------------------------------------------------------------------

local function is_ready(fd, writing, ms)
  local fds = { [fd] = { events = { [writing and "OUT" or "IN"] = true } } }
  local ready, message, code = poll.poll(fds, ms)
  if not ready and code ~= errno.EINTR then return nil, message end
  return ready == 1
end

-- blocks: for a program that has nothing else to do, unless it is stopped
local function wait_unless(stopped)
  return function(fd, writing, ms)
    local deadline = clock.monotonic_ms() + ms
    while not stopped() do
      local left = deadline - clock.monotonic_ms()
      local ready, message = is_ready(fd, writing, math.ceil(math.max(0, math.min(left, STOP_MS))))
      if ready or message then return ready, message end
      if left <= 0 then return false end
    end
    return nil, "stopped"
  end
end

-- goes on turning the world: for a script
local function wait_in(world)
  return function(fd, writing, ms)
    local deadline = world:now() + ms
    while true do
      local ready, message = is_ready(fd, writing, 0)
      if ready or message then return ready, message end
      if world:now() >= deadline then return false end
      local slept
      slept, message = world:sleep(1)
      if not slept then return nil, message end
    end
  end
end

-- True when the socket is ready, else why not.
function Source:ready(writing)
  local ready, message = self.wait(self.fd, writing, self.timeout)
  if ready then return true end
  if message then return errors.fail("ERR", "%s: %s", self.name, message) end
  return errors.fail("TIMEOUT", "%s: nothing came for %g ms", self.name, self.timeout)
end

function Source:close()
  if self.fd then unistd.close(self.fd) end
  self.fd = nil
end

Source.__close = Source.close
Source.__gc = Source.close

local function try_address(self, address)
  local fd, message = socket.socket(address.family, socket.SOCK_STREAM, 0)
  if not fd then return nil, message end
  self.fd = fd
  fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | fcntl.O_NONBLOCK)
  fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
  local done, why, code = socket.connect(fd, address)
  if not done and code == errno.EINPROGRESS then
    done, why = self:ready(true)
    local wrong = done and socket.getsockopt(fd, socket.SOL_SOCKET, socket.SO_ERROR)
    if wrong and wrong ~= 0 then done, why = nil, errno.errno(wrong) end
  end
  if done then return true end
  self:close()
  return nil, why
end

function Source:connect(host, port)
  local hints = { family = socket.AF_UNSPEC, socktype = socket.SOCK_STREAM }
  local addresses, message = socket.getaddrinfo(host, tostring(port), hints)
  if not addresses then return errors.fail("ERR", "%s: %s", self.name, message) end
  for _, address in ipairs(addresses) do
    local done, why = try_address(self, address)
    if done then return true end
    message = why
  end
  return errors.fail("ERR", "%s: %s", self.name, message or "no address")
end

function Source:send(...)
  local words = { ... }
  local request = { ("*%d\r\n"):format(#words) }
  for _, word in ipairs(words) do request[#request + 1] = ("$%d\r\n%s\r\n"):format(#word, word) end
  local data = table.concat(request)
  while #data > 0 do
    local ready, message, code = self:ready(true)
    if not ready then return nil, message, code end
    local sent, number = core.backup_send(self.fd, data)
    if not sent and number ~= errno.EAGAIN and number ~= errno.EINTR then
      return errors.fail("ERR", "%s: %s", self.name, (errno.errno(number)))
    end
    data = data:sub((sent or 0) + 1)
  end
  return true
end

-- What came; nil and why when nothing does.
function Source:receive()
  while true do
    local ready, message, code = self:ready(false)
    if not ready then return nil, message, code end
    local data, why, number = socket.recv(self.fd, RECEIVE)
    if data and #data > 0 then return data end
    if data then return errors.fail("ERR", "%s: it closed the connection", self.name) end
    if number ~= errno.EAGAIN and number ~= errno.EINTR then
      return errors.fail("ERR", "%s: %s", self.name, why)
    end
  end
end

-- A line; empty ones are what a server says to show that it is there.
function Source:line()
  while true do
    local line, rest = self.input:match "^([^\n]*)\n(.*)$"
    if line then
      self.input = rest
      line = line:gsub("\r$", "")
      if line ~= "" then return line end
    else
      if #self.input > LINE_MAX then return errors.fail("ERR", "%s: this is no Redis server", self.name) end
      local data, message, code = self:receive()
      if not data then return nil, message, code end
      self.input = self.input .. data
    end
  end
end

-- ---- the protocol -------------------------------------------------------------------------------------------------

-- The reply's line. An error reply is a failure too; then the fourth result is true.
function Source:ask(...)
  local done, message, code = self:send(...)
  if not done then return nil, message, code end
  local line
  line, message, code = self:line()
  if not line then return nil, message, code end
  if line:sub(1, 1) == "-" then
    local why, words = line:match "^%-(%S*) ?(.*)$"
    return nil, ("%s %s: %s"):format(why, self.name, words), why, true
  end
  return line
end

function Source:handshake(auth)
  if auth then
    local done, message, code = self:ask("AUTH", table.unpack(auth))
    if not done then return nil, message, code end
  end
  -- a server that is too old to know these goes on without
  for _, words in ipairs { { "rdb-only", "1" }, { "capa", "eof" } } do
    local done, message, code, replied = self:ask("REPLCONF", table.unpack(words))
    if not done and not (replied and code == "ERR") then return nil, message, code end
  end
  local line, message, code = self:ask("PSYNC", "?", "-1")
  if not line then return nil, message, code end
  local replid, offset = line:match "^%+FULLRESYNC (%x+) (%d+)$"
  if not replid then return errors.fail("ERR", "%s: to PSYNC it says '%s'", self.name, line:sub(1, 100)) end
  self.replid, self.offset = replid, math.tointeger(offset)
  return true
end

-- "$<size>" or "$EOF:<mark>"
function Source:header()
  local line, message, code = self:line()
  if not line then return nil, message, code end
  self.total, self.mark = math.tointeger(line:match "^%$(%d+)$"), line:match "^%$EOF:(.+)$"
  if self.total or self.mark and #self.mark == MARK_SIZE then return true end
  return errors.fail("ERR", "%s: data should follow, but it says '%s'", self.name, line:sub(1, 100))
end

-- A piece of data whose size is known.
function Source:read_counted()
  local left = self.total - self.received
  if left == 0 then return nil end
  local data, message, code = self.input, nil, nil
  if data == "" then data, message, code = self:receive() end
  if not data then return nil, message, code end
  self.input = ""
  data = data:sub(1, left)
  self.received = self.received + #data
  return data
end

-- A piece of data that go on until the mark. What could be its beginning is held back.
function Source:read_marked()
  while not self.ended do
    local at = self.input:find(self.mark, 1, true)
    local size = at and at - 1 or #self.input - MARK_SIZE + 1
    self.ended = at ~= nil
    if size > 0 then
      local data = self.input:sub(1, size)
      self.input = self.input:sub(size + 1)
      self.received = self.received + size
      return data
    elseif not at then
      local data, message, code = self:receive()
      if not data then return nil, message, code end
      self.input = self.input .. data
    end
  end
  return nil
end

---The next piece; nil: that was all; nil and a message: it failed.
---@return string|nil, string? message, string? code
function Source:read()
  if self.total then return self:read_counted() end
  return self:read_marked()
end

---Becomes a replica of host:port for the length of one snapshot.
---@param host string
---@param port integer
---@param given? { auth?: string[], timeout?: number, world?: table, stopped?: fun(): boolean } auth: password, or name
---  and password; timeout: ms without a byte (60,000); world: it goes on turning meanwhile; stopped: whether to give up
---@return tidelock.BackupSource|nil, string? message, string? code
local function open(host, port, given)
  given = given or {}
  local self = setmetatable({
    name = ("%s:%d"):format(host, port), timeout = given.timeout or 60000, input = "", received = 0,
    wait = given.world and wait_in(given.world) or wait_unless(given.stopped or function() return false end),
  }, Source)
  local done, message, code = self:connect(host, port)
  if done then done, message, code = self:handshake(given.auth) end
  if done then done, message, code = self:header() end
  if done then return self end
  self:close()
  return nil, message, code
end

return { open = open }
