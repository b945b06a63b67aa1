-- A client of Redis's protocol for the specs, independent of the module it judges: a blocking socket with deadlines,
-- RESP2 and RESP3, pipelining, and raw bytes both ways.
--
--   local client = resp.connect(port)
--   client:call("SET", "k", "v")               --> "OK"
--   client:call("GET", 1, 2)                   --> nil, "ERR wrong number of arguments for 'get' command"
--   client:pipeline({ { "SET", "a", 1 }, { "GET", "a" } })  --> { "OK", "1" }
--   client:send "PING\r\n"; client:line()      --> "+PONG"
--
-- Replies: strings, integers and floats as they are, arrays and maps as tables, null as resp.null, errors inside an
-- array as { err = text }, pushes as { push = { ... } }, big numbers and verbatim texts as strings.

local socket = require "posix.sys.socket"
local signal = require "posix.signal"
local unistd = require "posix.unistd"

-- a server that hangs up shall fail a test, not end the run
signal.signal(signal.SIGPIPE, signal.SIG_IGN)

local resp = { null = setmetatable({}, { __tostring = function() return "null" end }) }

local READ_SIZE = 1 << 16
local Client = {}
Client.__index = Client

---Connects to a port of this machine. nil where nobody listens.
---@param port integer
---@param timeout_s? integer of every single read and write; 20 if not given
function resp.connect(port, timeout_s)
  local fd = assert(socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0))
  for _, option in ipairs { socket.SO_RCVTIMEO, socket.SO_SNDTIMEO } do
    assert(socket.setsockopt(fd, socket.SOL_SOCKET, option, timeout_s or 20, 0))
  end
  assert(socket.setsockopt(fd, socket.IPPROTO_TCP, socket.TCP_NODELAY, 1))
  local done, message = socket.connect(fd, { family = socket.AF_INET, addr = "127.0.0.1", port = port })
  if not done then
    unistd.close(fd)
    return nil, message
  end
  return setmetatable({ fd = fd, buffer = "", at = 1 }, Client)
end

Client.__close = function(client) client:close() end

function Client:close()
  if self.fd then unistd.close(self.fd) end
  self.fd = nil
end

Client.__gc = Client.close

-- ---- sending ------------------------------------------------------------------------------------------------------

---A request as it goes over the wire.
function resp.encode(...)
  local words, count = { ... }, select("#", ...)
  local parts = { "*" .. count }
  for i = 1, count do
    local word = tostring(words[i])
    parts[2 * i], parts[2 * i + 1] = "$" .. #word, word
  end
  parts[2 * count + 2] = ""
  return table.concat(parts, "\r\n")
end

---Sends bytes as they are; raises when the other end does not take them in time.
function Client:send(bytes)
  local at = 1
  while at <= #bytes do
    local sent, message = socket.send(self.fd, bytes:sub(at, at + (1 << 18) - 1))
    if not sent then error("send: " .. message, 2) end
    at = at + sent
  end
end

-- ---- receiving ------------------------------------------------------------------------------------------------------

-- One more portion: nil at the end of the stream; raises when nothing comes in time.
local function portion(client)
  local bytes, message, number = socket.recv(client.fd, READ_SIZE)
  if bytes and bytes ~= "" then return bytes end
  if bytes or number == 104 then return nil, "closed" end -- ECONNRESET
  error("receive: " .. message, 3)
end

-- At least `size` bytes in the buffer from where it is read; nil when the stream ends before.
local function need(client, size)
  local have = #client.buffer - client.at + 1
  if have >= size then return true end
  local parts = { client.buffer:sub(client.at) }
  while have < size do
    local bytes = portion(client)
    if not bytes then break end
    parts[#parts + 1] = bytes
    have = have + #bytes
  end
  client.buffer, client.at = table.concat(parts), 1
  return have >= size or nil
end

---The next line without its end; nil where the stream ended.
function Client:line()
  while true do
    local ended = self.buffer:find("\r\n", self.at, true)
    if ended then
      local line = self.buffer:sub(self.at, ended - 1)
      self.at = ended + 2
      return line
    end
    if not need(self, #self.buffer - self.at + 2) then return nil, "closed" end
  end
end

---Exactly so many bytes; nil where the stream ended before.
function Client:bytes(size)
  if not need(self, size) then return nil, "closed" end
  local bytes = self.buffer:sub(self.at, self.at + size - 1)
  self.at = self.at + size
  return bytes
end

---All there is until the other end closes.
function Client:rest()
  need(self, math.maxinteger)
  return self:bytes(#self.buffer - self.at + 1)
end

local read

local function read_many(client, count)
  local items = {}
  for i = 1, count do
    local value, message = read(client)
    if value == nil then
      if message == "closed" then error("the connection ended in the middle of a reply", 0) end
      value = { err = message }
    end
    items[i] = value
  end
  return items
end

local function read_bulk(client, text)
  local size = math.tointeger(tonumber(text))
  if size < 0 then return resp.null end
  local bytes = client:bytes(size + 2)
  return bytes and bytes:sub(1, -3), "closed"
end

local function read_array(client, text)
  local count = math.tointeger(tonumber(text))
  return count < 0 and resp.null or read_many(client, count)
end

local function read_map(client, text)
  local items, map = read_many(client, 2 * math.tointeger(tonumber(text))), {}
  for i = 1, #items, 2 do map[items[i]] = items[i + 1] end
  return map
end

local KINDS = {
  ["+"] = function(_, text) return text end,
  ["-"] = function(_, text) return nil, text end,
  [":"] = function(_, text) return math.tointeger(tonumber(text)) end,
  ["$"] = read_bulk,
  ["*"] = read_array,
  ["_"] = function() return resp.null end,
  ["#"] = function(_, text) return text == "t" end,
  [","] = function(_, text) return tonumber(text) + 0.0 end,
  ["("] = function(_, text) return text end,
  ["="] = function(client, text)
    local bytes = read_bulk(client, text)
    return bytes and bytes:sub(5), "closed"
  end,
  ["%"] = read_map,
  ["~"] = read_array,
  [">"] = function(client, text) return { push = read_array(client, text) } end,
}

function read(client)
  local line, message = client:line()
  if not line then return nil, message end
  local kind = KINDS[line:sub(1, 1)] or error(("no reply begins like this: %q"):format(line:sub(1, 80)), 0)
  return kind(client, line:sub(2))
end

---The next reply; nil and a text for an error, nil and "closed" at the end of the stream.
function Client:receive()
  return read(self)
end

---Sends a command and waits for its reply.
function Client:call(...)
  self:send(resp.encode(...))
  return read(self)
end

---Sends many commands, a thousand at a time, and returns all replies.
---@param commands table[]
function Client:pipeline(commands)
  local replies = {}
  for first = 1, #commands, 1000 do
    local last = math.min(first + 999, #commands)
    local requests = {}
    for i = first, last do requests[#requests + 1] = resp.encode(table.unpack(commands[i])) end
    self:send(table.concat(requests))
    table.move(read_many(self, last - first + 1), 1, last - first + 1, first, replies)
  end
  return replies
end

return resp
