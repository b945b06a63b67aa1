-- MULTI, EXEC, DISCARD, WATCH and UNWATCH, with commands of all types inside, and another connection that changes what
-- is watched, ahead of MULTI and while commands are queued. What belongs to one transaction comes in one piece.

local ANY = { "s", "h", "l", "t", "z", "x", "b" }

-- every row of the other families, which are drawn from alike
local POOLS = {}
for _, name in ipairs { "strings", "hashes", "lists", "sets", "zsets", "streams", "keys", "bits" } do
  POOLS[#POOLS + 1] = require("spec.differential.families." .. name)
end

-- a command of any type; it says itself how its reply is compared
local function any(d)
  local row = d:one_of(d:one_of(POOLS))
  local command = row[2](d)
  command.how = row[3]
  if command.after then return { "PING", d:value() } end -- it brings others
  return command
end

local function key(d) return d:key(d:one_of(ANY)) end

local function elsewhere(d)
  local command = any(d)
  command.elsewhere = true
  return command
end

-- whether a change counts that changes nothing is the question here
local function idle(d)
  local name = key(d)
  return { elsewhere = true, table.unpack(d:one_of { { "PERSIST", name }, { "DEL", name }, { "APPEND", name, "" },
    { "SETRANGE", name, "0", "" }, { "SREM", name, "nosuch" }, { "ZADD", name, "XX", "1", "nosuch" },
    { "LTRIM", name, "0", "-1" }, { "HDEL", name, "nosuch" }, { "EXPIRE", name, "100000", "GT" },
    { "XTRIM", name, "MAXLEN", "1000" }, { "BITFIELD", name, "GET", "u8", "0" }, { "SETBIT", name, "0", "0" },
    { "BITFIELD", name, "SET", "u1", "0", "0" }, { "COPY", name, key(d) }, { "RENAMENX", name, key(d) },
    { "LREM", name, "0", "nosuch" }, { "SADD", name, "a" }, { "HSET", name, "a", "b" }, { "GETEX", name } }) }
end

local WRONG = { { "MULTI" }, { "WATCH", "s1" }, { "NOSUCH" }, { "GET" }, { "SET", "s1" }, { "UNWATCH" }, { "XGROUP" },
  { "CLIENT", "NOSUCH" } }

local function wrong(d) return table.move(d:one_of(WRONG), 1, 2, 1, {}) end

local function transaction(d)
  local first, steps = { "UNWATCH" }, {}
  local function add(command) steps[#steps + 1] = command end
  if d:once_in(2) then first = { "WATCH", table.unpack(d:some(1, 3, key)) } end
  if d:once_in(4) then add(any(d)) end
  if d:once_in(2) then add(d:once_in(2) and idle(d) or elsewhere(d)) end
  if d:once_in(10) then add { "UNWATCH" } end
  if d:once_in(12) then add { "SELECT", d:one_of { "0", "1" } } end
  add { "MULTI" }
  for _ = 1, d:between(0, 5) do
    if d:once_in(5) then add(elsewhere(d)) end
    add(d:once_in(30) and wrong(d) or any(d))
  end
  add { d:once_in(10) and "DISCARD" or "EXEC" }
  if d:once_in(15) then add { d:one_of { "EXEC", "DISCARD" } } end
  first.after = steps
  first.whole = true
  return first
end

return {
  { 5, transaction },
  { 2, any },
  { 1, function() return { "SELECT", "0" } end },
}
