-- Nodes: what is made from commands at a node. csrc/lua/node.c has the primitives and makes every command a method.
--
-- What is in `shared` needs of a node only `call`, so other kinds of worlds (processes, attach) give it to theirs.

local backup = require "tidelock.backup"
local core = require "tidelock.core"
local durable = require "tidelock.durable"
local options = require "tidelock.options"
local scans = require "tidelock.scans"
local transaction = require "tidelock.transaction"

---@class tidelock.Node
local Node = core.Node

local shared = { durable = durable.methods.durable, committed = durable.methods.committed }

for name, method in pairs(scans) do shared[name] = method end

---Makes it a primary: REPLICAOF NO ONE.
function shared:promote()
  return self:call("REPLICAOF", "NO", "ONE")
end

-- "OK Already connected …" is an OK too
local function follow(self, host, port)
  local reply, message, code = self:call("REPLICAOF", host, port)
  if reply then return true end
  return nil, message, code
end

---Makes it a replica of another node, given as a node, "host:port" or host and port; nil or false make it a primary.
---@param primary tidelock.Node|string|nil|false
---@param port? integer
function shared:replicaof(primary, port)
  if not primary then return self:promote() end
  if port ~= nil then
    if type(primary) ~= "string" then
      error(("replicaof: host: string expected, got %s"):format(type(primary)), 2)
    end
    if primary:upper() == "NO" and tostring(port):upper() == "ONE" then return self:promote() end
    if not math.tointeger(port) then error(("replicaof: port: integer expected, got %s"):format(tostring(port)), 2) end
    return follow(self, primary, math.tointeger(port))
  end
  return follow(self, options.address("replicaof", primary))
end

shared.slaveof = shared.replicaof

---Gets a parameter, or sets it until the next restart. Underscores in its name are hyphens.
---@param name string
---@param value? string|number|boolean
---@return string|true|nil
function shared:config(name, value)
  if type(name) ~= "string" then error(("config: name: string expected, got %s"):format(type(name)), 2) end
  name = options.parameter(name)
  if value ~= nil then return self:call("CONFIG", "SET", name, options.value("config", name, value)) end
  local found, message, code = self:call("CONFIG", "GET", name)
  if not found then return nil, message, code end
  if found[1] then return found[2] end -- a RESP2 server's
  return found[name]
end

local SYNC_OPTIONS = { "level", "timeout", "on_timeout" }
local SYNC_NAMES = options.names(table.unpack(SYNC_OPTIONS))

---Whose acknowledgement a write waits for before it is answered, until the next restart: `"ANY 1 (b, c)"`,
---`"FIRST 2 (b, c, d)"`; false for nobody. Without arguments: who it is now.
---@param rule? string|false
---@param given? tidelock.SyncOptions those not given stay as they are
---@return string|true|nil
function shared:sync(rule, given)
  if rule == nil and given == nil then return self:config "sync-replicas" end
  if rule and type(rule) ~= "string" then
    error(("sync: rule: string or false expected, got %s"):format(type(rule)), 2)
  end
  given = options.check("sync", given, SYNC_NAMES)
  local words = { "CONFIG", "SET", "sync-replicas", rule or "" }
  for _, name in ipairs(SYNC_OPTIONS) do
    if given[name] ~= nil then
      words[#words + 1] = "sync-" .. options.parameter(name)
      words[#words + 1] = options.value("sync", name, given[name])
    end
  end
  return self:call(table.unpack(words))
end

-- the token of a write: itself, or of a receipt
local function token_of(what, token)
  if type(token) == "table" then token = token.token end
  if type(token) ~= "string" then error(("%s: token: string expected, got %s"):format(what, type(token)), 3) end
  return token
end

---Waits until a write is at this node: "applied"; "pending" if it is not within `timeout` ms; "lost" if it never will
---be, because the node's history went another way before it; "unknown" if the node cannot tell.
---@param token string|tidelock.Receipt what `node:token()`, `client:token()` or a receipt says of the write
---@param timeout? number ms, 0: for ever (default)
---@return "applied"|"pending"|"lost"|"unknown"|nil, string? message, string? code
function shared:wait_for(token, timeout)
  return self:call("WAITFOR", token_of("wait_for", token), timeout or 0)
end

-- "a=1,b=2" as a table; other text as it is or as a number
local function info_value(text)
  if not text:find "^[%w_]+=[^,]*,[%w_]+=" then return tonumber(text) or text end
  local fields = {}
  for name, value in text:gmatch "([%w_]+)=([^,]*)" do fields[name] = tonumber(value) or value end
  return fields
end

---INFO as a table: field = value, numbers as numbers, lines like `slave0` and `db0` as tables.
---@param section? string
---@return table<string, string|number|table>
function shared:info(section)
  local text, message, code
  if section == nil then
    text, message, code = self:call "INFO"
  else
    text, message, code = self:call("INFO", section)
  end
  if not text then return nil, message, code end
  local fields = {}
  for name, value in text:gmatch "([^\r\n:#]+):([^\r\n]*)" do fields[name] = info_value(value) end
  return fields
end

---Writes a backup of the node's data, as they are now, to a file of the machine that the script runs on: an RDB file
---with a trailer that covers every byte, verified after writing. There is never half of one under its name.
---@param path string
---@param given? tidelock.BackupOptions
---@return tidelock.Backup|nil, string? message, string? code
function Node:backup(path, given)
  return backup.of_node(self, path, given)
end

for name, method in pairs(shared) do Node[name] = method end

Node.transaction = transaction.of_nodes

return { Node = Node, shared = shared }
