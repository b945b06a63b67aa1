-- The two servers: ours and redis-server, and on each two connections, one in RESP2 and one in RESP3. What is sent to
-- one is sent to the other, in the same order.

local replies = require "spec.differential.replies"
local support = require "spec.server.support"

local encode = support.resp.encode

local Pair = {}
Pair.__index = Pair

local pair = {}

-- compact collections become large ones early: both sides of each limit are met
local LIMITS = {
  hashes = { "hash-max-listpack-entries", 16, "hash-max-listpack-value", 40 },
  sets = { "set-max-intset-entries", 16 },
  zsets = { "zset-max-listpack-entries", 16, "zset-max-listpack-value", 40 },
  lists = { "list-max-listpack-size", 8 },
  streams = { "stream-node-max-entries", 8 },
}

local WAITS_MAX = 1000 -- times that a server is asked whether somebody waits

-- both with the limits of these families
local function configure(self, families)
  for _, family in ipairs(families) do
    for _, server in ipairs { LIMITS[family] and self.ours, LIMITS[family] and self.theirs } do
      assert(server:call("CONFIG", "SET", table.unpack(LIMITS[family])))
    end
  end
end

---Starts both. The caller closes.
---@param families string[] what will be compared
function pair.new(families)
  local servers = support.servers()
  local self = setmetatable({ servers = servers }, Pair)
  local ok, why = pcall(function()
    self.ours, self.theirs = servers:start(), servers:redis()
    for _, server in ipairs { self.ours, self.theirs } do
      assert(server:call("DEBUG", "SET-ACTIVE-EXPIRE", 0)) -- when it does its work is chance
    end
    configure(self, families)
  end)
  if not ok then
    servers:stop_all()
    error(why, 0)
  end
  self.connections = {}
  self:connect()
  return self
end

---Connects anew: nothing that a connection had begun goes on.
function Pair:connect()
  for _, connection in ipairs(self.connections) do
    for i = 1, 2 do connection[i]:close() end
  end
  for i, protocol in ipairs { 2, 3 } do
    local connection = { queued = false }
    for j, server in ipairs { self.ours, self.theirs } do
      connection[j] = server:connect()
      assert(connection[j]:call("HELLO", protocol))
    end
    self.connections[i] = connection
  end
end

---Both empty, connections new.
function Pair:reset()
  self:connect()
  for _, client in ipairs(self.connections[1]) do
    assert(client:call "FLUSHALL" == "OK")
    assert(client:call("CONFIG", "RESETSTAT") == "OK")
    assert(client:call("CONFIG", "SET", "notify-keyspace-events", "") == "OK")
  end
end

---Sends commands over connection number `which` to both and returns two lists of replies.
---@param commands table[]
function Pair:exchange(which, commands)
  local requests = {}
  for i, command in ipairs(commands) do requests[i] = encode(table.unpack(command)) end
  local bytes, connection, answers = table.concat(requests), self.connections[which], { {}, {} }
  for i = 1, 2 do connection[i]:send(bytes) end
  for i = 1, 2 do
    for j = 1, #commands do answers[i][j] = replies.read(connection[i]) end
  end
  return answers[1], answers[2]
end

---Begins a command on connection number `which` that is going to wait for something, and sees both servers wait.
function Pair:begin(which, command)
  local connection, other = self.connections[which], self.connections[3 - which]
  for i = 1, 2 do
    connection[i]:send(encode(table.unpack(command)))
    for _ = 1, WAITS_MAX do
      other[i]:send(encode("INFO", "clients"))
      if replies.read(other[i]):find "blocked_clients:[1-9]" then break end
    end
  end
end

---The replies to what has been begun.
function Pair:ended(which)
  local connection = self.connections[which]
  return replies.read(connection[1]), replies.read(connection[2])
end

local MARK = "all that has come up to here"

-- what a connection is told until it has seen the mark
local function told(client, into)
  client:send(encode("PING", MARK))
  while true do
    local node = replies.read(client)
    if node == "$" .. MARK or type(node) == "table" and node[2] == "$" .. MARK then return end
    into[#into + 1] = node
  end
end

local function in_order(nodes)
  table.sort(nodes, function(a, b) return replies.show(a) < replies.show(b) end)
  return nodes
end

---Sends one command over connection number `which` to both and returns two lists: the replies, and behind them, sorted,
---the messages that both connections get on account of it. Not within a transaction.
function Pair:tell(which, command)
  local answers = { {}, {} }
  for i = 1, 2 do
    local own, others, messages, answer = {}, {}, {}, answers[i]
    self.connections[which][i]:send(encode(table.unpack(command)))
    told(self.connections[which][i], own)
    told(self.connections[3 - which][i], others)
    for _, node in ipairs(own) do
      local list = type(node) == "table" and node.kind == ">" and messages or answer
      list[#list + 1] = node
    end
    for _, list in ipairs { in_order(messages), in_order(others) } do
      table.move(list, 1, #list, #answer + 1, answer)
    end
  end
  return answers[1], answers[2]
end

function Pair:close()
  for _, connection in ipairs(self.connections) do
    for i = 1, 2 do connection[i]:close() end
  end
  self.servers:stop_all()
end

Pair.__close = Pair.close

return pair
