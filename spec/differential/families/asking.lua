-- What is asked about keys, commands, clients and the server, and what moves whole values and databases about: OBJECT,
-- MEMORY, DUMP and RESTORE, COMMAND, CLIENT, CONFIG, ACL, DEBUG, SWAPDB.

local POOLS = {}
for _, name in ipairs { "strings", "hashes", "lists", "sets", "zsets", "streams", "keys", "bits" } do
  POOLS[#POOLS + 1] = require("spec.differential.families." .. name)
end

local PREFIXES = { "s", "h", "l", "t", "z", "x", "b" }
local function key(d) return d:key(d:one_of(PREFIXES)) end
local function integer(d) return d:integer() end

-- values as redis-server dumps them: strings, list, sets, hash, sorted set
local DUMPS = {
  "\x00\x05hello\x0a\x00cr\xdfve4 \x0a",
  "\x00\xc190\x0a\x00\x9d\x94\xea'\x93\xfc\x08\xb9",
  "\x00\xc3\x09<\x01aa\xe0/\x00\x01aa\x0a\x00\xa6~\x08\xb2\x17\xd0\x97\x80",
  "\x12\x01\x02\x0f\x0f\x00\x00\x00\x03\x00\x81a\x02\x81b\x02\x03\x01\xff\x0a\x00\xdc\xa1\xe6}P\x05PH",
  "\x0b\x0e\x02\x00\x00\x00\x03\x00\x00\x00\x01\x00\x02\x00,\x01\x0a\x00\xe5\x10\xb2\x8e{\x95)\xaa",
  "\x02\x02\x01b\x01a\x0a\x00u\xd9\x9d\x83^\xf8_e",
  "\x10\x12\x12\x00\x00\x00\x04\x00\x81f\x02\x81v\x02\x81g\x02\x01\x01\xff\x0a\x00#\xc1\xa5\xe3]\xfa\xe8\x1c",
  "\x11\x14\x14\x00\x00\x00\x04\x00\x81a\x02\x01\x01\x81b\x02\x832.5\x04\xff\x0a\x00\xd4Ln\xa4\xf6D\xd9\xd7",
}

local function payload(d)
  local dump = d:one_of(DUMPS)
  if not d:once_in(8) then return dump end
  local at = d:between(1, #dump)
  return d:once_in(2) and dump:sub(1, at - 1) or dump:sub(1, at - 1) .. "\x7f" .. dump:sub(at + 1)
end

local function restore(d)
  local words = { d:once_in(6) and "RESTORE-ASKING" or "RESTORE", key(d), d:once_in(3) and d:seconds() .. "000" or "0",
    payload(d), whole = true }
  return d:options(words, { "REPLACE", "REPLACE", { "IDLETIME", function() return d:integer(0, 1000) end },
    { "FREQ", function() return d:integer(0, 300) end } })
end

-- a command of any type as words, not to be run
local function any(d)
  local command, words = d:one_of(d:one_of(POOLS))[2](d), {}
  if command.after then return { "PING" } end -- it brings others
  for i, word in ipairs(command) do words[i] = word end
  return words
end

local function about(...)
  local front = { ... }
  return function(d)
    local words = { whole = true, table.unpack(front) }
    return table.move(any(d), 1, 30, #words + 1, words)
  end
end

local function words(...)
  local makers = { ... }
  return function(d)
    local list = {}
    for i, make in ipairs(makers) do list[i] = type(make) == "function" and make(d) or make end
    return list
  end
end

-- not of a container: its subcommands come in any order
local function info(d)
  local name = any(d)[1]
  local container = ("OBJECT XINFO XGROUP"):find(name:upper(), 1, true)
  return { "COMMAND", "INFO", container and "GET" or name, whole = true }
end

local function name(d) return d:one_of { "me", "", "a b", "x\ny", "somebody", "\xff" } end
local function switch(d) return d:word(d:one_of { "ON", "OFF", "on", "maybe" }) end
local function id(d) return d:one_of { "99999", "0", "-1", "abc", "", "9223372036854775807" } end
local function parameter(d)
  return d:one_of { "maxmemory", "timeout", "HASH-max-listpack-value", "replicaof", "nosuch", "appendfsync",
    "maxmemory-policy", "lua-time-limit" }
end
local function wrong(d)
  return d:one_of { "abc", "1e9", "yes and no", "99999999999999999999" }
end
local function category(d)
  return d:one_of { "hash", "Set", "stream", "bitmap", "transaction", "nosuch", "" }
end
local function kind(d)
  return d:one_of { "string", "integer", "double", "bignum", "null", "array", "set", "map", "verbatim", "true", "false",
    "nosuch" }
end

return {
  { 4, words("OBJECT", "REFCOUNT", key), "shape" },
  { 3, words("OBJECT", "FREQ", key) },
  { 3, words("OBJECT", "IDLETIME", key), "shape" },
  { 4, words("OBJECT", "ENCODING", key), "encoding" },
  { 3, words("MEMORY", "USAGE", key), "shape" },
  { 2, words("MEMORY", "USAGE", key, "SAMPLES", integer), "shape" },
  { 4, words("DUMP", key), "shape" },
  { 8, restore },
  { 6, about("COMMAND", "GETKEYS") },
  { 4, about("COMMAND", "GETKEYSANDFLAGS") },
  { 3, about("ACL", "DRYRUN", "default") },
  { 1, info },
  { 1, words("COMMAND", "LIST", "FILTERBY", "PATTERN", function(d) return d:one_of { "x*", "h?et", "lat*" } end),
    "unordered" },
  { 1, words("ACL", "CAT", category), "unordered" },
  { 1, words("ACL", "GETUSER", name) },
  { 1, function(d) return { "ACL", d:one_of { "WHOAMI", "LIST", "USERS", "LOG", "NOSUCH" } } end },
  { 2, words("CLIENT", "SETNAME", name) },
  { 2, words("CLIENT", "GETNAME") },
  { 1, words("CLIENT", "ID"), "shape" },
  { 1, words("CLIENT", "INFO"), "shape" },
  { 1, words("CLIENT", "LIST", "ID", id), "shape" },
  { 1, words("CLIENT", "LIST", "TYPE", function(d) return d:one_of { "normal", "replica", "pubsub", "nosuch" } end),
    "shape" },
  { 1, words("CLIENT", "KILL", "ID", id) },
  { 1, words("CLIENT", "KILL", "ADDR", name, "SKIPME", switch) },
  { 1, words("CLIENT", "NO-EVICT", switch) },
  { 1, words("CLIENT", "TRACKING", "OFF") },
  { 1, function(d) return { "CLIENT", d:one_of { "TRACKINGINFO", "GETREDIR", "UNPAUSE", "NOSUCH" } } end },
  { 1, words("CLIENT", "UNBLOCK", id, function(d) return d:one_of { "TIMEOUT", "ERROR", "" } end) },
  { 1, words("CLIENT", "REPLY", "ON") },
  { 2, words("CONFIG", "GET", parameter) },
  { 1, words("CONFIG", "SET", "timeout", wrong), "error" },
  { 1, words("CONFIG", "SET", "slowlog-max-len", "128", "hz", wrong), "error" },
  { 2, words("DEBUG", "PROTOCOL", kind) },
  { 1, words("DEBUG", "ERROR", function(d) return "ERR " .. d:value():sub(1, 50):gsub("%z", "") end) },
  { 1, words("DEBUG", "LISTPACK", key), "shape" },
  { 1, words("SWAPDB", "0", function(d) return d:one_of { "1", "0", "16", "x" } end) },
  { 1, words("FLUSHDB", function(d) return d:one_of { "ASYNC", "sync", "NOSUCH" } end) },
  { 1, words("WAIT", "0", "0") },
  { 1, words("ECHO", function(d) return d:value() end) },
  { 1, words("LATENCY", "HISTORY", name) },
  { 1, words("SLOWLOG", "GET", function(d) return d:one_of { "abc", "-2", "" } end) },
  { 1, words("FUNCTION", "FLUSH", switch) },
  { 1, words("SCRIPT", "EXISTS", name) },
  { 1, words("CLUSTER", "INFO") },
  { 1, words("MODULE", "LIST") },
  { 6, function(d) return any(d) end, "shape" },
}
