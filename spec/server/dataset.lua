-- What a server holds, key by key, to compare two of them: type, value and time of expiry of every key in every
-- database. And data to put there.

local dataset = {}

local BATCH = 500

local function for_each(command, keys, ...)
  local requests = {}
  for i, key in ipairs(keys) do
    requests[i] = command == "XINFO" and { command, "STREAM", key, ... } or { command, key, ... }
  end
  return requests
end

-- a reply as one text
local function written(reply)
  if type(reply) ~= "table" then return ("%q"):format(reply) end
  local texts = {}
  for i, element in ipairs(reply) do texts[i] = written(element) end
  return "{" .. table.concat(texts, " ") .. "}"
end

-- XINFO's fields that say how a stream is kept, or when a consumer was last there: not what it holds
local NOT_DATA = { ["radix-tree-keys"] = true, ["radix-tree-nodes"] = true, ["seen-time"] = true }

local function without_shape(reply)
  if type(reply) ~= "table" then return reply end
  local kept, i = {}, 1
  while i <= #reply do
    if NOT_DATA[reply[i]] then
      i = i + 2
    else
      kept[#kept + 1] = without_shape(reply[i])
      i = i + 1
    end
  end
  return kept
end

-- one text of the elements, `width` at a time, whatever their order
local function sorted(elements, width)
  local texts = {}
  for i = 1, #elements, width do
    texts[#texts + 1] = ("%q"):format(table.concat(elements, "\0", i, i + width - 1))
  end
  table.sort(texts)
  return table.concat(texts, " ")
end

-- how the values of many keys of a type are asked for: commands, and what their replies are
local READERS = {
  string = {
    ask = function(keys) return { { "MGET", table.unpack(keys) } } end,
    take = function(replies, i) return replies[1][i] end,
  },
  hash = {
    ask = function(keys) return for_each("HGETALL", keys) end,
    take = function(replies, i) return sorted(replies[i], 2) end,
  },
  set = {
    ask = function(keys) return for_each("SMEMBERS", keys) end,
    take = function(replies, i) return sorted(replies[i], 1) end,
  },
  list = {
    ask = function(keys) return for_each("LRANGE", keys, 0, -1) end,
    take = function(replies, i) return written(replies[i]) end,
  },
  zset = {
    ask = function(keys) return for_each("ZRANGE", keys, 0, -1, "WITHSCORES") end,
    take = function(replies, i) return written(replies[i]) end,
  },
  stream = {
    ask = function(keys) return for_each("XINFO", keys, "FULL", "COUNT", 0) end,
    take = function(replies, i) return written(without_shape(replies[i])) end,
  },
}

-- the keys of a type in the selected database
local function keys_of(client, kind)
  local keys, seen, cursor = {}, {}, "0"
  repeat
    local reply = assert(client:call("SCAN", cursor, "TYPE", kind, "COUNT", BATCH))
    cursor = reply[1]
    for _, key in ipairs(reply[2]) do
      if not seen[key] then keys[#keys + 1] = key end
      seen[key] = true
    end
  until cursor == "0"
  return keys
end

-- what there is to know about some keys, added to `found`
local function read_keys(client, kind, keys, found)
  local requests = READERS[kind].ask(keys)
  local values = #requests
  for i, key in ipairs(keys) do requests[values + i] = { "PEXPIRETIME", key } end
  local replies = client:pipeline(requests)
  for i, key in ipairs(keys) do found[key] = { kind, READERS[kind].take(replies, i), replies[values + i] } end
end

---Everything: database → key → { type, value, expiry in ms since 1970 or -1 }.
function dataset.read(server)
  local client = server:connect()
  local all = {}
  for db in assert(client:call("INFO", "keyspace")):gmatch "db(%d+):" do
    assert(client:call("SELECT", db))
    local found, count = {}, 0
    for kind in pairs(READERS) do
      local keys = keys_of(client, kind)
      count = count + #keys
      for first = 1, #keys, BATCH do
        read_keys(client, kind, table.move(keys, first, math.min(first + BATCH - 1, #keys), 1, {}), found)
      end
    end
    assert(count == client:call "DBSIZE", "keys of a type that is not known here")
    all[tonumber(db)] = found
  end
  client:close()
  return all
end

-- the first keys, a few, in which two databases differ
local function differences(db, a, b, list)
  for key, fact in pairs(a) do
    local other = b[key]
    if not other then
      list[#list + 1] = ("db%d %q: only in one"):format(db, key)
    elseif fact[1] ~= other[1] or fact[3] ~= other[3] or fact[2] ~= other[2] then
      list[#list + 1] = ("db%d %q: %s %q %s against %s %q %s"):format(db, key, fact[1], tostring(fact[2]):sub(1, 50),
        fact[3], other[1], tostring(other[2]):sub(1, 50), other[3])
    end
  end
  for key in pairs(b) do
    if not a[key] then list[#list + 1] = ("db%d %q: only in the other"):format(db, key) end
  end
end

---Raises where a server does not hold what another did (dataset.read); returns how many keys there are.
function dataset.same_as(a, server, level)
  local b, list, count = dataset.read(server), {}, 0
  for db = 0, 15 do
    differences(db, a[db] or {}, b[db] or {}, list)
    for _ in pairs(a[db] or {}) do count = count + 1 end
  end
  if #list > 0 then
    error(("%d differences: %s"):format(#list, table.concat(list, "; ", 1, math.min(#list, 5))), (level or 1) + 1)
  end
  return count
end

---Raises where two servers do not hold the same; returns how many keys there are.
function dataset.same(one, other)
  return dataset.same_as(dataset.read(one), other, 2)
end

-- a hash or a set, small or large, of integers or not
local function collection(key, i)
  local words = { i % 2 == 0 and "HSET" or "SADD", key }
  for j = 1, i % 11 == 0 and 700 or i % 9 + 1 do
    words[#words + 1] = i % 3 == 0 and ("element %d"):format(j) or tostring(i * j)
    if i % 2 == 0 then words[#words + 1] = i % 5 == 0 and ("long "):rep(j % 40) or j end
  end
  return words
end

---Writes keys "PREFIX:1" … of many kinds and sizes; every second one expires, in hours.
function dataset.write(server, prefix, count)
  local commands = {}
  for i = 1, count do
    local key, value = ("%s:%d"):format(prefix, i), i
    if i % 7 == 0 then value = ("%d\0\r\n\xff"):format(i):rep(i % 20 + 1) end
    if i % 1000 == 0 then value = ("compressible "):rep(i % 97 + 50) end
    if i % 5 == 0 then value = -i * 1000003 end
    commands[#commands + 1] = i % 2 == 0 and { "SET", key, value, "PX", 3600000 + i } or { "SET", key, value }
    if i % 20 == 0 then commands[#commands + 1] = collection(("%s:collection:%d"):format(prefix, i // 20), i // 20) end
  end
  for _, reply in ipairs(server:pipeline(commands)) do
    assert(reply == "OK" or math.type(reply) == "integer", type(reply) == "table" and reply.err or reply)
  end
end

local function append(to, ...)
  return table.move({ ... }, 1, select("#", ...), #to + 1, to)
end

---Writes lists, sorted sets and streams, small and large, in two databases.
function dataset.write_ordered(server, prefix)
  local function key(name) return prefix .. ":" .. name end
  local commands = {}
  for _, size in ipairs { 1, 50, 3000 } do
    local list, zset = { "RPUSH", key("list" .. size) }, { "ZADD", key("zset" .. size) }
    for i = 1, size do
      append(list, i % 3 == 0 and i or ("element %d "):format(i):rep(i % 7))
      append(zset, i % 5 == 0 and i / 8 or i % 10, ("member %d"):format(i))
      append(commands, { "XADD", key("stream" .. size), ("%d-%d"):format(1000 + i // 2, i), "field", i, "other", "v" })
    end
    append(commands, list, zset)
  end
  append(commands,
    { "ZADD", key "edges", "-inf", "low", "inf", "high", 0, "zero", "1e300", "huge", "0.1", "tenth" },
    { "RPUSH", key "long", ("compressible "):rep(2000), "" }, { "PEXPIRE", key "long", 7000000 },
    { "XGROUP", "CREATE", key "stream50", "readers", "1005-11" },
    { "XREADGROUP", "GROUP", "readers", "one", "COUNT", 10, "STREAMS", key "stream50", ">" },
    { "XREADGROUP", "GROUP", "readers", "two", "COUNT", 3, "STREAMS", key "stream50", ">" },
    { "XACK", key "stream50", "readers", "1006-12", "1006-13" }, { "XDEL", key "stream50", "1010-20", "1025-50" },
    { "XGROUP", "CREATE", key "empty", "none", "$", "MKSTREAM" }, { "XTRIM", key "stream3000", "MAXLEN", 1500 },
    { "SELECT", 11 }, { "RPUSH", key "list", 1, 2, 3 }, { "ZADD", key "zset", 1, "a" },
    { "PEXPIRE", key "zset", 9000000 },
    { "XADD", key "stream", "7-1", "a", "b" }, { "SELECT", 0 })
  for i, reply in ipairs(server:pipeline(commands)) do
    assert(type(reply) ~= "table" or not reply.err, ("%s: %s"):format(table.concat(commands[i], " "):sub(1, 80),
      type(reply) == "table" and reply.err))
  end
end

---Commands of all kinds that a stream may carry, in several databases. Nothing expires, now or soon: what goes into the
---stream is over when this returns.
function dataset.churn(server, prefix)
  local function key(name) return prefix .. ":" .. name end
  for _, command in ipairs {
    { "SELECT", 0 }, { "SET", key "a", "1" }, { "INCRBY", key "a", 41 }, { "INCRBYFLOAT", key "f", "0.1" },
    { "APPEND", key "b", "x\r\n\0y" }, { "SETRANGE", key "b", 10, "end" }, { "MSET", key "c", 1, key "d", 2 },
    { "SETEX", key "e", 5000, "v" }, { "PSETEX", key "g", 5000000, "v" }, { "EXPIRE", key "c", 5000 },
    { "GETEX", key "d", "PX", 6000000 }, { "GETDEL", key "none" }, { "SET", key "h", 1, "EX", 9000 },
    { "SET", key "h", 2, "KEEPTTL" }, { "PERSIST", key "e" }, { "EXPIREAT", key "e", 4102444800 },
    { "SELECT", 3 }, { "SET", key "a", "in 3" }, { "COPY", key "a", key "copy", "DB", 5 }, { "MOVE", key "a", 7 },
    { "SELECT", 15 }, { "SET", key "x", 1 }, { "SET", key "y", 2 }, { "RENAME", key "x", key "z" },
    { "RENAMENX", key "z", key "y" }, { "DEL", key "y" }, { "UNLINK", key "none" },
    { "SELECT", 0 }, { "SWAPDB", 5, 6 }, { "SELECT", 9 }, { "SET", key "flushed", 1 }, { "FLUSHDB" },
    { "SELECT", 0 }, { "MULTI" }, { "SET", key "m", 1 }, { "SELECT", 4 }, { "SET", key "m", 2 }, { "INCR", key "m" },
    { "EXEC" }, { "SELECT", 0 }, { "MULTI" }, { "GET", key "m" }, { "EXEC" }, { "EXPIRE", key "m", -1 },
    { "HSET", key "hash", "a", 1, "b", "two", "c", ("long "):rep(20) }, { "HINCRBYFLOAT", key "hash", "a", "0.1" },
    { "HINCRBY", key "hash", "n", 7 }, { "HDEL", key "hash", "b", "none" }, { "HSETNX", key "hash", "d", "\r\n" },
    { "SADD", key "set", 1, 2, 3, 70000 }, { "SPOP", key "set" }, { "SADD", key "names", "a", "b", "c", "d", "e" },
    { "SPOP", key "names", 2 }, { "SMOVE", key "names", key "set", "a" }, { "SREM", key "set", 1 },
    { "SUNIONSTORE", key "union", key "set", key "names" }, { "SDIFFSTORE", key "empty", key "set", key "set" },
    { "SADD", key "all", "x", "y" }, { "SPOP", key "all", 5 }, { "PEXPIRE", key "union", 7000000 },
    { "GETSET", key "n", 1 }, { "SETNX", key "n", 2 }, { "DECR", key "n" }, { "MSETNX", key "o", 1, key "p", 2 },
  } do
    local reply, message = server:call(table.unpack(command))
    assert(reply ~= nil, ("%s: %s"):format(table.concat(command, " "), message))
  end
end

return dataset
