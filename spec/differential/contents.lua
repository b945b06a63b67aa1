-- The whole dataset of both servers, compared: keys, types, encodings, contents, times to live.

local replies = require "spec.differential.replies"

local contents = {}

local SLACK_MS = 20000

-- how a type is read, and compared; the key comes behind the command's name, or in the place of KEY
local KEY = {}
local READERS = {
  string = { { "GET" } },
  list = { { "LRANGE", 0, -1 } },
  set = { { "SMEMBERS" }, "unordered" },
  zset = { { "ZRANGE", 0, -1, "WITHSCORES" } },
  hash = { { "HGETALL" }, "pairs" },
  stream = { { "XINFO", "STREAM", KEY, "FULL", "COUNT", 0 }, "clock" },
}

local function command_for(reader, key)
  local command = table.move(reader[1], 1, #reader[1], 1, {})
  for i, word in ipairs(command) do
    if word == KEY then
      command[i] = key
      return command
    end
  end
  table.insert(command, 2, key)
  return command
end

-- the keys of the selected database, sorted
local function keys_of(node)
  local keys = {}
  for i, key in ipairs(node) do keys[i] = key:sub(2) end
  table.sort(keys)
  return keys
end

local function expiry_differs(a, b)
  local one, other = math.tointeger(a:sub(2)), math.tointeger(b:sub(2))
  return (one < 0 or other < 0) and one ~= other or math.abs(one - other) > SLACK_MS
end

local function differs_in_database(pair, db)
  pair:exchange(1, { { "SELECT", db } })
  local ours, theirs = pair:exchange(1, { { "KEYS", "*" } })
  local keys, other = keys_of(ours[1]), keys_of(theirs[1])
  for i = 1, math.max(#keys, #other) do
    if keys[i] ~= other[i] then return ("db%d: keys: %q, redis-server: %q"):format(db, keys[i], other[i]) end
  end
  for _, key in ipairs(keys) do
    local facts, their_facts = pair:exchange(1,
      { { "TYPE", key }, { "PEXPIRETIME", key }, { "OBJECT", "ENCODING", key } })
    if facts[1] ~= their_facts[1] then
      return ("%q: type %s, redis-server: %s"):format(key, facts[1], their_facts[1])
    end
    if expiry_differs(facts[2], their_facts[2]) then
      return ("%q: expires at %s, redis-server: %s"):format(key, facts[2], their_facts[2])
    end
    if not replies.same("encoding", facts[3], their_facts[3]) then
      return ("%q: encoding %s, redis-server: %s"):format(key, facts[3], their_facts[3])
    end
    local reader = READERS[facts[1]:sub(2)] or error("a type not known here: " .. facts[1])
    local one, two = pair:exchange(1, { command_for(reader, key) })
    if not replies.same(reader[2], one[1], two[1]) then
      return ("%q: %s: %s, redis-server: %s"):format(key, reader[1][1], replies.show(one[1]), replies.show(two[1]))
    end
  end
end

---What differs first, in words; nil: nothing.
function contents.difference(pair)
  local found
  for db = 0, 1 do
    found = differs_in_database(pair, db)
    if found then break end
  end
  pair:exchange(1, { { "SELECT", 0 } })
  return found
end

return contents
